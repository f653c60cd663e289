"""Where a fit begins if nobody says it: parameters in which the model is linear follow from the others.

Those others are tried at places that have the scale of the data, and each time the linear ones are solved for (variable
projection: Golub and Pereyra, 1973). Imports problem.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcalc.optimize.fit.problem import Problem
from gradcalc.optimize.rows import Array

_ROWS = 400
"""Rows that are looked at, spread evenly."""
_TRIES = 300
"""Places that are tried, for each parameter that is not linear."""
_ROUNDS = 4
"""Of these the first part is drawn at random, the others change one or two numbers of the best."""
_BEST, _APART = 24, 1.01
"""Of these the best are handed on; the next is worse by this factor, or it may lie in the same valley."""


@dataclass(frozen=True)
class Start:
    """Places to begin at, the most promising first, and in words where they are from."""

    places: tuple[tuple[float, ...], ...]
    told: str


def found_starts(problem: Problem, seed: int, count: int = _BEST) -> Start:
    """Where to begin."""
    model = problem.model
    names, linear = model.names, () if model.is_likelihood else model.linear
    rest = [i for i in range(len(names)) if i not in linear]
    small = sample(problem, _ROWS)
    solver = _Projection(small, linear)
    with np.errstate(all="ignore"):
        if not rest:
            return Start((solver.place(np.zeros(len(names)))[1],), "all parameters are linear, and were solved for")
        tried = _tried(solver, _Draws(small, rest, seed), len(rest), count)
    places, last = [tried[0][1]], tried[0][0]
    for value, place in tried[1:]:
        if len(places) < count and last * _APART < value < np.inf:
            places, last = [*places, place], value
    solved = f", {', '.join(names[i] for i in linear)} solved for" if linear else ""
    told = f"{len(tried):,} places by the scale of the data were tried for {', '.join(names[i] for i in rest)}{solved}"
    return Start(tuple(places), told)


def spread_starts(problem: Problem, start: Sequence[float], count: int, seed: int) -> list[tuple[float, ...]]:
    """So many places: the start, and others over the bounds, or around the start where there are none."""
    source = np.random.default_rng(seed)
    limits = [(problem.bounds or {}).get(name, (-np.inf, np.inf)) for name in problem.model.names]
    found = [tuple(map(float, start))]
    for _ in range(count - 1):
        place = [_drawn(source, x, low, high) for x, (low, high) in zip(start, limits, strict=True)]
        found.append(tuple(place))
    return found


def _drawn(source: np.random.Generator, x: float, low: float, high: float) -> float:
    """A number between bounds; without them of the size of the start, mostly of its sign."""
    if np.isfinite(low) and np.isfinite(high):
        return float(source.uniform(low, high))
    size = abs(x) or 1.0
    value = float(x * 10 ** source.uniform(-1, 1) + size * source.normal(0, 0.5))
    return min(max(value, low), high)


def sample(problem: Problem, most: int) -> Problem:
    """The same with so many of its rows at most, spread evenly, in memory."""
    if problem.count <= most:
        return problem.held
    return problem.some(np.linspace(0, problem.count - 1, most).astype(int))


class _Projection:
    """Solves for the linear parameters, the others given."""

    def __init__(self, problem: Problem, linear: Sequence[int]) -> None:
        self.problem, self.linear = problem, list(linear)
        limits = [(problem.bounds or {}).get(name, (-np.inf, np.inf)) for name in problem.model.names]
        self.limits = np.array(limits, float).T

    def place(self, x: Array) -> tuple[float, tuple[float, ...]]:
        """What the sum comes to, and all parameters; infinite where there is no value."""
        model = self.problem.model
        x = np.clip(np.where(np.isin(np.arange(len(x)), self.linear), 0.0, x), *self.limits)
        if self.linear:
            found = self.problem.evaluated(x.tolist(), [model.residual, *(model.slopes[i] for i in self.linear)])
            if not np.isfinite(found).all():
                return np.inf, tuple(x.tolist())
            norms = np.linalg.norm(found[:, 1:], axis=0)
            scale = np.where(norms > 0, norms, 1.0)
            step = -np.linalg.lstsq(found[:, 1:] / scale, found[:, 0], rcond=1e-12)[0] / scale
            x[self.linear] = np.clip(x[self.linear] + step, *self.limits[:, self.linear])
        value = self.problem.objective.value(x.tolist())
        return value if np.isfinite(value) else np.inf, tuple(x.tolist())


def _tried(solver: "_Projection", draws: "_Draws", free: int, kept: int) -> list[tuple[float, tuple[float, ...]]]:
    """Sums and places, the best first: drawn at random, then with one or two parameters of the best drawn anew."""
    each = _TRIES * min(4, free) // _ROUNDS
    found = [solver.place(x) for x in [np.ones(draws.count), *(draws.whole(number) for number in range(each))]]
    for _ in range(_ROUNDS - 1):
        found.sort(key=lambda each: each[0])
        parents = found[:kept]
        found += [solver.place(draws.changed(parents[number % len(parents)][1], number)) for number in range(each)]
    return sorted(found, key=lambda each: each[0])


class _Draws:
    """Places for the parameters that are not linear: of the size of the columns, of their inverses, of 1."""

    def __init__(self, problem: Problem, places: Sequence[int], seed: int) -> None:
        self.places, self.count = places, len(problem.model.names)
        self.source = np.random.default_rng(seed)
        self.sizes, self.levels = _scales(problem)

    def whole(self, number: int) -> Array:
        """All of them; every second place may have negative ones."""
        x = np.ones(self.count)
        for i in self.places:
            x[i] = self._number(number % 2 == 1)
        return x

    def changed(self, place: Sequence[float], number: int) -> Array:
        """A place with one or two of them anew."""
        x = np.array(place)
        for i in self.source.choice(self.places, min(len(self.places), 1 + number % 2), replace=False):
            x[i] = x[i] * 10 ** self.source.uniform(-0.3, 0.3) if number % 3 == 0 else self._number(number % 4 > 1)
        return x

    def _number(self, signed: bool) -> float:
        source, kind = self.source, self.source.integers(0, 10)
        if 5 <= kind < 7:
            return float(source.choice(self.levels))
        size = source.choice(self.sizes) * 10 ** source.uniform(-1, 1) if kind < 5 else 10 ** source.uniform(-2, 2)
        return float(-size if signed and source.uniform() < 0.25 else size)


def _scales(problem: Problem) -> tuple[Array, Array]:
    """Sizes that parameters may have, by the columns' sizes and spreads and their inverses; and the columns' values."""
    sizes, levels = [1.0], [0.0]
    for column in problem.rows.held().values.values():
        for each in (np.abs(column).max(), np.ptp(column), np.abs(column).mean()):
            sizes += [float(each), 1 / float(each)] if each > 0 else []
        levels += np.quantile(column, np.linspace(0, 1, 9)).tolist()
    return np.array(sizes), np.array(levels)
