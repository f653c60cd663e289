"""What is seen while one types: `preview`, `completion`."""

import signal

import pytest

from gradcalc.cli.repl.completion import completions
from gradcalc.cli.repl.preview import Late, Preview, in_time, preview, within
from gradcalc.cli.repl.session import Session


@pytest.fixture
def session(capsys: pytest.CaptureFixture[str]) -> Session:
    made = Session()
    for line in ("f = x^2 sin(y)", "x = 1, y = 2", "g(t) = t^3"):
        made.run(line)
    return made


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("f", ["= 0.9092974268256817", "16 digits right", "df/dx = 1.81859", "df/dy = -0.416147"]),
        ("h = f + 1", ["= 1.9092974268256817"]),
        ("grad f --wrt x", ["= 0.9092974268256817"]),
        ("g'(2)", ["= 12   17 digits right"]),
        ("z^2 + x", ["df/dz = 2*z"]),
        ("abs(x - 1)", ["df/dx = 0 (kink)"]),
        ("log(x - 2)", ["undefined: log(x - 2) is undefined at x"]),
        ("[x, y]", ["an array of shape (2,)"]),
        (":set", ["An option for all that follows"]),
        ("tape", ["The evaluation trace"]),
    ],
)
def test_the_live_line(session: Session, typed: str, parts: list[str]) -> None:
    seen = preview(session, typed)
    assert all(part in seen.text for part in parts), seen
    assert seen.column is None


@pytest.mark.parametrize(
    ("typed", "at"), [("f + sen(x)", 4), ("h = f + sen(x)", 8), (" grad f + sen(x) --wrt x", 10), ("sin(", 3)]
)
def test_the_caret_of_the_first_error(session: Session, typed: str, at: int) -> None:
    seen = preview(session, typed)
    assert seen.column == at
    line = seen.fitted(typed, 2, 80)
    assert line.index("^") == 2 + at
    assert len(seen.fitted(typed, 2, 20)) <= 20


@pytest.mark.parametrize("typed", ["", "  ", "# f", "x" * 5_000, "f\nf", "f(x) = ", "h ="])
def test_nothing_is_said_of_nothing(session: Session, typed: str) -> None:
    assert preview(session, typed).text == ""


def test_time_is_capped(session: Session) -> None:
    def look(session: Session, line: str) -> Preview:
        while True:
            pass

    assert in_time(session, "f", look) == Preview("…")
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0
    with pytest.raises(Late), within(0.001):
        while True:
            pass
    with within(60):
        pass
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0

    def broken(session: Session, line: str) -> Preview:
        raise ValueError

    assert in_time(session, "f", broken) == Preview("…")


@pytest.mark.parametrize(
    ("typed", "word", "shown", "meta"),
    [
        ("2*sinh", "sinh(", "sinh(x)", "hyperbolic sine; d/dx: cosh(x)"),
        ("arcs", "arcsin(", "arcsin: asin(x)", "inverse sine"),
        ("f + g", "g", "g(t)", "= t^3"),
        ("ta", "tape", "tape", "The evaluation trace"),
        ("grad f --num", "--numeric", "--numeric", "central differences"),
        ("taylor f --ord", "--order", "--order N", "total degree"),
        (":se", ":set", ":set", "An option"),
        (":set dig", "digits", "digits N", "certified digits"),
        (":help sq", "sqrt(", "sqrt(x)", "square root"),
        (":forget f", "f", "f", "= x^2"),
    ],
)
def test_completion_with_signature_and_derivative(
    session: Session, typed: str, word: str, shown: str, meta: str
) -> None:
    found = {each.text: each for each in completions(session, typed)}
    assert found[word].shown == shown and meta in found[word].meta
    assert word.startswith(typed[len(typed) - found[word].length :])


def test_files_are_not_completed_by_functions(session: Session) -> None:
    assert completions(session, ":load s") == []
