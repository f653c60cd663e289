"""The watch over a descent: it records every step, keeps the best point, and says when to stop. Standard library.

A method calls it with each iterate, the start included; `Stop` then ends the run, through whatever library is between.
"""

import math
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

Bounds = Sequence[tuple[float, float]]
"""The least and the largest value of each variable, infinite where there is none."""

FAR = 1e150
"""Beyond this a value or a gradient is taken to run away."""

_BOTTOM = 1e300
"""Below the negative of this, and far below its start, no value is followed: it is near the end of the range."""

_LOOKS = 64
"""The first step at which a descent is looked at for whether it has no end; then at twice as many, and so on."""

_LOOK = 64
"""Steps between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Step:
    """One iterate: its number from 0, the value, the norm of the gradient, the point."""

    number: int
    value: float
    gradient_norm: float
    at: tuple[float, ...]


class Stop(Exception):
    """The descent ends here, with a status: `converged`, `finished`, `diverged`, `unbounded` or `interrupted`."""

    def __init__(self, status: str, reason: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Watch:
    """Records the steps of one descent.

    Args:
        count: the number of variables.
        steps: how many steps may be taken.
        tolerance: of the gradient's norm; the descent has converged when it is not above this.
        seconds: how long it may take.
        callback: called with each `Step`; the descent ends as interrupted if it returns True.
        look: called with the number of a step, at ever rarer ones, to raise `Stop` where there is no end.
        bounds: within which the methods stay: a slope that presses against one does not count.
    """

    def __init__(
        self,
        count: int,
        *,
        steps: int,
        tolerance: float = 0.0,
        seconds: float = math.inf,
        callback: Callable[[Step], object] | None = None,
        bounds: Bounds | None = None,
        look: Callable[[int], object] | None = None,
    ) -> None:
        self._look = look
        self.bounds = bounds
        self.steps = steps
        self.tolerance = tolerance
        self.callback = callback
        self.best = 0
        self._best_value = math.inf
        self._width = count + 2
        self._data = array("d")
        self._end = time.monotonic() + seconds
        self._far, self._bottom = FAR, -_BOTTOM

    def __call__(self, x: Sequence[float], value: float, gradient: Sequence[float]) -> None:
        """Record an iterate; raise `Stop` where the descent has to end."""
        norm = math.hypot(*(self._free(x, gradient) if self.bounds else gradient))
        number = len(self)
        self._data.extend((value, norm, *x))
        if -math.inf < value < self._best_value:
            self.best, self._best_value = number, value
        if self.callback is not None and self.callback(self[number]) is True:
            raise Stop("interrupted", "the callback asked to stop")
        if number == 0:
            self._far = max(FAR, 1e10 * abs(value), 1e10 * norm)
            self._bottom = -max(_BOTTOM, 1e10 * abs(value))
        if value <= self._bottom:
            raise Stop("diverged", "the value falls to the end of the range of floats")
        if not (value < self._far and norm < (-self._bottom if number == self.best else self._far)):
            raise Stop("diverged", _what_left(value, norm))
        if norm <= self.tolerance:
            raise Stop("converged")
        if number >= self.steps:
            raise Stop("finished")
        if self._look is not None and number >= _LOOKS and number & (number - 1) == 0:
            self._look(number)
        if number % _LOOK == 0 and time.monotonic() > self._end:
            raise Stop("finished", "the time is over")

    def __getstate__(self) -> dict[str, Any]:
        """What pickles: the steps, without what it calls."""
        return self.__dict__ | {"callback": None, "_look": None}

    def turned(self) -> "Watch":
        """The same steps with the values' other sign: those of f, where -f was minimised."""
        made = copy(self)
        made._data = array("d", self._data)
        for place in range(0, len(made._data), self._width):
            made._data[place] = -made._data[place] + 0.0
        return made

    def begin_again(self) -> None:
        """The best step is one of those to come: their values are more exact than those before."""
        self._best_value = math.inf

    def presses(self, x: Sequence[float], gradient: Sequence[float]) -> bool:
        """A slope presses against a bound."""
        return self.bounds is not None and list(gradient) != self._free(x, gradient)

    def _free(self, x: Sequence[float], gradient: Sequence[float]) -> list[float]:
        """The gradient without what presses against a bound."""
        assert self.bounds is not None
        return [
            0.0 if (a <= low and g > 0) or (a >= high and g < 0) else g
            for a, g, (low, high) in zip(x, gradient, self.bounds, strict=True)
        ]

    def __len__(self) -> int:
        return len(self._data) // self._width

    def __getitem__(self, number: int) -> Step:
        start = range(len(self))[number] * self._width
        value, norm, *x = self._data[start : start + self._width]
        return Step(start // self._width, value, norm, tuple(x))

    def __iter__(self) -> Iterator[Step]:
        return (self[number] for number in range(len(self)))


def _what_left(value: float, norm: float) -> str:
    if math.isnan(value) or math.isnan(norm):
        return "the value is nan" if math.isnan(value) else "the gradient is nan"
    return "the value grows without bound" if value >= FAR or math.isinf(value) else "the gradient grows without bound"
