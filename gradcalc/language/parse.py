"""Text to formulas and values, with the place of every node in the text: the public names of parsing.

    text --tokens--> words --syntax--> tree --lower--> graph
                                        |
                                        '--format--> canonical text

Text is data: nothing is evaluated, nothing recurses, and time is linear in the text.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from gradcalc.errors import GradcalcError, Span, UsageError, did_you_mean
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.graph.shapes import Shape, labels
from gradcalc.language.dialects import DIALECTS, DialectParser
from gradcalc.language.format import format_node
from gradcalc.language.formula import Definition, Formula, Value
from gradcalc.language.latex import LatexParser, is_latex
from gradcalc.language.lower import Elements, Lowered, Lowering
from gradcalc.language.syntax import Parser
from gradcalc.language.tokens import CONSTANTS, FUNCTIONS, Tokens, check_name, refuse, tokenize
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
    whole: bool = False,
) -> Formula:
    """Read a formula.

    Args:
        shapes: the shape of each variable; free names it does not hold are scalars.
        shaped: whether that is known of them; if not, one that is used as an array is refused.
        let: values of names that are no variables, put in before exponents are classified.
        array: whether it may be an array of formulas; its `output` is then the last of them.
        whole: names are those of columns or of code: `gy` is none of a book's products.

    Raises:
        ExpressionError: the text is no scalar expression of the language.
        LimitError: it is larger than `limits` allows.
    """
    meanings = _Meanings(shapes or {}, let or {}, limits, shaped)
    with reading(text):
        parser = _parser(text, limits, meanings.names, meanings.has_point, meanings.formulas)
        parser.has_whole_names = whole
        parser.run()
        meanings.lower(parser)
        lowering = _lowering(parser, limits, meanings.of, meanings.sure)
        value = _run(lowering)
        meanings.replaced |= lowering.replaced
        if array and not value.items:
            refuse("the formula is an array without elements", parser.tree[-1][3], "an array such as [x*y, sin(x)]")
        if len(value.items) != 1 and not array:
            message = f"the formula is an array of shape {value.shape}; it must be one number"
            hint = "sum(...), norm(...), an element such as x[0], or gradcalc jacobian for all"
            refuse(message, parser.tree[-1][3], hint)
    return Formula(
        text, value.graph, value.items[-1], meanings.variables(parser, value), meanings.spans(parser),
        parser.constants, parser.tree, values=lowering.values, loops=parser.loops, shape=value.shape, items=value.items,
    )  # fmt: skip


class _Meanings:
    """What the names of a text mean: values, formulas that are put in their places, and variables.

    Args:
        shapes: of variables; `shaped` whether that is all that is to know of them.
        let: the values and definitions of other names.
    """

    def __init__(self, shapes: Mapping[str, Shape], let: Mapping[str, Value], limits: Limits, shaped: bool) -> None:
        self.shapes, self.limits, self.has_point = shapes, limits, bool(shapes) and shaped
        self.names = {**shapes, **{name: value.shape for name, value in let.items()}}
        self._values = {name: value for name, value in let.items() if not isinstance(value, Definition)}
        self._open = {name: value for name, value in let.items() if isinstance(value, Definition)}
        self.formulas = frozenset(self._open)
        self._parsers: dict[str, Parser] = {}
        self._read: set[str] = set()
        self._order: list[str] = []  # of the formulas that were read, each behind those that it needs
        self._graph = Graph(limits.nodes)
        self.replaced: set[str] = set()
        known = {name: bool(shape) for name, shape in shapes.items()}
        self.sure = None if shaped else known | {name: bool(value.shape) for name, value in self._values.items()}

    def of(self, graph: Graph, name: str) -> Value:
        """The meaning of a name in a graph."""
        if name in self._values:
            value = self._values[name]
            return value if value.graph is graph else copied(value, graph)
        return _variable(graph, name, self.shapes.get(name, ()))

    def spans(self, parser: Parser) -> dict[str, Span]:
        """Where each name first has to do with a text; names below others are in their places."""
        found = dict(parser.names)
        for name, span in parser.names.items():
            for inner in self._below(name, found.keys()):
                found[inner] = span
        return found

    def free(self, parser: Parser) -> list[str]:
        """The variables of a text, those of the formulas in it too, in the order in which they appear."""
        names: dict[str, None] = {}
        for name in parser.names:
            names |= {name: None, **dict.fromkeys(self._below(name, names.keys()))}
        return [name for name in names if name not in self._values and name not in self._parsers]

    def _below(self, name: str, known: Container[str] = ()) -> list[str]:
        """All names that the formula of a name is made of, but those that are known, in the order of their places."""
        found: dict[str, None] = {}
        stack = [name]
        while stack:
            current = stack.pop()
            if current != name:
                found[current] = None
            inner = self._parsers[current].names if current in self._parsers else ()
            stack += [each for each in reversed(tuple(inner)) if each not in found and each not in known]
        return list(found)

    def variables(self, parser: Parser, value: Value) -> dict[str, Value]:
        """The variables of a text, as inputs of its graph; those that were replaced where they remain in it."""
        graph, needed = value.graph, set(value.graph.needed(value.items)) if self.replaced else set()
        found = {name: _variable(graph, name, self.shapes.get(name, ())) for name in self.free(parser)}
        return {
            name: each for name, each in found.items() if name not in self.replaced or needed.intersection(each.items)
        }

    def look(self, parser: Parser) -> None:
        """Parse the formulas that a text needs, those that others need first."""
        stack = [name for name in reversed(parser.names) if self._is_unread(name)]
        path: dict[str, None] = {}
        while stack:
            name = stack[-1]
            if not self._is_unread(name):
                stack.pop()
                continue
            if name not in self._parsers:
                self._parsers[name] = self._parsed(self._open[name])
                path[name] = None
            names = self._parsers[name].names
            waiting = next((each for each in names if self._is_unread(each)), None)
            if waiting is None:
                self._order.append(name)
                self._read.add(name)
                path.popitem()
            elif waiting in path:
                names_of_path = list(path)
                self._refuse_cycle([*names_of_path[names_of_path.index(waiting) :], waiting])
            else:
                stack.append(waiting)
        self._refuse_counters(parser)

    def lower(self, parser: Parser) -> None:
        """Lower the formulas that a text needs."""
        self.look(parser)
        for name in self._order:
            inner = self._parsers[name]
            with reading(self._open[name].text):
                lowering = _lowering(inner, self.limits, self.of, self.sure, self._graph)
                value = self._values[name] = _run(lowering)
                self.replaced |= lowering.replaced
            if self.sure is not None and (value.shape or all(each in self.sure for each in inner.names)):
                self.sure[name] = bool(value.shape)

    def _is_unread(self, name: str) -> bool:
        return name in self._open and name not in self._read

    def _parsed(self, definition: Definition) -> Parser:
        with reading(definition.text):
            arrays = frozenset(name for name, shape in self.names.items() if shape)
            parser = Parser(
                definition.text,
                definition.tokens,
                self.limits.depth,
                set(self.names),
                arrays,
                self.has_point,
                self.formulas,
            )
            parser.run()
        return parser

    def _refuse_cycle(self, names: Sequence[str]) -> NoReturn:
        """Refuse formulas that need themselves; the place is where the last of them needs the first."""
        inner, outer = names[-1], names[-2]
        with reading(self._open[outer].text):
            circle = " needs ".join(names) if len(names) < 8 else f"{names[0]} needs ... needs {names[-1]}"
            message = f"{circle}: a formula cannot be put into itself"
            refuse(message, self._parsers[outer].names[inner], f"another name than {inner} for the variable")

    def _refuse_counters(self, parser: Parser) -> None:
        """Refuse a formula put into a sum whose counter has the name of a variable of it: either may be meant."""
        for owner in (parser, *self._parsers.values()):
            counters = {payload for kind, payload, _, _ in owner.tree if kind == "begin"}
            for name, span in owner.names.items() if counters else ():
                for clash in counters.intersection(self._below(name)):
                    message = f"{name} holds a variable {clash}, and {clash} counts a sum here"
                    with reading(owner.text):
                        refuse(message, span, f"another name for the counter than {clash}")


def _parser(
    text: str, limits: Limits, shapes: Mapping[str, Shape], has_point: bool = False, formulas: Container[str] = ()
) -> Parser:
    """What reads the text: the parser of its dialect, which is told the names that have values."""
    dialect = limits.dialect or ("latex" if is_latex(text) else "text")
    known, matrices = set(shapes), {name for name, shape in shapes.items() if len(shape) > 1}
    if dialect not in ("latex", "text", *DIALECTS):
        raise UsageError(f"dialect is {dialect!r}", hint=f"text, latex, {', '.join(DIALECTS)}")
    if dialect == "text":
        arrays = frozenset(name for name, shape in shapes.items() if shape)
        return Parser(text, tokenize(text, limits.text), limits.depth, known, arrays, has_point, formulas)
    parser: Parser
    if dialect == "latex":
        parser = LatexParser(text, limits.text, limits.depth, known, matrices)
    else:
        parser = DialectParser(DIALECTS[dialect], text, limits.text, limits.depth, known, matrices)
    parser.formulas = formulas
    return parser


def as_formula(
    expression: Any,
    shapes: Mapping[str, Shape] | None = None,
    let: Mapping[str, Value] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    shaped: bool = True,
    array: bool = False,
    whole: bool = False,
) -> Formula:
    """A formula from whatever it was given as: text, SymPy's, a graph, whose last node it is; or one already made.

    Where it may be an `array` of formulas, a matrix of SymPy is one; a matrix of one column is a vector.
    """
    if isinstance(expression, Formula):
        return expression
    if isinstance(expression, str):
        return parse(expression, shapes=shapes, let=let, limits=limits, shaped=shaped, array=array, whole=whole)
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
            values[name] = _binding(text, tokens.part(first + 2, last), limits)
    return values


def parse_binding(text: str, limits: Limits = DEFAULT_LIMITS) -> Value:
    """Read what a name is bound to: a constant expression, or a formula."""
    with reading(text):
        return _binding(text, tokenize(text, limits.text), limits)


def _binding(text: str, tokens: Tokens, limits: Limits) -> Value:
    """A constant; or, where there are names in it, a formula to be put in the place of its name."""
    names = {word for word in set(tokens.words) if tokens.kinds.get(word) == "name" and word not in CONSTANTS}
    if names:
        parser = Parser(text, tokens, limits.depth, names - FUNCTIONS.keys())
        parser.run()
        if parser.names:
            end = tokens[len(tokens) - 1].start
            return Definition(Graph(), (), (), text, tokens, text[tokens[0].start : end].rstrip())
    return constant_value(text, tokens, limits, {})


def free_names(expression: Any, let: Mapping[str, Value], limits: Limits = DEFAULT_LIMITS) -> list[str]:
    """The names of a formula that have no value yet, in the order in which they appear."""
    if not isinstance(expression, str):
        return list(as_formula(expression, limits=limits, array=True).variables)
    with reading(expression):
        meanings = _Meanings({}, let, limits, shaped=True)
        parser = _parser(expression, limits, meanings.names, formulas=meanings.formulas)
        parser.run()
        meanings.look(parser)
    return meanings.free(parser)


@contextmanager
def reading(text: str) -> Iterator[None]:
    """Give errors the text that their spans point into; the innermost text that is read counts."""
    try:
        yield
    except GradcalcError as error:
        error.text = text if error.text is None else error.text
        raise


def constant_value(text: str, tokens: Tokens, limits: Limits, names: Mapping[str, Value]) -> Value:
    """Parse and lower tokens that hold no variable."""
    parser = Parser(text, tokens, limits.depth, set(names), has_point=True)

    def meaning(graph: Graph, name: str) -> Value:
        if name not in names:
            hint = did_you_mean(name, [*CONSTANTS, *names]) or "a number, such as 0.5, 1/3 or pi/4"
            refuse(f"{name} has no value here", parser.names[name], hint)
        return copied(names[name], graph)

    parser.run()
    return _run(_lowering(parser, limits, meaning))


def _lowering(
    parser: Parser,
    limits: Limits,
    meaning: Callable[[Graph, str], Value],
    sure: Mapping[str, bool] | None = None,
    graph: Graph | None = None,
) -> Lowering:
    """Give each name of what is parsed its meaning; errors without a place get that of the name.

    Where it is known only of the names in `sure` whether they are arrays, others are refused where an array stands.
    """
    if sure is not None:
        _refuse_unshaped(parser, sure)
    graph, names = Graph(limits.nodes) if graph is None else graph, dict[str, Lowered]()
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
            or (kind == "name" and sure.get(payload))
            or (kind == "call" and payload in _ARRAYS)
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


def copied(value: Value, graph: Graph) -> Value:
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
