"""Shapes: tuples of sizes, with what TensorFlow's shapes can be asked. Imports nothing."""

import itertools
import math
import operator
from collections.abc import Iterable
from typing import Any

Size = Any
"""A size, or None where it is not known."""


class Shape(tuple[Any, ...]):
    """A tuple of sizes, of which some may be None; `rank` is None where not even their number is known."""

    __slots__ = ()

    @property
    def rank(self) -> int | None:
        """The number of axes."""
        return len(self)

    ndims = rank

    def as_list(self) -> list[Any]:
        """The sizes as a list."""
        if self.rank is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self)

    def num_elements(self) -> int | None:
        """The product of the sizes."""
        return math.prod(self) if self.is_fully_defined() else None

    def is_fully_defined(self) -> bool:
        """Whether all sizes are known."""
        return self.rank is not None and None not in self

    def is_compatible_with(self, other: Any) -> bool:
        """Whether one array may have both shapes."""
        other = TensorShape(other)
        if self.rank is None or other.rank is None:
            return True
        return len(self) == len(other) and all(
            n == m or n is None or m is None for n, m in zip(self, other, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Refuse a shape that no array has besides this one."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def merge_with(self, other: Any) -> "TensorShape":
        """The shape with what either knows."""
        other = TensorShape(other)
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are not compatible")
        if self.rank is None or other.rank is None:
            return TensorShape(other if self.rank is None else self)
        return TensorShape([m if n is None else n for n, m in zip(self, other, strict=True)])

    def concatenate(self, other: Any) -> "TensorShape":
        """The sizes of this shape, then of another."""
        other = TensorShape(other)
        return TensorShape(None if None in (self.rank, other.rank) else [*self, *other])

    def most_specific_compatible_shape(self, other: Any) -> "TensorShape":
        """The shape with what both know."""
        other = TensorShape(other)
        if None in (self.rank, other.rank) or len(self) != len(other):
            return TensorShape(None)
        return TensorShape([n if n == m else None for n, m in zip(self, other, strict=True)])

    def with_rank(self, rank: int) -> "TensorShape":
        """The shape, of so many axes."""
        return self.merge_with([None] * rank)

    def is_subtype_of(self, other: Any) -> bool:
        """Whether all arrays of this shape are of the other."""
        other = TensorShape(other)
        if other.rank is None or self.rank is None:
            return other.rank is None
        return len(self) == len(other) and all(m in (None, n) for n, m in zip(self, other, strict=True))

    def __eq__(self, other: object) -> bool:
        if self.rank is None or getattr(other, "rank", 0) is None:
            return self.rank is None and getattr(other, "rank", 0) is None
        return tuple.__eq__(self, tuple(other) if isinstance(other, list) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__


class _AnyShape(type):
    """Every shape of a tensor is a `TensorShape`."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Shape)


class TensorShape(Shape, metaclass=_AnyShape):
    """A shape of sizes that may be unknown, None; of a number of axes that is unknown where `dims` is None.

    Raises:
        ValueError: a size is negative, or the shape is asked what it does not know.
        TypeError: `dims` is no size, and no list of sizes.
    """

    _unknown = False

    def __new__(cls, dims: Any) -> "TensorShape":
        """Read the sizes."""
        unknown = dims is None or getattr(dims, "rank", 0) is None
        shape = super().__new__(cls, () if unknown else _sizes(dims))
        shape._unknown = unknown
        return shape

    @property
    def rank(self) -> int | None:
        """The number of axes, or None."""
        return None if self._unknown else super().__len__()

    ndims = rank

    @property
    def dims(self) -> list[Any] | None:
        """The sizes, or None."""
        return None if self._unknown else list(self)

    def __len__(self) -> int:
        if self._unknown:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return super().__len__()

    def __bool__(self) -> bool:
        return not self._unknown

    def __getitem__(self, index: Any) -> Any:
        if self._unknown:
            return TensorShape(None) if isinstance(index, slice) else None
        found = super().__getitem__(index)
        return TensorShape(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> "TensorShape":
        return self.concatenate(other)

    def __radd__(self, other: Any) -> "TensorShape":
        return TensorShape(other).concatenate(self)

    def __str__(self) -> str:
        return "<unknown>" if self._unknown else tuple.__repr__(self)

    def __repr__(self) -> str:
        return f"TensorShape({None if self._unknown else list(self)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return TensorShape, (self.dims,)


def _sizes(dims: Any) -> Iterable[Any]:
    """The sizes of a list, an array or a single size."""
    if hasattr(dims, "tolist"):
        dims = dims.tolist()
    try:
        found = [None if n is None else operator.index(n) for n in (dims if isinstance(dims, Iterable) else [dims])]
    except TypeError:
        raise TypeError(f"Failed to convert {dims!r} to a shape: a shape is a size, None, or a list of such") from None
    for n in itertools.compress(found, [n is not None and n < 0 for n in found]):
        raise ValueError(f"Dimension {n} must be >= 0")
    return found
