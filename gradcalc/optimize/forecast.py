"""What the curvature says before and after: the largest stable rate, the kind of a point, a kink on the path.

Imports objective, watch and report; NumPy.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.optimize.objective import Objective, Point
from gradcalc.optimize.optimizers import SGD, Optimizer
from gradcalc.optimize.watch import Watch

DENSE = 500
"""Above this many variables no Hessian is made for a forecast."""


def largest_curvature(objective: Objective, x: Point) -> float | None:
    """The largest eigenvalue of the Hessian; None where there are too many variables or it is not finite."""
    eigenvalues = spectrum(objective, x)
    return None if eigenvalues is None else eigenvalues[-1]


def spectrum(objective: Objective, x: Point) -> tuple[float, ...] | None:
    """The eigenvalues of the Hessian in increasing order, None as above."""
    if not 0 < len(x) <= DENSE:
        return None
    matrix = objective.hessian(x)
    return tuple(np.linalg.eigvalsh(matrix).tolist()) if np.all(np.isfinite(matrix)) else None


def stable_rate(optimizer: Optimizer, curvature: float | None) -> float | None:
    """The rate above which plain or momentum descent diverges on a quadratic of that largest curvature.

    2/L plainly, 2(1 + m)/L with momentum m (Polyak), 2(1 + m)/(L(1 + 2m)) with Nesterov's; None for optimizers that
    scale their steps themselves, and where the curvature is not positive.
    """
    if not isinstance(optimizer, SGD) or curvature is None or not curvature > 0:
        return None
    m = optimizer.momentum
    return 2 * (1 + m) / (curvature * (1 + 2 * m if optimizer.nesterov else 1))


def kind_of_point(objective: Objective, x: Point, fallen: float) -> tuple[str | None, tuple[float, ...] | None]:
    """What a point is by its Hessian, and the eigenvalues; None and None where there is no Hessian.

    It counts as stationary if the fall that Newton's step still promises is a millionth of what the descent has
    `fallen`, or within the rounding of the value.
    """
    with np.errstate(all="ignore"):
        eigenvalues = spectrum(objective, x)
        value, gradient = objective.slope(x)
        if eigenvalues is None or not all(map(math.isfinite, gradient)):
            return None, None
        return _kind(objective, x, value, np.asarray(gradient), fallen), eigenvalues


def _kind(objective: Objective, x: Point, value: float, g: Any, fallen: float) -> str:
    """The kind of a point where everything is finite."""
    matrix = objective.hessian(x)
    step = np.linalg.lstsq(matrix, g, rcond=2.0**-40)[0]
    steepness = float(np.linalg.norm(g))
    explained = float(np.linalg.norm(matrix @ step - g)) <= 1e-3 * steepness
    there = objective.hessian([a - b for a, b in zip(x, step.tolist(), strict=True)])
    steady = bool(np.linalg.norm(there - matrix) <= 0.25 * np.linalg.norm(matrix))
    tiny = steepness <= 1e-8 * (1 + abs(value))
    near = explained and steady and abs(float(step @ g)) <= 1e-6 * fallen + 1e-13 * abs(value)
    if not (tiny or near):
        return "not stationary"
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(matrix)), 1e-300))  # variables may differ in size by far
    signs = (
        np.linalg.eigvalsh(matrix * np.outer(scale, scale)) if np.all(np.diag(matrix)) else np.linalg.eigvalsh(matrix)
    )
    margin = len(x) * 2.0**-40 * float(np.abs(signs).max())
    if not steady or margin == 0:
        return "flat"
    if signs[0] > margin:
        return "minimum"
    if signs[-1] < -margin:
        return "maximum"
    return "saddle" if signs[0] < -margin and signs[-1] > margin else "flat"


def kinks_at(objective: Objective, x: Point) -> list[tuple[int, float, float]]:
    """The kinks that a point lies on a minimum of: variable, slopes a little to the left and to the right.

    Empty unless every component of the gradient is small or turns from falling to rising within a millionth.
    """
    value, gradient = objective.slope(x)
    found = []
    for i, g in enumerate(gradient):
        if abs(g) <= 1e-6 * (1 + abs(value)):
            continue
        reach = 1e-6 * (1e-3 + abs(x[i]))
        left, right = (objective.slope([*x[:i], x[i] + side, *x[i + 1 :]])[1][i] for side in (-reach, reach))
        if not (left < 0 < right and min(-left, right) > 1e-3 * abs(g)):
            return []
        found.append((i, left, right))
    return found


_LOOK_BACK = 12
"""Steps at the end that are looked at for a kink."""


def oscillation(watch: Watch, objective: Objective) -> tuple[int, float, float, float] | None:
    """Where the last steps jump back and forth across a kink: variable, place, slopes to the left and to the right.

    Between two steps on either side the slope changes its sign by far more than the curvature there explains.
    """
    if len(watch) < _LOOK_BACK:
        return None
    points = [watch[n].at for n in range(len(watch) - _LOOK_BACK, len(watch))]
    slopes = [objective.slope(x)[1] for x in points]
    for i in range(len(points[0])):
        found = _jump(objective, points, slopes, i)
        if found:
            return i, *found
    return None


def _jump(
    objective: Objective, points: Sequence[Point], slopes: Sequence[Sequence[float]], i: int
) -> tuple[float, float, float] | None:
    """The kink that one variable jumps across, if it does at most of these steps."""
    turns = [n for n in range(len(points) - 1) if slopes[n][i] * slopes[n + 1][i] < 0]
    if len(turns) < len(points) // 2:
        return None
    low, high = sorted((points[turns[-1]], points[turns[-1] + 1]), key=lambda x: x[i])
    left, right = _narrowed(objective, list(low), list(high), i)
    a, b = objective.slope(left)[1][i], objective.slope(right)[1][i]
    if a < 0 < b and b - a > 0.5 * abs(slopes[turns[-1]][i] - slopes[turns[-1] + 1][i]):
        place = (left[i] + right[i]) / 2
        return (0.0 if abs(place) < 1e-9 * abs(low[i] - high[i]) else place), a, b
    return None


def _narrowed(objective: Objective, low: list[float], high: list[float], i: int) -> tuple[list[Any], list[Any]]:
    """Two points as near to each other as floats allow, between which the slope changes its sign."""
    for _ in range(200):
        middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
        if middle[i] in (low[i], high[i]) or abs(high[i] - low[i]) < 1e-9 * (1e-3 + abs(middle[i])):
            break
        slope = objective.slope(middle)[1][i]
        if slope == 0:
            span = (high[i] - low[i]) * 1e-6
            low[i], high[i] = middle[i] - span, middle[i] + span
            break
        low, high = (middle, high) if slope < 0 else (low, middle)
    return low, high
