"""What the commands have in common: the options, and how expressions, points and bindings are read."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gradcalc.cli.progress import clear
from gradcalc.cli.write import Format
from gradcalc.errors import FileError, LimitError, UsageError, visible
from gradcalc.settings import MAX_DIGITS, SHOW, Limits, Option, Reading, option, required

if TYPE_CHECKING:
    from gradcalc.language.formula import Formula, Point, Value

FILE_LIMIT = 32_000_000
"""How many bytes an expression may have that comes from a file."""


EXPRESSION = Option("EXPR", "The formula; - reads it from standard input, @FILE from a file.")
AT = Option(
    "--at POINT", "Where: x=2,y=pi/4,z=[1,2], or 2 where there is one variable. x=0:1:0.25 and x=linspace(0,1,5) are "
    "points with x from 0 to 1, several ranges a grid. Repeat for more; @FILE reads json and all that map reads.",
)  # fmt: skip
LET = Option("--let NAMES", "Values or formulas put into the formula for names: n=3,A=[[1,2],[3,4]],g=x^2+y.")
WRT = Option("--wrt VARIABLES", "Variables to differentiate for, in this order: x,y.")
FORMAT = Option("--format", "How to show the answer; default: table.", SHOW)
JSON = Option("--json", "Short for --format json.", SHOW)
QUIET = Option("-q --quiet", "Say nothing on standard error.", SHOW)
"""The options that several commands have, whose dataclasses take them up as fields."""


EACH = Option(
    "--each", 'EXPR is - or @FILE, with a formula a line, or an object {"formula": ..., "at": ...}; all are answered. '
    "Each takes what it needs of --at and --let; # begins a comment.",
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A formula at points."""

    expression: str = required(EXPRESSION)
    at: tuple[str, ...] = option((), AT)
    let: tuple[str, ...] = option((), LET)
    wrt: Sequence[str] | None = option(None, WRT)


@dataclass(frozen=True)
class Questions(Question):
    """The same, or a formula a line."""

    each: bool = option(False, EACH)


@dataclass(frozen=True)
class Asked:
    """One formula that is asked about, read: `expression` is its text, or the formula where that is parsed already.

    It may be an `array` of formulas where the command takes one.
    """

    expression: "str | Formula"
    text: str
    at: "Sequence[Point]"
    let: "Mapping[str, Value]"
    wrt: Sequence[str] | None
    limits: Limits
    array: bool = False


@dataclass(frozen=True)
class Show:
    """How a report is shown."""

    format: Format | None = option(None, FORMAT)
    digits: int | None = option(None, "--digits N", "Show N certified digits.", SHOW, low=1, high=MAX_DIGITS)
    json: bool = option(False, JSON)
    csv_long: bool = option(False, "--csv-long", "CSV with a fact a row: point, variable, field, value.", SHOW)
    quiet: bool = option(False, QUIET)

    @property
    def shape(self) -> Format:
        """The one medium that is asked for."""
        return shape_of(self.format, self.json, self.csv_long)


def shape_of(format: Format | None, json: bool, csv_long: bool = False) -> Format:
    """The one medium that is asked for.

    Raises:
        UsageError: two are.
    """
    said = {"--json": Format.json if json else None, "--csv-long": Format.csv if csv_long else None}
    asked = {flag: shape for flag, shape in said.items() if shape} | ({f"--format {format}": format} if format else {})
    if len(set(asked.values())) > 1:
        raise UsageError(f"{' and '.join(asked)} contradict each other", hint=list(asked)[-1])
    return next(iter(asked.values()), Format.table)


def waiting(quiet: bool) -> Callable[[], None] | None:
    """What says that SymPy is waited for, to who looks at a terminal."""
    return None if quiet or not sys.stderr.isatty() else _tell_waiting


def tell(text: str) -> None:
    """Say something beside the answer."""
    clear()
    print(visible(text), file=sys.stderr)


def _tell_waiting() -> None:
    """Say what is waited for."""
    clear()
    print("waiting for SymPy (--no-symbolic does without) ...", file=sys.stderr)


def read_limits(word: str, limits: Limits) -> Limits:
    """The limits of an expression; a file may be longer than a word, unless told otherwise."""
    from_file = word == "-" or word.startswith("@")
    return replace(limits, text=FILE_LIMIT) if from_file and limits.text == Limits().text else limits


def read_expression(word: str, limits: Limits) -> str:
    """The text of a formula: the word itself, or what `-` or `@file` hold, without the newline at the end."""
    if word != "-" and not word.startswith("@"):
        return word
    with opened(word) as source:
        data = source.read(4 * limits.text + 1)
    if len(data) > 4 * limits.text:
        raise LimitError(f"the formula is longer than {limits.text:,} characters", hint="--max-text raises the limit")
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise FileError(
            f"{word[1:] or 'standard input'} is not UTF-8 text: byte {error.start} is {data[error.start]:#x}"
        ) from None


@contextmanager
def opened(word: str) -> "Iterator[BinaryIO]":
    """The bytes of `-` or `@file`; what cannot be read is a FileError."""
    if word == "@":
        raise FileError("@ names no file", hint="@formula.txt")
    try:
        with sys.stdin.buffer if word == "-" else Path(word[1:]).open("rb") as source:
            yield source
    except (OSError, ValueError) as error:
        raise FileError(f"{word[1:] or 'standard input'}: {getattr(error, 'strerror', None) or error}") from None


def read_points(text: str, limits: Limits, how: Reading) -> "list[dict[str, Value]]":
    """The points that an `--at` names: `x=2,y=3` is one, `x=0:1:0.25` are five, `@file` one or many."""
    if text.startswith("@"):
        from gradcalc.data.points import read_points as from_file

        return from_file(text[1:], limits, how)
    from gradcalc.language.points import read_points as from_text

    return from_text(text, limits)


def read_all_points(texts: Sequence[str], limits: Limits, how: Reading) -> "list[dict[str, Value]]":
    """The points of all `--at`."""
    return [point for text in texts for point in read_points(text, limits, how)]


def read_bindings(texts: Sequence[str], limits: Limits) -> "dict[str, Value]":
    """The values of all `--let`."""
    from gradcalc.language.points import read_values

    found: dict[str, Value] = {}
    for text in texts:
        for name, value in read_values(text, limits).items():
            if name in found:
                raise UsageError(f"--let binds {name} twice")
            found[name] = value
    return found
