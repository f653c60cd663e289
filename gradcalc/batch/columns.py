"""Data files as columns of doubles, batch by batch: CSV, Parquet, Arrow, NPZ, NPY. Imports errors.

Every format is a generator of batches; a null is a NaN in them. PyArrow (the `data` extra) reads CSV, Parquet and
Arrow. What it refuses in a CSV file, a second and careful pass reads cell by cell, or names with its line.
"""

import csv
import gzip
import io
import math
import re
import stat
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from os import PathLike, fsencode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcalc.errors import FileError, UsageError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

NULL_TEXTS = frozenset(("", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan"))
"""The cells of a CSV file that hold no number and are no mistake."""

_SUFFIXES = {
    ".csv": "CSV",
    ".tsv": "CSV",
    ".parquet": "Parquet",
    ".arrow": "Arrow",
    ".feather": "Arrow",
    ".ipc": "Arrow",
    ".npz": "NPZ",
    ".npy": "NPY",
}
_TEXT_SUFFIXES = ("", ".txt", ".dat")
_MAGIC = {b"PAR1": "Parquet", b"ARROW1": "Arrow", b"\xff" * 4: "Arrow", b"PK\x03\x04": "NPZ", b"\x93NUMPY": "NPY"}
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20
"""Bytes of CSV that are parsed at once."""
_CAREFUL_ROWS = 1 << 16
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE | re.ASCII)
_UNDECODED = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f]")
_DAMAGE = (
    *(OSError, ValueError, TypeError, KeyError, EOFError, MemoryError, RuntimeError),  # NotImplementedError too
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError),
)
"""What the libraries raise for a file that is broken."""


@dataclass(frozen=True)
class Columns:
    """The columns of a file: `values` holds one contiguous array of `rows` doubles per name.

    `dropped` counts the rows that were left out because a column held a null there.
    """

    path: Path
    rows: int
    values: Mapping[str, "Array"]
    dropped: int


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: an array of doubles per name, in the order asked, and how many rows were left out."""

    values: Sequence["Array"]
    dropped: int


def read_columns(path: str | PathLike[str], names: Iterable[str], *, nulls: str = "fail") -> Columns:
    """The named columns of a data file.

    nulls: what to do with a row that holds a null, an empty cell or a NaN in one of them: "fail" or "drop".
    Raises FileError with the line (CSV) or the row, and the column: a column is missing or named twice, a cell is no
    number, columns differ in length, no row is left, the file is broken or of another format.
    """
    import numpy as np

    path, names = Path(path), list(dict.fromkeys(names))
    chunks: dict[str, list[Array]] = {name: [] for name in names}
    dropped = 0
    for batch in read_batches(path, names, nulls=nulls):
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


def read_batches(path: Path, names: Sequence[str], *, nulls: str = "fail") -> Iterator[Batch]:
    """The named columns of a data file in pieces; as `read_columns`, but a file without rows is no error."""
    import numpy as np

    if nulls not in ("fail", "drop"):
        raise UsageError(f"nulls must be fail or drop, not {nulls!r}")
    if not names:
        raise UsageError(f"the formula names no column of {path}", hint="a name that has no value in --at or --let")
    format = detect_format(path)
    first = 0
    for values in _READERS[format](path, names):
        missing = np.logical_or.reduce([np.isnan(column) for column in values])
        dropped = int(np.count_nonzero(missing))
        if dropped and nulls == "fail":
            raise _null_error(path, names, values, first, format)
        first += len(missing)
        yield Batch([column[~missing] for column in values] if dropped else values, dropped)


def detect_format(path: Path) -> str:
    """The format of a data file, by its suffix, or by its first bytes where the suffix says nothing."""
    with _readable(path, "data"):
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise FileError(f"{path} is {'a directory' if stat.S_ISDIR(mode) else 'no regular file'}")
        with path.open("rb") as file:
            head = file.read(8)
    if not head:
        raise FileError(f"{path} is empty")
    suffix = path.suffix.lower()
    told = _SUFFIXES.get(Path(path.stem).suffix.lower() if suffix == ".gz" else suffix)
    found = next((format for magic, format in _MAGIC.items() if head.startswith(magic)), None)
    if told and found and told != found:
        held = "a ZIP archive" if found == "NPZ" else f"{found} data"
        raise FileError(f"{path} is no {told} file: it holds {held}", hint="a suffix that says what the file is")
    if told not in (None, "CSV", found):
        raise FileError(f"{path} is no {told} file, or a damaged one")
    if told or found:
        return told or found or ""
    if suffix not in (*_TEXT_SUFFIXES, ".gz"):
        raise FileError(f"{path}: data is not read from {suffix}", hint=f"one of {' '.join(_SUFFIXES)}")
    return "CSV"


@contextmanager
def _readable(place: object, format: str) -> Iterator[None]:
    """Tell what a library or the system says against a file."""
    try:
        yield
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.strerror:
            raise FileError(f"{place}: {error.strerror}") from None
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise FileError(f"{place}: not readable as {format}: {reason}") from None


def _find(path: Path, columns: Sequence[str], names: Iterable[str]) -> list[int]:
    """Where each name stands among the columns of a file."""
    for name in names:
        if name not in columns:
            near = did_you_mean(name, columns)
            shown = ", ".join(columns[:10]) + (", …" if len(columns) > 10 else "")
            hint = f"did you mean {near}?" if near else f"its columns: {shown}"
            if columns and all(map(_NUMBER.fullmatch, columns)):
                hint = "the first line must name the columns"
            raise FileError(f"{path} has no column {name}", hint=hint)
        if columns.count(name) > 1:
            raise FileError(
                f"{path} has {columns.count(name)} columns named {name}", hint="give each column a name of its own"
            )
    return [columns.index(name) for name in names]


def _null_error(path: Path, names: Sequence[str], values: Sequence["Array"], first: int, format: str) -> FileError:
    """The error for the first null of a batch that begins at row `first`."""
    import numpy as np

    if format == "CSV":
        for _ in _careful_batches(path, names, _dialect(path, names), nulls=False):
            pass  # it raises, with the line
    rows = [int(np.argmax(np.isnan(column))) if np.isnan(column).any() else len(column) for column in values]
    return _no_value(f"{path}, row {first + min(rows) + 1}, column {names[rows.index(min(rows))]}", "null or NaN")


def _no_value(place: str, found: str) -> FileError:
    return FileError(f"{place}: no value ({found})", hint="--nulls drop leaves such rows out")


def _library(name: str) -> Any:
    """A module of PyArrow."""
    try:
        return import_module(name)
    except ImportError:
        raise FileError("reading this file needs PyArrow", hint='pip install "gradcalc[data]"') from None


# CSV


@dataclass(frozen=True)
class _Dialect:
    """How a CSV file is written: what separates its fields, its columns, and the byte where its rows begin."""

    delimiter: str
    columns: Sequence[str]
    start: int


def _csv_batches(path: Path, names: Sequence[str]) -> Iterator[list["Array"]]:
    """The rows by PyArrow; from the first block that it refuses on, cell by cell."""
    dialect = _dialect(path, names)
    read = 0
    with _readable(path, "CSV"):
        try:
            for batch in _csv_reader(path, _find(path, dialect.columns, names), dialect):
                values = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
                yield values
                read += len(values[0])
        except ValueError:
            yield from _careful_batches(path, names, dialect, skip=read)


def _csv_reader(path: Path, where: Sequence[int], dialect: _Dialect) -> Any:
    """PyArrow's reader of the rows; the columns go by their position, so that no name can surprise it."""
    arrow, arrow_csv = _library("pyarrow"), _library("pyarrow.csv")
    stream = arrow.OSFile(fsencode(path))
    if _is_gzip(path):
        stream = arrow.CompressedInputStream(stream, "gzip")
    stream.read(dialect.start)
    wanted = [str(index) for index in where]
    return arrow_csv.open_csv(
        stream,
        arrow_csv.ReadOptions(column_names=[str(index) for index in range(len(dialect.columns))], block_size=_BLOCK),
        arrow_csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, arrow.float64()),
            include_columns=wanted,
            null_values=sorted(NULL_TEXTS),
        ),
    )


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def _opened(path: Path) -> Any:
    """A file of bytes, unpacked."""
    return gzip.open(path) if _is_gzip(path) else path.open("rb")


def _dialect(path: Path, names: Sequence[str]) -> _Dialect:
    """The dialect that finds most of the names in the header, and of these the one that finds most columns."""
    found, failures = [], []
    for delimiter in ",;\t":
        try:
            _, header, start = next(_records(path, delimiter), (1, [], 0))
            found.append(_Dialect(delimiter, [name.strip() for name in header], start))
        except FileError as failure:
            failures.append(failure)
    if not found:
        raise failures[0]
    best = max(found, key=lambda dialect: (len(set(names) & set(dialect.columns)), len(dialect.columns)))
    heading = "".join(best.columns)
    if not heading:
        raise FileError(f"{path} is empty")
    if _UNDECODED.search(heading):
        raise _encoding_error(path, f"{path}, line 1")
    if _CONTROL.search(heading):
        raise FileError(f"{path}: not readable as CSV: its first line is no text")
    return best


def _records(path: Path, delimiter: str) -> Iterator[tuple[int, list[str], int]]:
    """Every record but blank lines: the line where it begins, its fields, the byte where it ends."""
    end = 0

    def counted(text: Iterable[str]) -> Iterator[str]:
        nonlocal end
        for line in text:
            mark, end = not end, end + len(line.encode("utf-8", "surrogateescape"))
            yield line.removeprefix("\ufeff") if mark else line

    with (
        _readable(path, "CSV"),
        _opened(path) as file,
        io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="") as text,
    ):
        reader = csv.reader(counted(text), delimiter=delimiter, strict=True)
        line = 1
        while True:
            try:
                fields = next(reader, None)
            except csv.Error as error:
                hint = 'close the quotation mark; one inside a quoted field is written twice: ""'
                raise FileError(f"{path}, line {line}: not readable as CSV: {error}", hint=hint) from None
            if fields is None:
                return
            if fields:
                yield line, fields, end
            line = reader.line_num + 1


def _careful_batches(
    path: Path, names: Sequence[str], dialect: _Dialect, *, skip: int = 0, nulls: bool = True
) -> Iterator[list["Array"]]:
    """The rows of a CSV file after the first `skip`, cell by cell; what is no number, or no value, is an error."""
    import numpy as np

    where = _find(path, dialect.columns, names)
    rows = _careful_rows(path, where, dialect, skip, nulls)
    while block := list(islice(rows, _CAREFUL_ROWS)):
        yield list(np.array(block).T.copy())


def _careful_rows(path: Path, where: Sequence[int], dialect: _Dialect, skip: int, nulls: bool) -> Iterator[list[float]]:
    width = len(dialect.columns)
    for line, fields, _ in islice(_records(path, dialect.delimiter), 1 + skip, None):
        if len(fields) != width:
            message = f"{path}, line {line}: the header names {width} columns, this line has {len(fields)}"
            raise FileError(message, hint="quote a field that contains the separator")
        row = [_number(fields[index]) for index in where]
        for index, value in zip(where, row, strict=True):
            if value is None or (math.isnan(value) and not nulls):
                raise _cell_error(path, line, fields, index, dialect.columns[index])
        yield row  # type: ignore[misc]


def _number(text: str) -> float | None:
    """The double nearest to the number in a cell, NaN for a null, None for anything else."""
    text = text.strip()
    if text in NULL_TEXTS:
        return math.nan
    return float(text) if _NUMBER.fullmatch(text) else None


def _cell_error(path: Path, line: int, fields: Sequence[str], index: int, name: str) -> FileError:
    """Why a cell of the record that begins at `line` cannot be used."""
    before = "".join(fields[:index]).replace("\r\n", "\n").replace("\r", "\n")
    place, text = f"{path}, line {line + before.count(chr(10))}, column {name}", fields[index].strip()
    if _UNDECODED.search(text):
        return _encoding_error(path, place)
    if _number(text) is not None:
        return _no_value(place, repr(text) if text else "empty")
    shown = repr(text if len(text) <= 40 else text[:39] + "…")
    comma = re.fullmatch(r"[+-]?\d+,\d+", text)
    return FileError(f"{place}: {shown} is no number", hint=text.replace(",", ".") if comma else None)


def _encoding_error(path: Path, place: str) -> FileError:
    """The error for text that is not UTF-8; it names the first byte of the file that is not."""
    offset = 0
    with _opened(path) as file:
        for line in file:
            try:
                offset += len(line.decode().encode())
            except UnicodeDecodeError as error:
                offset += error.start
                break
    return FileError(f"{place}: not UTF-8 (byte {offset} of the file)", hint="save the file as UTF-8")


# Parquet and Arrow


def _parquet_batches(path: Path, names: Sequence[str]) -> Iterator[list["Array"]]:
    parquet = _library("pyarrow.parquet")
    with (
        _readable(path, "Parquet"),
        _library("pyarrow").OSFile(fsencode(path)) as source,
        parquet.ParquetFile(source) as file,
    ):
        _number_fields(path, file.schema_arrow, names)
        for batch in file.iter_batches(columns=list(names)):
            yield [_doubles(batch.column(name)) for name in names]


def _arrow_batches(path: Path, names: Sequence[str]) -> Iterator[list["Array"]]:
    """Both of Arrow's forms: the file, and the stream, which has no magic of its own."""
    ipc = _library("pyarrow.ipc")
    with _readable(path, "Arrow"), _library("pyarrow").OSFile(fsencode(path)) as source:
        is_file = source.read(6) == b"ARROW1"
        opened = ipc.open_file if is_file else ipc.open_stream
        source.seek(0)
        where = _number_fields(path, opened(source).schema, names)
        source.seek(0)
        reader = opened(source, options=ipc.IpcReadOptions(included_fields=where))
        for batch in map(reader.get_batch, range(reader.num_record_batches)) if is_file else reader:
            yield [_doubles(batch.column(name)) for name in names]


def _number_fields(path: Path, schema: Any, names: Sequence[str]) -> list[int]:
    """Where the columns stand in an Arrow schema; an error if one does not hold numbers."""
    types = _library("pyarrow").types
    where = _find(path, schema.names, names)
    for name, index in zip(names, where, strict=True):
        type = schema.field(index).type
        type = type.value_type if types.is_dictionary(type) else type
        tests = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
        if not any(test(type) for test in tests):
            raise FileError(f"{path}, column {name}: holds {type}, not numbers")
    return where


def _doubles(array: Any) -> "Array":
    """An Arrow array of numbers as doubles, the nearest ones; a null is NaN."""
    import numpy as np

    arrow = _library("pyarrow")
    coded = arrow.types.is_dictionary(array.type)
    array.validate(full=coded)  # a damaged file must not be followed out of its memory
    array = array.dictionary_decode() if coded else array
    if arrow.types.is_decimal(array.type):
        array = array.cast(arrow.string())  # Arrow's own cast to doubles is off by a last bit now and then
    if not arrow.types.is_floating(array.type):
        array = array.cast(arrow.float64(), safe=False)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


# NumPy's formats


def _npz_batches(path: Path, names: Sequence[str]) -> Iterator[list["Array"]]:
    from numpy.lib.format import read_array

    values = []
    with _readable(path, "NPZ"), zipfile.ZipFile(path) as archive:
        columns = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        if not columns:
            raise FileError(f"{path} is a ZIP archive without NumPy arrays", hint=f"one of {' '.join(_SUFFIXES)}")
        _find(path, columns, names)
        for name in names:
            with _readable(f"{path}, column {name}", "numbers"), archive.open(f"{name}.npy") as file:
                values.append(_plain(path, name, read_array(file, allow_pickle=False)))
    for name, column in zip(names, values, strict=True):
        if len(column) != len(values[0]):
            lengths = f"{names[0]} has {len(values[0])} rows, {name} {len(column)}"
            raise FileError(f"{path}: the columns differ in length: {lengths}")
    yield values


def _npy_batches(path: Path, names: Sequence[str]) -> Iterator[list["Array"]]:
    from numpy.lib.format import open_memmap

    with _readable(path, "NPY"):
        array = open_memmap(path, mode="r")
    columns = array.dtype.names
    if columns is None:
        raise FileError(f"{path}: its columns have no names", hint="numpy.savez('points.npz', x=..., y=...)")
    _find(path, columns, names)
    yield [_plain(path, name, array[name]) for name in names]


def _plain(path: Path, name: str, array: Any) -> "Array":
    """An array of a NumPy file as a column."""
    import numpy as np

    if array.ndim != 1:
        raise FileError(f"{path}, column {name}: its shape is {array.shape}, a column has one dimension")
    if array.dtype.kind not in "biuf":
        raise FileError(f"{path}, column {name}: holds {array.dtype}, not numbers")
    return np.ascontiguousarray(array, dtype=np.float64)


_READERS: Mapping[str, Callable[[Path, Sequence[str]], Iterator[list["Array"]]]] = {
    "CSV": _csv_batches,
    "Parquet": _parquet_batches,
    "Arrow": _arrow_batches,
    "NPZ": _npz_batches,
    "NPY": _npy_batches,
}
