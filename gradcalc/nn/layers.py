"""Layers without windows: Dense, Flatten, Reshape, Dropout and the activations, as Keras 3's. Imports layer and eager.

Names, defaults and formulas are those of Keras's documentation.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.eager.tensor import ArrayOp
from gradcalc.nn import activations, initializers
from gradcalc.nn.layer import Layer, Shape


class InputLayer(Layer):
    """Says the shape of the input of a `Sequential`, and changes nothing; also `Input(shape=...)`.

    Args:
        shape: of one row.
        batch_size: the number of rows, where it is fixed.
        batch_shape: both together.
        dtype: floating inputs are cast to it.
        name: by default `input_layer` and a number.
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = "float32",
        batch_shape: Sequence[int | None] | None = None,
        name: str | None = None,
    ) -> None:
        if (shape is None) == (batch_shape is None):
            raise ValueError("You must pass one of `shape` and `batch_shape`, as in Input(shape=(4,))")
        super().__init__(name=name, dtype=dtype)
        rows = (shape,) if isinstance(shape, int) else tuple(shape or ())
        self.batch_shape: Shape = (batch_size, *rows) if batch_shape is None else tuple(batch_shape)

    def call(self, inputs: Any) -> Any:
        """The input itself."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The same shape."""
        return input_shape


Input = InputLayer


AFFINE = ArrayOp(
    "affine", lambda x, kernel, bias: _affine(x, kernel, bias),
    lambda g, y, x, kernel, bias: g @ kernel.T,
    lambda g, y, x, kernel, bias: _rows(x).T @ _rows(g),
    lambda g, y, x, kernel, bias: np.ones(_rows(g).shape[0], g.dtype) @ _rows(g),
)  # fmt: skip
"""`x @ kernel + bias`: one record, and nothing between; the sum over rows is a product, which is faster."""


def _affine(x: Any, kernel: Any, bias: Any) -> Any:
    y = x @ kernel
    y += bias
    return y


def _rows(x: Any) -> Any:
    """The last axis, and all others as one."""
    return x if x.ndim == 2 else np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


class Dense(Layer):
    """`activation(x @ kernel + bias)` over the last axis, as Keras's Dense.

    Takes `(rows, ..., inputs)`, gives `(rows, ..., units)`.

    Args:
        units: the size of the result's last axis.
        activation: a name or a function; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: what the kernel `(inputs, units)` begins with.
        bias_initializer: what the bias `(units,)` begins with.
        common: the arguments of `Layer`.
    """

    min_ndim = 2

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **common: Any,
    ) -> None:
        if not isinstance(units, int) or units <= 0:
            raise ValueError(
                f"Received an invalid value for `units`, expected a positive integer. Received: units={units}"
            )
        super().__init__(**common)
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        size = input_shape[-1]
        self.kernel = self.add_weight((size, self.units), self.kernel_initializer, name="kernel")
        self.bias = self.add_weight((self.units,), self.bias_initializer, name="bias") if self.use_bias else None
        self._axis_size = size

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        x = self._float(inputs)
        return self.activation(x @ self.kernel if self.bias is None else AFFINE(x, self.kernel, self.bias))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape with `units` last."""
        return (*input_shape[:-1], self.units)


class Flatten(Layer):
    """All axes but the first as one, as Keras's Flatten."""

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, and the product of the other sizes."""
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))


class Reshape(Layer):
    """The elements of each row in another shape, one of whose sizes may be -1; as Keras's Reshape."""

    def __init__(self, target_shape: Sequence[int], **common: Any) -> None:
        super().__init__(**common)
        self.target_shape = tuple(target_shape)

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.reshape(inputs, (inputs.shape[0], *self._target(inputs.shape)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, and the target shape."""
        return (input_shape[0], *(self.target_shape if None in input_shape[1:] else self._target(input_shape)))

    def _target(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The target shape with -1 worked out."""
        known, size = math.prod(n for n in self.target_shape if n != -1), math.prod(shape[1:])
        target = tuple(size // (known or 1) if n == -1 else n for n in self.target_shape)
        if math.prod(target) != size or target.count(-1) > 1:
            raise ValueError(f"rows of shape {tuple(shape[1:])} cannot be reshaped to {self.target_shape}")
        return target


class _Elementwise(Layer):
    """A layer whose result has the input's shape."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The same shape."""
        return input_shape


class Activation(_Elementwise):
    """An activation as a layer, by its name or as a function."""

    def __init__(self, activation: Any, **common: Any) -> None:
        super().__init__(**common)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return self.activation(inputs)


class ReLU(_Elementwise):
    """`activations.relu` as a layer."""

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **common: Any
    ) -> None:
        super().__init__(**common)
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(_Elementwise):
    """`activations.leaky_relu` as a layer; the slope below zero is 0.3 by default, as Keras's layer has it."""

    def __init__(self, negative_slope: float = 0.3, **common: Any) -> None:
        super().__init__(**common)
        self.negative_slope = negative_slope

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return activations.leaky_relu(inputs, self.negative_slope)


class ELU(_Elementwise):
    """`activations.elu` as a layer."""

    def __init__(self, alpha: float = 1.0, **common: Any) -> None:
        super().__init__(**common)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return activations.elu(inputs, self.alpha)


class Softmax(_Elementwise):
    """`activations.softmax` as a layer."""

    def __init__(self, axis: int = -1, **common: Any) -> None:
        super().__init__(**common)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return activations.softmax(inputs, self.axis)


class Dropout(_Elementwise):
    """While training, sets a share `rate` of the elements to 0 and scales the others up; else changes nothing.

    Srivastava et al. 2014, as Keras's Dropout. `seed` gives the layer random numbers of its own.
    """

    def __init__(self, rate: float, seed: int | None = None, **common: Any) -> None:
        if not 0 <= rate <= 1:
            raise ValueError(
                "Invalid value received for argument `rate`. Expected a float value between 0 and 1. "
                f"Received: rate={rate}"
            )
        super().__init__(**common)
        self.rate = rate
        self.seed = seed
        self._source = None if seed is None else initializers.generator(seed)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The result for an input."""
        if not training or not self.rate:
            return inputs
        source = self._source or initializers.generator()
        kept = source.random(inputs.shape) >= self.rate
        return inputs * (kept / max(1 - self.rate, np.finfo(float).tiny)).astype(inputs.dtype)
