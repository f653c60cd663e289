"""What all `commands` have: a help text that fits and whose examples run, and a place in one table."""

import json
import shlex
import subprocess
import sys
from collections import Counter
from itertools import takewhile
from pathlib import Path
from types import ModuleType

import pytest

from gradcalc import __version__, critical
from gradcalc.cli import app
from gradcalc.cli.commands import COMMANDS
from gradcalc.errors import INSTEAD
from tests.cli import COMMAND, environment, grad, process, run
from tests.test_architecture import imported_by


def help_lines(command: str) -> list[str]:
    return run(command, "--help").out.splitlines()


def examples() -> list[tuple[str, str]]:
    """Every line above the options in a help text that calls gradcalc, with its command."""
    return [
        (name, line.strip())
        for name in COMMANDS
        for line in takewhile(lambda line: line[:1] in ("", " ", "U"), help_lines(name))  # up to the first heading
        if line[:2] == "  " and "gradcalc " in line and "s3://" not in line  # tests/data/test_stores.py reads stores
    ]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_80_columns_and_names_every_command(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run(*filter(None, [command]), "--help").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(f"Usage: gradcalc {command}".rstrip())
    if not command:
        assert all(any(line.startswith(f"  {name} ") for line in lines) for name in COMMANDS)


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"functions", "completion"}))
def test_options_stand_in_groups_and_what_is_rarely_needed_last(command: str) -> None:
    headings = [line for line in help_lines(command) if line.endswith(":") and not line.startswith(" ")]
    if command == "repl":  # which asks nothing
        assert headings == ["How to show it:"]
        return
    assert headings[:2] == ["Arguments:", "What and where:"]
    assert headings[-2:] == ["How to show it:", "Limits and time budgets:"]


def test_every_command_has_examples() -> None:
    assert {name for name, _ in examples()} == set(COMMANDS)
    assert min(Counter(name for name, _ in examples()).values()) >= 2


@pytest.mark.parametrize(("command", "example"), examples())
def test_an_example_can_be_pasted(command: str, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if command in ("map", "descend"):
        arrow = pytest.importorskip("pyarrow")
        pytest.importorskip("plotext")
        from pyarrow import feather, parquet

        table = arrow.table({"x": [1.0, 2.0, 3.0], "y": [3.0, 5.0, 8.0]})
        parquet.write_table(table, tmp_path / "points.parquet")
        feather.write_feather(table, tmp_path / "points.arrow")
        (tmp_path / "points.csv").write_text("x,y\n1,3\n2,5\n3,8\n")
        (tmp_path / "runs").mkdir()
        (tmp_path / "runs" / "a.csv").write_text("t\n0\n1\n")
        (tmp_path / "parts").mkdir()
    if command == "verify":
        critical("x^3 - 3x", box="x=-2:3", proof=tmp_path / "p.json")
    rows = "1,0.38,0.01\n2,0.64,0.01\n3,0.77,0.02\n4,0.87,0.01\n5,0.91,0.02\n6,0.95,0.01\n7,0.98,0.02\n"
    (tmp_path / "d.csv").write_text(f"x,y,dy\n{rows}")
    (tmp_path / "pairs.csv").write_text("formula,wrt,claim\nx^2,x,2x\n")
    (tmp_path / "model.py").write_text("def f(x):\n    return x**2\n\n\ndef grad_f(x):\n    return 2 * x\n")
    monkeypatch.chdir(tmp_path)
    for i in range(1, 11) if "--merge" in example else ():
        assert run("map", "x*y", "points.csv", "--shard", f"{i}/10", "-o", f"parts/{i}.csv").code == 0
    if example.startswith("gradcalc "):
        ran = run(*shlex.split(example)[1:])
        assert (ran.code, bool(ran.out) or " -o " in example) == (0, True), ran
    else:
        call = " ".join(map(shlex.quote, COMMAND))
        script = f'gradcalc() {{ {call} "$@"; }}\n{example}'
        piped = subprocess.run(["bash", "-c", script], check=False, capture_output=True, env=environment())
        assert piped.returncode == 0 and piped.stdout, piped


@pytest.mark.parametrize("words", ["--version", "--help", "grad --help", "grad x^2 --at x=1 --no-symbolic --json"])
def test_words_are_read_without_pydantic_whatever_the_version_of_typer(words: str) -> None:
    assert "pydantic" not in imported_by(f"from gradcalc.cli import main\nmain({words.split()!r})")


def test_only_the_command_asked_for_is_imported() -> None:
    code = "from gradcalc.cli import main\nmain(['functions', 'sin'])\nimport sys\nassert 'gradcalc.cli.commands.map' not in sys.modules"
    assert imported_by(code)


def test_a_command_is_a_module_with_a_function_and_a_line_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def hello() -> int:
        """Say hello."""
        print("hello")
        return 3

    module = ModuleType("gradcalc.cli.commands.hello")
    module.hello = hello  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(app.COMMANDS, "hello", "Say hello.")
    assert run("hello") == (3, "hello\n", "")
    assert "Say hello." in run("hello", "--help").out
    assert "Say hello." in run("--help").out
    assert run("hello", "x").code == 2
    assert run("helo").err == "error: no such command: helo\ntry: gradcalc hello\n"


@pytest.mark.parametrize("word", INSTEAD)
def test_a_word_for_what_gradcalc_lacks_is_told_what_it_does_instead(word: str) -> None:
    told = run(word)
    assert (told.code, told.out) == (2, "")
    assert told.err == f"error: no such command: {word}\ntry: {INSTEAD[word]}\n"
    assert run(word, "x^2").code == 2


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["gradient", "x^2", "--at", "x=2"], 'gradcalc grad "x^2" --at x=2'),
        (["min", "x^2 + y"], 'gradcalc descend "x^2 + y"'),
        (["maximize", "$x"], "gradcalc descend --maximize '$x'"),
        (["solve", "x^2=2", "--box", "x=0:3"], 'gradcalc critical --roots "x^2=2" --box x=0:3'),
        (["uncertainty", "x*y"], 'gradcalc propagate "x*y"'),
        (["uncertainty"], "gradcalc propagate --help"),
        (["check", "sin(x)^2", "sin(2x)"], '--claim "sin(2x)"'),
    ],
)
def test_a_command_of_other_programs_is_told_with_what_was_typed_behind_it(words: list[str], hint: str) -> None:
    told = run(*words)
    assert told.code == 2 and told.err.endswith(f"\ntry: {hint}\n")


@pytest.mark.parametrize("said", sorted({said for said in INSTEAD.values() if "--data" not in said}))
def test_what_gradcalc_does_instead_runs(said: str) -> None:
    assert run(*shlex.split(said.partition(": ")[0])[1:]).code == 0


def test_help_in_a_pipe_is_plain_text() -> None:
    assert b"\x1b" not in process("grad", "--help").stdout


@pytest.mark.parametrize(
    "words",
    [
        ["--digits", "0"],
        ["--digits", "many"],
        ["--digits"],
        ["--format", "xml"],
        ["--certify-timeout", "nan"],
        ["--certify-timeout", "-1"],
        ["--symbolic-timeout", "nan"],
        ["--symbolic-timeout", "inf"],
        ["--max-depth", "0"],
        ["--max-nodes", "x"],
        ["y"],
        ["--quit"],
        ["--json=yes"],
    ],
)
def test_bad_options_are_usage_errors(words: list[str]) -> None:
    ran = run("grad", "x", "--at", "x=1", *words)
    assert ran.code == 2
    error = ran.err or json.loads(ran.out)["error"]["message"]
    assert "defect" not in error and "Traceback" not in error


@pytest.mark.parametrize("words", [["grd"], ["--versoin"], ["functions", "sen"], ["grad"], ["\ud800"], ["", "x"]])
def test_a_mistyped_command_or_none(words: list[str]) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert ran.err.startswith("error: ") and "\ntry: " in ran.err


def test_a_hopelessly_long_option_is_shortened_in_its_error() -> None:
    assert len(grad("x", "--" + "z" * 100_000).err) < 300


def test_version_and_help() -> None:
    assert run("--version") == (0, f"gradcalc {__version__}\n", "")
    assert run() == run("--help") == run("-h")
    assert run().code == 0
