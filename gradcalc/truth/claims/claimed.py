"""Whether a formula is the derivative of another, or is not: what a proof file of `check` claims. For `verify`.

Refuted: at the witness the intervals of derivative and claim are disjoint, and the formula is smooth around it. Proved:
both are the same quotient (`quotients`).
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial, reduce
from typing import Any

from gradcalc.graph.graph import Graph
from gradcalc.truth.claims.boxes import apart
from gradcalc.truth.claims.derivatives import evaluated, meant, slopes
from gradcalc.truth.claims.intervals import Arithmetic, Weak
from gradcalc.truth.claims.quotients import Quotients
from gradcalc.truth.claims.verify import FINE


class Claimed:
    """One claim that a formula is the derivative of another, in the same graph.

    Args:
        by: the inputs that it is derived for, one or two of them; or none.
    """

    def __init__(self, graph: Graph, formula: int, claim: int, by: Sequence[int]) -> None:
        if len(by) > 2:
            raise Weak("derivatives above the second order are not carried")
        self.graph, self.nodes = graph, meant(graph, (formula, claim))
        (self.slope,) = reduce(partial(slopes, graph), by, list(self.nodes[:1]))

    def is_refuted(self, at: Mapping[int, Fraction]) -> bool:
        """Whether derivative and claim differ at a point, around which the formula is smooth."""
        on = Arithmetic(FINE.bits, written=True, is_open=False)
        derivative, claim = self._both(on, {node: on.of(value, value) for node, value in at.items()})
        return apart([derivative], [claim])

    def is_proved(self) -> bool:
        """Whether they are equal as quotients."""
        on = Quotients()
        return on.same(*self._both(on, {node: on.named(("input", name)) for name, node in self.graph.inputs.items()}))

    def _both(self, on: Any, at: Mapping[int, Any]) -> tuple[Any, Any]:
        """The derivative and the claim."""
        _, claim, slope = evaluated(self.graph, self.nodes, at, on, [self.slope])
        return slope, claim
