"""A proof file of a `Critical`: what a sceptic needs to believe it without the search that found it. Imports search.

    answer ──zeros──▶ a small and a large box about each, with the inverses that Krawczyk's operator takes
    box ──bisect──▶ a tree of pieces, each with the reason why no zero but those lies in it

`truth.verify` reads it, and shares nothing with this.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from gradcalc.errors import UsageError
from gradcalc.files import complete_file
from gradcalc.language.parse import as_formula
from gradcalc.settings import Limits
from gradcalc.show.answer import SCHEMA
from gradcalc.truth.critical.answer import Critical
from gradcalc.truth.critical.box import corners, fitted, read_box
from gradcalc.truth.critical.find import PAD
from gradcalc.truth.critical.search import BISECTION, Boxes, Clock, Enclosing, search, together
from gradcalc.truth.critical.system import System, of_equations, of_gradient

_SHRUNK = (0.8, 0.5, 0.3, 0.15, 0.05, 0.01, 0.001)
"""How large the box that holds a zero alone is, as a part of the one that the search has proved."""
_MOST = 1_000_000
"""Pieces of a tree, at most."""
_WIDE = 4
"""Units of the last digit between a zero and the sides of its small box."""


def write_proof(answer: Critical, path: Path, limits: Limits) -> None:
    """Write the file.

    Raises:
        UsageError: the answer rests on a step that files do not carry.
        FileError: the file cannot be written.
    """
    _check(answer)
    roots = answer.task == "roots"
    formula = as_formula(answer.expression, limits=limits, array=roots)
    sides = fitted(read_box(dict(answer.box), limits), [formula], {})
    inputs = [formula.graph.input(side.name) for side in sides]
    graph = formula.graph
    system = of_equations(graph, formula.items, inputs) if roots else of_gradient(graph, formula.output, inputs)
    with complete_file(path) as target, target.open("w", encoding="utf-8") as file:
        file.writelines(_text(answer, system, Boxes(*corners(sides))))


def _text(answer: Critical, system: System, box: Boxes) -> Iterator[str]:
    """The text of the file, piece by piece; `box` has two doubles around each side."""
    enclosing = Enclosing(system)
    sides = np.maximum(box.high - box.low, 1e-300)
    found = search(system, Boxes(box.low - PAD * sides, box.high + PAD * sides), Clock())
    small = [_small(point.at, answer.variables) for point in answer.points]
    centres = np.array([[float((low + high) / 2) for low, high in each] for each in small]).reshape(-1, system.size).T
    large, beside = _matched(found.unique, found.zeros, centres)
    others = found.zeros.take(beside)
    middle = 0.5 * others.low + 0.5 * others.high
    alone = _alone(enclosing, together([large, found.unique.take(beside)], system.size), np.hstack([centres, middle]))
    inverses = enclosing.inverses(alone)
    tips = enclosing.inverses(Boxes(np.hstack([centres, middle]), np.hstack([centres, middle])))
    small += [_text_box(others.take([k])) for k in range(len(others))]
    aids = [
        {
            "box": [[str(_decimal(low)), str(_decimal(high))] for low, high in each],
            "unique": [list(map(float, side)) for side in zip(alone.low[:, k], alone.high[:, k], strict=True)],
            "inverse": tips[k].tolist(), "wide_inverse": inverses[k].tolist(),
        }
        for k, each in enumerate(small)
    ]  # fmt: skip
    tree = _Tree(enclosing, alone, sides)
    tree.grow(box)
    claim = {key: answer.to_dict()[key] for key in ("points", "complete")}
    head = {
        "schema": SCHEMA, "proof": "critical", "task": answer.task, "expression": answer.expression,
        "variables": list(answer.variables), "box": answer.to_dict()["box"], "let": answer.to_dict()["let"],
        "claim": claim, "points": aids[: len(answer.points)], "others": aids[len(answer.points) :],
    }  # fmt: skip
    yield json.dumps(head)[:-1] + ', "tree": [\n'
    for k, step in enumerate(tree.steps()):
        yield (",\n" if k else "") + json.dumps(step)
    yield "\n]}\n"


def _check(answer: Critical) -> None:
    """Refuse what a file does not carry."""
    kinds = {point.kind for point in answer.points} - {"minimum", "maximum", "saddle", "root"}
    reason = ""
    if not answer.complete:
        reason = "what is not complete is not carried by proof files yet"
    elif answer.constraints or answer.asked:
        reason = "extreme values and constraints are not carried by proof files yet"
    elif kinds:
        reason = f"a point that is {'a kink' if 'kink' in kinds else 'degenerate'} is not carried by proof files yet"
    elif any(point.on_face for point in answer.points):
        reason = "a point on a face of the box is not carried by proof files yet"
    elif answer.searched:
        reason = "infinite sides are not carried by proof files yet"
    elif answer.let:
        reason = "values of --let are not carried by proof files yet"
    if reason:
        raise UsageError(reason, hint="without --proof the answer stands as it is")


def _small(at: Mapping[str, str], names: Sequence[str]) -> list[tuple[Fraction, Fraction]]:
    """A box about the digits of a point."""
    sides = []
    for name in names:
        value = Fraction(at[name])
        digits = max(0, 19 - len(str(abs(int(value)))))
        reach = Fraction(_WIDE, 10 ** max(digits, len(at[name].partition(".")[2])))
        sides.append((value - reach, value + reach))
    return sides


def _text_box(box: Boxes) -> list[tuple[Fraction, Fraction]]:
    """A box of doubles, a little wider."""
    sides = zip(box.low[:, 0], box.high[:, 0], strict=True)
    return [(Fraction(float(a)) - Fraction(1, 10**13), Fraction(float(b)) + Fraction(1, 10**13)) for a, b in sides]


def _decimal(value: Fraction) -> Any:
    """A decimal near a number: the file holds no fractions."""
    return Context(prec=60).divide(Decimal(value.numerator), Decimal(value.denominator))


def _matched(unique: Boxes, zeros: Boxes, centres: Any) -> tuple[Boxes, list[int]]:
    """For each point the box of the search that holds it alone; and the numbers of the zeros that are no point."""
    chosen, rest = [], set(range(len(unique)))
    for centre in centres.T:
        near = np.maximum(np.abs(zeros.low - centre[:, None]), np.abs(zeros.high - centre[:, None])).max(axis=0)
        best = int(np.argmin(near)) if len(near) else -1
        if best not in rest:
            raise UsageError("a point is not held alone by a box of doubles", hint="without --proof the answer stands")
        rest.discard(best)
        chosen.append(best)
    return unique.take(chosen), sorted(rest)


def _alone(enclosing: Enclosing, boxes: Boxes, centres: Any) -> Boxes:
    """Boxes about zeros that the operator maps well into themselves, as large as may be."""
    half = 0.5 * (boxes.high - boxes.low)
    result = Boxes(boxes.low.copy(), boxes.high.copy())
    open_ = np.ones(len(boxes), bool)
    for part in _SHRUNK:
        tried = Boxes(centres - part * half, centres + part * half)
        image = enclosing.krawczyk(tried)
        good = image.one & ((image.image.high - image.image.low) < 0.8 * (tried.high - tried.low)).all(axis=0) & open_
        result.low[:, good], result.high[:, good] = tried.low[:, good], tried.high[:, good]
        open_ &= ~good
    return result


@dataclass
class _Tree:
    """The pieces of a box: for each what is done with it."""

    enclosing: Enclosing
    alone: Boxes
    sides: Any
    what: list[Any] = field(default_factory=list)
    below: dict[int, tuple[int, int]] = field(default_factory=dict)

    def grow(self, box: Boxes) -> None:
        """Cut until each piece has its reason."""
        self.what.append(None)
        level, numbers = box, np.array([0])
        while len(level):
            parts = [slice(k, k + self.enclosing.batch) for k in range(0, len(level), self.enclosing.batch)]
            made = [self._piece(level.take(part), numbers[part]) for part in parts]
            level = together([boxes for boxes, _ in made], self.enclosing.system.size)
            numbers = np.concatenate([each for _, each in made])

    def _piece(self, boxes: Boxes, numbers: Any) -> tuple[Boxes, Any]:
        """Give reasons to boxes where there are; the halves of the others, and their numbers."""
        open_ = np.ones(len(boxes), bool)
        for k in range(len(self.alone)):
            low, high = self.alone.low[:, [k]], self.alone.high[:, [k]]
            inside = ((boxes.low >= low) & (boxes.high <= high)).all(axis=0) & open_
            for place in np.flatnonzero(inside):
                self.what[numbers[place]] = ["in", k]
            open_ &= ~inside
        out = self.enclosing.excluded(boxes) & open_
        if out.any() and self.enclosing.flags(boxes.take(out)):
            what = "a pole, a kink or a part without a value in the box is not carried by proof files yet"
            raise UsageError(what, hint="without --proof the answer stands as it is")
        for place in np.flatnonzero(out):
            self.what[numbers[place]] = ["out"]
        open_ &= ~out
        rest = boxes.take(open_)
        if not len(rest):
            return rest, numbers[:0]
        off, places = self.enclosing.krawczyk(rest).none, np.flatnonzero(open_)
        for place, inverse in zip(places[off], self.enclosing.inverses(rest.take(off)), strict=True):
            self.what[numbers[place]] = ["off", inverse.tolist()]
        return self._cut(rest.take(~off), numbers[places[~off]])

    def _cut(self, boxes: Boxes, numbers: Any) -> tuple[Boxes, Any]:
        """The halves of boxes, and their numbers."""
        count = len(boxes)
        if len(self.what) + 2 * count > _MOST:
            raise UsageError(f"the proof has more than {_MOST:,} pieces", hint="a smaller box")
        columns = np.arange(count)
        longest = np.argmax((boxes.high - boxes.low) / self.sides, axis=0)
        low, high = boxes.low[longest, columns], boxes.high[longest, columns]
        cut = np.minimum(np.maximum(low + BISECTION * (high - low), low), high)
        first = len(self.what)
        for k, number in enumerate(numbers):
            if not low[k] < cut[k] < high[k]:
                raise UsageError(
                    "a piece of the proof is too narrow to be cut", hint="without --proof the answer stands"
                )
            self.what[number] = ["cut", int(longest[k]), float(cut[k])]
            self.below[int(number)] = (first + k, first + count + k)
        self.what += [None] * (2 * count)
        left, right = boxes.high.copy(), boxes.low.copy()
        left[longest, columns] = right[longest, columns] = cut
        halves = Boxes(np.concatenate((boxes.low, right), 1), np.concatenate((left, boxes.high), 1))
        return halves, np.arange(first, first + 2 * count)

    def steps(self) -> Iterator[Any]:
        """What is done with the pieces: a cut, all of its lower half, all of its upper half."""
        stack = [0]
        while stack:
            number = stack.pop()
            yield self.what[number]
            if number in self.below:
                low, high = self.below[number]
                stack += [high, low]
