"""The `picture` of descents: what is in sight, what is drawn; a path that ran away ruins nothing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gradcalc.optimize.descend import descend
from gradcalc.optimize.descent.answer import Descent
from gradcalc.optimize.descent.picture import picture
from gradcalc.show.picture import Contours, Curve, Marks, Panel

ROSENBROCK = "(1-x)**2 + 100*(y-x**2)**2"
START = {"x": -1.2, "y": 1}


def panel(*descents: Descent) -> Panel:
    """The one panel of a picture."""
    (found,) = picture(descents).panels
    return found


def named(found: Panel, kind: Any) -> dict[str, Any]:
    """Its layers of a kind by name."""
    return {layer.name: layer for layer in found.layers if isinstance(layer, kind)}


def labels(found: Panel) -> list[str]:
    """What the legend would say."""
    return [layer.label for layer in found.layers if isinstance(layer, Curve | Marks) and layer.label]


def inside(interval: Any, values: Sequence[float]) -> bool:
    return bool(interval[0] <= min(values) and max(values) <= interval[1])


def test_two_variables_are_drawn_on_contours_with_start_and_end_in_sight() -> None:
    made = descend(ROSENBROCK, START, optimizer="newton")
    found = panel(made)
    assert (found.x_label, found.y_label, labels(found)) == ("x", "y", ["end", "start"])
    assert inside(found.x, [-1.2, 1]) and inside(found.y, [1, 1]) and found.x is not None and found.x[1] < 3
    contours = named(found, Contours)["contours"]
    assert contours.base == 0 and contours.label == "value"
    path = named(found, Curve)["path"]
    assert path.grows and path.pieces[0][0] == (-1.2, 1.0) and path.pieces[0][-1] == pytest.approx((1.0, 1.0))
    assert picture([made]).title == made.expression
    assert picture([made]).subtitle == f"newton: {made.status} after {made.steps} steps"
    plain = panel(descend("x**2 + y**2", {"x": 1, "y": 1}, learning_rate=0.4))
    assert named(plain, Contours)["contours"].base is None


def test_a_path_that_ran_away_is_drawn_where_it_began() -> None:
    made = descend(ROSENBROCK, START, learning_rate=0.01)
    assert made.status == "diverged"
    found = panel(made)
    assert labels(found) == ["best", "start"]
    assert max(map(abs, (*(found.x or ()), *(found.y or ())))) < 20
    found = panel(descend("x**2", {"x": 1}, learning_rate=1.1))
    assert max(map(abs, found.x or ())) < 30 and (found.y or (0, 0))[1] < 1000


def test_one_variable_is_drawn_on_its_curve() -> None:
    found = panel(descend("x**2", {"x": 3}, learning_rate=0.3))
    (curve,) = named(found, Curve)["f"].pieces
    assert np.allclose([y for _, y in curve], [x * x for x, _ in curve])
    assert (found.x_label, found.y_label) == ("x", "value")
    found = panel(descend("1/x + x", {"x": 0.05}))
    assert (found.y or (0, 1e9))[1] < 100  # a pole beside the path
    highest = panel(descend("x*exp(-x)", {"x": 0}, maximize=True))
    assert named(highest, Curve)["f"].pieces[0][-1][1] > 0


def test_a_lower_point_is_not_hidden() -> None:
    found = panel(descend("x^4 - 3*x^2 + x", {"x": 2}, optimizer="newton"))
    lowest = min((y, x) for x, y in named(found, Curve)["f"].pieces[0])
    assert lowest == pytest.approx((-3.514, -1.301), abs=1e-2)
    assert inside(found.x, [lowest[1]]) and inside(found.y, [lowest[0]])
    made = descend("x**2 + 0*y", {"x": 1, "y": 0}, learning_rate=1.2, steps=30)
    assert inside(panel(made).x, [made.end.at[0]])


def test_where_the_formula_is_undefined_nothing_is_drawn_and_nothing_fails() -> None:
    found = panel(descend("log(x) + y**2", {"x": -1, "y": 1}))
    assert np.isnan(named(found, Contours)["contours"].heights).all()
    assert not named(panel(descend("log(x)", {"x": -1})), Curve)["f"].pieces


def test_more_variables_are_values_against_steps_in_logarithms() -> None:
    found = panel(descend("sum((x - 1)**2)", {"x": [0, 0, 0]}, learning_rate=0.1, steps=50))
    assert (found.x_label, found.y_label, found.logarithmic) == ("step", "value", True)
    below = panel(descend("sum((x - 1)**2) - 7", {"x": [0, 0, 0]}, learning_rate=0.1, steps=50))
    assert below.y_label in ("value above -7", "value above -6.99998")


def test_a_comparison_names_each_path_and_how_it_ended() -> None:
    made = [descend(ROSENBROCK, START, optimizer=name, steps=30) for name in ("sgd", "newton")]
    expected = ["sgd: finished, 30 steps", f"newton: converged, {made[1].steps} steps", "start"]
    assert labels(panel(*made)) == expected
    assert picture(made).subtitle == "2 optimizers from the same start"


def test_bounds_are_lines() -> None:
    found = panel(descend("(x-3)**2 + y**2", {"x": 0, "y": 1}, bounds={"x": (-5, 2)}))
    bounds = named(found, Curve)["bounds"]
    assert [[x for x, _ in line] for line in bounds.pieces] == [[2, 2]] and bounds.dashed


def test_data_is_summed_and_its_jumps_are_seen() -> None:
    columns = {"x": np.linspace(0, 1, 200), "y": np.linspace(0, 2, 200)}
    found = panel(descend("log(1 + exp(w*x + b - y))", {"w": 0, "b": 0}, data=columns, steps=3, learning_rate=0.1))
    assert np.isfinite(named(found, Contours)["contours"].heights).all()
    found = panel(descend("(w*x - y)^2 + floor(w)", {"w": 0.5}, data=columns, steps=3, learning_rate=0.1))
    for piece in named(found, Curve)["f"].pieces:
        assert not piece[0][0] < 1 < piece[-1][0] and not piece[0][0] < 2 < piece[-1][0]
