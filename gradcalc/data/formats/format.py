"""What a format of data files is: how its files are told, read and written. Imports errors.

A reader gives the columns of a file in pieces. A piece is a list of columns: arrays of doubles for those that a formula
names, in which a null is a NaN, then Arrow arrays for those that are kept. A writer appends pieces to a file; what was
appended stays right whatever comes later, so that a run that was cut goes on after its last whole piece.
"""

import errno
import re
import struct
import tokenize
import zipfile
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from itertools import pairwise
from os import PathLike, fsencode
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Literal, Protocol, Self, TypeVar

from gradcalc import errors
from gradcalc.errors import FileError, UsageError, did_you_mean
from gradcalc.settings import AS_USUAL, Reading

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

F = TypeVar("F", bound=Any)
T = TypeVar("T")

LINE = 1 << 24
"""Characters of a line of text, at most."""
NULL_TEXTS = frozenset(("", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan"))
"""The texts that hold no number and are no mistake."""
ROWS = 1 << 17
"""Rows of a piece, at most."""
_ARROW_ROOM = 650
"""Megabytes of addresses that PyArrow takes, with all else."""
_PIECE = 1 << 24
"""Bytes of a piece, about."""
EXACT = 2**53
"""Up to here every integer is a double."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE | re.ASCII)
"""A number as text."""
_CODECS = {"lzma": "LZMAError", "zstd": "ZstdError"}
"""The errors of what unpacks the members of a ZIP archive, by the modules of it that this Python has."""
DAMAGE: tuple[type[Exception], ...] = (
    *(OSError, ValueError, TypeError, LookupError, EOFError, MemoryError, RuntimeError),  # NotImplementedError too
    *(ArithmeticError, AttributeError, BufferError, SyntaxError, struct.error, tokenize.TokenError),
    *(zipfile.BadZipFile, zlib.error),
    *(getattr(getattr(zipfile, name), error) for name, error in _CODECS.items() if getattr(zipfile, name, None)),
)
"""What the libraries raise for a file that is broken."""


class Unread(FileError):
    """The system refuses to read a file; what was read says nothing."""


class Stat(Protocol):
    """What is known of a file, as `os.stat` tells it: its kind, its bytes, when it was changed."""

    @property
    def st_mode(self) -> int:
        """Its kind."""

    @property
    def st_size(self) -> int:
        """Its bytes."""

    @property
    def st_mtime_ns(self) -> int:
        """When it was changed, in nanoseconds."""


class Place(Protocol):
    """A file to read: a `Path` of this machine, or one that is elsewhere; as text, what messages call it.

    What is an `os.PathLike` too is on this machine.
    """

    @property
    def name(self) -> str:
        """Its name without folders."""

    @property
    def suffix(self) -> str:
        """What the name ends in, from the last dot on."""

    def stat(self) -> Stat:
        """What is known of it; an OSError or a FileError where it cannot be had."""

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """Its bytes."""


@dataclass(frozen=True)
class Extent:
    """How many rows a file has, and where some of them begin: pairs of a row, counted from 0, and its place."""

    rows: int
    places: Sequence[tuple[int, int]] = ()

    def before(self, row: int) -> tuple[int, int]:
        """The last row with a known place that is not behind `row`, and its place."""
        return self.places[max(bisect_right(self.places, (row, 1 << 63)) - 1, 0)]


class Reader:
    """Reads a file of some format; what it raises for a broken one is for `readable` to tell."""

    written: frozenset[str] = frozenset()
    """The fields of `Reading` that it heeds; an error where another is set."""

    def __init__(self, path: Place, how: Reading = AS_USUAL) -> None:
        self.path, self.how = path, how
        for each in fields(how):
            if each.name not in {*self.written, "rename"} and getattr(how, each.name) != each.default:
                flag = each.metadata["option"].spelling.split()[0].replace("--header", "--no-header")
                raise UsageError(f"{flag} is for files of text: {path} says itself how it is written")

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all columns; `names` are expected among them."""
        raise NotImplementedError

    def count_rows(self) -> int | None:
        """How many rows there are, about, where that is known beforehand."""
        return None

    def extent(self, names: Sequence[str]) -> Extent:
        """How many rows there are, to the row, found in one scan at most; `names` are expected among the columns."""
        return Extent(sum(len(piece[0]) for piece in self.pieces(names, ())))

    def pieces(self, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
        """The columns `names` as doubles and the columns `kept` as Arrow arrays; at least one piece."""
        return self.pieces_from(names, kept, 0, None)

    def pieces_from(
        self, names: Sequence[str], kept: Sequence[str], first: int, extent: Extent | None
    ) -> Iterator[list[Any]]:
        """The same from row `first` on, counted from 0; of this and `pieces` a format has one of its own.

        With what `extent` found, where it is known, less is read before that row.
        """
        return after(self.pieces(names, kept), first)

    def records(self) -> Iterator[Mapping[str, Any]]:
        """Every row with the exact values of all columns: text of a cell, an integer, a list; what is null is None."""
        names = self.column_names(())
        find(self.path, names, names)
        for piece in self.pieces((), names):
            for row in zip(*(column.to_pylist() for column in piece), strict=True):
                yield dict(zip(names, row, strict=True))

    def refuse_null(self, names: Sequence[str]) -> None:
        """Raise for the first null of the columns if its place has a better name than its row."""


class Writer:
    """Writes a file of some format: `begin`, then pieces, then `end` of a stream or `finish` of a file.

    Args:
        types: what each column holds, by name, in the order of the columns: an Arrow type, one of NumPy for
            numbers that are computed, None for doubles.
    """

    streams = False
    """Whether what was appended is complete with `end`, so that it can go where nothing can be gone back to."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        self.types = types

    def begin(self) -> bytes:
        """What stands before the first piece."""
        return b""

    def append(self, columns: Sequence[Any], file: BinaryIO) -> None:
        """Append a piece to a file: an array of doubles, or an Arrow array, for each column."""
        raise NotImplementedError

    def end(self) -> bytes:
        """What stands after the last piece of a stream."""
        return b""

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        """Make the file complete; where it is. `ends`: where each piece ends, after where the first begins."""
        return path

    def reopen(self, path: Path) -> None:
        """Undo what `finish` did to the pieces: the file could not be put in its place, and is gone on with later."""

    @classmethod
    def of(cls, path: Place, columns: Sequence[str]) -> Self:
        """A writer that goes on with the pieces of a complete file."""
        return cls(dict.fromkeys(columns))

    def pieces(self, path: Place, ends: Sequence[int]) -> Iterator[bytes]:
        """The pieces as they were appended, out of a complete file; `ends` as `finish` was told."""
        with path.open("rb") as file:
            for start, end in pairwise(ends):
                file.seek(start)
                yield file.read(end - start)


@dataclass(frozen=True)
class Format:
    """A format of data files.

    Attributes:
        name: what messages call it; in lower case what `--format` does.
        suffixes: of its files.
        reader, writer: what reads a file, what writes one.
        magic: what its files begin with, one of these; none of text.
        likely: what files of text begin with that nothing else tells.
        content: what such a file is said to hold, if not data of its name.
        unwritten: those of the suffixes that are only read.
        by_arrow: PyArrow alone reads and writes it.
        typed: it says what its columns hold; else all is text.
    """

    name: str
    suffixes: Sequence[str]
    reader: type[Reader]
    writer: type[Writer]
    magic: Sequence[bytes] = ()
    likely: Sequence[bytes] = ()
    content: str = ""
    unwritten: Sequence[str] = ()
    by_arrow: bool = False
    typed: bool = True


class NoColumnError(FileError):
    """A file lacks a column."""

    def __init__(self, path: Place, name: str, hint: str) -> None:
        super().__init__(f"{path} has no column {name}", hint=hint)
        self.name = name


def find(path: Place, columns: Sequence[str], names: Iterable[str]) -> list[int]:
    """Where each name stands among the columns of a file."""
    counts, places = Counter(columns), {name: place for place, name in enumerate(columns)}
    names = list(names)
    for name in names:
        if name not in places:
            near = did_you_mean(name, columns)
            shown = ", ".join(columns[:10]) + (", …" if len(columns) > 10 else "")
            hint = f"did you mean {near}?" if near else f"its columns: {shown}"
            if columns and all(map(NUMBER.fullmatch, columns)):
                hint = "the first line must name the columns"
            raise NoColumnError(path, name, hint)
        if counts[name] > 1:
            hint = "give each column a name of its own"
            raise FileError(f"{path} has {counts[name]} columns named {name}", hint=hint)
    return [places[name] for name in names]


def no_value(place: str, found: str) -> FileError:
    """The error for a null where none may be."""
    return FileError(f"{place}: no value ({found})", hint="--nulls drop leaves such rows out")


def as_doubles(place: str, integers: "np.ndarray[Any, Any]", first: int) -> "Array":
    """Integers as doubles; an error with the row of the first one that is none, of which `first` is the first row."""
    import numpy as np

    doubles = np.ascontiguousarray(integers, dtype=np.float64)
    wide = integers.dtype.kind in "iu" and integers.dtype.itemsize == 8 and len(integers)
    if wide and (int(integers.max()) > EXACT or int(integers.min()) < -EXACT):
        for row in np.flatnonzero(np.abs(doubles) >= EXACT):
            if int(doubles[row]) != int(integers[row]):
                raise no_double(f"{place}, row {first + int(row):,}", str(integers[row]))
    return doubles


def is_rounded(text: str) -> bool:
    """Whether a number as text is an integer, written out, and no double."""
    whole, _, rest = text.partition(".")
    return whole.lstrip("+-").isdecimal() and not rest.strip("0") and float(whole) != int(whole[:400])


def no_double(place: str, shown: str) -> FileError:
    """The error for an integer that a double can only be near to."""
    hint = "the column shifted or scaled, or as decimals (1.5e17), which stand for the nearest double"
    shown = shown if len(shown) <= 40 else f"{shown[:39]}…"
    return FileError(f"{place}: {shown} is an integer beyond 2^53 that no double holds", hint=hint)


def most_rows(width: int, most: int = ROWS) -> int:
    """Rows of a piece, at most, if a row is so many bytes."""
    return max(min(most, _PIECE // max(width, 1)), 1)


def after(pieces: Iterable[list[Any]], rows: int) -> Iterator[list[Any]]:
    """Pieces without their first rows."""
    for piece in pieces:
        left = min(rows, len(piece[0]))
        rows -= left
        yield [column[left:] for column in piece] if left else piece


def blocks(rows: Iterable[T], most: int, size: Callable[[T], int]) -> Iterator[list[T]]:
    """Rows in lists of at most so many, which are not too large; one that is empty if there is none."""
    held: list[T] = []
    begun, held_size = False, 0
    for row in rows:
        held.append(row)
        held_size += size(row)
        if len(held) == most or held_size >= _PIECE:
            yield held
            begun, held, held_size = True, [], 0
    if held or not begun:
        yield held


def cuts(sizes: "np.ndarray[Any, Any]", most: int) -> Iterator[tuple[int, int]]:
    """The first row of each piece and the one after its last, if rows have so many bytes; at least one piece."""
    ends, start = sizes.cumsum(), 0
    while start < len(ends) or start == 0:
        room = int(ends.searchsorted(_PIECE + (ends[start - 1] if start else 0)))
        stop = max(start + 1, min(room, start + most, len(ends)))
        yield start, min(stop, len(ends))
        start = stop


def row_bytes(array: Any) -> Any:
    """How many bytes each element of an array takes; None where it is no number and no text."""
    import numpy as np

    if library("pyarrow").types.is_primitive(array.type):
        return np.full(len(array), array.type.bit_width // 8)
    if is_text(array.type):
        return library("pyarrow.compute").binary_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    return None


def is_text(type: Any) -> bool:
    """Whether a column holds text, or bytes."""
    types = library("pyarrow").types
    tests = (types.is_string, types.is_binary, types.is_large_string, types.is_large_binary)
    return any(test(type) for test in tests)


def opened(path: Place) -> Any:
    """A file as PyArrow reads it."""
    arrow = library("pyarrow")
    return arrow.OSFile(fsencode(path), "rb") if isinstance(path, PathLike) else arrow.PythonFile(path.open("rb"), "r")


def expect(path: Place, ranges: Iterable[tuple[int, int]]) -> None:
    """Tell a file that is elsewhere which bytes of it are read next, from the first to the one after the last."""
    if told := getattr(path, "expect", None):
        told(ranges)


@contextmanager
def reading(file: F) -> Iterator[F]:
    """A file that is read: what goes wrong in closing it takes nothing from what was read, and may come too late."""
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()


@contextmanager
def readable(place: object, format: str) -> Iterator[None]:
    """Tell what a library or the system says against a file."""
    try:
        yield
    except DAMAGE as error:
        if errors.memory_limit() is not None and errors.short_of_memory(error):
            raise MemoryError(str(error)) from None  # without a limit it is the file that claims too much
        if isinstance(error, OSError) and error.strerror and error.errno != errno.EINVAL:  # a damaged place in a file
            raise Unread(f"{place}: {error.strerror}") from None
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise FileError(f"{place}: not readable as {format}: {reason}") from None


def has_arrow() -> bool:
    """Whether PyArrow can be used: short of addresses it ends the process."""
    return errors.installed("pyarrow") and errors.has_room(_ARROW_ROOM)


def library(name: str) -> Any:
    """A module of PyArrow."""
    errors.need_room(_ARROW_ROOM, "PyArrow")
    return errors.library(name, "this kind of file")
