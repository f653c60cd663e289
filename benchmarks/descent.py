"""Descent beside PyTorch's eager loop and JAX's jitted step; one gradient over a million rows beside NumPy by hand."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.tables import NOT_INSTALLED, measure, peer, seconds, table
from gradcalc.language.formula import Variable
from gradcalc.language.parse import parse
from gradcalc.optimize.descend import descend
from gradcalc.optimize.descent.objective import DataObjective

ROSENBROCK = "100*(y - x**2)**2 + (1 - x)**2"
STEPS = 100_000
ROWS = 1_000_000


def run() -> None:
    """Print steps per second, and times of one gradient over rows."""
    rates = {"gradcalc": _gradcalc(), "PyTorch, eager loop": _torch(), "JAX, jitted step": _jax()}
    own = rates["gradcalc"]
    assert own is not None
    rows = [
        (name, NOT_INSTALLED, "") if rate is None else (name, f"{rate:,.0f}", f"{own / rate:.1f}")
        for name, rate in rates.items()
    ]
    title = f"Gradient descent on {ROSENBROCK}, rate 0.001, float64"
    table(title, ("", "steps per second", "gradcalc is faster by"), rows)
    for name, text, hand in (("least squares", LINE, _line), ("logistic regression", LOGIT, _logit)):
        _rows(name, text, hand)


def _gradcalc() -> float:
    """All of `descend`: the trace of every step, and the checks."""
    started = time.perf_counter()
    found = descend(ROSENBROCK, {"x": -1.2, "y": 1}, learning_rate=0.001, steps=STEPS)
    assert found.steps == STEPS
    return STEPS / (time.perf_counter() - started)


def _torch() -> float | None:
    if peer("torch") is None:
        return None
    import torch

    point = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([point], lr=0.001)

    def step() -> None:
        optimizer.zero_grad()
        x, y = point
        (100 * (y - x**2) ** 2 + (1 - x) ** 2).backward()
        optimizer.step()

    return 1 / measure(step).best


def _jax() -> float | None:
    if peer("jax") is None:
        return None
    import jax

    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def move(x: Any, y: Any) -> Any:
        gx, gy = jax.grad(lambda x, y: 100 * (y - x**2) ** 2 + (1 - x) ** 2, (0, 1))(x, y)
        return x - 0.001 * gx, y - 0.001 * gy

    point = [move(-1.2, 1.0)]

    def step() -> None:
        point[0] = move(*point[0])

    return 1 / measure(step).best


LINE = "(a*x + b*y + c - z)^2"
LOGIT = "log(1 + exp(a*x + b*y + c)) - z*(a*x + b*y + c)"
Columns = dict[str, Any]


def _line(columns: Columns, a: float, b: float, c: float) -> Any:
    x, y, z = columns.values()
    r = a * x + b * y + c - z
    return (r * r).mean(), (2 * r * x).mean(), (2 * r * y).mean(), 2 * r.mean()


def _logit(columns: Columns, a: float, b: float, c: float) -> Any:
    x, y, z = columns.values()
    t = a * x + b * y + c
    e = np.exp(t)
    s = e / (1 + e) - z
    return (np.log(1 + e) - z * t).mean(), (s * x).mean(), (s * y).mean(), s.mean()


def _rows(name: str, text: str, hand: Callable[..., Any]) -> None:
    """One value and gradient over all rows."""
    random = np.random.default_rng(0)
    columns = {name: random.normal(size=ROWS) for name in "xyz"}
    formula = parse(text).differentiated(map(Variable, "abc"), 1)
    objective, point = DataObjective(formula, columns), (0.1, 0.2, 0.3)
    value, gradient = objective.slope(point)
    np.testing.assert_allclose([value, *gradient], hand(columns, *point), rtol=1e-9)
    own, by_hand = measure(lambda: objective.slope(point)).best, measure(lambda: hand(columns, *point)).best
    rows = [("gradcalc", seconds(own), f"{own / by_hand:.2f}"), ("NumPy, by hand", seconds(by_hand), "1")]
    table(f"One gradient over {ROWS:,} rows: {name}", ("", "time", "ratio to NumPy"), rows)
