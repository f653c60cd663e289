"""The commands, put together with Typer; its own errors become gradcalc's."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.main import get_command

from gradcalc import __version__
from gradcalc.cli.arguments import command_names, known_options, protect_expressions
from gradcalc.cli.commands.descend import descend
from gradcalc.cli.commands.functions import functions
from gradcalc.cli.commands.grad import grad
from gradcalc.cli.commands.hessian import hessian
from gradcalc.cli.commands.map import map
from gradcalc.errors import ExitCode, UsageError, did_you_mean

app = typer.Typer(
    name="gradcalc",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command(short_help="Value and gradient of a formula at points.")(grad)
app.command(short_help="Second derivatives, eigenvalues, kind of point.")(hessian)
app.command(short_help="From a formula and a start to a minimum.")(descend)
app.command(short_help="A formula over every row of data files.")(map)
app.command(short_help="The functions a formula can use.")(functions)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gradcalc {__version__}")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The derivative calculator: every digit checked.

    \b
    gradcalc grad "x**4 + y**2 + 1" --at x=2,y=3
    gradcalc hessian "x**4 + y**2 + 1" --at x=2,y=3
    gradcalc grad "sum((w*x + b - y)^2)" --at w=0,b=0 --let "x=[1,2],y=[2,4]"
    gradcalc descend "(1-x)^2 + 100(y-x^2)^2" --at x=-1.2,y=1
    gradcalc map "x**4 + y**2 + 1" points.parquet -o slopes.parquet
    gradcalc functions sin
    """


def invoke(words: Sequence[str]) -> int:
    """Run the command that the words name; its exit code."""
    command = get_command(app)
    try:
        result = command.main(protect_expressions(words, command), prog_name="gradcalc", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.Exit as stop:
        return stop.exit_code
    except SystemExit:
        raise BrokenPipeError from None  # how Typer ends when the reader of its output has gone
    except Exception as error:
        if not isinstance(error, typer.BadParameter.__base__ or typer.BadParameter):
            raise
        raise _usage(error, words, command) from None
    if result == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _usage(error: Any, words: Sequence[str], command: Any) -> UsageError:
    """Typer's complaint as an error of gradcalc: what, and what to type instead."""
    name = words[0] if words else ""
    where = f"gradcalc {name} --help" if name in command_names(command) else "gradcalc --help"
    if hasattr(error, "possibilities") and hasattr(error, "option_name"):
        option = error.option_name
        word = next((word for word in words if word.startswith(option)), option).partition("=")[0]
        near = did_you_mean(f"--{word.lstrip('-')}", known_options(command, name))
        return UsageError(f"no such option: {_short(word)}", hint=near or where)
    message = error.format_message().rstrip(".").replace("\n", " ")
    if message.startswith("No such command"):
        near = did_you_mean(name, command_names(command))
        return UsageError(f"no such command: {_short(name)}", hint=f"gradcalc {near}" if near else where)
    if "unexpected extra argument" in message:
        where = 'quotes around the formula, as in "x^2 + y"'
    return UsageError(message[:1].lower() + message[1:], hint=where)


def _short(word: str) -> str:
    """A word as a message can hold it."""
    return word if len(word) <= 60 else f"{word[:60]}…"
