"""Random numbers of each law of `language.measured`: JCGM 101:2008, 6.4. The same numbers for the same seed.

Each batch is a net of Sobol, scrambled at random: every sample has its law, every batch is independent of the others,
and within one the samples lie so evenly that they say more than as many drawn one by one. Joe and Kuo, SIAM J. Sci.
Comput. 30 (2008); Matousek, J. Complexity 14 (1998). The scrambling is by NumPy's `Generator` over PCG64, whatever
computes with the numbers. Imports covariance and measured.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from gradcalc.errors import library
from gradcalc.language.measured import Measured
from gradcalc.truth.uncertainty.covariance import Inputs

Array = np.ndarray[Any, Any]

_DIRECTIONS: tuple[tuple[int, ...], ...] = (
    (3, 1), (7, 1, 3), (11, 1, 3, 1), (13, 1, 1, 1), (19, 1, 1, 3, 3), (25, 1, 3, 5, 13), (37, 1, 1, 5, 5, 17),
    (41, 1, 1, 5, 5, 5), (47, 1, 1, 7, 11, 19), (55, 1, 1, 5, 1, 1), (59, 1, 1, 1, 3, 11), (61, 1, 3, 5, 5, 31),
    (67, 1, 3, 3, 9, 7, 49), (91, 1, 1, 1, 15, 21, 21), (97, 1, 3, 1, 13, 27, 49), (103, 1, 1, 1, 15, 7, 5),
    (109, 1, 3, 1, 15, 13, 25), (115, 1, 1, 5, 5, 19, 61), (131, 1, 3, 7, 11, 23, 15, 103),
)  # fmt: skip
"""Of each dimension but the first: a primitive polynomial, its bits, and the first direction numbers."""
_BITS = 52
"""Of a number between 0 and 1."""
DIMENSIONS = 1 + len(_DIRECTIONS)
"""Of a net; in more the samples are drawn one by one."""
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


def _student(p: Array, q: Array, x: float, s: float, nu: float) -> Array:
    """Bailey, Math. Comp. 62 (1994): the polar method, which needs no quantile."""
    return x + s * np.sqrt(nu * np.expm1(-2 / nu * np.log(p))) * np.cos(2 * math.pi * q)


LAWS: Mapping[str, tuple[int, Callable[..., Array]]] = {
    "normal": (1, lambda p, mean, u: mean + u * _special().ndtri(p)),
    "uniform": (1, lambda p, a, b: a + (b - a) * p),
    "triangular": (1, lambda p, a, b: _triangular(p, a, (a + b) / 2, b)),
    "modal triangular": (1, _triangular),
    "trapezoid": (2, lambda p, q, a, b, beta: a + (b - a) / 2 * ((1 + beta) * p + (1 - beta) * q)),
    "ctrap": (2, _ctrap),
    "arcsine": (1, lambda p, a, b: (a + b) / 2 - (b - a) / 2 * np.cos(math.pi * p)),
    "t": (2, _student),
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
        """Columns of numbers between 0 and 1: those of a net, then independent ones."""
        for dimension in range(DIMENSIONS):
            yield np.clip(_net(dimension, size, self.generator), _LEAST, _MOST)
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


@cache
def _columns(dimension: int) -> tuple[int, ...]:
    """The columns of the matrix that makes the net of a dimension, the first bit of a number the highest."""
    polynomial, *first = (1, 1) if dimension == 0 else _DIRECTIONS[dimension - 1]
    degree = polynomial.bit_length() - 1
    numbers = [1] * _BITS if dimension == 0 else first
    for k in range(len(numbers), _BITS):
        new = numbers[k - degree] ^ (numbers[k - degree] << degree)
        for q in range(1, degree):
            if polynomial >> (degree - q) & 1:
                new ^= numbers[k - q] << q
        numbers.append(new)
    return tuple(number << (_BITS - 1 - k) for k, number in enumerate(numbers))


def _net(dimension: int, size: int, generator: np.random.Generator) -> Array:
    """One dimension of a net, its bits mixed by a random lower triangle, and moved."""
    below = generator.integers(0, 1 << _BITS, _BITS + 1, dtype=np.int64).tolist()
    mixed = [1 << (_BITS - 1 - k) | below[k] & ((1 << (_BITS - 1 - k)) - 1) for k in range(_BITS)]
    found = np.array([below[-1]], dtype=np.int64)
    for column in _columns(dimension)[: (size - 1).bit_length()]:
        image = 0
        for k in range(_BITS):
            image ^= mixed[k] if column >> (_BITS - 1 - k) & 1 else 0
        found = np.concatenate([found, found ^ image])
    return (found[:size] + 0.5) / (1 << _BITS)
