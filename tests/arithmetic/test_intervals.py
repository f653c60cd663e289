"""Intervals hold every value of a formula on a box, and their flags tell where an op is not smooth or not defined."""

import random
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.intervals import JUMP, KINK, NOWHERE, OUTSIDE, Interval, Intervals
from gradcalc.arithmetic.marks import UNDEFINED
from gradcalc.graph import ops
from gradcalc.graph.domain import unconditional
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from gradcalc.language.parse import as_formula

BALLS, EXACT = Balls(256), Intervals()
ROUGH = OUTSIDE | NOWHERE | KINK | JUMP
OPS = [op for op in ops.TABLE.values() if op.operands and not op.is_condition and op is not ops.where]
SPECIAL = (-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 1.5707963267948966, -3.141592653589793)


def column(low: list[float], high: list[float]) -> Interval:
    return Interval(np.array(low), np.array(high))


def boxes(op: Op, rng: random.Random, count: int) -> list[list[tuple[float, float]]]:
    """For each box the ends of each operand: around its samples, and around special points; constants stay so."""
    found = []
    for number in range(count):
        box = []
        for least, most in op.samples or ((0.3, 2.5),) * len(op.operands):
            if least == most:
                box.append((least, most))
                continue
            middle = rng.uniform(least, most) if number % 2 else rng.choice(SPECIAL)
            reach = 10.0 ** rng.uniform(-9, 0.7)
            ends = middle - reach * rng.choice((0, 0.5, 1)), middle + reach * rng.choice((0, 0.5, 1))
            box.append((min(ends), max(ends)))
        found.append(box)
    return found


def inside(low: float, high: float, value: arb) -> bool:
    """Whether a number that a very narrow ball holds is between two bounds, up to the width of the ball."""
    return not (arb(low) > value or arb(high) < value)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_every_value_of_an_op_is_inside(op: Op) -> None:
    rng = random.Random(op.name)
    found = boxes(op, rng, 6 if op.costly else 40)
    columns = [column([box[k][0] for box in found], [box[k][1] for box in found]) for k in range(len(op.operands))]
    columns = [Interval(x.low[0], x.high[0]) if np.ptp(x.low) == 0 == np.ptp(x.high) else x for x in columns]
    with np.errstate(all="ignore"):
        result = EXACT.functions[op](*columns)
    low, high, gap, flags = (np.broadcast_to(part, len(found)) for part in result)
    with ctx.workprec(256):
        for number, box in enumerate(found):
            for part in (0.0, 0.5, 1.0, rng.random(), rng.random()):
                point = [arb(min(max(a + part * (b - a), a), b)) for a, b in box]
                value = BALLS.functions[op](*point)
                if value is UNDEFINED:
                    assert flags[number] & (OUTSIDE | NOWHERE) or op in (ops.tan, ops.sec), box
                elif isinstance(value, arb):
                    assert inside(low[number], high[number], value), (box, point, value)
                    assert not abs(value) < arb(float(gap[number])), (box, point, value)
                    assert not flags[number] & NOWHERE, box


LEAVES = ["x", "y", "2", "1/3", "0.7", "pi"]
UNARY = [
    "sin",
    "cos",
    "exp",
    "log",
    "sqrt",
    "abs",
    "tanh",
    "atan",
    "tan",
    "sec",
    "cbrt",
    "relu",
    "floor",
    "sinc",
    "erf",
]


def formula(rng: random.Random, depth: int) -> str:
    kind = rng.random()
    if depth == 0:
        return rng.choice(LEAVES)
    if kind < 0.4:
        return f"{rng.choice(UNARY)}({formula(rng, depth - 1)})"
    if kind < 0.5:
        return f"({formula(rng, depth - 1)})^{rng.choice((2, 3, -1, -2, 4))}"
    if kind < 0.6:
        a, b, c = (formula(rng, depth - 1) for _ in range(3))
        return rng.choice((f"max({a}, {b})", f"where({a} < {b}, {b}, {c})", f"hypot({a}, {b})"))
    return f"({formula(rng, depth - 1)}) {rng.choice('+-*/')} ({formula(rng, depth - 1)})"


@pytest.mark.parametrize("seed", range(40))
def test_every_value_of_a_formula_and_its_derivatives_is_inside(seed: int) -> None:
    """Where no flag is raised, rules give the derivative on the whole box; values count anywhere."""
    rng = random.Random(seed)
    made = as_formula(f"{formula(rng, 4)} + 0*x + 0*y")
    made = made.differentiated((v for v in _variables(made)), 1)
    graph, outputs = made.graph, made.outputs
    ends = [[(c - r, c + r) for c, r in ((rng.uniform(-3, 3), 10 ** rng.uniform(-6, 0.3)),)][0] for _ in range(24)]
    xs, ys = ends[::2], ends[1::2]
    at = {"x": column(*map(list, zip(*xs, strict=True))), "y": column(*map(list, zip(*ys, strict=True)))}
    used = unconditional(graph, [made.output])
    values = EXACT.within(graph, {graph.inputs[name]: at[name] for name in at}, outputs, used)
    for number in range(len(xs)):
        for _ in range(2):
            point = {graph.inputs["x"]: arb(rng.uniform(*xs[number])), graph.inputs["y"]: arb(rng.uniform(*ys[number]))}
            exact = BALLS.evaluate(graph, point, outputs)
            if not isinstance(exact[made.output], arb):
                assert exact[made.output] is not UNDEFINED or _flags(values[made.output], number) & (OUTSIDE | NOWHERE)
                continue
            for node in outputs:
                low, high, gap, _ = (np.broadcast_to(part, len(xs))[number] for part in values[node])
                if isinstance(exact[node], arb):
                    assert inside(low, high, exact[node]) and not abs(exact[node]) < arb(float(gap)), made.text


def _variables(made: Any) -> Any:
    from gradcalc.language.formula import Variable

    return [Variable(name) for name in made.variables]


def _flags(x: Interval, number: int) -> int:
    flags = np.asarray(x.flags)
    return int(flags if flags.ndim == 0 else flags[number])


FLAGGED = [
    ("1/x", -1, 1, OUTSIDE), ("1/x", 1, 2, 0), ("log(x)", -1, 1, OUTSIDE), ("log(x)", -2, -1, NOWHERE | OUTSIDE),
    ("sqrt(x)", 0, 1, KINK), ("sqrt(x)", 1, 2, 0), ("abs(x)", -1, 1, KINK), ("abs(x)", 0.1, 1, 0),
    ("floor(x)", 0.5, 1.5, JUMP), ("floor(x)", 0.5, 0.9, 0), ("max(x, 1)", 0, 2, KINK), ("max(x, 1)", 2, 3, 0),
    ("where(x > 0, x, 2x)", -1, 1, KINK | JUMP), ("where(x > 0, log(x), x)", -2, -1, 0), ("tan(x)", 1, 2, OUTSIDE),
    ("tan(x)", -1, 1, 0), ("cbrt(x)", -1, 1, KINK), ("x^1.5", 0, 1, KINK), ("asin(x)", 0, 1, KINK), ("gamma(x)", 1, 2, 0),
    ("clip(x, 0, 1)", 0.2, 0.8, 0), ("clip(x, 0, 1)", -0.2, 0.8, KINK), ("sqrt(x^2 + 1)", -1, 1, 0), ("x^3", -1, 1, 0),
    ("hypot(x, 1)", -1, 1, 0), ("hypot(x, 2x)", -1, 1, KINK), ("mod(x, 1)", 0.2, 0.8, 0), ("mod(x, 1)", 0.2, 1.8, JUMP),
    ("asin(x)", 2, 3, NOWHERE | OUTSIDE | KINK), ("sigmoid(x)", -3, 3, 0), ("gamma(x)", -0.5, 0.5, OUTSIDE),
    ("0^x", 0, 1, KINK | JUMP), ("0^x", 0.5, 1, KINK),
]  # fmt: skip


@pytest.mark.parametrize("text, low, high, flags", FLAGGED)
def test_flags_tell_what_an_op_may_meet(text: str, low: float, high: float, flags: int) -> None:
    made = as_formula(text)
    found = EXACT.evaluate(made.graph, {made.graph.inputs["x"]: column([low], [high])}, [made.output])[made.output]
    assert _flags(found, 0) & ROUGH == flags


TIGHT = [
    ("x^2", -1, 2, 0, 4), ("x^3", -1, 2, -1, 8), ("sin(x)", 0, 2, 0, 1), ("cos(x)", 3, 4, -1, -0.6536436208636119),
    ("abs(x)", -3, 1, 0, 3), ("exp(x)", 0, 1, 1, 2.718281828459045), ("sqrt(x)", 4, 9, 2, 3), ("1/x", 2, 4, 0.25, 0.5),
    ("sec(x)^2", 1, 2, 3.4255188208147597, np.inf), ("1/x^2", -2, 1, 0.25, np.inf), ("1/x", 0, 2, 0.5, np.inf), ("sin(x)", 0, 100, -1, 1),
    ("sigmoid(x)", 0, 1, 0.5, 0.7310585786300049), ("sinc(x)", -1, 1, 5 / 6, 1), ("cosh(x)", -1, 2, 1, 3.7621956910836314),
    ("relu(x)", -1, 2, 0, 2), ("x*x", -1, 2, 0, 4), ("min(x, 1)", 0, 5, 0, 1), ("log(x)", 1, 2, 0, 0.6931471805599453),
]  # fmt: skip


@pytest.mark.parametrize("text, low, high, least, most", TIGHT)
def test_bounds_are_tight(text: str, low: float, high: float, least: float, most: float) -> None:
    made = as_formula(text)
    found = EXACT.evaluate(made.graph, {made.graph.inputs["x"]: column([low], [high])}, [made.output])[made.output]
    assert found.low[()] == pytest.approx(least, rel=1e-12, abs=1e-300)
    assert found.high[()] == pytest.approx(most, rel=1e-12, abs=1e-300)


def test_a_pole_leaves_a_gap() -> None:
    """3 - 1/x near 0 cannot be 0, though its bounds hold all numbers."""
    made = as_formula("3 - 1/x")
    found = EXACT.evaluate(made.graph, {made.graph.inputs["x"]: column([-0.1], [0.2])}, [made.output])[made.output]
    assert found.gap[0] > 1


def test_what_is_undefined_bounds_what_stands_behind_it() -> None:
    """Where log(x) has a value, 1/x is positive."""
    graph = Graph()
    x = graph.ref(graph.input("x"))
    total = ops.log(x) + 0
    slope = 1 / x
    box = {x.index: column([-1.0], [2.0])}
    plain = EXACT.evaluate(graph, box, [total.index, slope.index])[slope.index]
    cut = EXACT.within(graph, box, [total.index, slope.index], unconditional(graph, [total.index]))[slope.index]
    assert plain.low[0] == -np.inf and cut.low[0] == pytest.approx(0.5)


def test_nan_never_decides() -> None:
    nan = column([np.nan], [np.nan])
    with np.errstate(all="ignore"):
        truths = [EXACT.functions[op](nan, column([0.0], [0.0])) for op in (ops.lt, ops.gt, ops.le, ops.ge, ops.eq)]
        found = EXACT.functions[ops.mul](column([0.0], [1.0]), column([1.0], [np.inf]))
    assert all(truth.may[0] and truth.fails[0] for truth in truths)
    assert not found.low[0] > -np.inf and not found.high[0] < np.inf


def test_a_result_that_underflows_is_held_all_the_same() -> None:
    """1e-200 * 1e-200 is no double, nor is it 0; half an ulp says nothing of its error."""
    made = as_formula("x*y")
    box = {made.graph.inputs["x"]: column([1e-200], [2e-200]), made.graph.inputs["y"]: column([1e-200], [1e-200])}
    found = EXACT.evaluate(made.graph, box, [made.output])[made.output]
    assert found.low[0] <= 0 and found.high[0] >= 1e-320
    made = as_formula("(x*y)^2/x^3")
    box = {made.graph.inputs["x"]: column([1e-90], [1e-90]), made.graph.inputs["y"]: column([1e-120], [1e-120])}
    found = EXACT.evaluate(made.graph, box, [made.output])[made.output]
    assert found.low[0] <= 1e-150 <= found.high[0]
