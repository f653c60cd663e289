"""Student's t: JCGM 100:2008, table G.2, and SciPy's numbers."""

import math

import pytest
from scipy import stats

from gradcalc.arithmetic.student import coverage, tail


@pytest.mark.parametrize(
    ("level", "freedom", "printed"),
    [(0.95, 1, 12.71), (0.99, 16, 2.92), (0.6827, 4, 1.14), (0.9545, 50, 2.05), (0.95, math.inf, 1.96)],
)
def test_the_table_of_the_gum(level: float, freedom: float, printed: float) -> None:
    assert round(coverage(level, freedom), 2) == printed


@pytest.mark.parametrize("freedom", [1, 3.5, 100, 1e6, 1e12])
@pytest.mark.parametrize("level", [0.01, 0.95, 0.9999])
def test_quantiles_and_tails(freedom: float, level: float) -> None:
    k = coverage(level, freedom)
    assert k == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-12)
    assert tail(k, freedom) == pytest.approx(1 - level, rel=1e-9)
