"""Descent by a rate: the optimizers of networks, as generated Python."""

import numpy as np
import pytest

import gradcalc
from gradcalc.optimize.descend import FIRST_ORDER, descend

ROSENBROCK = "100*(y - x**2)**2 + (1 - x)**2"


def test_sgd_is_the_loop_written_by_hand_bit_for_bit() -> None:
    x, path = 0.0, [0.0]
    for _ in range(100):
        x -= 0.1 * (2 * x + 2)
        path.append(x)
    found = descend("x**2 + 2*x + 1", {"x": 0}, learning_rate=0.1, steps=100)
    assert [step.at[0] for step in found.watch] == path
    assert (found.status, found.kind, found.optimizer, found.steps) == ("converged", "minimum", "sgd", 100)
    assert found.at["x"] == pytest.approx(-1, abs=1e-9)


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_first_order_descent_is_the_optimizer_of_networks(name: str) -> None:
    variable = gradcalc.Variable([-1.2, 1.0])
    make, _ = FIRST_ORDER[name]
    optimizer = make(0.001)
    found = descend(ROSENBROCK, {"x": -1.2, "y": 1}, optimizer=name, learning_rate=0.001, steps=30)
    for step in found.watch:
        np.testing.assert_allclose(variable.numpy(), step.at, rtol=1e-12)
        with gradcalc.GradientTape() as tape:
            z = 100 * (variable[1] - variable[0] ** 2) ** 2 + (1 - variable[0]) ** 2
        optimizer.apply_gradients([(tape.gradient(z, variable), variable)])
