"""What a descent answers, and what a comparison of several does: frozen, as data and as pages."""

import csv
import math
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gradcalc.errors import ExitCode
from gradcalc.files import complete_file
from gradcalc.graph.shapes import nest
from gradcalc.language.formula import Variable
from gradcalc.optimize.descent.objective import Objective
from gradcalc.optimize.descent.watch import Step, Watch
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.show.path import svg
from gradcalc.truth.kinds import said
from gradcalc.truth.quantity import Note

if TYPE_CHECKING:
    from gradcalc.truth.critical.certificate import Certificate

TRACE_ENDS = 2
"""How many steps the JSON holds unless more are asked for: the first and the last."""
TRACE_LIMIT = 1_000
"""How many steps the whole trace of the JSON, and the CSV, hold at most: evenly chosen, with the first and the last."""
_ROWS = 11
"""Steps of the trace that a page shows; the best one is added where it is not among them."""
_DRAWN = 400
"""Steps of a path in a notebook, at most."""
_EIGENVALUES = 6
_TONES = {
    "converged": "good",
    "finished": "doubt",
    "diverged": "bad",
    "unbounded": "bad",
    "at a bound": "good",
    "interrupted": "doubt",
}
_REASONS = {"finished": "that was the last step allowed"}


@dataclass(frozen=True, slots=True, repr=False)
class Descent(Answer):
    """A descent from a start to where it ended.

    Attributes:
        let: what stayed as it is; `let_exact` is as given, of names for which floats are not that number (`pi/2`).
        optimizer: what was used, by its name on the command line.
        learning_rate: of a first-order optimizer, at the start; else None.
        status: `converged`, `at a bound`, `finished`, `diverged`, `unbounded` or `interrupted`; `reason` says more
            where there is more.
        end: the last step; where the descent diverged, found no bottom or was interrupted, the best one.
        kind: `minimum`, `maximum`, `saddle` or `degenerate`, by the Hessian where the gradient is small; `at a bound`,
            `minimum at a kink`, `minimum at a jump`, `at a jump`; else `not stationary`. None where there is no
            Hessian.
        eigenvalues: of the Hessian there, in increasing order.
        watch: every step.
        objective: what was minimised, for whoever draws it.
        told_steps: how many steps the JSON holds at most.
        maximize: whether a maximum was sought: -f was minimised, and all that is told is of f.
        certificate: what is proved of the end, where that was asked for.
    """

    expression: str
    text: str
    variables: tuple[Variable, ...]
    let: Mapping[str, Any]
    let_exact: Mapping[str, Any]
    optimizer: str
    learning_rate: float | None
    status: str
    reason: str
    end: Step
    kind: str | None
    eigenvalues: tuple[float, ...] | None
    notes: tuple[Note, ...]
    watch: Watch
    objective: Objective = field(repr=False, compare=False)
    told_steps: int = TRACE_ENDS
    maximize: bool = False
    certificate: "Certificate | None" = None

    def figure(self) -> str:
        """Its path: in the plane of two variables, else the value over the steps."""
        rows, names = list(self.chosen(_DRAWN)), self.flat_variables
        if len(names) == 2:
            return svg([(row.at[0], row.at[1]) for row in rows], (names[0], names[1]), str(self.expression))
        return svg([(row.number, row.value) for row in rows], ("step", "value"), str(self.expression))

    @property
    def at(self) -> dict[str, Any]:
        """The point where it ended, by variable; arrays as nested lists."""
        return self.by_variable(self.end.at)

    @property
    def value(self) -> float:
        """The value there."""
        return self.end.value

    @property
    def gradient_norm(self) -> float:
        """The norm of the gradient there."""
        return self.end.gradient_norm

    def surface(self, x: Sequence[float]) -> float:
        """The value of f at a point."""
        value = self.objective.value(x)
        return -value if self.maximize else value

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.watch) - 1

    @property
    def exit_code(self) -> ExitCode:
        """3 where the start has no value, 1 if it diverged or has no minimum, 130 if it was interrupted, else 0."""
        if not math.isfinite(self.watch[0].value):
            return ExitCode.UNDEFINED
        codes = {"diverged": ExitCode.NO, "unbounded": ExitCode.NO, "interrupted": ExitCode.INTERRUPTED}
        code = codes.get(self.status, ExitCode.DONE)
        unproved = self.certificate is not None and not self.certificate.is_proved
        return ExitCode.NO if unproved and code == ExitCode.DONE else code

    @property
    def flat_variables(self) -> list[str]:
        """The names of all scalars."""
        return [element for variable in self.variables for element in variable.elements]

    def by_variable(self, point: Sequence[float]) -> dict[str, Any]:
        """A flat point by variable."""
        items = iter(point)
        return {v.name: nest([next(items) for _ in v.elements], v.shape) for v in self.variables}

    def chosen(self, limit: int) -> Iterator[Step]:
        """At most `limit` steps: the first, the last, and evenly chosen ones between."""
        count = len(self.watch)
        rows = range(count) if count <= limit else sorted({round(i * (count - 1) / (limit - 1)) for i in range(limit)})
        return (self.watch[number] for number in rows)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data: schema 1 of the command line."""
        return {
            "schema": SCHEMA,
            "command": "descend",
            "expression": self.expression,
            "variables": [variable.name for variable in self.variables],
            "let": jsonable(dict(self.let)),
            **({"let_exact": jsonable(dict(self.let_exact))} if self.let_exact else {}),
            "maximize": self.maximize,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "status": self.status,
            "reason": self.reason,
            "at": jsonable(self.at),
            "value": number(self.value),
            "gradient_norm": number(self.gradient_norm),
            "steps": self.steps,
            "point": self.kind,
            "eigenvalues": None if self.eigenvalues is None else [number(value) for value in self.eigenvalues],
            "trace": [self._step_dict(step) for step in self.chosen(self.told_steps)],
            "notes": [note.to_dict() for note in self.notes],
            **({"certificate": self.certificate.to_dict()} if self.certificate else {}),
        }

    def _step_dict(self, step: Step) -> dict[str, Any]:
        return {
            "step": step.number, "value": number(step.value), "gradient_norm": number(step.gradient_norm),
            "at": jsonable(self.by_variable(step.at)),
        }  # fmt: skip

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Every step, as the trace file has it: step, value, gradient_norm, and each flat variable."""
        for step in self.watch:
            yield step.number, step.value, step.gradient_norm, *step.at

    def records(self) -> Iterator[tuple[object, ...]]:
        """The chosen steps in long form, a point for each: the rows of CSV, the titles first."""
        yield "point", "variable", "field", "value"
        for step in self.chosen(TRACE_LIMIT):
            yield step.number, "", "value", step.value
            yield step.number, "", "gradient_norm", step.gradient_norm
            for name, value in zip(self.flat_variables, step.at, strict=True):
                yield step.number, name, "at", value

    # -- the page -----------------------------------------------------------------------------------------------------

    def page(self) -> pages.Page:
        """The descent as people see it: the forecast, the trace, where it ended and what is to be known of that."""
        chosen = ", chosen by auto" if self.by_auto else ""
        blocks = [
            *pages.question(self.expression, "", {**self.let, **self.let_exact}),
            *self.sought,
            self.remarks(forecast=True),
            pages.fact("optimizer", pages.strong(self.how), chosen),
            self._trace(),
            *self._end(),
            *(self.certificate.lines(self.maximize) if self.certificate else ()),
            self.remarks(forecast=False),
        ]
        return pages.Page("descend", tuple(blocks))

    @property
    def sought(self) -> list[pages.Line]:
        """What is said where it is no minimum that is sought."""
        return [pages.fact("sought", "a maximum of f")] if self.maximize else []

    @property
    def by_auto(self) -> bool:
        """Whether the method was chosen."""
        return any(note.kind == "method" for note in self.notes)

    @property
    def how(self) -> str:
        """The optimizer and its rate."""
        return self.optimizer + (f", lr {self.learning_rate:.6g}" if self.learning_rate is not None else "")

    def remarks(self, forecast: bool, about: str = "") -> pages.Remarks:
        """The forecast as a page has it, or all other notes; the choice of a method stands beside the optimizer."""
        notes = [note for note in self.notes if note.kind != "method" and (note.kind == "forecast") is forecast]
        items = (pages.Remark(about + note.label, note.message, self.text, note.span) for note in notes)
        return pages.Remarks(tuple(items))

    def _trace(self) -> pages.Table:
        steps = {step.number: step for step in self.chosen(_ROWS)}
        steps[self.end.number] = self.watch[self.end.number]
        rows = [steps[number] for number in sorted(steps)]
        columns = ("step", "value", "gradient norm", *self.flat_variables)
        return pages.Table(
            tuple(map(pages.Column, columns)),
            tuple((f"{row.number:,}", *map(_brief, (row.value, row.gradient_norm, *row.at))) for row in rows),
            strong=[row.number for row in rows].index(self.end.number),
            series=len(self.flat_variables),
        )

    def _end(self) -> Iterator[pages.Line]:
        """The status with its reason, the point in full and what it is."""
        reason = self.reason or _REASONS.get(self.status, "")
        many = f" after {self.steps:,} {'step' if self.steps == 1 else 'steps'}" + (f": {reason}" if reason else "")
        yield pages.line(pages.Text(self.status, f"strong {_TONES[self.status]}"), many)
        where = f"   at step {self.end.number:,}, the best" if self.end.number < self.steps else ""
        yield pages.fact("value", pages.strong(pages.number_text(self.value)), pages.Text(where, "label"))
        yield pages.fact("gradient norm", pages.number_text(self.gradient_norm))
        if self.at:
            yield pages.fact("at", pages.Formula(pages.point_text(self.at), "strong"))
        if self.kind:
            eigenvalues = f"   eigenvalues {_span(self.eigenvalues)}" if self.eigenvalues else ""
            yield pages.fact("point", pages.strong(said(self.kind)), pages.Text(eigenvalues, "label"))


_WORDS = ("optimizer", "status", "point")
_SHORT = {"gradient norm": "gradient"}
"""Titles for where there is little room."""


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Answer):
    """Descents from the same start, and how many seconds each took."""

    descents: tuple[Descent, ...]
    seconds: tuple[float, ...]

    @property
    def exit_code(self) -> ExitCode:
        """That of the last one where it was interrupted or its start has no value; else 0 if any converged."""
        if self.descents[-1].exit_code in (ExitCode.UNDEFINED, ExitCode.INTERRUPTED):
            return self.descents[-1].exit_code
        return (
            ExitCode.DONE if any(each.status in ("converged", "at a bound") for each in self.descents) else ExitCode.NO
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: that of each descent."""
        bodies = [descent.to_dict() for descent in self.descents]
        return {key: bodies[0][key] for key in ("schema", "command", "expression")} | {"compare": bodies}

    def records(self) -> Iterator[tuple[object, ...]]:
        """The rows of each descent behind its optimizer, the titles first."""
        yield "optimizer", "point", "variable", "field", "value"
        for descent in self.descents:
            rows = descent.records()
            next(rows)
            yield from ((descent.optimizer, *row) for row in rows)

    def page(self) -> pages.Page:
        """A row for each descent, the lowest in bold (of ascents the highest), and their notes."""
        first = self.descents[0]
        values = [-descent.value if descent.maximize else descent.value for descent in self.descents]
        titles = ("optimizer", "status", "value", "steps", "seconds", "gradient norm", "point", *first.flat_variables)
        table = pages.Table(
            tuple(
                pages.Column(
                    title, "word" if title in ("optimizer", "status", "point") else "number", _SHORT.get(title, "")
                )
                for title in titles
            ),
            tuple(map(_compared, self.descents, self.seconds)),
            strong=min(range(len(values)), key=lambda k: (math.isnan(values[k]), values[k])),
            series=len(first.flat_variables),
        )
        remarks = (each.remarks(kind, f"{each.optimizer}: ") for each in self.descents for kind in (True, False))
        return pages.Page(
            "descend",
            (*pages.question(first.expression, "", {**first.let, **first.let_exact}), *first.sought, table, *remarks),
        )


def _compared(descent: Descent, seconds: float) -> tuple[str, ...]:
    """The row of a descent beside others."""
    return (
        descent.how + (" by auto" if descent.by_auto else ""), descent.status, _brief(descent.value),
        f"{descent.steps:,}", f"{seconds:.3g}", f"{descent.gradient_norm:.4g}", said(descent.kind or ""),
        *map(_brief, descent.end.at),
    )  # fmt: skip


def _brief(value: float) -> str:
    return f"{value + 0.0:.8g}"  # 0, not -0


def _span(values: Sequence[float]) -> str:
    """A few eigenvalues, or the least and the largest of many."""
    if len(values) <= _EIGENVALUES:
        return ", ".join(f"{value + 0.0:.6g}" for value in values)
    return f"{values[0]:.6g} to {values[-1]:.6g}"


def write_trace(descents: Sequence[Descent], path: pathlib.Path) -> None:
    """Write every step as CSV: step, value, gradient_norm and each flat variable; numbers with all their digits.

    Of several descents, with the optimizer before them.

    Raises:
        FileError: the file could not be written; nothing is left behind.
    """
    several = len(descents) > 1
    with complete_file(path) as name, name.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        head = ("step", "value", "gradient_norm", *descents[0].flat_variables)
        writer.writerow(("optimizer", *head) if several else head)
        for descent in descents:
            rows = descent.rows()
            writer.writerows(((descent.optimizer, *row) for row in rows) if several else rows)
