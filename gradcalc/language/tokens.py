"""Text to tokens, and the words of the language. Imports errors, ops and format.

A long text has a million tokens, so they are kept in columns and made without a loop of Python: one regular expression
cuts the text, and only each distinct word is looked at.
"""

import keyword
import re
import unicodedata
from itertools import accumulate
from typing import NamedTuple, NoReturn

from gradcalc.errors import ExpressionError, LimitError, Span
from gradcalc.graph import ops
from gradcalc.language.format import ADD, AND, COMPARE, MUL, NEG, NOT, OR, POSTFIX, POW
from gradcalc.language.written import WRITTEN

# -- words of the language -------------------------------------------------------------------------------------------

CONSTANTS = {
    **dict.fromkeys(("pi", "π", "Pi", "PI"), "pi"), "e": "E", "E": "E", "tau": "tau",
    "EulerGamma": "EulerGamma", "Catalan": "Catalan", "GoldenRatio": "GoldenRatio",
    "nan": "nan", "NaN": "nan", "oo": "oo", "inf": "oo", "Infinity": "oo", "∞": "oo",
}  # fmt: skip
"""Every spelling of a named constant, to the text its node holds."""

SPECIAL = {
    "sum": "sum(array) or sum(i=1..n, body)", "prod": "prod(array) or prod(i=1..n, body)", "mean": "mean(array)",
    "dot": "dot(a, b)", "norm": "norm(array)", "root": "root(x, n)", "log": "log(x) or log(x, base)",
    "piecewise": "piecewise((a, x < 0), (b, x < 1), c)", "and": "p & q", "or": "p | q", "not": "~p",
    "heaviside": "heaviside(x)", "polygamma": "polygamma(n, x)", "transpose": "A.T",
    "diff": "diff(f, x) or diff(f, x, 2, y)", "gradient": "gradient(f, x, y)", "jacobian": "jacobian([f, g], x, y)",
    "subs": "subs(f, x, 2) or subs(f, x, 2, y, t)",
    "hessian": "hessian(f, x, y)", "laplacian": "laplacian(f, x, y)", "divergence": "divergence([f, g], x, y)",
    "curl": "curl([f, g, h], x, y, z)", "det": "det(A)", "inv": "inv(A)", "trace": "trace(A)", "cross": "cross(a, b)",
    "outer": "outer(a, b)", "softmax": "softmax(array)", "zeros": "zeros(3) or zeros(2, 3)",
    "ones": "ones(3) or ones(2, 3)", "eye": "eye(3)", "linspace": "linspace(0, 1, 5)",
    "arange": "arange(5) or arange(start, stop, step)",
    "frac": "frac(x), or a/b for a quotient", "zeta": "zeta(x) or zeta(s, a)",
    **{name: f"{name}({', '.join(written.operands)})" for name, written in WRITTEN.items()},
}  # fmt: skip
"""Functions whose lowering is their own, beside the ops of the table, and how each is written."""

FUNCTIONS: dict[str, str] = {
    **{name: name for name, op in ops.TABLE.items() if not op.internal}, **ops.ALIASES,
    **{name: name for name in SPECIAL},
    **{alias: name for name, written in WRITTEN.items() for alias in written.aliases},
    "Piecewise": "piecewise", **dict.fromkeys(("ITE", "if", "ifelse", "iif"), "where"),
    "And": "and", "Or": "or", "Not": "not",
    **dict.fromkeys(("Derivative", "derivative", "deriv"), "diff"), "grad": "gradient", "div": "divergence",
    "Subs": "subs", "determinant": "det", "inverse": "inv", "tr": "trace",
    "Eq": "eq", "Ne": "ne", "Lt": "lt", "Le": "le", "Gt": "gt", "Ge": "ge",
}  # fmt: skip
"""Every spelling of a function, to its name."""

LETTERS_TOO = frozenset({"beta", "gamma", "zeta", "psi", "deg", "rad", "li", "Li", "frac", "degrees", "radians"})
"""Functions whose names are Greek letters, or such as variables have: without parentheses they are variables."""

BARE = {
    spelling: name
    for spelling, name in FUNCTIONS.items()
    if spelling not in LETTERS_TOO
    and (name == "log" or (name in ops.TABLE and len(ops.TABLE[name].operands) == 1 and not ops.TABLE[name].variadic))
}
"""Functions of one operand, which may stand before it without parentheses: `sin x`."""

ROOTS = frozenset(("sqrt", "cbrt"))
"""Functions that are signs elsewhere, whose bar ends where the reader thinks."""

SUMS = {"∑": "sum", "∏": "prod", "Σ": "sum", "Π": "prod"}
"""Letters that are sums and products where a counter follows."""

_OTHERS = frozenset(("fmod", "round", "norm", "root"))
MODULES = {
    **dict.fromkeys(("np", "numpy", "jnp", "torch"), _OTHERS | {"sinc", "diff"}),
    **dict.fromkeys(("math", "Math", "cmath", "tf", "sp", "sympy", "mp", "mpmath", "scipy", "special"), _OTHERS),
}
"""Libraries whose names before a function change nothing, and their functions that mean something else."""
PARTS = frozenset(("math", "special"))
"""Parts of libraries that may stand between: `tf.math.`, `scipy.special.`."""
ONE_ARRAY = frozenset(("max", "min", "amax", "amin", "sum", "prod", "mean", "logsumexp"))
"""Functions whose second operand is an axis in those libraries."""

GREEK = frozenset(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi omicron pi rho sigma tau upsilon phi "
        "chi psi omega",
    )
)
"""Names of letters, which are letters."""
LETTER = re.compile(r"[^\W\d_](?:_?\d+|_[^\W\d_])?")
"""A variable that is one letter, with an index."""

_APPLIED = r"(a?(?:sin|cos|tan)h?|arc(?:sin|cos|tan)h?|ln|log|exp|sqrt|cbrt|abs)"
GLUED = re.compile(rf"{_APPLIED}(\d*[xyztuv]\d*|\d*theta|\d*[θφ]|\d+)")
"""A function with its operand written on: `sinx`."""
_GLUED_ON = rf"{_APPLIED}(\d*[xyzθφ]{{1,2}}|\d*[tuv]|\d*theta|\d+)"
GLUED_FACTOR, GLUED_FACTORS = re.compile(_GLUED_ON), re.compile(rf"(?!\w*cost$)([^\W\d_]?)((?:{_GLUED_ON})+)")
"""A product of such, a variable before it or not: `xsinx`, `sinxcosx`, `sinxy`."""
PI_FACTOR = re.compile(r"pi([xyzrtRθφ])")
"""The constant with a variable written on: `2pix`."""
COUNTED = re.compile(r"[CP](\d+)")
"""What stands between two numbers for the number of choices: `5C2`."""

INFIX = {
    "or": (OR, "or"), "|": (OR, "or"), "∨": (OR, "or"), "and": (AND, "and"), "&": (AND, "and"), "∧": (AND, "and"),
    "<": (COMPARE, "lt"), "<=": (COMPARE, "le"), "≤": (COMPARE, "le"), ">": (COMPARE, "gt"), ">=": (COMPARE, "ge"),
    "≥": (COMPARE, "ge"), "==": (COMPARE, "eq"), "!=": (COMPARE, "ne"), "≠": (COMPARE, "ne"),
    "AND": (AND, "and"), "OR": (OR, "or"),
    **dict.fromkeys("+-−", (ADD, "add")), **dict.fromkeys("*×·⋅∙∗", (MUL, "mul")), **dict.fromkeys("/÷∕", (MUL, "div")),
    "%": (MUL, "mod"), "@": (MUL, "matmul"), **dict.fromkeys(("**", "^", ".^", ".**"), (POW, "pow")),
    ".*": (MUL, "mul"), "./": (MUL, "div"),
}  # fmt: skip
PREFIX = {
    "-": (NEG, "neg"), "−": (NEG, "neg"), "~": (NOT, "not"), "¬": (NOT, "not"), "not": (NOT, "not"),
    "√": (POSTFIX, "sqrt"), "∛": (POSTFIX, "cbrt"),
}  # fmt: skip
MINUS, DIVIDE, POWER = frozenset("-−"), frozenset("/÷∕"), frozenset(("^", "**", ".^", ".**"))
WORDS = frozenset({"and", "or", "not"})
PARTNER = {"(": ")", "[": "]", "|": "|"}
OPENING, CLOSING = frozenset("(["), frozenset(")]")

REFUSED = {
    "=": "the expression on its right alone, == to compare, or grad --implicit \"x^2 + y^2 = 25\"",
    "&&": "p & q", "||": "p | q, or |a| with a space between bars", "//": "floor(a/b)", "<<": "a*2**n",
    ">>": "floor(a/2**n)",
    "<>": "a != b", "=<": "a <= b", "=>": "a >= b", ":=": "a binding, such as --let x=2", "->": "the expression alone",
    ";": "one expression at a time; elements are separated by commas",
    **dict.fromkeys("{}", "round parentheses ( ), [a, b] for an array, where(x < 0, a, b) for branches"),
    "\\": "sin(x), sqrt(x), (a)/(b) instead of LaTeX commands",
    '"': "numbers and names only: text has no place in a formula",
    **dict.fromkeys("'′’″", "diff(f, x) for the derivative of f; text has no place in a formula"),
    "`": "a name of any letters stands between two of them, in one line: `time (s)`", "$": "the expression without $",
    "#": "the expression without comments",
    "+-": "a + b or a - b", "...": "i=1..n with two dots", "°": "x*pi/180 for an angle in degrees",
    "else": "where(condition, a, b)", "for": "sum(i=1..n, body)", "in": "sum(i=1..n, body)", "is": "sum(i=1..n, body)",
    "~": "an operator such as & or *", "¬": "an operator such as & or *",
    **dict.fromkeys("–—‐‑", "- for minus"), "∑": "sum(i=1..n, ...)", "∏": "prod(i=1..n, ...)",
    "∂": "∂/∂x(f)", "∇": "the formula alone: gradcalc grad gives its gradient",
    "∜": "root(x, 4)", **dict.fromkeys("±∓", "two formulas, one with + and one with -"), "↑": "^ for a power",
    **dict.fromkeys("⌊⌋", "floor(x)"), **dict.fromkeys("⌈⌉", "ceil(x)"), "‖": "norm([x, y])",
    **dict.fromkeys("⟨⟩〈〉", "[x, y] for an array"), **dict.fromkeys("•✕✖⨯✱", "* for a product"),
    **dict.fromkeys("↦→⟶⇒⟼∈", "the expression alone"), **dict.fromkeys("≈≡≃", "== to compare"), "⁄": "/ for a quotient",
    "∆": "a name such as dx", "∘": "sin(cos(x)) for one function of another",
    "∫": "an integral that is worked out: gradcalc has derivatives only",
}  # fmt: skip
"""What has no meaning where an operator is expected though one may think so, and what to write instead."""

_SIGNS = "signs such as + - * / ^, and functions by their names"

DERIVATIVES = frozenset(("d", "nabla"))
"""Words that ask for a derivative in a way that is not the language's."""

MATRIX = "@"
"""What a product, quotient or power of a tree holds where its dialect does not mean it element by element."""

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


# -- tokens ----------------------------------------------------------------------------------------------------------


class Token(NamedTuple):
    """A name, number, sign or raised number of the text, and where it starts."""

    kind: str
    text: str
    start: int
    length: int = 0
    """Characters in the text as typed, which may be fewer than `text` has: `ﵐ` is one."""

    @property
    def span(self) -> Span:
        """The place in the text."""
        return self.start, self.start + max(1, self.length)


class Tokens:
    """The tokens of a text, the last one its end: where each starts, its word, and the kind of each word."""

    def __init__(self, words: list[str], starts: list[int], kinds: dict[str, str], typed: list[str]) -> None:
        self.words = words
        self.typed = typed  # the words before names were given their one spelling
        self.starts = starts
        self.kinds = kinds

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, position: int) -> Token:
        """The token there; past the end it is the end."""
        position = min(position, len(self.words) - 1)
        word = self.words[position]
        return Token(self.kinds[word], word, self.starts[position], len(self.typed[position]))

    def part(self, first: int, last: int) -> "Tokens":
        """The tokens of a range, and an end."""
        typed = [*self.typed[first:last], ""]
        return Tokens([*self.words[first:last], ""], self.starts[first : last + 1], self.kinds, typed)

    def pieces(self) -> list[tuple[int, int]]:
        """The ranges of tokens between the commas that stand in no brackets."""
        ranges, first, depth = [], 0, 0
        for position, word in enumerate(self.words):
            depth += (word in OPENING) - (word in CLOSING)
            if not word or (word == "," and depth <= 0):
                ranges.append((first, position))
                first = position + 1
        return ranges


_FRACTIONS = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_PATTERNS = {
    "fraction": f"[{_FRACTIONS}]",
    "name": rf"[^\W\d⁰¹²³⁴⁵⁶⁷⁸⁹{_FRACTIONS}](?:[^\W⁰¹²³⁴⁵⁶⁷⁸⁹]|[\u0300-\u036f])*",
    "number": r"0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?[0-9]+"
    r"|(?:(?:[0-9]{1,3}(?:_[0-9]{3})+(?![0-9])|[0-9]+)(?:\.(?![.*/^])[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
    "sign": r"\.?\*\*|\.[*/^]|==|!=|<=|>=|\.\.|[-+*/^%@()\[\],|!&~<>=:.?√∛∞×·⋅∙∗−÷∕≤≥≠∧∨¬∂∑∏]",
    "raised": "⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+",
    "quoted": "`[^`\\n]+`",
    "wrong": "(?s:.)",
}
_TOKEN = re.compile(f"(?:{'|'.join(_PATTERNS.values())})\\s*")
_KIND = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items()))


def check_length(text: str, limit: int) -> None:
    """Refuse a text of more than `limit` characters."""
    if len(text) > limit:
        message = f"the text has {len(text):,} characters, more than {limit:,}"
        raise LimitError(message, hint="--max-text raises the limit")


def tokenize(text: str, limit: int) -> Tokens:
    """Cut a text of at most `limit` characters into tokens."""
    check_length(text, limit)
    chunks = _TOKEN.findall(text.lstrip())
    starts = list(accumulate(map(len, chunks), initial=len(text) - len(text.lstrip())))
    words = list(map(str.rstrip, chunks))
    kinds = {word: _kind(word) for word in set(words)}
    if "wrong" in kinds.values():
        position = next(i for i, word in enumerate(words) if kinds[word] == "wrong")
        _refuse(words[position], starts[position])
    plain = {word: _plain(word) for word, kind in kinds.items() if kind == "name" and not word.isascii()}
    plain |= {word: _unquoted(word, starts[words.index(word)]) for word, kind in kinds.items() if kind == "quoted"}
    typed = [*words, ""]
    words = [plain.get(word, word) for word in typed] if plain else typed
    return Tokens(words, starts, kinds | dict.fromkeys(plain.values(), "name") | {"": "end"}, typed)


def _kind(word: str) -> str:
    """What a word is."""
    kind = _pattern(word)
    return "wrong" if kind == "name" and not word.isascii() and not _is_name(word) else kind


def _pattern(word: str) -> str:
    """The pattern that a word matches."""
    match = _KIND.match(word)
    assert match is not None
    return match.lastgroup or ""


def _plain(word: str) -> str:
    """A name in the one form that all its spellings share."""
    return unicodedata.normalize("NFKC", word)


def _unquoted(word: str, start: int) -> str:
    """The name between backquotes, such as the name of a column: `time (s)`."""
    name = word[1:-1].strip()
    if not name or (match := _KIND.fullmatch(name)) and match.lastgroup not in ("name", "wrong"):
        refuse(f"{word} is not a name", (start, start + len(word)), f'--rename "{name}=c" gives the column one')
    return name


def _is_raised(word: str) -> bool:
    """Whether a letter of a name stands raised."""
    return any(unicodedata.decomposition(character).startswith("<super>") for character in word)


def _is_name(word: str) -> bool:
    """Whether a word is a name in its plain form too: the plain form of `ŀ` holds a multiplication sign."""
    plain = _plain(word)
    match = _KIND.fullmatch(plain)
    return match is not None and match.lastgroup == "name" and plain.isidentifier() and not _is_raised(word)


def _refuse(word: str, start: int) -> NoReturn:
    """An error for what the language does not have."""
    span = (start, start + len(word))
    if _pattern(word) == "name":
        if _is_raised(word):
            refuse("a raised letter is no part of a name", span, "x^n")
        fraction = next((c for c in word if "/" in unicodedata.normalize("NFKC", c).replace("⁄", "/")), "")
        quotient = unicodedata.normalize("NFKC", fraction).replace("⁄", "/")
        letters = word.split(fraction)[0] if fraction else ""
        product = f"{letters}*({quotient})" if letters else f"({quotient})"
        refuse(f"{word} is not a name", span, product if fraction else "letters, digits and underscores")
    shown = repr(word) if word.isprintable() else f"U+{ord(word):04X}"
    plain = unicodedata.normalize("NFKC", word)  # a wide or a raised sign
    hint = f"the plain {plain}" if plain != word and plain.isascii() and plain.isprintable() else _SIGNS
    hint = f"^({plain}...) for an exponent" if _is_raised(word) else hint
    refuse(f"{shown} has no meaning in a formula", span, REFUSED.get(word, hint if word.isprintable() else "remove it"))


def refuse(message: str, span: Span | None, hint: str) -> NoReturn:
    """An error at a place of the text; who knows the text adds it."""
    raise ExpressionError(message, span=span, hint=hint)


def check_name(token: Token) -> None:
    """Refuse what Python keeps for itself."""
    name = token.text
    if name.startswith("__"):
        refuse(f"{name} is not a name", token.span, "a name that begins with a letter")
    if keyword.iskeyword(name):
        hints = {"if": "where(condition, a, b)", "else": "where(condition, a, b)", "lambda": "λ or lam"}
        hint = hints.get(name, f"another name, such as {name}_")
        refuse(f"{name} is a word of Python, not a name", token.span, hint)
