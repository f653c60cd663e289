"""`report`: all that is known of a formula at a point, as one web page that works offline and follows sliders.

    Formula ──▶ Report with the Hessian, Trace, Drawing, Steps, a curve over each variable
       └──▶ the nodes of all their numbers ──printed──▶ JavaScript ──▶ Sheet (`show.sheet`) ──▶ HTML

Every live number is a node of the one graph, and the page's program is printed from it. The page compares its program
with what is proved: at the point, and at others between the ends of the sliders. Imports calculator, curve, drawing,
steps, trace, language and show.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from flint import arb

from gradcalc import __version__
from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats, generated
from gradcalc.arithmetic.marks import UNDEFINED, Unknown
from gradcalc.errors import ExitCode, LimitError, UsageError, for_python, installed
from gradcalc.files import complete_file
from gradcalc.graph.domain import definedness, kinked
from gradcalc.graph.graph import Graph
from gradcalc.language import points
from gradcalc.language.format import quoted
from gradcalc.language.formula import Formula, Point, Value, Variable
from gradcalc.language.targets.javascript import JAVASCRIPT
from gradcalc.language.targets.program import Unavailable, printed
from gradcalc.language.typeset import mathml
from gradcalc.settings import CERTIFY_SECONDS, CERTIFY_WORK, Dialect, Limits, Options, limits_for
from gradcalc.show import page as pages
from gradcalc.show import sheet as sheets
from gradcalc.show.answer import Answer
from gradcalc.show.plot import contour_lines
from gradcalc.show.sheet import Cell, Check, Live, Map, Part, Plot, Proved, Section, Sheet, Slider, Typeset, Words
from gradcalc.truth.calculator import asked
from gradcalc.truth.calculator import report as reported
from gradcalc.truth.certify import enclose
from gradcalc.truth.pictures.curve import function, sample
from gradcalc.truth.pictures.drawing import Drawing, drawing
from gradcalc.truth.pictures.surface import surveyed
from gradcalc.truth.quantity import ZERO, Quantity
from gradcalc.truth.questions.steps import Steps, derivation
from gradcalc.truth.questions.trace import Trace, Traced, TraceNode, Tracing
from gradcalc.truth.report import PointReport, Report

MOST_SLIDERS, MOST_PLOTS, MOST_DERIVATIONS = 12, 6, 3
"""How many variables have a slider, a curve, a derivation."""
_ROWS, _BOXES = 200, 50
"""So many nodes are shown in the tape, and in the graph."""
_TYPESET, _WRITTEN = 800, 6_000
"""Characters of a formula that is typeset, and of one that is shown at all."""
_STEPS = 18_000
"""Characters of HTML that derivations take."""
_SHORTENED = 60
"""Derivatives of formulas of more nodes are not simplified: that takes long."""
_PROGRAM, _LINE = 90_000, 18
"""A longer program is not put into a page; a line of one has about so many characters."""


@dataclass(frozen=True, slots=True, repr=False)
class WebPage(Answer):
    """All that is known of a formula at a point.

    Attributes:
        report: value, gradient and Hessian with what is proved of them; `trace`, `drawing`, `derivations` as the
            answers of the commands `tape`, `graph` and `steps`.
        sheet: the page as data.
        lacking: the functions of the formula that JavaScript lacks: the page then stands still.
    """

    report: Report
    trace: Trace
    drawing: Drawing
    derivations: tuple[Steps, ...]
    sheet: Sheet
    lacking: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """1 where the tape and SymPy disagree, 3 where the formula has no value, else 0."""
        point = self.report.points[0]
        if point.verdict == "disagrees":
            return ExitCode.NO
        return ExitCode.UNDEFINED if point.value.verdict == "undefined" else ExitCode.DONE

    @property
    def moves(self) -> bool:
        """Whether its numbers follow sliders."""
        return self.sheet.script is not None and bool(self.sheet.sliders)

    @property
    def html(self) -> str:
        """The page, whole."""
        return sheets.draw(self.sheet)

    def save(self, path: str | Path) -> None:
        """Write the page; the file is complete or not there.

        Raises:
            FileError: it cannot be written.
        """
        with complete_file(Path(path)) as name:
            name.write_bytes(self.html.encode())

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            **self.report.to_dict(),
            "flat_variables": self.report.flat_variables,
            "moves": self.moves,
            "lacking": list(self.lacking),
            "nodes": self.trace.to_dict()["nodes"],
            "derivations": [each.to_dict() for each in self.derivations],
        }

    def records(self) -> Iterator[tuple[object, ...]]:
        """The rows of the report."""
        return self.report.records()

    def page(self) -> pages.Page:
        """The parts one after the other, for other media than the web page."""
        found = self.report.page()
        parts = [
            *self.trace.page().blocks[1:],
            *(block for each in self.derivations for block in each.page().blocks[1:]),
        ]
        return pages.Page("report", (*found.blocks, *parts), found.equations)


@for_python
def report(
    expression: Any,
    at: Mapping[str, Any] | None = None,
    *,
    wrt: str | Sequence[str] | None = None,
    let: Mapping[str, Any] | None = None,
    symbolic: bool = True,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> WebPage:
    """All that is known of a formula at a point, as one web page that works offline and follows sliders.

    >>> gradcalc.report("x*sin(x)", at={"x": 2}).save("page.html")

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula).
        at: values by variable.
        wrt: the variables that have derivatives and sliders; default: those of the point.
        let: values by name that are put into the formula.
        symbolic: whether SymPy takes part, whose derivatives are shown as formulas.
        limits: how large the formula may be; default: `Limits()`.
        dialect: how the text is written, as of `differentiate`.

    Raises:
        ExpressionError, UsageError: as `differentiate`.
    """
    limits = limits_for(limits, dialect)
    names = None if wrt is None else points.read_names(wrt)
    options = Options(2, symbolic=symbolic, limits=limits)
    return web_page(expression, points.to_points(at, limits), names, points.to_bindings(let, limits), options)


def web_page(
    expression: Any, at: Sequence[Point], wrt: Sequence[str] | None, let: Mapping[str, Value], options: Options
) -> WebPage:
    """The same at a point that is already constants: what `report` and the command call."""
    if len(at) > 1:
        raise UsageError(f"a page is of one point, and {len(at)} are given", hint="one --at; its sliders reach others")
    point = points.named(at, expression, let, options.limits, wrt or ())[0] if at else {}
    formula = asked(expression, [point], wrt, let, 2, options.limits)
    bound, exactly = points.echoed(let)
    found = reported(formula, [point], wrt=[variable.name for variable in formula.wrt], options=options)
    found = replace(found, command="report", let=bound, let_exact=exactly)
    tracing = Tracing(formula, point, False, None)
    trace = tracing.trace(found.points[0], let)
    derivations = tuple(_derivations(formula, options.limits))
    maker = _Maker(formula, point, found, trace, tracing, drawing(trace, _BOXES), derivations)
    return maker.made()


def _derivations(formula: Formula, limits: Limits) -> Iterator[Steps]:
    """The derivations for the first variables, where they are not too long to be read."""
    shorten = len(formula.graph.needed([formula.output])) <= _SHORTENED
    for name in formula.names[:MOST_DERIVATIONS]:
        try:
            yield derivation(formula, quoted(name), {}, limits, shorten=shorten)
        except (LimitError, UsageError):
            return


class _Maker:
    """The state of making one page: the answers that it is made of, and which nodes are live."""

    def __init__(
        self,
        formula: Formula,
        point: Point,
        report: Report,
        trace: Trace,
        tracing: Tracing,
        drawn: Drawing,
        derivations: tuple[Steps, ...],
    ) -> None:
        self.formula, self.graph, self.point = formula, formula.graph, point
        self.report, self.trace, self.tracing, self.drawn, self.derivations = report, trace, tracing, drawn, derivations
        self.here: PointReport = report.points[0]
        self.is_defined = self.here.value.verdict != "undefined"
        bound = points.bind(self.graph, point, Floats())
        self.inputs = list(dict.fromkeys([*formula.inputs, *bound]))
        self.at = tuple(float(bound[index]) for index in self.inputs)
        self.names = formula.names[:MOST_SLIDERS]
        self.slots: dict[int, int] = {}
        self.lacking: tuple[str, ...] = ()
        self.still = ""
        if len(formula.names) > MOST_SLIDERS:
            self.still = f"The first {MOST_SLIDERS} of {len(formula.names):,} variables have a slider."

    def made(self) -> WebPage:
        """The page."""
        size = self.here.curvature.size if self.here.curvature else 0
        sliders = tuple(self._sliders())
        program = self._program()
        plots = tuple(self._plots(sliders))
        sections = [Section("gradient", "Value and gradient", tuple(self._gradient()))]
        if plots:
            which = f"Of {len(sliders):,} variables the first {len(plots)}. " if len(plots) < len(sliders) else ""
            maps = tuple(self._maps(sliders))
            said = (_MAPPED if maps else "") + which + _PLOTTED
            sections.append(Section("plot", "Plot", (*maps, *plots, Words((said,), "small"))))
        if size and self.is_defined:
            sections.append(Section("hessian", "Hessian", tuple(self._hessian(size))))
        sections.append(Section("tape", "Tape", tuple(self._tape())))
        sections.append(Section("graph", "Graph", tuple(self._graph())))
        if self.derivations:
            sections.append(Section("steps", "Steps", tuple(self._steps())))
        sheet = Sheet(
            formula=_typeset(self.report.expression),
            lead=tuple(self._lead()),
            sliders=sliders if program else (),
            sections=tuple(sections),
            script=self._script(program, sliders) if program else None,
            still=self.still,
            foot=f"Made by gradcalc {__version__}. It needs no other file and no network.",
        )
        return WebPage(self.report, self.trace, self.drawn, self.derivations, sheet, self.lacking)

    # -- what moves ----------------------------------------------------------------------------------------------------

    def _live(self, node: int | None, text: str, precision: int = 6) -> Live:
        """A number that is this node's."""
        return Live(text, None if node is None else self.slots.get(node), precision)

    def _wanted(self) -> list[list[int]]:
        """The nodes of all numbers that are shown, and then of those that matter most, for long formulas."""
        formula, tracing = self.formula, self.tracing
        domain, kink = self._conditions()
        least = [formula.output, *formula.gradient, *domain, *kink]
        second = [formula.hessian[i, j] for i, j in sorted(formula.hessian) if max(i, j) < pages.MATRIX_LIMIT]
        shown = {node.name for node in self._shown_nodes()}
        nodes = [index for index in tracing.order if tracing.names[index] in shown]
        adjoints = [tracing.adjoints[index] for index in nodes if index in tracing.adjoints]
        parts = [part for index in nodes for part in tracing.partials[index] if part is not None]
        every = [*least, *second, *nodes, *adjoints, *parts]
        return [list(dict.fromkeys(each)) for each in (every, [*least, *second], least)]

    def _conditions(self) -> tuple[list[int], list[int]]:
        """The node that says whether the formula has a value, and the one that says whether it is on a kink, if any."""
        domain, kink = definedness(self.graph, self.formula.output), kinked(self.graph, self.formula.output)
        return [] if domain is None else [domain], [] if kink is None else [self.graph.nodes[kink].operands[0]]

    def _program(self) -> str:
        """The program of all numbers, or of as many as fit into a page; "" where there is none, and why is said."""
        if not self.names:
            self.still = "The formula has no variables: nothing moves."
            return ""
        for wanted in self._wanted():
            outputs = [index for index in wanted if not self.graph.is_constant(index)]
            if _LINE * len(self.graph.needed(outputs)) > _PROGRAM:
                continue
            try:
                made = printed(
                    JAVASCRIPT, self.graph, self.inputs, {"values": outputs, "height": [self.formula.output]}
                )
            except Unavailable as error:
                self.lacking = error.ops
                self.still = (
                    f"The numbers are those of the point: {', '.join(error.ops)} is not available in JavaScript."
                )
                if len(error.ops) > 1:
                    self.still = self.still.replace(" is not ", " are not ")
                return ""
            if len(made.text) <= _PROGRAM:
                self.slots = {index: slot for slot, index in enumerate(outputs)}
                return made.text
        self.still = "The numbers are those of the point: the formula is too long for a page that moves."
        return ""

    def _script(self, program: str, sliders: Sequence[Slider]) -> sheets.Script:
        domain, kink = self._conditions()
        return sheets.Script(
            program=program,
            at=self.at,
            value=self.slots.get(self.formula.output, 0),
            defined=self.slots.get(domain[0]) if domain else None,
            kinked=self.slots.get(kink[0]) if kink else None,
            checks=tuple(self._checks(sliders)),
        )

    # -- what the page compares itself with ----------------------------------------------------------------------------

    def _checks(self, sliders: Sequence[Slider]) -> Iterator[Check]:
        """What is proved at the point, and at others between the ends of the sliders."""
        proved = {self.formula.output: self.here.value}
        proved |= dict(zip(self.formula.gradient, self.here.gradient, strict=True))
        if self.here.curvature:
            places = self.here.curvature.entries
            proved |= {node: places[place] for place, node in self.formula.hessian.items() if place in places}
        known = {node: float(each.certified.value) for node, each in proved.items() if each.certified}
        for node in self.tracing.order if self.is_defined else ():
            double = nearest_double(ball) if isinstance(ball := self.tracing.balls.get(node), arb) else None
            known |= {} if double is None or self.graph.is_constant(node) else {node: double}
        balls = Balls(_BITS)
        rough = balls.evaluate(self.graph, points.bind(self.graph, self.point, balls), list(known))
        rows = self._compared(known, rough)
        if rows or not self.is_defined:
            yield Check(self.at, rows, self.is_defined)
        for part in _PARTS:
            yield from self._check_at(sliders, part)

    def _check_at(self, sliders: Sequence[Slider], part: float) -> Iterator[Check]:
        """The value and the gradient, proved at another point."""
        ends = [each.ends for each in sliders]
        moved = [low + (high - low) * (part * (k + 2) % 1) for k, (low, high) in enumerate(ends)]
        at = (*moved, *self.at[len(moved) :])
        inputs = dict(zip(self.inputs, at, strict=True))
        if not all(map(math.isfinite, at)):
            return
        nodes = [self.formula.output, *self.formula.gradient]
        budget = Budget(CERTIFY_WORK / 10, CERTIFY_SECONDS)

        def bound(balls: Any) -> dict[int, Any]:
            return {index: balls.constant(float(value).hex()) for index, value in inputs.items()}

        found = enclose(self.graph, bound, nodes, budget=budget)
        if found[0] is UNDEFINED:
            yield Check(at, (), False)
        elif not isinstance(found[0], Unknown) and not self._is_on_kink(inputs):
            known = {node: nearest_double(ball) for node, ball in zip(nodes, found, strict=True)}
            balls = Balls(_BITS)
            rough = balls.evaluate(self.graph, bound(balls), nodes)
            yield Check(at, self._compared({k: v for k, v in known.items() if v is not None}, rough))

    def _is_on_kink(self, inputs: Mapping[int, float]) -> bool:
        kink = self._conditions()[1]
        return bool(kink and evaluate(self.graph, Floats(), inputs, kink)[kink[0]])

    def _compared(self, known: Mapping[int, float], rough: Any) -> tuple[tuple[int, float, float], ...]:
        """Numbers that are known, each with how far rounding errors may reach, where that says something."""
        rows = []
        for node, value in known.items():
            ball = rough[node]
            if node in self.slots and math.isfinite(value) and not isinstance(ball, Unknown | bool):
                far = 64 * float(ball.rad()) + 1e-13 * abs(value) + _TINY
                if far <= max(1e-6 * abs(value), 1e-9):
                    rows.append((self.slots[node], value, far))
        return tuple(rows[:_COMPARED])

    # -- the parts -----------------------------------------------------------------------------------------------------

    def _lead(self) -> Iterator[Part]:
        let = {**self.report.let, **self.report.let_exact}
        if let:
            yield Words((pages.Text("where ", "label"), pages.point_text(let)))
        if self.here.at:
            yield Words((pages.Text("at ", "label"), Proved(pages.point_text(self.here.given))))
        yield Words(tuple(self._value()), "value")

    def _value(self) -> Iterator[Cell]:
        value = self.here.value
        yield "f = "
        yield self._live(self.formula.output, pages.number_text(value.value) if self.is_defined else "undefined", 0)
        if self.is_defined and value.certified:
            tone = "good" if value.certified.digits >= _GOOD else "doubt"
            yield "  "
            yield Proved(f"{value.certified.digits} digits right", f"small {tone}")

    def _gradient(self) -> Iterator[Part]:
        if not self.is_defined:
            yield Words(("Where the formula has no value it has no derivative.",))
        elif self.here.gradient:
            yield self._table("The gradient", self.formula.names, self.formula.gradient, self.here.gradient)
            if len(self.here.gradient) > _ROWS:
                yield Words((f"{len(self.here.gradient) - _ROWS:,} more: gradcalc grad shows all.",), "small")
        for note in self.here.notes:
            yield note.remark(self.report.text)

    def _table(
        self, label: str, names: Sequence[str], nodes: Sequence[int], entries: Sequence[Quantity]
    ) -> sheets.Grid:
        """Derivatives with what is known of each."""
        rows = []
        formulas = any(entry.symbolic for entry in entries)
        for name, node, entry in list(zip(names, nodes, entries, strict=True))[:_ROWS]:
            cells: list[tuple[Cell, ...]] = [
                (pages.Text(name, "name"),),
                (self._live(node, pages.number_text(entry.value), 0),),
            ]
            if formulas:
                cells.append((_typeset(entry.symbolic.formula, _SHORT) if entry.symbolic else "",))
            proof = entry.certified
            cells += [
                (Proved(proof.value if proof else ""),),
                (Proved(str(proof.digits) if proof else ""),),
                (Proved(entry.verdict, entry.tone),),
            ]
            rows.append(tuple(cells))
        titles = ["variable", "derivative", *(["as a formula"] if formulas else []), "proved", "digits", "verdict"]
        return sheets.Grid(label, tuple(titles), "lr" + "l" * formulas + "rrl", tuple(rows))

    def _hessian(self, size: int) -> Iterator[Part]:
        curvature = self.here.curvature
        assert curvature is not None
        names = self.formula.names
        if size <= pages.MATRIX_LIMIT:
            rows: list[tuple[tuple[Cell, ...], ...]] = []
            for i, name in enumerate(names):
                cells: list[tuple[Cell, ...]] = [
                    (self._live(self.formula.hessian.get((i, j)), pages.number_text(entry.value), 10),)
                    for j, entry in enumerate(curvature.entries.get((i, j), ZERO) for j in range(size))
                ]
                rows.append(((pages.Text(name, "name"),), *cells))
            yield sheets.Grid("The Hessian", ("", *names), "l" + "r" * size, tuple(rows))
        else:
            yield Words((curvature.summary,))
        for fact in curvature.facts():
            yield Words(tuple(Proved(pages.plain(each), getattr(each, "tone", "")) for each in fact.pieces))

    def _shown_nodes(self) -> list[TraceNode]:
        """The nodes of the tape, without constants; of very many the first and the last."""
        nodes = [node for node in self.trace.nodes if node.op != "const"] or list(self.trace.nodes)
        return nodes if len(nodes) <= _ROWS else [*nodes[: _ROWS // 2], *nodes[-_ROWS // 2 :]]

    def _tape(self) -> Iterator[Part]:
        by_name = {name: index for index, name in self.tracing.names.items()}
        shown = self._shown_nodes()
        rows = tuple(tuple(self._row(node, by_name[node.name])) for node in shown)
        titles = ("node", "value", "adjoint", "local partials", "digits", "rule")
        yield sheets.Grid("The tape", titles, "lrrwrw", rows)
        hidden = self.trace.size - len(shown) - sum(node.op == "const" for node in self.trace.nodes)
        if hidden > 0:
            yield Words((f"{hidden:,} nodes between are folded; gradcalc tape shows all.",), "small")

    def _row(self, node: TraceNode, index: int) -> Iterator[tuple[Cell, ...]]:
        """A node of the tape."""
        yield (pages.Text(node.name, "strong"), f" = {node.step}")
        yield (self._traced(index, node.value),)
        yield (self._traced(self.tracing.adjoints.get(index), node.adjoint),) if node.adjoint else ("",)
        yield tuple(self._local(node, index))
        yield (Proved("" if node.digits is None else str(node.digits)),)
        mark = ", on a kink" if node.on_kink else "" if node.taken else ", not taken"
        yield (node.rule, Proved(mark, "doubt") if mark else "")

    def _local(self, node: TraceNode, index: int) -> Iterator[Cell]:
        """The partials of a node: for which operand, the rule, the number; of a choice, which of both is handed on."""
        operands = self.graph.nodes[index].operands
        parts = zip(operands, self.tracing.partials[index], strict=True)
        live = [part for i, part in parts if not self.graph.is_constant(i)]
        chooses = node.op == "where"
        shown = [(each, part) for each, part in zip(node.partials, live, strict=True) if each.rule]
        for count, (each, part) in enumerate(shown[int(chooses) :] if node.rule != "condition" else ()):
            number = _short(each.value)
            rule = "" if chooses or each.rule == number else f"{each.rule} = "
            yield (", " if count else "") + f"∂{each.operand}: {rule}"
            yield self._live(part, number)

    def _traced(self, node: int | None, found: Traced | bool | None) -> Live:
        if isinstance(found, bool) or found is None:
            return self._live(node, str(found).lower())
        return self._live(node, _short(found.value))

    def _graph(self) -> Iterator[Part]:
        """The drawing, its numbers live."""
        by_name = {name: index for index, name in self.tracing.names.items()}
        shown = {box.name for box in self.drawn.diagram.boxes}
        slot = self.slots.get
        boxes, arrows = {}, []
        for node in self.trace.nodes:
            if node.name in shown and (node.op != "const" or len(self.trace.nodes) == 1):
                index = by_name[node.name]
                adjoint = self.tracing.adjoints.get(index)
                boxes[node.name] = (None, slot(index), None if adjoint is None else slot(adjoint))
                operands = self.graph.nodes[index].operands
                parts = zip(operands, self.tracing.partials[index], strict=True)
                drawn = [p for i, p in parts if self.tracing.names[i] in shown]
                arrows += [None if p is None else slot(p) for p in drawn]
                arrows += [None] * any(a.end == node.name and a.start not in by_name for a in self.drawn.diagram.arrows)
        yield sheets.Graph(self.drawn.diagram, boxes, tuple(arrows))
        if self.drawn.diagram.note:
            yield Words((f"{self.drawn.diagram.note}.",), "small")

    def _steps(self) -> Iterator[Part]:
        """A derivation for each variable, as long as there is room."""
        left = _STEPS
        for count, each in enumerate(self.derivations):
            parts: list[Part] = []
            for number, step in enumerate(each.steps, start=1):
                equation = _equation(step.before, step.after)
                left -= len(equation.mathml or equation.text) + _AROUND
                if left < 0:
                    rest = len(each.steps) - number + 1
                    parts.append(Words((f"{rest:,} more steps: gradcalc steps EXPR --wrt {each.wrt}",), "small"))
                    break
                general = f"   {step.general}" if step.general else ""
                parts.append(Words((f"{number}. ", pages.Text(step.rule, "strong"), pages.Text(general, "label"))))
                parts.append(Words((equation,), "step"))
            verdict = each.page().blocks[-1]
            if isinstance(verdict, pages.Line):
                parts.append(Words(tuple(p for p in verdict.pieces if isinstance(p, str | pages.Text))))
            yield sheets.Fold(f"Derivative for {each.wrt}", tuple(parts), is_open=not count)
        if len(self.formula.names) > len(self.derivations):
            yield Words(("gradcalc steps shows those of the other variables.",), "small")

    # -- sliders and curves --------------------------------------------------------------------------------------------

    def _sliders(self) -> Iterator[Slider]:
        for name, value in zip(self.names, self.at, strict=False):
            yield Slider(name, pages.number_text(value), value, _ends(value, 1 if self.is_defined else _FARTHER))

    def _plots(self, sliders: Sequence[Slider]) -> Iterator[Plot]:
        """The formula over each of the first variables, the others as they are: pieces that are proved continuous."""
        most = _CURVE_NODES // len(self.tracing.order)
        for place, slider in list(enumerate(sliders))[: min(MOST_PLOTS, most)]:
            one = self._alone(place)
            heights = generated(one.graph, one.inputs, [one.output])
            sampled = function(one, self.point, [one.output])._replace(at=partial(_height, heights))
            (curve,) = sample(sampled, slider.ends)
            slope = self.here.gradient[place].value if self.is_defined else math.nan
            point = (slider.value, self.here.value.value if self.is_defined else math.nan)
            slot = self.slots.get(self.formula.gradient[place])
            low, high = (min(max(end, -_LARGEST), _LARGEST) for end in curve.y)
            pieces = [list(run) for piece in curve.pieces for is_seen, run in groupby(piece, _is_place) if is_seen]
            yield Plot(slider.name, place, slider.ends, (low, high), pieces, point, slope, slot)

    def _maps(self, sliders: Sequence[Slider]) -> Iterator[Map]:
        """The contours of a formula of two variables, where matplotlib is there, whose part draws them."""
        if len(self.names) != 2 or len(self.formula.names) != 2 or len(self.tracing.order) > _MAP_NODES:
            return
        if installed("matplotlib"):
            first, second = sliders
            if not all(math.isfinite(high - low) for low, high in (first.ends, second.ends)):
                return
            surface = surveyed(self.formula, self.point, first.ends, second.ends, arrows=False)
            lines = tuple(contour_lines(surface.contours()))
            if lines:
                names = first.name, second.name
                yield Map(names, first.ends, second.ends, lines, (first.value, second.value))

    def _alone(self, place: int) -> Formula:
        """The formula with numbers for all its inputs but one: what jumps with another input does not jump here."""
        graph, made = Graph(), dict[int, int]()
        numbers = dict(zip(self.inputs, self.at, strict=True))
        moving, name = self.inputs[place], self.names[place]
        for index in self.graph.needed([self.formula.output]):
            op, operands, parameter = self.graph.nodes[index]
            if index in numbers and index != moving:
                made[index] = graph.constant(numbers[index])
            else:
                made[index] = graph.emit(op, tuple(made[i] for i in operands), parameter)
        graph.input(name)
        output = made[self.formula.output]
        return Formula(name, graph, output, {}, {}, {}).differentiated([Variable(name)], 0)


def _is_place(place: tuple[float, float]) -> bool:
    """Whether a double is large enough for the height."""
    return math.isfinite(place[1])


def _height(heights: Any, x: Any) -> tuple[float]:
    """The value in floats, as exact as an eye, and much faster than balls; nan where there is none."""
    (value,) = heights(float(x))
    return (value if math.isfinite(value) else math.nan,)


_COMPARED = 100
"""How many numbers of a point the page compares, at most."""
_BITS = 53
"""The precision of doubles."""
_GOOD = 12
_SHORT = 200
_AROUND = 120
_TINY = 1e-300
_PARTS = (0.13, 0.31, 0.44)
"""Where, between the ends of sliders, the page checks itself besides."""
_CURVE_NODES = 3_000
"""So many nodes are drawn over variables, counted once for each: more take too long."""
_MAP_NODES = 500
"""Formulas of more nodes have no contours: they take too long."""
_MAPPED = "Lines of equal height, the higher the stronger, and the point. "
_PLOTTED = (
    "The formula over each variable, the others as they are, with its tangent at the point. A line is drawn where the "
    "formula is proved continuous; where the point was moved, where it has a value and cutting in two finds no jump."
)


def _ends(value: float, times: int) -> tuple[float, float]:
    """The ends of a slider: as far to both sides as zero is, or 1 where that is farther; several times as far."""
    reach = 2.0 if value == 0 else abs(value) if abs(value) >= 1 or abs(value) < _SMALL else 1.0
    return max(value - times * reach, -_LARGEST), min(value + times * reach, _LARGEST)


_SMALL, _LARGEST, _FARTHER = 0.01, 8e307, 3


def _short(value: float) -> str:
    return f"{value + 0.0:.6g}"


def _typeset(text: str, most: int = _TYPESET) -> Typeset:
    """A formula, typeset where it is short."""
    if len(text) <= most:
        return Typeset(text, mathml(text))
    return Typeset(text if len(text) <= _WRITTEN else f"{text[:_WRITTEN]}…")


def _equation(before: str, after: str) -> Typeset:
    """Both sides, typeset where they are short."""
    left, right = _typeset(before, _SHORT), _typeset(after, _SHORT)
    if left.mathml and right.mathml:
        return Typeset(f"{before} = {after}", f"{left.mathml}<mo>=</mo>{right.mathml}")
    return Typeset(f"{before} = {after}")
