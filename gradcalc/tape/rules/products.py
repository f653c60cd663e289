"""Products of arrays: matmul, dot, tensordot, einsum, kron, convolve, ... Imports rules.shapes, tensor and NumPy.

`MATMUL`, `EINSUM`, `CONVOLVE` and `CHAIN` have rules of their own, each written in itself, so they have every order;
the other products are made of these, of elementwise products and of moves of elements. Any operand may be a list.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from string import ascii_letters
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from gradcalc.tape.rules.shapes import BROADCAST, RESHAPE, SUM, TRANSPOSE, implements, rearranged, refuse, unbroadcast
from gradcalc.tape.tensor import UFUNCS, Array, ArrayOp, Tensor, as_array, cast
from gradcalc.tape.threads import LEAST, MOST, alone


def operand(x: Any) -> Any:
    """A tensor or an array as it is; a list or a number as an array."""
    return x if isinstance(x, Tensor | np.ndarray) else as_array(x)


# -- matmul ------------------------------------------------------------------------------------------------------------


def _as_matrices(g: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Adjoint and operands of matmul, vectors among them as matrices of one row or column."""
    if b.ndim == 1:
        b, g = b[:, None], g[..., None]
    if a.ndim == 1:
        a, g = a[None], g[..., None, :]
    return g, a, b


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == b.ndim == 2:
        return g @ b.T
    g, matrix, b = _as_matrices(g, a, b)
    return RESHAPE(unbroadcast(g @ b.mT, matrix.shape), shape=a.shape)


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == b.ndim == 2:
        return a.T @ g
    g, a, matrix = _as_matrices(g, a, b)
    if matrix.ndim == 2:  # one product for the whole batch
        rows = math.prod(a.shape[:-1])
        a, g = RESHAPE(a, shape=(rows, a.shape[-1])), RESHAPE(g, shape=(rows, g.shape[-1]))
    return RESHAPE(unbroadcast(a.mT @ g, matrix.shape), shape=b.shape)


def product_of(a: Array, b: Array) -> Array:
    """`numpy.matmul` of arrays; a small one, that OpenBLAS would share among threads, takes one."""
    if a.ndim > 1 < b.ndim and LEAST <= a.shape[-2] * a.shape[-1] * b.shape[-1] <= MOST:
        return alone(np.matmul, a, b)
    return np.matmul(a, b)


MATMUL = ArrayOp("matmul", product_of, _matmul_left, _matmul_right)
"""`numpy.matmul`: vectors, matrices, and stacks of matrices, which broadcast."""


@implements(np.linalg.matmul)
def matmul(x1: Any, x2: Any, /) -> Any:
    """`numpy.matmul`."""
    return MATMUL(operand(x1), operand(x2))


def matvec(x1: Any, x2: Any, /) -> Any:
    """`numpy.matvec`: matrices times vectors, in stacks."""
    return matmul(x1, operand(x2)[..., None])[..., 0]


def vecmat(x1: Any, x2: Any, /) -> Any:
    """`numpy.vecmat`: vectors times matrices, in stacks."""
    return matmul(operand(x1)[..., None, :], x2)[..., 0, :]


@implements(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """`numpy.vecdot`."""
    a, b = np.moveaxis(operand(x1), axis, -1), np.moveaxis(operand(x2), axis, -1)
    return (a[..., None, :] @ b[..., None])[..., 0, 0]


UFUNCS.update(matmul=matmul, matvec=matvec, vecmat=vecmat, vecdot=vecdot)

# -- products made of matmul and of elementwise products ---------------------------------------------------------------


@implements(np.dot)
def dot(a: Any, b: Any, out: None = None) -> Any:
    """`numpy.dot`."""
    refuse(out=out)
    a, b = operand(a), operand(b)
    if not a.ndim or not b.ndim:
        return a * b
    return MATMUL(a, b) if b.ndim <= 2 else tensordot(a, b, (-1, -2))


@implements(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    """`numpy.inner`."""
    a, b = operand(a), operand(b)
    return tensordot(a, b, (-1, -1)) if a.ndim and b.ndim else a * b


def _flat(x: Any) -> Any:
    return RESHAPE(operand(x), shape=(-1,))


implements(np.vdot)(lambda a, b: MATMUL(_flat(a), _flat(b)))
implements(np.outer, np.linalg.outer)(lambda a, b: _flat(a)[:, None] * _flat(b))


@implements(np.tensordot, np.linalg.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """`numpy.tensordot`."""
    a, b = operand(a), operand(b)
    if isinstance(axes, int):
        axes = range(a.ndim - axes, a.ndim), range(axes)
    over_a, over_b = (normalize_axis_tuple(pair, x.ndim) for x, pair in zip((a, b), axes, strict=True))
    if [a.shape[i] for i in over_a] != [b.shape[i] for i in over_b]:
        raise ValueError(f"tensordot: axes {over_a} of shape {a.shape} do not match axes {over_b} of shape {b.shape}")
    free_a, free_b = ([i for i in range(x.ndim) if i not in over] for x, over in ((a, over_a), (b, over_b)))
    summed = math.prod(a.shape[i] for i in over_a)
    shape_a, shape_b = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    left = RESHAPE(TRANSPOSE(a, axes=(*free_a, *over_a)), shape=(math.prod(shape_a), summed))
    right = RESHAPE(TRANSPOSE(b, axes=(*over_b, *free_b)), shape=(summed, math.prod(shape_b)))
    return RESHAPE(left @ right, shape=(*shape_a, *shape_b))


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    """`numpy.kron`."""
    a, b = operand(a), operand(b)
    ndim = max(a.ndim, b.ndim)
    shape_a, shape_b = ((1,) * (ndim - x.ndim) + x.shape for x in (a, b))
    left = RESHAPE(a, shape=tuple(n for size in shape_a for n in (size, 1)))
    right = RESHAPE(b, shape=tuple(n for size in shape_b for n in (1, size)))
    return RESHAPE(left * right, shape=tuple(m * n for m, n in zip(shape_a, shape_b, strict=True)))


@implements(np.cross)
def cross(a: Any, b: Any, axisa: int, axisb: int, axisc: int, axis: int | None) -> Any:
    """`numpy.cross`, of vectors with three components."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(operand(a), axisa, -1), np.moveaxis(operand(b), axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(f"cross takes vectors of three components, not {a.shape[-1]} and {b.shape[-1]}")
    after, before = [1, 2, 0], [2, 0, 1]
    return np.moveaxis(a[..., after] * b[..., before] - a[..., before] * b[..., after], -1, axisc)


implements(np.linalg.cross)(lambda x1, x2, *, axis=-1: cross(x1, x2, axis=axis))


@implements(np.trace)
def trace(a: Any, offset: int, axis1: int, axis2: int, dtype: Any) -> Any:
    """`numpy.trace`."""
    total = SUM(rearranged(np.diagonal, a, offset, axis1, axis2), axis=-1)
    return total if dtype is None else cast(total, dtype)


implements(np.linalg.trace)(lambda x, *, offset=0, dtype=None: trace(x, offset, -2, -1, dtype))

# -- chains of matrices ------------------------------------------------------------------------------------------------


def _chain_rule(g: Any, y: Any, wanted: Sequence[bool], *xs: Any) -> list[Any]:
    """The adjoint of one factor is a chain of as many: the others transposed, and `g` between them."""
    turned = [x.T for x in xs]
    return [CHAIN(*turned[:i][::-1], g, *turned[:i:-1]) if w else None for i, w in enumerate(wanted)]


CHAIN = ArrayOp("multi_dot", lambda *xs: np.linalg.multi_dot(xs), _chain_rule, variadic=True)
"""The product of two or more matrices, in the order that costs least."""


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Any]) -> Any:
    """`numpy.linalg.multi_dot`."""
    first, *middle, last = map(operand, arrays)
    shape = first.shape[:-1] + last.shape[1:]
    first = first[None] if first.ndim == 1 else first
    last = last[:, None] if last.ndim == 1 else last
    return RESHAPE(CHAIN(first, *middle, last), shape=shape)


# -- einsum ------------------------------------------------------------------------------------------------------------


@implements(np.einsum)
def einsum(*arguments: Any, optimize: Any = False, **refused: Any) -> Any:
    """`numpy.einsum`: subscripts as a string or as lists of labels."""
    if refused:
        raise TypeError(f"einsum: {', '.join(refused)}= is not taken where a tensor takes part")
    operands, inputs, output = _einsum_arguments(arguments)
    if len(inputs) != len(operands):
        raise ValueError(f"einsum: subscripts for {len(inputs)} operands, {len(operands)} given")
    inputs = [_named(labels, x.ndim) for labels, x in zip(inputs, operands, strict=True)]
    every = [label for labels in inputs for label in labels]
    dots = sorted({label for label in every if isinstance(label, tuple)})
    if output is None:
        output = [*dots, *sorted(n for n in set(every) if every.count(n) == 1 and not isinstance(n, tuple))]
    else:
        output = _named(output, len(output) - 1 + len(dots))
        for label in output:
            if label not in every:
                raise ValueError(f"einsum: output label {label!r} is in no operand")
    letters = dict(zip(dict.fromkeys(every), ascii_letters, strict=False))
    pairs = [_without_repeats(x, labels) for x, labels in zip(operands, inputs, strict=True)]
    spec = ",".join("".join(letters[n] for n in labels) for _, labels in pairs)
    spec += "->" + "".join(letters[n] for n in output)
    return _by_pairs([x for x, _ in pairs], spec, optimize)


def _by_pairs(xs: list[Any], spec: str, optimize: Any) -> Any:
    """The product of many operands, a few at a time on the path that costs least, each step an operation of its own."""
    inputs, output = spec.split("->")
    labels = inputs.split(",")
    if len(xs) > 2:
        for step in _path(spec, tuple(x.shape for x in xs)) if isinstance(optimize, bool | str) else optimize[1:]:
            chosen = sorted(step, reverse=True)
            names, factors = [labels.pop(i) for i in chosen], [xs.pop(i) for i in chosen]
            kept = "".join(n for n in dict.fromkeys("".join(names)) if any(n in other for other in (*labels, output)))
            labels.append(kept if labels else output)
            xs.append(EINSUM(*factors, spec=f"{','.join(names)}->{labels[-1]}", optimize=False))
        return xs[0]
    return EINSUM(*xs, spec=spec, optimize=optimize)


@lru_cache(1024)
def _path(spec: str, shapes: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    """Which operands to multiply first, and next: their places, the product taking the last."""
    return np.einsum_path(spec, *(np.broadcast_to(0.0, shape) for shape in shapes), optimize=("greedy", 2**40))[0][1:]


def _einsum(*xs: Array, spec: str, optimize: Any) -> Array:
    """The sum of products: of two operands in one product of matrices, in stacks, where that is faster."""
    if len(xs) != 2 or xs[0].dtype != xs[1].dtype or xs[0].dtype.kind != "f":
        return np.einsum(spec, *xs, optimize=optimize)
    (left, right), output = (inputs.split(",") for inputs in spec.split("->"))
    sizes = dict(zip(right + left, xs[1].shape + xs[0].shape, strict=True))
    both, free = [n for n in left if n in right], [n for n in left + right if (n in left) != (n in right)]
    summed, stacked = [n for n in both if n not in output[0]], [n for n in both if n in output[0]]
    work = math.prod(sizes.values())
    if not summed or work < 4096 or len(output[0]) != len(free) + len(stacked) or _stretch(left, right, xs, both):
        return np.einsum(spec, *xs, optimize=optimize)
    rows, columns = ([n for n in names if n in free] for names in (left, right))

    def matrices(x: Array, names: str, *groups: list[str]) -> Array:
        turned = x.transpose([names.index(n) for group in (stacked, *groups) for n in group])
        return turned.reshape(
            turned.shape[: len(stacked)] + tuple(math.prod(sizes[n] for n in group) for group in groups)
        )

    product = product_of(matrices(xs[0], left, rows, summed), matrices(xs[1], right, summed, columns))
    found = [*stacked, *rows, *columns]
    return product.reshape([sizes[n] for n in found]).transpose([found.index(n) for n in output[0]])[()]


def _stretch(left: str, right: str, xs: Sequence[Array], both: list[str]) -> bool:
    """An axis of size 1 stands for more in the other operand."""
    return any(xs[0].shape[left.index(n)] != xs[1].shape[right.index(n)] for n in both)


def _einsum_arguments(arguments: Sequence[Any]) -> tuple[list[Any], list[list[Any]], list[Any] | None]:
    """Operands, the labels of each, and of the output if given: from a string, or from lists between the operands."""
    if isinstance(arguments[0], str):
        text = arguments[0].replace(" ", "").replace("...", ".")
        inputs, arrow, output = text.partition("->")
        lists = [[Ellipsis if c == "." else c for c in labels] for labels in (*inputs.split(","), output)]
        return [operand(x) for x in arguments[1:]], lists[:-1], lists[-1] if arrow else None
    *pairs, output = arguments if len(arguments) % 2 else (*arguments, None)
    return [operand(x) for x in pairs[::2]], [list(x) for x in pairs[1::2]], None if output is None else list(output)


def _named(labels: list[Any], ndim: int) -> list[Any]:
    """Labels with a name for each axis that an ellipsis stands for: its number from the right."""
    if Ellipsis not in labels:
        return labels
    i = labels.index(Ellipsis)
    return [*labels[:i], *((axis,) for axis in range(len(labels) - 1 - ndim, 0)), *labels[i + 1 :]]


def _without_repeats(x: Any, labels: list[Any]) -> tuple[Any, list[Any]]:
    """The diagonal of an operand over the axes that have one label."""
    unique = list(dict.fromkeys(labels))
    if len(unique) == len(labels):
        return x, labels
    sizes = dict(zip(labels, x.shape, strict=True))
    if any(sizes[label] != n for label, n in zip(labels, x.shape, strict=True)):
        raise ValueError(f"einsum: axes with one label have different sizes in shape {x.shape}")
    grid = dict(zip(unique, np.ix_(*(np.arange(sizes[label]) for label in unique)), strict=True))
    return x[tuple(grid[label] for label in labels)], unique


def _einsum_rule(g: Any, y: Any, wanted: Sequence[bool], *xs: Any, spec: str, optimize: Any) -> list[Any]:
    inputs, output = spec.split("->")
    labels = inputs.split(",")
    sizes: dict[str, int] = {}
    for names, x in zip(labels, xs, strict=True):
        sizes.update((label, n) for label, n in zip(names, x.shape, strict=True) if n != 1 or label not in sizes)
    optimize = optimize if isinstance(optimize, bool | str) else True  # a path is for the call it was made for
    parts: list[Any] = [None] * len(xs)
    for i, x in enumerate(xs):
        if wanted[i]:
            others = [output, *labels[:i], *labels[i + 1 :]]
            kept = "".join(
                label
                for label, n in zip(labels[i], x.shape, strict=True)
                if (n != 1 or sizes[label] == 1) and any(label in other for other in others)
            )
            part = EINSUM(g, *xs[:i], *xs[i + 1 :], spec=f"{','.join(others)}->{kept}", optimize=optimize)
            found = dict(zip(kept, part.shape, strict=True))
            part = RESHAPE(part, shape=tuple(found.get(label, 1) for label in labels[i]))
            parts[i] = part if part.shape == x.shape else BROADCAST(part, shape=x.shape)
    return parts


EINSUM = ArrayOp("einsum", _einsum, _einsum_rule, variadic=True)
"""A sum of products: `spec` is explicit, without an ellipsis, and no operand has a label twice."""

# -- convolution -------------------------------------------------------------------------------------------------------

CONVOLVE: ArrayOp = ArrayOp(
    "convolve", np.convolve,
    lambda g, y, a, b: CONVOLVE(g, b[::-1])[b.size - 1 : y.size],
    lambda g, y, a, b: CONVOLVE(g, a[::-1])[a.size - 1 : y.size],
)  # fmt: skip
"""The whole convolution of two vectors."""


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: Any) -> Any:
    """`numpy.convolve`."""
    a, v = _flat(a), _flat(v)
    return CONVOLVE(a, v)[_part(mode, a.size, v.size)]


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: Any) -> Any:
    """`numpy.correlate`."""
    a, v = _flat(a), _flat(v)
    if a.size < v.size:
        return correlate(v, a, mode)[::-1]
    return CONVOLVE(a, v[::-1])[_part(mode, a.size, v.size)]


def _part(mode: Any, m: int, n: int) -> slice:
    """Where in the whole convolution of `m` and `n` elements NumPy's mode stands."""
    long, short = max(m, n), min(m, n)
    starts = {"full": 0, "same": (short - 1) // 2, "valid": short - 1}
    if mode not in starts:
        raise ValueError(f"mode must be 'full', 'same' or 'valid', not {mode!r}")
    lengths = {"full": long + short - 1, "same": long, "valid": long - short + 1}
    return slice(starts[mode], starts[mode] + lengths[mode])
