"""`gradcalc hessian`: second derivatives of a formula at points."""

from dataclasses import replace

from gradcalc.cli.answers import answer
from gradcalc.cli.options import Questions, Show
from gradcalc.settings import Limits, Options, Reading


def hessian(question: Questions, options: Options, show: Show, how: Reading, limits: Limits) -> int:
    """Hessian of a formula beside SymPy's, its eigenvalues, and what kind of point it is.

    \b
    gradcalc hessian "x**4 + y**2 + 1" --at x=2,y=3
    gradcalc hessian "x**2 - y**2" --at x=0,y=0
    gradcalc hessian "100*(y - x^2)^2 + (1 - x)^2" --at x=1,y=1 --json
    """
    return answer(question, replace(options, order=2), show, how, limits)
