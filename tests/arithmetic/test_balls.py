"""Balls hold the true number, decide or say so by one of the `marks`, and never raise, hang or overflow."""

import itertools
import math
import random
import time
from fractions import Fraction
from typing import Any

import pytest
from flint import arb, ctx, fmpz

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double, relative_bits
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED, Unknown
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from tests import HANG
from tests.graph import VALUED, names

BALLS = Balls(128)
F = BALLS.functions
PI_DIGITS = "3.1415926535897932384626433832795028841971693993751058209749445923078164"


def call(op: Op, *operands: Any, precision: int = 128) -> Any:
    with ctx.workprec(precision):
        return F[op](*[x if isinstance(x, arb | Unknown | bool) else arb(x) for x in operands])


def test_every_op_has_a_function() -> None:
    assert all(callable(F[op]) for op in ops.TABLE.values() if op.operands)


# -- constants ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0", "7", "-12", "123456789012345678901234567890"])
def test_integers_are_exact(text: str) -> None:
    assert BALLS.constant(text) == arb(fmpz(text))
    assert BALLS.constant(text).is_exact()


def test_a_decimal_is_its_double_or_as_written() -> None:
    with ctx.workprec(128):
        tenth = arb(1) / 10
    double, written = BALLS.constant("0.1"), Balls(128, "written").constant("0.1")
    assert double.is_exact() and double == arb(0.1)
    assert written.overlaps(tenth) and not written.overlaps(arb(0.1))
    assert Balls(128, "written").constant("0.5").is_exact()


@pytest.mark.parametrize("text, double", [("1e400", math.inf), ("-1e400", -math.inf), ("1e-400", 0.0)])
def test_a_decimal_without_a_double_is_taken_as_written(text: str, double: float) -> None:
    value = BALLS.constant(text)
    assert not value.is_zero() and value.is_finite()
    assert nearest_double(value) == double


def test_hexadecimal_floats_are_exact_beyond_doubles() -> None:
    assert BALLS.constant("0x1.8p+1") == arb(3)
    assert BALLS.constant("-0x0.8p0") == arb(-0.5)
    with ctx.workprec(128):
        assert BALLS.constant("0x1.00000000000000000001p+0") == 1 + arb((1, -80))


def test_named_constants_hold_their_numbers() -> None:
    with ctx.workprec(128):
        assert BALLS.constant("pi").overlaps(arb(PI_DIGITS))
        assert BALLS.constant("tau").overlaps(2 * arb(PI_DIGITS))
        assert BALLS.constant("GoldenRatio").overlaps(arb("1.61803398874989484820458683436563811772030917980576"))
        assert BALLS.constant("EulerGamma").overlaps(arb("0.57721566490153286060651209008240243104215933593992"))
        assert BALLS.constant("Catalan").overlaps(arb("0.91596559417721901505460351493238411077414937428167"))
        assert BALLS.constant("E").overlaps(arb("2.71828182845904523536028747135266249775724709369995"))
    assert BALLS.constant("nan") is UNDEFINED


def test_infinity_is_there_to_be_compared_with() -> None:
    infinity = BALLS.constant("oo")
    assert call(ops.lt, 3, infinity) is True
    assert call(ops.gt, call(ops.neg, infinity), 3) is False
    assert call(ops.add, infinity, 1) is UNDECIDED


@pytest.mark.parametrize(
    "text",
    ["1" * 200_000, "0." + "1" * 200_000, "1e999999999", "1e-999999999", "1e" + "9" * 200_000, "0x1p+" + "9" * 40],
)
def test_huge_constants_take_bounded_time(text: str) -> None:
    for decimals in ("double", "written"):
        start = time.monotonic()
        Balls(128, decimals).constant(text)
        assert time.monotonic() - start < HANG


# -- conditions --------------------------------------------------------------------------------------------------------

WIDE = arb(1, 0.5)


@pytest.mark.parametrize(
    "op, a, b, answer",
    [
        (ops.lt, 1, 2, True), (ops.lt, 2, 1, False), (ops.lt, 1, 1, False), (ops.lt, WIDE, 1, UNDECIDED),
        (ops.le, 1, 1, True), (ops.ge, 1, 1, True), (ops.gt, 2, 1, True), (ops.gt, WIDE, 1, UNDECIDED),
        (ops.eq, 1, 1, True), (ops.eq, 1, 2, False), (ops.eq, WIDE, 1, UNDECIDED), (ops.eq, WIDE, 3, False),
        (ops.eq, WIDE, WIDE, True), (ops.ne, WIDE, WIDE, False), (ops.lt, WIDE, WIDE, False),
        (ops.le, WIDE, WIDE, True), (ops.eq, WIDE, arb(1, 0.5), UNDECIDED), (ops.ne, WIDE, 3, True),
        (ops.lt, UNDEFINED, 1, UNDEFINED), (ops.lt, UNDECIDED, UNDEFINED, UNDEFINED), (ops.eq, UNDECIDED, 1, UNDECIDED),
    ],
)  # fmt: skip
def test_comparisons_are_three_valued(op: Op, a: Any, b: Any, answer: Any) -> None:
    assert call(op, a, b) is answer


def test_and_or_not_follow_kleene() -> None:
    for p, q in itertools.product([True, False, UNDECIDED], repeat=2):
        both = False if False in (p, q) else True if p is q is True else UNDECIDED
        assert F[ops.and_](p, q) is both
        assert F[ops.or_](F[ops.not_](p), F[ops.not_](q)) is F[ops.not_](both)
    assert F[ops.and_](False, UNDEFINED) is F[ops.and_](UNDEFINED, False) is False
    assert F[ops.and_](True, UNDEFINED) is F[ops.or_](UNDEFINED, False) is UNDEFINED


def test_where_sees_only_what_is_chosen() -> None:
    a = arb(1)
    assert F[ops.where](True, a, UNDEFINED) is a
    assert F[ops.where](False, UNDEFINED, a) is a
    assert F[ops.where](UNDECIDED, a, arb(2)) is UNDECIDED
    assert F[ops.where](UNDECIDED, a, a) is a
    assert F[ops.where](UNDECIDED, a, arb(1)) == 1
    assert F[ops.where](UNDEFINED, a, a) is UNDEFINED


# -- functions ---------------------------------------------------------------------------------------------------------


def sample(op: Op, generator: random.Random) -> list[float]:
    return [generator.uniform(*interval) if interval[0] < interval[1] else interval[0] for interval in op.samples]


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_a_wide_ball_holds_the_values_inside_it(op: Op) -> None:
    generator = random.Random(op.name)
    for _ in range(20):
        at = sample(op, generator)
        radius = 2.0 ** -generator.randrange(3, 40)
        wide = [x if low == high else arb(x, radius) for x, (low, high) in zip(at, op.samples, strict=True)]
        inside = [
            x if low == high else x + radius * generator.uniform(-1, 1)
            for x, (low, high) in zip(at, op.samples, strict=True)
        ]
        outer, inner = call(op, *wide), call(op, *inside, precision=256)
        if isinstance(outer, arb):
            assert isinstance(inner, arb) and outer.overlaps(inner)


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_a_higher_precision_overlaps_a_lower_one(op: Op) -> None:
    generator = random.Random(op.name)
    for _ in range(10):
        at = sample(op, generator)
        low, high = call(op, *at, precision=64), call(op, *at, precision=512)
        assert low.overlaps(high)
        assert high.is_zero() or relative_bits(high) > 400


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_marks_are_handed_on(op: Op) -> None:
    at = [arb(x) for x in sample(op, random.Random(1))]
    for i in range(len(at)):
        assert F[op](*at[:i], UNDECIDED, *at[i + 1 :]) is UNDECIDED
        assert F[op](*at[:i], UNDEFINED, *at[i + 1 :]) is UNDEFINED
    if len(at) > 1:
        assert F[op](UNDECIDED, UNDEFINED, *at[2:]) is UNDEFINED


UNDEFINED_AT: list[tuple[Op, tuple[Any, ...]]] = [
    (ops.div, (1, 0)), (ops.div, (0, 0)), (ops.log, (0,)), (ops.log, (-1,)), (ops.log2, (-1,)), (ops.log10, (0,)),
    (ops.log1p, (-1,)), (ops.sqrt, (-1,)), (ops.asin, (2,)), (ops.acos, (-2,)), (ops.asec, (0.5,)), (ops.asec, (0,)),
    (ops.acsc, (0,)), (ops.acosh, (0.5,)), (ops.atanh, (1,)), (ops.atanh, (2,)), (ops.asech, (0,)), (ops.asech, (2,)),
    (ops.acsch, (0,)), (ops.acoth, (1,)), (ops.acoth, (0,)), (ops.csc, (0,)), (ops.cot, (0,)), (ops.csch, (0,)),
    (ops.coth, (0,)), (ops.pow, (-8, 0.5)), (ops.pow, (0, -1)), (ops.pow, (0, -0.5)), (ops.powi, (0, -1)),
    (ops.mod, (1, 0)), (ops.xlogy, (1, 0)), (ops.xlogy, (0, -1)), (ops.gamma, (0,)), (ops.gamma, (-3,)),
    (ops.lgamma, (-3,)), (ops.digamma, (-3,)), (ops.polygamma, (1, -3)), (ops.factorial, (-1,)), (ops.beta, (0, 1)),
    (ops.binomial, (-1, 1)), (ops.besselj, (1.5, -1)), (ops.besseli, (1.5, -1)), (ops.bessely, (1, 0)),
    (ops.bessely, (1, -1)), (ops.besselk, (1, 0)), (ops.lambertw, (-1,)), (ops.zeta, (1,)),
    (ops.zeta_derivative, (1, 1)), (ops.Ei, (0,)), (ops.Ci, (0,)), (ops.Ci, (-1,)),
]  # fmt: skip


@pytest.mark.parametrize("op, at", UNDEFINED_AT)
def test_outside_the_domain_is_undefined(op: Op, at: tuple[Any, ...]) -> None:
    assert call(op, *at) is UNDEFINED


def test_a_ball_across_the_border_of_a_domain_is_undecided() -> None:
    border = arb(0, 1e-20)
    assert call(ops.sqrt, border) is call(ops.log, border) is call(ops.div, 1, border) is UNDECIDED
    assert call(ops.floor, arb(1, 1e-20)) is UNDECIDED
    assert call(ops.sign, border) is call(ops.heaviside, border) is UNDECIDED


VALUES: list[tuple[Op, tuple[Any, ...], float]] = [
    (ops.pow, (0, 0), 1), (ops.pow, (-2, 3), -8), (ops.pow, (0, 2), 0), (ops.powi, (-2, -2), 0.25), (ops.powi, (0, 0), 1),
    (ops.cbrt, (-8,), -2), (ops.cbrt, (0,), 0), (ops.atan2, (0, 0), 0), (ops.heaviside, (0,), 0.5), (ops.sinc, (0,), 1),
    (ops.sincpi, (1,), 0), (ops.sincpi, (0,), 1), (ops.sinc_derivative, (1, 0), 0), (ops.xlogy, (0, 0), 0),
    (ops.xlogy, (0, 3), 0), (ops.mod, (-7, 3), 2), (ops.mod, (7, -3), -2), (ops.mod, (0, 3), 0), (ops.mod, (6, 3), 0),
    (ops.round, (2.5,), 2), (ops.round, (3.5,), 4), (ops.round, (-2.5,), -2), (ops.round, (-0.5,), 0),
    (ops.round, (2.75,), 3), (ops.floor, (-0.25,), -1), (ops.ceil, (-0.25,), 0), (ops.floor, (3,), 3),
    (ops.hypot, (3, 4), 5), (ops.hypot, (0, -3, 0), 3), (ops.hypot, (0, 0), 0), (ops.clip, (5, 0, 1), 1),
    (ops.gamma, (5,), 24), (ops.factorial, (5,), 120), (ops.binomial, (5, 2), 10), (ops.binomial, (5, 7), 0),
    (ops.beta, (2, 3), 1 / 12), (ops.besselj, (0, 0), 1), (ops.besselj, (1, 0), 0), (ops.besselj, (1.5, 0), 0),
    (ops.log2, (8,), 3), (ops.exp2, (-1,), 0.5), (ops.relu, (-1,), 0), (ops.leaky_relu, (-5,), -1),
    (ops.acot, (0,), math.pi / 2), (ops.lgamma, (-2.5,), -0.056243716497674054), (ops.lambertw, (0,), 0),
    (ops.polygamma, (0, 1), -0.5772156649015329), (ops.abs, (-3,), 3), (ops.sigmoid, (-1e300,), 0),
    (ops.sigmoid, (1e300,), 1), (ops.softplus, (1e300,), 1e300), (ops.softplus, (-1e300,), 0), (ops.sech, (1e6,), 0),
    (ops.logsumexp, (1e300, 1e300), 1e300), (ops.logsumexp, (-1e9, 0), 0), (ops.logsumexp, (0, 0, 0), math.log(3)), (ops.erfc, (1e10,), 0),
]  # fmt: skip


@pytest.mark.parametrize("op, at, value", VALUES)
def test_values_at_special_points(op: Op, at: tuple[Any, ...], value: float) -> None:
    assert nearest_double(call(op, *at)) == value


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4])
def test_sinc_derivative_is_continuous_in_its_method(order: int) -> None:
    """Near 0 by a hypergeometric series, far from it by recursion: the series is the same at both."""
    series = sum(
        Fraction((-1) ** k, math.factorial(2 * k + 1)) * math.perm(2 * k, order) * Fraction(1, 1000) ** (2 * k - order)
        for k in range((order + 1) // 2, 12)
    )
    with ctx.workprec(128):
        tiny = call(ops.sinc_derivative, order, arb(1) / 1000)
        assert abs(tiny - arb(series.numerator) / arb(series.denominator)) < arb("1e-35")
        for x in (32 + 2 * order - 0.5, 32 + 2 * order + 0.5):
            below = arb(order), arb(x)
            sine = sum((math.comb(order, k) * (arb(x) + (order - k) * arb.pi() / 2).sin() * (-1) ** k
                        * math.factorial(k) / arb(x) ** (k + 1) for k in range(order + 1)), arb(0))  # fmt: skip
            assert F[ops.sinc_derivative](*below).overlaps(sine)


def test_what_is_decided_is_the_operand_itself() -> None:
    low, high = arb(1, 0.1), arb(2, 0.1)
    assert F[ops.max](low, high, low) is high
    assert F[ops.min](high, low) is low
    assert F[ops.abs](low) is low
    assert F[ops.clip](low, arb(0), arb(3)) is low


def test_integer_powers_of_a_ball_around_zero_are_finite() -> None:
    ball = arb(0, 1)
    assert call(ops.powi, ball, 2).contains(0) and call(ops.powi, ball, 2).contains(1)
    assert call(ops.powi, ball, 3).contains(-1) and call(ops.powi, ball, 3).contains(1)
    assert call(ops.powi, ball, -1) is UNDECIDED


def test_numbers_beyond_all_exponents_are_refused() -> None:
    nine = arb(9)
    tower = call(ops.pow, nine, call(ops.pow, nine, call(ops.pow, nine, nine)))
    assert tower is UNDECIDED
    x: Any = arb(10)
    for _ in range(4):
        x = call(ops.exp, x)
    assert x is UNDECIDED
    assert call(ops.powi, 2, 10**12).is_finite()
    huge = arb((1, 2**4095))
    assert call(ops.mul, huge, huge, huge) is UNDECIDED
    tiny = call(ops.div, 1, huge)
    for _ in range(10):
        tiny = call(ops.mul, tiny, tiny)
    assert nearest_double(tiny) == 0


EXTREMES = [arb(v) for v in (0, 1, -1, 0.5, -3.7, 20, -150.2, 1365.3, -5e3, 1e5, 1e9, -1e20, 1e300, -1e300, 1e-300)] + [
    arb((1, 2**61)), arb((-1, 2**61)), arb((1, -(2**61))), arb(0, 1), arb(500, 499), arb(0, 1e10), arb(-2.5, 1e-20),
    arb(1e6, 1e3), arb(fmpz("7" * 20_000)),
]  # fmt: skip


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_no_argument_raises_or_takes_long(op: Op) -> None:
    orders = [arb(v) for v in (1, 20, 1.5, 2000)] if op.rules[0] is None else EXTREMES[::3]
    points = [(x,) for x in EXTREMES] if len(op.operands) == 1 else list(itertools.product(orders, EXTREMES))
    functions = Balls(1024).functions
    with ctx.workprec(1024):
        for at in points:
            start = time.process_time()
            result = functions[op](*at, *[arb(1)] * (len(op.operands) - len(at)))
            assert isinstance(result, Unknown) or result.is_finite()
            assert time.process_time() - start < HANG, at


def test_evaluate_sets_the_precision_and_restores_it() -> None:
    graph = Graph()
    x = graph.input("x")
    third = graph.emit(ops.div, (x, graph.constant(3)))
    before = ctx.prec
    assert relative_bits(Balls(1000).evaluate(graph, {x: arb(1)}, [third])[third]) > 990
    assert ctx.prec == before


def test_digamma_of_a_wide_ball_left_of_0_holds_its_values() -> None:
    with ctx.workprec(128):
        found = Balls(128).functions[ops.digamma](arb(-2.5, 0.01))
        assert found.rad() < 0.5 and all(found.contains(arb(-2.5 + k / 1000).digamma()) for k in range(-10, 11))
