"""Weights in files: they come back, names, what is refused."""

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.errors import FileError, MissingExtra
from tests.nn.support import Net, ramp


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


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m"])
def test_other_endings_are_refused_with_the_one_to_take(model: nn.Model, tmp_path: Path, name: str) -> None:
    for use in (model.save_weights, model.load_weights):
        with pytest.raises(FileError, match=r"kept in .weights.h5 and .npz files(.|\n)*try: m.weights.h5"):
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
    if Path("/dev/full").exists():
        (tmp_path / "full.npz").symlink_to("/dev/full")
        with pytest.raises(FileError, match="cannot write .*No space left"):
            model.save_weights(tmp_path / "full.npz")


def test_what_is_not_built_has_no_weights_to_keep(tmp_path: Path) -> None:
    for use in (nn.Sequential([nn.Dense(1)]).save_weights, nn.Sequential([nn.Dense(1)]).load_weights):
        with pytest.raises(ValueError, match="call it on an input, or build it"):
            use(tmp_path / "w.npz")


# -- Keras's HDF5; that Keras's own files are read is tested by tests/tf ------------------------------------------------


@pytest.fixture
def h5py() -> Any:
    return pytest.importorskip("h5py")


@pytest.mark.parametrize(
    "make", [Net, lambda: nn.Sequential([nn.Dense(4), nn.BatchNormalization(), nn.Sequential([nn.Dense(1)])])]
)
def test_weights_come_back_from_keras_files(make: Callable[[], nn.Model], tmp_path: Path, h5py: Any) -> None:
    first, second, x = make(), make(), ramp(2, 3)
    first(x), second(x)
    first.save_weights(tmp_path / "w.weights.h5")
    second.load_weights(str(tmp_path / "w.weights.h5"))
    assert (first(x).numpy() == second(x).numpy()).all()
    with h5py.File(tmp_path / "w.weights.h5") as file:
        folders = {"vars", "hidden", "blocks", "heads"} if make is Net else {"layers"}
        assert set(file) == folders
    assert [path.name for path in tmp_path.iterdir()] == ["w.weights.h5"]


def test_recurrent_layers_and_attention_have_the_names_of_keras(tmp_path: Path, h5py: Any) -> None:
    """The names in files of Keras 3.15, which reads such a file, and whose file such a model reads."""
    x = nn.Input(shape=(5, 4))
    y = nn.MultiHeadAttention(2, 3, use_gate=True)(nn.Bidirectional(nn.LSTM(2, return_sequences=True))(x), x)
    model = nn.Model(x, nn.GRU(2)(y))
    model.save_weights(tmp_path / "w.weights.h5")
    names: set[str] = set()
    with h5py.File(tmp_path / "w.weights.h5") as file:
        file.visititems(lambda name, item: names.add(name) if isinstance(item, h5py.Dataset) else None)
    cells = ("bidirectional/forward_layer/cell", "bidirectional/backward_layer/cell", "gru/cell")
    products = (f"multi_head_attention/{name}_dense" for name in ("query", "key", "_gate", "value", "output"))
    expected = {f"layers/{cell}/vars/{i}" for cell in cells for i in range(3)}
    assert names == expected | {f"layers/{product}/vars/{i}" for product in products for i in range(2)}


def test_keras_files_that_do_not_fit_are_refused_and_change_nothing(model: nn.Model, tmp_path: Path, h5py: Any) -> None:
    path, kernel, bias = tmp_path / "w.weights.h5", np.zeros((3, 2)), np.zeros(2)

    def refuse(message: str, **arrays: Any) -> None:
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[f"layers/dense/vars/{name[1:]}"] = array
            file["optimizer/vars/2"], file["optimizer/vars/0"] = kernel, 3
        refused(model, path, message)

    refuse("it lacks layers/dense/vars/1\n", _0=kernel)
    refuse("it has layers/dense/vars/2 besides", _0=kernel, _1=bias, _2=bias)
    refuse(
        r"float64 of shape \(2, 3\) for layers/dense/vars/0, which is float32 of shape \(3, 2\)", _0=kernel.T, _1=bias
    )
    refuse("complex128 of shape", _0=kernel, _1=bias * 1j)
    with h5py.File(path, "a") as file:  # a link to another file is not followed
        del file["layers/dense/vars/1"]
        file["layers/dense/vars/1"] = h5py.ExternalLink("other.h5", "x")
    refused(model, path, "it lacks layers/dense/vars/1")
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = ["dense"]
    refused(model, path, "is a file of Keras 2")


def test_files_that_are_no_hdf5_are_refused(model: nn.Model, tmp_path: Path, h5py: Any) -> None:
    path = tmp_path / "w.weights.h5"
    refused(model, path, "cannot read .*No such file")
    model.save_weights(path)
    whole = path.read_bytes()
    for damaged in (
        b"",
        b"PK and nothing more",
        whole[: len(whole) // 2],
        whole[:-9],
        whole[:200] + b"\xff" * 600 + whole[800:],
    ):
        path.write_bytes(damaged)
        refused(model, path, "is no HDF5 file of weights, or a damaged one|of another model|cannot read")
    path.unlink()
    path.mkdir()
    refused(model, path, "cannot read .*directory")
    for place in (tmp_path / "missing" / "w.weights.h5", path):
        with pytest.raises(FileError, match="cannot write"):
            model.save_weights(place)
    if Path("/dev/full").exists():
        (tmp_path / "full.weights.h5").symlink_to("/dev/full")
        with pytest.raises(FileError, match="cannot write .*No space left"):
            model.save_weights(tmp_path / "full.weights.h5")
    assert not [name for name in tmp_path.iterdir() if name.name.startswith(".gradcalc")]


def test_without_h5py_the_command_that_installs_it_is_told(
    model: nn.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtra, match=r"a .weights.h5 file needs h5py(.|\n)*gradcalc\[h5\]"):
        model.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(MissingExtra, match="h5py"):
        model.load_weights(tmp_path / "w.weights.h5")
