"""Random numbers of each law of `language.measured`: JCGM 101:2008, 6.4. The same numbers for the same seed.

Each batch is a lattice, shifted at random: every sample has its law, every batch is independent of the others, and
within one the samples lie so evenly that a million say what billions drawn one by one would. Cranley and Patterson,
SIAM J. Numer. Anal. 13 (1976); the lattice is `exod2_base2_m20` of Cools, Kuo and Nuyens, SIAM J. Sci. Comput. 28
(2006). The shifts are of NumPy's `Generator` over PCG64, whatever computes with them. Imports covariance and measured.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import library
from gradcalc.language.measured import Measured
from gradcalc.truth.uncertainty.covariance import Inputs

Array = np.ndarray[Any, Any]

_VECTOR = (
    1, 182667, 469891, 498753, 110745, 446247, 250185, 118627, 245333, 283199, 408519, 391023, 246327, 126539, 399185,
    461527, 300343, 69681, 516695, 436179,
)  # fmt: skip
"""Of the lattice; in more dimensions the samples are drawn one by one."""
_LEAST, _MOST = 2.0**-54, 1 - 2.0**-53
"""Probabilities whose quantiles are finite."""


def _special() -> Any:
    return library("scipy.special", "Monte Carlo")


def _triangular(p: Array, a: float, mode: float, b: float) -> Array:
    """The inverse of the distribution function, on either side of the mode."""
    share = (mode - a) / (b - a)
    return np.where(p < share, a + np.sqrt(p * (b - a) * (mode - a)), b - np.sqrt((1 - p) * (b - a) * (b - mode)))


def _ctrap(p: Array, q: Array, a: float, b: float, d: float) -> Array:
    """6.4.3: the ends of a rectangle are inexact, its middle is not."""
    low = a - d + 2 * d * p
    return low + (a + b - 2 * low) * q


LAWS: Mapping[str, tuple[int, Callable[..., Array]]] = {
    "normal": (1, lambda p, mean, u: mean + u * _special().ndtri(p)),
    "uniform": (1, lambda p, a, b: a + (b - a) * p),
    "triangular": (1, lambda p, a, b: _triangular(p, a, (a + b) / 2, b)),
    "modal triangular": (1, _triangular),
    "trapezoid": (2, lambda p, q, a, b, beta: a + (b - a) / 2 * ((1 + beta) * p + (1 - beta) * q)),
    "ctrap": (2, _ctrap),
    "arcsine": (1, lambda p, a, b: (a + b) / 2 - (b - a) / 2 * np.cos(math.pi * p)),
    "t": (1, lambda p, x, s, nu: x + s * _special().stdtrit(nu, p)),
    "exponential": (1, lambda p, mean: -mean * np.log1p(-p)),
    "gamma": (1, lambda p, shape, scale: scale * _special().gammaincinv(shape, p)),
}
"""How many uniform numbers each law takes, and what it makes of them and its parameters, named in `measured.LAWS`."""


class Draws:
    """Random inputs, so many at a time: those that are correlated together, as normal ones; the others each alone.

    An input with degrees of freedom is Student's t, scaled and shifted: JCGM 101:2008, 6.4.9.
    """

    def __init__(self, inputs: Inputs, freedom: Mapping[int, float], seed: int) -> None:
        self.inputs, self.generator = inputs, np.random.Generator(np.random.PCG64(seed))
        self.together = inputs.correlated
        self.numbers = [item.numbers() for item in inputs.items]
        self.laws = [
            _law(item, numbers, freedom.get(i))
            for i, (item, numbers) in enumerate(zip(inputs.items, self.numbers, strict=True))
        ]

    def next(self, size: int) -> list[Array]:
        """The next `size` values of each input, in their order; a power of two lies most evenly."""
        uniform = self._uniform(size)
        found: dict[int, Array] = {}
        normal = [_special().ndtri(next(uniform)) for _ in self.together]
        for place, weights in zip(self.together, self.inputs.factor, strict=True):
            value, deviation, _ = self.numbers[place]
            total = np.zeros(size)
            for weight, column in zip(weights, normal, strict=True):
                if weight:
                    total += weight * column
            found[place] = value + deviation * total
        for place, (law, parameters) in enumerate(self.laws):
            if place not in found:
                count, make = LAWS[law]
                found[place] = make(*(next(uniform) for _ in range(count)), *parameters)
        return [found[place] for place in range(len(self.inputs.labels))]

    def _uniform(self, size: int) -> Iterator[Array]:
        """Columns of numbers between 0 and 1: those of the lattice, then independent ones."""
        numbers = np.arange(size, dtype=np.int64)
        for factor in _VECTOR:
            yield np.clip((numbers * factor % size + self.generator.random()) / size, _LEAST, _MOST)
        while True:
            yield np.clip(self.generator.random(size), _LEAST, _MOST)


def _law(
    item: Measured, numbers: tuple[float, float, Sequence[float]], freedom: float | None
) -> tuple[str, Sequence[float]]:
    """The law that an input is drawn by, and its parameters."""
    value, deviation, parameters = numbers
    if item.law != "normal":
        return item.law, parameters
    return ("normal", (value, deviation)) if freedom is None else ("t", (value, deviation, freedom))
