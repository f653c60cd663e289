"""TensorFlow's names for what gradcalc has: port a notebook by `import gradcalc.tf as tf`. Imports tape, nn, optimize.

Thin aliases, with TensorFlow's defaults: Python's floats become float32, its ints int32. `docs/tensorflow.md` maps each
name, and says what is not there and what behaves differently.
"""
# ruff: noqa: F403, I001

import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from gradcalc import __version__ as __version__
from gradcalc.tape import (
    GradientTape as GradientTape, Tensor as Tensor, UnconnectedGradients as UnconnectedGradients,
    stop_gradient as _stop_gradient,
)  # fmt: skip
from gradcalc.tape import custom_gradient as _custom_gradient
from gradcalc.nn import Layer
from gradcalc.tape.shape import TensorShape as TensorShape
from gradcalc.tf import arrays
from gradcalc.tf import (
    autodiff as autodiff, config as config, data as data, debugging as debugging, dtypes as dtypes,
    errors as errors, keras as keras, linalg as linalg, math as math, nest as nest, nn as nn, random as random,
    train as train,
)  # fmt: skip
from gradcalc.tf.arrays import *
from gradcalc.tf.control_flow import *
from gradcalc.tf.data import TensorSpec as TensorSpec
from gradcalc.tf.defaults import Variable as Variable, constant as constant, convert_to_tensor as convert_to_tensor
from gradcalc.tf.defaults import as_tensor as _as_tensor, missing, only
from gradcalc.tf.dtypes import (
    DType as DType, as_dtype as as_dtype, bool as bool, cast as cast, double as double, float16 as float16,
    float32 as float32, float64 as float64, half as half, int8 as int8, int16 as int16, int32 as int32, int64 as int64,
    saturate_cast as saturate_cast, uint8 as uint8, uint16 as uint16, uint32 as uint32, uint64 as uint64,
)  # fmt: skip
from gradcalc.tf.keras import (
    initializers as initializers, losses as losses, metrics as metrics, optimizers as optimizers,
)  # fmt: skip
from gradcalc.tf.init import (
    constant_initializer as constant_initializer, ones_initializer as ones_initializer,
    random_normal_initializer as random_normal_initializer, random_uniform_initializer as random_uniform_initializer,
    zeros_initializer as zeros_initializer,
)  # fmt: skip
from gradcalc.tf.linalg import *
from gradcalc.tf.math import *
from gradcalc.tf.tensor_array import TensorArray as TensorArray

slice = arrays.slice_
newaxis = None


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
        return tuple(self._inner())


def function(
    func: Callable[..., Any] | None = None, input_signature: Any = None, autograph: Any = True,
    jit_compile: Any = None, reduce_retracing: Any = False, experimental_implements: str | None = None,
    experimental_autograph_options: Any = None, experimental_attributes: Any = None,
    experimental_relax_shapes: Any = None, experimental_compile: Any = None,
    experimental_follow_type_hints: Any = None,
) -> Any:  # fmt: skip
    """The function itself: nothing is compiled. With options alone, a decorator that returns the function itself."""
    return func if func is not None else lambda decorated: decorated


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """The same values, through which no gradient flows."""
    return _stop_gradient(_as_tensor(input))


def custom_gradient(f: Callable[..., Any] | None = None) -> Any:
    """`gradcalc.custom_gradient`: give a function a derivative rule of its own; without one, a decorator."""
    return custom_gradient if f is None else _custom_gradient(f)


def executing_eagerly() -> Any:
    """Always true."""
    return True


def is_tensor(x: Any) -> Any:
    """Whether it is a tensor or a variable."""
    return isinstance(x, Tensor)


def device(device_name: Any) -> nullcontext[None]:
    """A `with` that changes nothing: there is one device."""
    return nullcontext()


def print(
    *inputs: Any, output_stream: Any = None, summarize: int | None = None, sep: str = " ", end: str = "\n",
    name: str | None = None,
) -> None:  # fmt: skip
    """Print the values of tensors, to standard error by default, as TensorFlow does."""
    only(None, summarize=summarize)
    values = nest.map_structure(lambda x: x.numpy() if isinstance(x, Tensor) else x, inputs)
    (output_stream or sys.stderr).write(sep.join(map(str, values)) + end)


for _module in (
    autodiff, config, data, debugging, dtypes, errors, linalg, math, math.special, nest, nn, random, keras,
    keras.activations, keras.callbacks, keras.constraints, initializers, keras.layers, losses, metrics,
    keras.models, optimizers, optimizers.schedules, keras.regularizers, keras.saving, keras.utils, keras.ops,
    keras.random, keras.preprocessing, train, data.Dataset,
):  # fmt: skip
    missing(_module)
missing(keras.backend, keras.ops)
missing(sys.modules[__name__], math, linalg, nn, random, keras.layers)
