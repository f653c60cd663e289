"""SGD, Adam and their kin as Keras 3 has them: for variables, arrays and graphs. Imports ops.

Names, defaults and formulas are those of Keras's documentation; the papers are named at each. `step` is written in
operators and ops: it runs on arrays, on floats and on nodes of a graph.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from gradcalc.errors import did_you_mean
from gradcalc.graph import ops
from gradcalc.optimize import schedules
from gradcalc.optimize.optimizer import Number, Optimizer
from gradcalc.optimize.state import State

__all__ = [
    "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "LossScaleOptimizer",
    "Muon", "Nadam", "Optimizer", "RMSprop", "ScheduleFreeAdamW",
]  # fmt: skip


class SGD(Optimizer):
    """Gradient descent, as Keras's SGD: `w -= rate * g`.

    With momentum (Polyak 1964) `m = momentum * m - rate * g` and `w += m`; with `nesterov` (Sutskever et al. 2013)
    `w += momentum * m - rate * g`. Other arguments as of `Optimizer`.
    """

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **common: Any) -> None:
        super().__init__(learning_rate, **common)
        if not isinstance(momentum, Real) or not 0 <= momentum <= 1:
            raise ValueError("`momentum` must be a float between [0, 1].")
        self.momentum: float = momentum
        self.nesterov: bool = nesterov

    def slots(self) -> dict[str, float]:
        """The momentum, where there is one."""
        return {"momentum": 0.0} if self.momentum else {}

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        if not state:
            return (w - rate * g,)
        m = self.momentum * state[0] - rate * g
        return (w + self.momentum * m - rate * g if self.nesterov else w + m), m


class _Moments(Optimizer):
    """An optimizer that keeps running means of the gradient, with `beta_1`, and of its size, with `beta_2`."""

    _slots = ("momentum", "velocity")

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def _means(self, g: Number, state: Sequence[Number]) -> tuple[Number, Number]:
        """The running means of the gradient and of its square."""
        return state[0] + (1 - self.beta_1) * (g - state[0]), state[1] + (1 - self.beta_2) * (g * g - state[1])


class Adam(_Moments):
    """Adam (Kingma and Ba 2015), as Keras's: `w -= rate' * m / (sqrt(v) + epsilon)`.

    m and v are running means of g and g*g, and `rate' = rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)` at step t;
    epsilon is the paper's epsilon hat. `amsgrad` (Reddi et al. 2018) takes the largest v so far. Others as of
    `Optimizer`.
    """

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        amsgrad: bool = False, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **common)
        self.amsgrad = amsgrad

    def slots(self) -> dict[str, float]:
        """The means of the gradient and of its square, and the largest of the latter for amsgrad."""
        return super().slots() | ({"velocity_hat": 0.0} if self.amsgrad else {})

    def rate_at(self, rate: float, count: int) -> float:
        """The rate with which step `count`, from 1, corrects the bias of the means."""
        return rate * math.sqrt(1 - self.beta_2**count) / (1 - self.beta_1**count)

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        m, v = self._means(g, state)
        if not self.amsgrad:
            return w - rate * m / (ops.sqrt(v) + self.epsilon), m, v
        largest = ops.max(state[2], v)
        return w - rate * m / (ops.sqrt(largest) + self.epsilon), m, v, largest


class AdamW(Adam):
    """Adam whose weights decay apart from the gradient (Loshchilov and Hutter 2019): `weight_decay` is 0.004 here."""

    def __init__(
        self, learning_rate: Any = 0.001, weight_decay: float = 0.004, beta_1: float = 0.9, beta_2: float = 0.999,
        epsilon: float = 1e-7, amsgrad: bool = False, **common: Any,
    ) -> None:  # fmt: skip
        if weight_decay is None:
            raise ValueError("Argument `weight_decay` must be a float. Received: weight_decay=None")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **common)


class Adamax(_Moments):
    """Adamax (Kingma and Ba 2015, section 7.1), as Keras's: `w -= rate / (1 - beta_1**t) * m / (u + epsilon)`.

    m is a running mean of g, and `u = max(beta_2 * u, |g|)`. Others as of `Optimizer`.
    """

    _slots = ("momentum", "norm")  # the mean of the gradient, and its largest size of late

    def rate_at(self, rate: float, count: int) -> float:
        """The rate with which step `count`, from 1, corrects the bias of the mean."""
        return rate / (1 - self.beta_1**count)

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        m = state[0] + (1 - self.beta_1) * (g - state[0])
        u = ops.max(self.beta_2 * state[1], abs(g))
        return w - rate * m / (u + self.epsilon), m, u


class Nadam(_Moments):
    """Adam with Nesterov's momentum (Dozat 2016), as Keras's: `w -= rate * mean / (sqrt(v') + epsilon)`.

    v' is v without its bias, as in Adam. With `mu(t) = beta_1 * (1 - 0.96**t / 2)` and M(t) the product of the first t
    of them, `mean = mu(t+1) / (1 - M(t+1)) * m + (1 - mu(t)) / (1 - M(t)) * g`. Others as of `Optimizer`.
    """

    _product = (0, 1.0)
    """A number of steps, and M of it."""

    def rate_at(self, rate: float, count: int) -> Any:
        """The factors of m and g in `mean`, each times the rate, and what corrects the bias of v."""
        done, product = self._product if self._product[0] <= count else (0, 1.0)
        for t in range(done + 1, count + 1):
            product *= self._mu(t)
        self._product = count, product
        now, following = self._mu(count), self._mu(count + 1)
        of_mean, of_gradient = following / (1 - product * following), (1 - now) / (1 - product)
        return rate * of_mean, rate * of_gradient, 1 - self.beta_2**count

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        m, v = self._means(g, state)
        of_mean, of_gradient, bias = rate
        return w - (of_mean * m + of_gradient * g) / (ops.sqrt(v / bias) + self.epsilon), m, v

    @property
    def _u_product(self) -> State:
        """M of the steps done, which Keras keeps."""
        done = int(self.iterations)
        return State(np.float32(math.prod(map(self._mu, range(1, done + 1)))), f"{self.name}/variable")

    @property
    def variables(self) -> list[State]:
        """The state, and M, which follows from the steps: to assign to it changes nothing."""
        return [*super().variables, self._u_product] if self.built else super().variables

    def _mu(self, t: int) -> float:
        """The momentum of step t."""
        return self.beta_1 * (1 - 0.5 * 0.96**t)


class Lion(Optimizer):
    """Lion (Chen et al. 2023), as Keras's: `w -= rate * sign(beta_1 * m + (1 - beta_1) * g)`.

    m is a running mean of g, with `beta_2`. Others as of `Optimizer`.
    """

    _slots = ("momentum",)

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **common: Any) -> None:
        super().__init__(learning_rate, **common)
        if not 0 < beta_1 <= 1:
            raise ValueError(
                "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD. "
                f"Received: beta_1={beta_1}."
            )
        self.beta_1, self.beta_2 = beta_1, beta_2

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        (m,) = state
        move = rate * ops.sign(m * self.beta_1 + g * (1 - self.beta_1))
        return w - move, m * self.beta_2 + g * (1 - self.beta_2)


class RMSprop(Optimizer):
    """RMSprop (Hinton 2012), as Keras's: `w -= rate * g / sqrt(v + epsilon)`, v a running mean of g*g.

    `centered` (Graves 2013) takes the square of the running mean of g off v; `momentum` lets the moves run on:
    `m = momentum * m + move`, `w -= m`. Others as of `Optimizer`.
    """

    _abreast = 1

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7,
        centered: bool = False, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def slots(self) -> dict[str, float]:
        """The mean of the squared gradient, the momentum and the mean gradient, where they are asked for."""
        wanted = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        return {name: 0.0 for name, want in wanted.items() if want}

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        kept = dict(zip(self.slots(), state, strict=True))
        v = kept["velocity"] = self.rho * kept["velocity"] + (1 - self.rho) * (g * g)
        if self.centered:
            average = kept["average_gradient"] = self.rho * kept["average_gradient"] + (1 - self.rho) * g
            v = v - average * average
        move = rate * g / ops.sqrt(v + self.epsilon)
        if self.momentum > 0:
            move = kept["momentum"] = self.momentum * kept["momentum"] + move
        return w - move, *kept.values()


class Adagrad(Optimizer):
    """Adagrad (Duchi, Hazan and Singer 2011), as Keras's: `a += g*g`, `w -= rate * g / sqrt(a + epsilon)`."""

    def __init__(
        self, learning_rate: Any = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def slots(self) -> dict[str, float]:
        """The sum of the squared gradients."""
        return {"accumulator": self.initial_accumulator_value}

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        a = state[0] + g * g
        return w - rate * g / ops.sqrt(a + self.epsilon), a


class Adadelta(Optimizer):
    """Adadelta (Zeiler 2012), as Keras's: `w -= rate * d` with `d = sqrt(a + epsilon) / sqrt(v + epsilon) * g`.

    v and a are running means, with `rho`, of g*g and of the earlier d*d. Others as of `Optimizer`.
    """

    _slots = ("accumulated_grad", "accumulated_delta_var")

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **common: Any) -> None:
        super().__init__(learning_rate, **common)
        self.rho, self.epsilon = rho, epsilon

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        v = self.rho * state[0] + (1 - self.rho) * (g * g)
        d = ops.sqrt(state[1] + self.epsilon) * g / ops.sqrt(v + self.epsilon)
        return w - rate * d, v, self.rho * state[1] + (1 - self.rho) * (d * d)


class Ftrl(Optimizer):
    """Follow the regularized leader (McMahan et al. 2013), as Keras's: many weights are 0 where `l1` is large.

    With `s(n) = n**-learning_rate_power / rate` and n the sum of g*g, `z += g + 2*shrinkage*w - (s(n) - s(n before))*w`
    and `w = (clip(z, -l1, l1) - z) / (s(n) + 2*l2 + beta / rate)`.

    Args:
        learning_rate: as of `Optimizer`, and so all that is not named here.
        learning_rate_power: at most 0.
        initial_accumulator_value: what n begins with, at least 0.
        l1_regularization_strength: l1, at least 0.
        l2_regularization_strength: l2, at least 0.
        l2_shrinkage_regularization_strength: shrinkage, at least 0.
        beta: the paper's beta.
        common: the arguments of `Optimizer`.
    """

    def __init__(
        self, learning_rate: Any = 0.001, learning_rate_power: float = -0.5, initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0, beta: float = 0.0, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        if learning_rate_power > 0:
            raise ValueError(
                "`learning_rate_power` needs to be negative or zero. Received: "
                f"learning_rate_power={learning_rate_power}."
            )
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        for name in ("initial_accumulator_value", *(name for name in vars(self) if name.endswith("_strength"))):
            if getattr(self, name) < 0:
                raise ValueError(f"`{name}` needs to be positive or zero. Received: {name}={getattr(self, name)}.")

    def slots(self) -> dict[str, float]:
        """n and z."""
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        before, z = state
        n, l1 = before + g * g, self.l1_regularization_strength
        scale = n**-self.learning_rate_power / rate
        shrunk = g + 2 * self.l2_shrinkage_regularization_strength * w
        z = z + shrunk - (scale - before**-self.learning_rate_power / rate) * w
        kept = ops.max(-l1, ops.min(l1, z))
        return (kept - z) / (scale + 2 * self.l2_regularization_strength + self.beta / rate), n, z


class Lamb(_Moments):
    """LAMB (You et al. 2020), as Keras's: Adam's step, times `|w| / |step|`, so that layers move at the same pace.

    Lengths are those of the whole value; where one is 0 the factor is 1. Others as of `Optimizer`.
    """

    def rate_at(self, rate: float, count: int) -> Any:
        """The rate, and what corrects the bias of the means."""
        return rate, 1 - self.beta_1**count, 1 - self.beta_2**count

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        m, v = self._means(g, state)
        move = m / rate[1] / (np.sqrt(v / rate[2]) + self.epsilon)
        lengths = [np.sqrt(np.sum(x * x)) for x in (w, move)]
        return w - rate[0] * (lengths[0] / lengths[1] if all(lengths) else 1) * move, m, v


class ScheduleFreeAdamW(_Moments):
    """Schedule-free AdamW (Defazio et al. 2024), as Keras's: no schedule, and no number of steps to be known.

    The value is `(1 - beta_1) * z + beta_1 * x`: z takes Adam's steps without momentum, x is the mean of the z.
    The rate rises over the first `warmup_steps`. Others as of `Optimizer`.
    """

    def __init__(
        self, learning_rate: Any = 0.0025, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8,
        warmup_steps: int = 0, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **common)
        self.warmup_steps = warmup_steps

    def slots_of(self, place: Any) -> dict[str, Any]:
        """z, which begins as the value, and the mean of the squared gradient."""
        return {"momentum": getattr(place, "array", place), "velocity": 0.0}

    def rate_at(self, rate: float, count: int) -> Any:
        """The rate, what corrects the bias of the mean, and the share of the new z in x."""
        warm = min(count / self.warmup_steps, 1) if self.warmup_steps > 0 else 1
        return rate * warm, 1 - self.beta_2**count, 1 / count

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        v = state[1] + (1 - self.beta_2) * (g * g - state[1])
        z = state[0] - rate[0] * g / (np.sqrt(v / rate[1]) + self.epsilon)
        x = (w - (1 - self.beta_1) * state[0]) / self.beta_1
        x = (1 - rate[2]) * x + rate[2] * z
        return (1 - self.beta_1) * z + self.beta_1 * x, z, v


class Adafactor(Optimizer):
    """Adafactor (Shazeer and Stern 2018), as Keras's: a matrix's squared gradients kept as means of rows and columns.

    At step t `w -= max(epsilon_2, rms(w)) * min(rate, 1 / sqrt(t)) * u / max(1, rms(u) / clip_threshold)`, where
    `u = g / sqrt(v)`; the means' share is `1 - t**beta_2_decay`. `relative_step` changes nothing, as in Keras, which
    limits the rate in either case. Others as of `Optimizer`.
    """

    _abreast = 3

    def __init__(
        self, learning_rate: Any = 0.001, beta_2_decay: float = -0.8, epsilon_1: float = 1e-30, epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0, relative_step: bool = True, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        self.beta_2_decay, self.epsilon_1, self.epsilon_2 = beta_2_decay, epsilon_1, epsilon_2
        self.clip_threshold, self.relative_step = clip_threshold, relative_step

    def slots_of(self, place: Any) -> dict[str, Any]:
        """The mean squares of rows and of columns, of what has them; those of the elements."""
        array = np.asarray(getattr(place, "array", place))
        if array.ndim < 2:
            return {"velocity": 0.0}
        return {"row": np.zeros(array.shape[:-1]), "column": np.zeros(array[..., 0, :].shape), "velocity": 0.0}

    def rate_at(self, rate: float, count: int) -> Any:
        """The rate, and the share of the means that a step keeps."""
        return min(rate, 1 / math.sqrt(count)), 1 - count**self.beta_2_decay

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        squares, keep = g * g + self.epsilon_1, rate[1]
        if len(state) == 1:
            kept = [keep * state[0] + (1 - keep) * squares]
        else:
            rows, columns = (
                keep * s + (1 - keep) * np.mean(squares, axis) for s, axis in zip(state[:2], (-1, -2), strict=True)
            )
            kept = [rows, columns, (rows / np.mean(rows, -1, keepdims=True))[..., None] * columns[..., None, :]]
        u = g / np.sqrt(kept[-1])
        move = max(self.epsilon_2, _rms(w)) * rate[0] * u / max(1.0, _rms(u) / self.clip_threshold)
        return w - move, *kept


def _rms(x: Any) -> float:
    return float(np.sqrt(np.mean(x * x)))


_COMMON = [p.name for p in inspect.signature(Optimizer).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
"""What every optimizer takes."""


class Muon(Optimizer):
    """Muon (Jordan et al. 2024), as Keras's: matrices move by their momentum made orthogonal, all else by Adam.

    A matrix is one with two axes whose path matches none of `exclude_layers` and, with `exclude_embeddings`, is not of
    an embedding. `ns_steps` steps of Newton and Schulz, of coefficients `muon_a`, `muon_b` and `muon_c`, make it
    orthogonal; `rms_rate` scales the move by `rms_rate * sqrt(longer side)`, None does not. Others as of `Optimizer`.
    """

    def __init__(
        self, learning_rate: Any = 0.001, adam_beta_1: float = 0.9, adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004, epsilon: float = 1e-7, weight_decay: float | None = 0.004,
        clipnorm: float | None = None, clipvalue: float | None = None, global_clipnorm: float | None = None,
        use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
        name: str | None = None, exclude_layers: Sequence[str] | None = None, exclude_embeddings: bool = True,
        muon_a: float = 3.4445, muon_b: float = -4.775, muon_c: float = 2.0315, adam_lr_ratio: float = 1,
        momentum: float = 0.95, ns_steps: int = 5, nesterov: bool = True, rms_rate: float | None = 0.2, **common: Any,
    ) -> None:  # fmt: skip
        given = locals()
        super().__init__(**{name: given[name] for name in _COMMON}, **common)
        self.adam_beta_1, self.adam_beta_2, self.adam_weight_decay = adam_beta_1, adam_beta_2, adam_weight_decay
        self.epsilon, self.adam_lr_ratio, self.rms_rate = epsilon, adam_lr_ratio, rms_rate
        self.exclude_layers, self.exclude_embeddings = list(exclude_layers or ()), exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c, self.ns_steps = muon_a, muon_b, muon_c, ns_steps
        self.momentum, self.nesterov = momentum, nesterov

    def _should_use_adamw(self, variable: Any) -> bool:
        path = str(getattr(variable, "path", ""))
        embedding = self.exclude_embeddings and "embedding" in path.lower()
        return len(variable.shape) != 2 or embedding or any(re.search(word, path) for word in self.exclude_layers)

    def slots_of(self, place: Any) -> dict[str, Any]:
        """The momentum, and for Adam the mean of the squared gradient."""
        return {"momentum": 0.0} | ({"velocity": 0.0} if self._should_use_adamw(place) else {})

    def rate_at(self, rate: float, count: int) -> Any:
        """The rate, and that with which Adam's step corrects the bias of its means."""
        bias = math.sqrt(1 - self.adam_beta_2**count) / (1 - self.adam_beta_1**count)
        return rate, rate * self.adam_lr_ratio * bias

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step."""
        if len(state) == 1:
            m = g + self.momentum * state[0]
            turned = self._orthogonal(g + self.momentum * m if self.nesterov else m)
            scale = 1 if self.rms_rate is None else self.rms_rate * math.sqrt(max(w.shape))
            return w - rate[0] * scale * turned, m
        m = state[0] + (1 - self.adam_beta_1) * (g - state[0])
        v = state[1] + (1 - self.adam_beta_2) * (g * g - state[1])
        return w - rate[1] * m / (np.sqrt(v) + self.epsilon), m, v

    def _orthogonal(self, x: Any) -> Any:
        """A matrix with singular values near 1, by steps of Newton and Schulz."""
        wide = x if x.shape[0] <= x.shape[1] else x.T
        wide = wide / (np.linalg.norm(wide) + 1e-7)
        for _ in range(self.ns_steps):
            square = wide @ wide.T
            wide = self.muon_a * wide + (self.muon_b * square + self.muon_c * square @ square) @ wide
        return wide if x.shape[0] <= x.shape[1] else wide.T

    def _decay_of(self, place: Any) -> float | None:
        by_adam = self._decays(place) and self._should_use_adamw(place)
        return self.adam_weight_decay if by_adam else super()._decay_of(place)


class LossScaleOptimizer(Optimizer):
    """An optimizer of gradients of a loss that is scaled so that small ones do not vanish, as Keras's.

    The scale is halved by a step with gradients that are not finite, which moves nothing, and doubled after
    `dynamic_growth_steps` others. What else an optimizer is told is told to `inner_optimizer`.
    """

    def __init__(
        self, inner_optimizer: Optimizer, initial_scale: float = 2.0**15, dynamic_growth_steps: int = 2000,
        name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        if not kwargs.pop("dynamic", True):
            raise ValueError(
                "LossScaleOptimizer no longer supports `dynamic=False`. Instead, simply set `loss_scale_factor` "
                "directly on the `inner_optimizer`."
            )
        common = inspect.signature(Optimizer).parameters
        if unknown := "`, `".join(name for name in kwargs if name not in _COMMON):
            raise ValueError(f"LossScaleOptimizer does not support arguments: `{unknown}`.")
        for argument, value in kwargs.items():
            if value != common[argument].default:
                raise ValueError(
                    f"LossScaleOptimizer does not support `{argument}`. Instead, set `{argument}` on the "
                    "`inner_optimizer`."
                )
        super().__init__(0.0, name=name)
        self.inner_optimizer, self.initial_scale = inner_optimizer, initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        self.inner_optimizer.loss_scale_factor = None
        self._scale = State(np.float32(initial_scale), f"{self.name}/dynamic_scale")
        self._finite = State(0, f"{self.name}/step_counter")

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        if "inner_optimizer" in vars(self):
            self.inner_optimizer.learning_rate = rate

    @property
    def iterations(self) -> State:
        """How many steps were finite, and done."""
        return self.inner_optimizer.iterations

    @property
    def variables(self) -> list[State]:
        """The finite steps since the scale last changed, the scale, and the state of the inner optimizer."""
        return [self._finite, self._scale, *self.inner_optimizer.variables]

    def build(self, variables: Iterable[Any]) -> None:
        """Make the inner optimizer's state."""
        self.inner_optimizer.build(variables)
        self.built = True

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the scale."""
        return loss * float(self._scale)

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Move the variables by their gradients over the scale, where all are finite; mend the scale."""
        if trainable_variables is not None:
            self.build(trainable_variables)
        arrays = [None if g is None else np.asarray(getattr(g, "array", g)) for g in grads]
        scale = float(self._scale)
        if not all(np.isfinite(g).all() for g in arrays if g is not None):
            self._finite.assign(0)
            self._scale.assign(scale / 2)
            return
        self.inner_optimizer.apply([None if g is None else g / scale for g in arrays], trainable_variables)
        grown = int(self._finite) + 1 >= self.dynamic_growth_steps
        self._finite.assign(0 if grown else int(self._finite) + 1)
        self._scale.assign(scale * 2 if grown else scale)

    def finalize_variable_values(self, var_list: Iterable[Any]) -> None:
        """As the inner optimizer does."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this optimizer."""
        settings = {"initial_scale": self.initial_scale, "dynamic_growth_steps": self.dynamic_growth_steps}
        return {"name": self.name, "inner_optimizer": schedules.described(self.inner_optimizer), **settings}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LossScaleOptimizer":
        """The optimizer of a `get_config()`."""
        return cls(**{**config, "inner_optimizer": get(config["inner_optimizer"])})


KINDS: Sequence[type[Optimizer]] = (
    SGD, Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, LossScaleOptimizer, Muon, Nadam, RMSprop,
    ScheduleFreeAdamW,
)  # fmt: skip

SCHEDULES: Sequence[Any] = [getattr(schedules, name) for name in schedules.__all__]

_BY_NAME: Mapping[str, type[Optimizer]] = {kind.__name__.lower(): kind for kind in KINDS}


def get(identifier: Any) -> Any:
    """The optimizer of a name (`"adam"`, `"Adam"`), with default arguments, or the given one; None is none.

    `{"class_name": name, "config": arguments}` is one as well.

    Raises:
        ValueError: it is none of these.
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    config = identifier if isinstance(identifier, dict) else {"class_name": identifier}
    kind = _BY_NAME.get(str(config.get("class_name")).lower())
    if kind is None:
        known = ", ".join(kind.__name__ for kind in _BY_NAME.values())
        near = did_you_mean(str(identifier), _BY_NAME)
        meant = f" Did you mean {near}?" if near else ""
        raise ValueError(f"Could not interpret optimizer identifier: {identifier}.{meant} Known: {known}")
    return kind.from_config(config.get("config", {}))


MOMENTUM = 0.9
"""What the optimizers `momentum` and `nesterov` begin with."""

FIRST_ORDER: dict[str, tuple[Callable[[Any], Optimizer], float]] = {
    "sgd": (SGD, 0.01),
    "momentum": (lambda rate: SGD(rate, momentum=MOMENTUM), 0.01),
    "nesterov": (lambda rate: SGD(rate, momentum=MOMENTUM, nesterov=True), 0.01),
    "adagrad": (Adagrad, 0.1),
    "rmsprop": (RMSprop, 0.01),
    "adam": (Adam, 0.1),
}
"""The optimizers by the names that `descend` takes, and the rate where none is given (and the curvature says none)."""
