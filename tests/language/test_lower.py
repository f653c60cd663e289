"""Derivatives inside a formula: how they are written, what they are, where they have no value, what is refused."""

import math

import pytest

from gradcalc import GradcalcError, compile, differentiate
from gradcalc.language.parse import parse


def value(text: str, **at: float) -> float:
    """The value of a formula, which is certified."""
    report = differentiate(text, at, symbolic=False)
    found = report.points[0].value
    assert found.certified is not None and found.certified.digits >= 14
    return found.value


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("d/dx(x^3)", "diff(x**3, x)"),
        ("d/dx (x^3)", "diff(x**3, x)"),
        ("d^2/dx^2(x^3)", "diff(x**3, x, 2)"),
        ("d**2/dx**2(x^3)", "diff(x**3, x, 2)"),
        ("d²/dx²(x^3)", "diff(x**3, x, 2)"),
        ("∂/∂x(x*y)", "diff(x*y, x)"),
        ("∂²/∂x∂y(x*y)", "diff(x*y, x, y)"),
        ("∂³/∂x²∂y(x*y)", "diff(x*y, x, 2, y)"),
        ("d^2/dxdy(x*y)", "diff(x*y, x, y)"),
        ("d^2/dx dy(x*y)", "diff(x*y, x, y)"),
        ("2 d/dx(x^2) + 1", "2*diff(x**2, x) + 1"),
        ("d/dx(d/dy(x*y))", "diff(diff(x*y, y), x)"),
        ("Derivative(x^2, x)", "diff(x**2, x)"),
    ],
)
def test_a_derivative_is_read_in_every_writing_and_written_in_one(text: str, canonical: str) -> None:
    formula = parse(text)
    assert formula.canonical == canonical
    assert parse(canonical).graph.nodes == formula.graph.nodes


@pytest.mark.parametrize(
    ("text", "at", "right"),
    [
        ("diff(x^4, x, 3)", {"x": 2.0}, 48.0),
        ("diff(x^3*y^2, x, 2, y)", {"x": 2.0, "y": 5.0}, 120.0),
        ("diff(sin(x), x, 0)", {"x": 1.0}, math.sin(1)),
        ("abs(diff(x^2, x, 2))/(1 + diff(x^2, x)^2)^1.5", {"x": 1.0}, 2 / 5**1.5),
        ("-diff(x^2 + y^2, x)/diff(x^2 + y^2, y)", {"x": 3.0, "y": 4.0}, -0.75),
        ("sum(k=1..3, diff(x^k, x))", {"x": 2.0}, 17.0),
        ("sum(diff([x, x^2, x^3], x))", {"x": 2.0}, 17.0),
        ("d/dt(t*x^2)", {"t": 1.0, "x": 3.0}, 9.0),
    ],
)
def test_it_has_the_value_of_the_derivative(text: str, at: dict[str, float], right: float) -> None:
    assert value(text, **at) == pytest.approx(right, rel=1e-15)


def test_a_variable_named_d_makes_a_quotient() -> None:
    assert parse("d/dx*(x+1)", shapes={"d": (), "dx": (), "x": ()}).canonical == "d/dx*(x + 1)"
    assert differentiate("d/2", {"d": 4}, symbolic=False).points[0].value.value == 2.0


def test_it_may_be_derived_further_and_compiled() -> None:
    report = differentiate("diff(sin(x*y), x)", {"x": 1, "y": 2}, symbolic=False)
    assert [entry.value for entry in report.points[0].gradient] == pytest.approx(
        [-4 * math.sin(2), math.cos(2) - 2 * math.sin(2)], rel=1e-15
    )
    found = compile("diff(x^3, x)")(x=[2.0, 3.0])
    assert found.value.tolist() == [12.0, 27.0] and found.gradient.tolist() == [[12.0, 18.0]]


@pytest.mark.parametrize(
    ("text", "x", "reason"),
    [("diff(log(x), x)", -1, "log(x) needs x > 0"), ("diff(0*sqrt(x), x)", -2, "sqrt(x) needs x >= 0")],
)
def test_where_the_function_has_no_value_its_derivative_has_none(text: str, x: float, reason: str) -> None:
    report = differentiate(text, {"x": x}, symbolic=False)
    assert report.exit_code == 3
    assert reason in report.notes[0].message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("diff(x^3)", (0, 9)),
        ("diff(x^3, 2)", (10, 11)),
        ("diff(x^3, x, 2.5)", (13, 16)),
        ("diff(x^3, x, -1)", (13, 15)),
        ("diff(x^3, x^2)", (10, 13)),
        ("diff(x^3, [x, x])", (10, 16)),
        ("sum(k=1..2, diff(k*x, k))", (22, 23)),
        ("diff(x > 0, x)", (5, 10)),
    ],
)
def test_what_is_no_derivative_is_refused_at_its_place(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(GradcalcError) as caught:
        parse(text)
    assert caught.value.span == place and caught.value.hint


def test_an_order_that_makes_too_large_a_graph_is_refused() -> None:
    with pytest.raises(GradcalcError, match="more than 50,000 nodes"):
        parse("diff(exp(sin(x)), x, 40)")


@pytest.mark.parametrize(
    ("text", "at", "right"),
    [
        ("subs(x^3, x, 2)", {}, 8.0),
        ("subs(diff(x^3, x), x, t + 1)", {"t": 1.0}, 12.0),
        ("subs(x - y, x, y, y, x)", {"x": 10.0, "y": 1.0}, -9.0),
        ("subs(x^n, n, 3)", {"x": -2.0}, -8.0),
        ("x + subs(x^2, x, 5)", {"x": 1.0}, 26.0),
        ("sum(k=1..3, subs(x^k, x, 2))", {}, 14.0),
        ("sum(subs([x, x^2], x, 3))", {}, 12.0),
        ("Subs(Derivative(x^2, x), x, 3)", {}, 6.0),
    ],
)
def test_something_else_in_the_place_of_variables(text: str, at: dict[str, float], right: float) -> None:
    assert value(text, **at) == right


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("subs(x^2, x)", "subs takes a formula, and variables each with what stands in its place", "subs(x^2, x)"),
        ("subs(x^2, 3, 2)", "only a variable is replaced", "3"),
        ("subs(x^2, x, [1, 2])", "a number is replaced by an array of shape (2,)", "[1, 2]"),
    ],
)
def test_what_cannot_be_replaced(text: str, message: str, marked: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        parse(text)
    error = caught.value
    assert message in error.message and error.span and text[slice(*error.span)] == marked and error.hint


def test_a_variable_that_was_replaced_is_none() -> None:
    assert list(parse("subs(x^2*t, x, 2)").variables) == ["t"]
    assert list(parse("subs(x^2*t, x, 2) + x").variables) == ["x", "t"]
    assert parse("subs(x^2, x, 2)").canonical == "subs(x**2, x, 2)"


@pytest.mark.parametrize(
    ("text", "at", "right"),
    [
        ("x" + "/x" * 3001, {"x": 1.001}, 1.001**-3000),
        ("x" + "*y/x" * 2000, {"x": 1.5, "y": 1.501}, 1.5 * (1.501 / 1.5) ** 2000),
        ("x" + "*y*y/x/x" * 1000 + "/7", {"x": 1.5, "y": 1.501}, 1.5 / 7 * (1.501 / 1.5) ** 2000),
        ("x" + "/(x/y/x)" * 2000, {"x": 3.0, "y": 1.001}, 3.0 * 1.001**2000),
        ("sum(k=1..3, x" + "/(1 + k/100000)" * 1500 + ")", {"x": 2.0}, sum(2 * (1 + k / 1e5) ** -1500 for k in (1, 2, 3))),
        ("sum([x, 2]" + "/x" * 1500 + "/[1, 2]*y)", {"x": 1.001, "y": 3.0}, 3 * (1.001 + 1) * 1.001**-1500),
        ("sum(x" + "/x" * 1500 + "/[1, 2]" + "/x" * 1500 + ")", {"x": 1.001}, 1.5 * 1.001**-2999),
    ],
)  # fmt: skip
def test_a_long_chain_of_factors_and_divisors_has_the_value_of_its_steps(
    text: str, at: dict[str, float], right: float
) -> None:
    found = differentiate(text, at, symbolic=False).points[0].value
    assert found.certified is not None and found.certified.digits >= 11
    assert found.value == pytest.approx(right, rel=1e-11)


def test_a_long_chain_is_undefined_where_a_divisor_is_0() -> None:
    report = differentiate("x" + "/x" * 1500 + "/y" + "/x" * 1500, {"x": 1, "y": 0}, symbolic=False)
    assert {finding.verdict for finding in report.points[0].gradient} == {"undefined"}


def test_a_long_chain_makes_a_graph_of_groups() -> None:
    chain, product = (len(parse("x" + f"{sign}x" * 32000).graph.nodes) for sign in "/*")
    assert product == 2
    assert chain < 4000
