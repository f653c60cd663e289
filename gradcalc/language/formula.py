"""A formula from whatever it was given as, its variables and its derivatives: what every use case begins with.

Imports parse, derive and points.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcalc.errors import Span, UsageError, did_you_mean
from gradcalc.graph import derive
from gradcalc.graph.graph import Graph, Ref
from gradcalc.graph.shapes import Shape, labels
from gradcalc.language.format import format_node
from gradcalc.language.parse import Value, parse
from gradcalc.language.points import Point
from gradcalc.settings import Limits


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a formula and its shape; () for a scalar."""

    name: str
    shape: Shape = ()

    @property
    def elements(self) -> list[str]:
        """The names of its scalars in row-major order: `x`, or `x[0]`, or `x[0,0]`."""
        return labels(self.name, self.shape)


@dataclass(frozen=True, slots=True)
class Problem:
    """A formula with its derivatives, ready for any point.

    Attributes:
        text, canonical: as typed, and as understood.
        output: the node of the value.
        inputs: the nodes of the flattened variables; `gradient` the derivative for each.
        hessian: second derivatives by row and column; None for order 1.
    """

    text: str
    canonical: str
    graph: Graph
    output: int
    variables: tuple[Variable, ...]
    inputs: tuple[int, ...]
    gradient: tuple[int, ...]
    hessian: Mapping[tuple[int, int], int] | None = None

    @property
    def names(self) -> list[str]:
        """The names of the flattened variables."""
        return [name for variable in self.variables for name in variable.elements]

    @property
    def outputs(self) -> list[int]:
        """Every node a report shows a number of."""
        return [self.output, *self.gradient, *dict.fromkeys((self.hessian or {}).values())]


@dataclass(frozen=True, slots=True)
class Subject:
    """A formula from whatever it was given as: text, a SymPy expression or a graph.

    Attributes:
        variables: its free names in the order in which they appear, those of SymPy by the alphabet; an array variable's
            elements are inputs of the graph.
        spans: where each name of the text first stands, those bound by `let` included.
        constants: where each named constant of the text first stands.
    """

    text: str
    canonical: str
    graph: Graph
    output: int
    variables: Sequence[str]
    spans: Mapping[str, Span]
    constants: Mapping[str, Span]


def as_subject(
    expression: Any, shapes: Mapping[str, tuple[int, ...]], let: Mapping[str, Value], limits: Limits
) -> Subject:
    """Text, a SymPy expression or a graph as a formula."""
    if isinstance(expression, str):
        formula = parse(expression, shapes=shapes, let=let, limits=limits)
        return Subject(
            expression, formula.canonical, formula.graph, formula.output, list(formula.variables), formula.spans,
            formula.constants,
        )  # fmt: skip
    if isinstance(expression, Ref | Graph):
        graph, output = (
            (expression.graph, expression.index) if isinstance(expression, Ref) else (expression, len(expression) - 1)
        )
    elif any((kind.__module__ or "").partition(".")[0] == "sympy" for kind in type(expression).__mro__):
        from gradcalc.language.symbolic import from_sympy

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
    names = [name for name, i in graph.inputs.items() if i in needed]
    return Subject(text, text, graph, output, names if given else sorted(names), {}, {})


def checked_variables(
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
            if name in let and not near:
                hint = f"leave {name} out"
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


def refuse_clash(formula: Subject, columns: Iterable[str]) -> None:
    """Raise for a constant of the formula that is the name of a column too: either may be meant."""
    for name in columns:
        if name in formula.constants:
            hint = f"--let {name}={name} for the constant, or another name for the column"
            message = f"{name} is a constant, and a column of the data"
            raise UsageError(message, text=formula.text, span=formula.constants[name], hint=hint)


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


def differentiated(formula: Subject, variables: tuple[Variable, ...], order: int) -> Problem:
    """The formula with its derivatives."""
    graph = formula.graph
    inputs = tuple(graph.input(name) for variable in variables for name in variable.elements)
    gradient = derive.gradient(graph, formula.output, inputs)
    hessian = derive.hessian(graph, gradient, inputs) if order == 2 else None
    return Problem(formula.text, formula.canonical, graph, formula.output, variables, inputs, tuple(gradient), hessian)
