"""`gradcalc diff`: one derivative of any order."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradcalc.cli import options as o
from gradcalc.cli.answers import answered
from gradcalc.cli.write import Format
from gradcalc.settings import DIGITS, Limits, Options, Reading, option, required

if TYPE_CHECKING:
    from gradcalc.show.answer import Answer


@dataclass(frozen=True)
class Question:
    """A formula, what it is derived for, and where."""

    expression: str = required(o.EXPRESSION)
    by: str = required("BY", "What it is derived for: x, x,x,y or x:3,y.")
    at: tuple[str, ...] = option((), o.AT)
    let: tuple[str, ...] = option((), o.LET)
    each: bool = option(False, o.EACH)


def diff(question: Question, options: Options, show: o.Show, how: Reading, limits: Limits) -> int:
    """A derivative of any order, as a formula and, certified, at points; above order 4 by power series.

    \b
    gradcalc diff "x**3*sin(y)" x:2,y
    gradcalc diff "x**3*sin(y)" x:2,y --at x=1,y=2
    gradcalc diff "exp(sin(x))" x:50 --at x=1
    """
    from gradcalc.truth.questions.derivative import derived, read_by

    by, latex = read_by(question.by), show.shape is Format.latex

    def ask(asked: o.Asked) -> "Answer":
        wanted = replace(options, order=0, digits=show.digits or DIGITS, latex=latex, limits=asked.limits)
        made = derived(asked.expression, by, asked.at, asked.let, wanted, o.waiting(show.quiet))
        return replace(made, digits=show.digits)

    return answered(question, show, how, limits, ask)
