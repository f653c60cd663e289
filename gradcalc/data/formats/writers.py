"""Columns out, piece by piece: Parquet, Arrow, CSV, NPY, NPZ. Imports errors, footer, npy and reader.

A piece is encoded as bytes that are appended to a file; what was appended stays right whatever comes later, so a run
that was cut goes on after its last whole piece. `finish` makes the complete file of them.
"""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from gradcalc.data.formats.footer import shifted
from gradcalc.data.formats.npy import header
from gradcalc.data.formats.reader import SUFFIXES, library
from gradcalc.errors import FileError, UsageError


class Writer:
    """A format: `begin` is what a file starts with, `encode` a piece, `finish` what makes the file complete.

    Args:
        types: what each column holds, by name, in the order of the columns: an Arrow type, or None for doubles.
    """

    streams = False
    """Whether the pieces alone, one after the other, are a complete file."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        self.types = types

    def begin(self) -> bytes:
        """What stands before the first piece."""
        return b""

    def encode(self, columns: Sequence[Any]) -> Any:
        """The bytes of a piece: an array of doubles, or an Arrow array, for each column."""
        raise NotImplementedError

    def end(self) -> bytes:
        """What stands after the last piece of a stream."""
        return b""

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        """Make the file complete; where it is. `ends`: where each piece ends, after where the first begins."""
        return path


class _BatchWriter(Writer):
    """A format that PyArrow writes; `encoded` does so with a record batch."""

    def schema(self) -> Any:
        arrow = library("pyarrow")
        return arrow.schema([(name, type or arrow.float64()) for name, type in self.types.items()])

    def encode(self, columns: Sequence[Any]) -> Any:
        arrow = library("pyarrow")
        batch = arrow.record_batch([arrow.array(column) for column in columns], schema=self.schema())
        try:
            return self.encoded(batch)
        except (ValueError, NotImplementedError):
            raise self._refused(batch) from None

    def encoded(self, batch: Any) -> Any:
        """The bytes of a piece."""
        raise NotImplementedError

    def _refused(self, batch: Any) -> FileError:
        """The error for the first column that cannot be written."""
        for place, (name, type) in enumerate(self.types.items()):
            try:
                self.encoded(batch.select([place]))
            except (ValueError, NotImplementedError) as error:
                hint = "--keep names other columns, or -o a file of another format"
                return FileError(f"column {name} holds {type}, which cannot be written: {error}", hint=hint)
        return FileError("the columns cannot be written together")


class _ArrowWriter(_BatchWriter):
    """The stream of Arrow, which `finish` turns into the file of Arrow, the one that others open as Feather."""

    streams = True

    def begin(self) -> bytes:
        return bytes(self.schema().serialize())

    def encoded(self, batch: Any) -> Any:
        return batch.serialize()

    def end(self) -> bytes:
        return b"\xff\xff\xff\xff\0\0\0\0"

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        arrow, ipc = library("pyarrow"), library("pyarrow.ipc")
        made = path.with_name("complete")
        with (
            arrow.OSFile(str(path)) as source,
            arrow.OSFile(str(made), "wb") as target,
            ipc.new_file(target, self.schema()) as writer,
        ):
            for batch in ipc.open_stream(source):
                writer.write_batch(batch)
        return made


class _ParquetWriter(_BatchWriter):
    """A whole Parquet file for each piece, one after the other; the last footer lists the row groups of all."""

    def encoded(self, batch: Any) -> Any:
        arrow, parquet = library("pyarrow"), library("pyarrow.parquet")
        sink = arrow.BufferOutputStream()
        floating = arrow.types.is_floating  # of which one hardly ever occurs twice
        coded = [name for name, type in self.types.items() if type and not floating(type)]
        with parquet.ParquetWriter(sink, batch.schema, use_dictionary=coded) as writer:
            writer.write_batch(batch)
        return sink.getvalue()

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        if len(ends) > 2:
            with path.open("r+b") as file:
                parts = (_metadata(file, start, end) for start, end in pairwise(ends))
                whole = next(parts)
                for part in parts:
                    whole.append_row_groups(part)
                sink = library("pyarrow").BufferOutputStream()
                whole.write_metadata_file(sink)
                file.seek(ends[-1])
                file.write(memoryview(sink.getvalue())[4:])  # without the mark that opens a file
        return path


def _metadata(file: BinaryIO, start: int, end: int) -> Any:
    """What the footer of one piece says, for its place in the file."""
    file.seek(end - 8)
    size = int.from_bytes(file.read(4), "little")
    file.seek(end - 8 - size)
    footer = shifted(file.read(size), start)
    whole = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    return library("pyarrow.parquet").read_metadata(io.BytesIO(whole))


class _CsvWriter(_BatchWriter):
    """Numbers with all their digits; text is quoted where it must be."""

    streams = True

    def begin(self) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(self.types)
        return text.getvalue().encode()

    def encoded(self, batch: Any) -> Any:
        write, sink = library("pyarrow.csv"), library("pyarrow").BufferOutputStream()
        write.write_csv(batch, sink, write.WriteOptions(include_header=False))
        return sink.getvalue()


class _NpyWriter(Writer):
    """A structured array, a field for each column; its header has room for any number of rows."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        import numpy as np

        super().__init__(types)
        self.dtype = np.dtype([(name, _numpy_type(name, type)) for name, type in types.items()])

    def begin(self) -> bytes:
        return header(self.dtype, 0)

    def encode(self, columns: Sequence[Any]) -> Any:
        import numpy as np

        rows = np.empty(len(columns[0]), self.dtype)
        for name, column in zip(self.types, columns, strict=True):
            rows[name] = self.plain(name, column)
        return rows.data

    def plain(self, name: str, column: Any) -> Any:
        """A column as an array."""
        type = self.types[name]
        if type is None:
            return column
        if column.null_count and self.dtype[name].kind != "f":
            hint = "Parquet, Arrow and CSV have nulls"
            raise FileError(f"column {name} holds a null, which NPY has not for {type}", hint=hint)
        return column.to_numpy(zero_copy_only=False)

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        with path.open("r+b") as file:
            file.write(header(self.dtype, (ends[-1] - ends[0]) // self.dtype.itemsize))
        return path


class _NpzWriter(_NpyWriter):
    """In a piece column after column, which `finish` puts together."""

    def begin(self) -> bytes:
        return b""

    def encode(self, columns: Sequence[Any]) -> Any:
        named = zip(self.types, columns, strict=True)
        return b"".join(
            self.plain(name, column).astype(self.dtype[name], copy=False).tobytes() for name, column in named
        )

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        from numpy.lib import format

        made = path.with_name("complete")
        before = 0  # bytes of a row in the columns that are done
        counts = [(end - start) // self.dtype.itemsize for start, end in pairwise(ends)]
        with path.open("rb") as source, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
            for name in self.types:
                dtype = self.dtype[name]
                described = {"descr": dtype.str, "fortran_order": False, "shape": (sum(counts),)}
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    format.write_array_header_1_0(file, described)
                    for start, count in zip(ends, counts, strict=False):
                        source.seek(start + count * before)
                        file.write(source.read(count * dtype.itemsize))
                before += dtype.itemsize
        return made


def _numpy_type(name: str, type: Any) -> Any:
    """NumPy's type for a column."""
    import numpy as np

    if type is None:
        return np.dtype("f8")
    types = library("pyarrow").types
    if not any(test(type) for test in (types.is_integer, types.is_floating, types.is_boolean)):
        hint = "--keep names other columns, or -o a Parquet, Arrow or CSV file"
        raise FileError(f"column {name} holds {type}: NPY and NPZ hold numbers", hint=hint)
    empty = library("pyarrow").array([], type).to_numpy(zero_copy_only=False)  # `to_pandas_dtype` may want pandas
    return np.dtype(empty.dtype)


_WRITERS: Mapping[str, type[Writer]] = {
    "parquet": _ParquetWriter,
    "arrow": _ArrowWriter,
    "csv": _CsvWriter,
    "npy": _NpyWriter,
    "npz": _NpzWriter,
}


def make_writer(format: str, types: Mapping[str, Any]) -> Writer:
    """What writes a format."""
    return _WRITERS[format](types)


def output_format(output: str, format: str | None) -> str:
    """The format asked for, by name or by the suffix of the file."""
    suffix = Path(output).suffix.lower()
    told = SUFFIXES.get(suffix) if suffix != ".tsv" else None  # CSV is written with commas
    found = format or told and told.lower()
    if found is None:
        what = "standard output" if output == "-" else f"{output}: its suffix"
        raise UsageError(f"{what} names no format", hint=f"--format {'csv' if output == '-' else 'parquet'}")
    return found


def check_stream(format: str, output: str) -> None:
    """Raise if a format cannot go where nothing can be gone back to."""
    if not _WRITERS[format].streams:
        place = "standard output" if output == "-" else f"{output}, which is no plain file"
        raise UsageError(f"{format} cannot be written to {place}", hint="--format csv or --format arrow")
