r"""A formula in LaTeX, from its text: \frac{x}{2} for x/2; and in MathML. `latex` reads the LaTeX back as the same.

    text ──tokens, syntax──▶ tree ──one description for each kind of node──▶ LaTeX or MathML (`format.render` walks it)

What constructs look like in each is in the tables of `notation`. Imports format, notation, syntax and tokens.
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
from gradcalc.language.notation import LATEX, MATHML, Notation
from gradcalc.language.syntax import Parser
from gradcalc.language.tokens import tokenize
from gradcalc.settings import Limits

_LENGTH = 20_000
"""A longer formula is not typeset: no page holds it."""


class Typesetter:
    """Called with a formula of the language it gives its LaTeX; "" of what is none, or too long for a page.

    Args:
        known: the LaTeX of the formula, where somebody else has set it.
    """

    __slots__ = ("given",)

    def __init__(self, known: str = "") -> None:
        self.given = known

    def __call__(self, text: str) -> str:
        """The LaTeX of a formula, or of an equation."""
        return self.given or _equation(text, LATEX, " = ")

    def mathml(self, text: str) -> str:
        """The same as MathML, without the `math` around it."""
        return _equation(text, MATHML, "<mo>=</mo>")

    def known(self, latex: str) -> "Typesetter":
        """The typesetter of one formula whose LaTeX is known, if it is."""
        return Typesetter(latex) if latex else self


def _equation(text: str, notation: Notation, equals: str) -> str:
    """The sides of an equation, or the one formula."""
    sides = [_typeset(side, notation) for side in text.split(" = ")]
    return equals.join(sides) if all(sides) else ""


def _typeset(text: str, notation: Notation) -> str:
    if len(text) > _LENGTH:
        return ""
    limits = Limits()
    try:
        tree = Parser(text, tokenize(text, limits.text), limits.depth, set()).run()
    except GradcalcError:
        return ""
    around = notation.open, notation.close
    return render(len(tree) - 1, lambda index: _describe(notation, tree, index), None, around)


_FRACTION = POW - 1
"""Tighter than a product, and yet no base of a power."""
_FENCES = ("abs", "floor", "ceil", "sqrt", "cbrt")
_LOGICAL = {"and": AND, "or": OR}
_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "same", "ne")


def _set(notation: Notation, mark: str, *operands: Part) -> list[Part]:
    """Operands with a mark around and between them; what is between two comes again where there are more."""
    first, *between, last = notation.marks[mark]
    between += between[-1:] * (len(operands) - 1 - len(between))
    parts: list[Part] = [first]
    for operand, text in zip(operands, [*between[: len(operands) - 1], last], strict=True):
        parts += [operand, text]
    return parts


def _call(notation: Notation, name: str, operands: Sequence[int]) -> Described:
    """A function with its operands in parentheses."""
    return ATOM, [notation.function(name), *_set(notation, "arguments", *((i, 0) for i in operands))]


def _number(notation: Notation, tree: Tree, payload: str, operands: Sequence[int]) -> Described:
    mantissa, mark, exponent = payload.lower().partition("e")
    if not mark or "x" in mantissa:
        return ATOM, [notation.upright(payload) if "x" in payload.lower() else notation.number(payload)]
    return MUL, _set(notation, "scientific", notation.number(mantissa), notation.number(str(int(exponent))))


def _sum(notation: Notation, tree: Tree, signs: str, operands: Sequence[int]) -> Described:
    parts: list[Part] = []
    for sign, operand in zip(signs, operands, strict=True):
        parts += [notation.marks["plus" if sign == "+" else "minus"][1], (operand, MUL)]
    return ADD, parts[1:]


def _product(notation: Notation, tree: Tree, payload: Any, operands: Sequence[int]) -> Described:
    """Factors side by side where the next begins with a letter or a sign of its own, else with a dot between."""
    parts: list[Part] = [(operands[0], MUL)]
    for before, operand in pairwise(operands):
        beside = _opening(tree, operand) in _LETTERS and tree[before][0] in _ENDING
        parts += [notation.marks["beside" if beside else "dot"][1], (operand, _FRACTION)]
    return MUL, parts


_LETTERS = ("name", "constant", "sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "log", "sqrt", "exp")
_ENDING = ("name", "number", "constant", "pow", "call", "mul")


def _opening(tree: Tree, index: int) -> str:
    """What a factor begins with: a kind of node, or the name of a function; `(` of what stands in parentheses."""
    kind, payload, operands, _ = tree[index]
    if kind == "pow":
        kind, payload, _, _ = tree[operands[0]]
    return str(payload) if kind == "call" else "(" if kind in ("add", "mul", "neg", "pow", "div") else kind


def _negative(notation: Notation, tree: Tree, payload: Any, operands: Sequence[int]) -> Described:
    """A minus before what is no minus itself; -(a*b) needs no parentheses."""
    return MUL, _set(notation, "negative", (operands[0], _FRACTION if tree[operands[0]][0] == "neg" else MUL))


def _power(notation: Notation, tree: Tree, payload: Any, operands: Sequence[int]) -> Described:
    base, exponent = operands
    return POW, _set(notation, "power", (base, ATOM), (exponent, 0))


def _fraction(notation: Notation, tree: Tree, payload: Any, operands: Sequence[int]) -> Described:
    return _FRACTION, _set(notation, "fraction", *((i, 0) for i in operands))


def _derivative(notation: Notation, tree: Tree, operands: Sequence[int]) -> Described:
    """`diff(f, x, 2, y)`: the names, repeated as often as it is derived for them."""
    function, *by = operands
    names: list[list[str]] = []
    for index in by:
        kind, payload, _, _ = tree[index]
        if kind == "number":
            names[-1][1] = payload
        else:
            names.append([notation.name(str(payload)), "1"])
    order = sum(int(count) for _, count in names)
    sign, before = notation.marks["d" if len(names) == 1 else "partial"]
    below = notation.marks["beside"][1].join(before + _raised(notation, name, int(count)) for name, count in names)
    return ATOM, _set(notation, "derivative", _raised(notation, sign, order), below, (function, 0))


def _raised(notation: Notation, base: str, count: int) -> str:
    first, between, last = notation.marks["power"]
    return base if count == 1 else f"{first}{base}{between}{notation.number(str(count))}{last}"


def _cases(notation: Notation, tree: Tree, rows: Sequence[tuple[int, int | None]]) -> Described:
    """Values and their conditions; None for otherwise."""
    first, between, last = notation.marks["cases"]
    parts: list[Part] = []
    for value, condition in rows:
        parts.append(between)
        if condition is None:
            parts += _set(notation, "otherwise", (value, 0))
        else:
            parts += _set(notation, "case", (value, 0), (condition, 0))
    return ATOM, [first, *parts[1:], last]


def _function(notation: Notation, tree: Tree, name: str, operands: Sequence[int]) -> Described:
    """A call: fences, roots, cases and derivatives have a form of their own."""
    if name in _FENCES and len(operands) == 1:
        return ATOM, _set(notation, name, (operands[0], 0))
    if name in _LOGICAL:
        return _LOGICAL[name], _set(notation, name, *((i, COMPARE) for i in operands))
    if name == "not":
        return NOT, _set(notation, name, (operands[0], POSTFIX))
    if name == "factorial":
        return POSTFIX, _set(notation, name, (operands[0], ATOM))
    if name == "exp" and len(operands) == 1:
        return POW, _set(notation, "power", notation.constants["E"], (operands[0], 0))
    if name == "diff":
        return _derivative(notation, tree, operands)
    if name == "where":
        return _cases(notation, tree, [(operands[1], operands[0]), (operands[2], None)])
    if name == "piecewise" and all(tree[i][0] == "tuple" for i in operands):
        pairs = [tree[i][2] for i in operands]
        return _cases(notation, tree, [(value, None if tree[c][0] == "boolean" else c) for value, c in pairs])
    return _call(notation, name, operands)


def _comparison(mark: str, notation: Notation, tree: Tree, payload: Any, operands: Sequence[int]) -> Described:
    return COMPARE, _set(notation, mark, (operands[0], ADD), (operands[1], ADD))


def _index(notation: Notation, tree: Tree, shape: Any, operands: Sequence[int]) -> Described:
    first, between, last = notation.marks["index"]
    written = [p if not isinstance(p, str) else notation.separator(p) for p in subscripts(shape, operands[1:])]
    return POSTFIX, [first, (operands[0], POSTFIX), between, *written, last]


def _matmul(notation: Notation, tree: Tree, payload: Any, operands: Sequence[int]) -> Described:
    return MUL, _set(notation, "beside", (operands[0], MUL), (operands[1], _FRACTION))


_KINDS: dict[str, Callable[[Notation, Tree, Any, Sequence[int]], Described]] = {
    "name": lambda notation, tree, name, operands: (ATOM, [notation.name(name)]),
    "number": _number,
    "constant": lambda notation, tree, name, operands: (
        ATOM,
        [notation.constants.get(name) or notation.upright(name)],
    ),
    "boolean": lambda notation, tree, text, operands: (ATOM, [notation.upright(text)]),
    "add": _sum,
    "mul": _product,
    "div": _fraction,
    "neg": _negative,
    "pow": _power,
    "call": _function,
    "array": lambda notation, tree, payload, operands: (ATOM, _set(notation, "vector", *((i, 0) for i in operands))),
    "index": _index,
    "matmul": _matmul,
    "transpose": lambda notation, tree, payload, operands: (
        POSTFIX,
        _set(notation, "transpose", (operands[0], POSTFIX)),
    ),
    **{kind: partial(_comparison, kind) for kind in _COMPARISONS},
}
"""How each kind of node is set; what has no entry is written as a call."""


def _describe(notation: Notation, tree: Tree, index: int) -> Described:
    """How a node of a tree is set."""
    kind, payload, operands, _ = tree[index]
    if kind == "begin":
        return ATOM, _set(notation, "from", notation.name(payload), (operands[0], 0), (operands[1], 0))
    if kind == "loop":
        return ADD, _set(notation, payload, (operands[0], 0), (operands[1], MUL))
    if kind in _KINDS:
        return _KINDS[kind](notation, tree, payload, operands)
    return _function(notation, tree, kind if payload is None else str(payload), operands)


latex = Typesetter()
mathml = latex.mathml
