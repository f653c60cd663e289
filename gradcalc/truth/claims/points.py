"""What a proof file of `critical` claims: all points in a box, and the least and the greatest value over it. For
`verify`.

    Points    each zero of the question that counts is a point of the claim, with its digits, value and kind; each other
              zero lies beside the box or breaks a condition; what the claim leaves open is no smaller than the proof's.
    Bound     a point of the closed box whose value is not above `high`. Of each piece a reason why nothing in it is
              below `low`: its values are not; or it is smooth, and has no critical point but zeros with larger values.

Why that is enough of a bound: if values were below `low`, there would be a least one, as the function is continuous on
each piece where its values are not known to be large enough. On the face that it lies on it is critical, which is
excluded. Nothing near a pole counts as excluded, therefore.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from gradcalc.truth.claims.boxes import Box, apart, digits_fit, everywhere, number, within
from gradcalc.truth.claims.cases import ON, Held, Switched
from gradcalc.truth.claims.derivatives import Number
from gradcalc.truth.claims.intervals import Arithmetic, Interval, Nowhere, Weak
from gradcalc.truth.claims.poles import floor
from gradcalc.truth.claims.quotients import Quotients
from gradcalc.truth.claims.verify import COARSE, FINE, Case, Choices, Points, Question, Walk, Zero

MEETING = "degenerate"
"""The kind of a point that the zeros of several sets of constraints meet: a multiplier is 0."""
Read = Callable[[Any], Number]
"""A number that the file gives as a formula, or as a number."""


# -- all points --------------------------------------------------------------------------------------------------------


@dataclass
class AllPoints(Points):
    """Points of any question: each may be a zero of several cases, and lie on a face or on the edge of a condition."""

    read: Read | None = None
    near: Question | None = None
    zeros: dict[int, list[tuple[Zero, Sequence[Any], set[str]]]] = field(default_factory=dict)
    faults: dict[int, Weak] = field(default_factory=dict)

    def check(self, questions: Sequence[Question], parts: Sequence[Mapping[str, Any]]) -> None:
        """Check all; `Weak` says what does not hold."""
        self.near = questions[0]
        super().check(questions, parts)

    def is_exact(self, case: Case, zero: Zero, aid: Mapping[str, Any], is_inside: bool, fits: bool | None) -> bool:
        """Whether the numbers of a zero are known, and these lie on a face or on the edge of a condition."""
        assert self.read is not None
        known = Known(case, [self.read(text) for text in aid.get("exact", ())])
        return known.is_zero(zero.small) and (is_inside or known.is_on_face()) and bool(fits or known.fits())

    def take(self, case: Case, zero: Zero, aid: Mapping[str, Any], is_inner: bool) -> None:
        """Take down a zero; what does not hold of its point may be shown by another of its zeros."""
        which = aid["point"]
        point, said = self.claim["points"][which], f"point {which + 1}"
        try:
            if point["kind"] == MEETING and not {"index", "kkt"} & point.keys():
                self.valued(case, zero.place, point, said)
            else:
                self.told(case, zero.place, point, said)
                if not is_inner and point["kind"] not in ("minimum", "maximum"):
                    raise Weak(f"{said} lies on the edge of a condition")
        except Weak as weak:
            if which not in self.met:
                self.faults[which] = weak
        else:
            self.faults.pop(which, None)
        active = {each.text for each in case.active} if isinstance(case, Held) else set()
        self.met[which] = zero.place
        self.zeros.setdefault(which, []).append((zero, aid.get("exact", ())[: len(self.names)], active))

    def differ(self) -> None:
        """That zeros of one point are the same, and those of two differ."""
        for which, zeros in self.zeros.items():
            (first, exact, _), *others = zeros
            point = self.claim["points"][which]
            if any(point.get("multipliers", {}).keys() < active for _, _, active in zeros):
                raise Weak(f"point {which + 1} has further multipliers")
            if point["kind"] == MEETING and all(_on(first) == _on(each) for each, _, _ in others):
                raise Weak(f"point {which + 1} is not proved to be degenerate")
            for other, text, _ in others:
                if not (exact and list(exact) == list(text) or self._is_same(first, other)):
                    raise Weak("two zeros of a point may differ")
        if self.faults:
            raise next(iter(self.faults.values()))
        super().differ()

    def _is_same(self, one: Zero, other: Zero) -> bool:
        """Whether a zero is the other one: it lies where that is alone, and both have the same equations there."""
        assert self.near is not None
        place = [(low >> FINE.bits - COARSE.bits, -(-high >> FINE.bits - COARSE.bits)) for low, high in other.place]
        fits = self.near.case(one.choices).system.fits(FINE, other.place)
        return _on(one) == _on(other) and fits is True and within(place, one.alone)


def _on(zero: Zero) -> list[int]:
    """What holds with equality."""
    return [k for k, way in enumerate(zero.choices) if way == ON]


@dataclass(frozen=True)
class Known:
    """A zero whose numbers are known exactly, as formulas."""

    case: Case
    numbers: Sequence[Number]

    def is_zero(self, small: Box) -> bool:
        """Whether the equations are exactly 0 at the numbers, which lie in a box that holds one zero."""
        if len(self.numbers) != len(small) or not within([make(FINE) for make in self.numbers], small):
            return False
        forms = Quotients()
        values = self.case.system.values(forms, [make(forms) for make in self.numbers])
        return all(forms.same(value, forms.whole(0)) for value in values)

    def is_on_face(self) -> bool:
        """Whether one of them is the end of its range, and all others are between theirs."""
        forms, on_end = Quotients(), False
        for make, (low, high) in zip(self.numbers, self.case.ranges, strict=True):
            here, (at_low, at_high) = make(FINE), (forms.same(make(forms), end(forms)) for end in (low, high))
            on_end = on_end or at_low or at_high
            if not (at_low or low(FINE)[1] < here[0]) or not (at_high or here[1] < high(FINE)[0]):
                return False
        return on_end

    def fits(self) -> bool:
        """Whether what must not be above 0 is exactly 0, or below."""
        forms, system = Quotients(), self.case.system
        at, known = [make(FINE) for make in self.numbers], [make(forms) for make in self.numbers]
        return all(
            system.value(FINE, at, node)[1] < 0 or forms.same(system.value(forms, known, node), forms.whole(0))
            for node in system.below
        )


# -- the least value ---------------------------------------------------------------------------------------------------


def height(case: Case, numbers: Sequence[Number]) -> Fraction:
    """What the value at a point is not above."""
    value = case.system.value(FINE, [make(FINE) for make in numbers], case.value or 0)
    return Fraction(value[1], 1 << FINE.bits)


def is_exactly(case: Case, numbers: Sequence[Number], value: Fraction) -> bool:
    """Whether the value at a point is a number, by formulas."""
    forms = Quotients()
    try:
        found = case.system.value(forms, [make(forms) for make in numbers], case.value or 0)
        return forms.same(found, forms.of(value, value))
    except Weak:
        return False


@dataclass
class Bound:
    """Between what numbers the least value over the closed box lies, and where it may be taken.

    Args:
        claim: `low`, `high`; `at`, points where the value lies between them; `only`, whether it is taken nowhere else.
        sign: -1 where the question is about the opposite of the function, whose greatest value is claimed.
    """

    question: Switched
    ends: Sequence[Sequence[Any]]
    claim: Mapping[str, Any]
    read: Read
    sign: int = 1
    is_only: bool = True

    def __post_init__(self) -> None:
        self.low, self.high = sorted(number(self.claim[name]) * self.sign for name in ("low", "high"))

    def check(self, part: Mapping[str, Any]) -> None:
        """Check all; `Weak` says what does not hold."""
        points = self.claim["at"]
        if self.claim.keys() != {"low", "high", "at", "only"} or not part["witnesses"]:
            raise Weak("of an extreme value something is claimed that cannot be verified")
        if number(self.claim["low"]) > number(self.claim["high"]):
            raise Weak("the bounds of a value are turned")
        for at, witness in zip(points or [None], part["witnesses"], strict=True):
            self._met(at, witness)
        zeros = [self._zero(aid, k) for k, aid in enumerate(part["zeros"], 1)]
        Walk(self.question, zeros, poles=False, more={"above": self._is_above}).check(part["tree"])
        if self.claim["only"] is not self.is_only:
            raise Weak("whether the value is taken at these points alone is not claimed as it is")

    def _met(self, at: Mapping[str, Any] | None, witness: Sequence[Any]) -> None:
        """That a point, of these digits if they are claimed, lies in the closed box, its value not above `high`."""
        numbers, case = [self.read(text) for text in witness], self.question.open_case
        place = [make(FINE) for make in numbers]
        names = self.question.names
        if at is not None and list(at) != list(names):
            raise Weak("a point at which an extreme value is taken is none")
        for side, text, name, ends, (low, high) in zip(
            place, witness, names, self.ends, self.question.sides, strict=True
        ):
            if text not in ends and not (low(FINE)[1] <= side[0] and side[1] <= high(FINE)[0]):
                raise Weak(f"a point at which an extreme value is taken is not proved to lie in the box: {name}")
            if at is not None:
                digits_fit(FINE, side, at[name], f"{name}, where an extreme value is taken")
        if height(case, numbers) > self.high and not is_exactly(case, numbers, self.high):
            raise Weak("the extreme value is not proved to be taken within its bounds")

    def _is_above(self, choices: Choices, box: Box) -> bool:
        """Whether no value in a piece is below `low`."""
        case = self.question.case(choices)

        def near_pole(part: Box) -> bool:
            try:
                low = floor(COARSE, case.system, case.value or 0, part)
                return self._is_enough((low, low), COARSE)
            except Weak:
                return False

        def holds(part: Box) -> bool:
            try:
                value = case.system.value(COARSE, part, case.value or 0)
                return self._is_enough(value, COARSE)
            except Nowhere:
                return True
            except Weak:
                return near_pole(part)

        return everywhere(box, holds)

    def _is_enough(self, value: Interval, on: Arithmetic) -> bool:
        """Whether values are not below `low`; taken down is whether they are above `high`."""
        if value[0] < on.of(self.low, self.low)[1]:
            return False
        self.is_only &= value[0] > on.of(self.high, self.high)[0]
        return True

    def _zero(self, aid: Mapping[str, Any], k: int) -> Zero:
        """A zero whose value is not below `low`: at a point of the claim, or above `high`, or else that is told."""
        zero, case = Zero.read(self.question, aid, f"zero {k}")
        if apart(zero.place, case.sides(FINE)[0]) or case.system.fits(FINE, zero.place) is False:
            return zero
        value, which = case.system.value(FINE, zero.place, case.value or 0), aid["point"]
        if which is not None:
            at = self.claim["at"][range(len(self.claim["at"]))[which]]
            known = dict(zip(case.system.unknowns, zero.place, strict=True))
            known |= {node: make(FINE) for node, make in case.system.fixed.items()}
            for name, node in zip(self.question.names, self.question.inputs, strict=True):
                digits_fit(FINE, known[node], at[name], f"{name}, where an extreme value is taken")
        is_only = self.is_only
        if not self._is_enough(value, FINE):
            raise Weak(f"at zero {k} the function is not proved to be as large as is claimed")
        self.is_only |= which is not None and is_only
        return zero
