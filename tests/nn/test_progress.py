"""What training prints: lines of a pipe, the bar of a terminal, narrow and without colours."""

import os
import re
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.nn import progress
from gradcalc.optimize import SGD

TIMES = re.compile(r"\d+s(\x1b\[0m)?( - | )\d+(ms|us|s)/step")


@pytest.fixture
def model() -> nn.Model:
    made = nn.Sequential([nn.Input((2,)), nn.Dense(1, "sigmoid", kernel_initializer="zeros")])
    made.compile(SGD(0.0), "binary_crossentropy", metrics=["accuracy"])
    return made


X, Y = np.ones((6, 2)), np.array([0, 1, 0, 1, 0, 1])


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines, without the times."""
    return TIMES.sub("0s?", capsys.readouterr().out).splitlines()


def test_a_pipe_gets_the_last_line_of_each_epoch(model: nn.Model, capsys: pytest.CaptureFixture[str]) -> None:
    model.fit(X, Y, batch_size=2, epochs=2, validation_data=(X, Y))
    numbers = " - accuracy: 0.5000 - loss: 0.6931 - val_accuracy: 0.5000 - val_loss: 0.6931"
    line = f"3/3 {'━' * 20} 0s?{numbers}"
    assert printed(capsys) == ["Epoch 1/2", line, "Epoch 2/2", line]
    model.fit(X, Y, batch_size=2, verbose=2)
    model.evaluate(X, Y, verbose=2)
    model.predict(X, batch_size=3)
    assert printed(capsys) == [
        "3/3 - 0s? - accuracy: 0.5000 - loss: 0.6931", "1/1 - 0s? - accuracy: 0.5000 - loss: 0.6931",
        f"2/2 {'━' * 20} 0s?",
    ]  # fmt: skip
    for quiet in (0, False):
        model.fit(X, Y, verbose=quiet)
    assert not printed(capsys)


def test_how_many_steps_there_are_may_be_unknown(model: nn.Model, capsys: pytest.CaptureFixture[str]) -> None:
    model.fit(iter([(X, Y), (X, Y)]))
    assert printed(capsys)[0].startswith(f"2/2 {'━' * 20} 0s? - accuracy")


def drawn(
    model: nn.Model, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int
) -> list[str]:
    """What a terminal of so many columns is sent, from one carriage return to the next."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(progress, "INTERVAL", 0)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((columns, 24)))
    model.fit(X, Y, batch_size=2)
    return TIMES.sub("0s?", capsys.readouterr().out).split("\r")[1:]


def test_a_terminal_gets_a_bar_that_grows(
    model: nn.Model, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    lines = drawn(model, monkeypatch, capsys, 120)
    assert lines[0].startswith(f"\x1b[1m1/3\x1b[0m \x1b[32m{'━' * 6}\x1b[0m\x1b[37m{'━' * 14}\x1b[0m \x1b[1m")
    assert len(lines) == 4 and lines[-1].endswith("\n") and "loss: 0.6931" in lines[-1]


def test_a_narrow_terminal_gets_what_fits(
    model: nn.Model, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for columns in (60, 30, 12):
        *lines, last = drawn(model, monkeypatch, capsys, columns)
        assert all(len(line) < columns and "\x1b" not in line for line in lines) and "loss: 0.6931" in last


@pytest.mark.parametrize(
    ("seconds", "clock", "short"),
    [
        (0, "0s", "0s"),
        (59.4, "59s", "59s"),
        (67, "1:07", "67s"),
        (3607, "1:00:07", "3607s"),
        (0.0123, "0s", "12ms"),
        (5e-5, "0s", "50us"),
    ],
)
def test_times_are_short(seconds: float, clock: str, short: str) -> None:
    assert (progress._clock(seconds), progress._short(seconds)) == (clock, short)


def test_small_numbers_have_exponents() -> None:
    values: list[Any] = [0.5, 1e-3, 0.0, -2.0, float("nan")]
    assert [progress._number(value) for value in values] == ["0.5000", "1.0000e-03", "0.0000e+00", "-2.0000", "nan"]
