"""Whether a proof file holds: what is read here is checked by these lines alone, with the numbers of `intervals`.

This file shares no search, no derivative and no arithmetic with what made the proof. It reads a formula into a graph by
the parser of gradcalc, with what its ops mean, and does all else itself. Derivatives are carried along with values, as
the first coefficients of power series; functions that `intervals` lacks are python-flint's, and the verdict names them.

    Zeros     the zeros in a box B of a formula's derivatives, or of formulas, are these, and there are no others:
              of each a small box S and a large one U; Krawczyk's operator maps each into its inside, so each holds
              exactly one zero, the same. S fits the digits that are claimed, gives the kind and the value. And a tree:
              B, cut in two again and again; of each piece a reason: a component is not 0 in it; the operator maps it
              off itself; it lies in some U. Where a reason is too weak here, the piece is cut further, a little.
    Minimum   the sum of squares over rows of data has in a box U one stationary point, a minimum: the same S and U.
    Claims    a claimed derivative differs from the derivative at a witness; or is equal to it (`quotients`).

Krawczyk (1969); Neumaier, "Interval Methods for Systems of Equations" (1990), 5.1.
"""

import math
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache, partial, reduce
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.truth.claims.intervals import (
    Arithmetic,
    Interval,
    Weak,
    add,
    hull,
    least_size,
    scaled,
    sub,
)  # fmt: skip
from gradcalc.truth.claims.quotients import Quotients

Box = list[Interval]
Matrix = Sequence[Sequence[Interval]]

TREE_BITS, POINT_BITS = 96, 320
"""P for the pieces of the box, and for the zeros."""
_ROUNDS = (1, 8, 64)
"""Into how many pieces a box is cut to bound the derivatives in it."""
_PIECES = 2000
"""Into how many pieces a part of the tree may be cut where its reason is too weak."""
_LONGEST = 4000
"""Characters of a number, and the largest exponent of ten."""
_POWER = 1000
"""The largest whole power."""
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:[.][0-9]*)?(?:e([+-]?[0-9]{1,6}))?", re.IGNORECASE)


# -- derivatives carried along -----------------------------------------------------------------------------------------

Jet = dict[tuple[int, ...], Any]
"""A power series: its coefficients by the unknowns that are multiplied, () for the value; what is absent is 0."""


@dataclass
class Jets:
    """The rules of series up to an order of 0, 1 or 2, over an arithmetic."""

    on: Any
    order: int

    def __post_init__(self) -> None:
        self.from_flint: set[str] = set()

    def unknown(self, k: int, value: Any) -> Jet:
        """The k-th unknown."""
        return {(): value, (k,): self.on.whole(1)} if self.order else {(): value}

    def plus(self, a: Jet, b: Jet) -> Jet:
        """The sum."""
        total = dict(a)
        for key, part in b.items():
            total[key] = self.on.add(total[key], part) if key in total else part
        return total

    def multiple(self, a: Jet, p: int, q: int = 1) -> Jet:
        """A rational multiple."""
        return {key: self.on.scaled(part, p, q) for key, part in a.items()}

    def product(self, a: Jet, b: Jet) -> Jet:
        """The product: every term times every other."""
        if a is b:
            return self.power(a, 2)
        total: Jet = {}
        for p, x in a.items():
            for q, y in b.items():
                if len(p) + len(q) <= self.order:
                    key, part = min(p, q) + max(p, q), self.on.times(x, y)
                    total[key] = self.on.add(total[key], part) if key in total else part
        return total

    def chain(self, x: Jet, value: Any, slope: Any, bend: Any) -> Jet:
        """A function of a series, by its own at the value: f + f' d + f''/2 d^2, where d is all but the value."""
        on = self.on
        total = {key: on.times(slope, part) if key else value for key, part in x.items()}
        if self.order == 2:
            parts = [(key, part) for key, part in x.items() if len(key) == 1]
            for n, (p, one) in enumerate(parts):
                for q, other in parts[n:]:
                    both = on.power(one, 2) if p == q else on.scaled(on.times(one, other), 2)
                    key, part = min(p, q) + max(p, q), on.times(bend, both)
                    total[key] = on.add(total[key], part) if key in total else part
        return total

    def power(self, x: Jet, n: int) -> Jet:
        """A whole power."""
        on, v = self.on, x[()]
        if n in (0, 1):
            return x if n else {(): on.whole(1)}
        slope = on.scaled(on.power(v, n - 1), n)
        return self.chain(x, on.power(v, n), slope, on.scaled(on.power(v, n - 2), n * (n - 1) // 2))

    def apply(self, graph: Graph, index: int, operands: Sequence[Any]) -> Any:
        """What an op makes of series; of a condition whether it holds. An operand may be why there is none."""
        op, nodes, parameter = graph.nodes[index]
        if op is ops.where:
            operands = [operands[0], operands[1 if operands[0] is True else 2]]
        for each in operands:
            if isinstance(each, Weak):
                raise each
        if op is ops.where:
            return operands[1]
        if op is ops.const:
            return {(): constant(parameter or "", self.on)}
        if op.is_condition:
            return self._holds(op, operands)
        if op in _FOLDED:
            return reduce(partial(_FOLDED[op], self), operands)
        if op in (ops.powi, ops.pow):
            whole = graph.number(nodes[1])
            if whole is not None and abs(whole) <= _POWER:
                return self.power(operands[0], whole)
        if op.name in FUNCTIONS:
            return self.chain(operands[0], *FUNCTIONS[op.name](self.on, operands[0][()]))
        define = _MEANT.get(op, op.define)
        if define is None:
            by = self._by_flint if isinstance(self.on, Arithmetic) else self._by_name
            return self.chain(operands[0], *by(op, operands))
        meant, output = _rule(define, len(operands))
        return evaluated(meant, [output], dict(enumerate(operands)), self)[output]

    def larger(self, a: Jet, b: Jet, sign: int = 1) -> Jet:
        """The larger of two or, with -1, the smaller, where it is certain which."""
        return b if self.on.below(a[()], b[()]) == (sign > 0) else a

    def _holds(self, op: Any, operands: Sequence[Any]) -> bool:
        """Whether a condition holds, where that is certain."""
        if op is ops.not_:
            return not operands[0]
        if op in (ops.and_, ops.or_):
            return all(operands) if op is ops.and_ else any(operands)
        below = self.on.below(operands[0][()], operands[1][()])
        return bool(below == (op in (ops.lt, ops.le)) if op in (ops.lt, ops.le, ops.gt, ops.ge) else op is ops.ne)

    def _by_flint(self, op: Any, operands: Sequence[Jet]) -> list[Interval]:
        """Value, slope and half the bend of a function that python-flint has: the coefficients of its power series."""
        from flint import arb, arb_series, ctx

        name, on = op.flint or op.name, self.on
        if len(operands) != 1 or not hasattr(arb_series, name):
            raise Weak(f"{op.name} is not among the functions that can be verified")
        self.from_flint.add(name)
        with ctx.workprec(2 * on.bits):
            low, high = (arb((end, -on.bits)) for end in operands[0][()])
            ctx.cap = 3
            series = getattr(arb_series([low.union(high), 1], prec=3), name)()
            if not all(series[k].is_finite() for k in range(3)):
                raise Weak(f"{name} may have no value")
            return [on.of(*(_exactly(end) for end in (series[k].lower(), series[k].upper()))) for k in range(3)]

    def _by_name(self, op: Any, operands: Sequence[Jet]) -> tuple[Any, Any, Any]:
        """The same of a function that is but a name, whose slope is known."""
        if op not in _SLOPES:
            raise Weak(f"{op.name} is not among the functions whose slope is known here")
        meant, output = _rule(_SLOPES[op], 1)
        slope = evaluated(meant, [output], {0: Jets(self.on, 1).unknown(0, operands[0][()])}, Jets(self.on, 1))[output]
        bend = self.on.scaled(slope.get((0,), self.on.whole(0)), 1, 2)
        return self.on.function(op.name, operands[0][()]), slope[()], bend


def _exactly(end: Any) -> Fraction:
    mantissa, exponent = map(int, end.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


@cache
def _rule(define: Callable[..., Any], count: int) -> tuple[Graph, int]:
    return rule_graph(define, count)


_FOLDED: dict[Any, Callable[..., Jet]] = {
    ops.add: Jets.plus, ops.mul: Jets.product,
    ops.max: Jets.larger, ops.min: lambda jets, a, b: jets.larger(a, b, -1),
    ops.sub: lambda jets, a, b: jets.plus(a, jets.multiple(b, -1)),
    ops.div: lambda jets, a, b: jets.product(a, jets.power(b, -1)),
}  # fmt: skip
"""Ops that take their operands one after the other."""

FUNCTIONS: dict[str, Callable[[Any, Any], tuple[Any, Any, Any]]] = {
    "neg": lambda on, v: (on.scaled(v, -1), on.whole(-1), on.whole(0)),
    "exp": lambda on, v: (e := on.exp(v), e, on.scaled(e, 1, 2)),
    "log": lambda on, v: (on.log(v), r := on.power(v, -1), on.scaled(on.power(r, 2), -1, 2)),
    "sqrt": lambda on, v: (r := on.root(v), s := on.power(on.scaled(r, 2), -1), on.scaled(on.over(s, v), -1, 4)),
    "sin": lambda on, v: (s := on.sin_cos(v))[:1] + (s[1], on.scaled(s[0], -1, 2)),
    "cos": lambda on, v: (s := on.sin_cos(v))[1:] + (on.scaled(s[0], -1), on.scaled(s[1], -1, 2)),
    "atan": lambda on, v: (
        on.atan(v), s := on.power(on.add(on.whole(1), on.power(v, 2)), -1), on.scaled(on.times(v, on.power(s, 2)), -1)
    ),
    "abs": lambda on, v: (*on.sign(v), on.whole(0)),
    "sign": lambda on, v: (on.sign(v)[1], on.whole(0), on.whole(0)),
}  # fmt: skip
"""Functions: at a number their value, their slope and half their bend."""

_MEANT: dict[Any, Callable[..., Any]] = {
    ops.pow: lambda a, b: ops.exp(b * ops.log(a)),
    ops.tan: lambda x: ops.sin(x) / ops.cos(x),
    ops.sinh: lambda x: (ops.exp(x) - ops.exp(-x)) / 2,
    ops.cosh: lambda x: (ops.exp(x) + ops.exp(-x)) / 2,
    ops.tanh: lambda x: 1 - 2 / (ops.exp(2 * x) + 1),
    ops.asin: lambda x: ops.atan(x / ops.sqrt(1 - x * x)),
    ops.acos: lambda x: ops.pi / 2 - ops.atan(x / ops.sqrt(1 - x * x)),
    ops.asinh: lambda x: ops.log(x + ops.sqrt(x * x + 1)),
    ops.acosh: lambda x: ops.log(x + ops.sqrt(x * x - 1)),
    ops.atanh: lambda x: (ops.log(1 + x) - ops.log(1 - x)) / 2,
}
"""What ops mean whose own entry in the table says it by others, or not at all."""

_SLOPES: dict[Any, Callable[..., Any]] = {
    ops.erf: lambda x: 2 * ops.exp(-x * x) / ops.sqrt(ops.pi),
    ops.erfc: lambda x: -2 * ops.exp(-x * x) / ops.sqrt(ops.pi),
    ops.erfi: lambda x: 2 * ops.exp(x * x) / ops.sqrt(ops.pi), ops.Ei: lambda x: ops.exp(x) / x,
    ops.Si: lambda x: ops.sin(x) / x, ops.Ci: lambda x: ops.cos(x) / x,
    ops.Shi: lambda x: ops.sinh(x) / x, ops.Chi: lambda x: ops.cosh(x) / x,
    ops.fresnels: lambda x: ops.sin(ops.pi * x * x / 2), ops.fresnelc: lambda x: ops.cos(ops.pi * x * x / 2),
}  # fmt: skip
"""Slopes of functions that are names in `quotients`."""


def evaluated(graph: Graph, outputs: Sequence[int], given: Mapping[int, Any], jets: Jets) -> dict[int, Any]:
    """The series of some nodes; what has none is passed over by `where`, if that does not choose it."""
    found = dict(given)
    for index in graph.needed(outputs):
        if index not in found:
            try:
                found[index] = jets.apply(graph, index, [found[i] for i in graph.nodes[index].operands])
            except Weak as weak:
                found[index] = weak
    for output in outputs:
        if isinstance(found[output], Weak):
            raise found[output]
    return found


@lru_cache(512)
def constant(text: str, on: Any) -> Any:
    """A constant: pi, e, or a number; a decimal is what is written, or its nearest double."""
    if text == "pi":
        return on.pi()
    if text in ("e", "E"):
        return on.exp(on.whole(1))
    try:
        if "x" in text:
            value = Fraction(float.fromhex(text))
        else:
            value = number(text) if on.written or text.lstrip("-").isdecimal() else Fraction(float(text))
    except (ValueError, OverflowError):
        raise Weak(f"the constant {text[:40]} cannot be verified") from None
    return on.of(value, value)


class Components:
    """What is 0 at the points that are claimed: the derivatives of one formula, or some formulas."""

    def __init__(self, graph: Graph, outputs: Sequence[int], inputs: Sequence[int], is_gradient: bool) -> None:
        self.graph, self.outputs, self.inputs, self.is_gradient = graph, tuple(outputs), tuple(inputs), is_gradient
        self.from_flint: set[str] = set()

    def jets(self, on: Arithmetic, box: Box, order: int) -> list[Jet]:
        """The formulas in a box, with derivatives up to an order."""
        jets = Jets(on, order)
        given = {node: jets.unknown(k, side) for k, (node, side) in enumerate(zip(self.inputs, box, strict=True))}
        found = evaluated(self.graph, self.outputs, given, jets)
        self.from_flint |= jets.from_flint
        return [found[output] for output in self.outputs]

    def values(self, on: Arithmetic, box: Box) -> list[Interval]:
        """The components in a box."""
        jets = self.jets(on, box, int(self.is_gradient))
        if self.is_gradient:
            return [jets[0].get((k,), (0, 0)) for k in range(len(self.inputs))]
        return [jet[()] for jet in jets]

    def matrix(self, on: Arithmetic, box: Box) -> list[list[Interval]]:
        """Their derivatives in a box: row i those of the i-th component."""
        jets, size = self.jets(on, box, 1 + self.is_gradient), range(len(self.inputs))
        if self.is_gradient:
            return [[scaled(jets[0].get((min(i, j), max(i, j)), (0, 0)), 1 + (i == j)) for j in size] for i in size]
        return [[jet.get((j,), (0, 0)) for j in size] for jet in jets]


class SumOfSquares(Components):
    """A sum of squares over rows of data, by its residual.

    Args:
        rows: of each row the numbers of the columns by node.
    """

    def __init__(
        self, graph: Graph, residual: int, inputs: Sequence[int], rows: Sequence[Mapping[int, Fraction]]
    ) -> None:
        super().__init__(graph, (residual,), inputs, True)
        self.rows = rows

    def residuals(self, on: Arithmetic, box: Box, order: int) -> Iterator[Jet]:
        """The residual of each row."""
        jets = Jets(on, order)
        unknowns = {node: jets.unknown(k, side) for k, (node, side) in enumerate(zip(self.inputs, box, strict=True))}
        for row in self.rows:
            given = {**unknowns, **{node: {(): on.of(value, value)} for node, value in row.items()}}
            yield evaluated(self.graph, self.outputs, given, jets)[self.outputs[0]]
        self.from_flint |= jets.from_flint

    def jets(self, on: Arithmetic, box: Box, order: int) -> list[Jet]:
        """The sum."""
        jets = Jets(on, order)
        squares = (jets.power(residual, 2) for residual in self.residuals(on, box, order))
        return [reduce(jets.plus, squares, {(): (0, 0)})]

    def cross(self, on: Arithmetic, box: Box) -> Matrix:
        """The sum of the products of the slopes of the residuals."""
        size = range(len(self.inputs))
        total = [[(0, 0) for _ in size] for _ in size]
        for residual in self.residuals(on, box, 1):
            slopes = [residual.get((k,), (0, 0)) for k in size]
            total = [[add(total[i][j], on.times(slopes[i], slopes[j])) for j in size] for i in size]
        return total


# -- matrices and boxes ------------------------------------------------------------------------------------------------


def product(on: Arithmetic, a: Matrix, b: Matrix) -> Matrix:
    """The product of two matrices."""
    columns = list(zip(*b, strict=True))
    return [[reduce(add, map(on.times, row, column)) for column in columns] for row in a]


def krawczyk(components: Components, on: Arithmetic, box: Box, inverse: Matrix, pieces: int = 1) -> Box:
    """m - Y g(m) + (1 - Y H)(X - m): all zeros of g in the box X lie in it too; in its inside there is just one.

    H holds the derivatives at all points of the box: what they are in its pieces.
    """
    middle = [((a + b) // 2,) * 2 for a, b in box]
    parts = [box]
    while len(parts) < pieces:
        parts = [half for part in parts for half in halves(part)]
    matrices = [components.matrix(on, part) for part in parts]
    matrix = [[hull(*entries) for entries in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]
    steps = product(on, inverse, [[value] for value in components.values(on, middle)])
    rest = [[sub(on.whole(int(i == j)), entry) for j, entry in enumerate(row)]
            for i, row in enumerate(product(on, inverse, matrix))]  # fmt: skip
    spread = product(on, rest, [[sub(side, m)] for side, m in zip(box, middle, strict=True)])
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
    turned = product(on, list(zip(*rows, strict=True)), product(on, matrix, rows))
    for i, row in enumerate(turned):
        if least_size(row[i]) <= sum(max(map(abs, entry)) for j, entry in enumerate(row) if j != i):
            raise Weak("the signs of the eigenvalues are not settled")
    plus = sum(row[i][0] > 0 for i, row in enumerate(turned))
    return plus, len(turned) - plus


def inverted(matrix: Matrix, on: Arithmetic) -> Matrix:
    """The inverse of a positive definite matrix, by elimination."""
    size = len(matrix)
    rows = [[*row, *(on.whole(int(i == j)) for j in range(size))] for i, row in enumerate(matrix)]
    for k in range(size):
        rows[k] = [on.over(entry, rows[k][k]) for entry in rows[k]]
        for i in range(size):
            if i != k:
                rows[i] = [sub(a, on.times(rows[i][k], b)) for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[size:] for row in rows]


# -- what a file says --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holds:
    """What a file that holds proves, and on what that rests."""

    claim: str
    rests_on: tuple[str, ...]


GROUNDS = ("integers of Python", "gradcalc's reading of the formula")


def number(given: Any) -> Fraction:
    """A number of the file: a double as it is, a decimal as it is written, if it is not absurdly long."""
    if isinstance(given, str):
        match = _DECIMAL.fullmatch(given)
        if match is None or len(given) > _LONGEST or abs(int(match[1] or 0)) > _LONGEST:
            raise Weak(f"{given[:40]!r} is no number")
    elif isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise Weak(f"{given!r} is no number")
    return Fraction(given)


def digits_fit(on: Arithmetic, side: Interval, text: str, which: str) -> None:
    """That all of an interval is the text's number, to a unit of its last digit or of its 17th."""
    value, (mantissa, _, exponent) = number(text), text.lower().partition("e")
    last = Fraction(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    shift = Fraction(10) ** (-16 if value == 0 else math.floor(math.log10(abs(value))) - 16)
    low, high = on.of(value - min(shift, last), value + min(shift, last))
    if not (low <= side[0] and side[1] <= high):
        raise Weak(f"{which}: its digits are not those that are proved")


@dataclass
class Point:
    """A zero of components: what the file holds beside it, `box`, `unique` and for both a matrix.

    Attributes:
        on: for the small box, and `wide` for the large one.
    """

    components: Components
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
        box = [on.of(number(low), number(high)) for low, high in self.aid[what]]
        if len(box) != len(self.components.inputs) or any(low > high for low, high in box):
            raise Weak("a box of the file is none")
        return box

    def _mapped(self, on: Arithmetic, what: str, how: str) -> Box:
        """The image of a box that lies in its inside."""
        box, inverse = self.read(on, what), matrix_of(on, self.aid[how])
        for pieces in _ROUNDS:
            try:
                image = krawczyk(self.components, on, box, inverse, pieces)
            except Weak:
                continue
            if within(image, box, strictly=True):
                return image
        raise Weak(f"{self.which}: Krawczyk's operator does not map its box into its inside")


def matrix_of(on: Arithmetic, rows: Sequence[Sequence[Any]]) -> Matrix:
    """A matrix of the file."""
    return [[on.of(number(x), number(x)) for x in row] for row in rows]


class Zeros:
    """All zeros in a box.

    Args:
        components: of the formula that the file names.
        box: for each side its two ends, each as two numbers around it.
    """

    def __init__(self, components: Components, box: Sequence[Any], proof: Mapping[str, Any]) -> None:
        self.components, self.proof = components, proof
        self.outer = [(low[0], high[1]) for low, high in box]
        self.inner = [(low[1], high[0]) for low, high in box]
        self.fine, self.coarse = Arithmetic(POINT_BITS), Arithmetic(TREE_BITS)
        self.claim = proof["claim"]
        self.names = list(proof["variables"])

    def run(self) -> Holds:
        """Check all; `Weak` says what does not hold."""
        claimed, aids = self.claim["points"], [*self.proof["points"], *self.proof["others"]]
        if len(claimed) != len(self.proof["points"]):
            raise Weak(f"{len(claimed)} points are claimed, {len(self.proof['points'])} are proved")
        points = [Point(self.components, f"point {k}", aid, self.fine, self.coarse) for k, aid in enumerate(aids, 1)]
        zeros = [point.proved() for point in points]
        whole, inside = ([self.fine.of(*side) for side in sides] for sides in (self.outer, self.inner))
        for zero, point, what in zip(zeros, claimed, points, strict=False):
            inner = within(zero, inside, strictly=True)
            if bool(point.get("on_face")) == inner or not (inner or self._is_on_face(what)):
                raise Weak(f"{what.which} is not proved to lie where it is said to, inside the box or on a face")
            self._claimed(zero, point, what.which)
        if any(not apart(zero, whole) for zero in zeros[len(claimed) :]):
            raise Weak("a zero that is said to lie outside the box may lie in it")
        self._distinct(zeros)
        self._tree([point.read(self.coarse, "unique") for point in points])
        noun = "critical point" if self.components.is_gradient else "root"
        count = f"{len(claimed)} {noun}{'' if len(claimed) == 1 else 's'}"
        ends = ", ".join(f"{name}={':'.join(map(str, self.proof['box'][name]))}" for name in self.names)
        claim = f"{self.proof['expression']} has these {count} in {ends}, and no others"
        return Holds(claim, (*GROUNDS, *(f"python-flint's {name}" for name in sorted(self.components.from_flint))))

    def _claimed(self, zero: Box, point: Mapping[str, Any], which: str) -> None:
        """Digits, kind and value of a point."""
        for name, side in zip(self.names, zero, strict=True):
            digits_fit(self.fine, side, point["at"][name], f"{which}, {name}")
        if not self.components.is_gradient:
            if point["kind"] != "root":
                raise Weak(f"{which} is a root, no {point['kind']}")
            return
        plus, minus = inertia(self.components.matrix(self.fine, zero), self.fine)
        kind = "saddle" if plus and minus else "minimum" if plus else "maximum"
        if point["kind"] != kind or point.get("index", minus) != minus:
            raise Weak(f"{which} is a {kind} with {minus} negative eigenvalues")
        digits_fit(self.fine, self.components.jets(self.fine, zero, 0)[0][()], point["value"], f"{which}, its value")

    def _is_on_face(self, point: Point) -> bool:
        """Whether a zero is a number of the file on a face of the closed box, at which the components are exactly 0."""
        exact = [number(x) for x in point.aid.get("exact", ())]
        at = [self.fine.of(x, x) for x in exact]
        if len(at) != len(self.names) or not within(at, point.read(self.fine, "box")):
            return False
        sides = list(zip(self.outer, self.inner, exact, strict=True))
        closed = all(inner[0] <= x <= inner[1] for _, inner, x in sides)
        on_end = any(x in inner and x in outer for outer, inner, x in sides)
        return closed and on_end and all(value == (0, 0) for value in self.components.values(self.fine, at))

    def _distinct(self, zeros: Sequence[Box]) -> None:
        """That the boxes of the zeros lie apart."""
        order = sorted(zeros)
        for k, one in enumerate(order):
            for other in order[k + 1 :]:
                if other[0][0] > one[0][1]:
                    break
                if not apart(one, other):
                    raise Weak("two points may be the same")

    def _tree(self, alone: Sequence[Box]) -> None:
        """The pieces of the box, each with its reason."""
        if self.claim["complete"] is not True:
            raise Weak("that the points are all is not claimed")
        waiting = deque([[self.coarse.of(*side) for side in self.outer]])
        for step in self.proof["tree"]:
            if not waiting:
                raise Weak("the tree has more pieces than the box")
            box, (reason, *more) = waiting.popleft(), step
            if reason == "cut":
                k, place = more[0], self.coarse.of(number(more[1]), number(more[1]))
                low, high = box[range(len(box))[k]]
                if k < 0 or not low <= place[0] <= place[1] <= high:
                    raise Weak("a cut beside its box")
                waiting += [[*box[:k], (low, place[1]), *box[k + 1 :]], [*box[:k], (place[0], high), *box[k + 1 :]]]
            elif reason == "in" and within(box, alone[more[0]]):
                continue
            elif reason not in ("out", "off") or not self._empty(box, more):
                raise Weak(f"a piece of the box whose reason ({reason}) does not hold: {self._shown(box)}")
        if waiting:
            raise Weak(f"{len(waiting)} pieces of the box have no reason: {self._shown(waiting[-1])}, ...")

    def _empty(self, box: Box, more: Sequence[Any]) -> bool:
        """Whether no zero lies in a box; in small parts of it, where its own intervals are too wide."""
        waiting, inverse = [box], matrix_of(self.coarse, more[0]) if more else None
        for _ in range(_PIECES):
            if not waiting:
                return True
            part = waiting.pop()
            if not self._is_empty(part, inverse):
                waiting += halves(part)
        return False

    def _is_empty(self, box: Box, inverse: Matrix | None) -> bool:
        try:
            if inverse is not None and apart(krawczyk(self.components, self.coarse, box, inverse), box):
                return True
            return any(low > 0 or high < 0 for low, high in self.components.values(self.coarse, box))
        except Weak:
            return False

    def _shown(self, box: Box) -> str:
        ends = ([float(Fraction(end, 2**TREE_BITS)) for end in side] for side in box)
        return ", ".join(f"{name}={low:.6g}:{high:.6g}" for name, (low, high) in zip(self.names, ends, strict=True))


class Minimum:
    """The least of a sum of squares, near where it is claimed to be."""

    def __init__(self, total: SumOfSquares, proof: Mapping[str, Any]) -> None:
        self.total, self.proof, self.on = total, proof, Arithmetic(POINT_BITS)

    def run(self) -> Holds:
        """Check all; `Weak` says what does not hold."""
        claim, on, total = self.proof["claim"], self.on, self.total
        names = list(claim["parameters"])
        place = Point(total, "the minimum", {**self.proof["point"], "unique": list(claim["box"].values())}, on, on)
        if names != list(self.proof["parameters"]) or list(claim["box"]) != names:
            raise Weak("its parameters are not those of the box")
        zero = place.proved()
        if inertia(total.matrix(on, zero), on)[1]:
            raise Weak("the point is no minimum")
        (value,) = (jet[()] for jet in total.jets(on, zero, 0))
        digits_fit(on, value, claim["value"], "the sum")
        freedom = len(total.rows) - len(names)
        scale = on.whole(1) if claim["absolute_sigma"] else scaled(value, 1, freedom) if freedom > 0 else None
        spread = inverted(total.cross(on, zero), on) if scale else []
        for k, (name, said) in enumerate(claim["parameters"].items()):
            digits_fit(on, zero[k], said["value"], name)
            if said["standard_error"] is not None:
                if scale is None:
                    raise Weak("without degrees of freedom there is no standard error")
                error = on.root(on.times(scale, spread[k][k]))
                digits_fit(on, error, said["standard_error"], f"the standard error of {name}")
        ends = ", ".join(f"{name}={low}:{high}" for name, (low, high) in claim["box"].items())
        text = (
            f"{self.proof['expression']}: in {ends} the sum of squares over {len(total.rows)} rows has one minimum, "
            "with these digits"
        )
        return Holds(text, (*GROUNDS, *(f"python-flint's {name}" for name in sorted(total.from_flint))))


class Claimed:
    """One claim that a formula is the derivative of another, in the same graph.

    Args:
        by: the inputs that it is derived for, one or two of them; or none.
    """

    def __init__(self, graph: Graph, formula: int, claim: int, by: Sequence[int]) -> None:
        self.graph, self.formula, self.claim, self.by = graph, formula, claim, list(by)
        self.from_flint: set[str] = set()

    def is_refuted(self, at: Mapping[int, Fraction]) -> bool:
        """Whether derivative and claim differ at a point, around which the formula is smooth."""
        on = Arithmetic(POINT_BITS, written=True)
        derivative, claim = self._both(on, {node: on.of(value, value) for node, value in at.items()})
        return apart([derivative], [claim])

    def is_proved(self) -> bool:
        """Whether they are equal as quotients."""
        on = Quotients()
        inputs = {node: on.named(("input", name)) for name, node in self.graph.inputs.items()}
        return on.same(*self._both(on, inputs))

    def _both(self, on: Any, at: Mapping[int, Any]) -> tuple[Any, Any]:
        """The derivative and the claim."""
        if len(self.by) > 2:
            raise Weak("derivatives above the second order are not carried")
        jets, unknowns = Jets(on, len(self.by)), list(dict.fromkeys(self.by))
        given = {node: jets.unknown(unknowns.index(node), v) if node in unknowns else {(): v} for node, v in at.items()}
        place = tuple(sorted(unknowns.index(node) for node in self.by))
        coefficient = evaluated(self.graph, [self.formula], given, jets)[self.formula].get(place, on.whole(0))
        plain = Jets(on, 0)
        value = evaluated(self.graph, [self.claim], {node: {(): v} for node, v in at.items()}, plain)[self.claim][()]
        self.from_flint |= jets.from_flint | plain.from_flint
        return on.scaled(coefficient, 2 if place == (0, 0) else 1), value
