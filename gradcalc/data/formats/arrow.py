"""Parquet and Arrow files as columns. Imports errors and reader."""

import mmap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from os import fsencode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcalc.data.formats.reader import ROWS, Reader, find, library, most_rows
from gradcalc.errors import FileError

if TYPE_CHECKING:
    from gradcalc.data.formats.reader import Array

_TEXT_ROWS = 1 << 14
"""Rows of a piece with text, which may be long, at most."""
_BUFFER = 1 << 18
"""Bytes of a column of Parquet that are read at once."""
_MAPPED = 1 << 28
"""Bytes of an Arrow file that is mapped into memory instead of read."""


class ParquetReader(Reader):
    """A Parquet file, a few row groups at a time."""

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all columns."""
        with _opened(self.path) as source:
            return list(library("pyarrow.parquet").read_schema(source).names)

    def count_rows(self) -> int | None:
        """How many rows the footer tells of."""
        with _opened(self.path) as source:
            return int(library("pyarrow.parquet").read_metadata(source).num_rows)

    def pieces(self, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
        """Row group by row group, each column in pieces."""
        parquet = library("pyarrow.parquet")
        with (
            _opened(self.path) as source,
            parquet.ParquetFile(source, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True) as file,
        ):
            schema = file.schema_arrow
            _find_fields(self.path, schema, names, kept)
            wanted = list(dict.fromkeys((*names, *kept)))
            batches = (
                batch
                for groups, rows in _row_groups(file.metadata, _most_rows(schema, names, kept))
                for batch in file.iter_batches(rows, groups, wanted, use_threads=False)
            )
            yield from _pieces(batches, schema, names, kept)


def _row_groups(metadata: Any, most: int) -> Iterator[tuple[list[int], int]]:
    """Row groups that are read in one go, and how many of their rows at once: at most `most`, fewer of long texts.

    PyArrow holds what it read of row groups until the last is done; its threads would hold all of one, however large.
    """
    groups: list[int] = []
    rows = size = 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        groups, rows, size = [*groups, index], rows + group.num_rows, size + group.total_byte_size
        if rows >= ROWS or index == metadata.num_row_groups - 1:
            yield groups, most if most > _TEXT_ROWS else most_rows(size // max(rows, 1), most)
            groups, rows, size = [], 0, 0


class ArrowReader(Reader):
    """Both of Arrow's forms: the file, and the stream, which has no magic of its own."""

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all columns."""
        with _opened(self.path) as source:
            return list(_head(source)[0].names)

    def pieces(self, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
        """Batch by batch, long ones in pieces."""
        ipc = library("pyarrow.ipc")
        source, forget = _mapped(self.path)
        schema, count = _head(source)
        where = _find_fields(self.path, schema, names, kept)
        reader = ipc.open_stream(source, options=ipc.IpcReadOptions(included_fields=sorted(where)))
        for piece in _pieces(reader, schema, names, kept):
            yield piece
            forget()
        if count is not None and reader.stats.num_record_batches != count:
            raise ValueError(f"it has {reader.stats.num_record_batches} batches of {count}")


def _opened(path: Path) -> Any:
    return library("pyarrow").OSFile(fsencode(path))


def _mapped(path: Path) -> tuple[Any, Callable[[], None]]:
    """What reads an Arrow file, and what lets go of the pages read so far: one batch may be all of a large file.

    Only what is compressed has to be in memory batch by batch.
    """
    if hasattr(mmap, "MADV_DONTNEED") and path.stat().st_size > _MAPPED:
        with suppress(OSError), path.open("rb") as file:  # it may be larger than the addresses that are allowed
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            return library("pyarrow").BufferReader(mapped), lambda: mapped.madvise(mmap.MADV_DONTNEED)
    return _opened(path), lambda: None


def _head(source: Any) -> tuple[Any, int | None]:
    """The columns of an Arrow file, and how many batches its footer tells of; what comes next is a stream.

    A file is a stream between a mark and a footer. As such it is read: what reads files by the footer copies them.
    """
    ipc = library("pyarrow.ipc")
    is_file = source.read(6) == b"ARROW1"
    source.seek(0)
    reader = (ipc.open_file if is_file else ipc.open_stream)(source)
    source.seek(8 if is_file else 0)
    return reader.schema, reader.num_record_batches if is_file else None


# what both have in common


def _find_fields(path: Path, schema: Any, names: Sequence[str], kept: Sequence[str]) -> set[int]:
    """Where the columns stand in a schema; an error if one of `names` does not hold numbers."""
    types = library("pyarrow").types
    where = find(path, schema.names, names)
    for name, index in zip(names, where, strict=True):
        type = schema.field(index).type
        type = type.value_type if types.is_dictionary(type) else type
        tests = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
        if not any(test(type) for test in tests):
            raise FileError(f"{path}, column {name}: holds {type}, not numbers")
    return {*where, *find(path, schema.names, kept)}


def _most_rows(schema: Any, names: Sequence[str], kept: Sequence[str]) -> int:
    """Rows of a piece, at most: fewer where a column that is kept holds what may be long."""
    primitive = library("pyarrow").types.is_primitive
    plain = all(primitive(schema.field(name).type) for name in kept)
    return most_rows(8 * (len(names) + len(kept)), ROWS if plain else _TEXT_ROWS)


def _pieces(batches: Iterable[Any], schema: Any, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
    """The columns of batches, in pieces that are not too long; an empty one where there is none."""
    most = _most_rows(schema, names, kept)
    parts = (batch.slice(start, most) for batch in batches for start in range(0, max(len(batch), 1), most))
    first = next(parts, None)
    if first is None:
        first = library("pyarrow").RecordBatch.from_pylist([], schema)
    for part in chain([first], parts):
        doubles = [_doubles(part.column(name)) for name in names]
        yield [*doubles, *(_plain(part.column(name), full=True) for name in kept)]


def _plain(array: Any, *, full: bool) -> Any:
    """An array that is safe to hand on, its dictionary replaced by what it stands for."""
    coded = library("pyarrow").types.is_dictionary(array.type)
    array.validate(full=full or coded)  # a damaged file must not be followed out of its memory
    return array.dictionary_decode() if coded else array


def _doubles(array: Any) -> "Array":
    """An array of numbers as doubles, the nearest ones; a null is NaN."""
    import numpy as np

    arrow = library("pyarrow")
    array = _plain(array, full=False)
    if arrow.types.is_decimal(array.type):
        array = array.cast(arrow.string())  # Arrow's own cast to doubles is off by a last bit now and then
    if not arrow.types.is_floating(array.type):
        array = array.cast(arrow.float64(), safe=False)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)
