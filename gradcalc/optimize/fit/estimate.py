"""The estimates: descents from one start or several, then Newton's method in balls, and the proof if it is asked for.

Imports the descents, exact and problem.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flint import arb

from gradcalc.optimize.descent.answer import Descent
from gradcalc.optimize.descent.run import Run
from gradcalc.optimize.descent.watch import Step
from gradcalc.optimize.fit.exact import ExactSum, Proof, Sums, polished, proved
from gradcalc.optimize.fit.problem import Problem
from gradcalc.settings import DescentSettings
from gradcalc.truth.quantity import Note

_POLISHED, _PROVED = 60_000, 20_000_000
"""Nodes times rows up to which the last steps are made in balls: always, and where a proof is asked for."""
_SAME = 1e-6
"""Sums that differ by less than this part are of one minimum."""
_FIRST_STEPS = 300
"""Steps from each of several starts, before the best of them goes on."""
_ENDS = {"converged", "at a bound"}


@dataclass(frozen=True)
class Estimate:
    """Where a fit ended.

    Attributes:
        at: the parameters; `held` those that rest at a bound.
        status: as of a descent.
        value: the sum there.
        exact: the same in balls, of the parameters that are not held, with the sums; None where floats had to do.
        proof: that there is one minimum in a box.
        ends: the sums at which the descents from all starts ended.
    """

    at: tuple[float, ...]
    held: tuple[str, ...]
    status: str
    reason: str
    value: float
    method: str
    steps: int
    exact: tuple[Sequence[arb], Sums] | None = None
    proof: Proof | None = None
    ends: tuple[float, ...] = ()
    notes: tuple[Note, ...] = field(default=())


def estimated(
    problem: Problem,
    starts: Sequence[Sequence[float]],
    certify: bool,
    callback: Callable[[Step], object] | None = None,
) -> Estimate:
    """The least sum that descents from some starts lead to."""
    several = len(starts) > 1
    made = []
    for start in starts:
        made.append(_descent(problem, start, callback, _FIRST_STEPS if several else None))
        if made[-1].status == "interrupted":
            break
    best = min(made, key=lambda each: each.value if math.isfinite(each.value) else math.inf)
    if several and best.status not in (*_ENDS, "interrupted"):
        best = _descent(problem, best.end.at, callback)
    ends = tuple(each.value for each in made)
    held = _held(problem, best)
    at, status, reason = best.end.at, best.status, best.reason
    exact = proof = None
    if status != "interrupted" and math.isfinite(best.value):
        exact, proof = _exactly(problem, best, held, certify)
    if exact is not None:
        free = iter(exact[0])
        at = tuple(x if name in held else float(next(free)) for name, x in zip(problem.model.names, at, strict=True))
        status, reason = ("at a bound" if held else "converged"), ""
    value = float(exact[1].value) if exact else best.value
    notes = tuple(note for note in best.notes if note.kind not in ("method", "forecast", "condition"))
    return Estimate(at, held, status, reason, value, best.optimizer, best.steps, exact, proof, ends, notes)


def _descent(
    problem: Problem, start: Sequence[float], callback: Callable[[Step], object] | None, steps: int | None = None
) -> Descent:
    """One descent, by the method that suits."""
    settings = DescentSettings(reduce="sum", bounds=problem.bounds, steps=steps)
    run = Run(problem.model.term, problem.objective, list(start), settings, callback)
    run.go()
    return run.answer({}, {})


def _held(problem: Problem, found: Descent) -> tuple[str, ...]:
    """The parameters that rest at a bound which the sum would fall beyond, or that have no room between theirs."""
    if not problem.bounds:
        return ()
    gradient = problem.objective.slope(found.end.at)[1]
    held = []
    for name, x, slope in zip(problem.model.names, found.end.at, gradient, strict=True):
        low, high = problem.bounds.get(name, (-math.inf, math.inf))
        if (x <= low and slope > 0) or (x >= high and slope < 0) or low == high:
            held.append(name)
    return tuple(held)


def _exactly(
    problem: Problem, found: Descent, held: Sequence[str], certify: bool
) -> tuple[tuple[Sequence[arb], Sums] | None, Proof | None]:
    """The end in balls, and the proof where it is asked for; None where that takes too long or cannot be had."""
    place = dict(zip(problem.model.names, found.end.at, strict=True))
    inner = problem.holding({name: place[name] for name in held})
    if not inner.model.names or problem.model.loss == "l1":
        return None, None
    sum_ = ExactSum(inner.model, inner.rows, written=certify)
    if sum_.work > (_PROVED if certify else _POLISHED):
        return None, None
    end = polished(sum_, [place[name] for name in inner.model.names])
    if end is None or not _within(problem, inner.model.names, end[0]):
        return None, None
    proof = proved(sum_, *end) if certify and _presses(problem, held, end[0], place, written=True) else None
    return end, proof


def _within(problem: Problem, names: Sequence[str], x: Sequence[arb]) -> bool:
    """Whether a point keeps to the bounds."""
    free = (-math.inf, math.inf)
    limits = [(problem.bounds or {}).get(name, free) for name in names]
    return all(low <= float(a) <= high for a, (low, high) in zip(x, limits, strict=True))


def _presses(problem: Problem, held: Sequence[str], x: Sequence[arb], place: dict[str, float], written: bool) -> bool:
    """Whether it is proved that the sum falls beyond each bound at which a parameter is held."""
    if not held:
        return True
    names, free = problem.model.names, iter(x)
    point = [arb(place[name]) if name in held else next(free) for name in names]
    sums = ExactSum(problem.model, problem.rows, written).at(point, curved=False)
    if sums is None or problem.bounds is None:
        return False
    for i, name in enumerate(names):
        low, high = problem.bounds.get(name, (-math.inf, math.inf))
        slope = sums.gradient[i, 0]
        if name in held and low != high and not (slope > 0 if place[name] <= low else slope < 0):
            return False
    return True


def minima(ends: Sequence[float]) -> tuple[int, list[float]]:
    """How many of the ends are the least one, and the others."""
    least = min(filter(math.isfinite, ends), default=math.nan)
    others = [end for end in ends if not abs(end - least) <= _SAME * max(abs(least), 1e-300)]
    return len(ends) - len(others), others
