"""`tf.math`: elementwise functions, reductions and comparisons. Imports tape, ops and NumPy.

Each is NumPy's function or an op of the table under TensorFlow's name.
"""
# ruff: noqa: I001

import math
import operator
from collections.abc import Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np

from gradcalc.graph import ops
from gradcalc.nn import activations
from gradcalc.tape.custom import custom_gradient
from gradcalc.tape.errors import told
from gradcalc.tape.rules import reductions
from gradcalc.tape.rules.incomplete_gamma import GAMMAINC, GAMMAINCC
from gradcalc.tape.rules.shapes import KINKED, plain_of
from gradcalc.tape.tensor import SCATTER, Tensor, cast, wide
from gradcalc.tf import special as special
from gradcalc.tf.arrays import largest as _largest
from gradcalc.tf.defaults import (
    Function, Result, alike, as_shape, as_tensor, as_tensors, binary, described, floating,
    last_axis, reduction, row, telling, unary,
)  # fmt: skip
from gradcalc.tf.linalg import l2_normalize as l2_normalize
from gradcalc.tf.segments import (
    segment_max as segment_max, segment_mean as segment_mean, segment_min as segment_min,
    segment_prod as segment_prod, segment_sum as segment_sum, unsorted_segment_max as unsorted_segment_max,
    unsorted_segment_mean as unsorted_segment_mean, unsorted_segment_min as unsorted_segment_min,
    unsorted_segment_prod as unsorted_segment_prod, unsorted_segment_sqrt_n as unsorted_segment_sqrt_n,
    unsorted_segment_sum as unsorted_segment_sum,
)  # fmt: skip
from gradcalc.tf.special import (
    bessel_i0 as bessel_i0, bessel_i0e as bessel_i0e, bessel_i1 as bessel_i1, bessel_i1e as bessel_i1e,
)  # fmt: skip

__all__ = [
    "abs", "acos", "acosh", "add", "add_n", "argmax", "argmin", "asin", "asinh", "atan", "atan2", "atanh",
    "clip_by_value", "cos", "cosh", "cumsum", "divide", "equal", "exp", "floor", "greater", "greater_equal", "less",
    "less_equal", "logical_and", "logical_not", "logical_or", "maximum", "minimum", "multiply", "negative", "not_equal",
    "pow", "realdiv", "reduce_all", "reduce_any", "reduce_logsumexp", "reduce_max", "reduce_mean", "reduce_min",
    "reduce_prod", "reduce_sum", "round", "scalar_mul", "sigmoid", "sign", "sin", "sinh", "sqrt", "square", "subtract",
    "tan", "tanh", "truediv", "truncatediv", "truncatemod",
]  # fmt: skip
"""What `tf` itself has of these."""

# -- elementwise -------------------------------------------------------------------------------------------------------

abs = unary(np.abs)
acos = unary(np.arccos)
acosh = unary(np.arccosh)
asin = unary(np.arcsin)
asinh = unary(np.arcsinh)
atan = unary(np.arctan)
angle = unary(np.angle, "input")
atanh = unary(np.arctanh)
ceil = unary(np.ceil)
conj = unary(np.conjugate)
cos = unary(np.cos)
cosh = unary(np.cosh)
digamma = unary(ops.digamma)
erf = unary(ops.erf)
erfc = unary(ops.erfc)
erfcinv = special.special("erfcinv", "The inverse of `erfc`.", ops.erfcinv)
erfinv = special.special("erfinv", "The inverse of `erf`.", ops.erfinv)
exp = unary(np.exp)
expm1 = unary(np.expm1)
floor = unary(np.floor)
imag = unary(np.imag, "input")
is_finite = unary(np.isfinite)
is_inf = unary(np.isinf)
is_nan = unary(np.isnan)
lgamma = unary(ops.lgamma)
log = unary(np.log)
log1p = unary(np.log1p)
log_sigmoid = unary(activations.log_sigmoid)
logical_not = unary(np.logical_not)
ndtri = special.special("ndtri", "The quantile of the standard normal distribution.", ops.norm_ppf)
negative = unary(np.negative)
real = unary(np.real, "input")
reciprocal = unary(np.reciprocal)
rint = unary(np.rint)
sigmoid = unary(ops.sigmoid)
sign = unary(np.sign)
sin = unary(np.sin)
sinh = unary(np.sinh)
softplus = unary(ops.softplus, "features")
softsign = unary(activations.softsign, "features")
sqrt = unary(np.sqrt)
square = unary(np.square)
tan = unary(np.tan)
tanh = unary(np.tanh)


def _divides(function: Function) -> Function:
    """A quotient or a remainder: integers are not divided by 0."""

    def alias(x: Any, y: Any) -> Result:
        if x.dtype.kind in "iu" and np.any(plain_of(y) == 0):
            raise told(ValueError(f"{function.__name__}: integer division by zero"))
        return function(x, y)

    return binary(described(alias, function))


add = binary(np.add)
atan2 = binary(np.arctan2, "y", "x")
betainc = special.special(
    "betainc", "The regularised incomplete beta function.",
    special.within(ops.betainc, lambda a, b, x: (a > 0) & (b > 0) & (a + b < np.inf), (1, 1, 0.5)), "a", "b", "x",
)  # fmt: skip
equal = binary(np.equal)
floordiv = _divides(np.floor_divide)
floormod = mod = _divides(np.mod)
greater = binary(np.greater)
greater_equal = binary(np.greater_equal)
igamma = special.special(
    "igamma", "The regularised lower incomplete gamma function; nan where an operand is negative, or `a` is 0.",
    special.within(GAMMAINC, lambda a, x: (a > 0) & (x >= 0), (1, 1)), "a", "x",
)  # fmt: skip
igammac = special.special(
    "igammac", "The regularised upper incomplete gamma function; nan where an operand is negative, or `a` is 0.",
    special.within(GAMMAINCC, lambda a, x: (a > 0) & (x >= 0), (1, 1)), "a", "x",
)  # fmt: skip
less = binary(np.less)
less_equal = binary(np.less_equal)
logical_and = binary(np.logical_and)
logical_or = binary(np.logical_or)
logical_xor = binary(np.logical_xor)
maximum = binary(np.maximum)
minimum = binary(np.minimum)
multiply = binary(np.multiply)
nextafter = binary(np.nextafter, "x1", "x2")
not_equal = binary(np.not_equal)
polygamma = binary(ops.polygamma, "a", "x")
pow = binary(operator.pow)
realdiv = binary(np.divide)
subtract = binary(np.subtract)
truncatemod = _divides(np.fmod)
zeta = special.special(
    "zeta", "Hurwitz's zeta: the sum of `(q + n)**-x` from n = 0 on, for `x` above 1; inf where a term or the sum is.",
    special.within(
        ops.hurwitz, lambda x, q: (x > 1) & ((q > 0) | ((q != np.floor(q)) & (x == np.floor(x)))), (2, 1),
        lambda x, q: np.where((x == 1) | ((x > 1) & (q <= 0) & (q == np.floor(q))), np.inf, np.nan),
    ), "x", "q",
)  # fmt: skip


@unary
def round(x: Result) -> Result:
    """The nearest integers, of two equally near ones the even; integers stay as they are."""
    return np.rint(x) if x.dtype.kind == "f" else x


def _beside(x: Tensor, y: Any) -> Tensor:
    """A second operand as a tensor, where what it is taken into would forget that Python's numbers have no dtype."""
    return y if isinstance(y, Tensor) else as_tensor(y, x.dtype)


def _times(x: Any, y: Any, defined: Any, function: Function, neutral: int) -> Any:
    """`function` of both; 0 where `x` is 0, also where `y` is no number for it, and there with the slopes 0.

    What is no number for it gives way to a `neutral` one, at which the function and its slope by `x` are 0.
    """
    nothing = (plain_of(x) == 0) & ~defined(plain_of(y))
    return np.where(nothing, 0, function(x, np.where(nothing, neutral, y)))


@binary
def xlogy(x: Result, y: Result) -> Result:
    """`x * log(y)`, 0 where `x` is 0."""
    return _times(x, _beside(x, y), lambda y: y > 0, ops.xlogy_ufunc, 1)


@binary
def xlog1py(x: Result, y: Result) -> Result:
    """`x * log1p(y)`, 0 where `x` is 0."""
    return _times(x, _beside(x, y), lambda y: y > -1, ops.xlog1py, 0)


@binary
def xdivy(x: Result, y: Result) -> Result:
    """`x / y`, 0 where `x` is 0."""
    return _times(x, _beside(x, y), lambda y: np.abs(y) > 0, np.divide, 1)


@binary
def divide(x: Result, y: Result) -> Result:
    """`x / y`."""
    return wide(x) / y


truediv = divide


@unary
def rsqrt(x: Result) -> Result:
    """`1 / sqrt(x)`."""
    return 1 / np.sqrt(x)


@binary
def squared_difference(x: Result, y: Result) -> Result:
    """`(x - y)**2`."""
    return np.square(x - y)


@binary
def divide_no_nan(x: Result, y: Result) -> Result:
    """`x / y`, 0 where `y` is 0."""
    y = _beside(x, y)
    return np.where(y == 0, 0, x / np.where(y == 0, 1, y))


@unary
def reciprocal_no_nan(x: Result) -> Result:
    """`1 / x`, 0 where `x` is 0."""
    return divide_no_nan(1, x)


@_divides
def truncatediv(x: Result, y: Result) -> Result:
    """`x / y`, cut off towards 0."""
    return np.trunc(x / y) if x.dtype.kind == "f" else (x - np.fmod(x, y)) // y


@binary
def multiply_no_nan(x: Result, y: Result) -> Result:
    """`x * y`, 0 where `y` is 0, whatever `x` is; by `y` the derivative is `x` there too."""
    return _product_no_nan(*np.broadcast_arrays(*alike((x, _beside(x, y)))))


@custom_gradient
def _product_no_nan(x: Tensor, y: Tensor) -> Any:
    """TensorFlow's rule: the adjoint's zeros, too, come before what is not finite."""
    value = np.where(y == 0, 0, x) * y
    return value, lambda g: (_product_no_nan(g, y), _product_no_nan(x, g))


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Result:
    """A number times a tensor."""
    if np.ndim(scalar):
        raise ValueError(f"scalar_mul takes a scalar first, not one of shape {np.shape(scalar)}")
    return multiply(scalar, x)


def add_n(inputs: Sequence[Any], name: str | None = None) -> Result:
    """The sum of tensors of one shape."""
    terms = alike(inputs)
    if len({x.shape for x in terms}) != 1:
        raise ValueError(f"add_n takes tensors of one shape, not of {[tuple(x.shape) for x in terms]}")
    return reduce(operator.add, terms)


def accumulate_n(inputs: Sequence[Any], shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Result:
    """The sum of tensors of one shape, which can be said, and so can their dtype."""
    total = add_n(inputs)
    if shape is not None and as_shape(shape) != total.shape or tensor_dtype not in (None, total.dtype):
        raise ValueError(f"accumulate_n: the sum has {total.shape} and {total.dtype}, not {shape} and {tensor_dtype}")
    return total


polyval = row(
    lambda coeffs, x: reduce(lambda value, coefficient: value * x + coefficient, coeffs, as_tensor(x) * 0),
    "coeffs, x, name=None", "A polynomial at `x`; the coefficient of the highest power comes first.",
)  # fmt: skip


# -- reductions --------------------------------------------------------------------------------------------------------

reduce_all = reduction(np.all)
reduce_any = reduction(np.any)
reduce_euclidean_norm = reduction(np.linalg.vector_norm)
reduce_logsumexp = reduction(reductions.logsumexp)
reduce_max = reduction(np.max)
reduce_mean = reduction(np.mean)
reduce_min = reduction(np.min)
reduce_prod = reduction(np.prod)
reduce_std = reduction(np.std, floats=True)
reduce_sum = reduction(np.sum)
reduce_variance = reduction(np.var, floats=True)


_PLACE = "input | axis=None, output_type=np.int64, name=None"
argmax = row(
    lambda x, axis, dtype: cast(np.argmax(x, axis=axis or 0), dtype), _PLACE,
    "Where the largest element along an axis stands, the first by default.",
)  # fmt: skip
argmin = row(
    lambda x, axis, dtype: cast(np.argmin(x, axis=axis or 0), dtype), _PLACE,
    "Where the smallest element along an axis stands, the first by default.",
)  # fmt: skip
count_nonzero = row(
    lambda x, axis, keepdims, dtype: cast(np.sum(x != 0, axis=axis, keepdims=keepdims), dtype),
    "input | axis=None, keepdims=None, dtype=np.int64, name=None", "How many elements are not zero.",
)  # fmt: skip


def _accumulated(function: Any, nothing: Any, x: Tensor, axis: Any, exclusive: bool, reverse: bool) -> Result:
    """A function of the elements so far; where there are none, if `exclusive`, what `nothing` says of the dtype."""
    first = nothing(x.dtype) if exclusive else None
    ordered = np.flip(x, axis) if reverse else x
    if first is not None:
        head = np.take(ordered, [0] if x.shape[axis] else [], axis)
        shifted = np.take(ordered, np.arange(x.shape[axis] - 1), axis)
        ordered = np.concatenate([np.full_like(head, first), shifted], axis)
    result = function(ordered, axis=axis)
    return cast(np.flip(result, axis) if reverse else result, x.dtype)


def _sums(x: Tensor, *rest: Any) -> Result:
    x = floating(x, "cumulative_logsumexp")
    return _accumulated(np.logaddexp.accumulate, lambda dtype: float(np.finfo(dtype).min), x, *rest)


_SO_FAR = "x | axis=0, exclusive=False, reverse=False, name=None"
cumsum = row(
    partial(_accumulated, np.cumsum, lambda _: 0), _SO_FAR,
    "The sums so far along an axis: without the present element if `exclusive`, from the end if `reverse`.",
)  # fmt: skip
cumprod = row(
    partial(_accumulated, np.cumprod, lambda _: 1), _SO_FAR,
    "The products of the elements so far along an axis, as `cumsum` has the sums.",
)  # fmt: skip
cumulative_logsumexp = row(
    _sums, _SO_FAR,
    "The logarithms of the sums of exponentials so far, as `cumsum` has the sums; of none the least of the dtype.",
)  # fmt: skip
softmax = row(
    reductions.softmax, "logits | axis=None, name=None", "`exp(x) / sum(exp(x))` along an axis, the last by default.",
    axis=last_axis,
)  # fmt: skip
log_softmax = row(
    reductions.log_softmax, "logits | axis=None, name=None", "The logarithm of `softmax`.", axis=last_axis
)


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Result:
    """The elements, held between two bounds."""
    x, least, most = as_tensors(t, clip_value_min, clip_value_max)
    if np.any(plain_of(least) > plain_of(most)):  # the lower bound holds
        most = np.maximum(_beside(x, least), _beside(x, most))
    result = np.clip(x, least, most)
    if result.shape != np.shape(t):
        raise ValueError(f"clip_by_value: bounds of shape {result.shape} would enlarge a tensor of shape {np.shape(t)}")
    return result


class TopKV2(NamedTuple):
    """The largest elements, and where they stand."""

    values: Result
    indices: Result


def top_k(input: Any, k: int = 1, sorted: bool = True, index_type: Any = np.int32, name: str | None = None) -> TopKV2:
    """The `k` largest elements along the last axis, largest first, and where they stand."""
    x = as_tensor(input)
    if not (x.ndim and 0 <= k <= x.shape[-1]):
        raise ValueError(f"top_k: k={k} of a tensor of shape {x.shape}, whose last axis must have as many elements")
    order = _largest(x.array, int(k))
    return TopKV2(np.take_along_axis(KINKED(x), order, -1), Tensor(order.astype(index_type)))


def in_top_k(targets: Any, predictions: Any, k: Any, name: str | None = None) -> Result:
    """Whether each row of predictions has its target among the `k` largest, or as large; not where one is infinite."""
    labels, rows = as_tensor(targets).array, as_tensor(predictions).array
    if rows.ndim != 2 or labels.shape != rows.shape[:1]:
        raise ValueError(f"in_top_k takes rows and a target for each, not shapes {rows.shape} and {labels.shape}")
    known = (labels >= 0) & (labels < rows.shape[1]) & np.isfinite(rows).all(axis=1)
    target = np.take_along_axis(rows, np.where(known, labels, 0)[:, np.newaxis], 1)
    return Tensor(known & (np.sum(rows > target, axis=1) < int(k)))


def lbeta(x: Any, name: str | None = None) -> Result:
    """The logarithm of the product of `gamma` of each row over `gamma` of its sum; -inf of an empty row."""
    x = floating(as_tensor(x), "lbeta")
    rows = x if x.ndim else np.reshape(x, 1)
    return np.sum(ops.lgamma(rows), axis=-1) - ops.lgamma(np.sum(rows, axis=-1))


# -- counting ----------------------------------------------------------------------------------------------------------


def _in_order(holds: Function) -> Function:
    """Whether a comparison holds of each element and the next."""
    return lambda x: Tensor(np.all(holds(np.ravel(x.array)[:-1], np.ravel(x.array)[1:])))


zero_fraction = row(
    lambda x: cast(np.mean(x.array == 0), np.float32), "value | name=None",
    "The share of elements that are zero, as float32.",
)  # fmt: skip
is_non_decreasing = row(_in_order(np.less_equal), "x | name=None", "Whether no element is less than the one before.")
is_strictly_increasing = row(_in_order(np.less), "x | name=None", "Whether each element is more than the one before.")


def invert_permutation(x: Any, name: str | None = None) -> Result:
    """Where 0, 1, 2, ... stand."""
    order = as_tensor(x).array
    if order.ndim != 1 or not np.array_equal(np.sort(order), np.arange(order.size)):
        raise ValueError(f"invert_permutation takes the numbers below {order.size} in some order, not {order}")
    return Tensor(np.argsort(order).astype(order.dtype))


def bincount(
    arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None, dtype: Any = np.int32,
    name: str | None = None, axis: int | None = None, binary_output: bool = False,
) -> Result:  # fmt: skip
    """How often each number from 0 on comes, or the sum of its weights; of each row, if `axis` is -1.

    Args:
        minlength: how many numbers are counted at least.
        maxlength: below which number they are counted.
        binary_output: 1 for what comes at all.
    """
    x = as_tensor(arr).array
    x = x if x.size else x.astype(int)
    if x.dtype.kind not in "iu" or np.any(x < 0):
        raise ValueError(f"bincount takes integers from 0 on, not {x}")
    if axis not in (None, 0, -1) or (binary_output and weights is not None):
        raise ValueError(f"bincount: {axis=} is None, 0 or -1, and weights make no binary output")
    shape = x.shape if axis == -1 and x.ndim else (x.size,)
    rows = x.reshape(math.prod(shape[:-1]), shape[-1])
    size = max(int(np.max(x, initial=-1)) + 1, 0 if minlength is None else int(minlength))
    size = size if maxlength is None else min(size, int(maxlength))
    there = rows < size
    each = np.ones(rows.shape, dtype) if weights is None else np.reshape(as_tensor(weights), rows.shape)
    places = (np.nonzero(there)[0], rows[there])
    total = as_tensor(SCATTER(each[there], index=places, shape=(len(rows), size)))
    total = cast(total > 0, dtype) if binary_output else total
    return np.reshape(total, (*shape[:-1], size))


def confusion_matrix(
    labels: Any, predictions: Any, num_classes: Any = None, weights: Any = None, dtype: Any = np.int32,
    name: str | None = None,
) -> Result:  # fmt: skip
    """How often each label, in rows, has each prediction, in columns; or the sum of the weights of these."""
    rows, columns = (as_tensor(x).array.astype(np.int64) for x in (labels, predictions))
    size = (
        int(max(np.max(rows, initial=-1), np.max(columns, initial=-1))) + 1 if num_classes is None else int(num_classes)
    )
    if rows.shape != columns.shape or rows.ndim != 1:
        raise ValueError(f"confusion_matrix: labels and predictions have shapes {rows.shape} and {columns.shape}")
    for what, x in (("labels", rows), ("predictions", columns)):
        if np.any((x < 0) | (x >= size)):
            raise ValueError(f"confusion_matrix: {what} {x} are not all from 0 to {size - 1}")
    each = np.ones(rows.shape, dtype) if weights is None else cast(as_tensor(weights), dtype)
    return as_tensor(SCATTER(np.broadcast_to(each, rows.shape), index=(rows, columns), shape=(size, size)))


telling(globals())
