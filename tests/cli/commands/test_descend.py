"""`gradcalc descend` as a user and a script meet it: tables, JSON, files, comparison, interruption, errors."""

import csv
import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gradcalc import files
from gradcalc.cli import progress
from gradcalc.errors import columns
from gradcalc.optimize import descend as api
from gradcalc.optimize.descend import OPTIMIZERS
from gradcalc.optimize.descent.answer import Comparison
from gradcalc.optimize.descent.watch import Step
from gradcalc.show.answer import Answer
from gradcalc.show.terminal import View, draw
from tests.cli import COMMAND, Ran, Terminal, environment, run

ROSENBROCK = "(1-x)^2 + 100(y-x^2)^2"
START = ("--at", "x=-1.2,y=1")


def descend(*words: str, err: io.StringIO | None = None) -> Ran:
    """`gradcalc descend` in this process."""
    return run("descend", *words, err=err)


def answered(*words: str, code: int = 0) -> Any:
    """The JSON of an answer."""
    ran = descend(*words, "--json")
    assert (ran.code, ran.err) == (code, "")
    return json.loads(ran.out)


def refused(*words: str, code: int = 2) -> str:
    """The message of a command that must fail, with nothing on standard output."""
    ran = descend(*words)
    assert (ran.code, ran.out) == (code, "")
    return ran.err.removeprefix("error: ")


# -- the main job ------------------------------------------------------------------------------------------------------


def test_the_seed_formula_ends_at_its_minimum_and_shows_how() -> None:
    ran = descend("x**2 + 2*x + 1", "--at", "x=0", "--lr", "0.1", "--steps", "100")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == ["f = x**2 + 2*x + 1", "optimizer sgd, lr 0.1"]
    assert re.fullmatch(r"│ +0 │ +1 │ +2 │ +0 │", lines[5])
    assert re.fullmatch(r"│ +100 │ +0 │ +4\.\d+e-10 │ +-1 │", lines[15])
    assert "converged after 100 steps" in lines
    assert "value 0" in lines
    assert any(re.fullmatch(r"at x = -0\.99999999979\d+", line) for line in lines)
    assert "point local minimum   eigenvalues 2" in lines


def test_json_is_the_reports_own() -> None:
    answer = answered("x**2", "--at", "x=1", "--lr", "0.25", "--steps", "3")
    expected = api.descend("x**2", {"x": 1}, learning_rate=0.25, steps=3).to_dict()
    assert answer == expected
    assert (answer["command"], answer["steps"], answer["at"]) == ("descend", 3, {"x": 0.125})


def test_json_has_the_ends_of_the_trace_or_all_of_it() -> None:
    words = ("x**4", "--at", "x=1", "--lr", "0.01", "--steps", "20")
    assert [step["step"] for step in answered(*words)["trace"]] == [0, 20]
    ran = descend(*words, "--json", "--json-trace")
    assert [step["step"] for step in json.loads(ran.out)["trace"]] == list(range(21))
    both = json.loads(descend(*words[:-2], "--compare", "sgd,adam", "--json", "--json-trace").out)["compare"]
    assert [len(each["trace"]) for each in both] == [1_000, 1_000]


def test_auto_says_what_it_chose() -> None:
    assert "optimizer least-squares, chosen by auto" in descend(ROSENBROCK, *START).out
    assert "optimizer newton, chosen by auto" in descend("cosh(x)", "--at", "x=1").out


def test_a_piped_table_has_every_variable() -> None:
    ran = descend("sum((x-1)^2)", "--at", f"x={list(range(40))}", "--lr", "0.1")
    assert all(f"x[{i}]" in ran.out for i in range(40))
    assert "…" not in ran.out


def test_csv_is_long_with_a_point_for_each_step() -> None:
    ran = descend("x**2 + y[0]", "--at", "x=1,y=[2]", "--lr", "0.25", "--steps", "1", "--format", "csv")
    assert list(csv.reader(ran.out.splitlines())) == [
        ["point", "variable", "field", "value"],
        ["0", "", "value", "3.0"],
        ["0", "", "gradient_norm", repr(5**0.5)],
        ["0", "x", "at", "1.0"],
        ["0", "y[0]", "at", "2.0"],
        ["1", "", "value", "2.0"],
        ["1", "", "gradient_norm", repr(2**0.5)],
        ["1", "x", "at", "0.5"],
        ["1", "y[0]", "at", "1.75"],
    ]  # fmt: skip


def test_the_forecast_comes_first_and_the_post_mortem_last() -> None:
    ran = descend("x**2", "--at", "x=1", "--lr", "1.1")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[1].startswith("forecast: lr 1.1 is above")
    (last,) = (number for number, line in enumerate(lines) if line.startswith("what happened: "))
    assert all(line.startswith("  ") for line in lines[last + 1 :])
    assert "diverged after" in ran.out
    assert "value 1   at step 0, the best" in lines[:last]


def test_a_nan_on_the_way_is_shown_in_the_text() -> None:
    ran = descend("x + sqrt(x)", "--at", "x=1", "--lr", "0.5")
    assert ran.code == 1
    assert "  x + sqrt(x)\n      ^^^^^^^\n" in ran.out


def test_a_start_without_a_value_is_undefined() -> None:
    assert descend("log(x)", "--at", "x=-1").code == 3
    assert answered("log(x)", "--at", "x=-1", "--lr", "0.1", code=3)["value"] == "nan"


def test_help_names_every_optimizer() -> None:
    text = re.sub(r"-?\n +", lambda found: found.group()[0] if found.group()[0] == "-" else " ", descend("--help").out)
    assert all(re.search(rf"\b{name}\b", text) for name in OPTIMIZERS)


# -- options -----------------------------------------------------------------------------------------------------------


def test_bounds_take_expressions_and_open_ends() -> None:
    assert answered("(x-3)^2", "--at", "x=1", "--bounds", "x=-pi:max(1,2)")["at"] == {"x": 2.0}
    words = ("sum((x-3)^2)", "--at", "x=[0,0]", "--bounds", "x[0]=:1", "--bounds", "x[1]=-inf:2")
    assert answered(*words)["at"] == {"x": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x=2", "--bounds x=2: x=2 is no bound\ntry: --bounds x=0:5"),
        ("", "--bounds :  is no bound"),
        ("x=0:5,x=1:2", "--bounds names x twice"),
        ("x=[1,2]:3", r"the bound of x is \[1,2\]: it must be a number"),
        ("z=0:1", "--bounds names z, which is no variable"),
        ("x=3:1", "the bounds of x are 3 and 1"),
    ],
)
def test_a_broken_bound_is_told(text: str, message: str) -> None:
    pattern = message.replace("--bounds :  is", "--bounds : nothing is")
    assert re.match(pattern, refused("x**2", "--at", "x=1", "--bounds", text))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--at", "x=1", "--at", "x=2"), "--at gives 2 points: a descent has one start"),
        ((), "no value for x"),
        (("--at", "x=1", "--optimizer", "adm"), "no such optimizer: adm\ntry: adam"),
        (("--at", "x=1", "--compare", "sgd,adm"), "no such optimizer: adm\ntry: adam"),
        (("--at", "x=1", "--compare", "sgd,sgd"), "--compare names sgd twice"),
        (("--at", "x=1", "--compare", "sgd", "--optimizer", "adam"), "both --optimizer and --compare are given"),
        (("--at", "x=1", "--lr", "nan"), "the learning rate is nan"),
        (("--at", "x=1", "--tolerance", "nan"), "invalid value for '--tolerance': nan is not a number from 0"),
        (("--at", "x=1", "--max-seconds", "-1"), "invalid value for '--max-seconds'"),
        (("--at", "x=1", "--format", "xml"), "invalid value for '--format': 'xml' is not one of"),
        (("--at", "x=1", "-lr", "0.1"), "no such option: -lr\ntry: --lr"),
        (("--at", "x=1", "--plot", "path.jpg"), "--plot draws .png, .svg, .pdf, .gif, .webp"),
        (("--at", "x=1", "--plot", "-", "--format", "csv"), "--plot - and csv both use standard output"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_done(words: tuple[str, ...], message: str) -> None:
    assert refused("x**2", *words).startswith(message)


# -- data --------------------------------------------------------------------------------------------------------------


def test_columns_are_bound_by_name_and_read_once(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "points.csv"
    path.write_text("x,y\n0,1\n1,3\n2,5\n")
    words = ("(w*x + b - y)^2", "--at", "w=0,b=0", "--data", str(path))
    answer = answered(*words)
    assert answer["at"] == pytest.approx({"w": 2, "b": 1})
    both = answered(*words, "--compare", "sgd,newton", "--lr", "0.1")["compare"]
    assert [each["status"] for each in both] == ["converged", "converged"]
    batches = (*words, "--lr", "0.05", "--batch-size", "2", "--epochs", "20", "--seed", "3")
    assert answered(*batches) == answered(*batches)
    assert answered(*batches)["steps"] == 40
    mean = answered(*words, "--lr", "0.1", "--steps", "0")["value"]
    assert answered(*words, "--lr", "0.1", "--steps", "0", "--reduce", "sum")["value"] == pytest.approx(3 * mean)
    assert "no such column" in refused("(w*q - y)^2", "--at", "w=0", "--data", str(path), code=2)


def test_a_constant_that_is_a_column_too_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "points.csv").write_text("e,y\n0,1\n1,3\n")
    told = refused("(w*e - y)^2", "--at", "w=0", "--data", str(tmp_path / "points.csv"))
    assert told.startswith("e is a constant, and a column of the data")


def test_nulls_fail_or_are_dropped(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "points.csv"
    path.write_text("x,y\n0,1\n1,\n2,5\n")
    words = ("(w*x + b - y)^2", "--at", "w=0,b=0", "--data", str(path))
    assert "--nulls drop" in refused(*words, code=4)
    ran = descend(*words, "--nulls", "drop", "--json")
    assert json.loads(ran.out)["at"] == pytest.approx({"w": 2, "b": 1})
    assert ran.err == f"{path}: rows without a value that were left out: 1\n"
    assert descend(*words, "--nulls", "drop", "--quiet").err == ""


# -- comparison --------------------------------------------------------------------------------------------------------


def test_a_comparison_has_a_row_for_each_and_gives_the_rate_to_those_that_take_one() -> None:
    ran = descend(ROSENBROCK, *START, "--compare", "sgd,adam,newton", "--lr", "0.001", "--steps", "50")
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"│ sgd, lr 0\.001 +│ finished +│", ran.out)
    assert re.search(r"│ newton +│ converged │ +0 │", ran.out)
    answer = answered(ROSENBROCK, *START, "--compare", "sgd,newton", "--lr", "0.001", "--steps", "50")
    assert list(answer) == ["schema", "command", "expression", "compare"]
    assert [each["learning_rate"] for each in answer["compare"]] == [0.001, None]


def test_a_comparison_fails_only_if_none_converged() -> None:
    words = ("x**2", "--at", "x=1", "--lr", "1.1", "--compare")
    assert descend(*words, "sgd,newton").code == 0
    assert descend(*words, "sgd").code == 1
    assert descend("x**2", "--at", "x=1", "--lr", "0.1", "--steps", "3", "--compare", "sgd,adam").code == 1


def test_csv_of_a_comparison_names_the_optimizer() -> None:
    words = ("x**2", "--at", "x=1", "--lr", "0.1", "--steps", "1", "--compare", "sgd,adam", "--format", "csv")
    rows = list(csv.DictReader(descend(*words).out.splitlines()))
    assert [row["optimizer"] for row in rows] == ["sgd"] * 6 + ["adam"] * 6


# -- files -------------------------------------------------------------------------------------------------------------


def test_trace_and_plot_are_written_beside_the_answer(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    trace, plot = tmp_path / "trace.csv", tmp_path / "path.png"
    answer = answered(ROSENBROCK, *START, "--trace", str(trace), "--plot", str(plot))
    rows = list(csv.DictReader(trace.read_text().splitlines()))
    assert len(rows) == answer["steps"] + 1
    assert {name: float(rows[-1][name]) for name in "xy"} == answer["at"]
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_plot_of_data_and_of_a_constant_by_let(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    words = ("sum((w*x + b - y)^2)", "--at", "w=0,b=0", "--let", "x=[0,1],y=[1,3]", "--plot", str(tmp_path / "a.svg"))
    assert descend(*words).code == 0
    pytest.importorskip("pyarrow")
    (tmp_path / "points.csv").write_text("x,y\n0,1\n1,3\n")
    words = ("(w*x - y)^2", "--at", "w=0", "--data", str(tmp_path / "points.csv"), "--plot", str(tmp_path / "b.svg"))
    assert descend(*words).code == 0


def test_the_terminal_gets_a_plot_below_the_table() -> None:
    pytest.importorskip("plotext")
    ran = descend(ROSENBROCK, *START, "--plot", "-")
    assert ran.out.index("point local minimum") < ran.out.index("S start")


def test_a_file_that_cannot_be_written_is_known_before_the_descent(tmp_path: Path) -> None:
    assert "there is no directory" in refused("x**2", "--at", "x=1", "--trace", str(tmp_path / "no" / "t.csv"), code=4)
    assert "it is a directory" in refused("x**2", "--at", "x=1", "--trace", str(tmp_path), code=4)


def test_a_disk_that_fills_up_takes_nothing_from_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_settle", full)
    ran = descend("x**2", "--at", "x=1", "--json", "--trace", str(tmp_path / "trace.csv"))
    assert ran.code == 4
    assert json.loads(ran.out)["status"] == "converged"
    assert "trace.csv: No space left on device" in ran.err
    assert not list(tmp_path.iterdir())


def test_a_file_is_not_written_over_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.csv").write_text("x,y\n1,2\n")
    (tmp_path / "link.csv").symlink_to("p.csv")
    told = refused("(w*x-y)^2", "--at", "w=0", "--data", "p.csv", "--trace", "link.csv")
    assert "--data and --trace are the same file" in told
    assert (tmp_path / "p.csv").read_text() == "x,y\n1,2\n"
    assert descend("x^2", "--at", "x=1", "--trace", "a.png", "--plot", "./a.png").code == 2
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("option", ["--trace", "--plot", "--optimizer", "--schedule"])
def test_an_empty_option_is_refused(option: str) -> None:
    assert descend("x^2", "--at", "x=1", option, "").code in (2, 4)


# -- interruption and the live line ------------------------------------------------------------------------------------


def interrupt_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Press Ctrl-C at a step."""

    def call(self: progress.LiveLine, step: Step) -> None:
        if step.number == number:
            raise KeyboardInterrupt

    monkeypatch.setattr(progress.LiveLine, "__call__", call)


def test_ctrl_c_gives_the_best_so_far_and_the_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_at(monkeypatch, 5)
    trace = tmp_path / "trace.csv"
    words = ("x**2", "--at", "x=1", "--lr", "0.1", "--json", "--trace", str(trace))
    ran = descend(*words, err=Terminal())
    assert ran.code == 130
    assert json.loads(ran.out)["status"] == "interrupted"
    assert len(trace.read_text().splitlines()) == 1 + 6


def test_ctrl_c_ends_a_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_at(monkeypatch, 5)
    ran = descend("x**2", "--at", "x=1", "--lr", "0.1", "--compare", "sgd,adam", "--json", err=Terminal())
    assert ran.code == 130
    assert len(json.loads(ran.out)["compare"]) == 1


def test_a_terminal_sees_a_line_that_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_DELAY", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    words = ("x**2", "--at", "x=1", "--lr", "0.1", "--steps", "20")
    err = descend(*words, err=Terminal()).err
    shown = err.split("\r")
    assert "sgd: step 20 of 20, value 0.000132923, gradient norm 0.0231, " in shown[-3]
    assert set(shown[-2]) == {" "}
    assert shown[-1] == ""
    assert len(shown[-2]) >= len(shown[-3].rstrip())
    assert max(map(len, shown)) < 80
    assert descend(*words, "--quiet", err=Terminal()).err == ""
    assert descend(*words).err == ""


def test_a_short_descent_shows_no_line() -> None:
    assert descend("x**2", "--at", "x=1", err=Terminal()).err == ""


def test_head_ends_it_quietly() -> None:
    words = ["descend", "sum((x-1)^2)", "--at", f"x={list(range(100))}", "--lr", "0.1", "--format", "csv"]
    with subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == b"point,variable,field,value\n"
        process.stdout.close()
        assert process.stderr.read() == b""


# -- the tables --------------------------------------------------------------------------------------------------------


def shown(answer: Answer, width: int) -> str:
    """What a terminal of that width gets to see."""
    console = Console(width=width, force_terminal=True, file=io.StringIO(), color_system=None, highlight=False)
    return draw(answer.page(), View(console))


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("(1-x)^2 + 100(y-x^2)^2", {"x": -1.2, "y": 1}),
        ("sum((x-1)^2) + x[0]/7", {"x": [0.1 * i for i in range(50)]}),
        ("x + sqrt(x)", {"x": 1}),
    ],
)
def test_no_line_is_wider_than_the_terminal(formula: str, at: dict[str, Any]) -> None:
    made = [api.descend(formula, at, optimizer=name) for name in ("sgd", "newton")]
    for width in (120, 80, 40, 24):
        text = shown(made[0], width) + shown(Comparison(tuple(made), (0.1, 0.2)), width)
        assert max(map(columns, text.splitlines())) <= width


def test_a_terminal_shows_as_many_variables_as_fit_and_says_that_there_are_more() -> None:
    made = api.descend("sum((x-1)^2)", {"x": list(range(50))}, learning_rate=0.1)
    text = shown(made, 80)
    assert "x[2]" in text
    assert "x[20]" not in text
    assert "…" in text


def test_a_comparison_too_wide_for_the_terminal_is_paragraphs() -> None:
    made = [api.descend("x**2", {"x": 1}, optimizer=name) for name in ("sgd", "newton")]
    text = shown(Comparison(tuple(made), (0, 0)), 24)
    assert re.search(r"optimizer sgd, lr 0\.\d+ *\nstatus converged *\nvalue ", text)
