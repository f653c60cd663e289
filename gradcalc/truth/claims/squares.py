"""The least of a sum of squares over rows of data: what a proof file of `fit` claims. For `verify`.

The sum has in a box U one stationary point, a minimum, by the small and the large box of `verify`; then the digits of
parameters, sum and standard errors.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

from gradcalc.graph.graph import Graph
from gradcalc.truth.claims.cases import inertia
from gradcalc.truth.claims.functions import Equations
from gradcalc.truth.claims.intervals import Arithmetic, Weak, add, scaled, sub
from gradcalc.truth.claims.verify import FINE, Box, Jet, Matrix, Zero, digits_fit


@dataclass(frozen=True)
class SumOfSquares(Equations):
    """Where a sum of squares over rows of data is stationary; its one node is the residual.

    Attributes:
        rows: of each row the numbers of the columns by node.
    """

    rows: Sequence[Mapping[int, Fraction]] = ()

    @staticmethod
    def of(
        graph: Graph, residual: int, inputs: Sequence[int], rows: Sequence[Mapping[int, Fraction]]
    ) -> "SumOfSquares":
        """The sum of the squares of a node."""
        return SumOfSquares(graph, tuple(inputs), tuple((residual, k) for k in range(len(inputs))), rows=rows)

    def residuals(self, on: Arithmetic, box: Box, order: int) -> Iterator[Jet]:
        """The residual of each row."""
        for row in self.rows:
            numbers = {node: (lambda on, value=value: on.of(value, value)) for node, value in row.items()}
            one = Equations(self.graph, self.unknowns, self.parts, fixed=numbers, from_flint=self.from_flint)
            yield one.jets(on, box, order, self.outputs)[self.outputs[0]]

    def jets(self, on: Any, box: Sequence[Any], order: int, outputs: Sequence[int]) -> Mapping[int, Jet]:
        """The sum."""
        jets = self.rules(on, order)
        squares = (jets.power(residual, 2) for residual in self.residuals(on, list(box), order))
        return {self.outputs[0]: reduce(jets.plus, squares, {(): (0, 0)})}

    def cross(self, on: Arithmetic, box: Box) -> Matrix:
        """The sum of the products of the slopes of the residuals."""
        size = range(len(self.unknowns))
        total = [[(0, 0) for _ in size] for _ in size]
        for residual in self.residuals(on, box, 1):
            slopes = [residual.get((k,), (0, 0)) for k in size]
            total = [[add(total[i][j], on.times(slopes[i], slopes[j])) for j in size] for i in size]
        return total


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
        (value,) = (jet[()] for jet in total.jets(on, zero, 0, ()).values())
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
