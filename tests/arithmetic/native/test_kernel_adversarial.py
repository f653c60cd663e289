"""Kernels pressed: wild arguments and neighbours, sums that cancel or overflow, odd names, an interrupt midway."""

import math
import random
import signal
import struct
from typing import Any

import numpy as np
import pytest
from flint import arb

import gradcalc
from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

BALLS = Balls(1200)
NOT_ELEMENTARY = {"logsumexp", "sinc_derivative"}
ELEMENTARY = [
    op
    for op in ops.TABLE.values()
    if op.operands and not (op.is_condition or op.costly or op is ops.where or op.name in NOT_ELEMENTARY)
]
NEAR = [0.5, 1.0, 2.0, math.pi / 2, math.pi, 0.25, 5.8, 18.7, 37.0, 100.0, 340.0, 709.0, 1e5, 1e16, 1e-5, 1e-8]
SMALLEST = 1e-300
"""Below this, quotients and products lose digits to underflow."""


def kernel_of(op: Op) -> Kernel:
    graph = Graph()
    names = [f"x{i}" for i in range(len(op.operands))]
    nodes = [graph.constant(7) if op is ops.powi and i else graph.input(name) for i, name in enumerate(names)]
    return Kernel(graph, op(*map(graph.ref, nodes)).index, names[:1] if op is ops.powi else names)


def wild(chance: random.Random) -> float:
    """A number of any size, or one near where a function bends, has a pole or leaves the doubles."""
    kind, sign = chance.randrange(4), chance.choice((-1, 1))
    if kind == 0:
        x: float = struct.unpack("<d", struct.pack("<Q", chance.getrandbits(64)))[0]
        return x if math.isfinite(x) else 0.0
    if kind == 1:
        return chance.uniform(-40, 40)
    return sign * chance.choice(NEAR) * (1 + chance.choice((-1, 1)) * 10 ** chance.uniform(-16, -1))


@pytest.mark.parametrize("op", ELEMENTARY, ids=lambda op: op.name)
def test_elementary_ops_are_within_4_ulps_at_any_argument(op: Op) -> None:
    chance, kernel = random.Random(op.name), kernel_of(op)
    points = [[wild(chance) for _ in kernel.names] for _ in range(600)]
    found = kernel(**dict(zip(kernel.names, np.array(points).T, strict=True))).value
    graph, (output,) = kernel._graph, kernel._outputs
    inputs, held = [graph.input(name) for name in kernel.names], 0
    for point, value in zip(points, found.tolist(), strict=True):
        ball = BALLS.evaluate(graph, dict(zip(inputs, map(arb, point), strict=True)), [output])[output]
        expected = nearest_double(ball) if isinstance(ball, arb) and ball.is_finite() else None
        if expected is not None and SMALLEST < abs(expected) < math.inf:
            assert abs(value - expected) <= 4 * math.ulp(expected), (point, value, expected)
            held += 1
    assert held > 50


WILD = np.array([0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, -1e-310, 1e308, -1e300, 710.0, 1e22])


@pytest.mark.parametrize("op", ELEMENTARY, ids=lambda op: op.name)
def test_a_row_does_not_depend_on_its_neighbours(op: Op) -> None:
    chance, kernel = np.random.default_rng(7), kernel_of(op)
    columns = chance.normal(size=(len(kernel.names), 203)) * 3
    columns = np.where(chance.random(columns.shape) < 0.3, chance.choice(WILD, columns.shape), columns)
    order = chance.permutation(203)
    whole = kernel(**dict(zip(kernel.names, columns, strict=True))).value
    mixed = kernel(**dict(zip(kernel.names, columns[:, order], strict=True))).value
    there = ~np.isnan(mixed)
    np.testing.assert_array_equal(np.isnan(whole[order]), ~there)
    assert whole[order][there].tobytes() == mixed[there].tobytes()


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        ([1.0, 1e100, 1.0, -1e100] * 25_000, 50_000.0),
        ([1e16, 1.0, -1e16] * 33_333, 33_333.0),
        ([0.1] * 100_003, math.fsum([0.1] * 100_003)),
        ([5e-324] * 70_001, 70_001 * 5e-324),
        ([1e308, -1e308] * 3, 0.0),
        ([1e308] * 2, math.inf),
        ([-1e308] * 100_001, -math.inf),
        ([math.inf, 1.0, 1.0], math.inf),
    ],
)
def test_sums_that_cancel_and_overflow(rows: list[float], total: float) -> None:
    assert gradcalc.compile("x").sum(x=rows).value == total


def test_binomials_whose_factorials_overflow() -> None:
    found = gradcalc.compile("binomial(a, b)", order=0)(a=[300.0, 171.0, 5.0, 0.0], b=[2.0, 2.0, 2.0, 2.0]).value
    np.testing.assert_allclose(found, [44850.0, 14535.0, 10.0, 0.0], rtol=1e-12)


def test_norms_of_many_operands() -> None:
    x = np.random.default_rng(3).uniform(0.3, 2.5, 1500)
    exact = math.hypot(*x)
    (found,) = gradcalc.compile("norm(x)", order=0, shapes={"x": 1500})(x=x).value
    assert abs(found - exact) <= 4 * math.ulp(exact)


def test_a_variable_of_any_name() -> None:
    assert gradcalc.compile("self*given").sum(self=2.0, given=3.0).value == 6.0
    assert gradcalc.compile("self*columns")(self=2.0, columns=3.0).value.tolist() == [6.0]


def test_names_to_differentiate_for_from_an_iterator() -> None:
    names: Any = iter(["y", "x"])
    np.testing.assert_array_equal(gradcalc.compile("x**2*y", wrt=names)(x=3.0, y=1.0).gradient, [[9.0], [6.0]])


def test_a_name_that_is_repeated_is_refused() -> None:
    with pytest.raises(gradcalc.UsageError, match="x"):
        gradcalc.compile("x**2*y", wrt=["x", "x"], order=2)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_an_interrupt_is_raised_or_changes_nothing() -> None:
    kernel, x = gradcalc.compile("zeta(x)", order=0), np.linspace(1.5, 9, 8000)
    expected = kernel(x=x).value

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        np.testing.assert_array_equal(kernel(x=x).value, expected)
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
