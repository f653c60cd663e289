"""Tree to graph: arrays become scalars, sums with a counter are written out.

One pass over the nodes of the tree, each of which becomes a value: a plain int is the graph node of a number, all else
is an `Elements` or a `Piece`. The graph holds what the user wrote: no op is simplified away, so that an undefined part
stays undefined; of a very long chain of products and quotients alone, 16 factors or divisors are taken at once. Errors
that name no place of their own are at the span of the node being lowered.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple, NoReturn

from gradcalc.errors import LimitError, Span
from gradcalc.graph import ops, shapes
from gradcalc.graph.definitions import POLYNOMIALS
from gradcalc.graph.domain import derivative, gradient, hessian, laplacian
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from gradcalc.graph.shapes import Shape
from gradcalc.language import matrices
from gradcalc.language.exact import Exact
from gradcalc.language.format import COMPARISONS, Tree
from gradcalc.language.tokens import MATRIX, SPECIAL, refuse
from gradcalc.language.written import WRITTEN


class Elements(NamedTuple):
    """Graph nodes row by row, and whether they are numbers, conditions or an infinity; the shape () is a scalar."""

    shape: Shape
    items: Sequence[int]
    kind: str = "number"


class Piece(NamedTuple):
    """Values in parentheses: of `piecewise` a value and its condition."""

    values: tuple["int | Elements", ...]
    kind: str = "piece"


Lowered = int | Elements | Piece
Number = int | Elements
Make = Callable[[tuple[int, ...]], int]
"""What makes a graph node of one element of each operand."""

WRONG = {
    "condition": ("a condition stands where a number is needed", "where(condition, 1, 0)"),
    "infinity": ("infinity is no number: it may only be compared with", "a large number such as 1e300"),
    "piece": ("a pair in parentheses is a piece of piecewise", "piecewise((a, x < 0), b), or [a, b] for an array"),
}
"""What is said of each kind of value where a number is needed."""

TRUE, FALSE = -1, -2
"""Conditions that always and never hold: they steer what is emitted and are no nodes."""

EMPTY = {ops.add: 0, ops.mul: 1, ops.hypot: 0}
"""What an op makes of no operands."""

SINGLE = frozenset({ops.hypot, ops.logsumexp})
"""Ops that change a single operand."""

REDUCTIONS = {"sum": ops.add, "prod": ops.mul}


class Loop:
    """A running sum with a counter."""

    def __init__(self, begin: int, name: str, counters: range, outer: Lowered | None) -> None:
        self.begin = begin
        self.name = name
        self.counters = iter(counters)
        self.outer = outer
        self.parts: list[Any] = []


class Lowering:
    """One pass over the nodes of a tree; `values` holds what each was lowered to."""

    def __init__(self, tree: Tree, loops: dict[int, int], graph: Graph, names: dict[str, Lowered]) -> None:
        self.tree = tree
        self.loops = loops
        self.graph = graph
        self.names = names
        self.values: list[Any] = [None] * len(tree)
        self.exact = Exact(graph)
        self.literals: dict[str, int] = {}
        self.chained = _chained(tree)
        self.waiting: set[int] = set()
        self.active: list[Loop] = []
        self.replaced: set[str] = set()
        self.work = 0
        self.index = 0

    def run(self) -> Number:
        """Lower the whole tree; the value of its root."""
        tree, values, graph = self.tree, self.values, self.graph
        size = len(tree)
        while self.index < size:
            index = self.index
            kind, payload, operands, graph.span = tree[index]
            row = [values[i] for i in operands]
            if payload == MATRIX:
                self.check_product(kind, row)
            if index in self.chained:
                values[index] = self.chain(kind, row)
            else:
                values[index] = _KINDS[kind](self, payload, row) if kind in _KINDS else self.call(kind, row)
            self.index += 1
        self.index, graph.span = size - 1, tree[-1][3]
        self.check(values[-1:], at=None)
        result: Number = values[-1]
        return result

    # -- errors and limits

    def place(self, operand: int | None) -> Span:
        """The place of the node being lowered, or of one of its operands."""
        node = self.tree[self.index]
        return node[3] if operand is None else self.tree[node[2][operand]][3]

    def fail(self, message: str, hint: str, operand: int | None = None) -> NoReturn:
        """An error at the node being lowered, or at one of its operands."""
        refuse(message, self.place(operand), hint)

    def charge(self, steps: int) -> None:
        """Count steps that make no node against the limit too."""
        self.work += steps
        limit = self.graph.max_nodes
        if self.work > 4 * limit:
            raise LimitError(f"the formula needs more than {limit:,} nodes", hint="--max-nodes raises the limit")

    def check(self, values: Sequence[Lowered], at: int | None = 0) -> None:
        """Refuse what is no number; `at` is the operand that the first value is, None if they are no operands."""
        for position, value in enumerate(values):
            if type(value) is not int and value.kind != "number":  # type: ignore[union-attr]
                message, hint = WRONG[value.kind]  # type: ignore[union-attr]
                self.fail(message, hint, None if at is None else at + position)

    def check_product(self, kind: str, values: Sequence[Lowered]) -> None:
        """Refuse arrays where a dialect may mean a matrix product, an inverse or the elements."""
        arrays = [type(value) is not int and bool(value.shape) for value in values]  # type: ignore[union-attr]
        if any(arrays[kind != "pow" :]) if kind in ("pow", "div") else sum(arrays) > 1:
            self.fail("this of arrays can be read in two ways", "A @ B or A*B in gradcalc's own language: --from text")

    def check_conditions(self, values: Sequence[Lowered]) -> None:
        """Refuse what is no condition."""
        for position, value in enumerate(values):
            if not _is_condition(value):
                self.fail("a number stands where a condition is needed", "a comparison such as x > 0", position)

    def arity(self, name: str, values: Sequence[Any], *allowed: int) -> None:
        """Refuse a wrong number of operands."""
        if len(values) not in allowed:
            wanted = " or ".join(map(str, allowed))
            plural = "" if allowed[-1] == 1 else "s"
            syntax = SPECIAL.get(name) or ops.TABLE[name].syntax
            self.fail(f"{name} takes {wanted} operand{plural}, not {len(values)}", syntax)

    # -- elementwise

    def apply(self, op: Op, values: Sequence[Any], at: int | None = 0) -> Number:
        """An op on numbers, element by element."""
        for value in values:
            if type(value) is not int:
                self.check(values, at)
                return self.elementwise(partial(self.graph.emit, op), values)
        return self.graph.emit(op, tuple(values))

    def elementwise(self, make: Make, values: Sequence[Any], kind: str = "number") -> Number:
        """Call `make` for each element of the broadcast operands."""
        parts = [_parts(value) for value in values]
        shape = shapes.broadcast([own for own, _ in parts])
        size = math.prod(shape)
        self.charge(size * len(values) if shape else 0)
        columns = [shapes.stretched(items, own, shape) if own else repeat(items[0], size) for own, items in parts]
        result = [make(row) for row in zip(*columns, strict=False)]
        return Elements(shape, result, kind) if shape or kind != "number" else result[0]

    def call(self, name: str, values: list[Any]) -> Lowered:
        """A function by its name."""
        if name in _CALLS:
            lower, *allowed = _CALLS[name]
            if allowed:
                self.arity(name, values, *allowed)
            return lower(self, name, values)
        op = ops.TABLE[name]
        if op.variadic:
            return self.variadic(op, name, values)
        self.arity(name, values, len(op.operands))
        return self.apply(op, values)

    def variadic(self, op: Op, name: str, values: list[Any]) -> Number:
        """An op of any number of operands; of one array it takes the elements."""
        if not values:
            self.fail(f"{name} needs an operand", SPECIAL.get(name) or op.syntax)
        if len(values) > 1:
            return self.apply(op, values)
        self.check(values)
        items = _parts(values[0])[1]
        if not items and op not in EMPTY:
            self.fail(f"{name} of an array without elements", "an array with at least one element")
        return self.total(op, items)

    def total(self, op: Op, items: Sequence[int]) -> int:
        """An op on any number of scalars."""
        if not items:
            return self.graph.constant(EMPTY[op])
        self.charge(len(items))
        return items[0] if len(items) == 1 and op not in SINGLE else self.graph.emit(op, tuple(items))

    # -- arithmetic

    def chain(self, kind: str, values: list[Any]) -> Lowered:
        """A factor or divisor far along a chain: if a scalar, it waits for the end of its group."""
        if any(type(value) is not int for value in values):
            return self.call(kind, [self.grouped(self.tree[self.index][2][0]), *values[1:]])
        self.waiting.add(self.index)
        waits: Lowered = values[0]
        return self.grouped(self.index) if self.chained[self.index] else waits

    def grouped(self, index: int) -> Lowered:
        """A node of the tree with all factors and divisors that wait before it: one product over another."""
        factors: dict[str, list[int]] = {"mul": [], "div": []}
        while index in self.waiting:
            self.waiting.remove(index)
            kind, _, (index, *others), _ = self.tree[index]
            factors[kind] += (self.values[other] for other in others)
        value = self.values[index]
        over, under = factors["mul"], factors["div"]
        if over:
            value = self.total(ops.mul, (value, *over))
        return self.apply(ops.div, (value, self.total(ops.mul, under))) if under else value

    def number(self, text: str, values: list[Any]) -> int:
        """A literal."""
        index = self.literals.get(text)
        if index is None:
            index = self.literals[text] = self.graph.constant(text)
        return index

    def constant(self, name: str, values: list[Any]) -> Number:
        """A named constant."""
        index = self.number(name, values)
        return index if name != "oo" else Elements((), [index], "infinity")

    def add(self, signs: str, values: list[Any]) -> Number:
        """A chain of terms; exactly `a - b` is an op of its own."""
        if signs == "+-":
            return self.apply(ops.sub, values)
        whole = self.graph.span
        for position, sign in enumerate(signs):
            if sign == "-":
                self.graph.span = self.place(position)
                self.check([values[position]], position)
                values[position] = self.negated(values[position])
        self.graph.span = whole
        return self.apply(ops.add, values)

    def negate(self, name: str, values: list[Any]) -> Number:
        """Minus; an infinity stays one."""
        value = values[0]
        if type(value) is not int and value.kind == "infinity":
            return Elements((), [self.graph.emit(ops.neg, tuple(value.items))], "infinity")
        self.check(values)
        return self.negated(value)

    def negated(self, value: Number) -> Number:
        """Minus a number; of an integer literal it makes a literal."""
        if type(value) is not int:
            return self.elementwise(lambda row: self.negated(row[0]), [value])  # type: ignore[arg-type,return-value]
        node = self.graph.nodes[value]
        text = node.parameter or ""
        if node.op is ops.const and text.lstrip("-").isdecimal() and text != "0":
            return self.graph.constant(text[1:] if text.startswith("-") else "-" + text)
        return self.graph.emit(ops.neg, (value,))

    def power(self, name: str, values: list[Any]) -> Number:
        """A power: an integer exponent makes an op of its own, and so does the base E."""
        base, exponent = values
        if type(base) is int and type(exponent) is int:
            return self.power_of((base, exponent))
        self.check(values)
        return self.elementwise(self.power_of, values)

    def power_of(self, row: tuple[int, ...]) -> int:
        """A power of one element."""
        base, exponent = row
        graph = self.graph
        if graph.nodes[base] == _E:
            return graph.emit(ops.exp, (exponent,))
        if graph.number(exponent) is None:
            exact = self.exact.value(exponent)
            if exact is None or exact.denominator != 1 or abs(exact) >= _SMALL:
                return graph.emit(ops.pow, row)
            exponent = graph.constant(exact.numerator)
        return graph.emit(ops.powi, (base, exponent))

    def rational(self, value: Lowered) -> Fraction | None:
        """The exact value of a constant scalar."""
        return self.exact.value(value) if isinstance(value, int) else None

    def integer(self, value: Lowered, what: str, operand: int) -> int:
        """A constant integer, for bounds and indices."""
        number = self.rational(value)
        if number is None or number.denominator != 1:
            self.fail(f"{what} must be a constant integer", "a number such as 3, or a name bound by --let", operand)
        return number.numerator

    # -- conditions

    def boolean(self, text: str, values: list[Any]) -> Elements:
        """A condition that always or never holds."""
        return Elements((), [TRUE if text == "True" else FALSE], "condition")

    def compare(self, name: str, values: list[Any]) -> Number:
        """A comparison, the one place where infinity may stand."""
        for operand, value in enumerate(values):
            if type(value) is int or value.kind != "infinity":
                self.check([value], operand)
        return self.elementwise(partial(self.graph.emit, ops.TABLE[name]), values, "condition")

    def logical(self, name: str, values: list[Any]) -> Number:
        """And, or; of any number of conditions, pair by pair. One operand may decide alone."""
        if not values:
            self.fail(f"{name} needs a condition", SPECIAL[name])
        self.check_conditions(values)
        op, decides = (ops.and_, FALSE) if name == "and" else (ops.or_, TRUE)

        def make(row: tuple[int, ...]) -> int:
            result = row[0]
            for item in row[1:]:
                if decides in (result, item):
                    result = decides
                elif result < 0 or item < 0:
                    result = max(result, item)
                else:
                    result = self.graph.emit(op, (result, item))
            return result

        return self.elementwise(make, values, "condition")

    def invert(self, name: str, values: list[Any]) -> Number:
        """Not."""
        self.check_conditions(values)

        def make(row: tuple[int, ...]) -> int:
            return TRUE + FALSE - row[0] if row[0] < 0 else self.graph.emit(ops.not_, row)

        return self.elementwise(make, values, "condition")

    def where(self, name: str, values: list[Any]) -> Number:
        """A branch."""
        self.check_conditions(values[:1])
        self.check(values[1:], at=1)
        return self.choose(*values)

    def choose(self, condition: Elements, value: Number, other: Number) -> Number:
        """`where`, element by element; a branch that is known while parsing leaves no op."""

        def make(row: tuple[int, ...]) -> int:
            return self.graph.emit(ops.where, row) if row[0] >= 0 else row[1] if row[0] == TRUE else row[2]

        return self.elementwise(make, [condition, value, other])

    def piecewise(self, name: str, values: list[Any]) -> Number:
        """Nested branches; without a default the value is undefined outside the pieces."""
        syntax = SPECIAL["piecewise"]
        if not values:
            self.fail("piecewise needs a piece", syntax)
        if isinstance(values[-1], Piece):
            values = [*values, self.graph.constant("nan")]
        *pieces, result = values
        for position, piece in enumerate(pieces):
            if not isinstance(piece, Piece) or len(piece.values) != 2:
                self.fail("a piece is a value and its condition in parentheses", syntax, position)
            if not _is_condition(piece.values[1]):
                self.fail("the second part of a piece is its condition", "(a, x < 0)", position)
            self.check(piece.values[:1], position)
        self.check([result], at=None)
        for piece in reversed(pieces):
            value, condition = piece.values
            result = self.choose(condition, value, result)
        return result  # type: ignore[no-any-return]

    # -- arrays

    def array(self, payload: Any, values: list[Any]) -> Elements:
        """Elements, or rows of one shape."""
        self.check(values)
        parts = [_parts(value) for value in values]
        found = {shape for shape, _ in parts}
        if len(found) > 1:
            different = " and ".join(map(shapes.shown, sorted(found)))
            self.fail(f"the rows of an array have different shapes: {different}", "[[1, 2], [3, 4]]")
        items = [item for _, row in parts for item in row]
        self.charge(len(items))
        return Elements((len(values), *found.pop()), items)

    def subscript(self, axes: Sequence[Sequence[bool]], values: list[Any]) -> Number:
        """`x[0]`, `x[1:]`, `x[:, 0]`."""
        self.check(values[:1])
        shape, items = _parts(values[0])
        if not shape:
            self.fail("a number has no elements", "an index after an array, such as [1, 2][0]", 0)
        if len(axes) > len(shape):
            message = f"there are {len(axes)} indices for an array of shape {shapes.shown(shape)}"
            self.fail(message, "one index for each axis")
        start, view, operands = 0, [], iter(range(1, len(values)))
        strides = shapes.strides(shape)
        for length, stride, written in zip(shape, strides, axes, strict=False):
            places = [next(operands) if is_written else None for is_written in written]
            parts = [None if i is None else self.integer(values[i], "an index", i) for i in places]
            if len(parts) == 1:
                start += self.position(parts[0] or 0, length, shape, places[0]) * stride
                continue
            if parts[2:] == [0]:
                self.fail("the step of a slice is not 0", "x[::2]")
            chosen = range(length)[slice(*parts)]
            start += chosen.start * stride
            view.append((len(chosen), chosen.step * stride))
        return self.view(items, start, view + list(zip(shape, strides, strict=True))[len(axes) :])

    def position(self, index: int, length: int, shape: Shape, operand: int | None) -> int:
        """An index along an axis, counted from its end if negative."""
        if not -length <= index < length:
            message = f"index {index} is outside of an array of shape {shapes.shown(shape)}"
            self.fail(message, f"{-length} to {length - 1}: the first element has index 0", operand)
        return index % length

    def view(self, items: Sequence[int], start: int, axes: Sequence[tuple[int, int]]) -> Number:
        """The elements at regular distances, as a scalar or an array."""
        shape = tuple(length for length, _ in axes)
        self.charge(math.prod(shape))
        chosen = [items[i] for i in shapes.positions(start, axes)]
        return Elements(shape, chosen) if axes else chosen[0]

    def transpose(self, payload: Any, values: list[Any]) -> Number:
        """The axes in reverse order."""
        self.check(values)
        shape, items = _parts(values[0])
        return self.view(items, 0, list(zip(shape, shapes.strides(shape), strict=True))[::-1])

    def matmul(self, payload: Any, values: list[Any]) -> Number:
        """The matrix product, by NumPy's rules for one and two axes."""
        self.check(values)
        (left, a), (right, b) = map(_parts, values)
        if not left or not right:
            self.fail("@ multiplies arrays", "* for numbers", 0 if not left else 1)
        if max(len(left), len(right)) > 2:
            self.fail("@ multiplies arrays of one or two axes", "x[0] @ y")
        inner, rows, columns = left[-1], math.prod(left[:-1]), math.prod(right[1:])
        if inner != right[0]:
            message = f"arrays of shapes {shapes.shown(left)} and {shapes.shown(right)} do not fit together in @"
            self.fail(message, "inner lengths that agree")
        self.charge(rows * columns * (inner + 1))
        items = [
            self.inner(a[row * inner : (row + 1) * inner], b[column::columns])
            for row in range(rows)
            for column in range(columns)
        ]
        shape = left[:-1] + right[1:]
        return Elements(shape, items) if shape else items[0]

    def inner(self, a: Sequence[int], b: Sequence[int]) -> int:
        """The sum of products."""
        return self.total(ops.add, [self.graph.emit(ops.mul, pair) for pair in zip(a, b, strict=True)])

    def reduction(self, name: str, values: list[Any]) -> Number:
        """`sum` and `prod` of an array."""
        if len(values) != 1:
            self.fail(f"{name} takes one array, not {len(values)} operands", f"{name}([a, b]), or {name}(i=1..n, body)")
        return self.variadic(REDUCTIONS[name], name, values)

    def mean(self, name: str, values: list[Any]) -> Number:
        """The sum over the number of elements."""
        total = self.variadic(ops.add, name, values)
        count = len(_parts(values[0])[1])
        if not count:
            self.fail("mean of an array without elements", "an array with at least one element")
        return self.apply(ops.div, [total, self.graph.constant(count)]) if count > 1 else total

    def dot(self, name: str, values: list[Any]) -> Number:
        """The inner product."""
        if int in map(type, values):
            return self.apply(ops.mul, values)
        return self.matmul(None, values)

    # -- functions with a lowering of their own

    def norm(self, name: str, values: list[Any]) -> Number:
        """The root of the sum of squares."""
        return self.variadic(ops.hypot, name, values)

    def root(self, name: str, values: list[Any]) -> Number:
        """`root(x, n)`: the cube root is defined for negative numbers too."""
        self.check(values)
        degree = self.rational(values[1])
        if degree in (2, 3):
            return self.apply(ops.sqrt if degree == 2 else ops.cbrt, values[:1])
        return self.power("pow", [values[0], self.apply(ops.div, [self.graph.constant(1), values[1]])])

    def log(self, name: str, values: list[Any]) -> Number:
        """The natural logarithm, or that to a base."""
        logarithms = [self.apply(ops.log, [value], operand) for operand, value in enumerate(values)]
        return logarithms[0] if len(values) == 1 else self.apply(ops.div, logarithms)

    def heaviside(self, name: str, values: list[Any]) -> Number:
        """The step; its value at zero may be given if it is 1/2."""
        self.check(values)
        if len(values) == 2 and values[1] != self.literals.get("0.5") and self.rational(values[1]) != Fraction(1, 2):
            self.fail("heaviside is 1/2 at zero", "where(x > 0, 1, where(x < 0, 0, h)) for another value", 1)
        return self.apply(ops.heaviside, values[:1])

    def polygamma(self, name: str, values: list[Any]) -> Number:
        """Of order 0 it is digamma."""
        if self.rational(values[0]) == 0:
            return self.apply(ops.digamma, values[1:], at=1)
        return self.apply(ops.polygamma, values)

    def polynomial(self, name: str, values: list[Any]) -> Number:
        """A polynomial of a degree that is known."""
        op = ops.TABLE[name]
        self.arity(name, values, len(op.operands))
        if self.integer(values[0], "the degree", 0) < 0:
            self.fail("the degree of a polynomial is not below 0", op.syntax, 0)
        return self.apply(op, values)

    def zeta(self, name: str, values: list[Any]) -> Number:
        """Riemann's zeta function, or of two operands Hurwitz's."""
        return self.apply(ops.zeta if len(values) == 1 else ops.hurwitz, values)

    def written(self, name: str, values: list[Any]) -> Number:
        """A function that stands for others."""
        self.check(values)
        define = WRITTEN[name].define
        return self.elementwise(lambda row: define(*map(self.graph.ref, row)).index, values)

    def derivative(self, name: str, values: list[Any]) -> Number:
        """`diff(f, x, 2, y)`: a derivative of any order, where the function itself has a value."""
        by = self.derived_for(name, values)
        self.check(values[:1])
        return self.elementwise(lambda row: derivative(self.graph, row[0], by), values[:1])

    def derived_for(self, name: str, values: list[Any]) -> list[int]:
        """The inputs that the derivative is taken for, each as often as it is asked."""
        by: list[int] = []
        for operand, value in enumerate(values[1:], start=1):
            order = self.rational(value)
            if order is not None and by and self.rational(values[operand - 1]) is None:
                count = self.integer(value, "the order of a derivative", operand)
                if not 0 <= count <= self.graph.max_nodes:
                    self.fail("the order of a derivative is a number from 0 on", SPECIAL["diff"], operand)
                by[-1:] = by[-1:] * count
            elif isinstance(value, int) and self.graph.nodes[value].op is ops.input_:
                by.append(value)
            else:
                what = "an array" if not isinstance(value, int) else "no variable"
                hint = (
                    "diff(f, x[0])" if what == "an array" else "diff(f, x) for a variable x, which --let does not bind"
                )
                self.fail(f"a derivative is taken for a variable, and this is {what}", hint, operand)
        if len(values) < 2:
            self.fail(f"{name} takes a formula and what it is derived for", SPECIAL["diff"])
        return by

    def substituted(self, name: str, values: list[Any]) -> Number:
        """`subs(f, x, 2, y, t)`: the formula with all of it put in at once, where the function itself has a value."""
        if len(values) < 3 or len(values) % 2 == 0:
            self.fail(f"{name} takes a formula, and variables each with what stands in its place", SPECIAL[name])
        self.check(values)
        place: dict[int, int] = {}
        for operand in range(1, len(values), 2):
            place |= self.replacements(name, values, operand)
        shape, items = _parts(values[0])
        nodes = self.graph.nodes
        for index in self.graph.needed(items):
            op, operands, parameter = nodes[index]
            moved = tuple([place[i] for i in operands])
            if index not in place and moved == operands:
                place[index] = index
            elif index not in place:
                place[index] = self.power_of(moved) if op is ops.pow else self.graph.emit(op, moved, parameter)
        return Elements(shape, [place[i] for i in items]) if shape else place[items[0]]

    def replacements(self, name: str, values: list[Any], operand: int) -> dict[int, int]:
        """The inputs of one variable, each with the node that stands in its place."""
        (shape, inputs), (other, items) = _parts(values[operand]), _parts(values[operand + 1])
        if any(self.graph.nodes[index].op is not ops.input_ for index in inputs):
            self.fail("only a variable is replaced, and this is none", SPECIAL[name], operand)
        if other not in (shape, ()):
            self.fail(f"{_what(shape)} is replaced by {_what(other)}", SPECIAL[name], operand + 1)
        self.replaced |= {(self.graph.nodes[index].parameter or "").partition("[")[0] for index in inputs}
        return dict(zip(inputs, items if other else repeat(items[0]), strict=False))

    # -- derivatives of and by vectors

    def variables(self, name: str, values: Sequence[Any]) -> list[int]:
        """The inputs that a formula is derived for: `x, y`, `[x, y]`, or an array of variables."""
        by: list[int] = []
        for operand, value in enumerate(values[1:], start=1):
            self.check([value], operand)
            for item in _parts(value)[1]:
                if self.graph.nodes[item].op is not ops.input_:
                    hint = f"{SPECIAL[name]}, with variables that --let does not bind"
                    self.fail("a derivative is taken for variables, and this is none", hint, operand)
                if item in by:
                    self.fail(f"{self.graph.nodes[item].parameter} is named twice", SPECIAL[name], operand)
                by.append(item)
        if not by:
            command = _COMMANDS.get(name)
            hint = SPECIAL[name] + (f", or gradcalc {command} for all variables" if command else "")
            self.fail(f"{name} takes a formula and the variables it is derived for", hint)
        self.check(values[:1])
        return by

    def scalar(self, name: str, value: Number) -> int:
        """The one number that is derived."""
        shape, items = _parts(value)
        if len(items) != 1:
            self.fail(
                f"{name} takes a number, not an array of shape {shapes.shown(shape)}", "jacobian([f, g], x, y)", 0
            )
        return items[0]

    def components(self, name: str, value: Number, count: int) -> Sequence[int]:
        """The components of a vector field, one for each variable."""
        shape, items = _parts(value)
        if shape != (count,):
            message = f"{name} takes a vector of as many components as variables, here {count}"
            hint = SPECIAL[name] if shape else f"{SPECIAL[name]}; a quotient is written a/b"
            self.fail(f"{message}, not {_what(shape)}", hint, 0)
        return items

    def gradient(self, name: str, values: list[Any]) -> Elements:
        """The vector of first derivatives."""
        by = self.variables(name, values)
        return Elements((len(by),), gradient(self.graph, self.scalar(name, values[0]), by))

    def jacobian(self, name: str, values: list[Any]) -> Elements:
        """The matrix of first derivatives, a row for each element of what is derived."""
        by, items = self.variables(name, values), _parts(values[0])[1]
        self.charge(len(items) * len(by))
        entries = [entry for item in items for entry in gradient(self.graph, item, by)]
        return Elements((len(items), len(by)), entries)

    def hessian(self, name: str, values: list[Any]) -> Elements:
        """The matrix of second derivatives."""
        by = self.variables(name, values)
        self.charge(len(by) ** 2)
        return Elements((len(by), len(by)), hessian(self.graph, self.scalar(name, values[0]), by))

    def laplacian(self, name: str, values: list[Any]) -> Number:
        """The sum of the second derivatives, of an array element by element."""
        by = self.variables(name, values)
        return self.elementwise(lambda row: laplacian(self.graph, row[0], by), values[:1])

    def divergence(self, name: str, values: list[Any]) -> Number:
        """The sum of the derivatives of each component for its variable."""
        by = self.variables(name, values)
        items = self.components(name, values[0], len(by))
        return self.total(
            ops.add, [derivative(self.graph, *pair) for pair in zip(items, [[x] for x in by], strict=True)]
        )

    def curl(self, name: str, values: list[Any]) -> Elements:
        """The curl of a field in space."""
        by = self.variables(name, values)
        if len(by) != 3:
            self.fail(f"curl is taken in space, for three variables, not {len(by)}", _PLANE)
        f = self.components(name, values[0], 3)

        def turn(i: int, j: int) -> int:
            parts = derivative(self.graph, f[j], [by[i]]), derivative(self.graph, f[i], [by[j]])
            return self.graph.emit(ops.sub, parts)

        return Elements((3,), [turn(1, 2), turn(2, 0), turn(0, 1)])

    # -- matrices

    def square(self, name: str, value: Lowered, limit: int) -> list[Sequence[int]]:
        """The rows of a square matrix."""
        self.check([value])
        shape, items = _parts(value)  # type: ignore[arg-type]
        if len(shape) != 2 or shape[0] != shape[1] or not items:
            self.fail(f"{name} takes a square matrix, not {_what(shape)}", f"{name}([[1, 2], [3, 4]])", 0)
        size = shape[0]
        if size > limit:
            message = f"{name} is written out up to {limit} x {limit}; this matrix is {size} x {size}"
            self.fail(message, "a smaller matrix, or blocks of it", 0)
        return [items[row * size : (row + 1) * size] for row in range(size)]

    def det(self, name: str, values: list[Any]) -> int:
        """The determinant."""
        return matrices.determinant(self.graph, self.square(name, values[0], matrices.DETERMINANT_LIMIT))

    def inv(self, name: str, values: list[Any]) -> Elements:
        """The inverse; of a singular matrix it has no value."""
        rows = self.square(name, values[0], matrices.INVERSE_LIMIT)
        return Elements((len(rows), len(rows)), matrices.inverse(self.graph, rows))

    def trace(self, name: str, values: list[Any]) -> int:
        """The sum along the diagonal."""
        rows = self.square(name, values[0], self.graph.max_nodes)
        return self.total(ops.add, [row[i] for i, row in enumerate(rows)])

    def cross(self, name: str, values: list[Any]) -> Elements:
        """The cross product in space."""
        self.check(values)
        for operand, value in enumerate(values):
            if _parts(value)[0] != (3,):
                hint = "a[0]*b[1] - a[1]*b[0] in the plane"
                self.fail(f"cross takes vectors of three elements, not {_what(_parts(value)[0])}", hint, operand)
        a, b = (_parts(value)[1] for value in values)
        product = partial(self.graph.emit, ops.mul)
        turns = [(product((a[i], b[j])), product((a[j], b[i]))) for i, j in ((1, 2), (2, 0), (0, 1))]
        return Elements((3,), [self.graph.emit(ops.sub, turn) for turn in turns])

    def outer(self, name: str, values: list[Any]) -> Elements:
        """The products of each element with each other."""
        self.check(values)
        a, b = (_parts(value)[1] for value in values)
        self.charge(len(a) * len(b))
        return Elements((len(a), len(b)), [self.graph.emit(ops.mul, (x, y)) for x in a for y in b])

    def softmax(self, name: str, values: list[Any]) -> Elements:
        """Exponentials over their sum."""
        self.check(values)
        shape, items = _parts(values[0])
        if len(shape) != 1 or not items:
            self.fail(
                f"softmax takes an array of one axis, not {_what(shape)}", "softmax([x, y, z]), or softmax(A[0])", 0
            )
        self.charge(len(items) ** 2)
        return Elements(shape, matrices.softmax(self.graph, items))

    # -- arrays of numbers

    def filled(self, name: str, values: list[Any]) -> Number:
        """`zeros` and `ones` of a shape: `zeros(3)`, `zeros(2, 3)`, `zeros((2, 3))`, `zeros([2, 3])`."""
        if len(values) == 1 and isinstance(values[0], Piece):
            values = list(values[0].values)
        elif len(values) == 1 and not isinstance(values[0], int):
            self.check(values)
            values = list(values[0].items)
        shape = self.lengths(name, values)
        self.charge(math.prod(shape))
        return Elements(shape, [self.graph.constant(int(name == "ones"))] * math.prod(shape))

    def eye(self, name: str, values: list[Any]) -> Elements:
        """Ones along the diagonal."""
        rows, columns = self.lengths(name, (values * 2)[:2])
        self.charge(rows * columns)
        zero, one = self.graph.constant(0), self.graph.constant(1)
        return Elements((rows, columns), [one if i == j else zero for i in range(rows) for j in range(columns)])

    def lengths(self, name: str, values: Sequence[Any]) -> Shape:
        """The lengths of the axes of an array."""
        found = [self.rational(value) for value in values]
        if not found or any(length is None or length < 0 or length.denominator != 1 for length in found):
            self.fail(f"the lengths of {name} must be constant integers from 0 on", SPECIAL[name])
        return tuple(int(length) for length in found if length is not None)

    def linspace(self, name: str, values: list[Any]) -> Elements:
        """Numbers at equal distances, both ends included; 50 of them, as NumPy has it, unless told otherwise."""
        first, last = (self.scalar_end(name, value, i) for i, value in enumerate(values[:2]))
        count = self.integer(values[2], "the count of linspace", 2) if len(values) > 2 else 50
        if count < 0:
            self.fail("the count of linspace is a number from 0 on", SPECIAL[name], 2)
        self.charge(count)
        ends = self.rational(first), self.rational(last)
        items = [self.between(first, last, ends, Fraction(i, max(1, count - 1))) for i in range(count)]
        return Elements((count,), items)

    def scalar_end(self, name: str, value: Lowered, operand: int) -> int:
        """An end of a range: one number."""
        self.check([value], operand)
        if not isinstance(value, int):
            self.fail(f"an end of {name} is a number, not an array", SPECIAL[name], operand)
        return value

    def between(self, first: int, last: int, ends: tuple[Fraction | None, Fraction | None], part: Fraction) -> int:
        """A number a part of the way from one to another."""
        if part in (0, 1):
            return last if part else first
        low, high = ends
        if low is not None and high is not None:
            return self.ratio(low + (high - low) * part)
        step = self.graph.emit(ops.mul, (self.ratio(part), self.graph.emit(ops.sub, (last, first))))
        return self.graph.emit(ops.add, (first, step))

    def ratio(self, number: Fraction) -> int:
        """An exact number."""
        numerator = self.graph.constant(str(number.numerator))
        if number.denominator == 1:
            return numerator
        return self.graph.emit(ops.div, (numerator, self.graph.constant(str(number.denominator))))

    def arange(self, name: str, values: list[Any]) -> Elements:
        """Numbers from a start on by a step, the end left out; of integers and quotients, which need no rounding."""
        found = [self.rational(value) for value in values]
        if None in found:
            hint = "arange(0, 1, 1/10) with quotients, or linspace(a, b, n)"
            self.fail("arange takes constant integers and quotients", hint, found.index(None))
        first, last, step = [*([Fraction(0)] if len(found) == 1 else []), *found, Fraction(1)][:3]
        if not step:
            self.fail("the step of arange is not 0", SPECIAL[name], 2)
        count = max(0, math.ceil((last - first) / step))  # type: ignore[operator]
        self.charge(count)
        return Elements((count,), [self.ratio(first + i * step) for i in range(count)])  # type: ignore[operator]

    # -- sums with a counter

    def begin(self, name: str, values: list[Any]) -> int:
        """Both bounds are known: set the counter, or pass over the body."""
        first, last = (self.integer(value, "a bound", i) for i, value in enumerate(values))
        end = self.loops[self.index]
        self.charge(2 * max(0, last - first + 1) * (end - self.index))
        if last < first:
            self.values[end] = self.graph.constant(EMPTY[REDUCTIONS[self.tree[end][1]]])
            self.index = end
            return 0
        loop = Loop(self.index, name, range(first, last + 1), self.names.get(name))
        self.active.append(loop)
        self.names[name] = self.graph.constant(next(loop.counters))
        return 0

    def loop(self, name: str, values: list[Any]) -> Number:
        """The end of the body: once more, or the total."""
        loop = self.active[-1]
        self.check(values[1:], at=1)
        loop.parts.append(values[1])
        counter = next(loop.counters, None)
        if counter is not None:
            self.names[loop.name] = self.graph.constant(counter)
            self.index = loop.begin
            return 0
        self.active.pop()
        if loop.outer is not None:
            self.names[loop.name] = loop.outer
        parts = loop.parts
        return self.apply(REDUCTIONS[name], parts) if len(parts) > 1 else parts[0]


_E = (ops.const, (), "E")
_SMALL = 2**53
_COMMANDS = {"gradient": "grad", "jacobian": "jacobian", "hessian": "hessian"}
"""Derivatives in the language, and the commands that answer the same."""
_PLANE = "diff(g, x) - diff(f, y) for a field [f, g] in the plane"


def _parts(value: Number) -> tuple[Shape, Sequence[int]]:
    """Shape and items."""
    return ((), (value,)) if isinstance(value, int) else (value.shape, value.items)


def _what(shape: Shape) -> str:
    """What has a shape, in words."""
    return f"an array of shape {shapes.shown(shape)}" if shape else "a number"


def _is_condition(value: Lowered) -> bool:
    return isinstance(value, Elements) and value.kind == "condition"


def _chained(tree: Tree) -> dict[int, bool]:
    """The products and quotients far along a chain of them, and whether each ends a group.

    What is built from a chain of many thousand nodes, its derivatives first, costs time for each of them.
    """
    depths: dict[int, int] = {}
    inner = set()
    for index, (kind, _, operands, _) in enumerate(tree):
        if kind in ("mul", "div"):
            depths[index] = depths.get(operands[0], 0) + 1
            inner.add(operands[0])
    return {index: depth % _GROUP == 0 or index not in inner for index, depth in depths.items() if depth > _AS_WRITTEN}


_AS_WRITTEN = 1000
"""Up to which product or quotient of a chain each is a node of its own."""

_GROUP = 16
"""How many factors or divisors are multiplied at once behind it."""

_CALLS: dict[str, tuple[Callable[[Lowering, str, list[Any]], Lowered], *tuple[int, ...]]] = {
    "neg": (Lowering.negate, 1), "pow": (Lowering.power, 2), "root": (Lowering.root, 2), "log": (Lowering.log, 1, 2),
    "where": (Lowering.where, 3), "piecewise": (Lowering.piecewise,), "not": (Lowering.invert, 1),
    **dict.fromkeys(("and", "or"), (Lowering.logical,)), **dict.fromkeys(COMPARISONS, (Lowering.compare, 2)),
    **dict.fromkeys(REDUCTIONS, (Lowering.reduction,)), "mean": (Lowering.mean, 1), "norm": (Lowering.norm,),
    "dot": (Lowering.dot, 2), "transpose": (Lowering.transpose, 1), "heaviside": (Lowering.heaviside, 1, 2),
    "polygamma": (Lowering.polygamma, 2), "diff": (Lowering.derivative,), "subs": (Lowering.substituted,),
    "gradient": (Lowering.gradient,),
    "jacobian": (Lowering.jacobian,), "hessian": (Lowering.hessian,), "laplacian": (Lowering.laplacian,),
    "divergence": (Lowering.divergence,), "curl": (Lowering.curl,), "det": (Lowering.det, 1), "inv": (Lowering.inv, 1),
    "trace": (Lowering.trace, 1), "cross": (Lowering.cross, 2), "outer": (Lowering.outer, 2),
    "softmax": (Lowering.softmax, 1), **dict.fromkeys(("zeros", "ones"), (Lowering.filled,)),
    "eye": (Lowering.eye, 1, 2), "linspace": (Lowering.linspace, 2, 3), "arange": (Lowering.arange, 1, 2, 3),
    **dict.fromkeys((op.name for op in POLYNOMIALS), (Lowering.polynomial,)), "zeta": (Lowering.zeta, 1, 2),
    **{name: (Lowering.written, len(written.operands)) for name, written in WRITTEN.items()},
}  # fmt: skip
"""Functions with a lowering of their own, and how many operands each takes where that is fixed."""


_KINDS: dict[str, Callable[[Lowering, Any, list[Any]], Lowered]] = {
    "number": Lowering.number, "name": lambda lowering, name, values: lowering.names[name],
    "constant": Lowering.constant, "boolean": Lowering.boolean, "add": Lowering.add, "call": Lowering.call,
    "array": Lowering.array, "tuple": lambda lowering, payload, values: Piece(tuple(values)),
    "index": Lowering.subscript, "matmul": Lowering.matmul, "transpose": Lowering.transpose, "begin": Lowering.begin,
    "loop": Lowering.loop,
}  # fmt: skip
"""How each kind of tree node is lowered, by what it holds and the values of its operands; the others are functions."""
