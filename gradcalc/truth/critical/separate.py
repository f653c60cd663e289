"""Sums of functions of different variables, and systems that fall apart: each part is searched for itself.

    f(x, y) = g(x) + h(y):   the critical points of f are the pairs of those of g and of h

Clarke's slopes of such a sum are the pairs of the parts' slopes too. So six variables of which none meets another are
six searches in one variable, where degenerate points and kinks are settled that in six would be left.

Flow: parts of the system, an outcome of each, all ways to take one of each. Imports find.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np
from flint import arb, ctx

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.truth.critical.find import BORDER, Quest
from gradcalc.truth.critical.regions import covering, cut_to_size
from gradcalc.truth.critical.search import Boxes, together
from gradcalc.truth.critical.solution import Outcome, Solution
from gradcalc.truth.critical.system import System, of_equations, of_gradient, without_exponentials

_MOST = 100_000
"""Points and boxes that parts make together, at most: of more the whole is searched, as long as there is time."""
_FEW = 2_000
"""Boxes of which nothing is known that are told one by one; of more, few that cover them."""


def all_zeros(quest: Quest) -> Outcome:
    """All that is proved of the zeros of a system, part by part where it falls apart."""
    parts = _parts(quest.system)
    if len(parts) < 2:
        return quest.run()
    found = []
    for system in parts:
        places = [quest.system.inputs.index(node) for node in system.inputs]
        found.append(_Part(places, replace(quest, system=system, sides=[quest.sides[k] for k in places]).run()))
    if prod(len(part.items) for part in found) > _MOST:
        return quest.run()
    return _Whole(quest, found).outcome()


def _parts(system: System) -> list[System]:
    """The systems of variables that do not meet; none where some are missing, or are not as many as equations."""
    graph, inputs = system.graph, set(system.inputs)
    whole = system.components if system.value is None else [term.index for term in _terms(graph, system.value, inputs)]
    nodes = [(node, inputs.intersection(graph.needed([node]))) for node in whole]
    groups = _groups([own for _, own in nodes if own])
    names = [[node for node in system.inputs if node in group] for group in groups]
    held = [[node for node, own in nodes if own and own <= group] for group in groups]
    loose = [node for node, own in nodes if not own]
    if set().union(*groups) != inputs:
        return []
    if system.value is not None:
        held[0] += loose
        made = [of_gradient(graph, _sum(graph, terms), free) for terms, free in zip(held, names, strict=True)]
        return [without_exponentials(each) for each in made]
    if loose or any(len(some) != len(free) for some, free in zip(held, names, strict=True)):
        return []
    return [of_equations(graph, some, free) for some, free in zip(held, names, strict=True)]


def _sum(graph: Graph, terms: Sequence[int]) -> int:
    return terms[0] if len(terms) == 1 else ops.add(*map(graph.ref, terms)).index


def _groups(sets: Sequence[set[int]]) -> list[set[int]]:
    """Sets joined until no two of them meet."""
    found: list[set[int]] = []
    for each in sets:
        meeting = [other for other in found if other & each]
        found = [other for other in found if not other & each] + [each.union(*meeting)]
    return found


def _terms(graph: Graph, node: int, inputs: set[int]) -> Iterator[Ref]:
    """The terms of a sum, constant factors multiplied out."""
    op, operands, _ = graph.nodes[node]
    free = [k for k in operands if inputs.isdisjoint(graph.needed([k]))]
    if op is ops.add:
        for each in operands:
            yield from _terms(graph, each, inputs)
    elif op is ops.sub:
        yield from _terms(graph, operands[0], inputs)
        yield from (-term for term in _terms(graph, operands[1], inputs))
    elif op is ops.neg:
        yield from (-term for term in _terms(graph, operands[0], inputs))
    elif op is ops.mul and len(free) == len(operands) - 1:
        (inner,) = (k for k in operands if k not in free)
        for term in _terms(graph, inner, inputs):
            yield ops.mul(*map(graph.ref, free), term)
    elif op is ops.div and free == [operands[1]]:
        yield from (term / graph.ref(operands[1]) for term in _terms(graph, operands[0], inputs))
    else:
        yield graph.ref(node)


@dataclass
class _Part:
    """What was found of some variables, by their places among all."""

    places: Sequence[int]
    outcome: Outcome

    @property
    def items(self) -> list["_Item"]:
        """All of it: points, boxes of nothing but zeros, boxes of which nothing is known."""
        made = self.outcome
        return [
            *(_Item(_around(each), each) for each in made.solutions),
            *(_Item(each.take([k]), None, True) for each in made.flat for k in range(len(each))),
            *(_Item(box, None, False, why) for box, why in made.unsettled),
        ]


@dataclass
class _Item:
    """A point, or a box with the reason why nothing is known of it; or one of nothing but zeros."""

    box: Boxes
    point: Solution | None = None
    is_flat: bool = False
    reason: str = ""


def _around(found: Solution) -> Boxes:
    low, high = ([_end(ball, way) for ball in found.at] for way in (-np.inf, np.inf))
    return Boxes(np.array(low)[:, None], np.array(high)[:, None])


def _end(ball: arb, way: float) -> float:
    """A double that is not inside a ball."""
    near = float(ball.lower() if way < 0 else ball.upper())
    return near if ball == arb(near) else float(np.nextafter(near, way))


@dataclass
class _Whole:
    """All ways to take one item of each part."""

    quest: Quest
    parts: Sequence[_Part]

    def outcome(self) -> Outcome:
        """They are points where all are, flat boxes where all are; else boxes of which nothing more is known."""
        made = [part.outcome for part in self.parts]
        whole = Outcome(looked=sum(each.looked for each in made), is_whole=all(each.is_whole for each in made))
        for points in product(*(each.solutions for each in made)):
            whole.solutions.append(self._joined(points))
        left: dict[str, list[Boxes]] = {}
        for items in self._with_boxes():
            box = self._box([item.box for item in items])
            if all(item.is_flat for item in items):
                whole.flat.append(box)
            else:
                reason = next((item.reason for item in items if item.reason), BORDER)
                left.setdefault(reason, []).append(box)
        for reason, boxes in left.items():
            whole.unsettled += [(box, reason) for box in self._few(boxes)]
        return whole

    def _with_boxes(self) -> Iterator[tuple[_Item, ...]]:
        """All ways that are not points alone."""
        parts = [part.items for part in self.parts]
        for first, items in enumerate(parts):  # the first that is no point
            before = [[item for item in each if item.point] for each in parts[:first]]
            yield from product(*before, [item for item in items if not item.point], *parts[first + 1 :])

    def _few(self, boxes: list[Boxes]) -> list[Boxes]:
        low, high = self.quest.box
        joined = together(boxes, len(low))
        joined = cut_to_size(joined, high - low) if len(boxes) <= _FEW else covering(joined, high - low)
        return [joined.take([k]) for k in range(len(joined))]

    def _box(self, boxes: Sequence[Boxes]) -> Boxes:
        low, high = np.empty((len(self.quest.sides), 1)), np.empty((len(self.quest.sides), 1))
        for part, box in zip(self.parts, boxes, strict=True):
            low[part.places], high[part.places] = box
        return Boxes(low, high)

    def _joined(self, points: Sequence[Solution]) -> Solution:
        """A point by its parts."""
        at: dict[int, arb] = {}
        for part, point in zip(self.parts, points, strict=True):
            at.update(zip(part.places, point.at, strict=True))
        precision = min(point.precision for point in points)
        kind, index = joined_kind(points)
        value = self._total([point.value for point in points], precision)
        on_face = any(point.on_face for point in points)
        return Solution(tuple(at[k] for k in sorted(at)), value, kind, index, on_face, precision)

    def _total(self, values: Sequence[Any], precision: int) -> Any:
        if self.quest.system.value is None:
            return None
        add = self.quest.system.balls(precision).functions[ops.add]
        with ctx.workprec(precision):
            return add(*values)


def joined_kind(points: Sequence[Solution]) -> tuple[str, int | None]:
    """The kind of a point by those of its parts, and how many negative eigenvalues it has where that is known."""
    kinds = {point.kind for point in points}
    index = None if any(point.index is None for point in points) else sum(point.index or 0 for point in points)
    for kind in ("root", "kink"):
        if kind in kinds:
            return kind, None
    if "saddle" in kinds or {"minimum", "maximum"} <= kinds:
        return "saddle", index
    return ("degenerate", None) if "degenerate" in kinds else (kinds.pop(), index)
