"""`gradcalc grad`: value and gradient of a formula at points."""

from dataclasses import dataclass, replace

from gradcalc.cli.answers import answer
from gradcalc.cli.options import Questions, Show
from gradcalc.settings import Limits, Options, Reading, option


@dataclass(frozen=True)
class Shape:
    """What else is asked of the formula at a point."""

    direction: str | None = option(
        None, "--direction VECTOR", "Slope and curvature along it, for its length: x=1,y=2; the others do not move."
    )
    tangent: bool = option(False, "--tangent", "The tangent line or plane, and the normal of the level set.")


def grad(question: Questions, shape: Shape, options: Options, show: Show, how: Reading, limits: Limits) -> int:
    """Value and gradient of a formula, beside SymPy's, with the digits that are right; without a point as formulas.

    \b
    gradcalc grad "x**4 + y**2 + 1" --at x=2,y=3
    gradcalc grad "x^2*sin(3x)/(x + 1)"
    gradcalc grad "(1 - cos(x))/x**2" --at x=1e-8
    gradcalc grad "-x**2*sin(y)" --at x=1,y=pi/4 --at x=2,y=pi/3 --wrt y
    gradcalc grad "x.T @ x" --at "x=[[0],[1],[2],[3]]"
    gradcalc grad "x**2 + abs(y)" --at x=1,y=0 --direction x=3,y=4
    gradcalc grad "exp(-x)" --at x=800 --json
    """
    return answer(question, replace(options, order=1), show, how, limits, (shape.direction, shape.tangent))
