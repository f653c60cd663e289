"""Arrow's files and streams, and what the other formats of PyArrow share: columns of batches, read and written."""

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from gradcalc.data.formats.format import (
    Extent,
    Format,
    Place,
    Reader,
    Writer,
    as_doubles,
    cuts,
    find,
    is_rounded,
    library,
    most_rows,
    no_double,
    opened,
    reading,
    row_bytes,
)  # fmt: skip
from gradcalc.errors import FileError

if TYPE_CHECKING:
    from gradcalc.data.formats.format import Array

_TEXT_ROWS = 1 << 14
"""Rows of a piece with text, which may be long, at most."""


# what all formats of PyArrow have in common


def find_fields(path: Place, schema: Any, names: Sequence[str], kept: Sequence[str]) -> set[int]:
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


def most_rows_of(schema: Any, names: Sequence[str], kept: Sequence[str], width: int = 0) -> int:
    """Rows of a piece, at most: fewer where a column that is kept holds what may be long, of `width` bytes a row."""
    primitive, least = library("pyarrow").types.is_primitive, 8 * (len(names) + len(kept))
    if all(primitive(schema.field(name).type) for name in kept):
        return most_rows(least)
    return most_rows(max(least, width), _TEXT_ROWS)


def as_pieces(
    path: Place, batches: Iterable[Any], schema: Any, names: Sequence[str], kept: Sequence[str], first: int, skip: int
) -> Iterator[list[Any]]:
    """The columns of batches but the first `skip` rows, in pieces that are not too long; an empty one if there is none.

    first: the row of the file, counted from 0, where the pieces begin.
    """
    most = most_rows_of(schema, names, kept)
    parts = (part for batch in _without(batches, skip) for part in _parts(batch, most, kept))
    head = next(parts, None)
    if head is None:
        head = library("pyarrow").RecordBatch.from_pylist([], schema)
    row = first + 1
    for part in chain([head], parts):
        doubles = [_doubles(part.column(name), f"{path}, column {name}", row) for name in names]
        row += len(part)
        yield [*doubles, *(_plain(part.column(name), schema.field(name).type) for name in kept)]


def _without(batches: Iterable[Any], rows: int) -> Iterator[Any]:
    """Batches without their first rows; one that has none left is passed over."""
    for batch in batches:
        if rows == 0 or len(batch) > rows:
            yield batch.slice(rows) if rows else batch
        rows -= min(rows, len(batch))


def _parts(batch: Any, most: int, kept: Sequence[str]) -> Iterator[Any]:
    """A batch in parts of at most so many rows, which stay small when their dictionaries are replaced by texts."""
    import numpy as np

    compute = library("pyarrow.compute")
    sizes = np.zeros(len(batch), np.int64)
    for column in map(batch.column, kept):
        if _is_coded(column.type):
            column.validate(full=True)
            lengths = row_bytes(column.dictionary)
            if lengths is not None and len(lengths):
                sizes += lengths[compute.fill_null(column.indices, 0).to_numpy(zero_copy_only=False)]
    for start, stop in cuts(sizes, most):
        yield batch.slice(start, stop - start)


def _is_coded(type: Any) -> bool:
    """Whether a column holds places in a dictionary."""
    return bool(library("pyarrow").types.is_dictionary(type))


def _plain(array: Any, type: Any = None) -> Any:
    """An array that is safe to hand on, its dictionary replaced by what it stands for; of a `type` if it is kept."""
    coded = _is_coded(array.type)
    array.validate(full=type is not None or coded)  # a damaged file must not be followed out of its memory
    if not coded:
        return array
    decoded = array.dictionary_decode()
    return decoded if type is None or _is_coded(type) else decoded.cast(type)


def _doubles(array: Any, place: str, row: int) -> "Array":
    """An array of numbers, whose first stands in `row`, as doubles, the nearest ones; a null is NaN.

    An integer that is no double is an error: what is computed from its nearest one may have no right digit.
    """
    import numpy as np

    arrow = library("pyarrow")
    array = _plain(array)
    if arrow.types.is_decimal(array.type):
        array = array.cast(arrow.string())  # Arrow's own cast to doubles is off by a last bit now and then
        _refuse_rounded(array, place, row)
    if arrow.types.is_integer(array.type):
        as_doubles(place, array.fill_null(0).to_numpy(zero_copy_only=False), row)
    if not arrow.types.is_floating(array.type):
        array = array.cast(arrow.float64(), safe=False)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def _refuse_rounded(texts: Any, place: str, row: int) -> None:
    """Raise for the first decimal that is an integer and no double."""
    compute = library("pyarrow.compute")
    longest = compute.max(compute.utf8_length(texts)).as_py() or 0
    for index, text in enumerate(texts.to_pylist() if longest > 15 else ()):
        if text is not None and is_rounded(text):
            raise no_double(f"{place}, row {row + index:,}", text)


class BatchWriter(Writer):
    """A format that PyArrow writes; `put` appends a record batch."""

    def schema(self) -> Any:
        """The columns of all batches."""
        arrow = library("pyarrow")
        return arrow.schema([(name, self._arrow_type(type)) for name, type in self.types.items()])

    def _arrow_type(self, type: Any) -> Any:
        arrow = library("pyarrow")
        return type if isinstance(type, arrow.DataType) else arrow.from_numpy_dtype("f8" if type is None else type)

    def append(self, columns: Sequence[Any], file: BinaryIO) -> None:
        """Append a piece; an error that names the first column that cannot be written."""
        arrow = library("pyarrow")
        batch = arrow.record_batch([arrow.array(column) for column in columns], schema=self.schema())
        try:
            self.put(batch, file)
        except (ValueError, NotImplementedError):
            raise self._refused(batch) from None

    def put(self, batch: Any, file: BinaryIO) -> None:
        """Append a batch to a file."""
        raise NotImplementedError

    def _refused(self, batch: Any) -> FileError:
        for place, (name, type) in enumerate(self.types.items()):
            try:
                self.put(batch.select([place]), io.BytesIO())
            except (ValueError, NotImplementedError) as error:
                hint = "--keep names other columns, or -o a file of another format"
                return FileError(f"column {name} holds {type}, which cannot be written: {error}", hint=hint)
        return FileError("the columns cannot be written together")


# Arrow's own


class ArrowReader(Reader):
    """Both of Arrow's forms: the file, and the stream, which has no magic of its own."""

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all columns."""
        with reading(opened(self.path)) as source:
            return list(_head(source)[0].names)

    def extent(self, names: Sequence[str]) -> Extent:
        """All batches counted."""
        ipc = library("pyarrow.ipc")
        with reading(opened(self.path)) as source:
            _head(source)
            return Extent(sum(len(batch) for batch in ipc.open_stream(source)))

    def pieces_from(
        self, names: Sequence[str], kept: Sequence[str], first: int, extent: Extent | None
    ) -> Iterator[list[Any]]:
        """Batch by batch, long ones in pieces."""
        ipc = library("pyarrow.ipc")
        with reading(opened(self.path)) as source:
            schema, count = _head(source)
            where = find_fields(self.path, schema, names, kept)
            reader = ipc.open_stream(source, options=ipc.IpcReadOptions(included_fields=sorted(where)))
            yield from as_pieces(self.path, reader, schema, names, kept, first, first)
            if count is not None and reader.stats.num_record_batches != count:
                raise ValueError(f"it has {reader.stats.num_record_batches} batches of {count}")


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


class _ArrowWriter(BatchWriter):
    """The stream of Arrow, which `finish` turns into the file of Arrow, the one that others open as Feather."""

    streams = True

    def begin(self) -> bytes:
        return bytes(self.schema().serialize())

    def put(self, batch: Any, file: BinaryIO) -> None:
        file.write(batch.serialize())

    def end(self) -> bytes:
        return b"\xff\xff\xff\xff\0\0\0\0"

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        ipc, made = library("pyarrow.ipc"), path.with_name("complete")
        with (
            opened(path) as source,
            library("pyarrow").OSFile(str(made), "wb") as target,
            ipc.new_file(target, self.schema()) as writer,
        ):
            for batch in ipc.open_stream(source):
                writer.write_batch(batch)
        return made

    @classmethod
    def of(cls, path: Place, columns: Sequence[str]) -> Self:
        """With the types that the file tells."""
        with reading(opened(path)) as source:
            schema = library("pyarrow.ipc").open_file(source).schema
        return cls(dict(zip(schema.names, schema.types, strict=True)))

    def pieces(self, path: Place, ends: Sequence[int]) -> Iterator[bytes]:
        """Each batch as a message of the stream."""
        with reading(opened(path)) as source:
            file = library("pyarrow.ipc").open_file(source)
            for index in range(file.num_record_batches):
                yield bytes(file.get_batch(index).serialize())


ARROW = Format(
    "Arrow", (".arrow", ".feather", ".ipc"), ArrowReader, _ArrowWriter, (b"ARROW1", b"\xff" * 4), by_arrow=True
)
