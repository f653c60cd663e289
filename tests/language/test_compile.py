"""From a formula to native code: variables, arrays and their shapes, names to differentiate for, what is refused."""

from typing import Any

import numpy as np
import pytest
import sympy

import gradcalc


def test_array_variables() -> None:
    kernel = gradcalc.compile("sum(A @ x) * y", wrt="x,y", order=2, shapes={"A": (2, 3), "x": 3})
    chance = np.random.default_rng(7)
    matrix, vectors, y = chance.normal(size=(2, 3)), chance.normal(size=(3, 21)), chance.normal(size=21)
    batch = kernel(A=matrix, x=vectors, y=y)
    np.testing.assert_allclose(batch.value, (matrix @ vectors).sum(0) * y, rtol=1e-13)
    np.testing.assert_allclose(batch.gradient[:3], matrix.sum(0)[:, None] * y, rtol=1e-13)
    np.testing.assert_allclose(batch.hessian[3, :3], np.repeat(matrix.sum(0)[:, None], 21, axis=1), rtol=1e-13)
    assert kernel.wrt == ["x[0]", "x[1]", "x[2]", "y"]
    alone = kernel(A=matrix, x=vectors[:, 4], y=y[4])
    np.testing.assert_array_equal(alone.gradient, batch.gradient[:, 4:5])
    numbers = np.concatenate([matrix.ravel(), vectors[:, 4], y[4:5]])
    assert kernel.at(numbers).tolist() == kernel.point(*numbers.tolist()) == [alone.value[0], *kernel.at(numbers)[1:]]
    np.testing.assert_allclose(kernel.sum(A=matrix, x=vectors, y=y).gradient, batch.gradient.sum(1), rtol=1e-13)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": [1.0, 2.0]}, "x is of shape (2,): (3,), or with an axis more for the rows"),
        ({"x": np.ones((4, 3))}, "x is of shape (4, 3): (3,), or with an axis more for the rows"),
        ({"x[0]": 1.0}, "the formula does not contain x[0]"),
    ],
)
def test_arrays_that_do_not_fit(given: dict[str, Any], message: str) -> None:
    with pytest.raises(gradcalc.UsageError) as caught:
        gradcalc.compile("sum(x)", shapes={"x": 3})(**given)
    assert message in str(caught.value)
    with pytest.raises(gradcalc.UsageError, match="the formula does not contain y"):
        gradcalc.compile("sum(x)", shapes={"x": 3, "y": 2})
    for shape in (-1, (2, -1), 2.5, None, "3"):
        with pytest.raises(gradcalc.UsageError, match="the shape of x is"):
            gradcalc.compile("sum(x)", shapes={"x": shape})
    assert gradcalc.compile("sum(x)", shapes={"x": np.int64(2)}).names == ["x[0]", "x[1]"]


def test_a_kernel_shows_its_variables_and_sympy_s_stand_by_the_alphabet() -> None:
    assert repr(gradcalc.compile("y*x", wrt="x")) == "Kernel(y, x; wrt x; order 1)"
    x, y = sympy.symbols("x y")
    assert gradcalc.compile(sympy.sin(x) * sympy.exp(-(y**2))).names == ["x", "y"]
    for odd in (sympy.Function("g")(x), sympy.Matrix([x, y])):
        with pytest.raises(gradcalc.GradcalcError):
            gradcalc.compile(odd)


def test_a_variable_of_any_name() -> None:
    assert gradcalc.compile("self*given").sum(self=2.0, given=3.0).value == 6.0
    assert gradcalc.compile("self*columns")(self=2.0, columns=3.0).value.tolist() == [6.0]


def test_names_to_differentiate_for_from_an_iterator() -> None:
    names: Any = iter(["y", "x"])
    np.testing.assert_array_equal(gradcalc.compile("x**2*y", wrt=names)(x=3.0, y=1.0).gradient, [[9.0], [6.0]])


def test_a_name_that_is_repeated_is_refused() -> None:
    with pytest.raises(gradcalc.UsageError, match="x"):
        gradcalc.compile("x**2*y", wrt=["x", "x"], order=2)


def test_what_cannot_be_compiled() -> None:
    with pytest.raises(gradcalc.UsageError, match="order is 3"):
        gradcalc.compile("x", order=3)
    with pytest.raises(gradcalc.UsageError, match="the formula does not contain z"):
        gradcalc.compile("x", wrt=["z"])
    with pytest.raises(gradcalc.ExpressionError):
        gradcalc.compile("x +")
    with pytest.raises(gradcalc.UsageError, match="wrt holds an empty name"):
        gradcalc.compile("x", wrt="")
    with pytest.raises(gradcalc.UsageError, match="the formula does not contain k, which let gives"):
        gradcalc.compile("x", let={"k": 2})


def test_names_are_those_of_columns_not_products_of_a_book() -> None:
    assert gradcalc.compile("f + gy").wrt == ["f", "gy"]
