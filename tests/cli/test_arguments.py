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
