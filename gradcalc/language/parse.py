"""Text to formulas and values, with the place of every node in the text: the public names of parsing.

    text --tokens--> words --syntax--> tree --lower--> graph
                                        |
                                        '--format--> canonical text

Text is data: nothing is evaluated, nothing recurses, and time is linear in the text.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gradcalc.errors import GradcalcError, UsageError, did_you_mean
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.graph.shapes import Shape, labels
from gradcalc.language.dialects import DIALECTS, DialectParser
from gradcalc.language.format import format_node
from gradcalc.language.formula import Formula, Value
from gradcalc.language.latex import LatexParser, is_latex
from gradcalc.language.lower import Elements, Lowered, Lowering
from gradcalc.language.syntax import Parser
from gradcalc.language.tokens import CONSTANTS, Tokens, check_name, refuse, tokenize
from gradcalc.settings import Limits

DEFAULT_LIMITS = Limits()

_OF_ARRAYS = frozenset(("sum", "prod", "mean", "dot", "transpose", "det", "inv", "trace", "cross", "outer", "softmax"))
_OF_ONE_ARRAY = frozenset(("max", "min", "norm", "hypot", "logsumexp"))
_ARRAYS = frozenset(("zeros", "ones", "eye", "linspace", "arange", "gradient", "jacobian", "hessian", "curl"))
"""Functions of arrays: of any number of operands, or where there is one alone; and functions that give one."""


def parse(
    text: str,
    *,
    shapes: Mapping[str, Shape] | None = None,
    let: Mapping[str, Value] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    shaped: bool = True,
    array: bool = False,
) -> Formula:
    """Read a formula.

    Args:
        shapes: the shape of each variable; free names it does not hold are scalars.
        shaped: whether that is known of them; if not, one that is used as an array is refused.
        let: values of names that are no variables, put in before exponents are classified.
        array: whether it may be an array of formulas; its `output` is then the last of them.

    Raises:
        ExpressionError: the text is no scalar expression of the language.
        LimitError: it is larger than `limits` allows.
    """
    known, bound = shapes or {}, let or {}
    variables: dict[str, Value] = {}

    def meaning(graph: Graph, name: str) -> Value:
        if name in bound:
            return _copied(bound[name], graph)
        variables[name] = _variable(graph, name, known.get(name, ()))
        return variables[name]

    with reading(text):
        all_shapes = {**known, **{name: value.shape for name, value in bound.items()}}
        parser = _parser(text, limits, all_shapes, bool(known) and shaped)
        sure = {**{name: bool(shape) for name, shape in known.items()}, **{n: bool(v.shape) for n, v in bound.items()}}
        lowering = _lowering(parser, limits, meaning, None if shaped else sure)
        value = _run(lowering)
        if array and not value.items:
            refuse("the formula is an array without elements", parser.tree[-1][3], "an array such as [x*y, sin(x)]")
        if len(value.items) != 1 and not array:
            message = f"the formula is an array of shape {value.shape}; it must be one number"
            refuse(
                message,
                parser.tree[-1][3],
                "sum(...), norm(...), an element such as x[0], or gradcalc jacobian for all",
            )
    return Formula(
        text,
        value.graph,
        value.items[-1],
        variables,
        parser.names,
        parser.constants,
        parser.tree,
        values=lowering.values,
        loops=parser.loops,
        shape=value.shape,
        items=value.items,
    )


def _parser(text: str, limits: Limits, shapes: Mapping[str, Shape], has_point: bool = False) -> Parser:
    """What reads the text: the parser of its dialect, which is told the names that have values."""
    dialect = limits.dialect or ("latex" if is_latex(text) else "text")
    known, matrices = set(shapes), {name for name, shape in shapes.items() if len(shape) > 1}
    if dialect == "latex":
        return LatexParser(text, limits.text, limits.depth, known, matrices)
    if dialect != "text":
        return DialectParser(DIALECTS[dialect], text, limits.text, limits.depth, known, matrices)
    arrays = frozenset(name for name, shape in shapes.items() if shape)
    return Parser(text, tokenize(text, limits.text), limits.depth, known, arrays, has_point)


def as_formula(
    expression: Any,
    shapes: Mapping[str, Shape] | None = None,
    let: Mapping[str, Value] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    shaped: bool = True,
    array: bool = False,
) -> Formula:
    """A formula from whatever it was given as: text, SymPy's, a graph, whose last node it is; or one already made.

    Where it may be an `array` of formulas, a matrix of SymPy is one; a matrix of one column is a vector.
    """
    if isinstance(expression, Formula):
        return expression
    if isinstance(expression, str):
        return parse(expression, shapes=shapes, let=let, limits=limits, shaped=shaped, array=array)
    given = isinstance(expression, Ref | Graph)
    shape, outputs = (), list[int]()
    if isinstance(expression, Ref):
        graph, output = expression.graph, expression.index
    elif isinstance(expression, Graph):
        graph, output = expression, len(expression) - 1
    elif any((kind.__module__ or "").partition(".")[0] == "sympy" for kind in type(expression).__mro__):
        from gradcalc.language.symbolic import from_sympy

        graph = Graph(limits.nodes)
        parts = [expression]
        if array and hasattr(expression, "shape") and hasattr(expression, "flat"):
            shape = expression.shape[:1] if expression.shape[1:] == (1,) else tuple(expression.shape)
            parts = expression.flat()
        outputs = [from_sympy(part, graph) for part in parts]
        output = outputs[-1] if outputs else -1
    else:
        raise UsageError(
            f"cannot differentiate a {type(expression).__name__}", hint="give text, a sympy.Expr or a gradcalc Graph"
        )
    if let or output < 0:
        raise UsageError(
            "let= needs a formula given as text" if let else "there is no formula: it is empty",
            hint="put the values into the expression, or give it as text",
        )
    outputs = outputs or [output]
    needed = set(graph.needed(outputs))
    names = [name for name, index in graph.inputs.items() if index in needed]
    variables = {name: Value(graph, (), (graph.inputs[name],)) for name in (names if given else sorted(names))}
    text = format_node(graph, output, limit=limits.text) if given else str(expression)
    return Formula(text, graph, output, variables, {}, {}, shape=shape, items=tuple(outputs))


def parse_value(text: str, limits: Limits = DEFAULT_LIMITS, names: Mapping[str, Value] | None = None) -> Value:
    """Read a constant expression, such as `pi/4` or `[1, 2]`, into a graph of its own."""
    with reading(text):
        return constant_value(text, tokenize(text, limits.text), limits, names or {})


def parse_bindings(text: str, limits: Limits = DEFAULT_LIMITS) -> dict[str, Value]:
    """Read `x=2,y=[1,2],z=pi/4`: names and constant expressions."""
    values: dict[str, Value] = {}
    with reading(text):
        tokens = tokenize(text, limits.text)
        for first, last in tokens.pieces():
            name = bound_name(tokens, first, last)
            if name in values:
                refuse(f"{name} has a value already", tokens[first].span, "give each name one value")
            values[name] = constant_value(text, tokens.part(first + 2, last), limits, {})
    return values


def free_names(expression: Any, let: Mapping[str, Value], limits: Limits = DEFAULT_LIMITS) -> list[str]:
    """The names of a formula that have no value yet, in the order in which they appear."""
    if not isinstance(expression, str):
        return list(as_formula(expression, limits=limits, array=True).variables)
    with reading(expression):
        parser = _parser(expression, limits, {name: value.shape for name, value in let.items()})
        parser.run()
    return [name for name in parser.names if name not in let]


@contextmanager
def reading(text: str) -> Iterator[None]:
    """Give errors the text that their spans point into."""
    try:
        yield
    except GradcalcError as error:
        error.text = text
        raise


def constant_value(text: str, tokens: Tokens, limits: Limits, names: Mapping[str, Value]) -> Value:
    """Parse and lower tokens that hold no variable."""
    parser = Parser(text, tokens, limits.depth, set(names), has_point=True)

    def meaning(graph: Graph, name: str) -> Value:
        if name not in names:
            hint = did_you_mean(name, [*CONSTANTS, *names]) or "a number, such as 0.5, 1/3 or pi/4"
            refuse(f"{name} has no value here", parser.names[name], hint)
        return _copied(names[name], graph)

    return _run(_lowering(parser, limits, meaning))


def _lowering(
    parser: Parser, limits: Limits, meaning: Callable[[Graph, str], Value], sure: Mapping[str, bool] | None = None
) -> Lowering:
    """Parse, and give each name its meaning; errors without a place get that of the name.

    Where it is known only of the names in `sure` whether they are arrays, others are refused where an array stands.
    """
    parser.run()
    if sure is not None:
        _refuse_unshaped(parser, sure)
    graph, names = Graph(limits.nodes), dict[str, Lowered]()
    with _placing(graph):
        for name, graph.span in parser.names.items():
            value = meaning(graph, name)
            names[name] = Elements(value.shape, value.items) if value.shape else value.items[0]
    return Lowering(parser.tree, parser.loops, graph, names)


def _run(lowering: Lowering) -> Value:
    """Lower all; errors without a place get that of the node being lowered."""
    graph = lowering.graph
    with _placing(graph):
        result = lowering.run()
    return Value(graph, (), (result,)) if isinstance(result, int) else Value(graph, result.shape, tuple(result.items))


@contextmanager
def _placing(graph: Graph) -> Iterator[None]:
    """Give errors without a place that which the graph is at."""
    try:
        yield
    except GradcalcError as error:
        error.span = error.span or graph.span
        raise


def _refuse_unshaped(parser: Parser, sure: Mapping[str, bool]) -> None:
    """Refuse names of unknown shape where an array stands: in an index, in `@`, or alone in a reduction."""
    unknown: list[str | None] = []  # of each node a name in it that may be an array; None where it surely is one
    for kind, payload, operands, span in parser.tree:
        below = [unknown[i] for i in (operands[:1] if kind == "index" else operands)]
        one = kind == "call" and payload in _OF_ONE_ARRAY and len(operands) == 1
        of_arrays = one or kind in ("index", "transpose", "matmul") or kind == "call" and payload in _OF_ARRAYS
        if of_arrays and (name := next(filter(None, below), None)):
            refuse(f"whether {name} is an array is not known without a point", span, f"--at {name}=[1, 2, 3]")
        if kind == "name" and payload not in sure and payload in parser.names:
            unknown.append(payload)
        elif (
            kind == "array"
            or None in below
            or kind == "name"
            and sure.get(payload)
            or kind == "call"
            and payload in _ARRAYS
        ):
            unknown.append(None)
        else:
            unknown.append("" if kind == "loop" else next(filter(None, below), ""))


def bound_name(tokens: Tokens, first: int, last: int) -> str:
    """The name that a binding gives a value to."""
    token, sign = tokens[first], tokens[min(first + 1, last)]
    example = "write x=2, and commas between several"
    if first == last:
        refuse("a binding is missing", (token.start, token.start + 1), example)
    if token.kind != "name":
        refuse("a binding begins with a name", token.span, example)
    check_name(token)
    if first + 1 == last:
        refuse(f"{token.text} has no value", token.span, f"{token.text}=2")
    if sign.text == "[":
        refuse("an array is given as a whole", sign.span, f"{token.text}=[1, 2, 3]")
    if sign.text != "=":
        refuse(f"an equals sign is missing after {token.text}", sign.span, f"{token.text}=2")
    if first + 2 == last:
        refuse(f"{token.text} has no value", sign.span, f"{token.text}=2")
    return token.text


def _copied(value: Value, graph: Graph) -> Value:
    """The value with its nodes copied into another graph."""
    place: dict[int, int] = {}
    for index in value.graph.needed(value.items):
        op, operands, parameter = value.graph.nodes[index]
        if op is ops.input_:
            place[index] = graph.input(parameter or "")
        else:
            place[index] = graph.emit(op, tuple([place[i] for i in operands]), parameter)
    return Value(graph, value.shape, tuple([place[i] for i in value.items]))


def _variable(graph: Graph, name: str, shape: Shape) -> Value:
    """The inputs of a scalar or an array."""
    return Value(graph, shape, tuple([graph.input(label) for label in labels(name, shape)]))
