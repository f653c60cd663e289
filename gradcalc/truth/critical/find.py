"""From a system and a box to what is proved of it: solutions, boxes that nothing is known of, and why.

Flow: search in intervals, proof of each zero in balls, its place in the box (inside, on a face), then what was left:
kinks, degenerate points, hulls of the rest.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, product
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from gradcalc.arithmetic import exact_numbers
from gradcalc.arithmetic.intervals import JUMP, KINK, OUTSIDE
from gradcalc.arithmetic.marks import UNDEFINED, Ball
from gradcalc.graph import derive, ops
from gradcalc.truth.critical import isolated, kinks, sides
from gradcalc.truth.critical.box import Side
from gradcalc.truth.critical.flat import Flats, may_be
from gradcalc.truth.critical.prove import Proof, evaluated, exactly, proved, with_zeros
from gradcalc.truth.critical.regions import clipped, clusters, covering, cut_to_size, merged
from gradcalc.truth.critical.search import Boxes, Clock, Enclosing, Found, search, together
from gradcalc.truth.critical.solution import Outcome, Solution, kind_of
from gradcalc.truth.critical.system import System, with_tops
from gradcalc.truth.critical.workers import Workers

PAD = 2.0**-24
"""The search looks a little beyond the box, by this part of its sides, so that a zero on a face is inside."""
_DEGREE = 8
"""Derivatives of a degenerate point in one variable that are looked at, at most."""
_AROUND = (2.0**-4, 2.0**-6, 2.0**-8)
"""How far about a point in one variable it is proved the only one, as parts of the side, if it can be."""
_THIN = 1 / 25
"""In several variables boxes of which all points are zeros are told if all sides are more than so much of the box's."""
_MOMENT = 0.1
"""Seconds for the proofs of what was found when the search was interrupted."""
_REST = 1.0
"""Seconds for what is left by a search that ended by itself, at least."""
_GUESSES, _NARROW = 9, 1e-3
"""Points of short numbers that are tried in a hull; how narrow it is, in parts of its numbers, for those that are not
rational."""
_PART = 16
"""Zeros that are proved at a time, before the clock is looked at."""
UNPROVED_YET = "a zero, for whose proof in balls no time was left"
BORDER = "near it all points of a part are zeros"
SINGULAR, AT_KINK, ROUGH, FACE, LATE, UNPROVED = (
    "the second derivatives may be singular", "there may be a kink or a jump", "not smooth in all of it",
    "a point that may lie on a face of the box", "no time was left", "a zero that balls did not prove",
)  # fmt: skip


@dataclass
class Quest:
    """What is looked for: the zeros of a system in a box.

    Args:
        sides: of the box, for the first unknowns; the others are bounded by `more` alone.
        classify: whether zeros are points of a function, with a kind by the signs of the Jacobian.
        jobs: processes that prove zeros, at most.
    """

    system: System
    sides: Sequence[Side]
    digits: int
    clock: Clock
    more: Boxes | None = None
    classify: bool = True
    jobs: int = 1
    _cleared: list[Boxes] = field(default_factory=list, init=False)
    _known_ends: dict[int, list[tuple[arb, arb]]] = field(default_factory=dict, init=False)

    def run(self) -> Outcome:
        """All that is proved."""
        low, high = self.box
        pad = PAD * (high - low)
        pad[len(self.sides) :] = 0
        whole = Boxes(low - pad, high + pad)
        if Enclosing(self.system).flags(whole) & OUTSIDE:
            self.system = with_tops(self.system)
        found = search(self.system, whole, self.clock, flat=Flats(self.system).of if may_be(self.system) else None)
        outcome = Outcome(looked=found.looked, is_whole=found.is_whole)
        self._tell_flat(outcome, merged(clipped(found.flat, low, high)))
        self._prove(outcome, found)
        with self._a_moment_more(found.is_whole):
            self._rest(outcome, clipped(found.left, low, high), found.is_whole)
        outcome.flat = [merged(clipped(together(outcome.flat, self.system.size), low, high))]
        return outcome

    def _tell_flat(self, outcome: Outcome, flat: Boxes) -> None:
        """Take down boxes of which all points are zeros; in several variables what is thin is left: it may be much."""
        low, high = self.box
        large = (flat.high - flat.low > (high - low) * (_THIN if self.system.size > 1 else -1.0)).all(axis=0)
        outcome.flat.append(flat.take(large))
        thin = covering(flat.take(~large), high - low)
        outcome.unsettled += [(thin.take([k]), BORDER) for k in range(len(thin))]

    def _prove(self, outcome: Outcome, found: Found) -> None:
        """Take down the zeros of a search; those for which no time is left as boxes."""
        before = self.clock.interrupted
        allowed = _MOMENT if before else self.clock.seconds * (1.0 if found.is_whole else 0.5)
        last = time.monotonic() + allowed

        def over() -> bool:
            return self.clock.interrupted and not before or time.monotonic() > last

        parts = [found.zeros.take(slice(k, k + _PART)) for k in range(0, len(found.zeros), _PART)]
        made = 0
        with Workers(self, self._bare, self.jobs) as workers:
            for each in workers.results(parts, over):
                outcome.solutions += each.solutions
                outcome.unsettled += each.unsettled
                made += 1
        if made < len(parts):
            late = clipped(found.zeros.take(slice(made * _PART, None)), *self.box)
            outcome.unsettled += [(late.take([j]), UNPROVED_YET) for j in range(len(late))]
            outcome.is_whole = False

    def part(self, given: Boxes) -> Outcome:
        """What some zeros of the search turn out to be."""
        outcome = Outcome()
        for k in range(len(given)):
            self._enter(outcome, given.take([k]))
        return outcome

    def _bare(self) -> "Quest":
        """The same for another process: without what only this one has."""
        return replace(self, system=replace(self.system), clock=Clock())

    @cached_property
    def box(self) -> tuple[Any, Any]:
        """The corners of the box of all unknowns."""
        ends = [side.ends for side in self.sides]
        low, high = np.array([[a] for a, _ in ends]), np.array([[b] for _, b in ends])
        if self.more is not None:
            low, high = np.concatenate((low, self.more.low)), np.concatenate((high, self.more.high))
        return low, high

    def _ends(self, precision: int) -> list[tuple[arb, arb]]:
        """The ends of the sides as balls, made once for each precision."""
        if precision not in self._known_ends:
            balls = self.system.balls(precision)
            self._known_ends[precision] = [side.balls(balls) for side in self.sides]
        return self._known_ends[precision]

    def _enter(self, outcome: Outcome, zero: Boxes) -> None:
        """Take down a zero: a solution, or a box where that is not proved."""
        low, high = self.box
        if ((zero.high < low) | (zero.low > high)).any():
            return
        proof = proved(self.system, zero.low[:, 0], zero.high[:, 0], self.digits)
        if proof is None:
            outcome.unsettled.append((clipped(zero, low, high), UNPROVED))
            return
        where, proof = self.located(proof)
        if where == "unknown":
            outcome.unsettled.append((clipped(zero, low, high), FACE))
        elif where != "outside":
            outcome.solutions.append(self.solution(proof, where == "face"))

    def located(self, proof: Proof) -> tuple[str, Proof]:
        """Where a zero lies: inside, on a face, outside the box, or unknown; in exact numbers where that took them."""
        balls = self.system.balls(proof.precision)
        with ctx.workprec(proof.precision):
            ends = self._ends(proof.precision)
            inside, unknown, known = True, False, {}
            for k, (low, high) in enumerate(ends):
                ball = proof.at[k]
                if ball < low or ball > high:
                    return "outside", proof
                for end in (low, high):
                    if not (ball > end or ball < end):
                        unknown, known[k] = True, end
                inside = inside and k not in known
            if not unknown:
                return "inside", proof
        exact = proof if proof.is_exact else exactly(self.system, proof, known)
        if exact is None:
            return "unknown", proof
        less, same = balls.functions[ops.lt], balls.functions[ops.eq]
        with ctx.workprec(proof.precision):
            face = False
            for k, (low, high) in enumerate(ends):
                if less(exact.at[k], low) is True or less(high, exact.at[k]) is True:
                    return "outside", exact
                on_end = same(exact.at[k], low) is True or same(exact.at[k], high) is True
                face = face or on_end
                if not on_end and not (less(low, exact.at[k]) is True and less(exact.at[k], high) is True):
                    return "unknown", proof
        return ("face" if face else "inside"), exact

    def solution(self, proof: Proof, on_face: bool) -> Solution:
        """A zero with its value and kind."""
        proof = with_zeros(self.system, proof, self.digits) or proof
        proof = (exactly(self.system, proof) or proof) if _may_be_0(proof) else proof
        if not self.classify:
            return Solution(proof.at, None, "root", None, on_face, proof.precision)
        value = self.value_of(proof)
        if not isinstance(value, arb) or value.contains(0):
            exact = exactly(self.system, proof)
            if exact is not None:
                proof, value = exact, self.value_of(exact)
        with ctx.workprec(proof.precision):
            kind, index = kind_of(proof.jacobian, self.system.size)
        return Solution(proof.at, value, kind, index, on_face, proof.precision)

    def value_of(self, proof: Proof) -> Ball | None:
        """The value at a zero."""
        node = self.system.value
        return None if node is None else evaluated(self.system, proof.precision, proof.at, [node])[node]

    # -- what was left

    @contextmanager
    def _a_moment_more(self, is_whole: bool) -> Iterator[None]:
        """Time for what a search has left that ended by itself, though that took all of it."""
        end = self.clock.end
        if is_whole:
            self.clock.end = max(end, time.monotonic() + _REST)
        try:
            yield
        finally:
            self.clock.end = end

    def _rest(self, outcome: Outcome, left: Boxes, is_whole: bool) -> None:
        """Look at the boxes that were left, cluster by cluster."""
        low, high = self.box
        widths = high - low
        enclosing, found = Enclosing(self.system), [(np.arange(len(left)), True)]
        if not self.clock.is_over():
            left = left if is_whole else cut_to_size(left, widths)
            found = sorted(clusters(left, widths), key=lambda each: each[1])  # points first, then what may be lines
        for k, (members, is_cell) in enumerate(found):
            if self.clock.is_over():
                late = covering(left.take(np.concatenate([each for each, _ in found[k:]])), widths)
                outcome.unsettled += [(late.take(slice(j, j + 1)), LATE) for j in range(len(late))]
                return
            hull = left.take(members).hull()
            rough = enclosing.flags(hull)
            if is_cell and not rough or not self._settled_otherwise(outcome, hull, rough):
                reason = SINGULAR if not rough else AT_KINK if rough & (KINK | JUMP) else ROUGH
                outcome.unsettled.append((hull, reason))
        outcome.unsettled = [(box, why) for box, why in outcome.unsettled if not self._is_cleared(box)]

    def clear(self, box: Boxes) -> None:
        """Take down a box of which all zeros are known."""
        self._cleared.append(box)

    def _is_cleared(self, box: Boxes) -> bool:
        """Whether a box lies in one of which all zeros are known."""
        return any(((each.low <= box.low) & (each.high >= box.high)).all() for each in self._cleared)

    def _settled_otherwise(self, outcome: Outcome, hull: Boxes, rough: int) -> bool:
        """Whether all zeros of a hull that the search left are known after all."""
        if not rough and self._degenerate(outcome, hull) or rough & OUTSIDE and self._is_removable(hull):
            return True
        if rough and self.system.value is not None and kinks.settled(self, outcome, hull):
            return True
        if rough & (KINK | JUMP) and self.system.size == 1:
            for (at,) in short_points(hull, max(128, int(self.digits * 3.33) + 80)):
                for wide in self._about(hull):
                    if sides.settled(self, outcome, wide, at):
                        self.clear(wide)
                        return True
        return isolated.settled(self, outcome, hull)

    def _degenerate(self, outcome: Outcome, hull: Boxes) -> bool:
        """A zero at short numbers in a hull, where the Jacobian is singular; whether no other zero is in it."""
        precision = max(128, int(self.digits * 3.33) + 80)
        for at in short_points(hull, precision):
            proof = self._exact_zero(at, precision)
            if proof is not None:
                return self._alone(outcome, proof, hull)
        return False

    def _exact_zero(self, at: Sequence[arb], precision: int) -> Proof | None:
        """A point of exact numbers at which the components are exactly 0; None if they are not."""
        nodes = (*self.system.components, *self.system.jacobian.values())
        with ctx.workprec(precision):
            values = evaluated(self.system, precision, at, nodes)
        if not all(isinstance(values[node], arb) and values[node].is_zero() for node in self.system.components):
            return None
        return Proof(tuple(at), {place: values[node] for place, node in self.system.jacobian.items()}, precision)

    def _alone(self, outcome: Outcome, proof: Proof, hull: Boxes) -> bool:
        """Take down an exact zero in a hull; whether no other one is in it, which in one variable may be proved."""
        where, _ = self.located(proof)
        if where not in ("inside", "face"):
            return False
        made = self.solution(proof, where == "face")
        alone = False
        for wide in self._about(hull) if self.system.size == 1 else ():
            made, alone = self._by_higher_derivatives(made, wide)
            if alone:
                self.clear(wide)
                break
        if not any(self.is_same(made, other) for other in outcome.solutions):
            outcome.solutions.append(made)
        return alone

    def is_same(self, one: Solution, other: Solution) -> bool:
        """Whether two exact points are one."""
        same = self.system.balls(one.precision).functions[ops.eq]
        return all(same(a, b) is True for a, b in zip(one.at, other.at, strict=True))

    def _by_higher_derivatives(self, made: Solution, hull: Boxes) -> tuple[Solution, bool]:
        """In one variable: the kind by the first derivative that is not 0, and whether no other zero is in the hull."""
        system = self.system
        found = self.first_slope(system.components[0] if system.value is None else system.value, made, hull, 1)
        if found is None:
            return made, False
        order, ball, alone = found
        if self.classify:
            made = replace(made, kind="degenerate" if order % 2 else "minimum" if ball > 0 else "maximum")
        return made, alone

    def first_slope(self, node: int, at: Solution, hull: Boxes, first: int) -> tuple[int, arb, bool] | None:
        """Of a node in one variable: its first derivative of that order or a higher one that is not 0 at a point.

        Returns:
            Its order and what it is, and whether it keeps away from 0 all over: then it has no zero, the one below it
            at most one, and so on: the point is the only one. None where it is not found.
        """
        system, balls = self.system, self.system.balls(at.precision)
        nodes = [node]
        for order in range(_DEGREE + 1):
            ball = balls.evaluate(system.graph, {system.inputs[0]: at.at[0]}, [node])[node]
            if order >= first and not (isinstance(ball, arb) and ball.is_zero()):
                if not isinstance(ball, arb) or ball.contains(0):
                    return None
                around = Enclosing(system).values(hull, (node, *nodes))
                smooth = not any(np.any(np.asarray(around[each].flags)) for each in (node, *nodes))
                return order, ball, smooth and bool(np.all((around[node].low > 0) | (around[node].high < 0)))
            (node,) = derive.gradient(system.graph, node, system.inputs)
        return None

    def _is_removable(self, hull: Boxes) -> bool:
        """In one variable: whether nothing has a value at the one point of a hull at which numerators are 0."""
        if self.system.size > 1 or not self.system.tops:
            return False
        precision = max(128, int(self.digits * 3.33) + 80)
        with ctx.workprec(precision):
            at = [exact_numbers.ball_of(exact_numbers.rational(ratio)) for ratio in simplest(hull)]
        values = evaluated(self.system, precision, at, self.system.needed)
        if not any(values[node] is UNDEFINED for node in self.system.needed):
            return False
        point = Solution(tuple(at), None, "", precision=precision)
        for wide in self._about(hull):
            found = [self.first_slope(node, point, wide, 0) for factors in self.system.tops for node in factors]
            if found and all(each is not None and each[2] for each in found):
                self.clear(wide)
                return True
        return False

    def _about(self, hull: Boxes) -> Iterator[Boxes]:
        """A hull and what is around it, less and less: rounding may leave boxes about it that do not meet it."""
        low, high = self.box
        for part in (*_AROUND, 0.0):
            reach = part * (high - low)
            yield Boxes(hull.low - reach, hull.high + reach)


def _may_be_0(proof: Proof) -> bool:
    """Whether a coordinate may be 0, and is not known to be."""
    return any(ball.contains(0) and not ball.is_exact() for ball in proof.at)


def short_points(hull: Boxes, precision: int) -> Iterator[tuple[arb, ...]]:
    """Exact points in a hull: of rationals, then of multiples of pi and square roots too."""
    with ctx.workprec(precision):
        numbers = [list(_short_numbers(float(a), float(b))) for a, b in zip(*(x[:, 0] for x in hull), strict=True)]
    yield from islice(product(*numbers), _GUESSES)


def _short_numbers(low: float, high: float) -> Iterator[arb]:
    """A rational between two numbers, a multiple of pi, a root of a rational."""
    yield exact_numbers.ball_of(exact_numbers.rational(_simple(low, high)))
    if low <= 0 <= high or high - low > _NARROW * abs(low):
        return
    guesses = [exact_numbers.ball_of(exact_numbers.multiple(_simple(low / math.pi, high / math.pi)))]
    square = exact_numbers.ball_of(exact_numbers.rational(_simple(*sorted((low * low, high * high)))))
    root = exact_numbers.result(ops.sqrt, (square,))
    guesses.append(root if low > 0 or root is None else exact_numbers.result(ops.neg, (root,)))
    for guess in guesses:
        if isinstance(guess, arb) and guess >= arb(low) and guess <= arb(high):
            yield guess


def _simple(low: float, high: float) -> Any:
    """The rational of the smallest denominator between two numbers."""
    number = exact_numbers.simplest(low, high)
    return fmpq(number.numerator, number.denominator)


def simplest(hull: Boxes) -> list[Any]:
    """The rational of the smallest denominator in each side of a box."""
    return [_simple(float(a), float(b)) for a, b in zip(hull.low[:, 0], hull.high[:, 0], strict=True)]
