"""The slopes of the incomplete gamma functions by their first operand, beside those of mpmath."""

import numpy as np
import pytest

from gradcalc import GradientTape, Variable, gradcheck
from gradcalc.errors import NoRuleError
from gradcalc.tape.rules.incomplete_gamma import DRIFT, GAMMAINC, GAMMAINCC

mpmath = pytest.importorskip("mpmath")
AT = [(0.01, 0.02), (0.01, 3.0), (0.3, 0.9), (2.5, 2.4), (2.5, 2.6), (2.5, 40.0), (50.0, 20.0), (300.0, 330.0)]


@pytest.mark.parametrize(("a", "x"), AT)
def test_the_drift_is_that_of_mpmath(a: float, x: float) -> None:
    with mpmath.workdps(40):
        bounds, sign = ((0, x), 1) if x <= a else ((x, mpmath.inf), -1)
        slope = sign * mpmath.diff(lambda s: mpmath.gammainc(s, *bounds, regularized=True), a, h=mpmath.mpf(10) ** -12)
        expected = slope / mpmath.exp((a - 1) * mpmath.log(x) - x - mpmath.loggamma(a))
    assert DRIFT(np.array(a), np.array(x)) == pytest.approx(float(expected), rel=1e-11)


def test_derivatives_by_the_last_operand_are_of_every_order_and_by_the_first_of_the_first() -> None:
    x = np.array([0.2, 1.7, 9.0])
    assert gradcheck(lambda z: np.sum(GAMMAINC(np.array([0.3, 2.5, 2.5]), z) ** 2), x)
    a, z = Variable([0.3, 2.5]), Variable([0.2, 9.0])
    with GradientTape(persistent=True) as outer:
        with GradientTape(persistent=True) as tape:
            y, rest = GAMMAINC(a, z), GAMMAINCC(a, z)
        by_a, by_z = tape.gradient(y, [a, z])
        assert tape.gradient(rest, a).numpy() == pytest.approx(-by_a.numpy())
    np.testing.assert_allclose(outer.gradient(by_a, z).numpy(), outer.gradient(by_z, a).numpy(), rtol=1e-11)
    with pytest.raises(NoRuleError, match="the slope of igamma by a has no derivative rule for its argument 1"):
        outer.gradient(by_a, a)


def test_at_the_ends_and_outside() -> None:
    found = DRIFT(np.array([1.0, -1.0, 0.0, 1.0, np.inf, 1e9]), np.array([0.0, 1.0, 1.0, np.nan, 1.0, 1e9]))
    assert found[0] == 0 and np.isnan(found[1:]).all()
    assert (
        DRIFT(np.zeros((0, 2)), np.ones(2)).shape == (0, 2) and DRIFT(np.float32(1), np.float32(2)).dtype == "float32"
    )
