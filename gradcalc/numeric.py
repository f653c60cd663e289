"""Central differences with Richardson extrapolation and an estimate of their error: to compare and to teach.

They are no oracle: at a kink a central difference is the mean of both slopes, and nothing tells. Imports arithmetic.

Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Adv. Eng. Software 4 (1982) 75-76.
"""

import math
from collections.abc import Callable

from gradcalc.report import Numeric

_SHRINK = 1.4
_ROWS = 12


def central_difference(function: Callable[[float], float], x: float) -> Numeric:
    """The derivative of a function of one number by a tableau of central differences.

    Returns:
        The extrapolated value with the smallest error estimate; the estimate includes the rounding of the function's
        values. Both are nan where no difference is finite.
    """
    step = 0.1 * max(abs(x), 1.0)
    best = Numeric(math.nan, math.nan)
    previous: list[float] = []
    for _ in range(_ROWS):
        low, high = x - step, x + step
        below, above = function(low), function(high)
        row = [(above - below) / (high - low)]
        rounding = 2**-52 * max(abs(above), abs(below)) / step
        factor = _SHRINK**2
        for i, older in enumerate(previous):
            row.append((row[i] * factor - older) / (factor - 1))
            factor *= _SHRINK**2
            error = 2 * max(abs(row[-1] - row[i]), abs(row[-1] - older)) + rounding
            if math.isfinite(error) and not error >= best.error:
                best = Numeric(row[-1], error)
        previous = row
        step /= _SHRINK
    return best
