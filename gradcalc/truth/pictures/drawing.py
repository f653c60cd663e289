"""`graph`: the computation graph of a formula at a point, with values, adjoints and local partials, as a diagram.

    Trace ──▶ a box for each node, an arrow for each operand ──▶ Diagram ──▶ its media (`show.diagram`)
    gradient and Hessian of the formula ──▶ the same of the nodes that they are made of (order 2)

Imports trace and show.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import ExitCode, UsageError, for_python
from gradcalc.graph import derive, ops
from gradcalc.language import points
from gradcalc.language.format import format_step, quoted
from gradcalc.language.formula import Formula, Point, Value
from gradcalc.language.typeset import latex
from gradcalc.settings import Limits
from gradcalc.show import diagram as diagrams
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.show.diagram import Arrow, Box, Diagram
from gradcalc.truth.calculator import asked
from gradcalc.truth.quantity import derivative_name
from gradcalc.truth.questions.trace import Trace, Traced, TraceNode, traced
from gradcalc.truth.slopes import on_kink

_MOST = 500
"""So many boxes are drawn at most: those nearest to the formula."""
_WIDE = 30
"""Of more boxes than are drawn, so many as far from the formula as each other: a row of hundreds nobody reads."""
_FOLDED = "folded"


@dataclass(frozen=True, slots=True, repr=False)
class Drawing(Answer):
    """The computation graph of a formula at a point; of order 2 that of its first and second derivatives.

    Attributes:
        outputs: of order 2, the box of the value and of each derivative by its name: `f`, `df/dx`, `d²f/dxdy`.
    """

    trace: Trace
    diagram: Diagram
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> ExitCode:
        """3 where the formula has no value or no derivative, else 0."""
        return self.trace.exit_code

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA,
            "command": "graph",
            "expression": self.trace.expression,
            "let": jsonable(dict(self.trace.let)),
            "at": jsonable(dict(self.trace.report.at)),
            "nodes": [{"name": box.name, "lines": list(box.lines), "kind": box.kind} for box in self.diagram.boxes],
            "edges": [{"from": a.start, "to": a.end, "partial": a.label} for a in self.diagram.arrows],
            "note": self.diagram.note,
            **({"outputs": dict(self.outputs)} if self.outputs else {}),
            "value": number(self.trace.report.value.value),
        }

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each arrow, the titles first."""
        yield "from", "to", "partial"
        yield from ((arrow.start, arrow.end, arrow.label) for arrow in self.diagram.arrows)

    def page(self) -> pages.Page:
        """The answer as people see it without a picture: a tree."""
        blocks = pages.question(self.trace.expression, latex, self.trace.let)
        if self.trace.at:
            blocks.append(pages.Heading((pages.Text("at ", "label"), pages.Formula(pages.point_text(self.trace.at)))))
        blocks += [pages.line(line) for line in diagrams.tree(self.diagram).splitlines()]
        blocks.append(pages.Remarks(tuple(note.remark(self.trace.text) for note in self.trace.report.notes)))
        return pages.Page("graph", tuple(blocks))

    def save(self, path: str | Path) -> None:
        """Write it as .svg, .png, .pdf or .html (the extra `plot`), .dot or .mmd; the file is complete or not there.

        Raises:
            UsageError, FileError: another suffix, no pygraphviz, a file that cannot be written.
        """
        diagrams.save(self.diagram, Path(path))

    def figure(self) -> str:
        """The picture in a notebook, where pygraphviz is there and the graph can be taken in."""
        small = diagrams.can_draw() and len(self.diagram.boxes) <= _TAKEN_IN
        return diagrams.drawn(self.diagram, "svg").decode() if small else ""


_TAKEN_IN = 120
"""Boxes of a picture in a notebook; of more the tree is shown alone."""


@for_python
def draw(
    expression: Any,
    at: Mapping[str, Any] | None = None,
    *,
    order: int = 1,
    let: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
) -> Drawing:
    """The computation graph of a formula at a point: values, adjoints, and partials on the arrows.

    Of order 2 it is the graph that computes the gradient and the Hessian: the derivatives are its results.

    >>> print(gradcalc.draw("x*sin(x)", at={"x": 2}).drawn("terminal").splitlines()[3])
    v3 = v1*v2   value 1.819   adjoint 1

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula).
        at: values by variable.
        order: 1, or 2 for the graph of the first and second derivatives.
        let: values by name that are put into the formula.
        limits: how large the formula may be; default: `Limits()`.

    Raises:
        ExpressionError, UsageError: as `differentiate`.
    """
    bounds = limits or Limits()
    return drawn(expression, points.to_points(at, bounds), order, None, points.to_bindings(let, bounds), bounds)


def drawn(
    expression: Any,
    at: Sequence[Point],
    order: int,
    wrt: Sequence[str] | None,
    let: Mapping[str, Value],
    limits: Limits,
) -> Drawing:
    """The same at a point that is already constants: what `draw` and the command call."""
    if order not in (1, 2):
        raise UsageError(f"order is {order!r}", hint="1, or 2 for the graph of the first and second derivatives")
    found = traced(expression, at, forward=False, wrt=wrt, let=let, digits=None, limits=limits)
    if order == 1:
        return drawing(found)
    point = points.named(at, expression, let, limits, wrt or ())[0] if at else {}
    return _derivatives(found, asked(expression, [point], wrt, let, 2, limits), point)


class _Node(NamedTuple):
    """What is drawn of a node: its box, and the operands from which arrows come, with what stands on them."""

    box: Box
    arrows: Sequence[tuple[str, str]]


def drawing(found: Trace, most: int = _MOST) -> Drawing:
    """The drawing of a trace, of `most` boxes: constants stand in the steps that use them."""
    nodes = [node for node in found.nodes if node.op != "const"] or list(found.nodes)
    born = set(_births(nodes))
    made = [
        _Node(
            Box(node.name, tuple(_lines(node)), _kind(node, node is nodes[-1], node.name in born)),
            [(each.operand, "∂ " + _short(each.value) if each.rule else "") for each in node.partials],
        )
        for node in nodes
    ]
    return Drawing(found, _diagram(found.expression, made, [nodes[-1].name], most))


def _diagram(expression: str, nodes: Sequence[_Node], results: Sequence[str], most: int = _MOST) -> Diagram:
    """All boxes, or those nearest to the results and one for the rest."""
    kept = _nearest(nodes, results, most)
    boxes = [node.box for node in nodes if node.box.name in kept]
    hidden = len(nodes) - len(boxes)
    arrows: list[Arrow] = []
    for node in (each for each in nodes if each.box.name in kept):
        arrows += [Arrow(operand, node.box.name, label) for operand, label in node.arrows if operand in kept]
        if any(operand not in kept for operand, _ in node.arrows):
            arrows.append(Arrow(_FOLDED, node.box.name))
    note = ""
    if hidden:
        wide = f", and of each row all but {_WIDE}" if len(boxes) < most else ""
        note = f"{hidden:,} of {len(nodes):,} nodes are folded: those farthest from the formula{wide}"
    if any(arrow.start == _FOLDED for arrow in arrows):
        boxes.insert(0, Box(_FOLDED, (f"… {hidden:,} more",), "faint"))
    title = expression if len(expression) <= _TITLE else f"{expression[:_TITLE]}…"
    return Diagram(title, tuple(boxes), tuple(arrows), note)


_TITLE = 80


def _nearest(nodes: Sequence[_Node], results: Sequence[str], most: int) -> set[str]:
    """The names of the nodes that are drawn: all, or those with the fewest arrows to a result, red ones first."""
    by_name = {node.box.name: node for node in nodes}
    if len(nodes) <= most:
        return set(by_name)
    found, level = dict.fromkeys(results[:most]), [by_name[name] for name in results[:most]]
    while level and len(found) < most:
        names = dict.fromkeys(operand for node in level for operand, _ in node.arrows if operand not in found)
        first = sorted(names, key=lambda name: by_name[name].box.kind != "bad")
        found |= dict.fromkeys(first[: min(most - len(found), _WIDE)])
        level = [by_name[name] for name in names if name in found]
    return set(found)


# -- order 2 -----------------------------------------------------------------------------------------------------------


def _derivatives(found: Trace, formula: Formula, point: Point) -> Drawing:
    """The graph that the gradient and the Hessian are computed by; what is the formula's own in it is plain."""
    graph, outputs = formula.graph, _outputs(formula)
    order = [each for each in graph.needed(outputs.values()) if not graph.is_constant(each) or each in outputs.values()]
    parts = {index: derive.partials(graph, index) for index in order}
    arithmetic = Floats()
    at = points.bind(graph, point, arithmetic)
    locals_ = [each for row in parts.values() for each in row if each is not None]
    floats = evaluate(graph, arithmetic, at, [*order, *locals_])
    names = {index: f"v{count}" for count, index in enumerate(order, start=1)}
    own, kinks = set(graph.needed([formula.output])), on_kink(graph, arithmetic, floats, order)
    steps = {index: name for index, name in names.items() if not graph.is_constant(index)}
    undefined = found.report.value.verdict == "undefined"
    called: dict[int, list[str]] = {}
    for name, index in outputs.items():
        called.setdefault(index, []).append(name)

    def node(index: int) -> _Node:
        value, derived = floats[index], called.get(index, ())
        step = quoted(graph.nodes[index].parameter or "") if index in graph.inputs.values() else ""
        lines = [f"{names[index]} = {step or format_step(graph, index, steps, _TEXT)}"]
        lines += [f"= {name}" for name in derived]
        told = str(value).lower() if isinstance(value, bool) else _short(value)
        gone = undefined and derived and index != formula.output
        lines.append("no derivative, f has no value here" if gone else f"value {told}")
        is_bad = gone or index in kinks or not isinstance(value, bool) and not abs(value) < math.inf
        kind = "bad" if is_bad else "result" if derived else "input" if step else "" if index in own else "derived"
        op, operands, _ = graph.nodes[index]
        chosen = 0 if op is ops.where else len(operands) if op.is_condition else -1  # what has no slope to tell
        arrows = [
            (names[operand], "" if part is None or place <= chosen else "∂ " + _short(float(floats[part])))
            for place, (operand, part) in enumerate(zip(operands, parts[index], strict=True))
            if operand in steps
        ]
        return _Node(Box(names[index], (*lines, *(["on a kink"] if index in kinks else [])), kind), arrows)

    results = {name: names[index] for name, index in outputs.items()}
    diagram = _diagram(
        f"{found.expression}, its gradient and Hessian", [node(i) for i in order], list(results.values())
    )
    zero = [name for pair, name in _second_names(formula).items() if pair not in formula.hessian]
    note = f"{', '.join(zero[:_ZEROS])}{' and others' if len(zero) > _ZEROS else ''}: 0 everywhere" if zero else ""
    return Drawing(found, replace(diagram, note="; ".join(filter(None, (diagram.note, note)))), results)


_TEXT, _ZEROS = 60, 6


def _outputs(formula: Formula) -> dict[str, int]:
    """The value and the derivatives that are not zero everywhere, by name."""
    found = {"f": formula.output}
    found |= {f"df/d{name}": node for name, node in zip(formula.names, formula.gradient, strict=True)}
    second = _second_names(formula)
    return found | {second[place]: node for place, node in formula.hessian.items() if place in second}


def _second_names(formula: Formula) -> dict[tuple[int, int], str]:
    """What the second derivatives are called, one triangle of them."""
    pairs = [(i, j) for i in range(len(formula.names)) for j in range(i, len(formula.names))]
    return {(i, j): derivative_name(f"{formula.names[i]},{formula.names[j]}") for i, j in pairs}


# -- order 1 -----------------------------------------------------------------------------------------------------------


def _lines(node: TraceNode) -> Iterator[str]:
    """What a box says."""
    yield f"{node.name} = {node.step}"
    yield f"value {str(node.value).lower() if isinstance(node.value, bool) else _short(node.value.value)}"
    if node.adjoint is not None and node.rule != "condition":
        yield f"adjoint {_short(node.adjoint.value)}"
    if node.on_kink:
        yield "on a kink"
    if not node.taken:
        yield "not taken"


def _births(nodes: Sequence[TraceNode]) -> Iterator[str]:
    """The nodes where nan or infinity is born: of finite operands, or of a finite adjoint by a partial that is none."""
    lost = {node.name for node in nodes if not _is_finite(node.value)}
    for node in nodes:
        if any(operand in lost for operand in node.operands):
            continue
        handed = node.adjoint is None or _is_finite(node.adjoint)
        if node.name in lost or handed and any(not abs(each.value) < math.inf for each in node.partials if each.rule):
            yield node.name


def _kind(node: TraceNode, is_last: bool, is_born: bool) -> str:
    """How a box is coloured: red on a kink and where nan or infinity is born."""
    if node.on_kink or is_born:
        return "bad"
    if not node.taken:
        return "faint"
    return "result" if is_last else "" if node.operands else "input"


def _is_finite(number: Traced | bool) -> bool:
    return isinstance(number, bool) or abs(number.value) < math.inf


def _short(value: float) -> str:
    return f"{value + 0.0:.4g}"
