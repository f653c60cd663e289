"""The tree of a proof file: the pieces of a box, each with a reason, level by level. Imports search and claims.

    level ──in, left, above, out, off──▶ a reason ──else──▶ split, where switches are to be set │ cut ──▶ next level

Reasons are found by the intervals of the search, over thousands of pieces at once. Where not all is smooth the verifier
is asked what it believes: its means are fewer there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import numpy as np
from flint import arb

from gradcalc.arithmetic.intervals import JUMP, KINK, OUTSIDE
from gradcalc.errors import UsageError
from gradcalc.graph import derive, ops
from gradcalc.truth.claims.boxes import matrix_of
from gradcalc.truth.claims.derivatives import Number
from gradcalc.truth.claims.intervals import Arithmetic, Weak
from gradcalc.truth.claims.poles import floor
from gradcalc.truth.claims.verify import COARSE, FINE, Case, Choices, Question, is_empty
from gradcalc.truth.critical.search import BISECTION, Boxes, Enclosing, no_boxes, together
from gradcalc.truth.critical.system import System, of_equations, of_gradient, with_tops

STANDS = "without --proof the answer stands as it is"
_MOST, _MANY, _FAR = 5_000_000, 1_000_000, 100_000
"""Pieces of a tree, at most; of one with switches; of one far out, where few suffice or no number does."""
_ASKED, _NARROW = 20_000, 2.0**-24
"""How often the verifier is asked, at most; how narrow a piece may get, as a part of the sides."""
_BITS = 1100
"""Of the ends of a box, before they become doubles."""


def system_of(case: Case) -> System:
    """The equations of a case for the search, which takes derivatives as nodes."""
    graph, unknowns, parts = case.system.graph, case.system.unknowns, case.system.parts
    first = parts[0][0] if parts else case.value
    if parts == tuple((first, k) for k in range(len(unknowns))) and first is not None:
        system = of_gradient(graph, first, unknowns)
    else:
        slopes = {node: derive.gradient(graph, node, unknowns) for node, k in parts if k is not None}
        system = of_equations(graph, [node if k is None else slopes[node][k] for node, k in parts], unknowns)
    return System(
        graph, system.inputs, system.components, system.jacobian, case.value, below=case.system.below,
        beside=tuple(node for node, k in parts if k is None) if case.value is not None else (),
        fixed={node: partial(_ball, make) for node, make in case.system.fixed.items()},
    )  # fmt: skip


def _ball(make: Number, balls: Any) -> arb:
    """A number as a ball."""
    low, high = (arb((end, -FINE.bits)) for end in make(FINE))
    return low.union(high)


def box_of(case: Case) -> Boxes:
    """Doubles around the box of a case."""
    on, low, high = Arithmetic(_BITS), [], []
    for first, last in case.ranges:
        a, b = (Fraction(end(on)[k], 2**_BITS) for end, k in ((first, 0), (last, 1)))
        low.append([float(a) if float(a) <= a else np.nextafter(float(a), -np.inf)])
        high.append([float(b) if float(b) >= b else np.nextafter(float(b), np.inf)])
    return Boxes(np.array(low).reshape(-1, 1), np.array(high).reshape(-1, 1))


@dataclass
class Region:
    """A box in which a switch is set; by the first unknowns."""

    box: Boxes
    which: int

    def holds(self, boxes: Boxes) -> Any:
        """Which boxes lie in it."""
        size = len(self.box.low)
        return ((boxes.low[:size] >= self.box.low) & (boxes.high[:size] <= self.box.high)).all(axis=0)


@dataclass
class Context:
    """A case, what the search knows of it, and what is to be told of its pieces.

    Attributes:
        pending: the switch that is set before anything is asked.
        regions: where further switches are set; `left` boxes in the variables of which nothing is claimed.
        alone: the large boxes of its zeros; `numbers` those of the zeros in the file.
    """

    choices: Choices
    case: Case
    is_far: bool = False
    pending: int | None = None
    regions: list[Region] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    alone: Boxes | None = None

    @cached_property
    def system(self) -> System:
        """Its equations, with numerators where there are poles or edges."""
        system = system_of(self.case)
        rough = len(self.sides) and Enclosing(system).flags(self.box) & (OUTSIDE | KINK | JUMP)
        if rough:
            system = with_tops(system)
        if self.is_far:  # its first unknown is above 0, an exponential too
            nodes, first = system.graph.nodes, system.inputs[0]
            tops = [tuple(k for k in top if k != first and nodes[k].op is not ops.exp) for top in system.tops]
            system = replace(system, tops=tuple(tops))
        return system

    @cached_property
    def box(self) -> Boxes:
        """All of it."""
        return box_of(self.case)

    @cached_property
    def sides(self) -> Any:
        """How wide that is."""
        return np.maximum(self.box.high - self.box.low, 1e-300)

    @property
    def is_square(self) -> bool:
        """Whether there are as many equations as unknowns."""
        return len(self.case.system.parts) == len(self.sides)

    @cached_property
    def scale(self) -> Any:
        """How wide each side may be, to be cut before others; slopes alone tell nothing where equations are missing."""
        slopes = [name is not None and name.startswith("a slope") for name in self._names]
        return np.where(np.array(slopes, bool)[:, None] & (not self.is_square), np.inf, self.sides)

    @property
    def _names(self) -> list[str | None]:
        return [self.case.system.graph.nodes[node].parameter for node in self.case.system.unknowns]

    @cached_property
    def enclosing(self) -> Enclosing:
        """Its intervals."""
        return Enclosing(self.system)

    @cached_property
    def shelf(self) -> "Shelf":
        """The boxes of its zeros."""
        return Shelf(self.alone if self.alone is not None else no_boxes(len(self.sides)))


class Shelf:
    """Boxes in the order of their first sides, so that those about a place are found."""

    def __init__(self, boxes: Boxes) -> None:
        self.order = np.argsort(boxes.low[0], kind="stable") if len(boxes.low) else np.arange(len(boxes))
        self.boxes = boxes.take(self.order)
        self.widths = (boxes.high - boxes.low).max(axis=1, initial=0.0)

    def holding(self, boxes: Boxes) -> Any:
        """For each of some boxes the number of one that it lies in, -1 where there is none."""
        if not len(self.widths):
            return np.full(len(boxes), 0 if len(self.order) else -1)
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
class Floor:
    """What values are compared with: not below `low`; above `high` where that can be."""

    low: float
    high: float


Pieces = tuple[Boxes, Any]
"""Pieces of one case, and their places in the order of the file."""


@dataclass
class Tree:
    """The pieces of a box, each with a reason; in memory is one level.

    Attributes:
        contexts: all cases that are met.
        open: boxes in the variables of which nothing is claimed; `floor`, of values, instead.
        is_loose: whether values that are not above the floor were met.
        stuck: of a dry run the pieces that are too narrow to be cut any further.
    """

    question: Question
    contexts: Mapping[Choices, Context]
    open: Boxes
    floor: Floor | None = None
    is_careful: bool = False
    count: int = 1
    asked: int = 0
    is_loose: bool = False
    stuck: list[tuple[Context, Boxes]] = field(default_factory=list)

    def steps(self, dry: bool = False) -> Iterator[str]:
        """What is done with each piece, as it stands in the file, until all have their reasons.

        Args:
            dry: take down pieces that are too narrow to be cut any further as `stuck`, and go on without them.
        """
        choices, _ = self.question.root()
        level: dict[Choices, list[Pieces]] = {choices: [(box_of(self.question.case(choices)), np.zeros(1, int))]}
        while level:
            told: dict[int, str] = {}
            following: dict[Choices, list[Pieces]] = {}
            for choices, pieces in level.items():
                context = self.contexts[choices]
                boxes, order = self._joined(context, pieces)
                batch = 8192 if context.pending is not None else context.enclosing.batch
                for k in range(0, len(boxes), batch):
                    part, places = boxes.take(slice(k, k + batch)), order[k : k + batch]
                    texts, made = self._pieces(context, part)
                    told.update(zip(places.tolist(), texts, strict=True))
                    for settings, children, origin, way in made:
                        following.setdefault(settings, []).append((children, 3 * places[origin] + way))
            yield from (told[k] for k in sorted(told))
            level = self._numbered(following, dry)

    def _joined(self, context: Context, pieces: Sequence[Pieces]) -> Pieces:
        boxes = together([boxes for boxes, _ in pieces], len(context.sides))
        return boxes, np.concatenate([order for _, order in pieces])

    def _numbered(self, level: Mapping[Choices, list[Pieces]], dry: bool) -> dict[Choices, list[Pieces]]:
        """The next level, its pieces numbered in the order of the file."""
        kept: dict[Choices, list[Pieces]] = {}
        for choices, pieces in level.items():
            context = self.contexts[choices]
            boxes, order = self._joined(context, pieces)
            narrow = ((boxes.high - boxes.low) <= _NARROW * context.scale).all(axis=0) & bool(len(context.sides))
            if narrow.any() and not dry:
                raise UsageError("a piece of the proof is too narrow to be cut", hint=STANDS)
            if narrow.any():
                self.stuck.append((context, boxes.take(narrow)))
            if not narrow.all():
                kept[choices] = [(boxes.take(~narrow), order[~narrow])]
        every = np.sort(np.concatenate([np.zeros(0, int), *(order for ((_, order),) in kept.values())]))
        return {key: [(boxes, np.searchsorted(every, order))] for key, ((boxes, order),) in kept.items()}

    def _pieces(self, context: Context, boxes: Boxes) -> tuple[list[str], list[Any]]:
        """Reasons of boxes where there are; and of the others the parts, with whose they are and which."""
        told = np.full(len(boxes), "", object)
        if context.pending is None:
            self._reasons(context, boxes, told)
        parts: list[Any] = []
        split = np.full(len(boxes), -1)
        if context.pending is not None:
            split[:] = context.pending
        for region in context.regions:
            split[(split < 0) & (told == "") & region.holds(boxes)] = region.which
        for which in np.unique(split[split >= 0]).tolist():
            places = np.flatnonzero(split == which)
            told[places] = f'["split", {which}]'
            parts += [(made, self._set(context, made, boxes.take(places)), places, way)
                      for way, made in enumerate(self.question.settings(context.choices, which))]  # fmt: skip
        places = np.flatnonzero(told == "")
        if len(places):
            axes, cuts, halves = self._cut(boxes.take(places), context.scale)
            told[places] = [f'["cut", {axis}, {cut!r}]' for axis, cut in zip(axes, cuts, strict=True)]
            twice = np.repeat(places, 2)
            parts.append((context.choices, halves, twice, np.tile([0, 1], len(places))))
        return told.tolist(), parts

    def _set(self, context: Context, choices: Choices, boxes: Boxes) -> Boxes:
        """Pieces by the unknowns of a case in which one more switch is set."""
        known = {node: k for k, node in enumerate(context.case.system.unknowns)}
        other = self.contexts[choices]
        low, high = (np.repeat(each, len(boxes), axis=1) for each in other.box)
        for k, node in enumerate(other.case.system.unknowns):
            if node in known:
                low[k], high[k] = boxes.low[known[node]], boxes.high[known[node]]
        return Boxes(low, high)

    def _reasons(self, context: Context, boxes: Boxes, told: Any) -> None:
        """Write down the reasons of boxes that have one."""
        for k, number in enumerate(context.shelf.holding(boxes).tolist()):
            if number >= 0:
                told[k] = f'["in", {context.numbers[number]}]'
        for k, (low, high) in enumerate(zip(self.open.low.T, self.open.high.T, strict=True)):
            size = len(low)
            held = ((boxes.low[:size] >= low[:, None]) & (boxes.high[:size] <= high[:, None])).all(axis=0)
            told[held & (told == "")] = f'["left", {k}]'
        places = np.flatnonzero(told == "")
        rest = boxes.take(places)
        if self.floor is not None:
            places, rest = self._above(context, places, rest, told)
        if not len(context.sides):
            self._above(context, places, rest, told, strictly=False)
            return
        out = context.enclosing.excluded(rest)
        rough = np.flatnonzero(out & (self.is_careful | self._rough(context, rest)))
        out[rough] = [self._is_believed(context, rest, k) for k in rough.tolist()]
        told[places[out]] = '["out"]'
        places, rest = places[~out], rest.take(~out)
        if context.is_square:
            found = context.enclosing.krawczyk(rest)
            none = found.none
            if self.is_careful:
                asked = np.flatnonzero(none).tolist()
                none[asked] = [self._is_believed(context, rest, k, found.inverse[k].tolist()) for k in asked]
            off = np.flatnonzero(none)
            told[places[off]] = [f'["off", {rows.tolist()!r}]' for rows in found.inverse[off]]
            places, rest = places[~none], rest.take(~none)
        if self.floor is not None:
            small = ((rest.high - rest.low) <= 2.0**-10 * context.sides).all(axis=0)
            self._above(context, places[small], rest.take(small), told, strictly=False)

    def _above(
        self, context: Context, places: Any, boxes: Boxes, told: Any, strictly: bool = True
    ) -> tuple[Any, Boxes]:
        """Take down boxes whose values lie above the floor, or at least not below it; the others are left."""
        assert self.floor is not None and context.case.value is not None
        value = context.enclosing.values(boxes, (context.case.value,))[context.case.value]
        low, rough = (np.broadcast_to(each, len(boxes)) for each in (value.low, np.asarray(value.flags) > 0))
        if strictly:
            above = np.array(low > self.floor.high)
            asked = np.flatnonzero(above & rough)
        else:  # the verifier is asked of what is about as low, or beside a pole
            above = np.array((low >= self.floor.low - 1e-12 * (1 + abs(self.floor.low))) | rough)
            asked = np.flatnonzero(above)
        above[asked] = [self._is_high(context, boxes, k, strictly) for k in asked.tolist()]
        told[places[above]] = '["above"]'
        return places[~above], boxes.take(~above)

    def _is_high(self, context: Context, boxes: Boxes, k: int, strictly: bool) -> bool:
        """Whether the verifier sees that values in a box are above the floor, or at least not below it."""
        assert self.floor is not None
        self._ask()
        system, node, box = context.case.system, context.case.value or 0, _coarse(boxes, k)
        try:
            low = system.value(COARSE, box, node)[0]
        except Weak:
            try:
                low = floor(COARSE, system, node, box)
            except Weak:
                return False
        bottom, top = (COARSE.of(Fraction(end), Fraction(end)) for end in (self.floor.low, self.floor.high))
        if low > top[1] or strictly:
            return bool(low > top[1])
        self.is_loose |= low >= bottom[1]
        return bool(low >= bottom[1])

    def _rough(self, context: Context, boxes: Boxes) -> Any:
        """Where not all is smooth."""
        nodes = tuple(dict.fromkeys((*context.system.needed, *context.system.components)))
        rough, values = np.zeros(len(boxes), bool), context.enclosing.values(boxes, nodes)
        for node in nodes:
            rough |= np.asarray(values[node].flags) > 0
        return rough

    def _ask(self) -> None:
        self.asked += 1
        if self.asked > _ASKED:
            raise UsageError("the formula is not smooth in too much of the box for a proof file", hint=STANDS)

    def _is_believed(self, context: Context, boxes: Boxes, k: int, inverse: Any = None) -> bool:
        """Whether the verifier sees that no zero is in a box."""
        self._ask()
        aid = None if inverse is None else matrix_of(COARSE, inverse)
        return is_empty(context.case.system, COARSE, _coarse(boxes, k), aid, self.floor is None)

    def _cut(self, boxes: Boxes, sides: Any) -> tuple[Any, Any, Boxes]:
        """Across which sides boxes are cut, and where; and their halves, those of a box one after the other."""
        columns = np.arange(len(boxes))
        self.count += 2 * len(boxes)
        if self.question.is_far and self.count > _FAR:
            raise UsageError("far out the proof is not carried by proof files", hint=STANDS)
        if self.count > (_MOST if len(self.contexts) == 1 else _MANY):
            raise UsageError(f"the proof has more than {self.count:,} pieces", hint="a smaller box")
        longest = np.argmax((boxes.high - boxes.low) / sides, axis=0)
        low, high = boxes.low[longest, columns], boxes.high[longest, columns]
        cut = np.minimum(np.maximum(low + BISECTION * (high - low), low), high)
        lows, highs = np.repeat(boxes.low, 2, axis=1), np.repeat(boxes.high, 2, axis=1)
        highs[longest, 2 * columns] = lows[longest, 2 * columns + 1] = cut
        return longest.tolist(), cut.tolist(), Boxes(lows, highs)


def _coarse(boxes: Boxes, k: int) -> Any:
    """A box for the verifier."""
    sides = zip(boxes.low[:, k].tolist(), boxes.high[:, k].tolist(), strict=True)
    return [COARSE.of(Fraction(low), Fraction(high)) for low, high in sides]
