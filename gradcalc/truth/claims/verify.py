"""Equations over a box, and what proves where their zeros are, and where not. The core of `gradcalc verify`.

    Jets      a formula's value, slopes and second derivatives, carried along through the graph that the parser has read
    System    equations in as many unknowns: nodes, or slopes of a node
    Zero      a small box S and a large one U; Krawczyk's operator maps each into its inside, so each holds exactly one
              zero, the same. S fits the digits that are claimed, and gives the kind and the value.
    Walk      a box, cut in two again and again, or split by what may be the case in it (`cases`); of each piece a
              reason why no zero is in it but those. Where a reason is too weak, the piece is cut further, a little.

So each zero in the box is one of those, or in a piece of which nothing is claimed. Krawczyk (1969); Neumaier, "Interval
Methods for Systems of Equations" (1990), 5.1. This file shares no search, no derivative and no arithmetic with what
made a proof: it stands on `intervals` alone. Kinks, poles and other functions are added by `functions` and `cases`.
"""

import math
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache, partial, reduce
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.truth.claims.intervals import Arithmetic, Interval, Nowhere, Weak, add, hull, scaled, sub

Box = list[Interval]
Matrix = Sequence[Sequence[Interval]]
Number = Callable[[Any], Any]
"""A number that is known exactly: what it is in an arithmetic."""
Choices = tuple[int | None, ...]
"""Of each switch of a question how it is set, None where that is open."""
Jet = dict[tuple[int, ...], Any]
"""A power series: its coefficients by the unknowns that are multiplied, () for the value; what is absent is 0."""

COARSE, FINE = Arithmetic(96), Arithmetic(320)
"""For the pieces of the box, and for the zeros."""
_ROUNDS = (1, 8, 64)
"""Into how many pieces a box is cut to bound the derivatives in it."""
_PIECES = 2000
"""Into how many pieces a part of the tree may be cut where its reason is too weak."""
_LONGEST, _POWER = 4000, 1000
"""Characters of a number, and its largest exponent of ten; the largest whole power."""
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:[.][0-9]*)?(?:e([+-]?[0-9]{1,6}))?", re.IGNORECASE)


# -- derivatives carried along -----------------------------------------------------------------------------------------


@dataclass
class Jets:
    """The rules of power series up to an order of 0, 1 or 2, over an arithmetic."""

    on: Any
    order: int
    from_flint: set[str] = field(default_factory=set)

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
        parts = [(key, part) for key, part in x.items() if len(key) == 1] if self.order == 2 else []
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
        slope = on.scaled(on.power(v, n - 1), n) if self.order else None
        bend = on.scaled(on.power(v, n - 2), n * (n - 1) // 2) if self.order == 2 else None
        return self.chain(x, on.power(v, n), slope, bend)

    def apply(self, graph: Graph, index: int, operands: Sequence[Any]) -> Any:
        """What an op makes of series. An operand may be why there is none."""
        op, nodes, parameter = graph.nodes[index]
        weak = [each for each in operands if isinstance(each, Weak)]
        if weak:
            raise next((each for each in weak if isinstance(each, Nowhere)), weak[0])
        if op is ops.const:
            return {(): constant(parameter or "", self.on)}
        if op in _FOLDED:
            return reduce(partial(_FOLDED[op], self), operands)
        if op in (ops.powi, ops.pow):
            whole = graph.number(nodes[1])
            if whole is not None and abs(whole) <= _POWER:
                return self.power(operands[0], whole)
        if op is ops.sqrt and not self.order:
            return {(): self.on.root(operands[0][()])}
        if op.name in _FUNCTIONS:
            return self.chain(operands[0], *_FUNCTIONS[op.name](self.on, operands[0][()]))
        define = _MEANT.get(op, op.define)
        if define is None:
            return self.chain(operands[0], *self.other(op, operands))
        try:
            return self.by_rule(define, operands)
        except Nowhere as weak:  # a definition may lack single points: a power of a negative number, say
            if op in _MEANT and (op is not ops.pow or self._has_no_power(*(each[()] for each in operands))):
                raise
            raise Weak(str(weak)) from None

    def by_rule(self, define: Callable[..., Any], operands: Sequence[Jet]) -> Jet:
        """What ops make of series, one after the other."""
        meant, output = _rule(define, len(operands))
        found: Jet = evaluated(meant, [output], dict(enumerate(operands)), self)[output]
        return found

    def other(self, op: Any, operands: Sequence[Jet]) -> Sequence[Any]:
        """Value, slope and half the bend of another function: there is none here."""
        raise Weak(f"{op.name} is not among the functions that can be verified")

    def _has_no_power(self, base: Any, exponent: Any) -> bool:
        """Whether a power has no value: of what is below 0, where no exponent is whole; 0 has powers too."""
        return bool(self.on.below(base, self.on.whole(0)) and self.on.is_broken(exponent))


_rule = cache(rule_graph)

_FOLDED: dict[Any, Callable[..., Jet]] = {
    ops.add: Jets.plus, ops.mul: Jets.product,
    ops.sub: lambda jets, a, b: jets.plus(a, jets.multiple(b, -1)),
    ops.div: lambda jets, a, b: jets.product(a, jets.power(b, -1)),
}  # fmt: skip
"""Ops that take their operands one after the other."""

_FUNCTIONS: dict[str, Callable[[Any, Any], tuple[Any, Any, Any]]] = {
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


def number(given: Any) -> Fraction:
    """A number of the file: a double as it is, a decimal as it is written, if it is not absurdly long."""
    if isinstance(given, str):
        match = _DECIMAL.fullmatch(given)
        if match is None or len(given) > _LONGEST or abs(int(match[1] or 0)) > _LONGEST:
            raise Weak(f"{given[:40]!r} is no number")
    elif isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise Weak(f"{given!r} is no number")
    return Fraction(given)


# -- equations ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class System:
    """Equations in unknowns.

    Attributes:
        parts: what is 0: a node, or its slope by the k-th unknown.
        fixed: the numbers of inputs that are no unknowns.
    """

    graph: Graph
    unknowns: tuple[int, ...]
    parts: tuple[tuple[int, int | None], ...]
    fixed: Mapping[int, Number] = field(default_factory=dict)
    from_flint: set[str] = field(default_factory=set)

    def rules(self, on: Any, order: int) -> Jets:
        """The rules of derivatives."""
        return Jets(on, order, self.from_flint)

    def jets(self, on: Any, box: Sequence[Any], order: int, outputs: Sequence[int]) -> Mapping[int, Jet]:
        """Some nodes in a box, with derivatives up to an order."""
        jets = self.rules(on, order)
        given = {node: jets.unknown(k, side) for k, (node, side) in enumerate(zip(self.unknowns, box, strict=True))}
        given |= {node: {(): make(on)} for node, make in self.fixed.items()}
        return evaluated(self.graph, outputs, given, jets)

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
            key = (j,) if k is None else (min(k, j), max(k, j))
            return scaled(jet.get(key, (0, 0)), 1 + (k == j))

        return [[entry(found[node], k, j) for j in size] for node, k in self.parts]

    def value(self, on: Any, box: Sequence[Any], node: int) -> Any:
        """A node in a box."""
        return self.jets(on, box, 0, (node,))[node][()]

    def is_out(self, on: Arithmetic, box: Box) -> bool:
        """Whether an equation holds nowhere in a box."""
        return any(low > 0 or high < 0 for low, high in self.values(on, box))

    def is_beside_pole(self, on: Arithmetic, box: Box) -> bool:
        """Whether that is seen where divisors may be 0."""
        return False

    def is_empty(self, on: Arithmetic, box: Box, inverse: Matrix | None = None, poles: bool = True) -> bool:
        """Whether it is proved that no zero that counts lies in a box; beside poles too, if that is asked for."""
        try:
            if self.is_out(on, box):
                return True
        except Nowhere:
            return True
        except Weak:
            return poles and self.is_beside_pole(on, box)
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
    middle = sum(box[k]) // 2
    return parted(box, k, middle, middle)


def parted(box: Box, k: int, low: int, high: int) -> list[Box]:
    """A box cut across its k-th side at a place between two ends, which is in both."""
    return [[*box[:k], (box[k][0], high), *box[k + 1 :]], [*box[:k], (low, box[k][1]), *box[k + 1 :]]]


def within(inner: Box, outer: Box, strictly: bool = False) -> bool:
    """Whether a box lies in another, or in its inside."""
    pairs = list(zip(inner, outer, strict=True))
    return all(b[0] + strictly <= a[0] and a[1] <= b[1] - strictly for a, b in pairs)


def apart(one: Box, other: Box) -> bool:
    """Whether two boxes have no point in common."""
    return any(a[1] < b[0] or b[1] < a[0] for a, b in zip(one, other, strict=True))


# -- zeros -------------------------------------------------------------------------------------------------------------


def digits_fit(on: Arithmetic, side: Interval, text: Any, which: str) -> None:
    """That all of an interval is the text's number, to a unit of its last digit or of its 17th."""
    value, (mantissa, _, exponent) = number(text), str(text).lower().partition("e")
    last = Fraction(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    shift = Fraction(10) ** (-16 if value == 0 else math.floor(math.log10(abs(value))) - 16)
    if not within([side], [on.of(value - min(shift, last), value + min(shift, last))]):
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


# -- the tree ----------------------------------------------------------------------------------------------------------


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
                waiting += [(choices, part) for part in cut(box, *more)]
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


def cut(box: Box, k: int, at: Any) -> list[Box]:
    """Two pieces of one."""
    place, (low, high) = COARSE.of(number(at), number(at)), box[range(len(box))[k]]
    if k < 0 or not low <= place[0] <= place[1] <= high:
        raise Weak("a cut beside its box")
    return parted(box, k, *place)


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
