"""Convolution and its `windows`: Keras's numbers and gradients, transposed, separable, the book's kernel, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np

import gradcalc.nn as nn
from gradcalc.tape import GradientTape, Variable
from tests.nn.support import over, ramp, says, second_derivatives_agree, values_agree

# a layer, the shapes of input and result; sum(result * ramp), then sum(gradient * wave) for the input and each weight
KERAS: list[tuple[Callable[[], nn.Layer], Any, Any, list[float]]] = [  # by Keras 3.15.0 with TensorFlow 2.21.0
    (lambda: nn.Conv3DTranspose(2, 2, strides=2, dtype="float64"), (1, 2, 3, 2, 2), (1, 4, 6, 4, 2),
     [-3.95390494087, 16.7415215951, -4.39044145566, 0.436536514783]),
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
    (lambda: nn.Conv2DTranspose(3, 2, activation="tanh", dtype="float64"), (2, 3, 4, 2), (2, 4, 5, 3),
     [3.7196728532, -0.722031341638, 4.29979206583, -0.808064854056]),
    (lambda: nn.Conv2DTranspose(2, 3, strides=2, padding="same", dtype="float64"), (1, 3, 4, 2), (1, 6, 8, 2),
     [-0.03416838118, 0.919372859966, -0.0507744068858, 0.0166060257058]),
    (lambda: nn.Conv2DTranspose(2, (2, 3), strides=(3, 2), dtype="float64"), (1, 3, 4, 2), (1, 9, 9, 2),
     [4.32525884762, -0.810009047208, 3.97292927087, 0.352329576754]),
    (lambda: nn.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=1, dtype="float64"), (1, 3, 3, 2), (1, 6, 6, 2),
     [7.452959245, -2.69896297949, 7.13702401222, 0.315935232776]),
    (lambda: nn.Conv2DTranspose(2, 3, strides=2, output_padding=1, use_bias=False, dtype="float64"), (1, 3, 3, 2), (1, 8, 8, 2),
     [-0.513330818734, -1.15510374655, -0.513330818734]),
    (lambda: nn.Conv1DTranspose(2, 3, strides=2, padding="same", dtype="float64"), (2, 4, 3), (2, 8, 2),
     [-0.574429453333, 1.128162871, -0.490766039093, -0.0836634142397]),
    (lambda: nn.Conv1DTranspose(2, 3, dtype="float64"), (2, 4, 3), (2, 6, 2),
     [2.43480364005, 0.203261748322, 2.13844272074, 0.296360919316]),
    (lambda: nn.DepthwiseConv2D(3, dtype="float64"), (2, 5, 4, 3), (2, 3, 2, 3),
     [-5.72523036947, 1.09018623444, -6.46612587439, 0.740895504923]),
    (lambda: nn.DepthwiseConv2D(2, strides=2, padding="same", depth_multiplier=2, activation="tanh", dtype="float64"), (1, 5, 4, 3), (1, 3, 2, 6),
     [-10.1400010839, -1.86629574232, -1.23869045788, -4.32424112268]),
    (lambda: nn.DepthwiseConv2D((2, 3), dilation_rate=(2, 1), padding="same", use_bias=False, dtype="float64"), (1, 5, 4, 2), (1, 5, 4, 2),
     [9.0271168549, 2.1236492487, 9.0271168549]),
    (lambda: nn.DepthwiseConv1D(3, padding="same", depth_multiplier=2, dtype="float64"), (2, 5, 2), (2, 5, 4),
     [-5.11898338614, 0.82222007734, -3.99304704248, -1.12593634367]),
    (lambda: nn.SeparableConv2D(3, 3, padding="same", dtype="float64"), (2, 4, 5, 2), (2, 4, 5, 3),
     [-0.820960071125, -0.0930737049658, -0.403732708238, -0.403732708238, -0.417227362887]),
    (lambda: nn.SeparableConv2D(2, 2, strides=2, depth_multiplier=2, activation="tanh", dtype="float64"), (1, 4, 5, 3), (1, 2, 2, 2),
     [0.112293398838, 0.0263004824085, 0.0840038968752, 0.0840038968752, -0.0913377174626]),
    (lambda: nn.SeparableConv1D(3, 3, dilation_rate=2, padding="same", use_bias=False, dtype="float64"), (2, 5, 2), (2, 5, 3),
     [-2.74721836714, -2.41879660335, -2.74721836714, -2.74721836714]),
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


def test_a_transposed_convolution_is_the_adjoint_of_the_convolution() -> None:
    """With dilation as well, which TensorFlow lacks on processors."""
    for settings in ({}, {"padding": "same"}, {"dilation_rate": 2}, {"dilation_rate": 2, "padding": "same"}):
        there = nn.Conv2D(3, 2, use_bias=False, dtype="float64", **settings)
        back = nn.Conv2DTranspose(2, 2, use_bias=False, dtype="float64", **settings)
        x = ramp(1, 4, 5, 2)
        y = there(x).numpy()
        again = ramp(*y.shape)
        back(again)
        back.kernel.assign(there.kernel)
        np.testing.assert_allclose(np.sum(y * again), np.sum(x * back(again).numpy()), rtol=1e-12)


def test_a_convolution_of_negative_strides_is_that_of_its_copy() -> None:
    layer, x = nn.Conv2D(2, 2), ramp(1, 4, 4, 1).astype("float32")
    assert (layer(x[:, ::-1, ::-1]).numpy() == layer(x[:, ::-1, ::-1].copy()).numpy()).all()


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Conv2D(2, 3)(np.ones((4, 4, 1))), "expected ndim=4, found ndim=3"),
    (lambda: nn.Conv2D(2, 3)(np.ones((1, 2, 2, 1))), r"zero or negative. Received axes of \(2, 2\)"),
    (lambda: nn.Conv2D(2, (1, 2, 3)), "`kernel_size`, expected a positive integer or 2 of them"),
    (lambda: nn.Conv2D(2.5, 2), "`filters`, expected a positive integer. Received: filters=2.5"),  # type: ignore[arg-type]
    (lambda: nn.Conv2D(0, 2), "`filters`, expected a positive integer. Received: filters=0"),
    (lambda: nn.Conv2D(2, 3, padding="full"), "must be 'valid' or 'same'. Received: padding=full"),
    (lambda: nn.Conv2D(2, 3, padding="causal"), "must be 'valid' or 'same'. Received: padding=causal"),
    (lambda: nn.Conv1D(2, 3, padding="full"), "must be 'valid' or 'same' or 'causal'"),
    (lambda: nn.Conv2D(2, 3, strides=2, dilation_rate=2), "not supported in conjunction"),
    (lambda: nn.corr2d(np.ones((2, 2)), np.ones((3, 1))), "takes a matrix and a kernel no larger"),
    (lambda: nn.corr2d(np.ones(2), np.ones((1, 1))), "takes a matrix"),
    (lambda: nn.Conv2DTranspose(2, 3, strides=2, output_padding=2), "strides must be greater than output padding"),
    (lambda: nn.Conv2DTranspose(2, 3, strides=2, output_padding=-1), "`output_padding`, expected an integer >= 0"),
    (lambda: nn.Conv2DTranspose(2, 3, strides=2, dilation_rate=2), "not supported in conjunction"),
    (lambda: nn.Conv2DTranspose(2, 2, padding="same", output_padding=0)(np.ones((1, 3, 3, 1))), "no window of"),
    (lambda: nn.DepthwiseConv2D(3, depth_multiplier=0), "`depth_multiplier`, expected a positive integer"),
    (lambda: nn.SeparableConv2D(2, 3, strides=2, dilation_rate=2), "not supported in conjunction"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)
