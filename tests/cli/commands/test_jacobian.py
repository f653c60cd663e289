"""`gradcalc jacobian` as typed."""

import json
from pathlib import Path

import pytest

from tests.cli import run


def test_the_contract_of_the_json() -> None:
    ran = run("jacobian", "[x*y, sin(x)]", "--at", "x=1,y=2", "--no-symbolic", "--json")
    body = json.loads(ran.out)
    assert (body["schema"], body["command"], body["expression"]) == (1, "jacobian", "[x*y, sin(x)]")
    point = body["points"][0]
    assert point["value"] == [2.0, 0.8414709848078965]
    assert point["jacobian"] == [[2.0, 1.0], [0.5403023058681398, 0.0]]
    assert point["certified_jacobian"][1][0] == {"value": "0.5403023058681397174", "ulps": 0.0, "digits": 16}
    assert point["rank"] == 2 and point["condition"] == pytest.approx(9.691194439158, rel=1e-12)


def test_an_infinite_condition_is_a_word() -> None:
    ran = run("jacobian", "[x*y, 2*x*y]", "--at", "x=1,y=2", "--no-symbolic", "--json")
    assert json.loads(ran.out)["points"][0]["condition"] == "inf"


def test_the_table_and_the_formulas() -> None:
    ran = run("jacobian", "[x*y, 2*x]", "--at", "x=1,y=2", "--no-symbolic")
    assert ran.code == 0 and "│ f[1] │ 2 │ 0 │" in ran.out and "rank 2, full   proved" in ran.out
    ran = run("jacobian", "[x*y, 2*x]", "--no-symbolic")
    assert "│ df[1]/dx   │ 2       │" in ran.out and "Jacobian 2 x 2, 3 entries not structurally zero" in ran.out
    ran = run("jacobian", "[x*y, 2*x]", "--at", "x=1,y=2", "--no-symbolic", "--numeric", "--digits", "25")
    assert "central difference" in ran.out and "2.000000000000000000000000" in ran.out


@pytest.mark.parametrize("format", ["csv", "latex", "html", "markdown"])
@pytest.mark.parametrize("at", [[], ["--at", "x=1,y=2"], ["--at", "x=1,y=2", "--at", "x=0,y=0"]])
def test_every_medium(format: str, at: list[str]) -> None:
    ran = run("jacobian", "[x*y, abs(x)]", *at, "--no-symbolic", "--format", format)
    assert ran.code == 0 and ran.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["[log(x), x]", "--at", "x=-1"], 3),
        (["[x, [y]]", "--at", "x=1,y=1"], 2),
        (["[x, y]", "--at", "x=1"], 2),
        (["[x, y]", "--at", "x=1,y=2", "--wrt", "z"], 2),
        (["[abs(x), x]", "--at", "x=0"], 0),
    ],
)
def test_exit_codes(words: list[str], code: int) -> None:
    assert run("jacobian", *words, "--no-symbolic").code == code


def test_a_formula_a_line_and_what_depends_on_nothing(tmp_path: Path) -> None:
    lines = tmp_path / "formulas.txt"
    lines.write_text("[x*y, x]\n[x\nx*y\n")
    ran = run("jacobian", f"@{lines}", "--each", "--at", "x=1,y=2", "--no-symbolic", "--json")
    first, second, third = map(json.loads, ran.out.splitlines())
    assert first["points"][0]["jacobian"] == [[2, 1], [1, 0]] and third["rows"] == ["f"] and "error" in second
    ran = run("jacobian", "[x, 7]", "--at", "x=1,y=2", "--wrt", "x,y", "--no-symbolic")
    assert "no formula depends on y" in ran.out
    constant = run("jacobian", "[1/4, 2]")
    assert constant.code == 0 and "value [0.25, 2]" in constant.out and not constant.err


def test_a_formula_that_is_no_number_is_sent_here() -> None:
    ran = run("grad", "[x, y]", "--at", "x=1,y=2")
    assert ran.code == 2 and "gradcalc jacobian" in ran.err
