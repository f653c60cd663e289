"""Powers and logarithms in vectors (`lines`, `logarithms`), beside balls: the whole range of doubles, and its ends."""

import math

import numpy as np
import pytest
from flint import arb, ctx

from gradcalc import compile
from gradcalc.arithmetic.digits import nearest_double

EXPONENTS = (0.3, -0.3, 0.99, -0.99, 0.001, 0.5, -0.5, 1.5, 2.5, -2.5, -1.3, 7.7, -10.1, 63.9, -100.7)
BASES = (2.0, 10.0, 0.3, 1.0000001, 1e300, 5e-324)


def ulps(found: float, true: arb) -> float:
    """The distance of a double from a number, in ulps of that; 0 where both are infinite or round to the same."""
    nearest = nearest_double(true)
    if nearest == found:
        return 0.0
    assert nearest is not None and math.isfinite(nearest) and math.isfinite(found)
    return float((abs(arb(found) - true) / arb(math.ulp(nearest))).mid())


def sample(seed: int) -> np.ndarray:
    """Doubles of all sizes, near 1, and below the normal ones."""
    random = np.random.default_rng(seed)
    sizes = np.exp(random.uniform(-745, 709, 400))
    return np.concatenate([sizes, random.uniform(0.5, 2, 200), 1 + random.normal(0, 1e-9, 100), sizes[:50] * 5e-324])


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_a_constant_exponent_is_within_three_ulps_everywhere(exponent: float) -> None:
    rows = sample(1)
    found = compile(f"x**({exponent!r})", order=0)(x=rows).value
    with ctx.workprec(300):
        worst = max(ulps(f, arb(x) ** arb(exponent)) for x, f in zip(rows.tolist(), found.tolist(), strict=True) if x)
    assert worst <= 3


@pytest.mark.parametrize("base", BASES)
def test_a_constant_base_is_within_an_ulp_everywhere(base: float) -> None:
    rows = np.concatenate([np.random.default_rng(2).uniform(-1100, 1100, 400), np.linspace(-1, 1, 101)])
    found = compile(f"({base!r})**x", order=0)(x=rows).value
    with ctx.workprec(300):
        worst = max(ulps(f, arb(base) ** arb(x)) for x, f in zip(rows.tolist(), found.tolist(), strict=True))
    assert worst <= 1


@pytest.mark.parametrize("exponent", [0.3, -0.3, 1.5, 2.5, -1.3, -2.5, 0.5, -0.5, 1 / 3])
def test_the_ends_of_the_range_are_those_of_pow(exponent: float) -> None:
    rows = np.array([0.0, -0.0, math.inf, math.nan, -1.0, -2.5, 5e-324, 1.7e308])
    with np.errstate(all="ignore"):
        expected = np.power(rows, exponent)
    np.testing.assert_allclose(compile(f"x**({exponent!r})", order=0)(x=rows).value, expected, rtol=1e-15)


@pytest.mark.parametrize("base", [2.0, 0.5, 1.0])
def test_a_constant_base_has_the_ends_of_pow(base: float) -> None:
    rows = np.array([0.0, -0.0, math.inf, -math.inf, math.nan, 1e300, -1e300])
    expected = np.array([math.nan if math.isnan(x) and base != 1 else base**x if abs(x) < 1 else base ** math.copysign(
        math.inf, x) for x in rows.tolist()])  # fmt: skip
    np.testing.assert_array_equal(compile(f"({base!r})**x", order=0)(x=rows).value, expected)


def test_a_general_power_is_within_an_ulp_everywhere() -> None:
    random = np.random.default_rng(3)
    base, exponent = np.tile(sample(4), 4), np.append(random.uniform(-3, 3, 1500), random.normal(0, 300, 1500))
    exponent[::7] = np.round(exponent[::7])
    exponent = exponent[: len(base)]
    found = compile("x**y", order=0)(x=np.where(np.arange(len(base)) % 7, base, -base), y=exponent).value
    worst = 0.0
    with ctx.workprec(300):
        for k, (x, y, f) in enumerate(zip(base.tolist(), exponent.tolist(), found.tolist(), strict=True)):
            sign = 1 if k % 7 or y % 2 == 0 else -1
            worst = max(worst, ulps(sign * f, arb(x) ** arb(y)) if x else 0)
    assert worst <= 1


def test_the_derivative_for_an_exponent_has_its_logarithm_to_an_ulp() -> None:
    rows = sample(6)
    rows = rows[rows > 0]
    found = compile("xlogy(y, x)", order=0)(x=rows, y=1.0).value
    with ctx.workprec(300):
        worst = max(ulps(f, arb(x).log()) for x, f in zip(rows.tolist(), found.tolist(), strict=True))
    assert worst <= 0.6
    ends = compile("xlogy(y, x)", order=0)(
        x=[0.0, 0.0, -1.0, math.inf, math.nan, 1.0], y=[0.0, 1.0, 1.0, 2.0, 1.0, 3.0]
    )
    np.testing.assert_array_equal(ends.value, [0.0, -math.inf, math.nan, math.inf, math.nan, 0.0])


ENDS = (0.0, 1.0, 0.5, 2.0, 3.0, 2.5, 1 + 2**-52, 2.0**53 + 1, 1e300, 5e-324, 1.7e308, math.inf)


def test_a_general_power_has_the_ends_of_pow() -> None:
    both = [sign * x for x in ENDS for sign in (1, -1)] + [math.nan]
    base, exponent = map(np.ravel, np.meshgrid(both, both))
    with np.errstate(all="ignore"):
        expected = np.power(base, exponent)
    found = compile("x**y", order=0)(x=base, y=exponent).value
    np.testing.assert_allclose(found, expected, rtol=3e-16)
    there = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found)[there], np.signbit(expected)[there])


def test_exponents_a_whole_number_apart_share_their_logarithm() -> None:
    rows = np.linspace(0.01, 50.0, 500)
    apart = compile("x**0.7", order=0)(x=rows).value
    both = compile("x**1.7", order=1)(x=rows)
    np.testing.assert_array_equal(both.value, rows * apart)
    np.testing.assert_allclose(both.gradient[0], 1.7 * apart, rtol=4e-16)


def test_a_power_of_many_exponents_is_interpreted_to_the_same_bits() -> None:
    from gradcalc.arithmetic.native import code, interpreter
    from gradcalc.language.parse import as_formula

    formula = as_formula(" + ".join(f"x**({k}/8 + 0.05) + x**(-{k}.5)" for k in range(1, 12)))
    inputs, kinds = [formula.graph.inputs["x"]], ("f64",)
    rows, results = np.linspace(0.1, 9.0, 64), []
    for module in (code, interpreter):
        made = module.compile_graph(formula.graph, inputs, [formula.output], kinds)
        out = np.zeros(64)
        made.run(64 // made.width, code.pointers([rows.ctypes.data], rows), code.pointers([out.ctypes.data], out))
        results.append(out)
    np.testing.assert_array_equal(*results)
