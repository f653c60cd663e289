"""The estimates: descents from one start or several, then Newton's method in balls, and the proof if it is asked for.

Imports the descents, exact and problem.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from flint import arb

from gradcalc.optimize.descent.answer import Descent
from gradcalc.optimize.descent.least_squares import FormulaResiduals, Linear, fit
from gradcalc.optimize.descent.newton import newton
from gradcalc.optimize.descent.run import Run
from gradcalc.optimize.descent.watch import Step, Stop, Watch
from gradcalc.optimize.fit.exact import ExactSum, Proof, Sums, polished, proved
from gradcalc.optimize.fit.problem import Problem, Remembered
from gradcalc.optimize.fit.start import sample
from gradcalc.optimize.rows import Array
from gradcalc.settings import DescentSettings
from gradcalc.truth.quantity import Note

_POLISHED, _PROVED = 60_000, 20_000_000
"""Nodes times rows up to which the last steps are made in balls: always, and where a proof is asked for."""
_SAME = 1e-6
"""Sums that differ by less than this part are of one minimum."""
_LOOK_STEPS, FIRST_STEPS, _STEPS = 12, 100, 10_000
"""Steps from each of several starts, before the best of them goes on; steps by sums of J'J, at most."""
Limits = Sequence[tuple[float, float]] | None

_SOME = 50_000
"""Rows that tell how large a middle residual is."""
_SMOOTHER, _CORNER_STEPS, _FLAT = (1.0, 0.1, 0.01, 1e-3), 8, 1e-10
"""Sums that are smooth below these parts of the middle residual lead to the least sum of absolute values."""


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
    if (direct := _direct(problem, starts[0], certify)) is not None:
        return direct
    sketches = [sketched(problem, start) for start in starts] if len(starts) > 1 else []
    begin = min(sketches, key=lambda each: each.value).at if sketches else starts[0]
    if problem.model.loss == "l1" and not problem.bounds and (corner := _corner(problem, begin, callback)) is not None:
        return corner
    best = _descent(problem, begin, callback)
    ends = tuple(min(each.value, best.value) if each.at == begin else each.value for each in sketches) or (best.value,)
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
    told = [note for note in best.notes if not exact or note.kind == "bounds"]
    notes = tuple(note for note in told if note.kind not in ("method", "forecast", "condition"))
    return Estimate(at, held, status, reason, value, best.optimizer, best.steps, exact, proof, ends, notes)


def _direct(problem: Problem, start: Sequence[float], certify: bool) -> Estimate | None:
    """The estimate of a linear model, solved for in balls; None where that is too much work, or it has bounds."""
    if not (problem.model.is_square and problem.model.is_linear) or problem.bounds:
        return None
    sum_ = ExactSum(problem.model, problem.rows, written=certify)
    end = polished(sum_, start) if sum_.work <= (_PROVED if certify else _POLISHED) else None
    if end is None:
        return None
    at, value = tuple(map(float, end[0])), float(end[1].value)
    return Estimate(at, (), "converged", "", value, "linear", 1, end, proved(sum_, *end) if certify else None, (value,))


def _corner(problem: Problem, start: Sequence[float], callback: Callable[[Step], object] | None) -> Estimate | None:
    """The least sum of absolute values: where as many residuals as there are parameters are 0, if it is proved there.

    Smooth sums that are ever nearer to it lead there. It is a minimum where the slopes of the other residuals are a
    combination of those of the zero ones whose coefficients are at most 1 (Bloomfield and Steiger, 1983).
    """
    model, at, steps = problem.model, tuple(start), 0
    some = sample(problem, _SOME)
    with np.errstate(all="ignore"):
        for part in _SMOOTHER:
            size = float(np.median(np.abs(some.evaluated(at, [model.residual]))))
            smooth = Problem(replace(model, loss="huber", scale=max(part * size, 1e-300)), problem.rows)
            found = _descent(smooth, at, callback)
            if found.status == "interrupted":
                return None
            at, steps = found.end.at, steps + found.steps
        rows = _nearest(problem, at)
        chosen = problem.some(rows)
        for _ in range(_CORNER_STEPS):
            near = chosen.evaluated(at, [model.residual, *model.slopes])
            if len(near) < len(at) or not np.linalg.cond(near[:, 1:]) < 1 / _FLAT:
                return None
            at = tuple((np.asarray(at) - np.linalg.solve(near[:, 1:], near[:, 0])).tolist())
        value, slope = 0.0, np.asarray(np.zeros(len(at)), float)
        others = partial(_pulls, chosen.rows.held().numbers)
        for size, pull in problem.folded(others, at, [model.residual, *model.slopes]):
            value, slope = value + size, np.asarray(slope + pull, float)
        pull = np.linalg.solve(near[:, 1:].T, -slope)
    if not np.all(np.abs(pull) <= 1 + _FLAT) or not value <= problem.objective.value(list(start)) * (1 + _FLAT):
        return None
    return Estimate(at, (), "converged", "", value, "corner", steps, ends=(value,))


def _nearest(problem: Problem, at: Sequence[float]) -> Array:
    """The places of the smallest residuals, as many as there are parameters; of equal ones the first."""
    sizes, places, first = np.zeros(0), np.zeros(0, int), 0
    for least, where, count in problem.folded(partial(_least, len(at)), at, [problem.model.residual]):
        sizes, places = np.concatenate([sizes, least]), np.concatenate([places, first + where])
        order = np.argsort(sizes, kind="stable")[: len(at)]
        sizes, places, first = sizes[order], places[order], first + count
    return np.sort(places)


def _least(count: int, numbers: Array, block: Array) -> tuple[Any, Any, int]:
    """So many of the smallest residuals of a block, their places in it, and how many rows it has."""
    sizes = np.abs(block[:, 0])
    order = np.argsort(sizes, kind="stable")[:count]
    return sizes[order], order, len(sizes)


def _pulls(chosen: Array, numbers: Array, block: Array) -> tuple[float, Array]:
    """The sum of the residuals' sizes in a block, and its slopes; of the chosen rows these are none."""
    signs = np.sign(block[:, 0]) * ~np.isin(numbers, chosen)
    return float(np.abs(block[:, 0]).sum()), signs @ block[:, 1:]


@dataclass(frozen=True)
class _InFloats:
    """Residuals that are not asked for their last digits."""

    whole: FormulaResiduals

    def linear(self, x: Sequence[float]) -> Iterator[Linear]:
        """As in `Residuals`."""
        return self.whole.linear(x)

    def exact(self, x: Sequence[float]) -> None:
        """Nothing."""


def promising(
    problem: Problem, places: Sequence[Sequence[float]], count: int, steps: int = _LOOK_STEPS
) -> list[tuple[float, ...]]:
    """The places that a few steps from each of some others lead to: so many, the lowest first."""
    if len(places) == 1:
        return [tuple(places[0])]
    found = sorted((sketched(problem, place, steps) for place in places), key=lambda each: each.value)
    return [each.at for each in found[:count]]


def sketched(problem: Problem, start: Sequence[float], steps: int = FIRST_STEPS) -> Step:
    """The lowest point of the first steps from a start; of infinite value where there is none."""
    watch = Watch(len(start), steps=steps, bounds=_limits(problem))
    with suppress(Stop), np.errstate(all="ignore"):
        if problem.squares is not None:
            newton(problem.squares, start, watch)
        elif problem.model.is_square:
            fit(_InFloats(problem.residuals), problem.objective, start, watch)
        else:
            newton(problem.objective, start, watch)
    found = watch[watch.best] if len(watch) else Step(0, math.inf, math.inf, tuple(start))
    return found if math.isfinite(found.value) else Step(0, math.inf, math.inf, tuple(start))


def _descent(problem: Problem, start: Sequence[float], callback: Callable[[Step], object] | None) -> Descent:
    """One descent, by the method that suits; over many rows first by sums of J'J, then by the whole Hessian."""
    settings = DescentSettings(reduce="sum", bounds=problem.bounds)
    interrupted = False
    if problem.squares is not None:
        start, interrupted = _by_squares(problem.squares, start, _limits(problem), callback)
        settings = replace(settings, optimizer="newton", steps=0 if interrupted else None)
    run = Run(problem.model.term, problem.objective, list(start), settings, callback)
    run.go()
    found = run.answer({}, {})
    return replace(found, status="interrupted", reason="") if interrupted else found


def _by_squares(
    squares: Remembered, start: Sequence[float], bounds: Limits, callback: Callable[[Step], object] | None
) -> tuple[Sequence[float], bool]:
    """Where steps by J'J lead to, and whether they were interrupted."""
    watch = Watch(len(start), steps=_STEPS, bounds=bounds, callback=callback)
    interrupted = False
    try:
        newton(squares, start, watch)
    except KeyboardInterrupt:
        interrupted = True
    except Stop as stop:
        interrupted = stop.status == "interrupted"
    return (watch[watch.best].at if len(watch) else start), interrupted


def _limits(problem: Problem) -> Limits:
    """The bounds of the parameters in their order; None where there are none."""
    return problem.bounds and [problem.bounds.get(name, (-math.inf, math.inf)) for name in problem.model.names] or None


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
