"""One descent: what is chosen before it, the run under a watch, and what is to be told after it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import UsageError, did_you_mean
from gradcalc.language.formula import Formula
from gradcalc.optimize import schedules
from gradcalc.optimize.descent import first_order, forecast, least_squares, methods
from gradcalc.optimize.descent.answer import Descent
from gradcalc.optimize.descent.ending import MINIMA, Ending, ending
from gradcalc.optimize.descent.endless import Endless, endless, endless_by_powers
from gradcalc.optimize.descent.objective import DataObjective, Objective
from gradcalc.optimize.descent.watch import FAR, Bounds, Step, Stop, Watch
from gradcalc.optimize.optimizers import FIRST_ORDER, SGD, Optimizer
from gradcalc.settings import DescentSettings as Settings
from gradcalc.truth.blame import not_finite, overflow_note
from gradcalc.truth.quantity import Note

OPTIMIZERS = ("auto", *FIRST_ORDER, *methods.METHODS)

_SMALL = 1e-6
"""A descent that used up its steps has converged all the same if the gradient fell to this part of its size."""

_ROUNDS = 12
"""How often a descent goes on from an end where the value still falls."""

_OWN_ROUNDS = 3
"""From so many rounds on what stalls again is left to BFGS."""

_OUT = 1e6
"""A descent that came so many times as far from 0 as its start may have no end."""

_AXES = 20
"""Along so many axes the value is looked at for whether it falls for ever."""

_LITTLE = 1e-3
"""The part of the longest way of a variable that counts beside it where a ray is followed."""

_NOTHING = 1e-12
"""A variable below this part of the largest may be rounding."""

_STEEPER = 1e3
"""A descent that ends above its start, on a slope so many times as steep and ever steeper, diverges."""


class Run:
    """One descent: what is chosen, what happened, what is to be told."""

    def __init__(
        self,
        formula: Formula,
        objective: Objective,
        start: Sequence[float],
        settings: Settings,
        callback: Callable[[Step], object] | None,
    ) -> None:
        self.formula = formula
        self.objective = objective
        self.start = start
        self.settings = settings
        self.notes: list[Note] = []
        self.method = settings.method
        self.optimizer: Optimizer | None = None
        self.rate: float | None = None
        first = self.method in FIRST_ORDER
        tolerance = -1.0 if settings.batch_size else settings.tolerance or 0.0  # no batch speaks for all rows
        steps = settings.steps if settings.steps is not None else 1_000 if first else 10_000
        if settings.epochs is not None and isinstance(objective, DataObjective):
            steps = settings.epochs * -(-objective.size // (settings.batch_size or objective.size))
        self.watch = Watch(
            len(start), steps=steps, tolerance=tolerance, seconds=settings.seconds, callback=callback,
            bounds=_flat_bounds(settings.bounds, formula), look=self._look,
        )  # fmt: skip
        self.stopped = Stop("finished")
        self._judged: tuple[tuple[float, ...], Ending] | None = None
        self._tell_moved_start()

    def _tell_moved_start(self) -> None:
        """The variables whose start lies outside their bounds."""
        for name, x, (low, high) in zip(self.formula.names, self.start, self.watch.bounds or (), strict=False):
            if not low <= x <= high:
                self._tell(
                    "bounds", f"the start {name} = {x:g} is out of its bounds: moved to {min(max(x, low), high):g}"
                )

    def _tell(self, kind: str, message: str, *more: Any) -> None:
        """A note: its kind and message, then variable, span, and the slopes on both sides."""
        self.notes.append(Note(kind, message, *more))

    # -- the run ------------------------------------------------------------------------------------------------------

    def go(self) -> None:
        """Descend, whatever way it ends."""
        try:
            if self.method in FIRST_ORDER:
                self._choose_rate()
            elif self.method == "auto":
                self._choose_method()
            self._descend()
        except Stop as stop:
            self.stopped = stop
        except KeyboardInterrupt:
            if not len(self.watch):
                raise  # nothing to tell yet
            self.stopped = Stop("interrupted")

    def _choose_method(self) -> None:
        """What `auto` stands for here."""
        nodes = len(self.formula.graph.needed(self.formula.outputs))
        rows = self.objective.size if isinstance(self.objective, DataObjective) else 1
        self.method = methods.chosen(len(self.start), nodes, rows)
        if self.method == "newton" and least_squares.suits(self.objective):
            self.method = "least-squares"
        why = ": l-bfgs-b needs SciPy, which is not installed" if self.method == "l-bfgs" else ""
        self._tell("method", f"{self.method} was chosen{why}")

    def _by_rate(self, objective: Objective, start: Sequence[float], watch: Watch) -> None:
        """The method of a first-order optimizer."""
        assert self.optimizer is not None
        batches = self._batches() if self.settings.batch_size else None
        first_order.run(self.optimizer, objective, start, watch, batches)

    def _descend(self) -> None:
        """By the method, and again from every end where the value still falls.

        Where the method that `auto` chose stalls at a point that is not stationary, as at a kink, BFGS goes on.
        """
        method = methods.METHODS.get(self.method, self._by_rate)
        start, bounds, held = self.start, self.watch.bounds, set[tuple[int, ...]]()
        for number in range(_ROUNDS):
            try:
                method(self.objective, start, self.watch)
                self.stopped = Stop("finished", "it finds no lower point")
            except Stop as stop:
                if stop.status != "converged" or self.settings.tolerance:
                    raise
                self.stopped = stop
            finally:
                self.watch.bounds = bounds
            end = self.watch[self.watch.best]
            found = self._ending(end)
            far = max(map(abs, end.at)) > _OUT * (1 + max(map(abs, self.start)))
            forever = self._endless(end, found) if far and found.kind not in MINIMA else None
            if forever is not None:
                raise Stop("unbounded", forever.reason)
            lower = found.lower if found.lower and self.objective.value(found.lower) < end.value else None
            stalled = found.kind == "not stationary" and not found.edge
            stalled = stalled and self.settings.method == "auto" and self.method != "bfgs"
            if found.held and found.held not in held:
                held.add(found.held)
                self.watch.bounds, start = self._holding(end.at, found.held), end.at
                names = ", ".join(self.formula.names[i] for i in found.held)
                why = f"where {names} stays at the edge of the domain"
                self._tell("went_on", f"from step {end.number} ({self._named(end)}), {why}")
            elif stalled and not bounds and (lower is None or number >= _OWN_ROUNDS):
                self._tell("method", f"{self.method} stalled at step {end.number}: bfgs went on")
                self.method, method, start = "bfgs", methods.along_kinks, lower or end.at
            elif lower is not None:
                self._tell(
                    "went_on", f"from step {end.number} ({self._named(end)}), {found.why}, where the value still falls"
                )
                start = lower
            else:
                return

    def _holding(self, x: Sequence[float], held: Sequence[int]) -> Bounds:
        """The bounds, with some variables held where they are."""
        free = self.watch.bounds or [(-math.inf, math.inf)] * len(x)
        return [(a, a) if i in held else pair for i, (a, pair) in enumerate(zip(x, free, strict=True))]

    def _look(self, number: int) -> None:
        """Stop where the value falls for ever along the way that the descent takes; of several, towards -inf."""
        way = self._moved(number, number // 2)
        found = endless(self.objective, self.watch[number].at, [way] + [_main(way)] * (_main(way) != way))
        if found is not None and (found.bottomless or len(way) == 1):
            raise Stop("unbounded", found.reason)

    def _moved(self, late: int, early: int) -> list[float]:
        """The way from one step to another."""
        return self._open([a - b for a, b in zip(self.watch[late].at, self.watch[early].at, strict=True)])

    def _open(self, way: Sequence[float]) -> list[float]:
        """A way without what runs into a bound."""
        bounds = self.watch.bounds or [(-math.inf, math.inf)] * len(way)
        return [
            part if math.isinf(low if part < 0 else high) else 0.0
            for part, (low, high) in zip(way, bounds, strict=True)
        ]

    def _endless(self, end: Step, found: Ending) -> Endless | None:
        """How the value falls for ever from the end: along the way there, against the slope, along an axis.

        Along an axis that the descent did not take only a fall to -inf counts, for elsewhere there may be a minimum;
        but not along one that is flat at the end, where there is none.
        """
        alone, flat = len(end.at) == 1, found.kind == "degenerate" or bool(found.flat)
        slope = self.objective.slope(end.at)[1] if not flat or alone else [0.0] * len(end.at)
        down = self._open([-g for g in slope])
        number = min(end.number, len(self.watch) - 1)
        ways = [self._moved(number, number // 2), self._moved(number, 0)]
        ways += [_main(way) for way in ways if _main(way) not in ways]
        if alone and not any(map(any, ways)):
            ways += [down] if any(down) else [[1.0], [-1.0]]
        ways += [_main(self._open(way)) for way in found.flat]
        axes = [[g if i == j else 0.0 for j in range(len(down))] for i, g in enumerate(down[:_AXES]) if g]
        settled = [a if abs(a) > _NOTHING * max(map(abs, end.at)) else 0.0 for a in end.at]
        for x in dict.fromkeys((end.at, tuple(settled), self.watch[number // 2].at)):
            seen = [endless(self.objective, x, ways)]
            seen += [endless(self.objective, x, [way]) for way in [down, *axes] if seen[0] is None]
            for each in filter(None, seen):
                if each is seen[0] or each.bottomless or alone:
                    return each
        grown = [part != 0 for part in ways[0]]
        return endless_by_powers(self.objective, end.at, self.watch[number // 2].at, grown)

    def _choose_rate(self) -> None:
        """The learning rate, given or chosen, and what the curvature at the start says of it."""
        settings = self.settings
        make, fallback = FIRST_ORDER[self.method]
        limit = self._stable_rate(self.start)
        self.rate = settings.learning_rate
        if self.rate is None:
            self.rate = limit / 2 if limit else fallback
            why = " from the curvature at the start" if limit else ""
            self._tell("forecast", f"lr {self.rate:.3g} was chosen{why}")
        elif limit and self.rate > limit:
            plain = "plain descent" if self.method == "sgd" else f"descent with {self.method}"
            bound = "2/λmax" if self.method == "sgd" else "the largest stable rate"
            message = f"lr {self.rate:g} is above {bound} = {limit:.3g} at the start: {plain} will diverge on such "
            self._tell("forecast", f"{message}curvature; try {_round(limit / 2)}")
        schedule = settings.schedule
        self.optimizer = make(self.rate if schedule is None else schedules.by_name(schedule, self.rate))

    def _stable_rate(self, x: Sequence[float]) -> float | None:
        """The largest stable rate by the curvature at a point; None for optimizers that scale their steps."""
        optimizer = FIRST_ORDER[self.method][0](self.rate or 1.0)
        return forecast.stable_rate(optimizer, self.objective, x) if isinstance(optimizer, SGD) else None

    def _batches(self) -> Iterator[Objective]:
        """The objective of each step: every epoch in another order, the last batch of it what is left."""
        assert isinstance(self.objective, DataObjective) and self.settings.batch_size
        source = np.random.default_rng(self.settings.seed)
        while True:
            order = source.permutation(self.objective.size)
            for start in range(0, self.objective.size, self.settings.batch_size):
                yield self.objective.batch(order[start : start + self.settings.batch_size])

    # -- the answer ---------------------------------------------------------------------------------------------------

    def answer(self, let: Mapping[str, Any], let_exact: Mapping[str, Any]) -> Descent:
        """What is told of the run, in which the values of `let` stayed as they are."""
        if self._has_grown():
            self.stopped = Stop("diverged", "the value grows")
        elif self._stands_at_an_infinite_slope():
            self.stopped = Stop("finished", "the slope is infinite there: no step leads on")
        best = self.stopped.status in ("diverged", "unbounded", "interrupted") or self.optimizer is None
        end = self.watch[self.watch.best if best else len(self.watch) - 1]
        if self.settings.batch_size and math.isfinite(end.value):  # a batch says little of the whole
            value, gradient = self.objective.slope(end.at)
            end = Step(end.number, value, math.hypot(*gradient), end.at)
        found = self._ending(end)
        kind, eigenvalues = found.kind, found.eigenvalues
        status = self._status(end, found)
        if kind == "minimum at a kink":
            self._tell_kinks(end)
        if status == "diverged":
            self._post_mortem()
        elif status == "finished":
            self._tell_unrest()
        lost = least_squares.warning(self.objective, end.at) if self.method == "newton" else None
        if lost:
            self._tell("condition", lost)
        formula = self.formula
        return Descent(
            formula.canonical, formula.text, formula.wrt, let, let_exact, self.method, self.rate, status,
            self.stopped.reason, end, kind, eigenvalues, tuple(self.notes), self.watch, self.objective,
        )  # fmt: skip

    def _has_grown(self) -> bool:
        """A descent by a rate used up its steps on its way to infinity."""
        if self.stopped.status != "finished" or self.optimizer is None:
            return False
        count = len(self.watch)
        first, middle, last = (self.watch[n] for n in (0, count // 2, count - 1))
        steeper = last.gradient_norm > max(_STEEPER * first.gradient_norm, 5 * middle.gradient_norm)
        return steeper and last.value > first.value

    def _stands_at_an_infinite_slope(self) -> bool:
        """The last step is the lowest, and only its gradient is infinite, as at the edge of a domain."""
        last = self.watch[len(self.watch) - 1]
        lowest = self.watch.best == last.number and abs(last.value) < math.sqrt(FAR)
        return self.stopped.status == "diverged" and lowest and math.isinf(last.gradient_norm)

    def _ending(self, end: Step) -> Ending:
        """What the end is; asked once."""
        if self._judged is None or self._judged[0] != end.at:
            fallen = abs(self.watch[0].value - end.value)
            self._judged = end.at, ending(self.objective, end.at, fallen, self.watch.bounds)
        return self._judged[1]

    def _status(self, end: Step, found: Ending) -> str:
        """How it ended, by what the end is: `converged` is only said of a minimum, or at the tolerance asked for."""
        status = self.stopped.status
        if status not in ("finished", "converged", "diverged", "unbounded"):
            return status
        told = status == "unbounded" and "towards" in self.stopped.reason
        asked = (
            (found.kind not in MINIMA or found.flat)
            and math.isfinite(end.value)
            and (status != "diverged" or self._falls(end))
        )
        if asked and not told:
            forever = self._endless(end, found)
            if forever is not None:
                self.stopped = Stop("unbounded", forever.reason)
        if self.stopped.status in ("diverged", "unbounded"):
            return self.stopped.status
        small = found.kind in MINIMA or found.kind == "degenerate" and not found.lower and not found.faint
        if found.kind is None:
            small = math.isfinite(end.gradient_norm) and end.gradient_norm <= _SMALL * self.watch[0].gradient_norm
        reached = self.settings.tolerance is not None and end.gradient_norm <= self.settings.tolerance
        if found.kind == "at a bound" and (small or reached):
            return "at a bound"
        if found.edge and status in ("finished", "converged") and not reached and self.optimizer is None:
            known = "the value is least there" if len(end.at) == 1 else "no lower value was found beside it"
            self.stopped = Stop("finished", f"the edge of the domain: {known}")
            return "finished"
        if status == "converged" and not (small or reached):
            reason = "the slope is lost in rounding: nothing tells that it is a minimum"
            if found.kind != "degenerate" or found.lower:
                rests = end.gradient_norm <= self.watch.tolerance
                reason = "the gradient is 0, but this is no minimum" if rests else "it finds no lower point"
            self.stopped = Stop("finished", reason)
        return "converged" if small or reached else "finished"

    def _falls(self, end: Step) -> bool:
        """Whether a descent that ran away went down on its way."""
        left = math.isnan(self.watch[len(self.watch) - 1].value)
        return end.number > 0 and end.value < self.watch[0].value and not left

    def _tell_unrest(self) -> None:
        """Why the last steps did not settle: a kink that they jump across, or a rate that is too large there."""
        found = forecast.oscillation(self.watch, self.objective)
        limit = self._limit_at_the_end()
        if found is not None:
            i, place, left, right = found
            name = self.formula.names[i]
            message = (
                f"the steps jump back and forth across a kink at {name} = {place:.6g}, where the slope turns from "
                f"{left:.4g} to {right:.4g}"
            )
            if self.rate and not self.settings.schedule:
                message += ": a schedule that lets the rate fall ends this"
            self._tell("kink", message, name, None, left, right)
        elif limit and self.rate and self.rate > limit and not self.settings.schedule:
            message = f"lr {self.rate:g} is above {limit:.3g}, the largest stable rate where it ended"
            self._tell("forecast", f"{message}; try {_round(limit / 2)}")

    def _tell_kinks(self, end: Step) -> None:
        """The slopes on both sides of a minimum that lies on kinks."""
        for i, left, right in forecast.kinks_at(self.objective, end.at):
            name = self.formula.names[i]
            message = f"at {name} = {end.at[i]:.6g} the slope turns from {left:.4g} to {right:.4g}: no derivative there"
            self._tell("kink", message, name, None, left, right)

    def _limit_at_the_end(self) -> float | None:
        """The largest stable rate at the last few steps, the least of them."""
        if self.optimizer is None:
            return None
        last = [self.watch[n].at for n in range(max(0, len(self.watch) - 4), len(self.watch))]
        return min(filter(None, map(self._stable_rate, last)), default=None)

    def _post_mortem(self) -> None:
        """Where the descent left, why, and what works."""
        last = self.watch[len(self.watch) - 1]
        if not (math.isfinite(last.value) and math.isfinite(last.gradient_norm)):
            self._tell_birth(last)
        if len(self.watch) < 2:
            return
        best = self.watch[self.watch.best]
        message = f"the lowest value, {best.value:.6g}, was at step {best.number} ({self._named(best)})"
        rate = self._rate_that_works() if self.optimizer is not None else None
        if rate is not None:
            message += f"; lr {_round(rate)} works from the same start"
        self._tell("post_mortem", message)

    def _rate_that_works(self) -> float | None:
        """A rate with which the same descent ends below its start: tried, not guessed."""
        assert self.rate is not None
        rate = self.rate
        limit = self._stable_rate(self.watch[self.watch.best].at)
        if limit and limit < rate:
            rate = limit
        for _ in range(20):
            rate = float(_round(rate / 2))
            trial = Watch(len(self.start), steps=self.watch.steps, seconds=0.5, bounds=self.watch.bounds)
            try:
                first_order.run(FIRST_ORDER[self.method][0](rate), self.objective, self.start, trial)
            except Stop as stop:
                if stop.status != "diverged" and trial[len(trial) - 1].value < self.watch[0].value:
                    return rate
        return None

    def _tell_birth(self, last: Step) -> None:
        """Where in the text a nan or an infinity was born."""
        formula, where = self.formula, f", at step {last.number} ({self._named(last)})"
        point = dict(zip(formula.inputs, last.at, strict=True))
        if isinstance(self.objective, DataObjective):
            found = self.objective.bad_row(last.at)
            if found is None:
                return
            row, columns = found
            point, where = point | columns, f", in row {row:,} of the data{where}"
        values = evaluate(formula.graph, Floats(), point, formula.outputs)
        bad = next((i for i in formula.outputs if not_finite(values[i])), None)
        if bad is not None:
            message, index = overflow_note(formula.graph, values, bad, exists=False)
            span = formula.graph.spans[index]
            if not all(map(math.isfinite, last.at)):
                message, span = "the step itself overflowed", None
            self._tell("nan_origin", message + where, None, span)

    def _named(self, step: Step) -> str:
        """A point in words: `x = 1.5, y = 2`."""
        return ", ".join(f"{name} = {x:.6g}" for name, x in zip(self.formula.names, step.at, strict=True))


def _main(way: Sequence[float]) -> list[float]:
    """A way without the variables that move little beside the others: they settle while those run away."""
    largest = max(map(abs, way), default=0.0)
    return [part if abs(part) >= _LITTLE * largest else 0.0 for part in way]


def _flat_bounds(bounds: Mapping[str, tuple[float, float]] | None, formula: Formula) -> Bounds | None:
    """The bounds of each flat variable; None where there are none at all."""
    if not bounds:
        return None
    by_name = {element: v.name for v in formula.wrt for element in v.elements}
    known = {*by_name, *by_name.values()}
    for name, (low, high) in bounds.items():
        if name not in known:
            raise UsageError(f"--bounds names {name}, which is no variable", hint=did_you_mean(name, known))
        if not low <= high or low == math.inf or high == -math.inf:
            hint = f"{name}={high:g}:{low:g}" if low > high else f"{name}=0:5"
            raise UsageError(f"the bounds of {name} are {low:g} and {high:g}", hint=hint)
    free = (-math.inf, math.inf)
    return [bounds.get(element, bounds.get(name, free)) for element, name in by_name.items()]


def _round(rate: float) -> str:
    """A rate as one would type it: two digits."""
    return f"{float(f'{rate:.2g}'):g}"
