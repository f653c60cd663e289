"""Nodes as quotients of polynomials: which matrices lose rank whatever the numbers are, and that no others do."""

import pytest

from gradcalc.arithmetic.balls import Balls
from gradcalc.language.parse import parse
from gradcalc.truth.claims.equality import agree
from gradcalc.truth.claims.identities import Field, Impossible, rational
from gradcalc.truth.claims.rank import vanish


def vanishes(*rows: str, at_point: bool = False, x: str = "1.25", y: str = "log(3)") -> bool:
    """Whether a matrix of formulas in x and y is found to have rank one."""
    formula = parse("[" + ", ".join(f"[{row}]" for row in rows) + "]", array=True)
    graph, balls = formula.graph, Balls(256)
    at = {graph.inputs[name]: parse(text) for name, text in {"x": x, "y": y}.items() if name in graph.inputs}
    inputs = {node: balls.evaluate(text.graph, {}, [text.output])[text.output] for node, text in at.items()}
    values = balls.evaluate(graph, inputs, formula.items)
    columns = formula.shape[1]
    entries = {divmod(place, columns): node for place, node in enumerate(formula.items)}
    return vanish(graph, values, entries, [(0, 0)], formula.shape[0], at_point)


DEPENDENT = [
    ("x, y", "2*x, 2*y"),
    ("x, y", "x^2, x*y"),
    ("1/x, 1/y", "y, x"),
    ("erf(x), y", "3*erf(x), 3*y"),
    ("exp(x), exp(y)", "exp(x + y), exp(2*y)"),
    ("exp(x/2), 1", "exp(3*x/2), exp(x/2)^2"),
    ("exp(logsumexp(x, y)), 1", "2*exp(x) + 2*exp(y), 2"),
    ("sin(x)^2 + cos(x)^2, x", "1, x"),
    ("sin(x + y), x", "sin(x)*cos(y) + cos(x)*sin(y), x"),
    ("cos(2*x), 1", "1 - 2*sin(x)^2, 1"),
    ("cos(3*x - y), 1", "cos(3*x)*cos(y) + sin(3*x)*sin(y), 1"),
    ("tan(x), 1", "sin(x), cos(x)"),
    ("cosh(x)^2 - sinh(x)^2, 1", "1, 1"),
    ("tanh(x), 1", "sinh(x), cosh(x)"),
    ("sigmoid(x), 1", "1, 1 + exp(-x)"),
    ("sqrt(x), x", "1, sqrt(x)"),
    ("cbrt(x)^2, x", "1, cbrt(x)"),
    ("norm([x, y]), x^2 + y^2", "1, norm([x, y])"),
    ("where(x > 0, x, log(y)), 1", "x, 1"),
    ("0, 0", "0, 0"),
]


@pytest.mark.parametrize("rows", DEPENDENT[:-1])
def test_dependent_rows_are_found(rows: tuple[str, str]) -> None:
    assert vanishes(*rows)


INDEPENDENT = [
    ("x, y", "y, x"),
    ("sin(x), cos(x)", "cos(x), sin(x)"),
    ("exp(x), 1", "exp(x) + 1, 1"),
    ("sqrt(x), x", "1, -sqrt(x)"),
    ("erf(x), 1", "erf(x) + 1, 1"),
    ("x, y", "x + 1, y"),
    ("cos(x + y), 1", "cos(x)*cos(y) + sin(x)*sin(y), 1"),
    ("norm([x, y]), x^2 - y^2", "1, norm([x, y])"),
    ("tanh(x), 1", "cosh(x), sinh(x)"),
    ("where(x > 0, x, y), 1", "y, 1"),
    ("atan(2) + atan(1/2), 1", "pi/2, 1"),  # true, and not known
]


@pytest.mark.parametrize("rows", INDEPENDENT)
@pytest.mark.parametrize("at_point", [False, True])
def test_others_are_not(rows: tuple[str, str], at_point: bool) -> None:
    assert not vanishes(*rows, at_point=at_point)


@pytest.mark.parametrize(
    ("rows", "x", "y"),
    [
        (("sin(x + y), 1", "-sin(x), 1"), "1.25", "pi"),
        (("cos(x + y), 1", "-sin(x), 1"), "1.25", "pi/2"),
        (("sin(x + y), 1", "sin(x), 1"), "1.25", "0"),
        (("x, y", "x^2, 2"), "sqrt(2)", "sqrt(2)"),
        (("erf(x)*y, 1", "erf(1.25)*y, 1"), "1.25", "pi"),
    ],
)
def test_at_a_point_exact_numbers_stand_for_themselves(rows: tuple[str, str], x: str, y: str) -> None:
    assert vanishes(*rows, at_point=True, x=x, y=y) and not vanishes(*rows, x=x, y=y)


@pytest.mark.parametrize(
    ("assumed", "positive", "holds"),
    [
        ("2 - x", "5/2 - x", True),
        ("2 - x", "2 - x", True),
        ("2 - x", "3/2 - x", False),
        ("1 - 2*x", "1 - x", True),
        ("1 - 2*x", "x", False),
        ("x + 1", "x + 2", True),
        ("x + 1", "x + 1/2", False),
        ("x*y, x", "y", True),  # the first says more once the second is known
        ("x, x*y", "y", True),
        ("x*y", "y", False),
        ("-x*y, x", "-y", True),
        ("(x - 1)*(3 - x)", "x - 1", True),
        ("(x - 1)*(3 - x)", "3 - x", True),
        ("(x - 1)*(3 - x)", "2 - x", False),
    ],
)
def test_signs_follow_from_what_is_assumed(assumed: str, positive: str, holds: bool) -> None:
    formula = parse(f"[{assumed}, abs({positive}) - ({positive})]", array=True)
    *sides, doubtful = formula.items
    (form,) = Field(formula.graph, sides).forms([doubtful])
    assert form.top.is_zero() == holds


def test_what_is_assumed_and_holds_nowhere_is_impossible() -> None:
    formula = parse("[-1 - x^2, x]", array=True)
    with pytest.raises(Impossible):
        Field(formula.graph, formula.items[:1]).forms(formula.items[1:])


@pytest.mark.parametrize(
    "text", ["(x + y)/(3*(x - y)^2)", "2*x^2*y/7 - 3*y", "5/x/y^3", "(1 - x)^3*y/2", "x/(2*y) - 7"]
)
def test_every_way_of_writing_a_form_is_the_same_number(text: str) -> None:
    formula = parse(text)
    field = Field(formula.graph, plain=True)
    (form,) = field.forms([formula.output])
    written = list(field.nodes(form))
    assert len(written) == 2 and all(agree(formula.graph, formula.output, node) == 20 for node in written)


def test_what_is_too_long_is_given_up() -> None:
    power = "*".join("(1 + x + y + erf(x) + erf(y))" for _ in range(40))
    assert not vanishes(f"{power}, 1", f"2*{power}, 3")
    assert not vanishes(f"sin({power}), 1", f"sin(2*{power}/2), 1")


def test_a_power_of_ten_that_fills_the_memory_is_no_rational() -> None:
    assert rational("1e99999999", "written") is None and rational("1e-99999999", "written") is None
    assert rational("1e20", "written") == 10**20


def test_a_polynomial_of_a_very_high_degree_is_an_unknown() -> None:
    graph = parse("x^10^12 - x^10^12 + log(x^2000 + 1) + (x^9999 - 1)/(x - 1)").graph
    field = Field(graph)
    (form,) = field.forms([len(graph) - 1])
    assert form.top.total_degree() < 10_000
