"""Floats as generated Python: a graph as one function, for points that are many and come one after the other.

The same numbers as `floats` gives, bit for bit, some twenty times as fast: a line of Python for each node, operators
where they cannot raise, and the functions of `floats` elsewhere. Large graphs are native code: their functions are
libmvec's and SciPy's; without the extra `fast` they go node by node. Imports floats and, on first use, interpreter.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import installed
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

Function = Callable[..., tuple[float, ...]]
"""Takes a float for each input, in their order; gives one for each output."""

LARGEST = 5_000
"""Above this many nodes native code starts sooner than Python has compiled the source, and is 20 times as fast."""

_INFIX: dict[Op, str] = {
    ops.add: " + ", ops.mul: " * ", ops.sub: " - ", ops.lt: " < ", ops.le: " <= ", ops.gt: " > ", ops.ge: " >= ",
    ops.eq: " == ", ops.same: " == ", ops.ne: " != ",
}  # fmt: skip


def function(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> Function:
    """The outputs as a function of the inputs, over floats. Total: nan and infinities instead of exceptions."""
    needed = graph.needed(outputs)
    if len(needed) > LARGEST:
        return (_natively if installed("llvmlite") else _plainly)(graph, inputs, outputs)
    floats = Floats()
    names: dict[str, Any] = {"div": floats.functions[ops.div]}
    places = {index: f"v{index}" for index in (*needed, *inputs)}
    lines = [f"def function({', '.join(places[i] for i in inputs)}):"]
    for index in needed:
        op, operands, parameter = graph.nodes[index]
        if op is ops.const:
            value = floats.constant(parameter or "")
            places[index] = f"({value!r})" if math.isfinite(value) else f"c{index}"
            names[f"c{index}"] = value
        elif operands:
            names[f"f_{op.name}"] = floats.functions[op]
            lines.append(f"    v{index} = {_expression(op, [places[i] for i in operands])}")
    lines.append(f"    return ({''.join(f'{places[i]}, ' for i in outputs)})")
    exec("\n".join(lines), names)  # made of the graph's own numbers: no text of the user is in it
    return names["function"]  # type: ignore[no-any-return]


def _expression(op: Op, places: Sequence[str]) -> str:
    """An op on operands in Python: an operator where it cannot raise, else a call."""
    if op in _INFIX and 1 < len(places) < 50:
        return _INFIX[op].join(places)
    if op is ops.neg:
        return f"-{places[0]}"
    if op is ops.where:
        return f"{places[1]} if {places[0]} else {places[2]}"
    if op is ops.div:
        return f"{places[0]} / {places[1]} if {places[1]} else div({places[0]}, {places[1]})"
    return f"f_{op.name}({', '.join(places)})"


def _natively(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> Function:
    """The same by native code, whose last digits may be others. For one thread."""
    from gradcalc.arithmetic.native import interpreter

    code = interpreter.compile_point(graph, inputs, outputs)

    def call(*point: float) -> tuple[float, ...]:
        code.numbers[:] = point
        code.run(*code.arguments)
        return tuple(code.results)

    return call


def _plainly(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> Function:
    """The same node by node."""
    floats = Floats()

    def call(*point: float) -> tuple[float, ...]:
        values = floats.evaluate(graph, dict(zip(inputs, point, strict=True)), outputs)
        return tuple(values[index] for index in outputs)

    return call
