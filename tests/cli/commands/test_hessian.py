"""`gradcalc hessian` as a script meets it."""

import csv
import json

import pytest

from tests.cli import run


def test_hessian_beside_the_symbolic_matrix() -> None:
    ran = run("hessian", "x**4 + y**2 + 1", "--at", "x=2,y=3", "--json", "--symbolic-timeout", "60")
    point = json.loads(ran.out)["points"][0]
    assert point["hessian"] == [[48.0, 0.0], [0.0, 2.0]]
    assert [[entry["formula"] for entry in row] for row in point["symbolic_hessian"]] == [["12*x**2", "0"], ["0", "2"]]
    assert point["certified_hessian"][0][0]["digits"] == 17
    assert (point["eigenvalues"], point["definiteness"], point["critical_point"]) == (
        [2.0, 48.0],
        "positive definite",
        None,
    )


POINTS = ("--at", "x=2,y=3", "--at", "x=0,y=0", "--at", "x=1,y=0")


def cells(out: str) -> list[list[str]]:
    """The rows of a table in a frame."""
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines() if line.startswith("│")]


def test_several_points_with_small_hessians_make_one_table() -> None:
    out = run("hessian", "x**4 + y**2*x", *POINTS, "--symbolic-timeout", "60").out
    head, *rows = cells(out)
    assert head == ["x", "y", "value", "df/dx", "df/dy", "d2f/dx2", "d2f/dxdy", "d2f/dy2", "digits", "Hessian",
                    "critical point", "verdict"]  # fmt: skip
    assert rows == [
        ["2", "3", "34", "41", "12", "48", "6", "4", "17", "positive definite", "", "agrees"],
        ["0", "0", "0", "0", "0", "0", "0", "0", "17", "zero", "degenerate", "agrees"],
        ["1", "0", "1", "4", "0", "12", "0", "2", "17", "positive definite", "", "agrees"],
    ]
    assert {"df/dy = 2*x*y", "d2f/dxdy = 2*y", "3 points: 3 agrees"} <= set(out.splitlines())


def test_where_the_table_does_not_fit_each_point_is_a_paragraph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("hessian", "x**4 + y**2*x", *POINTS, "--no-symbolic").out.splitlines()
    assert not any("│" in line for line in lines) and max(map(len, lines)) <= 80
    assert [line for line in lines if line.startswith("at ")] == [
        "at x = 2, y = 3",
        "at x = 0, y = 0",
        "at x = 1, y = 0",
    ]
    said = [line.split() for line in lines]
    assert ["d2f/dxdy", "6"] in said and ["critical", "point", "degenerate"] in said
    assert ["eigenvalues", "3.1964914980172403,", "48.80350850198276"] in said


def test_points_that_are_undefined_or_nearly_critical_have_their_rows_too() -> None:
    ran = run("hessian", "log(x)", "--at", "x=-1", "--at", "x=1", "--no-symbolic")
    assert ran.code == 3
    assert cells(ran.out)[1:] == [
        ["-1", "undefined", "", "", "", "", "undefined"],
        ["1", "0", "1", "-1", "17", "negative definite", "agrees"],
    ]
    undefined, _ = csv.DictReader(
        run("hessian", "log(x)", "--at", "x=-1", "--at", "x=1", "--no-symbolic", "--format", "csv").out.splitlines()
    )
    assert (undefined["d2f/dx2"], undefined["d2f/dx2_certified"], undefined["d2f/dx2_verdict"]) == (
        "nan",
        "",
        "undefined",
    )
    out = run("hessian", "sin(x)", "--at", "x=1e16", "--at", "x=0", "--no-symbolic").out
    assert "no critical point at x = 1e+16: the gradient is not 0; the Newton step is" in out
    out = run("hessian", "x^2+y^2", "--at", "x=0,y=0", "--at", "x=1,y=0", "--no-symbolic").out
    assert cells(out)[1][-2:] == ["local minimum", "agrees"] and cells(out)[2][-2:] == ["", "agrees"]


def test_larger_hessians_of_several_points_stay_matrices() -> None:
    out = run("hessian", "sum(v^2)", "--at", "v=[1,2,3,4]", "--at", "v=[0,0,0,0]", "--no-symbolic").out
    assert out.count("Hessian") >= 2 and out.count("eigenvalues 2, 2, 2, 2") == 2
