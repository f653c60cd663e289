"""Text of a formula, from its tree or from a graph. Imports errors, ops and graph.

Both are written by one printer: `describe` says of a node how tightly it binds and of which parts it consists, pieces
of text and operands, and `render` walks them with a stack of its own, adding only the parentheses that the language
needs. What it writes of a graph node, `parse` reads back as the same node.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from gradcalc.errors import Span
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph

Branch = tuple[str, Any, tuple[int, ...], Span]
"""A node of a tree: its kind, what it holds besides operands, the indices of its operands, its place in the text."""

Tree = list[Branch]
"""A formula as it was written: operands before their users, each subtree one run of nodes, the root last."""

OR, AND, NOT, COMPARE, ADD, MUL, NEG, POW, POSTFIX, ATOM = range(10, 101, 10)
"""How tightly each kind of node binds, loosest first, with room between for what a dialect has besides."""

Part = str | tuple[Any, int]
"""A piece of text, or an operand and how tightly it must bind to stand without parentheses.

An operand that is a text already, a name or a number, stands without them.
"""

Described = tuple[int, Sequence[Part]]

_BARE = re.compile(r"[^\W\d](?:\w|[\u0300-\u036f])*(?:\[[\d,]*\])?")
"""A name that stands in a formula as it is; the element of an array."""

COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "same": "==", "ne": "!="}
"""How the language writes each comparison."""


@lru_cache(1024)
def quoted(name: str) -> str:
    """How a name is written in a formula: between backquotes where it is not of letters, digits and underscores."""
    return name if _BARE.fullmatch(name) else f"`{name}`"


def format_node(graph: Graph, index: int, limit: int = 2000) -> str:
    """The text of a graph node, cut with an ellipsis past `limit` characters."""
    return render(index, lambda item: _describe_node(graph, item), limit)


def format_step(graph: Graph, index: int, names: Mapping[int, str], limit: int = 200, whole: bool = True) -> str:
    """The text of a graph node by the names of nodes that it is made from; `whole` keeps it from being one itself."""

    def describe(item: Any) -> Described:
        own = index if item is None else item
        return (ATOM, [names[own]]) if item in names else _describe_node(graph, own, names)

    return render(None if whole else index, describe, limit)


def format_tree(tree: Tree, limit: int | None = None) -> str:
    """The canonical text of a tree: its arrays, sums and names as they were written, spellings and spaces made one."""
    return render(len(tree) - 1, lambda index: _describe_branch(tree, index), limit)


def render(
    root: Any, describe: Callable[[Any], Described], limit: int | None, around: tuple[str, str] = ("(", ")")
) -> str:
    """The text of `root` and all below it, in time linear in its length; `around` are the parentheses."""
    opening, closing = around
    pieces: list[str] = []
    length = 0
    stack: list[Part] = [(root, 0)]
    while stack:
        part = stack.pop()
        own, least = (part, 0) if isinstance(part, str) else part
        if isinstance(own, str):
            pieces.append(own)
            length += len(own)
            if limit is not None and length > limit:
                return "".join(pieces)[:limit] + "…"
            continue
        precedence, parts = describe(own)
        if precedence < least:
            stack.append(closing)
            stack.extend(reversed(parts))
            stack.append(opening)
        else:
            stack.extend(reversed(parts))
    return "".join(pieces)


def _joined(operands: Sequence[Any], separator: str, least: int = 0) -> list[Part]:
    """The operands with a separator between them."""
    parts: list[Part] = []
    for operand in operands:
        parts += [separator, (operand, least)]
    return parts[1:]


def _call(name: str, operands: Sequence[Any]) -> Described:
    return ATOM, [f"{name}(", *_joined(operands, ", "), ")"]


def _sum(terms: Sequence[Part], signs: str) -> Described:
    """A chain of terms, each added or subtracted."""
    parts: list[Part] = []
    for term, sign in zip(terms, signs, strict=True):
        parts += [f" {sign} ", term]
    return ADD, parts[1:]


def _operation(kind: str, operands: Sequence[Any], first_is_product: bool = False) -> Described:
    """An op that the language writes with a sign, or else as a call."""
    if kind in COMPARISONS:
        return COMPARE, [(operands[0], ADD), f" {COMPARISONS[kind]} ", (operands[1], ADD)]
    if kind == "mul" and len(operands) > 1:
        first = (operands[0], NEG if first_is_product else MUL)
        return MUL, [first, "*", *_joined(operands[1:], "*", NEG)]
    if kind == "div":
        return MUL, [(operands[0], MUL), "/", (operands[1], NEG)]
    if kind == "neg":
        return NEG, ["-", (operands[0], POW)]
    if kind in ("pow", "powi"):
        return POW, [(operands[0], POSTFIX), "**", (operands[1], POW)]
    if kind == "and":
        return AND, _joined(operands, " & ", POSTFIX)
    if kind == "or":
        return OR, _joined(operands, " | ", POSTFIX)
    if kind == "not":
        return NOT, ["~", (operands[0], POSTFIX)]
    return _call(kind, operands)


# -- graphs ----------------------------------------------------------------------------------------------------------


def _describe_node(graph: Graph, index: int, names: Collection[int] = ()) -> Described:
    """How a graph node is written; minus is not drawn out of terms that are written by their names."""
    op, operands, parameter = graph.nodes[index]
    if not operands:
        text = quoted(parameter or "") if op is ops.input_ else parameter or ""
        return (NEG if text.startswith("-") else ATOM), [text]
    if op is ops.add and len(operands) > 1:
        return _graph_sum(graph, operands, names)
    if op is ops.sub:
        return _sum([(i, MUL) for i in operands], "+-")
    return _operation(op.name, operands, graph.nodes[operands[0]].op is ops.mul)


def _graph_sum(graph: Graph, operands: Sequence[int], names: Collection[int]) -> Described:
    """A sum; from three terms on, negative ones are subtracted (`a - b` alone is another op)."""
    terms: list[Part] = [(operands[0], MUL)]
    signs = "+"
    for index in operands[1:]:
        node = graph.nodes[index]
        number = graph.number(index)
        subtracted = len(operands) > 2 and (
            node.op is ops.neg and index not in names or (number is not None and number < 0)
        )
        signs += "-" if subtracted else "+"
        if not subtracted:
            terms.append((index, MUL))
        elif number is not None:
            terms.append(str(-number))
        else:
            terms.append((node.operands[0], MUL))
    return _sum(terms, signs)


# -- trees -----------------------------------------------------------------------------------------------------------


def _describe_branch(tree: Tree, index: int) -> Described:
    """How a node of a tree is written."""
    kind, payload, below, _ = tree[index]
    if kind in _LEAVES:
        return ATOM, [_leaf(tree, index)]
    operands = [_leaf(tree, i) for i in below]
    if kind == "add":
        return _sum([(i, MUL) for i in operands], payload)
    if kind == "call":
        return _operation(payload, operands) if payload in ("and", "or", "not") else _call(payload, operands)
    if kind == "array":
        return ATOM, ["[", *_joined(operands, ", "), "]"]
    if kind == "tuple":
        return ATOM, ["(", *_joined(operands, ", "), ")"]
    if kind == "transpose":
        return POSTFIX, [(operands[0], POSTFIX), ".T"]
    if kind == "index":
        return POSTFIX, [(operands[0], POSTFIX), "[", *subscripts(payload, operands[1:]), "]"]
    if kind == "matmul":
        return MUL, [(operands[0], MUL), " @ ", (operands[1], NEG)]
    if kind == "begin":
        return ATOM, [f"{payload}=", (operands[0], 0), "..", (operands[1], 0)]
    if kind == "loop":
        return _call(payload, operands)
    return _operation(kind, operands, tree[below[0]][0] == "mul")


_LEAVES = frozenset({"name", "number", "constant", "boolean"})


def _leaf(tree: Tree, index: int) -> Any:
    """The text of a leaf; the index of what is none."""
    kind, payload, _, _ = tree[index]
    if kind == "name":
        return quoted(payload)
    return str(payload) if kind in _LEAVES else index


def subscripts(shape: Sequence[tuple[bool, ...]], operands: Sequence[Any]) -> list[Part]:
    """What stands in the brackets of an index: for each axis, which of the parts of a slice are written."""
    parts: list[Part] = []
    rest = iter(operands)
    for axis, written in enumerate(shape):
        if axis:
            parts.append(", ")
        for position, is_written in enumerate(written):
            if position:
                parts.append(":")
            if is_written:
                parts.append((next(rest), 0))
    return parts
