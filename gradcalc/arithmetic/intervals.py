"""Intervals: pairs of NumPy arrays, a lower and an upper bound for each of many boxes at once. Imports balls and NumPy.

Every bound is rounded outward: `+ - * /`, powers and `sqrt`, which IEEE 754 rounds rightly, by a few ulps of half; what
NumPy's library of functions gives by 16 ulps, of which it documents at most 4. That bound is assumed, not proved: who
builds a proof on intervals says so (`RESTS_ON`). What NumPy has not goes through balls, box by box.

A bound that is not known is infinite or nan; nan compares as false, so that only certain comparisons may decide. Beside
its bounds an interval carries what else is known of the numbers in it: a `gap` around 0 that they keep out of, so that
a pole does not hide a sign, and `flags`, of all ops below it, that say of each box

    OUTSIDE  the formula may have no value in a part of the box    NOWHERE  it is proved to have none in all of it
    KINK     an op may meet its kink, or a branch may change       JUMP     the value itself may jump

so that where no flag is raised, every op is smooth on the whole box.

Moore, Kearfott, Cloud, "Introduction to Interval Analysis" (2009), chapters 2 to 5; IEEE 1788.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.evaluate import Functions, apply_rule
from gradcalc.arithmetic.marks import UNDEFINED
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

Array = Any
"""A NumPy array with an entry for each box, or a NumPy scalar that is the same for all."""

OUTSIDE, NOWHERE, KINK, JUMP = 1, 2, 4, 8

RESTS_ON = "NumPy's elementary functions are within 16 ulps of the true value (it documents 4)"
"""What proofs by these intervals assume, where a formula has more than `+ - * /` and square roots."""

_EPS, _TINY = 2.0**-52, 2.0**-1022
_PART = 17 * _EPS
_INF = np.float64(math.inf)
_BITS = 64
MOST_PRODUCTS = 64
"""Up to this power a power is made by products; above it NumPy makes it."""


class Interval(NamedTuple):
    """Numbers between two bounds, for each box.

    Attributes:
        gap: their size is at least this.
        flags: what is known of the ops that they come from.
    """

    low: Array
    high: Array
    gap: Array = 0.0
    flags: Array = 0


class Truth(NamedTuple):
    """A condition: where it may hold, and where it may fail; both if it is not decided."""

    may: Array
    fails: Array
    flags: Array = 0


class Intervals:
    """The arithmetic of intervals over a batch of boxes."""

    def __init__(self) -> None:
        self._balls = Balls(2 * _BITS)
        self._constants: dict[str, Interval] = {}
        self.careful = True  # of results that underflow; an evaluation goes without until there is one
        self.functions: Mapping[Op, Callable[..., Any]] = Functions(partial(_function, self), {})
        self.bare = _Bare(self)

    def constant(self, text: str) -> Interval:
        """Two doubles around an exact constant."""
        found = self._constants.get(text)
        if found is None:
            found = self._constants[text] = of_ball(self._balls.constant(text))
        return found

    def around(self, number: Callable[[Balls], Any]) -> Interval:
        """Two doubles around a number that is given in balls."""
        return of_ball(number(self._balls))

    def evaluate(self, graph: Graph, inputs: Mapping[int, Any], outputs: Iterable[int]) -> list[Any]:
        """`arithmetic.evaluate` over intervals."""
        return self.within(graph, inputs, outputs, frozenset())

    def within(
        self, graph: Graph, inputs: Mapping[int, Any], outputs: Iterable[int], used: frozenset[int]
    ) -> list[Any]:
        """The same, where only points count at which the nodes in `used` have values.

        What one of those demands of its operand (the logarithm, a number above 0) is known to all nodes behind it.
        """
        outputs = tuple(outputs)
        self.careful = False
        try:
            with np.errstate(all="ignore", under="call", call=self._underflow):
                values = self._evaluated(graph, inputs, outputs, used)
            again, self.careful = self.careful, True
            with np.errstate(all="ignore"):
                if again:
                    values = self._evaluated(graph, inputs, outputs, used)
                for node in outputs:
                    if isinstance(values[node], Interval):
                        values[node] = _cleaned(values[node])
        finally:
            self.careful = True
        return values

    def _underflow(self, error: str, number: int) -> None:
        """NumPy found a result below the normal doubles: half an ulp says nothing of its error."""
        self.careful = True

    def _evaluated(
        self, graph: Graph, inputs: Mapping[int, Any], outputs: Sequence[int], used: frozenset[int]
    ) -> list[Any]:
        """The intervals of all nodes that are needed."""
        values: list[Any] = [None] * len(graph)
        nodes, functions = graph.nodes, self.functions
        for index in graph.needed(outputs):
            op, operands, parameter = nodes[index]
            if operands:
                values[index] = functions[op](*[values[i] for i in operands])
                if index in used and op in _DEMANDS:
                    which, least, most = _DEMANDS[op]
                    if which < len(operands) and not (op is ops.pow and _may_be_whole(values[operands[1]])):
                        values[operands[which]] = _cut(values[operands[which]], least, most)
            else:
                values[index] = self.constant(parameter or "") if op is ops.const else inputs[index]
        return values


class _Bare:
    """The same without domains and kinks, which are written in ops themselves."""

    def __init__(self, arithmetic: Intervals) -> None:
        self.functions: Mapping[Op, Callable[..., Any]] = Functions(
            lambda op: _CONDITIONS.get(op) or _bounds(arithmetic, op), {}
        )
        self.constant, self.evaluate = arithmetic.constant, arithmetic.evaluate


_DEMANDS: dict[Op, tuple[int, float, float]] = {
    **dict.fromkeys((ops.log, ops.log2, ops.log10, ops.sqrt, ops.pow), (0, 0.0, math.inf)),
    ops.log1p: (0, -1.0, math.inf), ops.acosh: (0, 1.0, math.inf), ops.xlogy: (1, 0.0, math.inf),
    **dict.fromkeys((ops.asin, ops.acos, ops.atanh), (0, -1.0, 1.0)), ops.logit: (0, 0.0, 1.0),
}  # fmt: skip
"""Which operand must lie where, for ops that have no value elsewhere."""


def _may_be_whole(exponent: Interval) -> bool:
    """Whether a power of a negative number may have a value."""
    return bool(np.any(~(np.ceil(exponent.low) > np.floor(exponent.high))))


def _cut(x: Interval, least: float, most: float) -> Interval:
    """The numbers between two ends; where there are none, the nearest end: a flag tells of that."""
    low, high = np.minimum(np.maximum(x.low, least), most), np.maximum(np.minimum(x.high, most), least)
    return x._replace(low=low, high=high)


def flag(mask: Array, bit: int) -> Array:
    """The flag where the mask is set; the plain 0 where it is nowhere."""
    return np.asarray(mask, np.uint8) * np.uint8(bit) if np.any(mask) else 0


def magnitude(x: Interval) -> Array:
    """The largest size of the numbers."""
    return np.maximum(np.abs(x.low), np.abs(x.high))


def mignitude(x: Interval) -> Array:
    """A lower bound of their size."""
    away = np.fmax(np.maximum(x.low, -x.high), 0.0)
    return away if type(x.gap) is float else np.maximum(away, x.gap)


def hull(*parts: Interval) -> Interval:
    """The smallest intervals that hold all of the parts; flags are left out."""
    low, high, gap = parts[0].low, parts[0].high, mignitude(parts[0])
    for part in parts[1:]:
        low, high = np.minimum(low, part.low), np.maximum(high, part.high)
        gap = np.minimum(gap, mignitude(part))
    return Interval(low, high, gap if np.any(gap) else 0.0)


# -- how an op is found ------------------------------------------------------------------------------------------------


def _function(arithmetic: Intervals, op: Op) -> Callable[..., Any]:
    """What an op does to intervals, with the flags of its operands, its domain and its kink."""
    if op in _CONDITIONS:
        return _CONDITIONS[op]
    own = _bounds(arithmetic, op)
    if op in _QUICK:
        return partial(_QUICK[op], arithmetic)
    domain = None if op in _OWN_DOMAIN else op.domain
    kink, bit = (None, 0) if op in _OWN_KINK else (op.kink, JUMP if op.at_kink.startswith("jump") else KINK)

    def function(*operands: Any) -> Interval:
        result = own(*operands)
        flags = result.flags
        for x in operands:
            flags = flags | x.flags
        if domain is not None:
            truth = apply_rule(domain, arithmetic.bare, *operands)
            flags = flags | flag(truth.fails, OUTSIDE) | flag(~np.asarray(truth.may), NOWHERE)
        if kink is not None:
            around = operands if not op.variadic else (result, *operands)
            flags = flags | flag(apply_rule(kink, arithmetic.bare, *around).may, bit)
        return Interval(result.low, result.high, result.gap, flags)

    return function


def _cleaned(x: Interval) -> Interval:
    """The same with infinite bounds in place of nan."""
    if np.isfinite(np.add.reduce(x.low + x.high, axis=None)):
        return x
    return Interval(np.where(np.isnan(x.low), -_INF, x.low), np.where(np.isnan(x.high), _INF, x.high), x.gap, x.flags)


def _bounds(arithmetic: Intervals, op: Op) -> Callable[..., Interval]:
    """What an op does to bounds: a function below, its definition, or balls."""
    if (own := _VALUES.get(op)) is not None:
        return own
    if op in _REFLECTED:
        return partial(_beside_poles, arithmetic, op, _REFLECTED[op])
    if op.define is not None and op in _RISING:
        return partial(_rising, partial(apply_rule, op.define, arithmetic))
    if op.define is not None and op in _DEFINED:
        return partial(apply_rule, op.define, arithmetic)
    return partial(_by_balls, arithmetic, op)


def _rising(define: Callable[..., Interval], x: Interval) -> Interval:
    """A function that grows, by what its definition makes of the two ends."""
    return Interval(define(Interval(x.low, x.low)).low, define(Interval(x.high, x.high)).high)


def _by_balls(arithmetic: Intervals, op: Op, *operands: Interval) -> Interval:
    """An op in balls, box by box."""
    columns = np.broadcast_arrays(*[bound for x in operands for bound in (x.low, x.high)])
    shape = columns[0].shape
    low, high = np.full(shape, -_INF), np.full(shape, _INF)
    flat = [column.ravel() for column in columns]
    function, lows, highs = arithmetic._balls.functions[op], low.reshape(-1), high.reshape(-1)
    nowhere = np.zeros(shape, bool)
    with ctx.workprec(2 * _BITS):
        for i in range(flat[0].size):
            ends = [float(column[i]) for column in flat]
            if not all(map(math.isfinite, ends)):
                continue
            balls = [_ball(ends[k], ends[k + 1]) for k in range(0, len(ends), 2)]
            found = function(*balls)
            if isinstance(found, arb):
                lows[i], highs[i], _, _ = of_ball(found)
            nowhere.reshape(-1)[i] = found is UNDEFINED
    return Interval(low[()], high[()], 0.0, flag(nowhere, NOWHERE))


def _ball(low: float, high: float) -> arb:
    return arb(low) if low == high else arb(low).union(arb(high))


def of_ball(ball: Any) -> Interval:
    """Two doubles around a ball; infinite ones around what is none."""
    if not isinstance(ball, arb):
        return Interval(-_INF, _INF)
    if ball == arb.pos_inf() or ball == arb.neg_inf():
        end = np.float64(math.inf if ball > 0 else -math.inf)
        return Interval(end, end)
    if not ball.is_finite():
        return Interval(-_INF, _INF)
    low, high = float(ball.lower()), float(ball.upper())
    low = low if arb(low) <= ball else math.nextafter(low, -math.inf)
    high = high if arb(high) >= ball else math.nextafter(high, math.inf)
    return Interval(np.float64(low), np.float64(high))


# -- arithmetic --------------------------------------------------------------------------------------------------------


def _widened(low: Array, high: Array, part: float = _PART, tiny: float = _TINY) -> Interval:
    """Bounds moved outward by a part of their size."""
    return Interval(low - (np.abs(low) * part + tiny), high + (np.abs(high) * part + tiny))


def _gap(size: Array) -> Array:
    """A gap, rounded inward; plain 0 if there is none."""
    gap = np.where(size > 0, size * (1 - 4 * _EPS), 0.0)
    return gap if np.any(gap) else 0.0


def _has_gap(*operands: Interval) -> bool:
    return any(type(x.gap) is not float for x in operands)


def _quick_add(arithmetic: "Intervals", first: Interval, *rest: Interval) -> Interval:
    """A sum; sums that underflow are exact."""
    flags = first.flags
    low, high, gap = first[:3]
    for x in rest:
        flags = flags | x.flags
        above, below = low + x.low, high + x.high
        if type(gap) is not float or type(x.gap) is not float:
            gap = _gap(np.maximum(gap - magnitude(x), x.gap - magnitude(Interval(low, high))))
        low, high = above - np.abs(above) * _EPS, below + np.abs(below) * _EPS
    return Interval(low, high, gap, flags)


def _quick_mul(arithmetic: "Intervals", first: Interval, *rest: Interval) -> Interval:
    """A product: widened by a part of its size alone, but where a product has underflown."""
    flags = first.flags
    for x in rest:
        flags = flags | x.flags
        if arithmetic.careful or type(first.gap) is not float or type(x.gap) is not float:
            first = _square(first) if first is x else _product(first, x)
        elif first is x:
            least, most = mignitude(x), magnitude(x)
            first = Interval(least * least * (1 - 4 * _EPS), most * most * (1 + 4 * _EPS))
        else:
            first = _plain_product(first, x)
    return Interval(first.low, first.high, first.gap, flags)


def _plain_product(a: Interval, b: Interval) -> Interval:
    """The hull of the products of the ends."""
    if np.ndim(a.low) == 0 and a.low == a.high:
        a, b = b, a
    if np.ndim(b.low) == 0 and b.low == b.high:
        if b.low == 0:
            return Interval(np.float64(0.0), np.float64(0.0))
        one, other = a.low * b.low, a.high * b.low
        low, high = (one, other) if b.low > 0 else (other, one)
        if b.low in (1, -1, 2, -2):
            return Interval(low, high)
    else:
        one, two, three, four = a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high
        low = np.minimum(np.minimum(one, two), np.minimum(three, four))
        high = np.maximum(np.maximum(one, two), np.maximum(three, four))
    return Interval(low - np.abs(low) * _EPS, high + np.abs(high) * _EPS)


def _add(first: Interval, *rest: Interval) -> Interval:
    for x in rest:
        low, high = first.low + x.low, first.high + x.high
        sum_ = Interval(low - np.abs(low) * _EPS, high + np.abs(high) * _EPS)  # sums that underflow are exact
        if _has_gap(first, x):
            sum_ = sum_._replace(gap=_gap(np.maximum(first.gap - magnitude(x), x.gap - magnitude(first))))
        first = sum_
    return first._replace(flags=0)


def _neg(x: Interval) -> Interval:
    return Interval(-x.high, -x.low, x.gap)


def _sub(a: Interval, b: Interval) -> Interval:
    return Interval(np.float64(0.0), np.float64(0.0)) if a is b else _add(a, _neg(b))


def _mul(first: Interval, *rest: Interval) -> Interval:
    for x in rest:
        first = _square(first) if first is x else _product(first, x)
    return first._replace(flags=0)


def _product(a: Interval, b: Interval) -> Interval:
    if np.ndim(a.low) == 0 and a.low == a.high:
        a, b = b, a
    if np.ndim(b.low) == 0 and b.low == b.high:
        if b.low == 0:
            return Interval(np.float64(0.0), np.float64(0.0))
        one, other = a.low * b.low, a.high * b.low
        low, high = (one, other) if b.low > 0 else (other, one)
        if abs(b.low) == 1:
            return Interval(low, high, a.gap)
    else:
        one, two, three, four = a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high
        low = np.minimum(np.minimum(one, two), np.minimum(three, four))
        high = np.maximum(np.maximum(one, two), np.maximum(three, four))
    result = _widened(low, high, _EPS)
    if not np.all(low):
        same = (a.low >= 0) & (b.low >= 0) | (a.high <= 0) & (b.high <= 0)
        result = result._replace(low=np.where(same, np.maximum(result.low, 0.0), result.low))
    if not np.all(high):
        other = (a.low >= 0) & (b.high <= 0) | (a.high <= 0) & (b.low >= 0)
        result = result._replace(high=np.where(other, np.minimum(result.high, 0.0), result.high))
    return result._replace(gap=_gap(mignitude(a) * mignitude(b))) if _has_gap(a, b) else result


def _div(a: Interval, b: Interval) -> Interval:
    """By an interval that holds 0 as an end a half line, inside it all numbers but a gap."""
    inside = ~((b.low > 0) | (b.high < 0))
    one, two, three, four = a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high
    low = np.minimum(np.minimum(one, two), np.minimum(three, four))
    high = np.maximum(np.maximum(one, two), np.maximum(three, four))
    result = _widened(low, high, _EPS)
    same = (a.low >= 0) & (b.low >= 0) | (a.high <= 0) & (b.high <= 0)
    other = (a.low >= 0) & (b.high <= 0) | (a.high <= 0) & (b.low >= 0)
    low = np.where(same, np.maximum(result.low, 0.0), result.low)
    high = np.where(other, np.minimum(result.high, 0.0), result.high)
    if not np.any(inside):
        return Interval(low, high, _gap(mignitude(a) / magnitude(b)) if _has_gap(a, b) else 0.0)
    least = mignitude(a) / magnitude(b)
    least = np.where(least > 0, least * (1 - 4 * _EPS), 0.0)
    low = np.where(inside, np.where(same, least, -_INF), low)
    high = np.where(inside, np.where(other, -least, _INF), high)
    return Interval(low, high, _gap(np.where(inside | (np.asarray(b.gap) > 0), least, 0.0)))


def _square(x: Interval) -> Interval:
    return _positive_power(x, 2)


def _powi(x: Interval, exponent: Interval) -> Interval:
    n = exponent.low
    if np.ndim(n) or n != exponent.high or n != np.floor(n):
        return _pow(x, exponent)
    return _positive_power(x, int(n)) if n >= 0 else _div(_ONE, _positive_power(x, -int(n)))


_ONE = Interval(np.float64(1.0), np.float64(1.0))


def _positive_power(x: Interval, n: int) -> Interval:
    if n == 0:
        return _ONE
    if n == 1:
        return x._replace(flags=0)
    part = n * _EPS if n <= MOST_PRODUCTS else _PART
    if n % 2:
        low, high = _raised(x.low, n), _raised(x.high, n)
        result = _widened(low, high, part)
        result = Interval(
            np.where(x.low >= 0, np.maximum(result.low, 0.0), result.low),
            np.where(x.high <= 0, np.minimum(result.high, 0.0), result.high),
        )
        return result._replace(gap=_gap(_raised(mignitude(x), n) * (1 - part))) if _has_gap(x) else result
    result = _widened(_raised(mignitude(x), n), _raised(magnitude(x), n), part)
    return Interval(np.maximum(result.low, 0.0), result.high)


def _quick_powi(arithmetic: "Intervals", x: Interval, exponent: Interval) -> Interval:
    """A power by products, without an underflow."""
    n = exponent.low
    plain = (
        not np.ndim(n) and n == exponent.high and n == np.floor(n) and 2 <= n <= MOST_PRODUCTS and type(x.gap) is float
    )
    if arithmetic.careful or not plain:
        result = _powi(x, exponent)
        flags = x.flags | result.flags
        if np.ndim(n) or not n > 0:
            inside = ~((x.low > 0) | (x.high < 0) | (np.asarray(x.gap) > 0))
            flags = flags | flag(inside, OUTSIDE) | flag(inside & (x.low == 0) & (x.high == 0), NOWHERE)
        return Interval(result.low, result.high, result.gap, flags if n != 0 else x.flags)
    n, part = int(n), int(n) * _EPS
    if n % 2:
        low, high = _raised(x.low, n), _raised(x.high, n)
        return Interval(low - np.abs(low) * part, high + np.abs(high) * part, 0.0, x.flags)
    return Interval(_raised(mignitude(x), n) * (1 - 2 * part), _raised(magnitude(x), n) * (1 + 2 * part), 0.0, x.flags)


def _quick_div(arithmetic: "Intervals", a: Interval, b: Interval) -> Interval:
    """A quotient; by an interval that holds 0 it may have no value."""
    if not arithmetic.careful and np.ndim(b.low) == 0 and b.low == b.high > 0 and type(a.gap) is float:
        low, high = a.low / b.low, a.high / b.low
        return Interval(low - np.abs(low) * _EPS, high + np.abs(high) * _EPS, 0.0, a.flags | b.flags)
    positive = (b.low > 0) | (b.high < 0)
    if not arithmetic.careful and np.all(positive) and type(a.gap) is float and type(b.gap) is float:
        one, two, three, four = a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high
        low = np.minimum(np.minimum(one, two), np.minimum(three, four))
        high = np.maximum(np.maximum(one, two), np.maximum(three, four))
        return Interval(low - np.abs(low) * _EPS, high + np.abs(high) * _EPS, 0.0, a.flags | b.flags)
    inside = ~(positive | (np.asarray(b.gap) > 0))
    flags = a.flags | b.flags | flag(inside, OUTSIDE) | flag((b.low == 0) & (b.high == 0), NOWHERE)
    result = _div(a, b)
    return Interval(result.low, result.high, result.gap, flags)


def _raised(x: Array, n: int) -> Array:
    """A power by products, each of which is rounded; by NumPy's where it is a large one."""
    if n > MOST_PRODUCTS:
        return np.where(x < 0, -1.0, 1.0) ** (n % 2) * np.power(np.abs(x), float(n))
    result, square = None, x
    while n:
        if n & 1:
            result = square if result is None else result * square
        n >>= 1
        square = square * square if n else square
    return result


def _pow(a: Interval, b: Interval) -> Interval:
    """Of a base above 0 by the corners; a base that may be negative has a power where the exponent may be whole."""
    base = _cut(a, 0.0, math.inf)
    corners = [np.power(x, y) for x in (base.low, base.high) for y in (b.low, b.high)]
    low, high = corners[0], corners[0]
    for corner in corners[1:]:
        low, high = np.minimum(low, corner), np.maximum(high, corner)
    result = _widened(low, high)
    low, high = np.maximum(result.low, 0.0), result.high
    zero = ~(a.low > 0) & ~(b.low > 0) & ~(b.high < 0)  # 0**0 is 1, and near it a power is anything
    low, high = np.where(zero, np.minimum(low, 0.0), low), np.where(~(a.low > 0) & (b.low < 0), _INF, high)
    if _may_be_whole(b):
        most = np.maximum(magnitude(a), 1.0)
        bound = np.where(~(a.low > 0) & (b.low < 0), _INF, np.power(most, np.maximum(b.high, 0.0)) * (1 + _PART))
        whole = ~(a.low >= 0) & ~(np.ceil(b.low) > np.floor(b.high))
        low, high = np.where(whole, -bound, low), np.where(whole, np.maximum(high, bound), high)
    whole = (b.low == b.high) & (b.low == np.floor(b.low))
    outside = ~(a.low >= 0) & ~whole | ~(a.low > 0) & ~(a.high < 0) & ~(b.low >= 0)
    nowhere = (a.high < 0) & (np.ceil(b.low) > np.floor(b.high))
    flags = flag(~(a.low > 0) & ~whole, KINK) | flag(zero & ~whole, JUMP)
    return Interval(low, high, 0.0, flags | flag(outside, OUTSIDE) | flag(nowhere, NOWHERE))


def _sqrt(x: Interval) -> Interval:
    low, high = np.sqrt(np.maximum(x.low, 0.0)), np.sqrt(np.maximum(x.high, 0.0))
    result = _widened(low, high, _EPS, 0.0)
    return Interval(np.where(np.isnan(low), 0.0, result.low), result.high, 0.0, flag(~(x.low > 0), KINK))


def _increasing(function: Callable[[Array], Array], least: float = -math.inf, most: float = math.inf, rough: Any = None,
                part: float = _PART) -> Callable[[Interval], Interval]:  # fmt: skip
    """A function of NumPy's that grows, with a value between two ends.

    Args:
        rough: where its slope is infinite though it has a value: by the bounds.
    """

    def bounded(x: Interval) -> Interval:
        inside = x if least == -math.inf and most == math.inf else _cut(x, least, most)
        result = _widened(function(inside.low), function(inside.high), part)
        low = np.where(np.isnan(x.low), -_INF, result.low)
        high = np.where(np.isnan(x.high), _INF, result.high)
        return Interval(low, high, 0.0, 0 if rough is None else flag(rough(x), KINK))

    return bounded


def _decreasing(function: Callable[[Array], Array], least: float, most: float, rough: Any) -> Callable[..., Interval]:
    """The same of a function that falls."""
    turned = _increasing(lambda x: -function(x), least, most, rough)
    return lambda x: Interval(*_neg(turned(x))[:2], 0.0, turned(x).flags)


def _nonnegative(function: Callable[[Interval], Interval]) -> Callable[[Interval], Interval]:
    """A function that is never below 0."""

    def bounded(x: Interval) -> Interval:
        result = function(x)
        return result._replace(low=np.maximum(result.low, 0.0))

    return bounded


def _step(function: Callable[[Array], Array]) -> Callable[[Interval], Interval]:
    """A function that grows and is exact in floats."""
    return lambda x: Interval(function(x.low), function(x.high))


def _cosh(x: Interval) -> Interval:
    result = _widened(np.cosh(mignitude(x)), np.cosh(magnitude(x)))
    return result._replace(low=np.maximum(result.low, 1.0))


def _abs(x: Interval) -> Interval:
    return Interval(mignitude(x), magnitude(x))


def _one_minus_square(x: Interval) -> Interval:
    least, most = mignitude(x), magnitude(x)
    return _widened((1 - most) * (1 + most), (1 - least) * (1 + least), 4 * _EPS)


def _hypot(*xs: Interval) -> Interval:
    return _sqrt(_add(*map(_square, xs)) if len(xs) > 1 else _square(xs[0]))._replace(flags=0)


def _extreme(choose: Callable[[Array, Array], Array], largest: bool) -> Callable[..., Interval]:
    """The largest or the smallest operand; a kink where it may be more than one of them."""

    def chosen(first: Interval, *rest: Interval) -> Interval:
        low, high = first.low, first.high
        for x in rest:
            low, high = choose(low, x.low), choose(high, x.high)
        may = [~(x.high < low) if largest else ~(x.low > high) for x in (first, *rest)]
        return Interval(low, high, 0.0, flag(sum(np.asarray(each, np.int16) for each in may) > 1, KINK))

    return chosen


def _clip(x: Interval, low: Interval, high: Interval) -> Interval:
    return Interval(
        np.minimum(np.maximum(x.low, low.low), high.low), np.minimum(np.maximum(x.high, low.high), high.high)
    )


def _leaky_relu(x: Interval) -> Interval:
    low, high = (np.where(end > 0, end, end / 5) for end in (x.low, x.high))
    return _widened(low, high, _EPS)


def _elu(x: Interval) -> Interval:
    low, high = (np.where(end > 0, end, np.expm1(np.minimum(end, 0.0))) for end in (x.low, x.high))
    return _widened(low, high)._replace(flags=flag(~((x.low > 0) | (x.high < 0)), KINK))


def _frac(x: Interval) -> Interval:
    whole = np.floor(x.low)
    same = whole == np.floor(x.high)
    part = _widened(x.low - whole, x.high - whole, _EPS)
    return Interval(np.where(same, np.maximum(part.low, 0.0), 0.0), np.where(same, np.minimum(part.high, 1.0), 1.0))


def _mod(a: Interval, b: Interval) -> Interval:
    quotient = _div(a, b)
    quotient = Interval(np.floor(quotient.low), np.floor(quotient.high))
    return _sub(a, _product(b, quotient))


def _xlogy(a: Interval, b: Interval) -> Interval:
    product = _product(a, _LOG(_cut(b, 0.0, math.inf)))
    zero = ~((a.low > 0) | (a.high < 0))
    low = np.where(zero, np.minimum(product.low, 0.0), product.low)
    return Interval(low, np.where(zero, np.maximum(product.high, 0.0), product.high))


def _logsumexp(*xs: Interval) -> Interval:
    """The definition, less the largest upper bound, which is an exact number."""
    top = xs[0].high
    for x in xs[1:]:
        top = np.maximum(top, x.high)
    top = np.where(np.isfinite(top), top, 0.0)
    middle = Interval(top, top)
    return _add(_LOG(_add(*(_EXP(_sub(x, middle)) for x in xs))), middle)


# -- trigonometric -----------------------------------------------------------------------------------------------------

_SLACK = 8 * _EPS


def _meets(x: Interval, first: float, period: float) -> Array:
    """Whether a number first + k*period may lie in the interval, for a whole k."""
    begin, end = (x.low - first) / period, (x.high - first) / period
    begin, end = begin - (np.abs(begin) + 1) * _SLACK, end + (np.abs(end) + 1) * _SLACK
    return ~(np.ceil(begin) > np.floor(end)) | ~(magnitude(x) < _FAR)


_FAR = 2.0**40
"""Beyond this the distance to a multiple of pi is not looked for."""


def _wave(function: Callable[[Array], Array], top: float) -> Callable[[Interval], Interval]:
    """The sine or the cosine, whose maxima are at `top` and one turn on."""

    def bounded(x: Interval) -> Interval:
        one, other = function(x.low), function(x.high)
        result = _widened(np.minimum(one, other), np.maximum(one, other))
        low = np.where(_meets(x, top + math.pi, 2 * math.pi), -1.0, np.maximum(result.low, -1.0))
        return Interval(low, np.where(_meets(x, top, 2 * math.pi), 1.0, np.minimum(result.high, 1.0)))

    return bounded


def _with_poles(function: Callable[[Array], Array], pole: float, falls: bool) -> Callable[[Interval], Interval]:
    """The tangent or the cotangent, with poles one half turn apart."""

    def bounded(x: Interval) -> Interval:
        low, high = function(x.low), function(x.high)
        result = _widened(high, low) if falls else _widened(low, high)
        at_pole = _meets(x, pole, math.pi)
        size = np.minimum(np.abs(low), np.abs(high)) * (1 - 2 * _PART)
        around = at_pole & (np.sign(low) != np.sign(high)) & ((low < 0) == falls) & (x.high - x.low < math.pi / 2)
        low, high = np.where(at_pole, -_INF, result.low), np.where(at_pole, _INF, result.high)
        return Interval(low, high, _gap(np.where(around, size, 0.0)), flag(at_pole, OUTSIDE))

    return bounded


def _acot(x: Interval) -> Interval:
    jump = ~((x.low > 0) | (x.high < 0))
    result = _widened(np.arctan(1 / x.high), np.arctan(1 / x.low))
    return Interval(np.where(jump, -1.6, result.low), np.where(jump, 1.6, result.high))


def _atan2(a: Interval, b: Interval) -> Interval:
    """By the corners, but where the box meets the cut."""
    corners = [np.arctan2(y, x) for y in (a.low, a.high) for x in (b.low, b.high)]
    low, high = corners[0], corners[0]
    for corner in corners[1:]:
        low, high = np.minimum(low, corner), np.maximum(high, corner)
    result = _widened(low, high)
    cut = ~((a.low > 0) | (a.high < 0)) & ~(b.low > 0)
    return Interval(np.where(cut, -3.2, result.low), np.where(cut, 3.2, result.high))


def _sinc(x: Interval) -> Interval:
    """The quotient, and near 0 what lies between the first terms of the series."""
    far = _div(_SIN(x), x)
    square = _square(x)
    near = 1 - square.high / 6 * (1 + 4 * _EPS) - 2 * _EPS
    low = np.maximum(np.maximum(np.where(np.isnan(far.low), -1.0, far.low), near), -0.2173)
    zero = ~((x.low > 0) | (x.high < 0))
    return Interval(np.where(zero, np.maximum(near, -0.2173), low), np.where(zero, 1.0, np.minimum(far.high, 1.0)))


_LOG, _EXP = _increasing(np.log, 0.0), _nonnegative(_increasing(np.exp))
_SIN = _wave(np.sin, math.pi / 2)

_VALUES: dict[Op, Callable[..., Interval]] = {
    ops.add: _add, ops.neg: _neg, ops.sub: _sub, ops.mul: _mul, ops.div: _div, ops.powi: _powi, ops.pow: _pow,
    ops.sqrt: _sqrt, ops.abs: _abs, ops.hypot: _hypot, ops.one_minus_square: _one_minus_square,
    ops.cbrt: _increasing(np.cbrt, rough=lambda x: ~((x.low > 0) | (x.high < 0))),
    ops.exp: _EXP, ops.exp2: _nonnegative(_increasing(np.exp2)), ops.expm1: _increasing(np.expm1),
    ops.log: _LOG, ops.log2: _increasing(np.log2, 0.0), ops.log10: _increasing(np.log10, 0.0),
    ops.log1p: _increasing(np.log1p, -1.0), ops.xlogy: _xlogy, ops.logsumexp: _logsumexp,
    ops.sin: _SIN, ops.cos: _wave(np.cos, 0.0),
    ops.tan: _with_poles(np.tan, math.pi / 2, False), ops.cot: _with_poles(lambda x: 1 / np.tan(x), 0.0, True),
    ops.asin: _increasing(np.arcsin, -1.0, 1.0, rough=lambda x: ~((x.low > -1) & (x.high < 1))),
    ops.acos: _decreasing(np.arccos, -1.0, 1.0, lambda x: ~((x.low > -1) & (x.high < 1))),
    ops.atan: _increasing(np.arctan), ops.acot: _acot, ops.atan2: _atan2, ops.sinc: _sinc,
    ops.sinh: _increasing(np.sinh), ops.cosh: _cosh, ops.tanh: _increasing(np.tanh),
    ops.asinh: _increasing(np.arcsinh), ops.atanh: _increasing(np.arctanh, -1.0, 1.0),
    ops.acosh: _increasing(np.arccosh, 1.0, rough=lambda x: ~(x.low > 1)),
    ops.sign: _step(np.sign), ops.floor: _step(np.floor), ops.ceil: _step(np.ceil), ops.round: _step(np.rint),
    ops.heaviside: _step(lambda x: np.heaviside(x, 0.5)), ops.relu: _step(lambda x: np.maximum(x, 0.0)),
    ops.frac: _frac, ops.mod: _mod, ops.clip: _clip, ops.leaky_relu: _leaky_relu, ops.elu: _elu,
    ops.max: _extreme(np.maximum, True), ops.min: _extreme(np.minimum, False),
}  # fmt: skip

_QUICK: dict[Op, Callable[..., Interval]] = {
    ops.add: _quick_add, ops.mul: _quick_mul, ops.powi: _quick_powi, ops.div: _quick_div,
    ops.sub: lambda arithmetic, a, b: _quick_add(arithmetic, a, Interval(-b.high, -b.low, b.gap, b.flags))
    if a is not b else Interval(np.float64(0.0), np.float64(0.0), 0.0, a.flags),
    ops.neg: lambda arithmetic, x: Interval(-x.high, -x.low, x.gap, x.flags),
}  # fmt: skip
"""The ops that formulas are mostly made of, with their flags; they have no kinks."""


def _beside_poles(arithmetic: Intervals, op: Op, reflected: Callable[..., Interval], *operands: Interval) -> Interval:
    """A special function in balls; about a pole of its left half by what lies beyond 1/2 (DLMF 5.5.3, 5.15.6)."""
    own, x = _by_balls(arithmetic, op, *operands), operands[-1]
    poles = ~(np.isfinite(own.low) & np.isfinite(own.high)) & ~(x.low > 0)
    if not np.any(poles):
        return own
    angle = _product(arithmetic.constant("pi"), x)
    other = _by_balls(arithmetic, op, *operands[:-1], _sub(_ONE, x))
    around = reflected(arithmetic.constant("pi"), angle, other, *operands[:-1])
    low, high = np.where(np.isnan(around.low), -_INF, around.low), np.where(np.isnan(around.high), _INF, around.high)
    gap = np.where(poles, around.gap, 0.0)
    return Interval(
        np.where(poles, low, own.low), np.where(poles, high, own.high), gap if np.any(gap) else 0.0, own.flags
    )


def _reflected_polygamma(pi: Interval, angle: Interval, other: Interval, n: Interval) -> Interval:
    """Of the first one; of the others nothing is known."""
    if np.ndim(n.low) or not n.low == n.high == 1:
        return Interval(-_INF, _INF)
    return _sub(_square(_div(pi, _SIN(angle))), other)


_REFLECTED: dict[Op, Callable[..., Interval]] = {
    ops.gamma: lambda pi, angle, other: _div(pi, _product(_SIN(angle), other)),
    ops.digamma: lambda pi, angle, other: _sub(other, _product(pi, _VALUES[ops.cot](angle))),
    ops.polygamma: _reflected_polygamma,
}
"""Functions of 1 - x that give those of x: of pi, the angle pi*x, and the function of 1 - x."""

_RISING = frozenset({ops.logit, ops.sigmoid, ops.softplus, ops.norm_cdf})
"""Ops that grow, and whose definition of one number is as good as any."""
_DEFINED = frozenset(
    {ops.sec, ops.csc, ops.sech, ops.csch, ops.coth, ops.silu, ops.gelu, ops.norm_pdf, ops.asec, ops.acsc, ops.acsch,
     ops.asech, ops.acoth, ops.sincpi}
)  # fmt: skip
"""Ops whose definition in the table has no branches and bounds them well."""
_OWN_KINK = frozenset({ops.max, ops.min})
_OWN_DOMAIN = frozenset({ops.csc, ops.cot, ops.pow})

# -- conditions --------------------------------------------------------------------------------------------------------


def _order(strict: bool) -> Callable[[Interval, Interval], Truth]:
    """Whether one number is below another."""

    def compared(a: Interval, b: Interval) -> Truth:
        if a is b:
            return Truth(np.bool_(not strict), np.bool_(strict), a.flags)
        if strict:
            return Truth(~(a.low >= b.high), ~(a.high < b.low), a.flags | b.flags)
        return Truth(~(a.low > b.high), ~(a.high <= b.low), a.flags | b.flags)

    return compared


def _eq(a: Interval, b: Interval) -> Truth:
    if a is b:
        return Truth(np.bool_(True), np.bool_(False), a.flags)
    apart = (a.low > b.high) | (b.low > a.high)
    for x, y in ((a, b), (b, a)):
        if type(x.gap) is not float and np.ndim(y.low) == 0 and y.low == y.high == 0:
            apart = apart | (x.gap > 0)
    same = (a.low == a.high) & (b.low == b.high) & (a.low == b.low)
    return Truth(~apart, ~same, a.flags | b.flags)


def _not(p: Truth) -> Truth:
    return Truth(p.fails, p.may, p.flags)


def _ne(a: Interval, b: Interval) -> Truth:
    return _not(_eq(a, b))


def _and(p: Truth, q: Truth) -> Truth:
    return Truth(np.logical_and(p.may, q.may), np.logical_or(p.fails, q.fails), p.flags | q.flags)


def _or(p: Truth, q: Truth) -> Truth:
    return Truth(np.logical_or(p.may, q.may), np.logical_and(p.fails, q.fails), p.flags | q.flags)


def _where(c: Truth, a: Any, b: Any) -> Any:
    """The branch that is chosen; both where that is not decided."""
    yes, no = np.logical_not(c.fails), np.logical_not(c.may)
    if isinstance(a, Truth):
        return _or(_and(c, a), _and(_not(c), b))
    if np.all(yes):
        return a._replace(flags=a.flags | c.flags)
    if np.all(no):
        return b._replace(flags=b.flags | c.flags)
    both = hull(a, b)
    low, high = (np.where(yes, x, np.where(no, y, z)) for x, y, z in zip(a[:2], b[:2], both[:2], strict=True))
    gap = np.where(yes, a.gap, np.where(no, b.gap, both.gap)) if _has_gap(a, b, both) else 0.0
    nowhere = a.flags & b.flags & NOWHERE
    either = (a.flags | b.flags) & (OUTSIDE | KINK | JUMP) | nowhere
    either = either | flag(np.asarray((a.flags | b.flags) & NOWHERE) > 0, OUTSIDE)
    flags = np.where(yes, a.flags, np.where(no, b.flags, either | np.uint8(KINK | JUMP)))
    flags = np.asarray(flags, np.uint8) | np.asarray(c.flags, np.uint8)
    return Interval(low, high, gap if np.any(gap) else 0.0, flags if np.any(flags) else 0)


_CONDITIONS: dict[Op, Callable[..., Any]] = {
    ops.lt: _order(True), ops.le: _order(False),
    ops.gt: lambda a, b: _order(True)(b, a), ops.ge: lambda a, b: _order(False)(b, a),
    ops.eq: _eq, ops.same: _eq, ops.ne: _ne, ops.not_: _not, ops.and_: _and, ops.or_: _or, ops.where: _where,
}  # fmt: skip
