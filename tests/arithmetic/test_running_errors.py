"""Bounds of errors in doubles: never more digits than are right, nearly as many, and none where nothing is known."""

import math
from random import Random
from typing import Any

import numpy as np
import pytest

from gradcalc.arithmetic.arrays import Arrays
from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.running_errors import _IDENTITIES, _RULES, RunningErrors, Unbounded, right_digits
from gradcalc.data.check import RowBalls, proved_digits
from gradcalc.graph import ops
from gradcalc.graph.domain import defined, kinked
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import TABLE
from gradcalc.language.compile import to_compile
from gradcalc.settings import Limits

ODD = [
    0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    -2.5,
    1 + 2.0**-52,
    1e-8,
    1e-160,
    5e-324,
    -1e-310,
    1e160,
    1e300,
    710.0,
    -745.2,
    math.pi,
]
RANDOM = Random(5)
POINTS = [(x, RANDOM.choice(ODD)) for x in ODD] + [(RANDOM.uniform(-3, 3), RANDOM.uniform(-3, 3)) for _ in range(12)]


def digits_and_truth(text: str, order: int, points: list[tuple[float, float]]) -> list[tuple[int, int]]:
    """For each point with a value and no kink: the digits that the bounds prove, and those that balls count."""
    formula = to_compile(text, None, order, let={}, limits=Limits())
    graph, names = formula.graph, list(formula.variables)
    balls, made = RowBalls(formula, names, Limits()), Graph(1_000_000)
    errors = RunningErrors(made)
    inputs = {index: errors.exact(made.input(name)) for name, index in graph.inputs.items()}
    values = errors.evaluate(graph, inputs, balls.outputs)
    given = [made.ref(made.input(f"result {k}")) for k in range(len(balls.outputs))]
    out = right_digits(made, list(zip(given, [values[i] for i in balls.outputs], strict=True))).index
    sound, kink = defined(graph, formula.output), kinked(graph, formula.output)
    found = []
    for point in points:
        row = dict(zip(graph.inputs.values(), [point["xy".index(name)] for name in graph.inputs], strict=True))
        numbers = Floats().evaluate(graph, row, [*balls.outputs, sound, *([] if kink is None else [kink])])
        results = [numbers[i] for i in balls.outputs]
        if not numbers[sound] or kink is not None and numbers[kink] or math.isnan(results[0]):
            continue
        columns = {made.inputs[name]: np.array([row[index]]) for name, index in graph.inputs.items()}
        columns |= {made.inputs[f"result {k}"]: np.array([result]) for k, result in enumerate(results)}
        with np.errstate(all="ignore"):
            proved = int(np.ravel(Arrays().evaluate(made, columns, [out])[out])[0])
        enclosed = balls.at([row[graph.inputs[name]] for name in names], Budget(50_000, 60))
        true = [proved_digits(ball, x) for ball, x in zip(enclosed, results, strict=True)]
        if None not in true:
            found.append((proved, min(true)))  # type: ignore[type-var]
    return found


UNARY = [
    op.name
    for op in TABLE.values()
    if op.operands == ("x",) and (op in _RULES or op in _IDENTITIES or op.define) and not op.costly
]
FORMULAS = [
    *(f"{name}(x)" for name in UNARY), *(f"{name}(x*y + 0.1)" for name in UNARY if name != "neg"),
    "x + y", "x - y/3", "x*y", "(x+0.1)*(y-0.7)", "x/y", "(x-0.1)/(y+pi)", "(x*y)^2", "(x+pi)^3", "(x/3)^(-2)", "(x-y/7)^9", "(x*y)^70",
    "x^y", "(x/7)^(y*pi)", "(x*pi)^2.5", "(x*pi)^0.3", "3^(x*y)", "atan2(x, y)", "atan2(x*pi, y/3)", "hypot(x/3, y*pi)",
    "max(x, y)", "max(x*pi, y/3, x*y)", "min(x/3, y)", "mod(x, y)", "mod(x*pi, y/3)", "clip(x*pi, -1, 1)", "xlogy(x, y)",
    "logsumexp(x, y/3)", "where(x*pi > y/3, x/3, y^2)", "where(x > 0 and not (y*pi < x), x*y, sin(x))", "floor(x*pi)*y",
    "erf(x*y)", "erfc(x/y)", "norm_cdf(x*y)", "exp(-x^2/2)*log(abs(y) + pi)", "(1-cos(x))/x^2", "sqrt(x^2 + 1) - x", "e^x - pi^y",
]  # fmt: skip


@pytest.mark.parametrize(("text", "order"), [*((text, 1) for text in FORMULAS), *((text, 2) for text in FORMULAS[::4])])
def test_never_more_digits_than_are_right(text: str, order: int) -> None:
    points = POINTS[::2] if order == 1 else POINTS[::7]
    try:
        found = digits_and_truth(text, order, points)
    except Unbounded:
        assert order == 2 or text.startswith(("sinc", "silu(", "gelu(", "frac("))
        return
    assert all(proved <= true for proved, true in found), (text, found)


@pytest.mark.parametrize(
    "text", ["x*y + x/3", "exp(x)*sin(y) + sqrt(x + pi)", "(x + 0.1)^2.5/(y + pi)", "max(x*pi, y/3)"]
)
def test_of_well_conditioned_formulas_nearly_all_digits_are_proved(text: str) -> None:
    found = digits_and_truth(text, 1, [(RANDOM.uniform(0.5, 2.5), RANDOM.uniform(0.5, 2.5)) for _ in range(20)])
    assert len(found) == 20
    assert min(proved for proved, _ in found) >= 12
    assert max(true - proved for proved, true in found) <= 4


def test_what_is_exact_has_all_digits() -> None:
    assert digits_and_truth("relu(x)", 1, [(3.0, 0.0), (-3.0, 0.0)]) == [(17, 17), (17, 17)]
    assert digits_and_truth("x*y", 1, [(0.0, 3.0)]) == [(17, 17)]


@pytest.mark.parametrize("text", ["gamma(x)", "besselj(0, x)", "x*zeta(y)", "where(x > 0, x, lgamma(x))"])
def test_a_special_function_has_no_bound(text: str) -> None:
    with pytest.raises(Unbounded):
        digits_and_truth(text, 0, [])


def test_of_a_number_whose_double_is_given_wrong_no_digit_is_proved() -> None:
    made = Graph()
    errors = RunningErrors(made)
    x = errors.exact(made.input("x"))
    square = errors.functions[ops.mul](x, x)
    out = right_digits(made, [(made.ref(made.input("given")), square)]).index

    def digits(x: float, given: Any) -> list[int]:
        columns = {made.inputs["x"]: np.array([x]), made.inputs["given"]: np.array([given])}
        with np.errstate(all="ignore"):
            return [int(n) for n in np.ravel(Arrays().evaluate(made, columns, [out])[out])]

    assert digits(3.0, 9.0) == [15]
    assert digits(3.0, 9.0 * (1 + 1e-8)) == [7]
    assert digits(3.0, -9.0) == digits(3.0, math.nan) == digits(3.0, math.inf) == digits(1e200, math.inf) == [0]
    assert digits(1e-200, 0.0) == [0]
    assert digits(0.0, 0.0) == [17]
