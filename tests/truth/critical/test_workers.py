"""Processes beside this one give the same answer to the byte, and cost only time where they fail."""

import pickle
import sys
from typing import Any

import pytest
from flint import arb, ctx, fmpq

import gradcalc
from gradcalc.arithmetic import exact_numbers
from gradcalc.errors import UsageError
from gradcalc.truth.critical import workers
from gradcalc.truth.critical.workers import packed

WAVES, BOX = "sin(x) + y^2", "x=1:200,y=-1:2"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are started though the task is short."""
    monkeypatch.setattr(workers, "_SPENT", 0.0)
    monkeypatch.setattr(workers, "_AHEAD", 0.0)


@pytest.fixture
def alone() -> dict[str, Any]:
    return gradcalc.critical(WAVES, BOX, jobs=1).to_dict()


def test_another_process_gives_the_same_answer(
    at_once: None, alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = iter([0])
    monkeypatch.setattr(workers._Shared, "own", lambda shared, number: next(first, None))
    assert gradcalc.critical(WAVES, BOX, jobs=2).to_dict() == alone


@pytest.mark.parametrize("program", ["/no/such/python", "/bin/false", "/bin/cat", ""])
def test_processes_that_fail_cost_time_alone(
    at_once: None, alone: dict[str, Any], program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    assert gradcalc.critical(WAVES, BOX, jobs=3).to_dict() == alone


def test_balls_are_handed_over_exactly() -> None:
    with ctx.workprec(200):
        balls = [arb(1) / 3, arb(2).sqrt() * arb((1, -900)), arb(0), arb(0, arb((3, -7))), arb(10).exp() - arb(7, 0.25)]
    for ball in balls:
        made = pickle.loads(packed(ball))
        assert made.mid() == ball.mid() and made.rad() == ball.rad()
    third = exact_numbers.ball_of(exact_numbers.multiple(fmpq(1, 3)))
    assert exact_numbers.exact(pickle.loads(packed(third))) == exact_numbers.exact(third)
    assert pickle.loads(packed(arb("nan"))).is_nan()


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "2", 10**6])
def test_a_number_of_processes_that_is_none_is_refused(jobs: Any) -> None:
    with pytest.raises(UsageError, match="jobs is"):
        gradcalc.critical("x^2", "x=-1:1", jobs=jobs)
