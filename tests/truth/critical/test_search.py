"""Branch and prune: what the rows of a linear system say of boxes, and that no zero is lost by it."""

import numpy as np
import pytest

import gradcalc
from gradcalc.language.parse import as_formula
from gradcalc.truth.critical.search import Boxes, Enclosing, _Line, together, touching
from gradcalc.truth.critical.system import of_gradient

_WOOD = "100*(b-a^2)^2+(1-a)^2+90*(d-c^2)^2+(1-c)^2+10*(b+d-2)^2+(b-d)^2/10"
_GOLDSTEIN = (
    "(1+(x+y+1)^2*(19-14x+3x^2-14y+6x*y+3y^2))*(30+(2x-3y)^2*(18-32x+12x^2+48y-36x*y+27y^2))"
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "box", "count", "most"),
    [(_WOOD, "a=-5:5,b=-5:5,c=-5:5,d=-5:5", 3, 25_000), (_GOLDSTEIN, "x=-2:2,y=-2:2", 9, 25_000)],
)
def test_rows_spare_most_boxes(text: str, box: str, count: int, most: int) -> None:
    found = gradcalc.critical(text, box=box)
    assert (len(found.points), found.complete) == (count, True)
    assert found.looked < most


def test_separable_variables_are_not_narrowed_to_points_that_nothing_proves() -> None:
    text = " + ".join(f"({v}^4-16*{v}^2+5*{v})/2" for v in "abc")
    found = gradcalc.critical(text, box="a=-5:5,b=-5:5,c=-5:5")
    assert (len(found.points), found.complete) == (27, True)


def _enclosing() -> tuple[Enclosing, Boxes]:
    """A system whose gradient is 2y - 1 + 3x^2 and 2x + 4y: boxes of three sizes about many points."""
    formula = as_formula("x^3 + 2*x*y + 2*y^2 - x")
    system = of_gradient(formula.graph, formula.output, [formula.graph.input(name) for name in "xy"])
    middle = np.random.default_rng(5).uniform(-1, 1, (2, 600))
    reach = np.repeat([0.4, 0.05, 0.001], 200)
    return Enclosing(system), Boxes(middle - reach, middle + reach)


def test_rows_keep_zeros_and_their_reasons_hold() -> None:
    enclosing, boxes = _enclosing()
    said = enclosing.krawczyk(boxes)
    zeros = [(x, -x / 2) for x in ((1 + np.sqrt(13)) / 6, (1 - np.sqrt(13)) / 6)]
    for zero in zeros:
        at = np.array(zero)[:, None]
        inside = ((boxes.low < at) & (boxes.high > at)).all(axis=0)
        kept = ((said.rows.low <= at) & (said.rows.high >= at)).all(axis=0)
        assert np.any(inside) and np.all(kept[inside]) and not np.any(said.none[inside])
    middle, reach = (boxes.low + boxes.high) / 2, (boxes.high - boxes.low) / 2
    gradient = np.array([3 * middle[0] ** 2 + 2 * middle[1] - 1, 2 * middle[0] + 4 * middle[1]])
    slope = 6 * middle[0]
    for k in np.flatnonzero(said.none):  # the operator with the Y that is told
        change = np.array([[6 * reach[0, k], 0], [0, 0]])
        rest = np.abs(np.eye(2) - said.inverse[k] @ [[slope[k], 2], [2, 4]]) + np.abs(said.inverse[k]) @ change
        off = np.abs(said.inverse[k] @ gradient[:, k]) - rest @ reach[:, k]
        assert (off > reach[:, k]).any()


def test_a_row_alone_excludes_what_the_whole_does_not() -> None:
    point, centre = np.array([[3.0, 0.0]]), np.array([[[1.0, 1.0], [1.0, 1.0]]])
    reach = np.array([[1.0, 1.0]])
    line = _Line(point, np.zeros((1, 2)), centre, np.zeros((1, 2, 2)), reach)
    assert line.none.tolist() == [True]  # 3 + u + v is not 0 for |u|, |v| <= 1, though the matrix is singular
    near = _Line(point - [[1.0, 0.0]], np.zeros((1, 2)), centre, np.zeros((1, 2, 2)), reach)
    assert near.none.tolist() == [False]  # 2 + u + v is 0 in a corner
    low, high = near.steps()
    assert np.allclose([low, high], -1, atol=1e-12) and np.all(low <= -1) and np.all(high >= -1)


def test_points_apart_from_lines_of_zeros_are_proved() -> None:
    """Price's function has two minima and two saddles beside a degenerate point, the drop-wave rings about its least."""
    found = gradcalc.critical("(2x^3*y - y^3)^2 + (6x - y^2 + y)^2", box="x=-5:5,y=-5:5")
    kinds = [point.kind for point in found.points]
    assert (kinds.count("minimum"), kinds.count("saddle")) == (2, 2)
    assert all(abs(end) < 0.2 for box in found.unsettled for ends in box.box.values() for end in ends)
    least = gradcalc.critical("-(1 + cos(12sqrt(x^2 + y^2)))/(0.5(x^2 + y^2) + 2)", box="x=-1:1,y=-1:1", max_seconds=60)
    assert ({"x": "0", "y": "0"}, -1.0) in [(point.at, point.value_float) for point in least.points]
    assert not least.complete


def test_sets_by_a_grid_hold_those_of_boxes_that_meet() -> None:
    made = np.random.default_rng(3)
    middle, reach = made.uniform(0, 1, (2, 1000)), made.uniform(0.0005, 0.001, (2, 1000))
    boxes = Boxes(middle - reach, middle + reach)
    many = together([boxes, Boxes(boxes.low + 10, boxes.high + 10)], 2)
    sets = touching(many)
    assert sorted(np.concatenate(sets).tolist()) == list(range(2000)) and len(sets) > 100
    number = np.empty(2000, int)
    for k, members in enumerate(sets):
        number[members] = k
    assert all(len(set(number[members])) == 1 for members in touching(boxes))
    assert set(number[:1000]).isdisjoint(number[1000:])
