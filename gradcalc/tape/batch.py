"""Batch: many adjoints that go through one sweep together, one for each row of a Jacobian. Imports tensor and shapes.

A rule sees one adjoint, of one shape; what it does to it is done to all, along a first axis that the rule does not see.
Ops of the table broadcast; `TOGETHER` says what an array op with operands in batches comes to; any other is applied to
one after the other. A rule that asks for the numbers of its adjoint gets `NotTogether`: then the rule itself is.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from gradcalc.arithmetic.arrays import FUNCTIONS as OF_ARRAYS
from gradcalc.arithmetic.arrays import Array
from gradcalc.tape.rules.linalg import SOLVE
from gradcalc.tape.rules.products import EINSUM, MATMUL
from gradcalc.tape.rules.reductions import CUMSUM, MEAN
from gradcalc.tape.rules.shapes import (
    BROADCAST,
    CONCATENATE,
    MOVE,
    RESHAPE,
    STACK,
    SUM,
    TIE,
    TRANSPOSE,
    Axis,
    axes_of,
)  # fmt: skip
from gradcalc.tape.tensor import CAST, GETITEM, INSTEAD, SCATTER, Tensor, as_operand, run


class NotTogether(Exception):
    """A batch was asked for the numbers of one tensor."""


class Batch(Tensor):
    """Tensors of one shape, side by side along the first axis of `whole`, an array or a tensor."""

    __slots__ = ("whole",)

    def __init__(self, whole: Any) -> None:
        self.whole = whole

    @property
    def array(self) -> NoReturn:
        """There is no one array."""
        raise NotTogether

    @property
    def shape(self) -> Any:
        """The shape of each."""
        return self.whole.shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of each."""
        return self.whole.dtype  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes of each."""
        return self.whole.ndim - 1  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """The number of elements of each."""
        return self.whole.size // len(self.whole)  # type: ignore[no-any-return]

    def apart(self) -> list[Any]:
        """Each by itself."""
        return [self.whole[i] for i in range(len(self.whole))]


def batched(parts: Sequence[Any]) -> Batch:
    """Arrays or tensors of one shape together."""
    return Batch(np.stack(parts))


def whole(x: Any, n: int) -> Any:
    """What is in a batch of `n`, or `n` times the same."""
    return x.whole if type(x) is Batch else BROADCAST(x, shape=(n, *x.shape))


def _apply(op: Any, operands: Sequence[Any], settings: dict[str, Any] | None) -> Batch:
    """An op of operands some of which are batches."""
    operands = [x if type(x) is Batch else as_operand(x) for x in operands]
    if settings is None:
        ndim = max(getattr(x, "ndim", 0) for x in operands)
        values = [_with_axes(x, ndim) for x in operands]
        recorded = any(isinstance(x, Tensor) for x in values)
        return Batch(run(op, values, None) if recorded else OF_ARRAYS[op](*values))
    if op in TOGETHER:
        return Batch(TOGETHER[op](*operands, **settings))
    n = next(len(x.whole) for x in operands if type(x) is Batch)
    parts = zip(*(x.apart() if type(x) is Batch else [x] * n for x in operands), strict=True)
    return batched([op(*each, **settings) for each in parts])


INSTEAD[Batch] = _apply


def _with_axes(x: Any, ndim: int) -> Any:
    """The whole of a batch, with axes of size 1 before those of each up to `ndim` of them; anything else as it is."""
    if type(x) is not Batch:
        return x
    missing = ndim - x.ndim
    return RESHAPE(x.whole, shape=(len(x.whole), *(1,) * missing, *x.shape)) if missing > 0 else x.whole


def _rest(axis: Axis, x: Any) -> tuple[int, ...]:
    """Axes of each as axes of the whole."""
    return tuple(i + 1 for i in axes_of(axis, x.ndim))


def _flat(x: Batch) -> Any:
    return RESHAPE(x.whole, shape=(len(x.whole), x.size))


def _is_basic(index: Any) -> bool:
    return not any(isinstance(part, np.ndarray | bool) for part in (index if isinstance(index, tuple) else (index,)))


def _behind(index: Any) -> tuple[Any, ...]:
    """An index of the whole."""
    return (slice(None), *index) if isinstance(index, tuple) else (slice(None), index)


def _numbers(shape: tuple[int, ...], index: Any) -> Array:
    """The numbers of the elements at an index."""
    return np.asarray(np.arange(np.prod(shape, dtype=np.intp)).reshape(shape)[index])


def _getitem(x: Batch, index: Any) -> Any:
    if _is_basic(index):
        return GETITEM(x.whole, index=_behind(index))
    return GETITEM(_flat(x), index=(slice(None), _numbers(x.shape, index)))


def _scatter(g: Batch, index: Any, shape: Any) -> Any:
    n = len(g.whole)
    if _is_basic(index):
        return SCATTER(g.whole, index=_behind(index), shape=(n, *shape))
    size = int(np.prod(shape))
    numbers = np.arange(n)[:, None] * size + _numbers(shape, index).ravel()
    return RESHAPE(SCATTER(RESHAPE(g.whole, shape=(-1,)), index=numbers.ravel(), shape=(n * size,)), shape=(n, *shape))


def _move(*xs: Any, function: Callable[..., Any]) -> Any:
    """As the rule of `MOVE` has it: the numbers of the elements, from 1, say where each goes; 0 is a zero."""
    n = next(len(x.whole) for x in xs if type(x) is Batch)
    ends = np.cumsum([1, *(x.size for x in xs)]).tolist()
    index = function(*(np.arange(a, b).reshape(x.shape) for a, b, x in zip(ends, ends[1:], xs, strict=False)))
    flat = [RESHAPE(whole(x, n), shape=(n, x.size)) for x in xs]
    return GETITEM(CONCATENATE(np.zeros((n, 1), flat[0].dtype), *flat, axis=1), index=(slice(None), np.asarray(index)))


def _join(op: Any, more: int) -> Callable[..., Any]:
    def joined(*xs: Any, axis: int, **options: Any) -> Any:
        n = next(len(x.whole) for x in xs if type(x) is Batch)
        return op(*(whole(x, n) for x in xs), axis=axis % (xs[0].ndim + more) + 1, **options)

    return joined


def _matmul(a: Any, b: Any) -> Any:
    """As stacks of matrices, which broadcast; a vector is one of one row or column for that time."""
    row, column = a.ndim == 1, b.ndim == 1
    a, b = a[None] if row else a, b[:, None] if column else b
    ndim = max(a.ndim, b.ndim)
    y = MATMUL(_with_axes(a, ndim), _with_axes(b, ndim))
    y = y[..., 0] if column else y
    return y[..., 0] if row and column else y[..., 0, :] if row else y


def _solve(a: Any, b: Any) -> Any:
    """One matrix is factored once, for the right-hand sides of all, side by side."""
    if type(a) is Batch or a.ndim > 2 or b.ndim > 2:
        ndim = max(a.ndim, b.ndim)
        return SOLVE(_with_axes(a, ndim), _with_axes(b, ndim))
    n, (rows, columns) = len(b.whole), b.shape
    y = SOLVE(a, RESHAPE(TRANSPOSE(b.whole, axes=(1, 0, 2)), shape=(rows, n * columns)))
    return TRANSPOSE(RESHAPE(y, shape=(rows, n, columns)), axes=(1, 0, 2))


def _einsum(*xs: Any, spec: str, optimize: Any) -> Any:
    """With a letter of its own for the first axis."""
    inputs, output = spec.split("->")
    letter = next(c for c in map(chr, range(ord("z"), ord("A"), -1)) if c.isalpha() and c not in spec)
    labels = [letter + n if type(x) is Batch else n for n, x in zip(inputs.split(","), xs, strict=True)]
    values = [x.whole if type(x) is Batch else x for x in xs]
    return EINSUM(*values, spec=f"{','.join(labels)}->{letter}{output}", optimize=optimize)


TOGETHER: dict[Any, Callable[..., Any]] = {
    CAST: lambda x, dtype: CAST(x.whole, dtype=dtype),
    RESHAPE: lambda x, shape: RESHAPE(x.whole, shape=(len(x.whole), *np.atleast_1d(shape).tolist())),
    TRANSPOSE: lambda x, axes: TRANSPOSE(x.whole, axes=(0, *_rest(axes, x))),
    BROADCAST: lambda x, shape: BROADCAST(_with_axes(x, len(shape)), shape=(len(x.whole), *shape)),
    SUM: lambda x, axis=None, keepdims=False: SUM(x.whole, axis=_rest(axis, x), keepdims=keepdims),
    MEAN: lambda x, axis, keepdims: MEAN(x.whole, axis=_rest(axis, x), keepdims=keepdims),
    CUMSUM: lambda x, axis: CUMSUM(x.whole, axis=axis % x.ndim + 1),
    GETITEM: _getitem,
    SCATTER: _scatter,
    MOVE: _move,
    CONCATENATE: _join(CONCATENATE, 0),
    STACK: _join(STACK, 1),
    MATMUL: _matmul,
    EINSUM: _einsum,
    SOLVE: _solve,
    TIE: lambda value, *others: TIE(value.whole, *others),
}
