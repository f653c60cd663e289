"""Layers of a list of inputs: Keras's numbers and gradients, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np

import gradcalc.nn as nn
import gradcalc.tf as tf
from tests.nn.support import over, ramp, says, values_agree

# a layer, the shapes of inputs and result; sum(result * ramp), then sum(gradient * wave) for each input
KERAS: list[tuple[Callable[[], nn.Layer], Any, Any, list[float]]] = [  # by Keras 3.15.1 with TensorFlow 2.21.0
    (lambda: nn.Dot(1, dtype="float64"), [(2, 4), (2, 4)], (2, 1),
     [4.37792506025, 0.21015603866, 0.191050944237]),
    (lambda: nn.Dot((2, 1), dtype="float64"), [(2, 3, 4), (2, 4, 5)], (2, 3, 5),
     [-9.81306876082, 3.65363125247, 1.94659760957]),
    (lambda: nn.Dot(-1, normalize=True, dtype="float64"), [(2, 3, 4), (2, 4)], (2, 3),
     [-0.226516343668, 0.767228669214, -0.55222188492]),
]  # fmt: skip

test_values_shapes_and_gradients_are_keras_s = over(KERAS, values_agree)


def test_dot_is_a_function_too() -> None:
    a = ramp(2, 3)
    assert np.allclose(tf.keras.layers.dot([a, a], axes=1, dtype="float64").numpy()[:, 0], (a * a).sum(1))


def refuses(make: Callable[[], Any]) -> None:
    says(make, "integers|list of 2 inputs|axis 0|Incompatible input shapes")


test_errors_say_what_is_wrong = over([
    (lambda: nn.Dot((1, 2, 3)),), (lambda: nn.Dot(1)([ramp(2, 3)]),), (lambda: nn.Dot(0)([ramp(2, 3), ramp(2, 3)]),),
    (lambda: nn.Dot(1)([ramp(2, 3), ramp(2, 4)]),),
], refuses)  # fmt: skip
