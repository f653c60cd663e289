"""Power series: truncated Taylor series in one variable, with balls for coefficients. Imports balls and flint.

A number is a ball, or a mark, where it does not depend on the variable; else a series, which holds the true
coefficients of the function at the middle that its inputs are series around. Where a function has no Taylor series (on
a kink, at the end of a domain) it is UNDECIDED, where it has no value UNDEFINED.

What an op does to a series is, in this order: a function below; flint's method of series, by the name that the table
says; the table's definition; the derivatives that its rule gives, one after another, composed with the operand.

Griewank and Walther, "Evaluating Derivatives", 2nd ed., chapter 13; Johansson, "Rigorous high-precision computation of
the Hurwitz zeta function and its derivatives" (2015), for flint's series.
"""

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

from flint import arb, arb_series, ctx

from gradcalc.arithmetic.balls import Balls, series_of
from gradcalc.arithmetic.budget import Budget, total
from gradcalc.arithmetic.evaluate import Functions, apply_rule, evaluate
from gradcalc.arithmetic.exact_numbers import plain
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED, Unknown
from gradcalc.errors import LimitError
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

Function = Callable[..., Any]


class Series:
    """The arithmetic of series of one length at one precision.

    Args:
        length: how many coefficients are kept: the order and one more.
        precision, decimals: as of `Balls`.
    """

    def __init__(self, length: int, precision: int, decimals: str = "double") -> None:
        self.length = length
        self.balls = Balls(precision, decimals)
        self.functions: Mapping[Op, Function] = Functions(self._function, {})

    def constant(self, text: str) -> Any:
        """The ball of an exact constant."""
        return self.balls.constant(text)

    def variable(self, middle: Any, slope: Any = 1) -> Any:
        """The series of `middle + slope*t`; `middle` is a ball or a mark."""
        if isinstance(middle, Unknown) or slope == 0:
            return middle
        return arb_series([plain(middle), slope], prec=self.length)

    def coefficients(self, number: Any) -> list[Any]:
        """All coefficients of a number: of a ball zeros but for the first, of a mark that mark."""
        if isinstance(number, Unknown):
            return [number] * self.length
        if isinstance(number, arb_series):
            return [number[k] for k in range(self.length)]
        return [number, *[arb(0)] * (self.length - 1)]

    def evaluate(
        self, graph: Graph, inputs: Mapping[int, Any], outputs: Iterable[int], budget: Budget | None = None
    ) -> list[Any]:
        """`arithmetic.evaluate` at this length and precision; raises OutOfBudget as `Balls.evaluate` does."""
        precision, outputs = self.balls.precision, tuple(outputs)
        with ctx.workprec(precision), series_of(self.length):
            if budget is None:
                return evaluate(graph, self, inputs, outputs)
            work = total(graph, outputs, precision) * (1 + self.length // 8)
            every = budget.spend(work, len(graph.needed(outputs)))
            return evaluate(graph, self, inputs, outputs, pause=budget.look, every=every)

    def _function(self, op: Op) -> Function:
        """What an op does: to balls what it always does, to a series the first that is found for it and is finite."""
        of_balls, of_series = self.balls.functions[op], list(self._found(op))

        def function(*operands: Any) -> Any:
            if not any(isinstance(x, arb_series) for x in operands):
                return of_balls(*operands)
            if op is ops.where:
                return _where(*operands)
            if any(isinstance(x, Unknown) for x in operands):
                return UNDEFINED if UNDEFINED in operands else UNDECIDED
            heads = [_head(x) for x in operands]
            value = of_balls(*heads)
            if isinstance(value, Unknown) or self._is_kinked(op, value, heads):
                return value if value is UNDEFINED else UNDECIDED
            if op.is_condition or op in _STEPS:
                return value
            numbers = [_plain(x) for x in operands]
            tried = (self._finite(each, numbers) for each in of_series)
            result = next((each for each in tried if each is not None), UNDECIDED)
            return _with_head(result, plain(value))

        return function

    def _finite(self, function: Function, operands: Sequence[Any]) -> Any:
        """What a function gives if every coefficient is a finite ball, else None."""
        try:
            result = function(*operands)
        except (ValueError, ArithmeticError, NotImplementedError):
            return None
        known = not isinstance(result, Unknown) and all(x.is_finite() for x in self.coefficients(result))
        return result if known else None

    def _is_kinked(self, op: Op, value: Any, heads: Sequence[Any]) -> bool:
        """Whether the operands may lie on a kink or a jump of the op."""
        if op.kink is None:
            return False
        return apply_rule(op.kink, self.balls, *([value, *heads] if op.variadic else heads)) is not False

    def _found(self, op: Op) -> Iterator[Function]:
        """The functions of an op, the best first."""
        name = op.name if op.flint is None else op.flint
        if op in _VALUES:
            yield _VALUES[op]
        if name and hasattr(arb_series, name):
            yield getattr(arb_series, name)
        if op.define is not None:
            yield partial(apply_rule, op.define, self)
        if op in _BESSEL:
            yield partial(self._bessel, op)
        if op.define is None and op not in _VALUES:  # those may have kinks of a higher order, which rules don't tell
            yield partial(self._composed, op)

    def _composed(self, op: Op, *operands: Any) -> Any:
        """An op of one series: its own Taylor series, from its rule again and again, composed with the operand."""
        place, *others = [i for i, x in enumerate(operands) if isinstance(x, arb_series)]
        if others or op.is_condition:
            raise NotImplementedError
        graph = Graph(_TOWER)
        inputs = [_order_or_input(graph, i, x) for i, x in enumerate(operands)]
        nodes = [graph.emit(op, tuple(inputs))]
        try:
            while len(nodes) < self.length:
                nodes += derive.gradient(graph, nodes[-1], [inputs[place]])
        except LimitError:
            raise NotImplementedError from None
        values = self.balls.evaluate(graph, dict(zip(inputs, map(_head, operands), strict=True)), nodes)
        found = [plain(values[node]) for node in nodes]
        if any(isinstance(x, Unknown) for x in found):
            return UNDECIDED
        own = arb_series([x / math.factorial(k) for k, x in enumerate(found)], prec=self.length)
        return own(_step(operands[place]))

    def _bessel(self, op: Op, order: Any, x: Any) -> Any:
        """A Bessel function: the first two coefficients by the function itself, the others by its equation.

        The equation is x**2*y'' + x*y' + (s*x**2 - n**2)*y = 0 with s = 1 for J and Y, -1 for I and K.
        """
        at, sign, value = _head(x), _BESSEL[op], self.balls.functions
        slope = apply_rule(lambda n, x: op.rules[1](1, None, n, x), self.balls, order, at)  # type: ignore[misc]
        found = [plain(value[op](order, at)), plain(slope)]
        if at.contains(0) or any(isinstance(y, Unknown) for y in found):
            raise NotImplementedError
        for k in range(self.length - 2):
            before = [*([arb(0)] * max(0, 2 - k)), *found[max(0, k - 2) :]]
            known = before[3] * at * (k + 1) * (2 * k + 1) + before[2] * (k * k + sign * at * at - order * order)
            known = known + sign * (2 * at * before[1] + before[0])
            found.append(-known / (at * at * (k + 2) * (k + 1)))
        return arb_series(found[: self.length], prec=self.length)(_step(x))


class OneSided(Series):
    """Series of two terms in a variable just above 0: where a function bends there, the branch that it leads to.

    The second term is the one-sided derivative. At a jump, and where balls cannot tell of a tie, it is UNDECIDED.
    """

    def __init__(self, precision: int, decimals: str = "double") -> None:
        super().__init__(2, precision, decimals)

    def _function(self, op: Op) -> Function:
        beside, bent = super()._function(op), _BENDS.get(op)
        if bent is None and op.kink is not None and op.define is not None:
            bent = partial(apply_rule, op.define, self)

        def function(*operands: Any) -> Any:
            if any(isinstance(x, Turns) for x in operands):
                return _turned(op, beside, operands)
            result = beside(*operands)
            if bent is None or result is not UNDECIDED or any(isinstance(x, Unknown) for x in operands):
                return result
            return bent(*map(_plain, operands))

        return function


class Turns(NamedTuple):
    """A condition that holds at the middle and not just above it, or the other way round."""

    at: bool
    above: bool


def _turned(op: Op, function: Function, operands: Sequence[Any]) -> Any:
    """What an op makes of conditions that turn: another, or of `where` the branch, if the value goes on into it."""
    if op is ops.where:
        condition, *branches = operands
        chosen, left = branches if condition.above else reversed(branches)
        known = not any(isinstance(x, Unknown) for x in branches)
        return chosen if known and (_head(chosen) - _head(left)).is_zero() else UNDECIDED
    at, above = ([x[k] if isinstance(x, Turns) else x for x in operands] for k in (0, 1))
    found = function(*at), function(*above)
    if any(isinstance(x, Unknown) for x in found):
        return UNDECIDED
    return found[0] if found[0] == found[1] else Turns(*found)


def _compared(at: bool, rises: bool, falls: bool, a: Any, b: Any) -> Any:
    """A comparison of numbers that are equal at the middle: what it is there, and where the first rises or falls."""
    difference = a - b
    slope = difference[1] if isinstance(difference, arb_series) else arb(0)
    if not _head(difference).is_zero() or not (slope > 0 or slope < 0):
        return UNDECIDED
    above = rises if slope > 0 else falls
    return at if at == above else Turns(at, above)


_BESSEL = {ops.besselj: 1, ops.bessely: 1, ops.besseli: -1, ops.besselk: -1}
"""The sign of x**2 in the equation of each Bessel function."""
_TOWER = 20_000
"""Nodes of the derivatives of one op, at most."""


def _order_or_input(graph: Graph, i: int, x: Any) -> int:
    """The node of an operand: a constant for a whole number, whose derivatives then end where they do."""
    n = None if isinstance(x, arb_series) or not x.is_exact() else x.unique_fmpz()
    return graph.input(str(i)) if n is None else graph.constant(int(n))


def _plain(x: Any) -> Any:
    """A number as flint has it."""
    return x if isinstance(x, arb_series) else plain(x)


def _head(x: Any) -> Any:
    """The value of a number: the first coefficient of a series."""
    return x[0] if isinstance(x, arb_series) else x


def _step(x: Any) -> Any:
    """A series without its value: exactly 0 at the middle."""
    return arb_series([0, *x.coeffs()[1:]], prec=x.prec)


def _with_head(x: Any, value: Any) -> Any:
    """The series with its value, which is known exactly where the series found it in balls: sin(pi) is 0."""
    if not isinstance(x, arb_series) or not value.is_exact() or x[0].is_exact():
        return x
    return arb_series([value, *x.coeffs()[1:]], prec=x.prec)


def _where(condition: Any, chosen: Any, other: Any) -> Any:
    if isinstance(condition, Unknown):
        return condition
    return chosen if condition else other


def _powi(x: Any, exponent: Any) -> Any:
    n = exponent.unique_fmpz()
    if n is None or not exponent.is_exact():
        raise ValueError
    return x ** int(n) if n >= 0 else 1 / x ** int(-n)


def _pow(x: Any, exponent: Any) -> Any:
    """By products where the exponent is a small whole number, else where the base is above 0."""
    if not isinstance(exponent, arb_series) and exponent.is_exact() and exponent.is_integer() and abs(exponent) < 10**6:
        return _powi(x, exponent)
    if not _head(x) > 0:
        raise ValueError
    return x**exponent if isinstance(x, arb_series) else (exponent * x.log()).exp()


def _sign_of(x: Any) -> int:
    return 1 if _head(x) > 0 else -1


def _largest(sign: int, *xs: Any) -> Any:
    """The largest or smallest operand; where some tie, in series of two terms, what that is just above the point."""
    first = best = max(xs, key=lambda x: sign * _head(x).mid())
    for x in xs:
        difference = sign * (_head(x) - _head(first))
        if difference.is_zero() and x is not first:
            one, other = (y[1] if isinstance(y, arb_series) else arb(0) for y in (x, best))
            best = arb_series([_head(x), (one + other + sign * abs(one - other)) / 2], prec=2)
        elif x is not first and not difference < 0:
            return UNDECIDED
    return best


def _mod(a: Any, b: Any) -> Any:
    return a - b * (_head(a) / _head(b)).floor()


def _asinh(x: Any) -> Any:
    """Odd, so that nothing cancels."""
    size = x * _sign_of(x)
    return (size + (x * x + 1).sqrt()).log() * _sign_of(x)


def _atan2(a: Any, b: Any) -> Any:
    """By the quotient whose divisor is larger, and the value."""
    over = abs(_head(b)).mid() >= abs(_head(a)).mid()
    angle = (a / b).atan() if over else -(b / a).atan()
    return angle - angle[0] + arb.atan2(_head(a), _head(b))


_STEPS = frozenset((ops.sign, ops.floor, ops.ceil, ops.round, ops.heaviside))
"""Ops that are constant between their jumps."""

_BENDS: dict[Op, Function] = {
    ops.abs: lambda x: _largest(1, x, -x),
    ops.max: partial(_largest, 1),
    ops.min: partial(_largest, -1),
    ops.lt: partial(_compared, False, False, True),
    ops.le: partial(_compared, True, False, True),
    ops.gt: partial(_compared, False, True, False),
    ops.ge: partial(_compared, True, True, False),
    ops.eq: partial(_compared, True, False, False),
    ops.ne: partial(_compared, False, True, True),
}
"""Ops that bend where operands tie, where no definition tells; and comparisons, which `where` joins."""

_VALUES: dict[Op, Function] = {
    ops.add: lambda *xs: reduce(operator.add, xs),
    ops.sub: operator.sub,
    ops.mul: lambda *xs: reduce(operator.mul, xs),
    ops.div: operator.truediv,
    ops.neg: operator.neg,
    ops.powi: _powi,
    ops.pow: _pow,
    ops.cbrt: lambda x: (x * _sign_of(x)) ** (arb(1) / 3) * _sign_of(x),
    ops.hypot: lambda *xs: reduce(operator.add, (x * x for x in xs)).sqrt(),
    ops.abs: lambda x: x * _sign_of(x),
    ops.mod: _mod,
    ops.max: partial(_largest, 1),
    ops.min: partial(_largest, -1),
    ops.xlogy: lambda a, b: a * b.log(),
    ops.atan2: _atan2,
    ops.sinh: lambda x: (x.exp() - (-x).exp()) / 2,
    ops.cosh: lambda x: (x.exp() + (-x).exp()) / 2,
    ops.tanh: lambda x: 1 - 2 / ((2 * x).exp() + 1),
    ops.expm1: lambda x: x.exp() - 1,
    ops.asinh: _asinh,
    ops.acosh: lambda x: (x + (x * x - 1).sqrt()).log(),
    ops.atanh: lambda x: ((1 + x) / (1 - x)).log() / 2,
    ops.airyaiprime: lambda x: x.airy_ai_prime(),
    ops.airybiprime: lambda x: x.airy_bi_prime(),
}
