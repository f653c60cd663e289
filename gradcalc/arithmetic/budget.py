"""What an evaluation in balls may cost, counted in work and not in seconds: the same question, the same answer.

A unit of work is about a microsecond of a present machine. What an op costs depends on the op and the precision alone,
as measured in `_COSTS`; so a busy machine takes longer and says the same. The clock is the last resort, and counts the
time that this thread computes, not what others take beside it. Imports graph.
"""

import math
import time
from collections.abc import Callable, Iterable
from functools import cache

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

_ALWAYS = 2.0
"""What any op costs beside its bits: the calls of Python."""
_LIGHT, _ELEMENTARY, _ERROR, _GAMMA, _SLOW = (0.06, 2.0), (4.0, 1.75), (60.0, 1.9), (300.0, 1.5), (2_000.0, 1.3)
"""The work at 1,024 bits and the power of the precision with which it grows; measured from 128 to 33,024 bits."""

_COSTS: dict[Op, tuple[float, float]] = {
    **dict.fromkeys((ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.abs, ops.sqrt, ops.cbrt, ops.hypot), _LIGHT),
    **dict.fromkeys((ops.sign, ops.floor, ops.ceil, ops.round, ops.mod, ops.max, ops.min, ops.where), _LIGHT),
    **dict.fromkeys((ops.erf, ops.erfc, ops.gelu), _ERROR),
    **dict.fromkeys((ops.besselj, ops.bessely, ops.besseli, ops.besselk, ops.Ei), _SLOW),
    **dict.fromkeys((ops.zeta, ops.zeta_derivative, ops.polygamma), _SLOW),
}


_BETWEEN_LOOKS = 5_000.0
"""How much work is done between two looks at the clock."""

_CLOCK = getattr(time, "thread_time", time.process_time)  # a browser has one thread, and no clock of threads


@cache
def work(op: Op, precision: int) -> float:
    """What an op costs at a precision; of one with many operands, for each after the first."""
    at_1024, power = _COSTS.get(op, _GAMMA if op.costly else _LIGHT if op.is_condition else _ELEMENTARY)
    grown: float = (precision / 1024) ** power
    return _ALWAYS + at_1024 * grown


def total(graph: Graph, outputs: Iterable[int], precision: int) -> float:
    """What some nodes and all they depend on cost at a precision."""
    counts = graph.census(outputs).items()
    return sum(work(op, precision) * max(1, operands - 1) * count for (op, operands), count in counts)


class OutOfBudget(Exception):
    """The budget of an evaluation is spent."""


class Budget:
    """Work that may still be done, and as the last resort a clock.

    Args:
        work: in units of about a microsecond.
        seconds: how long it may take whatever the work; counted from now on.
        clock: where the time is read; that which this thread computes, so that a busy machine ends no proof early.

    Attributes:
        left: the work that may still be done.
        late: whether the clock has struck before the work was done: then a less busy machine may know more.
    """

    def __init__(self, work: float, seconds: float = math.inf, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or _CLOCK if seconds < math.inf else lambda: 0.0  # a look is a call of the system
        self.left, self.seconds, self.late = work, seconds, False
        self._end = self._clock() + seconds

    @property
    def spent(self) -> bool:
        """Whether nothing more may be done."""
        self.late = self.late or self.left > 0 and self._clock() >= self._end
        return self.late or self.left <= 0

    def spend(self, work: float, nodes: int) -> int:
        """Count the work of an evaluation before it is begun; raises OutOfBudget where it is more than what is left.

        Returns:
            After how many of its nodes the clock is looked at.
        """
        if self.spent or work > self.left:
            self.left = min(self.left, 0.0)
            raise OutOfBudget
        self.left -= work
        return max(1, int(nodes * min(1.0, _BETWEEN_LOOKS / (work or 1.0))))

    def look(self) -> None:
        """Raises OutOfBudget where the clock has struck."""
        if self._clock() >= self._end:
            self.late = True
            raise OutOfBudget
