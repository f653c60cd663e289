"""`tape`: the evaluation trace of a formula at a point, node by node, in reverse or forward mode.

    Formula ──▶ its nodes, in the order of evaluation
       │            value, local partials (`derive.partials`), adjoint (`derive.adjoints`) or tangents
       └──▶ examine ──▶ verdict and notes of the whole ──▶ Trace ──▶ page, JSON, CSV

The adjoints are the nodes that the reverse sweep itself emits, so the table shows the numbers that the gradient is made
of. Values and adjoints are certified together, in one evaluation in balls. Imports calculator, graph, language, show.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import compress, groupby, starmap
from typing import Any

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.digits import relative_bits
from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.marks import Unknown
from gradcalc.errors import ExitCode, LimitError, Span, UsageError, for_python
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Ref
from gradcalc.language import points
from gradcalc.language.format import format_node, format_step, quoted
from gradcalc.language.formula import Formula, Point, Value
from gradcalc.language.typeset import latex
from gradcalc.settings import CERTIFY_SECONDS, CERTIFY_WORK, DIGITS, Dialect, Limits, Options, limits_for
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.truth.calculator import asked, judged
from gradcalc.truth.certify import enclose, right_digits, shown
from gradcalc.truth.quantity import check_digits, optional
from gradcalc.truth.questions.rules import rule_name
from gradcalc.truth.report import PointReport
from gradcalc.truth.slopes import on_kink

_DECIMALS, _SHOWN = 4, 5
"""Decimals of a number in the table, as published traces have them, unless digits are asked for; of numbers that those
would tell little of, or that are large, the significant digits."""
_BITS = 57
"""How tight an enclosure must be, in bits, for the digits of a float to be counted."""
_TEXT = 60
"""Characters of a node's text, at most, where it is not the user's own."""


@dataclass(frozen=True, slots=True)
class Partial:
    """What a node's value changes by with one of its operands: the rule as text, the number, and what is handed on.

    Attributes:
        operand: the name of the operand.
        rule: the derivative, by the names of the nodes that it is made from.
        value: its float; nan where there is no number.
        hands: in reverse mode, the node's adjoint times the partial: what the operand is handed.
    """

    operand: str
    rule: str
    value: float
    hands: float | None = None


@dataclass(frozen=True, slots=True)
class Traced:
    """A number of a trace: the float, how many of its digits are proved right, and the digits that were asked for."""

    value: float
    digits: int | None = None
    proved: str | None = None


@dataclass(frozen=True, slots=True)
class TraceNode:
    """One step of the evaluation.

    Attributes:
        name: v1, v2, ... in the order of evaluation; c1, c2, ... of constants.
        op: the name in the table of ops; `input` and `const` of leaves.
        text: what it computes, in the user's words where those stand in one place, which is `span`.
        step: the same by the names of its operands.
        operands: their names.
        partials: one for each operand that is no constant leaf.
        adjoint: the derivative of the formula for this node; None of constants, and in forward mode.
        tangent: in forward mode, the derivative of this node for each variable.
        rule: the rule of differentiation, in a word or two; of leaves what they are.
        sum: what its users hand it, where there are several of them.
        on_kink: whether it sits on the kink, the jump or the boundary of its op.
        taken: False where only branches use it that were not taken.
    """

    name: str
    op: str
    text: str
    span: Span | None
    step: str
    operands: tuple[str, ...]
    value: Traced | bool
    partials: tuple[Partial, ...]
    rule: str
    adjoint: Traced | None = None
    tangent: Mapping[str, Traced] = field(default_factory=dict)
    sum: tuple[float, ...] = ()
    on_kink: bool = False
    taken: bool = True

    @property
    def is_leaf(self) -> bool:
        """Whether it is an input or a constant."""
        return not self.operands

    @property
    def digits(self) -> int | None:
        """How many digits are right of all its floats: the value, the adjoint or the tangents."""
        found = [each for each in (self.value, self.adjoint, *self.tangent.values()) if isinstance(each, Traced)]
        known = [each.digits for each in found]
        return None if all(digits is None for digits in known) else min(digits or 0 for digits in known)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        if self.tangent:
            derived: Any = {"tangent": {name: number(each.value) for name, each in self.tangent.items()}}
        else:
            derived = {"adjoint": number(self.adjoint.value) if self.adjoint else None}
        return {
            "name": self.name,
            "op": self.op,
            "text": self.text,
            "span": list(self.span) if self.span else None,
            "operands": list(self.operands),
            "value": self.value if isinstance(self.value, bool) else number(self.value.value),
            "partials": [None if math.isnan(each.value) else number(each.value) for each in self.partials],
            **derived,
            "digits": self.digits,
            "rule": self.rule,
            "partial_rules": [each.rule for each in self.partials],
            "on_kink": self.on_kink,
            "taken": self.taken,
        } | self._proved()

    def _proved(self) -> dict[str, Any]:
        """The digits that were asked for."""
        found: dict[str, Any] = {}
        if isinstance(self.value, Traced) and self.value.proved:
            found["certified"] = self.value.proved
        if self.adjoint and self.adjoint.proved:
            found["certified_adjoint"] = self.adjoint.proved
        proved = {name: each.proved for name, each in self.tangent.items() if each.proved}
        return found | ({"certified_tangent": proved} if proved else {})


@dataclass(frozen=True, slots=True, repr=False)
class Trace(Answer):
    """The evaluation of a formula at a point, step by step, with the derivatives that flow through it.

    Attributes:
        nodes: in the order of evaluation, the formula last; some of them where `first` or `last` were asked for.
        size: how many there are in all.
    """

    expression: str
    text: str
    variables: tuple[str, ...]
    at: Mapping[str, Any]
    report: PointReport
    nodes: tuple[TraceNode, ...]
    size: int
    forward: bool = False
    let: Mapping[str, Any] = field(default_factory=dict)
    digits: int | None = None

    @property
    def exit_code(self) -> ExitCode:
        """3 where the formula has no value or no derivative, else 0."""
        return ExitCode.UNDEFINED if self.report.verdict == "undefined" else ExitCode.DONE

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA,
            "command": "tape",
            "expression": self.expression,
            "variables": list(self.variables),
            "let": jsonable(dict(self.let)),
            "mode": "forward" if self.forward else "reverse",
            "at": jsonable(dict(self.report.at)),
            **({"at_exact": jsonable(dict(self.report.exact))} if self.report.exact else {}),
            "value": number(self.report.value.value),
            "certified_value": optional(self.report.value.certified),
            "verdict": self.report.verdict,
            "notes": [note.to_dict() for note in self.report.notes],
            "size": self.size,
            "nodes": [node.to_dict() for node in self.nodes],
        }

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each node, the titles first."""
        derived = [f"tangent {name}" for name in self.variables] if self.forward else ["adjoint"]
        yield "name", "op", "text", "operands", "value", "partials", *derived, "digits", "rule", "on_kink", "taken"
        for node in self.nodes:
            found = node.tangent.values() if self.forward else [node.adjoint]
            yield (
                node.name,
                node.op,
                node.text,
                " ".join(node.operands),
                node.value if isinstance(node.value, bool) else node.value.value,
                " ".join(str(each.value) for each in node.partials),
                *(each.value if each else "" for each in found),
                "" if node.digits is None else node.digits,
                node.rule,
                node.on_kink,
                node.taken,
            )

    # -- what people see ---------------------------------------------------------------------------------------------

    def page(self) -> pages.Page:
        """The answer as people see it: a row for each node, one for each further operand, the adjoints as sums."""
        blocks = pages.question(self.expression, latex, self.let)
        if self.at:
            blocks.append(pages.Heading((pages.Text("at ", "label"), pages.Formula(pages.point_text(self.at)))))
        blocks.append(self.report.value.line(self.digits))
        blocks.append(self._table())
        hidden = self.size - len(self.nodes)
        if hidden:
            blocks.append(pages.line(pages.Text(f"{hidden:,} more nodes", "label")))
        blocks.append(pages.Remarks(tuple(note.remark(self.text) for note in self.report.notes)))
        return pages.Page("tape", tuple(blocks))

    def _table(self) -> pages.Table:
        """The nodes, what matters most in front; constants are seen in the steps that use them."""
        shown = [node for node in self.nodes if node.op != "const"] or self.nodes
        derived = [f"d/d{name}" for name in self.variables] if self.forward else ["adjoint"]
        last = ["digits", "rule"] if self.forward else ["hands on", "digits", "rule"]
        columns = [
            pages.Column("node", "formula"),
            pages.Column("value"),
            *map(pages.Column, derived),
            pages.Column("partial", "formula"),
            *(pages.Column(title, "word" if title == "rule" else "number") for title in last),
        ]
        rows = tuple(row for node in shown for row in self._rows(node))
        return pages.Table(tuple(columns), rows, details=tuple(map(self._details, shown)), spare=_SPARE)

    def _rows(self, node: TraceNode) -> Iterator[tuple[pages.Piece, ...]]:
        """The row of a node, and one more for each partial after the first."""
        own: tuple[pages.Piece, ...] = (
            pages.Formula(f"{node.name} = {node.step}", "strong"),
            self._value(node),
            *self._derived(node).values(),
        )
        blank: tuple[pages.Piece, ...] = ("",) * (len(own) + 2)
        last = ("" if node.digits is None else str(node.digits), self._rule(node))
        edges: list[tuple[str, ...]] = [
            (f"{operand}: {told}", hands) for operand, told, hands in self._edges(node)
        ] or [("", "")]
        for place, full in enumerate(edges):
            edge = full[: 1 if self.forward else 2]
            yield (*own, *edge, *last) if not place else (*blank[: len(own)], *edge, *blank[: len(last)])

    def _details(self, node: TraceNode) -> pages.Details:
        """The same as a paragraph."""
        heading = pages.line(pages.strong(f"{node.name} = {node.step} = {self._value(node)}"))
        digits = "" if node.digits is None else f"   {node.digits} digits"
        entries = [(title, f"{told}{digits}") for title, told in self._derived(node).items() if told]
        for operand, told, hands in self._edges(node):
            entries.append((f"∂/∂{operand}", told + (f"   hands on {hands}" if hands else "")))
        return pages.Details(heading, (*entries, ("rule", self._rule(node))))

    def _value(self, node: TraceNode) -> str:
        return str(node.value).lower() if isinstance(node.value, bool) else self._traced(node.value)

    def _derived(self, node: TraceNode) -> dict[str, str]:
        """The adjoint or the tangents."""
        if self.forward:
            return {f"d/d{name}": self._traced(each) for name, each in node.tangent.items()}
        return {"adjoint": self._sum(node)}

    def _rule(self, node: TraceNode) -> pages.Piece:
        """The rule, and what is particular of the node."""
        mark = "on a kink" if node.on_kink else "" if node.taken else "not taken"
        return pages.Text(f"{node.rule}, {mark}", "doubt") if mark else node.rule

    def _edges(self, node: TraceNode) -> Iterator[tuple[str, str, str]]:
        """The same with many operands that are handed the same in one."""
        for (told, hands), run in groupby(self._every_edge(node), lambda edge: edge[1:]):
            names = [operand for operand, _, _ in run]
            if len(names) > _SAME:
                names = [f"{names[0]} … {names[-1]}, {len(names):,} operands"]
            yield from ((name, told, hands) for name in names)

    def _every_edge(self, node: TraceNode) -> Iterator[tuple[str, str, str]]:
        """Of each operand the name, the partial as its rule and its number, and what it is handed.

        Left out is what is 0 by its kind: of a condition, and for the condition of a branch.
        """
        chooses = node.op == "where"
        for each in () if node.rule == "condition" else node.partials[int(chooses) :]:
            own = self._number(each.value)
            told = own if chooses or own == each.rule else f"{each.rule} = {own}" if each.rule else "none"
            yield each.operand, told, "" if each.hands is None else self._number(each.hands)

    def _sum(self, node: TraceNode) -> str:
        """The adjoint, as the sum of what several users hand on."""
        if node.adjoint is None:
            return ""
        total = self._traced(node.adjoint)
        if self.digits:
            return total
        if len(node.sum) < 2 or len(node.sum) > _TERMS:
            return total + (f" ({len(node.sum):,} parts)" if node.sum[1:] else "")
        first, *others = node.sum
        parts = [self._number(first)] + [f"{'-' if x < 0 else '+'} {self._number(abs(x))}" for x in others]
        return f"{total} = {' '.join(parts)}"

    def _traced(self, found: Traced) -> str:
        """A number, by the digits that were asked for where they are proved."""
        return found.proved or self._number(found.value)

    def _number(self, value: float) -> str:
        """A float in a few digits."""
        if self.digits or not 0.1 <= abs(value) < _LARGE:
            return f"{value + 0.0:.{min(self.digits or _SHOWN, 17)}g}"
        text = f"{value:.{_DECIMALS}f}"
        return text.rstrip("0").rstrip(".") if float(text) == value else text


_SPARE = ("hands on", "rule", "digits", "partial")
"""What a narrow terminal has no room for, in this order: what is handed on stands in the sums of the adjoints."""
_LARGE = 1e9
_SAME = 8
"""More operands that are handed the same by the same rule are told as one: those of a long sum."""
_TERMS = 4
"""How many parts of an adjoint are shown, at most."""


# -- making it ---------------------------------------------------------------------------------------------------------


@for_python
def trace(
    expression: Any,
    at: Mapping[str, Any] | None = None,
    *,
    forward: bool = False,
    wrt: str | Sequence[str] | None = None,
    let: Mapping[str, Any] | None = None,
    digits: int | None = None,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Trace:
    """The evaluation trace of a formula at a point: what the tape records, and the derivatives that flow through it.

    >>> [node.step for node in gradcalc.trace("x*sin(x)", at={"x": 2}).nodes]
    ['x', 'sin(v1)', 'v1*v2']

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula).
        at: values by variable.
        forward: forward mode: for each node its derivative for every variable, in place of its adjoint.
        wrt: the variables of forward mode; default: all of the point.
        let: values by name that are put into the formula.
        digits: significant digits of certified values, 1 to 1,000; None for how many digits of the floats are right.
        limits: how large the formula may be; default: `Limits()`.
        dialect: how the text is written, as of `differentiate`.

    Raises:
        ExpressionError, UsageError: as `differentiate`.
    """
    limits = limits_for(limits, dialect)
    check_digits(digits or DIGITS)
    names = None if wrt is None else points.read_names(wrt)
    given = points.to_points(at, limits)
    return traced(
        expression, given, forward=forward, wrt=names, let=points.to_bindings(let, limits), digits=digits, limits=limits
    )


def traced(
    expression: Any,
    at: Sequence[Point],
    *,
    forward: bool,
    wrt: Sequence[str] | None,
    let: Mapping[str, Value],
    digits: int | None,
    limits: Limits,
    shown: slice = slice(None),
) -> Trace:
    """The same at a point that is already constants: what `trace` and the command call.

    Args:
        shown: which of the nodes are kept.
    """
    if len(at) > 1:
        raise UsageError(f"a trace is of one point, and {len(at)} are given", hint="one --at")
    point = points.named(at, expression, let, limits, wrt or ())[0] if at else {}
    formula = asked(expression, [point], wrt, let, 1, limits)
    found = Tracing(formula, point, forward, digits)
    options = Options(1, symbolic=False, digits=digits or DIGITS, limits=limits)
    (report,), _ = judged(formula, [point], None, options)
    return found.trace(report, let, shown)


class Tracing:
    """The state of one trace: which nodes there are, their names, and all numbers.

    Attributes:
        order: the nodes of the formula, as they are evaluated.
        partials: of each of them, the nodes of its local derivatives, one for each operand.
        adjoints: the node of its adjoint, where it has one.
    """

    def __init__(self, formula: Formula, point: Point, forward: bool, digits: int | None) -> None:
        self.formula, self.graph, self.forward, self.digits = formula, formula.graph, forward, digits
        self.inputs = partial(points.bind, self.graph, point)
        self.order = list(self.graph.needed([formula.output]))
        self.names = dict(self._named())
        self._rules: dict[int, str] = {}
        self.partials = {index: derive.partials(self.graph, index) for index in self.order}
        self.tangents = self._tangents() if forward else {}
        self.adjoints = {} if forward else self._adjoints()
        known = [each for each in self.order if not self.graph.nodes[each].op.is_condition]
        derived = [*self.adjoints.values(), *(each for row in self.tangents.values() for each in row.values())]
        locals_ = [each for row in self.partials.values() for each in row if each is not None]
        arithmetic = Floats()
        self.floats = evaluate(self.graph, arithmetic, self.inputs(arithmetic), [*self.order, *derived, *locals_])
        self.balls = self._enclosed([*known, *derived])

    def _named(self) -> Iterator[tuple[int, str]]:
        """The nodes and their names, constants apart."""
        counts = {True: 0, False: 0}
        for index in self.order:
            constant = self.graph.is_constant(index)
            counts[constant] += 1
            yield index, f"{'c' if constant else 'v'}{counts[constant]}"

    def _adjoints(self) -> dict[int, int]:
        """The node of every adjoint: those of the sweep, and what its users hand to one that no variable reaches."""
        graph = self.graph
        found = derive.adjoints(graph, self.formula.output, list(graph.inputs.values()))
        found.setdefault(self.formula.output, graph.constant(1))
        handed: dict[int, list[Ref]] = {}
        for index in reversed(self.order):
            if graph.is_constant(index):
                continue
            if index not in found:
                parts = handed.get(index, [])
                found[index] = graph.constant(0) if not parts else parts[0].index
                if len(parts) > 1:
                    found[index] = ops.add(*parts).index
            for operand, part in zip(graph.nodes[index].operands, self.partials[index], strict=True):
                if operand not in found and part is not None and not graph.is_constant(operand):
                    handed.setdefault(operand, []).append(Ref(graph, found[index]) * Ref(graph, part))
        return {index: found[index] for index in self.order if index in found}

    def _tangents(self) -> dict[int, dict[str, int]]:
        """The node of every tangent, by node and by variable."""
        graph, names = self.graph, self.formula.names
        if len(names) * len(self.order) > graph.max_nodes:
            raise LimitError("forward mode has a tangent for each variable at each node, too many", hint="--wrt x")
        found: dict[int, dict[str, int]] = {}
        seeds = dict(zip(self.formula.inputs, names, strict=True))
        for index in self.order:
            operands = graph.nodes[index].operands
            row = {name: graph.constant(int(seeds.get(index) == name)) for name in names}
            for name in names if operands else ():
                terms = [
                    Ref(graph, part) * Ref(graph, found[operand][name])
                    for operand, part in zip(operands, self.partials[index], strict=True)
                    if part is not None
                ]
                row[name] = ops.add(*terms).index if terms else row[name]
            found[index] = row
        return {index: row for index, row in found.items() if not graph.is_constant(index)}

    def _enclosed(self, outputs: Sequence[int]) -> dict[int, Any]:
        """The balls of all numbers, in one evaluation."""
        budget = Budget(CERTIFY_WORK, CERTIFY_SECONDS)
        wanted = list(dict.fromkeys(outputs))
        found = enclose(self.graph, self.inputs, wanted, digits=self.digits or DIGITS, budget=budget)
        return dict(zip(wanted, found, strict=True))

    def _number(self, index: int) -> Traced:
        """A number with its digits."""
        ball, double = self.balls[index], self.floats[index]
        if isinstance(ball, Unknown) or relative_bits(ball) < _BITS:
            return Traced(double)
        return Traced(double, right_digits(ball, double), shown(ball, self.digits) if self.digits else None)

    def trace(self, report: PointReport, let: Mapping[str, Value], kept: slice = slice(None)) -> Trace:
        """The trace as an answer, with what is known of the whole."""
        bound, exactly = points.echoed(let)
        return Trace(
            expression=self.formula.canonical,
            text=self.formula.text,
            variables=tuple(self.formula.names),
            at={**report.at, **report.exact},
            report=report,
            nodes=self.nodes(kept),
            size=len(self.order),
            forward=self.forward,
            let={**bound, **exactly},
            digits=self.digits,
        )

    # -- nodes -------------------------------------------------------------------------------------------------------

    def nodes(self, kept: slice) -> tuple[TraceNode, ...]:
        """The nodes that are asked for."""
        return tuple(map(self._node, self.order[kept]))

    @cached_property
    def _taken(self) -> set[int]:
        """The nodes that the value is made from, without branches that were not taken."""
        found, stack = {self.formula.output}, [self.formula.output]
        while stack:
            node = self.graph.nodes[stack.pop()]
            operands = node.operands
            if node.op is ops.where:
                operands = operands[0], operands[1 if self.floats[operands[0]] else 2]
            stack += (fresh := [i for i in operands if i not in found])
            found.update(fresh)
        return found

    @cached_property
    def _kinks(self) -> Mapping[int, Any]:
        return on_kink(self.graph, Floats(), self.floats, self.order)

    @cached_property
    def _parts(self) -> dict[int, list[float]]:
        """What each node is handed by its users, in the order of the sweep."""
        found: dict[int, list[float]] = {}
        for index in reversed(self.order):
            for operand, part in zip(self.graph.nodes[index].operands, self.partials[index], strict=True):
                handed = self._handed(index, part)
                if handed is not None and operand in self.adjoints and (handed or self._is_used(index)):
                    found.setdefault(operand, []).append(handed)
        return found

    def _is_used(self, index: int) -> bool:
        return index in self._taken and not self.graph.nodes[index].op.is_condition

    def _handed(self, index: int, part: int | None) -> float | None:
        """The adjoint of a node times a partial; 0 where the adjoint is, whatever the partial."""
        adjoint = self.adjoints.get(index)
        if part is None or adjoint is None:
            return None
        own: float = self.floats[adjoint]
        return own * self.floats[part] if own else 0.0

    def _node(self, index: int) -> TraceNode:
        graph = self.graph
        op, operands, _ = graph.nodes[index]
        parts = self.partials[index]
        named = [not graph.is_constant(i) for i in operands]
        value = self.floats[index]
        return TraceNode(
            name=self.names[index],
            op=op.name,
            text=self._text(index),
            span=self._places.get(index),
            step=self._step(index),
            operands=tuple(self.names[i] for i in operands),
            value=value if isinstance(value, bool) else self._number(index),
            partials=tuple(starmap(partial(self._partial, index), compress(zip(operands, parts, strict=True), named))),
            rule=rule_name(graph, index),
            adjoint=self._number(self.adjoints[index]) if index in self.adjoints else None,
            tangent={name: self._number(each) for name, each in self.tangents.get(index, {}).items()},
            sum=tuple(self._parts.get(index, ())),
            on_kink=index in self._kinks,
            taken=index in self._taken,
        )

    def _partial(self, index: int, operand: int, part: int | None) -> Partial:
        """One local derivative of a node."""
        if part is None:
            return Partial(self.names[operand], "", math.nan)
        return Partial(
            self.names[operand],
            self._rule_text(part),
            self.floats[part],
            None if self.forward else self._handed(index, part),
        )

    def _rule_text(self, part: int) -> str:
        """The text of a local derivative, asked once."""
        if part not in self._rules:
            self._rules[part] = format_step(self.graph, part, self._steps, _TEXT, whole=False)
        return self._rules[part]

    @cached_property
    def _steps(self) -> dict[int, str]:
        """The names by which the operands of a step are written: constants are written as they are."""
        return {index: name for index, name in self.names.items() if not self.graph.is_constant(index)}

    def _step(self, index: int) -> str:
        op, _, parameter = self.graph.nodes[index]
        if op is ops.input_:
            return quoted(parameter or "")
        return format_step(self.graph, index, self._steps, _TEXT)

    def _text(self, index: int) -> str:
        """What a node computes: in the user's words where they stand in one place; of an input its name."""
        op, _, parameter = self.graph.nodes[index]
        if op is ops.input_:
            return parameter or ""
        place = self._places.get(index)
        return format_node(self.graph, index, _TEXT) if place is None else self.formula.text[slice(*place)]

    @cached_property
    def _places(self) -> Mapping[int, Span]:
        return self.formula.places
