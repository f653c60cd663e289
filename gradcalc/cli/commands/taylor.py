"""`gradcalc taylor`: the Taylor polynomial of a formula at points."""

from dataclasses import dataclass, replace

from gradcalc.cli import options as o
from gradcalc.cli.write import write
from gradcalc.settings import DIGITS, MAX_SECONDS, Limits, Reading, option


@dataclass(frozen=True)
class Polynomial:
    """How far the polynomial goes."""

    order: int = option(5, "-n --order N", "The total degree of the polynomial.", low=0, high=10_000)
    within: float | None = option(
        None, "--within R", "Also bound what is left out, for steps of at most R.", low=0, high=MAX_SECONDS
    )


def taylor(question: o.Question, wanted: Polynomial, show: o.Show, how: Reading, limits: Limits) -> int:
    """The Taylor polynomial at a point, each coefficient certified, and a proved bound of the rest.

    \b
    gradcalc taylor "exp(x)" --at x=0
    gradcalc taylor "sin(x*y)" --at x=1,y=2 --order 3
    gradcalc taylor "exp(sin(x))" --at x=1 --order 8 --within 0.1
    """
    from gradcalc.truth.taylor import expand

    limits = o.read_limits(question.expression, limits)
    shape = o.shape_of(show.format, show.json, show.csv_long)
    made = expand(
        o.read_expression(question.expression, limits),
        o.read_all_points(question.at, limits, how),
        order=wanted.order,
        within=wanted.within,
        wrt=question.wrt,
        let=o.read_bindings(question.let, limits),
        digits=show.digits or DIGITS,
        limits=limits,
    )
    write(replace(made, digits=show.digits), shape)
    return made.exit_code
