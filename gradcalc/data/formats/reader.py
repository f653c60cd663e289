"""What the readers of data files have in common. Imports errors.

A reader gives the rows of a file in pieces. A piece is a list of columns: arrays of doubles for those that a formula
names, in which a null is a NaN, then Arrow arrays for those that are kept.
"""

import errno
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcalc import errors
from gradcalc.errors import FileError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

SUFFIXES = {
    ".csv": "CSV",
    ".tsv": "CSV",
    ".parquet": "Parquet",
    ".arrow": "Arrow",
    ".feather": "Arrow",
    ".ipc": "Arrow",
    ".npz": "NPZ",
    ".npy": "NPY",
}
"""The format that a name tells."""
LINE = 1 << 24
"""Characters of a line of CSV or of the header of an array, at most."""
ROWS = 1 << 17
"""Rows of a piece, at most."""
_PIECE = 1 << 24
"""Bytes of a piece, about."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE | re.ASCII)
"""A number as text."""
DAMAGE = (
    *(OSError, ValueError, TypeError, LookupError, EOFError, MemoryError, RuntimeError),  # NotImplementedError too
    *(zipfile.BadZipFile, zlib.error),
)
"""What the libraries raise for a file that is broken."""


class Reader:
    """Reads a file of some format; what it raises for a broken one is for `readable` to tell."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all columns; `names` are expected among them."""
        raise NotImplementedError

    def count_rows(self) -> int | None:
        """How many rows there are, about, where that is known beforehand."""
        return None

    def pieces(self, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
        """The columns `names` as doubles and the columns `kept` as Arrow arrays; at least one piece."""
        raise NotImplementedError

    def refuse_null(self, names: Sequence[str]) -> None:
        """Raise for the first null of the columns if its place has a better name than its row."""


class NoColumnError(FileError):
    """A file lacks a column."""

    def __init__(self, path: Path, name: str, hint: str) -> None:
        super().__init__(f"{path} has no column {name}", hint=hint)
        self.name = name


def find(path: Path, columns: Sequence[str], names: Iterable[str]) -> list[int]:
    """Where each name stands among the columns of a file."""
    for name in names:
        if name not in columns:
            near = did_you_mean(name, columns)
            shown = ", ".join(columns[:10]) + (", …" if len(columns) > 10 else "")
            hint = f"did you mean {near}?" if near else f"its columns: {shown}"
            if columns and all(map(NUMBER.fullmatch, columns)):
                hint = "the first line must name the columns"
            raise NoColumnError(path, name, hint)
        if columns.count(name) > 1:
            hint = "give each column a name of its own"
            raise FileError(f"{path} has {columns.count(name)} columns named {name}", hint=hint)
    return [columns.index(name) for name in names]


def no_value(place: str, found: str) -> FileError:
    """The error for a null where none may be."""
    return FileError(f"{place}: no value ({found})", hint="--nulls drop leaves such rows out")


def most_rows(width: int, most: int = ROWS) -> int:
    """Rows of a piece, at most, if a row is so many bytes."""
    return max(min(most, _PIECE // max(width, 1)), 1)


@contextmanager
def readable(place: object, format: str) -> Iterator[None]:
    """Tell what a library or the system says against a file."""
    try:
        yield
    except DAMAGE as error:
        if isinstance(error, OSError) and error.strerror and error.errno != errno.EINVAL:  # a damaged place in a file
            raise FileError(f"{place}: {error.strerror}") from None
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise FileError(f"{place}: not readable as {format}: {reason}") from None


def library(name: str) -> Any:
    """A module of PyArrow."""
    return errors.library(name, "this kind of file")
