"""Whole models: as JSON, as clones, in `.keras` files, ours and Keras's; what is refused."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
import gradcalc.tf as tf
from gradcalc import optimize
from gradcalc.errors import FileError
from tests.nn.support import ramp

KERAS = Path(__file__).parent / "functional.keras"
"""Written by Keras 3.15.1 with TensorFlow 2.21.0: two inputs, two outputs, a shared layer, operators, one step done."""


def sequential() -> nn.Sequential:
    layers = [nn.Dense(4, "relu", kernel_regularizer="l2"), nn.Dropout(0.5), nn.BatchNormalization(), nn.Dense(2)]
    return nn.Sequential([nn.Input((3,)), *layers])


def functional() -> nn.Model:
    a, b = nn.Input((3,), name="a"), nn.Input((2,), name="b")
    shared = nn.Dense(2)
    h, g = shared(a), nn.Concatenate()([shared(a), b])
    return nn.Model({"a": a, "b": b}, {"sum": 2 - h * 3 + h**2, "all": -g / 2})


def recurrent() -> nn.Sequential:
    model = nn.Sequential([nn.Bidirectional(nn.LSTM(2, return_sequences=True)), nn.GRU(3, dropout=0.25, seed=1)])
    model(ramp(2, 4, 3))
    return model


MODELS: list[tuple[Callable[[], nn.Model], Any]] = [
    (sequential, ramp(5, 3)), (functional, {"a": ramp(5, 3), "b": ramp(5, 2)}), (recurrent, ramp(2, 4, 3)),
]  # fmt: skip


def same(x: Any, y: Any) -> bool:
    return all((a.numpy() == b.numpy()).all() for a, b in zip(tf.nest.flatten(x), tf.nest.flatten(y), strict=True))


@pytest.mark.parametrize(("make", "x"), MODELS)
def test_a_model_comes_back_from_json_from_a_clone_and_from_a_file(
    make: Callable[[], nn.Model], x: Any, tmp_path: Path
) -> None:
    model = make()
    model.compile(optimize.Adam(optimize.CosineDecay(0.1, 10)), nn.Huber(delta=2.0), metrics=["mae"])
    model.save(tmp_path / "m.keras")
    loaded = nn.load_model(tmp_path / "m.keras")
    assert same(loaded(x), model(x)) and loaded.optimizer.learning_rate == 0.1
    for twin in (nn.model_from_json(model.to_json()), nn.clone_model(model)):
        assert twin.get_config() == model.get_config()
        assert not same(twin(x), model(x))
        twin.set_weights(model.get_weights())
        assert same(twin(x), model(x))
    assert json.loads(loaded.to_json()) == json.loads(model.to_json())


def test_training_goes_on_where_it_was_saved(tmp_path: Path) -> None:
    nn.set_seed(0)
    model, x, y = nn.Sequential([nn.Dense(3, "tanh"), nn.Dense(1)]), ramp(8, 2), ramp(8, 1)
    model.compile("adam", "mse")
    model.fit(x, y, epochs=2, verbose=0, shuffle=False)
    model.save(tmp_path / "m.keras")
    loaded = nn.load_model(tmp_path / "m.keras")
    histories = [each.fit(x, y, epochs=2, verbose=0, shuffle=False).history for each in (model, loaded)]
    assert histories[0] == histories[1] and int(loaded.optimizer.iterations) == 4
    assert nn.load_model(tmp_path / "m.keras", compile=False).compiled is False


def test_a_file_of_keras_gives_keras_s_numbers() -> None:
    model = nn.load_model(KERAS)
    x = [np.ones((1, 3), "float32"), np.ones((1, 2), "float32")]
    for y, expected in zip(model(x), EXPECTED, strict=True):
        np.testing.assert_allclose(y.numpy(), expected, rtol=2e-6)
    assert int(model.optimizer.iterations) == 1 and model.optimizer.momentum == 0.9
    assert [type(layer).__name__ for layer in model.layers] == [
        "InputLayer",
        "Dense",
        "InputLayer",
        "Concatenate",
        "Dense",
    ]
    assert isinstance(model.loss, nn.Huber) and model.loss.delta == 1.0


EXPECTED = [
    [[1.7858967781, 0.0261805058, 0.2681083679, 1.8322528601]], [[0.2378617376, 0.1537795961, 0.0735404715, 0.2610073090]]
]  # fmt: skip


class Scale(nn.Layer):
    """One of one's own, without a config of its own."""

    def __init__(self, factor: float, **common: Any) -> None:
        super().__init__(**common)
        self.by = factor

    def call(self, inputs: Any) -> Any:
        return inputs * self.by


class Net(nn.Model):
    """A model of one's own."""

    def __init__(self, units: int, **common: Any) -> None:
        super().__init__(**common)
        self.dense = nn.Dense(units)

    def call(self, x: Any) -> Any:
        return self.dense(x)


def doubled(x: Any) -> Any:
    return 2 * x


def test_classes_and_functions_of_one_s_own_are_given_or_registered(tmp_path: Path) -> None:
    model = nn.Sequential([nn.Input((3,)), Scale(2.5), nn.Dense(2, activation=doubled)])
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match=r"Could not locate class 'Scale'.*custom_objects=\{'Scale': Scale\}"):
        nn.load_model(tmp_path / "m.keras")
    given = {"Scale": Scale, "doubled": doubled}
    assert same(nn.load_model(tmp_path / "m.keras", given)(ramp(2, 3)), model(ramp(2, 3)))
    with tf.keras.utils.custom_object_scope(given):
        assert same(nn.load_model(tmp_path / "m.keras")(ramp(2, 3)), model(ramp(2, 3)))
    kind = tf.keras.utils.register_keras_serializable("mine")(type("Registered", (Scale,), {"__module__": "mine"}))
    config = nn.serialize(kind(3.0))
    assert config["registered_name"] == "mine>Registered" and nn.deserialize(config).by == 3.0
    net = Net(2)
    net(ramp(2, 3))
    net.save(tmp_path / "n.keras")
    assert same(nn.load_model(tmp_path / "n.keras", {"Net": Net})(ramp(2, 3)), net(ramp(2, 3)))


def written(path: Path, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("_json", ".json").replace("_h5", ".weights.h5"), text)
    return path


def test_what_is_no_whole_model_is_refused_by_name(tmp_path: Path) -> None:
    model = sequential()
    with pytest.raises(FileError, match="kept in .keras files, not in 'm.h5'"):
        model.save(tmp_path / "m.h5")
    with pytest.raises(FileError, match=r"cannot read .*none.keras: No such file"):
        nn.load_model(tmp_path / "none.keras")
    (tmp_path / "text.keras").write_text("{}")
    parts = {"metadata_json": "{}", "config_json": "{", "model_h5": ""}
    for path in (tmp_path / "text.keras", written(tmp_path / "a.keras"), written(tmp_path / "b.keras", **parts)):
        with pytest.raises(FileError, match="is no .keras file, or a damaged one"):
            nn.load_model(path)
    config = model.to_json()
    with pytest.raises(FileError, match="is no HDF5 file of weights"):
        nn.load_model(written(tmp_path / "c.keras", **parts | {"config_json": config}))
    model.save(tmp_path / "m.keras")
    with pytest.raises(FileError, match="is there already"):
        model.save(tmp_path / "m.keras", overwrite=False)
    with pytest.raises(ValueError, match="a lambda has no name to be found by"):
        nn.Sequential([nn.Dense(1, activation=lambda x: x)]).to_json()
    with pytest.raises(ValueError, match="Could not locate class 'Dens'.* Did you mean Dense?"):
        nn.deserialize({"class_name": "Dens", "config": {"units": 1}})
    with pytest.raises(ValueError, match="code is never run from a file"):
        nn.deserialize({"class_name": "__lambda__", "config": {"code": "4wEA"}})
    with pytest.raises(ValueError, match=r"Unrecognized keyword arguments passed to Dense: \{'bad': 1\}"):
        nn.Dense.from_config({"units": 3, "bad": 1})
    with pytest.raises(NotImplementedError, match="must override `get_config"):
        Scale(object()).get_config()  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="got a subclassed model"):
        nn.clone_model(Net(2))
