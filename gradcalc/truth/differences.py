"""Central differences with Richardson extrapolation and an estimate of their error: to compare and to teach.

They are no oracle: at a kink a central difference is the mean of both slopes, and nothing tells. Imports quantity.

Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Adv. Eng. Software 4 (1982) 75-76.
"""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

from gradcalc.truth.quantity import Numeric

_ROWS = 48
"""Steps are halved: the last is a few ulps of the point, or of 1 where that is larger."""


_LEAST = 5e-324
"""The smallest double."""


def central_difference(function: Callable[[float], float], x: float, noise: float = 0.0) -> Numeric:
    """The derivative of a function of one number by a tableau of central differences.

    Large steps may miss what the function does between them and still agree with each other, so an estimate counts only
    if those of all smaller steps agree with it within their errors.

    Args:
        noise: by how much the function's values are wrong beside their rounding.

    Returns:
        The extrapolated value with the smallest error estimate; the estimate includes the rounding of argument and
        value. Both are nan where no difference is finite.
    """
    smaller: list[Numeric] = []
    for estimate in reversed(list(_estimates(function, x, noise))):
        if any(abs(estimate.value - other.value) > estimate.error + other.error for other in smaller):
            break
        smaller.append(estimate)
    return min(smaller, key=lambda estimate: estimate.error, default=Numeric(math.nan, math.nan))


def noise(function: Callable[[float], float], x: float) -> float:
    """How rough a function is near a point: what its third differences at small steps are, which are 0 of a smooth one.

    So single precision is told, and what an iteration leaves.
    """
    found = 0.0
    for power in (18, 20, 22, 25, 28, 31, 35, 40):
        step = max(abs(x), 1.0) * 0.7391 * 2.0**-power  # on no grid of coarser floats
        values = [function(x + i * step) for i in range(8)]
        for _ in range(3):
            values = [b - a for a, b in pairwise(values)]
        found = max([found, *(abs(value) for value in values if math.isfinite(value))])
    return found


def _estimates(function: Callable[[float], float], x: float, noise: float) -> Iterator[Numeric]:
    """The best estimate of each row of the tableau, from the largest step to the smallest."""
    step = 0.1 * max(abs(x), 1.0)
    previous: list[float] = []
    for _ in range(_ROWS):
        low, high = x - step, x + step
        below, above = function(low), function(high)
        row = [(above - below) / (high - low)]
        rounding = noise / step + 2**-50 * (max(abs(above), abs(below)) + abs(x * row[0])) / step
        rounding += max(_LEAST / step, _LEAST)  # a value may have fallen to 0
        best = Numeric(math.nan, math.inf)
        for i, older in enumerate(previous):
            row.append(row[i] + (row[i] - older) / (4.0 ** (i + 1) - 1))
            error = 2 * max(abs(row[-1] - row[i]), abs(row[-1] - older)) + rounding
            if error < best.error:
                best = Numeric(row[-1], error)
        if math.isfinite(best.error):
            yield best
        previous = row if math.isfinite(row[0]) else []
        step /= 2
