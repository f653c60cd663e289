"""`gradcalc diff` as typed."""

import json

import pytest

from tests.cli import run


def test_a_formula_without_a_point() -> None:
    ran = run("diff", "x**3*sin(y)", "x:2,y", "--symbolic-timeout", "60")
    assert ran.code == 0 and "= 6*x*cos(y)" in ran.out


def test_the_value_at_points() -> None:
    ran = run("diff", "x^4", "x:4", "--at", "x=1", "--at", "x=2", "--no-symbolic", "--json")
    assert [point["value"] for point in json.loads(ran.out)["points"]] == [24.0, 24.0]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["log(x)", "x", "--at", "x=-1"], 3),
        (["x^2", "x:0"], 2),
        (["x^2"], 2),
        (["x^2", "X"], 2),
    ],
)
def test_exit_codes(words: list[str], code: int) -> None:
    assert run("diff", *words, "--no-symbolic").code == code
