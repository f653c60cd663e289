"""What is left of an interrupted search: few boxes that cover it, none wider than a 20th of a side."""

import time

import numpy as np
import pytest

import gradcalc
from gradcalc.errors import ExitCode
from gradcalc.language.parse import as_formula
from gradcalc.settings import Limits
from gradcalc.truth.critical import search
from gradcalc.truth.critical.ask import Wanted, answer
from gradcalc.truth.critical.box import read_box
from gradcalc.truth.critical.regions import covering
from gradcalc.truth.critical.search import Boxes, Clock
from gradcalc.truth.critical.system import of_equations


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("wide", [0.5, 0.01])
def test_a_covering_covers_and_is_narrow(size: int, wide: float) -> None:
    rng = np.random.default_rng(size)
    sides = np.linspace(1.0, 3.0, size)[:, None]
    low = rng.uniform(0, 1, (size, 300 if size < 7 else 3)) * sides
    boxes = Boxes(low, low + wide * sides * rng.uniform(0, 1, low.shape))
    found = covering(boxes, sides)
    limited = size == 7 and wide == 0.5  # more than there is room for: it covers all the same
    assert limited or ((found.high - found.low) <= sides / (20 if size < 4 else 4)).all()
    for point in np.concatenate((boxes.low, boxes.high, 0.25 * boxes.low + 0.75 * boxes.high), axis=1).T:
        assert ((found.low <= point[:, None]) & (found.high >= point[:, None])).all(axis=0).any()
    assert len(covering(boxes.take(slice(0, 0)), sides)) == 0


@pytest.mark.parametrize(("text", "side", "points"), [("sin(x*y)*cos(x + y)*x", 2, 6), ("sin(x)*cos(y) + x/5", 9, 60)])
def test_an_interrupted_search_leaves_few_boxes_around_every_point_it_would_have_found(
    text: str, side: int, points: int
) -> None:
    box, clock = f"x=-{side}:{side},y=-{side}:{side}", Clock()

    def told(waiting: int) -> None:
        clock.interrupted = clock.interrupted or waiting > 40

    clock.told = told
    wanted = Wanted(False, False, False, (), 60.0, 20, clock)
    found = answer(text, read_box(box, Limits()), {}, wanted, Limits())
    assert found.exit_code == ExitCode.INTERRUPTED and not found.complete
    assert all(high - low <= 2 * side / 20 for each in found.unsettled for low, high in each.box.values())
    all_of_them = gradcalc.critical(text, box=box, max_seconds=60).points
    assert len(all_of_them) == points
    for point in all_of_them:
        at = {name: float(value) for name, value in point.at.items()}
        near = [{name: float(value) for name, value in each.at.items()} for each in found.points]
        assert any(each == pytest.approx(at, abs=1e-12) for each in near) or any(
            all(low <= at[name] <= high for name, (low, high) in each.box.items()) for each in found.unsettled
        )


def test_a_search_whose_time_is_spent_begins_no_proofs_and_leaves_all_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is over lets small boxes be settled while the time of the proofs lasts, and not beyond."""
    formula = as_formula("[x^2 - x^3]", array=True)
    system = of_equations(formula.graph, formula.items, [formula.graph.input("x")])
    box, asked = Boxes(np.array([[-1.0]]), np.array([[2.0]])), list[int]()
    krawczyk = search.Enclosing.krawczyk

    def counted(self: search.Enclosing, boxes: Boxes) -> object:
        asked.append(len(boxes))
        return krawczyk(self, boxes)

    monkeypatch.setattr(search.Enclosing, "krawczyk", counted)
    for seconds, some in ((float("inf"), True), (0.0, False)):
        asked.clear()
        clock = Clock(end=float("-inf") if not some else float("inf"), seconds=seconds)
        found = search.search(system, box, clock)
        assert bool(asked) == some and found.is_whole == some
    assert found.left.low.tolist() == [[-1.0]] and found.left.high.tolist() == [[2.0]] and not len(found.unique)


def test_the_time_of_the_proofs_comes_after_that_of_the_search() -> None:
    now = time.monotonic()
    over, spent = Clock(end=now - 1, seconds=3600.0), Clock(end=now - 2, seconds=1.0)
    assert over.is_over() and not over.is_spent()
    assert spent.is_over() and spent.is_spent()
    assert Clock(interrupted=True).is_spent() and not Clock().is_spent()
