"""What the grammar refuses: both readings are told, and each is read."""

import pytest

from gradcalc.errors import ExpressionError
from gradcalc.language.parse import parse

REFUSED = {
    "sin x y": "sin(x)*y or sin(x*y)", "sin x*2": "sin(x)*2 or sin(x*2)", "sin x/2": "sin(x)/2 or sin(x/2)", "sin x / y": "sin(x)/y or sin(x/y)", "sin 2 x": "sin(2)*x or sin(2*x)", "ln x y": "ln(x)*y or ln(x*y)",
    "sin 2*x": "sin(2)*x or sin(2*x)", "sin 2 cos x": "sin(2)*cos(x) or sin(2*cos(x))", "sin x(x+1)": "sin(x)*(x+1) or sin(x*(x+1))", "sin x (x+1)": "sin(x)*(x+1) or sin(x*(x+1))", "sin 2x y": "sin(2x)*y or sin(2x*y)", "sin 2(x+1)": "sin(2)*(x+1) or sin(2*(x+1))",
    "cos x!": "cos(x)! or cos(x!)", "sin 3!": "sin(3)! or sin(3!)", "sin x % 2": "sin(x)%2 or sin(x%2)", "sin pi x": "sin(pi)*x or sin(pi*x)", "log 10x": "log(10)*x or log(10*x)", "log 2 x": "log(2)*x or log(2*x)", "sqrt 2x": "sqrt(2)*x or sqrt(2*x)", "sqrt x^2": "sqrt(x)^2 or sqrt(x^2)",
    "ln|x|^2": "ln(|x|)^2 or ln(|x|^2)", "ln|x| y": "ln(|x|)*y or ln(|x|*y)", "sin x^2 y": "sin(x^2)*y or sin((x^2)*y)", "ln sin x cos x": "ln(sin x)*cos(x) or ln((sin x)*cos(x))", "sin (x)^2": "(sin(x))^2 or sin((x)^2)", "ln (x)!": "(ln(x))! or ln((x)!)", "sin (x+1)(x+2)": "(sin(x+1))*(x+2) or sin((x+1)*(x+2))",
    "sin^-1(x)": "asin(x) or 1/sin(x)", "sin^-1 x": "asin(x) or 1/sin(x)", "sin⁻¹ x": "asin(x) or 1/sin(x)", "1/2 sin x": "(1/2)*sin(x) or 1/(2*sin(x))", "1/2x": "(1/2)*x or 1/(2*x)", "1/2 x": "(1/2)*x or 1/(2*x)", "1/2(x+1)": "(1/2)*(x+1) or 1/(2*(x+1))", "x/2y": "(x/2)*y or x/(2*y)", "1/xy": "1/(x*y) or 1/x*y", "1/x y": "(1/x)*y or 1/(x*y)",
    "1/x sin(x)": "(1/x)*sin(x) or 1/(x*sin(x))", "1/sin x cos x": "(1/sin x)*cos(x) or 1/sin (x*cos(x))", "x^2y": "x^2*y or x^(2*y)", "e^2x": "e^2*x or e^(2*x)", "e^2 x": "e^2*x or e^(2*x)", "e^-x y": "e^-x*y or e^-(x*y)", "10^-3x": "10^-3*x or 10^-(3*x)", "x^2(x+1)": "x^2*(x+1) or x^(2*(x+1))", "x^y z": "x^y*z or x^(y*z)", "2^xy": "2^(x*y) or 2^x*y",
    "x ^ 2 y": "x ^ 2*y or x ^ (2*y)", "x^2sin(x)": "x^2*sin(x) or x^(2*sin(x))", "√2x": "√2*x or √(2*x)", "√x y": "√x*y or √(x*y)", "√x^2": "√(x^2) or (√x)^2", "xy!": "(x*y)! or x*y!", "2½": "2 + 1/2 or 2*(1/2)", "2e": "2*E or 2e0", "2e^3": "2*e^3 or 2e3", "2 3": "2*3 or 23", "e x": "e*x or exp(x)", "e(x+1)": "e*(x+1) or exp(x+1)", "=log(x)": "log(x) or log10(x)", "LOG(x)": "log(x) or log10(x)", "ATAN2(y, x)": "atan2(y, x) or atan2(x, y)",
    "=-x^2": "-(x^2) or (-x)^2", "=2^3^x": "(a^b)^c or a^(b^c)", "x.^2.^y": "(a^b)^c or a^(b^c)", "lg(x)": "log10(x) or log2(x)", "√x sin(x)": "√x*sin(x) or √(x*sin(x))", "e^2 sin(x)": "e^2*sin(x) or e^(2*sin(x))", "3 1/2": "(3 + 1/2) or 3*1/2", "sin x ^2": "sin(x)^2 or sin(x^2)", "50% x": "50/100*x or mod(50, x)", "e^x |y|": "e^x*|y| or e^(x*|y|)",
    "sin x^2cos x": "x^2*cos(x) or x^(2*cos(x))", "3x^2y": "x^2*y or x^(2*y)", "ln x / x": "ln(x)/x or ln(x/x)", "sin² x y": "sin²(x)*y or sin²(x*y)", "sin 2x y z": "sin(2x)*y or sin(2x*y)",
}  # fmt: skip
"""What can be read in two ways, and both."""

TOLD = {
    "x!!": "(x!)!", "0 < x < 1": "(0 < x) & (x < ...)", "1,5*x": "1.5", "D[x^2, x]": "diff(x^2, x)", "D(x^2, x)": "diff(x^2, x)", "sen x": "sin(x)", "x = 2": "the expression on its right", "x^2 + y^2 = 25": "the expression on its right", "f(x)": "the formula that f stands for", "x y = 2": "the expression on its right",
    "x^2 dx": "the formula without dx", "∑x": "sum(i=1..n", "x ? 1 : 2": "x > 0", "x > 0 ? 1": "where(", "x if y > 0": "where(", "np.sinc(x)": "sincpi(x)", "np.max(x, 0)": "gradcalc functions", "np.foo(x)": "gradcalc functions", "x[0]": "[1, 2][0]", "sin": "sin(x)", "sin + 1": "sin(x)", "sin*x": "sin(x)", "x sin": "sin(x)", "max x y": "max(x, y)", "sinx": "sin(x)", "cos2x": "cos(2x)", "2 x 3": "x*3", "x 2": "x*2", "(x+1)2": "(x+1)*2", "x½": "(1/2)",
    "|x|y|z|": "|x|*y", "|2|x|+1|": "|2|*x", "sin[x]": "sin", "x mod 2": "mod(x, 2)", "x over y": "x/y", "5!x": "*x", "integral(x^2, x)": "gradcalc diff", "limit(x, x, 0)": "gradcalc grad", "solve(x^2, x)": "gradcalc critical --roots", "np.sin x": "gradcalc functions", "g(x)": "g*(x)", "sin - x": "sin", "sin-x": "sin",
    "y == 2 = x": "right", "x; y": "one expression", "x -> x^2": "expression alone", "{x}": "round", "a |x": "|", "x>0 ? 1 : 2 if y>0 else 3": "where(", "1 if x>0 else y>0 ? 1 : 2": "where(", "xsin(x)": "x*sin(x)", "x y (": ")", "f(2) = x": "right",
}  # fmt: skip
"""What else is refused, and a part of the hint."""


ALONE = [
    "xy", "2xy", "xyz", "x_1y_1", "x1y1", "x + y + xy", "ax^2 + bx + c", "½mv²", "mc²", "xe^x", "sin 2xy", "πxy", "2πft", "kx²/2", "ωt", "sin ωt", "αβ", "Ax + By", "λx",
    "sqrt2", "ln2", "cos2x", "2*xy", "x*y + xy", "1.5d-3*x", "2d-3", "a(x+1)", "y(x)", "x + x(t)",
]  # fmt: skip
"""What has two readings where no variables are given: names of several letters, and factors that may be functions."""


@pytest.mark.parametrize("text", ALONE)
def test_without_a_point_names_that_may_be_products_are_refused(text: str) -> None:
    assert refusal(text, given=False).hint


def refusal(text: str, given: bool = True) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse(text, shapes=dict.fromkeys("xyz", ()) if given else None)
    error = caught.value
    assert error.span is not None
    assert 0 <= error.span[0] <= error.span[1] <= len(text) + 1
    return error


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("given", [True, False])
def test_two_readings_are_told_and_each_is_read(text: str, given: bool) -> None:
    hint = refusal(text, given).hint or ""
    if not given and "give" in hint:
        return
    assert hint == REFUSED[text]
    canonical = {parse(reading, shapes=dict.fromkeys("xyzabc", ())).canonical for reading in hint.split(" or ")}
    assert len(canonical) == 2


@pytest.mark.parametrize("text", TOLD)
def test_what_is_no_formula_is_told_what_to_write(text: str) -> None:
    assert TOLD[text] in (refusal(text).hint or "")
