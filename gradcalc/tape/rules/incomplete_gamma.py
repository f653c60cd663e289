"""The regularised incomplete gamma functions with derivatives by both operands. Imports ops, tensor and NumPy.

`P(a, x)` is the distribution function of gamma numbers of shape `a`. How it moves with `a` is told by the *drift*,
`(dP/da) / (dP/dx)`, which neither under- nor overflows; numbers drawn from the distribution move by its negative
(Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients", 2018). By a series where `x` is small (DLMF
8.11.4), else by a continued fraction (DLMF 8.9.2), each differentiated term by term. The drift has no rule by `a`.
"""

import numpy as np

from gradcalc.arithmetic.arrays import Array
from gradcalc.graph import ops
from gradcalc.tape.tensor import ArrayOp

_MOST = 3000
"""Terms at most: six times the root of the operands are needed where these are equal and large. Else it is nan."""

_LAST = 4 * float(np.finfo(float).eps)
"""What the last term may still change, relatively."""


def _drift(a: Array, x: Array) -> Array:
    dtype = np.result_type(a, x)
    shape = np.broadcast_shapes(np.shape(a), np.shape(x))
    a, x = (np.broadcast_to(z, shape).astype(np.float64).ravel() for z in (a, x))
    result = np.full(a.shape, np.nan)
    known = (a > 0) & (x > 0) & (a < np.inf) & (x < np.inf)
    with np.errstate(all="ignore"):
        for part, function in ((known & ((x <= 1) | (x <= a)), _by_series), (known & (x > 1) & (x > a), _by_fraction)):
            result[part] = function(a[part], x[part])
    result[(a > 0) & (x == 0)] = 0
    return result.reshape(shape).astype(dtype)


def _by_series(a: Array, x: Array) -> Array:
    """Of `P = pdf * x / a * (1 + x / (a + 1) + ...)`."""
    term, slope, found = np.ones(a.shape), np.zeros(a.shape), np.zeros(a.shape, bool)
    total, slopes = term.copy(), slope.copy()
    for n in range(1, _MOST):
        factor = x / (a + n)
        slope = factor * slope - factor / (a + n) * term
        term = term * factor
        total, slopes = total + term, slopes + slope
        found |= (np.abs(slope) <= _LAST / 8 * np.abs(slopes)) & (term <= _LAST / 8 * total)
        if np.all(found):
            break
    return np.where(found, x / a, np.nan) * (slopes + total * (np.log(x) - ops.digamma(a + 1)))


def _by_fraction(a: Array, x: Array) -> Array:
    """Of `1 - P = pdf * x * p / q`: convergents `p / q` beside their slopes by `a`, from one to the next."""
    y, z = 1 - a, x + 2 - a
    p, q = np.array([x + 1, np.zeros(a.shape)]), np.array([z * x, -x])
    before_p, before_q = np.array([np.ones(a.shape), np.zeros(a.shape)]), np.array([x, np.zeros(a.shape)])
    found = np.zeros(a.shape, bool)
    value, slope = p[0] / q[0], (p[1] - p[0] / q[0] * q[1]) / q[0]
    for n in range(1, _MOST):
        y, z = y + 1, z + 2
        last_value, last_slope = value, slope
        p, before_p = _next(p, before_p, z, y * n, n), p
        q, before_q = _next(q, before_q, z, y * n, n), q
        value = p[0] / q[0]
        slope = (p[1] - value * q[1]) / q[0]
        size = np.maximum(np.abs(q[0]), np.abs(p[0]))
        p, q, before_p, before_q = (both / size for both in (p, q, before_p, before_q))
        slope, value = np.where(found, last_slope, slope), np.where(found, last_value, value)
        found |= (np.abs(slope - last_slope) <= _LAST * np.abs(slope)) & (np.abs(value - last_value) <= _LAST * value)
        if np.all(found):
            break
    return np.where(found, -x, np.nan) * (slope + value * (np.log(x) - ops.digamma(a)))


def _next(both: Array, before: Array, z: Array, yn: Array, n: int) -> Array:
    """The next numerator or denominator, and its slope by `a`: that of `z` is -1, that of `yn` is `-n`."""
    return np.array([both[0] * z - before[0] * yn, both[1] * z - both[0] - before[1] * yn + before[0] * n])


def _density(a: Array, x: Array) -> Array:
    """The slope of `P` by `x`."""
    return ops.exp(ops.xlogy_ufunc(a - 1, x) - x - ops.lgamma(a))


DRIFT = ArrayOp(
    "the slope of igamma by a", _drift, None,
    lambda g, y, a, x: g * (ops.log(x) - ops.digamma(a) - y * ((a - 1) / x - 1)),
)  # fmt: skip
GAMMAINC = ArrayOp(
    "igamma", lambda a, x: ops.gammainc(a, x),
    lambda g, y, a, x: g * DRIFT(a, x) * _density(a, x), lambda g, y, a, x: g * _density(a, x),
)  # fmt: skip
GAMMAINCC = ArrayOp(
    "igammac", lambda a, x: ops.gammaincc(a, x),
    lambda g, y, a, x: -g * DRIFT(a, x) * _density(a, x), lambda g, y, a, x: -g * _density(a, x),
)  # fmt: skip
