"""The front ends that need no library: lines from a pipe, and a prompt by readline. And which one it is."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

from gradcalc.cli import imports
from gradcalc.cli.repl.session import Reply, Session
from gradcalc.cli.write import Format, dumped
from gradcalc.errors import ExitCode, GradcalcError, installed, understood, worst

PROMPT = "> "
_HELLO = "gradcalc: :help says what to type, Ctrl-D leaves"


def start(live: bool) -> int:
    """Run a session on standard input; its exit code."""
    gc.enable()  # `cli.run` turns it off for one answer
    gc.freeze()
    session = Session()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return piped(session)
    if is_dumb():
        return prompted(session, _asked())
    if installed("prompt_toolkit"):
        from gradcalc.cli.repl.prompt import asked

        return prompted(session, asked(session, PROMPT, live and not os.environ.get("NO_COLOR")))
    return prompted(session, _with_readline(session))


def is_dumb() -> bool:
    """Whether the terminal knows no escape sequences."""
    return os.environ.get("TERM", "dumb") in ("dumb", "unknown", "")


def piped(session: Session) -> int:
    """Answer the lines of standard input; the exit code of the worst."""
    from gradcalc.cli.each import read_lines

    codes = [int(ExitCode.DONE)]
    for number, line in read_lines("-", session.limits.text):
        try:
            if isinstance(line, GradcalcError):
                raise line
            reply = session.run(line)
        except Exception as error:
            known = understood(error)
            if known is None:
                raise
            _tell(session, known, number)
            reply = Reply(known.exit_code)
        sys.stdout.flush()
        codes.append(reply.code)
        if reply.leaves:
            break
    return worst(codes)


def prompted(session: Session, lines: Iterator[str]) -> int:
    """Answer lines that a person types, until there are no more."""
    print(_HELLO)
    for typed in lines:
        signal.signal(signal.SIGINT, _interrupted)  # a library of the prompt may have put its own
        for line in typed.splitlines():
            try:
                if session.run(line).leaves:
                    return ExitCode.DONE
            except KeyboardInterrupt:
                print("interrupted", file=sys.stderr)
                break
            except Exception as error:
                known = understood(error)
                if known is None:
                    raise
                _tell(session, known)
        sys.stdout.flush()
    return ExitCode.DONE


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Ctrl-C while an answer is made; where an import is under way, as soon as that is done: the session goes on."""
    if imports(frame):
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, _interrupted)
            signal.setitimer(signal.ITIMER_REAL, 0.02)
        return
    raise KeyboardInterrupt


def _tell(session: Session, error: GradcalcError, number: int | None = None) -> None:
    """Say what is wrong with a line."""
    if session.shape is Format.json:
        print(dumped({"error": error.to_dict()} | ({} if number is None else {"line": number})), flush=True)
        return
    sys.stdout.flush()
    where = "" if number is None else f" in line {number}"
    print(f"error{where}: {error}", file=sys.stderr, flush=True)


def _asked() -> Iterator[str]:
    """Lines as they are typed; Ctrl-C begins a new one, Ctrl-D ends."""
    while True:
        try:
            yield input(PROMPT)
        except KeyboardInterrupt:
            print()
        except EOFError:
            print()
            return


def _with_readline(session: Session) -> Iterator[str]:
    """The same with history and completion."""
    try:
        import readline
    except ImportError:  # Windows
        yield from _asked()
        return
    from gradcalc.cli.repl import history
    from gradcalc.cli.repl.completion import completions

    found: list[str] = []

    def complete(text: str, state: int) -> str | None:
        if state == 0:
            line = readline.get_line_buffer()[: readline.get_endidx()]
            found[:] = [each.text for each in completions(session, line)]
        return found[state] if state < len(found) else None

    for line in history.read():
        readline.add_history(line)
    readline.set_completer(complete)
    readline.set_completer_delims(' \t\n+-*/^%()[],=<>!&|~@{}"')
    readline.parse_and_bind("tab: complete")
    for line in _asked():
        history.append(line)
        yield line
