"""Points from text, files and Python values: exact where the user was exact, and clear about what does not fit."""

import math
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import FileError, GradcalcError, UsageError
from gradcalc.language.parse import Limits
from gradcalc.language.points import nested, read_points, to_value

LIMITS = Limits()


def plain(given: Any) -> Any:
    """A Python value after its way through a constant."""
    return nested(to_value("x", given, LIMITS), Floats())


def points(path: Path) -> list[dict[str, Any]]:
    """The points of a file as floats."""
    return [
        {name: nested(value, Floats()) for name, value in point.items()} for point in read_points(f"@{path}", LIMITS)
    ]


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (2, 2.0),
        (0.1, 0.1),
        (-0.0, -0.0),
        (1e300, 1e300),
        (5e-324, 5e-324),
        (Fraction(1, 3), 1 / 3),
        ("pi/4", math.pi / 4),
        ("-1e-3", -1e-3),
        (np.float64(0.1), 0.1),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.int64(-3), -3.0),
        ([1, 2.5], [1.0, 2.5]),
        (((1,), (2,)), [[1.0], [2.0]]),
        (np.arange(6).reshape(2, 3), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
        (np.array(2.0), 2.0),
        ("[1, 2]", [1.0, 2.0]),
    ],
)
def test_python_values_keep_their_number(given: Any, number: Any) -> None:
    assert plain(given) == number


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (math.nan, "must be finite"),
        (math.inf, "must be finite"),
        (True, "must be a number"),
        (None, "must be a number"),
        (b"1", "must be a number"),
        ([b"12"], "must be a number"),
        (1j, "must be a number"),
        (object(), "must be a number"),
        ({"a": 1}, "must be a number"),
        ([1, [2]], "differ in length"),
        ([[1, 2], [3]], "differ in length"),
    ],
)
def test_what_is_no_number_is_refused(given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plain(given)


def test_an_array_of_hundreds_of_dimensions_is_refused() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    with pytest.raises(UsageError, match="dimensions"):
        plain(deep)


def test_text_gives_one_point() -> None:
    (point,) = read_points("x=pi/4,y=-1e-3,z=[1,2]", LIMITS)
    assert {name: nested(value, Floats()) for name, value in point.items()} == {
        "x": math.pi / 4,
        "y": -1e-3,
        "z": [1.0, 2.0],
    }


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
    "unknown.txt": b"x=1",
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


@pytest.mark.parametrize(
    "text", ["", "x", "x=", "=1", "x=1,", ",x=1", "x=1 y=2", "x==1", "x=1,x=2", "2=x", "x=y", "-x=1"]
)
def test_text_that_is_no_point(text: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        read_points(text, LIMITS)
    assert caught.value.exit_code == 2
    assert caught.value.span is not None


@pytest.mark.parametrize("text", ["1/0", "log(-1)", "nan", "1e400", "0/0", "[1, log(0)]", "exp(1000)"])
def test_point_that_is_no_finite_number_is_a_usage_error_with_a_caret(text: str) -> None:
    with pytest.raises(UsageError, match=r"x.* must be finite") as caught:
        gradcalc.differentiate("sum(x)", {"x": text}, symbolic=False)
    assert caught.value.span is not None
    with pytest.raises(UsageError, match=r"a.* must be finite"):
        gradcalc.differentiate("x + sum(a)", {"x": 1}, let={"a": text})
