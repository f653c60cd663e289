"""`draw`: a box for each node of the trace, an arrow for each operand."""

import pickle

import pytest

from gradcalc.truth.drawing import draw
from gradcalc.truth.trace import trace

BAYDIN = "ln(x1) + x1*x2 - sin(x2)"


def test_boxes_are_nodes_and_arrows_are_operands() -> None:
    at = {"x1": 2, "x2": 5}
    made = draw(BAYDIN, at).diagram
    nodes = trace(BAYDIN, at).nodes
    assert [box.name for box in made.boxes] == [node.name for node in nodes]
    assert [(a.start, a.end) for a in made.arrows] == [(each, node.name) for node in nodes for each in node.operands]
    assert made.boxes[0].lines == ("v1 = x1", "value 2", "adjoint 5.5") and made.boxes[0].kind == "input"
    assert made.boxes[-1].kind == "result" and made.arrows[1].label == "∂ 5"


def test_kinks_and_what_is_not_finite_are_red_and_branches_not_taken_faint() -> None:
    kinds = {box.lines[0]: box.kind for box in draw("abs(x) + where(x > 1, x^2, log(x))", {"x": 0}).diagram.boxes}
    assert kinds["v2 = abs(v1)"] == "bad" and kinds["v5 = log(v1)"] == "bad" and kinds["v4 = v1**2"] == "faint"


def test_many_nodes_are_folded_and_said_to_be() -> None:
    made = draw(" + ".join(f"sin({i}*x)" for i in range(2, 400)), {"x": 1}).diagram
    assert len(made.boxes) == 501 and made.boxes[0].name == "folded"
    assert made.note == "298 of 798 nodes are folded: those farthest from the formula"
    names = {box.name for box in made.boxes}
    assert all(arrow.start in names and arrow.end in names for arrow in made.arrows)


def test_the_answer_shows_itself() -> None:
    found = draw("x*sin(x)", {"x": 2})
    assert "├─ ∂ 0.9093: v1 = x   value 2" in found.drawn("terminal")
    assert pickle.loads(pickle.dumps(found)) == found
    assert found.to_dict()["edges"][0] == {"from": "v1", "to": "v2", "partial": "∂ -0.4161"}
    assert list(found.records())[0] == ("from", "to", "partial")
    pytest.importorskip("pygraphviz")
    assert "<svg" in found.figure() and "<svg" in found._repr_html_()
