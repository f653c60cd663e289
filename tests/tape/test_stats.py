"""`gradcalc.stats`: values as SciPy's in and outside the support, derivatives against mpmath, what is refused."""

from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import exp, log, mpf, pi, sqrt
from scipy import stats as scipys

import gradcalc
from gradcalc import stats
from gradcalc.errors import NoRuleError

XS = np.array([-np.inf, -30, -3, -1e-3, -0.0, 0, 1e-9, 0.3, 0.5, 1, 1.5, 2, 7, 40, np.inf, np.nan])
SHAPES: dict[str, list[tuple[float, ...]]] = {
    "norm": [()],
    "t": [(0.7,), (3,), (1e6,), (np.inf,), (-1,), (np.nan,)],
    "gamma": [(0.5,), (1,), (2.5,), (100,), (0,), (-1,)],
    "beta": [(0.5, 0.5), (1, 1), (2, 3), (50, 70), (1, 2), (0, 1), (2, -1)],
}
PLACES: list[tuple[float, ...]] = [(), (0, 1), (1, 2), (0.3, 0.01), (0, -1), (0, 0), (np.nan, 1)]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("method", ["logpdf", "pdf", "cdf"])
def test_values_are_scipys(name: str, method: str) -> None:
    ours, theirs = getattr(getattr(stats, name), method), getattr(getattr(scipys, name), method)
    for parameters in [shapes + place for shapes in SHAPES[name] for place in PLACES]:
        with np.errstate(all="ignore"):
            expected = theirs(XS, *parameters)
            found = ours(XS, *parameters)
            recorded = ours(gradcalc.constant(XS), *parameters).numpy()
        np.testing.assert_allclose(found, expected, rtol=3e-13, atol=1e-14 if method == "logpdf" else 0)
        np.testing.assert_array_equal(recorded, found)


@pytest.mark.parametrize("method", ["logpmf", "pmf", "cdf"])
@pytest.mark.parametrize("mu", [0, 0.5, 3, 80, -1, np.nan])
@pytest.mark.parametrize("loc", [0, 2, 0.5])
def test_values_of_poisson_are_scipys(method: str, mu: float, loc: float) -> None:
    counts = np.array([-1, 0, 0.5, 1, 2, 2.5, 7, 100, np.nan])
    expected = getattr(scipys.poisson, method)(counts, mu, loc)
    np.testing.assert_allclose(getattr(stats.poisson, method)(counts, mu, loc), expected, rtol=1e-13)


EXACT: dict[str, tuple[Any, tuple[float, ...]]] = {
    "norm": (lambda x: exp(-x * x / 2) / sqrt(2 * pi), (0.7, 0.4, 1.3)),
    "t": (
        lambda x, n: (1 + x * x / n) ** (-(n + 1) / 2) / sqrt(n) / mpmath.beta(n / 2, mpf(1) / 2),
        (0.7, 3.2, 0.4, 1.3),
    ),
    "gamma": (lambda x, a: x ** (a - 1) * exp(-x) / mpmath.gamma(a), (1.9, 2.6, 0.4, 1.3)),
    "beta": (lambda x, a, b: x ** (a - 1) * (1 - x) ** (b - 1) / mpmath.beta(a, b), (0.7, 2.6, 1.8, 0.4, 1.3)),
}
"""The density as textbooks have it, and a point: x, the shapes, loc, scale."""


def density(name: str, x: Any, *parameters: Any) -> Any:
    *shapes, loc, scale = parameters
    return EXACT[name][0]((x - loc) / scale, *shapes) / scale


@pytest.mark.parametrize("name", EXACT)
def test_derivatives_of_densities_are_right(name: str) -> None:
    point, distribution = EXACT[name][1], getattr(stats, name)
    exact = tuple(mpf(x) for x in point)
    for i in range(len(point)):
        for order in (1, 2):
            way = tuple(order * (k == i) for k in range(len(point)))
            for function, right in (
                (distribution.logpdf, lambda *xs: log(density(name, *xs))),
                (distribution.pdf, lambda *xs: density(name, *xs)),
            ):
                for _ in range(order):
                    function = gradcalc.grad(function, argnums=i)
                with mpmath.workdps(40):
                    expected = float(mpmath.diff(right, exact, way))
                assert function(*point) == pytest.approx(expected, rel=2e-12), (name, i, order)


@pytest.mark.parametrize("name", EXACT)
def test_derivatives_of_probabilities_are_right(name: str) -> None:
    point, distribution = EXACT[name][1], getattr(stats, name)
    x, *shapes, loc, scale = (mpf(one) for one in point)
    z, y = (x - loc) / scale, density(name, x, *shapes, loc, scale)
    last = len(point) - 1
    for i, expected in ((0, y), (last - 1, -y), (last, -y * z)):
        assert gradcalc.grad(distribution.cdf, argnums=i)(*point) == pytest.approx(float(expected), rel=1e-13)
    bend = float(mpmath.diff(lambda one: density(name, one, *shapes, loc, scale), x))
    assert gradcalc.grad(gradcalc.grad(distribution.cdf))(*point) == pytest.approx(bend, rel=1e-12)


def test_derivatives_of_poisson_are_right() -> None:
    k, mu = np.array([0.0, 1.0, 4.0, 4.5]), 2.3
    for n in (0, 4):
        found = gradcalc.grad(stats.poisson.logpmf, argnums=1)(n, mu)
        assert found == pytest.approx(n / mu - 1, rel=1e-15)
    assert gradcalc.grad(lambda m: stats.poisson.pmf(4, m))(mu) == pytest.approx(
        float((4 / mpf(mu) - 1) * exp(-mpf(mu)) * mpf(mu) ** 4 / 24), rel=1e-14
    )
    for one in k:
        expected = -exp(-mpf(mu)) * mpf(mu) ** int(one) / mpmath.factorial(int(one))
        found = gradcalc.grad(lambda m, n=one: stats.poisson.cdf(n, m))(mu)
        assert found == pytest.approx(float(expected), rel=1e-13)
    assert gradcalc.grad(lambda m: stats.poisson.logpmf(0, m))(0.0) == -1


def test_outside_the_support_nothing_moves() -> None:
    xs = np.array([-1.0, 0.5, 2.0])
    for function in (stats.beta.logpdf, stats.beta.pdf, stats.beta.cdf):
        for i in (0, 3, 4):
            for x in (-1.0, 2.0):
                assert gradcalc.grad(function, argnums=i)(x, 2.0, 3.0, 0.0, 1.0) == 0
    found = gradcalc.grad(lambda x: np.sum(stats.beta.cdf(x, 2.0, 3.0)))(xs)
    np.testing.assert_allclose(found, [0, 1.5, 0], rtol=1e-14)
    found = gradcalc.grad(lambda a: np.sum(stats.gamma.pdf(xs, a)))(2.0)
    assert np.isfinite(found)


def test_parameters_broadcast_and_have_names() -> None:
    x, loc, scale = np.array([[0.1], [0.9]]), np.array([0.0, 0.5, 1.0]), gradcalc.Variable([1.0, 2.0, 3.0])
    with gradcalc.GradientTape() as tape:
        y = stats.norm.logpdf(x, scale=scale, loc=loc)
    np.testing.assert_allclose(y.numpy(), scipys.norm.logpdf(x, loc, [1, 2, 3]), rtol=1e-14)
    s = scale.numpy()
    expected = np.sum((x - loc) ** 2 / s**3 - 1 / s, axis=0)
    np.testing.assert_allclose(tape.gradient(y, scale).numpy(), expected, rtol=1e-14)
    assert type(stats.norm.pdf(0.0)) is np.float64
    assert repr(stats.t) == "<distribution t(x, df, loc=0.0, scale=1.0)>"
    with pytest.raises(TypeError, match="'df'"):
        stats.t.pdf(1.0)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda a: stats.gamma.cdf(1.0, a), "gamma.cdf's a"),
        (lambda b: stats.beta.cdf(0.5, 2.0, b), "beta.cdf's b"),
        (lambda df: stats.t.cdf(0.5, df), "t.cdf's df"),
        (lambda k: stats.poisson.pmf(k, 2.0), "poisson's k"),
        (lambda loc: stats.poisson.cdf(3.0, 2.0, loc), "poisson's loc"),
    ],
)
def test_what_has_no_rule_is_refused_by_name(function: Any, words: str) -> None:
    with pytest.raises(NoRuleError, match=f"{words} has no derivative rule\ntry: x.numpy"):
        gradcalc.grad(function)(1.0)


def test_a_fit_by_maximum_likelihood_finds_the_mean() -> None:
    data = np.array([1.0, 2.0, 4.0])
    gradient = gradcalc.grad(lambda mu: np.sum(stats.norm.logpdf(data, mu, 2.0)))
    assert gradient(np.mean(data)) == pytest.approx(0, abs=1e-15)
    assert float(gradcalc.grad(gradient)(0.0)) == pytest.approx(-3 / 4, rel=1e-15)
