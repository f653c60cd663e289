"""Tokens to tree, by operator precedence with explicit stacks. Imports errors, ops, format and tokens.

Two states take turns: an operand is expected, or an operator. `pending` holds what waits for its right operand,
`operands` what is finished: `1 + 2*x` lets the sum and the product wait until the text ends. What can be read in two
ways is refused, with both ways written out.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from typing import Any

from gradcalc.errors import LimitError
from gradcalc.graph import ops
from gradcalc.language.format import AND, COMPARE, COMPARISONS, MUL, NOT, OR, POSTFIX, POW, Tree
from gradcalc.language.refusals import (
    APPLY,
    BRANCH,
    DOTTED,
    FAR,
    IN_CAPITALS,
    LIST,
    TAKES_ONE,
    TIGHT,
    XYZ,
    Pending,
    Refusals,
    bracketed,
    glued_product,
)
from gradcalc.language.synonyms import (
    IN_CELLS,
    UNWRITTEN,
    function_meant,
)
from gradcalc.language.tokens import (
    BARE,
    CLOSING,
    CONSTANTS,
    COUNTED,
    DIVIDE,
    FUNCTIONS,
    GLUED,
    GREEK,
    INFIX,
    LETTERS_TOO,
    MINUS,
    MODULES,
    ONE_ARRAY,
    PARTNER,
    PARTS,
    PI_FACTOR,
    POWER,
    PREFIX,
    RAISED,
    REFUSED,
    ROOTS,
    SUMS,
    WORDS,
    Token,
    check_name,
)

_SIGNS = ("+", "-", "−")

_BEHIND = frozenset({"", "+", "-", "*", "/", ")", ","})
"""Behind a name that is a variable's already, what leaves it one."""


class Parser(Refusals):
    """One pass over the tokens."""

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
        position += words[position : position + 2] == [":", "="]
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
        if word[0] == "0" and word.isdecimal():
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
            number = str(int(whole, 0)) if _DIGITS_OF_BASE.fullmatch(whole) else f"0*{following}"
            self.fail(f"{whole} is no number", f"{number}, or a hexadecimal float such as 0x1.8p+1", span)
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
        if name in self.names and following in _BEHIND:  # what nearly all names of a long formula are
            self.node("name", name, (), start, end)
            return False
        if following == "(":
            return self.open_call(FUNCTIONS[name]) if name in FUNCTIONS else self.before_parenthesis()
        if following == "." and name in MODULES and not self.is_known(name):
            return self.of_module()
        if name == "d" and not self.is_known(name) and self.open_derivative():
            return True
        is_raised = following in ("^", "**") or self.tokens.kinds[following] == "raised"
        if name in FUNCTIONS and is_raised and name not in COMPARISONS:
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
            if not known and name == self.word:  # not a factor of it
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
        if known and FUNCTIONS.get(name.lower(), name) in IN_CAPITALS:
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
        if name in self.formulas:
            pieces = ", ".join(self.call_text()[0])
            self.fail(f"{name} is a formula that is put in its place, not called", f"{name}, or {name}*({pieces})")
        if name in self.shadowing or name in self.counters:
            return True
        operand = self.tokens[self.position + 1].text
        is_applied = self.tokens[self.position + 2].text == ")" and operand != name and not operand[:1].isdigit()
        return name in self.standing and name not in UNWRITTEN and not is_applied

    @cached_property
    def standing(self) -> frozenset[str]:
        """The words that stand somewhere before anything but a parenthesis: a name among them is a variable."""
        return frozenset(word for word, following in pairwise(self.words) if following != "(")

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
                self.fail(f"the second operand of {name.text} is an axis there", LIST)
            self.start = start
            return self.open_call(function)
        if not is_called and name.text in CONSTANTS:
            self.leaf(name.text, start, self.name_end())
            return False
        self.position, self.word = (first, library) if not is_called else (self.position, name.text)
        if is_called and not function:
            self.fail_call()
        meant = {"sinc": "sincpi(x)", "fmod": "x - y*where(x/y < 0, ceil(x/y), floor(x/y))"}.get(name.text)
        self.fail(f"{library}.{name.text} is no function of gradcalc", meant or LIST, (start, name.span[1]))

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

    def product(self, parts: list[str]) -> bool:
        """A name that is the product of others: `xy`, `2πr`."""
        name, start = self.word, self.start
        entry = next(each for each in reversed(self.pending) if each.kind != "neg")
        if entry.kind in TAKES_ONE or self.words[self.position] == "!":
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

    def check_new(self) -> None:
        """Refuse a name that is none, or a function without its operand."""
        check_name(self.tokens[self.position - 1])
        name, operand = self.word, self.tokens[self.position]
        if name in FUNCTIONS and name not in LETTERS_TOO and name not in COMPARISONS:
            self.fail(f"{name} is a function and needs parentheses", self.applied(name))
        if operand.text == "[" and name == "D":
            self.fail("D is no array", f"diff({', '.join(self.call_text()[0])})")
        if operand.text == "[" and (function := function_meant(name)):
            pieces, _ = self.call_text()
            self.fail(f"{name} is no array", f"{function}({', '.join(pieces)}), with round parentheses")
        if self.is_derivative():
            self.fail_derivative()
        before = self.tokens[self.position - 2] if self.position > 1 else None
        if name in _ANGLES and before is not None and (before.kind == "number" or before.text in ("pi", "π")):
            hint = f"rad(30) for an angle in degrees, or give {name} a value if it is a variable"
            self.fail(f"{name} is a function here, and no unit", hint)
        if name in ("x10", "X10") and operand.text in POWER and before is not None and before.kind == "number":
            self.fail("x10 may be a factor of ten or a variable", f"{before.text}*10^..., or give {name} a value")
        if (counted := COUNTED.fullmatch(name)) and before is not None and before.kind == "number":
            hint = f"binomial({before.text}, {counted[1]}) or {before.text}*{name}"
            hint = hint if name[0] == "C" else f"{before.text}!/({before.text} - {counted[1]})! or {before.text}*{name}"
            self.fail(f"{name} behind a number may be a variable or count choices", hint)
        below = self.tokens[self.position + 1].text
        if re.fullmatch(r"d[^\W\d_]", name) and operand.text in DIVIDE and re.fullmatch(r"d[^\W\d_]\w*", below):
            self.fail(f"{name}/{below} is the derivative of a formula that is not here", f"diff(f, {below[1:]}) of f")
        if product := self.likely_product():
            self.fail(f"{name} is no known name", f"{product}, or give {name} a value if it is a variable")
        if glued := GLUED.fullmatch(name):
            digits = re.match(r"\d*", glued[2])
            longer = glued[1] + (digits[0] if digits else "")
            both = longer != glued[1] and longer in FUNCTIONS
            other = f"{longer}({glued[2][len(longer) - len(glued[1]) :]}) or " if both else ""
            hint = f"{other}{glued[1]}({glued[2]}), or give {name} a value if it is a variable"
            self.fail(f"{name} is no known name", hint)
        if product := glued_product(name):
            both = f"with its signs, such as {product}" if before and before.text in POWER else product
            self.fail(f"{name} is no known name", f"{both}, or give {name} a value if it is a variable")

    def likely_product(self) -> str:
        """The product that an unknown name of few letters may be; empty where it looks like a name.

        Who writes a sign for each product does not write `kx` for one; `xy` is doubtful all the same.
        """
        name, following = self.word, self.tokens[self.position]
        if self.has_whole_names:
            return ""
        if of_pi := PI_FACTOR.fullmatch(name):
            return f"pi*{of_pi[1]}"
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
        is_book = is_book or len(XYZ.intersection(name)) == len(name) - 1
        is_doubtful = XYZ.issuperset(name) or self.standing.issuperset(name)
        return "*".join(name) if is_doubtful or (is_book and self.standing.isdisjoint(("*", "**"))) else ""

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
        found = _RAISED_NAME.match(self.text, self.start + len(self.word))
        if found and found[1][:1] in "-−⁻(":
            own = FUNCTIONS[name]
            operand = bracketed(found[2]) or "x"
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
            if precedence >= MUL and (self.bares or self.is_cell or word in DOTTED):
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
        if entry.payload in _TURNED and len(entry.operands) == 2:
            self.check_order(entry, end)
        kind, function = ("call", entry.payload) if entry.kind == "call" else ("loop", entry.payload[0])
        self.node(kind, function, tuple(entry.operands), entry.left, end)
        self.to_power(entry)
        if entry.is_apart and entry.payload in _APPLIED:
            self.check_apart(entry)
        return False

    def check_order(self, entry: Pending, end: int) -> None:
        """Refuse `log(2, x)` and `root(3, x)`: elsewhere the base or the degree stands first."""
        (first, second), name = entry.operands, entry.payload
        if self.tree[first][0] == "number" and self.tree[second][0] not in ("number", "constant"):
            start = self.tree[first][3][0]
            inner = self.text[self.tree[first][3][1] : end - 1].partition(",")[2].strip()
            number = self.tree[first][1]
            turned, meant = f"{name}({inner}, {number})", _TURNED[name].format(number, inner)
            far = len(inner) > FAR
            self.fail(
                f"which operand of {name} comes first differs between systems",
                f"{name}(x, {number}) for the other order" if far else f"{turned} or {meant}",
                (start, end - 1),
            )

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
            taken = rest[0] if rest else f"*({bracketed(self.text[following.start : following.start + FAR])})"
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
                if re.fullmatch(r"[1-9]\d?\d?\.\d{3}", before.text):
                    self.fail(
                        "a comma is no decimal point, and a point groups no digits", point.replace(".", "", 1), span
                    )
                if "." in before.text:
                    self.fail("a comma stands outside of brackets", f"[{before.text}, {after.text}] for an array", span)
                if len(after.text) == 3 and before.text.isdigit() and after.text.isdigit():
                    both = f"{before.text}{after.text} or {point}"
                    self.fail("a comma is no decimal point and groups no digits", both, span)
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
        hint = "x[1:3] for a slice, where(c, a, b) for a branch, --at x=0:1:0.25 for points"
        hint = "sum(i=1..n, body)" if self.word == ".." else hint
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


_TWICE = "(x!)! with parentheses for the factorial of a factorial"


def _apart(name: Token) -> list[tuple[Token, int]]:
    """The names of `dxdy`, of which the first d is cut off: `xdy`."""
    parts = re.findall(r"[^d]\w*?(?=d[^\W\d]|$)", name.text)
    return [(name._replace(text=part), 1) for part in parts] if "d".join(parts) == name.text else []


_LEFT_OUT = frozenset({(":", ":"), (":", "]"), (":", ","), ("[", ":"), (",", ":")})
"""Between which words a part of a slice may be left out."""


_CHAINS = frozenset({"add", "mul"})

_TURNED = {"log": "ln({0})/ln({1})", "root": "{0}^(1/({1}))"}
"""Functions whose two operands stand the other way round in other systems, written without them."""
_ANGLES = frozenset(("deg", "degree", "degrees", "rad", "radian", "radians"))
"""Units of angles, where they stand behind a number."""


_ON_A_CALL = frozenset(("^", "**", "!", "("))


_RAISED_NAME = re.compile(
    r"\s*(?:\^|\*\*)?\s*(⁻¹|[-−]\s*1(?![\w.])|\(\s*[-−]\s*1\s*\)|[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d+)\s*(.*)", re.DOTALL
)
"""The exponent of a function's name, and what stands behind it."""


_DIGITS_OF_BASE = re.compile(r"0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+")


_NO_POWERS = frozenset(("exp", *ROOTS))
"""Functions whose power nobody writes behind the name."""


_CONDITIONS = frozenset((*COMPARISONS, "and", "or", "not", "boolean"))


_APPLIED = frozenset(BARE.values())


_NUMBERED = re.compile(r"(?:[^\W\d_]_?\d+){2,}")


_TUPLES = ("piecewise", "zeros", "ones")
"""Functions whose operands may be several values in parentheses."""


_AFTER: dict[str, Callable[[Parser], bool]] = {
    ")": Parser.close, "]": Parser.close_square, ",": Parser.comma, "[": Parser.open_index, ":": Parser.between,
    "..": Parser.between, "!": Parser.factorial, ".": Parser.attribute, "?": Parser.branch, "if": Parser.branch,
    "else": Parser.otherwise,
}  # fmt: skip
"""What may stand after an operand besides the operators between two."""
