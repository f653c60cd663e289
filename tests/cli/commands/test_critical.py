"""`gradcalc critical` as typed."""

import json
from pathlib import Path

import pytest

from tests.cli import run


def test_the_points_are_shown_and_what_is_proved() -> None:
    result = run("critical", "x^4 - 2x^2 + y^2", "--box", "x=-2:2,y=-1:1")
    assert result.code == 0
    assert "3 critical points, proved; complete: no other critical point in the box" in result.out
    assert "saddle of index 1" in result.out and "rests on" in result.out


def test_as_json_csv_and_other_media() -> None:
    words = ["critical", "abs(x)/2 + (x - 1)^2", "--box", "x=-3:3"]
    body = json.loads(run(*words, "--json").out)
    assert body["complete"] is True and body["points"][0]["at"] == {"x": "0.7500000000000000000"}
    rows = run(*words, "--format", "csv").out.splitlines()
    assert rows == ["x,value,kind,index,on_face", "0.7500000000000000000,0.4375000000000000000,minimum,0,0"]
    for medium in ("latex", "html", "markdown"):
        assert "0.75" in run(*words, "--format", medium).out
    assert "0.75000000000000000000000000000" in run(*words, "--digits", "29").out


def test_roots_of_a_system() -> None:
    result = run("critical", "[x^2 + y^2 - 2, x - y]", "--roots", "--box", "x=0:3", "--box", "y=0:3", "--json")
    assert [point["at"] for point in json.loads(result.out)["points"]] == [
        {"x": "1.000000000000000000", "y": "1.000000000000000000"}
    ]


def test_the_points_are_drawn(tmp_path: Path) -> None:
    words = ["critical", "x^4 - 2x^2", "--box", "x=-2:2", "--plot"]
    result = run(*words, "-")
    assert result.code == 0 and "3 critical points" in result.out and " minimum," in result.out
    target = tmp_path / "c.svg"
    assert run(*words, str(target), "--json").code == 0
    assert 'id="critical-maximum"' in target.read_text()
    for wrong in (
        [*words, "c.gif"],
        [*words, "-", "--json"],
        ["critical", "x*y*z", "--box", "x=0:1,y=0:1,z=0:1", "--plot", "-"],
    ):
        assert run(*wrong).code == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["x^2", "--box", "x=-1:1"], 0),
        (["floor(x) + x^2", "--box", "x=-1.5:1.5"], 1),
        (["log(x)", "--box", "x=-2:-1"], 3),
        (["x^2"], 2),
        (["x^2", "--box", "x=1:0"], 2),
        (["x^2", "--box", "x=-1:1", "--max-seconds", "x"], 2),
    ],
)
def test_exit_codes(words: list[str], code: int) -> None:
    assert run("critical", *words).code == code
