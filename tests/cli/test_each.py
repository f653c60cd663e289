"""`each` and `answers`: a formula a line, in every medium; what is wrong with a line is the answer of that line alone."""

import csv
import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli import COMMAND, Ran, environment, process, run

LINES = """# formulas

x^2*y
sin(x)      # of one variable
log(-x)
(
{"formula": "a*x", "at": {"a": 3}}
5
"""


@pytest.fixture
def lines(tmp_path: Path) -> str:
    """A file of formulas as EXPR names it."""
    return written(tmp_path, LINES)


def written(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "formulas.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return f"@{path}"


def each(source: str, *words: str, command: str = "grad") -> Ran:
    """A command over every line, without SymPy."""
    return run(command, source, "--each", *words, "--no-symbolic")


def objects(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


def test_json_is_an_object_a_line_and_an_error_is_one_of_them(lines: str) -> None:
    ran = each(lines, "--at", "x=1,y=2", "--json")
    found = objects(ran)
    assert [entry["line"] for entry in found] == [3, 4, 5, 6, 7, 8]
    assert found[0]["points"][0]["gradient"] == {"x": 4.0, "y": 1.0}
    assert found[0]["schema"] == 1 and found[0]["command"] == "grad" and found[0]["expression"] == "x**2*y"
    assert found[1]["points"][0]["at"] == {"x": 1.0}, "y is left over"
    assert found[2]["points"][0]["verdict"] == "undefined"
    assert set(found[3]) == {"error", "line"} and found[3]["error"]["message"] == "( is never closed"
    assert found[4]["points"][0]["gradient"] == {"x": 3.0, "a": 1.0}
    assert found[5]["points"][0]["value"] == 5.0
    assert (ran.code, ran.err) == (2, "")


def test_pages_come_one_after_the_other_and_errors_beside_them(lines: str) -> None:
    ran = each(lines, "--at", "x=1,y=2")
    assert [line for line in ran.out.splitlines() if line.startswith("f =")] == [
        "f = x**2*y", "f = sin(x)", "f = log(-x)", "f = a*x", "f = 5",
    ]  # fmt: skip
    assert "error in line 6: ( is never closed" in ran.err and ran.err.count("error") == 1
    assert each(lines, "--at", "x=1,y=2", "--format", "markdown").out.count("value **") == 5


def test_csv_is_one_table_with_the_columns_of_all(lines: str) -> None:
    rows = list(csv.DictReader(io.StringIO(each(lines, "--at", "x=1,y=2", "--format", "csv").out)))
    assert [row["formula"] for row in rows] == ["x^2*y", "sin(x)", "log(-x)", "(", "a*x", "5"]
    assert [row["df/dy"] for row in rows] == ["1.0", "", "", "", "", ""]
    assert [row["error"] for row in rows] == ["", "", "", "( is never closed", "", ""]
    long = list(csv.DictReader(io.StringIO(each(lines, "--at", "x=1,y=2", "--csv-long").out)))
    assert {row["line"] for row in long} == {"3", "4", "5", "6", "7", "8"}
    assert {"line", "formula", "point", "variable", "field", "value", "error"} == set(long[0])


@pytest.mark.parametrize(
    ("shape", "part", "count", "formulas"),
    [
        ("html", "<html", 1, ("x**2*y", "log(-x)")),
        ("latex", r"\begin{align*}", 5, ("x^{2} y", r"\log\left(-x\right)")),
    ],
)
def test_a_document_is_one_of_all_lines(
    lines: str, shape: str, part: str, count: int, formulas: tuple[str, str]
) -> None:
    ran = each(lines, "--at", "x=1,y=2", "--format", shape)
    assert ran.out.count(part) == count
    assert all(part in ran.out for part in formulas)
    assert "error in line 6: ( is never closed" in ran.err


@pytest.mark.parametrize(
    ("text", "code"),
    [("x\n2x\n", 0), ("x\nlog(-x)\n", 3), ("log(-x)\n(\nx\n", 2), ("", 0), ("# nothing\n\n", 0)],
)
def test_the_exit_code_is_that_of_the_worst_line(tmp_path: Path, text: str, code: int) -> None:
    assert each(written(tmp_path, text), "--at", "x=1", "--json").code == code


@pytest.mark.parametrize(
    ("line", "gradient"),
    [
        ({"formula": "a*x^2", "at": {"a": 3}}, {"x": 12.0, "a": 4.0}),
        ({"formula": "a*x^2", "at": {"x": 1, "a": 3}}, {"x": 6.0, "a": 1.0}),
        ({"formula": "a*x^2", "let": {"a": 3}}, {"x": 12.0}),
        ({"formula": "a*x^2", "let": "a=3"}, {"x": 12.0}),
        ({"formula": "a*x^2", "at": "a=6/2", "wrt": "a"}, {"a": 4.0}),
        ({"formula": "a*x^2", "at": "a=3", "wrt": ["a", "x"]}, {"a": 4.0, "x": 12.0}),
        ({"formula": "n*x"}, {"x": 7.0}),
        ({"formula": "n*x", "let": {"n": 2}}, {"x": 2.0}),
        ({"expression": "x^2", "wrt": None}, {"x": 4.0}),
        ({"formula": "sum(v)*x", "at": {"v": [1, 2]}}, {"x": 3.0, "v": [2.0, 2.0]}),
        ({"formula": "e^x", "at": {"x": 0}}, {"x": 1.0}),
    ],
)
def test_a_line_may_say_its_own(tmp_path: Path, line: dict[str, Any], gradient: dict[str, Any]) -> None:
    found = objects(each(written(tmp_path, json.dumps(line)), "--at", "x=2", "--let", "n=7", "--json"))
    assert found[0]["points"][0]["gradient"] == gradient


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ('{"formula": "x", "wtr": "x"}', "a line has no wtr", "wrt"),
        ('{"at": {"x": 1}}', "the line has no formula", None),
        ('{"formula": 5}', "the line has no formula", None),
        ('{"formula": "x"', "the line is no JSON object", None),
        ('{"formula": "x", "formula": "y"}', "a name has two values", None),
        ('{"formula": "x*y", "at": {"x": 1}}', "no value for y", "--at x=1,y=..."),
        ('{"formula": "x", "at": {"x": 1, "z": 2}}', "does not contain z", None),
        ('{"formula": "x", "at": 5}', None, None),
        ('{"formula": "x", "at": [5]}', "at is no point", None),
        ('{"formula": "x", "at": {"x": NaN}}', "must be finite", None),
        ('{"formula": "x", "at": {"x": true}}', "must be a number", None),
        ('{"formula": "x", "let": [1]}', "let is no mapping", None),
        ('{"formula": "x", "wrt": 3}', "it names variables", None),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_line_is_told(tmp_path: Path, line: str, message: str | None, hint: str | None) -> None:
    bad, good = objects(each(written(tmp_path, f"{line}\nt^2"), "--at", "t=1", "--json"))
    assert good["points"][0]["gradient"] == {"t": 2.0}, "the rest goes on"
    if message is None:
        assert bad["points"][0]["at"] == {"x": 5.0}
    else:
        assert message in bad["error"]["message"]
        assert hint is None or hint in bad["error"]["hint"]


def test_a_value_without_a_name_is_for_the_variable_of_each_line(tmp_path: Path) -> None:
    found = objects(each(written(tmp_path, "x^2\nt^3\nx*t"), "--at", "2", "--json"))
    assert [entry["points"][0]["gradient"] for entry in found[:2]] == [{"x": 4.0}, {"t": 12.0}]
    assert "2 variables: x, t" in found[2]["error"]["message"]


def test_a_range_over_what_a_line_lacks_makes_no_points_twice(tmp_path: Path) -> None:
    found = objects(each(written(tmp_path, "x^2\nx*y"), "--at", "x=1:2:1,y=0:1:0.5", "--json"))
    assert [len(entry["points"]) for entry in found] == [2, 6]


def test_lines_that_cannot_be_read(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbfx\r\n\xff\n" + b"x+" * 300 + b"x\nx*2"
    found = objects(each(written(tmp_path, text), "--at", "x=1", "--json", "--max-text", "100"))
    assert [entry["line"] for entry in found] == [1, 2, 3, 4]
    assert "not UTF-8" in found[1]["error"]["message"]
    assert "longer than 100 characters" in found[2]["error"]["message"]
    assert found[3]["points"][0]["gradient"] == {"x": 2.0}


@pytest.mark.parametrize("command", [["hessian"], ["diff", "x"], ["taylor"]])
def test_other_commands_answer_lines_too(tmp_path: Path, command: list[str]) -> None:
    source = written(tmp_path, "x^2\n)\nexp(x)*y")
    name, *rest = command
    symbolic = [] if name == "taylor" else ["--no-symbolic"]
    ran = run(name, source, *rest, "--each", "--at", "x=1,y=2", "--json", *symbolic)
    found = objects(ran)
    assert [entry.get("command") for entry in found] == [name, None, name] and ran.code == 2
    assert "error" in found[1]
    assert run(name, source, *rest, "--each", "--at", "x=1,y=2", "--format", "csv", *symbolic).out.startswith("line,")


def test_a_formula_that_is_typed_is_no_source_of_lines() -> None:
    ran = each("x^2", "--at", "x=1")
    assert ran.code == 2 and "--each reads a formula a line" in ran.err
    assert each("@nowhere.txt").code == 4


def started(*words: str) -> subprocess.Popen[bytes]:
    """A command that reads formulas from a pipe."""
    command = [*COMMAND, "grad", "-", "--each", "--no-symbolic", "--json", *words]
    return subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, env=environment())


def test_each_answer_comes_as_soon_as_its_line_is_there_and_an_interrupt_keeps_it() -> None:
    with started("--at", "x=3") as running:
        assert running.stdin and running.stdout and running.stderr
        for formula, slope in (("x^2", 6.0), ("x^3", 27.0)):
            running.stdin.write(f"{formula}\n".encode())
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["points"][0]["gradient"] == {"x": slope}
        running.send_signal(signal.SIGINT)
        assert (running.wait(60), running.stderr.read()) == (130, b"interrupted\n")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of a shell")
def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    with started("--at", "x=3") as running:
        assert running.stdin and running.stdout and running.stderr
        running.stdin.write(b"x^2\n")
        running.stdin.flush()
        running.stdout.readline()
        running.stdout.close()
        running.stdin.write(b"x^2\n" * 50)
        running.stdin.close()
        assert (running.wait(60), running.stderr.read()) == (0, b"")


def test_one_process_of_sympy_answers_all(tmp_path: Path) -> None:
    source = written(tmp_path, "\n".join(f"x^{n}" for n in range(2, 12)))
    ran = process("grad", source, "--each", "--at", "x=1", "--json", "--symbolic-timeout", "60")
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [entry["points"][0]["symbolic"]["x"]["formula"] for entry in found][:2] == ["2*x", "3*x**2"]
    assert len(found) == 10 and all(entry["symbolic_status"] == "done" for entry in found)
