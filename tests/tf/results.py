"""What the tests of `tf` share: the gradient of an alias, and a result in TensorFlow's value, shape and dtype."""

from collections.abc import Callable
from typing import Any

import numpy as np

import gradcalc.tf as tf
from gradcalc.tape.tensor import Tensor
from tests.nn.support import over as over

POINT = [0.3, 1.7, 2.5]


def gradient(function: Callable[[Any], Any], x: Any) -> Any:
    """The gradient of the sum of a function of a float32 constant, as an array."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy()


def check_result(call: Callable[[], Any], value: Any, dtype: str) -> None:
    """The call gives a tensor of that value, of its shape, and of that dtype."""
    result = call()
    assert isinstance(result, Tensor)
    np.testing.assert_allclose(result.numpy(), value, rtol=1e-6)
    assert result.shape == np.shape(value)
    assert result.dtype == dtype


def check_gradient(function: Callable[[Any], Any], expected: list[float]) -> None:
    """The function has that gradient at `POINT`."""
    np.testing.assert_allclose(gradient(function, POINT), expected, rtol=5e-6)
