"""Kinks and jumps at points chosen to mislead: false proofs, false kinks. The expected answers are by pencil."""

import math
from collections.abc import Mapping

import pytest

import gradcalc
from tests.truth import ORIGIN, examine, second


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
        "x + abs(x)^1.02 + y + 1e-8*min(abs(x), abs(y))",  # differs by more than the last two quotients do
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
    ("formula", "message"),
    [
        ("exp(-1e4)*abs(x)", "slope -1.13548e-4343 from the left, 1.13548e-4343 from the right"),
        ("exp(-1e4)*abs(x) + x", "slope 1 from the left, 1 from the right (they differ by 2.27097e-4343)"),
        ("1 + exp(-1e5)*abs(x)", "slope -3.56295e-43430 from the left, 3.56295e-43430 from the right"),
        ("exp(-1e4)*relu(x) + x^2", "slope 0 from the left, 1.13548e-4343 from the right"),
        ("2 + exp(-1e4)*max(x, 2*x, x^2)", "slope 0 from the left, 2.27097e-4343 from the right"),
        ("1 + exp(-1e4)*where(x > 0, x, 2*x)", "slope 2.27097e-4343 from the left, 1.13548e-4343 from the right"),
        ("1 + exp(-1e4)*leaky_relu(x)", "slope 2.27097e-4344 from the left, 1.13548e-4343 from the right"),
        ("exp(-1e4)*where(x > 0, x, 2*x)", "slope 2.27097e-4343 from the left, 1.13548e-4343 from the right"),
        ("exp(1e4)*abs(x)", "slope -8.80682e+4342 from the left, 8.80682e+4342 from the right"),
        ("exp(-1e4)*sign(x)", "to the left it tends to -1.13548e-4343, to the right it tends to 1.13548e-4343"),
        ("where(x == 0, 1, x)", "to the left it tends to 0, to the right it tends to 0"),
    ],
)
def test_slopes_beyond_the_doubles_are_a_kink_shown_with_their_size(formula: str, message: str) -> None:
    point = examine(formula, {"x": 0}, 1)
    assert point.gradient[0].certified is None
    assert point.verdict == ("jump" if "tends" in message else "kink")
    assert message in point.notes[0].message


def test_second_derivatives_below_the_doubles_are_a_kink() -> None:
    assert second("exp(-1e4)*x*abs(x)", {"x": 0}).verdict == "kink"


@pytest.mark.parametrize("formula", ["exp(-exp(where(x < x, 1, y)))", "erfc(20*max(x - x, y))"])
def test_a_slope_below_the_doubles_fits_along_diagonals_too(formula: str) -> None:
    point = examine(formula, {"y": 10, "x": 3}, 1)
    assert point.verdict == "inaccurate"
    assert all(entry.certified is not None for entry in point.gradient)


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


@pytest.mark.parametrize(
    ("formula", "at", "slopes"),
    [
        ("asin(sin(x))", "pi/2", (1, -1)),
        ("acos(cos(x))", "pi", (1, -1)),
        ("cbrt(x)^2", 0, (float("-inf"), float("inf"))),
        ("where(x>=0, sqrt(x), 0)", 0, (0, float("inf"))),
    ],
)
def test_an_infinite_rule_at_a_kink_gives_the_slope_of_least_size(
    formula: str, at: object, slopes: tuple[float, float]
) -> None:
    report = gradcalc.differentiate(formula, {"x": at}, symbolic=False)
    note = next(note for note in report.notes if note.kind == "kink")
    assert (report.gradient["x"], report.verdict, note.left, note.right) == (0, "kink", *slopes)


@pytest.mark.parametrize(
    ("formula", "at", "verdict"),
    [
        ("abs(hypot(x, 4/3) - 5/3)", 1, "kink"),
        ("abs(hypot(x, 4/3) - 5/3)", "1/3", "agrees"),
        ("abs(log10(x) + 3)", "1/1000", "kink"),
        ("abs(relu(x) - 1/3)", "1/3", "kink"),
        ("abs(relu(x) - x)", "1/3", "agrees"),
        ("abs(leaky_relu(x) + 1/15)", "-1/3", "kink"),
        ("abs(clip(x, 0, 1/2) - 1/3)", "1/3", "kink"),
        ("abs(elu(x) - 1/3)", "1/3", "kink"),
        ("floor(6*asec(x)/pi)", 2, "jump"),
        ("floor(6*acsc(x)/pi)", 2, "jump"),
        ("floor(log10(x))", "1/1000", "jump"),
        ("floor(log10(x))", "1/999", "agrees"),
    ],
)
def test_kinks_at_exact_points_are_settled(formula: str, at: object, verdict: str) -> None:
    assert gradcalc.differentiate(formula, {"x": at}, symbolic=False).verdict == verdict


@pytest.mark.parametrize("terms", [200, 400])
@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        ("abs(x) + sum(k=1..{}, sin(k*x)/k)", "kink"),
        ("abs(sum(k=1..{}, sin(k*x)))", "kink"),
        ("max(x, sum(k=1..{}, x^k/k^2))", "agrees"),
        ("where(x>0, sum(k=1..{}, exp(-k*x)), {} - x)", "kink"),
    ],
)
def test_a_kink_under_many_terms_is_within_the_work_allowed(formula: str, verdict: str, terms: int) -> None:
    report = gradcalc.differentiate(formula.format(terms, terms), {"x": 0}, symbolic=False)
    assert report.verdict == verdict


@pytest.mark.parametrize(
    ("formula", "at", "derivative"),
    [
        ("where(x != x, x, x)/(x/1e-8)", "1e-300", 0.0),
        ("where(x == x, (1+x)-1, 0)", "1e-300", 1.0),
        ("where(x == x, x^2/x/x, 0)", "1e-200", 0.0),
    ],
)
def test_a_slope_stands_in_for_a_float_that_lost_its_digits(formula: str, at: str, derivative: float) -> None:
    point = examine(formula, {"x": at}, 1)
    assert (point.gradient[0].value, point.verdict) == (derivative, "agrees")


@pytest.mark.parametrize(
    ("formula", "at", "verdict", "left", "right"),
    [
        ("floor(x^2)", "sqrt(2)", "jump", None, 0.0),
        ("floor(x^2)", "-sqrt(2)", "jump", 0.0, None),
        ("abs(x^2 - 2)", "sqrt(2)", "kink", -(8**0.5), 8**0.5),
        ("abs(x^2 - x - 1)", "(1+sqrt(5))/2", "kink", -(5**0.5), 5**0.5),
        ("abs(x^2 - x - 1)", "GoldenRatio", "kink", -(5**0.5), 5**0.5),
        ("abs(x^3 - 2)", "2^(1/3)", "kink", -3 * 4 ** (1 / 3), 3 * 4 ** (1 / 3)),
        ("max(sin(x), sqrt(3)/2)", "pi/3", "kink", 0.0, 0.5),
        ("relu(1 - 2*cos(x)^2)", "pi/4", "kink", 0.0, 2.0),
        ("abs(x^2 - pi^2/4)", "pi/2", "kink", -math.pi, math.pi),
        ("abs(atan(x) - pi/3)", "sqrt(3)", "kink", -0.25, 0.25),
        ("mod(x, sqrt(2))", "3*sqrt(2)", "jump", None, 1.0),
        ("where(x^2 < 2, x, 2*x)", "sqrt(2)", "jump", None, 2.0),
        ("floor(x^2)", "1.4142135623730951", "agrees", None, None),
        ("abs(x^2 - 3)", "sqrt(2)", "agrees", None, None),
    ],
)
def test_a_radical_is_exact(formula: str, at: str, verdict: str, left: float | None, right: float | None) -> None:
    point = examine(formula, {"x": at}, 1)
    assert point.verdict == verdict
    sides = [(note.left, note.right) for note in point.notes if note.kind == verdict]
    assert sides == ([] if verdict == "agrees" else [(pytest.approx(left), pytest.approx(right))])


@pytest.mark.parametrize("formula", ["x/hypot(x, x)", "mod(x, x)", "x/sqrt(2*x^2)", "sqrt(x^2)/x"])
@pytest.mark.parametrize("at", ["1", "1/3", "0.5", "7", "sqrt(2)"])
def test_a_derivative_that_cancels_is_proved_to_be_zero(formula: str, at: str) -> None:
    assert [entry.certified and entry.certified.value for entry in examine(formula, {"x": at}, 1).gradient] == ["0"]


def test_a_kink_under_many_slow_functions_is_measured_at_cheap_steps() -> None:
    point = examine("sum(k=1..40, besseli(k,x)*relu(x-50))", {"x": 50}, 1)
    right = gradcalc.differentiate("sum(k=1..40, besseli(k,x))", {"x": 50}, symbolic=False).value
    assert [(note.kind, note.left, note.right) for note in point.notes] == [("kink", 0.0, pytest.approx(right))]


@pytest.mark.parametrize(
    ("formula", "verdict", "sides"),
    [
        ("abs(x)^1e-4", "kink", (-math.inf, math.inf)),
        ("abs(x)^1e-6", "kink", (-math.inf, math.inf)),
        ("abs(x)^1e-300", "kink", (-math.inf, math.inf)),
        ("x^1e-5", "infinite", (None, math.inf)),
        ("where(x>0, x^1e-7, 0)", "kink", (0.0, math.inf)),
        ("where(x==0, 0, 1/log(log(1/abs(x))))", "unverified", None),
        ("where(x==0, 0, (-1/log(abs(x)))^0.2)", "unverified", None),
        ("where(x==0, 0, x*log(log(1/abs(x))))", "unverified", None),
        ("where(x==0, 0, 1 - 1/log(abs(x)))", "jump", (None, None)),
        ("abs(x)^(1+1e-9)", "agrees", None),
        ("abs(x)^(1+1e-12)", "agrees", None),
        ("sign(x)*abs(x)^(1-1e-12)", "infinite", (math.inf, math.inf)),
    ],
)
def test_what_tends_slowly_neither_jumps_nor_settles_early(
    formula: str, verdict: str, sides: tuple[float | None, float | None] | None
) -> None:
    point = examine(formula, {"x": 0}, 1)
    assert point.verdict == verdict
    assert [(note.left, note.right) for note in point.notes if note.kind == verdict] == (
        [] if sides is None else [sides]
    )


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("where(x>0, log(x), x)", "to the right it tends to -inf"),
        ("where(x>0, 1/x, x)", "to the right it tends to inf"),
        ("where(x>0, 1/(x*log(x)^2), x)", "to the right it tends to inf"),
        ("where(x>0, x^-1e-3, x)", "to the right it tends to inf"),
        ("where(x==0, 1, abs(x)^1e-9)", "to the right it does not settle"),
        ("where(x>0, 2 + x^0.1, x)", "to the right it tends to 2"),
    ],
)
def test_what_a_value_tends_to_beside_a_jump(formula: str, told: str) -> None:
    assert [told in note.message for note in examine(formula, {"x": 0}, 1).notes if note.kind == "jump"] == [True]


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("where(x==0, 0, x^3*sin(1/x))", None),
        ("where(x==0, 0, x^2*sin(1/x))", None),
        ("where(x==0, 0, x^4*sin(1/x))", 0.0),
        ("where(x==0, 0, x^3*log(abs(x)))", 0.0),
        ("where(x==0, 1, sin(x)/x)", -1 / 3),
    ],
)
def test_a_second_derivative_is_that_of_the_first(formula: str, value: float | None) -> None:
    entry = second(formula, {"x": 0})
    assert entry.verdict == ("unverified" if value is None else "agrees")
    assert value is None or entry.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("formula", "at", "left", "right"),
    [
        ("abs(10*x - 1) + 30*x", "0.1", 20, 40),
        ("abs(3*x - 1) + 9*x", "0.3333333333333333", 6, 12),
        ("x^2", "0.1", 0, 0),
    ],
)
def test_a_kink_beside_the_point_is_told_to_both_sides(formula: str, at: str, left: int, right: int) -> None:
    """0.1 lies above 1/10 as a double, 0.3333333333333333 below 1/3."""
    near = [(note.left, note.right) for note in examine(formula, {"x": at}, 1).notes if note.kind == "near_kink"]
    assert near == [(pytest.approx(left), pytest.approx(right))] * (left < right)
