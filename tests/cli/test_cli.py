"""The command line as a script and an attacker meet it: exit codes, errors, hostile text, streams, files, signals."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import CORPORA, HANG
from tests.cli import COMMAND, environment, grad, process, run


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


ERRORS = [
    (
        ["x*y", "--at", "x=1", "--at", "y=2"],
        "error: these are 2 points, and the first has no value for y\n  x*y\n    ^\ntry: --at x=1,y=2\n",
    ),
    (["x*y*z", "--at", "x=pi/4"], "error: no value for y, z\n  x*y*z\n    ^\ntry: --at x=pi/4,y=...,z=...\n"),
    (["x*y", "--at", "x=1"], "error: no value for y\n  x*y\n    ^\ntry: --at x=1,y=...\n"),
    (["x+y", "--at", "x=1"], "error: no value for y\n  x+y\n    ^\ntry: --at x=1,y=...\n"),
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


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["functions", "sin", "cos"], "one at a time, as in gradcalc functions sin"),
        (
            ["grad", "--", "-x^2", "--at", "x=1"],
            "a formula that begins with a minus needs no --; behind it there are no options",
        ),
        (["grad", "--", "-x^2", "y"], 'quotes around the formula, as in "x^2 + y"'),
        (["descend", "x^2", "--at", "x=1", "--learning-rate", "0.1"], "--lr"),
        (["descend", "x^2", "--at", "x=1", "--max-iter=9"], "--steps"),
        (["grad", "x^2", "--at", "x=1", "--learning-rate", "0.1"], "gradcalc grad --help"),
        (["grad", "x^2", "--point", "x=1"], "--at"),
    ],
)
def test_hints_fit_the_command(words: list[str], hint: str) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == f"try: {hint}"


@pytest.mark.parametrize(("words", "text"), ERRORS)
def test_errors_say_what_where_and_what_to_try(words: list[str], text: str) -> None:
    ran = grad(*words)
    assert ran.err == text
    assert ran.out == ""
    assert ran.code in (2, 4)


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


def test_an_interrupt_within_an_import_ends_at_once_and_takes_half_written_files_along(tmp_path: Path) -> None:
    (tmp_path / "slow_library.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\nprint('went on')")
    script = (
        "import sys\nfrom pathlib import Path\nfrom gradcalc import cli\nfrom gradcalc.files import complete_file\n"
        "cli.listen()\n"
        "with complete_file(Path('out.csv')) as part:\n    part.write_text('1')\n    import slow_library\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".csv")] == []


def test_an_interrupt_elsewhere_is_an_exception_and_one_that_python_would_only_print_ends() -> None:
    script = (
        "import signal\nfrom gradcalc import cli\ncli.listen()\n"
        "try:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    print('caught', flush=True)\n"
        "class Late:\n    def __del__(self): signal.raise_signal(signal.SIGINT)\n"
        "Late()\nprint('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "caught\n", "interrupted\n")


@pytest.mark.parametrize(
    ("words", "both"),
    [
        (["grad", "x", "--at", "x=1", "--json", "--format", "csv"], "--json and --format csv"),
        (["hessian", "x", "--at", "x=1", "--json", "--csv-long"], "--json and --csv-long"),
        (["grad", "x", "--at", "x=1", "--csv-long", "--format", "html"], "--csv-long and --format html"),
        (["functions", "sin", "--json", "--format", "table"], "--json and --format table"),
        (["descend", "x^2", "--at", "x=1", "--json", "--format", "csv"], "--json and --format csv"),
    ],
)
def test_options_that_contradict_each_other_are_refused(words: list[str], both: str) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert f"{both} contradict each other" in ran.out + ran.err
    assert run("grad", "x", "--at", "x=1", "--json", "--format", "json", "--no-symbolic").code == 0
