"""A proof file of a `Critical`: what a sceptic needs to believe it without the search that found it. Imports search.

    answer ──claims.proofs──▶ cases: equations, each over a box ──search──▶ zeros and what is left, once more
    zeros ──▶ a small and a large box about each, with the inverses that Krawczyk's operator takes
    box ──bisect──▶ a tree of pieces, each with the reason why no zero but those lies in it

`claims/verify.py` reads it, and shares nothing with this but the cases. What it cannot be shown is left out of the
claim, which is then weaker than the answer: a box of which nothing is claimed.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
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
from gradcalc.graph import derive
from gradcalc.settings import Limits
from gradcalc.show.answer import SCHEMA
from gradcalc.truth.claims.intervals import Arithmetic, Weak
from gradcalc.truth.claims.proofs import question, verify
from gradcalc.truth.claims.verify import TREE_BITS, Case, matrix_of
from gradcalc.truth.critical.answer import Critical, CriticalPoint
from gradcalc.truth.critical.box import read_box
from gradcalc.truth.critical.find import PAD
from gradcalc.truth.critical.prove import Proof, exactly, proved
from gradcalc.truth.critical.regions import clipped, clusters
from gradcalc.truth.critical.search import BISECTION, Boxes, Clock, Enclosing, no_boxes, search, together
from gradcalc.truth.critical.system import System, of_equations, of_gradient, with_tops

_SHRUNK = (0.8, 0.5, 0.3, 0.15, 0.05, 0.01, 0.001)
"""How large the box that holds a zero alone is, as a part of the one that the search has proved."""
_FLAT = 2.0**-10
"""How wide a side of it is first tried, at least, as a part of the whole: x = 2 leaves a flat box."""
_BITS = 1100
"""Of the ends of a box, before they become doubles."""
_MOST, _OPEN, _READ = 5_000_000, 200, 3_000
"""Pieces of a tree, and boxes of which nothing is claimed, at most; pieces of a file that is read again at once."""
_ASKED, _NARROW = 20_000, 2.0**-24
"""How often the verifier is asked, at most; how narrow a piece may get, as a part of the sides."""
_COARSE = Arithmetic(TREE_BITS)
_LEAST = 20
"""Digits of what is unknown beside the variables, at least."""
_APART, _ALONG = 2.0**-20, 2.0**-9
"""How much wider than what is left a box is of which nothing is claimed: about a point, and of those along a curve."""
_WIDE = 4
"""Units of the last digit between a zero and the sides of its small box."""
_SECONDS = 600.0
"""For the search of all cases, at most."""
_NEAR = 1e-8
"""How near a zero of the search is to the digits of its point, relative to its size."""
_STANDS = "without --proof the answer stands as it is"


def write_proof(answer: Critical, path: Path, limits: Limits) -> tuple[Mapping[str, Any], ...]:
    """Write the file; told are the boxes of which it claims nothing.

    Raises:
        UsageError: the answer rests on a step that files do not carry.
        FileError: the file cannot be written.
    """
    reason = "extreme values are" if answer.asked else "infinite sides are" if answer.searched else ""
    if not (reason or answer.complete or answer.unsettled or answer.flat):
        reason = "what there was no time for is"
    if reason:
        raise UsageError(f"{reason} not carried by proof files yet", hint=_STANDS)
    said = answer.to_dict()
    head: dict[str, Any] = {
        "schema": SCHEMA, "proof": "critical", "task": answer.task, "expression": answer.expression,
        "variables": list(answer.variables), "box": said["box"], "let": said["let"],
        "subject_to": list(answer.constraints),
    }  # fmt: skip
    try:
        cases = question(head, limits).cases
    except Weak as weak:
        raise UsageError(f"this is not carried by proof files yet: {weak}", hint=_STANDS) from None
    clock = Clock(end=time.monotonic() + _SECONDS)
    for is_careful in (False, True):
        parts = [_Part(case, answer, clock, is_careful) for case in cases]
        head["claim"], kept, open_ = _claim(answer, parts)
        with complete_file(path) as target:
            count = _written(_text(head, parts, kept, open_), target)
            found = verify(target, limits=limits) if count < _READ and target.is_file() else None
            if found is None or found.reason is None:
                return tuple(head["claim"]["unsettled"])
            if is_careful:
                raise UsageError(f"this is not carried by proof files yet: {found.reason}", hint=_STANDS)
    raise AssertionError


def _claim(answer: Critical, parts: Sequence["_Part"]) -> tuple[dict[str, Any], list[int], list[Any]]:
    """What a file claims; the numbers of its points in the answer; the boxes of which it claims nothing."""
    open_ = [box for part in parts for box in part.left]
    if len(open_) > _OPEN:
        raise UsageError("too much of the box would be left out of the proof", hint=_STANDS)
    met = [zero.point for part in parts for zero in part.zeros if zero.point is not None]
    kept = sorted(set(met))
    if len(kept) < len(met):
        raise UsageError("a point that several cases meet is not carried by proof files yet", hint=_STANDS)
    unsettled = [{name: [float(low), float(high)] for name, low, high in zip(answer.variables, *box, strict=True)}
                 for box in open_]  # fmt: skip
    points = [answer.points[k].to_dict() for k in kept]
    return {"points": points, "unsettled": unsettled, "complete": not unsettled}, kept, open_


def _written(texts: Iterator[str], target: Path) -> int:
    """Write a file, piece by piece; how many there were."""
    count = 0
    with target.open("w", encoding="utf-8") as file:
        for text in texts:
            file.write(text)
            count += 1
    return count


def _text(head: Mapping[str, Any], parts: Sequence["_Part"], kept: Sequence[int], open_: Any) -> Iterator[str]:
    """The text of the file, piece by piece."""
    place = {number: k for k, number in enumerate(kept)}
    separator = json.dumps(head)[:-1] + ', "cases": [\n'
    for part in parts:
        zeros = [{"point": None if zero.point is None else place[zero.point], **zero.aid} for zero in part.zeros]
        separator += json.dumps({"zeros": zeros})[:-1] + ', "tree": [\n'
        for step in part.steps(open_):
            yield separator + step
            separator = ",\n"
        yield "\n]}"
        separator = ",\n"
    yield "\n]}\n"


# -- cases -------------------------------------------------------------------------------------------------------------


def _system(case: Case) -> System:
    """The equations of a case for the search, which takes derivatives as nodes."""
    graph, unknowns, parts = case.system.graph, case.system.unknowns, case.system.parts
    (node, _), *others = parts
    if len(parts) == len(unknowns) and parts == tuple((node, k) for k in range(len(unknowns))):
        system = of_gradient(graph, node, unknowns)
    else:
        slopes = {node: derive.gradient(graph, node, unknowns) for node, k in parts if k is not None}
        system = of_equations(graph, [node if k is None else slopes[node][k] for node, k in parts], unknowns)
    return System(
        graph, system.inputs, system.components, system.jacobian, case.value, below=case.system.below,
        beside=tuple(node for node, k in parts if k is None) if case.value is not None else (),
    )  # fmt: skip


def _box(case: Case) -> Boxes:
    """Doubles around the box of a case."""
    on, low, high = Arithmetic(_BITS), [], []
    for first, last in case.sides:
        a, b = (Fraction(end(on)[k], 2**_BITS) for end, k in ((first, 0), (last, 1)))
        low.append([float(a) if float(a) <= a else np.nextafter(float(a), -np.inf)])
        high.append([float(b) if float(b) >= b else np.nextafter(float(b), np.inf)])
    return Boxes(np.array(low), np.array(high))


@dataclass
class _Zero:
    """A zero of a case: which point of the answer it is, or none; its small box, and in text what it is exactly."""

    number: int
    point: int | None
    small: list[tuple[Fraction, Fraction]]
    exact: list[str] = field(default_factory=list)
    aid: dict[str, Any] = field(default_factory=dict)


class _Part:
    """A case, searched once more: its zeros, and boxes in the variables of which nothing is claimed."""

    def __init__(self, case: Case, answer: Critical, clock: Clock, is_careful: bool) -> None:
        self.case, self.answer, self.system, self.box = case, answer, _system(case), _box(case)
        self.is_careful = is_careful
        is_rough = bool(Enclosing(self.system).flags(self.box) & (OUTSIDE | KINK | JUMP))
        self.system = with_tops(self.system) if is_rough else self.system
        self.enclosing = Enclosing(self.system)
        self.left: list[tuple[list[float], list[float]]] = []
        self.sides = self.box.high - self.box.low
        pad = PAD * self.sides
        found = search(self.system, Boxes(self.box.low - pad, self.box.high + pad), clock)
        if not found.is_whole:
            raise UsageError("there was not the time for a proof file", hint=_STANDS)
        left = clipped(found.left, self.box.low, self.box.high)
        for members, is_cell in clusters(left, self.sides):
            self._leave(left.take(members).hull(), _ALONG if is_cell else _APART)
        self.zeros = self._zeros(found.zeros)
        self._aid(found.unique)
        if is_rough or is_careful:
            tree = self._tree(self.left)
            for _ in tree.steps(self.box, dry=True):
                pass
            stuck = together(tree.stuck, self.system.size)
            for members, is_cell in clusters(stuck, self.sides):
                self._leave(stuck.take(members).hull(), _ALONG if is_cell else _APART)

    def _leave(self, hull: Boxes, wider: float = _APART) -> None:
        """Take down a box of which nothing is claimed, a little wider."""
        reach = 0.5 * (hull.high - hull.low) + wider * self.sides
        count = self.case.count
        self.left.append(((hull.low - reach)[:count, 0].tolist(), (hull.high + reach)[:count, 0].tolist()))

    def _zeros(self, zeros: Boxes) -> list[_Zero]:
        """The zeros with their points; what may be one that counts, and is none of the answer's, is left."""
        points, count = self.answer.points, self.case.count
        at = np.array([list(point.floats.values()) for point in points]).reshape(-1, count)
        middle = 0.5 * zeros.low + 0.5 * zeros.high
        values = self.enclosing.values(zeros, self.system.below)
        no = np.zeros(len(zeros), bool)
        for node in self.system.below:
            no |= np.broadcast_to(values[node].low > 0, no.shape)
        no |= ((zeros.high < self.box.low) | (zeros.low > self.box.high)).any(axis=0)
        found = []
        for k in range(len(zeros)):
            near = np.abs(at - middle[:count, k]) <= _NEAR * (1e-3 + np.abs(middle[:count, k]))
            matches = [] if no[k] else np.flatnonzero(near.all(axis=1)).tolist()
            made = self._zero(zeros.take([k]), k, points[matches[0]] if len(matches) == 1 else None)
            if made is None or not matches and not no[k]:
                self._leave(zeros.take([k]))
            else:
                made.point = matches[0] if matches else None
                found.append(made)
        return found

    def _zero(self, zero: Boxes, number: int, point: CriticalPoint | None) -> _Zero | None:
        """A zero with its small box, by its point's digits; None where it is not proved well enough."""
        names, count = self.answer.variables, self.case.count
        if point is None:
            return _Zero(number, None, _text_box(zero))
        small, exact_ = _small(point.at, names), list[str]()
        if point.on_face or len(self.case.sides) > count:
            digits = max(_LEAST, *(len(text) for text in point.at.values()))
            proof = proved(self.system, zero.low[:, 0], zero.high[:, 0], digits)
            if proof is None:
                return None
            small += [_around(ball, digits) for ball in proof.at[count:]]
            exact_ = self._exact(proof) if point.on_face else []
            if point.on_face and not exact_:
                return None
        return _Zero(number, None, small, exact_)

    def _exact(self, proof: Proof) -> list[str]:
        """The numbers of a zero on a face as formulas; none where they are not known."""
        balls, known, texts = Balls(proof.precision), {}, {}
        with ctx.workprec(proof.precision):
            for k, (name, sides) in enumerate(self.answer.box.items()):
                for text, end in zip(sides, self._ends(balls, name), strict=True):
                    if end is not None and proof.at[k].overlaps(end):
                        known[k], texts[k] = end, str(text)
        found = exactly(self.system, proof, known)
        if found is None:
            return []
        written = [_formula(exact(ball)) for ball in found.at]
        return [texts.get(k) or text for k, text in enumerate(written)] if all(written) else []

    def _ends(self, balls: Balls, name: str) -> Sequence[arb | None]:
        """The ends of a side as balls."""
        (side,) = read_box({name: self.answer.box[name]}, Limits())
        return side.balls(balls)

    def _aid(self, unique: Boxes) -> None:
        """What the verifier takes of each zero: the boxes, with the inverses."""
        self.alone = no_boxes(self.system.size)
        if not self.zeros:
            return
        middles = [[float((low + high) / 2) for low, high in zero.small] for zero in self.zeros]
        centres = np.array(middles).T
        self.alone = _alone(self.enclosing, unique.take([zero.number for zero in self.zeros]), centres, self.sides)
        wide, tips = (self.enclosing.krawczyk(each).inverse for each in (self.alone, Boxes(centres, centres)))
        for k, zero in enumerate(self.zeros):
            zero.aid = {
                "box": [[str(_decimal(low)), str(_decimal(high))] for low, high in zero.small],
                "unique": np.stack((self.alone.low[:, k], self.alone.high[:, k]), axis=1).tolist(),
                "inverse": tips[k].tolist(), "wide_inverse": wide[k].tolist(),
                **({"exact": zero.exact} if zero.exact else {}),
            }  # fmt: skip

    def steps(self, open_: Sequence[tuple[list[float], list[float]]]) -> Iterator[str]:
        """The tree of the case."""
        return self._tree(open_).steps(self.box)

    def _tree(self, open_: Sequence[tuple[list[float], list[float]]]) -> "_Tree":
        corners = [np.array([box[k] for box in open_]).reshape(-1, self.case.count).T for k in (0, 1)]
        return _Tree(self.case, self.enclosing, self.alone, Boxes(*corners), self.sides, self.is_careful)


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


class Shelf:
    """Boxes in the order of their first sides, so that those about a place are found."""

    def __init__(self, boxes: Boxes) -> None:
        self.order = np.argsort(boxes.low[0], kind="stable")
        self.boxes = boxes.take(self.order)
        self.widths = (boxes.high - boxes.low).max(axis=1, initial=0.0)

    def holding(self, boxes: Boxes) -> Any:
        """For each of some boxes the number of one that it lies in, -1 where there is none."""
        result = np.full(len(boxes), -1)
        small = np.flatnonzero(((boxes.high - boxes.low) <= self.widths[:, None]).all(axis=0))
        low, high = boxes.low[:, small], boxes.high[:, small]
        first = np.searchsorted(self.boxes.low[0], high[0] - self.widths[0] * (1 + 1e-9))
        last = np.searchsorted(self.boxes.low[0], low[0], "right")
        while len(small):
            open_ = first < last
            small, first, last, low, high = small[open_], first[open_], last[open_], low[:, open_], high[:, open_]
            around = self.boxes.take(first)
            inside = ((around.low <= low) & (around.high >= high)).all(axis=0)
            result[small[inside]] = self.order[first[inside]]
            first = np.where(inside, last, first + 1)
        return result


@dataclass
class _Tree:
    """The pieces of a box, level by level: for each what is done with it, told at once; in memory is one level."""

    case: Case
    enclosing: Enclosing
    alone: Boxes
    open: Boxes
    sides: Any
    is_careful: bool = False
    count: int = 1
    asked: int = 0
    stuck: list[Boxes] = field(default_factory=list)

    def steps(self, box: Boxes, dry: bool = False) -> Iterator[str]:
        """What is done with each piece, as it stands in the file, until all have their reasons.

        Args:
            dry: take down pieces that are too narrow to be cut any further as `stuck`, and go on without them.
        """
        shelf, level = Shelf(self.alone), box
        while len(level):
            parts = [slice(k, k + self.enclosing.batch) for k in range(0, len(level), self.enclosing.batch)]
            halves = []
            for part in parts:
                told, left = self._pieces(level.take(part), shelf)
                yield from told
                halves.append(left)
            level = together(halves, self.enclosing.system.size)
            narrow = ((level.high - level.low) <= _NARROW * self.sides).all(axis=0)
            if dry:
                self.stuck.append(level.take(narrow))
                level = level.take(~narrow)
            elif narrow.any():
                raise UsageError("a piece of the proof is too narrow to be cut", hint=_STANDS)

    def _pieces(self, boxes: Boxes, shelf: Shelf) -> tuple[list[str], Boxes]:
        """Reasons of boxes where there are; and the halves of the others."""
        told = np.full(len(boxes), "", object)
        inside = shelf.holding(boxes)
        for k in np.flatnonzero(inside >= 0).tolist():
            told[k] = f'["in", {inside[k]}]'
        for k, (low, high) in enumerate(zip(self.open.low.T, self.open.high.T, strict=True)):
            size = len(low)
            held = ((boxes.low[:size] >= low[:, None]) & (boxes.high[:size] <= high[:, None])).all(axis=0)
            told[held & (told == "")] = f'["left", {k}]'
        places = np.flatnonzero(told == "")
        rest = boxes.take(places)
        out = self.enclosing.excluded(rest)
        rough = np.flatnonzero(out & (self.is_careful | self._rough(rest)))
        out[rough] = [self._is_believed(rest, k) for k in rough.tolist()]
        told[places[out]] = '["out"]'
        places, rest = places[~out], rest.take(~out)
        found = self.enclosing.krawczyk(rest)
        none = found.none
        if self.is_careful:
            asked = np.flatnonzero(none).tolist()
            none[asked] = [self._is_believed(rest, k, found.inverse[k].tolist()) for k in asked]
        off = np.flatnonzero(none)
        told[places[off]] = [f'["off", {rows.tolist()!r}]' for rows in found.inverse[off]]
        axes, cuts, halves = self._cut(rest.take(~none))
        told[places[~none]] = [f'["cut", {axis}, {cut!r}]' for axis, cut in zip(axes, cuts, strict=True)]
        return told.tolist(), halves

    def _rough(self, boxes: Boxes) -> Any:
        """Where not all is smooth."""
        nodes = tuple(dict.fromkeys((*self.enclosing.system.needed, *self.enclosing.system.components)))
        rough, values = np.zeros(len(boxes), bool), self.enclosing.values(boxes, nodes)
        for node in nodes:
            rough |= np.asarray(values[node].flags) > 0
        return rough

    def _is_believed(self, boxes: Boxes, k: int, inverse: Any = None) -> bool:
        """Whether the verifier sees that no zero is in a box: its means are fewer where not all is smooth."""
        self.asked += 1
        if self.asked > _ASKED:
            raise UsageError("the formula is not smooth in too much of the box for a proof file", hint=_STANDS)
        sides = zip(boxes.low[:, k].tolist(), boxes.high[:, k].tolist(), strict=True)
        box = [_COARSE.of(Fraction(low), Fraction(high)) for low, high in sides]
        return self.case.system.is_empty(_COARSE, box, None if inverse is None else matrix_of(_COARSE, inverse))

    def _cut(self, boxes: Boxes) -> tuple[Any, Any, Boxes]:
        """Across which sides boxes are cut, and where; and their halves, those of a box one after the other."""
        columns = np.arange(len(boxes))
        self.count += 2 * len(boxes)
        if self.count > _MOST:
            raise UsageError(f"the proof has more than {_MOST:,} pieces", hint="a smaller box")
        longest = np.argmax((boxes.high - boxes.low) / self.sides, axis=0)
        low, high = boxes.low[longest, columns], boxes.high[longest, columns]
        cut = np.minimum(np.maximum(low + BISECTION * (high - low), low), high)
        lows, highs = np.repeat(boxes.low, 2, axis=1), np.repeat(boxes.high, 2, axis=1)
        highs[longest, 2 * columns] = lows[longest, 2 * columns + 1] = cut
        return longest.tolist(), cut.tolist(), Boxes(lows, highs)
