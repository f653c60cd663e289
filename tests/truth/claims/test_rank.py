"""What is proved of a rank, and the condition."""

import math
from functools import partial

import numpy as np
import pytest

from gradcalc.arithmetic.budget import Budget
from gradcalc.language import points
from gradcalc.language.parse import parse
from gradcalc.settings import Limits
from gradcalc.truth.claims.rank import Rank, condition, rank


def found(text: str, work: float = 1e7, **at: float | str) -> tuple[Rank, float | None]:
    """Rank and condition of a matrix of formulas at a point."""
    formula = parse(text, array=True)
    point = {name: points.to_value(name, value, Limits()) for name, value in at.items()}
    shape = formula.shape[0], formula.shape[1]
    entries = {divmod(place, shape[1]): node for place, node in enumerate(formula.items)}
    inputs = partial(points.bind, formula.graph, point)
    known = rank(formula.graph, entries, shape, inputs, Budget(work))
    return known, condition(formula.graph, entries, dict.fromkeys(entries, math.inf), shape, inputs, known.most)


@pytest.mark.parametrize(
    ("text", "at", "proved"),
    [
        ("[[1, 2], [2, 4]]", {}, 1),
        ("[[1, 2], [2, 4 + 1/10^60]]", {}, 2),
        ("[[0, 0], [0, 0]]", {}, 0),
        ("[[x, y, 1], [2*x, 2*y, 2]]", {"x": "pi", "y": "sqrt(2)"}, 1),
        ("[[x, 2], [1, x]]", {"x": "sqrt(2)"}, 1),
        ("[[x, 2], [1, x]]", {"x": "sqrt(3)"}, 2),
        ("[[exp(x), 1], [exp(2*x), exp(x)]]", {"x": 0.3}, 1),
        ("[[x, 1], [1, x], [x, x]]", {"x": "pi"}, 2),
    ],
)
def test_a_rank_is_proved(text: str, at: dict[str, str | float], proved: int) -> None:
    assert found(text, **at)[0] == Rank(proved, proved)


def test_what_cannot_be_proved_is_bounded() -> None:
    assert found("[[atan(x) + atan(1/x), pi/2], [1, 1]]", x=1.5)[0] == Rank(1, 2)
    assert found("[[x, 1], [1, x]]", work=0.0, x=1.5)[0] == Rank(0, 2)
    assert Rank(1, 2).proved is None and Rank(2, 2).proved == 2


@pytest.mark.parametrize("shape", [(2, 2), (2, 4), (5, 3), (1, 4), (30, 30)])
def test_conditions_are_numpys(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(0).integers(-9, 10, shape)
    assert found(str(rows.tolist()))[1] == pytest.approx(np.linalg.cond(rows), rel=1e-9)


def test_the_condition_is_infinite_below_full_rank_only() -> None:
    assert found("[[1, 2], [2, 4]]")[1] == math.inf
    assert found("[[1, 2], [2, 4 + 1/10^60]]")[1] == pytest.approx(25e60, rel=1e-9)
    assert found("[[1, 0], [0, 1/10^400]]")[1] is None  # it is finite, and above all floats
