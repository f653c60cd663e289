"""Floats answer as IEEE and NumPy do, raise nothing, and lie within a few ulps of the balls."""

import itertools
import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
from flint import arb

from gradcalc.arithmetic import floats
from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.graph import ops
from gradcalc.graph.derive import gradient
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from tests.graph import VALUED, names

FLOATS, BALLS = Floats(), Balls(256)
F = FLOATS.functions
INF, NAN = math.inf, math.nan


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def test_every_op_has_a_function() -> None:
    assert all(callable(F[op]) for op in ops.TABLE.values() if op.operands)


@pytest.mark.parametrize(
    "text, value",
    [
        ("3", 3.0), ("-0.1", -0.1), ("1e400", INF), ("-1e400", -INF), ("1e-400", 0.0), ("0x1.8p+1", 3.0), ("0x1p+9999", INF),
        ("-0x1p+9999", -INF), ("pi", math.pi), ("tau", math.tau), ("E", math.e), ("oo", INF), ("-oo", -INF),
        ("0." + "1" * 200_000, 1 / 9), ("1" * 200_000, INF),
    ],
)  # fmt: skip
def test_constants(text: str, value: float) -> None:
    assert FLOATS.constant(text) == value


@pytest.mark.parametrize("text", ["pi", "tau", "E", "EulerGamma", "Catalan", "GoldenRatio"])
def test_named_constants_are_the_nearest_doubles(text: str) -> None:
    assert FLOATS.constant(text) == nearest_double(BALLS.constant(text))


def test_nan_is_a_constant_and_compares_false() -> None:
    nan = FLOATS.constant("nan")
    assert math.isnan(nan)
    assert not any(F[op](nan, nan) for op in (ops.lt, ops.le, ops.gt, ops.ge, ops.eq))
    assert F[ops.ne](nan, nan) is True


EXTREMES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    -2.5,
    5e-324,
    1e-300,
    -1e-300,
    1e300,
    -1e300,
    1e17,
    171.5,
    710.0,
    -710.0,
    INF,
    -INF,
    NAN,
]


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_every_function_is_total(op: Op) -> None:
    for at in itertools.product(EXTREMES, repeat=min(len(op.operands), 2)):
        result = F[op](*at, *[1.0] * (len(op.operands) - len(at)))
        assert type(result) is float, at


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_nan_comes_through(op: Op) -> None:
    if op in (ops.pow, ops.powi):  # nan**0 is 1, as in IEEE
        return
    at = [low for low, _ in op.samples]
    for i in range(len(at)):
        assert math.isnan(F[op](*at[:i], NAN, *at[i + 1 :]))


@pytest.mark.parametrize(
    "op, at, value",
    [
        (ops.div, (1.0, 0.0), INF), (ops.div, (1.0, -0.0), -INF), (ops.div, (0.0, 0.0), NAN), (ops.div, (NAN, 0.0), NAN),
        (ops.pow, (0.0, -1.0), INF), (ops.pow, (-0.0, -1.0), -INF), (ops.pow, (-8.0, 1 / 3), NAN), (ops.pow, (0.0, 0.0), 1.0),
        (ops.pow, (-1e300, 3.0), -INF), (ops.pow, (1e300, 2.0), INF), (ops.powi, (-2.0, -3.0), -0.125),
        (ops.log, (0.0,), -INF), (ops.log, (-1.0,), NAN), (ops.log1p, (-1.0,), -INF), (ops.log2, (0.0,), -INF),
        (ops.log10, (-1.0,), NAN), (ops.sqrt, (-1.0,), NAN), (ops.exp, (1000.0,), INF), (ops.exp, (-1000.0,), 0.0),
        (ops.sinh, (-1000.0,), -INF), (ops.cosh, (800.0,), INF), (ops.sech, (800.0,), 0.0), (ops.sin, (INF,), NAN),
        (ops.atanh, (1.0,), INF), (ops.atanh, (2.0,), NAN), (ops.acosh, (0.5,), NAN), (ops.asin, (2.0,), NAN),
        (ops.asec, (0.5,), NAN), (ops.acsc, (0.5,), NAN), (ops.asech, (0.0,), INF), (ops.asech, (2.0,), NAN),
        (ops.acoth, (0.5,), NAN), (ops.acoth, (1.0,), INF), (ops.acoth, (-1.0,), -INF), (ops.csc, (0.0,), INF),
        (ops.coth, (0.0,), INF), (ops.gamma, (0.0,), INF), (ops.gamma, (-1.0,), NAN), (ops.gamma, (200.0,), INF),
        (ops.lgamma, (0.0,), INF), (ops.lgamma, (1.0,), 0.0), (ops.lgamma, (2.0,), 0.0), (ops.zeta, (1.0,), INF),
        (ops.mod, (-7.0, 3.0), 2.0), (ops.mod, (7.0, -3.0), -2.0), (ops.mod, (1.0, 0.0), NAN), (ops.floor, (INF,), INF),
        (ops.round, (2.5,), 2.0), (ops.ceil, (-0.5,), 0.0), (ops.sinc, (0.0,), 1.0), (ops.sinc, (INF,), 0.0),
        (ops.sincpi, (1.0,), 0.0), (ops.sincpi, (3e15,), 0.0), (ops.sigmoid, (-1000.0,), 0.0), (ops.sigmoid, (1000.0,), 1.0),
        (ops.softplus, (1000.0,), 1000.0), (ops.softplus, (-1000.0,), 0.0), (ops.logsumexp, (1000.0, 1000.0), 1000 + math.log(2)),
        (ops.logsumexp, (-INF, 0.0), 0.0), (ops.xlogy, (0.0, 0.0), 0.0), (ops.xlogy, (1.0, 0.0), -INF), (ops.cbrt, (-8.0,), -2.0),
        (ops.factorial, (170.0,), float(math.factorial(170))), (ops.factorial, (171.0,), INF), (ops.factorial, (-1.0,), NAN),
        (ops.besselj, (0.0, INF), 0.0), (ops.bessely, (0.0, 0.0), -INF), (ops.besselk, (0.0, 0.0), INF), (ops.Ei, (0.0,), -INF),
        (ops.Si, (INF,), math.pi / 2), (ops.gelu, (-100.0,), 0.0), (ops.atan2, (0.0, -1.0), math.pi), (ops.atan2, (0.0, 0.0), 0.0),
        (ops.max, (1.0, NAN), NAN), (ops.min, (NAN, 1.0), NAN), (ops.clip, (5.0, 0.0, 1.0), 1.0), (ops.relu, (-2.0,), 0.0),
        (ops.hypot, (1e300, 1e300), math.hypot(1e300, 1e300)), (ops.heaviside, (0.0,), 0.5), (ops.sign, (-3.0,), -1.0),
    ],
)  # fmt: skip
def test_values_at_special_points(op: Op, at: tuple[float, ...], value: float) -> None:
    assert same(F[op](*at), value)


def test_text_that_is_right_is_refused_for_want_of_memory_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython's parser may say `invalid syntax` where no memory is left."""

    def failing(text: str, names: dict[str, Any]) -> None:
        raise SyntaxError("invalid syntax")

    monkeypatch.setattr(floats, "exec", failing, raising=False)
    graph = Graph()
    x = graph.input("x")
    with pytest.raises(MemoryError):
        floats.generated(graph, [x], [x])


def test_a_sum_is_added_from_left_to_right() -> None:
    assert F[ops.add](1e100, 1.0, -1e100) == 0.0


def test_where_picks_one_side() -> None:
    assert F[ops.where](True, 1.0, NAN) == 1.0
    assert F[ops.where](False, NAN, 2.0) == 2.0


# -- accuracy: docs/accuracy.md lists what benchmarks/accuracy.py measured ------------------------------------------------

VALUE_ULPS = {"gamma": 16, "logsumexp": 16}
"""Ulps that a value may be off, where more than 5."""


def ulps(value: float, ball: Any) -> float:
    double = nearest_double(ball)
    assert double is not None
    return abs(value - double) / math.ulp(double)


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_values_lie_within_ulps_of_the_balls(op: Op) -> None:
    generator = random.Random(op.name)
    for _ in range(50):
        at = [generator.uniform(low, high) if low < high else low for low, high in op.samples]
        graph = Graph()
        indices = [graph.input(f"x{i}") for i in range(len(at))]
        output = graph.emit(op, tuple(indices))
        ball = BALLS.evaluate(graph, {i: arb(x) for i, x in zip(indices, at, strict=True)}, [output])[output]
        assert ulps(F[op](*at), ball) <= VALUE_ULPS.get(op.name, 5)


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_derivatives_of_both_orders_agree_with_the_balls(op: Op) -> None:
    generator = random.Random(op.name)
    graph = Graph()
    fixed = [not op.variadic and op.rules[i] is None for i in range(len(op.operands))]
    indices = [graph.input(f"x{i}") for i in range(len(fixed))]
    free = [i for i, is_fixed in zip(indices, fixed, strict=True) if not is_fixed]
    firsts = gradient(graph, graph.emit(op, tuple(indices)), free)
    outputs = [*firsts, *(second for first in firsts for second in gradient(graph, first, free))]
    for _ in range(20):
        at = [generator.uniform(low, high) if low < high else low for low, high in op.samples]
        floats = evaluate(graph, FLOATS, dict(zip(indices, at, strict=True)), outputs)
        balls = BALLS.evaluate(graph, {i: arb(x) for i, x in zip(indices, at, strict=True)}, outputs)
        for output in outputs:
            expected = nearest_double(balls[output])
            assert expected is not None
            assert math.isclose(floats[output], expected, rel_tol=1e-12, abs_tol=1e-13)


ORACLES: list[tuple[Op, tuple[float, ...], Callable[..., Any]]] = [
    (ops.erfinv, (0.999999,), mpmath.erfinv), (ops.erfcinv, (1e-3,), lambda x: mpmath.erfinv(1 - x)),
    (ops.elliptic_k, (0.9999,), mpmath.ellipk), (ops.elliptic_e, (-30.0,), mpmath.ellipe),
    (ops.expint, (3.0, 0.01), mpmath.expint), (ops.li, (0.5,), mpmath.li), (ops.Shi, (-3.0,), mpmath.shi),
    (ops.Chi, (0.1,), mpmath.chi), (ops.fresnels, (2.5,), mpmath.fresnels), (ops.fresnelc, (-2.5,), mpmath.fresnelc),
    (ops.lowergamma, (0.5, 3.0), lambda s, x: mpmath.gammainc(s, 0, x)), (ops.uppergamma, (0.5, 3.0), mpmath.gammainc),
    (ops.uppergamma, (3.0, -2.0), mpmath.gammainc), (ops.hurwitz, (3.0, -0.5), mpmath.zeta),
    (ops.hurwitz, (1.5, 20.0), mpmath.zeta), (ops.polylog, (2.0, -7.0), mpmath.polylog),
    (ops.polylog, (-2.0, 3.0), mpmath.polylog), (ops.polylog, (2.0, 1.0), mpmath.polylog),
    (ops.polylog_derivative, (2.0, 3.0, 0.0), lambda n, s, x: mpmath.mpf(2) / 8),
    (ops.struve, (0.0, -3.0), mpmath.struveh), (ops.struve, (-2.0, 0.5), mpmath.struveh),
    (ops.legendre, (50.0, 0.3), mpmath.legendre), (ops.hermite, (30.0, -1.25), mpmath.hermite),
    (ops.laguerre, (40.0, 7.5), lambda n, x: mpmath.laguerre(n, 0, x)), (ops.assoc_laguerre, (5.0, -0.5, 2.0), mpmath.laguerre),
    (ops.gegenbauer, (12.0, 0.25, -0.7), mpmath.gegenbauer), (ops.chebyshevt, (25.0, 1.5), mpmath.chebyt),
    (ops.chebyshevu, (25.0, -0.5), mpmath.chebyu), (ops.norm_cdf, (-30.0,), mpmath.ncdf), (ops.norm_pdf, (-30.0,), mpmath.npdf),
    (ops.hyp2f1, (0.5, 1.5, 2.0, -40.0), mpmath.hyp2f1), (ops.hyp0f1, (1.5, 100.0), mpmath.hyp0f1),
    (ops.betaln, (1e5, 2.5), lambda a, b: mpmath.log(mpmath.beta(a, b))), (ops.erfi, (5.0,), mpmath.erfi),
]  # fmt: skip


@pytest.mark.parametrize(("op", "at", "oracle"), ORACLES, ids=[f"{op.name}{at}" for op, at, _ in ORACLES])
def test_special_functions_are_those_of_mpmath(op: Op, at: tuple[float, ...], oracle: Callable[..., Any]) -> None:
    with mpmath.workdps(60):
        expected = float(mpmath.re(oracle(*map(mpmath.mpf, at))))
    assert F[op](*at) == expected
