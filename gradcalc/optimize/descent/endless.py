"""Whether a value falls for ever: along a ray it falls at every place looked at, or without bound towards an edge.

A ray is followed in balls, whose exponents have no end, by doublings of the distance; what is found is evidence, and
only certain comparisons count. Imports objective and flint.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from flint import arb, arb_mat, ctx, fmpq

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED, Ball, Unknown
from gradcalc.optimize.descent.objective import Objective, Point

_DOUBLINGS = (*range(-4, 28), 32, 40, 50, 100, 200, 400, 800, 1600, 3200, 6400)
"""How far a ray is looked along: powers of two of the size of the point."""

_SURE = 6
"""So many certain falls in a row, at doubling distances, speak for a ray; from then on no value may rise."""

_HALVINGS = (6, 12, 24, 48, 96, 192)
"""How near to an edge the value is looked at: halvings of the distance to it."""

_SIMPLE, _NEAR = 1_000, 1e-7
"""The largest denominator of a simple ratio, and how near to one a direction is taken for it: those of formulas are."""

_GROWN, _PARTS = 7.0, 12
"""The logarithm of a growth that a power is read off; the largest denominator of a power."""

_NEWTON = 3
"""Steps that take a place on a ray back to the floor of its valley."""

_WORK, _EDGE_WORK = 60_000, 500
"""Nodes times rows up to which a ray, and an edge, are looked at."""


@dataclass(frozen=True, slots=True)
class Endless:
    """Where a value falls to, in words (`towards 0`, `below 1e-3` where that does not settle); whether that is -inf."""

    towards: str
    where: str
    bottomless: bool

    @property
    def reason(self) -> str:
        """The sentence of a status."""
        return f"no minimum: the value still falls {self.towards} as {self.where}"


def endless(objective: Objective, x: Point, directions: Sequence[Sequence[float]]) -> Endless | None:
    """How the value falls for ever from a point along one of these directions; None where it is not seen to."""
    if objective.work > _WORK:
        return None
    for direction in directions:
        largest = max(map(abs, direction), default=0.0)
        if not 0 < largest < math.inf:
            continue
        parts = [Fraction(part / largest) for part in direction]
        simple = [part.limit_denominator(_SIMPLE) for part in parts]
        near = max(abs(a - b) for a, b in zip(parts, simple, strict=True)) < _NEAR
        for each in ([simple] if near else []) + ([parts] if parts != simple else []):
            found = _Ray(objective, x, each).look()
            if found is not None:
                return found
    return None


def endless_by_powers(objective: Objective, x: Point, before: Point, free: Sequence[bool]) -> Endless | None:
    """The same along the curve of powers `x_i * s^p_i` from an earlier point to this one, as a bent valley leads.

    Only what grows many times is taken for a power; the others, and what is not free, stay.
    """
    growth = [math.log(a / b) if go and a * b > 0 else 0.0 for a, b, go in zip(x, before, free, strict=True)]
    if objective.work > _WORK or not max(growth) > _GROWN:
        return None
    powers = [Fraction(rate / max(growth)).limit_denominator(_PARTS) for rate in growth]
    return _Ray(objective, x, [power if a > 0 else -power for a, power in zip(x, powers, strict=True)], powers).look()


class _Ray:
    """The values of an objective along a ray; with powers, each variable grows by its own power of the distance."""

    def __init__(
        self, objective: Objective, x: Point, direction: Sequence[Fraction], powers: Sequence[Fraction] = ()
    ) -> None:
        self.objective, self.x, self.direction, self.powers = objective, x, direction, powers
        self.size = 1.0 if powers else 2.0 ** math.frexp(max(1e-300, max(map(abs, x))) if any(x) else 1.0)[1]
        self.before = self.value(arb(0), 128)

    def place(self, distance: arb) -> list[arb]:
        """The point so far along the ray, at the precision in force."""
        if self.powers:
            power = ((1 + distance).log() * fmpq(p.numerator, p.denominator) for p in self.powers)
            return [arb(a) * part.exp() for a, part in zip(self.x, power, strict=True)]
        return [
            arb(a) + fmpq(part.numerator, part.denominator) * distance
            for a, part in zip(self.x, self.direction, strict=True)
        ]

    def value(self, distance: arb, precision: int) -> Ball:
        """The value there."""
        with ctx.workprec(precision):
            balls = Balls(precision)
            return self.objective.in_balls(balls, self.place(distance), [self.objective.formula.output])[0]

    def floor(self, distance: arb, precision: int) -> Ball:
        """The value on the floor of a valley that the ray leaves, for no direction is exact in floats.

        It is found by Newton's steps of all variables that move, but for the one that moves most.
        """
        sizes = [abs(part) for part in self.direction]
        main = sizes.index(max(sizes))
        moving = [i for i, size in enumerate(sizes) if size and i != main]
        if not moving or self.objective.work * len(moving) ** 2 > _EDGE_WORK:
            return UNDECIDED
        with ctx.workprec(precision):
            x = self.place(distance)
            for _ in range(_NEWTON):
                step = self._step(x, moving, Balls(precision))
                if step is None:
                    return UNDECIDED
                for i, part in zip(moving, step, strict=True):
                    x[i] = (x[i] - part).mid()
            return self.objective.in_balls(Balls(precision), x, [self.objective.formula.output])[0]

    def _step(self, x: Sequence[arb], moving: Sequence[int], balls: Balls) -> Sequence[arb] | None:
        """Newton's step of some variables, at the precision in force."""
        formula, names = self.objective.formula, [self.objective.names[i] for i in moving]
        flat = [formula.names.index(name) for name in names]
        places = [(i, j) for i in flat for j in flat]
        wanted = [*(formula.gradient[i] for i in flat), *(formula.hessian[p] for p in places if p in formula.hessian)]
        found = self.objective.in_balls(balls, x, wanted)
        known = [ball for ball in found if not isinstance(ball, Unknown)]
        if len(known) < len(found):
            return None
        bends = iter(known[len(flat) :])
        matrix = [next(bends) if place in formula.hessian else arb(0) for place in places]
        count = len(flat)
        try:
            return arb_mat(count, count, matrix).solve(arb_mat(count, 1, known[:count])).entries()
        except ZeroDivisionError:
            return None

    def look(self) -> Endless | None:
        """What the ray shows."""
        if isinstance(self.before, Unknown):
            return None
        falls, last, near = 0, self.before, arb(0)
        seen: dict[int, arb] = {}
        for power in _DOUBLINGS:
            far = arb(self.size) * arb(2) ** power
            precision = 2 * max(power, 0) + 1_024
            value = self.value(far, precision)
            if falls >= _SURE and (isinstance(value, Unknown) or not value < last):
                floor = self.floor(far, precision)
                if not isinstance(floor, Unknown):
                    if not floor < last:
                        return None
                    value = floor
            if not isinstance(value, Unknown) and value < last:
                falls, last, near = falls + 1, value, far
                seen[power] = value
            elif value is UNDEFINED or not isinstance(value, Unknown) and (value > last or value == last):
                return self._edge(near, far) if self.objective.work <= _EDGE_WORK else None
            elif falls < _SURE:
                return None
        return self._told(seen) if falls >= _SURE else None

    def _told(self, seen: dict[int, arb]) -> Endless:
        """The limit of values at distances of ever more digits: where it does not settle it is -inf."""
        wide = [power for power in seen if power >= 50]
        values = [seen[power] for power in (wide if len(wide) > 3 else seen)]
        drops = [a - b for a, b in pairwise(values)][-3:]
        if all(later > 0.9 * earlier for earlier, later in pairwise(drops)):
            return Endless("towards -inf", self._outward(), True)
        last = nearest_double(values[-1].mid()) or 0.0
        settled = "towards" if abs(drops[-1]) < 1e-6 * abs(values[-1]) else "below"
        to_nothing = abs(values[-1]) < 0.51 * abs(values[-2])
        return Endless("towards 0" if to_nothing else f"{settled} {last:.6g}", self._outward(), False)

    def _outward(self) -> str:
        """Which variables grow, and which fall."""
        names = self.objective.names
        grow = [name for name, part in zip(names, self.direction, strict=True) if part >= 1e-3]
        fall = [name for name, part in zip(names, self.direction, strict=True) if part <= -1e-3]
        parts = [_listed(group, verb) for group, verb in ((grow, "grow"), (fall, "fall")) if group]
        return " and ".join(parts)

    def _edge(self, near: arb, far: arb) -> Endless | None:
        """Whether the value falls without bound towards where it stops falling, as at the edge of a domain."""
        with ctx.workprec(512):
            last, beside = (self.value(at, 512) for at in (near, (near + (far - near) / 2 ** _HALVINGS[-1]).mid()))
        if isinstance(last, Unknown) or isinstance(beside, Unknown) or not beside < last:
            return None
        seen = []
        for halving in range(1, _HALVINGS[-1] + 1):
            with ctx.workprec(512):
                middle = ((near + far) / 2).mid()
            value = self.value(middle, 512)
            if not isinstance(value, Unknown) and value < last:
                near, last = middle, value
            else:
                far = middle
            if halving in _HALVINGS:
                seen.append(last)
                drops = [a - b for a, b in pairwise(seen[-3:])]
                if len(drops) == 2 and drops[0] > 0 and not drops[1] > 0.9 * drops[0]:
                    return None
        if not drops[0] > 0:
            return None
        with ctx.workprec(512):
            edge = [float(a.mid()) if abs(a).abs_lower() > 1e-40 * self.size else 0.0 for a in self.place(near)]
        moved = [(name, a) for name, a, part in zip(self.objective.names, edge, self.direction, strict=True) if part]
        return Endless("towards -inf", " and ".join(f"{name} approaches {a:.6g}" for name, a in moved), True)


def _listed(names: Sequence[str], verb: str) -> str:
    """`x grows`, `x and y grow`, `7 variables grow`."""
    if len(names) == 1:
        return f"{names[0]} {verb}s"
    return f"{' and '.join(names) if len(names) <= 4 else f'{len(names)} variables'} {verb}"
