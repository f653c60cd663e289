"""Parquet files, a few row groups at a time."""

import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from gradcalc.data.formats.arrow import BatchWriter, as_pieces, find_fields, most_rows_of, opened
from gradcalc.data.formats.format import ROWS, Format, Reader, library

_BUFFER = 1 << 18
"""Bytes of a column that are read at once."""


class ParquetReader(Reader):
    """A Parquet file, a few row groups at a time."""

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all columns."""
        with opened(self.path) as source:
            return list(library("pyarrow.parquet").read_schema(source).names)

    def count_rows(self) -> int | None:
        """How many rows the footer tells of."""
        with opened(self.path) as source:
            return int(library("pyarrow.parquet").read_metadata(source).num_rows)

    def pieces(self, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
        """Row group by row group, each column in pieces."""
        parquet = library("pyarrow.parquet")
        with (
            opened(self.path) as source,
            parquet.ParquetFile(source, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True) as file,
        ):
            schema = file.schema_arrow
            find_fields(self.path, schema, names, kept)
            wanted = list(dict.fromkeys((*names, *kept)))
            batches = (
                batch
                for groups, width in _row_groups(file.metadata)
                for batch in file.iter_batches(
                    most_rows_of(schema, names, kept, width), groups, wanted, use_threads=False
                )
            )
            yield from as_pieces(batches, schema, names, kept)


def _row_groups(metadata: Any) -> Iterator[tuple[list[int], int]]:
    """Row groups that are read in one go, and how many bytes a row of them has, about.

    PyArrow holds what it read of row groups until the last is done; its threads would hold all of one, however large.
    """
    groups: list[int] = []
    rows = size = 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        groups, rows, size = [*groups, index], rows + group.num_rows, size + group.total_byte_size
        if rows >= ROWS or index == metadata.num_row_groups - 1:
            yield groups, size // max(rows, 1)
            groups, rows, size = [], 0, 0


class _ParquetWriter(BatchWriter):
    """A whole Parquet file for each piece, one after the other; the last footer lists the row groups of all."""

    def put(self, batch: Any, file: BinaryIO) -> None:
        arrow, parquet = library("pyarrow"), library("pyarrow.parquet")
        floating = arrow.types.is_floating  # of which one hardly ever occurs twice
        coded = [name for name, type in self.types.items() if type and not floating(type)]
        with opened(Path(file.name), "ab") as sink:
            # PyArrow begins a file at 0 only. What it writes then goes to the end, and it notes where that truly is.
            os.lseek(sink.fileno(), 0, os.SEEK_SET)
            with parquet.ParquetWriter(sink, batch.schema, use_dictionary=coded) as writer:
                writer.write_batch(batch)

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        if len(ends) > 2:
            with path.open("rb") as file:
                whole, *others = (_metadata(file, end) for end in ends[1:])
            for other in others:
                whole.append_row_groups(other)
            with opened(path, "ab") as sink:
                whole.write_metadata_file(sink)
        return path


def _metadata(file: BinaryIO, end: int) -> Any:
    """What the footer that ends there says."""
    file.seek(end - 8)
    size = int.from_bytes(file.read(4), "little")
    file.seek(end - 8 - size)
    return library("pyarrow.parquet").read_metadata(io.BytesIO(b"PAR1" + file.read(size + 8)))


PARQUET = Format("Parquet", (".parquet",), ParquetReader, _ParquetWriter, (b"PAR1",))
