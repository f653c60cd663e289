"""What a point is: false minima, kinks, valleys without end; and the least norm in a convex hull, which tells kinks."""

import numpy as np
import pytest

from gradcalc.optimize.descend import OPTIMIZERS, descend
from gradcalc.optimize.descent.forecast import _least_norm
from tests.optimize.descent.test_run import BEALE


@pytest.mark.parametrize(
    ("points", "least"),
    [
        ([[1.0], [0.5]], 0.5),
        ([[1.0], [-0.2]], 0.0),
        ([[1.0, 0.0], [0.0, 1.0]], 0.5**0.5),
        ([[1.0, 1.0], [1.0, -1.0], [1.0, -1.0]], 1.0),
        ([[1.0, 1.0], [-1.0, 1.0], [0.0, -0.1]], 0.0),
        ([[0.0, 0.0], [1.0, 1.0]], 0.0),
        ([[0.3, 0.3]] * 5, 0.3 * 2**0.5),
    ],
)
def test_known_hulls(points: list[list[float]], least: float) -> None:
    assert _least_norm(np.array(points)) == pytest.approx(least, abs=1e-3)


@pytest.mark.parametrize("size", [1, 2, 5, 20])
@pytest.mark.parametrize("seed", range(5))
def test_no_point_of_the_hull_is_nearer_to_0(size: int, seed: int) -> None:
    """The nearest point has no angle above 90 degrees: `x·p >= x·x` for each point; so no lower norm is missed."""
    source = np.random.default_rng(seed)
    points = source.uniform(-1, 1, (4 * size + 8, size)) + source.uniform(0, 1, size)
    points = np.vstack([points, points[:3]]) / np.abs(points).max(axis=0)
    x = points.mean(axis=0)
    for _ in range(3_000):  # Gilbert's method: slow, and simple
        away = x - points[(points @ x).argmin()]
        x = x - np.clip(x @ away / max(away @ away, 1e-300), 0, 1) * away
    assert _least_norm(points) <= np.linalg.norm(x) + 1e-3
    lower = (points @ x).min() / (np.linalg.norm(x) or 1.0)
    assert _least_norm(points) >= lower - 1e-3


@pytest.mark.parametrize("optimizer", ["newton", "trust-exact"])
def test_a_point_that_only_the_axes_rise_from_is_no_minimum(optimizer: str) -> None:
    found = descend("max(x^2+y^4,(2-x)^2+(2-y)^2,2exp(-x+y))", {"x": 1, "y": -0.1}, optimizer=optimizer)
    assert found.value < 1.9522245 + 1e-8 or (found.status, found.kind) == ("finished", "not stationary")


@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "least-squares"])
def test_the_top_of_a_kink_is_no_end(optimizer: str) -> None:
    found = descend("-abs(x)", {"x": 0}, optimizer=optimizer, steps=20)
    assert found.kind == "not stationary"
    assert found.status != "converged"


@pytest.mark.parametrize("optimizer", ["auto", "newton", "bfgs", "trust-exact"])
def test_a_valley_without_an_end_has_no_minimum(optimizer: str) -> None:
    found = descend(BEALE, {"x": -3, "y": -3}, optimizer=optimizer)
    assert found.value < 1e-8 or (found.status, found.kind) == ("finished", "not stationary")


def test_a_plane_does_not_count_as_flat_for_its_depth() -> None:
    found = descend("x+y", {"x": 0, "y": 0}, optimizer="l-bfgs-b", steps=300)
    assert (found.status, found.kind) == ("unbounded", "not stationary")


@pytest.mark.parametrize("formula", ["-log(x)", "exp(x)+exp(-x)"])
def test_numbers_near_the_end_of_the_range_make_no_minimum(formula: str) -> None:
    start = 700 if "exp" in formula else 1
    found = descend(formula, {"x": start}, optimizer="momentum" if "exp" in formula else "bfgs")
    assert found.kind != "minimum"


def test_a_molecule_that_can_turn_is_no_saddle() -> None:
    pairs = [("a", "b", "c", "d"), ("a", "b", "p", "q"), ("c", "d", "p", "q")]
    parts = [f"4*(1/((({x}-{u})^2+({y}-{v})^2)^6)-1/((({x}-{u})^2+({y}-{v})^2)^3))" for x, y, u, v in pairs]
    found = descend("+".join(parts), {"a": 0, "b": 0, "c": 1.2, "d": 0.1, "p": 0.5, "q": 0.9})
    assert found.value == pytest.approx(-3, rel=1e-10)
    assert found.kind == "degenerate"


@pytest.mark.parametrize(("formula", "kind"), [("x^4", "degenerate"), ("5", "degenerate")])
def test_a_start_without_a_slope_is_named(formula: str, kind: str) -> None:
    found = descend(formula, {"x": 0})
    assert (found.status, found.kind, found.steps) == ("converged", kind, 0)
