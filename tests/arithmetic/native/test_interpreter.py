"""Interpreted native code gives what compiled code gives, to the bit: every op, columns of every kind, sums, points."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest

import gradcalc
from gradcalc.arithmetic.native import interpreter
from gradcalc.arithmetic.native import kernel as module
from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.graph.ops import Op
from tests.arithmetic.native.test_code import FORMULA, kernel_of, sample
from tests.graph import VALUED, names

CHANCE = np.random.default_rng(11)


def answers(kernel: Kernel, columns: dict[str, Any]) -> list[Any]:
    """All that a kernel gives for the columns, and at their first row."""
    rows = [c[..., 0] if c.ndim > len(kernel._shapes[name]) else c for name, c in columns.items()]
    first = np.concatenate([[], *map(np.ravel, rows)])
    batch, total = kernel(**columns), kernel.sum(**columns)
    return [
        *(batch.value, batch.gradient, batch.hessian, total.value, total.gradient, total.hessian),
        *(kernel.at(first), kernel.point(*first.tolist())),
    ]


def assert_same(make: Callable[[], Kernel], columns: dict[str, Any]) -> None:
    with mock.patch.object(module.shared, "codes", {}):
        compiled = answers(make(), columns)
    with (
        mock.patch.object(module.shared, "codes", {}),
        mock.patch.object(module, "_SMALL", -1),
        mock.patch.object(module, "compile_graph", side_effect=AssertionError("compiled")),
    ):
        interpreted = answers(make(), columns)
    for one, other in zip(compiled, interpreted, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_every_op_in_orders_0_to_2(op: Op) -> None:
    assert_same(lambda: kernel_of(op, 2)[0], sample(op, 11))


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 70_001])
def test_rows_and_tails(rows: int) -> None:
    x, y = CHANCE.normal(size=(2, rows))
    assert_same(lambda: gradcalc.compile(FORMULA, order=2), {"x": x, "y": y})


def test_columns_and_numbers_of_every_kind() -> None:
    columns = {"x": CHANCE.normal(size=21).astype(np.float32), "y": np.array(0.5), "z": CHANCE.normal(size=21)[::-1]}
    assert_same(lambda: gradcalc.compile("x*sin(y) + z*x + where(x > z and not y > 1, x, z**7)", order=2), columns)


@pytest.mark.parametrize(
    "text",
    [
        "logsumexp(x) * max(x) - min(x) * norm(x) + sum(x) * prod(x)",
        "hypot(x[0], x[1], x[2], x[3]) + clip(x[0], x[1], x[2]) + sum(x[1:]**2 * x[:-1]**-1) + x[0]**4",
        "x[2]",
        "7",
    ],
)
def test_ops_of_many_operands_and_outputs_that_are_inputs_or_constants(text: str) -> None:
    shapes = {"x": 5} if "x" in text else {}
    columns = {"x": CHANCE.uniform(1, 2, (5, 19))} if shapes else {}
    assert_same(lambda: gradcalc.compile(text, order=2, shapes=shapes), columns)


def test_special_values() -> None:
    x = np.array([0.0, -0.0, 5e-324, 1e308, -1e308, np.inf, -np.inf, np.nan])
    assert_same(lambda: gradcalc.compile("where(x > 0, log(x), x**3) + abs(x)*y", order=2), {"x": x, "y": x[::-1]})


def test_a_large_graph_is_interpreted() -> None:
    n = 2000
    kernel = gradcalc.compile("sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)", order=2, shapes={"x": n})
    x = CHANCE.normal(size=n)
    with mock.patch.object(interpreter, "compile_point", wraps=interpreter.compile_point) as used:
        value, *gradient = kernel.at(x)[: n + 1]
    assert used.called
    ahead, behind = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    assert value == pytest.approx(np.sum(100 * ahead**2 + behind**2), rel=1e-12)
    expected = np.zeros(n)
    expected[1:] += 200 * ahead
    expected[:-1] -= 400 * x[:-1] * ahead + 2 * behind
    np.testing.assert_allclose(gradient, expected, rtol=1e-11, atol=1e-9)
    assert len(kernel.hessian_places) == 2 * n - 1


def test_code_is_compiled_once_it_has_run_over_many_rows_and_gives_the_same() -> None:
    x = CHANCE.normal(size=60)
    with mock.patch.object(module, "_SMALL", -1), mock.patch.object(module, "_MANY_ROWS", 200):
        kernel = gradcalc.compile("x**2*sin(x) + 2.5/x", order=2)
        with mock.patch.object(module, "compile_graph", wraps=module.compile_graph) as compiled:
            found = [kernel(x=x).hessian.tobytes() for _ in range(3)]
            assert not compiled.called
            found.append(kernel(x=x).hessian.tobytes())
            assert compiled.called
    assert len(set(found)) == 1
