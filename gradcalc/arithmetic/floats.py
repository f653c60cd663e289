"""Floats: IEEE doubles, the arithmetic of the tape. Imports math and the table; flint, on first use, for what is hard.

Every function is total and answers as NumPy does: overflow is an infinity, a pole is one or nan, nan outside a domain.
A function is one of those below; else that of `math`, made total; else, of costly ops, that of the balls, rounded:
correctly, if slower; else it is put together as `definitions` say, in Python generated from the definition's graph.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from gradcalc.arithmetic.evaluate import Functions, evaluate
from gradcalc.arithmetic.marks import Unknown
from gradcalc.graph import ops
from gradcalc.graph.definitions import Definition, definition
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.graph.ops import Op

INF, NAN = math.inf, math.nan
Function = Callable[..., Any]

_NAMED = {
    "pi": math.pi,
    "tau": math.tau,
    "E": math.e,
    "EulerGamma": 0.5772156649015329,
    "Catalan": 0.915965594177219,
    "GoldenRatio": 1.618033988749895,
    "nan": NAN,
    "oo": INF,
    "-oo": -INF,
}


class Floats:
    """The arithmetic of IEEE doubles; conditions are bools."""

    def __init__(self) -> None:
        self._constants: dict[str, float] = dict(_NAMED)
        self.functions: Mapping[Op, Function] = FUNCTIONS

    def constant(self, text: str) -> float:
        """The double nearest to an exact constant; infinite beyond the largest."""
        value = self._constants.get(text)
        if value is None:
            value = self._constants[text] = _number(text)
        return value

    def evaluate(self, graph: Graph, inputs: Mapping[int, Any], outputs: Iterable[int]) -> list[Any]:
        """`arithmetic.evaluate` over floats."""
        return evaluate(graph, self, inputs, outputs)


def exact_sum(parts: Sequence[float]) -> float:
    """The correctly rounded sum; nan and infinities as addition has them."""
    if not all(map(math.isfinite, parts)):
        return sum(parts)
    try:
        return math.fsum(parts)
    except OverflowError:  # on the way, if not at the end
        return math.fsum(x * 2.0**-64 for x in parts) * 2.0**64


def _number(text: str) -> float:
    if "x" not in text and "X" not in text:
        return float(text)
    try:
        return float.fromhex(text)
    except OverflowError:
        return -INF if text.startswith("-") else INF


# -- what math has, made total -----------------------------------------------------------------------------------------


def _total(function: Callable[[float], float], op: Op | None = None) -> Callable[[float], float]:
    """A function of `math` that raises nothing: it overflows to the infinity of its argument's sign, cosh to plus."""
    poles = {x: value for (one, x), value in _POLES.items() if one is op}

    def total(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return poles.get(x, NAN)
        except OverflowError:
            return INF if op is ops.cosh else math.copysign(INF, x)

    return total


_NEVER_RAISE = (ops.abs, ops.atan, ops.atan2, ops.tanh, ops.asinh, ops.erf, ops.erfc, ops.hypot)

# -- arithmetic --------------------------------------------------------------------------------------------------------


def _add(total: float, *rest: float) -> float:
    for x in rest:
        total += x
    return total


def _mul(product: float, *rest: float) -> float:
    for x in rest:
        product *= x
    return product


def _div(a: float, b: float) -> float:
    try:
        return a / b
    except ZeroDivisionError:
        return NAN if a == 0 or math.isnan(a) else math.copysign(INF, a) * math.copysign(1.0, b)


def _pow(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -INF if a < 0 and b % 2 == 1 else INF
    except ValueError:
        return (math.copysign(INF, a) if b % 2 == 1 else INF) if a == 0 else NAN


def _cbrt(x: float) -> float:
    """The system's cube root, which may be 2 ulps off, and one step of Newton's method where its cubes are doubles."""
    y = math.cbrt(x)
    return y - (y * y * y - x) / (3 * y * y) if 1e-280 < abs(x) < 1e300 else y


def _integral(function: Callable[[float], int]) -> Function:
    """floor, ceil or round, as floats, also of what is infinite or nan."""

    def integral(x: float) -> float:
        return float(function(x)) if -4503599627370496.0 < x < 4503599627370496.0 else x

    return integral


def _mod(a: float, b: float) -> float:
    try:
        return a % b
    except ZeroDivisionError:
        return NAN


def _max(best: float, *rest: float) -> float:
    for x in rest:
        if x > best or math.isnan(x):
            best = x
    return best


def _min(best: float, *rest: float) -> float:
    for x in rest:
        if x < best or math.isnan(x):
            best = x
    return best


def _logsumexp(*xs: float) -> float:
    top = _max(*xs)
    if not math.isfinite(top):
        return top
    rest = list(xs)
    rest.remove(top)
    return top + math.log1p(_add(0.0, *(math.exp(x - top) for x in rest)))


# -- by balls, correctly rounded ---------------------------------------------------------------------------------------


def _by_balls(op: Op) -> Callable[..., float]:
    """The op's value in balls, rounded; at infinity and at poles as the tables below say."""

    def precise(*operands: float) -> float:
        if not all(map(math.isfinite, operands)):
            return _at_infinity(op, operands)
        return _rounded(op, operands)

    return precise


def _at_infinity(op: Op, operands: tuple[float, ...]) -> float:
    *others, x = operands
    if not math.isinf(x) or not all(map(math.isfinite, others)):
        return NAN
    return _LIMITS.get(op, (NAN, NAN))[x > 0]


def _rounded(op: Op, operands: tuple[float, ...]) -> float:
    from gradcalc.arithmetic.balls import rounded

    value = rounded(op, operands)
    return _POLES.get((op, operands[-1]), NAN) if isinstance(value, Unknown) else value


_POLES: dict[tuple[Op, float], float] = {
    (ops.log, 0.0): -INF,
    (ops.log2, 0.0): -INF,
    (ops.log10, 0.0): -INF,
    (ops.log1p, -1.0): -INF,
    (ops.atanh, 1.0): INF,
    (ops.atanh, -1.0): -INF,
    (ops.lgamma, 0.0): INF,
    (ops.digamma, 0.0): -INF,
    (ops.zeta, 1.0): INF,
    (ops.Ei, 0.0): -INF,
    (ops.Ci, 0.0): -INF,
    (ops.bessely, 0.0): -INF,
    (ops.besselk, 0.0): INF,
    (ops.erfinv, -1.0): -INF,
    (ops.erfinv, 1.0): INF,
    (ops.erfcinv, 0.0): INF,
    (ops.erfcinv, 2.0): -INF,
    (ops.norm_ppf, 0.0): -INF,
    (ops.norm_ppf, 1.0): INF,
    (ops.li, 1.0): -INF,
    (ops.Chi, 0.0): -INF,
    (ops.elliptic_k, 1.0): INF,
    (ops.expint, 0.0): INF,
}
"""The values at poles, by the last operand, where they are infinite."""

_LIMITS: dict[Op, tuple[float, float]] = {
    ops.sinc_derivative: (0.0, 0.0),
    ops.gelu: (0.0, INF),
    ops.lgamma: (INF, INF),
    ops.factorial: (NAN, INF),
    ops.digamma: (NAN, INF),
    ops.polygamma: (NAN, 0.0),
    ops.besselj: (0.0, 0.0),
    ops.bessely: (NAN, 0.0),
    ops.besseli: (NAN, INF),
    ops.besselk: (NAN, 0.0),
    ops.airyai: (0.0, 0.0),
    ops.airyaiprime: (NAN, 0.0),
    ops.airybi: (0.0, INF),
    ops.airybiprime: (NAN, INF),
    ops.lambertw: (NAN, INF),
    ops.zeta: (NAN, 1.0),
    ops.zeta_derivative: (NAN, 0.0),
    ops.Ei: (0.0, INF),
    ops.Si: (-math.pi / 2, math.pi / 2),
    ops.Ci: (NAN, 0.0),
    ops.erfi: (-INF, INF),
    ops.norm_cdf: (0.0, 1.0),
    ops.norm_pdf: (0.0, 0.0),
    ops.li: (NAN, INF),
    ops.Shi: (-INF, INF),
    ops.Chi: (NAN, INF),
    ops.fresnels: (-0.5, 0.5),
    ops.fresnelc: (-0.5, 0.5),
    ops.elliptic_k: (0.0, NAN),
    ops.elliptic_e: (INF, NAN),
    ops.expint: (NAN, 0.0),
    ops.uppergamma: (NAN, 0.0),
    ops.gammainc: (NAN, 1.0),
    ops.gammaincc: (NAN, 0.0),
}
"""The limits as the last operand goes to minus and plus infinity."""

_gelu_below, _lgamma_below, _factorial_between = (_by_balls(op) for op in (ops.gelu, ops.lgamma, ops.factorial))
_lgamma_above = _total(math.lgamma)


def _gelu(x: float) -> float:
    return x * (math.erfc(-x / math.sqrt(2)) / 2) if x >= 0 else _gelu_below(x)


def _lgamma(x: float) -> float:
    return _lgamma_above(x) if x > 20 else _lgamma_below(x)


def _gamma(x: float) -> float:
    try:
        return math.gamma(x)
    except OverflowError:
        return math.copysign(INF, x)
    except ValueError:
        return math.copysign(INF, x) if x == 0 else NAN


def _factorial(x: float) -> float:
    if x > 171 or math.isnan(x):
        return INF if x > 171 else x
    if x >= 0 and x == int(x):
        return _div(math.factorial(int(x)), 1) if x < 171 else INF
    return _factorial_between(x)


# -- definitions, as Python --------------------------------------------------------------------------------------------

_INFIX: dict[Op, str] = {
    ops.add: " + ", ops.mul: " * ", ops.sub: " - ", ops.lt: " < ", ops.le: " <= ", ops.gt: " > ", ops.ge: " >= ",
    ops.eq: " == ", ops.same: " == ", ops.ne: " != ",
}  # fmt: skip


_INLINE: dict[Op, str] = {
    ops.neg: "-{0}", ops.where: "{1} if {0} else {2}", ops.div: "{0} / {1} if {1} else f_div({0}, {1})",
}  # fmt: skip


def generated(
    graph: Graph,
    inputs: Sequence[int],
    outputs: Sequence[int],
    functions: Mapping[Op, Function] | None = None,
    inline: Mapping[Op, str] = _INLINE,
) -> Callable[..., tuple[Any, ...]]:
    """The outputs as a Python function of the inputs: the numbers of `evaluate` to the bit, twenty times as fast.

    A line for each node: operators where they cannot raise, and functions elsewhere, by default those of this file.

    Args:
        functions: what ops do, where it is not to floats.
        inline: ops that are written out.
    """
    constant, values = Floats().constant, dict[int, Any]()
    names: dict[str, Any] = {}
    places = {index: f"v{index}" for index in inputs}
    lines = [f"def function({', '.join(places[i] for i in inputs)}):"]
    for index in graph.needed(outputs):
        op, operands, parameter = graph.nodes[index]
        if index in places:
            continue
        if all(i in values for i in operands):  # a constant, or made of constants
            at = [values[i] for i in operands]
            value = values[index] = constant(parameter or "") if op is ops.const else FUNCTIONS[op](*at)
            places[index] = f"({value!r})" if math.isfinite(value) else f"c{index}"
            names[f"c{index}"] = value
        else:
            names[f"f_{op.name}"] = (functions or FUNCTIONS)[op]
            places[index] = f"v{index}"
            lines.append(f"    v{index} = {_expression(op, [places[i] for i in operands], inline)}")
    lines.append(f"    return ({''.join(f'{places[i]}, ' for i in outputs)})")
    _execute("\n".join(lines), names)
    return names["function"]  # type: ignore[no-any-return]


def _execute(text: str, names: dict[str, Any]) -> None:
    """Run lines made of the graph's own numbers: no text of the user is in them."""
    try:
        exec(text, names)
    except SyntaxError as error:
        compile(text, "<graph>", "exec")  # where memory fails it, CPython's parser may blame a text that is right
        raise MemoryError from error


def _expression(op: Op, places: Sequence[str], inline: Mapping[Op, str]) -> str:
    """An op on operands in Python: an operator where it cannot raise, else a call."""
    if op in _INFIX and 1 < len(places) < 50:
        return _INFIX[op].join(places)
    return inline[op].format(*places) if op in inline else f"f_{op.name}({', '.join(places)})"


def defined(
    op: Op, define: Definition, functions: Mapping[Op, Function] | None = None, inline: Mapping[Op, str] = _INLINE
) -> Function:
    """An op by a definition, as `generated` makes it."""

    @cache
    def made(count: int) -> Function:
        graph, output = rule_graph(define, count)
        function = generated(graph, range(count), [output], functions, inline)
        return lambda *operands: function(*operands)[0]

    return (lambda *operands: made(len(operands))(*operands)) if op.variadic else made(len(op.rules))


# -- the table ---------------------------------------------------------------------------------------------------------


def _function(op: Op) -> Function:
    """What `math` has for an op, or the balls, or its definition."""
    if op.c_name:
        function: Function = getattr(math, op.c_name)
        return function if op in _NEVER_RAISE else _total(function, op)
    define = definition(op)
    if op.costly or define is None:
        return _by_balls(op)
    return defined(op, define)


FUNCTIONS = Functions(
    _function,
    {
        ops.lt: operator.lt,
        ops.le: operator.le,
        ops.gt: operator.gt,
        ops.ge: operator.ge,
        ops.eq: operator.eq,
        ops.same: operator.eq,
        ops.ne: operator.ne,
        ops.and_: lambda p, q: p and q,
        ops.or_: lambda p, q: p or q,
        ops.not_: operator.not_,
        ops.where: lambda c, a, b: a if c else b,
        ops.add: _add,
        ops.mul: _mul,
        ops.sub: operator.sub,
        ops.neg: operator.neg,
        ops.div: _div,
        ops.powi: _pow,
        ops.pow: _pow,
        ops.cbrt: _cbrt,
        ops.floor: _integral(math.floor),
        ops.ceil: _integral(math.ceil),
        ops.round: _integral(round),
        ops.mod: _mod,
        ops.max: _max,
        ops.min: _min,
        ops.logsumexp: _logsumexp,
        ops.gelu: _gelu,
        ops.norm_cdf: _by_balls(ops.norm_cdf),
        ops.norm_pdf: _by_balls(ops.norm_pdf),
        ops.gamma: _gamma,
        ops.lgamma: _lgamma,
        ops.factorial: _factorial,
    },
)
"""What each op does to floats."""
