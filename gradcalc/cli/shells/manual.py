"""The pages of the manual: one for gradcalc, one for each command, in the macros of `man`."""

import inspect
import re
from collections.abc import Iterator

from gradcalc import __version__
from gradcalc.cli.commands import COMMANDS, function_of
from gradcalc.cli.parameters import help_sections, parameters
from gradcalc.errors import ExitCode

ABOUT = "the derivative calculator: every digit checked"

_DATE = "2026-11-28"
"""When the pages were last looked through; fixed, so that wheels are built the same."""

_CODES = {
    ExitCode.DONE: "The answer is there.",
    ExitCode.NO: "The answer is no, or incomplete.",
    ExitCode.USAGE: "A mistake in the formula, the point or the options.",
    ExitCode.UNDEFINED: "A value or derivative is undefined at a point.",
    ExitCode.FILE: "A file could not be read or written.",
    ExitCode.INTERRUPTED: "Interrupted.",
}


def pages() -> dict[str, str]:
    """All pages, by the names of their files."""
    own = {f"gradcalc-{name}.1": _page(f"gradcalc-{name}", short, _command(name)) for name, short in COMMANDS.items()}
    return {"gradcalc.1": _page("gradcalc", ABOUT, _overview()), **own}


def _page(name: str, short: str, body: Iterator[str]) -> str:
    head = [
        f'.TH "{name.upper()}" 1 "{_DATE}" "gradcalc {__version__}" "gradcalc"',
        ".SH NAME",
        rf"{_escaped(name)} \- {_escaped(short)}",
    ]
    return "\n".join([*head, *body]) + "\n"


def _overview() -> Iterator[str]:
    yield from (".SH SYNOPSIS", r".B gradcalc", r".I COMMAND", r"[\fIOPTIONS\fR] \fIEXPR\fR", ".br")
    yield from (r".B gradcalc", r"\(dqx^2*sin(3x)\(dq", ".SH COMMANDS")
    for name, short in COMMANDS.items():
        yield from (".TP", rf"\fB{_escaped(f'gradcalc-{name}')}\fR(1)", _escaped(short))
    yield from _exits()


def _command(name: str) -> Iterator[str]:
    function = function_of(name)
    known = parameters(function)
    about, _, examples = (inspect.getdoc(function) or "").partition("\b\n")
    words = " ".join(rf"\fI{_escaped(each.metavar)}\fR" for each in known if not each.flags)
    yield from (".SH SYNOPSIS", rf"\fBgradcalc {name}\fR [\fIOPTIONS\fR] {words}".rstrip())
    yield from (
        ".SH DESCRIPTION",
        *(_escaped(" ".join(part.split())) or ".PP" for part in re.split("(\n\n)", about.strip())),
    )
    for heading, rows in help_sections(known):
        yield f".SH {_escaped(heading.upper())}"
        for spelled, said in rows:
            yield from (".TP", rf"\fB{_escaped(spelled)}\fR", _escaped(said))
    if examples:
        yield from (".SH EXAMPLES", ".nf", *map(_escaped, examples.rstrip().splitlines()), ".fi")
    yield from (*_exits(), ".SH SEE ALSO", r"\fBgradcalc\fR(1)")


def _exits() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code, said in _CODES.items():
        yield from (".TP", rf"\fB{code:d}\fR", _escaped(said))


def _escaped(text: str) -> str:
    """A text as troff shows it: backslashes, minus signs, and lines that begin like requests."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text)
