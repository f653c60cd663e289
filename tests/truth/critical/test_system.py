"""Exponentials that stand before all slopes: they are left out, and points, values and kinds are those of the whole."""

import math
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.graph import ops
from gradcalc.language.parse import as_formula
from gradcalc.truth.critical.system import of_gradient, without_exponentials


def exponentials(text: str) -> int:
    """How many exponentials the slopes hold once common ones are left out."""
    formula = as_formula(text)
    inputs = [formula.graph.input(name) for name in formula.variables]
    system = without_exponentials(of_gradient(formula.graph, formula.output, inputs))
    return sum(formula.graph.nodes[node].op is ops.exp for node in formula.graph.needed(system.components))


@pytest.mark.parametrize("text, count", [
    ("x*exp(-x^2)", 0), ("-cos(x)*cos(y)*exp(-(x - 3)^2 - (y - 3)^2)", 0), ("exp(2x)*y/3", 0), ("exp(x*y)", 0),
    ("exp(x)*exp(y)*x*y", 0), ("exp(x) + exp(y)", 2), ("exp(-x^2)*y + x", 1), ("exp(x)/(1 + exp(2x))", 1),
])  # fmt: skip
def test_common_exponentials_are_left_out(text: str, count: int) -> None:
    assert exponentials(text) == count


def test_waves_that_are_too_small_for_doubles_are_proved() -> None:
    found = gradcalc.critical("x*y*exp(-x^2 - y^2)", box="x=-50:50,y=-50:50")  # exp(-5000) is none
    assert found.complete
    assert [(point.kind, point.index) for point in found.points] == [
        ("minimum", 0), ("minimum", 0), ("saddle", 1), ("maximum", 2), ("maximum", 2),
    ]  # fmt: skip
    assert found.points[0].value_float == pytest.approx(-1 / (2 * math.e), rel=1e-15)
    assert {abs(point.floats["x"]) for point in found.points} == {0.0, math.sqrt(0.5)}


def test_easom_has_its_minimum_and_the_waves_about_it() -> None:
    found = gradcalc.critical("-cos(x)*cos(y)*exp(-(x - pi)^2 - (y - pi)^2)", box="x=-9:9,y=-9:9")
    x = np.linspace(-9, 9, 20_000)
    zeros, slopes = (int((np.diff(np.sign(each)) != 0).sum()) for each in (np.cos(x), sin_and_cos(x)))
    assert (zeros, slopes) == (6, 7)  # either both cosines are 0, or both of what else there is of a slope
    assert found.complete and len(found.points) == zeros**2 + slopes**2
    assert [point.kind for point in found.points].count("saddle") == zeros**2
    assert (found.points[0].value_float, found.points[0].kind) == (-1.0, "minimum")
    assert found.points[0].floats == {"x": np.pi, "y": np.pi}


def sin_and_cos(x: Any) -> Any:
    """A factor of the slope."""
    return np.sin(x) + 2 * (x - np.pi) * np.cos(x)


def test_far_out_nothing_is_critical_beside_an_exponential() -> None:
    found = gradcalc.critical("x*exp(-x^2)", box="x=-inf:inf")
    assert found.complete and [point.floats["x"] for point in found.points] == [-math.sqrt(0.5), math.sqrt(0.5)]
