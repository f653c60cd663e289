"""One descent, where it is hard too: minima that auto finds, kinks, rates too large, batches, interruption."""

from typing import Any

import numpy as np
import pytest

from gradcalc.optimize.descend import FIRST_ORDER, descend

HIMMELBLAU = "(x^2+y-11)^2+(x+y^2-7)^2"
BEALE = "(1.5-x+x*y)^2+(2.25-x+x*y^2)^2+(2.625-x+x*y^3)^2"
GOLDSTEIN_PRICE = (
    "(1+(x+y+1)^2*(19-14x+3x^2-14y+6x*y+3y^2))*(30+(2x-3y)^2*(18-32x+12x^2+48y-36x*y+27y^2))"
)  # fmt: skip
BRANIN = "(y-5.1/(4pi^2)*x^2+5/pi*x-6)^2+10*(1-1/(8pi))*cos(x)+10"
SIX_HUMP = "(4-2.1x^2+x^4/3)*x^2+x*y+(-4+4y^2)*y^2"

MINIMA: list[tuple[str, dict[str, Any], float]] = [
    (HIMMELBLAU, {"x": 0, "y": 0}, 0),
    (BEALE, {"x": 1, "y": 0.8}, 0),
    (GOLDSTEIN_PRICE, {"x": 0.5, "y": -0.5}, 3),
    (BRANIN, {"x": 3, "y": 3}, 0.39788735772973816),
    (SIX_HUMP, {"x": 0.5, "y": -1}, -1.031628453489877),
    ("(x+2y-7)^2+(2x+y-5)^2", {"x": -9, "y": 9}, 0),
    ("0.26*(x^2+y^2)-0.48*x*y", {"x": 8, "y": -9}, 0),
    ("sin(3pi*x)^2+(x-1)^2*(1+sin(3pi*y)^2)+(y-1)^2*(1+sin(2pi*y)^2)", {"x": 1.1, "y": 0.9}, 0),
    ("-cos(x)*cos(y)*exp(-((x-pi)^2+(y-pi)^2))", {"x": 2, "y": 2.5}, -1),
    ("0.5*sum(x^4-16x^2+5x)", {"x": [-2] * 5}, -195.8308285188571),
    ("sin(x+y)+(x-y)^2-1.5x+2.5y+1", {"x": 0, "y": 0}, -1.9132229549810362),
    ("x^2+2y^2-0.3cos(3pi*x)-0.4cos(4pi*y)+0.7", {"x": 0.1, "y": 0.1}, 0),
    ("(1e6*x-1)^2+(1e-6*y-1)^2", {"x": 0, "y": 0}, 0),
    ("gamma(x)", {"x": 3}, 0.8856031944108887),
    ("1/x+x", {"x": 0.1}, 2),
    ("-sqrt(1-x^2)", {"x": 0.9}, -1),
]


@pytest.mark.parametrize(("formula", "start", "least"), MINIMA)
def test_auto_finds_the_minimum(formula: str, start: dict[str, Any], least: float) -> None:
    found = descend(formula, start)
    assert found.value == pytest.approx(least, rel=1e-8, abs=1e-8)
    assert (found.status, found.kind) == ("converged", "minimum")


@pytest.mark.parametrize(
    ("formula", "start", "least"),
    [
        ("max((x-1)^2+y^2,(x+1)^2+y^2,x^2+(y-2)^2)", {"x": 3, "y": 3}, 1.5625),
        ("max(x^2+y^4,(2-x)^2+(2-y)^2,2exp(-x+y))", {"x": 1, "y": -0.1}, 1.9522244938870666),
        ("abs(x*y-1)+0.01*(x^2+y^2)", {"x": 2, "y": 2}, 0.02),
        ("max(abs(x),abs(y))", {"x": 3, "y": 1}, 0),
        ("sqrt(abs(x))", {"x": 2}, 0),
        ("abs(x)", {"x": 0}, 0),
    ],
)
def test_a_minimum_on_kinks_is_reached_and_told(formula: str, start: dict[str, Any], least: float) -> None:
    found = descend(formula, start)
    assert found.value == pytest.approx(least, abs=1e-8)
    assert (found.status, found.kind) == ("converged", "minimum at a kink")
    assert any(note.kind == "kink" for note in found.notes)


def test_the_edge_of_the_domain_is_not_stepped_over() -> None:
    found = descend("acos(x)", {"x": 0})
    assert (found.status, found.exit_code) == ("finished", 0)
    assert found.value == pytest.approx(0, abs=1e-6)


def test_slow_growth_to_infinity_is_divergence() -> None:
    found = descend("12*x^2+y^2", {"x": 1, "y": 1}, learning_rate=0.09)
    assert (found.status, found.exit_code, found.end.number) == ("diverged", 1, 0)
    assert any("lr 0.042 works" in note.message for note in found.notes)


def test_steps_that_are_too_long_but_do_not_grow_are_no_divergence() -> None:
    found = descend("(1e6*x-1)^2+(1e-6*y-1)^2", {"x": 0, "y": 0}, optimizer="rmsprop")
    assert found.status == "finished"


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
@pytest.mark.parametrize(("formula", "start"), [(formula, start) for formula, start, _ in MINIMA[:8]])
def test_a_recommended_rate_works(formula: str, start: dict[str, Any], optimizer: str) -> None:
    found = descend(formula, start, optimizer=optimizer, learning_rate=6.0)
    (message,) = [note.message for note in found.notes if note.kind == "post_mortem"]
    rate = float(message.partition("; lr ")[2].partition(" works")[0])
    again = descend(formula, start, optimizer=optimizer, learning_rate=rate)
    assert again.status != "diverged"
    assert again.value < found.watch[0].value


def test_a_nan_is_traced_to_its_row() -> None:
    data = {"x": np.array([1.0, 2.0, 3.0]), "y": np.array([1.0, np.inf, 2.0])}
    (note,) = [note for note in descend("(w*x-y)^2", {"w": 0}, data=data).notes if note.kind == "nan_origin"]
    assert "infinity first appears in y, in row 2 of the data" in note.message
    assert note.span == (5, 6)


def test_a_step_that_overflows_is_not_blamed_on_the_formula() -> None:
    found = descend("x^2", {"x": 1}, learning_rate=1e308)
    (note,) = [note for note in found.notes if note.kind == "nan_origin"]
    assert (note.message, note.span) == ("the step itself overflowed, at step 1 (x = -inf)", None)


@pytest.mark.parametrize("optimizer", FIRST_ORDER)
def test_a_batch_never_stands_for_the_whole(optimizer: str) -> None:
    data = {"y": np.array([0.0, 10.0])}
    found = descend(
        "(m-y)^2",
        {"m": 0},
        data=data,
        optimizer=optimizer,
        batch_size=1,
        steps=5,
        callback=lambda step: step.number == 3,
    )
    assert found.status == "interrupted"
    m = found.at["m"]
    assert found.value == pytest.approx((m**2 + (m - 10) ** 2) / 2)


def test_a_batch_without_a_slope_does_not_end_the_descent() -> None:
    data = {"y": np.array([0.0] * 30 + [10.0])}
    found = descend("(m-y)^2", {"m": 0}, data=data, learning_rate=0.1, batch_size=1, epochs=4)
    assert found.steps == 4 * 31


@pytest.mark.parametrize("optimizer", ["sgd", "bfgs"])
def test_an_interrupt_before_the_first_step_is_an_interrupt(optimizer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcalc.optimize.descent.watch.Watch.__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        descend("x^2", {"x": 1}, optimizer=optimizer)
