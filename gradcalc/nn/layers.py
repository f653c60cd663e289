"""Layers without windows: Dense, Embedding, Reshape, activations, wrappers, as Keras 3's. Imports layer.

Names, defaults and formulas are those of Keras's documentation.
"""

import inspect
import math
import re
import string
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from gradcalc.errors import only
from gradcalc.nn import activations, regularizers
from gradcalc.nn.functional import Call, Shape, Symbolic
from gradcalc.nn.layer import Affine, Elementwise, Layer, plain_mask
from gradcalc.tape.gathered import LOOKUP
from gradcalc.tape.rules.products import product_of
from gradcalc.tape.tensor import ArrayOp, cast

__all__ = [
    "Activation", "ActivityRegularization", "Dense", "ELU", "EinsumDense", "Embedding", "Flatten", "Identity", "Input",
    "InputLayer", "Lambda", "LeakyReLU", "PReLU", "Permute", "ReLU", "RepeatVector", "Rescaling", "Reshape", "Softmax",
    "TimeDistributed", "Wrapper",
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
        self, shape: Sequence[int | None] | None = None, batch_size: int | None = None, dtype: Any = None,
        sparse: bool | None = None, ragged: bool | None = None, batch_shape: Sequence[int | None] | None = None,
        input_tensor: Any = None, optional: bool = False, name: str | None = None, **common: Any,
    ) -> None:  # fmt: skip
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
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The shape with the number of rows, and the dtype, by which another is made."""
        fixed = {"sparse": False, "ragged": False, "optional": False}
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "name": self.name} | fixed

    def _ends(self) -> tuple[Any, Any]:
        call = self._call or Call(self, (), {}, self.batch_shape, self.dtype)
        return call.result, call.result


def Input(
    shape: Sequence[int | None] | None = None, batch_size: int | None = None, dtype: Any = None,
    sparse: bool | None = None, ragged: bool | None = None, batch_shape: Sequence[int | None] | None = None,
    name: str | None = None, tensor: Any = None, optional: bool = False,
) -> Symbolic:  # fmt: skip
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
        self, units: int, activation: Any = None, use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None,
        activity_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def build(self, input_shape: Any) -> None:
        self._axis_size = input_shape[-1]
        self.kernel = self._weight("kernel", (input_shape[-1], self.units))
        self.bias = self._weight("bias", (self.units,)) if self.use_bias else None

    def call(self, inputs: Any) -> Any:
        x = self._float(inputs)
        return self.activation(x @ self.kernel if self.bias is None else AFFINE(x, self.kernel, self.bias))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)


class EinsumDense(Affine):
    """`activation(einsum(equation, x, kernel) + bias)`, as Keras's EinsumDense: products over any axes.

    Args:
        equation: as of `np.einsum`, of input and kernel; `...` before or after the letters of input and result.
        output_shape: of one row, as far as it is not `...`; None where a size is the input's.
        activation: a name or a function; none by default.
        bias_axes: the letters of the result for which the bias has sizes; None is no bias.
        kernel_initializer, ..., bias_constraint: as of `Dense`.
        common: the arguments of `Layer`.
    """

    _fixed: ClassVar[dict[str, Any]] = {"gptq_unpacked_column_size": None}
    _also = ("activity_regularizer", "quantization_config")
    output_shape: Any

    def __init__(
        self, equation: str, output_shape: Any, activation: Any = None, bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        bias_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        self.output_shape = (self.output_shape,) if isinstance(self.output_shape, int) else tuple(self.output_shape)

    def build(self, input_shape: Any) -> None:
        sizes, result, last = self._sizes(input_shape)
        _, kernel, _ = self._letters(len(input_shape))
        try:
            self.kernel = self._weight("kernel", [sizes[letter] for letter in kernel])
        except KeyError as error:
            raise ValueError(
                f"Weight dimension {error} did not have a match in either the input or the output"
            ) from None
        axes = self.bias_axes or ""
        if not set(axes) <= set(result):
            raise ValueError(f"Bias dimension '{axes}' was requested, but is not part of the output spec '{result}'")
        shape = [sizes[letter] if letter in axes else 1 for letter in result[min(map(result.index, axes), default=0) :]]
        self.bias = self._weight("bias", shape) if axes else None

    def call(self, inputs: Any) -> Any:
        given, kernel, result = self._letters(inputs.ndim)
        y = np.einsum(f"{given},{kernel}->{result}", self._float(inputs), self.kernel)
        return self.activation(y if self.bias is None else y + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._sizes(input_shape)[2]

    def _letters(self, ndim: int) -> tuple[str, str, str]:
        """The letters of input, kernel and result, with some for `...`."""
        found = _EINSUM.fullmatch(self.equation)
        if not found:
            raise ValueError(
                f"Invalid einsum equation '{self.equation}'. Equations must be in the form [X],[Y]->[Z], "
                "...[X],[Y]->...[Z], or [X]...,[Y]->[Z]...."
            )
        given, kernel, result = found["x"], found["kernel"], found["y"]
        free = [letter for letter in string.ascii_letters if letter not in self.equation]
        more = "".join(free[: ndim - len(given)])
        return (more + given, kernel, more + result) if found["left"] else (given + more, kernel, result + more)

    def _sizes(self, input_shape: Any) -> tuple[dict[str, Any], str, tuple[Any, ...]]:
        """The size of each letter, the letters of the result, and its shape."""
        given, kernel, result = self._letters(len(input_shape))
        known = dict(zip(given, input_shape, strict=True))
        own = [letter for letter in result if letter in self.equation and letter != given[0]]
        wanted = dict(zip(own, self.output_shape, strict=False))
        for letter in result:
            if letter not in given + kernel:
                raise ValueError(f"Dimension '{letter}' was specified in the output '{result}' but has no origin")
            sizes = {known.get(letter), wanted.get(letter)} - {None}
            if len(sizes) > 1:
                raise ValueError(
                    f"Input shape and output shape do not match at shared dimension '{letter}'. Input shape is "
                    f"{known[letter]}, and output shape is {wanted[letter]}."
                )
            known[letter] = sizes.pop() if sizes else None
        return known, result, tuple(known[letter] for letter in result)


_EINSUM = re.compile(
    r"(?P<left>\.\.\.)?(?P<x>[a-zA-Z]+)(?P<right>\.\.\.)?,(?P<kernel>[a-zA-Z]+)->"
    r"(?(left)\.\.\.)(?P<y>[a-zA-Z]+)(?(right)\.\.\.)"
)


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
        self, input_dim: int, output_dim: int, embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None, embeddings_constraint: Any = None, mask_zero: bool = False, **common: Any,
    ) -> None: ...  # fmt: skip

    def build(self, input_shape: Any = None) -> None:
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
        return LOOKUP(self.embeddings, numbers=np.array(numbers))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The places whose number is not 0, where that is asked for."""
        return np.asarray(getattr(inputs, "array", inputs)) != 0 if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape, self.output_dim)


class Flatten(Layer, takes_one=True):
    """All axes but the first as one, as Keras's Flatten; the second comes last if inputs are `channels_first`."""

    def __init__(self, data_format: str | None = None, **common: Any) -> None: ...

    def call(self, inputs: Any) -> Any:
        if self.data_format == "channels_first" and inputs.ndim > 1:
            inputs = np.moveaxis(inputs, 1, -1)
        return np.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))


class Reshape(Layer, takes_one=True):
    """The elements of each row in another shape, one of whose sizes may be -1; as Keras's Reshape."""

    def __init__(self, target_shape: Sequence[int], **common: Any) -> None: ...

    def __post_init__(self) -> None:
        if self.target_shape.count(-1) > 1:
            raise ValueError(
                f"There must be at most one unknown dimension (-1) in `target_shape`. Received: {self.target_shape}"
            )

    def call(self, inputs: Any) -> Any:
        return np.reshape(inputs, (inputs.shape[0], *self._target(inputs.shape)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        unknown = tuple(None if n == -1 else n for n in self.target_shape)
        return (input_shape[0], *(unknown if None in input_shape[1:] else self._target(input_shape)))

    def _target(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The target shape with -1 worked out."""
        known, size = math.prod(n for n in self.target_shape if n != -1), math.prod(shape[1:])
        target = tuple(size // (known or 1) if n == -1 else n for n in self.target_shape)
        if math.prod(target) != size:
            raise ValueError(f"rows of shape {tuple(shape[1:])} cannot be reshaped to {self.target_shape}")
        return target


class Permute(Layer, takes_one=True):
    """The axes of each row in another order, `dims`, counted from 1; as Keras's Permute."""

    def __init__(self, dims: Sequence[int], **common: Any) -> None: ...

    def __post_init__(self) -> None:
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be "
                f"consecutive and start from 1. Received dims={self.dims}"
            )

    def call(self, inputs: Any) -> Any:
        return np.transpose(inputs, (0, *self.dims))


class RepeatVector(Layer, takes_one=True, ndim=2):
    """Each row `n` times, `(rows, features)` to `(rows, n, features)`; as Keras's RepeatVector."""

    def __init__(self, n: int, **common: Any) -> None: ...

    def __post_init__(self) -> None:
        if not isinstance(self.n, int):
            raise TypeError(f"Expected an integer value for `n`, got {type(self.n)}.")
        if self.n < 1:
            raise ValueError(f"The `n` argument should be a positive integer. Received: n={self.n}")

    def call(self, inputs: Any) -> Any:
        return np.repeat(np.expand_dims(inputs, 1), self.n, 1)


class Identity(Elementwise):
    """The input itself, as Keras's Identity."""

    def call(self, inputs: Any) -> Any:
        return inputs


class Rescaling(Elementwise, takes_one=True):
    """`scale * inputs + offset`, as Keras's Rescaling: of images from 0 to 255, `Rescaling(1 / 255)`."""

    def __init__(self, scale: Any, offset: Any = 0.0, **common: Any) -> None: ...

    def call(self, inputs: Any) -> Any:
        x = self._float(inputs)
        return x * np.asarray(self.scale, x.dtype) + np.asarray(self.offset, x.dtype)


class Activation(Elementwise):
    """An activation as a layer, by its name or as a function."""

    def __init__(self, activation: Any, **common: Any) -> None: ...

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)


class _Function(Elementwise):
    """An activation as a layer, whose settings are the arguments of that."""

    function: ClassVar[Callable[..., Any]]

    def __post_init__(self) -> None:
        names = list(inspect.signature(type(self).function).parameters)[1:]
        self._settings = {name: getattr(self, name) for name in names if hasattr(self, name)}
        for name, value in self._settings.items():
            if name != "alpha" and (value is None or value < 0) and (name, value) != ("max_value", None):
                nothing = "" if name == "max_value" else "None or "
                raise ValueError(
                    f"{name} of a {type(self).__name__} layer cannot be {nothing}a negative value. Received: {value}"
                )

    def call(self, inputs: Any) -> Any:
        return type(self).function(inputs, **self._settings)


class ReLU(_Function, function=activations.relu):
    """`activations.relu` as a layer."""

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **common: Any
    ) -> None: ...


class LeakyReLU(_Function):
    """`activations.leaky_relu` as a layer; the slope below zero is 0.3 by default, as Keras's layer has it."""

    function = activations.leaky_relu
    _renamed = MappingProxyType({"alpha": "negative_slope"})

    def __init__(self, negative_slope: float = 0.3, **common: Any) -> None: ...


class ELU(_Function, function=activations.elu):
    """`activations.elu` as a layer."""

    def __init__(self, alpha: float = 1.0, **common: Any) -> None: ...


class PReLU(Elementwise):
    """`x` above zero, `alpha * x` below, with a learned alpha for each place of a row, as Keras's (He et al. 2015).

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: what alpha begins with, pays, and is held to.
        shared_axes: the axes, counted from 1, along which one alpha serves all places.
        common: the arguments of `Layer`.
    """

    takes_one = True
    shared_axes: Any

    def __init__(
        self, alpha_initializer: Any = "Zeros", alpha_regularizer: Any = None, alpha_constraint: Any = None,
        shared_axes: Any = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        self.shared_axes = [self.shared_axes] if isinstance(self.shared_axes, int) else self.shared_axes

    def build(self, input_shape: Any) -> None:
        shape = (1 if axis in (self.shared_axes or ()) else n for axis, n in enumerate(input_shape))
        self.alpha = self._weight("alpha", tuple(shape)[1:])

    def call(self, inputs: Any) -> Any:
        x = self._float(inputs)
        return activations.relu(x) - self.alpha * activations.relu(-x)


class Softmax(Elementwise):
    """`activations.softmax` as a layer, over an axis or several; what a mask does not count is 0."""

    def __init__(self, axis: int | Sequence[int] = -1, **common: Any) -> None: ...

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The result for an input, and a mask, bools or numbers that are above 0.5 where an element counts.

        Raises:
            ValueError: the mask does not broadcast to the input.
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


class ActivityRegularization(Elementwise):
    """The input itself, which pays `l1 * sum(abs(x)) + l2 * sum(x**2)`, as Keras's ActivityRegularization."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **common: Any) -> None: ...

    def __post_init__(self) -> None:
        self.activity_regularizer = regularizers.L1L2(self.l1, self.l2)

    def call(self, inputs: Any) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments that make another."""
        return {name: value for name, value in super().get_config().items() if name != "activity_regularizer"}


class Wrapper(Layer, takes_one=True):
    """A layer around another, as Keras's Wrapper: it builds that, and has its weights."""

    def __init__(self, layer: Layer, **common: Any) -> None: ...

    def __post_init__(self) -> None:
        if not isinstance(self.layer, Layer):
            raise ValueError(
                f"Layer {self.layer} supplied to {type(self).__name__} isn't a supported layer type. Please ensure "
                "wrapped layer is a valid Keras layer."
            )

    def build(self, input_shape: Any) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.layer.compute_output_shape(input_shape)


class TimeDistributed(Wrapper, min_ndim=3):
    """A layer at each step of `(rows, steps, ...)`, as Keras's TimeDistributed."""

    def build(self, input_shape: Any) -> None:
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The result for an input, and for a mask `(rows, steps, ...)`, of whose steps the layer is told."""
        if mask is not None and np.shape(mask)[:2] != inputs.shape[:2]:
            raise ValueError(
                f"The `mask` passed to the `TimeDistributed` layer has a shape {np.shape(mask)} that is incompatible "
                f"with the input shape {inputs.shape}: the first two sizes (rows, steps) must match"
            )
        told = mask is not None and self.layer._mask_at
        steps = range(inputs.shape[1])
        masks = [{"mask": np.asarray(mask)[:, t]} if told else {} for t in steps]
        return np.stack([self.layer(inputs[:, t], training=training, **masks[t]) for t in steps], axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        rows, *rest = self.layer.compute_output_shape((input_shape[0], *input_shape[2:]))
        return (rows, input_shape[1], *rest)


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
        self, function: Callable[..., Any], output_shape: Any = None, mask: Any = None,
        arguments: dict[str, Any] | None = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        self.arguments: dict[str, Any] = self.arguments or {}
        try:
            self._tells = "training" in inspect.signature(self.function).parameters
        except ValueError:
            self._tells = False  # written in C, it tells no signature: an older NumPy's ufunc, some builtins

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.function(inputs, **self.arguments, **({"training": training} if self._tells else {}))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = self.output_shape
        if shape is None:
            return super().compute_output_shape(input_shape)
        if callable(shape):
            return shape(input_shape)
        rows = input_shape[0]
        return (rows[0] if isinstance(rows, tuple | list) else rows, *shape)  # of a list of inputs, those of the first
