"""Intervals with divisors that may be 0, which are not divided by: how `verify` sees that slopes near a pole are not 0.

    2x - 1/(x - 1)^2 near 1:  c + d*r^2 with r = 1/(x - 1), so times (x - 1)^2 it is c*(x - 1)^2 + d, which is not 0

A number is a sum of terms, each an interval times powers of such r, below 0 too; or None, of which nothing is known.
Where the top is not 0, the number is not 0 wherever it has a value: there no divisor is 0. Imports intervals.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Any

from gradcalc.truth.claims.intervals import Arithmetic, Interval, Nowhere, Weak, least_size

_LARGEST = 64
"""The largest power that is multiplied out."""
Powers = tuple[tuple[int, int], ...]
"""Of each r its number and its power, in order."""
Sum = Mapping[Powers, Interval] | None


def has_no_zero(
    on: Arithmetic, values: Callable[[Any, Any], Sequence[Any]], box: Sequence[Interval], is_above: bool = False
) -> bool:
    """Whether one of some numbers is not 0 in a box wherever it has a value, though divisors may be 0 there.

    Args:
        is_above: whether the first unknown is known to be above 0.
    """
    inputs: list[Sum] = [{(): side} for side in box]
    poles = Poles(on, inputs[0] if is_above else None)
    try:
        return any(part is not None and least_size(poles.top(part)) > 0 for part in values(poles, inputs))
    except Nowhere:
        return True
    except Weak:
        return False


def floor(on: Arithmetic, value: Callable[[Any, Any], Any], box: Sequence[Interval]) -> int:
    """What a number is not below in a box wherever it has a value: near poles of even powers, above 0."""
    poles, total = Poles(on), 0
    for powers, part in (value(poles, [{(): side} for side in box]) or {(): None}).items():
        for k, power in powers:
            low, high = poles.divisors[k][1]
            most = max(abs(low), abs(high))
            if power < 0:
                part = on.times(part, on.power((low, high), -power))
            elif part is None or power % 2 or part[0] < 0 or not most:
                raise Weak("a pole at which a number may be below all others")
            else:
                part = on.over(part, on.power((most, most), power))
        if part is None:
            raise Weak("a number of which nothing is known")
        total += part[0]
    return total


@dataclass(eq=False)
class Poles:
    """The arithmetic, with the divisors that it has met.

    Attributes:
        above: a number that is known to be above 0.
    """

    on: Arithmetic
    above: Sum = None
    divisors: list[tuple[Sum, Interval]] = field(default_factory=list)

    def top(self, a: Sum, is_plain: bool = False) -> Interval:
        """What a number is, times powers of divisors that keep it from being one interval; plain if there are none."""
        return self._factored(a, is_plain)[1]

    def _factored(self, a: Sum, is_plain: bool = False) -> tuple[dict[int, int], Interval]:
        """A number as powers of r, by the number of r, times an interval; below 0 of what is known to be above 0."""
        if a is None:
            raise Weak("a number of which nothing is known")
        most = {k: max(dict(powers).get(k, 0) for powers in a) for powers in a for k, _ in powers}
        most = {k: power if self.divisors[k][0] is self.above else max(power, 0) for k, power in most.items()}
        if is_plain:
            if max(most.values(), default=0) > 0:
                raise Weak("a function of what may have a pole")
            most = dict.fromkeys(most, 0)
        total = (0, 0)
        for powers, part in a.items():
            for k, power in most.items():
                part = self.on.times(part, self.on.power(self.divisors[k][1], power - dict(powers).get(k, 0)))
            total = self.on.add(total, part)
        return most, total

    def plain(self, a: Sum) -> Interval:
        """A number as one interval."""
        return self.top(a, is_plain=True)

    # -- the operations of an arithmetic

    def whole(self, number: int) -> Sum:
        """A whole number."""
        return {(): self.on.whole(number)}

    def of(self, low: Fraction, high: Fraction) -> Sum:
        """The interval around two numbers."""
        return {(): self.on.of(low, high)}

    def add(self, a: Sum, b: Sum) -> Sum:
        """The sum."""
        if a is None or b is None:
            return None
        parts = dict(a)
        for powers, part in b.items():
            parts[powers] = self.on.add(parts[powers], part) if powers in parts else part
        return parts

    def scaled(self, a: Sum, p: int, q: int = 1) -> Sum:
        """A rational multiple."""
        return None if a is None else {powers: self.on.scaled(part, p, q) for powers, part in a.items()}

    def sub(self, a: Sum, b: Sum) -> Sum:
        """The difference."""
        return self.add(a, self.scaled(b, -1))

    def times(self, a: Sum, b: Sum) -> Sum:
        """The product: every term times every other."""
        if a is None or b is None:
            return None
        parts: dict[Powers, Interval] = {}
        for p, x in a.items():
            for q, y in b.items():
                both = dict(p)
                for k, power in q:
                    both[k] = both.get(k, 0) + power
                key, part = tuple(sorted((k, power) for k, power in both.items() if power)), self.on.times(x, y)
                parts[key] = self.on.add(parts[key], part) if key in parts else part
        return parts

    def over(self, a: Sum, b: Sum) -> Sum:
        """The quotient."""
        return self.times(a, self.power(b, -1))

    def power(self, a: Sum, n: int) -> Sum:
        """A whole power: of a term that of each factor; of a sum that may be 0 a power of an r of its own."""
        if a is None:
            return None
        if len(a) == 1:
            ((powers, part),) = a.items()
            if n >= 0 and powers or least_size(part) > 0:
                return {tuple((k, power * n) for k, power in powers) if n else (): self.on.power(part, n)}
        try:
            value = self.plain(a)
        except Weak:
            if 0 <= n <= _LARGEST:
                return reduce(self.times, [a] * n, self.whole(1))
            most, value = self._factored(a)
            if least_size(value) == 0:
                return None
            return {tuple(sorted((k, power * n) for k, power in most.items() if power)): self.on.power(value, n)}
        if n == 0 or least_size(value) > 0:
            return {(): self.on.power(value, n)}
        known = [divisor is a for divisor, _ in self.divisors]
        if not any(known):
            self.divisors.append((a, value))
        return {((known.index(True) if any(known) else len(known), -n),): self.on.whole(1)}

    # -- functions

    def log(self, a: Sum) -> Sum:
        """The logarithm, of which nothing is known near 0; its slope is."""
        low, high = self.plain(a)
        return None if low <= 0 < high else {(): self.on.log((low, high))}

    def root(self, a: Sum) -> Sum:
        """The square root, where there is one."""
        low, high = self.plain(a)
        return {(): self.on.root((max(low, 0) if high >= 0 else low, high))}

    def __getattr__(self, name: str) -> Any:
        """Another function of numbers that are one interval each: as the arithmetic of intervals has it."""
        function = getattr(self.on, name)

        def applied(*numbers: Sum) -> Any:
            found = function(*map(self.plain, numbers))
            if isinstance(found, bool):
                return found
            return {(): found} if isinstance(found[0], int) else tuple({(): each} for each in found)

        return applied if callable(function) else function
