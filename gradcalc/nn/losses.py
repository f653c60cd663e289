"""Losses, as Keras 3 has them: classes that reduce to one number, and functions with one number for each row.

Names, defaults and formulas are those of Keras's documentation. Labels may be lists, integers, arrays; they are cast to
the dtype of the predictions, which floats keep (Keras makes them float32). Imports tape and activations.
"""
# ruff: noqa: D101

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from gradcalc.graph import ops
from gradcalc.nn.activations import Probabilities
from gradcalc.nn.config import Row, of_row, read
from gradcalc.tape.rules.reductions import log_softmax, logsumexp, softmax
from gradcalc.tape.tensor import ArrayOp, Tensor, as_array, cast

__all__ = [
    "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "Circle", "CosineSimilarity", "Dice", "Hinge",
    "Huber", "KLDivergence", "LogCosh", "Loss", "MeanAbsoluteError", "MeanAbsolutePercentageError",
    "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge",
    "Tversky", "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
    "categorical_focal_crossentropy", "categorical_generalized_cross_entropy", "categorical_hinge", "circle",
    "cosine_similarity", "dice", "hinge", "huber", "kl_divergence", "log_cosh", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error", "poisson",
    "sparse_categorical_crossentropy", "squared_hinge", "tversky",
]  # fmt: skip

EPSILON = 1e-7
"""Probabilities are kept this far from 0 and 1, as Keras does."""

REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)

# -- cross-entropy from logits: one record, for it is in every training step of a classifier ---------------------------

CROSS_ENTROPY = ArrayOp(
    "softmax_cross_entropy", lambda labels, logits, scores: _losses(labels, scores),
    lambda g, y, labels, logits, scores: -g[..., None] * log_softmax(logits),
    lambda g, y, labels, logits, scores: g[..., None] * (
        (softmax(logits) if isinstance(logits, Tensor) else scores.softmax) * _sum_last(labels)[..., None] - labels
    ),
)  # fmt: skip
"""`-sum(labels * log_softmax(logits))` along the last axis, with the `_Scores` of the logits."""


class _Scores(NamedTuple):
    """What the loss and its rule both need of logits: `shifted` to a largest of 0, a column for each row."""

    shifted: Any
    total: Any
    """The sum of `exp(shifted)`."""
    softmax: Any
    """Of the shape of the logits."""


def _cross_entropy(labels: Any, logits: Any) -> Any:
    return CROSS_ENTROPY(labels, logits, scores=_scores(logits.array if isinstance(logits, Tensor) else logits))


def _scores(logits: Any) -> _Scores:
    z = np.array(logits.reshape(-1, logits.shape[-1]).T, order="C")  # the first axis is reduced ten times faster
    z -= np.maximum.reduce(z, axis=0)
    e = np.exp(z)
    total = np.add.reduce(e, axis=0)
    e /= total
    return _Scores(z, total, np.ascontiguousarray(e.T).reshape(logits.shape))


def _losses(labels: Any, scores: _Scores) -> Any:
    marks = labels.reshape(-1, labels.shape[-1])
    losses = _sum_last(marks) * np.log(scores.total) - np.add.reduce(marks.T * scores.shifted, axis=0)
    return losses.reshape(labels.shape[:-1])[()]


def _sum_last(x: Any) -> Any:
    return x @ np.ones(x.shape[-1], x.dtype)


# -- functions: one number for each row --------------------------------------------------------------------------------


class OfRows(Protocol):
    """A function of labels and predictions with one number for each row."""

    __name__: str

    def __call__(self, y_true: Any, y_pred: Any) -> Any: ...


def _mean(name: str, doc: str, of: Callable[[Any, Any], Any]) -> OfRows:
    """The function of a row: the mean of what is said of labels and predictions, over the last axis."""

    def function(y_true: Any, y_pred: Any) -> Any:
        return np.mean(of(*aligned(y_true, y_pred)), axis=-1)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


# fmt: off
mean_squared_error = _mean(
    "mean_squared_error", "`mean((y_true - y_pred)**2)` over the last axis.", lambda t, p: (t - p) ** 2)
mean_absolute_error = _mean(
    "mean_absolute_error", "`mean(|y_true - y_pred|)` over the last axis.", lambda t, p: np.abs(t - p))
mean_absolute_percentage_error = _mean(
    "mean_absolute_percentage_error",
    "`100 * mean(|y_true - y_pred| / |y_true|)` over the last axis; a label counts as `EPSILON` at least.",
    lambda t, p: 100 * np.abs((t - p) / np.maximum(np.abs(t), EPSILON)))
mean_squared_logarithmic_error = _mean(
    "mean_squared_logarithmic_error",
    "`mean((log(1 + y_true) - log(1 + y_pred))**2)` over the last axis; below `EPSILON` both count as that.",
    lambda t, p: (np.log(np.maximum(p, EPSILON) + 1) - np.log(np.maximum(t, EPSILON) + 1)) ** 2)
log_cosh = _mean(
    "log_cosh", "`mean(log(cosh(y_pred - y_true)))` over the last axis: no cosh overflows.",
    lambda t, p: p - t + ops.softplus(-2 * (p - t)) - np.asarray(np.log(2), p.dtype))
poisson = _mean(
    "poisson", "`mean(y_pred - y_true * log(y_pred + EPSILON))` over the last axis.",
    lambda t, p: p - t * np.log(p + EPSILON))
hinge = _mean(
    "hinge",
    "`mean(max(1 - y_true*y_pred, 0))` over the last axis, for labels -1 and 1; of 0 and 1 alone, 0 stands for -1.",
    lambda t, p: np.maximum(1 - _sides(t) * p, 0))
squared_hinge = _mean(
    "squared_hinge", "`mean(max(1 - y_true*y_pred, 0)**2)` over the last axis, for labels as of `hinge`.",
    lambda t, p: np.maximum(1 - _sides(t) * p, 0) ** 2)
# fmt: on


def _sides(labels: Any) -> Any:
    """Labels -1 and 1, those of 0 and 1 alone made so."""
    return 2 * labels - 1 if np.isin(labels.array, (0, 1)).all() else labels


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Half the squared error up to `delta`, linear beyond (Huber 1964); mean over the last axis."""
    y_true, y_pred = aligned(y_true, y_pred)
    error = y_pred - y_true
    size = np.abs(error)
    return np.mean(np.where(size <= delta, 0.5 * error**2, delta * size - 0.5 * delta**2), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between labels and predictions along an axis: -1 is the same direction."""
    y_true, y_pred = (_unit(y, axis) for y in aligned(y_true, y_pred))
    return -np.sum(y_true * y_pred, axis=axis)


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """`sum(t * log(t / p))` along the last axis (Kullback and Leibler 1951); t and p are kept from `EPSILON` to 1."""
    y_true, y_pred = (np.clip(y, EPSILON, 1) for y in _floats(y_true, y_pred))
    return np.sum(y_true * np.log(y_true / y_pred), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """How far the score of the right class is from being 1 above every other, for labels that are one-hot rows."""
    y_true, y_pred = _floats(y_true, y_pred)
    right, other = np.sum(y_true * y_pred, axis=-1), np.max((1 - y_true) * y_pred, axis=-1)
    return np.maximum(other - right + 1, 0)


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """`1 - 2*sum(t*p) / (sum(t) + sum(p))` over axes, by default all: how little two regions overlap (Dice 1945)."""
    y_true, y_pred = _floats(y_true, y_pred)
    both, labelled, taken = (np.sum(part, axis=axis) for part in (y_true * y_pred, y_true, y_pred))
    return 1 - 2 * both / (labelled + taken + EPSILON)


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """`1 - both / (both + alpha*missed + beta*wrong)` over axes, by default all (Salehi et al. 2017).

    `both = sum(t*p)`, `missed = sum(t*(1-p))` and `wrong = sum((1-t)*p)`, t and p labels and predictions.
    """
    y_true, y_pred = _floats(y_true, y_pred)
    both, missed, wrong = (
        np.sum(x, axis=axis) for x in (y_true * y_pred, y_true * (1 - y_pred), (1 - y_true) * y_pred)
    )
    return 1 - both / (both + missed * alpha + wrong * beta + EPSILON)


def circle(
    y_true: Any, y_pred: Any, ref_labels: Any = None, ref_embeddings: Any = None, remove_diagonal: bool = True,
    gamma: float = 80, margin: float = 0.4,
) -> Any:  # fmt: skip
    """How far embeddings of one class are apart, and those of others near (Sun et al. 2020); a number for each row.

    Labels are numbers of classes, predictions rows of length 1, compared with those of `ref_labels` and
    `ref_embeddings`, by default with each other: not with themselves where `remove_diagonal`. `gamma` is the scale of
    the distances, `margin` how far classes are to be apart.
    """
    y_pred = _prediction(y_pred)
    labels = np.ravel(as_array(y_true))
    others = labels if ref_labels is None else np.ravel(as_array(ref_labels))
    products = y_pred @ np.transpose(y_pred if ref_embeddings is None else _prediction(ref_embeddings))
    distances = np.maximum(1 - products, 0)
    near = labels[:, None] == others[None, :]
    far = ~near
    if remove_diagonal:
        np.fill_diagonal(near, False)
    pull = gamma * np.maximum(margin + distances, 0) * (distances - margin)
    push = gamma * np.maximum(1 + margin - distances, 0) * (1 - margin - distances)
    result = ops.softplus(_log_sum(pull, near) + _log_sum(push, far))
    result._keras_mask = result.array > 0
    return result


def _log_sum(x: Any, counts: Any) -> Any:
    """`log(sum(exp(x)))` of the elements of each row that count, `-inf` where none does."""
    return logsumexp(np.where(counts, x, x.dtype.type(-np.inf)), axis=1)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """`(1 - p**q) / q` for the probability p of the class whose number is the label (Zhang and Sabuncu 2018)."""
    y_pred = _prediction(y_pred)
    chosen = _one_hot(as_array(y_true).astype(np.intp), y_pred)
    return (1 - np.sum(y_pred * chosen, axis=-1) ** q) / q


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """`-mean(t*log(p) + (1-t)*log(1-p))` over an axis, for labels t from 0 to 1.

    Predictions p are of the shape of the labels: probabilities, or with `from_logits` what the sigmoid makes them of;
    results of `activations.sigmoid` and `softmax` are taken as the logits that made them, as in Keras. Labels are moved
    by `label_smoothing` towards 1/2, from 0 to 1.
    """
    y_true, y_pred, from_logits = _alike(y_true, y_pred, from_logits)
    y_true = _smoothed(y_true, label_smoothing, 2)
    return np.mean(ops.softplus(y_pred) - y_true * y_pred if from_logits else _binary(y_true, y_pred), axis=axis)


def binary_focal_crossentropy(
    y_true: Any, y_pred: Any, apply_class_balancing: bool = False, alpha: float = 0.25, gamma: float = 2.0,
    from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
) -> Any:  # fmt: skip
    """`binary_crossentropy` whose elements weigh `(1 - p)**gamma`, p the probability of the label (Lin et al. 2017).

    With `apply_class_balancing` labels 1 weigh `alpha` besides, labels 0 `1 - alpha`. Other arguments as of that.
    """
    y_true, y_pred = _floats(y_true, y_pred)
    y_true, p = _smoothed(y_true, label_smoothing, 2), ops.sigmoid(y_pred) if from_logits else y_pred
    losses = (1 - (y_true * p + (1 - y_true) * (1 - p))) ** gamma * _binary(y_true, p)
    if apply_class_balancing:
        losses = (y_true * alpha + (1 - y_true) * (1 - alpha)) * losses
    return np.mean(losses, axis=axis)


def _binary(y_true: Any, p: Any) -> Any:
    p = np.clip(p, EPSILON, 1 - EPSILON)
    return -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))


def _smoothed(y_true: Any, amount: float, classes: int) -> Any:
    """Labels moved towards the even distribution over so many classes."""
    return y_true * (1 - amount) + amount / classes if amount else y_true


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """`-sum(t*log(p))` along an axis, for labels t that are a distribution over the classes (one-hot rows).

    Probabilities are scaled to sum 1, logits are what the softmax makes them of; other arguments as of
    `binary_crossentropy`.
    """
    y_true, y_pred, from_logits = _alike(y_true, y_pred, from_logits)
    if y_pred.shape[axis] == 1:
        warnings.warn(
            f"categorical_crossentropy over one class (y_pred.shape={y_pred.shape}) is always 0: "
            "binary_crossentropy is for two classes",
            SyntaxWarning,
            stacklevel=2,
        )
    y_true = _smoothed(y_true, label_smoothing, y_true.shape[axis])
    if from_logits:
        return _cross_entropy(
            *(np.moveaxis(y, axis, -1) if axis not in (-1, y.ndim - 1) else y for y in (y_true, y_pred))
        )
    p = y_pred / np.sum(y_pred, axis=axis, keepdims=True)
    return -np.sum(y_true * np.log(np.clip(p, EPSILON, 1 - EPSILON)), axis=axis)


def categorical_focal_crossentropy(
    y_true: Any, y_pred: Any, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False,
    label_smoothing: float = 0.0, axis: int = -1,
) -> Any:  # fmt: skip
    """`categorical_crossentropy` whose classes weigh `alpha * (1 - p)**gamma` (Lin et al. 2017); others as of that."""
    y_true, y_pred = _floats(y_true, y_pred)
    p = softmax(y_pred, axis=axis) if from_logits else y_pred
    p = np.clip(p / np.sum(p, axis=axis, keepdims=True), EPSILON, 1 - EPSILON)
    return np.sum(alpha * (1 - p) ** gamma * -_smoothed(y_true, label_smoothing, p.shape[-1]) * np.log(p), axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """As `categorical_crossentropy`, for labels that are the numbers of the classes: one for each row of `y_pred`.

    Probabilities are not scaled here, as in Keras. Rows with the label `ignore_class` count 0, and not where a mean is
    taken of all; it may be no class.

    Raises:
        ValueError: the shapes do not fit, a label is no class, or the classes are not along the last axis.
    """
    y_pred, from_logits = _logits(y_pred, from_logits)
    y_pred = _prediction(y_pred)
    if axis not in (-1, y_pred.ndim - 1):
        raise ValueError(f"Only axis=-1 is currently supported. Received: axis={axis}")
    labels = np.asarray(y_true.array if isinstance(y_true, Tensor) else y_true).astype(np.intp)
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    counts = np.ones(labels.shape, bool) if ignore_class is None else labels != ignore_class
    _fits(labels, counts, y_pred)
    one_hot = _one_hot(labels, y_pred) * counts[..., None]
    result = _cross_entropy(one_hot, y_pred if from_logits else np.log(np.clip(y_pred, EPSILON, 1 - EPSILON)))
    if ignore_class is not None:
        result._keras_mask = counts
    return result


def _fits(labels: Any, counts: Any, y_pred: Any) -> None:
    """Refuse labels that are none of the classes of the rows."""
    if labels.shape != y_pred.shape[:-1]:
        raise ValueError(f"labels of shape {labels.shape} do not fit y_pred of shape {y_pred.shape}: one class per row")
    known, classes = labels[counts], y_pred.shape[-1]
    if known.size and not 0 <= known.min() <= known.max() < classes:
        raise ValueError(f"labels go from {known.min()} to {known.max()}, but y_pred has classes 0 to {classes - 1}")


def _one_hot(labels: Any, y_pred: Any) -> Any:
    """Rows that are 1 at the number of a class."""
    return (labels[..., None] == np.arange(y_pred.shape[-1])).astype(y_pred.dtype)


def _prediction(y_pred: Any) -> Tensor:
    """Predictions as a tensor of floats."""
    if not isinstance(y_pred, Tensor):
        array = as_array(y_pred)
        keeps = isinstance(y_pred, np.ndarray | np.generic) and array.dtype.kind == "f"
        return Tensor(array if keeps else array.astype("float32"))
    return y_pred if y_pred.dtype.kind == "f" else cast(y_pred, "float32")


def _floats(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Labels and predictions in the floating dtype of the predictions."""
    y_pred = _prediction(y_pred)
    y_true = y_true if isinstance(y_true, Tensor) else Tensor(as_array(y_true, y_pred.dtype))
    return y_true if y_true.dtype == y_pred.dtype else cast(y_true, y_pred.dtype), y_pred


def aligned(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Labels and predictions in the floating dtype of the predictions, and of one rank."""
    return squeeze_or_expand(*_floats(y_true, y_pred))


def _logits(y_pred: Any, from_logits: bool) -> tuple[Any, bool]:
    """What the activation that made the probabilities was given, where it is known: exact, and nothing is cut off."""
    return (y_pred.logits, True) if isinstance(y_pred, Probabilities) else (y_pred, from_logits)


def _alike(y_true: Any, y_pred: Any, from_logits: bool) -> tuple[Any, Any, bool]:
    """Labels and predictions of one shape and dtype, logits where they are known."""
    y_pred, from_logits = _logits(y_pred, from_logits)
    y_true, y_pred = _floats(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            "Arguments `target` and `output` must have the same shape. Received: "
            f"target.shape={y_true.shape}, output.shape={y_pred.shape}"
        )
    return y_true, y_pred, from_logits


def _unit(x: Any, axis: int) -> Any:
    """Vectors along an axis, of length 1; what is shorter than 1e-12 is divided by that."""
    squares = np.sum(x * x, axis=axis, keepdims=True)
    return x / np.sqrt(np.maximum(squares, 1e-24))


def squeeze_or_expand(a: Any, b: Any) -> tuple[Any, Any]:
    """Two arrays of one rank, where one has a last axis of size 1 more: as Keras does before it compares."""
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, np.expand_dims(b, -1)) if b.ndim == 1 else (np.squeeze(a, -1), b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (np.expand_dims(a, -1), b) if a.ndim == 1 else (a, np.squeeze(b, -1))
    return a, b


# -- classes: one number -----------------------------------------------------------------------------------------------


def within(counts: Any, weights: Any) -> Any:
    """Weights, times what counts of the rows and steps that they weigh; None is 1."""
    if weights is None:
        return counts
    counts, weights = squeeze_or_expand(counts, weights)
    return np.reshape(weights, weights.shape + (1,) * (counts.ndim - weights.ndim)) * counts


class Loss(Row):
    """Base of the losses, as Keras's Loss: `loss(y_true, y_pred, sample_weight=None)`; a subclass gives `call`.

    `reduction` of the numbers of all rows is `"sum_over_batch_size"` or `"mean"` (their mean), `"sum"`, `"none"` or
    None, or `"mean_with_sample_weight"` (their sum by that of the weights). Predictions are cast to a `dtype`.
    """

    _module = "keras.losses"
    _quiet = frozenset({"dtype", "delta"})

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"Invalid value for argument `reduction`. Expected one of {REDUCTIONS}. Received: reduction={reduction}"
            )
        self.name, self.reduction, self.dtype = name or type(self).__name__, reduction, dtype

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, y_true, y_pred)")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss: a scalar tensor, or one number for each row where nothing is reduced."""
        mask = getattr(y_pred, "_keras_mask", None)
        if self.dtype is not None and getattr(y_pred, "dtype", None) != self.dtype:
            y_pred = cast(y_pred, self.dtype)
        values = self.call(y_true, y_pred)
        weights = None if sample_weight is None else _floats(sample_weight, values)[0]
        masks = [getattr(m, "array", m) for m in (mask, getattr(values, "_keras_mask", None)) if m is not None]
        if counted := [m for m in masks if m.shape == values.shape]:
            weights = within(self._share(np.logical_and.reduce(counted), values.dtype), weights)
        if weights is not None:
            values, weights = squeeze_or_expand(values, weights)
            values = values * weights
        result = self._reduced(values, weights)
        return result if isinstance(result, Tensor) else Tensor(result)

    def _share(self, mask: Any, dtype: Any) -> Any:
        """What each step counts: where a mean is taken, it is that of those which do."""
        counts = mask.astype(dtype)
        is_mean = self.reduction in ("mean", "sum_over_batch_size")
        return counts * (counts.size / max(np.sum(counts), 1)) if is_mean else counts

    def _reduced(self, values: Any, sample_weight: Any) -> Any:
        if self.reduction in (None, "none") or not values.ndim:
            return values
        if self.reduction == "sum" or not values.size:
            return np.sum(values)
        if self.reduction == "mean_with_sample_weight" and sample_weight is not None:
            total = np.sum(sample_weight)
            return np.where(total == 0, 0, np.sum(values) / np.where(total == 0, 1, total))
        return np.mean(values)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, reduction={self.reduction}>"


class _FunctionLoss(Loss):
    """A function of labels and predictions, reduced: its settings are the function's options, then those of `Loss`."""

    name: str
    reduction: str | None = "sum_over_batch_size"
    dtype: Any = None
    _signature = "{} reduction name dtype"
    _told = "Reduced, by default to the mean of all; see `{}` and `Loss`."
    __init__ = of_row

    def __init_subclass__(cls, of: Any = None, **own: Any) -> None:
        super().__init_subclass__(of, **({} if of is None else {"name": of.__name__}) | own)

    def __post_init__(self) -> None:
        super().__init__(self.name, self.reduction, self.dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row."""
        kept, y_pred = y_pred, _prediction(y_pred)
        y_true = y_true if hasattr(y_true, "ndim") else np.asarray(y_true)
        y_true, aligned = squeeze_or_expand(y_true, y_pred)
        return self.function(y_true, kept if aligned is y_pred else aligned, **self._option_values())


_QUIET = Loss._quiet | {"axis"}
_AXIS_LAST = "reduction name axis dtype"
_SPARSE = "from_logits ignore_class reduction axis name dtype"


# fmt: off
class MeanSquaredError(_FunctionLoss, of=mean_squared_error): ...
class MeanAbsoluteError(_FunctionLoss, of=mean_absolute_error): ...
class MeanAbsolutePercentageError(_FunctionLoss, of=mean_absolute_percentage_error): ...
class MeanSquaredLogarithmicError(_FunctionLoss, of=mean_squared_logarithmic_error): ...
class LogCosh(_FunctionLoss, of=log_cosh): ...
class Poisson(_FunctionLoss, of=poisson): ...
class KLDivergence(_FunctionLoss, of=kl_divergence): ...
class Hinge(_FunctionLoss, of=hinge): ...
class SquaredHinge(_FunctionLoss, of=squared_hinge): ...
class CategoricalHinge(_FunctionLoss, of=categorical_hinge): ...
class Huber(_FunctionLoss, of=huber, name="huber_loss"): ...
class CosineSimilarity(_FunctionLoss, of=cosine_similarity, _quiet=_QUIET): ...
class BinaryCrossentropy(_FunctionLoss, of=binary_crossentropy): ...
class CategoricalCrossentropy(_FunctionLoss, of=categorical_crossentropy): ...
class SparseCategoricalCrossentropy(
    _FunctionLoss, of=sparse_categorical_crossentropy, arguments=_SPARSE, _quiet=_QUIET): ...
class BinaryFocalCrossentropy(_FunctionLoss, of=binary_focal_crossentropy): ...
class CategoricalFocalCrossentropy(_FunctionLoss, of=categorical_focal_crossentropy): ...
class Dice(_FunctionLoss, of=dice, arguments=_AXIS_LAST): ...
class Tversky(_FunctionLoss, of=tversky, arguments=f"alpha beta {_AXIS_LAST}"): ...
class Circle(_FunctionLoss, of=circle, arguments="gamma margin remove_diagonal reduction name dtype"): ...
# fmt: on


class CategoricalGeneralizedCrossEntropy(_FunctionLoss, of=categorical_generalized_cross_entropy):
    q: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.q < 1:
            raise ValueError(f"q must be in the interval (0, 1). Received: q={self.q}")
        super().__post_init__()


SHORT = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "bce": "binary_crossentropy", "kld": "kl_divergence",
}  # fmt: skip
"""Keras's short names of functions, and of metrics; each in capitals as well."""

LOSSES: dict[str, Any] = {kind.__name__: kind for kind in _FunctionLoss.__subclasses__()}
LOSSES |= {kind.function.__name__: kind.function for kind in _FunctionLoss.__subclasses__()}
LOSSES |= {name: LOSSES[full] for short, full in SHORT.items() for name in (short, short.upper())}
"""The losses by name: classes, their functions, and Keras's short names of these."""


def get(identifier: Any) -> Any:
    """The function of a name (`mean_squared_error`, `mse`), a loss of a class's (`Huber`), or the given one.

    None is none.
    """
    return read("loss", identifier, LOSSES, Loss._module)


class FunctionLoss(_FunctionLoss):
    """A function of labels and predictions as a loss; one that is not ours has labels in the predictions' dtype."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        Loss.__init__(self, name)
        self.function = function  # type: ignore[misc,method-assign]
        self._ours = any(function is ours for ours in LOSSES.values())

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row."""
        values = super().call(y_true if self._ours else _floats(y_true, y_pred)[0], y_pred)
        return values if hasattr(values, "ndim") else Tensor(as_array(values, y_pred.dtype))
