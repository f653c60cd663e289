"""`gradcalc grad`: value and gradient of a formula at points."""

from dataclasses import replace

from gradcalc.cli.answers import answer
from gradcalc.cli.options import Questions, Show
from gradcalc.settings import Limits, Options, Reading


def grad(question: Questions, options: Options, show: Show, how: Reading, limits: Limits) -> int:
    """Value and gradient of a formula, beside SymPy's, with the digits that are right; without a point as formulas.

    \b
    gradcalc grad "x**4 + y**2 + 1" --at x=2,y=3
    gradcalc grad "x^2*sin(3x)/(x + 1)"
    gradcalc grad "(1 - cos(x))/x**2" --at x=1e-8
    gradcalc grad "-x**2*sin(y)" --at x=1,y=pi/4 --at x=2,y=pi/3 --wrt y
    gradcalc grad "x.T @ x" --at "x=[[0],[1],[2],[3]]"
    gradcalc grad "exp(-x)" --at x=800 --json
    """
    return answer(question, replace(options, order=1), show, how, limits)
