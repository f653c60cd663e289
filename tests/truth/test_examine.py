"""What is known of one point before SymPy is heard, and the `finding` of each number: overflow, undefined values, who is blamed (`blame`)."""

import itertools
import math
import time
from collections.abc import Mapping

import pytest

import gradcalc
from tests.truth import ORIGIN, examine


@pytest.mark.parametrize(("formula", "x"), [("exp(x)", 1000), ("x**400", 10), ("gamma(x)", 180), ("x*1e400", 1)])
def test_overflow_of_the_gradient_leaves_the_second_derivative_defined(formula: str, x: float) -> None:
    point = examine(formula, {"x": x})
    assert math.isinf(point.gradient[0].value)
    assert point.verdict == "inaccurate"


def test_zero_is_not_negative_for_text_as_for_floats() -> None:
    assert examine("atan2(x, -1)", {"x": "-0.0"}, 1).value.value == math.pi
    assert examine("sqrt(x)", {"x": "-0.0"}, 1).gradient[0].value == math.inf
    assert not [note for note in examine("sqrt(x)", {"x": "-0.0"}, 1).notes if note.kind == "near_kink"]


@pytest.mark.parametrize(
    ("formula", "x"),
    [
        ("exp(x) - exp(x)*x", 1000),
        ("exp(x)/exp(x)", 1000),
        ("x**2/x**2", 1e300),
        ("gamma(x)/gamma(x - 1)", 200),
        ("1/(x*x)", 1e-200),
        ("log(x*x)", 1e-200),
        ("1/exp(-x)", 1000),
        ("sinh(x) - sinh(x)", 800),
    ],
)
def test_overflow_is_not_called_undefined_without_certification(formula: str, x: float) -> None:
    report = gradcalc.differentiate(formula, {"x": x}, symbolic=False, certify=False)
    assert report.points[0].value.verdict == "unverified"
    assert report.exit_code == 0


@pytest.mark.parametrize("formula", ["1/x", "0/x", "log(x)", "x/x", "gamma(x)", "1/(x - x)", "log(x**2)"])
def test_what_has_no_value_is_undefined_without_certification(formula: str) -> None:
    report = gradcalc.differentiate(formula, {"x": 0}, symbolic=False, certify=False)
    assert report.points[0].value.verdict == "undefined"
    assert report.exit_code == 3


@pytest.mark.parametrize("formula", ["abs(x)", "relu(x)", "sqrt(x**2)", "max(x, 2*x)"])
def test_kink_is_a_kink_without_certification(formula: str) -> None:
    point = gradcalc.differentiate(formula, {"x": 0}, symbolic=False, certify=False).points[0]
    assert point.verdict == "kink"


@pytest.mark.parametrize(
    ("formula", "at", "order"), [("sqrt(x)", {"x": 0}, 2), ("atan2(x, y)", ORIGIN, 1), ("x**y", {"x": -2, "y": 2}, 1)]
)
def test_undefined_derivative_of_a_defined_value_is_explained(
    formula: str, at: Mapping[str, object], order: int
) -> None:
    point = examine(formula, at, order)
    assert point.verdict == "undefined"
    assert any(note.kind == "undefined" for note in point.notes)


@pytest.mark.parametrize("formula", ["sqrt(3*x - 1)", "log(x - 1/3)"])
def test_infinity_is_blamed_on_floats_only_where_the_number_is_proved_to_exist(formula: str) -> None:
    notes = examine(formula, {"x": "1/3"}, 1).notes
    assert not any("floats only" in note.message for note in notes)
    assert any("floats only" in note.message for note in examine("exp(x)", {"x": 1000}, 1).notes)


SLOW = (
    "sum(k=1..300, besselj(k, x))",
    "abs(x) + sum(k=1..200, sin(k*x))",
    "abs(x)*gamma(x + 3)",
    "sin(x)^2 + cos(x)^2 - 1",
)


@pytest.mark.parametrize("formula", SLOW)
def test_a_busy_machine_says_the_same(formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at = {"x": 0 if "abs" in formula else 2.3}
    answers, ticks = [], itertools.count()
    for step in (1e-9, 2e-5):  # a machine that is idle, and one where each op takes twenty microseconds
        monkeypatch.setattr(time, "thread_time", lambda step=step: next(ticks) * step)
        answers.append(examine(formula, at, 1))
    assert repr(answers[0]) == repr(answers[1])


def test_the_clock_of_a_proof_is_told_when_it_strikes() -> None:
    report = gradcalc.differentiate("sin(x)", {"x": 1}, symbolic=False, certify_timeout=0)
    assert report.points[0].verdict == "unverified"
    assert ["--certify-timeout" in note.message for note in report.points[0].notes if note.kind == "unsettled"][0]


def test_what_is_derived_from_an_unsettled_derivative_is_not_settled_either() -> None:
    point = gradcalc.differentiate("floor(gamma(x))", {"x": 100}, order=2, symbolic=False).points[0]
    assert point.curvature is not None
    assert point.gradient[0].certified is None
    assert point.curvature.entries[0, 0].certified is None
    assert point.curvature.critical_point is None


@pytest.mark.parametrize(
    ("formula", "at", "told"),
    [
        ("tan(x)", {"x": "pi/2"}, "at x = pi/2:"),
        ("log(x)", {"x": "-1/3"}, "at x = -1/3:"),
        ("log(x)", {"x": -1}, "at x = -1:"),
        ("sqrt(x)", {"x": "-0.30000000000000004"}, "at x = -0.30000000000000004:"),
        ("sqrt(x)", {"x": "-1e-400"}, "at x = -1e-400:"),
        ("log(a[1])", {"a": "[1, -sqrt(2)]"}, "at a[1] = -sqrt(2):"),
        ("log(x^2 - 2)", {"x": "sqrt(2)"}, "at x**2 - 2 = 0:"),
        ("sqrt((1 - x^5) - 1)", {"x": "1e-300"}, "= -1.00000e-1500:"),
        ("asin(x*y)", {"x": 1e308, "y": 1e308}, "at x*y = 1.00000e+616:"),
        ("sqrt(x - y)", {"x": 1, "y": 3}, "at x - y = -2:"),
    ],
)
def test_what_is_undefined_is_told_with_its_numbers_as_given(formula: str, at: Mapping[str, object], told: str) -> None:
    assert [told in note.message for note in examine(formula, at, 1).notes] == [True]


@pytest.mark.parametrize("formula", ["floor(x*y)", "abs(x) + abs(y)", "sign(floor(x*y))", "max(x, y) + floor(x)*y"])
def test_no_mixed_derivative_is_zero_where_neither_first_one_exists(formula: str) -> None:
    curvature = examine(formula, ORIGIN).curvature
    assert curvature is not None
    assert curvature.entries[0, 1].verdict in ("kink", "jump")
    assert (curvature.definiteness, curvature.critical_point) == (None, None)


def test_a_mixed_derivative_of_a_smooth_part_is_zero_beside_a_kink() -> None:
    curvature = examine("abs(x) + y^2", ORIGIN).curvature
    assert curvature is not None
    assert (0, 1) not in curvature.entries


def test_the_same_operand_many_times_is_no_tie() -> None:
    for op in ("max", "min"):
        point = gradcalc.differentiate(f"{op}({','.join('x' * 20_000)})", {"x": 1.5}, symbolic=False).points[0]
        assert (point.verdict, point.gradient[0].value) == ("agrees", 1)
    tie = gradcalc.differentiate("max(x, x, 3 - x)", {"x": 1.5}, symbolic=False).points[0]
    assert tie.verdict == "kink"
