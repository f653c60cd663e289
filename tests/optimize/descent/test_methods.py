"""The optimizers of SciPy behind the watch, what auto begins with, and the way along kinks."""

import math
import sys
import warnings
from contextlib import suppress

import pytest

from gradcalc.errors import MissingExtra, UsageError
from gradcalc.optimize.descent import methods
from gradcalc.optimize.descent.watch import Bounds, Step, Stop, Watch
from tests.optimize.descent.test_newton import objective

ROSENBROCK = "100*(x[1] - x[0]^2)^2 + (1 - x[0])^2"
BOUNDED = ("newton", "least-squares", "l-bfgs", "l-bfgs-b")
GENERAL = [name for name in methods.METHODS if name != "least-squares"]
"""Those that take any formula."""


def descent(name: str, text: str, start: list[float], bounds: Bounds | None = None, steps: int = 5_000) -> list[Step]:
    watch = Watch(len(start), steps=steps, bounds=bounds)
    try:
        methods.METHODS[name](objective(text, len(start)), start, watch)
    except Stop as stop:
        assert stop.status == "converged"
    return list(watch)


@pytest.mark.parametrize("name", GENERAL)
@pytest.mark.parametrize(
    ("text", "start", "minimum"),
    [
        (ROSENBROCK, [-1.2, 1.0], 0.0),
        ("x[0]^2 + 2*x[0] + 1", [0.0], 0.0),
        ("exp(x[0]) - 2*x[0]", [5.0], 2 - 2 * math.log(2)),
        ("cosh(x[0] - 3) + (x[1] - x[0])^2 + 1e6", [20.0, -7.0], 1000001.0),
        ("x[0] - 10*log(x[0])", [1000.0], 10 - 10 * math.log(10)),
        ("1e-12*(x[0]^4 + (x[1] - 2)^2)", [3.0, 4.0], 0.0),
    ],
)
def test_every_method_reaches_the_minimum(name: str, text: str, start: list[float], minimum: float) -> None:
    steps = descent(name, text, start)
    assert steps[0].at == tuple(start)
    assert steps[-1].value == pytest.approx(minimum, rel=1e-12, abs=1e-18)


@pytest.mark.parametrize("name", methods.METHODS)
def test_every_step_carries_the_value_and_slope_of_its_point(name: str) -> None:
    function = objective(ROSENBROCK, 2)
    steps = descent(name, ROSENBROCK, [-1.2, 1.0])
    for step in steps:
        value, gradient = function.slope(step.at)
        rounding = 1e-14 if name == "least-squares" else 0.0  # it adds up residuals, not the formula
        assert step.value == pytest.approx(value, rel=rounding, abs=1e-24 * (rounding > 0))
        assert step.gradient_norm == pytest.approx(math.hypot(*gradient), rel=rounding, abs=1e-12 * (rounding > 0))
    assert all(a.at != b.at for a, b in zip(steps, steps[1:], strict=False))


@pytest.mark.parametrize("name", methods.METHODS)
def test_the_watch_can_stop_it_at_any_step(name: str) -> None:
    watch = Watch(2, steps=3)
    with pytest.raises(Stop) as stop:
        methods.METHODS[name](objective(ROSENBROCK, 2), [-1.2, 1.0], watch)
    assert stop.value.status == "finished"
    assert len(watch) == 4


@pytest.mark.parametrize("name", methods.METHODS)
def test_an_error_of_the_callback_is_not_swallowed(name: str) -> None:
    def fail(step: Step) -> None:
        if step.number == 2:
            raise ValueError("of the user's own")

    with pytest.raises(ValueError, match="of the user's own"):
        methods.METHODS[name](objective(ROSENBROCK, 2), [-1.2, 1.0], Watch(2, steps=9, callback=fail))


@pytest.mark.parametrize("name", sorted(set(methods.METHODS) - set(BOUNDED)))
def test_a_method_without_bounds_names_one_with(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} takes no bounds\ntry: .*l-bfgs-b"):
        descent(name, ROSENBROCK, [0.0, 0.0], [(-1, 0.5), (-math.inf, math.inf)])
    assert descent(name, ROSENBROCK, [0.0, 0.0], [(-math.inf, math.inf)] * 2)[-1].value < 1e-18


@pytest.mark.parametrize("name", BOUNDED)
def test_bounds_hold_and_the_start_is_moved_into_them(name: str) -> None:
    steps = descent(name, ROSENBROCK, [3.0, 1.0], [(-1, 0.5), (-9, 9)])
    assert steps[0].at == (0.5, 1.0)
    assert all(-1 <= step.at[0] <= 0.5 for step in steps)
    assert steps[-1].at == pytest.approx((0.5, 0.25), rel=1e-7)


@pytest.mark.parametrize("name", GENERAL)
@pytest.mark.parametrize("text", ["abs(x[0] - 1)", "x[0]", "0*x[0]", "sqrt(x[0])", "x[0]^3 + x[0]"])
def test_a_function_without_a_smooth_minimum_ends_quietly(name: str, text: str) -> None:
    watch = Watch(1, steps=200)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with suppress(Stop):
            methods.METHODS[name](objective(text, 1), [3.0], watch)
    assert watch[watch.best].value <= watch[0].value


@pytest.mark.parametrize(
    ("variables", "nodes", "rows", "name"),
    [
        (2, 50, 1, "newton"),
        (100, 1_500, 1, "newton"),
        (3, 30, 1_000_000, "newton"),
        (151, 10, 1, "l-bfgs-b"),
        (40, 10_000, 1, "l-bfgs-b"),
        (40, 1_000, 1_000, "l-bfgs-b"),
        (10, 100_000, 1, "l-bfgs-b"),
    ],
)
def test_auto_takes_hessians_where_they_pay(variables: int, nodes: int, rows: int, name: str) -> None:
    assert methods.chosen(variables, nodes, rows) == name


@pytest.mark.parametrize(
    ("text", "start", "minimum"),
    [
        ("abs(x[0]) + 2*abs(x[1] - 1)", [3.0, 5.0], 0.0),
        ("abs(1 - x[0]) + 10*abs(x[1] - x[0]^2)", [-1.2, 1.0], 0.0),
        ("abs(1 - x[0]) + 10*abs(x[1] - x[0]^2)", [-1.2, 1.44], 0.0),
        ("max(x[0]^2 + x[1]^2, (x[0] - 3)^2 + x[1]^2)", [7.0, 3.0], 2.25),
        ("relu(x[0]) + 2*relu(1 - x[0]) + (x[1] - x[0])^2", [5.0, 3.0], 1.0),
        ("abs(x[0]) - log(x[0] + 1)", [2.0], 0.0),
    ],
)
def test_along_kinks_reaches_a_minimum_that_lies_on_one(text: str, start: list[float], minimum: float) -> None:
    watch = Watch(len(start), steps=2_000)
    try:
        methods.along_kinks(objective(text, len(start)), start, watch)
    except Stop as stop:
        assert stop.status == "converged"
    assert watch[watch.best].value == pytest.approx(minimum, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("name", ["l-bfgs", "l-bfgs-b"])
def test_many_variables_within_bounds(name: str) -> None:
    text = " + ".join(f"{10 ** (i / 10):.3f}*(x[{i}] - {i / 10 - 1:g})^2" for i in range(30))
    steps = descent(name, text, [0.5] * 30, [(-0.5, 1.0)] * 30)
    wanted = [min(max(i / 10 - 1, -0.5), 1.0) for i in range(30)]
    assert steps[-1].at == pytest.approx(wanted, abs=1e-7)


def test_l_bfgs_reaches_a_kink() -> None:
    assert descent("l-bfgs", "abs(x[0]) + (x[1] - 1)^2", [1.0, 2.0])[-1].at == pytest.approx([0.0, 1.0], abs=1e-6)


def test_auto_takes_its_own_method_for_many_variables_where_scipy_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert methods.chosen(1_000, 5_000) == "l-bfgs-b"
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert methods.chosen(1_000, 5_000) == "l-bfgs"
    assert methods.chosen(2, 10) == "newton"
    with pytest.raises(MissingExtra, match="the optimizer bfgs needs SciPy, which is not installed"):
        descent("bfgs", ROSENBROCK, [-1.2, 1.0])
