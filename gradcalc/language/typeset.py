r"""A formula in LaTeX, from its text: \frac{x}{2} for x/2. What it writes, `latex` reads back as the same formula.

    text ──tokens, syntax──▶ tree ──one description for each kind of node──▶ LaTeX (`format.render` walks it)

Imports format, syntax and tokens.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from gradcalc.errors import GradcalcError
from gradcalc.language.format import (
    ADD,
    AND,
    ATOM,
    COMPARE,
    MUL,
    NOT,
    OR,
    POSTFIX,
    POW,
    Described,
    Part,
    Tree,
    render,
    subscripts,
)
from gradcalc.language.syntax import Parser
from gradcalc.language.tokens import tokenize
from gradcalc.settings import Limits

_LENGTH = 20_000
"""A longer formula is not typeset: no page holds it."""


def latex(text: str) -> str:
    """The LaTeX of a formula of the language; "" of what is none, or too long for a page."""
    if len(text) > _LENGTH:
        return ""
    limits = Limits()
    try:
        tree = Parser(text, tokenize(text, limits.text), limits.depth, set()).run()
    except GradcalcError:
        return ""
    return render(len(tree) - 1, lambda index: _describe(tree, index), None, (r"\left(", r"\right)"))


_words = str.split
_GREEK = frozenset(
    _words(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi chi psi "
        "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
    )
)
_OWN = frozenset(_words("sin cos tan sec csc cot sinh cosh tanh coth log exp max min det"))
"""Functions that LaTeX has a sign for."""
_SAME = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "gamma": "Gamma"}
_CONSTANTS = {"pi": r"\pi", "E": "e", "tau": r"2 \pi", "oo": r"\infty", "EulerGamma": r"\gamma_{E}"}
_SIGNS = {"lt": "<", "le": r"\leq", "gt": ">", "ge": r"\geq", "eq": "=", "same": "=", "ne": r"\neq"}
_FENCES = {
    "abs": (r"\left|", r"\right|"), "floor": (r"\left\lfloor ", r" \right\rfloor"),
    "ceil": (r"\left\lceil ", r" \right\rceil"), "sqrt": (r"\sqrt{", "}"), "cbrt": (r"\sqrt[3]{", "}"),
}  # fmt: skip
_LOGICAL = {"and": (AND, r" \land "), "or": (OR, r" \lor ")}


_FRACTION = POW - 1
"""Tighter than a product, and yet no base of a power."""


def _name(text: str) -> str:
    r"""A variable: Greek letters, an index behind an underscore or of digits, words upright."""
    stem, _, below = text.partition("_")
    if not below and stem.rstrip("0123456789") and stem[-1].isdecimal():
        plain = stem.rstrip("0123456789")
        stem, below = (plain, stem[len(plain) :]) if len(plain) == 1 or plain in _GREEK else (stem, "")
    letters = rf"\{stem}" if stem in _GREEK else stem if len(stem) == 1 else rf"\mathit{{{_escaped(stem)}}}"
    return f"{letters}_{{{_escaped(below)}}}" if below else letters


def _escaped(text: str) -> str:
    return text.replace("_", r"\_")


def _joined(operands: Sequence[int], separator: str, least: int = 0) -> list[Part]:
    parts: list[Part] = []
    for operand in operands:
        parts += [separator, (operand, least)]
    return parts[1:]


def _call(name: str, operands: Sequence[int]) -> Described:
    """A function with its operands in parentheses."""
    known = _SAME.get(name, name)
    sign = rf"\{known}" if known in _OWN or name in _SAME else rf"\operatorname{{{_escaped(name)}}}"
    return ATOM, [rf"{sign}\left(", *_joined(operands, ", "), r"\right)"]


def _number(tree: Tree, payload: str, operands: Sequence[int]) -> Described:
    mantissa, mark, exponent = payload.lower().partition("e")
    if not mark or "x" in mantissa:
        return ATOM, [payload if "x" not in payload.lower() else rf"\mathrm{{{payload}}}"]
    return MUL, [rf"{mantissa} \cdot 10^{{{int(exponent)}}}"]


def _sum(tree: Tree, signs: str, operands: Sequence[int]) -> Described:
    parts: list[Part] = []
    for sign, operand in zip(signs, operands, strict=True):
        parts += [f" {sign} ", (operand, MUL)]
    return ADD, parts[1:]


def _product(tree: Tree, payload: Any, operands: Sequence[int]) -> Described:
    """Factors side by side where the next begins with a letter or a sign of its own, else with a dot between."""
    parts: list[Part] = [(operands[0], MUL)]
    for before, operand in pairwise(operands):
        beside = _opening(tree, operand) in _LETTERS and tree[before][0] in _ENDING
        parts += [" " if beside else r" \cdot ", (operand, _FRACTION)]
    return MUL, parts


_LETTERS = ("name", "constant", "sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "log", "sqrt", "exp")
_ENDING = ("name", "number", "constant", "pow", "call", "mul")


def _opening(tree: Tree, index: int) -> str:
    """What a factor begins with: a kind of node, or the name of a function; `(` of what stands in parentheses."""
    kind, payload, operands, _ = tree[index]
    if kind == "pow":
        kind, payload, _, _ = tree[operands[0]]
    return str(payload) if kind == "call" else "(" if kind in ("add", "mul", "neg", "pow", "div") else kind


def _negative(tree: Tree, payload: Any, operands: Sequence[int]) -> Described:
    """A minus before what is no minus itself; -(a*b) needs no parentheses."""
    return MUL, ["-", (operands[0], _FRACTION if tree[operands[0]][0] == "neg" else MUL)]


def _power(tree: Tree, payload: Any, operands: Sequence[int]) -> Described:
    base, exponent = operands
    return POW, [(base, ATOM), "^{", (exponent, 0), "}"]


def _derivative(tree: Tree, operands: Sequence[int]) -> Described:
    """`diff(f, x, 2, y)`: the names, repeated as often as it is derived for them."""
    function, *by = operands
    names: list[list[str]] = []
    for index in by:
        kind, payload, _, _ = tree[index]
        if kind == "number":
            names[-1][1] = payload
        else:
            names.append([_name(str(payload)), "1"])
    order = sum(int(count) for _, count in names)
    sign = "d" if len(names) == 1 else r"\partial "
    below = " ".join(f"{sign}{name}{_raised(int(count))}" for name, count in names)
    return ATOM, [rf"\frac{{{sign.strip()}{_raised(order)}}}{{{below}}}\left(", (function, 0), r"\right)"]


def _raised(count: int) -> str:
    return "" if count == 1 else f"^{{{count}}}"


def _cases(tree: Tree, rows: Sequence[tuple[int, int | None]]) -> Described:
    r"""Values and their conditions; None for otherwise."""
    parts: list[Part] = [r"\begin{cases} "]
    for count, (value, condition) in enumerate(rows):
        parts += [r" \\ "] if count else []
        parts += [(value, 0), r" & \text{otherwise}" if condition is None else " & "]
        parts += [] if condition is None else [(condition, 0)]
    return ATOM, [*parts, r" \end{cases}"]


def _function(tree: Tree, name: str, operands: Sequence[int]) -> Described:
    """A call: fences, roots, cases and derivatives have a form of their own."""
    if name in _FENCES and len(operands) == 1:
        opening, closing = _FENCES[name]
        return ATOM, [opening, (operands[0], 0), closing]
    if name in _LOGICAL:
        precedence, sign = _LOGICAL[name]
        return precedence, _joined(operands, sign, COMPARE)
    if name == "not":
        return NOT, [r"\lnot ", (operands[0], POSTFIX)]
    if name == "factorial":
        return POSTFIX, [(operands[0], ATOM), "!"]
    if name == "exp" and len(operands) == 1:
        return POW, ["e^{", (operands[0], 0), "}"]
    if name == "diff":
        return _derivative(tree, operands)
    if name == "where":
        return _cases(tree, [(operands[1], operands[0]), (operands[2], None)])
    if name == "piecewise" and all(tree[i][0] == "tuple" for i in operands):
        pairs = [tree[i][2] for i in operands]
        return _cases(tree, [(value, None if tree[c][0] == "boolean" else c) for value, c in pairs])
    return _call(name, operands)


def _comparison(sign: str, tree: Tree, payload: Any, operands: Sequence[int]) -> Described:
    return COMPARE, [(operands[0], ADD), f" {sign} ", (operands[1], ADD)]


_KINDS: dict[str, Callable[[Tree, Any, Sequence[int]], Described]] = {
    "name": lambda tree, name, operands: (ATOM, [_name(name)]),
    "number": _number,
    "constant": lambda tree, name, operands: (ATOM, [_CONSTANTS.get(name, rf"\mathrm{{{name}}}")]),
    "boolean": lambda tree, text, operands: (ATOM, [rf"\mathrm{{{text}}}"]),
    "add": _sum,
    "mul": _product,
    "div": lambda tree, payload, operands: (_FRACTION, [r"\frac{", (operands[0], 0), "}{", (operands[1], 0), "}"]),
    "neg": _negative,
    "pow": _power,
    "call": _function,
    "array": lambda tree, payload, operands: (
        ATOM,
        [r"\begin{bmatrix} ", *_joined(operands, r" \\ "), r" \end{bmatrix}"],
    ),
    "index": lambda tree, shape, operands: (
        POSTFIX,
        [(operands[0], POSTFIX), "_{", *subscripts(shape, operands[1:]), "}"],
    ),
    "matmul": lambda tree, payload, operands: (MUL, [(operands[0], MUL), " ", (operands[1], _FRACTION)]),
    "transpose": lambda tree, payload, operands: (POSTFIX, [(operands[0], POSTFIX), "^{T}"]),
    **{kind: partial(_comparison, sign) for kind, sign in _SIGNS.items()},
}
"""How each kind of node is set; what has no entry is written as a call."""


def _describe(tree: Tree, index: int) -> Described:
    """How a node of a tree is set."""
    kind, payload, operands, _ = tree[index]
    if kind == "begin":
        return ATOM, [f"{_name(payload)}=", (operands[0], 0), "}^{", (operands[1], 0), "}"]
    if kind == "loop":
        sign = {"sum": r"\sum", "prod": r"\prod"}[payload]
        return ADD, [rf"{sign}_{{", (operands[0], 0), " ", (operands[1], MUL)]
    if kind in _KINDS:
        return _KINDS[kind](tree, payload, operands)
    return _function(tree, kind if payload is None else str(payload), operands)
