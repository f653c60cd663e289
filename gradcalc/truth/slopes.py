"""Kinks, jumps and one-sided slopes: where the local rules do not settle a derivative. Imports arithmetic and graph.

Where an operand sits on an op's kink or on a branch boundary, or where a rule gives nan, the function itself is asked:
difference quotients in balls at three shrinking steps to either side, at a precision that holds x + h. This is
evidence, never proof, and a report says so; where slopes differ by less than that shows, one-sided series may prove it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget, OutOfBudget, work
from gradcalc.arithmetic.digits import digits_text, nearest_double, size_text
from gradcalc.arithmetic.evaluate import Arithmetic, apply_rule
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED, Ball, Unknown
from gradcalc.arithmetic.series import OneSided
from gradcalc.graph.graph import Graph
from gradcalc.truth.certify import Inputs

_STEPS = (512, 2048, 8192)
_COARSE_STEPS = (64, 256, 1024)
_CHEAP_STEPS = (32, 96, 288)
"""Where even those cost more than is left."""
_LARGE = 2_000


@dataclass(frozen=True, slots=True)
class Side:
    """What the function does to one side of the point.

    Attributes:
        kind: `slope` (the quotients settle), `infinite` (they grow), `jump` (the value does not tend to that at the
            point), `undefined` (no value on that side) or `unknown`.
        slope: the one-sided slope, infinite where the quotients grow; None where there is none.
        value: what the value tends to at a jump; None where that does not settle.
        quotients: at the three steps, the smallest last.
        vanishes: whether the quotients shrink towards 0; one that settles may have the float 0, or an infinity, too.
        beside: what the value at a jump is close to, in a ball.
    """

    kind: str
    slope: float | None = None
    value: float | None = None
    quotients: tuple[arb, ...] = ()
    vanishes: bool = False
    beside: arb | None = None

    @property
    def limit(self) -> arb:
        """The slope in a ball: the last quotient, or an exact 0 where the quotients shrink towards it."""
        return arb(0) if self.vanishes else self.quotients[-1]

    @property
    def text(self) -> str:
        """The slope, or what the value tends to at a jump, with its size where a float is 0 or infinite beside it."""
        if self.kind == "jump":
            return shown(self.value, self.beside)
        return shown(self.slope, None if self.vanishes or self.kind == "infinite" else self.limit)


def shown(number: float | None, ball: arb | None) -> str:
    """A float to six digits; where it is 0 or infinite and the number in the ball is neither, the number's own size."""
    beyond = number in (0.0, math.inf, -math.inf) and ball is not None and ball.is_finite() and not ball.contains(0)
    found = (digits_text(ball, 6) or size_text(ball)) if beyond and ball is not None else None
    return f"{number:g}" if found is None else found


UNKNOWN = Side("unknown")


@dataclass(frozen=True, slots=True)
class Slopes:
    """The two sides of a point along one direction.

    Attributes:
        gap: whether the slopes stay apart as the steps shrink; None where that is not to be seen.
    """

    left: Side
    right: Side
    gap: bool | None = None

    @property
    def jumps(self) -> bool:
        """Whether the value itself is discontinuous."""
        return "jump" in (self.left.kind, self.right.kind)

    @property
    def common(self) -> Side | None:
        """The side both share, or the only one where the other has no value; None where they differ or are unknown."""
        if self.left.slope is None or self.right.slope is None:
            only = self.right if self.left.kind == "undefined" else self.left
            other = self.left if only is self.right else self.right
            return only if only.slope is not None and other.kind == "undefined" else None
        return self.right if self.gap is False else None

    @property
    def differ(self) -> bool:
        """Whether both slopes are known and are not the same."""
        return self.gap is True


def _slopes(left: Side, right: Side) -> Slopes:
    """Both sides compared, at the precision in force."""
    if left.slope is None or right.slope is None:
        return Slopes(left, right)
    if "infinite" in (left.kind, right.kind):
        return Slopes(left, right, left.slope != right.slope)
    second, third = (abs(right.quotients[k] - left.quotients[k]) for k in (1, 2))
    size = max(abs(left.quotients[2]).abs_upper(), abs(right.quotients[2]).abs_upper())
    shrinks = third.abs_upper() * 256 <= second.abs_lower()
    if (
        shrinks
        or left.limit.is_zero()
        and right.limit.is_zero()
        or third.contains(0)
        and third.abs_upper() <= size * _FINE
    ):
        return Slopes(left, right, False)
    return Slopes(left, right, True if abs(third - second).abs_upper() * 16 <= third.abs_lower() else None)


_FINE = arb(2) ** -200
_ROUGH = arb(2) ** -20
_ODD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xB5297A4D3F84D5B5)
"""Factors of the steps: of no short binary or decimal form, so that no periodic function meets them in phase."""


def steps(graph: Graph, output: int, left: float = math.inf) -> tuple[int, int, int]:
    """The exponents of the three steps: smaller for what is slow in balls of many thousand bits.

    Args:
        left: the work that may still be done, of which one direction takes no more than a part.
    """
    nodes = [graph.nodes[index] for index in graph.needed([output])]
    slow = len(nodes) > _LARGE or any(node.op.costly for node in nodes)
    for exponents in (_COARSE_STEPS,) if slow else (_STEPS, _COARSE_STEPS):
        cost = sum(work(node.op, _precision(exponents)) * max(1, len(node.operands) - 1) for node in nodes)
        if cost * _VALUES * _DIRECTIONS <= left:
            return exponents
    return _CHEAP_STEPS


_VALUES, _DIRECTIONS = 7, 4
"""Values that one direction asks for; directions that the work should do for."""


def _precision(exponents: tuple[int, int, int]) -> int:
    """The bits that hold a point and the smallest step from it."""
    return 4 * exponents[-1] + 256


def along(graph: Graph, output: int, inputs: Inputs, direction: Mapping[int, int], budget: Budget) -> Slopes:
    """The slopes of a node to both sides of a point.

    Args:
        direction: how much each input moves, by node index, as small integers.
        budget: what it may cost; what is not known by then stays unknown.
    """
    try:
        probe = _Probe(graph, output, inputs, list(direction), budget)
        with ctx.workprec(probe.precision):
            left, right = (_side([probe.rise(direction, sign, k) for k in range(3)]) for sign in (-1, 1))
            found = _slopes(left, right)
        return found if found.gap else _told_apart(graph, output, inputs, direction, budget) or found
    except OutOfBudget:
        return Slopes(UNKNOWN, UNKNOWN)


def _told_apart(
    graph: Graph, output: int, inputs: Inputs, direction: Mapping[int, int], budget: Budget
) -> Slopes | None:
    """The slopes where they are proved to differ, by less than quotients show: `1 + exp(-1e5)*abs(x)` at 0."""
    sides = []
    for sign in (-1, 1):
        series = OneSided(_BITS)
        at = dict(inputs(series.balls))
        at |= {index: series.variable(at[index], sign * weight) for index, weight in direction.items()}
        slope = series.coefficients(series.evaluate(graph, at, [output], budget)[output])[1]
        if isinstance(slope, Unknown):
            return None
        sides.append(Side("slope", nearest_double((sign * slope).mid()), None, (sign * slope,) * 3))
    left, right = sides
    return None if left.limit.overlaps(right.limit) else Slopes(left, right, True)


_BITS = 256
"""Precision of slopes that are proved."""


def second(graph: Graph, output: int, inputs: Inputs, i: int, j: int, budget: Budget) -> Slopes:
    """The second derivative of a node for inputs `i` and `j`, by second differences of its values to both sides.

    Two shapes of the difference must settle at the same number, else nothing is known.
    """
    try:
        probe = _Probe(graph, output, inputs, [i, j], budget)
        with ctx.workprec(probe.precision):
            square, oblong = (
                [_settled([probe.bend(i, j, sign, ratio, k) for k in range(3)], probe.steps) for sign in (-1, 1)]
                for ratio in (1, 2)
            )
            fit = all(map(_same, square, oblong)) and not square[0].kind == square[1].kind == "undefined"
            return _slopes(*square) if fit else Slopes(UNKNOWN, UNKNOWN)
    except OutOfBudget:
        return Slopes(UNKNOWN, UNKNOWN)


def between(graph: Graph, output: int, inputs: Inputs, input_: int, budget: Budget) -> list[Ball]:
    """How fast a node changes between the first two steps, to either side of a point that is not used itself."""
    try:
        probe = _Probe(graph, output, inputs, [input_], budget)
        with ctx.workprec(probe.precision):
            found: list[Ball] = []
            for far, near in ((sign * probe.steps[0], sign * probe.steps[1]) for sign in (-1, 1)):
                a, b = (probe.value({input_: step}) for step in (far, near))
                marks = [value for value in (a, b) if isinstance(value, Unknown)]
                found.append(marks[0] if marks else (a - b) / (far - near))  # type: ignore[operator]
            return found
    except OutOfBudget:
        return [UNDECIDED]


def _same(square: Side, oblong: Side) -> bool:
    """Whether two shapes of a second difference say the same of one side."""
    return square.kind == oblong.kind == "undefined" or _slopes(square, oblong).gap is False


class _Probe:
    """Values of a node near a point, at a precision that holds the steps and second differences of them."""

    def __init__(self, graph: Graph, output: int, inputs: Inputs, moving: Sequence[int], budget: Budget) -> None:
        self.graph, self.output, self.budget = graph, output, budget
        exponents = steps(graph, output, budget.left)
        self.precision = _precision(exponents)
        self._balls = Balls(self.precision)
        with ctx.workprec(self.precision):
            self._at = dict(inputs(self._balls))
            scale = _scale([self._at[index] for index in moving])
            self.steps = [
                scale * odd * arb(2) ** (-64 - exponent) for odd, exponent in zip(_ODD, exponents, strict=True)
            ]
            self.centre = self.value({})

    def value(self, moves: Mapping[int, arb]) -> Ball:
        """The value where some inputs have moved."""
        moved = self._at | {index: self._at[index] + move for index, move in moves.items()}
        value: Ball = self._balls.evaluate(self.graph, moved, [self.output], self.budget)[self.output]
        return value

    def rise(self, direction: Mapping[int, int], sign: int, k: int) -> tuple[arb, Ball, Ball]:
        """The k-th step with its sign, the value there, and how much it lies above the value at the point."""
        step = sign * self.steps[k]
        value = self.value({index: step * weight for index, weight in direction.items()})
        if isinstance(value, Unknown) or isinstance(self.centre, Unknown):
            return step, value, UNDECIDED
        return step, value, value - self.centre

    def bend(self, i: int, j: int, sign: int, ratio: int, k: int) -> Ball:
        """The k-th second difference quotient to one side, the second step `ratio` times the first."""
        first, other = sign * self.steps[k], sign * ratio * self.steps[k]
        corner = self.value({i: first + other} if i == j else {i: first, j: other})
        values = [corner, self.centre, self.value({i: first}), self.value({j: other})]
        known = [value for value in values if not isinstance(value, Unknown)]
        if any(value is UNDEFINED for value in values):
            return UNDEFINED
        return UNDECIDED if len(known) < 4 else (known[0] + known[1] - known[2] - known[3]) / (first * other)


def _scale(at: Sequence[Ball]) -> arb:
    """A power of two of the size of the point, 1 where it is zero."""
    largest = max((nearest_double(x.mid()) or 0.0 for x in at if not isinstance(x, Unknown)), key=abs, default=0.0)
    finite = abs(largest) if 0 < abs(largest) < math.inf else 1.0
    return arb(2) ** math.frexp(finite)[1]


def _side(heights: Sequence[tuple[arb, Ball, Ball]]) -> Side:
    """Read one side off the steps, the values there and their rises."""
    if all(value is UNDEFINED for _, value, _ in heights):
        return Side("undefined")
    rises = [rise for _, _, rise in heights if not isinstance(rise, Unknown)]
    if len(rises) < len(heights):
        return UNKNOWN
    low, high = ([getattr(abs(rise), bound)() for rise in rises] for bound in ("abs_lower", "abs_upper"))
    moves = [step for step, _, _ in heights]
    power = _power(rises, moves)
    vanishes = power is not None and power > 0  # as the least power of the step does, however slowly
    declines = high[2] < low[1] and high[1] < low[0]  # it may go on to, as 1/log(log(1/h)) does
    stays = low[2] * 16 >= high[1] * 15 if declines else low[2] * 3 >= high[1] * 2
    if low[2] > 0 and stays and not vanishes:
        return Side("jump", None, _jump_limit(rises, moves, heights[2][1]), beside=_beside(heights))
    side = _settled([rise / move for move, rise in zip(moves, rises, strict=True)], moves)
    shrinks = vanishes or high[2] * 16 <= low[1] and high[1] * 16 <= low[0]
    return side if side.kind != "infinite" or shrinks else UNKNOWN


def _beside(heights: Sequence[tuple[arb, Ball, Ball]]) -> arb | None:
    """The last value beside a jump where the values settle by their own size: at the limit 0 they do not."""
    before, last = (heights[k][1] for k in (1, 2))
    if isinstance(before, Unknown) or isinstance(last, Unknown):
        return None
    return last if abs(last - before).abs_upper() <= abs(last).abs_lower() * _ROUGH else None


def _jump_limit(rises: Sequence[arb], steps: Sequence[arb], last: Ball) -> float | None:
    """What the value tends to beside a jump: a number, infinity, or None where it does not settle.

    Infinity where it grows as a power of the step, faster than one, or as the logarithm of the step.
    """
    if abs(rises[2] - rises[1]).abs_upper() <= abs(rises[2]).abs_lower() * _ROUGH:
        return None if isinstance(last, Unknown) else nearest_double(last.mid())
    grows = _power(rises, steps) is not None or all(power < -_LEAST_GROWTH for power in _powers(rises, steps))
    first, second = _rates(rises, steps)
    if grows or abs(first - second) < abs(second) * _FINE:
        return math.inf if rises[2] > 0 else -math.inf
    return None


def _settled(found: Sequence[Ball], steps: Sequence[arb]) -> Side:
    """Whether three quotients at three steps settle, shrink to 0 or grow without bound."""
    if all(quotient is UNDEFINED for quotient in found):
        return Side("undefined")
    quotients = [quotient for quotient in found if not isinstance(quotient, Unknown)]
    if len(quotients) < len(found):
        return UNKNOWN
    low, high = ([getattr(abs(q), bound)() for q in quotients] for bound in ("abs_lower", "abs_upper"))
    before, after = ((quotients[i + 1] - quotients[i]) for i in (0, 1))
    moved = abs(after).abs_upper()
    limits = tuple(quotients)
    power = _power(quotients, steps)
    if power is not None and power > 0:
        return Side("slope", 0.0, None, limits, vanishes=True)
    near = moved <= low[2] * _ROUGH or moved * 64 <= low[2] and moved * low[2] ** 2 <= abs(before).abs_upper() ** 3
    if near and power is None:
        return Side("slope", nearest_double(quotients[2].mid()), None, limits)
    if high[2] * 1024 <= low[1] and high[1] * 16 <= low[0] or quotients[2].contains(0) and high[2] < _FINE:
        return Side("slope", 0.0, None, limits, vanishes=True)
    if 2 * low[2] >= 3 * high[1] and 2 * low[1] >= 3 * high[0] and low[2] > 64 or power is not None:
        return Side("infinite", math.inf if quotients[2] > 0 else -math.inf, None, limits)
    return UNKNOWN


def _power(found: Sequence[arb], steps: Sequence[arb]) -> arb | None:
    """The power of the step that numbers are, however small (`abs(x)**1.001`); None where they are none."""
    if any(number.contains(0) for number in found):
        return None
    with ctx.workprec(min(ctx.prec, _POWER_BITS)):
        first, second = _powers(found, steps)
        same = abs(first - second) < abs(second) * _SAME_POWER and not second.contains(0)
        return second if same else None


def _powers(found: Sequence[arb], steps: Sequence[arb]) -> tuple[arb, arb]:
    """The powers of the step between three numbers."""
    return _rates([abs(x).log() for x in found], steps)


def _rates(found: Sequence[arb], steps: Sequence[arb]) -> tuple[arb, arb]:
    """How three numbers change beside the logarithm of the step."""
    sizes = [abs(step).log() for step in steps]
    first, second = ((found[i + 1] - found[i]) / (sizes[i + 1] - sizes[i]) for i in (0, 1))
    return first, second


_LEAST_GROWTH = arb((1, -4))
"""The power of one over the step from which on what grows is taken to go on."""
_POWER_BITS = 2048
_SAME_POWER = arb(2) ** -40


def on_kink(graph: Graph, arithmetic: Arithmetic, values: Sequence[Any], nodes: Sequence[int]) -> dict[int, Any]:
    """The nodes whose operands sit on their op's kink: True, or UNDECIDED where balls cannot tell."""
    found = {}
    for index in nodes:
        op, operands, _ = graph.nodes[index]
        if op.kink is None:
            continue
        used = (index, *dict.fromkeys(operands)) if op.variadic else operands  # `max(x, x)` is no tie
        arguments = [values[i] for i in used]
        hit = apply_rule(op.kink, arithmetic, *arguments)
        if hit is True or hit is UNDECIDED:
            found[index] = hit
    return found


def generic_directions(inputs: Sequence[int]) -> list[dict[int, int]]:
    """Two directions along no axis and no diagonal, over some inputs."""
    weights: list[Callable[[int], int]] = [lambda i: 89 + 34 * i, lambda i: (-1) ** i * (97 - 13 * (i % 7))]
    return [{index: weight(i) for i, index in enumerate(inputs)} for weight in weights]
