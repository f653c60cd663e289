"""`gradcalc diff`: one derivative of any order."""

import sys
from dataclasses import dataclass, replace

from gradcalc.cli import options as o
from gradcalc.errors import visible
from gradcalc.settings import DIGITS, Limits, Options, Reading, option, required


@dataclass(frozen=True)
class Question:
    """A formula, what it is derived for, and where."""

    expression: str = required(o.EXPRESSION)
    by: str = required("BY", "What it is derived for: x, x,x,y or x:3,y.")
    at: tuple[str, ...] = option((), o.AT)
    let: tuple[str, ...] = option((), o.LET)


def diff(question: Question, options: Options, show: o.Show, how: Reading, limits: Limits) -> int:
    """A derivative of any order, as a formula and, certified, at points; above order 4 by power series.

    \b
    gradcalc diff "x**3*sin(y)" x:2,y
    gradcalc diff "x**3*sin(y)" x:2,y --at x=1,y=2
    gradcalc diff "exp(sin(x))" x:50 --at x=1
    """
    from gradcalc.cli.write import write
    from gradcalc.truth.derivative import derived, read_by

    limits = o.read_limits(question.expression, limits)
    shape = o.shape_of(show.format, show.json, show.csv_long)
    made = derived(
        o.read_expression(question.expression, limits),
        read_by(question.by),
        o.read_all_points(question.at, limits, how),
        o.read_bindings(question.let, limits),
        replace(options, order=0, digits=show.digits or DIGITS, latex=shape == "latex", limits=limits),
        o.waiting(show.quiet),
    )
    write(replace(made, digits=show.digits), shape)
    if not show.quiet and made.reason:
        print(visible(f"SymPy: {made.reason}"), file=sys.stderr)
    return made.exit_code
