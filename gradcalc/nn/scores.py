"""More of Keras 3's metrics: those of a loss, counts and rates by thresholds, and scores of classes and of columns.

Names, defaults and formulas are those of Keras's documentation. Imports losses, metrics and NumPy.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from gradcalc.nn import losses
from gradcalc.nn.metrics import METRICS, Confusion, MeanMetricWrapper, Metric, OfPairs, limits, named, plain, ratio
from gradcalc.tape.tensor import Tensor

__all__ = [
    "BinaryIoU", "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "F1Score", "FBetaScore",
    "FalseNegatives", "FalsePositives", "Hinge", "IoU", "KLDivergence", "LogCoshError", "MeanAbsolutePercentageError",
    "MeanIoU", "MeanSquaredLogarithmicError", "OneHotIoU", "OneHotMeanIoU", "PearsonCorrelation", "Poisson",
    "PrecisionAtRecall", "R2Score", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity",
    "SquaredHinge", "TrueNegatives", "TruePositives", "concordance_correlation", "pearson_correlation",
]  # fmt: skip


# -- means of a function -----------------------------------------------------------------------------------------------


class Hinge(OfPairs):
    """The mean of `losses.hinge`."""

    _function = staticmethod(losses.hinge)


class SquaredHinge(OfPairs):
    """The mean of `losses.squared_hinge`."""

    _function = staticmethod(losses.squared_hinge)


class CategoricalHinge(OfPairs):
    """The mean of `losses.categorical_hinge`."""

    _function = staticmethod(losses.categorical_hinge)


class KLDivergence(OfPairs):
    """The mean of `losses.kl_divergence`."""

    _function = staticmethod(losses.kl_divergence)


class Poisson(OfPairs):
    """The mean of `losses.poisson`."""

    _function = staticmethod(losses.poisson)


class MeanAbsolutePercentageError(OfPairs):
    """The mean of `losses.mean_absolute_percentage_error`."""

    _function = staticmethod(losses.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(OfPairs):
    """The mean of `losses.mean_squared_logarithmic_error`."""

    _function = staticmethod(losses.mean_squared_logarithmic_error)


class LogCoshError(OfPairs):
    """The mean of `losses.log_cosh`."""

    _function = staticmethod(losses.log_cosh)

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between labels and predictions along an axis: 1 is the same direction."""

    _direction = "up"

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        self.axis = axis
        super().__init__(lambda y, p: -losses.cosine_similarity(y, p, axis), name, dtype)


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


class PearsonCorrelation(MeanMetricWrapper):
    """The mean of `pearson_correlation`."""

    _direction = "up"

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: Any = -1) -> None:
        self.axis = axis
        super().__init__(pearson_correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of `concordance_correlation`."""

    _direction = "up"

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: Any = -1) -> None:
        self.axis = axis
        super().__init__(concordance_correlation, name, dtype, axis=axis)


# -- by thresholds -----------------------------------------------------------------------------------------------------


class _Counted(Confusion):
    """The weight of the rows of one kind, for each of `thresholds`: 0.5, or numbers from 0 to 1."""

    _kind: ClassVar[str]
    _direction = "down"

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        self.thresholds = thresholds
        super().__init__(limits(0.5 if thresholds is None else thresholds), name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels, 0 or 1, and predictions of more rows, each counted `sample_weight` times."""
        self._count(plain(y_true), plain(y_pred), sample_weight)

    def result(self) -> Tensor:
        """The weight so far, for each threshold."""
        found: Tensor = getattr(self, self._kind)
        return found[0] if found.size == 1 else found


class TruePositives(_Counted):
    """The weight of predictions above the threshold whose label is 1."""

    _kind = "true_positives"
    _direction = "up"


class FalsePositives(_Counted):
    """The weight of predictions above the threshold whose label is 0."""

    _kind = "false_positives"


class TrueNegatives(_Counted):
    """The weight of predictions at most at the threshold whose label is 0."""

    _kind = "true_negatives"
    _direction = "up"


class FalseNegatives(_Counted):
    """The weight of predictions at most at the threshold whose label is 1."""

    _kind = "false_negatives"


class _AtLeast(Confusion):
    """The largest of one rate among the thresholds where another is at least what is wanted; 0 where it never is."""

    _wanted: ClassVar[str]
    _best: ClassVar[str]

    def __init__(self, least: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any) -> None:
        if not 0 <= least <= 1:
            raise ValueError(f"Argument `{self._wanted}` must be in the range [0, 1]. Received: {self._wanted}={least}")
        if num_thresholds <= 0:
            raise ValueError(
                f"Argument `num_thresholds` must be an integer > 0. Received: num_thresholds={num_thresholds}"
            )
        setattr(self, self._wanted, least)
        self.num_thresholds, self.class_id = num_thresholds, class_id
        even = [0.5] if num_thresholds == 1 else [i / (num_thresholds - 1) for i in range(num_thresholds)]
        super().__init__(even, name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels, 0 or 1, and predictions of more rows, each counted `sample_weight` times."""
        self._count(plain(y_true), plain(y_pred), sample_weight, self.class_id)

    def result(self) -> Tensor:
        """The rate so far."""
        reached = self._rate(self._wanted) >= self.dtype.type(getattr(self, self._wanted))
        return self._told(np.max(np.where(reached, self._rate(self._best), 0), initial=0))

    def _rate(self, name: str) -> Any:
        false, true = self._above
        if name == "precision":
            rate = ratio(true, true + false)
        else:  # sensitivity is recall, by another name
            rate = ratio(self._all[0] - false, self._all[0]) if name == "specificity" else ratio(true, self._all[1])
        return np.asarray(rate, self.dtype)


class SensitivityAtSpecificity(_AtLeast):
    """The best share of ones found where the share of zeros left alone is at least `specificity`."""

    _wanted, _best = "specificity", "sensitivity"

    def __init__(
        self, specificity: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(_AtLeast):
    """The best share of zeros left alone where the share of ones found is at least `sensitivity`."""

    _wanted, _best = "sensitivity", "specificity"

    def __init__(
        self, sensitivity: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(_AtLeast):
    """The best precision where the recall is at least `recall`."""

    _wanted, _best = "recall", "precision"

    def __init__(
        self, recall: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(_AtLeast):
    """The best recall where the precision is at least `precision`."""

    _wanted, _best = "precision", "recall"

    def __init__(
        self, precision: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(precision, num_thresholds, class_id, name, dtype)


# -- of classes --------------------------------------------------------------------------------------------------------


class _Matrix(Metric):
    """The weight of each pair of label and prediction, as a matrix: what lies outside of the classes does not count.

    Args:
        num_classes: how many there are.
        name: by default the class's.
        dtype: of the weights, int32 by default.
        ignore_class: a label that does not count.
        sparse_y_true: labels are numbers of classes, not rows whose largest element is at them.
        sparse_y_pred: likewise for predictions.
        axis: the axis of the classes in such rows.
    """

    _direction = "up"

    def __init__(
        self, num_classes: int, name: str | None = None, dtype: Any = None, ignore_class: int | None = None,
        sparse_y_true: bool = True, sparse_y_pred: bool = True, axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(dtype or "int32", name)
        self.num_classes, self.ignore_class, self.axis = num_classes, ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.total_cm = self.add_variable((num_classes, num_classes), "zeros", name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels and predictions of more places, each counted `sample_weight` times."""
        given = ((plain(y_true), self.sparse_y_true), (plain(y_pred), self.sparse_y_pred))
        labels, p = (np.ravel(y if sparse else np.argmax(y, self.axis)).astype(np.int64) for y, sparse in given)
        weights = np.asarray(1 if sample_weight is None else plain(sample_weight))
        if weights.dtype.kind == "f" and self.dtype.kind in "iu":
            warnings.warn(
                "the weights are `float`, but the dtype is `int`: casting drops what is behind the point; "
                'try: dtype="float32"',
                stacklevel=2,
            )
        weights = np.broadcast_to(np.ravel(weights).astype(self.dtype), labels.shape)
        n = self.num_classes
        counts = (labels >= 0) & (labels < n) & (p >= 0) & (p < n)
        if self.ignore_class is not None:
            counts &= labels != self.ignore_class
        cells = np.bincount((labels * n + p)[counts], weights[counts], n * n)
        self.total_cm.assign(self.total_cm.array + np.reshape(cells, (n, n)).astype(self.dtype))


class IoU(_Matrix):
    """Intersection over union of the places labelled, and predicted, as a class: the mean over some classes.

    Args:
        num_classes: how many there are.
        target_class_ids: those that are averaged over; one that never occurs does not count.
        name: by default the class's.
        dtype: of the weights, int32 by default.
        ignore_class: a label that does not count.
        sparse_y_true: labels are numbers of classes, not rows whose largest element is at them.
        sparse_y_pred: likewise for predictions.
        axis: the axis of the classes in such rows.
    """

    def __init__(
        self, num_classes: int, target_class_ids: Sequence[int], name: str | None = None, dtype: Any = None,
        ignore_class: int | None = None, sparse_y_true: bool = True, sparse_y_pred: bool = True, axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)
        if max(target_class_ids) >= num_classes:
            raise ValueError(f"Target class id {max(target_class_ids)} is out of range, which is [0, {num_classes}).")
        self.target_class_ids = list(target_class_ids)

    def result(self) -> Tensor:
        """The mean so far, 0 of nothing."""
        counts = self.total_cm.array.astype(float)
        both = np.diagonal(counts)[self.target_class_ids]
        either = (counts.sum(0) + counts.sum(1))[self.target_class_ids] - both
        return Tensor(np.asarray(ratio(np.sum(ratio(both, either)), np.sum(either > 0)), np.float32))


class BinaryIoU(IoU):
    """Intersection over union for labels 0 and 1, of predictions that are 1 from `threshold` on."""

    def __init__(
        self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, name: str | None = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels and predictions of more places, each counted `sample_weight` times."""
        super().update_state(y_true, plain(y_pred).astype(np.float32) >= np.float32(self.threshold), sample_weight)


class MeanIoU(IoU):
    """Intersection over union, the mean over all classes."""

    def __init__(
        self, num_classes: int, name: str | None = None, dtype: Any = None, ignore_class: int | None = None,
        sparse_y_true: bool = True, sparse_y_pred: bool = True, axis: int = -1,
    ) -> None:  # fmt: skip
        every = range(num_classes)
        super().__init__(num_classes, every, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """Intersection over union for labels that are one-hot rows."""

    def __init__(
        self, num_classes: int, target_class_ids: Sequence[int], name: str | None = None, dtype: Any = None,
        ignore_class: int | None = None, sparse_y_pred: bool = False, axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """Intersection over union for labels that are one-hot rows, the mean over all classes."""

    def __init__(
        self, num_classes: int, name: str | None = None, dtype: Any = None, ignore_class: int | None = None,
        sparse_y_pred: bool = False, axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)


class FBetaScore(Metric):
    """The harmonic mean of precision and recall, in which recall counts `beta` times as much (van Rijsbergen 1979).

    Args:
        average: over the classes: None is a score for each, `"micro"` one of all counts together, `"macro"` the mean,
            `"weighted"` the mean by how often each class is a label.
        beta: a float above 0.
        threshold: above which a prediction says 1; None: the largest of each row does.
        name: of the metric.
        dtype: of the result.
    """

    _direction = "up"

    def __init__(
        self, average: str | None = None, beta: float = 1.0, threshold: float | None = None,
        name: str | None = "fbeta_score", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(dtype, name)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                "Invalid `average` argument value. Expected one of: {None, 'micro', 'macro', 'weighted'}. Received: "
                f"average={average}"
            )
        for argument, value, rule in (("beta", beta, "be > 0"), ("threshold", threshold, "verify 0 < threshold <= 1")):
            wrong = f"Invalid `{argument}` argument value. It should "
            if not isinstance(value, float) and (value is not None or argument == "beta"):
                raise ValueError(f"{wrong}be a Python float. Received: {argument}={value} of type '{type(value)}'")
            if value is not None and (value <= 0 or argument == "threshold" and value > 1):
                raise ValueError(f"{wrong}{rule}. Received: {argument}={value}")
        self.average, self.beta, self.threshold = average, beta, threshold
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all values."""
        self._both: Any = 0.0
        self._taken: Any = 0.0
        self._labelled: Any = 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take rows of labels and of predictions, each counted `sample_weight` times.

        Raises:
            ValueError: they are no rows.
        """
        labels, p = (plain(y).astype(self.dtype) for y in (y_true, y_pred))
        _rows("FBetaScore", labels, p)
        if self.threshold is None:  # a row of zeros says nothing
            taken = (p >= np.max(p, -1, keepdims=True)) & (np.abs(p) > 1e-9)
        else:
            taken = p > self.threshold
        weights = np.ones(len(p)) if sample_weight is None else plain(sample_weight)
        weights = np.reshape(weights, (-1, 1))
        axes = None if self.average == "micro" else 0
        self._both = self._both + np.sum(taken * labels * weights, axes)
        self._taken = self._taken + np.sum(taken * weights, axes)
        self._labelled = self._labelled + np.sum(labels * weights, axes)

    def result(self) -> Tensor:
        """The score so far."""
        precision = self._both / (self._taken + losses.EPSILON)
        recall = self._both / (self._labelled + losses.EPSILON)
        square = self.beta**2
        scores: Any = (1 + square) * precision * recall / (square * precision + recall + losses.EPSILON)
        if self.average == "weighted":
            scores = np.sum(scores * self._labelled) / (np.sum(self._labelled) + losses.EPSILON)
        elif self.average is not None:
            scores = np.mean(scores)
        return Tensor(np.asarray(scores, self.dtype))


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall; arguments as of `FBetaScore`."""

    def __init__(
        self, average: str | None = None, threshold: float | None = None, name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(average, 1.0, threshold, name, dtype)


# -- of columns --------------------------------------------------------------------------------------------------------


class R2Score(Metric):
    """Which share of the variance of the labels the predictions explain, `1 - sum((y-p)**2) / sum((y-mean(y))**2)`.

    Args:
        class_aggregation: over the columns: None is a score for each, `"uniform_average"` their mean,
            `"variance_weighted_average"` that by the variance of their labels.
        num_regressors: a positive number adjusts the score for so many predictors.
        name: of the metric.
        dtype: of the result.
    """

    _direction = "up"

    def __init__(
        self, class_aggregation: str | None = "uniform_average", num_regressors: int = 0,
        name: str | None = "r2_score", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(dtype, name)
        known = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in known:
            raise ValueError(
                f"Invalid value for argument `class_aggregation`. Expected one of {known}. Received: "
                f"class_aggregation={class_aggregation}"
            )
        if num_regressors < 0:
            raise ValueError(
                "Invalid value for argument `num_regressors`. Expected a value >= 0. Received: "
                f"num_regressors={num_regressors}"
            )
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all values."""
        self._samples = 0
        self._weight: Any = 0.0
        self._mean: Any = 0.0
        self._spread: Any = 0.0
        self._missed: Any = 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take rows of labels and of predictions, each counted `sample_weight` times.

        Raises:
            ValueError: they are no rows.
        """
        labels, p = losses.squeeze_or_expand(*(plain(y).astype(float) for y in (y_true, y_pred)))
        _rows("R2Score", labels, p)
        weights = np.asarray(1.0 if sample_weight is None else plain(sample_weight), float)
        weights = np.broadcast_to(weights[:, None] if weights.ndim == 1 else weights, labels.shape)
        self._samples += labels.size
        self._missed = self._missed + np.sum((labels - p) ** 2 * weights, 0)
        # The spread about a mean that moves (Chan, Golub and LeVeque 1979): sums of squares would cancel.
        weight = np.sum(weights, 0)
        mean = ratio(np.sum(labels * weights, 0), weight)
        total = self._weight + weight
        away = mean - self._mean
        self._spread = (
            self._spread + np.sum((labels - mean) ** 2 * weights, 0) + away**2 * ratio(self._weight * weight, total)
        )
        self._mean, self._weight = self._mean + away * ratio(weight, total), total

    def result(self) -> Tensor:
        """The score so far; 0 where the labels of a column are all one, and are missed."""
        with np.errstate(divide="ignore", invalid="ignore"):
            scores: Any = 1 - np.divide(self._missed, self._spread)
        scores = np.where(np.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = np.mean(scores)
        elif self.class_aggregation is not None:
            scores = np.sum(self._spread * scores) / np.sum(self._spread)
        return Tensor(np.asarray(self._adjusted(scores), self.dtype))

    def _adjusted(self, scores: Any) -> Any:
        free = self._samples - self.num_regressors - 1
        if not self.num_regressors:
            return scores
        if free <= 0:
            why = "Division by zero in" if free == 0 else "More independent predictors than datapoints in"
            warnings.warn(f"{why} adjusted R2 score. Falling back to standard R2 score.", stacklevel=3)
            return scores
        return 1 - (1 - scores) * (self._samples - 1) / free


def _rows(name: str, labels: Any, p: Any) -> None:
    """Refuse what has no rows."""
    if labels.ndim != 2 or p.ndim != 2:
        raise ValueError(
            f"{name} expects 2D inputs with shape (batch_size, output_dim). Received input shapes: "
            f"y_pred.shape={p.shape} and y_true.shape={labels.shape}."
        )


_KINDS: list[Callable[..., Any]] = [globals()[name] for name in __all__]
METRICS |= named(kind for kind in _KINDS if isinstance(kind, type)) | {
    "mape": MeanAbsolutePercentageError, "MAPE": MeanAbsolutePercentageError, "msle": MeanSquaredLogarithmicError,
    "MSLE": MeanSquaredLogarithmicError, "kld": KLDivergence, "KLD": KLDivergence, "logcosh": LogCoshError,
}  # fmt: skip
