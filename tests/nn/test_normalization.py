"""Normalization: Keras's numbers and gradients, moving statistics, errors."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.tape import GradientTape, Variable
from tests.nn.support import over, ramp, says, wave

# by Keras 3.15.0 with TensorFlow 2.21.0: a layer, the shape of input and result, flags of the call;
# sum(result * ramp * wave), then sum(gradient * wave) for the input and each weight, then sum(moving * wave)
NORMALIZED: list[tuple[nn.Layer, tuple[int, ...], dict[str, bool], list[float]]] = [
    (nn.BatchNormalization(dtype="float64"), (4, 3), {"training": True},
     [-0.453274089806, -0.166556921644, -0.0733926392119, 2.58348948031, -1.28256040119, -1.28604798915]),
    (nn.BatchNormalization(axis=1, momentum=0.5, epsilon=0.1, dtype="float64"), (2, 3, 4), {"training": True},
     [-1.76372135327, -0.333257212444, 0.0615872425714, 1.10371404977, -0.383354526849, -0.87423729274]),
    (nn.BatchNormalization(scale=False, dtype="float64"), (2, 3, 4, 2), {"training": False},
     [-0.276198311837, 0.191136991125, 0.129227043284, 0.1835296654, 0.1835296654]),
    (nn.LayerNormalization(dtype="float64"), (4, 3), {},
     [-0.260388893815, -1.87580798996, 0.339517159697, 2.58348948031]),
    (nn.LayerNormalization(axis=[1, 2], epsilon=0.1, dtype="float64"), (2, 3, 4), {},
     [-0.443321734366, 0.111926875412, 3.63866442986, 0.0575424365867]),
    (nn.LayerNormalization(axis=1, center=False, dtype="float64"), (2, 3, 4), {},
     [-0.539811023488, -0.0661733841176, -0.163488462982]),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "shape", "flags", "expected"), NORMALIZED)
def test_normalization_has_keras_values_and_gradients(
    layer: nn.Layer, shape: tuple[int, ...], flags: dict[str, bool], expected: list[float]
) -> None:
    x = Variable(ramp(*shape))
    layer.build(shape)
    layer.set_weights([1 + 0.5 * np.abs(wave(w.shape)) for w in layer.weights])
    with GradientTape() as tape:
        loss = np.sum(layer(x, **flags) * ramp(*shape) * wave(shape))
    parts = [*tape.gradient(loss, [x, *layer.trainable_variables]), *layer.non_trainable_variables]
    found = [loss.numpy(), *(np.sum(part.numpy() * wave(part.shape)) for part in parts)]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_a_frozen_batch_normalization_uses_and_keeps_what_it_has() -> None:
    layer = nn.BatchNormalization()
    layer(np.ones((2, 3)))
    layer.trainable = False
    assert layer(np.full((2, 3), 5.0), training=True).numpy().max() == pytest.approx(5 / np.sqrt(1.001))
    assert layer.moving_mean.tolist() == [0, 0, 0]
    layer.trainable = True
    layer(np.full((2, 3), 5.0), training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), [0.05] * 3, rtol=1e-6)
    assert [w.name for w in copy.deepcopy(layer).non_trainable_variables] == ["moving_mean", "moving_variance"]


def test_trying_a_model_out_moves_no_statistics() -> None:
    class Net(nn.Model):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNormalization()

        def call(self, x: Any) -> Any:
            return self.norm(x)

    net = Net()
    nn.Sequential([net])(np.ones((2, 3)), training=True)
    np.testing.assert_allclose(net.norm.moving_mean.numpy(), [0.01] * 3, rtol=1e-6)


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.LayerNormalization(axis=3)(np.ones((2, 3))), "Axis 3 is out of bounds for input shape"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)


def test_an_axis_is_a_number() -> None:
    with pytest.raises(TypeError, match="int or a list/tuple of ints"):
        nn.LayerNormalization(axis="x")
