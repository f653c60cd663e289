"""Random inputs of each law, and what samples say. With `laws` and `reach`."""

import math

import numpy as np
import pytest
from scipy import stats

import gradcalc
from gradcalc.language.measured import LAWS as KNOWN
from gradcalc.language.measured import read_measurements
from gradcalc.settings import Limits
from gradcalc.truth.uncertainty import samples
from gradcalc.truth.uncertainty.covariance import Inputs
from gradcalc.truth.uncertainty.laws import DIMENSIONS, LAWS, Draws, _net

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
    assert stats.kstest(column, law.cdf).statistic < 5e-3  # type: ignore[attr-defined]


def test_beyond_the_dimensions_of_a_net_samples_are_independent() -> None:
    given = inputs(["normal(0,1)"] * (DIMENSIONS + 5))
    columns = np.stack(Draws(given, {}, 0).next(1 << 12))
    assert np.abs(np.corrcoef(columns) - np.eye(len(columns))).max() < 0.08
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
    for scale in (1e-290, 1.0, 1e290, 1.2e307):
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


@pytest.mark.parametrize(
    ("text", "mean", "u"), [("x*y", 2, 0.2835489375751565), ("x^2 + y", 3.01, 0.28319604517012593)]
)
def test_what_samples_say_of_their_own_error_is_honest(text: str, mean: float, u: float) -> None:
    """Student's t of 9 degrees has a root mean square of 1.13: a shift that leaves a bias gave 3 and 50."""
    found = [gradcalc.propagate(text, "x=1±0.1,y=2±0.2", samples=2_000, seed=seed) for seed in range(12)]
    for place, right in ((0, mean), (1, u)):
        each = [(each.monte_carlo.mean, each.monte_carlo.u)[place] for each in found]
        errors = [each.monte_carlo.errors[place] for each in found]
        scores = [(a - right) / error for a, error in zip(each, errors, strict=True)]
        assert 0.4 < math.sqrt(sum(score * score for score in scores) / len(scores)) < 2.2


def test_many_inputs_make_more_and_smaller_batches() -> None:
    assert samples._room(2, 0.95) == 1 << 22 and samples._room(1000, 0.95) == 1 << 13
    assert samples._room(10**6, 0.95) == 1 << 10


def test_a_net_lies_evenly_in_every_pair_of_dimensions() -> None:
    """Sobol's property A': of 2**8 points one in each of 16 x 16 squares of the first two dimensions; halves in all."""
    generator = np.random.default_rng(3)
    columns = [_net(dimension, 256, generator) for dimension in range(DIMENSIONS)]
    squares = {(int(16 * x), int(16 * y)) for x, y in zip(columns[0], columns[1], strict=True)}
    assert len(squares) == 256
    for column in columns:
        assert sorted((256 * column).astype(int)) == list(range(256))
