"""Points chosen to mislead: false proofs, false kinks, false infinities. The expected answers are by pencil."""

import math
from collections.abc import Mapping

import pytest

import gradcalc
from gradcalc.errors import UsageError
from gradcalc.truth.report import PointReport, Quantity

ORIGIN = {"x": 0, "y": 0}


def examine(formula: str, at: Mapping[str, object], order: int = 2) -> PointReport:
    return gradcalc.differentiate(formula, at, order=order, symbolic=False).points[0]


def second(formula: str, at: Mapping[str, object], row: int = 0, column: int = 0) -> Quantity:
    curvature = examine(formula, at).curvature
    assert curvature is not None
    return curvature.entries[row, column]


@pytest.mark.parametrize(
    ("formula", "at", "truth"),
    [
        ("where(x==0, 1, (exp(x)-1)/x)", {"x": 0}, 1 / 3),
        ("piecewise((0, x==0), (x + x**2, true))", {"x": 0}, 2.0),
        ("where(x==1, 1, x**2)", {"x": 1}, 2.0),
        ("where(x==y, x**2, x*y)", {"x": 1, "y": 1}, 0.0),
    ],
)
def test_second_derivative_is_not_proved_by_a_branch_of_one_point(
    formula: str, at: Mapping[str, object], truth: float
) -> None:
    entry = second(formula, at)
    if entry.certified is not None or entry.verdict == "agrees":
        assert entry.value == pytest.approx(truth, abs=1e-12)


@pytest.mark.parametrize(
    "formula", ["max(x*y, 0)", "abs(x)*y", "x*abs(y)", "relu(x)*y", "relu(x)*relu(y)", "mod(x,1)*y"]
)
def test_mixed_derivative_is_not_certified_where_there_is_none(formula: str) -> None:
    entry = second(formula, ORIGIN, 0, 1)
    assert entry.certified is None
    assert entry.verdict != "agrees"


@pytest.mark.parametrize(
    "formula",
    [
        "where(x != 0, x*y/(x**2+y**2), 0)",
        "where(x != 0, x**3/(x**2+y**2), 0)",
        "where(x > 0, y, 0)",
        "cbrt(x*y)",
        "cbrt(x**3 + y**3)",
        "cbrt(x**2*y)",
    ],
)
def test_generic_directions_are_asked_for_all_variables_and_without_a_kink_of_an_op(formula: str) -> None:
    assert examine(formula, ORIGIN, 1).verdict in ("kink", "jump")


@pytest.mark.parametrize(
    ("formula", "left", "right"),
    [
        ("x + 1e-20*abs(x)", 1.0, 1.0),
        ("where(x > 0, x*(1 + 1e-12), x)", 1.0, 1.0 + 1e-12),
        ("1e9*x + abs(x)/100", 1e9 - 0.01, 1e9 + 0.01),
        ("1e-200*abs(x)", -1e-200, 1e-200),
    ],
)
def test_slopes_that_differ_little_are_a_kink_all_the_same(formula: str, left: float, right: float) -> None:
    point = examine(formula, {"x": 0}, 1)
    assert point.gradient[0].certified is None
    assert point.verdict == "kink"
    notes = [note for note in point.notes if note.kind == "kink"]
    assert len(notes) == 1
    assert notes[0].left == pytest.approx(left, abs=0)
    assert notes[0].right == pytest.approx(right, abs=0)


@pytest.mark.parametrize(
    ("formula", "x"),
    [
        ("heaviside(x) + 1e300*x", 0),
        ("heaviside(x - 1)*1e-200 + x", 1),
        ("where(x > 0, 1e-200, 0) + x", 0),
        ("floor(1e200*x)", 1),
        ("floor(x)", 1e300),
    ],
)
def test_small_jump_beside_a_slope_is_a_jump(formula: str, x: float) -> None:
    assert examine(formula, {"x": x}, 1).verdict == "jump"


@pytest.mark.parametrize("formula", ["x*sin(pi/x)", "x + x*sin(pi/x)", "x*mod(1/x, 1)"])
def test_steps_of_powers_of_two_do_not_meet_the_zeros_of_an_oscillation(formula: str) -> None:
    point = examine(f"piecewise((0, x==0), ({formula}, true))", {"x": 0}, 1)
    assert point.gradient[0].certified is None
    assert point.verdict != "agrees"


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("max((x + 1e9) - 1e9, y)**3", {"x": 0.1, "y": -1}),
        ("1e-280*min(x, y)**2", {"x": 1, "y": 2}),
    ],
)
def test_smooth_place_of_max_and_min_is_no_kink_of_the_gradient(formula: str, at: Mapping[str, object]) -> None:
    entry = second(formula, at)
    assert entry.verdict in ("agrees", "inaccurate")
    assert entry.certified is not None


@pytest.mark.parametrize(("formula", "x"), [("exp(x)", 1000), ("x**400", 10), ("gamma(x)", 180), ("x*1e400", 1)])
def test_overflow_of_the_gradient_leaves_the_second_derivative_defined(formula: str, x: float) -> None:
    point = examine(formula, {"x": x})
    assert math.isinf(point.gradient[0].value)
    assert point.verdict == "inaccurate"


@pytest.mark.parametrize(
    ("formula", "x"), [("exp(3*log(x))", 0.1), ("(x/3)*9", 0.1), ("cbrt(x**9)", -2.278), ("sqrt(x)**2", 2.0**-28)]
)
def test_result_halfway_between_two_doubles_or_decimals_is_certified(formula: str, x: float) -> None:
    point = examine(formula, {"x": x})
    assert point.value.certified is not None
    assert point.verdict in ("agrees", "inaccurate")


def test_zero_is_not_negative_for_text_as_for_floats() -> None:
    assert examine("atan2(x, -1)", {"x": "-0.0"}, 1).value.value == math.pi
    assert examine("sqrt(x)", {"x": "-0.0"}, 1).gradient[0].value == math.inf
    assert not [note for note in examine("sqrt(x)", {"x": "-0.0"}, 1).notes if note.kind == "near_kink"]


def test_signs_of_a_singular_form_of_integers_are_proved() -> None:
    form = "13*x*x + 20*x*y + 22*x*z + 8*y*y + 16*y*z + 10*z*z"
    curvature = examine(form, {"x": 0, "y": 0, "z": 0}).curvature
    assert curvature is not None
    assert curvature.definiteness == "positive semidefinite"
    assert curvature.critical_point == "degenerate"


@pytest.mark.parametrize(
    ("formula", "x", "truth"),
    [
        ("sin(1000*x)", 2.5625, 1000 * math.cos(2562.5)),
        ("sin(1e5*x)", 1.875, 1e5 * math.cos(187500)),
        ("1/x", 1.75 * 2.0**-13, -((2.0**13 / 1.75) ** 2)),
    ],
)
def test_numeric_error_bounds_the_error_of_an_oscillation_and_beside_a_pole(
    formula: str, x: float, truth: float
) -> None:
    report = gradcalc.differentiate(formula, {"x": x}, symbolic=False, numeric=True)
    numeric = report.points[0].gradient[0].numeric
    assert numeric is not None
    assert math.isnan(numeric.error) or abs(numeric.value - truth) <= numeric.error


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
    ("formula", "order", "truth"),
    [("piecewise((0, x==0), (x, true))", 1, 1.0), ("piecewise((sin(x)/x, x != 0), (1, true))", 2, -1 / 3)],
)
def test_note_names_sympy_where_measured_slopes_contradict_it(formula: str, order: int, truth: float) -> None:
    point = gradcalc.differentiate(formula, {"x": 0}, order=order).points[0]
    entry = point.curvature.entries[0, 0] if point.curvature else point.gradient[0]
    assert entry.value == pytest.approx(truth, abs=1e-12)
    assert entry.symbolic is not None
    assert entry.symbolic.value == "0"
    assert [note.variable for note in point.notes if note.kind == "symbolic"] == ["x" if order == 1 else "x,x"]


def test_note_names_sympy_where_its_formula_has_no_value() -> None:
    point = gradcalc.differentiate("0**x", {"x": 2}).points[0]
    assert point.verdict == "agrees"
    assert [note.kind for note in point.notes] == ["symbolic"]


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


@pytest.mark.parametrize("text", ["1/0", "log(-1)", "nan", "1e400", "0/0", "[1, log(0)]", "exp(1000)"])
def test_point_that_is_no_finite_number_is_a_usage_error_with_a_caret(text: str) -> None:
    with pytest.raises(UsageError, match=r"x.* must be finite") as caught:
        examine("sum(x)", {"x": text}, 1)
    assert caught.value.span is not None
    with pytest.raises(UsageError, match=r"a.* must be finite"):
        gradcalc.differentiate("x + sum(a)", {"x": 1}, let={"a": text})


@pytest.mark.parametrize(("formula", "truth"), [("sqrt(x)**4", 2.0), ("xlogy(x**3, x)", 0.0), ("sqrt(x)**2", 0.0)])
def test_second_derivative_at_the_edge_of_the_domain_is_that_of_the_only_side(formula: str, truth: float) -> None:
    entry = second(formula, {"x": 0})
    assert entry.value == truth
    assert entry.verdict == "agrees"
    assert entry.certified is None


def test_a_kink_that_only_more_bits_rule_out_is_no_kink() -> None:
    point = gradcalc.differentiate("abs((1e60 + x) - 1e60)", {"x": 1}, symbolic=False).points[0]
    assert [note.kind for note in point.notes if "kink" in note.kind] == []
    assert point.gradient[0].certified is not None
    assert point.gradient[0].certified.value.startswith("1.000")
