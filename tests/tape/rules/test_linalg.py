"""numpy.linalg: both derivatives along random directions, beside mpmath's matrix functions in 60 digits.

Results that are fixed only up to sign are taken through what does not depend on it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from gradcalc.errors import NoRuleError
from gradcalc.tape import GradientTape, Tensor, Variable, constant
from gradcalc.tape.rules.linalg import COFACTOR, EIGH, INV, SVD, TRIANGULAR
from tests.tape.rules.test_products import MP, agree, exact, weigh

Function = Callable[..., Any]

# -- the oracle: the same functions of arrays of mpmath's numbers ------------------------------------------------------


def array_of(matrix: Any) -> Any:
    result = np.empty((matrix.rows, matrix.cols), dtype=object)
    for i in range(matrix.rows):
        for j in range(matrix.cols):
            result[i, j] = matrix[i, j]
    return result


def by_mpmath(function: Function) -> Function:
    """A function of mpmath's matrices as one of arrays; its result a number, a matrix or a list of matrices."""

    def convert(y: Any) -> Any:
        return array_of(y) if hasattr(y, "rows") else [convert(part) for part in y] if isinstance(y, tuple) else y

    return lambda *xs: convert(function(*(MP.matrix(x.tolist()) for x in xs)))


def each(function: Function) -> Function:
    """A function of one matrix over stacks of them."""

    def batched(*xs: Any) -> Any:
        batch = np.broadcast_shapes(*(x.shape[:-2] for x in xs))
        stacks = [np.broadcast_to(x, batch + x.shape[-2:]) for x in xs]
        results = [np.asarray(function(*(x[i] for x in stacks)), dtype=object) for i in np.ndindex(batch)]
        return np.stack(results).reshape(batch + results[0].shape)

    return batched


def symmetric(x: Any) -> Any:
    return (x + np.swapaxes(x, -1, -2)) / 2


@each
def det(x: Any) -> Any:
    """By expansion along the first row: a polynomial, whatever the matrix."""
    if len(x) == 1:
        return x[0, 0]
    return sum((-1) ** i * x[0, i] * det(np.delete(x[1:], i, axis=1))[()] for i in range(len(x)))


inv, cholesky = each(by_mpmath(MP.inverse)), each(by_mpmath(MP.cholesky))
solve = each(lambda a, b: inv(a) @ b)
svd = by_mpmath(MP.svd_r)
eigh = by_mpmath(MP.eigsy)
svdvals = each(lambda x: svd(x)[1].ravel())
eigvalsh = each(lambda x: eigh(symmetric(x))[0].ravel())


def pinv(x: Any) -> Any:
    u, s, vh = svd(x)
    rank = sum(value > MP.mpf("1e-10") for value in s.ravel())
    return (vh[:rank].T / s.ravel()[:rank]) @ u[:, :rank].T


def projectors(vectors: Any) -> Any:
    """The projectors on columns: the columns without their signs."""
    return vectors[..., None, :] * vectors[..., None, :, :]


def eigh_without_signs(x: Any) -> Any:
    w, v = eigh(symmetric(x))
    return w.ravel() * projectors(v)


def svd_without_signs(x: Any) -> Any:
    u, s, vh = svd(x)
    return np.concatenate([(s.ravel() * projectors(u)).ravel(), (vh.T * u[0] * s.ravel() ** 2).ravel()])


# -- cases -------------------------------------------------------------------------------------------------------------


def flat_svd(x: Any, **settings: Any) -> Any:
    """What `svd_without_signs` gives, by the function under test."""
    u, s, vh = np.linalg.svd(x, **settings)
    k = s.shape[-1]
    u, vh = u[..., :k], vh[..., :k, :]
    return np.concatenate([np.ravel(s * projectors(u)), np.ravel(vh.mT * u[0] * s**2)])


def of_eigh(x: Any, **settings: Any) -> Any:
    w, v = np.linalg.eigh(x, **settings)
    return w[..., None, None, :] * projectors(v)


def of_slogdet(x: Any) -> Any:
    sign, logarithm = np.linalg.slogdet(x)
    return sign * logarithm


def of_qr(x: Any) -> Any:
    q, r = np.linalg.qr(x)
    return np.concatenate([np.ravel(projectors(q)), np.ravel(r[:, 1:] * r[:, :1])])


def qr_oracle(x: Any) -> Any:
    """Gram and Schmidt: the columns of Q up to sign."""
    columns: list[Any] = []
    for column in x.T[: x.shape[0]]:
        rest = column - sum((q * (q @ column) for q in columns), 0 * column)
        columns.append(rest / MP.sqrt(rest @ rest))
    q = np.stack(columns, axis=1)
    signs = np.sign(np.diag(np.linalg.qr(x.astype(float))[1]).astype(float))
    r = (q.T @ x) * exact(signs)[:, None]
    return np.concatenate([np.ravel(projectors(q)), np.ravel(r[:, 1:] * r[:, :1])])


def outer_space(x: Any) -> Any:
    """The projector on what is orthogonal to the columns."""
    return x @ inv(x.T @ x) @ x.T - exact(np.eye(x.shape[0]))


def complement(x: Any) -> Any:
    u = np.linalg.svd(x).U[:, x.shape[1] :]
    return -(u @ u.T)


def row_complement(x: Any) -> Any:
    v = np.linalg.svd(x).Vh[x.shape[0] :]
    return -(v.T @ v)


def qr_complement(x: Any) -> Any:
    q = np.linalg.qr(x, mode="complete").Q[:, x.shape[1] :]
    return -(q @ q.T)


def lstsq(a: Any, b: Any) -> Any:
    x, residuals, rank, s = np.linalg.lstsq(a, b)
    return np.concatenate([np.ravel(x), residuals, s])


def lstsq_oracle(a: Any, b: Any) -> Any:
    x = pinv(a) @ b
    residuals = ((b - a @ x) ** 2).sum(axis=0, keepdims=b.ndim == 1) if a.shape[0] > a.shape[1] else np.empty(0)
    return np.concatenate([x.ravel(), residuals, svdvals(a)])


def vector_norm(p: Any, axis: Any = None) -> Function:
    def norm(x: Any) -> Any:
        size = np.abs(x)
        if p in (np.inf, -np.inf):
            return size.max(axis=axis) if p > 0 else size.min(axis=axis)
        if p == 0:
            return (x != 0).sum(axis=axis)
        return np.sum(size ** MP.mpf(p), axis=axis) ** (1 / MP.mpf(p))

    return norm


def spectral(function: Function) -> Function:
    return each(lambda x: function(svdvals(x)))


def power(x: Any, n: int) -> Any:
    return np.linalg.multi_dot([inv(x) if n < 0 else x] * abs(n)) if abs(n) > 1 else inv(x)


def numbers(*shape: int, seed: int = 5) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def positive(*shape: int) -> Any:
    x = numbers(*shape)
    return x @ x.mT + np.eye(shape[-1])


def reordered(x: Any) -> Any:
    return np.moveaxis(x, (0, 2), (-2, -1))


RANK_1 = np.outer([1.0, 2.0, -1.0], [2.0, 0.5, 1.0])
MAGIC = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
SQUARE, STACK, TALL, WIDE = numbers(3, 3), numbers(2, 3, 3), numbers(4, 2), numbers(2, 4)
A, V = np.linalg, numbers(6)
CASES: list[tuple[str, Function, Function, list[Any]]] = [
    ("inv", A.inv, inv, [SQUARE]),
    ("inv of a stack", A.inv, inv, [STACK]),
    ("det", A.det, det, [SQUARE]),
    ("det of a stack", A.det, det, [numbers(2, 2, 2, 2)]),
    ("det of 1 x 1", A.det, det, [numbers(1, 1)]),
    ("det, singular", A.det, det, [SINGULAR]),
    ("det, nearly singular", A.det, det, [MAGIC]),
    ("det, rank 1", A.det, det, [RANK_1]),
    ("det of zeros, 1 x 1", A.det, det, [np.zeros((1, 1))]),
    ("det of zeros, 2 x 2", A.det, det, [np.zeros((2, 2))]),
    ("det of zeros, 3 x 3", A.det, det, [np.zeros((3, 3))]),
    ("det, a zero pivot", A.det, det, [np.array([[0.0, 1.0, 2.0], [0.0, 3.0, 4.0], [0.0, 5.0, 7.0]])]),
    ("det, singular in a stack", A.det, det, [np.stack([np.diag([1.0, 2.0, 0.0]), SQUARE])]),
    ("slogdet", of_slogdet, lambda x: MP.sign(det(x)[()]) * MP.log(abs(det(x)[()])), [SQUARE]),
    ("slogdet of a stack", lambda x: A.slogdet(x).logabsdet, each(lambda x: MP.log(abs(det(x)[()]))), [STACK]),
    ("solve, vector", A.solve, lambda a, b: inv(a) @ b, [SQUARE, numbers(3)]),
    ("solve, matrix", A.solve, solve, [SQUARE, numbers(3, 2)]),
    ("solve, stack and vector", A.solve, lambda a, b: inv(a) @ b, [STACK, numbers(3)]),
    ("solve, stack and matrix", A.solve, solve, [STACK, numbers(3, 2)]),
    ("solve, matrix and stack", A.solve, solve, [SQUARE, numbers(2, 3, 1)]),
    ("solve, stacks", A.solve, solve, [numbers(2, 1, 2, 2), numbers(3, 2, 2)]),
    ("solve with itself", lambda a: A.solve(a, a.T), lambda a: inv(a) @ a.T, [SQUARE]),
    ("pinv, tall", A.pinv, pinv, [TALL]),
    ("pinv, wide", A.pinv, pinv, [WIDE]),
    ("pinv of a stack", A.pinv, each(pinv), [numbers(2, 3, 2)]),
    ("pinv, hermitian", lambda x: A.pinv(x, hermitian=True), lambda x: pinv(symmetric(x)), [positive(3, 3)]),
    ("lstsq, vector", lstsq, lstsq_oracle, [TALL, numbers(4)]),
    ("lstsq, matrix", lstsq, lstsq_oracle, [TALL, numbers(4, 2)]),
    ("lstsq, wide", lstsq, lstsq_oracle, [WIDE, numbers(2)]),
    ("tensorinv", A.tensorinv, lambda x: inv(x.reshape(4, 4)).reshape(4, 2, 2), [numbers(2, 2, 4)]),
    ("tensorsolve", A.tensorsolve, lambda a, b: inv(a.reshape(4, 4)) @ b.ravel(), [numbers(2, 2, 4), numbers(2, 2)]),
    (
        "tensorsolve, axes", lambda a, b: A.tensorsolve(a, b, axes=(0,)),
        lambda a, b: inv(np.moveaxis(a, 0, -1).reshape(4, 4)) @ b.ravel(), [numbers(4, 2, 2), numbers(2, 2)],
    ),
    ("matrix_power 1", lambda x: A.matrix_power(x, 1), lambda x: x, [SQUARE]),
    ("matrix_power 5", lambda x: A.matrix_power(x, 5), lambda x: power(x, 5), [SQUARE]),
    ("matrix_power 6", lambda x: A.matrix_power(x, 6), lambda x: x @ x @ x @ x @ x @ x, [STACK]),
    ("matrix_power -1", lambda x: A.matrix_power(x, -1), inv, [SQUARE]),
    ("matrix_power -3", lambda x: A.matrix_power(x, -3), lambda x: power(x, -3), [SQUARE]),
    ("cholesky", A.cholesky, lambda x: cholesky(symmetric(x)), [positive(3, 3)]),
    ("cholesky of a stack", A.cholesky, lambda x: cholesky(symmetric(x)), [positive(2, 2, 2)]),
    (
        "cholesky, upper", lambda x: A.cholesky(x, upper=True),
        lambda x: np.swapaxes(cholesky(symmetric(x)), -1, -2), [positive(2, 3, 3)],
    ),
    ("eigh", of_eigh, eigh_without_signs, [positive(3, 3)]),
    ("eigh, upper", lambda x: of_eigh(x, UPLO="U"), eigh_without_signs, [positive(3, 3)]),
    ("eigh of a stack", of_eigh, each(eigh_without_signs), [positive(2, 3, 3)]),
    ("eigvalsh", A.eigvalsh, eigvalsh, [positive(3, 3)]),
    ("eigvalsh of a stack", lambda x: A.eigvalsh(x, "U"), eigvalsh, [positive(2, 2, 3, 3)]),
    ("svd, square", flat_svd, svd_without_signs, [SQUARE]),
    ("svd, thin, tall", lambda x: flat_svd(x, full_matrices=False), svd_without_signs, [TALL]),
    ("svd, thin, wide", lambda x: flat_svd(x, full_matrices=False), svd_without_signs, [WIDE]),
    ("svd, full, tall", flat_svd, svd_without_signs, [TALL]),
    ("svd, full, wide", flat_svd, svd_without_signs, [WIDE]),
    ("svd, hermitian", lambda x: flat_svd(x, hermitian=True), lambda x: svd_without_signs(symmetric(x)), [symmetric(SQUARE)]),
    ("svd, hermitian values", lambda x: A.svd(x, compute_uv=False, hermitian=True), lambda x: svdvals(symmetric(x)), [symmetric(STACK)]),
    ("svd, values", lambda x: A.svd(x, compute_uv=False), svdvals, [numbers(2, 2, 3)]),
    ("svdvals", A.svdvals, svdvals, [numbers(2, 3, 2)]),
    ("svdvals, singular, tall", lambda x: A.svdvals(x)[:1], lambda x: svdvals(x)[:1], [np.outer([1.0, 2.0, 3.0], [1.0, -1.0])]),
    ("space beside the columns", complement, outer_space, [TALL]),
    ("space beside the rows", row_complement, lambda x: outer_space(x.T), [WIDE]),
    ("qr, square", of_qr, qr_oracle, [SQUARE]),
    ("qr, tall", of_qr, qr_oracle, [TALL]),
    ("qr, wide", of_qr, qr_oracle, [WIDE]),
    ("qr, complete", qr_complement, outer_space, [TALL]),
    ("qr, R alone", lambda x: A.qr(x, "r").mT @ A.qr(x, mode="r"), lambda x: np.swapaxes(x, -1, -2) @ x, [numbers(2, 3, 2)]),
    ("norm", A.norm, vector_norm(2), [numbers(2, 3, 2)]),
    ("norm of a number", A.norm, vector_norm(2), [np.float64(-1.5)]),
    ("norm, axis", lambda x: A.norm(x, axis=1), vector_norm(2, 1), [numbers(2, 3, 2)]),
    ("norm, keepdims", lambda x: x / A.norm(x, axis=-1, keepdims=True), lambda x: x / vector_norm(2, -1)(x)[..., None], [numbers(2, 3)]),
    *[(f"norm {p}", lambda x, p=p: A.norm(x, p), vector_norm(p), [V]) for p in (0, 1, 2, 3, 1.5, -1, -2, np.inf, -np.inf)],
    *[(f"norm {p}, axis", lambda x, p=p: A.norm(x, p, 0), vector_norm(p, 0), [numbers(3, 2)]) for p in (1, 2.5, np.inf)],
    ("norm fro", lambda x: A.norm(x, "fro"), vector_norm(2), [TALL]),
    ("norm fro, axes", lambda x: A.norm(x, axis=(2, 0)), vector_norm(2, (0, 2)), [STACK]),
    *[
        (f"norm {p}, matrices", lambda x, p=p: A.norm(x, p, (0, 2)), lambda x, f=f: f(reordered(x)), [numbers(3, 2, 2)])
        for p, f in (
            (1, lambda x: np.abs(x).sum(axis=-2).max(axis=-1)), (-1, lambda x: np.abs(x).sum(axis=-2).min(axis=-1)),
            (np.inf, lambda x: np.abs(x).sum(axis=-1).max(axis=-1)), (-np.inf, lambda x: np.abs(x).sum(axis=-1).min(axis=-1)),
            (2, spectral(max)), (-2, spectral(min)), ("nuc", spectral(sum)),
        )
    ],
    ("norm 2, singular", lambda x: A.norm(x, 2), spectral(max), [RANK_1]),
    ("vector_norm", A.vector_norm, vector_norm(2), [STACK]),
    ("vector_norm, axes", lambda x: A.vector_norm(x, axis=(0, 2), ord=3), vector_norm(3, (0, 2)), [STACK]),
    ("vector_norm, keepdims", lambda x: A.vector_norm(x, keepdims=True, ord=1), lambda x: vector_norm(1)(x), [TALL]),
    ("matrix_norm", A.matrix_norm, vector_norm(2, (1, 2)), [STACK]),
    ("matrix_norm nuc", lambda x: A.matrix_norm(x, ord="nuc", keepdims=True), spectral(sum), [STACK]),
    ("cond", A.cond, spectral(lambda s: max(s) / min(s)), [STACK]),
    ("cond -2", lambda x: A.cond(x, -2), spectral(lambda s: min(s) / max(s)), [SQUARE]),
    ("cond fro", lambda x: A.cond(x, "fro"), lambda x: vector_norm(2)(x) * vector_norm(2)(inv(x)), [SQUARE]),
    ("matrix_transpose", lambda x: A.matrix_transpose(x) @ x, lambda x: np.swapaxes(x, -1, -2) @ x, [STACK]),
    ("diagonal", lambda x: A.diagonal(x, offset=1) ** 2, lambda x: np.diagonal(x, 1, -2, -1) ** 2, [STACK]),
]  # fmt: skip
NAMES = [case[0] for case in CASES]


@pytest.mark.parametrize(("function", "oracle", "xs"), [case[1:] for case in CASES], ids=NAMES)
def test_both_derivatives_are_those_in_60_digits(function: Function, oracle: Function, xs: Sequence[Any]) -> None:
    agree(function, oracle, xs, rtol=1e-11)


@pytest.mark.parametrize(("function", "oracle", "xs"), [case[1:] for case in CASES], ids=NAMES)
def test_values_and_dtypes_are_numpys(function: Function, oracle: Function, xs: Sequence[Any]) -> None:
    if function not in (flat_svd, of_eigh):
        np.testing.assert_allclose(function(*map(constant, xs)).numpy(), function(*xs), rtol=1e-8, atol=1e-12)
    small = [Variable(x, dtype=np.float32) for x in xs]
    with GradientTape() as tape:
        y = function(*small)
    gradients = tape.gradient(y, small, unconnected_gradients="zero")
    assert {t.dtype for t in (y, *gradients)} == {np.dtype(np.float32)}
    assert [g.shape for g in gradients] == [x.shape for x in small]


def test_the_check_finds_a_wrong_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = {name: case for name, *case in CASES}
    for op, name in ((INV, "inv"), (COFACTOR, "det"), (EIGH, "eigh"), (SVD, "svd, full, tall")):
        wrong = lambda g, y, x, rule=op.rules[0], **settings: rule(g, y, x, **settings) + 1e-6 * x
        monkeypatch.setattr(op, "rules", (wrong,))
        with pytest.raises(AssertionError):
            agree(*cases[name], rtol=1e-11)


def gradients(function: Function, x: Any) -> tuple[Any, Any]:
    """The gradient of the weighed result, and the gradient of the sum of that gradient."""
    v = Variable(x)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = weigh(function(v), np.sum)
        first = inner.gradient(y, v)
    return first.numpy(), outer.gradient(first, v, unconnected_gradients="zero").numpy()


AT_0 = [(ord, None, (3,)) for ord in (None, 0, 1, 2, 3, 1.5, 0.5, -1, np.inf, -np.inf)]
AT_0 += [(ord, (0, 1), (3, 2)) for ord in (None, 1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc")]
AT_0 += [(ord, 0, (3, 2)) for ord in (None, 1, 2, 3, np.inf)]


@pytest.mark.parametrize(("ord", "axis", "shape"), AT_0)
def test_norms_at_0_have_the_gradient_0(ord: Any, axis: Any, shape: tuple[int, ...]) -> None:
    with np.errstate(divide="ignore"):  # NumPy's own warning, of 0 ** -1
        parts = gradients(lambda v: np.linalg.norm(v, ord, axis), np.zeros(shape))
    for part in parts:
        np.testing.assert_array_equal(part, np.zeros(shape))


def test_norm_of_rows_of_which_one_is_0() -> None:
    first, second = gradients(lambda v: np.linalg.norm(v, axis=1), np.array([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(first, [[0.6 * np.cos(0.5), 0.8 * np.cos(0.5)], [0, 0]], rtol=1e-15)
    assert np.isfinite(second).all()


def test_norms_of_matrices_share_among_equal_singular_values() -> None:
    first, _ = gradients(lambda v: np.linalg.norm(v, 2) / np.cos(0.5), np.eye(2))
    np.testing.assert_allclose(first, np.eye(2) / 2, atol=1e-15)
    first, _ = gradients(lambda v: np.linalg.norm(v, "nuc") / np.cos(0.5), np.diag([2.0, 0.0]))
    np.testing.assert_allclose(first, [[1, 0], [0, 0]], atol=1e-15)


def test_repeated_eigenvalues_leave_functions_of_eigenvalues_alone_finite() -> None:
    x = np.diag([2.0, 2.0, 5.0])
    for values in (np.linalg.eigvalsh, np.linalg.svdvals, lambda v: np.linalg.svd(v).S, lambda v: np.linalg.eigh(v)[0]):
        v = Variable(x)
        with GradientTape() as tape:
            y = np.sum(values(v) ** 3)
        np.testing.assert_allclose(tape.gradient(y, v).numpy(), np.diag([12.0, 12.0, 75.0]), atol=1e-13)


@pytest.mark.parametrize("x", [np.eye(2), np.diag([1.0, 1.0 + 1e-16, 3.0]), np.diag([1.0, 1.0 - 2e-16, 3.0])])
def test_vectors_of_repeated_eigenvalues_have_no_plausible_gradient(x: Any) -> None:
    def root(v: Any) -> Any:
        w, u = np.linalg.eigh(v)
        return (u * np.sqrt(w)) @ u.mT

    def polar(v: Any) -> Any:
        u, s, vh = np.linalg.svd(v)
        return (u * s**2) @ vh

    for function in (root, polar):
        first, _ = gradients(function, x)
        assert not np.isfinite(first).any()


def test_det_has_a_third_derivative() -> None:
    x = Variable(np.array([[1.0, 2.0, 0.5], [0.0, 1.0, 3.0], [2.0, 1.0, 1.0]]))
    with GradientTape() as third:
        with GradientTape() as second:
            with GradientTape() as first:
                y = np.linalg.det(x)
            g = first.gradient(y, x)[0, 0]
        h = second.gradient(g, x)[1, 1]
    wanted = np.zeros((3, 3))
    wanted[2, 2] = 1
    np.testing.assert_allclose(third.gradient(h, x).numpy(), wanted, atol=1e-14)


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (0, 2, 2)])
@pytest.mark.parametrize(
    "name", ["inv", "det", "slogdet", "pinv", "cholesky", "eigh", "eigvalsh", "svd", "svdvals", "qr", "norm"]
)
def test_empty_matrices_have_empty_gradients(name: str, shape: tuple[int, ...]) -> None:
    function, x = getattr(np.linalg, name), Variable(np.zeros(shape))
    with GradientTape() as tape:
        y = function(x)
    plain = function(np.zeros(shape))
    pairs = zip(y, plain, strict=True) if isinstance(plain, tuple) else [(y, plain)]
    assert all(mine.shape == numpys.shape for mine, numpys in pairs)
    assert tape.gradient(y, x).shape == shape


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 3)])
@pytest.mark.parametrize("name", ["svd", "qr", "pinv"])
def test_matrices_without_rows_or_columns(name: str, shape: tuple[int, ...]) -> None:
    x = Variable(np.zeros(shape))
    with GradientTape() as tape:
        y = getattr(np.linalg, name)(x)
    assert tape.gradient(y, x).shape == shape


@pytest.mark.parametrize("name", ["eigh", "qr", "slogdet", "svd"])
def test_results_are_numpys_named_tuples_of_tensors(name: str) -> None:
    x = positive(2, 3, 3)
    mine, numpys = getattr(np.linalg, name)(constant(x)), getattr(np.linalg, name)(x)
    assert type(mine) is type(numpys) and all(isinstance(part, Tensor) for part in mine)
    for a, b in zip(mine, numpys, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-12, atol=1e-14)


def test_the_sign_of_a_determinant_is_constant() -> None:
    x = Variable(np.diag([1.0, -2.0]))
    with GradientTape() as tape:
        y = np.linalg.slogdet(x).sign
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), np.zeros((2, 2)))


def test_lstsq_of_dependent_columns_has_no_residuals() -> None:
    a, b = np.outer([1.0, 2.0, 3.0], [1.0, 1.0]), np.array([1.0, 0.0, 2.0])
    x, residuals, rank, _ = np.linalg.lstsq(constant(a), b)
    wanted = np.linalg.lstsq(a, b)
    assert rank == wanted[2] == 1 and residuals.shape == wanted[1].shape == (0,)
    np.testing.assert_allclose(x.numpy(), wanted[0], rtol=1e-13)


def test_matrix_power_0_is_the_identity() -> None:
    np.testing.assert_array_equal(
        np.linalg.matrix_power(constant(STACK), 0).numpy(), np.broadcast_to(np.eye(3), (2, 3, 3))
    )


def test_integers_become_floats() -> None:
    x = constant([[2, 1], [1, 3]])
    for name in ("inv", "det", "norm", "eigvalsh", "svdvals", "cond"):
        value, wanted = getattr(np.linalg, name)(x), getattr(np.linalg, name)(x.numpy())
        np.testing.assert_allclose(value.numpy(), wanted, rtol=1e-14)
        assert value.dtype == np.float64


@pytest.mark.parametrize("name", ["eig", "eigvals"])
def test_complex_eigenvalues_are_refused_on_a_tape_only(name: str) -> None:
    x = Variable([[0.0, 1.0], [-1.0, 0.0]])
    function = getattr(np.linalg, name)
    with GradientTape(), pytest.raises(NoRuleError, match=rf"linalg\.{name} .* complex(.|\n)*eigvalsh"):
        function(x)
    values = function(x)[0] if name == "eig" else function(x)
    np.testing.assert_allclose(values, [1j, -1j], atol=1e-15)


@pytest.mark.parametrize(
    ("function", "error", "text"),
    [
        (lambda x: np.linalg.norm(x, "nuc", 0), ValueError, "for vectors"),
        (lambda x: np.linalg.norm(x, 3), ValueError, "for matrices"),
        (lambda x: np.linalg.norm(x[None], 2), ValueError, "axis= says which"),
        (lambda x: np.linalg.norm(x, axis=2), np.exceptions.AxisError, "out of bounds"),
        (lambda x: np.linalg.qr(x, "raw"), TypeError, "'reduced', 'complete' or 'r'"),
        (lambda x: np.linalg.inv(x), np.linalg.LinAlgError, "[Ss]ingular"),
        (lambda x: np.linalg.tensorinv(x, 0), ValueError, "positive"),
        (lambda x: np.linalg.matrix_power(x, 1.5), TypeError, "integer"),
    ],
)
def test_errors_say_what_is_wrong(function: Function, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        function(constant(np.ones((2, 2))))


@pytest.mark.parametrize(
    ("dtype", "size"), [("f8", 1e-170), ("f8", 1e-300), ("f8", 1e170), ("f4", 1e-25), ("f4", 1e25)]
)
def test_singular_values_are_differentiated_at_any_size(dtype: str, size: float) -> None:
    """Of [[1, 2], [3, 4]]: their sum, the largest, and the vectors, whose derivative goes like 1 / size."""
    sums = [[-0.5144957554275265, 0.8574929257125442], [0.8574929257125442, 0.5144957554275265]]
    largest = [[0.23304246, 0.3306884], [0.52680453, 0.74753822]]
    conditions = [[3.11396425, -2.05923442], [-1.20540551, 1.15518028]]
    x = Variable(np.array([[1.0, 2.0], [3.0, 4.0]]) * size, dtype=dtype)
    with GradientTape(persistent=True) as tape:
        found = [np.sum(np.linalg.svdvals(x)), np.linalg.norm(x, "nuc"), np.linalg.norm(x, 2), np.linalg.cond(x)]
        polar = np.sum(np.linalg.svd(x).U @ np.linalg.svd(x).Vh)
    for y, expected in zip(found[:3], (sums, sums, largest), strict=True):
        np.testing.assert_allclose(tape.gradient(y, x).numpy(), expected, rtol=1e-5)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(tape.gradient(found[3], x).numpy() * size, np.multiply(conditions, 10), rtol=1e-5)
        turned = np.array([[30, 18], [18, -30]]) / 34**1.5  # 2 (b + c) / hypot(a - d, b + c), by hand
        np.testing.assert_allclose(tape.gradient(polar, x).numpy() * size, turned, rtol=1e-5, atol=1e-6)


def test_a_singular_matrix_has_no_derivative_of_its_logarithm() -> None:
    x = Variable([[[1.0, 2.0], [2.0, 4.0]], [[2.0, 0.0], [0.0, 4.0]]])
    with GradientTape() as tape:
        y = np.linalg.slogdet(x).logabsdet
    assert y.numpy()[0] == -np.inf
    found = tape.gradient(y, x).numpy()
    assert np.isnan(found[0]).all()
    assert found[1].tolist() == [[0.5, 0], [0, 0.25]]


@pytest.mark.parametrize("lower", [True, False])
def test_a_triangle_is_solved_without_reading_the_other(lower: bool) -> None:
    random = np.random.default_rng(4)
    for n, columns in ((1, 1), (5, 2), (70, 1), (100, 130)):
        a = random.normal(size=(2, n, n)) / n + 3 * np.eye(n)
        b = random.normal(size=(n, columns))
        triangle = np.tril(a) if lower else np.triu(a)
        va, vb = Variable(np.where(triangle == 0, np.nan, a)), Variable(b)
        with GradientTape() as tape:
            y = TRIANGULAR(va, vb, lower=lower)
        expected = np.linalg.solve(triangle, b)
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-11, atol=1e-12)
        for_a, for_b = tape.gradient(y, [va, vb])
        turned = np.linalg.solve(triangle.mT, np.ones_like(expected))
        np.testing.assert_allclose(for_b.numpy(), turned.sum(0), rtol=1e-10, atol=1e-11)
        whole = -(turned @ expected.mT)
        np.testing.assert_allclose(for_a.numpy(), np.tril(whole) if lower else np.triu(whole), rtol=1e-10, atol=1e-11)
