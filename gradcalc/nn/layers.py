"""Layers without windows: Dense, Embedding, Reshape, Dropout, activations, merging layers, as Keras 3's. Imports layer.

Names, defaults and formulas are those of Keras's documentation.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, ClassVar

import numpy as np

from gradcalc.errors import only
from gradcalc.nn import activations, functional, initializers
from gradcalc.nn.functional import Call, Shape, Symbolic
from gradcalc.nn.layer import Affine, Elementwise, Layer, plain_mask
from gradcalc.tape.rules.products import product_of
from gradcalc.tape.tensor import ArrayOp, cast

__all__ = [
    "Activation", "Add", "Average", "Concatenate", "Dense", "Dropout", "ELU", "Embedding", "Flatten", "Identity",
    "Input", "InputLayer", "Lambda", "LeakyReLU", "Maximum", "Minimum", "Multiply", "Permute", "ReLU", "RepeatVector",
    "Rescaling", "Reshape", "Softmax", "Subtract",
]  # fmt: skip


class InputLayer(Elementwise):
    """Says the shape of an input, and changes nothing; first in a `Sequential`, or behind what `Input` returns.

    Args:
        shape: of one row.
        batch_size: the number of rows, where it is fixed.
        dtype: floating inputs are cast to it.
        batch_shape: shape and number of rows together.
        name: by default `input_layer` and a number.
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Sequence[int | None] | None = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **common: Any,
    ) -> None:
        only(None, sparse=sparse or None, ragged=ragged or None, input_tensor=input_tensor)
        only(False, optional=optional)
        if (shape is None) == (batch_shape is None):
            raise ValueError("You must pass one of `shape` and `batch_shape`, as in Input(shape=(4,))")
        super().__init__(name=name, dtype=dtype, **common)
        rows = (shape,) if isinstance(shape, int) else tuple(shape or ())
        self.batch_shape: Shape = (batch_size, *rows) if batch_shape is None else tuple(batch_shape)
        if any(n is not None and n < 0 for n in self.batch_shape):
            raise ValueError(f"Cannot convert '{self.batch_shape}' to a shape. Negative dimensions are not allowed.")
        self._output_shape = self.batch_shape

    def call(self, inputs: Any) -> Any:
        """The input itself."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The shape with the number of rows, and the dtype, by which another is made."""
        fixed = {"sparse": False, "ragged": False, "optional": False}
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "name": self.name} | fixed

    def _ends(self) -> tuple[Any, Any]:
        call = self._call or Call(self, (), {}, self.batch_shape, self.dtype)
        return call.result, call.result


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> Symbolic:
    """The symbolic input of a functional model; the arguments are those of `InputLayer`.

    >>> x = gradcalc.nn.Input(shape=(3,))
    """
    layer = InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name)
    return layer.output  # type: ignore[no-any-return]


AFFINE = ArrayOp(
    "affine", lambda x, kernel, bias: _affine(x, kernel, bias),
    lambda g, y, x, kernel, bias: g @ kernel.T,
    lambda g, y, x, kernel, bias: _rows(x).T @ _rows(g),
    lambda g, y, x, kernel, bias: np.ones(_rows(g).shape[0], g.dtype) @ _rows(g),
)  # fmt: skip
"""`x @ kernel + bias`: one record, and nothing between; the sum over rows is a product, which is faster."""


def _affine(x: Any, kernel: Any, bias: Any) -> Any:
    y = product_of(x, kernel)
    y += bias
    return y


def _rows(x: Any) -> Any:
    """The last axis, and all others as one."""
    return x if x.ndim == 2 else np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


class Dense(Affine):
    """`activation(x @ kernel + bias)` over the last axis, as Keras's Dense.

    Takes `(rows, ..., inputs)`, gives `(rows, ..., units)`.

    Args:
        units: the size of the result's last axis.
        activation: a name or a function; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: what the kernel `(inputs, units)` begins with.
        bias_initializer: what the bias `(units,)` begins with.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties, to be found in `losses`.
        kernel_constraint, bias_constraint: what optimizers hold kernel and bias to.
        common: the arguments of `Layer`.
    """

    min_ndim = 2
    _quiet = Layer._quiet
    _also = ("quantization_config",)

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Any,
    ) -> None:
        if not isinstance(units, int) or units <= 0:
            raise ValueError(
                f"Received an invalid value for `units`, expected a positive integer. Received: units={units}"
            )
        super().__init__(**common)
        self._keep(locals())

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        self._make((input_shape[-1], self.units))

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        x = self._float(inputs)
        return self.activation(x @ self.kernel if self.bias is None else AFFINE(x, self.kernel, self.bias))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape with `units` last."""
        return (*input_shape[:-1], self.units)


class Embedding(Layer):
    """A row of a table for each class number, as Keras's Embedding: `(rows, ...)` to `(rows, ..., output_dim)`.

    Args:
        input_dim: the number of classes.
        output_dim: the size of a row.
        embeddings_initializer: what the table `(input_dim, output_dim)` begins with.
        embeddings_regularizer: a penalty, to be found in `losses`.
        embeddings_constraint: what optimizers hold the table to.
        mask_zero: whether places of the number 0 count for nothing in later layers.
        common: the arguments of `Layer`.
    """

    _fixed: ClassVar[dict[str, Any]] = {
        "weights": None, "lora_rank": None, "lora_alpha": None, "quantization_config": None,
    }  # fmt: skip
    _also = ("activity_regularizer", "quantization_config")

    takes_one = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self._keep(locals())

    def build(self, input_shape: Any = None) -> None:
        """Make the table."""
        self.embeddings = self._weight("embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs: Any) -> Any:
        """The rows for numbers from 0 to `input_dim` - 1.

        Raises:
            IndexError: a number is outside.
        """
        numbers = (inputs if inputs.dtype.kind in "iu" else cast(inputs, "int32")).numpy()
        if np.any((numbers < 0) | (numbers >= self.input_dim)):
            raise IndexError(
                f"layer '{self.name}' has rows 0 to {self.input_dim - 1}: numbers from {numbers.min()} to "
                f"{numbers.max()} were given"
            )
        return np.take(self.embeddings, numbers, axis=0)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The places whose number is not 0, where that is asked for."""
        return np.asarray(getattr(inputs, "array", inputs)) != 0 if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape with `output_dim` besides."""
        return (*input_shape, self.output_dim)


class Flatten(Layer):
    """All axes but the first as one, as Keras's Flatten; the second comes last if inputs are `channels_first`."""

    takes_one = True

    def __init__(self, data_format: str | None = None, **common: Any) -> None:
        super().__init__(**common)
        if data_format not in (None, "channels_last", "channels_first"):
            raise ValueError(f"`data_format` is channels_last or channels_first. Received: data_format={data_format}")
        self.data_format = data_format or "channels_last"

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        if self.data_format == "channels_first" and inputs.ndim > 1:
            inputs = np.moveaxis(inputs, 1, -1)
        return np.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, and the product of the other sizes."""
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))


class Reshape(Layer):
    """The elements of each row in another shape, one of whose sizes may be -1; as Keras's Reshape."""

    takes_one = True

    def __init__(self, target_shape: Sequence[int], **common: Any) -> None:
        super().__init__(**common)
        self.target_shape = tuple(target_shape)
        if self.target_shape.count(-1) > 1:
            raise ValueError(
                f"There must be at most one unknown dimension (-1) in `target_shape`. Received: {target_shape}"
            )

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.reshape(inputs, (inputs.shape[0], *self._target(inputs.shape)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, and the target shape."""
        unknown = tuple(None if n == -1 else n for n in self.target_shape)
        return (input_shape[0], *(unknown if None in input_shape[1:] else self._target(input_shape)))

    def _target(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The target shape with -1 worked out."""
        known, size = math.prod(n for n in self.target_shape if n != -1), math.prod(shape[1:])
        target = tuple(size // (known or 1) if n == -1 else n for n in self.target_shape)
        if math.prod(target) != size:
            raise ValueError(f"rows of shape {tuple(shape[1:])} cannot be reshaped to {self.target_shape}")
        return target


class Permute(Layer):
    """The axes of each row in another order, `dims`, counted from 1; as Keras's Permute."""

    takes_one = True

    def __init__(self, dims: Sequence[int], **common: Any) -> None:
        super().__init__(**common)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be "
                f"consecutive and start from 1. Received dims={dims}"
            )

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The sizes in their order."""
        return (input_shape[0], *(input_shape[i] for i in self.dims))


class RepeatVector(Layer):
    """Each row `n` times, `(rows, features)` to `(rows, n, features)`; as Keras's RepeatVector."""

    takes_one = True
    min_ndim = 2

    def __init__(self, n: int, **common: Any) -> None:
        super().__init__(**common)
        if not isinstance(n, int):
            raise TypeError(f"Expected an integer value for `n`, got {type(n)}.")
        self.n = n

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.repeat(np.expand_dims(inputs, 1), self.n, 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape with `n` besides."""
        return (input_shape[0], self.n, *input_shape[1:])


class Identity(Elementwise):
    """The input itself, as Keras's Identity."""

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return inputs


class Rescaling(Elementwise):
    """`scale * inputs + offset`, as Keras's Rescaling: of images from 0 to 255, `Rescaling(1 / 255)`."""

    takes_one = True

    def __init__(self, scale: Any, offset: Any = 0.0, **common: Any) -> None:
        super().__init__(**common)
        self._keep(locals())

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        x = self._float(inputs)
        return x * np.asarray(self.scale, x.dtype) + np.asarray(self.offset, x.dtype)


class Activation(Elementwise):
    """An activation as a layer, by its name or as a function."""

    def __init__(self, activation: Any, **common: Any) -> None:
        super().__init__(**common)
        self._keep(locals())

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return self.activation(inputs)


def _check_not_negative(**settings: float | None) -> None:
    for name, value in settings.items():
        if value is None or value < 0:
            raise ValueError(f"{name} cannot be None or a negative value. Received: {name}={value}")


class ReLU(Elementwise):
    """`activations.relu` as a layer."""

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **common: Any
    ) -> None:
        super().__init__(**common)
        _check_not_negative(negative_slope=negative_slope, threshold=threshold)
        if max_value is not None:
            _check_not_negative(max_value=max_value)
        self._keep(locals())

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Elementwise):
    """`activations.leaky_relu` as a layer; the slope below zero is 0.3 by default, as Keras's layer has it."""

    def __init__(self, negative_slope: float = 0.3, **common: Any) -> None:
        negative_slope = common.pop("alpha", negative_slope)  # its name in Keras 2
        super().__init__(**common)
        _check_not_negative(negative_slope=negative_slope)
        self.negative_slope = negative_slope

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return activations.leaky_relu(inputs, self.negative_slope)


class ELU(Elementwise):
    """`activations.elu` as a layer."""

    def __init__(self, alpha: float = 1.0, **common: Any) -> None:
        super().__init__(**common)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return activations.elu(inputs, self.alpha)


class Softmax(Elementwise):
    """`activations.softmax` as a layer, over an axis or several; what a mask does not count is 0."""

    def __init__(self, axis: int | Sequence[int] = -1, **common: Any) -> None:
        super().__init__(**common)
        self.axis = axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The result for an input.

        Raises:
            ValueError: the mask, bools or numbers that are above 0.5 where an element counts, does not broadcast to it.
        """
        axis = self.axis if isinstance(self.axis, int) else tuple(self.axis)
        if mask is None:
            return activations.softmax(inputs, axis)
        given = plain_mask(mask, 0.5)
        sizes = zip(given.shape[::-1], inputs.shape[::-1], strict=False)
        if given.ndim > inputs.ndim or any(m not in (1, n) for m, n in sizes):
            raise ValueError(
                "The `mask` must be broadcastable to `inputs`. Each mask dimension must be 1 or match the "
                f"corresponding input dimension. Received: inputs.shape={inputs.shape}, mask.shape={given.shape}"
            )
        least = -3e4 if inputs.dtype == np.float16 else -1e9
        return np.where(given, activations.softmax(np.where(given, inputs, least), axis), 0)


class Dropout(Elementwise):
    """While training, sets a share `rate` of the elements to 0 and scales the others up; else changes nothing.

    Srivastava et al. 2014, as Keras's Dropout. Along an axis where `noise_shape` is 1 all elements share one fate; None
    there stands for the input's size. `seed` gives the layer random numbers of its own.
    """

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **common: Any
    ) -> None:
        if not 0 <= rate <= 1:
            raise ValueError(
                "Invalid value received for argument `rate`. Expected a float value between 0 and 1. "
                f"Received: rate={rate}"
            )
        super().__init__(**common)
        self._keep(locals())

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The result for an input."""
        if not training or not self.rate:
            return inputs
        noise = zip(self.noise_shape or inputs.shape, inputs.shape, strict=True)
        source = self._source or initializers.generator()
        kept = source.random([n if m is None else m for m, n in noise]) >= self.rate
        return inputs * (kept / max(1 - self.rate, np.finfo(float).tiny)).astype(inputs.dtype)


class Lambda(Layer):
    """A function of tensors as a layer, as Keras's Lambda; variables in it are not the layer's.

    Args:
        function: of the input; it is told `training` if it takes that.
        output_shape: of one row, or a function of the input's shape; by default the function is tried out on zeros.
        mask: which steps of the result count, or a function of the input and its mask that says so; None is all.
        arguments: more arguments for the function, by their names.
        common: the arguments of `Layer`.
    """

    _quiet = Layer._quiet | {"output_shape", "mask"}

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self._keep(locals())
        self.arguments = arguments or {}
        try:
            self._tells = "training" in inspect.signature(function).parameters
        except ValueError:
            self._tells = False  # written in C, it tells no signature: an older NumPy's ufunc, some builtins

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The result for an input."""
        return self.function(inputs, **self.arguments, **({"training": training} if self._tells else {}))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """As given."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """As given, else as found."""
        shape = self.output_shape
        if shape is None:
            return super().compute_output_shape(input_shape)
        return shape(input_shape) if callable(shape) else (input_shape[0], *shape)


class _Merge(Layer):
    """A layer of a list of inputs, whose shapes broadcast; the missing axes of one come after its first."""

    combine: Callable[..., Any]
    """What becomes of two of them."""

    def build(self, input_shape: Any) -> None:
        """Look at the shapes."""
        self.compute_output_shape(input_shape)

    def call(self, inputs: Any) -> Any:
        """The result for a list of inputs."""
        self._check_list([x.shape for x in inputs] if isinstance(inputs, list | tuple) else inputs)
        ndim = max(x.ndim for x in inputs)
        return self.merge([np.expand_dims(x, tuple(range(1, 1 + ndim - x.ndim))) for x in inputs])

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The steps that count in an input, where all of them say so.

        Raises:
            ValueError: the masks are no list of as many as there are inputs.
        """
        if mask is None:
            return None
        for name, value in (("mask", mask), ("inputs", inputs)):
            if not isinstance(value, list | tuple):
                raise ValueError(f"`{name}` should be a list. Received: {name}={value}")
        if len(mask) != len(inputs):
            raise ValueError(
                "The lists `inputs` and `mask` should have the same length. Received: inputs of length "
                f"{len(inputs)}, and mask of length {len(mask)}"
            )
        return self.join(inputs, [one if one is None else plain_mask(one) for one in mask])

    def join(self, inputs: Any, masks: list[Any]) -> Any:
        """The mask of the result, of the inputs' masks."""
        return None if any(mask is None for mask in masks) else reduce(np.logical_or, masks)

    def merge(self, inputs: list[Any]) -> Any:
        """The result for inputs of as many axes."""
        return reduce(self.combine, inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The broadcast shape."""
        self._check_list(input_shape)
        rows = {shape[0] for shape in input_shape} - {None}
        if len(rows) > 1:
            raise ValueError(
                f"Cannot merge tensors with different batch sizes. Received tensors with shapes {input_shape}"
            )
        return (*(rows or {None}), *functional.broadcast([shape[1:] for shape in input_shape]))

    def _check_list(self, shapes: Any) -> None:
        if not isinstance(shapes, list | tuple) or not all(isinstance(shape, tuple) for shape in shapes) or not shapes:
            raise ValueError(
                f"A `{type(self).__name__}` layer should be called on a list of at least 1 input. Received: "
                f"input_shape={shapes} (not a list of shapes)"
            )


class Add(_Merge):
    """The sum of a list of inputs, as Keras's Add."""

    combine = np.add


class Subtract(_Merge):
    """The difference of two inputs, as Keras's Subtract."""

    combine = np.subtract

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The broadcast shape."""
        if len(input_shape) != 2:
            raise ValueError(
                f"A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape={input_shape}"
            )
        return super().compute_output_shape(input_shape)


class Multiply(_Merge):
    """The product of a list of inputs, as Keras's Multiply."""

    combine = np.multiply


class Average(_Merge):
    """The mean of a list of inputs, as Keras's Average."""

    combine = np.add

    def merge(self, inputs: list[Any]) -> Any:
        """The mean."""
        return super().merge(inputs) / len(inputs)


class Maximum(_Merge):
    """The elementwise maximum of a list of inputs, as Keras's Maximum."""

    combine = np.maximum


class Minimum(_Merge):
    """The elementwise minimum of a list of inputs, as Keras's Minimum."""

    combine = np.minimum


class Concatenate(_Merge):
    """A list of inputs joined along an axis, as Keras's Concatenate."""

    def __init__(self, axis: int = -1, **common: Any) -> None:
        super().__init__(**common)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        """The result for a list of inputs."""
        self._check_list([x.shape for x in inputs] if isinstance(inputs, list | tuple) else inputs)
        return np.concatenate(inputs, axis=self.axis)

    def join(self, inputs: Any, masks: list[Any]) -> Any:
        """The steps of which an element counts; all elements do of an input that says nothing."""
        if all(mask is None for mask in masks):
            return None
        whole = []
        for x, mask in zip(inputs, masks, strict=True):
            given = np.bool_(True) if mask is None else np.expand_dims(mask, tuple(range(mask.ndim, x.ndim)))
            whole.append(np.broadcast_to(given, x.shape))
        return np.concatenate(whole, axis=self.axis).any(-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape with the sizes along the axis added."""
        self._check_list(input_shape)
        ndim = len(input_shape[0])
        if len({len(shape) for shape in input_shape}) > 1 or not -ndim <= self.axis < ndim:
            raise self._mismatch(input_shape)
        columns = [[n for n in column if n is not None] for column in zip(*input_shape, strict=True)]
        sizes = [column[0] if column else None for column in columns]
        joined = columns.pop(self.axis)
        if any(len(set(column)) > 1 for column in columns):
            raise self._mismatch(input_shape)
        sizes[self.axis] = sum(joined) if len(joined) == len(input_shape) else None
        return tuple(sizes)

    def _mismatch(self, shapes: Any) -> ValueError:
        return ValueError(
            "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. "
            f"Received: input_shape={shapes}"
        )
