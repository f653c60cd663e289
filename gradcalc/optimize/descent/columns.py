"""What a sum over rows runs over: columns by name, or chunks of them that are read anew for each pass, or elsewhere.

Standard library alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Chunked(Protocol):
    """Columns that are not held; every pass gives the same chunks."""

    @property
    def size(self) -> int:
        """How many rows there are."""

    def __iter__(self) -> Iterator[str]:
        """The names."""

    def chunks(self) -> Iterator[Mapping[str, Any]]:
        """Some rows at a time: all columns of these."""

    def mapped(self, work: Callable[[Mapping[str, Any]], Iterable[T]]) -> Iterator[T]:
        """What a function finds in the columns of some rows at a time; it may be pickled, and run where they are."""

    def brought(self) -> "Columns":
        """The same without what is elsewhere."""


Columns = Mapping[str, Any] | Chunked


def chunks(columns: Columns) -> Iterator[Mapping[str, Any]]:
    """The columns as chunks; those that are held are one."""
    if isinstance(columns, Mapping):
        yield columns
    else:
        yield from columns.chunks()


def mapped(columns: Columns, work: Callable[[Mapping[str, Any]], Iterable[T]]) -> Iterator[T]:
    """What a function finds in the columns, in the order of their rows."""
    yield from work(columns) if isinstance(columns, Mapping) else columns.mapped(work)


def rows_of(columns: Columns) -> int:
    """How many rows there are."""
    return len(next(iter(columns.values()))) if isinstance(columns, Mapping) else columns.size
