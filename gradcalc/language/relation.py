"""Equations and inequalities from their text: `x^2 + y^2 = 1`, `x >= y`. Imports parse."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradcalc.errors import GradcalcError, UsageError
from gradcalc.graph import ops
from gradcalc.graph.graph import copied
from gradcalc.language.formula import Formula
from gradcalc.language.parse import as_formula
from gradcalc.settings import Limits

_RELATION = re.compile(r"(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<sign><=|>=|≤|≥|==|!=|<|>|=)")
_EXAMPLE = '"x^2 + y^2 = 1"'
_LESS, _MORE = ("<=", "≤", "<"), (">=", "≥", ">")


@dataclass(frozen=True, eq=False)
class Constraint:
    """An equation h = 0, or an inequality h <= 0: a formula, as it was typed."""

    text: str
    formula: Formula
    is_equation: bool


def read_constraint(text: str, let: Mapping[str, Any], limits: Limits) -> Constraint:
    """A constraint from its text: left - right of an equation or of `left <= right`, the other way round of `>=`."""
    depth, found = 0, []
    for part in _RELATION.finditer(text):
        depth += bool(part["open"]) - bool(part["close"])
        if part["sign"] and not depth:
            found.append(part)
    if len(found) != 1 or found[0]["sign"] == "!=":
        what = "is no constraint: there is no =, <= or >=" if not found else "needs one of =, <= and >="
        raise UsageError(f"this {what}", text=text, span=(0, len(text)), hint=_EXAMPLE)
    start, end = found[0].span()
    sign = found[0]["sign"]
    sides = []
    for side in (text[:start], " " * end + text[end:]):
        if not side.strip():
            raise UsageError("one side of the constraint is empty", text=text, span=(start, end), hint=_EXAMPLE)
        try:
            sides.append(as_formula(side, let=let, limits=limits))
        except GradcalcError as error:
            error.text = text if error.text == side else error.text
            raise
    left, right = reversed(sides) if sign in _MORE else sides
    graph = left.graph
    other = copied(right.graph, [right.output], graph, {})[0]
    node = left.output if graph.number(other) == 0 else graph.emit(ops.sub, (left.output, other))
    variables = {**left.variables, **right.variables}
    made = replace(left, text=text, output=node, variables=variables, spans={**right.spans, **left.spans}, tree=None)
    return Constraint(text.strip(), made, sign not in (*_LESS, *_MORE))
