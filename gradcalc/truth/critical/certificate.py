"""A point that a descent ended at, proved: a critical point near it, a box in which it is the only one, its kind.

By the step that proves the points of a search; beside a box also whether its value is the least one there.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flint import arb, ctx

from gradcalc.graph import ops
from gradcalc.language.formula import Formula
from gradcalc.show import page as pages
from gradcalc.truth.critical.answer import Extreme, Range, between
from gradcalc.truth.critical.ask import extreme_of, rests_on, text_of
from gradcalc.truth.critical.box import Side
from gradcalc.truth.critical.extreme import Least, least, takes
from gradcalc.truth.critical.prove import Proof, evaluated, exactly, proved
from gradcalc.truth.critical.search import Boxes, Clock, Enclosing
from gradcalc.truth.critical.solution import kind_of
from gradcalc.truth.critical.system import System, of_gradient
from gradcalc.truth.kinds import said

_LARGEST, _HALVINGS, _STEPS = 2.0, 60, 20
_FAR = 1e-3
MOST_VARIABLES = 60
"""Above so many variables a Jacobian of intervals says nothing for its width, and takes long."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is proved of the end of a descent.

    Attributes:
        at, value, kind, index: of the critical point near the end; empty where none is proved, and `reason` says why.
        box: in which it is the only critical point.
        distance: from the end of the descent, at most.
        extreme: the least value over a given box, or the greatest where a maximum was sought.
        is_extreme: whether the point is proved to take it, or not to; None where that is open, or no box was given.
    """

    at: Mapping[str, str] = field(default_factory=dict)
    value: str | None = None
    kind: str | None = None
    index: int | None = None
    box: Mapping[str, Range] = field(default_factory=dict)
    distance: float | None = None
    extreme: Extreme | None = None
    is_extreme: bool | None = None
    rests_on: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_proved(self) -> bool:
        """Whether there is a proof."""
        return self.kind is not None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "proved": self.is_proved,
            "at": dict(self.at),
            "value": self.value,
            "kind": self.kind,
            "index": self.index,
            "unique_in": {name: list(ends) for name, ends in self.box.items()},
            "distance": self.distance,
            "extreme": self.extreme.to_dict() if self.extreme else None,
            "is_extreme": self.is_extreme,
            "rests_on": list(self.rests_on),
            "reason": self.reason,
        }

    def lines(self, maximize: bool) -> list[pages.Line]:
        """What a page says of it."""
        if not self.is_proved:
            return [pages.fact("not proved", pages.Text(self.reason, "doubt"))]
        sides = ", ".join(f"{name} = {low:.6g}:{high:.6g}" for name, (low, high) in self.box.items())
        found = [
            pages.line(pages.Text(f"proved: a {said(self.kind or '')}", "good"), ", the only critical point in ", sides)
        ]
        where = ", ".join(f"{name} = {pages.short_text(text)}" for name, text in self.at.items())
        found.append(pages.fact("  at", pages.Formula(where), f", value {pages.short_text(self.value or 'nan')}"))
        word = "greatest" if maximize else "least"
        if self.extreme is not None:
            verdict = {True: f"it is the {word} value in the box", False: f"it is not the {word} value in the box"}
            text = verdict.get(self.is_extreme, f"whether it is the {word} value in the box is open")  # type: ignore[arg-type]
            tone = "good" if self.is_extreme else "doubt"
            found.append(pages.line(pages.Text(text, tone), f": that is {between(self.extreme)}"))
        return found


def certificate(
    formula: Formula, end: Sequence[float], sides: Sequence[Side], digits: int, seconds: float, maximize: bool
) -> Certificate:
    """What is proved of the end of a descent."""
    names = formula.names
    if len(names) > MOST_VARIABLES:
        return Certificate(reason=f"more than {MOST_VARIABLES} variables")
    if not all(map(np.isfinite, end)):
        return Certificate(reason="the descent ended nowhere")
    system = of_gradient(formula.graph, formula.output, formula.inputs)
    found = _proof(system, np.array(end, float).reshape(-1, 1), digits)
    assumed = rests_on(formula.graph, [formula.output])
    extreme, lowest = _extreme(system, sides, digits, seconds, maximize, names) if sides else (None, None)
    if found is None:
        reason = "no box about it is smooth, with second derivatives far from singular and a critical point inside"
        return Certificate(extreme=extreme, rests_on=assumed, reason=reason)
    box, proof = found
    with ctx.workprec(proof.precision):
        kind, index = kind_of(proof.jacobian, len(names))
        value = evaluated(system, proof.precision, proof.at, [formula.output])[formula.output]
        texts = {name: text_of(ball, digits) for name, ball in zip(names, proof.at, strict=True)}
        away = max((abs(ball - arb(float(x))).upper() for ball, x in zip(proof.at, end, strict=True)), key=float)
        height = -value if maximize and isinstance(value, arb) else value
        is_extreme = None if lowest is None or not isinstance(height, arb) else takes(lowest, proof.at, height)
        ranges = {n: (float(box.low[k, 0]), float(box.high[k, 0])) for k, n in enumerate(names)}
        told = text_of(value, digits)
    return Certificate(texts, told, kind, index, ranges, float(away), extreme, is_extreme, assumed)


def _proof(system: System, end: Any, digits: int) -> tuple[Boxes, Proof] | None:
    """The largest of some boxes about the end with one critical point in it, and that point; None if there is none."""
    enclosing, middle = Enclosing(system), end
    for _ in range(_STEPS):
        image = enclosing.krawczyk(Boxes(middle, middle)).image
        near = 0.5 * image.low + 0.5 * image.high
        if not np.isfinite(near).all():
            break
        done = (np.abs(near - middle) <= 1e-15 * np.abs(near)).all()
        middle = near
        if done:
            break
    if not np.isfinite(middle).all() or (np.abs(middle - end) > _FAR * (1 + np.abs(end))).any():
        return None
    reach = _LARGEST * np.maximum(np.abs(middle), 1.0) * 0.5 ** np.arange(_HALVINGS)
    boxes = Boxes(middle - reach, middle + reach)
    holds_end = ((boxes.low <= end) & (boxes.high >= end)).all(axis=0)
    good = np.flatnonzero(enclosing.krawczyk(boxes).one & holds_end)
    if not len(good):
        return None
    box = boxes.take([good[0]])
    small = np.abs(middle) * 1e-13 + 1e-300
    proof = None
    for times in (1.0, 1e2, 1e4):
        inner = Boxes(np.maximum(middle - times * small, box.low), np.minimum(middle + times * small, box.high))
        proof = proof or proved(system, inner.low[:, 0], inner.high[:, 0], digits)
    if proof is None or not all(
        bool(ball > arb(float(low)) and ball < arb(float(high)))
        for ball, low, high in zip(proof.at, box.low[:, 0], box.high[:, 0], strict=True)
    ):
        return None
    return box, exactly(system, proof) or proof


def _extreme(
    system: System, sides: Sequence[Side], digits: int, seconds: float, maximize: bool, names: Sequence[str]
) -> tuple[Extreme | None, Least | None]:
    """The least value over a box, or the greatest, as a proved interval."""
    graph = system.graph
    assert system.value is not None
    made = of_gradient(graph, graph.emit(ops.neg, (system.value,)), system.inputs) if maximize else system
    found = least(made, sides, Clock(time.monotonic() + seconds), digits)
    extreme = None if found is None else extreme_of(found, names, digits, maximize)
    return (None, None) if extreme is None else (extreme, found)
