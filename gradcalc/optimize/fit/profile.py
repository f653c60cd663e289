"""Intervals by the likelihood: how far a parameter can go until the best the others can do is too much worse.

Source: Bates and Watts, Nonlinear Regression Analysis (1988), chapter 6. Imports estimate and problem.
"""

import math
from collections.abc import Callable, Sequence

from gradcalc.optimize.fit.estimate import sketched
from gradcalc.optimize.fit.problem import Problem

_EXPANSIONS, _ROUNDS = 30, 60
"""How often a step outwards grows, and how often the end is drawn nearer."""
_NEAR = 1e-7
"""How near the end is found, in units of the standard error."""


def profile(problem: Problem, at: Sequence[float], name: str, error: float, rise: float) -> tuple[float, float]:
    """The interval of one parameter.

    Args:
        problem: whose parameters are all free.
        at: the estimates, in the order of the parameters.
        error: the standard error, as the first guess.
        rise: by how much the least sum of an end is above the least of all.

    Returns:
        The ends; nan where the sum never rises so far.
    """
    names = problem.model.names
    centre = at[names.index(name)]
    others = [x for each, x in zip(names, at, strict=True) if each != name]
    least = problem.objective.value(list(at))
    held = problem.holding({name: centre})
    low, high = (problem.bounds or {}).get(name, (-math.inf, math.inf))

    def above(x: float, start: Sequence[float]) -> tuple[float, Sequence[float]]:
        """How far the least sum with the parameter at x is above the wanted one, and the others there."""
        moved = Problem(held.model, held.rows.holding({name: x}), held.bounds)
        if not start:
            return moved.objective.value([]) - least - rise, start
        found = sketched(moved, start)
        return found.value - least - rise, found.at

    ends = [_end(above, centre, side * error, others, edge) for side, edge in ((-1, low), (1, high))]
    return ends[0], ends[1]


def _end(
    above: Callable[[float, Sequence[float]], tuple[float, Sequence[float]]],
    centre: float,
    step: float,
    others: Sequence[float],
    edge: float,
) -> float:
    """Where the sum has risen as far as is wanted, on one side; the edge where it has not risen so far there."""
    inner, outer, start = centre, centre, others
    for _ in range(_EXPANSIONS):
        outer = min(inner + step, edge) if step > 0 else max(inner + step, edge)
        value, found = above(outer, start)
        if not math.isfinite(value) or value >= 0:
            break
        if outer == edge:
            return edge
        inner, start, step = outer, found, 2 * step
    else:
        return math.nan
    return _between(above, inner, outer, start, abs(step))


def _between(
    above: Callable[[float, Sequence[float]], tuple[float, Sequence[float]]],
    inner: float,
    outer: float,
    start: Sequence[float],
    size: float,
) -> float:
    """The end between a number that is too near and one that is too far: by the secant of the roots, or halves."""
    below, _ = above(inner, start)
    beyond, _ = above(outer, start)
    for number in range(_ROUNDS):
        share = below / (below - beyond) if math.isfinite(beyond) and number % 3 < 2 else 0.5
        middle = inner + (outer - inner) * min(max(share, 0.001), 0.999)
        value, found = above(middle, start)
        if math.isfinite(value) and value < 0:
            inner, below, start = middle, value, found
        else:
            outer, beyond = middle, value
        if abs(outer - inner) <= _NEAR * size or value == 0:
            break
    share = below / (below - beyond) if math.isfinite(beyond) else 0.5
    return inner + (outer - inner) * share
