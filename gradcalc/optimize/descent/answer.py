"""What a descent answers: a frozen report between the use case and whatever shows it.

Imports report, objective and watch.
"""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradcalc.errors import ExitCode
from gradcalc.files import complete_file
from gradcalc.graph.shapes import nest
from gradcalc.language.formula import Variable
from gradcalc.optimize.descent.objective import Objective
from gradcalc.optimize.descent.watch import Step, Watch
from gradcalc.truth.report import SCHEMA, Note, jsonable, number

TRACE_LIMIT = 1_000
"""How many steps the JSON holds at most: the first, the last, and evenly chosen ones between."""


@dataclass(frozen=True, slots=True)
class Descent:
    """A descent from a start to where it ended.

    Attributes:
        optimizer: what was used, by its name on the command line.
        learning_rate: of a first-order optimizer, at the start; else None.
        status: `converged`, `finished`, `diverged` or `interrupted`; `reason` says more where there is more.
        end: the last step; where the descent diverged or was interrupted, the best one.
        kind: `minimum`, `maximum`, `saddle` or `flat`, by the Hessian where the gradient is small; `at a bound`,
            `minimum at a kink`; else `not stationary`. None where there is no Hessian.
        eigenvalues: of the Hessian there, in increasing order.
        watch: every step.
        objective: what was minimised, for whoever draws it.
    """

    expression: str
    text: str
    variables: tuple[Variable, ...]
    let: Mapping[str, Any]
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

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.watch) - 1

    @property
    def exit_code(self) -> ExitCode:
        """3 where the start has no value, 1 if it diverged, 130 if it was interrupted, else 0."""
        if not math.isfinite(self.watch[0].value):
            return ExitCode.UNDEFINED
        codes = {"diverged": ExitCode.NO, "interrupted": ExitCode.INTERRUPTED}
        return codes.get(self.status, ExitCode.DONE)

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
            "let": {name: jsonable(value) for name, value in self.let.items()},
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "status": self.status,
            "reason": self.reason,
            "at": {name: jsonable(value) for name, value in self.at.items()},
            "value": number(self.value),
            "gradient_norm": number(self.gradient_norm),
            "steps": self.steps,
            "point": self.kind,
            "eigenvalues": None if self.eigenvalues is None else [number(value) for value in self.eigenvalues],
            "trace": [self._step_dict(step) for step in self.chosen(TRACE_LIMIT)],
            "notes": [note.to_dict() for note in self.notes],
        }

    def _step_dict(self, step: Step) -> dict[str, Any]:
        at = {name: jsonable(value) for name, value in self.by_variable(step.at).items()}
        return {
            "step": step.number, "value": number(step.value), "gradient_norm": number(step.gradient_norm), "at": at,
        }  # fmt: skip

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Every step, as the trace file has it: step, value, gradient_norm, and each flat variable."""
        for step in self.watch:
            yield step.number, step.value, step.gradient_norm, *step.at


def write_trace(descents: Sequence[Descent], path: Path) -> None:
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
