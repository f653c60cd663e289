"""Tests of graphs and of the table; here what every test that loops over the table needs."""

from gradcalc.graph import ops
from gradcalc.graph.ops import Op

VALUED = [op for op in ops.TABLE.values() if op.operands and not op.is_condition and op is not ops.where]
"""The ops whose result is a number by one rule."""

STATIC: dict[str, dict[int, int | float]] = {
    op.name: {
        i: int(low) if low == int(low) else low
        for i, (low, _) in enumerate(op.samples)
        if not op.variadic and op.rules[i] is None
    }
    for op in VALUED
}
"""The operands that must be constants, by their place, and what tests put there."""


def names(op: Op) -> str:
    """How a test of an op is called."""
    return op.name
