"""Layer: casting, building, names, weights, what trains, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.tape import GradientTape, Tensor, Variable, constant
from tests.nn.support import over, ramp, says


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


ONE = [
    nn.Dense(1), nn.Embedding(3, 2), nn.Flatten(), nn.Reshape((-1,)), nn.BatchNormalization(), nn.LayerNormalization(),
    nn.Conv2D(1, 2), nn.MaxPooling2D(), nn.AveragePooling2D(2), nn.GlobalMaxPooling2D(), nn.GlobalAveragePooling2D(),
]  # fmt: skip


@pytest.mark.parametrize("layer", ONE, ids=lambda layer: layer.name)
def test_a_layer_of_one_tensor_refuses_several(layer: nn.Layer) -> None:
    x = np.ones((1, 4, 4, 2), "float32")
    symbol = nn.Input(shape=(4, 4, 2))
    wrong = (
        ({"a": x}, "a dict of 1"), ([x], "a list of 1"), ((x, x), "a tuple of 2"), ({"a": 1.0}, "a dict of 1"),
        (None, "None, which is no tensor"), ([symbol, symbol], "a list of 2"), ({"a": symbol}, "a dict of 1"),
    )  # fmt: skip
    for inputs, what in wrong:
        says(lambda: layer(inputs), f"Layer '{layer.name}' takes one tensor, and received {what}")  # noqa: B023
    says(lambda: nn.Sequential([layer])({"a": x}), "takes one tensor, and received a dict of 1")


def test_merging_layers_refuse_what_is_no_list_when_they_are_built_too() -> None:
    x = np.ones((1, 2), "float32")
    for layer in (nn.Add(), nn.Concatenate()):
        layer([x, x])
        for inputs in ({"a": x}, x, []):
            says(lambda: layer(inputs), "should be called on a list of at least 1 input")  # noqa: B023


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
    assert type(layer.kernel.value) is Tensor and (layer.kernel.value.numpy() == 1).all()
    assert layer.weights == layer.trainable_weights == layer.variables and layer.non_trainable_weights == []
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


def test_what_was_never_called_has_no_output() -> None:
    layer = nn.Dense(2, name="q")
    layer(np.ones((1, 2)))
    for name in ("input", "output"):
        with pytest.raises(AttributeError, match="The layer q has never been called on a symbolic value"):
            getattr(layer, name)


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Dense(2, foo=1), r"Unrecognized keyword arguments passed to Dense: \{'foo': 1\}"),
    (lambda: nn.Dense(2)(np.ones(3)), r"expected min_ndim=2, found ndim=1. Full shape received: \(3,\)"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)


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


def test_an_input_may_be_given_by_its_name() -> None:
    attention = nn.MultiHeadAttention(1, 2)
    q, v = ramp(1, 3, 2), ramp(1, 4, 2)
    first = attention(q, v)
    assert (attention(query=q, value=v).numpy() == attention(value=v, query=q, key=v).numpy()).all()
    assert (first.numpy() == attention(query=q, value=v).numpy()).all()
    assert nn.Dense(2)(inputs=nn.Input((3,))).shape == (None, 2)
    with pytest.raises(TypeError, match="layer 'dense.*' was called without its input: `inputs` is missing"):
        nn.Dense(2)()


def test_a_layer_of_ones_own_passes_masks_on_as_keras_says() -> None:
    class Plain(nn.Layer):
        def call(self, x: Any) -> Any:
            return x * 2

    class Passing(Plain):
        def __init__(self) -> None:
            super().__init__()
            self.supports_masking = True

    class Saying(Plain):
        def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
            return ~previous_mask

    class Inner(Plain):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Dropout(0.5)

        def call(self, x: Any) -> Any:
            return self.inner(x)

    class Own(nn.Dense):
        pass

    expected: list[tuple[Any, Any]] = [
        (Plain(), None), (Passing(), [True, False]), (Saying(), [False, True]), (Inner(), [True, False]), (Own(2), [True, False]),
    ]  # fmt: skip
    for layer, mask in expected:
        found = getattr(layer(nn.Embedding(3, 2, mask_zero=True)(np.array([[1, 0]]))), "_keras_mask", None)
        assert (found if found is None else found[0].tolist()) == mask, layer


def test_attention_takes_the_masks_off_its_inputs() -> None:
    x = nn.Embedding(3, 2, mask_zero=True)(np.array([[1, 0]]))
    y = nn.MultiHeadAttention(1, 2)(x, x)
    assert y._keras_mask.tolist() == [[True, False]] and not hasattr(x, "_keras_mask")
    assert not hasattr(nn.Add()([x, y]), "_keras_mask")


def test_a_constructor_keeps_its_arguments_and_takes_those_of_its_bases_by_keyword() -> None:
    dense = nn.Dense(3, "relu", kernel_regularizer="l2", name="mine")
    assert (dense.units, dense.use_bias, dense.name, dense.dtype) == (3, True, "mine", "float32")
    assert dense.activation is nn.activations.relu and dense.kernel_regularizer.l2 == pytest.approx(0.01)
    dropout = nn.SpatialDropout1D(0.5, data_format="channels_first")  # of SpatialDropout2D and 3D
    assert (dropout.rate, dropout.data_format, dropout.noise_shape) == (0.5, "channels_first", None)
    assert nn.LeakyReLU(alpha=0.1).negative_slope == 0.1
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'units'"):
        nn.Dense()  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="Unrecognized keyword arguments passed to Dense: {'unit': 3}"):
        nn.Dense(3, unit=3)


class Wide(nn.Dense):
    """A layer of the package with some arguments fixed."""

    def __init__(self, factor: int, **common: Any) -> None:
        super().__init__(10 * factor, activation="tanh", **common)
        self.factor = factor


def test_a_layer_of_the_package_can_be_inherited_from_with_other_arguments() -> None:
    layer = Wide(2, use_bias=False)
    assert layer(np.ones((1, 3))).shape == (1, 20) and layer.bias is None
    assert layer.get_config()["units"] == 20
