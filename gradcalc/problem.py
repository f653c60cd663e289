"""What passes between the stages of a report: a formula with its derivatives, findings at a point. Imports report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradcalc.errors import Span
from gradcalc.graph import Graph
from gradcalc.report import Note, Variable


@dataclass(frozen=True, slots=True)
class Problem:
    """A formula with its derivatives, ready for any point.

    Attributes:
        text, canonical: as typed, and as understood.
        output: the node of the value.
        inputs: the nodes of the flattened variables; `gradient` the derivative for each.
        hessian: second derivatives by row and column; None for order 1.
    """

    text: str
    canonical: str
    graph: Graph
    output: int
    variables: tuple[Variable, ...]
    inputs: tuple[int, ...]
    gradient: tuple[int, ...]
    hessian: Mapping[tuple[int, int], int] | None = None

    @property
    def names(self) -> list[str]:
        """The names of the flattened variables."""
        return [name for variable in self.variables for name in variable.elements]

    @property
    def outputs(self) -> list[int]:
        """Every node a report shows a number of."""
        return [self.output, *self.gradient, *dict.fromkeys((self.hessian or {}).values())]


@dataclass(slots=True)
class Finding:
    """What is known of one number before SymPy is heard.

    Attributes:
        node: of the number.
        value: the float; repaired where the slopes settle it.
        ball: its enclosure, None where nothing was certified.
        verdict: `kink`, `jump` or `undefined` where that is settled, else None.
        from_slopes: the value is evidence of difference quotients.
        span: where in the text the float became nan or infinite.
    """

    node: int
    value: float
    ball: Any = None
    verdict: str | None = None
    from_slopes: bool = False
    span: Span | None = None


@dataclass(slots=True)
class Examined:
    """A point before judgement."""

    value: Finding
    gradient: list[Finding]
    hessian: dict[tuple[int, int], Finding]
    notes: list[Note] = field(default_factory=list)
