"""Losses and metrics of a compiled model, for one output or several, as Keras 3's. Imports losses and metrics.

What `compile` is given, for all outputs, in their order or by their names, becomes one loss and a list of metrics for
each output when the first batch shows how many there are, and of what shape.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gradcalc.errors import did_you_mean, known
from gradcalc.nn import losses, metrics
from gradcalc.nn.losses import Loss
from gradcalc.nn.metrics import METRICS, Mean, Metric
from gradcalc.tape import nest
from gradcalc.tape.tensor import as_array

Names = Callable[[Any], list[str | None]]
"""The names of the outputs of predictions, as far as they have any."""


class Part(NamedTuple):
    """The loss of one output, how much it counts, and its running mean, where there are several."""

    loss: Loss
    weight: float | None
    mean: Mean | None


class CompiledLoss:
    """The loss of a compiled model: the sum over its outputs, each times its weight.

    Args:
        given: one loss for all outputs, a list in their order, or a dict by their names.
        weights: how much each counts, likewise.
        names: of the outputs.
    """

    def __init__(self, given: Any, weights: Any, names: Names) -> None:
        self._given, self._weights, self._names = given, weights, names
        self._parts: list[Part | None] | None = None
        self._order: Sequence[Any] = ()
        self._by_name = False
        for loss in nest.flatten(given):
            if loss is not None and loss not in _BY_SHAPE:
                losses.get(loss)

    @property
    def means(self) -> list[Mean]:
        """The running means of the losses of several outputs; in the order of losses where both come in dicts."""
        means = {
            name: part.mean for name, part in zip(self._order, self._parts or (), strict=False) if part and part.mean
        }
        return [means[name] for name in (self._given if self._by_name else means) if name in means]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The total, or None where no output has a loss.

        Raises:
            ValueError: the labels are not as many as the outputs, or do not fit them.
        """
        names, predictions = self._names(y_pred), nest.flatten(y_pred)
        wanted = [loss is not None for loss in for_each("loss", self._given, names)]
        labels = matched("y", y_true, names, wanted)
        if self._parts is None:
            self._parts = self._made(names, labels, predictions)
            self._order = list(range(len(names))) if None in names else names
            self._by_name = isinstance(y_pred, dict) and isinstance(self._given, dict)
        weights = matched("sample_weight", sample_weight, names, wanted)
        total: Any = None
        for part, y, p, weight in zip(self._parts, labels, predictions, weights, strict=True):
            if part is not None:
                value = self._value(part, y, p, weight)
                total = value if total is None else total + value
        return total

    def _made(
        self, names: Sequence[str | None], labels: Sequence[Any], predictions: Sequence[Any]
    ) -> list[Part | None]:
        given = for_each("loss", self._given, names)
        weights = for_each("loss_weights", self._weights, names)
        several = sum(loss is not None for loss in given) > 1
        parts: list[Part | None] = []
        for name, loss, weight, y, p in zip(names, given, weights, labels, predictions, strict=True):
            made = None if loss is None else as_loss(loss, y, p)
            mean = Mean(f"{name or made.name}_loss") if made and several else None
            parts.append(Part(made, weight, mean) if made else None)
        return parts

    def _value(self, part: Part, y: Any, p: Any, weight: Any) -> Any:
        if y is None:
            raise ValueError(f"the loss {part.loss.name} compares predictions with labels, and there are none: give y")
        try:
            value = part.loss(y, p, weight)
        except ValueError as error:
            shapes = f"labels of shape {_shape(y)}, predictions of shape {_shape(p)}"
            raise ValueError(f"{error}\nThe loss {part.loss.name} was given {shapes}.") from error
        if part.mean:
            part.mean.update_state(value.array, sample_weight=p.shape[0])
        return value if part.weight is None else value * part.weight


class CompiledMetrics(Metric):
    """The metrics of a compiled model, as one: its result is a dict.

    Args:
        given: a list of metrics; of several outputs a list of such lists, or a dict by their names.
        weighted: likewise; these count rows by their weights.
        names: of the outputs.
    """

    def __init__(self, given: Any, weighted: Any, names: Names) -> None:
        super().__init__(name="compile_metrics")
        for argument, value in (("metrics", given), ("weighted_metrics", weighted)):
            if value and not isinstance(value, list | tuple | dict):
                raise ValueError(f"`{argument}` is a list, a tuple or a dict: {argument}=[{value!r}]")
            for metric in nest.flatten(value):
                if metric is not None:
                    known("metric", metric, {**METRICS, **dict.fromkeys(_ACCURACY, metrics.BinaryAccuracy)})
        self._given, self._weighted, self._names = given, weighted, names
        self._parts: list[tuple[str, int, bool, Metric]] | None = None

    @property
    def metrics(self) -> list[Metric]:
        """The metrics themselves, once a batch has shown the outputs."""
        return [metric for *_, metric in self._parts or ()]

    @property
    def directions(self) -> dict[str, str | None]:
        """Whether more of each is better, by the names in the logs."""
        return {key: metric._direction for key, _, _, metric in self._parts or ()}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels and predictions of more rows."""
        names, predictions = self._names(y_pred), nest.flatten(y_pred)
        labels = matched("y", y_true, names, [True] * len(names), some=True)
        if self._parts is None:
            self._parts = self._made(names, labels, predictions)
            self._order = list(range(len(names))) if None in names else names
            self._by_name = isinstance(y_pred, dict) and isinstance(self._given, dict)
        weights = matched("sample_weight", sample_weight, names, [True] * len(names), some=True)
        for _, place, weighs, metric in self._parts:
            metric.update_state(labels[place], predictions[place], sample_weight=weights[place] if weighs else None)

    def _made(self, names: Sequence[str | None], labels: Any, predictions: Any) -> list[tuple[str, int, bool, Metric]]:
        parts: dict[str, tuple[str, int, bool, Metric]] = {}
        for weighs, given in ((False, self._given), (True, self._weighted)):
            for place, wanted in enumerate(_lists(given, names)):
                for identifier in wanted:
                    metric = as_metric(identifier, labels[place], predictions[place])
                    prefix = f"{names[place]}_" if len(names) > 1 and names[place] else ""
                    key = _new(f"{prefix}{metric.name}", f"{prefix}weighted_{metric.name}" if weighs else "", parts)
                    parts[key] = key, place, weighs, metric
        return list(parts.values())

    def reset_state(self) -> None:
        """Forget all values."""
        for metric in self.metrics:
            metric.reset_state()

    def result(self) -> dict[str, Any]:
        """The result of each metric by its name, after the name of its output where there are several."""
        return {key: metric.result() for key, _, _, metric in self._parts or ()}


def _new(name: str, other: str, taken: Any) -> str:
    """A name that is not taken: itself, another, or numbered."""
    if name not in taken:
        return name
    name = other or name
    numbers = (number for number in range(1, len(taken) + 2) if f"{name}_{number}" not in taken)
    return name if name not in taken else f"{name}_{next(numbers)}"


def _lists(given: Any, names: Sequence[str | None]) -> list[list[Any]]:
    """The metrics of each output; all are those of an only output."""
    if len(names) == 1:
        return [[metric for metric in nest.flatten(given) if metric is not None]]
    found = for_each("metrics", given or None, names)
    return [[metric for metric in nest.flatten(each) if metric is not None] for each in found]


def for_each(what: str, given: Any, names: Sequence[str | None]) -> list[Any]:
    """What is given for each output: one thing for all, a list in their order, or a dict by their names.

    Raises:
        ValueError: another number of things, or a name that no output has.
    """
    if isinstance(given, dict):
        outputs = [name for name in names if name is not None]
        for name in given:
            if name not in outputs:
                near = did_you_mean(str(name), outputs)
                meant = f"did you mean {near!r}? " if near else ""
                raise ValueError(f"`{what}` has {name!r}, which is no output: {meant}The outputs are {outputs}")
        return [given.get(name) for name in names]
    if isinstance(given, list | tuple):
        if len(given) != len(names):
            count = f"{len(names)} output" + "s" * (len(names) > 1)
            raise ValueError(f"`{what}` has {len(given)} entries for {count}: give one for each, or a dict by names")
        return list(given)
    return [given] * len(names)


def matched(
    what: str, given: Any, names: Sequence[str | None], wanted: Sequence[bool], some: bool = False
) -> list[Any]:
    """What was given for each output, in their order: by names, else in order, also where it is for those wanted alone.

    Weights that are no list or dict are for all. With `some`, what is missing is None.

    Raises:
        ValueError: it is of another number of outputs.
    """
    if isinstance(given, dict):
        missing = [name for name, want in zip(names, wanted, strict=True) if want and name not in given]
        if missing and not some:
            raise ValueError(f"`{what}` has {sorted(given)}, and nothing for the outputs {missing}")
        return [given.get(name) for name in names]
    several = isinstance(given, list | tuple) and (len(names) > 1 or len(given) == 1)
    if not several and (given is None or len(names) == 1 or what == "sample_weight"):
        return [given] * len(names)
    found = nest.flatten(given)
    if len(found) == sum(wanted):
        parts = iter(found)
        return [next(parts) if want else None for want in wanted]
    if len(found) != len(names):
        raise ValueError(f"`{what}` has {len(found)} arrays for the {len(names)} outputs {[*names]}: give one for each")
    return found


def as_loss(identifier: Any, y_true: Any, y_pred: Any) -> Loss:
    """The loss of a name, a function or a class; `crossentropy` is that which the shapes ask for."""
    if isinstance(identifier, str) and identifier in _BY_SHAPE:
        return losses.FunctionLoss(_BY_SHAPE[identifier][_kind(y_true, y_pred)], identifier)
    found = losses.get(identifier)
    if isinstance(found, Loss):
        return found
    return losses.FunctionLoss(found, identifier if isinstance(identifier, str) else getattr(found, "__name__", "loss"))


def as_metric(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """The metric of a name, a function or a class; `accuracy` is that which the shapes ask for."""
    named = isinstance(identifier, str)
    if named and identifier in _ACCURACY:
        return _ACCURACIES[_kind(y_true, y_pred)](name=identifier)
    found = metrics.get(identifier)
    if not isinstance(found, Metric):
        return metrics.MeanMetricWrapper(found, getattr(found, "name", None) or getattr(found, "__name__", None))
    if named:
        found.name = identifier
    return found


def _kind(y_true: Any, y_pred: Any) -> int:
    """What labels and predictions are of: 0 yes or no, 1 the number of a class, 2 a distribution over the classes."""
    (labels, classes) = _shape(y_true), _shape(y_pred)
    if classes[-1] == 1:
        return 0
    return 1 if len(labels) < len(classes) or labels[-1] == 1 else 2


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if hasattr(value, "shape") else as_array(value).shape


_ACCURACY = ("accuracy", "acc", "Accuracy", "ACC")
_ACCURACIES: Sequence[type[Metric]] = (
    metrics.BinaryAccuracy,
    metrics.SparseCategoricalAccuracy,
    metrics.CategoricalAccuracy,
)
_CROSSENTROPIES = (
    losses.binary_crossentropy, losses.sparse_categorical_crossentropy, losses.categorical_crossentropy,
)  # fmt: skip
_BY_SHAPE = {"crossentropy": _CROSSENTROPIES, "ce": _CROSSENTROPIES}
