"""The least value where a function is constant: flat parts are bounded whole, not cut into small boxes."""

import pytest

from gradcalc.language.parse import as_formula
from gradcalc.settings import Limits
from gradcalc.truth.critical.box import read_box
from gradcalc.truth.critical.extreme import least
from gradcalc.truth.critical.search import Clock
from gradcalc.truth.critical.system import of_gradient

FLAT = [
    ("relu(x - 1) + relu(y - 1)", "x=-2:2,y=-2:2", 0), ("max(x, 1) + max(y, 1)", "x=-2:2,y=-2:2", 2),
    ("relu(x^2 + y^2 - 1)", "x=-2:2,y=-2:2", 0), ("3 + 0*x", "x=-1:1", 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "box", "true"), FLAT)
def test_the_least_value_of_a_function_with_flat_parts(text: str, box: str, true: float) -> None:
    formula, sides, waiting = as_formula(text), read_box(box, Limits()), list[int]()
    system = of_gradient(formula.graph, formula.output, [formula.graph.input(side.name) for side in sides])
    found = least(system, sides, Clock(told=waiting.append), 17)
    assert found is not None and found.is_narrow and found.at and not found.is_taken
    assert found.low <= true <= found.high
    assert max(waiting) < 25_000
