"""Recurrent layers over `(rows, steps, features)`, as Keras 3's, and which steps count. Imports layers, layer and tape.

A cell is a formula of one step: of its input and the state before. `RNN` does it for all steps, and the tape goes back
through all of them; products of inputs with the kernel of a cell of ours are made for all steps at once.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from gradcalc.errors import only
from gradcalc.graph.names import snake_case
from gradcalc.nn.config import settings_of
from gradcalc.nn.layer import Elementwise, Layer, plain_mask
from gradcalc.nn.layers import AFFINE
from gradcalc.tape import nest
from gradcalc.tape.tensor import as_tensor

__all__ = [
    "GRU", "GRUCell", "LSTM", "LSTMCell", "Bidirectional", "Masking", "RNN", "SimpleRNN", "SimpleRNNCell",
    "StackedRNNCells",
]  # fmt: skip

State = list[Any]
Step = tuple[Callable[[Any], Any], Callable[[Any, State], tuple[Any, State]]]
"""What is made of the input of a step, or of all steps, and the result and the new state of that and the state."""


class Masking(Elementwise, takes_one=True):
    """Lets steps whose features all are `mask_value` count for nothing in later layers, as Keras's Masking."""

    def __init__(self, mask_value: float = 0.0, **common: Any) -> None: ...

    def call(self, inputs: Any) -> Any:
        """The input, zero where steps do not count."""
        return inputs * self.compute_mask(inputs, None)[..., None].astype(inputs.dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The steps with another value."""
        return np.any(np.asarray(getattr(inputs, "array", inputs)) != self.mask_value, axis=-1)


# -- cells -------------------------------------------------------------------------------------------------------------


class _Stateful(Layer):
    """A layer with a state: arrays `(rows, size)` for each size in `state_size`."""

    state_size: Any

    def get_initial_state(self, batch_size: int) -> Any:
        """Zeros."""
        sizes = self.state_size if isinstance(self.state_size, list | tuple) else [self.state_size]
        return nest.apply(lambda n: as_tensor(np.zeros((batch_size, n), self.dtype)), list(sizes))


class _Cell(_Stateful):
    """What the cells share: a subclass gives `gates`, the number of `states`, and `step`.

    Args of the constructors, which Keras has in its own order for each:
        units: the size of the result's last axis.
        activation, recurrent_activation: of the result, and of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, ..., bias_constraint: what kernel `(features, gates * units)`, recurrent kernel
            `(units, gates * units)` and bias begin with, pay, and are held to.
        dropout, recurrent_dropout: shares of inputs and of the state, the same elements at all steps; `seed` of both.
        common: the arguments of `Layer`.
    """

    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1
    reset_after: bool = False

    @property
    def state_size(self) -> Any:
        """The number of units, once for each state."""
        return self.units if self.states == 1 else [self.units] * self.states

    @property
    def output_size(self) -> int:
        return int(self.units)

    def build(self, input_shape: Any) -> None:
        many = self.gates * self.units
        self.kernel = self._weight("kernel", (input_shape[-1], many))
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, many), "recurrent")
        self.bias = self._weight("bias", (2, many) if self.reset_after else (many,)) if self.use_bias else None
        self._axis_size = input_shape[-1]

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> tuple[Any, Any]:
        """The result `(rows, units)`, and the new states, for an input `(rows, features)` and states."""
        several = isinstance(states, list | tuple)
        products, step = self.steps(training)
        given = [self._float(as_tensor(state)) for state in (states if several else [states])]
        output, new = step(products(self._float(inputs)), given)
        return output, new if several else new[0]

    def steps(self, training: bool | None) -> Step:
        """Products with the kernel, and the step; dropouts take the same elements whenever these are called."""
        drop, hold = (self._drops(share, training) for share in (self.dropout, self.recurrent_dropout))
        return (
            lambda x: self._products(drop(x)),
            lambda x, states: ((new := self.step(x, hold(states[0]), states))[0], new),
        )

    def step(self, x: Any, held: Any, state: State) -> State:
        """The new state, whose first part is the result, of a product `x` and the state before.

        `held` is its first part, of which dropout may have taken elements.
        """
        raise NotImplementedError

    def _products(self, x: Any) -> Any:
        bias = self.bias[0] if self.reset_after and self.bias is not None else self.bias
        return x @ self.kernel if bias is None else AFFINE(x, self.kernel, bias)

    def _drops(self, share: float, training: bool | None) -> Callable[[Any], Any]:
        """What drops elements, the same ones of each step."""
        factors: list[Any] = []

        def dropped(x: Any) -> Any:
            if not factors:
                factors.append(self._kept(share, (x.shape[0], *(1,) * (x.ndim - 2), x.shape[-1]), x.dtype))
            return x * factors[0]

        return dropped if training and share else lambda x: x


class SimpleRNNCell(_Cell):
    """A step of `h = activation(x @ kernel + h @ recurrent_kernel + bias)`, as Keras's SimpleRNNCell."""

    def __init__(
        self, units: int, activation: Any = "tanh", use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None,
        recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
        recurrent_dropout: float = 0.0, seed: int | None = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def step(self, x: Any, held: Any, state: State) -> State:
        return [self.activation(x + held @ self.recurrent_kernel)]


class LSTMCell(_Cell, gates=4, states=2):
    """A step of long short-term memory (Hochreiter and Schmidhuber 1997), as Keras's LSTMCell: states h and c.

    `c = f * c + i * activation(...)` and `h = o * activation(c)`, with `recurrent_activation` of the gates i, f and o;
    gates i, f, c and o. With `unit_forget_bias` the bias of f begins as 1.
    """

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", unit_forget_bias: bool = True, kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None,
        recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
        recurrent_dropout: float = 0.0, seed: int | None = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        if self.bias is not None and self.unit_forget_bias:
            self.bias[self.units : 2 * self.units].assign(np.ones(self.units))

    def step(self, x: Any, held: Any, state: State) -> State:
        i, f, c, o = np.split(x + held @ self.recurrent_kernel, 4, axis=-1)
        gate = self.recurrent_activation
        c = gate(f) * state[1] + gate(i) * self.activation(c)
        return [gate(o) * self.activation(c), c]


class GRUCell(_Cell, gates=3):
    """A step of the gated recurrent unit (Cho et al. 2014), as Keras's: `h = z * h + (1 - z) * activation(...)`.

    The gate r weighs the state in `...` after its product with the recurrent kernel, or before where `reset_after` is
    False; after it there is a bias of its own, so that the bias is `(2, 3 * units)`.
    """

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
        bias_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None,
        bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0, reset_after: bool = True,
        seed: int | None = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def step(self, x: Any, held: Any, state: State) -> State:
        split, kernel = 2 * self.units, self.recurrent_kernel
        inner = held @ (kernel if self.reset_after else kernel[:, :split])
        if self.reset_after and self.bias is not None:
            inner = inner + self.bias[1]
        z, r = np.split(self.recurrent_activation(x[:, :split] + inner[:, :split]), 2, axis=-1)
        more = r * inner[:, split:] if self.reset_after else (r * held) @ kernel[:, split:]
        return [z * state[0] + (1 - z) * self.activation(x[:, split:] + more)]


class StackedRNNCells(_Stateful):
    """Cells one after the other as one cell, whose states are those of all, as Keras's StackedRNNCells."""

    def __init__(self, cells: Sequence[Any], **common: Any) -> None: ...

    def __post_init__(self) -> None:
        self.cells: list[Any] = list(map(_as_cell, self.cells))

    @property
    def state_size(self) -> Any:
        """That of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """That of the last cell."""
        return _output_size(self.cells[-1])

    def build(self, input_shape: Any) -> None:
        """Build each cell for the results of the one before."""
        for cell in self.cells:
            _built(cell, input_shape)
            input_shape = (input_shape[0], _output_size(cell))

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> tuple[Any, Any]:
        """The result of the last cell, and the new states of each, for an input and the states of each."""
        return self.steps(training)[1](inputs, states)

    def steps(self, training: bool | None) -> Step:
        """The input itself, and a step of all cells."""
        each = [_steps_of(cell, training) for cell in self.cells]

        def step(x: Any, states: State) -> tuple[Any, State]:
            new: State = []
            for (products, one), state in zip(each, states, strict=True):
                several = isinstance(state, list | tuple)
                x, after = one(products(x), list(state) if several else [state])
                new.append(after if several else after[0])
            return x, new

        return (lambda x: x), step


def _as_cell(cell: Any) -> Any:
    """A cell; several are stacked.

    Raises:
        ValueError: it is none.
    """
    if isinstance(cell, list | tuple):
        return StackedRNNCells(cell)
    if not callable(getattr(cell, "call", None)):
        raise ValueError(f"Argument `cell` should have a `call` method. Received: cell={cell}")
    if not hasattr(cell, "state_size"):
        raise ValueError(
            "The RNN cell should have a `state_size` attribute (single integer or list of integers, one integer per "
            f"RNN state). Received: cell={cell}"
        )
    return cell


def _output_size(cell: Any) -> int:
    return int(getattr(cell, "output_size", None) or nest.flatten(cell.state_size)[0])


def _built(cell: Any, shape: Any) -> None:
    if isinstance(cell, Layer) and not cell.built:
        cell.build(shape)


def _steps_of(cell: Any, training: bool | None) -> Step:
    """The parts of a step of any cell: of one that is not ours its call."""
    if hasattr(cell, "steps"):
        return cell.steps(training)  # type: ignore[no-any-return]
    tells = {"training": training} if getattr(cell, "_training_at", 0) else {}

    def step(x: Any, states: State) -> tuple[Any, State]:
        output, new = (cell if callable(cell) else cell.call)(x, states, **tells)
        return output, list(new) if isinstance(new, list | tuple) else [new]

    return (lambda x: x), step


# -- layers ------------------------------------------------------------------------------------------------------------


class RNN(_Stateful):
    """A cell at each step of `(rows, steps, ...)`, as Keras's RNN.

    Args:
        cell: a layer, or what has `call(inputs, states)`, which gives a result and the new states, and `state_size`: a
            whole number, or one for each state; several cells are stacked.
        return_sequences: whether to return the results of all steps, not of the last.
        return_state: whether to return the last state besides.
        go_backwards: whether to go from the last step to the first.
        stateful: whether each batch goes on with the state that the last one left.
        unroll: makes no difference.
        zero_output_for_mask: whether the result of steps that do not count is 0, not that of the step before.
        common: the arguments of `Layer`.
    """

    takes_one = True
    _quiet = frozenset({"use_cudnn"})

    def __init__(
        self, cell: Any, return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False,
        stateful: bool = False, unroll: bool = False, zero_output_for_mask: bool = False, **common: Any,
    ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        self.cell: Any = _as_cell(self.cell)
        self._last: State = []

    def __getattr__(self, name: str) -> Any:
        """The settings and weights are those of the cell."""
        cell = self.__dict__.get("cell")
        return getattr(cell, name) if name in getattr(cell, "__dict__", ()) else super().__getattr__(name)

    @property
    def state_size(self) -> list[Any]:
        """The size of each state."""
        size = self.cell.state_size
        return list(size) if isinstance(size, list | tuple) else [size]

    def build(self, input_shape: Any) -> None:
        _built(self.cell, (input_shape[0], *input_shape[2:]))
        self._axis_size = getattr(self.cell, "_axis_size", None)

    def get_initial_state(self, batch_size: int) -> State:
        """Zeros, or what the cell says."""
        cell: Any = self.cell if hasattr(self.cell, "get_initial_state") else super()
        state = cell.get_initial_state(batch_size=batch_size)
        return list(state) if isinstance(state, list | tuple) else [state]

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        """The result for an input.

        Args:
            sequences: `(rows, steps, features)`.
            initial_state: an array `(rows, size)`, or one for each state; by default zeros.
            mask: an array of bools `(rows, steps)`: at steps that do not count, state and result stay as they are.
            training: whether to drop out.

        Returns:
            `(rows, units)`, or `(rows, steps, units)` of all steps; with `return_state` that and the states.
        """
        x = self._float(sequences)
        state = self._first(initial_state, x.shape[0])
        products, step = _steps_of(self.cell, training)
        given, counts = products(x), None if mask is None else plain_mask(mask)
        output: Any = None
        outputs = []
        for t in range(x.shape[1])[:: -1 if self.go_backwards else 1]:
            new, after = step(given[:, t], state)
            if counts is None:
                output, state = new, after
            else:
                before = np.zeros(new.shape, new.dtype) if output is None or self.zero_output_for_mask else output
                output, state = _where(counts[:, t], new, before), _where(counts[:, t], after, state)
            outputs.append(output)
        if self.stateful:
            self._last = nest.apply(lambda part: as_tensor(part).numpy(), state)
        result = as_tensor(np.stack(outputs, axis=1) if self.return_sequences else output)
        return (result, *nest.apply(as_tensor, state)) if self.return_state else result

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        mask = previous_mask if self.return_sequences else None
        return [mask, *(None,) * len(self.state_size)] if self.return_state else mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        rows, size = input_shape[0], _output_size(self.cell)
        shape = (rows, input_shape[1], size) if self.return_sequences else (rows, size)
        return (shape, *nest.apply(lambda n: (rows, n), self.state_size)) if self.return_state else shape

    def reset_state(self) -> None:
        """Let the next batch begin with zeros."""
        self._last = []

    reset_states = reset_state

    def _check(self, shape: Any) -> None:
        if len(shape) > 1 and shape[1] == 0:
            raise ValueError(f"layer '{self.name}' needs a step at least: the input has shape {shape}")
        super()._check(shape)

    def _first(self, initial_state: Any, rows: int) -> State:
        """The state before the first step."""
        given = self._last if initial_state is None else initial_state
        several = list(given) if isinstance(given, list | tuple) else [given]
        several = several or self.get_initial_state(rows)
        shapes = [np.shape(part) for part in nest.flatten(several)]
        wanted = [(rows, n) for n in nest.flatten(self.state_size)]
        if shapes != wanted:
            raise ValueError(
                f"layer '{self.name}' has {len(wanted)} state(s) of shape {', '.join(map(str, dict.fromkeys(wanted)))};"
                f" received {shapes}"
            )
        return nest.apply(lambda part: self._float(as_tensor(part)), several)  # type: ignore[no-any-return]


def _where(counts: Any, new: Any, old: Any) -> Any:
    """A structure where rows count, and another where not."""
    pairs = zip(nest.flatten(new), nest.flatten(old), strict=True)
    chosen = [np.where(np.expand_dims(counts, tuple(range(1, a.ndim))), a, b) for a, b in pairs]
    return nest.pack(new, chosen)


class _Gated(RNN):
    """A layer of one cell, which takes the settings of both; they are explained in `_Cell` and `RNN`."""

    kind: ClassVar[Any]
    ndim = 3
    _also = ("zero_output_for_mask",)

    def __post_init__(self) -> None:
        """Hand the cell its settings: they are looked up there, as are the weights."""
        settings = {name: vars(self).pop(name) for name in settings_of(self.kind)}
        self.cell: Any = self.kind(
            **settings, dtype=self.dtype, trainable=self._trainable, name=snake_case(self.kind.__name__)
        )
        super().__post_init__()


class SimpleRNN(_Gated):
    """`h = activation(x @ kernel + h @ recurrent_kernel + bias)`, as Keras's SimpleRNN; settings: `SimpleRNNCell`."""

    kind = SimpleRNNCell
    _quiet = frozenset({"seed"})

    def __init__(
        self, units: int, activation: Any = "tanh", use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
        dropout: float = 0.0, recurrent_dropout: float = 0.0, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
        seed: int | None = None, **common: Any,
    ) -> None: ...  # fmt: skip


class LSTM(_Gated, kind=LSTMCell):
    """Long short-term memory, as Keras's LSTM; formula and settings: `LSTMCell`."""

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", unit_forget_bias: bool = True, kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
        dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: int | None = None, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
        use_cudnn: Any = "auto", **common: Any,
    ) -> None: ...  # fmt: skip


class GRU(_Gated, kind=GRUCell):
    """The gated recurrent unit, as Keras's GRU; formula and settings: `GRUCell`."""

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
        bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
        recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
        recurrent_dropout: float = 0.0, seed: int | None = None, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
        reset_after: bool = True, use_cudnn: Any = "auto", **common: Any,
    ) -> None: ...  # fmt: skip


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
        if not isinstance(layer, RNN):
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
        for way, each in (("forward", forward), ("backward", backward)):
            each.zero_output_for_mask = each.return_sequences
            each.name = f"{way}_{layer.name.removeprefix('forward_')}"

    def _setting(self, name: str, default: Any) -> Any:
        known = {"layer": self.forward_layer, "weights": None}
        return known[name] if name in known else super()._setting(name, default)

    def build(self, input_shape: Any) -> None:
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
        return previous_mask if self.forward_layer.return_sequences and not self.forward_layer.return_state else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = self.forward_layer.compute_output_shape(input_shape)
        first, *states = shapes if self.forward_layer.return_state else [shapes]
        if self.merge_mode == "concat":
            first = (*first[:-1], 2 * first[-1])
        all_of_them = ((first, first) if self.merge_mode is None else (first,)) + (*states, *states)
        return all_of_them if len(all_of_them) > 1 else first

    def reset_state(self) -> None:
        """Let the next batches begin with zeros."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()


_MERGED: dict[str, Callable[[Any, Any], Any]] = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1), "sum": lambda a, b: a + b, "ave": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
}  # fmt: skip
