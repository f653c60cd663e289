"""grad, value_and_grad, jacobian, hessian, hvp, jvp of Python functions; their arguments in any `nest`."""

from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import Tensor, Variable, constant

X = np.array([0.5, -1.0, 2.0])
A = np.arange(6.0).reshape(2, 3)


def cubic(x: Any) -> Any:
    return np.sum(x**3) + x[0] * x[1]


HESSIAN = np.diag(6 * X) + np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_grad_and_value() -> None:
    value, gradient = gradcalc.value_and_grad(cubic)(X)
    assert type(gradient) is np.ndarray
    np.testing.assert_allclose(gradient, 3 * X**2 + [-1.0, 0.5, 0.0], rtol=1e-15)
    np.testing.assert_array_equal(gradcalc.grad(cubic)(X), gradient)
    assert value == (X**3).sum() - 0.5


def test_plain_in_plain_out_tensor_in_tensor_out() -> None:
    assert type(gradcalc.grad(lambda x: x * x)(3.0)) is np.float64
    assert isinstance(gradcalc.grad(lambda x: x * x)(constant(3.0)), Tensor)
    assert gradcalc.grad(lambda x: x * x)(3) == 6.0


def test_argnums_and_structures() -> None:
    def f(a: Any, p: Any, b: Any) -> Any:
        return a * p["w"] ** 2 * b + p["list"][0]

    point = (2.0, {"w": 3.0, "list": [1.0]}, 5.0)
    assert gradcalc.grad(f, argnums=1)(*point) == {"w": 60.0, "list": [1.0]}
    assert gradcalc.grad(f, argnums=(0, 2))(*point) == (45.0, 18.0)


def test_the_same_tensor_as_two_arguments() -> None:
    x = constant(3.0)
    assert gradcalc.grad(lambda a, b: a * b**2)(x, x).numpy() == 9.0


def test_forms_nest() -> None:
    f = gradcalc.grad(gradcalc.grad(gradcalc.grad(lambda x: x**4)))
    assert f(2.0) == 48.0
    inner = gradcalc.grad(lambda x: x * gradcalc.grad(lambda y: x + y)(1.0))
    assert inner(1.0) == 1.0


def test_an_outer_tape_records_through_grad() -> None:
    v = Variable(2.0)
    with gradcalc.GradientTape() as tape:
        g = gradcalc.grad(lambda x: x**3)(v)
    assert tape.gradient(g, v).numpy() == 12.0


def test_what_the_function_does_not_depend_on() -> None:
    assert gradcalc.grad(lambda x: 3.0)(1.0) == 0.0
    assert gradcalc.jacobian(lambda x: np.ones(2))(X).tolist() == np.zeros((2, 3)).tolist()
    assert gradcalc.hessian(lambda x: np.sum(2 * x))(X).tolist() == np.zeros((3, 3)).tolist()


def test_grad_needs_a_scalar() -> None:
    with pytest.raises(TypeError, match=r"its result has shape \(3,\): use jacobian, or sum it"):
        gradcalc.grad(lambda x: x * 2)(X)
    with pytest.raises(TypeError, match="its result is a list"):
        gradcalc.grad(lambda x: [x, x])(1.0)


def test_jacobian() -> None:
    np.testing.assert_array_equal(gradcalc.jacobian(lambda x: A @ x)(X), A)
    by_a, by_x = gradcalc.jacobian(lambda a, x: a @ x, argnums=(0, 1))(A, X)
    np.testing.assert_array_equal(by_x, A)
    np.testing.assert_array_equal(by_a, np.einsum("ij,k->ijk", np.eye(2), X))


def test_hessian_and_hvp() -> None:
    v = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(gradcalc.hessian(cubic)(X), HESSIAN, rtol=1e-15)
    np.testing.assert_allclose(gradcalc.hvp(cubic)(X, v), HESSIAN @ v, rtol=1e-15)
    np.testing.assert_allclose(
        gradcalc.hvp(lambda a, x: a * cubic(x), argnums=1)(2.0, X, v), 2 * HESSIAN @ v, rtol=1e-15
    )


def test_jvp() -> None:
    v = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(gradcalc.jvp(lambda x: A @ np.sin(x))(X, v), A @ (np.cos(X) * v), rtol=1e-15)
    np.testing.assert_array_equal(gradcalc.jvp(lambda x: np.ones(2))(X, v), [0, 0])
    second = gradcalc.jvp(gradcalc.jvp(np.sin))
    assert second(0.5, 1.0, 1.0) == pytest.approx(-np.sin(0.5), rel=1e-15)
