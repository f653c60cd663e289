"""Where the zeros of equations in a box are, and where not: the core of `gradcalc verify`, for a sceptic to read.

A smooth formula f over a box is decided here alone, by intervals of integers (`intervals`, `boxes`):

    slopes    df/dx_k as further nodes of the graph that the parser has read; those of these are the Hessian
    System    equations in as many unknowns: df/dx = 0, or f = 0 of roots
    Zero      a small box S and a large one U; Krawczyk's operator maps each into its inside, so each holds exactly one
              zero, the same. S fits the digits that are claimed, and gives the value and the kind.
    Walk      the box, cut in two again and again; each piece has a reason: an equation does not hold in it (`out`); the
              operator maps it off itself (`off`); it lies in the U of a zero (`in`); nothing is claimed of it (`left`)
    Points    the claim: these points, their digits, values and kinds; `complete` where nothing is left

So each zero in the box is one of those, or in a piece of which nothing is claimed. Krawczyk (1969); Neumaier, "Interval
Methods for Systems of Equations" (1990), 5.1. Nothing is shared with the search that made a proof.

Lemmas for what is not smooth stand beside it: `functions` (what other ops mean; kinks), `poles` (divisors that may be
0), `cases` (switches of kinks, constraints and faces; infinite sides), `points` (numbers on a face; the least value).
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gradcalc.graph.graph import Graph
from gradcalc.truth.claims import boxes
from gradcalc.truth.claims.boxes import Box, Matrix, apart, box_of, cut, digits_fit, halves, matmul, matrix_of, within
from gradcalc.truth.claims.derivatives import Number, System
from gradcalc.truth.claims.intervals import Arithmetic, Interval, Nowhere, Weak, add, hull, sub
from gradcalc.truth.claims.poles import has_no_zero

Side = tuple[Number, Number]
Choices = tuple[int | None, ...]
"""Of each switch of a question how it is set, None where that is open."""

COARSE, FINE = Arithmetic(96), Arithmetic(320)
"""For the pieces of the box, and for the zeros."""
_ROUNDS = (1, 8, 64)
"""Into how many pieces a box is cut to bound the derivatives in it."""
_SAID, _KIND = {"at", "value", "kind", "index", "kkt", "proved", "on_face", "multipliers"}, ("kind", "index", "kkt")
"""What a file may say of a point; and of its kind."""


# -- equations ---------------------------------------------------------------------------------------------------------


def krawczyk(system: System, on: Arithmetic, box: Box, inverse: Matrix, pieces: int = 1) -> Box:
    """m - Y g(m) + (1 - Y H)(X - m): all zeros of g in the box X lie in it too; in its inside there is just one.

    H holds the derivatives at all points of the box: what they are in its pieces.
    """
    if not len(system.parts) == len(box) == len(inverse):
        raise Weak("there are not as many equations as unknowns")
    middle, parts = [((a + b) // 2,) * 2 for a, b in box], [box]
    while len(parts) < pieces:
        parts = [half for part in parts for half in halves(part)]
    matrices = [system.matrix(on, part) for part in parts]
    matrix = [[hull(*entries) for entries in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]
    steps = matmul(on, inverse, [[value] for value in system.values(on, middle)])
    rest = [[sub(on.whole(int(i == j)), entry) for j, entry in enumerate(row)]
            for i, row in enumerate(matmul(on, inverse, matrix))]  # fmt: skip
    spread = matmul(on, rest, [[sub(side, m)] for side, m in zip(box, middle, strict=True)])
    return [add(sub(m, step), part) for m, (step,), (part,) in zip(middle, steps, spread, strict=True)]


def is_empty(system: System, on: Arithmetic, box: Box, inverse: Matrix | None = None, poles: bool = True) -> bool:
    """Whether it is proved that no zero that counts lies in a box; beside poles too, if that is asked for."""
    try:
        if system.fits(on, box) is False or any(low > 0 or high < 0 for low, high in system.values(on, box)):
            return True
    except Nowhere:
        return True
    except Weak:
        return poles and has_no_zero(on, system, box)
    try:
        return inverse is not None and apart(krawczyk(system, on, box, inverse), box)
    except Weak:
        return False


@dataclass(frozen=True)
class Case:
    """Equations over a box, and what is said of their zeros.

    Attributes:
        ranges: the ends of each unknown.
        value: the node of the function whose slopes are 0; None of roots.
    """

    system: System
    ranges: Sequence[Side]
    value: int | None = None

    def sides(self, on: Arithmetic) -> tuple[Box, Box]:
        """The box of all unknowns, from outside and from inside."""
        ends = [(low(on), high(on)) for low, high in self.ranges]
        return [(low[0], high[1]) for low, high in ends], [(low[1], high[0]) for low, high in ends]

    def multipliers(self, on: Arithmetic, place: Box) -> dict[str, Interval]:
        """Of constraints: here there are none."""
        return {}

    def kind(self, on: Arithmetic, place: Box) -> dict[str, Any]:
        """The kind of a zero, and its index: how many eigenvalues are negative."""
        if self.value is None:
            return {"kind": "root"}
        plus, minus = boxes.inertia(self.system.matrix(on, place), on)
        return {"kind": "saddle" if plus and minus else "maximum" if minus else "minimum", "index": minus}


@dataclass(eq=False)
class Question:
    """What is asked of a smooth formula: where all its slopes are 0; of several, where these are 0 themselves.

    Args:
        inputs: the variables; `names` their names, `sides` the ends of the box.
        outputs: one formula; of roots as many as variables.
        is_far: whether its variables stand for others, far out, so that it has no points to tell of.
    """

    graph: Graph
    names: Sequence[str]
    inputs: tuple[int, ...]
    sides: Sequence[Side]
    outputs: tuple[int, ...]
    is_roots: bool = False
    is_far: bool = False
    switches: Sequence[tuple[str, int]] = ()
    constraints: Sequence[Any] = ()

    @cached_property
    def open_case(self) -> Case:
        """The equations, with all switches open."""
        slopes = [(self.outputs[0], k) for k in range(len(self.inputs))]
        parts = tuple((node, None) for node in self.outputs) if self.is_roots else tuple(slopes)
        system = System(self.graph, self.inputs, parts, is_above=self.is_far)
        return Case(system, self.sides, None if self.is_roots else self.outputs[0])

    def case(self, choices: Choices) -> Case:
        """The equations where some switches are set: there are none."""
        return self.open_case

    def root(self) -> tuple[Choices, Box]:
        """The whole box, all switches open."""
        return (None,) * len(self.switches), self.open_case.sides(COARSE)[0]

    def settings(self, choices: Choices, which: int) -> list[Choices]:
        """The ways in which a switch may be set."""
        raise Weak("a switch is set that there is not")

    def split(self, choices: Choices, box: Box, which: int) -> list[tuple[Choices, Box]]:
        """A piece for each of them."""
        return [(made, box) for made in self.settings(choices, which)]


# -- zeros and pieces --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Zero:
    """A zero of a system, proved: where it lies, and the boxes in which it is alone."""

    choices: Choices
    place: Box
    small: Box
    alone: Box

    @staticmethod
    def read(question: Question, aid: Mapping[str, Any], which: str) -> tuple["Zero", Case]:
        """A zero of the file, proved, and its case."""
        choices: Choices = tuple(aid["choices"])
        if len(choices) != len(question.switches) or any(isinstance(way, bool) for way in choices):
            raise Weak(f"{which} is of no case")
        case = question.case(choices)
        return Zero.proved(case.system, which, aid, choices), case

    @staticmethod
    def proved(
        system: System, which: str, aid: Mapping[str, Any], choices: Choices = (), wide: Arithmetic = COARSE
    ) -> "Zero":
        """By what the file holds of it: `box`, `unique`, and for both a matrix. Each holds one zero, the same."""
        small, large = (box_of(FINE, aid[name], len(system.unknowns)) for name in ("box", "unique"))
        if not within(small, large):
            raise Weak(f"{which}: its box is not in the one that is to hold it alone")
        alone = box_of(wide, aid["unique"], len(small))
        _mapped(system, wide, alone, aid["wide_inverse"], which)
        return Zero(choices, _mapped(system, FINE, small, aid["inverse"], which), small, alone)


def _mapped(system: System, on: Arithmetic, box: Box, inverse: Sequence[Sequence[Any]], which: str) -> Box:
    """The image of a box that lies in its inside."""
    for pieces in _ROUNDS:
        try:
            image = krawczyk(system, on, box, matrix_of(on, inverse), pieces)
        except Weak:
            continue
        if within(image, box, strictly=True):
            return image
    raise Weak(f"{which}: Krawczyk's operator does not map its box into its inside")


@dataclass
class Walk:
    """The pieces of a box, each with its reason.

    Args:
        question: what gives the box, pieces by switches (`split`), and the equations.
        zeros: those that are proved.
        poles: whether there is no zero beside a pole that its numerator keeps off.
        more: further reasons by name, of a piece by its choices, its box, and what stands behind the name.
    """

    question: Question
    zeros: Sequence[Zero]
    poles: bool = True
    more: Mapping[str, Callable[..., bool]] = field(default_factory=dict)

    def check(self, steps: Sequence[Sequence[Any]]) -> None:
        """That all pieces of the box have reasons; `Weak` says which has none."""
        waiting = deque([self.question.root()])
        own: dict[str, Callable[..., bool]] = {"in": self._is_zero, "out": self._is_empty, "off": self._is_empty}
        reasons = own | dict(self.more)
        for step in steps:
            if not waiting:
                raise Weak("the tree has more pieces than the box")
            (choices, box), (reason, *more) = waiting.popleft(), step
            if reason == "cut":
                place = COARSE.of(boxes.number(more[1]), boxes.number(more[1]))
                waiting += [(choices, part) for part in cut(box, more[0], place)]
            elif reason == "split":
                waiting += self.question.split(choices, box, *more)
            elif reason not in reasons or not reasons[reason](choices, box, *more):
                raise Weak(f"a piece of the box whose reason ({reason}) does not hold: {self._shown(box)}")
        if waiting:
            raise Weak(f"{len(waiting)} pieces of the box have no reason: {self._shown(waiting[-1][1])}, ...")

    def _shown(self, box: Box) -> str:
        unit, sides = 2**COARSE.bits, zip(self.question.names, box, strict=False)
        return ", ".join(f"{name}={low / unit:.6g}:{high / unit:.6g}" for name, (low, high) in sides)

    def _is_zero(self, choices: Choices, box: Box, which: int) -> bool:
        zero = self.zeros[range(len(self.zeros))[which]]
        return zero.choices == choices and within(box, zero.alone)

    def _is_empty(self, choices: Choices, box: Box, inverse: Any = None) -> bool:
        system, rows = self.question.case(choices).system, matrix_of(COARSE, inverse) if inverse is not None else None
        return boxes.everywhere(box, lambda part: is_empty(system, COARSE, part, rows, self.poles))


# -- the claim ---------------------------------------------------------------------------------------------------------


@dataclass
class Points:
    """Points that are claimed, and boxes of which nothing is.

    Args:
        claim: `points`; `unsettled`, those boxes; `complete`, whether there are none of these.
    """

    names: Sequence[str]
    claim: Mapping[str, Any]
    met: dict[int, Box] = field(default_factory=dict)

    def check(self, questions: Sequence[Question], parts: Sequence[Mapping[str, Any]]) -> None:
        """Check all; `Weak` says what does not hold."""
        points, unsettled = self.claim["points"], self.claim["unsettled"]
        if self.claim["complete"] is not (not unsettled):
            raise Weak("whether the points are all is not claimed as it is")
        if any(list(box) != list(self.names) for box in unsettled):
            raise Weak("a box of which nothing is claimed is none")
        open_ = [box_of(COARSE, list(box.values()), len(self.names)) for box in unsettled]

        def left(choices: Choices, box: Box, k: int) -> bool:
            return within(box[: len(self.names)], open_[range(len(open_))[k]])

        for question, part in zip(questions, parts, strict=True):
            zeros = [self._zero(question, aid, f"zero {k}") for k, aid in enumerate(part["zeros"], 1)]
            Walk(question, zeros, more={} if question.is_far else {"left": left}).check(part["tree"])
        if self.met.keys() != set(range(len(points))):
            raise Weak(f"{len(points)} points are claimed, {len(self.met)} are proved")
        self.differ()

    def _zero(self, question: Question, aid: Mapping[str, Any], which: str) -> Zero:
        """A zero that is a point of the claim, or does not count."""
        (zero, case), k, points = Zero.read(question, aid, which), aid["point"], self.claim["points"]
        outer, inner = case.sides(FINE)
        fits = case.system.fits(FINE, zero.place)
        if k is None:
            if not apart(zero.place, outer) and fits is not False:
                raise Weak("a zero that is said not to count may lie in the box")
            return zero
        if k not in range(len(points)):
            raise Weak(f"{len(points)} points are claimed, and a zero is said to be point {k + 1}")
        point, said = points[k], f"point {k + 1}"
        if (
            question.is_far
            or point.keys() - _SAID
            or point["proved"] is not True
            or len(point["at"]) != len(self.names)
        ):
            raise Weak(f"{said} is said to be what cannot be verified")
        is_inside = within(zero.place, inner, strictly=True)
        is_there = is_inside and fits or fits is not False and self.is_exact(case, zero, aid, is_inside, fits)
        if not is_there or point.get("on_face", False) is not (not is_inside):
            raise Weak(f"{said} is not proved to lie where it is said to, inside the box or on a face")
        for name, side in zip(self.names, zero.place, strict=False):
            digits_fit(FINE, side, point["at"][name], f"{said}, {name}")
        self.take(case, zero, aid, bool(fits))
        return zero

    def is_exact(self, case: Case, zero: Zero, aid: Mapping[str, Any], is_inside: bool, fits: bool | None) -> bool:
        """Whether a zero is proved to lie on a face, or on the edge of a condition: here none is."""
        return False

    def take(self, case: Case, zero: Zero, aid: Mapping[str, Any], is_inner: bool) -> None:
        """Take down that a zero is a point, with this value and kind."""
        if aid["point"] in self.met:
            raise Weak("two zeros are said to be one point")
        self.met[aid["point"]] = zero.place
        self.told(case, zero.place, self.claim["points"][aid["point"]], f"point {aid['point'] + 1}")

    def told(self, case: Case, place: Box, point: Mapping[str, Any], which: str) -> None:
        """Check the value of a zero, its kind, and its multipliers."""
        kind, said = {key: point[key] for key in _KIND if key in point or key == "kind"}, case.kind(FINE, place)
        if repr(kind) != repr({key: said[key] for key in kind if key in said}):
            raise Weak(f"{which} is a {said['kind']}: {said}")
        self.valued(case, place, point, which)

    def valued(self, case: Case, place: Box, point: Mapping[str, Any], which: str) -> None:
        """Check the value of a zero, and its multipliers."""
        marks, given = case.multipliers(FINE, place), point.get("multipliers", {})
        if marks.keys() != given.keys():
            raise Weak(f"{which}: its multipliers are not those of its case")
        for name, mark in marks.items():
            digits_fit(FINE, mark, given[name], f"{which}, the multiplier of {name}")
        if case.value is not None:
            digits_fit(FINE, case.system.value(FINE, place, case.value), point["value"], f"{which}, its value")
        elif point["value"] is not None:
            raise Weak(f"{which} has no value")

    def differ(self) -> None:
        """That no two points are the same."""
        boxes.differ([place[: len(self.names)] for place in self.met.values()])
