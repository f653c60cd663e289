"""Derivatives as graphs: both triangles agree, sparsity stays, masks keep out what was not chosen, nothing recurses."""

import math
import random
from typing import Any

import pytest
from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.marks import UNDEFINED
from gradcalc.errors import ExpressionError
from gradcalc.graph import ops
from gradcalc.graph.derive import gradient, hessian, partials
from gradcalc.graph.graph import Graph, Ref

FLOATS, BALLS = Floats(), Balls(256)


def floats_at(graph: Graph, at: dict[int, float], outputs: list[int]) -> list[Any]:
    values = evaluate(graph, FLOATS, at, outputs)
    return [values[i] for i in outputs]


def balls_at(graph: Graph, at: dict[int, float], outputs: list[int]) -> list[Any]:
    values = BALLS.evaluate(graph, {i: arb(x) for i, x in at.items()}, outputs)
    return [values[i] for i in outputs]


def variables(graph: Graph, count: int) -> list[Ref]:
    return [graph.ref(graph.input(f"x{i}")) for i in range(count)]


def rosenbrock(graph: Graph, count: int) -> tuple[Ref, list[int]]:
    xs = variables(graph, count)
    terms = [100 * (xs[i + 1] - xs[i] ** 2) ** 2 + (1 - xs[i]) ** 2 for i in range(count - 1)]
    return ops.add(*terms), [x.index for x in xs]


def test_gradient_of_an_output_that_does_not_depend_on_the_input_is_zero() -> None:
    graph = Graph()
    x, y = variables(graph, 2)
    assert [graph.number(i) for i in gradient(graph, (x * x).index, [y.index])] == [0]


def test_hessian_triangles_overlap_in_balls() -> None:
    graph = Graph()
    xs = variables(graph, 4)
    a, b, c, d = xs
    formula = ops.sin(a * b) * ops.exp(c / d) + ops.pow(a, b) + ops.hypot(a, c, d) + ops.atan2(b, c) + ops.beta(a, d)
    formula = formula + ops.logsumexp(a, b, c) * ops.xlogy(d, a) + ops.mul(a, b, c, d, ops.cos(a))
    inputs = [x.index for x in xs]
    entries = hessian(graph, gradient(graph, formula.index, inputs), inputs, mirror=False)
    assert len(entries) == 16
    generator = random.Random(5)
    for _ in range(5):
        at = {i: generator.uniform(0.5, 2) for i in inputs}
        values = dict(zip(entries, balls_at(graph, at, list(entries.values())), strict=True))
        for row in range(4):
            for column in range(row):
                assert values[row, column].overlaps(values[column, row])
                assert not values[row, column].contains(0)


def test_mirrored_hessian_is_the_full_one() -> None:
    graph = Graph()
    formula, inputs = rosenbrock(graph, 4)
    gradients = gradient(graph, formula.index, inputs)
    full, mirrored = (hessian(graph, gradients, inputs, mirror=m) for m in (False, True))
    assert full.keys() == mirrored.keys()
    at = {index: 0.3 + i for i, index in enumerate(inputs)}
    for key in full:
        one, other = balls_at(graph, at, [full[key], mirrored[key]])
        assert one.overlaps(other)


def test_hessian_of_chained_rosenbrock_is_tridiagonal_and_linear_in_size() -> None:
    sizes = {}
    for count in (200, 400):
        graph = Graph()
        formula, inputs = rosenbrock(graph, count)
        entries = hessian(graph, gradient(graph, formula.index, inputs), inputs)
        assert set(entries) == {(i, j) for i in range(count) for j in range(count) if abs(i - j) <= 1}
        sizes[count] = len(graph)
    assert sizes[400] < 2.1 * sizes[200]


def test_rosenbrock_second_derivatives_are_the_book_s() -> None:
    graph = Graph()
    formula, inputs = rosenbrock(graph, 3)
    entries = hessian(graph, gradient(graph, formula.index, inputs), inputs)
    at = dict(zip(inputs, (2.0, 3.0, 5.0), strict=True))
    values = dict(zip(entries, floats_at(graph, at, list(entries.values())), strict=True))
    assert values[0, 0] == 1200 * 4 - 400 * 3 + 2
    assert values[0, 1] == values[1, 0] == -800
    assert values[1, 1] == 200 + 1200 * 9 - 400 * 5 + 2
    assert values[2, 2] == 200


# -- masks: x is the point, the list holds value, first and second derivative ------------------------------------------------


def masked_sqrt(x: Ref) -> Any:
    return ops.where(ops.gt(x, 0), ops.sqrt(x), 0)


MASKED: list[tuple[str, Any, float, list[float]]] = [
    ("where sqrt", masked_sqrt, -1, [0, 0, 0]),
    ("where sqrt", masked_sqrt, 0, [0, 0, 0]),
    ("where sqrt", masked_sqrt, 4, [2, 0.25, -1 / 32]),
    ("where log", lambda x: ops.where(ops.gt(x, 0), ops.log(x), x), -1, [-1, 1, 0]),
    ("where log", lambda x: ops.where(ops.gt(x, 0), ops.log(x), x), 2, [math.log(2), 0.5, -0.25]),
    ("deep", lambda x: ops.where(ops.gt(x, 0), ops.sin(ops.sqrt(x)) / x, x * x), 0, [0, 0, 2]),
    ("deep", lambda x: ops.where(ops.gt(x, 0), ops.sin(ops.sqrt(x)) / x, x * x), -3, [9, -6, 2]),
    ("else", lambda x: ops.where(ops.le(x, 0), x, ops.sqrt(x) * ops.log(x)), 0, [0, 1, 0]),
    ("nested", lambda x: ops.where(ops.gt(x, -2), ops.where(ops.gt(x, 0), ops.log(x), 3 * x), 0), -1, [-3, 3, 0]),
    ("max", lambda x: ops.max(ops.sqrt(ops.abs(x)), 1), 0, [1, 0, 0]),
    ("clip", lambda x: ops.clip(ops.cbrt(x), 1, 2), 0, [1, 0, 0]),
    ("relu", lambda x: ops.relu(ops.cbrt(x) - 1), 0, [0, 0, 0]),
    (
        "shared",
        lambda x: ops.where(ops.gt(x, 0), ops.sqrt(x), 0) + ops.where(ops.gt(x, 1), ops.sqrt(x), 0),
        0,
        [0, 0, 0],
    ),
]


@pytest.mark.parametrize("name, formula, at, expected", MASKED)
def test_what_is_not_chosen_never_gives_nan(name: str, formula: Any, at: float, expected: list[float]) -> None:
    graph = Graph()
    x = graph.ref(graph.input("x"))
    value = formula(x).index
    (first,) = gradient(graph, value, [x.index])
    (second,) = gradient(graph, first, [x.index])
    outputs = [value, first, second]
    assert floats_at(graph, {x.index: at}, outputs) == expected
    assert [nearest_double(ball) for ball in balls_at(graph, {x.index: at}, outputs)] == expected


def test_a_numerical_zero_times_an_infinite_partial_is_not_masked() -> None:
    graph = Graph()
    x = graph.ref(graph.input("x"))
    (slope,) = gradient(graph, (ops.cbrt(x) ** 3).index, [x.index])
    assert math.isnan(floats_at(graph, {x.index: 0.0}, [slope])[0])
    assert balls_at(graph, {x.index: 0.0}, [slope]) == [UNDEFINED]


def test_a_condition_has_no_slope_but_zeros() -> None:
    graph = Graph()
    x, y = variables(graph, 2)
    zeros = partials(graph, ops.gt(x, y).index)
    assert [zero is not None and graph.number(zero) for zero in zeros] == [0, 0]


def test_ties_share_equally() -> None:
    graph = Graph()
    xs = variables(graph, 3)
    slopes = gradient(graph, ops.max(*xs).index, [x.index for x in xs])
    at = {x.index: 1.0 for x in xs}
    assert floats_at(graph, at, slopes) == [1 / 3] * 3
    assert floats_at(graph, {**at, xs[2].index: 0.0}, slopes) == [0.5, 0.5, 0.0]


def test_a_small_integer_power_never_touches_a_logarithm() -> None:
    graph = Graph()
    x = graph.ref(graph.input("x"))
    gradient(graph, (x**2).index, [x.index])
    assert not any(node.op in (ops.log, ops.xlogy) for node in graph.nodes)


def test_an_order_without_a_rule_must_be_constant() -> None:
    graph = Graph()
    n, x = variables(graph, 2)
    with pytest.raises(ExpressionError, match="n must be constant"):
        gradient(graph, ops.besselj(n, x).index, [n.index])


@pytest.mark.parametrize(
    ("op", "depth"), [(ops.sin, 30_000), (ops.neg, 100_000), (ops.abs, 30_000), (ops.relu, 30_000)]
)
def test_deep_chains_do_not_recurse(op: Any, depth: int) -> None:
    graph = Graph()
    x = graph.input("x")
    index = x
    for _ in range(depth):
        index = graph.emit(op, (index,))
    (slope,) = gradient(graph, index, [x])
    value = floats_at(graph, {x: 0.5}, [slope])[0]
    assert math.isfinite(value)


def test_deep_chains_of_where_do_not_recurse() -> None:
    graph = Graph()
    x = graph.ref(graph.input("x"))
    y: Any = x
    for k in range(20_000):
        y = ops.where(ops.gt(x, k % 7 - 10), y + 1, 0)
    (slope,) = gradient(graph, y.index, [x.index])
    assert floats_at(graph, {x.index: 0.5}, [slope]) == [1.0]


def test_a_contribution_that_comes_many_times_is_one_multiple() -> None:
    graph = Graph()
    x, y = variables(graph, 2)
    formula = ops.sin(ops.add(*[x] * 1000, y))
    before = len(graph)
    dx, dy = gradient(graph, formula.index, [x.index, y.index])
    assert len(graph) - before < 10
    at = {x.index: 0.001, y.index: 0.5}
    assert floats_at(graph, at, [dx, dy]) == pytest.approx([1000 * math.cos(1.5), math.cos(1.5)])


@pytest.mark.parametrize("few", [1, 2, 3])
def test_contributions_that_come_many_times_stand_beside_those_that_come_seldom(few: int) -> None:
    graph = Graph()
    (x,) = variables(graph, 1)
    formula = ops.add(*[x] * 7, *[ops.sin(x)] * few)
    (dx,) = gradient(graph, formula.index, [x.index])
    assert floats_at(graph, {x.index: 0.5}, [dx]) == pytest.approx([7 + few * math.cos(0.5)])
    double = ops.mul(x, x)  # whose parts for x are one and the same, twice
    (dx,) = gradient(graph, ops.add(*[x] * 7, double).index, [x.index])
    assert floats_at(graph, {x.index: 0.5}, [dx]) == pytest.approx([8.0])


def test_repeated_operands_share_a_tie_by_how_often_they_come() -> None:
    graph = Graph()
    x, y = variables(graph, 2)
    formula = ops.sqrt(ops.max(*[x] * 6, y, y))
    derivatives = gradient(graph, formula.index, [x.index, y.index])
    assert floats_at(graph, {x.index: 4.0, y.index: 4.0}, derivatives) == [0.25 * 6 / 8, 0.25 * 2 / 8]
    assert floats_at(graph, {x.index: 4.0, y.index: 1.0}, derivatives) == [0.25, 0.0]
    assert floats_at(graph, {x.index: -1.0, y.index: 4.0}, derivatives) == [0.0, 0.25]


def test_the_mask_of_what_was_not_chosen_survives_a_multiple() -> None:
    graph = Graph()
    (x,) = variables(graph, 1)
    log = ops.log(x)
    formula = ops.where(ops.gt(x, 0), ops.add(*[log] * 9), x)
    (dx,) = gradient(graph, formula.index, [x.index])
    assert floats_at(graph, {x.index: 2.0}, [dx]) == [4.5]
    assert floats_at(graph, {x.index: 0.0}, [dx]) == floats_at(graph, {x.index: -1.0}, [dx]) == [1.0]


@pytest.mark.parametrize("counts", [(1, 1, 1, 1, 1), (6,), (3, 2, 1), (1, 5), (2, 2, 2, 2), (1, 1, 1, 1, 1, 1, 2)])
def test_factors_that_come_many_times_are_powers(counts: tuple[int, ...]) -> None:
    graph = Graph()
    xs = variables(graph, len(counts))
    factors = [x for x, count in zip(xs, counts, strict=True) for _ in range(count)]
    random.Random(0).shuffle(factors)
    found = gradient(graph, ops.mul(*factors).index, [x.index for x in xs])
    at = {x.index: 1.5 + i for i, x in enumerate(xs)}
    product = math.prod(at[x.index] ** count for x, count in zip(xs, counts, strict=True))
    right = [count * product / at[x.index] for x, count in zip(xs, counts, strict=True)]
    assert floats_at(graph, at, found) == pytest.approx(right, rel=1e-14)
    assert floats_at(graph, at | {xs[0].index: 0.0}, found)[0] == pytest.approx(right[0] if counts[0] == 1 else 0.0)


def test_a_product_of_one_factor_has_a_derivative_of_few_nodes() -> None:
    graph = Graph()
    (x,) = variables(graph, 1)
    product = ops.mul(*[x] * 1000).index
    before = len(graph)
    gradient(graph, product, [x.index])
    assert len(graph) - before < 10
