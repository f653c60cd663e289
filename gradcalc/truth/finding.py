"""What is known of the numbers at a point before judgement."""

from dataclasses import dataclass, field
from typing import Any

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
