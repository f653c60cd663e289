"""CSV files.

PyArrow reads the rows. From the first block on that it refuses, a careful pass reads them cell by cell, or names what
is wrong with its line. Where PyArrow is not installed, that pass reads all, and numbers are written without it.
"""

import csv
import io
import math
import random
import re
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from threading import Thread
from typing import Any, BinaryIO

from gradcalc.data.formats.arrow import BatchWriter
from gradcalc.data.formats.format import (
    EXACT,
    LINE,
    NULL_TEXTS,
    NUMBER,
    Extent,
    Format,
    Place,
    Reader,
    Unread,
    after,
    blocks,
    find,
    has_arrow,
    is_rounded,
    library,
    no_double,
    no_value,
    readable,
)  # fmt: skip
from gradcalc.data.formats.scan import EVERY, scanned
from gradcalc.data.formats.text import (
    as_utf8,
    decoded,
    encoding_error,
    encoding_of,
    is_gzip,
    lines,
    pass_over,
    unpacked,
)  # fmt: skip
from gradcalc.errors import FileError, UsageError
from gradcalc.settings import Reading

_BLOCK = 1 << 20
"""Bytes that PyArrow parses at once."""
_ROWS = 1 << 13
"""Rows of a piece of the careful pass, at most."""
_UNDECODED = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f]")
_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
"""A number with a decimal comma."""


class CsvReader(Reader):
    """A CSV file, perhaps packed by gzip; separated by commas, semicolons or tabs. A column that is kept is text."""

    written = frozenset(Reading.__dataclass_fields__)

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all columns; `names` tell how the file is separated."""
        return _dialect(self.path, names, self.how).columns

    def count_rows(self) -> int | None:
        """About how many rows there are, judged by the first ones."""
        if is_gzip(self.path):
            return None
        with self.path.open("rb") as file:
            head = file.read(_BLOCK)
        return self.path.stat().st_size * head.count(b"\n") // len(head)

    def extent(self, names: Sequence[str]) -> Extent:
        """By the ends of lines as far as they tell where rows end, else record by record."""
        dialect = _dialect(self.path, names, self.how)
        found = None
        if dialect.encoding == "utf-8":
            with unpacked(self.path) as file:
                found = scanned(file, dialect.start, dialect.delimiter, self.how.comment, _BLOCK)
        return found or _counted(self.path, dialect, self.how)

    def pieces_from(
        self, names: Sequence[str], kept: Sequence[str], first: int, extent: Extent | None
    ) -> Iterator[list[Any]]:
        """By PyArrow as far as it goes, the rest cell by cell."""
        rows = _Rows(self.path, names, kept, self.how)
        known, place = extent.before(first) if extent and extent.places else (0, rows.dialect.start)
        read = 0
        if has_arrow() and names:
            with suppress(ValueError):
                for piece in after(rows.fast(place), first - known):
                    yield piece
                    read += len(piece[0])
                if read:
                    return
        yield from rows.careful(first + read)

    def records(self) -> Iterator[Mapping[str, Any]]:
        """The text of every cell; a decimal comma has become a point."""
        columns = self.column_names(())
        find(self.path, columns, columns)
        if not all(columns):
            raise FileError(f"{self.path}: the first line must name every column")
        for line, fields in _Rows(self.path, columns, (), self.how).fields():
            for name, field in zip(columns, fields, strict=True):
                if field.strip() in NULL_TEXTS.union(self.how.missing):
                    raise FileError(f"{self.path}, line {line}: no value for {name}")
                if _UNDECODED.search(field):
                    raise encoding_error(self.path, f"{self.path}, line {line}, column {name}", "utf-8")
            if self.how.decimal_comma:
                fields = [f.replace(",", ".") if _COMMA.fullmatch(f.strip()) else f for f in fields]
            yield dict(zip(columns, fields, strict=True))

    def refuse_null(self, names: Sequence[str]) -> None:
        """Raise for the first null, with its line."""
        for _ in _Rows(self.path, names, (), self.how).careful(nulls=False):
            pass


# how a file is written


@dataclass(frozen=True)
class _Dialect:
    """How a file is written: what separates its fields, its columns, the byte of its UTF-8 where its rows begin."""

    delimiter: str
    columns: Sequence[str]
    start: int
    encoding: str


def _dialect(path: Place, names: Sequence[str], how: Reading) -> _Dialect:
    """The dialect that finds most of the names in the header, and of these the one that finds most columns."""
    if how.comment is not None and (not how.comment.strip() or '"' in how.comment):
        raise UsageError(f"--comment {how.comment!r}: a mark such as # is needed")
    found, failures = [], []
    encoding = encoding_of(path, how)
    for delimiter in (";\t," if how.header else ";\t") if how.decimal_comma else ",;\t":
        try:
            with closing(_records(path, delimiter, encoding, how.comment)) as records:
                _, fields, end = next(records, (1, [], 0))
            header = [name.strip() for name in fields] if how.header else [f"c{i + 1}" for i in range(len(fields))]
            found.append(_Dialect(delimiter, header, end if how.header else 0, encoding))
        except Unread:
            raise
        except FileError as failure:
            failures.append(failure)
    if not found:
        raise failures[0]
    best = max(found, key=lambda dialect: (len(set(names) & set(dialect.columns)), len(dialect.columns)))
    heading = "".join(best.columns)
    if not heading:
        raise FileError(f"{path} is empty")
    if _UNDECODED.search(heading):
        raise encoding_error(path, f"{path}, line 1", encoding)
    if _CONTROL.search(heading):
        raise FileError(f"{path}: not readable as CSV: its first line is no text")
    return best


def _records(
    path: Place, delimiter: str, encoding: str, comment: str | None
) -> Generator[tuple[int, list[str], int], None, None]:
    """Every record but blank lines and comments: the line where it begins, its fields, the byte where it ends."""
    end, line, record = 0, 1, list[str]()

    def counted(text: io.TextIOWrapper) -> Iterator[str]:
        nonlocal end, line
        for number, each in lines(path, text):
            end += len(each.encode("utf-8", "surrogateescape"))
            each = each.removeprefix("\ufeff") if number == 1 else each
            if not record:
                line = number
                if comment and each.lstrip(" \t").startswith(comment):
                    continue
            record.append(each)
            yield each

    with readable(path, "CSV"), decoded(path, encoding) as text:
        csv.field_size_limit(max(csv.field_size_limit(), LINE))  # a field may be as long as a line
        reader = csv.reader(counted(text), delimiter=delimiter, strict=True)
        while True:
            record.clear()
            try:
                fields = next(reader, None)
            except csv.Error as error:
                raise _broken(path, line, "".join(record), delimiter, error) from None
            except UnicodeDecodeError:
                raise encoding_error(path, f"{path}, after line {line}", encoding) from None
            if fields is None:
                return
            if fields:
                yield line, fields, end


def _counted(path: Place, dialect: _Dialect, how: Reading) -> Extent:
    """How many records there are, and where some begin, by reading each."""
    rows, end, places = 0, dialect.start, [(0, dialect.start)]
    with closing(_records(path, dialect.delimiter, dialect.encoding, how.comment)) as records:
        for _, _, after_it in islice(records, int(how.header), None):
            if rows % EVERY == 0:
                places.append((rows, end))
            rows, end = rows + 1, after_it
    return Extent(rows, places)


def _broken(path: Place, line: int, record: str, delimiter: str, error: csv.Error) -> FileError:
    """The error for a record that begins at `line` and cannot be split; it names where a quotation mark was opened."""
    field = re.compile(f'(?:"(?:[^"]|"")*"|(?!")[^{delimiter}\r\n]*)(?:{delimiter}|\r\n?|\n|\\Z)')
    place, why = 0, str(error)
    while place < len(record) and (match := field.match(record, place)):
        place = match.end()
    if record[place : place + 1] == '"' and "expected after" not in why:
        line += len(re.findall("\r\n?|\n", record[:place]))
        why = "a quotation mark opens here and is " + ("never closed" if "unexpected end" in why else "not closed soon")
    hint = 'close the quotation mark; one inside a quoted field is written twice: ""'
    return FileError(f"{path}, line {line}: not readable as CSV: {why}", hint=hint)


# the rows


@cache
def _begin_threads() -> None:
    """Have PyArrow begin its threads where it raises if there can be none: `open_csv` would wait for them for ever."""
    Thread(target=int).start()
    library("pyarrow.csv").read_csv(io.BytesIO(b"a\n1\n"))


class _Rows:
    """The rows of a file: of each the numbers in the columns `names`, and what the columns `kept` hold."""

    def __init__(self, path: Place, names: Sequence[str], kept: Sequence[str], how: Reading) -> None:
        self.path, self.how, self.dialect = path, how, _dialect(path, names, how)
        self.where = find(path, self.dialect.columns, names)
        self.kept = find(path, self.dialect.columns, kept)
        self.nulls = NULL_TEXTS.union(how.missing)

    def fast(self, place: int) -> Iterator[list[Any]]:
        """The pieces that PyArrow reads from a place on, where a row begins; a ValueError where it refuses one.

        It takes a quotation mark that is never closed for one that the end closes. So a row is added behind the last
        one, with a number of no other: where it does not come out again, it was inside of quotation marks.
        """
        import numpy as np

        mark = random.random()
        held: list[Any] | None = None
        with as_utf8(self.path, self.dialect.encoding) as source, closing(self._rest(source, place, mark)) as rest:
            for batch in self._by_arrow(rest):
                if held:
                    yield held
                    held = None
                values = [batch.column(str(index)).to_numpy(zero_copy_only=False) for index in self.where]
                if any(np.fmax.reduce(np.abs(each), initial=0) >= EXACT for each in values):
                    raise ValueError("an integer may be no double")  # the careful pass knows
                if len(batch):
                    held = [*values, *(batch.column(str(index)) for index in self.kept)]
        if held is None or held[0][-1] != mark:
            raise ValueError("a quotation mark is not closed")
        yield [column[:-1] for column in held]

    def _rest(self, source: Any, place: int, mark: float) -> "_Rest":
        """What PyArrow reads: all from a place on, and a row with the mark."""
        told = repr(mark).replace(".", "," if self.how.decimal_comma else ".")
        cells = (told if i == self.where[0] else "" for i in range(len(self.dialect.columns)))
        pass_over(source, place)
        return _Rest(source, self.how.comment, f"\n{self.dialect.delimiter.join(cells)}\n".encode())

    def _by_arrow(self, rest: "_Rest") -> Any:
        """PyArrow's reader; the columns go by their position, so that no name can surprise it."""
        arrow, arrow_csv = library("pyarrow"), library("pyarrow.csv")
        types = {str(index): arrow.string() for index in self.kept}
        types |= {str(index): arrow.float64() for index in self.where}
        positions = [str(index) for index in range(len(self.dialect.columns))]
        point = "," if self.how.decimal_comma else "."
        _begin_threads()
        return arrow_csv.open_csv(
            arrow.PythonFile(rest, "r"),
            arrow_csv.ReadOptions(column_names=positions, block_size=_BLOCK),
            arrow_csv.ParseOptions(delimiter=self.dialect.delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=types, include_columns=list(types), null_values=sorted(self.nulls), decimal_point=point
            ),
        )

    def careful(self, skip: int = 0, *, nulls: bool = True) -> Iterator[list[Any]]:
        """The pieces after the first `skip` rows, cell by cell; without `nulls` one of them is an error."""
        import numpy as np

        with closing(self._checked(skip, nulls)) as rows:
            for block in blocks(rows, _ROWS, lambda row: sum(map(len, row[1]))):
                values = list(np.array([numbers for numbers, _ in block]).reshape(-1, len(self.where)).T.copy())
                texts = [[words[place] for _, words in block] for place in range(len(self.kept))]
                yield [*values, *(self._as_arrow(values, *column) for column in zip(self.kept, texts, strict=True))]

    def _as_arrow(self, values: Sequence[Any], index: int, texts: Sequence[str]) -> Any:
        """A column that is kept: its numbers, a null for each NaN, if they were read; else its texts."""
        arrow = library("pyarrow")
        if index in self.where:
            return arrow.array(values[self.where.index(index)], from_pandas=True)
        return arrow.array(texts, arrow.string())

    def fields(self, skip: int = 0) -> Generator[tuple[int, list[str]], None, None]:
        """The line and the cells of every row after the first `skip` ones, as many as the header has."""
        width = len(self.dialect.columns)
        with closing(_records(self.path, self.dialect.delimiter, self.dialect.encoding, self.how.comment)) as records:
            for line, fields, _ in islice(records, skip + self.how.header, None):
                if len(fields) != width:
                    message = f"the header names {width} columns, this line has {len(fields)}"
                    if not self.how.header:
                        message = f"it has {len(fields)} columns, the first row {width}"
                    raise FileError(
                        f"{self.path}, line {line}: {message}", hint="quote a field that contains the separator"
                    )
                yield line, fields

    def _checked(self, skip: int, nulls: bool) -> Generator[tuple[list[float], list[str]], None, None]:
        """The numbers of every row and the texts that are kept; an error for what is no number."""
        with closing(self.fields(skip)) as rows:
            for line, fields in rows:
                numbers = []
                for index in self.where:
                    number = self._number(fields[index])
                    if number is None or (math.isnan(number) and not nulls):
                        raise self._cell_error(line, fields, index)
                    text = fields[index].strip()
                    if abs(number) >= EXACT and text.lstrip("+-").isdecimal() and is_rounded(text):
                        raise no_double(self._place(line, fields, index), text)
                    numbers.append(number)
                yield numbers, [fields[index] for index in self.kept]

    def _number(self, text: str) -> float | None:
        """The double nearest to the number in a cell, NaN for a null, None for anything else."""
        text = text.strip()
        if text in self.nulls:
            return math.nan
        if self.how.decimal_comma:
            text = text.replace(",", ".") if _COMMA.fullmatch(text) else text.replace(".", "no point")
        return float(text) if NUMBER.fullmatch(text) else None

    def _place(self, line: int, fields: Sequence[str], index: int) -> str:
        """Where a cell of the record that begins at `line` stands."""
        before = "".join(fields[:index]).replace("\r\n", "\n").replace("\r", "\n")
        return f"{self.path}, line {line + before.count(chr(10))}, column {self.dialect.columns[index]}"

    def _cell_error(self, line: int, fields: Sequence[str], index: int) -> FileError:
        """Why a cell of the record that begins at `line` cannot be used."""
        place = self._place(line, fields, index)
        text = fields[index].strip()
        if _UNDECODED.search(text):
            return encoding_error(self.path, place, self.dialect.encoding)
        if self._number(text) is not None:
            return no_value(place, repr(text) if text else "empty")
        shown = repr(text if len(text) <= 40 else text[:39] + "…")
        hint = f"--decimal-comma, or {text.replace(',', '.')}" if _COMMA.fullmatch(text) else None
        return FileError(f"{place}: {shown} is no number", hint=hint)


class _Rest:
    """The rest of a stream as PyArrow reads it: without comment lines, and with something added behind its end."""

    closed = False

    def __init__(self, source: Any, comment: str | None, end: bytes) -> None:
        self.source, self.end, self.held = source, end, b""
        self.lock = threading.Lock()
        mark = re.escape((comment or "").encode())
        begin, rest = rb"(?:\A(?:\xef\xbb\xbf)?|(?<=[\r\n]))[ \t]*", rb"[^\r\n]*(?:\r\n?|\n|\Z)"
        self.comments = re.compile(begin + mark + rest) if comment else None

    def read(self, size: int) -> bytes:
        """Some bytes; none at the end."""
        with self.lock:
            while self.end:
                data: bytes = self.source.read(size)
                if found := self._rows(data):
                    return found
                if not data:
                    found, self.end = self.end, b""
                    return found
            return b""

    def _rows(self, data: bytes) -> bytes:
        """The bytes without comments; where these are looked for, whole lines, and at the end the last one."""
        if self.comments is None:
            return data
        whole = self.held + data
        cut = whole.rfind(b"\n") + 1 if data else len(whole)
        rows, self.held = whole[:cut], whole[cut:]
        if b'"' in rows or len(self.held) > _BLOCK:
            raise ValueError("a comment may be in a field")  # the careful pass knows
        return self.comments.sub(b"", rows)

    def close(self) -> None:
        """Nothing more is read when it returns, so that who opened the source can close it.

        PyArrow reads ahead in a thread of its own: what that were to read of a closed file would be lost to the file
        that the system opens next under the same number.
        """
        with self.lock:
            self.end = b""


# written


class _CsvWriter(BatchWriter):
    """Numbers with all their digits; text is quoted where it must be."""

    streams = True

    def begin(self) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(self.types)
        return text.getvalue().encode()

    def append(self, columns: Sequence[Any], file: BinaryIO) -> None:
        if has_arrow():
            return super().append(columns, file)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(zip(*(column.tolist() for column in columns), strict=True))
        file.write(text.getvalue().encode())

    def put(self, batch: Any, file: BinaryIO) -> None:
        write, sink = library("pyarrow.csv"), library("pyarrow").BufferOutputStream()
        write.write_csv(batch, sink, write.WriteOptions(include_header=False))
        file.write(sink.getvalue())


CSV = Format("CSV", (".csv", ".tsv"), CsvReader, _CsvWriter, unwritten=(".tsv",), typed=False)  # written with commas
