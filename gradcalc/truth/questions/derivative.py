"""`diff`: one derivative of any order, as a formula and at points.

Up to order 4 the derivative is a part of the formula's graph, judged as a gradient is: with kinks, digits and SymPy's
own derivative beside it. Above that it is a coefficient of a power series, certified too. Imports calculator, taylor.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flint import ctx

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.marks import UNDEFINED, Unknown
from gradcalc.errors import ExitCode, LimitError, UsageError, for_python
from gradcalc.graph.domain import derivative, plain_derivative
from gradcalc.graph.shapes import Shape, labels
from gradcalc.language import points
from gradcalc.language.format import format_node
from gradcalc.language.formula import Formula, Point, Value, Variable, checked_variables
from gradcalc.language.parse import as_formula
from gradcalc.language.tokens import CONSTANTS
from gradcalc.language.typeset import latex
from gradcalc.settings import CERTIFY_SECONDS, CERTIFY_WORK, DIGITS, Dialect, Limits, Options, limits_for
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.truth.calculator import judged, submitted
from gradcalc.truth.quantity import Note, Quantity, check_digits, noted, optional, table, told
from gradcalc.truth.questions.expansion import coefficients
from gradcalc.truth.questions.formulas import one_in_words
from gradcalc.truth.questions.taylor import quantity, why_no_series
from gradcalc.truth.questions.written import NOWHERE, Written
from gradcalc.truth.report import PointReport, flat_point, located
from gradcalc.truth.second_opinion import Entry, Job, Opinion
from gradcalc.work import counted

BY_GRAPH = 4
"""Up to this order a derivative is made as a graph, which grows two- to threefold with each."""
MAX_ORDER = 1_000
_FORMULA = 300
"""Characters of a formula that is made here, at most: longer ones tell nobody anything."""
_FIELDS = ("certified", "digits", "verdict")
_OF_WHAT_IS_DERIVED = ("inaccurate", "unsettled")
"""Kinds of notes that name no variable where they are about the function, of which nobody asked."""
_NODES = 20_000
_SYMBOLIC_ORDER = 12
"""Up to this order SymPy is asked for the formula, where no numbers wait for it."""


@dataclass(frozen=True, slots=True)
class DerivativePoint:
    """The derivative at a point, and what is known of it."""

    at: Mapping[str, Any]
    value: Quantity
    notes: tuple[Note, ...] = ()
    exact: Mapping[str, Any] = field(default_factory=dict)

    @property
    def given(self) -> dict[str, Any]:
        """The point as it was given."""
        return {**self.at, **self.exact}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "at": jsonable(dict(self.at)),
            **({"at_exact": jsonable(dict(self.exact))} if self.exact else {}),
            "value": number(self.value.value),
            "certified": optional(self.value.certified),
            "symbolic": optional(self.value.symbolic),
            "verdict": self.value.verdict,
            "notes": [note.to_dict() for note in self.notes],
        }


def table_of(name: str, found: Sequence[DerivativePoint], digits: int | None) -> pages.Table:
    """The derivative of that name with a row for each point."""
    whole = table([pages.point_text(point.given) for point in found], [point.value for point in found], digits)
    titles = {"variable": "at", "derivative": name}
    columns = [
        each._replace(title=titles[each.title], short="") if each.title in titles else each for each in whole.columns
    ]
    kept = [i for i, each in enumerate(columns) if each.title != "SymPy's formula"]
    return pages.Table(tuple(columns[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in whole.rows))


@dataclass(frozen=True, slots=True, repr=False)
class Derivative(Answer):
    """A derivative of a formula.

    Attributes:
        formula: None where it is too long to be read.
        where: without a point, where that holds, as of `Written`.
        reason: why SymPy found none.
    """

    expression: str
    text: str
    by: tuple[str, ...]
    formula: str | None
    points: tuple[DerivativePoint, ...]
    latex: str = ""
    let: Mapping[str, Any] = field(default_factory=dict)
    digits: int | None = None
    reason: str = ""
    where: str | None = ""

    @property
    def exit_code(self) -> ExitCode:
        """1 if any point disagrees, else 3 if any is undefined, else 0."""
        verdicts = {point.value.verdict for point in self.points}
        if "disagrees" in verdicts:
            return ExitCode.NO
        return ExitCode.UNDEFINED if "undefined" in verdicts else ExitCode.DONE

    @property
    def aside(self) -> str:
        """Why SymPy says nothing."""
        return f"SymPy: {self.reason}" if self.reason else ""

    @property
    def name(self) -> str:
        """How the derivative is called: `d³f/dx²dy`."""
        order = len(self.by)
        runs = [(name, self.by.count(name)) for name in dict.fromkeys(self.by)]
        below = "".join(f"d{name}{_raised(count)}" for name, count in runs)
        return f"d{_raised(order)}f/{below}"

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA,
            "command": "diff",
            "expression": self.expression,
            "by": list(self.by),
            "formula": self.formula,
            **({} if self.points else {"domain": self.where}),
            "let": jsonable(dict(self.let)),
            "points": [point.to_dict() for point in self.points],
        }

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each point, the titles first; without points the formula."""
        if not self.points:
            yield from (("formula", "where"), (self.formula or "", self.where or ""))
            return
        where = [name for name, _ in flat_point(self.points[0].at)]
        head = *where, *(f"{title}_" if title in where else title for title in ("value", *_FIELDS))

        def row(point: DerivativePoint) -> tuple[object, ...]:
            proof = point.value.certified
            proved = (proof.value, proof.digits) if proof else ("", "")
            return *(value for _, value in flat_point(point.given)), point.value.value, *proved, point.value.verdict

        yield from noted(head, ((row(point), told(point.notes)) for point in self.points))

    def page(self) -> pages.Page:
        """The answer as people see it: the formula, and a table with a row for each point."""
        blocks = pages.question(self.expression, latex, self.let)
        if self.formula is not None:
            blocks.append(pages.fact(f"{self.name} =", pages.Formula(self.formula, "strong", latex.known(self.latex))))
        elif not self.points:
            blocks.append(pages.fact(f"{self.name}:", "a formula too long to be read; at a point it has a value"))
        if self.where and not self.points:
            blocks.append(pages.fact("holds", self.where if self.where == NOWHERE else f"where {self.where}"))
        if self.points:
            blocks.append(table_of(self.name, self.points, self.digits))
        blocks.append(pages.Remarks(tuple(located(self.text, [(point.given, point.notes) for point in self.points]))))
        return pages.Page("diff", tuple(blocks), (tuple(self._equations()),))

    def _equations(self) -> Iterator[pages.Equation]:
        """The function, its derivative where that can be read, and its values."""
        yield pages.Equation((pages.Formula(self.expression, latex=latex),))
        if self.formula is not None:
            yield pages.Equation((pages.Formula(self.formula, latex=latex.known(self.latex)),), self.by)
        for point in self.points:
            yield pages.Equation((pages.number_text(point.value.value),), self.by, point.given)


def _raised(count: int) -> str:
    """An exponent as it is written, nothing for 1."""
    return "" if count == 1 else str(count).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


@for_python
def diff(
    expression: Any,
    by: str | Sequence[str],
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    *,
    let: Mapping[str, Any] | None = None,
    symbolic: bool = True,
    digits: int = DIGITS,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Derivative:
    """A derivative of any order, as a formula and, certified, at points.

    >>> gradcalc.diff("x**3*y", "x:2,y", at={"x": 2, "y": 1}).points[0].value.value
    12.0

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula).
        by: what it is derived for: `"x"`, `"x,x,y"`, `"x:3,y"`, or a list of names.
        at: values by variable, or a list of such points; none for the formula alone.
        let: values by name that are put into the formula.
        symbolic: whether SymPy is asked for its derivative.
        digits: significant digits of certified values, 1 to 1,000.
        limits: how large the formula may be; default: `Limits()`.
        dialect: how the text is written, as of `differentiate`.

    Raises:
        ExpressionError, UsageError: as `differentiate`; a `by` that names no variables.
    """
    limits = limits_for(limits, dialect)
    check_digits(digits)
    names = read_by(by if isinstance(by, str) else ",".join(map(str, by)))
    given = points.to_points(at, limits)
    options = Options(0, symbolic, digits=digits, latex=True, limits=limits)
    return derived(expression, names, given, points.to_bindings(let, limits), options)


_BY = re.compile(r"\s*(?:`([^`]+)`|([^\W\d]\w*(?:\[[-\d,\s]*\])?))\s*(?::\s*(\d+)\s*)?(?:,(?=.)|$)", re.DOTALL)
"""A name, quoted or plain, an element of an array; and how often it is derived for."""


def read_by(text: str) -> tuple[str, ...]:
    """The names of `x:2,y`, each as often as it is derived for."""
    names: list[str] = []
    position = 0
    while position < len(text) or not position:
        found = _BY.match(text, position)
        if found is None:
            raise UsageError(f"{text or 'nothing'} says not what to derive for", hint="x, x,x,y or x:2,y")
        count = int(found[3] or 1) if len(found[3] or "") < 6 else MAX_ORDER + 1
        names += [re.sub(r"\s", "", found[2]) if found[2] else found[1].strip()] * min(count, MAX_ORDER + 1)
        position = found.end()
    if not names:
        raise UsageError(f"{text} is a derivative of order 0: the formula itself", hint="x:1")
    if len(names) > MAX_ORDER:
        raise UsageError(f"the order is above {MAX_ORDER:,}", hint="x:50 is a derivative of order 50")
    return tuple(names)


def derived(
    expression: Any,
    by: Sequence[str],
    at: Sequence[Point],
    let: Mapping[str, Value],
    options: Options,
    waiting: Callable[[], None] | None = None,
) -> Derivative:
    """The same at points that are already constants: what `diff` and the command call."""
    at = points.named(at, expression, let, options.limits, by)
    formula = _asked(expression, by, at, let, options.limits)
    given, at = at, [_with_absent(point, by) for point in at]
    is_asked = len(by) <= (BY_GRAPH if at else _SYMBOLIC_ORDER)
    job = submitted(formula, by, options, forms=not at) if is_asked else None
    if len(by) > BY_GRAPH:
        found = [_by_series(formula, point, by, options) for point in counted(at, "points")]
        opinion = job.result(waiting) if job else None
    else:
        judged_points, opinion = _by_graph(formula, at, by, job, options, waiting)
        found = list(judged_points)
    written = _in_words(formula, tuple(by), opinion, bool(at))
    echoed, exactly = points.echoed(let)
    return Derivative(
        expression=formula.canonical,
        text=formula.text,
        by=tuple(by),
        formula=written.text,
        points=tuple(_echoing(each, point) for each, point in zip(found, given, strict=True)),
        latex=written.latex,
        let={**echoed, **exactly},
        reason=opinion.reason if opinion is not None else "",
        where=written.where,
    )


def _asked(
    expression: Any, by: Sequence[str], at: Sequence[Point], let: Mapping[str, Value], limits: Limits
) -> Formula:
    """The formula; at points it is checked that they fit."""
    shapes = {name: value.shape for name, value in at[0].items()} if at else {}
    formula = as_formula(expression, shapes, let, limits, shaped=bool(at))
    for name in dict.fromkeys(by):
        _check(name, formula, shapes, let)
    if at:
        wrt = list(dict.fromkeys(name.partition("[")[0] for name in by))
        checked_variables(formula, [_with_absent(point, by) for point in at], wrt, let)
    return formula


def _check(name: str, formula: Formula, shapes: Mapping[str, Shape], let: Mapping[str, Value]) -> None:
    """Refuse what is no variable: a bound name, a constant, an array or no element of it, a name misspelt."""
    array, bracket, _ = name.partition("[")
    shape = shapes.get(array, ())
    if name in let:
        raise UsageError(f"{name} is bound by --let, so nothing is differentiated for it", hint=f"--at {name}=...")
    if name in CONSTANTS and name not in {*formula.variables, *shapes}:
        raise UsageError(
            f"{name} is a constant: nothing is differentiated for it", hint=f"--at {name}=... for a variable"
        )
    if shape and not bracket:
        raise UsageError(f"{name} is an array: a derivative is taken for one element", hint=labels(array, shape)[0])
    if bracket and name not in labels(array, shape):
        elements = f"{labels(array, shape)[0]} to {labels(array, shape)[-1]}" if shape else f"--at {array}=[...]"
        raise UsageError(f"{name} is no element of an array that is given", hint=elements)
    near = next((each for each in formula.variables if each.lower() == name.lower()), name)
    if near != name:
        raise UsageError(f"the formula does not contain {name}", text=formula.text, hint=f"did you mean {near}?")


def _with_absent(point: Point, by: Sequence[str]) -> Point:
    """The point, with a value for what the formula is derived for and need not contain."""
    return {**{name: points.to_value(name, 0, Limits()) for name in by if "[" not in name}, **point}


def _echoing(found: DerivativePoint, point: Point) -> DerivativePoint:
    """What was found, at the point as it was given."""
    at, exact = points.echoed(point)
    return replace(found, at=at, exact=exact)


def _by_graph(
    formula: Formula,
    at: Sequence[Point],
    by: Sequence[str],
    job: Job | None,
    options: Options,
    waiting: Callable[[], None] | None,
) -> tuple[list[DerivativePoint], Opinion | None]:
    """The derivative as the gradient of the one before it, judged as gradients are."""
    *first, last = by
    graph = formula.graph
    before = derivative(graph, formula.output, [graph.input(name) for name in first])
    base = replace(formula, output=before).differentiated([Variable(last)], 1)

    def heard(opinion: Opinion) -> Opinion:
        entry = opinion.entries.get(tuple(by))
        return replace(opinion, entries={} if entry is None else {(last,): entry})

    found, opinion = judged(base, at, job, options, waiting, heard)
    return [_point(report) for report in found], opinion


def _point(report: PointReport) -> DerivativePoint:
    """The one derivative of a report; undefined where what is derived is."""
    undefined = report.value.verdict == "undefined"
    value = Quantity(math.nan, verdict="undefined") if undefined else report.gradient[0]
    kept = ("unsettled",) if value.verdict == "unverified" else ()
    notes = tuple(
        replace(note, variable=None)
        for note in report.notes
        if note.variable or note.kind in kept or note.kind not in _OF_WHAT_IS_DERIVED
    )
    return DerivativePoint({}, value, notes)


def _by_series(formula: Formula, point: Point, by: Sequence[str], options: Options) -> DerivativePoint:
    """The derivative as a coefficient of a Taylor series, times factorials."""
    names = list(dict.fromkeys(by))
    counts = tuple(by.count(name) for name in names)
    inner = formula.differentiated([Variable(name) for name in names], 0)
    ball = coefficients(inner, point, [counts], options.digits, Budget(CERTIFY_WORK, CERTIFY_SECONDS))[counts]
    if isinstance(ball, Unknown):
        note = why_no_series(inner, point, ball is UNDEFINED)
        verdict = "undefined" if ball is UNDEFINED else "unverified"
        return DerivativePoint({}, Quantity(math.nan, verdict=verdict), (note,))
    with ctx.workprec(max(ball.bits(), 64) + 64):
        ball = ball * math.prod(map(math.factorial, counts))
    return DerivativePoint({}, quantity(ball, options.digits))


def _in_words(formula: Formula, by: tuple[str, ...], opinion: Opinion | None, numbers: bool) -> Written:
    """The derivative as a formula: SymPy's as it stands beside numbers, else its shortest form that holds, else ours.

    None where it is too long to be read.
    """
    entry = opinion.entries.get(by) if opinion is not None else None
    theirs = Written(entry.formula, entry.latex, "SymPy", None) if isinstance(entry, Entry) else None
    if theirs and numbers:
        return theirs
    graph = formula.graph
    try:
        node = plain_derivative(graph, formula.output, [graph.input(name) for name in by], _NODES)
    except LimitError:
        return theirs or Written(None, where=None)
    if not numbers:
        return one_in_words(formula, by, node, opinion)
    text = format_node(graph, node, limit=_FORMULA)
    return Written(None if text.endswith("…") else text, where=None)
