"""More of Keras 3's metrics: the best of a rate among thresholds, and scores of classes and of columns.

Names, defaults and formulas are those of Keras's documentation. Imports losses, metrics and NumPy.
"""

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from gradcalc.nn import losses
from gradcalc.nn.config import of_row
from gradcalc.nn.metrics import Confusion, Metric, Thresholds, plain, ratio, weights_of
from gradcalc.tape.tensor import Tensor

__all__ = [
    "BinaryIoU", "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives", "IoU", "MeanIoU", "OneHotIoU",
    "OneHotMeanIoU", "PrecisionAtRecall", "R2Score", "RecallAtPrecision", "SensitivityAtSpecificity",
    "SpecificityAtSensitivity", "TrueNegatives", "TruePositives",
]  # fmt: skip


# -- by thresholds -----------------------------------------------------------------------------------------------------


_COUNTS = "thresholds name dtype"


# fmt: off
class TruePositives(Thresholds, arguments=_COUNTS, _what="true_positives"):
    """The weight of predictions above the threshold whose label is 1; 0.5, or each of `thresholds`."""
class FalsePositives(Thresholds, arguments=_COUNTS, _what="false_positives", _direction="down"):
    """The weight of predictions above the threshold whose label is 0; 0.5, or each of `thresholds`."""
class TrueNegatives(Thresholds, arguments=_COUNTS, _what="true_negatives"):
    """The weight of predictions at most at the threshold whose label is 0; 0.5, or each of `thresholds`."""
class FalseNegatives(Thresholds, arguments=_COUNTS, _what="false_negatives", _direction="down"):
    """The weight of predictions at most at the threshold whose label is 1; 0.5, or each of `thresholds`."""
# fmt: on


class _AtLeast(Confusion):
    """The largest of one rate among the thresholds where another is at least what is wanted; 0 where it never is."""

    _wanted: ClassVar[str]
    _best: ClassVar[str]
    num_thresholds: int = 200

    def __post_init__(self) -> None:
        least, many = getattr(self, self._wanted), self.num_thresholds
        if not 0 <= least <= 1:
            raise ValueError(f"Argument `{self._wanted}` must be in the range [0, 1]. Received: {self._wanted}={least}")
        if many <= 0:
            raise ValueError(f"Argument `num_thresholds` must be an integer > 0. Received: num_thresholds={many}")
        self._at([0.5] if many == 1 else [i / (many - 1) for i in range(many)])

    def result(self) -> Tensor:
        """The rate so far."""
        wanted, best = (self._rate(name).astype(self.dtype) for name in (self._wanted, self._best))
        reached = wanted >= self.dtype.type(getattr(self, self._wanted))
        return self._answer(np.max(np.where(reached, best, 0), initial=0))


_HOW = "num_thresholds class_id name dtype"


# fmt: off
class SensitivityAtSpecificity(
        _AtLeast, arguments=f"specificity {_HOW}", _wanted="specificity", _best="sensitivity"):
    """The best sensitivity where the specificity is at least `specificity`."""

    specificity: float
class SpecificityAtSensitivity(
        _AtLeast, arguments=f"sensitivity {_HOW}", _wanted="sensitivity", _best="specificity"):
    """The best specificity where the sensitivity is at least `sensitivity`."""

    sensitivity: float
class PrecisionAtRecall(_AtLeast, arguments=f"recall {_HOW}", _wanted="recall", _best="precision"):
    """The best precision where the recall is at least `recall`."""

    recall: float
class RecallAtPrecision(_AtLeast, arguments=f"precision {_HOW}", _wanted="precision", _best="recall"):
    """The best recall where the precision is at least `precision`."""

    precision: float
# fmt: on


# -- of classes --------------------------------------------------------------------------------------------------------


_ROWS = "name dtype ignore_class sparse_y_true sparse_y_pred axis"


class IoU(Metric, arguments=f"num_classes target_class_ids {_ROWS}"):
    """Intersection over union of the places labelled, and predicted, as a class: the mean over some classes.

    Args:
        num_classes: how many there are; what lies outside of them, or is of `ignore_class`, does not count.
        target_class_ids: those that are averaged over; one that never occurs does not count.
        threshold: of two classes: from which on predictions are 1.
        dtype: of the weights, int32 by default.
        sparse_y_true, sparse_y_pred: labels, or predictions, are numbers of classes, not rows, along `axis`, whose
            largest element is at them.
    """

    _direction = "up"
    num_classes: int
    target_class_ids: Sequence[int]
    threshold: float | None = None
    name: Any = None
    dtype: Any = None
    ignore_class: int | None = None
    sparse_y_true: bool = True
    sparse_y_pred: bool = True
    axis: int = -1
    __init__ = of_row

    def __post_init__(self) -> None:
        super().__init__(self.dtype or "int32", self.name)
        n = self.num_classes
        self.target_class_ids = list(getattr(self, "target_class_ids", range(n)))
        if max(self.target_class_ids) >= n:
            raise ValueError(f"Target class id {max(self.target_class_ids)} is out of range, which is [0, {n}).")
        self.total_cm = self.add_variable((n, n), "zeros", name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels and predictions of more places, each counted `sample_weight` times."""
        if self.threshold is not None:
            y_pred = plain(y_pred).astype(np.float32) >= np.float32(self.threshold)
        given = ((plain(y_true), self.sparse_y_true), (plain(y_pred), self.sparse_y_pred))
        labels, p = (np.ravel(y if sparse else np.argmax(y, self.axis)).astype(np.int64) for y, sparse in given)
        weights = np.broadcast_to(np.ravel(self._weights(sample_weight)).astype(self.dtype), labels.shape)
        n = self.num_classes
        counts = (labels >= 0) & (labels < n) & (p >= 0) & (p < n)
        if self.ignore_class is not None:
            counts &= labels != self.ignore_class
        cells = np.bincount((labels * n + p)[counts], weights[counts], n * n)
        self.total_cm.assign(self.total_cm.array + np.reshape(cells, (n, n)).astype(self.dtype))

    def _weights(self, sample_weight: Any) -> Any:
        weights = np.asarray(1 if sample_weight is None else plain(sample_weight))
        if weights.dtype.kind == "f" and self.dtype.kind in "iu":
            warnings.warn(
                "the weights are `float`, but the dtype is `int`: casting drops what is behind the point; "
                'try: dtype="float32"',
                stacklevel=3,
            )
        return weights

    def result(self) -> Tensor:
        """The mean so far, 0 of nothing."""
        counts = self.total_cm.array.astype(float)
        both = np.diagonal(counts)[self.target_class_ids]
        either = (counts.sum(0) + counts.sum(1))[self.target_class_ids] - both
        return Tensor(np.asarray(ratio(np.sum(ratio(both, either)), np.sum(either > 0)), np.float32))


_ONE_HOT = "name dtype ignore_class sparse_y_pred axis"


# fmt: off
class BinaryIoU(
        IoU, arguments="target_class_ids threshold name dtype", num_classes=2, target_class_ids=(0, 1), threshold=0.5):
    """Intersection over union for labels 0 and 1; arguments as of `IoU`."""
class MeanIoU(IoU, arguments=f"num_classes {_ROWS}"):
    """Intersection over union, the mean over all classes; arguments as of `IoU`."""
class OneHotIoU(
        IoU, arguments=f"num_classes target_class_ids {_ONE_HOT}", sparse_y_true=False, sparse_y_pred=False):
    """Intersection over union for labels that are one-hot rows; arguments as of `IoU`."""
class OneHotMeanIoU(MeanIoU, arguments=f"num_classes {_ONE_HOT}", sparse_y_true=False, sparse_y_pred=False):
    """Intersection over union for labels that are one-hot rows, the mean over all classes; arguments as of `IoU`."""
# fmt: on


class FBetaScore(Metric, arguments="average beta threshold name dtype"):
    """The harmonic mean of precision and recall, in which recall counts `beta` times as much (van Rijsbergen 1979).

    `average` over the classes: None is a score for each, `"micro"` one of all counts together, `"macro"` the mean,
    `"weighted"` the mean by how often each class is a label. A prediction says 1 above the `threshold`; without one the
    largest of each row does.
    """

    _direction = "up"

    _sums = ("_both", "_taken", "_labelled")
    _both: Any
    _taken: Any
    _labelled: Any
    average: str | None = None
    beta: float = 1.0
    threshold: float | None = None
    name: Any = "fbeta_score"
    dtype: Any = None
    __init__ = of_row

    def __post_init__(self) -> None:
        super().__init__(self.dtype, self.name)
        if self.average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                "Invalid `average` argument value. Expected one of: {None, 'micro', 'macro', 'weighted'}. Received: "
                f"average={self.average}"
            )
        for argument, rule in (("beta", "be > 0"), ("threshold", "verify 0 < threshold <= 1")):
            value, wrong = getattr(self, argument), f"Invalid `{argument}` argument value. It should "
            if not isinstance(value, float) and (value is not None or argument == "beta"):
                raise ValueError(f"{wrong}be a Python float. Received: {argument}={value} of type '{type(value)}'")
            if value is not None and (value <= 0 or argument == "threshold" and value > 1):
                raise ValueError(f"{wrong}{rule}. Received: {argument}={value}")

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
        weights = weights_of(p.shape, sample_weight)
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
        return self._answer(scores)


class F1Score(FBetaScore, arguments="average threshold name dtype", name="f1_score"):
    """The harmonic mean of precision and recall; arguments as of `FBetaScore`."""


# -- of columns --------------------------------------------------------------------------------------------------------


class R2Score(Metric, arguments="class_aggregation num_regressors name dtype"):
    """Which share of the variance of the labels the predictions explain, `1 - sum((y-p)**2) / sum((y-mean(y))**2)`.

    `class_aggregation` over the columns: None is a score for each, `"uniform_average"` their mean,
    `"variance_weighted_average"` that by the variance of their labels. A positive `num_regressors` adjusts the score
    for so many predictors.
    """

    _direction = "up"

    _sums = ("_samples", "_weight", "_mean", "_spread", "_missed")
    _samples: Any
    _weight: Any
    _mean: Any
    _spread: Any
    _missed: Any
    class_aggregation: str | None = "uniform_average"
    num_regressors: int = 0
    name: Any = "r2_score"
    dtype: Any = None
    __init__ = of_row

    def __post_init__(self) -> None:
        Metric.__init__(self, self.dtype, self.name)
        known = (None, "uniform_average", "variance_weighted_average")
        if self.class_aggregation not in known:
            raise ValueError(
                f"Invalid value for argument `class_aggregation`. Expected one of {known}. Received: "
                f"class_aggregation={self.class_aggregation}"
            )
        if self.num_regressors < 0:
            raise ValueError(
                "Invalid value for argument `num_regressors`. Expected a value >= 0. Received: "
                f"num_regressors={self.num_regressors}"
            )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take rows of labels and of predictions, each counted `sample_weight` times.

        Raises:
            ValueError: they are no rows.
        """
        labels, p = losses.squeeze_or_expand(*(plain(y).astype(float) for y in (y_true, y_pred)))
        _rows("R2Score", labels, p)
        weights = weights_of(labels.shape, sample_weight)
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
        return self._answer(self._adjusted(scores))

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
