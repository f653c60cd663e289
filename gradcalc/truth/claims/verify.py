"""Whether a proof file holds: critical points or roots in a box, and that there are no others.

This file shares no search and no arithmetic with what made the proof. It reads a formula into a graph by the parser of
gradcalc and what its ops mean, and does all else itself: numbers are intervals whose ends are whole multiples of 2^-P,
rounded outward; elementary functions are their Taylor series with the remainder; what these lack is python-flint's, and
the verdict names it. Derivatives are carried along with values, up to second order (forward mode).

A file says: in the box B lie these zeros of these components (a formula's derivatives, or formulas), and no others.

    points   for each zero a small box S and a large one U: Krawczyk's operator maps each into its inside, so each holds
             exactly one zero, the same. S fits the digits that are claimed, gives the kind and the value.
    others   the same of zeros that lie outside B
    tree     B, cut in two again and again; of each piece a reason: a component is not 0 in it; the operator maps it off
             itself; it lies in some U. Where a reason is too weak for the intervals here, the
             piece is cut further, a little.

Krawczyk (1969); Neumaier, "Interval Methods for Systems of Equations" (1990), 5.1.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.graph.ops import const, input_

Interval = tuple[int, int]
"""Two whole numbers a <= b: the numbers between a/2^P and b/2^P."""
Box = list[Interval]

TREE_BITS, POINT_BITS = 96, 320
"""P for the pieces of the box, and for the zeros."""
_ROUNDS = (1, 8, 64)
"""Into how many pieces a box is cut to bound the derivatives in it."""
_PIECES = 2000
"""Into how many pieces a part of the tree may be cut where its reason is too weak."""


_LONGEST = 4000
"""Characters of a number, and the largest exponent of ten."""
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:[.][0-9]*)?(?:e([+-]?[0-9]{1,6}))?", re.IGNORECASE)


class Weak(Exception):
    """The intervals are too wide, or a function has no value in a part of them, or the file claims what is not so."""


@dataclass(frozen=True)
class Arithmetic:
    """Intervals in multiples of 2^-bits."""

    bits: int

    def of(self, low: Fraction, high: Fraction) -> Interval:
        """The interval around two numbers."""
        return math.floor(low * 2**self.bits), math.ceil(high * 2**self.bits)

    def whole(self, number: int) -> Interval:
        """A whole number."""
        return number << self.bits, number << self.bits

    def times(self, a: Interval, b: Interval) -> Interval:
        """The product."""
        if a[0] >= 0 and b[0] >= 0:
            return a[0] * b[0] >> self.bits, -(-a[1] * b[1] >> self.bits)
        ends = (a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1])
        return min(ends) >> self.bits, -(-max(ends) >> self.bits)

    def over(self, a: Interval, b: Interval) -> Interval:
        """The quotient."""
        if b[0] <= 0 <= b[1]:
            raise Weak("a divisor may be 0")
        ends = [(x << self.bits, y) for x in a for y in b]
        return min(x // y for x, y in ends), max(-(-x // y) for x, y in ends)

    def power(self, a: Interval, n: int) -> Interval:
        """A whole power: of an even one the least size counts."""
        if n < 0:
            return self.over(self.whole(1), self.power(a, -n))
        if n % 2 == 0:
            a = (0 if a[0] <= 0 <= a[1] else min(map(abs, a)), max(map(abs, a)))
        result = self.whole(1)
        for _ in range(n):
            result = self.times(result, a)
        return result

    def root(self, a: Interval) -> Interval:
        """The square root."""
        if a[0] < 0:
            raise Weak("a root of a negative number")
        return math.isqrt(a[0] << self.bits), math.isqrt((a[1] << self.bits) - 1) + 1 if a[1] else 0

    def rising(self, function: Callable[[Interval], Interval], a: Interval) -> Interval:
        """A function that grows, by its ends."""
        return function((a[0], a[0]))[0], function((a[1], a[1]))[1]

    def finely(self, more: int, a: Interval, function: Callable[["Arithmetic", Interval], Interval]) -> Interval:
        """A function computed with more bits."""
        low, high = function(Arithmetic(self.bits + more), (a[0] << more, a[1] << more))
        return low >> more, -(-high >> more)

    def series(self, x: Interval, first: Interval, ratio: Callable[[int], tuple[int, int]]) -> Interval:
        """The sum of terms, each x*p/q times the one before it, at most half as large; p, q = ratio(k)."""
        total, term, k = first, first, 0
        while term[0] < -1 or term[1] > 1:
            k += 1
            above, below = ratio(k)
            low, high = scaled(self.times(term, x), above)
            term = (low // below, -(-high // below))
            total = add(total, term)
        return total[0] - 4, total[1] + 4  # what follows is at most as large as the last term

    def exp(self, a: Interval) -> Interval:
        """The exponential, of a number halved until it is small, squared as often."""
        halvings = max(0, max(map(abs, a)).bit_length() - self.bits + 4)

        def point(fine: Arithmetic, x: Interval) -> Interval:
            result = fine.series((x[0] >> halvings, -(-x[1] >> halvings)), fine.whole(1), lambda k: (1, k))
            for _ in range(halvings):
                result = fine.times(result, result)
            return result

        more = 16 + 2 * halvings + max(0, 2 * (a[1] >> self.bits))
        return self.rising(lambda x: self.finely(more, x, point), a)

    def log(self, a: Interval) -> Interval:
        """The logarithm: 2*atanh of (m - 1)/(m + 1) for a number m*2^k, and k of that of 2."""
        if a[0] <= 0:
            raise Weak("a logarithm of 0 or less")

        def point(fine: Arithmetic, x: Interval) -> Interval:
            k = (x[0] * 3 // 2).bit_length() - 1 - fine.bits
            near = (x[0] >> k, -(-x[1] >> k)) if k >= 0 else (x[0] << -k, x[1] << -k)
            return add(fine.atanh2(near), scaled(log_of_2(fine.bits), k))

        return self.rising(lambda x: self.finely(16, x, point), a)

    def atanh2(self, m: Interval) -> Interval:
        """Twice atanh((m - 1)/(m + 1)), for m between 1/2 and 2."""
        z = self.over(sub(m, self.whole(1)), add(m, self.whole(1)))
        return self.series(self.times(z, z), scaled(z, 2), lambda k: (2 * k - 1, 2 * k + 1))

    def atan(self, a: Interval) -> Interval:
        """The arc tangent, halved until the series is fast."""

        def point(fine: Arithmetic, x: Interval) -> Interval:
            for _ in range(3):
                leg = fine.root(add(fine.whole(1), fine.power(x, 2)))
                x = fine.over(x, add(fine.whole(1), leg))
            total = fine.series(fine.power(x, 2), x, lambda k: (1 - 2 * k, 2 * k + 1))
            return scaled(total, 8)

        return self.rising(lambda x: self.finely(16, x, point), a)

    def sine(self, a: Interval, turn: int = 0) -> Interval:
        """The sine of a number and so many quarters of a turn: at the ends, and what extremes lie between."""
        more = 16 + max(0, max(map(abs, a)).bit_length() - self.bits)
        quarter = half_pi(self.bits + more)
        fine = (a[0] << more, a[1] << more)
        first, last = (fine[0] // max(quarter)) - 1, (fine[1] // min(quarter)) + 2
        if fine[0] < 0:
            first = (fine[0] // min(quarter)) - 1
        if last - first > 8:
            return -(1 << self.bits), 1 << self.bits
        ends = [self.finely(more, (x, x), lambda f, y: _sine(f, y, turn)) for x in a]
        low, high = min(end[0] for end in ends), max(end[1] for end in ends)
        for k in range(first, last + 1):
            place = scaled(quarter, k)
            if (k + turn) % 2 and place[1] >= fine[0] and place[0] <= fine[1]:
                top = (k + turn) % 4 == 1
                low, high = (low, 1 << self.bits) if top else (-(1 << self.bits), high)
        return max(low, -(1 << self.bits)), min(high, 1 << self.bits)


def add(a: Interval, b: Interval) -> Interval:
    """The sum."""
    return a[0] + b[0], a[1] + b[1]


def sub(a: Interval, b: Interval) -> Interval:
    """The difference."""
    return a[0] - b[1], a[1] - b[0]


def scaled(a: Interval, k: int) -> Interval:
    """A whole multiple."""
    return (a[0] * k, a[1] * k) if k >= 0 else (a[1] * k, a[0] * k)


@cache
def log_of_2(bits: int) -> Interval:
    """log 2, by the series at 2."""
    return Arithmetic(bits).atanh2(Arithmetic(bits).whole(2))


@cache
def half_pi(bits: int) -> Interval:
    """pi/2 = 8 atan(1/5) - 2 atan(1/239) (Machin 1706)."""
    fine = Arithmetic(bits)

    def angle(n: int) -> Interval:
        x = fine.over(fine.whole(1), fine.whole(n))
        return fine.series(fine.times(x, x), x, lambda k: (1 - 2 * k, 2 * k + 1))

    return sub(scaled(angle(5), 8), scaled(angle(239), 2))


def _sine(fine: Arithmetic, x: Interval, turn: int) -> Interval:
    """The sine of one number, less the quarters of a turn that it is nearest to."""
    quarter = half_pi(fine.bits)
    k = (2 * x[0] + quarter[0]) // (2 * quarter[0])
    rest, turn = sub(x, scaled(quarter, k)), (k + turn) % 4
    square = fine.power(rest, 2)
    if turn % 2:
        value = fine.series(square, fine.whole(1), lambda n: (-1, 2 * n * (2 * n - 1)))
    else:
        value = fine.series(square, rest, lambda n: (-1, 2 * n * (2 * n + 1)))
    return scaled(value, -1) if turn in (2, 3) else value


# -- derivatives carried along -----------------------------------------------------------------------------------------

Second = dict[tuple[int, int], Interval]


@dataclass(frozen=True)
class Jet:
    """A value, its first derivatives and its second ones, (i, j) with i <= j; those that are 0 are absent."""

    value: Interval
    first: Mapping[int, Interval]
    second: Second


class Jets:
    """The rules of derivatives, up to an order of 0, 1 or 2."""

    def __init__(self, arithmetic: Arithmetic, order: int) -> None:
        self.on, self.order = arithmetic, order
        self.from_flint: set[str] = set()

    def constant(self, value: Interval) -> Jet:
        """A number."""
        return Jet(value, {}, {})

    def variable(self, k: int, value: Interval) -> Jet:
        """The k-th unknown."""
        return Jet(value, {k: self.on.whole(1)} if self.order else {}, {})

    def plus(self, a: Jet, b: Jet) -> Jet:
        """The sum."""
        return Jet(add(a.value, b.value), _sum(a.first, b.first), _sum(a.second, b.second))

    def multiple(self, a: Jet, k: int) -> Jet:
        """A whole multiple."""
        return Jet(scaled(a.value, k), _each(a.first, k), _each(a.second, k))

    def product(self, a: Jet, b: Jet) -> Jet:
        """The product: (fg)' = f'g + fg', (fg)'' = f''g + f'g' + g'f' + fg''."""
        if a is b:
            return self.chain(a, self.on.power(a.value, 2), scaled(a.value, 2), self.on.whole(2))
        times = self.on.times
        first = _sum(
            {i: times(x, b.value) for i, x in a.first.items()}, {i: times(a.value, x) for i, x in b.first.items()}
        )
        second: Second = {}
        if self.order == 2:
            second = {place: times(x, b.value) for place, x in a.second.items()}
            second = _sum(second, {place: times(a.value, x) for place, x in b.second.items()})
            for i, x in a.first.items():
                for j, y in b.first.items():
                    place, part = (min(i, j), max(i, j)), times(x, y)
                    part = scaled(part, 2) if i == j else part
                    second[place] = add(second[place], part) if place in second else part
        return Jet(times(a.value, b.value), first, second)

    def chain(self, x: Jet, value: Interval, slope: Interval, bend: Interval) -> Jet:
        """A function of a jet, by its own derivatives: f'x' and f'x'' + f''x'x'."""
        times = self.on.times
        first = {i: times(slope, part) for i, part in x.first.items()}
        second: Second = {}
        if self.order == 2:
            second = {place: times(slope, part) for place, part in x.second.items()}
            keys = sorted(x.first)
            for n, i in enumerate(keys):
                for j in keys[n:]:
                    square = self.on.power(x.first[i], 2) if i == j else times(x.first[i], x.first[j])
                    part = times(bend, square)
                    second[i, j] = add(second[i, j], part) if (i, j) in second else part
        return Jet(value, first, second)

    def power(self, x: Jet, n: int) -> Jet:
        """A whole power."""
        if n == 0:
            return self.constant(self.on.whole(1))
        slope = scaled(self.on.power(x.value, n - 1), n)
        bend = scaled(self.on.power(x.value, n - 2), n * (n - 1)) if n != 1 else (0, 0)
        return self.chain(x, self.on.power(x.value, n), slope, bend)

    def inverse(self, x: Jet) -> Jet:
        """1/x."""
        return self.power(x, -1)

    def function(self, name: str, x: Jet) -> Jet:
        """A function of one operand."""
        on, v = self.on, x.value
        one = on.whole(1)
        if name in ("exp", "log", "sqrt", "sin", "cos", "atan"):
            if name == "exp":
                return self.chain(x, *(on.exp(v),) * 3)
            if name in ("sin", "cos"):
                turn = int(name == "cos")
                return self.chain(x, *(on.sine(v, turn + k) for k in range(3)))
            below = add(one, on.power(v, 2)) if name == "atan" else v
            slope = on.over(one, below if name != "sqrt" else scaled(on.root(v), 2))
            if name == "log":
                return self.chain(x, on.log(v), slope, scaled(on.power(slope, 2), -1))
            if name == "sqrt":
                return self.chain(x, on.root(v), slope, scaled(on.over(slope, scaled(v, 2)), -1))
            return self.chain(x, on.atan(v), slope, scaled(on.times(v, on.power(slope, 2)), -2))
        if name == "abs":
            if v[0] < 0 < v[1] or v[0] == 0 or v[1] == 0:
                raise Weak("abs may be at its kink")
            return self.multiple(x, 1 if v[0] > 0 else -1)
        if name == "tan":
            return self.product(self.function("sin", x), self.inverse(self.function("cos", x)))
        if name in ("sinh", "cosh", "tanh"):
            up, down = self.function("exp", x), self.function("exp", self.multiple(x, -1))
            odd, even = self.plus(up, self.multiple(down, -1)), self.plus(up, down)
            half = self.constant((one[0] // 2, one[1] // 2))
            return (
                self.product(odd, self.inverse(even))
                if name == "tanh"
                else self.product(half, odd if name == "sinh" else even)
            )
        return self.by_flint(name, x)

    def by_flint(self, name: str, x: Jet) -> Jet:
        """A function that python-flint has, with its derivatives as coefficients of a power series."""
        from flint import arb, arb_series, ctx

        if not hasattr(arb_series, name):
            raise Weak(f"{name} is not among the functions that can be verified")
        self.from_flint.add(name)
        with ctx.workprec(2 * self.on.bits):
            low, high = (arb((end, -self.on.bits)) for end in x.value)
            ctx.cap = 3
            parts = getattr(arb_series([low.union(high), 1], prec=3), name)()
            balls = [parts[k] * math.factorial(k) for k in range(3)]
            if not all(ball.is_finite() for ball in balls):
                raise Weak(f"{name} may have no value")
            return self.chain(x, *(self._of_ball(ball) for ball in balls))

    def _of_ball(self, ball: Any) -> Interval:
        ends = []
        for end in (ball.lower(), ball.upper()):
            mantissa, exponent = (int(part) for part in end.man_exp())
            ends.append(Fraction(mantissa) * Fraction(2) ** exponent)
        return self.on.of(*ends)


def _sum(a: Mapping[Any, Interval], b: Mapping[Any, Interval]) -> dict[Any, Interval]:
    result = dict(a)
    for key, part in b.items():
        result[key] = add(result[key], part) if key in result else part
    return result


def _each(parts: Mapping[Any, Interval], k: int) -> dict[Any, Interval]:
    return {key: scaled(part, k) for key, part in parts.items()}


class Components:
    """What is 0 at the points that are claimed: the derivatives of one formula, or some formulas."""

    def __init__(self, graph: Graph, outputs: Sequence[int], inputs: Sequence[int], is_gradient: bool) -> None:
        self.graph, self.outputs, self.inputs, self.is_gradient = graph, tuple(outputs), tuple(inputs), is_gradient
        self.from_flint: set[str] = set()

    def jets(self, on: Arithmetic, box: Box, order: int) -> list[Jet]:
        """The formulas in a box, with derivatives up to an order."""
        jets = Jets(on, order)
        jets.from_flint = self.from_flint
        given = {node: jets.variable(k, side) for k, (node, side) in enumerate(zip(self.inputs, box, strict=True))}
        found = evaluated(self.graph, self.outputs, given, jets)
        return [found[output] for output in self.outputs]

    def values(self, on: Arithmetic, box: Box) -> list[Interval]:
        """The components in a box."""
        jets = self.jets(on, box, int(self.is_gradient))
        size = range(len(self.inputs))
        return [jets[0].first.get(k, (0, 0)) for k in size] if self.is_gradient else [jet.value for jet in jets]

    def matrix(self, on: Arithmetic, box: Box) -> list[list[Interval]]:
        """Their derivatives in a box: row i those of the i-th component."""
        jets, size = self.jets(on, box, 1 + self.is_gradient), range(len(self.inputs))
        if self.is_gradient:
            return [[jets[0].second.get((min(i, j), max(i, j)), (0, 0)) for j in size] for i in size]
        return [[jet.first.get(j, (0, 0)) for j in size] for jet in jets]


def evaluated(graph: Graph, outputs: Sequence[int], given: Mapping[int, Jet], jets: Jets) -> dict[int, Jet]:
    """The jets of some nodes."""
    found = dict(given)
    for index in graph.needed(outputs):
        op, operands, parameter = graph.nodes[index]
        if op is const:
            found[index] = jets.constant(_constant(parameter or "", jets.on))
        elif op is not input_:
            found[index] = _applied(op, graph, index, [found[i] for i in operands], jets)
    return found


def _constant(text: str, on: Arithmetic) -> Interval:
    """A constant: pi, e, or a number, which is its nearest double if it is no integer."""
    if text == "pi":
        return scaled(half_pi(on.bits), 2)
    if text in ("e", "E"):
        return on.exp(on.whole(1))
    try:
        value = (
            Fraction(int(text))
            if text.lstrip("-").isdecimal()
            else Fraction(float.fromhex(text) if "x" in text else float(text))
        )
    except (ValueError, OverflowError):
        raise Weak(f"the constant {text} cannot be verified") from None
    return on.of(value, value)


def _applied(op: Any, graph: Graph, index: int, operands: list[Jet], jets: Jets) -> Jet:
    """What an op makes of jets."""
    name, first = op.name, operands[0]
    if name in ("add", "mul"):
        for other in operands[1:]:
            first = jets.plus(first, other) if name == "add" else jets.product(first, other)
        return first
    if name in ("neg", "sub"):
        last = jets.multiple(operands[-1], -1)
        return last if name == "neg" else jets.plus(first, last)
    if name == "div":
        return jets.product(first, jets.inverse(operands[1]))
    if name in ("powi", "pow"):
        whole = graph.number(graph.nodes[index].operands[1])
        if whole is not None and abs(whole) <= 1000:
            return jets.power(first, whole)
        return jets.function("exp", jets.product(operands[1], jets.function("log", first)))
    if len(operands) == 1 and (name in _OWN or op.define is None):
        return jets.function(name if name in _OWN else op.flint or name, first)
    if op.define is None:
        raise Weak(f"{name} is not among the functions that can be verified")
    made, output = rule_graph(op.define, len(operands))
    return evaluated(made, [output], dict(enumerate(operands)), jets)[output]


_OWN = frozenset({"exp", "log", "sqrt", "sin", "cos", "atan", "abs", "tan", "sinh", "cosh", "tanh"})


# -- boxes -------------------------------------------------------------------------------------------------------------


def krawczyk(
    components: Components, on: Arithmetic, box: Box, inverse: Sequence[Sequence[Interval]], pieces: int = 1
) -> Box:
    """m - Y g(m) + (1 - Y H)(X - m): all zeros of g in the box X lie in it too; in its inside there is just one.

    H holds the derivatives at all points of the box: what they are in its pieces.
    """
    middle = [((a + b) // 2,) * 2 for a, b in box]
    point, parts = components.values(on, middle), [box]
    while len(parts) < pieces:
        parts = [half for part in parts for half in halves(part)]
    matrices = [components.matrix(on, part) for part in parts]
    matrix = [[_hull(entries) for entries in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]
    around, size = [sub(side, m) for side, m in zip(box, middle, strict=True)], range(len(box))
    image = []
    for i in size:
        total = middle[i]
        for k in size:
            total = sub(total, on.times(inverse[i][k], point[k]))
            entry = on.whole(int(i == k))
            for j in size:
                entry = sub(entry, on.times(inverse[i][j], matrix[j][k]))
            total = add(total, on.times(entry, around[k]))
        image.append(total)
    return image


def halves(box: Box) -> list[Box]:
    """A box cut across its longest side."""
    k = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
    low, high = box[k]
    middle = (low + high) // 2
    return [[*box[:k], (low, middle), *box[k + 1 :]], [*box[:k], (middle, high), *box[k + 1 :]]]


def _hull(parts: Sequence[Interval]) -> Interval:
    return min(part[0] for part in parts), max(part[1] for part in parts)


def within(inner: Box, outer: Box, strictly: bool = False) -> bool:
    """Whether a box lies in another, in its inside."""
    pairs = list(zip(inner, outer, strict=True))
    if strictly:
        return all(b[0] < a[0] and a[1] < b[1] for a, b in pairs)
    return all(b[0] <= a[0] and a[1] <= b[1] for a, b in pairs)


def apart(one: Box, other: Box) -> bool:
    """Whether two boxes have no point in common."""
    return any(a[1] < b[0] or b[1] < a[0] for a, b in zip(one, other, strict=True))


def inertia(matrix: Sequence[Sequence[Interval]], on: Arithmetic) -> tuple[int, int]:
    """How many eigenvalues of a symmetric matrix are positive, and negative; by Sylvester's law, block by block."""
    left, plus, minus = [list(row) for row in matrix], 0, 0
    while left:
        size = range(len(left))
        best = max(size, key=lambda i: _least(left[i][i]))
        if _least(left[best][best]) > 0:
            pivot = left[best][best]
            plus, minus = plus + (pivot[0] > 0), minus + (pivot[0] < 0)
            left = [
                [sub(left[i][j], on.over(on.times(left[i][best], left[best][j]), pivot)) for j in size if j != best]
                for i in size if i != best
            ]  # fmt: skip
            continue
        pairs = [(i, j) for i in size for j in size if i < j]
        i, j = max(pairs, key=lambda pair: _least(left[pair[0]][pair[1]]), default=(0, 0))
        if i == j:
            raise Weak("a pivot may be 0")
        determinant = sub(on.times(left[i][i], left[j][j]), on.power(left[i][j], 2))
        if determinant[1] >= 0:
            raise Weak("a block may be singular")
        plus, minus, rest = plus + 1, minus + 1, [k for k in size if k not in (i, j)]

        def eliminated(a: int, b: int, i: int = i, j: int = j, d: Interval = determinant, m: Any = left) -> Interval:
            up = sub(on.times(m[a][i], m[j][j]), on.times(m[a][j], m[i][j]))
            down = sub(on.times(m[a][j], m[i][i]), on.times(m[a][i], m[i][j]))
            return sub(m[a][b], on.over(add(on.times(up, m[i][b]), on.times(down, m[j][b])), d))

        left = [[eliminated(a, b) for b in rest] for a in rest]
    return plus, minus


def _least(a: Interval) -> int:
    return 0 if a[0] <= 0 <= a[1] else min(abs(a[0]), abs(a[1]))


# -- the file ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holds:
    """What a file that holds proves, and on what that rests."""

    claim: str
    rests_on: tuple[str, ...]


class Verifier:
    """The proof of one file, checked.

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
        points, others = self.claim["points"], self.proof["others"]
        aids = self.proof["points"]
        if len(points) != len(aids):
            raise Weak(f"{len(points)} points are claimed, {len(aids)} are proved")
        whole, inside = ([self.fine.of(*side) for side in sides] for sides in (self.outer, self.inner))
        zeros = [self._zero(aid, f"point {k}") for k, aid in enumerate([*aids, *others], 1)]
        for k, (zero, point) in enumerate(zip(zeros, points, strict=False), 1):
            if not within(zero, inside, strictly=True) or point.get("on_face"):
                raise Weak(f"point {k} is not proved to lie inside the box")
            self._claimed(zero, point, f"point {k}")
        if any(not apart(zero, whole) for zero in zeros[len(points) :]):
            raise Weak("a zero that is said to lie outside the box may lie in it")
        self._distinct(zeros)
        self._tree([self._box(self.coarse, aid["unique"]) for aid in [*aids, *others]])
        noun = "critical point" if self.components.is_gradient else "root"
        count = f"{len(points)} {noun}{'' if len(points) == 1 else 's'}"
        ends = ", ".join(f"{name}={':'.join(map(str, self.proof['box'][name]))}" for name in self.names)
        claim = f"{self.proof['expression']} has these {count} in {ends}, and no others"
        rests = ["integers of Python", "gradcalc's reading of the formula"]
        rests += [f"python-flint's {name}" for name in sorted(self.components.from_flint)]
        return Holds(claim, tuple(rests))

    def _box(self, on: Arithmetic, ends: Sequence[Sequence[Any]]) -> Box:
        """A box of the file; each end a number, or text of a decimal."""
        box = [on.of(_number(low), _number(high)) for low, high in ends]
        if len(box) != len(self.names) or any(low > high for low, high in box):
            raise Weak("a box of the file is none")
        return box

    def _inverse(self, on: Arithmetic, rows: Sequence[Sequence[Any]]) -> list[list[Interval]]:
        return [[on.of(_number(x), _number(x)) for x in row] for row in rows]

    def _zero(self, aid: Mapping[str, Any], which: str) -> Box:
        """Where a zero lies, once it is proved that the small box and the large one hold one zero each, the same."""
        small, large = self._box(self.fine, aid["box"]), self._box(self.fine, aid["unique"])
        if not within(small, large):
            raise Weak(f"{which}: its box is not in the one that is to hold it alone")
        self._mapped(self.coarse, self._box(self.coarse, aid["unique"]), aid["wide_inverse"], which)
        return self._mapped(self.fine, small, aid["inverse"], which)

    def _mapped(self, on: Arithmetic, box: Box, inverse: Sequence[Any], which: str) -> Box:
        """The image of a box that lies in its inside."""
        for pieces in _ROUNDS:
            try:
                image = krawczyk(self.components, on, box, self._inverse(on, inverse), pieces)
            except Weak:
                continue
            if within(image, box, strictly=True):
                return image
        raise Weak(f"{which}: Krawczyk's operator does not map its box into its inside")

    def _claimed(self, zero: Box, point: Mapping[str, Any], which: str) -> None:
        """Digits, kind and value of a point."""
        for name, side in zip(self.names, zero, strict=True):
            self._digits(side, point["at"][name], f"{which}, {name}")
        if not self.components.is_gradient:
            if point["kind"] != "root":
                raise Weak(f"{which} is a root, no {point['kind']}")
            return
        plus, minus = inertia(self.components.matrix(self.fine, zero), self.fine)
        kind = "saddle" if plus and minus else "minimum" if plus else "maximum"
        if point["kind"] != kind or point.get("index", minus) != minus:
            raise Weak(f"{which} is a {kind} with {minus} negative eigenvalues")
        self._digits(self.components.jets(self.fine, zero, 0)[0].value, point["value"], f"{which}, its value")

    def _digits(self, side: Interval, text: str, which: str) -> None:
        """That all of an interval is the text's number, to a unit of its last digit or of its 17th."""
        value, (mantissa, _, exponent) = _number(text), text.lower().partition("e")
        last = Fraction(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
        shift = Fraction(10) ** (-16 if value == 0 else math.floor(math.log10(abs(value))) - 16)
        low, high = self.fine.of(value - min(shift, last), value + min(shift, last))
        if not (low <= side[0] and side[1] <= high):
            raise Weak(f"{which}: its digits are not those of the zero")

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
        waiting = [[self.coarse.of(*side) for side in self.outer]]
        for step in self.proof["tree"]:
            if not waiting:
                raise Weak("the tree has more pieces than the box")
            box, (reason, *more) = waiting.pop(), step
            if reason == "cut":
                k, place = more[0], self.coarse.of(_number(more[1]), _number(more[1]))
                low, high = box[range(len(box))[k]]
                if k < 0 or not low <= place[0] <= place[1] <= high:
                    raise Weak("a cut beside its box")
                waiting += [[*box[:k], (place[0], high), *box[k + 1 :]], [*box[:k], (low, place[1]), *box[k + 1 :]]]
            elif reason == "in" and within(box, alone[more[0]]):
                continue
            elif reason not in ("out", "off") or not self._empty(box, more):
                raise Weak(f"a piece of the box whose reason ({reason}) does not hold: {self._shown(box)}")
        if waiting:
            raise Weak(f"{len(waiting)} pieces of the box have no reason: {self._shown(waiting[-1])}, ...")

    def _empty(self, box: Box, inverse: Sequence[Any]) -> bool:
        """Whether no zero lies in a box; in small parts of it, where its own intervals are too wide."""
        waiting, looked = [box], 0
        while waiting:
            looked += 1
            if looked > _PIECES:
                return False
            part = waiting.pop()
            if not self._is_empty(part, inverse):
                waiting += halves(part)
        return True

    def _is_empty(self, box: Box, inverse: Sequence[Any]) -> bool:
        try:
            if any(low > 0 or high < 0 for low, high in self.components.values(self.coarse, box)):
                return True
            return bool(inverse) and apart(
                krawczyk(self.components, self.coarse, box, self._inverse(self.coarse, inverse[0])), box
            )
        except Weak:
            return False

    def _shown(self, box: Box) -> str:
        ends = ([float(Fraction(end, 2**TREE_BITS)) for end in side] for side in box)
        return ", ".join(f"{name}={low:.6g}:{high:.6g}" for name, (low, high) in zip(self.names, ends, strict=True))


def _number(given: Any) -> Fraction:
    """A number of the file: a double as it is, a decimal as it is written, if it is not absurdly long."""
    if isinstance(given, str):
        match = _DECIMAL.fullmatch(given)
        if match is None or len(given) > _LONGEST or abs(int(match[1] or 0)) > _LONGEST:
            raise Weak(f"{given[:40]!r} is no number")
    elif isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise Weak(f"{given!r} is no number")
    return Fraction(given)
