"""Parquet files, a few row groups at a time."""

import io
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from gradcalc.data.formats.arrow import BatchWriter, as_pieces, find_fields, most_rows_of
from gradcalc.data.formats.format import ROWS, Extent, Format, Reader, expect, is_text, library, opened, reading

_BUFFER = 1 << 18
"""Bytes of a column that are read at once."""
_PAGE = 1 << 24
"""Bytes of a page that are believed without a question."""
_HEAD, _LONGEST_HEAD = 1 << 10, 1 << 20
"""Bytes of the header of a page: of most, of any."""
_PACKED = {"UNCOMPRESSED": 1, "SNAPPY": 32, "LZ4": 256, "LZ4_RAW": 256, "GZIP": 1100}
"""How many bytes one byte can unpack to, at most, by codec; of the others some 32,768."""


class ParquetReader(Reader):
    """A Parquet file, a few row groups at a time."""

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all columns."""
        with reading(opened(self.path)) as source:
            return list(library("pyarrow.parquet").read_schema(source).names)

    def count_rows(self) -> int | None:
        """How many rows the footer tells of."""
        with reading(opened(self.path)) as source:
            return int(library("pyarrow.parquet").read_metadata(source).num_rows)

    def extent(self, names: Sequence[str]) -> Extent:
        """What the footer tells, of every row group."""
        with reading(opened(self.path)) as source:
            metadata = library("pyarrow.parquet").read_metadata(source)
            rows = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
        return Extent(sum(rows))

    def pieces_from(
        self, names: Sequence[str], kept: Sequence[str], first: int, extent: Extent | None
    ) -> Iterator[list[Any]]:
        """Row group by row group, each column in pieces."""
        parquet = library("pyarrow.parquet")
        with reading(opened(self.path)) as source:
            schema = parquet.read_schema(source)
            find_fields(self.path, schema, names, kept)
            coded = [name for name in kept if is_text(schema.field(name).type)]  # a long text stays one until later
            file = parquet.ParquetFile(
                source, read_dictionary=coded, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True
            )
            wanted = list(dict.fromkeys((*names, *kept)))
            begin, skipped = _group_of(file.metadata, first)
            batches = (
                batch
                for groups, width in _row_groups(file.metadata, begin)
                if self._checked(source, list(_chunks(file.metadata, groups, wanted)))
                for batch in file.iter_batches(
                    most_rows_of(schema, names, kept, width), groups, wanted, use_threads=False
                )
            )
            yield from as_pieces(self.path, batches, schema, names, kept, first, first - skipped)

    def _checked(self, source: Any, chunks: Sequence[Any]) -> bool:
        """Raise if a page claims more bytes than its own can unpack to: PyArrow asks for them before it looks."""
        expect(self.path, map(_extent, chunks))
        for chunk in chunks:
            _check_pages(source, chunk)
        return True


def _group_of(metadata: Any, row: int) -> tuple[int, int]:
    """The row group that a row stands in, and how many rows stand before it."""
    before = 0
    for index in range(metadata.num_row_groups):
        rows = metadata.row_group(index).num_rows
        if before + rows > row:
            return index, before
        before += rows
    return metadata.num_row_groups, before


def _row_groups(metadata: Any, begin: int) -> Iterator[tuple[list[int], int]]:
    """Row groups that are read in one go, and how many bytes a row of them has, about.

    PyArrow holds what it read of row groups until the last is done; its threads would hold all of one, however large.
    """
    groups: list[int] = []
    rows = size = 0
    for index in range(begin, metadata.num_row_groups):
        group = metadata.row_group(index)
        groups, rows, size = [*groups, index], rows + group.num_rows, size + group.total_byte_size
        if rows >= ROWS or index == metadata.num_row_groups - 1:
            yield groups, size // max(rows, 1)
            groups, rows, size = [], 0, 0


def _chunks(metadata: Any, groups: Sequence[int], wanted: Sequence[str]) -> Iterator[Any]:
    """The columns that are wanted of some row groups."""
    for index in groups:
        group = metadata.row_group(index)
        for chunk in map(group.column, range(group.num_columns) if group.num_rows else ()):
            if chunk.path_in_schema in wanted or chunk.path_in_schema.split(".")[0] in wanted:
                yield chunk


def _extent(chunk: Any) -> tuple[int, int]:
    """The first byte of a column of a row group, and the one after its last."""
    first = chunk.data_page_offset
    place = min(first, chunk.dictionary_page_offset or first) if chunk.has_dictionary_page else first
    return place, place + chunk.total_compressed_size


def _check_pages(source: Any, chunk: Any) -> None:
    """The same for the pages of one column of a row group."""
    ratio = _PACKED.get(chunk.compression, 1 << 15)
    place, end = _extent(chunk)
    while place < end:
        unpacked, packed, length = _page_sizes(source, place)
        if packed < 0 or unpacked > max(ratio * packed, _PAGE):
            raise ValueError(f"a page of column {chunk.path_in_schema} claims {unpacked:,} bytes, packed {packed:,}")
        place += length + packed


def _page_sizes(source: Any, place: int) -> tuple[int, int, int]:
    """The bytes of a page unpacked and packed, and those of its header, a Thrift struct: these are its fields 2, 3."""
    for most in (_HEAD, _LONGEST_HEAD):
        source.seek(place)
        head = _Copy(source.read(most), 0)
        try:
            sizes = [_number(head) for _ in range(3)]
            return sizes[1], sizes[2], _Copy(head.source, 0).struct({})
        except IndexError:
            continue
    raise ValueError("the header of a page is damaged")


def _number(head: "_Copy") -> int:
    """The next field, which must be a number."""
    head.at += 1
    if head.source[head.at - 1] != 0x15:
        raise ValueError("the header of a page is damaged")
    coded = head.read()
    return coded >> 1 ^ -(coded & 1)


class _ParquetWriter(BatchWriter):
    """A whole Parquet file for each piece, one after the other; the last footer lists the row groups of all."""

    def put(self, batch: Any, file: BinaryIO) -> None:
        arrow, parquet = library("pyarrow"), library("pyarrow.parquet")
        sink = arrow.BufferOutputStream()
        floating = arrow.types.is_floating  # of which one hardly ever occurs twice
        coded = [field.name for field in batch.schema if not floating(field.type)]
        with parquet.ParquetWriter(sink, batch.schema, use_dictionary=coded) as writer:
            writer.write_batch(batch)
        file.write(sink.getvalue())

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        if len(ends) > 2:
            with path.open("rb") as file:
                whole, *others = (_metadata(file, start, end) for start, end in pairwise(ends))
            for other in others:
                whole.append_row_groups(other)
            with library("pyarrow").OSFile(str(path), "ab") as sink:
                whole.write_metadata_file(sink)
        return path


def _metadata(file: BinaryIO, start: int, end: int) -> Any:
    """What the footer of one piece says, for its place in the file."""
    file.seek(end - 8)
    size = int.from_bytes(file.read(4), "little")
    file.seek(end - 8 - size)
    footer = shifted(file.read(size), start)
    whole = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    return library("pyarrow.parquet").read_metadata(io.BytesIO(whole))


PARQUET = Format("Parquet", (".parquet",), ParquetReader, _ParquetWriter, (b"PAR1",), by_arrow=True)


# the footer of a file whose bytes stand further on in a larger file: a Thrift struct in the compact protocol, whose
# offsets are shifted (parquet.thrift; Apache Thrift, "Thrift Compact protocol encoding")

_BINARY, _LIST, _SET, _MAP, _STRUCT = 8, 9, 10, 11, 12

_COLUMN_OFFSETS: dict[int, Any] = {9: None, 10: None, 11: None, 14: None}
_OFFSETS: dict[int, Any] = {4: {1: {2: None, 3: _COLUMN_OFFSETS, 4: None, 6: None}, 5: None}}
"""The fields of FileMetaData that are offsets: row groups, their columns, the columns' pages and indexes."""


def shifted(footer: bytes, by: int) -> bytes:
    """A footer whose offsets are larger by `by` bytes; an offset of 0 means none and stays."""
    copy = _Copy(footer, by)
    copy.struct(_OFFSETS)
    return bytes(copy.made)


class _Copy:
    """A walk over a struct that copies it; recursion is as deep as Parquet's structs are nested."""

    def __init__(self, source: bytes, by: int) -> None:
        self.source, self.by, self.at, self.made = source, by, 0, bytearray()

    def take(self, count: int) -> None:
        """Copy bytes as they are."""
        self.made += self.source[self.at : self.at + count]
        self.at += count

    def read(self) -> int:
        """An unsigned number."""
        number = place = 0
        while True:
            byte = self.source[self.at]
            self.at += 1
            number |= (byte & 0x7F) << place
            place += 7
            if byte < 0x80:
                return number

    def copied(self) -> int:
        """An unsigned number, copied."""
        number = self.read()
        self.write(number)
        return number

    def write(self, number: int) -> None:
        """Append an unsigned number."""
        while number >= 0x80:
            self.made.append(number & 0x7F | 0x80)
            number >>= 7
        self.made.append(number)

    def struct(self, offsets: dict[int, Any]) -> int:
        """Copy a struct; the fields that `offsets` names hold offsets, or structs with some. Where it ends."""
        field = 0
        while head := self.source[self.at]:
            self.take(1)
            delta, kind = head >> 4, head & 15
            if delta:
                field += delta
            else:
                coded = self.copied()
                field = coded >> 1 ^ -(coded & 1)
            if kind > 2:  # 1 and 2 are true and false
                self.value(kind, offsets.get(field, {}))
        self.take(1)
        return self.at

    def value(self, kind: int, offsets: dict[int, Any] | None) -> None:
        """Copy a value; with `offsets` None it is an offset."""
        if offsets is None:
            coded = self.read()
            self.write(coded + 2 * self.by if coded else 0)
        elif kind == _BINARY:
            self.take(self.copied())
        elif kind in (_LIST, _SET):
            head = self.source[self.at]
            self.take(1)
            for _ in range(self.copied() if head >> 4 == 15 else head >> 4):
                self.value(head & 15, offsets)
        elif kind == _MAP:
            self.map()
        elif kind == _STRUCT:
            self.struct(offsets)
        elif kind in (1, 2, 3, 7):
            self.take(8 if kind == 7 else 1)
        else:
            self.copied()

    def map(self) -> None:
        """Copy a map."""
        if count := self.copied():
            kinds = self.source[self.at]
            self.take(1)
            for _ in range(count):
                self.value(kinds >> 4, {})
                self.value(kinds & 15, {})
