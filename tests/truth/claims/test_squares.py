"""A sum of squares over rows: its value, slopes and second derivatives are sums of those of the rows."""

from fractions import Fraction

from gradcalc.language.parse import as_formula
from gradcalc.truth.claims.intervals import Arithmetic
from gradcalc.truth.claims.squares import SumOfSquares, inverted

ON = Arithmetic(96)
ONE = 1 << 96


def test_derivatives_of_the_sum() -> None:
    formula = as_formula("y - a*x")
    graph = formula.graph
    y, a, x = (graph.input(name) for name in ("y", "a", "x"))
    rows = [{x: Fraction(1), y: Fraction(2)}, {x: Fraction(3), y: Fraction(5)}]
    total = SumOfSquares.of(graph, formula.output, [a], rows)
    box = [ON.whole(1)]  # residuals 1 and 2
    assert total.value(ON, box, total.parts[0][0]) == (5 * ONE, 5 * ONE)
    assert total.values(ON, box) == [(-2 * (1 + 6) * ONE, -2 * (1 + 6) * ONE)]
    assert total.matrix(ON, box) == [[(20 * ONE, 20 * ONE)]]
    assert total.cross(ON, box) == [[(10 * ONE, 10 * ONE)]]


def test_the_inverse_of_a_matrix() -> None:
    (a, b), (_, d) = inverted([[ON.whole(2), ON.whole(1)], [ON.whole(1), ON.whole(1)]], ON)
    for (low, high), true in ((a, 1), (b, -1), (d, 2)):
        assert low <= true * ONE <= high and high - low < 100
