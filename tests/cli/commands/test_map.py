"""`gradcalc map` as a user and a script meet it: files, pipes, JSON, killed runs, errors."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.csv import read_csv

from tests.cli import environment, run

COMMAND = (sys.executable, "-m", "gradcalc", "map")


def ran(*words: str, **options: Any) -> subprocess.CompletedProcess[Any]:
    options = {"text": True, "env": environment()} | options
    return subprocess.run((*COMMAND, *words), capture_output=True, check=False, **options)


@pytest.fixture
def points(tmp_path: Path) -> Path:
    (tmp_path / "points.csv").write_text("x,y\n1,2\n3,4\n-1,5\n")
    return tmp_path / "points.csv"


def test_a_file_becomes_a_file_and_the_terminal_hears_what_was_done(points: Path, tmp_path: Path) -> None:
    made = ran("log(x)*y", str(points), "-o", str(tmp_path / "out.csv"), "--keep", "all")
    assert (made.returncode, made.stdout) == (0, "")
    done, undefined, digits = made.stderr.splitlines()
    assert done.startswith(f"{tmp_path / 'out.csv'}: 3 rows, ") and done.endswith(" rows/s")
    assert undefined == "rows where the formula is undefined: 1 (row 3)"
    assert digits.startswith("2 random rows by interval arithmetic: at least ")
    rows = (tmp_path / "out.csv").read_text().splitlines()
    assert rows[:2] == ["x,y,f,df/dx,df/dy", "1,2,0,2,0"] and rows[3].startswith("-1,5,nan")
    assert ran("x", str(points), "-o", str(tmp_path / "out.csv"), "--quiet").stderr == ""


def test_json_tells_what_was_done(points: Path, tmp_path: Path) -> None:
    output = str(tmp_path / "out.npz")
    made = ran("k*x*y", str(points), "-o", output, "--let", "k=2", "--wrt", "y", "--json", "-q")
    told = json.loads(made.stdout)
    assert made.returncode == 0 and told.pop("seconds") > 0
    certified = {"rows": 3, "worst_digits": 17, "worst_row": 1, "worst_column": "f", "unsettled": 0, "late": False}
    assert told.pop("certified") == certified
    assert told == {
        "schema": 1, "command": "map", "expression": "k*x*y", "rows": 3, "undefined": 0, "undefined_rows": [],
        "kinks": 0, "kink_rows": [], "nan_derivatives": 0, "infinite_derivatives": 0,
        "nulls": 0, "dropped": 0, "resumed": 0, "output": output, "columns": ["f", "df/dy"],
        "digits": None,
    }  # fmt: skip
    assert np.load(output)["f"].tolist() == [4.0, 24.0, -10.0]


def test_from_a_pipe_to_a_pipe(points: Path) -> None:
    made = ran("x*(-y)", "-", "-o", "-", "--format", "csv", "-q", input=points.read_text())
    assert (made.returncode, made.stdout) == (0, "f,df/dx,df/dy\n-2,-2,-1\n-12,-4,-3\n5,-5,1\n")
    made = ran("x*y", "-", "-o", "-", "--format", "arrow", "-q", input=points.read_bytes(), text=False)
    assert pa.ipc.open_stream(made.stdout).read_all()["f"].to_pylist() == [2.0, 12.0, -5.0]


def test_what_is_wrong_in_standard_input_is_said_of_it(tmp_path: Path) -> None:
    for text, message in (("x\n1\nq\n", "line 3, column x: 'q' is no number"), ("x\n,1\n", "line 2: the header names")):
        made = ran("x", "-", "-o", str(tmp_path / "out.csv"), input=text)
        assert made.returncode == 4 and made.stderr.startswith(f"error: standard input, {message}")
    assert os.listdir(tmp_path) == []


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": np.arange(1_000_000.0)}), tmp_path / "in.parquet")
    words = (*COMMAND, "x", str(tmp_path / "in.parquet"), "-o", "-", "--format", "csv")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == b"f,df/dx\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has it")
def test_a_device_without_room_is_named() -> None:
    made = ran("x", "-", "-o", "/dev/full", "--format", "csv", input="x\n1\n")
    assert (made.returncode, made.stderr) == (4, "error: cannot write /dev/full: No space left on device\n")


@pytest.mark.parametrize("number", [9, 2])
def test_a_killed_or_interrupted_run_leaves_no_output_and_is_resumed(tmp_path: Path, number: int) -> None:
    x = np.random.default_rng(0).normal(size=2_500_000)
    source, output = tmp_path / "in.parquet", tmp_path / "out.csv"
    pq.write_table(pa.table({"x": x}), source)
    words = ("exp(x)", str(source), "-o", str(output))
    state = tmp_path / ".out.csv.gradcalc" / "state"
    with subprocess.Popen((*COMMAND, *words), stderr=subprocess.PIPE, env=environment()) as process:
        while not state.exists() or state.read_text().count("\n") < 3:
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(number)
        assert process.wait() == (130 if number == 2 else -9)
        said = process.stderr.read().decode() if process.stderr else ""
        assert re.fullmatch(
            r"[\d,]+ rows are kept in .*; --resume goes on with them\ninterrupted\n" if number == 2 else "", said
        )
    assert not output.exists() and state.exists()
    made = ran(*words, "--resume", "--json", "-q")
    told = json.loads(made.stdout)
    assert (made.returncode, told["rows"]) == (0, len(x)) and told["resumed"] >= 100_000
    assert sorted(os.listdir(tmp_path)) == ["in.parquet", "out.csv"]
    found = read_csv(output)
    assert found.num_rows == len(x) and found.column_names == ["f", "df/dx"]
    assert all(np.allclose(found[name], np.exp(x), rtol=1e-15) for name in found.column_names)


def test_the_name_of_the_output_may_be_run_into_its_option(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x\n3\n")
    assert ran("-x", "in.csv", "-oout.csv", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out.csv").read_text().split()[1] == "-3,-1"
    assert "no column o" in ran("-o.T", "in.csv", "-o", "a.csv", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("x", "nothing.csv", "-o", "o.csv"), 4, "nothing.csv: No such file or directory"),
        (("x", "no*.csv", "-o", "o.csv"), 4, "no file matches no*.csv"),
        (("x*k", "points.csv", "-o", "o.csv"), 4, "points.csv has no column k\ntry: its columns: x, y; or a value: --let k=..."),
        (("x", "points.csv", "-o", "points.csv"), 2, "points.csv is read and written at once"),
        (("x", "points.csv", "-o", "o.xyz"), 2, "o.xyz: its suffix names no format"),
        (("x", "points.csv", "-o", ""), 2, "an empty name: its suffix names no format"),
        (("x", "points.csv", "-o", "-"), 2, "standard output names no format"),
        (("x", "points.csv", "-o", "-", "--format", "npz"), 2, "npz cannot be written to standard output"),
        (("x", "points.csv", "-o", "no/o.csv"), 4, "cannot write no/o.csv: there is no directory"),
        (("x", "points.csv", "-o", "-", "--json"), 2, "--json and -o - both use standard output"),
        (("-", "-", "-o", "o.csv"), 2, "formula and data cannot both come from standard input"),
        (("x", "points.csv"), 2, "missing option '--output' / '-o'"),
        (("x", "points.csv", "-o", "o.csv", "--keep", "a,"), 2, "--keep a,: a name is empty"),
        (("2", "points.csv", "-o", "o.csv"), 2, "the formula has no variable, so no column is needed"),
        (("log(-x)", "points.csv", "-o", "o.csv", "--undefined", "fail"), 3, "the formula is undefined in row 1 of points.csv: x=1"),
        (("x", ".", "-o", "o.csv", "--resume", "--order", "3"), 2, "invalid value for '--order'"),
    ],
)  # fmt: skip
def test_errors_say_what_and_leave_nothing(
    points: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(points.parent)
    made = run("map", *words)
    assert (made.code, made.out) == (code, "" if "--json" not in words else made.out)
    assert message in (made.out if "--json" in words else made.err)
    assert os.listdir(points.parent) == ["points.csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of addresses are Linux's")
@pytest.mark.parametrize(
    ("megabytes", "output", "code"),
    [(300, "o.csv", 1), (500, "o.csv", 0), (500, "o.parquet", 1), (800, "o.parquet", 0)],
)
def test_few_addresses_are_enough_or_one_sentence_says_how_many_are_needed(
    tmp_path: Path, megabytes: int, output: str, code: int
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("x,y\n1,2\n3,4\n")
    limit = f"import resource as r; r.setrlimit(r.RLIMIT_AS, ({megabytes}000000, {megabytes}000000)); "
    words = ["map", "x*y", str(source), "-o", str(tmp_path / output)]
    text = f"{limit}import sys; from gradcalc.cli import main; sys.exit(main({words!r}))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120)
    assert done.returncode == code
    assert done.stderr.startswith("error: not enough memory: " if code else f"{tmp_path / output}: 2 rows")
    assert sorted(os.listdir(tmp_path)) == ["in.csv", *([] if code else [output])]
