"""NumPy's files: columns of any number, what has no columns, damaged headers."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcalc.data.columns import column_names, read_columns
from gradcalc.errors import FileError
from tests import python
from tests.data import plain, refusal


def test_numpy_files_need_no_pyarrow(tmp_path: Path) -> None:
    np.savez(tmp_path / "points.npz", x=[1.0], y=[2.0])
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from gradcalc.data.columns import read_columns\n"
        f"print(read_columns({str(tmp_path / 'points.npz')!r}, ['x', 'y']).rows)"
    )
    assert python(script) == "1\n"


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": [1, 2, 3], "y": [1, 2]}, "p.npz: the columns differ in length: x has 3 rows, y 2"),
        ({"x": [[1]], "y": [1]}, "p.npz, column x: its shape is (1, 1), a column has one dimension"),
        ({"x": 1.0, "y": [1]}, "p.npz, column x: its shape is (), a column has one dimension"),
        ({"x": ["1"], "y": [1]}, "p.npz, column x: holds <U1, not numbers"),
        ({"x": [1j], "y": [1]}, "p.npz, column x: holds complex128, not numbers"),
        ({"x": np.array([None]), "y": [1]}, "p.npz, column x: holds object, not numbers"),
    ],
)
def test_what_is_wrong_in_an_npz_file_is_named(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    np.savez(tmp_path / "p.npz", **arrays)
    assert refusal(tmp_path / "p.npz").startswith(said)


def test_npz_arrays_of_any_number_widen(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "p.npz", x=np.array([1, 2], ">i2"), y=np.array([True, False]), z=["unused"])
    assert plain(read_columns(tmp_path / "p.npz", "xy")) == {"x": [1.0, 2.0], "y": [1.0, 0.0]}


def test_only_structured_npy_arrays_have_columns(tmp_path: Path) -> None:
    path = tmp_path / "p.npy"
    np.save(path, np.array([(1, 2.5), (3, 4.5)], [("x", ">i4"), ("y", "f8")]))
    assert plain(read_columns(path, "xy")) == {"x": [1.0, 3.0], "y": [2.5, 4.5]}
    np.save(path, np.eye(2))
    assert refusal(path) == "p.npy: its columns have no names\ntry: numpy.savez('points.npz', x=..., y=...)"
    np.save(path, np.array([(1, [2, 3])], [("x", "i4"), ("y", "f8", 2)]))
    assert refusal(path) == "p.npy, column y: its shape is (1, 2), a column has one dimension"


@pytest.mark.parametrize(
    "header",
    [
        b"{'shape': (2,)}",
        b"{'shape': (2,)},",
        b"[1]",
        b"((((",
        b"\xff",
        b"{'descr': [('x', '<f8')], 'shape': (2,)}",
        b"{'descr': [('x', '<f8')], 'fortran_order': 1, 'shape': (2,)}",
        b"{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (2,), 'more': 1}",
        *(
            b"{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': %s}" % shape
            for shape in (
                b"(-1, 'a')",
                b"(-2,)",
                b"(True,)",
                b"2",
                b"[2]",
                b"(2.0,)",
                b"(1+1,)",
                b"(" + b"2," * 300_000,
            )
        ),
        b"{'descr': [" + b"[]," * 1_000_000 + b"], 'fortran_order': False, 'shape': (2,)}",
    ],
)
def test_the_header_of_an_array_is_damaged(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "points.npy"
    path.write_bytes(b"\x93NUMPY\3\0" + len(header).to_bytes(4, "little") + header + bytes(16))
    assert refusal(path) == "points.npy: not readable as NPY: its header is damaged"
    with pytest.raises(FileError, match="its header is damaged"):
        column_names(path)


def test_a_long_header_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "points.npy"
    path.write_bytes(b"\x93NUMPY\3\0" + (1 << 24).to_bytes(4, "little") + b"[]," * 100)
    assert refusal(path) == "points.npy: not readable as NPY: its header of 16,777,216 bytes is longer than 4,194,304"


def test_a_table_may_have_many_columns(tmp_path: Path) -> None:
    with (tmp_path / "p.npy").open("wb") as file:
        np.lib.format.write_array(file, np.zeros(2, [(f"a long name {i}", "f8") for i in range(20_000)]), (2, 0))
    assert len(column_names(tmp_path / "p.npy")) == 20_000


@pytest.mark.parametrize("packed", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_an_archive_whose_packed_bytes_are_broken_is_damaged(tmp_path: Path, packed: int) -> None:
    path = tmp_path / "p.npz"
    rows = np.random.default_rng(0).random(2000)
    for start in range(45, 200, 5):
        with zipfile.ZipFile(path, "w", packed) as archive:
            for name in "xy":
                with archive.open(f"{name}.npy", "w") as file:
                    np.save(file, rows)
        data = bytearray(path.read_bytes())
        data[start : start + 5] = b"\xff\x00\xff\x7f\xff"
        path.write_bytes(data)
        with pytest.raises(FileError, match="p.npz"):
            read_columns(path, "xy")
