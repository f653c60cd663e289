"""A session in this process: `session`, `names`, `answers`; lines in, answers and errors out."""

import contextlib
import io
import json
from pathlib import Path

import pytest

from gradcalc.cli.commands import COMMANDS
from gradcalc.cli.repl.session import Session
from gradcalc.errors import FileError, GradcalcError


def say(session: Session, *typed: str) -> str:
    """What the last of some lines answers."""
    for line in typed:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            session.run(line)
    return out.getvalue()


def number(text: str) -> str:
    """The value in a short answer."""
    return text.split(" = ", 1)[1].split()[0]


@pytest.fixture
def session() -> Session:
    made = Session()
    made.run(":set symbolic off")  # SymPy takes its time
    return made


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        (["2 + 3"], "5"),
        (["x = 3", "x^2"], "9"),
        (["f = x^2 sin(y)", "x = 1, y = pi/2", "f"], "1"),
        (["g(t) = t^3", "g(2)"], "8"),
        (["g(t) = t^3", "g'(2)"], "12"),
        (["g(t) = t^3", "g''(2) + g(1)"], "13"),
        (["g(t) = t^3", "g(g(x))", "x = 2", "g(g(x))"], "512"),
        (["h(x, y) = x - y", "h(1, 5)"], "-4"),
        (["h(x, y) = x - y", "x = 10, y = 1", "h(y, x)"], "-9"),
        (["f = a x^2", "a = 3", "f'(2)"], "12"),
        (["a = 1", "b = a + 1", "a = 5", "b"], "6"),
        (["x = 1", "x = x + 1", "x"], "2"),
        (["f = x^2", "f = f + 1", "f(3)"], "10"),
        (["x = t^2", "f(x) = x + 1", "f(3)"], "4"),
        (["2*21", "_ + 1"], "43"),
        (["1 + 1", "5", "_1 * _2"], "10"),
        (["1/3", "3*_ - 1"], "0"),
        (["x = 2", "x^2", "x = 7", "_"], "4"),
        (["x = 2, f = x^3", "grad f", "_"], "12"),
        (["f = x^3 y", "x = 1, y = 2", "hessian f", "_[0][0]"], "12"),
        (["f = x^3", "f'", "x = 2", "_"], "12"),
        (["e = 3", "e + 0"], "3"),
        (["α = 2", "α²"], "4"),
        (["sin = 2", "sin(0) + sin"], "2"),
        (["v = [3, 4]", "norm(v)"], "5"),
        (["v = [3, 4]", "2 v", "sum(_)"], "14"),
        (["x^2 + k", "x = 3, k = 1", "_"], "10"),
        (["taylor exp(x) --at x=0 --order 2", "x = 2", "_"], "5"),
    ],
)
def test_values(session: Session, typed: list[str], value: str) -> None:
    assert number(say(session, *typed)) == value


def test_without_values_the_answer_is_a_formula(session: Session) -> None:
    assert "df/dy = x**2*cos(y)" in say(session, "f = x^2 sin(y)", "grad f")
    assert "df/dt = 3*t**2" in say(session, "g(t) = t^3", "g'")
    assert "df/dx = 2*x" in say(session, "y = 1", "x^2 + y*k")


WITH_POINT = ("grad f", "hessian f", "jacobian [f, y]", "diff f x", "taylor f", "tape f", "graph f", "descend f^2")


@pytest.mark.parametrize("line", WITH_POINT)
def test_every_command_takes_definitions_and_values(session: Session, line: str) -> None:
    say(session, "f = x^2 - y", "x = 3, y = 2", ":set format json")
    data = json.loads(say(session, line))
    assert data["command"] == line.split()[0]
    texts = json.dumps(data)
    assert "7" in texts and '"error"' not in texts


def test_commands_that_know_no_point(session: Session, tmp_path: Path) -> None:
    assert "df/dt = 2*t" in say(session, "g(t) = t^2 + a", "a = 1", "steps g")
    (tmp_path / "in.csv").write_text("t\n1\n2\n")
    say(session, f"map g + 1 - a {tmp_path}/in.csv -o {tmp_path}/out.csv --let a=0 --order 0 --quiet")
    assert (tmp_path / "out.csv").read_text().split() == ["f", "2", "5"]
    assert "cosine" in say(session, "functions cos")
    found = json.loads(say(session, "b = 2", "critical b*t^2 - a*t --box t=-1:1 --json"))
    assert [point["at"]["t"][:4] for point in found["points"]] == ["0.25"]
    assert "proved" in say(session, "f = x^2", "x = 3", "check f --claim 2x --wrt x")


def test_points_of_a_line_are_filled_up(session: Session) -> None:
    say(session, "x = 3, y = 2", ":set format json")
    assert json.loads(say(session, "grad x*y --at y=5"))["points"][0]["at"] == {"x": 3, "y": 5}
    grid = json.loads(say(session, "x*y --at y=0:1:0.5"))["points"]
    assert [point["value"] for point in grid] == [0.0, 1.5, 3.0]
    assert json.loads(say(session, "grad z^2 --at 4"))["points"][0]["at"] == {"z": 4}
    assert json.loads(say(session, "grad x*z --at 4"))["points"][0]["at"] == {"x": 3, "z": 4}
    assert json.loads(say(session, "grad x*k --let k=2"))["points"][0]["value"] == 6.0


def test_what_is_shown_of_a_formula(session: Session) -> None:
    assert say(session, "x = 1", "x^2 + 1") == "_1 = 2   17 digits right\ndf/dx = 2\n"
    kink = say(session, "abs(x - 1)")
    assert "kink" in kink and "slope -1 from the left" in kink
    assert "0.333333333333333333333333333333 " in say(session, ":set digits 30", "1/3")
    assert "no longer the constant pi" in say(session, "pi = 3")


@pytest.mark.parametrize(
    ("typed", "message", "marked"),
    [
        (["f = x +"], "missing", ""),
        (["f = sen(x)"], "sen is no function", "sen"),
        (["g = f + 1", "f = g"], "f needs g needs f", "f"),
        (["f = f + 1"], "f needs f", "f"),
        (["f = x^2", "f = f'"], "a formula cannot be put into itself", "f'"),
        (["g(t) = t", "1 + g(1, 2)"], "g takes 1 (t), not 2", "g(1, 2)"),
        (["f = x*y", "f'"], "f has 2 variables: x, y", "f'"),
        (["f = x^2", "f'(1) + sen(2)"], "sen is no function", "sen"),
        (["tape = 3"], "tape is a command", None),
        (["sin(x) = 2"], "sin is a function of the language", "sin"),
        (["if = 3"], "a word of Python", "if"),
        (["_ = 3"], "_ is an answer", "_"),
        (["_ + 1"], "there is no answer yet", None),
        (["x = 1, 2"], "one formula for a name", ","),
        (["x ="], "x has no value", None),
        (["g(t, t) = t"], "named twice", "g"),
        (["x = 1/0"], "no finite value", None),
        (["taylor f + 1"], "no value for f", None),
        (["grad -"], "standard input", None),
        (["repl"], "this is the repl", None),
        ([":hlp"], "no such word: :hlp", None),
        ([":set digts 3"], "no option digts", None),
        ([":set digits 0"], "not a number from 1", None),
        ([":set symbolic maybe"], "on or off", None),
        ([":load /nonexistent"], "No such file", None),
        ([":forget q"], "q is not defined", None),
        (["x^2 --digts 3"], "no such option: --digts", None),
        (["x" * 300 + " y z"], "", None),
        (["(" * 5000], "", None),
        (["\x00"], "", None),
    ],
)
def test_errors_say_what_and_where(session: Session, typed: list[str], message: str, marked: str | None) -> None:
    for line in typed[:-1]:
        session.run(line)
    before = dict(session.names.entries)
    with pytest.raises(GradcalcError) as caught, contextlib.redirect_stdout(io.StringIO()):
        session.run(typed[-1])
    error = caught.value
    assert message in error.message and "--at" not in (error.hint or "")
    if marked:
        assert error.text is not None and error.span is not None
        assert error.text[slice(*error.span)] == marked
    assert session.names.entries == before


def test_words_of_the_session(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "session.txt"
    say(session, "f = x^2", "g(t) = f + t", "x = 2", ":set digits 25", f":save {path}")
    assert path.read_text().splitlines() == [
        "# gradcalc session", ":set no-symbolic", ":set digits 25", "f = x^2", "g(t) = f + t", "x = 2",
    ]  # fmt: skip
    other = Session()
    say(other, f":load {path}")
    assert other.names.entries == session.names.entries and other.options == session.options
    assert number(say(other, "g(3)")) == "7"
    assert say(other, ":names") == "f = x^2\ng(t) = f + t\nx = 2\n"
    say(other, ":set digits default", ":forget x")
    assert "--digits" not in other.options and "x" not in other.names.entries
    assert "sine" in say(other, ":help sin") and "--wrt" in say(other, ":help grad")
    assert say(other, ":help g") == "g(t) = f + t\n"
    told = say(other, ":help")
    assert all(name in told for name in COMMANDS if name != "repl") and ":save FILE" in told
    assert session.run(":quit").leaves and session.run("exit").leaves and not session.run("# quit").leaves


def test_files_that_are_no_sessions_are_left_alone(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "precious.txt"
    path.write_text("mine")
    with pytest.raises(FileError, match="no session of gradcalc"):
        session.run(f":save {path}")
    assert path.read_text() == "mine"
    path.write_text(f":load {path}\n")
    with pytest.raises(GradcalcError, match="is loaded by a file that it loads"):
        session.run(f":load {path}")
    path.write_text("x = 1\nsen(x)\ny = 2\n")
    with pytest.raises(GradcalcError, match="line 2: sen is no function"):
        session.run(f":load {path}")
    assert set(session.names.entries) == {"x"}


def test_a_broken_definition_does_not_break_others(session: Session) -> None:
    say(session, "f = x^2", "h = f'", "k = 3", "f = x*y")
    assert number(say(session, "k + 1")) == "4"
    with pytest.raises(GradcalcError, match="f has 2 variables"):
        session.run("h")
