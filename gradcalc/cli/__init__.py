"""The command line: reads the words, starts SymPy early, and turns every failure into a message and an exit code.

See README.md.
"""

import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import RawIOBase, StringIO
from types import FrameType
from typing import Any, NoReturn, TextIO

from gradcalc.errors import ExitCode, FileError, GradcalcError, memory_limit, understood

_SHORT = b"error: not enough memory\n"
"""All that is said where nothing longer can be."""


def run() -> NoReturn:
    """The console script: run the words of this process and exit."""
    listen()
    gc.disable()  # the process lives for one answer, and looking for cycles takes a sixth of a long one
    code = main(sys.argv[1:])
    if ours := signal.getsignal(signal.SIGINT) == interrupted:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the answer is there: nothing is left to be interrupted
    room: Any = sys.modules.get("gradcalc.cli.room")
    if room:
        room.code = code
    threads = sys.modules.get("threading")
    with suppress(MemoryError):
        if threads is not None and not (code == ExitCode.INTERRUPTED and ours):  # else those at work are not waited for
            threads._shutdown()
    with suppress(MemoryError):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, MemoryError):
            stream.flush()
    os._exit(code)  # to take apart what was loaded takes as long as a small answer


def listen() -> None:
    """From now on an interrupt, and an error that Python could only print, end as all else does."""
    early = getattr(sys.modules["gradcalc"], "_stop", None)
    if signal.getsignal(signal.SIGINT) in (signal.default_int_handler, early):  # ignored under nohup: so it stays
        signal.signal(signal.SIGINT, interrupted)
    sys.unraisablehook = _unraisable


def interrupted(number: int, frame: FrameType | None) -> None:
    """Ctrl-C: an exception where work goes on; within an import, whose library would be left half made, the end."""
    if imports(frame):
        _end_now()
    raise KeyboardInterrupt


def imports(frame: FrameType | None) -> bool:
    """Whether an import is under way: what is raised there leaves a module half made."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _end_now() -> NoReturn:
    """End as interrupted, without a word from any library; what is half written goes."""
    for path in getattr(sys.modules.get("gradcalc.files"), "half_written", ()):
        with suppress(OSError):
            os.unlink(path)
    blank = getattr(sys.modules.get("gradcalc.cli.progress"), "blank", str)
    with suppress(OSError):
        os.write(2, f"{blank()}interrupted\n".encode())
    os._exit(ExitCode.INTERRUPTED)


def _unraisable(what: "sys.UnraisableHookArgs") -> None:
    """What fails where no exception can be raised: an interrupt ends; all else, as of closing, is not worth a word."""
    if what.exc_type is KeyboardInterrupt:
        _end_now()


def main(words: Sequence[str]) -> int:
    """Run a command line and return its exit code; whatever goes wrong ends as a message, never a traceback."""
    try:
        return _answered(words)
    except BrokenPipeError:
        _discard_output()
        return ExitCode.DONE
    except OSError as error:
        _discard_output()
        return _fail(FileError(f"cannot write the result: {error.strerror or error}"), json=False)
    except MemoryError:  # there was none to tell it either
        with suppress(OSError):
            os.write(2, _SHORT)
        return ExitCode.NO


def _answered(words: Sequence[str]) -> int:
    """Run a command line; what goes wrong, but for writing, is told where the answer would stand."""
    pairs = zip(words, words[1:], strict=False)
    json = bool({"--json", "--format=json"} & set(words)) or ("--format", "json") in pairs
    return _guarded(lambda: _run(words or _alone()), json)


def _alone() -> list[str]:
    """What `gradcalc` means without a word: a session on a terminal, else help."""
    return ["repl"] if sys.stdin.isatty() and sys.stdout.isatty() else ["--help"]


def _prepare_streams() -> None:
    """Any character can be written to any stream, in whole; what is closed swallows all."""
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115 - as long as the process lives
    sys.stdout = _buffered(sys.stdout or open(os.devnull, "w"))  # noqa: SIM115
    sys.stderr = _buffered(sys.stderr or open(os.devnull, "w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _buffered(stream: TextIO) -> TextIO:
    """A stream whose lines are written in whole; under PYTHONUNBUFFERED Python drops what the system did not take."""
    if not isinstance(getattr(stream, "buffer", None), RawIOBase):
        return stream
    return open(stream.fileno(), "w", buffering=1, encoding=stream.encoding, closefd=False)


def _run(words: Sequence[str]) -> int:
    _prepare_streams()
    if limit := memory_limit():
        from gradcalc.cli.room import save_room

        save_room(limit)
    from gradcalc.cli.arguments import looks_like_formula

    asks = words and (words[0] in ("grad", "hessian", "jacobian", "diff") or looks_like_formula(words[0]))
    if asks and not {"--no-symbolic", "--help"} & set(words):
        from gradcalc.truth.second_opinion import get_worker

        get_worker().start()  # SymPy loads in its process while this one reads the formula
    from gradcalc.cli.app import invoke

    code = invoke(words)
    sys.stdout.flush()
    return code


def _guarded(action: Callable[[], int], json: bool) -> int:
    """Run an action; an error of gradcalc or of the system becomes a message and its exit code."""
    try:
        return action()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except Exception as error:
        known = understood(error)
        if known is None:
            raise
        return _fail(known, json)


def _fail(error: GradcalcError, json: bool) -> int:
    """Show an error: JSON on stdout for scripts, text with a caret on stderr for people."""
    if json:
        from json import dumps

        print(dumps({"error": error.to_dict()}, ensure_ascii=True), flush=True)
    else:
        with suppress(OSError):
            print(f"error: {error}", file=sys.stderr)
    return error.exit_code


def _discard_output() -> None:
    """Nothing more can be written: the reader has gone, or the disk is full."""
    with suppress(OSError):  # no descriptor is left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.stdout = StringIO()  # what the old one still holds is not to be written at exit
