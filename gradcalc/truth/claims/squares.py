"""The least of a sum of squares over rows of data: what a proof file of `fit` claims. For `verify`.

The sum has in a box U one stationary point, a minimum, by the small and the large box of `verify`; then the digits of
parameters, sum and standard errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from gradcalc.graph.graph import Graph
from gradcalc.truth.claims.boxes import Box, Matrix, digits_fit, inertia
from gradcalc.truth.claims.derivatives import System, evaluated, meant, slopes
from gradcalc.truth.claims.intervals import Arithmetic, Weak, scaled, sub
from gradcalc.truth.claims.verify import FINE, Zero


@dataclass(frozen=True, eq=False)
class SumOfSquares(System):
    """Where a sum of squares over rows of data is stationary.

    Attributes:
        residual: the node whose square is summed.
        rows: of each row the numbers of the columns by node.
    """

    residual: int = 0
    rows: Sequence[Mapping[int, Fraction]] = ()

    @staticmethod
    def of(
        graph: Graph, residual: int, inputs: Sequence[int], rows: Sequence[Mapping[int, Fraction]]
    ) -> "SumOfSquares":
        """The sum of the squares of a node."""
        square = (graph.ref(residual) ** 2).index
        parts = tuple((square, k) for k in range(len(inputs)))
        return SumOfSquares(graph, tuple(inputs), parts, residual=residual, rows=rows)

    def at(self, on: Any, box: Sequence[Any], nodes: Sequence[int], slopes: Sequence[int] = ()) -> list[Any]:
        """The sums of nodes over the rows."""
        total = [on.whole(0)] * (len(nodes) + len(slopes))
        for row in self.rows:
            given = dict(zip(self.unknowns, box, strict=True)) | {node: on.of(x, x) for node, x in row.items()}
            total = [*map(on.add, total, evaluated(self.graph, nodes, given, on, slopes))]
        return total

    @cached_property
    def products(self) -> list[int]:
        """The products of the slopes of the residual, row by row."""
        nodes = meant(self.graph, (self.residual,))
        refs = [self.graph.ref(slopes(self.graph, nodes, unknown)[0]) for unknown in self.unknowns]
        return [(one * other).index for one in refs for other in refs]

    def cross(self, on: Arithmetic, box: Box) -> Matrix:
        """The sum of the products of the slopes of the residuals."""
        size, found = len(self.unknowns), self.at(on, box, (), self.products)
        return [found[k : k + size] for k in range(0, size * size, size)]


def inverted(matrix: Matrix, on: Arithmetic) -> Matrix:
    """The inverse of a positive definite matrix, by elimination."""
    size = len(matrix)
    rows = [[*row, *(on.whole(int(i == j)) for j in range(size))] for i, row in enumerate(matrix)]
    for k in range(size):
        rows[k] = [on.over(entry, rows[k][k]) for entry in rows[k]]
        for i in range(size):
            if i != k:
                rows[i] = [sub(a, on.times(rows[i][k], b)) for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[size:] for row in rows]


class Minimum:
    """The least of a sum of squares, near where it is claimed to be."""

    def __init__(self, total: SumOfSquares, proof: Mapping[str, Any]) -> None:
        self.total, self.proof, self.on = total, proof, FINE

    def run(self) -> str:
        """Check all; what is proved. `Weak` says what does not hold."""
        claim, on, total = self.proof["claim"], self.on, self.total
        names = list(claim["parameters"])
        aid = {**self.proof["point"], "unique": list(claim["box"].values())}
        if names != list(self.proof["parameters"]) or list(claim["box"]) != names:
            raise Weak("its parameters are not those of the box")
        zero = Zero.proved(total, "the minimum", aid, wide=on).place
        if inertia(total.matrix(on, zero), on)[1]:
            raise Weak("the point is no minimum")
        value = total.value(on, zero, total.parts[0][0])
        digits_fit(on, value, claim["value"], "the sum")
        freedom = len(total.rows) - len(names)
        scale = on.whole(1) if claim["absolute_sigma"] else scaled(value, 1, freedom) if freedom > 0 else None
        spread = inverted(total.cross(on, zero), on) if scale else []
        for k, (name, said) in enumerate(claim["parameters"].items()):
            digits_fit(on, zero[k], said["value"], name)
            if said["standard_error"] is not None:
                if scale is None:
                    raise Weak("without degrees of freedom there is no standard error")
                error = on.root(on.times(scale, spread[k][k]))
                digits_fit(on, error, said["standard_error"], f"the standard error of {name}")
        ends = ", ".join(f"{name}={low}:{high}" for name, (low, high) in claim["box"].items())
        where = f"{self.proof['expression']}: in {ends} the sum of squares over {len(total.rows)} rows"
        return f"{where} has one minimum, with these digits"
