"""`graph`: the computation graph of a formula at a point, with values, adjoints and local partials, as a diagram.

    Trace ──▶ a box for each node, an arrow for each operand ──▶ Diagram ──▶ its media (`show.diagram`)

Imports trace and show.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcalc.errors import ExitCode, for_python
from gradcalc.language.typeset import latex
from gradcalc.settings import Limits
from gradcalc.show import diagram as diagrams
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.show.diagram import Arrow, Box, Diagram
from gradcalc.truth.trace import Trace, Traced, TraceNode, trace

_MOST = 500
"""So many boxes are drawn at most: those nearest to the formula."""
_FOLDED = "folded"


@dataclass(frozen=True, slots=True, repr=False)
class Drawing(Answer):
    """The computation graph of a formula at a point."""

    trace: Trace
    diagram: Diagram

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
    let: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
) -> Drawing:
    """The computation graph of a formula at a point: values, adjoints, and partials on the arrows.

    >>> print(gradcalc.draw("x*sin(x)", at={"x": 2}).drawn("terminal").splitlines()[3])
    v3 = v1*v2   value 1.819   adjoint 1

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula).
        at: values by variable.
        let: values by name that are put into the formula.
        limits: how large the formula may be; default: `Limits()`.

    Raises:
        ExpressionError, UsageError: as `differentiate`.
    """
    return drawing(trace(expression, at, let=let, limits=limits))


def drawing(found: Trace, most: int = _MOST) -> Drawing:
    """The drawing of a trace, of `most` boxes: constants stand in the steps that use them."""
    nodes = [node for node in found.nodes if node.op != "const"] or list(found.nodes)
    kept = _nearest(nodes, most)
    boxes = [Box(node.name, tuple(_lines(node)), _kind(node, node is nodes[-1])) for node in nodes if node.name in kept]
    arrows = []
    hidden = len(nodes) - len(boxes)
    folded = False
    for node in nodes:
        if node.name in kept:
            for each in node.partials:
                if each.operand in kept:
                    arrows.append(Arrow(each.operand, node.name, "∂ " + _short(each.value) if each.rule else ""))
            if any(each.operand not in kept for each in node.partials):
                folded = True
                arrows.append(Arrow(_FOLDED, node.name))
    note = f"{hidden:,} of {len(nodes):,} nodes are folded: those farthest from the formula" if hidden else ""
    if folded:
        boxes.insert(0, Box(_FOLDED, (f"… {hidden:,} more",), "faint"))
    title = found.expression if len(found.expression) <= _TITLE else f"{found.expression[:_TITLE]}…"
    return Drawing(found, Diagram(title, tuple(boxes), tuple(arrows), note))


_TITLE = 80


def _nearest(nodes: Sequence[TraceNode], most: int) -> set[str]:
    """The names of the nodes that are drawn: all, or those with the fewest arrows to the formula."""
    by_name = {node.name: node for node in nodes}
    found, level = {nodes[-1].name: None}, [nodes[-1]]
    while level and len(found) < most:
        names = dict.fromkeys(each.operand for node in level for each in node.partials if each.operand not in found)
        found |= dict.fromkeys(list(names)[: most - len(found)])
        level = [by_name[name] for name in names if name in found]
    return set(found)


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


def _kind(node: TraceNode, is_last: bool) -> str:
    """How a box is coloured: red on a kink and where nan or infinity is born."""
    numbers = [each for each in (node.value, node.adjoint) if isinstance(each, Traced)]
    if node.on_kink or not all(map(_is_finite, numbers)):
        return "bad"
    if not node.taken:
        return "faint"
    return "result" if is_last else "" if node.operands else "input"


def _is_finite(number: Traced) -> bool:
    return abs(number.value) < float("inf")


def _short(value: float) -> str:
    return f"{value + 0.0:.4g}"
