"""A proof file of a `Critical`: what a sceptic needs to believe it without the search that found it. Imports search.

    answer ──zeros──▶ a small and a large box about each, with the inverses that Krawczyk's operator takes
    box ──bisect──▶ a tree of pieces, each with the reason why no zero but those lies in it

`truth.verify` reads it, and shares nothing with this.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradcalc.errors import UsageError
from gradcalc.files import complete_file
from gradcalc.language.parse import as_formula
from gradcalc.language.points import to_bindings
from gradcalc.settings import Limits
from gradcalc.show.answer import SCHEMA
from gradcalc.truth.critical.answer import Critical, CriticalPoint
from gradcalc.truth.critical.box import corners, fitted, read_box
from gradcalc.truth.critical.prove import evaluated
from gradcalc.truth.critical.search import BISECTION, Boxes, Enclosing, Found, together
from gradcalc.truth.critical.system import System, of_equations, of_gradient

_SHRUNK = (0.8, 0.5, 0.3, 0.15, 0.05, 0.01, 0.001)
"""How large the box that holds a zero alone is, as a part of the one that the search has proved."""
_BITS = 128
_MOST = 5_000_000
"""Pieces of a tree, at most."""
_WIDE = 4
"""Units of the last digit between a zero and the sides of its small box."""


def write_proof(answer: Critical, found: Sequence[Found], path: Path, limits: Limits) -> None:
    """Write the file.

    Args:
        found: what the search has found, of which the answer tells; none where it has solved several systems.

    Raises:
        UsageError: the answer rests on a step that files do not carry.
        FileError: the file cannot be written.
    """
    _check(answer)
    roots = answer.task == "roots"
    let = to_bindings(dict(answer.let), limits)
    formula = as_formula(answer.expression, let=let, limits=limits, array=roots)
    sides = fitted(read_box(dict(answer.box), limits), [formula], {})
    inputs = [formula.graph.input(side.name) for side in sides]
    graph = formula.graph
    system = of_equations(graph, formula.items, inputs) if roots else of_gradient(graph, formula.output, inputs)
    with complete_file(path) as target, target.open("w", encoding="utf-8") as file:
        file.writelines(_text(answer, system, Boxes(*corners(sides)), found[0]))


def _text(answer: Critical, system: System, box: Boxes, found: Found) -> Iterator[str]:
    """The text of the file, piece by piece; `box` has two doubles around each side."""
    enclosing = Enclosing(system)
    sides = np.maximum(box.high - box.low, 1e-300)
    small = [_small(point.at, answer.variables) for point in answer.points]
    centres = np.array([[float((low + high) / 2) for low, high in each] for each in small]).reshape(-1, system.size).T
    chosen, beside = _matched(found.unique, centres)
    others = found.zeros.take(beside)
    middle = 0.5 * others.low + 0.5 * others.high
    alone = _alone(enclosing, found.unique.take([*chosen, *beside]), np.hstack([centres, middle]))
    inverses = enclosing.krawczyk(alone).inverse
    tips = enclosing.krawczyk(Boxes(np.hstack([centres, middle]), np.hstack([centres, middle]))).inverse
    exact = [_exact(system, point, answer.variables) for point in answer.points] + [None] * len(others)
    small += [_text_box(others.take([k])) for k in range(len(others))]
    aids = [
        {
            "box": [[str(_decimal(low)), str(_decimal(high))] for low, high in each],
            "unique": [list(map(float, side)) for side in zip(alone.low[:, k], alone.high[:, k], strict=True)],
            "inverse": tips[k].tolist(), "wide_inverse": inverses[k].tolist(),
            **({"exact": exact[k]} if exact[k] else {}),
        }
        for k, each in enumerate(small)
    ]  # fmt: skip
    said = answer.to_dict()
    claim = {key: said[key] for key in ("points", "complete")}
    head = {
        "schema": SCHEMA, "proof": "critical", "task": answer.task, "expression": answer.expression,
        "variables": list(answer.variables), "box": said["box"], "let": said["let"],
        "claim": claim, "points": aids[: len(answer.points)], "others": aids[len(answer.points) :],
    }  # fmt: skip
    separator = json.dumps(head)[:-1] + ', "tree": [\n'
    for step in _Tree(enclosing, alone, sides).steps(box):
        yield separator + step
        separator = ",\n"
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
    elif answer.searched:
        reason = "infinite sides are not carried by proof files yet"
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


def _exact(system: System, point: CriticalPoint, names: Sequence[str]) -> list[str] | None:
    """The numbers of a point on a face, at which the components are exactly 0; None of one inside."""
    if not point.on_face:
        return None
    texts = [point.at[name] for name in names]
    at = [arb(fmpq(*Fraction(text).as_integer_ratio())) for text in texts]
    values = evaluated(system, _BITS, at, system.components)
    if not all(arb(float(text)) == ball for text, ball in zip(texts, at, strict=True)) or not all(
        isinstance(values[node], arb) and values[node].is_zero() for node in system.components
    ):
        what = "a point on a face of the box that is no short binary number is not carried by proof files yet"
        raise UsageError(what, hint="without --proof the answer stands as it is; a larger box has it inside")
    return texts


def _text_box(box: Boxes) -> list[tuple[Fraction, Fraction]]:
    """A box of doubles, a little wider."""
    sides = zip(box.low[:, 0], box.high[:, 0], strict=True)
    return [(Fraction(float(a)) - Fraction(1, 10**13), Fraction(float(b)) + Fraction(1, 10**13)) for a, b in sides]


def _decimal(value: Fraction) -> Any:
    """A decimal near a number: the file holds no fractions."""
    return Context(prec=60).divide(Decimal(value.numerator), Decimal(value.denominator))


def _matched(unique: Boxes, centres: Any) -> tuple[list[int], list[int]]:
    """For each point the number of the box that holds it alone; and those of the boxes that hold no point."""
    chosen = Shelf(unique).holding(Boxes(centres, centres)).tolist()
    if -1 in chosen or len(set(chosen)) < len(chosen):
        raise UsageError("a point is not held alone by a box of doubles", hint="without --proof the answer stands")
    return chosen, sorted(set(range(len(unique))) - set(chosen))


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

    enclosing: Enclosing
    alone: Boxes
    sides: Any
    count: int = 1

    def steps(self, box: Boxes) -> Iterator[str]:
        """What is done with each piece, as it stands in the file, until all have their reasons."""
        shelf, level = Shelf(self.alone), box
        while len(level):
            parts = [slice(k, k + self.enclosing.batch) for k in range(0, len(level), self.enclosing.batch)]
            halves = []
            for part in parts:
                told, left = self._pieces(level.take(part), shelf)
                yield from told
                halves.append(left)
            level = together(halves, self.enclosing.system.size)

    def _pieces(self, boxes: Boxes, shelf: Shelf) -> tuple[list[str], Boxes]:
        """Reasons of boxes where there are; and the halves of the others."""
        told = np.full(len(boxes), "", object)
        inside = shelf.holding(boxes)
        held = np.flatnonzero(inside >= 0)
        told[held] = [f'["in", {k}]' for k in inside[held]]
        places = np.flatnonzero(inside < 0)
        rest = boxes.take(places)
        out = self.enclosing.excluded(rest)
        if out.any() and self.enclosing.flags(rest.take(out)):
            what = "a pole, a kink or a part without a value in the box is not carried by proof files yet"
            raise UsageError(what, hint="without --proof the answer stands as it is")
        told[places[out]] = '["out"]'
        places, rest = places[~out], rest.take(~out)
        found = self.enclosing.krawczyk(rest)
        off = np.flatnonzero(found.none)
        told[places[off]] = [f'["off", {rows.tolist()!r}]' for rows in found.inverse[off]]
        axes, cuts, halves = self._cut(rest.take(~found.none))
        told[places[~found.none]] = [f'["cut", {axis}, {cut!r}]' for axis, cut in zip(axes, cuts, strict=True)]
        return told.tolist(), halves

    def _cut(self, boxes: Boxes) -> tuple[Any, Any, Boxes]:
        """Across which sides boxes are cut, and where; and their halves, those of a box one after the other."""
        columns = np.arange(len(boxes))
        self.count += 2 * len(boxes)
        if self.count > _MOST:
            raise UsageError(f"the proof has more than {_MOST:,} pieces", hint="a smaller box")
        longest = np.argmax((boxes.high - boxes.low) / self.sides, axis=0)
        low, high = boxes.low[longest, columns], boxes.high[longest, columns]
        cut = np.minimum(np.maximum(low + BISECTION * (high - low), low), high)
        if not ((low < cut) & (cut < high)).all():
            raise UsageError("a piece of the proof is too narrow to be cut", hint="without --proof the answer stands")
        lows, highs = np.repeat(boxes.low, 2, axis=1), np.repeat(boxes.high, 2, axis=1)
        highs[longest, 2 * columns] = lows[longest, 2 * columns + 1] = cut
        return longest.tolist(), cut.tolist(), Boxes(lows, highs)
