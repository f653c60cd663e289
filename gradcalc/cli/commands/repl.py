"""`gradcalc repl`: definitions and answers, line by line."""

from dataclasses import dataclass

from gradcalc.settings import SHOW, option


@dataclass(frozen=True)
class How:
    """How the prompt behaves."""

    live: bool = option(True, "--live", "Show what a line answers while it is typed.", SHOW)


def repl(how: How) -> int:
    """A session: definitions, then formulas and every command, line by line; the line :help says more.

    \b
    printf "f = x^2\\nf'(3)\\ngrad f\\n" | gradcalc repl
    echo "1/3 + 1/6" | gradcalc repl

    On a terminal with history, completion and a live answer below the prompt (extra repl); from a pipe the same
    answers as lines, # begins a comment, and the exit code is that of the worst line.
    """
    from gradcalc.cli.repl.plain import start

    return start(how.live)
