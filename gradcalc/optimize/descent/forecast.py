"""What the curvature says before and after: the largest stable rate, the kind of a point, a kink on the path.

Imports objective, watch and the optimizers; NumPy.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.optimize.descent.objective import Objective, Point
from gradcalc.optimize.descent.watch import Watch
from gradcalc.optimize.optimizers import SGD
from gradcalc.truth.kinds import kind_by_signs, numerical_signs

_ARRIVED = 1e-10
"""The part of what a descent has fallen below which nothing more is promised."""

DENSE = 500
"""Above this many variables no Hessian is made for a forecast."""


def spectrum(objective: Objective, x: Point) -> tuple[float, ...] | None:
    """The eigenvalues of the Hessian, increasing; None where there are too many variables or it is not finite."""
    if not 0 < len(x) <= DENSE:
        return None
    matrix = objective.hessian(x)
    return tuple(np.linalg.eigvalsh(matrix).tolist()) if np.all(np.isfinite(matrix)) else None


def stable_rate(optimizer: SGD, objective: Objective, x: Point) -> float | None:
    """The rate above which plain or momentum descent diverges on a quadratic of the largest curvature L at a point.

    2/L plainly, 2(1 + m)/L with momentum m (Polyak), 2(1 + m)/(L(1 + 2m)) with Nesterov's; None where the curvature
    is not known or not positive.
    """
    eigenvalues, m = spectrum(objective, x), optimizer.momentum
    if eigenvalues is None or not eigenvalues[-1] > 0:
        return None
    return 2 * (1 + m) / (eigenvalues[-1] * (1 + 2 * m if optimizer.nesterov else 1))


@np.errstate(all="ignore")
def kind_of_point(objective: Objective, x: Point, fallen: float) -> tuple[str | None, tuple[float, ...] | None]:
    """What a point is by its Hessian, and the eigenvalues; None and None where there is no Hessian.

    It counts as stationary if Newton's step leads to where the next one would be far shorter, and the fall that it
    promises is a millionth of what the descent has `fallen`, or within the rounding of the value. Where it does not
    lead there, as at `x**4`, the gradient has to be nearly 0.
    """
    eigenvalues = spectrum(objective, x)
    value, gradient = objective.slope(x)
    if eigenvalues is None or not all(map(math.isfinite, gradient)):
        return None, None
    return _kind(objective, x, value, np.asarray(gradient), fallen), eigenvalues


def _kind(objective: Objective, x: Point, value: float, g: Any, fallen: float) -> str:
    """The kind of a point where everything is finite."""
    matrix = objective.hessian(x)
    diagonal = np.abs(np.diag(matrix))
    scale = 1 / np.sqrt(diagonal if np.all(diagonal) else np.abs(matrix).max() or 1.0)  # variables may differ by far
    scaled = matrix * scale * np.reshape(scale, (-1, 1))
    along = _newton_step(scaled, scale * g)
    explained = float(np.linalg.norm(scaled @ along - scale * g)) <= 1e-3 * float(np.linalg.norm(scale * g))
    there = [a - b for a, b in zip(x, (scale * along).tolist(), strict=True)]
    left = scale * np.asarray(objective.slope(there)[1])
    ahead = objective.hessian(there) * scale * np.reshape(scale, (-1, 1))
    change = float(np.abs(ahead - scaled).sum(axis=0).max())
    rounding = 1e-13 * abs(value) + min(1e-6 * fallen, 2.0**-98 * float(np.sum((np.asarray(x) / scale) ** 2)))
    promised, later = (abs(float(slope @ _newton_step(scaled, slope))) for slope in (scale * g, left))
    if explained and change <= 0.25 and later <= 0.01 * promised + rounding:
        near = promised <= _ARRIVED * fallen + rounding
        return _signs(np.linalg.eigvalsh(ahead), 0.1 * change) if near else "not stationary"
    nearly = math.hypot(*g) * (1 + math.hypot(*x)) <= 1e-9 * (1 + abs(value))
    return "degenerate" if nearly else "not stationary"


def _newton_step(matrix: Any, slope: Any) -> Any:
    """Newton's step, the shortest one where the matrix is singular."""
    return np.linalg.lstsq(matrix, slope, rcond=2.0**-40)[0]


def _signs(eigenvalues: Any, change: float) -> str:
    """The kind by the signs of the eigenvalues; those within their `change` nearby, or rounding, have none."""
    margin = max(change, len(eigenvalues) * 2.0**-40 * float(np.abs(eigenvalues).max()))
    return kind_by_signs(numerical_signs(eigenvalues.tolist(), margin))


_NEAR = 1e-6
"""How far from a point kinks are looked for, as a part of it."""
_KINKED = 100
"""Above this many variables no kink is looked for: it takes some evaluations for each."""


@np.errstate(all="ignore")
def at_a_kink(objective: Objective, x: Point, flat: bool = False) -> str | None:
    """`minimum at a kink` or `not stationary` by values and gradients around a point; None where it is on no kink.

    Near a kink the gradients do not shrink with the distance, and at a minimum some convex combination of them is 0.
    Source: Burke, Lewis and Overton, A robust gradient sampling algorithm, SIAM J. Optim. 15 (2005).

    Args:
        flat: whether the gradient is 0 here.
    """
    if len(x) > _KINKED:
        return None
    value, gradient = objective.slope(x)
    g, reach = np.asarray(gradient), _NEAR * (1e-3 + np.abs(x))
    steepness = math.hypot(*(g * reach))
    if steepness > 0:
        ahead = objective.value((np.asarray(x) - reach * (g * reach) / steepness).tolist())
        if not ahead > value - 0.5 * steepness:
            return None
    near, slopes = around(objective, x, reach)
    if not (np.all(np.isfinite(near)) and np.all(np.isfinite(slopes))):
        return None
    sizes = np.abs(slopes).max(axis=0)
    if not np.abs(around(objective, x, reach / 128)[1]).max() > 0.3 * sizes.max() > 0:
        return None
    if near.min() < value - 1e-3 * float((sizes * reach).max()) - 1e-15 * abs(value):
        return "not stationary" if flat else None
    scaled = slopes / np.where(sizes > 0, sizes, 1.0)
    return "minimum at a kink" if _least_norm(scaled) <= 1e-2 else None


_RIDGE = 1e-7
"""What keeps weights of points that depend on each other apart: the square of the least norm grows by so much."""


def _least_norm(points: Any) -> float:
    """The least norm in the convex hull of the rows of `points`, none of whose numbers is above 1.

    The weights, up to their sum, are the least squares of at least 0 that take the points to 0 and their sum to 1: a
    set of points grows by the one that helps most, and loses those whose weight would fall below 0. Source: Lawson and
    Hanson, Solving Least Squares Problems (1974), chapter 23.
    """
    count = len(points)
    products = points @ points.T + 1.0 + _RIDGE * np.eye(count)
    weights, used = np.zeros(count), np.zeros(count, dtype=bool)
    for _ in range(3 * count):
        pull = np.where(used, -math.inf, 1.0 - products @ weights)
        if not pull.max() > 1e-9:
            break
        used[pull.argmax()] = True
        while True:
            wanted = np.zeros(count)
            wanted[used] = np.linalg.solve(products[np.ix_(used, used)], np.ones(used.sum()))
            falling = used & (wanted <= 0)
            if not falling.any():
                break
            part = np.where(falling, weights / np.where(falling, weights - wanted, 1.0), 1.0)
            weights = weights + part.min() * (wanted - weights)
            used &= part > part.min()
            weights[~used] = 0.0
        weights = wanted
    return float(np.linalg.norm(weights @ points) / weights.sum())


def around(objective: Objective, x: Point, reach: Any) -> tuple[Any, Any]:
    """Values `(m,)` and gradients `(m, n)` at points around `x`: along each axis, and in directions that are fixed."""
    count = len(x)
    others = np.random.default_rng(0).uniform(-1, 1, (count + 4 if count > 1 else 0, count))
    moves = np.vstack([np.eye(count), -np.eye(count), others, -others]) * reach
    found = [objective.slope((np.asarray(x) + move).tolist()) for move in moves]
    return np.array([value for value, _ in found]), np.array([gradient for _, gradient in found])


def kinks_at(objective: Objective, x: Point) -> list[tuple[int, float, float]]:
    """Where the slope along a variable turns from falling to rising: variable, slopes to the left and to the right."""
    reach = _NEAR * (1e-3 + np.abs(x))
    _, slopes = around(objective, x, reach)
    turns = ((i, float(slopes[len(x) + i, i]), float(slopes[i, i])) for i in range(len(x)))
    sizes = np.abs(slopes).max()
    return [(i, left, right) for i, left, right in turns if left < 0 < right and min(-left, right) > 1e-3 * sizes]


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
    jump = max(0.5 * abs(slopes[turns[-1]][i] - slopes[turns[-1] + 1][i]), 1e-6 * (1 + abs(objective.value(left))))
    if a < 0 < b and b - a > jump:
        place = (left[i] + right[i]) / 2
        return (0.0 if left[i] <= 0 <= right[i] else place), a, b
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
