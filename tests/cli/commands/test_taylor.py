"""`gradcalc taylor` as typed."""

import json

import pytest

from tests.cli import run


def test_the_polynomial_is_shown_with_its_bound() -> None:
    result = run("taylor", "exp(x)", "--at", "x=0", "-n", "2", "--within", "0.1")
    assert result.code == 0
    assert "order 2: 1 + x + 0.5*x**2" in result.out and "remainder at most 0.0001718" in result.out
    assert "proved" in result.out


def test_as_json_and_csv() -> None:
    result = run("taylor", "x^2", "--at", "x=1", "--order", "1", "--json")
    assert [each["value"] for each in json.loads(result.out)["points"][0]["coefficients"]] == [1.0, 2.0]
    assert run("taylor", "x^2", "--at", "x=1", "--order", "1", "--format", "csv").out.splitlines()[1] == (
        "0,0,1.0,1.000000000000000000,17"
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["abs(x)", "--at", "x=0"], 1),
        (["log(x)", "--at", "x=-1"], 3),
        (["x", "--at", "x=0", "--order", "2.5"], 2),
        (["x"], 2),
        (["x", "--at", "x=0", "--quiet"], 0),
    ],
)
def test_exit_codes(words: list[str], code: int) -> None:
    assert run("taylor", *words).code == code
