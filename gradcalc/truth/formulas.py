"""Derivatives as formulas, without a point: SymPy's shortest form that holds, else our own; and where they hold.

    derivatives on the graph --conditions--> where they hold
             |  SymPy's forms, the shortest first --compared in balls at many points--> the first that is the same
             '--format--> our own, where there is no other

No form is shown that was not found equal to the derivative on the graph wherever the two were compared. Imports
conditions, second_opinion and balls.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import total
from gradcalc.arithmetic.digits import relative_bits
from gradcalc.arithmetic.marks import UNDEFINED, Ball, Unknown
from gradcalc.graph.domain import kinked
from gradcalc.graph.graph import Graph
from gradcalc.language.conditions import defined_where, kinked_where
from gradcalc.language.format import format_node, quoted
from gradcalc.language.formula import Formula
from gradcalc.truth.second_opinion import Entry, Opinion
from gradcalc.truth.written import Formulas, Written

LENGTH = 2_000
"""Characters of a formula that is shown, at most: a longer one tells nobody anything."""
_OWN_LENGTH = 600
"""The same of one that the rules gave and nobody has simplified."""
_NODES = 20_000
"""Nodes of a formula and its derivatives up to which it is told where they hold."""
_BITS, _SAME_BITS = 192, 60
"""The precision of comparisons, and how many bits of two numbers must be told for them to count."""
_NOTHING = arb((1, -100))
_ENOUGH, _TRIES = 12, 60
"""At how many points a form is compared, and how many are looked at for that."""
_LEAST = 4
"""Of how many points it must be known."""
_WORK = 400_000
"""What looking for points may cost, in units of about a microsecond."""
_SCALES = ((-3, 3), (0.05, 0.95), (0.5, 4), (-0.95, 0.95), (2, 30), (-40, 40), (1, 1.5), (100, 1000))
"""Between which numbers points lie, in turn."""


def in_words(formula: Formula, opinion: Opinion | None) -> Formulas:
    """All derivatives of a formula up to its order."""
    graph, names = formula.graph, formula.names
    nodes: dict[tuple[str, ...], int] = {}
    for name, node in zip(names, formula.gradient, strict=True):
        nodes[name,] = node
    for (i, j), node in sorted(formula.hessian.items()) if formula.order == 2 else ():
        if i <= j:
            nodes[names[i], names[j]] = node
    forms, small = _Forms(formula, nodes), len(graph) <= _NODES
    domain = defined_where(graph, [formula.output]) if small else None
    kinks = kinked_where(graph, formula.output) if small else None
    entries = {
        key: _told(forms.best(key, opinion), defined_where(graph, [formula.output, node]) if small else None)
        for key, node in nodes.items()
    }
    return Formulas(tuple(names), formula.order, entries, domain, None if kinks is None else tuple(kinks))


def _told(entry: Entry | str | None, where: str | None) -> Written:
    """A form as it is shown."""
    if isinstance(entry, Entry):
        return Written(entry.formula, entry.latex, "SymPy", where)
    return Written(entry, "", "gradcalc", where)


def _length(entry: Entry) -> int:
    return len(entry.formula)


# -- choosing a form ---------------------------------------------------------------------------------------------------


@dataclass
class _Forms:
    """Chooses among the forms of some derivatives, whose balls at many points are found once, at need."""

    formula: Formula
    nodes: Mapping[tuple[str, ...], int]
    _points: list[dict[str, Ball]] | None = None
    _values: list[list[Ball]] = field(default_factory=list)

    def best(self, key: tuple[str, ...], opinion: Opinion | None) -> Entry | str | None:
        """The shortest of SymPy's forms that holds, else our own text; None where that is too long."""
        first = opinion.entries.get(key) if opinion else None
        if opinion and isinstance(first, Entry):
            forms: list[Entry] = [*opinion.forms.get(key, ()), first]
            for entry in sorted(forms, key=_length):
                if _length(entry) <= LENGTH and self.holds(key, entry):
                    return entry
        text = format_node(self.formula.graph, self.nodes[key], limit=_OWN_LENGTH)
        return None if text.endswith("…") else text

    def holds(self, key: tuple[str, ...], entry: Entry) -> bool:
        """Whether a form has the values of the derivative on the graph, at every point and at enough of them."""
        if any(quoted(name) != name for name in entry.graph.inputs):
            return False  # SymPy writes such names otherwise than the language
        self._look()
        assert self._points is not None
        place, known = list(self.nodes).index(key), 0
        for point, values in zip(self._points, self._values, strict=True):
            ours, theirs = values[place], _at(entry.graph, point, [entry.output])[0]
            if isinstance(ours, Unknown):
                continue
            if theirs is UNDEFINED or not isinstance(theirs, Unknown) and not ours.overlaps(theirs):
                return False
            known += not isinstance(theirs, Unknown) and _tight(ours) and _tight(theirs)
        return known >= _LEAST or not self.formula.graph.inputs

    def _look(self) -> None:
        """Find points where the formula has a value."""
        if self._points is not None:
            return
        self._points = []
        kink = kinked(self.formula.graph, self.formula.output)
        outputs = [self.formula.output, *self.nodes.values(), *([] if kink is None else [kink])]
        cost = max(total(self.formula.graph, outputs, _BITS), 1.0)
        for tried, point in enumerate(_candidates(list(self.formula.graph.inputs))):
            if len(self._points) >= _ENOUGH or tried >= _TRIES or tried * cost > _WORK:
                return
            value, *derivatives = _at(self.formula.graph, point, outputs)
            on_kink = kink is not None and (isinstance(derivatives[-1], Unknown) or derivatives.pop() != 0)
            if not isinstance(value, Unknown) and not on_kink:
                self._points.append(point)
                self._values.append(derivatives)


def _candidates(names: Sequence[str]) -> Iterator[dict[str, Ball]]:
    """Points of all sizes and signs, the same each time; integers among them."""
    random = Random(0)
    for scale in range(1_000):
        low, high = _SCALES[scale % len(_SCALES)]
        yield {name: arb(random.uniform(low, high)) for name in names}
        if scale % 2 == 0:
            whole = scale // 2 % 4 - 1
            yield {name: arb(whole if scale < 8 else random.randint(-3, 3)) for name in names}


def _at(graph: Graph, point: Mapping[str, Ball], outputs: Sequence[int]) -> list[Any]:
    """Some nodes at a point, decimals as they are written."""
    inputs = {index: point[name] for name, index in graph.inputs.items() if name in point}
    values = Balls(_BITS, "written").evaluate(graph, inputs, outputs)
    return [values[index] for index in outputs]


def _tight(ball: arb) -> bool:
    """Whether a ball tells its number, or that it is 0 or next to it."""
    return relative_bits(ball) >= _SAME_BITS or bool(ball.abs_upper() < _NOTHING)
