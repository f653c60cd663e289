"""Functions of square matrices that SciPy has and NumPy has not: exp, sqrt. Imports tensor, NumPy and SciPy.

The derivative of any of them in a direction `e` is a block of the function itself: the upper right one of
`f([[x, e], [0, x]])` (Higham, "Functions of Matrices", 2008, theorem 3.6). Its adjoint is that at the transpose, so one
rule serves all, and gives every order.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.errors import library
from gradcalc.tape.tensor import Array, ArrayOp


def _of_square(name: str, forward: Callable[[Array], Array]) -> ArrayOp:
    """A function of matrices in the last two axes as an op."""

    def rule(g: Any, y: Any, x: Any) -> Any:
        n, turned = x.shape[-1], x.mT
        upper = np.concatenate([turned, g], axis=-1)
        lower = np.concatenate([np.zeros(x.shape, x.dtype), turned], axis=-1)
        return op(np.concatenate([upper, lower], axis=-2))[..., :n, n:]

    def checked(x: Array) -> Array:
        if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
            raise ValueError(f"{name} takes square matrices, not shape {x.shape}")
        return forward(x) if x.size else np.array(x)

    op = ArrayOp(name, checked, rule)
    return op


def _exp(x: Array) -> Array:
    return library("scipy.linalg", "the exponential of a matrix").expm(x)


def _root(x: Array) -> Array:
    """The principal root; nan where it is not real, or there is none."""
    one = library("scipy.linalg", "the square root of a matrix").sqrtm
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of singular matrices, some of which have a root
        roots = np.stack([one(each) for each in x.reshape(-1, *x.shape[-2:])]).reshape(x.shape)
    if np.iscomplexobj(roots):
        roots = np.where(np.any(roots.imag != 0, axis=(-2, -1), keepdims=True), np.nan, roots.real)
    return roots.astype(x.dtype)


EXPM = _of_square("expm", _exp)
SQRTM = _of_square("sqrtm", _root)
