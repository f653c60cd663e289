"""`trace`: published traces come out, adjoints are sums, places mean their nodes."""

import json
import math
import pickle
from collections import defaultdict
from typing import Any

import pytest

import gradcalc
from gradcalc.errors import UsageError
from gradcalc.language.parse import parse
from gradcalc.truth.questions.trace import Trace, trace
from tests import CORPORA

BAYDIN = "ln(x1) + x1*x2 - sin(x2)"
GRIEWANK = "(sin(x1/x2) + x1/x2 - exp(x2))*(x1/x2 - exp(x2))"

FEYNMAN = [json.loads(line) for line in CORPORA.joinpath("feynman.jsonl").read_text(encoding="utf-8").splitlines()]


def nodes(found: Trace) -> dict[str, dict[str, Any]]:
    return {node["text"]: node for node in found.to_dict()["nodes"]}


# -- published traces ------------------------------------------------------------------------------------------------


def test_baydin_and_others_2018() -> None:
    """Table 2 and 3 of "Automatic Differentiation in Machine Learning: a Survey"."""
    found = nodes(trace(BAYDIN, {"x1": 2, "x2": 5}))
    assert round(found[BAYDIN]["value"], 3) == 11.652
    assert (found["x1"]["adjoint"], round(found["x2"]["adjoint"], 3)) == (5.5, 1.716)
    assert [round(found[text]["value"], 3) for text in ("ln(x1)", "x1*x2", "sin(x2)")] == [0.693, 10, -0.959]
    assert [found[text]["adjoint"] for text in ("ln(x1)", "x1*x2", "sin(x2)", BAYDIN)] == [1, 1, -1, 1]
    assert (found["ln(x1)"]["partials"], found["x1*x2"]["partials"]) == ([0.5], [5, 2])


def test_baydin_and_others_2018_forward() -> None:
    found = nodes(trace(BAYDIN, {"x1": 2, "x2": 5}, forward=True))
    tangents = [found[text]["tangent"]["x1"] for text in ("x1", "x2", "ln(x1)", "x1*x2", "sin(x2)", BAYDIN)]
    assert tangents == [1, 0, 0.5, 5, 0, 5.5]
    assert round(found[BAYDIN]["tangent"]["x2"], 3) == 1.716


def test_griewank_and_walther_chapter_1() -> None:
    """Tables 1.2 and 1.3 of "Evaluating Derivatives", whose last figures come of steps rounded to five."""
    found = nodes(trace(GRIEWANK, {"x1": 1.5, "x2": 0.5}))
    assert found[GRIEWANK]["value"] == pytest.approx(2.0167, abs=1e-4)
    assert found["x1"]["adjoint"] == pytest.approx(3.0118, abs=1e-4)
    assert found["x2"]["adjoint"] == pytest.approx(-13.7239, abs=1e-4)


def test_micrograd() -> None:
    """The example of its README, each assignment in its place."""
    c = "(a + b)"
    d = "(a*b + b^3)"
    c = f"({c} + {c} + 1)"
    c = f"({c} + (1 + {c} + (-a)))"
    d = f"({d} + {d}*2 + relu(b + a))"
    d = f"({d} + 3*{d} + relu(b - a))"
    f = f"({c} - {d})^2"
    found = nodes(trace(f"{f}/2 + 10/{f}", {"a": -4, "b": 2}))
    assert round(list(found.values())[-1]["value"], 4) == 24.7041
    assert (round(found["a"]["adjoint"], 4), round(found["b"]["adjoint"], 4)) == (138.8338, 645.5773)


# -- each adjoint is the sum of what its users hand back -------------------------------------------------------------


def handed(found: dict[str, Any]) -> dict[str, list[float]]:
    """By the JSON alone: for each name what its users' adjoints times their partials are."""
    by_name = {node["name"]: node for node in found["nodes"]}
    parts = defaultdict(list)
    for node in found["nodes"]:
        operands = [name for name in node["operands"] if by_name[name]["op"] != "const"]
        for name, partial in zip(operands, node["partials"], strict=True):
            parts[name].append(0.0 if partial is None else node["adjoint"] * partial)
    return parts


@pytest.mark.parametrize("case", FEYNMAN[:40], ids=lambda case: case["id"])
def test_each_adjoint_is_the_sum_of_what_its_users_hand_back(case: dict[str, Any]) -> None:
    found = trace(case["expr"], case["points"][0]["x"]).to_dict()
    parts = handed(found)
    assert found["nodes"][-1]["adjoint"] == 1
    for node in found["nodes"][:-1]:
        if node["op"] != "const":
            assert node["adjoint"] == pytest.approx(math.fsum(parts[node["name"]]), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("text", ["ln(2)*x + pi/4*x", "x*x*x*x*x*x + (1/2)*x", "besselj(1/2, x)*x", "2*ln(3) + x"])
def test_so_is_that_of_a_constant_part(text: str) -> None:
    found = trace(text, {"x": 1.5}).to_dict()
    parts = handed(found)
    for node in found["nodes"][:-1]:
        if node["op"] != "const":
            assert node["adjoint"] == pytest.approx(math.fsum(parts[node["name"]]), rel=1e-14)


@pytest.mark.parametrize("case", FEYNMAN[:10], ids=lambda case: case["id"])
def test_a_tangent_is_what_the_operands_carry(case: dict[str, Any]) -> None:
    found = trace(case["expr"], case["points"][0]["x"], forward=True).to_dict()
    back = trace(case["expr"], case["points"][0]["x"])
    adjoints = {node.text: node.adjoint.value for node in back.nodes if node.op == "input" and node.adjoint}
    last = found["nodes"][-1]["tangent"]
    assert last == pytest.approx({name: adjoints.get(name, 0.0) for name in last}, rel=1e-12)


# -- where a node stands ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        BAYDIN, "sin^2(x) + cos²(x)", "x^2 - (y + 1) - x", "2x + 3(x + 1)", "|x|^2*√y", "sum(k=1..3, x^k) + x",
        "x - -y", "x − y − 2", "diff(x^3, x)*x", "where(x > 0, x^2, -x)", "log(x, 2)", "mean([x, y, x*y])",
        "((x + y))*((y))", "piecewise((x, x < 1), (x^2, x >= 1))", "x - 2 - y", "5!*x", "norm([x, y])", "2^3^x",
    ],
)  # fmt: skip
def test_the_text_at_a_place_means_the_node(text: str) -> None:
    at = {"x": 1.25, "y": 0.375, "x1": 2.0, "x2": 5.0}

    def traced(part: str) -> Trace:
        return trace(part, {name: at[name] for name in parse(part).variables})

    for node in traced(text).nodes:
        if node.span is not None and not isinstance(node.value, bool):
            part = text[slice(*node.span)]
            assert traced(part).report.value.value == node.value.value, part


def test_what_stands_nowhere_has_no_place() -> None:
    found = {node.text: node.span for node in trace("sum(k=1..2, x^k) + sin^2(x)", {"x": 2}).nodes}
    assert found["x**1"] is None and found["x**2"] is None and found["sin(x)"] is None
    assert found["sin^2(x)"] == (19, 27)


# -- kinks, branches, what has no value ------------------------------------------------------------------------------


def test_branches_not_taken_and_kinks_are_marked() -> None:
    found = {node.text: node for node in trace("where(x > 0, x^2, sqrt(x)) + abs(x - 1)", {"x": 1}).nodes}
    assert not found["sqrt(x)"].taken and found["x^2"].taken and found["sqrt(x)"].adjoint.value == 0
    assert found["abs(x - 1)"].on_kink and not found["x^2"].on_kink


def test_what_a_branch_leaves_out_hands_nothing_on() -> None:
    found = trace("where(x > 0, sqrt(x), x)", {"x": -1})
    by_text = {node.text: node for node in found.nodes}
    assert by_text["x"].adjoint.value == 1 and math.isnan(by_text["sqrt(x)"].value.value)
    assert by_text["sqrt(x)"].to_dict()["partials"] == [None]


def test_without_a_value_the_trace_shows_how_far_it_came() -> None:
    found = trace("1 + log(x)", {"x": -1})
    assert found.exit_code == 3 and found.report.notes[0].kind == "undefined"
    assert [node.text for node in found.nodes if node.op != "const"] == ["x", "log(x)", "1 + log(x)"]


def test_digits_are_counted_and_shown() -> None:
    node = trace("(1 + x) - 1", {"x": 1e-12}, digits=25).nodes[-1]
    assert node.digits is not None and node.digits < 6
    assert node.value.proved == "9.999999999999999798866476e-13"


# -- the answer ------------------------------------------------------------------------------------------------------


def test_the_sum_is_shown_and_the_answer_pickles() -> None:
    found = trace(BAYDIN, {"x1": 2, "x2": 5})
    assert "1.7163 = -0.2837 + 2" in found.drawn("terminal") and "cos(v2) = 0.2837" in found.drawn("terminal")
    assert pickle.loads(pickle.dumps(found)) == found
    assert json.loads(json.dumps(found.to_dict()))["command"] == "tape"
    assert len(repr(found)) < 500 and "<table" in found._repr_html_()
    for medium in ("latex", "markdown", "html"):
        assert found.drawn(medium)


def test_numbers_are_written_as_published_traces_write_them() -> None:
    shown = trace("(sin(x1/x2) + x1/x2 - exp(x2))*(x1/x2 - exp(x2))", {"x1": 1.5, "x2": 0.5}).drawn("terminal")
    assert "-13.7240 = -4.6884 - 9.0355" in shown and "cos(v3) = -0.9900" in shown and "3.0118" in shown
    assert "1.2346e+09" in trace("1234567890.5*x", {"x": 1}).drawn("terminal")


def test_operands_that_are_handed_the_same_are_told_as_one() -> None:
    found = trace("+".join(f"sin({k}*x)" for k in range(1, 40)), {"x": 1})
    shown = found.drawn("terminal")
    assert "v3 … v79, 39 operands: 1" in shown and len(found.nodes[-1].partials) == 39
    assert "v3: 1" in trace("sin(x) + cos(x) + exp(2*x)", {"x": 1}).drawn("terminal")


def test_rows_of_csv() -> None:
    assert list(trace("x*y", {"x": 2, "y": 3}).records())[-1] == (
        "v3", "mul", "x*y", "v1 v2", 6.0, "3.0 2.0", 1.0, 17, "product rule", False, True
    )  # fmt: skip


def test_long_traces_cost_time_in_their_length_and_few_rows_are_shown() -> None:
    found = trace(" + ".join(f"sin({i}*x)" for i in range(2000)), {"x": 0.5})
    assert found.size == len(found.nodes) > 5000 and found.nodes[0].adjoint


def test_one_point() -> None:
    with pytest.raises(UsageError, match="one point"):
        gradcalc.trace("x", [{"x": 1}, {"x": 2}])
