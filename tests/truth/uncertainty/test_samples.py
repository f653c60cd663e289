"""Random inputs of each law, and what samples say. With `laws` and `reach`."""

import math

import numpy as np
import pytest
from scipy import stats

from gradcalc.language.measured import LAWS as KNOWN
from gradcalc.language.measured import read_measurements
from gradcalc.settings import Limits
from gradcalc.truth.uncertainty import samples
from gradcalc.truth.uncertainty.covariance import Inputs
from gradcalc.truth.uncertainty.laws import _VECTOR, LAWS, Draws

TEXTS = {
    "normal": "normal(1,2)", "uniform": "uniform(-1,3)", "triangular": "triangular(-1,3)",
    "modal triangular": "triangular(-1,0,3)", "trapezoid": "trapezoid(-1,3,0.4)", "ctrap": "ctrap(-1,3,0.5)",
    "arcsine": "arcsine(-1,3)", "t": "t(1,2,5)", "exponential": "exponential(2)", "gamma": "gamma(3,2)",
}  # fmt: skip


def inputs(texts: list[str]) -> Inputs:
    """Inputs that do not depend on each other."""
    items = [read_measurements(f"x={text}", Limits())["x"].items[0] for text in texts]
    return Inputs(tuple(map(str, range(len(items)))), tuple(items), tuple(item.deviation for item in items))


def test_every_law_has_samples_of_its_mean_and_deviation() -> None:
    assert LAWS.keys() == KNOWN.keys() == TEXTS.keys()
    given = inputs(list(TEXTS.values()))
    for item, column in zip(given.items, Draws(given, {}, 0).next(1 << 15), strict=True):
        value, u, _ = item.numbers()
        assert column.mean() == pytest.approx(value, abs=2e-3 * u), item.law
        assert column.std() == pytest.approx(u, rel=2e-2), item.law


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("triangular(-1,3)", stats.triang(0.5, -1, 4)),
        ("triangular(-1,0,3)", stats.triang(0.25, -1, 4)),
        ("trapezoid(-1,3,0.4)", stats.trapezoid(0.3, 0.7, -1, 4)),
        ("arcsine(-1,3)", stats.arcsine(-1, 4)),
        ("exponential(2)", stats.expon(0, 2)),
        ("gamma(3,2)", stats.gamma(3, 0, 2)),
        ("t(1,2,5)", stats.t(5, 1, 2)),
    ],
)
def test_the_whole_distribution_is_that_of_the_law(text: str, law: object) -> None:
    (column,) = Draws(inputs([text]), {}, 1).next(1 << 12)
    assert stats.kstest(column, law.cdf).statistic < 2e-3  # type: ignore[attr-defined]


def test_beyond_the_dimensions_of_the_lattice_samples_are_independent() -> None:
    given = inputs(["normal(0,1)"] * (len(_VECTOR) + 5))
    columns = np.stack(Draws(given, {}, 0).next(1 << 14))
    assert np.abs(np.corrcoef(columns) - np.eye(len(columns))).max() < 0.03
    assert np.isfinite(columns).all()


def test_a_batch_leaves_enough_samples_outside_of_the_interval() -> None:
    assert samples._batch(1_000_000, 0.95) == 1 << 17
    assert samples._batch(1_000_000, 0.9999) == 1 << 20
    assert samples._batch(1, 0.95) == 1 << 5


def test_intervals_of_few_samples_in_order() -> None:
    """JCGM 101:2008, 7.7.2: of 100 samples at 95 % the 3rd and the 98th."""
    ordered = np.arange(1.0, 101.0) ** 2
    low, high, short_low, short_high = samples._ends(ordered, 0.95)
    assert (low, high) == (9.0, 98.0**2) and (short_low, short_high) == (1.0, 96.0**2)


def test_a_tally_neither_over_nor_underflows() -> None:
    for scale in (1e-290, 1.0, 1e290):
        tally = samples._Tally(0.95)
        for seed in range(12):
            tally.add(scale * (5 + np.random.default_rng(seed).standard_normal(4_000)))
        found = tally.sampled()
        assert (found.mean / scale, found.u / scale) == pytest.approx((5, 1), rel=2e-2)
        assert found.errors[0] / scale == pytest.approx(1 / math.sqrt(48_000), rel=0.6)
    assert tally.sampled().undefined == 0


def test_samples_without_value_are_counted() -> None:
    tally = samples._Tally(0.95)
    for _ in range(10):
        tally.add(np.array([math.nan, math.inf, *np.linspace(0, 1, 98)]))
    found = tally.sampled()
    assert (found.samples, found.undefined, found.is_settled) == (1_000, 20, False) and found.mean == pytest.approx(0.5)
    empty = samples._Tally(0.95)
    empty.add(np.full(100, math.nan))
    assert math.isnan(empty.sampled().mean)
