"""A point of short numbers in a hull that a search has left: whether it is critical, and that nothing else is.

By rays that leave the point (`rays.py`), over which intervals bound the slopes: kinks of many pieces, cones, cusps, and
points at which second derivatives are singular. The slope along all rays above 0 makes it a minimum, below 0 a maximum.

Flow: a guess of the point, its rays, proofs over their boxes, what the point itself is. Imports search, rays.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, islice, product
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq

from gradcalc.arithmetic import exact_numbers
from gradcalc.arithmetic.intervals import JUMP, OUTSIDE, Interval, Intervals, Truth
from gradcalc.arithmetic.marks import UNDEFINED
from gradcalc.graph import ops
from gradcalc.truth.critical.frame import by_kernel
from gradcalc.truth.critical.kinks import is_continuous
from gradcalc.truth.critical.prove import Proof, evaluated
from gradcalc.truth.critical.rays import Form, Rays
from gradcalc.truth.critical.search import Boxes, Enclosing, bisected
from gradcalc.truth.critical.solution import Outcome, Solution
from gradcalc.truth.critical.switches import MOST, Bounds, beyond, is_nested, middle, nearest, thrown
from gradcalc.truth.critical.system import System, prepared

if TYPE_CHECKING:
    from gradcalc.truth.critical.find import Quest

Array = Any

_MOST_SIDES, _WIDEST = 6, 1e150
_BOXES, _SMALL = 6_000, 2.0**-12
"""Boxes that a proof may look at in two variables, more of them in more; and how small they may get."""
_BEYOND = 4
"""So many times as far as the hull reaches from the point is looked at once it is proved alone."""
_TRIED = 2_000
"""Sets of slopes that are tried about 0."""
_NEAR = 2.0**-200
"""Up to this s slopes are near to their limits; at s = 0 itself switches might lie otherwise than beside it."""
_ALIKE = 2.0**-30
"""How much slopes on one ray may differ."""


def settled(quest: "Quest", outcome: Outcome, hull: Boxes) -> bool:
    """Whether all zeros of a hull are known now: one exact point, or none; it is entered."""
    system = quest.system
    if system.fixed or system.below or system.beside or system.columns or system.size > _MOST_SIDES:
        return False
    low, high = quest.box
    if not max(np.abs(low).max(), np.abs(high).max()) < _WIDEST:
        return False
    enclosing = Enclosing(system)
    for point in _guesses(hull):
        near = _alone(quest, point, hull)
        if near is not None:
            found = _Point(quest, enclosing, near, point, _reaching(hull, point)).solution()
            if found is None:
                continue
            for each in found:  # that may be known already as a degenerate one: no second zero is so near
                outcome.solutions[:] = [other for other in outcome.solutions if not _meet(each, other)]
                outcome.solutions.append(each)
            if replace(near, reach=_BEYOND * near.reach).is_alone():
                quest.clear(_about(hull, point))
            return True
    return False


def _meet(one: Solution, other: Solution) -> bool:
    return all(a.overlaps(b) for a, b in zip(one.at, other.at, strict=True))


def _guesses(hull: Boxes) -> Iterator[tuple[Fraction, ...]]:
    """Points of short numbers in a hull, and near it."""
    reach = 0.25 * (hull.high - hull.low).max()
    known: list[tuple[Fraction, ...]] = []
    for wide in (hull, Boxes(hull.low - reach, hull.high + reach)):
        ends = zip(wide.low[:, 0], wide.high[:, 0], strict=True)
        point = tuple(Fraction(exact_numbers.simplest(float(a), float(b))) for a, b in ends)
        if point not in known:
            known.append(point)
            yield point


def _about(hull: Boxes, point: Sequence[Fraction]) -> Boxes:
    """What lies around a point not quite so many times as far as a hull."""
    middle = np.array([[float(p)] for p in point])
    off = np.array([[8.0 * float(abs(Fraction(float(p)) - p))] for p in point])  # it may be no double
    reach = (_BEYOND - 0.01) * np.maximum(np.abs(hull.low - middle), np.abs(hull.high - middle)) - off
    return Boxes(middle - reach, middle + reach)


def _reaching(hull: Boxes, point: Sequence[Fraction]) -> Boxes:
    """A hull and a point, which need not lie in it."""
    ends = [(np.nextafter(float(p), -np.inf), np.nextafter(float(p), np.inf)) for p in point]
    low, high = (np.array([[end[k]] for end in ends]) for k in (0, 1))
    return Boxes(np.minimum(hull.low, low), np.maximum(hull.high, high))


def _weights(size: int) -> Iterator[tuple[int, ...]]:
    """How fast the sides of a box about the point shrink, in turn."""
    yield (1,) * size
    pairs = ((2, 1), (3, 1), (3, 2), (4, 1)) if size == 2 else ((2, 1),)
    for one, other in pairs:
        yield from islice((each for each in product((one, other), repeat=size) if len(set(each)) > 1), 8)


def _alone(quest: "Quest", point: tuple[Fraction, ...], hull: Boxes) -> "_Near | None":
    """The rays about a point, where nothing on them is a zero: the slope along them of one sign, if it can be."""
    best: _Near | None = None
    low, high = quest.box
    scales = [Fraction(2) ** int(np.round(np.log2(side))) for side in (high - low)[:, 0]]
    sign, both = 0, quest.system.value is None
    for near in _tried(quest, point, hull, scales):
        if near is None:
            return None
        if quest.clock.is_over():
            break
        both = both or near.has_both_signs()  # then no slope along rays has one, whatever the weights
        if not both:
            if found := near.sign_of((near.along,)):
                return replace(near, sign=found)
            sign = sign or near.sign_of(near.height)
        best = best or (near if near.is_alone() else None)
        if best and (sign or both):
            break
    return None if best is None else replace(best, sign=sign)


def _tried(
    quest: "Quest", point: tuple[Fraction, ...], hull: Boxes, scales: Sequence[Fraction]
) -> Iterator["_Near | None"]:
    """The rays by the variables, and by those of the point's own frame, each with some weights, in turn."""
    straight, *others = _weights(quest.system.size)
    yield _Near.about(quest.system, point, hull, scales, straight)
    frame = by_kernel(quest.system, point) if quest.system.value is not None else None
    if frame is not None:
        wide, unit = frame.around(hull), (Fraction(0),) * len(point)
        for way in (2, 3):
            yield _Near.about(frame.system, unit, wide, scales, frame.weights(1, way))
    for weights in others:
        yield _Near.about(quest.system, point, hull, scales, weights)


@dataclass
class _Near:
    """The rays about a point, with what intervals say of the system on them.

    Attributes:
        slopes: nodes of the components, each as near to 0 as it is; `along` of their sum along the ray; `even` of the
            components over the same power of s.
        powers: of s in the components, at least.
        reach: of s.
        height: a node of the sign of what the function has more than at the point; or none.
        sign: of the height or the slope along all rays, where it is proved.
    """

    system: System
    point: tuple[Fraction, ...]
    rays: Rays
    forms: list[Form]
    slopes: tuple[int, ...]
    along: int
    even: tuple[int, ...]
    reach: float
    height: tuple[int, ...] = ()
    sign: int = 0

    @staticmethod
    def about(
        system: System, point: tuple[Fraction, ...], hull: Boxes, scales: Sequence[Fraction], weights: tuple[int, ...]
    ) -> "_Near | None":
        """The rays of a box that holds a hull; None where there are too many switches."""
        factor = 1
        for _ in range(2):
            rays = _rays(system, point, scales, [w * factor for w in weights])
            forms = rays.forms(system.components)
            moved = [rays.times(rays.of_direction(n), f) for n, f in zip(system.inputs, forms, strict=True)]
            along = rays.total(moved)
            value = Form() if system.value is None else rays.forms([prepared(system.graph, system.value)])[0]
            if rays.denominator == 1 or factor > 1:
                break
            factor = rays.denominator
        least = min(form.power if not form.whole else Fraction(0) for form in forms)
        even = [rays.realised(replace(form, power=form.power - least) if not form.whole else form) for form in forms]
        if len(rays.switches) > MOST or is_nested(rays.graph, rays.switches):
            return None
        away = [
            max(abs(Fraction(float(low)) - p), abs(Fraction(float(high)) - p)) / scale
            for low, high, p, scale in zip(hull.low[:, 0], hull.high[:, 0], point, scales, strict=True)
        ]
        reach = max((float(d) * 1.001 + 1e-290) ** (1 / (w * factor)) for d, w in zip(away, weights, strict=True))
        return _Near(
            system, point, rays, forms, tuple(map(rays.bare, forms)), rays.bare(along),
            tuple(ref.index for ref in even), reach * 1.001,
            (value.rest.index,) if value.rest is not None and value.power > 0 else (),
        )  # fmt: skip

    @property
    def powers(self) -> list[Any]:
        """Of s in the components: 0 of those that are not 0 at the point."""
        return [Fraction(0) if form.whole else form.power if form.rest else Fraction(1) for form in self.forms]

    def sign_of(self, nodes: tuple[int, ...]) -> int:
        """The sign that a node is proved to have on all rays; 0 if there is none."""
        if self.system.value is None or not nodes:
            return 0
        low, high = self._bounds(_middles(_surface(self.system.size, self.reach, 3)), nodes)
        if (low[:, 0] > 0).all() or (high[:, 0] < 0).all():
            sign = 1 if low[0, 0] > 0 else -1
            if self._holds(lambda boxes: self._has_sign(boxes, nodes, sign)):
                return sign
        return 0

    def has_both_signs(self) -> bool:
        """Whether the function is proved to be higher on one ray than at the point, and lower on another."""
        if not self.height:
            return False
        low, high = self._bounds(_middles(_surface(self.system.size, self.reach, 3)), self.height)
        return bool((low > 0).any() and (high < 0).any())

    def is_alone(self) -> bool:
        """Whether no ray has a zero."""
        return self._holds(self._is_free)

    def apart(self) -> bool:
        """Whether all slopes near the point lie on one side of a plane through 0, so that no mean of them is 0.

        Not of slopes that vanish as the point comes near: their limit is 0.
        """
        if not self._is_steady():
            return False
        slopes = self._slopes(_surface(self.system.size, self.reach, 1))
        middles = np.stack([middle([each]) for each in slopes]).reshape(-1, self.system.size)
        direction = _nearest(middles[np.isfinite(middles).all(axis=1)])
        if direction is None:
            return False
        return self._holds(
            lambda boxes: beyond(self._slopes(boxes), np.broadcast_to(direction, (len(boxes), len(direction))))
        )

    def is_steep(self) -> bool:
        """Whether some slopes do not vanish as the point comes near: there is a kink."""
        low, high = self._bounds(_surface(self.system.size, _NEAR, 2), self.even)
        return min(self.powers) <= 0 and bool(((low > 0) | (high < 0)).any())

    def _is_steady(self) -> bool:
        """Whether slopes need not vanish as the point comes near, if they are steady beside powers of s."""
        return bool(min(self.powers) <= 0)

    def is_flat(self) -> bool:
        """Whether all slopes vanish as the point comes near."""
        if self._is_steady():
            return False
        low, high = self._bounds(_surface(self.system.size, self.reach, 0), self.even)
        return bool(np.isfinite(low).all() and np.isfinite(high).all())

    def around(self) -> bool:
        """Whether 0 lies inside the hull of slopes that are met as near to the point as one likes."""
        if any(power for power in self.powers):
            return False
        boxes = _surface(self.system.size, _NEAR, 4)
        places = _middles(boxes).low[1:]
        rays = Boxes(np.concatenate((boxes.low[:1], places)), np.concatenate((boxes.high[:1], places)))
        low, high = self._bounds(rays, self.even)
        with np.errstate(invalid="ignore"):
            known = np.flatnonzero((high - low <= _ALIKE * np.maximum(abs(low), abs(high)) + _ALIKE).all(axis=1))
        balls = [[arb(float(a)).union(arb(float(b))) for a, b in zip(low[k], high[k], strict=True)] for k in known]
        size = self.system.size
        return any(_holds_0(chosen) for chosen in islice(combinations(balls, size + 1), _TRIED))

    # -- over boxes of the rays

    def _holds(self, test: Callable[[Boxes], Array]) -> bool:
        """Whether something is proved of all rays."""
        boxes = _surface(self.system.size, self.reach, 0)
        sides, looked = np.where(boxes.high > boxes.low, boxes.high - boxes.low, 1.0).max(axis=1, keepdims=True), 0
        while len(boxes):
            looked += len(boxes)
            boxes = boxes.take(~test(boxes))
            if (
                looked > _BOXES * min(max(1, self.system.size - 1), 3) ** 2
                or ((boxes.high - boxes.low) < _SMALL * sides).all(axis=0).any()
            ):
                return False
            boxes = bisected(boxes, np.broadcast_to(sides, boxes.low.shape))
        return True

    def _has_sign(self, boxes: Boxes, nodes: tuple[int, ...], sign: int) -> Array:
        low, high = self._bounds(boxes, nodes)
        return (low[:, 0] > 0) if sign > 0 else (high[:, 0] < 0)

    def _is_free(self, boxes: Boxes) -> Array:
        """Where a component, or a sum of them, is not 0."""
        low, high = self._bounds(boxes, (*self.slopes, self.along))
        slopes = self._slopes(boxes)
        return ((low > 0) | (high < 0)).any(axis=1) | beyond(slopes, nearest(slopes))

    def _slopes(self, boxes: Boxes) -> Bounds:
        """Bounds of the components for each way to throw the switches."""
        return self._thrown(boxes, self.even)

    def _bounds(self, boxes: Boxes, outputs: tuple[int, ...]) -> tuple[Array, Array]:
        """The least and the largest bounds over all ways to throw the switches."""
        values = self._thrown(boxes, outputs)
        low, high = values[0]
        for a, b in values[1:]:
            low, high = np.minimum(low, a), np.maximum(high, b)
        return low, high

    def _thrown(self, boxes: Boxes, outputs: tuple[int, ...]) -> Bounds:
        rays = self.rays
        nodes = (rays.time.index, *(rays.directions[node].index for node in self.system.inputs))
        inputs = {node: Interval(boxes.low[k], boxes.high[k]) for k, node in enumerate(nodes)}
        return thrown(Intervals(), rays.graph, inputs, rays.switches, outputs, len(boxes))


def _rays(system: System, point: Sequence[Fraction], scales: Sequence[Fraction], weights: Sequence[int]) -> Rays:
    graph = system.graph
    names = [graph.ref(graph.input(f"ray {k}")) for k in range(system.size)]
    return Rays(
        graph, dict(zip(system.inputs, point, strict=True)), dict(zip(system.inputs, scales, strict=True)),
        dict(zip(system.inputs, weights, strict=True)), graph.ref(graph.input("ray s")),
        dict(zip(system.inputs, names, strict=True)), thrown=system.value is not None,
    )  # fmt: skip


def _surface(size: int, longest: float, cuts: int) -> Boxes:
    """Boxes of s up to a number and of u on the cube, each side of a face cut in so many halves."""
    lows, highs = [], []
    ends = np.linspace(-1.0, 1.0, 2**cuts + 1) if cuts else np.array([-1.0, 1.0])
    pieces = list(zip(ends[:-1], ends[1:], strict=True))
    for face in range(size):
        for end in (-1.0, 1.0):
            for chosen in islice(product(pieces, repeat=size - 1), 4096):
                sides = [*chosen[:face], (end, end), *chosen[face:]]
                lows.append([0.0, *(a for a, _ in sides)])
                highs.append([longest, *(b for _, b in sides)])
    return Boxes(np.array(lows).T, np.array(highs).T)


def _middles(boxes: Boxes) -> Boxes:
    places = 0.5 * boxes.low + 0.5 * boxes.high
    return Boxes(places, places)


def _nearest(slopes: Array) -> Array:
    """The direction of the mean of slopes that is nearest to 0 (Gilbert 1966); None where that is nearly 0."""
    if not len(slopes):
        return None
    sizes = np.linalg.norm(slopes, axis=1, keepdims=True)
    slopes = slopes / np.where(sizes > 0, sizes, 1.0)
    mean = slopes[0]
    for _ in range(200):
        least = slopes[np.argmin(slopes @ mean)]
        step = mean - least
        length = float(step @ step)
        part = 0.0 if not length else min(1.0, max(0.0, float(mean @ step) / length))
        if part <= 1e-12:
            break
        mean = mean - part * step
    return mean if np.linalg.norm(mean) > 1e-6 else None


def _holds_0(slopes: Sequence[Sequence[arb]]) -> bool:
    """Whether 0 lies inside the simplex of some vectors: by the signs of their minors."""
    size = len(slopes) - 1
    with ctx.workprec(128):
        signs = set()
        for k in range(size + 1):
            rows = [row for j, row in enumerate(slopes) if j != k]
            minor = arb_mat([list(row) for row in rows]).det() * (-1) ** k
            signs.add(1 if minor > 0 else -1 if minor < 0 else 0)
    return signs in ({1}, {-1})


# -- the point itself --------------------------------------------------------------------------------------------------


@dataclass
class _Point:
    """What the point is that all rays leave."""

    quest: "Quest"
    enclosing: Enclosing
    near: _Near
    point: tuple[Fraction, ...]
    hull: Boxes

    def solution(self) -> list[Solution] | None:
        """The point, or nothing where it is no zero; None where that is not known."""
        system, quest = self.quest.system, self.quest
        precision = max(128, int(quest.digits * 3.33) + 80)
        with ctx.workprec(precision):
            at = [exact_numbers.ball_of(exact_numbers.rational(fmpq(p.numerator, p.denominator))) for p in self.point]
            nodes = (*system.needed, *system.components)
            values = evaluated(system, precision, at, nodes)
            if any(values[node] is UNDEFINED for node in system.needed):
                return []
            if not all(isinstance(values[node], arb) and values[node].is_finite() for node in system.needed):
                return None
            kind = self._kind([values[node] for node in system.components])
        if kind is None:
            return None
        where, _ = quest.located(Proof(tuple(at), {}, precision))
        if where == "unknown":
            return None
        if not kind or where == "outside":
            return []
        value = None if system.value is None else values[system.value]
        return [Solution(tuple(at), value, kind, None, where == "face", precision)]

    def _kind(self, components: Sequence[Any]) -> str | None:
        """The kind of the point; empty where it is no zero, None where that is not known."""
        if self.quest.system.value is None:
            return self._by_components(components, "root")
        extreme = {1: "minimum", -1: "maximum"}.get(self.near.sign, "")
        if self._is_smooth():
            return self._by_components(components, extreme or "degenerate")
        if not self._is_continuous():
            return None
        if self.near.is_flat():
            return extreme or "degenerate"
        if extreme:
            return "kink" if self.near.is_steep() else extreme
        if self.near.apart():
            return ""
        return "kink" if self.near.around() else None

    def _is_smooth(self) -> bool:
        """Whether the ops are smooth about the point: those that have no kink there, but for branches."""
        system = self.quest.system
        if not self.enclosing.flags(self.hull):
            return True
        middle = np.array([[float(p)] for p in self.point])
        if any(Fraction(float(p)) != p for p in self.point) or self.enclosing.flags(Boxes(middle, middle)):
            return False
        return not any(system.graph.nodes[node].op is ops.where for node in system.graph.needed(system.needed))

    @staticmethod
    def _by_components(components: Sequence[Any], kind: str) -> str | None:
        """The kind where all components are 0 for certain, nothing where one is not."""
        if any(isinstance(ball, arb) and not ball.contains(0) for ball in components):
            return ""
        return kind if all(isinstance(ball, arb) and ball.is_zero() for ball in components) else None

    def _is_continuous(self) -> bool:
        """Whether the function is continuous about the point: nothing jumps but branches that are proved to meet."""
        system = self.quest.system
        assert system.value is not None
        around = self.enclosing.values(self.hull, (system.value,))
        for node in system.graph.needed([system.value]):
            op, operands, _ = system.graph.nodes[node]
            if op is ops.where:
                condition = around[operands[0]]
                if np.any(condition.may & condition.fails) and not is_continuous(system, node):
                    return False
            elif operands and not op.is_condition:
                below = [around[i] if isinstance(around[i], Truth) else around[i]._replace(flags=0) for i in operands]
                flags = int(np.bitwise_or.reduce(np.asarray(self.enclosing.own(op, below).flags), axis=None))
                if flags & (JUMP | OUTSIDE):
                    return False
        return True
