"""Monte Carlo: samples of the results by native code, batch by batch, until what they say is settled.

JCGM 101:2008, 7.9: each batch says a mean, a standard uncertainty and the ends of an interval; what they scatter tells
how settled their means are. Only one batch is held at a time. Imports laws, and Kernel.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.settings import SAMPLES
from gradcalc.show.rounded import tolerance
from gradcalc.truth.uncertainty.answer import Sampled
from gradcalc.truth.uncertainty.laws import Array, Draws

BATCHES = 10
"""How many batches the samples make that are asked for."""
MOST = 40
"""How many times as many samples there may be in the end."""
_FRACTION = 5
"""The samples' own uncertainty is to be below this part of the tolerance: JCGM 101:2008, 8.2."""
_FEWEST, _LARGEST = 20, 1 << 20
"""Samples with a value that a batch needs to say anything; how many it has at most, unless more are asked for."""
_CELLS = 1 << 23
"""Numbers of all inputs of a batch, about, at most."""
_WORK = 400_000_000
"""Random numbers that are drawn, at most, unless more samples are asked for."""
_ROUNDING = 2.0**-44
"""What samples may differ by, of the largest, for rounding alone."""


@dataclass(frozen=True)
class Run:
    """What all samples say: of each result, and the covariances of the results, `(m, m)` nested."""

    results: tuple[Sampled, ...]
    covariance: tuple[tuple[float, ...], ...]


Columns = Callable[[Sequence[Array]], Mapping[str, Any]]
"""Makes the columns of a kernel of the values of each uncertain input."""


def sample(
    kernels: Sequence[Kernel],
    columns: Columns,
    draws: Draws,
    count: int,
    level: float,
    told: Callable[[int], None] | None = None,
) -> Run:
    """Samples of the results, `count` at first, then up to `MOST` times as many; of many inputs fewer.

    Args:
        kernels: one for each result.
        level: the probability of the intervals.
        told: called with the number of samples so far.
    """
    size = min(_batch(count, level), _room(len(draws.inputs.labels), level))
    first = max(BATCHES, -(-count // size))
    most = max(first, min(first * MOST, _WORK // (size * max(1, len(draws.inputs.labels)))))
    tallies = [_Tally(level) for _ in kernels]
    products = _Products(len(kernels))
    for number in range(1, most + 1):
        given = columns(draws.next(size))
        values = [_values(kernel, given, size) for kernel in kernels]
        if number <= first:
            products.add(values)
        for tally, batch in zip(tallies, values, strict=True):
            tally.add(batch)
        if told:
            told(number * size)
        if number >= first and (number - first) % _LOOK == 0:
            needed = max(tally.needed() for tally in tallies)
            if needed <= number or needed > 1.5 * most:
                break
    return Run(tuple(tally.sampled() for tally in tallies), products.covariance())


def _batch(count: int, level: float) -> int:
    """How many samples a batch has, a power of two: JCGM 101:2008, 7.9.4, asks for 100 outside of the interval."""
    enough = min(_LARGEST, _enough(level)) if count >= SAMPLES else _FEWEST
    return 1 << (max(-(-count // BATCHES), enough) - 1).bit_length()


def _room(inputs: int, level: float) -> int:
    """How many samples of so many inputs a batch may have for memory's sake: a power of two, but enough."""
    return 1 << (max(_CELLS // max(1, inputs), _enough(level)).bit_length() - 1)


def _enough(level: float) -> int:
    """How many samples a batch needs to say where the ends of an interval are."""
    return math.ceil(min(100 / (1 - level), 1e12) - 1e-6)


def _values(kernel: Kernel, columns: Mapping[str, Any], size: int) -> Array:
    """The samples of one result; one that depends on nothing uncertain is the same in all."""
    found = kernel(**columns).value
    return np.array(found) if len(found) == size else np.full(size, found[0])


_LOOK = 5
"""After how many batches it is looked whether they are enough."""


class _Tally:
    """What the batches of one result have said so far, in units that neither overflow nor underflow."""

    def __init__(self, level: float) -> None:
        self.level = level
        self.samples = self.undefined = 0
        self.base, self.unit, self.largest = 0.0, 1.0, 0.0
        self.mean = self.squares = 0.0
        self.fewest = math.inf
        self.said: list[tuple[float, ...]] = []

    def add(self, batch: Array) -> None:
        """One batch more; its order is lost."""
        finite = np.isfinite(batch)
        self.samples += len(batch)
        if not finite.all():
            batch = batch[finite]
            self.undefined += int(len(finite) - len(batch))
        self.fewest = min(self.fewest, len(batch))
        if len(batch) < _FEWEST:
            return
        batch.sort()
        self.largest = max(self.largest, abs(float(batch[0])), abs(float(batch[-1])))
        if not self.said:
            self.base = float(batch[len(batch) // 2])
            width = float(batch[-1]) / 2 - float(batch[0]) / 2
            self.unit = 2.0 ** min(max(-1000, math.frexp(width)[1]), 1000) if width else 1.0
        batch /= self.unit
        batch -= self.base / self.unit
        mean = float(batch.mean())
        squares = float(np.square(batch - mean).sum())
        before = self.samples - self.undefined - len(batch)
        shift, total = mean - self.mean, before + len(batch)
        self.mean += shift * len(batch) / total
        self.squares += squares + shift * shift * before * len(batch) / total
        self.said.append((mean, math.sqrt(squares / (len(batch) - 1)), *_ends(batch, self.level)))

    @property
    def is_rounding(self) -> bool:
        """Whether the samples differ by so little that it may be rounding; not where they are all the same."""
        return 0 < self._u() * self.unit < _ROUNDING * self.largest

    def needed(self) -> float:
        """How many batches it takes, about, until this is settled; infinitely many where it never is."""
        if not self.said or self.undefined or self.is_rounding or self.fewest < _enough(self.level):
            return math.inf
        u, errors = self._u(), self._errors()
        if not u:
            return 0
        allowed = tolerance(u * self.unit) / self.unit
        if not math.isfinite(u) or not allowed:
            return math.inf
        return len(self.said) * (2 * _FRACTION * max(errors) / allowed) ** 2

    def sampled(self) -> Sampled:
        """What is known."""
        if not self.said:
            nan, ends = math.nan, (math.nan, math.nan)
            return Sampled(nan, nan, ends, ends, (nan,) * 4, self.samples, self.undefined, False)
        columns = list(zip(*self.said, strict=True))
        low, high, short_low, short_high = (self._number(math.fsum(column) / len(column)) for column in columns[2:])
        errors = [error * self.unit for error in self._errors()]
        return Sampled(
            self._number(self.mean), self._u() * self.unit, (low, high), (short_low, short_high),
            (errors[0], errors[1], errors[2], errors[3]), self.samples, self.undefined,
            self.needed() <= len(self.said), self.is_rounding,
        )  # fmt: skip

    def _number(self, scaled: float) -> float:
        return self.base + self.unit * scaled

    def _u(self) -> float:
        return math.sqrt(self.squares / max(1, self.samples - self.undefined - 1))

    def _errors(self) -> tuple[float, float, float, float]:
        """How far the averages of the batches may be off."""
        count = len(self.said)
        if count < 2:
            return (math.inf,) * 4
        columns = list(zip(*self.said, strict=True))[:4]
        found = [float(np.std(column, ddof=1)) / math.sqrt(count) for column in columns]
        return found[0], found[1], found[2], found[3]


def _ends(ordered: Array, level: float) -> tuple[float, float, float, float]:
    """The symmetric and the shortest interval of some samples in order: JCGM 101:2008, 7.7."""
    size = len(ordered)
    inside = min(size - 1, int(level * size + 0.5))
    first = (size - inside) // 2
    first -= first > 0 and (size - inside) % 2 == 0
    widths = ordered[inside:] - ordered[: size - inside]
    short = int(np.argmin(widths))
    return ordered[first], ordered[first + inside], ordered[short], ordered[short + inside]


class _Products:
    """The covariances of several results, by the samples that are asked for: more would not show."""

    def __init__(self, count: int) -> None:
        self.rows = 0
        self.mean, self.sum = np.zeros(count), np.zeros((count, count))

    def add(self, values: Sequence[Array]) -> None:
        """One batch more; rows in which a result has no value do not count."""
        if len(values) < 2:
            return
        columns = np.stack(values)
        finite = np.isfinite(columns).all(axis=0)
        columns = columns if finite.all() else columns[:, finite]
        rows = columns.shape[1]
        if not rows:
            return
        mean = columns.mean(axis=1)
        moved = columns - mean[:, None]
        shift, total = mean - self.mean, self.rows + rows
        products = [[float(np.sum(a * b)) for b in moved] for a in moved]  # no BLAS, whose sums depend on threads
        self.sum += np.array(products) + np.outer(shift, shift) * (self.rows * rows / total)
        self.mean += shift * rows / total
        self.rows = total

    def covariance(self) -> tuple[tuple[float, ...], ...]:
        """Of the results so far, `(m, m)`; of one result nothing."""
        if self.rows < 2:
            return ()
        return tuple(tuple(float(x) for x in row) for row in self.sum / (self.rows - 1))
