"""The use cases that the command line and the Python API share: from a formula and points to a report.

Flow: parse, start SymPy beside it, derive, examine each point, hear SymPy, judge. Imports everything below it and
nothing of the command line; what is heavy (flint, NumPy, SymPy's worker) is imported when it is needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gradcalc import derive, points
from gradcalc.analysis import examine
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import Span, UsageError, did_you_mean
from gradcalc.format import format_node
from gradcalc.graph import Graph, Ref
from gradcalc.parse import Value, parse
from gradcalc.points import Point
from gradcalc.problem import Examined, Problem
from gradcalc.report import PointReport, Quantity, Report, Variable, worst
from gradcalc.settings import CERTIFY_SECONDS, DIGITS, MAX_DIGITS, SYMBOLIC_SECONDS, Limits, Options

if TYPE_CHECKING:
    from gradcalc.symbolic_worker import Answer, Job

_SYMBOLIC_LIMIT = 20_000
"""Formulas of more nodes, or of more than 100 times as many for all variables together, are not handed to SymPy."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A formula from whatever it was given as: text, a SymPy expression or a graph.

    Attributes:
        variables: its free names; an array variable's elements are inputs of the graph.
        spans: where each name of the text first stands, those bound by `let` included.
    """

    text: str
    canonical: str
    graph: Graph
    output: int
    variables: Sequence[str]
    spans: Mapping[str, Span]


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
    limits: Limits | None = None,
) -> Report:
    """Differentiate a formula at one or more points, every digit checked.

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula).
        at: values by variable (numbers, text such as `"pi/4"`, nested lists, NumPy arrays), or a list of such points.
        order: 1 for the gradient, 2 for the Hessian as well.
        wrt: variables to differentiate for, in that order; default: those of the first point.
        let: values by name that are put into the formula and not differentiated.
        symbolic, certify, numeric: whether SymPy, balls, and central differences take part.
        symbolic_timeout: seconds SymPy may take.
        certify_timeout: seconds the certification of one point may take.
        digits: significant digits of certified values, 1 to 1,000.
        limits: how large the formula may be; default: `Limits()`.

    Returns:
        A `Report`; its `to_dict()` is the JSON of the command line.

    Raises:
        ExpressionError: the text is no expression, or (LimitError) a larger one than `limits` allows.
        UsageError: a point, a binding or an option does not fit.
    """
    options = Options(
        order, symbolic, certify, numeric, symbolic_timeout, certify_timeout, digits, True, limits or Limits()
    )
    if not 1 <= digits <= MAX_DIGITS:
        raise UsageError(f"digits is {digits!r}", hint=f"from 1 to {MAX_DIGITS:,}; 19 unless told otherwise")
    if order not in (1, 2):
        raise UsageError(f"order is {order!r}", hint="order=1 for the gradient, order=2 for the Hessian as well")
    given = [at or {}] if at is None or isinstance(at, Mapping) else at
    if not isinstance(given, Sequence) or not all(isinstance(point, Mapping) for point in given):
        raise UsageError("at is no point", hint='at={"x": 2, "y": 3}, or a list of such points')
    values = [_values(point, options.limits) for point in given]
    bindings = _values(let or {}, options.limits)
    names = [name.strip() for name in wrt.split(",")] if isinstance(wrt, str) else wrt
    return report(expression, values, wrt=names, let=bindings, options=options)


def _values(given: Mapping[str, Any], limits: Limits) -> dict[str, Value]:
    return {str(name): points.to_value(str(name), value, limits) for name, value in given.items()}


def report(
    expression: Any,
    at: Sequence[Point],
    *,
    wrt: Sequence[str] | None = None,
    let: Mapping[str, Value] | None = None,
    options: Options = Options(),  # noqa: B008 - frozen
) -> Report:
    """The report of a formula at points that are already constants: what `differentiate` and the commands call."""
    let = let or {}
    at = list(at) or [{}]
    shapes = {name: value.shape for name, value in at[0].items()}
    formula = _subject(expression, dict.fromkeys(wrt or (), ()) | shapes, let, options.limits)
    variables = _check(formula, at, wrt, let)
    job = _submit(formula, variables, options)
    problem = _problem(formula, variables, options.order)
    examined = [_examine(problem, point, options) for point in at]
    answer = job.result() if job is not None else None
    status, reason = _status(formula, options, answer)
    judged = [_judge(problem, point, found, answer, options) for point, found in zip(at, examined, strict=True)]
    floats = Floats()
    return Report(
        command="hessian" if options.order == 2 else "grad",
        expression=formula.canonical,
        text=formula.text,
        variables=variables,
        let={name: points.nested(value, floats) for name, value in let.items()},
        symbolic_status=status,
        points=tuple(judged),
        symbolic_reason=reason,
        latex=answer.latex if answer is not None else "",
    )


# -- the formula and its variables -------------------------------------------------------------------------------------


def _subject(
    expression: Any, shapes: Mapping[str, tuple[int, ...]], let: Mapping[str, Value], limits: Limits
) -> Subject:
    """Text, a SymPy expression or a graph as a formula."""
    if isinstance(expression, str):
        formula = parse(expression, shapes=shapes, let=let, limits=limits)
        return Subject(
            expression, formula.canonical, formula.graph, formula.output, list(formula.variables), formula.spans
        )
    if isinstance(expression, Ref | Graph):
        graph, output = (
            (expression.graph, expression.index) if isinstance(expression, Ref) else (expression, len(expression) - 1)
        )
    elif type(expression).__module__.split(".")[0] == "sympy":
        from gradcalc.symbolic import from_sympy

        graph = Graph(limits.nodes)
        output = from_sympy(expression, graph)
    else:
        raise UsageError(
            f"cannot differentiate a {type(expression).__name__}", hint="give text, a sympy.Expr or a gradcalc Graph"
        )
    if let or output < 0:
        raise UsageError(
            "let= needs a formula given as text" if let else "the graph is empty",
            hint="put the values into the expression, or give it as text",
        )
    needed = set(graph.needed([output]))
    given = isinstance(expression, Ref | Graph)
    text = format_node(graph, output, limit=limits.text) if given else str(expression)
    return Subject(text, text, graph, output, [name for name, i in graph.inputs.items() if i in needed], {})


def _check(
    formula: Subject, at: Sequence[Point], wrt: Sequence[str] | None, let: Mapping[str, Value]
) -> tuple[Variable, ...]:
    """The variables to differentiate for; errors for what does not fit the formula."""
    names = formula.variables
    for name in names:
        if name not in at[0]:
            hint = _missing_hint(name, formula, at[0])
            raise UsageError(f"no value for {name}", text=formula.text, span=formula.spans.get(name), hint=hint)
    chosen = list(wrt) if wrt is not None else list(at[0])
    if len(set(chosen)) != len(chosen):
        raise UsageError(f"wrt names a variable twice: {', '.join(chosen)}")
    for name in (*at[0], *let, *chosen):
        if name in at[0] and name in let:
            raise UsageError(f"{name} is given by both --at and --let", hint="--at for variables, --let for constants")
        if name in chosen and name in let:
            raise UsageError(f"{name} is bound by --let, so nothing is differentiated for it", hint=f"--at {name}=...")
        if name in chosen and name not in at[0]:
            raise UsageError(f"no value for {name}, which --wrt names", hint=f"--at {name}=...")
        if name not in names and name not in formula.spans and name not in (wrt or ()):
            near = did_you_mean(name, names)
            hint = f"did you mean {near}?" if near else f"--wrt {name} gives its derivative all the same: 0"
            raise UsageError(f"the formula does not contain {name}", text=formula.text, hint=hint)
    shapes = {name: value.shape for name, value in at[0].items()}
    for position, point in enumerate(at[1:], start=2):
        other = {name: value.shape for name, value in point.items()}
        if other != shapes:
            raise UsageError(
                f"point {position} gives {_shape_text(other)}, point 1 {_shape_text(shapes)}",
                hint="every point names the same variables in the same shapes",
            )
    return tuple(Variable(name, shapes[name]) for name in chosen)


def _missing_hint(name: str, formula: Subject, at: Point) -> str:
    """What to write for a name that has no value."""
    if len(name) > 1 and all(letter in at for letter in name):
        return "*".join(name)
    if name.startswith("d") and len(name) < 3 and "/d" in formula.text:
        return "the formula alone: gradcalc differentiates it, and --wrt picks the variables"
    near = did_you_mean(name, at)
    return f"did you mean {near}?" if near and near not in formula.variables else f"--at {name}=..."


def _shape_text(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(name + "".join(f"[{n}]" for n in shape) for name, shape in sorted(shapes.items())) or "nothing"


def _problem(formula: Subject, variables: tuple[Variable, ...], order: int) -> Problem:
    """The formula with its derivatives."""
    graph = formula.graph
    inputs = tuple(graph.input(name) for variable in variables for name in variable.elements)
    gradient = derive.gradient(graph, formula.output, inputs)
    hessian = derive.hessian(graph, gradient, inputs) if order == 2 else None
    return Problem(formula.text, formula.canonical, graph, formula.output, variables, inputs, tuple(gradient), hessian)


# -- SymPy -------------------------------------------------------------------------------------------------------------


def _submit(formula: Subject, variables: tuple[Variable, ...], options: Options) -> "Job | None":
    """Hand the formula to SymPy's process, which works while this one computes."""
    if not options.symbolic or _too_large(formula, variables):
        return None
    from gradcalc.symbolic_worker import get_worker

    names = [name for variable in variables for name in variable.elements]
    return get_worker().submit(
        formula.graph, formula.output, names, options.order, options.symbolic_seconds, latex=options.latex
    )


def _too_large(formula: Subject, variables: tuple[Variable, ...]) -> bool:
    """Whether SymPy would not finish: it goes through the whole formula for every variable."""
    count = sum(len(variable.elements) for variable in variables)
    return len(formula.graph) > _SYMBOLIC_LIMIT or count * len(formula.graph) > 100 * _SYMBOLIC_LIMIT


def _status(formula: Subject, options: Options, answer: "Answer | None") -> tuple[str, str]:
    if answer is not None:
        return answer.status, answer.reason
    if options.symbolic:
        return "skipped", "the formula is too large for SymPy"
    return "skipped", ""


# -- one point ---------------------------------------------------------------------------------------------------------


def _examine(problem: Problem, point: Point, options: Options) -> Examined:
    return examine(
        problem, point, certify=options.certify, digits=options.digits, certify_seconds=options.certify_seconds
    )


def _judge(problem: Problem, point: Point, found: Examined, answer: "Answer | None", options: Options) -> PointReport:
    """Give every number its verdict and put the point together."""
    from gradcalc.judge import Judge

    undefined = found.value.verdict == "undefined"
    judge = Judge(
        problem,
        point,
        answer,
        digits=options.digits,
        undefined=undefined,
        seconds=options.symbolic_seconds,
    )
    names = problem.names
    value = judge.value(found.value)
    gradient = [judge.derivative((name,), entry) for name, entry in zip(names, found.gradient, strict=True)]
    if options.numeric and value.verdict != "undefined":
        gradient = _with_differences(problem, point, gradient)
    curvature = None
    verdicts = [entry.verdict for entry in gradient] or [value.verdict]
    if problem.hessian is not None:
        entries = {}
        for (i, j), entry in found.hessian.items():
            entries[i, j] = entries[j, i] = judge.derivative((names[i], names[j]), entry)
        curvature = _curvature(found, entries, point, problem)
        verdicts += [entry.verdict for entry in entries.values()]
    if value.verdict == "undefined":
        verdicts.append("undefined")
    at = {name: points.nested(given, Floats()) for name, given in point.items()}
    return PointReport(
        at,
        value,
        tuple(gradient),
        worst(verdicts),
        tuple(found.notes + judge.finish({note.variable for note in found.notes})),
        curvature,
    )


def _curvature(found: Examined, entries: Mapping[tuple[int, int], Quantity], point: Point, problem: Problem) -> Any:
    from gradcalc.curvature import describe

    balls = {place: found.hessian[min(place), max(place)].ball for place in entries}
    at = points.bind(problem.graph, point, Floats())
    return describe(
        entries,
        balls,
        len(problem.inputs),
        [entry.value for entry in found.gradient],
        [entry.ball for entry in found.gradient],
        [at[index] for index in problem.inputs],
    )


def _with_differences(problem: Problem, point: Point, gradient: Sequence[Quantity]) -> list[Quantity]:
    """The gradient with a central difference beside each number."""
    from gradcalc.arithmetic import evaluate
    from gradcalc.numeric import central_difference

    floats = Floats()
    at = points.bind(problem.graph, point, floats)

    def moved(index: int, x: float) -> float:
        value: float = evaluate(problem.graph, floats, at | {index: x}, [problem.output])[problem.output]
        return value

    return [
        replace(entry, numeric=central_difference(partial(moved, index), at[index]))
        for index, entry in zip(problem.inputs, gradient, strict=True)
    ]
