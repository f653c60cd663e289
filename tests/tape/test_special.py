"""`gradcalc.special`: values as SciPy's, gradients against mpmath, what is refused, names that are SciPy's."""

import subprocess
import sys
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import special as scipys

import gradcalc
from gradcalc import special
from tests import ROOT

ROWS = np.array([[0.5, -2.0, 700.0], [1.0, 3.0, 699.0]])
WEIGHTS = np.array([[2.0, 0.0, 1.0], [1.0, -1.0, 3.0]])


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
def test_values_are_scipys(axis: Any) -> None:
    for name in ("logsumexp", "softmax", "log_softmax"):
        expected = getattr(scipys, name)(ROWS, axis)
        np.testing.assert_allclose(getattr(special, name)(ROWS, axis), expected, rtol=1e-14)
        np.testing.assert_allclose(getattr(special, name)(gradcalc.constant(ROWS), axis).numpy(), expected, rtol=1e-14)
    with np.errstate(all="ignore"):
        expected = scipys.logsumexp(ROWS, axis, WEIGHTS, True)
        np.testing.assert_allclose(special.logsumexp(ROWS, axis, WEIGHTS, True), expected, rtol=1e-14)


@pytest.mark.parametrize("b", [None, [1.0, -4.0, 0.5], [1.0, -1.0, 0.0], 2.0])
def test_the_sign_of_a_sum_is_returned(b: Any) -> None:
    x = [0.5, 0.5, -2.0]
    with np.errstate(divide="ignore"):
        expected = scipys.logsumexp(x, b=b, return_sign=True)
        found = special.logsumexp(gradcalc.constant(x), b=b, return_sign=True)
    np.testing.assert_allclose([found[0].numpy(), found[1]], expected, rtol=1e-14)


def test_the_gradient_of_a_negative_sum_is_right() -> None:
    b = np.array([1.0, -4.0, 0.5])
    found = gradcalc.grad(lambda x: special.logsumexp(x, b=b, return_sign=True)[0])(np.array([0.5, 0.7, -2.0]))
    parts = [w * mpmath.exp(x) for w, x in zip(b, [0.5, 0.7, -2.0], strict=True)]
    np.testing.assert_allclose(found, [float(p / sum(parts)) for p in parts], rtol=1e-14)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_multigammaln_is_right(d: int) -> None:
    def exact(a: Any) -> Any:
        return mpmath.log(mpmath.pi) * d * (d - 1) / 4 + sum(mpmath.loggamma(a - mpmath.mpf(j) / 2) for j in range(d))

    a = np.array([2.3, 7.0])
    np.testing.assert_allclose(special.multigammaln(gradcalc.constant(a), d).numpy(), scipys.multigammaln(a, d))
    for at in (2.3, 70.0):
        assert special.multigammaln(at, d) == pytest.approx(float(exact(mpmath.mpf(at))), rel=1e-14)
        first = gradcalc.grad(lambda x: special.multigammaln(x, d))
        assert first(at) == pytest.approx(float(mpmath.diff(exact, at)), rel=1e-13)
        assert gradcalc.grad(first)(at) == pytest.approx(float(mpmath.diff(exact, at, 2)), rel=1e-12)


@pytest.mark.parametrize(
    ("a", "d", "words"), [(3.0, 1.5, "positive integer"), (3.0, 0, "positive integer"), (1.0, 3, r"\(d - 1\)/2 = 1")]
)
def test_multigammaln_has_bounds(a: float, d: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        special.multigammaln(gradcalc.constant([5.0, a]), d)


def test_other_names_are_scipys() -> None:
    assert special.gammaln is scipys.gammaln
    with pytest.raises(AttributeError, match="gamaln"):
        special.gamaln  # noqa: B018


def test_without_scipy_the_extra_is_named() -> None:
    script = (
        "import importlib.util as u; old = u.find_spec; import gradcalc.errors as e\n"
        "e.find_spec = lambda name: None if name == 'scipy' else old(name)\n"
        "from gradcalc import stats"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert "gradcalc.stats needs SciPy, which is not installed" in done.stderr
