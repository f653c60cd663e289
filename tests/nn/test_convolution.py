"""Convolution and pooling: Keras's numbers and gradients, ties, the book's kernel, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np

import gradcalc.nn as nn
from gradcalc.tape import GradientTape, Variable
from tests.nn.support import over, ramp, says, second_derivatives_agree, values_agree

# a layer, the shapes of input and result; sum(result * ramp), then sum(gradient * wave) for the input and each weight
KERAS: list[tuple[Callable[[], nn.Layer], Any, Any, list[float]]] = [  # by Keras 3.15.0 with TensorFlow 2.21.0
    (lambda: nn.Conv2D(3, 2, activation="tanh", dtype="float64"), (2, 5, 6, 2), (2, 4, 5, 3),
     [-0.935087517074, -0.855110813268, -0.209690387576, -0.511564635311]),
    (lambda: nn.Conv2D(3, (3, 2), padding="same", dtype="float64"), (2, 5, 6, 2), (2, 5, 6, 3),
     [7.50922575916, 0.201994008785, 6.89732414096, 0.611901618199]),
    (lambda: nn.Conv2D(2, 3, strides=(2, 3), padding="same", dtype="float64"), (1, 6, 7, 2), (1, 3, 3, 2),
     [-0.295270587478, 1.92255960305, -0.515202632822, 0.219932045344]),
    (lambda: nn.Conv2D(2, (2, 3), strides=2, dtype="float64"), (1, 6, 7, 2), (1, 3, 3, 2),
     [0.103812773591, -0.648558316545, -0.116119271753, 0.219932045344]),
    (lambda: nn.Conv2D(2, 2, dilation_rate=(2, 3), padding="same", dtype="float64"), (1, 6, 7, 1), (1, 6, 7, 2),
     [4.63556346883, 0.61546127666, 4.47321072464, 0.162352744198]),
    (lambda: nn.Conv1D(3, 3, padding="same", strides=2, dtype="float64"), (2, 7, 2), (2, 4, 3),
     [-0.142550223798, -0.596409769397, -0.810190003795, 0.667639779997]),
    (lambda: nn.Conv1D(3, 3, padding="causal", dtype="float64"), (2, 7, 2), (2, 7, 3),
     [0.73048052262, 1.5589041184, 0.038827066248, 0.691653456371]),
    (lambda: nn.Conv1D(2, 3, padding="Causal", dilation_rate=2, dtype="float64"), (2, 7, 2), (2, 7, 2),
     [-7.54378220114, -12.4410439306, -7.85529241043, 0.31151020929]),
    (lambda: nn.Conv1D(2, 2, padding="causal", strides=2, dtype="float64"), (1, 7, 2), (1, 4, 2),
     [4.36807780874, 0.367061035364, 4.35921996433, 0.00885784440351]),
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
]  # fmt: skip

test_values_shapes_and_gradients_are_keras_s = over(KERAS, values_agree)

test_second_derivatives_are_those_of_a_nested_tape = over(KERAS, second_derivatives_agree)


def test_no_place_of_a_causal_convolution_depends_on_later_steps() -> None:
    x, layer = Variable(ramp(1, 6, 2)), nn.Conv1D(1, 3, padding="causal", dilation_rate=2, dtype="float64")
    with GradientTape() as tape:
        y = layer(x)
    matrix = np.any(tape.jacobian(y, x).numpy()[0, :, 0, 0], axis=-1)
    assert matrix.tolist() == [[i in (j, j - 2, j - 4) for i in range(6)] for j in range(6)]


def test_cross_correlation_of_the_book() -> None:
    x, k = Variable([[0.0, 1, 2], [3, 4, 5], [6, 7, 8]]), Variable([[0.0, 1], [2, 3]])
    with GradientTape() as tape:
        y = nn.corr2d(x, k)
    assert y.numpy().tolist() == [[19, 25], [37, 43]]
    dx, dk = tape.gradient(y, [x, k])
    assert dx.numpy().tolist() == [[0, 1, 1], [2, 6, 4], [2, 5, 3]]
    assert dk.numpy().tolist() == [[8, 12], [20, 24]]
    assert nn.corr2d([[1, 2]], [[3]]).numpy().tolist() == [[3, 6]]


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


def test_tied_maxima_share_equally() -> None:
    x = Variable(np.array([[[1.0], [1.0], [1.0], [0.0]]]))
    with GradientTape() as tape:
        y = nn.MaxPooling1D(4, dtype="float64")(x)
    assert tape.gradient(y, x).numpy().ravel().tolist() == [1 / 3, 1 / 3, 1 / 3, 0]


def test_a_convolution_of_negative_strides_is_that_of_its_copy() -> None:
    layer, x = nn.Conv2D(2, 2), ramp(1, 4, 4, 1).astype("float32")
    assert (layer(x[:, ::-1, ::-1]).numpy() == layer(x[:, ::-1, ::-1].copy()).numpy()).all()


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Conv2D(2, 3)(np.ones((4, 4, 1))), "expected ndim=4, found ndim=3"),
    (lambda: nn.Conv2D(2, 3)(np.ones((1, 2, 2, 1))), r"zero or negative. Received axes of \(2, 2\)"),
    (lambda: nn.Conv2D(2, (1, 2, 3)), "`kernel_size` must be a positive integer or 2 of them"),
    (lambda: nn.Conv2D(2.5, 2), "`filters` must be a positive integer. Received: filters=2.5"),  # type: ignore[arg-type]
    (lambda: nn.Conv2D(0, 2), "`filters` must be a positive integer. Received: filters=0"),
    (lambda: nn.Conv2D(2, 3, padding="full"), "must be 'valid' or 'same'. Received: padding=full"),
    (lambda: nn.Conv2D(2, 3, padding="causal"), "must be 'valid' or 'same'. Received: padding=causal"),
    (lambda: nn.Conv1D(2, 3, padding="full"), "must be 'valid' or 'same' or 'causal'"),
    (lambda: nn.MaxPooling1D(2, padding="causal"), "must be 'valid' or 'same'"),
    (lambda: nn.Conv2D(2, 3, strides=2, dilation_rate=2), "not supported in conjunction"),
    (lambda: nn.MaxPooling2D(data_format="channels_first"), "only channels_last"),
    (lambda: nn.GlobalMaxPooling2D(data_format="channels_first"), "only channels_last"),
    (lambda: nn.corr2d(np.ones((2, 2)), np.ones((3, 1))), "takes a matrix and a kernel no larger"),
    (lambda: nn.corr2d(np.ones(2), np.ones((1, 1))), "takes a matrix"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)
