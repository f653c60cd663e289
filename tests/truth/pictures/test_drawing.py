"""`draw`: a box for each node of the trace, an arrow for each operand."""

import pickle

import pytest

from gradcalc.errors import UsageError
from gradcalc.settings import Limits
from gradcalc.truth.calculator import differentiate
from gradcalc.truth.pictures.drawing import draw
from gradcalc.truth.questions.trace import trace

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


@pytest.mark.parametrize(
    ("text", "at", "born"),
    [
        ("x*log(y) + x*y", {"x": 1, "y": -1}, ["log(v2)"]),
        ("sin(cbrt(x)*y)", {"x": 0, "y": 1}, ["cbrt(v1)"]),
        ("x/y + y", {"x": 0, "y": 0}, ["v1/v2"]),
        ("x*y", {"x": 2, "y": 3}, []),
    ],
)
def test_red_is_where_nan_or_infinity_is_born_not_what_it_reaches(
    text: str, at: dict[str, float], born: list[str]
) -> None:
    boxes = draw(text, at).diagram.boxes
    assert [box.lines[0].partition(" = ")[2] for box in boxes if box.kind == "bad"] == born


@pytest.mark.parametrize(
    ("text", "boxes", "note"),
    [
        ("sin(" * 600 + "x" + ")" * 600, 501, "101 of 601 nodes are folded: those farthest from the formula"),
        (
            " + ".join(f"sin({i}*x)" for i in range(2, 400)),
            1 + 30 + 30 + 1 + 1,
            "736 of 798 nodes are folded: those farthest from the formula, and of each row all but 30",
        ),
    ],
    ids=["deep", "wide"],
)
def test_many_nodes_are_folded_and_said_to_be(text: str, boxes: int, note: str) -> None:
    made = draw(text, {"x": 1}, limits=Limits(depth=1_000)).diagram
    assert len(made.boxes) == boxes and made.boxes[0].name == "folded"
    assert made.note == note
    names = {box.name for box in made.boxes}
    assert all(arrow.start in names and arrow.end in names for arrow in made.arrows)


def test_of_a_wide_row_red_boxes_are_kept() -> None:
    made = draw(" + ".join(f"sin({i}*x)" for i in range(2, 600)) + " + abs(x)", {"x": 0}).diagram
    assert [box.lines[0].partition(" = ")[2] for box in made.boxes if box.kind == "bad"] == ["abs(v1)"]


def test_the_answer_shows_itself() -> None:
    found = draw("x*sin(x)", {"x": 2})
    assert "├─ ∂ 0.9093: v1 = x   value 2" in found.drawn("terminal")
    assert pickle.loads(pickle.dumps(found)) == found
    assert found.to_dict()["edges"][0] == {"from": "v1", "to": "v2", "partial": "∂ -0.4161"}
    assert list(found.records())[0] == ("from", "to", "partial")
    pytest.importorskip("pygraphviz")
    assert "<svg" in found.figure() and "<svg" in found._repr_html_()


def test_order_2_is_the_graph_of_gradient_and_hessian() -> None:
    made = draw("x^2*sin(y)", {"x": 2, "y": 1}, order=2)
    boxes = {box.name: box for box in made.diagram.boxes}
    assert set(made.outputs) == {"f", "df/dx", "df/dy", "d²f/dx²", "d²f/dxdy", "d²f/dy²"}
    report = differentiate("x^2*sin(y)", {"x": 2, "y": 1}, order=2, symbolic=False)
    entries = {"f": report.value, "df/dx": report.gradient["x"], "df/dy": report.gradient["y"]}
    assert report.hessian is not None
    entries |= dict(zip(("d²f/dx²", "d²f/dxdy"), report.hessian[0], strict=True)) | {"d²f/dy²": report.hessian[1][1]}
    for name, value in entries.items():
        lines = boxes[made.outputs[name]].lines
        assert f"= {name}" in lines and f"value {value:.4g}" in lines
    starts = {(arrow.start, arrow.end) for arrow in made.diagram.arrows}
    assert len(starts) == len({(a.start, a.end, a.label) for a in made.diagram.arrows})
    assert len({box.lines[0].partition(" = ")[2] for box in boxes.values()}) == len(boxes)  # shared nodes once
    assert made.to_dict()["outputs"] == dict(made.outputs)


def test_order_2_tells_zeros_kinks_and_what_has_no_value() -> None:
    assert draw("x*y", {"x": 1, "y": 2}, order=2).diagram.note == "d²f/dx², d²f/dy²: 0 everywhere"
    kinds = {box.lines[0].partition(" = ")[2]: box.kind for box in draw("abs(x)*x", {"x": 0}, order=2).diagram.boxes}
    assert kinds["abs(v1)"] == "bad" and kinds["x"] == "input"
    made = draw("log(x)", {"x": -1}, order=2)
    assert made.exit_code == 3
    assert all(box.kind == "bad" for box in made.diagram.boxes if box.name in made.outputs.values())
    assert "" in {arrow.label for arrow in draw("where(x > 0, x^3, x)", {"x": 1}, order=2).diagram.arrows}
    many = draw(" + ".join(f"sin({i}*x)" for i in range(2, 200)), {"x": 1}, order=2).diagram
    assert len(many.boxes) <= 501 and "are folded" in many.note
    with pytest.raises(UsageError, match="order is 3"):
        draw("x", {"x": 1}, order=3)
