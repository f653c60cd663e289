"""Learning rates that depend on the step: callables, as Keras 3's `optimizers.schedules`. Imports NumPy.

Names, defaults and formulas are those of Keras's documentation. A schedule takes the number of steps done, or an array
of such numbers, and answers in float64.
"""

from typing import Any

import numpy as np


class LearningRateSchedule:
    """Base of the schedules; a subclass gives `__call__(step)`, and may give `get_config()`."""

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps."""
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


def _positive(**given: float) -> None:
    for name, value in given.items():
        if value <= 0:
            raise ValueError(f"Argument `{name}` must be > 0. Received: {name}={value}")


class _Decay(LearningRateSchedule):
    """A schedule of `step / decay_steps`, which `staircase` rounds down."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        _positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name or type(self).__name__


class ExponentialDecay(_Decay):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`; `staircase` rounds the exponent down."""

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps."""
        return self.initial_learning_rate * self.decay_rate ** _fraction(step, self.decay_steps, self.staircase)


class InverseTimeDecay(_Decay):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`; `staircase` rounds `step / decay_steps` down."""

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps."""
        return self.initial_learning_rate / (1 + self.decay_rate * _fraction(step, self.decay_steps, self.staircase))


class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[i]` up to and including step `boundaries[i]`, and the last of `values` after the last boundary."""

    def __init__(self, boundaries: list[float], values: list[float], name: str = "PiecewiseConstant") -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values. Received: "
                f"boundaries={boundaries} of length {len(boundaries)}, and values={values} of length {len(values)}."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps."""
        return np.asarray(self.values, float)[np.searchsorted(self.boundaries, np.asarray(step, float), side="left")]


class PolynomialDecay(LearningRateSchedule):
    """From the initial to the end rate as `(1 - step / decay_steps) ** power`, constant after `decay_steps`.

    `cycle`: beyond `decay_steps` the decay is stretched to the next multiple of it.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        _positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps."""
        done = _fraction(step, self.decay_steps)
        done = done / np.maximum(np.ceil(done), 1) if self.cycle else np.minimum(done, 1)
        return (self.initial_learning_rate - self.end_learning_rate) * (1 - done) ** self.power + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the initial rate (or `warmup_target`) down to `alpha` times it, in `decay_steps`.

    With a `warmup_target` the rate first rises to it, linearly in `warmup_steps`. (Loshchilov and Hutter 2017, SGDR;
    warm-up: Goyal et al. 2017.)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        _positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps."""
        start = self.initial_learning_rate
        if self.warmup_target is None:
            return start * _cosine(np.minimum(_fraction(step, self.decay_steps), 1), self.alpha)
        after = np.asarray(step, float) - self.warmup_steps
        decayed = self.warmup_target * _cosine(np.clip(after / self.decay_steps, 0, 1), self.alpha)
        warming = start + (self.warmup_target - start) * (1 + after / (self.warmup_steps or 1))
        return np.where(after < 0, warming, decayed)[()]


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that starts anew, each time `t_mul` times longer and from `m_mul` times the rate.

    Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        _positive(first_decay_steps=first_decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps."""
        done, t = _fraction(step, self.first_decay_steps), self.t_mul
        if t == 1:
            restarts = np.floor(done)
            done = done - restarts
        else:
            restarts = np.floor(np.log(1 - done * (1 - t)) / np.log(t))
            done = (done - (1 - t**restarts) / (1 - t)) / t**restarts
        return self.initial_learning_rate * _cosine(done, self.alpha, self.m_mul**restarts)


def _fraction(step: Any, steps: float, staircase: bool = False) -> Any:
    done = np.asarray(step, float)[()] / steps
    return np.floor(done) if staircase else done


def _cosine(done: Any, alpha: float, height: Any = 1.0) -> Any:
    """Half a cosine from `height` to 0 as `done` goes from 0 to 1, with the floor `alpha` mixed in."""
    return (1 - alpha) * 0.5 * height * (1 + np.cos(np.pi * done)) + alpha
