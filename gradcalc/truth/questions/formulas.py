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
from gradcalc.truth.claims.equality import simplified
from gradcalc.truth.questions.written import Formulas, Written
from gradcalc.truth.second_opinion import Entry, Opinion

LENGTH = 2_000
"""Characters of a formula that is shown, at most: a longer one tells nobody anything."""
_OWN_LENGTH = 600
"""The same of one that the rules gave and nobody has simplified."""
_TIDIED = 200
"""Nodes of a derivative up to which our own text of it is tidied."""
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
_ODD = frozenset(("sinc_derivative", "polylog_derivative", "zeta_derivative", "hyp0f1", "hyp1f1", "hyp2f1"))
"""Functions that derivatives of others need, and that a reader may not know."""
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
        key: _told(*forms.best(key, opinion), defined_where(graph, [formula.output, node]) if small else None)
        for key, node in nodes.items()
    }
    return Formulas(tuple(names), formula.order, entries, domain, None if kinks is None else tuple(kinks))


def one_in_words(formula: Formula, key: tuple[str, ...], node: int, opinion: Opinion | None) -> Written:
    """One derivative of any order, that is a node of the formula's graph, as `in_words` tells it."""
    graph = formula.graph
    where = defined_where(graph, [formula.output, node]) if len(graph) <= _NODES else None
    return _told(*_Forms(formula, {key: node}).best(key, opinion), where)


def _told(entry: Entry | str | None, is_narrow: bool, where: str | None) -> Written:
    """A form as it is shown; a narrow one holds only where it has a value itself."""
    if isinstance(entry, Entry):
        where = _both(where, defined_where(entry.graph, [entry.output])) if is_narrow else where
        return Written(entry.formula, entry.latex, "SymPy", where)
    return Written(entry, "", "gradcalc", where)


def _both(one: str | None, other: str | None) -> str | None:
    """Where both of two hold, what they share once."""
    if one is None or other is None:
        return None
    is_plain = not any(word in text for word in (" or ", " where ") for text in (one, other))
    parts = [part for text in (one, other) for part in (text.split(" and ") if is_plain else [f"({text})"]) if text]
    return " and ".join(dict.fromkeys(parts))


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

    def best(self, key: tuple[str, ...], opinion: Opinion | None) -> tuple[Entry | str | None, bool]:
        """The shortest of SymPy's forms that holds, else our own text; None where that is too long.

        And whether the form has no value at some points where the derivative has one: where ours needs functions that
        few people know, `sinh(x)/x` is shown instead.
        """
        first = opinion.entries.get(key) if opinion else None
        if opinion and isinstance(first, Entry):
            forms: list[Entry] = [*opinion.forms.get(key, ()), first]
            forms = sorted((entry for entry in forms if _length(entry) <= LENGTH), key=_length)
            for is_narrow in (False, True) if self._is_odd(key) else (False,):
                for entry in forms:
                    if self.holds(key, entry, is_narrow):
                        return entry, is_narrow
        return self._own(self.nodes[key]), False

    def _own(self, node: int) -> str | None:
        """Our own text of a derivative, in its normal form if that is shorter."""
        graph = self.formula.graph
        text = format_node(graph, node, limit=_OWN_LENGTH)
        if text.endswith("…"):
            return None
        return format_node(graph, simplified(graph, node)) if len(graph.needed([node])) <= _TIDIED else text

    def _is_odd(self, key: tuple[str, ...]) -> bool:
        """Whether our own text has functions that the formula has not, and that SymPy does not write."""
        nodes, output = self.formula.graph.nodes, self.formula.output
        reached, given = ({nodes[i].op for i in self.formula.graph.needed([end])} for end in (self.nodes[key], output))
        return any(op.name in _ODD for op in reached - given)

    def holds(self, key: tuple[str, ...], entry: Entry, is_narrow: bool = False) -> bool:
        """Whether a form has the values of the derivative on the graph, at every point and at enough of them.

        Args:
            is_narrow: whether it may have none at some.
        """
        if any(quoted(name) != name for name in entry.graph.inputs):
            return False  # SymPy writes such names otherwise than the language
        self._look()
        assert self._points is not None
        place, known = list(self.nodes).index(key), 0
        for point, values in zip(self._points, self._values, strict=True):
            ours, theirs = values[place], _at(entry.graph, point, [entry.output])[0]
            if isinstance(ours, Unknown):
                continue
            if theirs is UNDEFINED and not is_narrow or not isinstance(theirs, Unknown) and not ours.overlaps(theirs):
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
