"""Answers of descents: strict JSON; the trace, every step with all digits, complete or not there."""

import csv
import json
import os
import stat
from pathlib import Path

import pytest

from gradcalc.errors import FileError
from gradcalc.optimize.descend import OPTIMIZERS, descend
from gradcalc.optimize.descent.answer import Descent, write_trace


def quadratic(optimizer: str = "sgd") -> Descent:
    rate = 0.1 if optimizer == "sgd" else None
    return descend("x**2 + sum(y**2)", {"x": 1, "y": [2, 3]}, optimizer=optimizer, learning_rate=rate, steps=7)


def test_every_step_is_a_row_whose_numbers_read_back_exactly(tmp_path: Path) -> None:
    made = quadratic()
    write_trace([made], tmp_path / "trace.csv")
    head, *rows = list(csv.reader((tmp_path / "trace.csv").read_text().splitlines()))
    assert head == ["step", "value", "gradient_norm", "x", "y[0]", "y[1]"]
    assert len(rows) == made.steps + 1 == 8
    for row, step in zip(rows, made.watch, strict=True):
        assert (int(row[0]), float(row[1]), float(row[2])) == (step.number, step.value, step.gradient_norm)
        assert tuple(map(float, row[3:])) == step.at
    assert os.listdir(tmp_path) == ["trace.csv"]


def test_the_trace_of_a_descent_that_left_ends_where_it_left(tmp_path: Path) -> None:
    made = descend("sqrt(x) + x", {"x": 1}, learning_rate=0.5)
    write_trace([made], tmp_path / "trace.csv")
    assert (tmp_path / "trace.csv").read_text().splitlines()[-1] == f"{made.steps},nan,nan,-0.75"


def test_several_descents_share_a_file_and_are_told_apart(tmp_path: Path) -> None:
    write_trace([quadratic("sgd"), quadratic("newton")], tmp_path / "trace.csv")
    rows = list(csv.DictReader((tmp_path / "trace.csv").read_text().splitlines()))
    assert {row["optimizer"] for row in rows} == {"sgd", "newton"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_device_is_written_not_replaced() -> None:
    with pytest.raises(FileError, match="cannot write /dev/full: No space left on device"):
        write_trace([quadratic()], Path("/dev/full"))
    write_trace([quadratic()], Path(os.devnull))
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "least-squares"])
def test_the_json_of_every_end_is_strict(optimizer: str) -> None:
    for formula in ("x^2", "x^3", "log(x)", "1/(x-1)^2", "exp(x^2)", "abs(x)", "x"):
        json.dumps(descend(formula, {"x": 1}, optimizer=optimizer, steps=50).to_dict(), allow_nan=False)
