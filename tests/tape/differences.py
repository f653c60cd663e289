"""An oracle for gradients of array functions: central differences in extended precision. Imports NumPy and gradcalc."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import GradientTape, Variable

extended = pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="no extended precision on this machine")
"""For tests that need the oracle."""


def points(*shapes: tuple[int, ...], seed: int = 7, low: float = 0.3, high: float = 1.9) -> tuple[Any, ...]:
    """Arrays of elements between `low` and `high`, of which no two are close; of shape () a NumPy scalar."""
    rng = np.random.default_rng(seed)
    sizes = [math.prod(shape) for shape in shapes]
    steps = (rng.permutation(sum(sizes)) + rng.uniform(0.2, 0.8, sum(sizes))) / max(1, sum(sizes))
    parts = np.split(low + (high - low) * steps, np.cumsum(sizes)[:-1])
    return tuple(part.reshape(shape)[()] for part, shape in zip(parts, shapes, strict=True))


def outputs(value: Any) -> Iterator[Any]:
    """The arrays in a result, which may be a list or a tuple."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from outputs(item)
    else:
        yield value


def energy(function: Callable[..., Any], *xs: Any) -> Any:
    """One number of all results of a function, not linear in them, different for each element."""
    total = 0.0
    for k, y in enumerate(outputs(function(*xs))):
        weights = np.cos(np.arange(y.size) + k).reshape(y.shape) + 1.5
        total = total + np.sum(weights * (y + y * y / 3))
    return total


def moved(xs: tuple[Any, ...], directions: list[Any], t: float) -> Any:
    """The points moved by `t` along the directions, in extended precision."""
    return [np.longdouble(1) * x + np.longdouble(t) * d for x, d in zip(xs, directions, strict=True)]


def slope(function: Callable[..., Any], xs: tuple[Any, ...], directions: list[Any]) -> Any:
    """The derivative of the energy along the directions: differences with errors of order h**6."""
    h = 1e-3
    f = [energy(function, *moved(xs, directions, k * h)) for k in (1, -1, 2, -2, 3, -3)]
    return (45 * (f[0] - f[1]) - 9 * (f[2] - f[3]) + (f[4] - f[5])) / (60 * np.longdouble(h))


def bend(function: Callable[..., Any], xs: tuple[Any, ...], directions: list[Any]) -> Any:
    """The second derivative of the energy along the directions."""
    h = 1e-3
    f = [energy(function, *moved(xs, directions, k * h)) for k in (0, 1, -1, 2, -2, 3, -3)]
    return (-490 * f[0] + 270 * (f[1] + f[2]) - 27 * (f[3] + f[4]) + 2 * (f[5] + f[6])) / (180 * np.longdouble(h) ** 2)


def check(function: Callable[..., Any], *xs: Any, order: int = 2) -> None:
    """Value, gradient and second derivatives of a function agree with NumPy and with differences."""
    variables = [gradcalc.Variable(x) for x in xs]
    rng = np.random.default_rng(3)
    for y, expected in zip(outputs(function(*variables)), outputs(function(*xs)), strict=True):
        assert isinstance(y, gradcalc.Tensor)
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=4e-15, atol=1e-15, strict=True)
    for _ in range(order):
        way = [rng.normal(size=np.shape(x)) for x in xs]
        with gradcalc.GradientTape() as outer:
            with gradcalc.GradientTape() as inner:
                total = energy(function, *variables)
            gradients = inner.gradient(total, variables, unconnected_gradients="zero")
            along = sum(np.sum(g * d) for g, d in zip(gradients, way, strict=True))
        for x, g in zip(xs, gradients, strict=True):
            assert (g.shape, g.dtype) == (np.shape(x), np.asarray(x).dtype)
        np.testing.assert_allclose(along.numpy(), slope(function, xs, way), rtol=1e-11, atol=1e-12)
        if order > 1:
            second = outer.gradient(along, variables, unconnected_gradients="zero")
            found = sum(np.sum(g.numpy() * d) for g, d in zip(second, way, strict=True))
            np.testing.assert_allclose(found, bend(function, xs, way), rtol=1e-8, atol=1e-8)


def derivatives(function: Callable[[Any], Any], at: Any, order: int) -> list[np.ndarray[Any, Any]]:
    """The gradient of the function's sum, the gradient of that one's sum, and so on."""
    x = Variable(at)
    tapes = [GradientTape() for _ in range(order)]
    for tape in tapes:
        tape.__enter__()
    y, found = function(x), []
    for tape in reversed(tapes):
        tape.__exit__(None, None, None)
        y = tape.gradient(y, x, unconnected_gradients="zero")
        found.append(y.numpy())
    return found
