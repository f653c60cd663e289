"""What the commands have in common: the options, and how expressions, points and bindings are read."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradcalc.cli.write import Format, write
from gradcalc.errors import FileError, LimitError, UsageError
from gradcalc.settings import CERTIFY_SECONDS, DIGITS, MAX_DIGITS, SYMBOLIC_SECONDS, Limits, Options

if TYPE_CHECKING:
    from gradcalc.language.formula import Value

FILE_LIMIT = 32_000_000
"""How many bytes an expression may have that comes from a file."""

_LONGEST_SECONDS = 1_000_000


def _seconds(value: float) -> float:
    """A time that the timers of the system can hold."""
    if not 0 <= value <= _LONGEST_SECONDS:
        raise typer.BadParameter(f"{value:g} is not from 0 to {_LONGEST_SECONDS:,} seconds")
    return value


Expression = Annotated[
    str,
    typer.Argument(
        metavar="EXPR", help="The formula; - reads it from standard input, @FILE from a file.", show_default=False
    ),
]
At = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        metavar="POINT",
        help="Where: x=2,y=pi/4,z=[1,2]. Repeat for more points; @FILE reads json, csv or npy.",
        show_default=False,
    ),
]
Let = Annotated[
    list[str] | None,
    typer.Option(
        "--let",
        metavar="NAMES",
        help="Values put into the formula and not differentiated: n=3,A=[[1,2],[3,4]].",
        show_default=False,
    ),
]
Wrt = Annotated[
    str | None,
    typer.Option(
        "--wrt", metavar="NAMES", help="Variables to differentiate for, in this order: x,y.", show_default=False
    ),
]
Show = Annotated[Format, typer.Option("--format", help="How to show the answer.")]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
Symbolic = Annotated[bool, typer.Option("--symbolic/--no-symbolic", help="Set SymPy's derivative beside the tape's.")]
SymbolicTimeout = Annotated[
    float,
    typer.Option("--symbolic-timeout", metavar="SECONDS", help="How long SymPy may take.", callback=_seconds),
]
Certify = Annotated[
    bool, typer.Option("--certify/--no-certify", help="Prove in ball arithmetic how many digits are right.")
]
CertifyTimeout = Annotated[
    float,
    typer.Option(
        "--certify-timeout",
        metavar="SECONDS",
        help="How long the proof may take per point.",
        callback=_seconds,
    ),
]
Digits = Annotated[
    int | None,
    typer.Option("--digits", metavar="N", help="Show N certified digits.", min=1, max=MAX_DIGITS, show_default=False),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on standard error.")]
MaxText = Annotated[
    int | None,
    typer.Option(
        "--max-text",
        metavar="N",
        help="Longest formula, in characters; 1,000,000, from a file 32,000,000.",
        min=1,
        show_default=False,
    ),
]
MaxDepth = Annotated[int, typer.Option("--max-depth", metavar="N", help="Deepest nesting.", min=1)]
MaxNodes = Annotated[int, typer.Option("--max-nodes", metavar="N", help="Largest graph.", min=1)]

DEFAULTS = Limits()


def answer(
    expression: str,
    *,
    order: int,
    at: Sequence[str] | None,
    let: Sequence[str] | None,
    wrt: str | None,
    show: Format,
    json: bool,
    symbolic: bool,
    symbolic_timeout: float,
    certify: bool,
    certify_timeout: float,
    digits: int | None,
    quiet: bool,
    max_text: int | None,
    max_depth: int,
    max_nodes: int,
    numeric: bool = False,
) -> int:
    """Read the words of `grad` or `hessian`, make the report and show it; the exit code."""
    from gradcalc.language.points import read_points
    from gradcalc.truth.calculator import report

    limits = read_limits(expression, max_text, max_depth, max_nodes)
    shape = Format.json if json else show
    options = Options(
        order,
        symbolic,
        certify,
        numeric,
        symbolic_timeout,
        certify_timeout,
        digits or DIGITS,
        shape is Format.latex,
        limits,
    )
    if shape is Format.table:
        import gradcalc.show.terminal  # noqa: F401 - while SymPy loads in its own process
    made = report(
        read_expression(expression, limits),
        [point for text in at or [] for point in read_points(text, limits)],
        wrt=read_names(wrt),
        let=read_bindings(let or [], limits),
        options=options,
    )
    write(replace(made, digits=digits), shape)
    if not quiet and made.symbolic_reason:
        print(f"SymPy: {made.symbolic_status}: {made.symbolic_reason}", file=sys.stderr)
    return made.exit_code


def read_limits(word: str, max_text: int | None, max_depth: int, max_nodes: int) -> Limits:
    """The limits of an expression; a file may be longer than a word."""
    from_file = word == "-" or word.startswith("@")
    return Limits(max_text or (FILE_LIMIT if from_file else DEFAULTS.text), max_depth, max_nodes)


def read_expression(word: str, limits: Limits) -> str:
    """The text of a formula: the word itself, or what `-` or `@file` hold, without the newline at the end."""
    if word != "-" and not word.startswith("@"):
        return word
    if word == "@":
        raise FileError("@ names no file", hint="@formula.txt")
    try:
        source = sys.stdin.buffer if word == "-" else Path(word[1:]).open("rb")  # noqa: SIM115
        with source:
            data = source.read(4 * limits.text + 1)
    except (OSError, ValueError) as error:
        raise FileError(f"{word[1:] or 'standard input'}: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > 4 * limits.text:
        raise LimitError(f"the formula is longer than {limits.text:,} characters", hint="--max-text raises the limit")
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise FileError(
            f"{word[1:] or 'standard input'} is not UTF-8 text: byte {error.start} is {data[error.start]:#x}"
        ) from None


def read_names(text: str | None, empty: str = "--wrt names no variable", hint: str = "--wrt x,y") -> list[str] | None:
    """The names of an option; `empty` is what to say where one of them is."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise UsageError(empty, hint=hint)
    return names


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


__all__ = [
    "CERTIFY_SECONDS",
    "SYMBOLIC_SECONDS",
    "Format",
    "answer",
    "read_bindings",
    "read_expression",
    "read_limits",
    "write",
]
