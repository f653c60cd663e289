"""Many adjoints in one sweep: the values of one sweep for each, whatever the function is made of."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import GradientTape, Tensor, constant
from gradcalc.tape import tape as sweeps
from gradcalc.tape.batch import Batch
from tests.tape.programs import program

RNG = np.random.default_rng(3)
V, M, R, B = RNG.normal(size=5), RNG.normal(size=(3, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=(2, 3, 3))
SPD = M @ M.T + 3 * np.eye(3)


@gradcalc.custom_gradient
def squared(x: Any) -> Any:
    return x**2, lambda g: 2 * x * g


@gradcalc.custom_gradient
def asking(x: Any) -> Any:
    """Its gradient function looks at numbers, and clips by the norm."""
    return x**2, lambda g: 2 * x * g if float(np.sum(np.abs(g.numpy()))) < 100 else g


@gradcalc.custom_gradient
def several(x: Any) -> Any:
    return (x**2, {"k": 3 * x}), lambda g, h: 2 * x * g + 3 * h


@gradcalc.custom_gradient
def clipped(x: Any) -> Any:
    """Not linear in its adjoint."""
    return x**2, lambda g: 2 * x * g / (1 + np.linalg.norm(g))


CASES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "elementwise, broadcast": (lambda x: np.sin(x) * np.sum(x) + x[0] / (x[:, None] ** 2 + 1), V),
    "where": (lambda x: np.where(x > 0, np.sqrt(np.abs(x)), x**2), R),
    "basic indices": (lambda x: x[1:, None, ..., ::2] * x[0, 0], R),
    "arrays as indices": (lambda x: x[[0, 0, 2], [1, 1, 2]] + x[:, [0, 0, 1]], M),
    "arrays with a slice between": (lambda x: x[0, :, [0, 1]], B),
    "a mask": (lambda x: x[R > 0] ** 2, R),
    "joins": (lambda x: np.concatenate([np.stack([x, 2 * x], axis=-1).reshape(4, -1), x], axis=1), R),
    "moves": (lambda x: np.pad(np.roll(np.tile(np.sort(x, axis=0), 2), 1, axis=1), 1), R),
    "sums": (lambda x: np.mean(x, axis=0) * np.sum(x, axis=-1, keepdims=True) + np.cumsum(x, axis=1), R),
    "reductions": (lambda x: np.max(x, axis=0) + np.prod(x, axis=0) + np.std(x, axis=0), R),
    "softmax": (lambda x: gradcalc.softmax(x) + gradcalc.logsumexp(x, -1, True), R),
    "cumprod": (lambda x: np.cumprod(x), V),
    "matrices": (lambda x: x @ M @ x.mT + x[0], B),
    "vectors": (lambda x: (M @ x) * (x @ M) + x @ x, V[:3]),
    "einsum": (lambda x: np.einsum("bij,bjk,ik->bj", x, x, x[0]), B),
    "solve": (lambda x: np.linalg.solve(x, x[:, 0]) + np.linalg.solve(SPD, x)[0], SPD),
    "solve stacks": (lambda x: np.linalg.solve(x + 9 * np.eye(3), M), B),
    "inverse, determinant": (lambda x: np.linalg.inv(x) * np.linalg.det(x), SPD),
    "eigh": (lambda x: np.ravel(np.linalg.eigh(x)[1]) * np.linalg.eigh(x)[0][0], SPD),
    "svd": (lambda x: np.linalg.svd(x, full_matrices=False)[0], R),
    "convolve": (lambda x: np.convolve(x, x[:3]), V),
    "multi_dot": (lambda x: np.linalg.multi_dot([x, x.T, x]), R),
    "cast": (lambda x: np.sin(x.astype(np.float32)), R),
    "stop_gradient": (lambda x: x * gradcalc.stop_gradient(x), R),
    "a rule of one's own": (squared, R),
    "a rule that asks for numbers": (asking, R),
    "a rule of several results": (lambda x: several(x)[0] * several(x)[1]["k"], R),
    "a rule that is not linear": (clipped, R),
    "one element": (lambda x: np.sum(x**2), V),
    "no element": (lambda x: x[:0], V),
}


def both(f: Callable[[Any], Any], at: Any) -> tuple[Any, Any]:
    """The Jacobian by sweeps together, and by one for each."""
    x = constant(at)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = f(x)
    together, each = (tape.jacobian(y, x, experimental_use_pfor=way) for way in (True, False))
    assert together.dtype == each.dtype == x.dtype
    return together, each


@pytest.mark.parametrize("name", CASES)
def test_together_as_one_by_one(name: str) -> None:
    f, at = CASES[name]
    together, each = both(f, at)
    np.testing.assert_allclose(together.numpy(), each.numpy(), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in CASES if name != "a rule that is not linear"])
def test_outer_tapes_record_what_goes_together(name: str) -> None:
    f, at = CASES[name]
    x = constant(at)
    found = []
    for way in (True, False):
        with GradientTape() as outer:
            outer.watch(x)
            with GradientTape() as inner:
                inner.watch(x)
                y = f(x)
            j = inner.jacobian(y, x, experimental_use_pfor=way)
            z = np.sum(np.sin(j))
        found.append(outer.gradient(z, x, unconnected_gradients="zero").numpy())
    np.testing.assert_allclose(*found, rtol=1e-12, atol=1e-12)


def agree_of_program(seed: int) -> None:
    """Compare the Jacobians of a random program taken together and one by one."""
    inputs, steps = program(np.random.default_rng(seed))
    xs = [constant(a) for a in inputs]
    with GradientTape(persistent=True) as tape:
        tape.watch(xs)
        pool: list[Any] = list(xs)
        for step in steps:
            pool.append(step(pool))
        y = np.concatenate([np.ravel(np.sin(v)) for v in pool[-3:]])
    together, each = (tape.jacobian(y, xs, "zero", None, way) for way in (True, False))
    for a, b in zip(together, each, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12, atol=1e-12, err_msg=str(seed))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_random_programs() -> None:
    for seed in range(60):
        agree_of_program(seed)


def test_one_sweep_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    @gradcalc.custom_gradient
    def counted(x: Any) -> Any:
        def rule(g: Any) -> Any:
            calls.append(g)
            return 2 * x * g

        return x**2, rule

    x = np.arange(10.0)
    right = np.diag(2 * x)
    np.testing.assert_array_equal(gradcalc.jacobian(counted)(x), right)
    assert len(calls) == 1
    monkeypatch.setattr(sweeps, "_ROOM", 40)  # four at a time
    np.testing.assert_array_equal(gradcalc.jacobian(counted)(x), right)
    assert len(calls) == 1 + 3


@pytest.mark.parametrize(
    ("function", "at"),
    [
        (lambda x: np.linalg.svd(x, full_matrices=False)[0], B[:, :, :2]),
        (lambda x: np.linalg.svd(x)[2], R),
        (lambda x: np.linalg.eigh(x.mT @ x)[1] ** 2, B),
        (lambda x: np.linalg.svd(x, compute_uv=False), M),
        (lambda x: np.linalg.norm(x, "nuc"), M),
    ],
)
def test_matrices_whose_values_differ_are_decomposed_once_for_many(
    function: Callable[[Any], Any], at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = constant(at)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = function(x)
    right = tape.jacobian(y, x, "zero", None, False).numpy()
    monkeypatch.delattr(Batch, "apart")  # nothing goes one by one
    np.testing.assert_allclose(tape.jacobian(y, x).numpy(), right, rtol=1e-11, atol=1e-11)


def test_matrices_with_equal_values_have_the_gradients_of_one_by_one() -> None:
    equal = np.diag([1.0, 1.0, 2.0])
    np.testing.assert_array_equal(gradcalc.jacobian(np.linalg.eigvalsh)(equal), [np.diag(row) for row in np.eye(3)])
    assert np.isnan(gradcalc.jacobian(lambda x: np.linalg.eigh(x)[1])(equal)).any()


def test_rows_of_a_batch() -> None:
    x = constant(RNG.normal(size=(4, 3)))
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = np.tanh(x @ M)[:, :2]
    whole = tape.jacobian(y, x).numpy()
    for way in (True, False):
        rows = tape.batch_jacobian(y, x, experimental_use_pfor=way).numpy()
        np.testing.assert_allclose(rows, np.einsum("iaib->iab", whole), rtol=1e-15)


def test_rows_of_a_target_that_does_not_depend_are_zeros() -> None:
    x, z = constant(np.ones((4, 3))), constant(np.ones((4, 2)))
    with GradientTape(persistent=True) as tape:
        tape.watch([x, z])
        y = z * 3
    for unconnected in ("none", "zero"):
        rows = tape.batch_jacobian(y, x, unconnected_gradients=unconnected)
        assert rows.shape == (4, 2, 3) and not rows.numpy().any()
    assert tape.jacobian(y, x) is None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", [12, 28, 43])  # a quotient that is broadcast, under a kink
def test_a_rule_of_an_elementwise_op_that_asks_for_numbers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    quotient = Tensor.__truediv__

    def asking_quotient(self: Tensor, other: Any) -> Any:
        assert self.array is not None
        return quotient(self, other)

    monkeypatch.setattr(Tensor, "__truediv__", asking_quotient)
    agree_of_program(seed)
