"""The watch records every step and stops the descent."""

import math

import pytest

from gradcalc.optimize.descent.watch import Step, Stop, Watch


def status(watch: Watch, *steps: tuple[float, float]) -> tuple[str, str]:
    with pytest.raises(Stop) as caught:
        for x, value in steps:
            watch([x], value, [2 * x])
    return caught.value.status, caught.value.reason


def test_steps_are_recorded_and_counted() -> None:
    watch = Watch(1, steps=2)
    assert status(watch, (1.0, 5.0), (2.0, 3.0), (3.0, 4.0)) == ("finished", "")
    assert list(watch) == [Step(0, 5.0, 2.0, (1.0,)), Step(1, 3.0, 4.0, (2.0,)), Step(2, 4.0, 6.0, (3.0,))]
    assert (len(watch), watch.best, watch[-1].at) == (3, 1, (3.0,))
    with pytest.raises(IndexError):
        watch[3]


def test_the_tolerance_is_of_the_gradient() -> None:
    assert status(Watch(1, steps=9, tolerance=1e-3), (1.0, 1.0), (1e-4, 1.0)) == ("converged", "")
    assert status(Watch(1, steps=9), (0.0, 1.0)) == ("converged", "")


@pytest.mark.parametrize(
    ("x", "value", "reason"),
    [
        (1.0, math.nan, "the value is nan"),
        (math.nan, 1.0, "the gradient is nan"),
        (1.0, math.inf, "the value grows without bound"),
        (1e200, 1.0, "the gradient grows without bound"),
    ],
)
def test_what_runs_away_diverges(x: float, value: float, reason: str) -> None:
    assert status(Watch(1, steps=9), (1.0, 1.0), (x, value)) == ("diverged", reason)


def test_a_value_without_bottom_ends_the_descent() -> None:
    reason = "the value falls to the end of the range of floats"
    assert status(Watch(1, steps=9), (1.0, 1.0), (1.0, -1e301)) == ("diverged", reason)
    assert status(Watch(1, steps=1), (1.0, -1e300), (1.0, -1e301)) == ("finished", "")


def test_the_callback_may_stop() -> None:
    seen: list[int] = []
    watch = Watch(1, steps=9, callback=lambda step: seen.append(step.number) or step.number == 2)
    assert status(watch, *[(1.0, 1.0)] * 5) == ("interrupted", "the callback asked to stop")
    assert seen == [0, 1, 2]


def test_the_time_may_be_over() -> None:
    assert status(Watch(1, steps=1_000, seconds=-1.0), *[(1.0, 1.0)] * 200) == ("finished", "the time is over")


def test_a_slope_against_a_bound_does_not_count() -> None:
    watch = Watch(2, steps=9, bounds=[(0.0, 1.0), (-math.inf, math.inf)])
    with pytest.raises(Stop) as caught:
        watch([0.0, 5.0], 1.0, [3.0, 0.0])
    assert caught.value.status == "converged"
    assert watch.presses([0.0, 5.0], [3.0, 0.0])
    assert not watch.presses([0.5, 5.0], [3.0, 0.0])
