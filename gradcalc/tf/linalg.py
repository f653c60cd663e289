"""`tf.linalg`: products, norms and factorizations, NumPy's under TensorFlow's names. Imports tape and NumPy."""

# ruff: noqa: I001

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gradcalc.tape.rules.linalg import TRIANGULAR
from gradcalc.tape.rules.matrix_functions import EXPM, SQRTM
from gradcalc.tape.rules.matrix_functions import lu as _lu
from gradcalc.tape.tensor import SCATTER, Array, Tensor
from gradcalc.tf.defaults import (
    Result, alike, as_axes, as_shape, as_tensor, as_tensors, floating, only, row, telling, unary,
)  # fmt: skip

__all__ = [
    "clip_by_global_norm", "clip_by_norm", "einsum", "eye", "matmul", "norm", "tensordot",
]  # fmt: skip
"""What `tf` itself has of these."""

det = unary(np.linalg.det, "input")
eigh = unary(np.linalg.eigh, "tensor")
eigvalsh = unary(np.linalg.eigvalsh, "tensor")
adjoint = unary(np.matrix_transpose, "matrix")
slogdet = unary(np.linalg.slogdet, "input")


inv = row(
    lambda x, adjoint: np.linalg.inv(x.mT if adjoint else x), "input | adjoint=False, name=None",
    "The inverse of each matrix, or of its transpose.",
)  # fmt: skip


def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Result:
    """The Moore-Penrose inverse of each matrix.

    Singular values up to `rcond` times the largest count as 0; it is 10 eps times the larger size by default.
    """
    x = as_tensor(a)
    least = 10 * max(x.shape[-2:]) * float(np.finfo(x.dtype).eps) if rcond is None else rcond
    return np.linalg.pinv(x, least)


matrix_transpose = row(
    np.matrix_transpose, "a | name='matrix_transpose', ~conjugate=False", "Each matrix with rows for columns."
)
trace = row(lambda x: np.trace(x, axis1=-2, axis2=-1), "x | name=None", "The sum of the diagonal of each matrix.")
logdet = row(
    lambda x: 2 * np.sum(np.log(diag_part(cholesky(x))), axis=-1), "matrix | name=None",
    "The logarithm of the determinant of each positive definite matrix; nan of any other.",
)  # fmt: skip


def cholesky(input: Any, name: str | None = None) -> Result:
    """The lower triangular factor of each positive definite matrix; that of any other is nan, as TensorFlow's."""
    x = as_tensor(input)
    try:
        return np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        definite = np.vectorize(_is_definite, signature="(n,n)->()", otypes=[bool])(x.array)[
            ..., np.newaxis, np.newaxis
        ]
        lower = np.tri(x.shape[-1], dtype=bool)
        factor = np.linalg.cholesky(np.where(definite, x, np.eye(x.shape[-1], dtype=x.dtype)))
        nothing = np.sum(x, axis=(-2, -1), keepdims=True) * x.dtype.type(np.nan)
        return np.where(definite, factor, np.where(lower, nothing, 0))


def _is_definite(matrix: Array) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


class _Band(NamedTuple):
    """Where the elements of diagonals of a matrix stand: in a table with a line for each, and in the matrix.

    Lines go from the highest diagonal down; shorter ones are put at one end of theirs.
    """

    shape: tuple[int, ...]
    table: tuple[Any, ...]
    matrix: tuple[Any, ...]


_ALIGNS = [f"{above}_{below}" for above in ("RIGHT", "LEFT") for below in ("RIGHT", "LEFT")]
"""To which end of their lines diagonals above and below the middle one are put."""


def _ends(k: Any, what: str) -> tuple[int, int]:
    """The lowest and the highest of diagonals given as one or as two numbers."""
    numbers = as_shape(k)
    low, high = numbers * 2 if len(numbers) == 1 else numbers
    if low > high:
        raise ValueError(f"{what}: the lower diagonal comes first in k, not {k}")
    return low, high


def _band(shape: Sequence[int], k: Any, align: str, what: str) -> _Band:
    if len(shape) < 2:
        raise ValueError(f"{what} takes matrices, not shape {tuple(shape)}")
    (rows, columns), (low, high) = shape[-2:], _ends(k, what)
    if any(d and not -rows < d < columns for d in (low, high)):
        raise ValueError(f"{what}: a matrix of {rows} rows and {columns} columns has no diagonal k={k}")
    if align not in _ALIGNS:
        raise ValueError(f"{what}: align is one of {', '.join(_ALIGNS)}, not {align}")
    above, below = align.split("_")
    longest = min(rows + min(high, 0), columns - max(low, 0))
    places = []
    for line, d in enumerate(range(high, low - 1, -1)):
        along = np.arange(min(rows + min(d, 0), columns - max(d, 0)))
        left = (d >= 0 and above == "LEFT") or (d <= 0 and below == "LEFT")
        start = 0 if left else longest - len(along)
        places.append((np.full(len(along), line), along + start, along - min(d, 0), along + max(d, 0)))
    lines, ends, down, across = map(np.concatenate, zip(*places, strict=True))
    return _Band((high - low + 1, longest), (Ellipsis, lines, ends), (Ellipsis, down, across))


def _moved(x: Any, source: Any, target: Any, shape: tuple[int, ...], otherwise: Any) -> Any:
    """The elements of `x` at a source put at a target in a shape, and something else elsewhere."""
    there = np.zeros(shape[-2:], bool)
    there[target[1:]] = True
    return np.where(there, SCATTER(x[source], index=target, shape=shape), otherwise)


def diag_part(
    input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT"
) -> Result:
    """The diagonal of each matrix, or the one `k` places above it; a line for each of those from `k[0]` to `k[1]`.

    Shorter lines have `padding_value` before them (`RIGHT`) or behind, `align` says of those above and of those below.
    """
    x = as_tensor(input)
    band = _band(x.shape, k, align, "diag_part")
    padding = as_tensor(padding_value, x.dtype)
    lines = _moved(x, band.matrix, band.table, x.shape[:-2] + band.shape, padding)
    return lines[..., 0, :] if band.shape[0] == 1 else lines


def set_diag(input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0, align: str = "RIGHT_LEFT") -> Result:
    """Each matrix with another diagonal, or others, as `diag_part` gives them."""
    x, lines = as_tensors(input, diagonal)
    band = _band(x.shape, k, align, "set_diag")
    return _moved(_lines(lines, x.shape[:-2] + band.shape, "set_diag"), band.table, band.matrix, x.shape, x)


def _lines(diagonal: Any, shape: tuple[int, ...], what: str) -> Any:
    """Diagonals as lines, of which one alone may lack its axis."""
    if shape[-2] == 1 and diagonal.shape == shape[:-2] + shape[-1:]:
        return diagonal[..., np.newaxis, :]
    if diagonal.shape != shape:
        raise ValueError(f"{what}: diagonals of shape {diagonal.shape} where they have shape {shape}")
    return diagonal


def diag(
    diagonal: Any, name: str = "diag", k: Any = 0, num_rows: Any = -1, num_cols: Any = -1, padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Result:  # fmt: skip
    """Matrices with these diagonals, as `diag_part` gives them, and `padding_value` elsewhere.

    They are square if neither size is given, and as small as they can be.
    """
    x, (low, high) = as_tensor(diagonal), _ends(k, "diag")
    if not x.ndim:
        raise ValueError("diag takes diagonals, not a scalar")
    least = x.shape[-1] - min(high, 0), x.shape[-1] + max(low, 0)
    given = int(num_rows), int(num_cols)
    sizes = (max(least),) * 2 if given == (-1, -1) else [m if n == -1 else n for m, n in zip(least, given, strict=True)]
    if any(n < m for n, m in zip(sizes, least, strict=True)) or all(n > m for n, m in zip(sizes, least, strict=True)):
        raise ValueError(f"diag: diagonals k={k} of length {x.shape[-1]} are not those of {sizes[0]} by {sizes[1]}")
    band = _band(sizes, k, align, "diag")
    batch = x.shape[: -1 if low == high else -2]
    padding = as_tensor(padding_value, x.dtype)
    return _moved(_lines(x, batch + band.shape, "diag"), band.table, band.matrix, (*batch, *sizes), padding)


tensor_diag = row(
    lambda x: np.reshape(np.diag(np.ravel(x)), x.shape * 2), "diagonal | name=None",
    "A tensor of the shape of `diagonal` twice, with it where the two halves of an index are equal, zero elsewhere.",
)  # fmt: skip


def _halved(x: Tensor) -> Result:
    half = x.shape[: x.ndim // 2]
    return np.reshape(np.diagonal(np.reshape(x, (math.prod(half), -1))), half)


tensor_diag_part = row(_halved, "input | name=None", "What `tensor_diag` was given.")


def matmul(
    a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, adjoint_a: bool = False,
    adjoint_b: bool = False, a_is_sparse: bool = False, b_is_sparse: bool = False, output_type: Any = None,
    grad_a: bool = False, grad_b: bool = False, name: str | None = None,
) -> Result:  # fmt: skip
    """The matrix product; either operand can be transposed first. That many elements are 0 makes no difference."""
    only(None, output_type=output_type)
    only(False, grad_a=grad_a, grad_b=grad_b)
    a, b = as_tensors(a, b)
    return (a.mT if transpose_a or adjoint_a else a) @ (b.mT if transpose_b or adjoint_b else b)


def matvec(
    a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, a_is_sparse: bool = False,
    b_is_sparse: bool = False, name: str | None = None,
) -> Result:  # fmt: skip
    """The product of matrices and vectors."""
    a, b = as_tensors(a, b)
    return matmul(a, b[..., np.newaxis], transpose_a, False, adjoint_a)[..., 0]


solve = row(
    lambda a, b, adjoint: np.linalg.solve(a.mT if adjoint else a, b), "matrix, rhs | adjoint=False, name=None",
    "The solution of `matrix @ x = rhs`, or of its transpose.",
)  # fmt: skip


def triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Result:
    """The solution of `matrix @ x = rhs`, or of its transpose, of which one triangle is read."""
    matrix, rhs = as_tensors(matrix, rhs)
    if rhs.ndim == 1:
        return triangular_solve(matrix, rhs[:, np.newaxis], lower, adjoint)[:, 0]
    return TRIANGULAR(matrix.mT if adjoint else matrix, rhs, lower=lower != adjoint)


cholesky_solve = row(
    lambda factor, b: triangular_solve(factor, triangular_solve(factor, b), adjoint=True), "chol, rhs | name=None",
    "The solution of `a @ x = rhs`, from the Cholesky factor of `a`.",
)  # fmt: skip


def tridiagonal_matmul(diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: str | None = None) -> Result:
    """The product of matrices that are zero but for three diagonals, and matrices."""
    (upper, main, lower), b = _three(diagonals, diagonals_format), as_tensor(rhs)
    none = np.zeros((*b.shape[:-2], 1, b.shape[-1]), b.dtype)
    above = np.concatenate([b[..., 1:, :], none], axis=-2)
    below = np.concatenate([none, b[..., :-1, :]], axis=-2)
    return main[..., np.newaxis] * b + upper[..., np.newaxis] * above + lower[..., np.newaxis] * below


def tridiagonal_solve(
    diagonals: Any, rhs: Any, diagonals_format: str = "compact", transpose_rhs: bool = False,
    conjugate_rhs: bool = False, name: str | None = None, partial_pivoting: bool = True, perturb_singular: bool = False,
) -> Result:  # fmt: skip
    """The solution of linear equations of three diagonals, by whole matrices."""
    only(False, perturb_singular=perturb_singular)
    only(True, partial_pivoting=partial_pivoting)
    lines, b = np.stack(_three(diagonals, diagonals_format), axis=-2), as_tensor(rhs)
    matrix = diag(lines, k=(-1, 1), align="LEFT_RIGHT") if lines.shape[-1] > 1 else lines[..., 1:2, :]
    alone = b.ndim == matrix.ndim - 1
    b = b[..., np.newaxis] if alone else b.mT if transpose_rhs else b
    x = np.linalg.solve(matrix, b)
    return x[..., 0] if alone else x


def _three(diagonals: Any, form: str) -> list[Any]:
    """The diagonals above, in and below the middle, each as long as that: the last above and the first below are 0."""
    if form == "matrix":
        x = as_tensor(diagonals)
        return _three([diag_part(x, k=1), diag_part(x), diag_part(x, k=-1)], "sequence")
    if form == "compact":
        x = as_tensor(diagonals)
        if x.ndim < 2 or x.shape[-2] != 3:
            raise ValueError(f"three diagonals have shape (..., 3, n), not {x.shape}")
        return _three([x[..., 0, :-1], x[..., 1, :], x[..., 2, 1:]], "sequence")
    if form != "sequence":
        raise ValueError(f"diagonals_format is 'compact', 'sequence' or 'matrix', not {form!r}")
    upper, main, lower = alike(diagonals)
    n, none = main.shape[-1], np.zeros((*main.shape[:-1], 1), main.dtype)
    return [
        np.concatenate([upper[..., : n - 1], none], axis=-1), main,
        np.concatenate([none, lower[..., 1:] if lower.shape[-1] == n else lower], axis=-1),
    ]  # fmt: skip


expm = row(lambda x: EXPM(floating(x, "expm")), "input | name=None", "The exponential of each square matrix.")
sqrtm = row(
    lambda x: SQRTM(floating(x, "sqrtm")), "input | name=None",
    "The principal square root of each square matrix; nan where it is not real.",
)  # fmt: skip


class LuOutput(NamedTuple):
    """The factors in one matrix, the ones of the lower left out, and the order that rows are taken in."""

    lu: Result
    p: Result


def lu(input: Any, output_idx_type: Any = np.int32, name: str | None = None) -> LuOutput:
    """The lower and upper triangular factors of each square matrix, whose rows are put in order `p`."""
    factors, order = _lu(floating(as_tensor(input), "lu"))
    return LuOutput(factors, Tensor(order.astype(output_idx_type)))


def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None) -> Result:
    """How many singular values of each matrix are more than `tol`: by default what rounding makes of the largest."""
    x = as_tensor(a).array
    s = np.linalg.svd(x, compute_uv=False)
    least = np.finfo(x.dtype).eps * max(x.shape[-2:]) * np.max(s, axis=-1, keepdims=True, initial=0)
    return Tensor(np.sum(s > (least if tol is None else tol), axis=-1).astype(np.int32))


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """The singular values `s`, then `u` and `v`, `v` not transposed; `s` alone without `compute_uv`."""
    x = as_tensor(tensor)
    if not compute_uv:
        return np.linalg.svd(x, compute_uv=False)
    u, s, vh = np.linalg.svd(x, full_matrices=full_matrices)
    return s, u, vh.mT


qr = row(
    lambda x, full: np.linalg.qr(x, mode="complete" if full else "reduced"), "input | full_matrices=False, name=None",
    "The factors `q` and `r` of each matrix.",
)  # fmt: skip


def band_part(input: Any, num_lower: int, num_upper: int, name: str | None = None) -> Result:
    """Each matrix with zeros outside a band around the diagonal; a negative number keeps that whole triangle."""
    x = as_tensor(input)
    upper = x if num_lower < 0 else np.triu(x, -num_lower)
    return upper if num_upper < 0 else np.tril(upper, num_upper)


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool | None = None, name: str | None = None
) -> Result:
    """The norm of vectors along an axis, of matrices along two, or of all elements as one vector."""
    x = as_tensor(tensor)
    if ord not in ("euclidean", "fro") and not (isinstance(ord, int | float) and ord > 0):
        raise ValueError(f"norm: ord is 'euclidean', 'fro' or a positive number, not {ord!r}")
    if axis is not None or ord == "euclidean":
        return np.linalg.norm(x, None if ord == "euclidean" else ord, as_axes(axis), bool(keepdims))
    result = np.linalg.norm(np.reshape(x, -1), ord)
    return np.reshape(result, (1,) * x.ndim) if keepdims else result


def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None) -> tuple[Result, Result]:
    """A tensor divided by its norm, and the norm."""
    length = norm(tensor, ord, axis, keepdims=True)
    return as_tensor(tensor) / length, length


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None) -> Result:
    """A tensor divided by its length along an axis (or `dim`, its old name), or by the root of `epsilon` if longer."""
    x, axis = as_tensor(x), as_axes(dim if axis is None else axis)
    return x / np.maximum(np.linalg.vector_norm(x, axis=axis, keepdims=True), math.sqrt(epsilon))


def global_norm(t_list: Sequence[Any], name: str | None = None) -> Result:
    """The length of all tensors as one vector; None in the list counts for nothing.

    It is infinite where its square is, as TensorFlow's is; but no square of a small number is lost.
    """
    length = norm([norm(x) for x in alike([t for t in t_list if t is not None])])
    with np.errstate(over="ignore"):
        return length if np.isfinite(np.square(length.array)) else length * np.inf


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Result:
    """A tensor, shortened to `clip_norm` where it is longer."""
    t = as_tensor(t)
    length = norm(t, axis=axes, keepdims=True)
    return t * clip_norm / np.maximum(length, clip_norm)


def clip_by_global_norm(t_list: Sequence[Any], clip_norm: Any, use_norm: Any = None, name: str | None = None) -> Any:
    """The tensors, all shortened by one factor if as one vector they are longer than `clip_norm`; and that length.

    They are nan where the length is not finite: nothing would be left of them.
    """
    length = global_norm(t_list) if use_norm is None else as_tensor(use_norm)
    factor = np.where(np.isfinite(length), clip_norm / np.maximum(length, clip_norm), np.nan)
    return [None if t is None else as_tensor(t) * factor for t in t_list], length


def lstsq(matrix: Any, rhs: Any, l2_regularizer: float = 0.0, fast: bool = True, name: str | None = None) -> Result:
    """The least squares solution of `matrix @ x = rhs`, of a wide matrix the shortest of all.

    By the normal equations of the smaller side if `fast`, else by the pseudo-inverse, whatever the rank.
    """
    a, b = as_tensors(matrix, rhs)
    if not fast:
        return np.linalg.pinv(a) @ b
    wide = a.shape[-2] < a.shape[-1]
    gram = (a @ a.mT if wide else a.mT @ a) + l2_regularizer * np.eye(min(a.shape[-2:]), dtype=a.dtype)
    return a.mT @ np.linalg.solve(gram, b) if wide else np.linalg.solve(gram, a.mT @ b)


tensordot = row(
    np.tensordot, "a, b | axes, name=None",
    "The sum of products over axes of both: a number of them, or lists for each.", axes=lambda axes: axes,
)  # fmt: skip


def einsum(equation: str, *inputs: Any, optimize: Any = "greedy", name: str | None = None) -> Result:
    """The sum of products that an equation names, as `"ij,jk->ik"`."""
    return np.einsum(equation, *alike(inputs))


cross = row(np.cross, "a, b | name=None", "The cross product along the last axis.")


def eye(
    num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = np.float32, name: Any = None
) -> Result:
    """The identity matrix, repeated over `batch_shape`."""
    rows, columns = int(num_rows), None if num_columns is None else int(num_columns)
    matrix = np.eye(rows, columns, dtype=dtype)
    return Tensor(matrix if batch_shape is None else np.tile(matrix, (*as_shape(batch_shape), 1, 1)))


telling(globals())
