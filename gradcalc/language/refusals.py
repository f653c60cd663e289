"""What a formula that is refused may have meant: where the parser stands, and what to write instead.

The state of one pass, the questions about the words around its place, and the errors of the grammar, which itself is
`syntax`. Imports errors, format, synonyms and tokens.
"""

import re
import unicodedata
from collections.abc import Container, Sequence, Set
from typing import Any, NoReturn

from gradcalc.errors import INSTEAD, ExpressionError, Span
from gradcalc.graph import ops
from gradcalc.language.format import MUL, NEG, OR, POW, Tree
from gradcalc.language.synonyms import (
    DERIVATIVE,
    ELSEWHERE,
    IN_CELLS,
    OPERATORS,
    UNWRITTEN,
    formula_meant,
    function_meant,
    is_named,
)
from gradcalc.language.tokens import (
    BARE,
    CLOSING,
    CONSTANTS,
    DERIVATIVES,
    FUNCTIONS,
    GLUED_FACTOR,
    GLUED_FACTORS,
    GREEK,
    LETTER,
    LETTERS_TOO,
    MINUS,
    OPENING,
    PARTNER,
    POWER,
    REFUSED,
    ROOTS,
    SPECIAL,
    SUMS,
    WORDS,
    Token,
    Tokens,
    check_name,
    refuse,
    tokenize,
)

BRANCH, APPLY, TIGHT = OR - 0.5, NEG + 0.25, NEG + 0.5
"""How tightly bind branches, `c ? a : b`, a function without parentheses, and the factors of its operand, `sin 2x`."""


class Pending:
    """What waits: an operator, a chain of terms or factors, or an open bracket, whose precedence is 0."""

    power = ""  # of a call such as sin^2(x), its exponent
    begins = 0  # of a function without parentheses, where its operand begins
    sign = ""  # of branches, whether they are written with ? or with if
    is_apart = False  # of a call such as sin (x), that a blank stands before its parenthesis
    by: Sequence[tuple[Token, int]] = ()  # of d^2/dx^2(...), the names it is derived for, and how often

    def __init__(self, precedence: float, kind: str, left: int, nests: int, payload: Any = None) -> None:
        self.precedence = precedence
        self.kind = kind
        self.left = left
        self.nests = nests
        self.payload = payload  # a call's function, a counter's name, the signs of a sum, the axes of an index
        self.operands: list[int] = []


class Refusals:
    """One pass over the tokens: its state, and what it refuses.

    Attributes:
        tree: the nodes of the formula, operands first.
        names: the free names, and where each first stands; `constants` are the named constants, as they are spelled.
        loops: for each node that begins a sum with a counter, the node that ends it.
    """

    def __init__(
        self,
        text: str,
        tokens: Tokens,
        max_depth: int,
        shadowing: set[str],
        arrays: frozenset[str] = frozenset(),
        has_point: bool = False,
        formulas: Container[str] = (),
    ) -> None:
        self.text = text
        self.tokens = tokens
        self.words = tokens.words
        self.max_depth = max_depth
        self.shadowing = shadowing
        self.arrays = arrays
        self.formulas = formulas  # names that stand for formulas
        self.has_point = has_point  # whether all variables are known by name
        self.has_whole_names = False  # whether they are those of columns or of code, not of a book
        self.tree: Tree = []
        self.names: dict[str, Span] = {}
        self.constants: dict[str, Span] = {}
        self.loops: dict[int, int] = {}
        self.counters: list[str] = []
        self.operands: list[tuple[int, int]] = []  # a node, and where its text begins, parentheses included
        self.pending: list[Pending] = [Pending(0, "", 0, 0)]
        self.depth = 0
        self.position = 0  # of the next token
        self.word = ""
        self.start = 0
        self.end = 0  # of the operand finished last, parentheses included
        self.bares = 0  # functions without parentheses whose operand is not finished
        self.rows: dict[str, list[str]] = {}  # the factors of names that are products
        self.is_cell = False  # whether the text begins with an equals sign, as a spreadsheet's

    def run(self) -> Tree:
        """The tree of the whole text: the grammar's."""
        raise NotImplementedError

    def fail(self, message: str, hint: str, span: Span | None = None) -> NoReturn:
        """An error at a place, or else at the token."""
        refuse(message, span or self.tokens[self.position - 1].span, hint)

    def before(self) -> str:
        """The word before the token; empty at the beginning."""
        return self.words[self.position - 2] if self.position > 1 else ""

    def respelled(self, name: str) -> str | None:
        """The function whose name is written in other letters: SIN, Gamma, Γ; None where those mean another."""
        small = name.lower()
        if name in ("Γ", "ζ"):
            small = "gamma" if name == "Γ" else "zeta"
        function = FUNCTIONS.get(small)
        if function is None or small == name or self.is_known(name):
            return None
        if function not in IN_CAPITALS or (name in ELSEWHERE and len(self.call_text()[0]) not in ELSEWHERE[name]):
            return None
        return function

    def bare_function(self, name: str) -> str | None:
        """The function of one operand that a name is, in whatever letters."""
        if name in BARE:
            return BARE[name]
        small = name.lower()
        return BARE[small] if name.isupper() and len(name) > 1 and small in BARE and name not in ELSEWHERE else None

    def begins_operand(self) -> bool:
        """Whether an operand of a function without parentheses begins at the next token."""
        token = self.tokens[self.position]
        if token.text in MINUS:  # a sign that belongs to the number or name behind it
            behind = self.tokens[self.position + 1]
            is_sign = token.start > self.name_end() and behind.start == token.span[1]
            return is_sign and behind.kind in ("number", "name", "fraction")
        if token.kind == "name":
            return token.text not in REFUSED and token.text not in WORDS and token.text not in _AFTER_WORDS
        return token.kind in ("number", "fraction") or token.text in ("|", "√", "∛")

    def bare(self) -> Pending | None:
        """The innermost function without parentheses whose operand is being read."""
        if not self.bares:
            return None
        for entry in reversed(self.pending):
            if entry.precedence == APPLY:
                return entry
            if entry.precedence <= MUL:
                break
        return None

    def factors_of(self, name: str) -> list[str]:
        """The variables and constants whose product a name is that is none itself; empty where it is one name."""
        following, typed = self.words[self.position], self.tokens.typed[self.position - 1]
        if not 1 < len(name) == len(typed) <= _LONG:
            return []
        if name[-1] == "e" and (following in POWER or self.tokens.kinds[following] == "raised"):
            row = [name[:-1]] if name[:-1] in self.shadowing else self.row_of(name[:-1])
            return [*row, "e"] if row and "e" not in self.shadowing else []
        if is_named(name) and (following == "(" or self.begins_operand()):
            return []
        if self.counters:
            return self.row_of(name, typed)
        if name not in self.rows:
            self.rows[name] = self.row_of(name, typed)
        return self.rows[name]

    def row_of(self, name: str, typed: str = "") -> list[str]:
        """The names whose product a name is: with indices, beside π, or known."""
        if _INDEXED.fullmatch(typed):
            return [unicodedata.normalize("NFKC", part) for part in _INDEX.findall(typed)]
        known = self.shadowing | set(self.counters) if self.counters else self.shadowing
        if "π" not in name:
            return split(name, known)
        pieces = _PI.findall(name)
        rows = [[each] if each == "π" or LETTER.fullmatch(each) else split(each, known) for each in pieces]
        return [part for row in rows for part in row] if len(rows) > 1 and all(rows) else []

    def name_end(self) -> int:
        """Where the name ends in the text, which may spell it in more or fewer characters: `ﬁ` is the name `fi`."""
        return self.start + len(self.tokens.typed[self.position - 1])

    def is_known(self, name: str) -> bool:
        """Whether a name has the meaning of a variable or a counter already."""
        return name in self.names or name in self.shadowing or name in self.counters

    def applied(self, name: str, position: int | None = None) -> str:
        """A function put around the operand that stands behind it; both ways where it may end at two places."""
        token = self.tokens[self.position - 1 if position is None else position]
        rest = self.text[token.span[1] :]
        if several := _several(name, rest):
            return several
        inverse = f"a{FUNCTIONS.get(name, '')}"
        if inverse in ops.TABLE and (power := _MINUS_ONE.match(rest)):
            return f"{inverse}({bracketed(rest[power.end() :]) or 'x'})"
        if bar := re.match(r"\s*(\|[^|]*\||\[[^\[\]]*\])", rest):
            return f"{name}({bar[1].strip('[]')})"
        found = _OPERAND.match(rest)
        if found is None:
            return f"{name}(x)"
        first, second, after = found[1] or "", found[2] or "", rest[found.end() :].lstrip()
        together = f"{first}*{second}" if first.strip("-−+ ") and second else first + second
        if after[:1] in ("^", "*", "/", "²", "³") or (
            after[:1].isalnum() and _FIRST_WORD.split(after)[1] not in FUNCTIONS
        ):
            tail = re.match(r"(\s*(\*\*|[\^*/]))?\s*([\w.]+|[²³])", after)
            if tail is None:
                return f"{name}(x)"
            joined = tail[0] if tail[2] or tail[3] in "²³" else f"*{tail[3]}"
            return f"{name}({together}){joined} or {name}({together}{joined})"
        if first.strip("-−+ ") and second and " " in found[0].strip():
            return f"{name}({together}) or {name}({first})*{second}"
        return f"{name}({together})"

    def fail_unclosed(self, bracket: Pending) -> NoReturn:
        """An error for a bracket without its partner, at the one that opens."""
        if bracket.kind in ("?", "if"):
            self.fail(f"{bracket.kind} lacks its other branch", "where(condition, a, b)")
        sign = {"[": "[", "index": "[", "|": "|"}.get(bracket.kind, "(")
        after = self.tree[bracket.operands[0]][3][1] if bracket.kind == "index" else bracket.left
        position = self.text.find(sign, after)
        self.fail(f"{sign} is never closed", f"a matching {PARTNER[sign]}", (position, position + 1))

    def fail_at_end(self) -> NoReturn:
        """An error for a text that stops too early."""
        if self.position == 1:
            self.fail("there is no expression", "x**2 + 1")
        bracket = next((entry for entry in reversed(self.pending) if entry.kind and not entry.precedence), None)
        before = self.tokens[self.position - 2]
        if bracket and before.text in ("(", "[", "|", ","):
            self.fail_unclosed(bracket)
        hint = "finish the expression, or remove the sign"
        self.fail(f"an operand is missing after {before.text}", hint, before.span)

    def fail_call(self) -> NoReturn:
        """An error for a call of what is no function, with a formula that means the same where there is one."""
        name, pieces, end = self.word, *self.call_text()
        guess = function_meant(name)
        if (formula := formula_meant(name, pieces)) and not self.is_known(name):
            said = f"; did you mean {guess}?" if guess and formula == f"{guess}({', '.join(pieces)})" else ""
            self.fail(
                f"{name} is no function{said}", formula if self.is_read(formula) else function_meant(name) or LIST
            )
        check_name(self.tokens[self.position - 1])
        if re.compile(r"\s*:?=(?!=)").match(self.text, end):
            self.fail(f"{name} is no function", "the expression on the right of = alone")
        if self.is_derivative():
            self.fail_derivative()
        if name.lower() in DERIVATIVES:
            self.fail(f"{name} is no function of a formula", self.derivative_meant(pieces, end))
        if name.lower() in INSTEAD:
            self.fail(f"{name} is no function of gradcalc", INSTEAD[name.lower()])
        if name[1:] in FUNCTIONS and name[0] in XYZ:
            self.fail(f"{name} is no function", f"{name[0]}*{name[1:]}({', '.join(pieces)})")
        if name in UNWRITTEN and not self.is_known(name):
            self.fail(f"{name} is no function", f"the formula that {name} stands for, in its place")
        product = f"{name}*({', '.join(pieces)})"
        if CONSTANTS.get(name) == "E" and "".join(pieces):
            self.fail(f"{name} is no function", f"{product} or exp({', '.join(pieces)})")
        empty = not "".join(pieces)
        if len(pieces) == 1 and (name in CONSTANTS or len(name) == 1 or self.is_known(name)):
            self.fail(
                f"{name} is no function", name if empty else product if self.is_read(product) else f"{name}*(...)"
            )
        constant = CONSTANTS.get(name.lower()) if empty else None
        self.fail(f"{name} is no function", constant or LIST)

    def call_text(self) -> tuple[list[str], int]:
        """The operands of the call that begins here as they are written, and where it ends; none if that is far."""
        depth, first, pieces = 0, self.tokens.starts[self.position] + 1, list[str]()
        for position in range(self.position, min(self.position + FAR, len(self.words))):
            word, start = self.words[position], self.tokens.starts[position]
            depth += (word in OPENING) - (word in CLOSING)
            if not depth or (word == "," and depth == 1):
                pieces.append(self.text[first:start].strip())
                first = start + 1
            if not depth:
                return pieces, first
        return ["..."], len(self.text)

    def is_read(self, formula: str) -> bool:
        """Whether a hint is a formula itself."""
        try:
            for each in formula.split(" or "):
                type(self)(each, tokenize(each, 2_000), self.max_depth, self.shadowing | set(self.names)).run()
        except ExpressionError:
            return False
        return True

    def is_derivative(self) -> bool:
        """Whether the name is the `dx` of `d/dx`."""
        return bool(
            re.search(r"\bd\s*((\^|\*\*)?\s*\d|[²³])?\s*/\s*$", self.text[max(0, self.start - 20) : self.start])
        ) and (self.word.startswith("d") and len(self.word) > 1)

    def derivative_meant(self, pieces: list[str], end: int) -> str:
        """What is written for `d(f)/dx`, and for the gradient or Hessian of a formula."""
        if (found := re.compile(r"\s*/\s*d([^\W\d]\w*)").match(self.text, end)) and len(pieces) == 1:
            return f"diff({pieces[0]}, {found[1]})"
        if self.word == "D" and len(pieces) > 1:
            return f"diff({', '.join(pieces)})"
        command = "hessian" if self.word.lower() == "hessian" else "grad"
        return f"gradcalc {command} {pieces[0]!r}" if len(pieces) == 1 and pieces[0] else SPECIAL["diff"]

    def fail_derivative(self) -> NoReturn:
        """An error for `d/dx` without what it is the derivative of in parentheses."""
        rest = self.text[self.start + len(self.tokens.typed[self.position - 1]) :].strip()
        plain = rest[:1].isalnum() and not _LOOSE.search(rest)
        hint = f"d/{self.word}({rest})" if plain else DERIVATIVE
        if (sum_ := _SUM.fullmatch(rest)) and len(rest) < 60:
            first, others = sum_[1].strip(), sum_[2]
            hint = f"d/{self.word}({first}) {others} or d/{self.word}({rest})"
        self.fail("a derivative needs parentheses around what is derived, and orders that agree", hint)

    def fail_root(self) -> NoReturn:
        """An error for `√x^2`."""
        left, exponent = self.operands[-1][1], self.tokens[self.position]
        base = self.text[left : self.end]
        sign = "^" if self.tokens.kinds[self.word] != "raised" else self.word
        above = exponent.text if sign == "^" and exponent.kind in ("number", "name") else "" if sign != "^" else "2"
        base = base if base.isalnum() else "x"
        self.fail("a power after a root can be read in two ways", f"√({base}{sign}{above}) or (√{base}){sign}{above}")

    def fail_percent(self) -> NoReturn:
        """An error for `50% x`."""
        number, factor = self.before(), self.tokens[self.position].text
        hint = f"{number}/100*{factor} or mod({number}, {factor})" if self.is_read(factor) else "mod(a, b) or a/100*b"
        self.fail("% may be a hundredth or the remainder", hint)

    def fail_chain(self, top: Pending) -> NoReturn:
        """An error for `a < b < c`."""
        middle = self.operands[-1][1]
        left, right = self.tree[top.operands[0]][3]
        first, second = self.text[left:right], self.text[middle : self.end]
        sign = self.text[right:middle].strip(" ()")
        hint = f"({first} {sign} {second}) & ({second} {self.word} ...)"
        self.fail("comparisons do not chain", hint if len(first) + len(second) < 60 else "(a < b) & (b < c)")

    def fail_bracket(self, entry: Pending) -> NoReturn:
        """An error for a bracket that closes nothing, or another one."""
        if not entry.kind:
            self.fail(f"{self.word} closes nothing", "remove it, or open a bracket before")
        self.fail_unclosed(entry)

    def fail_loop(self, entry: Pending) -> NoReturn:
        """An error for `sum(i=1..n)`."""
        name, counter = entry.payload
        self.fail(f"{name} with a counter has two bounds and one body", f"{name}({counter}=1..10, {counter}^2)")

    def check_factor(self) -> float:
        """How tightly a factor without a sign binds; refused where it is none, or can be read in two ways."""
        word, left = self.word, self.operands[-1][1]
        last = self.text[left : self.end] if self.end - left < 40 else "(...)"
        if len(f"{self.text[self.end : self.start]}.".splitlines()) > 1:
            self.fail("an operator is missing between two lines", "one formula at a time; --each answers one a line")
        kind, before = self.tokens.kinds[word], self.tokens[self.position - 2]
        following = self.tokens[self.position]
        whole = word + following.text
        if word != "|" and whole in REFUSED and following.start == self.start + 1:
            self.fail(f"{whole} is no operator", REFUSED[whole], (self.start, following.span[1]))
        if word in REFUSED and not (word in SUMS and self.words[self.position] == "("):
            self.fail(f"{word} has no meaning here", REFUSED[word])
        if kind in ("number", "fraction") or not self.may_stand_before(before):
            if before.kind == kind == "number":
                mixed = re.compile(r"\d+\s*/\s*\d+").match(self.text, self.start) if last.isdigit() else None
                hint = f"({last} + {mixed[0]}) or {last}*{mixed[0]}" if mixed else _numbers_hint(last, self.numbers())
                self.fail("an operator is missing between two numbers", hint)
            if kind == "fraction":
                value = unicodedata.normalize("NFKC", word).replace("⁄", "/")
                self.fail("an operator is missing before a fraction", f"{last} + {value} or {last}*({value})")
            if self.is_differential():
                self.fail(f"{word} belongs to an integral, and a formula has none", f"the formula without {word}")
            self.fail("an operator is missing between two operands", self.joined(left, last, self.factor()))
        if word in OPERATORS and not self.is_known(word):
            self.fail("an operator is missing between two operands", self.joined(left, last, self.factor()))
        if bare := self.bare():
            return self.factor_of(bare)
        self.check_one_reading()
        return MUL

    def check_one_reading(self) -> None:
        """Refuse a factor without a sign behind a quotient, and behind a power or root that may take it."""
        for entry in reversed(self.pending):
            if entry.precedence < MUL:
                break
            if entry.kind in TAKES_ONE and not self.is_ended(entry):
                self.fail_ambiguous(entry)

    def is_ended(self, entry: Pending) -> bool:
        """Whether an exponent or root ends before a factor, as parentheses or a blank tell: `e^(-x)sin(x)`, `x^2 y`."""
        begins, has_gap = self.operands[-1][1], self.start > self.end
        if entry.kind in ("div", "mod", "matmul"):
            return False
        if self.text[begins] == "(" and self.words[self.position - 2] == ")":
            return has_gap or self.word != "("
        if entry.kind != "pow" or not has_gap or self.text[begins - 1].isspace():
            return False
        place = self.pending.index(entry)
        is_inner = not any(each.kind == "pow" for each in self.pending[place + 1 :])
        is_outer = self.pending[place - 1].kind != "pow"
        exponent = self.tree[self.operands[-1][0]][0] if is_inner else "pow"
        if exponent == "number" and self.tree[entry.operands[0]][:2] == ("constant", "E"):
            return False
        if exponent == "number" and is_outer:
            return True
        return exponent in ("number", "name", "constant", "pow") and self.is_function()

    def is_function(self) -> bool:
        """Whether the factor that begins here is a function of something."""
        return self.bare_function(self.word) is not None or (
            self.tokens.kinds[self.word] == "name"
            and self.words[self.position] == "("
            and (self.word in FUNCTIONS or self.respelled(self.word) is not None)
        )

    def factor_of(self, bare: Pending) -> float:
        """How tightly a factor behind the operand of a function without parentheses binds: `sin 2x`, `sin x cos x`."""
        before, is_function = self.tokens[self.position - 2], self.is_function()
        is_number = before.kind in ("number", "fraction") and self.operands[-1][1] in (bare.begins, bare.begins + 1)
        if is_number and self.start == self.end and not is_function and self.pending[-1].kind in ("bare", "neg"):
            is_call = self.tokens.kinds[self.word] == "name" and self.words[self.position] == "("
            is_base = bare.payload == "log" and before.text.isdigit() and self.text[bare.left : bare.left + 2] != "ln"
            if not (is_call or is_base or bare.payload in ROOTS or self.word in ("|", "(")):
                return TIGHT
        if is_function and not is_number and self.is_alone(bare):
            self.check_one_reading()
            return MUL
        self.fail_bare(bare, "*", self.factor())

    def is_alone(self, bare: Pending) -> bool:
        """Whether a function without parentheses is the operand of no other, and of no power."""
        below = self.pending[self.pending.index(bare) - 1]
        return below.kind not in ("bare", "pow", "sqrt", "cbrt")

    def check_operator(self, precedence: float, kind: str) -> None:
        """Refuse a product, quotient or power that a function without parentheses, or a minus in a cell, may take."""
        if self.is_cell and precedence == POW and self.pending[-1].kind in ("neg", "pow"):
            self.fail_cell()
        if self.word in DOTTED and precedence == POW and self.pending[-1].kind == "pow":
            self.fail("powers of elements come from the left elsewhere", "(a^b)^c or a^(b^c)")
        bare = self.bare()
        if bare is None:
            return
        is_barred = self.text[bare.begins] == "|" and self.operands[-1][1] == bare.begins
        is_apart = self.start > self.end
        if precedence == POW and not (is_apart or bare.payload in ROOTS or is_barred or not self.is_alone(bare)):
            return
        if kind == "raised":
            self.fail_bare(bare, self.word, "")
        sign, (self.word, self.start) = self.word, (self.words[self.position], self.tokens.starts[self.position])
        self.position += 1
        is_number = self.tree[self.operands[-1][0]][0] == "number" and self.operands[-1][1] == bare.begins
        is_product = self.is_function() and not is_number and self.is_alone(bare)
        if not self.word or kind not in ("mul", "div") or not (is_product or is_barred):
            self.fail_bare(bare, sign, self.factor() if self.word else "x")
        self.position -= 1
        self.word, self.start = sign, self.tokens.starts[self.position - 1]

    def fail_bare(self, bare: Pending, sign: str, factor: str) -> NoReturn:
        """An error for what the operand of a function without parentheses may hold or not: `sin x y`."""
        first = next(entry for entry in self.pending if entry.kind == "bare" and entry.left >= self.opened())
        operand = self.text[first.begins : self.end].strip()
        name = self.text[first.left : first.begins].rstrip()
        inside = operand if re.fullmatch(r"[\w.]+|\|[^|]*\|", operand) else f"({operand})"
        hint = f"{name}({operand}){sign}{factor} or {name}({inside}{sign}{factor})"
        if len(hint) > 120 or not self.is_read(hint):
            hint = "sin(x)*y or sin(x*y), with parentheses"
        span = (first.left, self.tokens[self.position - 1].span[1])
        self.fail(f"{name} without parentheses may take this or not", hint, span)

    def opened(self) -> int:
        """Where the innermost open bracket stands."""
        return next(entry.left for entry in reversed(self.pending) if not entry.precedence)

    def may_stand_before(self, before: Token) -> bool:
        """Whether a factor may stand behind the operand that ends before it."""
        word, kind = self.word, self.tokens.kinds[self.word]
        if self.is_differential() or (word in OPERATORS and not self.is_known(word)):
            return False
        if before.kind in ("number", "raised", "fraction") or before.text == ")":
            return True
        if before.text == "|":
            return not self.has_two_bars()
        if before.text == "]" or before.kind != "name":
            return before.text == "]" and self.is_factor_name()
        top, payload = self.tree[self.operands[-1][0]][:2]
        if (
            top not in ("name", "constant")
            or payload == "E"
            or not self.is_letter(before.text if top == "constant" else payload)
        ):
            return False
        if kind == "name" and payload in self.arrays and self.word in self.arrays:
            return False
        return self.is_factor_name() if kind == "name" else word in ("(", "|", "√", "∛", "∑", "∏")

    def is_factor_name(self) -> bool:
        """Whether the word is a function, or a variable or constant that may stand behind another one."""
        name = self.word
        if self.is_function() or self.tokens.kinds[name] != "name":
            return True
        return self.is_letter(name) or bool(self.factors_of(name))

    def is_letter(self, name: str) -> bool:
        """Whether a name is a variable by what is known, or by its look: one letter."""
        if name in self.shadowing or name in self.counters:
            return True
        if name in LETTERS_TOO:
            return False
        return name in GREEK or name in CONSTANTS or (LETTER.fullmatch(name) is not None and name not in UNWRITTEN)

    def is_differential(self) -> bool:
        """Whether the word is the `dx` that ends an integral."""
        name = self.word
        is_d = len(name) == 2 and name[0] == "d" and self.start > self.end and not self.words[self.position]
        return is_d and not self.is_known(name)

    def has_two_bars(self) -> bool:
        """Whether the bar before may open and not close: `|a|b|c|`."""
        depth = 0
        for position in range(self.position - 1, len(self.words) if self.word != "|" else 0):
            word = self.words[position]
            depth += (word in OPENING) - (word in CLOSING)
            if depth < 0 or (word == "," and not depth):
                return False
            if word == "|" and not depth:
                before = self.tokens[position - 1]
                if before.text in BARE:
                    return False
                return before.kind in ("name", "number", "raised", "fraction") or before.text in (")", "]", "!", "|")
        return False

    def check_cell(self, name: str) -> None:
        """Refuse functions that mean something else in the cell of a spreadsheet: `=LOG(x)`."""
        pieces, _ = self.call_text()
        if len(pieces) == IN_CELLS[self.word.lower()][0]:
            hint = IN_CELLS[self.word.lower()][1].format(*pieces)
            self.fail(f"{self.word} means something else in a spreadsheet", hint)

    def fail_cell(self) -> NoReturn:
        """An error for `=-x^2`, which is `(-x)^2` in a spreadsheet, and for `=a^b^c`."""
        example = "-(x^2) or (-x)^2" if self.pending[-1].kind == "neg" else "(a^b)^c or a^(b^c)"
        self.fail("a spreadsheet reads this power in another way", example)

    def check_matrices(self) -> None:
        """Refuse `*`, `/` and `^` of arrays beside `.*`: there they are those of matrices."""
        kinds = self.tokens.kinds
        if not any(word in DOTTED for word in kinds):
            return
        for position, word in enumerate(self.words[1:-1], start=1):
            sides = [kinds[self.words[position + i]] == "number" for i in (-1, 1)]
            if (word == "*" and not any(sides)) or (word == "/" and not sides[1]) or (word == "^" and not sides[0]):
                self.position = position + 1
                self.fail(
                    f"beside .* the sign {word} is that of matrices", f".{word} for elements, @ for the matrix product"
                )

    def joined(self, left: int, last: str, factor: str) -> str:
        """What two operands side by side mean: a word for an operator, a function of another system, or a product."""
        word, before = self.word, self.tokens[self.position - 2].text
        if word in OPERATORS and not self.is_known(word):
            behind = re.match(r"\s*(\w+)\s*$", self.text[self.tokens[self.position - 1].span[1] :])
            is_whole = not self.text[:left].strip() and (behind or "{1}" not in OPERATORS[word])
            return OPERATORS[word].format(*((last, behind[1] if behind else "") if is_whole else "ab"))
        if before in LETTERS_TOO or CONSTANTS.get(before) == "E":
            return f"{before}*{factor} or {before if before in LETTERS_TOO else 'exp'}({factor})"
        if before in OPERATORS and before not in self.shadowing:
            return OPERATORS[before].format("a", "b")
        if before in SUMS and before == last:
            return SUMMED[SUMS[before]]
        if before.lower() in INSTEAD and before == last and before not in self.shadowing:
            return INSTEAD[before.lower()]
        if self.word == "base" or before == "base":
            return "log(x, base)"
        if not self.is_known(word) and (spoken := self.spoken(before)):
            return spoken
        if before == last and before not in self.shadowing and before not in CONSTANTS:
            if is_named(before):
                function = function_meant(before)
                return self.applied(function, self.position - 2) if function else self.written_out(before)
            if function := function_meant(before):
                return f"{self.applied(function, self.position - 2)} or {last}*{factor}"
        return f"{last}*{factor}"

    def spoken(self, before: str) -> str:
        """What two words of a spoken formula mean: `square root of x`, `arc sin x`; empty where they are none."""
        if self.word == "root" and before in _SPOKEN_ROOTS:
            behind = re.match(r"\s*(?:of\s+)?(\w+)\s*$", self.text[self.name_end() :])
            return f"{_SPOKEN_ROOTS[before]}({behind[1] if behind else 'x'})"
        if before == "arc" and f"arc{self.word}" in FUNCTIONS:
            return self.applied(f"arc{self.word}")
        return "the signs + - * / ^ for words" if {self.word, before} & _SPOKEN_WORDS else ""

    def written_out(self, name: str) -> str:
        """A function that is written out here, such as `logit`, of the operand that stands from here to the end."""
        rest = self.text[self.start :].strip()
        return (formula_meant(name, [rest]) if rest.isalnum() else None) or f"{name}(x), with parentheses"

    def numbers(self) -> str:
        """The numbers that follow each other from here, those in groups of three digits as one."""
        found = re.match(r"(\d{3}(?=[ \u00a0\u2009\u202f]))?([ \u00a0\u2009\u202f]\d{3}\b)*", self.text[self.start :])
        return re.sub(r"\s", "", found[0]) if found and found[2] else self.word

    def factor(self) -> str:
        """The factor that begins with the token, shortened for a hint."""
        if self.tokens.kinds[self.word] == "name" and self.words[self.position] == "(":
            return f"{self.word}({', '.join(self.call_text()[0])})"
        if self.word == "(":
            return f"({bracketed(self.text[self.start : self.start + FAR]) or '...'})"
        if is_named(self.word) and not self.is_known(self.word) and (function := function_meant(self.word)):
            applied = self.applied(function, self.position - 1)
            return f"{function}(...)" if " or " in applied else applied
        if self.word == "|":
            bar = self.text.find("|", self.start + 1)
            return self.text[self.start : bar + 1] if 0 < bar < self.start + FAR else "(...)"
        if self.word in ("√", "∛"):
            return self.word + self.tokens[self.position].text
        return "(...)" if self.word in PARTNER else self.word

    def fail_ambiguous(self, top: Pending) -> NoReturn:
        """An error for a factor without a sign after a quotient, a power or a root: `1/2x`."""
        end, begins = self.tokens[self.position - 1].span[1], self.operands[-1][1]
        last, factor = self.text[begins : self.end] if self.end - begins < 40 else "(...)", self.factor()
        whole = self.text[top.left : self.end] if end - top.left < 60 else "(...)"
        head = whole.removesuffix(last) if whole.endswith(last) else "... "
        wrapped = f"{whole}*{factor}" if top.kind in ("pow", "sqrt", "cbrt") else f"({whole})*{factor}"
        hint = f"{wrapped} or {head}({last}*{factor})"
        self.fail("a factor without a sign can be read in two ways here", hint, (top.left, end))


_FIRST_WORD = re.compile(r"(\w+)")


_OPERAND = re.compile(r"\s*([-−]?\s*(?:[0-9.]+)?)\s*([^\W\d]\w*(?!\w*\s*\())?(?<=[\w.])")
"""What a function without parentheses is applied to: a sign, a number, a name, each of which may be absent."""


_SPOKEN_ROOTS = {"square": "sqrt", "cube": "cbrt", "cubic": "cbrt"}


_SPOKEN_WORDS = frozenset(("to", "the", "of", "is", "by"))
"""Words between operands that are no variables."""


_MINUS_ONE = re.compile(r"[-−]1(?:\s*(?=\()|\s+(?=[^\W\d]))")
"""The `-1` of `sin-1(x)`, which is that of a calculator's key."""


_LOOSE = re.compile(r"[-+−<>=,&|]")
"""Signs that bind more loosely than a product: what stands beside them may belong to a derivative or not."""


_SUM = re.compile(r"([\w\s^²³*()]*[\w)²³]) ?((?:[-+−]) ?[\w\s^²³*/()+−-]*[\w)²³])")
"""A first term, and those behind it."""


SUMMED = {name: f"{name}(i=1..n, i*x)" for name in ("sum", "prod")}
"""How sums and products with a counter are written."""


FAR = 400
"""Words of a call that a hint repeats, at most."""


LIST = "gradcalc functions lists what there is"


def split(name: str, known: Set[str]) -> list[str]:
    """The two or three known names that a name consists of; empty where there are none, or several ways."""
    ways: list[list[list[str]]] = [[[]], *([] for _ in name)]
    for end in range(1, len(name) + 1):
        for start in range(end):
            if name[start:end] in known:
                ways[end] += [[*row, name[start:end]] for row in ways[start]][:2]
    rows = ways[len(name)]
    return rows[0] if len(rows) == 1 and len(rows[0]) in (2, 3) else []


def glued_product(name: str) -> str:
    """The product of functions with their operands that a name is: of `xsinx` it is `x*sin(x)`; empty where none."""
    found = GLUED_FACTORS.fullmatch(name)
    if found is None:
        return ""
    factors = [f"{function}({operand})" for function, operand in GLUED_FACTOR.findall(found[2])]
    return "*".join([*filter(None, [found[1]]), *factors])


def _several(name: str, rest: str) -> str:
    """A call of a function of several operands, of those that stand behind it; empty where it has one."""
    if index := re.match(r"\s*\[([^\[\]]*)\]\s*(?=\()", rest):
        taken = {"sqrt": "root", "log": "log"}.get(name)
        inner = bracketed(rest[index.end() :]) or "x"
        return f"{taken}({inner}, {index[1].strip()})" if taken else f"{name}(...) with round parentheses"
    op = ops.TABLE.get(FUNCTIONS.get(name, ""))
    if op is None or len(op.operands) < 2:
        return ""
    operands = re.fullmatch(r"\s+".join([r"\s*([^\W_]+)"] * len(op.operands)) + r"\s*", rest)
    if operands is None and op.variadic and re.fullmatch(r"\s*\w+\s*", rest):
        return ""
    return f"{name}({', '.join(operands.groups() if operands else op.operands)})"


def _numbers_hint(first: str, second: str) -> str:
    """Two numbers with a blank between: digits in groups of three are one number, else it may be one or a product."""
    together = first + second
    if together.isdigit() and len(second) % 3 == 0 and len(first) < 4 and (second[0] == "0" or len(second) > 3):
        return together
    return f"{first}*{second}" + (f" or {together}" if together.isdigit() else "")


def bracketed(text: str) -> str:
    """The content of the parentheses that a text begins with, or its first word."""
    if not text.startswith("("):
        word = re.match(r"\w+", text)
        return word[0] if word else ""
    depth = 0
    for place, sign in enumerate(text[:FAR]):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return text[1:place]
    return ""


TAKES_ONE = frozenset(("div", "mod", "matmul", "pow", "sqrt", "cbrt"))
"""Kinds whose right operand may or may not hold a factor without a sign."""


DOTTED = frozenset((".*", "./", ".^", ".**"))


IN_CAPITALS = (
    frozenset(("and", "or", "not"))
    | frozenset({name for name, op in ops.TABLE.items() if not op.is_condition} - {"round", "psi"})
    | {
        "log",
        "sum",
        "prod",
        "mean",
        "dot",
        "norm",
        "root",
        "where",
    }
)
"""Functions that mean the same in other letters."""


_AFTER_WORDS = frozenset(("if", "else", "AND", "OR", *OPERATORS))


XYZ = frozenset("xyz")


_LONG = 12
"""Letters of a name that may be a product, at most."""


_INDEX = re.compile(r"[^\W\d_][₀-₉]+")


_INDEXED = re.compile(r"(?:[^\W\d_][₀-₉]+){2,}")
"""Variables with an index side by side: `x₁x₂`."""


_PI = re.compile(r"π|[^π]+")
