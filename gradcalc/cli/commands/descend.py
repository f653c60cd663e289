"""`gradcalc descend`: from a formula and a start to a minimum."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.errors import GradcalcError, UsageError, library
from gradcalc.settings import DESCENT, OPTIMIZERS, ROWS, SHOW, DescentSettings, Limits, Reading, option, required

if TYPE_CHECKING:
    from gradcalc.language.formula import Value
    from gradcalc.optimize.descend import Question
    from gradcalc.optimize.descent.answer import Descent
    from gradcalc.show.answer import Answer


@dataclass(frozen=True)
class Start:
    """A formula, where the descent begins and stays, and the data that the formula is reduced over."""

    expression: str = required(o.EXPRESSION)
    at: tuple[str, ...] = option((), "--at POINT", "The start: x=2,y=pi/4,z=[1,2], or @FILE.")
    bounds: tuple[str, ...] = option((), "--bounds BOUNDS", "Where to stay: x=0:5,y=:3; may repeat.")
    let: tuple[str, ...] = option((), o.LET)
    compare: Sequence[str] | None = option(
        None, "--compare NAMES", "Several optimizers: sgd,adam,newton.", DESCENT, offered=OPTIMIZERS
    )
    data: str | None = option(
        None, "--data FILE", "Rows to fit: whatever map reads, - too. Names without a value are its columns.", ROWS
    )
    nulls: Literal["fail", "drop"] = option("fail", "--nulls", "What a row with a null does.", ROWS)


@dataclass(frozen=True)
class Show:
    """How it is told, and where more of the answer goes."""

    format: Format | None = option(None, o.FORMAT)
    trace: str | None = option(None, "--trace FILE", "Write every step as CSV.", SHOW)
    plot: str | None = option(None, "--plot FILE", "Draw it: png, svg, pdf; moving: gif, webp; - for here.", SHOW)
    json: bool = option(False, o.JSON)
    json_trace: bool = option(False, "--json-trace", "JSON with up to 1,000 steps, not the first and the last.", SHOW)
    quiet: bool = option(False, o.QUIET)


def descend(start: Start, settings: DescentSettings, show: Show, how: Reading, limits: Limits) -> int:
    """From a formula and a start to a minimum, with a forecast, a trace and a verdict.

    \b
    gradcalc descend "(1-x)^2 + 100(y-x^2)^2" --at x=-1.2,y=1
    gradcalc descend "x**2 + 2*x + 1" --at x=0 --lr 0.1 --steps 100
    gradcalc descend "x^4 - 3x^2 + x" --at x=2 --compare sgd,adam,newton --plot -
    gradcalc descend "x*exp(-x)" --at x=0 --maximize
    gradcalc descend "(x-3)^2 + y^2" --at x=0,y=1 --bounds x=:2 --trace trace.csv
    gradcalc descend "(w*x + b - y)^2" --at w=0,b=0 --data points.csv --lr 0.01
    """
    if start.expression == "-" and start.data == "-":
        raise UsageError("formula and data cannot both come from standard input", hint="@FILE reads the formula")
    from gradcalc.optimize.descend import ask
    from gradcalc.optimize.descent.answer import TRACE_LIMIT, Comparison

    limits = o.read_limits(start.expression, limits)
    settings = replace(settings, bounds=read_bounds(start.bounds, limits))
    outputs = _Outputs(o.shape_of(show.format, show.json), show.trace, show.plot)
    outputs.check(start.data)
    compared = _compared(settings, start.compare)
    with ExitStack() as stack:
        question = ask(
            o.read_expression(start.expression, limits), _start(start.at, limits, how),
            o.read_bindings(start.let, limits), compared, data=start.data, nulls=start.nulls, limits=limits, how=how,
            stack=stack, tell=None if show.quiet else o.tell,
        )  # fmt: skip
        if question.dropped and not show.quiet:
            o.tell(f"{start.data}: rows without a value that were left out: {question.dropped:,}")
        made, seconds = _answers(question, compared, live=not show.quiet and sys.stderr.isatty())
    if show.json_trace:
        made = [replace(each, told_steps=TRACE_LIMIT) for each in made]
    answer = made[0] if start.compare is None else Comparison(tuple(made), tuple(seconds))
    outputs.write(answer, made)
    return outputs.failed or answer.exit_code


# -- what is asked -----------------------------------------------------------------------------------------------------


def _answers(
    question: "Question", settings: Sequence[DescentSettings], live: bool
) -> "tuple[list[Descent], list[float]]":
    """The descents and how long each took; one that was interrupted is the last."""
    from time import perf_counter

    from gradcalc.cli.progress import LiveLine

    made: list[Descent] = []
    seconds: list[float] = []
    for each in settings:
        begin = perf_counter()
        with LiveLine(each.method, each.steps) as line:
            made.append(question.answer(each, line if live else None))
        seconds.append(perf_counter() - begin)
        if made[-1].status == "interrupted":
            break
    return made, seconds


def _start(texts: Sequence[str], limits: Limits, how: Reading) -> "Mapping[str, Value]":
    """The one point of `--at`."""
    from gradcalc.optimize.descend import one_start

    return one_start(o.read_all_points(texts, limits, how), f"--at {texts[0]}" if len(texts) == 1 else "--at")


def read_bounds(texts: Sequence[str], limits: Limits) -> dict[str, tuple[float, float]] | None:
    """The bounds `x=0:5,y=:3` by variable: the least and the largest value, infinite where there is none."""
    if not texts:
        return None
    from gradcalc.language.points import read_intervals

    found: dict[str, tuple[float, float]] = {}
    for text in texts:
        for name, bound in read_intervals(text, limits, "--bounds", "bound").items():
            if not name:
                raise UsageError(f"--bounds {text}: {text} is no bound", hint="--bounds x=0:5,y=:3")
            if name in found:
                raise UsageError(f"--bounds names {name} twice", hint=f"--bounds {name}=0:5")
            found[name] = bound
    return found


def _compared(settings: DescentSettings, chosen: Sequence[str] | None) -> list[DescentSettings]:
    """The settings of each optimizer of `--compare`; a rate is for those that take one."""
    if chosen is None:
        return [settings]
    from gradcalc.optimize.optimizers import FIRST_ORDER

    if settings.optimizer is not None:
        raise UsageError("both --optimizer and --compare are given", hint=f"--compare {settings.optimizer},{chosen[0]}")
    twice = next((name for name in chosen if chosen.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"--compare names {twice} twice", hint="--compare sgd,adam,newton")
    rateless = replace(settings, learning_rate=None, schedule=None)
    return [replace(settings if name in FIRST_ORDER else rateless, optimizer=name) for name in chosen]


# -- what is answered --------------------------------------------------------------------------------------------------


@dataclass
class _Outputs:
    """Where an answer goes: standard output, the trace, the plot."""

    shape: Format
    trace: str | None
    plot: str | None
    failed: int = 0

    def check(self, data: str | None) -> None:
        """Raise what can be known to go wrong before the descent."""
        from gradcalc.files import check_writable
        from gradcalc.show.plot import check_file

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
            library("plotext", "--plot")
        elif self.plot is not None:
            check_file(Path(self.plot), "--plot", moving=True)

    def write(self, answer: "Answer", made: "Sequence[Descent]") -> None:
        """The answer first; a file that cannot be written takes nothing from it."""
        write(answer, self.shape)
        sys.stdout.flush()
        try:
            if self.trace:
                from gradcalc.optimize.descent.answer import write_trace

                write_trace(made, Path(self.trace))
            if self.plot:
                self._draw(made)
        except GradcalcError as error:
            print(f"error: {error}", file=sys.stderr)
            self.failed = error.exit_code

    def _draw(self, made: "Sequence[Descent]") -> None:
        from gradcalc.cli.here import text_here
        from gradcalc.optimize.descent.picture import picture
        from gradcalc.show.plot import save

        assert self.plot
        if self.plot != "-":
            save(picture(made), Path(self.plot), "--plot")
        else:
            print(text_here(picture(made)))
