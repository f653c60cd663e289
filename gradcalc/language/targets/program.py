"""A graph as a straight-line program in another language: a temporary for each node, printed by the target's table.

    graph ──▶ lines, each an op of the target on temporaries, inputs and numbers
       └─ an op that the target lacks ──▶ a routine that travels with the program: its definition as a graph, printed by
          the same walk; what has none is not available, by name

What depends on constants alone is computed beforehand, by our floats. Of the user's text nothing but comments comes
into a program, made safe by `source`: inputs have names that are safe, numbers are written from doubles. One op a line
needs no rules of precedence. Imports graph and the arithmetic of floats.
"""

import math
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, reduce
from typing import Any

from gradcalc.arithmetic.floats import FUNCTIONS, Floats
from gradcalc.errors import UsageError
from gradcalc.graph import ops
from gradcalc.graph.definitions import (
    CONSTANT_EXPONENT,
    Deciding,
    Definition,
    constant_power,
    deciding,
    definition,
    without_sign,
)
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.graph.ops import Op
from gradcalc.graph.portable import PORTABLE
from gradcalc.language.targets.lines import Line, Reciprocals, Written, divided_last, needed, read_alone

PREFIX = "§"
"""Stands in tables for what the names of a program's routines begin with."""


@dataclass(frozen=True)
class Target:
    """A language that programs are printed in.

    Attributes:
        name: as messages call it.
        written: how it writes the ops that it has.
        helpers: functions of its own text that some of these call, by the op; they bear the name `§NAME`.
        number: a double.
        truth: what true and false are called.
        line: an assignment of a temporary.
        function: a function of numbers: its name, parameters, lines, results; of one result the result itself.
        reserved: names that no input may have.
        beforehand: of ops whose entry takes one number more, that number as a function of the operands: a line of its
            own, so that equal ones of other ops are computed once.
        by_order: ops whose first operand is a whole number known beforehand (`besselj`), written with that number:
            `{order}`, or its size and the sign that a negative odd one turns (`{sign}jn({size}, {1})`).
        case_sensitive: whether `x` and `X` are two names.
        inlines: whether it has no functions, so that routines are written out where they are used.
        infix_limit: how many operands may stand in one sum; longer ones are cut.
        reciprocals: how quotients over one divisor are written as products; None where a division takes no longer.
    """

    name: str
    written: Mapping[Op, Written]
    helpers: Mapping[Op, str]
    number: Callable[[float], str]
    truth: tuple[str, str]
    line: Callable[[Line], str]
    function: Callable[[str, Sequence[str], Sequence[str], Sequence[str]], str]
    reserved: frozenset[str] = frozenset()
    by_order: Mapping[Op, Written] = field(default_factory=dict)
    beforehand: Mapping[Op, Callable[..., Any]] = field(default_factory=dict)
    case_sensitive: bool = True
    inlines: bool = False
    infix_limit: int = 16
    reciprocals: Reciprocals | None = None


def numbers(nan: str, infinity: str, digits: Callable[[float], str] = repr) -> Callable[[float], str]:
    """How a language writes a double; negative ones in parentheses, as they may stand behind an operator."""

    def number(value: float) -> str:
        if math.isnan(value):
            return nan
        text = digits(abs(value)) if math.isfinite(value) else infinity
        return f"(-{text})" if value < 0 or math.copysign(1.0, value) < 0 else text

    return number


class Unavailable(UsageError):
    """A formula needs functions that a target has not: `ops` by their names."""

    def __init__(self, target: Target, missing: Sequence[str]) -> None:
        self.ops = tuple(missing)
        super().__init__(f"{', '.join(missing)}: not available in {target.name}")


@dataclass(frozen=True)
class Program:
    """Functions and the routines that they call, as text of one language.

    Attributes:
        functions: by name; each takes the inputs and gives the outputs, in the order that was asked for.
        routines: what travels with them, in an order in which each is defined before it is used.
        parameters: the names of the inputs there.
    """

    functions: Mapping[str, str]
    routines: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join([*self.routines, *self.functions.values()])


def printed(target: Target, graph: Graph, inputs: Sequence[int], functions: Mapping[str, Sequence[int]]) -> Program:
    """The outputs of each function, by name, as a program.

    Raises:
        Unavailable: the formula needs an op that neither the target nor a routine has.
    """
    maker = Maker(target)
    names = safe_names(target, [graph.nodes[index].parameter or "" for index in inputs])
    places = dict(zip(inputs, names, strict=True))
    made = {name: maker.function(name, graph, places, outputs) for name, outputs in functions.items()}
    return Program(made, maker.finished(), tuple(names))


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,50}")
_TEMPORARY = re.compile(r"v\d+|input\d+|\w*_part\d+", re.IGNORECASE)


def safe_names(target: Target, names: Sequence[str], function: str = "", prefix: str = "") -> list[str]:
    """Names of inputs that are safe in any program: their own where that is plain, or with a `_`; else a number.

    Args:
        function, prefix: the function's name, and what the names of its routines begin with.
    """
    fold = str if target.case_sensitive else str.lower
    reserved = {fold(word) for word in target.reserved | {function}}
    found: dict[str, str] = {}
    for count, name in enumerate(names, start=1):
        own = re.sub(r"[\[\],]+", "_", name).rstrip("_")
        plain = _PLAIN.fullmatch(own) and not _TEMPORARY.fullmatch(own)
        apart = not prefix or not fold(own).startswith(fold(prefix))
        choices = (own, f"{own}_") if plain and apart else ()
        free = [each for each in choices if fold(each) not in reserved and fold(each) not in found]
        chosen = free[0] if free else f"input{count}"
        found[fold(chosen)] = chosen
    return list(found.values())


class Maker:
    """The state of printing: the routines made so far, and the ops that nothing has.

    Args:
        prefix: what the names of routines begin with.
    """

    def __init__(self, target: Target, prefix: str = "_") -> None:
        self.target, self.prefix = target, prefix
        self.routines: dict[str, str] = {}
        self.operands: dict[str, Sequence[int]] = {}
        self.missing: dict[str, None] = {}

    def function(self, name: str, graph: Graph, places: Mapping[int, str], outputs: Sequence[int]) -> str:
        """One function as text."""
        lines = Lines(self, graph, places)
        for index in graph.needed(outputs):
            lines.node(index)
        made, results = lines.finished(outputs)
        text = [self.finish(self.target.line(line)) for line in made]
        return self.finish(self.target.function(name, list(places.values()), text, results))

    def finish(self, text: str) -> str:
        """Text with the names of routines as they are here."""
        return text.replace(PREFIX, self.prefix)

    def finished(self) -> tuple[str, ...]:
        """The routines, if nothing is missing."""
        if self.missing:
            raise Unavailable(self.target, list(self.missing))
        return tuple(self.routines.values())

    def helper(self, op: Op) -> None:
        """Take along the target's own text for an op, if it has some."""
        text = self.target.helpers.get(op)
        if text:
            self.routines.setdefault(f"{PREFIX}{op.name}", self.finish(text))

    def routine(self, op: Op, count: int, known: Deciding) -> tuple[str, Sequence[int]] | None:
        """A routine for an op that the target lacks, made now or before; None where there is none.

        Returns:
            its name, and which of the operands it takes: not the order, where that is known.
        """
        order = "" if known is None else f"_{known}".replace("-", "m").replace("/", "_")
        name = f"{PREFIX}{op.name}{count if op.variadic else ''}{order}"
        if name not in self.routines:
            define = PORTABLE.get(op) or definition(op, known)
            if define is None:
                return None
            graph, output = rule_graph(define, count)
            taken = [i for i in graph.needed([output]) if i < count]
            before = len(self.missing)
            text = self.function(name, graph, {i: f"x{i}" for i in taken}, [output])
            if len(self.missing) > before:
                self.missing = dict.fromkeys(list(self.missing)[:before])
                return None
            self.routines[name], self.operands[name] = text, taken
        return name, self.operands[name]


Finished = tuple[list[Line], list[str]]


class Lines:
    """The lines of one function, and where the value of each node stands.

    Equal lines are one: what powers have in common is computed once too. Signs are moved out of products and quotients
    and into sums and differences, where that changes no bit of any number: so more lines are equal.

    Args:
        derived: the nodes of derivatives alone, whose quotients may be summed before they are divided.

    Attributes:
        made: the lines; `places` the temporary, input or number of each node, behind a `-` if it is the opposite.
    """

    def __init__(
        self, maker: Maker, graph: Graph, places: Mapping[int, str], derived: Container[int] = frozenset()
    ) -> None:
        self.maker, self.target, self.graph, self.places = maker, maker.target, graph, dict(places)
        self.made: list[Line] = []
        self._derived, self._is_derived, self._sums = derived, False, set[str]()
        self._known: dict[int, Any] = {}
        self._constant = Floats().constant
        self._found: dict[tuple[Written, tuple[str, ...]], str] = {}
        self._lines: dict[str, Line] = {}
        self._numbers: dict[str, float] = {}
        self._is_inner = False

    def node(self, index: int, comment: str = "") -> None:
        """The lines of one node, if it needs any; the last of them has the comment."""
        op, operands, parameter = self.graph.nodes[index]
        if index in self.places:
            return
        if op is ops.const or operands and all(i in self._known for i in operands):
            at = [self._known[i] for i in operands]
            value = self._known[index] = self._constant(parameter or "") if op is ops.const else FUNCTIONS[op](*at)
            self.places[index] = self._written_number(value)
            return
        before = len(self.made)
        self._is_derived = index in self._derived
        self.places[index] = self._signed(op, [self.places[i] for i in operands], deciding(self.graph, op, operands))
        if comment and len(self.made) > before:
            self.made[-1] = replace(self.made[-1], comment=comment)
        if self._is_derived:
            self._sums.update(line.name for line in self.made[before:])

    def finished(self, outputs: Sequence[int], comments: Callable[[int], str] = lambda index: "") -> Finished:
        """The lines that outputs need, and the temporaries, inputs or numbers where these stand."""
        for index in outputs:
            self.node(index)
            before = len(self.made)
            self.places[index] = self._plain(self.places[index])
            if len(self.made) > before:
                self.made[-1] = replace(self.made[-1], comment=comments(index))
        results = [self.places[index] for index in outputs]
        return read_alone(self._faster(results) if self._sums else self.made, results)

    def _faster(self, results: Sequence[str]) -> list[Line]:
        """The lines with fewer divisions, where derivatives have them."""
        written = self.target.written
        added = [written[op] for op in (ops.add, ops.sub) if op in written]
        lines = list(divided_last(self.made, results, self._sums, added, written.get(ops.div, "")))
        if self.target.reciprocals is None:
            return lines
        read, quotients = needed(lines, results), self.target.reciprocals
        found = list(quotients.used(read, lambda name: name.partition(" ")[0] in self._sums))
        if any(line.written == quotients.over for line in found):
            self.maker.routines.setdefault(f"{PREFIX}over", self.maker.finish(quotients.helper))
        return found

    def _plain(self, place: str) -> str:
        """A place without a sign: of an opposite a line of its own."""
        return self._op(ops.neg, [place[1:]], None) if place.startswith("-") else place

    def _signed(self, op: Op, places: Sequence[str], known: Deciding) -> str:
        """Where the value of an op stands, the signs of its operands moved where no rounding sees it."""
        if op is ops.neg:
            return _opposite(places[0])
        if op is ops.sub:
            return self._sum(places[0], _opposite(places[1]))
        if op is ops.add and any(place.startswith("-") for place in places):
            return reduce(self._sum, places)
        times = known if op is ops.powi and isinstance(known, int) else 1 if op in (ops.mul, ops.div) else None
        if times is not None:
            places = places if op is ops.powi else [self._positive(place) for place in places]
            negative = times * sum(place.startswith("-") for place in places) % 2
            places = [place.removeprefix("-") for place in places]
            if op is ops.div and self._is_derived and 1e-100 < self._numbers.get(places[1], 0.0) < 1e100:
                op, places = ops.mul, [places[0], self._written_number(1 / self._numbers[places[1]])]
            if op is ops.mul and self._is_derived and len(places) == 2:
                places = self._folded(*places)
            found = self._op(op, places, known)
            return _opposite(found) if negative else found
        return self._op(op, [self._plain(place) for place in places], known)

    def _folded(self, one: str, other: str) -> Sequence[str]:
        """The factors of a product: those of two numbers are one; 2*(a/(s+s)) is a/s, if a/s shares a reciprocal."""
        number, place = (one, other) if one in self._numbers else (other, one)
        line, written = self._lines.get(place), self.target.written
        if number not in self._numbers or line is None or len(line.operands) != 2:
            return one, other
        first, second = line.operands
        if line.written == written[ops.mul]:
            factor, rest = (first, second) if first in self._numbers else (second, first)
            both = self._numbers.get(factor, math.nan) * self._numbers[number]
            if 1e-100 < both < 1e100:
                return (rest,) if both == 1 else (self._written_number(both), rest)
        halves = self.target.reciprocals is not None and line.written == written[ops.div] and self._numbers[number] == 2
        root = self._halved(second) if halves else ""
        return (self._op(ops.div, [first, root], None),) if root else (one, other)

    def _halved(self, place: str) -> str:
        """Of `s + s` the place s; "" of others."""
        line = self._lines.get(place)
        twice = (
            line is not None and line.written == self.target.written[ops.add] and line.operands == line.operands[:1] * 2
        )
        return line.operands[0] if line and twice else ""

    def _sum(self, one: str, other: str) -> str:
        """A sum of two, as a difference where one is an opposite."""
        if one.startswith("-") and other.startswith("-") and self._is_derived:  # 0 may have another sign
            return _opposite(self._op(ops.add, [one[1:], other[1:]], None))
        if other.startswith("-"):
            return self._difference(self._plain(one), other[1:])
        return self._difference(other, one[1:]) if one.startswith("-") else self._op(ops.add, [one, other], None)

    def _difference(self, one: str, other: str) -> str:
        """A difference; of derivatives the opposite of one that is there."""
        if self._is_derived and (self.target.written.get(ops.sub, ""), (other, one)) in self._found:
            return _opposite(self._op(ops.sub, [other, one], None))
        return self._op(ops.sub, [one, other], None)

    def _positive(self, place: str) -> str:
        """A place; of a negative number that of its opposite, behind a sign."""
        number = self._numbers.get(place, 0.0)
        return f"-{self._written_number(-number)}" if number < 0 else place

    def _written_number(self, value: Any) -> str:
        if isinstance(value, bool):
            return self.target.truth[not value]
        place = self.target.number(value)
        self._numbers[place] = value
        return place

    def _op(self, op: Op, places: Sequence[str], known: Deciding) -> str:
        """Where the value of an op stands."""
        if op is ops.powi and isinstance(known, int):
            return self._power(places[0], known)
        if op is ops.hypot and len(places) == 1:
            return self._op(ops.abs, places, None)
        if isinstance(known, Fraction):  # whole powers times a root, which derivatives have in common
            return self._put_together(constant_power(known), places)
        if op is ops.pow and known == CONSTANT_EXPONENT and not self._is_inner:
            places = [self._put_together(without_sign, places[:1]), places[1]]
        written = self.target.written.get(op) or self._of_order(op, places)
        if written is not None:
            self.maker.helper(op)
            if op in self.target.beforehand:
                places = [*places, self._plain(self._put_together(self.target.beforehand[op], places))]
            return self._joined(written, places, op.is_condition) if op.variadic else self._line(written, places, op)
        if (self.target.inlines or _is_short(op, len(places))) and (
            place := self._inlined(op, places, known)
        ) is not None:
            return place
        routine = None if self.target.inlines else self.maker.routine(op, len(places), known)
        if routine is None:
            self.maker.missing.setdefault(op.name)
            return self.target.number(0.0)
        name, taken = routine
        return self._line(f"{name}({{all}})", [places[i] for i in taken], op)

    def _inlined(self, op: Op, places: Sequence[str], known: Deciding) -> str | None:
        """Where the value of an op stands that is put together here; None if it cannot be."""
        define = PORTABLE.get(op) or definition(op, known)
        if define is None:
            return None
        before = list(self.maker.missing)
        place = self._put_together(define, places)
        if len(self.maker.missing) > len(before):
            self.maker.missing = dict.fromkeys(before)
            return None
        return place

    def _put_together(self, define: Definition, places: Sequence[str]) -> str:
        """Where the value of a function of ops stands, whose lines are put among these."""
        graph, output = rule_graph(define, len(places))
        inner = Lines(self.maker, graph, dict(enumerate(places)))
        inner.made, inner._found, inner._lines, inner._is_inner = self.made, self._found, self._lines, True
        for index in graph.needed([output]):
            inner.node(index)
        return inner.places[output]

    def _of_order(self, op: Op, places: Sequence[str]) -> Written | None:
        """How an op of a whole order is written, its order in it."""
        written = self.target.by_order.get(op)
        orders = {self.target.number(float(n)): n for n in range(-_ORDERS, _ORDERS + 1)} if written else {}
        order = orders.get(places[0]) if places else None
        if not isinstance(written, str) or order is None:
            return None
        sign = "-" if order < 0 and order % 2 else ""
        return written.replace("{order}", str(order)).replace("{size}", str(abs(order))).replace("{sign}", sign)

    def _line(self, written: Written, operands: Sequence[str], op: Op | None = None) -> str:
        swaps = len(operands) == 2 and written in (self.target.written[ops.add], self.target.written[ops.mul])
        key = written, tuple(sorted(operands) if swaps else operands)
        if key not in self._found:
            name = self._found[key] = f"v{len(self.made) + 1}"
            line = self._lines[name] = Line(name, written, tuple(operands), truth=op is not None and op.is_condition)
            self.made.append(line)
        return self._found[key]

    def _joined(self, written: Written, places: Sequence[str], truth: bool) -> str:
        """An op of any number of operands: a sum in pieces, from left to right; of two at a time by halves."""
        if len(places) == 1:
            return places[0]
        if isinstance(written, str) and "{all}" in written:
            return self._line(written, places)
        if isinstance(written, str) and written.startswith(" "):
            most, found = self.target.infix_limit, places[0]
            for first in range(1, len(places), most - 1):
                found = self._line(written, [found, *places[first : first + most - 1]])
            return found
        half = len(places) // 2
        return self._line(written, [self._joined(written, part, truth) for part in (places[:half], places[half:])])

    def _power(self, base: str, exponent: int) -> str:
        """A whole power by products: a square for each bit after the first, times the base where it is 1."""
        times, found = self.target.written[ops.mul], base
        for bit in f"{abs(exponent):b}"[1:]:
            found = self._line(times, [found, found])
            if bit == "1":
                found = self._line(times, [found, base])
        if exponent > 0:
            return found
        self.maker.helper(ops.div)
        return self._line(self.target.written[ops.div], [self.target.number(1.0), found])


@cache
def _is_short(op: Op, count: int) -> bool:
    """Whether an op is put together in a few lines without branches: then it is no routine, and parts are shared."""
    define = PORTABLE.get(op) or definition(op)
    if define is None:
        return False
    graph, output = rule_graph(define, count)
    nodes = [graph.nodes[index] for index in graph.needed([output])]
    return len(nodes) <= _SHORT and not any(node.op.is_condition for node in nodes)


_SHORT = 12


def _opposite(place: str) -> str:
    """The place of the opposite."""
    return place[1:] if place.startswith("-") else f"-{place}"


_ORDERS = 100
"""Bessel functions of larger orders are not looked for in libraries."""
