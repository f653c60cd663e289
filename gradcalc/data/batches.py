"""The rows of files as batches: piece after piece, cut evenly."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gradcalc.data.columns import count_rows, read_pieces
from gradcalc.data.formats.format import NoColumnError, library
from gradcalc.errors import FileError
from gradcalc.settings import AS_USUAL, Reading

_BYTES = 1 << 24
"""How large the columns of one batch are, about."""
_MOST_ROWS, _LEAST_ROWS = 1 << 18, 1 << 10


def total_rows(paths: Sequence[Path], how: Reading = AS_USUAL) -> int | None:
    """How many rows files have, about; None if that is not known of one."""
    total = 0
    for path in paths:
        rows = count_rows(path, how)
        if rows is None:
            return None
        total += rows
    return total


def read_files(
    paths: Sequence[Path], names: Sequence[str], kept: Sequence[str], *, skip: int = 0, how: Reading = AS_USUAL
) -> Iterator[list[Any]]:
    """The pieces of all files after the first `skip` rows; an error if a kept column is not of one type in all."""
    types: list[Any] | None = None
    for path in paths:
        for piece in _read(path, names, kept, how):
            found = [column.type for column in piece[len(names) :]]
            types = types or found
            for name, before, now in zip(kept, types, found, strict=True):
                if before != now:
                    message = f"{path}, column {name}: holds {now}, the files before hold {before}"
                    raise FileError(message, hint="--keep without it, or files of one kind")
            left = min(skip, len(piece[0]))
            skip -= left
            yield [column[left:] for column in piece] if left else piece


def _read(path: Path, names: Sequence[str], kept: Sequence[str], how: Reading) -> Iterator[list[Any]]:
    """The pieces of one file; what is missing may come from --let."""
    try:
        yield from read_pieces(path, names, kept, how)
    except NoColumnError as error:
        if error.name in names:
            error.hint = f"{error.hint}; or a value: --let {error.name}=..."
        raise


def even(pieces: Iterable[list[Any]], width: int) -> Iterator[list[Any]]:
    """Pieces as batches that are not too large, with `width` more bytes a row; one that is empty if there is none.

    Where a batch ends depends on the rows alone, not on the pieces, so that a run that goes on makes the same batches.
    """
    held: list[list[Any]] = []
    rows = size = 0
    for part in _cut(pieces, _LEAST_ROWS):
        held.append(part)
        rows += len(part[0])
        size += len(part[0]) * width + sum(column.nbytes for column in part)
        if rows >= _MOST_ROWS or size >= _BYTES:
            yield _joined(held)
            held, rows, size = [], 0, 0
    if held:
        yield _joined(held)


def _cut(pieces: Iterable[list[Any]], rows: int) -> Iterator[list[Any]]:
    """Pieces joined and cut so that each has `rows` rows, or the rest; one that is empty if there is none."""
    held: list[list[Any]] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += len(piece[0])
        while count >= rows:
            whole = _joined(held)
            yield [column[:rows] for column in whole]
            held, count = [[column[rows:] for column in whole]], count - rows
    yield _joined(held)


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
