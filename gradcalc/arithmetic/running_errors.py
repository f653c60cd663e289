"""Running errors: a graph that bounds, beside each number of another graph in doubles, how far it is from the true one.

    graph ──RunningErrors──▶ a longer graph: for each node its double and a bound of its error ──native code──▶ digits

One more arithmetic: its numbers are nodes of the graph that is made, so that what evaluates graphs evaluates bounds.
Operations that IEEE 754 rounds rightly err by half an ulp; C's functions and libmvec's by `RESTS_ON`, which is assumed,
not proved. An op of neither kind has a definition by such ops, or no bound: `Unbounded`, and balls take over. A bound
itself is computed in doubles: each is made larger by `_UP`, more than its own roundings, and by `_TINY` where what is
not 0 may fall below the least normal double. A bound that is not known is infinite or nan, and then no digit is right.

Higham, "Accuracy and Stability of Numerical Algorithms" (2002), 3.3. Imports graph, balls and floats.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.evaluate import Functions, apply_rule, evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.graph import ops
from gradcalc.graph.definitions import accurate
from gradcalc.graph.graph import Graph, Ref
from gradcalc.graph.ops import Op

RESTS_ON = "C's elementary functions are within 16 ulps of the true value (glibc documents at most 4)"
"""What the bounds assume, where a formula has more than `+ - * /` and square roots."""

_HALF, _MANY = 2.0**-53, 16 * 2.0**-52
"""The error of what is rounded rightly, and of a function, in parts of the result."""
_UP = 1 + 2.0**-48
_TINY = 2.0**-1020
_INFINITE = ops.Constant(None, (), "oo")
_BITS = 128


class Unbounded(Exception):
    """An op whose error in doubles has no bound here."""


class Measured(NamedTuple):
    """A double and a bound of its error, as nodes of the graph that is made.

    Attributes:
        of: where the number is the largest or least of some, these.
    """

    value: Ref
    error: Ref
    of: tuple["Measured", ...] = ()


class Decided(NamedTuple):
    """A condition of doubles, and whether it is that of the true numbers."""

    holds: Ref
    known: Ref


class RunningErrors:
    """The arithmetic whose numbers are `Measured` nodes of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.functions: Mapping[Op, Callable[..., Any]] = Functions(self._function, {})
        self._floats, self._balls = Floats(), Balls(_BITS)

    def exact(self, index: int) -> Measured:
        """A node whose double is what is meant."""
        return Measured(Ref(self.graph, index), self._number(0))

    def constant(self, text: str) -> Measured:
        """The double nearest to a constant, and how far it is."""
        double, ball = self._floats.constant(text), self._balls.constant(text)
        value = Ref(self.graph, self.graph.emit(ops.const, (), text))
        if not math.isfinite(double) or not isinstance(ball, arb):
            return Measured(value, self._number(0 if math.isinf(double) else math.nan))
        error = (arb(double) - ball).abs_upper()
        return Measured(value, self._number(0 if error.is_zero() else math.nextafter(float(error), math.inf)))

    def evaluate(self, graph: Graph, inputs: Mapping[int, Any], outputs: Iterable[int]) -> list[Any]:
        """`arithmetic.evaluate` over such numbers.

        Raises:
            Unbounded: an op of the graph has no bound.
        """
        return evaluate(graph, self, inputs, outputs)

    def _number(self, value: float) -> Ref:
        return Ref(self.graph, self.graph.constant(int(value) if value == 0 else value))

    def _function(self, op: Op) -> Callable[..., Any]:
        """What an op does: by its rule below, or by its definition, from which the op's own double may differ."""
        if op in _CONDITIONS:
            return _CONDITIONS[op]
        if op in _RULES:
            return partial(self._ruled, op, _RULES[op])
        define = accurate(op) if op in _IDENTITIES else op.define
        if define is None or op.costly:
            raise Unbounded(op.name)
        return partial(self._defined, op, define)

    def _emit(self, op: Op, *operands: Ref) -> Ref:
        """The op on doubles, as it stands."""
        return Ref(self.graph, self.graph.emit(op, tuple(operand.index for operand in operands)))

    def _ruled(self, op: Op, rule: Callable[..., Any], *operands: Measured) -> Measured:
        if op in (ops.add, ops.mul):  # from left to right, as native code goes
            first = operands[0]
            for other in operands[1:]:
                value = self._emit(op, first.value, other.value)
                first = Measured(value, self._larger(rule(value, first, other)))
            return first
        value = self._emit(op, *(x.value for x in operands))
        return Measured(value, self._larger(rule(value, *operands)), operands if op in (ops.max, ops.min) else ())

    def _defined(self, op: Op, define: Callable[..., Any], *operands: Measured) -> Measured:
        value, near = self._emit(op, *(x.value for x in operands)), apply_rule(define, self, *operands)
        return Measured(value, self._larger(ops.abs(value - near.value) + near.error))

    def _larger(self, error: Any) -> Ref:
        """An error with what its own computation loses."""
        return error * _UP if isinstance(error, Ref) and self.graph.number(error.index) != 0 else self._number(0)


def right_digits(graph: Graph, results: Sequence[tuple[Ref, Measured]]) -> Ref:
    """The right digits, 0 to 17, of the least right of some doubles; each beside a double with its bound.

    It is the floor of -log10 of the relative error, and never above the truth.
    """
    worst: Ref | None = None
    for given, near in results:
        error = (ops.abs(given - near.value) + near.error) * _UP
        size = (ops.abs(given) - error) / _UP
        part = ops.where(ops.gt(size, 0), error / size * _UP, _INFINITE)
        part = ops.where(ops.eq(error, 0), ops.zero, part)
        worst = part if worst is None else ops.max(worst, part)
    assert worst is not None
    digits = ops.clip(ops.floor(-ops.log10(worst) - 1e-12), ops.zero, ops.Constant(None, (), "17"))
    found: Ref = ops.where(ops.le(worst, 0.1), digits, ops.zero)
    return found


# -- rules: the error of a result, from the result and the operands ----------------------------------------------------


def _is_zero(x: Any) -> bool:
    """Whether an error is known to be 0."""
    return isinstance(x, Ref) and x.graph.number(x.index) == 0


def _if(condition: Any, then: Any) -> Any:
    """A bound where a condition holds; elsewhere there is none."""
    return ops.where(condition, then, _INFINITE)


def _size(x: Measured) -> Any:
    """A bound of the size of the true number."""
    return ops.abs(x.value) + x.error


def _away(x: Measured) -> Any:
    """A lower bound of the size of the true number, rounded to nearest; negative or 0 where there is none."""
    return ops.abs(x.value) / _UP - x.error


def _lost(*operands: Measured) -> Any:
    """What may be lost where a result is below the normal doubles; nothing where an operand is exactly 0."""
    return ops.min(_TINY, *(8 * _size(x) for x in operands))


def _own(v: Any) -> Any:
    """The error of a function itself."""
    return ops.abs(v) * _MANY


def _add(v: Any, a: Measured, b: Measured) -> Any:
    return a.error + b.error + ops.abs(v) * _HALF


def _mul(v: Any, a: Measured, b: Measured) -> Any:
    return ops.abs(a.value) * b.error + _size(b) * a.error + ops.abs(v) * _HALF + _lost(a, b)


def _div(v: Any, a: Measured, b: Measured) -> Any:
    own = ops.abs(v) * _HALF + _lost(a)
    if _is_zero(b.error):
        return own if _is_zero(a.error) else a.error / ops.abs(b.value) + own
    least = _away(b)
    return _if(ops.gt(least, 0), a.error / least + ops.abs(v) * (b.error / least) + own)


_PRODUCTS = {-1: 1, 1: 0, 2: 1, 3: 2, 4: 3}
"""How many errors of half an ulp an integer power has that is made by products."""


def _powi(v: Any, a: Measured, n: Measured) -> Any:
    whole = n.value.graph.number(n.value.index)
    if whole is None:
        return _pow(v, a, n)
    own = ops.abs(v) * (_PRODUCTS.get(whole, 0) * _HALF * _UP or _MANY) + _lost(a)
    if _is_zero(a.error) or whole == 0:
        return own
    if whole > 0:
        return whole * _size(a) ** (whole - 1) * a.error + own if whole > 1 else a.error + own
    least = _away(a)
    return _if(ops.gt(least, 0), abs(whole) * least ** (whole - 1) * a.error + own)


def _pow(v: Any, a: Measured, b: Measured) -> Any:
    """By the logarithm of the power, which changes by |b|*r + error of b*(|log a| + r), r of that of a."""
    own = ops.abs(v) * _MANY + _lost(a)
    if _is_zero(a.error) and _is_zero(b.error):
        return own
    least = _away(a)
    part = a.error / least
    change = ops.abs(b.value) * part
    if not _is_zero(b.error):
        change = _if(ops.gt(a.value, 0), change + b.error * (_log_size(a) + part))
    return _if(ops.and_(ops.gt(least, 0), ops.le(change, 1)), ops.abs(v) * change * (1 + change) * _UP + own)


def _log_size(a: Measured) -> Any:
    return ops.abs(ops.log(a.value)) * (1 + _MANY)


def _sqrt(v: Any, x: Measured) -> Any:
    own = ops.abs(v) * _HALF
    return own if _is_zero(x.error) else _if(ops.gt(_away(x), 0), x.error / v + own)


def _cbrt(v: Any, x: Measured) -> Any:
    own = _own(v)
    return own if _is_zero(x.error) else ops.where(ops.eq(x.error, 0), own, 1.5 * x.error / (v * v) + own)


def _exp(v: Any, x: Measured, log_of_base: float = 1.0) -> Any:
    """A power of a base changes by less than c*(1 + c) of itself, for a change of its logarithm of c below 1."""
    own = v * _MANY + _TINY
    if _is_zero(x.error):
        return own
    change = x.error * log_of_base
    return _if(ops.le(change, 1), v * _UP * change * (1 + change) + own)


def _expm1(v: Any, x: Measured) -> Any:
    own = _own(v) + _lost(x)
    if _is_zero(x.error):
        return own
    return _if(ops.le(x.error, 1), (v + 1 + 2.0**-46) * _UP * x.error * (1 + x.error) + own)


def _log(v: Any, x: Measured, factor: float = 1.0) -> Any:
    own = _own(v)
    if _is_zero(x.error):
        return own
    least = x.value / _UP - x.error
    return _if(ops.gt(least, 0), factor * x.error / least + own)


def _log1p(v: Any, x: Measured) -> Any:
    own = _own(v) + _lost(x)
    if _is_zero(x.error):
        return own
    least = (1 + x.value) - ops.abs(1 + x.value) * 2.0**-48 - x.error
    return _if(ops.gt(least, 0), x.error / least + own)


def _wave(v: Any, x: Measured) -> Any:
    return x.error + _own(v) + _lost(x)


def _cos(v: Any, x: Measured) -> Any:
    return x.error + _own(v) + _TINY


def _tan(v: Any, x: Measured) -> Any:
    """By the addition theorem, with t a bound of the tangent of the error."""
    own = _own(v) + _lost(x)
    if _is_zero(x.error):
        return own
    t, size = x.error * (1 + x.error), ops.abs(v) * _UP
    rest = 1 - t * size
    return _if(ops.and_(ops.le(x.error, 0.5), ops.gt(rest, 2.0**-40)), t * (1 + size * size) / rest * 1.001 + own)


def _with_slope(slope: Callable[[Any, Any], Any], inside: Callable[[Any, Any], Any] | None = None) -> Any:
    """By the largest slope between the largest and the least size that the true operand may have."""

    def rule(v: Any, x: Measured) -> Any:
        own = _own(v) + _lost(x)
        if _is_zero(x.error):
            return own
        most, least = _size(x) * _UP, ops.max(_away(x), 0)
        bound = x.error * slope(most, least) * _UP + own
        bound = bound if inside is None else _if(inside(most, least), bound)
        return ops.where(ops.eq(x.error, 0), own, bound)

    return rule


def _atan2(v: Any, a: Measured, b: Measured) -> Any:
    """The angle changes by less than 1.1 d/r for a step d of less than half of the radius r; not across the cut."""
    own = _own(v) + _lost(a)
    if _is_zero(a.error) and _is_zero(b.error):
        return own
    step, radius = a.error + b.error, ops.max(ops.abs(a.value), ops.abs(b.value))
    cut = ops.and_(ops.le(ops.abs(a.value), a.error), ops.lt(b.value, b.error))
    sound = ops.and_(ops.lt(2 * step, radius), ops.not_(cut))
    return ops.where(ops.eq(step, 0), own, _if(sound, 1.1 * step / radius + own))


def _hypot(v: Any, *xs: Measured) -> Any:
    return ops.add(*[x.error for x in xs], _own(v), ops.min(_TINY, 8 * ops.add(*[_size(x) for x in xs])))


def _extreme(v: Any, *xs: Measured) -> Any:
    return xs[0].error if len(xs) == 1 else ops.max(*(x.error for x in xs))


def _step(op: Op) -> Callable[[Any, Measured], Any]:
    """A function that grows by jumps: none of them between the ends of the operand."""

    def rule(v: Any, x: Measured) -> Any:
        if _is_zero(x.error):
            return 0
        around = x.error + ops.abs(x.value) * 2.0**-50
        return ops.where(ops.eq(x.error, 0), ops.zero, op(x.value + around) - op(x.value - around))

    return rule


def _mod(v: Any, a: Measured, b: Measured) -> Any:
    """Where no multiple of b lies within reach."""
    own = ops.abs(v) * _HALF
    if _is_zero(a.error) and _is_zero(b.error):
        return own
    step = (a.error + (ops.abs(a.value / b.value) + 2) * b.error) * _UP + own
    size = ops.abs(v)
    within = ops.and_(ops.gt(size, step), ops.lt((size + step + b.error) * _UP, ops.abs(b.value)))
    return ops.where(ops.eq(a.error + b.error, 0), own, _if(within, step))


def _one_minus_square(v: Any, x: Measured) -> Any:
    return (2 * ops.abs(x.value) + x.error) * x.error + _own(v)


def _passed(v: Any, x: Measured) -> Any:
    return x.error


_EXPONENTIAL = _with_slope(lambda most, least: ops.exp(most))
_BELL = _with_slope(lambda most, least: 1.2 * ops.exp(-least * least))

_RULES: dict[Op, Callable[..., Any]] = {
    ops.add: _add, ops.sub: _add, ops.neg: _passed, ops.mul: _mul, ops.div: _div, ops.powi: _powi, ops.pow: _pow,
    ops.sqrt: _sqrt, ops.cbrt: _cbrt, ops.abs: _passed, ops.hypot: _hypot, ops.one_minus_square: _one_minus_square,
    ops.max: _extreme, ops.min: _extreme, ops.clip: _extreme, ops.relu: _passed, ops.mod: _mod,
    **{op: _step(op) for op in (ops.sign, ops.floor, ops.ceil, ops.round, ops.heaviside)},
    ops.exp: _exp, ops.exp2: partial(_exp, log_of_base=0.7), ops.expm1: _expm1,
    ops.log: _log, ops.log2: partial(_log, factor=1.45), ops.log10: partial(_log, factor=0.45), ops.log1p: _log1p,
    ops.sin: _wave, ops.cos: _cos, ops.tan: _tan, ops.atan2: _atan2,
    ops.asin: _with_slope(lambda most, least: 1 / ops.sqrt(1 - most), lambda most, least: ops.lt(most, 1)),
    ops.acos: _with_slope(lambda most, least: 1 / ops.sqrt(1 - most), lambda most, least: ops.lt(most, 1)),
    ops.atan: _with_slope(lambda most, least: 1 / (1 + least * least)),
    ops.sinh: _EXPONENTIAL, ops.cosh: _EXPONENTIAL,
    ops.tanh: _with_slope(lambda most, least: ops.min(1, 4 * ops.exp(-2 * least))),
    ops.asinh: _with_slope(lambda most, least: 1 / ops.max(1, least)),
    ops.acosh: _with_slope(
        lambda most, least: 1 / (ops.sqrt(least - 1) * ops.sqrt(least)), lambda most, least: ops.gt(least, 1)
    ),
    ops.atanh: _with_slope(lambda most, least: 1 / (1 - most), lambda most, least: ops.lt(most, 1)),
    ops.erf: _BELL, ops.erfc: lambda v, x: _BELL(v, x) + _TINY,
}  # fmt: skip

_IDENTITIES = frozenset(
    {ops.sigmoid, ops.softplus, ops.elu, ops.logit, ops.logsumexp, ops.acoth, ops.asec, ops.acsc, ops.sinc}
)
"""Ops whose accurate definition is no approximation."""


# -- conditions --------------------------------------------------------------------------------------------------------


def _true(like: Ref) -> Ref:
    found: Ref = ops.eq(like, like)
    return found


def _compare(op: Op) -> Callable[[Measured, Measured], Decided]:
    def compared(a: Measured, b: Measured) -> Decided:
        holds = op(a.value, b.value)
        if _is_zero(a.error) and _is_zero(b.error):
            return Decided(holds, _true(b.error))
        known = _apart(a, b)
        for x, y in ((a, b), (b, a)):
            if x.value.index in [part.value.index for part in y.of]:  # the largest of some is one of these
                others = [part for part in y.of if part.value.index != x.value.index]
                known = ops.or_(known, _all([_apart(x, other) for other in others] or [_true(x.error)]))
        return Decided(holds, known)

    return compared


def _apart(a: Measured, b: Measured) -> Any:
    """Whether two numbers surely differ, or are exact both."""
    reach = a.error + b.error
    return ops.or_(ops.gt(ops.abs(a.value - b.value), reach * _UP), ops.eq(reach, 0))


def _all(conditions: Sequence[Any]) -> Any:
    found = conditions[0]
    for other in conditions[1:]:
        found = ops.and_(found, other)
    return found


def _where(c: Decided, a: Any, b: Any) -> Any:
    """The chosen one; where the choice is not known, as far as either may be."""
    if isinstance(a, Decided):
        chosen = ops.or_(ops.and_(c.holds, a.holds), ops.and_(ops.not_(c.holds), b.holds))
        return Decided(chosen, ops.and_(c.known, ops.and_(a.known, b.known)))
    value = Ref(c.holds.graph, c.holds.graph.emit(ops.where, (c.holds.index, a.value.index, b.value.index)))
    either = (ops.max(a.error, b.error) + ops.abs(a.value - b.value)) * _UP
    return Measured(value, ops.where(c.known, ops.where(c.holds, a.error, b.error), either))


_CONDITIONS: dict[Op, Callable[..., Any]] = {
    **{op: _compare(op) for op in (ops.lt, ops.le, ops.gt, ops.ge, ops.eq, ops.ne, ops.same)},
    ops.not_: lambda p: Decided(ops.not_(p.holds), p.known),
    ops.and_: lambda p, q: Decided(ops.and_(p.holds, q.holds), ops.and_(p.known, q.known)),
    ops.or_: lambda p, q: Decided(ops.or_(p.holds, q.holds), ops.and_(p.known, q.known)),
    ops.where: _where,
}  # fmt: skip
