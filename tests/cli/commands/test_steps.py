"""`gradcalc steps` as typed."""

import json

import pytest

from tests.cli import run


def test_the_derivation_is_shown() -> None:
    result = run("steps", "x^2*sin(x)")
    assert result.code == 0
    assert "1. product rule" in result.out and "equal to the tape's derivative: proved" in result.out


def test_brief_and_all() -> None:
    assert "(u*v)'" not in run("steps", "x^2*sin(x)", "--brief").out
    assert "c' = 0" in run("steps", "x^2 + 3", "--all").out


def test_json() -> None:
    found = json.loads(run("steps", "x^y", "--wrt", "x:2", "--json").out)
    assert found["command"] == "steps" and found["proved"] is True and found["wrt"] == ["x", "x"]


@pytest.mark.parametrize(
    ("words", "code"),
    [(["x*y"], 2), (["x", "--wrt", "x:7"], 2), (["x*y", "--wrt", "y", "--quiet"], 0), (["x*a", "--let", "a=3"], 0)],
)
def test_exit_codes(words: list[str], code: int) -> None:
    assert run("steps", *words).code == code
