"""Whether a formula is the derivative of another, or is not: what a proof file of `check` claims. For `verify`.

Refuted: at the witness the intervals of derivative and claim are disjoint, and the formula is smooth around it. Proved:
both are the same quotient (`quotients`).
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from gradcalc.graph.graph import Graph
from gradcalc.truth.claims.functions import Functions
from gradcalc.truth.claims.intervals import Arithmetic, Weak
from gradcalc.truth.claims.quotients import Quotients
from gradcalc.truth.claims.verify import FINE, apart, evaluated


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
        on = Arithmetic(FINE.bits, written=True)
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
        jets, unknowns = Functions(on, len(self.by), self.from_flint), list(dict.fromkeys(self.by))
        given = {node: jets.unknown(unknowns.index(node), v) if node in unknowns else {(): v} for node, v in at.items()}
        place = tuple(sorted(unknowns.index(node) for node in self.by))
        coefficient = evaluated(self.graph, [self.formula], given, jets)[self.formula].get(place, on.whole(0))
        plain = Functions(on, 0, self.from_flint)
        value = evaluated(self.graph, [self.claim], {node: {(): v} for node, v in at.items()}, plain)[self.claim][()]
        return on.scaled(coefficient, 2 if place == (0, 0) else 1), value
