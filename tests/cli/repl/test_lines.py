"""A line as text: definitions, words of a command, primes and calls with their places."""

import pytest

from gradcalc.cli.commands import function_of
from gradcalc.cli.parameters import parameters
from gradcalc.cli.repl import lines
from gradcalc.errors import ExpressionError


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("f = x^2", ("f", (), 3)),
        (" g(t, u) = t*u", ("g", ("t", "u"), 10)),
        ("größe=3", ("größe", (), 6)),
        ("x == 1", None),
        ("f(2) = 3", None),
        ("x^2", None),
        ("x <= 2", None),
    ],
)
def test_what_a_line_defines(line: str, found: tuple[str, tuple[str, ...], int] | None) -> None:
    assert lines.defined(line) == found


VARIABLES = {"f": ["x"], "g": ["t", "u"], "c": []}


def write(text: str) -> lines.Written:
    return lines.written(text, VARIABLES.__contains__, lambda name, count: VARIABLES[name])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("f", "f"),
        ("f' + f''", "diff(f, x) + diff(f, x, 2)"),
        ("f(2)", "subs(f, x, 2)"),
        ("2 f'(y + 1)", "2 subs(diff(f, x), x, y + 1)"),
        ("g(f(1), [1, 2][0])", "subs(g, t, subs(f, x, 1), u,  [1, 2][0])"),
        ("f (2)", "f (2)"),
        ("ff(2) + sin(f) + x.f(1)", "ff(2) + sin(f) + x.f(1)"),
        ("f(2", "f(2"),
    ],
)
def test_primes_and_calls_in_the_terms_of_the_language(typed: str, meant: str) -> None:
    assert write(typed).text == meant


def test_places_are_found_again_in_what_was_typed() -> None:
    made = write("f'(2) + sen(f''(y) + q)")
    for part in ("sen", "q)"):
        start = made.text.index(part)
        assert made.place((start, start + len(part))) == (made.typed.index(part), made.typed.index(part) + len(part))
    start = made.text.index("diff(f, x, 2)")
    assert made.place((start, start + 4)) == (made.typed.index("f''"), made.typed.index("f''") + 3)


@pytest.mark.parametrize(
    ("typed", "message", "marked"),
    [
        ("1 + g'", "g has 2 variables: t, u", "g'"),
        ("c'", "c has no variable", "c'"),
        ("sin'(x)", "sin is no formula of this session", "sin'"),
        ("2*g(1)", "g takes 2 (t, u), not 1", "g(1)"),
        ("f(" * 60 + "1" + ")" * 60, "too deeply", None),
    ],
)
def test_what_primes_and_calls_cannot_be(typed: str, message: str, marked: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        write(typed)
    error = caught.value
    assert message in error.message and error.hint and error.span
    assert marked is None or typed[slice(*error.span)] == marked


@pytest.mark.parametrize(
    ("command", "typed", "others", "options"),
    [
        ("grad", "x^2 + y --wrt x", ["x^2 + y"], ["--wrt", "x"]),
        ("grad", '"x + y" --at x=1, y=2 --numeric', ["x + y"], ["--at", "x=1, y=2", "--numeric"]),
        ("grad", "--at x=1 x^2 + 1", ["x^2 + 1"], ["--at", "x=1"]),
        ("grad", "--numeric x - 1", ["x - 1"], ["--numeric"]),
        ("grad", "f' - 1 --digts 3", ["f' - 1"], ["--digts", "3"]),
        ("diff", "x^2 y x:2,y", ["x^2 y", "x:2,y"], []),
        ("diff", "f x", ["f", "x"], []),
        ("map", "x*y 'in file.csv' -o out.csv", ["x*y", "in file.csv"], ["-o", "out.csv"]),
        ("taylor", "f --order=3", ["f"], ["--order=3"]),
        ("functions", "", [], []),
    ],
)
def test_the_words_of_a_command(command: str, typed: str, others: list[str], options: list[str]) -> None:
    assert lines.words(typed, parameters(function_of(command))) == (others, options)
