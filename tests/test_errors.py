"""Errors: what, where (a caret under the text), what to try, and the exit code of each."""

import errno
import importlib
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import gradcalc
from gradcalc import errors
from gradcalc.cli import main
from gradcalc.errors import (
    EXTRAS,
    ExitCode,
    ExpressionError,
    FileError,
    GradcalcError,
    LimitError,
    MissingExtra,
    UsageError,
    caret_lines,
    columns,
    did_you_mean,
    in_python,
    install_command,
    installed,
    library,
    visible,
)


def test_an_error_reads_as_message_text_caret_and_hint() -> None:
    error = ExpressionError("sen is no function", text="1 + sen(x)", span=(4, 7), hint="sin(x)")
    assert str(error) == "sen is no function\n  1 + sen(x)\n      ^^^\ntry: sin(x)"
    assert error.to_dict() == {
        "kind": "expression",
        "message": "sen is no function",
        "span": [4, 7],
        "hint": "sin(x)",
    }


def test_an_error_without_a_place_is_its_message() -> None:
    assert str(UsageError("no point", text="x")) == "no point"
    assert UsageError("no point").to_dict() == {"kind": "usage", "message": "no point"}


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (ExpressionError, "expression", 2),
        (LimitError, "limit", 2),
        (UsageError, "usage", 2),
        (MissingExtra, "usage", 2),
        (FileError, "file", 4),
    ],
)
def test_every_error_has_its_kind_and_exit_code(error: type[GradcalcError], kind: str, code: int) -> None:
    assert issubclass(error, GradcalcError)
    assert (error.kind, error.exit_code) == (kind, code)


def test_exit_codes_are_those_of_the_contract() -> None:
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 130]


def under(text: str, span: tuple[int, int], width: int = 76) -> str:
    """What stands in the columns that the carets mark."""
    line, marks = caret_lines(text, span, width)
    low, high = marks.index("^"), marks.rindex("^") + 1
    found, column = "", 0
    for character in line:
        if low <= column < high:
            found += character
        column += columns(character)
    return found


@pytest.mark.parametrize(
    ("text", "span", "marked"),
    [
        ("x + y", (4, 5), "y"),
        ("变量 + sen(x)", (5, 8), "sen"),
        ("变量", (1, 2), "量"),
        ("a\u0301 + b", (5, 6), "b"),
        ("\tx\t+ y", (5, 6), "y"),
        ("x\x00y", (2, 3), "y"),
        ("one\ntwo three\nfour", (8, 13), "three"),
        ("1" * 500 + "bad" + "2" * 500, (500, 503), "bad"),
        ("bad" + "2" * 500, (0, 3), "bad"),
        ("1" * 500 + "bad", (500, 503), "bad"),
    ],
)
def test_carets_stand_under_their_text(text: str, span: tuple[int, int], marked: str) -> None:
    assert under(text, span) == marked


def test_a_long_line_is_shortened_on_the_sides_that_are_long() -> None:
    line, marks = caret_lines("a" * 100 + "!" + "b" * 100, (100, 101), width=40)
    assert line.startswith("  …") and line.endswith("b…")
    assert "!" in line
    assert max(columns(line), len(marks)) <= 44
    assert caret_lines("a" * 100, (0, 1), width=40)[0] == "  " + "a" * 40 + "…"


def test_a_span_at_or_beyond_the_end_still_has_one_caret() -> None:
    assert caret_lines("x +", (3, 3)) == ["  x +", "     ^"]
    assert caret_lines("", (0, 0)) == ["  ", "  ^"]
    assert caret_lines("x", (50, 60)) == ["  x", "   ^"]


def test_a_span_over_several_lines_is_marked_to_the_end_of_its_first() -> None:
    assert caret_lines("ab(\ncd)", (2, 7)) == ["  ab(", "    ^"]


def test_characters_a_terminal_cannot_show_are_replaced() -> None:
    line, _ = caret_lines("a\ud800\x1b[2J", (1, 2))
    assert "\x1b" not in line and "\ud800" not in line
    line.encode("utf-8")


FOREIGN = [
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x9b2J",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\x85",
    "\n",
    "\u3164",
]
"""What a terminal obeys or does not show: escapes, C1 controls, overrides of direction, signs without ink."""


@pytest.mark.parametrize("foreign", FOREIGN, ids=ascii)
def test_what_a_terminal_obeys_is_escaped_wherever_an_error_shows_it(foreign: str) -> None:
    name = f"x{foreign}y"
    error = UsageError(f"no column {name}", text=name, span=(0, 1), hint=f"--at {name}=2")
    told = [error.message, *str(error).split("\n"), *map(str, error.to_dict().values())]
    assert all(text.isprintable() and not set(foreign) & set("\x1b\u3164") & set(text) for text in told)
    assert ascii(foreign)[1:-1] in ascii(visible(name)).replace("\\\\", "\\")
    assert visible("a\nb", keep="\n") == "a\nb"
    assert visible("变量 é √x") == "变量 é √x"


def test_a_message_is_bounded_and_keeps_both_ends() -> None:
    error = UsageError(
        "no value for " + "n" * 300_000 + " here", hint="--at " + "h" * 300_000, text="x" * 300_000, span=(0, 9)
    )
    assert len(str(error)) < 1_000
    assert error.message.startswith("no value for nnn") and error.message.endswith("nnn here") and "…" in error.message
    assert len(UsageError("ab " * 100_000).message) == 1_000


def test_the_nearest_word_is_suggested_and_only_if_near() -> None:
    assert did_you_mean("sen", ["sin", "cos"]) == "sin"
    assert did_you_mean("quux", ["sin", "cos"]) is None
    assert did_you_mean("s" * 10_000, ["sin"]) is None


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("--tol", ["--lr", "--tolerance"], "--tolerance"),
        ("data", ["atan"], None),
        ("wieght", ["weight", "height"], "weight"),
        ("coss", ["cos", "cosh"], "cos"),
        ("conh", ["cosh", "tanh"], "cosh"),
        ("tah", ["tan", "tanh"], None),
        ("cosec", ["sec"], None),
        ("learnig_rates", ["learning_rate"], "learning_rate"),
        ("reduce_std", ["reduce_sum"], None),
        ("x1", ["x2"], None),
    ],
)
def test_only_a_slip_of_the_keyboard_or_a_beginning_is_near(word: str, known: list[str], meant: str | None) -> None:
    assert did_you_mean(word, known) == meant


# libraries of extras

PROJECT = Path(gradcalc.__file__).parents[1] / "pyproject.toml"


@pytest.mark.parametrize("name", EXTRAS)
def test_a_library_that_is_absent_is_told_with_the_command_that_installs_its_extra(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    label, extra = EXTRAS[name]
    assert not installed(name)
    with pytest.raises(MissingExtra) as caught:
        library(f"{name}.part", "this")
    assert caught.value.message == f"this needs {label}, which is not installed"
    assert caught.value.hint == install_command(f'"gradcalc[{extra}]"')


def test_a_library_that_is_broken_is_not_called_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "plotext.py").write_text("import no_such_module")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "plotext", raising=False)
    assert installed("plotext")
    with pytest.raises(
        UsageError, match="this needs plotext, which is installed but broken: No module .*no_such_mod"
    ) as caught:
        library("plotext", "this")
    assert not isinstance(caught.value, MissingExtra)
    assert caught.value.hint == install_command("--force-reinstall plotext")


def test_the_command_is_that_of_the_environment_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/home/some one/venv/bin/python")
    found: dict[str, Any] = {"pip": None}
    monkeypatch.setattr("gradcalc.errors.find_spec", found.get)
    uv = install_command('"gradcalc[fast]"')
    assert shlex.split(uv) == ["uv", "pip", "install", "--python", sys.executable, "gradcalc[fast]"]
    found["pip"] = object()
    pip = install_command('"gradcalc[fast]"')
    assert shlex.split(pip) == [sys.executable, "-m", "pip", "install", "gradcalc[fast]"]


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        (["map", "x**2", "points.csv", "-o", "out.csv", "--keep", "k"], "pyarrow"),
        (["map", "x**2", "points.csv", "-o", "out.parquet"], "pyarrow"),
        (["map", "x**2", "points.csv", "-o", "out.csv"], "llvmlite"),
        (["descend", "(x - k)**2", "--at", "x=1", "--data", "points.parquet"], "pyarrow"),
        (["descend", "x**2", "--at", "x=1", "--optimizer", "bfgs"], "scipy"),
        (["descend", "x**2", "--at", "x=1", "--plot", "path.png"], "matplotlib"),
        (["descend", "x**2", "--at", "x=1", "--plot", "-"], "plotext"),
    ],
)
@pytest.mark.parametrize("json", [False, True])
def test_a_command_without_its_extra_ends_with_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], words: list[str], absent: str,
    json: bool,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "points.csv").write_text("x,k\n1,2\n")
    (tmp_path / "points.parquet").write_bytes(b"PAR1")
    for name in [name for name in sys.modules if name.partition(".")[0] == absent]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, absent, None)
    importlib.import_module("gradcalc.arithmetic.native.code").llvm.cache_clear()
    shown = ["--json"] if json and words[-1] != "-" else []
    assert main([*words, *shown]) == ExitCode.USAGE
    said = "".join(capfd.readouterr())
    assert f"needs {EXTRAS[absent][0]}, which is not installed" in said
    assert f"gradcalc[{EXTRAS[absent][1]}]" in said
    assert "Traceback" not in said and not list(tmp_path.glob("*out*"))


@pytest.mark.skipif(not PROJECT.exists(), reason="the sources are not here")
def test_every_library_of_an_extra_is_in_the_extra_that_its_error_names() -> None:
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    for name, (_, extra) in EXTRAS.items():
        assert any(line.startswith(name) for line in project["optional-dependencies"][extra]), name
        assert not any(line.startswith(name) for line in project["dependencies"]), name


@pytest.mark.parametrize(
    ("said", "python"),
    [
        ("--at x=1,y=...", 'at={"x": 1, "y": ...}'),
        ("--at x=[1, 2],y=pi/4", 'at={"x": [1, 2], "y": "pi/4"}'),
        ("--max-nodes raises the limit", "limits=Limits(nodes=...) raises the limit"),
        ("--let n=3", 'let={"n": 3}'),
        ("--optimizer adam", 'optimizer="adam"'),
        ("sin(x)", "sin(x)"),
        ("a - -b", "a - -b"),
        ('gradcalc grad "x^2" --at x=3: gives a value', 'gradcalc grad "x^2" --at x=3: gives a value'),
    ],
)
def test_python_is_told_in_python(said: str, python: str) -> None:
    assert in_python(said) == python


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: gradcalc.taylor("x^2"), 'try: at={"x": ...}'),
        (lambda: gradcalc.differentiate("x*y", at=[{"x": 1}, {"y": 2.5}]), 'try: at={"x": 1, "y": 2.5}'),
        (lambda: gradcalc.differentiate("x", {"x": 1}, ordr=2), "differentiate takes no ordr\ntry: order="),
        (lambda: gradcalc.differentiate("x", {"x": 1}, wrt=3), "wrt is 3"),
        (lambda: gradcalc.differentiate("x", [5]), "at is no point"),
        (lambda: gradcalc.differentiate("x", {"x": 1}, let=3), "let is no mapping"),
        (lambda: gradcalc.differentiate(), "missing a required argument: 'expression'"),
        (lambda: gradcalc.descend("x^2", {"x": 1}, lr=0.1), "did you mean learning_rate?"),
        (lambda: gradcalc.descend("x^2", [5]), "at is no point"),
        (lambda: gradcalc.differentiate("x", 1, direction=0), 'try: direction={"x": 1, "y": 2}'),
        (lambda: gradcalc.descend("a*x", {}, data={"x": [1.0]}), 'try: at={"a": ...}'),
        (lambda: gradcalc.compile("x", ordr=1), "compile takes no ordr\ntry: order="),
    ],
)
def test_what_python_calls_wrongly_is_a_usage_error_in_its_words(call: Any, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        call()
    assert told in str(caught.value)
    assert "--" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "?"),
        RuntimeError("can't start new thread"),
        ImportError("libflint.so: failed to map segment from shared object"),
        ImportError("std::bad_alloc"),
        SystemError("<built-in function exec> returned NULL without setting an exception"),  # CPython 3.11's parser
        SystemError("error return without exception set"),
    ],
)
def test_what_is_for_want_of_memory_is_told_from_what_is_not(error: Exception) -> None:
    assert errors.short_of_memory(error)
    other = ValueError("could not load it")
    assert not errors.short_of_memory(other)
    other.__cause__ = error
    assert errors.short_of_memory(other)


@pytest.mark.parametrize(
    ("writer", "of", "short"),
    [("dataclasses", "exec", True), ("gradcalc.graph", "exec", False), ("ast", "__import__('ast').parse", False)],
)
def test_text_that_pythons_own_library_writes_is_refused_for_want_of_memory(writer: str, of: str, short: bool) -> None:
    with pytest.raises(SyntaxError) as caught:
        exec(f"{of}('1 +')", {"__name__": writer})
    assert errors.short_of_memory(caught.value) is short


def test_a_library_that_memory_is_too_short_for_is_neither_missing_nor_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(module: str) -> None:
        raise ImportError(f"{module}: failed to map segment from shared object")

    monkeypatch.setattr(errors, "import_module", failing)
    with pytest.raises(MemoryError):
        errors.library("pyarrow", "this kind of file")


def test_a_file_that_the_system_refuses_is_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(module: str) -> None:
        raise OSError(errno.EMFILE, "Too many open files", "compute.py")

    monkeypatch.setattr(errors, "import_module", refused)
    with pytest.raises(OSError, match="Too many") as caught:
        errors.library("pyarrow", "this kind of file")
    error = errors.understood(caught.value)
    assert error is not None
    assert (error.exit_code, error.message) == (4, "compute.py: Too many open files")
    assert errors.understood(OSError(errno.ENOSPC, "No space left on device")) is None  # of writing


def test_room_is_asked_for_under_a_limit_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "memory_limit", lambda: None)
    errors.need_room(10**9, "map")
    monkeypatch.setattr(errors, "memory_limit", lambda: 500_000_000)
    errors.need_room(500, "map")
    with pytest.raises(errors.GradcalcError, match="map needs 501 MB of addresses, the limit is 500 MB"):
        errors.need_room(501, "map")


def test_a_library_that_a_system_has_not_is_named() -> None:
    error = errors.understood(ModuleNotFoundError("No module named 'numpy'", name="numpy.linalg"))
    assert error is not None and error.message == "this needs NumPy, which is not here"
