"""NumPy's reductions, running sums and products, differences, statistics; softmax. Imports shapes, tensor, NumPy.

All take NumPy's `axis` (a number, several, None) and `keepdims`. Ties of `max` and `min` share the gradient equally; a
product is differentiated without dividing, so zeros among its factors do no harm.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from gradcalc.arithmetic.arrays import Masked
from gradcalc.tape.rules.shapes import (
    RESHAPE,
    SUM,
    TRANSPOSE,
    Axis,
    axes_of,
    held,
    implements,
    kept,
    kept_shape,
    plain_of,
    refuse,
    spread,
    tied,
)
from gradcalc.tape.tensor import FUNCTIONS, UFUNCS, Array, ArrayOp, Tensor, as_tensor, cast, without_rule


def _ready(a: Any, dtype: Any = None, where: Any = None, fill: Any = 0) -> Any:
    """The operand of a reduction: in the dtype asked for, with `fill` where `where` leaves elements out."""
    a = a if isinstance(a, Tensor | np.ndarray) else np.asarray(a)
    a = a if dtype is None else cast(a, dtype)
    return a if where is None or where is True else np.where(where, a, fill)


def _count(a: Any, axis: Axis, where: Any = None) -> Any:
    """How many elements a reduction takes together: a number, or an array that keeps the axes."""
    if where is None or where is True:
        return math.prod(a.shape[i] for i in axes_of(axis, a.ndim))
    there = np.broadcast_to(plain_of(where), a.shape)
    return np.add.reduce(there, axis=axis, keepdims=True, dtype=np.result_type(a.dtype, np.float16))


# -- sums --------------------------------------------------------------------------------------------------------------

MEAN: ArrayOp = ArrayOp(
    "mean", lambda x, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims),
    lambda g, y, x, axis, keepdims: spread(g / _count(x, axis), x.shape, axis, keepdims), passes=True,
)  # fmt: skip


@implements(np.sum)
def sum(a: Any, axis: Axis, dtype: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """`numpy.sum`."""
    y = SUM(_ready(a, dtype, where), axis=axis, keepdims=keepdims)
    return y if initial is None else y + initial


@implements(np.mean)
def mean(a: Any, axis: Axis, dtype: Any, keepdims: bool, *, where: Any) -> Any:
    """`numpy.mean`."""
    a = _ready(a, dtype)
    if where is None or where is True:
        return MEAN(a, axis=axis, keepdims=keepdims)
    total = sum(a, axis, keepdims=True, where=where) / _count(a, axis, where)
    return total if keepdims else np.squeeze(total, axes_of(axis, a.ndim))


@implements(np.average)
def average(a: Any, axis: Any, weights: Any, returned: bool, *, keepdims: bool) -> Any:
    """`numpy.average`: the weights may be tensors."""
    a = as_tensor(a)
    if weights is None:
        y, total = mean(a, axis, keepdims=keepdims), _count(a, axis)
    else:
        w = as_tensor(weights)
        w = cast(w, np.result_type(a.dtype, w.dtype, np.float64 if a.dtype.kind != "f" else a.dtype))
        w = w if w.shape == a.shape else _weights(w, a.shape, axis)
        total = sum(np.broadcast_to(w, a.shape), axis, keepdims=keepdims)
        if (plain_of(total) == 0).any():
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        y = sum(a * w, axis, keepdims=keepdims) / total
    return (y, np.broadcast_to(as_tensor(total), y.shape)) if returned else y


def _weights(w: Tensor, shape: tuple[int, ...], axis: Axis) -> Tensor:
    """Weights of the reduced axes alone, with axes of size 1 for the others."""
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = axes_of(axis, len(shape))
    if w.shape != tuple(shape[i] for i in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    ordered = TRANSPOSE(w, axes=tuple(np.argsort(axes).tolist()))
    return RESHAPE(ordered, shape=tuple(n if i in axes else 1 for i, n in enumerate(shape)))  # type: ignore[no-any-return]


# -- spread ------------------------------------------------------------------------------------------------------------


def _deviation(x: Any, axis: Axis) -> Any:
    """Each element less the mean."""
    return x - np.mean(x, axis=axis, keepdims=True)


VAR: ArrayOp = ArrayOp(
    "var", lambda x, axis, ddof, keepdims: np.var(x, axis=axis, ddof=ddof, keepdims=keepdims),
    lambda g, y, x, axis, ddof, keepdims: (
        spread(g * (2 / _freedom(x, axis, ddof)), x.shape, axis, keepdims) * _deviation(x, axis)
    ),
)  # fmt: skip
STD: ArrayOp = ArrayOp(
    "std", lambda x, axis, ddof, keepdims: _std(x, axis, ddof, keepdims),
    lambda g, y, x, axis, ddof, keepdims: _std_rule(g / _freedom(x, axis, ddof), y, x, axis, keepdims),
)  # fmt: skip
"""The gradient at 0, where all elements are equal, is 0: the subgradient of least norm."""


def _std(x: Array, axis: Axis, ddof: Any, keepdims: bool) -> Array:
    with np.errstate(over="ignore"):
        y = np.std(x, axis=axis, ddof=ddof, keepdims=keepdims)
    if x.dtype.kind != "f" or not x.size or _in_range(y, 2):
        return y
    length = _norm(_deviation(x, axis), 2, axes_of(axis, x.ndim)) / math.sqrt(_freedom(x, axis, ddof))
    return length.reshape(y.shape)[()].astype(y.dtype)


def _std_rule(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    g, y = spread(g, x.shape, axis, keepdims), spread(y, x.shape, axis, keepdims)
    return g * np.where(y == 0, 0, _deviation(x, axis) / y)


def _in_range(y: Any, order: float) -> bool:
    """No power of an element can have overflowed, or fallen below where numbers keep their digits, on the way to y."""
    lowest = (float(np.finfo(y.dtype).tiny) / float(np.finfo(y.dtype).eps)) ** (1 / order)
    return bool(np.all((y > lowest) & (y < np.inf)))


def _norm(x: Array, ord: Any, axes: tuple[int, ...]) -> Array:
    """The norm; scaled by a power of two, where it must be, so that no power of an element overflows or underflows."""
    with np.errstate(over="ignore", divide="ignore"):
        y = np.linalg.norm(x.ravel(), ord) if len(axes) == x.ndim else np.linalg.vector_norm(x, ord=ord, axis=axes)
    if not x.size or _in_range(y, float(np.maximum(ord, 1))):
        return y
    size = np.abs(x)
    size = np.max(size, axes, keepdims=True) if ord > 0 else np.min(size, axes, keepdims=True)
    scale = np.ldexp(size.dtype.type(1), np.frexp(np.where((size > 0) & (size < np.inf), size, 1))[1] - 1)
    with np.errstate(all="ignore"):
        return np.linalg.vector_norm(x / scale, ord=ord, axis=axes) * scale.reshape(y.shape)


def _norm_rule(g: Any, y: Any, x: Any, ord: Any, axes: tuple[int, ...]) -> Any:
    """0 at 0, the subgradient of least norm."""
    g, y = kept(g, x.shape, axes), kept(y, x.shape, axes)
    if (over := np.isinf(plain_of(y))).any():  # shares of what overflows are those of all elements made smaller
        x = x * np.where(over, np.finfo(x.dtype).eps, x.dtype.type(1))
        y = kept(NORM(x, ord=ord, axes=axes), x.shape, axes)
    share = np.where(y == 0, 0, x / y)
    return g * (share if ord == 2 else np.where(x == 0, 0, np.sign(x) * np.abs(share) ** (ord - 1)))


NORM: ArrayOp = ArrayOp("norm", _norm, _norm_rule)
"""The norm of vectors with elements to a power, over some axes."""


def _freedom(x: Any, axis: Axis, ddof: Any) -> float:
    """Degrees of freedom; nan where there are none, as the variance is then not finite."""
    n = float(_count(x, axis) - ddof)
    return n if n > 0 else math.nan


def _dispersion(op: ArrayOp, *functions: Callable[..., Any]) -> None:
    """Enter `var` or `std`."""

    @implements(*functions)
    def disperse(
        a: Any, axis: Axis, dtype: Any, ddof: Any, keepdims: bool, *, where: Any, correction: Any = None
    ) -> Any:
        refuse(where=None if where is True else where)
        return op(_ready(a, dtype), axis=axis, ddof=ddof if correction is None else correction, keepdims=keepdims)


_dispersion(VAR, np.var)
_dispersion(STD, np.std)

# -- extremes ----------------------------------------------------------------------------------------------------------


def _shared(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool, where: Any = True, **initial: Any) -> Any:
    """The adjoint shared equally by the elements that equal the result, and `initial` if it does."""
    value = kept(plain_of(y), x.shape, axis, keepdims) if axis is not None else plain_of(y)
    chosen = (plain_of(x) == value) & where
    ties = np.asarray(np.count_nonzero(chosen, axis=axis, keepdims=keepdims))
    if initial:
        ties = ties + (plain_of(y) == initial["initial"])
    share = g if np.max(ties, initial=0) <= 1 else g / ties.astype(g.dtype)
    return Masked(np.where(chosen, share if axis is None else kept(share, x.shape, axis, keepdims), 0), chosen)


MAX: ArrayOp = ArrayOp(
    "max", lambda x, axis, keepdims, **k: np.max(x, axis=axis, keepdims=keepdims, **k), _shared, steps=True
)
MIN: ArrayOp = ArrayOp(
    "min", lambda x, axis, keepdims, **k: np.min(x, axis=axis, keepdims=keepdims, **k), _shared, steps=True
)


def _extreme(op: ArrayOp, *functions: Callable[..., Any]) -> Callable[..., Any]:
    """Enter `max` or `min`."""

    @implements(*functions)
    def extreme(a: Any, axis: Axis, keepdims: bool, initial: Any, where: Any) -> Any:
        given = (("initial", initial), ("where", where))
        bounds = {k: np.asarray(v) if isinstance(v, Tensor) else held(v) for k, v in given if v is not None}
        return op(_ready(a), axis=axis, keepdims=keepdims, **bounds)

    return extreme


max = _extreme(MAX, np.max, np.amax)
min = _extreme(MIN, np.min, np.amin)


implements(np.ptp)(lambda a, axis, keepdims: max(a, axis, keepdims) - min(a, axis, keepdims))

# -- products ----------------------------------------------------------------------------------------------------------


def _rows(x: Any, axis: Axis) -> Any:
    """The reduced axes put together as the last one."""
    axes = axes_of(axis, x.ndim)
    if axes == (x.ndim - 1,):
        return x
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    return RESHAPE(TRANSPOSE(x, axes=rest + axes), shape=(*(x.shape[i] for i in rest), _count(x, axes)))


def _unrowed(rows: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """`_rows` undone."""
    axes = axes_of(axis, len(shape))
    if axes == (len(shape) - 1,):
        return rows
    order = tuple(i for i in range(len(shape)) if i not in axes) + axes
    return TRANSPOSE(RESHAPE(rows, shape=tuple(shape[i] for i in order)), axes=tuple(np.argsort(order).tolist()))


def _before(x: Any) -> Any:
    """The product of all elements before each, along the last axis."""
    one = np.ones((*x.shape[:-1], 1), x.dtype)
    return np.cumprod(np.concatenate([one, x[..., :-1]], axis=-1), axis=-1)


def _others(x: Any, axis: Axis) -> Any:
    """For each element the product of all others along the axis: from both ends, so without dividing."""
    rows = _rows(x, axis)
    if not rows.size:
        return x
    return _unrowed(_before(rows) * _before(rows[..., ::-1])[..., ::-1], x.shape, axis)


PROD: ArrayOp = ArrayOp(
    "prod", lambda x, axis, keepdims: np.prod(x, axis=axis, keepdims=keepdims),
    lambda g, y, x, axis, keepdims: spread(g, x.shape, axis, keepdims) * _others(x, axis),
)  # fmt: skip


def _cumprod_back(g: Any, y: Any, x: Any, axis: int) -> Any:
    """The product before each element times `s[j] = g[j] + x[j+1] * s[j+1]`."""
    if not x.size:
        return g
    rows = _rows(x, axis)
    return _unrowed(_before(rows) * _descending_sums(_rows(g, axis), rows[..., 1:]), x.shape, axis)


def _descending_sums(s: Any, factor: Any) -> Any:
    """`s[j] + factor[j] * (s[j+1] + ...)` along the last axis, found by doubling in log n steps."""
    length, step = s.shape[-1], 1
    while step < length:
        s = np.concatenate([s[..., :-step] + factor * s[..., step:], s[..., -step:]], axis=-1)
        factor = factor[..., :-step] * factor[..., step:]
        step *= 2
    return s


CUMPROD: ArrayOp = ArrayOp("cumprod", lambda x, axis: np.multiply.accumulate(x, axis), _cumprod_back)
CUMSUM: ArrayOp = ArrayOp(
    "cumsum", lambda x, axis: np.add.accumulate(x, axis),
    lambda g, y, x, axis: np.flip(CUMSUM(np.flip(g, axis), axis=axis), axis), passes=True,
)  # fmt: skip


def _cumlogsumexp_back(g: Any, y: Any, x: Any, axis: int) -> Any:
    """The sum of `g[j] exp(x[i] - y[j])` over j from i on, no exponent of which is above 0; -inf has no share."""
    if not x.size:
        return g
    nothing = plain_of(y) == -np.inf
    y = np.where(nothing, 0, y)
    rows = _rows(y, axis)
    falls = np.where(_rows(nothing, axis)[..., :-1], -np.inf, rows[..., :-1] - rows[..., 1:])
    return np.exp(x - y) * _unrowed(_descending_sums(_rows(g, axis), np.exp(falls)), x.shape, axis)


CUMLOGSUMEXP: ArrayOp = ArrayOp("cumlogsumexp", lambda x, axis: np.logaddexp.accumulate(x, axis), _cumlogsumexp_back)


@implements(np.prod)
def prod(a: Any, axis: Axis, dtype: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """`numpy.prod`."""
    y = PROD(_ready(a, dtype, where, 1), axis=axis, keepdims=keepdims)
    return y if initial is None else y * initial


def _running(op: ArrayOp, start: int, classic: Callable[..., Any], standard: Callable[..., Any]) -> Callable[..., Any]:
    """Enter `cumsum` or `cumprod`, and the array standard's name for it."""

    @implements(classic)
    def running(a: Any, axis: Any, dtype: Any) -> Any:
        a = _ready(a, dtype)
        a = RESHAPE(a, shape=-1) if axis is None or not a.ndim else a
        return op(a, axis=0 if axis is None else normalize_axis_index(axis, a.ndim))

    @implements(standard)
    def cumulative(x: Any, /, *, axis: Any, dtype: Any, include_initial: bool) -> Any:
        if axis is None and x.ndim > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0 if axis is None else axis
        y = running(x, axis, dtype)
        if not include_initial:
            return y
        shape = list(y.shape)
        shape[axis] = 1
        return np.concatenate([np.full(shape, start, y.dtype), y], axis=axis)

    return running


cumsum = _running(CUMSUM, 0, np.cumsum, np.cumulative_sum)
cumprod = _running(CUMPROD, 1, np.cumprod, np.cumulative_prod)


def _default_axis(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction as a ufunc's method has it: along the first axis by default."""

    def method(a: Any, axis: Axis = 0, dtype: Any = None, **settings: Any) -> Any:
        return function(a, axis=axis, **({} if dtype is None else {"dtype": dtype}), **settings)

    return method


UFUNCS.update({
    "add.reduce": _default_axis(sum), "multiply.reduce": _default_axis(prod), "maximum.reduce": _default_axis(max),
    "minimum.reduce": _default_axis(min), "add.accumulate": _default_axis(cumsum),
    "multiply.accumulate": _default_axis(cumprod), "logaddexp.accumulate": _default_axis(
        lambda a, axis: CUMLOGSUMEXP(_ready(a), axis=normalize_axis_index(axis, a.ndim))
    ), "logaddexp.reduce": lambda a, axis=0, **k: logsumexp(a, axis, **k),
})  # fmt: skip

# -- leaving nan out ---------------------------------------------------------------------------------------------------


def _without_nan(function: Callable[..., Any], fill: float) -> Callable[..., Any]:
    """A reduction that sees `fill` for nan."""
    bound = FUNCTIONS[function]

    def skipping(a: Any, *args: Any, **kwargs: Any) -> Any:
        return bound(np.where(np.isnan(a.array), fill, a), *args, **kwargs)

    return skipping


for _nan_function, _function, _fill in (
    (np.nansum, np.sum, 0), (np.nanprod, np.prod, 1), (np.nancumsum, np.cumsum, 0), (np.nancumprod, np.cumprod, 1),
):  # fmt: skip
    implements(_nan_function)(_without_nan(_function, _fill))


def _nan_extreme(nan_function: Callable[..., Any], function: Callable[..., Any], fill: float) -> None:
    @implements(nan_function)
    def extreme(a: Any, axis: Axis, keepdims: bool, initial: Any, where: Any) -> Any:
        bounds = {name: value for name, value in (("initial", initial), ("where", where)) if value is not None}
        y = _without_nan(function, fill)(a, axis, keepdims=keepdims, **bounds)
        return np.where(np.isnan(nan_function(a.array, axis, keepdims=keepdims, **bounds)), np.nan, y)


_nan_extreme(np.nanmax, np.max, -np.inf)
_nan_extreme(np.nanmin, np.min, np.inf)


@implements(np.nanmean)
def nanmean(a: Any, axis: Axis, dtype: Any, keepdims: bool, *, where: Any = True) -> Any:
    """`numpy.nanmean`."""
    return mean(a, axis, dtype, keepdims, where=~np.isnan(a.array) & plain_of(where))


def _distances(a: Any, axis: Axis, dtype: Any, ddof: Any, keepdims: bool) -> tuple[Any, Any]:
    """How far each element is from the mean, 0 for nan, and the degrees of freedom, nan where there are none."""
    a = _ready(a, dtype)
    there = ~np.isnan(plain_of(a))
    distance = np.where(there, a - mean(a, axis, keepdims=True, where=there), 0)
    count = np.asarray(np.count_nonzero(there, axis=axis, keepdims=keepdims)) - ddof
    return distance, np.where(count > 0, count, np.nan).astype(distance.dtype)


@implements(np.nanvar)
def nanvar(a: Any, axis: Axis, dtype: Any, ddof: Any, keepdims: bool) -> Any:
    """`numpy.nanvar`."""
    distance, freedom = _distances(a, axis, dtype, ddof, keepdims)
    return sum(distance * distance, axis, keepdims=keepdims) / freedom


@implements(np.nanstd)
def nanstd(a: Any, axis: Axis, dtype: Any, ddof: Any, keepdims: bool) -> Any:
    """`numpy.nanstd`: the gradient where all elements are equal is 0."""
    distance, freedom = _distances(a, axis, dtype, ddof, keepdims)
    length = NORM(distance, ord=2, axes=axes_of(axis, a.ndim))
    return (kept(length, a.shape, axis) if keepdims else length) / np.sqrt(freedom)


# -- order statistics --------------------------------------------------------------------------------------------------


def _quantile(a: Any, q: Array, axis: Axis, keepdims: bool, of_nothing: bool = False) -> Any:
    """Linear between the two elements about the place `q * (n - 1)`; nan where one element is nan."""
    rows = np.sort(_rows(_floats(a), axis), axis=-1)
    if of_nothing and not rows.shape[-1]:  # the median of nothing is nan
        rows = tied(np.full((*rows.shape[:-1], 1), np.nan, rows.dtype), rows)
    place = q * (rows.shape[-1] - 1)
    low = np.floor(place).astype(np.intp)
    share = (place - low).astype(rows.dtype)
    high = np.minimum(low + 1, rows.shape[-1] - 1)
    below, above = rows[..., low], rows[..., high]
    y = np.where(share == 0, below, below + (above - below) * np.where(share == 0, 0, share))
    y = np.moveaxis(y, -1, 0) if q.ndim == 1 else y
    y = np.where(np.isnan(plain_of(rows[..., -1])), np.nan, y)
    if not keepdims:
        return y
    return np.reshape(y, q.shape + kept_shape(a.shape, axis))


implements(np.median)(lambda a, axis, keepdims: _quantile(a, np.asarray(0.5), axis, keepdims, True))


def _quantiles(function: Callable[..., Any], scale: float) -> None:
    """Enter `quantile` or `percentile`, in NumPy's default method."""

    @implements(function)
    def quantiles(a: Any, q: Any, axis: Axis, method: str, keepdims: bool, *, weights: Any) -> Any:
        fractions = np.asarray(q, dtype=float) / scale
        if method != "linear" or weights is not None or fractions.ndim > 1:
            name = f"numpy.{function.__name__} with method={method!r} or weights"
            return without_rule(function, name, (a, q, axis), {"method": method, "weights": weights})
        if not ((fractions >= 0) & (fractions <= 1)).all():
            raise ValueError(f"{function.__name__.capitalize()}s must be in the range [0, {scale:g}]")
        return _quantile(as_tensor(a), fractions, axis, keepdims)


_quantiles(np.quantile, 1)
_quantiles(np.percentile, 100)

# -- differences and integrals -----------------------------------------------------------------------------------------


def _along(axis: int, ndim: int) -> Callable[..., Any]:
    """What makes an index of a slice along one axis: `at(start, stop)`."""
    before = (slice(None),) * normalize_axis_index(axis, ndim)
    return lambda start, stop=None: (*before, slice(start, stop))


@implements(np.diff)
def diff(a: Any, n: int, axis: int, prepend: Any, append: Any) -> Any:
    """`numpy.diff`."""
    a = as_tensor(a)
    if n == 0:
        return a
    if not a.ndim or n < 0:
        return np.diff(a.array, n, axis)  # raises
    at = _along(axis, a.ndim)
    edge = kept_shape(a.shape, axis)
    ends = [x if x is None or np.ndim(plain_of(x)) else np.broadcast_to(as_tensor(x), edge) for x in (prepend, append)]
    if prepend is not None or append is not None:
        a = np.concatenate([x for x in (ends[0], a, ends[1]) if x is not None], axis=axis)
    for _ in range(n):
        a = a[at(1)] - a[at(None, -1)]
    return a


@implements(np.ediff1d)
def ediff1d(ary: Any, to_end: Any, to_begin: Any) -> Any:
    """`numpy.ediff1d`."""
    steps = diff(np.ravel(as_tensor(ary)))
    ends = [None if x is None else np.ravel(as_tensor(x)) for x in (to_begin, to_end)]
    return np.concatenate([x for x in (ends[0], steps, ends[1]) if x is not None])


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any, dx: Any, axis: int) -> Any:
    """`numpy.trapezoid`."""
    y = as_tensor(y)
    at = _along(axis, y.ndim)
    if x is not None:
        x = as_tensor(x)
        dx = diff(x, axis=axis if x.ndim > 1 else 0)
        if dx.ndim == 1:
            dx = np.reshape(dx, [-1 if i == axis % y.ndim else 1 for i in range(y.ndim)])
    return sum((y[at(1)] + y[at(None, -1)]) / 2 * dx, axis)


def _slope(f: Any, at: Callable[..., Any], h: Any, edge_order: int) -> Any:
    """Second-order differences along one axis; `h` are the steps between neighbours, shaped to broadcast."""
    before, after = h[at(None, -1)], h[at(1)]
    inner = (
        f[at(2)] * (before / (after * (before + after))) + f[at(1, -1)] * ((after - before) / (before * after))
        - f[at(None, -2)] * (after / (before * (before + after)))
    )  # fmt: skip
    steps = (f[at(1)] - f[at(None, -1)]) / h
    first, last = steps[at(0, 1)], steps[at(-1)]
    if edge_order == 2:
        near, next_ = h[at(0, 1)], h[at(1, 2)]
        first = first - (steps[at(1, 2)] - first) * (near / (near + next_))
        near, next_ = h[at(-1)], h[at(-2, -1)]
        last = last + (last - steps[at(-2, -1)]) * (near / (near + next_))
    return [first, inner, last]


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """`numpy.gradient`: differences of second order inside; the spacing may be tensors too."""
    f = as_tensor(f)
    checked: Any = np.gradient
    checked(f.array, *map(plain_of, varargs), axis=axis, edge_order=edge_order)
    axes = axes_of(axis, f.ndim)
    spacing = varargs if len(varargs) > 1 else (varargs or (1.0,)) * len(axes)
    results = []
    for i, given in zip(axes, spacing, strict=True):
        column = [-1 if j == i else 1 for j in range(f.ndim)]
        h = diff(given, axis=0) if np.ndim(plain_of(given)) else np.ones(f.shape[i] - 1, f.dtype) * given
        pieces = _slope(f, _along(i, f.ndim), np.reshape(h, column), edge_order)
        results.append(np.concatenate(pieces, axis=i))
    return results[0] if len(results) == 1 else tuple(results)


# -- softmax -----------------------------------------------------------------------------------------------------------


def _top(x: Array, axis: Axis) -> Array:
    """The largest element along the axis where that is finite, else 0: what exp may be taken relative to."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(top), top, top.dtype.type(0))


def _logsumexp(x: Array, axis: Axis, keepdims: bool) -> Array:
    x = x if x.dtype.kind == "f" else np.asarray(x, dtype=float)
    with np.errstate(divide="ignore"):
        top = _top(x, axis)
        y = np.log(np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)) + top
    return y if keepdims else y.reshape([n for i, n in enumerate(y.shape) if i not in axes_of(axis, x.ndim)])


def _logsumexp_back(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """The adjoint times softmax: 0 where all elements are -inf, shared by the elements that are inf.

    Not `exp(x - y)`, which is off by the rounding of y.
    """
    values = plain_of(kept(y, x.shape, axis, keepdims))
    infinite = np.isinf(values)
    share = SOFTMAX(np.where(infinite, 0, x) if infinite.any() else x, axis=axis)
    if infinite.any():
        most = np.isposinf(plain_of(x))
        count = np.add.reduce(most, axis=axis, keepdims=True, dtype=x.dtype)
        share = np.where(infinite, most / np.maximum(count, 1), share)
    return kept(g, x.shape, axis, keepdims) * share


LOGSUMEXP: ArrayOp = ArrayOp("logsumexp", _logsumexp, _logsumexp_back)


def _softmax(x: Array, axis: Axis) -> Array:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    e /= np.add.reduce(e, axis=axis, keepdims=True)
    return e


def _log_softmax(x: Array, axis: Axis) -> Array:
    shifted = x - _top(x, axis)
    with np.errstate(divide="ignore"):
        shifted -= np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))
    return shifted


SOFTMAX: ArrayOp = ArrayOp(
    "softmax", _softmax, lambda g, y, x, axis: y * (g - SUM(g * y, axis=axis, keepdims=True)),
)  # fmt: skip
LOG_SOFTMAX: ArrayOp = ArrayOp(
    "log_softmax", _log_softmax, lambda g, y, x, axis: g - np.exp(y) * SUM(g, axis=axis, keepdims=True),
)  # fmt: skip


def _floats(x: Any) -> Any:
    """A tensor or an array of floats."""
    x = x if isinstance(x, Tensor) else np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(float)


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False, b: Any = None) -> Any:
    """`log(sum(b * exp(x)))` along the axis or axes, without overflow; of a tensor, or of what `numpy.asarray` takes.

    Infinite elements and empty axes give what `scipy.special.logsumexp` gives; the gradient is `softmax(x)`, where
    elements that are all `-inf` get 0, and elements that are `inf` share the adjoint.
    """
    if b is None:
        return LOGSUMEXP(_floats(x), axis=axis, keepdims=keepdims)
    x, b = np.broadcast_arrays(_floats(x), _floats(b))
    top = _top(np.where(plain_of(b) == 0, -np.inf, plain_of(x)), axis)
    largest = np.log(np.finfo(x.dtype).max)  # what has the weight 0 does not overflow
    shares = np.where(plain_of(b) == 0, np.minimum(x - top, largest), x - top)
    y = np.log(np.sum(b * np.exp(shares), axis=axis, keepdims=True)) + top
    return y if keepdims else RESHAPE(y, shape=np.sum(plain_of(x), axis=axis).shape)


def softmax(x: Any, axis: Axis = -1) -> Any:
    """`exp(x) / sum(exp(x))` along the axis or axes (None: all), without overflow."""
    return SOFTMAX(_floats(x), axis=axis)


def log_softmax(x: Any, axis: Axis = -1) -> Any:
    """`log(softmax(x))` along the axis or axes (None: all), accurate where softmax is near 0."""
    return LOG_SOFTMAX(_floats(x), axis=axis)
