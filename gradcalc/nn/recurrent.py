"""Recurrent layers over `(rows, steps, features)`, as Keras 3's, and which steps count. Imports layers, layer and tape.

A step is a formula of its input and the state before; the tape goes back through all of them. Products of inputs with
the kernel are made for all steps at once.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gradcalc.errors import only
from gradcalc.graph.names import snake_case
from gradcalc.nn import initializers
from gradcalc.nn.layer import Elementwise, Layer
from gradcalc.nn.layers import AFFINE
from gradcalc.tape.tensor import as_tensor

__all__ = ["GRU", "LSTM", "Bidirectional", "Masking", "SimpleRNN"]

State = list[Any]


class Masking(Elementwise):
    """Lets steps whose features all are `mask_value` count for nothing in later layers, as Keras's Masking."""

    takes_one = True

    def __init__(self, mask_value: float = 0.0, **common: Any) -> None:
        super().__init__(**common)
        self._keep(locals())

    def call(self, inputs: Any) -> Any:
        """The input, zero where steps do not count."""
        return inputs * self.compute_mask(inputs, None)[..., None].astype(inputs.dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The steps with another value."""
        return np.any(np.asarray(getattr(inputs, "array", inputs)) != self.mask_value, axis=-1)


class _Recurrent(Layer):
    """What the recurrent layers share: a subclass gives `gates`, the number of `states`, and `step`."""

    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1
    takes_one = True
    _quiet = frozenset({"use_cudnn"})

    def __init__(self, settings: Mapping[str, Any], /, zero_output_for_mask: bool = False, **common: Any) -> None:
        """Keep the settings, which a subclass names.

        Args:
            settings: `units`, the size of the result's last axis; `activation`, and `recurrent_activation` of the
                gates; `use_bias`; initializers, regularizers and constraints of kernel `(features, gates * units)`,
                recurrent kernel `(units, gates * units)` and bias; `dropout` of inputs and `recurrent_dropout` of the
                state, each of the same elements at all steps; `return_sequences`, the results of all steps, not of the
                last; `return_state`, the last state besides; `go_backwards`, from the last step to the first;
                `stateful`, each batch goes on with the state that the last one left; `seed` of the dropouts.
            zero_output_for_mask: whether the result of steps that do not count is 0, not that of the step before.
            common: the arguments of `Layer`.
        """
        super().__init__(**common)
        self._keep(settings)
        self.zero_output_for_mask = zero_output_for_mask
        self._last: list[Any] = []
        self.cell: Any = Layer(name=f"{snake_case(type(self).__name__)}_cell")
        """Holds the weights, as Keras's layers have it."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make another."""
        return super().get_config() | {"zero_output_for_mask": self.zero_output_for_mask}

    def build(self, input_shape: Any) -> None:
        """Make kernel, recurrent kernel and bias."""
        many = self.gates * self.units
        self.cell.kernel = self._weight("kernel", (input_shape[-1], many))
        self.cell.recurrent_kernel = self._weight("recurrent_kernel", (self.units, many), "recurrent")
        self.cell.bias = self._weight("bias", self._shape_of_bias()) if self.use_bias else None
        self._axis_size = input_shape[-1]

    @property
    def kernel(self) -> Any:
        """The kernel of inputs."""
        return self.cell.kernel

    @property
    def recurrent_kernel(self) -> Any:
        """The kernel of the state."""
        return self.cell.recurrent_kernel

    @property
    def bias(self) -> Any:
        """The bias, or None."""
        return self.cell.bias

    def _shape_of_bias(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def step(self, x: Any, held: Any, state: State) -> State:
        """The new state, whose first part is the result, of a product `x` and the state before.

        `held` is its first part, of which dropout may have taken elements.
        """
        raise NotImplementedError

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        """The result for an input.

        Args:
            sequences: `(rows, steps, features)`.
            initial_state: an array `(rows, units)`, or one for each state; by default zeros.
            mask: an array of bools `(rows, steps)`: at steps that do not count, state and result stay as they are.
            training: whether to drop out.

        Returns:
            `(rows, units)`, or `(rows, steps, units)` of all steps; with `return_state` that and the states.
        """
        x = self._float(sequences)
        drop, hold = (self._kept(share, training) for share in (self.dropout, self.recurrent_dropout))
        products = self._products(x if drop is None else x * drop((x.shape[0], 1, x.shape[2]), x.dtype))
        state = self._first(initial_state, x)
        holds = None if hold is None else hold((x.shape[0], self.units), x.dtype)
        output: Any = np.zeros((x.shape[0], self.units), x.dtype)
        counts = None if mask is None else np.asarray(getattr(mask, "array", mask), bool)
        outputs = []
        for t in range(x.shape[1])[:: -1 if self.go_backwards else 1]:
            new = self.step(products[:, t], state[0] if holds is None else state[0] * holds, state)
            if counts is None:
                output, state = new[0], new
            else:
                here = counts[:, t, None]
                output = np.where(here, new[0], 0 if self.zero_output_for_mask else output)
                state = [np.where(here, a, b) for a, b in zip(new, state, strict=True)]
            outputs.append(output)
        if self.stateful:
            self._last = [as_tensor(part).numpy() for part in state]
        result = as_tensor(np.stack(outputs, axis=1) if self.return_sequences else output)
        return (result, *map(as_tensor, state)) if self.return_state else result

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The same steps, where the result has steps."""
        mask = previous_mask if self.return_sequences else None
        return [mask, *(None,) * self.states] if self.return_state else mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """`(rows, units)`, or `(rows, steps, units)`; with `return_state` those of the states besides."""
        rows, steps, _ = input_shape
        shape = (rows, steps, self.units) if self.return_sequences else (rows, self.units)
        return (shape, *((rows, self.units),) * self.states) if self.return_state else shape

    def reset_state(self) -> None:
        """Let the next batch begin with zeros."""
        self._last = []

    reset_states = reset_state

    def _check(self, shape: Any) -> None:
        if len(shape) != 3:
            raise ValueError(
                f"Input 0 of layer '{self.name}' is incompatible with the layer: expected ndim=3, found "
                f"ndim={len(shape)}. Full shape received: {shape}; it takes (rows, steps, features)"
            )
        if shape[1] == 0:
            raise ValueError(f"layer '{self.name}' needs a step at least: the input has shape {shape}")
        super()._check(shape)

    def _products(self, x: Any) -> Any:
        """The products of all steps with the kernel, with the bias of inputs."""
        bias = self._bias_of_inputs()
        return x @ self.kernel if bias is None else AFFINE(x, self.kernel, bias)

    def _bias_of_inputs(self) -> Any:
        return self.bias

    def _first(self, initial_state: Any, x: Any) -> State:
        """The state before the first step."""
        shape = (x.shape[0], self.units)
        given = self._last if initial_state is None else initial_state
        several = list(given) if isinstance(given, list | tuple) else [given]
        several = several or [np.zeros(shape, x.dtype)] * self.states
        if len(several) != self.states or any(np.shape(part) != shape for part in several):
            raise ValueError(
                f"layer '{self.name}' has {self.states} state(s) of shape {shape}; received "
                f"{[np.shape(part) for part in several]}"
            )
        return [self._float(as_tensor(part)) for part in several]

    def _kept(self, share: float, training: bool | None) -> Any:
        """What makes the factors of a dropout, where there is one."""
        if not training or not share:
            return None
        source = self._source or initializers.generator()
        scale = max(1 - share, np.finfo(float).tiny)
        return lambda shape, dtype: np.asarray((source.random(shape) >= share) / scale, dtype)


class SimpleRNN(_Recurrent):
    """`h = activation(x @ kernel + h @ recurrent_kernel + bias)`, as Keras's SimpleRNN; settings as of `_Recurrent`."""

    _quiet = frozenset({"seed"})

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **common: Any,
    ) -> None:
        super().__init__(locals(), **common)

    def step(self, x: Any, held: Any, state: State) -> State:
        """The new state."""
        return [self.activation(x + held @ self.recurrent_kernel)]


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997), as Keras's LSTM: states h and c, gates i, f, c and o.

    `c = f * c + i * activation(...)` and `h = o * activation(c)`, with `recurrent_activation` of the gates i, f and o.
    With `unit_forget_bias` the bias of f begins as 1. Settings as of `_Recurrent`.
    """

    gates = 4
    states = 2

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **common: Any,
    ) -> None:
        super().__init__(locals(), **common)

    def build(self, input_shape: Any) -> None:
        """Make kernel, recurrent kernel and bias."""
        super().build(input_shape)
        if self.bias is not None and self.unit_forget_bias:
            self.bias[self.units : 2 * self.units].assign(np.ones(self.units))

    def step(self, x: Any, held: Any, state: State) -> State:
        """The new h and c."""
        i, f, c, o = np.split(x + held @ self.recurrent_kernel, 4, axis=-1)
        gate = self.recurrent_activation
        c = gate(f) * state[1] + gate(i) * self.activation(c)
        return [gate(o) * self.activation(c), c]


class GRU(_Recurrent):
    """The gated recurrent unit (Cho et al. 2014), as Keras's GRU: `h = z * h + (1 - z) * activation(...)`.

    The gate r weighs the state in `...` after its product with the recurrent kernel, or before where `reset_after` is
    False; after it there is a bias of its own, so that the bias is `(2, 3 * units)`. Settings as of `_Recurrent`.
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **common: Any,
    ) -> None:
        super().__init__(locals(), **common)

    def _shape_of_bias(self) -> tuple[int, ...]:
        return (2, self.gates * self.units) if self.reset_after else super()._shape_of_bias()

    def step(self, x: Any, held: Any, state: State) -> State:
        """The new state."""
        split = 2 * self.units
        if self.reset_after:
            inner = held @ self.recurrent_kernel
            inner = inner if self.bias is None else inner + self.bias[1]
        else:
            inner = held @ self.recurrent_kernel[:, :split]
        z, r = np.split(self.recurrent_activation(x[:, :split] + inner[:, :split]), 2, axis=-1)
        if self.reset_after:
            proposed = self.activation(x[:, split:] + r * inner[:, split:])
        else:
            proposed = self.activation(x[:, split:] + (r * held) @ self.recurrent_kernel[:, split:])
        return [z * state[0] + (1 - z) * proposed]

    def _bias_of_inputs(self) -> Any:
        return self.bias[0] if self.reset_after and self.bias is not None else self.bias


class Bidirectional(Layer):
    """A recurrent layer from the first step on, and one like it from the last back, as Keras's Bidirectional.

    Args:
        layer: a recurrent layer that has not been called.
        merge_mode: how both results become one: `"concat"`, `"sum"`, `"ave"`, `"mul"`; None gives both.
        backward_layer: the one that goes back; by default a copy of `layer`.
        common: the arguments of `Layer`.
    """

    takes_one = True
    _quiet = Layer._quiet | {"weights"}

    def __init__(
        self, layer: Layer, merge_mode: str | None = "concat", weights: Any = None, backward_layer: Any = None,
        **common: Any,
    ) -> None:  # fmt: skip
        only(None, weights=weights)
        if not isinstance(layer, _Recurrent):
            raise ValueError(f"Please initialize `Bidirectional` with a recurrent layer. Received: {layer}")
        if merge_mode is not None and merge_mode not in _MERGED:
            raise ValueError(f"Invalid merge mode. Received: {merge_mode}. Expected one of {[*_MERGED, None]}")
        super().__init__(**common)
        self.merge_mode = merge_mode
        forward: Any = copy.deepcopy(layer)
        backward: Any = backward_layer or copy.deepcopy(layer)
        if backward_layer is None:
            backward.go_backwards = not forward.go_backwards
        self.forward_layer, self.backward_layer = forward, backward
        forward.zero_output_for_mask, backward.zero_output_for_mask = (
            forward.return_sequences,
            backward.return_sequences,
        )
        name = layer.name.removeprefix("forward_")
        self.forward_layer.name, self.backward_layer.name = f"forward_{name}", f"backward_{name}"

    def _setting(self, name: str, default: Any) -> Any:
        known = {"layer": self.forward_layer, "weights": None}
        return known[name] if name in known else super()._setting(name, default)

    def build(self, input_shape: Any) -> None:
        """Build both layers."""
        self.forward_layer.build(input_shape)
        self.backward_layer.build(input_shape)

    def call(self, inputs: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        """The result for an input, with `return_state` the states of both layers besides; arguments as of these."""
        states: Sequence[Any] = initial_state or ()
        half = len(states) // 2
        parts = (states[:half] or None, states[half:] or None)
        layers = (self.forward_layer, self.backward_layer)
        how = {"mask": mask, "training": training}
        results = [x(inputs, initial_state=first, **how) for x, first in zip(layers, parts, strict=True)]
        first, second = (result if isinstance(result, tuple) else (result,) for result in results)
        backward = np.flip(second[0], axis=1) if self.forward_layer.return_sequences else second[0]
        merged = [first[0], backward] if self.merge_mode is None else [_MERGED[self.merge_mode](first[0], backward)]
        all_of_them = (*merged, *first[1:], *second[1:])
        return all_of_them if len(all_of_them) > 1 else merged[0]

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The same steps, where the result has steps."""
        return previous_mask if self.forward_layer.return_sequences and not self.forward_layer.return_state else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the layers, with twice the last size where results are joined."""
        shapes = self.forward_layer.compute_output_shape(input_shape)
        first, *states = shapes if self.forward_layer.return_state else [shapes]
        if self.merge_mode == "concat":
            first = (*first[:-1], 2 * first[-1])
        all_of_them = ((first, first) if self.merge_mode is None else (first,)) + (*states, *states)
        return all_of_them if len(all_of_them) > 1 else first

    def reset_state(self) -> None:
        """Let the next batch begin with zeros."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()


_MERGED: dict[str, Callable[[Any, Any], Any]] = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1), "sum": lambda a, b: a + b, "ave": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
}  # fmt: skip
