"""Points from text: `x=2,y=pi/4`, a lone `3`, and ranges, `x=0:1:0.25` or `x=linspace(0,1,5)`, each value a point.

Ends and steps are exact while a range is cut: a decimal is the number as written, and pi stays pi. So nothing drifts,
and the end is met where it is a step. Imports parse and below; balls where there is a range.
"""

from collections.abc import Mapping, Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from fractions import Fraction
from itertools import product
from math import isfinite, prod
from typing import Any, NamedTuple

from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.marks import Unknown
from gradcalc.errors import Span
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.language.formula import UNNAMED, Value
from gradcalc.language.parse import bound_name, constant_value, reading
from gradcalc.language.tokens import CLOSING, CONSTANTS, FUNCTIONS, OPENING, Tokens, refuse, tokenize
from gradcalc.settings import Limits

MAX_POINTS = 1_000_000
"""How many points the ranges of one text make, at most."""
_BITS = 256
_LISTS = ("linspace", "arange")
"""Functions of NumPy whose values are points where they stand alone as the value of a name."""
_STEPS_OF_LINSPACE = 50
"""How many values NumPy's makes unless told otherwise."""

Choices = Mapping[str, Sequence[Value]]
"""The values of each name, one or those of its range, in the order of the text."""


def parse_choices(text: str, limits: Limits) -> dict[str, Sequence[Value]]:
    """The values that a text gives to each name; a value without a name has the name UNNAMED."""
    found: dict[str, Sequence[Value]] = {}
    with reading(text):
        tokens = tokenize(text, limits.text)
        for first, last in tokens.pieces():
            name = UNNAMED if _is_unnamed(tokens, first, last) else bound_name(tokens, first, last)
            if name in found and not name:
                refuse("only one value can stand without its name", tokens[first].span, "x=2,y=3")
            if name in found:
                refuse(f"{name} has a value already", tokens[first].span, "give each name one value")
            found[name] = _values(_Range(text, tokens, limits, name), (first + 2 if name else first, last))
        size = prod(map(len, found.values()))
        if size > MAX_POINTS:
            refuse(f"the ranges make {size:,} points, more than {MAX_POINTS:,}", (0, len(text)), _FEWER)
    return found


_FEWER = "a larger step; gradcalc map reads more points from a file"


def choices_of(text: str, limits: Limits) -> Sequence[Value]:
    """The values of one name: one, or those of a range."""
    with reading(text):
        tokens = tokenize(text, limits.text)
        return _values(_Range(text, tokens, limits, UNNAMED), (0, len(tokens) - 1))


def grid(choices: Choices) -> list[dict[str, Value]]:
    """Every combination of the values, the last name's changing first."""
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


def _is_unnamed(tokens: Tokens, first: int, last: int) -> bool:
    """Whether a piece of the text is a value alone: no name that is to have one, and no equals sign in vain."""
    token, sign = tokens[first], tokens[min(first + 1, last)]
    if first == last or sign.text == "=":
        return False
    return token.kind != "name" or token.text in CONSTANTS or sign.text == "(" and token.text in (*FUNCTIONS, *_LISTS)


Piece = tuple[int, int]
"""The first token of a part of a text, and the one behind its last."""


def _values(made: "_Range", piece: Piece) -> Sequence[Value]:
    """The values of one name."""
    parts = _cut(made.tokens, piece)
    if len(parts) > 1:
        return _colons(made, parts)
    if inner := _arguments(made.tokens, piece):
        return _list(made, piece, inner)
    return [made.constant(piece)]


def _cut(tokens: Tokens, piece: Piece) -> list[Piece]:
    """The parts between the colons that stand in no brackets; `c ? a : b` is one part."""
    parts, depth, first = [], 0, piece[0]
    for position in range(*piece):
        word = tokens.words[position]
        depth += (word in OPENING) - (word in CLOSING)
        if word == "?" and not depth:
            return [piece]
        if word == ":" and not depth:
            parts.append((first, position))
            first = position + 1
    return [*parts, (first, piece[1])]


def _arguments(tokens: Tokens, piece: Piece) -> list[Piece]:
    """The arguments of a call of `linspace` or `arange` that is the whole value; none where it is not."""
    first, last = piece
    words = tokens.words
    if last - first < 3 or words[first] not in _LISTS or words[first + 1] != "(" or words[last - 1] != ")":
        return []
    depth = 0
    for position in range(first + 1, last):
        depth += (words[position] in OPENING) - (words[position] in CLOSING)
        if not depth and position < last - 1:
            return []
    if depth:
        return []
    return [(a + first + 2, b + first + 2) for a, b in tokens.part(first + 2, last - 1).pieces()]


def _span(tokens: Tokens, piece: Piece) -> Span:
    """The place of some tokens in the text; of none, that of the sign behind them."""
    first, last = piece
    return tokens[first].span[0], tokens[max(first, last - 1)].span[1]


# -- numbers of a range ------------------------------------------------------------------------------------------------


class _Number(NamedTuple):
    """A number of a range: its node in the graph of the range, and a + b*pi where it is that."""

    node: int
    linear: tuple[Fraction, Fraction] | None


_ZERO = (Fraction(0), Fraction(0))


class _Range:
    """The value of one name, perhaps a range, whose numbers are exact: in its own graph a decimal is a quotient."""

    def __init__(self, text: str, tokens: Tokens, limits: Limits, name: str) -> None:
        self.text, self.tokens, self.limits = text, tokens, limits
        self.graph = Graph(limits.nodes)
        self.before = f"{name}=" if name else ""
        self.example = f"{self.before}0:1:0.25"
        self.has_decimals = False

    def constant(self, piece: Piece) -> Value:
        """The value of a part of the text."""
        return constant_value(self.text, self.tokens.part(*piece), self.limits, {})

    def number(self, piece: Piece, what: str, example: str) -> _Number:
        """One end or the step."""
        if piece[0] == piece[1]:
            refuse(f"the {what} of the range is missing", _span(self.tokens, piece), example)
        value = self.constant(piece)
        if value.shape:
            refuse(f"the {what} of a range is a number, not an array", _span(self.tokens, piece), example)
        node = self._exact(value)
        rounded = Floats().evaluate(value.graph, {}, value.items)[value.items[0]]
        if not isfinite(rounded) or isinstance(self.ball(node), Unknown):
            refuse(f"the {what} of the range is not finite", _span(self.tokens, piece), example)
        return _Number(node, _linear(self.ball(node)))

    def ball(self, node: int) -> Any:
        """A number of the range in a ball, exact where it can be."""
        from gradcalc.arithmetic.balls import Balls

        return Balls(_BITS).evaluate(self.graph, {}, [node])[node]

    def whole(self, node: int) -> int:
        """The whole part of a number; one that no precision tells from the whole number above is that."""
        from flint import arb, fmpq

        from gradcalc.arithmetic.exact_numbers import exact

        ball = self.ball(node)
        number = exact(ball)
        if number is not None and number.base is None:
            ratio = fmpq(number.value)
            return int(ratio.p // ratio.q)
        above: Any = arb(ball.upper()).floor().unique_fmpz()
        return int(above)

    def value(self, start: _Number, step: _Number, count: int) -> Value:
        """Where the range is after some steps, as people write it: 0.3, pi/2, 1 + 2/3."""
        graph = Graph(self.limits.nodes)
        if start.linear and step.linear:
            ratio, turns = (a + count * b for a, b in zip(start.linear, step.linear, strict=True))
            return Value(graph, (), (_written(graph, ratio, turns, self.has_decimals),))
        first = self._times(start, 1, graph)
        if not count:
            return Value(graph, (), (first,))
        way = self._times(step, count, graph)
        return Value(graph, (), (way if start.linear == _ZERO else graph.emit(ops.add, (first, way)),))

    def _times(self, number: _Number, count: int, graph: Graph) -> int:
        """A multiple of a number, in another graph."""
        if number.linear:
            ratio, turns = number.linear
            return _written(graph, count * ratio, count * turns, self.has_decimals)
        node = _copy(self.graph, number.node, graph)
        return node if count == 1 else _product(graph, count, node)

    def _exact(self, value: Value) -> int:
        """The node of a constant in this graph, decimals as the quotients that they are."""
        (node,), has_decimals = as_quotients(value, self.graph)
        self.has_decimals = self.has_decimals or has_decimals
        return node


def as_quotients(value: Value, graph: Graph) -> tuple[list[int], bool]:
    """The nodes of a constant in another graph, decimals as the quotients that they are; whether there are decimals."""
    place: dict[int, int] = {}
    has_decimals = False
    for index in value.graph.needed(value.items):
        op, operands, parameter = value.graph.nodes[index]
        ratio = _decimal(parameter) if op is ops.const else None
        has_decimals = has_decimals or ratio is not None
        if ratio is None:
            place[index] = graph.emit(op, tuple([place[i] for i in operands]), parameter)
        else:
            place[index] = quotient(graph, ratio)
    return [place[item] for item in value.items], has_decimals


def _decimal(text: str | None) -> Fraction | None:
    """The number that a decimal stands for as it is written; None for a name or a whole number."""
    if text is None or not set(text) & set(".eE") or text[-1] not in "0123456789." or "x" in text.lower():
        return None
    exponent = text.lower().partition("e")[2]
    return Fraction(text) if not exponent or abs(int(exponent)) < 400 else None


def _linear(ball: Any) -> tuple[Fraction, Fraction] | None:
    """The rational numbers a and b of a + b*pi, where a ball is known to hold that."""
    from gradcalc.arithmetic.exact_numbers import PI, exact

    number = exact(ball)
    if number is None:
        return None
    if number.base is None:
        return _fraction(number.value), Fraction(0)
    parts = number.value.coeffs()
    if number.base != PI or len(parts) > 2:
        return None
    return _fraction(parts[0]), _fraction(parts[1])


def _fraction(ratio: Any) -> Fraction:
    return Fraction(int(ratio.p), int(ratio.q)) if hasattr(ratio, "p") else Fraction(int(ratio))


def _written(graph: Graph, ratio: Fraction, turns: Fraction, decimals: bool) -> int:
    """The node of a rational number plus a multiple of pi, a decimal where the range has decimals and it is one."""
    plain = quotient(graph, ratio, decimals)
    if not turns:
        return plain
    sign = turns.numerator < 0 and not ratio
    count, pi = (turns.numerator if sign else abs(turns.numerator)), graph.constant("pi")
    part = pi if count == 1 else graph.emit(ops.neg, (pi,)) if count == -1 else _product(graph, count, pi)
    part = part if turns.denominator == 1 else graph.emit(ops.div, (part, graph.constant(turns.denominator)))
    return graph.emit(ops.sub if turns < 0 else ops.add, (plain, part)) if ratio else part


def _product(graph: Graph, count: int, node: int) -> int:
    return graph.emit(ops.mul, (graph.constant(count), node))


def quotient(graph: Graph, ratio: Fraction, decimals: bool = False) -> int:
    """The node of a rational number."""
    if decimals and (text := _decimal_text(ratio)):
        return graph.constant(text)
    if ratio.denominator == 1:
        return graph.constant(str(ratio.numerator))
    return graph.emit(ops.div, (graph.constant(str(ratio.numerator)), graph.constant(str(ratio.denominator))))


def _decimal_text(ratio: Fraction) -> str:
    """A rational number as a decimal, empty where it has no end."""
    rest, twos, fives = ratio.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return ""
    places = max(twos, fives)
    number = Decimal(ratio.numerator * 10**places // ratio.denominator).scaleb(-places, _ANY)
    return str(number.normalize(_ANY) if abs(number) >= 10**17 else number).lower()


_ANY = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Decimals of any length."""


def _copy(source: Graph, node: int, graph: Graph) -> int:
    """A node of one graph in another."""
    place: dict[int, int] = {}
    for index in source.needed([node]):
        op, operands, parameter = source.nodes[index]
        place[index] = graph.emit(op, tuple([place[i] for i in operands]), parameter)
    return place[node]


# -- the two ways of writing a range -----------------------------------------------------------------------------------


def _colons(made: _Range, parts: Sequence[Piece]) -> Sequence[Value]:
    """The values of `start:end:step`, both ends included; the last one before the end where that is no step."""
    tokens, example = made.tokens, made.example
    if len(parts) > 3:
        refuse("a range has a start, an end and a step", _span(tokens, (parts[3][0], parts[-1][1])), example)
    start, stop = (made.number(part, what, example) for part, what in zip(parts[:2], ("start", "end"), strict=True))
    if len(parts) == 2:
        span = _span(tokens, (parts[0][0], parts[1][1]))
        refuse("the range has no step", span, f"{made.before}{made.text[slice(*span)]}:{_tenth(made, start, stop)}")
    step = made.number(parts[2], "step", example)
    return _stepped(made, (start, stop, step), _span(tokens, parts[2]), True)


def _tenth(made: _Range, start: _Number, stop: _Number) -> str:
    """A step that would fit."""
    first, last = (Floats().evaluate(made.graph, {}, [each.node])[each.node] for each in (start, stop))
    return f"{(last - first) / 10 or 0.1:.6g}"


def _stepped(made: _Range, numbers: tuple[_Number, _Number, _Number], span: Span, closed: bool) -> Sequence[Value]:
    """The values from a start to an end, which is one of them only in a closed range."""
    start, stop, step = numbers
    way = made.graph.emit(ops.sub, (stop.node, start.node))
    if made.ball(step.node).contains(0):
        refuse("the step of the range is 0", span, made.example)
    ratio = made.graph.emit(ops.div, (way, step.node))
    count = made.whole(ratio) if closed else -made.whole(made.graph.emit(ops.neg, (ratio,))) - 1
    if count < 0 and closed:
        refuse("the step of the range leads away from its end", span, "a step of the other sign")
    if count >= MAX_POINTS:
        refuse(f"the range has {_count(count + 1)} points, more than {MAX_POINTS:,}", span, _FEWER)
    if count < 0:
        refuse("the range has no value", span, "an end beyond the start")
    return [made.value(start, step, k) for k in range(count + 1)]


def _count(number: int) -> str:
    """A number of points in a few characters."""
    return f"{number:,}" if number < 10**15 else "far too many"


def _list(made: _Range, piece: Piece, inner: Sequence[Piece]) -> Sequence[Value]:
    """The values of `linspace(start, end, count)` or of `arange(start, end, step)`, which leaves its end out."""
    tokens, name = made.tokens, made.tokens.words[piece[0]]
    span = _span(tokens, piece)
    example = "linspace(0, 1, 5)" if name == "linspace" else "arange(0, 1, 0.25)"
    least = 2 if name == "linspace" else 1
    if not least <= len(inner) <= 3:
        refuse(f"{name} takes {least} to 3 numbers", span, example)
    names = ("start", "end", "count" if name == "linspace" else "step")
    given = [made.number(part, what, example) for part, what in zip(inner, names, strict=False)]
    if name == "arange":
        if len(given) == 1:
            given.insert(0, _whole_number(made, 0))
        step = given[2] if len(given) == 3 else _whole_number(made, 1)
        return _stepped(made, (given[0], given[1], step), span, False)
    size = _size(given[2], _span(tokens, inner[2]), example) if len(given) == 3 else _STEPS_OF_LINSPACE
    if size > MAX_POINTS:
        refuse(f"the range has {_count(size)} points, more than {MAX_POINTS:,}", span, _FEWER)
    graph = made.graph
    way = graph.emit(ops.sub, (given[1].node, given[0].node))
    node = graph.emit(ops.div, (way, graph.constant(max(1, size - 1))))
    step = _Number(node, _linear(made.ball(node)))
    return [made.value(given[0], step, k) for k in range(size)]


def _whole_number(made: _Range, number: int) -> _Number:
    return _Number(made.graph.constant(number), (Fraction(number), Fraction(0)))


def _size(number: _Number, span: Span, example: str) -> int:
    """How many values there are to be."""
    ratio, turns = number.linear or _ZERO
    if turns or ratio.denominator != 1 or ratio < 1:
        refuse("linspace makes a whole number of values, at least 1", span, example)
    return int(ratio)
