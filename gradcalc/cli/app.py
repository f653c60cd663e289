"""The commands, put together with Typer, whose errors become gradcalc's. The only module that knows Typer.

Typer splits the words into options and arguments, wraps help texts and finds the command. What the words mean is read
by `parameters`: Typer imports Pydantic for that from 0.29 on, which takes longer than a gradient.
"""

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from inspect import Parameter as Argument
from inspect import Signature
from shlex import quote
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from gradcalc import __version__
from gradcalc.cli.arguments import HELP, all_flags, protect_expressions, with_command
from gradcalc.cli.commands import COMMANDS, function_of
from gradcalc.cli.parameters import Parameter, groups, help_sections, parameters
from gradcalc.cli.progress import watching
from gradcalc.errors import INSTEAD, ExitCode, UsageError, did_you_mean

WITHOUT_POINT = frozenset(("grad", "hessian", "jacobian", "diff"))
"""The commands that answer with formulas where there is no point."""

_SETTINGS: dict[str, Any] = {
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100},
}


class _Command(TyperCommand):
    """A command whose options are the fields of the dataclasses that its function takes."""

    function: Callable[..., int]
    known: Sequence[Parameter]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Split the words; what they mean is read later, after all mistakes of spelling."""
        given, rest, _ = self.make_parser(ctx).parse_args(args=list(args))
        if given.pop("help", None) is True:
            typer.echo(self.get_help(ctx))
            raise typer.Exit
        ctx.params = {name: value for name, value in given.items() if isinstance(value, (bool, str, list))}
        if not rest:
            return rest
        raise UsageError(f"got unexpected extra argument(s) ({' '.join(rest)})", hint=self._one(args, rest))

    def _one(self, args: Sequence[str], rest: Sequence[str]) -> str:
        """How the words that are one too many are given."""
        if "--" in args and any(word.startswith("-") for word in args[args.index("--") + 2 :]):
            return "a formula that begins with a minus needs no --; behind it there are no options"
        if all(each.name != "expression" for each in self.known if not each.flags):
            first = next((word for word in args if not word.startswith("-")), "")
            return f"one at a time, as in gradcalc {self.name} {first}".rstrip()
        if "--claim" in all_flags(self.known) and len(rest) == 1:
            return f"--claim {_quoted(rest[0])}"
        return 'quotes around the formula, as in "x^2 + y"'

    def invoke(self, ctx: Any) -> int:
        """Call the function with its groups."""
        try:
            taken = groups(self.function, ctx.params)
        except UsageError as error:
            error.hint = error.hint or f"{ctx.command_path} --help"
            raise
        return self.function(**taken)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands in the line of usage after the name."""
        return ["[OPTIONS]", *(each.metavar for each in self.known if not each.flags)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments and options under their headings."""
        for heading, rows in help_sections(self.known):
            with formatter.section(heading):
                formatter.write_dl(rows)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gradcalc {__version__}")
        raise typer.Exit


def _about(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The derivative calculator: every digit checked.

    \b
    gradcalc "x^2*sin(3x)/(x + 1)"
    gradcalc grad "x**4 + y**2 + 1" --at x=2,y=3
    gradcalc hessian "x**4 + y**2 + 1" --at x=2,y=3
    gradcalc grad "sum((w*x + b - y)^2)" --at w=0,b=0 --let "x=[1,2],y=[2,4]"
    gradcalc jacobian "[x*y, sin(x)]" --at x=1,y=2
    gradcalc diff "x**3*sin(y)" x:2,y
    gradcalc taylor "exp(sin(x))" --at x=1 --order 8 --within 0.1
    gradcalc propagate "V/I" --at "V=4.999±0.0032,I=0.0197(2)"
    gradcalc descend "(1-x)^2 + 100(y-x^2)^2" --at x=-1.2,y=1
    gradcalc map "x**4 + y**2 + 1" points.parquet -o slopes.parquet
    gradcalc functions sin
    """


def _all_commands() -> Any:
    """What answers where no command is named: help, the version, an error."""
    app = typer.Typer(name="gradcalc", no_args_is_help=True, add_completion=False, **_SETTINGS)
    app.callback()(_about)
    for name, short in COMMANDS.items():
        app.command(name, short_help=short)(lambda: None)
    return get_command(app)


def _command(name: str, function: Callable[..., int], known: Sequence[Parameter]) -> Any:
    """One command alone: Typer finds in a signature how options are spelled; each is a flag, a text or several."""

    def spelled() -> None: ...

    arguments = []
    for each in known:
        kind: Any = bool if each.kind is bool else list[str] | None if each.repeats else str | None
        flags = [f"{flag}/{each.opposite}" if each.opposite else flag for flag in each.flags]
        said = typer.Option(*flags) if flags else typer.Argument(metavar=each.metavar)
        default = each.default if kind is bool else None
        arguments.append(Argument(each.name, Argument.KEYWORD_ONLY, default=default, annotation=Annotated[kind, said]))
    spelled.__signature__ = Signature(arguments)  # type: ignore[attr-defined]
    app = typer.Typer(add_completion=False, **_SETTINGS)
    kind = type("Command", (_Command,), {"function": staticmethod(function), "known": known})
    app.command(name, cls=kind, help=function.__doc__)(spelled)
    return get_command(app)


def _is_watched(words: Sequence[str]) -> bool:
    """Whether somebody looks on while a command runs that takes its time."""
    return sys.stderr.isatty() and words[0] != "repl" and not {"-q", "--quiet"} & set(words)


def invoke(words: Sequence[str]) -> int:
    """Run the command that the words name; its exit code."""
    if words and words[0] not in COMMANDS and words[0] not in HELP:
        words = with_command(words, COMMANDS, parameters(function_of("grad")))
    name = words[0] if words else ""
    known: list[Parameter] = []
    try:
        if name in COMMANDS:
            function = function_of(name)
            known = parameters(function)
            rest = protect_expressions(words[1:], known)
            with watching(name) if _is_watched(words) else nullcontext():
                result = _command(name, function, known).main(rest, prog_name=f"gradcalc {name}", standalone_mode=False)
        else:
            result = _all_commands().main(list(words), prog_name="gradcalc", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.Exit as stop:
        return stop.exit_code
    except SystemExit:
        raise BrokenPipeError from None  # how Typer ends when the reader of its output has gone
    except Exception as error:
        if not isinstance(error, typer.BadParameter.__base__ or typer.BadParameter):
            raise
        raise _usage(error, words, known) from None
    if result == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _usage(error: Any, words: Sequence[str], known: Sequence[Parameter]) -> UsageError:
    """Typer's complaint as an error of gradcalc: what, and what to type instead."""
    name = words[0] if words else ""
    where = f"gradcalc {name} --help" if known else "gradcalc --help"
    if hasattr(error, "possibilities") and hasattr(error, "option_name"):
        option = error.option_name
        word = next((word for word in words if word.startswith(option)), option).partition("=")[0]
        flag = f"--{word.lstrip('-')}"
        near: str | None = _OTHER_NAMES.get(flag, flag)
        if near not in all_flags(known):
            near = did_you_mean(flag, all_flags(known) or ["--version"])
        return UsageError(f"no such option: {_short(word)}", hint=near or where)
    message = error.format_message().rstrip(".").replace("\n", " ")
    if message.startswith("No such command"):
        return UsageError(f"no such command: {_short(name)}", hint=_command_meant(name, words[1:]) or where)
    return UsageError(message[:1].lower() + message[1:], hint=where)


def _command_meant(name: str, rest: Sequence[str]) -> str | None:
    """What to type instead of a command that there is not, with the words behind it."""
    other = _OTHER_COMMANDS.get(name.lower())
    if other is not None and rest:
        return f"gradcalc {other} {' '.join(map(_quoted, rest))}"
    if instead := INSTEAD.get(name.lower()) or other and f"gradcalc {other.split()[0]} --help":
        return instead
    if near := did_you_mean(name, COMMANDS):
        return f"gradcalc {near}"
    from gradcalc.language import functions

    if functions.find(name):
        return f"gradcalc functions {name}"
    is_formula = name and (len(name) < 3 or not name.isalpha())
    return f"gradcalc grad {_short(name)}, or gradcalc --help" if is_formula else None


_OTHER_COMMANDS = {
    word: command
    for command, words in {
        "grad": "gradient evaluate",
        "diff": "derivative derive differentiate",
        "jacobian": "jac",
        "taylor": "series expand_series",
        "descend": "min minimum minimize minimise optimize optimise argmin fmin",
        "descend --maximize": "max maximum maximize maximise argmax",
        "critical": "extrema extremum stationary critical_points",
        "critical --roots": "solve nsolve fsolve roots root zeros fzero",
        "fit": "regression curve_fit regress nls",
        "propagate": "uncertainty uncertainties error errors gum",
    }.items()
    for word in words.split()
}
"""What other programs call commands; the words behind them mean the same here."""


def _quoted(word: str) -> str:
    """A word as a shell takes it, in double quotes where it can be."""
    is_plain = re.fullmatch(r"[\w@%+=:,./-]+", word)
    return _short(word if is_plain else quote(word) if set(word) & set('"$`\\!') else f'"{word}"')


_OTHER_NAMES = {
    "--learning-rate": "--lr", "--rate": "--lr", "--step-size": "--lr", "--iterations": "--steps", "--iters": "--steps",
    "--epochs": "--steps", "--max-iter": "--steps", "--maxiter": "--steps", "--method": "--optimizer",
    "--point": "--at", "--start": "--at", "--x0": "--at", "--const": "--let", "--constants": "--let", "--vars": "--wrt",
    "--variables": "--wrt", "--precision": "--digits", "--rtol": "--tolerance",
}  # fmt: skip
"""What other programs call options."""


def _short(word: str) -> str:
    """A word as a message can hold it."""
    return word if len(word) <= 60 else f"{word[:60]}…"
