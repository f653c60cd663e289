"""A hint is a formula that means what was typed, or there is none: names and forms as other books write them."""

import math
from collections.abc import Callable

import pytest
from mpmath import digamma

from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import ExpressionError
from gradcalc.language import synonyms
from gradcalc.language.parse import parse
from gradcalc.language.tokens import FUNCTIONS


def hint(text: str) -> str:
    """What a refused text is told to try."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.hint
    return caught.value.hint


def value(text: str, x: float) -> float:
    formula = parse(text)
    at = {
        formula.variables[name].items[0]: number for name, number in (("x", x), ("y", 0.7)) if name in formula.variables
    }
    found: float = evaluate(formula.graph, Floats(), at, [formula.output])[formula.output]
    return found


FORMS: dict[str, Callable[[float], float]] = {
    "cosec(x)": lambda x: 1 / math.sin(x), "cosec(2x+1)": lambda x: 1 / math.sin(2 * x + 1),
    "secant(x)": lambda x: 1 / math.cos(x), "cotan(x)": lambda x: 1 / math.tan(x), "ctg(x)": lambda x: 1 / math.tan(x),
    "tg(x)": math.tan, "sen(x)": math.sin, "sinus(x)": math.sin, "cosine(x)": math.cos, "arctg(x)": math.atan,
    "sh(x)": math.sinh, "ch(x)": math.cosh, "th(x)": math.tanh, "arsinh(x)": math.asinh, "argth(x)": math.atanh,
    "invlogit(x)": lambda x: 1 / (1 + math.exp(-x)),
    "ld(x)": math.log2, "log_2(x)": math.log2, "log3(x)": lambda x: math.log(x, 3), "log_7(x)": lambda x: math.log(x, 7),
    "logb(x, 3)": lambda x: math.log(x, 3), "square(x + 1)": lambda x: (x + 1) ** 2, "cube(x)": lambda x: x**3, "rsqrt(x)": lambda x: x**-0.5,
    "power(x, 3)": lambda x: x**3, "nthroot(x, 5)": lambda x: x**0.2, "nthroot(-x, 5)": lambda x: -(x**0.2),
    "cuberoot(-x)": lambda x: -(x ** (1 / 3)), "exp10(x)": lambda x: 10**x, "log1m(x)": lambda x: math.log1p(-x),
    "sind(x)": lambda x: math.sin(math.radians(x)), "atand(x)": lambda x: math.degrees(math.atan(x)),
    "sinpi(x)": lambda x: math.sin(math.pi * x),
    "versin(x)": lambda x: 1 - math.cos(x), "hav(x)": lambda x: (1 - math.cos(x)) / 2, "gd(x)": lambda x: math.atan(math.sinh(x)),
    "trunc(-x - 1)": lambda x: math.trunc(-x - 1), "fract(-x)": lambda x: -x - math.floor(-x), "signum(x)": lambda x: 1,
    "unitstep(x)": lambda x: 1, "step(x, 1)": lambda x: 1, "step(x)": lambda x: 1, "absval(-x)": lambda x: x,
    "softsign(x)": lambda x: x / (1 + x), "mish(x)": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "logcosh(x)": lambda x: math.log(math.cosh(x)), "logsigmoid(x)": lambda x: -math.log1p(math.exp(-x)),
    "pnorm(x)": lambda x: math.erfc(-x / math.sqrt(2)) / 2, "dnorm(x)": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "erfcx(x)": lambda x: math.exp(x * x) * math.erfc(x), "rgamma(x)": lambda x: 1 / math.gamma(x),
    "tgamma(x)": math.gamma, "lngamma(x)": math.lgamma, "fact(x)": lambda x: math.gamma(x + 1),
    "choose(4, x)": lambda x: 24 / math.gamma(x + 1) / math.gamma(5 - x), "lbeta(x, 1)": lambda x: -math.log(x),
    "ArcTan(x, y)": lambda x: math.atan2(0.7, x), "plus(x, 2)": lambda x: x + 2,
    "minus(x, 2)": lambda x: x - 2, "minus(x)": lambda x: -x, "copysign(x, -2)": lambda x: -x, "fmod(-x - 1, 1)": lambda x: math.fmod(-x - 1, 1),
    "xlog1py(x, x)": lambda x: x * math.log1p(x), "lerp(1, 3, x)": lambda x: 1 + 2 * x, "fmax(x, y)": lambda x: max(x, 0.7),
    "hypotenuse(x, y)": lambda x: math.hypot(x, 0.7), "modulus(x, 2)": lambda x: x % 2, "average([x, y])": lambda x: (x + 0.7) / 2,
    "sinn(x)": math.sin, "coss(x)": math.cos, "expp(2x)": lambda x: math.exp(2 * x), "sqtr(x)": math.sqrt, "lgo(x)": math.log,
    "arcsn(x)": math.asin, "sigmod(x)": lambda x: 1 / (1 + math.exp(-x)), "sqrrt(x)": math.sqrt,
    "cos[2x]": lambda x: math.cos(2 * x), "exp^x": math.exp, "exp^-x": lambda x: math.exp(-x), "1 000": lambda x: 1000,
    "12 000": lambda x: 12000, "1 000 000": lambda x: 1_000_000, "1 234 567": lambda x: 1_234_567,
    "sen x": math.sin, "tg 2x": lambda x: math.tan(2 * x), "log_10 x": math.log10,
    "y log_10 x": lambda x: 0.7 * math.log10(x),
    "x mod 2": lambda x: x % 2, "x div 2": lambda x: 0, "x times 3": lambda x: 3 * x, "x over y": lambda x: x / 0.7,
    "x plus 2": lambda x: x + 2, "x squared": lambda x: x * x, "min x y": lambda x: min(x, 0.7), "max x": lambda x: x, "2 over x": lambda x: 2 / x,
    "atan2 y x": lambda x: math.atan2(0.7, x), "clip x 0 2": lambda x: x, "mod x 2": lambda x: x % 2,
    "\N{FOURTH ROOT}x": lambda x: x**0.25, "sqrt[3](x)": lambda x: x ** (1 / 3), "log[2](x + 1)": lambda x: math.log2(x + 1),
    "Sum(x^k, k, 1, 3)": lambda x: x + x**2 + x**3, "product(x + k, k, 1, 2)": lambda x: (x + 1) * (x + 2),
    "iff(x > 0, 1, 2)": lambda x: 1, "when(x < 0, 1, 2)": lambda x: 2, "squared(x + 1)": lambda x: (x + 1) ** 2,
    "sqrd(x)": lambda x: x * x, "cubed(x)": lambda x: x**3, "ψ(x)": lambda x: float(digamma(x)),
}  # fmt: skip
"""What is typed, and what it means."""


@pytest.mark.parametrize("text", FORMS)
@pytest.mark.parametrize("x", [0.3, 0.45])
def test_a_hint_means_what_was_typed(text: str, x: float) -> None:
    assert value(hint(text), x) == pytest.approx(FORMS[text](x), rel=1e-13)


BOTH = {
    "lg(x)": {"log10(x)", "log2(x)"}, "sqr(x)": {"x^2", "sqrt(x)"}, "sin x y": {"sin(x)*y", "sin(x*y)"},
    "sin x/2": {"sin(x)/2", "sin(x/2)"}, "sin 2 x": {"sin(2*x)", "sin(2)*x"},
    "tan^-1(2x)": {"atan(2x)", "1/tan(2x)"}, "exp^-1(x)": {"log(x)", "1/exp(x)"}, "ln^-1(x)": {"exp(x)", "1/log(x)"},
    "2 3": {"2*3", "23"}, "100 200": {"100*200", "100200"}, "1/2 sin(x)": {"(1/2)*sin(x)", "1/(2*sin(x))"},
    "3 1/2": {"(3 + 1/2)", "3*1/2"}, "sinn x": {"sin(x)", "sinn*x"}, "1/2 sen x": {"(1/2)*sin(x)", "1/(2*sin(x))"}, "log_10 x y": {"log10(x)*y", "log10(x*y)"},
    "sin^(-1)(x)": {"asin(x)", "1/sin(x)"}, "1/2(x+1)": {"(1/2)*(x+1)", "1/(2*(x+1))"}, "x^2y": {"x^2*y", "x^(2*y)"},
}  # fmt: skip
"""What has two readings, and both."""


@pytest.mark.parametrize("text", BOTH)
def test_what_has_two_readings_is_told_both(text: str) -> None:
    readings = hint(text).split(" or ")
    assert set(readings) == BOTH[text]
    for reading in readings:
        parse(reading)


WITHOUT = [
    *(f"{name}(x)" for name in synonyms._OWN if name not in FUNCTIONS and name != "lambda"),
    "cross(x, y)", "delta(x + 1)", "limit(sin(x)/x, x, 0)", "integrate(x^2, x)", "sech2(x)", "psi2(x)", "tah(x)",
    "foo(x)", "velocity(x + 1)", "if(x > 0, 1)", "int(x)", "Phi(x)", "Delta(x)", "SOFTMIN(x)", "sig(x)",
    "f(x)", "δ(x)", "Φ(x)", "sing(x)", "exp2x(x)", "x!!", "±x", "x ∈ y", "Sum(x, 2)", "sin[2](x)",
]  # fmt: skip


@pytest.mark.parametrize("text", sorted(WITHOUT))
def test_a_name_with_a_meaning_of_its_own_is_corrected_to_no_other(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert "did you mean" not in caught.value.message
    with pytest.raises(ExpressionError):
        parse(caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sin-1(x)", "asin(x)"),
        ("cos-1 x", "acos(x)"),
        ("tanh-1(2x+1)", "atanh(2x+1)"),
        ("sin-x", "sin(-x)"),
        ("square root of x", "sqrt(x)"),
        ("cube root y", "cbrt(y)"),
        ("arc sin x", "arcsin(x)"),
        ("x to the 2", "the signs + - * / ^ for words"),
        ("2 to the x", "the signs + - * / ^ for words"),
        ("0x1F", "31, or a hexadecimal float such as 0x1.8p+1"),
        ("1.000,5", "1000.5"),
        ("1.5,5", "[1.5, 5] for an array"),
        ("x½", "x*(1/2)"),
        ("x=>1", "a >= b"),
        ("x =< 1", "a <= b"),
        ("C(5, x)", "gradcalc functions lists what there is"),
        ("W(x)", "W*(x)"),
    ],
)
def test_a_form_of_elsewhere_is_told_as_it_is_written_here(text: str, told: str) -> None:
    assert hint(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("d/dx x^5", "d/dx(x^5)"),
        ("d/dx sin(x)", "d/dx(sin(x))"),
        ("d/dx x^5 + 1", "d/dx(x^5) + 1 or d/dx(x^5 + 1)"),
        ("d^2/dx^3(x)", synonyms.DERIVATIVE),
        ("d(x^5)/dx", "diff(x^5, x)"),
        ("∂ x", "∂/∂x(f)"),
        ("nabla(x^5)", "gradcalc grad 'x^5'"),
        ("grad(x^5)", "gradient(f, x, y), or gradcalc grad for all variables"),
        ("hessian(x^5)", "hessian(f, x, y), or gradcalc hessian for all variables"),
    ],
)
def test_a_derivative_that_is_none_is_told_as_one(text: str, told: str) -> None:
    assert hint(text) == told


def test_every_function_meant_is_one_and_no_name_has_two_meanings() -> None:
    assert set(synonyms._OURS.values()) <= set(FUNCTIONS)
    assert not set(synonyms._OURS) & set(FUNCTIONS)
    own = set(synonyms._OWN)
    assert not own & set(synonyms._OURS) and not own & set(synonyms._WRITTEN)
