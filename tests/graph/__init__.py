"""Tests of graphs and of the table; here what every test that loops over the table needs."""

from gradcalc.graph import ops
from gradcalc.graph.ops import Op

VALUED = [op for op in ops.TABLE.values() if op.operands and not op.is_condition and op is not ops.where]
"""The ops whose result is a number by one rule."""

STATIC = {"powi": 1, "polygamma": 0, "besselj": 0, "bessely": 0, "besseli": 0, "besselk": 0}
STATIC |= {"sinc_derivative": 0, "zeta_derivative": 0}
"""The operand that must be a constant."""


def names(op: Op) -> str:
    """How a test of an op is called."""
    return op.name
