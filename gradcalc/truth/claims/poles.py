"""Intervals with divisors that may be 0, which are not divided by: how `verify` sees that slopes near a pole are not 0.

    2x - 1/(x - 1)^2 near 1:  c + d*r^2 with r = 1/(x - 1), so (c*(x - 1)^2 + d)*r^2, whose top is not 0

A number is an interval times powers of such r, below 0 too; or None, of which nothing is known. Sums are brought to one
such product. Where its top is not 0, a number is not 0 wherever it has a value: there no divisor is 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Any

from gradcalc.truth.claims.intervals import Arithmetic, Interval, Nowhere, Weak, least_size

Term = tuple[dict[int, int], Interval] | None
"""Of each r its power, if it is not 0, by the number of r; and what is multiplied by these."""


def has_no_zero(on: Arithmetic, system: Any, box: Sequence[Interval]) -> bool:
    """Whether an equation of a system does not hold in a box wherever it has a value, though divisors may be 0 there.

    What a root is taken of is not 0 there, or steep: then it is below 0 as near to its zeros as one likes.
    """
    inputs: list[Term] = [({}, side) for side in box]
    poles = Poles(on, inputs[0] if system.is_above else None)
    try:
        values = system.values(poles, inputs)
        for under in system.edges:
            if not any(least_size(poles.plain(part)) > 0 for part in system.at(poles, inputs, (), under)):
                return False
        return any(least_size(poles.top(each)) > 0 for each in values if each is not None)
    except Nowhere:
        return True
    except Weak:
        return False


def floor(on: Arithmetic, value: Callable[[Any, Any], Any], box: Sequence[Interval]) -> int:
    """What a number is not below in a box wherever it has a value: near poles of even powers, above 0."""
    poles = Poles(on)
    powers, part = poles.known(value(poles, [({}, side) for side in box]))
    for k, power in powers.items():
        low, high = poles.divisors[k][1]
        most = max(abs(low), abs(high))
        if power < 0:
            part = on.times(part, on.power((low, high), -power))
        elif power % 2 or part[0] < 0 or not most:
            raise Weak("a pole at which a number may be below all others")
        else:
            part = on.over(part, on.power((most, most), power))
    return part[0]


@dataclass(eq=False)
class Poles:
    """The arithmetic, with the divisors that it has met.

    Attributes:
        above: a number that is known to be above 0.
    """

    on: Arithmetic
    above: Term = None
    is_open = False
    divisors: list[tuple[Term, Interval]] = field(default_factory=list)

    def known(self, a: Term) -> tuple[dict[int, int], Interval]:
        """A number of which something is known."""
        if a is None:
            raise Weak("a number of which nothing is known")
        return a

    def top(self, a: Term) -> Interval:
        """What is not 0 where a number is not: without the powers of what is not 0 itself."""
        powers, part = self.known(a)
        return self._raised(part, {k: -n for k, n in powers.items() if n < 0 and self.divisors[k][0] is not self.above})

    def plain(self, a: Term) -> Interval:
        """A number as one interval."""
        powers, part = self.known(a)
        if any(power > 0 for power in powers.values()):
            raise Weak("a function of what may have a pole")
        return self._raised(part, {k: -power for k, power in powers.items()})

    def _raised(self, part: Interval, powers: dict[int, int]) -> Interval:
        """An interval times powers of divisors."""
        return reduce(self.on.times, (self.on.power(self.divisors[k][1], n) for k, n in powers.items() if n), part)

    # -- the operations of an arithmetic

    def whole(self, number: int) -> Term:
        """A whole number."""
        return {}, self.on.whole(number)

    def of(self, low: Fraction, high: Fraction) -> Term:
        """The interval around two numbers."""
        return {}, self.on.of(low, high)

    def add(self, a: Term, b: Term) -> Term:
        """The sum, over the larger powers of each divisor."""
        if a is None or b is None:
            return None
        most = {k: max(a[0].get(k, 0), b[0].get(k, 0)) for k in a[0].keys() | b[0].keys()}
        one, other = (self._raised(part, {k: n - powers.get(k, 0) for k, n in most.items()}) for powers, part in (a, b))
        return {k: n for k, n in most.items() if n}, self.on.add(one, other)

    def scaled(self, a: Term, p: int, q: int = 1) -> Term:
        """A rational multiple."""
        return None if a is None else (a[0], self.on.scaled(a[1], p, q))

    def times(self, a: Term, b: Term) -> Term:
        """The product."""
        if a is None or b is None:
            return None
        both = {k: a[0].get(k, 0) + b[0].get(k, 0) for k in a[0].keys() | b[0].keys()}
        return {k: n for k, n in both.items() if n}, self.on.times(a[1], b[1])

    def over(self, a: Term, b: Term) -> Term:
        """The quotient."""
        return self.times(a, self.power(b, -1))

    def power(self, a: Term, n: int) -> Term:
        """A whole power; of what may be 0, and was divided by nothing, that of an r of its own."""
        if a is None or n == 0:
            return a and self.whole(1)
        if a[0] and n > 0 or least_size(a[1]) > 0:
            return {k: power * n for k, power in a[0].items()}, self.on.power(a[1], n)
        if any(power > 0 for power in a[0].values()):
            return None
        known = [k for k, (divisor, _) in enumerate(self.divisors) if divisor is a]
        if not known:
            self.divisors.append((a, self.plain(a)))
        return {(known or [len(self.divisors) - 1])[0]: -n}, self.on.whole(1)

    # -- functions

    def log(self, a: Term) -> Term:
        """The logarithm, of which nothing is known near 0; its slope is."""
        low, high = self.plain(a)
        return None if low <= 0 < high else ({}, self.on.log((low, high)))

    def root(self, a: Term) -> Term:
        """The square root, where there is one."""
        low, high = self.plain(a)
        return {}, self.on.root((max(low, 0) if high >= 0 else low, high))

    def function(self, name: str, order: int, a: Term) -> Term:
        """A function of python-flint."""
        return {}, self.on.function(name, order, self.plain(a))

    def __getattr__(self, name: str) -> Any:
        """Another function of numbers that are one interval each: as the arithmetic of intervals has it."""
        function = getattr(self.on, name)

        def applied(*numbers: Term) -> Any:
            found = function(*map(self.plain, numbers))
            if isinstance(found, bool):
                return found
            return ({}, found) if isinstance(found[0], int) else tuple(({}, each) for each in found)

        return applied if callable(function) else function
