"""What ops make of power series beside the smooth ones of `verify`: kinks, conditions, functions of python-flint. And
equations whose zeros count under conditions, with poles.

A function that `intervals` lacks is python-flint's, and is named in the verdict. Over normal forms (`quotients`) it is
but a name, whose slope is known here. No derivative of gradcalc's own table is used.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.truth.claims.intervals import Arithmetic, Interval, Weak, hull
from gradcalc.truth.claims.poles import has_no_zero
from gradcalc.truth.claims.verify import Box, Jet, Jets, System


@dataclass
class Functions(Jets):
    """The rules of all ops.

    Attributes:
        between: of order 1, whether at a kink the slopes are those between its pieces' (Clarke); else there are none.
    """

    between: bool = False

    def apply(self, graph: Graph, index: int, operands: Sequence[Any]) -> Any:
        """What an op makes of series; of a condition whether it holds."""
        op, values = graph.nodes[index].op, list(operands)
        if op in _SMOOTH:
            return super().apply(graph, index, operands)
        if op is ops.where:
            values = [values[0], values[1 if values[0] is True else 2]]
        if not any(isinstance(each, Weak) for each in values):
            if op is ops.where:
                return values[1]
            if op.is_condition:
                return self._holds(op, values)
            if op is ops.abs and self.between and isinstance(self.on, Arithmetic):
                values.append(self.multiple(values[0], -1))
            if op in (ops.max, ops.min) or op is ops.abs and len(values) == 2:
                return self._extreme(values, -1 if op is ops.min else 1)
            if op is ops.sqrt and hasattr(self.on, "check_edge"):
                self.on.check_edge(values[0].values())
        return super().apply(graph, index, values)

    def _extreme(self, values: Sequence[Jet], sign: int) -> Jet:
        """The largest of some or, with -1, the smallest; where it is open which, between their slopes (Clarke)."""
        first, *others = values
        for other in others:
            try:
                first = other if self.on.below(first[()], other[()]) == (sign > 0) else first
            except Weak:
                if not self.between or self.order == 2 or not isinstance(self.on, Arithmetic):
                    raise
                keys, none = first.keys() | other.keys(), (0, 0)
                first = {key: hull(first.get(key, none), other.get(key, none)) for key in keys}
        return first

    def _holds(self, op: Any, operands: Sequence[Any]) -> bool:
        """Whether a condition holds, where that is certain."""
        if op is ops.not_:
            return not operands[0]
        if op in (ops.and_, ops.or_):
            return all(operands) if op is ops.and_ else any(operands)
        below = self.on.below(operands[0][()], operands[1][()])
        return bool(below == (op in (ops.lt, ops.le)) if op in (ops.lt, ops.le, ops.gt, ops.ge) else op is ops.ne)

    def other(self, op: Any, operands: Sequence[Jet]) -> Sequence[Any]:
        """Value, slope and half the bend of a function that python-flint has, or that is but a name."""
        return self._by_name(op, operands) if hasattr(self.on, "function") else self._by_flint(op, operands)

    def _by_flint(self, op: Any, operands: Sequence[Jet]) -> list[Interval]:
        """The coefficients of its power series."""
        from flint import arb, arb_series, ctx

        name, on = op.flint or op.name, self.on
        if len(operands) != 1 or not hasattr(arb_series, name) or not isinstance(on, Arithmetic):
            return list(super().other(op, operands))
        self.from_flint.add(name)
        with ctx.workprec(2 * on.bits):
            low, high = (arb((end, -on.bits)) for end in operands[0][()])
            ctx.cap = 3
            series = getattr(arb_series([low.union(high), 1], prec=3), name)()
            if not all(series[k].is_finite() for k in range(3)):
                raise Weak(f"{name} may have no value")
            return [on.of(*(_exactly(end) for end in (series[k].lower(), series[k].upper()))) for k in range(3)]

    def _by_name(self, op: Any, operands: Sequence[Jet]) -> tuple[Any, Any, Any]:
        """By its slope."""
        if op not in _SLOPES:
            raise Weak(f"{op.name} is not among the functions whose slope is known here")
        rules = Functions(self.on, 1)
        slope = rules.by_rule(_SLOPES[op], [rules.unknown(0, operands[0][()])])
        bend = self.on.scaled(slope.get((0,), self.on.whole(0)), 1, 2)
        return self.on.function(op.name, operands[0][()]), slope[()], bend


def _exactly(end: Any) -> Fraction:
    mantissa, exponent = map(int, end.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


_SMOOTH = frozenset((ops.add, ops.sub, ops.mul, ops.div, ops.powi, ops.const, ops.exp, ops.sin, ops.cos))
"""Ops that are never asked about kinks; most are."""

_SLOPES: dict[Any, Callable[..., Any]] = {
    ops.erf: lambda x: 2 * ops.exp(-x * x) / ops.sqrt(ops.pi),
    ops.erfc: lambda x: -2 * ops.exp(-x * x) / ops.sqrt(ops.pi),
    ops.erfi: lambda x: 2 * ops.exp(x * x) / ops.sqrt(ops.pi), ops.Ei: lambda x: ops.exp(x) / x,
    ops.Si: lambda x: ops.sin(x) / x, ops.Ci: lambda x: ops.cos(x) / x,
    ops.Shi: lambda x: ops.sinh(x) / x, ops.Chi: lambda x: ops.cosh(x) / x,
    ops.fresnels: lambda x: ops.sin(ops.pi * x * x / 2), ops.fresnelc: lambda x: ops.cos(ops.pi * x * x / 2),
}  # fmt: skip
"""Slopes of functions that are names in `quotients`."""


@dataclass(frozen=True)
class Equations(System):
    """Equations in unknowns, of any ops.

    Attributes:
        below: nodes that are not above 0 where a zero counts.
        is_above: whether only zeros count at which the first unknown is above 0.
    """

    below: tuple[int, ...] = ()
    is_above: bool = False

    def rules(self, on: Any, order: int) -> Functions:
        """The rules of derivatives, with all slopes at a kink."""
        return Functions(on, order, self.from_flint, between=True)

    def fits(self, on: Arithmetic, box: Box) -> bool | None:
        """Whether `below` holds in a box, with < 0; None where that is open."""
        found = self.jets(on, box, 0, self.below) if self.below else {}
        sides = [found[node][()] for node in self.below]
        if any(low > 0 for low, _ in sides):
            return False
        return True if all(high < 0 for _, high in sides) else None

    def is_out(self, on: Arithmetic, box: Box) -> bool:
        """Whether a condition or an equation holds nowhere in a box."""
        return self.fits(on, box) is False or super().is_out(on, box)

    def is_beside_pole(self, on: Arithmetic, box: Box) -> bool:
        """Whether a numerator keeps off zeros where divisors may be 0."""
        return has_no_zero(on, self.values, box, self.is_above)
