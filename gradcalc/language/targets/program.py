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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from gradcalc.arithmetic.floats import FUNCTIONS, Floats
from gradcalc.errors import UsageError
from gradcalc.graph import ops
from gradcalc.graph.definitions import Deciding, deciding, definition
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.graph.ops import Op
from gradcalc.graph.portable import PORTABLE

Written = str | Callable[[Sequence[str]], str]
"""How a target writes an op: `{0}` and `{1}` are its operands, `{all}` all of them with commas, and what begins and
ends with a blank stands between them; `§` is what the names of routines begin with. Or a function of the operands."""

PREFIX = "§"
"""Stands in tables for what the names of a program's routines begin with."""


@dataclass(frozen=True, slots=True)
class Line:
    """The assignment of a temporary: its name, and an op on operands that are names or numbers.

    Attributes:
        truth: whether it is true or false, not a number.
        comment: where it stands in the user's text, safe in a comment of any language; "" for nothing.
    """

    name: str
    written: Written
    operands: tuple[str, ...]
    truth: bool = False
    comment: str = ""

    @property
    def value(self) -> str:
        """The op on its operands, as the target writes it."""
        return filled(self.written, self.operands)


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
        by_order: ops whose first operand is a whole number known beforehand (`besselj`), written with that number:
            `{order}`, or its size and the sign that a negative odd one turns (`{sign}jn({size}, {1})`).
        case_sensitive: whether `x` and `X` are two names.
        inlines: whether it has no functions, so that routines are written out where they are used.
        infix_limit: how many operands may stand in one sum; longer ones are cut.
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
    case_sensitive: bool = True
    inlines: bool = False
    infix_limit: int = 16


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
        text = [self.finish(self.target.line(line)) for line in lines.made]
        return self.finish(self.target.function(name, list(places.values()), text, [lines.places[i] for i in outputs]))

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


class Lines:
    """The lines of one function, and where the value of each node stands.

    Equal lines are one: what powers have in common is computed once too.

    Attributes:
        made: the lines; `places` the temporary, input or number of each node.
    """

    def __init__(self, maker: Maker, graph: Graph, places: Mapping[int, str]) -> None:
        self.maker, self.target, self.graph, self.places = maker, maker.target, graph, dict(places)
        self.made: list[Line] = []
        self._known: dict[int, Any] = {}
        self._constant = Floats().constant
        self._found: dict[tuple[Written, tuple[str, ...]], str] = {}

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
        self.places[index] = self._op(op, [self.places[i] for i in operands], deciding(self.graph, op, operands))
        if comment and len(self.made) > before:
            self.made[-1] = replace(self.made[-1], comment=comment)

    def _written_number(self, value: Any) -> str:
        return self.target.truth[not value] if isinstance(value, bool) else self.target.number(value)

    def _op(self, op: Op, places: Sequence[str], known: Deciding) -> str:
        """Where the value of an op stands."""
        if op is ops.powi and isinstance(known, int):
            return self._power(places[0], known)
        if op is ops.hypot and len(places) == 1:
            return self._op(ops.abs, places, None)
        written = self.target.written.get(op) or self._of_order(op, places)
        if written is not None:
            self.maker.helper(op)
            return self._joined(written, places, op.is_condition) if op.variadic else self._line(written, places, op)
        order = None if isinstance(known, Fraction) else known
        if self.target.inlines and (place := self._inlined(op, places, order)) is not None:
            return place
        routine = None if self.target.inlines else self.maker.routine(op, len(places), order)
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
        graph, output = rule_graph(define, len(places))
        inner = Lines(self.maker, graph, dict(enumerate(places)))
        inner.made, inner._found, before = self.made, self._found, list(self.maker.missing)
        for index in graph.needed([output]):
            inner.node(index)
        if len(self.maker.missing) > len(before):
            self.maker.missing = dict.fromkeys(before)
            return None
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
        key = written, tuple(operands)
        if key not in self._found:
            name = self._found[key] = f"v{len(self.made) + 1}"
            self.made.append(Line(name, *key, truth=op is not None and op.is_condition))
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


_ORDERS = 100
"""Bessel functions of larger orders are not looked for in libraries."""


def filled(written: Written, places: Sequence[str]) -> str:
    """An op with its operands."""
    if not isinstance(written, str):
        return written(places)
    if written.startswith(" "):
        return written.join(places) if len(places) > 1 else places[0]
    return written.format(*places, all=", ".join(places))
