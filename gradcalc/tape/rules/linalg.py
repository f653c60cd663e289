"""`numpy.linalg` with gradients: norms, inverses, determinants, decompositions. Imports products, rules.shapes, NumPy.

Batches of matrices everywhere. A function of several results is one array op, which packs them into the last axis of
one array. The adjoint of a matrix that NumPy takes as symmetric (`cholesky`, `eigh`) is symmetric. A derivative that
does not exist, as that of an eigenvector of a repeated eigenvalue, comes out infinite or nan, never as a plausible
number. Rules after Giles (2008), "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation", where no other source is named.
"""

import math
import operator
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from gradcalc.errors import NoRuleError
from gradcalc.tape.rules.products import operand
from gradcalc.tape.rules.reductions import NORM
from gradcalc.tape.rules.shapes import (
    RESHAPE,
    SUM,
    Axis,
    axes_of,
    implements,
    kept,
    packed,
    plain_of,
    rearranged,
    unbroadcast,
    unpacked,
)
from gradcalc.tape.tensor import Array, ArrayOp, Tensor, cast, constant, recorded, without_rule
from gradcalc.tape.threads import of_matrices

_RESULT: dict[str, Any] = {name: type(getattr(np.linalg, name)(np.eye(1))) for name in ("eigh", "qr", "slogdet", "svd")}
"""NumPy's named tuples, which have no public name."""


def _symmetric(x: Any) -> Any:
    return (x + x.mT) / 2


# -- inverses and solvers ----------------------------------------------------------------------------------------------


def _pinv_rule(g: Any, y: Any, x: Any, **settings: Any) -> Any:
    """Golub and Pereyra (1973), eq. 4.12: valid where the rank does not change nearby."""
    left = g.mT @ y @ y.mT
    right = y.mT @ y @ g.mT
    return left - x @ (y @ left) + right - (right @ y) @ x - y.mT @ g @ y.mT


def _solve_rule(g: Any, y: Any, wanted: Sequence[bool], a: Any, b: Any) -> list[Any]:
    part = SOLVE(a.mT, g)
    return [
        unbroadcast(-(part @ y.mT), a.shape) if wanted[0] else None,
        unbroadcast(part, b.shape) if wanted[1] else None,
    ]


@cache
def _triangle(n: int, lower: bool) -> Array:
    """Where the elements of one triangle of a small matrix are."""
    return np.tri(n, dtype=bool) if lower else np.tri(n, dtype=bool).T


def _by_triangles(a: Array, b: Array, lower: bool) -> Array:
    """The solution by one triangle of each matrix; halves of it are solved one after the other."""
    n = a.shape[-1]
    if n <= 64:
        triangle = np.where(_triangle(n, lower), a, a.dtype.type(0))
        return np.linalg.inv(triangle) @ b if b.shape[-1] > n else np.linalg.solve(triangle, b)
    first, last = slice(n // 2), slice(n // 2, n)
    one, two = (first, last) if lower else (last, first)
    known = _by_triangles(a[..., one, one], b[..., one, :], lower)
    rest = _by_triangles(a[..., two, two], b[..., two, :] - a[..., two, one] @ known, lower)
    return np.concatenate([known, rest] if lower else [rest, known], axis=-2)


def _triangular_rule(g: Any, y: Any, wanted: Sequence[bool], a: Any, b: Any, lower: bool) -> list[Any]:
    part = TRIANGULAR(a.mT, g, lower=not lower)
    return [
        unbroadcast((np.tril if lower else np.triu)(-(part @ y.mT)), a.shape) if wanted[0] else None,
        unbroadcast(part, b.shape) if wanted[1] else None,
    ]


TRIANGULAR = ArrayOp("triangular_solve", of_matrices(_by_triangles), _triangular_rule, variadic=True)
"""The solution of linear equations by matrices of which one triangle, `lower` or upper, is read."""

INV = ArrayOp("inv", of_matrices(np.linalg.inv), lambda g, y, x: -(y.mT @ g @ y.mT))
PINV = ArrayOp("pinv", of_matrices(np.linalg.pinv), _pinv_rule)
SOLVE = ArrayOp("solve", of_matrices(np.linalg.solve), _solve_rule, variadic=True)
"""`numpy.linalg.solve` of matrices on the right."""


inv = implements(np.linalg.inv)(lambda a: INV(a))


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any, hermitian: bool, *, rtol: Any = np._NoValue) -> Any:
    """`numpy.linalg.pinv`: the gradient holds while the rank stays."""
    return PINV(_symmetric(a) if hermitian else a, rcond=rcond, hermitian=hermitian, rtol=rtol)


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """`numpy.linalg.solve`: a right-hand side of one axis is a vector, any other a stack of matrices."""
    a, b = operand(a), operand(b)
    return SOLVE(a, b[:, None])[..., 0] if b.ndim == 1 else SOLVE(a, b)


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: float | None) -> tuple[Any, Any, Any, Any]:
    """`numpy.linalg.lstsq`: the residuals and singular values have gradients too."""
    a, b = operand(a), operand(b)
    s = svdvals(a)
    if rcond is None or rcond < 0:
        rcond = float(np.finfo(s.dtype).eps) * (max(a.shape) if rcond is None else 1)
    rank = int(np.sum(plain_of(s) > rcond * np.max(plain_of(s), initial=0)))
    x = pinv(a, rcond) @ b
    full = rank == a.shape[1] < a.shape[0]
    residuals = SUM((b - a @ x) ** 2, axis=0) if full else constant(np.empty(0, s.dtype))
    return x, np.reshape(residuals, (-1,)), rank, s


@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int) -> Any:
    """`numpy.linalg.tensorinv`."""
    if ind <= 0:
        raise ValueError("tensorinv: ind must be positive")
    rows = math.prod(a.shape[:ind])
    return RESHAPE(inv(RESHAPE(a, shape=(rows, -1))), shape=a.shape[ind:] + a.shape[:ind])


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any) -> Any:
    """`numpy.linalg.tensorsolve`."""
    a, b = operand(a), operand(b)
    if axes is not None:
        a = np.moveaxis(a, axes, range(a.ndim - len(axes), a.ndim))
    shape = a.shape[b.ndim :]
    return RESHAPE(solve(RESHAPE(a, shape=(b.size, math.prod(shape))), RESHAPE(b, shape=(-1,))), shape=shape)


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: Any) -> Any:
    """`numpy.linalg.matrix_power`."""
    n = operator.index(n)
    if n < 0:
        return matrix_power(INV(a), -n)
    if n < 2:
        return a if n else constant(np.linalg.matrix_power(a.array, 0))
    half = matrix_power(a, n // 2)
    return half @ half @ a if n % 2 else half @ half


# -- determinants ------------------------------------------------------------------------------------------------------


def _cofactor(x: Array) -> Array:
    """The cofactors: `det(x) * inv(x).T`, and for a singular matrix the same in the basis of its singular vectors.

    Stewart (1998), "On the adjugate matrix": the first form is accurate however near to singular the matrix is.
    """
    det = np.linalg.det(x)
    if np.all(det):
        return det[..., None, None] * np.linalg.inv(x).mT
    u, s, vh = np.linalg.svd(x)
    rest = _product_without(s, np.eye(x.shape[-1], dtype=bool))
    return _orientation(u, vh) * ((u * rest[..., None, :]) @ vh)


def _cofactor_rule(g: Any, y: Any, x: Any) -> Any:
    """By singular vectors, accurate at singular matrices too; of tensors (for the third order) by the inverse."""
    if isinstance(x, Tensor) and np.all(np.linalg.det(x.array)):
        turned = INV(x).mT
        return SUM(g * y, axis=(-2, -1), keepdims=True) * turned - y @ g.mT @ turned
    u, s, vh = np.linalg.svd(x)
    eye = np.eye(x.shape[-1], dtype=bool)
    pairs = _product_without(s, eye[:, None] | eye) * ~eye
    inner = u.mT @ g @ vh.mT
    diagonal = pairs @ SUM(inner * eye, axis=-1, keepdims=True)
    return _orientation(u, vh) * (u @ (diagonal * eye - pairs * inner.mT) @ vh)


def _product_without(s: Any, left_out: Array) -> Any:
    """Products of all `s` but those left out."""
    return np.prod(np.where(left_out, 1.0, s[(..., *(None,) * (left_out.ndim - 1), slice(None))]), axis=-1)


def _orientation(u: Any, vh: Any) -> Array:
    """The sign that rotations and reflections give a determinant."""
    return np.sign(np.linalg.det(plain_of(u)) * np.linalg.det(plain_of(vh)))[..., None, None]


DET = ArrayOp("det", of_matrices(np.linalg.det), lambda g, y, x: g[..., None, None] * COFACTOR(x))
COFACTOR: ArrayOp = ArrayOp("cofactor", of_matrices(_cofactor), _cofactor_rule)
SLOGDET = ArrayOp(
    "slogdet", of_matrices(lambda x: np.stack(np.linalg.slogdet(x), axis=-1)),
    lambda g, y, x: g[..., 1, None, None] * INV(np.where(y[..., :1, None] == 0, np.nan, x)).mT,
)  # fmt: skip
"""Sign and logarithm side by side; where the sign is 0 there is no derivative, and it is nan."""


implements(np.linalg.det)(lambda a: DET(a))  # the gradient, the matrix of cofactors, holds at singular matrices


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    """`numpy.linalg.slogdet`."""
    both = SLOGDET(a)
    return _RESULT["slogdet"](both[..., 0], both[..., 1])


# -- decompositions ----------------------------------------------------------------------------------------------------


def _divided(m: Any, divisor: Any, vanishes: Array, nothing: Callable[[], Array] | None = None) -> Any:
    """`m / divisor`; where the divisor vanishes, 0 for what is exactly 0 (or made of such) and not finite elsewhere.

    The numbers of `m` are asked for only where they decide: many adjoints go together elsewhere.
    """
    if not vanishes.any():
        return m / divisor
    instead = np.where(nothing() if nothing else plain_of(m) == 0, np.inf, 0.0).astype(m.dtype)
    return m / np.where(vanishes, instead, divisor)


def _over_gaps(m: Any, w: Any, sign: int = -1, nothing: Callable[[], Array] | None = None) -> Any:
    """`m[i, j] / (w[j] - w[i])`, or `+`; 0 for i = j. Gaps below the rounding of `w` vanish."""
    apart = ~np.eye(w.shape[-1], dtype=bool)
    gaps = w[..., None, :] + sign * w[..., :, None]
    vanishes = (np.abs(plain_of(gaps)) <= _rounding(w)[..., None]) & apart
    return _divided(m * apart, np.where(apart, gaps, 1), vanishes, nothing)


def _rounding(w: Any) -> Array:
    """How far eigenvalues or singular values in the last axis may be off."""
    size = np.max(np.abs(plain_of(w)), axis=-1, keepdims=True, initial=0)
    return size * (w.shape[-1] * float(np.finfo(w.dtype).eps))


def _cholesky_rule(g: Any, y: Any, x: Any) -> Any:
    """Murray (2016), "Differentiation of the Cholesky decomposition", eq. 9."""
    n = x.shape[-1]
    inner = (y.mT @ g) * (np.tri(n, dtype=y.dtype) - np.eye(n, dtype=y.dtype) / 2)
    return _symmetric(SOLVE(y.mT, SOLVE(y.mT, inner.mT).mT))


CHOLESKY = ArrayOp("cholesky", of_matrices(np.linalg.cholesky), _cholesky_rule)


implements(np.linalg.cholesky)(lambda a, *, upper=False: CHOLESKY(a.mT).mT if upper else CHOLESKY(a))


def _eigh_shapes(x: Any) -> Sequence[tuple[int, ...]]:
    n = x.shape[-1]
    return (n,), (n, n)


def _eigh_rule(g: Any, y: Any, x: Any, **settings: Any) -> Any:
    w, v = unpacked(y, _eigh_shapes(x))
    gw, gv = unpacked(g, _eigh_shapes(x))
    return _symmetric(v @ (_over_gaps(v.mT @ gv, w) @ v.mT + gw[..., None] * v.mT))


EIGH = ArrayOp("eigh", of_matrices(lambda x, uplo: packed(np.linalg.eigh(x, uplo), _eigh_shapes(x))), _eigh_rule)


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: Any) -> Any:
    """`numpy.linalg.eigh`: the gradient of one vector needs an eigenvalue of its own."""
    return _RESULT["eigh"](*unpacked(EIGH(a, uplo=UPLO), _eigh_shapes(a)))


implements(np.linalg.eigvalsh)(lambda a, UPLO: eigh(a, UPLO).eigenvalues)


def _svd_shapes(x: Any, full: bool) -> Sequence[tuple[int, ...]]:
    m, n = x.shape[-2:]
    k = min(m, n)
    return (m, m if full else k), (k,), (n if full else k, n)


def _svd_rule(g: Any, y: Any, x: Any, full: bool) -> Any:
    """Townsend (2016), "Differentiating the singular value decomposition", without the squares of singular values.

    Over a gap of squares, `a s[j] + b s[i]` is half the sum of `a + b` over `s[j] - s[i]` and `a - b` over the sum.
    The vectors beyond the singular values (`full`) only count through the space that they span.
    """
    (u, s, vh), (gu, gs, gvh) = (unpacked(whole, _svd_shapes(x, full)) for whole in (y, g))
    u, gu = _spanned(u, gu, s.shape[-1])
    v, gv = _spanned(vh.mT, gvh.mT, s.shape[-1])
    utgu, vtgv = u.mT @ gu, v.mT @ gv
    left, right = (utgu - utgu.mT) / 2, (vtgv - vtgv.mT) / 2

    def nothing() -> Array:
        return (plain_of(left) == 0) & (plain_of(right) == 0)

    inner = _over_gaps(left + right, s, -1, nothing) + _over_gaps(left - right, s, 1, nothing)
    row = s[..., None, :]
    result = (u @ inner + u * gs[..., None, :]) @ v.mT
    vanishes = (plain_of(s) <= _rounding(s))[..., None, :]
    if u.shape[-2] > s.shape[-1]:
        result = result + _divided(gu - u @ utgu, row, vanishes) @ v.mT
    if v.shape[-2] > s.shape[-1]:
        result = result + u @ _divided(gv - v @ vtgv, row, vanishes).mT
    return result


def _spanned(u: Any, gu: Any, k: int) -> tuple[Any, Any]:
    """The first `k` of orthonormal columns, and their adjoint with that of the rest, whose span they fix."""
    if u.shape[-1] == k:
        return u, gu
    first, rest = u[..., :k], u[..., k:]
    return first, gu[..., :k] - rest @ (gu[..., k:].mT @ first)


SVD = ArrayOp("svd", of_matrices(lambda x, full: packed(np.linalg.svd(x, full), _svd_shapes(x, full))), _svd_rule)


@implements(np.linalg.svd)
def svd(a: Any, full_matrices: bool, compute_uv: bool, hermitian: bool) -> Any:
    """`numpy.linalg.svd`: the gradient of one vector needs a singular value of its own."""
    if hermitian:
        return _svd_by_eigh(a, compute_uv)
    full = full_matrices and compute_uv
    parts = unpacked(SVD(a, full=full), _svd_shapes(a, full))
    return _RESULT["svd"](*parts) if compute_uv else parts[1]


def _svd_by_eigh(a: Any, compute_uv: bool) -> Any:
    """Singular values are the eigenvalues without their signs, largest first."""
    w, v = eigh(a)
    order = np.argsort(-np.abs(plain_of(w)), axis=-1, kind="stable")
    w = np.take_along_axis(w, order, axis=-1)
    if not compute_uv:
        return np.abs(w)
    v = np.take_along_axis(v, order[..., None, :], axis=-1)
    return _RESULT["svd"](v, np.abs(w), (v * np.sign(plain_of(w))[..., None, :]).mT)


svdvals = implements(np.linalg.svdvals)(lambda x: svd(x, compute_uv=False))


def _qr_shapes(x: Any, complete: bool) -> Sequence[tuple[int, ...]]:
    m, n = x.shape[-2:]
    return ((m, m), (m, n)) if complete else ((m, n), (n, n))


def _qr_rule(g: Any, y: Any, x: Any, complete: bool) -> Any:
    """Walter and Lehmann (2018), "Algorithmic differentiation of linear algebra functions": rows >= columns."""
    n = x.shape[-1]
    (q, r), (gq, gr) = (unpacked(whole, _qr_shapes(x, complete)) for whole in (y, g))
    q, gq = _spanned(q, gq, n)
    r, gr = r[..., :n, :], gr[..., :n, :]
    inner = (r @ gr.mT - gq.mT @ q) * np.tri(n, dtype=r.dtype)
    inner = inner + (inner * np.tri(n, k=-1, dtype=r.dtype)).mT
    return SOLVE(r, (gq + q @ inner).mT).mT


QR = ArrayOp(
    "qr",
    of_matrices(
        lambda x, complete: packed(np.linalg.qr(x, "complete" if complete else "reduced"), _qr_shapes(x, complete))
    ),
    _qr_rule,
)


@implements(np.linalg.qr)
def qr(a: Any, mode: Any) -> Any:
    """`numpy.linalg.qr`."""
    if mode not in ("reduced", "complete", "r"):
        raise TypeError(f"qr: mode must be 'reduced', 'complete' or 'r' where a tensor takes part, not {mode!r}")
    rows = a.shape[-2]
    square = a[..., :rows]
    complete = mode == "complete"
    q, r = unpacked(QR(square, complete=complete), _qr_shapes(square, complete))
    if a.shape[-1] > rows:
        r = np.concatenate([r, q.mT @ a[..., rows:]], axis=-1)
    return r if mode == "r" else _RESULT["qr"](q, r)


def _complex(function: Callable[..., Any], a: Any) -> Any:
    """A function whose result may be complex: on plain values only."""
    if recorded(a):
        raise NoRuleError(
            f"numpy.linalg.{function.__name__} has no derivative rule: its results are complex, a tape's are real",
            hint="np.linalg.eigh or eigvalsh for a symmetric matrix, np.linalg.svd for singular values",
        )
    return without_rule(function, f"numpy.linalg.{function.__name__}", (a,), {})


implements(np.linalg.eig)(lambda a: _complex(np.linalg.eig, a))
implements(np.linalg.eigvals)(lambda a: _complex(np.linalg.eigvals, a))


# -- norms -------------------------------------------------------------------------------------------------------------


def _vector_norm(x: Any, ord: Any, axes: tuple[int, ...]) -> Any:
    if isinstance(ord, str):
        raise ValueError(f"invalid norm order {ord!r} for vectors")
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(np.abs(x), axis=axes)
    if ord in (0, 1):
        return SUM(np.abs(x if ord else np.sign(x)), axis=axes)
    return NORM(x, ord=2 if ord is None else ord, axes=axes)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...]) -> Any:
    if ord in (None, "fro", "f"):
        return NORM(x, ord=2, axes=axes)
    if ord not in ("nuc", 1, -1, 2, -2, np.inf, -np.inf):
        raise ValueError(f"invalid norm order {ord!r} for matrices")
    x = np.moveaxis(x, axes, (-2, -1))
    if ord in ("nuc", 2, -2):
        sums = np.abs(svdvals(x))  # of the absolute values: 0 has the derivative 0
    else:
        sums = SUM(np.abs(x), axis=-2 if abs(ord) == 1 else -1)
    return SUM(sums, axis=-1) if ord == "nuc" else (np.max if ord > 0 else np.min)(sums, axis=-1)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any, axis: Axis, keepdims: bool) -> Any:
    """`numpy.linalg.norm`; its gradient at 0 is 0."""
    axes = axes_of(axis, x.ndim)
    if axis is None and ord is None:
        return _over(_vector_norm, x, ord, axes, keepdims)
    if len(axes) not in (1, 2):
        raise ValueError("norm is of vectors (one axis) or of matrices (two): axis= says which")
    return _over(_vector_norm if len(axes) == 1 else _matrix_norm, x, ord, axes, keepdims)


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Axis, keepdims: bool, ord: Any) -> Any:
    """`numpy.linalg.vector_norm`; its gradient at 0 is 0."""
    return _over(_vector_norm, x, ord, axes_of(axis, x.ndim), keepdims)


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool, ord: Any) -> Any:
    """`numpy.linalg.matrix_norm`; its gradient at 0 is 0."""
    return _over(_matrix_norm, x, ord, axes_of((-2, -1), x.ndim), keepdims)


def _over(function: Callable[..., Any], x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    y = function(x if x.dtype.kind == "f" else cast(x, float), ord, axes)
    return kept(y, x.shape, axes) if keepdims else y


@implements(np.linalg.cond)
def cond(x: Any, p: Any) -> Any:
    """`numpy.linalg.cond`."""
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return matrix_norm(x, ord=p) * matrix_norm(INV(x), ord=p)


# -- views -------------------------------------------------------------------------------------------------------------

implements(np.linalg.matrix_transpose)(lambda x: x.mT)
implements(np.linalg.diagonal)(lambda x, *, offset=0: rearranged(np.linalg.diagonal, x, offset=offset))
