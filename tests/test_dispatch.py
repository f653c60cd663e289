"""`gradcalc.grad`, `hessian` and `jacobian`: of a function a function, of a formula the report."""

import pickle
import subprocess
import sys

import pytest

import gradcalc
from gradcalc.language.parse import parse


def test_of_a_function_it_is_a_function() -> None:
    assert gradcalc.grad(lambda x: x**3)(2.0) == 12.0
    assert gradcalc.grad(lambda x, y: x * y, argnums=1)(2.0, 5.0) == 2.0
    assert gradcalc.grad(function=lambda x: x**2)(3.0) == 6.0
    assert gradcalc.hessian(lambda x: x**3)(2.0) == 12.0
    assert gradcalc.jacobian(lambda x: x**3)(2.0) == 12.0


def test_of_a_formula_it_is_the_report() -> None:
    assert gradcalc.grad("x^2*y", at={"x": 3, "y": 1}, symbolic=False).gradient == {"x": 6.0, "y": 9.0}
    assert gradcalc.grad("x^2*y", {"x": 3, "y": 1}, wrt="y", symbolic=False).gradient == {"y": 9.0}
    assert gradcalc.grad(expression="x^2", symbolic=False).formulas == {"x": "2*x"}
    assert gradcalc.hessian("x^3", at={"x": 2}, symbolic=False).hessian == [[12.0]]
    assert gradcalc.jacobian("[x^3, x]", at={"x": 2}, symbolic=False).jacobian == [[12.0], [1.0]]
    found = gradcalc.hessian("x^2*y").to_dict()
    assert found["command"] == "hessian" and found["hessian_formulas"] == [["2*y", "2*x"], ["2*x", "0"]]


def test_graphs_and_sympys_expressions_are_formulas() -> None:
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x")
    assert gradcalc.grad(x, {"x": 2}).gradient == {"x": 1.0}
    assert gradcalc.jacobian(sympy.Matrix([x, x**2]), {"x": 2}, symbolic=False).jacobian == [[1.0], [4.0]]
    assert gradcalc.grad(sympy.sin(x)).formulas == {"x": "cos(x)"}
    assert gradcalc.grad(parse("x**2").graph, {"x": 2}, symbolic=False).gradient == {"x": 4.0}


def test_a_wrong_argument_is_told_as_before() -> None:
    with pytest.raises(gradcalc.ExpressionError):
        gradcalc.grad("x +", at={"x": 1})
    with pytest.raises(gradcalc.UsageError, match="no value for y"):
        gradcalc.grad("x*y", at={"x": 1})


def test_they_pickle_and_a_formula_needs_no_numpy() -> None:
    assert pickle.loads(pickle.dumps(gradcalc.grad)) is gradcalc.grad
    code = "import sys, gradcalc; gradcalc.grad('x^2', {'x': 1}, symbolic=False); assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
