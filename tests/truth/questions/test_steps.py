"""`steps`: each step holds, its rule has its name, and the result is the tape's derivative."""

import json
import pickle

import pytest

from gradcalc.errors import GradcalcError, LimitError
from gradcalc.graph import ops
from gradcalc.graph.derive import gradient
from gradcalc.language.parse import as_formula, parse
from gradcalc.truth.claims.equality import agree
from gradcalc.truth.questions.steps import Steps, steps
from tests import CORPORA

FEYNMAN = [json.loads(line) for line in CORPORA.joinpath("feynman.jsonl").read_text(encoding="utf-8").splitlines()]

FORMULAS = [
    "x^2*sin(x)", "sin(3x^2 + 1)/(x + 1)", "x^x", "x^sin(x)", "sin(x)^x", "2^x*y + ln(5)*x", "x*ln(x)", "(x + 1)^3*x^2.5",
    "5", "x", "sqrt(1 + x^2)", "1/(1 + x)", "max(x, x^2)", "min(x, 1, x^2)", "besselj(2, x)", "atan2(x, x^2)", "tanh(x)^2",
    "sum(k=1..4, x^k/k)", "diff(x^4, x)", "x^(1/3) + x^0.1", "norm([x, 2])", "where(x > 0, x^2, sin(x))", "exp(-x^2)/pi",
    "abs(x - 1)*x", "log(x, 3)", "xlogy(x, x)", "asin(x/9)*acos(x/9)", "erf(x)*exp(x)", "x - x^2 - 1", "-x*-x", "x!",
    "piecewise((x, x < 1), (x^2, x >= 1))", "e^(e^x)", "x/(y/x)", "(x^2 + 1)/(x - 1)^2", "logsumexp(x, y)", "sin(sin(sin(x)))",
]  # fmt: skip


def holds(before: str, after: str) -> None:
    """Two formulas of the language, one with derivatives pending, agree wherever tried."""
    formula = parse(f"max({before}, {after}, -1e300)")
    one, other, _ = formula.graph.nodes[formula.output].operands
    assert agree(formula.graph, one, other) >= 0, f"{before} = {after}"


def leads_to_the_derivative(found: Steps, text: str) -> None:
    formula = as_formula(f"max({found.result}, {text}, -1e300)")
    graph = formula.graph
    result, function, _ = graph.nodes[formula.output].operands
    (derivative,) = gradient(graph, function, [graph.input("x")])
    assert agree(graph, result, derivative) > 0


@pytest.mark.parametrize("text", FORMULAS)
def test_each_step_holds_and_leads_to_the_derivative(text: str) -> None:
    found = steps(text, "x", every=True)
    for step in found.steps:
        holds(step.before, step.after)
    assert found.agrees > 0 and found.exit_code == 0
    leads_to_the_derivative(found, text)


@pytest.mark.parametrize("row", FEYNMAN[::3], ids=lambda row: row["id"])
def test_formulas_of_physics(row: dict[str, list[str]]) -> None:
    for name in row["vars"]:
        found = steps(row["expr"], name)
        assert found.agrees > 0
        for step in found.steps:
            holds(step.before, step.after)


@pytest.mark.parametrize(
    "op", [op for op in ops.TABLE.values() if op.rules and not op.internal and not op.is_condition and len(op.operands) == 1]
)  # fmt: skip
def test_every_function_has_its_step(op: ops.Op) -> None:
    found = steps(f"{op.name}(x/4 + 0.6)", "x")
    assert found.proved or found.agrees > 0
    assert "chain" in found.steps[0].rule or op is ops.neg


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x + sin(x)", ["sum"]),
        ("x^2 + 3", ["sum", "constant", "power"]),
        ("3*x^2", ["constant", "power"]),
        ("x*sin(x)", ["product"]),
        ("x/sin(x)", ["quotient"]),
        ("1/sin(x)", ["quotient"]),
        ("(x + 1)^3", ["power", "chain"]),
        ("sin(x^2)", ["chain", "sin"]),
        ("x^x", ["power", "logarithmic"]),
        ("2^x", ["exponential"]),
        ("where(x > 0, x, 1)", ["piecewise"]),
    ],
)
def test_rules_have_the_names_of_textbooks(text: str, words: list[str]) -> None:
    told = " ".join(step.rule for step in steps(text).steps)
    assert all(word in told for word in words)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("x^2*sin(x)", "x*(x*cos(x) + 2*sin(x))"),
        ("x*ln(x)", "log(x) + 1"),
        ("exp(-x^2)", "-2*x*exp(-x**2)"),
        ("asin(x)", "1/sqrt(1 - x**2)"),
        ("sqrt(x)", "1/(2*sqrt(x))"),
        ("x^3*exp(x)", "x**2*exp(x)*(x + 3)"),
        ("x^x", "x**x*(log(x) + 1)"),
        ("x*sin(x^2)", "sin(x**2) + 2*x**2*cos(x**2)"),
        ("erf(x^2)", "4*x*exp(-x**4)/sqrt(pi)"),
        ("atan(x^2)", "2*x/(x**4 + 1)"),
        ("5", "0"),
    ],
)
def test_results_read_as_in_a_book(text: str, result: str) -> None:
    found = steps(text, "x")
    assert (found.result, found.proved) == (result, True)


@pytest.mark.parametrize(
    ("text", "general"),
    [
        ("gamma(x^2)", "(gamma(u))' = gamma(u)*digamma(u)*u'"),
        ("erf(x^2)", "(erf(u))' = 2*exp(-u^2)*u'/sqrt(pi)"),
        ("cos(x^2)", "(cos(u))' = -sin(u)*u'"),
        ("besselj(2, x^2)", "(besselj(a, u))' = (besselj(a - 1, u) - besselj(a + 1, u))*u'/2"),
        ("2*x^2*sin(x)", "(u*v)' = u'*v + u*v'"),
        ("7*x^2*3", "(u*a)' = u'*a"),
    ],
)
def test_rules_in_general_end_in_what_is_within(text: str, general: str) -> None:
    assert steps(text).steps[0].general == general


def test_a_power_of_a_zero_is_no_crash() -> None:
    assert steps("x + (x - x)^y", "x").result and steps("((x - x)*sin(x))^(y + 2)*x", "x").result


def test_higher_orders_go_on_from_the_derivative() -> None:
    found = steps("x*ln(x)", "x:3")
    assert found.results == ("log(x) + 1", "1/x", "-1/x**2") and found.proved
    assert {step.order for step in found.steps} == {1, 2, 3}


def test_what_goes_without_saying_is_left_out() -> None:
    assert len(steps("3*x + 2", every=True).steps) > len(steps("3*x + 2").steps)
    assert [step.rule for step in steps("7", "x").steps] == ["constant rule"]


def test_the_answer_shows_itself() -> None:
    found = steps("x^2*sin(x)")
    shown = found.drawn("terminal")
    assert "1. product rule   (u*v)' = u'*v + u*v'" in shown and "proved" in shown
    assert found.to_dict()["steps"][0] == {
        "rule": "product rule", "general": "(u*v)' = u'*v + u*v'", "before": "d/dx(x**2*sin(x))",
        "after": "d/dx(x**2)*sin(x) + x**2*d/dx(sin(x))", "order": 1,
    }  # fmt: skip
    assert list(found.records())[1][:2] == (1, "product rule")
    assert pickle.loads(pickle.dumps(found)) == found
    assert len(repr(found)) < 600 and "product rule" in found._repr_html_()
    for medium in ("latex", "markdown", "html"):
        assert found.drawn(medium)


def test_a_notebook_shows_of_long_formulas_what_can_be_read() -> None:
    found = steps("*".join(f"(x + {k})^x" for k in range(1, 120)))
    shown = found._repr_html_()
    assert len(found.result) > 100_000 and len(shown) < 250_000
    assert "characters: to_dict() has all" in shown
    assert "tape's derivative" in shown and found.result in found.drawn("html")


@pytest.mark.parametrize(
    ("text", "wrt", "message"),
    [
        ("x*y", None, "2 variables"),
        ("7", None, "no variables"),
        ("sigma*2", "sigm", "does not contain sigm"),
        ("x", "x:9", "order 1 to 4"),
        ("x", "x,y", "no variable with an order"),
        ("besselj(x, 2)", "x", "must be constant"),
    ],
)
def test_what_cannot_be_derived_is_refused(text: str, wrt: str | None, message: str) -> None:
    with pytest.raises(GradcalcError, match=message):
        steps(text, wrt)


def test_a_formula_that_nobody_reads_is_refused() -> None:
    with pytest.raises(LimitError, match="parts"):
        steps("+".join(f"sin({i}*x)" for i in range(2000)))
