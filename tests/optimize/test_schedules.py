"""Schedules: Keras's numbers, arrays of steps, printing, errors."""

from collections.abc import Callable

import numpy as np
import pytest

import gradcalc
from gradcalc import optimize
from gradcalc.optimize import schedules

STEPS = [0, 1, 5, 10, 25, 40]
KERAS: list[tuple[Callable[[], optimize.LearningRateSchedule], list[float]]] = [  # by Keras 3.15.0, in float32
    (lambda: optimize.ExponentialDecay(0.5, 10, 0.25), [0.5, 0.435275286, 0.25, 0.125, 0.015625, 0.001953125]),
    (lambda: optimize.ExponentialDecay(0.5, 10, 0.25, staircase=True), [0.5, 0.5, 0.5, 0.125, 0.03125, 0.001953125]),
    (lambda: optimize.PiecewiseConstantDecay([5, 25], [0.5, 0.25, 0.125]), [0.5, 0.5, 0.5, 0.25, 0.25, 0.125]),
    (lambda: optimize.PolynomialDecay(0.5, 20, 0.25, power=2.0), [0.5, 0.475624979, 0.390625, 0.3125, 0.25, 0.25]),
    (
        lambda: optimize.PolynomialDecay(0.5, 20, 0.25, power=0.5, cycle=True),
        [0.5, 0.493669868, 0.466506362, 0.426776707, 0.4030931, 0.25],
    ),
    (lambda: optimize.InverseTimeDecay(0.5, 10, 0.25), [0.5, 0.48780489, 0.444444448, 0.400000006, 0.307692319, 0.25]),
    (lambda: optimize.InverseTimeDecay(0.5, 10, 0.25, staircase=True), [0.5, 0.5, 0.5, 0.400000006, 0.333333343, 0.25]),
    (lambda: optimize.CosineDecay(0.5, 20, alpha=0.125), [0.5, 0.497306824, 0.435929626, 0.28125, 0.0625, 0.0625]),
    (
        lambda: optimize.CosineDecay(0.125, 20, warmup_target=0.5, warmup_steps=10),
        [0.125, 0.162499994, 0.3125, 0.5, 0.0732233077, 0.0],
    ),
    (
        lambda: optimize.CosineDecayRestarts(0.5, 10, m_mul=0.5, alpha=0.125),
        [0.5, 0.489293605, 0.28125, 0.28125, 0.0945352018, 0.155857414],
    ),
    (lambda: optimize.CosineDecayRestarts(0.5, 10, t_mul=1.0), [0.5, 0.48776412, 0.249999985, 0.5, 0.249999985, 0.5]),
]


@pytest.mark.parametrize(("make", "expected"), KERAS)
def test_rates_are_those_of_keras(make: Callable[[], optimize.LearningRateSchedule], expected: list[float]) -> None:
    schedule = make()
    np.testing.assert_allclose([schedule(step) for step in STEPS], expected, rtol=3e-7, atol=3e-8)
    assert isinstance(schedule(3), float)
    assert (schedule(np.array(STEPS)) == [schedule(step) for step in STEPS]).all()


@pytest.mark.parametrize("make", [make for make, _ in KERAS])
def test_a_schedule_can_be_made_from_its_config(make: Callable[[], optimize.LearningRateSchedule]) -> None:
    schedule = make()
    twin = type(schedule).from_config(schedule.get_config())
    assert twin.get_config() == schedule.get_config() and twin(7) == schedule(7)


def test_every_schedule_is_among_those_of_keras() -> None:
    kinds = {name for name in schedules.__all__ if name != "LearningRateSchedule"}
    assert {type(make()).__name__ for make, _ in KERAS} == kinds


def test_closed_forms() -> None:
    assert optimize.ExponentialDecay(1.0, 2, 0.25)(1) == 0.5
    assert optimize.InverseTimeDecay(1.0, 2, 0.5)(4) == 0.5
    assert optimize.PolynomialDecay(1.0, 4, 0.0, power=2.0)(2) == 0.25
    assert optimize.CosineDecay(1.0, 4)(2) == pytest.approx(0.5, rel=1e-15)
    assert optimize.CosineDecayRestarts(1.0, 4)(4) == 1.0
    assert [optimize.PiecewiseConstantDecay([2], [1.0, 0.5])(step) for step in (2, 3)] == [1.0, 0.5]


def test_printing() -> None:
    assert repr(optimize.PiecewiseConstantDecay([2], [1.0, 0.5])) == (
        "PiecewiseConstantDecay(boundaries=[2], values=[1.0, 0.5], name='PiecewiseConstant')"
    )


def test_errors_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="`decay_steps` must be > 0. Received: decay_steps=0"):
        optimize.ExponentialDecay(0.1, 0, 0.5)
    with pytest.raises(ValueError, match="`first_decay_steps` must be > 0"):
        optimize.CosineDecayRestarts(0.1, -1)
    with pytest.raises(ValueError, match="should be 1 less than the length"):
        optimize.PiecewiseConstantDecay([1, 2], [0.1, 0.2])
    with pytest.raises(NotImplementedError, match="must define __call__"):
        optimize.LearningRateSchedule()(0)


def test_every_schedule_with_a_name_is_made_from_its_form() -> None:
    for name, (kind, form) in schedules.BY_NAME.items():
        assert form.startswith(f"{name}:")
        given = [20.0, 0.25][: form.count(":")]
        made = schedules.by_name(":".join([name, *map(str, given)]), 0.5)
        assert made.get_config() == kind(0.5, *given).get_config()
        with pytest.raises(gradcalc.UsageError, match=f"the schedule is {name}:20:0:1\ntry: {form}"):
            schedules.by_name(f"{name}:20:0:1", 0.5)
