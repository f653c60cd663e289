"""The uncertainty of every row: `map --propagate x=sx,y=sy`. Columns, numbers or parts as standard uncertainties.

What `truth/uncertainty` has as nodes of a graph becomes more results of the kernel. Imports orders and measured.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import UsageError, did_you_mean
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.language.formula import Formula, Point, Value, Variable
from gradcalc.language.measured import moved, read_assignments
from gradcalc.language.parse import parse_value
from gradcalc.language.points import nested
from gradcalc.language.ranges import as_quotients
from gradcalc.language.tokens import CONSTANTS, refuse
from gradcalc.settings import Limits, MapSettings
from gradcalc.truth.uncertainty.covariance import Inputs, Pair, factor, to_correlations
from gradcalc.truth.uncertainty.orders import First, first_order, second_order

_EXAMPLE = "x=sx, x=0.1 or x=2%"


def with_uncertainty(formula: Formula, settings: MapSettings, let: Point, limits: Limits) -> Formula:
    """The formula with `u` beside its value, and `mean2` and `u2` where the second order is asked for.

    Its variables are those columns too that hold uncertainties; a row in which one is negative has none.

    Raises:
        UsageError, ExpressionError: a name is no variable of the formula; what is given is no column and no number.
    """
    if not settings.propagate:
        for flag, given in (("--corr", settings.corr), ("--second-order", settings.second_order)):
            if given:
                raise UsageError(f"{flag} goes with --propagate", hint="--propagate x=sx")
        return formula
    sizes = _sizes(formula, settings, let, limits)
    graph, names = formula.graph, list(sizes)
    moved_ = formula.differentiated([Variable(name) for name in names], 2)
    inputs = Inputs(tuple(names), (), tuple(sizes.values()), _covariances(graph, sizes, settings, limits))
    gradient = {i: node for i, node in enumerate(moved_.gradient) if graph.number(node) != 0}
    first = _first(graph, gradient, inputs)
    extra = {"u": first.deviation}
    if settings.second_order:
        hessian = {pair: node for pair, node in moved_.hessian.items() if graph.number(node) != 0}
        second = second_order(graph, formula.output, first_order(graph, gradient, inputs), hessian, inputs)
        extra |= {"mean2": second.mean, "u2": second.deviation}
    columns = {name for node in sizes.values() for name in _inputs(graph, node)} - formula.variables.keys()
    more = {name: Value(graph, (), (graph.input(name),)) for name in graph.inputs if name in columns}
    return replace(formula, variables={**formula.variables, **more}, extra=_where_known(graph, extra, sizes))


def _sizes(formula: Formula, settings: MapSettings, let: Point, limits: Limits) -> dict[str, int]:
    """The node of the standard uncertainty of each variable that has one."""
    found: dict[str, int] = {}
    for text in settings.propagate:
        for name, (start, end) in read_assignments(text, limits).items():
            if name not in formula.variables:
                near = did_you_mean(name, formula.variables)
                raise UsageError(f"the formula does not contain {name}, which --propagate names", hint=near)
            if name in found:
                raise UsageError(f"--propagate gives {name} twice")
            with moved(text, start):
                found[name] = _size(formula.graph, name, text[start:end], let, limits)
    return found


def _size(graph: Graph, name: str, text: str, let: Point, limits: Limits) -> int:
    """A column, a number, or a part of the value itself."""
    if not text:
        refuse(f"{name} has no uncertainty", (0, 1), _EXAMPLE)
    quoted = re.fullmatch(r"`([^`]+)`|([^\W\d]\w*)", text)
    column = (quoted[1] or quoted[2]).strip() if quoted else ""
    if column and column not in let and (text.startswith("`") or column not in CONSTANTS):
        return graph.input(column)
    percent = text.endswith("%")
    value = let[column] if column in let else parse_value(text.removesuffix("%").rstrip(), limits)
    if value.shape or len(value.items) != 1:
        refuse("an uncertainty is a number or a column", (0, len(text)), _EXAMPLE)
    (node,), _ = as_quotients(value, graph)
    if not _inputs(graph, node) and not nested(value, Floats()) >= 0:
        refuse("an uncertainty is negative", (0, len(text)), _EXAMPLE)
    if not percent:
        return node
    part: Ref = graph.ref(node) * ops.abs(graph.ref(graph.input(name))) / 100
    return part.index


def _covariances(graph: Graph, sizes: Mapping[str, int], settings: MapSettings, limits: Limits) -> dict[Pair, int]:
    """The covariances that the correlations make of the uncertainties of a row."""
    places = {name: place for place, name in enumerate(sizes)}
    found: dict[Pair, int] = {}
    numbers: dict[Pair, float] = {}
    for names, value in to_correlations(settings.corr, limits).items():
        for name in names:
            if name not in places:
                raise UsageError(f"--corr names {name}, which has no uncertainty", hint=f"--propagate {name}=0.1")
        (node,), _ = as_quotients(value, graph)
        i, j = sorted(places[name] for name in names)
        product = graph.ref(node) * graph.ref(sizes[names[0]]) * graph.ref(sizes[names[1]])
        found[i, j] = product.index
        numbers[i, j] = nested(value, Floats())
    factor(numbers, list(sizes))
    return found


def _first(graph: Graph, gradient: Mapping[int, int], inputs: Inputs) -> First:
    """The linear answer; without correlations by `hypot`, whose squares neither overflow nor underflow."""
    found = first_order(graph, gradient, inputs)
    if inputs.covariances or not gradient:
        return found
    terms = [graph.ref(node) * graph.ref(inputs.deviations[place]) for place, node in sorted(gradient.items())]
    return replace(found, deviation=(ops.abs(terms[0]) if len(terms) == 1 else ops.hypot(*terms)).index)


def _where_known(graph: Graph, extra: Mapping[str, int], sizes: Mapping[str, int]) -> dict[str, int]:
    """The results, nan in rows where an uncertainty is negative."""
    conditions = [ops.ge(graph.ref(node), 0) for node in sizes.values() if _inputs(graph, node)]
    nan = graph.ref(graph.constant("nan"))
    found = {}
    for name, node in extra.items():
        result = graph.ref(node)
        for condition in conditions:
            result = ops.where(condition, result, nan)
        found[name] = result.index
    return found


def _inputs(graph: Graph, node: int) -> list[str]:
    """The names of the inputs that a node depends on."""
    return [graph.nodes[i].parameter or "" for i in graph.needed([node]) if graph.nodes[i].op is ops.input_]
