"""One formula, from its text to its derivatives: the frozen type that every use case hands on.

`parse.as_formula` makes it, `differentiated` says for which variables, and what is derived is derived once, on first
use. Below it stand the graph and its derivatives; who reads text stands above.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NoReturn

from gradcalc.errors import Span, UsageError, did_you_mean
from gradcalc.graph import derive
from gradcalc.graph.graph import Graph
from gradcalc.graph.shapes import Shape, labels
from gradcalc.language.format import Branch, Tree, format_node, format_tree
from gradcalc.language.synonyms import DERIVATIVE
from gradcalc.language.tokens import Tokens
from gradcalc.work import doing


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar or an array of graph nodes, row by row; the shape () is a scalar."""

    graph: Graph
    shape: Shape
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Definition(Value):
    """A formula that a name stands for: it has a value only where it is used, with the shapes of its variables.

    Attributes:
        text: all that was typed, into which its places point; `tokens` the part of it that is the formula.
        shown: the formula as it was typed.
    """

    text: str
    tokens: Tokens
    shown: str


Point = Mapping[str, Value]
"""The value of each variable, in the user's order."""

UNNAMED = ""
"""The name of a value that was given without one, until it is known which variable it is for."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a formula and its shape; () for a scalar."""

    name: str
    shape: Shape = ()

    @property
    def elements(self) -> list[str]:
        """The names of its scalars in row-major order: `x`, or `x[0]`, or `x[0,0]`."""
        return labels(self.name, self.shape)


@dataclass(frozen=True, eq=False)
class Formula:
    """A formula from whatever it was given as, and its derivatives.

    Attributes:
        text: as the user wrote it.
        graph: its graph; the inputs of an array `x` are named `x[0]`, `x[1]`, of a matrix `x[0,0]`.
        output: the node of its value.
        variables: its free names in the order in which they appear (of SymPy expressions by the alphabet), as inputs.
        spans: where each of its names first stands, those bound by `let` included; `constants` the same of its named
            constants.
        tree: what was parsed; None where it was given as a graph or by SymPy.
        wrt: what it is differentiated for; `order` how often in `outputs`.
        values: what each node of the tree was lowered to; `loops` for each that begins a running sum the one that ends
            it.
        shape, items: of an array of formulas, where one was asked for; else of the one that there is.
        extra: nodes of more results, by name, that a kernel computes beside value and derivatives.
    """

    text: str
    graph: Graph
    output: int
    variables: Mapping[str, Value]
    spans: Mapping[str, Span]
    constants: Mapping[str, Span]
    tree: Tree | None = field(default=None, repr=False)
    wrt: tuple[Variable, ...] = ()
    order: int = 0
    values: Sequence[object] = field(default=(), repr=False)
    loops: Mapping[int, int] = field(default_factory=dict, repr=False)
    shape: Shape = ()
    items: tuple[int, ...] = ()
    extra: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def places(self) -> Mapping[int, Span]:
        """Where nodes of the graph stand in the text: what is between the ends means the node, and nothing else.

        What a running sum makes of its text, or an op of the elements of an array, stands nowhere.
        """
        tree = self.tree or []
        found: dict[int, Span] = {
            self.graph.inputs[name]: span for name, span in self.spans.items() if name in self.graph.inputs
        }
        written = {i for branch in tree for i in branch[2] if tree[i][3] == branch[3]}  # sin^2(x): sin(x) and 2
        end = -1
        for index, (branch, value) in enumerate(zip(tree, self.values, strict=False)):
            end = max(end, self.loops.get(index, -1))
            node = _node_of(value)
            if index >= end and index not in written and node is not None:
                found.setdefault(node, branch[3])
                if branch[0] == "add":
                    for term, place in self._subtracted(branch, node):
                        found.setdefault(term, place)
        return found

    def _subtracted(self, branch: Branch, value: int) -> Iterator[tuple[int, Span]]:
        """Where in a sum the terms stand that are subtracted, their minus with them, if no parenthesis is between."""
        _, signs, terms, _ = branch
        tree = self.tree or []
        operands = self.graph.nodes[value].operands
        if len(operands) == len(signs):
            for position in (i for i, sign in enumerate(signs) if i and sign == "-"):
                before, (start, end) = tree[terms[position - 1]][3][1], tree[terms[position]][3]
                between = self.text[before:start]
                blanks = len(between) - len(between.rstrip())
                if between.rstrip()[-1:] in _MINUS:
                    yield operands[position], (start - blanks - 1, end)

    @cached_property
    def canonical(self) -> str:
        """The formula in canonical spelling, arrays and sums kept whole."""
        return self.text if self.tree is None else format_tree(self.tree)

    def differentiated(self, wrt: Iterable[Variable], order: int) -> "Formula":
        """The same formula with its derivatives."""
        return replace(self, wrt=tuple(wrt), order=order)

    @property
    def names(self) -> list[str]:
        """The names of the scalars that it is differentiated for."""
        return [name for variable in self.wrt for name in variable.elements]

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """The nodes of those scalars."""
        return tuple(map(self.graph.input, self.names))

    @cached_property
    def gradient(self) -> tuple[int, ...]:
        """The nodes of the first derivatives, one for each of `inputs`."""
        doing("differentiating")
        return tuple(derive.gradient(self.graph, self.output, self.inputs))

    @cached_property
    def hessian(self) -> Mapping[tuple[int, int], int]:
        """The nodes of the second derivatives by row and column, without those that are structurally zero."""
        gradient = self.gradient
        doing("differentiating twice")
        return derive.hessian(self.graph, gradient, self.inputs)

    @property
    def outputs(self) -> list[int]:
        """The nodes of the value and of the derivatives up to the order, each once or more."""
        gradient = self.gradient if self.order else ()
        return [self.output, *gradient, *dict.fromkeys(self.hessian.values() if self.order == 2 else ())]


def _node_of(value: Any) -> int | None:
    """The one node that a part of a tree was lowered to; None of arrays, and of conditions known beforehand."""
    if type(value) is int:
        return value
    single = getattr(value, "shape", None) == () and value.items[0] >= 0
    return value.items[0] if single else None


_MINUS = tuple("-\u2212")
"""How a minus is written."""


@dataclass(frozen=True, eq=False)
class Component(Formula):
    """An element of an array of formulas, differentiated for the variables that it depends on."""

    array_inputs: tuple[int, ...] = ()

    @cached_property
    def gradient(self) -> tuple[int, ...]:
        """The nodes of the first derivatives, by a sweep for the inputs of the whole array, as of every component."""
        found = derive.sweep(self.graph, self.output, self.graph.live(self.array_inputs))
        zero = self.graph.constant(0)
        return tuple(found.get(index, zero) for index in self.inputs)


def components(formula: Formula) -> list[Component]:
    """The elements of an array of formulas, each with those of the array's variables that it depends on."""
    inputs = formula.inputs
    name_of = dict(zip(inputs, formula.names, strict=True))
    found = []
    for item in formula.items:
        needed = set(formula.graph.needed([item]))
        wrt = tuple(Variable(name) for index, name in name_of.items() if index in needed)
        common = formula.text, formula.graph, item, formula.variables, formula.spans, formula.constants, formula.tree
        found.append(Component(*common, wrt, 1, array_inputs=inputs))
    return found


def checked_variables(formula: Formula, at: Sequence[Point], wrt: Sequence[str] | None, let: Point) -> list[Variable]:
    """The variables to differentiate for; errors for what does not fit the formula."""
    names, asked = formula.variables, frozenset(wrt or ())
    missing = [name for name in names if name not in at[0]]
    if missing:
        _refuse_missing(missing, formula, at)
    chosen = list(wrt) if wrt is not None else list(at[0])
    if len(set(chosen)) != len(chosen):
        raise UsageError(f"wrt names a variable twice: {', '.join(chosen)}")
    derived = frozenset(chosen)
    for name in (*at[0], *let, *chosen):
        if name in at[0] and name in let:
            raise UsageError(f"{name} is given by both --at and --let", hint="--at for variables, --let for constants")
        if name in derived and name in let:
            raise UsageError(f"{name} is bound by --let, so nothing is differentiated for it", hint=f"--at {name}=...")
        if name in derived and name not in at[0]:
            raise UsageError(f"no value for {name}, which --wrt names", hint=f"--at {name}=...")
        if name not in names and name not in formula.spans and name not in asked:
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
    return [Variable(name, shapes[name]) for name in chosen]


def refuse_clash(formula: Formula, columns: Iterable[str]) -> None:
    """Raise for a constant of the formula that is the name of a column too: either may be meant."""
    for name in columns:
        if name in formula.constants:
            hint = f"--let {name}={name} for the constant, or another name for the column"
            message = f"{name} is a constant, and a column of the data"
            raise UsageError(message, text=formula.text, span=formula.constants[name], hint=hint)


def _refuse_missing(missing: Sequence[str], formula: Formula, at: Sequence[Point]) -> NoReturn:
    """An error that names all that has no value at the first point, and the one point that has all."""
    message = f"no value for {', '.join(missing[:_NAMED])}" + ("" if len(missing) <= _NAMED else " and others")
    names = [name for point in at for name in point]
    hint = _missing_hint(missing, formula, at[0])
    if len(at) > 1 and len(set(names)) == len(names) and set(missing) <= set(names):
        message = f"these are {len(at)} points, and the first has {message}"
        hint = _point_hint({name: value for point in at for name, value in point.items()}, ())
    raise UsageError(message, text=formula.text, span=formula.spans.get(missing[0]), hint=hint)


_NAMED = 12
"""Names that a message lists, at most."""


def _missing_hint(missing: Sequence[str], formula: Formula, at: Point) -> str:
    """What to write for names that have no value."""
    name = missing[0]
    if len(name) > 1 and all(letter in at for letter in name):
        return "*".join(name)
    if name.startswith("d") and len(name) < 3 and "/d" in formula.text:
        return DERIVATIVE
    near = did_you_mean(name, at) if len(name) > 3 else None
    if near and near not in formula.variables and not any(map(str.isdigit, name + near)):
        return f"did you mean {near}?"
    constant = next((each for each in ("pi", "tau", "E") if len(name) > 1 and each.lower() == name.lower()), None)
    return f"{constant} for the constant" if constant else _point_hint(at, missing)


def _point_hint(at: Point, missing: Sequence[str]) -> str:
    """One `--at` with the values that are given, where they are few, and places for the others."""
    given = []
    for name, value in at.items():
        texts = [format_node(value.graph, item, limit=40) for item in value.items[:_NAMED]]
        if value.shape:
            given.append(f"{name}={'[' * len(value.shape)}...{']' * len(value.shape)}")
        elif value.graph.nodes[value.items[0]].parameter != name:  # a column of data is given elsewhere
            given.append(f"{name}={_plain_number(texts[0])}")
    places = [f"{name}=..." for name in missing[:_NAMED]]
    return f"--at {','.join([*given, *places] if len(given) <= _NAMED else places)}"


def _plain_number(text: str) -> str:
    """A number that came from Python as hexadecimal, in decimals."""
    return repr(float.fromhex(text)) if text.lstrip("-").startswith("0x") else text


def _shape_text(shapes: Mapping[str, Shape]) -> str:
    return ", ".join(name + "".join(f"[{n}]" for n in shape) for name, shape in sorted(shapes.items())) or "nothing"
