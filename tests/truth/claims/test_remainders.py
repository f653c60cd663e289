"""Gradients that are Python functions: right ones agree, wrong ones are refuted, and what says nothing is undecided."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcalc.errors import UsageError
from gradcalc.truth.claims.remainders import assert_gradient, check_functions


def f(x: float, y: float) -> float:
    return x**2 * math.sin(y)


def grad_f(x: float, y: float) -> tuple[float, float]:
    return 2 * x * math.sin(y), x**2 * math.cos(y)


BOX = {"x": (-1.0, 1.0), "y": (0.0, 3.0)}


def verdicts(*args: Any, **options: Any) -> list[str]:
    return [claim.verdict for claim in check_functions(*args, **options).claims]


@pytest.mark.parametrize("formula", [None, "x^2*sin(y)"])
def test_a_right_gradient_agrees_and_is_called_evidence(formula: str | None) -> None:
    found = check_functions(f, grad_f, box=BOX, formula=formula)
    assert {claim.verdict for claim in found.claims} == {"agrees"} and found.exit_code == 0
    assert [claim.wrt for claim in found.claims] == ([] if formula is None else [""]) + ["x", "y"]
    assert all(("evidence" in claim.why) is (formula is None) for claim in found.claims)
    assert all(claim.points == 20 for claim in found.claims)


@pytest.mark.parametrize(
    ("wrong", "formula"), [(1e-7, None), (-2.0, None), (1e-10, "x^2*sin(y)"), (1e-6, "x^2*sin(y)")]
)
def test_a_wrong_component_is_refuted_and_the_other_is_not(wrong: float, formula: str | None) -> None:
    found = check_functions(f, lambda x, y: (grad_f(x, y)[0], grad_f(x, y)[1] * (1 + wrong)), box=BOX, formula=formula)
    assert [claim.verdict for claim in found.claims[-2:]] == ["agrees", "refuted"] and found.exit_code == 1
    witness = found.claims[-1].witness
    assert witness is not None
    x, y = witness.at["x"], witness.at["y"]
    assert witness.derivative == pytest.approx(x**2 * math.cos(y), rel=1e-9)
    assert witness.claim == x**2 * math.cos(y) * (1 + wrong)


def test_a_function_that_is_not_the_formula_is_told() -> None:
    found = check_functions(f, grad_f, box=BOX, formula="x^2*sin(y) + 1e-6")
    assert [claim.verdict for claim in found.claims] == ["refuted", "agrees", "agrees"]
    assert "the value is" in found.claims[0].told


@pytest.mark.parametrize(
    ("function", "gradient", "at"),
    [
        (f, grad_f, {"x": 1, "y": 2}),
        (f, grad_f, (1.0, 2.0)),
        (f, lambda x, y: {"y": x**2 * math.cos(y), "x": 2 * x * math.sin(y)}, {"x": 1, "y": 2}),
        (lambda x: x**3, lambda x: 3 * x**2, [1.0, -2.0, 0.5]),
        (math.log, lambda x: 1 / x, 2.0),
        (lambda x: np.sum(x**2), lambda x: 2 * x, np.array([[1.0, 2.0], [3.0, -4.0]])),
        (lambda v: v[0] * v[1], lambda v: [v[1], v[0]], {"a": 2, "b": 3}),
        (lambda x: np.sin(np.float32(x)) * np.float32(x), lambda x: math.sin(x) + x * math.cos(x), 3.0),
        (lambda x: round(math.exp(x), 9), math.exp, [0.5, -1.0, 3.0]),
        (lambda *xs: xs[0] * xs[1], lambda *xs: (xs[1], xs[0]), (2.0, 3.0)),
    ],
)
def test_points_are_given_as_a_function_takes_them(
    function: Callable[..., Any], gradient: Callable[..., Any], at: Any
) -> None:
    assert_gradient(function, gradient, at=at)
    with pytest.raises(AssertionError, match="is not right:\nd/d.*: refuted: at "):
        assert_gradient(function, lambda *args, **named: _doubled(gradient(*args, **named)), at=at)


def _doubled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: 2 * each for name, each in value.items()}
    return [2 * each for each in value] if isinstance(value, (list, tuple)) else 2 * value


def test_what_has_no_value_says_nothing() -> None:
    assert verdicts(math.log, lambda x: 1 / x, box={"x": (-1, 1)}) == ["agrees"]
    assert verdicts(math.log, lambda x: 1 / x, box={"x": (-2, -1)}) == ["undecided"]
    assert verdicts(lambda x: x, lambda x: math.nan, at=1.0) == ["undecided"]
    assert verdicts(lambda x: math.inf, lambda x: 1.0, at=1.0) == ["undecided"]
    with pytest.raises(AssertionError, match="undecided"):
        assert_gradient(math.log, lambda x: 1 / x, at=-1.0)


@pytest.mark.parametrize(
    ("gradient", "options", "message"),
    [
        (grad_f, {}, "no points are given"),
        (lambda x, y: 1.0, {"box": BOX}, "gives 1 number, and there are 2 variables: x, y"),
        (grad_f, {"box": {"x": (0, 1)}}, "f takes x, y, and the points have x"),
        (grad_f, {"box": BOX, "formula": "x*y*z"}, "no values for z"),
    ],
)
def test_what_does_not_fit_is_refused(gradient: Callable[..., Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_functions(f, gradient, **options)


def test_what_a_function_raises_beside_errors_of_numbers_is_its_own() -> None:
    with pytest.raises(KeyError):
        check_functions(lambda x: {}["no"], lambda x: 1.0, at=1.0)
