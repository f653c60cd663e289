"""What is known of the numbers at a point before judgement."""

from dataclasses import dataclass, field
from typing import Any

from gradcalc.arithmetic.budget import Budget
from gradcalc.errors import Span
from gradcalc.truth.quantity import Note


@dataclass(slots=True)
class Finding:
    """What is known of one number before SymPy is heard.

    Attributes:
        node: of the number.
        value: the float; repaired where the slopes settle it.
        ball: its enclosure, None where nothing was certified.
        verdict: `kink`, `jump`, `infinite` or `undefined` where that is settled, else None.
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


def late_notes(*budgets: Budget) -> list[Note]:
    """What to say where the clock, not the work, has ended a proof: elsewhere or later more may be settled."""
    late = [budget.seconds for budget in budgets if budget.late]
    message = "the proof was stopped after {:g} s, before its work was done; --certify-timeout allows more"
    return [Note("unsettled", message.format(late[0]))] if late else []
