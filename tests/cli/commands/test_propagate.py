"""`gradcalc propagate` as typed."""

import json
from pathlib import Path

import pytest

from tests.cli import run

AT = ("--at", "x=1±0.1,y=2+-2%")


def test_the_answer_as_json(tmp_path: Path) -> None:
    path = tmp_path / "cov.csv"
    path.write_text("x,y\n0.01,0.002\n0.002,0.0016\n")
    ran = run("propagate", "x*y", *AT, "--cov", str(path), "--samples", "20000", "--json")
    body = json.loads(ran.out)
    assert ran.code == 0 and body["command"] == "propagate" and body["value"] == 2.0
    assert body["linear"]["u"] == pytest.approx((0.04 + 0.0016 + 4 * 0.002) ** 0.5)
    assert body["budget"][0]["name"] == "x" and body["linear_is_valid"] in (None, False)


def test_several_at_are_one_point_and_degrees_of_freedom_count() -> None:
    ran = run("propagate", "x + y", "--at", "x=1±0.1", "--at", "y=2(1)", "--df", "x=4", "--no-monte-carlo")
    assert ran.code == 0 and "result 3.0(10)" in ran.out and "degrees of freedom" in ran.out


def test_values_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "values.txt"
    path.write_text("# a comment\n\nx = 1±0.1\ny = 2, z = 3\n", encoding="utf-8")
    ran = run("propagate", "x + y + z", "--at", f"@{path}", "--no-monte-carlo")
    assert ran.code == 0 and "result 6.00(10)" in ran.out
    assert run("propagate", "x", "--at", "@/nowhere").code == 4


@pytest.mark.parametrize("format", ["csv", "latex", "html", "markdown"])
def test_every_medium(format: str) -> None:
    ran = run("propagate", "[x*y, x]", *AT, "--no-monte-carlo", "--format", format)
    assert ran.code == 0 and ran.out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["x*y", "--at", "x=1±"], 2, "the uncertainty is missing\n  x=1±\n      ^"),
        (["x*y", "--at", "x=1±1,y=2", "--at", "x=3"], 2, "--at gives x twice"),
        (["x*y", *AT, "--corr", "x,y=1.5"], 2, "is 1.5, which is not from -1 to 1"),
        (["x*y", *AT, "--cov", "/nowhere"], 4, "/nowhere: No such file"),
        (["x*y", *AT, "--level", "1.5"], 2, "level is 1.5"),
        (["x*y", *AT, "--samples", "-5"], 2, "--samples"),
        (["x*y", *AT, "--df", "x=4", "--df", "x=5"], 2, "--df gives x twice"),
        (["log(x)", "--at", "x=-1±0.1", "--no-monte-carlo"], 3, ""),
        (["x"], 2, "no input has an uncertainty"),
    ],
)
def test_exit_codes(words: list[str], code: int, message: str) -> None:
    ran = run("propagate", *words)
    assert ran.code == code and message in ran.err
