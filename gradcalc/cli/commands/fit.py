"""`gradcalc fit`: a model fitted to data, with errors, intervals and proofs."""

from dataclasses import dataclass, replace

from gradcalc.cli import options as o
from gradcalc.cli.commands.descend import read_bounds
from gradcalc.cli.write import write
from gradcalc.errors import UsageError
from gradcalc.settings import FitSettings, Limits, Option, Reading, option, required


@dataclass(frozen=True)
class Data:
    """A model, the rows that it is fitted to, and where the fit begins and stays."""

    expression: str = required(Option("EXPR", 'The model: "y ~ a*exp(-b*x) + c"; - or @FILE read it.'))
    data: str | None = option(None, "--data FILE", "The rows: whatever map reads, - too.")
    at: tuple[str, ...] = option(
        (), "--at START", "Where to begin: a=1,b=2. Default: places of the data's scale are tried."
    )
    bounds: tuple[str, ...] = option((), "--bounds BOUNDS", "Where to stay: a=0:5,b=:3; may repeat.")
    let: tuple[str, ...] = option((), o.LET)


def fit(question: Data, settings: FitSettings, show: o.Show, how: Reading, limits: Limits) -> int:
    """Fit a model to data: parameters with standard errors, intervals, what the data do not determine, and proofs.

    \b
    gradcalc fit "y ~ a*exp(-b*x) + c" --data d.csv --at a=1,b=1,c=0
    gradcalc fit "y ~ a*x + b" --data d.csv --sigma dy --certify
    gradcalc fit "log(y) ~ a + b*x" --data d.csv --bounds b=0: --level 0.99
    gradcalc fit "y ~ a/(1 + exp(b - c*x))" --data d.csv --starts 10
    gradcalc fit "softplus(a*x + b) - y*(a*x + b)" --nll --data d.csv --robust
    """
    if question.data is None:
        raise UsageError("a fit needs data", hint="--data d.csv")
    if question.expression == "-" and question.data == "-":
        raise UsageError("model and data cannot both come from standard input", hint="@FILE reads the model")
    from gradcalc.optimize.fit.fit import DIGITS, ask

    limits = o.read_limits(question.expression, limits)
    text = o.read_expression(question.expression, limits)
    points = o.read_all_points(question.at, limits, how)
    if len(points) > 1:
        raise UsageError("--at gives several points: a fit has one start", hint="--starts 10 begins at several places")
    settings = replace(settings, bounds=read_bounds(question.bounds, limits))
    start, let = points[0] if points else {}, o.read_bindings(question.let, limits)
    made = ask(text, start, let, settings, question.data, limits, how, show.digits or DIGITS)
    write(made, show.shape, long=show.csv_long)
    return made.exit_code
