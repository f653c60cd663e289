"""Hyperbolic functions in vectors, beside balls: all sizes of arguments, and the ends of the range."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from flint import arb, ctx

from gradcalc import compile
from gradcalc.arithmetic.native.code import _Loop
from tests.arithmetic.native.test_powers import ulps

FUNCTIONS: dict[str, Callable[[arb], arb]] = {
    "sinh": lambda x: x.sinh(),
    "cosh": lambda x: x.cosh(),
    "tanh": lambda x: x.tanh(),
    "sech": lambda x: 1 / x.cosh(),
    "csch": lambda x: 1 / x.sinh(),
    "coth": lambda x: 1 / x.tanh(),
}
ENDS = [0.0, -0.0, 5e-324, -1e-310, 1e300, -1e300, math.inf, -math.inf, math.nan, 710.4, -711.0, 745.0, 746.5]


def sample() -> np.ndarray:
    """Arguments of all sizes, those near halves of log 2, where n changes, and those where the doubles end."""
    random = np.random.default_rng(5)
    turns = (random.integers(-60, 60, 300) + 0.5) * math.log(2) * (1 + random.normal(0, 1e-3, 300))
    small = random.choice([-1, 1], 400) * np.exp(random.uniform(-700, 0, 400))
    return np.concatenate([random.uniform(-760, 760, 300), random.uniform(-3, 3, 500), turns, small])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_hyperbolic_functions_are_within_three_ulps_everywhere(name: str) -> None:
    rows, worst = sample(), 0.0
    found = compile(f"{name}(x)", order=0)(x=rows).value
    with ctx.workprec(2400):
        for x, f in zip(rows.tolist(), found.tolist(), strict=True):
            worst = max(worst, ulps(f, FUNCTIONS[name](arb(x))))
    assert worst <= (2 if name in ("sinh", "cosh", "tanh") else 3)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_ends_of_the_range_are_those_of_numpy(name: str) -> None:
    rows = np.array(ENDS)
    inner = {"sech": "cosh", "csch": "sinh", "coth": "tanh"}.get(name, name)
    with np.errstate(all="ignore"):
        expected = getattr(np, inner)(rows)
        expected = expected if inner == name else 1 / expected
    if name in ("sech", "csch"):  # cosh and sinh are infinite before these are 0
        expected[9:] = 2 * np.exp(-np.abs(rows[9:])) * (np.sign(rows[9:]) if name == "csch" else 1)
    found = compile(f"{name}(x)", order=0)(x=rows).value
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-323)
    np.testing.assert_array_equal(np.signbit(found[:8]), np.signbit(expected[:8]))


def test_a_function_and_its_derivative_share_one_core() -> None:
    kernel = compile("tanh(x)")
    text = _Loop(kernel._graph, kernel._inputs, kernel._outputs, ("f64",)).rows()
    alone = _Loop(kernel._graph, kernel._inputs, kernel._outputs[:1], ("f64",)).rows()
    distinct = {line.partition("=")[2] for line in text.splitlines() if "fabs" in line and "=" in line}
    assert len(distinct) == 1 and alone.count("fdiv") == 1
    batch = kernel(x=np.linspace(-30, 30, 999))
    np.testing.assert_allclose(batch.value**2 + batch.gradient[0], 1.0, rtol=1e-15)


def test_multiples_share_their_magnitude() -> None:
    rows = np.linspace(-4, 4, 101)
    np.testing.assert_array_equal(compile("cosh(x/2)")(x=rows).value, compile("cosh(-x/2)")(x=rows).value)
    np.testing.assert_array_equal(
        compile("tanh(-x)", order=0)(x=rows).value, -compile("tanh(x)", order=0)(x=rows).value
    )
