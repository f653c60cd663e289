"""Data files as columns of doubles, batch by batch: CSV, Parquet, Arrow, NPZ, NPY. Imports errors.

Every format is a generator of batches; a null is a NaN in them. PyArrow (the `data` extra) reads CSV, Parquet and
Arrow. What it refuses in a CSV file, a second and careful pass reads cell by cell, or names with its line.
"""

import ast
import csv
import errno
import gzip
import io
import math
import mmap
import operator
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from os import PathLike, fsencode
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gradcalc.errors import FileError, UsageError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

NULL_TEXTS = frozenset(("", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan"))
"""The cells of a CSV file that hold no number and are no mistake."""

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
_TEXT_SUFFIXES = ("", ".txt", ".dat")
_MAGIC = {b"PAR1": "Parquet", b"ARROW1": "Arrow", b"\xff" * 4: "Arrow", b"PK\x03\x04": "NPZ", b"\x93NUMPY": "NPY"}
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20
"""Bytes of CSV that are parsed at once."""
_LINE = 1 << 24
"""Characters of a line of CSV or of the header of an array, at most."""
_BUFFER = 1 << 18
"""Bytes of a column of Parquet that are read at once."""
_CAREFUL_ROWS = 1 << 13
_ROWS, _TEXT_ROWS = 1 << 17, 1 << 14
"""Rows of a piece, at most: of numbers alone, and with text, which may be long."""
_PIECE = 1 << 24
"""Bytes of a piece, about."""
_MAPPED = 1 << 28
"""Bytes of an Arrow file that is mapped into memory instead of read."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE | re.ASCII)
_UNDECODED = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f]")
_DAMAGE = (
    *(OSError, ValueError, TypeError, LookupError, EOFError, MemoryError, RuntimeError),  # NotImplementedError too
    *(zipfile.BadZipFile, zlib.error),
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
    for values in _READERS[format](path, names, ()):
        missing = np.logical_or.reduce([np.isnan(column) for column in values])
        dropped = int(np.count_nonzero(missing))
        if dropped and nulls == "fail":
            raise _null_error(path, names, values, first, format)
        first += len(missing)
        yield Batch([column[~missing] for column in values] if dropped else values, dropped)


def read_pieces(path: Path, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
    """The columns `names` as doubles, then the columns `kept` as they are, as Arrow arrays; at least one piece.

    A null is NaN among the doubles. Of a CSV file a kept column is text, unless it is one of `names` too.
    """
    return _READERS[detect_format(path)](path, names, kept)


def column_names(path: Path, names: Sequence[str] = ()) -> list[str]:
    """The names of all columns of a file; `names` help to tell how a CSV file is separated."""
    format = detect_format(path)
    with readable(path, format):
        if format == "CSV":
            return list(_dialect(path, names).columns)
        if format in ("Parquet", "Arrow"):
            return list(_schema(path, format).names)
        if format == "NPZ":
            with zipfile.ZipFile(path) as archive:
                return _npz_names(path, archive)
        return list(_npy_header(path)[1].names)


def count_rows(path: Path) -> int | None:
    """How many rows a file has, where that is known beforehand; of a CSV file about as many."""
    format = detect_format(path)
    with readable(path, format):
        if format == "Parquet":
            with library("pyarrow").OSFile(fsencode(path)) as source:
                return int(library("pyarrow.parquet").read_metadata(source).num_rows)
        if format == "CSV" and not _is_gzip(path):
            with path.open("rb") as file:
                head = file.read(_BLOCK)
            return path.stat().st_size * head.count(b"\n") // len(head)
        return _npy_header(path)[0] if format == "NPY" else None


def detect_format(path: Path) -> str:
    """The format of a data file, by its suffix, or by its first bytes where the suffix says nothing."""
    with readable(path, "data"):
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise FileError(f"{path} is {'a directory' if stat.S_ISDIR(mode) else 'no regular file'}")
        with path.open("rb") as file:
            head = file.read(8)
    if not head:
        raise FileError(f"{path} is empty")
    suffix = path.suffix.lower()
    told = SUFFIXES.get(Path(path.stem).suffix.lower() if suffix == ".gz" else suffix)
    found = next((format for magic, format in _MAGIC.items() if head.startswith(magic)), None)
    if told and found and told != found:
        held = "a ZIP archive" if found == "NPZ" else f"{found} data"
        raise FileError(f"{path} is no {told} file: it holds {held}", hint="a suffix that says what the file is")
    if told not in (None, "CSV", found):
        raise FileError(f"{path} is no {told} file, or a damaged one")
    if told or found:
        return told or found or ""
    if suffix not in (*_TEXT_SUFFIXES, ".gz"):
        raise FileError(f"{path}: data is not read from {suffix}", hint=f"one of {' '.join(SUFFIXES)}")
    return "CSV"


@contextmanager
def readable(place: object, format: str) -> Iterator[None]:
    """Tell what a library or the system says against a file."""
    try:
        yield
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.strerror and error.errno != errno.EINVAL:  # a damaged place in a file
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


def library(name: str) -> Any:
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


def _csv_batches(path: Path, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
    """The rows by PyArrow; from the first block that it refuses on, cell by cell."""
    dialect = _dialect(path, names)
    read = 0
    with readable(path, "CSV"):
        where, held = _find(path, dialect.columns, names), _find(path, dialect.columns, kept)
        try:
            for batch in _csv_reader(path, where, [index for index in held if index not in where], dialect):
                values = [batch.column(str(index)).to_numpy(zero_copy_only=False) for index in where]
                yield [*values, *(batch.column(str(index)) for index in held)]
                read += len(values[0])
        except ValueError:
            yield from _careful_batches(path, names, dialect, kept, skip=read)
        else:
            if not read:
                yield from _careful_batches(path, names, dialect, kept)


def _csv_reader(path: Path, where: Sequence[int], texts: Sequence[int], dialect: _Dialect) -> Any:
    """PyArrow's reader of the rows; the columns go by their position, so that no name can surprise it."""
    arrow, arrow_csv = library("pyarrow"), library("pyarrow.csv")
    stream = arrow.OSFile(fsencode(path))
    if _is_gzip(path):
        stream = arrow.CompressedInputStream(stream, "gzip")
    stream.read(dialect.start)
    numbers, words = ([str(index) for index in chosen] for chosen in (where, texts))
    return arrow_csv.open_csv(
        stream,
        arrow_csv.ReadOptions(column_names=[str(index) for index in range(len(dialect.columns))], block_size=_BLOCK),
        arrow_csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(numbers, arrow.float64()) | dict.fromkeys(words, arrow.string()),
            include_columns=[*numbers, *words],
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

    def counted(text: io.TextIOBase) -> Iterator[str]:
        nonlocal end
        for number, line in enumerate(iter(lambda: text.readline(_LINE), ""), 1):
            if len(line) == _LINE:
                raise FileError(f"{path}, line {number}: longer than {_LINE:,} characters")
            end += len(line.encode("utf-8", "surrogateescape"))
            yield line.removeprefix("\ufeff") if number == 1 else line

    with (
        readable(path, "CSV"),
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
    path: Path, names: Sequence[str], dialect: _Dialect, kept: Sequence[str] = (), *, skip: int = 0, nulls: bool = True
) -> Iterator[list[Any]]:
    """The rows of a CSV file after the first `skip`, cell by cell; what is no number, or no value, is an error."""
    import numpy as np

    where, held = _find(path, dialect.columns, names), _find(path, dialect.columns, kept)
    rows = _careful_rows(path, where, held, dialect, skip, nulls)
    begun = skip > 0
    while (block := list(islice(rows, _CAREFUL_ROWS))) or not begun:
        values = list(np.array([row for row, _ in block]).reshape(-1, len(where)).T.copy())
        texts = [list(column) for column in zip(*(words for _, words in block), strict=True)] or [[] for _ in held]
        yield [*values, *(_kept(values, where, index, column) for index, column in zip(held, texts, strict=True))]
        begun = True


def _kept(values: Sequence["Array"], where: Sequence[int], index: int, texts: Sequence[str]) -> Any:
    """A column of a CSV file as an Arrow array: its numbers, a null for each NaN, or its texts."""
    arrow = library("pyarrow")
    if index in where:
        return arrow.array(values[where.index(index)], from_pandas=True)
    return arrow.array(texts, arrow.string())


def _careful_rows(
    path: Path, where: Sequence[int], held: Sequence[int], dialect: _Dialect, skip: int, nulls: bool
) -> Iterator[tuple[list[float], list[str]]]:
    """The numbers of every row and the texts that are kept."""
    width = len(dialect.columns)
    for line, fields, _ in islice(_records(path, dialect.delimiter), 1 + skip, None):
        if len(fields) != width:
            message = f"{path}, line {line}: the header names {width} columns, this line has {len(fields)}"
            raise FileError(message, hint="quote a field that contains the separator")
        row = [_number(fields[index]) for index in where]
        for index, value in zip(where, row, strict=True):
            if value is None or (math.isnan(value) and not nulls):
                raise _cell_error(path, line, fields, index, dialect.columns[index])
        yield row, [fields[index] for index in held]  # type: ignore[misc]


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


def _parquet_batches(path: Path, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
    parquet = library("pyarrow.parquet")
    with (
        readable(path, "Parquet"),
        library("pyarrow").OSFile(fsencode(path)) as source,
        parquet.ParquetFile(source, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True) as file,
    ):
        _number_fields(path, file.schema_arrow, names)
        _find(path, file.schema_arrow.names, kept)
        wanted = list(dict.fromkeys((*names, *kept)))
        batches = (
            batch
            for groups, rows in _row_groups(file.metadata, _most_arrow_rows(file.schema_arrow, names, kept))
            for batch in file.iter_batches(rows, groups, wanted, use_threads=False)
        )
        yield from _arrow_pieces(batches, file.schema_arrow, names, kept)


def _row_groups(metadata: Any, most: int) -> Iterator[tuple[list[int], int]]:
    """Row groups that are read in one go, and how many of their rows at once: at most `most`, fewer of long texts.

    PyArrow holds what it read of row groups until the last is done; its threads would hold all of one, however large.
    """
    groups: list[int] = []
    rows = size = 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        groups, rows, size = [*groups, index], rows + group.num_rows, size + group.total_byte_size
        if rows >= _ROWS or index == metadata.num_row_groups - 1:
            yield groups, most if most > _TEXT_ROWS else _most_rows(size // max(rows, 1), most)
            groups, rows, size = [], 0, 0


def _most_rows(width: int, most: int = _ROWS) -> int:
    """Rows of a piece, at most, if a row is so many bytes."""
    return max(min(most, _PIECE // max(width, 1)), 1)


def _most_arrow_rows(schema: Any, names: Sequence[str], kept: Sequence[str]) -> int:
    """Rows of a piece, at most: fewer where a column that is kept holds what may be long."""
    primitive = library("pyarrow").types.is_primitive
    plain = all(primitive(schema.field(name).type) for name in kept)
    return _most_rows(8 * (len(names) + len(kept)), _ROWS if plain else _TEXT_ROWS)


def _arrow_batches(path: Path, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
    """Both of Arrow's forms: the file, and the stream, which has no magic of its own."""
    ipc = library("pyarrow.ipc")
    with readable(path, "Arrow"):
        source, forget = _arrow_source(path)
        schema, count = _arrow_head(source)
        where = {*_number_fields(path, schema, names), *_find(path, schema.names, kept)}
        reader = ipc.open_stream(source, options=ipc.IpcReadOptions(included_fields=sorted(where)))
        for piece in _arrow_pieces(reader, schema, names, kept):
            yield piece
            forget()
        if count is not None and reader.stats.num_record_batches != count:
            raise ValueError(f"it has {reader.stats.num_record_batches} batches of {count}")


def _arrow_head(source: Any) -> tuple[Any, int | None]:
    """The columns of an Arrow file, and how many batches its footer tells of; what comes next is a stream.

    A file is a stream between a mark and a footer. As such it is read: what reads files by the footer copies them.
    """
    ipc = library("pyarrow.ipc")
    is_file = source.read(6) == b"ARROW1"
    source.seek(0)
    reader = (ipc.open_file if is_file else ipc.open_stream)(source)
    source.seek(8 if is_file else 0)
    return reader.schema, reader.num_record_batches if is_file else None


def _arrow_source(path: Path) -> tuple[Any, Callable[[], None]]:
    """What reads an Arrow file, and what lets go of the pages read so far: one batch may be all of a large file.

    Only what is compressed has to be in memory batch by batch.
    """
    arrow = library("pyarrow")
    if hasattr(mmap, "MADV_DONTNEED") and path.stat().st_size > _MAPPED:
        with suppress(OSError), path.open("rb") as file:  # it may be larger than the addresses that are allowed
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            return arrow.BufferReader(mapped), lambda: mapped.madvise(mmap.MADV_DONTNEED)
    return arrow.OSFile(fsencode(path)), lambda: None


def _schema(path: Path, format: str) -> Any:
    """The columns of a Parquet or Arrow file, with their types."""
    with readable(path, format), library("pyarrow").OSFile(fsencode(path)) as source:
        if format == "Parquet":
            return library("pyarrow.parquet").read_schema(source)
        return _arrow_head(source)[0]


def _arrow_pieces(
    batches: Iterable[Any], schema: Any, names: Sequence[str], kept: Sequence[str]
) -> Iterator[list[Any]]:
    """The columns of Arrow's batches, in pieces that are not too long; an empty one where there is none."""
    begun, most = False, _most_arrow_rows(schema, names, kept)
    for batch in batches:
        for start in range(0, max(len(batch), 1), most):
            part, begun = batch.slice(start, most), True
            yield [
                *(_doubles(part.column(name)) for name in names),
                *(_plain_arrow(part.column(name)) for name in kept),
            ]
    if not begun:
        yield from _arrow_pieces([_empty(schema)], schema, names, kept)


def _empty(schema: Any) -> Any:
    """A batch without rows."""
    arrow = library("pyarrow")
    return arrow.record_batch([arrow.array([], field.type) for field in schema], schema=schema)


def _plain_arrow(array: Any) -> Any:
    """An Arrow array that is safe to hand on, its dictionary replaced by what it stands for."""
    array.validate(full=True)  # a damaged file must not be followed out of its memory
    return array.dictionary_decode() if library("pyarrow").types.is_dictionary(array.type) else array


def _number_fields(path: Path, schema: Any, names: Sequence[str]) -> list[int]:
    """Where the columns stand in an Arrow schema; an error if one does not hold numbers."""
    types = library("pyarrow").types
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

    arrow = library("pyarrow")
    coded = arrow.types.is_dictionary(array.type)
    array.validate(full=coded)  # a damaged file must not be followed out of its memory
    array = array.dictionary_decode() if coded else array
    if arrow.types.is_decimal(array.type):
        array = array.cast(arrow.string())  # Arrow's own cast to doubles is off by a last bit now and then
    if not arrow.types.is_floating(array.type):
        array = array.cast(arrow.float64(), safe=False)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


# NumPy's formats


def _npz_batches(path: Path, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
    """All columns side by side, each unpacked as far as a piece needs."""
    with readable(path, "NPZ"), zipfile.ZipFile(path) as archive, ExitStack() as stack:
        columns = _npz_names(path, archive)
        wanted = list(dict.fromkeys((*names, *kept)))
        most = _most_rows(8 * len(wanted))
        _find(path, columns, wanted)
        opened = {name: _npz_column(path, name, archive, stack) for name in wanted}
        rows = opened[names[0]][0]
        for name, (length, _) in opened.items():
            if length != rows:
                raise FileError(f"{path}: the columns differ in length: {names[0]} has {rows} rows, {name} {length}")
        for start in range(0, max(rows, 1), most):
            parts = {name: read(min(most, rows - start)) for name, (_, read) in opened.items()}
            yield _numpy_piece(path, parts, names, kept)


def _npz_names(path: Path, archive: zipfile.ZipFile) -> list[str]:
    columns = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    if not columns:
        raise FileError(f"{path} is a ZIP archive without NumPy arrays", hint=f"one of {' '.join(SUFFIXES)}")
    return columns


def _npz_column(path: Path, name: str, archive: zipfile.ZipFile, stack: ExitStack) -> tuple[int, Callable[[int], Any]]:
    """How many rows a column has, and what reads the next of them."""
    import numpy as np

    place = f"{path}, column {name}"
    with readable(place, "numbers"):
        file = stack.enter_context(archive.open(f"{name}.npy"))
        shape, dtype = _read_header(file)
    _check_plain(path, name, shape, dtype)

    def read(rows: int) -> Any:
        with readable(place, "numbers"):
            data = file.read(rows * dtype.itemsize)
            if len(data) < rows * dtype.itemsize:
                raise ValueError("it ends before its last row")
            return np.frombuffer(data, dtype)

    return shape[0], read


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], Any]:
    """The shape and the type of an array of NumPy that comes next; see numpy.lib.format."""
    from numpy.lib.format import descr_to_dtype

    head = file.read(8)
    if head[:6] != b"\x93NUMPY" or head[6] not in (1, 2, 3):
        raise ValueError("not an array of NumPy")
    size = int.from_bytes(file.read(2 if head[6] == 1 else 4), "little")
    text = file.read(min(size, _LINE))
    try:
        told = ast.literal_eval(text.decode("utf-8" if head[6] == 3 else "latin-1").strip())
        return tuple(operator.index(length) for length in told["shape"]), descr_to_dtype(told["descr"])
    except (SyntaxError, *_DAMAGE):
        raise ValueError("its header is damaged") from None


def _npy_header(path: Path) -> tuple[int, Any, int]:
    """The rows of an NPY file, its type, and the byte where its rows begin."""
    with readable(path, "NPY"), path.open("rb") as file:
        shape, dtype = _read_header(file)
        if dtype.names is None:
            raise FileError(f"{path}: its columns have no names", hint="numpy.savez('points.npz', x=..., y=...)")
        if len(shape) != 1:
            raise FileError(f"{path}: its shape is {shape}, a table has one dimension")
        if path.stat().st_size < file.tell() + shape[0] * dtype.itemsize:
            raise FileError(f"{path}: not readable as NPY: it ends before its last row")
        return shape[0], dtype, file.tell()


def _npy_batches(path: Path, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
    import numpy as np

    rows, dtype, start = _npy_header(path)
    wanted = list(dict.fromkeys((*names, *kept)))
    _find(path, dtype.names, wanted)
    for name in wanted:
        _check_plain(path, name, (rows, *dtype[name].shape), dtype[name].base)
    with readable(path, "NPY"), path.open("rb") as file:
        file.seek(start)
        most = _most_rows(dtype.itemsize)
        for first in range(0, max(rows, 1), most):
            part = np.fromfile(file, dtype, min(most, rows - first))
            if len(part) < min(most, rows - first):
                raise ValueError("it ends before its last row")
            yield _numpy_piece(path, {name: part[name] for name in wanted}, names, kept)


def _numpy_piece(path: Path, parts: Mapping[str, Any], names: Sequence[str], kept: Sequence[str]) -> list[Any]:
    """Some rows of columns as doubles, and those kept as Arrow arrays."""
    import numpy as np

    piece: list[Any] = [np.ascontiguousarray(parts[name], dtype=np.float64) for name in names]
    for name in kept:
        part = parts[name]
        piece.append(library("pyarrow").array(np.ascontiguousarray(part, part.dtype.newbyteorder("="))))
    return piece


def _check_plain(path: Path, name: str, shape: Sequence[int], dtype: Any) -> None:
    """Raise if an array of a NumPy file is no column of numbers."""
    if len(shape) != 1:
        raise FileError(f"{path}, column {name}: its shape is {tuple(shape)}, a column has one dimension")
    if dtype.kind not in "biuf":
        raise FileError(f"{path}, column {name}: holds {dtype}, not numbers")


_READERS: Mapping[str, Callable[[Path, Sequence[str], Sequence[str]], Iterator[list[Any]]]] = {
    "CSV": _csv_batches,
    "Parquet": _parquet_batches,
    "Arrow": _arrow_batches,
    "NPZ": _npz_batches,
    "NPY": _npy_batches,
}
