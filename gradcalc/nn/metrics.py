"""Metrics, as Keras 3 has them: what is told of many batches together. Imports losses, layer and NumPy.

Names, defaults and formulas are those of Keras's documentation.
"""
# ruff: noqa: D101

import json
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import signature
from typing import Any, ClassVar, ParamSpec

import numpy as np

from gradcalc.graph.names import snake_case
from gradcalc.nn import activations, initializers, losses
from gradcalc.nn.config import Row, is_ours, of_row, read
from gradcalc.nn.layer import Weight
from gradcalc.tape.tensor import Tensor, as_array, cast

__all__ = [
    "AUC", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "CategoricalAccuracy", "CategoricalCrossentropy",
    "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "Hinge", "KLDivergence", "LogCoshError", "Mean",
    "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanMetricWrapper", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "Metric", "PearsonCorrelation", "Poisson", "Precision", "Recall",
    "RootMeanSquaredError", "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy", "SquaredHinge", "Sum", "TopKCategoricalAccuracy",  "binary_accuracy",
    "categorical_accuracy", "concordance_correlation", "pearson_correlation", "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy", "top_k_categorical_accuracy",
]  # fmt: skip

P = ParamSpec("P")
METRICS: dict[str, Callable[..., Any]] = {}
"""The metrics by name, `AUC` and `auc`; `compile` knows `accuracy` besides."""


class Metric(Row):
    """Base of the metrics: a subclass gives `update_state` and `result`, and makes its variables by `add_weight`.

    `name` is by default the class's; `dtype`, float32 by default, that of the result and of variables.
    """

    _module = "keras.metrics"
    _direction: ClassVar[str | None] = None
    """Whether more is better, `"up"`, or less, `"down"`: what callbacks look for where they are not told."""
    _sums: ClassVar[Sequence[str]] = ()
    """Attributes that are 0 before the first values."""

    def __init_subclass__(cls, **row: Any) -> None:
        super().__init_subclass__(**row)
        if is_ours(cls) and cls.__name__ in getattr(sys.modules[cls.__module__], "__all__", ()):
            METRICS.update({cls.__name__: cls, snake_case(cls.__name__): cls})

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.dtype = np.dtype(dtype or initializers.floatx())
        vars(self).update(dict.fromkeys(self._sums, 0.0))

    def add_variable(
        self, shape: Sequence[int], initializer: Any, dtype: Any = None, aggregation: str = "sum",
        name: str | None = None,
    ) -> Weight:  # fmt: skip
        """A variable that no tape watches, to be kept in an attribute."""
        value = initializers.get(initializer or "zeros")(tuple(shape), dtype=np.dtype(dtype or self.dtype))
        return Weight(value, False, name=name)

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Weight:
        """`add_variable`, zero by default."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Weight]:
        """The variables in the attributes, those of metrics and in lists and dicts among them."""
        return _variables(list(vars(self).values()))

    def reset_state(self) -> None:
        """Forget all values: every variable is 0 again."""
        vars(self).update(dict.fromkeys(self._sums, 0.0))
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape))

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Take more values."""
        raise NotImplementedError(f"{type(self).__name__} must define update_state")

    def result(self) -> Any:
        """What is told of all values so far."""
        raise NotImplementedError(f"{type(self).__name__} must define result")

    def _answer(self, values: Any) -> Tensor:
        return Tensor(np.asarray(values, self.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take more values, and tell the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _variables(value: Any) -> list[Weight]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [variable for each in value for variable in _variables(each)]
    return [value] if isinstance(value, Weight) else value.variables if isinstance(value, Metric) else []


class _Weighed(Metric):
    """Values that are added up: `update_state` or a call takes more, `reset_state` forgets."""

    _reduce: ClassVar[Callable[..., Any]] = np.mean
    """What is taken of the values of one row."""

    def __init__(self, name: str | None, dtype: Any) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable((), "zeros", np.float64, name="total")

    def reset_states(self) -> None:
        """`reset_state`, by its older name."""
        self.reset_state()

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take more values, each counted `sample_weight` times: a weight for each, or for each row of them.

        Raises:
            ValueError: the weights do not fit the first axes of the values.
        """
        mask = getattr(values, "_keras_mask", None)
        values = plain(values).astype(np.float64)
        if sample_weight is None:
            weights = np.ones(values.shape[:1])
        else:
            weights = plain(_within(mask, sample_weight)).astype(np.float64)
            values, weights = losses.squeeze_or_expand(values, weights)
            values = self._rows(values, weights.ndim)
            weights = np.broadcast_to(weights, values.shape)
            values, weights = values * weights, self._rows(weights, 1)
        self._take(np.sum(self._rows(values, 1)), np.sum(weights))

    def _rows(self, values: Any, ndim: int) -> Any:
        """What is left of values as their last axes go, so that there are at most `ndim`."""
        return type(self)._reduce(values, axis=tuple(range(ndim, values.ndim))) if values.ndim > ndim else values

    def _take(self, total: Any, count: Any) -> None:
        self.total.array = np.asarray(self.total.array + total)


class Mean(_Weighed):
    """The mean of all values so far, 0 of nothing."""

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.count = self.add_variable((), "zeros", np.float64, name="count")

    def _take(self, total: Any, count: Any) -> None:
        super()._take(total, count)
        self.count.array = np.asarray(self.count.array + count)

    def result(self) -> Tensor:
        """The mean so far."""
        count = self.count.array
        return self._answer(self.total.array / count if count else 0.0)


class Sum(_Weighed):
    """The sum of all values so far."""

    _reduce = np.sum

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def result(self) -> Tensor:
        """The sum so far."""
        return self._answer(self.total.array)


def _within(mask: Any, sample_weight: Any) -> Any:
    """Weights, 0 where steps do not count by the mask."""
    if mask is None:
        return sample_weight
    return losses.within(plain(mask).astype(np.float32), None if sample_weight is None else plain(sample_weight))


def weights_of(shape: Sequence[int], sample_weight: Any) -> Any:
    """The weight of each element: its own, or that of the row that it is in."""
    weights = None if sample_weight is None else plain(sample_weight).astype(float)
    return np.reshape(losses.within(np.ones(shape), weights), shape)


def ratio(numerator: Any, denominator: Any) -> Any:
    """A quotient, 0 where nothing is divided by."""
    some = np.broadcast_to(denominator > 0, np.broadcast_shapes(np.shape(numerator), np.shape(denominator)))
    return np.where(some, numerator / np.where(some, denominator, 1), 0.0)


def plain(values: Any) -> Any:
    """Values as an array; Python's floats as float32."""
    if isinstance(values, Tensor):
        return values.array
    array = as_array(values)
    return array if isinstance(values, np.ndarray | np.generic) or array.dtype.kind != "f" else array.astype("float32")


class MeanMetricWrapper(Mean):
    """The mean of what a function says of labels and predictions, given as tensors; with `kwargs` of its own."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or snake_case(getattr(fn, "__name__", type(fn).__name__)), dtype)
        self._fn, self._arguments = fn, kwargs

    def _setting(self, name: str, default: Any) -> Any:
        return self._fn if name == "fn" else self._arguments.get(name, super()._setting(name, default))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take labels and predictions of more rows, each row counted `sample_weight` times."""
        weights = _within(getattr(y_pred, "_keras_mask", None), sample_weight)
        super().update_state(self._fn(*map(self._read, (y_true, y_pred)), **self._arguments), weights)

    def _read(self, values: Any) -> Any:
        return cast(Tensor(plain(values)), self.dtype)


# -- functions, a number for each row, and the means of these and of losses --------------------------------------------


def _told(function: Callable[P, Any]) -> Callable[P, Any]:
    """What a function says of arrays of labels and predictions, as float32."""

    @wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> Any:
        given = signature(function).bind(*args, **kwargs).arguments
        given |= {name: plain(given[name]) for name in ("y_true", "y_pred")}
        return Tensor(np.asarray(function(**given), np.float32))  # type: ignore[call-arg]

    return told


@_told
def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether each prediction is its label."""
    y_true, y_pred = losses.squeeze_or_expand(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(f"labels of shape {y_true.shape} do not fit predictions of shape {y_pred.shape}")
    return y_true == y_pred


@_told
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Whether each probability lies on the side of `threshold` that its label, 0 or 1, says."""
    y_true, y_pred = losses.squeeze_or_expand(y_true, y_pred)
    return y_true == (y_pred > threshold)


@_told
def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether each row has its largest prediction where the one-hot label is."""
    return np.argmax(y_true, -1) == np.argmax(y_pred, -1)


@_told
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether each row has its largest prediction at the class whose number is the label."""
    return np.reshape(y_true, y_pred.shape[:-1]) == np.argmax(y_pred, -1)


@_told
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Whether each row has the class of its one-hot label among its `k` largest predictions."""
    return _among(np.argmax(y_true, -1), y_pred, k)


@_told
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """Whether each row has the class whose number is its label among its `k` largest predictions.

    With `from_sorted_ids` a row is no predictions but the numbers of its classes, the most likely first.
    """
    if from_sorted_ids:
        return np.any(np.reshape(y_true, y_pred.shape[:-1])[..., None] == y_pred[..., :k], -1)
    return _among(y_true, y_pred, k)


def _among(labels: Any, p: Any, k: int) -> Any:
    """Whether the prediction of each row's class is among the `k` largest: fewer than `k` are larger."""
    numbers = np.reshape(labels, p.shape[:-1]).astype(np.intp)
    own = np.take_along_axis(p, numbers[..., None], -1)
    return np.sum(p > own, -1) < k


def pearson_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Any:
    """The correlation of labels and predictions along an axis (Pearson 1895): from -1 to 1."""
    (y_true, _, deviation), (y_pred, _, other) = _standing(y_true, y_pred, axis)
    return np.mean(y_true / deviation * (y_pred / other), axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Any:
    """How far labels and predictions lie on the line of equality, along an axis (Lin 1989): from -1 to 1."""
    (y_true, mean, deviation), (y_pred, other, spread) = _standing(y_true, y_pred, axis)
    size = deviation**2 + spread**2 + (mean - other) ** 2 + losses.EPSILON
    return np.mean(2 * y_true * y_pred / size, axis=axis)


def _standing(y_true: Any, y_pred: Any, axis: Any) -> list[tuple[Any, Any, Any]]:
    """Of labels, then of predictions: what they are off their means, the means and the standard deviations."""
    found = []
    for y in losses.aligned(y_true, y_pred):
        mean = np.mean(y, axis=axis, keepdims=True)
        found.append((y - mean, mean, np.sqrt(np.mean((y - mean) ** 2, axis=axis, keepdims=True))))
    return found


def _cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between labels and predictions along an axis: 1 is the same direction."""
    return -losses.cosine_similarity(y_true, y_pred, axis)


def _squared(y_true: Any, y_pred: Any) -> Any:
    """The square root of the mean of `(y_true - y_pred)**2`, 0 of nothing."""
    return np.subtract(*losses.squeeze_or_expand(y_true, y_pred)) ** 2


class _OfFunction(MeanMetricWrapper):
    """The mean of a function of arrays; its settings are a name, a dtype and those of the function's options."""

    _direction = "down"
    name: str | None  # type: ignore[assignment]
    dtype: Any = None
    _signature = "name dtype {}"
    _told = "The mean of it over all rows so far."
    _read = staticmethod(plain)
    __init__ = of_row

    def __init_subclass__(cls, **row: Any) -> None:
        super().__init_subclass__(**{"name": snake_case(cls.__name__)} | row)

    def __post_init__(self) -> None:
        name = self.name or snake_case(type(self).__name__)
        super().__init__(type(self).function, name, self.dtype, **self._option_values())


# fmt: off
class MeanSquaredError(_OfFunction, of=losses.mean_squared_error): ...
class MeanAbsoluteError(_OfFunction, of=losses.mean_absolute_error): ...
class MeanAbsolutePercentageError(_OfFunction, of=losses.mean_absolute_percentage_error): ...
class MeanSquaredLogarithmicError(_OfFunction, of=losses.mean_squared_logarithmic_error): ...
class LogCoshError(_OfFunction, of=losses.log_cosh, name="logcosh"): ...
class Hinge(_OfFunction, of=losses.hinge): ...
class SquaredHinge(_OfFunction, of=losses.squared_hinge): ...
class CategoricalHinge(_OfFunction, of=losses.categorical_hinge): ...
class KLDivergence(_OfFunction, of=losses.kl_divergence): ...
class Poisson(_OfFunction, of=losses.poisson): ...
class BinaryCrossentropy(
    _OfFunction, of=losses.binary_crossentropy, arguments="name dtype from_logits label_smoothing"): ...
class CategoricalCrossentropy(_OfFunction, of=losses.categorical_crossentropy): ...
class SparseCategoricalCrossentropy(_OfFunction, of=losses.sparse_categorical_crossentropy): ...
class Accuracy(_OfFunction, of=accuracy, _direction="up"): ...
class BinaryAccuracy(_OfFunction, of=binary_accuracy, _direction="up"): ...
class CategoricalAccuracy(_OfFunction, of=categorical_accuracy, _direction="up"): ...
class SparseCategoricalAccuracy(_OfFunction, of=sparse_categorical_accuracy, _direction="up"): ...
class TopKCategoricalAccuracy(
    _OfFunction, of=top_k_categorical_accuracy, arguments="k name dtype", _direction="up"): ...
class SparseTopKCategoricalAccuracy(
    _OfFunction, of=sparse_top_k_categorical_accuracy, arguments="k name dtype from_sorted_ids",
    _quiet=frozenset({"from_sorted_ids"}), _direction="up"): ...
class CosineSimilarity(_OfFunction, of=_cosine, _direction="up"): ...
class PearsonCorrelation(_OfFunction, of=pearson_correlation, _direction="up"): ...
class ConcordanceCorrelation(_OfFunction, of=concordance_correlation, _direction="up"): ...
# fmt: on


class RootMeanSquaredError(_OfFunction, of=_squared):
    def result(self) -> Tensor:
        """The root so far, 0 of nothing."""
        return Tensor(np.sqrt(super().result().array))


# -- by thresholds -----------------------------------------------------------------------------------------------------


class Confusion(Metric):
    """Counts, by thresholds, of predictions above them, whose labels are true and false; base of rates and curves.

    With `columns` they are counted for each column by itself.
    """

    _direction = "up"
    top_k: int | None = None
    class_id: int | None = None
    name: Any = None
    dtype: Any = None
    __init__ = of_row

    def _at(self, thresholds: Sequence[float], columns: tuple[int, ...] = ()) -> None:
        """Begin, with these thresholds."""
        Metric.__init__(self, self.dtype, self.name)
        self._limits = np.asarray(thresholds, self.dtype)
        self._begin(columns)

    def _begin(self, columns: tuple[int, ...]) -> None:
        """Make the counts: labels 1 and 0 above each threshold, and at most at it."""
        self._columns = columns
        for name in ("true_positives", "false_positives", "true_negatives", "false_negatives"):
            setattr(self, name, self.add_variable((len(self._limits), *columns), "zeros", np.float64, name=name))

    true_positives: Weight
    false_positives: Weight
    true_negatives: Weight
    false_negatives: Weight

    @property
    def _above(self) -> tuple[Any, Any]:
        """The weight of labels 0, then 1, above each threshold."""
        return self.false_positives.array, self.true_positives.array

    @property
    def _all(self) -> tuple[Any, Any]:
        """The weight of all labels 0, then 1."""
        false, true = self._above
        return false + self.true_negatives.array, true + self.false_negatives.array

    def _rate(self, name: str) -> Any:
        """Precision, recall or sensitivity, which is another name of it, or specificity, at each threshold."""
        false, true = self._above
        if name == "precision":
            return ratio(true, true + false)
        return ratio(self._all[0] - false, self._all[0]) if name == "specificity" else ratio(true, self._all[1])

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels, 0 or 1, and predictions of more rows, each counted `sample_weight` times.

        Raises:
            ValueError: one class is wanted of predictions that have no axis of classes.
        """
        labels, p = self._chosen(plain(y_true), plain(y_pred))
        weights = weights_of(p.shape, sample_weight)
        order = np.argsort(self._limits)
        places = np.searchsorted(self._limits[order], p, side="left")  # how many lie below
        pairs = ((self.false_positives, self.true_negatives), (self.true_positives, self.false_negatives))
        for side, (above, below) in enumerate(pairs):
            more, fewer = np.zeros(above.shape), np.zeros(above.shape)
            for column in np.ndindex(self._columns):
                chosen = (..., *column)
                of_side = labels[chosen] == side
                counts = np.bincount(places[chosen][of_side], weights[chosen][of_side], len(order) + 1)
                more[(order, *column)] = counts[::-1].cumsum()[::-1][1:]
                fewer[(order, *column)] = counts.cumsum()[:-1]
            above.array, below.array = above.array + more, below.array + fewer

    def _chosen(self, labels: Any, p: Any) -> tuple[Any, Any]:
        """What counts of labels, as truths, and predictions: the `top_k`, or one class."""
        if self.top_k is not None:  # of equal ones the first
            rank = np.argsort(np.argsort(-p, -1, kind="stable"), -1, kind="stable")
            p = np.where(rank < self.top_k, p, -np.inf)
        labels, p = losses.squeeze_or_expand(labels, p)
        p = p.astype(self.dtype, copy=False)  # so that a prediction at a threshold is not above it
        if self.class_id is not None:
            if p.ndim < 2:
                raise ValueError(
                    "When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes), found "
                    f"shape: {p.shape}"
                )
            labels, p = labels[..., self.class_id, None], p[..., self.class_id, None]
        return np.broadcast_to(np.reshape(labels, p.shape) != 0, p.shape), p


def limits(thresholds: Any) -> list[float]:
    """One threshold, or several, as a list.

    Raises:
        ValueError: one is not from 0 to 1.
    """
    given = thresholds if isinstance(thresholds, list | tuple | np.ndarray) else [thresholds]
    outside = [t for t in given if t is None or not 0 <= t <= 1]
    if outside:
        raise ValueError(f"Threshold values must be in [0, 1]. Received: {outside}")
    return [float(t) for t in given]


class Thresholds(Confusion):
    """Counts or a rate, at one or several thresholds from 0 to 1, above which a prediction says 1; 0.5 by default.

    With `top_k` it says 1 where it is among the k largest of its row; `class_id` is the one class that is looked at.
    """

    thresholds: Any = None
    _what: ClassVar[str]
    """The counts, or the rate."""

    def __post_init__(self) -> None:
        every = self.thresholds is None and self.top_k is not None
        self._at([-1e10] if every else limits(0.5 if self.thresholds is None else self.thresholds))

    def result(self) -> Tensor:
        """What is told so far, for each threshold."""
        counts = getattr(self, self._what, None)
        found = self._answer(self._rate(self._what) if counts is None else counts.array)
        return found[0] if len(found) == 1 else found


_RATE = "thresholds top_k class_id name dtype"


# fmt: off
class Precision(Thresholds, arguments=_RATE, _what="precision"):
    """Of the predictions that say 1, how many have labels that do; arguments as of `Thresholds`."""
class Recall(Thresholds, arguments=_RATE, _what="recall"):
    """Of the labels that say 1, how many have predictions that do; arguments as of `Thresholds`."""
# fmt: on


class AUC(
    Confusion,
    arguments="num_thresholds curve summation_method name dtype thresholds multi_label num_labels label_weights "
    "from_logits",
):
    """The area under a curve of rates as a threshold moves, by a sum over `num_thresholds` from 0 to 1.

    Args:
        curve: `"ROC"`: share of ones found against share of zeros taken for ones; `"PR"`: precision against recall;
            `"PRGAIN"`: their gains over taking all for ones (Flach and Kull 2015).
        summation_method: `"interpolation"` (of PR as Davis and Goadrich 2006), `"minoring"` or `"majoring"`.
        thresholds: those between 0 and 1, instead of even ones.
        multi_label: the result is the mean of the areas of the columns, of which there are `num_labels`, or as many as
            the first predictions have; `label_weights` are how much each counts, in the mean or else in the counts.
        from_logits: whether predictions are logits.
    """

    _quiet = frozenset({"thresholds"})

    num_thresholds: int = 200
    curve: str = "ROC"
    summation_method: str = "interpolation"
    thresholds: Sequence[float] | None = None
    multi_label: bool = False
    num_labels: int | None = None
    label_weights: Any = None
    from_logits: bool = False

    def __post_init__(self) -> None:
        curve = _one_of("curve", self.curve, ("PR", "ROC", "PRGAIN"))
        method = _one_of("summation method", self.summation_method, ("interpolation", "majoring", "minoring"))
        many, given = self.num_thresholds, self.thresholds
        if given is None and many <= 1:
            raise ValueError(f"Argument `num_thresholds` must be an integer > 1. Received: num_thresholds={many}")
        if self.num_labels and not self.multi_label:
            raise ValueError("`num_labels` is needed only when `multi_label` is True.")
        inner = np.arange(1, many - 1) / (many - 1) if given is None else sorted(given)
        self.curve, self.summation_method, self._own = curve, method, given is not None
        self.label_weights = None if self.label_weights is None else plain(self.label_weights)
        self.thresholds = [-losses.EPSILON, *inner, 1 + losses.EPSILON]
        self.num_thresholds = len(self.thresholds)
        self._at(self.thresholds, (self.num_labels,) if self.num_labels else ())

    def _setting(self, name: str, default: Any) -> Any:
        if name == "thresholds":  # those between, where they were given
            return list(self.thresholds or ())[1:-1] if self._own else None
        return super()._setting(name, default)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels, 0 or 1, and predictions from 0 to 1, each counted `sample_weight` times.

        Raises:
            ValueError: a prediction is outside of 0 to 1, and is no logit; or columns are wanted, and there are none.
        """
        p = activations.sigmoid(Tensor(plain(y_pred))).array if self.from_logits else plain(y_pred)
        if p.size and not (p.min() >= 0 and p.max() <= 1):
            raise ValueError(f"predictions must be from 0 to 1, not from {p.min()} to {p.max()}; try: from_logits=True")
        if self.multi_label and not self._columns:
            if p.ndim != 2:
                raise ValueError(
                    f"`y_pred` must have rank 2 when `multi_label=True`. Found rank {p.ndim}. Full shape received for "
                    f"`y_pred`: {p.shape}"
                )
            self._begin(p.shape[1:])
        if self.label_weights is not None and not self.multi_label:
            sample_weight = weights_of(p.shape, sample_weight) * self.label_weights
        super().update_state(y_true, p, sample_weight)

    def result(self) -> Tensor:
        """The area so far, 0 of nothing."""
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = self._interpolated(self._above[1], sum(self._above))
        else:
            x, y = self._curve()
            lower, upper = np.minimum(y[:-1], y[1:]), np.maximum(y[:-1], y[1:])
            heights = {"interpolation": (lower + upper) / 2, "minoring": lower, "majoring": upper}
            areas = np.sum((x[:-1] - x[1:]) * heights[self.summation_method], axis=0)
        if not self.multi_label:
            return self._answer(areas)
        weights = np.ones(np.shape(areas)) if self.label_weights is None else self.label_weights
        return self._answer(ratio(np.sum(areas * weights), np.sum(weights)))

    def _curve(self) -> tuple[Any, Any]:
        """Its points, by thresholds."""
        (false, true), (zeros, ones) = self._above, self._all
        if self.curve == "ROC":
            return ratio(false, zeros), self._rate("recall")
        if self.curve == "PR":
            return self._rate("recall"), self._rate("precision")
        lost = ((ones - true, 0.0), (false, 1.0))  # of recall and precision, and their gains where no one is found
        gains = [np.where(true > 0, 1 - ratio(ones, zeros) * ratio(what, true), none) for what, none in lost]
        return np.maximum(gains[0], 0), gains[1]

    def _interpolated(self, true: Any, taken: Any) -> Any:
        """The area under precision and recall, with true ones linear in what is taken, between thresholds."""
        rise, run = true[:-1] - true[1:], taken[:-1] - taken[1:]
        slope = ratio(rise, run)
        inner = (taken[:-1] > 0) & (taken[1:] > 0)
        logs = np.log(np.where(inner, taken[:-1] / np.where(inner, taken[1:], 1), 1))
        area = slope * (rise + (true[1:] - slope * taken[1:]) * logs)
        return ratio(np.sum(area, axis=0), self._all[1][0])


def _one_of(what: str, value: Any, known: Sequence[str]) -> str:
    """The one that a text is, whatever its case."""
    found = [name for name in known if name.lower() == str(value).lower()]
    if not found:
        raise ValueError(f'Invalid AUC {what} value: "{value}". Expected values are {json.dumps(known)}')
    return found[0]


METRICS["logcosh"] = LogCoshError
METRICS |= {name: METRICS[full] for short, full in losses.SHORT.items() for name in (short, short.upper())}


def get(identifier: Any) -> Any:
    """The metric of a name (`mse`, or `MeanSquaredError`), or the given metric or function; None is none."""
    return read("metric", identifier, METRICS, Metric._module)
