"""The least sum over a box: proved where it is, and said to be open where it is not; never a false one."""

import math
from typing import Any

import numpy as np
import pytest
from flint import arb

import gradcalc
from benchmarks.nist import regression
from gradcalc.errors import UsageError
from gradcalc.optimize.fit.answer import Fit
from gradcalc.optimize.fit.estimate import Estimate
from gradcalc.optimize.fit.least import Box
from gradcalc.truth.critical.prove import evaluated
from gradcalc.truth.critical.search import Boxes, Enclosing
from gradcalc.truth.critical.system import of_gradient

X = [i / 4 for i in range(25)]
WAVE = {"x": X, "y": [math.sin(2 * x) + 0.01 * math.cos(9 * x) for x in X]}
AT = {"w": 0.5, "c": 0}


def wave(box: Any, model: str = "y ~ sin(w*x) + c", at: Any = None, **settings: Any) -> Fit:
    return gradcalc.fit(model, WAVE, at or AT, certify=True, box=box, **settings)


@pytest.mark.parametrize(("name", "width"), [("Misra1a", 0.5), ("BoxBOD", 0.9), ("Rat42", 0.5)])
def test_nists_minima_are_the_least_in_a_box(name: str, width: float) -> None:
    problem = regression(name)
    data = {key: [repr(float(x)) for x in column] for key, column in problem.columns.items()}
    box = {key: (x - width * abs(x), x + width * abs(x)) for key, x in problem.certified.items()}
    found = gradcalc.fit(problem.model, data, problem.starts[0], certify=True, box=box)
    body = found.to_dict()
    assert (body["is_global"], found.exit_code, body["global_reason"]) == (True, 0, "")
    low, high = (float(body["global_minimum"][end]) for end in ("low", "high"))
    assert low <= found.rss <= high or found.rss == pytest.approx(low, rel=1e-15)
    assert low == pytest.approx(problem.squares, rel=1e-9)
    for key, text in body["global_minimum"]["at"].items():
        assert float(text) == pytest.approx(problem.certified[key], rel=1e-9)


def test_a_worse_minimum_is_left_for_the_least() -> None:
    alone = gradcalc.fit("y ~ sin(w*x) + c", WAVE, AT, certify=True)
    assert alone.proved and alone.value > 1
    found = wave("w=0.1:4,c=-1:1")
    assert found.over and found.over.is_least and found.at["w"] == pytest.approx(2, rel=1e-2)
    assert any("led to a lower sum" in note.message for note in found.notes)
    grid = np.stack(np.meshgrid(np.linspace(0.1, 4, 200), np.linspace(-1, 1, 41))).reshape(2, -1, 1)
    sums = ((np.array(WAVE["y"]) - np.sin(grid[0] * np.array(X)) - grid[1]) ** 2).sum(axis=1)
    assert float(found.over.extreme.low) <= sums.min()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("box", "settings", "taken", "reason"),
    [
        ("w=0.1:1,c=-1:1", {}, True, ""),
        ("w=0:0.4,c=-1:1", {}, None, "the estimate of w lies outside of the box"),
        ("a=-2:2,w=-4:4,c=-1:1", {"model": "y ~ a*sin(w*x) + c", "at": {"a": 1, "w": 2, "c": 0}}, None, "as low a sum"),
        ("w=0.1:4,c=-1:1", {"bounds": {"w": (0.0, 1.9)}, "at": {"w": 1.8, "c": 0}}, True, ""),
        (
            "a=-1:1,b=-1:1",
            {"model": "y ~ a*b*x", "at": {"a": 1, "b": 0.1}, "seconds": 0.1},
            None,
            "did not end in 0.1",
        ),
        ("w=0.1:4,c=-1:1", {"seconds": 1e-9}, None, "did not end in 1e-09 seconds"),
    ],
)
def test_what_is_said_of_a_box(box: str, settings: dict[str, Any], taken: bool | None, reason: str) -> None:
    found = wave(box, **settings)
    assert found.over and found.over.is_least is taken and reason in found.over.reason
    assert found.exit_code == (0 if taken else 1)
    assert (taken is not True) == ("is open" in found._repr_html_())


def test_many_rows_are_not_searched() -> None:
    x = np.linspace(0, 1, 200_000)
    problem = gradcalc.fit("y ~ a*x", {"x": x, "y": 2 * x + np.cos(1e4 * x)}).problem
    over = Box(problem, ["a=0:5"], 1.0).asked(Estimate((2.0,), (), "converged", "", 1.0, "", 1))
    assert over.is_least is None and over.reason == "200,000 rows are too many for the search of a box"


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ("w=0:4", "the box has no side for c"),
        ("w=0:4,c=-1:1,d=0:1", "box names d, which is no parameter"),
        ("w=0:inf,c=-1:1", "the side of w is infinite"),
        ("w=0:4,c=3:1", "ends before it begins"),
    ],
)
def test_boxes_that_are_refused(box: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        wave(box)


def test_a_box_goes_with_a_proof() -> None:
    with pytest.raises(UsageError, match="box goes with certify"):
        gradcalc.fit("y ~ sin(w*x) + c", WAVE, AT, box="w=0:4,c=-1:1")


@pytest.mark.parametrize("model", ["y ~ exp(-w*x)/(1 + c^2*x) + w^3", "y ~ sqrt(w + x)*atan(c*x)", "y ~ abs(c - x)*w"])
def test_sums_over_rows_are_enclosed(model: str) -> None:
    """Balls at points of a box lie in the intervals of the box, the columns' decimals and all sums rounded outward."""
    data = {"x": ["0.1", "0.333", "2.7", "1e-3"]}
    shape = gradcalc.compile(model[4:])(x=np.array(data["x"], float), w=1, c=1).value
    problem = gradcalc.fit(model, {**data, "y": shape}, {"w": 1, "c": 1}, certify=True).problem
    plain = of_gradient(problem.model.graph, problem.model.term.output, problem.model.inputs)
    system = Box(problem, ["w=0.5:1.5,c=-1:2"], 1.0).over_rows(plain)
    nodes = (*system.components, *dict.fromkeys(system.jacobian.values()), problem.model.term.output)
    found = Enclosing(system).values(Boxes(np.array([[0.5], [-1.0]]), np.array([[1.5], [2.0]])), nodes)
    for w, c in ((0.5, -1), (1.5, 2), (0.9, 0.3), (0.75, -0.125)):
        exact = evaluated(system, 128, [arb(w), arb(c)], nodes)
        for node in nodes:
            assert found[node].low[0] <= exact[node] <= found[node].high[0]
