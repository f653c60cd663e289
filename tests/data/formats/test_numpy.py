"""NumPy's files: columns of any number, what has no columns, damaged headers."""

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
    "header", [b"{'shape': (2,)}", b"((((", b"{'descr': [('x', '<f8')], 'shape': (-1, 'a')}", b"\xff"]
)
def test_the_header_of_an_array_is_damaged(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "points.npy"
    path.write_bytes(b"\x93NUMPY\3\0" + len(header).to_bytes(4, "little") + header + bytes(16))
    assert refusal(path) == "points.npy: not readable as NPY: its header is damaged"
    with pytest.raises(FileError, match="its header is damaged"):
        column_names(path)
