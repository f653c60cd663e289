"""The command line as a user, a script and an attacker meet it: answers, exit codes, errors, streams, files."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from gradcalc import __version__
from gradcalc.cli import main
from tests import CORPORA, HANG, ROOT

COMMAND = [sys.executable, "-P", "-c", "from gradcalc.cli import run; run()"]


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def run(*words: str) -> Ran:
    """A command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return Ran(int(code), out.getvalue(), err.getvalue())


def grad(*words: str) -> Ran:
    """`gradcalc grad` without SymPy."""
    return run("grad", *words, "--no-symbolic")


def asked(*words: str) -> Any:
    """The JSON of a command that must succeed."""
    ran = run(*words, "--no-symbolic", "--json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def environment(**changes: str) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, **changes}


def process(*words: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """A command line in a process of its own."""
    options = {"capture_output": True, "env": environment(), "timeout": 60} | options
    return subprocess.run([*COMMAND, *words], check=False, **options)


# -- the main job ------------------------------------------------------------------------------------------------------


def test_json_is_the_promise_of_the_contract() -> None:
    ran = run("grad", "x**4 + y**2 + 1", "--at", "x=2,y=3", "--json", "--symbolic-timeout", "60")
    assert ran.code == 0
    expected = (
        '{"schema": 1, "command": "grad", "expression": "x**4 + y**2 + 1", "variables": ["x", "y"], "let": {}, '
        '"symbolic_status": "done", "points": [{"at": {"x": 2.0, "y": 3.0}, "value": 26.0, '
        '"gradient": {"x": 32.0, "y": 6.0}, '
        '"symbolic": {"x": {"formula": "4*x**3", "value": "32.00000000000000000"}, '
        '"y": {"formula": "2*y", "value": "6.000000000000000000"}}, '
        '"certified_value": {"value": "26.00000000000000000", "ulps": 0.0, "digits": 17}, '
        '"certified": {"x": {"value": "32.00000000000000000", "ulps": 0.0, "digits": 17}, '
        '"y": {"value": "6.000000000000000000", "ulps": 0.0, "digits": 17}}, '
        '"verdicts": {"x": "agrees", "y": "agrees"}, "verdict": "agrees", "notes": []}]}\n'
    )
    assert ran.out == expected


def test_the_table_shows_tape_formula_value_and_digits() -> None:
    out = run("grad", "x**4 + y**2 + 1", "--at", "x=2,y=3", "--symbolic-timeout", "60").out
    row = next(line for line in out.splitlines() if line.startswith("│ x"))
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["x", "32", "4*x**3", "32", "17", "agrees"]


def test_hessian_beside_the_symbolic_matrix() -> None:
    ran = run("hessian", "x**4 + y**2 + 1", "--at", "x=2,y=3", "--json", "--symbolic-timeout", "60")
    point = json.loads(ran.out)["points"][0]
    assert point["hessian"] == [[48.0, 0.0], [0.0, 2.0]]
    assert [[entry["formula"] for entry in row] for row in point["symbolic_hessian"]] == [["12*x**2", "0"], ["0", "2"]]
    assert point["certified_hessian"][0][0]["digits"] == 17
    assert (point["eigenvalues"], point["definiteness"], point["critical_point"]) == (
        [2.0, 48.0],
        "positive definite",
        None,
    )


def test_csv_is_long() -> None:
    ran = grad("x**2", "--at", "x=3", "--format", "csv")
    assert ran.out.splitlines() == [
        "point,variable,field,value",
        "0,,value,9.0",
        "0,,certified,9.000000000000000000",
        "0,x,gradient,6.0",
        "0,x,certified,6.000000000000000000",
        "0,x,digits,17",
        "0,x,verdict,agrees",
        "0,,verdict,agrees",
    ]


def test_latex_with_sympys_typesetting() -> None:
    ran = run("grad", "x**2", "--at", "x=3", "--format", "latex", "--symbolic-timeout", "60")
    assert r"f &= x^{2} \\" in ran.out
    assert r"\frac{\partial f}{\partial x} &= 2 x = 6" in ran.out


@pytest.mark.parametrize("words", [["--format", "json"], ["--format=json"], ["--json"], ["--json", "--format", "csv"]])
def test_ways_to_ask_for_json(words: list[str]) -> None:
    assert json.loads(grad("x", "--at", "x=1", *words).out)["points"][0]["gradient"] == {"x": 1.0}


def test_several_points_and_several_sources(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('[{"x": 2}, {"x": 3}]')
    (tmp_path / "p.csv").write_text("x\n4\n1/2\n")
    np.save(tmp_path / "p.npy", np.array([(6.0,)], dtype=[("x", "f8")]))
    files = [word for end in ("json", "csv", "npy") for word in ("--at", f"@{tmp_path}/p.{end}")]
    points = asked("grad", "x**2", "--at", "x=1", *files, "--at=x=7")["points"]
    assert [point["gradient"]["x"] for point in points] == [2, 4, 6, 8, 1, 12, 14]


def test_let_wrt_and_arrays() -> None:
    body = asked(
        "grad", "sum((w*x + b - y)^2)/8", "--at", "w=0,b=0",
        "--let", "x=[2.3,1.4,5.9,3.6]", "--let", "y=[4.8,3.0,12.0,7.4]", "--wrt", "b, w",
    )  # fmt: skip
    assert body["variables"] == ["b", "w"]
    assert body["let"] == {"x": [2.3, 1.4, 5.9, 3.6], "y": [4.8, 3.0, 12.0, 7.4]}
    assert body["points"][0]["gradient"] == pytest.approx({"b": -6.8, "w": -28.17}, rel=1e-14)
    body = asked("grad", "x.T @ x", "--at", "x=[[0],[1],[2],[3]]")
    assert body["points"][0]["gradient"] == {"x": [[0.0], [2.0], [4.0], [6.0]]}


def test_digits_numeric_and_timeouts() -> None:
    proof = asked("grad", "sin(x)", "--at", "x=1", "--digits", "50")["points"][0]["certified"]["x"]["value"]
    assert proof == "0.54030230586813971740093660744297660373231042061792"
    point = asked("grad", "sin(x)", "--at", "x=1", "--numeric")["points"][0]
    assert 0 < point["numeric"]["x"]["error"] < 1e-9
    assert abs(point["numeric"]["x"]["value"] - 0.5403023058681398) <= point["numeric"]["x"]["error"]
    point = asked("grad", "sin(x)", "--at", "x=1", "--certify-timeout", "0")["points"][0]
    assert point["verdict"] == "unverified"
    point = asked("grad", "sin(x)", "--at", "x=1", "--no-certify")["points"][0]
    assert (point["certified"], point["verdict"]) == ({"x": None}, "unverified")


def test_what_sympy_did_not_do_is_told_on_stderr_unless_quiet() -> None:
    words = ["grad", "x**2", "--at", "x=1", "--json", "--symbolic-timeout", "0"]
    loud, quiet = run(*words), run(*words, "--quiet")
    assert loud.err.startswith("SymPy: timed out")
    assert quiet.err == ""
    assert json.loads(loud.out) == json.loads(quiet.out)
    assert json.loads(loud.out)["symbolic_status"] == "timed out"


def test_a_formula_without_variables() -> None:
    point = asked("grad", "2 + 3")["points"][0]
    assert (point["at"], point["value"], point["gradient"]) == ({}, 5.0, {})


# -- exit codes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["x", "--at", "x=1"], 0),
        (["abs(x)", "--at", "x=0"], 0),
        (["floor(x)", "--at", "x=1"], 0),
        (["exp(-x)", "--at", "x=800"], 0),
        (["log(x)", "--at", "x=-1"], 3),
        (["log(x)", "--at", "x=1", "--at", "x=-1"], 3),
        (["x +", "--at", "x=1"], 2),
        (["x", "--at", "y=1"], 2),
        (["x", "--ta", "x=1"], 2),
        (["@/nowhere/at/all", "--at", "x=1"], 4),
        (["x", "--at", "@/nowhere/at/all.csv"], 4),
    ],
)
def test_exit_codes(words: list[str], code: int) -> None:
    assert grad(*words).code == code


def test_undefined_shows_the_place_and_keeps_the_other_points() -> None:
    ran = grad("1 + log(x)", "--at", "x=-1", "--at", "x=1", "--json")
    first, second = json.loads(ran.out)["points"]
    assert ran.code == 3
    assert (first["value"], first["gradient"], first["verdict"]) == ("nan", {"x": "nan"}, "undefined")
    assert first["notes"][0]["span"] == [4, 10]
    assert second["gradient"] == {"x": 1.0}


# -- errors ------------------------------------------------------------------------------------------------------------

ERRORS = [
    (["x+y", "--at", "x=1"], "error: no value for y\n  x+y\n    ^\ntry: --at y=...\n"),
    (["sen(x)", "--at", "x=1"], "error: sen is no function; did you mean sin?\n  sen(x)\n  ^^^\ntry: sin(x)\n"),
    (
        ["1/2x", "--at", "x=1"],
        "error: a factor without a sign can be read in two ways here\n  1/2x\n  ^^^^\ntry: (1/2)*x or 1/(2*x)\n",
    ),
    (["(x", "--at", "x=1"], "error: ( is never closed\n  (x\n  ^\ntry: a matching )\n"),
    (["x)", "--at", "x=1"], "error: ) closes nothing\n  x)\n   ^\ntry: remove it, or open a bracket before\n"),
    (["x", "--at", "x="], "error: x has no value\n  x=\n   ^\ntry: x=2\n"),
    (
        ["x", "--at", "x=1,z=1"],
        "error: the formula does not contain z\ntry: --wrt z gives its derivative all the same: 0\n",
    ),
    (["x", "--at", "x=1", "--no-symbolc"], "error: no such option: --no-symbolc\ntry: --no-symbolic\n"),
    (
        ["x^2", "y", "--at", "x=1"],
        'error: got unexpected extra argument(s) (y)\ntry: quotes around the formula, as in "x^2 + y"\n',
    ),
    (["x", "--ta", "x=1"], "error: no such option: --ta\ntry: --at\n"),
    (["x", "-at", "x=1"], "error: no such option: -at\ntry: --at\n"),
    (["x", "-digits", "3"], "error: no such option: -digits\ntry: --digits\n"),
    (["x", "--fromat=csv"], "error: no such option: --fromat\ntry: --format\n"),
    (["x", "--at", "x=1", "--wrt", "x,x"], "error: wrt names a variable twice: x, x\n"),
    (["k*x", "--at", "x=1", "--let", "k=1", "--let", "k=2"], "error: --let binds k twice\n"),
    (["@", "--at", "x=1"], "error: @ names no file\ntry: @formula.txt\n"),
    (["x", "--at", "x=1", "--wrt", ","], "error: --wrt names no variable\ntry: --wrt x,y\n"),
]


@pytest.mark.parametrize(("words", "text"), ERRORS)
def test_errors_say_what_where_and_what_to_try(words: list[str], text: str) -> None:
    ran = grad(*words)
    assert ran.err == text
    assert ran.out == ""
    assert ran.code in (2, 4)


def test_a_variable_that_does_not_occur_has_derivative_zero_when_asked_for() -> None:
    point = asked("grad", "x", "--at", "x=1,z=1", "--wrt", "z")["points"][0]
    assert point["gradient"] == {"z": 0.0}
    assert [note["message"] for note in point["notes"]] == ["the formula does not depend on z"]


def test_an_error_in_json_is_an_object_on_stdout() -> None:
    for words in (["--json"], ["--format=json"], ["--format", "json"]):
        ran = grad("x + sen(x)", "--at", "x=1", *words)
        assert (ran.code, ran.err) == (2, "")
        assert json.loads(ran.out) == {
            "error": {
                "kind": "expression",
                "message": "sen is no function; did you mean sin?",
                "span": [4, 7],
                "hint": "sin(x)",
            }
        }


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


# -- expressions that begin with a minus -------------------------------------------------------------------------------


@pytest.mark.parametrize("expression", ["-x**2", "-x", "-(x)", "-2x", "--2*x", "-sin(x)", "-x[0]*0 - 1", "---x", "−x"])
@pytest.mark.parametrize("place", [0, 1, 3, 4])
def test_an_expression_with_a_minus_works_in_every_place(expression: str, place: int) -> None:
    words = ["--at", "x=[2]" if "[" in expression else "x=2", "--no-symbolic", "--json"]
    words.insert({1: 2}.get(place, place), expression)
    ran = run("grad", *words)
    assert ran.code == 0, ran
    assert json.loads(ran.out)["points"][0]["value"] < 0 or expression == "--2*x"


@pytest.mark.parametrize("expression", ["-q**2", "-h", "-h**2", "-e**x", "-at*2"])
def test_an_expression_that_looks_like_an_option(expression: str) -> None:
    names = "h=1,q=1,e=2,x=1,at=3"
    wanted = ",".join(part for part in names.split(",") if part.split("=")[0] in expression)
    assert grad(expression, "--at", wanted).code == 0


def test_after_two_dashes_everything_is_an_expression() -> None:
    ran = run("grad", "--no-symbolic", "--json", "--at", "x=3", "--", "-x")
    assert json.loads(ran.out)["points"][0]["value"] == -3


@pytest.mark.parametrize(("word", "near"), [("--digits3", "--digits"), ("--max-nodes2", "--max-nodes")])
def test_an_option_with_its_number_run_into_it_is_no_expression(word: str, near: str) -> None:
    assert grad("x", "--at", "x=1", word).err == f"error: no such option: {word}\ntry: {near}\n"


def test_the_error_of_a_broken_expression_with_a_minus_is_that_of_the_expression() -> None:
    assert grad("-sen(x)", "--at", "x=1").err.startswith("error: sen is no function")


# -- reading -----------------------------------------------------------------------------------------------------------


def test_a_formula_from_a_file(tmp_path: Path) -> None:
    for name, content in (("a", b"x**2 +\n 1\n"), ("b", b"\xef\xbb\xbfx**2 + 1"), ("c", b"x**2 +\r\n 1\r\n")):
        (tmp_path / name).write_bytes(content)
        assert asked("grad", f"@{tmp_path / name}", "--at", "x=3")["points"][0]["gradient"] == {"x": 6.0}


@pytest.mark.parametrize(("content", "code"), [(b"", 2), (b"x\xe9", 4), (b"x\x00", 2), ("x".encode("utf-16"), 4)])
def test_a_file_that_is_no_formula(tmp_path: Path, content: bytes, code: int) -> None:
    (tmp_path / "f").write_bytes(content)
    ran = grad(f"@{tmp_path / 'f'}", "--at", "x=1")
    assert ran.code == code
    assert ran.err.startswith("error: ")


@pytest.mark.parametrize("name", ["absent", "", "a\0b", "a" * 5_000])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    ran = grad(f"@{tmp_path}/{name}", "--at", "x=1")
    assert ran.code == 4
    assert ran.err.startswith("error: ")


def test_a_formula_from_standard_input() -> None:
    ran = process("grad", "-", "--at", "x=3", "--no-symbolic", "--json", input=b"x**2\n")
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["points"][0]["gradient"] == {"x": 6.0}


def test_limits_name_the_option_that_raises_them() -> None:
    for words, option in (
        (["x+x", "--max-text", "2"], "--max-text"),
        (["((x))", "--max-depth", "1"], "--max-depth"),
        (["x+x", "--max-nodes", "1"], "--max-nodes"),
    ):
        ran = grad(*words, "--at", "x=1")
        assert ran.code == 2
        assert f"try: {option} raises the limit" in ran.err


# -- help --------------------------------------------------------------------------------------------------------------


def test_version_and_help() -> None:
    assert run("--version") == (0, f"gradcalc {__version__}\n", "")
    assert run() == run("--help") == run("-h")
    assert run().code == 0


@pytest.mark.parametrize("command", ["grad", "hessian", "functions"])
def test_examples_of_the_help_can_be_pasted(command: str) -> None:
    import shlex

    out = run(command, "--help").out
    examples = [line.strip() for line in out.splitlines() if line.strip().startswith("gradcalc ")]
    assert len(examples) >= 2
    for example in examples:
        words = shlex.split(example)[1:]
        assert run(*words, *(["--no-symbolic"] if command != "functions" else [])).code == 0, example


def test_functions_lists_the_table_and_one_of_it() -> None:
    assert "atan2(a, b)" in run("functions").out
    by_alias, by_name = run("functions", "arctan2"), run("functions", "atan2")
    assert by_alias == by_name
    assert "d/da: " in by_name.out
    assert run("functions", "sen").err == "error: no function sen\ntry: gradcalc functions sin\n"


# -- hostile -----------------------------------------------------------------------------------------------------------


def hostile() -> list[str]:
    texts = []
    for name in ("hostile.jsonl", "malformed.jsonl"):
        rows = [json.loads(line) for line in (CORPORA / name).read_text(encoding="utf-8").splitlines()]
        texts += [next(row[key] for key in ("expr", "text", "input") if key in row) for row in rows]
    return texts


def test_the_hostile_corpus_through_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    for text in hostile():
        for words in (["grad", text, "--at", "x=1"], ["grad", "x", "--at", text], ["grad", "x", "--at", f"x={text}"]):
            began = time.process_time()
            ran = run(*words, "--no-symbolic")
            assert ran.code in (0, 2, 3, 4), (words, ran)
            assert "defect" not in ran.err and "Traceback" not in ran.err, (words, ran)
            assert time.process_time() - began < HANG, words
    assert list(tmp_path.iterdir()) == []


HEAVY = {
    "digits": "x + " + "9" * 200_000,
    "decimal": "x + 0." + "1" * 200_000,
    "parentheses": "(" * 20_000 + "x" + ")" * 20_000,
    "minuses": "-" * 100_000 + "x",
    "sum": " + ".join(["x"] * 100_000),
    "right powers": "x**" * 5_000 + "x",
    "tower": "x + 9**9**9",
    "factorial": "x + factorial(10**7)",
    "tiny": "x + 1e-999999999",
    "huge": "x + 1e999999999",
    "range": "x*sum(i=1..10**9, i)",
    "name": "x" * 200_000,
    "power": "x**" + "9" * 4_000,
    "bessel": "besselj(10**9, x)",
    "zeta": "zeta(x + 1e9)",
    "sine": "sin(x*10**100000)",
    "polygamma": "polygamma(10**6, x)",
    "quotes": '"' * 10_000,
    "surrogate": "x + \ud800",
    "nul": "x + \0",
}


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_text_is_answered_or_refused_quickly(name: str) -> None:
    for command in ("grad", "hessian"):
        began = time.process_time()
        ran = run(command, HEAVY[name], "--at", "x=1.5", "--no-symbolic", "--json")
        assert time.process_time() - began < HANG
        body = json.loads(ran.out)
        assert ran.code in (0, 2, 3)
        assert "defect" not in body.get("error", {}).get("message", "")


@pytest.mark.skipif(sys.platform != "linux", reason="memory limits are Linux's")
def test_heavy_text_stays_below_a_gibibyte(tmp_path: Path) -> None:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    for name in ("digits", "parentheses", "sum", "tower"):
        path = tmp_path / name
        path.write_text(HEAVY[name])
        words = ["grad", f"@{path}", "--at", "x=1.5", "--no-symbolic", "--json"]
        ran = process(*words, preexec_fn=limit, env=environment(OPENBLAS_NUM_THREADS="1"))
        assert ran.returncode in (0, 2)
        assert b"memory" not in ran.stdout


# -- streams, signals and surroundings ---------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
class TestSurroundings:
    def test_a_reader_that_goes_away_is_no_error(self) -> None:
        with subprocess.Popen(
            [*COMMAND, "functions"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        ) as running:
            assert running.stdout is not None and running.stderr is not None
            running.stdout.close()
            assert running.stderr.read() == b""
        assert running.returncode == 0

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
    @pytest.mark.parametrize(
        "words",
        [["functions"], ["--help"], ["functions", "sin"], ["grad", "x", "--at", "y=1", "--json", "--no-symbolic"]],
    )
    def test_a_full_disk_is_told(self, words: list[str]) -> None:
        with open("/dev/full", "wb") as full:
            ran = process(*words, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        assert ran.returncode == 4
        assert ran.stderr == b"error: cannot write the result: No space left on device\n"

    def test_closed_streams(self) -> None:
        command = " ".join(f"'{part}'" for part in COMMAND)
        for redirection, words, code in (
            (">&-", "grad x --at x=1 --no-symbolic", 0),
            ("2>&-", "grad x --at y=1 --no-symbolic", 2),
            ("<&-", "grad - --at x=1 --no-symbolic", 2),
        ):
            ran = subprocess.run(
                f"{command} {words} {redirection}", shell=True, check=False, capture_output=True, env=environment()
            )
            assert ran.returncode == code
            assert b"Traceback" not in ran.stderr and b"defect" not in ran.stderr + ran.stdout
            assert redirection == ">&-" or b"error" not in ran.stdout

    def test_an_ascii_terminal(self) -> None:
        changes = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
        ran = process("grad", "x", "--at", "x=1", "--no-symbolic", env=environment(**changes))
        assert ran.returncode == 0
        assert b"value 1" in ran.stdout
        ran = process("grad", "λ**2", "--at", "λ=2", "--no-symbolic", "--json", env=environment(**changes))
        assert ran.returncode == 0
        assert b"Traceback" not in ran.stderr

    def test_no_home_no_environment_and_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o555)
        bare = {"PYTHONPATH": environment()["PYTHONPATH"]}
        ran = process("grad", "x**2", "--at", "x=2", "--json", env=bare, cwd=tmp_path)
        assert ran.returncode == 0
        assert json.loads(ran.stdout)["symbolic_status"] == "done"

    def test_modules_that_lie_in_the_working_directory_are_not_run(self, tmp_path: Path) -> None:
        for name in ("sympy", "numpy", "flint", "typer", "rich", "json", "gradcalc"):
            (tmp_path / f"{name}.py").write_text(f"open('executed-{name}', 'w')\nraise SystemExit(9)\n")
        ran = process("hessian", "x**2", "--at", "x=2", "--json", cwd=tmp_path)
        assert ran.returncode == 0
        assert json.loads(ran.stdout)["symbolic_status"] == "done"
        assert not list(tmp_path.glob("executed-*"))

    @pytest.mark.skipif(sys.platform != "linux", reason="/proc tells when it is at work")
    def test_ctrl_c_during_a_long_sympy_job_ends_both_processes(self) -> None:
        nested = "e"
        for _ in range(8):
            nested = f"(sin({nested}*y) + ({nested})**2)"
        words = ["hessian", nested, "--at", "e=1,y=2", "--symbolic-timeout", "60"]
        with subprocess.Popen(
            [*COMMAND, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            start_new_session=True,
        ) as running:
            _until(lambda: _work(running.pid) > 1.0)
            assert running.poll() is None
            worker = _child(running.pid)
            os.killpg(running.pid, signal.SIGINT)
            out, err = running.communicate(timeout=HANG)
        assert running.returncode == 130
        assert (out, err) == (b"", b"interrupted\n")
        _until(lambda: not _group_lives(running.pid) and not _group_lives(worker))


def _until(happened: Callable[[], bool]) -> None:
    """Wait for something to happen."""
    deadline = time.monotonic() + HANG
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _child(process: int) -> int:
    """The process that a process has started, which leads a group of its own; 0 before."""
    return int(Path(f"/proc/{process}/task/{process}/children").read_text() or 0)


def _work(process: int) -> float:
    """Seconds of a processor that its child has taken."""
    child = _child(process)
    fields = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split() if child else []
    return int(fields[11]) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _group_lives(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
