"""Functions of `scipy.special` that are no ufuncs, with SciPy's names and arguments. Imports rules, NumPy and SciPy.

SciPy's own convert their arguments to arrays, so NumPy's protocols never see a tensor. Every other name here is
SciPy's: its ufuncs take tensors themselves.
"""

import math
from typing import Any

import numpy as np

from gradcalc.errors import library
from gradcalc.tape.rules import reductions
from gradcalc.tape.rules.shapes import Axis, plain_of
from gradcalc.tape.tensor import Tensor

_SCIPY = library("scipy.special", "gradcalc.special")


def __getattr__(name: str) -> Any:
    """SciPy's function of this name."""
    return getattr(_SCIPY, name)


def logsumexp(a: Any, axis: Axis = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """`log(sum(b * exp(a)))` without overflow; with `return_sign` of the sum's size, and the sign of the sum."""
    if not return_sign:
        return reductions.logsumexp(a, axis, keepdims, b)
    b = 1.0 if b is None else b if isinstance(b, Tensor) else np.asarray(b)
    sign = _SCIPY.logsumexp(plain_of(a), axis, plain_of(b), keepdims=True, return_sign=True)[1]
    y = reductions.logsumexp(a, axis, keepdims, b * sign)
    return y, np.reshape(sign, np.shape(plain_of(y)))[()]


def softmax(x: Any, axis: Axis = None) -> Any:
    """`exp(x) / sum(exp(x))` along the axis or axes, by default all, without overflow."""
    return reductions.softmax(x, axis)


def log_softmax(x: Any, axis: Axis = None) -> Any:
    """`log(softmax(x))` along the axis or axes, by default all, accurate where softmax is near 0."""
    return reductions.log_softmax(x, axis)


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension `d`, for `a` above `(d - 1) / 2`.

    Raises:
        ValueError: `d` is no positive integer, or `a` is too small.
    """
    if np.ndim(d) or d < 1 or d % 1:
        raise ValueError(f"d must be a positive integer, a dimension: {d!r}")
    a = a if isinstance(a, Tensor) else np.asarray(a, float)[()]
    if np.any(plain_of(a) <= (d - 1) / 2):
        raise ValueError(f"a must be greater than (d - 1)/2 = {(d - 1) / 2:g}: {plain_of(a)}")
    total = d * (d - 1) / 4 * math.log(math.pi)
    for j in range(int(d)):
        total = total + _SCIPY.gammaln(a - j / 2)
    return total
