"""The front ends: `plain` over a pipe and by readline, `prompt` through a terminal of its own, `history`; the command `repl`."""

import io
import os
import pty
import re
import select
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradcalc.cli import main
from gradcalc.cli.repl import history, plain
from gradcalc.cli.repl.session import Session
from tests import HANG
from tests.cli import COMMAND, Ran, Terminal, environment

if sys.platform == "win32":
    pytest.skip("no terminals of this kind", allow_module_level=True)


def piped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], script: bytes, *words: str) -> Ran:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(script)))
    code = main(words or ["repl"])
    told = capsys.readouterr()
    return Ran(code, told.out, told.err)


def test_a_script_from_a_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ran = piped(monkeypatch, capsys, b"# a comment\nf = x^2  # another\nx = 3\n\nf\n_ + 1\n")
    assert ran == (0, "f = x^2\nx = 3\n_1 = 9   17 digits right\ndf/dx = 6\n_2 = 10   17 digits right\n", "")


@pytest.mark.parametrize(
    ("script", "code", "told"),
    [
        (b"1 + 1\nsen(1)\n2 + 2", 2, "error in line 2: sen is no function"),
        (b"log(-1)\n", 3, ""),
        (b"log(-1)\nsen(1)\n", 2, "error in line 2"),
        (b":load /nonexistent\nsen(1)\n", 4, "line 1: /nonexistent"),
        (b"\xff\n1 + 1\n", 2, "line 1: the line is not UTF-8"),
        (b":quit\nsen(1)\n", 0, ""),
        (b"", 0, ""),
    ],
)
def test_the_exit_code_is_that_of_the_worst_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], script: bytes, code: int, told: str
) -> None:
    ran = piped(monkeypatch, capsys, script)
    assert ran.code == code and told in ran.err and "\x1b" not in ran.out + ran.err
    assert (ran.err == "") == (told == "")


def test_errors_in_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ran = piped(monkeypatch, capsys, b":set format json\nsen(1)\n")
    assert ran.code == 2 and '"line": 2' in ran.out and '"kind": "expression"' in ran.out and ran.err == ""


def test_alone_in_a_pipe_it_is_help(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1 + 1\n")))
    assert main([]) == 0 and "Usage: gradcalc" in capsys.readouterr().out


def test_a_prompt_without_libraries(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed: list[str | type[BaseException]] = ["x = 2\nx^2", KeyboardInterrupt, "sen(1)", "_ + 1", EOFError]

    def ask(prompt: str) -> str:
        assert prompt == "> "
        said = typed.pop(0)
        if isinstance(said, str):
            return said
        raise said

    monkeypatch.setattr("builtins.input", ask)
    monkeypatch.setattr(plain.signal, "signal", lambda *words: None)
    assert plain.prompted(Session(), plain._asked()) == 0
    told = capsys.readouterr()
    assert "_1 = 4 " in told.out and "_2 = 5 " in told.out and "error: sen is no function" in told.err


def test_ctrl_c_ends_an_answer_not_the_session(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Slow(Session):
        def run(self, line: str) -> plain.Reply:
            if line == "slow":
                raise KeyboardInterrupt
            return super().run(line)

    monkeypatch.setattr(plain.signal, "signal", lambda *words: None)
    assert plain.prompted(Slow(), iter(["slow", "1 + 1"])) == 0
    told = capsys.readouterr()
    assert told.err == "interrupted\n" and "_1 = 2 " in told.out


@pytest.mark.parametrize(("term", "dumb"), [("dumb", True), ("", True), ("xterm", False)])
def test_dumb_terminals(monkeypatch: pytest.MonkeyPatch, term: str, dumb: bool) -> None:
    monkeypatch.setenv("TERM", term)
    assert plain.is_dumb() is dumb


def test_which_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(plain, "prompted", lambda session, lines: lines)
    monkeypatch.setattr(plain.gc, "freeze", lambda: None)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(plain, "installed", lambda name: False)
    assert plain.start(True).__name__ == "_with_readline"  # type: ignore[attr-defined]
    monkeypatch.setattr(plain, "installed", lambda name: True)
    assert plain.start(True).__name__ == "asked"  # type: ignore[attr-defined]
    monkeypatch.setenv("TERM", "dumb")
    assert plain.start(True).__name__ == "_asked"  # type: ignore[attr-defined]


def test_history_is_private_and_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history.read() == []
    history.append("f = x^2\nf")
    history.append("  ")
    path = tmp_path / "gradcalc" / "history"
    assert history.place() == path and history.read() == ["f = x^2", "f"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    path.write_text("\n".join(map(str, range(3 * history.MOST))))
    assert history.read()[-1] == str(3 * history.MOST - 1) and len(history.read()) == history.MOST
    assert len(path.read_text().splitlines()) == history.MOST and stat.S_IMODE(path.stat().st_mode) == 0o600
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    history.append("lost")
    assert history.read() == []


class Screen:
    """A command on a terminal of its own; what it shows is read until something is there, however long that takes."""

    def __init__(self, home: Path, *words: str) -> None:
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            changes = {"TERM": "xterm", "XDG_STATE_HOME": str(home), "COLUMNS": "", "LINES": ""}
            os.execve(COMMAND[0], [*COMMAND, *words], environment(**changes))
        self.seen = ""

    def until(self, what: str) -> str:
        """What is shown up to a text, without escape sequences; what comes behind it, perhaps at once, is kept."""
        while what not in self.plain():
            assert select.select([self.handle], [], [], HANG)[0], self.plain()
            self.seen += os.read(self.handle, 65536).decode()
        before, _, self.seen = self.plain().partition(what)
        return before + what

    def plain(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.seen)

    def type(self, keys: str) -> None:
        os.write(self.handle, keys.encode())

    def code(self) -> int:
        """The exit code, once it has ended."""
        while True:
            try:
                if not os.read(self.handle, 65536):
                    break
            except OSError:
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    made = Screen(tmp_path)
    yield made
    os.close(made.handle)


def test_the_prompt_on_a_terminal(screen: Screen, tmp_path: Path) -> None:
    screen.until("> ")
    screen.type("x = 1, y = 2\r")
    screen.until("y = 2\r\n")
    screen.until("> ")
    screen.type("x^2 sin(y)")
    screen.until("df/dx = 1.81859")  # the live line
    screen.type("\r")
    screen.until("_1 = 0.9092974268256817")
    screen.until("> ")
    screen.type("sen(x)")
    screen.until("^ sen is no function")
    screen.type("\x03")
    screen.until("> ")
    screen.type("sen(y)\r")
    screen.until("error: sen is no function")
    screen.until("> ")
    screen.type("2*sincp\t")
    screen.until("i(")
    screen.type("\x03")
    screen.until("> ")
    screen.type("\x04")
    assert screen.code() == 0
    kept = tmp_path / "gradcalc" / "history"
    assert kept.read_text().splitlines() == ["x = 1, y = 2", "x^2 sin(y)", "sen(y)"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
