"""`gradcalc tape`: the evaluation trace of a formula at a point."""

from dataclasses import dataclass

from gradcalc.cli import options as o
from gradcalc.cli.write import write
from gradcalc.errors import UsageError
from gradcalc.settings import SHOW, Limits, Reading, option


@dataclass(frozen=True)
class Which:
    """The mode, and which nodes are shown."""

    forward: bool = option(False, "--forward", "Forward mode: tangents for each variable instead of adjoints.")
    head: int | None = option(None, "--head N", "The first N nodes alone.", SHOW, low=0)
    tail: int | None = option(None, "--tail N", "The last N nodes alone.", SHOW, low=0)

    @property
    def shown(self) -> slice:
        """The nodes to be shown."""
        if self.head is not None and self.tail is not None:
            raise UsageError("--head and --tail contradict each other", hint="--head 10")
        return slice(self.head) if self.tail is None else slice(-self.tail, None) if self.tail else slice(0)


def tape(question: o.Question, which: Which, show: o.Show, how: Reading, limits: Limits) -> int:
    """The evaluation trace: each node with its value, its local partials, and the adjoint that flows back through it.

    \b
    gradcalc tape "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    gradcalc tape "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5 --forward
    """
    from gradcalc.truth.questions.trace import traced

    limits = o.read_limits(question.expression, limits)
    shape = o.shape_of(show.format, show.json, show.csv_long)
    made = traced(
        o.read_expression(question.expression, limits),
        o.read_all_points(question.at, limits, how),
        forward=which.forward,
        wrt=question.wrt,
        let=o.read_bindings(question.let, limits),
        digits=show.digits,
        limits=limits,
        shown=which.shown,
    )
    write(made, shape)
    return made.exit_code
