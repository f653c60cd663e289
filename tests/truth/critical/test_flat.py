"""Parts of a box on which a function is constant: one proved part, up to the kink that ends it."""

from typing import Any

import pytest

import gradcalc
from gradcalc.errors import ExitCode
from gradcalc.graph.graph import Graph
from gradcalc.language.parse import as_formula
from gradcalc.truth.critical.flat import is_zero


@pytest.mark.parametrize(
    ("text", "box", "roots", "parts", "points"),
    [
        ("relu(x)", "x=-1:2", False, [((-1, 0), "0")], []),
        ("relu(relu(2x))", "x=-1:2", False, [((-1, 0), "0")], []),
        ("clip(x, 0, 1)*3 + 1/2", "x=-1:2", False, [((-1, 0), "0.5"), ((1, 2), "3.5")], []),
        ("relu(x - 1/3)^2 + relu(-x)", "x=-1:2", False, [((0, 0.3333333333333333), "0")], []),
        ("abs(x) + x + cos(pi*x)*relu(x)", "x=-1:1", False, [((-1, 0), "0")], [0.870599206268551, 0.577111805716264]),
        ("x - x + 2", "x=-1:2", False, [((-1, 2), "2")], []),
    ],
)
def test_a_part_where_all_points_are_critical_is_told(
    text: str, box: str, roots: bool, parts: list[Any], points: list[float]
) -> None:
    """As one region, up to the kink that ends it; and as that is more than `points` can hold, it is not complete."""
    found = gradcalc.critical(text, box, roots=roots)
    assert not found.unsettled and not found.complete and found.exit_code == ExitCode.NO
    told = [(each.box["x"], None if each.value is None else float(each.value)) for each in found.flat]
    assert told == [(pytest.approx(at, abs=1e-15), None if v is None else float(v)) for at, v in parts]
    assert [point.floats["x"] for point in found.points] == pytest.approx(points, abs=1e-7)
    assert "except for" in found.verdict and len(found.to_dict()["flat"]) == len(parts)


def test_an_operand_that_is_0_at_most_makes_no_flat_part() -> None:
    found = gradcalc.critical("abs(-x^2)", "x=-1:2")
    assert found.complete and not found.flat and [point.kind for point in found.points] == ["minimum"]


def test_parts_between_jumps_and_in_two_variables() -> None:
    found = gradcalc.critical("floor(x)", "x=-1/2:1.5")
    assert [float(each.value or "nan") for each in found.flat] == [-1, 0, 1] and len(found.unsettled) == 2
    for one, other in zip(found.flat, found.flat[1:], strict=False):
        gap = (one.box["x"][1], other.box["x"][0])
        assert any(each.box["x"][0] <= gap[0] and gap[1] <= each.box["x"][1] for each in found.unsettled)
    (part,) = gradcalc.critical("relu(x)*(x - 1)", "x=-1:2", roots=True).flat
    assert part.value is None and part.box["x"] == (-1, pytest.approx(0, abs=1e-9))
    (part,) = gradcalc.critical("where(x < 1/3, 0, x)*(y^2 + 1)", "x=0:1,y=-1:1", max_seconds=1).flat
    assert part.box["y"] == (-1, 1) and part.box["x"][0] == 0 and 0.3 < part.box["x"][1] < 1 / 3
    assert not gradcalc.critical("where(x > 0, 1, 2)*y", "x=-1:1,y=1:2").flat


@pytest.mark.parametrize(
    "text, zero", [("(sin(x) + 1)^2 - sin(x)*(sin(x) + 2) - 1", True), ("x - 1e-30", False), ("gamma(x)", False)]
)
def test_what_is_0_wherever_it_has_a_value(text: str, zero: bool) -> None:
    formula = as_formula(text)
    assert is_zero(formula.graph, formula.output) is zero
    graph = Graph()
    assert is_zero(graph, graph.constant(0)) and not is_zero(graph, graph.constant(1))
