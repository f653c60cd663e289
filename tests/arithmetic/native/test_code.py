"""Native code: every op in orders 0 to 2 against balls, at wild arguments too; special values, blocks, tails, sums."""

import itertools
import math
import random
import struct
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

import gradcalc
from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.native import kernel as module
from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from tests.graph import STATIC, VALUED, names

BALLS, FLOATS = Balls(256), Floats()


def kernel_of(op: Op, order: int, *static: int | float) -> tuple[Kernel, Graph]:
    """The op of its operands, the static ones constants."""
    graph = Graph()
    fixed = dict(zip(STATIC[op.name], static or STATIC[op.name].values(), strict=True))
    nodes = [graph.constant(fixed[i]) if i in fixed else graph.input(f"x{i}") for i in range(len(op.operands))]
    free = [f"x{i}" for i in range(len(op.operands)) if i not in fixed]
    output = op(*map(graph.ref, nodes)).index
    if not order:
        return Kernel(graph, output, free), graph
    inputs = [graph.input(name) for name in free]
    slopes = derive.gradient(graph, output, inputs)
    entries = derive.hessian(graph, slopes, inputs) if order == 2 else None
    return Kernel(graph, output, free, free, slopes, entries), graph


def sample(op: Op, count: int) -> dict[str, Any]:
    chance = random.Random(op.name)
    free = [i for i in range(len(op.operands)) if i not in STATIC[op.name]]
    return {f"x{i}": np.array([chance.uniform(*op.samples[i]) for _ in range(count)]) for i in free}


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_every_op_agrees_with_balls_in_orders_0_to_2(op: Op) -> None:
    kernel, graph = kernel_of(op, 2)
    columns = sample(op, 11)
    batch = kernel(**columns)
    assert batch.gradient is not None and batch.hessian is not None
    found = [batch.value, *batch.gradient, *(batch.hessian[place] for place in kernel.hessian_places)]
    for n in range(11):
        point = {graph.input(name): arb(float(column[n])) for name, column in columns.items()}
        values = BALLS.evaluate(graph, point, kernel._outputs)
        expected = [float(values[i]) for i in kernel._outputs]
        np.testing.assert_allclose([x[n] for x in found], expected, rtol=3e-13, atol=1e-14)


SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 5e-324, -1e-310, 1e300, -1e300, math.inf, -math.inf, math.nan]
LOOSE = {"gamma", "lgamma", "factorial", "beta", "binomial", "digamma", "polygamma", "zeta", "zeta_derivative"}
"""Their poles and far tails differ between libraries; the sample test holds them."""


@pytest.mark.parametrize("op", [op for op in VALUED if op.name not in LOOSE and not op.costly], ids=names)
def test_special_values_are_those_of_the_floats(op: Op) -> None:
    kernel, _ = kernel_of(op, 0)
    points = list(itertools.product(SPECIAL, repeat=len(kernel.names)))
    columns = {name: np.array([p[i] for p in points]) for i, name in enumerate(kernel.names)}
    found = kernel(**columns).value
    for point, value in zip(points, found.tolist(), strict=True):
        operands = list(point)
        for place, constant in STATIC[op.name].items():
            operands.insert(place, float(constant))
        expected = FLOATS.functions[op](*operands)
        same = value == expected or (math.isnan(value) and math.isnan(expected))
        assert same or math.isclose(value, expected, rel_tol=1e-13, abs_tol=1e-320), (point, value, expected)


@pytest.mark.parametrize("op", [ops.floor, ops.ceil, ops.round, ops.sign], ids=names)
def test_whole_numbers_are_never_minus_zero(op: Op) -> None:
    kernel, _ = kernel_of(op, 0)
    found = kernel(x0=[-0.0, -0.3, 0.2, 0.0]).value
    assert not np.signbit(found[found == 0]).any()


ORDERED = [(ops.polygamma, n) for n in range(1, 5)] + [(ops.sinc_derivative, n) for n in (1, 2, 3)]


@pytest.mark.parametrize(("op", "order"), ORDERED, ids=str)
def test_ops_of_whole_order_agree_with_the_floats_on_both_sides_of_0(op: Op, order: int) -> None:
    kernel, _ = kernel_of(op, 0, order)
    x = [0.0, -0.0, -1.0, -2.3, 1e-160, 3e-7, 0.4, 2.5, 2.999, 3.0, 14.0, 1e5, -1e-9, -0.3, -7.25, math.inf, math.nan]
    expected = [FLOATS.functions[op](float(order), point) for point in x]
    np.testing.assert_allclose(kernel(x1=np.array(x)).value, expected, rtol=2e-14, atol=1e-16)


@pytest.mark.parametrize("op", [ops.airyai, ops.airyaiprime, ops.airybi, ops.airybiprime, ops.Si, ops.Ci], ids=names)
def test_functions_of_several_results_agree_with_the_floats_and_are_theirs_far_out(op: Op) -> None:
    kernel, _ = kernel_of(op, 0)
    x = [0.0, -0.0, 5e-324, 1e-9, 1.0, -1.0, -7.3, 12.0, 99.0, 1e4, -1e4, 1e300, math.inf, -math.inf, math.nan]
    expected = [FLOATS.functions[op](point) for point in x]
    np.testing.assert_allclose(kernel(x0=np.array(x)).value, expected, rtol=3e-13, atol=1e-320)


PARTS = [(ops.expint, -12), (ops.gammainc, -1.5), (ops.uppergamma, -0.5), (ops.lowergamma, 180), (ops.hurwitz, -2)]
LONG = [(op, 60) for op in (ops.legendre, ops.chebyshevt, ops.laguerre, ops.hermite)]


@pytest.mark.parametrize(("op", "order"), PARTS + LONG, ids=str)
def test_where_scipy_is_wrong_or_has_no_value_kernels_agree_with_the_floats(op: Op, order: float) -> None:
    kernel, _ = kernel_of(op, 0, order)
    x = np.array([0.3, 0.9, 0.5, 2.0, 1e-3])
    expected = [FLOATS.functions[op](float(order), point) for point in x.tolist()]
    np.testing.assert_allclose(kernel(x1=x).value, expected, rtol=3e-13)


FORMULA = "exp(-x**2/2)*sin(3*y) + log(1 + x**2)*sqrt(abs(x*y)) + where(x > y, tanh(x), y**3)"


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 8, 9, 1000, 70_001])
def test_a_row_does_not_depend_on_where_it_stands(rows: int) -> None:
    chance = np.random.default_rng(rows)
    x, y = chance.normal(size=(2, rows + 5))
    kernel = gradcalc.compile(FORMULA, order=2)
    whole, part = kernel(x=x, y=y), kernel(x=x[5:], y=y[5:])
    assert part.value.shape == (rows,)
    np.testing.assert_array_equal(part.value, whole.value[5:])
    np.testing.assert_array_equal(part.gradient, whole.gradient[:, 5:])
    np.testing.assert_array_equal(part.hessian, whole.hessian[:, :, 5:])


def test_columns_of_every_kind() -> None:
    x = np.linspace(-2, 2, 101)
    kernel = gradcalc.compile("x*sin(y) + z", wrt="x,z")
    expected = x * np.sin(3.0) + x**2
    for column in (x, x.tolist(), np.repeat(x, 2)[::2], x[::-1][::-1], np.asfortranarray(x)):
        np.testing.assert_allclose(kernel(x=column, y=3, z=x**2).value, expected, rtol=1e-14)
    narrow = x.astype(np.float32)
    np.testing.assert_array_equal(kernel(x=narrow, y=3, z=x).value, kernel(x=narrow.astype(float), y=3, z=x).value)
    assert kernel(x=1, y=2, z=3).value.tolist() == kernel(x=[1.0], y=2, z=[3]).value.tolist()
    np.testing.assert_array_equal(kernel(x=np.arange(9), y=0.5, z=0).gradient[1], np.ones(9))


def test_order_0_and_the_hessian_s_symmetry() -> None:
    assert gradcalc.compile("x*y", order=0)(x=[2.0], y=[3.0]).gradient is None
    batch = gradcalc.compile("x**2*y + 5*z", order=2)(x=[2.0, 1.0], y=[3.0, 1.0], z=0)
    assert batch.hessian[:, :, 0].tolist() == [[6.0, 4.0, 0.0], [4.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_one_point() -> None:
    kernel = gradcalc.compile("x**4 + y**2 + 1", order=2)
    assert kernel.point(2.0, 3.0) == [26.0, 32.0, 6.0, 48.0, 2.0]
    assert kernel.hessian_places == [(0, 0), (1, 1)]


@pytest.mark.parametrize("rows", [0, 5, 8, 100_003])
def test_sums_are_compensated(rows: int) -> None:
    chance = np.random.default_rng(1)
    x = chance.normal(size=rows) * 10.0 ** chance.uniform(-8, 8, rows)
    kernel = gradcalc.compile("x**2*y + sin(x)", order=2)
    total, batch = kernel.sum(x=x, y=2.0), kernel(x=x, y=2.0)
    assert total.value == pytest.approx(math.fsum(batch.value.tolist()), rel=1e-15)
    np.testing.assert_allclose(total.gradient, [math.fsum(g.tolist()) for g in batch.gradient], rtol=1e-15)
    np.testing.assert_allclose(total.hessian[0], [math.fsum(h.tolist()) for h in batch.hessian[0]], rtol=1e-15)


def test_sums_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(2).normal(size=300_001)
    kernel = gradcalc.compile("exp(x)*x")
    one = kernel.sum(x=x)
    monkeypatch.setattr(module.os, "cpu_count", lambda: 1)
    assert kernel.sum(x=x).value == one.value
    assert kernel.sum(x=x).gradient.tolist() == one.gradient.tolist()


def test_what_is_not_finite_stays_in_its_row() -> None:
    batch = gradcalc.compile("where(x > 0, log(x), x)")(x=[-1.0, 0.0, 1.0, math.nan, math.inf])
    np.testing.assert_array_equal(batch.value, [-1, 0, 0, math.nan, math.inf])
    np.testing.assert_array_equal(batch.gradient[0], [1, 1, 1, 1, 0])
    assert gradcalc.compile("x")(x=[math.inf, -math.inf]).value.tolist() == [math.inf, -math.inf]
    assert math.isnan(gradcalc.compile("x").sum(x=[math.inf, -math.inf]).value)


def test_equal_graphs_share_their_code() -> None:
    gradcalc.compile("cosh(u)*v - 17")(u=[1.0], v=[2.0])
    before = len(module.shared.codes)
    gradcalc.compile("cosh(s)*t - 17")(s=[1.0], t=[2.0])
    assert len(module.shared.codes) == before


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": [1.0]}, "no value for y\ntry: y=..."),
        ({"x": [1.0], "y": 1, "yy": 2}, "the formula does not contain yy\ntry: y"),
        ({"x": [1.0, 2.0], "y": [1.0]}, "the columns differ in length: x has 2, y has 1"),
        ({"x": [[1.0]], "y": 1}, "x is of shape (1, 1): a column of numbers has one axis"),
        ({"x": ["a"], "y": 1}, "x is of dtype <U1"),
    ],
)
def test_columns_that_do_not_fit(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(gradcalc.UsageError) as caught:
        gradcalc.compile("x*y")(**columns)
    assert message in str(caught.value)


ATOMS = st.sampled_from(["x", "y", "z", "1/3", "2", "0.7"])
GROWN = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["sin", "tanh", "atan", "abs", "exp", "sigmoid", "cbrt"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, inner, inner).map(lambda t: f"where({t[0]} < {t[1]}, {t[2]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(GROWN)
def test_random_formulas_agree_with_the_floats(text: str) -> None:
    kernel = gradcalc.compile(f"{text} + 0*x + 0*y + 0*z", order=1)
    columns = np.random.default_rng(4).normal(size=(3, 9))
    batch = kernel(**dict(zip("xyz", columns, strict=True)))
    for n, point in enumerate(columns.T.tolist()):
        at = {kernel._graph.input(name): number for name, number in zip("xyz", point, strict=True)}
        values = evaluate(kernel._graph, FLOATS, at, kernel._outputs)
        if all(not abs(number) > 1e3 for number in values if number is not None):  # sines of more lose their digits
            found = [batch.value[n], *batch.gradient[:, n]]
            np.testing.assert_allclose(found, [values[i] for i in kernel._outputs], rtol=1e-9, atol=1e-10)


NOT_ELEMENTARY = {"logsumexp", "sinc_derivative"}


ELEMENTARY = [
    op
    for op in ops.TABLE.values()
    if op.operands and not (op.is_condition or op.costly or op is ops.where or op.name in NOT_ELEMENTARY)
]


NEAR = [0.5, 1.0, 2.0, math.pi / 2, math.pi, 0.25, 5.8, 18.7, 37.0, 100.0, 340.0, 709.0, 1e5, 1e16, 1e-5, 1e-8]


SMALLEST = 1e-300
"""Below this, quotients and products lose digits to underflow."""
PRECISE = Balls(1200)


def value_kernel(op: Op) -> Kernel:
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
    chance, kernel = random.Random(op.name), value_kernel(op)
    points = [[wild(chance) for _ in kernel.names] for _ in range(600)]
    found = kernel(**dict(zip(kernel.names, np.array(points).T, strict=True))).value
    graph, (output,) = kernel._graph, kernel._outputs
    inputs, held = [graph.input(name) for name in kernel.names], 0
    for point, value in zip(points, found.tolist(), strict=True):
        ball = PRECISE.evaluate(graph, dict(zip(inputs, map(arb, point), strict=True)), [output])[output]
        expected = nearest_double(ball) if isinstance(ball, arb) and ball.is_finite() else None
        if expected is not None and SMALLEST < abs(expected) < math.inf:
            assert abs(value - expected) <= 4 * math.ulp(expected), (point, value, expected)
            held += 1
    assert held > 50


WILD = np.array([0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, -1e-310, 1e308, -1e300, 710.0, 1e22])


@pytest.mark.parametrize("op", ELEMENTARY, ids=lambda op: op.name)
def test_a_row_does_not_depend_on_its_neighbours(op: Op) -> None:
    chance, kernel = np.random.default_rng(7), value_kernel(op)
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


@pytest.mark.parametrize(
    ("formula", "op", "first"),
    [("lambertw(x)", ops.lambertw, ()), ("zeta(x)", ops.zeta, ()), ("zeta(x)", ops.zeta_derivative, (1.0,))],
)
@pytest.mark.parametrize(
    ("low", "high"), [(-0.36, -0.2), (-0.3, 0.0), (0.0, 1.0), (1.0, 1.1), (1.1, 16.0), (16.0, 1100.0)]
)
def test_what_is_put_together_near_and_called_back_far_is_within_5_ulps(
    formula: str, op: Op, first: tuple[float, ...], low: float, high: float
) -> None:
    xs = np.append(np.random.default_rng(0).uniform(low, high, 120), [low, high, math.nextafter(low, high)])
    batch = gradcalc.compile(formula, order=len(first))(x=xs)
    for x, found in zip(xs.tolist(), (batch.gradient[0] if first else batch.value).tolist(), strict=True):
        expected = Floats().functions[op](*first, x)
        if not (found == expected or math.isnan(found) and math.isnan(expected)):
            assert abs(found - expected) <= 5 * math.ulp(expected), (x, found, expected)
