"""Newton's method: quadratic convergence, saddles, domains, bounds, scales."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from gradcalc.language.formula import Variable
from gradcalc.language.parse import parse
from gradcalc.optimize.descent.newton import newton
from gradcalc.optimize.descent.objective import FormulaObjective
from gradcalc.optimize.descent.watch import Step, Stop, Watch


def objective(text: str, count: int) -> FormulaObjective:
    """A formula in `x[0]`, `x[1]`, ... as an objective."""
    return FormulaObjective(parse(text, shapes={"x": (count,)}).differentiated([Variable("x", (count,))], 1))


def descent(text: str, start: Sequence[float], bounds: Sequence[tuple[float, float]] | None = None) -> list[Step]:
    """The steps of Newton's method."""
    watch = Watch(len(start), steps=1_000, bounds=bounds)
    try:
        newton(objective(text, len(start)), start, watch)
    except Stop as stop:
        assert stop.status == "converged"
    return list(watch)


def test_the_start_is_the_first_step() -> None:
    assert descent("x[0]^2", [3.0])[0].at == (3.0,)


def test_values_never_rise() -> None:
    values = [step.value for step in descent("100*(x[1] - x[0]^2)^2 + (1 - x[0])^2", [-1.2, 1.0])]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 1e-25


def test_the_last_steps_double_the_digits() -> None:
    steps = descent("exp(x[0]) - 2*x[0]", [3.0])
    errors = [abs(step.at[0] - math.log(2)) for step in steps]
    near = [(a, b) for a, b in zip(errors, errors[1:], strict=False) if 1e-7 < a < 0.1]
    assert near and all(b < a * a for a, b in near)
    assert errors[-1] < 1e-15


@pytest.mark.parametrize("start", [1e8, -1e8, 1e-8])
def test_a_parabola_is_solved_exactly_from_anywhere(start: float) -> None:
    assert descent("(x[0] - 1)^2", [start])[-1].at == (1.0,)


@pytest.mark.parametrize("start", [[1.0, 0.0], [1.0, 1e-12], [0.5, -1e-300]])
def test_a_saddle_is_left(start: list[float]) -> None:
    assert descent("x[0]^2 - x[1]^2 + x[1]^4", start)[-1].value == pytest.approx(-0.25, rel=1e-14)


def test_negative_curvature_at_the_start_does_not_lead_uphill() -> None:
    assert descent("-cos(x[0])", [3.1])[-1].value == -1


def test_a_singular_hessian_is_no_obstacle() -> None:
    assert descent("(x[0] + x[1] - 3)^2", [5.0, 1.0])[-1].value < 1e-28
    assert descent("x[0]^4", [3.0])[-1].value < 1e-50


@pytest.mark.parametrize("start", [1e-3, 1e3])
def test_a_step_out_of_the_domain_is_taken_back(start: float) -> None:
    steps = descent("x[0] - 10*log(x[0])", [start])
    assert all(math.isfinite(step.value) for step in steps)
    assert steps[-1].at[0] == pytest.approx(10, rel=1e-14)


def test_variables_of_very_different_scale() -> None:
    steps = descent("(x[0] - 10^9)^2 + 10^20*(x[1] - 1e-9)^2 + (x[0]*x[1] - 1)^2", [1.0, 1.0])
    assert steps[-1].at == pytest.approx((1e9, 1e-9), rel=1e-12)


@pytest.mark.parametrize("factor", ["1e-30", "1e30"])
def test_the_path_does_not_depend_on_the_unit_of_the_value(factor: str) -> None:
    plain = descent("100*(x[1] - x[0]^2)^2 + (1 - x[0])^2", [-1.2, 1.0])
    scaled = descent(f"{factor}*(100*(x[1] - x[0]^2)^2 + (1 - x[0])^2)", [-1.2, 1.0])
    assert [step.at for step in scaled[:15]] == [pytest.approx(step.at, rel=1e-6) for step in plain[:15]]


def test_a_kink_ends_the_descent() -> None:
    assert descent("abs(x[0] - 1)", [3.0])[-1].value < 1e-12


def test_a_function_without_a_minimum_runs_on_until_the_watch_ends_it() -> None:
    watch = Watch(1, steps=1_000)
    with pytest.raises(Stop) as stop:
        newton(objective("x[0]", 1), [1.0], watch)
    assert stop.value.status == "diverged"


@pytest.mark.parametrize(
    ("text", "start", "bounds", "end"),
    [
        ("x[0]^2 + x[1]^2", [3, 4], [(1, 5), (-math.inf, math.inf)], (1, 0)),
        ("x[0] + x[1]^2", [3, 4], [(1, 5), (-1, 9)], (1, 0)),
        ("100*(x[1] - x[0]^2)^2 + (1 - x[0])^2", [-1.2, 1], [(-2, 0.5), (-9, 9)], (0.5, 0.25)),
        ("(x[0] - 1)^2 + (x[1] - 2)^2 + x[0]*x[1]", [3, 4], [(0, 5), (2, 3)], (0, 2)),
        ("x[0]^2", [9], [(2, 5)], (2,)),
    ],
)
def test_bounds_are_kept_and_reached(
    text: str, start: list[float], bounds: list[tuple[float, float]], end: tuple[float, ...]
) -> None:
    steps = descent(text, start, bounds)
    assert all(low <= x <= high for step in steps for x, (low, high) in zip(step.at, bounds, strict=True))
    assert steps[-1].at == pytest.approx(end, abs=1e-14)


def test_a_hessian_that_is_not_finite_is_replaced() -> None:
    steps = descent("abs(x[0])^1.5 + (x[1] - 1)^2", [0.0, 5.0])
    assert steps[-1].value < 1e-12


def test_what_the_watch_raises_passes_through() -> None:
    with pytest.raises(Stop) as stop:
        newton(objective("x[0]^2 + exp(x[0])", 1), [3.0], Watch(1, steps=2))
    assert stop.value.status == "finished"


def test_no_warning_of_numpy_is_set_off_by_huge_numbers() -> None:
    with np.errstate(all="raise"):
        assert descent("x[0]^2 + 1e-200*exp(x[0])", [700.0])[-1].value == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("start", [[-7.0, 20.0], [1e6, -3.0], [1e-9, 0.0]])
@pytest.mark.parametrize("text", ["x[0]^2 + 100*x[1]^2 + x[0]*x[1] - 3*x[0]", "(x[0] - 1e6)^2 + 3*(x[1] - x[0])^2"])
def test_a_quadratic_takes_one_or_two_steps(text: str, start: list[float]) -> None:
    assert len(descent(text, start)) - 1 <= 2


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("x[0]*sin(x[1])", [1.0, 1.0]),
        ("x[0]*x[1]", [1.0, 1.0]),
        ("x[0]*exp(x[1])", [1.0, 1.0]),
        ("x[0]*tanh(x[1])", [1.0, 1.0]),
        ("x[0]*log(x[1])", [1.0, 2.0]),
        ("x[0]", [1.0]),
        ("-x[0]^2", [1.0]),
        ("x[0]^2 - x[1]^4", [1.0, 0.0]),
    ],
)
def test_what_falls_without_bound_is_followed_far(text: str, start: list[float]) -> None:
    """Radii beyond the root of the largest double have no square."""
    watch = Watch(len(start), steps=2_000)
    with pytest.raises(Stop):
        newton(objective(text, len(start)), start, watch)
    assert watch[watch.best].value < -1e100


def test_a_degenerate_saddle_is_left() -> None:
    assert descent("x[0]^2 - x[1]^4 + x[1]^6", [1.0, 0.0])[-1].value == pytest.approx(-4 / 27, rel=1e-12)
