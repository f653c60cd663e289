"""SGD, Adam and their kin as Keras 3 has them: for variables, arrays and graphs. Imports ops.

Names, defaults and formulas are those of Keras's documentation; the papers are named at each. `step` is written in
operators and ops: it runs on arrays, on floats and on nodes of a graph.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from gradcalc.errors import did_you_mean
from gradcalc.graph import ops
from gradcalc.optimize.optimizer import Number, Optimizer
from gradcalc.optimize.state import State

__all__ = [
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Nadam", "Optimizer", "RMSprop",
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

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slots(self) -> dict[str, float]:
        """The means of the gradient and of its square."""
        return {"momentum": 0.0, "velocity": 0.0}


class Adam(_Moments):
    """Adam (Kingma and Ba 2015), as Keras's: `w -= rate' * m / (sqrt(v) + epsilon)`.

    m and v are running means of g and g*g, and `rate' = rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)` at step t;
    epsilon is the paper's epsilon hat. `amsgrad` (Reddi et al. 2018) takes the largest v so far. Others as of
    `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ) -> None:
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
        m = state[0] + (1 - self.beta_1) * (g - state[0])
        v = state[1] + (1 - self.beta_2) * (g * g - state[1])
        if not self.amsgrad:
            return w - rate * m / (ops.sqrt(v) + self.epsilon), m, v
        largest = ops.max(state[2], v)
        return w - rate * m / (ops.sqrt(largest) + self.epsilon), m, v, largest


class AdamW(Adam):
    """Adam whose weights decay apart from the gradient (Loshchilov and Hutter 2019): `weight_decay` is 0.004 here."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("Argument `weight_decay` must be a float. Received: weight_decay=None")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **common)


class Adamax(_Moments):
    """Adamax (Kingma and Ba 2015, section 7.1), as Keras's: `w -= rate / (1 - beta_1**t) * m / (u + epsilon)`.

    m is a running mean of g, and `u = max(beta_2 * u, |g|)`. Others as of `Optimizer`.
    """

    def slots(self) -> dict[str, float]:
        """The mean of the gradient, and its largest size of late."""
        return {"momentum": 0.0, "norm": 0.0}

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
        m = state[0] + (1 - self.beta_1) * (g - state[0])
        v = state[1] + (1 - self.beta_2) * (g * g - state[1])
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

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **common: Any) -> None:
        super().__init__(learning_rate, **common)
        if not 0 < beta_1 <= 1:
            raise ValueError(
                "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD. "
                f"Received: beta_1={beta_1}."
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def slots(self) -> dict[str, float]:
        """The mean of the gradient."""
        return {"momentum": 0.0}

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
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

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
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

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

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **common: Any) -> None:
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.epsilon = epsilon

    def slots(self) -> dict[str, float]:
        """The means of the squared gradient and of the squared move."""
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

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
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **common: Any,
    ) -> None:
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


KINDS: Sequence[type[Optimizer]] = (SGD, Adadelta, Adagrad, Adam, AdamW, Adamax, Ftrl, Lion, Nadam, RMSprop)

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
