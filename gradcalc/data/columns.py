"""Data files as columns of doubles, batch by batch, whatever their format. A null is a NaN."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gradcalc.data.formats import detect_format
from gradcalc.data.formats.format import Extent, Place, Reader, find, no_value, readable
from gradcalc.errors import FileError, UsageError, need_room
from gradcalc.settings import AS_USUAL, Reading

if TYPE_CHECKING:
    from gradcalc.data.formats.format import Array

_ROOM = 400
"""Megabytes of addresses that the libraries take; without PyArrow."""


@dataclass(frozen=True)
class Columns:
    """The columns of a file: `values` holds one contiguous array of `rows` doubles per name.

    `dropped` counts the rows that were left out because a column held a null there.
    """

    path: Place
    rows: int
    values: Mapping[str, "Array"]
    dropped: int


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: an array of doubles per name, in the order asked, and how many rows were left out."""

    values: Sequence["Array"]
    dropped: int


def read_columns(
    path: str | PathLike[str] | Place, names: Iterable[str], *, nulls: str = "fail", how: Reading = AS_USUAL
) -> Columns:
    """The named columns of a data file.

    nulls: what to do with a row that holds a null, an empty cell or a NaN in one of them: "fail" or "drop".
    Raises FileError with the line (CSV) or the row, and the column: a column is missing or named twice, a cell is no
    number, columns differ in length, no row is left, the file is broken or of another format.
    """
    need_room(_ROOM, "data in files")
    import numpy as np

    path, names = Path(path) if isinstance(path, str) else cast(Place, path), list(dict.fromkeys(names))
    chunks: dict[str, list[Array]] = {name: [] for name in names}
    dropped = 0
    for batch in read_batches(path, names, nulls=nulls, how=how):
        dropped += batch.dropped
        for name, part in zip(names, batch.values, strict=True):
            chunks[name].append(part)
    if not any(map(len, chunks[names[0]])):
        raise FileError(f"{path}: all {dropped} rows hold a null" if dropped else f"{path} has columns but no rows")
    values: dict[str, Array] = {}
    for name in names:
        parts = chunks.pop(name)  # so that no column is held twice but the one being joined
        values[name] = parts[0] if len(parts) == 1 and parts[0].flags.owndata else np.concatenate(parts)
    return Columns(path, len(values[names[0]]), values, dropped)


def read_batches(path: Place, names: Sequence[str], *, nulls: str = "fail", how: Reading = AS_USUAL) -> Iterator[Batch]:
    """The named columns of a data file in pieces; as `read_columns`, but a file without rows is no error."""
    import numpy as np

    if nulls not in ("fail", "drop"):
        raise UsageError(f"nulls must be fail or drop, not {nulls!r}")
    if not names:
        raise UsageError(f"the formula names no column of {path}", hint="a name that has no value in --at or --let")
    first = 1
    for values in read_pieces(path, names, (), how):
        missing = null_rows(values)
        dropped = 0 if missing is None else int(np.count_nonzero(missing))
        if dropped and nulls == "fail":
            with _reading(path, how) as reader:
                old = _originals(how)
                reader.refuse_null([old.get(name, name) for name in names])
            row = int(np.argmax(missing))
            name = next(name for name, column in zip(names, values, strict=True) if np.isnan(column[row]))
            raise no_value(f"{path}, row {first + row}, column {name}", "null or NaN")
        first += len(values[0])
        yield Batch([column[~missing] for column in values] if dropped else values, dropped)


def read_pieces(
    path: Place,
    names: Sequence[str],
    kept: Sequence[str],
    how: Reading = AS_USUAL,
    first: int = 0,
    extent: Extent | None = None,
) -> Iterator[list[Any]]:
    """The columns `names` as doubles, then the columns `kept` as they are, as Arrow arrays; at least one piece.

    They begin with row `first`, counted from 0; `extent`, where it is known, makes that quick. A null is NaN among the
    doubles. Of a file of text a kept column is text, unless it is one of `names` too.
    """
    with _reading(path, how) as reader:
        old = _originals(how)
        wanted, others = [old.get(name, name) for name in names], [old.get(name, name) for name in kept]
        yield from reader.pieces_from(wanted, others, first, extent)


def null_rows(columns: Sequence["Array"]) -> Any:
    """Which rows hold a NaN in one of the columns, None if none does: looking for the least of a column is quick."""
    import numpy as np

    found = [np.isnan(column) for column in columns if np.isnan(np.min(column, initial=np.inf))]
    return np.logical_or.reduce(found) if found else None


def column_names(path: Place, names: Sequence[str] = (), how: Reading = AS_USUAL) -> list[str]:
    """The names of all columns of a file, new ones where they have some; `names` help to tell how it is separated."""
    old = _originals(how)
    with _reading(path, how) as reader:
        columns = list(reader.column_names([*(old.get(name, name) for name in names), *old.values()]))
    find(path, columns, old.values())
    new = {name: other for other, name in old.items()}
    named = [new.get(name, name) for name in columns]
    twice = next((name for name in old if named.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"--rename {old[twice]}={twice}: {path} has a column {twice} already", hint="another name")
    return named


def read_records(path: Place, how: Reading = AS_USUAL) -> Iterator[Mapping[str, Any]]:
    """Every row of a file with the exact values of all columns, as `Reader.records`."""
    if how.rename:
        column_names(path, (), how)  # which refuses what does not fit the file
    new = {name: other for other, name in _originals(how).items()}
    with _reading(path, how) as reader:
        for row in reader.records():
            yield {new.get(name, name): value for name, value in row.items()} if new else row


def count_rows(path: Place, how: Reading = AS_USUAL) -> int | None:
    """How many rows a file has, where that is known beforehand; of a text about as many."""
    with _reading(path, how) as reader:
        return reader.count_rows()


def extent_of(path: Place, names: Sequence[str] = (), how: Reading = AS_USUAL) -> Extent:
    """How many rows a file has, to the row, and where some begin."""
    with _reading(path, how) as reader:
        old = _originals(how)
        return reader.extent([old.get(name, name) for name in names])


def _originals(how: Reading) -> dict[str, str]:
    """What the columns that have new names are called in the file, by these."""
    found: dict[str, str] = {}
    for text in how.rename:
        old, _, new = (part.strip().strip("`") for part in text.rpartition("="))
        if not old or not new:
            raise UsageError(f"--rename {text}: an old and a new name are needed", hint='--rename "time (s)=t"')
        if new in found or old in found.values():
            raise UsageError(f"--rename names {new if new in found else old} twice")
        found[new] = old
    return found


@contextmanager
def _reading(path: Place, how: Reading) -> Iterator[Reader]:
    """The reader of a file; what goes wrong meanwhile is told of the file."""
    format = detect_format(path)
    with readable(path, format.name):
        yield format.reader(path, how)
