"""Functional models: Keras's order, names, shapes and numbers; what a symbolic value refuses."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
import gradcalc.tf as tf
from gradcalc.tape import GradientTape, Variable, constant
from tests.nn.support import over, ramp, says, wave


def filled(model: nn.Model) -> nn.Model:
    model.set_weights([wave(w.shape) for w in model.weights])
    return model


def chain() -> nn.Model:
    x = nn.Input(shape=(3,), name="x")
    h = nn.Dense(4, activation="relu", name="h")(x)
    return filled(nn.Model(inputs=x, outputs=nn.Dense(2, name="y")(h), name="chain"))


def branches() -> nn.Model:
    a, b = nn.Input(shape=(3,), name="a"), nn.Input(shape=(2,), name="b")
    d = nn.Dense(4, activation="tanh", name="d")
    joined = nn.Concatenate(name="c")([nn.Dense(2, name="db")(b), d(a)])
    total = nn.Add(name="plus")([joined, joined])
    return filled(nn.Model([a, b], [total * 2.0 + 1, d(a)], name="branches"))


# -- numbers -----------------------------------------------------------------------------------------------------------


def test_a_functional_model_is_the_sequential_of_the_same_layers() -> None:
    model, x = chain(), ramp(5, 3)
    same = nn.Sequential(model.layers[1:])
    with GradientTape(persistent=True) as tape:
        losses = [np.sum(m(x) ** 2) for m in (model, same)]
    for g, h in zip(*(tape.gradient(loss, model.trainable_variables) for loss in losses), strict=True):
        np.testing.assert_array_equal(g.numpy(), h.numpy())
    assert model(x).shape == (5, 2)


def test_two_inputs_two_outputs_and_a_shared_layer_have_keras_values() -> (
    None
):  # by Keras 3.15.0 with TensorFlow 2.21.0
    model = branches()
    with GradientTape() as tape:
        first, second = model([ramp(5, 3), ramp(5, 2)])
        loss = np.sum(first * wave((5, 6))) + np.sum(second * wave((5, 4)))
    np.testing.assert_allclose(loss.numpy(), LOSS, rtol=1e-5)
    found = [float(np.sum(g * wave(g.shape))) for g in tape.gradient(loss, model.trainable_variables)]
    np.testing.assert_allclose(found, GRADIENTS, rtol=1e-5)


LOSS, GRADIENTS = 3.2912493, [1.8094722679211586, 7.988380318944889, -1.8260547639404279, -1.0315875632585998]


def test_layers_and_weights_are_in_keras_order() -> None:  # as Keras 3.15.0 lists them
    model = branches()
    assert [layer.name for layer in model.layers] == ["b", "a", "db", "d", "c", "plus"]
    assert [w.path for w in model.weights] == ["db/kernel", "db/bias", "d/kernel", "d/bias"]
    assert [layer.name for layer in nn.Model(*unused()).layers] == ["used", "spare", "d"]


def unused() -> tuple[Any, Any]:
    used, spare = nn.Input((1,), name="used"), nn.Input((1,), name="spare")
    return [used, spare], nn.Dense(1, name="d")(used)


def test_inputs_and_outputs_may_be_dicts() -> None:
    a, b = nn.Input((2,), name="a"), nn.Input((2,), name="b")
    model = nn.Model({"a": a, "b": b}, {"difference": nn.Subtract()([a, b])})
    one, two = np.ones((1, 2)), np.full((1, 2), 2.0)
    assert model({"b": one, "a": two})["difference"].tolist() == [[1, 1]]
    by_name = nn.Model([a, b], a - b)
    assert by_name({"b": one, "a": two}).tolist() == by_name([two, one]).tolist() == [[1, 1]]
    assert nn.Model([a], a)([one]).tolist() == nn.Model(a, [a])(one)[0].tolist() == [[1, 1]]


def test_a_model_is_a_layer_of_other_models() -> None:
    inner, x = chain(), nn.Input((3,))
    outer = nn.Model(x, inner(x) + nn.Sequential([nn.Dense(2, name="s")])(x))
    assert [type(layer) for layer in outer.layers] == [nn.InputLayer, nn.Model, nn.Sequential]
    assert len(outer.trainable_variables) == 6
    expected = inner(ramp(2, 3)).numpy() + outer.layers[2](ramp(2, 3)).numpy()
    np.testing.assert_array_equal(outer(ramp(2, 3)).numpy(), expected)


class Scaled(nn.Layer):
    """A layer that says nothing of shapes, and takes two inputs."""

    def __init__(self, **common: Any) -> None:
        super().__init__(**common)
        self.scale = self.add_weight((), "ones", name="scale")

    def call(self, x: Any, by: Any = 1.0, training: bool | None = None) -> Any:
        return np.mean(x, axis=1) * by * self.scale * (2.0 if training else 1.0)


def test_layers_that_say_no_shape_are_tried_out() -> None:
    x, rows = nn.Input((None, 3)), nn.Input((3,))
    assert Scaled()(x).shape == (None, 3)
    assert nn.Lambda(lambda t: t[:, :2] * 1)(nn.Input((5, None))).shape == (None, 2, None)
    model = nn.Model([x, rows], Scaled()(x, by=rows))
    assert model.output_shape == (None, 3)
    assert model([np.ones((2, 4, 3)), np.full((2, 3), 3.0)]).tolist() == [[3] * 3] * 2
    assert model([np.ones((2, 4, 3)), np.full((2, 3), 3.0)], training=True).tolist() == [[6] * 3] * 2
    with GradientTape() as tape:
        Scaled()(x)
    assert tape.watched_variables() == ()


class Custom(nn.Model):
    """A subclass made of inputs and outputs."""

    def __init__(self) -> None:
        x = nn.Input((2,))
        super().__init__(inputs=x, outputs=nn.Dense(1)(x))
        self.extra = self.add_weight((), "zeros", name="extra")


def test_a_subclass_may_be_functional() -> None:
    model = Custom()
    assert [w.name for w in model.weights] == ["extra", "kernel", "bias"]
    assert model.name.startswith("custom") and model(np.ones((4, 2))).shape == (4, 1)


def test_inputs_are_cast_and_given_the_axis_of_size_one() -> None:
    x = nn.Input((1,), dtype="float64")
    model = nn.Model(x, nn.Dense(1, dtype="float64", kernel_initializer="ones")(x))
    assert model([1, 2, 3]).tolist() == [[1], [2], [3]]
    assert model(np.array([0.1])).item() == 0.1
    words = nn.Input((2,), dtype="int32")
    table = nn.Model(words, nn.Embedding(5, 3)(words))
    assert table.output_shape == (None, 2, 3) and table(np.array([[0.0, 4.0]])).shape == (1, 2, 3)


# -- parts of models ---------------------------------------------------------------------------------------------------


def test_a_part_of_a_model_is_a_model() -> None:
    model, x = chain(), ramp(2, 3)
    features = nn.Model(model.inputs, model.layers[1].output)
    head = nn.Model(model.get_layer("y").input, model.output)
    np.testing.assert_array_equal(head(features(x)).numpy(), model(x).numpy())
    assert [type(layer).__name__ for layer in head.layers] == ["InputLayer", "Dense"]
    assert features.input_shape == (None, 3) and features.output_shape == (None, 4)


def test_a_sequential_has_inputs_and_outputs_where_shapes_are_known() -> None:
    model = nn.Sequential([nn.Input((3,)), nn.Dense(4)])
    model.add(nn.Dense(2))
    assert model.output_shape == (None, 2) and len(model.layers) == 2
    assert nn.Model(model.inputs, model.layers[0].output)(np.ones((5, 3))).shape == (5, 4)
    model.pop()
    assert model.output_shape == (None, 4)
    late = nn.Sequential([nn.Dense(2)])
    with pytest.raises(AttributeError, match="no defined inputs yet"):
        late.inputs  # noqa: B018
    late(np.ones((5, 3)))
    assert late.output_shape == (5, 2) and nn.Model(late.input, late.output)(np.ones((1, 3))).shape == (1, 2)


def test_a_sequential_begins_with_an_input_or_its_layer() -> None:
    for first in (nn.Input((3,)), nn.InputLayer((3,))):
        assert nn.Sequential([first, nn.Dense(2)]).output_shape == (None, 2)
    with pytest.raises(ValueError, match="Only instances of `Layer`"):
        nn.Sequential([nn.Dense(2)(nn.Input((3,)))])


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("make", [chain, branches, lambda: nn.Sequential([nn.Input((3,)), nn.Dense(2)])])
def test_a_copy_is_a_model_of_its_own(make: Callable[[], nn.Model], twin: Callable[[nn.Model], nn.Model]) -> None:
    model = make()
    other = twin(model)
    other.set_weights([w * 0 for w in other.get_weights()])
    assert all(w.any() for w in model.get_weights()[::2]) and not any(w.any() for w in other.get_weights())
    assert [layer.name for layer in other.layers] == [layer.name for layer in model.layers]
    part = nn.Model(other.inputs, other.layers[-1].output)
    assert {id(w) for w in part.weights} <= {id(w) for w in other.weights}


def test_a_long_chain_of_layers_does_not_recurse() -> None:
    x = y = nn.Input((1,))
    for _ in range(2000):
        y = nn.ReLU()(y) + 1.0
    model = nn.Model(x, y)
    assert copy.deepcopy(model)(np.zeros((1, 1))).item() == model(np.zeros((1, 1))).item() == 2000


def test_weights_come_back_into_another_model_of_the_same_layers(tmp_path: Path) -> None:
    first, x = branches(), [ramp(2, 3), ramp(2, 2)]
    first.save_weights(tmp_path / "w.npz")
    second = branches()
    second.set_weights([w * 0 for w in second.get_weights()])
    second.load_weights(tmp_path / "w.npz")
    np.testing.assert_array_equal(first(x)[0].numpy(), second(x)[0].numpy())
    with np.load(tmp_path / "w.npz") as file:
        assert set(file.files) == {"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"}


def test_a_frozen_model_has_nothing_to_train() -> None:
    x = nn.Input((2,))
    model = nn.Model(x, nn.BatchNormalization()(nn.Dense(3)(x)), trainable=False)
    assert not model.trainable_variables and not model.layers[1].trainable
    model.trainable = True
    assert [w.name for w in model.trainable_variables] == ["kernel", "bias", "gamma", "beta"]


def test_the_summary_is_the_table_of_keras() -> None:  # as Keras 3.15.0 prints it
    lines: list[str] = []
    x = nn.Input((3,), name="x")
    inner = chain()
    nn.Model(x, inner(x), name="outer").summary(print_fn=lines.append)
    assert (
        "\n".join(lines)
        == """\
Model: "outer"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ x (InputLayer)                  │ (None, 3)              │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ chain (Functional)              │ (None, 2)              │            26 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 26 (104.00 B)
 Trainable params: 26 (104.00 B)
 Non-trainable params: 0 (0.00 B)"""
    )


# -- what is refused ---------------------------------------------------------------------------------------------------

REFUSED: list[Callable[[Any], Any]] = [
    np.sin, float, int, bool, len, list, np.asarray, abs, nn.activations.softmax, tf.sin, tf.reduce_sum,
    lambda x: x[0], lambda x: x @ x, lambda x: x < 1, lambda x: np.concatenate([x, x]), lambda x: np.add(x, 1),
]  # fmt: skip


@pytest.mark.parametrize("use", REFUSED)
def test_a_symbolic_value_says_that_it_is_one(use: Callable[[Any], Any]) -> None:
    with pytest.raises(
        TypeError, match=r"name=x> is symbolic: .* write Lambda\(function\)\(x\) or a Layer of your own"
    ):
        use(nn.Input((3,), name="x"))


def test_operators_on_symbolic_values_are_those_on_arrays() -> None:
    x, row = nn.Input((3,), dtype="float64"), np.array([1.0, 2.0, 4.0])
    both = nn.Input((1, 3), dtype="float64")
    for function in (
        lambda x: (row - x) / 2 + row * x,
        lambda x: (2 / x) ** 2 - 2**x,
        lambda x: -x + row**x + x / row,
        lambda x: x * constant(row),
    ):
        np.testing.assert_allclose(nn.Model(x, function(x))(ramp(2, 3)).numpy(), function(ramp(2, 3)), rtol=1e-15)
    assert (x + both).shape == (None, None, 3)
    assert repr(x * 2.0) == "<Symbolic shape=(None, 3), dtype=float64, name=mul>"
    for use in (lambda: x * Variable(2.0), lambda: Variable(2.0) * x):
        with pytest.raises(TypeError):
            use()


def named(*names: str) -> list[nn.Symbolic]:
    return [nn.Input((3,), name=name) for name in names]


BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Model(named("a")), r"needs both: Model\(inputs=x, outputs=y\)"),
    (lambda: nn.Model(3, named("a")), "All `inputs` values must be symbolic.* invalid value 3 of type <class 'int'>"),
    (lambda: nn.Model(named("a"), [np.ones(3)]), "All `outputs` values must be symbolic"),
    (lambda: nn.Model(named("a"), named("b")), "Graph disconnected: the outputs need <Symbolic .*name=b>"),
    (lambda: nn.Model(named("a", "a"), named("a")), "Graph disconnected"),
    (lambda: nn.Model(pair := named("a", "a"), pair[0] + pair[1]), 'The name "a" is used 2 times in the model'),
    (lambda: chain()(np.ones((2, 4))), r"input named 'x'. Expected shape \(None, 3\), .* incompatible shape \(2, 4\)"),
    (lambda: chain()(np.ones(3)), r"incompatible shape \(3,\)"),
    (lambda: branches()([np.ones((2, 3))]), r"Expected: \['a', 'b'\]\nReceived: \['shape \(2, 3\)'\]"),
    (lambda: branches()({"a": np.ones((2, 3))}), r"Expected: \['a', 'b'\]\nReceived: \['a'\]"),
    (lambda: nn.Dense(2)(nn.Input(())), "expected min_ndim=2"),
    (lambda: chain().layers[1](nn.Input((5,))), "expected axis -1 of input shape to have value 3"),
    (lambda: named("a")[0] + nn.Input((2,)), r"incompatible shapes. Received shapes \(None, 3\) and \(None, 2\)"),
]

test_errors_say_what_is_wrong = over(BAD, says)


class EveryOther(nn.Layer):
    """A dropout whose draw is known: while training every other element, doubled."""

    def call(self, x: Any, training: bool | None = None) -> Any:
        return x * np.array([2, 0, 2, 0], "float32") if training else x


def test_fit_tells_a_base_that_was_called_with_training_false_that_it_trains() -> None:
    """Recorded from Keras 3.15 on TensorFlow 2.21: what `fit`, `evaluate` or the caller says now goes before."""
    x = np.array([[0, 1, 2], [1, 3, 1], [2, 0, 1], [4, 1, 3]], "float32") / 4
    y = np.array([[1], [2], [0], [3]], "float32")
    start = nn.Input((3,), dtype="float32")
    dense, norm = nn.Dense(4, dtype="float32"), nn.BatchNormalization(momentum=0.5, dtype="float32")
    base = nn.Model(start, EveryOther(dtype="float32")(norm(dense(start))))
    inputs = nn.Input((3,), dtype="float32")
    top = nn.Dense(1, kernel_initializer="ones", dtype="float32")
    model = nn.Model(inputs, top(base(inputs, training=False)))
    dense.set_weights([np.arange(12).reshape(3, 4) / 10 - 0.5, np.zeros(4)])
    seen = []
    for base.trainable in (False, True):
        model.compile(tf.keras.optimizers.SGD(0.01), "mse")
        losses = model.fit(x, y, epochs=2, batch_size=4, verbose=0, shuffle=False).history["loss"]
        found = [losses, *norm.get_weights(), model.predict(x, verbose=0)]
        seen.append([*found, model(x, training=True).numpy(), model(x).numpy()])  # the first of these moves the means
    frozen = [
        [3.93966, 3.82957], [1] * 4, [0] * 4, [0] * 4, [1] * 4,
        [1.00902, 0.31401, -0.18632, 0.06839], [0.85928, 0.06896, -0.33199, -0.32233], [1.00902, 0.31401, -0.18632, 0.06839],
    ]  # fmt: skip
    thawed = [
        [17.21235, 5.10843], [0.79556, 1, 0.86343, 1], [0.09609, 0, 0.10177, 0],
        [-0.09186, 0, 0.1797, 0.17812], [0.26795, 0.26125, 0.25986, 0.25973],
        [1.50274, 0.58529, -0.2567, 0.65906], [2.13146, 0.01147, -1.69055, 1.30321], [1.71517, 0.46228, -0.69092, 0.5635],
    ]  # fmt: skip
    for found, keras in zip(seen, (frozen, thawed), strict=True):
        for mine, theirs in zip(found, keras, strict=True):
            np.testing.assert_allclose(np.ravel(mine), theirs, atol=2e-5)


def test_a_recorded_training_holds_where_the_caller_says_nothing() -> None:
    """Keras 3.15: `Dropout(0.5)(x, training=True)` drops in `model(x)`, and not in `predict`."""
    start = nn.Input((6,))
    model = nn.Model(start, nn.Dropout(0.5, seed=1)(start, training=True))
    ones = np.ones((2, 6))
    assert not (model(ones).numpy() == 1).all()
    assert (model.predict(ones, verbose=0) == 1).all()
    assert (model(ones, training=False).numpy() == 1).all()


class Counter(nn.Layer):
    """Counts its calls, from 5 on."""

    def build(self, input_shape: Any) -> None:
        self.count = self.add_weight((), "zeros", trainable=False)
        self.count.assign(5.0)

    def call(self, x: Any) -> Any:
        self.count.assign_add(1.0)
        return x


class Holder(nn.Model):
    """A model of one layer."""

    def __init__(self, layer: nn.Layer) -> None:
        super().__init__()
        self.layer = layer

    def call(self, x: Any) -> Any:
        return self.layer(x)


@pytest.mark.parametrize(
    "build",
    [
        lambda layer: nn.Sequential([nn.Input((3,)), layer]),
        lambda layer: nn.Model(start := nn.Input((3,)), layer(start)),
        lambda layer: (model := Holder(layer)).build((None, 3)) or model,
        lambda layer: nn.Sequential([nn.Input((3,)), Holder(layer)]),
    ],
)
def test_building_moves_no_weight(build: Any) -> None:
    layer = Counter()
    model = build(layer)
    assert layer.count.numpy() == 5
    model(np.ones((2, 3)))
    assert layer.count.numpy() == 6
