"""Which words are expressions: those that begin with a minus, in every place, and those that look like an option."""

import json

import pytest

from tests.cli import grad, run


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


def answers(*words: str) -> dict[str, object]:
    """The JSON that words give without SymPy."""
    ran = run("--no-symbolic", "--json", *words)
    assert ran.code == 0, ran
    found: dict[str, object] = json.loads(ran.out)
    return found


@pytest.mark.parametrize(
    "words",
    [
        ("x^2",), ("-x^2*(-1)",), ("x ^ 2",), ("(x)*x",), ("x²",), ("x*x", "--wrt", "x"), ("--wrt", "x", "x^2"),
 ("--let", "n=2", "x^n"), ("--let=n=2", "x**n"), ("|x|^2",), ("--json", "grad", "x^2"),
    ],
)  # fmt: skip
def test_a_formula_alone_is_short_for_grad(words: tuple[str, ...]) -> None:
    found = answers(*words)
    assert found["command"] == "grad" and list(found["formulas"]) == ["x"]  # type: ignore[call-overload]


@pytest.mark.parametrize("words", [("x^2", "--at", "x=3"), ("--at", "x=3", "x^2"), ("--at=x=3", "x^2")])
def test_a_formula_alone_takes_a_point(words: tuple[str, ...]) -> None:
    (point,) = answers(*words)["points"]  # type: ignore[misc]
    assert point["gradient"] == {"x": 6.0}


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("grd", "x^2"), "gradcalc grad"),
        (("hesian",), "gradcalc hessian"),
        (("--json", "tailor", "x^2"), "gradcalc taylor"),
        (("x",), "gradcalc grad x, or gradcalc --help"),
        (("sin",), "gradcalc functions sin"),
        (("ode",), "try: gradcalc --help"),
        (("",), "gradcalc --help"),
    ],
)
def test_a_lone_word_is_a_command(words: tuple[str, ...], hint: str) -> None:
    ran = run(*words)
    assert ran.code == 2 and "no such command" in ran.err + ran.out and hint in ran.err + ran.out


def test_what_is_wrong_with_a_formula_alone_is_told_as_of_grad() -> None:
    assert run("x^2", "--att", "x=1").err == "error: no such option: --att\ntry: --at\n"
    assert run("x^2", "+", "1").err.startswith("error: got unexpected extra argument(s) (+ 1)")
    assert run("--at", "x=1").err.startswith("error: missing argument 'EXPR'")
    assert "  x^2 +\n      ^\n" in run("x^2 +").err
    assert run("x*y", "--at", "x=1").err.startswith("error: no value for y")
