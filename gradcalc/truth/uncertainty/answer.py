"""The answer of `propagate`: what the uncertainty of the inputs makes of one result or several.

Frozen data that describes itself as JSON, as rows and as a page. Of one result a field is a number, of an array of
results a list of numbers. Imports quantity and show.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcalc.errors import ExitCode
from gradcalc.graph.shapes import Shape, labels, nest
from gradcalc.language.typeset import latex
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.show.rounded import concise, tolerance, two_digits
from gradcalc.truth.quantity import Note, Quantity, noted, optional, told

Interval = tuple[float, float]
Matrix = tuple[tuple[float, ...], ...]
"""Rows of a square matrix; () where there is none."""

_TOLD_SHARE = 0.001
"""The least part of the variance that an interaction is shown for."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input: its name, estimate, standard uncertainty, law with its parameters, and degrees of freedom if given."""

    name: str
    value: float
    u: float
    law: str
    parameters: tuple[float, ...] = ()
    freedom: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        body: dict[str, Any] = {"name": self.name, "value": number(self.value), "u": number(self.u), "law": self.law}
        if self.parameters:
            body["parameters"] = list(self.parameters)
        return body | ({"degrees_of_freedom": self.freedom} if self.freedom is not None else {})

    @property
    def shown(self) -> str:
        """Its estimate, rounded to its uncertainty."""
        return concise(self.value, self.u)

    @property
    def law_shown(self) -> str:
        """Its law in words."""
        if self.freedom is not None:
            return f"t, {self.freedom:g} degrees"
        return (
            f"{self.law}({', '.join(f'{number:.6g}' for number in self.parameters)})" if self.parameters else self.law
        )


@dataclass(frozen=True, slots=True)
class Share:
    """What an input causes: its sensitivity, times its u, and the part of the linear variance, None where that is 0."""

    name: str
    share: float | None
    sensitivity: Quantity
    contribution: float

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "name": self.name,
            "share": number(self.share),
            "sensitivity": number(self.sensitivity.value),
            "certified_sensitivity": optional(self.sensitivity.certified),
            "contribution": number(self.contribution),
        }


@dataclass(frozen=True, slots=True)
class Interaction:
    """What two inputs cause together, or one by its curvature, as a part of the variance to second order."""

    names: tuple[str, str]
    share: float

    @property
    def shown(self) -> str:
        """Whose it is, in words."""
        first, second = self.names
        return f"the curvature in {first}" if first == second else f"{first} and {second} together"


@dataclass(frozen=True, slots=True)
class Linear:
    """The answer of the gradient: u, the interval value ± U, the coverage factor, and the degrees of freedom."""

    u: Quantity
    interval: Interval
    factor: float
    freedom: float

    @property
    def expanded(self) -> float:
        """U, half the width of the interval."""
        return self.factor * self.u.value

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "u": number(self.u.value),
            "certified": optional(self.u.certified),
            "interval": list(map(number, self.interval)),
            "coverage_factor": number(self.factor),
            "expanded": number(self.expanded),
            "degrees_of_freedom": self.freedom if math.isfinite(self.freedom) else None,
        }


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """The answer of gradient and Hessian under normal inputs."""

    mean: Quantity
    u: Quantity
    interactions: tuple[Interaction, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "mean": number(self.mean.value),
            "u": number(self.u.value),
            "certified_mean": optional(self.mean.certified),
            "certified": optional(self.u.certified),
            "interactions": [{"names": list(each.names), "share": number(each.share)} for each in self.interactions],
        }


@dataclass(frozen=True)
class Sampled:
    """What the samples of one result say.

    Attributes:
        mean, u: their mean and standard deviation; nan where too few have a value.
        interval: the probabilistically symmetric interval of the level asked for; `shortest` the shortest one.
        errors: the standard uncertainties of mean, u and the ends of `interval`.
        samples: how many there are, and how many of them are `undefined` or infinite.
        is_settled: whether twice each of `errors` is below a fifth of the tolerance of u, and all samples have values.
        is_rounding: whether they differ by so little that it may be rounding.
    """

    mean: float
    u: float
    interval: Interval
    shortest: Interval
    errors: tuple[float, float, float, float]
    samples: int
    undefined: int
    is_settled: bool
    is_rounding: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "mean": number(self.mean),
            "u": number(self.u),
            "interval": list(map(number, self.interval)),
            "shortest": list(map(number, self.shortest)),
            "errors": dict(zip(("mean", "u", "low", "high"), map(number, self.errors), strict=True)),
            "samples": self.samples,
            "undefined": self.undefined,
            "settled": self.is_settled,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """One result: its value at the estimates, and its uncertainty in each way; None where there is none.

    Attributes:
        linear_is_valid: by JCGM 101, clause 8; None where it is not known. `differences` are those of the ends.
    """

    name: str
    value: Quantity
    linear: Linear | None
    second_order: SecondOrder | None
    monte_carlo: Sampled | None
    budget: tuple[Share, ...]
    linear_is_valid: bool | None
    differences: Interval | None = None
    notes: tuple[Note, ...] = ()

    @property
    def rounded(self) -> str:
        """The value and its uncertainty in one word: `127.732(71)`, by the linear answer, else by the samples."""
        if self.linear is not None and self.linear.u.value:
            return concise(self.value.value, self.linear.u.value)
        if self.monte_carlo is not None and self.monte_carlo.u > 0 and not self.monte_carlo.is_rounding:
            return concise(self.monte_carlo.mean, self.monte_carlo.u)
        return "undefined" if self.value.verdict == "undefined" else pages.number_text(self.value.value)


@dataclass(frozen=True, slots=True)
class Covariances:
    """The covariances of several results, by the linear answer and by the samples; the linear correlations."""

    linear: Matrix = ()
    correlation: Matrix = ()
    monte_carlo: Matrix = ()


@dataclass(frozen=True, slots=True, repr=False)
class Propagation(Answer):
    """The uncertainty of a formula's value, or of those of an array of formulas.

    Attributes:
        shape: of the array of results; () of one.
        inputs: all scalar inputs, those without uncertainty too; `correlations` those of pairs of them.
        level: the probability of the intervals.
        seed: of the samples.
    """

    expression: str
    text: str
    shape: Shape
    inputs: tuple[Input, ...]
    results: tuple[Result, ...]
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
    covariances: Covariances = Covariances()
    let: Mapping[str, Any] = field(default_factory=dict)
    level: float = 0.95
    seed: int = 0
    notes: tuple[Note, ...] = ()
    without_samples: str = ""
    digits: int | None = None

    # -- as numbers, or as nested lists of numbers

    def _each(self, show: Callable[[Result], Any]) -> Any:
        """Something of the result, or of each of several."""
        return nest([show(result) for result in self.results], self.shape)

    @property
    def value(self) -> Any:
        """The value at the estimates."""
        return self._each(lambda result: result.value.value)

    @property
    def u(self) -> Any:
        """The linear standard uncertainty."""
        return self._each(lambda result: result.linear.u.value if result.linear else None)

    @property
    def linear(self) -> Any:
        """The linear answer."""
        return self._each(lambda result: result.linear)

    @property
    def second_order(self) -> Any:
        """The answer to second order."""
        return self._each(lambda result: result.second_order)

    @property
    def monte_carlo(self) -> Any:
        """What the samples say."""
        return self._each(lambda result: result.monte_carlo)

    @property
    def budget(self) -> Any:
        """Who causes how much."""
        return self._each(lambda result: result.budget)

    @property
    def linear_is_valid(self) -> Any:
        """Whether the linear answer holds, by JCGM 101."""
        return self._each(lambda result: result.linear_is_valid)

    @property
    def covariance(self) -> list[list[float]]:
        """The linear covariance matrix of the results, in row-major order."""
        return [list(row) for row in self.covariances.linear]

    @property
    def correlation(self) -> list[list[float]]:
        """The linear correlations of the results; nan beside one without uncertainty."""
        return [list(row) for row in self.covariances.correlation]

    @property
    def exit_code(self) -> ExitCode:
        """3 if a result is undefined at the estimates, else 0."""
        undefined = any(result.value.verdict == "undefined" for result in self.results)
        return ExitCode.UNDEFINED if undefined else ExitCode.DONE

    @property
    def aside(self) -> str:
        """Why there are no samples."""
        return f"no samples: {self.without_samples}" if self.without_samples else ""

    # -- data

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA,
            "command": "propagate",
            "expression": self.expression,
            "inputs": [each.to_dict() for each in self.inputs],
            "correlations": [{"names": list(names), "r": number(r)} for names, r in self.correlations.items()],
            "let": jsonable(dict(self.let)),
            "level": self.level,
            "value": self._each(lambda result: number(result.value.value)),
            "certified_value": self._each(lambda result: optional(result.value.certified)),
            "rounded": self._each(lambda result: result.rounded),
            "linear": self._merged(lambda result: result.linear, self.covariances.linear, self.correlation),
            "second_order": self._merged(lambda result: result.second_order),
            "monte_carlo": self._merged(
                lambda result: result.monte_carlo,
                self.covariances.monte_carlo,
                _correlation(self.covariances.monte_carlo),
            ),
            "seed": self.seed,
            "budget": self._each(lambda result: [share.to_dict() for share in result.budget]),
            "linear_is_valid": self.linear_is_valid,
            "differences": self._each(lambda result: result.differences and list(map(number, result.differences))),
            **({"without_samples": self.without_samples} if self.without_samples else {}),
            **({"covariance": _rows(self.covariances.linear)} if self.shape else {}),
            **({"correlation": _rows(self.correlation)} if self.shape else {}),
            "notes": [note.to_dict() for result in self.results for note in result.notes]
            + [note.to_dict() for note in self.notes],
        }

    def _merged(
        self,
        part: Callable[[Result], Any],
        covariance: Sequence[Sequence[float]] = (),
        correlation: Sequence[Sequence[float]] = (),
    ) -> Any:
        """A part of the answer as an object; of several results an object of lists, and how they vary together."""
        bodies = [None if found is None else found.to_dict() for found in map(part, self.results)]
        if not self.shape:
            return bodies[0]
        keys = next((body.keys() for body in bodies if body), ())
        merged = {key: nest([body and body[key] for body in bodies], self.shape) for key in keys}
        if merged and covariance:
            merged |= {"covariance": _rows(covariance), "correlation": _rows(correlation)}
        return merged or None

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each way to the uncertainty of each result, and for each input's share, the titles first."""
        titles = ("result", "what", "name", "value", "u", "low", "high", "share")
        yield from noted(titles, self._rows_of_results())

    def _rows_of_results(self) -> Iterator[tuple[Sequence[object], str]]:
        for result in self.results:
            notes = told((*result.notes, *self.notes))
            for what, value, u, ends in _ways(result):
                yield (result.name, what, "", value, u, *ends, ""), notes
                notes = ""
            for share in result.budget:
                part = "" if share.share is None else share.share
                row = result.name, "budget", share.name, share.sensitivity.value, share.contribution, "", "", part
                yield row, ""

    # -- the page

    def page(self) -> pages.Page:
        """The answer as people see it: the result in one word, each way to it, who causes it, whether it holds."""
        blocks = pages.question(self.expression, latex, self.let)
        equations = [pages.Equation((pages.Formula(self.expression, latex=latex),))]
        for result in self.results:
            blocks += self._blocks(result)
            equations.append(pages.Equation((pages.Formula(result.rounded, latex=_typeset),), symbol=result.name))
        blocks += self._together()
        blocks.append(pages.Remarks(tuple(note.remark(self.text) for note in self.notes)))
        return pages.Page("propagate", tuple(blocks), (tuple(equations),))

    def _blocks(self, result: Result) -> Iterator[pages.Block]:
        if self.shape:
            yield pages.Heading((pages.Text(f"{result.name} = ", "label"), pages.strong(result.rounded)))
        else:
            yield pages.fact("result", pages.strong(result.rounded))
        if result.value.verdict == "undefined":
            yield pages.fact("value", pages.Text("undefined at the estimates", "strong bad"))
        yield self._ways_table(result)
        yield from self._verdict(result)
        yield self._budget(result)
        if result.second_order:
            for each in result.second_order.interactions:
                if abs(each.share) >= _TOLD_SHARE:
                    part = f"{100 * each.share:.3g} % of the variance to second order"
                    yield pages.fact("interaction", each.shown, f": {part}")
        yield pages.Remarks(tuple(note.remark(self.text) for note in result.notes))

    def _ways_table(self, result: Result) -> pages.Table:
        percent = f"{100 * self.level:.10g} %"
        rows = []
        for what, value, u, ends in _ways(result):
            size = u if u != "" else result.monte_carlo.u if result.monte_carlo else 0.0
            shown = "" if value == "" else "undefined" if math.isnan(value) else concise(value, u or 0.0)
            interval = f"{_end(ends[0], size)} … {_end(ends[1], size)}" if ends[0] != "" else ""
            rows.append((what, shown, "" if u == "" else f"{u:.4g}", interval))
        columns = (pages.Column("by", "word"), *map(pages.Column, ("result", "u", f"{percent} interval")))
        return pages.Table(columns, tuple(rows))

    def _verdict(self, result: Result) -> Iterator[pages.Line]:
        """Whether the linear answer holds, and why."""
        linear, sampled = result.linear, result.monte_carlo
        if linear is not None and linear.u.value:
            freedom = f", {linear.freedom:.4g} degrees of freedom" if math.isfinite(linear.freedom) else ""
            yield pages.fact("expanded", f"U = {two_digits(linear.expanded)}, k = {linear.factor:.4g}{freedom}")
        if sampled is None:
            return
        count = f"{sampled.samples:,} samples"
        if result.linear_is_valid is None:
            yield pages.fact("linear answer", pages.Text("undecided", "doubt"), f": {count} do not settle it")
        elif result.differences is None:
            yield pages.fact("linear answer", pages.Text("none", "bad"))
        else:
            word = pages.Text("valid", "good") if result.linear_is_valid else pages.Text("not valid", "bad")
            most, allowed = max(result.differences), tolerance(sampled.u) if sampled.u else 0.0
            reason = f": an end is off by {most:.2g}, allowed is {allowed:.2g} (JCGM 101, clause 8; {count})"
            yield pages.fact("linear answer", word, reason)

    def _budget(self, result: Result) -> pages.Table:
        shares = {share.name: share for share in result.budget}
        rows: list[tuple[pages.Piece, ...]] = []
        for each in self.inputs:
            share = shares.get(each.name)
            cells: tuple[pages.Piece, ...] = ("", "", "")
            if share is not None:
                part = "" if share.share is None else f"{100 * share.share:.1f} %"
                if not math.isnan(share.sensitivity.value):
                    cells = f"{share.sensitivity.value:.6g}", two_digits(abs(share.contribution)), part
            rows.append((pages.strong(each.name), each.shown, each.law_shown, *cells))
        titles = ("sensitivity", "causes", "share")
        columns = pages.Column("input", "word"), pages.Column("estimate"), pages.Column("law", "word")
        return pages.Table((*columns, *map(pages.Column, titles)), tuple(rows))

    def _together(self) -> Iterator[pages.Block]:
        """How several results vary together."""
        if len(self.results) < 2 or not self.covariances.linear:
            return
        names = [result.name for result in self.results]
        columns = (pages.Column("", "word"), *map(pages.Column, names))
        rows = zip(names, self.correlation, strict=True)
        shown: list[tuple[pages.Piece, ...]] = [(pages.strong(name), *(f"{r:.4g}" for r in row)) for name, row in rows]
        yield pages.Table(columns, tuple(shown), "correlation")


def _ways(result: Result) -> Iterator[tuple[str, Any, Any, tuple[Any, Any]]]:
    """Each way to the uncertainty of a result: what it is called, value, u, and the ends of the interval."""
    none = ("", "")
    if result.linear:
        yield "linear", result.value.value, result.linear.u.value, result.linear.interval
    else:
        yield "linear", math.nan if result.value.verdict == "undefined" else result.value.value, "", none
    if result.second_order:
        yield "second order", result.second_order.mean.value, result.second_order.u.value, none
    if sampled := result.monte_carlo:
        yield "Monte Carlo", sampled.mean, sampled.u, sampled.interval
        yield "shortest", "", "", sampled.shortest


def _end(value: float, u: float) -> str:
    """The end of an interval, to three digits of the uncertainty, where that is known."""
    if not 0 < u < math.inf or not math.isfinite(value):
        return pages.number_text(float(f"{value:.6g}"))
    places = 2 - math.floor(math.log10(u))
    return f"{value + 0.0:.{places}f}" if 0 <= places <= 15 else f"{value:.6g}"


def _typeset(rounded: str) -> str:
    """A rounded result in LaTeX."""
    mantissa, mark, exponent = rounded.replace("±", r"\pm").partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if mark and exponent[-1:].isdigit() else rounded


def _rows(matrix: Sequence[Sequence[float]]) -> list[list[Any]]:
    return [list(map(number, row)) for row in matrix]


def _correlation(covariance: Sequence[Sequence[float]]) -> list[list[float]]:
    """The correlations of a covariance matrix."""
    u = [math.sqrt(row[i]) if row[i] > 0 else math.nan for i, row in enumerate(covariance)]
    return [
        [1.0 if i == j and u[i] > 0 else a / u[i] / u[j] for j, a in enumerate(row)] for i, row in enumerate(covariance)
    ]


def result_names(shape: Shape) -> list[str]:
    """What results are called."""
    return labels("f", shape)
