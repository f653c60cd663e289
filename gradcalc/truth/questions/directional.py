"""A formula along a direction, its tangent, and the normal of its level set.

Along a direction v the formula is a function of one number, f(point + t*v): a graph of its own, which is examined at
t = 0 as any other. So a slope along a direction is certified, and a kink or a jump told, as a derivative is.

    formula, point, v --on_line--> formula in t --examined--> slope, curvature, both sides
    value, gradient --> tangent, normal

Imports language, show, and of truth certify, polynomial, quantity.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcalc.arithmetic.marks import UNDEFINED
from gradcalc.errors import UsageError, did_you_mean
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.shapes import labels, nest
from gradcalc.language import points
from gradcalc.language.formula import UNNAMED, Formula, Point, Value, Variable
from gradcalc.language.typeset import latex
from gradcalc.settings import Limits
from gradcalc.show import page as pages
from gradcalc.show.answer import jsonable, number
from gradcalc.truth.quantity import Note, Quantity, optional, worst
from gradcalc.truth.questions.polynomial import polynomial

_SETTLED = ("agrees", "inaccurate")
_NONE = ("undefined", "jump", "kink")
"""Verdicts where there is no slope; where there is one."""
_BITS = 256
_NEAR = 100
"""How near a side is looked at, as a power of one half, for whether the formula has a value there."""
_STEP = "t"


@dataclass(frozen=True, slots=True)
class Directional:
    """A function at a point along a direction.

    Attributes:
        direction: the vector, in floats, for every variable; the slope is for its length, not for length 1.
        exact: those of its elements that no float is, as they were given.
        length: of the vector.
        per_unit: slope and curvature for a vector of length 1 along it.
        slope: how fast the value changes along it; its verdict says where there is none.
        curvature: the second derivative along it.
        left, right: the slopes to both sides, against the direction and along it; None where there is none.
        message: what is to be known of a kink or a jump.
    """

    direction: Mapping[str, Any]
    exact: Mapping[str, Any]
    length: float
    per_unit: tuple[float | None, float | None]
    slope: Quantity
    curvature: Quantity
    left: float | None
    right: float | None
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        slope, curvature = self.per_unit
        return {
            "direction": jsonable(dict(self.direction)),
            **({"direction_exact": jsonable(dict(self.exact))} if self.exact else {}),
            "slope": number(_value(self.slope)),
            "certified": optional(self.slope.certified),
            "curvature": number(_value(self.curvature)),
            "certified_curvature": optional(self.curvature.certified),
            "left": number(self.left),
            "right": number(self.right),
            "verdict": self.slope.verdict,
            "per_unit_length": {"slope": number(slope), "curvature": number(curvature)},
        }

    def blocks(self, digits: int | None) -> Iterator[pages.Block]:
        """What it says on a page: the vector, slope and curvature along it, for length 1, and at a kink both sides."""
        vector = pages.point_text({**self.direction, **self.exact})
        yield pages.Heading((pages.Text("along ", "label"), pages.Formula(vector)))
        yield self._table(digits)
        slope, curvature = self.per_unit
        if self.length != 1 and slope is not None:
            length = f"   (the direction is {pages.number_text(self.length)} long)"
            yield pages.fact("for length 1: slope", f"{_shown(slope)}, curvature {_shown(curvature)}", length)
        if self.left != self.right:
            yield pages.fact("slope", f"{_shown(self.left)} from behind, {_shown(self.right)} ahead")
        if self.message:
            yield pages.Remarks((pages.Remark(self.slope.verdict, self.message),))

    def _table(self, digits: int | None) -> pages.Table:
        """Slope and curvature, and what is known of them."""
        known = {"slope": self.slope, "curvature": self.curvature}
        certified = digits is not None or any(each.verdict == "inaccurate" for each in known.values())
        titles = ("value", *(("certified",) if certified else ()), "digits")
        rows = []
        for title, each in known.items():
            proof = each.certified
            proved = "" if proof is None else proof.value if digits else pages.short_text(proof.value)
            cells = (_shown(_value(each)), *((proved,) if certified else ()), str(proof.digits) if proof else "")
            rows.append((title, *cells, pages.Text(each.verdict, each.tone)))
        columns = (pages.Column("along it", "word"), *map(pages.Column, titles), pages.Column("verdict", "word"))
        return pages.Table(columns, tuple(rows))

    def equations(self) -> Iterator[pages.Equation]:
        """Slope and curvature, where there are any."""
        for name, each in (("slope", self.slope), ("curvature", self.curvature)):
            if _value(each) is not None:
                yield pages.Equation((pages.number_text(each.value),), symbol=rf"\text{{{name}}}")


@dataclass(frozen=True, slots=True)
class Geometry:
    """What a formula looks like at a point: along a direction, its tangent, the normal of its level set.

    Attributes:
        tangent: an equation; None where the formula has none, or it is not proved.
        normal: the unit vector along the gradient; None where that is 0, or not known.
        lack: why there is no tangent where the formula has a value: the verdict of its derivatives.
    """

    along: Directional | None
    tangent: str | None
    normal: Mapping[str, Any] | None
    lack: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        along = {"directional": self.along.to_dict()} if self.along else {}
        normal = jsonable(dict(self.normal)) if self.normal is not None else None
        return {**along, "tangent": self.tangent, "normal": normal}

    def blocks(self, digits: int | None) -> Iterator[pages.Block]:
        """What it says on a page."""
        if self.along and self.along.slope.verdict != "undefined":
            yield from self.along.blocks(digits)
        if self.tangent:
            yield pages.fact("tangent", pages.Formula(self.tangent, "strong"))
        elif self.lack and self.along is None:
            yield pages.fact("tangent", f"none: {self.lack}")
        if self.normal:
            yield pages.fact("normal of the level set", pages.Formula(pages.point_text(self.normal)))

    def equations(self) -> Iterator[pages.Equation]:
        """The same as mathematics."""
        if self.along:
            yield from self.along.equations()
        if self.tangent:
            left, _, right = self.tangent.partition(" = ")
            yield pages.Equation((pages.Formula(right, latex=latex),), symbol=left)

    def cells(self) -> list[tuple[str, object]]:
        """What a row of several points, and of CSV, says: titles and cells."""
        found: list[tuple[str, object]] = []
        if along := self.along:
            proof = along.slope.certified
            found += [
                ("slope", _cell(_value(along.slope))), ("slope_certified", proof.value if proof else ""),
                ("slope_digits", proof.digits if proof else ""), ("slope_verdict", along.slope.verdict),
                ("left", _cell(along.left)), ("right", _cell(along.right)),
                ("curvature", _cell(_value(along.curvature))),
            ]  # fmt: skip
        normal = [(f"normal_{name}", value) for name, value in _flat(self.normal or {})]
        return [*found, ("tangent", self.tangent or ""), *normal]


def _value(known: Quantity) -> float | None:
    """The number, None where there is none: at a kink or a jump, where undefined."""
    return None if known.verdict in _NONE or math.isnan(known.value) else known.value


def _shown(value: float | None) -> str:
    return "none" if value is None else pages.number_text(value)


def _cell(value: float | None) -> object:
    return "" if value is None else value


def _flat(vector: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The elements of a vector by name."""
    for name, value in vector.items():
        items, shape = [value], []
        while isinstance(items[0], list):
            shape.append(len(items[0]))
            items = [item for row in items for item in row]
        yield from zip(labels(name, tuple(shape)), items, strict=True)


# -- the direction -----------------------------------------------------------------------------------------------------


def read_direction(given: Any, formula: Formula, at: Sequence[Point], let: Point, limits: Limits) -> dict[str, Value]:
    """The vector that was given, an entry for each variable; a variable that it does not name does not move.

    Raises:
        UsageError: it names what is no variable, is 0, or is several vectors.
    """
    vectors = points.to_points(given, limits)
    if len(at[0]) > 1 and any(UNNAMED in vector for vector in vectors):
        hint = f"--direction {','.join(f'{name}=...' for name in at[0])}"
        raise UsageError(f"a direction of {len(at[0])} variables says which is which", hint=hint)
    found = points.named(vectors, formula, let, limits)
    if len(found) != 1:
        raise UsageError(f"a direction is one vector, and {len(found):,} are given", hint="--direction x=1,y=2")
    shapes = {name: value.shape for name, value in at[0].items()}
    for name, value in found[0].items():
        if name not in shapes:
            bound = f"{name} is bound by --let: it does not move" if name in let else f"{name} is no variable"
            near = did_you_mean(name, shapes) or ",".join(f"{each}=1" for each in shapes)
            raise UsageError(f"the direction names {name}, and {bound}", hint=near)
        if value.shape != shapes[name]:
            raise UsageError(
                f"the direction gives {name} the shape {value.shape}, and the point {shapes[name]}",
                hint=f"{name}=[...]" if shapes[name] else f"{name}=1",
            )
    if not any(_moves(value, item) for value in found[0].values() for item in value.items):
        raise UsageError("the direction is 0: it leads nowhere", hint="--direction x=1,y=2")
    zero = points.to_value("zero", 0, limits)
    still = {name: Value(zero.graph, shape, zero.items * math.prod(shape)) for name, shape in shapes.items()}
    return {**still, **found[0]}


def _ball(value: Value, item: int) -> Any:
    """An element of a constant in a ball."""
    from gradcalc.arithmetic.balls import Balls

    return Balls(_BITS).evaluate(value.graph, {}, [item])[item]


def _moves(value: Value, item: int) -> bool:
    """Whether an element of a direction is not 0."""
    return not _ball(value, item).contains(0)


def _square(direction: Mapping[str, Value]) -> Any:
    """The square of the length of a vector, in a ball."""
    from flint import arb, ctx

    with ctx.workprec(_BITS):
        return sum((_ball(value, item) ** 2 for value in direction.values() for item in value.items), arb(0))


def _divided(known: Quantity, size: Any) -> float | None:
    """A number that is known, divided by a ball."""
    from flint import arb, ctx

    from gradcalc.arithmetic.digits import nearest_double

    value = _value(known)
    if value is None or not math.isfinite(value):
        return value
    with ctx.workprec(_BITS):
        return nearest_double(((arb(known.certified.value) if known.certified else arb(value)) / size).mid())


def on_line(formula: Formula, point: Point, direction: Mapping[str, Value]) -> tuple[Formula, Point]:
    """The formula along a direction, as a formula in the step `t`, and the point where `t` is 0."""
    graph = Graph(formula.graph.max_nodes)
    step = graph.input(_STEP)
    elements = {
        label: (value, item, direction[name], other)
        for name, value in point.items()
        for label, item, other in zip(labels(name, value.shape), value.items, direction[name].items, strict=True)
    }
    place: dict[int, int] = {}
    for index in formula.graph.needed([formula.output]):
        op, operands, parameter = formula.graph.nodes[index]
        graph.span = formula.graph.spans[index]
        if op is not ops.input_:
            place[index] = graph.emit(op, tuple([place[i] for i in operands]), parameter)
            continue
        value, item, vector, other = elements[parameter or ""]
        start = _copied(value, item, graph)
        place[index] = _moved(graph, start, step, _copied(vector, other, graph)) if _moves(vector, other) else start
    line = Formula(formula.text, graph, place[formula.output], {_STEP: Value(graph, (), (step,))}, {}, {})
    return line.differentiated([Variable(_STEP)], 2), {_STEP: points.to_value(_STEP, 0, Limits())}


def _moved(graph: Graph, start: int, step: int, factor: int) -> int:
    """start + factor*step, plain where that is a number alone: what is exactly 0 or 1 leaves no rounding behind."""
    move = step if graph.number(factor) == 1 else graph.emit(ops.mul, (factor, step))
    return move if graph.number(start) == 0 else graph.emit(ops.add, (start, move))


def _copied(value: Value, item: int, graph: Graph) -> int:
    """An element of a constant in another graph."""
    place: dict[int, int] = {}
    for index in value.graph.needed([item]):
        op, operands, parameter = value.graph.nodes[index]
        place[index] = graph.emit(op, tuple([place[i] for i in operands]), parameter)
    return place[item]


# -- what is found -----------------------------------------------------------------------------------------------------

Found = tuple[Quantity, Quantity, Sequence[Note]]
"""The first and the second derivative of a formula in `t`, and notes."""


def geometry(
    formula: Formula,
    direction: Mapping[str, Value] | None,
    judge: Callable[[Formula, Point], Found],
    point: Point,
    at: Mapping[str, Any],
    value: Quantity,
    gradient: Sequence[Quantity],
) -> Geometry:
    """What the formula looks like at a point.

    Args:
        direction: that of `read_direction`, if any.
        judge: examines a formula in `t` where it is 0.
        at: the point as it is told.
        value, gradient: what is known there.
    """
    along = directional(formula, point, direction, judge) if direction is not None else None
    undefined = value.verdict == "undefined"
    names = formula.names
    across = None if undefined else normal(formula.wrt, gradient)
    lack = "" if undefined or not names else worst([known.verdict for known in (value, *gradient)])
    return Geometry(along, None if undefined else tangent(at, value, names, gradient), across, lack)


def directional(
    formula: Formula, point: Point, direction: Mapping[str, Value], judge: Callable[[Formula, Point], Found]
) -> Directional:
    """The formula along a direction."""
    from flint import ctx

    from gradcalc.arithmetic.digits import nearest_double

    line, origin = on_line(formula, point, direction)
    slope, curvature, notes = judge(line, origin)
    echoed, exact = points.echoed(direction)
    note = next((each for each in notes if each.variable == _STEP and each.kind == slope.verdict), None)
    left, right = (note.left, note.right) if note else (None, None)
    if slope.verdict in _SETTLED:
        left, right = (_told(slope).value if _has_value(line, sign) else None for sign in (-1, 1))
    message = note.message if note and slope.verdict != "kink" else ""
    with ctx.workprec(_BITS):
        square = _square(direction)
        size = square.sqrt()
    length = nearest_double(size.mid()) or 0.0
    per_unit = _divided(slope, size), _divided(curvature, square)
    return Directional(echoed, exact, length, per_unit, slope, curvature, left, right, message)


def _has_value(line: Formula, sign: int) -> bool:
    """Whether a formula in `t` is not known to have no value just beside 0."""
    from flint import arb

    from gradcalc.arithmetic.balls import Balls

    beside = {line.graph.input(_STEP): arb((sign, -_NEAR))}
    return Balls(_BITS).evaluate(line.graph, beside, [line.output])[line.output] is not UNDEFINED


def tangent(at: Mapping[str, Any], value: Quantity, names: Sequence[str], gradient: Sequence[Quantity]) -> str | None:
    """The tangent line or plane as an equation; None where the formula is not proved to have one."""
    if not names or any(known.verdict not in _SETTLED for known in (value, *gradient)):
        return None
    terms: list[tuple[Mapping[str, int], Quantity]] = [({}, _told(value))]
    terms += [({name: 1}, _told(known)) for name, known in zip(names, gradient, strict=True)]
    return f"{_height(at, len(names))} = {polynomial(terms, at)}"


def _height(at: Mapping[str, Any], count: int) -> str:
    """A name for the value, which is no variable."""
    return next(name for name in ("y" if count == 1 else "z", "z", "w", "f", "value", "height_") if name not in at)


def _told(known: Quantity) -> Quantity:
    """The number that is proved, where floats have lost digits of it."""
    if known.verdict == "agrees" or known.certified is None:
        return known
    return Quantity(float(known.certified.value), known.certified, verdict="agrees")


def normal(variables: Sequence[Variable], gradient: Sequence[Quantity]) -> dict[str, Any] | None:
    """The unit normal of the level set, along the gradient; None where that is 0, or not known."""
    from flint import arb, ctx

    from gradcalc.arithmetic.digits import nearest_double

    if len(gradient) < 2 or any(known.verdict not in _SETTLED for known in gradient):
        return None
    with ctx.workprec(_BITS):
        parts = [arb(known.certified.value) if known.certified else arb(known.value) for known in gradient]
        length = sum((part**2 for part in parts), arb(0)).sqrt()
        if length.contains(0):
            return None
        items = iter([nearest_double((part / length).mid()) or 0.0 for part in parts])
    return {each.name: nest([next(items) for _ in each.elements], each.shape) for each in variables}
