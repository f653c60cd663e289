"""The use case of `gradcalc fit`: from a model and data to parameters, how far they may be off, and what is proved.

Flow: `ask` reads model and rows; a start is given or found; `estimated` descends; `spread` tells the uncertainty.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.student import coverage, tail
from gradcalc.data.cluster import Cluster
from gradcalc.data.map import UndefinedError
from gradcalc.errors import UsageError, did_you_mean, for_python
from gradcalc.language.formula import Point, Value
from gradcalc.language.points import numbers, read_values, to_bindings, to_points
from gradcalc.optimize.descent.watch import Step
from gradcalc.optimize.fit import estimate, spread
from gradcalc.optimize.fit.answer import Fit, Parameter
from gradcalc.optimize.fit.estimate import Estimate
from gradcalc.optimize.fit.least import Box
from gradcalc.optimize.fit.model import LOSSES, Given, Model, read_model
from gradcalc.optimize.fit.problem import Bounds, Problem
from gradcalc.optimize.fit.profile import profile
from gradcalc.optimize.fit.proof import check_carried, write_proof
from gradcalc.optimize.fit.start import found_starts, sample, spread_starts
from gradcalc.optimize.read import gathered, read_rows
from gradcalc.optimize.rows import Listed
from gradcalc.settings import AS_USUAL, Dialect, FitSettings, Limits, Reading, limits_for
from gradcalc.truth.certify import certified
from gradcalc.truth.quantity import Certified, Note

DIGITS = 20
"""How many digits of a proved parameter are shown unless told otherwise."""
_STARTS = 4
"""Of the places that are tried without a start, so many are followed far."""
_ROUGH = 5_000
"""Rows that tell which of several places is the most promising."""
_NO_RESIDUE = (1e-30, 1e-60)
"""A sum of squares below this part of that of what is measured is 0 but for rounding: in floats, and in balls."""

_LARGEST, _SMALLEST = 1e300, 1e-130
"""Squares whose sum is larger overflow; of what is smaller, the squares of residuals lose digits."""

_OTHER_NAMES = {
    "p0": "at", "start": "at", "x0": "at", "confidence": "level", "alpha": "level", "nan_policy": "nulls",
    "fixed": "fix", "n_starts": "starts", "f_scale": "loss_scale",
}  # fmt: skip


@for_python
def fit(
    expression: str,
    data: Any = None,
    at: Any = None,
    *,
    let: Mapping[str, Any] | None = None,
    digits: int = DIGITS,
    callback: Callable[[Step], object] | None = None,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
    how: Reading = AS_USUAL,
    proof: str | Path | None = None,
    **settings: Any,
) -> Fit:
    """Fit a model to data by least squares, with standard errors, intervals and, on wish, a proof.

    Args:
        expression: `y ~ a*exp(-b*x) + c`: on the left what is measured, a column or a formula of columns.
        data: a file of columns, a mapping of names to arrays, or a data frame.
        at: where to begin, by parameter; without it places of the scale of the data are tried.
        let: values by name that stay as they are.
        digits: how many digits of a proved parameter are told.
        callback: called with each `Step` of the descents; the fit ends as interrupted if it returns True.
        limits, dialect, how: as of `descend`.
        proof: the file that the proof is written to, with certify=True; `gradcalc.verify` reads it.
        settings: the fields of `FitSettings`: sigma=, weights=, bounds=, fix=, level=, starts=, loss=, certify=, ...

    Raises:
        ExpressionError, UsageError, FileError, UndefinedError: as on the command line.
    """
    unknown = set(settings) - set(FitSettings.__dataclass_fields__)
    if unknown:
        name = sorted(unknown)[0]
        near = _OTHER_NAMES.get(name) or did_you_mean(name, FitSettings.__dataclass_fields__)
        raise UsageError(f"fit takes no {name}", hint=f"did you mean {near}?" if near else None)
    if not isinstance(expression, str):
        raise UsageError("a model is given as text", hint='"y ~ a*x + b"')
    if data is None:
        raise UsageError("a fit needs data", hint='data="points.csv", a mapping of arrays, or a data frame')
    bounds = limits_for(limits, dialect)
    points = to_points(at, bounds) if at else []
    if len(points) > 1:
        raise UsageError("at gives several points: a fit has one start", hint="starts=10 begins at several places")
    start = points[0] if points else {}
    chosen = FitSettings(**settings)
    if isinstance(chosen.fix, str):
        chosen = replace(chosen, fix=(chosen.fix,))
    if isinstance(chosen.box, str):
        chosen = replace(chosen, box=(chosen.box,))
    if proof is not None:
        check_carried(chosen)
    with ExitStack() as stack:
        workers = partial(gathered, data, chosen.scheduler, stack)
        made = ask(expression, start, to_bindings(let, bounds), chosen, data, bounds, how, digits, callback, workers)
    if proof is not None:
        write_proof(made, chosen, Path(proof))
    return made


def ask(
    expression: str,
    at: Point,
    let: Point,
    settings: FitSettings,
    data: Any,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    how: Reading = AS_USUAL,
    digits: int = DIGITS,
    callback: Callable[[Step], object] | None = None,
    workers: Callable[[], Cluster | None] = lambda: None,
) -> Fit:
    """Fit a model whose start and constants are read already.

    Args:
        workers: gives those that read the data, asked for when the settings are known to be right.
    """
    _check(settings)
    at, held = _fixed(at, settings.fix, limits)
    models: list[Model] = []
    given = Given(expression, settings.sigma, settings.weights, settings.nll, settings.loss, settings.loss_scale)

    def choose(known: Sequence[str]) -> Sequence[str]:
        models.append(read_model(given, at, let, known, limits, held))
        if not models[-1].columns:
            raise UsageError("the model names no column of the data", text=expression, hint="y ~ a*x + b")
        return models[-1].columns

    rows = read_rows(
        data, choose, nulls=settings.nulls, how=how, exactly=settings.certify, memory=settings.memory,
        workers=workers(),
    )  # fmt: skip
    model = models[0]
    problem = Problem(model, rows, _bounds(settings.bounds, model))
    fixed = {name: numbers(at[name], Floats())[0] for name in held}
    start = {name: value for name, value in at.items() if name not in held}
    with np.errstate(all="ignore"):  # infinities and nan are answers, and told as such
        made = _Fitting(problem, settings, fixed, digits, callback).answer(start)
        return replace(made, problem=made.problem.home)


def _check(settings: FitSettings) -> None:
    """Settings that do not fit each other."""
    if settings.loss not in LOSSES:
        raise UsageError(f"no such loss: {settings.loss}", hint=f"one of {', '.join(LOSSES)}")
    if settings.sigma is not None and settings.weights is not None:
        raise UsageError("both sigma and weights are given: weights are 1/sigma^2", hint="one of them")
    if settings.nll and (settings.sigma or settings.weights or settings.loss != "linear" or settings.absolute_sigma):
        raise UsageError("a likelihood has no sigma, weights or loss of its own: they stand in its formula")
    if settings.robust and not settings.nll:
        raise UsageError("robust is for a likelihood; of squares --loss huber heeds outliers less", hint="--nll")
    if not 0 < settings.level < 1:
        raise UsageError(f"level is {settings.level:g}: a probability between 0 and 1", hint="--level 0.95")
    if not settings.loss_scale > 0:
        raise UsageError(f"loss-scale is {settings.loss_scale:g}: it must be above 0", hint="--loss-scale 1")
    if settings.box and not settings.certify:
        raise UsageError("--box goes with --certify", hint="--bounds keeps a fit inside")
    if settings.certify and settings.loss == "l1":
        raise UsageError("a sum of absolute values has kinks: no minimum of it is proved", hint="--loss linear")


def _fixed(at: Point, names: Sequence[str], limits: Limits) -> tuple[dict[str, Value], list[str]]:
    """The start with the values of `a=2`, and the names that keep theirs."""
    start, held = dict(at), []
    for text in (part for each in names for part in each.split(",")):
        name, sign, _ = (part.strip() for part in text.partition("="))
        if sign:
            start |= read_values(text, limits)
        elif name not in start:
            raise UsageError(f"{name} is fixed, and has no value", hint=f"--fix {name}=1, or --at {name}=1")
        if start[name].shape:
            raise UsageError(f"{name} is an array: a scalar is fixed", hint="--let for constants that are arrays")
        held.append(name)
    return start, held


def _bounds(given: Mapping[str, tuple[float, float]] | None, model: Model) -> Bounds | None:
    """The bounds of each scalar that has some."""
    found: dict[str, tuple[float, float]] = {}
    by_name = {name: variable.name for variable in model.parameters for name in variable.elements}
    for name, (low, high) in (given or {}).items():
        names = [each for each, whole in by_name.items() if name in (each, whole)]
        if not names:
            hint = did_you_mean(name, by_name)
            raise UsageError(f"--bounds names {name}, which is no parameter of the model", hint=hint)
        if not low <= high or low == math.inf or high == -math.inf:
            hint = f"{name}={high:g}:{low:g}" if low > high else f"{name}=0:5"
            raise UsageError(f"the bounds of {name} are {low:g} and {high:g}", hint=hint)
        found |= dict.fromkeys(names, (float(low), float(high)))
    return found or None


class _Fitting:
    """One fit, from its start to its answer; `notes` collects what is to be told."""

    def __init__(
        self,
        problem: Problem,
        settings: FitSettings,
        fixed: Mapping[str, float],
        digits: int,
        callback: Callable[[Step], object] | None,
    ) -> None:
        self.problem, self.settings, self.fixed = problem, settings, fixed
        self.digits, self.callback = digits, callback
        self.notes: list[Note] = []

    def answer(self, at: Point) -> Fit:
        """The fit."""
        box = Box(self.problem, self.settings.box, self.settings.seconds) if self.settings.box else None
        starts = self._starts(at)
        self.problem = self._defined(starts[0])
        found = estimate.estimated(self.problem, starts, self.settings.certify, self.callback)
        if box is None:
            return self._told(found)
        box.problem = self.problem
        return self._least(box, found)

    def _least(self, box: Box, found: Estimate) -> Fit:
        """The fit beside the least sum over a box; it begins again where that is lower."""
        over = box.asked(found)
        if over.lower is not None and found.status != "interrupted":
            again = estimate.estimated(self.problem, [over.lower], self.settings.certify, self.callback)
            other = box.asked(again)
            if other.is_least or again.value < found.value:
                self._tell("box", "the search of the box led to a lower sum than the descent")
                found, over = again, other
        return replace(self._told(found), over=over)

    # -- before it

    def _starts(self, at: Point) -> list[tuple[float, ...]]:
        settings, model = self.settings, self.problem.model
        if at:
            floats = Floats()
            start = [x for variable in model.parameters for x in numbers(at[variable.name], floats)]
            return spread_starts(self.problem, start, settings.starts, settings.seed)
        found = found_starts(self.problem, settings.seed)
        best = ", ".join(f"{name} = {x:.6g}" for name, x in zip(model.names, found.places[0], strict=True))
        self._tell("start", f"none was given: {found.told}" + ("" if model.is_linear else f"; the best is {best}"))
        rough = sample(self.problem, _ROUGH)
        places = estimate.promising(rough, found.places, max(settings.starts, _STARTS))
        if rough.count == self.problem.count or settings.starts > 1:
            return places
        return estimate.promising(rough, places, 1, estimate.FIRST_STEPS)

    def _defined(self, start: Sequence[float]) -> Problem:
        """The rows where the model has a value at the start; an error where others are not to be left out."""
        problem = self.problem
        model = problem.model
        self._check_weights()
        nodes = [model.residual, *model.slopes, *([] if model.is_likelihood else [model.weighted_response])]
        where, masks, sizes = Listed(), [], np.zeros(len(nodes))
        for bad, finite, largest in problem.folded(_seen, start, nodes):
            where.add(bad)
            masks.append(finite)
            sizes = np.maximum(sizes, largest)
        if not model.is_likelihood:
            self._check_sizes(sizes, start)
        if not where.count:
            return problem
        at = ", ".join(f"{name} = {x:.6g}" for name, x in zip(model.names, start, strict=True))
        message = f"the model or its slope has no finite value in {where}, at {at}"
        if self.settings.undefined == "fail" or where.count == problem.count:
            raise UndefinedError(
                message, text=model.text, hint="--undefined drop leaves such rows out, or another --at"
            )
        self._tell("undefined", f"{message}: left out")
        return problem.only(np.concatenate(masks))

    def _check_sizes(self, sizes: Any, start: Sequence[float]) -> None:
        """Refuse what has no squares that can be summed in doubles, by the largest of each of the nodes above."""
        model, most = self.problem.model, math.sqrt(_LARGEST / self.problem.count)
        _, *slopes, response = sizes.tolist()
        if not response <= most or 0 < response < _SMALLEST:
            message = f"what is measured is about {response:.0e}: its squares are no doubles"
            raise UsageError(message, text=model.text, hint="both sides of the model in another unit")
        at = ", ".join(f"{name} = {x:.6g}" for name, x in zip(model.names, start, strict=True))
        for name, size in zip(model.names, slopes, strict=True):
            if size > most:
                message = f"the slope of the model in {name} is up to {size:.0e} at {at}: its squares are no doubles"
                raise UsageError(message, text=model.text, hint="columns that are scaled, or another --at")
        if sizes[0] > most:
            message = f"the residuals are up to {sizes[0]:.0e} at {at}: their squares are no doubles"
            raise UsageError(message, text=model.text, hint="another --at")

    def _check_weights(self) -> None:
        """Refuse errors that are no positive numbers, and weights that are negative."""
        root = self.problem.model.root
        if root is None:
            return
        where = Listed()
        for rows in self.problem.folded(_negative, [0.0] * len(self.problem.model.names), [root]):
            where.add(rows)
        if where.count and self.settings.undefined == "fail":
            what = "the error of --sigma is not above 0" if self.settings.sigma else "--weights has a negative one"
            raise UndefinedError(f"{what} in {where}", hint="--undefined drop leaves such rows out")

    def _tell(self, kind: str, message: str) -> None:
        self.notes.append(Note(kind, message))

    # -- after it

    def _told(self, found: Estimate) -> Fit:
        problem, settings = self.problem, self.settings
        model = problem.model
        place = dict(zip(model.names, found.at, strict=True))
        inner = problem.holding({name: place[name] for name in found.held})
        free = [place[name] for name in inner.model.names]
        known = spread.shape(inner, free)
        rank = len(model.names) - len(known.unidentified)
        freedom = problem.count - rank
        found = self._settled(found)
        covered = spread.uncertainty(inner, free, found, known, freedom, settings.absolute_sigma, settings.robust)
        fitness = None if model.is_likelihood else spread.fitness(problem, found, inner, known, freedom)
        likelihood = -found.value if fitness is None else fitness.log_likelihood
        count = len(model.names) + (fitness is not None)
        self._warn(found, known, freedom)
        if fitness and fitness.unsorted:
            untold = f"the rows are not in the order of {fitness.unsorted}, and too many to be held and sorted"
            self._tell("runs", f"{untold}: runs of signs are not told; --memory holds more")
        status = "not identified" if known.unidentified and found.status != "interrupted" else found.status
        same, others = estimate.minima(found.ends)
        covariance = _without(covered.covariance, inner.model.names, known.unidentified)
        return Fit(
            expression=model.text.strip(),
            parameters=self._parameters(found, inner, covered, covariance, freedom),
            rows=problem.count, dropped=problem.rows.dropped, status=status,
            reason="" if status == "not identified" else found.reason, method=found.method, value=found.value,
            degrees_of_freedom=freedom, aic=2 * count - 2 * likelihood,
            bic=math.log(problem.count) * count - 2 * likelihood, log_likelihood=likelihood, fitness=fitness,
            covariance=covariance, free=tuple(inner.model.names), condition=known.condition,
            unidentified=known.unidentified, proved=found.proof is not None,
            notes=(*self.notes, *found.notes), level=settings.level, problem=problem,
            box=dict(zip(inner.model.names, found.proof.box, strict=True)) if found.proof else {},
            starts=(len(found.ends), same, tuple(others)), certify=settings.certify, absolute=settings.absolute_sigma,
            passes=problem.rows.passes,
        )  # fmt: skip

    def _settled(self, found: Estimate) -> Estimate:
        """The estimate, its sum 0 where nothing but rounding is left."""
        if not self.problem.model.is_square or found.proof is not None:
            return found
        size = math.fsum(self.problem.folded(_square, found.at, [self.problem.model.weighted_response]))
        return replace(found, value=0.0) if found.value <= _NO_RESIDUE[found.exact is not None] * size else found

    def _parameters(
        self, found: Estimate, inner: Problem, covered: spread.Uncertainty, covariance: Any, freedom: int
    ) -> tuple[Parameter, ...]:
        model, level = self.problem.model, self.settings.level
        free = math.inf if model.is_likelihood else freedom
        names = inner.model.names
        made = []
        for name, value in zip(model.names, found.at, strict=True):
            if name in found.held:
                made.append(Parameter(name, value))
                continue
            i = names.index(name)
            variance = float(covariance[i, i])
            error = math.sqrt(variance) if variance >= 0 else math.nan
            t = value / error if error > 0 else math.copysign(math.inf, value) if error == 0 and value else math.nan
            p = math.nan if math.isnan(t) or not free > 0 else 0.0 if math.isinf(t) else tail(t, free)
            proof, error_proof = self._digits(found, covered, i, value, error)
            interval = spread.interval(value, error, free, level)
            profiled = self._profile(found, inner, name, error, free) if self.settings.profile else None
            made.append(Parameter(name, value, error, t, p, interval, profiled, proof, error_proof))
        fixed = [Parameter(name, value, fixed=True) for name, value in self.fixed.items()]
        return (*made, *fixed)

    def _profile(
        self, found: Estimate, inner: Problem, name: str, error: float, freedom: float
    ) -> tuple[float, float] | None:
        """The interval by the likelihood; None where there is no error to begin with, or no likelihood."""
        model = self.problem.model
        if not error > 0 or not freedom > 0 or model.loss != "linear":
            return None
        if model.is_likelihood:
            rise = coverage(self.settings.level) ** 2 / 2
        else:
            scale = 1.0 if self.settings.absolute_sigma else found.value / freedom
            rise = coverage(self.settings.level, freedom) ** 2 * scale
        place = dict(zip(model.names, found.at, strict=True))
        return profile(inner, [place[each] for each in inner.model.names], name, error, rise)

    def _digits(
        self, found: Estimate, covered: spread.Uncertainty, i: int, value: float, error: float
    ) -> tuple[Certified | None, Certified | None]:
        """The proved digits of a parameter and of its standard error."""
        if found.proof is None:
            return None, None
        proof = certified(found.proof.at[i], value, self.digits)
        if covered.balls is None or not found.proof or not self.problem.model.is_square:
            return proof, None
        return proof, certified(spread.root(covered.balls[i, i]), error, self.digits)

    def _warn(self, found: Estimate, known: spread.Shape, freedom: int) -> None:
        """What may mislead."""
        model, count = self.problem.model, self.problem.count
        if count < len(model.names):
            rows = "one row" if count == 1 else f"{count:,} rows"
            self._tell("rows", f"{rows} cannot determine {len(model.names):,} parameters")
        elif freedom == 0 and not model.is_likelihood:
            self._tell("rows", "as many parameters as rows: the residuals tell nothing of the errors")
        for lost, rule in zip(known.unidentified, known.rules, strict=True):
            self._tell("identified", _lost_text(lost, rule))
        for name in found.held:
            self._tell("bounds", f"{name} rests at its bound: it has no standard error")
        if model.is_square and found.value == 0 and freedom > 0:
            self._tell("residuals", "all residuals are 0: the data are the model's own values, and errors mean nothing")
        if self.settings.certify and found.proof is None:
            self._tell("unsettled", f"no minimum was proved: {self._why_not(found, known)}")
        if self.settings.certify and found.proof and not self.problem.rows.exact:
            self._tell("proof", "the data are taken as the doubles that they were read as")
        same, others = estimate.minima(found.ends)
        guessed = any(note.kind == "start" for note in self.notes)
        if others and (self.settings.starts > 1 or guessed):
            sums = ", ".join(f"{value:.6g}" for value in sorted(others)[:4])
            more = "; a lower one may be found by --at, or --starts 30" if guessed else ""
            told = f"{same:,} of {len(found.ends):,} starts lead to the least sum; others end at {sums}{more}"
            self._tell("starts", told)

    def _why_not(self, found: Estimate, known: spread.Shape) -> str:
        if known.unidentified:
            return "the data do not identify all parameters"
        if found.exact is None:
            return "Newton's method in balls does not settle near it"
        return "Krawczyk's operator does not keep to a box around it"


def _seen(rows: Any, block: Any) -> tuple[Any, Any, Any]:
    """The rows without finite numbers, which have them, and the largest number of each column."""
    finite = np.isfinite(block)
    whole = finite.all(axis=1)
    return rows[~whole], whole, np.abs(np.where(finite, block, 0.0)).max(axis=0)


def _negative(rows: Any, block: Any) -> Any:
    """The rows whose number is negative or not finite."""
    return rows[~(np.isfinite(block[:, 0]) & (block[:, 0] >= 0))]


def _square(rows: Any, block: Any) -> float:
    """The sum of the squares."""
    return float(np.sum(block**2))


def _lost_text(lost: Mapping[str, float], rule: str) -> str:
    names = list(lost)
    if len(names) == 1:
        return f"the data tell nothing of {names[0]}"
    if rule:
        return f"{rule} is determined, {' and '.join(names)} alone are not"
    way = " ".join(f"{'+' if part > 0 else '-'} {abs(part):.3g}*{name}" for name, part in lost.items()).removeprefix(
        "+ "
    )
    return f"the data tell nothing of the direction {way}: {', '.join(names)} are not determined"


def _without(covariance: Any, names: Sequence[str], lost: Sequence[Mapping[str, float]]) -> Any:
    """The covariance, nan for parameters that are not determined."""
    found = np.array(covariance, float)
    for i, name in enumerate(names):
        if any(name in each for each in lost):
            found[i, :] = found[:, i] = math.nan
    return found
