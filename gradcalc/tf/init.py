"""TensorFlow's own initializers, `tf.constant_initializer` and so on, which are not Keras's. Imports nn's."""

from typing import Any

import numpy as np

from gradcalc.nn import initializers
from gradcalc.tape.tensor import Tensor
from gradcalc.tf.defaults import as_shape, as_tensor


class constant_initializer:
    """One value everywhere, or as many values as there are elements, in order; of the values' dtype by default."""

    def __init__(self, value: Any = 0, support_partition: bool = False) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        """A tensor of the shape."""
        values, shape = as_tensor(self.value, dtype), as_shape(shape)
        if values.size == 1:
            return Tensor(np.full(shape, values.array.item(), values.dtype))
        return np.reshape(values, shape)  # type: ignore[return-value]


class _Typed:
    """An initializer of Keras's, of float32 by default."""

    def __call__(self, shape: Any, dtype: Any = np.float32) -> Tensor:
        """A tensor of the shape."""
        return super().__call__(as_shape(shape), dtype)  # type: ignore[misc,no-any-return]


class zeros_initializer(_Typed, initializers.Zeros):
    """Zero everywhere."""


class ones_initializer(_Typed, initializers.Ones):
    """One everywhere."""


class random_normal_initializer(_Typed, initializers.RandomNormal):
    """Normal numbers."""


class random_uniform_initializer(_Typed, initializers.RandomUniform):
    """Numbers evenly spread between `minval` and `maxval`."""
