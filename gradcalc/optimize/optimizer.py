"""The base of the optimizers, as Keras 3 has it: limits, weight decay, averages, state. Imports NumPy, the schedules
and the arithmetic of arrays.

One implementation serves two uses: `update` is one step on plain arrays, `apply` the same on whatever has `.array` and
can be set, and `step` is the formula itself, which `descend` runs on nodes of a graph. No array is changed in place.
"""

import math
import re
import warnings
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from gradcalc.arithmetic.arrays import Array
from gradcalc.graph.names import NAMES
from gradcalc.optimize import schedules
from gradcalc.optimize.schedules import LearningRateSchedule
from gradcalc.optimize.state import State

__all__ = ["Optimizer"]

Number = Any
"""An array, a float, or a node of a graph."""


class Optimizer:
    """Base of the optimizers; a subclass gives `slots` (the names of its state) and `step` (its formula).

    Args:
        learning_rate: a number, a schedule, or a function of no arguments.
        weight_decay: each step first takes `weight_decay * learning_rate` of a value off (Loshchilov and Hutter 2019).
        clipnorm: the largest norm of each gradient.
        clipvalue: the largest absolute element of each gradient.
        global_clipnorm: the largest norm of all gradients together; only one of these three.
        use_ema: whether a running mean of each value is kept, which `finalize_variable_values` puts into its place.
        ema_momentum: the share of the mean that a step keeps, from 0 to 1.
        ema_overwrite_frequency: after how many steps, each time, the means become the values; None is never.
        loss_scale_factor: what `scale_loss` multiplies a loss by, and each gradient is divided by again.
        gradient_accumulation_steps: of how many gradients, at least 2, a step takes the mean: values move at each
            so-many-th call, and `iterations` counts these. A schedule counts the calls, as Keras's.
        name: by default the class's name and a number.
    """

    _module = "keras.optimizers"

    _slots: tuple[str, ...] = ()
    """What is kept for each value, where it begins with 0 and depends on no argument."""

    _abreast = 2
    """So many slots of a value are side by side in `variables`; each of the others follows, of all values."""

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            raise ValueError(f"Argument(s) not recognized: {unknown}")
        self.name = name or NAMES.next(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check()
        self._begin()
        self.learning_rate = learning_rate

    def _check(self) -> None:
        """Refuse settings that say nothing, or contradict each other."""
        limits = {name: getattr(self, name) for name in ("clipnorm", "clipvalue", "global_clipnorm")}
        often, steps = self.ema_overwrite_frequency, self.gradient_accumulation_steps
        if sum(limit is not None for limit in limits.values()) > 1:
            raise ValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: "
                + ", ".join(f"{name}={limit}" for name, limit in limits.items())
            )
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(f"`ema_momentum` must be in the range [0, 1]. Received: ema_momentum={self.ema_momentum}")
        if self.use_ema and often is not None and not (isinstance(often, int) and often >= 1):
            raise ValueError(
                f"`ema_overwrite_frequency` must be an integer >= 1 or None. Received: ema_overwrite_frequency={often}"
            )
        if steps and not (isinstance(steps, Integral) and steps >= 2):
            raise ValueError(
                f"`gradient_accumulation_steps` must be an integer >= 2. Received: gradient_accumulation_steps={steps}"
            )

    def _begin(self) -> None:
        """Begin with no state."""
        self.built = False
        self._iterations = State(0, f"{self.name}/iteration")
        self._rate: Any = None
        self._places: list[Any] = []
        self._index: dict[int, int] = {}
        self._states: list[list[State]] = []
        self._model_variables_moving_average: list[State] = []
        self._accumulated_gradients: list[State] = []
        self._undecayed: tuple[set[int], str | None] = (set(), None)

    # -- what a subclass gives ----------------------------------------------------------------------------------------

    def slots(self) -> dict[str, float]:
        """The names of the arrays that are kept for each value, and what they begin with: by default 0."""
        return dict.fromkeys(self._slots, 0.0)

    def slots_of(self, place: Any) -> dict[str, Any]:
        """`slots` for one value, as far as they depend on it: each a number or an array to begin with."""
        return self.slots()

    def rate_at(self, rate: float, count: int) -> Any:
        """What `step` takes as its rate at step `count`, from 1: a number, or several."""
        return rate

    def step(self, g: Number, w: Number, state: Sequence[Number], rate: Number) -> tuple[Number, ...]:
        """One step from a gradient, a value and the state: the new value, then the new state.

        Written in operators and ops, so it runs on arrays, on floats and on nodes of a graph.
        """
        raise NotImplementedError(f"{type(self).__name__} must define step(self, g, w, state, rate)")

    # -- the learning rate --------------------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The present learning rate: a `State` that can be assigned to, or what the schedule or function says."""
        return self.rate_after(int(self._iterations))

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        if hasattr(rate, "array"):
            rate = float(rate)
        if isinstance(rate, LearningRateSchedule) or callable(rate):
            self._rate = rate
        elif not isinstance(rate, Real):
            raise ValueError(
                "Argument `learning_rate` should be float, or an instance of LearningRateSchedule, or a callable "
                f"(that takes no arguments and returns the learning rate). Received instead: learning_rate={rate}"
            )
        elif isinstance(self._rate, LearningRateSchedule):
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate`, hence its "
                "learning rate is not settable. Make the optimizer with a float `learning_rate` to set it."
            )
        elif isinstance(self._rate, State):
            self._rate.assign(float(rate))
        else:
            self._rate = State(float(rate), f"{self.name}/learning_rate")

    def rate_after(self, done: int) -> Any:
        """The learning rate after so many steps."""
        if isinstance(self._rate, LearningRateSchedule):
            return self._rate(done)
        return self._rate if isinstance(self._rate, State) else self._rate()

    @property
    def iterations(self) -> State:
        """How many steps were done: calls, or, where gradients are accumulated, those that moved the values."""
        often = self.gradient_accumulation_steps
        return State(int(self._iterations) // often, self._iterations.path) if often else self._iterations

    # -- state --------------------------------------------------------------------------------------------------------

    @property
    def variables(self) -> list[State]:
        """The state: calls, learning rate, means of `use_ema`, sums of gradients, the arrays kept for each value."""
        rate = [self._rate] if isinstance(self._rate, State) else []
        kept = [state for states in self._states for state in states[: self._abreast]]
        apart = zip(*(states[self._abreast :] for states in self._states), strict=True)
        kept += [state for column in apart for state in column]
        return [self._iterations, *rate, *self._model_variables_moving_average, *self._accumulated_gradients, *kept]

    def build(self, variables: Iterable[Any]) -> None:
        """Make the state for these variables or arrays, once; `apply` and `update` do it on their first call."""
        if self.built:
            return
        self._places = list(variables)
        self._index = {id(variable): i for i, variable in enumerate(self._places)}
        self._states = [
            [self._beside(i, slot, start) for slot, start in self.slots_of(place).items()]
            for i, place in enumerate(self._places)
        ]
        if self.use_ema:  # begun with the values themselves: one that no step moves is its own mean
            self._model_variables_moving_average = [
                self._beside(i, "average", _array(place)) for i, place in enumerate(self._places)
            ]
        if self.gradient_accumulation_steps:
            every = range(len(self._places))
            self._accumulated_gradients = [self._beside(i, "gradient_accumulator", 0.0) for i in every]
        self.built = True

    def _beside(self, index: int, slot: str, start: Any) -> State:
        """An array of the shape of a value, or of what it starts with, kept for it."""
        place = self._places[index]
        array = np.full(np.shape(start) or np.shape(_array(place)), start, _array(place).dtype)
        return State(array, f"{self.name}/{_slug(place, index)}_{slot}")

    def exclude_from_weight_decay(
        self, var_list: Iterable[Any] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Let weight decay leave out these variables, and those whose name contains one of these patterns."""
        if self.built:
            raise ValueError("`exclude_from_weight_decay()` can only be configured before the optimizer is built.")
        self._undecayed = {id(variable) for variable in var_list or ()}, "|".join(var_names or ()) or None

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the state by arrays, in the order of `variables`."""
        if not self.built:
            raise ValueError(
                "You are calling `set_weights()` on an optimizer that has not yet been built. Please call "
                "`optimizer.build(trainable_variables)` first."
            )
        if len(weights) != len(self.variables):
            raise ValueError(f"{len(weights)} weights for the {len(self.variables)} variables of {self.name}")
        for state, weight in zip(self.variables, weights, strict=True):
            state.assign(weight)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this optimizer."""
        rate = self._rate
        config = {name: value for name, value in vars(self).items() if name[0] != "_" and name != "built"}
        if isinstance(rate, LearningRateSchedule):
            rate = schedules.described(rate)
        return config | {"learning_rate": float(rate) if isinstance(rate, State) else rate}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Optimizer":
        """The optimizer of a `get_config()`."""
        return cls(**{name: schedules.get(value) for name, value in config.items()})

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Copies know their copies of the variables."""
        self.__dict__ |= state
        self._index = {id(variable): i for i, variable in enumerate(self._places)}

    def __repr__(self) -> str:
        rate = float(self._rate) if isinstance(self._rate, State) else self._rate
        return f"<{type(self).__name__} name={self.name}, learning_rate={rate}>"

    # -- one step -----------------------------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> State:
        """Move each variable by its gradient: `apply_gradients(zip(gradients, variables))`. Returns `iterations`.

        Raises:
            ValueError: all gradients are None, or a variable is not one that the optimizer was built for.
        """
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Move the variables, by default those that the optimizer was built for, by their gradients.

        A variable whose gradient is None stays, with a warning. Errors as of `apply_gradients`.
        """
        grads = list(grads)
        if not grads:
            return
        variables = self._known(grads, trainable_variables)
        missing = [variable for gradient, variable in zip(grads, variables, strict=True) if gradient is None]
        if len(missing) == len(grads):
            raise ValueError("No gradients provided for any variable.")
        if missing:
            names = [getattr(variable, "path", None) or variable.name for variable in missing]
            warnings.warn(
                f"Gradients do not exist for variables {names}: they stay as they are. Does the loss depend on them?",
                stacklevel=3,
            )
        pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        slots = [self._index[id(variable)] for _, variable in pairs]
        values = self.update([getattr(g, "gathered", _array(g)) for g, _ in pairs], [v.array for _, v in pairs], slots)
        for (_, variable), value in zip(pairs, values, strict=True):
            variable._set(value)
            if getattr(variable, "constraint", None) is not None:
                variable.assign(variable.constraint(variable))

    def update(
        self, gradients: Sequence[Array], values: Sequence[Array], slots: Sequence[int] | None = None
    ) -> list[Array]:
        """One step on plain arrays: the new values, of the shapes and dtypes of `values`; counts the step.

        `slots` says which of the values that the optimizer was built for these are; by default all, in order.
        """
        self.build(values)
        gradients = [np.asanyarray(g, v.dtype) for g, v in zip(gradients, values, strict=True)]
        if self.loss_scale_factor is not None:
            gradients = [np.asarray(g) / self.loss_scale_factor for g in gradients]
        for gradient, value in zip(gradients, values, strict=True):
            if gradient.shape != value.shape:
                raise ValueError(f"a gradient of shape {gradient.shape} for a value of shape {value.shape}")
        slots = range(len(values)) if slots is None else slots
        results = list(values)
        mean = self._accumulated(gradients, slots) if self.gradient_accumulation_steps else gradients
        if mean is not None:
            results = self._moved(mean, values, slots)
        if self.use_ema:
            results = [self._averaged(slot, value) for slot, value in zip(slots, results, strict=True)]
            self._average_others(slots)
        self._iterations.array += 1
        return results

    def _accumulated(self, gradients: Sequence[Array], slots: Sequence[int]) -> list[Array] | None:
        """The mean of the gradients of as many calls as a step takes; None as long as they are not there."""
        often = self.gradient_accumulation_steps or 1
        kept = [self._accumulated_gradients[slot] for slot in slots]
        sums = [gradient + state.array for gradient, state in zip(gradients, kept, strict=True)]
        if (int(self._iterations) + 1) % often:
            for state, array in zip(kept, sums, strict=True):
                state.array = np.asarray(array)
            return None
        for state in self._accumulated_gradients:  # also of values that have no gradient this time
            state.array = np.zeros_like(state.array)
        return [array / often for array in sums]

    def _moved(self, gradients: list[Array], values: Sequence[Array], slots: Sequence[int]) -> list[Array]:
        """The values after a step of gradients, limited first, and of weight decay."""
        rate = float(self.learning_rate)
        corrected = self.rate_at(rate, int(self.iterations) + 1)
        results = []
        for slot, gradient, value in zip(slots, self._clip_gradients(gradients), values, strict=True):
            decay = self._decay_of(self._places[slot])
            if decay is not None:
                value = value - value * (decay * rate)
            states = self._states[slot]
            value, *state = self.step(gradient, value, [kept.array for kept in states], corrected)
            for kept, array in zip(states, state, strict=True):
                kept.array = np.asarray(array)
            results.append(value)
        return results

    def _averaged(self, slot: int, value: Array) -> Array:
        """The value after this step, which goes into its mean; the mean where it is time to take that."""
        average, done = self._model_variables_moving_average[slot], int(self.iterations)
        momentum = self.ema_momentum if done else 0.0
        average.array = np.asarray(momentum * average.array + (1 - momentum) * value)
        often = self.ema_overwrite_frequency
        return average.array[()].copy() if often and (done + 1) % often == 0 else value

    def _average_others(self, slots: Sequence[int]) -> None:
        """The variables that have no gradient this time go into their means as well."""
        for slot in set(range(len(self._places))).difference(slots):
            place = self._places[slot]
            if hasattr(place, "_set"):
                place._set(self._averaged(slot, place.array))

    def scale_loss(self, loss: Any) -> Any:
        """The loss whose gradients are to be given: times `loss_scale_factor`, so that small ones do not vanish."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def finalize_variable_values(self, var_list: Iterable[Any]) -> None:
        """Give variables the running means of `use_ema`, where they are kept: the end of a training."""
        if self.use_ema:
            for variable in var_list:
                variable.assign(self._model_variables_moving_average[self._index[id(variable)]].array)

    def _known(self, grads: Sequence[Any], variables: Sequence[Any] | None) -> list[Any]:
        """The variables to move, checked against those that the optimizer was built for."""
        if variables is None:
            if not self.built:
                raise ValueError(
                    "When passing `grads` without `variables`, the optimizer must already be built on a list of "
                    "variables. Call `optimizer.build(trainable_variables)` first."
                )
            variables = self._places
        self.build(variables)
        if len(grads) != len(variables):
            raise ValueError(f"{len(grads)} gradients for {len(variables)} variables")
        for variable in variables:
            if id(variable) not in self._index:
                raise ValueError(
                    f"Unknown variable: {variable}. This optimizer can only be called for the variables it was "
                    "originally built with. When working with a new set of variables, you should recreate a new "
                    "optimizer instance."
                )
        return list(variables)

    def _clip_gradients(self, grads: list[Array]) -> list[Array]:
        """Gradients held to the limits; the name is Keras's, whose tests call it."""
        if self.clipvalue:
            return [np.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        if self.clipnorm:
            with np.errstate(invalid="ignore"):  # an infinite element leaves nan, as Keras has it
                return [g * (self.clipnorm / max(_length(g), self.clipnorm)) for g in grads]
        if self.global_clipnorm:
            length = _norm(grads)
            scale = self.global_clipnorm / max(length, self.global_clipnorm) if math.isfinite(length) else math.nan
            return [np.asarray(g) * scale for g in grads]
        return grads

    def _decay_of(self, place: Any) -> float | None:
        """What each step takes off a value, as a share of the rate."""
        return self.weight_decay if self._decays(place) else None

    def _decays(self, place: Any) -> bool:
        without, pattern = self._undecayed
        return id(place) not in without and not (pattern and re.search(pattern, getattr(place, "name", "")))


def _length(array: Array) -> float:
    """The Euclidean norm of an array, infinite only where an element is: no square overflows."""
    largest = float(np.max(np.abs(array), initial=0.0))
    return largest * _norm([array / largest]) if 0 < largest < math.inf else largest


def _norm(arrays: Sequence[Array]) -> float:
    """The Euclidean norm of all elements together; infinite where a square is, as Keras has it.

    Of arrays that know their terms (`tape.gathered`) it is that of the terms.
    """
    return float(np.sqrt(sum(float(np.vdot(a, a) if type(a) is np.ndarray else np.sum(a * a)) for a in arrays)))


def _array(value: Any) -> Array:
    """The plain array in a tensor, a variable, or what `numpy.asarray` takes."""
    return value.array if hasattr(value, "array") else np.asarray(value)


def _slug(place: Any, index: int) -> str:
    """A variable's name as part of a path."""
    name = getattr(place, "path", None) or getattr(place, "name", None) or str(index)
    return re.sub(r"[/:]", "_", name)
