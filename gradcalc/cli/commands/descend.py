"""`gradcalc descend`: from a formula and a start to a minimum."""

import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gradcalc.cli import options as o
from gradcalc.errors import ExitCode, GradcalcError, UsageError, did_you_mean
from gradcalc.settings import DESCENT, ROWS, SHOW, DescentSettings, Limits, option

if TYPE_CHECKING:
    from gradcalc.language.parse import Value
    from gradcalc.optimize.descent.answer import Descent


class Format(StrEnum):
    """How a descent is shown."""

    table = "table"
    json = "json"
    csv = "csv"


@dataclass(frozen=True)
class Start:
    """Where the descent begins and where it stays."""

    at: tuple[str, ...] = option((), "--at POINT", "The start: x=2,y=pi/4,z=[1,2], or @FILE.")
    bounds: tuple[str, ...] = option((), "--bounds BOUNDS", "Where to stay: x=0:5,y=:3; may repeat.")
    compare: str | None = option(None, "--compare NAMES", "Several optimizers: sgd,adam,newton.", DESCENT)


@dataclass(frozen=True)
class Rows:
    """The data that the formula is reduced over."""

    data: str | None = option(
        None, "--data FILE", "Rows to fit: csv, parquet, arrow, npz. Names without a value are its columns.", ROWS
    )
    nulls: Literal["fail", "drop"] = option("fail", "--nulls", "What a row with a null does.", ROWS)


@dataclass(frozen=True)
class Shape:
    """Where the answer goes."""

    format: Format = option(Format.table, "--format", "How to show the answer.", SHOW)
    trace: str | None = option(None, "--trace FILE", "Write every step as CSV.", SHOW)
    plot: str | None = option(None, "--plot FILE", "Draw it: a png, svg or pdf file, or - for the terminal.", SHOW)


@dataclass(frozen=True)
class Show(o.Quiet, o.Json, Shape):
    """How it is told."""


def descend(
    formula: o.Formula, start: Start, constants: o.Constants, settings: DescentSettings, rows: Rows, show: Show,
    limits: Limits,
) -> int:  # fmt: skip
    """From a formula and a start to a minimum, with a forecast, a trace and a verdict.

    \b
    gradcalc descend "(1-x)^2 + 100(y-x^2)^2" --at x=-1.2,y=1
    gradcalc descend "x**2 + 2*x + 1" --at x=0 --lr 0.1 --steps 100
    gradcalc descend "x^4 - 3x^2 + x" --at x=2 --compare sgd,adam,newton --plot -
    gradcalc descend "(x-3)^2 + y^2" --at x=0,y=1 --bounds x=:2 --trace trace.csv
    gradcalc descend "(w*x + b - y)^2" --at w=0,b=0 --data points.csv --lr 0.01
    """
    limits = o.read_limits(formula.expression, limits)
    settings = replace(settings, bounds=read_bounds(start.bounds, limits))
    outputs = _Outputs(Format.json if show.json else show.format, start.compare is not None, show.trace, show.plot)
    outputs.check(rows.data)
    text, let = o.read_expression(formula.expression, limits), o.read_bindings(constants.let, limits)
    question = _Question(text, _start(start.at, limits), let, limits)
    dropped = question.read_data(rows.data, rows.nulls)
    if dropped and not show.quiet:
        print(f"{rows.data}: rows without a value that were left out: {dropped:,}", file=sys.stderr)
    made, seconds = question.answers(_compared(settings, start.compare), live=not show.quiet and sys.stderr.isatty())
    outputs.write(made, seconds)
    return outputs.failed or _exit_code(made)


# -- what is asked -----------------------------------------------------------------------------------------------------


class _Question:
    """A formula, its start and its data; `answers` descends."""

    def __init__(self, text: str, at: "Mapping[str, Value]", let: "Mapping[str, Value]", limits: Limits) -> None:
        self.text, self.at, self.let, self.limits = text, at, let, limits
        self.columns: Mapping[str, Any] | None = None

    def _subject(self) -> Any:
        from gradcalc.language.formula import as_subject

        return as_subject(self.text, {name: value.shape for name, value in self.at.items()}, self.let, self.limits)

    def read_data(self, path: str | None, nulls: str) -> int:
        """Read the columns that the formula names, once for all descents; how many rows were left out."""
        if path is None:
            return 0
        from gradcalc.data.columns import read_columns

        names = [name for name in self._subject().variables if name not in self.at]
        found = read_columns(path, names, nulls=nulls)
        self.columns = found.values
        return found.dropped

    def answers(self, settings: Sequence[DescentSettings], live: bool) -> "tuple[list[Descent], list[float]]":
        """The descents and how long each took; one that was interrupted is the last."""
        import time

        from gradcalc.cli.progress import LiveLine
        from gradcalc.optimize.descend import run

        made: list[Descent] = []
        seconds: list[float] = []
        for each in settings:
            begin = time.perf_counter()
            with LiveLine(each.method, each.steps) as line:
                callback = line if live else None
                made.append(
                    run(self.text, self.at, self.let, each, data=self.columns, callback=callback, limits=self.limits)
                )
            seconds.append(time.perf_counter() - begin)
            if made[-1].status == "interrupted":
                break
        return made, seconds


def _start(texts: Sequence[str], limits: Limits) -> "Mapping[str, Value]":
    """The one point of `--at`."""
    from gradcalc.language.points import read_points

    points = [point for text in texts for point in read_points(text, limits)]
    if len(points) > 1:
        raise UsageError(f"--at gives {len(points)} points: a descent has one start", hint="--at x=2,y=3")
    return points[0] if points else {}


def read_bounds(texts: Sequence[str], limits: Limits) -> dict[str, tuple[float, float]] | None:
    """The bounds `x=0:5,y=:3` by variable: the least and the largest value, infinite where there is none."""
    found: dict[str, tuple[float, float]] = {}
    for text in texts:
        for part in re.split(r",(?![^\[(]*[\])])", text):
            name, _, interval = map(str.strip, part.partition("="))
            low, colon, high = map(str.strip, interval.partition(":"))
            if not name or not colon:
                raise UsageError(
                    f"--bounds {text}: {part.strip() or 'nothing'} is no bound", hint="--bounds x=0:5,y=:3"
                )
            if name in found:
                raise UsageError(f"--bounds bounds {name} twice", hint=f"--bounds {name}=0:5")
            found[name] = (_bound(name, low, -math.inf, limits), _bound(name, high, math.inf, limits))
    return found or None


def _bound(name: str, text: str, free: float, limits: Limits) -> float:
    """One end of an interval."""
    if text.lower().lstrip("+-") in ("", "inf", "infinity"):
        return -math.inf if text.startswith("-") else math.inf if text else free
    from gradcalc.arithmetic.floats import Floats
    from gradcalc.language.points import numbers, to_value

    found = numbers(to_value(name, text, limits), Floats())
    if len(found) != 1:
        raise UsageError(f"the bound of {name} is {text}: it must be a number", hint=f"--bounds {name}=0:5")
    return float(found[0])


def _compared(settings: DescentSettings, names: str | None) -> list[DescentSettings]:
    """The settings of each optimizer of `--compare`; a rate is for those that take one."""
    if names is None:
        return [settings]
    from gradcalc.optimize.descend import FIRST_ORDER, OPTIMIZERS

    chosen = [name.strip() for name in names.split(",")]
    if settings.optimizer is not None:
        raise UsageError("both --optimizer and --compare are given", hint=f"--compare {settings.optimizer},{chosen[0]}")
    for position, name in enumerate(chosen):
        if name not in OPTIMIZERS:
            near = did_you_mean(name, OPTIMIZERS)
            raise UsageError(
                f"no such optimizer: {name or 'an empty name'}", hint=near or f"one of {', '.join(OPTIMIZERS)}"
            )
        if name in chosen[:position]:
            raise UsageError(f"--compare names {name} twice", hint="--compare sgd,adam,newton")
    rateless = replace(settings, learning_rate=None, schedule=None)
    return [replace(settings if name in FIRST_ORDER else rateless, optimizer=name) for name in chosen]


# -- what is answered --------------------------------------------------------------------------------------------------


@dataclass
class _Outputs:
    """Where an answer goes: standard output, the trace, the plot."""

    shape: Format
    several: bool
    trace: str | None
    plot: str | None
    failed: int = 0

    def check(self, data: str | None) -> None:
        """Raise what can be known to go wrong before the descent."""
        from gradcalc.files import check_writable
        from gradcalc.show.plot import check_library, check_plot

        if self.plot == "-" and self.shape is not Format.table:
            raise UsageError(f"--plot - and {self.shape} both use standard output", hint="--plot path.png")
        places = {"--data": data, "--trace": self.trace, "--plot": None if self.plot == "-" else self.plot}
        seen: dict[str, str] = {}
        for flag, path in places.items():
            if path and (os.path.isfile(path) or not os.path.exists(path)):
                other = seen.setdefault(os.path.realpath(path), flag)
                if other != flag:
                    raise UsageError(f"{other} and {flag} are the same file: {path}", hint=f"{flag} another file")
        if self.trace is not None:
            check_writable(Path(self.trace))
        if self.plot == "-":
            check_library("plotext")
        elif self.plot is not None:
            check_plot(Path(self.plot))

    def write(self, made: "Sequence[Descent]", seconds: Sequence[float]) -> None:
        """The answer first; a file that cannot be written takes nothing from it."""
        {Format.table: self._table, Format.json: self._json, Format.csv: self._csv}[self.shape](made, seconds)
        sys.stdout.flush()
        try:
            if self.trace:
                from gradcalc.optimize.descent.trace_file import write_trace

                write_trace(made, Path(self.trace))
            if self.plot:
                self._draw(made)
        except GradcalcError as error:
            print(f"error: {error}", file=sys.stderr)
            self.failed = error.exit_code

    def _draw(self, made: "Sequence[Descent]") -> None:
        from gradcalc.show.plot import plot_text, save_plot

        assert self.plot
        if self.plot != "-":
            save_plot(made, Path(self.plot))
        else:
            from shutil import get_terminal_size

            print(plot_text(made, max(30, min(100, get_terminal_size().columns))))

    def _table(self, made: "Sequence[Descent]", seconds: Sequence[float]) -> None:
        from gradcalc.show.terminal_descent import print_comparison, print_descent

        if self.several:
            print_comparison(made, seconds)
        else:
            print_descent(made[0])

    def _json(self, made: "Sequence[Descent]", seconds: Sequence[float]) -> None:
        from json import dumps

        bodies = [descent.to_dict() for descent in made]
        head = {key: bodies[0][key] for key in ("schema", "command", "expression")}
        print(dumps(head | {"compare": bodies} if self.several else bodies[0], ensure_ascii=False))

    def _csv(self, made: "Sequence[Descent]", seconds: Sequence[float]) -> None:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        head = ("point", "variable", "field", "value")
        writer.writerow(("optimizer", *head) if self.several else head)
        for descent in made:
            rows = _long_rows(descent)
            writer.writerows(((descent.optimizer, *row) for row in rows) if self.several else rows)


def _long_rows(descent: "Descent") -> list[tuple[int, str, str, float]]:
    """The chosen steps in long form: a point for each."""
    from gradcalc.optimize.descent.answer import TRACE_LIMIT

    rows: list[tuple[int, str, str, float]] = []
    for step in descent.chosen(TRACE_LIMIT):
        rows += [(step.number, "", "value", step.value), (step.number, "", "gradient_norm", step.gradient_norm)]
        rows += [(step.number, name, "at", value) for name, value in zip(descent.flat_variables, step.at, strict=True)]
    return rows


def _exit_code(made: "Sequence[Descent]") -> int:
    """As the descent says; of several 0 if any converged."""
    if len(made) == 1 or made[-1].exit_code in (ExitCode.UNDEFINED, ExitCode.INTERRUPTED):
        return made[-1].exit_code
    return ExitCode.DONE if any(descent.status == "converged" for descent in made) else ExitCode.NO
