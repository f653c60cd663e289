"""Equations and inequalities from their text: `x^2 + y^2 = 1`, `x >= y`. Imports parse."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradcalc.errors import ExpressionError, GradcalcError, Span, UsageError
from gradcalc.graph import ops
from gradcalc.graph.graph import copied
from gradcalc.language.formula import Formula
from gradcalc.language.parse import as_formula
from gradcalc.settings import Limits

_RELATION = re.compile(r"`[^`]*`|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<sign><=|>=|≤|≥|==|!=|<|>|=)")
_EXAMPLE = '"x^2 + y^2 = 1"'
_LOOSE = re.compile(r"\b(if|and|or|not)\b")
"""Words that bind less than a minus behind them."""
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


def read_equations(expression: Any, let: Mapping[str, Any], limits: Limits) -> Formula:
    """Formulas, one or an array of them, of which text may say some as equations: of `[x^2 = y, x - y]` they are 0.

    A lone `y = x^2` is the formula x^2, as everywhere.
    """
    try:
        return as_formula(expression, let=let, limits=limits, array=True)
    except ExpressionError:
        differences = _differences(expression) if isinstance(expression, str) else expression
        if differences == expression:
            raise
    return as_formula(differences, let=let, limits=limits, array=True)


def _differences(text: str) -> str:
    """The text with `left - (right)` for each equation that is in no bracket but those of the array."""
    inside = 1 if text.lstrip().startswith("[") else 0
    depth, start, signs, made = 0, 0, list[Span](), ""
    for part in re.finditer(rf"{_RELATION.pattern}|(?P<comma>,)|(?P<end>$)", text):
        closes = bool(part["close"]) and depth == inside == 1
        depth += bool(part["open"]) - bool(part["close"])
        if part["open"] and depth == inside == 1:
            made, start = text[: part.end()], part.end()
        elif part["sign"] in ("=", "==") and depth == inside:
            signs.append(part.span())
        elif closes or (part["comma"] and depth == inside) or part["end"] is not None:
            made += _difference(text, start, part.start(), signs) + part[0]
            start, signs = part.end(), []
    return made


def _difference(text: str, start: int, end: int, signs: Sequence[Span]) -> str:
    """A part of the text, as a difference where it has one sign with something on both sides."""
    if len(signs) != 1:
        return text[start:end]
    left, right = text[start : signs[0][0]].rstrip(), text[signs[0][1] : end].strip()
    if not left.strip() or not right:
        return text[start:end]
    return f"({left}) - ({right})" if _LOOSE.search(left) else f"{left} - ({right})"
