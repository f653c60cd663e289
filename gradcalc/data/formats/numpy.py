"""NumPy's files as columns: the arrays of an NPZ archive, the fields of an NPY table. Imports errors, npy and reader.

Neither needs PyArrow, unless columns are kept.
"""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gradcalc.data.formats.npy import read_header
from gradcalc.data.formats.reader import SUFFIXES, Reader, find, library, most_rows, readable
from gradcalc.errors import FileError

_CUT = "it ends before its last row"


class NpzReader(Reader):
    """All columns side by side, each unpacked as far as a piece needs."""

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        """The names of all arrays."""
        with zipfile.ZipFile(self.path) as archive:
            return self._names(archive)

    def _names(self, archive: zipfile.ZipFile) -> Sequence[str]:
        columns = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        if not columns:
            hint = f"one of {' '.join(SUFFIXES)}"
            raise FileError(f"{self.path} is a ZIP archive without NumPy arrays", hint=hint)
        return columns

    def pieces(self, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
        """The next rows of every array."""
        wanted = list(dict.fromkeys((*names, *kept)))
        with zipfile.ZipFile(self.path) as archive, ExitStack() as stack:
            find(self.path, self._names(archive), wanted)
            opened = {name: self._opened(name, archive, stack) for name in wanted}
            rows = opened[names[0]][0]
            for name, (length, _) in opened.items():
                if length != rows:
                    told = f"{names[0]} has {rows} rows, {name} {length}"
                    raise FileError(f"{self.path}: the columns differ in length: {told}")
            for count in _counts(rows, 8 * len(wanted)):
                yield _piece({name: read(count) for name, (_, read) in opened.items()}, names, kept)

    def _opened(self, name: str, archive: zipfile.ZipFile, stack: ExitStack) -> tuple[int, Callable[[int], Any]]:
        """How many rows a column has, and what reads the next of them."""
        import numpy as np

        place = f"{self.path}, column {name}"
        with readable(place, "numbers"):
            file = stack.enter_context(archive.open(f"{name}.npy"))
            shape, dtype = read_header(file)
        _check_column(self.path, name, shape, dtype)

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

    def _header(self) -> tuple[int, Any, int]:
        """The rows, their type, and the byte where they begin."""
        with self.path.open("rb") as file:
            shape, dtype = read_header(file)
            if dtype.names is None:
                hint = "numpy.savez('points.npz', x=..., y=...)"
                raise FileError(f"{self.path}: its columns have no names", hint=hint)
            if len(shape) != 1:
                raise FileError(f"{self.path}: its shape is {shape}, a table has one dimension")
            if self.path.stat().st_size < file.tell() + shape[0] * dtype.itemsize:
                raise ValueError(_CUT)
            return shape[0], dtype, file.tell()

    def pieces(self, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
        """The next rows of the table."""
        import numpy as np

        rows, dtype, start = self._header()
        wanted = list(dict.fromkeys((*names, *kept)))
        find(self.path, dtype.names, wanted)
        for name in wanted:
            _check_column(self.path, name, (rows, *dtype[name].shape), dtype[name].base)
        with self.path.open("rb") as file:
            file.seek(start)
            for count in _counts(rows, dtype.itemsize):
                part = np.fromfile(file, dtype, count)
                if len(part) < count:
                    raise ValueError(_CUT)
                yield _piece(part, names, kept)


def _counts(rows: int, width: int) -> Iterator[int]:
    """How many rows each piece has, if one is so many bytes; at least one piece."""
    most = most_rows(width)
    for start in range(0, max(rows, 1), most):
        yield min(most, rows - start)


def _piece(parts: Any, names: Sequence[str], kept: Sequence[str]) -> list[Any]:
    """Some rows of columns as doubles, and those kept as Arrow arrays."""
    import numpy as np

    piece: list[Any] = [np.ascontiguousarray(parts[name], dtype=np.float64) for name in names]
    for name in kept:
        part = parts[name]
        piece.append(library("pyarrow").array(np.ascontiguousarray(part, part.dtype.newbyteorder("="))))
    return piece


def _check_column(path: Path, name: str, shape: Sequence[int], dtype: Any) -> None:
    """Raise if an array is no column of numbers."""
    if len(shape) != 1:
        raise FileError(f"{path}, column {name}: its shape is {tuple(shape)}, a column has one dimension")
    if dtype.kind not in "biuf":
        raise FileError(f"{path}, column {name}: holds {dtype}, not numbers")
