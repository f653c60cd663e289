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
from fractions import Fraction
from functools import cached_property
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.truth.claims.boxes import Box, Matrix, apart, box_of, cut, halves, matmul, matrix_of, number, within
from gradcalc.truth.claims.derivatives import evaluated, meant, slopes
from gradcalc.truth.claims.intervals import Arithmetic, Nowhere, Weak, add, hull, least_size, sub
from gradcalc.truth.claims.poles import has_no_zero

Number = Callable[[Any], Any]
"""A number that is known exactly: what it is in an arithmetic."""
Choices = tuple[int | None, ...]
"""Of each switch of a question how it is set, None where that is open."""

COARSE, FINE = Arithmetic(96), Arithmetic(320)
"""For the pieces of the box, and for the zeros."""
_ROUNDS = (1, 8, 64)
"""Into how many pieces a box is cut to bound the derivatives in it."""
_PIECES = 2000
"""Into how many pieces a part of the tree may be cut where its reason is too weak."""


# -- equations ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class System:
    """Equations in unknowns.

    Attributes:
        parts: what is 0: a node, or its slope by the k-th unknown.
        fixed: the numbers of inputs that are no unknowns.
        below: nodes that are not above 0 where a zero counts; if `is_above`, the first unknown is above 0 there.
    """

    graph: Graph
    unknowns: tuple[int, ...]
    parts: tuple[tuple[int, int | None], ...]
    fixed: Mapping[int, Number] = field(default_factory=dict)
    below: tuple[int, ...] = ()
    is_above: bool = False

    @cached_property
    def nodes(self) -> tuple[int, ...]:
        """The nodes that parts are of, by ops that are known here."""
        return meant(self.graph, tuple(node for node, _ in self.parts))

    @cached_property
    def components(self) -> tuple[int, ...]:
        """The nodes that are 0."""
        pairs = zip(self.nodes, self.parts, strict=True)
        return tuple(node if k is None else self.slopes([node])[k][0] for node, (_, k) in pairs)

    @cached_property
    def jacobian(self) -> tuple[int, ...]:
        """Their slopes, column by column."""
        return tuple(node for column in self.slopes(self.components) for node in column)

    def slopes(self, nodes: Sequence[int]) -> list[list[int]]:
        """The slopes of nodes by each unknown."""
        return [slopes(self.graph, nodes, unknown) for unknown in self.unknowns]

    def at(self, on: Any, box: Sequence[Any], nodes: Sequence[int], slopes: Sequence[int] = ()) -> list[Any]:
        """The values of nodes and slopes in a box."""
        given = dict(zip(self.unknowns, box, strict=True)) | {node: make(on) for node, make in self.fixed.items()}
        return evaluated(self.graph, nodes, given, on, slopes)

    def values(self, on: Any, box: Sequence[Any]) -> list[Any]:
        """The parts in a box."""
        return self.at(on, box, self.nodes, self.components)[len(self.nodes) :]

    def matrix(self, on: Arithmetic, box: Box) -> Matrix:
        """Their derivatives in a box, where all is smooth: row i those of the i-th part."""
        size = len(self.parts)
        found = self.at(on.strict, box, self.nodes, self.jacobian)[size:]
        return [found[i::size] for i in range(size)]

    def value(self, on: Any, box: Sequence[Any], node: int) -> Any:
        """A node in a box."""
        return self.at(on, box, meant(self.graph, (node,)))[0]

    @cached_property
    def edges(self) -> list[list[int]]:
        """What roots are taken of, with its slopes."""
        roots = [node for node in self.graph.needed(self.nodes) if self.graph.nodes[node].op is ops.sqrt]
        under = [self.graph.nodes[node].operands[0] for node in roots]
        return [list(each) for each in zip(under, *self.slopes(under), strict=True)]

    def fits(self, on: Arithmetic, box: Box) -> bool | None:
        """Whether `below` holds in a box, with < 0; None where that is open."""
        sides = self.at(on, box, meant(self.graph, self.below)) if self.below else []
        return False if any(low > 0 for low, _ in sides) else all(high < 0 for _, high in sides) or None

    def is_empty(self, on: Arithmetic, box: Box, inverse: Matrix | None = None, poles: bool = True) -> bool:
        """Whether it is proved that no zero that counts lies in a box; beside poles too, if that is asked for."""
        try:
            if self.fits(on, box) is False or any(low > 0 or high < 0 for low, high in self.values(on, box)):
                return True
        except Nowhere:
            return True
        except Weak:
            return poles and has_no_zero(on, self, box)
        try:
            return inverse is not None and apart(krawczyk(self, on, box, inverse), box)
        except Weak:
            return False


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


def inertia(matrix: Matrix, on: Arithmetic) -> tuple[int, int]:
    """How many eigenvalues of a symmetric matrix H are positive, and negative: those of V'HV, for any regular V
    (Sylvester). With NumPy's eigenvectors of the middle for V its diagonal outweighs the rest (Gershgorin).
    """
    import numpy as np

    middle = np.array([[float(Fraction(a + b, 2 << on.bits)) for a, b in row] for row in matrix])
    values, vectors = np.linalg.eigh(middle)
    vectors /= np.sqrt(np.maximum(np.abs(values), 1e-300))
    rows = matrix_of(on, vectors.tolist())
    turned = matmul(on, list(zip(*rows, strict=True)), matmul(on, matrix, rows))
    for i, row in enumerate(turned):
        if least_size(row[i]) <= sum(max(map(abs, entry)) for j, entry in enumerate(row) if j != i):
            raise Weak("the signs of the eigenvalues are not settled")
    plus = sum(row[i][0] > 0 for i, row in enumerate(turned))
    return plus, len(turned) - plus


# -- zeros and pieces --------------------------------------------------------------------------------------------------


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
        question: what gives the box (`root`), pieces by switches (`split`), and the equations (`case`).
        zeros: those that are proved.
        poles: whether there is no zero beside a pole that its numerator keeps off.
        more: further reasons by name, of a piece by its choices, its box, and what stands behind the name.
    """

    question: Any
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
                waiting += [(choices, part) for part in _cut(box, *more)]
            elif reason == "split":
                waiting += self.question.split(choices, box, *more)
            elif reason not in reasons or not reasons[reason](choices, box, *more):
                raise Weak(f"a piece of the box whose reason ({reason}) does not hold: {self.question.shown(box)}")
        if waiting:
            shown = self.question.shown(waiting[-1][1])
            raise Weak(f"{len(waiting)} pieces of the box have no reason: {shown}, ...")

    def _is_zero(self, choices: Choices, box: Box, which: int) -> bool:
        zero = self.zeros[range(len(self.zeros))[which]]
        return zero.choices == choices and within(box, zero.alone)

    def _is_empty(self, choices: Choices, box: Box, inverse: Any = None) -> bool:
        system, rows = self.question.case(choices).system, matrix_of(COARSE, inverse) if inverse is not None else None
        return everywhere(box, lambda part: system.is_empty(COARSE, part, rows, self.poles))


def _cut(box: Box, k: int, at: Any) -> list[Box]:
    """Two pieces of one."""
    return cut(box, k, COARSE.of(number(at), number(at)))


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
