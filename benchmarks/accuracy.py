"""How accurate the floats are: for every op the largest error of value, first and second derivatives, against balls.

`python benchmarks/accuracy.py` prints the table; `--write` writes it to docs/accuracy.md. Points are random in the op's
sample range; a number counts where the problem is well conditioned: where half an ulp more or less in the operands moves
it by at most some eight ulps. Errors are in ulps of the nearest double.
"""

import argparse
import math
import random
from collections.abc import Sequence
from pathlib import Path

from flint import arb

from gradcalc import ops
from gradcalc.arithmetic import evaluate
from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.reading import nearest_double, relative_bits
from gradcalc.derive import gradient
from gradcalc.graph import Graph
from gradcalc.ops import Op

POINTS = 400
WELL_CONDITIONED_BITS = 49
FLOATS, BALLS = Floats(), Balls(256)


def measure(op: Op, points: int) -> list[tuple[float, int]]:
    """For orders 0, 1 and 2: the largest error in ulps and over how many numbers."""
    graph = Graph()
    fixed = [not op.variadic and op.rules[i] is None for i in range(len(op.operands))]
    indices = [graph.input(f"x{i}") for i in range(len(fixed))]
    free = [i for i, is_fixed in zip(indices, fixed, strict=True) if not is_fixed]
    output = graph.emit(op, tuple(indices))
    firsts = gradient(graph, output, free)
    seconds = [second for first in firsts for second in gradient(graph, first, free)]
    orders = [[output], firsts, seconds]
    generator = random.Random(op.name)
    errors: list[list[float]] = [[], [], []]
    for _ in range(points):
        at = [generator.uniform(low, high) if low < high else low for low, high in op.samples]
        for found, outputs in zip(errors, orders, strict=True):
            found += point_errors(graph, dict(zip(indices, at, strict=True)), set(free), outputs)
    return [(max(found, default=0.0), len(found)) for found in errors]


def point_errors(graph: Graph, at: dict[int, float], free: set[int], outputs: Sequence[int]) -> list[float]:
    """The errors of the well conditioned outputs at one point."""
    floats = evaluate(graph, FLOATS, at, outputs)
    exact = BALLS.evaluate(graph, {i: arb(x) for i, x in at.items()}, outputs)
    blurred = {i: arb(x, math.ulp(x) / 2) if i in free else arb(x) for i, x in at.items()}
    wide = BALLS.evaluate(graph, blurred, outputs)
    found = []
    for output in outputs:
        expected, ball = nearest_double(exact[output]), wide[output]
        if isinstance(ball, arb) and relative_bits(ball) >= WELL_CONDITIONED_BITS and expected is not None:
            found.append(abs(floats[output] - expected) / math.ulp(expected))
    return found


def rows(points: int) -> list[str]:
    lines = ["| op | value | first derivative | second derivative |", "| --- | --- | --- | --- |"]
    for op in ops.TABLE.values():
        if op.operands and not op.is_condition and op is not ops.where:
            cells = [f"{error:.0f}" if count else "-" for error, count in measure(op, points)]
            lines.append(f"| `{op.name}` | {' | '.join(cells)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write docs/accuracy.md")
    parser.add_argument("--points", type=int, default=POINTS, help="random points per op")
    options = parser.parse_args()
    table = "\n".join(rows(options.points))
    if options.write:
        path = Path(__file__).parents[1] / "docs" / "accuracy.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(HEAD.format(points=options.points) + table + "\n", encoding="utf-8")
    else:
        print(table)


HEAD = """# How accurate the floats are

The largest error, in ulps, of each op's value and derivatives in floating point, against rigorous balls at 256 bits: over
{points} random points of the op's sample range, where the problem is well conditioned (half an ulp in the operands moves
the number by at most about eight ulps). A dash: no such number. Written by `python benchmarks/accuracy.py --write`; libm
differs from system to system, and so do the last digits here.

"""

if __name__ == "__main__":
    main()
