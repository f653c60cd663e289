"""`gradcalc descend`: from a formula and a start to a minimum."""

import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradcalc.cli import options as o
from gradcalc.errors import ExitCode, GradcalcError, UsageError, did_you_mean

if TYPE_CHECKING:
    from gradcalc.language.parse import Value
    from gradcalc.optimize.descend import Settings
    from gradcalc.optimize.descent.answer import Descent
    from gradcalc.settings import Limits


class Format(StrEnum):
    """How a descent is shown."""

    table = "table"
    json = "json"
    csv = "csv"


class Reduce(StrEnum):
    """What is made of the rows of data."""

    mean = "mean"
    sum = "sum"


class Nulls(StrEnum):
    """What a row with a null does."""

    fail = "fail"
    drop = "drop"


def _from_zero(value: float | None) -> float | None:
    """A number that is not negative, nor nan, nor infinite."""
    if value is not None and not 0 <= value < math.inf:
        raise typer.BadParameter(f"{value:g} is not a number from 0")
    return value


def descend(
    expression: o.Expression,
    at: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="POINT", help="The start: x=2,y=pi/4,z=[1,2], or @FILE.", show_default=False),
    ] = None,
    let: o.Let = None,
    optimizer: Annotated[
        str | None,
        typer.Option(
            "--optimizer",
            metavar="NAME",
            help="auto, newton, l-bfgs; of SciPy bfgs, l-bfgs-b, newton-cg, trust-exact; by a learning rate: sgd, "
            "momentum, nesterov, adagrad, rmsprop, adam. Default: sgd where --lr is given, else auto.",
            show_default=False,
        ),
    ] = None,
    lr: Annotated[
        float | None, typer.Option("--lr", metavar="RATE", help="The learning rate.", show_default=False)
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            "--schedule",
            metavar="SCHEDULE",
            help="How the rate falls: cosine:1000, exponential:100:0.96, inverse-time:100:0.5, polynomial:1000:0.001.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            metavar="N",
            help="How many steps at most; default: 1,000 by a rate, else 10,000.",
            min=0,
            show_default=False,
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            metavar="NORM",
            help="Converged where the gradient's norm is not above this.",
            callback=_from_zero,
            show_default=False,
        ),
    ] = None,
    max_seconds: Annotated[
        float | None,
        typer.Option(
            "--max-seconds", metavar="SECONDS", help="How long it may take.", callback=_from_zero, show_default=False
        ),
    ] = None,
    bounds: Annotated[
        list[str] | None,
        typer.Option("--bounds", metavar="BOUNDS", help="Where to stay: x=0:5,y=:3; may repeat.", show_default=False),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="FILE",
            help="Rows to fit: csv, parquet, arrow, npz. Names without a value are its columns.",
            show_default=False,
        ),
    ] = None,
    reduce: Annotated[Reduce, typer.Option("--reduce", help="What is made of the rows.")] = Reduce.mean,
    nulls: Annotated[Nulls, typer.Option("--nulls", help="What a row with a null does.")] = Nulls.fail,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", metavar="N", help="Rows of each step; default: all.", min=1, show_default=False),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", metavar="N", help="Passes over the rows.", min=1, show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the order of the rows.", min=0)] = 0,
    compare: Annotated[
        str | None,
        typer.Option("--compare", metavar="NAMES", help="Several optimizers: sgd,adam,newton.", show_default=False),
    ] = None,
    trace: Annotated[
        str | None, typer.Option("--trace", metavar="FILE", help="Write every step as CSV.", show_default=False)
    ] = None,
    plot: Annotated[
        str | None,
        typer.Option(
            "--plot", metavar="FILE", help="Draw it: a png, svg or pdf file, or - for the terminal.", show_default=False
        ),
    ] = None,
    show: Annotated[Format, typer.Option("--format", help="How to show the answer.")] = Format.table,
    json: o.Json = False,
    quiet: o.Quiet = False,
    max_text: o.MaxText = None,
    max_depth: o.MaxDepth = o.DEFAULTS.depth,
    max_nodes: o.MaxNodes = o.DEFAULTS.nodes,
) -> int:
    """From a formula and a start to a minimum, with a forecast, a trace and a verdict.

    \b
    gradcalc descend "(1-x)^2 + 100(y-x^2)^2" --at x=-1.2,y=1
    gradcalc descend "x**2 + 2*x + 1" --at x=0 --lr 0.1 --steps 100
    gradcalc descend "x^4 - 3x^2 + x" --at x=2 --compare sgd,adam,newton --plot paths.png
    gradcalc descend "(x-3)^2 + y^2" --at x=0,y=1 --bounds x=:2 --trace trace.csv
    gradcalc descend "(w*x + b - y)^2" --at w=0,b=0 --data points.csv --lr 0.01
    """  # fmt: skip
    from gradcalc.optimize.descend import Settings

    shape = Format.json if json else show
    limits = o.read_limits(expression, max_text, max_depth, max_nodes)
    settings = Settings(
        optimizer=optimizer, learning_rate=lr, schedule=schedule, steps=steps, tolerance=tolerance,
        seconds=math.inf if max_seconds is None else max_seconds, bounds=read_bounds(bounds or [], limits),
        reduce=reduce.value, batch_size=batch_size, epochs=epochs, seed=seed,
    )  # fmt: skip
    outputs = _Outputs(shape, compare is not None, trace, plot)
    outputs.check(data)
    question = _Question(
        o.read_expression(expression, limits), _start(at or [], limits), o.read_bindings(let or [], limits), limits
    )
    dropped = question.read_data(data, nulls)
    if dropped and not quiet:
        print(f"{data}: rows without a value that were left out: {dropped:,}", file=sys.stderr)
    made, seconds = question.answers(_compared(settings, compare), live=not quiet and sys.stderr.isatty())
    outputs.write(made, seconds)
    return outputs.failed or _exit_code(made)


# -- what is asked -----------------------------------------------------------------------------------------------------


class _Question:
    """A formula, its start and its data; `answers` descends."""

    def __init__(self, text: str, at: "Mapping[str, Value]", let: "Mapping[str, Value]", limits: "Limits") -> None:
        self.text, self.at, self.let, self.limits = text, at, let, limits
        self.columns: Mapping[str, Any] | None = None

    def _subject(self) -> Any:
        from gradcalc.language.formula import as_subject

        return as_subject(self.text, {name: value.shape for name, value in self.at.items()}, self.let, self.limits)

    def read_data(self, path: str | None, nulls: Nulls) -> int:
        """Read the columns that the formula names, once for all descents; how many rows were left out."""
        if path is None:
            return 0
        from gradcalc.data.columns import read_columns

        names = [name for name in self._subject().variables if name not in self.at]
        found = read_columns(path, names, nulls=nulls.value)
        self.columns = found.values
        return found.dropped

    def answers(self, settings: "Sequence[Settings]", live: bool) -> "tuple[list[Descent], list[float]]":
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


def _start(texts: Sequence[str], limits: "Limits") -> "Mapping[str, Value]":
    """The one point of `--at`."""
    from gradcalc.language.points import read_points

    points = [point for text in texts for point in read_points(text, limits)]
    if len(points) > 1:
        raise UsageError(f"--at gives {len(points)} points: a descent has one start", hint="--at x=2,y=3")
    return points[0] if points else {}


def read_bounds(texts: Sequence[str], limits: "Limits") -> dict[str, tuple[float, float]] | None:
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


def _bound(name: str, text: str, free: float, limits: "Limits") -> float:
    """One end of an interval."""
    if text.lower().lstrip("+-") in ("", "inf", "infinity"):
        return -math.inf if text.startswith("-") else math.inf if text else free
    from gradcalc.arithmetic.floats import Floats
    from gradcalc.language.points import numbers, to_value

    found = numbers(to_value(name, text, limits), Floats())
    if len(found) != 1:
        raise UsageError(f"the bound of {name} is {text}: it must be a number", hint=f"--bounds {name}=0:5")
    return float(found[0])


def _compared(settings: "Settings", names: str | None) -> "list[Settings]":
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
        for option, path in places.items():
            if path and (os.path.isfile(path) or not os.path.exists(path)):
                other = seen.setdefault(os.path.realpath(path), option)
                if other != option:
                    raise UsageError(f"{other} and {option} are the same file: {path}", hint=f"{option} another file")
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
