"""A sum or a product as a book writes it: equal, flat, its powers joined, nothing cancelled, arguments as they were."""

import pytest

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.language.format import format_node
from gradcalc.language.parse import parse
from gradcalc.truth.claims.equality import agree
from gradcalc.truth.questions.tidy import PENDING, tidied


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2*x*(x*3)", "6*x**2"),
        ("a + (b + -c)", "a + b - c"),
        ("a - (b - c)", "a - b + c"),
        ("sin(x)*x^2*y*x", "x**3*y*sin(x)"),
        ("(x^2)^3*x", "x**7"),
        ("-x*-y", "x*y"),
        ("x*-y", "-x*y"),
        ("-(a + b)*c", "-c*(a + b)"),
        ("-(a + b)*(a + c)", "-((a + b)*(a + c))"),
        ("sin(x)*0.5*x", "0.5*x*sin(x)"),
        ("y*(2*x/2)/3", "y*x/3"),
        ("-6*x/4", "-3*x/2"),
        ("x/-2", "-x/2"),
        ("x/x", "x/x"),
        ("x^-2*x^-2", "x**(-4)"),
        ("x^-2*x^2", "x**(-2)*x**2"),
        ("(x^-1)^-1*2", "2*(x**(-1))**(-1)"),
        ("a/(b/c)", "a/(b/c)"),
        ("(a/b)*(c/d)", "a*c/(b*d)"),
        ("sin(x*x)*x*x", "x**2*sin(x*x)"),
        ("2^x*y", "y*2**x"),
        ("-a - b", "-a - b"),
        ("-1/x", "-1/x"),
        ("3", "3"),
    ],
)
def test_what_is_written(text: str, written: str) -> None:
    formula = parse(text)
    found = tidied(formula.graph, formula.output).index
    assert format_node(formula.graph, found) == written
    assert agree(formula.graph, formula.output, found) >= 0


def test_derivatives_stand_last() -> None:
    graph = Graph()
    x, pending = Ref(graph, graph.input("x")), Ref(graph, graph.input(PENDING + "u'"))
    assert format_node(graph, tidied(graph, ops.mul(pending, ops.sin(x), x).index, [pending.index]).index).endswith(
        "'`"
    )
    assert format_node(graph, tidied(graph, ops.mul(pending, ops.sin(x)).index).index).endswith("sin(x)")


def test_long_sums_need_no_recursion() -> None:
    graph = Graph()
    total = x = Ref(graph, graph.input("x"))
    for _ in range(20_000):
        total = total - x * -total if total is x else total - x
    found = tidied(graph, total.index)
    assert len(graph.nodes[found.index].operands) > 19_000
