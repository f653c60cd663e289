"""The least value of a function over a closed box, between two numbers, and where it is taken.

It is taken inside, or on a face, where the function with the face's variables fixed has a critical point, or at a
corner; or where the function is not smooth. So the inside and each face are searched, with what is above a value that
was met left out; what a search leaves is bounded by its interval, and cut until that is narrow enough.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import combinations, product
from typing import Any

import numpy as np
from flint import arb, ctx

from gradcalc.arithmetic import exact_numbers
from gradcalc.arithmetic.balls import Balls
from gradcalc.truth.critical.box import Side
from gradcalc.truth.critical.find import simplest
from gradcalc.truth.critical.flat import Flats, may_be
from gradcalc.truth.critical.prove import evaluated, exactly, proved
from gradcalc.truth.critical.regions import clusters, merged
from gradcalc.truth.critical.search import Bar, Boxes, Clock, Enclosing, bisected, search, together
from gradcalc.truth.critical.system import System

_NARROW = 1e-11
"""How narrow the interval must be, relative to its ends."""
_TINY = arb(1e-20)
"""Or how narrow it must be of numbers that may be 0."""
_CUTS, _BOXES = 60, 100_000
"""How often what is left is cut, and into how many boxes, at most."""
_GUESSES = 40
_PRECISION = 128


@dataclass(frozen=True, eq=False)
class Least:
    """What is proved of the least value: it lies between two exact numbers; and points at which it may be taken.

    `is_taken` says that it is taken at one of those for certain.
    """

    low: arb
    high: arb
    at: tuple[tuple[arb, ...], ...]
    is_narrow: bool
    is_taken: bool
    precision: int = _PRECISION


@dataclass
class _Candidates:
    """Points of the closed box with their values, and a lower bound of all that is no such point."""

    floor: float = float("inf")
    points: list[tuple[tuple[arb, ...], arb]] = field(default_factory=list)
    lowest: list[arb] = field(default_factory=list)

    def enter(self, at: Sequence[arb], value: Any, floor: float) -> None:
        """Take down a point, if it has a value, which is at least `floor`."""
        if isinstance(value, arb) and value.is_finite():
            self.points.append((tuple(at), value))
            self.lowest.append(arb(floor) if value.lower() < floor else value.lower())


def least(system: System, sides: Sequence[Side], clock: Clock, digits: int, met: float = float("inf")) -> Least | None:
    """The least value of the function whose gradient the system is; None where it has no bound, or none is found.

    Args:
        met: a number that some value in the box is not above.
    """
    bar = Bar({node: side.inner for node, side in zip(system.inputs, sides, strict=True)}, met)
    found = _Candidates()
    size = len(sides)
    for count in (size, *range(size)):  # corners first: their values leave out much
        for chosen in combinations(range(size), count):
            for tops in product((False, True), repeat=count):
                if clock.is_over():
                    return None
                fixed = {k: partial(_end, sides[k], top) for k, top in zip(chosen, tops, strict=True)}
                _Face(system, sides, fixed, bar, found, clock, digits).look()
    return _gathered(found, bar, digits)


def takes(lowest: Least, at: Sequence[arb], height: arb) -> bool | None:
    """Whether a point takes the least value: it is the only one that may, or its value lies above."""
    if height > lowest.high:
        return False
    same = [other for other in lowest.at if all(a.overlaps(b) for a, b in zip(at, other, strict=True))]
    return True if same and len(lowest.at) == 1 and lowest.is_taken else None


def _end(side: Side, top: bool, balls: Balls) -> arb:
    """An end of a side as a ball."""
    return side.balls(balls)[int(top)]


@dataclass
class _Face:
    """A face of the box, its inside, or a corner: some variables are fixed at ends of their sides.

    What is met goes to `found`; values that are met lower `bar`.
    """

    system: System
    sides: Sequence[Side]
    fixed: Mapping[int, Callable[[Balls], arb]]
    bar: Bar
    found: _Candidates
    clock: Clock
    digits: int

    @cached_property
    def part(self) -> System:
        """The system on the face."""
        return self.system.on_face({self.system.inputs[k]: make for k, make in self.fixed.items()})

    @cached_property
    def value(self) -> int:
        """The node of the function."""
        assert self.part.value is not None
        return self.part.value

    @cached_property
    def free(self) -> list[int]:
        """The variables that are not fixed."""
        return [k for k in range(len(self.sides)) if k not in self.fixed]

    @cached_property
    def box(self) -> Boxes:
        """The corners of the face."""
        ends = [self.sides[k].ends for k in self.free]
        return Boxes(np.array([[a] for a, _ in ends]), np.array([[b] for _, b in ends]))

    def look(self) -> None:
        """Take down its critical points, points of short numbers in what is left, and a bound of all else."""
        if not self.free:
            self.enter([], _PRECISION)
            return
        may_be_flat = may_be(self.part) and self.part.columns is None
        made = search(self.part, self.box, self.clock, self.bar, Flats(self.part).of if may_be_flat else None)
        for k in range(len(made.zeros)):
            self._zero(made.zeros.take([k]))
        flat, sides = merged(made.flat), self.box.high - self.box.low
        sets = [made.left.take(members) for members, _ in clusters(made.left, sides)]
        for boxes in [*(flat.take([k]) for k in range(min(len(flat), _GUESSES))), *sets][:_GUESSES]:
            with ctx.workprec(_PRECISION):
                at = [exact_numbers.ball_of(exact_numbers.rational(each)) for each in simplest(boxes.hull())]
                self.enter(at, _PRECISION)
        self._bound(together([made.left, flat], len(self.free)))

    def _zero(self, zero: Boxes) -> None:
        """A zero of the search."""
        proof = proved(self.part, zero.low[:, 0], zero.high[:, 0], self.digits)
        if proof is None:
            self._bound(zero)
            return
        proof = exactly(self.part, proof) or proof
        here = Enclosing(self.part).values(zero, (self.value,))[self.value].low
        self.enter(proof.at, proof.precision, float(np.min(here)))

    def _bound(self, boxes: Boxes) -> None:
        """Boxes of which only a bound is known."""
        self.found.floor = min(self.found.floor, _floor(self.part, boxes, self.box, self.bar, self.clock))

    def enter(self, at: Sequence[arb], precision: int, floor: float = -np.inf) -> None:
        """A point of the face with its value, which is at least `floor`; beside the box it bounds what is there."""
        with ctx.workprec(precision):
            value = evaluated(self.part, precision, at, [self.value])[self.value]
            if all(_inside(self.sides[k], ball, precision) for k, ball in zip(self.free, at, strict=True)):
                self.found.enter(self._whole(at), value, floor)
                if isinstance(value, arb):
                    self.bar.height = min(self.bar.height, _above(value))
            else:
                self.found.floor = min(self.found.floor, _below(value) if isinstance(value, arb) else -np.inf)

    def _whole(self, at: Sequence[arb]) -> list[arb]:
        """A point of the face as one of the box."""
        inner, balls = iter(at), Balls(_PRECISION)
        return [self.fixed[k](balls) if k in self.fixed else next(inner) for k in range(len(self.sides))]


def _inside(side: Side, ball: arb, precision: int) -> bool:
    """Whether a number is in the closed side for certain."""
    low, high = side.balls(Balls(precision))
    return bool(ball >= low and ball <= high)


def _above(value: arb) -> float:
    return float(np.nextafter(float(value.upper()), np.inf))


def _below(value: arb) -> float:
    return float(np.nextafter(float(value.lower()), -np.inf))


def _floor(system: System, boxes: Boxes, box: Boxes, bar: Bar, clock: Clock) -> float:
    """A lower bound of the function on some boxes, cut until it is near to the value that was met."""
    if not len(boxes):
        return np.inf
    enclosing, sides, done = Enclosing(system, bar), box.high - box.low, np.inf
    value = system.value
    assert value is not None
    for _ in range(_CUTS):
        low = np.empty(0)
        for k in range(0, len(boxes), enclosing.batch):
            part = boxes.take(slice(k, k + enclosing.batch))
            middle = 0.5 * part.low + 0.5 * part.high
            bar.lower(Boxes(middle, middle), enclosing.values(Boxes(middle, middle), (value,))[value], system.inputs)
            here = enclosing.values(part, (value,))[value]
            bound = np.where((np.asarray(here.flags) & 2) > 0, np.inf, np.broadcast_to(here.low, len(part)))
            low = np.concatenate((low, np.where(np.isnan(bound), -np.inf, bound)))
        slack = _NARROW * abs(bar.height) if np.isfinite(bar.height) else 0.0
        near = low >= bar.height - slack
        done = min(done, float(low[near].min(initial=np.inf)))
        boxes, low = boxes.take(~near), low[~near]
        if not len(boxes):
            return done
        if 2 * len(boxes) > _BOXES or clock.is_over():
            break
        boxes = bisected(boxes, sides)
    return min(done, float(low.min(initial=np.inf)))


def _gathered(found: _Candidates, bar: Bar, digits: int) -> Least | None:
    """The two bounds, and the points whose values reach down to them."""
    precision = max(_PRECISION, int(digits * 3.33) + 80)
    with ctx.workprec(precision):
        met = [value.upper() for _, value in found.points]
        high = _smallest([*met, *([arb(bar.height)] if np.isfinite(bar.height) else [])])
        if high is None:
            return None
        floor = [arb(found.floor)] if found.floor < np.inf else []
        low = _smallest([high, *found.lowest, *floor])
        if low is None or not low.is_finite():
            return None
        size = abs(low).max(abs(high))
        narrow = bool(high - low <= size * arb(1e-10)) or bool(high - low <= _TINY)
        at = [point for point, value in found.points if not value > high]
        return Least(
            low, high, tuple(_different(at)), narrow, found.floor == np.inf or arb(found.floor) > high, precision
        )


def _smallest(numbers: Sequence[arb]) -> arb | None:
    """The smallest of some exact numbers."""
    best = None
    for number in numbers:
        best = number if best is None or number < best else best
    return best


def _different(points: Sequence[tuple[arb, ...]]) -> list[tuple[arb, ...]]:
    """Points of which none overlaps another one."""
    kept: list[tuple[arb, ...]] = []
    for point in points:
        if not any(all(a.overlaps(b) for a, b in zip(point, other, strict=True)) for other in kept):
            kept.append(point)
    return kept
