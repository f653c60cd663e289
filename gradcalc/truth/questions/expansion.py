"""Taylor polynomials: certified coefficients at points, and a proved bound of what the polynomial leaves out.

Flow: a formula and a point to series along directions, these to coefficients by powers of the variables; for the bound
the first coefficient left out over boxes around the point, the box of the largest bound bisected again and again; in
one variable what is left out itself, piece by piece. What may be 0 is proved to be by its derivative on the graph.

Griewank, Utke, Walther, "Evaluating higher derivative tensors by forward propagation of univariate Taylor series",
Math. Comp. 69 (2000); here the homogeneous polynomial of each degree is interpolated on the lattice of its own powers.
"""

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from sys import float_info
from typing import Any

from flint import arb, arb_poly, ctx, fmpq_mat

from gradcalc.arithmetic.budget import Budget, OutOfBudget
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.exact_numbers import plain
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED, Ball, Unknown
from gradcalc.arithmetic.series import Series
from gradcalc.errors import LimitError
from gradcalc.graph.domain import plain_derivative
from gradcalc.language import points
from gradcalc.language.formula import Formula, Point
from gradcalc.truth.certify import PRECISIONS, enclose, settled
from gradcalc.work import counted, doing

Powers = tuple[int, ...]
"""How often each variable is a factor of a term."""

_ZERO_ORDER, _ZERO_NODES, _ZEROS, _ZERO_WORK = 12, 1_000, 60, 1_000_000
"""Up to which order a coefficient that may be 0 is looked at as a derivative, of how many nodes, how many of them, and
what that may cost, in units of about a microsecond."""
_BOXES = 1_000
"""How many boxes a bound is looked for in, at most."""
_SLIVER = 2.0**-24
"""The part of a side of the box below which it is cut no further: a kink or a pole stays in it for ever."""
_NEAR = 2.0
"""A bound is sharp enough where it is at most this many times what is reached within the box."""


def degrees(count: int, degree: int) -> list[Powers]:
    """The powers of `count` variables that have this degree together, the first variable's falling."""
    if count <= 1:
        return [(degree,) * count] if count or not degree else []
    return [(first, *rest) for first in range(degree, -1, -1) for rest in degrees(count - 1, degree - first)]


def coefficients(
    formula: Formula, point: Point, wanted: Sequence[Powers], digits: int, budget: Budget
) -> dict[Powers, Ball]:
    """The Taylor coefficients of some powers of the formula's variables, each as tight as `digits` digits ask.

    Returns:
        For each a finite ball, UNDEFINED where the formula has no value, or UNDECIDED: where it has no Taylor series
        as far as is known, as on a kink, or where the budget is spent.
    """
    bits = int(digits * 3.33) + 14
    found: dict[Powers, Ball] = dict.fromkeys(wanted, UNDECIDED)
    open_ = list(found)
    for precision in PRECISIONS:
        if precision < bits + 32 or not open_:
            continue
        doing(f"power series at {precision:,} bits")
        try:
            known = _of_degrees(formula, point, {sum(powers) for powers in open_}, precision, budget)
        except OutOfBudget:
            break
        first = open_ == list(found)
        found |= {powers: known[powers] for powers in open_ if known[powers] is not UNDECIDED}
        open_ = [powers for powers in open_ if not settled(found[powers], bits)]
        if first:
            found |= dict.fromkeys(_zeros(formula, point, found, open_), arb(0))
            open_ = [powers for powers in open_ if not settled(found[powers], bits)]
    return found


def _zeros(formula: Formula, point: Point, found: Mapping[Powers, Ball], open_: Sequence[Powers]) -> list[Powers]:
    """The powers, of those not settled, whose coefficients are proved to be 0: as derivatives on the graph."""
    graph = formula.graph
    nodes: dict[Powers, int] = {}
    for powers in open_:
        ball = found[powers]
        if isinstance(ball, Unknown) or not ball.contains(0) or sum(powers) > _ZERO_ORDER or len(nodes) == _ZEROS:
            continue
        by = [name for name, power in zip(formula.inputs, powers, strict=True) for _ in range(power)]
        with suppress(LimitError):
            nodes[powers] = plain_derivative(graph, formula.output, by, _ZERO_NODES)
    inputs = partial(points.bind, graph, point)
    balls = enclose(graph, inputs, list(nodes.values()), budget=Budget(_ZERO_WORK))
    return [powers for powers, ball in zip(nodes, balls, strict=True) if isinstance(ball, arb) and ball.is_zero()]


def _of_degrees(formula: Formula, point: Point, wanted: set[int], precision: int, budget: Budget) -> dict[Powers, Ball]:
    """The coefficients of all powers of some degrees; of one variable all from one series."""
    count = len(formula.inputs)
    if count == 1:
        found = series(formula, point, (1,), max(wanted), precision, budget)
        found[:1] = series(formula, point, (0,), 0, precision, budget)  # which may be known exactly
        return {(degree,): found[degree] for degree in wanted}
    known: dict[Powers, Ball] = {}
    for degree in counted(sorted(wanted), "degrees"):
        powers = degrees(count, degree)
        along = [series(formula, point, direction, degree, precision, budget)[degree] for direction in powers]
        known |= zip(powers, _solution(count, degree, along, precision), strict=True)
    return known


def _solution(count: int, degree: int, along: Sequence[Ball], precision: int) -> list[Ball]:
    """The coefficients of a degree from its values along all directions."""
    if any(isinstance(ball, Unknown) for ball in along):
        return [UNDEFINED if UNDEFINED in along else UNDECIDED] * len(along)
    with ctx.workprec(precision):
        return [
            sum((ball * q for ball, q in zip(along, row, strict=True) if q), arb(0)) for row in _solved(count, degree)
        ]


@cache
def _solved(count: int, degree: int) -> list[list[Any]]:
    """The rationals that make coefficients of values: the inverse of the matrix of directions to powers."""
    powers = degrees(count, degree)
    rows = [[math.prod(s**p for s, p in zip(direction, each, strict=True)) for each in powers] for direction in powers]
    return fmpq_mat(rows).inv().tolist()


def series(
    formula: Formula, point: Point, direction: Sequence[Any], order: int, precision: int, budget: Budget
) -> list[Ball]:
    """All coefficients to an order along a direction: a number for each of the formula's inputs."""
    arithmetic = Series(order + 1, precision)
    with ctx.workprec(precision):
        at = points.bind(formula.graph, point, arithmetic.balls)
        at |= {i: arithmetic.variable(at[i], slope) for i, slope in zip(formula.inputs, direction, strict=True)}
        values = arithmetic.evaluate(formula.graph, at, [formula.output], budget)
    return [plain(ball) for ball in arithmetic.coefficients(values[formula.output])]


# -- what is left out ------------------------------------------------------------------------------------------------


Side = tuple[arb, arb]
"""The exact ends of a box along a variable, or of the steps along it."""

_Box = tuple[float, int, tuple[Side, ...]]
"""Minus the bound of the coefficient there, so that the largest comes first; a number that tells boxes apart; sides of
the variables, then of the steps."""


def remainder(formula: Formula, point: Point, order: int, within: Sequence[float], budget: Budget) -> float | None:
    """A proved bound of what the polynomial of an order leaves out in the box of these half widths around the point.

    By Taylor's theorem that is, for a step h within the box, the coefficient `order + 1` along h somewhere between the
    point and the point moved by h. In one variable what is left out is bounded piece by piece.

    Returns:
        None where no bound is found: where the formula may have a kink, a pole or no value in the box.
    """
    search = (_Pieces if len(within) == 1 else _Remainder)(formula, point, order, within, budget)
    with suppress(OutOfBudget):
        search.look()
    return search.bound if math.isfinite(search.bound) else None


class _Remainder:
    """The search for a bound: boxes by their bounds, the largest first.

    Attributes:
        bound: what is proved.
        reached: what the largest is at least.
    """

    boxes = _BOXES

    def __init__(self, formula: Formula, point: Point, order: int, within: Sequence[float], budget: Budget) -> None:
        self.formula, self.order, self.budget = formula, order, budget
        self.arithmetic = Series(order + 2, 64 + 4 * order)
        self.center = points.bind(formula.graph, point, self.arithmetic.balls)
        self.within = [arb(r) for r in within]
        self.count = len(formula.inputs)
        self.made = 0
        self.bound, self.reached = math.inf, 0.0

    def look(self) -> None:
        """Bisect until the largest bound is near to what is reached, or the boxes are spent."""
        middles = [plain(self.center[i]) for i in self.formula.inputs]
        if any(isinstance(middle, Unknown) for middle in middles):
            return
        around = [((x - r).lower(), (x + r).upper()) for x, r in zip(middles, self.within, strict=True)]
        steps = [(-r if self.count > 1 else r, r) for r in self.within]
        boxes = [self.box((*around, *steps))]
        self.bound = -boxes[0][0]
        while self.made < self.boxes and self.bound > max(_NEAR * self.reached, float_info.min):
            if math.isinf(boxes[0][0]) and self.is_sliver(boxes[0][2]):
                return
            for half in _halves(heapq.heappop(boxes)[2]):
                heapq.heappush(boxes, self.box(half))
            self.bound = min(self.bound, -boxes[0][0])

    def is_sliver(self, sides: tuple[Side, ...]) -> bool:
        """Whether a box is too narrow to be cut further."""
        parts = zip(sides, self.within, strict=False)
        return all(high - low < _SLIVER * r for (low, high), r in parts)

    def box(self, sides: tuple[Side, ...]) -> _Box:
        """A box with its bound; what is reached at its middle, by its longest step, counts for all."""
        bound = self.sizes([low.union(high) for low, high in sides])[1]
        if bound > self.reached:
            middles = [((low + high) / 2).mid() for low, high in sides[: self.count]]
            longest = [high if abs(high) >= abs(low) else low for low, high in sides[self.count :]]
            self.reached = max(self.reached, self.sizes([*middles, *longest])[0])
        self.made += 1
        return -bound, self.made, sides

    def sizes(self, numbers: Sequence[arb]) -> tuple[float, float]:
        """Between what the size of the coefficient is over the numbers: 0 and infinity where it is not known."""
        with ctx.workprec(self.arithmetic.balls.precision):
            places = zip(self.formula.inputs, numbers[: self.count], numbers[self.count :], strict=True)
            at = self.center | {i: self.arithmetic.variable(x, step) for i, x, step in places}
            values = self.arithmetic.evaluate(self.formula.graph, at, [self.formula.output], self.budget)
            found = plain(self.arithmetic.coefficients(values[self.formula.output])[self.order + 1])
        return _doubles(found)


class _Pieces(_Remainder):
    """The search in one variable: pieces of the interval, in each the difference of two polynomials and a small rest.

    Around the middle c of a piece the formula is its own polynomial of the same order, and the coefficient `order + 1`
    somewhere in the piece; what the polynomial around the point leaves out is what the two differ by, and that.
    """

    boxes = 400

    def __init__(self, formula: Formula, point: Point, order: int, within: Sequence[float], budget: Budget) -> None:
        super().__init__(formula, point, order, within, budget)
        self.arithmetic = Series(order + 2, 128 + 8 * order)
        (self.input,) = formula.inputs
        self.middle = plain(self.center[self.input])
        self.taylor: Any = None

    def box(self, sides: tuple[Side, ...]) -> _Box:
        """A piece with its bound: all of the interval around the point itself."""
        self.made += 1
        (low, high), *_ = sides
        bound = math.inf
        with ctx.workprec(self.arithmetic.balls.precision):
            radius = ((high - low) / 2).upper()
            rest = self.along(low.union(high), radius)[self.order + 1]
            if not isinstance(rest, Unknown):
                apart = self.apart(((low + high) / 2).mid(), radius) if self.made > 1 else [arb(0)]
                bound = math.inf if apart is None else _doubles(sum(map(abs, apart), abs(rest)))[1]
                for end in (1, -1) if apart else ():
                    there = abs(sum((part * end**k for k, part in enumerate(apart or ())), arb(0))) - abs(rest)
                    self.reached = max(self.reached, _doubles(there)[0] if there > 0 else 0.0)
        return -bound, self.made, sides

    def apart(self, middle: arb, radius: arb) -> list[arb] | None:
        """What the formula's polynomial around a middle and that around the point differ by, by powers of the step."""
        own = self.along(middle, radius)[: self.order + 1]
        if self.taylor is None:
            known = [ball for ball in self.along(self.middle, arb(1)) if not isinstance(ball, Unknown)]
            self.taylor = arb_poly(known[: self.order + 1]) if len(known) == self.order + 2 else None
        if self.taylor is None or any(isinstance(ball, Unknown) for ball in own):
            return None
        moved = self.taylor(arb_poly([middle - self.middle, radius]))
        return [ball - moved[k] for k, ball in enumerate(own)]

    def along(self, middle: arb, step: arb) -> list[Ball]:
        """The coefficients around a middle, of steps of a length."""
        at = self.center | {self.input: self.arithmetic.variable(middle, step)}
        values = self.arithmetic.evaluate(self.formula.graph, at, [self.formula.output], self.budget)
        return [plain(ball) for ball in self.arithmetic.coefficients(values[self.formula.output])]


def _doubles(ball: Ball) -> tuple[float, float]:
    """Doubles between which the size of a number is: 0 and infinity where it is not known."""
    if isinstance(ball, Unknown) or not ball.is_finite():
        return 0.0, math.inf
    size = abs(ball)
    if size.is_zero():
        return 0.0, 0.0
    low, high = nearest_double(size.abs_lower()) or 0.0, nearest_double(size.abs_upper())
    return math.nextafter(low, 0.0), math.inf if high is None else math.nextafter(high, math.inf)


def _halves(sides: tuple[Side, ...]) -> Iterator[tuple[Side, ...]]:
    """A box cut in two across its widest side; the two share the cut."""
    widest = max(range(len(sides)), key=lambda i: float(sides[i][1] - sides[i][0]))
    low, high = sides[widest]
    cut = ((low + high) / 2).mid()
    for part in ((low, cut), (cut, high)):
        yield (*sides[:widest], part, *sides[widest + 1 :])
