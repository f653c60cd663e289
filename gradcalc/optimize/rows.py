"""The rows of data, as a fit asks for them: held in memory, or read anew for each pass over them.

Both kinds, and the rows that `distant` leaves elsewhere, give the same chunks, so that what is summed over them is the
same to the bit. Imports data.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np

from gradcalc.data.columns import null_rows
from gradcalc.data.passes import Passes, State

Array = np.ndarray[Any, np.dtype[np.float64]]
T = TypeVar("T")

_NAMED = 8
"""Rows that a message lists, at most."""


@dataclass(frozen=True)
class Rows:
    """Columns of data that are held.

    Attributes:
        values: the numbers of each column, one array of floats a name.
        numbers: which rows of the data these are, from 1.
        dropped: how many rows were left out.
        exact: the numbers as they are written, by column: text, integers, floats; where they were asked for and known.
    """

    values: Mapping[str, Array]
    numbers: Any
    dropped: int = 0
    exact: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    passes = 0
    """How often the data were read for them; none is told of rows that are held."""
    may_hold = True
    """Whether all rows may be in memory at once."""

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.numbers)

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        return iter(self.values)

    def numbered(self) -> Iterator["Rows"]:
        """All rows at once."""
        yield self

    def over(self, work: Callable[["Rows"], Iterable[T]]) -> Iterator[T]:
        """What a function finds in them."""
        yield from work(self)

    def home(self) -> "Rows":
        """These rows."""
        return self

    def held(self) -> "Rows":
        """These rows."""
        return self

    def holding(self, values: Mapping[str, float]) -> "Rows":
        """The same rows with further columns, of one number each."""
        return replace(self, values={**self.values, **{name: np.full(self.size, x) for name, x in values.items()}})

    def some(self, places: Any) -> "Rows":
        """The rows at some places, which rise."""
        return Rows({name: column[places] for name, column in self.values.items()}, self.numbers[places], self.dropped)

    def kept(self, which: Any) -> "Rows":
        """Some of the rows."""
        return Rows(
            {name: np.ascontiguousarray(column[which]) for name, column in self.values.items()},
            self.numbers[which],
            self.dropped + int(len(self.numbers) - np.count_nonzero(which)),
            {name: [each for each, stays in zip(column, which, strict=True) if stays]
             for name, column in self.exact.items()},
        )  # fmt: skip


@dataclass
class Read:
    """What the variants of streamed rows share: how often the files were read; what keeps these open."""

    source: Any = None
    passes: int = 0

    def __getstate__(self) -> dict[str, Any]:
        """It pickles without what is open."""
        return {"source": None, "passes": self.passes}


@dataclass(frozen=True, eq=False)
class Streamed:
    """Rows that are read anew for each pass.

    Attributes:
        files: where they are from, which were in `state` when they were first read.
        size, dropped: how many rows there are, and how many were left out.
        drops_nulls: whether rows without a number are left out.
        stays: of the other rows a bit each, whether it stays; None where all do.
        constants: further columns, of one number each.
    """

    files: Passes
    state: State
    size: int
    dropped: int = 0
    drops_nulls: bool = False
    stays: Any = None
    constants: Mapping[str, float] = field(default_factory=dict)
    read: Read = field(default_factory=Read, repr=False)

    exact: Mapping[str, Sequence[Any]] = field(default_factory=dict, init=False, repr=False)
    """The numbers as they are written, which are known of rows in memory alone."""
    may_hold = False

    @property
    def passes(self) -> int:
        """How often the files were read."""
        return self.read.passes

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        yield from self.files.names
        yield from self.constants

    def chunks(self) -> Iterator[Mapping[str, Array]]:
        """One pass: the columns of some rows at a time."""
        for rows in self.numbered():
            yield rows.values

    def numbered(self) -> Iterator[Rows]:
        """One pass: some rows at a time."""
        self.read.passes += 1
        seen = 0

        def made(piece: list[Array], first: int) -> list[Any]:
            nonlocal seen
            columns: list[Any] = [*piece, np.arange(first, first + len(piece[0]))]
            if self.drops_nulls and (empty := null_rows(piece)) is not None:
                columns = [column[~empty] for column in columns]
            if self.stays is not None:
                whole = np.unpackbits(self.stays[seen // 8 : (seen + len(columns[0]) + 7) // 8])
                which = whole[seen % 8 :][: len(columns[0])].astype(bool)
                seen += len(columns[0])
                columns = [column[which] for column in columns]
            return columns

        for *columns, numbers in self.files.chunks(self.state, made):
            values = dict(zip(self.files.names, columns, strict=True))
            yield Rows({**values, **{name: np.full(len(numbers), x) for name, x in self.constants.items()}}, numbers)

    def over(self, work: Callable[[Rows], Iterable[T]]) -> Iterator[T]:
        """What a function finds in some rows at a time, in their order."""
        for rows in self.numbered():
            yield from work(rows)

    def mapped(self, work: Callable[[Mapping[str, Array]], Iterable[T]]) -> Iterator[T]:
        """The same of their columns."""
        return self.over(partial(in_columns, work))

    def home(self) -> "Streamed":
        """These rows."""
        return self

    brought = home

    def held(self) -> Rows:
        """These rows in memory."""
        return self.some(np.arange(self.size))

    def holding(self, values: Mapping[str, float]) -> "Streamed":
        """The same rows with further columns, of one number each."""
        return replace(self, constants={**self.constants, **values})

    def some(self, places: Any) -> Rows:
        """The rows at some places, which rise, in memory."""
        parts, first = list[Rows](), 0
        for rows in self.numbered():
            start, stop = np.searchsorted(places, [first, first + rows.size])
            parts.append(rows.some(places[start:stop] - first))
            first += rows.size
        return joined(parts, self.dropped)

    def kept(self, which: Any) -> "Streamed":
        """Some of the rows, of which none was left out before but for nulls."""
        count = int(np.count_nonzero(which))
        return replace(self, size=count, dropped=self.dropped + self.size - count, stays=np.packbits(which))


class AnyRows(Protocol):
    """Rows, wherever they are: `Rows`, `Streamed`, and the `Distant` of `distant`."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def dropped(self) -> int:
        """How many were left out."""

    @property
    def passes(self) -> int:
        """How often the files were read."""

    @property
    def may_hold(self) -> bool:
        """Whether all of them may be in memory at once."""

    @property
    def exact(self) -> Mapping[str, Sequence[Any]]:
        """The numbers as they are written, by column, where that is known."""

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""

    def numbered(self) -> Iterator[Rows]:
        """One pass: some at a time, in memory."""

    def over(self, work: Callable[[Rows], Iterable[T]]) -> Iterator[T]:
        """One pass: what a function finds in some at a time, in their order; it runs where the rows are."""

    def held(self) -> Rows:
        """All of them in memory."""

    def home(self) -> "Rows | Streamed":
        """The same without what is elsewhere."""

    def holding(self, values: Mapping[str, float]) -> "AnyRows":
        """The same with further columns, of one number each."""

    def some(self, places: Any) -> Rows:
        """Those at some places, which rise, in memory."""

    def kept(self, which: Any) -> "AnyRows":
        """Some of them."""


def in_columns(work: Callable[[Mapping[str, Array]], Iterable[T]], rows: Rows) -> Iterable[T]:
    """What a function finds in the columns of rows."""
    return work(rows.values)


def joined(parts: Sequence[Rows], dropped: int) -> Rows:
    """Rows one below the other."""
    values = {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0]}
    return Rows(values, np.concatenate([part.numbers for part in parts]), dropped)


@dataclass
class Listed:
    """Rows that a message tells of: how many there are, and the first of them."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, numbers: Any) -> None:
        """More rows, by their numbers."""
        self.count += len(numbers)
        self.first += numbers[: _NAMED - len(self.first)].tolist()

    def join(self, more: "Listed") -> None:
        """The rows of another one."""
        self.count += more.count
        self.first += more.first[: _NAMED - len(self.first)]

    def __str__(self) -> str:
        """As a message has it."""
        first = ", ".join(f"{n:,}" for n in self.first)
        if self.count == 1:
            return f"row {first}"
        return f"{self.count:,} rows: {first}" + (", ..." if self.count > len(self.first) else "")
