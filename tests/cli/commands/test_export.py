"""`gradcalc export` as typed."""

import json
from pathlib import Path

import pytest

from tests.cli import run


def test_the_source_is_what_is_printed_or_written(tmp_path: Path) -> None:
    printed = run("export", "x^2*y", "--to", "c", "--name", "area")
    assert printed.code == 0 and printed.out.startswith("/* area: value and gradient of")
    assert "void area(const double *x, double *value, double *gradient, double *hessian)" in printed.out
    file = tmp_path / "area.c"
    written = run("export", "x^2*y", "--to", "c", "--name", "area", "-o", str(file))
    assert (written.code, written.out, file.read_text()) == (0, "", printed.out)


def test_as_json() -> None:
    found = json.loads(run("export", "y*x", "--to", "js", "--order", "2", "--json").out)
    keys = ("schema", "command", "expression", "language", "name", "variables")
    assert [found[key] for key in keys] == [1, "export", "y*x", "js", "f", ["y", "x"]]
    assert "module.exports = {f};" in found["source"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x", "--to", "pascal"], "no such language: pascal"),
        (["x", "--to", "pyhton"], "did you mean python?"),
        (["x"], "--to"),
        (["x", "--to", "c", "--name", "while"], "--name while"),
        (["x", "--to", "c", "--name", "2"], "--name 2"),
        (["x", "--to", "c", "--order", "3"], "--order"),
        (["struve(0, x)", "--to", "c"], "struve: not available in C"),
        (["x +", "--to", "c"], "^"),
    ],
)
def test_refusals(words: list[str], said: str) -> None:
    ran = run("export", *words)
    assert ran.code == 2 and said in ran.err and ran.out == ""


def test_a_file_that_cannot_be_written() -> None:
    assert run("export", "x", "--to", "c", "-o", "/nowhere/f.c").code == 4
