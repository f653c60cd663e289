"""`gradcalc grad`: value and gradient of a formula at points."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradcalc.cli import options as o
from gradcalc.cli.answers import answer, answered
from gradcalc.cli.options import Questions, Show
from gradcalc.errors import UsageError
from gradcalc.settings import DIGITS, Limits, Options, Reading, option

if TYPE_CHECKING:
    from gradcalc.show.answer import Answer


@dataclass(frozen=True)
class Asked(Questions):
    """A formula at points; or none, where the question is about an equation."""

    expression: str = option("", o.EXPRESSION)


@dataclass(frozen=True)
class Curve:
    """An equation, and which of its variables depends on the others."""

    implicit: str | None = option(
        None, "--implicit EQUATION", 'In place of EXPR: the slope of a curve, "x^2+y^2=25" --of y --wrt x.'
    )
    of: str | None = option(None, "--of NAME", "Of --implicit: the variable that depends on those of --wrt.")


@dataclass(frozen=True)
class Shape:
    """What else is asked of the formula at a point."""

    direction: str | None = option(
        None, "--direction VECTOR", "Slope and curvature along it, for its length: x=1,y=2; the others do not move."
    )
    tangent: bool = option(False, "--tangent", "The tangent line or plane, and the normal of the level set.")


def grad(
    question: Asked, curve: Curve, shape: Shape, options: Options, show: Show, how: Reading, limits: Limits
) -> int:
    """Value and gradient of a formula, beside SymPy's, with the digits that are right; without a point as formulas.

    \b
    gradcalc grad "x**4 + y**2 + 1" --at x=2,y=3
    gradcalc grad "x^2*sin(3x)/(x + 1)"
    gradcalc grad "(1 - cos(x))/x**2" --at x=1e-8
    gradcalc grad "-x**2*sin(y)" --at x=1,y=pi/4 --at x=2,y=pi/3 --wrt y
    gradcalc grad "x.T @ x" --at "x=[[0],[1],[2],[3]]"
    gradcalc grad "x**2 + abs(y)" --at x=1,y=0 --direction x=3,y=4
    gradcalc grad --implicit "x^2 + y^2 = 25" --of y --wrt x --at x=3,y=4
    gradcalc grad "exp(-x)" --at x=800 --json
    """
    options = replace(options, order=1)
    if curve.implicit is not None or curve.of is not None:
        return _slope(question, curve, shape, options, show, how, limits)
    if not question.expression:
        raise UsageError("missing argument 'EXPR'", hint="gradcalc grad --help")
    return answer(question, options, show, how, limits, (shape.direction, shape.tangent))


def _slope(
    question: Asked, curve: Curve, shape: Shape, options: Options, show: Show, how: Reading, limits: Limits
) -> int:
    """The slope of a curve that an equation gives."""
    equation, of = curve.implicit, curve.of
    _refuse_beside(question, curve, shape, options)
    if equation is None or of is None:
        missing = "--implicit" if equation is None else "--of"
        raise UsageError(f"{missing} is missing", hint='--implicit "x^2 + y^2 = 25" --of y --wrt x')
    from gradcalc.truth.questions.implicit import sloped

    def ask(asked: o.Asked) -> "Answer":
        wanted = replace(options, digits=show.digits or DIGITS, limits=asked.limits)
        waiting = o.waiting(show.quiet)
        made = sloped(asked.expression, of, asked.wrt or (), asked.at, asked.let, wanted, waiting)
        return replace(made, digits=show.digits)

    return answered(replace(question, expression=equation), show, how, limits, ask)


def _refuse_beside(question: Asked, curve: Curve, shape: Shape, options: Options) -> None:
    """Refuse what does not go with an equation."""
    beside = {
        "EXPR": question.expression, "--each": question.each, "--numeric": options.numeric,
        "--direction": shape.direction is not None, "--tangent": shape.tangent,
    }  # fmt: skip
    if clash := next((name for name, given in beside.items() if given), None):
        flag = "--of" if curve.implicit is None else "--implicit"
        hint = 'the equation alone: --implicit "x^2 + y^2 = 25"' if clash == "EXPR" else f"without {clash}"
        raise UsageError(f"{clash} and {flag} do not go together", hint=hint)
