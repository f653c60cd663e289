"""gradcheck: right gradients pass, wrong ones and kinks do not."""

import re
from typing import Any

import numpy as np
import pytest

from gradcalc import custom_gradient, gradcheck, stop_gradient

RIGHT = [
    (lambda x: np.sin(x) * np.exp(x), np.array([0.3, -1.0, 2.0])),
    (lambda x: 3 * x, 2.0),
    (lambda x: x**2, 2.0),
    (lambda x, y: np.tanh(x @ y), (np.ones((2, 3)) / 3, np.arange(3.0))),
    (lambda x: 1e12 * x**3, np.array([1e-3])),
    (lambda x: np.log(x) * 1e-9, np.array([5.0, 6.0])),
    (lambda x: np.cos(1000 * x), np.array(0.7)),
    (lambda x: np.abs(x) ** 3, np.array(1.0)),
]


@pytest.mark.parametrize("number", range(len(RIGHT)))
def test_right_gradients_pass(number: int) -> None:
    function, point = RIGHT[number]
    verdict = gradcheck(function, point)
    assert verdict, verdict
    assert "WRONG" not in str(verdict)


def wrong_by(factor: float) -> Any:
    @custom_gradient
    def function(x: Any) -> Any:
        return np.sin(x), lambda g: g * np.cos(x) * factor

    return function


@pytest.mark.parametrize("factor", [0.0, -1.0, 2.0, 1.01, 1 + 1e-4, 1 + 1e-6])
def test_wrong_gradients_fail(factor: float) -> None:
    verdict = gradcheck(wrong_by(factor), np.array([0.3, 1.1]), order=1)
    assert not verdict
    assert re.search(r"falls like h\*\*(0\.9|1\.0)\d, at least h\*\*2 expected: WRONG", str(verdict))


def test_a_forgotten_part_fails() -> None:
    assert not gradcheck(lambda x: x * stop_gradient(x), 2.0)


def test_a_wrong_second_derivative_fails_alone() -> None:
    @custom_gradient
    def square(x: Any) -> Any:
        return x * x * x, lambda g: g * 3 * stop_gradient(x * x)

    assert gradcheck(square, 2.0, order=1)
    verdict = gradcheck(square, 2.0, order=2)
    assert [test.ok for test in verdict.tests[:2]] == [True, False]
    assert "second derivative: the remainder falls like h**2.0" in str(verdict)


def test_a_kink_fails() -> None:
    assert not gradcheck(lambda x: np.abs(x), 0.0)


def test_the_order_is_1_or_2() -> None:
    with pytest.raises(ValueError, match="order must be 1 or 2, not 3"):
        gradcheck(np.sin, 1.0, order=3)


SPD = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])


def test_functions_of_one_triangle_are_tried_in_symmetric_directions() -> None:
    for function in (
        np.linalg.cholesky,
        lambda x: np.linalg.cholesky(x, upper=True),
        np.linalg.eigvalsh,
        lambda x: np.linalg.eigh(x).eigenvectors ** 2,
        lambda x: np.linalg.cholesky(np.stack([x, 2 * x])) @ x,
    ):
        verdict = gradcheck(function, SPD)
        assert verdict, verdict


def test_a_wrong_gradient_at_a_symmetric_matrix_is_found() -> None:
    weights = np.arange(9.0).reshape(3, 3)

    @custom_gradient
    def symmetrized(x: Any) -> Any:
        return np.sum(x * weights), lambda upstream: upstream * (weights + weights.T) / 2

    @custom_gradient
    def too_large(x: Any) -> Any:
        return np.linalg.cholesky(x)[0, 0], lambda upstream: upstream * np.eye(3)

    assert not gradcheck(symmetrized, SPD)
    assert not gradcheck(too_large, SPD)
