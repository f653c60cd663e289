"""CSV files.

PyArrow reads the rows. From the first block on that it refuses, a careful pass reads them cell by cell, or names what
is wrong with its line. Where PyArrow is not installed, that pass reads all, and numbers are written without it.
"""

import csv
import gzip
import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from os import fsencode
from pathlib import Path
from typing import Any, BinaryIO

from gradcalc.data.formats.arrow import BatchWriter
from gradcalc.data.formats.format import LINE, NUMBER, Format, Reader, find, library, no_value, readable
from gradcalc.errors import FileError, installed

NULL_TEXTS = frozenset(("", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan"))
"""The cells that hold no number and are no mistake."""

_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20
"""Bytes that PyArrow parses at once."""
_ROWS = 1 << 13
"""Rows of a piece of the careful pass, at most."""
_UNDECODED = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f]")


class CsvReader(Reader):
    """A CSV file, perhaps packed by gzip; separated by commas, semicolons or tabs. A column that is kept is text."""

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all columns; `names` tell how the file is separated."""
        return _dialect(self.path, names).columns

    def count_rows(self) -> int | None:
        """About how many rows there are, judged by the first ones."""
        if _is_gzip(self.path):
            return None
        with self.path.open("rb") as file:
            head = file.read(_BLOCK)
        return self.path.stat().st_size * head.count(b"\n") // len(head)

    def pieces(self, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
        """By PyArrow as far as it goes, the rest cell by cell."""
        rows = _Rows(self.path, names, kept)
        read = 0
        if installed("pyarrow"):
            with suppress(ValueError):
                for piece in rows.fast():
                    yield piece
                    read += len(piece[0])
                if read:
                    return
        yield from rows.careful(read)

    def refuse_null(self, names: Sequence[str]) -> None:
        """Raise for the first null, with its line."""
        for _ in _Rows(self.path, names, ()).careful(nulls=False):
            pass


# how a file is written


@dataclass(frozen=True)
class _Dialect:
    """How a file is written: what separates its fields, its columns, and the byte where its rows begin."""

    delimiter: str
    columns: Sequence[str]
    start: int


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


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def _opened(path: Path) -> Any:
    """The file as bytes, unpacked."""
    return gzip.open(path) if _is_gzip(path) else path.open("rb")


def _records(path: Path, delimiter: str) -> Iterator[tuple[int, list[str], int]]:
    """Every record but blank lines: the line where it begins, its fields, the byte where it ends."""
    end = 0

    def counted(text: io.TextIOBase) -> Iterator[str]:
        nonlocal end
        for number, line in enumerate(iter(lambda: text.readline(LINE), ""), 1):
            if len(line) == LINE:
                raise FileError(f"{path}, line {number}: longer than {LINE:,} characters")
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


# the rows


class _Rows:
    """The rows of a file: of each the numbers in the columns `names`, and what the columns `kept` hold."""

    def __init__(self, path: Path, names: Sequence[str], kept: Sequence[str]) -> None:
        self.path, self.dialect = path, _dialect(path, names)
        self.where = find(path, self.dialect.columns, names)
        self.kept = find(path, self.dialect.columns, kept)

    def fast(self) -> Iterator[list[Any]]:
        """The pieces that PyArrow reads; a ValueError where it refuses one."""
        for batch in self._by_arrow():
            values = [batch.column(str(index)).to_numpy(zero_copy_only=False) for index in self.where]
            yield [*values, *(batch.column(str(index)) for index in self.kept)]

    def _by_arrow(self) -> Any:
        """PyArrow's reader; the columns go by their position, so that no name can surprise it."""
        arrow, arrow_csv = library("pyarrow"), library("pyarrow.csv")
        stream = arrow.OSFile(fsencode(self.path))
        if _is_gzip(self.path):
            stream = arrow.CompressedInputStream(stream, "gzip")
        stream.read(self.dialect.start)
        types = {str(index): arrow.string() for index in self.kept}
        types |= {str(index): arrow.float64() for index in self.where}
        positions = [str(index) for index in range(len(self.dialect.columns))]
        return arrow_csv.open_csv(
            stream,
            arrow_csv.ReadOptions(column_names=positions, block_size=_BLOCK),
            arrow_csv.ParseOptions(delimiter=self.dialect.delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(column_types=types, include_columns=list(types), null_values=sorted(NULL_TEXTS)),
        )

    def careful(self, skip: int = 0, *, nulls: bool = True) -> Iterator[list[Any]]:
        """The pieces after the first `skip` rows, cell by cell; without `nulls` one of them is an error."""
        import numpy as np

        rows = self._checked(skip, nulls)
        begun = skip > 0
        while (block := list(islice(rows, _ROWS))) or not begun:
            values = list(np.array([numbers for numbers, _ in block]).reshape(-1, len(self.where)).T.copy())
            texts = [[words[place] for _, words in block] for place in range(len(self.kept))]
            yield [*values, *(self._as_arrow(values, *column) for column in zip(self.kept, texts, strict=True))]
            begun = True

    def _as_arrow(self, values: Sequence[Any], index: int, texts: Sequence[str]) -> Any:
        """A column that is kept: its numbers, a null for each NaN, if they were read; else its texts."""
        arrow = library("pyarrow")
        if index in self.where:
            return arrow.array(values[self.where.index(index)], from_pandas=True)
        return arrow.array(texts, arrow.string())

    def _checked(self, skip: int, nulls: bool) -> Iterator[tuple[list[float], list[str]]]:
        """The numbers of every row and the texts that are kept; an error for what is no number."""
        width = len(self.dialect.columns)
        for line, fields, _ in islice(_records(self.path, self.dialect.delimiter), 1 + skip, None):
            if len(fields) != width:
                message = f"{self.path}, line {line}: the header names {width} columns, this line has {len(fields)}"
                raise FileError(message, hint="quote a field that contains the separator")
            numbers = []
            for index in self.where:
                number = _number(fields[index])
                if number is None or (math.isnan(number) and not nulls):
                    raise _cell_error(self.path, line, fields, index, self.dialect.columns[index])
                numbers.append(number)
            yield numbers, [fields[index] for index in self.kept]


def _number(text: str) -> float | None:
    """The double nearest to the number in a cell, NaN for a null, None for anything else."""
    text = text.strip()
    if text in NULL_TEXTS:
        return math.nan
    return float(text) if NUMBER.fullmatch(text) else None


def _cell_error(path: Path, line: int, fields: Sequence[str], index: int, name: str) -> FileError:
    """Why a cell of the record that begins at `line` cannot be used."""
    before = "".join(fields[:index]).replace("\r\n", "\n").replace("\r", "\n")
    place, text = f"{path}, line {line + before.count(chr(10))}, column {name}", fields[index].strip()
    if _UNDECODED.search(text):
        return _encoding_error(path, place)
    if _number(text) is not None:
        return no_value(place, repr(text) if text else "empty")
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


# written


class _CsvWriter(BatchWriter):
    """Numbers with all their digits; text is quoted where it must be."""

    streams = True

    def begin(self) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(self.types)
        return text.getvalue().encode()

    def append(self, columns: Sequence[Any], file: BinaryIO) -> None:
        if installed("pyarrow"):
            return super().append(columns, file)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(zip(*(column.tolist() for column in columns), strict=True))
        file.write(text.getvalue().encode())

    def put(self, batch: Any, file: BinaryIO) -> None:
        write, sink = library("pyarrow.csv"), library("pyarrow").BufferOutputStream()
        write.write_csv(batch, sink, write.WriteOptions(include_header=False))
        file.write(sink.getvalue())


CSV = Format("CSV", (".csv", ".tsv"), CsvReader, _CsvWriter, unwritten=(".tsv",))  # it is written with commas
