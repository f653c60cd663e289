"""`gradcalc taylor`: the Taylor polynomial of a formula at points."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradcalc.cli import options as o
from gradcalc.cli.answers import answered
from gradcalc.settings import DIGITS, MAX_SECONDS, Limits, Reading, option

if TYPE_CHECKING:
    from gradcalc.show.answer import Answer


@dataclass(frozen=True)
class Polynomial:
    """How far the polynomial goes."""

    order: int = option(5, "-n --order N", "The total degree of the polynomial.", low=0, high=10_000)
    within: float | None = option(
        None, "--within R", "Also bound what is left out, for steps of at most R.", low=0, high=MAX_SECONDS
    )


def taylor(question: o.Questions, wanted: Polynomial, show: o.Show, how: Reading, limits: Limits) -> int:
    """The Taylor polynomial at a point, each coefficient certified, and a proved bound of the rest.

    \b
    gradcalc taylor "exp(x)" --at x=0
    gradcalc taylor "sin(x*y)" --at x=1,y=2 --order 3
    gradcalc taylor "exp(sin(x))" --at x=1 --order 8 --within 0.1
    """
    from gradcalc.truth.questions.taylor import expand

    def ask(asked: o.Asked) -> "Answer":
        made = expand(
            asked.expression, asked.at, order=wanted.order, within=wanted.within, wrt=asked.wrt, let=asked.let,
            digits=show.digits or DIGITS, limits=asked.limits,
        )  # fmt: skip
        return replace(made, digits=show.digits)

    return answered(question, show, how, limits, ask)
