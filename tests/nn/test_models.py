"""Models: Sequential and subclasses, training as Keras trains, the summary, weights in files."""

import copy
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc import optimize
from gradcalc.errors import FileError
from gradcalc.tape import GradientTape, Variable, constant


def ramp(*shape: int) -> Any:
    return np.sin(np.arange(1.0, np.prod(shape) + 1)).reshape(shape).astype("float32")


def wave(shape: tuple[int, ...]) -> Any:
    return np.cos(np.arange(1.0, np.prod(shape) + 1)).reshape(shape).astype("float32")


class Net(nn.Model):
    """A subclass with layers in attributes, a list and a dict, and a variable of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Dense(4, activation="relu")
        self.blocks = [nn.Dense(3), nn.Dense(2)]
        self.heads = {"a": nn.Dense(1)}
        self.scale = Variable(2.0, dtype="float32")

    def call(self, x: Any) -> Any:
        x = self.hidden(x)
        for block in self.blocks:
            x = block(x)
        return self.heads["a"](x) * self.scale


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


@pytest.mark.parametrize(("make", "message"), BAD)
def test_errors_say_what_is_wrong(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


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
    with pytest.raises(AttributeError, match="models have no fit: train in a loop of one's own"):
        Net().fit  # noqa: B018
    assert not hasattr(Net(), "predict") and not hasattr(Net(), "kernels")


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Net, lambda: nn.Sequential([nn.Dense(4), nn.Dense(4), nn.Sequential([nn.Dense(1)])])])
def test_weights_come_back_into_another_model_of_the_same_layers(make: Callable[[], nn.Model], tmp_path: Path) -> None:
    first, second, x = make(), make(), ramp(2, 3)
    first(x), second(x)
    assert (first(x).numpy() != second(x).numpy()).any()
    first.save_weights(tmp_path / "w.npz")
    second.load_weights(str(tmp_path / "w.npz"))
    assert (first(x).numpy() == second(x).numpy()).all()
    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]


def test_arrays_in_a_file_are_named_by_path(tmp_path: Path) -> None:
    net = Net()
    net(ramp(2, 3))
    net.save_weights(tmp_path / "w.npz")
    names = {
        "scale", "hidden/kernel", "hidden/bias", "blocks/0/kernel", "blocks/0/bias", "blocks/1/kernel",
        "blocks/1/bias", "heads/a/kernel", "heads/a/bias",
    }  # fmt: skip
    with np.load(tmp_path / "w.npz", allow_pickle=False) as file:
        assert set(file.files) == names
    model = nn.Sequential([nn.Dense(1), nn.Flatten(), nn.Dense(1, name="other")])
    model(ramp(2, 3))
    assert [name for name, _ in model.paths()] == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]


@pytest.fixture
def model() -> nn.Model:
    return nn.Sequential([nn.Dense(2, input_shape=(3,))])


def refused(model: nn.Model, path: Path, message: str) -> None:
    before = model.get_weights()
    with pytest.raises(FileError, match=message):
        model.load_weights(path)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_pickles_are_refused(model: nn.Model, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    np.savez(path, allow_pickle=True, **{"dense/kernel": np.array([{}], object), "dense/bias": np.zeros(2)})
    refused(model, path, "pickled objects are never loaded")


def test_files_that_do_not_fit_are_refused_and_change_nothing(model: nn.Model, tmp_path: Path) -> None:
    path, kernel, bias = tmp_path / "w.npz", np.zeros((3, 2)), np.zeros(2)
    np.savez(path, **{"dense/kernel": kernel})
    refused(model, path, "it lacks dense/bias\\n")
    np.savez(path, **{"dense/kernel": kernel, "dense/bias": bias, "out/bias": bias})
    refused(model, path, "it has out/bias besides")
    np.savez(path, **{"kernel": kernel, "dense/bias": bias})
    refused(model, path, "it lacks dense/kernel and has kernel besides")
    np.savez(path, **{"dense/kernel": kernel.T, "dense/bias": bias})
    refused(model, path, r"float64 of shape \(2, 3\) for dense/kernel, which is float32 of shape \(3, 2\)")
    np.savez(path, **{"dense/kernel": kernel, "dense/bias": np.array(["a", "b"])})
    refused(model, path, "for dense/bias")
    np.savez(path, **{"dense/kernel": kernel, "dense/bias": bias + 1j})
    refused(model, path, "complex128 of shape")


def test_files_that_are_no_weights_are_refused(model: nn.Model, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    refused(model, path, "cannot read .*No such file")
    path.write_bytes(b"")
    refused(model, path, "no .npz of plain arrays")
    path.write_bytes(b"PK\x03\x04 and nothing more")
    refused(model, path, "no .npz of plain arrays")
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    path.write_bytes(buffer.getvalue())
    refused(model, path, "one array, not an .npz")
    model.save_weights(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused(model, path, "no .npz of plain arrays")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("dense/kernel.npy", b"not an array")
        archive.writestr("dense/bias.npy", b"not an array")
    refused(model, path, "no .npz of plain arrays")
    damaged = bytearray(whole)
    damaged[whole.index(b"NUMPY") + 130] ^= 0xFF
    path.write_bytes(bytes(damaged))
    refused(model, path, "no .npz of plain arrays")


@pytest.mark.parametrize("name", ["m.weights.h5", "m.keras", "m.h5", "m"])
def test_other_endings_are_refused_with_the_one_to_take(model: nn.Model, tmp_path: Path, name: str) -> None:
    for use in (model.save_weights, model.load_weights):
        with pytest.raises(FileError, match=r"kept in .npz files(.|\n)*try: m.npz"):
            use(tmp_path / name)


def test_a_file_that_cannot_be_written_leaves_the_old_one(model: nn.Model, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    path.write_bytes(b"old")
    with pytest.raises(FileError, match="is there already(.|\n)*overwrite=True"):
        model.save_weights(path, overwrite=False)
    assert path.read_bytes() == b"old"
    with pytest.raises(FileError, match="cannot write"):
        model.save_weights(tmp_path / "missing" / "w.npz")
    model.save_weights(path)
    assert [p.name for p in tmp_path.iterdir()] == ["w.npz"]


def test_what_is_not_built_has_no_weights_to_keep(tmp_path: Path) -> None:
    for use in (nn.Sequential([nn.Dense(1)]).save_weights, nn.Sequential([nn.Dense(1)]).load_weights):
        with pytest.raises(ValueError, match="call it on an input, or build it"):
            use(tmp_path / "w.npz")
