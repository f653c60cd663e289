"""Least squares: which formulas are sums of squares, and NIST's certified minima from both starts."""

import math

import numpy as np
import pytest

from benchmarks import nist
from gradcalc.errors import UsageError
from gradcalc.language.formula import Variable
from gradcalc.language.parse import parse
from gradcalc.optimize.descend import descend
from gradcalc.optimize.descent import least_squares
from gradcalc.optimize.descent.least_squares import squares

_LANCZOS1 = 1.42955161054e-25
"""The least sum of its data as doubles, by Gauss and Newton in 60 digits; the certified one, 1.4307867721e-25, is that
of its decimals, by the same computation."""

HARD = (
    "Lanczos1",
    "Lanczos2",
    "Lanczos3",
    "MGH09",
    "MGH10",
    "MGH17",
    "Rat43",
    "Bennett5",
    "BoxBOD",
    "Eckerle4",
    "Thurber",
)


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("name", HARD)
def test_the_certified_minimum_is_reached(name: str, start: int) -> None:
    problem = nist.regression(name)
    found = problem.descent(start)
    assert (found.status, found.kind, found.optimizer) == ("converged", "minimum", "least-squares")
    parameters, total = problem.digits(found)
    assert parameters > 10.2
    if name == "Lanczos1":
        assert found.end.value == pytest.approx(_LANCZOS1, rel=1e-5)
    else:
        assert total > 10.2


def test_all_files_of_nist_are_there() -> None:
    assert sorted(path.stem for path in nist.FOLDER.glob("*.dat")) == sorted(nist.MODELS)
    for name in nist.MODELS:
        problem = nist.regression(name)
        assert all(start.keys() == problem.certified.keys() for start in problem.starts)
        assert len({len(column) for column in problem.columns.values()}) == 1


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("(a*x - y)^2", 1),
        ("(a - y)*(a - y)", 1),
        ("abs(a - y)^2", 1),
        ("norm([a, b])^2", 2),
        ("(a*x - y)^2/2 + 3*(b - 1)^2 + b^4 + 2", 4),
        ("sum(i=1..3, (a - i)^2)/3", 3),
        ("(a - y)^2/x^2", 1),
        ("(a - y)^2 - 1", None),
        ("-(a - y)^2", None),
        ("(a - y)^3", None),
        ("(a - y)^2 + b", None),
        ("b*(a - y)^2", None),
        ("2/(a - y)^2", None),
        ("exp(a)^2 + cosh(b)", None),
    ],
)
def test_a_sum_of_squares_is_seen(text: str, count: int | None) -> None:
    found = squares(parse(text).differentiated([Variable("a"), Variable("b")], 1))
    assert (found and len(found)) == count


@pytest.mark.parametrize("text", ["(a - y)^2", "x^2*(a - y)^2", "(a - y)^2/x^2"])
@pytest.mark.parametrize("reduce", ["mean", "sum"])
def test_weighted_means_have_the_value_of_the_formula(text: str, reduce: str) -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, -1.0, 7.0])
    found = descend(text, {"a": 1}, data={"x": x, "y": y} if "x" in text else {"y": y}, reduce=reduce)
    weights = x**2 if "x^2*" in text else x**-2 if "x" in text else np.ones(3)
    best = float(weights @ y / weights.sum())
    value = float(weights @ (y - best) ** 2) / (3 if reduce == "mean" else 1)
    assert found.optimizer == "least-squares"
    assert found.end.at[0] == pytest.approx(best, rel=1e-15)
    assert found.end.value == pytest.approx(value, rel=1e-14)


def test_negative_weights_are_no_squares() -> None:
    columns = {"w": np.array([1.0, -3.0]), "y": np.array([1.0, 2.0])}
    found = descend("w*(tanh(a) - y)^2", {"a": 0.1}, data=columns)
    assert found.optimizer == "newton"
    assert found.status != "diverged" or found.end.value < 0


def test_bounds_hold() -> None:
    found = descend("(a - 3)^2 + (b - a)^2", {"a": 0, "b": 0}, bounds={"a": (-1, 2)})
    assert found.optimizer == "least-squares"
    assert found.end.at[0] == 2.0
    assert found.end.at[1] == pytest.approx(2.0, rel=1e-15)


def test_dependent_columns_do_not_lead_far() -> None:
    found = descend("(a + b - 1)^2 + (2*a + 2*b - 3)^2", {"a": 1, "b": 1})
    assert found.end.value == pytest.approx(0.2, rel=1e-14)
    assert max(map(abs, found.end.at)) < 2


def test_a_line_through_many_orders_is_exact() -> None:
    """The condition of the Jacobian is 1e12: its square is beyond floats."""
    x = np.arange(20.0)
    found = descend("(a*x*1e-6 + b*1e6 - y)^2", {"a": 0, "b": 0}, data={"x": x, "y": 3e-6 * x + 2e6})
    assert found.end.at == pytest.approx((3.0, 2.0), rel=1e-3)
    assert math.sqrt(found.end.value) < 1e-9


def test_normal_equations_of_large_data_tell_their_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.linspace(10_000, 10_001, 50)
    columns, start = {"x": x, "y": 2 + 3 * x}, {"a": 0, "b": 0}
    assert all(n.kind != "condition" for n in descend("(a + b*x - y)^2", start, data=columns).notes)
    monkeypatch.setattr(least_squares, "_WORK", 99)
    found = descend("(a + b*x - y)^2", start, data=columns)
    assert found.optimizer == "newton"
    (told,) = [n.message for n in found.notes if n.kind == "condition"]
    scaled = np.column_stack([np.ones(50) / math.sqrt(50), x / np.linalg.norm(x)])
    assert f"condition is {np.linalg.cond(scaled) ** 2:.1g}," in told
    tame = descend("(a + b*x - y)^2", start, data=columns | {"x": x - 10_000.5})
    assert all(n.kind != "condition" for n in tame.notes)


@pytest.mark.parametrize("text", ["(a*x^b - y)^2", "(sqrt(x*a^2 + b) - y)^2", "(a*cbrt(x + b) - y)^2"])
def test_values_that_round_do_not_make_an_end_not_stationary(text: str) -> None:
    """Sums of squares over rows differ by more than their last digits where residuals cancel: balls decide."""
    x = np.linspace(1, 4, 30)
    found = descend(text, {"a": 1, "b": 1}, data={"x": x, "y": 3 * x**0.7 + 1e-3 * np.sin(37 * x)})
    assert (found.status, found.kind, found.optimizer) == ("converged", "minimum", "least-squares")


def test_what_is_no_sum_of_squares_is_refused() -> None:
    with pytest.raises(UsageError, match="the formula is no sum of squares"):
        descend("cosh(x)", {"x": 1}, optimizer="least-squares")
