r"""LaTeX to a tree, with places in the LaTeX. Imports errors, format, synonyms, syntax and tokens.

    \frac{1}{2} x^2 --words--> \frac { 1 } { 2 } x ^ 2 --LatexParser--> the tree of the language

The tree, the stacks and the limits are those of the language's parser; words and grammar are LaTeX's own: letters stand
alone, `^` takes one sign or a group, blanks mean nothing, commands take arguments. What shows in two readings on paper
is refused with both, and so is what the source says and the paper does not: `{x+1}^2`.
"""

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from itertools import accumulate
from typing import Any, NamedTuple, NoReturn

from gradcalc.errors import did_you_mean
from gradcalc.language.format import ADD, AND, ATOM, COMPARE, MUL, NEG, NOT, OR, POW, Tree
from gradcalc.language.refusals import Pending
from gradcalc.language.synonyms import function_meant
from gradcalc.language.syntax import Parser
from gradcalc.language.tokens import (
    CONSTANTS,
    FUNCTIONS,
    INFIX,
    LETTERS_TOO,
    MATRIX,
    Token,
    Tokens,
    check_length,
    check_name,
    refuse,
)

BODY, BARE, JOINED = ADD + 5, MUL + 5, MUL + 6
"""How tightly these bind: the body of a sum, a function without parentheses, the factors in it: `\\sin 2\\pi x`."""

# -- words -----------------------------------------------------------------------------------------------------------

names = str.split

_GREEK = names(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_LETTERS = frozenset((*_GREEK, *names("varepsilon vartheta varkappa varpi varrho varsigma varphi ell hbar digamma")))
_PLAIN_STYLES = frozenset(names("mathrm mathit mathnormal mathsf text textrm textit mbox operatorname operatorname*"))
_STYLES = _PLAIN_STYLES | frozenset(names("mathbf boldsymbol bm textbf mathtt mathcal vec"))

_SIGNS = {
    r"\cdot": "*", r"\ast": "*", r"\times": "×", r"\div": "÷", r"\leq": "<=", r"\le": "<=", r"\leqslant": "<=",
    r"\geq": ">=", r"\ge": ">=", r"\geqslant": ">=", r"\lt": "<", r"\gt": ">", r"\neq": "!=", r"\ne": "!=",
    r"\land": "∧", r"\wedge": "∧", r"\lor": "∨", r"\vee": "∨", r"\lnot": "¬", r"\neg": "¬", r"\bmod": "%",
    r"\pmod": "%", r"\mod": "%", r"\infty": "∞", r"\partial": "∂", r"\dfrac": r"\frac", r"\tfrac": r"\frac",
    r"\cfrac": r"\frac", r"\dbinom": r"\binom", r"\tbinom": r"\binom", r"\vert": "|", r"\|": "‖", r"\Vert": "‖",
    r"\lbrack": "[", r"\rbrack": "]", r"\lparen": "(", r"\rparen": ")", r"\lbrace": r"\left{", r"\rbrace": r"\right}",
    r"\{": r"\left{", r"\}": r"\right}", r"\lvert": r"\left|", r"\rvert": r"\right|", r"\lVert": r"\left‖",
    r"\rVert": r"\right‖", r"\lfloor": r"\left⌊", r"\rfloor": r"\right⌋", r"\lceil": r"\left⌈", r"\rceil": r"\right⌉",
    r"\top": r"\top", r"\intercal": r"\top", r"\dots": "…", r"\cr": r"\\",
    **{sign: sign for sign in (r"\frac", r"\sqrt", r"\binom", r"\sum", r"\prod", r"\\")},
    **{sign: sign for sign in "+-*/^_{}()[]|<>=,!&.×÷·−≤≥≠∞∂"}, "−": "-", "·": "*", "$": "$", "$$": "$$",
    r"\[": r"\[", r"\]": r"\]", r"\(": r"\(", r"\)": r"\)",
}  # fmt: skip
"""Every spelling of a sign or command, to the word that the parser knows; `\\left(` keeps its `\\left`."""

_BRACKETS = {
    "(": ")", "[": "]", "|": "|", "‖": "‖", r"\left(": r"\right)", r"\left[": r"\right]", r"\left|": r"\right|",
    r"\left‖": r"\right‖", r"\left⌊": r"\right⌋", r"\left⌈": r"\right⌉", r"\left{": r"\right}",
}  # fmt: skip
_MEANING = {"|": "abs", "‖": "norm", "⌊": "floor", "⌈": "ceil"}
_ROUND = frozenset(("(", r"\left("))
_GROUPS = frozenset(("(", r"\left(", "[", r"\left["))
_WRAPS = {
    "$": "$", "$$": "$$", r"\[": r"\]", r"\(": r"\)",
    **{rf"\begin{{{name}}}": rf"\end{{{name}}}" for name in ("equation", "equation*", "displaymath", "math")},
}  # fmt: skip
"""What may stand around a whole formula."""

_BLANK = frozenset(
    names(
        r"\, \; \: \! ~ \quad \qquad \thinspace \medspace \thickspace \negthinspace \negmedspace \negthickspace "
        r"\enspace \displaystyle \textstyle \scriptstyle \scriptscriptstyle \limits \nolimits \strut \nonumber"
    )
) | {"\\ "}
_CASES = frozenset(("cases", "dcases", "rcases"))
_MATRICES = frozenset(("matrix", "pmatrix", "bmatrix", "smallmatrix", "Bmatrix", "array", "vmatrix"))
_WORDS = {
    **dict.fromkeys(("if", "for", "when", "where", "and", "or", "otherwise"), ""), "else": "otherwise",
    "elsewhere": "otherwise", "in all other cases": "otherwise",
}  # fmt: skip
"""What `\\text` may say in a formula."""

_RUN = "gradcalc runs no TeX: the formula alone, written out"
_REFUSED = {
    **dict.fromkeys(names(r"\int \iint \iiint \oint \idotsint"), "an integral that is worked out: gradcalc has none"),
    **dict.fromkeys(names(r"\lim \limsup \liminf \sup \inf"), "a limit that is worked out: gradcalc has none"),
    **dict.fromkeys(names(r"\pm \mp"), "a + b or a - b: a formula has one value"),
    **dict.fromkeys(names(r"\dots \ldots \cdots \vdots \ddots"), r"all the terms, or \sum_{i=1}^{n}"),
    **dict.fromkeys(
        names(r"\approx \equiv \sim \simeq \cong \propto \to \rightarrow \Rightarrow \implies \iff \mapsto \in \notin "
              r"\subset \forall \exists \mid \colon"), r"one formula, with \leq, \geq, <, >, \neq to compare",
    ),
    **dict.fromkeys(names(r"\overline \bar \hat \tilde \dot \ddot \widehat \widetilde \underline"),
                    "a name with a subscript, such as x_{m}"),
    **dict.fromkeys(names(r"\lg \lb"), r"\log_{10} x or \log_{2} x"),
    **dict.fromkeys(names(r"\Re \Im \arg"), "real numbers: gradcalc has no complex ones"),
    **dict.fromkeys(names(r"\def \let \newcommand \renewcommand \input \include \usepackage \write \read \catcode "
                    r"\csname \expandafter \documentclass \require \special \DeclareMathOperator"), _RUN),
    r"\nabla": "the formula alone: gradcalc grad gives its gradient", r"\over": r"\frac{a}{b}",
    r"\choose": r"\binom{n}{k}", r"\circ": r"x \pi/180 for an angle in degrees", r"\degree": r"x \pi/180",
    r"\prime": r"\frac{d}{dx}", "'": r"a derivative as \frac{d}{dx}(...), and names without strokes",
    r"\root": r"\sqrt[n]{x}", r"\%": r"x/100 for a percentage, x \bmod y for a remainder",
    "%": r"x \bmod y for a remainder; comments are left out", r"\emptyset": "a number",
    r"\langle": r"parentheses; \operatorname{dot}(a, b) for an inner product",
    r"\rangle": r"parentheses; \operatorname{dot}(a, b) for an inner product",
    r"\&": r"\land between conditions", r"\#": "the expression without #", "#": "the expression without #",
    '"': "numbers and names only", "@": "an operator such as +", ":": r"a / b for a ratio", ";": "one formula",
    r"\_": "x_{1} for a subscript", r"\$": "the expression without $", "\\": r"a command such as \sin",
    r"\left.": "brackets on both sides",
}  # fmt: skip
"""Commands and signs of LaTeX without a meaning here, and what to write instead."""

_NO_COMMANDS = frozenset(names("dot root neg add sub mul div diff transpose where and or not lt le gt ge eq ne mean"))
_ABOVE = "norm abs floor ceil"
_LETTER_CALLS = {"Gamma": "gamma", "zeta": "zeta"}
"""Functions that are written by a letter, where no variable is."""
_INFIX = {word: INFIX[word] for word in names("+ - * × ÷ / % ∧ ∨ < <= ≤ > >= ≥ != ≠")}
_ALPHA = r"[^\W\d_]"
_END = r"(?![A-Za-z])"


@cache
def _pattern() -> re.Pattern[str]:
    """What cuts LaTeX into words, blanks behind each; a letter takes its subscript along."""
    styles = "|".join(sorted(map(re.escape, _STYLES), key=len, reverse=True))
    styled = rf"\\(?:{styles})(?:\s*\{{[^{{}}]*\}}|\s+[A-Za-z])"
    letters = "|".join(sorted(_LETTERS, key=len, reverse=True))
    below = r"(?:\s*_\s*(?:\w|\\[A-Za-z]+(?:\s*\{[^{}]*\})?|\{(?:[^{}]|\{[^{}]*\})*\}))?"
    patterns = [
        r"\\(?:begin|end)\s*\{[^{}]*\}(?:(?<=\{array\})\s*\{[lcr|\s]*\})?",
        rf"\\(?:left|right)\s*(?:\\[A-Za-z]+|\\.|.)|\\[bB]igg?[lrm]?{_END}\s*(?:\\[A-Za-z]+|\\.|.)",
        rf"(?<=\^)(?:\\(?:{letters}){_END}|{_ALPHA})", rf"(?:{styled}|\\(?:{letters}){_END}|{_ALPHA}){below}",
        r"[0-9]+\.?[0-9]*|\.[0-9]+", r"\\\\(?:\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\])?", r"\\[A-Za-z]+\*?", r"\\(?s:.)",
        r"\$\$", r"(?s:.)",
    ]  # fmt: skip
    return re.compile(f"(?:{'|'.join(patterns)})\\s*")


class _Word(NamedTuple):
    """What a word is: its kind, the word that the parser knows; of what is refused the hint."""

    kind: str
    word: str
    style: str = ""


def is_latex(text: str) -> bool:
    """Whether a text has a command of LaTeX in it: a backslash and letters or a bracket, in no quoted name."""
    return "\\" in text and bool(re.search(r"\\(?:[A-Za-z]|[{}|\[\],;:!\\])", re.sub("`[^`\n]*`", "", text)))


def tokenize(text: str, limit: int) -> Tokens:
    """Cut LaTeX into tokens."""
    check_length(text, limit)
    margin = len(text) - len(text.lstrip())
    chunks = _pattern().findall(text, margin)
    starts = list(accumulate(map(len, chunks), initial=margin))
    typed = list(map(str.rstrip, chunks))
    known = {word: _word(word or "\\ ") for word in set(typed)}
    if bad := {word for word, each in known.items() if each.kind == "wrong"}:
        place = next(i for i, word in enumerate(typed) if word in bad)
        _refuse(typed[place], known[typed[place]].word, starts[place])
    if blanks := {word for word, each in known.items() if each.kind == "blank"}:
        kept = [i for i, word in enumerate(typed) if word not in blanks]
        starts = [*(starts[i] for i in kept), starts[-1]]
        typed = [typed[i] for i in kept]
    _check_styles(typed, known, starts)
    words = [known[word].word for word in typed]
    if len(words) > 1 and _WRAPS.get(words[0]) == words[-1]:
        words, typed, starts = words[1:-1], typed[1:-1], starts[1:]
    kinds = {each.word: each.kind for each in known.values()} | {"": "end"}
    return Tokens([*words, ""], starts, kinds, [*typed, ""])


def _check_styles(typed: list[str], known: dict[str, _Word], starts: list[int]) -> None:
    """Refuse a letter that stands both bold and plain: these are two names on paper."""
    styles: dict[str, str] = {}
    for word, each in known.items():
        if each.kind == "name" and styles.setdefault(each.word, each.style) != each.style:
            start = starts[typed.index(word)]
            hint = f"{each.word}_{{1}} and {each.word}_{{2}}, or one style"
            refuse(f"{each.word} stands in two styles, as two names", (start, start + len(word)), hint)


@lru_cache(2000)
def _word(word: str) -> _Word:
    """What a word is."""
    if word in _BLANK:
        return _Word("blank", word)
    if word in _SIGNS:
        return _Word("sign", _SIGNS[word])
    if word in _REFUSED:
        return _Word("wrong", _REFUSED[word])
    if word[0] in "0123456789" or word[0] == ".":
        return _Word("number", word)
    if found := re.fullmatch(r"\\(begin|end)\s*\{\s*([^{}]*?)\s*\}(?:\s*\{.*\})?", word):
        plain = f"\\{found[1]}{{{found[2]}}}"
        fits = found[2] in _CASES | _MATRICES or plain in _WRAPS or plain in _WRAPS.values()
        return _Word("sign" if fits else "wrong", plain if fits else "cases, matrix, pmatrix or bmatrix")
    if word.startswith(r"\\"):
        return _Word("sign", r"\\")
    if found := re.fullmatch(r"\\(left|right|[bB]igg?[lrm]?)\s*(\\[A-Za-z]+|\\.|.)", word):
        return _delimiter(found[1], found[2])
    if found := re.fullmatch(r"(\\[A-Za-z]+\*?|\w)(\s*\{[^{}]*\}|\s+[A-Za-z])?(?:\s*_\s*(.*))?", word, re.DOTALL):
        base, braced, below = found[1].removeprefix("\\"), found[2], found[3]
        if found[1] == base or base in _LETTERS or (base in _STYLES and braced):
            return _name(base, braced, below)
    name = word.removeprefix("\\").removesuffix("*")
    if name in FUNCTIONS and name not in _NO_COMMANDS:
        return _Word("function", f"\\{name}")
    return _Word("wrong", "")


def _delimiter(size: str, sign: str) -> _Word:
    """A bracket with its size; only `\\left` and `\\right` say which way it opens."""
    plain = _SIGNS.get(sign, sign)
    bare = plain.removeprefix(r"\left").removeprefix(r"\right")
    if size not in ("left", "right"):
        return _Word("sign", plain) if plain in _BRACKETS or plain in _BRACKETS.values() else _Word("wrong", "( or )")
    word = f"\\{size}{bare}"
    fits = word in _BRACKETS or word in _BRACKETS.values() or word == r"\right."
    return _Word("sign", word) if fits else _Word("wrong", r"\left( ... \right)")


def _name(base: str, braced: str | None, below: str | None) -> _Word:
    """A letter, a Greek one, or a name in a style, with its subscript: a variable, a function, or text."""
    name, style = base, ""
    if braced is not None:
        name = braced.strip(" \t\n{}~").replace(r"\ ", " ").replace(r"\_", "_").strip()
        style = "" if base in _PLAIN_STYLES else base
        if not name and base.startswith("text"):
            return _Word("blank", "")
        if name.lower() in _WORDS and not base.startswith("operator"):
            return _Word("text", rf"\text{{{_WORDS[name.lower()] or name.lower()}}}")
        name = "beta" if base.startswith("operator") and name == "B" else name  # as SymPy writes it
        name = name.removeprefix("\\") if name.removeprefix("\\") in _LETTERS else name
        is_function = name in FUNCTIONS and (len(name) > 1 and name not in LETTERS_TOO or base.startswith("operator"))
        if is_function and below is None:
            return _Word("function", f"\\{name}")
        if is_function and f"{name}{(digits := (below or '').strip('{} '))}" in FUNCTIONS and digits.isdigit():
            return _Word("function", f"\\{name}{digits}")
        if base.startswith("operator"):
            meant = function_meant(name)
            return _Word("wrong", rf"\operatorname{{{meant}}}" if meant else "gradcalc functions lists what there is")
        if not re.fullmatch(r"[^\W\d]\w*", name) or is_function:
            return _Word("wrong", "a name of letters, digits and underscores")
    if below is None:
        return _Word("name", name, style)
    plain = re.sub(rf"\\(?:{'|'.join(map(re.escape, _STYLES))})(?![A-Za-z])|[\\{{}}\s]", "", below)
    if not re.fullmatch(r"\w+", plain):
        return _Word("wrong", f"a subscript of letters and digits, such as {name}_{{1}}")
    return _Word("name", f"{name}_{plain}", style)


def _refuse(word: str, hint: str, start: int) -> NoReturn:
    """An error for what LaTeX has and a formula has not, or for what is no command."""
    span = (start, start + len(word))
    if hint == _RUN:
        refuse(f"{word} has no place in a formula", span, hint)
    if word.startswith("\\") and not hint:
        known = [*(f"\\{name}" for name in (*FUNCTIONS, *_LETTERS)), *(sign for sign in _SIGNS if sign[1:].isalpha())]
        meant = function_meant(word[1:])
        near = f"\\{meant}" if meant else did_you_mean(word, known)
        hint = f"did you mean {near}?" if near else r"\operatorname{name} for a function, \mathrm{name} for a variable"
        refuse(f"{word} is no command that gradcalc knows", span, hint)
    shown = word if word.isprintable() else f"U+{ord(word[0]):04X}"
    raised = "x^{2}" if unicodedata.decomposition(word[0]).startswith("<super>") else ""
    refuse(f"{shown} has no meaning in a formula", span, hint or raised or "signs and commands such as + and \\frac")


# -- grammar ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Frame:
    """What a bracket or command that is open waits for, and what is then made of it.

    Attributes:
        finish: what is called when its operands are there; whether an operand is expected next.
        wanted: how many operands.
        closer: the word that ends the operand being read.
        name: of a function, a sum or an environment.
        inner: the operand that its closer ended, and where its text begins.
        is_single: whether the operand being read is a command without braces: `x^\\frac12`.
        is_list: whether commas may stand in it.
    """

    finish: Callable[["LatexParser", Pending], bool]
    wanted: int = 1
    closer: str = ""
    name: str = ""
    inner: tuple[int, int] = (0, 0)
    is_single: bool = False
    is_list: bool = False
    is_braced: bool = False
    is_visible: bool = False
    power: int | None = None
    base: int | None = None
    lower: int | None = None
    upper: int | None = None
    value: int | None = None
    counter: str = ""
    after: int = 0
    by: list[tuple[Token, int]] = field(default_factory=list)


class LatexParser(Parser):
    """One pass over the tokens of LaTeX.

    Attributes:
        solid: nodes that are seen as one on paper though their kind is loose: fractions.
        loose: functions whose operand has no visible end: `\\sin x`, `\\sin{x}`.
    """

    def __init__(
        self, text: str, max_text: int, max_depth: int, shadowing: set[str], matrices: Collection[str] = ()
    ) -> None:
        super().__init__(text, tokenize(text, max_text), max_depth, shadowing)
        self.matrices = matrices
        self.solid: set[int] = set()
        self.loose: set[int] = set()
        self.spelled: dict[str, str] = {}
        self.partner = self.partners()
        self.skip_head()

    def partners(self) -> dict[int, int]:
        """Where each brace that opens is closed."""
        found: dict[int, int] = {}
        stack: list[int] = []
        for place, word in enumerate(self.words):
            if word == "{":
                stack.append(place)
            elif word == "}":
                if not stack:
                    self.fail("} closes nothing", "remove it, or open a brace before", self.tokens[place].span)
                found[stack.pop()] = place
        if stack:
            self.fail("{ is never closed", "a matching }", self.tokens[stack[-1]].span)
        return found

    def skip_head(self) -> None:
        """Pass over `y =` and `f(x, y) =`, where the name does not come again."""
        words, kinds = self.words, self.tokens.kinds
        if kinds[words[0]] != "name":
            return
        place = 1
        if words[1] in _ROUND:
            close = next((i for i in range(2, min(len(words), 40)) if words[i] == _BRACKETS[words[1]]), 0)
            inside = words[2:close]
            if not close or any(kinds[word] != "name" for word in inside[::2]) or set(inside[1::2]) - {","}:
                return
            place = close + 1
        rest = words[place + 1 : -1]
        if words[place] == "=" and words[0] not in rest and len(rest) > 1 and "=" not in self.top_words(place + 1):
            self.position = place + 1

    def pass_definition(self) -> None:
        """The head is passed over already."""

    def top_words(self, place: int) -> list[str]:
        """The words from a place on, without those of environments and braces."""
        found, depth = [], 0
        for word in self.words[place:]:
            depth += (word == "{" or word.startswith(r"\begin")) - (word == "}" or word.startswith(r"\end"))
            if not depth:
                found.append(word)
        return found

    # -- what waits

    def waits(self, entry: Pending) -> Frame | None:
        """The frame of what waits, if it has one."""
        return entry.payload if isinstance(entry.payload, Frame) else None

    def open(self, frame: Frame, kind: str) -> Pending:
        """Let a bracket or command wait from the token on."""
        return self.push(0, kind, self.start, frame)

    def complete(self) -> None:
        """Finish the last that waits: an operator, a function without parentheses, a sum."""
        entry = self.pending[-1]
        if (frame := self.waits(entry)) is None:
            return super().complete()
        frame.inner = self.operands[-1]
        entry.operands.append(self.operands.pop()[0])
        frame.finish(self, entry)
        return None

    def done(self) -> bool:
        """After an operand: it may be the whole argument of a command."""
        entry = self.pending[-1]
        frame = self.waits(entry)
        if frame is None or not frame.is_single:
            return False
        frame.is_single = False
        return self.argument_end(entry)

    def take(self) -> None:
        """Go on to the next token."""
        self.word, self.start = self.words[self.position], self.tokens.starts[self.position]
        self.position += 1

    def argument(self, entry: Pending) -> bool:
        """The next argument of a command: a group, or one sign."""
        word = self.words[self.position]
        frame: Frame = entry.payload
        kind = self.tokens.kinds[word]
        if word == "{":
            self.take()
            frame.closer = "}"
            return True
        if kind == "number":
            self.digit(entry.kind)
        elif kind == "name" or word == "∞":
            self.take()
            if "_" in self.tokens.typed[self.position - 1]:
                self.fail("what a subscript belongs to can be read in two ways", "x_{1}^{2}, or braces: x^{a_{1}}")
            self.letter()
        elif word in _COMMANDS and entry.kind == "^":
            self.take()
            frame.is_single = True
            return _COMMANDS[word](self)
        else:
            self.take()
            name = {"^": "^", "_": "_"}.get(entry.kind, self.text[entry.left :].split("{")[0].strip())
            self.fail(f"the argument of {name} is missing", "a group in braces, such as {x}")
        return self.argument_end(entry)

    def argument_end(self, entry: Pending) -> bool:
        """Hand a command the operand that is finished."""
        frame: Frame = entry.payload
        frame.inner = self.operands[-1]
        entry.operands.append(self.operands.pop()[0])
        return self.argument(entry) if len(entry.operands) < frame.wanted else frame.finish(self, entry)

    def digit(self, kind: str) -> None:
        """One digit of a number, as TeX takes it; behind `^` more of them would not be seen as meant."""
        place, word = self.position, self.words[self.position]
        start = self.tokens.starts[place]
        if not word[0].isdigit() or (kind == "^" and len(word) > 1):
            self.take()
            self.fail("without braces one digit alone is meant", f"{{{word}}}")
        if len(word) == 1:
            self.take()
        else:
            self.words[place] = self.tokens.typed[place] = word[1:]
            self.tokens.starts[place] += 1
            self.tokens.kinds.setdefault(word[1:], "number")
        self.node("number", word[0], (), start, start + 1)

    # -- where an operand is expected

    def number(self) -> bool:
        """A literal; `1.5e-3` is a product and a difference here, and never meant."""
        word, end = self.word, self.start + len(self.word)
        if found := re.compile(r"[eE]([+-]?\d+)").match(self.text, end):
            both = rf"{word} \cdot 10^{{{found[1]}}} or {word} \cdot e {found[1]}"
            self.fail(f"{word}{found[0]} can be read in two ways", both, (self.start, found.end()))
        whole, point, rest = word.partition(".")
        self.node("number", (whole.lstrip("0") or "0") + point + rest if whole else word, (), self.start, end)
        return self.done()

    def operand(self) -> bool:
        """Take a token where an operand is expected; whether one is expected still."""
        word, kind = self.word, self.tokens.kinds[self.word]
        if kind == "name":
            return self.symbol()
        if kind == "function":
            return self.function()
        if word in _BRACKETS:
            return self.bracketed()
        if word in _COMMANDS:
            return _COMMANDS[word](self)
        if word == "-" or word == "¬":
            if self.pending[-1].precedence in (BARE, JOINED):
                self.fail("a sign behind a function needs parentheses", r"\sin(-x)")
            self.push(*((NEG, "neg") if word == "-" else (NOT, "not")), self.start)
        elif word != "+" or self.pending[-1].precedence in (BARE, JOINED):
            self.no_operand()
        return True

    def no_operand(self) -> NoReturn:
        """An error for a token where an operand should stand."""
        word, before = self.word, self.tokens[self.position - 2] if self.position > 1 else None
        if before is None and not word:
            self.fail("there is no expression", "x^2 + 1")
        if before is not None and not word:
            self.fail(f"an operand is missing after {before.text}", "finish the expression", before.span)
        if word == "}":
            self.fail("there is nothing in the braces", "{x}")
        if word in ("%",):
            self.fail("an operand is missing before the remainder", r"x \bmod y")
        self.fail(f"an operand is missing before {self.tokens.typed[self.position - 1]}", "a number, a name or a group")

    def constant(self, name: str) -> None:
        """A named constant."""
        end = self.end_of_word()
        self.constants.setdefault(self.word, (self.start, end))
        self.node("constant", name, (), self.start, end)

    def infinity(self) -> bool:
        """`\\infty`, which may only be compared with."""
        self.constant("oo")
        return self.done()

    def end_of_word(self) -> int:
        """Where the token ends in the text."""
        return self.start + len(self.tokens.typed[self.position - 1])

    def letter(self) -> None:
        """A variable or a constant."""
        name, end = self.spelling(self.word), self.end_of_word()
        if name == "d" and not self.is_known(name) and _DIFFERENTIAL.match(self.text, self.start):
            self.fail("d before a name is a differential", "the formula without it; d \\cdot x for a product")
        if not self.is_known(name) and name in _CONSTANTS:
            return self.constant(_CONSTANTS[name])
        if name.rpartition("_")[2] in self.counters and name not in self.counters:
            self.fail(
                "a subscript that counts is not read: counting may begin at 0 or at 1", "x[i - 1], by --from text"
            )
        if not self.is_known(name):
            check_name(self.tokens[self.position - 1]._replace(text=name))
        if name not in self.counters:
            self.names.setdefault(name, (self.start, end))
        self.node("name", name, (), self.start, end)
        return None

    def spelling(self, name: str) -> str:
        """The name as it was given a value, by any spelling of it: `x_1` and `x1`, `theta` and `θ`."""
        found = self.spelled.get(name)
        if found is None:
            spellings = [name] if name in self.counters else _spellings(name)
            found = next((each for each in spellings if each in self.shadowing), spellings[0])
            self.spelled[name] = found
        return found

    def symbol(self) -> bool:
        """A name; before a parenthesis it is a factor where it is known to be a variable."""
        name, following = self.spelling(self.word), self.words[self.position]
        is_called = self.words[self.past_power(self.position)] in _ROUND
        if is_called and name not in _CONSTANTS and not self.is_variable(name):
            if name in _LETTER_CALLS:
                return self.function(_LETTER_CALLS[name])
            product = rf"{self.tokens.typed[self.position - 1]} \cdot (...)"
            self.fail(f"{self.word} may be a function or a factor", f"{product}, or the formula of {self.word} itself")
        is_first = not self.text[max(0, self.start - 1) : self.start].isalpha()
        if is_first and (whole := _RUN_OF_LETTERS.match(self.text, self.start)):
            if whole[0] in self.shadowing:
                self.fail(f"{whole[0]} may be one name or a product", rf"\mathrm{{{whole[0]}}} or {' '.join(whole[0])}")
            self.check_no_function(whole[0])
        if is_called and name in self.formulas and name not in self.counters:
            self.fail(f"{name} is a formula that is put in its place, not called", rf"{name}, or {name} \cdot (...)")
        if following in ("[", r"\left[") and name not in _CONSTANTS:
            self.fail("square brackets behind a name may be an index or a factor", rf"{self.word} \cdot (...)")
        self.letter()
        return self.done()

    def check_no_function(self, letters: str) -> None:
        """Refuse `sin x` without its backslash, which is the product of its letters, unless all of them have values."""
        if (found := _BARE_NAME.search(letters)) and not self.shadowing.issuperset(found[0]):
            named = rf"\{found[0]} for the function, {' '.join(found[0])} for the product of its letters"
            self.fail(f"{found[0]} without a backslash is a product of letters", named)

    def is_variable(self, name: str) -> bool:
        """Whether a name has a value, or stands elsewhere as no function can."""
        return self.is_known(name) or self.word in self.variables

    @cached_property
    def variables(self) -> set[str]:
        """The names that stand somewhere without a parenthesis behind."""
        kinds, words = self.tokens.kinds, self.words
        return {
            word
            for place, (before, word) in enumerate(zip(["", *words], words[:-1], strict=False), start=1)
            if kinds[word] == "name" and before not in ("d", "∂") and words[self.past_power(place)] not in _ROUND
        }

    def past_power(self, place: int) -> int:
        """The place behind a power that stands there."""
        if self.words[place] != "^" or place + 2 >= len(self.words):
            return place
        return self.partner.get(place + 1, place + 1) + 1

    def bracketed(self) -> bool:
        """A bracket of any kind."""
        word = self.word
        if word == r"\left{":
            if self.words[self.position].startswith(r"\begin{"):
                return self.braces_of_cases()
            self.fail("braces can be read as a group, a set or a fractional part", r"\left( ... \right)")
        above = self.waits(self.pending[-1])
        is_list = word in _GROUPS if above and above.is_braced and self.before() == "{" else word in ("[", r"\left[")
        self.open(Frame(LatexParser.bracket_end, closer=_BRACKETS[word], is_list=is_list), word)
        return True

    def bracket_end(self, entry: Pending) -> bool:
        """A group, an array or an absolute value."""
        self.pop()
        kind = entry.kind.removeprefix(r"\left")
        if kind == "‖" and self.tree[entry.operands[0]][:2] in [("name", name) for name in self.matrices]:
            self.fail("the norm of a matrix can be its largest stretch or that of its elements", "--from text")
        if kind in _MEANING:
            self.node("call", _MEANING[kind], tuple(entry.operands), entry.left, self.end)
        elif len(entry.operands) > 1 and kind == "(":
            if self.words[self.position] != "}":
                self.fail("parentheses hold one expression", r"\operatorname{beta}(a, b)", (entry.left, self.end))
            self.pending[-1].operands += entry.operands[:-1]
            self.operands.append((entry.operands[-1], entry.left))
        elif len(entry.operands) > 1:
            self.node("array", None, tuple(entry.operands), entry.left, self.end)
        else:
            self.operands.append((entry.operands[0], entry.left))
        return self.done()

    def group(self) -> bool:
        """Braces, which are not seen."""
        self.open(Frame(LatexParser.group_end, closer="}", value=self.position - 1), "{")
        return True

    def group_end(self, entry: Pending) -> bool:
        """The end of braces: what binds loosely in them would be seen as bound to what stands beside."""
        self.pop()
        node, left = entry.payload.inner
        binds, following, waiting = self.binding(node, left), self.words[self.position], self.pending[-1]
        alone = following in _ENDS or binds >= ADD and following in ("+", "-")
        free = not waiting.precedence or waiting.kind == "add" and binds >= MUL
        if binds < POW and not (alone and free) or binds < ATOM and following in ("^", "!"):
            whole = self.text[left : tree_end(self.tree, node)]
            shown = whole if len(whole) < 40 else "..."
            self.fail("braces are not seen on paper, so this can be read in two ways", rf"\left({shown}\right)",
                      (entry.left, self.end))  # fmt: skip
        self.operands.append((node, left))
        return self.done()

    def binding(self, node: int, left: int) -> int:
        """How tightly an operand binds as it is seen."""
        branch = self.tree[node]
        if left < branch[3][0] or node in self.solid:
            return ATOM
        return MUL if node in self.loose else _BINDING.get(branch[0], ATOM)

    # -- commands

    def fraction(self) -> bool:
        """`\\frac`: a quotient, or a derivative."""
        if (found := self.differentials()) is not None:
            return self.derivative(*found)
        return self.argument(self.open(Frame(LatexParser.fraction_end, 2), r"\frac"))

    def fraction_end(self, entry: Pending) -> bool:
        """A quotient, which is seen as one."""
        self.pop()
        self.solid.add(len(self.tree))
        self.node("div", MATRIX, tuple(entry.operands), entry.left, self.end)
        return self.done()

    def root(self) -> bool:
        """`\\sqrt` with or without its degree."""
        frame = Frame(LatexParser.root_end)
        entry = self.open(frame, r"\sqrt")
        if self.words[self.position] == "[":
            self.take()
            frame.closer, frame.wanted = "]", 2
            return True
        return self.argument(entry)

    def root_end(self, entry: Pending) -> bool:
        """A root."""
        self.pop()
        name, operands = ("root", entry.operands[::-1]) if len(entry.operands) > 1 else ("sqrt", entry.operands)
        self.node("call", name, tuple(operands), entry.left, self.end)
        return self.done()

    def choose(self) -> bool:
        """`\\binom`."""
        return self.argument(self.open(Frame(LatexParser.call_end, 2, name="binomial"), r"\binom"))

    def function(self, name: str = "") -> bool:
        """A function: its power and base, then its operand with parentheses or without."""
        spelled = self.word.removeprefix("\\")
        if not name and spelled in self.shadowing:
            self.fail(f"{spelled} is a function here, and has a value", f"another name than {spelled}")
        return self.scripts(self.open(Frame(LatexParser.call_end, name=name or FUNCTIONS[spelled]), "call"))

    def scripts(self, entry: Pending) -> bool:
        """What stands raised or lowered behind a function, then its operand."""
        frame: Frame = entry.payload
        word = self.words[self.position]
        if word not in ("^", "_"):
            return self.applied_to(entry)
        self.take()
        if word == "_" and (frame.name != "log" or frame.base is not None):
            self.fail(f"a subscript of {frame.name} is not read", r"\log_{2} x; names have theirs: x_{1}")
        if word == "^" and frame.power is not None:
            self.fail("there are two powers", r"\sin^{2} x")
        frame.finish = LatexParser.power_end if word == "^" else LatexParser.base_end
        return self.argument(entry)

    def power_end(self, entry: Pending) -> bool:
        """The power of a function."""
        frame: Frame = entry.payload
        frame.power = entry.operands.pop()
        if self.tree[frame.power][0] == "neg":
            inverse = {"exp": r"\ln", "log": r"\exp"}.get(frame.name, f"\\arc{frame.name}")
            hint = rf"{inverse} x or \frac{{1}}{{\{frame.name} x}}"
            self.fail(f"{frame.name}^-1 may mean the inverse or the reciprocal", hint, (entry.left, self.end))
        return self.scripts(entry)

    def base_end(self, entry: Pending) -> bool:
        """The base of a logarithm."""
        entry.payload.base = entry.operands.pop()
        return self.scripts(entry)

    def applied_to(self, entry: Pending) -> bool:
        """The operand of a function: in parentheses, in braces, or bare."""
        frame: Frame = entry.payload
        word = self.words[self.position]
        frame.finish = LatexParser.call_end
        is_choice = frame.name in ("max", "min") and word == r"\left{"
        if word in _GROUPS or is_choice:
            self.take()
            frame.closer, frame.is_list, frame.is_visible = _BRACKETS[word], True, True
        elif word == "{":
            self.take()
            frame.closer, frame.is_list, frame.is_braced = "}", True, True
        else:
            entry.precedence = BARE
            frame.is_visible = word in _BRACKETS
        return True

    def call_end(self, entry: Pending) -> bool:
        """A function with its operands."""
        self.pop()
        frame: Frame = entry.payload
        node, left = frame.inner
        if frame.is_braced and frame.name not in _ABOVE.split() and len(entry.operands) == 1:
            wrapped = left < self.tree[node][3][0]
            if not wrapped and self.binding(node, left) <= ADD:
                inner, name = self.text[left : self.end].strip("} "), self.text[entry.left : left].strip("{ ")
                self.fail("braces are not seen on paper, so this can be read in two ways",
                          rf"{name}({inner}), or {name} of the first term alone", (entry.left, self.end))  # fmt: skip
            frame.is_visible = wrapped or self.tree[node][0] == "call" and self.before() in _CLOSERS
        elif frame.is_braced or frame.name == "binomial" and entry.kind == r"\binom":
            frame.is_visible = True
        for name_, count in frame.by:
            self.derived_for(entry, name_, count)
        operands = tuple(entry.operands) + ((frame.base,) if frame.base is not None else ())
        self.node("call", frame.name, operands, entry.left, self.end)
        if frame.power is not None:
            base, left = self.operands.pop()
            self.node("pow", MATRIX, (base, frame.power), left, self.end)
        if not frame.is_visible or frame.by:
            self.loose.add(len(self.tree) - 1)
        return self.done()

    # -- derivatives

    def differentials(self) -> tuple[list[tuple[Token, int]], int, int] | None:
        """What `\\frac{d^2 ...}{dx dy}` is taken for, where what is derived begins, and where its braces end."""
        words, open_ = self.words, self.position
        sign = words[open_ + 1] if words[open_] == "{" else ""
        if sign not in ("d", "∂"):
            return None
        close = self.partner[open_]
        order, place = self.order(open_ + 2)
        end = self.partner.get(close + 1, 0)
        by, at = [], close + 2
        while at < end:
            name = self.tokens[at + 1]
            if words[at] != sign or name.kind != "name":
                return None
            count, following = self.order(at + 2)
            by.append((name._replace(text=self.spelling(name.text)), count))
            at = following
        if not by:
            return None
        if sign == "d" and self.is_known("d"):
            self.fail("d is a variable, and this may be a derivative or a quotient",
                      r"\frac{\partial}{\partial x} or \frac{d}{x d}")  # fmt: skip
        if sum(count for _, count in by) != order:
            self.fail("the orders of a derivative differ above and below", r"\frac{d^2}{dx^2}",
                      (self.start, self.tokens[end].span[1]))  # fmt: skip
        return by, place, close

    def order(self, place: int) -> tuple[int, int]:
        """The order that stands from a place on, 1 if none does, and the place behind it."""
        if self.words[place] != "^":
            return 1, place
        is_group = self.words[place + 1] == "{"
        word = self.words[place + 1 + is_group]
        return int(word) if word.isdecimal() and len(word) < 4 else 0, place + 2 + 2 * is_group

    def derivative(self, by: list[tuple[Token, int]], place: int, close: int) -> bool:
        """A derivative: of what stands behind the d above, or behind the fraction."""
        end = self.partner[close + 1]
        frame = Frame(LatexParser.call_end, name="diff", by=by)
        entry = self.open(frame, "call")
        if place == close:
            self.position = end + 1
            self.applied_to(entry)
            frame.is_list = False
            return True
        self.position = place
        if place + 1 == close and self.tokens.kinds[self.words[place]] == "name":
            self.take()
            self.fail(f"{self.word} has no formula here", rf"\frac{{d}}{{d{by[0][0].text}}}(...) of its formula")
        frame.closer, frame.finish, frame.after = "}", LatexParser.numerator_end, end + 1
        return True

    def numerator_end(self, entry: Pending) -> bool:
        """After what is derived: pass over what it is derived for."""
        self.position = entry.payload.after
        self.end = self.tokens[self.position - 1].span[1]
        self.solid.add(len(self.tree) + sum(1 + (count > 1) for _, count in entry.payload.by))
        return self.call_end(entry)

    # -- sums

    def series(self) -> bool:
        """`\\sum` and `\\prod`."""
        if self.pending[-1].precedence in (BARE, JOINED):
            self.fail("a sum behind a function needs parentheses", r"\sin\left(\sum_{i=1}^{n} ...\right)")
        frame = Frame(LatexParser.bound_end, name={r"\sum": "sum", r"\prod": "prod"}[self.word])
        return self.bounds(self.open(frame, "bounds"))

    def bounds(self, entry: Pending) -> bool:
        """The next bound of a sum, or its body."""
        frame: Frame = entry.payload
        words, place = self.words, self.position
        if words[place] == "_" and frame.lower is None:
            if words[place + 1] == "{" and self.tokens.kinds[words[place + 2]] == "name" and words[place + 3] == "=":
                frame.counter = words[place + 2]
                check_name(self.tokens[place + 2])
                self.position, frame.closer = place + 4, "}"
                return True
        elif words[place] == "^" and frame.upper is None:
            self.take()
            return self.argument(entry)
        elif frame.lower is not None and frame.upper is not None:
            self.node("begin", frame.counter, (frame.lower, frame.upper), entry.left, self.end)
            entry.operands = [self.operands.pop()[0]]
            entry.kind, entry.precedence, frame.finish = "loop", BODY, LatexParser.body_end
            self.counters.append(frame.counter)
            return True
        self.fail(f"the bounds of a {frame.name} are missing", rf"\{frame.name}_{{i=1}}^{{n}}")

    def bound_end(self, entry: Pending) -> bool:
        """A bound is read."""
        frame: Frame = entry.payload
        if frame.closer == "}" and frame.counter and frame.lower is None:
            frame.lower = entry.operands.pop()
        else:
            frame.upper = entry.operands.pop()
        return self.bounds(entry)

    def body_end(self, entry: Pending) -> bool:
        """A sum with its body."""
        self.pop()
        frame: Frame = entry.payload
        body, left = frame.inner
        if frame.name == "prod" and self.tree[body][0] in ("mul", "div") and self.binding(body, left) < ATOM:
            self.fail_end("the product", r"\prod_{i=1}^{n} \left( ... \right)", entry.left)
        self.counters.pop()
        self.loops[entry.operands[0]] = len(self.tree)
        self.node("loop", frame.name, tuple(entry.operands), entry.left, self.end)
        return False

    # -- environments

    def begin(self) -> bool:
        """Cases or a matrix."""
        name = self.word[len(r"\begin{") : -1]
        kind = "cases" if name in _CASES else "matrix"
        self.open(Frame(LatexParser.bracket_end, name=name, closer=rf"\end{{{name}}}"), kind)
        return True

    def braces_of_cases(self) -> bool:
        """Cases in the old style: one brace, an array, no bracket behind."""
        start = self.start
        self.take()
        self.begin()
        entry = self.pending[-1]
        entry.left, entry.kind = start, "cases"
        entry.payload.after = 1
        return True

    def cell(self) -> bool:
        """The `&` between the cells of a row, or a word that begins a condition."""
        entry = self.reduce()
        if entry.kind == "matrix":
            entry.payload.by.append(self.operands.pop())
            return True
        if entry.kind != "cases" or entry.payload.value is not None:
            self.fail("& stands outside of cases and matrices", r"\land between conditions")
        entry.payload.value = self.operands.pop()[0]
        while self.words[self.position] in (r"\text{if}", r"\text{for}", r"\text{when}", r"\text{where}"):
            self.position += 1
        if self.words[self.position] != r"\text{otherwise}":
            return True
        self.position += 1
        while self.words[self.position] in (".", ","):
            self.position += 1
        self.operands.append((entry.payload.value, 0))
        entry.payload.value = None
        return False

    def next_row(self) -> bool:
        """The end of a row."""
        entry = self.reduce()
        if entry.kind not in ("cases", "matrix"):
            self.fail("a line ends outside of cases and matrices", "one formula, in one line")
        self.row_end(entry)
        if self.words[self.position] != entry.payload.closer:
            return True
        self.take()
        return self.environment_end(entry)

    def row_end(self, entry: Pending) -> None:
        """Make a row one operand: a piece, or an array."""
        frame: Frame = entry.payload
        node, left = self.operands.pop()
        right = self.end
        if entry.kind == "cases":
            if frame.is_single:
                self.fail("nothing follows what holds otherwise", r"... & \text{otherwise} \end{cases}")
            if frame.value is None:
                frame.is_single = True
            else:
                self.node("tuple", None, (frame.value, node), self.tree[frame.value][3][0], right)
                node = self.operands.pop()[0]
            frame.value = None
        elif frame.by:
            cells: Any = [*frame.by, (node, left)]
            frame.by = []
            self.node("array", None, tuple(cell for cell, _ in cells), cells[0][1], right)
            node = self.operands.pop()[0]
        entry.operands.append(node)

    def end_environment(self) -> bool:
        """`\\end`."""
        entry = self.reduce()
        if entry.kind not in ("cases", "matrix") or entry.payload.closer != self.word:
            self.fail_closer(entry)
        self.row_end(entry)
        return self.environment_end(entry)

    def environment_end(self, entry: Pending) -> bool:
        """Cases as pieces, a matrix as an array; a single row or column is a vector."""
        self.pop()
        frame: Frame = entry.payload
        if frame.after:
            self.take()
            if self.word != r"\right.":
                self.fail("the brace of cases has no partner", r"\right. behind \end{array}")
        end, operands = self.end_of_word(), entry.operands
        if entry.kind == "cases":
            self.node("call", "piecewise", tuple(operands), entry.left, end)
        elif len(operands) == 1 and self.tree[operands[0]][0] == "array":
            self.operands.append((operands[0], entry.left))
            self.end = end
        else:
            self.node("array", None, tuple(operands), entry.left, end)
        if frame.name == "vmatrix":
            if "det" not in FUNCTIONS:
                self.fail("gradcalc has no determinant", "it written out, such as ad - bc")
            self.wrap("call", "det", end)
        return self.done()

    # -- where an operator is expected

    def operator(self) -> bool:
        """Take a token after a finished operand; whether an operand is expected next."""
        word = self.word
        if word in _INFIX:
            return self.infix(*_INFIX[word])
        if word == "^":
            return self.superscript()
        if word in ("|", "‖"):
            return self.bar()
        take = _AFTER.get(word)
        if take is not None:
            return take(self)
        if self.tokens.kinds[word] == "text":
            return self.text_word()
        return self.implicit()

    def superscript(self) -> bool:
        """A power, or the transpose."""
        self.check_base()
        node, left = self.operands.pop()
        place = self.position
        if _VECTOR_T.match(self.text, left) and not self.is_known("T"):
            self.fail(
                "T above a vector may be a power or the transpose", r"^\top for the transpose, --let T=... for a power"
            )
        if self.words[place] == r"\top" or self.words[place : place + 3] == ["{", r"\top", "}"]:
            self.position += 1 if self.words[place] == r"\top" else 3
            self.node("transpose", None, (node,), left, self.tokens[self.position - 1].span[1])
            return False
        entry = self.push(0, "^", left, Frame(LatexParser.superscript_end, 2))
        entry.operands.append(node)
        return self.argument(entry)

    def superscript_end(self, entry: Pending) -> bool:
        """A power."""
        self.pop()
        self.node("pow", MATRIX, tuple(entry.operands), entry.left, self.end)
        return self.done()

    def check_base(self) -> None:
        """Refuse a power or factorial of what is not seen to be one thing."""
        node, left = self.operands[-1]
        branch, waiting = self.tree[node], self.waits(self.pending[-1])
        whole = self.text[left : self.end] if self.end - left < 40 else "..."
        both = rf"\left({whole}\right){self.word}..., or {self.word}... inside"
        if left == branch[3][0] and (branch[0] == "pow" or node in self.loose or node in self.solid):
            self.fail(f"{self.word} behind this can be read in two ways", both)
        if waiting is not None and waiting.is_visible and self.pending[-1].precedence == BARE:
            self.fail(f"{self.word} behind this can be read in two ways", r"\ln\left(|x|^2\right) or (\ln|x|)^2")

    def factorial(self) -> bool:
        """The exclamation mark."""
        self.check_base()
        if self.pending[-1].precedence in (BARE, JOINED):
            self.fail("a factorial behind a function can be read in two ways", r"\sin(x!) or (\sin x)!")
        return super().factorial()

    def bar(self) -> bool:
        """A bar that closes, or opens a factor."""
        entry = next(entry for entry in reversed(self.pending) if not entry.precedence)
        if entry.kind == self.word:
            return self.close()
        top = self.pending[-1]
        left = top.left if top.kind == "mul" else self.operands[-1][1]
        if self.before() != self.word and self.word in self.text[left : self.end].replace(r"\|", "‖"):
            self.fail("which bars belong together can be read in two ways", r"\left|x\right| y \left|z\right|")
        return self.implicit()

    def close(self) -> bool:
        """A closing bracket or brace."""
        entry = self.reduce()
        frame = self.waits(entry)
        if frame is None or frame.closer != self.word:
            self.fail_closer(entry)
        self.end = self.end_of_word()
        return self.argument_end(entry)

    def fail_closer(self, entry: Pending) -> NoReturn:
        """An error for what closes nothing, or something else."""
        shown = self.tokens.typed[self.position - 1]
        if (frame := self.waits(entry)) is None:
            self.fail(f"{shown} closes nothing", "remove it, or open a bracket before")
        hint = frame.closer if frame.closer else "a matching bracket"
        self.fail(f"{shown} does not close what is open", hint)

    def fail_unclosed(self, bracket: Pending) -> NoReturn:
        """An error for what is never closed."""
        frame = self.waits(bracket)
        start = bracket.left
        self.fail("this is never closed", frame.closer if frame else ")", (start, start + 1))

    def comma(self) -> bool:
        """The next operand; before the end of a cell it means nothing."""
        entry = self.reduce()
        if entry.kind == "cases" and self.words[self.position] in _CELL_ENDS | {entry.payload.closer}:
            return False
        frame = self.waits(entry)
        if frame is None or not frame.is_list:
            self.fail("a comma stands outside of the operands of a function", "1.5 for a decimal, 1000 without commas")
        entry.operands.append(self.operands.pop()[0])
        return True

    def point(self) -> bool:
        """A full stop, which may end a cell or a formula."""
        if self.words[self.position] in _CELL_ENDS | {""} or self.words[self.position].startswith(r"\end"):
            return False
        self.fail("a point has no meaning here", r"\cdot for a product")

    def text_word(self) -> bool:
        """A word in a text: between conditions, or before one."""
        word = self.word[len(r"\text{") : -1]
        if word in ("and", "or"):
            return self.infix(AND if word == "and" else OR, word)
        entry = self.reduce()
        if entry.kind == "cases":
            if word == "otherwise":
                while self.words[self.position] in (".", ","):
                    self.position += 1
                return False
            self.position -= 1
            if entry.payload.value is None:
                return self.cell()
            self.position += 1
        self.fail(
            f"{word} has no meaning here", r"\begin{cases} a & \text{if } x < 0 \\ b & \text{otherwise} \end{cases}"
        )

    def equals(self) -> bool:
        """An equals sign, which compares in the conditions of cases, also in parentheses."""
        entry = next(entry for entry in reversed(self.pending) if not entry.precedence and entry.kind not in _GROUPS)
        if entry.kind == "cases" and entry.payload.value is not None:
            return self.infix(COMPARE, "eq")
        self.fail("= has no meaning here", "the expression on its right alone, or a binding such as --at x=2")

    def infix(self, precedence: float, kind: str) -> bool:
        """An operator between two operands."""
        pending = self.pending
        if precedence == ADD:
            self.check_term()
        elif precedence == MUL:
            self.check_product(kind)
        elif precedence == COMPARE:
            while pending[-1].precedence > COMPARE:
                self.complete()
            if pending[-1].precedence == COMPARE:
                self.chain()
        super().infix(precedence, kind)
        if precedence == MUL and pending[-1].payload is None:
            pending[-1].payload = MATRIX
        return True

    def chain(self) -> None:
        """`a < b < c`: both hold."""
        self.complete()
        node, left = self.operands.pop()
        if self.pending[-1].kind != "and" or self.pending[-1].payload != "chain":
            self.pending.append(Pending(AND, "and", left, 0, "chain"))
        self.pending[-1].operands.append(node)
        middle = self.tree[node][2][1]
        if self.tree[middle][3][1] - self.tree[middle][3][0] > _SHORT:
            self.fail("a long middle of two comparisons is not read twice", r"a < b \land b < c")
        self.operands.append((middle, self.tree[middle][3][0]))

    def check_term(self) -> None:
        """Refuse a sign behind what may or may not go on past it: a sum, a derivative, a remainder."""
        for entry in reversed(self.pending):
            frame = self.waits(entry)
            if entry.precedence <= ADD:
                break
            if entry.kind == "loop" or entry.kind == "mod" or (frame is not None and frame.by):
                what = {"loop": "the sum", "mod": "the remainder"}.get(entry.kind, "the derivative")
                self.fail_end(what, r"parentheses: \left( ... \right)", entry.left)

    def check_product(self, kind: str) -> None:
        """Refuse a factor behind a function without parentheses, and around a remainder."""
        pending = self.pending
        while pending[-1].precedence > JOINED:
            self.complete()
        if pending[-1].precedence in (BARE, JOINED):
            is_next = kind == "mul" and self.tokens.kinds[self.words[self.position]] == "function"
            self.end_bare(is_next or self.word not in _INFIX)
        while pending[-1].precedence > MUL:
            self.complete()
        node, left = self.operands[-1]
        is_negative = self.tree[node][0] == "neg" and left == self.tree[node][3][0]
        if pending[-1].kind == "mod" or kind == "mod" and (is_negative or pending[-1].precedence in (MUL, ADD)):
            self.fail("what a remainder is taken of can be read in two ways", r"(...) \bmod (...)")

    def fail_end(self, what: str, hint: str, left: int) -> NoReturn:
        """An error for what may end here or go on."""
        self.fail(f"where {what} ends can be read in two ways", hint, (left, self.end_of_word()))

    def end_bare(self, is_clear: bool) -> None:
        """Finish functions without parentheses, if it is clear that they end here."""
        while self.pending[-1].precedence in (BARE, JOINED):
            entry = self.pending[-1]
            frame = self.waits(entry)
            if frame is not None and (frame.by or not (is_clear or frame.is_visible)):
                both = self.bracketed_both(entry, self.text[entry.left : self.end])
                self.fail_end("the operand of this function", f"parentheses: {both}", entry.left)
            self.complete()

    def bracketed_both(self, entry: Pending, shown: str) -> str:
        """Both readings of a function without parentheses and a factor."""
        frame: Frame = entry.payload
        if frame.by or len(shown) > 40:
            return r"\left( ... \right)"
        factor = "(...)" if self.word in _BRACKETS else self.tokens.typed[self.position - 1]
        if self.word in _INFIX:
            factor += f" {self.tokens.typed[self.position]}"
        name = re.match(r"\\[A-Za-z]+\*?(?:\{[A-Za-z]+\})?", shown)
        inner = shown[name.end() :].strip() if name else shown
        head = name[0] if name else ""
        return f"{head}({inner} {factor}) or ({shown}) {factor}"

    def implicit(self) -> bool:
        """A factor without a sign."""
        word, kind = self.word, self.tokens.kinds[self.word]
        node, left = self.operands[-1]
        if kind == "number":
            self.fail("a number behind a factor can be read in two ways", f"\\cdot {word}, or braces: {{{word}}}")
        if (mixed := _MIXED.match(self.text, left)) and mixed.start(1) == self.start:
            number, fraction = self.text[left : self.end], mixed[1]
            self.fail(
                "a number before a fraction may be added or a factor",
                rf"{number} + {fraction} or {number} \cdot {fraction}",
                (left, mixed.end()),
            )
        if kind not in ("name", "function") and word not in _BRACKETS and word not in _COMMANDS:
            shown = self.tokens.typed[self.position - 1]
            self.fail(f"{shown} has no meaning here", "an operator such as + or \\cdot")
        while self.pending[-1].precedence > JOINED:
            self.complete()
        if self.pending[-1].precedence in (BARE, JOINED):
            if self.is_coefficient(node, left) and kind == "name":
                self.position -= 1
                return super().infix(JOINED, "mul")
            self.end_bare(kind == "function" and not self.is_coefficient(node, left))
            node = self.operands[-1][0]
        elif (
            left == self.tree[node][3][0]
            and node in self.loose - self.solid
            and (kind != "function" or self.tree[node][1] == "diff")
        ):
            self.fail_end("the operand of this function", "parentheses around it", left)
        if self.pending[-1].kind == "div":
            factor, whole = self.tokens.typed[self.position - 1], self.text[self.pending[-1].left : self.end]
            above, _, below = whole.rpartition("/")
            both = f"{above}/({below} {factor}) or ({whole}) {factor}" if len(whole) < 40 and above else r"\frac{a}{b}"
            self.fail("a factor without a sign can be read in two ways here", both)
        self.position -= 1
        return self.infix(MUL, "mul")

    def is_coefficient(self, node: int, left: int) -> bool:
        """Whether the operand is a number or constant written onto what follows: `\\sin 2x`."""
        kind, _, _, (start, end) = self.tree[node]
        is_near = kind == "constant" or end == self.start or self.text[self.start] == "\\"
        return kind in ("number", "constant") and left == start and is_near


_MIXED = re.compile(r"\d+\s*(\\[dtc]?frac\s*(?:\{\s*\d+\s*\}|\d)\s*(?:\{\s*\d+\s*\}|\d))")
"""A mixed number, or a product: `1\\frac{1}{2}`."""
_BARE_NAME = re.compile("(?:arc|a)?(?:sin|cos|tan)h?|cot|sec|csc|log|ln|exp|sqrt|max|min|lim|det|frac|erf")
"""Names of commands whose backslash people forget."""
_DIFFERENTIAL = re.compile(
    r"(?:\\(?:mathrm|text|textrm|mathsf)\s*(?:\{\s*d\s*\}|d)|(?<=\\[,;:! ])d)\s*(?:[^\W\d_]|\\[a-z]+\b)"
)
"""An upright d before a letter, or one behind a small space: the end of an integral."""
_VECTOR_T = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|textbf|vec)\s*(?:\{[^{}]*\}|\w)\s*\^\s*(?:\{\s*)?(?:\\(?:mathrm|mathsf|text)\s*\{?\s*)?T\b"
)
"""A vector with T above it."""


def tree_end(tree: Tree, node: int) -> int:
    """Where a node ends in the text."""
    return tree[node][3][1]


@cache
def _spellings(name: str) -> list[str]:
    """A name and how else it may have been given a value, the most usual first."""
    base, _, below = name.partition("_")
    bases = [base, base.removeprefix("var")] if base.startswith("var") else [base]
    bases = ["λ", "lam", "lamda"] if base == "lambda" else bases
    for each in [word for word in bases if word in _GREEK]:
        size = "CAPITAL" if each[0].isupper() else "SMALL"
        bases.append(unicodedata.lookup(f"GREEK {size} LETTER {each.upper()}"))
    return [f"{each}{join}{below}" for join in (("_", "") if below else ("",)) for each in bases]


_SHORT = 60
_RUN_OF_LETTERS = re.compile(r"[^\W\d_]{2,}")
_CONSTANTS = {"pi": "pi", "π": "pi", "e": "E", "∞": "oo"} | {
    name: CONSTANTS[name] for name in ("EulerGamma", "Catalan", "GoldenRatio")
}
_BINDING = {
    "add": ADD, "mul": MUL, "div": MUL, "mod": MUL, "neg": NEG, "pow": POW, "and": AND, "or": OR, "not": NOT,
    "loop": ADD, **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), COMPARE),
}  # fmt: skip
_CLOSERS = frozenset(_BRACKETS.values())
_CELL_ENDS = frozenset(("&", r"\\", r"\text{if}", r"\text{for}", r"\text{when}", r"\text{otherwise}"))
_ENDS = frozenset(("", "}", "&", r"\\", ",", *_CLOSERS)) | {rf"\end{{{name}}}" for name in _CASES | _MATRICES}
_COMMANDS: dict[str, Callable[[LatexParser], bool]] = {
    r"\frac": LatexParser.fraction, r"\sqrt": LatexParser.root, r"\binom": LatexParser.choose, "{": LatexParser.group,
    r"\sum": LatexParser.series, r"\prod": LatexParser.series,
    "∞": LatexParser.infinity,
    **{rf"\begin{{{name}}}": LatexParser.begin for name in _CASES | _MATRICES},
}  # fmt: skip
"""What begins an operand, besides letters, numbers, functions and brackets."""

_AFTER: dict[str, Callable[[LatexParser], bool]] = {
    **dict.fromkeys(set(_BRACKETS.values()) - {"|", "‖"}, LatexParser.close), "}": LatexParser.close,
    ",": LatexParser.comma, "!": LatexParser.factorial, "&": LatexParser.cell, r"\\": LatexParser.next_row,
    "=": LatexParser.equals, ".": LatexParser.point,
    **{rf"\end{{{name}}}": LatexParser.end_environment for name in _CASES | _MATRICES},
}  # fmt: skip
"""What may stand after an operand besides the operators between two."""
