"""Learning rates that depend on the step: callables, as Keras 3's `optimizers.schedules`. Imports NumPy.

Names, defaults and formulas are those of Keras's documentation. A schedule takes the number of steps done, or an array
of such numbers, and answers in float64. Its arguments are the fields of its class.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.errors import UsageError, did_you_mean

__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
    "PiecewiseConstantDecay", "PolynomialDecay",
]  # fmt: skip


class LearningRateSchedule:
    """Base of the schedules; a subclass gives `__call__(step)`, here `_rate`, and may give `get_config()`."""

    _module = "keras.optimizers.schedules"

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps."""
        return self._rate(step)

    def _rate(self, step: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, step)")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this schedule."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LearningRateSchedule":
        """The schedule of a `get_config()`."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in vars(self).items())
        return f"{type(self).__name__}({arguments})"


@dataclass(repr=False, eq=False)
class _Timed(LearningRateSchedule):
    """A schedule over a number of steps, which must be positive; the fields of its class are its arguments."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name in ("decay_steps", "first_decay_steps") and value <= 0:
                raise ValueError(f"Argument `{name}` must be > 0. Received: {name}={value}")


@dataclass(repr=False, eq=False)
class ExponentialDecay(_Timed):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`; `staircase` rounds the exponent down."""

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "ExponentialDecay"

    def _rate(self, step: Any) -> Any:
        return self.initial_learning_rate * self.decay_rate ** _fraction(step, self.decay_steps, self.staircase)


@dataclass(repr=False, eq=False)
class InverseTimeDecay(_Timed):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`; `staircase` rounds `step / decay_steps` down."""

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "InverseTimeDecay"

    def _rate(self, step: Any) -> Any:
        return self.initial_learning_rate / (1 + self.decay_rate * _fraction(step, self.decay_steps, self.staircase))


@dataclass(repr=False, eq=False)
class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[i]` up to and including step `boundaries[i]`, and the last of `values` after the last boundary."""

    boundaries: list[float]
    values: list[float]
    name: str = "PiecewiseConstant"

    def __post_init__(self) -> None:
        if len(self.boundaries) != len(self.values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values. Received: boundaries="
                f"{self.boundaries} of length {len(self.boundaries)}, and values={self.values} of length "
                f"{len(self.values)}."
            )

    def _rate(self, step: Any) -> Any:
        return np.asarray(self.values, float)[np.searchsorted(self.boundaries, np.asarray(step, float), side="left")]


@dataclass(repr=False, eq=False)
class PolynomialDecay(_Timed):
    """From the initial to the end rate as `(1 - step / decay_steps) ** power`, constant after `decay_steps`.

    `cycle`: beyond `decay_steps` the decay is stretched to the next multiple of it.
    """

    initial_learning_rate: float
    decay_steps: float
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def _rate(self, step: Any) -> Any:
        done = _fraction(step, self.decay_steps)
        done = done / np.maximum(np.ceil(done), 1) if self.cycle else np.minimum(done, 1)
        return (self.initial_learning_rate - self.end_learning_rate) * (1 - done) ** self.power + self.end_learning_rate


@dataclass(repr=False, eq=False)
class CosineDecay(_Timed):
    """Half a cosine from the initial rate (or `warmup_target`) down to `alpha` times it, in `decay_steps`.

    With a `warmup_target` the rate first rises to it, linearly in `warmup_steps`. (Loshchilov and Hutter 2017, SGDR;
    warm-up: Goyal et al. 2017.)
    """

    initial_learning_rate: float
    decay_steps: float
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: float = 0

    def _rate(self, step: Any) -> Any:
        start = self.initial_learning_rate
        if self.warmup_target is None:
            return start * _cosine(np.minimum(_fraction(step, self.decay_steps), 1), self.alpha)
        after = np.asarray(step, float) - self.warmup_steps
        decayed = self.warmup_target * _cosine(np.clip(after / self.decay_steps, 0, 1), self.alpha)
        warming = start + (self.warmup_target - start) * (1 + after / (self.warmup_steps or 1))
        return np.where(after < 0, warming, decayed)[()]


@dataclass(repr=False, eq=False)
class CosineDecayRestarts(_Timed):
    """Cosine decay that starts anew, each time `t_mul` times longer and from `m_mul` times the rate.

    Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts.
    """

    initial_learning_rate: float
    first_decay_steps: float
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def _rate(self, step: Any) -> Any:
        done, t = _fraction(step, self.first_decay_steps), self.t_mul
        if t == 1:
            restarts = np.floor(done)
            done = done - restarts
        else:
            restarts = np.floor(np.log(1 - done * (1 - t)) / np.log(t))
            done = (done - (1 - t**restarts) / (1 - t)) / t**restarts
        return self.initial_learning_rate * _cosine(done, self.alpha, self.m_mul**restarts)


BY_NAME: dict[str, tuple[Callable[..., LearningRateSchedule], str]] = {
    "cosine": (CosineDecay, "cosine:STEPS"),
    "exponential": (ExponentialDecay, "exponential:STEPS:RATE"),
    "inverse-time": (InverseTimeDecay, "inverse-time:STEPS:RATE"),
    "polynomial": (PolynomialDecay, "polynomial:STEPS:END"),
}
"""Those that `descend` takes by name, and the form of the text: a name and the arguments after the rate."""


def by_name(text: str, rate: float) -> LearningRateSchedule:
    """A schedule as `cosine:1000` or `exponential:100:0.96`, from a rate."""
    name, *rest = text.split(":")
    if name not in BY_NAME:
        near = did_you_mean(name, BY_NAME)
        raise UsageError(
            f"no such schedule: {name or 'an empty name'}", hint=BY_NAME[near][1] if near else "cosine:1000"
        )
    kind, form = BY_NAME[name]
    try:
        given = [float(part) for part in rest]
    except ValueError:
        given = []
    if len(given) != form.count(":") or not given[0] >= 1 or not all(0 <= x < math.inf for x in given):
        raise UsageError(f"the schedule is {text}", hint=form)
    return kind(rate, *given)


def described(schedule: Any) -> dict[str, Any]:
    """A schedule, or an optimizer, as Keras writes it: its class and what it is made of."""
    kind = type(schedule)
    named = {"class_name": kind.__name__, "config": schedule.get_config(), "registered_name": None}
    return {"module": kind._module} | named


def get(identifier: Any) -> Any:
    """The schedule of a `{"class_name": name, "config": arguments}`, or the given thing itself.

    Raises:
        ValueError: there is no such schedule.
    """
    if not isinstance(identifier, dict):
        return identifier
    name = identifier.get("class_name")
    if name not in __all__:
        raise ValueError(f"Could not interpret schedule identifier: {identifier}. Known: {', '.join(__all__)}")
    return globals()[name].from_config(identifier.get("config", {}))


def _fraction(step: Any, steps: float, staircase: bool = False) -> Any:
    done = np.asarray(step, float)[()] / steps
    return np.floor(done) if staircase else done


def _cosine(done: Any, alpha: float, height: Any = 1.0) -> Any:
    """Half a cosine from `height` to 0 as `done` goes from 0 to 1, with the floor `alpha` mixed in."""
    return (1 - alpha) * 0.5 * height * (1 + np.cos(np.pi * done)) + alpha
