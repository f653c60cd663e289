"""Random programs of NumPy's functions, and their derivatives by differences in extended precision."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

SHAPES = [(), (3,), (2, 3), (3, 1), (1, 3), (3, 3), (2, 1, 3), (0, 3)]
Step = Callable[[list[Any]], Any]


def elementwise(rng: np.random.Generator, i: int, j: int, a: Any) -> Step:
    """One elementwise operation, with broadcasting."""
    c = float(rng.uniform(0.5, 2))
    steps: list[Step] = [
        lambda p: np.sin(p[i]),
        lambda p: np.tanh(p[i]) * c,
        lambda p: np.sqrt(np.abs(p[i]) + c),
        lambda p: np.exp(np.minimum(p[i], c)),
        lambda p: p[i] + p[j],
        lambda p: p[i] - p[j],
        lambda p: p[i] * p[j],
        lambda p: p[i] / (p[j] * p[j] + c),
        lambda p: np.maximum(p[i], p[j]),
        lambda p: (p[i] * p[i] + c) ** p[j],
        lambda p: p[i] ** 3,
        lambda p: np.arctan2(p[i], p[j] * p[j] + c),
        lambda p: np.logaddexp(p[i], p[j]),
        lambda p: np.where(p[i] > c / 2, p[i], p[j]),
    ]
    return steps[rng.integers(len(steps))]


def of_arrays(rng: np.random.Generator, i: int, j: int, a: Any) -> Step:
    """One reduction, index, join, product or change of shape."""
    axis, keepdims = int(rng.integers(-a.ndim, a.ndim)) if a.ndim else None, bool(rng.integers(2))
    mask, rows = rng.random(a.shape) < 0.6, rng.integers(0, max(len(a), 1) if a.ndim else 1, 4)
    steps: list[Step] = [
        lambda p: np.sum(p[i], axis=axis, keepdims=keepdims),
        lambda p: np.mean(p[i], axis=axis, keepdims=keepdims),
        lambda p: np.max(p[i], axis=axis, keepdims=keepdims),
        lambda p: np.prod(p[i], axis=axis, keepdims=keepdims),
        lambda p: np.var(p[i], axis=axis, keepdims=keepdims),
        lambda p: np.cumsum(p[i], axis=axis),
        lambda p: p[i][mask],
        lambda p: p[i][rows],
        lambda p: p[i][::-1, ...],
        lambda p: p[i][..., None],
        lambda p: np.where(mask, p[i], p[j]),
        lambda p: np.concatenate([np.ravel(p[i]), np.ravel(p[j])]),
        lambda p: np.stack([p[i], p[j]], axis=-1),
        lambda p: np.matmul(p[i], p[j]),
        lambda p: np.einsum("...i,...i->...", p[i], p[j]),
        lambda p: np.outer(p[i], p[j]),
        lambda p: np.sort(np.transpose(p[i]), axis=-1),
        lambda p: np.tril(p[i]),
        lambda p: np.tile(p[i], 2),
    ]
    return steps[rng.integers(len(steps))]


def program(rng: np.random.Generator) -> tuple[list[Any], list[Step]]:
    """Inputs, and 5 to 15 operations that give finite values of moderate size on them."""
    inputs = [rng.uniform(-1.8, 1.8, SHAPES[rng.integers(len(SHAPES))]) for _ in range(rng.integers(1, 4))]
    pool, steps = list(inputs), list[Step]()
    length = rng.integers(5, 16)
    for _ in range(100):
        i, j = (int(rng.integers(max(0, len(pool) - 6), len(pool))) for _ in range(2))
        step = (elementwise if rng.random() < 0.5 else of_arrays)(rng, i, j, np.asarray(pool[i]))
        try:
            value = np.asarray(step(pool))
        except (TypeError, ValueError, IndexError):  # of plain NumPy: this operation does not fit
            continue
        if value.size <= 200 and np.isfinite(value).all() and np.max(np.abs(value), initial=0) < 1e3:
            steps.append(step)
            pool.append(value[()])
        if len(steps) == length:
            break
    return inputs, steps


def outcome(inputs: list[Any], steps: list[Step]) -> Any:
    """A number that depends on the last four values of a program."""
    pool = list(inputs)
    for step in steps:
        pool.append(step(pool))
    total: Any = 0
    for k, value in enumerate(pool[-4:]):
        total = total + np.sum(np.sin(value + k / 8))
    return total


FIRST = np.array([-1, 9, -45, 0, 45, -9, 1], np.longdouble) / 60
SECOND = np.array([2, -27, 270, -490, 270, -27, 2], np.longdouble) / 180


def slopes(inputs: list[Any], steps: list[Step], along: list[Any], h: float) -> tuple[float, float]:
    """First and second derivative along a direction: differences of the sixth order in extended precision."""
    at = [
        [np.asarray(a, np.longdouble)[()] + np.longdouble(h) * k * v for a, v in zip(inputs, along, strict=True)]
        for k in range(-3, 4)
    ]
    values = np.array([outcome(moved, steps) for moved in at], np.longdouble)
    return float(values @ FIRST / np.longdouble(h)), float(values @ SECOND / np.longdouble(h) ** 2)


def agrees(inputs: list[Any], steps: list[Step], along: list[Any], first: float, second: float) -> bool:
    """With the differences of one of several widths: a wide one may cross a kink."""
    for h in (1e-4, 1e-5, 1e-6):
        one, two = slopes(inputs, steps, along, h)
        if math.isclose(first, one, rel_tol=1e-10, abs_tol=1e-10) and math.isclose(
            second, two, rel_tol=1e-5, abs_tol=1e-5
        ):
            return True
    return False
