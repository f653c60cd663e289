"""What the commands read: formulas from words, files and standard input, points, bindings, limits."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli import asked, grad, process


def test_several_points_and_several_sources(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('[{"x": 2}, {"x": 3}]')
    (tmp_path / "p.csv").write_text("x\n4\n1/2\n")
    np.save(tmp_path / "p.npy", np.array([(6.0,)], dtype=[("x", "f8")]))
    files = [word for end in ("json", "csv", "npy") for word in ("--at", f"@{tmp_path}/p.{end}")]
    points = asked("grad", "x**2", "--at", "x=1", *files, "--at=x=7")["points"]
    assert [point["gradient"]["x"] for point in points] == [2, 4, 6, 8, 1, 12, 14]


def test_let_wrt_and_arrays() -> None:
    body = asked(
        "grad", "sum((w*x + b - y)^2)/8", "--at", "w=0,b=0",
        "--let", "x=[2.3,1.4,5.9,3.6]", "--let", "y=[4.8,3.0,12.0,7.4]", "--wrt", "b, w",
    )  # fmt: skip
    assert body["variables"] == ["b", "w"]
    assert body["let"] == {"x": [2.3, 1.4, 5.9, 3.6], "y": [4.8, 3.0, 12.0, 7.4]}
    assert body["points"][0]["gradient"] == pytest.approx({"b": -6.8, "w": -28.17}, rel=1e-14)
    body = asked("grad", "x.T @ x", "--at", "x=[[0],[1],[2],[3]]")
    assert body["points"][0]["gradient"] == {"x": [[0.0], [2.0], [4.0], [6.0]]}


def test_a_formula_from_a_file(tmp_path: Path) -> None:
    for name, content in (("a", b"x**2 +\n 1\n"), ("b", b"\xef\xbb\xbfx**2 + 1"), ("c", b"x**2 +\r\n 1\r\n")):
        (tmp_path / name).write_bytes(content)
        assert asked("grad", f"@{tmp_path / name}", "--at", "x=3")["points"][0]["gradient"] == {"x": 6.0}


@pytest.mark.parametrize(("content", "code"), [(b"", 2), (b"x\xe9", 4), (b"x\x00", 2), ("x".encode("utf-16"), 4)])
def test_a_file_that_is_no_formula(tmp_path: Path, content: bytes, code: int) -> None:
    (tmp_path / "f").write_bytes(content)
    ran = grad(f"@{tmp_path / 'f'}", "--at", "x=1")
    assert ran.code == code
    assert ran.err.startswith("error: ")


@pytest.mark.parametrize("name", ["absent", "", "a\0b", "a" * 5_000])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    ran = grad(f"@{tmp_path}/{name}", "--at", "x=1")
    assert ran.code == 4
    assert ran.err.startswith("error: ")


def test_a_formula_from_standard_input() -> None:
    ran = process("grad", "-", "--at", "x=3", "--no-symbolic", "--json", input=b"x**2\n")
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["points"][0]["gradient"] == {"x": 6.0}


def test_limits_name_the_option_that_raises_them() -> None:
    for words, option in (
        (["x+x", "--max-text", "2"], "--max-text"),
        (["((x))", "--max-depth", "1"], "--max-depth"),
        (["x+x", "--max-nodes", "1"], "--max-nodes"),
    ):
        ran = grad(*words, "--at", "x=1")
        assert ran.code == 2
        assert f"try: {option} raises the limit" in ran.err
