"""One point of a formula, examined: floats, balls, kinks, jumps and slopes.

`examine` asks everything that needs no second opinion; `judge` adds SymPy's and gives every number its verdict.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import combinations
from typing import Any

from gradcalc.arithmetic.budget import Budget, OutOfBudget
from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED, Unknown
from gradcalc.language import points
from gradcalc.language.formula import Formula, Point
from gradcalc.settings import CERTIFY_WORK, SLOPES_WORK, Options
from gradcalc.show.page import DENSE_LIMIT, value_text
from gradcalc.truth import blame
from gradcalc.truth.finding import Examined, Finding, late_notes
from gradcalc.truth.quantity import Note, worst


def examine(formula: Formula, point: Point, options: Options, numbers: "Numbers | None" = None) -> Examined:
    """Evaluate a point in floats and in balls, and ask the slopes where the rules settle nothing.

    Args:
        numbers: those of the point, where they are known already, as of several formulas of one graph.
    """
    return _Examination(formula, point, options, numbers or numbers_at([formula], point, options)).run()


@dataclass(frozen=True)
class Numbers:
    """The numbers of formulas of one graph at a point, by node: floats, balls if asked for; budgets of proofs."""

    floats: Sequence[Any]
    balls: Mapping[int, Any]
    proof: Budget
    kinks: Budget


def numbers_at(formulas: Sequence[Formula], point: Point, options: Options) -> Numbers:
    """All outputs of formulas of one graph in floats and in balls."""
    graph, arithmetic = formulas[0].graph, Floats()
    outputs = list(dict.fromkeys(output for formula in formulas for output in formula.outputs))
    inputs = partial(points.bind, graph, point)
    floats = evaluate(graph, arithmetic, inputs(arithmetic), outputs)
    proof, kinks = (Budget(work, options.certify_seconds) for work in (CERTIFY_WORK, SLOPES_WORK))
    balls: dict[int, Any] = {}
    if options.certify:
        from gradcalc.truth.certify import enclose

        balls = dict(zip(outputs, enclose(graph, inputs, outputs, digits=options.digits, budget=proof), strict=True))
    return Numbers(floats, balls, proof, kinks)


class _Examination:
    """The state of one `examine`."""

    def __init__(self, formula: Formula, point: Point, options: Options, numbers: Numbers) -> None:
        self.formula, self.graph, self.point, self.options = formula, formula.graph, point, options
        self.inputs = partial(points.bind, self.graph, point)
        self.arithmetic = Floats()
        self.floats, self.balls = numbers.floats, numbers.balls
        self.reached = frozenset(self.graph.needed([formula.output]))
        self.notes: list[Note] = []
        self.proof, self.kinks = numbers.proof, numbers.kinks

    def run(self) -> Examined:
        """All stages in order."""
        formula, balls = self.formula, self.balls

        def finding(node: int) -> Finding:
            return Finding(node, self.floats[node], balls.get(node))

        value = finding(formula.output)
        gradient = [finding(node) for node in formula.gradient]
        second = formula.hessian if formula.order == 2 else {}
        hessian = {place: finding(node) for place, node in second.items() if place[0] <= place[1]}
        if self._undefined(value):
            size = len(gradient) if formula.order == 2 else 0
            if size <= DENSE_LIMIT:  # where there is no value, a structural zero is no derivative either
                places = [(i, j) for i in range(size) for j in range(i, size)]
                hessian |= {place: finding(formula.output) for place in places if place not in hessian}
            for entry in (*gradient, *hessian.values()):
                entry.value, entry.ball, entry.verdict = math.nan, None, "undefined"
            return Examined(value, gradient, hessian, self.notes)
        self._independent()
        self._settle_gradient(gradient)
        if formula.order == 2:
            self._settle_hessian(gradient, hessian)
        self._origins([value, *gradient, *hessian.values()])
        self.notes += late_notes(self.proof, self.kinks)
        return Examined(value, gradient, hessian, self.notes)

    # -- the value ---------------------------------------------------------------------------------------------------

    def _undefined(self, value: Finding) -> bool:
        """Whether the formula has no value at the point; then says where in the text."""
        if not self.options.certify and math.isfinite(value.value):
            return False
        if (value.ball if self.options.certify else self._enclosed(value.node)) is not UNDEFINED:
            return False  # what overflows floats has a value all the same
        from gradcalc.truth.certify import PRECISIONS

        tried = (self._ball_values([value.node], precision) for precision in PRECISIONS)
        values = next(values for values in tried if values[value.node] is UNDEFINED)
        index = blame.birth(self.graph, values, value.node, lambda x: x is UNDEFINED)
        shown = partial(self._shown, values)
        message, hint = blame.undefined_because(self.graph, index, self._exactly(values, index), shown)
        value.verdict = "undefined"
        value.value = math.nan if math.isfinite(value.value) else value.value
        self.notes.append(Note("undefined", message + (f"; {hint}" if hint else ""), None, self.graph.spans[index]))
        return True

    def _exactly(self, values: Sequence[Any], index: int) -> Sequence[Any]:
        """The floats, those of a node's operands from their balls: `sin(x)` at pi is 0."""
        from gradcalc.arithmetic.digits import nearest_double

        floats = list(self.floats)
        for operand in self.graph.nodes[index].operands:
            nearest = nearest_double(values[operand])
            floats[operand] = floats[operand] if nearest is None else nearest
        return floats

    def _shown(self, values: Sequence[Any], node: int) -> str:
        """A number that has to do with what is undefined: a variable as it was given, else as its ball tells."""
        from gradcalc.truth.certify import rough_text

        given = points.given(self.graph, self.point).get(node)
        return rough_text(values[node], self.floats[node]) if given is None else value_text(given)

    def _enclosed(self, node: int) -> Any:
        """The ball of a node, asked for where floats alone do not tell an overflow from what is undefined."""
        from gradcalc.truth.certify import enclose

        return enclose(self.graph, self.inputs, [node], digits=1, budget=self.proof)[0]

    def _ball_values(self, outputs: Sequence[int], precision: int = 128, budget: Budget | None = None) -> list[Any]:
        from gradcalc.arithmetic.balls import Balls

        balls = Balls(precision)
        return balls.evaluate(self.graph, self.inputs(balls), outputs, budget)

    def _independent(self) -> None:
        """Variables the formula does not mention."""
        needed = self.reached
        for variable in self.formula.wrt:
            if needed.isdisjoint(self.graph.inputs[name] for name in variable.elements):
                self.notes.append(Note("independent", f"the formula does not depend on {variable.name}", variable.name))

    # -- kinks, jumps and slopes -------------------------------------------------------------------------------------

    def _settle_gradient(self, gradient: Sequence[Finding]) -> None:
        """Ask the slopes of the value wherever its derivatives are not settled by the local rules."""
        row = [
            (name, node, finding)
            for name, node, finding in zip(self.formula.names, self.formula.inputs, gradient, strict=True)
            if node in self.reached
        ]
        self._settle(self.formula.output, self._hits(self.formula.output), row)

    def _settle_hessian(self, gradient: Sequence[Finding], hessian: dict[tuple[int, int], Finding]) -> None:
        """The same question for the gradient; where that has no value, neither has its derivative."""
        broken = {}
        for row, first in enumerate(gradient):
            if first.verdict is not None:
                infinite = first.verdict == "infinite"
                broken[row] = "undefined" if infinite else first.verdict
                if infinite:
                    name = self.formula.names[row]
                    message = "no second derivative: the first one is infinite"
                    self.notes.append(Note("undefined", message, f"{name},{name}", first.span))
                hessian.setdefault((row, row), Finding(first.node, 0.0))
            elif first.ball is UNDECIDED:  # nor is the derivative of what is not settled a structural zero
                hessian.setdefault((row, row), Finding(first.node, 0.0, UNDECIDED))
        if (
            len(gradient) <= DENSE_LIMIT
        ):  # where neither of two derivatives exists, their mixed one is no structural zero
            for i, j in combinations(broken, 2):
                hessian.setdefault((i, j), Finding(gradient[i].node, 0.0))
        for (i, j), finding in hessian.items():
            if i in broken or j in broken:
                finding.verdict, finding.ball = worst([broken[k] for k in (i, j) if k in broken]), None
            elif gradient[i].from_slopes or gradient[j].from_slopes:
                self._settle_second(i, j, finding)
        rows: dict[int, list[Finding]] = {}
        for (i, _), finding in hessian.items():
            rows.setdefault(i, []).append(finding)
        for row, first in enumerate(gradient):
            if row not in broken and not first.from_slopes:
                self._settle_row(row, first, rows.get(row, []), hessian)

    def _settle_second(self, i: int, j: int, finding: Finding) -> None:
        """A second derivative beside a first one that is known by slopes only."""
        from gradcalc.truth.kinks import Entry, settle_second

        names, inputs = self.formula.names, self.formula.inputs
        question = self._question(self.formula.output)
        first = self.formula.gradient[i]
        settle_second(question, Entry(f"{names[i]},{names[j]}", inputs[i], finding), inputs[j], first)

    def _settle_row(
        self, row: int, first: Finding, stored: Sequence[Finding], hessian: dict[tuple[int, int], Finding]
    ) -> None:
        """Ask one component of the gradient for its slopes along every variable it depends on.

        A mixed derivative is asked from both sides; what either finds stands.
        """
        node = first.node
        hits = self._hits(node)
        if not hits and not any(map(self._is_open, stored)):
            return
        from flint import arb

        if hits and first.ball is UNDECIDED:  # of a first derivative that is not settled there is none
            for known in stored:
                known.ball = UNDECIDED
            return
        names, inputs, needed = self.formula.names, self.formula.inputs, set(self.graph.needed([node]))
        zero = self.graph.constant(0)
        copies: dict[tuple[int, int], Finding] = {}
        entries = []
        for column, input_ in enumerate(inputs):
            if input_ not in needed:
                continue
            place = (min(row, column), max(row, column))
            finding = hessian.get(place)
            if finding is None or column < row:
                finding = copies[place] = replace(finding) if finding else Finding(zero, 0.0, arb(0))
            if finding.verdict is None:
                entries.append((f"{names[row]},{names[column]}", input_, finding))
        self._settle(node, hits, entries)
        for place, copy in copies.items():
            _merge(hessian, place, copy)

    def _settle(self, output: int, hits: dict[int, str], row: Sequence[tuple[str, int, Finding]]) -> None:
        """Ask one function for its slopes, if a kink is hit or a derivative is open."""
        touched = set(self.graph.needed(hits))
        for _, _, finding in row:
            if not math.isfinite(finding.value):
                born = blame.birth(self.graph, self.floats, finding.node, blame.not_finite)
                finding.span = self.graph.spans[born]
        asked = [node for _, node, finding in row if node in touched or self._is_open(finding)]
        if not asked:
            return
        from gradcalc.truth.kinks import Entry, settle

        entries = [Entry(*parts) for parts in row]
        settle(self._question(output), entries, [entry for entry in entries if entry.node in asked], hits)

    def _question(self, output: int) -> Any:
        from gradcalc.truth.kinks import Question

        return Question(self.graph, output, self.inputs, self.kinks, self.notes)

    def _is_open(self, finding: Finding) -> bool:
        """Whether the local rules leave a derivative without a number."""
        return self._is_undefined(finding) or not math.isfinite(finding.value) and not self._is_ball(finding)

    def _hits(self, output: int) -> dict[int, str]:
        """The nodes below an output that sit on a kink, and how sure that is."""
        if not self._all_hits:
            return {}
        reached = self.reached if output == self.formula.output else set(self.graph.needed([output]))
        return {node: how for node, how in self._all_hits.items() if node in reached}

    @cached_property
    def _all_hits(self) -> dict[int, str]:
        """Every node on a kink: `exact` where balls prove it, `undecided`, or `rounded` where only floats say so."""
        outputs = [self.formula.output, *(self.formula.gradient if self.formula.order == 2 else ())]
        nodes = [i for i in self.graph.needed(outputs) if self.graph.nodes[i].op.kink is not None]
        if not nodes:
            return {}
        from gradcalc.arithmetic.balls import Balls
        from gradcalc.truth.slopes import on_kink

        rounded = on_kink(self.graph, self.arithmetic, self.floats, nodes)
        if not self.options.certify and not rounded:
            return {}
        exact: list[int] = []
        undecided: list[int] = []
        with suppress(OutOfBudget):
            for precision in (128, 4096):
                found = on_kink(self.graph, Balls(precision), self._ball_values(outputs, precision, self.kinks), nodes)
                exact += [i for i, hit in found.items() if hit is True]
                nodes = undecided = [i for i, hit in found.items() if hit is not True]
                if not nodes:
                    break
        return {
            **dict.fromkeys(rounded, "rounded"),
            **dict.fromkeys(undecided, "undecided"),
            **dict.fromkeys(exact, "exact"),
        }

    def _is_ball(self, entry: Finding) -> bool:
        return entry.ball is not None and not isinstance(entry.ball, Unknown)

    def _is_undefined(self, entry: Finding) -> bool:
        return entry.ball is UNDEFINED

    def _origins(self, entries: Iterable[Finding]) -> None:
        """Tell where floats became nan or infinite though the number exists."""
        told = set()
        for entry in entries:
            if blame.not_finite(self.floats[entry.node]) and entry.verdict is None and not entry.from_slopes:
                message, index = blame.overflow_note(self.graph, self.floats, entry.node, self._is_ball(entry))
                if index not in told:
                    told.add(index)
                    self.notes.append(Note("nan_origin", message, None, self.graph.spans[index]))


def _merge(hessian: dict[tuple[int, int], Finding], place: tuple[int, int], copy: Finding) -> None:
    """Enter what was found of a mixed derivative from its other side, or of one that is structurally zero."""
    stored = hessian.get(place)
    if stored is None:
        if copy.verdict is not None or copy.value != 0 or not copy.from_slopes and copy.ball is UNDECIDED:
            hessian[place] = copy
    elif copy.verdict is not None:
        stored.verdict, stored.ball = worst([copy.verdict, stored.verdict or "agrees"]), None
    elif copy.from_slopes and stored.verdict is None:
        unequal = stored.from_slopes and stored.value != copy.value
        stored.verdict = "kink" if unequal else None  # the order of differentiation matters: no second derivative
        stored.value, stored.ball, stored.from_slopes = copy.value, None, True
    elif copy.ball is UNDECIDED:
        stored.ball = UNDECIDED
