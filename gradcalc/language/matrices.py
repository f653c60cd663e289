"""Matrices as scalars: determinants and inverses without a division by a pivot, which may be zero. Imports graph.

A determinant is expanded along its rows, each minor of the last rows once (2^n minors, not n! products): all that is
divided by is the determinant of an inverse, so that a singular matrix has none and any other has one.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph

Rows = Sequence[Sequence[int]]
"""The nodes of a matrix, row by row."""

DETERMINANT_LIMIT, INVERSE_LIMIT = 10, 6
"""Up to how many rows they are written out: n * 2^(n-1) and about n^2 * 2^(n-1) products."""


def determinant(graph: Graph, rows: Rows) -> int:
    """The determinant of a square matrix."""
    return _minors(graph, rows, len(rows))[tuple(range(len(rows)))]


def inverse(graph: Graph, rows: Rows) -> list[int]:
    """The inverse of a square matrix, row by row: cofactors over the determinant."""
    size = len(rows)
    if size == 1:
        return [graph.emit(ops.div, (graph.constant(1), rows[0][0]))]
    whole, columns = determinant(graph, rows), range(size)
    items = [0] * size**2
    for i in range(size):
        left = _minors(graph, [row for k, row in enumerate(rows) if k != i], size)
        for j in columns:
            minor = left[tuple(column for column in columns if column != j)]
            cofactor = graph.emit(ops.neg, (minor,)) if (i + j) % 2 else minor
            items[j * size + i] = graph.emit(ops.div, (cofactor, whole))
    return items


def _minors(graph: Graph, rows: Rows, size: int) -> Mapping[tuple[int, ...], int]:
    """The determinants of all rows with as many of the `size` columns, by the columns."""
    found: dict[tuple[int, ...], int] = {(column,): rows[-1][column] for column in range(size)}
    for count, row in enumerate(reversed(rows[:-1]), start=2):
        found = {columns: _expanded(graph, row, columns, found) for columns in combinations(range(size), count)}
    return found


def _expanded(graph: Graph, row: Sequence[int], columns: tuple[int, ...], below: Mapping[tuple[int, ...], int]) -> int:
    """A determinant along its first row."""
    parts = [
        graph.emit(ops.mul, (row[column], below[columns[:place] + columns[place + 1 :]]))
        for place, column in enumerate(columns)
    ]
    if len(parts) == 2:
        return graph.emit(ops.sub, tuple(parts))
    signed = [graph.emit(ops.neg, (part,)) if place % 2 else part for place, part in enumerate(parts)]
    return graph.emit(ops.add, tuple(signed))


def softmax(graph: Graph, items: Sequence[int]) -> list[int]:
    """The exponentials over their sum, by differences: nothing overflows, nor does 1 - p cancel in its derivative."""
    zero, found = graph.constant(0), []
    for i, own in enumerate(items):
        steps = [graph.emit(ops.sub, (x, own)) if j != i or len(items) == 1 else zero for j, x in enumerate(items)]
        whole = graph.emit(ops.logsumexp, tuple(steps))
        found.append(graph.emit(ops.exp, (graph.emit(ops.neg, (whole,)),)))
    return found
