"""How the answers of `critical` look: points by kind, what is not settled, lines of equations, the sides in sight."""

from typing import Any

import pytest

import gradcalc
from gradcalc.errors import UsageError
from gradcalc.show.picture import Arrows, Boxes, Contours, Marks
from gradcalc.truth.pictures.found import sides_in_sight


def layers(found: Any, kind: type) -> dict[str, Any]:
    """The layers of the first panel of a kind, by name."""
    return {layer.name: layer for layer in gradcalc.plot(found).picture.panels[0].layers if isinstance(layer, kind)}


def test_points_stand_on_the_curve_by_their_kinds() -> None:
    marks = layers(gradcalc.critical("a*x^4 - 2x^2", {"x": (-2, 2)}, let={"a": 1}), Marks)
    assert list(marks["critical-minimum"].places) == [(-1.0, -1.0), (1.0, -1.0)]
    assert list(marks["critical-maximum"].places) == [(0.0, 0.0)]
    roots = layers(gradcalc.critical("x^2 - 4", {"x": (-3, 3)}, roots=True), Marks)["critical-root"]
    assert roots.kind == "root" and list(roots.places) == [(-2.0, 0.0), (2.0, 0.0)]


def test_constraints_and_equations_are_lines() -> None:
    found = gradcalc.critical("x*y", "x=-2:2,y=-2:2", subject_to="x^2 + y^2 = 2")
    line = layers(found, Contours)["zeros-1"]
    assert line.label == "x^2 + y^2 = 2" and line.levels == (0.0,)
    assert len(layers(found, Marks)["critical-maximum"].places) == 2
    system = gradcalc.critical("[b*x + y - 3, x - y]", "x=0:2,y=0:2", roots=True, let={"b": 2})
    drawn = layers(system, Contours)
    assert drawn["zeros-2"].label == "x - y = 0" and drawn["contours"].heights[-1][-1] == pytest.approx(9.0)
    assert not layers(system, Arrows)["gradient"].places


def test_what_is_not_settled_is_hatched() -> None:
    ((x, y),) = layers(gradcalc.critical("floor(x) + x^2", {"x": (-0.5, 0.5)}), Boxes)["unsettled"].boxes
    assert x[0] < 0 < x[1] and y is None
    boxes = layers(gradcalc.critical("(x - y)^2", "x=-1:1,y=-1:1"), Boxes)["unsettled"].boxes
    assert all(low <= high for box in boxes for low, high in box)


def test_of_an_infinite_side_the_points_are_in_sight() -> None:
    ((low, high),) = sides_in_sight(gradcalc.critical("x^4 - 2x^2", "x=-1/2:inf")).values()
    assert (low, high) == pytest.approx((-0.5, 2.0))


def test_of_more_variables_there_is_no_picture() -> None:
    with pytest.raises(UsageError, match="these are 3: x, y, z") as caught:
        gradcalc.plot(gradcalc.critical("x^2 + y^2 + z^2", "x=-1:2,y=-1:2,z=-1:2"))
    assert "fixes one" in (caught.value.hint or "")
