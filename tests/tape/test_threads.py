"""Small products take one thread of OpenBLAS: which do, what is asked and set, and that results and errors pass."""

from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.tape import threads


class Library:
    """Stands for OpenBLAS: tells a number of threads, and notes those it is given."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.given: list[int] = []

    def put(self, count: int) -> None:
        self.count = count
        self.given.append(count)


def library(monkeypatch: pytest.MonkeyPatch, count: int = 4) -> Library:
    found = Library(count)
    monkeypatch.setattr(threads, "_switch", lambda: (lambda: found.count, found.put))
    return found


SIZES: list[tuple[Any, int, bool]] = [
    (lambda x: x @ x, 64, False), (lambda x: x @ x, 100, True), (lambda x: x @ x, 200, False),
    (lambda x: x @ x[0], 100, False), (lambda x: np.einsum("ij,kj->ik", x, x), 100, True),
    (np.linalg.inv, 20, False), (np.linalg.inv, 40, True), (np.linalg.svd, 40, True), (np.linalg.det, 40, True),
    (np.linalg.inv, 170, False),
]  # fmt: skip


@pytest.mark.parametrize(("function", "n", "small"), SIZES)
def test_small_products_and_decompositions_take_one_thread(
    monkeypatch: pytest.MonkeyPatch, function: Any, n: int, small: bool
) -> None:
    found = library(monkeypatch)
    x = np.eye(n) + 0.01 * np.arange(n)
    y = function(gradcalc.constant(x))
    assert found.given == ([1, 4] if small else [])
    expected = function(x)
    for one, other in zip(*((v if isinstance(v, tuple) else (v,)) for v in (y, expected)), strict=True):
        np.testing.assert_allclose(one.numpy(), other, rtol=1e-9, atol=1e-9)


def test_a_sweep_of_small_values_takes_one_thread_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for n, given in ((50, [1, 4]), (200, [])):
        x = gradcalc.Variable(np.eye(n))
        with gradcalc.GradientTape() as tape:
            y = np.sum((x + x) * x)
        found = library(monkeypatch)
        assert np.sum(tape.gradient(y, x)) == 4 * n
        assert found.given == given


def test_one_thread_is_left_as_it_is_and_errors_give_the_others_back(monkeypatch: pytest.MonkeyPatch) -> None:
    single = library(monkeypatch, 1)
    assert threads.alone(lambda x: x + 1, 2) == 3 and single.given == []
    several = library(monkeypatch, 3)
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.inv(gradcalc.constant(np.zeros((40, 40))))
    assert several.given == [1, 3]


def test_without_threadpoolctl_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(threads, "import_module", missing)
    assert threads._switch.__wrapped__() is None
    monkeypatch.setattr(threads, "_switch", lambda: None)
    assert threads.alone(lambda x: x + 1, 2) == 3


def test_threadpoolctl_finds_the_library_of_numpy() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")
    found = threads._switch.__wrapped__()
    if found is None:
        pytest.skip("NumPy has no OpenBLAS here")
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        assert found[0]() == 1
