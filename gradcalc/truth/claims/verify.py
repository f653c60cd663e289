"""Equations over a box, and what proves where their zeros are, and where not. The core of `gradcalc verify`.

This file and what it imports share no search, no derivative and no arithmetic with what made a proof. A formula comes
as a graph, which the parser of gradcalc has read; derivatives are carried along (`jets`), over intervals of integers
(`intervals`).

    System    equations in as many unknowns
    Zero      a small box S and a large one U; Krawczyk's operator maps each into its inside, so each holds exactly one
              zero, the same. S fits the digits that are claimed, and gives the kind and the value.
    Walk      a box, cut in two again and again, or split by what may be the case in it (`cases`); of each piece a
              reason why no zero is in it but those. Where a reason is too weak, the piece is cut further, a little.

So each zero in the box is one of those, or in a piece of which nothing is claimed. Krawczyk (1969); Neumaier, "Interval
Methods for Systems of Equations" (1990), 5.1.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Any

from gradcalc.graph.graph import Graph
from gradcalc.truth.claims.intervals import Arithmetic, Interval, Nowhere, Weak, add, hull, least_size, scaled, sub
from gradcalc.truth.claims.jets import Jet, Jets, evaluated, number
from gradcalc.truth.claims.poles import has_no_zero

Box = list[Interval]
Matrix = Sequence[Sequence[Interval]]
Number = Callable[[Any], Any]
"""A number that is known exactly: what it is in an arithmetic."""
Choices = tuple[int | None, ...]
"""Of each switch of a question how it is set, None where that is open."""

TREE_BITS, POINT_BITS = 96, 320
"""P for the pieces of the box, and for the zeros."""
COARSE, FINE = Arithmetic(TREE_BITS), Arithmetic(POINT_BITS)
_ROUNDS = (1, 8, 64)
"""Into how many pieces a box is cut to bound the derivatives in it."""
_PIECES = 2000
"""Into how many pieces a part of the tree may be cut where its reason is too weak."""
FORMAT = 2
"""The version of what proof files hold, to be raised whenever older ones would be misread."""
GROUNDS = ("integers of Python", "gradcalc's reading of the formula")


@dataclass(frozen=True)
class Holds:
    """What a file that holds proves, and on what that rests."""

    claim: str
    rests_on: tuple[str, ...]


# -- equations ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class System:
    """Equations in unknowns.

    Attributes:
        parts: what is 0: a node, or its slope by the k-th unknown.
        below: nodes that are not above 0 where a zero counts.
        fixed: the numbers of inputs that are no unknowns.
        is_above: whether only zeros count at which the first unknown is above 0.
    """

    graph: Graph
    unknowns: tuple[int, ...]
    parts: tuple[tuple[int, int | None], ...]
    below: tuple[int, ...] = ()
    fixed: Mapping[int, Number] = field(default_factory=dict)
    is_above: bool = False
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

    def value(self, on: Any, box: Sequence[Any], node: int) -> Any:
        """A node in a box."""
        return self.jets(on, box, 0, (node,))[node][()]

    def fits(self, on: Arithmetic, box: Box) -> bool | None:
        """Whether `below` holds in a box, with < 0; None where that is open."""
        found = self.jets(on, box, 0, self.below) if self.below else {}
        sides = [found[node][()] for node in self.below]
        if any(low > 0 for low, _ in sides):
            return False
        return True if all(high < 0 for _, high in sides) else None

    def is_empty(self, on: Arithmetic, box: Box, inverse: Matrix | None = None, poles: bool = True) -> bool:
        """Whether it is proved that no zero that counts lies in a box; beside poles too, if that is asked for."""
        try:
            if self.fits(on, box) is False or any(low > 0 or high < 0 for low, high in self.values(on, box)):
                return True
        except Nowhere:
            return True
        except Weak:
            return poles and has_no_zero(on, self.values, box, self.is_above)
        try:
            return inverse is not None and apart(krawczyk(self, on, box, inverse), box)
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
    if not len(system.parts) == len(box) == len(inverse):
        raise Weak("there are not as many equations as unknowns")
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


# -- zeros -------------------------------------------------------------------------------------------------------------


def digits_fit(on: Arithmetic, side: Interval, text: Any, which: str) -> None:
    """That all of an interval is the text's number, to a unit of its last digit or of its 17th."""
    value, (mantissa, _, exponent) = number(text), str(text).lower().partition("e")
    last = Fraction(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    shift = Fraction(10) ** (-16 if value == 0 else math.floor(math.log10(abs(value))) - 16)
    low, high = on.of(value - min(shift, last), value + min(shift, last))
    if not (low <= side[0] and side[1] <= high):
        raise Weak(f"{which}: its digits are not those that are proved")


def box_of(on: Arithmetic, given: Sequence[Sequence[Any]], size: int) -> Box:
    """A box of the file, in so many unknowns; each end a number, or text of a decimal."""
    box = [on.of(number(low), number(high)) for low, high in given]
    if len(box) != size or any(low > high for low, high in box):
        raise Weak("a box of the file is none")
    return box


def matrix_of(on: Arithmetic, rows: Sequence[Sequence[Any]]) -> Matrix:
    """A matrix of the file."""
    return [[on.of(number(x), number(x)) for x in row] for row in rows]


@dataclass(frozen=True)
class Zero:
    """A zero of a system, proved: where it lies, and the boxes in which it is alone."""

    choices: Choices
    place: Box
    small: Box
    alone: Box

    @staticmethod
    def proved(
        system: System, which: str, aid: Mapping[str, Any], choices: Choices = (), wide: Arithmetic = COARSE
    ) -> "Zero":
        """By what the file holds of it: `box`, `unique`, and for both a matrix. Each holds one zero, the same."""
        small, large = (box_of(FINE, aid[name], len(system.unknowns)) for name in ("box", "unique"))
        if not within(small, large):
            raise Weak(f"{which}: its box is not in the one that is to hold it alone")
        alone = box_of(wide, aid["unique"], len(small))
        mapped(system, wide, alone, aid["wide_inverse"], which)
        return Zero(choices, mapped(system, FINE, small, aid["inverse"], which), small, alone)


def mapped(system: System, on: Arithmetic, box: Box, inverse: Sequence[Sequence[Any]], which: str) -> Box:
    """The image of a box that lies in its inside."""
    for pieces in _ROUNDS:
        try:
            image = krawczyk(system, on, box, matrix_of(on, inverse), pieces)
        except Weak:
            continue
        if within(image, box, strictly=True):
            return image
    raise Weak(f"{which}: Krawczyk's operator does not map its box into its inside")


# -- the tree ----------------------------------------------------------------------------------------------------------


@dataclass
class Walk:
    """The pieces of a box, each with its reason.

    Args:
        zeros: those that are proved.
        poles: whether there is no zero beside a pole that its numerator keeps off.
        reasons: further ones by name, of a piece by its choices, its box, and what stands behind the name.
    """

    question: Any
    zeros: Sequence[Zero]
    poles: bool = True
    reasons: Mapping[str, Callable[..., bool]] = field(default_factory=dict)

    def check(self, steps: Sequence[Sequence[Any]]) -> None:
        """That all pieces of the box have reasons; `Weak` says which has none."""
        waiting = deque([self.question.root()])
        for step in steps:
            if not waiting:
                raise Weak("the tree has more pieces than the box")
            (choices, box), (reason, *more) = waiting.popleft(), step
            if reason == "cut":
                waiting += [(choices, part) for part in cut(box, *more)]
            elif reason == "split":
                waiting += self.question.split(choices, box, *more)
            elif not self._holds(choices, box, reason, more):
                raise Weak(f"a piece of the box whose reason ({reason}) does not hold: {self.question.shown(box)}")
        if waiting:
            shown = self.question.shown(waiting[-1][1])
            raise Weak(f"{len(waiting)} pieces of the box have no reason: {shown}, ...")

    def _holds(self, choices: Choices, box: Box, reason: str, more: Sequence[Any]) -> bool:
        if reason == "in":
            zero = self.zeros[range(len(self.zeros))[more[0]]]
            return zero.choices == choices and within(box, zero.alone)
        if reason in ("out", "off"):
            system, inverse = self.question.case(choices).system, matrix_of(COARSE, more[0]) if more else None
            return everywhere(box, lambda part: system.is_empty(COARSE, part, inverse, self.poles))
        return reason in self.reasons and self.reasons[reason](choices, box, *more)


def cut(box: Box, k: int, at: Any) -> list[Box]:
    """Two pieces of one."""
    place, (low, high) = COARSE.of(number(at), number(at)), box[range(len(box))[k]]
    if k < 0 or not low <= place[0] <= place[1] <= high:
        raise Weak("a cut beside its box")
    return [[*box[:k], (low, place[1]), *box[k + 1 :]], [*box[:k], (place[0], high), *box[k + 1 :]]]


def everywhere(box: Box, holds: Callable[[Box], bool]) -> bool:
    """Whether something holds in a box; in small parts of it, where its own intervals are too wide."""
    waiting = [box]
    for _ in range(_PIECES):
        if not waiting:
            return True
        part = waiting.pop()
        if not holds(part):
            if not any(low < high for low, high in part):
                return False
            waiting += halves(part)
    return False
