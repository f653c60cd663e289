"""The least norm in a convex hull, which tells a minimum on a kink."""

import numpy as np
import pytest

from gradcalc.optimize.descent.forecast import _least_norm


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
