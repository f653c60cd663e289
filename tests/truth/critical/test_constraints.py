"""The equations of points under constraints: what they are made of."""

import pytest

from gradcalc.graph.graph import Graph
from gradcalc.truth.critical import constraints


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
