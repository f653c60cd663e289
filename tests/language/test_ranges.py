"""Ranges in points: exact decimals without drift, ends included, pi as pi, grids; clear about what is none."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradcalc
from gradcalc.errors import ExpressionError, GradcalcError, UsageError
from gradcalc.language.formula import UNNAMED
from gradcalc.language.points import as_given, read_points, to_points
from gradcalc.language.ranges import MAX_POINTS
from gradcalc.settings import Limits

LIMITS = Limits()


def points(text: Any) -> list[dict[str, Any]]:
    """The points of a text as they are echoed."""
    read = read_points(text, LIMITS) if isinstance(text, str) else to_points(text, LIMITS)
    return [{name: as_given(value) for name, value in point.items()} for point in read]


def column(text: str) -> list[Any]:
    """The values of the only name."""
    return [value for point in points(text) for value in point.values()]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x=0:1:0.25", [0, 0.25, 0.5, 0.75, 1]),
        ("x=0:1:0.1", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        ("x=0:1:0.3", [0, 0.3, 0.6, 0.9]),
        ("x=1:0:-0.5", [1, 0.5, 0]),
        ("x=-1:1:1", [-1, 0, 1]),
        ("x=-0.3:0.3:0.3", [-0.3, 0, 0.3]),
        ("x=1e-9:3e-9:1e-9", [1e-9, 2e-9, 3e-9]),
        ("x=1e300:3e300:1e300", [1e300, 2e300, 3e300]),
        ("x=3:3:1", [3]),
        ("x=2:2:-1", [2]),
        ("x=0:1:1/4", [0, 0.25, 0.5, 0.75, 1]),
        ("x=0:1:1/3", [0, "1/3", "2/3", 1]),
        ("x=0:1:0.1/0.3", [0, "1/3", "2/3", 1]),
        ("x=0:pi:pi/4", [0, "pi/4", "pi/2", "3*pi/4", "pi"]),
        ("x=-pi/2:pi/2:pi/2", ["-pi/2", 0, "pi/2"]),
        ("x=1:2+pi:pi/2", [1, "1 + pi/2", "1 + pi"]),
        ("x=pi:0.5:-1", ["pi", "-1 + pi", "-2 + pi"]),
        ("x=0:2*sqrt(2):sqrt(2)", [0, "sqrt(2)", "2*sqrt(2)"]),
        ("x=sqrt(2):3:0.5", ["sqrt(2)", "sqrt(2) + 0.5", "sqrt(2) + 1", "sqrt(2) + 1.5"]),
        ("x=linspace(0,1,5)", [0, 0.25, 0.5, 0.75, 1]),
        ("x=linspace(0, 1, 4)", [0, "1/3", "2/3", 1]),
        ("x=linspace(0.1, 0.4, 4)", [0.1, 0.2, 0.3, 0.4]),
        ("x=linspace(1, 0, 3)", [1, 0.5, 0]),
        ("x=linspace(0,pi,3)", [0, "pi/2", "pi"]),
        ("x=linspace(2,3,1)", [2]),
        ("x=arange(3)", [0, 1, 2]),
        ("x=arange(0, 0.3, 0.1)", [0, 0.1, 0.2]),
        ("x=arange(3, 0, -1)", [3, 2, 1]),
        ("x=arange(1, 3)", [1, 2]),
    ],
)
def test_a_range_is_what_is_written(text: str, values: list[Any]) -> None:
    assert column(text) == values


def test_linspace_has_fifty_values_as_numpy_has() -> None:
    assert column("x=linspace(0, 49)") == list(range(50))


@given(st.integers(-500, 500), st.integers(1, 60), st.integers(1, 40), st.integers(0, 8), st.sampled_from([1, -1]))
def test_decimals_never_drift(start: int, step: int, count: int, places: int, sign: int) -> None:
    """Each value is the double nearest to the decimal, however many steps lie before it."""
    unit = Decimal(10) ** -places
    first, move = start * unit, sign * step * unit
    found = column(f"x={first:f}:{first + count * move:f}:{move:f}")
    assert found == [float(first + k * move) for k in range(count + 1)]


def test_the_end_is_met_only_where_it_is_a_step() -> None:
    assert len(column("x=0:0.9999999999999:0.1")) == 10
    assert len(column("x=0:1.0000000000001:0.1")) == 11
    assert len(column("x=0:3.14159:pi/2")) == 2  # below pi
    assert len(column("x=0:3.1416:pi/2")) == 3


def test_several_ranges_are_a_grid_whose_last_name_changes_first() -> None:
    found = points("x=0:1:1,c=5,y=linspace(2,3,2)")
    assert [tuple(point.values()) for point in found] == [(0, 5, 2), (0, 5, 3), (1, 5, 2), (1, 5, 3)]
    assert list(found[0]) == ["x", "c", "y"]


def test_slices_and_arrays_are_no_ranges() -> None:
    assert points("x=linspace(0,1,5)[1:3]") == [{"x": [0.25, 0.5]}]
    assert points("x=2*linspace(0,1,3)") == [{"x": [0, 1, 2]}]
    assert points("x=[1,2,3][0:2]") == [{"x": [1, 2]}]
    assert len(points("x=[1,2],y=0:1:0.5")) == 3


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("x=0:1", "the range has no step", "x=0:1:0.1"),
        ("x=0:-1", "the range has no step", "x=0:-1:-0.1"),
        ("2:4", "the range has no step", "2:4:0.2"),
        ("x=0:1:0", "the step of the range is 0", "x=0:1:0.25"),
        ("x=0:1:sin(pi)", "the step of the range is 0", "x=0:1:0.25"),
        ("x=0:1:-0.1", "leads away from its end", "a step of the other sign"),
        ("x=1:0:1", "leads away from its end", "a step of the other sign"),
        ("x=0:1:nan", "step of the range is not finite", "x=0:1:0.25"),
        ("x=0:1e400:1", "end of the range is not finite", "x=0:1:0.25"),
        ("x=log(-1):1:1", "start of the range is not finite", "x=0:1:0.25"),
        ("x=0:oo:1", "infinity is no number", None),
        ("x=0:1:1e-9", "1,000,000,001 points, more than 1,000,000", None),
        ("x=0:1:1e-300", "far too many points", None),
        ("x=0:999:1,y=0:1000:1", "the ranges make 1,001,000 points", None),
        ("x=::", "the start of the range is missing", "x=0:1:0.25"),
        ("x=1:", "the end of the range is missing", "x=0:1:0.25"),
        ("x=1:2:", "the step of the range is missing", "x=0:1:0.25"),
        ("x=1:2:3:4", "a range has a start, an end and a step", "x=0:1:0.25"),
        ("x=[1,2]:3:1", "is a number, not an array", "x=0:1:0.25"),
        ("x=0:a:1", "a has no value here", None),
        ("x=linspace(0)", "linspace takes 2 to 3 numbers", "linspace(0, 1, 5)"),
        ("x=linspace(0,1,0)", "a whole number of values", "linspace(0, 1, 5)"),
        ("x=linspace(0,1,2.5)", "a whole number of values", "linspace(0, 1, 5)"),
        ("x=linspace(0,1,1e9)", "1,000,000,000 points", None),
        ("x=arange(0)", "the range has no value", None),
        ("x=linspace(0,1,", "( is never closed", None),
        ("x=linspace(0,1,5", "( is never closed", None),
        ("x=linspace((0,1,5)", "parentheses hold one expression", None),
        ("x=linspace(0,1,)", "the count of the range is missing", "linspace(0, 1, 5)"),
        ("x=arange(0,1,0.5", "( is never closed", None),
        ("x", "x has no value", "x=2"),
        ("3,4", "only one value can stand without its name", "x=2,y=3"),
        ("x=0:1:0.5,x=2", "x has a value already", None),
        ("", "a binding is missing", None),
    ],
)  # fmt: skip
def test_what_is_no_range_is_refused_with_a_hint(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_points(text, LIMITS)
    assert message in caught.value.message
    assert caught.value.span is not None
    assert caught.value.hint if hint is None else caught.value.hint == hint


def test_a_million_points_are_the_most() -> None:
    assert len(read_points(f"x=1:{MAX_POINTS // 1000}:1,y=1:1000:1", LIMITS)) == MAX_POINTS


@given(st.text("0123456789.:,=xy()[]- lispacenrg", max_size=30))
def test_any_text_is_points_or_an_error(text: str) -> None:
    try:
        assert read_points(text, LIMITS)
    except GradcalcError as error:
        assert error.hint or error.message


# -- values without a name --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["3", "pi/4", "-2", "sqrt(2)", "[1,2]", "e", "0:1:0.5", "linspace(0,1,3)"])
def test_a_value_may_stand_alone(text: str) -> None:
    assert all(list(point) == [UNNAMED] for point in read_points(text, LIMITS))


@pytest.mark.parametrize("at", [3, 3.0, "3", "x=3", {"x": 3}, ["3"], Fraction(3), [{"x": 3}]])
def test_it_is_for_the_one_variable(at: Any) -> None:
    report = gradcalc.differentiate("x^2", at=at, symbolic=False)
    assert (report.points[0].at, report.value, report.gradient) == ({"x": 3.0}, 9.0, {"x": 6.0})


def test_it_is_for_the_one_variable_of_every_command() -> None:
    assert gradcalc.differentiate("x^2 + 1", at=0, symbolic=False).value == 1, "0 is a point"
    assert gradcalc.diff("x^3", "x,x", at=2, symbolic=False).points[0].value.value == 12
    assert gradcalc.diff("5", "x", at=2, symbolic=False).points[0].at == {"x": 2.0}
    assert gradcalc.taylor("exp(x)", at=0, order=2).points[0].polynomial == "1 + x + 0.5*x**2"
    assert gradcalc.trace("x^2", at=3).to_dict()["at"] == {"x": 3.0}
    assert gradcalc.descend("(x - 1)^2", at=3).at == {"x": pytest.approx(1)}
    assert gradcalc.differentiate("sum(v^2)", at="[1,2]", symbolic=False).gradient == {"v": [2.0, 4.0]}
    assert gradcalc.differentiate("a*x", at=2, let={"a": 3}, symbolic=False).gradient == {"x": 3.0}
    assert gradcalc.differentiate("e^x", at=1, symbolic=False).value == math.e


@pytest.mark.parametrize(
    ("formula", "at", "message", "hint"),
    [
        ("x*y", "3", "this one has 2 variables: x, y", 'at={"x": ..., "y": ...}'),
        ("5", "3", "this one has no variable", "leave the point out"),
        ("x*y", "3,y=2", "this one has 2 variables", 'at={"x": ..., "y": ...}'),
        ("x*1", "3,y=2", "one value has no name, and others have one", 'at={"x": ...}'),
    ],
)
def test_a_value_alone_that_is_for_no_variable_is_refused(formula: str, at: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        gradcalc.differentiate(formula, at=at, symbolic=False)
    assert message in caught.value.message
    assert caught.value.hint == hint


def test_a_range_is_text_in_python() -> None:
    assert points({"x": "0:1:0.5", "y": 2}) == [{"x": 0, "y": 2}, {"x": 0.5, "y": 2}, {"x": 1, "y": 2}]
    assert len(gradcalc.differentiate("x*y", at="x=0:1:0.5,y=0:1:1", symbolic=False).points) == 6
    assert points([{"x": "0:1:1"}, "x=5"]) == [{"x": 0}, {"x": 1}, {"x": 5}]


def test_a_descent_has_one_start() -> None:
    with pytest.raises(UsageError, match="gives 3 points: a descent has one start"):
        gradcalc.descend("x^2", at={"x": "0:1:0.5"})
