"""The names of a session: values, formulas, functions of parameters, answers; and what a formula needs of them.

A value is where a formula is asked about (`--at`), a formula is put into others (`--let`). What a name stands for is
looked up when it is used, so that a definition may be changed, and come after those that need it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from gradcalc.cli.repl.lines import Defined, Written, pieces, written
from gradcalc.errors import ExpressionError, GradcalcError, UsageError
from gradcalc.language.formula import Definition, Formula, Value
from gradcalc.language.parse import as_formula, parse_binding, reading
from gradcalc.language.points import finite
from gradcalc.language.tokens import CONSTANTS, FUNCTIONS, check_name, tokenize
from gradcalc.settings import Limits

_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_ANSWER = re.compile(r"_\d*")


@dataclass(frozen=True)
class Entry:
    """What a name stands for: its text as typed, with its parameters; whether it has a value by itself."""

    text: str
    parameters: tuple[str, ...] = ()
    has_value: bool = False


class Needed(NamedTuple):
    """A formula in the language's terms, and what of the session belongs to it.

    Attributes:
        let: the texts of the formulas in it; `at` those of its variables that have a value; `missing` the others.
    """

    written: Written
    formula: Formula
    let: dict[str, str]
    at: dict[str, str]
    missing: tuple[str, ...]


class Names:
    """The names of a session.

    Args:
        answer: the text of an answer by its name, `_` or `_1`; it raises where there is none.
    """

    def __init__(self, answer: Callable[[str], str], limits: Limits) -> None:
        self.entries: dict[str, Entry] = {}
        self.answer, self.limits = answer, limits
        self._bound: dict[str, tuple[Written, Value]] = {}
        self._open: list[str] = []

    # -- definitions

    def define(self, what: Defined, line: str) -> Entry:
        """Take up a definition; where it is wrong all stays as it was.

        Raises:
            GradcalcError: the name cannot be defined, or the text is no formula; the place is one of the line.
        """
        with _within(line, 0, line):
            self._check_name(what, line)
        text = line[what.start :].strip()
        with _within(text, line.index(text, what.start) if text else len(line), line):
            if not text:
                raise ExpressionError(f"{what.name} has no value", text=text, span=(0, 0), hint=f"{what.name} = 2")
            if len(pieces(text)) > 1:
                place = pieces(text)[0][1]
                raise ExpressionError("one formula for a name", text=text, span=(place, place + 1), hint="[1, 2]")
            return self._take(what, text)

    def _take(self, what: Defined, text: str) -> Entry:
        before = dict(self.entries)
        kept = self._without_itself(what, text)
        try:
            self.entries[what.name] = Entry(kept, what.parameters)
            self._bound.clear()
            value = self._value(what.name)
            constant = not isinstance(value, Definition) and not what.parameters
            self.entries[what.name] = Entry(kept, what.parameters, constant)
            if not constant:
                self.needed(what.name)
        except GradcalcError as error:
            self.entries = before
            if error.text == what.name:  # a circle through others: its place is all of this text
                error.text, error.span = text, (0, len(text))
            raise
        finally:
            self._bound.clear()
        return self.entries[what.name]

    def _without_itself(self, what: Defined, text: str) -> str:
        """The text with what its own name stood for so far, and answers, in their places: both are about to change."""

        def old(found: re.Match[str]) -> str:
            name = found[0]
            if _ANSWER.fullmatch(name) and name not in what.parameters:
                return f"({self.answer(name)})"
            entry = self.entries.get(name)
            called = text[found.end() : found.end() + 1] in ("(", "'")
            if name != what.name or entry is None or entry.parameters or called or name in what.parameters:
                return name
            return f"({entry.text})"

        return _WORD.sub(old, text)

    def forget(self, name: str) -> None:
        """Take a name back."""
        if name not in self.entries:
            raise UsageError(f"{name} is not defined", hint=":names shows what is")
        del self.entries[name]
        self._bound.clear()

    def _check_name(self, what: Defined, line: str) -> None:
        """Refuse names that mean something else."""
        start = line.index(what.name)
        span = (start, start + len(what.name))
        with reading(line):
            check_name(tokenize(what.name, self.limits.text)[0])
        for name in (what.name, *what.parameters):
            if _ANSWER.fullmatch(name):
                raise ExpressionError(f"{name} is an answer", text=line, span=span, hint="another name")
        if len(set(what.parameters)) < len(what.parameters):
            raise ExpressionError("a parameter is named twice", text=line, span=span, hint=f"{what.name}(x, y) = ...")
        if what.parameters and what.name in FUNCTIONS:
            hint = f"{what.name}_({', '.join(what.parameters)}) = ..."
            raise ExpressionError(f"{what.name} is a function of the language", text=line, span=span, hint=hint)

    def hides(self, name: str) -> str:
        """What a name means in the language, where that is something else."""
        return "constant" if name in CONSTANTS else "function" if name in FUNCTIONS else ""

    # -- what a formula needs

    def is_formula(self, name: str) -> bool:
        """Whether a name stands for a formula."""
        return name in self.entries and not self.entries[name].has_value

    def stands_for_formula(self, text: str) -> bool:
        """Whether a text is a name alone, of a formula or an answer."""
        return self.is_formula(text) or bool(_ANSWER.fullmatch(text))

    def variables(self, name: str, count: int) -> Sequence[str]:
        """The variables of a formula; those without a value, where these are as many as are wanted."""
        own: Sequence[str] = list(self._renamed(name).values()) or list(self._formula_of(name).variables)
        unknown = [each for each in own if each not in self.entries]
        return unknown if len(own) != count == len(unknown) else own

    def needed(self, text: str) -> Needed:
        """What a formula of the session needs, all places as typed."""
        made = written(text, self.is_formula, self.variables)
        with _typed(made):
            bound = self._below(made.text)
            shapes = {
                name: value.shape for name, value in bound.items() if self.has_value(name)
            }  # fmt: skip
            let = {name: value for name, value in bound.items() if name not in shapes}
            formula = as_formula(made.text, shapes, let, self.limits, bool(shapes), array=True)
        used = [name for name in let if name in formula.spans]
        at = {name: self.entries[name].text for name in formula.variables if self.has_value(name)}
        missing = tuple(name for name in formula.variables if name not in at)
        return Needed(made, formula, {name: self.text_of(name) for name in used}, at, missing)

    def has_value(self, name: str) -> bool:
        """Whether a name stands for a value."""
        return name in self.entries and self.entries[name].has_value

    def words_of(self, text: str) -> tuple[dict[str, str], dict[str, str]]:
        """The texts of formulas and of values whose names are words of a text, for what is no formula itself."""
        bound = self._below(text)
        let = {name: self.text_of(name) for name in bound if not self.has_value(name)}
        return let, {name: self.entries[name].text for name in bound if self.has_value(name)}

    def value_of(self, name: str) -> Value:
        """What a name stands for, read."""
        return self._value(name)

    def text_of(self, name: str) -> str:
        """What a name stands for, in the language's terms."""
        return self.answer(name) if _ANSWER.fullmatch(name) else self._read(name)[0].text

    def _below(self, text: str) -> dict[str, Value]:
        """What all words of a text that are names stand for, and those of what they stand for."""
        found: dict[str, Value] = {}
        waiting = _WORD.findall(text)[::-1]
        while waiting:
            name = waiting.pop()
            if name not in found and (name in self.entries or _ANSWER.fullmatch(name)):
                found[name] = self._value(name)
                if isinstance(found[name], Definition):
                    waiting += _WORD.findall(self.text_of(name))[::-1]
        return found

    def _value(self, name: str) -> Value:
        if _ANSWER.fullmatch(name):
            return parse_binding(self.answer(name), self.limits)
        return self._read(name)[1]

    def _read(self, name: str) -> tuple[Written, Value]:
        """What a name stands for, read."""
        if name not in self._bound:
            with self._opened(name):
                entry, renamed = self.entries[name], self._renamed(name)
                text = _WORD.sub(lambda found: renamed.get(found[0], found[0]), entry.text) if renamed else entry.text
                made = written(text, self.is_formula, self.variables)
                with _typed(made):
                    self._bound[name] = made, finite(name, parse_binding(made.text, self.limits), made.text)
        return self._bound[name]

    @contextmanager
    def _opened(self, name: str) -> Iterator[None]:
        """While a name is looked up; formulas that need each other's derivatives are refused."""
        if name in self._open:
            circle = " needs ".join([*self._open[self._open.index(name) :], name])
            text = self.entries[name].text
            raise ExpressionError(f"{circle}: a formula cannot be put into itself", text=text, span=(0, len(text)))
        self._open.append(name)
        try:
            yield
        finally:
            self._open.pop()

    def _renamed(self, name: str) -> dict[str, str]:
        """The parameters of a function; one whose name is that of a formula gets another."""
        used = self.entries[name].parameters
        return {each: f"{each}_{name}" if self.is_formula(each) else each for each in used}

    def _formula_of(self, name: str) -> Formula:
        with self._opened(f"{name}'"):
            return self.needed(name).formula


@contextmanager
def _typed(made: Written) -> Iterator[None]:
    """Give errors about a text that was written anew the places where it was typed."""
    try:
        yield
    except GradcalcError as error:
        if error.text == made.text:
            error.text, error.span = made.typed, made.place(error.span) if error.span else None
        raise


@contextmanager
def _within(text: str, start: int, line: str) -> Iterator[None]:
    """Give errors about a part of a line their places in the line."""
    try:
        yield
    except GradcalcError as error:
        if error.text == text and error.span:
            error.text, error.span = line, (error.span[0] + start, error.span[1] + start)
        raise
