"""JSON lines: an object a line, whose names are the columns. Needs no PyArrow, unless columns are kept."""

import io
import json
import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, BinaryIO

from gradcalc.data.formats.format import NULL_TEXTS, NUMBER, Extent, Format, Reader, Writer, blocks, find, library
from gradcalc.data.formats.text import decoded, encoding_of
from gradcalc.data.formats.text import lines as numbered
from gradcalc.errors import FileError

_ROWS = 1 << 13
"""Rows of a piece, at most; those whose names are the columns."""
_NAMES = {float: "a number", str: "text", list: "a list", dict: "an object"}


class JsonlReader(Reader):
    """Objects; what one lacks is a null, as are the texts that hold no number."""

    written = frozenset(("comment", "missing", "encoding"))

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names in the first rows."""
        with closing(self._objects()) as objects:
            return list(dict.fromkeys(name for _, row, _ in islice(objects, _ROWS) for name in row))

    def records(self) -> Iterator[Mapping[str, Any]]:
        """The objects as they are."""
        with closing(self._objects()) as objects:
            for _, row, _ in objects:
                yield row

    def extent(self, names: Sequence[str]) -> Extent:
        """The lines that hold an object."""
        with closing(self._lines()) as lines:
            return Extent(sum(1 for _ in lines))

    def pieces_from(
        self, names: Sequence[str], kept: Sequence[str], first: int, extent: Extent | None
    ) -> Iterator[list[Any]]:
        """Some lines at a time; a column that is kept is of the type that its first rows have."""
        import numpy as np

        find(self.path, self.column_names(names), [*names, *kept])
        types: list[Any] = [None] * len(kept)
        if first and kept:
            types = [column.type for column in next(self.pieces((), kept))]
        with closing(self._objects(first)) as objects:
            for lines in blocks(objects, _ROWS, lambda line: line[2]):
                block = [(number, row) for number, row, _ in lines]
                columns = [[self._number(line, name, row.get(name)) for line, row in block] for name in names]
                others = [self._kept(name, block, type) for name, type in zip(kept, types, strict=True)]
                types = [other.type for other in others]
                yield [*(np.array(column, np.float64) for column in columns), *others]

    def _lines(self) -> Generator[tuple[int, str, int], None, None]:
        """Every line that holds something, with its number and length; blank lines and comments do not."""
        comment = self.how.comment
        with decoded(self.path, encoding_of(self.path, self.how)) as text:
            for number, line in numbered(self.path, text):
                bare = line.removeprefix("\ufeff").strip()
                if bare and not (comment and bare.startswith(comment)):
                    yield number, bare, len(line)

    def _objects(self, first: int = 0) -> Generator[tuple[int, dict[str, Any], int], None, None]:
        """Every object but the first ones, with its line and the length of that."""
        with closing(self._lines()) as lines:
            for number, bare, length in islice(lines, first, None):
                try:
                    row = json.loads(bare)
                except (ValueError, RecursionError) as error:
                    raise FileError(f"{self.path}, line {number}: not readable as JSON: {error}") from None
                if not isinstance(row, dict):
                    raise FileError(f'{self.path}, line {number}: a row is an object such as {{"x": 2, "y": 3}}')
                yield number, row, length

    def _number(self, line: int, name: str, value: Any) -> float:
        """The nearest double; NaN for a null."""
        if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
            value = value if value in self.how.missing else float(value)
        if value is None or str(value).strip() in NULL_TEXTS.union(self.how.missing):
            return math.nan
        if isinstance(value, (int, float)):
            try:
                return float(value)
            except OverflowError:
                return math.copysign(math.inf, value)
        raise FileError(f"{self.path}, line {line}, column {name}: holds {_NAMES[type(value)]}, not a number")

    def _kept(self, name: str, block: Sequence[tuple[int, Mapping[str, Any]]], type: Any) -> Any:
        """A column as it is."""
        values = [row.get(name) for _, row in block]
        try:
            return library("pyarrow").array(values, type)
        except (ValueError, TypeError) as error:
            place = f"{self.path}, lines {block[0][0]} to {block[-1][0]}, column {name}"
            raise FileError(f"{place}: holds values of several types: {error}") from None


class _JsonlWriter(Writer):
    """An object a row; what is no number of JSON is "nan", "inf", "-inf", as everywhere."""

    streams = True

    def append(self, columns: Sequence[Any], file: BinaryIO) -> None:
        text, names = io.StringIO(), list(self.types)
        plain = [column.tolist() if hasattr(column, "tolist") else column.to_pylist() for column in columns]
        for row in zip(*plain, strict=True):
            finite = [str(x) if isinstance(x, float) and not math.isfinite(x) else x for x in row]
            text.write(json.dumps(dict(zip(names, finite, strict=True)), ensure_ascii=False, default=str))
            text.write("\n")
        file.write(text.getvalue().encode("utf-8", "surrogatepass"))


JSONL = Format("JSONL", (".jsonl", ".ndjson"), JsonlReader, _JsonlWriter, likely=(b'{"', b"{ "))
