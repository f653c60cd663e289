"""Excel, Mathematica and MATLAB are read as these systems read them, or refused with what to write instead."""

import ast
import inspect
import math
import time

import pytest
import sympy
from sympy.parsing.tests import test_mathematica as theirs

from gradcalc.errors import ExpressionError, GradcalcError
from gradcalc.graph import ops
from gradcalc.language.dialects import DIALECTS, Dialect, _template
from gradcalc.language.formula import Formula
from gradcalc.language.parse import parse
from gradcalc.settings import Limits
from tests import HANG
from tests.language.test_latex import value

EXCEL, MATHEMATICA, MATLAB = "excel", "mathematica", "matlab"


def read(text: str, dialect: str, *known: str) -> Formula:
    limits = Limits(dialect=dialect)  # type: ignore[arg-type]
    return parse(text, limits=limits, shapes=dict.fromkeys(known, ()))


@pytest.mark.parametrize(
    ("dialect", "text", "meaning"),
    [
        (EXCEL, "=-A1^2", "(-A1)**2"), (EXCEL, "=2^3^2", "(2**3)**2"), (EXCEL, "=2^-1", "2**(-1)"),
        (EXCEL, "=A1-B2^2", "A1 - B2**2"), (EXCEL, "=-x%", "-(x/100)"), (EXCEL, "=50%*x", "50/100*x"),
        (EXCEL, "=LOG(x)+LOG(x;b)+LN(x)", "log10(x) + log(x, b) + log(x)"),
        (EXCEL, "=atan2(x,y)", "atan2(y, x)"), (EXCEL, "=$A$1*a1", "A1*A1"), (EXCEL, "=PI()*r^2", "pi*r**2"),
        (EXCEL, "=IF(A1<>0,1/A1,0)", "where(A1 != 0, 1/A1, 0)"), (EXCEL, "=IF(x=0;1;x)", "where(x == 0, 1, x)"),
        (EXCEL, "=IF(AND(x>0;y>=0);1;2)", "where((x > 0) & (y >= 0), 1, 2)"),
        (EXCEL, "=IFS(x<0;1;x<1;2)", "piecewise((1, x < 0), (2, x < 1))"),
        (EXCEL, "=SUMSQ(x;y)+SUM(x;y)+PRODUCT(x;y)", "(x**2 + y**2) + (x + y) + x*y"),
        (EXCEL, "=SUM(x)+AVERAGE(x)", "sum(x) + mean(x)"), (EXCEL, "=MAX(1,5*x)", "max(1, 5*x)"),
        (EXCEL, "=BESSELJ(x;1)+MOD(x;3)", "besselj(1, x) + mod(x, 3)"), (EXCEL, "=ACOT(x)", "pi/2 - atan(x)"),
        (EXCEL, "=FACT(x)+COMBIN(x;2)", "factorial(floor(x)) + binomial(floor(x), floor(2))"),
        (EXCEL, "=POWER(x;3)/SQRTPI(2)", "x**3/sqrt(pi*2)"), (EXCEL, "=1E3*x", "1e3*x"),
        (MATHEMATICA, "Sin[x]^2 y", "sin(x)**2*y"), (MATHEMATICA, "2x/3y", "2*x/3*y"), (MATHEMATICA, "-x^2", "-x**2"),
        (MATHEMATICA, "2^3^2", "2**3**2"), (MATHEMATICA, "2^-1", "2**(-1)"),
        (MATHEMATICA, "Log[x]+Log[2,x]", "log(x) + log(x, 2)"), (MATHEMATICA, "ArcTan[x,y]", "atan2(y, x)"),
        (MATHEMATICA, "E^x+Pi+e", "E**x + pi + e"), (MATHEMATICA, "D[x^2 y^3,{x,2},y]", "diff(x**2*y**3, x, 2, y)"),
        (MATHEMATICA, "If[x>0,x,-x]", "where(x > 0, x, -x)"),
        (MATHEMATICA, "Piecewise[{{x,x<0},{x^2,x<1}}]", "piecewise((x, x < 0), (x**2, x < 1), 0)"),
        (MATHEMATICA, "Piecewise[{{x,x<0 && y>0}},5]+1", "piecewise((x, (x < 0) & (y > 0)), 5) + 1"),
        (MATHEMATICA, "Which[x<0,1,True,3]", "piecewise((1, x < 0), (3, True))"),
        (MATHEMATICA, "Sum[i^2 x,{i,1,3}]+1", "sum(i=1..3, i**2*x) + 1"),
        (MATHEMATICA, "Product[Sum[i j x,{j,i}],{i,2}]", "prod(i=1..2, sum(j=1..i, i*j*x))"),
        (MATHEMATICA, "1*^-3 x + 2.y", "1e-3*x + 2.*y"), (MATHEMATICA, "{x,y}.{1,2}", "[x, y] @ [1, 2]"),
        (MATHEMATICA, "\\[Alpha] \\[Pi]", "alpha*pi"), (MATHEMATICA, "x(y+1)", "x*(y + 1)"),
        (MATHEMATICA, "a (* no *) + x!", "a + factorial(x)"), (MATHEMATICA, "x^2!", "x**factorial(2)"),
        (MATHEMATICA, "EllipticK[m]", "elliptic_k(m)"), (MATHEMATICA, "Rational[1,3] x", "1/3*x"),
        (MATLAB, "-2^2", "-2**2"), (MATLAB, "2^-1", "2**(-1)"), (MATLAB, "2^3^2", "(2**3)**2"),
        (MATLAB, "2^-x^2", "(2**(-x))**2"), (MATLAB, "x.^2.*y./3.", "x**2*y/3."), (MATLAB, "-x.^2", "-x**2"),
        (MATLAB, "log(x)+log10(x)+log2(x)", "log(x) + log10(x) + log2(x)"), (MATLAB, "atan2(y,x)", "atan2(y, x)"),
        (MATLAB, "sum([1 -2 x])", "sum([1, -2, x])"), (MATLAB, "sum([1 - 2 x])", "sum([1 - 2, x])"),
        (MATLAB, "sum([1, 2].*[x 4])", "sum([1, 2]*[x, 4])"), (MATLAB, "sinc(x)", "sincpi(x)"),
        (MATLAB, "y = x^2 + 1e3 + 1d3;", "x**2 + 1e3 + 1e3"), (MATLAB, "@(x) x.^2", "x**2"),
        (MATLAB, "x^2 ... more\n + 1 % note", "x**2 + 1"), (MATLAB, "pi*exp(1)", "pi*exp(1)"),
        (MATLAB, "expint(x)", "-Ei(-x)"), (MATLAB, "nthroot(x,3)", "root(x, 3)"),
        (MATLAB, "rem(x,3)", "x - 3*where(x/3 < 0, ceil(x/3), floor(x/3))"),
    ],
)  # fmt: skip
def test_what_is_read(dialect: str, text: str, meaning: str) -> None:
    assert read(text, dialect, "e").canonical == meaning


@pytest.mark.parametrize(
    ("dialect", "text", "hint"),
    [
        (EXCEL, "=MAX(1,5;x)", "1.5"), (EXCEL, "=1,5*x", "1.5"), (EXCEL, '=A1&"x"', "text"), (EXCEL, "=A1:A3", "cells"),
        (EXCEL, "=ROUND(x;2)", ""), (EXCEL, "=pi*x", "PI()"), (EXCEL, "=e*x", "exp(1)"), (EXCEL, "=2x", "*"),
        (EXCEL, "=FOO(x)", ""), (EXCEL, "=SQRT(x", ""), (EXCEL, "=x)", ""), (EXCEL, "=ERF(x;y)", "ERF(a)"),
        (EXCEL, "=Sheet1!A1", ""), (EXCEL, "=x^", ""), (EXCEL, "=", ""), (EXCEL, "=x=y", ""), (EXCEL, "=f(x)", ""),
        (MATHEMATICA, "Sin(x)", "Sin[...]"), (MATHEMATICA, "sin[x]", "Sin"), (MATHEMATICA, "f[x]", ""),
        (MATHEMATICA, "I x", "complex"), (MATHEMATICA, "x//Sin", "f[x]"), (MATHEMATICA, "x_1", "x1"),
        (MATHEMATICA, "x[[1]]", "x[0]"), (MATHEMATICA, "{{1,2},{3,4}}", "[[1, 2]"), (MATHEMATICA, "x!!", "(x!)!"),
        (MATHEMATICA, "f[x_]:=x", ""), (MATHEMATICA, "Erf[a,b]", "Erf[a]"), (MATHEMATICA, "x /. x->2", "--let"),
        (MATHEMATICA, "Sum[x,{i,1,3},{j,1,2}]", ""), (MATHEMATICA, "Sum[x]", ""), (MATHEMATICA, "Sin[x", ""),
        (MATHEMATICA, "0<x<1", ""), (MATHEMATICA, "{a,b}*{c,d}.{1,1}", ""), (MATHEMATICA, "Integrate[x,x]", ""),
        (MATLAB, "x'", "transpose"), (MATLAB, "2i", ""), (MATLAB, "i*x", "--let"), (MATLAB, "x(1)", ""),
        (MATLAB, "[1 2]*[3 4]", "A @ B"), (MATLAB, "[1 2;3 4]", "[1 2 3]"), (MATLAB, "2x", "*"), (MATLAB, "1:3", ""),
        (MATLAB, "round(x)", ""), (MATLAB, "~x==1", ""), (MATLAB, "e*y", "exp(1)"), (MATLAB, "x\n+1", "..."),
        (MATLAB, "rem(x+1,3)", ""), (MATLAB, "'a'", ""),
        (MATHEMATICA, "Sin[30 Degree]", "Pi/180"), (MATHEMATICA, "Glaisher x", "digits"), (MATLAB, "eps*x", "--let"),
        (MATHEMATICA, "sin(x)", "Sin[...] or sin*(...)"), (MATHEMATICA, "x log(x)", "Log[...]"),
    ],
)  # fmt: skip
def test_what_is_refused_with_what_to_write(dialect: str, text: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        read(text, dialect)
    error = caught.value
    assert error.hint and hint in error.hint and error.span is not None and error.text == text


def test_names_of_excel_are_one_in_any_capitals() -> None:
    assert list(read("=a1+A1+$A$1", EXCEL, "A1").variables) == ["A1"]
    with pytest.raises(ExpressionError):
        read("=x+1", EXCEL, "x", "X")


def test_a_matrix_is_refused_where_its_operators_mean_something_else() -> None:
    for dialect, text in ((MATLAB, "sum(A)"), (MATHEMATICA, "Total[A]")):
        with pytest.raises(ExpressionError, match="matrix"):
            parse(text, limits=Limits(dialect=dialect), shapes={"A": (2, 2)})  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_every_meaning_is_a_formula_of_the_language(dialect: Dialect) -> None:
    special = {"loop", "derivative", "pieces"}
    later = {"uppergamma", "expint", "polylog", "legendre", "hermite", "chebyshevt", "chebyshevu", "laguerre", "struve"}
    for name, meanings in dialect.functions.items():
        for meaning in meanings.split(" | "):
            if meaning not in special and not meaning.endswith("(...)"):
                assert _template(meaning) is not None or meaning.partition("(")[0] in later, name


def _pairs() -> dict[str, str]:
    """SymPy's own pairs of Mathematica and SymPy, from the source of its test."""
    tree = ast.parse(inspect.getsource(theirs.test_mathematica))
    found = next(node for node in ast.walk(tree) if isinstance(node, ast.Dict))
    pairs: dict[str, str] = ast.literal_eval(found)
    return pairs


PAIRS = _pairs()


@pytest.mark.parametrize(("text", "expected"), PAIRS.items(), ids=list(PAIRS))
def test_sympys_own_pairs_are_read_right_or_refused(text: str, expected: str) -> None:
    try:
        formula = read(text, MATHEMATICA)
    except GradcalcError as error:
        assert error.hint and error.span is not None
        return
    expression = sympy.sympify(expected)
    for start in (0.37, 0.81):
        at = {name: start + 0.11 * place for place, name in enumerate(formula.variables)}
        wanted = complex(expression.subs(at).evalf())
        found = value(formula, at)
        is_beyond_reals = math.isnan(found) and (wanted.imag != 0 or "ArcCos[3.6]" in text)
        assert is_beyond_reals or found == pytest.approx(wanted.real, rel=1e-12)


def test_most_of_sympys_pairs_are_read() -> None:
    def is_read(text: str) -> bool:
        try:
            read(text, MATHEMATICA)
        except GradcalcError:
            return False
        return True

    assert len(PAIRS) >= 60
    assert sum(map(is_read, PAIRS)) >= len(PAIRS) - 8


PARTS = ["(", "[", "{", "-", "Sin[", "SIN(", "sin(", "x^", "2^-", "!", "x!", "Sum[", "Sum[x,{i,1,", "x ", "[x ", "%", "x%",
         "=", ";", ",", "If[", "(*", "...", "'", "@(", "D[x,", "Piecewise[{{", "\\[", "1*^", "$"]  # fmt: skip


@pytest.mark.parametrize("dialect", list(DIALECTS))
@pytest.mark.parametrize("part", PARTS)
def test_hostile_text_ends_quickly(dialect: str, part: str) -> None:
    for text in (part * 20_000, "x" + part * 20_000):
        began = time.process_time()
        try:
            read(text, dialect)
        except GradcalcError as error:
            assert error.span is not None
        assert time.process_time() - began < HANG


def test_the_order_of_bessels_operands_is_that_of_the_table() -> None:
    assert ops.TABLE["besselj"].operands == ("n", "x")
