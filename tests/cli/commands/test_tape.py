"""`gradcalc tape` as typed."""

import json

import pytest

from tests.cli import run

BAYDIN = ("tape", "ln(x1) + x1*x2 - sin(x2)", "--at", "x1=2,x2=5")


def test_the_trace_is_shown() -> None:
    result = run(*BAYDIN)
    assert result.code == 0
    assert "v3 = log(v1)" in result.out and "1.7163 = -0.2837 + 2" in result.out


def test_forward_mode_has_a_tangent_for_each_variable() -> None:
    assert "d/dx2" in run(*BAYDIN, "--forward").out
    found = json.loads(run(*BAYDIN, "--forward", "--json").out)
    assert found["mode"] == "forward" and found["nodes"][-1]["tangent"]["x1"] == 5.5


def test_head_and_tail() -> None:
    assert [node["name"] for node in json.loads(run(*BAYDIN, "--head", "2", "--json").out)["nodes"]] == ["v1", "v2"]
    result = run(*BAYDIN, "--tail", "1")
    assert "v7 = " in result.out and "v1 = " not in result.out and "6 more nodes" in result.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["log(x)", "--at", "x=-1"], 3),
        (["x*y", "--at", "x=1"], 2),
        (["x", "--at", "x=1", "--head", "1", "--tail", "1"], 2),
        (["x", "--at", "x=1", "--at", "x=2"], 2),
        (["abs(x)", "--at", "x=0", "--quiet"], 0),
    ],
)
def test_exit_codes(words: list[str], code: int) -> None:
    assert run("tape", *words).code == code
