"""Matrices and derivatives of vectors in a formula: their values beside SymPy's, and what is refused."""

import itertools
from typing import Any

import mpmath
import pytest
import sympy

from gradcalc import GradcalcError, compile, differentiate
from gradcalc.graph.graph import Graph
from gradcalc.language import matrices
from gradcalc.language.parse import parse

x, y, z = sympy.symbols("x y z", real=True)
AT = {"x": 2, "y": 3, "z": 5}


def digits(text: str, at: dict[str, Any]) -> tuple[str, list[str]]:
    """The value of a formula and its gradient, to 40 certified digits; 0 where nothing but a bound is known."""
    point = differentiate(text, at, symbolic=False, digits=40).points[0]
    bounds = sum("where a double can only be 0" in note.message for note in point.notes)
    numbers = [entry.certified for entry in (point.value, *point.gradient)]
    assert numbers.count(None) == bounds
    value, *gradient = [proof.value if proof else "0" for proof in numbers]
    return value, gradient


def same(text: str, right: Any) -> bool:
    """Whether 40 digits are those of an expression of SymPy."""
    with mpmath.workdps(60):
        exact = mpmath.mpf(str(sympy.N(right, 60)))
        return bool(abs(mpmath.mpf(text) - exact) <= mpmath.mpf(10) ** -39 * max(abs(exact), mpmath.mpf(10) ** -400))


A = "[[x, 2, sin(y)], [3, y, z], [x*y, 1, exp(x/9)]]"
M = sympy.Matrix([[x, 2, sympy.sin(y)], [3, y, z], [x * y, 1, sympy.exp(x / 9)]])
F, G = sympy.Matrix([y * z, x * z**2, x * y * sympy.sin(x)]), x**2 * y**3 + sympy.exp(x * z) / (1 + y)
FIELD, SCALAR = "[y*z, x*z^2, x*y*sin(x)]", "(x^2*y^3 + exp(x*z)/(1 + y))"
CURL = sympy.Matrix([F[2].diff(y) - F[1].diff(z), F[0].diff(z) - F[2].diff(x), F[1].diff(x) - F[0].diff(y)])
U, V = sympy.Matrix([x, y**2, 1]), sympy.Matrix([z, 2, x * y])

VALUES = {
    f"det({A})": M.det(),
    f"det({A} @ {A})": M.det() ** 2,
    f"inv({A})[0, 2]": M.inv()[0, 2],
    f"inv({A})[2, 1]": M.inv()[2, 1],
    f"trace(inv({A}))": M.inv().trace(),
    f"sum((inv({A}) @ {A})^2)": sympy.Integer(3),
    "inv([[x]])[0, 0]": 1 / x,
    "det([[x]])": x,
    f"trace({A})": M.trace(),
    "cross([x, y^2, 1], [z, 2, x*y])[0]": U.cross(V)[0],
    "dot(cross([x, y^2, 1], [z, 2, x*y]), [1, x, z])": U.cross(V).dot(sympy.Matrix([1, x, z])),
    "outer([x, y^2, 1], [z, 2])[1, 0]": y**2 * z,
    "outer([[x, y^2], [1, z]], [z, 2])[3, 1]": 2 * z,
    "softmax([x, y, z])[1]": sympy.exp(y) / (sympy.exp(x) + sympy.exp(y) + sympy.exp(z)),
    "transpose([[x, y], [1, z]])[1, 0]": y,
    "sum(zeros(2, 3) + x)": 6 * x,
    "sum(ones((2, 2))*y)": 4 * y,
    "sum(ones([2, 2])*y)": 4 * y,
    "sum(eye(2, 3) @ [x, y, z])": x + y,
    "linspace(x, z, 4)[2]": x + (z - x) * 2 / 3,
    "prod(linspace(1, 2, 5)) + x": sympy.Rational(5 * 6 * 7 * 2, 64) + x,
    "sum(linspace(x, 1))": 25 * (x + 1),
    "sum(x^arange(4))": 1 + x + x**2 + x**3,
    "sum(arange(1, 2, 1/4)*x)": x * sympy.Rational(11, 2),
    "sum(arange(5, 0, -2)*x)": 9 * x,
    f"laplacian({SCALAR}, x, y, z)": sum(G.diff(v, 2) for v in (x, y, z)),
    f"laplacian({SCALAR}, [x, z])": G.diff(x, 2) + G.diff(z, 2),
    f"sum(laplacian({FIELD}, x, y, z))": sum(f.diff(v, 2) for f in F for v in (x, y, z)),
    f"divergence({FIELD}, [x, y, z])": sum(f.diff(v) for f, v in zip(F, (x, y, z), strict=True)),
    f"div({FIELD}, z, y, x)": sum(f.diff(v) for f, v in zip(F, (z, y, x), strict=True)),
    f"curl({FIELD}, [x, y, z])[0]": CURL[0],
    f"dot(curl({FIELD}, x, y, z), [1, x, y])": CURL.dot(sympy.Matrix([1, x, y])),
    f"div(curl({FIELD}, x, y, z), x, y, z)": sympy.Integer(0),
    f"gradient({SCALAR}, x, y)[1]": G.diff(y),
    f"det(jacobian({FIELD}, x, y, z))": F.jacobian([x, y, z]).det(),
    f"jacobian({SCALAR}, x, y)[0, 1]": G.diff(y),
    f"det(hessian({SCALAR}, x, y, z))": sympy.hessian(G, [x, y, z]).det(),
}


@pytest.mark.parametrize("text", VALUES)
def test_values_and_gradients_are_sympys_to_forty_digits(text: str) -> None:
    right = sympy.sympify(VALUES[text])
    value, gradient = digits(f"0*(x + y + z) + {text}", AT)
    assert same(value, right.subs({x: 2, y: 3, z: 5}))
    for found, symbol in zip(gradient, (x, y, z), strict=True):
        assert same(found, right.diff(symbol).subs({x: 2, y: 3, z: 5}))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6])
def test_determinants_and_inverses_of_hilbert_matrices(size: int) -> None:
    rows = ", ".join(str([f"1/{i + j + 1}" for j in range(size)]).replace("'", "") for i in range(size))
    exact = sympy.Matrix(size, size, lambda i, j: sympy.Rational(1, i + j + 1))
    assert same(digits(f"x*det([{rows}])", {"x": 1})[0], exact.det())
    for i, j in itertools.islice(itertools.product(range(size), repeat=2), 5):
        assert same(digits(f"x*inv([{rows}])[{i}, {j}]", {"x": 1})[0], exact.inv()[i, j])


def test_a_determinant_of_ten_rows_takes_each_minor_once() -> None:
    graph = Graph()
    rows = [[graph.input(f"x[{i},{j}]") for j in range(10)] for i in range(10)]
    matrices.determinant(graph, rows)
    assert len(graph) - 100 < 2 * 10 * 2**9
    assert digits("det(x*eye(10))", {"x": 2}) == ("1024." + "0" * 36, ["5120." + "0" * 36])


@pytest.mark.parametrize("shift", [0, 800, -1e5])
def test_softmax_neither_overflows_nor_loses_the_digits_of_its_derivative(shift: float) -> None:
    point = differentiate("softmax([x, y])[1]", {"x": shift, "y": shift + 40}, symbolic=False).points[0]
    assert point.verdict == "agrees"
    assert [entry.certified.digits for entry in point.gradient if entry.certified] >= [15, 15]
    assert point.gradient[1].value == pytest.approx(4.248354255291589e-18, rel=1e-15)


def test_kernels_take_matrices_and_fields() -> None:
    found = compile("det([[x, 1], [2, x]]) + laplacian(x^3, x)")(x=[1.0, 2.0])
    assert found.value.tolist() == [5.0, 14.0] and found.gradient.tolist() == [[8.0, 10.0]]


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("sum(inv([[x, 2], [3, y]]))", {"x": 2, "y": 3}, "y/(x*y - 2*3) divides by zero"),
        ("laplacian(log(x), x)", {"x": -1}, "log(x) needs x > 0"),
        ("gradient(0*sqrt(x), x)[0]", {"x": -1}, "sqrt(x) needs x >= 0"),
        ("hessian(0*log(x) + y, y)[0, 0]", {"x": -1, "y": 1}, "log(x) needs x > 0"),
    ],
)
def test_what_has_no_value_has_none(text: str, at: dict[str, float], told: str) -> None:
    report = differentiate(text, at, symbolic=False)
    assert report.verdict == "undefined" and told in report.notes[0].message and report.notes[0].span


REFUSED = {
    "det(x)": ("det takes a square matrix, not a number", "x"),
    "det([x, y])": ("det takes a square matrix, not an array of shape (2,)", "[x, y]"),
    "inv([[x, y]])": ("inv takes a square matrix, not an array of shape (1, 2)", "[[x, y]]"),
    "trace([[x, y]])": ("trace takes a square matrix", "[[x, y]]"),
    "det(eye(11))": ("det is written out up to 10 x 10; this matrix is 11 x 11", "eye(11)"),
    "inv(eye(7))": ("inv is written out up to 6 x 6", "eye(7)"),
    "det([[1, 2], [3]])": ("the rows of an array have different shapes", "[[1, 2], [3]]"),
    "cross([1, 2], [x, y])": ("cross takes vectors of three elements, not an array of shape (2,)", "[1, 2]"),
    "cross([1, 2, 3], x)": ("cross takes vectors of three elements, not a number", "x"),
    "softmax(x)": ("softmax takes an array of one axis, not a number", "x"),
    "softmax([[x, y]])": ("softmax takes an array of one axis", "[[x, y]]"),
    "zeros(x)": ("the lengths of zeros must be constant integers", "zeros(x)"),
    "ones(2.5)": ("the lengths of ones must be constant integers", "ones(2.5)"),
    "eye(-1)": ("the lengths of eye must be constant integers", "eye(-1)"),
    "zeros(10^12)": ("the formula needs more than", "zeros(10^12)"),
    "linspace(0, 1, x)": ("the count of linspace must be a constant integer", "x"),
    "linspace([0], 1, 2)": ("an end of linspace is a number, not an array", "[0]"),
    "linspace(0, 1, -2)": ("the count of linspace is a number from 0 on", "-2"),
    "arange(0, 1, 0.1)": ("arange takes constant integers and quotients", "0.1"),
    "arange(0, 1, 0)": ("the step of arange is not 0", "0"),
    "laplacian(x^2)": ("laplacian takes a formula and the variables", "laplacian(x^2)"),
    "gradient(x^2, 2)": ("a derivative is taken for variables, and this is none", "2"),
    "gradient(x^2, x + 0)": ("a derivative is taken for variables", "x + 0"),
    "gradient(x^2, x, x)": ("x is named twice", "x"),
    "gradient([x, y], x, y)": ("gradient takes a number, not an array of shape (2,)", "[x, y]"),
    "hessian([x, y], x, y)": ("hessian takes a number", "[x, y]"),
    "divergence([x, y], x)": ("as many components as variables, here 1, not an array of shape (2,)", "[x, y]"),
    "div(x, y)": ("as many components as variables, here 1, not a number", "x"),
    "curl([x, y], x, y)": ("curl is taken in space, for three variables, not 2", "curl([x, y], x, y)"),
    "curl([x, y], x, y, z)": ("as many components as variables, here 3", "[x, y]"),
    "[x, y]": ("the formula is an array of shape (2,)", "[x, y]"),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_does_not_fit_is_told_where_it_stands(text: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        parse(text)
    message, place = REFUSED[text]
    assert message in caught.value.message and caught.value.hint
    assert caught.value.span is not None and text[slice(*caught.value.span)] == place


def test_names_of_functions_are_variables_where_they_have_a_value() -> None:
    assert differentiate("trace*2 + zeros", {"trace": 3, "zeros": 1}, symbolic=False).value == 7
    assert "gradcalc jacobian" in (pytest.raises(GradcalcError, parse, "[x, y]").value.hint or "")
