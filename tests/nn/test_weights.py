"""Weights in files: they come back, names, what is refused."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.errors import FileError
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
