"""Metrics, as Keras 3 has them: what is told of many batches together. Imports losses, layer and NumPy.

Names, defaults and formulas are those of Keras's documentation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gradcalc.errors import only
from gradcalc.graph.names import snake_case
from gradcalc.nn import activations, initializers, losses
from gradcalc.nn.config import Configured, read
from gradcalc.nn.layer import Weight
from gradcalc.tape.tensor import Tensor, as_array, cast

__all__ = [
    "AUC", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "CategoricalAccuracy", "CategoricalCrossentropy", "Mean",
    "MeanAbsoluteError", "MeanMetricWrapper", "MeanSquaredError", "Metric", "Precision", "Recall",
    "RootMeanSquaredError", "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy", "Sum", "TopKCategoricalAccuracy",
]  # fmt: skip


class Metric(Configured):
    """Base of the metrics: a subclass gives `update_state` and `result`, and makes its variables by `add_weight`.

    Args:
        name: by default the class's.
        dtype: of the result and of variables, float32 by default.
    """

    _module = "keras.metrics"
    _direction: ClassVar[str | None] = None
    """Whether more is better, `"up"`, or less, `"down"`: what callbacks look for where they are not told."""

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.dtype = np.dtype(dtype or np.float32)

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Weight:
        """A variable that no tape watches, to be kept in an attribute."""
        value = initializers.get(initializer)(tuple(shape), dtype=np.dtype(dtype or self.dtype))
        return Weight(value, False, name=name)

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Weight:
        """`add_variable`, zero by default."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Weight]:
        """The variables in the attributes."""
        return [value for value in vars(self).values() if isinstance(value, Weight)]

    def reset_state(self) -> None:
        """Forget all values: every variable is 0 again."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape))

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Take more values."""
        raise NotImplementedError(f"{type(self).__name__} must define update_state")

    def result(self) -> Any:
        """What is told of all values so far."""
        raise NotImplementedError(f"{type(self).__name__} must define result")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take more values, and tell the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class _Weighed(Metric):
    """Values that are added up: `update_state` or a call takes more, `reset_state` forgets."""

    def __init__(self, name: str | None, dtype: Any) -> None:
        super().__init__(dtype, name)
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all values."""
        self._total = self._count = 0.0

    reset_states = reset_state

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take more values, each counted `sample_weight` times: a weight for each, or for each row of them.

        Raises:
            ValueError: the weights do not fit the first axes of the values.
        """
        values = plain(values)
        weights = np.ones_like(values) if sample_weight is None else plain(sample_weight)
        values, weights = losses.squeeze_or_expand(values, weights)
        columns = np.reshape(weights, weights.shape + (1,) * (values.ndim - weights.ndim))
        weights = np.broadcast_to(columns, values.shape)
        self._total += float(np.sum(values * weights, dtype=np.float64))
        self._count += float(np.sum(weights, dtype=np.float64))


class Mean(_Weighed):
    """The mean of all values so far."""

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def result(self) -> Tensor:
        """The mean so far, 0 of nothing."""
        return Tensor(np.asarray(self._total / self._count if self._count else 0.0, self.dtype))


class Sum(_Weighed):
    """The sum of all values so far."""

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def result(self) -> Tensor:
        """The sum so far."""
        return Tensor(np.asarray(self._total, self.dtype))


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
        labels, predictions = (cast(Tensor(plain(y)), self.dtype) for y in (y_true, y_pred))
        super().update_state(self._fn(labels, predictions, **self._arguments), sample_weight)


class _OfPairs(MeanMetricWrapper):
    """The mean of a function of arrays of labels and predictions that a subclass gives."""

    _function: Callable[..., Any]

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        Mean.__init__(self, name or snake_case(type(self).__name__), dtype)
        self._arguments = {}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take labels and predictions of more rows, each row counted `sample_weight` times."""
        Mean.update_state(self, self._function(plain(y_true), plain(y_pred)), sample_weight)


class MeanSquaredError(_OfPairs):
    """The mean of `(y_true - y_pred)**2`."""

    _function = staticmethod(losses.mean_squared_error)
    _direction = "down"


class MeanAbsoluteError(_OfPairs):
    """The mean of `|y_true - y_pred|`."""

    _function = staticmethod(losses.mean_absolute_error)
    _direction = "down"


class BinaryAccuracy(_OfPairs):
    """How many probabilities lie on the side of `threshold` that their labels, 0 or 1, say."""

    _direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype)
        self.threshold = threshold

    def _function(self, labels: Any, p: Any) -> Any:
        labels, p = losses.squeeze_or_expand(labels, p)
        return labels == (p > self.threshold)


class CategoricalAccuracy(_OfPairs):
    """How many rows have their largest prediction where the one-hot label is."""

    _function = staticmethod(lambda labels, p: np.argmax(labels, -1) == np.argmax(p, -1))
    _direction = "up"


class SparseCategoricalAccuracy(_OfPairs):
    """How many rows have their largest prediction at the class whose number is the label."""

    _function = staticmethod(lambda labels, p: np.reshape(labels, p.shape[:-1]) == np.argmax(p, -1))
    _direction = "up"


class RootMeanSquaredError(_OfPairs):
    """The square root of the mean of `(y_true - y_pred)**2`."""

    _function = staticmethod(lambda labels, p: np.subtract(*losses.squeeze_or_expand(labels, p)) ** 2)
    _direction = "down"

    def result(self) -> Tensor:
        """The root so far, 0 of nothing."""
        return Tensor(np.sqrt(super().result().array))


class Accuracy(_OfPairs):
    """How many predictions are their labels."""

    _direction = "up"

    @staticmethod
    def _function(labels: Any, p: Any) -> Any:
        labels, p = losses.squeeze_or_expand(labels, p)
        if labels.shape != p.shape:
            raise ValueError(f"labels of shape {labels.shape} do not fit predictions of shape {p.shape}")
        return labels == p


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of `losses.binary_crossentropy`."""

    _direction = "down"

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        how = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(losses.binary_crossentropy, name, dtype, **how)


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of `losses.categorical_crossentropy`."""

    _direction = "down"

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        how = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(losses.categorical_crossentropy, name, dtype, **how)


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of `losses.sparse_categorical_crossentropy`."""

    _direction = "down"

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        how = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, **how)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How many rows have the class of their one-hot label among their `k` largest predictions."""

    _direction = "up"

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(lambda labels, p: _among(np.argmax(labels.array, -1), p.array, k), name, dtype)
        self.k = k


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How many rows have the class whose number is their label among their `k` largest predictions."""

    _quiet = frozenset({"from_sorted_ids"})
    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        only(False, from_sorted_ids=from_sorted_ids)
        super().__init__(lambda labels, p: _among(labels.array, p.array, k), name, dtype)
        self.k = k


def _among(labels: Any, p: Any, k: int) -> Any:
    """Whether the prediction of each row's class is among the `k` largest: fewer than `k` are larger."""
    numbers = np.reshape(labels, p.shape[:-1]).astype(np.intp)
    own = np.take_along_axis(p, numbers[..., None], -1)
    return np.sum(p > own, -1) < k


class _Confusion(Metric):
    """Counts, by thresholds, of predictions above them, whose labels are true and false."""

    _direction = "up"

    def __init__(self, thresholds: Sequence[float], name: str | None, dtype: Any) -> None:
        super().__init__(dtype, name)
        self._thresholds = np.asarray(thresholds, float)
        self._order = np.argsort(self._thresholds)
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all values."""
        self._above = np.zeros((2, len(self._thresholds)))
        self._all = np.zeros(2)

    def _count(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        """Take labels, 0 or 1, and predictions, of one shape, with weights that broadcast to it."""
        labels, p = losses.squeeze_or_expand(y_true, y_pred)
        weights = np.ones(p.shape) if sample_weight is None else plain(sample_weight).astype(float)
        p, weights = losses.squeeze_or_expand(p, weights)
        weights = np.broadcast_to(np.reshape(weights, weights.shape + (1,) * (p.ndim - weights.ndim)), p.shape)
        labels = np.broadcast_to(np.reshape(labels, p.shape) != 0, p.shape)
        places = np.searchsorted(self._thresholds[self._order], p.ravel(), side="left")  # how many lie below
        for side in (0, 1):
            chosen = labels.ravel() == side
            counts = np.bincount(places[chosen], weights.ravel()[chosen], len(self._order) + 1)
            self._above[side, self._order] += counts[::-1].cumsum()[::-1][1:]
            self._all[side] += counts.sum()


class _Rate(_Confusion):
    """What `Precision` and `Recall` share.

    Args:
        thresholds: a number or several, above which a prediction says 1; 0.5 by default.
        top_k: a prediction says 1 where it is among the k largest of its row.
        class_id: the one class that is looked at.
        name: by default the class's.
        dtype: of the result.
    """

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        given = (0.5 if top_k is None else -1e10) if thresholds is None else thresholds
        several = [float(t) for t in given] if isinstance(given, list | tuple | np.ndarray) else [float(given)]
        if any(not 0 <= t <= 1 for t in several) and not (top_k is not None and thresholds is None):
            raise ValueError(f"Threshold values must be in [0, 1]. Received: {thresholds}")
        self.thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        super().__init__(several, name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels, 0 or 1, and predictions of more rows, each counted `sample_weight` times."""
        labels, p = plain(y_true), plain(y_pred)
        if self.top_k is not None:
            own = np.sort(p, -1)[..., -self.top_k, None]
            p = np.where(p >= own, p, -np.inf)
        if self.class_id is not None:
            labels, p = labels[..., self.class_id], p[..., self.class_id]
        self._count(labels, p, sample_weight)

    def _told(self, numerator: Any, denominator: Any) -> Tensor:
        with np.errstate(invalid="ignore", divide="ignore"):
            rates = np.where(denominator > 0, numerator / denominator, 0)
        return Tensor(np.asarray(rates[0] if len(rates) == 1 else rates, self.dtype))


class Precision(_Rate):
    """Of the predictions that say 1, how many have labels that do; arguments as of `_Rate`."""

    def result(self) -> Tensor:
        """The share so far, for each threshold."""
        return self._told(self._above[1], self._above.sum(0))


class Recall(_Rate):
    """Of the labels that say 1, how many have predictions that do; arguments as of `_Rate`."""

    def result(self) -> Tensor:
        """The share so far, for each threshold."""
        return self._told(self._above[1], np.full(len(self._thresholds), self._all[1]))


class AUC(_Confusion):
    """The area under a curve of rates as a threshold moves, by a sum over thresholds.

    Args:
        num_thresholds: how many, from 0 to 1.
        curve: `"ROC"`: share of ones found against share of zeros taken for ones; `"PR"`: precision against recall.
        summation_method: `"interpolation"` (of PR as Davis and Goadrich 2006), `"minoring"` or `"majoring"`.
        name: by default the class's.
        dtype: of the result.
        thresholds: those between 0 and 1, instead of even ones.
        from_logits: whether predictions are logits.
    """

    _quiet = frozenset({"thresholds"})

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        only(False, multi_label=multi_label)
        only(None, num_labels=num_labels, label_weights=label_weights)
        if str(curve).upper() not in ("ROC", "PR"):
            raise ValueError(f'Invalid AUC curve value: "{curve}". Expected values are ["PR", "ROC"]')
        if str(summation_method).lower() not in ("interpolation", "minoring", "majoring"):
            raise ValueError(
                f'Invalid AUC summation method value: "{summation_method}". Expected values are '
                '["interpolation", "majoring", "minoring"]'
            )
        if thresholds is None and num_thresholds <= 1:
            raise ValueError(
                f"Argument `num_thresholds` must be an integer > 1. Received: num_thresholds={num_thresholds}"
            )
        inner = np.arange(1, num_thresholds - 1) / (num_thresholds - 1) if thresholds is None else sorted(thresholds)
        self.curve, self.summation_method = str(curve).upper(), str(summation_method).lower()
        self.num_thresholds = num_thresholds if thresholds is None else len(inner) + 2
        self.thresholds, self.from_logits = thresholds, from_logits
        super().__init__([-losses.EPSILON, *inner, 1 + losses.EPSILON], name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels, 0 or 1, and predictions from 0 to 1, each counted `sample_weight` times.

        Raises:
            ValueError: a prediction is outside of 0 to 1, and is no logit.
        """
        p = activations.sigmoid(Tensor(plain(y_pred))).array if self.from_logits else plain(y_pred)
        if p.size and not (p.min() >= 0 and p.max() <= 1):
            raise ValueError(f"predictions must be from 0 to 1, not from {p.min()} to {p.max()}; try: from_logits=True")
        self._count(plain(y_true), p, sample_weight)

    def result(self) -> Tensor:
        """The area so far, 0 of nothing."""
        false, true = self._above
        with np.errstate(invalid="ignore", divide="ignore"):
            recall = np.nan_to_num(true / self._all[1])
            if self.curve == "PR" and self.summation_method == "interpolation":
                return Tensor(np.asarray(self._interpolated(true, true + false), self.dtype))
            x = np.nan_to_num(false / self._all[0]) if self.curve == "ROC" else recall
            y = recall if self.curve == "ROC" else np.nan_to_num(true / (true + false))
        ends = y[:-1], y[1:]
        lower, upper = np.minimum(*ends), np.maximum(*ends)
        heights = {"interpolation": (lower + upper) / 2, "minoring": lower, "majoring": upper}
        return Tensor(np.asarray(np.sum((x[:-1] - x[1:]) * heights[self.summation_method]), self.dtype))

    def _interpolated(self, true: Any, taken: Any) -> Any:
        """The area under precision and recall, with true ones linear in what is taken, between thresholds."""
        rise, run = true[:-1] - true[1:], taken[:-1] - taken[1:]
        slope = np.where(run > 0, rise / run, 0)
        inner = (taken[:-1] > 0) & (taken[1:] > 0)
        logs = np.log(np.where(inner, taken[:-1] / np.where(inner, taken[1:], 1), 1))
        area = slope * (rise + (true[1:] - slope * taken[1:]) * logs)
        return np.sum(area) / self._all[1] if self._all[1] else 0.0


METRICS: Mapping[str, Callable[..., Metric]] = {
    name: kind
    for kind in (
        AUC,
        Accuracy,
        BinaryAccuracy,
        BinaryCrossentropy,
        CategoricalAccuracy,
        CategoricalCrossentropy,
        MeanAbsoluteError,
        MeanSquaredError,
        Precision,
        Recall,
        RootMeanSquaredError,
        SparseCategoricalAccuracy,
        SparseCategoricalCrossentropy,
        SparseTopKCategoricalAccuracy,
        TopKCategoricalAccuracy,
    )
    for name in (kind.__name__, snake_case(kind.__name__))
} | {"mse": MeanSquaredError, "MSE": MeanSquaredError, "mae": MeanAbsoluteError, "MAE": MeanAbsoluteError}
"""The metrics of labels and predictions by name; `compile` knows `accuracy` besides."""


def get(identifier: Any) -> Any:
    """The metric of a name (`mse`, or `MeanSquaredError`), or the given metric or function."""
    return read("metric", identifier, METRICS, Metric._module)
