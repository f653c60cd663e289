"""Arrays: every op of the table on NumPy arrays and through the tape, orders 1 and 2, against floats and balls."""

import random
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from flint import arb

import gradcalc
from gradcalc.arithmetic.arrays import FUNCTIONS, Arrays, Masked
from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.floats import Floats
from gradcalc.graph import ops
from gradcalc.graph.derive import gradient
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from tests import python
from tests.graph import STATIC, VALUED, names

BALLS = Balls(256)


def points(op: Op, count: int) -> list[list[Any]]:
    """Operands from the op's sample ranges; a static one is its Python int."""
    chance = random.Random(op.name)
    columns: list[list[Any]] = []
    for i, (low, high) in enumerate(op.samples):
        fixed = STATIC[op.name].get(i)
        columns.append([chance.uniform(low, high) if fixed is None else fixed for _ in range(count)])
    return columns


def arguments(op: Op, columns: list[list[Any]], make: Any) -> list[Any]:
    return [c[0] if i in STATIC[op.name] else make(np.array(c)) for i, c in enumerate(columns)]


def test_every_op_has_a_function() -> None:
    assert all(callable(FUNCTIONS[op]) for op in ops.TABLE.values())


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_arrays_are_floats_element_by_element(op: Op) -> None:
    columns = points(op, 5)
    found = op(*arguments(op, columns, np.asarray))
    expected = [Floats().functions[op](*map(float, point)) for point in zip(*columns, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=2e-14, atol=1e-15)


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_float32_stays_float32(op: Op) -> None:
    operands = arguments(op, points(op, 3), lambda column: gradcalc.Variable(column, dtype=np.float32))
    variables = [x for x in operands if isinstance(x, gradcalc.Variable)]
    with gradcalc.GradientTape() as tape:
        y = op(*operands)
    scipy = getattr(import_module("scipy.special"), op.in_scipy[0], None)
    plain = isinstance(scipy, np.ufunc) and scipy.nout == 1 and bool(STATIC[op.name])
    own = scipy(*(getattr(x, "array", x) for x in operands)).dtype if plain else np.float32
    assert y.dtype == own  # beside an order that is a plain number some of SciPy's give float64
    assert {g.dtype for g in tape.gradient(y, variables)} == {np.dtype(np.float32)}


def in_balls(op: Op, point: list[Any]) -> tuple[list[arb], list[arb]]:
    """First and second derivatives by the operands that are not static."""
    graph = Graph()
    free = [i for i in range(len(point)) if i not in STATIC[op.name]]
    nodes = [graph.input(f"x{i}") if i in free else graph.constant(x) for i, x in enumerate(point)]
    inputs = [nodes[i] for i in free]
    first = gradient(graph, op(*map(graph.ref, nodes)).index, inputs)
    second = [h for g in first for h in gradient(graph, g, inputs)]
    values = BALLS.evaluate(graph, {nodes[i]: arb(point[i]) for i in free}, first + second)
    return [values[g] for g in first], [values[h] for h in second]


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_the_tape_agrees_with_balls_in_orders_1_and_2(op: Op) -> None:
    columns = points(op, 3)
    operands = arguments(op, columns, gradcalc.Variable)
    variables = [x for x in operands if isinstance(x, gradcalc.Variable)]
    with gradcalc.GradientTape(persistent=True) as outer:
        with gradcalc.GradientTape() as inner:
            y = op(*operands)
        first = inner.gradient(y, variables)
    second = [outer.gradient(g, variables, unconnected_gradients="zero") for g in first]
    for n, point in enumerate(zip(*columns, strict=True)):
        ones, twos = in_balls(op, list(point))
        found = [g.numpy()[n] for g in first]
        np.testing.assert_allclose(found, [float(x) for x in ones], rtol=1e-12, atol=1e-14)
        found = [g.numpy()[n] for row in second for g in row]
        np.testing.assert_allclose(found, [float(x) for x in twos], rtol=2e-11, atol=1e-13)


def test_a_graph_is_evaluated_over_arrays() -> None:
    graph = Graph()
    x, y = (graph.ref(graph.input(name)) for name in "xy")
    z = ops.sin(x * y) + ops.pi * x
    a, b = np.array([[1.0], [2.0]]), np.array([3.0, 4.0])
    values = Arrays().evaluate(graph, {x.index: a, y.index: b}, [z.index])
    np.testing.assert_array_equal(values[z.index], np.sin(a * b) + np.pi * a)


def test_where_of_a_rule_tells_its_mask() -> None:
    c = np.array([True, False])
    part = ops.where(c, np.array([2.0, 3.0]), ops.zero)
    assert isinstance(part, Masked)
    np.testing.assert_array_equal(part.value, [2, 0])
    np.testing.assert_array_equal(part.mask, c)
    np.testing.assert_array_equal(2 * part, [4, 0])
    np.testing.assert_array_equal(ops.where(c, ops.zero, np.array([2.0, 3.0])).mask, [False, True])


def test_constants_of_rules_are_weak_floats() -> None:
    x = np.array([1.0], dtype=np.float32)
    for found in (ops.pi * x, x * ops.pi, x / ops.sqrt(ops.pi), ops.log(ops.two) + x):
        assert found.dtype == np.float32


WITHOUT_SCIPY = """
import sys
sys.modules["scipy"] = sys.modules["llvmlite"] = None
import numpy as np
import gradcalc
from gradcalc.arithmetic.floats import FUNCTIONS
from gradcalc.graph import ops
from tests.arithmetic.test_arrays import STATIC, VALUED, arguments, points
for op in VALUED:
    columns = points(op, 2)
    operands = arguments(op, columns, gradcalc.Variable)
    with gradcalc.GradientTape() as tape:
        y = op(*operands)
    gradients = tape.gradient(y, [x for x in operands if isinstance(x, gradcalc.Variable)])
    expected = [FUNCTIONS[op](*map(float, point)) for point in zip(*columns)]
    np.testing.assert_allclose(y.numpy(), expected, rtol=2e-14, atol=1e-15, err_msg=op.name)
    assert all(np.isfinite(g.numpy()).all() for g in gradients), op
x = gradcalc.Variable([0.5, 1.5])
with gradcalc.GradientTape() as tape:
    z = x ** gradcalc.constant([2.5, 0.5]) + gradcalc.nn.activations.gelu(x) * np.maximum(x, 1)
assert np.isfinite(tape.gradient(z, x).numpy()).all()
assert "scipy.special" not in sys.modules
"""


def test_every_op_works_without_scipy() -> None:
    python(WITHOUT_SCIPY)


@pytest.mark.parametrize("op", [ops.asec, ops.acsc, ops.acot, ops.asech, ops.acsch, ops.acoth], ids=names)
def test_what_numpy_lacks_is_put_together_as_exactly_as_in_floats(op: Op) -> None:
    for dtype, scale in ((np.float64, 1e300), (np.float32, 1e30)):
        inside = np.random.default_rng(0).uniform(-4, 4, 200)
        x = np.concatenate([inside, [0.0, 1.0, -1.0, 1 / scale, -1 / scale, scale, np.inf, -np.inf, np.nan]]).astype(
            dtype
        )
        found, expected = op(x), np.array([Floats().functions[op](number) for number in x.tolist()]).astype(dtype)
        np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(float).eps, atol=0)
        assert found.dtype == dtype


def test_ops_run_on_plain_numbers_once_their_arithmetic_is_there() -> None:
    words = """
import numpy
from gradcalc.graph import ops
try:
    ops.sqrt(4.0)
except TypeError as error:
    print(error)
import gradcalc.arithmetic.arrays
print(ops.sqrt(numpy.array([4.0])), ops.asec(numpy.float64(-1)))
"""
    told = "sqrt needs an operand of a graph or a tape; arithmetic.arrays serves plain numbers"
    assert python(words) == f"{told}\n[2.] 3.141592653589793\n"


def test_a_ufunc_is_an_op_that_no_formula_can_name() -> None:
    assert ops.xlogy_ufunc is ops.TABLE["scipy.xlogy"] and ops.xlogy_ufunc.internal
    assert ops.xlogy_ufunc(0.0, -1.0) == 0.0
    assert np.isnan(ops.xlogy(0.0, -1.0))
    for entry in ops.TABLE.values():
        if not entry.operands:
            named = (
                f"scipy.{':'.join(map(str, entry.scipy))}" if isinstance(entry.scipy, tuple) else f"scipy.{entry.scipy}"
            )
            assert entry.internal and entry.name in (f"numpy.{entry.numpy}", named)


PARTS = [(ops.expint, -2), (ops.gammainc, -1.5), (ops.uppergamma, -0.5), (ops.lowergamma, 180), (ops.hurwitz, -2)]
"""Ops at orders for which SciPy has no value, or none that is finite."""


@pytest.mark.parametrize(("op", "order"), PARTS, ids=str)
def test_where_scipy_has_no_value_arrays_have_that_of_the_floats(op: Op, order: float) -> None:
    x = np.array([[0.5, 2.0], [1e-3, 30.0]])
    expected = [[Floats().functions[op](float(order), number) for number in row] for row in x.tolist()]
    np.testing.assert_allclose(FUNCTIONS[op](order, x), expected, rtol=1e-14)
    assert np.isfinite(expected).all()
