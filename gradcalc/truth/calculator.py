"""The use cases that the command line and the Python API share: from a formula and points to a report.

Flow: parse, start SymPy beside it, derive, examine each point, hear SymPy, judge. What imports flint is imported when
it is needed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import UsageError, for_python
from gradcalc.graph import ops
from gradcalc.language import points
from gradcalc.language.formula import Formula, Point, Value, checked_variables
from gradcalc.language.parse import as_formula
from gradcalc.settings import (
    CERTIFY_SECONDS,
    DIGITS,
    SYMBOLIC_SECONDS,
    Dialect,
    Limits,
    Options,
    limits_for,
)
from gradcalc.show.page import DENSE_LIMIT
from gradcalc.truth.differences import central_difference
from gradcalc.truth.examine import examine
from gradcalc.truth.finding import Examined, Finding
from gradcalc.truth.judge import Judge
from gradcalc.truth.quantity import ZERO, Note, Quantity, check_digits, worst
from gradcalc.truth.questions import directional
from gradcalc.truth.report import PointReport, Report
from gradcalc.truth.second_opinion import Job, Opinion, get_worker
from gradcalc.work import counted, doing


@for_python
def differentiate(
    expression: Any,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    *,
    order: int = 1,
    wrt: str | Sequence[str] | None = None,
    let: Mapping[str, Any] | None = None,
    symbolic: bool = True,
    certify: bool = True,
    numeric: bool = False,
    symbolic_timeout: float = SYMBOLIC_SECONDS,
    certify_timeout: float = CERTIFY_SECONDS,
    digits: int = DIGITS,
    direction: Any = None,
    tangent: bool = False,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Report:
    """Differentiate a formula at one or more points, every digit checked; without a point, as formulas.

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula).
        at: values by variable (numbers, text such as `"pi/4"`, nested lists, NumPy arrays), or a list of such points;
            none: the derivatives as formulas.
        order: 1 for the gradient, 2 for the Hessian as well.
        wrt: variables to differentiate for, in that order; default: those of the first point.
        let: values by name that are put into the formula and not differentiated.
        symbolic, certify, numeric: whether SymPy, balls, and central differences take part.
        symbolic_timeout: seconds SymPy may take.
        certify_timeout: seconds after which the proof of one point ends at the latest; its work ends it before.
        digits: significant digits of certified values, 1 to 1,000.
        direction: a vector, by variable: slope and curvature along it too, for its length, and the tangent.
        tangent: the tangent line or plane, and the normal of the level set, too.
        limits: how large the formula may be; default: `Limits()`.
        dialect: how the text is written: "latex", "excel", "mathematica", "matlab", or "text" for the language of
            gradcalc; by default LaTeX if it has a backslash, else as text.

    Returns:
        A `Report`; its `to_dict()` is the JSON of the command line.

    Raises:
        ExpressionError: the text is no expression, or (LimitError) a larger one than `limits` allows.
        UsageError: a point, a binding or an option does not fit.
    """
    options = Options(
        order, symbolic, certify, numeric, symbolic_timeout, certify_timeout, digits, True, limits_for(limits, dialect)
    )
    check_digits(digits)
    if order not in (1, 2):
        raise UsageError(f"order is {order!r}", hint="order=1 for the gradient, order=2 for the Hessian as well")
    values = points.to_points(at, options.limits)
    bindings = points.to_bindings(let, options.limits)
    names = None if wrt is None else points.read_names(wrt)
    seen = Seen(direction, tangent)
    return report(expression, values, wrt=names, let=bindings, options=options, seen=seen)


@dataclass(frozen=True)
class Seen:
    """How a formula is looked at, at a point: along a direction, as `differentiate` takes it; with its tangent."""

    direction: Any = None
    tangent: bool = False


def report(
    expression: Any,
    at: Sequence[Point],
    *,
    wrt: Sequence[str] | None = None,
    let: Mapping[str, Value] | None = None,
    options: Options = Options(),  # noqa: B008 - frozen
    waiting: Callable[[], None] | None = None,
    seen: "Seen | None" = None,
) -> Report:
    """The report of a formula at points that are already constants: what `differentiate` and the commands call.

    Args:
        seen: what else is asked of the formula's shape at each point.
        waiting: called where SymPy alone is waited for.
    """
    let = let or {}
    at = points.named(at, expression, let, options.limits, wrt or ())
    formula = asked(expression, at, wrt, let, options.order, options.limits)
    job = submitted(formula, formula.names, options, forms=not at)
    found: tuple[PointReport, ...] = ()
    written = None
    if at or not formula.names:
        found, opinion = judged(formula, at or [{}], job, options, waiting)
        if not formula.variables and not formula.wrt:
            found = tuple(replace(each, notes=(*each.notes, _CONSTANT)) for each in found)
        found = _seen(found, formula, at, let, seen or Seen(), options)
    else:
        _refuse_without_point(seen or Seen(), formula)
        from gradcalc.truth.questions.formulas import in_words

        opinion = job.result(waiting) if job is not None else None
        written = in_words(formula, opinion)
    bound, bound_exactly = points.echoed(let)
    return Report(
        command="hessian" if options.order == 2 else "grad",
        expression=formula.canonical,
        text=formula.text,
        variables=formula.wrt,
        let=bound,
        let_exact=bound_exactly,
        written=written,
        symbolic_status=opinion.status if opinion is not None else "skipped",
        points=found,
        symbolic_reason=opinion.reason if opinion is not None else _TOO_LARGE if options.symbolic else "",
        latex=opinion.latex if opinion is not None else "",
    )


def asked(
    expression: Any,
    at: Sequence[Point],
    wrt: Sequence[str] | None,
    let: Mapping[str, Value],
    order: int,
    limits: Limits,
    array: bool = False,
) -> Formula:
    """The formula, or array of formulas, that is asked about at some points, or at none, with its variables."""
    shapes = {name: value.shape for name, value in at[0].items()} if at else {}
    formula = as_formula(expression, dict.fromkeys(wrt or (), ()) | shapes, let, limits, bool(at), array)
    if not at:
        absent = [name for name in wrt or () if name not in let]
        for name in absent:
            near = next((each for each in formula.variables if each.lower() == name.lower()), name)
            if near != name and name not in formula.variables:
                raise UsageError(
                    f"the formula does not contain {name}", text=formula.text, hint=f"did you mean {near}?"
                )
        at = [{**dict.fromkeys(absent, Value(formula.graph, (), ())), **formula.variables}]
    return formula.differentiated(checked_variables(formula, at, wrt, let), order)


_CONSTANT = Note("independent", "the formula has no variables: it is a constant")

_SYMBOLIC_LIMIT = 20_000
"""Formulas of more nodes, or of more than 100 times as many for all variables together, are not handed to SymPy."""
_TOO_LARGE = "the formula is too large for SymPy"


_TERMS_PER_SECOND = 1_200
"""What SymPy differentiates and writes in a second: measured on long sums and products."""


def _terms(formula: Formula) -> float:
    """About how much SymPy has to write: a product of n factors has a derivative of n products."""
    nodes = [formula.graph.nodes[index] for index in formula.graph.needed([formula.output])]
    return len(nodes) + sum(len(node.operands) ** 2 / 4 for node in nodes if node.op is ops.mul)


def submitted(formula: Formula, wrt: Sequence[str], options: Options, forms: bool = False) -> Job | None:
    """Hand the formula to SymPy's process, which works while this one computes: through all of it for each variable.

    With order 0 it is the one derivative that is asked for, taken for each of `wrt` in turn. Shorter `forms` are looked
    for where no numbers wait for it.
    """
    size = len(formula.graph)
    if not options.symbolic or size > _SYMBOLIC_LIMIT or size * len(wrt) > 100 * _SYMBOLIC_LIMIT:
        return None
    if _terms(formula) > _TERMS_PER_SECOND * max(options.symbolic_seconds, SYMBOLIC_SECONDS):
        return None
    return get_worker().submit(
        formula.graph, formula.output, wrt, options.order, options.symbolic_seconds, latex=options.latex, forms=forms
    )


def judged(
    formula: Formula,
    at: Sequence[Point],
    job: Job | None,
    options: Options,
    waiting: Callable[[], None] | None = None,
    heard: Callable[[Opinion], Opinion] = lambda opinion: opinion,
) -> tuple[tuple[PointReport, ...], Opinion | None]:
    """All that is known at each point, and what SymPy said, of which `heard` makes what is compared."""
    examined = [examine(formula, point, options) for point in counted(at, "points")]
    doing("hearing SymPy" if job is not None else "writing")
    opinion = job.result(waiting) if job is not None else None
    theirs = heard(opinion) if opinion is not None else None
    pairs = zip(at, examined, strict=True)
    return tuple(_judge(formula, point, found, theirs, options) for point, found in pairs), opinion


def _refuse_without_point(seen: Seen, formula: Formula) -> None:
    """A direction or a tangent needs a point."""
    if seen.direction is not None or seen.tangent:
        what, places = "a tangent" if seen.direction is None else "a direction", formula.variables
        raise UsageError(f"{what} needs a point", hint=f"--at {','.join(f'{name}=...' for name in places)}")


def _seen(
    found: tuple[PointReport, ...], formula: Formula, at: Sequence[Point], let: Point, seen: Seen, options: Options
) -> tuple[PointReport, ...]:
    """The points, with what the formula looks like at each, where that is asked."""
    if seen.direction is None and not seen.tangent:
        return found
    vector = None
    if seen.direction is not None:
        vector = directional.read_direction(seen.direction, formula, at, let, options.limits)

    def judge(line: Formula, origin: Point) -> directional.Found:
        (one,), _ = judged(line, [origin], None, options)
        second = one.curvature.entries.get((0, 0), ZERO) if one.curvature else ZERO
        slope = one.gradient[0] if one.value.verdict != "undefined" else replace(one.value, certified=None)
        return slope, second, one.notes

    look = partial(directional.geometry, formula, vector, judge)
    return tuple(
        replace(each, geometry=look(point, each.given, each.value, each.gradient))
        for each, point in zip(found, at, strict=True)
    )


# -- one point ---------------------------------------------------------------------------------------------------------


def _judge(formula: Formula, point: Point, found: Examined, opinion: Opinion | None, options: Options) -> PointReport:
    """Give every number its verdict and put the point together."""
    undefined = found.value.verdict == "undefined"
    judge = Judge(formula, point, opinion, digits=options.digits, undefined=undefined, seconds=options.certify_seconds)
    names = formula.names
    value = judge.value(found.value)
    gradient = [judge.derivative((name,), entry) for name, entry in zip(names, found.gradient, strict=True)]
    if options.numeric and value.verdict != "undefined":
        gradient = with_differences(formula, point, gradient)
    curvature = None
    verdicts = [entry.verdict for entry in gradient] or [value.verdict]
    if formula.order == 2:
        entries = {}
        for (i, j), entry in found.hessian.items():
            entries[i, j] = entries[j, i] = judge.derivative((names[i], names[j]), entry)
        curvature = _curvature(found, entries, point, formula)
        verdicts += [entry.verdict for entry in entries.values()]
    if value.verdict == "undefined":
        verdicts.append("undefined")
    at, texts = points.echoed(point)
    notes = dict.fromkeys(found.notes + judge.finish({note.variable for note in found.notes}))
    return PointReport(at, value, tuple(gradient), worst(verdicts), tuple(notes), curvature, texts)


def _curvature(found: Examined, entries: Mapping[tuple[int, int], Quantity], point: Point, formula: Formula) -> Any:
    """What the second derivatives say; where nothing was certified, balls of one precision stand in."""
    from gradcalc.arithmetic.balls import Balls
    from gradcalc.truth.curvature import describe, error_bound

    size, graph = len(formula.inputs), formula.graph
    second = {place: found.hessian[min(place), max(place)] for place in entries}
    if size > DENSE_LIMIT or found.value.verdict == "undefined":
        return describe(entries, {}, size, (), (), ())
    floats, rough = Floats(), Balls(_DOUBLE_BITS)
    at = points.bind(graph, point, floats)
    rounded = rough.evaluate(graph, points.bind(graph, point, rough), formula.gradient)
    numbers = [*found.gradient, *second.values()]
    bare = [] if any(entry.ball for entry in numbers) else [entry for entry in numbers if not entry.from_slopes]
    balls = Balls(_PLAIN_BITS)
    nodes = [entry.node for entry in bare]
    known = balls.evaluate(graph, points.bind(graph, point, balls), nodes) if bare else []

    def ball(entry: Finding) -> Any:
        return known[entry.node] if bare and not entry.from_slopes else entry.ball

    return describe(
        entries,
        {place: ball(entry) for place, entry in second.items()},
        size,
        [entry.value for entry in found.gradient],
        [ball(entry) for entry in found.gradient],
        [at[index] for index in formula.inputs],
        bounds=[error_bound(rounded[node]) for node in formula.gradient],
        measured=frozenset(place for place, entry in second.items() if entry.from_slopes),
    )


_DOUBLE_BITS, _PLAIN_BITS = 53, 128
"""The precision of floats; that of balls where no number was certified."""


def with_differences(formula: Formula, point: Point, gradient: Sequence[Quantity]) -> list[Quantity]:
    """The gradient with a central difference beside each number."""
    floats = Floats()
    at = points.bind(formula.graph, point, floats)

    def moved(index: int, x: float) -> float:
        value: float = evaluate(formula.graph, floats, at | {index: x}, [formula.output])[formula.output]
        return value

    return [
        replace(entry, numeric=central_difference(partial(moved, index), at[index]))
        for index, entry in zip(formula.inputs, gradient, strict=True)
    ]
