"""Objectives: formulas in floats, and their means over rows of data."""

import math
from typing import Any

import numpy as np
import pytest

from gradcalc import Limits
from gradcalc.language.formula import Formula, checked_variables
from gradcalc.language.parse import as_formula
from gradcalc.language.points import to_value
from gradcalc.optimize.descent import objective as module
from gradcalc.optimize.descent.objective import DataObjective, FormulaObjective


def problem(text: str, at: dict[str, Any], columns: tuple[str, ...] = ()) -> Formula:
    point = {name: to_value(name, value, Limits()) for name, value in (at | dict.fromkeys(columns, 0)).items()}
    formula = as_formula(text, {name: value.shape for name, value in point.items()})
    return formula.differentiated(checked_variables(formula, [point], list(at), {}), 1)


def test_a_formula_at_points() -> None:
    f = FormulaObjective(problem("x**3*y + sin(z[0])*z[1]", {"x": 1, "y": 2, "z": [0, 1]}))
    assert list(f.names) == ["x", "y", "z[0]", "z[1]"]
    x = (2.0, 3.0, 0.5, 4.0)
    assert f.value(x) == 24 + math.sin(0.5) * 4
    value, gradient = f.slope(x)
    assert value == f.value(x)
    assert gradient == [36.0, 8.0, math.cos(0.5) * 4, math.sin(0.5)]
    expected = np.zeros((4, 4))
    expected[0, 0], expected[0, 1], expected[1, 0] = 36, 12, 12
    expected[2, 2], expected[2, 3], expected[3, 2] = -math.sin(0.5) * 4, math.cos(0.5), math.cos(0.5)
    np.testing.assert_allclose(f.hessian(x), expected, rtol=1e-15)


def test_a_formula_is_total() -> None:
    f = FormulaObjective(problem("log(x) + 1/x", {"x": 1}))
    assert math.isnan(f.value([-1.0]))
    assert math.isnan(f.slope([0.0])[0])
    assert f.value([1.0]) == 1.0


ROWS = 20_001


@pytest.fixture
def data() -> dict[str, Any]:
    random = np.random.default_rng(0)
    return {"x": random.normal(size=ROWS), "y": random.normal(size=ROWS)}


@pytest.fixture(params=[0, 10**9], ids=["kernel", "numpy"], autouse=True)
def few_or_many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests run with a kernel and without."""
    monkeypatch.setattr(module, "NATIVE", request.param)


def test_the_mean_over_rows(data: dict[str, Any]) -> None:
    f = DataObjective(problem("(w*x + b - y)^2 + 3*w", {"w": 0, "b": 0}, ("x", "y")), data)
    w, b = 0.3, -0.2
    r = w * data["x"] + b - data["y"]
    value, gradient = f.slope([w, b])
    assert value == pytest.approx((r**2).mean() + 3 * w, rel=1e-14)
    np.testing.assert_allclose(gradient, [(2 * r * data["x"]).mean() + 3, 2 * r.mean()], rtol=1e-13)
    x = data["x"]
    np.testing.assert_allclose(f.hessian([w, b]), [[2 * (x * x).mean(), 2 * x.mean()], [2 * x.mean(), 2]], rtol=1e-13)


def test_the_sum_over_rows_and_a_batch(data: dict[str, Any]) -> None:
    f = DataObjective(problem("(w*x - y)^2", {"w": 0}, ("x", "y")), data, "sum")
    assert f.value([0.0]) == pytest.approx((data["y"] ** 2).sum(), rel=1e-14)
    batch = f.batch(np.array([5, 7, 5]))
    assert batch.value([0.0]) == pytest.approx((data["y"][[5, 7, 5]] ** 2).sum(), rel=1e-15)
    assert f.value([0.0]) == pytest.approx((data["y"] ** 2).sum(), rel=1e-14)  # nothing has changed it


def test_the_size_of_blocks_does_not_matter(data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    f = DataObjective(problem("sin(w*x) - y", {"w": 0}, ("x", "y")), data)
    whole = f.slope([0.7])
    monkeypatch.setattr(module, "_BLOCK", 1)
    np.testing.assert_allclose(f.slope([0.7])[1], whole[1], rtol=1e-13)


def test_data_that_are_not_finite_show(data: dict[str, Any]) -> None:
    data["x"][3] = math.inf
    f = DataObjective(problem("w*x + y", {"w": 0}, ("x", "y")), data)
    assert f.value([1.0]) == math.inf
    assert math.isnan(f.value([0.0]))
