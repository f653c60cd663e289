"""The line that shows how far a command has come: a bar, rows, speed, time left."""

import sys

import pytest

from gradcalc.cli import progress
from tests.cli import Terminal


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
