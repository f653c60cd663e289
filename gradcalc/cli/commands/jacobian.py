"""`gradcalc jacobian`: an array of formulas and the matrix of its derivatives."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gradcalc.cli import options as o
from gradcalc.cli.answers import answered
from gradcalc.cli.write import Format
from gradcalc.settings import DIGITS, Limits, Options, Reading

if TYPE_CHECKING:
    from gradcalc.show.answer import Answer


def jacobian(question: o.Questions, options: Options, show: o.Show, how: Reading, limits: Limits) -> int:
    """The Jacobian of an array of formulas, its rank as far as it is proved, and its condition.

    \b
    gradcalc jacobian "[r*cos(t), r*sin(t)]"
    gradcalc jacobian "[x*y, sin(x)]" --at x=1,y=2
    gradcalc jacobian "softmax(x)" --at "x=[1,2,3]"
    gradcalc jacobian "A @ x" --at "x=[1,2]" --let "A=[[2,1],[4,2]]" --json
    """
    from gradcalc.truth.questions.jacobian import jacobians

    latex = show.shape is Format.latex

    def ask(asked: o.Asked) -> "Answer":
        wanted = replace(options, order=1, digits=show.digits or DIGITS, latex=latex, limits=asked.limits)
        at, let = asked.at, asked.let
        made = jacobians(asked.expression, at, wrt=asked.wrt, let=let, options=wanted, waiting=o.waiting(show.quiet))
        return replace(made, digits=show.digits)

    return answered(question, show, how, limits, ask, array=True)
