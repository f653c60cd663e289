"""A fit as a `Picture`: the data, the curve with its bands, the residuals below. Imports answer."""

from collections.abc import Sequence

import numpy as np

from gradcalc.errors import UsageError
from gradcalc.optimize.fit.answer import Fit
from gradcalc.optimize.fit.problem import Problem
from gradcalc.optimize.fit.start import sample
from gradcalc.optimize.rows import Array, Rows
from gradcalc.show.picture import Band, Curve, Marks, Panel, Picture

_DOTS, _MOST, _FEW = 400, 5_000, 200
"""Places of the curve, rows that are drawn, and up to how many rows they are large signs."""


def picture(fit: Fit) -> Picture:
    """The data over the one column of the model, its curve, bands of curve and of measurements, and residuals.

    With several columns measured values over foretold ones stand above, residuals over foretold ones below.
    """
    if fit.fitness is None:
        raise UsageError("a likelihood has no curve: --plot draws models of the form y ~ f(x)")
    problem = fit.problem
    model = problem.model
    assert model.response is not None
    needed = set(model.graph.needed([model.prediction]))
    names = [name for name in model.columns if model.graph.inputs.get(name) in needed]
    place = [fit.at[name] for name in model.names]
    over = model.graph.inputs[names[0]] if len(names) == 1 else model.prediction
    with np.errstate(all="ignore"):
        ends = _ends(problem, place, over)
    if not np.isfinite(ends).all():
        raise UsageError("there is nothing to draw: the model has values that are not finite at the estimates")
    layers = _curve(fit, names[0], ends) if len(names) == 1 else _diagonal(ends)
    label, left = names[0] if len(names) == 1 else "foretold", model.text.partition("~")[0].strip()
    xs, measured, foretold = sample(problem, _MOST).evaluated(place, [over, model.response, model.prediction]).T
    sign = "point" if problem.count <= _FEW else "data"
    data, rest = (
        Marks(title, sign, list(zip(xs.tolist(), ys.tolist(), strict=True)), text)
        for title, ys, text in (("data", measured, "data"), ("residuals", measured - foretold, ""))
    )
    upper = Panel([*layers, data], label, left, share=2.0)
    lower = Panel([Curve("zero", [[(x, 0.0) for x in ends]], dashed=True), rest], label, "residual")
    told = ", ".join(f"{each.name} = {each.estimate:.6g}" for each in fit.parameters)
    return Picture(fit.expression, [upper, lower], told)


def _ends(problem: Problem, place: Sequence[float], node: int) -> tuple[float, float]:
    """The least and the largest value of a node at the rows."""
    ends = [(block.min(), block.max()) for block in problem.blocks(place, [node])]
    return float(min(low for low, _ in ends)), float(max(high for _, high in ends))


def _diagonal(ends: tuple[float, float]) -> Sequence[Curve | Band]:
    return [Curve("fit", [[(x, x) for x in ends]], "as foretold", colour=1)]


def _curve(fit: Fit, name: str, ends: tuple[float, float]) -> Sequence[Curve | Band]:
    """The curve between the least and the largest x, in pieces where it has values, and its bands."""
    xs = np.linspace(*ends, _DOTS)
    made = fit.foretold(Rows({name: xs}, np.arange(1, _DOTS + 1)), fit.level)
    level = f"{100 * fit.level:g} %"
    bands = [("prediction", made.prediction_interval, f"{level} of measurements", 2),
             ("curve", made.interval, f"{level} of the curve", 1)]  # fmt: skip
    found: list[Curve | Band] = []
    for title, (low, high), label, colour in bands:
        pieces = [list(zip(*piece, strict=True)) for piece in _pieces(xs, low, high)]
        if pieces:
            found.append(Band(title, pieces, label, colour))
    lines = [list(zip(*piece, strict=True)) for piece in _pieces(xs, made.value)]
    return [*found, Curve("fit", lines, "fit", colour=1)]


def _pieces(*columns: Array) -> list[list[list[float]]]:
    """The rows in a row in which all columns are finite."""
    good = np.isfinite(np.stack(columns)).all(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(int)))
    return [[column[a:b].tolist() for column in columns] for a, b in zip(edges[::2], edges[1::2], strict=True)]
