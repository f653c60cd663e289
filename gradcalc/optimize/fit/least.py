"""The least sum over a box of parameters, by the search of `critical`, and whether a fit takes it.

The rows stand beside the term's graph, so that each box is bounded over all rows at once. Imports truth and problem.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.errors import UsageError, did_you_mean
from gradcalc.optimize.fit.estimate import Estimate
from gradcalc.optimize.fit.exact import BITS, fraction
from gradcalc.optimize.fit.problem import Problem
from gradcalc.settings import DIGITS, Limits
from gradcalc.show import page as pages
from gradcalc.truth.critical.answer import Extreme, between
from gradcalc.truth.critical.ask import extreme_of, rests_on
from gradcalc.truth.critical.box import Side, in_order, read_box
from gradcalc.truth.critical.extreme import Least, least, takes
from gradcalc.truth.critical.search import Clock
from gradcalc.truth.critical.system import Columns, System, of_gradient

_WORK, _VARIABLES = 500_000, 12
"""Rows times nodes of value and derivatives, and parameters, up to which a box is searched."""


@dataclass(frozen=True)
class Over:
    """What is proved over a box.

    Attributes:
        extreme: the least sum, between two numbers, and where it may be taken; None where none is proved.
        is_least: whether the estimates are proved to take it, or not to; None where that is open.
        reason: why something is open, or not so.
        lower: a point whose sum is lower than that of the estimates.
    """

    extreme: Extreme | None = None
    is_least: bool | None = None
    reason: str = ""
    lower: tuple[float, ...] | None = None
    rests_on: tuple[str, ...] = ()
    interrupted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The fields of the fit's JSON."""
        return {
            "global_minimum": self.extreme.to_dict() if self.extreme else None,
            "is_global": self.is_least,
            "rests_on": list(self.rests_on),
            "global_reason": self.reason,
        }

    def lines(self) -> list[pages.Line]:
        """What a page says of it."""
        verdict = {True: "the least sum in the box", False: "not the least sum in the box"}
        text = verdict.get(self.is_least, "whether it is the least sum in the box is open")  # type: ignore[arg-type]
        why = f": {self.reason}" if self.reason else ""
        found = [pages.line(pages.Text(text, "strong good" if self.is_least else "strong doubt"), why)]
        if self.extreme is not None:
            points = [", ".join(f"{name} = {pages.short_text(x)}" for name, x in at.items()) for at in self.extreme.at]
            where = f"   at {' or '.join(points[:3])}" if points else ""
            found.append(pages.fact("  the least sum there is", between(self.extreme), where))
        return found


class Box:
    """A box of parameters, beside the problem whose least sum over it is asked for."""

    def __init__(self, problem: Problem, given: Sequence[str] | Mapping[str, Any], seconds: float) -> None:
        self.problem, self.seconds = problem, seconds
        self.sides = self._sides(given)
        self._found: Least | None = None
        self._why, self._interrupted = "", False

    def _sides(self, given: Sequence[str] | Mapping[str, Any]) -> list[Side]:
        """The sides, in the order of the parameters, cut where there are bounds."""
        names = self.problem.model.names
        sides = read_box(given if isinstance(given, Mapping) else ",".join(given), Limits())
        for side in sides:
            if side.name not in names:
                near = did_you_mean(side.name, names)
                hint = f"did you mean {near}?" if near else f"the parameters are {', '.join(names)}"
                raise UsageError(f"--box names {side.name}, which is no parameter of the model", hint=hint)
            if not side.is_finite:
                raise UsageError(f"the side of {side.name} is infinite: the least sum is proved in finite boxes",
                                 hint=f"--box {side.name}=-1000:1000")  # fmt: skip
        if missing := [name for name in names if not any(side.name == name for side in sides)]:
            hint = f'--box "{",".join([*map(_shown, sides), *(f"{name}=-10:10" for name in missing)])}"'
            raise UsageError(f"the box has no side for {', '.join(missing)}", hint=hint)
        return [self._cut(side) for side in in_order(sides, names)]

    def _cut(self, side: Side) -> Side:
        """The side within the bounds."""
        low, high = (self.problem.bounds or {}).get(side.name, (-float("inf"), float("inf")))
        a, b = side.ends
        if low <= a and b <= high:
            return side
        if max(a, low) >= min(b, high):
            raise UsageError(f"the box and the bounds of {side.name} have no inside in common", hint="one of them")
        return read_box({side.name: (max(a, low), min(b, high))}, Limits())[0]

    def asked(self, estimate: Estimate) -> Over:
        """What is proved of the least sum over the box, beside what is proved of the estimates."""
        at = self._balls(estimate)
        outside = next((side.name for side, ball in zip(self.sides, at, strict=True) if not _holds(side, ball)), None)
        proof = estimate.proof
        if self._found is None and not self._why:
            self._search(proof.sums.value if proof and outside is None else None)
        if (found := self._found) is None:
            return Over(reason=self._why, interrupted=self._interrupted)
        term = self.problem.model.term
        told = Over(extreme_of(found, self.problem.model.names, DIGITS), rests_on=rests_on(term.graph, [term.output]))
        lower = tuple(float(ball.mid()) for ball in found.at[0]) if found.at else None
        if proof is None:
            return replace(told, reason="no minimum is proved at the estimates", lower=lower)
        if outside is not None:
            return replace(told, reason=f"the estimate of {outside} lies outside of the box", lower=lower)
        with ctx.workprec(BITS):
            taken = takes(found, at, proof.sums.value)
        if taken is False:
            return replace(told, is_least=False, reason="the sum is lower elsewhere in the box", lower=lower)
        return replace(told, is_least=taken, reason="" if taken else "other points may have as low a sum")

    def _balls(self, estimate: Estimate) -> list[arb]:
        """The estimates as balls, in the order of the parameters: those that a proof has, the others as they are."""
        free = iter(estimate.proof.at if estimate.proof else ())
        names = self.problem.model.names
        return [arb(x) if estimate.proof is None or name in estimate.held else next(free)
                for name, x in zip(names, estimate.at, strict=True)]  # fmt: skip

    def _search(self, value: arb | None) -> None:
        """Search the box, in which a sum is met if one is given."""
        model, rows = self.problem.model, self.problem.count
        system = of_gradient(model.graph, model.term.output, model.inputs)
        nodes = len(system.graph.needed([*system.components, *system.jacobian.values()]))
        if rows * nodes > _WORK or system.size > _VARIABLES:
            size = f"{rows:,} rows" if system.size <= _VARIABLES else f"{system.size} parameters"
            self._why = f"{size} are too many for the search of a box"
            return
        met = float("inf") if value is None else math.nextafter(float(abs(value).upper()) * (1 + 2.0**-50), math.inf)
        met = met if value is None or value >= 0 else math.inf
        clock = Clock(time.monotonic() + self.seconds, self.seconds)
        try:
            found = least(self.over_rows(system), self.sides, clock, DIGITS, met)
        except KeyboardInterrupt:
            self._why, self._interrupted = "the search of the box was interrupted", True
            return
        self._found = found if found is not None and found.is_narrow else None
        if self._found is None:
            self._why = f"the search did not end in {self.seconds:g} seconds: a smaller box, or --max-seconds"

    def over_rows(self, system: System) -> System:
        """The same summed over the rows of the data."""
        model, rows = self.problem.model, self.problem.rows.held()
        given = {name: rows.exact.get(name, rows.values[name].tolist()) for name in model.columns}
        numbers = {model.graph.inputs[name]: [fraction(each) for each in column] for name, column in given.items()}
        return replace(system, columns=Columns(numbers))


def _shown(side: Side) -> str:
    return f"{side.name}={':'.join(str(end).removesuffix('.0') for end in side.given)}"


def _holds(side: Side, ball: arb) -> bool:
    """Whether a number is in a side for certain."""
    low, high = side.balls(Balls(BITS))
    return bool(ball >= low and ball <= high)
