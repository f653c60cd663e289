"""gradcheck: is a gradient right? By the slope of Taylor remainders, no fixed epsilon. Imports functional.

If g is the gradient of f at x, then |f(x + h v) - f(x) - h g.v| falls like h**2 as h goes to 0; if g is wrong by any
amount, like h. With the Hessian's term taken off too it falls like h**3. The slope is read off where the remainder
stands clear of rounding noise, which is measured at the smallest steps.

Source: the Taylor remainder test of the adjoint literature, e.g. Farrell et al., SIAM J. Sci. Comput. 35 (2013), C369.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.tape import nest
from gradcalc.tape.functional import grad, hvp
from gradcalc.tape.rules.linalg import CHOLESKY, EIGH
from gradcalc.tape.tape import GradientTape
from gradcalc.tape.tensor import Tensor, as_array, as_tensor

_STEPS = 2.0 ** -np.arange(3, 44)
_NOISE = 16.0  # how far above the noise a remainder counts
_FIT = 5  # how many of the smallest such steps the slope is fitted to


@dataclass(frozen=True)
class TaylorTest:
    """One remainder along one direction: its slope, which should be `order + 1` or more; None where all is noise."""

    order: int
    slope: float | None

    @property
    def ok(self) -> bool:
        """The remainder falls as fast as it must."""
        return self.slope is None or self.slope > self.order + 0.7


@dataclass(frozen=True)
class GradCheck:
    """The verdict of `gradcheck`: true if every remainder falls as it must."""

    tests: tuple[TaylorTest, ...]

    @property
    def ok(self) -> bool:
        """All tests passed."""
        return all(test.ok for test in self.tests)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = []
        for order in sorted({test.order for test in self.tests}):
            slopes = [test.slope for test in self.tests if test.order == order and test.slope is not None]
            worst = f"falls like h**{min(slopes):.2f}" if slopes else "is rounding noise"
            name = ("", "gradient", "second derivative")[order]
            verdict = "right" if all(t.ok for t in self.tests if t.order == order) else "WRONG, or a kink is near"
            lines.append(f"{name}: the remainder {worst}, at least h**{order + 1} expected: {verdict}")
        return "\n".join(lines)


def gradcheck(
    function: Callable[..., Any], inputs: Any, order: int = 2, directions: int = 3, seed: int = 0
) -> GradCheck:
    """Check the gradient that the tape gives of a function (order 1), and its second derivative (order 2).

    Args:
        function: takes the inputs as tensors; returns a tensor of any shape (its elements are weighed at random).
        inputs: an array or number, or a tuple of them, one for each argument. They are taken as float64.
        order: 1 or 2.
        directions: how many random directions are tried.
        seed: of the random numbers.

    Returns:
        A `GradCheck`, true or false; printed, it shows the slopes. Of a function that takes a matrix as symmetric
        (`cholesky`, `eigh`, `eigvalsh`: they read one triangle), symmetric inputs are moved in symmetric directions.
    """
    if order not in (1, 2):
        raise ValueError(f"order must be 1 or 2, not {order}")
    point = tuple(as_array(x, np.float64) for x in (inputs if isinstance(inputs, tuple) else (inputs,)))
    random = np.random.default_rng(seed)
    with GradientTape() as tape:
        tape.watch(inside := tuple(map(Tensor, point)))
        weights = random.normal(size=as_tensor(function(*inside)).shape)
    one_triangle = any(record[0] in (CHOLESKY, EIGH) for record in tape.records)

    def scalar(xs: Any) -> Any:
        return np.sum(function(*xs) * weights)

    tests: list[TaylorTest] = []
    for _ in range(directions):
        direction = tuple(_direction(random, x, one_triangle) for x in point)
        tests += _along(scalar, point, direction, order)
    return GradCheck(tuple(tests))


def _direction(random: np.random.Generator, x: Any, one_triangle: bool) -> Any:
    """A random direction; a symmetric one at symmetric matrices of which one triangle is read."""
    way = random.normal(size=x.shape)
    square = one_triangle and x.ndim > 1 and x.shape[-1] == x.shape[-2]
    return (way + way.mT) / 2 if square and np.array_equal(x, x.mT) else way


def _along(scalar: Callable[..., Any], point: Any, direction: Any, order: int) -> list[TaylorTest]:
    """The remainders of a function along a direction, of order 1 and, if asked, 2."""
    values = [_value(scalar, point, direction, h) for h in (0.0, *_STEPS)]
    base, moved = values[0], np.array(values[1:])
    slope = _dot(grad(scalar)(point), direction)
    remainder = moved - base - _STEPS * slope
    scale = np.abs(moved) + abs(base) + np.abs(_STEPS * slope)
    tests = [TaylorTest(1, _slope(remainder, scale))]
    if order == 2:
        bend = _dot(hvp(scalar)(point, direction), direction)
        tests.append(TaylorTest(2, _slope(remainder - _STEPS**2 / 2 * bend, scale)))
    return tests


def _slope(remainder: Any, scale: Any) -> float | None:
    """The exponent with which a remainder falls at the smallest steps where it is no noise."""
    size = np.abs(remainder)
    noise = _NOISE * np.maximum(np.finfo(float).eps * scale, np.max(size[-3:]))
    clear = np.flatnonzero(~(size <= noise))[-_FIT:]
    if len(clear) < 2:
        return None
    if not np.all(np.isfinite(size[clear])):
        return 0.0
    return float(np.polyfit(np.log(_STEPS[clear]), np.log(size[clear]), 1)[0])


def _value(scalar: Callable[..., Any], point: Any, direction: Any, h: float) -> float:
    return float(scalar(tuple(Tensor((x + h * v)[()]) for x, v in zip(point, direction, strict=True))))


def _dot(gradient: Any, direction: Any) -> float:
    parts = zip(nest.flatten(gradient), direction, strict=True)
    return float(sum(np.sum(as_array(g) * v) for g, v in parts))
