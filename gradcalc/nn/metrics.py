"""Metrics, as Keras 3 has them: what is told of many batches together. Imports losses, layer and NumPy.

Names, defaults and formulas are those of Keras's documentation.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

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
        value = initializers.get(initializer or "zeros")(tuple(shape), dtype=np.dtype(dtype or self.dtype))
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
            values, weights = losses.squeeze_or_expand(values, plain(_within(mask, sample_weight)).astype(np.float64))
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
    """The mean of all values so far."""

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.count = self.add_variable((), "zeros", np.float64, name="count")

    def _take(self, total: Any, count: Any) -> None:
        super()._take(total, count)
        self.count.array = np.asarray(self.count.array + count)

    def result(self) -> Tensor:
        """The mean so far, 0 of nothing."""
        count = self.count.array
        return Tensor(np.asarray(self.total.array / count if count else 0.0, self.dtype))


class Sum(_Weighed):
    """The sum of all values so far."""

    _reduce = np.sum

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def result(self) -> Tensor:
        """The sum so far."""
        return Tensor(np.asarray(self.total.array, self.dtype))


def _within(mask: Any, sample_weight: Any) -> Any:
    """Weights, 0 where steps do not count by the mask."""
    if mask is None:
        return sample_weight
    counts = plain(mask).astype(np.float32)
    if sample_weight is None:
        return counts
    counts, weights = losses.squeeze_or_expand(counts, plain(sample_weight))
    return np.reshape(weights, weights.shape + (1,) * (counts.ndim - weights.ndim)) * counts


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
        weights = _within(getattr(y_pred, "_keras_mask", None), sample_weight)
        super().update_state(self._fn(labels, predictions, **self._arguments), weights)


class OfPairs(MeanMetricWrapper):
    """The mean of a function of arrays of labels and predictions that a subclass gives."""

    _function: Callable[..., Any]
    _direction = "down"

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        Mean.__init__(self, name or snake_case(type(self).__name__), dtype)
        self._arguments = {}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take labels and predictions of more rows, each row counted `sample_weight` times."""
        weights = _within(getattr(y_pred, "_keras_mask", None), sample_weight)
        Mean.update_state(self, self._function(plain(y_true), plain(y_pred)), weights)


class MeanSquaredError(OfPairs):
    """The mean of `(y_true - y_pred)**2`."""

    _function = staticmethod(losses.mean_squared_error)


class MeanAbsoluteError(OfPairs):
    """The mean of `|y_true - y_pred|`."""

    _function = staticmethod(losses.mean_absolute_error)


class BinaryAccuracy(OfPairs):
    """How many probabilities lie on the side of `threshold` that their labels, 0 or 1, say."""

    _direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype)
        self.threshold = threshold

    def _function(self, labels: Any, p: Any) -> Any:
        labels, p = losses.squeeze_or_expand(labels, p)
        return labels == (p > self.threshold)


class CategoricalAccuracy(OfPairs):
    """How many rows have their largest prediction where the one-hot label is."""

    _function = staticmethod(lambda labels, p: np.argmax(labels, -1) == np.argmax(p, -1))
    _direction = "up"


class SparseCategoricalAccuracy(OfPairs):
    """How many rows have their largest prediction at the class whose number is the label."""

    _function = staticmethod(lambda labels, p: np.reshape(labels, p.shape[:-1]) == np.argmax(p, -1))
    _direction = "up"


class RootMeanSquaredError(OfPairs):
    """The square root of the mean of `(y_true - y_pred)**2`."""

    _function = staticmethod(lambda labels, p: np.subtract(*losses.squeeze_or_expand(labels, p)) ** 2)

    def result(self) -> Tensor:
        """The root so far, 0 of nothing."""
        return Tensor(np.sqrt(super().result().array))


class Accuracy(OfPairs):
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
    """How many rows have the class whose number is their label among their `k` largest predictions.

    With `from_sorted_ids` a row is no predictions but the numbers of its classes, the most likely first.
    """

    _quiet = frozenset({"from_sorted_ids"})
    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        self.k, self.from_sorted_ids = k, from_sorted_ids
        found = _listed if from_sorted_ids else _among
        super().__init__(lambda labels, p: found(labels.array, p.array, k), name, dtype)


def ratio(numerator: Any, denominator: Any) -> Any:
    """A quotient, 0 where nothing is divided by."""
    some = np.broadcast_to(denominator > 0, np.broadcast_shapes(np.shape(numerator), np.shape(denominator)))
    return np.where(some, numerator / np.where(some, denominator, 1), 0.0)


def _among(labels: Any, p: Any, k: int) -> Any:
    """Whether the prediction of each row's class is among the `k` largest: fewer than `k` are larger."""
    numbers = np.reshape(labels, p.shape[:-1]).astype(np.intp)
    own = np.take_along_axis(p, numbers[..., None], -1)
    return np.sum(p > own, -1) < k


def _listed(labels: Any, numbers: Any, k: int) -> Any:
    """Whether each row's class is among the first `k` numbers of classes."""
    return np.any(np.reshape(labels, numbers.shape[:-1])[..., None] == numbers[..., :k], -1)


class Confusion(Metric):
    """Counts, by thresholds, of predictions above them, whose labels are true and false; base of rates and curves.

    With `columns` they are counted for each column by itself.
    """

    _direction = "up"

    def __init__(
        self, thresholds: Sequence[float], name: str | None, dtype: Any, columns: tuple[int, ...] = ()
    ) -> None:
        super().__init__(dtype, name)
        self._limits = np.asarray(thresholds, self.dtype)
        self._begin(columns)

    def _begin(self, columns: tuple[int, ...]) -> None:
        """Make the counts: labels 1 and 0 above each threshold, and at most at it."""
        self._columns = columns
        shape = (len(self._limits), *columns)
        self.true_positives = self.add_variable(shape, "zeros", np.float64, name="true_positives")
        self.false_positives = self.add_variable(shape, "zeros", np.float64, name="false_positives")
        self.true_negatives = self.add_variable(shape, "zeros", np.float64, name="true_negatives")
        self.false_negatives = self.add_variable(shape, "zeros", np.float64, name="false_negatives")

    @property
    def _above(self) -> tuple[Any, Any]:
        """The weight of labels 0, then 1, above each threshold."""
        return self.false_positives.array, self.true_positives.array

    @property
    def _all(self) -> tuple[Any, Any]:
        """The weight of all labels 0, then 1."""
        false, true = self._above
        return false + self.true_negatives.array, true + self.false_negatives.array

    def _told(self, values: Any) -> Tensor:
        return Tensor(np.asarray(values, self.dtype))

    def _count(self, y_true: Any, y_pred: Any, sample_weight: Any, class_id: int | None = None) -> None:
        """Take labels, 0 or 1, and predictions, of one shape, with weights that broadcast to it.

        Raises:
            ValueError: one class is wanted of predictions that have no axis of classes.
        """
        labels, p = losses.squeeze_or_expand(y_true, y_pred)
        p = p.astype(self.dtype, copy=False)  # so that a prediction at a threshold is not above it
        if class_id is not None:
            if p.ndim < 2:
                raise ValueError(
                    "When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes), found "
                    f"shape: {p.shape}"
                )
            labels, p = labels[..., class_id, None], p[..., class_id, None]
        weights = np.ones(p.shape) if sample_weight is None else plain(sample_weight).astype(float)
        if weights.ndim == p.ndim + 1 and weights.shape[-1] == 1:
            weights = weights[..., 0]
        weights = np.broadcast_to(np.reshape(weights, weights.shape + (1,) * (p.ndim - weights.ndim)), p.shape)
        labels = np.broadcast_to(np.reshape(labels, p.shape) != 0, p.shape)
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


class _Rate(Confusion):
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
        several = (
            [-1e10] if thresholds is None and top_k is not None else limits(0.5 if thresholds is None else thresholds)
        )
        self.thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        super().__init__(several, name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels, 0 or 1, and predictions of more rows, each counted `sample_weight` times."""
        p = plain(y_pred)
        if self.top_k is not None:  # of equal ones the first
            rank = np.argsort(np.argsort(-p, -1, kind="stable"), -1, kind="stable")
            p = np.where(rank < self.top_k, p, -np.inf)
        self._count(plain(y_true), p, sample_weight, self.class_id)

    def _share(self, numerator: Any, denominator: Any) -> Tensor:
        rates = ratio(numerator, denominator)
        return self._told(rates[0] if len(rates) == 1 else rates)


class Precision(_Rate):
    """Of the predictions that say 1, how many have labels that do; arguments as of `_Rate`."""

    def result(self) -> Tensor:
        """The share so far, for each threshold."""
        return self._share(self._above[1], sum(self._above))


class Recall(_Rate):
    """Of the labels that say 1, how many have predictions that do; arguments as of `_Rate`."""

    def result(self) -> Tensor:
        """The share so far, for each threshold."""
        return self._share(self._above[1], self._all[1])


class AUC(Confusion):
    """The area under a curve of rates as a threshold moves, by a sum over thresholds.

    Args:
        num_thresholds: how many, from 0 to 1.
        curve: `"ROC"`: share of ones found against share of zeros taken for ones; `"PR"`: precision against recall;
            `"PRGAIN"`: their gains over taking all for ones (Flach and Kull 2015).
        summation_method: `"interpolation"` (of PR as Davis and Goadrich 2006), `"minoring"` or `"majoring"`.
        name: by default the class's.
        dtype: of the result.
        thresholds: those between 0 and 1, instead of even ones.
        multi_label: take the area of each column by itself; the result is their mean.
        num_labels: the number of columns then; by default those of the first predictions.
        label_weights: how much each column counts, in the mean or else in the counts.
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
        if str(curve).upper() not in ("ROC", "PR", "PRGAIN"):
            raise ValueError(f'Invalid AUC curve value: "{curve}". Expected values are ["PR", "ROC", "PRGAIN"]')
        if str(summation_method).lower() not in ("interpolation", "minoring", "majoring"):
            raise ValueError(
                f'Invalid AUC summation method value: "{summation_method}". Expected values are '
                '["interpolation", "majoring", "minoring"]'
            )
        if thresholds is None and num_thresholds <= 1:
            raise ValueError(
                f"Argument `num_thresholds` must be an integer > 1. Received: num_thresholds={num_thresholds}"
            )
        if num_labels and not multi_label:
            raise ValueError("`num_labels` is needed only when `multi_label` is True.")
        inner = np.arange(1, num_thresholds - 1) / (num_thresholds - 1) if thresholds is None else sorted(thresholds)
        self.curve, self.summation_method = str(curve).upper(), str(summation_method).lower()
        self.from_logits, self.multi_label, self.num_labels = from_logits, multi_label, num_labels
        self.label_weights = None if label_weights is None else plain(label_weights)
        self.thresholds = [-losses.EPSILON, *inner, 1 + losses.EPSILON]
        self.num_thresholds = len(self.thresholds)
        self._own = thresholds is not None
        super().__init__(self.thresholds, name, dtype, (num_labels,) if num_labels else ())

    def _setting(self, name: str, default: Any) -> Any:
        if name == "thresholds":  # those between, where they were given
            return self.thresholds[1:-1] if self._own else None
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
            given = 1.0 if sample_weight is None else plain(sample_weight)
            sample_weight = np.reshape(given, np.shape(given) + (1,) * (p.ndim - np.ndim(given))) * self.label_weights
        self._count(plain(y_true), p, sample_weight)

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
            return self._told(areas)
        weights = np.ones(np.shape(areas)) if self.label_weights is None else self.label_weights
        return self._told(ratio(np.sum(areas * weights), np.sum(weights)))

    def _curve(self) -> tuple[Any, Any]:
        """Its points, by thresholds."""
        false, true = self._above
        recall = ratio(true, self._all[1])
        if self.curve == "ROC":
            return ratio(false, self._all[0]), recall
        if self.curve == "PR":
            return recall, ratio(true, true + false)
        odds = ratio(self._all[1], self._all[0])
        gains = [np.where(true > 0, 1 - odds * ratio(lost, true), none) for lost, none in self._lost(false, true)]
        return np.maximum(gains[0], 0), gains[1]

    def _lost(self, false: Any, true: Any) -> list[tuple[Any, float]]:
        """What recall and precision lack, and their gains where no one is found."""
        return [(self._all[1] - true, 0.0), (false, 1.0)]

    def _interpolated(self, true: Any, taken: Any) -> Any:
        """The area under precision and recall, with true ones linear in what is taken, between thresholds."""
        rise, run = true[:-1] - true[1:], taken[:-1] - taken[1:]
        slope = ratio(rise, run)
        inner = (taken[:-1] > 0) & (taken[1:] > 0)
        logs = np.log(np.where(inner, taken[:-1] / np.where(inner, taken[1:], 1), 1))
        area = slope * (rise + (true[1:] - slope * taken[1:]) * logs)
        return ratio(np.sum(area, axis=0), self._all[1][0])


def named(kinds: Iterable[type[Metric]]) -> dict[str, Callable[..., Metric]]:
    """Classes by their names and by those of functions: `AUC`, `auc`."""
    return {name: kind for kind in kinds for name in (kind.__name__, snake_case(kind.__name__))}


METRICS: dict[str, Callable[..., Metric]] = named(
    (
        AUC, Accuracy, BinaryAccuracy, BinaryCrossentropy, CategoricalAccuracy, CategoricalCrossentropy,
        MeanAbsoluteError, MeanSquaredError, Precision, Recall, RootMeanSquaredError, SparseCategoricalAccuracy,
        SparseCategoricalCrossentropy, SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy,
    )
)  # fmt: skip
METRICS |= {"mse": MeanSquaredError, "MSE": MeanSquaredError, "mae": MeanAbsoluteError, "MAE": MeanAbsoluteError}
"""The metrics of labels and predictions by name, `scores` adds its own; `compile` knows `accuracy` besides."""


def get(identifier: Any) -> Any:
    """The metric of a name (`mse`, or `MeanSquaredError`), or the given metric or function; None is none."""
    return None if identifier is None else read("metric", identifier, METRICS, Metric._module)
