"""NumPy's functions that shape, rearrange, join and choose, with rules. Imports tensor, ops and NumPy.

Three ways to give a function its gradient, best first: write it in functions that have one; move elements about
(`rearranged`: NumPy's own function, run on the numbers of the elements, says where each went, and one rule serves all
such); an `ArrayOp` with a rule of its own. `implements` and `UFUNCS` enter it where NumPy's protocols look. What a
function cannot take (an axis out of range) raises NumPy's own error.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from gradcalc.arithmetic.arrays import Masked
from gradcalc.graph import ops
from gradcalc.tape import nest
from gradcalc.tape.tensor import (
    FUNCTIONS,
    GETITEM,
    SCATTER,
    Array,
    ArrayOp,
    Tensor,
    as_tensor,
    cast,
    constant,
    run,
    without_rule,
)

Axis = int | Sequence[int] | None


_HARMLESS = {"copy", "device", "overwrite_input", "subok"}
"""Arguments of NumPy's functions that change nothing in the values."""


def implements(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter what stands for functions of NumPy when a tensor takes part.

    NumPy's signature is read here, once. What is entered names the arguments that it uses, and has NumPy's defaults for
    them unless it says others (None, or False for `keepdims`, where NumPy keeps its default to itself). Any other
    argument of NumPy's is refused by its name when it is given. A rule with `*args` or `**kwargs`, or of a function
    that NumPy has in C (`dot`, `where`, `concatenate`), sees to all itself.
    """

    def enter(rule: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            FUNCTIONS[function] = _bound(function, rule)
        return rule

    return enter


def _bound(function: Callable[..., Any], rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule that can be called as NumPy's function is: itself, where it names all arguments of that."""
    theirs, ours = _signature(function), _signature(rule)
    if theirs is None or ours is None or ours.variadic:
        return rule
    _fill_defaults(rule, ours, theirs.defaults)
    taken = {*ours.positional, *ours.keywords, *theirs.positional[: theirs.nameless]}
    unused = frozenset(name for name in (*theirs.positional, *theirs.keywords) if name not in taken)
    shared = next((i for i, name in enumerate(theirs.positional) if name in unused), len(theirs.positional))
    untouched = unused.isdisjoint
    if not unused:
        return rule

    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) > shared or (kwargs and not untouched(kwargs)):
            kwargs |= zip(theirs.positional[shared:], args[shared:], strict=False)
            args = args[:shared]
            for name in unused & kwargs.keys():
                value = kwargs.pop(name)
                refuse(**{name: None if name in _HARMLESS or value is theirs.defaults.get(name) else value})
        return rule(*args, **kwargs)

    return call


class _Signature(NamedTuple):
    """What a call of a function may hold; the first `nameless` arguments go by their position alone."""

    positional: tuple[str, ...]
    nameless: int
    keywords: tuple[str, ...]
    defaults: dict[str, Any]
    variadic: bool


def _signature(function: Any) -> _Signature | None:
    """That of a Python function, or of the one behind a function of NumPy; None of what is written in C.

    Read off its code: `inspect.signature` of a hundred functions takes as long as importing half of NumPy.
    """
    function = getattr(function, "__wrapped__", function)
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    count, names = code.co_argcount, code.co_varnames
    given = function.__defaults__ or ()
    defaults = dict(zip(names[count - len(given) : count], given, strict=True)) | (function.__kwdefaults__ or {})
    keywords = names[count : count + code.co_kwonlyargcount]
    variadic = bool(code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS))
    return _Signature(names[:count], code.co_posonlyargcount, keywords, defaults, variadic)


def _fill_defaults(rule: Any, ours: _Signature, defaults: dict[str, Any]) -> None:
    """Give the parameters of a rule that have no default that of NumPy."""
    known = {name: _shown(name, value) for name, value in defaults.items()} | ours.defaults
    rule.__defaults__ = tuple(known[name] for name in ours.positional if name in known)
    rule.__kwdefaults__ = {name: known[name] for name in ours.keywords if name in known}


def _shown(name: str, default: Any) -> Any:
    """A default of NumPy's, or what stands for one that it keeps to itself."""
    return default if default is not np._NoValue else False if name == "keepdims" else None


def plain_of(x: Any) -> Any:
    """The array behind a tensor, for what is not differentiated: an index, a condition, a shape."""
    return x.array if isinstance(x, Tensor) else x


def held(x: Any) -> Any:
    """As `plain_of`; an array is copied, for what the tape keeps must not change when its owner changes it."""
    return x.copy() if isinstance(x, np.ndarray) else plain_of(x)


def refuse(**given: Any) -> None:
    """Arguments of NumPy that have no meaning on a tape."""
    for name, value in given.items():
        if value is not None:
            raise TypeError(f"{name}= is not taken where a tensor takes part; try: leave it out, and use the result")


# -- paths -------------------------------------------------------------------------------------------------------------


def _tied_back(g: Any, y: Any, wanted: Sequence[bool], value: Any, *others: Any) -> list[Any]:
    """The adjoint to the value, zeros (tied again) to the others."""
    zeros = [tied(np.zeros(x.shape, x.dtype), x) if w else None for x, w in zip(others, wanted[1:], strict=True)]
    return [g if wanted[0] else None, *zeros]


TIE: ArrayOp = ArrayOp("tie", lambda value, *others: value, _tied_back, variadic=True, passes=True)
KINKED: ArrayOp = ArrayOp("kinked", lambda x: x, lambda g, y, x: g, passes=True, steps=True)
"""A tensor as it is, for functions whose slope jumps with its values (`sort`): that has the derivative 0."""


def tied(part: Any, *others: Any) -> Any:
    """A contribution, and a path of derivative 0 to the tensors by which it jumps: None means that there is no path."""
    tensors = [x for x in others if isinstance(x, Tensor)]
    if type(part) is Masked:
        return Masked(tied(part.value, *tensors), part.mask)
    return TIE(part, *tensors) if tensors else part


# -- shapes ------------------------------------------------------------------------------------------------------------

RESHAPE: ArrayOp = ArrayOp(
    "reshape", lambda x, shape: x.reshape(shape)[()], lambda g, y, x, shape: RESHAPE(g, shape=x.shape), passes=True
)
TRANSPOSE: ArrayOp = ArrayOp(
    "transpose", lambda x, axes: x.transpose(axes),
    lambda g, y, x, axes: TRANSPOSE(g, axes=tuple(np.argsort(axes))), passes=True,
)  # fmt: skip
BROADCAST: ArrayOp = ArrayOp(
    "broadcast_to", lambda x, shape: _broadcast(x, shape), lambda g, y, x, shape: unbroadcast(g, x.shape), passes=True
)
SUM: ArrayOp = ArrayOp(
    "sum", lambda x, axis=None, keepdims=False: np.add.reduce(x, axis=axis, keepdims=keepdims),
    lambda g, y, x, axis=None, keepdims=False: spread(g, x.shape, axis, keepdims), passes=True,
)  # fmt: skip


def _broadcast(x: Array, shape: tuple[int, ...]) -> Array:
    result = np.empty(shape, x.dtype)
    result[...] = x
    return result[()]


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """The sum of `g` over the axes that broadcasting from `shape` made; of a mask, whether any holds."""
    extra = g.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1)
    if g.dtype.kind == "b":
        return np.any(g, axis=axes, keepdims=True).reshape(shape) if axes else g
    return RESHAPE(SUM(g, axis=axes), shape=shape) if axes else g


def spread(g: Any, shape: tuple[int, ...], axis: Axis = None, keepdims: bool = False) -> Any:
    """The adjoint of a reduction over `axis`, back in the operand's shape."""
    return BROADCAST(g if axis is None else kept(g, shape, axis, keepdims), shape=shape)


def kept(y: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool = False) -> Any:
    """The result of a reduction of an array of that shape, with 1 at the reduced axes, as `keepdims` leaves it."""
    return y if keepdims else RESHAPE(y, shape=kept_shape(shape, axis))


def kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape with 1 at the reduced axes."""
    gone = axes_of(axis, len(shape))
    return tuple(1 if i in gone else n for i, n in enumerate(shape))


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Axes as a tuple of numbers from 0; all of them for None. As NumPy has it, a number alone has a first axis too."""
    if not ndim and axis in (0, -1):
        return ()
    return tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim)


@implements(np.reshape)
def reshape(a: Any, /, shape: Any = None, order: Any = "C", *, copy: Any = None) -> Any:
    """`numpy.reshape`."""
    if order in ("A", "K"):
        order = "F" if a.array.flags.fnc else "C"
    return RESHAPE(a, shape=shape) if order == "C" else rearranged(np.reshape, a, shape, order=order)


implements(np.ravel)(lambda a, order: reshape(a, -1, order=order))


@implements(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any) -> Any:
    """`numpy.transpose`."""
    if axes is not None and len(axes) != a.ndim:
        raise ValueError("axes don't match array")
    return TRANSPOSE(a, axes=tuple(reversed(range(a.ndim))) if axes is None else axes_of(tuple(axes), a.ndim))


def _enter_each(enter: Callable[..., None], *functions: Any) -> None:
    for function in functions:
        enter(function)


def _reorders_axes(function: Callable[..., Any]) -> None:
    """Enter a function that puts the axes into another order: read off an array whose sizes name its axes."""

    def reorder(a: Any, *args: Any, **kwargs: Any) -> Any:
        named = np.broadcast_to(0, tuple(range(1, a.ndim + 1)))
        return TRANSPOSE(a, axes=tuple(n - 1 for n in function(named, *args, **kwargs).shape))

    FUNCTIONS[function] = reorder


def _reshapes(function: Callable[..., Any]) -> None:
    """Enter a function that adds or drops axes of size 1."""

    def change(a: Any, *args: Any, **kwargs: Any) -> Any:
        return RESHAPE(a, shape=function(np.broadcast_to(0, a.shape), *args, **kwargs).shape)

    FUNCTIONS[function] = change


_enter_each(_reorders_axes, np.swapaxes, np.moveaxis, np.rollaxis, np.matrix_transpose)
_enter_each(_reshapes, np.expand_dims, np.squeeze)


def _at_least(function: Callable[..., Any]) -> None:
    """Enter a function that gives each of several arrays some axes of size 1."""

    def change(*arrays: Any) -> Any:
        results = tuple(RESHAPE(a, shape=function(a.array).shape) for a in map(as_tensor, arrays))
        return results if len(results) != 1 else results[0]

    FUNCTIONS[function] = change


_enter_each(_at_least, np.atleast_1d, np.atleast_2d, np.atleast_3d)


@implements(np.broadcast_to)
def broadcast_to(array: Any, shape: Any) -> Any:
    """`numpy.broadcast_to`."""
    return BROADCAST(array, shape=np.broadcast_to(np.broadcast_to(0, array.shape), shape).shape)


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    """`numpy.broadcast_arrays`."""
    arrays = [as_tensor(x) for x in args]
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    return tuple(BROADCAST(x, shape=shape) for x in arrays)


# -- elements moved about ----------------------------------------------------------------------------------------------


def _moved_back(g: Any, y: Any, wanted: Sequence[bool], *xs: Any, function: Callable[..., Any]) -> list[Any]:
    """The adjoint of each operand: what `function` makes of the elements' numbers says where each element went.

    Numbers begin at 1: 0 stands for what came from elsewhere (zeros beside a diagonal, an operand that is not wanted).
    What was dropped is masked: it is not used.
    """
    numbers, starts, stop = [], [], 1
    for x, w in zip(xs, wanted, strict=True):
        size = x.size if w else 0
        numbers.append(np.arange(stop, stop + size).reshape(x.shape) if w else np.zeros(x.shape, np.intp))
        starts.append(stop)
        stop += size
    index = np.asarray(function(*numbers), dtype=np.intp)
    flat, used = SCATTER(g, index=index, shape=(stop,)), np.zeros(stop, bool)
    used[index] = True
    parts: list[Any] = [None] * len(xs)
    for i, (x, start) in enumerate(zip(xs, starts, strict=True)):
        if wanted[i]:
            there = used[start : start + x.size]
            part = RESHAPE(flat[start : start + x.size], shape=x.shape)
            parts[i] = part if there.all() else Masked(part, there.reshape(x.shape))
    return parts


MOVE: ArrayOp = ArrayOp("move", lambda *xs, function: function(*xs), _moved_back, variadic=True, passes=True)
"""A function of arrays that only moves, repeats and drops elements, whatever they are, and may add zeros."""


def rearranged(function: Callable[..., Any], a: Any, *args: Any, **kwargs: Any) -> Any:
    """What a function of NumPy that only moves elements about makes of a tensor, recorded as one operation."""
    args, kwargs = nest.apply(held, (args, kwargs))
    return MOVE(a, function=lambda x: function(x, *args, **kwargs))


def joined(function: Callable[..., Any], arrays: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
    """What a function that puts the elements of several arrays together makes of tensors among them."""
    return MOVE(*_parts(arrays), function=lambda *xs: function(xs, *args, **kwargs))


def _parts(arrays: Sequence[Any]) -> list[Any]:
    return [x if isinstance(x, Tensor) else np.asarray(x) for x in arrays]


def _rearranges(function: Callable[..., Any]) -> None:
    """Enter a function that moves the elements of its first argument about; tensors in the others are read."""

    def move(*args: Any, **kwargs: Any) -> Any:
        if not args:
            args = (kwargs.pop(next(iter(inspect.signature(function).parameters))),)
        rest, settings = nest.apply(plain_of, (args[1:], kwargs))
        refuse(out=settings.pop("out", None))
        return rearranged(function, as_tensor(args[0]), *rest, **settings)

    FUNCTIONS[function] = move


_enter_each(
    _rearranges, np.roll, np.rot90, np.flip, np.fliplr, np.flipud, np.tile, np.repeat, np.resize, np.delete, np.take,
    np.take_along_axis, np.diag, np.diagflat, np.diagonal, np.tril, np.triu,
)  # fmt: skip


def _selected(select: Callable[..., Any], condition: Any, a: Any, *axis: Any) -> Any:
    c = held(condition)
    return rearranged(lambda x: select(c, x, *axis), as_tensor(a))


implements(np.compress)(lambda condition, a, axis: _selected(np.compress, condition, a, axis))
implements(np.extract)(lambda condition, arr: _selected(np.extract, condition, arr))
implements(np.sort)(
    lambda a, axis, kind, order, *, stable=None: rearranged(
        np.take_along_axis, KINKED(a), np.argsort(a.array, axis, kind, order, stable=stable), axis
    )
)
implements(np.partition)(
    lambda a, kth, axis, kind, order: rearranged(
        np.take_along_axis, KINKED(a), np.argpartition(a.array, plain_of(kth), axis, kind, order), axis
    )
)


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """`numpy.pad`, in the modes that move elements or fill with constants."""
    if mode in ("constant", "empty"):
        filled = np.pad(np.zeros(array.shape, array.dtype), pad_width, **kwargs)
        padded = rearranged(np.pad, array, pad_width)
        return padded + filled if filled.any() else padded
    if mode in ("edge", "reflect", "symmetric", "wrap") and kwargs.get("reflect_type", "even") == "even":
        return rearranged(np.pad, array, pad_width, mode, **kwargs)
    return without_rule(np.pad, f"numpy.pad of mode {mode}", (array, pad_width, mode), kwargs)


@implements(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: Any = "xy") -> Any:
    """`numpy.meshgrid`."""
    arrays = [plain_of(x) for x in xi]

    def grid(i: int) -> Any:
        def place(x: Array) -> Any:
            return np.meshgrid(*arrays[:i], x, *arrays[i + 1 :], sparse=sparse, indexing=indexing)[i]

        return rearranged(place, as_tensor(xi[i]))

    return tuple(grid(i) for i in range(len(xi)))


def _splits(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter `split` or `array_split`: what it makes of the places along the axis says where each part lies."""

    @implements(function)
    def parts(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
        axis = normalize_axis_index(axis, ary.ndim)
        pieces = function(np.arange(ary.shape[axis]), plain_of(indices_or_sections))
        spans = [slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 0) for places in pieces]
        return [GETITEM(ary, index=(*(slice(None),) * axis, span)) for span in spans]

    return parts


split = _splits(np.split)
_splits(np.array_split)


@implements(np.unstack)
def unstack(x: Any, /, *, axis: int) -> Any:
    """`numpy.unstack`."""
    before = (slice(None),) * normalize_axis_index(axis, x.ndim)
    return tuple(GETITEM(x, index=(*before, i)) for i in range(x.shape[axis]))


def _splits_along(function: Callable[..., Any], axis: int, ndim: int) -> None:
    """Enter a split along an axis of its own, of arrays of at least so many axes."""

    @implements(function)
    def parts(ary: Any, indices_or_sections: Any) -> list[Any]:
        if ary.ndim < ndim:
            raise ValueError(f"{function.__name__} only works on arrays of {ndim} or more dimensions")
        return split(ary, indices_or_sections, min(axis, ary.ndim - 1))  # type: ignore[no-any-return]


_splits_along(np.hsplit, 1, 1)
_splits_along(np.vsplit, 0, 2)
_splits_along(np.dsplit, 2, 3)


# -- joins -------------------------------------------------------------------------------------------------------------


def _unjoined(g: Any, y: Any, wanted: Sequence[bool], *xs: Any, axis: int, **options: Any) -> list[Any]:
    """Each operand's stretch of the adjoint."""
    parts, start, before = [], 0, (slice(None),) * (axis % g.ndim)
    for x, w in zip(xs, wanted, strict=True):
        stop = start + x.shape[axis]
        parts.append(g[(*before, slice(start, stop))] if w else None)
        start = stop
    return parts


def _unstacked(g: Any, y: Any, wanted: Sequence[bool], *xs: Any, axis: int, **options: Any) -> list[Any]:
    """Each operand's layer of the adjoint."""
    before = (slice(None),) * (axis % g.ndim)
    return [g[(*before, i)] if w else None for i, w in enumerate(wanted)]


CONCATENATE: ArrayOp = ArrayOp(
    "concatenate", lambda *xs, **k: np.concatenate(xs, **k), _unjoined, variadic=True, passes=True
)
STACK: ArrayOp = ArrayOp("stack", lambda *xs, **k: np.stack(xs, **k), _unstacked, variadic=True, passes=True)


@implements(np.concatenate)
def concatenate(arrays: Any, /, axis: Any = 0, out: Any = None, **options: Any) -> Any:
    """`numpy.concatenate`."""
    refuse(out=out)
    parts = _parts(arrays)
    if axis is None:
        return CONCATENATE(*(RESHAPE(x, shape=-1) for x in parts), axis=0, **options)
    return CONCATENATE(*parts, axis=axis, **options)


implements(np.stack)(
    lambda arrays, axis, *, dtype, casting: STACK(*_parts(arrays), axis=axis, dtype=dtype, casting=casting)
)


def packed(parts: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> Array:
    """Arrays, of which `shapes` are the last axes, side by side in the last axis of one; the first axes are common."""
    batch = parts[0].shape[: parts[0].ndim - len(shapes[0])]
    flat = [part.reshape(*batch, math.prod(shape)) for part, shape in zip(parts, shapes, strict=True)]
    return np.concatenate(flat, axis=-1)


def unpacked(whole: Any, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """The parts of what `packed` made, each a view or an operation on the tape."""
    sizes = [math.prod(shape) for shape in shapes]
    return [
        RESHAPE(whole[..., end - size : end], shape=(*whole.shape[:-1], *shape))
        for end, size, shape in zip(accumulate(sizes), sizes, shapes, strict=True)
    ]


FUNCTIONS.update({f: partial(joined, f) for f in (np.hstack, np.vstack, np.dstack, np.column_stack)})


implements(np.append)(lambda arr, values, axis: concatenate((arr, values), axis))
implements(np.block)(lambda arrays: joined(lambda xs: np.block(nest.pack(arrays, xs)), nest.flatten(arrays)))


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any) -> Any:
    """`numpy.insert`."""
    where_to = held(obj)
    return joined(lambda xs: np.insert(xs[0], where_to, xs[1], axis), (arr, values))


@implements(np.choose)
def choose(a: Any, choices: Any, mode: Any) -> Any:
    """`numpy.choose`."""
    which, parts = held(a), _parts(choices)
    dtype = np.result_type(*map(plain_of, choices))
    return joined(lambda xs: np.choose(which, xs, mode=mode), [cast(x, dtype) for x in parts])


# -- made like another -------------------------------------------------------------------------------------------------


implements(np.copy)(lambda a, order: cast(a, a.dtype))
implements(np.astype)(lambda x, dtype: cast(x, dtype))


def _constant_like(function: Callable[..., Any]) -> None:
    """Enter a function that takes no more than shape and dtype from a tensor."""

    def make(a: Any, *args: Any, **kwargs: Any) -> Tensor:
        return Tensor(function(a.array, *args, **kwargs)[()])

    FUNCTIONS[function] = make


_enter_each(_constant_like, np.zeros_like, np.ones_like, np.empty_like)


@implements(np.full_like)
def full_like(a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: bool = True, **options: Any) -> Any:
    """`numpy.full_like`."""
    like = np.empty_like(plain_of(a), dtype, order, subok, **options)
    return BROADCAST(cast(fill_value, like.dtype), shape=like.shape)


def _ramp(y: Any, num: int, endpoint: bool, axis: int) -> Array:
    """From 0 to 1 along the axis of a result of `linspace`."""
    steps = np.linspace(0, 1, num, endpoint, dtype=y.dtype)
    return steps.reshape([num if i == axis % y.ndim else 1 for i in range(y.ndim)])


LINSPACE: ArrayOp = ArrayOp(
    "linspace",
    lambda start, stop, num, endpoint, axis: np.linspace(start, stop, num, endpoint, axis=axis),
    lambda g, y, start, stop, num, endpoint, axis: SUM(g * (1 - _ramp(y, num, endpoint, axis)), axis=axis),
    lambda g, y, start, stop, num, endpoint, axis: SUM(g * _ramp(y, num, endpoint, axis), axis=axis),
)


@implements(np.linspace)
def linspace(start: Any, stop: Any, num: Any, endpoint: bool, retstep: bool, dtype: Any, axis: int) -> Any:
    """`numpy.linspace`."""
    line = LINSPACE(start, stop, num=int(num), endpoint=endpoint, axis=axis)
    line = line if dtype is None else cast(line, dtype)
    steps = int(num) - bool(endpoint)
    return (line, (stop - start) / steps if steps > 0 else constant(np.nan)) if retstep else line


# -- choices -----------------------------------------------------------------------------------------------------------


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """`numpy.where`: what is not chosen gets no gradient, and can do no harm."""
    c = plain_of(condition)
    return np.nonzero(c) if x is None and y is None else run(ops.where, (np.asarray(c, dtype=bool), x, y), None)


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any) -> Any:
    """`numpy.select`: the first choice whose condition holds."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = run(ops.where, (np.asarray(plain_of(condition), dtype=bool), choice, result), None)
    return result
