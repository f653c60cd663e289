"""Models: Sequential and subclasses, training as Keras trains, the summary, weights in files."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc import optimize
from gradcalc.tape import GradientTape, constant
from tests.nn.support import Net, over, says, wave
from tests.nn.support import ramp as ramp64


def ramp(*shape: int) -> Any:
    return ramp64(*shape).astype("float32")


def steps(model: nn.Model, loss: nn.Loss, optimizer: optimize.Optimizer, x: Any, y: Any, count: int) -> list[float]:
    losses = []
    for _ in range(count):
        with GradientTape() as tape:
            value = loss(y, model(x))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
        losses.append(float(value))
    return losses


def test_a_sequential_trains_as_keras_trains_it() -> None:  # numbers by Keras 3.15.0 with TensorFlow 2.21.0
    model = nn.Sequential([nn.Dense(3, input_shape=(4,)), nn.Dense(1, activation="sigmoid")])
    model.set_weights([wave(w.shape) for w in model.weights])
    losses = steps(model, nn.BinaryCrossentropy(), optimize.Adam(), ramp(3, 4), [[1], [0], [1]], 3)
    np.testing.assert_allclose(losses, [0.3873238265514374, 0.38532754778862, 0.38333579897880554], rtol=1e-6)
    sums = [np.sum(w) for w in model.get_weights()]
    expected = [-0.5691678524017334, -0.8628377914428711, -0.8628438711166382, 0.5373026728630066]
    np.testing.assert_allclose(sums, expected, rtol=1e-5)


def test_a_convolutional_net_trains_as_keras_trains_it() -> None:  # numbers by Keras 3.15.0 with TensorFlow 2.21.0
    model = nn.Sequential()
    model.add(nn.Input(shape=(6, 6, 1)))
    model.add(nn.Conv2D(2, 3, activation="relu", padding="same"))
    model.add(nn.MaxPooling2D())
    model.add(nn.Flatten())
    model.add(nn.Dense(3))
    model.set_weights([wave(w.shape) for w in model.weights])
    loss, optimizer = nn.SparseCategoricalCrossentropy(from_logits=True), optimize.SGD(0.01, momentum=0.9)
    losses = steps(model, loss, optimizer, ramp(5, 6, 6, 1), [0, 2, 1, 1, 0], 5)
    expected = [3.3222527503967285, 2.9157509803771973, 2.190526247024536, 1.3399460315704346, 0.7954362034797668]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_a_classifier_learns() -> None:
    nn.set_seed(0)
    generator = np.random.default_rng(0)
    x = constant(generator.standard_normal((200, 5)).astype("float32"))
    y = (x.numpy() @ generator.standard_normal((5, 3))).argmax(axis=1)
    model = nn.Sequential([nn.Dense(32, activation="relu"), nn.Dense(3)])
    losses = steps(model, nn.SparseCategoricalCrossentropy(from_logits=True), optimize.Adam(0.01), x, y, 100)
    assert losses[0] > 0.8 and losses[-1] < 0.2


def test_a_subclass_finds_its_weights_and_layers() -> None:
    net = Net()
    assert [v.shape for v in net.variables] == [()] and not net.built
    assert net(np.ones((5, 3))).shape == (5, 1) and net.built
    assert [v.shape for v in net.trainable_variables] == [(), (3, 4), (4,), (4, 3), (3,), (3, 2), (2,), (2, 1), (1,)]
    assert net.layers == [net.hidden, *net.blocks, net.heads["a"]]
    assert net.count_params() == 1 + 16 + 15 + 8 + 3
    net.blocks.append(nn.Dense(2))
    net(np.ones((5, 3)))
    assert len(net.trainable_variables) == 11


def test_every_weight_of_a_subclass_has_a_gradient() -> None:
    net = Net()
    with GradientTape() as tape:
        y = net(np.ones((5, 3), "float32"))
    gradients = tape.gradient(y, net.trainable_variables)
    assert [g.shape for g in gradients] == [v.shape for v in net.trainable_variables]


def test_weights_know_their_path() -> None:
    inner = nn.Sequential([nn.Dense(2, name="d")], name="inner")
    model = nn.Sequential([inner, nn.Dense(1, name="e")], name="outer")
    model(np.ones((1, 3)))
    assert [v.path for v in model.variables] == [
        "outer/inner/d/kernel", "outer/inner/d/bias", "outer/e/kernel", "outer/e/bias",
    ]  # fmt: skip


def test_a_shared_layer_is_counted_once() -> None:
    class Twice(nn.Model):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Dense(3)
            self.b = self.a

        def call(self, x: Any) -> Any:
            return self.b(self.a(x))

    model = Twice()
    model(np.ones((2, 3)))
    assert len(model.variables) == 2 and model.layers == [model.a]


def test_a_model_takes_several_inputs() -> None:
    class Join(nn.Model):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.out(np.concatenate([inputs["a"], inputs["b"]], axis=-1))

    model = Join()
    assert model({"a": np.ones((2, 3)), "b": constant(np.ones((2, 1)))}).shape == (2, 1)
    assert model.out.kernel.shape == (4, 1)


def test_training_reaches_the_inner_layers() -> None:
    class Dropping(nn.Model):
        def __init__(self) -> None:
            super().__init__()
            self.drop = nn.Sequential([nn.Dropout(0.5, seed=0)])

        def call(self, x: Any, training: bool | None = None) -> Any:
            return self.drop(x)

    x = np.ones((50, 50), "float32")
    model = Dropping()
    assert (model(x, training=True).numpy() == 0).any()
    assert (model(x).numpy() == 1).all() and (model(x, training=False).numpy() == 1).all()
    assert (nn.Sequential([nn.Dropout(0.5)])(x, training=True).numpy() == 0).any()


def test_an_error_in_a_call_leaves_nothing_behind() -> None:
    model = nn.Sequential([nn.Dropout(0.5), nn.Reshape((7,))])
    with pytest.raises(ValueError, match="cannot be reshaped"):
        model(np.ones((2, 3)), training=True)
    layer = nn.Dense(1, name="after")
    layer.build((None, 1))
    assert layer.kernel.path == "after/kernel"
    assert (nn.Dropout(0.5)(np.ones(100)).numpy() == 1).all()


def test_a_sequential_is_built_where_shapes_are_known() -> None:
    model = nn.Sequential([nn.Dense(2)])
    assert not model.built and model.weights == []
    model.build((None, 3))
    assert model.built and model.compute_output_shape((None, 3)) == (None, 2)
    model.add(nn.Dense(5))
    assert not model.built and model(np.ones((1, 3))).shape == (1, 5)
    known = nn.Sequential([nn.Dense(2, input_dim=3), nn.Dense(1)])
    assert len(known.weights) == 4 and known.built
    assert known.pop().units == 1 and len(known) == 1 and known[0].units == 2


def test_a_subclass_can_be_built_by_a_shape() -> None:
    net = Net()
    net.build((None, 3))
    assert net.built and net.hidden.kernel.shape == (3, 4)
    assert net.compute_output_shape((None, 3)) == (None, 1)


def test_layers_are_found_by_name_and_index() -> None:
    model = nn.Sequential([nn.Flatten(name="flat"), nn.Dense(2, name="out")])
    assert model.get_layer("out") is model.get_layer(index=1) is model.layers[1]
    with pytest.raises(ValueError, match=r"No such layer: foo. Existing layers are: \['flat', 'out'\]"):
        model.get_layer("foo")
    with pytest.raises(ValueError, match="index 2 but model has 2 layers"):
        model.get_layer(index=2)
    with pytest.raises(ValueError, match="either a layer name or a layer index"):
        model.get_layer()


BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Sequential([3]), r"Only instances of `Layer` .* Received: 3 \(of type <class 'int'>\)"),  # type: ignore[list-item]
    (lambda: nn.Sequential([])(np.ones(3)), "has no layers. Call `model.add"),
    (lambda: nn.Sequential([nn.Dense(1, name="a"), nn.Dense(1, name="a")]), "unique names. Name 'a'"),
    (lambda: nn.Sequential([nn.Dense(1), nn.Input(shape=(2,))]), "an Input comes first"),
    (lambda: nn.Sequential([nn.Dense(2)]).count_params(), "isn't built"),
]

test_errors_say_what_is_wrong = over(BAD, says)


def test_a_frozen_layer_keeps_its_weights() -> None:
    model = nn.Sequential([nn.Dense(3), nn.Dense(1)])
    model(np.ones((1, 2)))
    model.layers[0].trainable = False
    assert len(model.trainable_variables) == 2 and len(model.non_trainable_variables) == 2
    before = model.layers[0].get_weights()[0]
    steps(model, nn.MeanSquaredError(), optimize.SGD(), np.ones((1, 2)), [[5.0]], 1)
    assert (model.layers[0].get_weights()[0] == before).all()


def test_a_copy_has_weights_of_its_own() -> None:
    model = nn.Sequential([nn.Dense(1, input_shape=(2,))])
    twin = copy.deepcopy(model)
    twin.set_weights([np.zeros((2, 1)), np.zeros(1)])
    assert (model.get_weights()[0] != 0).any()
    assert [w.path for w in twin.weights] == [w.path for w in model.weights]


def test_the_summary_is_the_table_of_keras() -> None:  # as Keras 3.15.0 prints it
    layers = [
        nn.Conv2D(4, 3, name="conv2d"),
        nn.MaxPooling2D(name="pool"),
        nn.Flatten(name="flat"),
        nn.Dense(10, name="out"),
    ]
    lines: list[str] = []
    nn.Sequential([nn.Input(shape=(8, 8, 1)), *layers], name="net").summary(print_fn=lines.append)
    assert (
        "\n".join(lines)
        == """\
Model: "net"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ conv2d (Conv2D)                 │ (None, 6, 6, 4)        │            40 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ pool (MaxPooling2D)             │ (None, 3, 3, 4)        │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ flat (Flatten)                  │ (None, 36)             │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ out (Dense)                     │ (None, 10)             │           370 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 410 (1.60 KB)
 Trainable params: 410 (1.60 KB)
 Non-trainable params: 0 (0.00 B)"""
    )


def test_the_summary_of_what_is_not_built_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    model = nn.Sequential([nn.Dense(3, name="a")], name="s")
    model.summary()
    assert "│ a (Dense)                       │ ?                      │   0 (unbuilt) │" in capsys.readouterr().out
    model(np.ones((3, 4)))
    model.summary()
    assert "│ a (Dense)                       │ (3, 3)                 │            15 │" in capsys.readouterr().out
    net = Net()
    net(np.ones((2, 3)))
    net.summary()
    assert " Total params: 43 (172.00 B)" in capsys.readouterr().out


def test_what_is_not_there_says_what_to_write() -> None:
    with pytest.raises(AttributeError, match=r"models have no export: keep them whole, model.save\('m.keras'\)"):
        Net().export  # noqa: B018
    assert not hasattr(Net(), "kernels")


def test_a_line_takes_rows_without_an_axis() -> None:
    model = nn.Sequential([nn.Dense(2, input_shape=(1,))])
    x = ramp(4).astype("float32")
    assert (model(x).numpy() == model(x[:, None]).numpy()).all() and model.predict(x, verbose=0).shape == (4, 2)


def test_a_sequence_begins_with_a_layer_of_structures() -> None:
    class Double(nn.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs["a"] * 2

    x = constant([[1.0, 2.0]], "float32")
    assert nn.Sequential([Double(), nn.Flatten()])({"a": x}).numpy().tolist() == [[2, 4]]
    assert nn.Sequential([nn.Add()])([x, x]).numpy().tolist() == [[2, 4]]


def test_a_sequence_that_begins_with_a_built_model_is_built() -> None:
    inner = nn.Sequential([nn.Dense(2)])
    inner.build((None, 3))
    x = nn.Input((3,))
    for first in (inner, nn.Model(x, nn.Dense(2)(x))):
        outer = nn.Sequential([first, nn.Dense(1)])
        assert outer.built and outer.input_shape == (None, 3) and len(outer.weights) == 4
    assert not nn.Sequential([nn.Dense(2), nn.Dense(1)]).built
    late = nn.Sequential([nn.Input((3,))])
    late.add(nn.Dense(2), rebuild=False)
    assert not late.built
