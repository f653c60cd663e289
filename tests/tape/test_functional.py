"""grad, value_and_grad, jacobian, hessian, hvp, jvp of Python functions; their arguments in any `nest`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import GradientTape, Tensor, Variable, constant
from gradcalc.tape import nest

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


# -- forms inside forms ------------------------------------------------------------------------------------------------


INNER: dict[str, tuple[Callable[[Any], Any], float, int]] = {
    "grad": (lambda x: gradcalc.grad(lambda y: x * y**2)(2.0), 4, 1),
    "value_and_grad": (lambda x: np.multiply(*gradcalc.value_and_grad(lambda y: x * y**2)(2.0)), 16, 2),
    "jvp": (lambda x: gradcalc.jvp(lambda y: x * y**2)(2.0, 3.0), 12, 1),
    "jvp along x": (lambda x: gradcalc.jvp(lambda y: y**2)(2.0, x), 4, 1),
    "jacobian": (lambda x: np.sum(gradcalc.jacobian(lambda y: x * y**2)(np.array([1.0, 2.0]))), 6, 1),
    "hessian": (lambda x: np.sum(gradcalc.hessian(lambda y: np.sum(x * y**3))(np.array([1.0, 2.0]))), 18, 1),
    "hvp": (lambda x: gradcalc.hvp(lambda y: x * y**3)(2.0, 5.0), 60, 1),
    "grad of grad": (lambda x: gradcalc.grad(gradcalc.grad(lambda y: x * y**3))(2.0), 12, 1),
    "grad with aux": (lambda x: gradcalc.grad(lambda y: (y, x * y), has_aux=True)(2.0)[1], 2, 1),
    "in a list": (lambda x: gradcalc.grad(lambda y: x * y[0] * y[1]["k"])([2.0, {"k": 5.0}])[1]["k"], 2, 1),
    "two closures": (lambda x: gradcalc.grad(lambda y: x * y * gradcalc.grad(lambda z: x * z * y)(3.0))(2.0), 4, 2),
    "tape": (lambda x: _by_tape(lambda y: x * y**2, 2.0), 4, 1),
}
"""Of each, a function of x that comes to c * x**k, by a derivative at plain numbers inside; c and k."""


def _by_tape(f: Callable[[Any], Any], at: float) -> Any:
    y = constant(at)
    with GradientTape() as tape:
        tape.watch(y)
        z = f(y)
    return tape.gradient(z, y)


@gradcalc.custom_gradient
def _tripled(x: Any) -> Any:
    return gradcalc.grad(lambda y: x * y**2)(1.5), lambda g: 3 * g


OUTER: dict[str, tuple[int, Callable[[Callable[[Any], Any], float], Any]]] = {
    "grad": (1, lambda f, x: gradcalc.grad(f)(x)),
    "value_and_grad": (1, lambda f, x: gradcalc.value_and_grad(f)(x)[1]),
    "jvp": (1, lambda f, x: gradcalc.jvp(f)(x, 1.0)),
    "jacobian": (1, lambda f, x: gradcalc.jacobian(f)(x)),
    "tape": (1, _by_tape),
    "hessian": (2, lambda f, x: gradcalc.hessian(f)(x)),
    "hvp": (2, lambda f, x: gradcalc.hvp(f)(x, 1.0)),
    "tape over tape": (2, lambda f, x: _by_tape(lambda z: gradcalc.grad(f)(z), x)),
}


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INNER)
def test_a_form_at_plain_numbers_keeps_the_outer_derivative(inner: str, outer: str) -> None:
    (f, c, k), (order, derive) = INNER[inner], OUTER[outer]
    right = c * (k + 1) * 3.0**k if order == 1 else c * (k + 1) * k * 3.0 ** (k - 1)
    assert float(derive(lambda x: x * f(x), 3.0)) == pytest.approx(right, rel=1e-14)


def test_forms_inside_rules_of_ones_own_and_cuts() -> None:
    assert gradcalc.grad(lambda x: x * _tripled(x))(3.0) == 9 + 9
    assert gradcalc.grad(lambda x: gradcalc.grad(lambda y: x * y)(1.0) * gradcalc.stop_gradient(x))(3.0) == 3.0


def test_where_a_tape_is_live_the_answer_is_a_tensor() -> None:
    with GradientTape():
        assert isinstance(gradcalc.grad(lambda x: x * x)(3.0), Tensor)
    assert type(gradcalc.grad(lambda x: x * x)(3.0)) is np.float64


# -- structures, and what else the function returns --------------------------------------------------------------------


POINT = {"p": 2.0, "q": np.array([1.0, 3.0])}


def plain(structure: Any) -> Any:
    """Arrays as lists."""
    return nest.apply(lambda x: np.asarray(x).tolist(), structure)


def test_jacobian_of_structures() -> None:
    found = gradcalc.jacobian(lambda x: {"a": x["p"] * x["q"], "b": [x["p"] ** 2, (np.sum(x["q"]), 1.0)]})(POINT)
    assert plain(found) == {
        "a": {"p": [1.0, 3.0], "q": [[2.0, 0.0], [0.0, 2.0]]},
        "b": [{"p": 4.0, "q": [0.0, 0.0]}, ({"p": 0.0, "q": [1.0, 1.0]}, {"p": 0.0, "q": [0.0, 0.0]})],
    }
    by_both = gradcalc.jacobian(lambda a, b: (a * b, b), argnums=(0, 1))(2.0, 3.0)
    assert plain(by_both) == ((3.0, 2.0), (0.0, 1.0))


def test_hessian_of_structures() -> None:
    found = gradcalc.hessian(lambda x: np.sum(x["p"] ** 2 * x["q"]))(POINT)
    assert plain(found) == {
        "p": {"p": 8.0, "q": [4.0, 4.0]},
        "q": {"p": [4.0, 4.0], "q": [[0.0, 0.0], [0.0, 0.0]]},
    }
    by_both = gradcalc.hessian(lambda a, b: np.sum(a * b**2), argnums=(0, 1))(2.0, np.array([1.0, 3.0]))
    assert plain(by_both) == ((0.0, [2.0, 6.0]), ([2.0, 6.0], [[4.0, 0.0], [0.0, 4.0]]))


def test_products_with_vectors_of_structures() -> None:
    along = {"q": np.array([10.0, 100.0]), "p": 1.0}  # in another order than the point
    found = gradcalc.jvp(lambda x: (x["p"] * x["q"], {"n": 7, "sum": np.sum(x["q"])}))(POINT, along)
    assert plain(found) == ([21.0, 203.0], {"n": 0, "sum": 110.0})
    assert plain(gradcalc.hvp(lambda x: np.sum(x["p"] ** 2 * x["q"]))(POINT, along)) == {"p": 448.0, "q": [4.0, 4.0]}
    assert gradcalc.jvp(lambda a, b: a * b, argnums=(0, 1))(2.0, 3.0, (1.0, 10.0)) == 23.0
    assert gradcalc.hvp(lambda a, b: a**2 * b, argnums=(0, 1))(2.0, 3.0, (1.0, 10.0)) == (46.0, 4.0)


def test_what_else_the_function_returns() -> None:
    def f(x: Any) -> Any:
        return x**3, {"twice": 2 * x, "name": "cubic", "none": None}

    aux = {"twice": 6.0, "name": "cubic", "none": None}
    assert gradcalc.grad(f, has_aux=True)(3.0) == (27.0, aux)
    assert gradcalc.value_and_grad(f, has_aux=True)(3.0) == ((27.0, aux), 27.0)
    assert gradcalc.jacobian(f, has_aux=True)(3.0) == (27.0, aux)
    assert gradcalc.hessian(f, has_aux=True)(3.0) == (18.0, aux)
    assert isinstance(gradcalc.grad(f, has_aux=True)(constant(3.0))[1]["twice"], Tensor)
    with pytest.raises(TypeError, match="has_aux=True: the function must return a pair"):
        gradcalc.grad(lambda x: x, has_aux=True)(3.0)
