"""TensorFlow's names for what gradcalc has: port a notebook by `import gradcalc.tf as tf`. Imports eager, nn, optimize.

Thin aliases, with TensorFlow's defaults: Python's floats become float32, its ints int32. `docs/tensorflow.md` maps each
name, and says what is not there and what behaves differently.
"""
# ruff: noqa: F401, I001
# mypy: implicit-reexport

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple

from gradcalc import __version__
from gradcalc.tape import GradientTape, Tensor, UnconnectedGradients, custom_gradient, stop_gradient
from gradcalc.nn import Layer
from gradcalc.tf import autodiff, config, debugging, dtypes, keras, linalg, math, nest, nn, random
from gradcalc.tf.arrays import (
    argsort, boolean_mask, broadcast_to, concat, cond, expand_dims, fill, gather, gather_nd, identity, linspace, map_fn,
    meshgrid, one_hot, ones, ones_like, pad, range, rank, repeat, reshape, reverse, roll, scatter_nd, shape, size,
    slice_ as slice, sort, split, squeeze, stack, tensor_scatter_nd_update, tile, transpose, unstack,
    vectorized_map, where, while_loop, zeros, zeros_like,
)  # fmt: skip
from gradcalc.tf.defaults import Variable, as_tensor, constant, convert_to_tensor, missing
from gradcalc.tf.dtypes import (
    DType, as_dtype, bool, cast, double, float16, float32, float64, half, int8, int16, int32, int64, uint8, uint16,
    uint32, uint64,
)  # fmt: skip
from gradcalc.tf.keras import initializers, losses, metrics, optimizers
from gradcalc.tf.keras.initializers import (
    constant_initializer, ones_initializer, random_normal_initializer, random_uniform_initializer, zeros_initializer,
)  # fmt: skip
from gradcalc.tf.linalg import clip_by_global_norm, clip_by_norm, einsum, eye, matmul, norm, tensordot
from gradcalc.tf.math import (
    abs, acos, acosh, add, add_n, argmax, argmin, asin, asinh, atan, atan2, atanh, clip_by_value, cos, cosh, cumsum,
    divide, equal, exp, floor, greater, greater_equal, less, less_equal, logical_and, logical_not, logical_or, maximum,
    minimum, multiply, negative, not_equal, pow, reduce_all, reduce_any, reduce_logsumexp, reduce_max, reduce_mean,
    reduce_min, reduce_prod, reduce_sum, round, scalar_mul, sigmoid, sign, sin, sinh, sqrt, square, subtract, tan, tanh,
    truediv,
)  # fmt: skip

newaxis = None


class TensorSpec(NamedTuple):
    """What `tf.function(input_signature=...)` is given; nothing reads it here."""

    shape: Any = None
    dtype: Any = float32
    name: str | None = None


class Module(Layer):
    """What holds variables in its attributes, directly or in other modules: `variables`, `trainable_variables`."""

    _trainable = True  # in a subclass that does not call __init__, too

    def __init_subclass__(cls, **settings: Any) -> None:
        """A subclass may define `build` and `call` as it likes."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)

    @property
    def submodules(self) -> tuple[Layer, ...]:
        """The modules and layers in the attributes, and those in them."""
        return tuple(_inner(self))


def _inner(layer: Layer) -> Iterator[Layer]:
    for _, child in layer.children():
        if isinstance(child, Layer):
            yield child
            yield from _inner(child)


def function(func: Callable[..., Any] | None = None, **options: Any) -> Any:
    """The function itself: nothing is compiled. With options alone, a decorator that returns the function itself."""
    return func if func is not None else lambda decorated: decorated


def executing_eagerly() -> Any:
    """Always true."""
    return True


def is_tensor(x: Any) -> Any:
    """Whether it is a tensor or a variable."""
    return isinstance(x, Tensor)


def device(device_name: Any) -> nullcontext[None]:
    """A `with` that changes nothing: there is one device."""
    return nullcontext()


def print(*inputs: Any, output_stream: Any = None, sep: str = " ", end: str = "\n", **options: Any) -> None:
    """Print the values of tensors, to standard error by default, as TensorFlow does."""
    values = nest.map_structure(lambda x: x.numpy() if isinstance(x, Tensor) else x, inputs)
    (output_stream or sys.stderr).write(sep.join(map(str, values)) + end)


__getattr__ = missing("tf", globals(), math, linalg, nn, random, keras.layers)
