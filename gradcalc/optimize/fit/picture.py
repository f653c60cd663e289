"""A fit as a `Picture`: the data, the curve with its bands, the residuals below. Imports answer."""

from collections.abc import Sequence

import numpy as np

from gradcalc.errors import UsageError
from gradcalc.optimize.fit.answer import Fit
from gradcalc.optimize.rows import Array, Rows
from gradcalc.show.picture import Band, Curve, Marks, Panel, Picture, Place

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
    response, foretold = problem.evaluated(place, [model.response, model.prediction]).T
    left = model.text.partition("~")[0].strip()
    if len(names) != 1:
        over, layers, label = foretold, _diagonal(foretold), "foretold"
    else:
        over, layers, label = problem.columns[names[0]], _curve(fit, names[0]), names[0]
    chosen = np.linspace(0, len(over) - 1, min(_MOST, len(over))).astype(int)
    sign = "point" if len(over) <= _FEW else "data"
    data = Marks("data", sign, _places(over[chosen], response[chosen]), "data")
    rest = Marks("residuals", sign, _places(over[chosen], (response - foretold)[chosen]))
    span = [(float(over.min()), 0.0), (float(over.max()), 0.0)]
    upper = Panel([*layers, data], label, left, share=2.0)
    lower = Panel([Curve("zero", [span], dashed=True), rest], label, "residual")
    told = ", ".join(f"{each.name} = {each.estimate:.6g}" for each in fit.parameters)
    return Picture(fit.expression, [upper, lower], told)


def _places(xs: Array, ys: Array) -> list[Place]:
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def _diagonal(foretold: Array) -> Sequence[Curve | Band]:
    ends = [float(foretold.min()), float(foretold.max())]
    return [Curve("fit", [[(x, x) for x in ends]], "as foretold", colour=1)]


def _curve(fit: Fit, name: str) -> Sequence[Curve | Band]:
    """The curve between the least and the largest x, in pieces where it has values, and its bands."""
    column = fit.problem.columns[name]
    xs = np.linspace(float(column.min()), float(column.max()), _DOTS)
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
