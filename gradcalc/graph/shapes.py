"""Shapes of arrays while parsing: NumPy's broadcasting and views, as lists of positions. Imports errors.

An array is its items row by row (row-major order); a view is a start and, for each axis, a length and a stride.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from gradcalc.errors import ExpressionError

Shape = tuple[int, ...]
Axes = Iterable[tuple[int, int]]
"""For each axis of a view its length, and how far apart in the items its neighbours stand."""


def strides(shape: Shape) -> list[int]:
    """How far apart the neighbours along each axis stand."""
    result = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        result[axis] = result[axis + 1] * shape[axis + 1]
    return result


def positions(start: int, axes: Axes) -> list[int]:
    """The positions that a view walks over."""
    result = [start]
    for length, stride in axes:
        result = [position + step * stride for position in result for step in range(length)]
    return result


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape that all shapes stretch to, by NumPy's rule."""
    rank = max(map(len, shapes))
    result = [1] * rank
    for shape in shapes:
        for axis, length in enumerate(shape, rank - len(shape)):
            if length == 1:
                continue
            if result[axis] not in (1, length):
                together = " and ".join(dict.fromkeys(shown(s) for s in shapes if s))
                raise ExpressionError(f"arrays of shapes {together} do not fit together", hint="arrays of equal shape")
            result[axis] = length
    return tuple(result)


def stretched(items: Sequence[int], shape: Shape, wanted: Shape) -> Sequence[int]:
    """The items of an array broadcast to the wanted shape."""
    if shape == wanted:
        return items
    own = [(1, 0)] * (len(wanted) - len(shape)) + list(zip(shape, strides(shape), strict=True))
    axes = [(length, stride if size != 1 else 0) for length, (size, stride) in zip(wanted, own, strict=True)]
    return [items[i] for i in positions(0, axes)]


def labels(name: str, shape: Shape) -> list[str]:
    """The names of the elements of an array, row by row: `A[0,1]`; of a scalar its own."""
    names = [name]
    for axis, length in enumerate(shape):
        head, tail = ("[" if axis == 0 else ","), ("]" if axis == len(shape) - 1 else "")
        names = [f"{start}{head}{i}{tail}" for start in names for i in range(length)]
    return names


def shown(shape: Shape) -> str:
    """A shape in words: `(3,)`."""
    return str(tuple(shape)) if shape else "scalar"


def nest(items: Sequence[Any], shape: Sequence[int]) -> Any:
    """A flat row-major sequence as nested lists of a shape; the item itself for the shape ()."""
    if not shape:
        return items[0]
    rows = list(items)
    for size in reversed(shape[1:]):
        rows = [rows[i : i + size] for i in range(0, len(rows), size)] if size else [[]] * shape[0]
    return rows
