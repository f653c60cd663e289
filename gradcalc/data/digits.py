"""The right digits of every row that `map` writes: by running errors in native code, else in balls row by row.

A kernel takes the columns of the formula and those of its results. Rows below the digits that are asked for go through
balls, which round their results rightly. Imports check, running_errors and native.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.arithmetic.running_errors import RunningErrors, Unbounded, right_digits
from gradcalc.data.check import RowBalls, proved_digits
from gradcalc.graph.graph import Graph
from gradcalc.settings import CERTIFY_SECONDS

TYPE = np.dtype("int8")
"""Of the column of digits."""
_WORK = 200_000
"""What balls may cost for a row, in units of about a microsecond."""
_LARGER = 40
"""How many times as many nodes a graph with its errors may have."""
_TOLD = 256
"""After so many rows in balls it is told how far they are."""

Told = Callable[[int], None] | None
"""Hears how many rows are done."""


class RowDigits:
    """Counts the right digits of the rows of a kernel's results.

    Attributes:
        kernel: takes the columns of the formula and those of the results; its value is the digits. None where an op of
            the formula has no bound of its error: then each row goes through balls.
    """

    def __init__(self, balls: RowBalls) -> None:
        self.balls = balls
        try:
            self.kernel: Kernel | None = _kernel(balls)
        except Unbounded:
            self.kernel = None

    def in_balls(self, inputs: Sequence[Any], results: Sequence[Any], places: Any, repair: bool, told: Told) -> Any:
        """The digits of some rows; `repair` writes into the results the doubles nearest to what is true."""
        digits = np.zeros(len(places), TYPE)
        for k, place in enumerate(places):
            point = [float(column[place]) for column in inputs]
            if not all(map(math.isfinite, point)):
                continue
            balls = self.balls.at(point, Budget(_WORK, CERTIFY_SECONDS))
            if repair:
                for column, ball in zip(results, balls, strict=True):
                    nearest = nearest_double(ball)
                    if nearest is not None:
                        column[place] = nearest
            found = [proved_digits(ball, float(c[place])) for ball, c in zip(balls, results, strict=True)]
            digits[k] = min(each or 0 for each in found)
            if told and (k + 1) % _TOLD == 0:
                told(k + 1)
        return digits


def _kernel(balls: RowBalls) -> Kernel:
    """The graph of values and errors of all results, as native code."""
    source = balls.formula.graph
    graph = Graph(_LARGER * len(source) + 1000)
    errors = RunningErrors(graph)
    inputs = {index: errors.exact(graph.input(name)) for name, index in source.inputs.items()}
    values = errors.evaluate(source, inputs, balls.outputs)
    given = [f"result {k}" for k in range(len(balls.outputs))]
    pairs = [(graph.ref(graph.input(name)), values[i]) for name, i in zip(given, balls.outputs, strict=True)]
    return Kernel(graph, right_digits(graph, pairs).index, [*balls.names, *given])
