"""Values with their uncertainty, from text and Python: `4.999±0.0032`, `1.234(5)`, `5±2%`, `x=uniform(0, 1)`.

Every decimal is the number as written, so that estimates and standard uncertainties are exact in balls. Distributions
are those of JCGM 101:2008, table 1. Imports parse, points and below.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple

from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import GradcalcError, Span, UsageError
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.shapes import Shape
from gradcalc.language.formula import UNNAMED, Point, Value
from gradcalc.language.parse import bound_name, parse_value, reading
from gradcalc.language.points import to_value
from gradcalc.language.ranges import as_quotients, quotient
from gradcalc.language.tokens import MINUS, RAISED, check_length, refuse, tokenize
from gradcalc.settings import Limits

_BITS = 192
EXAMPLE = "V=4.999±0.0032, V=4.9990(32), V=5±2% or V=uniform(0, 1)"
"""What a hint shows of the ways to write an uncertainty."""


# -- distributions -----------------------------------------------------------------------------------------------------


class Law(NamedTuple):
    """A distribution: its parameters in order, its mean and its standard deviation, and what it refuses, in words."""

    parameters: tuple[str, ...]
    mean: Callable[..., Any]
    deviation: Callable[..., Any]
    wrong: Callable[..., str | None] = lambda *_: None


def _between(a: float, b: float, *_: float) -> str | None:
    return None if a < b else "the lower end is not below the upper one"


def _trapezoid(a: float, b: float, beta: float) -> str | None:
    return _between(a, b) or (None if 0 <= beta <= 1 else "beta is the ratio of top to base, from 0 to 1")


def _ctrap(a: float, b: float, d: float) -> str | None:
    return _between(a, b) or (None if 0 < d <= (b - a) / 2 else "d is above 0 and at most half the width")


def _modal(a: float, mode: float, b: float) -> str | None:
    return None if a <= mode <= b and a < b else "the three are the lower end, the mode and the upper end"


def _student(x: float, s: float, nu: float) -> str | None:
    return _above_zero(s) or (None if nu > 2 else "with 2 or fewer degrees of freedom there is no standard uncertainty")


def _above_zero(*scales: float) -> str | None:
    return None if min(scales) > 0 else "the scale is not above 0"


LAWS: dict[str, Law] = {
    "normal": Law(("mean", "u"), lambda x, u: x, lambda x, u: u, lambda x, u: _above_zero(u)),
    "uniform": Law(("a", "b"), lambda a, b: (a + b) / 2, lambda a, b: (b - a) / ops.sqrt(12 + 0 * a), _between),
    "triangular": Law(("a", "b"), lambda a, b: (a + b) / 2, lambda a, b: (b - a) / ops.sqrt(24 + 0 * a), _between),
    "modal triangular": Law(
        ("a", "mode", "b"), lambda a, c, b: (a + c + b) / 3,
        lambda a, c, b: ops.sqrt((a * a + b * b + c * c - a * b - a * c - b * c) / 18), _modal,
    ),
    "trapezoid": Law(
        ("a", "b", "beta"), lambda a, b, beta: (a + b) / 2,
        lambda a, b, beta: (b - a) * ops.sqrt((1 + beta * beta) / 24), _trapezoid,
    ),
    "ctrap": Law(
        ("a", "b", "d"), lambda a, b, d: (a + b) / 2, lambda a, b, d: ops.sqrt((b - a) * (b - a) / 12 + d * d / 9),
        _ctrap,
    ),
    "arcsine": Law(("a", "b"), lambda a, b: (a + b) / 2, lambda a, b: (b - a) / ops.sqrt(8 + 0 * a), _between),
    "t": Law(("x", "s", "nu"), lambda x, s, nu: x, lambda x, s, nu: s * ops.sqrt(nu / (nu - 2)), _student),
    "exponential": Law(("mean",), lambda x: x, lambda x: x, _above_zero),
    "gamma": Law(("shape", "scale"), lambda k, s: k * s, lambda k, s: ops.sqrt(k) * s, _above_zero),
}  # fmt: skip
"""JCGM 101:2008, 6.4: the distributions by name. `uniform` and `normal` are its rectangular and Gaussian."""

EXACT = "exact"
"""The law of a value without uncertainty."""

_SPELLED = {name: name for name in LAWS} | {
    "gaussian": "normal", "gauss": "normal", "rectangular": "uniform", "triangle": "triangular", "student": "t",
    "trapezoidal": "trapezoid", "ushaped": "arcsine",
}  # fmt: skip
_OF_THREE = {"triangular": "modal triangular"}
"""What a name means with three numbers."""


# -- inputs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """A scalar input: nodes of its estimate and its standard uncertainty, and the law that it follows."""

    graph: Graph
    value: int
    deviation: int
    law: str = "normal"
    parameters: tuple[int, ...] = ()

    def numbers(self) -> tuple[float, float, tuple[float, ...]]:
        """Estimate, standard uncertainty and the parameters of the law: the doubles nearest to them."""
        from gradcalc.arithmetic.balls import Balls
        from gradcalc.arithmetic.digits import nearest_double

        wanted = (self.value, self.deviation, *self.parameters)
        floats = Floats().evaluate(self.graph, {}, wanted)
        balls = Balls(_BITS).evaluate(self.graph, {}, wanted)
        nearest = (nearest_double(balls[node]) for node in wanted)
        value, deviation, *rest = (
            floats[node] if double is None else double for node, double in zip(wanted, nearest, strict=True)
        )
        return value, deviation, tuple(rest)

    @property
    def is_exact(self) -> bool:
        """Whether it has no uncertainty."""
        return self.law == EXACT


@dataclass(frozen=True, slots=True)
class Measurement:
    """The inputs that a name stands for: one, or those of an array, row by row."""

    graph: Graph
    shape: Shape
    items: tuple[Measured, ...]

    @property
    def value(self) -> Value:
        """The estimates."""
        return Value(self.graph, self.shape, tuple(item.value for item in self.items))


Measurements = Mapping[str, Measurement]
"""By name, in the order given."""


def estimates(given: Measurements) -> Point:
    """The point of the estimates."""
    return {name: each.value for name, each in given.items()}


def to_measurements(at: Any, limits: Limits) -> dict[str, Measurement]:
    """The inputs that an argument gives: text as of `--at`, or a mapping.

    A value is text, a number (exact), a pair (value, standard uncertainty), an object with `nominal_value` and
    `std_dev`, or nested lists of these.
    """
    if isinstance(at, str):
        return read_measurements(at, limits)
    if not isinstance(at, Mapping):
        raise UsageError("at names no values", hint='at={"V": "4.999±0.0032", "I": (0.0197, 9.5e-6)}')
    return {str(name): _of_python(str(name), given, limits) for name, given in at.items()}


def read_measurements(text: str, limits: Limits) -> dict[str, Measurement]:
    """The inputs of a text such as `--at` has: `V=4.999±0.0032,I=0.019661(95),x=uniform(0,1),n=3`."""
    found: dict[str, Measurement] = {}
    with reading(text):
        check_length(text, limits.text)
        for start, end in _pieces(text, 0, len(text)):
            name, first = _name(text, start, end, limits)
            if name in found:
                message = f"{name} has a value already" if name else "only one value can stand without its name"
                refuse(message, (start, end), "give each name one value")
            found[name] = _Reader(text, limits).read(first, end)
    return found


def read_assignments(text: str, limits: Limits) -> dict[str, Span]:
    """The names of `x=sx,y=2%`, and where what is given to each stands in the text."""
    found: dict[str, Span] = {}
    with reading(text):
        check_length(text, limits.text)
        for start, end in _pieces(text, 0, len(text)):
            name, first = _name(text, start, end, limits)
            if not name:
                refuse("a name is missing", (start, end), "x=sx")
            if name in found:
                refuse(f"{name} has a value already", (start, end), "give each name one value")
            found[name] = first, end
    return found


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    """The parts of a text between the commas that stand in no brackets, without blanks around them."""
    depth, quoted, first = 0, False, start
    for position in range(start, end + 1):
        letter = text[position] if position < end else ","
        quoted ^= letter == "`"
        depth += 0 if quoted else (letter in "([{") - (letter in ")]}")
        if letter == "," and (depth <= 0 and not quoted or position == end):
            yield _stripped(text, first, position)
            first = position + 1


def _stripped(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), max(start, end - len(part) + len(part.rstrip()))


def _name(text: str, start: int, end: int, limits: Limits) -> tuple[str, int]:
    """The name that a part of the text gives a value to, or none, and where the value begins."""
    if start >= end:
        refuse("a value is missing", (start, start + 1), EXAMPLE)
    sign = next((i for i in _top(text, start, end) if text[i] == "="), None)
    if sign is None:
        if re.fullmatch(r"[^\W\d]\w*", text[start:end]):
            refuse(f"{text[start:end]} has no value", (start, end), f"{text[start:end]}=4.999±0.0032")
        return UNNAMED, start
    with moved(text, start):
        tokens = tokenize(text[start : sign + 1] + "1", limits.text)
        return bound_name(tokens, 0, len(tokens) - 1), _stripped(text, sign + 1, end)[0]


def _top(text: str, start: int, end: int) -> Iterator[int]:
    """The places of a text that stand in no brackets and no backquotes."""
    depth, quoted = 0, False
    for position in range(start, end):
        letter = text[position]
        quoted ^= letter == "`"
        depth += 0 if quoted else (letter in "([{") - (letter in ")]}")
        if depth == 0 and not quoted:
            yield position


@contextmanager
def moved(text: str, start: int) -> Iterator[None]:
    """Turn the place of an error in a part of a text into the place in the text."""
    try:
        yield
    except GradcalcError as error:
        if error.text != text:
            error.span = error.span and (error.span[0] + start, error.span[1] + start)
            error.text = text
        raise


# -- one value ---------------------------------------------------------------------------------------------------------

_NUMBER = r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+−]?\d+)?"
_SCALE = r"(?:[eE](?P<e>[-+−]?\d+)|\s*[*×·]\s*10\s*(?:(?:\^|\*\*)\s*(?P<p>\(?[-+−]?\d+\)?)|(?P<r>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)))?"
_CONCISE = re.compile(rf"(?P<value>[-+−]?(?:\d+\.?\d*|\.\d+))\s*\(\s*(?P<u>{_NUMBER})\s*(?P<percent>%?)\s*\){_SCALE}")
_DIGITS_AMID = re.compile(r"(?<![\w.])(?P<value>\d+\.?\d*|\.\d+)\s*\(\s*(?P<u>\d+\.?\d*|\.\d+)\s*\)")
"""What looks like a value with the uncertainty of its last digits, in what is no more than a number."""
_SCALED = re.compile(rf"\((?P<inner>.*)\)(?:\s*(?P<percent>%)|{_SCALE})", re.DOTALL)
_CALL = re.compile(r"(?P<name>[A-Za-z]\w*)\s*\(")
_MARK = re.compile(r"±|\+/-|\+-|\+−|\\pm\b")
_LARGEST = 400
"""Powers of ten up to which a number of a measurement is read."""


class _Reader:
    """Reads one value, or an array of values, of a text."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text, self.limits = text, limits
        self.graph = Graph(limits.nodes)

    def read(self, start: int, end: int) -> Measurement:
        """The value at a place of the text."""
        shape, items = self._nested(start, end, 0)
        return Measurement(self.graph, shape, tuple(items))

    def _nested(self, start: int, end: int, depth: int) -> tuple[Shape, list[Measured]]:
        if self.text[start : start + 1] != "[" or not self.text[start:end].endswith("]"):
            return (), [self.scalar(start, end)]
        if depth > 8:
            refuse("the array has too many dimensions", (start, end), "x=[1±0.1, 2±0.1]")
        inner = _stripped(self.text, start + 1, end - 1)
        parts = [self._nested(*piece, depth + 1) for piece in _pieces(self.text, *inner)] if inner[0] < inner[1] else []
        shapes = {shape for shape, _ in parts}
        if len(shapes) != 1:
            refuse("the rows differ in length" if parts else "the array is empty", (start, end), "x=[1±0.1, 2±0.1]")
        return (len(parts), *shapes.pop()), [item for _, items in parts for item in items]

    def scalar(self, start: int, end: int) -> Measured:
        """One value."""
        text = self.text[start:end]
        if not text:
            refuse("a value is missing", (start, start + 1), EXAMPLE)
        if law := self._law(start, end):
            return law
        if match := _CONCISE.fullmatch(text):
            return self._concise(match, (start, end))
        if (match := _SCALED.fullmatch(text)) and _is_balanced(match["inner"]):
            return self._scaled(match, start)
        marks = [m for m in _MARK.finditer(text) if start + m.start() in set(_top(self.text, start, end))]
        if len(marks) > 1:
            refuse("a value has one uncertainty", (start + marks[1].start(), end), EXAMPLE)
        if not marks:
            if stray := _MARK.search(text):
                span = start + stray.start(), start + stray.end()
                refuse(f"{stray[0]} stands between a value and its uncertainty", span, EXAMPLE)
            return Measured(self.graph, self._expression(start, end), self.graph.constant(0), EXACT)
        left = _stripped(self.text, start, start + marks[0].start())
        right = _stripped(self.text, start + marks[0].end(), end)
        return self._plus_minus(left, right, (start, end))

    # -- ways of writing

    def _plus_minus(self, left: Span, right: Span, whole: Span) -> Measured:
        """`value ± u` or `value ± p%`."""
        for (first, last), what in ((left, "value"), (right, "uncertainty")):
            if first >= last:
                refuse(f"the {what} is missing", (first, first + 1), EXAMPLE)
        value = self._expression(*left)
        percent = self.text[right[1] - 1] == "%"
        last = _stripped(self.text, right[0], right[1] - 1)[1] if percent else right[1]
        if percent and right[0] >= last:
            refuse("the uncertainty is missing", right, "5±2%")
        size = self.graph.ref(self._expression(right[0], last))
        if percent:
            size = size * ops.abs(self.graph.ref(value)) / 100
        return self._measured(value, size.index, right)

    def _concise(self, match: re.Match[str], span: Span) -> Measured:
        """`1.234(5)`, in units of the last digit; `1.234(0.005)` and `1.234(5e-3)`, as they are; `5(2%)`."""
        value, size = self._fraction(match["value"], span), self._fraction(match["u"], span)
        if match["percent"]:
            size = size * abs(value) / 100
        elif match["u"].isdecimal():
            size /= 10 ** len(match["value"].partition(".")[2])
        factor = self._power(match, span)
        return self._measured(quotient(self.graph, value * factor), quotient(self.graph, size * factor), span)

    def _scaled(self, match: re.Match[str], start: int) -> Measured:
        """`(4.999±0.0032)e-3`, `(5±2)%`, `(5±2)×10^-3`."""
        first = start + match.start("inner")
        inner = self.scalar(*_stripped(self.text, first, first + len(match["inner"])))
        span = start, start + match.end()
        factor = quotient(self.graph, Fraction(1, 100) if match["percent"] else self._power(match, span))
        value, size = (self.graph.ref(node) * self.graph.ref(factor) for node in (inner.value, inner.deviation))
        return self._measured(value.index, size.index, span)

    def _law(self, start: int, end: int) -> Measured | None:
        """`uniform(0, 1)`; None where it is no distribution."""
        match = _CALL.match(self.text, start, end)
        name = _SPELLED.get(match["name"].lower()) if match else None
        if match is None or name is None or self.text[end - 1] != ")" or " " in name:
            return None
        places = list(_pieces(self.text, match.end(), end - 1))
        if name == "gamma" and len(places) == 1:  # the function
            return None
        if len(places) == 3:
            name = _OF_THREE.get(name, name)
        known = LAWS[name].parameters
        example = f"{match['name']}({', '.join(known)})"
        if name == "t" and len(places) == 1:  # Student's own
            zero, one = self.graph.constant(0), self.graph.constant(1)
            return self._of_law(name, (zero, one, self._parameter(places[0], example, "nu")), (start, end), example)
        if len(places) != len(known):
            refuse(f"{match['name']} takes {len(known)} numbers", (start, end), example)
        parameters = [self._parameter(place, example, key) for place, key in zip(places, known, strict=True)]
        return self._of_law(name, tuple(parameters), (start, end), example)

    def _parameter(self, place: Span, example: str, name: str) -> int:
        """The node of a number of a distribution, which may have its name before it."""
        if named := re.match(r"(\w+)\s*=(?!=)\s*", self.text[slice(*place)]):
            if named[1] != name:
                refuse(f"{named[1]} stands where {name} is expected", place, example)
            place = place[0] + named.end(), place[1]
        if place[0] >= place[1]:
            refuse("a number is missing", (place[0], place[0] + 1), example)
        return self._expression(*place)

    def _of_law(self, name: str, parameters: tuple[int, ...], span: Span, example: str) -> Measured:
        law = LAWS[name]
        found = Floats().evaluate(self.graph, {}, parameters)
        if wrong := law.wrong(*(found[node] for node in parameters)):
            refuse(wrong, span, example)
        refs = [self.graph.ref(node) for node in parameters]
        value, size = law.mean(*refs), law.deviation(*refs)
        return self._measured(value.index, size.index, span, name, parameters)

    # -- numbers

    def _measured(
        self, value: int, size: int, span: Span, law: str = "normal", parameters: tuple[int, ...] = ()
    ) -> Measured:
        """The input, whose uncertainty is a number that is not negative; 0 is none."""
        found = Floats().evaluate(self.graph, {}, (value, size))
        if not math.isfinite(found[value]) or not math.isfinite(found[size]):
            refuse("the value and its uncertainty must be finite", span, EXAMPLE)
        if found[size] < 0:
            refuse("an uncertainty is negative", span, EXAMPLE)
        if found[size] == 0 and self.graph.number(size) != 0:
            why = "a percentage of 0 is no uncertainty" if found[value] == 0 else "the uncertainty is 0 in floats"
            refuse(why, span, "0±0.1")
        return Measured(self.graph, value, size, law if found[size] else EXACT, parameters)

    def _expression(self, start: int, end: int) -> int:
        """The node of a constant expression."""
        part = self.text[start:end]
        if digits := _DIGITS_AMID.search(part):
            span = start + digits.start(), start + digits.end()
            hint = f"{digits['value']}*({digits['u']}) for a product, else {digits[0]} alone"
            refuse(f"{digits[0]} is a value with its uncertainty", span, hint)
        with moved(self.text, start):
            value = parse_value(part, self.limits)
            if value.shape:
                refuse("a number is expected, not an array", (0, len(part)), "x=[1±0.1, 2±0.1]")
        (node,), _ = as_quotients(value, self.graph)
        if not math.isfinite(Floats().evaluate(self.graph, {}, [node])[node]):
            refuse("a number is expected that is finite in floats", (start, end), "0.5, 1/3 or pi/4")
        return node

    def _fraction(self, text: str, span: Span) -> Fraction:
        """A decimal as it is written."""
        text = _plain(text)
        exponent = text.lower().partition("e")[2]
        if len(text) > 4_000 or exponent and (len(exponent) > 6 or abs(int(exponent)) > _LARGEST):
            refuse("the number is beyond what floats hold", span, EXAMPLE)
        return Fraction(text)

    def _power(self, match: re.Match[str], span: Span) -> Fraction:
        """The power of ten behind a parenthesis."""
        text = match["e"] or (match["p"] or "").strip("()") or (match["r"] or "").translate(RAISED)
        exponent = self._fraction(text, span) if text.strip("-") else Fraction(0)
        if abs(exponent) > _LARGEST:
            refuse("the number is beyond what floats hold", span, EXAMPLE)
        return Fraction(10) ** int(exponent)


def _is_balanced(text: str) -> bool:
    """Whether a text holds a mark of uncertainty, and closes no parenthesis that it has not opened."""
    depths = accumulate((letter == "(") - (letter == ")") for letter in text)
    return bool(_MARK.search(text)) and min(depths) >= 0


def _plain(text: str) -> str:
    """A number with the minus of a keyboard."""
    return "".join("-" if letter in MINUS else letter for letter in text)


# -- from Python -------------------------------------------------------------------------------------------------------


def _of_python(name: str, given: Any, limits: Limits) -> Measurement:
    """What Python gives to a name."""
    if isinstance(given, Measurement):
        return given
    if isinstance(given, str):
        with reading(given):
            return _Reader(given, limits).read(*_stripped(given, 0, len(given)))
    graph = Graph(limits.nodes)
    shape, items = _python_items(name, given, graph, limits)
    return Measurement(graph, shape, tuple(items))


def _python_items(name: str, given: Any, graph: Graph, limits: Limits) -> tuple[Shape, list[Measured]]:
    """The shape and the inputs of a value, of a pair, or of nested lists."""
    if hasattr(given, "nominal_value") and hasattr(given, "std_dev"):  # of the package `uncertainties`
        given = (given.nominal_value, given.std_dev)
    if isinstance(given, tuple):
        if len(given) != 2:
            raise UsageError(
                f"{name} is no pair of a value and its standard uncertainty", hint=f'{{"{name}": (5, 0.1)}}'
            )
        value, size = (to_value(name, part, limits) for part in given)
        (node,), _ = as_quotients(value, graph)
        (deviation,), _ = as_quotients(size, graph)
        return (), [_checked(name, Measured(graph, node, deviation))]
    if hasattr(given, "tolist"):
        given = given.tolist()
    if isinstance(given, Sequence) and not isinstance(given, str | bytes):
        parts = [_python_items(f"{name}[{i}]", item, graph, limits) for i, item in enumerate(given)]
        shapes = {shape for shape, _ in parts}
        if len(shapes) != 1:
            raise UsageError(f"the rows of {name} differ in length" if parts else f"{name} is empty")
        return (len(parts), *shapes.pop()), [item for _, items in parts for item in items]
    measurement = _of_python(name, given, limits) if isinstance(given, str) else None
    if measurement is not None:
        return measurement.shape, [_copied(item, graph) for item in measurement.items]
    (node,), _ = as_quotients(to_value(name, given, limits), graph)
    return (), [Measured(graph, node, graph.constant(0), EXACT)]


def _copied(item: Measured, graph: Graph) -> Measured:
    """The same input in another graph."""
    nodes, _ = as_quotients(Value(item.graph, (), (item.value, item.deviation, *item.parameters)), graph)
    return Measured(graph, nodes[0], nodes[1], item.law, tuple(nodes[2:]))


def _checked(name: str, item: Measured) -> Measured:
    """An input whose uncertainty is a finite number that is not negative."""
    value, size, _ = item.numbers()
    if not (math.isfinite(value) and 0 <= size < math.inf):
        raise UsageError(f"{name} is {value:g} with the uncertainty {size:g}", hint="finite, and not negative")
    return item if size else Measured(item.graph, item.value, item.deviation, EXACT)
