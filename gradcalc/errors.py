"""The exception tree and the exit codes. Imports the standard library only.

An error says what is wrong, where (a caret under the text) and what to try:

    GradcalcError
    ├── ExpressionError      the text is no expression            exit 2
    │   └── LimitError       it is one, but larger than allowed   exit 2
    ├── UsageError           a point, a binding or an option      exit 2
    │   └── MissingExtra     it needs a library of an extra       exit 2
    ├── FileError            a file could not be read             exit 4
    └── TapeError            a tape cannot answer as asked; a RuntimeError too
        ├── DetachError      a conversion would leave the tape in silence; a TypeError too
        └── NoRuleError      a function has no derivative rule; a NotImplementedError too
"""

import os
import sys
import unicodedata
from collections.abc import Iterable
from enum import IntEnum
from importlib import import_module
from importlib.util import find_spec
from typing import Any

Span = tuple[int, int]
"""Start and end of a place in a text, in characters; the end is exclusive."""


class ExitCode(IntEnum):
    """What the command's exit status says."""

    DONE = 0
    NO = 1
    USAGE = 2
    UNDEFINED = 3
    FILE = 4
    INTERRUPTED = 130


class GradcalcError(Exception):
    """Base of all errors of gradcalc: a message, and where and what to try when known."""

    kind = "error"
    exit_code = ExitCode.NO

    def __init__(
        self, message: str, *, text: str | None = None, span: Span | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.span = span
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.message]
        if self.text is not None and self.span is not None:
            lines += caret_lines(self.text, self.span)
        if self.hint:
            lines.append(f"try: {self.hint}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: kind, message, and the span and hint when there are any."""
        body: dict[str, Any] = {"kind": self.kind, "message": self.message}
        if self.span is not None:
            body["span"] = list(self.span)
        if self.hint:
            body["hint"] = self.hint
        return body


class ExpressionError(GradcalcError):
    """The text is no expression of the language."""

    kind = "expression"
    exit_code = ExitCode.USAGE


class LimitError(ExpressionError):
    """The expression is larger than a limit allows; the hint names the option that raises it."""

    kind = "limit"


class UsageError(GradcalcError):
    """A point, a binding or an option does not fit."""

    kind = "usage"
    exit_code = ExitCode.USAGE


class MissingExtra(UsageError):
    """A library that an extra brings is not installed; the hint is the command that installs it."""


class FileError(GradcalcError):
    """A file could not be opened, read or understood."""

    kind = "file"
    exit_code = ExitCode.FILE


def caret_lines(text: str, span: Span, width: int = 76) -> list[str]:
    """The line of `text` that holds `span`, shortened to `width` columns, and a line of carets below it."""
    start, end = span
    start = min(max(start, 0), len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", line_start)
    line = text[line_start : len(text) if line_end < 0 else line_end]
    first = start - line_start
    last = max(first + 1, min(end - line_start, len(line)))
    low = max(0, min(first - width // 3, len(line) - width))
    high = min(len(line), low + width)
    head, tail = "…" if low else "", "…" if high < len(line) else ""
    shown = [_visible(character) for character in line[low:high]]
    before = columns(head) + sum(map(columns, shown[: first - low]))
    under = sum(map(columns, shown[first - low : last - low]))
    return ["  " + head + "".join(shown) + tail, "  " + " " * before + "^" * max(1, under)]


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _visible(character: str) -> str:
    """The character, or a replacement mark where a terminal could not show it."""
    return character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to a mistyped one, if any is near."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1, cutoff=0.6) if len(word) <= 60 else []
    return close[0] if close else None


EXTRAS = {
    "llvmlite": ("llvmlite", "fast"), "scipy": ("SciPy", "fast"), "pyarrow": ("PyArrow", "data"),
    "matplotlib": ("matplotlib", "plot"), "plotext": ("plotext", "plot"),
}  # fmt: skip
"""The libraries that the base does without: the name of each, and the extra that brings it."""


def installed(name: str) -> bool:
    """Whether a library of an extra is there, without importing it."""
    return find_spec(name) is not None


def library(module: str, use: str) -> Any:
    """A module of a library of an extra.

    Args:
        use: what needs it, as the error's first words: `gradcalc.compile`.

    Raises:
        MissingExtra: the library is not installed.
        UsageError: it is, but cannot be imported.
    """
    top = module.partition(".")[0]
    name, extra = EXTRAS[top]
    if not installed(top):
        hint = install_command(f'"gradcalc[{extra}]"')
        raise MissingExtra(f"{use} needs {name}, which is not installed", hint=hint)
    try:
        return import_module(module)
    except ImportError as error:
        hint = install_command(f"--force-reinstall {top}")
        raise UsageError(f"{use} needs {name}, which is installed but broken: {error}", hint=hint) from error


def install_command(words: str) -> str:
    """What installs in the environment in use, also where that has no pip, as those that uv makes."""
    import shlex

    python = sys.executable or "python"
    python = f'"{python}"' if os.name == "nt" else shlex.quote(python)
    return f"{python} -m pip install {words}" if find_spec("pip") else f"uv pip install --python {python} {words}"


class TapeError(GradcalcError, RuntimeError):
    """A tape, a tensor or a variable cannot do what is asked; the message says what to do."""

    kind = "tape"


class DetachError(TapeError, TypeError):
    """A conversion to plain numbers would take a recorded value off its tape in silence."""


class NoRuleError(TapeError, NotImplementedError):
    """A function of a recorded value has no derivative rule."""
