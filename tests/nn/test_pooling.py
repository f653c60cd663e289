"""Pooling, padding, cropping, scaling: Keras's numbers and gradients, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np

import gradcalc.nn as nn
from gradcalc.tape import GradientTape, Variable
from tests.nn.support import over, ramp, says, second_derivatives_agree, values_agree, wave

# a layer, the shapes of input and result; sum(result * ramp), then sum(gradient * wave) for the input
KERAS: list[tuple[Callable[[], nn.Layer], Any, Any, list[float]]] = [  # by Keras 3.15.0 with TensorFlow 2.21.0
    (lambda: nn.MaxPooling2D(2, dtype="float64"), (2, 5, 6, 2), (2, 2, 3, 2), [-1.00589483267, 2.85865766449]),
    (lambda: nn.MaxPooling2D(3, strides=2, padding="same", dtype="float64"), (2, 5, 6, 2), (2, 3, 3, 2),
     [1.53747237908, 0.260828087285]),
    (lambda: nn.MaxPooling2D((2, 3), strides=1, dtype="float64"), (1, 5, 6, 2), (1, 4, 4, 2),
     [0.486563486026, -0.468892223315]),
    (lambda: nn.AveragePooling2D(2, dtype="float64"), (2, 5, 6, 2), (2, 2, 3, 2), [0.218604661877, -0.395585148591]),
    (lambda: nn.AveragePooling2D(3, strides=2, padding="same", dtype="float64"), (2, 5, 6, 2), (2, 3, 3, 2),
     [-1.16212165394, -0.227666219201]),
    (lambda: nn.MaxPooling1D(2, dtype="float64"), (2, 7, 2), (2, 3, 2), [0.34730964434, -2.30194818714]),
    (lambda: nn.AveragePooling1D(3, strides=1, padding="same", dtype="float64"), (2, 7, 2), (2, 7, 2),
     [1.72355922378, 0.00281063957944]),
    (lambda: nn.GlobalMaxPooling2D(keepdims=False, dtype="float64"), (2, 3, 4, 2), (2, 2),
     [1.06746203582, 0.904183246511]),
    (lambda: nn.GlobalAveragePooling2D(keepdims=True, dtype="float64"), (2, 3, 4, 2), (2, 1, 1, 2),
     [-0.0147521558667, -0.0498380745729]),
    (lambda: nn.GlobalMaxPooling1D(keepdims=False, dtype="float64"), (2, 3, 2), (2, 2),
     [0.878860393014, 0.292752946622]),
    (lambda: nn.GlobalAveragePooling1D(keepdims=False, dtype="float64"), (2, 3, 2), (2, 2),
     [-0.00556424276063, -0.0514843724998]),
    (lambda: nn.ZeroPadding1D(2, dtype="float64"), (2, 3, 2), (2, 7, 2),
     [0.723238652417, -3.64701829634]),
    (lambda: nn.ZeroPadding1D((1, 2), dtype="float64"), (2, 3, 2), (2, 6, 2),
     [-1.88471697466, 5.46875862263]),
    (lambda: nn.ZeroPadding2D(((1, 0), (2, 3)), dtype="float64"), (2, 3, 2, 2), (2, 4, 7, 2),
     [0.984943828556, -1.39847450853]),
    (lambda: nn.ZeroPadding2D((1, 2), dtype="float64"), (2, 3, 2, 2), (2, 5, 6, 2),
     [-0.847627631459, -0.852895814818]),
    (lambda: nn.ZeroPadding3D(dtype="float64"), (1, 2, 1, 2, 2), (1, 4, 3, 4, 2),
     [-3.46868950421, -0.108103114027]),
    (lambda: nn.Cropping1D((1, 2), dtype="float64"), (2, 5, 2), (2, 2, 2),
     [-1.03057976766, -4.46898760946]),
    (lambda: nn.Cropping2D(((1, 0), (0, 2)), dtype="float64"), (2, 3, 4, 2), (2, 2, 2, 2),
     [1.81455166005, -0.344435201254]),
    (lambda: nn.Cropping3D(dtype="float64"), (1, 3, 4, 5, 2), (1, 1, 2, 3, 2),
     [2.09570359412, -1.43656349966]),
    (lambda: nn.UpSampling1D(3, dtype="float64"), (2, 3, 2), (2, 9, 2),
     [-0.190981444264, 0.0387505410779]),
    (lambda: nn.UpSampling2D((2, 3), dtype="float64"), (2, 3, 2, 2), (2, 6, 6, 2),
     [-0.0226986211703, 0.0754220457786]),
    (lambda: nn.UpSampling3D((1, 2, 3), dtype="float64"), (1, 2, 2, 2, 2), (1, 2, 4, 6, 2),
     [-0.352620608353, 0.325785042044]),
]  # fmt: skip

test_values_shapes_and_gradients_are_keras_s = over(KERAS, values_agree)

test_second_derivatives_are_those_of_a_nested_tape = over(KERAS, second_derivatives_agree)


TABLE = np.array([[1.0, 3, 4, 2, 5, 2], [4, 2, 5, 6, 8, 3], [5, 3, 7, 8, 9, 3]])[..., None]


def test_pooling_sends_the_gradient_to_the_maxima_or_evenly() -> None:
    x = Variable(TABLE, dtype="float32")
    with GradientTape() as tape:
        y = nn.MaxPooling1D(3)(x)
    assert y.numpy()[..., 0].tolist() == [[4, 5], [5, 8], [7, 9]]
    assert tape.gradient(y, x).numpy()[..., 0].tolist() == [[0, 0, 1, 0, 1, 0], [0, 0, 1, 0, 1, 0], [0, 0, 1, 0, 1, 0]]
    with GradientTape() as tape:
        y = nn.AveragePooling1D(3)(x)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), np.full((3, 6, 1), 1 / 3), rtol=1e-6)


def test_bilinear_scaling_is_linear_between_centres() -> None:
    """As TensorFlow's, which computes it in float32."""
    layer = nn.UpSampling2D((2, 4), interpolation="bilinear", dtype="float64")
    x = np.array([[1.0, 2.0, 4.0], [3.0, 2.0, 0.0]])[None, :, :, None]
    columns = np.array([1, 1, 1.125, 1.375, 1.625, 1.875, 2.25, 2.75, 3.25, 3.75, 4, 4])
    others = np.array([3, 3, 2.875, 2.625, 2.375, 2.125, 1.75, 1.25, 0.75, 0.25, 0, 0])
    expected = [columns, 0.75 * columns + 0.25 * others, 0.25 * columns + 0.75 * others, others]
    assert layer(x).numpy()[0, :, :, 0].tolist() == np.array(expected).tolist()


def test_resizing_by_smooth_kernels_is_keras_s() -> None:  # numbers by Keras 3.15.1 with TensorFlow 2.21.0, float32
    expected = {
        "bicubic": [0.789639354, -1.16095182],
        "lanczos3": [1.00307035, -1.47801131],
        "lanczos5": [1.28271341, -1.88562021],
    }
    for interpolation, numbers in expected.items():
        layer, x = nn.UpSampling2D((2, 4), interpolation=interpolation, dtype="float64"), Variable(ramp(2, 5, 4, 3))
        with GradientTape() as tape:
            z = np.sum(layer(x) * ramp(2, 10, 16, 3))
        found = [float(z), np.sum(tape.gradient(z, x).numpy() * wave((2, 5, 4, 3)))]
        np.testing.assert_allclose(found, numbers, rtol=5e-6)


def test_tied_maxima_share_equally() -> None:
    x = Variable(np.array([[[1.0], [1.0], [1.0], [0.0]]]))
    with GradientTape() as tape:
        y = nn.MaxPooling1D(4, dtype="float64")(x)
    assert tape.gradient(y, x).numpy().ravel().tolist() == [1 / 3, 1 / 3, 1 / 3, 0]


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.MaxPooling1D(2, padding="causal"), "must be 'valid' or 'same'"),
    (lambda: nn.MaxPooling2D(data_format="NCHW"), "channels_last or channels_first. Received: data_format=NCHW"),
    (lambda: nn.ZeroPadding2D((1, 2, 3)), "`padding` should have 2 elements"),
    (lambda: nn.ZeroPadding1D(-1), "`padding`, expected an integer >= 0"),
    (
        lambda: nn.Cropping2D(2)(np.ones((1, 4, 5, 1))),
        "Values in `cropping` argument should be smaller than .* of 4 places",
    ),
    (lambda: nn.UpSampling2D(0), "`size`, expected a positive integer"),
    (lambda: nn.UpSampling2D(interpolation="area"), "`interpolation` argument should be one of"),
    (lambda: nn.UpSampling1D(2)(np.ones((4, 4))), "expected ndim=3, found ndim=2"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)
