"""A formula and its uncertain inputs as kernels and columns of samples. Imports samples, reach and compile."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.graph.shapes import Shape, labels
from gradcalc.language.formula import Formula, Point
from gradcalc.language.points import numbers
from gradcalc.settings import UncertaintySettings
from gradcalc.truth.uncertainty.covariance import Inputs
from gradcalc.truth.uncertainty.laws import Array, Draws
from gradcalc.truth.uncertainty.reach import Crossing, crossings
from gradcalc.truth.uncertainty.samples import Run, sample

_LOOKED_AT = 1 << 16
"""How many samples tell what is within reach."""


@np.errstate(all="ignore")  # samples that are not finite are counted
def simulate(
    formula: Formula,
    point: Point,
    inputs: Inputs,
    freedom: Mapping[int, float],
    wanted: UncertaintySettings,
    told: Callable[[int], None] | None = None,
) -> tuple[Run, list[list[Crossing]]]:
    """What samples say of each result, and the kinks and jumps of each that they cross."""
    shapes: dict[str, Shape] = {name: value.shape for name, value in formula.variables.items()}
    at = {name: numbers(value, Floats()) for name, value in point.items()}

    def columns(values: Sequence[Array]) -> dict[str, Any]:
        drawn = dict(zip(inputs.labels, values, strict=True))
        return {name: _columns(name, shape, at[name], drawn) for name, shape in shapes.items()}

    kernels = [Kernel(formula.graph, item, list(shapes), shapes=shapes) for item in formula.items]
    look = columns(Draws(inputs, freedom, wanted.seed).next(min(_LOOKED_AT, wanted.samples)))
    crossed = [crossings(formula.graph, item, shapes, look) for item in formula.items]
    draws = Draws(inputs, freedom, wanted.seed)
    return sample(kernels, columns, draws, wanted.samples, wanted.level, told), crossed


def _columns(name: str, shape: Shape, at: Sequence[float], drawn: Mapping[str, Array]) -> Any:
    """A variable of a kernel: its samples, or its one value for all."""
    named = labels(name, shape)
    sizes = {len(drawn[label]) for label in named if label in drawn}
    if not shape:
        return drawn.get(name, at[0])
    if not sizes:
        return np.reshape(at, shape)
    size = sizes.pop()
    rows = [drawn[label] if label in drawn else np.full(size, value) for label, value in zip(named, at, strict=True)]
    return np.stack(rows).reshape(*shape, size)
