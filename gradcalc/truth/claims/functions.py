"""Ops beside the elementary ones of `derivatives`: what they mean, and the values and slopes of those that stand for
themselves: kinks, conditions, functions of python-flint. Imports intervals and graph.

A kink is where the pieces of a continuous function meet. There its slope is between theirs, if an arithmetic is open
(Clarke); else, and at a jump, there is none, so that nothing is proved. No derivative of gradcalc's own table is used.
"""

from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref, copied, rule_graph
from gradcalc.graph.ops import Op
from gradcalc.truth.claims.intervals import Nowhere, Weak, hull

Change = Callable[[Graph, int, Sequence[Ref]], Any]
"""Of a node and its new operands what stands in its place, None if it is the same."""


class Own(Op):
    """An op of the verifier alone, which no formula names."""

    __slots__ = ()


TURN, PICK, DEFINED, EITHER, FUNCTION = (
    Own(name, (), (), doc)
    for name, doc in (
        ("turn", "the slope of abs: -1 or 1"),
        ("pick", "of a, b, c, d what is c where a is below b, else d; a = b is a kink"),
        ("defined", "the first operand, put together from the others; it may lack single values that the op has"),
        ("either", "one of two that are the same"),
        ("function", "a derivative of a function, by its name and order"),
    )
)


def rewritten(graph: Graph, outputs: Sequence[int], change: Change) -> list[Ref]:
    """Nodes once more, some of those that they need changed."""
    place: dict[int, Ref] = {}
    for node in graph.needed(outputs):
        op, operands, parameter = graph.nodes[node]
        refs = [place[i] for i in operands]
        same = graph.emit(op, tuple(ref.index for ref in refs), parameter) if operands else node
        made = change(graph, node, refs)
        place[node] = graph.ref(same) if made is None else made
    return [place[node] for node in outputs]


# -- what ops mean -----------------------------------------------------------------------------------------------------

ELEMENTARY = frozenset((
    ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.powi, ops.pow,
    ops.exp, ops.log, ops.sqrt, ops.sin, ops.cos, ops.atan,
))  # fmt: skip
"""Ops whose values and slopes stand in `derivatives`."""

_MEANT: dict[Op, Callable[..., Any]] = {
    ops.tan: lambda x: ops.sin(x) / ops.cos(x),
    ops.sinh: lambda x: (ops.exp(x) - ops.exp(-x)) / 2,
    ops.cosh: lambda x: (ops.exp(x) + ops.exp(-x)) / 2,
    ops.tanh: lambda x: 1 - 2 / (ops.exp(2 * x) + 1),
    ops.asin: lambda x: ops.atan(x / ops.sqrt(1 - x * x)),
    ops.acos: lambda x: ops.pi / 2 - ops.atan(x / ops.sqrt(1 - x * x)),
    ops.asinh: lambda x: ops.log(x + ops.sqrt(x * x + 1)),
    ops.acosh: lambda x: ops.log(x + ops.sqrt(x * x - 1)),
    ops.atanh: lambda x: (ops.log(1 + x) - ops.log(1 - x)) / 2,
    ops.max: lambda *xs: reduce(ops.max, xs),
    ops.min: lambda *xs: reduce(ops.min, xs),
}
"""What ops mean whose own entry in the table says it by others, or not at all."""


def meaning(graph: Graph, node: int, refs: Sequence[Ref]) -> Ref | None:
    """An op by others, or by python-flint's function; None of one that stands for itself."""
    op, operands, _ = graph.nodes[node]
    if not operands or op is FUNCTION or op in ELEMENTARY or op in VALUES and not (op in _MEANT and len(operands) > 2):
        return None
    define = _MEANT.get(op, op.define)
    indices = [ref.index for ref in refs]
    if define is None:
        return graph.ref(graph.emit(FUNCTION, tuple(indices), f"{op.flint or op.name} 0"))
    source, output = _definition(define, len(refs))
    (made,) = copied(source, [output], graph, dict(enumerate(indices)))
    return graph.ref(made if op in _MEANT else graph.emit(DEFINED, (made, *indices)))


@cache
def _definition(define: Callable[..., Any], count: int) -> tuple[Graph, int]:
    """The graph of a definition, by ops that stand for themselves."""
    source, output = rule_graph(define, count)
    return source, rewritten(source, [output], meaning)[0].index


# -- values ------------------------------------------------------------------------------------------------------------


def _size(on: Any, x: Any) -> Any:
    try:
        return on.sign(x)[0]
    except Weak:
        if not on.is_open:
            raise
        return 0, max(map(abs, x))


def _turn(on: Any, x: Any) -> Any:
    try:
        return on.sign(x)[1]
    except Weak:
        if not on.is_open:
            raise
        return hull(on.whole(-1), on.whole(1))


def _pick(on: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    try:
        return c if on.below(a, b) else d
    except Weak:
        if not on.is_open:
            raise
        return hull(c, d)


def _compared(op: Op) -> Callable[..., bool]:
    """A condition on two numbers, where that is certain."""
    if op in (ops.eq, ops.ne):
        return lambda on, a, b: (on.below(a, b), op is ops.ne)[1]
    return lambda on, a, b: on.below(a, b) == (op in (ops.lt, ops.le))


def _where(on: Any, condition: Any, then: Any, other: Any) -> Any:
    """What is chosen; the other may have no value."""
    chosen = condition if isinstance(condition, Weak) else then if condition is True else other
    if isinstance(chosen, Weak):
        raise chosen
    return chosen


def _defined(on: Any, value: Any, *operands: Any) -> Any:
    """A value; where it has none, that of the op is not known."""
    if isinstance(value, Weak):
        raise next((each for each in operands if isinstance(each, Nowhere)), Weak(str(value)))
    return value


def function(name: str) -> Callable[..., Any]:
    """A function of python-flint, or a name, by its name and order."""
    name, _, order = name.partition(" ")

    def value(on: Any, *xs: Any) -> Any:
        if len(xs) != 1:
            raise Weak(f"{name} is not among the functions that can be verified")
        return on.function(name, int(order), *xs)

    return value


VALUES: dict[Op, Callable[..., Any]] = {
    ops.abs: _size, TURN: _turn, PICK: _pick,
    ops.max: lambda on, a, b: _pick(on, a, b, b, a), ops.min: lambda on, a, b: _pick(on, a, b, a, b),
    ops.sign: lambda on, x: on.sign(x)[1],
    **{op: _compared(op) for op in (ops.lt, ops.le, ops.gt, ops.ge, ops.eq, ops.ne)},
    ops.not_: lambda on, a: not a, ops.and_: lambda on, *xs: all(xs), ops.or_: lambda on, *xs: any(xs),
    ops.where: _where, DEFINED: _defined, EITHER: lambda on, *xs: _where(on, not isinstance(xs[0], Weak), *xs),
}  # fmt: skip
"""Of ops that stand for themselves: in an arithmetic, the value at values of the operands."""
LAZY = frozenset((_where, _defined, VALUES[EITHER]))
"""Those whose operands may have no value: then they are the reason why."""


# -- slopes ------------------------------------------------------------------------------------------------------------


def _function_slope(y: Ref, xs: Sequence[Ref], ds: Sequence[Ref]) -> Any:
    """The next derivative by its order, or what is known of it."""
    name, _, order = (y.graph.nodes[y.index].parameter or "").partition(" ")
    slope = y.graph.ref(y.graph.emit(FUNCTION, tuple(x.index for x in xs), f"{name} {int(order) + 1}"))
    return (EITHER(slope, _BY_NAME[name](*xs)) if order == "0" and name in _BY_NAME else slope) * ds[0]


SLOPES: dict[Op, Callable[..., Any]] = {
    ops.abs: lambda y, xs, ds: TURN(xs[0]) * ds[0],
    ops.max: lambda y, xs, ds: PICK(*xs, ds[1], ds[0]),
    ops.min: lambda y, xs, ds: PICK(*xs, *ds),
    PICK: lambda y, xs, ds: PICK(*xs[:2], *ds[2:]),
    ops.where: lambda y, xs, ds: ops.where(xs[0], *ds[1:]),
    DEFINED: lambda y, xs, ds: DEFINED(ds[0], *xs[1:]), EITHER: lambda y, xs, ds: EITHER(*ds),
    FUNCTION: _function_slope,
}  # fmt: skip
"""The slope of an op by what it is, its operands, and their slopes; of ops that are not here it is 0."""

_BY_NAME: dict[str, Callable[..., Any]] = {
    "erf": lambda x: 2 * ops.exp(-x * x) / ops.sqrt(ops.pi),
    "erfc": lambda x: -2 * ops.exp(-x * x) / ops.sqrt(ops.pi),
    "erfi": lambda x: 2 * ops.exp(x * x) / ops.sqrt(ops.pi),
    "ei": lambda x: ops.exp(x) / x,
    "si": lambda x: ops.sin(x) / x,
    "ci": lambda x: ops.cos(x) / x,
    "shi": lambda x: (ops.exp(x) - ops.exp(-x)) / (2 * x),
    "chi": lambda x: (ops.exp(x) + ops.exp(-x)) / (2 * x),
    "fresnel_s": lambda x: ops.sin(ops.pi * x * x / 2),
    "fresnel_c": lambda x: ops.cos(ops.pi * x * x / 2),
}
"""Slopes of functions by the names that python-flint has for them."""
