"""Budgets of work: costs grow with the precision, the clock is the last resort and is told."""

import pytest

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget, OutOfBudget, total, work
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph

PRECISIONS = (128, 512, 4096, 33_024)


def test_every_op_costs_more_at_more_bits() -> None:
    for op in ops.TABLE.values():
        costs = [work(op, precision) for precision in PRECISIONS]
        assert costs == sorted(costs) and costs[0] > 0


def test_what_takes_longer_costs_more() -> None:
    dear = [ops.add, ops.exp, ops.erf, ops.gamma, ops.besselj]
    costs = [work(op, 4096) for op in dear]
    assert costs[0] < costs[1] < costs[2] < costs[3] < costs[4]


def test_work_is_counted_by_operands_and_ends_an_evaluation() -> None:
    graph = Graph()
    x = graph.input("x")
    output = graph.emit(ops.add, (x,) * 11)
    budget = Budget(10 * work(ops.add, 128) + 1)
    values = Balls(128).evaluate(graph, {x: Balls(128).constant("1")}, [output], budget)
    assert values[output] == 11 and 0 < budget.left < 2 and not budget.spent
    with pytest.raises(OutOfBudget):  # not begun: it costs more than is left
        Balls(128).evaluate(graph, {x: Balls(128).constant("1")}, [output], budget)
    assert budget.spent and not budget.late


def test_the_clock_is_the_last_resort_and_is_told() -> None:
    now = [0.0]
    budget = Budget(1e6, 60, lambda: now[0])
    assert budget.spend(100, 8) == 8 and budget.spend(10_000, 8) == 4  # the clock is looked at after some work
    now[0] = 59.0
    budget.look()
    assert not budget.spent
    now[0] = 61.0
    with pytest.raises(OutOfBudget):
        budget.look()
    assert budget.late and budget.left == 989_900


def test_a_budget_spent_by_work_is_not_late_whatever_the_clock_says() -> None:
    now = [0.0]
    budget = Budget(1, 60, lambda: now[0])
    budget.spend(1, 1)
    now[0] = 100.0
    assert budget.spent and not budget.late


def test_the_total_of_a_graph_is_what_its_evaluation_costs() -> None:
    graph = Graph()
    x = graph.ref(graph.input("x"))
    output = ops.add(ops.sin(x), ops.exp(x), x * 3).index
    budget = Budget(1e6)
    Balls(4096).evaluate(graph, {0: Balls(4096).constant("0.1")}, [output], budget)
    assert total(graph, [output], 4096) == pytest.approx(1e6 - budget.left)
