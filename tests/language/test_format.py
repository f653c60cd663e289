"""What is written of a graph reads back as the same node."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph
from gradcalc.language.format import format_node
from gradcalc.language.parse import parse


def place(graph: Graph, index: int, into: Graph) -> int:
    """The index of a node in a graph it is copied into: equal nodes get the same; rules write `same` as `==`."""
    placed: dict[int, int] = {}
    for i in graph.needed([index]):
        op, operands, parameter = graph.nodes[i]
        op = ops.eq if op is ops.same else op
        placed[i] = into.emit(op, tuple(placed[o] for o in operands), parameter)
    return placed[index]


def check_round_trip(graph: Graph, index: int) -> None:
    text = format_node(graph, index, limit=100_000)
    shapes = {name: () for name in graph.inputs if "[" not in name}
    again = parse(text, shapes={**shapes, "v": (3,)})
    common = Graph()
    assert place(graph, index, common) == place(again.graph, again.output, common), text


def trees() -> st.SearchStrategy[tuple[object, ...]]:
    """Random formulas as nested tuples: an op's name and its operands."""
    leaves = st.one_of(
        st.sampled_from(["x", "y", "v[0]"]).map(lambda name: ("input", name)),
        st.sampled_from(["2", "0.5", "-3", "pi", "E", "1e-3", "0"]).map(lambda text: ("const", text)),
    )
    unary, binary = ["sin", "neg", "abs", "sqrt", "factorial"], ["sub", "div", "add", "mul", "mod", "atan2", "max"]

    def grow(inner: st.SearchStrategy[tuple[object, ...]]) -> st.SearchStrategy[tuple[object, ...]]:
        condition = st.tuples(st.sampled_from(["lt", "ge", "eq", "ne"]), inner, inner)
        either = st.tuples(
            st.sampled_from(["and", "or"]), condition, st.one_of(condition, st.tuples(st.just("not"), condition))
        )
        return st.one_of(
            st.tuples(st.sampled_from(unary), inner),
            st.tuples(st.sampled_from(binary), inner, inner),
            st.tuples(st.sampled_from(["add", "mul", "hypot"]), inner, inner, inner),
            st.tuples(st.just("pow"), inner, st.just(("input", "y"))),
            st.tuples(st.just("powi"), inner, st.sampled_from(["2", "-1", "7"]).map(lambda n: ("const", n))),
            st.tuples(st.just("where"), st.one_of(condition, either), inner, inner),
        )

    return st.recursive(leaves, grow, max_leaves=12)


def planted(graph: Graph, tree: tuple[object, ...]) -> int:
    """Emit a random formula; what the language writes otherwise is replaced by what it means."""
    name, *rest = tree
    if name in ("input", "const"):
        return graph.input(str(rest[0])) if name == "input" else graph.constant(str(rest[0]))
    operands = tuple(planted(graph, operand) for operand in rest)  # type: ignore[arg-type]
    if name == "neg" and (number := graph.number(operands[0])) is not None:
        return graph.constant(-number)
    if name == "pow" and graph.nodes[operands[0]].parameter == "E":
        return graph.emit(ops.exp, operands[1:])
    if name == "powi" and graph.nodes[operands[0]].parameter == "E":
        return graph.emit(ops.exp, operands[1:])
    return graph.emit(ops.TABLE[str(name)], operands)


@settings(max_examples=400, deadline=None)
@given(trees())
def test_random_graphs_read_back(tree: tuple[object, ...]) -> None:
    graph = Graph()
    check_round_trip(graph, planted(graph, tree))


@pytest.mark.parametrize(
    "text",
    [
        "x**4*sin(y)/exp(x*y)", "max(x, y, x*y)", "where(x > 0, log(x), x)**y", "clip(x, -1, y)", "hypot(x, y, 2)*relu(x)",
        "besselj(2, x)*airyai(y)", "x**y - y**x", "|x|/(1 + sigmoid(y))", "gelu(x*y)", "x*y*(x+y)*(x-y)*sqrt(x)*y**3", "atan2(x, y) % y",
    ],
)  # fmt: skip
def test_derivatives_of_both_orders_read_back(text: str) -> None:
    formula = parse(text)
    graph = formula.graph
    inputs = [formula.variables[name].items[0] for name in ("x", "y")]
    first = derive.gradient(graph, formula.output, inputs)
    second = derive.hessian(graph, first, inputs)
    for index in [*first, *second.values()]:
        check_round_trip(graph, index)


def test_a_long_text_is_cut_and_a_shared_graph_does_not_explode() -> None:
    graph = Graph()
    index = graph.input("x")
    for _ in range(200):
        index = graph.emit(ops.sub, (index, index))
    text = format_node(graph, index, limit=100)
    assert len(text) == 101
    assert text.endswith("…")


def test_deep_graphs_are_written_without_recursion() -> None:
    graph = Graph()
    index = graph.input("x")
    for _ in range(50_000):
        index = graph.emit(ops.sin, (index,))
    assert format_node(graph, index, limit=10) == "sin(sin(si…"
    assert len(format_node(graph, index, limit=10**6)) == 50_000 * 5 + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x - (y - 2)", "x - (y - 2)"),
        ("(x*y)/(2*x)", "x*y/(2*x)"),
        ("x/(y/2)", "x/(y/2)"),
        ("(x/y)/2", "x/y/2"),
        ("(x^2)^3", "(x**2)**3"),
        ("-(x + y)", "-(x + y)"),
        ("-(x*y)", "-(x*y)"),
        ("a + b - 3 - c*d", "a + b - 3 - c*d"),
        ("a + -b", "a + -b"),
    ],
)
def test_only_needed_parentheses_are_written(text: str, expected: str) -> None:
    formula = parse(text)
    assert format_node(formula.graph, formula.output) == expected
    check_round_trip(formula.graph, formula.output)
