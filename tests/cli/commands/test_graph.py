"""`gradcalc graph` as typed."""

import json
from pathlib import Path

import pytest

from tests.cli import run

BAYDIN = ("graph", "ln(x1) + x1*x2 - sin(x2)", "--at", "x1=2,x2=5")


def test_a_tree_in_the_terminal() -> None:
    result = run(*BAYDIN)
    assert result.code == 0 and "├─ ∂ 1: v3 = log(v1)" in result.out


def test_files(tmp_path: Path) -> None:
    result = run(*BAYDIN, "-o", str(tmp_path / "g.dot"))
    assert result.code == 0 and result.out == ""
    assert (tmp_path / "g.dot").read_text().startswith("digraph")


def test_json() -> None:
    assert len(json.loads(run(*BAYDIN, "--json").out)["nodes"]) == 7


@pytest.mark.parametrize(
    ("words", "code"),
    [(["x", "--at", "x=1", "-o", "g.gif"], 2), (["x"], 2), (["log(x)", "--at", "x=-1"], 3)],
)
def test_exit_codes(words: list[str], code: int) -> None:
    assert run("graph", *words).code == code


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    assert run(*BAYDIN, "-o", str(tmp_path / "none" / "g.dot")).code == 4
