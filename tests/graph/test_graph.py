"""Graphs: equal nodes stored once, constants by their exact text, what is exact folded, what outputs need, the limit."""

import math

import pytest

from gradcalc.errors import LimitError
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref, rule_graph
from gradcalc.graph.ops import Op


def test_equal_nodes_are_stored_once() -> None:
    graph = Graph()
    x, y = graph.input("x"), graph.input("y")
    assert graph.input("x") == x != y
    assert graph.emit(ops.sub, (x, y)) == graph.emit(ops.sub, (x, y)) != graph.emit(ops.sub, (y, x))
    assert graph.inputs == {"x": x, "y": y} and len(graph) == 4
    assert all(operand < index for index, node in enumerate(graph.nodes) for operand in node.operands)


def test_a_constant_is_told_by_its_exact_text() -> None:
    graph = Graph()
    values = [1, 1.0, 0, 0.0, -0.0, 0.1, "0.1", math.inf, math.nan, "pi"]
    found = [graph.constant(value) for value in values]
    assert len(set(found)) == len(values)
    assert [graph.constant(value) for value in values] == found
    texts = [
        "1",
        "0x1.0000000000000p+0",
        "0",
        "0x0.0p+0",
        "-0x0.0p+0",
        "0x1.999999999999ap-4",
        "0.1",
        "oo",
        "nan",
        "pi",
    ]
    assert [graph.nodes[index].parameter for index in found] == texts
    assert [graph.number(index) for index in found] == [1, None, 0] + [None] * 7
    assert graph.constant(ops.pi) == found[-1]
    assert all(graph.is_constant(index) and graph.is_leaf(index) for index in found)


@pytest.mark.parametrize(
    ("op", "operands", "result"),
    [
        (ops.add, ("x", 0), "x"), (ops.add, (2, 3), 5), (ops.sub, ("x", 0), "x"), (ops.sub, (2, 3), -1),
        (ops.mul, ("x", 0), 0), (ops.mul, ("x", 1), "x"), (ops.mul, (2, 3), 6), (ops.div, ("x", 1), "x"),
        (ops.div, (0, "x"), 0), (ops.div, (6, 3), 2), (ops.powi, ("x", 0), 1), (ops.powi, ("x", 1), "x"),
        (ops.pow, ("x", 1), "x"), (ops.neg, (3,), -3), (ops.where, ("c", "x", "x"), "x"), (ops.and_, ("c", "c"), "c"),
        (ops.or_, ("c", "c"), "c"),
    ],
    ids=str,
)  # fmt: skip
def test_what_rules_emit_is_folded_where_that_is_exact(
    op: Op, operands: tuple[str | int, ...], result: str | int
) -> None:
    graph = Graph()
    nodes = {name: graph.ref(graph.input(name)) for name in "xc"}
    expected = nodes[result].index if isinstance(result, str) else graph.constant(result)
    assert Ref(graph, 0).apply(op, [nodes.get(str(one), one) for one in operands]).index == expected


@pytest.mark.parametrize(
    ("op", "operands"),
    [(ops.add, (2**53, 1)), (ops.mul, (2**27, 2**27)), (ops.div, (1, 3)), (ops.div, (1, 0))],
    ids=str,
)
def test_what_is_not_exact_in_doubles_is_not_folded(op: Op, operands: tuple[int, int]) -> None:
    graph = Graph()
    assert graph.nodes[graph.ref(graph.input("x")).apply(op, operands).index].op is op


def test_two_signs_and_two_nots_cancel_and_minus_one_is_a_sign() -> None:
    graph = Graph()
    x = graph.ref(graph.input("x"))
    assert ops.neg(ops.neg(x)).index == ops.not_(ops.not_(x)).index == x.index
    assert ops.mul(x, -1).index == ops.sub(0, x).index == ops.neg(x).index
    assert graph.nodes[ops.pow(x, 3).index].op is ops.powi


def test_what_outputs_need_is_in_increasing_order_and_without_the_rest() -> None:
    graph = Graph()
    x, y = graph.input("x"), graph.input("y")
    product, _, sine = (graph.emit(*one) for one in ((ops.mul, (x, x)), (ops.exp, (y,)), (ops.sin, (x,))))
    total = graph.emit(ops.add, (sine, product))
    assert graph.needed([total]) == (x, product, sine, total)
    assert graph.needed([]) == ()


def test_what_outputs_need_is_looked_for_once_and_stays_true_as_the_graph_grows() -> None:
    graph = Graph()
    x = graph.input("x")
    outputs = [graph.emit(ops.powi, (x, graph.constant(n))) for n in range(2, 12)]
    found = graph.needed(outputs)
    later = graph.emit(ops.sin, (outputs[0],))
    assert graph.needed(iter(outputs)) is found and later not in found
    assert graph.needed([later]) == (x, 1, outputs[0], later)
    for output in outputs:  # more answers than are kept
        assert graph.needed([output]) == (x, output - 1, output)
    assert graph.needed(outputs) == found


def test_what_depends_on_inputs_is_kept_as_the_graph_grows() -> None:
    graph = Graph()
    x, y = graph.input("x"), graph.input("y")
    live = graph.live([x])
    assert list(live.flags()) == [1, 0] and graph.live([x]) is live
    for op, operands in ((ops.sin, (x,)), (ops.exp, (y,)), (ops.lt, (x, y)), (ops.add, (2, 3))):
        graph.emit(op, operands)
    assert list(live.flags()) == [1, 0, 1, 0, 0, 1]


def test_one_node_too_many_names_the_option() -> None:
    graph = Graph(max_nodes=3)
    for name in "xyzx":
        graph.input(name)
    with pytest.raises(LimitError, match="the formula needs more than 3 nodes\ntry: --max-nodes raises the limit"):
        graph.input("w")


def test_nodes_keep_the_place_they_were_first_emitted_for() -> None:
    graph = Graph()
    for span in ((0, 1), (2, 3)):
        graph.span = span
        graph.input("x")
    assert graph.spans == [(0, 1)]


def test_a_rule_is_a_graph_of_its_operands_made_once() -> None:
    graph, output = rule_graph(ops.log.domain, 1)
    assert graph.inputs == {"operand 0": 0} and graph.nodes[output].op.is_condition
    assert rule_graph(ops.log.domain, 1)[0] is graph
