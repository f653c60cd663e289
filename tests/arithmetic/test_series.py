"""Power series of every op beside the derivatives that its rules give; where there is no series; long ones."""

import math

import pytest
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED
from gradcalc.arithmetic.series import OneSided, Series
from gradcalc.graph import derive, ops
from gradcalc.language.parse import parse

ORDER, BITS = 6, 256
OPS = [op for op in ops.TABLE.values() if op.operands and not op.is_condition and op is not ops.where]


def coefficients(text: str, x: object, order: int = ORDER, bits: int = BITS) -> list[object]:
    """The Taylor coefficients of a formula in x."""
    formula, series = parse(text), Series(order + 1, bits)
    graph = formula.graph
    with ctx.workprec(bits):
        at = {graph.inputs["x"]: series.variable(arb(x))}
    return series.coefficients(series.evaluate(graph, at, [formula.output])[formula.output])


def written(op: ops.Op) -> str:
    """The op of operands that move at different speeds through the middle of its samples, at x = 1/4."""
    operands = []
    for i, (low, high) in enumerate(op.samples):
        constant = not op.variadic and op.rules[i] is None
        middle = (low + 0.6 * (high - low)) + i / 16
        operands.append(str(int(low)) if constant else f"({middle!r} + {i + 1}*(x - 0.25))")
    if op is ops.div:  # `div` of two operands is the divergence
        return "/".join(operands)
    return f"{operands[0]}^3" if op is ops.powi else f"{op.name}({', '.join(operands)})"


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_the_series_of_an_op_has_the_derivatives_of_its_rules(op: ops.Op) -> None:
    text = written(op)
    found = coefficients(text, 0.25)
    formula, balls = parse(text), Balls(BITS)
    graph, node = formula.graph, formula.output
    for order in range(ORDER + 1):
        with ctx.workprec(BITS):
            right = balls.evaluate(graph, {graph.inputs["x"]: arb(0.25)}, [node])[node] / math.factorial(order)
            coefficient = found[order]
            assert isinstance(coefficient, arb) and coefficient.overlaps(right)
            assert coefficient.rad() < 1e-40 * (1 + abs(coefficient.mid())) and right.rad() < 1e-40
        (node,) = derive.gradient(graph, node, [graph.inputs["x"]])


@pytest.mark.parametrize(
    ("text", "x", "right"),
    [
        ("x^2 - x*x", 3, [0, 0, 0]),
        ("exp(x)", 0, [1, 1, 1 / 2, 1 / 6, 1 / 24]),
        ("abs(x)", -3, [3, -1, 0, 0, 0]),
        ("max(x, x^2)", 2, [4, 4, 1, 0, 0]),
        ("where(x > 0, x^2, 1/0)", 1, [1, 2, 1, 0, 0]),
        ("floor(x) + x", 2.5, [4.5, 1, 0, 0, 0]),
        ("mod(x^2, 3)", 2, [1, 4, 1, 0, 0]),
        ("cbrt(x)", -1, [-1, 1 / 3, 1 / 9, 5 / 81, 10 / 243]),
        ("x^2.5", 1, [1, 2.5, 1.875, 0.3125, -0.0390625]),
        ("x^x", 1, [1, 1, 1, 0.5, 1 / 3]),
        ("(-2)^3*x", 1, [-8, -8, 0, 0, 0]),
        ("sinc(x)", 0, [1, 0, -1 / 6, 0, 1 / 120]),
        ("lgamma(x)", -1.5, [math.log(2.3632718012073544), 0.7031566406452432]),
        ("atan2(x, -1)", 1, [3 * math.pi / 4, -1 / 2, 1 / 4]),
        ("besselj(1, x)", 0, [0, 1 / 2, 0, -1 / 16, 0]),
        ("zeta(x)", 2, [math.pi**2 / 6, -0.9375482543158438]),
    ],
)
def test_published_series(text: str, x: float, right: list[float]) -> None:
    found = coefficients(text, x, order=4)
    assert [float(c.mid()) for c in found[: len(right)]] == pytest.approx(right, rel=1e-15, abs=1e-70)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("abs(x)", 0), ("relu(x)", 0), ("max(x, -x)", 0), ("floor(x)", 2), ("sign(x)", 0), ("sqrt(x)", 0),
        ("cbrt(x)", 0), ("x^2.5", 0), ("asin(x)", 1), ("where(x > 0, x, x)", 0), ("hypot(x, x)", 0), ("elu(x)", 0),
    ],
)  # fmt: skip
def test_where_there_is_no_series_none_is_claimed(text: str, x: float) -> None:
    assert coefficients(text, x)[1] is UNDECIDED


@pytest.mark.parametrize(("text", "x"), [("log(x)", -1), ("1/x", 0), ("sqrt(x)", -2), ("gamma(x)", -1)])
def test_where_there_is_no_value_the_series_is_undefined(text: str, x: float) -> None:
    assert coefficients(text, x)[0] is UNDEFINED


def test_a_thousand_coefficients() -> None:
    found = coefficients("exp(sin(x))", 1, order=1000, bits=1024)
    bell = coefficients("exp(exp(x) - 1)", 0, order=25, bits=512)
    assert found[1000].rel_accuracy_bits() > 500
    with ctx.workprec(512):
        assert (bell[25] * math.factorial(25)).unique_fmpz() == 4638590332229999353


def test_bessel_functions_of_high_order_by_their_equation() -> None:
    found = coefficients("besselj(0, x) + besselk(2, x)", 1.5, order=30)
    again = coefficients("(besselj(-1, x) - besselj(1, x))/2 - (besselk(1, x) + besselk(3, x))/2", 1.5, order=29)
    with ctx.workprec(BITS):
        for k in range(30):
            assert (found[k + 1] * (k + 1)).overlaps(again[k]) and found[k + 1].rel_accuracy_bits() > 100


def test_flint_is_left_as_it_was() -> None:
    before = ctx.cap
    coefficients("zeta(x)", 2, order=20)
    assert ctx.cap == before


@pytest.mark.parametrize(
    ("text", "at", "left", "right"),
    [
        ("abs(x)", 0, -1, 1),
        ("abs(sin(x) - x)", 0, 0, 0),
        ("relu(-3*x) + 2*x", 0, -1, 2),
        ("leaky_relu(x)^2 + leaky_relu(5*x)", 0, 1, 5),
        ("max(x, 2*x, 3, 4*x - 1)", 0, 0, 0),
        ("max(x, 2*x, x^2)*exp(x)", 0, 0, 2),
        ("min(x, 2*x, x^2)*exp(x)", 0, 2, 0),
        ("max(x^2, x)", 1, 1, 2),
        ("clip(3*x, -1, 0)", 0, 3, 0),
        ("clip(3*x, 3, 5)", 1, 0, 3),
        ("frac(x)", 1, UNDECIDED, UNDECIDED),
        ("hypot(x, 2*x)", 0, UNDECIDED, UNDECIDED),
        ("abs(abs(x) - x)", 0, -2, 0),
        ("cos(abs(x)) + abs(x)^3", 0, 0, 0),
        ("floor(x)", 1, UNDECIDED, UNDECIDED),
        ("sign(x)*x", 0, UNDECIDED, UNDECIDED),
        ("where(x > 0, x, 2*x)", 0, 2, 1),
        ("where(x >= 0, x, 2*x)", 0, 2, 1),
        ("where(-x < 0, x, 2*x)", 0, 2, 1),
        ("where(not (x <= 0 or x == 0) and x < 9, 3*x, sin(x))", 0, 1, 3),
        ("where(x == 0, x^2, 5*x)", 0, 5, 5),
        ("where(x != 0, exp(2*x), 1)", 0, 2, 2),
        ("where(x >= 0, x + 1, 2*x)", 0, UNDECIDED, 1),
        ("where(x > 0, x + 1, 2*x)", 0, 2, UNDECIDED),
        ("where(x^2 > 0, x, 2*x)", 0, UNDECIDED, UNDECIDED),
        ("where(x > 0, log(x), x)", 0, 1, UNDECIDED),
        ("abs(3*x - 1)", arb(1) / 3, UNDECIDED, UNDECIDED),
        ("abs(log(x))", 0, UNDEFINED, UNDEFINED),
    ],
)
def test_one_sided_slopes_at_a_bend_are_those_of_the_branch_beside_it(
    text: str, at: object, left: object, right: object
) -> None:
    formula, found = parse(text), []
    for sign in (-1, 1):
        series = OneSided(BITS)
        inputs = {formula.graph.inputs["x"]: series.variable(arb(at), sign)}
        number = series.evaluate(formula.graph, inputs, [formula.output])[formula.output]
        slope = series.coefficients(number)[1]
        found.append(slope if slope in (UNDECIDED, UNDEFINED) else sign * slope)
    for slope, known in zip(found, (left, right), strict=True):
        assert slope is known if known in (UNDECIDED, UNDEFINED) else slope == known


@pytest.mark.parametrize(
    ("text", "at", "right"),
    [
        ("max(3, x) + x", 0, [3, 1, 0]),
        ("min(x - 4, 1, exp(x))", 3, [-1, 1, 0]),
        ("max(5, x, 2*x) + x^2", 0, [5, 0, 1]),
        ("max(5, x/3, x - 2*x/3)", 1, [5, 0, 0]),
        ("clip(x, -1, 1)*x^2", 3, [9, 6, 1]),
        ("relu(x - 4) + x", 1, [1, 1, 0]),
    ],
)
def test_what_is_constant_near_the_point_has_a_series_and_so_has_what_is_larger_than_a_tie(
    text: str, at: int, right: list[int]
) -> None:
    assert all(found == known for found, known in zip(coefficients(text, at, 2), right, strict=True))
