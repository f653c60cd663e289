"""Layers: Keras's numbers and gradients, building, weights, names, casting, errors; activations, initializers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.nn import activations, initializers
from gradcalc.tape import GradientTape, Variable, constant


def ramp(*shape: int) -> Any:
    return np.sin(np.arange(1.0, np.prod(shape) + 1)).reshape(shape)


def wave(shape: tuple[int, ...]) -> Any:
    return np.cos(np.arange(1.0, np.prod(shape) + 1)).reshape(shape)


# a layer, the shapes of input and result; sum(result * ramp), then sum(gradient * wave) for the input and each weight
KERAS: list[tuple[Callable[[], nn.Layer], Any, Any, list[float]]] = [  # by Keras 3.15.0 with TensorFlow 2.21.0
    (
        lambda: nn.Dense(3, activation="tanh", dtype="float64"),
        (2, 4),
        (2, 3),
        [0.406527277769, -0.201199713575, 0.109169016565, 0.105502901114],
    ),
    (
        lambda: nn.Dense(3, activation="relu", dtype="float64"),
        (2, 5, 4),
        (2, 5, 3),
        [0.642093813774, -0.0846424195303, 0.130906727174, 0.5111870866],
    ),
    (
        lambda: nn.Dense(3, use_bias=False, dtype="float64"),
        (2, 4),
        (2, 3),
        [0.329885396937, -0.116474838493, 0.329885396937],
    ),
    (
        lambda: nn.Conv2D(3, 2, activation="tanh", dtype="float64"),
        (2, 5, 6, 2),
        (2, 4, 5, 3),
        [-0.935087517074, -0.855110813268, -0.209690387576, -0.511564635311],
    ),
    (
        lambda: nn.Conv2D(3, (3, 2), padding="same", dtype="float64"),
        (2, 5, 6, 2),
        (2, 5, 6, 3),
        [7.50922575916, 0.201994008785, 6.89732414096, 0.611901618199],
    ),
    (
        lambda: nn.Conv2D(2, 3, strides=(2, 3), padding="same", dtype="float64"),
        (1, 6, 7, 2),
        (1, 3, 3, 2),
        [-0.295270587478, 1.92255960305, -0.515202632822, 0.219932045344],
    ),
    (
        lambda: nn.Conv2D(2, (2, 3), strides=2, dtype="float64"),
        (1, 6, 7, 2),
        (1, 3, 3, 2),
        [0.103812773591, -0.648558316545, -0.116119271753, 0.219932045344],
    ),
    (
        lambda: nn.Conv2D(2, 2, dilation_rate=(2, 3), padding="same", dtype="float64"),
        (1, 6, 7, 1),
        (1, 6, 7, 2),
        [4.63556346883, 0.61546127666, 4.47321072464, 0.162352744198],
    ),
    (
        lambda: nn.Conv1D(3, 3, padding="same", strides=2, dtype="float64"),
        (2, 7, 2),
        (2, 4, 3),
        [-0.142550223798, -0.596409769397, -0.810190003795, 0.667639779997],
    ),
    (lambda: nn.MaxPooling2D(2, dtype="float64"), (2, 5, 6, 2), (2, 2, 3, 2), [-1.00589483267, 2.85865766449]),
    (
        lambda: nn.MaxPooling2D(3, strides=2, padding="same", dtype="float64"),
        (2, 5, 6, 2),
        (2, 3, 3, 2),
        [1.53747237908, 0.260828087285],
    ),
    (
        lambda: nn.MaxPooling2D((2, 3), strides=1, dtype="float64"),
        (1, 5, 6, 2),
        (1, 4, 4, 2),
        [0.486563486026, -0.468892223315],
    ),
    (lambda: nn.AveragePooling2D(2, dtype="float64"), (2, 5, 6, 2), (2, 2, 3, 2), [0.218604661877, -0.395585148591]),
    (
        lambda: nn.AveragePooling2D(3, strides=2, padding="same", dtype="float64"),
        (2, 5, 6, 2),
        (2, 3, 3, 2),
        [-1.16212165394, -0.227666219201],
    ),
    (lambda: nn.MaxPooling1D(2, dtype="float64"), (2, 7, 2), (2, 3, 2), [0.34730964434, -2.30194818714]),
    (
        lambda: nn.AveragePooling1D(3, strides=1, padding="same", dtype="float64"),
        (2, 7, 2),
        (2, 7, 2),
        [1.72355922378, 0.00281063957944],
    ),
    (
        lambda: nn.GlobalMaxPooling2D(keepdims=False, dtype="float64"),
        (2, 3, 4, 2),
        (2, 2),
        [1.06746203582, 0.904183246511],
    ),
    (
        lambda: nn.GlobalAveragePooling2D(keepdims=True, dtype="float64"),
        (2, 3, 4, 2),
        (2, 1, 1, 2),
        [-0.0147521558667, -0.0498380745729],
    ),
    (
        lambda: nn.GlobalMaxPooling1D(keepdims=False, dtype="float64"),
        (2, 3, 2),
        (2, 2),
        [0.878860393014, 0.292752946622],
    ),
    (
        lambda: nn.GlobalAveragePooling1D(keepdims=False, dtype="float64"),
        (2, 3, 2),
        (2, 2),
        [-0.00556424276063, -0.0514843724998],
    ),
    (lambda: nn.Flatten(dtype="float64"), (2, 3, 4), (2, 12), [12.5333587462, 0.071217477029]),
    (lambda: nn.Reshape((-1, 2), dtype="float64"), (2, 3, 4), (2, 6, 2), [12.5333587462, 0.071217477029]),
    (lambda: nn.Softmax(dtype="float64"), (2, 3), (2, 3), [0.153746484877, 0.24972131526]),
    (lambda: nn.Softmax(axis=1, dtype="float64"), (2, 3, 2), (2, 3, 2), [1.83599092707, 0.0541454062997]),
    (lambda: nn.LeakyReLU(0.25, dtype="float64"), (2, 3), (2, 3), [1.9473997859, -0.0748647561239]),
    (
        lambda: nn.ReLU(max_value=0.5, negative_slope=0.25, threshold=0.125, dtype="float64"),
        (2, 4),
        (2, 4),
        [2.17340938156, -0.151112221883],
    ),
    (lambda: nn.ELU(0.5, dtype="float64"), (2, 3), (2, 3), [2.08541809371, -0.100991469492]),
    (lambda: nn.Activation("silu", dtype="float64"), (2, 3), (2, 3), [1.56616602034, -0.0653011211514]),
]


@pytest.mark.parametrize(("make", "shape", "out", "expected"), KERAS)
def test_values_shapes_and_gradients_are_keras_s(
    make: Callable[[], nn.Layer], shape: Any, out: Any, expected: Any
) -> None:
    layer, x = make(), Variable(ramp(*shape))
    assert layer(x).shape == out
    for weight in layer.weights:
        weight.assign(wave(weight.shape))
    with GradientTape() as tape:
        y = layer(x)
        z = np.sum(y * ramp(*out))
    gradients = tape.gradient(z, [x, *layer.trainable_weights])
    found = [float(z), *(np.sum(g.numpy() * wave(g.shape)) for g in gradients)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *out[1:])
    assert y.dtype == np.float64


@pytest.mark.parametrize(("make", "shape", "out", "expected"), KERAS)
def test_second_derivatives_are_those_of_a_nested_tape(make: Any, shape: Any, out: Any, expected: Any) -> None:
    layer, x = make(), Variable(ramp(*shape))
    layer(x)
    for weight in layer.weights:
        weight.assign(wave(weight.shape))
    direction = constant(wave(shape))

    def slope(at: Any) -> Any:
        """The derivative of sum(result**2 * ramp) along a direction."""
        with GradientTape() as tape:
            tape.watch(at)
            z = np.sum(layer(at) ** 2 * ramp(*out))
        return np.sum(tape.gradient(z, at) * direction)

    with GradientTape() as tape:
        along = slope(x)
    second = tape.gradient(along, x)
    found = 0.0 if second is None else np.sum(second.numpy() * direction.numpy())
    with GradientTape() as outer:
        step = constant(0.0)
        outer.watch(step)
        again = slope(x.snapshot() + step * direction)
    whole = outer.gradient(again, step)
    assert found == pytest.approx(0.0 if whole is None else float(whole), rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_dense_layer_is_a_product_a_sum_and_an_activation(dtype: str) -> None:
    layer = nn.Dense(2, activation="relu", dtype=dtype)
    layer.build((None, 3))
    layer.set_weights([np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 1.0]]), np.array([0.5, -0.5])])
    y = layer(np.array([[1.0, 2.0, 3.0]]))
    assert y.numpy().tolist() == [[5.5, 1.5]] and y.dtype == dtype
    assert layer.kernel.dtype == dtype


def test_inputs_are_cast_as_keras_casts_them() -> None:
    layer = nn.Dense(1)
    for x in (
        np.ones((2, 3)),
        np.ones((2, 3), int),
        [[1, 2, 3]],
        [[1.0, 2.0, 3.0]],
        constant(np.ones((2, 3))),
        np.ones((2, 3), bool),
    ):
        assert layer(x).dtype == np.float32
    assert nn.Flatten()(np.ones((2, 3), int)).dtype == int
    x = Variable(np.ones((2, 3)))
    with GradientTape() as tape:
        y = layer(x)
    assert tape.gradient(y, x).dtype == np.float64


def test_what_the_tape_keeps_is_safe_from_later_assignment() -> None:
    layer = nn.Dense(1, use_bias=False)
    x = np.ones((1, 2), "float32")
    with GradientTape() as tape:
        y = layer(x)
    x[...] = 5.0
    assert tape.gradient(y, layer.kernel).numpy().tolist() == [[1.0], [1.0]]


def test_printing_and_names_are_those_of_keras() -> None:
    layer = nn.Dense(2, name="head")
    assert repr(layer) == "<Dense name=head, built=False>" and layer.variables == []
    layer.build((None, 1))
    layer.set_weights([[[1.0, 2.0]], [0.0, 0.0]])
    assert repr(layer) == "<Dense name=head, built=True>"
    assert repr(layer.kernel) == "<Variable path=head/kernel, shape=(1, 2), dtype=float32, value=[[1. 2.]]>"
    assert [w.path for w in layer.weights] == ["head/kernel", "head/bias"]
    assert [w.name for w in layer.weights] == ["kernel", "bias"]
    first, second = nn.MaxPooling2D(), nn.MaxPooling2D()
    number = int(first.name.removeprefix("max_pooling2d").removeprefix("_") or 0)
    assert second.name == f"max_pooling2d_{number + 1}"


def test_weights_can_be_counted_read_and_replaced() -> None:
    layer = nn.Dense(3)
    with pytest.raises(ValueError, match="isn't built"):
        layer.count_params()
    with pytest.raises(AttributeError, match="must build the layer before accessing `kernel`"):
        layer.kernel  # noqa: B018
    with pytest.raises(AttributeError, match="'Dense' object has no attribute 'kernels'"):
        layer.kernels  # noqa: B018
    layer.build((None, 4))
    assert layer.count_params() == 15
    kernel, bias = layer.get_weights()
    assert kernel.shape == (4, 3) and (bias == 0).all()
    layer.set_weights([np.ones((4, 3)), np.ones(3)])
    assert (kernel != 1).all() and (layer.kernel.numpy() == 1).all()
    with pytest.raises(ValueError, match="weight list of length 1, but the layer was expecting 2 weights"):
        layer.set_weights([kernel])
    with pytest.raises(ValueError, match=r"weight shape \(3,\) is not compatible with provided weight shape \(4,\)"):
        layer.set_weights([kernel, np.zeros(4)])
    assert (layer.kernel.numpy() == 1).all()


def test_what_does_not_train_is_not_watched() -> None:
    layer = nn.Dense(1)
    layer.build((None, 2))
    layer.trainable = False
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 2
    with GradientTape() as tape:
        layer(np.ones((1, 2)))
    assert tape.watched_variables() == ()
    layer.trainable = True
    assert len(layer.trainable_variables) == 2 and layer.kernel.trainable


def test_a_layer_of_ones_own_builds_by_its_first_input() -> None:
    class Scale(nn.Layer):
        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")
            self.count = self.add_weight(initializer="zeros", trainable=False)

        def call(self, inputs: Any) -> Any:
            return inputs * self.scale

    layer = Scale(name="s")
    assert layer(np.ones((2, 3))).shape == (2, 3) and layer.built
    assert [w.path for w in layer.weights] == ["s/scale", "s/variable"]
    assert [w.path for w in layer.trainable_weights] == ["s/scale"]
    assert layer.compute_output_shape((None, 3)) == (None, 3)
    with pytest.raises(NotImplementedError, match="must define call"):
        nn.Layer()(np.ones(2))


def test_a_forgotten_super_init_is_said() -> None:
    class Broken(nn.Layer):
        def __init__(self) -> None:
            self.units = 3

    with pytest.raises(RuntimeError, match=r"forgot to call `super\(\).__init__\(\)`"):
        Broken()(np.ones(3))


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Dense(0), "expected a positive integer. Received: units=0"),
    (lambda: nn.Dense(2.5), "Received: units=2.5"),  # type: ignore[arg-type]
    (lambda: nn.Dense(2, foo=1), r"Unrecognized keyword arguments passed to Dense: \{'foo': 1\}"),
    (lambda: nn.Dense(2, activation="rlu"), "activation function identifier: rlu. Known: .*relu"),
    (lambda: nn.Dense(2, kernel_initializer="glorot"), "initializer identifier: glorot. Known: .*glorot_uniform"),
    (lambda: nn.Dense(2)(np.ones(3)), r"expected min_ndim=2, found ndim=1. Full shape received: \(3,\)"),
    (lambda: nn.Conv2D(2, 3)(np.ones((4, 4, 1))), "expected ndim=4, found ndim=3"),
    (lambda: nn.Conv2D(2, 3)(np.ones((1, 2, 2, 1))), r"zero or negative. Received input of shape \(1, 2, 2, 1\)"),
    (lambda: nn.Conv2D(2, (1, 2, 3)), "`kernel_size` must be a positive integer or 2 of them"),
    (lambda: nn.Conv2D(0, 2), "`filters` must be a positive integer"),
    (lambda: nn.Conv2D(2, 3, padding="full"), "must be 'valid' or 'same'. Received: padding=full"),
    (lambda: nn.Conv2D(2, 3, strides=2, dilation_rate=2), "not supported in conjunction"),
    (lambda: nn.MaxPooling2D(data_format="channels_first"), "only channels_last"),
    (lambda: nn.GlobalMaxPooling2D(data_format="channels_first"), "only channels_last"),
    (lambda: nn.Dropout(1.5), "between 0 and 1. Received: rate=1.5"),
    (lambda: nn.Reshape((5,))(np.ones((2, 4))), r"rows of shape \(4,\) cannot be reshaped to \(5,\)"),
    (lambda: nn.Input(), "one of `shape` and `batch_shape`"),
    (lambda: nn.corr2d(np.ones((2, 2)), np.ones((3, 1))), "takes a matrix and a kernel no larger"),
    (lambda: nn.corr2d(np.ones(2), np.ones((1, 1))), "takes a matrix"),
    (lambda: initializers.VarianceScaling(0.0), "must be positive"),
    (lambda: initializers.VarianceScaling(mode="fan"), "Invalid `mode`"),
    (lambda: initializers.VarianceScaling(distribution="normal"), "Invalid `distribution`"),
]


@pytest.mark.parametrize(("make", "message"), ERRORS)
def test_errors_say_what_is_wrong(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_another_size_than_the_weights_have_is_refused() -> None:
    dense, convolution = nn.Dense(2), nn.Conv2D(2, 1)
    dense.build((None, 3))
    convolution.build((None, 4, 4, 3))
    with pytest.raises(
        ValueError, match=r"axis -1 of input shape to have value 3, but received input with shape \(1, 4\)"
    ):
        dense(np.ones((1, 4)))
    with pytest.raises(ValueError, match="axis -1 of input shape to have value 3"):
        convolution(np.ones((1, 4, 4, 2)))


# -- windows -----------------------------------------------------------------------------------------------------------


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


def test_no_rows_give_no_rows() -> None:
    for layer, shape in (
        (nn.Dense(2), (0, 3)),
        (nn.Conv2D(2, 2), (0, 3, 3, 1)),
        (nn.MaxPooling2D(), (0, 4, 4, 1)),
        (nn.Flatten(), (0, 4, 4)),
    ):
        x = Variable(np.zeros(shape, "float32"))
        with GradientTape() as tape:
            y = layer(x)
        assert y.shape[0] == 0 and tape.gradient(y, x).shape == shape


def test_a_convolution_of_negative_strides_is_that_of_its_copy() -> None:
    layer, x = nn.Conv2D(2, 2), ramp(1, 4, 4, 1).astype("float32")
    assert (layer(x[:, ::-1, ::-1]).numpy() == layer(x[:, ::-1, ::-1].copy()).numpy()).all()


# -- dropout, activations, initializers --------------------------------------------------------------------------------


def test_dropout_acts_while_training_only() -> None:
    layer, x = nn.Dropout(0.25, seed=1), np.ones((100, 100), "float32")
    assert (layer(x).numpy() == 1).all() and (layer(x, training=False).numpy() == 1).all()
    y = layer(x, training=True).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert 0.2 < (y == 0).mean() < 0.3
    assert (nn.Dropout(0.25, seed=1)(x, training=True).numpy() == y).all()
    assert (nn.Dropout(1.0)(x, training=True).numpy() == 0).all()
    assert (nn.Dropout(0.0)(x, training=True).numpy() == 1).all()


def test_a_dropout_passes_the_gradient_where_it_passes_the_value() -> None:
    x = Variable(np.ones((5, 5), "float32"))
    with GradientTape() as tape:
        y = nn.Dropout(0.5, seed=0)(x, training=True)
    assert (tape.gradient(y, x).numpy() == y.numpy()).all()


POINTS = [-4.0, -2.0, -0.5, 0.0, 0.5, 2.0, 8.0]
ACTIVATIONS: list[tuple[str, list[float], list[float]]] = [  # by Keras 3.15.0 with TensorFlow 2.21.0
    ("relu", [0.0, 0.0, 0.0, 0.0, 0.5, 2.0, 8.0], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
    ("relu6", [0.0, 0.0, 0.0, 0.0, 0.5, 2.0, 6.0], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0]),
    (
        "elu",
        [-0.981684361111, -0.864664716763, -0.393469340287, 0.0, 0.5, 2.0, 8.0],
        [0.0183156388887, 0.135335283237, 0.606530659713, 1.0, 1.0, 1.0, 1.0],
    ),
    (
        "selu",
        [-1.72589862819, -1.5201664686, -0.691758187803, 0.0, 0.525350493678, 2.10140197471, 8.40560789884],
        [0.0322007126575, 0.237932872252, 1.06634115304, 1.05070098736, 1.05070098736, 1.05070098736, 1.05070098736],
    ),
    (
        "silu",
        [-0.0719448398484, -0.238405844044, -0.188770334399, 0.0, 0.311229665601, 1.76159415596, 7.99731719896],
        [-0.0526646148911, -0.0907842487849, 0.260038812697, 0.5, 0.739961187303, 1.09078424878, 1.00234655124],
    ),
    (
        "softplus",
        [0.0181499279178, 0.126928011043, 0.47407698418, 0.69314718056, 0.97407698418, 2.12692801104, 8.00033540637],
        [0.0179862099621, 0.119202922022, 0.377540668798, 0.5, 0.622459331202, 0.880797077978, 0.99966464987],
    ),
    (
        "softsign",
        [-0.8, -0.666666666667, -0.333333333333, 0.0, 0.333333333333, 0.666666666667, 0.888888888889],
        [0.04, 0.111111111111, 0.444444444444, 1.0, 0.444444444444, 0.111111111111, 0.0123456790123],
    ),
    (
        "sigmoid",
        [0.0179862099621, 0.119202922022, 0.377540668798, 0.5, 0.622459331202, 0.880797077978, 0.99966464987],
        [0.0176627062133, 0.104993585404, 0.235003712202, 0.25, 0.235003712202, 0.104993585404, 0.000335237670756],
    ),
    (
        "log_sigmoid",
        [
            -4.01814992792,
            -2.12692801104,
            -0.97407698418,
            -0.69314718056,
            -0.47407698418,
            -0.126928011043,
            -0.000335406372896,
        ],
        [0.982013790038, 0.880797077978, 0.622459331202, 0.5, 0.377540668798, 0.119202922022, 0.000335350130466],
    ),
    (
        "hard_sigmoid",
        [0.0, 0.166666666667, 0.416666666667, 0.5, 0.583333333333, 0.833333333333, 1.0],
        [0.0, 0.166666666667, 0.166666666667, 0.166666666667, 0.166666666667, 0.166666666667, 0.0],
    ),
    (
        "hard_silu",
        [-0.0, -0.333333333333, -0.208333333333, 0.0, 0.291666666667, 1.66666666667, 8.0],
        [0.0, -0.166666666667, 0.333333333333, 0.5, 0.666666666667, 1.16666666667, 1.0],
    ),
    (
        "tanh",
        [-0.999329299739, -0.964027580076, -0.46211715726, 0.0, 0.46211715726, 0.964027580076, 0.99999977493],
        [0.00134095068303, 0.0706508248532, 0.786447732966, 1.0, 0.786447732966, 0.0706508248532, 4.50140597685e-07],
    ),
    (
        "exponential",
        [0.0183156388887, 0.135335283237, 0.606530659713, 1.0, 1.6487212707, 7.38905609893, 2980.95798704],
        [0.0183156388887, 0.135335283237, 0.606530659713, 1.0, 1.6487212707, 7.38905609893, 2980.95798704],
    ),
    (
        "mish",
        [-0.072591740792, -0.252501482696, -0.220743774652, 0.0, 0.375245211305, 1.94395895953, 7.99999820064],
        [-0.0537732097935, -0.10835509242, 0.289510677914, 0.6, 0.886424375358, 1.06931793428, 1.00000337258],
    ),
]


@pytest.mark.parametrize(("name", "values", "slopes"), ACTIVATIONS)
def test_activations_and_their_slopes_are_keras_s(name: str, values: list[float], slopes: list[float]) -> None:
    x = Variable(POINTS)
    with GradientTape() as tape:
        y = activations.get(name)(x)
    np.testing.assert_allclose(y.numpy(), values, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), slopes, rtol=1e-10, atol=1e-12)
    single = activations.get(name)(np.array(POINTS, "float32"))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, values, rtol=1e-4, atol=1e-6)


def test_activations_with_arguments() -> None:
    x = np.array(POINTS)
    assert activations.leaky_relu(x).tolist() == [-0.8, -0.4, -0.1, 0, 0.5, 2, 8]
    assert activations.relu(x, 0.5, 4.0, 1.0).tolist() == [-2.5, -1.5, -0.75, -0.5, -0.25, 2, 4]
    assert activations.relu(x, 0.5).tolist() == [-2, -1, -0.25, 0, 0.5, 2, 8]
    np.testing.assert_allclose(
        activations.gelu(x), x * [3.167e-5, 0.02275, 0.3085375, 0.5, 0.6914625, 0.97725, 1], rtol=1e-4
    )
    np.testing.assert_allclose(activations.gelu(x, approximate=True), activations.gelu(x), atol=1e-3)
    np.testing.assert_allclose(activations.softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]], rtol=1e-15)
    np.testing.assert_allclose(activations.log_softmax(np.log([[1.0, 7.0]])), np.log([[0.125, 0.875]]), rtol=1e-12)
    assert activations.get(None) is activations.linear and activations.get(np.sin) is np.sin
    assert activations.get("swish") is activations.silu


def test_relu_lets_no_infinite_adjoint_through_where_it_is_flat() -> None:
    x = Variable([-1.0, 0.0, 4.0])
    with GradientTape() as tape:
        y = np.sqrt(activations.relu(x))
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.0, 0.25]


@pytest.mark.parametrize(
    ("name", "deviation", "limit"),
    [
        ("random_normal", 0.05, 0.3), ("truncated_normal", 0.05 * 0.8796, 0.1), ("random_uniform", 0.05 / 3**0.5, 0.05),
        ("glorot_uniform", (2 / 500) ** 0.5, (6 / 500) ** 0.5), ("glorot_normal", (2 / 500) ** 0.5, 0.2),
        ("he_uniform", (2 / 200) ** 0.5, (6 / 200) ** 0.5), ("he_normal", (2 / 200) ** 0.5, 0.3),
        ("lecun_uniform", (1 / 200) ** 0.5, (3 / 200) ** 0.5), ("lecun_normal", (1 / 200) ** 0.5, 0.2),
    ],
)  # fmt: skip
def test_random_weights_have_the_variance_that_their_name_says(name: str, deviation: float, limit: float) -> None:
    initializers.set_seed(0)
    values = initializers.get(name)((200, 300))
    assert values.dtype == np.float32 and values.std() == pytest.approx(deviation, rel=0.02)
    assert abs(values.mean()) < 0.02 * deviation and np.abs(values).max() <= limit


def test_seeds_make_weights_repeatable() -> None:
    nn.set_seed(7)
    first = initializers.GlorotUniform()((3, 4))
    second = initializers.GlorotUniform()((3, 4))
    nn.set_seed(7)
    assert (initializers.get("GlorotUniform")((3, 4)) == first).all() and (first != second).any()
    assert (initializers.HeNormal(seed=3)((3, 4)) == initializers.HeNormal(seed=3)((3, 4))).all()


def test_plain_initializers() -> None:
    assert initializers.get("zeros")((2,)).tolist() == [0, 0] and initializers.get(None)((1,)).tolist() == [0]
    assert initializers.get(initializers.Ones)((2,), "float64").dtype == np.float64
    layer = nn.Dense(2, kernel_initializer=initializers.Constant(3.0), bias_initializer="ones")
    assert layer(np.ones((1, 2))).numpy().tolist() == [[7, 7]]
    fans = initializers.VarianceScaling(1.0, "fan_out", "uniform", seed=0)((3, 3, 10, 5))
    assert np.abs(fans).max() <= (3 / 45) ** 0.5
    assert initializers.VarianceScaling(distribution="untruncated_normal", seed=0)((9,)).shape == (9,)
