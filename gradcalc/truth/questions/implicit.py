"""`grad --implicit`: the slope of a curve or surface that an equation gives, as a formula and at points of it.

    left = right --> F = left - right on one graph --> dy/dx = -F_x/F_y, a node of it --> formula, numbers
    point --balls, exact numbers, normal form--> F is 0: on the curve | F is not: an error | neither is proved

A slope is claimed only where F is proved 0, F_y is proved not 0 and both derivatives are proved. Imports calculator,
derivative, equality.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from flint import arb

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import ExitCode, GradcalcError, UsageError, did_you_mean, for_python
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, copied
from gradcalc.graph.shapes import Shape
from gradcalc.language import points
from gradcalc.language.conditions import defined_where, kinked_where
from gradcalc.language.format import format_node
from gradcalc.language.formula import UNNAMED, Formula, Point, Value, Variable, checked_variables
from gradcalc.language.latex import is_latex
from gradcalc.language.parse import as_formula
from gradcalc.language.typeset import latex
from gradcalc.settings import CERTIFY_WORK, DIGITS, Dialect, Limits, Options, limits_for
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable
from gradcalc.truth.calculator import judged, submitted
from gradcalc.truth.certify import enclose, rough_text
from gradcalc.truth.claims.equality import agree, proved_equal, simplified
from gradcalc.truth.quantity import Note, Quantity, check_digits, noted, told
from gradcalc.truth.questions.derivative import DerivativePoint, table_of
from gradcalc.truth.questions.written import Written
from gradcalc.truth.report import PointReport, flat_point, located

_LENGTH = 600
"""Characters of a slope's formula that is shown, at most."""
_STEPS, _DENOMINATOR, _NEAR = 60, 1_000, 1e-9
"""Of Newton's method; of a number that is tried as an exact one, and how near it must be to Newton's."""
_SMALL = 500
"""Nodes of what is brought to a normal form, whose cost grows faster than they do."""
_PROVED = ("agrees", "inaccurate")
_WORDS = {"unverified": "not proved", "kink": "another to each side", "jump": "none: it jumps"}
"""Verdicts of a derivative in a sentence."""


@dataclass(frozen=True, slots=True)
class Slope:
    """The slope for one variable: its formula, and what it is at each point."""

    formula: Written
    points: tuple[DerivativePoint, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Implicit(Answer):
    """The slopes of a curve or surface that an equation gives.

    Attributes:
        sides: the two sides of the equation, as they were understood.
        of: the variable that depends on the others; `slopes` has its derivative for each of them that was asked for.
        kinks: where left - right may have a kink or a jump, in words.
    """

    text: str
    sides: tuple[str, str]
    of: str
    slopes: Mapping[str, Slope]
    kinks: tuple[str, ...] = ()
    let: Mapping[str, Any] = field(default_factory=dict)
    digits: int | None = None
    reason: str = ""

    @property
    def expression(self) -> str:
        """The equation as it was understood."""
        return " = ".join(self.sides)

    @property
    def formulas(self) -> dict[str, str | None]:
        """The slope for each variable as a formula; None where that is too long to be read."""
        return {name: slope.formula.text for name, slope in self.slopes.items()}

    @property
    def formula(self) -> str | None:
        """That of the first variable."""
        return next(iter(self.formulas.values()))

    @property
    def exit_code(self) -> ExitCode:
        """1 if any point disagrees, else 3 if any is undefined, else 0."""
        verdicts = {point.value.verdict for slope in self.slopes.values() for point in slope.points}
        if "disagrees" in verdicts:
            return ExitCode.NO
        return ExitCode.UNDEFINED if "undefined" in verdicts else ExitCode.DONE

    @property
    def aside(self) -> str:
        """Why SymPy says nothing."""
        return f"SymPy: {self.reason}" if self.reason else ""

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data; of one variable as of `diff`, of several by name."""
        rows = zip(*(slope.points for slope in self.slopes.values()), strict=True)
        body: dict[str, Any] = {"schema": SCHEMA, "command": "grad", "expression": self.expression}
        body |= {"of": self.of, "wrt": list(self.slopes), "kinks": list(self.kinks)}
        body["let"] = jsonable(dict(self.let))
        if len(self.slopes) == 1:
            (slope,) = self.slopes.values()
            return body | {
                "formula": slope.formula.text, "domain": slope.formula.where,
                "points": [point.to_dict() for (point,) in rows],
            }  # fmt: skip
        return body | {
            "formulas": self.formulas, "domains": {name: each.formula.where for name, each in self.slopes.items()},
            "points": [self._of_several([each.to_dict() for each in row]) for row in rows],
        }  # fmt: skip

    def _of_several(self, row: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """One point with the slopes for several variables."""
        place = {name: row[0][name] for name in ("at", "at_exact") if name in row[0]}
        kept = ({key: value for key, value in each.items() if key not in place} for each in row)
        return place | {"slopes": dict(zip(self.slopes, kept, strict=True))}

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each slope at each point, the titles first; without points for each formula."""
        if not any(slope.points for slope in self.slopes.values()):
            yield "slope", "formula", "where"
            yield from (
                (self._name(name), each.formula.text or "", each.formula.where or "")
                for name, each in self.slopes.items()
            )
            return
        where = [name for name, _ in flat_point(next(iter(self.slopes.values())).points[0].at)]
        titles = ("slope", "value", "certified", "digits", "verdict")
        head = *where, *(f"{title}_" if title in where else title for title in titles)

        def row(name: str, point: DerivativePoint) -> tuple[object, ...]:
            proof = point.value.certified
            known = (point.value.value, *((proof.value, proof.digits) if proof else ("", "")), point.value.verdict)
            return *(value for _, value in flat_point(point.given)), self._name(name), *known

        found = [(name, point) for name, slope in self.slopes.items() for point in slope.points]
        yield from noted(head, ((row(name, point), told(point.notes)) for name, point in found))

    def page(self) -> pages.Page:
        """The answer as people see it: the equation, each slope, and a table with a row for each point."""
        shown = (pages.Formula(side, "strong", latex) for side in self.sides)
        bound = pages.question("", "", self.let)[1:]
        blocks: list[pages.Block] = [pages.line(next(shown), " = ", next(shown)), *bound]
        for name, slope in self.slopes.items():
            blocks.append(pages.fact(f"{self._name(name)} =", slope.formula.shown))
            if slope.formula.where:
                blocks.append(pages.fact(f"{self._name(name)} holds where", slope.formula.where))
        if self.kinks:
            blocks.append(pages.fact("perhaps a kink or a jump where", pages.Text("; ".join(self.kinks), "doubt")))
        for name, slope in self.slopes.items():
            blocks += [table_of(self._name(name), slope.points, self.digits)] if slope.points else []
        notes = [(point.given, point.notes) for slope in self.slopes.values() for point in slope.points]
        blocks.append(pages.Remarks(tuple(located(self.text, notes))))
        return pages.Page("implicit", tuple(blocks), (tuple(self._equations()),))

    def _name(self, name: str) -> str:
        return f"d{self.of}/d{name}"

    def _equations(self) -> Iterator[pages.Equation]:
        """The equation, the slopes, and their values."""
        left, right = self.sides
        yield pages.Equation((pages.Formula(right, latex=latex),), symbol=latex(left) or left)
        for name, slope in self.slopes.items():
            symbol = rf"\frac{{d {latex(self.of)}}}{{d {latex(name)}}}"
            if slope.formula.text is not None:
                yield pages.Equation((pages.Formula(slope.formula.text, latex=latex),), symbol=symbol)
            for point in slope.points:
                yield pages.Equation((pages.number_text(point.value.value),), at=point.given, symbol=symbol)


@for_python
def implicit(
    equation: Any,
    of: str,
    wrt: str | Sequence[str],
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    *,
    let: Mapping[str, Any] | None = None,
    symbolic: bool = True,
    digits: int = DIGITS,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Implicit:
    """The slope of a curve or surface that an equation gives, as a formula and, certified, at points of it.

    >>> gradcalc.implicit("x^2 + y^2 = 25", of="y", wrt="x").formula
    '-x/y'

    Args:
        equation: text with one `=` (or `==`), or an `Eq` of SymPy.
        of: the variable that depends on the others.
        wrt: for which of them its slope is asked: a name, `"x,y"`, or a list of names.
        at: values by variable, or a list of such points, each on the curve; none for the formula alone.
        let: values by name that are put into the equation.
        symbolic: whether SymPy's derivatives of left - right are set beside ours at points.
        digits: significant digits of certified values, 1 to 1,000.
        limits: how large the equation may be; default: `Limits()`.
        dialect: how the text is written, as of `differentiate`.

    Raises:
        ExpressionError, UsageError: as `differentiate`; there is no equation, or a point is not on the curve.
    """
    limits = limits_for(limits, dialect)
    check_digits(digits)
    given = points.to_points(at, limits)
    options = Options(1, symbolic, digits=digits, limits=limits)
    return sloped(equation, of, points.read_names(wrt), given, points.to_bindings(let, limits), options)


def sloped(
    equation: Any,
    of: str,
    wrt: Sequence[str],
    at: Sequence[Point],
    let: Mapping[str, Value],
    options: Options,
    waiting: Callable[[], None] | None = None,
) -> Implicit:
    """The same at points that are already constants: what `implicit` and the command call."""
    curve = _Curve.read(equation, of, wrt, at, let, options)
    written = curve.written()
    job = submitted(curve.difference, curve.difference.names, options) if at else None
    reports, opinion = judged(curve.difference, at, job, options, waiting) if at else ((), None)
    found = [curve.at(point, report, written) for point, report in zip(at, reports, strict=True)]
    echoed, exactly = points.echoed(let)
    return Implicit(
        text=curve.difference.text,
        sides=curve.sides,
        of=of,
        slopes={name: Slope(written[name], tuple(row[name] for row in found)) for name in wrt},
        kinks=tuple(kinked_where(curve.difference.graph, curve.difference.output) or ()),
        let={**echoed, **exactly},
        reason=opinion.reason if opinion is not None else "",
    )


# -- reading the equation ----------------------------------------------------------------------------------------------

_PARTS = re.compile(r"`[^`]*`|[<>!:~]=|(?P<equals>==?)|(?P<open>[(\[{])|(?P<close>[)\]}])")
"""What tells where an equation is cut: signs of equality, brackets, and what only looks like either."""
_EXAMPLE = '"x^2 + y^2 = 25"'


def _cut(text: str) -> tuple[int, int]:
    """Where the sign of equality stands that is in no bracket; one at the very beginning is Excel's and none.

    Raises:
        UsageError: there is none, or there are several.
    """
    depth, found = 0, list[tuple[int, int]]()
    for part in _PARTS.finditer(text):
        depth += bool(part["open"]) - bool(part["close"])
        if part["equals"] and not depth and text[: part.start()].strip():
            found.append(part.span())
    if len(found) == 1:
        return found[0]
    if not found:
        hint = f'"{text} = 0"' if text.strip() and not re.search("[<>=]", text) else _EXAMPLE
        raise UsageError("this is no equation: there is no =", text=text, span=(0, len(text)), hint=hint)
    raise UsageError(f"there are {len(found)} signs of equality", text=text, span=found[1], hint=f"one, as {_EXAMPLE}")


def _sides(equation: Any, shapes: Mapping[str, Shape], let: Mapping[str, Value], limits: Limits) -> list[Formula]:
    """Both sides of an equation as formulas, whose places point into the whole text."""
    if getattr(equation, "rel_op", None) == "==":
        return [as_formula(side, shapes, let, limits) for side in (equation.lhs, equation.rhs)]
    if not isinstance(equation, str):
        raise UsageError(
            f"a {type(equation).__name__} is no equation", hint='text, as "x^2 + y^2 = 25", or SymPy\'s Eq'
        )
    start, end = _cut(equation)
    limits = replace(limits, dialect=limits.dialect or ("latex" if is_latex(equation) else "text"))
    found = []
    for side in (equation[:start], " " * end + equation[end:]):
        if not side.strip():
            raise UsageError("one side of the equation is empty", text=equation, span=(start, end), hint=_EXAMPLE)
        try:
            found.append(as_formula(side, shapes, let, limits))
        except GradcalcError as error:
            error.text = equation if error.text == side else error.text
            raise
    return found


def _minus(left: Formula, right: Formula, text: str) -> Formula:
    """The difference of two formulas, on the graph of the first."""
    (other,) = copied(right.graph, [right.output], left.graph, {})
    return Formula(
        text,
        left.graph,
        left.graph.emit(ops.sub, (left.output, other)),
        {**left.variables, **{name: value for name, value in right.variables.items() if name not in left.variables}},
        {**right.spans, **left.spans},
        {**right.constants, **left.constants},
    )


def _check(of: str, wrt: Sequence[str], formula: Formula, at: Sequence[Point], let: Mapping[str, Value]) -> None:
    """Refuse names that are no variables of the equation, and a variable that is to depend on itself."""
    names = list(formula.variables)
    if not wrt:
        others = [name for name in names if name != of]
        raise UsageError("--implicit needs to know for what the slope is", hint=f"--wrt {','.join(others) or 'x'}")
    if of in wrt:
        others = [name for name in names if name != of]
        raise UsageError(
            f"{of} is both what depends and what it is derived for", hint=f"--wrt {','.join(others) or 'x'}"
        )
    for flag, name in (("--of", of), *(("--wrt", each) for each in wrt)):
        if name in let:
            raise UsageError(f"{name} is bound by --let, and {flag} names it", hint=f"--at {name}=...")
        if name not in formula.variables:
            near = did_you_mean(name, names) or next((each for each in names if each.lower() == name.lower()), None)
            hint = (
                f"did you mean {near}?" if near else f"its variables are {', '.join(names[:12])}" if names else _EXAMPLE
            )
            raise UsageError(
                f"the equation does not contain {name}, the variable of {flag}", text=formula.text, hint=hint
            )
        if at and name in at[0] and at[0][name].shape:
            raise UsageError(f"{name} is an array: a slope is of one number for one number", hint=f"--at {name}=2")
    if len(set(wrt)) != len(wrt):
        raise UsageError(f"wrt names a variable twice: {', '.join(wrt)}", hint=f"--wrt {','.join(dict.fromkeys(wrt))}")


# -- the curve ---------------------------------------------------------------------------------------------------------

_State = Literal["zero", "other", "open"]
"""What is proved of a number: it is 0, it is not, or neither."""


class _Numbers(NamedTuple):
    """What is proved of left - right at a point, of its derivatives, and the enclosure of the first."""

    difference: _State
    partials: Sequence[_State]
    ball: Any


@dataclass(frozen=True)
class _Curve:
    """An equation as left - right, differentiated for `wrt` and last for `of`; the slopes are nodes of its graph."""

    difference: Formula
    sides: tuple[str, str]
    of: str
    wrt: Sequence[str]
    slopes: Mapping[str, int]
    options: Options

    @classmethod
    def read(
        cls, equation: Any, of: str, wrt: Sequence[str], at: Sequence[Point], let: Mapping[str, Value], options: Options
    ) -> "_Curve":
        """The curve of an equation; errors for what does not fit it."""
        if any(UNNAMED in point for point in at):
            raise UsageError("a point of a curve has a value for each variable", hint=f"--at {wrt[0]}=...,{of}=...")
        shapes = {
            **dict.fromkeys((of, *wrt), ()),
            **({name: value.shape for name, value in at[0].items()} if at else {}),
        }
        left, right = _sides(
            equation, {name: shape for name, shape in shapes.items() if name not in let}, let, options.limits
        )
        text = equation if isinstance(equation, str) else f"{left.text} = {right.text}"
        formula = _minus(left, right, text)
        _check(of, wrt, formula, at, let)
        checked_variables(formula, at or [formula.variables], None, let)
        formula = formula.differentiated([Variable(name) for name in (*wrt, of)], 1)
        *above, below = (formula.graph.ref(node) for node in formula.gradient)
        if _is_zero(formula.graph, below.index):
            raise UsageError(
                f"the equation does not determine {of}: it holds, or not, for every {of}",
                hint=f"an equation whose sides move with {of}",
            )
        slopes = {name: int((-each / below).index) for name, each in zip(wrt, above, strict=True)}
        return cls(formula, (left.canonical.strip(), right.canonical.strip()), of, wrt, slopes, options)

    def written(self) -> dict[str, Written]:
        """The slopes as formulas: the shorter of what the rules give and its normal form, which balls compare."""
        graph, found = self.difference.graph, {}
        divided = int((1 / graph.ref(self.difference.gradient[-1])).index)  # 0/F_y is 0 on the graph
        for name, node in self.slopes.items():
            shorter = simplified(graph, node) if len(graph.needed([node])) <= _SMALL else node
            shown = shorter if agree(graph, node, shorter) >= 0 else node
            text = format_node(graph, shown, limit=_LENGTH)
            where = defined_where(graph, [self.difference.output, node, divided])
            found[name] = Written(None if text.endswith("…") else text, where=where)
        return found

    # -- at a point

    def at(self, point: Point, report: PointReport, written: Mapping[str, Written]) -> dict[str, DerivativePoint]:
        """The slopes at a point, which must lie on the curve."""
        at, exact = points.echoed(point)
        if report.value.verdict == "undefined":
            notes = tuple(replace(note, variable=None) for note in report.notes)
            lost = DerivativePoint(at, Quantity(math.nan, verdict="undefined"), notes, exact)
            return dict.fromkeys(self.wrt, lost)
        numbers = self._numbers(point)
        if numbers.difference == "other":
            self._refuse(point, numbers, written)
        found = {}
        for place, name in enumerate(self.wrt):
            value, notes = self._slope(place, name, point, report, numbers)
            if numbers.difference == "open" and value.verdict != "disagrees":
                value, notes = replace(value, certified=None, verdict="unverified"), (_NOT_SETTLED, *notes)
            found[name] = DerivativePoint(at, value, notes, exact)
        return found

    def _numbers(self, point: Point) -> _Numbers:
        """What is proved of left - right at a point and of its derivatives."""
        formula = self.difference
        nodes = [formula.output, *formula.gradient]
        budget = Budget(CERTIFY_WORK, self.options.certify_seconds)
        balls = enclose(formula.graph, lambda balls: points.bind(formula.graph, point, balls), nodes, budget=budget)
        graph, place = Graph(formula.graph.max_nodes), dict[int, int]()
        for name, value in point.items():
            for label, item in zip(Variable(name, value.shape).elements, value.items, strict=True):
                (number,) = copied(value.graph, [item], graph, {})
                if label in formula.graph.inputs:
                    place[formula.graph.inputs[label]] = number
        constants = copied(formula.graph, nodes, graph, place)
        states = [_state(ball, graph, node) for ball, node in zip(balls, constants, strict=True)]
        return _Numbers(states[0], states[1:], balls[0])

    def _slope(
        self, place: int, name: str, point: Point, report: PointReport, numbers: _Numbers
    ) -> tuple[Quantity, tuple[Note, ...]]:
        """One slope at a point of the curve: proved, or why not."""
        above, below = report.gradient[place], report.gradient[-1]
        notes = [note for note in report.notes if note.variable in (None, name, self.of)]
        of, verdicts = f"{self.of}/d{name}", (above.verdict, below.verdict)
        if "disagrees" in verdicts:
            return Quantity(_quotient(above, below), verdict="disagrees"), _kept(notes)
        if not all(each.verdict in _PROVED and each.certified for each in (above, below)):
            return self._unsmooth(name, above, below, notes, numbers.partials[-1])
        upper, lower = numbers.partials[place], numbers.partials[-1]
        if lower == "zero" and upper == "zero":
            message = (
                f"left - right has the derivatives 0 for {name} and for {self.of} here: d{of} does not follow from them"
            )
            return Quantity(math.nan, verdict="undefined"), (Note("undefined", f"a singular point: {message}"),)
        if lower == "zero" and upper == "other":
            message = (
                f"the tangent is vertical: left - right has the derivative 0 for {self.of} here, and for {name} not 0"
            )
            return Quantity(math.inf, verdict="infinite"), (Note("infinite", message),)
        if lower != "other":
            message = f"whether the derivative of left - right for {self.of} is 0 here is not settled"
            return Quantity(_quotient(above, below), verdict="unverified"), (Note("unsettled", message),)
        inner = replace(self.difference, output=self.slopes[name]).differentiated([], 0)
        (found,), _ = judged(inner, [point], None, self.options)
        return replace(found.value, symbolic=None), _kept(found.notes)

    def _unsmooth(
        self, name: str, above: Quantity, below: Quantity, notes: Sequence[Note], lower: _State
    ) -> tuple[Quantity, tuple[Note, ...]]:
        """What is known of a slope where a derivative of left - right is not proved: at a kink its sides.

        A side's slope is -F_x/F_y of that side where all that may bend is a function of other variables than y alone:
        then left - right is linear in what bends and in y, up to smaller terms.
        """
        kink = next((each for each in notes if each.kind == "kink" and each.variable == name), None)
        straight = below.verdict in _PROVED and below.certified and lower == "other" and not self._bends()
        if kink and kink.left is not None and kink.right is not None and above.verdict == "kink" and straight:
            left, right = (-side / below.value + 0.0 for side in (kink.left, kink.right))
            message = f"d{self.of}/d{name} is {left:.6g} on the left and {right:.6g} on the right"
            return Quantity(_quotient(above, below), verdict="kink"), (
                Note("kink", message, None, kink.span, left, right),
            )
        found = {name: above.verdict, self.of: below.verdict}
        worse = {each: verdict for each, verdict in found.items() if verdict not in _PROVED}
        why = ", ".join(f"that for {each} is {_WORDS.get(verdict, verdict)}" for each, verdict in worse.items())
        message = f"d{self.of}/d{name} does not follow from the derivatives of left - right" + (why and f": {why}")
        value = _quotient(above, below) if set(worse.values()) <= {"unverified"} else math.nan
        return Quantity(value, verdict="unverified"), (Note("unsettled", message), *_of_partials(notes))

    def _bends(self) -> bool:
        """Whether something that may have a kink or a jump depends on what the slope is of."""
        graph = self.difference.graph
        moved = {graph.input(self.of)}
        for index in graph.needed([self.difference.output]):
            op, operands, _ = graph.nodes[index]
            if moved.intersection(operands):
                moved.add(index)
                if op is ops.where or op.kink is not None:
                    return True
        return False

    # -- a point beside the curve

    def _refuse(self, point: Point, numbers: _Numbers, written: Mapping[str, Written]) -> None:
        """An error for a point that is proved not to lie on the curve, with one that does where there is one near."""
        at, exact = points.echoed(point)
        rest = rough_text(numbers.ball, float(numbers.ball.mid()))
        message = f"{pages.point_text({**at, **exact})} is not on the curve: left - right is {rest} there"
        raise UsageError(message, text=self.difference.text, hint=self._hint(point, {**at, **exact}, written))

    def _hint(self, point: Point, at: Mapping[str, Any], written: Mapping[str, Written]) -> str:
        """A point near it that lies on the curve exactly; else where the curve is, and how to ask there."""

        def place(value: str) -> str:
            return ",".join(f"{name}={value if name == self.of else pages.value_text(at[name])}" for name in at)

        near = self._newton(point)
        if near is None:
            return f"values for which {' and '.join(self.sides)} are equal"
        for text in _exact_texts(near):
            other = {**point, self.of: points.to_value(self.of, text, self.options.limits)}
            if self._numbers(other).difference == "zero":
                return f"--at {place(text)}"
        formula = next(iter(written.values())).text
        where = f"the curve passes near {self.of}={near!r}, exactly at no number that was tried"
        return (
            where
            if formula is None
            else f'{where}; the slope\'s formula there: gradcalc grad "{formula}" --at {place(repr(near))}'
        )

    def _newton(self, point: Point) -> float | None:
        """Where left - right is 0, in floats, near the point along the variable that depends; None: not found."""
        floats, graph = Floats(), self.difference.graph
        at = points.bind(graph, point, floats)
        start = at[graph.input(self.of)]
        found = (self._root(at, start + shift, floats) for shift in (0.0, 1.0, -1.0))
        return next((root for root in found if root is not None), None)

    def _root(self, at: Mapping[int, Any], y: float, floats: Floats) -> float | None:
        """Where Newton's method ends; None where it does not."""
        formula, index = self.difference, self.difference.graph.input(self.of)
        nodes = [formula.output, formula.gradient[-1]]
        for _ in range(_STEPS):
            values = evaluate(formula.graph, floats, {**at, index: y}, nodes)
            value, slope = (values[node] for node in nodes)
            if not (math.isfinite(value) and math.isfinite(slope)) or slope == 0:
                return None
            step = value / slope
            y -= step
            if abs(step) <= 4 * math.ulp(y):
                return float(y)
        return None


def _state(ball: Any, graph: Graph, node: int) -> _State:
    """What is proved of a number: by its ball, else by the normal form of what it is made of."""
    if not isinstance(ball, arb):
        return "open"
    if not ball.contains(0):
        return "other"
    return "zero" if ball.is_zero() or _is_zero(graph, node) else "open"


def _of_partials(notes: Sequence[Note]) -> Iterator[Note]:
    """What is to know of the derivatives of left - right, as notes on a slope."""
    for note in notes:
        if note.variable and note.kind != "symbolic":
            yield replace(note, variable=None, message=f"of left - right, for {note.variable}: {note.message}")


def _is_zero(graph: Graph, node: int) -> bool:
    """Whether a node is proved 0 by its normal form, which is made where it is not too large for that."""
    return (
        graph.number(node) == 0 or len(graph.needed([node])) <= _SMALL and proved_equal(graph, node, graph.constant(0))
    )


def _exact_texts(near: float) -> Iterator[str]:
    """Numbers that a float may be meant for: a fraction, the root of one."""
    for number, shown in ((near, "{}"), (math.copysign(near * near, near), "sqrt({})")):
        exact = Fraction(number).limit_denominator(_DENOMINATOR)
        if abs(float(exact) - number) <= _NEAR * max(1.0, abs(number)):
            text = shown.format(abs(exact))
            yield f"-{text}" if exact < 0 else text


def _quotient(above: Quantity, below: Quantity) -> float:
    """The slope in floats; nan where it has none."""
    return -above.value / below.value + 0.0 if below.value else math.nan


def _kept(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Notes about the slope, which is no derivative for a name of its own."""
    return tuple(dict.fromkeys(replace(note, variable=None) for note in notes))


_NOT_SETTLED = Note(
    "unsettled",
    "whether the point lies on the curve is not settled: left - right is enclosed around 0, and not proved to be 0",
)
