"""NumPy's files: the arrays of an NPZ archive, the fields of an NPY table.

Neither needs PyArrow, unless columns are kept.
"""

import ast
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Any, BinaryIO, Self

from gradcalc.data.formats.format import (
    DAMAGE,
    Extent,
    Format,
    Place,
    Reader,
    Writer,
    as_doubles,
    find,
    library,
    most_rows,
    readable,
    reading,
)  # fmt: skip
from gradcalc.errors import FileError

_MAGIC = b"\x93NUMPY"
_CUT = "it ends before its last row"
_HEADER = 1 << 22
"""Bytes of the header of an array, at most: some 60,000 columns."""
_WORDS = 1 << 19
"""Words of it, at most: Python takes half a kilobyte to understand one."""


class NpzReader(Reader):
    """All columns side by side, each unpacked as far as a piece needs."""

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all arrays."""
        with reading(self.path.open("rb")) as file, zipfile.ZipFile(file) as archive:
            return self._names(archive)

    def _names(self, archive: zipfile.ZipFile) -> Sequence[str]:
        columns = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        if not columns:
            hint = "numpy.savez('points.npz', x=..., y=...)"
            raise FileError(f"{self.path} is a ZIP archive without NumPy arrays", hint=hint)
        return columns

    def extent(self, names: Sequence[str]) -> Extent:
        """What the header of a column tells."""
        with reading(self.path.open("rb")) as source, zipfile.ZipFile(source) as archive, ExitStack() as stack:
            columns = self._names(archive)
            find(self.path, columns, names[:1])
            return Extent(self._opened([*names, *columns][0], archive, stack)[0])

    def pieces_from(
        self, names: Sequence[str], kept: Sequence[str], first: int, extent: Extent | None
    ) -> Iterator[list[Any]]:
        """The next rows of every array."""
        wanted = list(dict.fromkeys((*names, *kept)))
        with reading(self.path.open("rb")) as source, zipfile.ZipFile(source) as archive, ExitStack() as stack:
            find(self.path, self._names(archive), wanted)
            opened = {name: self._opened(name, archive, stack, first) for name in wanted}
            rows = opened[names[0]][0]
            for name, (length, _) in opened.items():
                if length != rows:
                    told = f"{names[0]} has {rows} rows, {name} {length}"
                    raise FileError(f"{self.path}: the columns differ in length: {told}")
            for begin, count in _counts(first, rows, 8 * len(wanted)):
                parts = {name: read(count) for name, (_, read) in opened.items()}
                yield _piece(self.path, begin, parts, names, kept)

    def records(self) -> Iterator[Mapping[str, Any]]:
        """The elements of every array along its first axis; those of a matrix are arrays."""
        with reading(self.path.open("rb")) as file, zipfile.ZipFile(file) as archive:
            columns = {}
            for name in self._names(archive):
                with archive.open(f"{name}.npy") as member:
                    columns[name] = _array(member)
        if len({len(column) if column.ndim else -1 for column in columns.values()}) > 1:
            raise FileError(f"{self.path}: the columns differ in length")
        for row in zip(*(column if column.ndim else [column] for column in columns.values()), strict=True):
            yield dict(zip(columns, row, strict=True))

    def _opened(
        self, name: str, archive: zipfile.ZipFile, stack: ExitStack, first: int = 0
    ) -> tuple[int, Callable[[int], Any]]:
        """How many rows a column has, and what reads the next of them from row `first` on."""
        import numpy as np

        place = f"{self.path}, column {name}"
        with readable(place, "numbers"):
            file = stack.enter_context(archive.open(f"{name}.npy"))
            shape, dtype = read_header(file)
        _check_column(self.path, name, shape, dtype)
        with readable(place, "numbers"):
            file.seek(first * dtype.itemsize, 1)

        def read(rows: int) -> Any:
            with readable(place, "numbers"):
                data = file.read(rows * dtype.itemsize)
                if len(data) < rows * dtype.itemsize:
                    raise ValueError(_CUT)
                return np.frombuffer(data, dtype)

        return shape[0], read


class NpyReader(Reader):
    """A structured array, which is a table."""

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all fields."""
        return list(self._header()[1].names)

    def count_rows(self) -> int | None:
        """How many rows the header tells of."""
        return self._header()[0]

    def records(self) -> Iterator[Mapping[str, Any]]:
        """The fields of every element, of one alone too; a field may be an array."""
        with reading(self.path.open("rb")) as file:
            array = _array(file)
        names = array.dtype.names
        if names is None:
            raise TypeError("a structured array is needed, with a field for each variable")
        for row in array.reshape(-1):
            yield {name: row[name] for name in names}

    def _header(self) -> tuple[int, Any, int]:
        """The rows, their type, and the byte where they begin."""
        with reading(self.path.open("rb")) as file:
            shape, dtype = read_header(file)
            if dtype.names is None:
                hint = "numpy.savez('points.npz', x=..., y=...)"
                raise FileError(f"{self.path}: its columns have no names", hint=hint)
            if len(shape) != 1:
                raise FileError(f"{self.path}: its shape is {shape}, a table has one dimension")
            if self.path.stat().st_size < file.tell() + shape[0] * dtype.itemsize:
                raise ValueError(_CUT)
            return shape[0], dtype, file.tell()

    def extent(self, names: Sequence[str]) -> Extent:
        """What the header tells."""
        return Extent(self._header()[0])

    def pieces_from(
        self, names: Sequence[str], kept: Sequence[str], first: int, extent: Extent | None
    ) -> Iterator[list[Any]]:
        """The next rows of the table."""
        import numpy as np

        rows, dtype, start = self._header()
        wanted = list(dict.fromkeys((*names, *kept)))
        find(self.path, dtype.names, wanted)
        for name in wanted:
            _check_column(self.path, name, (rows, *dtype[name].shape), dtype[name].base)
        with reading(self.path.open("rb")) as file:
            file.seek(start + first * dtype.itemsize)
            for begin, count in _counts(first, rows, dtype.itemsize):
                data = file.read(count * dtype.itemsize)
                if len(data) < count * dtype.itemsize:
                    raise ValueError(_CUT)
                yield _piece(self.path, begin, np.frombuffer(data, dtype), names, kept)


def _array(file: IO[bytes]) -> Any:
    """The next array of a file, whole."""
    from numpy.lib.format import read_array

    read_header(file)  # which bounds what NumPy then reads again
    file.seek(0)
    return read_array(file, allow_pickle=False, max_header_size=_HEADER)


def _counts(first: int, rows: int, width: int) -> Iterator[tuple[int, int]]:
    """The first row of each piece, counted from 1, and how many it has, if one is so many bytes; at least one piece."""
    most = most_rows(width)
    for start in range(first, max(rows, first + 1), most):
        yield start + 1, max(min(most, rows - start), 0)


def _piece(path: Place, first: int, parts: Any, names: Sequence[str], kept: Sequence[str]) -> list[Any]:
    """Some rows of columns, from row `first` on, as doubles, and those kept as Arrow arrays."""
    import numpy as np

    piece: list[Any] = [as_doubles(f"{path}, column {name}", parts[name], first) for name in names]
    for name in kept:
        part = parts[name]
        piece.append(library("pyarrow").array(np.ascontiguousarray(part, part.dtype.newbyteorder("="))))
    return piece


def _check_column(path: Place, name: str, shape: Sequence[int], dtype: Any) -> None:
    """Raise if an array is no column of numbers."""
    if len(shape) != 1:
        raise FileError(f"{path}, column {name}: its shape is {tuple(shape)}, a column has one dimension")
    if dtype.kind not in "biuf":
        raise FileError(f"{path}, column {name}: holds {dtype}, not numbers")


# the header of an array, as numpy.lib.format describes it: NumPy's own functions refuse long ones, and cannot write
# every letter


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], Any]:
    """The shape and the type of the array that comes next; a ValueError for what is none."""
    from numpy.lib.format import descr_to_dtype

    head = file.read(8)
    if head[:6] != _MAGIC or head[6] not in (1, 2, 3):
        raise ValueError("not an array of NumPy")
    size = int.from_bytes(file.read(2 if head[6] == 1 else 4), "little")
    if size > _HEADER:
        raise ValueError(f"its header of {size:,} bytes is longer than {_HEADER:,}")
    try:
        told = _literal(file.read(size).decode("utf-8" if head[6] == 3 else "latin-1"))
        shape, descr, fortran = (told.pop(key) for key in ("shape", "descr", "fortran_order"))
        lengths = isinstance(shape, tuple) and all(type(length) is int and length >= 0 for length in shape)
        if told or type(fortran) is not bool or not lengths:
            raise ValueError
        return shape, descr_to_dtype(descr)
    except DAMAGE:
        raise ValueError("its header is damaged") from None


_WORD = re.compile(r"""\s+|[,:(){}\[\]]|\d{1,20}(?!\w)|(?:True|False)(?!\w)|u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*\"""")


def _literal(text: str) -> Any:
    """What Python's words for tuples, lists, texts and lengths say, if they are not too many."""
    end = 0
    for word in islice(_WORD.finditer(text), _WORDS):
        if word.start() != end:
            break
        end = word.end()
    if end < len(text):
        raise ValueError
    return ast.literal_eval(text.strip())


def header(dtype: Any, rows: int) -> bytes:
    """The header of a table; it is as long for any number of rows."""
    room = len(str(2**63)) - len(str(rows))
    body = f"{{'descr': {dtype.descr!r}, 'fortran_order': False, 'shape': ({rows},)}}{'':{room}}".encode()
    body += b" " * (-(len(body) + 13) % 64) + b"\n"
    return _MAGIC + b"\3\0" + len(body).to_bytes(4, "little") + body


# written


class _NpyWriter(Writer):
    """A structured array, a field for each column; its header has room for any number of rows."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        import numpy as np

        super().__init__(types)
        self.dtype = np.dtype([(name, _numpy_type(name, type)) for name, type in types.items()])

    def begin(self) -> bytes:
        return header(self.dtype, 0)

    def append(self, columns: Sequence[Any], file: BinaryIO) -> None:
        import numpy as np

        rows = np.empty(len(columns[0]), self.dtype)
        for name, column in zip(self.types, columns, strict=True):
            rows[name] = self.plain(name, column)
        file.write(rows.data)

    def plain(self, name: str, column: Any) -> Any:
        """A column as an array."""
        import numpy as np

        type = self.types[name]
        if type is None or isinstance(column, np.ndarray):
            return column
        if column.null_count and self.dtype[name].kind != "f":
            hint = "Parquet, Arrow and CSV have nulls"
            raise FileError(f"column {name} holds a null, which NPY has not for {type}", hint=hint)
        return column.to_numpy(zero_copy_only=False)

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        with path.open("r+b") as file:
            file.write(header(self.dtype, (ends[-1] - ends[0]) // self.dtype.itemsize))
        return path

    def reopen(self, path: Path) -> None:
        with path.open("r+b") as file:
            file.write(self.begin())

    @classmethod
    def of(cls, path: Place, columns: Sequence[str]) -> Self:
        """With the types that the file tells."""
        with reading(path.open("rb")) as file:
            dtype = read_header(file)[1]
        return cls({name: dtype[name] for name in dtype.names})


class _NpzWriter(_NpyWriter):
    """In a piece column after column, which `finish` puts together."""

    def begin(self) -> bytes:
        return b""

    def append(self, columns: Sequence[Any], file: BinaryIO) -> None:
        for name, column in zip(self.types, columns, strict=True):
            file.write(self.plain(name, column).astype(self.dtype[name], copy=False).tobytes())

    def finish(self, path: Path, ends: Sequence[int]) -> Path:
        from numpy.lib import format

        made = path.with_name("complete")
        before = 0  # bytes of a row in the columns that are done
        counts = [(end - start) // self.dtype.itemsize for start, end in pairwise(ends)]
        with path.open("rb") as source, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
            for name in self.types:
                dtype = self.dtype[name]
                described = {"descr": dtype.str, "fortran_order": False, "shape": (sum(counts),)}
                told = zipfile.ZipInfo(f"{name}.npy")  # of no time: the same numbers are the same bytes
                with archive.open(told, "w", force_zip64=True) as file:
                    format.write_array_header_1_0(file, described)
                    for start, count in zip(ends, counts, strict=False):
                        source.seek(start + count * before)
                        file.write(source.read(count * dtype.itemsize))
                before += dtype.itemsize
        return made

    @classmethod
    def of(cls, path: Place, columns: Sequence[str]) -> Self:
        """With the types that the file tells."""
        with reading(path.open("rb")) as source, zipfile.ZipFile(source) as archive:
            members = {name.removesuffix(".npy"): archive.open(name) for name in archive.namelist()}
            return cls({name: read_header(member)[1] for name, member in members.items()})

    def pieces(self, path: Place, ends: Sequence[int]) -> Iterator[bytes]:
        """The rows of a piece, column after column."""
        with reading(path.open("rb")) as source, zipfile.ZipFile(source) as archive:
            members = [archive.open(f"{name}.npy") for name in self.types]
            for member in members:
                read_header(member)
            sizes = [self.dtype[name].itemsize for name in self.types]
            for start, end in pairwise(ends):
                rows = (end - start) // self.dtype.itemsize
                yield b"".join(member.read(rows * size) for member, size in zip(members, sizes, strict=True))


def _numpy_type(name: str, type: Any) -> Any:
    """NumPy's type for a column."""
    import numpy as np

    if type is None or isinstance(type, np.dtype):
        return np.dtype("f8") if type is None else type
    types = library("pyarrow").types
    if not any(test(type) for test in (types.is_integer, types.is_floating, types.is_boolean)):
        hint = "--keep names other columns, or -o a Parquet, Arrow or CSV file"
        raise FileError(f"column {name} holds {type}: NPY and NPZ hold numbers", hint=hint)
    empty = library("pyarrow").array([], type).to_numpy(zero_copy_only=False)  # `to_pandas_dtype` may want pandas
    return np.dtype(empty.dtype)


NPY = Format("NPY", (".npy",), NpyReader, _NpyWriter, (_MAGIC,))
NPZ = Format("NPZ", (".npz",), NpzReader, _NpzWriter, (b"PK\x03\x04",), content="a ZIP archive")
