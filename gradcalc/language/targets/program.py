"""A graph as a straight-line program in another language: a temporary for each node, printed by the target's table.

    graph ──▶ lines, each an op of the target on temporaries, inputs and numbers
       └─ an op that the target lacks ──▶ a routine that travels with the program: its definition as a graph, printed by
          the same walk; what has none is not available, by name

What depends on constants alone is computed beforehand, by our floats. Nothing of the user's text comes into a program:
inputs have names that are safe, numbers are written from doubles. Imports graph and the arithmetic of floats.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from gradcalc.arithmetic.floats import FUNCTIONS, Floats
from gradcalc.errors import UsageError
from gradcalc.graph import ops
from gradcalc.graph.definitions import Deciding, deciding, definition
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.graph.ops import Op
from gradcalc.graph.portable import PORTABLE

Written = str
"""How a target writes an op: `{0}` and `{1}` are its operands, `{all}` all of them with commas, and what begins and
ends with a blank stands between them."""


@dataclass(frozen=True)
class Target:
    """A language that programs are printed in.

    Attributes:
        name: as messages call it.
        written: how it writes the ops that it has.
        helpers: functions of its own text that some of these call, by the op; they bear the name `_NAME`.
        number: a double.
        truth: what true and false are called.
        line: an assignment of a temporary: its name, its value.
        function: a function: its name, parameters, lines, results; of one result the result itself.
        reserved: names that no input may have.
    """

    name: str
    written: Mapping[Op, Written]
    helpers: Mapping[Op, str]
    number: Callable[[float], str]
    truth: tuple[str, str]
    line: Callable[[str, str], str]
    function: Callable[[str, Sequence[str], Sequence[str], Sequence[str]], str]
    reserved: frozenset[str] = frozenset()


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
    maker = _Maker(target)
    parameters = _parameters(target, [graph.nodes[index].parameter or "" for index in inputs])
    places = dict(zip(inputs, parameters, strict=True))
    made = {name: maker.function(name, graph, places, outputs) for name, outputs in functions.items()}
    if maker.missing:
        raise Unavailable(target, list(maker.missing))
    return Program(made, tuple(maker.routines.values()), tuple(parameters))


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TEMPORARY = re.compile(r"[tT]\d+|input\d+")


def _parameters(target: Target, names: Sequence[str]) -> list[str]:
    """Names of inputs that are safe in any program: their own where that is plain, else a number."""
    found: dict[str, None] = {}
    for count, name in enumerate(names, start=1):
        own = re.sub(r"[\[\],]+", "_", name).rstrip("_")
        usable = _PLAIN.fullmatch(own) and not _TEMPORARY.fullmatch(own)
        found[own if usable and own not in target.reserved and own not in found else f"input{count}"] = None
    return list(found)


@dataclass
class _Maker:
    """The state of printing: the routines made so far, and the ops that nothing has."""

    target: Target
    routines: dict[str, str] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)

    def function(self, name: str, graph: Graph, places: Mapping[int, str], outputs: Sequence[int]) -> str:
        """One function as text."""
        lines = _Lines(self, graph, dict(places))
        for index in graph.needed(outputs):
            lines.node(index)
        parameters = list(places.values())
        return self.target.function(name, parameters, lines.text, [lines.places[i] for i in outputs])

    def routine(self, op: Op, count: int, known: Deciding) -> str | None:
        """The name of a routine for an op that the target lacks, made now or before; None where there is none."""
        order = "" if known is None else f"_{known}".replace("-", "m").replace("/", "_")
        name = f"_{op.name}{count if op.variadic else ''}{order}"
        if name not in self.routines:
            define = PORTABLE.get(op) or definition(op, known)
            if define is None:
                return None
            graph, output = rule_graph(define, count)
            before = len(self.missing)
            text = self.function(name, graph, {i: f"x{i}" for i in range(count)}, [output])
            if len(self.missing) > before:
                self.missing = dict.fromkeys(list(self.missing)[:before])
                return None
            self.routines[name] = text
        return name


class _Lines:
    """The lines of one function, and where the value of each node stands."""

    def __init__(self, maker: _Maker, graph: Graph, places: dict[int, str]) -> None:
        self.maker, self.target, self.graph, self.places = maker, maker.target, graph, places
        self.text: list[str] = []
        self.known: dict[int, Any] = {}
        self._constant = Floats().constant

    def node(self, index: int) -> None:
        """The lines of one node, if it needs any."""
        op, operands, parameter = self.graph.nodes[index]
        if index in self.places:
            return
        if op is ops.const or operands and all(i in self.known for i in operands):
            at = [self.known[i] for i in operands]
            value = self.known[index] = self._constant(parameter or "") if op is ops.const else FUNCTIONS[op](*at)
            self.places[index] = self._written_number(value)
        else:
            self.places[index] = self._op(op, [self.places[i] for i in operands], deciding(self.graph, op, operands))

    def _written_number(self, value: Any) -> str:
        return self.target.truth[not value] if isinstance(value, bool) else self.target.number(value)

    def _op(self, op: Op, places: Sequence[str], known: Deciding) -> str:
        """Where the value of an op stands."""
        if op is ops.powi and isinstance(known, int):
            return self._power(places[0], known)
        written = self.target.written.get(op)
        if written is not None:
            helper = self.target.helpers.get(op)
            if helper:
                self.maker.routines.setdefault(f"_{op.name}", helper)
            return self._line(_filled(written, places))
        name = self.maker.routine(op, len(places), None if isinstance(known, Fraction) else known)
        if name is None:
            self.maker.missing.setdefault(op.name)
            return self.target.number(0.0)
        return self._line(f"{name}({', '.join(places)})")

    def _line(self, value: str) -> str:
        name = f"t{len(self.text) + 1}"
        self.text.append(self.target.line(name, value))
        return name

    def _power(self, base: str, exponent: int) -> str:
        """A whole power by products: a square for each bit after the first, times the base where it is 1."""
        times, found = self.target.written[ops.mul], base
        for bit in f"{abs(exponent):b}"[1:]:
            found = self._line(_filled(times, [found, found]))
            if bit == "1":
                found = self._line(_filled(times, [found, base]))
        return (
            found
            if exponent > 0
            else self._line(_filled(self.target.written[ops.div], [self.target.number(1.0), found]))
        )


def _filled(written: Written, places: Sequence[str]) -> str:
    """An op with its operands."""
    if written.startswith(" "):
        return written.join(places) if len(places) > 1 else places[0]
    return written.format(*places, all=", ".join(places))
