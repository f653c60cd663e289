"""The end of a descent: kinks and jumps where the value still falls, valleys without an end, free variables at bounds."""

from typing import Any

import numpy as np
import pytest

from gradcalc.optimize.descend import OPTIMIZERS, descend


@pytest.mark.parametrize(
    ("formula", "start", "value", "at"),
    [
        ("x^2-relu(x)", {"x": -1.3}, -0.25, 0.5),
        ("x^2-2*relu(x)", {"x": -1}, -1, 1),
        ("x^2-3*relu(x)", {"x": -4}, -2.25, 1.5),
        ("leaky_relu(x)^2-relu(x)", {"x": -1}, -0.25, 0.5),
        ("x^2-abs(x)+y^2", {"x": 0, "y": 3}, -0.25, 0.5),
        ("(x-1/3)^2-relu(x-1/3)", {"x": -2}, -0.25, 1 / 3 + 0.5),
        ("cos(x)", {"x": 0}, -1, np.pi),
        ("x^4-x^2", {"x": 0}, -0.25, 0.5**0.5),
    ],
)
def test_a_descent_goes_on_where_the_value_falls(formula: str, start: dict[str, Any], value: float, at: float) -> None:
    found = descend(formula, start)
    assert (found.status, found.kind) == ("converged", "minimum")
    assert found.value == pytest.approx(value, rel=1e-12)
    assert abs(found.at["x"]) == pytest.approx(at, rel=1e-8)
    assert any(note.kind == "went_on" for note in found.notes)


@pytest.mark.parametrize(("formula", "x"), [("x^2-relu(x)", -1), ("(x-1)^2*(x+1)^2", 0)])
def test_what_stops_on_a_kink_or_a_saddle_by_a_rate_goes_on(formula: str, x: float) -> None:
    found = descend(formula, {"x": x}, learning_rate=0.5 if x else 0.05)
    assert (abs(found.at["x"]), found.status, found.kind) == (
        pytest.approx(1 if x == 0 else 0.5),
        "converged",
        "minimum",
    )
    assert any(note.kind == "went_on" for note in found.notes)


def test_a_jump_is_no_minimum() -> None:
    found = descend("floor(x)+x^2", {"x": 3})
    assert (found.status, found.kind) == ("finished", "at a jump")
    found = descend("ceil(x)+x^2", {"x": 0.5})
    assert (found.value, found.at["x"], found.kind) == (0, 0, "minimum at a jump")


@pytest.mark.parametrize(
    ("formula", "start", "words"),
    [
        ("where(x<=0,x^2,-x)", -1, "-inf as x grows"),
        ("exp(-x)", 0, "0 as x grows"),
        ("exp(-x)", 800, "0 as x grows"),
        ("log(x)", 3, "-inf as x approaches 0"),
        ("-log(x)", 3, "-inf as x grows"),
        ("1/x", 3, "0 as x grows"),
        ("x^3", 0, "-inf as x falls"),
        ("softplus(x)", 1, "0 as x falls"),
    ],
)
def test_no_minimum_is_called_so(formula: str, start: float, words: str) -> None:
    found = descend(formula, {"x": start})
    assert (found.status, found.exit_code) == ("unbounded", 1)
    assert found.reason == f"no minimum: the value still falls towards {words}"


def test_separable_data_have_no_minimum() -> None:
    data = {"x": [1, 2, 3, 4], "y": [0, 0, 1, 1]}
    found = descend("softplus(-(2*y-1)*(a*x+b))", {"a": 0, "b": 0}, data=data)
    assert (found.status, found.exit_code) == ("unbounded", 1)
    assert found.reason == "no minimum: the value still falls towards 0 as a grows and b falls"


@pytest.mark.parametrize("formula", ["-x^2", "x^3", "-x", "-exp(x)", "-abs(x)"])
@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "least-squares"])
def test_every_method_ends_where_there_is_no_bottom(formula: str, optimizer: str) -> None:
    found = descend(formula, {"x": 1}, optimizer=optimizer)
    assert (found.status, found.exit_code) == ("unbounded", 1)
    assert found.reason.startswith("no minimum: the value still falls towards -inf as x ")


@pytest.mark.parametrize("formula", ["x^4", "x^2+y^4", "(x+y)^2", "(x-1)^4+y^2", "5", "1e-300*x^2+y^2"])
def test_a_flat_minimum_is_not_called_bottomless(formula: str) -> None:
    found = descend(formula, {"x": 1, **({"y": 1} if "y" in formula else {})})
    assert found.status == "converged"
    assert found.kind in ("minimum", "degenerate")


@pytest.mark.parametrize("more", ["", "+abs(y)", "+y^2"])
def test_a_slope_that_floats_cannot_follow_is_no_minimum(more: str) -> None:
    found = descend("sin(3e7*t)" + more, {"t": 1.7e9, **({"y": 1} if more else {})})
    assert found.kind == "not stationary"
    assert found.status == "finished"


def test_a_bound_hides_no_saddle() -> None:
    saddle = "(-2)*x*y^2 - x^2*y^4 + x^4 + y^4"
    found = descend(saddle, {"x": 0.1, "y": 0}, bounds={"x": (1, 3)})
    assert (found.status, found.exit_code) == ("unbounded", 1)
    (moved,) = [note.message for note in found.notes if note.kind == "bounds"]
    assert moved == "the start x = 0.1 is out of its bounds: moved to 1"
    found = descend("x-2*y^2+y^4", {"x": 1, "y": 0}, bounds={"x": (1, 3)})
    assert (found.status, found.kind, found.value) == ("at a bound", "at a bound", pytest.approx(0))


@pytest.mark.parametrize(
    ("formula", "start", "end"),
    [
        ("acos(x)", 0.5, 1),
        ("sqrt(x)", 3, 0),
        ("asin(x-0.3)", 0.5, -0.7),
        ("acosh(x)", 3, 1),
        ("sqrt(x+1)+relu(x)+cos(x)", 2, -1),
        ("-x*log(x)", 0.1, 0),
    ],
)
def test_the_edge_of_a_domain_is_told(formula: str, start: float, end: float) -> None:
    found = descend(formula, {"x": start})
    assert (found.status, found.kind) == ("finished", "not stationary")
    assert found.reason == "the edge of the domain: the value is least there"
    assert found.at["x"] == pytest.approx(end, abs=1e-15)


def test_along_an_edge_nothing_more_is_claimed_than_was_seen() -> None:
    found = descend("sqrt(1-x^2-y^2)+x", {"x": 0.1, "y": 0.2})
    assert (found.status, found.kind) == ("finished", "not stationary")
    assert "least" not in found.reason
    found = descend("acos(2*x)", {"x": 0.5})
    assert (found.status, found.reason) == ("finished", "the slope is infinite there: no step leads on")


@pytest.mark.parametrize(
    ("formula", "start", "value"),
    [("-floor(x)+where(x>0,x,x^2)", 3, 0), ("x-floor(x)", 1, 0)],
)
def test_a_minimum_at_a_jump_may_have_a_slope(formula: str, start: float, value: float) -> None:
    found = descend(formula, {"x": start})
    assert (found.status, found.kind, found.value) == ("converged", "minimum at a jump", value)


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("sin(x)-x", {"x": 0.5}),  # the slope at 1e20 is 0 as far as floats tell
        ("ceil(2*y)+(2*x)^4-sqrt(2*x)*log1p((2*x)^2)", {"x": 1, "y": 0.5}),
        ("x*sin(y)", {"x": 1, "y": 1}),
    ],
)
def test_what_falls_by_stairs_and_beyond_rounding_is_no_minimum(formula: str, at: dict[str, Any]) -> None:
    found = descend(formula, at)
    assert (found.status, found.exit_code) == ("unbounded", 1)
    assert found.kind in ("not stationary", "degenerate")


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("(y-x^2)*(y-2*x^2)", {"x": 0, "y": 0}),  # along every line through 0 the value rises
        ("(y-x^2)*(y-2*x^2)", {"x": 1, "y": 1}),
        ("(x-3y)^2-y", {"x": 1, "y": 1}),  # no direction of the valley is exact in floats
        ("(x-pi*y)^2-y", {"x": 1, "y": 1}),
        ("(10y+x-1/3)^4-(y/2+3x)^2", {"x": 0.05, "y": 2.5}),
        ("(-y+10x+0.7)^4-1e-6*sqrt(abs(3x+2))", {"x": 2, "y": -0.64}),
        ("abs(x*y)^1.5-softplus(2y)", {"x": 1, "y": 1}),
        ("x^3-3*x*y^2", {"x": 0, "y": 0}),
        ("x*y^2*z", {"x": 0, "y": 0, "z": 0}),
        ("0.01*tanh(3y)+x^2", {"x": 0.1, "y": 1}),
    ],
)
def test_bent_and_oblique_valleys_without_an_end_are_no_minima(formula: str, at: dict[str, Any]) -> None:
    found = descend(formula, at)
    assert (found.status, found.exit_code) == ("unbounded", 1)
    assert found.reason.startswith("no minimum: the value still falls towards ")


def test_a_cubic_goes_on_beyond_its_flat_place() -> None:
    found = descend("x^3", {"x": 1})
    assert found.status == "unbounded"
    assert found.at["x"] < -1


def test_a_value_near_the_end_of_the_range_may_have_a_minimum() -> None:
    found = descend("-1e301*exp(-x^2)", {"x": 1})
    assert (found.status, found.kind, found.value) == ("converged", "minimum", -1e301)


def test_a_ridge_of_kinks_is_followed() -> None:
    found = descend("sqrt((-2w+0.1y+2)^2+1)+1e6*abs(w+3z+y+x+2)", dict.fromkeys("xyzw", 0))
    assert found.value == pytest.approx(1, abs=1e-8)


def test_a_cusp_without_a_kink_of_an_op_is_a_minimum() -> None:
    found = descend("cbrt(x^2)", {"x": 1})
    assert (found.status, found.kind) == ("converged", "minimum at a kink")
    assert found.at["x"] == pytest.approx(0, abs=1e-20)


@pytest.mark.parametrize(
    ("formula", "at", "free", "rest"),
    [
        ("-acos(-x)+y^2", {"x": 0.1, "y": 0.2}, "y", 0),
        ("asin(2y)+x^2", {"x": 1, "y": 0.2}, "x", 0),
    ],
)
def test_at_an_edge_the_other_variables_come_to_rest(formula: str, at: dict[str, Any], free: str, rest: float) -> None:
    found = descend(formula, at)
    assert found.at[free] == pytest.approx(rest, abs=1e-12)
    assert (found.status, found.reason) == (
        "finished", "the edge of the domain: no lower value was found beside it"
    )  # fmt: skip
