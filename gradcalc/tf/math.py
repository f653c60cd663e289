"""`tf.math`: elementwise functions, reductions and comparisons. Imports tape, ops and NumPy.

Each is NumPy's function or an op of the table under TensorFlow's name.
"""

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradcalc.graph import ops
from gradcalc.nn import activations
from gradcalc.tape.custom import custom_gradient
from gradcalc.tape.rules import reductions
from gradcalc.tape.rules.shapes import KINKED, plain_of
from gradcalc.tape.tensor import Tensor, cast, wide
from gradcalc.tf.arrays import largest as _largest
from gradcalc.tf.defaults import Result, alike, as_axes, as_tensor, as_tensors, binary, reduction, unary
from gradcalc.tf.linalg import l2_normalize as l2_normalize

__all__ = [
    "abs", "acos", "acosh", "add", "add_n", "argmax", "argmin", "asin", "asinh", "atan", "atan2", "atanh",
    "clip_by_value", "cos", "cosh", "cumsum", "divide", "equal", "exp", "floor", "greater", "greater_equal", "less",
    "less_equal", "logical_and", "logical_not", "logical_or", "maximum", "minimum", "multiply", "negative", "not_equal",
    "pow", "reduce_all", "reduce_any", "reduce_logsumexp", "reduce_max", "reduce_mean", "reduce_min", "reduce_prod",
    "reduce_sum", "round", "scalar_mul", "sigmoid", "sign", "sin", "sinh", "sqrt", "square", "subtract", "tan", "tanh",
    "truediv",
]  # fmt: skip
"""What `tf` itself has of these."""

# -- elementwise -------------------------------------------------------------------------------------------------------

abs = unary(np.abs)
acos = unary(np.arccos)
acosh = unary(np.arccosh)
asin = unary(np.arcsin)
asinh = unary(np.arcsinh)
atan = unary(np.arctan)
atanh = unary(np.arctanh)
ceil = unary(np.ceil)
cos = unary(np.cos)
cosh = unary(np.cosh)
digamma = unary(ops.digamma)
erf = unary(ops.erf)
erfc = unary(ops.erfc)
exp = unary(np.exp)
expm1 = unary(np.expm1)
floor = unary(np.floor)
is_finite = unary(np.isfinite)
is_inf = unary(np.isinf)
is_nan = unary(np.isnan)
lgamma = unary(ops.lgamma)
log = unary(np.log)
log1p = unary(np.log1p)
log_sigmoid = unary(activations.log_sigmoid)
logical_not = unary(np.logical_not)
negative = unary(np.negative)
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

add = binary(np.add)
atan2 = binary(np.arctan2, "y", "x")
equal = binary(np.equal)
floordiv = binary(np.floor_divide)
floormod = mod = binary(np.mod)
greater = binary(np.greater)
greater_equal = binary(np.greater_equal)
less = binary(np.less)
less_equal = binary(np.less_equal)
logical_and = binary(np.logical_and)
logical_or = binary(np.logical_or)
logical_xor = binary(np.logical_xor)
maximum = binary(np.maximum)
minimum = binary(np.minimum)
multiply = binary(np.multiply)
not_equal = binary(np.not_equal)
polygamma = binary(ops.polygamma, "a", "x")
pow = binary(operator.pow)
subtract = binary(np.subtract)


@unary
def round(x: Result) -> Result:
    """The nearest integers, of two equally near ones the even; integers stay as they are."""
    return np.rint(x) if x.dtype.kind == "f" else x


def _beside(x: Tensor, y: Any) -> Tensor:
    """A second operand as a tensor, where what it is taken into would forget that Python's numbers have no dtype."""
    return y if isinstance(y, Tensor) else as_tensor(y, x.dtype)


@binary
def xlogy(x: Result, y: Result) -> Result:
    """`x * log(y)`, 0 where `x` is 0."""
    return ops.xlogy_ufunc(x, _beside(x, y))


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


def polyval(coeffs: Sequence[Any], x: Any, name: str | None = None) -> Result:
    """A polynomial at `x`; the coefficient of the highest power comes first."""
    return reduce(lambda value, coefficient: value * x + coefficient, coeffs, as_tensor(x) * 0)


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


def argmax(input: Any, axis: int | None = None, output_type: Any = np.int64, name: str | None = None) -> Result:
    """Where the largest element along an axis stands, the first by default."""
    return cast(np.argmax(as_tensor(input), axis=as_axes(axis) or 0), output_type)


def argmin(input: Any, axis: int | None = None, output_type: Any = np.int64, name: str | None = None) -> Result:
    """Where the smallest element along an axis stands, the first by default."""
    return cast(np.argmin(as_tensor(input), axis=as_axes(axis) or 0), output_type)


def count_nonzero(
    input: Any, axis: Any = None, keepdims: bool | None = None, dtype: Any = np.int64, name: str | None = None
) -> Result:
    """How many elements are not zero."""
    return cast(np.sum(as_tensor(input) != 0, axis=as_axes(axis), keepdims=bool(keepdims)), dtype)


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Result:
    """The sums so far along an axis: without the present element if `exclusive`, from the end if `reverse`."""
    return _accumulated(np.cumsum, x, axis, reverse, first=0 if exclusive else None)


def cumprod(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Result:
    """The products of the elements so far along an axis, as `cumsum` has the sums."""
    return _accumulated(np.cumprod, x, axis, reverse, first=1 if exclusive else None)


def _accumulated(function: Any, x: Any, axis: int, reverse: bool, first: int | None) -> Result:
    x = as_tensor(x)
    ordered = np.flip(x, axis) if reverse else x
    if first is not None:
        head = np.take(ordered, [0] if x.shape[axis] else [], axis)
        shifted = np.take(ordered, np.arange(x.shape[axis] - 1), axis)
        ordered = np.concatenate([np.full_like(head, first), shifted], axis)
    result = function(ordered, axis=axis)
    return cast(np.flip(result, axis) if reverse else result, x.dtype)


def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Result:
    """`exp(x) / sum(exp(x))` along an axis, the last by default."""
    return reductions.softmax(as_tensor(logits), axis=-1 if axis is None else axis)


def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Result:
    """The logarithm of `softmax`."""
    return reductions.log_softmax(as_tensor(logits), axis=-1 if axis is None else axis)


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Result:
    """The elements, held between two bounds."""
    x, least, most = as_tensors(t, clip_value_min, clip_value_max)
    if np.any(plain_of(least) > plain_of(most)):  # the lower bound holds
        most = np.maximum(_beside(x, least), _beside(x, most))
    result = np.clip(x, least, most)
    if result.shape != np.shape(t):
        raise ValueError(f"clip_by_value: bounds of shape {result.shape} would enlarge a tensor of shape {np.shape(t)}")
    return result


def top_k(
    input: Any, k: int = 1, sorted: bool = True, index_type: Any = np.int32, name: str | None = None
) -> tuple[Result, Result]:
    """The `k` largest elements along the last axis, largest first, and where they stand."""
    x = as_tensor(input)
    if not (x.ndim and 0 <= k <= x.shape[-1]):
        raise ValueError(f"top_k: k={k} of a tensor of shape {x.shape}, whose last axis must have as many elements")
    order = _largest(x.array, int(k))
    return np.take_along_axis(KINKED(x), order, -1), Tensor(order.astype(index_type))
