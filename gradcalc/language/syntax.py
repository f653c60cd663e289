"""Tokens to tree, by operator precedence with explicit stacks. Imports errors, ops, format and tokens.

Two states take turns: an operand is expected, or an operator. `pending` holds what waits for its right operand,
`operands` what is finished: `1 + 2*x` lets the sum and the product wait until the text ends. What can be read in two
ways is refused, with both ways written out.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence, Set
from functools import cached_property
from itertools import pairwise
from typing import Any, NoReturn

from gradcalc.errors import INSTEAD, ExpressionError, LimitError, Span
from gradcalc.graph import ops
from gradcalc.language.format import AND, COMPARE, COMPARISONS, MUL, NEG, NOT, OR, POSTFIX, POW, Tree
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
    DIVIDE,
    FUNCTIONS,
    GLUED,
    GREEK,
    INFIX,
    LETTER,
    LETTERS_TOO,
    MINUS,
    MODULES,
    ONE_ARRAY,
    OPENING,
    PARTNER,
    PARTS,
    POWER,
    PREFIX,
    RAISED,
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


_SIGNS = ("+", "-", "−")


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


class Parser:
    """One pass over the tokens.

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
    ) -> None:
        self.text = text
        self.tokens = tokens
        self.words = tokens.words
        self.max_depth = max_depth
        self.shadowing = shadowing
        self.arrays = arrays
        self.has_point = has_point  # whether all variables are known by name
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
        """The tree of the whole text."""
        words, starts, kinds = self.words, self.tokens.starts, self.tokens.kinds
        self.pass_definition()
        wants_operand = True
        while True:
            position = self.position
            self.word = word = words[position]
            self.start = starts[position]
            self.position = position + 1
            if not wants_operand:
                if not word:
                    break
                wants_operand = self.operator()
            elif kinds[word] == "number":
                wants_operand = self.number()
            else:
                wants_operand = self.operand()
        self.reduce()
        if self.pending[-1].kind:
            self.fail_unclosed(self.pending[-1])
        if self.arrays:
            self.check_matrices()
        return self.tree

    def fail(self, message: str, hint: str, span: Span | None = None) -> NoReturn:
        """An error at a place, or else at the token."""
        refuse(message, span or self.tokens[self.position - 1].span, hint)

    def before(self) -> str:
        """The word before the token; empty at the beginning."""
        return self.words[self.position - 2] if self.position > 1 else ""

    def node(self, kind: str, payload: Any, operands: tuple[int, ...], left: int, right: int) -> None:
        """Finish a node of the tree."""
        self.operands.append((len(self.tree), left))
        self.tree.append((kind, payload, operands, (left, right)))
        self.end = right

    def push(self, precedence: float, kind: str, left: int, payload: Any = None) -> Pending:
        """Let an operator or a bracket wait, within the limit of nesting."""
        entry = Pending(precedence, kind, left, 1, payload)
        self.pending.append(entry)
        self.depth += 1
        if self.depth > self.max_depth:
            message = f"the expression is nested more than {self.max_depth} deep"
            raise LimitError(message, span=(left, left + 1), hint="--max-depth raises the limit")
        return entry

    def pop(self) -> Pending:
        """The last that waits, which waits no more."""
        entry = self.pending.pop()
        self.depth -= entry.nests
        return entry

    def reduce(self) -> Pending:
        """Finish all operators that wait in the innermost bracket; that bracket."""
        pending = self.pending
        while pending[-1].precedence:
            self.complete()
        return pending[-1]

    def complete(self) -> None:
        """Finish the last operator that waits."""
        entry = self.pop()
        entry.operands.append(self.operands.pop()[0])
        kind, payload = entry.kind, entry.payload
        if entry.precedence == APPLY:
            return self.complete_bare(entry)
        if entry.precedence == POSTFIX:
            kind, payload = "call", kind
        elif kind == "add":
            payload = "".join(payload)
        self.node(kind, payload, tuple(entry.operands), entry.left, self.end)

    def pass_definition(self) -> None:
        """Begin behind `f(x, y) =`, `y =` or the equals sign of a spreadsheet; the operands of f are variables."""
        words, position = self.words, 1
        parameters: list[str] = []
        if words[0] == "=":
            self.position, self.is_cell = 1, True
        if not self.is_named(words[0]) or words[0] in self.shadowing:
            return
        if words[1] == "(":
            while self.is_named(words[position + 1]) and words[position + 2] in (",", ")"):
                parameters.append(words[position + 1])
                position += 2
                if words[position] == ")":
                    break
            position += 1
        rest = words[position + 1 :] if words[position] == "=" else []
        if words[0] in rest or not any(self.is_named(word) and word not in CONSTANTS for word in set(rest)):
            return
        self.position = position + 1
        self.shadowing = self.shadowing | set(parameters)

    def is_named(self, word: str) -> bool:
        """Whether a word is a name, and not that of a function."""
        return self.tokens.kinds[word] == "name" and word not in FUNCTIONS and word not in WORDS

    # -- where an operand is expected

    def operand(self) -> bool:
        """Take a token where an operand is expected; whether one is expected still."""
        word = self.word
        kind = self.tokens.kinds[word]
        if kind == "name" and word not in WORDS:
            return self.name()
        if kind == "fraction":
            return self.fraction()
        if word in PREFIX:
            self.push(*PREFIX[word], self.start)
        elif word in PARTNER:
            self.open_bracket()
        elif word == "∞":
            self.node("constant", "oo", (), self.start, self.start + 1)
            return False
        elif (word == "∂" and self.open_derivative()) or (word in SUMS and self.words[self.position] == "("):
            return word == "∂" or self.open_call(SUMS[word])
        elif word != "+":
            return self.no_operand()
        return True

    def open_bracket(self) -> None:
        """A group, an array or an absolute value."""
        word, following = self.word, self.words[self.position]
        if word == "(" and following == ")":
            self.fail("there is nothing in the parentheses", "(x + 1)")
        if word == "[" and following == "]":
            self.fail("an array has at least one element", "[1, 2]")
        self.push(0, word, self.start)

    def no_operand(self) -> bool:
        """A token where an operand should stand: an empty call, a part of a slice left out, or an error."""
        top, word, before = self.pending[-1], self.word, self.before()
        if top.kind == "call" and word == ")" and before == "(":
            return self.close_call()
        if top.kind == "index" and (before, word) in _LEFT_OUT:
            return self.subscript(top, False)
        if before and word and before + word in REFUSED:
            span = (self.tokens.starts[self.position - 2], self.start + 1)
            self.fail(f"{before}{word} is no operator", REFUSED[before + word], span)
        if not word:
            self.fail_at_end()
        if word in SUMS:
            self.fail(f"{word} needs parentheses", REFUSED[word])
        if word == "∂":
            self.fail("a derivative needs parentheses around what is derived, and orders that agree", REFUSED[word])
        if word in CLOSING and before and not any(entry.kind for entry in self.pending):
            self.fail(f"{word} closes nothing", "remove it, or open a bracket before")
        self.fail(f"an operand is missing before {word}", "a number, a name or a parenthesis there")

    def number(self) -> bool:
        """A literal, in the form that equal ones share."""
        word, start = self.word, self.start
        end = start + len(word)
        if self.tokens.starts[self.position] == end:
            self.check_glued()
            word, end = self.word, self.end if self.word != word else end
        if not word.isdecimal():
            word = word.replace("_", "").rstrip(".")
        elif word[0] == "0":
            word = word.lstrip("0") or "0"
        self.node("number", word, (), start, end)
        return False

    def fraction(self) -> bool:
        """A quotient that is one character, as `½`."""
        start, end = self.start, self.start + 1
        for part in unicodedata.normalize("NFKC", self.word).split("⁄"):
            self.node("number", part, (), start, end)
        (over, _), (under, _) = self.operands.pop(-2), self.operands.pop()
        self.node("div", None, (over, under), start, end)
        return False

    def check_glued(self) -> None:
        """Refuse what is written onto a number and is not a factor."""
        number, following = self.word, self.words[self.position]
        kind = self.tokens.kinds[following]
        if kind not in ("name", "number") and following != ".":
            return
        match = re.compile(r"[\w.]*").match(self.text, self.start)
        whole = match[0] if match else number
        span = (self.start, self.start + len(whole))
        if self.fortran(following):
            return
        if following in ("e", "E") and not self.is_power_of_e():
            power = re.compile(r"\s*(?:\^|\*\*)\s*([-−]?\d+)").match(self.text, span[1])
            hint = f"{number}*e^{power[1]} or {number}e{power[1]}" if power else f"{number}*E or {number}e0"
            self.fail(f"{number}{following} is half a number", hint.replace("−", "-"), span)
        if number == "0" and following[0] in "xXbBoO":
            self.fail(f"{whole} is no number", f"0*{following}, or a hexadecimal float such as 0x1.8p+1", span)
        if kind != "name" or following.startswith("_"):
            self.fail(f"{whole} is no number", "digits, one point, and an exponent such as 1.5e-3", span)

    def is_power_of_e(self) -> bool:
        """Whether `2e^x` stands here, and no number whose exponent may have been meant."""
        sign, first, second = (self.tokens[self.position + i].text for i in (1, 2, 3))
        exponent = second if first in MINUS else first
        return sign in ("^", "**") and not exponent[:1].isdigit()

    def fortran(self, following: str) -> bool:
        """Take the exponent of `1.5d-3`; refused where d may be a variable."""
        found = re.compile(r"([dD])([+-]?\d+)(?![\w.])").match(self.text, self.start + len(self.word))
        if found is None or following[0] not in "dD" or self.is_known(following):
            return False
        number, minus = f"{self.word}e{found[2]}", f"{self.word}*{following}"
        if not self.has_point:
            hint = f"{number} or {minus}" + ("" if following == found[0] else f" {found[2][0]} {found[2][1:]}")
            self.fail(f"{self.word}{found[0]} can be read in two ways", hint, (self.start, found.end()))
        self.position += 1 if following == found[0] else 3
        self.word, self.end = number, found.end()
        return True

    def name(self) -> bool:
        """A name: a call, a constant, a counter, or a variable."""
        name, start = self.word, self.start
        end, following = self.name_end(), self.words[self.position]
        if following == "(":
            return self.open_call(FUNCTIONS[name]) if name in FUNCTIONS else self.before_parenthesis()
        if following == "." and name in MODULES and not self.is_known(name):
            return self.of_module()
        if name == "d" and not self.is_known(name) and self.open_derivative():
            return True
        if name in FUNCTIONS and (following in ("^", "**") or self.tokens.kinds[following] == "raised"):
            power = self.function_power()
            if power:
                named = self.words[self.position] == "("
                return self.open_call(FUNCTIONS[name], power) if named else self.open_bare(BARE[name], power)
        if not self.is_known(name):
            if (function := self.bare_function(name)) and self.begins_operand():
                return self.open_bare(function)
            if name not in CONSTANTS and (parts := self.factors_of(name)):
                return self.product(parts)
        self.leaf(name, start, end)
        return False

    def leaf(self, name: str, start: int, end: int) -> None:
        """A variable, a counter, or a constant."""
        known = self.is_known(name)
        if not known and name in CONSTANTS:
            self.constants.setdefault(name, (start, end))
            self.node("constant", CONSTANTS[name], (), start, end)
        elif not known and name in ("true", "True", "false", "False"):
            self.node("boolean", name.title(), (), start, end)
        else:
            if not known:
                self.check_new()
            if name not in self.counters:
                self.names.setdefault(name, (start, end))
            self.node("name", name, (), start, end)

    # -- names that are products, functions in other writings

    def before_parenthesis(self) -> bool:
        """What is no function by this name: one in other letters, a constant, or a factor before a parenthesis."""
        name, end = self.word, self.name_end()
        if name in SUMS and self.tokens[self.position + 2].text == "=":
            return self.open_call(SUMS[name])
        if function := self.respelled(name):
            return self.open_call(function)
        known = self.is_known(name)
        if known and FUNCTIONS.get(name.lower(), name) in _IN_CAPITALS:
            pieces = ", ".join(self.call_text()[0])
            self.fail(f"{name} is a variable and a function", f"{name}*({pieces}) or {name.lower()}({pieces})")
        if not known and name in CONSTANTS and self.words[self.position + 1] == ")":
            self.position += 2
            self.leaf(name, self.start, self.tokens.starts[self.position - 1] + 1)
            return False
        if not known and (parts := self.factors_of(name)) and (parts[-1] in CONSTANTS or self.is_factor(parts[-1])):
            return self.product(parts)
        if self.is_factor(name) or (not known and CONSTANTS.get(name) in ("pi", "tau")):
            self.leaf(name, self.start, end)
            return False
        self.fail_call()

    def is_factor(self, name: str) -> bool:
        """Whether a name before a parenthesis is a variable, and what stands there its factor."""
        if name in self.arrays:
            pieces = ", ".join(self.call_text()[0])
            self.fail(f"{name} is an array", f"{name}[...] for its elements, counted from 0, or {name}*({pieces})")
        if name in self.shadowing or name in self.counters:
            return True
        operand = self.tokens[self.position + 1].text
        is_applied = self.tokens[self.position + 2].text == ")" and operand != name and not operand[:1].isdigit()
        return name in self.standing and name not in UNWRITTEN and not is_applied

    @cached_property
    def standing(self) -> frozenset[str]:
        """The words that stand somewhere before anything but a parenthesis: a name among them is a variable."""
        return frozenset(word for word, following in pairwise(self.words) if following != "(")

    def respelled(self, name: str) -> str | None:
        """The function whose name is written in other letters: SIN, Gamma, Γ; None where those mean another."""
        small = name.lower()
        if name in ("Γ", "ζ"):
            small = "gamma" if name == "Γ" else "zeta"
        function = FUNCTIONS.get(small)
        if function is None or small == name or self.is_known(name):
            return None
        if function not in _IN_CAPITALS or (name in ELSEWHERE and len(self.call_text()[0]) not in ELSEWHERE[name]):
            return None
        return function

    def of_module(self) -> bool:
        """A function or constant behind the name of a library: `np.sin(x)`, `math.pi`."""
        start, library = self.start, self.word
        first = self.position
        while self.tokens[self.position].text == ".":
            self.position += 2
            name = self.tokens[self.position - 1]
            if name.text not in PARTS:
                break
        self.word, self.start = name.text, name.start
        function = FUNCTIONS.get(name.text)
        is_called = self.words[min(self.position, len(self.words) - 1)] == "("
        if is_called and function and name.text not in MODULES[library]:
            if (
                name.text in ONE_ARRAY
                and len(self.call_text()[0]) > 1
                and library not in ("math", "Math", "sp", "sympy")
            ):
                self.fail(f"the second operand of {name.text} is an axis there", _LIST)
            self.start = start
            return self.open_call(function)
        if not is_called and name.text in CONSTANTS:
            self.leaf(name.text, start, self.name_end())
            return False
        self.position, self.word = (first, library) if not is_called else (self.position, name.text)
        if is_called and not function:
            self.fail_call()
        meant = {"sinc": "sincpi(x)", "fmod": "x - y*where(x/y < 0, ceil(x/y), floor(x/y))"}.get(name.text)
        self.fail(f"{library}.{name.text} is no function of gradcalc", meant or _LIST, (start, name.span[1]))

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

    def open_bare(self, function: str, power: str = "") -> bool:
        """A function without parentheses: what follows is its operand."""
        entry = self.push(APPLY, "bare", self.start, function)
        entry.power = power
        entry.begins = self.tokens.starts[self.position]
        self.bares += 1
        return True

    def complete_bare(self, entry: Pending) -> None:
        """Finish a function without parentheses."""
        self.bares -= 1
        self.node("call", entry.payload, tuple(entry.operands), entry.left, self.end)
        self.to_power(entry)

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

    def product(self, parts: list[str]) -> bool:
        """A name that is the product of others: `xy`, `2πr`."""
        name, start = self.word, self.start
        entry = next(each for each in reversed(self.pending) if each.kind != "neg")
        if entry.kind in _TAKES_ONE or self.words[self.position] == "!":
            head, tail = self.text[entry.left : start], "!" if self.words[self.position] == "!" else ""
            whole = "*".join(parts)
            hint = f"{head}({whole}){tail} or {head}{whole}{tail}"
            self.fail(f"{name} is a product, which can be read in two ways here", hint)
        if not self.arrays.isdisjoint(parts):
            self.fail(f"{name} is no known name", f"{'*'.join(parts)} or {' @ '.join(parts)}")
        for part in parts:
            if start > self.start:
                self.infix(TIGHT if self.bare() else MUL, "mul")
            self.leaf(part, start, start + len(part))
            start += len(part)
        return False

    def name_end(self) -> int:
        """Where the name ends in the text, which may spell it in more or fewer characters: `ﬁ` is the name `fi`."""
        return self.start + len(self.tokens.typed[self.position - 1])

    def is_known(self, name: str) -> bool:
        """Whether a name has the meaning of a variable or a counter already."""
        return name in self.names or name in self.shadowing or name in self.counters

    def check_new(self) -> None:
        """Refuse a name that is none, or a function without its operand."""
        check_name(self.tokens[self.position - 1])
        name, operand = self.word, self.tokens[self.position]
        if name in FUNCTIONS and name not in LETTERS_TOO:
            self.fail(f"{name} is a function and needs parentheses", self.applied(name))
        if operand.text == "[" and name == "D":
            self.fail("D is no array", f"diff({', '.join(self.call_text()[0])})")
        if operand.text == "[" and (function := function_meant(name)):
            pieces, _ = self.call_text()
            self.fail(f"{name} is no array", f"{function}({', '.join(pieces)}), with round parentheses")
        if self.is_derivative():
            self.fail_derivative()
        if product := self.likely_product():
            self.fail(f"{name} is no known name", f"{product}, or give {name} a value if it is a variable")
        if glued := GLUED.fullmatch(name):
            digits = re.match(r"\d*", glued[2])
            longer = glued[1] + (digits[0] if digits else "")
            both = longer != glued[1] and longer in FUNCTIONS
            other = f"{longer}({glued[2][len(longer) - len(glued[1]) :]}) or " if both else ""
            hint = f"{other}{glued[1]}({glued[2]}), or give {name} a value if it is a variable"
            self.fail(f"{name} is no known name", hint)

    def likely_product(self) -> str:
        """The product that an unknown name of few letters may be; empty where it looks like a name.

        Who writes a sign for each product does not write `kx` for one; `xy` is doubtful all the same.
        """
        name, following = self.word, self.tokens[self.position]
        if "π" in name and name.partition("π")[0] in FUNCTIONS:
            return "{}({})".format(*re.split("(?=π)", name, maxsplit=1))
        if "π" in name or (len(name) == 2 and name[1] == "e" and following.text in POWER):
            return "*".join(name if name.isalpha() else re.findall(r"π|[^π]+", name))
        if _NUMBERED.fullmatch(name) and self.standing.isdisjoint(("*", "**")):
            return "*".join(re.findall(r"[^\W\d_]_?\d+", name))
        if not (1 < len(name) < 4 and name.isalpha()) or name in GREEK:
            return ""
        before = self.tokens[self.position - 2]
        has_factor = before.kind in ("number", "fraction") and self.position > 1 and before.span[1] == self.start
        is_book = not name.isascii() or (name.islower() and (has_factor or following.kind == "raised"))
        is_book = is_book or len(_XYZ.intersection(name)) == len(name) - 1
        is_doubtful = _XYZ.issuperset(name) or self.standing.issuperset(name)
        return "*".join(name) if is_doubtful or (is_book and self.standing.isdisjoint(("*", "**"))) else ""

    def applied(self, name: str, position: int | None = None) -> str:
        """A function put around the operand that stands behind it; both ways where it may end at two places."""
        token = self.tokens[self.position - 1 if position is None else position]
        rest = self.text[token.span[1] :]
        if several := _several(name, rest):
            return several
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

    def function_power(self) -> str:
        """The exponent in `sin^2(x)`, past which the position moves; empty if it is the power of a variable."""
        position = self.position
        if self.tokens[position].kind != "raised":
            position += 1
        exponent, bracket = self.tokens[position].text.translate(RAISED), self.tokens[position + 1].text
        if exponent.isdigit() and bracket == "(":
            self.position = position + 1
            return exponent.lstrip("0") or "0"
        name = self.word
        if exponent.isdigit() and name in BARE and BARE[name] not in _NO_POWERS and not self.is_known(name):
            token, self.position = self.tokens[position], position + 1
            is_told = token.kind == "raised" or len(exponent) == 1 or self.tokens[position + 1].start > token.span[1]
            if is_told and bracket not in MINUS and self.begins_operand():
                return exponent
            self.position = position if token.kind == "raised" else position - 1
        if name in LETTERS_TOO or self.is_known(name):
            return ""
        raised = re.compile(r"\s*(?:\^|\*\*)?\s*(⁻¹|[-−]\s*1(?![\w.])|[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d+)\s*(.*)", re.DOTALL)
        found = raised.match(self.text, self.start + len(self.word))
        if found and found[1][:1] in "-−⁻":
            own = FUNCTIONS[name]
            operand = _bracketed(found[2]) or "x"
            inverse = {"exp": "log", "log": "exp"}.get(own, f"a{own}")
            inverse = f"{inverse}({operand})" if inverse in ops.TABLE else "the inverse by its own name"
            self.fail(f"{own}^-1 may mean the inverse or the reciprocal", f"{inverse} or 1/{own}({operand})")
        if name == "exp":
            what = re.match(r"\s*[-−]?\s*[\w.]+\s*$", self.text[self.tokens.starts[self.position] + 1 :])
            self.fail(f"{name} is a function and needs parentheses", f"exp({what[0].strip() if what else 'x'})")
        if found and (rest := re.fullmatch(r"(\d*)\s*([^\W\d]\w*)", found[2].strip())):
            inner = f"{rest[1]}*{rest[2]}" if rest[1] else rest[2]
            hint = f"{name}({inner})^{found[1].translate(RAISED)}"
            self.fail(f"{name} is a function and needs parentheses", hint)
        self.fail(f"{name} is a function and needs parentheses", f"{name}(x)^n for a power of it")

    def open_call(self, name: str, power: str = "") -> bool:
        """The name of a function and its opening parenthesis."""
        if self.is_cell and self.word.lower() in IN_CELLS:
            self.check_cell(name)
        entry = self.push(0, "call", self.start, name)
        entry.power = power
        entry.is_apart = self.text[self.tokens.starts[self.position] - 1].isspace()
        self.position += 1
        counter = self.tokens[self.position]
        if name in ("sum", "prod") and counter.kind == "name" and self.tokens[self.position + 1].text == "=":
            check_name(counter)
            entry.kind, entry.payload = "loop", (name, counter.text)
            self.position += 2
        return True

    def open_derivative(self) -> bool:
        """The `d^2/dx^2(` of a derivative, past which the position moves; whether it is one."""
        order, position = self.raised_to(self.position)
        if self.words[position] not in DIVIDE:
            return False
        by: list[tuple[Token, int]] = []
        position += 1
        while (found := self.differential(position)) is not None:
            token, position = found
            count, position = self.raised_to(position)
            by.append((token, count))
        if sum(count for _, count in by) != order and len(by) == 1:
            by = _apart(by[0][0]) if by[0][1] == 1 else by
        if self.words[position] != "(" or sum(count for _, count in by) != order:
            return False
        self.position = position + 1
        self.push(0, "call", self.start, "diff").by = by
        return True

    def raised_to(self, position: int) -> tuple[int, int]:
        """The order that stands from a position on, 1 if none does, and the position behind it."""
        word = self.words[position]
        digits, after = word.translate(RAISED), position + 1
        if word in ("^", "**"):
            digits, after = self.words[after], after + bool(self.words[after])  # not past the end of the text
        elif self.tokens.kinds[word] != "raised":
            return 1, position
        return (int(digits), after) if digits.isdecimal() and len(digits) < 4 else (0, after)

    def differential(self, position: int) -> tuple[Token, int] | None:
        """The name of `dx` or `∂x` at a position, and the position behind it."""
        token, following = self.tokens[position], self.tokens[position + 1]
        if token.text == "∂" and following.kind == "name":
            return following, position + 2
        if token.kind == "name" and token.text.startswith("d") and len(token.text) > 1:
            return token._replace(text=token.text[1:], start=token.start + 1, length=token.length - 1), position + 1
        return None

    # -- where an operator is expected

    def operator(self) -> bool:
        """Take a token after a finished operand; whether an operand is expected next."""
        word = self.word
        if word in INFIX:
            if word == "|" and self.bracket() == "|":
                return self.close_bar()
            if word == "|" and not self.is_condition():
                return self.implicit()
            if (
                word == "%"
                and self.before().isdecimal()
                and self.start == self.end
                and self.text[self.start + 1 :][:1] == " "
            ):
                self.fail_percent()
            precedence, kind = INFIX[word]
            if precedence >= MUL and (self.bares or self.is_cell or word in _DOTTED):
                self.check_operator(precedence, kind)
            return self.infix(precedence, kind)
        take = _AFTER.get(word)
        if take is not None:
            return take(self)
        return self.raised() if self.tokens.kinds[word] == "raised" else self.implicit()

    def bracket(self) -> str:
        """The kind of the innermost open bracket."""
        return next(entry.kind for entry in reversed(self.pending) if not entry.precedence)

    def infix(self, precedence: float, kind: str) -> bool:
        """An operator between two operands; terms and factors of one chain are gathered."""
        pending = self.pending
        while pending[-1].precedence > precedence:
            if precedence == POW:
                self.fail_root()
            self.complete()
        top = pending[-1]
        if precedence == POW:
            node, left = self.operands.pop()
            self.push(POW, kind, left).operands.append(node)
            return True
        if top.precedence != precedence:
            node, left = self.operands.pop()
            top = Pending(precedence, kind, left, 0, ["+"] if kind == "add" else None)
            top.operands.append(node)
            pending.append(top)
        elif top.kind == kind and kind in _CHAINS:
            top.operands.append(self.operands.pop()[0])
        elif precedence == COMPARE:
            self.fail_chain(top)
        else:  # of equal operators the left one comes first
            self.complete()
            return self.infix(precedence, kind)
        if kind == "add":
            top.payload.append("-" if self.word in MINUS else "+")
        return True

    def implicit(self) -> bool:
        """A factor without a sign, as in 2x; refused where it can be read in two ways."""
        precedence = self.check_factor()
        self.position -= 1
        return self.infix(precedence, "mul")

    def is_condition(self) -> bool:
        """Whether the operand before is a condition, or the last part of one."""
        for entry in reversed(self.pending):
            if entry.precedence in (OR, AND, NOT, COMPARE):
                return True
            if entry.precedence < OR:
                break
        kind, payload = self.tree[self.operands[-1][0]][:2]
        return kind in _CONDITIONS or (kind == "call" and payload in _CONDITIONS)

    # -- branches: c ? a : b, and a if c else b

    def branch(self) -> bool:
        """The `?` behind a condition, or the `if` behind a value."""
        while self.pending[-1].precedence > BRANCH:
            self.complete()
        if self.pending[-1].precedence == BRANCH and self.pending[-1].sign != self.word:
            self.fail("? and if beside each other can be read in two ways", "where(p, a, where(q, b, c))")
        node, left = self.operands.pop()
        self.push(0, self.word, left).operands.append(node)
        return True

    def otherwise(self) -> bool:
        """The `:` or `else` before the last value."""
        entry = self.reduce()
        if entry.kind not in ("?", "if"):
            self.fail("else has no meaning here", REFUSED["else"])
        self.branches(entry)
        return True

    def branches(self, entry: Pending) -> None:
        """Let a condition and its first value wait for the other one."""
        entry.operands.append(self.operands.pop()[0])
        if entry.kind == "if":
            entry.operands.reverse()
        entry.precedence, entry.kind, entry.payload, entry.sign = BRANCH, "call", "where", entry.kind

    def raised(self) -> bool:
        """A raised number, as in x²."""
        if self.pending[-1].precedence == POSTFIX:
            self.fail_root()
        if self.bares:
            self.check_operator(POW, "raised")
        base, left = self.operands.pop()
        start, end = self.start, self.start + len(self.word)
        digits = self.word.translate(RAISED)
        self.node("number", digits.lstrip("-").lstrip("0") or "0", (), start, end)
        if digits.startswith("-"):
            self.node("neg", None, (self.operands.pop()[0],), start, end)
        self.node("pow", None, (base, self.operands.pop()[0]), left, end)
        return False

    def factorial(self) -> bool:
        """The exclamation mark of 5!."""
        if self.before() == "!":
            self.fail("x!! is the double factorial, which gradcalc does not have", _TWICE)
        if bare := self.bare():
            self.fail_bare(bare, "!", "")
        return self.wrap("call", "factorial", self.start + 1)

    def attribute(self) -> bool:
        """The transpose of `A.T`, the only attribute there is."""
        name = self.tokens[self.position]
        if name.text != "T":
            named = f"{name.text}(...), without what stands before it"
            hint = named if name.text in FUNCTIONS else "functions by their own names, such as sin(x)"
            self.fail("a formula has no attributes but .T, the transpose", hint, (self.start, name.span[1]))
        self.position += 1
        return self.wrap("transpose", None, name.start + 1)

    def wrap(self, kind: str, payload: Any, right: int, left: int | None = None) -> bool:
        """Put a node around the last operand."""
        node, start = self.operands.pop()
        self.node(kind, payload, (node,), start if left is None else left, right)
        return False

    def open_index(self) -> bool:
        """The bracket after an array."""
        node, left = self.operands.pop()
        self.push(0, "index", left, [[]]).operands.append(node)
        return True

    # -- brackets

    def close_bar(self) -> bool:
        """The bar that closes an absolute value."""
        self.reduce()
        return self.wrap("call", "abs", self.start + 1, self.pop().left)

    def close(self) -> bool:
        """A closing parenthesis: of a group, a tuple, a call or a loop."""
        entry = self.reduce()
        if entry.kind in ("call", "loop", "body"):
            entry.operands.append(self.operands.pop()[0])
            return self.close_call()
        if entry.kind != "(":
            self.fail_bracket(entry)
        self.pop()
        node, _ = self.operands.pop()
        if entry.operands:
            if self.pending[-1].payload not in _TUPLES:
                self.fail("parentheses hold one expression", "[a, b] for an array", (entry.left, entry.left + 1))
            self.node("tuple", None, (*entry.operands, node), entry.left, self.start + 1)
        else:
            self.operands.append((node, entry.left))
            self.end = self.start + 1
        return False

    def close_call(self) -> bool:
        """Finish a call, with the power of `sin^2(x)`, or a sum with a counter."""
        entry, end = self.pop(), self.start + 1
        if entry.kind == "loop":
            self.fail_loop(entry)
        if entry.kind == "body":
            self.counters.pop()
            self.loops[entry.operands[0]] = len(self.tree)
        for token, count in entry.by:
            self.derived_for(entry, token, count)
        kind, function = ("call", entry.payload) if entry.kind == "call" else ("loop", entry.payload[0])
        self.node(kind, function, tuple(entry.operands), entry.left, end)
        self.to_power(entry)
        if entry.is_apart and entry.payload in _APPLIED:
            self.check_apart(entry)
        return False

    def to_power(self, entry: Pending) -> None:
        """The power of `sin^2(x)`, around the call finished last."""
        if entry.power:
            base, left = self.operands.pop()
            self.node("number", entry.power, (), left, self.end)
            self.node("pow", None, (base, self.operands.pop()[0]), left, self.end)

    def check_apart(self, entry: Pending) -> None:
        """Refuse `sin (x)^2` and `sin (x)(y)`: a blank may say that the function takes all of it."""
        following = self.tokens[self.position]
        if following.text in _ON_A_CALL or following.kind == "raised":
            opens = self.text.find("(", entry.left)
            name, operand = self.text[entry.left : opens].strip(), self.text[opens : self.end]
            rest = re.compile(r"\s*(?:(?:\^|\*\*)\s*-?[\w.]+|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|!)").match(self.text, self.end)
            taken = rest[0] if rest else f"*({_bracketed(self.text[following.start : following.start + _FAR])})"
            hint = f"({name}{operand}){taken} or {name}({operand}{taken})"
            self.fail("a function with a blank before its parenthesis may take more", hint, following.span)

    def derived_for(self, entry: Pending, name: Token, count: int) -> None:
        """Hand a derivative the name it is taken for, and how often: operands of `diff`."""
        nodes = [("name", name.text)] + ([("number", str(count))] if count > 1 else [])
        if not self.is_known(name.text):
            check_name(name)
        if name.text not in self.counters:
            self.names.setdefault(name.text, name.span)
        for kind, payload in nodes:
            self.node(kind, payload, (), *name.span)
            entry.operands.append(self.operands.pop()[0])

    def comma(self) -> bool:
        """The next element, operand or axis."""
        entry = self.reduce()
        if entry.kind in ("?", "if"):
            self.fail_unclosed(entry)
        if entry.kind in ("", "|"):
            before, after = self.tokens[self.position - 2], self.tokens[self.position]
            if before.kind == after.kind == "number" and after.start == self.start + 1 == before.span[1] + 1:
                span, point = (before.start, after.span[1]), f"{before.text}.{after.text}"
                self.fail("a comma is no decimal point", point, span)
            self.fail("a comma stands outside of brackets", "[a, b] for an array, or one expression")
        entry.operands.append(self.operands.pop()[0])
        if entry.kind == "index":
            return self.subscript(entry, True)
        if entry.kind in ("loop", "body"):
            self.begin_body(entry)
        return True

    def begin_body(self, entry: Pending) -> None:
        """After both bounds: the counter has its meaning from here on."""
        if entry.kind == "body" or len(entry.operands) != 2:
            self.fail_loop(entry)
        counter = entry.payload[1]
        self.node("begin", counter, tuple(entry.operands), entry.left, self.end)
        entry.kind, entry.operands = "body", [self.operands.pop()[0]]
        self.counters.append(counter)

    def between(self) -> bool:
        """The `..` between the bounds of a sum, or the colon of a slice."""
        entry = self.reduce()
        if self.word == ":" and entry.kind == "?":
            self.branches(entry)
            return True
        is_bound = self.word == ".." and entry.kind == "loop" and not entry.operands
        if is_bound or (self.word == ":" and entry.kind == "index"):
            entry.operands.append(self.operands.pop()[0])
            return is_bound or self.subscript(entry, True)
        hint = "sum(i=1..n, body)" if self.word == ".." else "x[1:3] for a slice, where(c, a, b) for a branch"
        self.fail(f"{self.word} has no meaning here", hint)

    def close_square(self) -> bool:
        """A closing bracket: of an array or an index."""
        entry = self.reduce()
        if entry.kind not in ("[", "index"):
            self.fail_bracket(entry)
        entry.operands.append(self.operands.pop()[0])
        if entry.kind == "index":
            return self.subscript(entry, True)
        self.pop()
        if len(entry.operands) == 1:
            self.check_row(entry.operands[0])
        self.node("array", None, tuple(entry.operands), entry.left, self.start + 1)
        return False

    def check_row(self, node: int) -> None:
        """Refuse `[x y]` and `[x -1]`: elsewhere a blank in brackets is a comma."""
        stack = [node]
        while stack:
            kind, _, operands, _ = self.tree[stack.pop()]
            if kind not in ("mul", "add"):
                continue
            stack += operands
            for before, after in pairwise(self.tree[i][3] for i in operands):
                gap = self.text[before[1] : after[0]]
                between = gap.strip("()")
                if between.isspace() or between[:1].isspace() and between.strip() in _SIGNS and between[-1] in _SIGNS:
                    row, other = self.text[slice(*before)], self.text[slice(*after)]
                    row, other = f"({row})" if ")" in gap else row, f"({other})" if "(" in gap else other
                    sign = between.strip() or "*"
                    minus = "" if sign in "*+" else sign
                    self.fail(
                        "a blank in brackets can be read in two ways",
                        f"[{row}, {minus}{other}] or [{row}{sign}{other}]",
                        (before[0], after[1]),
                    )

    def subscript(self, entry: Pending, is_written: bool) -> bool:
        """The end of a part of a slice, at a colon, a comma or the closing bracket; whether an operand comes next."""
        axis = entry.payload[-1]
        axis.append(is_written)
        if len(axis) > 3 or (len(axis) == 3 and self.word == ":"):
            self.fail("a slice has at most three parts", "x[start:stop:step]")
        if self.word == ",":
            entry.payload.append([])
        if self.word != "]":
            return True
        self.pop()
        self.node("index", tuple(map(tuple, entry.payload)), tuple(entry.operands), entry.left, self.start + 1)
        return False

    # -- refusals

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
                f"{name} is no function{said}", formula if self.is_read(formula) else function_meant(name) or _LIST
            )
        check_name(self.tokens[self.position - 1])
        if re.compile(r"\s*=(?!=)").match(self.text, end):
            self.fail(f"{name} is no function", "the expression on the right of = alone")
        if self.is_derivative():
            self.fail_derivative()
        if name.lower() in DERIVATIVES:
            self.fail(f"{name} is no function of a formula", self.derivative_meant(pieces, end))
        if name.lower() in INSTEAD:
            self.fail(f"{name} is no function of gradcalc", INSTEAD[name.lower()])
        if name[1:] in FUNCTIONS and name[0] in _XYZ:
            self.fail(f"{name} is no function", f"{name[0]}*{name[1:]}({', '.join(pieces)})")
        if name in UNWRITTEN and not self.is_known(name):
            self.fail(f"{name} is no function", f"the formula that {name} stands for, in its place")
        product = f"{name}*({', '.join(pieces)})"
        if CONSTANTS.get(name) == "E" and "".join(pieces):
            self.fail(f"{name} is no function", f"{product} or exp({', '.join(pieces)})")
        if name in CONSTANTS or len(name) == 1 or self.is_known(name):
            empty = not "".join(pieces)
            self.fail(
                f"{name} is no function", name if empty else product if self.is_read(product) else f"{name}*(...)"
            )
        constant = CONSTANTS.get(name.lower()) if not "".join(pieces) else None
        self.fail(f"{name} is no function", constant or _LIST)

    def call_text(self) -> tuple[list[str], int]:
        """The operands of the call that begins here as they are written, and where it ends; none if that is far."""
        depth, first, pieces = 0, self.tokens.starts[self.position] + 1, list[str]()
        for position in range(self.position, min(self.position + _FAR, len(self.words))):
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
        self.fail("a derivative needs parentheses around what is derived, and orders that agree", hint)

    def fail_root(self) -> NoReturn:
        """An error for `√x^2`."""
        self.fail("a power after a root can be read in two ways", "√(x^2) or (√x)^2")

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
        kind, before = self.tokens.kinds[word], self.tokens[self.position - 2]
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
            if entry.kind in _TAKES_ONE and not self.is_ended(entry):
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
        if self.word in _DOTTED and precedence == POW and self.pending[-1].kind == "pow":
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
        if not any(word in _DOTTED for word in kinds):
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
        if before == last and before not in self.shadowing and before not in CONSTANTS:
            if is_named(before):
                function = function_meant(before)
                return self.applied(function, self.position - 2) if function else self.written_out(before)
            if function := function_meant(before):
                return f"{self.applied(function, self.position - 2)} or {last}*{factor}"
        return f"{last}*{factor}"

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
            return f"({_bracketed(self.text[self.start : self.start + _FAR]) or '...'})"
        if is_named(self.word) and not self.is_known(self.word) and (function := function_meant(self.word)):
            applied = self.applied(function, self.position - 1)
            return f"{function}(...)" if " or " in applied else applied
        if self.word == "|":
            bar = self.text.find("|", self.start + 1)
            return self.text[self.start : bar + 1] if 0 < bar < self.start + _FAR else "(...)"
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
_LOOSE = re.compile(r"[-+−<>=,&|]")
"""Signs that bind more loosely than a product: what stands beside them may belong to a derivative or not."""
_FAR = 400
"""Words of a call that a hint repeats, at most."""
_TWICE = "(x!)! with parentheses for the factorial of a factorial"
_LIST = "gradcalc functions lists what there is"


def split(name: str, known: Set[str]) -> list[str]:
    """The two or three known names that a name consists of; empty where there are none, or several ways."""
    ways: list[list[list[str]]] = [[[]], *([] for _ in name)]
    for end in range(1, len(name) + 1):
        for start in range(end):
            if name[start:end] in known:
                ways[end] += [[*row, name[start:end]] for row in ways[start]][:2]
    rows = ways[len(name)]
    return rows[0] if len(rows) == 1 and len(rows[0]) in (2, 3) else []


def _several(name: str, rest: str) -> str:
    """A call of a function of several operands, of those that stand behind it; empty where it has one."""
    if index := re.match(r"\s*\[([^\[\]]*)\]\s*(?=\()", rest):
        taken = {"sqrt": "root", "log": "log"}.get(name)
        inner = _bracketed(rest[index.end() :]) or "x"
        return f"{taken}({inner}, {index[1].strip()})" if taken else f"{name}(...) with round parentheses"
    op = ops.TABLE.get(FUNCTIONS.get(name, ""))
    if op is None or len(op.operands) < 2:
        return ""
    operands = re.fullmatch(r"\s+".join([r"\s*([^\W_]+)"] * len(op.operands)) + r"\s*", rest)
    if operands is None and op.variadic and re.fullmatch(r"\s*\w+\s*", rest):
        return ""
    return f"{name}({', '.join(operands.groups() if operands else op.operands)})"


def _apart(name: Token) -> list[tuple[Token, int]]:
    """The names of `dxdy`, of which the first d is cut off: `xdy`."""
    parts = re.findall(r"[^d]\w*?(?=d[^\W\d]|$)", name.text)
    return [(name._replace(text=part), 1) for part in parts] if "d".join(parts) == name.text else []


def _numbers_hint(first: str, second: str) -> str:
    """Two numbers with a blank between: digits in groups of three are one number, else it may be one or a product."""
    together = first + second
    if together.isdigit() and len(second) % 3 == 0 and len(first) < 4 and (second[0] == "0" or len(second) > 3):
        return together
    return f"{first}*{second}" + (f" or {together}" if together.isdigit() else "")


def _bracketed(text: str) -> str:
    """The content of the parentheses that a text begins with, or its first word."""
    if not text.startswith("("):
        word = re.match(r"\w+", text)
        return word[0] if word else ""
    depth = 0
    for place, sign in enumerate(text[:_FAR]):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return text[1:place]
    return ""


_LEFT_OUT = frozenset({(":", ":"), (":", "]"), (":", ","), ("[", ":"), (",", ":")})
"""Between which words a part of a slice may be left out."""

_CHAINS = frozenset({"add", "mul"})
_TAKES_ONE = frozenset(("div", "mod", "matmul", "pow", "sqrt", "cbrt"))
"""Kinds whose right operand may or may not hold a factor without a sign."""
_DOTTED = frozenset((".*", "./", ".^", ".**"))
_ON_A_CALL = frozenset(("^", "**", "!", "("))
_NO_POWERS = frozenset(("exp", *ROOTS))
"""Functions whose power nobody writes behind the name."""
_CONDITIONS = frozenset((*COMPARISONS, "and", "or", "not", "boolean"))
_IN_CAPITALS = (
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
_APPLIED = frozenset(BARE.values())
_XYZ = frozenset("xyz")
_LONG = 12
"""Letters of a name that may be a product, at most."""
_INDEX = re.compile(r"[^\W\d_][₀-₉]+")
_INDEXED = re.compile(r"(?:[^\W\d_][₀-₉]+){2,}")
"""Variables with an index side by side: `x₁x₂`."""
_NUMBERED = re.compile(r"(?:[^\W\d_]_?\d+){2,}")
_PI = re.compile(r"π|[^π]+")
_TUPLES = ("piecewise", "zeros", "ones")
"""Functions whose operands may be several values in parentheses."""
_AFTER: dict[str, Callable[[Parser], bool]] = {
    ")": Parser.close, "]": Parser.close_square, ",": Parser.comma, "[": Parser.open_index, ":": Parser.between,
    "..": Parser.between, "!": Parser.factorial, ".": Parser.attribute, "?": Parser.branch, "if": Parser.branch,
    "else": Parser.otherwise,
}  # fmt: skip
"""What may stand after an operand besides the operators between two."""
