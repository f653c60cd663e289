"""`gradcalc fit`: a model fitted to data, with errors, intervals and proofs."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from gradcalc.cli import options as o
from gradcalc.cli.commands.descend import read_bounds
from gradcalc.cli.write import Format, write
from gradcalc.errors import GradcalcError, UsageError, library
from gradcalc.settings import FIT, ROWS, SHOW, FitSettings, Limits, Option, Reading, option, required

if TYPE_CHECKING:
    from gradcalc.language.formula import Value
    from gradcalc.optimize.fit.answer import Fit
    from gradcalc.show.answer import Answer


@dataclass(frozen=True)
class Data:
    """A model, the rows that it is fitted to, and where the fit begins and stays."""

    expression: str = required(Option("EXPR", 'The model: "y ~ a*exp(-b*x) + c"; - or @FILE read it.'))
    data: str | None = option(None, "--data FILE", "The rows: whatever map reads, - too.")
    at: tuple[str, ...] = option(
        (), "--at START", "Where to begin: a=1,b=2. Default: places of the data's scale are tried."
    )
    bounds: tuple[str, ...] = option((), "--bounds BOUNDS", "Where to stay: a=0:5,b=:3; may repeat.")
    let: tuple[str, ...] = option((), o.LET)


@dataclass(frozen=True)
class More:
    """What is made of the fit besides."""

    compare: str | None = option(None, "--compare MODEL", "Another model beside it: F test, AIC, BIC.", FIT)
    predict: str | None = option(
        None, "--predict FILE", "Rows for which the model foretells, with bands; as CSV these.", ROWS
    )
    residuals: str | None = option(None, "--residuals FILE", "Write the residual of every row as CSV.", SHOW)
    proof: str | None = option(
        None,
        "--proof FILE",
        "With --certify: write what is needed to believe it; gradcalc verify FILE checks that.",
        FIT,
    )
    plot: str | None = option(None, "--plot FILE", "Draw it: a png, svg or pdf file, or - for the terminal.", SHOW)

    def check(self, data: str, shape: Format) -> None:
        """Raise what can be known to go wrong before the work."""
        from gradcalc.files import check_writable
        from gradcalc.show.plot import check_file

        if self.plot == "-" and shape is not Format.table:
            raise UsageError(f"--plot - and {shape} both use standard output", hint="--plot fit.png")
        for flag, path in (("--residuals", self.residuals), ("--plot", self.plot), ("--proof", self.proof)):
            if path and path != "-" and os.path.exists(data) and os.path.realpath(path) == os.path.realpath(data):
                raise UsageError(f"--data and {flag} are the same file: {path}", hint=f"{flag} another file")
        for path in (self.residuals, self.proof):
            if path is not None:
                check_writable(Path(path))
        if self.plot == "-":
            library("plotext", "--plot")
        elif self.plot is not None:
            check_file(Path(self.plot), "--plot")

    def write(self, made: "Fit") -> int:
        """The files and the picture, after the answer; what fails takes nothing from it."""
        try:
            if self.residuals is not None:
                from gradcalc.optimize.fit.answer import write_residuals

                write_residuals(made, Path(self.residuals))
            if self.plot is not None:
                self._draw(made)
        except GradcalcError as error:
            print(f"error: {error}", file=sys.stderr)
            return error.exit_code
        return 0

    def _draw(self, made: "Fit") -> None:
        from gradcalc.cli.here import text_here
        from gradcalc.optimize.fit.picture import picture
        from gradcalc.show.plot import save

        assert self.plot
        if self.plot == "-":
            print(text_here(picture(made)))
        else:
            save(picture(made), Path(self.plot), "--plot")


def fit(question: Data, settings: FitSettings, more: More, show: o.Show, how: Reading, limits: Limits) -> int:
    """Fit a model to data: parameters with standard errors, intervals, what the data do not determine, and proofs.

    \b
    gradcalc fit "y ~ a*exp(-b*x) + c" --data d.csv --at a=1,b=1,c=0
    gradcalc fit "y ~ a*x + b" --data d.csv --sigma dy --certify
    gradcalc fit "log(y) ~ a + b*x" --data d.csv --bounds b=0: --level 0.99
    gradcalc fit "y ~ a/(1 + exp(b - c*x))" --data d.csv --starts 10
    gradcalc fit "y ~ a*x^b" --data d.csv --compare "y ~ a*x + b" --plot -
    gradcalc fit "softplus(a*x + b) - y*(a*x + b)" --nll --data d.csv --robust
    """
    if question.data is None:
        raise UsageError("a fit needs data", hint="--data d.csv")
    if question.expression == "-" and question.data == "-":
        raise UsageError("model and data cannot both come from standard input", hint="@FILE reads the model")
    from gradcalc.optimize.fit.fit import DIGITS, ask
    from gradcalc.optimize.read import gathered

    limits = o.read_limits(question.expression, limits)
    text = o.read_expression(question.expression, limits)
    points = o.read_all_points(question.at, limits, how)
    if len(points) > 1:
        raise UsageError("--at gives several points: a fit has one start", hint="--starts 10 begins at several places")
    settings = replace(settings, bounds=read_bounds(question.bounds, limits))
    start, let = points[0] if points else {}, o.read_bindings(question.let, limits)
    more.check(question.data, show.shape)
    if more.proof is not None:
        from gradcalc.optimize.fit.proof import check_carried

        check_carried(settings)

    with ExitStack() as stack:
        tell = None if show.quiet else o.tell
        workers = cache(partial(gathered, question.data, settings.scheduler, stack, tell))  # one cluster for all models

        def fitted(model: str, at: "Mapping[str, Value]") -> "Fit":
            return ask(model, at, let, settings, question.data, limits, how, show.digits or DIGITS, workers=workers)

        made = fitted(text, start)
        if more.predict is not None:
            made = replace(made, predictions=made.foretelling(more.predict, how, settings.memory))
        answer: Answer = made
        if more.compare is not None:
            from gradcalc.optimize.fit.compare import FitComparison

            answer = FitComparison(
                (made, fitted(more.compare, _of(start, more.compare, made.problem.model.columns, let, limits)))
            )
    write(answer, show.shape, long=show.csv_long)
    sys.stdout.flush()
    if more.proof is not None:
        from gradcalc.optimize.fit.proof import write_proof

        write_proof(made, settings, Path(more.proof))
    return more.write(made) or answer.exit_code


def _of(
    start: "Mapping[str, Value]", model: str, columns: Sequence[str], let: "Mapping[str, Value]", limits: Limits
) -> "Mapping[str, Value]":
    """The start of another model: what it has of the first one's, where that is all of it; else none."""
    from gradcalc.language.parse import free_names

    names = free_names(model.partition("~")[2] or model, let, limits)
    known = {name: start[name] for name in names if name in start}
    return known if all(name in start or name in columns for name in names) else {}
