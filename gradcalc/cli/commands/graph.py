"""`gradcalc graph`: the computation graph of a formula at a point."""

from dataclasses import dataclass
from pathlib import Path

from gradcalc.cli import options as o
from gradcalc.cli.write import write
from gradcalc.settings import SHOW, Limits, Reading, option


@dataclass(frozen=True)
class Output:
    """Where the picture goes."""

    output: str = option("-", "-o --output FILE", "An svg, png, pdf, html, dot or mmd file; - for a tree here.", SHOW)


def graph(question: o.Question, out: Output, show: o.Show, how: Reading, limits: Limits) -> int:
    """The computation graph with values and adjoints, local partials on its arrows; what is on a kink or nan in red.

    \b
    gradcalc graph "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    gradcalc graph "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5 -o graph.svg
    """
    from gradcalc.show.diagram import check_file, save
    from gradcalc.truth.drawing import drawing
    from gradcalc.truth.trace import traced

    path = None if out.output == "-" else Path(out.output)
    if path is not None:
        check_file(path)
    limits = o.read_limits(question.expression, limits)
    shape = o.shape_of(show.format, show.json, show.csv_long)
    found = traced(
        o.read_expression(question.expression, limits),
        o.read_all_points(question.at, limits, how),
        forward=False,
        wrt=question.wrt,
        let=o.read_bindings(question.let, limits),
        digits=show.digits,
        limits=limits,
    )
    made = drawing(found)
    if path is None or show.format or show.json:
        write(made, shape)
    if path is not None:
        save(made.diagram, path)
    return made.exit_code
