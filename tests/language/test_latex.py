r"""LaTeX is read as it is seen on paper, or refused with what to write instead; never another reading in silence."""

import json
import time
from typing import Any

import pytest
import sympy
from sympy.parsing.tests.test_latex import BAD_STRINGS, FAILING_BAD_STRINGS, GOOD_PAIRS

from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import ExpressionError, GradcalcError
from gradcalc.graph import ops
from gradcalc.language.formula import Formula
from gradcalc.language.latex import is_latex
from gradcalc.language.parse import parse
from gradcalc.language.points import to_bindings
from gradcalc.language.symbolic import Unsupported, to_sympy, typeset
from gradcalc.settings import Limits
from tests import CORPORA, HANG

LATEX = Limits(dialect="latex")


def read(text: str, *known: str) -> Formula:
    return parse(text, limits=LATEX, shapes=dict.fromkeys(known, ()))


def value(formula: Formula, at: dict[str, float]) -> float:
    inputs = {formula.graph.input(name): number for name, number in at.items()}
    return float(evaluate(formula.graph, Floats(), inputs, [formula.output])[formula.output])


@pytest.mark.parametrize(
    ("latex", "meaning"),
    [
        (r"\frac{1}{2}x^2", "1/2*x**2"),
        (r"\frac12 y", "1/2*y"),
        (r"\dfrac{a+b}{\tfrac1c}", "(a + b)/(1/c)"),
        (r"x^\frac{1}{2}y", "x**(1/2)*y"),
        (r"x^2y", "x**2*y"),
        (r"x^{-2}", "x**(-2)"),
        (r"-x^2", "-x**2"),
        (r"\sqrt[3]{x} + \sqrt2x", "root(x, 3) + sqrt(2)*x"),
        (r"\sin x + \sin 2x", "sin(x) + sin(2*x)"),
        (r"\cos 2\pi x", "cos(2*pi*x)"),
        (r"\sin \theta \cos \theta", "sin(theta)*cos(theta)"),
        (r"2 \sin x \cos x", "2*sin(x)*cos(x)"),
        (r"\sin \cos x", "sin(cos(x))"),
        (r"\sin^2 x + \cos^{2}{\left(x \right)}", "sin(x)**2 + cos(x)**2"),
        (r"\sin(x)^2", "sin(x)**2"),
        (r"\sin x^2", "sin(x**2)"),
        (r"\log{\left(x \right)}^{2}", "log(x)**2"),
        (r"\log_2 x + \log_{10}(x) + \log_{a^2} x", "log(x, 2) + log(x, 10) + log(x, a**2)"),
        (r"\ln|x|", "log(abs(x))"),
        (r"x_1 + x_{12} + x_{\max} + \alpha_\beta + v_{\text{end}}", "x_1 + x_12 + x_max + alpha_beta + v_end"),
        (r"x_1^2", "x_1**2"),
        (r"\left(x+y\right)z", "(x + y)*z"),
        (r"\bigl( x + y \bigr) \Big[ z + 1 \Big]", "(x + y)*(z + 1)"),
        (r"\left|x\right| + |x||y| + ||x||", "abs(x) + abs(x)*abs(y) + abs(abs(x))"),
        (r"\lvert x \rvert\lfloor x \rfloor \lceil x \rceil", "abs(x)*floor(x)*ceil(x)"),
        (r"\max(x, y) + \min\left\{x, y\right\}", "max(x, y) + min(x, y)"),
        (r"\operatorname{erf}(x) + \mathrm{erfc}{\left(x \right)}", "erf(x) + erfc(x)"),
        (r"\mathrm{rate} \cdot t", "rate*t"),
        (r"x \bmod 3", "mod(x, 3)"),
        (r"\binom{n}{k} + n!", "binomial(n, k) + factorial(n)"),
        (r"e^{-x^2/2} + 2e^x + \mathrm{e}", "E**(-x**2/2) + 2*E**x + E"),
        (r"a \times b \div c \, d", None),
        (r"\sum_{i=1}^{3} i^2 x", "sum(i=1..3, i**2*x)"),
        (r"\sum^{3}_{i=1} \sum_{j=1}^{2} i j x", "sum(i=1..3, sum(j=1..2, i*j*x))"),
        (r"1 + \prod_{i=1}^3 (x-i)", "1 + prod(i=1..3, x - i)"),
        (r"\frac{d}{dx} x^2", "diff(x**2, x)"),
        (r"\frac{d}{dx}\left(x^2 y\right)", "diff(x**2*y, x)"),
        (r"\frac{\partial^2}{\partial x\,\partial y} (x^2 y^3)", "diff(x**2*y**3, x, y)"),
        (r"\frac{\mathrm{d}^2 (x^3)}{\mathrm{d}x^2} y", "diff(x**3, x, 2)*y"),
        (r"\frac{\partial^{3}}{\partial x^{2}\partial y} (x^2 y)", "diff(x**2*y, x, 2, y)"),
        (r"\begin{cases} x^2, & \text{if } x<0 \\ x & \text{otherwise}. \end{cases}", "piecewise((x**2, x < 0), x)"),
        (r"\begin{cases} 1 & \lnot \left(x = 3\right) \\ x & \text{otherwise} \end{cases}", "piecewise((1, ~(x == 3)), x)"),
        (r"\begin{cases} 1 & \text{for}\: 0 \le x < 1 \\ x & x = 3 \\ 5 \end{cases}",
         "piecewise((1, (0 <= x) & (x < 1)), (x, x == 3), 5)"),
        (r"\left\{\begin{array}{ll} x & x < 0 \\ 0 & \text{else} \end{array}\right. + 1",
         "piecewise((x, x < 0), 0) + 1"),
        (r"\sum \left(x\right)", None),
        (r"$x^2$", "x**2"), (r"\[ x^2 \]", "x**2"), (r"\begin{equation} x^2 \end{equation}", "x**2"),
        (r"f(x) = \frac{x}{2}", "x/2"), (r"y = x^2", "x**2"),
        (r"x(x+1)", "x*(x + 1)"),
        (r"\Gamma^{2}\left(x\right)", "gamma(x)**2"), (r"\operatorname{atan}_{2}{\left(x,y \right)}", "atan2(x, y)"),
        (r"\Gamma(x) + \zeta\left(x\right)", "gamma(x) + zeta(x)"),
        (r"\displaystyle x\;y\quad z~w", "x*y*z*w"),
        (r"\mathbf{x}^2", "x**2"),
        (r"\lVert \begin{pmatrix} x \\ y \end{pmatrix} \rVert", "norm([x, y])"),
        (r"\left\lVert \begin{bmatrix} x & y \\ z & w \end{bmatrix} \right\rVert", "norm([[x, y], [z, w]])"),
    ],
)  # fmt: skip
def test_what_is_read(latex: str, meaning: str | None) -> None:
    if meaning is None:
        with pytest.raises(ExpressionError):
            read(latex)
    else:
        assert read(latex).canonical == meaning


@pytest.mark.parametrize(
    ("latex", "hints"),
    [
        (r"\sin x y", [r"\sin(x y)", r"(\sin x) y"]),
        (r"\ln xy", [r"\ln(x y)", r"(\ln x) y"]),
        (r"\sin x \cdot y", [r"\sin(x \cdot y)", r"(\sin x) \cdot y"]),
        (r"\sin x/2", [r"\sin(x / 2)", r"(\sin x) / 2"]),
        (r"\ln 2 x", [r"\ln(2 x)", r"(\ln 2) x"]),
        (r"\sin 2 \cos x", [r"\sin(2 \cos"]),
        (r"\sin x \left|y\right|", [r"(\sin x) (...)"]),
        (r"\sin{x}^2", []), (r"\sin{x} y", []), (r"\sin{x+1}", [r"\sin(x+1)"]), (r"\sin{\sqrt{x}} y", []),
        (r"\sin^{-1} x", [r"\arcsin x", r"\frac{1}{\sin x}"]),
        (r"\ln|x|^2", [r"(\ln|x|)^2"]),
        (r"1\frac12", [r"1 + \frac12", r"1 \cdot \frac12"]), (r"3 \dfrac{3}{4}x", [r"3 + \dfrac{3}{4}"]),
        (r"\sin(x)\,\mathrm{d}x", ["without it"]), (r"x\,dx", ["without it"]), (r"x \mathrm d\theta", []),
        (r"\mathbf{x}^T\mathbf{x}", [r"\top"]), (r"\vec x^{T} y", [r"\top"]),
        (r"1/2x", ["1/(2 x)", "(1/2) x"]), (r"a/b \frac{c}{d}", []),
        (r"f^2(x)", [r"f \cdot"]), (r"\operatorname{foo}(x)", []), (r"f(x)", [r"f \cdot"]), (r"f(x, y)", []), (r"k(x + 1)", [r"k \cdot"]), (r"x[1]", []),
        (r"x^10", ["{10}"]), (r"\frac1234", [r"\cdot 34"]), (r"2 3", []), (r"1\,000", []), (r"1{,}5", []),
        (r"2e3", [r"2 \cdot 10^{3}"]), (r"1.5e-3 x", [r"10^{-3}"]),
        (r"{x+1}^2", [r"\left(x+1\right)"]), (r"{ab}^2", []), (r"a{-b}", []), (r"c - {a+b}", []),
        (r"x^{2}^3", []), (r"\frac{1}{2}^2", []), (r"x^2!", []), (r"x^a_b", []), (r"x^ a_b", []), (r"x'", []),
        (r"x + 1 \bmod 3", []), (r"2 x \bmod 3", []), (r"-x \bmod 3", []), (r"x \bmod 2 y", []),
        (r"x \bmod 3 + 1", []),
        (r"\sum_{i=1}^{3} i + 1", []), (r"\prod_{i=1}^{3} x y", []), (r"\sum_{i=1}^{3} x_i", []),
        (r"\frac{d}{dx} x^2 + 1", []), (r"\frac{d}{dx}(x)(y)", []), (r"\frac{d}{dx}(x)\sin y", []),
        (r"\frac{d}{dx} \sin x \cos x", []), (r"\frac{d}{dx} x y", []), (r"\frac{d^2}{dx} x", []),
        (r"\frac{dy}{dx}", []),
        (r"|x|y|z|", []), (r"|x| y |z|", []), (r"\{x\}", []), (r"(x, y)", []),
        (r"x \mathbf{x}", ["one style"]),
        (r"a = b", []), (r"a^2 + b^2 = c^2", []), (r"x = x^2", []),
        (r"\int x dx", ["integral"]), (r"\lim_{x \to 0} x", ["limit"]), (r"a \pm b", []), (r"\lg x", [r"\log_{10}"]),
        (r"\def\x{1}", ["runs no TeX"]), (r"\input{secret}", ["runs no TeX"]), (r"\sine x", [r"\sin"]),
        (r"\operatorname{errf}(x)", ["erf"]), (r"45^\circ", [r"\pi/180"]), (r"x_{i+1}", []), (r"\overline{z}", []),
        (r"\begin{cases} x \\ y", []), (r"\left(x)", []), (r"\frac{x}{y", []), (r"\sqrt{}", []), (r"\begin{foo}", []),
        (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}\begin{pmatrix} x \\ y \end{pmatrix}", ["A @ B"]),
        (r"\begin{pmatrix} a & b \end{pmatrix}^2", ["A @ B"]),
        (r"\frac{sin x}{x}", [r"\sin"]), (r"\frac{xlnx}{2}", [r"\ln"]), (r"max\{x, y\}", [r"\max"]),
    ],
)  # fmt: skip
def test_what_is_refused_with_what_to_write(latex: str, hints: list[str]) -> None:
    with pytest.raises(ExpressionError) as caught:
        read(latex)
    error = caught.value
    assert error.hint and error.span is not None and error.text == latex
    assert 0 <= error.span[0] <= error.span[1] <= len(latex)
    for hint in hints:
        assert hint in error.hint


def test_a_span_points_into_the_latex() -> None:
    with pytest.raises(ExpressionError) as caught:
        read(r"\frac{x}{2} + \sin y z")
    assert caught.value.text is not None and caught.value.span is not None
    assert caught.value.text[slice(*caught.value.span)] == r"\sin y z"


@pytest.mark.parametrize(("latex", "known"), [("x_{1}", "x1"), (r"\theta", "θ"), (r"\lambda", "lam"), ("e", "e")])
def test_a_name_is_found_as_it_was_given_a_value(latex: str, known: str) -> None:
    assert list(read(latex, known).variables) == [known]


def test_a_known_name_before_a_parenthesis_is_a_factor() -> None:
    assert read("k(x+1)", "k").canonical == "k*(x + 1)"
    assert read(r"\zeta(x+1)", "zeta").canonical == "zeta*(x + 1)"


def test_letters_written_together_that_are_a_known_name_are_refused() -> None:
    with pytest.raises(ExpressionError) as caught:
        read("2 rate", "rate")
    assert caught.value.hint == r"\mathrm{rate} or r a t e"
    assert read("xy", "x", "y").canonical == "x*y"
    assert read(r"\frac{ln}{2}", "l", "n").canonical == "l*n/2"


@pytest.mark.parametrize(
    ("dialect", "text"),
    [("latex", "g(x) + 1"), ("latex", r"\frac{g\left(x\right)}{2}"), ("latex", "g^2(x)"), ("mathematica", "g(x)"),
     ("mathematica", "2 g[x]"), ("matlab", "g(x)"), ("excel", "=G(x)")],
)  # fmt: skip
def test_a_formula_that_a_name_stands_for_is_not_called_in_any_dialect(dialect: Any, text: str) -> None:
    let = to_bindings({"g": "x^2"}, LATEX)
    with pytest.raises(ExpressionError, match="put in its place"):
        parse(text, limits=Limits(dialect=dialect), shapes={"x": ()}, let=let)


def test_a_d_that_has_a_value_is_no_derivative_in_silence() -> None:
    with pytest.raises(ExpressionError) as caught:
        read(r"\frac{d}{dx} x^2 + 1", "d", "x")
    assert r"\partial" in (caught.value.hint or "")
    assert read(r"\frac{d}{xd}", "d", "x").canonical == "d/(x*d)"


def test_a_backslash_makes_it_latex() -> None:
    assert parse(r"\frac{x}{2}").canonical == "x/2"
    assert is_latex(r"a\cdot b") and not is_latex("a*b") and not is_latex(r"`a\b` + 1")
    with pytest.raises(ExpressionError):
        parse(r"\frac{x}{2}", limits=Limits(dialect="text"))
    assert parse("xy", limits=LATEX).canonical == "x*y"


def _named(name: str) -> str:
    """The name that a symbol of SymPy's has here."""
    return name.replace("{", "").replace("}", "")


@pytest.mark.parametrize(("latex", "expected"), GOOD_PAIRS, ids=[pair[0] for pair in GOOD_PAIRS])
def test_sympys_own_pairs_are_read_right_or_refused(latex: str, expected: object) -> None:
    try:
        formula = read(latex)
    except GradcalcError as error:
        assert error.hint and error.span is not None
        return
    expression = sympy.sympify(expected)
    for start in (0.37, 1.21):
        at = {name: start + 0.11 * place for place, name in enumerate(formula.variables)}
        put = {symbol: at.get(_named(symbol.name), sympy.pi) for symbol in expression.free_symbols}
        assert value(formula, at) == pytest.approx(float(expression.subs(put).doit()), rel=1e-12)


def test_most_of_sympys_pairs_are_read() -> None:
    def is_read(latex: str) -> bool:
        try:
            read(latex)
        except GradcalcError:
            return False
        return True

    assert sum(is_read(latex) for latex, _ in GOOD_PAIRS) >= 105


@pytest.mark.parametrize("latex", [*BAD_STRINGS, *FAILING_BAD_STRINGS])
def test_what_sympy_does_not_read_is_refused(latex: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        read(latex)
    assert caught.value.hint and caught.value.span is not None


PARTS = [
    "(", "[", "-", "{", r"\frac{", r"\left(", r"\sqrt{", r"\sqrt", "x_", "^", "x^", r"\begin{cases}", r"\sum_{i=1}^{9}",
    "|", "|x", r"\sin ", r"\sin{", r"\frac{d}{dx}", r"\frac{d ", "x_{", r"\mathrm{", "}", r"\left", "a(", "{}",
    r"\text{", "x^{", r"\log_{", r"\\", "&", "'", "\\", "$", "a=", "f(x)=", r"\frac{d}{dx d", r"\max(",
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("before", ["", "x"])
def test_hostile_latex_is_refused_quickly(part: str, before: str) -> None:
    text = before + part * 20_000
    began = time.process_time()
    with pytest.raises(ExpressionError) as caught:
        read(text)
    assert caught.value.hint and caught.value.span is not None
    assert time.process_time() - began < HANG


FORMULAS = [
    "x + y - 2*x", "x*y/z", "x**-2", "(x + 1)**2/(y - 1)", "sin(x)**2*cos(y)", "sin(x)*(y + 1)", "exp(-x**2/2)",
    "sqrt(x) + cbrt(y) + root(x, 5)", "x**(3/2)", "2**(3*x)", "(-x)**3", "1e-5*x + 1.5*y", "x/(y*2)", "log(x, 2)",
    "mod(x + 1, 2)*3", "x + mod(y, 2)", "abs(x)**2", "floor(x)*2 + ceil(x + 1)", "gamma(x)**2", "zeta(x)*y",
    "piecewise((x, x < 0), (x**2, x < 1), 3)", "where((x > 0) & (y < 1), x, y)", "factorial(x)**2", "binomial(x, 2)*y",
    "EulerGamma*x + Catalan*y + GoldenRatio", "pi*x + E*y", "sum(i=1..3, i*x)", "x1 + x_2 + alpha + lam", "ab*c",
    "x_max + xmax", "rate_in*t", "lambertw(x) + W", "heaviside(x) + theta", "gamma(x) + Gamma", "besselj(1, x) + J",
    "airyai(x) + A + i", "elliptic_k(x) + K", "elliptic_e(x)*E", "xhat + xdot", "d*x", "f*x + g", "beta(x, y)*B",
]  # fmt: skip


def _op_formulas() -> list[str]:
    """A call of every op that is a function."""
    found = []
    for op in ops.TABLE.values():
        names = ["x", "y"] if op.variadic else ["1" if name == "n" else letter for letter, name in zip(
            "xyz", op.operands, strict=False)]  # fmt: skip
        if not (op.internal or op.is_condition or op.name in ("where", "powi", "div") or len(op.operands) > 3):
            found.append(f"{op.name}({', '.join(names)})")
    return found


def _feynman() -> list[str]:
    lines = (CORPORA / "feynman.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["expr"] for line in lines]


@pytest.mark.parametrize("text", [*FORMULAS, *_op_formulas(), *_feynman()])
def test_the_latex_that_gradcalc_writes_is_read_back_or_refused(text: str) -> None:
    formula = parse(text)
    try:
        latex = typeset(to_sympy(formula.graph, formula.output))
    except Unsupported:
        return
    try:
        again = read(latex, *formula.variables)
    except GradcalcError as error:
        assert error.hint and error.span is not None
        return
    assert set(again.variables) <= set(formula.variables)
    for start in (0.37, 1.63, 2.5):
        at = {name: start + 0.21 * place for place, name in enumerate(formula.variables)}
        here, there = value(formula, at), value(again, {name: at[name] for name in again.variables})
        assert here == pytest.approx(there, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("text", FORMULAS[:12] + FORMULAS[13:30] + ["lambertw(1) + W", "atan2(x, y)", "beta(x, y)"])
def test_most_of_it_is_read(text: str) -> None:
    formula = parse(text)
    assert read(typeset(to_sympy(formula.graph, formula.output)), *formula.variables)
