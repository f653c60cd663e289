"""Points that all rays leave: cones, cusps, kinks of many pieces, degenerate points. `rays`, `switches`, `frame` too."""

from fractions import Fraction

import numpy as np
import pytest

import gradcalc
from gradcalc.language.parse import as_formula
from gradcalc.settings import Limits
from gradcalc.truth.critical import isolated
from gradcalc.truth.critical.box import read_box
from gradcalc.truth.critical.find import Quest
from gradcalc.truth.critical.frame import by_kernel
from gradcalc.truth.critical.search import Boxes, Clock
from gradcalc.truth.critical.solution import Outcome
from gradcalc.truth.critical.system import of_equations, of_gradient

PLANE, LINE = "x=-1:2,y=-1:1", "x=-1:2"
AT_0 = [
    ("sqrt(x^2 + y^2)", PLANE, "kink"), ("norm([x, y]) + y^2", PLANE, "kink"), ("sqrt(x^2 + y^2) + x/2", PLANE, "kink"),
    ("1 - hypot(x, y)", PLANE, "kink"), ("sqrt(x^2 + y^2)^3", PLANE, "minimum"),
    ("abs(x) + abs(2x)", LINE, "kink"), ("abs(x) - abs(2x)", LINE, "kink"), ("max(x, 2x, -x)", LINE, "kink"),
    ("abs(x) + abs(y) + abs(x + y)", PLANE, "kink"), ("max(abs(x), abs(y))", PLANE, "kink"),
    ("sqrt(x^2 + y^2) - 2abs(x)", PLANE, "kink"),
    ("abs(x)^(2/3)", LINE, "kink"), ("-cbrt(x)^2", LINE, "kink"), ("abs(x)^0.5 + y^2", PLANE, "kink"),
    ("abs(x)^1.5", LINE, "minimum"), ("x*abs(x)", LINE, "degenerate"), ("abs(x)^(4/3) + y^2", PLANE, "minimum"),
    ("x^4 + y^4", PLANE, "minimum"), ("-x^2 - y^4", PLANE, "maximum"), ("x^3 - 3x*y^2", PLANE, "degenerate"),
    ("x^2 + y^3", PLANE, "degenerate"), ("(x + y)^2 + (x - y)^4", PLANE, "minimum"),
    ("(x + y)^2 + (x - y)^3", PLANE, "degenerate"), ("(x + 2y)^2 + x^6", PLANE, "minimum"),
    ("(x + y)^2 - (x - y)^4", PLANE, "degenerate"), ("-(x/3 - y)^2 - exp(x)*(x + y)^4", PLANE, "maximum"),
]  # fmt: skip


@pytest.mark.parametrize("text, box, kind", AT_0)
def test_the_one_critical_point_is_0(text: str, box: str, kind: str) -> None:
    found = gradcalc.critical(text, box, max_seconds=60)
    assert found.complete and [point.kind for point in found.points] == [kind]
    assert not any(found.points[0].floats.values())


@pytest.mark.parametrize(
    "text, box",
    [
        ("max(x, y, x + y)", PLANE), ("sqrt(x^2 + y^2) + 2x", PLANE), ("cbrt(x)", LINE), ("exp(-1/x^2)", LINE),
        ("abs(x) + 2x + abs(y)", PLANE), ("gamma(x)", "x=-3.2:-2.7"), ("digamma(x)", "x=-1.2:-0.7"), ("lgamma(x)", "x=-0.3:0.5"),
    ],
)  # fmt: skip
def test_what_is_not_critical_is_left_out(text: str, box: str) -> None:
    found = gradcalc.critical(text, box, max_seconds=60)
    assert found.complete and not found.points


def test_a_point_of_short_numbers_beside_0() -> None:
    found = gradcalc.critical("abs(x - 1/3)^(2/3) + abs(y - 1/2)^(2/3)", PLANE, max_seconds=60)
    assert found.complete and [(p.kind, p.floats) for p in found.points] == [("kink", {"x": 1 / 3, "y": 0.5})]


def test_a_multiple_root_is_alone() -> None:
    found = gradcalc.critical("[x^2 + y^2, x*y]", PLANE, roots=True)
    assert found.complete and [p.kind for p in found.points] == ["root"]
    assert not gradcalc.critical("[x^2 - y^2, x - y]", PLANE, roots=True).complete


def test_jumps_are_not_taken_for_kinks() -> None:
    for text in ("where(x > 0, x - 1, -x)", "where(x > 0, x + 1, -x)", "where(x != 0, x, 0)"):
        assert not gradcalc.critical(text, LINE).points


@pytest.mark.parametrize("text", ["exp(x)*abs(x)*x", "exp(-x)*x*abs(x)^3"])
def test_slopes_that_vanish_at_the_point_on_one_side_of_a_plane_make_it_critical(text: str) -> None:
    found = gradcalc.critical(text, "x=-1:1", max_seconds=60)
    assert found.complete and [(p.kind, p.floats) for p in found.points] == [("degenerate", {"x": 0.0})]


@pytest.mark.parametrize("text", ["[x^3, sign(x)^2*y]", "[x, abs(sign(x))*y^2]"])
def test_a_line_of_roots_where_a_sign_is_0_is_not_taken_for_points(text: str) -> None:
    formula = as_formula(text, array=True)
    inputs = [formula.graph.input(name) for name in "xy"]
    quest = Quest(
        of_equations(formula.graph, formula.items, inputs), read_box(PLANE, Limits()), 17, Clock(), classify=False
    )
    hull = Boxes(np.array([[-0.001], [0.1]]), np.array([[0.001], [0.2]]))
    assert not isolated.settled(quest, Outcome(), hull)


def test_roots_of_a_system_of_which_one_formula_has_a_kink() -> None:
    found = gradcalc.critical("[abs(x) + y^2, y]", PLANE, roots=True, max_seconds=20)
    assert found.complete and [p.floats for p in found.points] == [{"x": 0.0, "y": 0.0}]


NESTED = [
    ("abs(abs(x) - y) + 0.9x + 0.1y + x^2 + y^2", [(-0.2, 0.2), (0, 0)]), ("max(x, y, -x - y) + x^2", [(0, 0)]),
    ("relu(relu(x) - y) - relu(x)/2 + x/10 + y/2 + x^2 + y^2", [(-0.05, 0), (0, 0)]), ("abs(abs(x) - 1) + y^2", [(1, 0), (0, 0)]),
]  # fmt: skip


@pytest.mark.parametrize("text, points", NESTED)
def test_a_kink_within_a_kink_has_all_means_of_the_slopes(text: str, points: list[tuple[float, float]]) -> None:
    """0 is a mean of the slopes of the four pieces of the first, (1.9, -0.9) to (-0.1, 1.1); of no product of slopes."""
    found = gradcalc.critical(text, "x=-0.9:1.1,y=-1:1.2", max_seconds=60)
    assert found.complete and {p.kind for p in found.points} == {"kink"}
    assert [tuple(p.floats.values()) for p in found.points] == [pytest.approx(at, abs=1e-15) for at in points]


def test_a_point_is_flat_along_directions_that_are_no_axes() -> None:
    """Powell's singular function: its second derivatives at 0 are 0 along (-10, 1, 0, 0) and (0, 0, 1, 1)."""
    text, box = "(a + 10b)^2 + 5(c - d)^2 + (b - 2c)^4 + 10(a - d)^4", "a=-4:5,b=-4:5,c=-4:5,d=-4:5"
    found = gradcalc.critical(text, box, max_seconds=60)
    assert found.complete and [(p.kind, p.value) for p in found.points] == [("minimum", "0")]
    formula = as_formula("(a + 10b)^2 + 5(c - d)^2 + (b - 2c)^4")
    inputs = [formula.graph.input(name) for name in "abcd"]
    frame = by_kernel(of_gradient(formula.graph, formula.output, inputs), [Fraction(0)] * 4)
    assert frame is not None and frame.flat == (True, True, False, False)
    assert [row[0] for row in frame.inverse] == [0, 0, 1, 0]  # a = -10 v0 + v2, b = v0
    assert [row[1] for row in frame.inverse] == [1, 0, 10, 0]


@pytest.mark.parametrize("text", ["(x + y)^2", "(x + y - (x - y)^2)^2", "(x + y)^2*(1 + x^2)", "(x + y)^2*(x - y)^4"])
def test_lines_of_critical_points_are_no_single_ones(text: str) -> None:
    assert not gradcalc.critical(text, "x=-1:2,y=-1:1").complete


def test_boxes_wider_than_the_largest_double_are_answered() -> None:
    assert not gradcalc.critical("x^2 + exp(x)", "x=-1e308:1e308").complete


def test_what_a_whole_search_leaves_has_a_moment() -> None:
    formula, clock = as_formula("x^4 + y^4"), Clock(end=0.0)
    system = of_gradient(formula.graph, formula.output, [formula.graph.input(name) for name in "xy"])
    quest, outcome = Quest(system, read_box(PLANE, Limits()), 17, clock), Outcome()
    left = Boxes(np.full((2, 1), -1e-6), np.full((2, 1), 1e-6))
    quest._rest(outcome, left, True)
    assert not outcome.solutions
    with quest._a_moment_more(True):
        quest._rest(outcome, left, True)
    assert [each.kind for each in outcome.solutions] == ["minimum"] and clock.is_over()
    with quest._a_moment_more(False):
        assert clock.is_over()
