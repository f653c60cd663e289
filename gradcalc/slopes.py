"""Kinks, jumps and one-sided slopes: where the local rules do not settle a derivative. Imports arithmetic and graph.

Where an operand sits on an op's kink or on a branch boundary, or where a rule gives nan, the function itself is asked:
difference quotients in balls at three shrinking steps to either side, at a precision that holds x + h. This is
evidence, never proof, and a report says so.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from flint import arb, ctx

from gradcalc import ops
from gradcalc.arithmetic import Arithmetic, OutOfTime, evaluate
from gradcalc.arithmetic.balls import UNDECIDED, UNDEFINED, Balls, Unknown, nearest_double
from gradcalc.certify import Ball, Inputs
from gradcalc.graph import Graph
from gradcalc.ops import Op

_STEPS = (512, 2048, 8192)
_COARSE_STEPS = (64, 256, 1024)
_LARGE = 2_000
_SLOW = frozenset(
    op for name, op in ops.TABLE.items()
    if name.startswith(("bessel", "airy", "zeta", "lambertw", "gamma", "lgamma", "digamma", "polygamma", "beta", "binomial"))
    or name in ("factorial", "Ei", "Si", "Ci", "sinc_derivative")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """What the function does to one side of the point.

    Attributes:
        kind: `slope` (the quotients settle), `infinite` (they grow), `jump` (the value does not tend to that at the
            point), `undefined` (no value on that side) or `unknown`.
        slope: the one-sided slope, infinite where the quotients grow; None where there is none.
        value: what the value tends to at a jump, as far as the last step shows.
    """

    kind: str
    slope: float | None = None
    value: float | None = None


UNKNOWN = Side("unknown")


@dataclass(frozen=True, slots=True)
class Slopes:
    """The two sides of a point along one direction."""

    left: Side
    right: Side

    @property
    def jumps(self) -> bool:
        """Whether the value itself is discontinuous."""
        return "jump" in (self.left.kind, self.right.kind)

    @property
    def common(self) -> float | None:
        """The slope both sides share; one side's where the other has no value; None where they differ or are unknown."""
        if self.left.slope is None or self.right.slope is None:
            if self.left.kind == "undefined":
                return self.right.slope
            return self.left.slope if self.right.kind == "undefined" else None
        return self.right.slope if close(self.left.slope, self.right.slope) else None

    @property
    def differ(self) -> bool:
        """Whether both slopes are known and are not the same."""
        left, right = self.left.slope, self.right.slope
        return left is not None and right is not None and not close(left, right)


def close(a: float, b: float) -> bool:
    """Whether two measured slopes are the same number."""
    if math.isinf(a) or math.isinf(b):
        return a == b
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1e-30)


def steps(graph: Graph, output: int) -> tuple[int, int, int]:
    """The exponents of the three steps: smaller for what is slow in balls of many thousand bits."""
    needed = graph.needed([output])
    slow = len(needed) > _LARGE or any(graph.nodes[index].op in _SLOW for index in needed)
    return _COARSE_STEPS if slow else _STEPS


def along(graph: Graph, output: int, inputs: Inputs, direction: Mapping[int, int], deadline: float) -> Slopes:
    """The slopes of a node to both sides of a point.

    Args:
        direction: how much each input moves, by node index, as small integers.
        deadline: on the clock of `time.monotonic`; what is not known by then stays unknown.
    """
    exponents = steps(graph, output)
    balls = Balls(3 * exponents[-1] + 192)  # holds x + h, and quotients of second order beside it
    try:
        with ctx.workprec(balls.precision):
            at = dict(inputs(balls))
            centre = balls.evaluate(graph, at, [output], deadline=deadline)[output]
            if isinstance(centre, Unknown):
                return Slopes(UNKNOWN, UNKNOWN)
            scale = _scale([at[index] for index in direction])
            sides = []
            for sign in (-1, 1):
                heights = []
                for exponent in exponents:
                    step = sign * scale * arb(2) ** -exponent
                    moved = at | {index: at[index] + step * weight for index, weight in direction.items()}
                    value = balls.evaluate(graph, moved, [output], deadline=deadline)[output]
                    heights.append((step, value))
                sides.append(_side(centre, heights))
        return Slopes(*sides)
    except OutOfTime:
        return Slopes(UNKNOWN, UNKNOWN)


def _scale(at: Sequence[Ball]) -> arb:
    """A power of two of the size of the point, 1 where it is zero."""
    largest = max((nearest_double(x.mid()) or 0.0 for x in at if not isinstance(x, Unknown)), key=abs, default=0.0)
    finite = abs(largest) if 0 < abs(largest) < math.inf else 1.0
    return arb(2) ** math.frexp(finite)[1]


def _side(centre: arb, heights: Sequence[tuple[arb, Ball]]) -> Side:
    """Read one side off the values at three shrinking steps."""
    if all(value is UNDEFINED for _, value in heights):
        return Side("undefined")
    rises = [value - centre for _, value in heights if not isinstance(value, Unknown)]
    if len(rises) < len(heights):
        return UNKNOWN
    first, second, third = ((rise / step) for (step, _), rise in zip(heights, rises, strict=True))
    before, after = abs(second - first).abs_upper(), abs(third - second).abs_upper()
    unit = max(arb(1), abs(third).abs_upper())
    if after < unit * arb(2) ** -20 and after * 8 <= max(before, unit * arb(2) ** -20):
        return Side("slope", _snap(first, second, third))
    if after < unit / 64 and _cubed(before / unit, after / unit):
        return Side("slope", _snap(first, second, third))  # a slow power of h: the next step is far closer
    sizes = [abs(q).abs_lower() for q in (first, second, third)]
    if sizes[2] > 64 and sizes[2] >= 2 * sizes[1] >= 4 * sizes[0]:
        shrinks = abs(rises[2]).abs_upper() * 2 < abs(rises[0]).abs_lower()
        if shrinks:
            return Side("infinite", math.inf if third > 0 else -math.inf)
        grows = abs(rises[2]).abs_lower() > 2 * abs(rises[0]).abs_upper()
        limit = (math.inf if rises[2] > 0 else -math.inf) if grows else nearest_double((centre + rises[2]).mid())
        return Side("jump", None, limit)
    return UNKNOWN


def _cubed(before: arb, after: arb) -> bool:
    """Whether the second of two small sizes is below the cube of the first, as for powers of steps in geometric ladder."""
    return bool(before < 1 and after <= before**3)


def _snap(first: arb, second: arb, third: arb) -> float:
    """The limit of the quotients as a float: 0 where they shrink towards it."""
    sizes = [abs(quotient).abs_upper() for quotient in (first, second, third)]
    shrinking = sizes[2] < arb(2) ** -16 and _cubed(sizes[0], sizes[1]) and _cubed(sizes[1], sizes[2])
    if shrinking or sizes[2] < arb(2) ** -900:
        return 0.0
    middle = nearest_double(third.mid())
    return math.nan if middle is None else middle


def on_kink(graph: Graph, arithmetic: Arithmetic, values: Sequence[Any], nodes: Sequence[int]) -> dict[int, Any]:
    """The nodes whose operands sit on their op's kink: True, or UNDECIDED where balls cannot tell."""
    found = {}
    for index in nodes:
        op, operands, _ = graph.nodes[index]
        if op.kink is None:
            continue
        arguments = [values[i] for i in ((index, *operands) if op.variadic else operands)]
        hit = _test_kink(op, arithmetic, arguments)
        if hit is True or hit is UNDECIDED:
            found[index] = hit
    return found


def _test_kink(op: Op, arithmetic: Arithmetic, arguments: Sequence[Any]) -> Any:
    graph, inputs, output = _kink_graph(op, len(arguments))
    return evaluate(graph, arithmetic, dict(zip(inputs, arguments, strict=True)), [output])[output]


@cache
def _kink_graph(op: Op, count: int) -> tuple[Graph, list[int], int]:
    """The kink of an op as a graph of its own, over so many operands."""
    graph = Graph()
    inputs = [graph.input(f"operand {i}") for i in range(count)]
    assert op.kink is not None
    return graph, inputs, op.kink(*(graph.ref(i) for i in inputs)).index


def generic_directions(inputs: Sequence[int]) -> list[dict[int, int]]:
    """Two directions along no axis and no diagonal, over some inputs."""
    weights: list[Callable[[int], int]] = [lambda i: 89 + 34 * i, lambda i: (-1) ** i * (97 - 13 * (i % 7))]
    return [{index: weight(i) for i, index in enumerate(inputs)} for weight in weights]


def remaining(seconds: float) -> float:
    """A deadline so many seconds from now."""
    return time.monotonic() + seconds
