"""One-sided slopes: each kind of side, directions, budgets, and what two sides say together."""

import math
from functools import partial

import pytest

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.marks import UNDECIDED
from gradcalc.language.parse import parse, parse_bindings
from gradcalc.language.points import bind
from gradcalc.truth.slopes import Side, Slopes, along, generic_directions, on_kink, steps

INF = math.inf


def slopes_of(text: str, at: str = "x=0", direction: dict[str, int] | None = None, work: float = 1e7) -> Slopes:
    """The slopes of a formula at a point along a direction by variable."""
    formula, point = parse(text), parse_bindings(at)
    moves = {formula.graph.input(name): weight for name, weight in (direction or {"x": 1}).items()}
    inputs = partial(bind, formula.graph, point)
    return along(formula.graph, formula.output, inputs, moves, Budget(work))


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("abs(x)", Side("slope", -1.0), Side("slope", 1.0)),
        ("3*x + x**2", Side("slope", 3.0), Side("slope", 3.0)),
        ("x**2", Side("slope", 0.0), Side("slope", 0.0)),
        ("abs(x)**1.01", Side("slope", 0.0), Side("slope", 0.0)),
        ("cbrt(x)", Side("infinite", INF), Side("infinite", INF)),
        ("-cbrt(x)", Side("infinite", -INF), Side("infinite", -INF)),
        ("sqrt(abs(x))", Side("infinite", -INF), Side("infinite", INF)),
        ("sqrt(x)", Side("undefined"), Side("infinite", INF)),
        ("sign(x)", Side("jump", None, -1.0), Side("jump", None, 1.0)),
        ("where(x > 0, 2 + x, x)", Side("slope", 1.0), Side("jump", None, 2.0)),
        ("where(x > 0, log(x), x)", Side("slope", 1.0), Side("jump", None, -INF)),
        ("where(x == 0, 0, sin(x)/x)", Side("jump", None, 1.0), Side("jump", None, 1.0)),
        ("where(x == 0, 0, x*sin(1/x))", Side("unknown"), Side("unknown")),
        ("where(x == 0, 0, x**2*sin(1/x))", Side("slope", 0.0), Side("slope", 0.0)),
        ("where(x < 0, sqrt(x), x)", Side("undefined"), Side("slope", 1.0)),
        ("where(x == 0, 0, x*(1 + 1/log(abs(x))))", Side("unknown"), Side("unknown")),  # to 1, too slowly
        ("where(x == 0, 0, 1e6*x*(1 + 1/log(abs(x))))", Side("unknown"), Side("unknown")),
        ("where(x > 0, 1 + 1/log(x), x)", Side("slope", 1.0), Side("jump")),
        ("where(abs(x) < 2**-5000, 1000*x, x)", Side("unknown"), Side("unknown")),
    ],
)
def test_each_kind_of_side(text: str, left: Side, right: Side) -> None:
    assert sides(slopes_of(text)) == sides(Slopes(left, right))


def sides(slopes: Slopes) -> list[tuple[str, float | None, float | None]]:
    """Kind, slope and value of the left and the right side."""
    return [(side.kind, side.slope, side.value) for side in (slopes.left, slopes.right)]


def test_steps_are_of_the_size_of_the_point() -> None:
    for at in ("1e300", "1e-300", "-7"):
        found = slopes_of("x*2", f"x={at}")
        assert (found.left.slope, found.right.slope) == (2.0, 2.0)
    tiny = slopes_of("abs(x - 1e-300)", "x=1e-300")
    assert (tiny.left.slope, tiny.right.slope) == (-1.0, 1.0)


def test_a_direction_moves_several_variables() -> None:
    found = slopes_of("min(abs(x), abs(y))", "x=0,y=0", {"x": 1, "y": 1})
    assert (found.left.slope, found.right.slope) == (-1.0, 1.0)
    axis = slopes_of("min(abs(x), abs(y))", "x=0,y=0", {"x": 1, "y": 0})
    assert (axis.left.slope, axis.right.slope) == (0.0, 0.0)


def test_a_point_without_value_has_unknown_sides() -> None:
    found = slopes_of("log(x)", "x=-1")
    assert found.left.slope is None and found.right.slope is None
    assert not found.jumps and found.common is None


def test_a_spent_budget_leaves_both_sides_unknown() -> None:
    text = "abs(x) + " + " + ".join(f"sin(x + {i})" for i in range(1, 1_000))
    assert slopes_of(text, work=1000) == Slopes(Side("unknown"), Side("unknown"))


def test_slow_functions_get_coarser_steps() -> None:
    quick, slow = parse("abs(x)"), parse("besselj(1, x)")
    assert max(steps(slow.graph, slow.output)) < max(steps(quick.graph, quick.output))
    assert steps(quick.graph, quick.output, 1e9) == steps(quick.graph, quick.output)
    assert max(steps(quick.graph, quick.output, 1.0)) < max(steps(slow.graph, slow.output))


@pytest.mark.parametrize(
    ("text", "common"),
    [
        ("3*x + x**2", 3.0),
        ("x*abs(x)", 0.0),
        ("cbrt(x)", INF),
        ("sqrt(x)", INF),
        ("x**1.5 + 2*x", 2.0),
        ("pi*x", math.pi),
        ("abs(x)", None),
        ("sqrt(abs(x))", None),
        ("sign(x)", None),
        ("where(x > 0, 2*x, (2 + 1e-6)*x)", None),
    ],
)
def test_common_slope_of_both_sides_or_of_the_only_one(text: str, common: float | None) -> None:
    found = slopes_of(text).common
    assert (None if found is None else found.slope) == common


@pytest.mark.parametrize(
    ("text", "differ", "jumps"),
    [
        ("abs(x)", True, False),
        ("sqrt(abs(x))", True, False),
        ("where(x > 0, 2*x, (2 + 1e-6)*x)", True, False),
        ("where(x > 0, sqrt(x), 0)", True, False),
        ("x**2", False, False),
        ("sqrt(x)", False, False),
        ("sign(x)", False, True),
        ("where(x > 0, 1, x)", False, True),
    ],
)
def test_sides_that_differ_and_sides_that_jump(text: str, differ: bool, jumps: bool) -> None:
    found = slopes_of(text)
    assert (found.differ, found.jumps) == (differ, jumps)


@pytest.mark.parametrize(
    ("text", "at", "hit"),
    [
        ("abs(x)", "x=0", True),
        ("abs(x)", "x=1e-300", False),
        ("max(x, 1)", "x=1", True),
        ("max(x, 1)", "x=2", False),
        ("floor(x)", "x=3", True),
        ("floor(x)", "x=2.5", False),
        ("abs(sqrt(2)*sqrt(2) - 2 + x)", "x=0", True),
        ("abs(sqrt(2)*sqrt(3) - sqrt(6) + x)", "x=0", None),
    ],
)
def test_a_node_on_a_kink_is_found_in_balls(text: str, at: str, hit: bool | None) -> None:
    formula = parse(text)
    graph, balls = formula.graph, Balls(128)
    nodes = graph.needed([formula.output])
    values = balls.evaluate(graph, bind(graph, parse_bindings(at), balls), [formula.output])
    found = on_kink(graph, balls, values, nodes)
    assert found.get(formula.output, False) is (UNDECIDED if hit is None else hit)


def test_a_node_on_a_kink_is_found_in_floats() -> None:
    formula, floats = parse("abs(10*x - 1)"), Floats()
    values = floats.evaluate(formula.graph, bind(formula.graph, parse_bindings("x=0.1"), floats), [formula.output])
    assert on_kink(formula.graph, floats, values, formula.graph.needed([formula.output])) == {formula.output: True}


def test_generic_directions_lie_on_no_axis_and_no_diagonal() -> None:
    for direction in generic_directions([3, 5, 8, 13]):
        sizes = [abs(weight) for weight in direction.values()]
        assert len(set(sizes)) == 4 and 0 not in sizes
