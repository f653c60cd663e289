"""`gradcalc report`: all that is known of a formula at a point, as one web page."""

import sys
from dataclasses import dataclass
from pathlib import Path

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.errors import UsageError
from gradcalc.settings import SHOW, Limits, Options, Reading, option


@dataclass(frozen=True)
class Output:
    """Where the page goes, and whether SymPy takes part."""

    output: str | None = option(None, "-o --output FILE", "The web page, such as report.html; - for it here.", SHOW)
    symbolic: bool = option(True, "--symbolic", "Show SymPy's derivatives as formulas.")


@dataclass(frozen=True)
class Show:
    """How the answer is shown besides."""

    format: Format | None = option(None, o.FORMAT)
    json: bool = option(False, o.JSON)
    quiet: bool = option(False, o.QUIET)


def report(question: o.Question, out: Output, show: Show, how: Reading, limits: Limits) -> int:
    """Value, gradient, Hessian, plot, tape, graph and steps as one web page that works offline, with sliders.

    \b
    gradcalc report "x^2*sin(y)" --at x=1,y=2 -o report.html
    gradcalc report "exp(-x)*cos(w*x)" --at x=0.5 --let w=3 -o report.html
    """
    from gradcalc.files import check_writable
    from gradcalc.truth.pictures.sheet import web_page

    if out.output is None and not (show.format or show.json):
        raise UsageError("a page needs a file", hint="-o report.html; or --json")
    path = None if out.output in (None, "-") else Path(out.output or "")
    if path is not None:
        check_writable(path)
    limits = o.read_limits(question.expression, limits)
    made = web_page(
        o.read_expression(question.expression, limits),
        o.read_all_points(question.at, limits, how),
        question.wrt,
        o.read_bindings(question.let, limits),
        Options(2, symbolic=out.symbolic, limits=limits),
    )
    if show.format or show.json:
        write(made, o.shape_of(show.format, show.json))
    if path is not None:
        made.save(path)
    elif out.output == "-":
        sys.stdout.write(made.html)
    return made.exit_code
