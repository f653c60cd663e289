"""The rows of files as columns of doubles, read anew for each pass: chunks of one size, the next read ahead."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from gradcalc.data.columns import read_pieces
from gradcalc.data.formats.format import Place
from gradcalc.data.source import facts
from gradcalc.errors import FileError
from gradcalc.settings import AS_USUAL, Reading

T = TypeVar("T")
Array = np.ndarray[Any, np.dtype[np.float64]]
State = tuple[tuple[int, int], ...]

_BYTES = 1 << 23
"""How large a chunk is, about."""
_LEAST_ROWS, _MOST_ROWS = 1 << 15, 1 << 18
"""A kernel's block, so that its sums do not depend on the chunks, and rows that are enough for all cores."""


def chunk_rows(width: int) -> int:
    """How many rows a chunk of so many columns has: a power of two, so that smaller chunks divide larger ones."""
    fit = _BYTES // (8 * max(width, 1))
    return max(_LEAST_ROWS, min(_MOST_ROWS, 1 << max(fit, 1).bit_length() - 1))


@dataclass(frozen=True)
class Passes:
    """Columns of files, one below the other."""

    paths: Sequence[Place]
    names: Sequence[str]
    how: Reading = AS_USUAL

    def state(self) -> State:
        """By which it is seen that a file was changed."""
        return tuple((size, changed) for _, size, changed in facts(self.paths, again=True))

    def pieces(self) -> Iterator[list[Array]]:
        """All rows, in pieces as the files have them; nan where there is no number."""
        for path in self.paths:
            yield from read_pieces(path, self.names, (), self.how)

    def chunks(self, before: State, made: Callable[[list[Array], int], list[Any]]) -> Iterator[list[Any]]:
        """One pass in chunks of `chunk_rows`.

        Args:
            before: the state of the files, which they must still be in.
            made: makes columns of a piece and the number of its first row, from 1; rows may be left out.

        Raises:
            FileError: a file cannot be read, or was changed.
        """
        try:
            yield from _ahead(_cut(self._made(made), chunk_rows(len(self.names))))
            changed = self.state() != before
        except (FileError, OSError):
            self.refuse(before)  # a better reason than what is said of half a line
            raise
        if changed:
            self.refuse(before)

    def refuse(self, before: State) -> None:
        """Raise if a file is not what it was."""
        for path, then in zip(self.paths, before, strict=True):
            try:
                ((_, size, changed),) = facts([path], again=True)
            except FileError as error:
                raise FileError(
                    f"{path} is gone since it was read first: {error.message.rpartition(': ')[2]}"
                ) from None
            if (size, changed) != then:
                raise FileError(f"{path} was changed while it was read", hint="again, when it is complete")

    def _made(self, made: Callable[[list[Array], int], list[Any]]) -> Iterator[list[Any]]:
        first = 1
        for piece in self.pieces():
            yield made(piece, first)
            first += len(piece[0])


def _cut(pieces: Iterable[list[Any]], rows: int) -> Iterator[list[Any]]:
    """Pieces as chunks of so many rows; the last may have fewer, and there is none without rows."""
    held: list[list[Any]] = []
    count = 0
    for piece in pieces:
        start = 0
        while start < len(piece[0]):
            part = [column[start : start + rows - count] for column in piece]
            held, count, start = [*held, part], count + len(part[0]), start + len(part[0])
            if count == rows:
                yield _joined(held)
                held, count = [], 0
    if held:
        yield _joined(held)


def _joined(parts: Sequence[list[Any]]) -> list[Any]:
    """Parts as one."""
    return [np.concatenate(columns) if len(columns) > 1 else columns[0] for columns in zip(*parts, strict=True)]


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, the next one made by a thread while one is used."""
    with ThreadPoolExecutor(1, "read") as reading:
        found: Future[T | None] = reading.submit(next, items, None)
        while (item := found.result()) is not None:
            found = reading.submit(next, items, None)
            yield item
