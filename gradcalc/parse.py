"""Text to graph, with the place of every node in the text. Imports errors, ops, graph and format.

Text is data: it is cut into tokens, put into a tree by operator precedence with a stack of its own, and lowered to
graph nodes, arrays expanded to scalars. Nothing is evaluated, nothing recurses, and time is linear in the text. The
graph holds what the user wrote: no op is simplified away, so that an undefined part stays undefined.
"""

import keyword
import math
import operator
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple, NoReturn

from gradcalc import ops
from gradcalc.errors import ExpressionError, GradcalcError, LimitError, Span, did_you_mean
from gradcalc.format import ADD, AND, COMPARE, COMPARISONS, MUL, NEG, NOT, OR, POSTFIX, POW, Tree, format_tree
from gradcalc.graph import Graph
from gradcalc.ops import Op


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an expression may be: characters of text, nesting, nodes of its graph."""

    text: int = 1_000_000
    depth: int = 200
    nodes: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar or an array of graph nodes, row by row; the shape () is a scalar."""

    graph: Graph
    shape: tuple[int, ...]
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed expression.

    Attributes:
        text: as the user wrote it.
        graph: its graph; the inputs of an array `x` are named `x[0]`, `x[1]`, of a matrix `x[0,0]`.
        output: the node of its value.
        variables: its free names in order of first appearance, as input nodes.
        spans: where each of its names first stands.
    """

    text: str
    graph: Graph
    output: int
    variables: dict[str, Value]
    spans: dict[str, Span]
    tree: Tree = field(repr=False)

    @property
    def canonical(self) -> str:
        """The formula in canonical spelling, arrays and sums kept whole."""
        return format_tree(self.tree)


Shape = tuple[int, ...]
DEFAULT_LIMITS = Limits()


def parse(
    text: str,
    *,
    shapes: Mapping[str, Shape] | None = None,
    let: Mapping[str, Value] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Formula:
    """Read a formula.

    Args:
        shapes: the shape of each variable; free names it does not hold are scalars.
        let: values of names that are no variables, put in before exponents are classified.

    Raises:
        ExpressionError: the text is no scalar expression of the language.
        LimitError: it is larger than `limits` allows.
    """
    shapes, let = dict(shapes or {}), dict(let or {})
    parser = _Parser(text, _tokens(text, limits), limits, {*shapes, *let})
    tree = parser.run()
    graph = Graph(limits.nodes)
    lowering = _Lowering(text, parser, graph, limits)
    variables: dict[str, Value] = {}
    with lowering.located(None):
        for name, span in parser.names.items():
            if name in let:
                lowering.names[name] = _contents(_copied(let[name], graph))
            else:
                graph.span = span
                variables[name] = _variable(graph, name, shapes.get(name, ()))
                lowering.names[name] = _contents(variables[name])
    value = lowering.run()
    return Formula(text, graph, lowering.scalar(value), variables, parser.names, tree)


def parse_value(text: str, limits: Limits = DEFAULT_LIMITS, names: Mapping[str, Value] | None = None) -> Value:
    """Read a constant expression, such as `pi/4` or `[1, 2]`, into a graph of its own."""
    return _constant_value(text, _tokens(text, limits), limits, names or {})


def parse_bindings(text: str, limits: Limits = DEFAULT_LIMITS) -> dict[str, Value]:
    """Read `x=2,y=[1,2],z=pi/4`: names and constant expressions."""
    tokens = _tokens(text, limits)
    values: dict[str, Value] = {}
    for first, last in _pieces(tokens):
        name = _bound_name(text, tokens, first, last)
        if name in values:
            _fail(f"{name} has a value already", text, _token_span(tokens[first]), "give each name one value")
        values[name] = _constant_value(text, tokens.part(first + 2, last), limits, {})
    return values


def _constant_value(text: str, tokens: "_Tokens", limits: Limits, names: Mapping[str, Value]) -> Value:
    """Parse and lower tokens that hold no variable."""
    parser = _Parser(text, tokens, limits, set(names))
    parser.run()
    graph = Graph(limits.nodes)
    lowering = _Lowering(text, parser, graph, limits)
    for name, span in parser.names.items():
        if name not in names:
            guess = did_you_mean(name, [*CONSTANTS, *names])
            _fail(f"{name} has no value here", text, span, guess or "a number, such as 0.5, 1/3 or pi/4")
        with lowering.located(span):
            lowering.names[name] = _contents(_copied(names[name], graph))
    value = lowering.run()
    lowering.check_numbers(value)
    shape, items = _parts(value)
    return Value(graph, shape, tuple(items))


def _pieces(tokens: "_Tokens") -> list[tuple[int, int]]:
    """The ranges of tokens between the commas that stand in no brackets."""
    ranges, first, depth = [], 0, 0
    for position, word in enumerate(tokens.words):
        depth += (word in OPENING) - (word in CLOSING)
        if not word or (word == "," and depth <= 0):
            ranges.append((first, position))
            first = position + 1
    return ranges


def _bound_name(text: str, tokens: "_Tokens", first: int, last: int) -> str:
    """The name that a binding gives a value to."""
    token, sign = tokens[first], tokens[min(first + 1, last)]
    example = "write x=2, and commas between several"
    if first == last:
        _fail("a binding is missing", text, (token.start, token.start + 1), example)
    if token.kind != "name":
        _fail("a binding begins with a name", text, _token_span(token), example)
    _check_name(text, token)
    if first + 1 == last:
        _fail(f"{token.text} has no value", text, _token_span(token), f"{token.text}=2")
    if sign.text == "[":
        _fail("an array is given as a whole", text, _token_span(sign), f"{token.text}=[1, 2, 3]")
    if sign.text != "=":
        _fail(f"an equals sign is missing after {token.text}", text, _token_span(sign), f"{token.text}=2")
    if first + 2 == last:
        _fail(f"{token.text} has no value", text, _token_span(sign), f"{token.text}=2")
    return token.text


def _fail(message: str, text: str, span: Span | None, hint: str | None = None) -> NoReturn:
    raise ExpressionError(message, text=text, span=span, hint=hint)


# -- words of the language -------------------------------------------------------------------------------------------

CONSTANTS = {
    "pi": "pi", "π": "pi", "e": "E", "E": "E", "tau": "tau", "EulerGamma": "EulerGamma", "Catalan": "Catalan",
    "GoldenRatio": "GoldenRatio", "nan": "nan", "NaN": "nan", "oo": "oo", "inf": "oo", "Infinity": "oo", "∞": "oo",
}  # fmt: skip
"""Every spelling of a named constant, to the text its node holds."""

SPECIAL = {
    "sum": "sum(array) or sum(i=1..n, body)", "prod": "prod(array) or prod(i=1..n, body)", "mean": "mean(array)",
    "dot": "dot(a, b)", "norm": "norm(array)", "root": "root(x, n)", "log": "log(x) or log(x, base)",
    "piecewise": "piecewise((a, x < 0), (b, x < 1), c)", "and": "p & q", "or": "p | q", "not": "~p",
    "heaviside": "heaviside(x)", "polygamma": "polygamma(n, x)", "transpose": "A.T",
}  # fmt: skip
"""Functions whose lowering is their own, beside the ops of the table, and how each is written."""

SPELLINGS = {
    **ops.ALIASES, "norm": "norm", "Piecewise": "piecewise", "ITE": "where", "And": "and", "Or": "or", "Not": "not",
    "Eq": "eq", "Ne": "ne", "Lt": "lt", "Le": "le", "Gt": "gt", "Ge": "ge",
}  # fmt: skip

FUNCTIONS: dict[str, str] = {
    **{name: name for name, entry in ops.TABLE.items() if not entry.internal}, **{name: name for name in SPECIAL}, **SPELLINGS,
}  # fmt: skip
"""Every spelling of a function, to its name."""

LETTERS_TOO = frozenset({"beta", "gamma", "zeta", "psi"})
"""Functions whose names are Greek letters: without parentheses they are variables."""

GLUED = re.compile(
    r"(a?(?:sin|cos|tan)h?|arc(?:sin|cos|tan)h?|ln|log|exp|sqrt|cbrt|abs)(\d*[xyztuv]\d*|\d*theta|\d*[θφ])"
)
"""A function with its operand written on: `sinx`."""

INFIX = {
    "or": (OR, "or"), "|": (OR, "or"), "∨": (OR, "or"), "and": (AND, "and"), "&": (AND, "and"), "∧": (AND, "and"),
    "<": (COMPARE, "lt"), "<=": (COMPARE, "le"), "≤": (COMPARE, "le"), ">": (COMPARE, "gt"), ">=": (COMPARE, "ge"),
    "≥": (COMPARE, "ge"), "==": (COMPARE, "eq"), "!=": (COMPARE, "ne"), "≠": (COMPARE, "ne"),
    "+": (ADD, "add"), "-": (ADD, "add"), "−": (ADD, "add"), "*": (MUL, "mul"), "×": (MUL, "mul"), "·": (MUL, "mul"),
    "⋅": (MUL, "mul"), "∙": (MUL, "mul"), "∗": (MUL, "mul"), "/": (MUL, "div"), "÷": (MUL, "div"), "∕": (MUL, "div"),
    "%": (MUL, "mod"), "@": (MUL, "matmul"), "**": (POW, "pow"), "^": (POW, "pow"),
}  # fmt: skip
PREFIX = {
    "-": (NEG, "neg"),
    "−": (NEG, "neg"),
    "~": (NOT, "not"),
    "¬": (NOT, "not"),
    "not": (NOT, "not"),
    "√": (POSTFIX, "sqrt"),
    "∛": (POSTFIX, "cbrt"),
}
MINUS = frozenset("-−")
WORDS = frozenset({"and", "or", "not"})
OPENING, CLOSING = frozenset("(["), frozenset(")]")
PARTNER = {"(": ")", "[": "]", "|": "|"}

REFUSED = {
    "=": "== compares; a name gets its value in a binding, such as --at x=2",
    "&&": "p & q", "||": "p | q, or |a| with a space between bars", "//": "floor(a/b)", "<<": "a*2**n", ">>": "floor(a/2**n)",
    "<>": "a != b", "=<": "a <= b", "=>": "a >= b", ":=": "a binding, such as --let x=2", "->": "the expression alone",
    "?": "where(condition, a, b)", ";": "one expression at a time; elements are separated by commas",
    "{": "round parentheses ( )", "}": "round parentheses ( )", "\\": "sin(x), sqrt(x), (a)/(b) instead of LaTeX commands",
    "'": "numbers and names only: text has no place in a formula", '"': "numbers and names only: text has no place in a formula",
    "`": "numbers and names only: text has no place in a formula", "$": "the expression without $", "#": "the expression without comments",
    "+-": "a + b or a - b", "...": "i=1..n with two dots",
}  # fmt: skip
"""What is no sign of the language though one may think so, and what to write instead."""

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


# -- tokens ----------------------------------------------------------------------------------------------------------


class Token(NamedTuple):
    """A number, name, sign or superscript of the text, and where it starts."""

    kind: str
    text: str
    start: int


class _Tokens:
    """All tokens of a text, the last one its end. Kept in columns: a long text has a million of them."""

    __slots__ = ("kinds", "starts", "words")

    def __init__(self, kinds: list[str], words: list[str], starts: list[int]) -> None:
        self.kinds = kinds
        self.words = words
        self.starts = starts

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, position: int) -> Token:
        """The token there; past the end it is the end."""
        position = min(position, len(self.words) - 1)
        return Token(self.kinds[position], self.words[position], self.starts[position])

    def part(self, first: int, last: int) -> "_Tokens":
        """The tokens of a range, and an end."""
        words, starts = self.words[first:last], self.starts[first : last + 1]
        return _Tokens([*self.kinds[first:last], "end"], [*words, ""], starts)


_TOKEN = re.compile(
    r"""\s*(?:
    (?P<name>[^\W\d⁰¹²³⁴⁵⁶⁷⁸⁹](?:[^\W⁰¹²³⁴⁵⁶⁷⁸⁹]|[\u0300-\u036f])*)
    |(?P<number>0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?[0-9]+
        |(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<sign>\*\*|==|!=|<=|>=|\.\.|[-+*/^%@()\[\],|!&~<>=:.√∛∞×·⋅∙∗−÷∕≤≥≠∧∨¬])
    |(?P<super>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
    |(?P<end>\Z)
    |(?P<wrong>(?s:.))
    )""",
    re.VERBOSE,
)
_KINDS = ("wrong", "name", "number", "sign", "super", "end", "wrong")


def _tokens(text: str, limits: Limits) -> _Tokens:
    """Cut a text into tokens; the last one is its end."""
    if len(text) > limits.text:
        message = f"the text has {len(text):,} characters, more than {limits.text:,}"
        raise LimitError(message, hint="--max-text raises the limit")
    kinds: list[str] = []
    words: list[str] = []
    starts: list[int] = []
    for match in _TOKEN.finditer(text):  # this loop is much of a long text's time
        group = match.lastindex or 0
        kind, word = _KINDS[group], match[group]
        if kind == "wrong":
            _refuse_sign(text, word, match.start(group))
        if kind == "name" and not word.isascii():
            word = _plain_name(text, word, match.start(group))
        kinds.append(kind)
        words.append(word)
        starts.append(match.start(group))
        if kind == "end":
            break
    return _Tokens(kinds, words, starts)


def _refuse_sign(text: str, sign: str, start: int) -> NoReturn:
    """An error for a character that the language does not have."""
    shown = repr(sign) if sign.isprintable() else f"U+{ord(sign):04X}"
    _fail(f"{shown} has no meaning in a formula", text, (start, start + 1), REFUSED.get(sign, "remove it"))


def _plain_name(text: str, word: str, start: int) -> str:
    """A name in the one form that all its spellings share (Unicode's NFKC)."""
    span = (start, start + len(word))
    if any(unicodedata.decomposition(c).startswith("<super>") for c in word):
        _fail("a raised letter is no part of a name", text, span, "x^n")
    plain = unicodedata.normalize("NFKC", word)
    if not plain.isidentifier():
        _fail(f"{word} is not a name", text, span, "letters, digits and underscores")
    return plain


def _check_name(text: str, token: Token) -> None:
    """Refuse what Python keeps for itself."""
    name = token.text
    if name.startswith("__"):
        _fail(f"{name} is not a name", text, _token_span(token), "a name that begins with a letter")
    if keyword.iskeyword(name):
        hints = {"if": "where(condition, a, b)", "else": "where(condition, a, b)", "lambda": "λ or lam"}
        _fail(
            f"{name} is a word of Python, not a name",
            text,
            _token_span(token),
            hints.get(name, f"another name, such as {name}_"),
        )


def _token_span(token: Token) -> Span:
    return token.start, token.start + max(1, len(token.text))


# -- tokens to tree --------------------------------------------------------------------------------------------------


class Operand(NamedTuple):
    """A finished node of the tree, and the extent of its text, parentheses included."""

    node: int
    left: int
    right: int


class Pending:
    """What waits for its right operand: an operator, a chain of terms or factors, or an open bracket (precedence 0)."""

    payload = ""  # of a call, the name of its function
    name = ""  # of a loop, its counter
    power = ""  # of a call such as sin^2(x), its exponent
    signs: list[str]  # of a sum, for each of its terms
    axes: list[list[bool]]  # of an index, for each axis which parts of a slice are written

    def __init__(self, precedence: int, kind: str, left: int, nests: int = 0) -> None:
        self.precedence = precedence
        self.kind = kind
        self.left = left
        self.nests = nests
        self.operands: list[int] = []


class _Parser:
    """Operator precedence with explicit stacks: `pending` holds what waits, `operands` what is finished."""

    def __init__(self, text: str, tokens: _Tokens, limits: Limits, shadowing: set[str]) -> None:
        self.text = text
        self.tokens = tokens
        self.limits = limits
        self.shadowing = shadowing
        self.tree: Tree = []
        self.loops: dict[int, int] = {}
        self.names: dict[str, Span] = {}
        self.bound: dict[str, int] = {}
        self.operands: list[Operand] = []
        self.pending: list[Pending] = [Pending(0, "", 0)]
        self.depth = 0
        self.position = 0

    def run(self) -> Tree:
        """The tree of the whole text."""
        tokens = self.tokens
        if len(tokens) == 1:
            self.fail("there is no expression", tokens[0], "x**2 + 1")
        kinds, words, starts, new = tokens.kinds, tokens.words, tokens.starts, tuple.__new__
        wants_operand = True
        while True:
            position = self.position
            token = new(Token, (kinds[position], words[position], starts[position]))
            self.position = position + 1
            if wants_operand:
                wants_operand = self.operand(token) if token[0] != "number" else self.number(token)
            elif token.kind == "end":
                break
            else:
                wants_operand = self.operator(token)
        self.reduce(1)
        if self.pending[-1].kind:
            self.fail_unclosed(self.pending[-1])
        return self.tree

    def fail(self, message: str, token: Token, hint: str | None = None) -> NoReturn:
        _fail(message, self.text, _token_span(token), hint)

    def fail_unclosed(self, bracket: Pending) -> NoReturn:
        """An error for a bracket without its partner, at the one that opens."""
        sign = {"[": "[", "index": "[", "|": "|"}.get(bracket.kind, "(")
        position = self.text.find(sign, self.tree[bracket.operands[0]][4] if bracket.kind == "index" else bracket.left)
        _fail(f"{sign} is never closed", self.text, (position, position + 1), f"a matching {PARTNER[sign]}")

    def node(self, kind: str, payload: Any, operands: tuple[int, ...], left: int, right: int) -> None:
        """Finish a node of the tree."""
        self.operands.append(tuple.__new__(Operand, (len(self.tree), left, right)))
        self.tree.append((kind, payload, operands, left, right))

    def push(self, entry: Pending) -> Pending:
        """Let an entry wait, within the limit of nesting."""
        self.pending.append(entry)
        self.depth += entry.nests
        if self.depth > self.limits.depth:
            raise LimitError(
                f"the expression is nested more than {self.limits.depth} deep", text=self.text,
                span=(entry.left, entry.left + 1), hint="--max-depth raises the limit",
            )  # fmt: skip
        return entry

    def reduce(self, least: int) -> None:
        """Finish what waits and binds at least so tightly."""
        pending = self.pending
        while pending[-1].precedence >= least:
            self.complete()

    def complete(self) -> None:
        """Finish the last operator that waits."""
        entry = self.pending.pop()
        self.depth -= entry.nests
        node, _, right = self.operands.pop()
        entry.operands.append(node)
        if entry.precedence == POSTFIX:
            self.node("call", entry.kind, tuple(entry.operands), entry.left, right)
        else:
            signs = "".join(entry.signs) if entry.kind == "add" else ""
            self.node(entry.kind, signs, tuple(entry.operands), entry.left, right)

    # -- where an operand is expected

    def operand(self, token: Token) -> bool:
        """Take a token where an operand is expected; whether one is expected still."""
        kind, text, start = token
        if kind == "name" and text not in WORDS:
            return self.name(token)
        if text in PREFIX:
            precedence, name = PREFIX[text]
            self.push(Pending(precedence, name, start, 1))
        elif text == "(":
            if self.tokens.words[self.position] == ")":
                self.fail("there is nothing in the parentheses", token, "(x + 1)")
            self.push(Pending(0, "(", start, 1))
        elif text == "[":
            if self.tokens.words[self.position] == "]":
                self.fail("an array has at least one element", token, "[1, 2]")
            self.push(Pending(0, "[", start, 1))
        elif text == "|":
            self.push(Pending(0, "|", start, 1))
        elif text == "∞":
            self.node("constant", "oo", (), start, start + 1)
            return False
        elif text != "+":
            return self.no_operand(token)
        return True

    def no_operand(self, token: Token) -> bool:
        """A token where an operand should stand: an empty call, a part of a slice left out, or an error."""
        top = self.pending[-1]
        before = self.tokens[self.position - 2] if self.position > 1 else None
        if top.kind == "call" and token.text == ")" and before is not None and before.text == "(":
            self.close_call(token)
            return False
        if top.kind == "index" and before is not None and token.text in (":", "]", ","):
            after_colon = before.text == ":"
            if after_colon or (token.text == ":" and before.text in ("[", ",")):
                return self.subscript(top, token, False)
        pair = before.text + token.text if before is not None else ""
        if before is not None and pair in REFUSED:
            _fail(f"{pair} is no operator", self.text, (before.start, token.start + 1), REFUSED[pair])
        if token.kind == "end":
            self.fail_at_end(before)
        if token.text in CLOSING and before is not None and not any(p.kind for p in self.pending):
            self.fail(f"{token.text} closes nothing", token, "remove it, or open a bracket before")
        self.fail(f"an operand is missing before {token.text}", token, "a number, a name or a parenthesis there")

    def fail_at_end(self, before: Token | None) -> NoReturn:
        """An error for a text that stops too early."""
        for entry in reversed(self.pending):
            if entry.kind and entry.precedence == 0 and before is not None and before.text in "([|,":
                self.fail_unclosed(entry)
        assert before is not None
        self.fail(f"an operand is missing after {before.text}", before, "finish the expression, or remove the sign")

    def number(self, token: Token) -> bool:
        """A literal, in the form that equal ones share."""
        _, text, start = token
        end = start + len(text)
        if self.tokens.starts[self.position] == end:
            self.glued_number(token, self.tokens[self.position])
        if text[0] == "0" and text.isdigit():
            text = text.lstrip("0") or "0"
        self.node("number", text, (), start, end)
        return False

    def glued_number(self, token: Token, following: Token) -> None:
        """Refuse what is written onto a number and is not a factor."""
        if following.kind not in ("name", "number") and following.text != ".":
            return
        blob = re.match(r"[\w.]*", self.text[token.start :])
        whole = blob[0] if blob else token.text
        span = (token.start, token.start + len(whole))
        if following.kind == "name" and following.text in ("e", "E"):
            _fail(
                f"{token.text}{following.text} is half a number", self.text, span, f"{token.text}*E or {token.text}e0"
            )
        if token.text == "0" and following.text[0] in "xXbBoO":
            _fail(
                f"{whole} is no number", self.text, span, f"0*{following.text}, or a hexadecimal float such as 0x1.8p+1"
            )
        if following.kind != "name" or following.text.startswith("_"):
            _fail(f"{whole} is no number", self.text, span, "digits, one point, and an exponent such as 1.5e-3")

    def name(self, token: Token) -> bool:
        """A name: a call, a constant, the counter of a sum, or a variable."""
        _, name, start = token
        following = self.tokens.words[self.position]
        if following == "(":
            self.open_call(token, "")
            return True
        if name in FUNCTIONS and (following in ("^", "**") or self.tokens.kinds[self.position] == "super"):
            power = self.function_power(token)
            if power:
                self.open_call(token, power)
                return True
        end = start + len(name)
        if name in self.names or name in self.bound or name in self.shadowing:
            pass
        elif name in CONSTANTS:
            self.node("constant", CONSTANTS[name], (), start, end)
            return False
        elif name in ("true", "True", "false", "False"):
            self.node("boolean", name.title(), (), start, end)
            return False
        else:
            self.new_name(token, following)
        if name not in self.bound and name not in self.names:
            self.names[name] = (start, end)
        self.node("name", name, (), start, end)
        return False

    def new_name(self, token: Token, following: str) -> None:
        """Refuse a name that is none, or a function without its operand."""
        _check_name(self.text, token)
        name = token.text
        if name in FUNCTIONS and name not in LETTERS_TOO:
            operand = self.tokens[self.position]
            example = operand.text if operand.kind in ("name", "number") else "x"
            self.fail(f"{name} is a function and needs parentheses", token, f"{name}({example})")
        glued = GLUED.fullmatch(name)
        if glued:
            self.fail(
                f"{name} is no known name", token, f"{glued[1]}({glued[2]}), or give {name} a value if it is a variable"
            )

    def function_power(self, token: Token) -> str:
        """The exponent in `sin^2(x)`, past which the position moves; empty if it is the power of a variable."""
        sign, number, bracket = (self.tokens[self.position + i] for i in range(3))
        if sign.kind == "super":
            number, bracket, taken = Token("number", sign.text.translate(SUPERSCRIPTS), sign.start), number, 1
        else:
            taken = 2
        if number.text.isdigit() and bracket.text == "(":
            self.position += taken
            return number.text.lstrip("0") or "0"
        if token.text in LETTERS_TOO or token.text in self.shadowing:
            return ""
        if number.text.startswith(("-", "−")):
            self.fail_inverse(token)
        self.fail(f"{token.text} is a function and needs parentheses", token, f"{token.text}(x)^2")

    def fail_inverse(self, token: Token) -> NoReturn:
        name = FUNCTIONS[token.text]
        inverse = f"a{name}(x)" if f"a{name}" in ops.TABLE else "the inverse by its own name"
        self.fail(f"{name}^-1 may mean the inverse or the reciprocal", token, f"{inverse} or 1/{name}(x)")

    def open_call(self, token: Token, power: str) -> None:
        """The name of a function and its opening parenthesis."""
        name = FUNCTIONS.get(token.text)
        if name is None:
            self.fail_call(token)
        self.position += 1
        entry = self.push(Pending(0, "call", token.start, 1))
        entry.payload, entry.power = name, power
        counter, sign = self.tokens[self.position], self.tokens[self.position + 1]
        if name in ("sum", "prod") and counter.kind == "name" and sign.text == "=":
            _check_name(self.text, counter)
            entry.kind, entry.name = "loop", counter.text
            self.position += 2

    def fail_call(self, token: Token) -> NoReturn:
        """An error for a call of what is no function."""
        name = token.text
        _check_name(self.text, token)
        close = self.text.find(")", token.start)
        inner = self.text[token.start + len(name) : close + 1] if 0 <= close < token.start + 40 else "(...)"
        guess = did_you_mean(name, FUNCTIONS) if len(name) > 2 else None
        if name in self.names or name in self.shadowing or name in CONSTANTS or guess is None:
            self.fail(f"{name} is no function", token, f"{name}*{inner.lstrip()}")
        self.fail(f"{name} is no function; did you mean {guess}?", token, f"{guess}{inner.lstrip()}")

    # -- where an operator is expected

    def operator(self, token: Token) -> bool:
        """Take a token after a finished operand; whether an operand is expected next."""
        text = token.text
        infix = INFIX.get(text)
        if infix is not None:
            if text == "|" and self.innermost() == "|":
                return self.close_bar(token)
            return self.infix(token, *infix)
        if text == ")":
            return self.close(token)
        if text == ",":
            return self.comma(token)
        if token.kind == "super":
            return self.superscript(token)
        if text == "[":
            self.open_index(token)
            return True
        if text in ("]", ":") or text == "..":
            return self.close_square(token) if text == "]" else self.between(token)
        if text == "!":
            return self.factorial(token)
        if text == ".":
            return self.attribute(token)
        return self.implicit(token)

    def innermost(self) -> str:
        """The kind of the innermost open bracket."""
        for entry in reversed(self.pending):
            if entry.precedence == 0:
                return entry.kind
        return ""

    def infix(self, token: Token, precedence: int, kind: str) -> bool:
        """An operator between two operands; terms and factors of one chain are gathered."""
        pending = self.pending
        if precedence == POW:
            self.check_root(token)
        while pending[-1].precedence > precedence:
            self.complete()
        top = pending[-1]
        if (
            top.precedence == precedence and precedence != POW
        ):  # of equal operators the left one comes first, but for powers
            if kind == top.kind and (kind == "add" or kind == "mul"):
                top.operands.append(self.operands.pop().node)
                if kind == "add":
                    top.signs.append("-" if token.text in MINUS else "+")
                return True
            if precedence == COMPARE:
                self.fail_chain(top, token)
            self.complete()
        node, left, _ = self.operands.pop()
        entry = Pending(precedence, kind, left, 1 if precedence == POW else 0)
        entry.operands.append(node)
        if kind == "add":
            entry.signs = ["+", "-" if token.text in MINUS else "+"]
        if precedence == POW:
            self.push(entry)
        else:
            pending.append(entry)
        return True

    def check_root(self, token: Token) -> None:
        """Refuse a power of a root without parentheses."""
        if self.pending[-1].precedence == POSTFIX:
            self.fail("a power after a root can be read in two ways", token, "√(x^2) or (√x)^2")

    def fail_chain(self, top: Pending, token: Token) -> NoReturn:
        """An error for `a < b < c`."""
        middle = self.operands[-1]
        first = self.tree[top.operands[0]]
        left, mid = self.text[first[3] : first[4]], self.text[middle.left : middle.right]
        sign = self.text[first[4] : middle.left].strip(" ()")
        hint = f"({left} {sign} {mid}) & ({mid} {token.text} ...)" if len(left) + len(mid) < 60 else "(a < b) & (b < c)"
        self.fail("comparisons do not chain", token, hint)

    def close_bar(self, token: Token) -> bool:
        """The bar that closes an absolute value."""
        self.reduce(1)
        entry = self.pending.pop()
        self.depth -= 1
        value = self.operands.pop()
        self.node("call", "abs", (value.node,), entry.left, token.start + 1)
        return False

    def close(self, token: Token) -> bool:
        """A closing parenthesis: of a group, a tuple, a call or a loop."""
        self.reduce(1)
        entry = self.pending[-1]
        if entry.kind in ("call", "loop", "body"):
            entry.operands.append(self.operands.pop().node)
            self.close_call(token)
            return False
        if entry.kind != "(":
            self.fail_bracket(entry, token)
        self.pending.pop()
        self.depth -= 1
        value = self.operands.pop()
        if entry.operands:
            outer = self.pending[-1]
            if outer.kind != "call" or outer.payload != "piecewise":
                self.fail("parentheses hold one expression", Token("sign", "(", entry.left), "[a, b] for an array")
            self.node("tuple", None, (*entry.operands, value.node), entry.left, token.start + 1)
        else:
            self.operands.append(Operand(value.node, entry.left, token.start + 1))
        return False

    def fail_bracket(self, entry: Pending, token: Token) -> NoReturn:
        """An error for a bracket that closes nothing, or another one."""
        if not entry.kind:
            self.fail(f"{token.text} closes nothing", token, "remove it, or open a bracket before")
        self.fail_unclosed(entry)

    def close_call(self, token: Token) -> None:
        """Finish a call, with the power of `sin^2(x)`, or a sum with a counter."""
        entry = self.pending.pop()
        self.depth -= 1
        end = token.start + 1
        if entry.kind == "loop":
            self.fail_loop(entry, token)
        if entry.kind == "body":
            self.close_loop(entry, token)
            return
        self.node("call", entry.payload, tuple(entry.operands), entry.left, end)
        if entry.power:
            base = self.operands.pop()
            self.node("number", entry.power, (), entry.left, end)
            exponent = self.operands.pop()
            self.node("pow", None, (base.node, exponent.node), entry.left, end)

    def close_loop(self, entry: Pending, token: Token) -> None:
        """Finish `sum(i=1..n, body)`."""
        self.bound[entry.name] -= 1
        if not self.bound[entry.name]:
            del self.bound[entry.name]
        self.loops[entry.operands[0]] = len(self.tree)
        self.node("loop", entry.payload, tuple(entry.operands), entry.left, token.start + 1)

    def fail_loop(self, entry: Pending, token: Token) -> NoReturn:
        name = entry.payload
        self.fail(
            f"{name} with a counter has two bounds and one body", token, f"{name}({entry.name}=1..10, {entry.name}^2)"
        )

    def comma(self, token: Token) -> bool:
        """The next element, operand or axis."""
        self.reduce(1)
        entry = self.pending[-1]
        if entry.kind in ("", "|"):
            self.fail("a comma stands outside of brackets", token, "[a, b] for an array, or one expression")
        if entry.kind == "index":
            entry.operands.append(self.operands.pop().node)
            return self.subscript(entry, token, True)
        operand = self.operands.pop()
        entry.operands.append(operand.node)
        if entry.kind in ("loop", "body"):
            self.begin_loop(entry, operand, token)
        return True

    def begin_loop(self, entry: Pending, last: Operand, token: Token) -> None:
        """After both bounds: the counter has its meaning from here on."""
        if entry.kind == "body" or len(entry.operands) != 2:
            self.fail_loop(entry, token)
        self.node("begin", entry.name, tuple(entry.operands), entry.left, last.right)
        entry.kind, entry.operands = "body", [self.operands.pop().node]
        self.bound[entry.name] = self.bound.get(entry.name, 0) + 1

    def between(self, token: Token) -> bool:
        """The `..` between the bounds of a sum, or the colon of a slice."""
        self.reduce(1)
        entry = self.pending[-1]
        if token.text == ".." and entry.kind == "loop" and not entry.operands:
            entry.operands.append(self.operands.pop().node)
            return True
        if token.text == ":" and entry.kind == "index":
            entry.operands.append(self.operands.pop().node)
            return self.subscript(entry, token, True)
        hint = "sum(i=1..n, body)" if token.text == ".." else "x[1:3] for a slice, where(c, a, b) for a branch"
        self.fail(f"{token.text} has no meaning here", token, hint)

    def subscript(self, entry: Pending, token: Token, written: bool) -> bool:
        """The end of a part of a slice, at a colon, a comma or the closing bracket; whether an operand comes next."""
        axis = entry.axes[-1]
        axis.append(written)
        if len(axis) > 3 or (len(axis) == 3 and token.text == ":"):
            self.fail("a slice has at most three parts", token, "x[start:stop:step]")
        if token.text == ",":
            entry.axes.append([])
        if token.text != "]":
            return True
        self.pending.pop()
        self.depth -= 1
        self.node("index", tuple(map(tuple, entry.axes)), tuple(entry.operands), entry.left, token.start + 1)
        return False

    def close_square(self, token: Token) -> bool:
        """A closing bracket: of an array or an index."""
        self.reduce(1)
        entry = self.pending[-1]
        if entry.kind not in ("[", "index"):
            self.fail_bracket(entry, token)
        entry.operands.append(self.operands.pop().node)
        if entry.kind == "index":
            return self.subscript(entry, token, True)
        self.pending.pop()
        self.depth -= 1
        self.node("array", None, tuple(entry.operands), entry.left, token.start + 1)
        return False

    def superscript(self, token: Token) -> bool:
        """A raised number, as in x²."""
        self.check_root(token)
        base = self.operands.pop()
        start, end = token.start, token.start + len(token.text)
        digits = token.text.translate(SUPERSCRIPTS)
        self.node("number", digits.lstrip("-").lstrip("0") or "0", (), start, end)
        if digits.startswith("-"):
            self.node("neg", None, (self.operands.pop().node,), start, end)
        self.node("pow", None, (base.node, self.operands.pop().node), base.left, end)
        return False

    def factorial(self, token: Token) -> bool:
        """The exclamation mark of 5!."""
        if self.tokens[self.position - 2].text == "!":
            self.fail("x!! is the double factorial, which gradcalc does not have", token, "factorial(factorial(x))")
        value = self.operands.pop()
        self.node("call", "factorial", (value.node,), value.left, token.start + 1)
        return False

    def attribute(self, token: Token) -> bool:
        """The transpose of `A.T`, the only attribute there is."""
        name = self.tokens[self.position]
        if name.text != "T":
            span = (token.start, name.start + max(1, len(name.text)))
            _fail(
                "a formula has no attributes but .T, the transpose",
                self.text,
                span,
                "functions by their own names, such as sin(x)",
            )
        self.position += 1
        value = self.operands.pop()
        self.node("transpose", None, (value.node,), value.left, name.start + 1)
        return False

    def open_index(self, token: Token) -> None:
        """The bracket after an array."""
        base = self.operands.pop()
        entry = self.push(Pending(0, "index", base.left, 1))
        entry.operands.append(base.node)
        entry.axes = [[]]

    def implicit(self, token: Token) -> bool:
        """A factor without a sign, as in 2x; refused where it can be read in two ways."""
        before = self.tokens[self.position - 2]
        written = self.written(token)
        left = self.operands[-1]
        last = self.text[left.left : left.right] if left.right - left.left < 40 else "(...)"
        if token.kind == "end" or token.text in REFUSED or token.text in ("~", "¬"):
            self.fail(f"{token.text} has no meaning here", token, REFUSED.get(token.text, "an operator such as & or *"))
        if token.text in ("if", "else", "for", "in", "is"):
            hint = "where(condition, a, b)" if token.text in ("if", "else") else "sum(i=1..n, body)"
            self.fail(f"{token.text} has no meaning here", token, hint)
        if token.kind == "number" or not (before.kind in ("number", "super") or before.text == ")"):
            between = "numbers" if before.kind == token.kind == "number" else "operands"
            self.fail(f"an operator is missing between two {between}", token, f"{last}*{written}")
        self.check_ambiguous(token, last, written)
        self.position -= 1
        return self.infix(Token("sign", "*", token.start), MUL, "mul")

    def written(self, token: Token) -> str:
        """The factor that begins with a token, shortened for a hint."""
        following = self.tokens[self.position]
        if token.kind == "name" and following.text == "(":
            return f"{token.text}(...)"
        return "(...)" if token.text in ("(", "[", "|") else token.text

    def check_ambiguous(self, token: Token, last: str, written: str) -> None:
        """Refuse a factor without a sign after a quotient, a power or a root: `1/2x`."""
        top = next(entry for entry in reversed(self.pending) if entry.kind != "neg")
        if top.kind not in ("div", "mod", "matmul", "pow", "sqrt", "cbrt"):
            return
        span = (top.left, _token_span(token)[1])
        whole = self.text[top.left : self.operands[-1].right] if span[1] - span[0] < 60 else "(...)"
        head = whole[: -len(last)] if whole.endswith(last) else "... "
        wrapped = f"{whole}*{written}" if top.kind in ("pow", "sqrt", "cbrt") else f"({whole})*{written}"
        _fail(
            "a factor without a sign can be read in two ways here",
            self.text,
            span,
            f"{wrapped} or {head}({last}*{written})",
        )


# -- tree to graph ---------------------------------------------------------------------------------------------------


class Array(NamedTuple):
    """The nodes of an array while lowering, row by row."""

    shape: Shape
    items: Sequence[int]


class Pieces(NamedTuple):
    """A pair in parentheses: a piece and its condition."""

    values: tuple["int | Array", ...]


Lowered = int | Array | Pieces
"""What a node of the tree is lowered to; a plain int is a scalar's graph node."""

TRUE, FALSE = -1, -2
"""Conditions that always and never hold: they steer what is emitted and are no nodes."""

SMALL = 2**53


def _parts(value: Lowered) -> tuple[Shape, Sequence[int]]:
    """Shape and items of a number."""
    assert not isinstance(value, Pieces)
    return ((), (value,)) if isinstance(value, int) else (value.shape, value.items)


def _contents(value: Value) -> "int | Array":
    return Array(value.shape, value.items) if value.shape else value.items[0]


def _copied(value: Value, graph: Graph) -> Value:
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
    names = [name]
    for axis, length in enumerate(shape):
        head, tail = ("[" if axis == 0 else ","), ("]" if axis == len(shape) - 1 else "")
        names = [f"{start}{head}{i}{tail}" for start in names for i in range(length)]
    return Value(graph, shape, tuple([graph.input(n) for n in names]))


def _strides(shape: Shape) -> list[int]:
    """How far apart in row-major order the neighbours along each axis stand."""
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return strides


def _offsets(start: int, axes: Iterable[tuple[int, int]]) -> list[int]:
    """The positions that a view walks over: `axes` are pairs of length and stride."""
    offsets = [start]
    for length, stride in axes:
        offsets = [offset + step * stride for offset in offsets for step in range(length)]
    return offsets


def _shown(shape: Shape) -> str:
    """A shape in words: `(3,)`."""
    return str(tuple(shape)) if shape else "scalar"


class _Lowering:
    """One pass over the nodes of a tree; `values` holds what each was lowered to."""

    def __init__(self, text: str, parser: _Parser, graph: Graph, limits: Limits) -> None:
        self.text = text
        self.tree = parser.tree
        self.loops = parser.loops
        self.graph = graph
        self.limits = limits
        self.names: dict[str, Lowered] = {}
        self.values: list[Any] = [None] * len(parser.tree)
        self.conditions: set[int] = set()
        self.infinite: set[int] = set()
        self.exact: dict[int, Fraction | None] = {}
        self.literals: dict[str, int] = {}
        self.active: list[_Loop] = []
        self.work = 0
        self.index = 0
        self.kinds = self._kinds()
        self.calls = self._calls()

    def _kinds(self) -> dict[str, Callable[[Any, list[Any]], Lowered]]:
        """How each kind of tree node is lowered: by what it holds and its operands."""
        table: dict[str, Callable[[Any, list[Any]], Lowered]] = {
            "number": self.number,
            "name": lambda payload, values: self.names[payload],
            "constant": self.constant, "boolean": lambda payload, values: self.boolean(payload == "True"),
            "add": self.add, "mul": lambda payload, values: self.apply(self.emitting(ops.mul), values),
            "call": lambda payload, values: self.calls[payload](payload, values),
            "array": self.array, "tuple": lambda payload, values: Pieces(tuple(values)),
            "index": self.subscript, "transpose": self.transpose, "matmul": self.matmul, "begin": self.begin, "loop": self.loop,
        }  # fmt: skip
        for name in ("div", "mod", "pow", "neg", "and", "or", "not", "lt", "le", "gt", "ge", "eq", "ne"):
            table[name] = self._calls_of_table()[name]
        return table

    def _calls_of_table(self) -> dict[str, Callable[[str, list[Any]], Lowered]]:
        """How a call of each op of the table is lowered."""
        table: dict[str, Callable[[str, list[Any]], Lowered]] = {}
        for name, entry in ops.TABLE.items():
            if entry.variadic:
                table[name] = partial(self.variadic, entry)
            elif name in COMPARISON_NAMES:
                table[name] = partial(self.compare, entry)
            else:
                table[name] = partial(self.fixed, self.emitting(entry))
        table |= {
            "pow": partial(self.fixed, self.power), "neg": self.negate, "where": self.where, "not": self.invert,
            "and": partial(self.logical, ops.and_, FALSE), "or": partial(self.logical, ops.or_, TRUE),
        }  # fmt: skip
        return table

    def _calls(self) -> dict[str, Callable[[str, list[Any]], Lowered]]:
        """How a call of each function is lowered, by its name and operands."""
        return self._calls_of_table() | {
            "sum": self.reduction, "prod": self.reduction, "norm": partial(self.variadic, ops.hypot), "mean": self.mean,
            "dot": self.dot, "root": self.root, "log": self.log, "piecewise": self.piecewise, "heaviside": self.heaviside,
            "polygamma": self.polygamma, "transpose": self.transpose,
        }  # fmt: skip

    def run(self) -> Lowered:
        """Lower the whole tree; the value of its root."""
        tree, values, kinds, graph = self.tree, self.values, self.kinds, self.graph
        size = len(tree)
        try:
            while self.index < size:
                index = self.index
                kind, payload, operands, left, right = tree[index]
                graph.span = (left, right)
                values[index] = kinds[kind](payload, [values[i] for i in operands])
                self.index += 1
        except GradcalcError as error:
            if error.text is None:
                error.text, error.span = self.text, self.span()
            raise
        result: Lowered = values[-1]
        return result

    @contextmanager
    def located(self, span: Span | None) -> Iterator[None]:
        """Give errors raised inside the text, and the place of a name."""
        try:
            yield
        except GradcalcError as error:
            if error.text is None:
                error.text, error.span = self.text, span or self.graph.span
            raise

    # -- errors and limits

    def span(self, operand: int | None = None) -> Span:
        """The place of the node being lowered, or of one of its operands."""
        node = self.tree[min(self.index, len(self.tree) - 1)]
        if operand is not None:
            node = self.tree[node[2][operand]]
        return node[3], node[4]

    def fail(self, message: str, hint: str | None = None, operand: int | None = None) -> NoReturn:
        _fail(message, self.text, self.span(operand), hint)

    def charge(self, steps: int) -> None:
        """Count steps that make no node against the limit too."""
        self.work += steps
        if self.work > 4 * self.limits.nodes:
            raise LimitError(
                f"the formula needs more than {self.limits.nodes:,} nodes", text=self.text, span=self.span(),
                hint="--max-nodes raises the limit",
            )  # fmt: skip

    def check_numbers(self, *values: Lowered) -> None:
        """Refuse a condition, an infinity or a pair where a number is needed."""
        for position, value in enumerate(values):
            operand = position if len(values) == len(self.tree[min(self.index, len(self.tree) - 1)][2]) else None
            if isinstance(value, Pieces):
                self.fail(
                    "a pair in parentheses is a piece of piecewise",
                    "piecewise((a, x < 0), b), or [a, b] for an array",
                    operand,
                )
            items = _parts(value)[1]
            if not self.conditions.isdisjoint(items):
                self.fail("a condition stands where a number is needed", "where(condition, 1, 0)", operand)
            if not self.infinite.isdisjoint(items):
                self.fail(
                    "infinity is no number: it may only be compared with", "a large number such as 1e300", operand
                )

    def check_conditions(self, *values: Lowered, first: int = 0) -> None:
        """Refuse a number where a condition is needed."""
        for position, value in enumerate(values):
            if isinstance(value, Pieces) or not self.conditions.issuperset(_parts(value)[1]):
                self.fail("a number stands where a condition is needed", "a comparison such as x > 0", first + position)

    def scalar(self, value: Lowered) -> int:
        """The one node of the formula's value."""
        self.check_numbers(value)
        shape, items = _parts(value)
        if len(items) != 1:
            span = (self.tree[-1][3], self.tree[-1][4])
            hint = "sum(...), norm(...) or an element such as x[0]"
            _fail(f"the formula is an array of shape {_shown(shape)}; it must be one number", self.text, span, hint)
        return items[0]

    # -- elementwise

    def emitting(self, op: Op) -> Callable[[tuple[int, ...]], int]:
        """What emits an op for one element."""
        return partial(self.graph.emit, op)

    def apply(self, make: Callable[[tuple[int, ...]], int], values: Sequence[Any]) -> Lowered:
        """An op on numbers, element by element."""
        if self.conditions or self.infinite:
            self.check_numbers(*values)
        return self.elementwise(make, values)

    def elementwise(self, make: Callable[[tuple[int, ...]], int], values: Sequence[Any]) -> Lowered:
        """Call `make` for each element of the broadcast operands."""
        for value in values:
            if type(value) is not int:
                break
        else:
            return make(tuple(values))
        if any(isinstance(value, Pieces) for value in values):
            self.check_numbers(*values)
        shape = self.broadcast([_parts(value)[0] for value in values])
        self.charge(math.prod(shape) * len(values))
        columns = [self.expanded(value, shape) for value in values]
        return Array(shape, [make(row) for row in zip(*columns, strict=False)])

    def broadcast(self, shapes: Sequence[Shape]) -> Shape:
        """The shape that all shapes stretch to, by NumPy's rule."""
        rank = max(map(len, shapes))
        result = [1] * rank
        for shape in shapes:
            for axis, length in enumerate(shape, rank - len(shape)):
                if length != 1 and result[axis] not in (1, length):
                    shown = " and ".join(dict.fromkeys(_shown(s) for s in shapes if s))
                    self.fail(f"arrays of shapes {shown} do not fit together", "arrays of equal shape")
                if length != 1:
                    result[axis] = length
        return tuple(result)

    def expanded(self, value: "int | Array", shape: Shape) -> Iterable[int]:
        """The items of a value stretched to a shape."""
        if isinstance(value, int):
            return repeat(value, math.prod(shape))
        if value.shape == shape:
            return value.items
        missing = len(shape) - len(value.shape)
        own = [(1, 0)] * missing + list(zip(value.shape, _strides(value.shape), strict=True))
        axes = [(length, stride if size != 1 else 0) for length, (size, stride) in zip(shape, own, strict=True)]
        return [value.items[i] for i in _offsets(0, axes)]

    def fixed(self, make: Callable[[tuple[int, ...]], int], name: str, values: list[Any]) -> Lowered:
        """An op of a fixed number of operands."""
        if name:
            self.arity(name, values, len(ops.TABLE[name].operands))
        return self.apply(make, values)

    def arity(self, name: str, values: Sequence[Any], *allowed: int) -> None:
        """Refuse a wrong number of operands."""
        if name and len(values) not in allowed:
            wanted = " or ".join(map(str, allowed))
            plural = "" if allowed[-1] == 1 else "s"
            syntax = SPECIAL.get(name) or ops.TABLE[name].syntax
            self.fail(f"{name} takes {wanted} operand{plural}, not {len(values)}", syntax)

    def variadic(self, op: Op, name: str, values: list[Any]) -> Lowered:
        """An op of any number of operands; of one array it takes the elements."""
        if len(values) != 1:
            if not values:
                self.fail(f"{name} needs an operand", SPECIAL.get(name) or op.syntax)
            return self.apply(self.emitting(op), values)
        self.check_numbers(*values)
        items = _parts(values[0])[1]
        if not items and op in EMPTY:
            return self.graph.constant(EMPTY[op])
        if not items:
            self.fail(f"{name} of an array without elements", "an array with at least one element")
        self.charge(len(items))
        return items[0] if len(items) == 1 and op not in SINGLE else self.graph.emit(op, tuple(items))

    # -- arithmetic

    def number(self, text: str, values: list[Any]) -> int:
        """A literal."""
        index = self.literals.get(text)
        if index is None:
            index = self.literals[text] = self.graph.constant(text)
        return index

    def constant(self, name: str, values: list[Any]) -> int:
        """A named constant."""
        index = self.number(name, values)
        if name == "oo":
            self.infinite.add(index)
        return index

    def add(self, signs: str, values: list[Any]) -> Lowered:
        """A chain of terms; exactly `a - b` is an op of its own."""
        if len(signs) == 2:
            return self.apply(self.emitting(ops.sub if signs == "+-" else ops.add), values)
        if "-" in signs:
            whole = self.graph.span
            for position, sign in enumerate(signs):
                if sign == "-":
                    self.graph.span = self.span(position)
                    values[position] = self.apply(self.negated, [values[position]])
            self.graph.span = whole
        return self.apply(self.emitting(ops.add), values)

    def negate(self, name: str, values: list[Any]) -> Lowered:
        """Minus; an infinity stays one."""
        self.arity("neg", values, 1)
        if type(values[0]) is int and values[0] in self.infinite:
            index = self.graph.emit(ops.neg, (values[0],))
            self.infinite.add(index)
            return index
        return self.apply(self.negated, values)

    def negated(self, row: tuple[int, ...]) -> int:
        """Minus one element; of an integer literal it makes a literal."""
        node = self.graph.nodes[row[0]]
        text = node.parameter or ""
        if node.op is ops.const and text.lstrip("-").isdecimal() and text != "0":
            return self.graph.constant(text[1:] if text.startswith("-") else "-" + text)
        return self.graph.emit(ops.neg, row)

    def power(self, row: tuple[int, ...]) -> int:
        """A power of one element: an integer exponent makes an op of its own, and so does the base E."""
        base, exponent = row
        graph = self.graph
        node = graph.nodes[base]
        if node.parameter == "E" and node.op is ops.const:
            return graph.emit(ops.exp, (exponent,))
        number = graph.number(exponent)
        if number is None:
            exact = self.rational(exponent)
            if exact is None or exact.denominator != 1 or abs(exact) >= SMALL:
                return graph.emit(ops.pow, row)
            exponent = graph.constant(exact.numerator)
        return graph.emit(ops.powi, (base, exponent))

    def rational(self, index: int) -> Fraction | None:
        """The exact value of a node that small rational arithmetic on integers gives, else None."""
        exact, nodes = self.exact, self.graph.nodes
        stack = [index]
        while stack:
            current = stack.pop()
            if current in exact:
                continue
            op, operands, parameter = nodes[current]
            if op is ops.const:
                exact[current] = _literal(parameter or "")
            elif op not in EXACT:
                exact[current] = None
            elif missing := [i for i in operands if i not in exact]:
                stack += [current, *missing]
            else:
                exact[current] = _exactly(op, [exact[i] for i in operands])
        return exact[index]

    def integer(self, value: Lowered, what: str, operand: int) -> int:
        """A constant integer, for bounds and indices."""
        number = self.rational(value) if isinstance(value, int) and value >= 0 else None
        if number is None or number.denominator != 1:
            self.fail(f"{what} must be a constant integer", "a number such as 3, or a name bound by --let", operand)
        return number.numerator

    # -- conditions

    def boolean(self, holds: bool) -> int:
        self.conditions |= {TRUE, FALSE}
        return TRUE if holds else FALSE

    def compare(self, op: Op, name: str, values: list[Any]) -> Lowered:
        """A comparison, the one place where infinity may stand."""
        self.arity(name, values, 2)
        infinite, self.infinite = self.infinite, set()
        self.check_numbers(*values)
        self.infinite = infinite
        return self.marked(self.elementwise(self.emitting(op), values))

    def marked(self, value: Lowered) -> Lowered:
        """Remember that a value is a condition."""
        self.conditions.update(_parts(value)[1])
        return value

    def logical(self, op: Op, decides: int, name: str, values: list[Any]) -> Lowered:
        """And, or; of any number of conditions, pair by pair. One operand may decide alone."""
        if not values:
            self.fail(f"{op.name} needs a condition", SPECIAL[op.name])
        self.check_conditions(*values)

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

        return self.marked(self.elementwise(make, values))

    def invert(self, name: str, values: list[Any]) -> Lowered:
        """Not."""
        self.arity("not", values, 1)
        self.check_conditions(*values)
        return self.marked(
            self.elementwise(
                lambda row: TRUE + FALSE - row[0] if row[0] < 0 else self.graph.emit(ops.not_, row), values
            )
        )

    def where(self, name: str, values: list[Any]) -> Lowered:
        """A branch; one that is known while parsing leaves no op."""
        self.arity("where", values, 3)
        self.check_conditions(values[0])
        if not self.conditions.isdisjoint(_parts(values[1])[1] if not isinstance(values[1], Pieces) else ()):
            self.fail("a condition stands where a number is needed", "where(p, 1, 0)", 1)
        self.check_branches(values[1:])
        return self.choose(values)

    def check_branches(self, values: Sequence[Any]) -> None:
        """Refuse what is no number in a branch."""
        for value in values:
            self.check_numbers(value)

    def choose(self, values: Sequence[Any]) -> Lowered:
        """`where`, element by element."""

        def make(row: tuple[int, ...]) -> int:
            condition, chosen, other = row
            return self.graph.emit(ops.where, row) if condition >= 0 else chosen if condition == TRUE else other

        return self.elementwise(make, values)

    def piecewise(self, name: str, values: list[Any]) -> Lowered:
        """Nested branches; without a default the value is undefined outside the pieces."""
        syntax = SPECIAL["piecewise"]
        if not values:
            self.fail("piecewise needs a piece", syntax)
        pieces = values
        result: Lowered
        if isinstance(values[-1], Pieces):
            result = self.graph.constant("nan")
        else:
            self.check_branches(values[-1:])
            result, pieces = values[-1], values[:-1]
        for position, piece in enumerate(pieces):
            if not isinstance(piece, Pieces) or len(piece.values) != 2:
                self.fail("a piece is a value and its condition in parentheses", syntax, position)
            if isinstance(piece.values[1], Pieces) or not self.conditions.issuperset(_parts(piece.values[1])[1]):
                self.fail("the second part of a piece is its condition", "(a, x < 0)", position)
            self.check_branches(piece.values[:1])
        for piece in reversed(pieces):
            value, condition = piece.values
            result = self.choose([condition, value, result])
        return result

    # -- arrays

    def array(self, payload: Any, values: list[Any]) -> Lowered:
        """Elements, or rows of one shape."""
        self.check_numbers(*values)
        shapes = {_parts(value)[0] for value in values}
        if len(shapes) > 1:
            shown = " and ".join(map(_shown, sorted(shapes)))
            self.fail(f"the rows of an array have different shapes: {shown}", "[[1, 2], [3, 4]]")
        items = [item for value in values for item in _parts(value)[1]]
        self.charge(len(items))
        return Array((len(values), *shapes.pop()), items)

    def subscript(self, axes: Sequence[Sequence[bool]], values: list[Any]) -> Lowered:
        """`x[0]`, `x[1:]`, `x[:, 0]`."""
        self.check_numbers(values[0])
        shape, items = _parts(values[0])
        if not shape:
            self.fail("a number has no elements", "an index after an array, such as [1, 2][0]", 0)
        if len(axes) > len(shape):
            self.fail(f"there are {len(axes)} indices for an array of shape {_shown(shape)}", "one index for each axis")
        start, view, operand = 0, [], 1
        strides = _strides(shape)
        for length, stride, written in zip(shape, strides, axes, strict=False):
            parts: list[int | None] = []
            for is_written in written:
                parts.append(self.integer(values[operand], "an index", operand) if is_written else None)
                operand += is_written
            if len(written) == 1:
                start += self.position(parts[0] or 0, length, shape, operand - 1) * stride
            else:
                if parts[2:] == [0]:
                    self.fail("the step of a slice is not 0", "x[::2]")
                chosen = range(length)[slice(*parts)]
                start += chosen.start * stride
                view.append((len(chosen), chosen.step * stride))
        view += zip(shape[len(axes) :], strides[len(axes) :], strict=True)
        return self.view(items, start, view)

    def view(self, items: Sequence[int], start: int, axes: Sequence[tuple[int, int]]) -> Lowered:
        """The elements at regular distances, as a scalar or an array."""
        self.charge(math.prod([length for length, _ in axes]))
        chosen = [items[i] for i in _offsets(start, axes)]
        return Array(tuple([length for length, _ in axes]), chosen) if axes else chosen[0]

    def position(self, index: int, length: int, shape: Shape, operand: int) -> int:
        """An index along an axis, counted from its end if negative."""
        if not -length <= index < length:
            message = f"index {index} is outside of an array of shape {_shown(shape)}"
            self.fail(message, f"{-length} to {length - 1}: the first element has index 0", operand)
        return index % length

    def transpose(self, payload: Any, values: list[Any]) -> Lowered:
        """The axes in reverse order."""
        self.arity("transpose", values, 1)
        self.check_numbers(*values)
        shape, items = _parts(values[0])
        axes = list(zip(shape, _strides(shape), strict=True))
        return self.view(items, 0, axes[::-1])

    def matmul(self, payload: Any, values: list[Any]) -> Lowered:
        """The matrix product, by NumPy's rules for one and two axes."""
        self.check_numbers(*values)
        (left, a), (right, b) = map(_parts, values)
        if not left or not right:
            self.fail("@ multiplies arrays", "* for numbers", 0 if not left else 1)
        if max(len(left), len(right)) > 2:
            self.fail("@ multiplies arrays of one or two axes", "x[0] @ y")
        inner, columns = left[-1], right[1] if len(right) == 2 else 1
        if inner != right[0]:
            self.fail(
                f"arrays of shapes {_shown(left)} and {_shown(right)} do not fit together in @",
                "inner lengths that agree",
            )
        rows = left[0] if len(left) == 2 else 1
        self.charge(rows * columns * (inner + 1))
        items = [
            self.inner(a[row * inner : (row + 1) * inner], b[column::columns])
            for row in range(rows)
            for column in range(columns)
        ]
        shape = left[:-1] + right[1:]
        return Array(shape, items) if shape else items[0]

    def inner(self, a: Sequence[int], b: Sequence[int]) -> int:
        """The sum of products."""
        return self.total(ops.add, [self.graph.emit(ops.mul, pair) for pair in zip(a, b, strict=True)])

    def total(self, op: Op, items: Sequence[int]) -> int:
        """The sum or product of any number of scalars."""
        if not items:
            return self.graph.constant(EMPTY[op])
        return items[0] if len(items) == 1 else self.graph.emit(op, tuple(items))

    def reduction(self, name: str, values: list[Any]) -> Lowered:
        """`sum` and `prod` of an array."""
        if len(values) != 1:
            self.fail(f"{name} takes one array, not {len(values)} operands", f"{name}([a, b]), or {name}(i=1..n, body)")
        return self.variadic(ops.add if name == "sum" else ops.mul, name, values)

    def mean(self, name: str, values: list[Any]) -> Lowered:
        """The sum over the number of elements."""
        self.arity(name, values, 1)
        count = len(_parts(values[0])[1]) if not isinstance(values[0], Pieces) else 1
        total = self.variadic(ops.add, name, values)
        if not count:
            self.fail("mean of an array without elements", "an array with at least one element")
        assert isinstance(total, int)
        return self.graph.emit(ops.div, (total, self.graph.constant(count))) if count > 1 else total

    def dot(self, name: str, values: list[Any]) -> Lowered:
        """The inner product."""
        self.arity(name, values, 2)
        if type(values[0]) is int or type(values[1]) is int:
            return self.apply(self.emitting(ops.mul), values)
        return self.matmul(None, values)

    # -- functions with a lowering of their own

    def root(self, name: str, values: list[Any]) -> Lowered:
        """`root(x, n)`: the cube root is defined for negative numbers too."""
        self.arity(name, values, 2)
        self.check_numbers(*values)
        degree = self.rational(values[1]) if isinstance(values[1], int) else None
        if degree in (2, 3):
            return self.apply(self.emitting(ops.sqrt if degree == 2 else ops.cbrt), values[:1])
        exponent = self.apply(self.emitting(ops.div), [self.graph.constant(1), values[1]])
        return self.apply(self.power, [values[0], exponent])

    def log(self, name: str, values: list[Any]) -> Lowered:
        """The natural logarithm, or that to a base."""
        self.arity(name, values, 1, 2)
        logarithms = [self.apply(self.emitting(ops.log), [value]) for value in values]
        return logarithms[0] if len(values) == 1 else self.apply(self.emitting(ops.div), logarithms)

    def heaviside(self, name: str, values: list[Any]) -> Lowered:
        """The step; its value at zero may be given if it is 1/2."""
        self.arity(name, values, 1, 2)
        if len(values) == 2:
            self.check_numbers(*values)
            half = values[1] if isinstance(values[1], int) else -1
            if half < 0 or not (self.graph.nodes[half].parameter == "0.5" or self.rational(half) == Fraction(1, 2)):
                self.fail("heaviside is 1/2 at zero", "where(x > 0, 1, where(x < 0, 0, h)) for another value", 1)
        return self.apply(self.emitting(ops.heaviside), values[:1])

    def polygamma(self, name: str, values: list[Any]) -> Lowered:
        """Of order 0 it is digamma."""
        self.arity(name, values, 2)
        if isinstance(values[0], int) and values[0] >= 0 and self.rational(values[0]) == 0:
            return self.apply(self.emitting(ops.digamma), values[1:])
        return self.apply(self.emitting(ops.polygamma), values)

    # -- sums with a counter

    def begin(self, name: str, values: list[Any]) -> Lowered:
        """Both bounds are known: set the counter, or pass over the body."""
        first, last = (self.integer(value, "a bound", i) for i, value in enumerate(values))
        end = self.loops[self.index]
        self.charge(2 * max(0, last - first + 1) * (end - self.index))
        if last < first:
            self.values[end] = self.graph.constant(1 if self.tree[end][1] == "prod" else 0)
            self.index = end
            return 0
        self.active.append(_Loop(self.index, first, last, name, self.names.get(name)))
        self.names[name] = self.graph.constant(first)
        return 0

    def loop(self, name: str, values: list[Any]) -> Lowered:
        """The end of the body: once more, or the total."""
        current = self.active[-1]
        current.parts.append(values[1])
        if current.counter < current.last:
            current.counter += 1
            self.names[current.name] = self.graph.constant(current.counter)
            self.index = current.begin
            return 0
        self.active.pop()
        if current.outer is not None:
            self.names[current.name] = current.outer
        self.check_branches(current.parts)
        op = ops.add if name == "sum" else ops.mul
        return current.parts[0] if len(current.parts) == 1 else self.apply(self.emitting(op), current.parts)


@dataclass(slots=True)
class _Loop:
    """A running sum with a counter."""

    begin: int
    counter: int
    last: int
    name: str
    outer: Lowered | None
    parts: list[Any] = field(default_factory=list)


COMPARISON_NAMES = frozenset(COMPARISONS)
EMPTY = {ops.add: 0, ops.mul: 1, ops.hypot: 0}
"""What an op makes of no operands."""

SINGLE = frozenset({ops.hypot, ops.logsumexp})
"""Ops that change a single operand."""

EXACT = frozenset({ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.powi})
"""Ops that small rational arithmetic follows."""

_BITS = 200


def _literal(text: str) -> Fraction | None:
    """The value of a constant's text if it is a moderate integer."""
    if len(text) > 60:
        return None
    if text.lstrip("-").isdecimal():
        return Fraction(int(text))
    if text[:1].isalpha() or "x" in text.lower():
        return _hexadecimal(text)
    exponent = text.lower().partition("e")[2]
    if exponent and abs(int(exponent)) > 60:
        return None
    number = Fraction(text)
    return number if number.denominator == 1 else None


def _hexadecimal(text: str) -> Fraction | None:
    """The same of a hexadecimal float; None for a named constant."""
    if "x" not in text.lower() or text in CONSTANTS:
        return None
    try:
        number = float.fromhex(text)
    except (OverflowError, ValueError):
        return None
    return Fraction(number) if number.is_integer() else None


def _exactly(op: Op, operands: Sequence[Fraction | None]) -> Fraction | None:
    """An op on exact operands, None where it has no moderate exact value."""
    numbers = [number for number in operands if number is not None]
    if len(numbers) < len(operands):
        return None
    result = numbers[0]
    if op is ops.neg:
        return -result
    for number in numbers[1:]:
        if op is ops.powi:
            if not _moderate_power(result, number):
                return None
            result = result**number.numerator
        elif op is ops.div and not number:
            return None
        else:
            result = _ARITHMETIC[op](result, number)
        if max(result.numerator.bit_length(), result.denominator.bit_length()) > _BITS:
            return None
    return result


def _moderate_power(base: Fraction, exponent: Fraction) -> bool:
    """Whether a power is defined and small enough to compute."""
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    return bool(base or exponent >= 0) and abs(exponent) * bits <= _BITS


_ARITHMETIC: dict[Op, Callable[[Fraction, Fraction], Fraction]] = {
    ops.add: operator.add, ops.sub: operator.sub, ops.mul: operator.mul, ops.div: operator.truediv,
}  # fmt: skip
