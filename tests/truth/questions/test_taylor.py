"""The answer of `taylor`: polynomial, JSON, page, what is refused."""

import json
import pickle

import pytest

import gradcalc
from gradcalc import UsageError, taylor


def test_the_polynomial_in_steps_from_the_point() -> None:
    assert taylor("exp(x)", {"x": 0}, order=2).points[0].polynomial == "1 + x + 0.5*x**2"
    assert taylor("x^2", {"x": 3}, order=2).points[0].polynomial == "9 + 6*(x - 3) + (x - 3)**2"
    assert taylor("-x*y", {"x": -1, "y": "pi"}, order=2).points[0].polynomial.endswith(" + (y - pi) - (x + 1)*(y - pi)")
    assert taylor("x[0]*x[1]", {"x": [1, 2]}, order=2).points[0].polynomial == (
        "2 + 2*(x[0] - 1) + (x[1] - 2) + (x[0] - 1)*(x[1] - 2)"
    )
    assert taylor("x - x", {"x": 3}, order=2).points[0].polynomial == "0"


def test_the_json() -> None:
    found = taylor("sin(x)*y", at={"x": "pi/2", "y": 2}, order=2, wrt="x", within=0.1).to_dict()
    assert json.loads(json.dumps(found)) == found
    (point,) = found.pop("points")
    assert found == {
        "schema": 1, "command": "taylor", "expression": "sin(x)*y", "variables": ["x"], "order": 2, "let": {},
    }  # fmt: skip
    assert point["at_exact"] == {"x": "pi/2"}
    assert [each["powers"] for each in point["coefficients"]] == [{}, {"x": 1}, {"x": 2}]
    assert [each["value"] for each in point["coefficients"]] == [2.0, 0.0, -1.0]
    assert point["coefficients"][2]["certified"] == {"value": "-1.000000000000000000", "ulps": 0.0, "digits": 17}
    assert point["remainder"]["within"] == 0.1 and 8.3e-6 < point["remainder"]["bound"] < 17e-6


def test_many_points_and_bindings() -> None:
    found = taylor("a*x^2", [{"x": 0}, {"x": 1}], order=1, let={"a": 3})
    assert [point.polynomial for point in found.points] == ["0", "3 + 6*(x - 1)"]
    assert found.let == {"a": 3.0} and found.exit_code == 0


@pytest.mark.parametrize(
    ("text", "x", "code", "kind", "span"),
    [
        ("1 + abs(x)", 0, 1, "no_series", (4, 10)),
        ("1 + sqrt(x)", 0, 1, "no_series", (4, 11)),
        ("1 + log(x)", -1, 3, "undefined", (4, 10)),
    ],
)
def test_where_there_is_none_a_note_says_why(text: str, x: float, code: int, kind: str, span: tuple[int, int]) -> None:
    found = taylor(text, {"x": x})
    (note,) = found.points[0].notes
    assert (found.exit_code, note.kind, note.span) == (code, kind, span)
    assert found.points[0].coefficients == () and found.points[0].polynomial == ""


def test_without_a_bound_the_answer_is_no() -> None:
    found = taylor("1/x", {"x": 1}, order=2, within=2)
    assert found.points[0].remainder.bound is None and found.exit_code == 1
    assert "no bound found" in found.drawn("terminal")


def test_a_coefficient_whose_size_is_open_is_told() -> None:
    (note,) = taylor("exp(x)*(atan(2) + atan(1/2) - pi/2)", {"x": 0}, order=0).points[0].notes
    assert note.kind == "tiny" and "the coefficient of 1 is between" in note.message


def test_a_bound_is_never_rounded_down() -> None:
    found = taylor("exp(x)", {"x": 0}, order=3, within=0.7)
    shown = float(found.drawn("terminal").partition("at most ")[2].split()[0])
    assert shown >= found.points[0].remainder.bound


def test_the_answer_in_rows_pickles_and_shows_itself() -> None:
    found = taylor("x*y", {"x": 1, "y": 2}, order=1)
    assert list(found.records()) == [
        ("point", "x", "y", "value", "certified", "digits"),
        (0, 0, 0, 2.0, "2.000000000000000000", 17),
        (0, 1, 0, 2.0, "2.000000000000000000", 17),
        (0, 0, 1, 1.0, "1.000000000000000000", 17),
    ]
    assert pickle.loads(pickle.dumps(found)) == found
    assert "x - 1" in found._repr_html_() and len(repr(found)) < 500
    for medium in ("latex", "markdown", "html"):
        assert found.drawn(medium)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"order": -1}, "order is -1"),
        ({"order": 2.5}, "order is 2.5"),
        ({"within": 0}, "within is 0"),
        ({"within": float("nan")}, "within is nan"),
        ({"digits": 0}, "digits is 0"),
        ({"at": {}}, "no value for x"),
        ({"at": {"x": 1, "y": 1, "z": 1}, "order": 30}, "more than 2,000 terms"),
        ({"ordre": 3}, "takes no ordre"),
    ],
)
def test_what_is_no_question_is_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        taylor("x*y*z" if "z" in settings.get("at", {}) else "x", **({"at": {"x": 1}} | settings))


def test_nothing_to_expand_in_is_refused() -> None:
    with pytest.raises(UsageError, match="no variable"):
        gradcalc.taylor("2 + 3")


def test_what_no_float_shows_stands_in_the_polynomial_as_it_is_proved() -> None:
    small, large = taylor("exp(-x)", {"x": 1000}, order=1), taylor("exp(x)", {"x": 1000}, order=1)
    assert small.points[0].polynomial == "5.0759588975494568e-435 - 5.0759588975494568e-435*(x - 1000)"
    assert large.points[0].polynomial == "1.970071114017047e+434 + 1.970071114017047e+434*(x - 1000)"
    assert "-5.0759588975494568e-435 │      0 │" in small.drawn("terminal")
    assert "certified" not in taylor("exp(x)", {"x": 0}, order=1).drawn("terminal")
    assert taylor("0*x", {"x": 1}, order=2).points[0].polynomial == "0"


def test_csv_tells_the_bound_and_why_there_is_no_polynomial() -> None:
    head, first, second = taylor("exp(x)", {"x": 0}, order=1, within=0.1).records()
    assert head == ("point", "x", "value", "certified", "digits", "remainder")
    assert first[:3] == (0, 0, 1.0) and first[-1] == second[-1] and 0.005 < float(str(first[-1])) < 0.006
    head, none, *found = taylor("abs(x)", [{"x": 0}, {"x": 2}], order=1).records()
    assert head[-1] == "notes" and none[:6] == (0, "x = 0", "", "", "", "")
    assert str(none[-1]).startswith("no series: abs(x) has no Taylor series")
    assert [row[:4] for row in found] == [(1, "x = 2", 0, 2.0), (1, "x = 2", 1, 1.0)] and found[0][-1] == ""
    head, first, *_ = taylor("exp(-exp(x^2))", {"x": 1e10}, order=1).records()
    assert "the coefficient of 1 is between 0 and 1e-400; " in str(first[-1])


def test_a_variable_may_be_called_as_a_title_of_csv() -> None:
    head, *rows = taylor("value*point", {"value": 2, "point": 3}, order=1).records()
    assert head == ("point_", "value", "point", "value_", "certified", "digits")
    assert [row[:4] for row in rows] == [(0, 0, 0, 6.0), (0, 1, 0, 3.0), (0, 0, 1, 2.0)]
