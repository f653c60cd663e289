"""Functions of square matrices that SciPy has and NumPy has not: exp, sqrt, LU. Imports tensor, NumPy and SciPy.

The derivative of any of them in a direction `e` is a block of the function itself: the upper right one of
`f([[x, e], [0, x]])` (Higham, "Functions of Matrices", 2008, theorem 3.6). Its adjoint is that at the transpose, so one
rule serves all, and gives every order.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.errors import library
from gradcalc.tape.tensor import Array, ArrayOp, Tensor


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


def _lu_rule(g: Any, y: Any, x: Any, order: Array) -> Any:
    """Of `x[order] = l @ u`: `l^-T (strictly lower of l^T g + upper of g u^T) u^-T` (Walter 2012), rows put back."""
    lower, upper = np.tril(y, -1) + np.eye(y.shape[-1], dtype=y.dtype), np.triu(y)
    middle = np.tril(lower.mT @ np.tril(g, -1), -1) + np.triu(np.triu(g) @ upper.mT)
    adjoint = np.linalg.solve(upper, np.linalg.solve(lower.mT, middle).mT).mT
    return np.take_along_axis(adjoint, np.argsort(order, axis=-1)[..., np.newaxis], -2)


def _lu(x: Array, order: Array) -> Array:
    """The factors of square matrices whose rows are in such an order, in one: the ones of the lower are left out."""
    _, lower, upper = library("scipy.linalg", "the factors of a matrix").lu(x)
    return np.asarray(np.tril(lower, -1) + upper)


LU = ArrayOp("lu", _lu, _lu_rule)


def lu(x: Tensor) -> tuple[Any, Array]:
    """The factors of square matrices, in one, and the order that their rows are taken in."""
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"lu takes square matrices, not shape {x.shape}")
    places = library("scipy.linalg", "the factors of a matrix").lu(x.array, p_indices=True)[0]
    order = np.argsort(places, axis=-1)
    return LU(x, order=order), order
