"""One derivative of any order: beside exact values, kinks, where there is none, formulas, what is refused."""

import json
import math
import pickle
from collections.abc import Sequence

import pytest

from gradcalc import UsageError, diff
from gradcalc.show import page as pages
from gradcalc.truth.questions.derivative import read_by


@pytest.mark.parametrize(
    ("text", "names"),
    [("x", "x"), ("x,x,y", "xxy"), ("x:2,y", "xxy"), (" x : 3 ", "xxx"), ("x:1,y:2", "xyy"), ("x[0]:2", ["x[0]", "x[0]"]),
     ("A[0, 1],`time (s)`:2", ["A[0,1]", "time (s)", "time (s)"])],
)  # fmt: skip
def test_what_is_derived_for(text: str, names: Sequence[str]) -> None:
    assert read_by(text) == tuple(names)


@pytest.mark.parametrize(
    "text", ["", "x,", ",x", "x,,y", "2", "x y", "sin(x)", "x:", "x:y", ":2", "x:-1", "x:0", "x:1001", "x:99999999999"]
)
def test_what_names_no_variables_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_by(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "by", "at", "right"),
    [
        ("x^5", "x:5", {"x": 7}, "120"),
        ("x^5", "x:6", {"x": 7}, "0"),
        ("exp(2*x)", "x:10", {"x": 0}, "1024"),
        ("sin(x)", "x:101", {"x": 0}, "1"),
        ("x^3*y^2", "x:2,y", {"x": 2, "y": 5}, "120"),
        ("x^3*y^2", "y,x,x", {"x": 2, "y": 5}, "120"),
        ("x^4*y^3*z^2", "x:4,y:3,z:2", {"x": 0.3, "y": 2, "z": 5}, "288"),
        ("1/x", "x:20", {"x": 1}, str(math.factorial(20))),
        ("exp(sin(x))", "x:50", {"x": 1}, "4.495977189762032"),
        ("5*y", "x", {"y": 3}, "0"),
        ("sum(x^3)", "x[1],x[1]", {"x": [1, 2]}, "12"),
        ("a*x^2", "x:2", {"x": 1}, "6"),
    ],
)
def test_the_value_is_proved(text: str, by: str, at: dict[str, object], right: str) -> None:
    (point,) = diff(text, by, at, let={"a": 3} if "a*" in text else None, symbolic=False).points
    certified = point.value.certified
    assert point.value.verdict == "agrees" and certified is not None and certified.digits >= 15
    assert certified.value.startswith(right) and set(point.at) == set(at)


@pytest.mark.parametrize(
    ("text", "by", "formula", "where"),
    [
        ("abs(x)*x^2", "x,x", "4*x*sign(x) + 2*Abs(x)", ""),
        ("log(x)*y", "x,y", "1/x", "x > 0"),
        ("x^3", "x:12", "0", ""),
    ],
)
def test_without_a_point_a_form_that_holds_and_where(text: str, by: str, formula: str, where: str) -> None:
    found = diff(text, by)
    assert (found.formula, found.where, found.points) == (formula, where, ())
    assert found.to_dict()["domain"] == where and f"holds where {where}" in str(found.page()) or not where


def test_the_50th_derivative_to_forty_digits() -> None:
    (point,) = diff("exp(sin(x))", "x:50", {"x": 1}, digits=40).points
    assert point.value.certified.value == "4.495977189762032236261764004286662520210e+42"


@pytest.mark.parametrize(
    ("text", "by", "x", "verdict"),
    [
        ("abs(x)", "x", 0, "kink"),
        ("abs(x)*x", "x:2", 0, "kink"),
        ("abs(x)*x^2", "x:2", 0, "agrees"),
        ("abs(x)", "x:6", 0, "unverified"),
        ("log(x)", "x:2", -1, "undefined"),
        ("log(x)", "x:7", -1, "undefined"),
        ("sqrt(x)", "x", 0, "infinite"),
        ("floor(x)", "x", 2, "jump"),
    ],
)
def test_where_there_is_no_derivative(text: str, by: str, x: float, verdict: str) -> None:
    found = diff(text, by, {"x": x}, symbolic=False)
    assert found.points[0].value.verdict == verdict
    assert found.exit_code == (3 if verdict == "undefined" else 0)
    assert verdict == "agrees" or found.points[0].notes


def test_a_constant_that_has_a_value_is_a_variable() -> None:
    (point,) = diff("x*e", "e", {"x": 3, "e": 2}, symbolic=False).points
    assert point.value.value == 3.0


def test_the_formula_is_sympys_own_derivative() -> None:
    found = diff("x^3*sin(y)", "x:2,y")
    assert found.formula == "6*x*cos(y)" and found.points == ()
    assert diff("x^7", "x:6").formula == "5040*x"


def test_without_sympy_it_is_what_the_rules_give_unless_that_is_long() -> None:
    assert diff("x^3", "x", symbolic=False).formula == "3*x**2"
    assert diff("exp(sin(x))", "x:9", symbolic=False).formula is None


def test_sympy_is_a_second_opinion_from_the_formula_itself() -> None:
    (point,) = diff("sin(x*y)", "x,y", {"x": 1, "y": 2}).points
    assert point.value.symbolic.formula == "-x*y*sin(x*y) + cos(x*y)" and point.value.verdict == "agrees"


def test_the_json() -> None:
    found = diff("x^3", "x:2", [{"x": 1}, {"x": "1/3"}], symbolic=False).to_dict()
    assert json.loads(json.dumps(found)) == found
    points = found.pop("points")
    assert found == {
        "schema": 1, "command": "diff", "expression": "x**3", "by": ["x", "x"], "formula": "6*x", "let": {},
    }  # fmt: skip
    assert [point["value"] for point in points] == [6.0, 2.0]
    assert points[1]["at_exact"] == {"x": "1/3"} and points[0]["certified"]["digits"] == 17
    assert points[0]["verdict"] == "agrees" and points[0]["notes"] == []


def test_the_answer_in_rows_pickles_and_shows_itself() -> None:
    found = diff("x^3", "x:3", {"x": 1})
    assert list(found.records()) == [
        ("x", "value", "certified", "digits", "verdict"),
        (1.0, 6.0, "6.000000000000000000", 17, "agrees"),
    ]
    assert pickle.loads(pickle.dumps(found)) == found
    assert found.name == "d³f/dx³" and diff("x*y", "x,y").name == "d²f/dxdy"
    for medium in ("terminal", "latex", "markdown", "html"):
        assert "6" in found.drawn(medium)


@pytest.mark.parametrize(
    ("text", "by", "at", "words"),
    [
        ("x^2", "X", {"x": 1}, "does not contain X"),
        ("sum(x)", "x", {"x": [1, 2]}, "x is an array"),
        ("x*y", "x", {"x": 1}, "no value for y"),
        ("x^2", "a", {"x": 1}, "bound by let"),
        ("sum(x^2)", "x[2]", {"x": [1, 2]}, r"x\[2\] is no element"),
        ("sum(x^2)", "x[-1]", {"x": [1, 2]}, r"x\[-1\] is no element"),
        ("x^2", "x[0]", {"x": 1}, r"x\[0\] is no element"),
        ("x*e", "e", {"x": 1}, "e is a constant"),
        ("x^2", "pi", None, "pi is a constant"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, by: str, at: dict[str, object] | None, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        diff(text, by, at, let={"a": 1} if by == "a" else None)


def test_csv_has_a_column_for_each_number_of_a_point_and_what_is_to_know() -> None:
    points = [{"x": 0, "v": [1, 2]}, {"x": 2, "v": [1, 1]}]
    head, kink, smooth = diff("abs(x)*v[0]", "x", points, symbolic=False).records()
    assert head == ("x", "v[0]", "v[1]", "value", "certified", "digits", "verdict", "notes")
    assert kink[-2:] == ("kink", "kink: slope -1 from the left, 1 from the right: no derivative")
    assert smooth == (2.0, 1.0, 1.0, 1.0, "1.000000000000000000", 17, "agrees", "")
    assert next(diff("value*x", "x", {"x": 0, "value": 3}, symbolic=False).records())[:3] == ("x", "value", "value_")
    assert list(diff("log(x)", "x", symbolic=False).records()) == [("formula", "where"), ("1/x", "x > 0")]


def test_notes_of_several_points_say_where_and_those_of_the_function_are_none() -> None:
    points = [{"x": 0, "y": 1}, {"x": 1, "y": 1e10}, {"x": 0, "y": 2}]
    made = diff("abs(x) + exp(-y^2)", "x", points, symbolic=False)
    assert [note.kind for point in made.points for note in point.notes] == ["kink", "kink"]
    shown = made.drawn("markdown")
    assert "kink at x = 0, y = 1; x = 0, y = 2:" in shown and shown.count("slope -1") == 1
    (note,) = diff("x*exp(-x^2)", "x", {"x": 1e10}, symbolic=False).points[0].notes
    assert note.kind == "inaccurate" and "e-434294481903251827" in note.message


def test_a_formula_too_long_to_be_read_is_told_of() -> None:
    assert "d⁵⁰f/dx⁵⁰: a formula too long to be read" in str(diff("exp(sin(x))", "x:50", symbolic=False).page())
    assert "too long" not in str(diff("exp(sin(x))", "x:50", {"x": 1}, symbolic=False).page())


def test_a_narrow_table_is_titled_by_the_point() -> None:
    (table,) = (b for b in diff("x^4", "x", {"x": 1}, symbolic=False).page().blocks if isinstance(b, pages.Table))
    assert [column.short or column.title for column in table.columns][:2] == ["at", "df/dx"]
