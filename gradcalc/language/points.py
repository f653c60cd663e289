"""Points and bindings: from text, files and Python values to constants of a graph.

Every number keeps its exact text, so that a point is the same in floats and in balls: a decimal is its nearest double,
a quotient such as `1/3` is exact, a Python float enters as hexadecimal.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from numbers import Rational, Real
from typing import Any

from gradcalc.arithmetic.evaluate import Arithmetic
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import UsageError
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.shapes import labels, nest
from gradcalc.language.exact import Exact
from gradcalc.language.format import format_node
from gradcalc.language.formula import UNNAMED, Definition, Point, Value
from gradcalc.language.parse import free_names, parse_binding, parse_bindings, parse_value
from gradcalc.language.ranges import choices_of, grid, parse_choices
from gradcalc.settings import Limits

_DIMENSIONS_LIMIT = 32
"""As many as an array of NumPy had for long; nobody means more."""


def read_names(given: str | Iterable[str]) -> list[str]:
    """Names that an argument gives: `"x,y"`, or one by one."""
    if not isinstance(given, Iterable):
        raise UsageError(f"wrt is {given!r}: it names variables", hint='wrt="x,y", or a list of names')
    return [str(name).strip().strip("`") for name in (given.split(",") if isinstance(given, str) else given)]


def to_value(name: str, given: Any, limits: Limits) -> Value:
    """A Python value as a constant: a number of any kind, text of an expression, nested lists, a NumPy array."""
    if isinstance(given, Value):
        return given
    if isinstance(given, str) or type(given).__module__.startswith("sympy."):
        text = str(given)  # SymPy's numbers are exact as text
        return finite(name, parse_value(text, limits), text)
    plain = given.tolist() if hasattr(given, "tolist") else given
    graph = Graph(limits.nodes)
    items, shape = _flatten(name, plain)
    return Value(graph, shape, tuple(_number_node(graph, name, item) for item in items))


def to_points(at: Any, limits: Limits) -> list[dict[str, Value]]:
    """The points that an argument gives: a mapping, text as of `--at`, a number for the one variable, or a list.

    Text may hold a range, alone or as the value of a name: `"x=0:1:0.25"`, `{"x": "0:1:0.25"}`. None and an empty
    mapping are no point.
    """
    if at is None or isinstance(at, Mapping) and not at:
        return []
    if isinstance(at, Mapping | str):
        return _points_of(at, limits)
    if hasattr(at, "__float__") and not getattr(at, "ndim", 0):
        return [{UNNAMED: to_value("the point", at, limits)}]
    if not isinstance(at, Sequence) or not all(isinstance(point, Mapping | str) for point in at):
        raise UsageError("at is no point", hint='at={"x": 2, "y": 3}, or a list of such points')
    return [point for each in at for point in _points_of(each, limits)]


def _points_of(given: Mapping[str, Any] | str, limits: Limits) -> list[dict[str, Value]]:
    """The points of a mapping or a text, in which ranges make several."""
    if isinstance(given, str):
        return read_points(given, limits)
    return grid({str(name): _choices(str(name), value, limits) for name, value in given.items()})


def _choices(name: str, given: Any, limits: Limits) -> Sequence[Value]:
    """The values that a point gives to a name: one, or those of a range."""
    if not isinstance(given, str):
        return [to_value(name, given, limits)]
    return _checked(name, choices_of(given, limits), given)


def _checked(name: str, values: Sequence[Value], text: str) -> Sequence[Value]:
    """The values of a name, finite; those of a range are between its ends, which are."""
    return values if len(values) > 1 else [finite(name or "the point", values[0], text)]


def read_points(text: str, limits: Limits) -> list[dict[str, Value]]:
    """The points of a text such as `--at` has: `x=2,y=pi/4`, a lone `3`, ranges `x=0:1:0.25`; each of them finite."""
    choices = parse_choices(text, limits)
    return grid({name: _checked(name, choices[name], text) for name in choices})


def named(at: Sequence[Point], expression: Any, let: Point, limits: Limits, also: Iterable[str] = ()) -> list[Point]:
    """The points, with a value that has no name given to the one variable of the formula.

    Args:
        also: names that the formula need not contain: what it is differentiated for.

    Raises:
        UsageError: there is not one variable, or other values have names.
    """
    lone = next((point for point in at if UNNAMED in point), None)
    if lone is None:
        return list(at)
    names = list(dict.fromkeys([*free_names(expression, let, limits), *(each.partition("[")[0] for each in also)]))
    places = ",".join(f"{name}=..." for name in names[:_PLACES])
    if len(names) != 1:
        count = f"has {len(names)} variables: {', '.join(names[:_PLACES])}" if names else "has no variable"
        hint = f"--at {places}" if names else "leave the point out"
        raise UsageError(f"a value without a name is for the one variable of a formula; this one {count}", hint=hint)
    if len(lone) > 1:
        raise UsageError("one value has no name, and others have one", hint=f"--at {places}")
    return [{names[0] if name == UNNAMED else name: value for name, value in point.items()} for point in at]


_PLACES = 12
"""Names that a message lists, at most."""


def to_bindings(let: Any, limits: Limits) -> dict[str, Value]:
    """The values that an argument gives to names."""
    if not isinstance(let or {}, Mapping):
        raise UsageError("let is no mapping of names to values", hint='let={"n": 3}')
    return {str(name): to_binding(str(name), value, limits) for name, value in (let or {}).items()}


def _flatten(name: str, nested: Any) -> tuple[list[Any], tuple[int, ...]]:
    """The items of nested lists in row-major order, and their shape."""
    items: list[Any] = [nested]
    shape: list[int] = []
    while items and any(map(_is_row, items)):
        sizes = {len(item) if _is_row(item) else -1 for item in items}
        if len(sizes) != 1:
            raise UsageError(f"the rows of {name} differ in length", hint=f"give {name} as [[1, 2], [3, 4]]")
        if len(shape) == _DIMENSIONS_LIMIT:
            raise UsageError(f"{name} has more than {_DIMENSIONS_LIMIT} dimensions")
        shape.append(sizes.pop())
        items = [item for row in items for item in row]
    return items, tuple(shape)


def _is_row(item: Any) -> bool:
    """Whether an item holds items itself."""
    return isinstance(item, Sequence) and not isinstance(item, str | bytes)


def _number_node(graph: Graph, name: str, item: Any) -> int:
    """A number as an exact constant."""
    if isinstance(item, bool) or not (isinstance(item, Real) or hasattr(item, "__float__")):
        raise UsageError(f"{name} must be a number, not {item!r}")
    if isinstance(item, Rational):
        exact = Fraction(int(item.numerator), int(item.denominator))
        numerator = graph.constant(str(exact.numerator))
        if exact.denominator == 1:
            return numerator
        return graph.emit(ops.div, (numerator, graph.constant(str(exact.denominator))))
    double = float(item)
    if not math.isfinite(double):
        raise UsageError(f"{name} is {double}: a point must be finite")
    return graph.constant(str(int(double)) if double.is_integer() and abs(double) < 2**53 else double.hex())


def read_values(text: str, limits: Limits) -> dict[str, Value]:
    """The values that `x=2,y=pi/4` gives to names, each of them finite."""
    return {name: finite(name, value, text) for name, value in parse_bindings(text, limits).items()}


def read_intervals(text: str, limits: Limits, flag: str, what: str) -> dict[str, tuple[float, float]]:
    """The intervals that `x=0:5,y=:3` gives to names: infinite where an end is absent; `0:5` alone is for UNNAMED.

    Args:
        flag, what: the option that it comes from, and what that calls an interval.
    """
    found: dict[str, tuple[float, float]] = {}
    for part in map(str.strip, re.split(r",(?![^\[(]*[\])])", text)):
        name, equals, interval = map(str.strip, part.rpartition("="))
        low, colon, high = map(str.strip, interval.partition(":"))
        if equals and not name or not colon:
            raise UsageError(f"{flag} {text}: {part or 'nothing'} is no {what}", hint=f"{flag} x=0:5,y=-3:3")
        if name in found:
            told = f"{flag} names {name} twice" if name else f"{flag} {text}: two {what}s without a name"
            raise UsageError(told, hint=f"{flag} {name or 'x'}=0:5")
        found[name] = _end(name, low, -math.inf, limits, what), _end(name, high, math.inf, limits, what)
    return found


def _end(name: str, text: str, free: float, limits: Limits, what: str) -> float:
    """One end of an interval."""
    if text.lower().lstrip("+-") in ("", "inf", "infinity"):
        return -math.inf if text.startswith("-") else math.inf if text else free
    found = numbers(to_value(name or f"the {what}", text, limits), Floats())
    if len(found) != 1:
        raise UsageError(f"the {what} of {name} is {text}: it must be a number", hint=f"{name or 'x'}=0:5")
    return float(found[0])


def to_binding(name: str, given: Any, limits: Limits) -> Value:
    """What an argument gives to a name that is not differentiated: a constant, or text of a formula."""
    if isinstance(given, str):
        return finite(name, parse_binding(given, limits), given)
    return to_value(name, given, limits)


def finite(name: str, value: Value, text: str) -> Value:
    """The value itself; an error with a caret where an element of it is undefined or overflows. A formula is itself."""
    if isinstance(value, Definition):
        return value
    found = numbers(value, Floats())
    for element, number, node in zip(labels(name, value.shape), found, value.items, strict=True):
        if not math.isfinite(number):
            raise UsageError(
                f"{element} has no finite value in floats: a point must be finite",
                text=text,
                span=value.graph.spans[node],
                hint="a number such as 0.5, 1/3 or pi/4",
            )
    return value


def numbers(value: Value, arithmetic: Arithmetic) -> list[Any]:
    """The elements of a constant in an arithmetic, in row-major order; a float's zero is 0.0, never -0.0."""
    values = arithmetic.evaluate(value.graph, {}, value.items)
    found = [values[index] for index in value.items]
    return [number + 0 if isinstance(number, float) else number for number in found]  # a ball would be rounded


def nested(value: Value, arithmetic: Arithmetic) -> Any:
    """A constant as a number or nested lists of numbers."""
    return nest(numbers(value, arithmetic), value.shape)


def as_given(value: Value) -> Any:
    """A constant as it was given: a float where that is the number meant, else its text (`pi/2`, `1/3`), nested.

    A decimal means its nearest double; one that no double but 0 is near is kept as written. An integer is an integer.
    """
    doubles, ratios = numbers(value, Floats()), Exact(value.graph)
    items = zip(value.items, doubles, strict=True)
    return nest([_as_given(value.graph, ratios, node, double) for node, double in items], value.shape)


def echoed(values: Point) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values as they were given, as floats where only a text says it; and those texts."""
    formulas = {name: value.shown for name, value in values.items() if isinstance(value, Definition)}
    given = {name: as_given(value) for name, value in values.items() if name not in formulas}
    texts = {name: text for name, text in given.items() if _has_text(text)}
    floats = given | {name: nested(values[name], Floats()) for name in texts} | formulas
    return {name: floats[name] for name in values}, texts


def _has_text(given: Any) -> bool:
    """Whether a number, or one in nested lists, is known by its text alone."""
    return any(map(_has_text, given)) if isinstance(given, list) else isinstance(given, str)


def given(graph: Graph, point: Point) -> dict[int, Any]:
    """The number of every input of a graph as it was given (`as_given`), by node index."""
    found: dict[int, Any] = {}
    for name, value in point.items():
        for label, item in zip(labels(name, value.shape), value.items, strict=True):
            if label in graph.inputs:
                found[graph.inputs[label]] = as_given(Value(value.graph, (), (item,)))
    return found


def _as_given(graph: Graph, ratios: Exact, node: int, double: float) -> float | int | str:
    leaf = graph.nodes[node]
    while leaf.op is ops.neg:
        leaf = graph.nodes[leaf.operands[0]]
    text = leaf.parameter or ""
    if leaf.op is ops.const and not text.lstrip("-").isdecimal() and text not in ops.NAMED_CONSTANTS:
        mantissa = text.lower().removeprefix("0x").partition("p" if "x" in text else "e")[0]
        if double or not set(mantissa) & set("123456789abcdf"):
            return double
    elif (ratio := ratios.value(node)) is not None:
        if ratio == Fraction(double):
            return double
        if ratio.denominator == 1:
            return ratio.numerator
    return format_node(graph, node, limit=_TEXT)


_TEXT = 200
"""How long a text is of a number in a point, at most."""


def bind(graph: Graph, point: Point, arithmetic: Arithmetic) -> dict[int, Any]:
    """The number of every input of a graph at a point, by node index."""
    by_name: dict[str, Any] = {}
    for name, value in point.items():
        by_name.update(zip(labels(name, value.shape), numbers(value, arithmetic), strict=True))
    return {index: by_name[name] for name, index in graph.inputs.items() if name in by_name}
