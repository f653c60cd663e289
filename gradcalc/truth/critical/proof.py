"""A proof file of a `Critical`: what a sceptic needs to believe it without the search that found it. Imports tree.

    answer ──claims.cases──▶ cases: equations, each over a box ──search──▶ zeros and what is left, once more
    zeros ──▶ a small and a large box about each, with the inverses that Krawczyk's operator takes
    box ──tree──▶ pieces, each with the reason why no zero but those lies in it, or no value below the least

`claims/verify.py` reads it, and shares nothing with this but the cases. What it cannot be shown is left out of the
claim, which is then weaker than the answer: a box of which nothing is claimed, a bound that is a little wider.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.exact_numbers import Exact, exact
from gradcalc.arithmetic.intervals import JUMP, KINK, OUTSIDE
from gradcalc.errors import UsageError
from gradcalc.files import complete_file
from gradcalc.settings import Limits
from gradcalc.show.answer import SCHEMA
from gradcalc.truth.claims.boxes import apart
from gradcalc.truth.claims.intervals import Weak
from gradcalc.truth.claims.points import MEETING, height, is_exactly
from gradcalc.truth.claims.proofs import FORMAT, SIGNS, constant, question, verify
from gradcalc.truth.claims.verify import FINE, Choices, Question
from gradcalc.truth.critical.answer import Critical, CriticalPoint, Extreme
from gradcalc.truth.critical.box import read_box
from gradcalc.truth.critical.find import PAD
from gradcalc.truth.critical.prove import Proof, exactly, proved
from gradcalc.truth.critical.regions import clipped, clusters
from gradcalc.truth.critical.search import Bar, Boxes, Clock, Enclosing, bisected, no_boxes, search, together
from gradcalc.truth.critical.tree import STANDS, Floor, Region, Tree
from gradcalc.truth.critical.tree import Context as Case

_SHRUNK = (0.8, 0.5, 0.3, 0.15, 0.05, 0.01, 0.001)
"""How large the box that holds a zero alone is, as a part of the one that the search has proved."""
_FLAT = 2.0**-10
"""How wide a side of it is first tried, at least, as a part of the whole: x = 2 leaves a flat box."""
_HALVINGS = 20
"""How often each side is cut to find where kinks meet."""
_OPEN, _READ = 200, 3_000
"""Boxes of which nothing is claimed, at most; pieces of a file that is read again at once."""
_AT_ONCE = 4
"""So many kinks are set before anything else: slopes that depend on each other exclude more than all between do."""
_SWITCHES, _CASES = 5, 3_000
"""Kinks that are gone through in one place, at most; and cases of all places."""
_LEAST = 20
"""Digits of what is unknown beside the variables, at least."""
_DIGITS = 40
"""Digits of a zero of which no digits are claimed, and of a point whose value is looked at."""
_APART, _ALONG = 2.0**-20, 2.0**-9
"""How much wider than what is left a box is of which nothing is claimed: about a point, and of those along a curve."""
_WIDE = 4
"""Units of the last digit between a zero and the sides of its small box."""
_SECONDS = 600.0
"""For the search of all cases, at most."""
_NEAR = 1e-8
"""How near a zero of the search is to the digits of its point, relative to its size."""


def write_proof(answer: Critical, path: Path, limits: Limits) -> tuple[Mapping[str, Any], ...]:
    """Write the file; told are the boxes of which it claims nothing.

    Raises:
        UsageError: the answer rests on a step that files do not carry.
        FileError: the file cannot be written.
    """
    if not (answer.complete or answer.unsettled or answer.flat):
        raise UsageError("what there is no time for is not carried by proof files", hint=STANDS)
    clock = Clock(end=time.monotonic() + _SECONDS)
    for is_careful in (False, True):
        made = _File(answer, limits, clock, is_careful)
        with complete_file(path) as target:
            count = _written(made.text(), target)
            found = verify(target, limits=limits) if count < _READ and target.is_file() else None
            if found is None or found.reason is None:
                return tuple(made.head["claim"]["unsettled"])
            if is_careful:
                raise UsageError(f"this is not carried by proof files yet: {found.reason}", hint=STANDS)
    raise AssertionError


def _written(texts: Iterator[str], target: Path) -> int:
    """Write a file, piece by piece; how many there were."""
    count = 0
    with target.open("w", encoding="utf-8") as file:
        for text in texts:
            file.write(text)
            count += 1
    return count


class _File:
    """What a file holds."""

    def __init__(self, answer: Critical, limits: Limits, clock: Clock, is_careful: bool) -> None:
        said = answer.to_dict()
        radius = max((abs(end) for ends in answer.searched.values() for end in ends), default=None)
        self.answer, self.head = answer, {
            "schema": SCHEMA, "proof": "critical", "format": FORMAT, "task": answer.task,
            "expression": answer.expression, "variables": list(answer.variables), "box": said["box"],
            "let": said["let"], "subject_to": list(answer.constraints), "radius": radius and round(radius),
        }  # fmt: skip
        try:
            asked = question(self.head, limits)
            self.parts = [_Part(each, answer, clock, is_careful) for each in asked.parts]
            found = {"least": answer.global_minimum, "greatest": answer.global_maximum}
            self.bounds = {
                name: _Bound(asked.extreme(sign), answer, clock, is_careful, extreme, sign, limits)
                for name, sign in SIGNS.items()
                if (extreme := found[name]) is not None
            }
        except Weak as weak:
            raise UsageError(f"this is not carried by proof files yet: {weak}", hint=STANDS) from None
        self.open = [box for part in self.parts for box in part.left]
        if len(self.open) > _OPEN:
            raise UsageError("too much of the box would be left out of the proof", hint=STANDS)
        self.kept = sorted({zero.point for part in self.parts for zero in part.zeros if zero.point is not None})
        unsettled = [{name: [float(a), float(b)] for name, a, b in zip(answer.variables, *box, strict=True)}
                     for box in self.open]  # fmt: skip
        points = [_carried(answer.points[k]).to_dict() for k in self.kept]
        self.head["claim"] = {
            "points": points, "unsettled": unsettled, "complete": not unsettled,
            **{name: bound.claim for name, bound in self.bounds.items()},
        }  # fmt: skip

    def text(self) -> Iterator[str]:
        """The text, piece by piece."""
        place = {number: k for k, number in enumerate(self.kept)}
        separator = json.dumps(self.head)[:-1] + ', "parts": [\n'
        for part in self.parts:
            yield from part.text(separator, place, self.open)
            separator = ",\n"
        yield '\n], "extremes": {\n'
        separator = ""
        for name, bound in self.bounds.items():
            places = {k: k for k in range(len(bound.claim["at"]))}
            yield from bound.text(f'{separator}"{name}": ', places, [], {"witnesses": bound.witnesses})
            separator = ",\n"
        yield "\n}}\n"


# -- parts -------------------------------------------------------------------------------------------------------------


@dataclass
class _Zero:
    """A zero of a case: which point of the answer it is, or none; its small box, and in text what it is exactly."""

    choices: Choices
    number: int
    point: int | None
    small: list[tuple[Fraction, Fraction]]
    exact: list[str] = field(default_factory=list)
    aid: dict[str, Any] = field(default_factory=dict)


class _Part:
    """A question, searched once more: its zeros, and boxes in the variables of which nothing is claimed."""

    floor: Floor | None = None
    bar: Bar | None = None

    def __init__(self, question: Question, answer: Critical, clock: Clock, is_careful: bool) -> None:
        self.question, self.answer, self.clock, self.is_careful = question, answer, clock, is_careful
        self.contexts: dict[Choices, Case] = {}
        self.left: list[tuple[list[float], list[float]]] = []
        self.zeros: list[_Zero] = []
        self.is_rough = is_careful
        kinks = sum(kind == "kink" for kind, _ in question.switches)
        at_once = self.floor is None and kinks <= _AT_ONCE
        first = [k for k, (kind, _) in enumerate(question.switches) if kind != "kink" or at_once]
        for choices in self._set(question.root()[0], first):
            self._search(self._context(choices), self._context(choices).box)
        if self.is_rough:
            self._leave_stuck()

    def _context(self, choices: Choices) -> Case:
        if choices not in self.contexts:
            if len(self.contexts) >= _CASES:
                raise UsageError("there are too many cases for a proof file", hint=STANDS)
            self.contexts[choices] = Case(choices, self.question.case(choices), self.question.is_far)
        return self.contexts[choices]

    def _set(self, choices: Choices, switches: Sequence[int]) -> list[Choices]:
        """All cases in which these switches are set, one after the other."""
        if not switches:
            return [choices]
        self._context(choices).pending = switches[0]
        parts = self.question.settings(choices, switches[0])
        return [found for part in parts for found in self._set(part, switches[1:])]

    def _search(self, context: Case, box: Boxes) -> None:
        """The zeros of a case in a box; where kinks are met, those of further cases."""
        if not len(context.sides):
            return self._at_corner(context)
        if not context.is_square:  # too few equations to have zeros that are proved
            return self._leave_met(context, box)
        self.is_rough |= bool(context.enclosing.flags(context.box) & (OUTSIDE | KINK | JUMP))
        pad = PAD * context.sides
        found = search(context.system, Boxes(box.low - pad, box.high + pad), self.clock, self.bar)
        if not found.is_whole:
            raise UsageError("there was not the time for a proof file", hint=STANDS)
        self._take(context, found.zeros, found.unique)
        left = clipped(found.left, context.box.low, context.box.high)
        for members, is_cell in clusters(left, context.sides):
            hull = left.take(members).hull()
            which = self._kinks(context, hull)
            if 0 < len(which) <= _SWITCHES and not is_cell:
                self._go_through(context, _wider(hull, _APART * context.sides), which)
            else:
                self._leave(context, hull, _ALONG if is_cell else _APART)
        return None

    def _leave_met(self, context: Case, box: Boxes) -> None:
        """Take down where equations may hold that are too few to have zeros that are proved."""
        for _ in range(_HALVINGS * len(self.question.inputs)):
            box = box.take(~context.enclosing.excluded(box))
            if not len(box) or len(box) > _OPEN:
                break
            box = bisected(box, context.scale)
        for members, is_cell in clusters(box, context.sides) if len(box) else ():
            self._leave(context, box.take(members).hull(), _ALONG if is_cell else _APART)

    def _kinks(self, context: Case, hull: Boxes) -> list[int]:
        """The switches of kinks that may go either way in a box."""
        found = []
        for k, ((kind, _), way) in enumerate(zip(self.question.switches, context.choices, strict=True)):
            if kind == "kink" and way is None:
                sides = [self.question.case(made) for made in self.question.settings(context.choices, k)]
                if all(self._may_fit(context, side.system.below, hull) for side in (sides[0], sides[-1])):
                    found.append(k)
        return found

    def _may_fit(self, context: Case, below: tuple[int, ...], hull: Boxes) -> bool:
        values = context.enclosing.values(hull, below)
        return not any(bool(np.any(values[node].low > 0)) for node in below)

    def _go_through(self, context: Case, hull: Boxes, which: Sequence[int]) -> None:
        """All cases of some kinks in a box."""
        cases = [context.choices]
        for k in which:
            for choices in cases:
                self._context(choices).regions.append(Region(hull, k))
            cases = [made for choices in cases for made in self.question.settings(choices, k)]
        for choices in cases:
            made = self._context(choices)
            low, high = made.box.low.copy(), made.box.high.copy()
            low[: len(hull.low)], high[: len(hull.low)] = hull
            self._search(made, Boxes(low, high))

    def _leave(self, context: Case, hull: Boxes, wider: float = _APART) -> None:
        """Take down a box of which nothing is claimed, a little wider."""
        if self.question.is_far:
            raise UsageError("far out the proof is not carried by proof files", hint=STANDS)
        wide, count = _wider(hull, wider * context.sides), len(self.question.inputs)
        self.left.append((wide.low[:count, 0].tolist(), wide.high[:count, 0].tolist()))

    def _leave_stuck(self) -> None:
        """Take down where the verifier believes nothing."""
        tree = self._tree(self.left)
        for _ in tree.steps(dry=True):
            pass
        for context in {id(context): context for context, _ in tree.stuck}.values():
            stuck = together([boxes for each, boxes in tree.stuck if each is context], len(context.sides))
            for members, is_cell in clusters(stuck, context.sides):
                self._leave(context, stuck.take(members).hull(), _ALONG if is_cell else _APART)

    # -- zeros

    def _take(self, context: Case, zeros: Boxes, unique: Boxes) -> None:
        """The zeros with their points; what may be one that counts, and is none of the answer's, is left."""
        matches, no = self._matches(context, zeros), self._is_off(context, zeros)
        kept = []
        for k in range(len(zeros)):
            here = [] if no[k] else matches[k]
            made = self._zero(context, zeros.take([k]), k, here[0] if len(here) == 1 else None)
            if made is None or not here and not no[k] and self.floor is None:
                self._leave(context, zeros.take([k]))
            else:
                kept.append(made)
        self._aid(context, kept, unique)

    def _matches(self, context: Case, zeros: Boxes) -> list[list[int]]:
        """Of each zero which points of the answer are near."""
        if self.question.is_far:
            return [[] for _ in range(len(zeros))]
        return _near([point.floats for point in self.answer.points], context, zeros, self.question)

    def _is_off(self, context: Case, zeros: Boxes) -> Any:
        """Which zeros do not count."""
        values = context.enclosing.values(zeros, context.system.below)
        no = np.zeros(len(zeros), bool)
        for node in context.system.below:
            no |= np.broadcast_to(values[node].low > 0, no.shape)
        return no | ((zeros.high < context.box.low) | (zeros.low > context.box.high)).any(axis=0)

    def _zero(self, context: Case, zero: Boxes, number: int, which: int | None) -> _Zero | None:
        """A zero with its small box, by its point's digits; None where it is not proved well enough."""
        names, count = self.answer.variables, len(self.answer.variables)
        if which is None:
            return _Zero(context.choices, number, None, _text_box(zero))
        point = self.answer.points[which]
        small, texts = _small(point.at, names), list[str]()
        values = context.enclosing.values(zero, context.system.below)
        on_edge = any(np.any(values[node].high >= 0) for node in context.system.below)
        is_exact = point.on_face or on_edge
        if is_exact or len(context.sides) > count or self.question.constraints:
            digits = max(_LEAST, *(len(text) for text in point.at.values()))
            proof = proved(context.system, zero.low[:, 0], zero.high[:, 0], digits)
            if proof is None:
                return None
            small += [_around(ball, digits) for ball in proof.at[count:]]
            texts = self._exact(context, proof) if is_exact or self.question.constraints else []
            if is_exact and not texts:
                return None
        return _Zero(context.choices, number, which, small, texts)

    def _exact(self, context: Case, proof: Proof) -> list[str]:
        """The numbers of a zero as formulas; none where they are not known."""
        balls, known, texts = Balls(proof.precision), {}, {}
        with ctx.workprec(proof.precision):
            for k, (name, sides) in enumerate(self.answer.box.items()):
                for text, end in zip(sides, self._ends(balls, name), strict=True):
                    if end is not None and proof.at[k].overlaps(end):
                        known[k], texts[k] = end, str(text)
        found = exactly(context.system, proof, known)
        if found is None:
            return []
        written = [_formula(exact(ball)) for ball in found.at]
        return [texts.get(k) or text for k, text in enumerate(written)] if all(written) else []

    def _ends(self, balls: Balls, name: str) -> Sequence[arb | None]:
        """The ends of a side as balls."""
        (side,) = read_box({name: self.answer.box[name]}, Limits())
        return side.balls(balls)

    def _aid(self, context: Case, zeros: Sequence[_Zero], unique: Boxes) -> None:
        """What the verifier takes of each zero: the boxes, with the inverses."""
        if not zeros:
            return
        centres = np.array([[float((low + high) / 2) for low, high in zero.small] for zero in zeros]).T
        alone = _alone(context.enclosing, unique.take([zero.number for zero in zeros]), centres, context.sides)
        wide, tips = (context.enclosing.krawczyk(each).inverse for each in (alone, Boxes(centres, centres)))
        context.alone = alone if context.alone is None else together([context.alone, alone], len(context.sides))
        for k, zero in enumerate(zeros):
            context.numbers.append(len(self.zeros))
            self.zeros.append(zero)
            zero.aid = {
                "choices": list(zero.choices),
                "box": [[str(_decimal(low)), str(_decimal(high))] for low, high in zero.small],
                "unique": np.stack((alone.low[:, k], alone.high[:, k]), axis=1).tolist(),
                "inverse": tips[k].tolist(), "wide_inverse": wide[k].tolist(),
                **({"exact": zero.exact} if zero.exact else {}),
            }  # fmt: skip

    def _at_corner(self, context: Case) -> None:
        """What a corner of the box counts as, where one does: in the question of a least value."""
        raise NotImplementedError

    # -- text

    def text(self, before: str, place: Mapping[int, int], open_: Any, more: Any = None) -> Iterator[str]:
        """The text of this part, piece by piece."""
        zeros = [{"point": None if zero.point is None else place[zero.point], **zero.aid} for zero in self.zeros]
        separator = before + json.dumps({**(more or {}), "zeros": zeros})[:-1] + ', "tree": [\n'
        for step in self._tree(open_).steps():
            yield separator + step
            separator = ",\n"
        yield "\n]}"

    def _tree(self, open_: Sequence[tuple[list[float], list[float]]]) -> Tree:
        count = len(self.question.inputs)
        corners = [np.array([box[k] for box in open_]).reshape(-1, count).T for k in (0, 1)]
        open_boxes = no_boxes(count) if self.question.is_far else Boxes(*corners)
        return Tree(self.question, self.contexts, open_boxes, self.floor, self.is_careful)


def _carried(point: CriticalPoint) -> CriticalPoint:
    """A point as it is claimed: without its kind where an inequality has the multiplier 0; the verifier sees none."""
    if any(mark == "0" and set(name) & set("<>") for name, mark in point.multipliers.items()):
        return replace(point, kind=MEETING, index=None, optimal=None)
    return point


def _near(points: Sequence[Mapping[str, float]], context: Case, zeros: Boxes, question: Question) -> list[list[int]]:
    """Of each zero the numbers of the points that are near."""
    middle = 0.5 * zeros.low + 0.5 * zeros.high
    rows = {node: middle[k] for k, node in enumerate(context.case.system.unknowns)}
    rows |= {node: np.full(len(zeros), _double(make)) for node, make in context.case.system.fixed.items()}
    place = np.array([rows[node] for node in question.inputs])
    at = np.array([[point[name] for name in question.names] for point in points]).reshape(len(points), len(place))
    reach = _NEAR * (1e-3 + np.abs(place))
    return [np.flatnonzero((np.abs(at - place[:, k]) <= reach[:, k]).all(axis=1)).tolist() for k in range(len(zeros))]


def _double(make: Any) -> float:
    """A number as a double near it."""
    return float(Fraction(sum(make(FINE)), 2 << FINE.bits))


def _wider(box: Boxes, by: Any) -> Boxes:
    """A box whose sides are doubled, and moved a little further."""
    reach = 0.5 * (box.high - box.low) + by
    return Boxes(box.low - reach, box.high + reach)


def _formula(number: Exact | None) -> str:
    """The text of a number: a polynomial in pi, or in a root."""
    if number is None or number.base is None:
        return "" if number is None else f"({number.value})"
    base = f"({number.base.radicand})^(1/{number.base.degree})" if number.base.degree else "pi"
    return " + ".join(f"({part})*({base})^{k}" for k, part in enumerate(number.value.coeffs()))


def _small(at: Mapping[str, str], names: Sequence[str]) -> list[tuple[Fraction, Fraction]]:
    """A box about the digits of a point."""
    sides = []
    for name in names:
        value = Fraction(at[name])
        digits = max(0, 19 - len(str(abs(int(value)))))
        reach = Fraction(_WIDE, 10 ** max(digits, len(at[name].partition(".")[2])))
        sides.append((value - reach, value + reach))
    return sides


def _around(ball: arb, digits: int) -> tuple[Fraction, Fraction]:
    """A side about a ball, as narrow as so many digits."""
    mantissa, exponent = (int(part) for part in ball.mid().man_exp())
    middle = Fraction(mantissa) * Fraction(2) ** exponent
    reach = Fraction(_WIDE, 10**digits) * (1 + abs(middle))
    return middle - reach, middle + reach


def _text_box(box: Boxes) -> list[tuple[Fraction, Fraction]]:
    """A box of doubles, a little wider."""
    sides = zip(box.low[:, 0], box.high[:, 0], strict=True)
    return [(Fraction(float(a)) - Fraction(1, 10**13), Fraction(float(b)) + Fraction(1, 10**13)) for a, b in sides]


def _decimal(value: Fraction) -> Any:
    """A decimal near a number: the file holds no fractions."""
    return Context(prec=60).divide(Decimal(value.numerator), Decimal(value.denominator))


def _alone(enclosing: Enclosing, boxes: Boxes, centres: Any, sides: Any) -> Boxes:
    """Boxes about zeros that the operator maps well into themselves, as large as may be."""
    half = np.maximum(0.5 * (boxes.high - boxes.low), _FLAT * sides)
    result = Boxes(boxes.low.copy(), boxes.high.copy())
    open_ = np.ones(len(boxes), bool)
    for part in _SHRUNK:
        tried = Boxes(centres - part * half, centres + part * half)
        image = enclosing.krawczyk(tried)
        good = image.one & ((image.image.high - image.image.low) < 0.8 * (tried.high - tried.low)).all(axis=0) & open_
        result.low[:, good], result.high[:, good] = tried.low[:, good], tried.high[:, good]
        open_ &= ~good
    return result


# -- the least value ---------------------------------------------------------------------------------------------------


class _Bound(_Part):
    """The least value over the closed box or, with sign -1, that of the opposite of the function."""

    def __init__(
        self, question: Question, answer: Critical, clock: Clock, is_careful: bool, extreme: Extreme, sign: int,
        limits: Limits,
    ) -> None:  # fmt: skip
        self.extreme, self.sign, self.is_only = extreme, sign, True
        self.low, self.high = sorted(Fraction(end) * sign for end in (extreme.low, extreme.high))
        self.points = [{name: float(Fraction(text)) for name, text in at.items()} for at in extreme.at]
        self.floor = Floor(_up(self.low), _up(self.high))
        inner: dict[int, tuple[float, float]] = defaultdict(lambda: (np.inf, -np.inf))  # with a slope it is no value
        inner |= {node: side.inner for node, side in zip(question.inputs, read_box(answer.box, limits), strict=True)}
        self.bar = Bar(inner, _up(self.high) if self.points else np.inf)
        super().__init__(question, answer, clock, is_careful)
        self.witnesses = [self._known(self._witness(k), limits) for k in range(len(self.points))]
        if not self.points:
            at = {node: float((low + high) / 2) for node, (low, high) in inner.items()} | dict(self.bar.at)
            self.witnesses = [self._known([_ratio(Fraction(at[node])) for node in question.inputs], limits)]
        self._bounded()

    def _zero(self, context: Case, zero: Boxes, number: int, which: int | None) -> _Zero | None:
        """A zero in a small box about its ball."""
        proof = proved(context.system, zero.low[:, 0], zero.high[:, 0], _DIGITS)
        if proof is None:
            return None
        proof = exactly(context.system, proof) or proof
        texts = [_formula(exact(ball)) for ball in proof.at]
        small = [_around(ball, _DIGITS) for ball in proof.at]
        return _Zero(context.choices, number, which, small, texts if all(texts) else [])

    def _matches(self, context: Case, zeros: Boxes) -> list[list[int]]:
        """Of each zero at which points the value may be taken."""
        return _near(self.points, context, zeros, self.question)

    def _leave(self, context: Case, hull: Boxes, wider: float = _APART) -> None:
        """The tree bounds the values there."""

    def _at_corner(self, context: Case) -> None:
        """A corner counts as a zero where its value may be the least."""
        if context.case.system.value(FINE, [], context.case.value or 0)[0] > FINE.of(self.high, self.high)[0]:
            return
        (found,) = _near(self.points, context, context.box, self.question)
        context.alone = context.box
        context.numbers.append(len(self.zeros))
        empty: dict[str, Any] = {name: [] for name in ("box", "unique", "inverse", "wide_inverse")}
        self.zeros.append(_Zero(context.choices, 0, found[0] if found else None, [], [], empty))
        self.zeros[-1].aid["choices"] = list(context.choices)

    def _witness(self, k: int) -> list[Any]:
        """The numbers of a point at which the value may be taken."""
        ends = [self.answer.to_dict()["box"][name] for name in self.question.names]
        known: dict[int, Any] = {}
        for zero in (zero for zero in self.zeros if zero.point == k):
            case = self.contexts[zero.choices].case
            known = {node: zero.exact[j] if zero.exact else _ratio((zero.small[j][0] + zero.small[j][1]) / 2)
                     for j, node in enumerate(case.system.unknowns)}  # fmt: skip
            known |= {node: ends[j][make is self.question.sides[j][1]] for j, node in enumerate(self.question.inputs)
                      if (make := case.system.fixed.get(node))}  # fmt: skip
        texts = []
        for node, name, sides, pair in zip(
            self.question.inputs, self.question.names, self.question.sides, ends, strict=True
        ):
            at = [end for end, side in zip(pair, sides, strict=True) if _double(side) == self.points[k][name]]
            texts.append(known.get(node, at[0] if at else _ratio(Fraction(self.extreme.at[k][name]))))
        return texts

    def _known(self, texts: list[Any], limits: Limits) -> list[Any]:
        """The numbers of a point of the box; `high` is not below its value."""
        numbers, case = [constant(text, limits) for text in texts], self.question.open_case
        high = height(case, numbers)
        if high > self.high and not is_exactly(case, numbers, self.high):
            self.high = Fraction(_rounded(high, ROUND_CEILING))
        return texts

    def _bounded(self) -> None:
        """What the verifier is shown of the least value: a little less than the answer says, where it must be."""
        loose, values = False, []
        for zero in self.zeros:
            case = self.contexts[zero.choices].case
            place = [(FINE.of(low, low)[0], FINE.of(high, high)[1]) for low, high in zero.small]
            if not apart(place, case.sides(FINE)[0]):
                value = case.system.value(FINE, place, case.value or 0)
                values.append(Fraction(value[0], 1 << FINE.bits))
                loose |= zero.point is None and values[-1] <= self.high
        low = min(values, default=self.low)
        self.low = self.low if low >= self.low else Fraction(_rounded(low, ROUND_FLOOR))
        self.floor = Floor(_up(self.low), _up(self.high))
        tree = self._tree([])
        for _ in tree.steps(dry=True):
            pass
        if tree.stuck:
            raise UsageError("the extreme value is not carried by proof files: it is not seen to be one", hint=STANDS)
        self.is_only = not loose and not tree.is_loose

    @property
    def claim(self) -> dict[str, Any]:
        """What the file claims."""
        ends = sorted(end * self.sign for end in (self.low, self.high))
        said = {Fraction(text): text for text in (self.extreme.low, self.extreme.high)}
        low, high = (said.get(end) or _rounded(end, way)
                     for end, way in zip(ends, (ROUND_FLOOR, ROUND_CEILING), strict=True))  # fmt: skip
        return {"low": low, "high": high, "at": [dict(each) for each in self.extreme.at], "only": self.is_only}


def _up(value: Fraction) -> float:
    """A double that is not below a number."""
    near = float(value)
    return near if near >= value else float(np.nextafter(near, np.inf))


def _ratio(value: Fraction) -> str:
    """The text of a number, exactly."""
    return f"({value.numerator})/({value.denominator})"


def _rounded(value: Fraction, way: str) -> str:
    """A decimal that is not above a number, or not below."""
    context = Context(prec=_LEAST, rounding=way)
    return str(context.divide(Decimal(value.numerator), Decimal(value.denominator))).lower()
