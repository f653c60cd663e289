"""Points from files: whatever `map` reads, and JSON; exact values, and an error that names the file and the point."""

import gzip
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gradcalc.arithmetic.floats import Floats
from gradcalc.data.points import read_points
from gradcalc.errors import FileError
from gradcalc.language.points import nested
from gradcalc.settings import Limits, Reading
from tests.cli import asked
from tests.data import write

LIMITS = Limits()


def points(path: Path, how: Reading = Reading()) -> list[dict[str, Any]]:  # noqa: B008 - frozen
    """The points of a file as floats."""
    found = read_points(str(path), LIMITS, how)
    return [{name: nested(value, Floats()) for name, value in point.items()} for point in found]


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", b'{"x": 1, "y": [2, 3]}', [{"x": 1.0, "y": [2.0, 3.0]}]),
        ("a.json", b'[{"x": 1}, {"x": 0.1}]', [{"x": 1.0}, {"x": 0.1}]),
        ("a.json", b'{"x": "pi"}', [{"x": math.pi}]),
        ("a.json", b'\xef\xbb\xbf{"x": 1}', [{"x": 1.0}]),
        ("a.JSON", b'{"x": 1}', [{"x": 1.0}]),
        ("a.csv", b"x,y\n1,2\n3,4\n", [{"x": 1.0, "y": 2.0}, {"x": 3.0, "y": 4.0}]),
        ("a.csv", b"x,y\r\n1,2\r\n", [{"x": 1.0, "y": 2.0}]),
        ("a.csv", b"\xef\xbb\xbfx\n1\n", [{"x": 1.0}]),
        ("a.csv", b" x , y \n 1 , 1/4 \n", [{"x": 1.0, "y": 0.25}]),
        ("a.csv", b'x\n"[1,2]"\n', [{"x": [1.0, 2.0]}]),
        ("a.csv", b"x\n1\n\n2\n\n", [{"x": 1.0}, {"x": 2.0}]),
        ("a.csv", b"x;y\npi/4;1/3\n", [{"x": math.pi / 4, "y": 1 / 3}]),
        ("a.tsv", b"x\ty\n1\t[1,2]\n", [{"x": 1.0, "y": [1.0, 2.0]}]),
        ("a.txt", b"x,y\n1,2\n", [{"x": 1.0, "y": 2.0}]),
        ("a.csv.gz", gzip.compress(b"x,y\n1,2\n", mtime=0), [{"x": 1.0, "y": 2.0}]),
        ("a.json.gz", gzip.compress(b'{"x": 1}', mtime=0), [{"x": 1.0}]),
    ],
)
def test_files_of_points(tmp_path: Path, name: str, content: bytes, expected: list[dict[str, Any]]) -> None:
    assert points(written(tmp_path, name, content)) == expected


def test_structured_arrays_are_points(tmp_path: Path) -> None:
    rows = np.array([(1, [2.5, 3]), (3, [4, 5])], dtype=[("x", "i4"), ("y", "f8", (2,))])
    np.save(tmp_path / "many.npy", rows)
    np.save(tmp_path / "one.npy", rows[0])
    assert points(tmp_path / "many.npy") == [{"x": 1.0, "y": [2.5, 3.0]}, {"x": 3.0, "y": [4.0, 5.0]}]
    assert points(tmp_path / "one.npy") == [{"x": 1.0, "y": [2.5, 3.0]}]


BAD = {
    "empty.json": b"",
    "truncated.json": b'[{"x": 1',
    "nan.json": b'{"x": NaN}',
    "infinity.json": b'[{"x": 1}, {"x": Infinity}]',
    "too large.json": b'{"x": 1e400}',
    "many digits.json": b'{"x": ' + b"9" * 5_000 + b"}",
    "null.json": b'{"x": null}',
    "true.json": b'{"x": true}',
    "object.json": b'{"x": {"y": 1}}',
    "number.json": b"3",
    "no point.json": b"[]",
    "no object.json": b"[1]",
    "latin.json": b'{"x": "\xe9"}',
    "nested.json": b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep.json": b'{"x": ' + b"[" * 900 + b"1" + b"]" * 900 + b"}",
    "twice.json": b'{"x": 1, "x": 2}',
    "ragged.json": b'{"x": [[1], [2, 3]]}',
    "word.json": b'{"x": "hello"}',
    "surrogate.json": b'{"x": "\\ud800"}',
    "empty.csv": b"",
    "names only.csv": b"x,y\n",
    "short.csv": b"x,y\n1\n",
    "long.csv": b"x\n1,2\n",
    "gap.csv": b"x,y\n1,\n",
    "twice.csv": b"x,x\n1,2\n",
    "no name.csv": b"x,\n1,2\n",
    "word.csv": b"x\nhello\n",
    "infinity.csv": b"x\ninf\n",
    "nul.csv": b"x\n1\x00\n",
    "latin.csv": b"x\n\xe9\n",
    "huge field.csv": b"x\n" + b"1" * 200_000 + b"\n",
    "open quote.csv": b'x\n"1\n',
    "empty.npy": b"",
    "truncated.npy": b"\x93NUMPY\x01\x00",
    "zip.npy": b"PK\x03\x04abc",
    "pickle.npy": b"\x80\x04K\x01.",
    "unknown.xyz": b"x=1",
    "unknown": b"x=1",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_in_its_error(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, BAD[name])
    with pytest.raises(FileError) as caught:
        points(path)
    assert str(path) in caught.value.message
    assert len(caught.value.message) < 500 + len(str(path))


def test_a_huge_claimed_shape_takes_no_memory(tmp_path: Path) -> None:
    head = b"{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (100000000000,), }"
    head += b" " * (117 - len(head)) + b"\n"
    with pytest.raises(FileError):
        points(written(tmp_path, "huge.npy", b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + b"\0" * 8))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.arange(3.0), "structured"),
        (np.zeros(0, dtype=[("x", "f8")]), "no point"),
        (np.array([(math.nan,)], dtype=[("x", "f8")]), "finite"),
        (np.array([(1 + 2j,)], dtype=[("x", "c16")]), "number"),
        (np.array([(True,)], dtype=[("x", "?")]), "number"),
        (np.array([(b"1",)], dtype=[("x", "S3")]), "number"),
        (np.array([("a",)], dtype=[("x", "U3")]), "no value"),
        (np.array([("2020-01-01",)], dtype=[("x", "M8[D]")]), "number"),
    ],
)
def test_arrays_that_are_no_points(tmp_path: Path, array: Any, message: str) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(FileError, match=message):
        points(tmp_path / "a.npy")


def test_an_array_of_objects_is_never_unpickled(tmp_path: Path) -> None:
    marker = tmp_path / "executed"

    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(marker),)

    np.save(tmp_path / "a.npy", np.array([Payload()], dtype=object), allow_pickle=True)
    with pytest.raises(FileError):
        points(tmp_path / "a.npy")
    assert not marker.exists()


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    for path in (tmp_path / "absent.csv", tmp_path / "folder.json", Path("a\0b.npy"), tmp_path / ("a" * 300 + ".csv")):
        with pytest.raises(FileError):
            points(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b"x\n1\n")
    path.chmod(0)
    with pytest.raises(FileError, match="ermission"):
        points(path)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.npz", "a.npy", "a.csv"])
def test_every_format_that_map_reads_gives_points(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, pa.table({"x": [0.1, 2.0], "y": [3.0, -4.0]}))
    assert points(tmp_path / name) == [{"x": 0.1, "y": 3.0}, {"x": 2.0, "y": -4.0}]


def test_a_list_is_an_array_and_an_integer_is_exact(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", pa.table({"x": [[1.0, 2.0]], "n": [2**53 + 1]}))
    (point,) = read_points(str(tmp_path / "a.parquet"), LIMITS)
    assert point["x"].shape == (2,) and point["n"].graph.nodes[point["n"].items[0]].parameter == str(2**53 + 1)


def test_files_of_points_are_read_as_options_say(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b"# made\ntime (s);x\n1,5;pi/4\n-9;2\n")
    how = Reading(comment="#", decimal_comma=True, rename=("time (s)=t",))
    assert points(path, how) == [{"t": 1.5, "x": math.pi / 4}, {"t": -9.0, "x": 2.0}]
    with pytest.raises(FileError, match=r"line 4: no value for time \(s\)"):
        points(path, Reading(comment="#", decimal_comma=True, missing=("-9",)))


def test_the_points_of_a_file_are_those_of_the_command(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b"t (s);y\n1,5;2\n")
    told = asked("grad", "`t (s)`*y", "--at", f"@{path}", "--decimal-comma", "--no-symbolic")
    assert told["points"][0]["gradient"] == {"t (s)": 2.0, "y": 1.5}
