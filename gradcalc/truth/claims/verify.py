"""Whether the proof of `critical` holds: what is read here is checked by these lines alone, and what they import.

This file shares no search, no derivative and no arithmetic with what made the proof. A formula comes as a graph, which
the parser of gradcalc has read; derivatives are carried along (`jets`), over intervals of integers (`intervals`).

    Case      what is looked for, as equations in as many unknowns over a box: one case, or one for each way that kinks
              may go (smaller, larger, on it) or that inequalities may hold with equality. Here they are written down.
    Zero      of each a small box S and a large one U; Krawczyk's operator maps each into its inside, so each holds
              exactly one zero, the same. S fits the digits that are claimed, and gives the kind and the value.
    tree      the box of a case, cut in two again and again; of each piece a reason: an equation does not hold in it;
              the operator maps it off itself; it lies in some U; it lies in a box of which nothing is claimed. Where a
              reason is too weak here, the piece is cut further, a little.

So each zero in the box is one of those, or in a box of which nothing is claimed. Krawczyk (1969); Neumaier, "Interval
Methods for Systems of Equations" (1990), 5.1; Clarke (1983), chapter 2; John (1948).
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from itertools import combinations, product
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.truth.claims.intervals import Arithmetic, Interval, Nowhere, Weak, add, hull, least_size, scaled, sub
from gradcalc.truth.claims.jets import Jet, Jets, evaluated, number
from gradcalc.truth.claims.poles import Poles
from gradcalc.truth.claims.quotients import Quotients

Box = list[Interval]
Matrix = Sequence[Sequence[Interval]]
Number = Callable[[Any], Any]
"""A number that is known exactly: what it is in an arithmetic."""

TREE_BITS, POINT_BITS = 96, 320
"""P for the pieces of the box, and for the zeros."""
_ROUNDS = (1, 8, 64)
"""Into how many pieces a box is cut to bound the derivatives in it."""
_PIECES = 2000
"""Into how many pieces a part of the tree may be cut where its reason is too weak."""
_KINKS = 4
"""Places where a formula may have a kink, at most: three cases each."""
GROUNDS = ("integers of Python", "gradcalc's reading of the formula")


# -- equations ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class System:
    """Equations in as many unknowns.

    Attributes:
        parts: what is 0: a node, or its slope by the k-th unknown.
        below: nodes that are not above 0 where a zero counts.
        fixed: the numbers of inputs that are no unknowns.
    """

    graph: Graph
    unknowns: tuple[int, ...]
    parts: tuple[tuple[int, int | None], ...]
    below: tuple[int, ...] = ()
    fixed: Mapping[int, Number] = field(default_factory=dict)
    from_flint: set[str] = field(default_factory=set)

    def jets(self, on: Any, box: Sequence[Any], order: int, outputs: Sequence[int]) -> Mapping[int, Jet]:
        """Some nodes in a box, with derivatives up to an order."""
        jets = Jets(on, order, between=True)
        given = {node: jets.unknown(k, side) for k, (node, side) in enumerate(zip(self.unknowns, box, strict=True))}
        given |= {node: {(): make(on)} for node, make in self.fixed.items()}
        found = evaluated(self.graph, outputs, given, jets)
        self.from_flint.update(jets.from_flint)
        return found

    @property
    def outputs(self) -> tuple[int, ...]:
        """The nodes that parts are of."""
        return tuple(dict.fromkeys(node for node, _ in self.parts))

    @property
    def slopes(self) -> int:
        """1 if parts are slopes, else 0."""
        return int(any(k is not None for _, k in self.parts))

    def values(self, on: Any, box: Sequence[Any]) -> list[Any]:
        """The parts in a box."""
        found, zero = self.jets(on, box, self.slopes, self.outputs), on.whole(0)
        return [found[node].get(() if k is None else (k,), zero) for node, k in self.parts]

    def matrix(self, on: Arithmetic, box: Box) -> list[list[Interval]]:
        """Their derivatives in a box: row i those of the i-th part."""
        found, size = self.jets(on, box, 1 + self.slopes, self.outputs), range(len(self.unknowns))

        def entry(jet: Jet, k: int | None, j: int) -> Interval:
            if k is None:
                return jet.get((j,), (0, 0))  # type: ignore[no-any-return]
            return scaled(jet.get((min(k, j), max(k, j)), (0, 0)), 1 + (k == j))

        return [[entry(found[node], k, j) for j in size] for node, k in self.parts]

    def fits(self, on: Arithmetic, box: Box) -> bool | None:
        """Whether `below` holds in a box, with < 0; None where that is open."""
        found = self.jets(on, box, 0, self.below) if self.below else {}
        sides = [found[node][()] for node in self.below]
        if any(low > 0 for low, _ in sides):
            return False
        return True if all(high < 0 for _, high in sides) else None

    def is_empty(self, on: Arithmetic, box: Box, inverse: Matrix | None = None) -> bool:
        """Whether it is proved that no zero that counts lies in a box."""
        try:
            if self.fits(on, box) is False or any(low > 0 or high < 0 for low, high in self.values(on, box)):
                return True
        except Nowhere:
            return True
        except Weak:
            return self._has_poles(on, box)
        try:
            return inverse is not None and apart(krawczyk(self, on, box, inverse), box)
        except Weak:
            return False

    def _has_poles(self, on: Arithmetic, box: Box) -> bool:
        """Whether no zero lies in a box in which divisors may be 0."""
        poles = Poles(on)
        try:
            parts = self.values(poles, [{(): side} for side in box])
            return any(part is not None and least_size(poles.top(part)) > 0 for part in parts)
        except Nowhere:
            return True
        except Weak:
            return False


# -- matrices and boxes ------------------------------------------------------------------------------------------------


def matmul(on: Arithmetic, a: Matrix, b: Matrix) -> Matrix:
    """The product of two matrices."""
    columns = list(zip(*b, strict=True))
    return [[reduce(add, map(on.times, row, column)) for column in columns] for row in a]


def krawczyk(system: System, on: Arithmetic, box: Box, inverse: Matrix, pieces: int = 1) -> Box:
    """m - Y g(m) + (1 - Y H)(X - m): all zeros of g in the box X lie in it too; in its inside there is just one.

    H holds the derivatives at all points of the box: what they are in its pieces.
    """
    middle = [((a + b) // 2,) * 2 for a, b in box]
    parts = [box]
    while len(parts) < pieces:
        parts = [half for part in parts for half in halves(part)]
    matrices = [system.matrix(on, part) for part in parts]
    matrix = [[hull(*entries) for entries in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]
    steps = matmul(on, inverse, [[value] for value in system.values(on, middle)])
    rest = [[sub(on.whole(int(i == j)), entry) for j, entry in enumerate(row)]
            for i, row in enumerate(matmul(on, inverse, matrix))]  # fmt: skip
    spread = matmul(on, rest, [[sub(side, m)] for side, m in zip(box, middle, strict=True)])
    return [add(sub(m, step), part) for m, (step,), (part,) in zip(middle, steps, spread, strict=True)]


def halves(box: Box) -> list[Box]:
    """A box cut across its longest side."""
    k = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
    low, high = box[k]
    middle = (low + high) // 2
    return [[*box[:k], (low, middle), *box[k + 1 :]], [*box[:k], (middle, high), *box[k + 1 :]]]


def within(inner: Box, outer: Box, strictly: bool = False) -> bool:
    """Whether a box lies in another, or in its inside."""
    pairs = list(zip(inner, outer, strict=True))
    return all(b[0] + strictly <= a[0] and a[1] <= b[1] - strictly for a, b in pairs)


def apart(one: Box, other: Box) -> bool:
    """Whether two boxes have no point in common."""
    return any(a[1] < b[0] or b[1] < a[0] for a, b in zip(one, other, strict=True))


def inertia(matrix: Matrix, on: Arithmetic) -> tuple[int, int]:
    """How many eigenvalues of a symmetric matrix H are positive, and negative: those of V'HV, for any regular V
    (Sylvester). With NumPy's eigenvectors of the middle for V its diagonal outweighs the rest (Gershgorin).
    """
    import numpy as np

    middle = np.array([[float(Fraction(a + b, 2 << on.bits)) for a, b in row] for row in matrix])
    values, vectors = np.linalg.eigh(middle)
    vectors /= np.sqrt(np.maximum(np.abs(values), 1e-300))
    rows = [[on.of(Fraction(x), Fraction(x)) for x in row] for row in vectors.tolist()]
    turned = matmul(on, list(zip(*rows, strict=True)), matmul(on, matrix, rows))
    for i, row in enumerate(turned):
        if least_size(row[i]) <= sum(max(map(abs, entry)) for j, entry in enumerate(row) if j != i):
            raise Weak("the signs of the eigenvalues are not settled")
    plus = sum(row[i][0] > 0 for i, row in enumerate(turned))
    return plus, len(turned) - plus


# -- cases -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """Equations over a box, and what is said of their zeros.

    Attributes:
        sides: the ends of the range of each unknown; those of the variables first, then of what else is unknown.
        count: how many variables there are.
        value: the node of the function; None of roots.
        along: of the kind: the function with multiples of constraints, by variables and multiples; None at a kink.
        active: the texts of the constraints that hold with equality, and whether they are equations.
    """

    system: System
    sides: Sequence[tuple[Number, Number]]
    count: int
    value: int | None = None
    along: System | None = None
    active: tuple[tuple[str, bool], ...] = ()

    def said(self, on: Arithmetic, zero: Box, is_along: bool) -> dict[str, Any]:
        """The kind of a zero, its index, and of constraints the multipliers and whether they are a minimum's."""
        if self.value is None or self.along is None:
            return {"kind": "root" if self.value is None else "kink"}
        at, marks = zero[: self.count], zero[self.count :]
        marks = [on.over(mark, marks[0]) for mark in marks[1:]]
        plus, minus = inertia(self.along.matrix(on, [*at, *marks]), on)
        plus, minus = plus - len(marks), minus - len(marks)
        bounded = [mark for mark, (_, is_equation) in zip(marks, self.active, strict=True) if not is_equation]
        if any(low <= 0 <= high for low, high in bounded):
            raise Weak("the sign of a multiplier is not settled")
        least, greatest = (all(way * mark[0] > 0 for mark in bounded) for way in (1, -1))
        kind = "minimum" if least and not minus else "maximum" if greatest and not plus else "saddle"
        found: dict[str, Any] = {"kind": kind, "index": minus}
        if is_along:
            found |= {"kkt": least, "multipliers": dict(zip((text for text, _ in self.active), marks, strict=True))}
        return found


def plain(graph: Graph, outputs: Sequence[int], inputs: Sequence[int], sides: Any, roots: bool) -> Iterator[Case]:
    """The cases of roots, or of critical points: one for each way in which kinks may go."""
    unknowns = tuple(inputs)
    if roots:
        yield Case(System(graph, unknowns, tuple((node, None) for node in outputs)), sides, len(unknowns))
        return
    output = in_pairs(graph, outputs[0])
    kinks = [node for node in graph.needed([output]) if graph.nodes[node].op in _KINKED]
    if len(kinks) > _KINKS:
        raise Weak(f"more than {_KINKS} kinks are not gone through")
    for ways in product((-1, 1, 0), repeat=len(kinks)):
        yield _at_kinks(graph, output, unknowns, sides, dict(zip(kinks, ways, strict=True)))


_KINKED: dict[Any, Callable[..., Any]] = {
    ops.abs: lambda x: (x, -x, x), ops.relu: lambda x: (x, x - x, x), ops.leaky_relu: lambda x: (x, x / 5, x),
    ops.max: lambda a, b: (a - b, b, a), ops.min: lambda a, b: (a - b, a, b),
}  # fmt: skip
"""What a kink compares with 0, and what the op is where that is below and above."""


def rewritten(graph: Graph, output: int, change: Callable[[int, Sequence[Ref]], Ref | None]) -> Ref:
    """A node once more, some of those that it needs changed: by a function of each and of its new operands."""
    place: dict[int, Ref] = {}
    for node in graph.needed([output]):
        op, operands, parameter = graph.nodes[node]
        refs = [place[i] for i in operands]
        same = graph.emit(op, tuple(ref.index for ref in refs), parameter) if operands else node
        made = change(node, refs)
        place[node] = graph.ref(same) if made is None else made
    return place[output]


def in_pairs(graph: Graph, output: int) -> int:
    """The same with each maximum of two numbers, and without roots of squares."""

    def change(node: int, refs: Sequence[Ref]) -> Any:
        op, operands, _ = graph.nodes[node]
        if op in (ops.max, ops.min):
            return reduce(op, refs)
        if op is ops.clip:
            return ops.min(ops.max(refs[0], refs[1]), refs[2])
        below = graph.nodes[operands[0]] if op is ops.sqrt else None
        if below is not None and below.op is ops.powi and graph.number(below.operands[1]) == 2:
            return ops.abs(graph.ref(graph.nodes[refs[0].index].operands[0]))
        return None

    return rewritten(graph, output, change).index


def _at_kinks(graph: Graph, output: int, inputs: tuple[int, ...], sides: Any, ways: Mapping[int, int]) -> Case:
    """One case: what each kink compares with 0 is below (-1), above (1), or equal; then a slope is unknown."""
    below, equal, slopes = list[int](), list[int](), list[int]()

    def change(node: int, refs: Sequence[Ref]) -> Ref | None:
        if node not in ways:
            return None
        compared, low, high = _KINKED[graph.nodes[node].op](*refs)
        if ways[node]:
            below.append((compared * -ways[node]).index)
            return low if ways[node] < 0 else high  # type: ignore[no-any-return]
        slopes.append(graph.input(f"a slope at {node}"))
        equal.append(compared.index)
        return low + graph.ref(slopes[-1]) * (high - low)  # type: ignore[no-any-return]

    value = rewritten(graph, output, change).index
    if not _are_means(graph, output, [node for node in ways if not ways[node]]):
        return Case(_all_met(graph, equal, slopes, inputs), sides, len(inputs), output)
    parts = [*((value, k) for k in range(len(inputs))), *((node, None) for node in equal)]
    system = System(graph, (*inputs, *slopes), tuple(parts), tuple(below))
    ends = [*sides, *[(whole(0), whole(1))] * len(slopes)]
    return Case(system, ends, len(inputs), value, None if slopes else system)


def _all_met(graph: Graph, equal: Sequence[int], slopes: Sequence[int], inputs: tuple[int, ...]) -> System:
    """That some nodes are 0 together, by the sum of their squares: as it has no simple zero, none is proved of it."""
    total = reduce(Ref.__add__, (_without(graph, node, slopes) ** 2 for node in equal))  # whatever the slopes are
    return System(graph, inputs, ((total.index, None),) * len(inputs))


def _without(graph: Graph, output: int, some: Sequence[int]) -> Ref:
    """A node once more, with 0 in the places of some others."""
    return rewritten(graph, output, lambda node, _: graph.ref(graph.constant(0)) if node in some else None)


def _are_means(graph: Graph, output: int, kinks: Sequence[int]) -> bool:
    """Whether slopes of some kinks, each between 0 and 1, make all means of the gradients of the pieces.

    So it is where a kink that stands in another one is used by one piece of that, and by nothing else. Elsewhere it is
    only proved where they do not all meet.
    """
    for inner, outer in ((a, b) for b in kinks for a in kinks if a != b and a in graph.needed([b])):
        op, operands, _ = graph.nodes[outer]
        pieces = [i for i in operands if inner in graph.needed([i])] * (1 + (op in (ops.abs, ops.leaky_relu)))
        if len(pieces) > 1 or inner in graph.needed([_without(graph, output, (outer,)).index]):
            return False
    return True


def constrained(
    graph: Graph, value: int, constraints: Sequence[tuple[str, int, bool]], inputs: Sequence[int], sides: Any
) -> Iterator[Case]:
    """The cases of critical points along constraints, h = 0 or h <= 0: one for each set of those that are active.

    Fritz John: m0 grad f + sum of m_j grad h_j = 0, and the sum of all m^2 is 1. Of more than n active constraints in n
    variables n do: their gradients and that of f depend on each other.

    Args:
        constraints: of each its text, the node of h, and whether it is an equation.
    """
    equations = [each for each in constraints if each[2]]
    others = [each for each in constraints if not each[2]]
    for count in range(max(0, min(len(others), len(inputs) - len(equations))) + 1):
        for chosen in combinations(others, count):
            active, slack = [*equations, *chosen], [node for each in others if each not in chosen for node in each[1:2]]
            yield _along(graph, value, active, slack, tuple(inputs), sides)


def _along(graph: Graph, value: int, active: Any, slack: Sequence[int], inputs: tuple[int, ...], sides: Any) -> Case:
    """The case in which some constraints hold with equality, and the others are not above 0."""
    size, nodes = len(inputs), [graph.ref(node) for _, node, _ in active]
    first, *marks = (graph.ref(graph.input(f"multiplier {k}")) for k in range(len(nodes) + 1))
    terms = [mark * node for mark, node in zip(marks, nodes, strict=True)]
    total, function = reduce(Ref.__add__, terms, first * graph.ref(value)), graph.ref(value)
    length = reduce(Ref.__add__, (mark**2 for mark in (first, *marks))) - 1
    unknowns = (*inputs, *(mark.index for mark in (first, *marks)))
    parts = [*((total.index, k) for k in range(size)), (length.index, None), *((node.index, None) for node in nodes)]
    system = System(graph, unknowns, tuple(parts), tuple(slack))
    with_marks = reduce(Ref.__add__, terms, function).index
    others = (*inputs, *(mark.index for mark in marks))
    along = System(graph, others, tuple((with_marks, k) for k in range(len(others))))
    ends = [*sides, (whole(0), whole(2)), *[(whole(-2), whole(2))] * len(marks)]
    return Case(system, ends, size, value, along, tuple((text, is_equation) for text, _, is_equation in active))


def whole(value: int) -> Number:
    """A whole number."""
    return lambda on: on.whole(value)


# -- what a file says --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holds:
    """What a file that holds proves, and on what that rests."""

    claim: str
    rests_on: tuple[str, ...]


def digits_fit(on: Arithmetic, side: Interval, text: Any, which: str) -> None:
    """That all of an interval is the text's number, to a unit of its last digit or of its 17th."""
    value, (mantissa, _, exponent) = number(text), str(text).lower().partition("e")
    last = Fraction(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    shift = Fraction(10) ** (-16 if value == 0 else math.floor(math.log10(abs(value))) - 16)
    low, high = on.of(value - min(shift, last), value + min(shift, last))
    if not (low <= side[0] and side[1] <= high):
        raise Weak(f"{which}: its digits are not those that are proved")


@dataclass(frozen=True)
class Zero:
    """A zero of a system: what the file holds beside it, `box`, `unique` and for both a matrix.

    Attributes:
        on: for the small box, and `wide` for the large one.
    """

    system: System
    which: str
    aid: Mapping[str, Any]
    on: Arithmetic
    wide: Arithmetic

    def proved(self) -> Box:
        """Where it lies, once it is proved that the small box and the large one hold one zero each, the same."""
        small, large = self.read(self.on, "box"), self.read(self.on, "unique")
        if not within(small, large):
            raise Weak(f"{self.which}: its box is not in the one that is to hold it alone")
        self._mapped(self.wide, "unique", "wide_inverse")
        return self._mapped(self.on, "box", "inverse")

    def read(self, on: Arithmetic, what: str) -> Box:
        """A box of the file; each end a number, or text of a decimal."""
        return box_of(on, self.aid[what], len(self.system.unknowns))

    def _mapped(self, on: Arithmetic, what: str, how: str) -> Box:
        """The image of a box that lies in its inside."""
        box, inverse = self.read(on, what), matrix_of(on, self.aid[how])
        for pieces in _ROUNDS:
            try:
                image = krawczyk(self.system, on, box, inverse, pieces)
            except Weak:
                continue
            if within(image, box, strictly=True):
                return image
        raise Weak(f"{self.which}: Krawczyk's operator does not map its box into its inside")


def box_of(on: Arithmetic, given: Sequence[Sequence[Any]], size: int) -> Box:
    """A box of the file, in so many unknowns."""
    box = [on.of(number(low), number(high)) for low, high in given]
    if len(box) != size or any(low > high for low, high in box):
        raise Weak("a box of the file is none")
    return box


def matrix_of(on: Arithmetic, rows: Sequence[Sequence[Any]]) -> Matrix:
    """A matrix of the file."""
    return [[on.of(number(x), number(x)) for x in row] for row in rows]


_SAID = {"at", "value", "kind", "index", "proved", "on_face", "multipliers", "kkt"}
"""What a file may say of a point."""


@dataclass
class Proof:
    """What a file claims of some cases, and what it holds to prove it.

    Args:
        claim: `points`; `unsettled`, boxes of which nothing is claimed; `complete`, whether there are none of these.
        parts: of each case `zeros` and the `tree`.
        read: a number that the file gives as a formula.
    """

    cases: Sequence[Case]
    names: Sequence[str]
    claim: Mapping[str, Any]
    parts: Sequence[Mapping[str, Any]]
    read: Callable[[str], Number]
    is_along: bool = False
    fine: Arithmetic = Arithmetic(POINT_BITS)
    coarse: Arithmetic = Arithmetic(TREE_BITS)
    met: dict[int, Box] = field(default_factory=dict)

    def check(self) -> None:
        """Check all; `Weak` says what does not hold."""
        points, unsettled = self.claim["points"], self.claim["unsettled"]
        if self.claim["complete"] is not (not unsettled) or self.claim.keys() - {"points", "unsettled", "complete"}:
            raise Weak("whether the points are all is not claimed as it is")
        if any(low > high for case in self.cases for low, high in self._sides(case, self.fine)[1]):
            raise Weak("the box has no inside")
        if any(list(box) != list(self.names) for box in unsettled):
            raise Weak("a box of which nothing is claimed is none")
        told = [zero["point"] for part in self.parts for zero in part["zeros"] if zero["point"] is not None]
        if sorted(told) != list(range(len(points))):
            raise Weak(f"{len(points)} points are claimed, {len(told)} are proved")
        open_ = [box_of(self.coarse, [box[name] for name in self.names], len(box)) for box in unsettled]
        for case, part in zip(self.cases, self.parts, strict=True):
            zeros = [self._zero(case, k, aid) for k, aid in enumerate(part["zeros"], 1)]
            self._tree(case, part["tree"], zeros, open_)
        order = sorted(self.met.values())
        for k, one in enumerate(order):
            for other in order[k + 1 :]:
                if other[0][0] > one[0][1]:
                    break
                if not apart(one, other):
                    raise Weak("two points may be the same")

    # -- zeros

    def _zero(self, case: Case, number_: int, aid: Mapping[str, Any]) -> Box:
        """A zero with its large box; what is claimed of it, or that it lies outside the box, is checked."""
        zero = Zero(case.system, f"zero {number_}", aid, self.fine, self.coarse)
        place, which = zero.proved(), aid["point"]
        outer, inner = self._sides(case, self.fine)
        if which is None:
            if not apart(place, outer) and case.system.fits(self.fine, place) is not False:
                raise Weak("a zero that is said not to count may lie in the box")
        else:
            point = self.claim["points"][which]
            if point.keys() - _SAID or point["proved"] is not True:
                raise Weak(f"point {which + 1} is said to be what cannot be verified")
            within_ = within(place, inner, strictly=True)
            if point.get("on_face", False) is not (not within_) or not (within_ or self._is_on_face(case, zero)):
                raise Weak(f"point {which + 1} is not proved to lie where it is said to, inside the box or on a face")
            if case.system.fits(self.fine, place) is not True:
                raise Weak(f"point {which + 1} is not proved to be one of its case")
            self._claimed(case, place, point, f"point {which + 1}")
            self.met[which] = place[: case.count]
        return zero.read(self.coarse, "unique")

    def _sides(self, case: Case, on: Arithmetic) -> tuple[Box, Box]:
        """The box of a case, from outside and from inside."""
        ends = [(low(on), high(on)) for low, high in case.sides]
        return [(low[0], high[1]) for low, high in ends], [(low[1], high[0]) for low, high in ends]

    def _claimed(self, case: Case, zero: Box, point: Mapping[str, Any], which: str) -> None:
        """Digits, value, kind and multipliers of a point."""
        for name, side in zip(self.names, zero, strict=False):
            digits_fit(self.fine, side, point["at"][name], f"{which}, {name}")
        if len(point["at"]) != len(self.names):
            raise Weak(f"{which} is no point")
        said = case.said(self.fine, zero, self.is_along)
        marks, given = said.pop("multipliers", {}), point.get("multipliers", {})
        kind = {key: point[key] for key in ("kind", "index", "kkt") if key in point or key == "kind"}
        same = {key: said[key] for key in kind if key in said}
        if repr(kind) != repr(same) or marks.keys() != given.keys():
            raise Weak(f"{which} is a {said['kind']}: {said}")
        for name, mark in marks.items():
            digits_fit(self.fine, mark, given[name], f"{which}, the multiplier of {name}")
        if case.value is not None:
            value = case.system.jets(self.fine, zero, 0, (case.value,))[case.value][()]
            digits_fit(self.fine, value, point["value"], f"{which}, its value")
        elif point["value"] is not None:
            raise Weak(f"{which} has no value")

    def _is_on_face(self, case: Case, zero: Zero) -> bool:
        """Whether a zero is at numbers of the file on a face of the closed box, at which the parts are exactly 0."""
        exact, forms = [self.read(text) for text in zero.aid.get("exact", ())], Quotients()
        at, found = [make(self.fine) for make in exact], [make(forms) for make in exact]
        if len(at) != len(case.sides) or not within(at, zero.read(self.fine, "box")):
            return False
        on_end = False
        for here, form, (low, high) in zip(at, found, case.sides, strict=True):
            same = [forms.same(form, end(forms)) for end in (low, high)]
            on_end = on_end or any(same)
            if not (same[0] or low(self.fine)[1] < here[0]) or not (same[1] or here[1] < high(self.fine)[0]):
                return False
        return on_end and all(forms.same(value, forms.whole(0)) for value in case.system.values(forms, found))

    # -- the tree

    def _tree(self, case: Case, steps: Sequence[Sequence[Any]], alone: Sequence[Box], open_: Sequence[Box]) -> None:
        """The pieces of the box of a case, each with its reason."""
        waiting = deque([self._sides(case, self.coarse)[0]])
        for step in steps:
            if not waiting:
                raise Weak("the tree has more pieces than the box")
            box, (reason, *more) = waiting.popleft(), step
            if reason == "cut":
                waiting += self._cut(box, *more)
            elif not (
                reason == "in" and within(box, alone[range(len(alone))[more[0]]])
                or reason == "left" and within(box[: case.count], open_[range(len(open_))[more[0]]])
                or reason in ("out", "off") and self._is_empty(case.system, box, more)
            ):  # fmt: skip
                raise Weak(f"a piece of the box whose reason ({reason}) does not hold: {self._shown(box)}")
        if waiting:
            raise Weak(f"{len(waiting)} pieces of the box have no reason: {self._shown(waiting[-1])}, ...")

    def _cut(self, box: Box, k: int, at: Any) -> list[Box]:
        """Two pieces of one."""
        place, (low, high) = self.coarse.of(number(at), number(at)), box[range(len(box))[k]]
        if k < 0 or not low <= place[0] <= place[1] <= high:
            raise Weak("a cut beside its box")
        return [[*box[:k], (low, place[1]), *box[k + 1 :]], [*box[:k], (place[0], high), *box[k + 1 :]]]

    def _is_empty(self, system: System, box: Box, more: Sequence[Any]) -> bool:
        """Whether no zero lies in a box; in small parts of it, where its own intervals are too wide."""
        waiting, inverse = [box], matrix_of(self.coarse, more[0]) if more else None
        for _ in range(_PIECES):
            if not waiting:
                return True
            part = waiting.pop()
            if not system.is_empty(self.coarse, part, inverse):
                waiting += halves(part)
        return False

    def _shown(self, box: Box) -> str:
        ends = ([float(Fraction(end, 2**TREE_BITS)) for end in side] for side in box)
        return ", ".join(f"{name}={low:.6g}:{high:.6g}" for name, (low, high) in zip(self.names, ends, strict=False))

    # -- words

    def told(self, expression: str, sides: str, noun: str) -> Holds:
        """What is proved, in words."""
        count, unsettled = len(self.claim["points"]), self.claim["unsettled"]
        hulls = [", ".join(f"{name}={low!r}:{high!r}" for name, (low, high) in box.items()) for box in unsettled[:3]]
        outside = f" outside of {len(unsettled)} box{'es' * (len(unsettled) > 1)}: {'; '.join(hulls)}" if hulls else ""
        which = {0: f"no {noun}", 1: f"this {noun}"}.get(count, f"these {count} {noun}s")
        claim = f"{expression} has {which} in {sides}{', and no others' * bool(count)}{outside}"
        systems = [system for case in self.cases for system in (case.system, case.along) if system]
        flint = set[str]().union(*(system.from_flint for system in systems))
        return Holds(claim, (*GROUNDS, *(f"python-flint's {name}" for name in sorted(flint))))
