"""Points under constraints: what their equations are made of, and how active sets share the time."""

from math import prod
from types import SimpleNamespace
from typing import Any

import pytest

import gradcalc
from gradcalc.graph.graph import Graph
from gradcalc.truth.critical import constraints
from gradcalc.truth.critical.search import Clock
from gradcalc.truth.critical.solution import Outcome


@pytest.mark.parametrize(
    ("rows", "true"),
    [
        ([[7]], 7),
        ([[1, 2], [3, 4]], -2),
        ([[2, 1, 3], [0, 1, 4], [5, 6, 0]], -43),
        ([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 0),
    ],
)
def test_a_determinant_of_nodes(rows: list[list[int]], true: int) -> None:
    graph = Graph()
    made = constraints._determinant([[graph.ref(graph.constant(number)) for number in row] for row in rows])
    assert graph.number(made.index) == true


class _Asked:
    """An active set whose search takes so many seconds, of which a clock of the test's own tells."""

    now = 0.0

    def __init__(self, needs: float, clock: Clock) -> None:
        self.needs, self.clock, self.given = needs, clock, list[float]()

    def __call__(self) -> Any:
        return self

    def run(self) -> Outcome:
        self.given.append(self.clock.end - _Asked.now)
        _Asked.now += min(self.needs, self.given[-1])
        return Outcome(looked=len(self.given), is_whole=self.needs <= self.given[-1])


def test_an_active_set_that_takes_long_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constraints, "time", SimpleNamespace(monotonic=lambda: _Asked.now))
    clock = Clock(end=16.0, seconds=16.0)
    sets = [_Asked(needs, clock) for needs in (100.0, 5.0, 1.0)]
    made = list(constraints.shared(sets, clock))
    assert [each.given for each in sets] == [[16 / 6, (16 - 16 / 6 - 40 / 12 - 1) / 2], [40 / 12, 4.5], [5.0]]
    assert [each is not None and each.is_whole for each in made] == [False, False, True]
    assert (clock.end, clock.seconds) == (16.0, 16.0)
    assert list(constraints.shared(sets, Clock(end=_Asked.now))) == [None] * 3


def test_what_no_time_was_left_for_is_all_of_the_box() -> None:
    """Nothing is proved of a box one of whose active sets was not asked; what others left is not told twice."""
    found = gradcalc.critical("x*y", box="x=-1:2,y=-3:4", subject_to=["x + y <= 1", "x >= 0"], max_seconds=1e-9)
    assert not found.complete and not found.points
    low = [min(each.box[name][0] for each in found.unsettled) for name in "xy"]
    high = [max(each.box[name][1] for each in found.unsettled) for name in "xy"]
    volume = sum(prod(b - a for a, b in each.box.values()) for each in found.unsettled)
    assert (low, high) == ([-1, -3], [2, 4]) and volume == pytest.approx(21)


@pytest.mark.parametrize(
    ("under", "count"),
    [
        (["x^2 + y^2 <= 1", "x >= 0", "x^2 + y^2 <= 1"], 3),
        (["x^2 + y^2 <= 1", "x^2 + y^2 = 1"], 2),
        (["x^2 + y^2 = 1", "x^2 + y^2 = 1"], 2),
    ],
)
def test_a_constraint_that_is_given_twice_counts_once(under: list[str], count: int) -> None:
    """x + 2y on the unit disc: extreme at (1, 2)/sqrt(5) and its opposite; of the half disc also at its corners."""
    found = gradcalc.critical("x + 2y", box="x=-2:2,y=-2:2", subject_to=under, max_seconds=60)
    assert found.complete and len(found.points) == count
    assert max(point.value_float or 0 for point in found.points) == pytest.approx(5**0.5)
    assert all(point.kind in ("minimum", "maximum", "saddle") for point in found.points)
