"""One point of a formula, examined: floats, balls, kinks, jumps and slopes. Imports certify, settle and trace.

`examine` asks everything that needs no second opinion; `judge` adds SymPy's and gives every number its verdict.
"""

import math
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from gradcalc import points, trace
from gradcalc.arithmetic import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.graph import Graph
from gradcalc.points import Point
from gradcalc.problem import Examined, Finding, Problem
from gradcalc.report import Note, worst

SLOPES_SECONDS = 1.0
_SLOPES_LIMIT = 64


def examine(problem: Problem, point: Point, *, certify: bool, digits: int, certify_seconds: float) -> Examined:
    """Evaluate a point in floats and in balls, and ask the slopes where the rules settle nothing."""
    return _Examination(problem, point, certify, digits, certify_seconds).run()


class _Examination:
    """The state of one `examine`."""

    def __init__(self, problem: Problem, point: Point, certify: bool, digits: int, certify_seconds: float) -> None:
        self.problem, self.graph, self.point = problem, problem.graph, point
        self.certify, self.digits, self.certify_seconds = certify, digits, certify_seconds
        self.inputs = partial(points.bind, self.graph, point)
        self.arithmetic = Floats()
        self.floats = evaluate(self.graph, self.arithmetic, self.inputs(self.arithmetic), problem.outputs)
        self.notes: list[Note] = []
        self.deadline = 0.0

    def run(self) -> Examined:
        """All stages in order."""
        problem = self.problem
        balls: dict[int, Any] = {}
        if self.certify:
            from gradcalc.certify import enclose

            deadline = time.monotonic() + self.certify_seconds
            outputs = problem.outputs
            found = enclose(self.graph, self.inputs, outputs, digits=self.digits, deadline=deadline)
            balls = dict(zip(outputs, found, strict=True))

        def finding(node: int) -> Finding:
            return Finding(node, self.floats[node], balls.get(node))

        value = finding(problem.output)
        gradient = [finding(node) for node in problem.gradient]
        hessian = {place: finding(node) for place, node in (problem.hessian or {}).items() if place[0] <= place[1]}
        if self._undefined(value):
            for entry in (*gradient, *hessian.values()):
                entry.value, entry.ball, entry.verdict = math.nan, None, "undefined"
            return Examined(value, gradient, hessian, self.notes)
        self.deadline = time.monotonic() + SLOPES_SECONDS
        names = problem.names
        self._independent()
        self._settle(problem.output, list(zip(names, problem.inputs, gradient, strict=True)))
        self._settle_hessian(gradient, hessian)
        self._origins([value, *gradient, *hessian.values()])
        return Examined(value, gradient, hessian, self.notes)

    # -- the value ---------------------------------------------------------------------------------------------------

    def _undefined(self, value: Finding) -> bool:
        """Whether the formula has no value at the point; then says where in the text."""
        values: Sequence[Any]
        if self.certify:
            from gradcalc.arithmetic.balls import UNDEFINED

            if value.ball is not UNDEFINED:
                return False
            values = self._ball_values([value.node])
            if values[value.node] is not UNDEFINED:
                values = self._ball_values([value.node], precision=4096)
            index = trace.birth(self.graph, values, value.node, lambda x: x is UNDEFINED)
        else:
            if not math.isnan(value.value) and not (math.isinf(value.value) and self._is_pole(value.node)):
                return False
            index = trace.birth(self.graph, self.floats, value.node, trace.not_finite)
        message, hint = trace.undefined_because(self.graph, index, self.floats)
        value.verdict = "undefined"
        self.notes.append(Note("undefined", message + (f"; {hint}" if hint else ""), None, self.graph.spans[index]))
        return True

    def _is_pole(self, node: int) -> bool:
        """Whether an infinite float was born outside an op's domain, not by overflow."""
        index = trace.birth(self.graph, self.floats, node, trace.not_finite)
        op, operands, _ = self.graph.nodes[index]
        if op.domain is None:
            return False
        graph = Graph()
        inputs = [graph.input(name) for name in op.operands]
        inside = op.domain(*(graph.ref(i) for i in inputs)).index
        numbers = dict(zip(inputs, (self.floats[i] for i in operands), strict=True))
        return evaluate(graph, self.arithmetic, numbers, [inside])[inside] is False

    def _ball_values(self, outputs: Sequence[int], precision: int = 128) -> list[Any]:
        from gradcalc.arithmetic.balls import Balls

        balls = Balls(precision)
        return balls.evaluate(self.graph, self.inputs(balls), outputs)

    def _independent(self) -> None:
        """Variables the formula does not mention."""
        needed = set(self.graph.needed([self.problem.output]))
        for variable in self.problem.variables:
            if needed.isdisjoint(self.graph.inputs[name] for name in variable.elements):
                self.notes.append(Note("independent", f"the formula does not depend on {variable.name}", variable.name))

    # -- kinks, jumps and slopes -------------------------------------------------------------------------------------

    def _settle_hessian(self, gradient: Sequence[Finding], hessian: dict[tuple[int, int], Finding]) -> None:
        """The same question for the gradient; where that has no value, neither has its derivative."""
        names, inputs = self.problem.names, self.problem.inputs
        broken = {}
        for row, first in enumerate(gradient):
            if first.verdict is not None or math.isinf(first.value):
                broken[row] = first.verdict or "undefined"
                hessian.setdefault((row, row), Finding(first.node, 0.0))
        for (i, j), entry in hessian.items():
            if i in broken or j in broken:
                entry.verdict, entry.ball = worst([broken[k] for k in (i, j) if k in broken]), None
        rows: dict[int, list[tuple[str, int, Finding]]] = {}
        for (i, j), entry in hessian.items():
            if entry.verdict is None and not gradient[i].from_slopes:
                rows.setdefault(i, []).append((f"{names[i]},{names[j]}", inputs[j], entry))
        for row, entries in rows.items():
            self._settle(gradient[row].node, entries)

    def _settle(self, output: int, entries: Sequence[tuple[str, int, Finding]]) -> None:
        """Ask the slopes of one function wherever its derivatives are not settled by the local rules."""
        hits = self._hits(output)
        touched = set(self.graph.needed(hits))
        asked = []
        for name, node, entry in entries:
            broken = not math.isfinite(entry.value) and not self._is_ball(entry)
            if not math.isfinite(entry.value):
                born = trace.birth(self.graph, self.floats, entry.node, trace.not_finite)
                entry.span = self.graph.spans[born]
            if node in touched or broken or self._is_undefined(entry):
                asked.append((name, node, entry))
        if not asked:
            return
        from gradcalc.settle import settle

        settle(self.graph, output, self.inputs, asked[:_SLOPES_LIMIT], hits, self.deadline, self.notes)
        for name, _, entry in asked[_SLOPES_LIMIT:]:
            entry.ball = None
            self.notes.append(Note("near_kink", "too many variables on a kink: slopes not measured", name))

    def _hits(self, output: int) -> dict[int, str]:
        """The nodes on a kink: `exact` where balls prove it, `undecided`, or `rounded` where only the floats say so."""
        nodes = [i for i in self.graph.needed([output]) if self.graph.nodes[i].op.kink is not None]
        if not nodes:
            return {}
        from gradcalc.arithmetic.balls import Balls
        from gradcalc.slopes import on_kink

        rounded = on_kink(self.graph, self.arithmetic, self.floats, nodes)
        if not self.certify:
            return dict.fromkeys(rounded, "undecided")
        values = self._ball_values([output])
        certain = on_kink(self.graph, Balls(128), values, nodes)
        undecided = [i for i, hit in certain.items() if hit is not True]
        if undecided:
            certain |= on_kink(self.graph, Balls(4096), self._ball_values([output], 4096), undecided)
        hits = dict.fromkeys(rounded, "rounded")
        hits |= {i: "exact" if hit is True else "undecided" for i, hit in certain.items()}
        return hits

    def _is_ball(self, entry: Finding) -> bool:
        from gradcalc.arithmetic.balls import Unknown

        return entry.ball is not None and not isinstance(entry.ball, Unknown)

    def _is_undefined(self, entry: Finding) -> bool:
        if entry.ball is None:
            return False
        from gradcalc.arithmetic.balls import UNDEFINED

        return entry.ball is UNDEFINED

    def _origins(self, entries: Iterable[Finding]) -> None:
        """Tell where floats became nan or infinite though the number exists."""
        told = set()
        for entry in entries:
            if trace.not_finite(self.floats[entry.node]) and entry.verdict is None and not entry.from_slopes:
                message, index = trace.overflow_note(self.graph, self.floats, entry.node)
                if index not in told:
                    told.add(index)
                    self.notes.append(Note("nan_origin", message, None, self.graph.spans[index]))
