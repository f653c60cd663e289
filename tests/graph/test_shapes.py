"""Broadcasting and views are NumPy's."""

import itertools
import math

import pytest

from gradcalc.errors import ExpressionError
from gradcalc.graph import shapes

SHAPES = [(), (1,), (3,), (2, 3), (2, 1), (1, 3), (4, 1, 3), (0,), (2, 0)]


@pytest.mark.parametrize(("a", "b"), list(itertools.product(SHAPES, SHAPES)))
def test_two_arrays_stretch_as_in_numpy(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    import numpy as np

    items = list(range(math.prod(a)))
    try:
        expected = np.broadcast_to(np.array(items).reshape(a), np.broadcast_shapes(a, b))
    except ValueError:
        with pytest.raises(ExpressionError, match="do not fit together"):
            shapes.broadcast([a, b])
        return
    wanted = shapes.broadcast([a, b])
    assert wanted == expected.shape
    assert list(shapes.stretched(items, a, wanted)) == expected.ravel().tolist()


def test_labels_stand_in_row_major_order() -> None:
    assert shapes.labels("A", (2, 2)) == ["A[0,0]", "A[0,1]", "A[1,0]", "A[1,1]"]
    assert shapes.labels("x", (2,)) == ["x[0]", "x[1]"]
    assert shapes.labels("x", ()) == ["x"]


def test_a_view_walks_over_the_positions_of_its_axes() -> None:
    assert shapes.positions(1, [(2, 3), (2, -1)]) == [1, 0, 4, 3]
