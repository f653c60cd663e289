"""What a fit answers: frozen, as data, as a page; it foretells, and shows itself in a notebook."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from gradcalc.arithmetic.student import coverage
from gradcalc.errors import ExitCode, UsageError, did_you_mean
from gradcalc.files import complete_file
from gradcalc.optimize.fit.least import Over
from gradcalc.optimize.fit.problem import Problem, blocks
from gradcalc.optimize.fit.spread import Fitness
from gradcalc.optimize.read import read_rows
from gradcalc.optimize.rows import AnyRows, Array, Rows, Streamed
from gradcalc.settings import AS_USUAL, Reading
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.truth.quantity import Certified, Note, optional

Interval = tuple[float, float]

_FIRST = 20
"""Rows of a table of predictions for more rows than are held."""
_TONES = {"converged": "good", "at a bound": "good", "not identified": "bad", "diverged": "bad"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that a fit has found.

    Attributes:
        standard_error: nan where there is none: at a bound, where the data do not determine it.
        t, p: the estimate in units of its error, and how probable one as far from 0 is where the true one is 0.
        interval: by Student's t, `profile` by the likelihood, where that was asked for.
        certified, certified_error: the proved digits.
        fixed: whether its value was given.
    """

    name: str
    estimate: float
    standard_error: float = math.nan
    t: float = math.nan
    p: float = math.nan
    interval: Interval = (math.nan, math.nan)
    profile: Interval | None = None
    certified: Certified | None = None
    certified_error: Certified | None = None
    fixed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; what there is not is null."""
        body: dict[str, Any] = {"name": self.name, "estimate": number(self.estimate)}
        for key in ("standard_error", "t", "p"):
            value = getattr(self, key)
            body[key] = None if math.isnan(value) else number(value)
        body["interval"] = _ends(self.interval)
        if self.profile is not None:
            body["profile"] = _ends(self.profile)
        body |= {"certified": optional(self.certified), "certified_standard_error": optional(self.certified_error)}
        return body | ({"fixed": True} if self.fixed else {})


def _ends(interval: Interval) -> list[Any] | None:
    return None if all(map(math.isnan, interval)) else [None if math.isnan(end) else number(end) for end in interval]


@dataclass(frozen=True, slots=True, repr=False)
class Fit(Answer):
    """Parameters of a model from data.

    Attributes:
        parameters: those that were sought, then those that were fixed.
        status: `converged`, `at a bound`, `not identified`, `finished`, `diverged`, `unbounded` or `interrupted`;
            `reason` says more where there is more.
        rss: the sum of the squares of the weighted residuals; of a likelihood None, as `residual_standard_error` and
            `r_squared` are.
        value: what was minimised: `rss`, the sum of a loss, or of negative log-likelihoods.
        degrees_of_freedom: rows less parameters.
        correlation: of the free parameters, in their order; nan where there is none.
        condition: of the Jacobian, its columns scaled to one length; infinite where parameters are not identified.
        unidentified: directions in which nothing changes, by parameter.
        box: where the minimum is proved to be the only one, by parameter.
        starts: how many starts there were, how many ended in the least minimum, and the other sums.
        passes: how often the files were read, where their columns are too large to be held; else 0.
        over: what is proved of the least sum over a box, if that was asked for.
    """

    expression: str
    parameters: tuple[Parameter, ...]
    rows: int
    dropped: int
    status: str
    reason: str
    method: str
    value: float
    degrees_of_freedom: int
    aic: float
    bic: float
    log_likelihood: float
    fitness: Fitness | None
    covariance: Array = field(compare=False)
    free: tuple[str, ...]
    condition: float
    unidentified: tuple[Mapping[str, float], ...]
    proved: bool
    notes: tuple[Note, ...]
    level: float
    problem: Problem = field(repr=False, compare=False)
    box: Mapping[str, Interval] = field(default_factory=dict)
    starts: tuple[int, int, tuple[float, ...]] = (1, 1, ())
    certify: bool = False
    absolute: bool = False
    predictions: "Prediction | StreamedPrediction | None" = None
    passes: int = 0
    over: Over | None = None

    @property
    def at(self) -> dict[str, float]:
        """The estimates by name."""
        return {each.name: each.estimate for each in self.parameters}

    @property
    def rss(self) -> float | None:
        """The sum of the squares of the weighted residuals."""
        return self.fitness.rss if self.fitness else None

    @property
    def r_squared(self) -> float | None:
        """The part of the squares that the model explains."""
        return self.fitness.r_squared if self.fitness else None

    @property
    def residual_standard_error(self) -> float | None:
        """The error of one row, as the residuals tell it; nan without degrees of freedom."""
        if self.fitness is None:
            return None
        freedom = self.degrees_of_freedom
        return math.sqrt(self.fitness.rss / freedom) if freedom > 0 else math.nan

    @property
    def correlation(self) -> list[list[float]]:
        """The correlations of the free parameters."""
        with np.errstate(all="ignore"):
            errors = np.sqrt(np.diag(self.covariance))
            found = self.covariance / np.outer(errors, errors)
        np.fill_diagonal(found, np.where(np.isfinite(errors) & (errors > 0), 1.0, math.nan))
        return np.clip(found, -1, 1).tolist()  # type: ignore[no-any-return]

    @property
    def exit_code(self) -> ExitCode:
        """0 where the parameters are found, and proved if that was asked for; 130 if interrupted; else 1."""
        if self.status == "interrupted" or self.over and self.over.interrupted:
            return ExitCode.INTERRUPTED
        found = self.status in ("converged", "at a bound") and (self.over is None or bool(self.over.is_least))
        return ExitCode.DONE if found and (self.proved or not self.certify) else ExitCode.NO

    # -- data

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        count, same, others = self.starts
        body: dict[str, Any] = {
            "schema": SCHEMA,
            "command": "fit",
            "expression": self.expression,
            "rows": self.rows,
            "dropped": self.dropped,
            "passes": self.passes,
            "parameters": [each.to_dict() for each in self.parameters],
            "rss": _known(self.rss),
            "value": number(self.value),
            "residual_standard_error": _known(self.residual_standard_error),
            "degrees_of_freedom": self.degrees_of_freedom,
            "r_squared": _known(self.r_squared),
            "aic": number(self.aic),
            "bic": number(self.bic),
            "log_likelihood": number(self.log_likelihood),
            "free": list(self.free),
            "correlation": [[_known(each) for each in row] for row in self.correlation],
            "covariance": [[_known(each) for each in row] for row in self.covariance.tolist()],
            "condition": number(self.condition),
            "status": self.status,
            "reason": self.reason,
            "method": self.method,
            "level": self.level,
            "proved": self.proved,
            "box": {name: jsonable(list(ends)) for name, ends in self.box.items()} if self.box else None,
            "starts": {"count": count, "at_the_least": same, "other_values": jsonable(list(others))},
        }
        if self.fitness:
            runs = self.fitness.runs
            body["runs"] = runs and {"count": runs[0], "expected": runs[1], "p": runs[2]}
            body["largest_residuals"] = [
                {"row": row, "residual": value, "standardized": units} for row, value, units in self.fitness.largest
            ]
        if self.over is not None:
            body |= self.over.to_dict()
        if self.predictions is not None:
            body["predictions"] = self.predictions.to_list()
        if self.unidentified:
            body["unidentified"] = [dict(each) for each in self.unidentified]
        return body | {"notes": [note.to_dict() for note in self.notes]}

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each parameter, the titles first; with predictions a row for each of these instead."""
        if self.predictions is not None:
            yield from self.predictions.records()
            return
        profiled = any(each.profile for each in self.parameters)
        titles = ["parameter", "estimate", "standard_error", "t", "p", "low", "high"]
        yield [
            *titles,
            *(["profile_low", "profile_high"] * profiled),
            *(["certified", "certified_error"] * self.certify),
        ]
        for each in self.parameters:
            row = [each.estimate, each.standard_error, each.t, each.p, *each.interval]
            row += [*(each.profile or (math.nan, math.nan))] if profiled else []
            proofs = [each.certified, each.certified_error] if self.certify else []
            texts = [proof.value if proof else "" for proof in proofs]
            yield [each.name, *("" if math.isnan(value) else value for value in row), *texts]

    # -- the page

    def page(self) -> pages.Page:
        """The answer as people see it."""
        rows = f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}" + (
            f", {self.dropped:,} left out" if self.dropped else ""
        )
        rows += f", read in {self.passes:,} passes" if self.passes else ""
        blocks: list[pages.Block] = [
            pages.fact("sum of" if self.fitness is None else "model", pages.Formula(self.expression, "strong")),
            pages.fact("data", rows),
            self._table(),
            *self._goodness(),
            *self._correlations(),
            *self._ending(),
            *([self.predictions.table(self.level)] if self.predictions is not None else ()),
            pages.Remarks(tuple(note.remark(self.expression) for note in self.notes)),
        ]
        return pages.Page("fit", tuple(blocks))

    def _table(self) -> pages.Table:
        profiled = any(each.profile for each in self.parameters)
        level = f"{100 * self.level:g} % interval"
        titles = ["parameter", "estimate", "standard error", "t", "p", level, *(["by likelihood"] * profiled)]
        titles += ["certified estimate", "certified error"] * self.certify
        kinds = ["word"] + ["number"] * (len(titles) - 1)

        def row(each: Parameter) -> tuple[str, ...]:
            cells = [each.name, f"{each.estimate + 0.0:.10g}", *(_brief(x) for x in (each.standard_error, each.t))]
            cells += ["fixed" if each.fixed else _brief(each.p, 3), _between(each.interval)]
            cells += [_between(each.profile)] if profiled else []
            if self.certify:
                cells += [proof.value if proof else "" for proof in (each.certified, each.certified_error)]
            return tuple(cells)

        columns = tuple(pages.Column(title, kind) for title, kind in zip(titles, kinds, strict=True))  # type: ignore[arg-type]
        return pages.Table(columns, tuple(map(row, self.parameters)))

    def _goodness(self) -> Iterator[pages.Line]:
        freedom = self.degrees_of_freedom
        free = f"{freedom:,} {'degree' if freedom == 1 else 'degrees'} of freedom"
        if self.fitness is None:
            yield pages.fact("sum", pages.strong(f"{self.value:.10g}"), f"   {free}")
        else:
            yield pages.fact("residual sum of squares", pages.strong(f"{self.fitness.rss:.10g}"))
            error = self.residual_standard_error
            yield pages.fact("residual standard error", _brief(error, 10) or "none", f" on {free}")
            if not math.isnan(self.fitness.r_squared):
                doubt = "" if self.problem.model.is_linear else "   doubtful: the model is not linear"
                around = f"   around {self.fitness.about}" if self.fitness.about == "0" else ""
                yield pages.fact("R²", f"{self.fitness.r_squared:.10g}", pages.Text(around + doubt, "label"))
        yield pages.fact("AIC", f"{self.aic:.8g}", pages.Text("   BIC ", "label"), f"{self.bic:.8g}")
        yield pages.fact("condition", f"{self.condition:.3g}", pages.Text("   columns scaled", "label"))
        if self.fitness and self.fitness.runs:
            runs, mean, p = self.fitness.runs
            yield pages.fact("runs of signs", f"{runs}, {mean:.3g} expected", pages.Text(f"   p = {p:.3g}", "label"))
        if self.fitness and self.fitness.largest:
            told = ", ".join(f"row {row:,}: {units:.3g}" for row, _, units in self.fitness.largest)
            yield pages.fact("largest residuals", told, pages.Text("   in units of their errors", "label"))

    def _correlations(self) -> Iterator[pages.Table]:
        if not 1 < len(self.free) <= pages.MATRIX_LIMIT or not np.isfinite(self.covariance).any():
            return
        columns = (pages.Column("correlation", "word"), *(pages.Column(name) for name in self.free))
        rows = tuple(
            (name, *(_brief(each, 4) for each in row[: k + 1]), *[""] * (len(self.free) - k - 1))
            for k, (name, row) in enumerate(zip(self.free, self.correlation, strict=True))
        )
        yield pages.Table(columns, rows)

    def _ending(self) -> Iterator[pages.Line]:
        why = f": {self.reason}" if self.reason else ""
        yield pages.line(pages.Text(self.status, f"strong {_TONES.get(self.status, 'doubt')}"), why)
        if self.certify and self.proved:
            yield pages.line(pages.Text("proved", "strong good"), ": the only minimum within ", _box_text(self.box))
        yield from self.over.lines() if self.over else ()

    # -- what follows from it

    def predict(self, data: Any, *, level: float | None = None, how: Reading = AS_USUAL) -> "Prediction":
        """What the model foretells for rows of data, with bands.

        Args:
            data: a path, a mapping of arrays or a data frame, with the columns of the right side.
            level: the probability of the bands; default: that of the fit.
        """
        return self.foretold(self._rows(data, how, math.inf).held(), level or self.level)

    def foretelling(self, data: Any, how: Reading, memory: float) -> "Prediction | StreamedPrediction":
        """The same row by row, where the files' columns take more megabytes than can be held."""
        rows = self._rows(data, how, memory)
        return StreamedPrediction(self, rows) if isinstance(rows, Streamed) else self.foretold(rows.held(), self.level)

    def _rows(self, data: Any, how: Reading, memory: float) -> AnyRows:
        """The columns of data that the right side has."""
        model = self.problem.model
        needed = set(model.graph.needed([model.prediction]))
        names = [name for name in model.columns if model.graph.inputs.get(name) in needed]
        return read_rows(data, lambda known: _present(names, known), how=how, memory=memory)

    def foretold(self, rows: Rows, level: float) -> "Prediction":
        """The same for rows that are read already."""
        parts = list(self.foretold_parts(rows, level))
        return Prediction(*(np.concatenate(each) for each in zip(*map(astuple, parts), strict=True)))

    def foretold_parts(self, rows: AnyRows, level: float) -> "Iterator[Prediction]":
        """The same, block of rows by block of rows."""
        model = self.problem.model
        place = [self.at[name] for name in model.names]
        free = [i for i, name in enumerate(model.names) if name in self.free]
        nodes = [model.prediction, *(model.foretold_slopes[i] for i in free)]
        freedom = self.degrees_of_freedom if self.fitness else math.inf
        factor = coverage(level, freedom) if freedom > 0 else math.nan
        size = 1.0 if self.absolute else self.residual_standard_error
        for numbers, found in blocks(model, rows, place, nodes):
            slopes = found[:, 1:]
            with np.errstate(all="ignore"):
                errors = np.sqrt(np.einsum("ij,jk,ik->i", slopes, self.covariance, slopes))
                whole = np.sqrt(errors**2 + (math.nan if size is None else size) ** 2)
            yield Prediction(numbers, found[:, 0], errors, factor * errors, factor * whole)

    def summary(self) -> str:
        """The answer as text."""
        return self.drawn("markdown")


def _present(names: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    missing = next((name for name in names if name not in known), None)
    if missing is not None:
        near = did_you_mean(missing, known)
        raise UsageError(f"the data have no column {missing}", hint=near and f"did you mean {near}?")
    if not names:
        raise UsageError("the model names no column to foretell from")
    return names


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a fitted model foretells, one array an attribute, a number for each row.

    Attributes:
        rows: their numbers in the data, from 1.
        value: of the right side.
        standard_error: of the curve.
        band: half of the interval of the curve; `prediction_band` that of a new measurement.
    """

    rows: Any
    value: Array
    standard_error: Array
    band: Array
    prediction_band: Array

    @property
    def interval(self) -> tuple[Array, Array]:
        """The interval of the curve at every row."""
        return self.value - self.band, self.value + self.band

    @property
    def prediction_interval(self) -> tuple[Array, Array]:
        """The interval of a new measurement at every row."""
        return self.value - self.prediction_band, self.value + self.prediction_band

    def to_list(self) -> list[dict[str, Any]]:
        """The JSON form: an object for each row."""
        return [
            {"row": int(row), "value": number(value), "standard_error": _known(error),
             "interval": _ends((a, b)), "prediction_interval": _ends((c, d))}
            for row, value, error, a, b, c, d in self._tuples()
        ]  # fmt: skip

    def _tuples(self) -> Iterator[tuple[Any, ...]]:
        """Row, value, its error, the interval of the curve and that of a measurement, for each row."""
        columns = (self.rows, self.value, self.standard_error, *self.interval, *self.prediction_interval)
        return zip(*(each.tolist() for each in columns), strict=True)

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each row, the titles first; what there is not is empty."""
        yield "row", "foretold", "standard_error", "low", "high", "prediction_low", "prediction_high"
        for row, *numbers in self._tuples():
            yield [row, *("" if math.isnan(value) else value for value in numbers)]

    def table(self, level: float) -> pages.Table:
        """A row for each row."""
        share = f"{100 * level:g} %"
        titles = ("row", "foretold", "standard error", f"{share} of the curve", f"{share} of measurements")
        rows = tuple(
            (f"{row:,}", f"{value + 0.0:.10g}", _brief(error), _between((a, b)), _between((c, d)))
            for row, value, error, a, b, c, d in self._tuples()
        )
        return pages.Table(tuple(map(pages.Column, titles)), rows)


@dataclass(frozen=True, slots=True)
class StreamedPrediction:
    """What a fit foretells for rows that are too many to be held: as CSV, row by row; a table has the first."""

    fit: Fit
    rows: Streamed

    def to_list(self) -> list[dict[str, Any]]:
        """No JSON has so many.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"predictions for {self.rows.size:,} rows are no JSON to be read", hint="--format csv")

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each row, the titles first."""
        for place, part in enumerate(self.fit.foretold_parts(self.rows, self.fit.level)):
            yield from islice(part.records(), place > 0, None)

    def table(self, level: float) -> pages.Table:
        """The first rows."""
        first = self.fit.foretold(self.rows.some(np.arange(min(_FIRST, self.rows.size))), level)
        return first.table(level)._replace(title=f"the first of {self.rows.size:,} rows: --format csv has all")


def write_residuals(fit: Fit, path: Path) -> None:
    """Write every row as CSV: its number, what is measured and foretold, the residual, and that times its weight.

    Raises:
        FileError: the file could not be written; nothing is left behind.
    """
    model = fit.problem.model
    if model.response is None:
        raise UsageError("a likelihood has no residuals", hint="a model of the form y ~ f(x)")
    place = [fit.at[name] for name in model.names]
    with complete_file(path) as name, name.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("row", "measured", "foretold", "residual", "weighted"))
        for numbers, block in fit.problem.numbered(place, [model.response, model.prediction, model.residual]):
            rows = zip(numbers.tolist(), block.tolist(), strict=True)
            writer.writerows((row, y, f, y - f, r) for row, (y, f, r) in rows)


def _known(value: float | None) -> float | str | None:
    """A number for JSON; null where there is none."""
    return None if value is None or math.isnan(value) else number(value)


def _brief(value: float | None, digits: int = 6) -> str:
    return "" if value is None or math.isnan(value) else f"{value + 0.0:.{digits}g}"


def _between(interval: Interval | None) -> str:
    """An interval in a cell."""
    if interval is None or all(map(math.isnan, interval)):
        return ""
    low, high = (_brief(end) or "open" for end in interval)
    return f"{low} to {high}"


def _box_text(box: Mapping[str, Interval]) -> str:
    return ", ".join(f"{name} = {(low + high) / 2:.6g} ± {(high - low) / 2:.1g}" for name, (low, high) in box.items())
