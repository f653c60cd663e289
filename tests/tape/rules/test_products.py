"""Products: value, first and second derivative along random directions, beside NumPy's own function in 60 digits."""

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest

from gradcalc.tape import GradientTape, Tensor, Variable, constant
from gradcalc.tape.rules.products import CHAIN, CONVOLVE, EINSUM, MATMUL

Function = Callable[..., Any]
MP: Any = mpmath.MPContext()
MP.dps = 60
exact: Function = np.vectorize(MP.mpf, otypes=[object])


def weigh(y: Any, total: Function) -> Any:
    """One number from a result of any shape, by weights that have no symmetry."""
    return total(y * np.cos(np.arange(y.size) + 0.5).reshape(y.shape).astype(getattr(y, "dtype", float)))


def directions(xs: Sequence[Any], count: int = 3) -> list[list[Any]]:
    random = np.random.default_rng(7)
    return [[random.normal(size=x.shape) for x in xs] for _ in range(count)]


def by_differences(function: Function, xs: Sequence[Any], us: Sequence[Any]) -> tuple[float, float]:
    """First and second derivative along `us` at 0, by central differences in 60 digits: exact to 25 or more."""
    h = MP.mpf("1e-15")

    def at(t: Any) -> Any:
        y = np.asarray(function(*(exact(x) + t * exact(u) for x, u in zip(xs, us, strict=True))), dtype=object)
        return np.sum(exact(np.cos(np.arange(y.size) + 0.5)) * y.ravel())

    low, middle, high = at(-h), at(MP.mpf(0)), at(h)
    return float((high - low) / (2 * h)), float((high - 2 * middle + low) / h**2)


def by_tapes(function: Function, xs: Sequence[Any], us: Sequence[Any]) -> tuple[float, float]:
    """The same by two nested tapes."""
    variables = [Variable(x) for x in xs]
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = weigh(function(*variables), np.sum)
        gradients = inner.gradient(y, variables, unconnected_gradients="zero")
        slope = sum(np.sum(g * u) for g, u in zip(gradients, us, strict=True))
    for g, x in zip(gradients, variables, strict=True):
        assert g.shape == x.shape and g.dtype == x.dtype
    curves = outer.gradient(slope, variables, unconnected_gradients="zero")
    return float(slope.numpy()), float(sum(np.sum(h.numpy() * u) for h, u in zip(curves, us, strict=True)))


def agree(function: Function, oracle: Function, xs: Sequence[Any], rtol: float = 1e-12) -> None:
    """Both derivatives, along three directions, are those of the oracle."""
    for us in directions(xs):
        np.testing.assert_allclose(by_tapes(function, xs, us), by_differences(oracle, xs, us), rtol=rtol, atol=rtol)


MATRICES = [(2, 3), (3, 4)]
CASES: list[tuple[str, Function, list[tuple[int, ...]]]] = [
    ("matmul", lambda a, b: a @ b, MATRICES),
    ("matmul of vectors", lambda a, b: a @ b, [(3,), (3,)]),
    ("matmul, vector left", lambda a, b: a @ b, [(3,), (3, 4)]),
    ("matmul, vector right", lambda a, b: a @ b, [(2, 3), (3,)]),
    ("matmul, vector and stack", lambda a, b: a @ b, [(3,), (5, 3, 4)]),
    ("matmul, stack and vector", lambda a, b: a @ b, [(5, 2, 3), (3,)]),
    ("matmul of stacks", lambda a, b: a @ b, [(5, 2, 3), (5, 3, 4)]),
    ("matmul, stack and matrix", lambda a, b: a @ b, [(5, 2, 3), (3, 4)]),
    ("matmul, matrix and stack", lambda a, b: a @ b, [(2, 3), (5, 3, 4)]),
    ("matmul, broadcast", lambda a, b: a @ b, [(2, 1, 2, 3), (4, 3, 2)]),
    ("matmul, no rows", lambda a, b: a @ b, [(0, 3), (3, 4)]),
    ("matmul, nothing to sum", lambda a, b: a @ b, [(2, 0), (0, 4)]),
    ("matmul, no matrices", lambda a, b: a @ b, [(0, 2, 3), (3, 4)]),
    ("matmul, transposed", lambda a, b: (a.T @ b[::-1]).T, [(3, 2), (3, 4)]),
    ("matmul with itself", lambda a: a @ a @ a, [(3, 3)]),
    ("linalg.matmul", np.linalg.matmul, MATRICES),
    ("dot of vectors", np.dot, [(3,), (3,)]),
    ("dot of numbers", np.dot, [(), ()]),
    ("dot, number and matrix", np.dot, [(), (2, 3)]),
    ("dot of matrices", np.dot, MATRICES),
    ("dot of stacks", np.dot, [(2, 2, 3), (4, 3, 2)]),
    ("dot, vector and stack", np.dot, [(3,), (4, 3, 2)]),
    ("dot, stack and vector", lambda a, b: a.dot(b), [(2, 2, 3), (3,)]),
    ("vdot", np.vdot, [(2, 3), (2, 3)]),
    ("inner of vectors", np.inner, [(3,), (3,)]),
    ("inner of stacks", np.inner, [(2, 3), (4, 2, 3)]),
    ("inner, number", np.inner, [(), (2, 3)]),
    ("outer", np.outer, [(2, 3), (4,)]),
    ("linalg.outer", np.linalg.outer, [(3,), (4,)]),
    ("kron of vectors", np.kron, [(3,), (2,)]),
    ("kron of matrices", np.kron, [(2, 3), (3, 2)]),
    ("kron, matrix and stack", np.kron, [(2, 3), (2, 1, 2)]),
    ("kron, number", np.kron, [(), (2, 2)]),
    ("cross", np.cross, [(3,), (3,)]),
    ("cross of stacks", np.cross, [(2, 3), (4, 1, 3)]),
    ("cross, axes", lambda a, b: np.cross(a, b, axisa=0, axisb=1, axisc=0), [(3, 2), (2, 3)]),
    ("cross, axis", lambda a, b: np.cross(a, b, axis=0), [(3, 2), (3, 2)]),
    ("linalg.cross", lambda a, b: np.linalg.cross(a, b, axis=0), [(3, 2), (3, 2)]),
    ("tensordot", np.tensordot, [(2, 3, 4), (3, 4, 2)]),
    ("tensordot, nothing summed", lambda a, b: np.tensordot(a, b, 0), [(2, 3), (2,)]),
    ("tensordot, one axis", lambda a, b: np.tensordot(a, b, (0, -1)), [(2, 3), (4, 2)]),
    ("tensordot, axes", lambda a, b: np.tensordot(a, b, ((0, -1), (2, 0))), [(2, 3, 4), (4, 3, 2)]),
    ("tensordot, all axes", lambda a, b: np.tensordot(a, b, ((0, 1), (1, 0))), [(2, 3), (3, 2)]),
    ("tensordot, empty", lambda a, b: np.tensordot(a, b, 1), [(2, 0), (0, 3)]),
    ("linalg.tensordot", lambda a, b: np.linalg.tensordot(a, b, axes=1), MATRICES),
    ("trace", np.trace, [(3, 4)]),
    ("trace, offset", lambda a: a.trace(1), [(3, 4)]),
    ("trace, axes", lambda a: np.trace(a, -1, axis1=2, axis2=0), [(3, 2, 4)]),
    ("linalg.trace", lambda a: np.linalg.trace(a, offset=1), [(2, 3, 3)]),
    ("trace, empty", np.trace, [(0, 2)]),
    ("multi_dot", lambda *xs: np.linalg.multi_dot(xs), [(2, 3), (3, 4), (4, 1), (1, 2)]),
    ("multi_dot of two", lambda *xs: np.linalg.multi_dot(xs), MATRICES),
    ("multi_dot, vectors", lambda *xs: np.linalg.multi_dot(xs), [(3,), (3, 2), (2,)]),
    ("multi_dot, vector first", lambda *xs: np.linalg.multi_dot(xs), [(3,), (3, 2), (2, 2)]),
    ("multi_dot with itself", lambda a: np.linalg.multi_dot([a, a, a]), [(3, 3)]),
    ("vecdot", np.vecdot, [(2, 3), (4, 1, 3)]),
    ("linalg.vecdot", lambda a, b: np.linalg.vecdot(a, b, axis=0), [(3, 2), (3, 2)]),
    ("einsum, matrices", lambda a, b: np.einsum("ij,jk->ik", a, b), MATRICES),
    ("einsum, implicit", lambda a, b: np.einsum("ij,jk", a, b), MATRICES),
    ("einsum, implicit order", lambda a: np.einsum("ba", a), [(2, 3)]),
    ("einsum, trace", lambda a: np.einsum("ii", a), [(3, 3)]),
    ("einsum, diagonal", lambda a: np.einsum("ii->i", a), [(3, 3)]),
    ("einsum, diagonals of a stack", lambda a: np.einsum("kiji->jk", a), [(2, 3, 4, 3)]),
    ("einsum, three alike", lambda a: np.einsum("iii->i", a), [(3, 3, 3)]),
    ("einsum, sum", lambda a: np.einsum("ij->", a), [(2, 3)]),
    ("einsum, sum of an axis", lambda a: np.einsum("ij->j", a), [(2, 3)]),
    ("einsum, all elements", lambda a, b: np.einsum("ij,ij->", a, b), [(2, 3), (2, 3)]),
    ("einsum, twice the same", lambda a: np.einsum("ij,kj->ik", a, a), [(2, 3)]),
    ("einsum, thrice the same", lambda a: np.einsum("ij,jk,ki->", a, a, a), [(3, 3)]),
    ("einsum, ellipsis", lambda a, b: np.einsum("...ij,jk->...ik", a, b), [(5, 2, 3), (3, 4)]),
    ("einsum, ellipses that broadcast", lambda a, b: np.einsum("...i,...i", a, b), [(2, 1, 3), (4, 3)]),
    ("einsum, ellipsis last", lambda a, b: np.einsum("i...,i...->...", a, b), [(2, 3), (2, 4, 3)]),
    ("einsum, size 1", lambda a, b: np.einsum("ij,ij->ij", a, b), [(1, 3), (2, 1)]),
    ("einsum, size 1 summed", lambda a, b: np.einsum("ij,ij->i", a, b), [(2, 1), (2, 3)]),
    ("einsum, alone in one operand", lambda a, b: np.einsum("ij,k->k", a, b), [(2, 3), (4,)]),
    ("einsum, number", lambda a, b: np.einsum(",ij->ji", a, b), [(), (2, 3)]),
    ("einsum, outer", lambda a, b: np.einsum("i,j", a, b), [(2,), (3,)]),
    ("einsum, lists", lambda a, b: np.einsum(a, [0, 1], b, [1, 2]), MATRICES),
    ("einsum, lists and output", lambda a, b: np.einsum(a, [..., 5, 1], b, [1, 2], [2, ..., 5]), [(2, 2, 3), (3, 4)]),
    ("einsum, optimize", lambda *x: np.einsum("ij,jk,kl->li", *x, optimize="greedy"), [(2, 3), (3, 4), (4, 2)]),
    ("einsum, path", lambda *x: np.einsum("i,ij,j", *x, optimize=["einsum_path", (0, 1), (0, 1)]), [(2,), (2, 3), (3,)]),
    ("einsum, empty", lambda a, b: np.einsum("ij,jk->ik", a, b), [(2, 0), (0, 3)]),
    ("einsum, spaces", lambda a, b: np.einsum(" i j , j k -> i k ", a, b), MATRICES),
]  # fmt: skip
for _name in ("matvec", "vecmat"):  # NumPy 2.2 has them
    if hasattr(np, _name):
        CASES.append(
            (_name, getattr(np, _name), [(2, 3, 3), (4, 1, 3)] if _name == "matvec" else [(4, 1, 3), (2, 3, 3)])
        )
for _function in (np.convolve, np.correlate):
    for _mode in ("full", "same", "valid"):
        for _sizes in ((5, 3), (5, 4), (3, 5), (2, 6), (4, 4), (1, 1)):
            CASES.append((f"{_function.__name__} {_mode} {_sizes}", lambda a, b, f=_function, m=_mode: f(a, b, m), [(n,) for n in _sizes]))  # fmt: skip


def inputs(shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    random = np.random.default_rng(3)
    return [random.normal(size=shape) for shape in shapes]


@pytest.mark.parametrize(("function", "shapes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_values_are_numpys_and_both_derivatives_are_exact(function: Function, shapes: list[tuple[int, ...]]) -> None:
    xs = inputs(shapes)
    value, wanted = function(*map(constant, xs)), np.asarray(function(*xs))
    assert isinstance(value, Tensor) and value.shape == wanted.shape
    np.testing.assert_allclose(value.numpy(), wanted, rtol=1e-13, atol=1e-14)
    agree(function, function, xs)


@pytest.mark.parametrize(("function", "shapes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_float32_stays_float32(function: Function, shapes: list[tuple[int, ...]]) -> None:
    xs = [Variable(x, dtype=np.float32) for x in inputs(shapes)]
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = function(*xs)
        gradients = inner.gradient(y, xs)
    assert y.dtype == np.float32
    seconds = outer.gradient(gradients, xs, unconnected_gradients="zero")
    assert all(g.dtype == np.float32 for g in gradients + seconds)


def test_the_check_finds_a_wrong_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    for op, function, shapes in (
        (MATMUL, np.matmul, MATRICES), (CONVOLVE, np.convolve, [(5,), (3,)]),
    ):  # fmt: skip
        monkeypatch.setattr(op, "rules", (lambda g, y, a, b, rule=op.rules[0]: 1.001 * rule(g, y, a, b), op.rules[1]))
        with pytest.raises(AssertionError):
            agree(function, function, inputs(shapes))
    for op, function in ((EINSUM, lambda a, b: np.einsum("ij,jk", a, b)), (CHAIN, lambda *x: np.linalg.multi_dot(x))):
        monkeypatch.setattr(op, "rules", (lambda g, y, w, *xs, **k: [np.zeros(x.shape) for x in xs],))
        with pytest.raises(AssertionError):
            agree(function, function, inputs(MATRICES))


def test_plain_operands_may_be_lists_and_integers() -> None:
    x = Variable([[1.0, 2.0], [3.0, 4.0]])
    with GradientTape(persistent=True) as tape:
        left, right = [[0, 1], [2, 3]] @ x, np.dot(x, [1, 2])
        both = np.einsum("ij,j", x, [5, 7])
    np.testing.assert_array_equal(tape.gradient(left, x).numpy(), [[2, 2], [4, 4]])
    np.testing.assert_array_equal(tape.gradient(right, x).numpy(), [[1, 2], [1, 2]])
    np.testing.assert_array_equal(tape.gradient(both, x).numpy(), [[5, 7], [5, 7]])


@pytest.mark.parametrize(
    ("function", "error", "text"),
    [
        (lambda x: np.cross(x[:, :2], x[:, :2]), ValueError, "three components"),
        (lambda x: np.tensordot(x, x, 1), ValueError, "do not match"),
        (lambda x: np.tensordot(x, x, (5, 0)), np.exceptions.AxisError, "out of bounds"),
        (lambda x: np.einsum("ii", x), ValueError, "one label"),
        (lambda x: np.einsum("ij,jk", x, x), ValueError, "could not be broadcast"),
        (lambda x: np.einsum("ij->k", x), ValueError, "output label 'k' is in no operand"),
        (lambda x: np.einsum("ij,jk", x), ValueError, "for 2 operands, 1 given"),
        (lambda x: np.einsum("ij->", x, dtype=float), TypeError, "dtype="),
        (lambda x: np.convolve(x[0], x[1], "half"), ValueError, "'full', 'same' or 'valid'"),
        (lambda x: np.dot(x, x, np.zeros(2)), TypeError, "out="),
        (lambda x: x @ x, ValueError, "mismatch"),
    ],
)
def test_errors_say_what_is_wrong(function: Function, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        function(constant(np.ones((2, 3))))


EINSUMS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("abc,cde,efa,bdf->", [(3, 4, 5), (5, 6, 7), (7, 2, 3), (4, 6, 2)]), ("ij,jk,kl->il", [(3, 4), (4, 5), (5, 6)]),
    ("i,i,i->i", [(5,), (5,), (5,)]), ("ij,ij,k", [(2, 3), (2, 3), (4,)]), ("bi,bj,ij->b", [(3, 4), (3, 5), (4, 5)]),
    ("...i,ij,...j->...", [(2, 3), (3, 4), (2, 4)]), ("ij,jk", [(20, 30), (30, 10)]), ("aij,ajk->kai", [(1, 20, 9), (5, 9, 8)]),
    ("bhqd,bhkd->bhqk", [(2, 3, 12, 5), (2, 3, 14, 5)]), ("bqhd,bkhd->bhqk", [(2, 12, 3, 5), (2, 14, 3, 5)]),
    ("bhqk,bkhd->bqhd", [(2, 3, 12, 14), (2, 14, 3, 5)]), ("ij,kj->ik", [(50, 1), (40, 9)]), ("bij,kj->k", [(9, 20, 8), (10, 8)]),
    ("abc,bcd->da", [(9, 8, 7), (8, 7, 6)]), ("ii,ij,jj->", [(4, 4), (4, 4), (4, 4)]), ("ij,jk->ik", [(40, 0), (0, 60)]),
]  # fmt: skip


@pytest.mark.parametrize(("subscripts", "shapes"), EINSUMS)
def test_einsum_by_pairs_is_einsum(subscripts: str, shapes: list[tuple[int, ...]]) -> None:
    """Beside NumPy's loops without a path; the gradients beside those of the sum of products in the same loops."""
    random = np.random.default_rng(2)
    xs = [random.normal(size=shape) for shape in shapes]
    expected = np.einsum(subscripts, *xs)
    weights = random.normal(size=np.shape(expected))
    for optimize in (False, True, "optimal"):
        variables = [Variable(x) for x in xs]
        with GradientTape() as tape:
            y = np.einsum(subscripts, *variables, optimize=optimize)
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-11, atol=1e-11)
        found = tape.gradient(y, variables, output_gradients=weights)
        for i, (x, g) in enumerate(zip(xs, found, strict=True)):
            way = random.normal(size=x.shape)  # linear in each operand: the derivative along a way is the value there
            moved = np.sum(np.einsum(subscripts, *xs[:i], way, *xs[i + 1 :]) * weights)
            if subscripts.count("ii") == 0:
                np.testing.assert_allclose(np.sum(g.numpy() * way), moved, rtol=1e-10, atol=1e-10)


def test_many_operands_are_multiplied_by_pairs() -> None:
    """Four operands of 30^3: all at once would be 30^6 products for each, two at a time are 3 x 30^5."""
    a, b, c, d = (Variable(np.full((30, 30, 30), 1.0)) for _ in range(4))
    with GradientTape() as tape:
        y = np.einsum("abc,cde,efa,bdf->", a, b, c, d)
        assert len(tape.records) == 3
    assert y.numpy() == 30**6
    assert (tape.gradient(y, d).numpy() == 30**3).all()
