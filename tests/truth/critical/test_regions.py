"""What is left of an interrupted search: few boxes that cover it, none wider than a 20th of a side."""

import numpy as np
import pytest

import gradcalc
from gradcalc.errors import ExitCode
from gradcalc.settings import Limits
from gradcalc.truth.critical.ask import Wanted, answer
from gradcalc.truth.critical.box import read_box
from gradcalc.truth.critical.regions import covering
from gradcalc.truth.critical.search import Boxes, Clock


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("wide", [0.5, 0.01])
def test_a_covering_covers_and_is_narrow(size: int, wide: float) -> None:
    rng = np.random.default_rng(size)
    sides = np.linspace(1.0, 3.0, size)[:, None]
    low = rng.uniform(0, 1, (size, 300 if size < 7 else 3)) * sides
    boxes = Boxes(low, low + wide * sides * rng.uniform(0, 1, low.shape))
    found = covering(boxes, sides)
    limited = size == 7 and wide == 0.5  # more than there is room for: it covers all the same
    assert limited or ((found.high - found.low) <= sides / 20).all()
    for point in np.concatenate((boxes.low, boxes.high, 0.25 * boxes.low + 0.75 * boxes.high), axis=1).T:
        assert ((found.low <= point[:, None]) & (found.high >= point[:, None])).all(axis=0).any()
    assert len(covering(boxes.take(slice(0, 0)), sides)) == 0


def test_an_interrupted_search_leaves_few_boxes_around_every_point_it_would_have_found() -> None:
    text, box = "sin(x*y)*cos(x + y)*x", "x=-3:3,y=-3:3"
    clock = Clock()

    def told(waiting: int) -> None:
        clock.interrupted = clock.interrupted or waiting > 40

    clock.told = told
    wanted = Wanted(False, False, False, (), 60.0, 20, clock)
    found = answer(text, read_box(box, Limits()), {}, wanted, Limits())
    assert found.exit_code == ExitCode.INTERRUPTED and not found.complete
    assert all(high - low <= 6 / 20 for each in found.unsettled for low, high in each.box.values())
    for point in gradcalc.critical(text, box=box, max_seconds=60).points:
        at = {name: float(value) for name, value in point.at.items()}
        near = [{name: float(value) for name, value in each.at.items()} for each in found.points]
        assert any(each == pytest.approx(at, abs=1e-12) for each in near) or any(
            all(low <= at[name] <= high for name, (low, high) in each.box.items()) for each in found.unsettled
        )
