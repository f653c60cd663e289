"""`gradcalc grad` as a user and a script meet it: table, JSON, CSV, LaTeX, points, digits, what SymPy did not do."""

import csv
import json

import pytest

from tests.cli import asked, grad, run


def test_json_is_the_promise_of_the_contract() -> None:
    ran = run("grad", "x**4 + y**2 + 1", "--at", "x=2,y=3", "--json", "--symbolic-timeout", "60")
    assert ran.code == 0
    expected = (
        '{"schema": 1, "command": "grad", "expression": "x**4 + y**2 + 1", "variables": ["x", "y"], "let": {}, '
        '"symbolic_status": "done", "points": [{"at": {"x": 2.0, "y": 3.0}, "value": 26.0, '
        '"gradient": {"x": 32.0, "y": 6.0}, '
        '"symbolic": {"x": {"formula": "4*x**3", "value": "32.00000000000000000"}, '
        '"y": {"formula": "2*y", "value": "6.000000000000000000"}}, '
        '"certified_value": {"value": "26.00000000000000000", "ulps": 0.0, "digits": 17}, '
        '"certified": {"x": {"value": "32.00000000000000000", "ulps": 0.0, "digits": 17}, '
        '"y": {"value": "6.000000000000000000", "ulps": 0.0, "digits": 17}}, '
        '"verdicts": {"x": "agrees", "y": "agrees"}, "verdict": "agrees", "notes": []}]}\n'
    )
    assert ran.out == expected


def test_the_table_shows_tape_formula_value_and_digits() -> None:
    out = run("grad", "x**4 + y**2 + 1", "--at", "x=2,y=3", "--symbolic-timeout", "60").out
    row = next(line for line in out.splitlines() if line.startswith("│ x"))
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["x", "32", "4*x**3", "32", "17", "agrees"]


def test_csv_long_has_a_fact_a_row() -> None:
    ran = grad("x**2", "--at", "x=3", "--csv-long")
    assert ran.out.splitlines() == [
        "point,variable,field,value",
        "0,,value,9.0",
        "0,,certified,9.000000000000000000",
        "0,x,gradient,6.0",
        "0,x,certified,6.000000000000000000",
        "0,x,digits,17",
        "0,x,verdict,agrees",
        "0,,verdict,agrees",
    ]


def test_csv_has_a_row_for_each_point_with_where_it_is() -> None:
    ran = grad(
        "x^2*sum(v)", "--at", "x=3,v=[1,2]", "--at", "x=-1,v=[4,0]", "--wrt", "x", "--format", "csv", "--no-symbolic"
    )
    first, second = csv.DictReader(ran.out.splitlines())
    assert [first[name] for name in ("x", "v[0]", "v[1]", "value", "df/dx", "df/dx_digits", "df/dx_verdict")] == [
        "3.0", "1.0", "2.0", "27.0", "18.0", "17", "agrees",
    ]  # fmt: skip
    assert (second["x"], second["df/dx"], second["df/dx_certified"]) == ("-1.0", "-8.0", "-8.000000000000000000")
    assert second["verdict"] == "agrees"
    ran = run("hessian", "x*y*value", "--at", "x=2,y=3,value=5", "--format", "csv", "--no-symbolic")
    (row,) = csv.DictReader(ran.out.splitlines())
    assert (row["value"], row["value_"], row["d2f/dxdy"], row["d2f/dx2"]) == ("5.0", "30.0", "5.0", "0.0")


def test_latex_with_sympys_typesetting() -> None:
    ran = run("grad", "x**2", "--at", "x=3", "--format", "latex", "--symbolic-timeout", "60")
    assert r"f &= x^{2} \\" in ran.out
    assert r"\frac{\partial f}{\partial x} &= 2 x = 6" in ran.out


@pytest.mark.parametrize("words", [["--format", "json"], ["--format=json"], ["--json"], ["--json", "--format", "json"]])
def test_ways_to_ask_for_json(words: list[str]) -> None:
    assert json.loads(grad("x", "--at", "x=1", *words).out)["points"][0]["gradient"] == {"x": 1.0}


def test_digits_numeric_and_timeouts() -> None:
    proof = asked("grad", "sin(x)", "--at", "x=1", "--digits", "50")["points"][0]["certified"]["x"]["value"]
    assert proof == "0.54030230586813971740093660744297660373231042061792"
    point = asked("grad", "sin(x)", "--at", "x=1", "--numeric")["points"][0]
    assert 0 < point["numeric"]["x"]["error"] < 1e-9
    assert abs(point["numeric"]["x"]["value"] - 0.5403023058681398) <= point["numeric"]["x"]["error"]
    point = asked("grad", "sin(x)", "--at", "x=1", "--certify-timeout", "0")["points"][0]
    assert point["verdict"] == "unverified"
    point = asked("grad", "sin(x)", "--at", "x=1", "--no-certify")["points"][0]
    assert (point["certified"], point["verdict"]) == ({"x": None}, "unverified")


def test_what_sympy_did_not_do_is_told_on_stderr_unless_quiet() -> None:
    words = ["grad", "x**2", "--at", "x=1", "--json", "--symbolic-timeout", "0"]
    loud, quiet = run(*words), run(*words, "--quiet")
    assert loud.err.startswith("SymPy: timed out")
    assert quiet.err == ""
    assert json.loads(loud.out) == json.loads(quiet.out)
    assert json.loads(loud.out)["symbolic_status"] == "timed out"


def test_a_formula_without_variables() -> None:
    point = asked("grad", "2 + 3")["points"][0]
    assert (point["at"], point["value"], point["gradient"]) == ({}, 5.0, {})


def test_undefined_shows_the_place_and_keeps_the_other_points() -> None:
    ran = grad("1 + log(x)", "--at", "x=-1", "--at", "x=1", "--json")
    first, second = json.loads(ran.out)["points"]
    assert ran.code == 3
    assert (first["value"], first["gradient"], first["verdict"]) == ("nan", {"x": "nan"}, "undefined")
    assert first["notes"][0]["span"] == [4, 10]
    assert second["gradient"] == {"x": 1.0}


def test_a_variable_that_does_not_occur_has_derivative_zero_when_asked_for() -> None:
    point = asked("grad", "x", "--at", "x=1,z=1", "--wrt", "z")["points"][0]
    assert point["gradient"] == {"z": 0.0}
    assert [note["message"] for note in point["notes"]] == ["the formula does not depend on z"]


def test_the_slope_of_a_curve() -> None:
    curve = ["--implicit", "x^2+y^2=25", "--of", "y", "--wrt", "x"]
    assert "dy/dx = -x/y" in run("grad", *curve).out
    found = json.loads(run("grad", *curve, "--at", "x=3,y=4", "--no-symbolic", "--json").out)
    assert found["formula"] == "-x/y" and found["points"][0]["certified"]["value"].startswith("-0.75")
    assert run(*curve, "--at", "x=3,y=4", "--no-symbolic").code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--of", "y", "--wrt", "x", "--at", "x=3,y=5"], 2, "try: --at x=3,y=4"),
        (["--of", "y", "--wrt", "x", "x^2"], 2, "EXPR and --implicit do not go together"),
        (["--of", "y", "--wrt", "x", "--tangent"], 2, "--tangent and --implicit do not go together"),
        (["--of", "y", "--wrt", "x", "--each"], 2, "--each and --implicit do not go together"),
        (["--of", "y"], 2, "try: --wrt x"),
        (["--wrt", "x"], 2, "--of is missing"),
    ],
)
def test_what_does_not_go_with_a_curve(words: list[str], code: int, said: str) -> None:
    ran = run("grad", "--implicit", "x^2+y^2=25", *words, "--no-symbolic")
    assert ran.code == code and said in ran.err


def test_a_formula_is_needed_without_a_curve() -> None:
    assert "missing argument 'EXPR'" in run("grad").err and run("grad").code == 2
    assert "EXPR and --of do not go together" in run("grad", "x^2", "--of", "y").err
