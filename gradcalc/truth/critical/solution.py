"""What is proved of one point, and what of a whole box."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flint import arb

from gradcalc.arithmetic.marks import Ball
from gradcalc.truth.critical.prove import inertia, matrix
from gradcalc.truth.critical.search import Boxes
from gradcalc.truth.critical.system import Place


@dataclass(frozen=True, eq=False)
class Solution:
    """A zero that is proved, and what is known of it.

    Attributes:
        at: the balls of the unknowns; `value` that of the formula, if there is one.
        kind: `minimum`, `maximum`, `saddle`, `degenerate`, `kink`; `root` of a system.
        index: how many negative eigenvalues the Hessian has, where that is proved.
        multipliers: of active constraints, by their text; `unknowns` are those of the system, the point and these.
        optimal: whether the signs of the multipliers are those of a minimum.
    """

    at: tuple[arb, ...]
    value: Ball | None
    kind: str
    index: int | None = None
    on_face: bool = False
    precision: int = 128
    multipliers: Mapping[str, Ball] = field(default_factory=dict)
    unknowns: tuple[arb, ...] = ()
    optimal: bool | None = None


@dataclass
class Outcome:
    """What was found in a box: solutions, and boxes of which nothing is known, each with a reason.

    Of the boxes in `flat` all points are zeros.
    """

    solutions: list[Solution] = field(default_factory=list)
    unsettled: list[tuple[Boxes, str]] = field(default_factory=list)
    flat: list[Boxes] = field(default_factory=list)
    looked: int = 0
    is_whole: bool = True


def kind_of(entries: Mapping[Place, Any], size: int) -> tuple[str, int | None]:
    """The kind of a point by its Hessian, and how many negative eigenvalues that has."""
    signs = inertia(matrix(entries, size))
    if signs is None:
        return "degenerate", None
    plus, minus, zero = signs
    if plus and minus:
        return "saddle", minus if not zero else None
    if zero:
        return "degenerate", None
    return ("minimum", 0) if plus else ("maximum", minus)
