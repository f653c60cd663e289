"""How people write formulas: what is read means what they mean, what has two readings is told both, nothing else comes.

The meanings are written by hand in Python. Every row is tried with its variables given, as at a point, and without:
there it has the same meaning or is refused.
"""

import re
import time

import pytest
from mpmath import mp

from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import ExpressionError
from gradcalc.language.parse import parse
from tests import HANG

_LETTERS = [
    "x",
    "y",
    "z",
    "t",
    "r",
    "h",
    "a",
    "b",
    "c",
    "m",
    "n",
    "k",
    "d",
    "x1",
    "x2",
    "theta",
    "g",
    "v",
    "w",
    "A",
    "B",
    "p",
    "s",
    "u",
    "gamma",
]
POINTS = [
    dict(zip(_LETTERS, numbers, strict=True))
    for numbers in (
        [0.3, 1.4, 0.8, 0.6, 1.2, 0.45, 1.3, 0.75, 2.2, 1.7, 3.0, 0.65, 0.35, 0.9, 1.6]
        + [0.55, 9.8, 2.1, 0.25, 1.1, 0.4, 0.15, 0.85, 1.05, 0.95],
        [0.7, 0.9, 1.3, 1.1, 0.6, 1.25, 0.4, 1.6, 1.9, 0.55, 2.0, 1.15, 0.8, 1.4, 0.35]
        + [1.2, 1.6, 0.95, 1.75, 0.5, 1.3, 0.85, 0.2, 0.45, 1.35],
    )
]
NAMES = {name: getattr(mp, name) for name in ("sin", "cos", "tan", "exp", "sqrt", "cbrt", "pi", "e", "gamma", "zeta")} | {
    "ln": mp.log, "log10": mp.log10, "asin": mp.asin, "acos": mp.acos, "atan": mp.atan, "sinh": mp.sinh, "cosh": mp.cosh,
    "tanh": mp.tanh, "sec": mp.sec, "csc": mp.csc, "cot": mp.cot, "Γ": mp.gamma, "floor": mp.floor, "mod": lambda a, b: a - b * mp.floor(a / b),
    "factorial": mp.factorial, "abs": abs, "max": max, "min": min, "erf": mp.erf, "sum": sum, "range": range, "atan2": mp.atan2,
}  # fmt: skip

READ = {
    # the first writings of textbooks of physics, and definitions of other systems
    "½gt²": "g*t**2/2", "v t + ½gt²": "v*t + g*t**2/2", "-gt": "-g*t", "f(x) := x^2": "x**2", "u := 2x": "2*x", "mgh + ½mv²": "m*g*h + m*v**2/2",
    # functions without parentheses
    "sin x": "sin(x)", "sin 2x": "sin(2*x)", "sin -x": "-sin(x)", "sin -2x": "-sin(2*x)", "2 sin x cos x": "2*sin(x)*cos(x)",
    "cos 2x": "cos(2*x)", "sin x cos x": "sin(x)*cos(x)", "sin 2x cos 3x": "sin(2*x)*cos(3*x)", "x sin x": "x*sin(x)",
    "sin x + 1": "sin(x) + 1", "sin x+1": "sin(x) + 1", "sin x - cos x": "sin(x) - cos(x)", "sin x-cos x": "sin(x) - cos(x)",
    "x ln x - x": "x*ln(x) - x", "x ln x-x": "x*ln(x) - x", "ln x": "ln(x)", "ln 2x": "ln(2*x)", "log x": "ln(x)", "exp x": "exp(x)",
    "exp -x": "exp(-x)", "exp -x^2": "exp(-x**2)", "exp -2x": "exp(-2*x)", "sqrt x": "sqrt(x)", "sqrt 2": "sqrt(2)", "tan x": "tan(x)",
    "sin x^2": "sin(x**2)", "sin 2x^2": "sin(2*x**2)", "cos x^3 + 1": "cos(x**3) + 1", "ln x^2": "ln(x**2)", "sin x²": "sin(x**2)",
    "sin² x": "sin(x)**2", "sin²x": "sin(x)**2", "sin^2 x": "sin(x)**2", "sin^2x": "sin(x)**2", "cos^3 x": "cos(x)**3", "sin^2 2x": "sin(2*x)**2",
    "sin²2x": "sin(2*x)**2", "sin^2 x + cos^2 x": "1", "sin²x+cos²x": "1", "sin^2 x cos^3 y": "sin(x)**2*cos(y)**3", "tan²x": "tan(x)**2",
    "ln² x": "ln(x)**2", "sin^10 x": "sin(x)**10", "sin^2 x²": "sin(x**2)**2", "2sin^2 x": "2*sin(x)**2", "1 - 2 sin² x": "1 - 2*sin(x)**2",
    "ln|x|": "ln(abs(x))", "ln |x|": "ln(abs(x))", "ln|x-1|": "ln(abs(x-1))", "ln|x|/x": "ln(abs(x))/x", "x ln|x|": "x*ln(abs(x))",
    "ln|sin x|": "ln(abs(sin(x)))", "-ln|cos x|": "-ln(abs(cos(x)))", "sin|x|": "sin(abs(x))", "ln|x| + ln|y|": "ln(abs(x)) + ln(abs(y))",
    "ln|x|*2": "ln(abs(x))*2", "sqrt|x|": "sqrt(abs(x))", "ln²|x|": "ln(abs(x))**2", "|x| ln|x|": "x*ln(x)", "|x| sin|x| + 1": "x*sin(x) + 1",
    "sin x/cos x": "sin(x)/cos(x)", "sin x / cos x": "tan(x)", "sin x * cos x": "sin(x)*cos(x)", "1/sin x": "1/sin(x)", "1/ln x": "1/ln(x)",
    "x/sin 2x": "x/sin(2*x)", "x*sin x": "x*sin(x)", "(sin x)/2": "sin(x)/2", "(1/2)sin x": "sin(x)/2", "½ sin x": "sin(x)/2", "½sin 2x": "sin(2*x)/2",
    "2^sin x": "2**sin(x)", "e^sin x": "exp(sin(x))", "x^sin x": "x**sin(x)", "-sin x": "-sin(x)", "3 - sin x": "3 - sin(x)", "(sin x)^2": "sin(x)**2",
    "sin cos x": "sin(cos(x))", "ln sin x": "ln(sin(x))", "sin ln x": "sin(ln(x))", "sqrt cos x": "sqrt(cos(x))",
    "sin pi": "0", "cos π": "-1", "sin πx": "sin(pi*x)", "sin 2πx": "sin(2*pi*x)", "cos 2πx cos πy": "cos(2*pi*x)*cos(pi*y)",
    "sin theta": "sin(theta)", "cos theta sin x": "cos(theta)*sin(x)", "sin xy": "sin(x*y)", "sin 2xy": "sin(2*x*y)",
    "sin 0.5x": "sin(0.5*x)", "log 0.5x": "ln(0.5*x)", "sin ½x": "sin(x/2)", "sin √x": "sin(sqrt(x))", "sin 2√x": "sin(2*sqrt(x))", "ln √x": "ln(x)/2",
    "atan x": "atan(x)", "arctan x": "atan(x)", "arcsin x": "asin(x)", "sinh x": "sinh(x)", "tanh x": "tanh(x)", "erf x": "erf(x)", "sec x tan x": "sec(x)*tan(x)",
    "sec² x": "sec(x)**2", "abs x": "abs(x)", "log10 x": "log10(x)", "sin x sin y": "sin(x)*sin(y)", "sin(x) cos x": "sin(x)*cos(x)", "cos x sin(x)": "sin(x)*cos(x)",
    "e^x sin x": "exp(x)*sin(x)", "e^-x cos x": "exp(-x)*cos(x)", "e^(-x) sin 2x": "exp(-x)*sin(2*x)", "x^2 sin x": "x**2*sin(x)", "x² ln x": "x**2*ln(x)",
    "x^2 ln x + x": "x**2*ln(x) + x", "sin x sin x": "sin(x)**2", "sin x ln x": "sin(x)*ln(x)", "sin 3": "sin(3)", "max(sin x, cos x)": "max(sin(x), cos(x))",
    "sin x > 0 ? 1 : 2": "1", "SIN x": "sin(x)", "LN x": "ln(x)", "|sin x|": "abs(sin(x))", "sin x^y": "sin(x**y)", "sin 2^x": "sin(2**x)",
    "sin x^-1": "sin(1/x)", "exp x ln x": "exp(x)*ln(x)", "(cos x)(sin x)": "sin(x)*cos(x)",
    # products without a sign
    "x sin(x)": "x*sin(x)", "x^2 sin(x)": "x**2*sin(x)", "x(x+1)": "x*(x+1)", "x (x+1)": "x*(x+1)", "x(1-x)": "x*(1-x)", "x(x+1)(x+2)": "x*(x+1)*(x+2)",
    "2x(x+1)": "2*x*(x+1)", "(x+1)x": "x*(x+1)", "(x+1) x": "x*(x+1)", "a(x+1)": "a*(x+1)", "a(b+c)": "a*(b+c)", "x(y)": "x*y", "x(2)": "2*x",
    "a x^2 + b x + c": "a*x**2 + b*x + c", "ax^2+bx+c": "a*x**2 + b*x + c", "ax²+bx+c": "a*x**2 + b*x + c", "m c^2": "m*c**2", "mc²": "m*c**2", "mgh": "m*g*h", "m g h": "m*g*h",
    "x y": "x*y", "x y z": "x*y*z", "xy": "x*y", "xyz": "x*y*z", "2xy": "2*x*y", "xy^2": "x*y**2", "x²y": "x**2*y", "x^2 y": "x**2*y", "x^2 y^2": "x**2*y**2",
    "xy + yz": "x*y + y*z", "xy(x+y)": "x*y*(x+y)", "-xy": "-x*y", "xx": "x*x", "(xy)^2": "(x*y)**2", "2 x y": "2*x*y", "2x y": "2*x*y", "3xy²z": "3*x*y**2*z",
    "x y/2": "x*y/2", "2x/3": "2*x/3", "x sin(y) cos(z)": "x*sin(y)*cos(z)", "x cos(x) - sin(x)": "x*cos(x) - sin(x)", "x exp(-x)": "x*exp(-x)", "x e^x": "x*exp(x)", "xe^x": "x*exp(x)",
    "2e^x": "2*exp(x)", "2xe^x": "2*x*exp(x)", "xe^(-x)": "x*exp(-x)", "3e^(2x)": "3*exp(2*x)", "x e^(-x^2)": "x*exp(-x**2)", "x e": "x*e", "A e^(-k t) cos(w t)": "A*exp(-k*t)*cos(w*t)",
    "x^2 (x+1)": "x**2*(x+1)", "(x+1)^2 (x-1)": "(x+1)**2*(x-1)", "x^(2)y": "x**2*y", "e^(2x)y": "exp(2*x)*y", "e^(-x)sin(x)": "exp(-x)*sin(x)", "e^x sin(x)": "exp(x)*sin(x)",
    "10^-3 x": "x/1000", "10^3 x": "1000*x", "2^3 x": "8*x", "x^-1 y": "y/x", "10^-3 x y": "x*y/1000", "x√2": "x*sqrt(2)", "2√x": "2*sqrt(x)", "x√(x+1)": "x*sqrt(x+1)", "√(x)y": "sqrt(x)*y", "x₁x₂": "x1*x2", "x₁ + x₂": "x1 + x2", "2x₁": "2*x1", "x₁²": "x1**2", "x1x2": "x1*x2", "x1 x2": "x1*x2",
    "sum(i=1..3, i x)": "6*x", "sum(i=1..3, i(x+1))": "6*(x+1)", "x(sin(x)+1)": "x*(sin(x)+1)", "2(3)": "6", "(2)(x)": "2*x", "gamma x": "gamma*x",
    # constants
    "cos(pi x)": "cos(pi*x)", "sin(2πx)": "sin(2*pi*x)", "πr²": "pi*r**2", "2πr": "2*pi*r", "πr²h": "pi*r**2*h", "2πr(r+h)": "2*pi*r*(r+h)", "(4/3)πr³": "4*pi*r**3/3", "πx": "pi*x", "xπ": "pi*x",
    "pi x": "pi*x", "2 pi x": "2*pi*x", "π(x+1)": "pi*(x+1)", "pi(x+1)": "pi*(x+1)", "PI*x": "pi*x", "Pi x": "pi*x", "PI()*x": "pi*x", "pi()": "pi", "x π": "pi*x", "πxy": "pi*x*y", "π²x": "pi**2*x", "cos(2 pi x)": "cos(2*pi*x)",
    # bars
    "2|x|": "2*x", "|x||y|": "x*y", "||x|-|y||": "abs(x-y)", "2||x|-1|": "2*abs(x-1)", "x|y|": "x*y", "|x|y": "x*y", "|x|^2": "x**2", "|x| |y|": "x*y", "|-x| sin(x)": "x*sin(x)", "-|x|": "-x",
    "2|x - 1| + 3|y|": "2*abs(x-1) + 3*y", "||x|-1|": "abs(x-1)", "|x|/|y|": "x/y", "|x y|": "x*y", "(x+1)|x|": "(x+1)*x", "|x|(x+1)": "x*(x+1)", "|x-1||x+1|": "abs(x-1)*abs(x+1)", "|ln|x||": "abs(ln(x))", "x²|x|": "x**3",
    "where(x < 1 | y > 2, 1, 2)": "1", "where((x < 0) | (y < 0), 1, 2)": "2",
    # numbers
    "½x": "x/2", "½": "0.5", "¾x²": "0.75*x**2", "x^½": "sqrt(x)", "⅓ + x": "1/mp.mpf(3) + x", "½(x+1)": "(x+1)/2", "½ x y": "x*y/2", "½mv²": "m*v**2/2", "1_000": "1000", "1_000x": "1000*x", "1_000_000*x": "1000000*x", "1_000.5*x": "1000.5*x",
    "1.5d-3*x": "0.0015*x", "1.5D-3*x": "0.0015*x", "1.0d0*x": "x", "2.5d+1*x": "25*x", "1e-3x": "0.001*x", "2.x": "2*x", ".5x": "0.5*x",
    # letters and libraries
    "LN(x)": "ln(x)", "SIN(x)": "sin(x)", "Sin(x)": "sin(x)", "EXP(x)": "exp(x)", "SQRT(x)": "sqrt(x)", "Sqrt(x)": "sqrt(x)", "ABS(-x)": "x", "Gamma(x)": "Γ(x)", "Γ(x)": "Γ(x)", "ζ(x+2)": "zeta(x+2)", "MAX(x, y)": "max(x, y)", "Ln(x)": "ln(x)",
    "ArcSin(x)": "asin(x)", "Tanh(x)": "tanh(x)", "LOG10(x)": "log10(x)", "LOG(x, 2)": "ln(x)/ln(2)", "2SIN(x)": "2*sin(x)", "x SIN(x)": "x*sin(x)", "Log(x)": "ln(x)", "MOD(x, 2)": "x", "IF(x > 0, x, 0)": "x", "x*LN(x)": "x*ln(x)",
    "np.sin(x)": "sin(x)", "numpy.exp(x)": "exp(x)", "Math.sqrt(x)": "sqrt(x)", "math.log(x)": "ln(x)", "Math.PI*x": "pi*x", "math.pi*x": "pi*x", "np.pi*x": "pi*x", "np.e**x": "exp(x)", "math.log(x, 2)": "ln(x)/ln(2)", "Math.pow(x, 2)": "x**2", "np.maximum(x, 0)": "x",
    "np.arctan2(y, x)": "atan2(y, x)", "np.sin(x)**2 + np.cos(x)**2": "1", "x*np.exp(-x)": "x*exp(-x)", "2*np.pi*x": "2*pi*x", "np.abs(-x)": "x", "tf.math.log(x)": "ln(x)", "torch.exp(x)": "exp(x)", "sympy.sin(x)": "sin(x)", "math.e": "e", "np.where(x > 0, x, 0)": "x",
    "2 np.sin(x)": "2*sin(x)", "Math.abs(-x)": "x", "math.gamma(x)": "Γ(x)", "scipy.special.erf(x)": "erf(x)",
    # definitions
    "f(x) = x^2": "x**2", "f(x)=x sin x": "x*sin(x)", "z = x^2 y": "x**2*y", "f(x, y) = x y": "x*y", "f = x^2": "x**2", "= x^2": "x**2", "=SIN(x)^2": "sin(x)**2", "=x*EXP(-x)": "x*exp(-x)", "E = m c^2": "m*c**2", "g(t) = e^-t cos t": "exp(-t)*cos(t)", "=1-x^2": "1-x**2",
    "area = πr²": "pi*r**2",
    # branches
    "x > 0 ? x : -x": "x", "x < 0 ? 1 : x > 5 ? 2 : 3": "3", "(x > 0 ? 1 : 2) + y": "1 + y", "x > 0 ? x^2 : x^3 + 1": "x**2", "x > y ? x : y": "max(x, y)", "x if x > 0 else -x": "x", "1 + x if x > 0 else 2": "1 + x", "x if x > 9 else y if y > 9 else 3": "3", "(x if x > 0 else y)*2": "2*x", "2*(x>0 ? x : y)": "2*x",
    "if(x > 0, x, 0)": "x", "ifelse(x > 0, x, 0)": "x", "iif(x > 0, x, 0)": "x", "x > 0 AND y > 0 ? 1 : 2": "1", "IF(AND(x > 0, y > 0), 1, 2)": "1", "IF(NOT(x > 0), 1, 2)": "2", "x if x > 0 and y > 0 else 0": "x", "sin(x > 0 ? x : y)": "sin(x)", "max(x > 0 ? 1 : 2, 0)": "1", "[x > 0 ? x : y, 2][0]": "x", "x>0?x:0": "x", "(x < 0) | (y > 0) ? 1 : 2": "1",
    # elements, roots, sums
    "x.^2": "x**2", "x.*y": "x*y", "x./y": "x/y", "2.*x": "2*x", "2.^x": "2**x", "1./x": "1/x", "x.^2.*y": "x**2*y", "sin(x).^2": "sin(x)**2", "x.^(-1)": "1/x", "√x": "sqrt(x)", "∛x": "cbrt(x)", "√(x+1)": "sqrt(x+1)", "√2": "sqrt(2)", "x/√2": "x/sqrt(2)", "3√x": "3*sqrt(x)", "√x + √y": "sqrt(x) + sqrt(y)", "√|x|": "sqrt(x)",
    "∑(i=1..3, x^i)": "x + x**2 + x**3", "Σ(i=1..3, x^i)": "x + x**2 + x**3", "∏(i=1..3, x+i)": "(x+1)*(x+2)*(x+3)", "2∑(i=1..2, i x)": "6*x", "x × y": "x*y", "x · y": "x*y", "x ÷ y": "x/y", "x − y": "x - y", "x⋅y": "x*y",
}  # fmt: skip
"""What is read, and its meaning in Python."""


@pytest.mark.parametrize(
    "text",
    ["kx*x", "vx**2 + vy**2", "0.5*m*vx^2", "mu*x", "dx*dy", "rate*time", "x1*x2", "theta + x_1", "f_x*2", "ab + cd"],
)
def test_without_a_point_names_are_whole(text: str) -> None:
    assert set(re.findall(r"[^\W\d]\w*", text)) == set(parse(text).variables)


@pytest.mark.parametrize("row", ["2 sin x cos x + ", "xy πx "])
def test_100_000_characters_without_signs_take_time_linear_in_them(row: str) -> None:
    times = []
    for length in (10_000, 100_000):
        began = time.process_time()
        parse(row * (length // len(row)) + "x", shapes={"x": (), "y": ()})
        times.append(time.process_time() - began)
    assert times[1] < max(40 * times[0], HANG)


def value(text: str, point: dict[str, float], given: bool = True) -> float:
    formula = parse(text, shapes=dict.fromkeys(point, ()) if given else None)
    at = {v.items[0]: point[name] for name, v in formula.variables.items()}
    return float(evaluate(formula.graph, Floats(), at, [formula.output])[formula.output])


def names(text: str) -> set[str]:
    """The variables that are given: those of the meaning and of the text."""
    return {"x", *(name for name in re.findall(r"\w+", f"{text.rpartition('=')[2]} {READ[text]}") if name in POINTS[0])}


def check(text: str, meaning: str) -> None:
    used = names(text)
    for point in POINTS:
        own = {name: point[name] for name in used}
        expected = float(eval(meaning, {"mp": mp}, NAMES | own))
        assert value(text, own) == pytest.approx(expected, rel=1e-13, abs=1e-15)
        try:
            found = value(text, point, given=False)
        except ExpressionError:
            continue
        except KeyError as whole:  # without a point a name of several letters is one, as `mgh`
            assert str(whole.args[0]) in text and len(str(whole.args[0])) > 1
            continue
        assert found == pytest.approx(expected, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("text", READ)
def test_a_writing_means_what_people_mean(text: str) -> None:
    check(text, READ[text])


@pytest.mark.parametrize("text", READ)
def test_the_echo_of_a_writing_reads_back_as_the_same_graph(text: str) -> None:
    shapes = dict.fromkeys(names(text), ())
    first = parse(text, shapes=shapes)
    again = parse(first.canonical, shapes=shapes)
    assert again.canonical == first.canonical
    if " if " not in text:
        assert again.graph.nodes == first.graph.nodes
    assert all(0 <= left < right <= len(text) for _, _, _, (left, right) in first.tree or ())


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("log(2, x)", "log(x, 2) or ln(2)/ln(x)"),
        ("log(10, x + sin(y)) + 1", "log(x + sin(y), 10) or ln(10)/ln(x + sin(y))"),
        ("root(3, x)", "root(x, 3) or 3^(1/(x))"),
        ("1.5x10^3", "1.5*10^"),
        ("6.02 x10**23*y", "6.02*10^"),
        ("sin(30 deg)", "rad(30)"),
        ("cos(60 degrees) + x", "rad(30)"),
        ("xsinx", "x*sin(x)"),
        ("rsinθcosφ", "r*sin(θ)*cos(φ)"),
        ("sin2xcos2x", "sin(2x)*cos(2x)"),
        ("e^xsinx", "x*sin(x)"),
        ("1 + sinxy", "sin(xy)"),
        ("sin(pix)", "pi*x"),
        ("2piR", "pi*R"),
        ("5C2*x", "binomial(5, 2) or 5*C2"),
        ("10P3", "10!/(10 - 3)! or 10*P3"),
        ("½gt²", "g*t"),
        ("dy/dx + x", "diff(f, x)"),
        ("d/dx sin x + x", "d/dx(sin x) + x or d/dx(sin x + x)"),
        ("√x^y", "√(x^y) or (√x)^y"),
        ("√x²", "√(x²) or (√x)²"),
        ("lim x->0 sin(x)/x", "there are no limits"),
        ("int x", "there are no integrals"),
        ("log(x) base 2", "log(x, base)"),
        ("Σ i=1..3 i x", "sum(i=1..n, i*x)"),
        ("x′ + x", "diff(f, x)"),
        ("{a, b}", "[a, b] for an array"),
        ("x ± 1", "one with + and one with -"),
        ("⌊x⌋", "floor(x)"),
        ("x＋1", "the plain +"),
        ("x²⁺¹", "for an exponent"),
        ("x•y", "* for a product"),
    ],
)
def test_what_other_systems_read_otherwise_is_told(text: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "same"),
    [("log(x, 2)", "ln(x)/ln(2)"), ("log(2, 3)*x", "x*ln(2)/ln(3)"), ("2*x10^2", "2*x10**2"), ("pi*rad", "pi*rad")],
)
def test_what_is_written_alike_and_clear_is_read(text: str, same: str) -> None:
    values = []
    for each in map(parse, (text, same)):
        at = {node: 1.7 for value in each.variables.values() for node in value.items}
        values.append(evaluate(each.graph, Floats(), at, [each.output])[each.output])
    assert values[0] == pytest.approx(values[1], rel=1e-15)
