"""Equal by a normal form, equal at points, or neither."""

import pytest

from gradcalc.graph.graph import Graph
from gradcalc.language.format import format_node
from gradcalc.language.parse import parse
from gradcalc.truth.claims.equality import agree, cases, proved_equal, simplified


def pair(first: str, second: str) -> tuple[Graph, int, int]:
    formula = parse(f"max({first}, {second}, -1)")
    one, other, _ = formula.graph.nodes[formula.output].operands
    return formula.graph, one, other


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("(x + 1)^2", "x^2 + 2x + 1"),
        ("sin(x)*2", "sin(x) + sin(x)"),
        ("1/x + 1", "(x + 1)/x"),
        ("sin((x + 1)^2)", "sin(1 + 2x + x^2)"),
        ("y*x^(y - 1)", "y*x^y/x"),
        ("x^2.5", "x^1.5*x"),
        ("xlogy(x, y)", "x*log(y)"),
        ("(x^2 - 1)/(x - 1)", "x + 1"),
        ("pi*x - x*pi", "0"),
        ("norm([1, x])", "sqrt(1 + x^2)"),
        ("sin(x)^2 + cos(x)^2", "1"),
        ("sin(2*x)", "2*sin(x)*cos(x)"),
        ("cos(x + pi/4)", "(cos(x) - sin(x))/sqrt(2)"),
        ("(1 - cos(x))/sin(x)", "tan(x/2)"),
        ("sec(x)^2", "1 + tan(x)^2"),
        ("sin(atan(x))", "x/sqrt(1 + x^2)"),
        ("exp(x + y)", "exp(x)*exp(y)"),
        ("(exp(x) - exp(-x))/2", "sinh(x)"),
        ("acosh(x)", "log(x + sqrt(x - 1)*sqrt(x + 1))"),
        ("exp(y*log(x))", "x^y"),
        ("log(x/y)", "log(x) - log(y)"),
        ("log(x^2)", "2*log(abs(x))"),
        ("log(abs(x) + 1)^0.5*sqrt(x^2)", "abs(x)*sqrt(log(sqrt(x^2) + 1))"),
        ("sqrt(x^2 - 1)", "sqrt(x - 1)*sqrt(x + 1)"),
        ("sqrt((1 - x)/(1 + x))", "sqrt(1 - x^2)/(1 + x)"),
        ("sqrt(1 - sin(x)^2)", "abs(cos(x))"),
        ("cbrt(x^2*y)", "cbrt(x)^2*cbrt(y)"),
        ("x^(1/2)*x^(1/3)", "x^(5/6)"),
        ("max(x, y)", "(x + y + abs(x - y))/2"),
        ("where(x > 1, sqrt(x^2), -x)", "abs(x) - 2*x*where(x < 0, 0, where(x <= 1, 1, 0))"),
        ("gamma(x + 2)", "x*(x + 1)*gamma(x)"),
        ("besselj(2, x)", "2*besselj(1, x)/x - besselj(0, x)"),
        ("erf(-x)", "erfc(x) - 1"),
        ("sinc(x)*x", "sin(x)"),
        ("x*exp(-lambertw(x))", "lambertw(x)"),
        ("(x + y)^100", "(y + x)^100"),
        ("(x^y)^2", "x^(2*y)"),
        ("x^y*x^(y + 1)", "x^(2*y + 1)"),
        ("(x*y)^(x - y)", "x^(x - y)*y^(x - y)"),
        ("log(x^y)", "y*log(x)"),
        ("(x^pi)^(1/pi)", "x"),
        ("polygamma(2, x + 2)", "polygamma(2, x) + 2/x^3 + 2/(x + 1)^3"),
        ("polygamma(1, x - 1)", "polygamma(1, x) + 1/(x - 1)^2"),
        ("besseli(2, x)", "besseli(0, x) - 2*besseli(1, x)/x"),
        ("besselk(2, x)", "besselk(0, x) + 2*besselk(1, x)/x"),
        ("besselj(3/2, x)", "besselj(1/2, x)/x - besselj(-1/2, x)"),
        ("x*sin(pi/12)", "x*(sqrt(6) - sqrt(2))/4"),
        ("x*cos(pi/12)", "x*(sqrt(6) + sqrt(2))/4"),
        ("x*sin(pi/6) + cos(pi/3)", "(x + 1)/2"),
        ("x*cos(pi/6) + sin(pi/4)", "(sqrt(3)*x + sqrt(2))/2"),
        ("abs(x^2 + x + 1)", "x^2 + x + 1"),
        ("asec(x)*abs(x^2 - 1)", "asec(x)*(x^2 - 1)"),
    ],
)
def test_what_has_one_normal_form_is_proved_equal(first: str, second: str) -> None:
    graph, one, other = pair(first, second)
    assert proved_equal(graph, one, other)
    assert agree(graph, one, other) == 20


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("sqrt(x^2)", "x"),
        ("log(x^2)", "2*log(x) + log(1 + 1e-30)"),
        ("x^(2/3)", "cbrt(x)^2*(1 + 1/10^40)"),
        ("exp(log(x^2)/2)", "x"),
        ("asin(sin(x))", "x"),
        ("acos(cos(x))", "x"),
        ("sqrt(sin(x)^2)", "sin(x)"),
        ("cbrt(x^3)", "abs(x)"),
        ("where(x > 0, x, -x)", "x"),
        ("max(x, y)", "x"),
        ("sign(x)", "1"),
        ("sqrt((x - y)^2)", "x - y"),
        ("where(abs(floor(x)) > 0, 1, 2)", "1"),
        ("sqrt(x^2*(1 + y^2))", "x*sqrt(1 + y^2)"),
        ("log((x - 1)^2)", "2*log(x - 1) + x*0 + 1/10^50"),
        ("acot(x)", "atan(1/x) + 1/10^50"),
        ("tan(x/2)", "(1 + cos(x))/sin(x)"),
        ("besselj(1, x)", "besselj(0, x)"),
        ("polygamma(2, x + 2)", "polygamma(2, x) + 3/x^3 + 3/(x + 1)^3"),
        ("x*sin(pi/12)", "x*cos(pi/12)"),
        ("abs(x^2 + 3*x + 1)", "x^2 + 3*x + 1"),
        ("sqrt(x^2) + x^sqrt(4)", "x + x^sqrt(4)"),  # bases of whole powers may be below 0
        ("sqrt(x^2) + x^log2(8)", "x + x^log2(8)"),
    ],
)
def test_what_holds_on_a_part_of_the_domain_or_nowhere_is_never_proved(first: str, second: str) -> None:
    graph, one, other = pair(first, second)
    assert not proved_equal(graph, one, other)
    assert agree(graph, one, other) == -1


@pytest.mark.parametrize(
    ("first", "second", "where"),
    [
        ("(x^2)^y", "x^(2*y)", {"x"}),  # -3 and y = 1/2
        ("exp(y*log(abs(x)))", "x^y", {"x"}),  # odd y
        ("sqrt(x^(2*y))", "x^y", {"x"}),
        ("(x^4)^(y/2)", "x^(2*y)", {"x"}),
        ("(x - 1)^(2*y)", "(1 - x)^(2*y)", set()),
        ("(-x)^y", "x^y", set()),
    ],
)
def test_powers_of_negative_bases_have_the_sign_of_their_integer_exponents(
    first: str, second: str, where: set[str]
) -> None:
    graph, one, other = pair(first, second)
    found = cases(graph, one, other)
    assert {", ".join(format_node(graph, each) for each in case.sides) for case in found if case.equal} == where
    assert not proved_equal(graph, one, other)


def test_signs_that_no_assumption_settles_are_not_asked_for_ever() -> None:
    graph, one, other = pair("cosh(acosh(relu(acos(1) + y)))*x", "relu(acos(1) + y)*x*(1 + y)")
    assert len(cases(graph, one, other)) <= 16
    assert not proved_equal(*pair("cosh(acosh(relu(acos(1))))*x", "relu(acos(1))*x"))


def test_what_is_zero_without_looking_so_decides_no_branch() -> None:
    assert not proved_equal(*pair("where(atan(x) + atan(1/x) == pi/2, 1, 2)", "2"))


@pytest.mark.parametrize(
    ("first", "second", "where"),
    [
        ("sqrt(x^2)", "x", {"x": True, "-x": False}),
        ("abs(x - 1)", "1 - x", {"x - 1": False, "-(x - 1)": True}),
        ("sqrt(x)*abs(x)", "sqrt(x)*x", {"": True}),
    ],
)
def test_signs_divide_the_domain(first: str, second: str, where: dict[str, bool]) -> None:
    graph, one, other = pair(first, second)
    found = cases(graph, one, other)
    assert {", ".join(format_node(graph, side) for side in case.sides): case.equal for case in found} == where


@pytest.mark.parametrize(
    ("first", "second", "points"),
    [
        ("atan(x) + atan(1/x)", "sign(x)*pi/2", 20),
        ("0.1*x", "x/10", -1),  # a decimal is its nearest double
        ("x^3", "x^3 + 1e-40", -1),
        ("sin(x)", "x", -1),
        ("sqrt(-1 - x^2)", "x", 0),
    ],
)
def test_what_has_two_is_compared_at_points(first: str, second: str, points: int) -> None:
    graph, one, other = pair(first, second)
    assert not proved_equal(graph, one, other)
    assert agree(graph, one, other) == points


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("log(x) + x*(1/x)", "log(x) + 1"),
        ("2*x/(2*sqrt(1 + x^2))", "x/sqrt(1 + x**2)"),
        ("x*2*3 - x*5", "x"),
        ("(x^2 + 2x + 1)/(x + 1)^3", "1/(x + 1)"),
        ("x^4/4 - x^4/4", "0"),
        ("x + y", "x + y"),
        ("1 - x^2*3 - 1 + x/2", "(x - 6*x**2)/2"),
        ("(x + 1)^90*y - y*(x + 1)^90", "0"),
    ],
)
def test_a_formula_is_simplified_by_its_normal_form(text: str, short: str) -> None:
    formula = parse(text)
    index = simplified(formula.graph, formula.output)
    assert format_node(formula.graph, index) == short
    assert agree(formula.graph, formula.output, index) == 20
