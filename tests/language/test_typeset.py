"""Own LaTeX: what is set is read back as the same formula; MathML: well formed, what is in it. Tests `notation`."""

import json
import random
import xml.etree.ElementTree as ET

import pytest

from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.language.formula import Formula
from gradcalc.language.parse import parse
from gradcalc.language.typeset import latex, mathml
from gradcalc.settings import Limits
from tests import CORPORA

FEYNMAN = [json.loads(line) for line in CORPORA.joinpath("feynman.jsonl").read_text(encoding="utf-8").splitlines()]

FORMULAS = [
    "x^2*sin(3x)/(x+1)", "-x^2", "(-x)^2", "x-(y-z)", "2*x*y", "x*(-3)", "2^3^x", "(2^3)^x", "sin(x)^2", "exp(-x^2)",
    "e^x", "abs(x-1)", "sqrt(x/2)", "cbrt(x)", "where(x>0,x^2,-x)", "piecewise((x,x<1),(x^2,x<2),(1,true))", "x1*x2+alpha",
    "5!", "(x+1)!", "gamma(x)", "log(x,2)", "1.5e-3*x", "x/y/z", "x/(y/z)", "besselj(2,x)", "max(x,y,1)", "sum(k=1..3,x^k)",
    "sum(k=1..3,x^k)*y", "x*sum(k=1..3,x^k)", "d/dx(x^3*y)", "diff(x^3*y^2,x,2,y)", "pi*x", "atan2(x,y)", "-(-x)", "2*3*x",
    "x*2", "-2*x", "x^-2", "x^(1/3)", "foo*bar", "where(x>0 & y<1,x,y)", "mod(x,2)", "floor(x)+ceil(y)", "asin(x/9)",
    "norm([x,y])", "x*(y+1)", "alpha*(x+1)", "3*(-x)", "2*(3)*4*x", "y*(x*2)^2", "(x/y)^2", "-(x+y)", "-x*y", "x*exp(y)",
]  # fmt: skip


def value(formula: Formula, at: dict[str, float]) -> float:
    inputs = {index: at[name.replace("_", "")] for name, index in formula.graph.inputs.items()}
    found: float = evaluate(formula.graph, Floats(), inputs, [formula.output])[formula.output]
    return found


@pytest.mark.parametrize("text", [*FORMULAS, *(row["expr"] for row in FEYNMAN)])
def test_what_is_set_is_read_back(text: str) -> None:
    formula, back = parse(text), parse(latex(text), limits=Limits(dialect="latex"))
    rng = random.Random(text)
    for _ in range(3):
        at = {name.replace("_", ""): rng.uniform(0.3, 2) for name in formula.variables}
        assert value(back, at) == pytest.approx(value(formula, at), rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "set_"),
    [
        ("x^2*sin(3x)/(x+1)", r"\frac{x^{2} \sin\left(3 x\right)}{x + 1}"),
        ("2*x*exp(-x^2)", r"2 x e^{-x^{2}}"),
        ("theta1 + foo_bar", r"\theta_{1} + \mathit{foo}_{bar}"),
        ("d/dx(x^3)", r"\frac{d}{dx}\left(x^{3}\right)"),
        ("diff(f, x, 2, y)", r"\frac{\partial^{3}}{\partial x^{2} \partial y}\left(f\right)"),
        ("where(x > 0, x, 1)", r"\begin{cases} x & x > 0 \\ 1 & \text{otherwise} \end{cases}"),
        ("x[0] + A[1, 2]*A.T", r"x_{0} + A_{1, 2} \cdot A^{T}"),
        ("[x, y]", r"\begin{bmatrix} x \\ y \end{bmatrix}"),
        ("x +", ""),
        ("+".join(["x"] * 20_000), ""),
    ],
)
def test_formulas_are_set_as_in_a_book(text: str, set_: str) -> None:
    assert latex(text) == set_


def rooted(text: str) -> ET.Element:
    return ET.fromstring(f"<math>{mathml(text)}</math>")


FIXED = {"mfrac": 2, "msup": 2, "msub": 2, "mroot": 2, "munderover": 3}
"""The elements of MathML that have so many children."""


@pytest.mark.parametrize(
    "text", [*FORMULAS, "x[0] + A[1, 2]*A.T", "A@[x,y]", "`<b>&`_1 + theta1_2", "~(x > 0 | y < 1)"]
)
def test_mathml_is_well_formed(text: str) -> None:
    for element in rooted(text).iter():
        assert FIXED.get(element.tag, len(element)) == len(element), element.tag


@pytest.mark.parametrize(
    ("text", "set_"),
    [
        ("x/2", "<mfrac><mrow><mi>x</mi></mrow><mrow><mn>2</mn></mrow></mfrac>"),
        (
            "(x+1)^2",
            "<msup><mrow><mrow><mo>(</mo><mi>x</mi><mo>+</mo><mn>1</mn><mo>)</mo></mrow></mrow><mrow><mn>2</mn></mrow></msup>",
        ),
        ("theta1", "<msub><mrow><mi>θ</mi></mrow><mrow><mn>1</mn></mrow></msub>"),
        ("x < 1", "<mi>x</mi><mo>&lt;</mo><mn>1</mn>"),
        ("`<script>`", "<mi>&lt;script&gt;</mi>"),
        ("sqrt(x)", "<msqrt><mi>x</mi></msqrt>"),
        ("x +", ""),
    ],
)
def test_formulas_are_set_in_mathml(text: str, set_: str) -> None:
    assert mathml(text) == set_
