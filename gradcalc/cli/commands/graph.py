"""`gradcalc graph`: the computation graph of a formula at a point."""

from dataclasses import dataclass
from pathlib import Path

from gradcalc.cli import options as o
from gradcalc.cli.write import write
from gradcalc.settings import SHOW, Limits, Reading, option


@dataclass(frozen=True)
class Output:
    """Which graph, and where the picture goes."""

    order: int = option(1, "-n --order N", "2: the graph of the gradient and the Hessian.", low=1, high=2)
    output: str = option("-", "-o --output FILE", "An svg, png, pdf, html, dot or mmd file; - for a tree here.", SHOW)


def graph(question: o.Question, out: Output, show: o.Show, how: Reading, limits: Limits) -> int:
    """The computation graph with values and adjoints, local partials on its arrows; what is on a kink or nan in red.

    \b
    gradcalc graph "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    gradcalc graph "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5 -o graph.svg
    gradcalc graph "x*sin(y)" --at x=2,y=1 --order 2
    """
    from gradcalc.show.diagram import check_file, save
    from gradcalc.truth.pictures.drawing import drawn

    path = None if out.output == "-" else Path(out.output)
    if path is not None:
        check_file(path)
    limits = o.read_limits(question.expression, limits)
    shape = o.shape_of(show.format, show.json, show.csv_long)
    expression, at = o.read_expression(question.expression, limits), o.read_all_points(question.at, limits, how)
    made = drawn(expression, at, out.order, question.wrt, o.read_bindings(question.let, limits), limits)
    if path is None or show.format or show.json:
        write(made, shape)
    if path is not None:
        save(made.diagram, path)
    return made.exit_code
