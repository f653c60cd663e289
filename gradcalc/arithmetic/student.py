"""Student's t distribution: probabilities and quantiles, as the doubles nearest to what flint's `beta_lower` encloses.

DLMF 8.17; JCGM 100:2008, annex G. Imports flint on first use.
"""

import math
from statistics import NormalDist

_NORMAL = 1e17
"""Degrees of freedom from which the normal distribution is the same to the last digit."""
_BITS = 128


def tail(t: float, freedom: float) -> float:
    """The probability that |T| is above t, for so many degrees of freedom; infinitely many are the normal's."""
    if freedom >= _NORMAL:
        return math.erfc(abs(t) / math.sqrt(2))
    from flint import arb, ctx

    with ctx.workprec(_BITS):
        square, nu = arb(t) ** 2, arb(freedom)
        if square > nu:
            return float((nu / (nu + square)).beta_lower(nu / 2, arb(0.5), 1))
        return float(1 - (square / (nu + square)).beta_lower(arb(0.5), nu / 2, 1))


def coverage(level: float, freedom: float = math.inf) -> float:
    """The factor k for which |T| is below k with the probability `level`, between 0 and 1."""
    if freedom >= _NORMAL:
        return NormalDist().inv_cdf((1 + level) / 2)
    low, high = 0.0, 1.0
    while tail(high, freedom) > 1 - level and high < 1e300:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if tail(middle, freedom) > 1 - level else (low, middle)
    return high
