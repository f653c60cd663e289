"""The line that shows how far a command has come: a bar, rows, speed, time left; what is said by `work`."""

import contextlib
import sys
import threading

import pytest

from gradcalc import work
from gradcalc.cli import app, progress
from tests import HANG
from tests.cli import Terminal, run


def test_a_bar_shows_rows_speed_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_DELAY", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    monkeypatch.setattr(progress, "_width", lambda: 200)
    clock = iter(float(second) for second in range(100))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.RowsLine("map") as line:
        line(1000, 4000)
        line(3000, 4000)
        line(4000, 4000)
        line(3000, None)
    shown = [text.strip() for text in stream.getvalue().split("\r")]
    assert shown[1].startswith("map: [###############.....] 75%, ") and shown[1].endswith(" s left")
    assert shown[2].endswith(" rows/s, finishing")
    assert shown[3].startswith("map: 3,000 rows, ") and shown[-1] == ""
    assert [progress._duration(seconds) for seconds in (5.2, 200, 7500)] == ["5 s", "3:20 min", "2:05 h"]


def test_a_watched_command_says_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = progress.Watch("taylor")
    assert watch.text(0.6) == "taylor: loading, 1 s"
    with work.watched(watch.work):
        work.doing("proving digits")
        assert watch.text(3.2) == "taylor: proving digits, 3 s"
        for point in work.counted(["a", "b", "c", "d"], "points"):
            if point == "c":
                assert watch.text(90.0) == "taylor: points [##########..........] 2 of 4, proving digits, 1:30 min"
        assert list(work.counted(["a"], "variables")) == ["a"] and watch.work.of == "points"
        work.reached(6, "line")
        assert watch.text(2.0) == "taylor: line 7, proving digits, 2 s"
    work.doing("nothing that is heard")
    assert watch.work.what == "proving digits"


def test_the_line_appears_after_a_while_and_makes_room_for_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    seen = threading.Event()

    class Seen(Terminal):
        def write(self, text: str) -> int:
            written.append(text)
            seen.set()
            return len(text)

    monkeypatch.setattr(progress, "_DELAY", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 0.001)
    monkeypatch.setattr(sys, "stderr", Seen())
    with progress.watching("grad"):
        work.doing("reading the formula")
        assert seen.wait(HANG)
        progress.clear()
        progress.silence()
        count = len(written)
        assert "grad: " in "".join(written) and written[-1] == "\r" and progress.blank() == "\r\r"
    assert len(written) == count
    progress.clear()


def test_commands_are_watched_where_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def watching(name: str) -> contextlib.AbstractContextManager[None]:
        begun.append(name)
        return contextlib.nullcontext()

    monkeypatch.setattr(app, "watching", watching)
    for words in (["functions", "sin"], ["taylor", "x", "--at", "1"], ["taylor", "x", "--at", "1", "-q"]):
        run(*words, err=Terminal())
        run(*words)
    assert begun == ["functions", "taylor"]
