"""Tokens to tree, by operator precedence with explicit stacks. Imports errors, ops, format and tokens.

Two states take turns: an operand is expected, or an operator. `pending` holds what waits for its right operand,
`operands` what is finished: `1 + 2*x` lets the sum and the product wait until the text ends. What can be read in two
ways is refused, with both ways written out.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from gradcalc.errors import INSTEAD, ExpressionError, LimitError, Span
from gradcalc.graph import ops
from gradcalc.language.format import COMPARE, MUL, POSTFIX, POW, Tree
from gradcalc.language.synonyms import DERIVATIVE, OPERATORS, UNWRITTEN, formula_meant, function_meant, is_named
from gradcalc.language.tokens import (
    CLOSING,
    CONSTANTS,
    DERIVATIVES,
    DIVIDE,
    FUNCTIONS,
    GLUED,
    INFIX,
    LETTERS_TOO,
    MINUS,
    OPENING,
    PARTNER,
    PREFIX,
    RAISED,
    REFUSED,
    SPECIAL,
    WORDS,
    Token,
    Tokens,
    check_name,
    refuse,
    tokenize,
)


class Pending:
    """What waits: an operator, a chain of terms or factors, or an open bracket, whose precedence is 0."""

    power = ""  # of a call such as sin^2(x), its exponent
    by: Sequence[tuple[Token, int]] = ()  # of d^2/dx^2(...), the names it is derived for, and how often

    def __init__(self, precedence: int, kind: str, left: int, nests: int, payload: Any = None) -> None:
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

    def __init__(self, text: str, tokens: Tokens, max_depth: int, shadowing: set[str]) -> None:
        self.text = text
        self.tokens = tokens
        self.words = tokens.words
        self.max_depth = max_depth
        self.shadowing = shadowing
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

    def run(self) -> Tree:
        """The tree of the whole text."""
        words, starts, kinds = self.words, self.tokens.starts, self.tokens.kinds
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

    def push(self, precedence: int, kind: str, left: int, payload: Any = None) -> Pending:
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
        if entry.precedence == POSTFIX:
            kind, payload = "call", kind
        elif kind == "add":
            payload = "".join(payload)
        self.node(kind, payload, tuple(entry.operands), entry.left, self.end)

    # -- where an operand is expected

    def operand(self) -> bool:
        """Take a token where an operand is expected; whether one is expected still."""
        word = self.word
        if self.tokens.kinds[word] == "name" and word not in WORDS:
            return self.name()
        if word in PREFIX:
            self.push(*PREFIX[word], self.start)
        elif word in PARTNER:
            self.open_bracket()
        elif word == "∞":
            self.node("constant", "oo", (), self.start, self.start + 1)
            return False
        elif word == "∂" and self.open_derivative():
            return True
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
        if word[0] == "0" and word.isdigit():
            word = word.lstrip("0") or "0"
        self.node("number", word, (), start, end)
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
        if following in ("e", "E"):
            self.fail(f"{number}{following} is half a number", f"{number}*E or {number}e0", span)
        if number == "0" and following[0] in "xXbBoO":
            self.fail(f"{whole} is no number", f"0*{following}, or a hexadecimal float such as 0x1.8p+1", span)
        if kind != "name" or following.startswith("_"):
            self.fail(f"{whole} is no number", "digits, one point, and an exponent such as 1.5e-3", span)

    def name(self) -> bool:
        """A name: a call, a constant, a counter, or a variable."""
        name, start = self.word, self.start
        end, following = self.name_end(), self.words[self.position]
        if following == "(":
            return self.open_call()
        if name == "d" and not self.is_known(name) and self.open_derivative():
            return True
        if name in FUNCTIONS and (following in ("^", "**") or self.tokens.kinds[following] == "raised"):
            power = self.function_power()
            if power:
                return self.open_call(power)
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
        if operand.text == "[" and (function := function_meant(name)):
            pieces, _ = self.call_text()
            self.fail(f"{name} is no array", f"{function}({', '.join(pieces)}), with round parentheses")
        if self.is_derivative():
            self.fail_derivative()
        if glued := GLUED.fullmatch(name):
            digits = re.match(r"\d*", glued[2])
            longer = glued[1] + (digits[0] if digits else "")
            both = longer != glued[1] and longer in FUNCTIONS
            other = f"{longer}({glued[2][len(longer) - len(glued[1]) :]}) or " if both else ""
            hint = f"{other}{glued[1]}({glued[2]}), or give {name} a value if it is a variable"
            self.fail(f"{name} is no known name", hint)

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

    def open_call(self, power: str = "") -> bool:
        """The name of a function and its opening parenthesis."""
        name = FUNCTIONS.get(self.word)
        if name is None:
            self.fail_call()
        self.position += 1
        entry = self.push(0, "call", self.start, name)
        entry.power = power
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
            return self.infix(*INFIX[word])
        take = _AFTER.get(word)
        if take is not None:
            return take(self)
        return self.raised() if self.tokens.kinds[word] == "raised" else self.implicit()

    def bracket(self) -> str:
        """The kind of the innermost open bracket."""
        return next(entry.kind for entry in reversed(self.pending) if not entry.precedence)

    def infix(self, precedence: int, kind: str) -> bool:
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
        self.check_factor()
        self.position -= 1
        return self.infix(MUL, "mul")

    def raised(self) -> bool:
        """A raised number, as in x²."""
        if self.pending[-1].precedence == POSTFIX:
            self.fail_root()
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
        if entry.power:
            base, left = self.operands.pop()
            self.node("number", entry.power, (), left, end)
            self.node("pow", None, (base, self.operands.pop()[0]), left, end)
        return False

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
        if entry.kind in ("", "|"):
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
        self.node("array", None, tuple(entry.operands), entry.left, self.start + 1)
        return False

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
        if name in UNWRITTEN and not self.is_known(name):
            self.fail(f"{name} is no function", f"the formula that {name} stands for, in its place")
        product = f"{name}*({', '.join(pieces)})"
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
                Parser(each, tokenize(each, 2_000), self.max_depth, self.shadowing | set(self.names)).run()
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

    def check_factor(self) -> None:
        """Refuse what stands after an operand and is no factor, and a factor that can be read in two ways."""
        word, left = self.word, self.operands[-1][1]
        last = self.text[left : self.end] if self.end - left < 40 else "(...)"
        kind, before = self.tokens.kinds[word], self.tokens[self.position - 2]
        if word in REFUSED:
            self.fail(f"{word} has no meaning here", REFUSED[word])
        factor = self.factor()
        if kind == "number" or not (before.kind in ("number", "raised") or before.text == ")"):
            if before.kind == kind == "number":
                mixed = re.compile(r"\d+\s*/\s*\d+").match(self.text, self.start) if last.isdigit() else None
                hint = f"({last} + {mixed[0]}) or {last}*{mixed[0]}" if mixed else _numbers_hint(last, self.numbers())
                self.fail("an operator is missing between two numbers", hint)
            self.fail("an operator is missing between two operands", self.joined(left, last, factor))
        top = next(entry for entry in reversed(self.pending) if entry.kind != "neg")
        if word in OPERATORS and not self.is_known(word):
            self.fail("an operator is missing between two operands", self.joined(left, last, factor))
        if top.kind in ("div", "mod", "matmul", "pow", "sqrt", "cbrt"):
            self.fail_ambiguous(top, last, factor)

    def joined(self, left: int, last: str, factor: str) -> str:
        """What two operands side by side mean: a word for an operator, a function of another system, or a product."""
        word, before = self.word, self.tokens[self.position - 2].text
        if word in OPERATORS and not self.is_known(word):
            behind = re.match(r"\s*(\w+)\s*$", self.text[self.tokens[self.position - 1].span[1] :])
            is_whole = not self.text[:left].strip() and (behind or "{1}" not in OPERATORS[word])
            return OPERATORS[word].format(*((last, behind[1] if behind else "") if is_whole else "ab"))
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
        return "(...)" if self.word in PARTNER else self.word

    def fail_ambiguous(self, top: Pending, last: str, factor: str) -> NoReturn:
        """An error for a factor without a sign after a quotient, a power or a root: `1/2x`."""
        end = self.tokens[self.position - 1].span[1]
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
_TUPLES = ("piecewise", "zeros", "ones")
"""Functions whose operands may be several values in parentheses."""
_AFTER: dict[str, Callable[[Parser], bool]] = {
    ")": Parser.close, "]": Parser.close_square, ",": Parser.comma, "[": Parser.open_index, ":": Parser.between,
    "..": Parser.between, "!": Parser.factorial, ".": Parser.attribute,
}  # fmt: skip
"""What may stand after an operand besides the operators between two."""
