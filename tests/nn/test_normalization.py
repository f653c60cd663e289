"""Normalization: Keras's numbers and gradients, moving statistics, errors."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.tape import GradientTape, Variable
from tests.nn.support import over, ramp, says, second_derivatives_agree, values_agree, wave

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


def test_statistics_are_those_of_the_steps_that_a_mask_counts() -> None:
    x = Variable(np.sin(np.arange(24) ** 1.5 + 0.7).reshape(2, 3, 4).astype("float32"))
    mask = np.array([[True, False, True], [True, True, False]])
    layer = nn.BatchNormalization(momentum=0.5)
    with GradientTape() as tape:
        y = layer(x, training=True, mask=mask)
        loss = np.sum(y**3)
    np.testing.assert_allclose(
        y[0],
        [
            [0.8181399, 0.8018568, -1.5304666, -0.9039068],
            [0.8390192, -1.9843166, -0.2365062, 0.2180332],
            [-0.9821699, 0.0331271, 0.675377, -1.0801052],
        ],
        rtol=5e-5,
    )
    np.testing.assert_allclose(layer.moving_mean, [-0.0452732, 0.2619765, 0.2154624, 0.1092591], rtol=5e-5)
    np.testing.assert_allclose(layer.moving_variance, [0.9027838, 0.6696112, 0.6389255, 0.7168491], rtol=5e-5)
    np.testing.assert_allclose(
        tape.gradient(loss, x)[1],
        [
            [0.083437, -19.9951496, -8.7906799, -0.1236811],
            [-2.0149274, 4.7366409, 4.5537233, 3.7871308],
            [3.4425874, 0.1072707, 8.4975157, 12.3255787],
        ],
        rtol=2e-4,
    )
    np.testing.assert_array_equal(nn.BatchNormalization()(x, mask=mask), nn.BatchNormalization()(x))
    none = nn.BatchNormalization(momentum=0.5)
    none(x, training=True, mask=mask & False)
    assert (none.moving_mean.numpy() == 0).all() and (none.moving_variance.numpy() == 0.5).all()
    for training in (True, False):
        with pytest.raises(ValueError, match="one dimension less"):
            layer(x, training=training, mask=mask[0])


RMS: list[tuple[dict[str, Any], Any, list[Any]]] = [  # Keras's first row, and the shapes of the weights
    ({}, [1.0544374, 1.6231291, -0.6174864, -0.6177872], [(4,)]),
    ({"scale": False, "axis": (1, 2)}, [1.0302197, 1.5858501, -0.6033044, -0.6035982], [(3, 4)]),
    ({"axis": 1}, [0.8395942, 1.4454924, -0.7876705, -0.9922742], [(3,)]),
]


def check_rms(settings: dict[str, Any], expected: list[float], shapes: list[Any]) -> None:
    layer = nn.LayerNormalization(rms_scaling=True, **settings)
    y = layer(np.sin(np.arange(24) ** 1.5 + 0.7).reshape(2, 3, 4).astype("float32"))
    np.testing.assert_allclose(y[0, 0], expected, rtol=2e-5)
    assert [weight.shape for weight in layer.weights] == shapes
    assert nn.LayerNormalization.from_config(layer.get_config()).get_config() == layer.get_config()
    assert layer.get_config()["rms_scaling"] is True


test_the_mean_stays_on_with_rms_scaling = over(RMS, check_rms)


# a layer, the shapes of input and result; sum(result * ramp), then sum(gradient * wave) for the input and each weight
OTHERS: list[tuple[Callable[[], nn.Layer], Any, Any, list[float]]] = [  # by Keras 3.15.1 with TensorFlow 2.21.0
    (lambda: nn.GroupNormalization(2, dtype="float64"), (2, 3, 4), (2, 3, 4),
     [-4.90523139063, 0.316856874529, -5.71984160176, 0.814610211131]),
    (lambda: nn.GroupNormalization(-1, axis=1, scale=False, dtype="float64"), (2, 3, 4), (2, 3, 4),
     [19.7506799468, 0.00152927804898, 4.23837079333]),
    (lambda: nn.GroupNormalization(2, axis=1, dtype="float64"), (2, 4, 3, 2), (2, 4, 3, 2),
     [-13.460114725, -0.0518069218189, -12.7912622496, -0.668852475414]),
    (lambda: nn.RMSNormalization(dtype="float64"), (2, 3, 4), (2, 3, 4),
     [-5.86388651103, -0.621749878357, -5.86388651103]),
    (lambda: nn.RMSNormalization(axis=(-2, -1), dtype="float64"), (2, 3, 4), (2, 3, 4),
     [-0.0299803102524, 0.0820435415916, -0.0299803102524]),
    (lambda: nn.UnitNormalization(dtype="float64"), (2, 3, 4), (2, 3, 4),
     [8.65097163154, -5.98600357549e-17]),
    (lambda: nn.UnitNormalization(axis=[1, 2], dtype="float64"), (2, 3, 4), (2, 3, 4),
     [5.00665913395, 1.49799579392e-17]),
]  # fmt: skip

test_groups_and_norms_are_keras_s = over(OTHERS, values_agree)

test_second_derivatives_of_groups_and_norms_are_those_of_a_nested_tape = over(OTHERS, second_derivatives_agree)


def test_a_norm_of_nothing_is_nothing() -> None:
    assert nn.UnitNormalization()(np.zeros((1, 3))).numpy().tolist() == [[0, 0, 0]]


def test_a_spectral_normalization_divides_the_kernel_while_training() -> None:  # numbers by Keras
    layer = nn.SpectralNormalization(nn.Dense(3, dtype="float64"), power_iterations=2, dtype="float64")
    layer(ramp(2, 4))
    for weight in layer.weights:
        weight.assign(wave(weight.shape))
    before = layer.layer.kernel.numpy()
    assert layer(ramp(2, 4)).shape == (2, 3) and (layer.layer.kernel.numpy() == before).all()
    y = layer(ramp(2, 4), training=True).numpy()
    found = [np.sum(y * ramp(2, 3)), *(np.sum(w.numpy() * wave(w.shape)) for w in (layer.layer.kernel, layer.vector_u))]
    np.testing.assert_allclose(found, [0.34327664196698027, 2.4229739558244794, 1.1729130599934776], rtol=1e-12)
    for _ in range(20):
        layer(ramp(2, 4), training=True)
    assert np.linalg.norm(layer.layer.kernel.numpy(), 2) == pytest.approx(1, rel=1e-6)


GROUPS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.GroupNormalization(0), "argument `groups`"),
    (lambda: nn.GroupNormalization(5)(np.ones((2, 4))), "cannot be more than"),
    (lambda: nn.GroupNormalization(3)(np.ones((2, 4))), "must be a multiple"),
    (lambda: nn.RMSNormalization(axis=3)(np.ones((2, 4))), "Axis 3 is out of bounds"),
    (lambda: nn.UnitNormalization(axis=2)(np.ones((2, 4))), "Axis 2 is out of bounds"),
    (lambda: nn.SpectralNormalization(nn.Dense(2), power_iterations=0), "greater than zero"),
    (lambda: nn.SpectralNormalization(nn.Flatten())(np.ones((2, 4))), "no attribute 'kernel'"),
]

test_groups_and_norms_say_what_is_wrong = over(GROUPS, says)


# by Keras 3.15.1: the axis, sum(result * ramp) and the shape of `mean`
ADAPTED: list[tuple[Any, float, tuple[int, ...]]] = [
    (-1, 54.372993, (1, 1, 2)),
    (1, 55.9012264, (1, 3, 1)),
    ([1, 2], 53.7441972, (1, 3, 2)),
    (None, 51.5804161, (1, 1, 1)),
    ((-1, 1), 53.7441972, (1, 3, 2)),
]


@pytest.mark.parametrize(("axis", "expected", "shape"), ADAPTED)
def test_adapted_normalization_has_keras_values_and_leads_back(axis: Any, expected: float, shape: Any) -> None:
    x, there, back = _adapting(), nn.Normalization(axis), nn.Normalization(axis, invert=True)
    there.adapt(x)
    back.adapt(x)
    y = there(x)
    assert there.mean.shape == shape and y.dtype == np.float32
    np.testing.assert_allclose(np.sum(y.numpy() * np.arange(24.0).reshape(4, 3, 2)), expected, rtol=1e-6)
    np.testing.assert_allclose(back(y).numpy(), x, atol=1e-6)
    again = nn.Normalization.from_config(there.get_config())
    again.build(x.shape)
    again.set_weights(there.get_weights())
    assert (again(x).numpy() == y.numpy()).all()


def _adapting() -> Any:
    return np.sin(np.arange(24.0) ** 1.5).reshape(4, 3, 2).astype("float32")


def test_normalization_adapts_to_batches_and_takes_what_is_given() -> None:
    x = _adapting()[:, 0]
    whole, parts, given = nn.Normalization(), nn.Normalization(), nn.Normalization(mean=[3.0, 1.0], variance=[2.0, 4.0])
    whole.adapt(x)
    parts.adapt(iter([x[:3], x[3:]]))
    for ours, theirs in zip(parts.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    np.testing.assert_allclose(given(np.float32([[1, 2]])).numpy(), [[-np.sqrt(2), 0.5]], rtol=1e-6)
    assert given.get_config()["mean"] == [3.0, 1.0] and not given.weights and len(whole.weights) == 3
    with pytest.raises(ValueError, match="both `mean` and `variance`"):
        nn.Normalization(mean=1.0)
    with pytest.raises(ValueError, match="Cannot `adapt`"):
        given.adapt(x)
