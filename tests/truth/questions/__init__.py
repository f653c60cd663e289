"""Tests of what is true of a formula at a point; here the questions that many of them ask."""

from collections.abc import Mapping

import gradcalc
from gradcalc.truth.quantity import Quantity
from gradcalc.truth.report import PointReport

ORIGIN = {"x": 0, "y": 0}


def examine(formula: str, at: Mapping[str, object], order: int = 2) -> PointReport:
    return gradcalc.differentiate(formula, at, order=order, symbolic=False).points[0]


def second(formula: str, at: Mapping[str, object], row: int = 0, column: int = 0) -> Quantity:
    curvature = examine(formula, at).curvature
    assert curvature is not None
    return curvature.entries[row, column]
