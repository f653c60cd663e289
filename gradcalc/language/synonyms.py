"""What was meant by a name that the language lacks: names of other books and systems. Imports errors, ops, tokens.

A hint is a formula that means what was typed, or there is none: a name that has a meaning of its own elsewhere is never
corrected to a function that is merely spelled like it.
"""

import re
from collections.abc import Sequence

from gradcalc.errors import did_you_mean, edit_distance
from gradcalc.graph import ops
from gradcalc.language.tokens import FUNCTIONS, SPECIAL

# -- names of other systems ------------------------------------------------------------------------------------------

_SAME = {
    "sin": "sen seno sinus sine dsin", "cos": "cosine coseno cosin cosinus dcos", "tan": "tg tang tangent tgn tangens",
    "cot": "cotan cotangent cotg ctg ctn", "sec": "secant", "csc": "cosec cosecant",
    "asin": "arcsine arcsen invsin arsin", "acos": "arccosine invcos arcos",
    "atan": "arctg atg arctang atn invtan datan arctangent", "acot": "arcctg arccotg arccotan arcctn acotan",
    "acsc": "arccosec acosec arccosecant", "asec": "arcsecant",
    "sinh": "sh senh sinushyperbolicus", "cosh": "ch coshyp", "tanh": "th tgh", "coth": "cth ctgh cotanh ctanh cotgh",
    "csch": "cosech", "asinh": "arsinh argsinh argsh arsh areasinh", "acosh": "arcosh argcosh argch areacosh",
    "atanh": "artanh argtanh argth arth areatanh artgh", "acoth": "arcoth argcoth arcth", "asech": "arsech",
    "acsch": "arcsch", "log": "alog dlog loge log_e natlog", "log2": "lb ld log_2", "log10": "alog10 log_10 dlog10",
    "log1p": "ln1p lnp1 log1plus", "exp": "exponential dexp", "exp2": "pow2",
    "sqrt": "squareroot sqroot square_root dsqrt", "cbrt": "cuberoot cubert curt cube_root",
    "abs": "absolute absval absolutevalue absolute_value absvalue magnitude dabs",
    "sign": "signum", "heaviside": "heavyside heavisidetheta heaviside_theta", "round": "nint rint",
    "sigmoid": "invlogit inv_logit logistic_sigmoid sigm", "logsumexp": "log_sum_exp logaddexp lse log_add_exp",
    "softplus": "log1pexp log1p_exp", "gamma": "tgamma", "lgamma": "lngamma gamln loggam log_gamma",
    "factorial": "fact fac", "binomial": "choose binom ncr nchoosek combin combination combinations",
    "beta": "eulerbeta", "lambertw": "productlog lambert lambert_w", "zeta": "riemannzeta riemann_zeta",
    "Ei": "expintegralei ei", "Si": "sinintegral sinint", "Ci": "cosintegral cosint",
    "besselj": "bessel_j jn jv", "bessely": "bessel_y yn yv", "besseli": "bessel_i iv", "besselk": "bessel_k kv",
    "erfinv": "inverf ierf", "li": "logint logintegral",
    "airyai": "airy_ai ai", "airybi": "airy_bi bi", "relu": "ramp rectifier",
    "where": "iff if_else ifthenelse when",
    "max": "fmax dmax1 amax1", "min": "fmin dmin1 amin1", "mod": "modulo", "hypot": "hypotenuse pythag",
    "clip": "clip_by_value constrain", "mean": "average avg", "sum": "total", "prod": "product",
    "dot": "inner vdot dotproduct dot_product innerproduct inner_product", "norm": "vecnorm norm2 l2norm",
}  # fmt: skip
"""Functions that differ in their names alone."""

_WRITTEN = {
    "cloglog": "log(-log(1 - {0}))", "sqr": "{0}^2 or sqrt({0})",
    "lg": "log10({0}) or log2({0})",
    "square": "{0}^2", "cube": "{0}^3", "sq": "{0}^2", "squared": "{0}^2", "sqrd": "{0}^2", "cubed": "{0}^3",
    "rsqrt": "1/sqrt({0})", "invsqrt": "1/sqrt({0})",
    "reciprocal": "1/{0}", "recip": "1/{0}", "exp10": "10^{0}", "pow10": "10^{0}", "log1m": "log1p(-{0})",
    "xlogx": "xlogy({0}, {0})", "entr": "-xlogy({0}, {0})", "sinpi": "sin(pi*{0})", "cospi": "cos(pi*{0})",
    "tanpi": "tan(pi*{0})", "sind": "sin(pi*{0}/180)", "cosd": "cos(pi*{0}/180)", "tand": "tan(pi*{0}/180)",
    "cotd": "cot(pi*{0}/180)", "secd": "sec(pi*{0}/180)", "cscd": "csc(pi*{0}/180)", "asind": "asin({0})*180/pi",
    "acosd": "acos({0})*180/pi", "atand": "atan({0})*180/pi", "versin": "1 - cos({0})", "vers": "1 - cos({0})",
    "coversin": "1 - sin({0})", "haversin": "(1 - cos({0}))/2", "hav": "(1 - cos({0}))/2", "exsec": "sec({0}) - 1",
    "excsc": "csc({0}) - 1", "gudermannian": "atan(sinh({0}))", "gd": "atan(sinh({0}))", "crd": "2*sin({0}/2)",
    "trunc": "where({0} < 0, ceil({0}), floor({0}))", "truncate": "where({0} < 0, ceil({0}), floor({0}))",
    "fix": "where({0} < 0, ceil({0}), floor({0}))", "fract": "{0} - floor({0})", "abs2": "abs({0})^2",
    "modulus": "abs({0})", "unitstep": "where({0} >= 0, 1, 0)", "step": "where({0} >= 0, 1, 0)",
    "saturate": "clip({0}, 0, 1)", "relu6": "clip({0}, 0, 6)", "hardtanh": "clip({0}, -1, 1)",
    "softsign": "{0}/(1 + abs({0}))", "mish": "{0}*tanh(softplus({0}))", "tanhshrink": "{0} - tanh({0})",
    "logsigmoid": "-softplus(-{0})", "log_sigmoid": "-softplus(-{0})", "logcosh": "log(cosh({0}))",
    "sumsq": "sum({0}^2)", "rms": "sqrt(mean({0}^2))", "negative": "-{0}", "minus": "-{0}",
    "erfcx": "exp({0}^2)*erfc({0})", "pnorm": "norm_cdf({0})", "dnorm": "norm_pdf({0})", "qnorm": "norm_ppf({0})",
    "e1": "expint(1, {0})",
    "rgamma": "1/gamma({0})", "trigamma": "polygamma(1, {0})", "tetragamma": "polygamma(2, {0})",
    "j0": "besselj(0, {0})", "j1": "besselj(1, {0})", "y0": "bessely(0, {0})", "y1": "bessely(1, {0})",
    "i0": "besseli(0, {0})", "i1": "besseli(1, {0})", "k0": "besselk(0, {0})", "k1": "besselk(1, {0})",
    "harmonic": "digamma({0} + 1) + EulerGamma", "ilogit": "sigmoid({0})",
}  # fmt: skip
"""Functions of one operand that are written out here."""

_WRITTEN_2 = {
    "power": "{0}^{1}", "expt": "{0}^{1}", "float_power": "{0}^{1}", "nthroot": "root({0}, {1})",
    "nroot": "root({0}, {1})", "surd": "root({0}, {1})", "real_root": "root({0}, {1})", "logb": "log({0}, {1})",
    "arctan": "atan2({1}, {0})", "divide": "{0}/{1}", "multiply": "{0}*{1}", "times": "{0}*{1}",
    "mult": "{0}*{1}", "plus": "{0} + {1}", "subtract": "{0} - {1}", "minus": "{0} - {1}", "matmul": "{0} @ {1}",
    "fmod": "{0} - {1}*where({0}/{1} < 0, ceil({0}/{1}), floor({0}/{1}))",
    "atan2d": "atan2({0}, {1})*180/pi", "logaddexp2": "log2(exp2({0}) + exp2({1}))", "modulus": "mod({0}, {1})",
    "xlog1py": "xlogy({0}, 1 + {1})", "rel_entr": "xlogy({0}, {0}/{1})", "kl_div": "xlogy({0}, {0}/{1}) - {0} + {1}",
    "floordiv": "floor({0}/{1})", "floor_divide": "floor({0}/{1})", "copysign": "where({1} < 0, -abs({0}), abs({0}))",
    "lbeta": "betaln({0}, {1})", "logbeta": "betaln({0}, {1})",
    "npr": "factorial({0})/factorial({0} - {1})", "poch": "gamma({0} + {1})/gamma({0})",
    "pochhammer": "gamma({0} + {1})/gamma({0})", "step": "where({1} < {0}, 0, 1)",
    "squareddifference": "({0} - {1})^2", "dist": "norm({0} - {1})", "distance": "norm({0} - {1})",
}  # fmt: skip
"""Functions of two operands that are written out here."""

_WRITTEN_3 = {"lerp": "{0} + ({1} - {0})*{2}", "mix": "{0} + ({1} - {0})*{2}", "merge": "where({2}, {0}, {1})"}

_ONE_OPERAND = frozenset(("sum", "prod", "mean", "heaviside"))
"""Functions whose lowering is their own and which take one array or number."""

_REAL_ROOTS = frozenset(("nthroot", "surd", "real_root"))
"""Roots that an odd degree gives of negative numbers too."""

_LETTERS = {"Γ": "gamma", "ζ": "zeta", "ψ": "digamma"}
"""Functions that mathematics writes as one letter; the small gamma is a variable."""

UNWRITTEN = frozenset("fδΦΣΠ")
"""Letters that nearly always call a function, which is not defined here: no product is meant."""

ELSEWHERE = {
    "LOG": (2,),
    "Sum": (1,),
    "ArcTan": (1,),
    "ATAN2": (),
    "Diff": (),
    "DIFF": (),
    "Psi": (),
    "PSI": (),
    "LI": (),
}
"""Names in capitals that have a meaning of their own, and with how many operands it is that of the small ones."""

_CAPITALS = {"LOG": (1, "log({0}) or log10({0})"), "ATAN2": (2, "atan2({0}, {1}) or atan2({1}, {0})")}
IN_CELLS = {"log": (1, "log({0}) or log10({0})"), "atan2": (2, "atan2({0}, {1}) or atan2({1}, {0})")}
"""Functions that spreadsheets read in another way: with how many operands, and both ways."""

OPERATORS = {
    "mod": "mod({0}, {1})", "div": "floor({0}/{1})", "times": "{0}*{1}", "plus": "{0} + {1}", "minus": "{0} - {1}",
    "over": "{0}/{1}", "squared": "{0}^2", "cubed": "{0}^3",
    "choose": "binomial({0}, {1})",
}  # fmt: skip
"""Words between or behind operands, and what they mean."""

_OURS = {name: function for function, names in _SAME.items() for name in names.split()}

# -- names that mean something else -----------------------------------------------------------------------------------

_OWN = frozenset(
    re.findall(
        r"\w+",
        """
invert pinv kron eig rank svd adj
softmin argmax argmin cummax cumsum cumprod delta diracdelta dirac kronecker kroneckerdelta phi chi xi eta theta
lambda mu nu rho omega sigma alpha epsilon kappa iota upsilon lamda re im real imag conj arg angle phase cis rand
randn random gcd lcm prime isprime floorsqrt isqrt gauss gaussian normal shi
rnd jinc zetac dilog li2 hankel hankel1 hankel2 kelvin ber bei ker kei dawson dawsn
elliptick elliptice hyp1f1 hyper chebyshev chebyt jacobi
airy igamma betainc factorial2 doublefactorial subfactorial fibonacci catalan bernoulli euler
lucas var std stdev stddev variance median mode cov corr count len length size sort rem remainder quotient int
rect rectangle tri triangle sawtooth boxcar smoothstep select switch cond cases celu selu prelu glu hardsigmoid
hard_sigmoid lrelu huber bce mse mae tanc sinhc coshc tanhc ceillog clog2 ilog ilog2 logn sch si ci asn acn sn cn dn
am sd cd nd integrate integral lim limit
solve simplify expand taylor series residue minimize maximize dsolve nsolve plot xor nand nor implies any all mask
indicator bool sing exp2x
""",
    )
)
"""Names of mathematics and of other systems that the language lacks; not one is a misspelling of another."""

_NO_TARGETS = frozenset(("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "add", "mul", "sub", "neg", "div"))
_TARGETS = [name for name, meaning in FUNCTIONS.items() if len(name) > 2 and meaning not in _NO_TARGETS]
"""What a slip of the keyboard may have meant."""

DERIVATIVE = "d/dx(x^2), d^2/dx^2(x^2) or diff(x^2, x)"
"""How derivatives are written."""


def function_meant(name: str) -> str | None:
    """The function that a name stands for: of another system, in capitals, or with one letter wrong."""
    small = name.lower()
    if name in _LETTERS:
        return _LETTERS[name]
    if small in _OURS:
        return _OURS[small]
    if small in FUNCTIONS and small != name:
        return small
    if small in _OWN or small in _WRITTEN or small in _WRITTEN_2 or small in _WRITTEN_3 or len(name) < 3:
        return None
    near = did_you_mean(name, _TARGETS)
    if near is None or edit_distance(small, near.lower()) > 2 or abs(len(name) - len(near)) > 1:
        return None
    return near if _digits(near) == _digits(name) else None


def is_named(name: str) -> bool:
    """Whether a name is that of a function of one operand here or elsewhere, as it is spelled."""
    small = name.lower()
    return small in FUNCTIONS or small in _OURS or small in _WRITTEN


def _digits(name: str) -> str:
    """The digits of a name, which nobody types by a slip: `sech2` is not `sech`."""
    return "".join(filter(str.isdigit, name))


def formula_meant(name: str, operands: Sequence[str]) -> str | None:
    """What a call of an unknown function means, its operands put in; None where nothing here means the same."""
    small = name.lower()
    if name in _CAPITALS and _CAPITALS[name][0] == len(operands):
        return _CAPITALS[name][1].format(*operands)
    table = {1: _WRITTEN, 2: _WRITTEN_2, 3: _WRITTEN_3}.get(len(operands), {})
    if (
        len(operands) == 2
        and small in _REAL_ROOTS
        and operands[1].isdigit()
        and int(operands[1]) % 2
        and operands[1] != "3"
    ):
        return f"sign({operands[0]})*abs({operands[0]})^(1/{operands[1]})"
    if small in table and (small != "arctan" or name != small):
        return table[small].format(*map(_grouped, operands))
    base = small.removeprefix("log").removeprefix("_")
    if (
        small.startswith("log")
        and base.isdigit()
        and small not in FUNCTIONS
        and small not in _OURS
        and len(operands) == 1
    ):
        return f"log({operands[0]}, {base})" if int(base) > 1 else None
    function = function_meant(name)
    op = ops.TABLE.get(FUNCTIONS.get(function or "", ""))
    if function in ("sum", "prod") and len(operands) == 4 and operands[1].isidentifier():
        body, counter, first, last = operands
        return f"{function}({counter}={first}..{last}, {body})"
    if function in _ONE_OPERAND and len(operands) != 1:
        return None
    fits = op is None or op.variadic or len(op.operands) == len(operands) or FUNCTIONS.get(function or "") in SPECIAL
    return f"{function}({', '.join(operands)})" if function and fits else None


def _grouped(operand: str) -> str:
    """An operand that may stand anywhere in a formula."""
    return operand if operand.isalnum() else f"({operand})"
