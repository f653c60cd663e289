"""The rows of files as batches: piece after piece, cut evenly."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from types import MappingProxyType
from typing import Any

from gradcalc.data.columns import count_rows, extent_of, read_pieces
from gradcalc.data.formats import detect_format
from gradcalc.data.formats.format import Extent, NoColumnError, Place, library, row_bytes
from gradcalc.data.kept import as_number, number_types
from gradcalc.errors import FileError
from gradcalc.settings import AS_USUAL, Reading

_BYTES = 1 << 24
"""How large the columns of one batch are, about."""
_MOST_ROWS, _LEAST_ROWS = 1 << 18, 1 << 10
"""Rows of a block, with whose last a batch ends: so one that begins with a block needs no row before it. Rows of what
batches are made of."""


@dataclass(frozen=True)
class Span:
    """Some rows of all files, counted from 0 over all: from `first` up to `stop`, without that; None: to the end."""

    first: int = 0
    stop: int | None = None

    def __len__(self) -> int:
        """How many rows, 0 where that is not known."""
        return 0 if self.stop is None else self.stop - self.first


def span_of(number: int, of: int, rows: int) -> Span:
    """The rows of one of so many parts, as many whole blocks in each, or one fewer in the last ones."""
    blocks, more = divmod(-(-rows // _MOST_ROWS), of)
    first = (number - 1) * blocks + min(number - 1, more)
    stop = first + blocks + (number <= more)
    return Span(first * _MOST_ROWS, min(stop * _MOST_ROWS, rows)) if stop > first else Span(0, 0)


def tasks_of(span: Span, rows: int) -> Sequence[Span]:
    """A span in parts of one block each, the last one shorter; an empty one where there are no rows."""
    stop = rows if span.stop is None else span.stop
    first, parts = span.first, []
    while first < stop:
        end = min(first - first % _MOST_ROWS + _MOST_ROWS, stop)
        parts.append(Span(first, end))
        first = end
    return parts or [Span(0, 0)]


def extents(paths: Sequence[Place], names: Sequence[str], how: Reading = AS_USUAL) -> list[Extent]:
    """How many rows each file has, to the row."""
    return [extent_of(path, names, how) for path in paths]


def total_rows(paths: Sequence[Place], how: Reading = AS_USUAL) -> int | None:
    """How many rows files have, about; None if that is not known of one."""
    total = 0
    for path in paths:
        rows = count_rows(path, how)
        if rows is None:
            return None
        total += rows
    return total


def kept_numbers(
    paths: Sequence[Place],
    names: Sequence[str],
    kept: Sequence[str],
    how: Reading = AS_USUAL,
    told: Callable[[], None] | None = None,
) -> Mapping[str, Any]:
    """The types of those kept columns that files without types hold as text, and that are numbers in all of them."""
    kept = [name for name in kept if name not in names]
    plain = [path for path in paths if not detect_format(path).typed]

    def pieces() -> Iterator[Sequence[Any]]:
        for path in plain:
            for piece in _read(path, names, kept, how):
                yield piece[len(names) :]
                if told:
                    told()

    return number_types(pieces(), kept, how) if kept and plain else {}


def read_files(
    paths: Sequence[Place],
    names: Sequence[str],
    kept: Sequence[str],
    *,
    span: Span = Span(),
    known: Sequence[Extent] | None = None,
    how: Reading = AS_USUAL,
    numbers: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[list[Any]]:
    """The pieces of some rows of all files, an empty one where there are none; types of kept columns must be the same.

    known: the extents of the files, where they are known; else those before the first row are found.
    numbers: what `kept_numbers` finds, where these columns shall be numbers.
    """
    types: list[Any] | None = None
    skip, left = span.first, math.inf if span.stop is None else span.stop - span.first
    for place, path in enumerate(paths):
        extent = known[place] if known else extent_of(path, names, how) if skip else None
        if extent and skip and skip >= extent.rows and place < len(paths) - 1:
            skip -= extent.rows
            continue
        as_text = [name for name in numbers if not detect_format(path).typed]
        for piece in _read(path, names, kept, how, skip, extent):
            for name in as_text:
                place = len(names) + kept.index(name)
                piece[place] = as_number(piece[place], numbers[name], how)
            found = [column.type for column in piece[len(names) :]]
            types = types or found
            for name, before, now in zip(kept, types, found, strict=True):
                if before != now:
                    message = f"{path}, column {name}: holds {now}, the files before hold {before}"
                    raise FileError(message, hint="--keep without it, or files of one kind")
            yield [column[:left] for column in piece] if left < len(piece[0]) else piece
            left -= len(piece[0])
            if left <= 0:
                return
        skip = 0


def _read(
    path: Place, names: Sequence[str], kept: Sequence[str], how: Reading, first: int = 0, extent: Extent | None = None
) -> Iterator[list[Any]]:
    """The pieces of one file; what is missing may come from --let."""
    try:
        yield from read_pieces(path, names, kept, how, first, extent)
    except NoColumnError as error:
        if error.name in names:
            error.hint = f"{error.hint}; or a value: --let {error.name}=..."
        raise


def even(pieces: Iterable[list[Any]], width: int, first: int = 0) -> Iterator[list[Any]]:
    """Pieces as batches that are not too large, with `width` more bytes a row; one that is empty if there is none.

    Where a batch ends depends on the rows alone, not on the pieces, so that a run that goes on makes the same batches;
    each block of `_MOST_ROWS` rows ends one, so that a run over some blocks does.

    first: the row that the pieces begin with, counted from 0.
    """
    held: list[list[Any]] = []
    size, row = 0, first
    for part in _cut(pieces, first):
        held.append(part)
        row += len(part[0])
        size += len(part[0]) * width + _bytes(part)
        if row % _MOST_ROWS == 0 or size >= _BYTES:
            yield _joined(held)
            held, size = [], 0
    if held:
        yield _joined(held)


def _cut(pieces: Iterable[list[Any]], row: int) -> Iterator[list[Any]]:
    """Pieces joined and cut where `_end` says and where a block ends, and the rest; an empty one if there is none.

    row: that they begin with.
    """
    held: list[list[Any]] = []
    count = size = 0
    for piece in pieces:
        held.append(piece)
        count, size = count + len(piece[0]), size + _bytes(piece)
        while count >= min(_LEAST_ROWS, left := _MOST_ROWS - row % _MOST_ROWS) or size >= _BYTES:
            whole = _joined(held)
            end = _end([column[:left] for column in whole]) or (left if count >= left else None)
            held = [[column[end:] for column in whole]] if end else [whole]
            count, size = len(held[0][0]), _bytes(held[0])
            if not end:
                break
            yield [column[:end] for column in whole]
            row += end
    yield _joined(held)


def _end(piece: list[Any]) -> int | None:
    """After which row a piece is cut: as soon as the rows up to it are many or large; None where they are not yet."""
    import numpy as np

    piece = [column[:_LEAST_ROWS] for column in piece]
    if _bytes(piece) >= _BYTES:
        sizes = np.cumsum(sum(map(_row_bytes, piece)))
        end = int(np.searchsorted(sizes, _BYTES))
        if end < len(sizes):
            return end + 1
    return _LEAST_ROWS if len(piece[0]) == _LEAST_ROWS else None


def _bytes(piece: list[Any]) -> int:
    """How many bytes the columns take."""
    return sum(column.nbytes for column in piece)


def _row_bytes(column: Any) -> Any:
    """How many bytes each row of a column takes, whatever piece it stands in."""
    import numpy as np

    if isinstance(column, np.ndarray):
        return np.full(len(column), column.itemsize)
    lengths = row_bytes(column)
    if lengths is None:
        lengths = np.array([row.nbytes for row in map(column.slice, range(len(column)), repeat(1))])
    return lengths


def _joined(pieces: Sequence[list[Any]]) -> list[Any]:
    """Pieces as one."""
    import numpy as np

    pieces = [piece for piece in pieces if len(piece[0])] or pieces[:1]
    if len(pieces) == 1:
        return pieces[0]
    columns = zip(*pieces, strict=True)
    return [
        np.concatenate(parts) if isinstance(parts[0], np.ndarray) else library("pyarrow").concat_arrays(parts)
        for parts in columns
    ]
