"""A line as text: what it defines, the words of a command, and formulas with primes and calls in the language's terms.

`f'(2)` becomes `subs(diff(f, x), x, 2)`; places in what came of a text are found again in what was typed. Knows no
session: who calls says which names are formulas, and of which variables.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gradcalc.cli.parameters import Parameter
from gradcalc.errors import ExpressionError, Span

_NAME = r"[^\W\d]\w*"
_DEFINED = re.compile(rf"\s*({_NAME})\s*(?:\(\s*({_NAME}(?:\s*,\s*{_NAME})*)\s*\)\s*)?=(?![=<>])")
"""`f =`, `f(x, y) =`."""
_APPLIED = re.compile(rf"(?<![\w.])({_NAME})(['\u2032\u2019]*)")
_NESTING = 50
"""How deep calls may stand in each other."""


class Defined(NamedTuple):
    """What a line defines: a name, its parameters, and where its text begins."""

    name: str
    parameters: tuple[str, ...]
    start: int


def defined(line: str) -> Defined | None:
    """What a line defines, if it does."""
    found = _DEFINED.match(line)
    if found is None:
        return None
    parameters = tuple(re.split(r"\s*,\s*", found[2])) if found[2] else ()
    return Defined(found[1], parameters, found.end())


def pieces(text: str) -> list[Span]:
    """Where the parts of a text are that commas outside of brackets separate."""
    found, start, depth = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            found.append((start, place))
            start = place + 1
    return [*found, (start, len(text))]


# -- primes and calls --------------------------------------------------------------------------------------------------


class Written(NamedTuple):
    """A text in the language's terms, and where each part of it comes from: pairs of spans, there and as typed."""

    text: str
    typed: str
    origin: tuple[tuple[Span, Span], ...]

    def place(self, span: Span) -> Span:
        """The place in what was typed."""
        found = [(_inner(span[0], *pair), _inner(span[1], *pair)) for pair in self._touched(span)]
        if not found:
            return (0, len(self.typed))
        return min(a[0] for a, _ in found), max(b[1] for _, b in found)

    def _touched(self, span: Span) -> list[tuple[Span, Span]]:
        first = max(span[0], 0), max(span[1], span[0] + 1)
        hit = [(new, old) for new, old in self.origin if new[0] < first[1] and first[0] < new[1]]
        return hit or list(self.origin[-1:])


def _inner(place: int, new: Span, old: Span) -> Span:
    """A place of one part: exact where the part was copied, else all of it."""
    if new[1] - new[0] != old[1] - old[0]:
        return old
    exact = min(max(place - new[0], 0), old[1] - old[0]) + old[0]
    return exact, exact


Variables = Callable[[str, int], Sequence[str]]
"""The variables of a formula of the session by its name, and how many are wanted of those that it has."""


def written(text: str, is_formula: Callable[[str], bool], variables: Variables) -> Written:
    """A formula with its primes and calls as the language has them.

    Args:
        is_formula: whether a name stands for a formula.
        variables: its variables.

    Raises:
        ExpressionError: a prime stands behind what is no formula of one variable; a call has too many operands.
    """
    return Written(*_Writer(text, is_formula, variables).run())


class _Writer:
    """Writes a text anew, part by part."""

    def __init__(self, text: str, is_formula: Callable[[str], bool], variables: Variables) -> None:
        self.text, self.is_formula, self.variables = text, is_formula, variables
        self.parts: list[str] = []
        self.origin: list[tuple[Span, Span]] = []
        self.size = 0

    def run(self) -> tuple[str, str, tuple[tuple[Span, Span], ...]]:
        """The new text, the old one, and where its parts come from."""
        self._copy(0, len(self.text), 0)
        return "".join(self.parts), self.text, tuple(self.origin)

    def _put(self, text: str, old: Span) -> None:
        if text:
            self.parts.append(text)
            self.origin.append(((self.size, self.size + len(text)), old))
            self.size += len(text)

    def _copy(self, start: int, end: int, depth: int) -> None:
        """Write what stands between two places."""
        if depth > _NESTING:
            raise _wrong("calls stand in each other too deeply", self.text, (start, end), "a name for a part of them")
        place = start
        while found := _APPLIED.search(self.text, place, end):
            self._put(self.text[place : found.start()], (place, found.start()))
            name, primes = found[1], len(found[2])
            called = self.text[found.end() : found.end() + 1] == "(" and found.end() < end
            place = found.end()
            if not self.is_formula(name):
                if primes:
                    hint = f"f = {name}(x), then f'" if called else "f = x^2, then f'"
                    raise _wrong(f"{name} is no formula of this session", self.text, found.span(), hint)
                self._put(self.text[found.start() : place], found.span())
                continue
            close = _closing(self.text, place, end) if called else None
            if close is not None:
                self._call(name, primes, found.span(), close, depth)
                place = close + 1
            elif primes:
                self._derivative(name, primes, found.span())
            else:
                self._put(name, found.span())
        self._put(self.text[place:end], (place, end))

    def _derivative(self, name: str, order: int, span: Span) -> None:
        """The derivative of a formula of one variable."""
        if not order:
            self._put(name, span)
            return
        by = self.variables(name, 1)
        if len(by) != 1:
            count = f"has {len(by)} variables: {', '.join(by)}" if by else "has no variable"
            hint = f"diff({name}, {by[0]})" if by else f"{name} = ..."
            raise _wrong(f"a prime is for a formula of one variable, and {name} {count}", self.text, span, hint)
        self._put(f"diff({name}, {by[0]}{f', {order}' if order > 1 else ''})", span)

    def _call(self, name: str, order: int, span: Span, close: int, depth: int) -> None:
        """A formula with something else in the place of its variables."""
        first = span[1] + 1
        operands = [(first + a, first + b) for a, b in pieces(self.text[first:close])]
        by = self.variables(name, len(operands))
        if len(operands) != len(by):
            takes = f"{name} takes {len(by)} ({', '.join(by)})" if by else f"{name} has no variable"
            hint = f"{name}({', '.join(by)})" if by else f"{name}*(...)"
            raise _wrong(f"{takes}, not {len(operands)}", self.text, (span[0], close + 1), hint)
        self._put("subs(", span)
        self._derivative(name, order, span)
        for variable, (a, b) in zip(by, operands, strict=True):
            self._put(f", {variable}, ", (a, b))
            self._copy(a, b, depth + 1)
        self._put(")", (close, close + 1))


def _closing(text: str, start: int, end: int) -> int | None:
    """Where the parenthesis closes that opens at a place."""
    depth = 0
    for place in range(start, end):
        depth += (text[place] in "([") - (text[place] in ")]")
        if depth == 0:
            return place
    return None


def _wrong(message: str, text: str, span: Span, hint: str) -> ExpressionError:
    return ExpressionError(message, text=text, span=span, hint=hint)


# -- the words of a command --------------------------------------------------------------------------------------------

_WORD = re.compile(r"\"[^\"]*\"|'[^']*'(?!\S)|\S+")
_OPTION = re.compile(r"--[a-zA-Z][\w-]*(=.*)?|-[a-zA-Z]")


class Words(NamedTuple):
    """The words of a command as a shell would hand them on: what is no option, and the options with their values."""

    others: list[str]
    options: list[str]


def words(text: str, known: Sequence[Parameter]) -> Words:
    """The words behind the name of a command; a formula, and the value of an option, may hold blanks.

    What is no option is the formula, and behind it a word for each other argument that the command takes. A value goes
    on up to the next option; one before the formula is a word.
    """
    flags = {flag: each.kind is not bool for each in known for flag in (*each.flags, each.opposite) if flag}
    others: list[Span] = []
    options: list[str] = []
    value: list[Span] | None = None
    for found in _WORD.finditer(text):
        flag, equals, _ = found[0].partition("=")
        if flag in flags or (_OPTION.fullmatch(found[0]) and flag.startswith("--")):
            options += [_joined(text, value)] if value else []
            options.append(found[0])
            value = [] if flags.get(flag, True) and not equals else None
        elif value is None:
            others.append(found.span())
        elif others or not value:
            value.append(found.span())
            if not others:
                options.append(_joined(text, value))
                value = None
        else:
            others.append(found.span())
    options += [_joined(text, value)] if value else []
    return Words(_arguments(text, others, sum(not each.flags for each in known)), options)


def _arguments(text: str, found: Sequence[Span], count: int) -> list[str]:
    """What is no option as so many arguments, of which the first may hold blanks."""
    if not found:
        return []
    behind = min(count - 1, len(found) - 1) if count else 0
    first = list(found[: len(found) - behind])
    return [_joined(text, first), *(_joined(text, [span]) for span in found[len(found) - behind :])]


def _joined(text: str, found: Sequence[Span]) -> str:
    """What stands from the first to the last word; the quotes around all of it are the shell's."""
    whole = text[found[0][0] : found[-1][1]]
    quoted = len(found) == 1 and len(whole) > 1 and whole[0] == whole[-1] and whole[0] in "\"'"
    return whole[1:-1] if quoted else whole
