"""Derivatives carried along with values: truncated power series over any arithmetic. What `verify` derives by.

    a number  ──unknown──▶ value + 1*d_k ──ops of a graph──▶ value, slopes, halves of second derivatives

The arithmetic may be intervals (`intervals`) or quotients (`quotients`). An op is one of the tables below, or is put
together from those; a function that `intervals` lacks is python-flint's, and is named. No derivative of gradcalc's own
table is used.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache, partial, reduce
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.truth.claims.intervals import Arithmetic, Interval, Nowhere, Weak, hull, least_size
from gradcalc.truth.claims.poles import Poles

_LONGEST = 4000
"""Characters of a number, and the largest exponent of ten."""
_POWER = 1000
"""The largest whole power."""
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:[.][0-9]*)?(?:e([+-]?[0-9]{1,6}))?", re.IGNORECASE)

Jet = dict[tuple[int, ...], Any]
"""A power series: its coefficients by the unknowns that are multiplied, () for the value; what is absent is 0."""


@dataclass
class Jets:
    """The rules of series up to an order of 0, 1 or 2, over an arithmetic.

    Attributes:
        between: of order 1, whether at a kink the slopes are those between its pieces' (Clarke); else there are none.
    """

    on: Any
    order: int
    between: bool = False

    def __post_init__(self) -> None:
        self.from_flint: set[str] = set()

    def unknown(self, k: int, value: Any) -> Jet:
        """The k-th unknown."""
        return {(): value, (k,): self.on.whole(1)} if self.order else {(): value}

    def plus(self, a: Jet, b: Jet) -> Jet:
        """The sum."""
        total = dict(a)
        for key, part in b.items():
            total[key] = self.on.add(total[key], part) if key in total else part
        return total

    def multiple(self, a: Jet, p: int, q: int = 1) -> Jet:
        """A rational multiple."""
        return {key: self.on.scaled(part, p, q) for key, part in a.items()}

    def product(self, a: Jet, b: Jet) -> Jet:
        """The product: every term times every other."""
        if a is b:
            return self.power(a, 2)
        total: Jet = {}
        for p, x in a.items():
            for q, y in b.items():
                if len(p) + len(q) <= self.order:
                    key, part = min(p, q) + max(p, q), self.on.times(x, y)
                    total[key] = self.on.add(total[key], part) if key in total else part
        return total

    def chain(self, x: Jet, value: Any, slope: Any, bend: Any) -> Jet:
        """A function of a series, by its own at the value: f + f' d + f''/2 d^2, where d is all but the value."""
        on = self.on
        total = {key: on.times(slope, part) if key else value for key, part in x.items()}
        if self.order == 2:
            parts = [(key, part) for key, part in x.items() if len(key) == 1]
            for n, (p, one) in enumerate(parts):
                for q, other in parts[n:]:
                    both = on.power(one, 2) if p == q else on.scaled(on.times(one, other), 2)
                    key, part = min(p, q) + max(p, q), on.times(bend, both)
                    total[key] = on.add(total[key], part) if key in total else part
        return total

    def power(self, x: Jet, n: int) -> Jet:
        """A whole power."""
        on, v = self.on, x[()]
        if n in (0, 1):
            return x if n else {(): on.whole(1)}
        slope = on.scaled(on.power(v, n - 1), n) if self.order else None
        bend = on.scaled(on.power(v, n - 2), n * (n - 1) // 2) if self.order == 2 else None
        return self.chain(x, on.power(v, n), slope, bend)

    def apply(self, graph: Graph, index: int, operands: Sequence[Any]) -> Any:
        """What an op makes of series; of a condition whether it holds. An operand may be why there is none."""
        op, nodes, parameter = graph.nodes[index]
        if op is ops.where:
            operands = [operands[0], operands[1 if operands[0] is True else 2]]
        weak = [each for each in operands if isinstance(each, Weak)]
        if weak:
            raise next((each for each in weak if isinstance(each, Nowhere)), weak[0])
        if op is ops.where:
            return operands[1]
        if op is ops.const:
            return {(): constant(parameter or "", self.on)}
        if op.is_condition:
            return self._holds(op, operands)
        if op is ops.abs and self.between and isinstance(self.on, Arithmetic):
            return self.larger(operands[0], self.multiple(operands[0], -1))
        if op in _FOLDED:
            return reduce(partial(_FOLDED[op], self), operands)
        if op in (ops.powi, ops.pow):
            whole = graph.number(nodes[1])
            if whole is not None and abs(whole) <= _POWER:
                return self.power(operands[0], whole)
        if op is ops.sqrt and isinstance(self.on, Poles) and not self._is_edge(self.on, operands[0]):
            raise Weak("a root whose slope is infinite, and not at the edge of where it has values")
        if op is ops.sqrt and not self.order:
            return {(): self.on.root(operands[0][()])}
        if op.name in FUNCTIONS:
            return self.chain(operands[0], *FUNCTIONS[op.name](self.on, operands[0][()]))
        define = _MEANT.get(op, op.define)
        if define is None:
            by = self._by_name if hasattr(self.on, "function") else self._by_flint
            return self.chain(operands[0], *by(op, operands))
        meant, output = _rule(define, len(operands))
        try:
            return evaluated(meant, [output], dict(enumerate(operands)), self)[output]
        except Nowhere as weak:  # a definition may lack single points: a power of a negative number, say
            if op in _MEANT and (op is not ops.pow or self._has_no_power(*(each[()] for each in operands))):
                raise
            raise Weak(str(weak)) from None

    @staticmethod
    def _is_edge(on: Poles, under: Jet) -> bool:
        """Whether what a root is taken of is not 0, or steep: then it is below 0 as near to its zeros as one likes."""
        return any(least_size(on.plain(part)) > 0 for part in under.values())

    def _has_no_power(self, base: Any, exponent: Any) -> bool:
        """Whether a power has no value: of what is below 0, where no exponent is whole; 0 has powers too."""
        return bool(self.on.below(base, self.on.whole(0)) and self.on.is_broken(exponent))

    def larger(self, a: Jet, b: Jet, sign: int = 1) -> Jet:
        """The larger of two or, with -1, the smaller; where it is open which, between their slopes (Clarke)."""
        try:
            return b if self.on.below(a[()], b[()]) == (sign > 0) else a
        except Weak:
            if not self.between or self.order == 2 or not isinstance(self.on, Arithmetic):
                raise
            zero = (0, 0)
            return {key: hull(a.get(key, zero), b.get(key, zero)) for key in a.keys() | b.keys()}

    def _holds(self, op: Any, operands: Sequence[Any]) -> bool:
        """Whether a condition holds, where that is certain."""
        if op is ops.not_:
            return not operands[0]
        if op in (ops.and_, ops.or_):
            return all(operands) if op is ops.and_ else any(operands)
        below = self.on.below(operands[0][()], operands[1][()])
        return bool(below == (op in (ops.lt, ops.le)) if op in (ops.lt, ops.le, ops.gt, ops.ge) else op is ops.ne)

    def _by_flint(self, op: Any, operands: Sequence[Jet]) -> list[Interval]:
        """Value, slope and half the bend of a function that python-flint has: the coefficients of its power series."""
        from flint import arb, arb_series, ctx

        name, on = op.flint or op.name, self.on
        if len(operands) != 1 or not hasattr(arb_series, name) or not isinstance(on, Arithmetic):
            raise Weak(f"{op.name} is not among the functions that can be verified")
        self.from_flint.add(name)
        with ctx.workprec(2 * on.bits):
            low, high = (arb((end, -on.bits)) for end in operands[0][()])
            ctx.cap = 3
            series = getattr(arb_series([low.union(high), 1], prec=3), name)()
            if not all(series[k].is_finite() for k in range(3)):
                raise Weak(f"{name} may have no value")
            return [on.of(*(_exactly(end) for end in (series[k].lower(), series[k].upper()))) for k in range(3)]

    def _by_name(self, op: Any, operands: Sequence[Jet]) -> tuple[Any, Any, Any]:
        """The same of a function that is but a name, whose slope is known."""
        if op not in _SLOPES:
            raise Weak(f"{op.name} is not among the functions whose slope is known here")
        meant, output = _rule(_SLOPES[op], 1)
        slope = evaluated(meant, [output], {0: Jets(self.on, 1).unknown(0, operands[0][()])}, Jets(self.on, 1))[output]
        bend = self.on.scaled(slope.get((0,), self.on.whole(0)), 1, 2)
        return self.on.function(op.name, operands[0][()]), slope[()], bend


def _exactly(end: Any) -> Fraction:
    mantissa, exponent = map(int, end.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


@cache
def _rule(define: Callable[..., Any], count: int) -> tuple[Graph, int]:
    return rule_graph(define, count)


_FOLDED: dict[Any, Callable[..., Jet]] = {
    ops.add: Jets.plus, ops.mul: Jets.product,
    ops.max: Jets.larger, ops.min: lambda jets, a, b: jets.larger(a, b, -1),
    ops.sub: lambda jets, a, b: jets.plus(a, jets.multiple(b, -1)),
    ops.div: lambda jets, a, b: jets.product(a, jets.power(b, -1)),
}  # fmt: skip
"""Ops that take their operands one after the other."""

FUNCTIONS: dict[str, Callable[[Any, Any], tuple[Any, Any, Any]]] = {
    "neg": lambda on, v: (on.scaled(v, -1), on.whole(-1), on.whole(0)),
    "exp": lambda on, v: (e := on.exp(v), e, on.scaled(e, 1, 2)),
    "log": lambda on, v: (on.log(v), r := on.power(v, -1), on.scaled(on.power(r, 2), -1, 2)),
    "sqrt": lambda on, v: (r := on.root(v), s := on.power(on.scaled(r, 2), -1), on.scaled(on.over(s, v), -1, 4)),
    "sin": lambda on, v: (s := on.sin_cos(v))[:1] + (s[1], on.scaled(s[0], -1, 2)),
    "cos": lambda on, v: (s := on.sin_cos(v))[1:] + (on.scaled(s[0], -1), on.scaled(s[1], -1, 2)),
    "atan": lambda on, v: (
        on.atan(v), s := on.power(on.add(on.whole(1), on.power(v, 2)), -1), on.scaled(on.times(v, on.power(s, 2)), -1)
    ),
    "abs": lambda on, v: (*on.sign(v), on.whole(0)),
    "sign": lambda on, v: (on.sign(v)[1], on.whole(0), on.whole(0)),
}  # fmt: skip
"""Functions: at a number their value, their slope and half their bend."""

_MEANT: dict[Any, Callable[..., Any]] = {
    ops.pow: lambda a, b: ops.exp(b * ops.log(a)),
    ops.tan: lambda x: ops.sin(x) / ops.cos(x),
    ops.sinh: lambda x: (ops.exp(x) - ops.exp(-x)) / 2,
    ops.cosh: lambda x: (ops.exp(x) + ops.exp(-x)) / 2,
    ops.tanh: lambda x: 1 - 2 / (ops.exp(2 * x) + 1),
    ops.asin: lambda x: ops.atan(x / ops.sqrt(1 - x * x)),
    ops.acos: lambda x: ops.pi / 2 - ops.atan(x / ops.sqrt(1 - x * x)),
    ops.asinh: lambda x: ops.log(x + ops.sqrt(x * x + 1)),
    ops.acosh: lambda x: ops.log(x + ops.sqrt(x * x - 1)),
    ops.atanh: lambda x: (ops.log(1 + x) - ops.log(1 - x)) / 2,
}
"""What ops mean whose own entry in the table says it by others, or not at all."""

_SLOPES: dict[Any, Callable[..., Any]] = {
    ops.erf: lambda x: 2 * ops.exp(-x * x) / ops.sqrt(ops.pi),
    ops.erfc: lambda x: -2 * ops.exp(-x * x) / ops.sqrt(ops.pi),
    ops.erfi: lambda x: 2 * ops.exp(x * x) / ops.sqrt(ops.pi), ops.Ei: lambda x: ops.exp(x) / x,
    ops.Si: lambda x: ops.sin(x) / x, ops.Ci: lambda x: ops.cos(x) / x,
    ops.Shi: lambda x: ops.sinh(x) / x, ops.Chi: lambda x: ops.cosh(x) / x,
    ops.fresnels: lambda x: ops.sin(ops.pi * x * x / 2), ops.fresnelc: lambda x: ops.cos(ops.pi * x * x / 2),
}  # fmt: skip
"""Slopes of functions that are names in `quotients`."""


def evaluated(graph: Graph, outputs: Sequence[int], given: Mapping[int, Any], jets: Jets) -> dict[int, Any]:
    """The series of some nodes; what has none is passed over by `where`, if that does not choose it."""
    found = dict(given)
    for index in graph.needed(outputs):
        if index not in found:
            try:
                found[index] = jets.apply(graph, index, [found[i] for i in graph.nodes[index].operands])
            except Weak as weak:
                found[index] = weak
    for output in outputs:
        if isinstance(found[output], Weak):
            raise found[output]
    return found


@lru_cache(512)
def constant(text: str, on: Any) -> Any:
    """A constant: pi, e, or a number; a decimal is what is written, or its nearest double."""
    if text == "pi":
        return on.pi()
    if text in ("e", "E"):
        return on.exp(on.whole(1))
    try:
        if "x" in text:
            value = Fraction(float.fromhex(text))
        else:
            value = number(text) if on.written or text.lstrip("-").isdecimal() else Fraction(float(text))
    except (ValueError, OverflowError):
        raise Weak(f"the constant {text[:40]} cannot be verified") from None
    return on.of(value, value)


def number(given: Any) -> Fraction:
    """A number of the file: a double as it is, a decimal as it is written, if it is not absurdly long."""
    if isinstance(given, str):
        match = _DECIMAL.fullmatch(given)
        if match is None or len(given) > _LONGEST or abs(int(match[1] or 0)) > _LONGEST:
            raise Weak(f"{given[:40]!r} is no number")
    elif isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise Weak(f"{given!r} is no number")
    return Fraction(given)
