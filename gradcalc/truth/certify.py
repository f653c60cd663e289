"""How many digits of a float are right: the graph once more in balls. Imports arithmetic, graph, identities, quantity.

Precision doubles from 128 to at most 16,384 bits until an enclosure settles the digits asked for. The answer is proved:
the true number lies in the enclosure, whatever the floats did. What no precision tells from 0 may be 0 by an identity.

Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", IEEE Trans. Comput. 66 (2017).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget, OutOfBudget, total
from gradcalc.arithmetic.digits import digits_text, nearest_double, relative_bits, size_text
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED, Ball, Unknown
from gradcalc.graph.graph import Graph
from gradcalc.settings import DIGITS
from gradcalc.truth.claims.identities import GivenUp, field_at
from gradcalc.truth.quantity import Certified
from gradcalc.work import doing

Inputs = Callable[[Balls], Mapping[int, Any]]
"""The point in an arithmetic of any precision: the ball of each input by node index."""

PRECISIONS = (128, 256, 512, 1024, 2048, 4096, 8192, 16_384)

_USUAL, _DEEP_WORK = 4096, 100_000
"""More bits than usual are tried only where they come cheap, in units of about a microsecond: they seldom help."""

_TIE_BITS = 400


def enclose(
    graph: Graph,
    inputs: Inputs,
    outputs: Sequence[int],
    *,
    digits: int = DIGITS,
    budget: Budget | None = None,
    decimals: str = "double",
) -> list[Ball]:
    """Enclose the numbers of some nodes, each as tightly as `digits` significant digits ask.

    Args:
        budget: what it may cost; what is not settled by then keeps the best enclosure so far.
        decimals: whether a decimal literal is its nearest double or the rational as `written`.

    Returns:
        For each output a finite ball, UNDEFINED where it is proved to have no value, or UNDECIDED.
    """
    bits = int(digits * 3.33) + 14
    found: dict[int, Ball] = dict.fromkeys(outputs, UNDECIDED)
    values: Sequence[Any] = ()
    open_ = list(dict.fromkeys(outputs))
    for precision in PRECISIONS:
        if precision < bits + 32 or not open_:
            continue
        balls = Balls(precision, decimals)
        doing(f"proving digits at {precision:,} bits")
        if precision > _USUAL and total(graph, open_, precision) > _DEEP_WORK:
            break
        try:
            values = balls.evaluate(graph, inputs(balls), open_, budget)
        except OutOfBudget:
            break
        for index in open_:
            if values[index] is not UNDECIDED:
                found[index] = values[index]
        open_ = [index for index in open_ if not settled(found[index], bits)]
    if values:
        found |= dict.fromkeys(_identically_zero(graph, values, open_), arb(0))
    return [found[index] for index in outputs]


def _identically_zero(graph: Graph, values: Sequence[Any], open_: Sequence[int]) -> list[int]:
    """The nodes, of those that no precision settles, that are 0 by an identity: `2 sin x cos x - 2 cos x sin x`."""
    doubtful = [node for node in open_ if isinstance(ball := values[node], arb) and ball.contains(0)]
    if not doubtful:
        return []
    return [node for node in doubtful if any(_vanishes(graph, values, node, exactly) for exactly in (False, True))]


def _vanishes(graph: Graph, values: Sequence[Any], node: int, exactly: bool) -> bool:
    """Whether the normal form of a node is 0."""
    try:
        (form,) = field_at(graph, values, exactly).forms([node])
    except (GivenUp, ZeroDivisionError):
        return False
    return bool(form.top.is_zero())


def settled(ball: Ball, bits: int) -> bool:
    """Whether more precision could tell nothing more: undefined, or tight and not between two doubles.

    A ball that stays between two doubles far below an ulp is taken for the tie it almost certainly is.
    """
    if isinstance(ball, Unknown):
        return ball is UNDEFINED
    tight = relative_bits(ball)
    return tight >= max(bits, _TIE_BITS) or tight >= bits and nearest_double(ball) is not None


def certified(ball: Ball, double: float, digits: int = DIGITS) -> Certified | None:
    """What a ball says of the float beside it; None where it does not settle the digits.

    A zero is certified only where the ball is exactly 0: a number below the smallest double has no right digit in 0.
    """
    if isinstance(ball, Unknown):
        return None
    text = shown(ball, digits) or size_text(ball)
    with ctx.workprec(max(128, int(digits * 3.33) + 64)):
        nearest = _nearest(ball, double)
        if text is None or nearest is None:
            return None
        return Certified(text, ulps_between(double, nearest), right_digits(ball, double))


def shown(ball: arb, digits: int) -> str | None:
    """The digits of a ball, correctly rounded (a tie either way); None where it is too wide."""
    if relative_bits(ball) < digits * 3.33:
        return None
    return digits_text(ball, digits) or digits_text(ball.mid(), digits)


def rough_text(ball: Ball, double: float) -> str:
    """A number in six digits, or by its size: by its ball where that is known, else by the float."""
    nearest = nearest_double(ball)
    if isinstance(ball, arb) and not ball.is_zero() and nearest in (0.0, math.inf, -math.inf):
        return digits_text(ball, 6) or size_text(ball) or "nearly 0"
    return f"{double if nearest is None else nearest:.6g}"


def _nearest(ball: arb, double: float) -> float | None:
    """The double nearest to a ball; of a tie the one nearer to the float beside it."""
    nearest = nearest_double(ball)
    if nearest is not None or relative_bits(ball) < _TIE_BITS:
        return nearest
    ends = (nearest_double(ball.lower()), nearest_double(ball.upper()))
    return min((end for end in ends if end is not None), key=lambda end: ulps_between(double, end), default=None)


def right_digits(ball: arb, double: float) -> int:
    """The floor of -log10 of the float's relative error, from 0 to 17."""
    if double != double or abs(double) == float("inf"):
        return 0
    error, size = (arb(double) - ball).abs_upper(), ball.abs_lower()
    return next((digits for digits in range(17, 0, -1) if error * _TENS[digits] <= size), 0)


_TENS = [arb(10**power) for power in range(18)]


def ulps_between(double: float, nearest: float) -> float:
    """The distance of two doubles counted in doubles; infinite from or to what is not finite, nan included."""
    if double == nearest:
        return 0.0
    if double != double or abs(double) == float("inf") or abs(nearest) == float("inf"):
        return float("inf")
    return float(abs(_rank(double) - _rank(nearest)))


def _rank(double: float) -> int:
    """The position of a double in the order of all doubles, zero at zero."""
    import struct

    bits: int = struct.unpack("<q", struct.pack("<d", double))[0]
    return bits if bits >= 0 else -(bits & (2**63 - 1))
