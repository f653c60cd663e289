"""`y ~ a*exp(-b*x) + c` as formulas: what is measured, what is foretold, and the residual whose square is summed.

Both sides are read on their own, their places in the whole text kept, and put into one graph. Imports language.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from gradcalc.errors import GradcalcError, UsageError, did_you_mean
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph, Ref, copied
from gradcalc.language.formula import Formula, Point, Value, Variable, refuse_clash
from gradcalc.language.parse import parse
from gradcalc.settings import Limits

LOSSES = ("linear", "huber", "cauchy", "l1")
"""What is summed of the residuals: their squares, or less of those that are large."""


@dataclass(frozen=True, eq=False)
class Model:
    """A model and its data's names.

    Attributes:
        text: as it was typed.
        graph: of all that follows.
        response, prediction: the nodes of both sides; of a likelihood there is no response.
        root: what residuals are multiplied by, the square root of the weights; None where all weigh the same.
        parameters: what is sought, scalars or arrays, and `columns` what stands in the data.
        spans: where each name first stands.
        loss: one of `LOSSES`; `scale` is where residuals count as large.
    """

    text: str
    graph: Graph
    response: int | None
    prediction: int
    root: int | None
    parameters: tuple[Variable, ...]
    columns: tuple[str, ...]
    spans: Mapping[str, tuple[int, int]]
    loss: str = "linear"
    scale: float = 1.0

    @property
    def names(self) -> list[str]:
        """The names of the scalars that are sought."""
        return [name for variable in self.parameters for name in variable.elements]

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """The nodes of those scalars."""
        return tuple(map(self.graph.input, self.names))

    @property
    def is_likelihood(self) -> bool:
        """Whether the prediction is itself what is summed."""
        return self.response is None

    @property
    def is_square(self) -> bool:
        """Whether squares are summed."""
        return not self.is_likelihood and self.loss == "linear"

    @cached_property
    def residual(self) -> int:
        """The node of the weighted residual; of a likelihood that of its term."""
        found = self.graph.ref(self.prediction)
        if self.response is not None:
            found = self.graph.ref(self.response) - found
            found = found if self.root is None else self.graph.ref(self.root) * found
        return found.index

    @cached_property
    def slopes(self) -> tuple[int, ...]:
        """The nodes of the residual's derivatives."""
        return tuple(derive.gradient(self.graph, self.residual, self.inputs))

    @cached_property
    def weighted_response(self) -> int:
        """The node of what is measured, times the root of its weight."""
        assert self.response is not None
        response = self.graph.ref(self.response)
        return (response if self.root is None else self.graph.ref(self.root) * response).index

    @cached_property
    def foretold_slopes(self) -> tuple[int, ...]:
        """The nodes of the prediction's derivatives."""
        return tuple(derive.gradient(self.graph, self.prediction, self.inputs))

    @cached_property
    def term(self) -> Formula:
        """What is summed over the rows."""
        output = (
            self.residual if self.is_likelihood else _lessened(self.graph.ref(self.residual), self.loss, self.scale)
        )
        variables = {v.name: Value(self.graph, v.shape, tuple(map(self.graph.input, v.elements)))
                     for v in self.parameters}  # fmt: skip
        variables |= {name: Value(self.graph, (), (self.graph.input(name),)) for name in self.columns}
        return Formula(self.text, self.graph, output, variables, self.spans, {}).differentiated(self.parameters, 1)

    @cached_property
    def curved(self) -> Mapping[tuple[int, int], int]:
        """The second derivatives of the prediction that are not structurally zero."""
        found = derive.hessian(self.graph, self.foretold_slopes, self.inputs)
        return {place: node for place, node in found.items() if self.graph.number(node) != 0}

    @property
    def is_linear(self) -> bool:
        """Whether the prediction is linear in all parameters."""
        return not self.curved

    @cached_property
    def linear(self) -> tuple[int, ...]:
        """Places of parameters in which, together, the prediction is linear: as many as are found one by one."""
        partners: dict[int, set[int]] = {i: set() for i in range(len(self.names))}
        for i, j in self.curved:
            partners[i].add(j)
        chosen: list[int] = []
        for i in sorted(partners, key=lambda i: (len(partners[i]), i)):
            if i not in partners[i] and not partners[i].intersection(chosen):
                chosen.append(i)
        return tuple(sorted(chosen))

    def held(self, names: Collection[str]) -> "Model":
        """The same model with some scalars taken from the data: columns that hold one number each."""
        left = tuple(Variable(name) for name in self.names if name not in names)
        return replace(self, parameters=left, columns=(*self.columns, *names))


def _lessened(residual: Ref, loss: str, scale: float) -> int:
    """What is summed of a residual. Source: Huber and Ronchetti, Robust Statistics (2009); SciPy's `least_squares`."""
    square, size = residual**2, residual.graph.ref(residual.graph.constant(float(scale)))
    found: Ref = square
    if loss == "huber":
        far = 2 * size * ops.abs(residual) - size**2
        found = ops.where(ops.le(ops.abs(residual), size), square, far)
    elif loss == "cauchy":
        found = size**2 * ops.log1p((residual / size) ** 2)
    elif loss == "l1":
        found = ops.abs(residual)
    return found.index


@dataclass(frozen=True)
class Given:
    """What a model is made of, as it was given: its text, and texts of columns for what residuals are divided by."""

    text: str
    sigma: str | None = None
    weights: str | None = None
    likelihood: bool = False
    loss: str = "linear"
    scale: float = 1.0


def read_model(
    given: Given, at: Point, let: Point, columns: Sequence[str], limits: Limits, held: Sequence[str] = ()
) -> Model:
    """Read a model whose data have these columns.

    A name with a value in `at` is a parameter; others are columns, and where `at` is empty what is no column is a
    parameter. `held` are names of `at` that keep their values.

    Raises:
        ExpressionError, UsageError: a side is missing or cannot be read; a name is neither.
    """
    left, right = _sides(given)
    shapes = {name: value.shape for name, value in at.items() if name not in held}
    bound = {**let, **{name: at[name] for name in held}}
    parts = {"right": _read(right, given.text, shapes, bound, limits)}
    if left is not None:
        parts["left"] = _read(left, given.text, shapes, bound, limits)
    for name, text in (("sigma", given.sigma), ("weights", given.weights)):
        if text is not None:
            parts[name] = _read(text, text, shapes, bound, limits)
    for part in parts.values():
        refuse_clash(part, columns)
    found = _named(parts, {name: at[name] for name in at if name not in held}, columns, given, held)
    graph = parts["right"].graph
    nodes = {
        name: part.output if part.graph is graph else copied(part.graph, [part.output], graph, {})[0]
        for name, part in parts.items()
    }
    root = None
    if "sigma" in nodes:
        root = (1 / graph.ref(nodes["sigma"])).index
    elif "weights" in nodes:
        root = ops.sqrt(graph.ref(nodes["weights"])).index
    parameters = tuple(Variable(name, shapes.get(name, ())) for name in found)
    spans = {name: span for key in ("right", "left") if key in parts for name, span in parts[key].spans.items()}
    needed = dict.fromkeys(name for key in ("left", "right", "sigma", "weights") if key in parts
                           for name in parts[key].variables if name not in found)  # fmt: skip
    return Model(
        given.text, graph, nodes.get("left"), nodes["right"], root, parameters, tuple(needed), spans, given.loss,
        given.scale,
    )  # fmt: skip


def _sides(given: Given) -> tuple[str | None, str]:
    """The text of both sides, each at its place in the whole; of a likelihood there is one."""
    text = given.text
    place = text.find("~", 1)
    if given.likelihood:
        return None, text
    if place < 0:
        hint = "y ~ a*x + b, where y is a column of the data; --nll sums a formula that is a likelihood"
        raise UsageError("a model has two sides with ~ between them", text=text, span=(0, len(text)), hint=hint)
    if not text[:place].strip() or not text[place + 1 :].strip():
        side, other = (
            ("left", "y ~ a*x + b") if not text[:place].strip() else ("right", f"{text[:place].strip()} ~ a*x + b")
        )
        raise UsageError(f"nothing stands on the {side} side of ~", text=text, span=(place, place + 1), hint=other)
    return text[:place], " " * (place + 1) + text[place + 1 :]


def _read(text: str, whole: str, shapes: Mapping[str, Any], let: Point, limits: Limits) -> Formula:
    with _placed(text, whole):
        return parse(text, shapes=shapes, let=let, limits=limits, whole=True)


@contextmanager
def _placed(text: str, whole: str) -> Iterator[None]:
    """Errors of a part of a text show the whole of it."""
    try:
        yield
    except GradcalcError as error:
        error.text = whole if error.text == text else error.text
        raise


def _named(
    parts: Mapping[str, Formula], at: Point, columns: Sequence[str], given: Given, held: Sequence[str]
) -> list[str]:
    """The parameters among the names; an error for a name that is neither a parameter nor a column."""
    free = list(dict.fromkeys(name for part in parts.values() for name in part.variables))
    if at:  # else all that are no columns
        parameters = [name for name in at if name in free]
        unused = next((name for name in at if not any(name in part.spans for part in parts.values())), None)
        if unused is not None:
            near = did_you_mean(unused, free)
            hint = f"did you mean {near}?" if near else f"leave {unused} out"
            raise UsageError(f"the model does not contain {unused}", text=given.text, hint=hint)
    else:
        parameters = [name for name in parts["right"].variables if name not in columns]
    missing = [name for name in free if name not in parameters and name not in columns]
    if missing:
        part = next(part for part in parts.values() if missing[0] in part.variables)
        near = did_you_mean(missing[0], columns)
        hint = f"did you mean {near}?" if near else f"--at {missing[0]}=..."
        told = ", ".join(columns[:20])
        raise UsageError(
            f"{', '.join(missing)} is no column of the data, and has no value: the columns are {told}",
            text=given.text, span=part.spans.get(missing[0]) if part.text.strip() in given.text else None, hint=hint,
        )  # fmt: skip
    for key in ("left", "sigma", "weights"):
        wrong = next((name for name in parameters if key in parts and name in parts[key].variables), None)
        if wrong is not None:
            side = "the left side" if key == "left" else f"--{key}"
            raise UsageError(
                f"{side} contains the parameter {wrong}: what is measured is made of columns alone",
                text=given.text, span=parts[key].spans.get(wrong) if key == "left" else None,
                hint="--nll for a likelihood, which may contain the parameters of its errors",
            )  # fmt: skip
    if not parameters:
        constant = next((name for part in parts.values() for name in part.constants), None)
        hint = f"--at {constant}=1 makes {constant}, which is a constant, a parameter" if constant else "y ~ a*x + b"
        hint = f"--fix fewer of them: {', '.join(held)} keep their values" if held else hint
        raise UsageError("the model has no parameter to find", text=given.text, hint=hint)
    return parameters
