"""How accurate floats and native code are: for every op the largest error of value and derivatives, against balls.

`python benchmarks/accuracy.py` prints the table; `--write` writes it to docs/accuracy.md. Points are random in the op's
sample range; a number counts where the problem is well conditioned: where half an ulp more or less in the operands moves
it by at most some eight ulps. Errors are in ulps of the nearest double.
"""

import argparse
import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double, relative_bits
from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.graph import ops
from gradcalc.graph.derive import gradient, hessian
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

POINTS = 400
WELL_CONDITIONED_BITS = 49
FLOATS, BALLS = Floats(), Balls(256)


Errors = list[list[float]]
"""For orders 0, 1 and 2: the errors of the well conditioned numbers, in ulps."""


def measure(op: Op, points: int) -> tuple[Errors, Errors]:
    """The errors of the floats and of native code. An operand without a rule is a constant."""
    graph = Graph()
    indices = [
        graph.constant(int(op.samples[i][0])) if not op.variadic and op.rules[i] is None else graph.input(f"x{i}")
        for i in range(len(op.operands))
    ]
    free = {index: i for i, index in enumerate(indices) if graph.nodes[index][0] is not ops.const}
    output, names = op(*map(graph.ref, indices)).index, [f"x{i}" for i in free.values()]
    firsts = gradient(graph, output, list(free))
    entries = hessian(graph, firsts, list(free))
    kernel = Kernel(graph, output, names, names, firsts, entries)
    outputs = [output, *firsts, *(entries[place] for place in kernel.hessian_places)]
    orders = [0] + [1] * len(firsts) + [2] * len(kernel.hessian_places)
    generator = random.Random(op.name)
    columns = [[generator.uniform(*op.samples[i]) for _ in range(points)] for i in free.values()]
    batch = kernel(**{name: np.array(column) for name, column in zip(names, columns, strict=True)})
    assert batch.gradient is not None and batch.hessian is not None
    native = [batch.value, *batch.gradient, *(batch.hessian[place] for place in kernel.hessian_places)]
    errors: tuple[Errors, Errors] = ([[], [], []], [[], [], []])
    for n, point in enumerate(zip(*columns, strict=True)):
        at = dict(zip(free, point, strict=True))
        floats = evaluate(graph, FLOATS, at, outputs)
        for k, expected in expectations(graph, at, outputs):
            for found, given in zip(errors, (floats[outputs[k]], native[k][n]), strict=True):
                found[orders[k]].append(abs(float(given) - expected) / math.ulp(expected))
    return errors


def expectations(graph: Graph, at: dict[int, float], outputs: Sequence[int]) -> Iterator[tuple[int, float]]:
    """The well conditioned outputs at one point: which, and the nearest double."""
    exact = BALLS.evaluate(graph, {i: arb(x) for i, x in at.items()}, outputs)
    wide = BALLS.evaluate(graph, {i: arb(x, math.ulp(x) / 2) for i, x in at.items()}, outputs)
    for k, output in enumerate(outputs):
        expected, ball = nearest_double(exact[output]), wide[output]
        if isinstance(ball, arb) and relative_bits(ball) >= WELL_CONDITIONED_BITS and expected is not None:
            yield k, expected


def rows(points: int) -> list[str]:
    """The table: value, first and second derivatives by the floats, and then by native code."""
    lines = ["| op | floats: value | first | second | native: value | first | second |", "| --- |" + " --- |" * 6]
    for op in ops.TABLE.values():
        if op.operands and not op.is_condition and op is not ops.where:
            cells = [f"{max(found):.0f}" if found else "-" for errors in measure(op, points) for found in errors]
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


HEAD = """# How accurate floats and native code are

The largest error, in ulps, of each op's value, first and second derivatives, by the floats (`differentiate`) and by native
code (`compile`), against rigorous balls at 256 bits: over {points} random points of the op's sample range, where the problem
is well conditioned (half an ulp in the operands moves the number by at most about eight ulps). A dash: no such number.
An elementary op's value is at most 4 ulps off in native code too; `logsumexp` is further off near 0, where its terms
cancel, and special functions there are SciPy's or libm's. Written by `python benchmarks/accuracy.py --write`; libm and
processors differ from system to system, and so do the last digits here.

"""

if __name__ == "__main__":
    main()
