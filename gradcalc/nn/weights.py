"""The weights of a model in a file: `.npz`, one array for each weight, named by its path. Imports layer and NumPy.

Nothing in such a file is run: arrays of objects (pickles) are refused. A file is written beside its place and then put
there, so that no half-written one is ever found.
"""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from gradcalc.errors import FileError
from gradcalc.files import complete_file
from gradcalc.nn.layer import Layer

__all__ = ["load_weights", "save_weights"]


def save_weights(model: Layer, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights of a built layer or model.

    Raises:
        FileError: the name does not end in `.npz`, the file is there and `overwrite` is false, or it cannot be written.
        ValueError: the model has no weights yet.
    """
    path = _npz(filepath)
    if not overwrite and path.exists():
        raise FileError(f"{path} is there already", hint="overwrite=True")
    arrays = {name: variable.array for name, variable in model.paths()}
    if not model.built or not arrays:
        raise ValueError(f"'{model.name}' has no weights to save yet: call it on an input, or build it")
    with complete_file(path) as name:
        np.savez(name, allow_pickle=False, **arrays)


def load_weights(model: Layer, filepath: Any) -> None:
    """Read the weights of a built layer or model from a file that `save_weights` wrote; all fit or none is changed.

    Raises:
        FileError: there is no such file, it is no `.npz` of plain arrays, or its names and shapes are not the model's.
        ValueError: the model has no weights yet.
    """
    path = _npz(filepath)
    places = dict(model.paths())
    if not model.built or not places:
        raise ValueError(f"'{model.name}' has no weights to load into yet: call it on an input, or build it")
    arrays = _read(path, set(places))
    for name, variable in places.items():
        array = arrays[name]
        if array.shape != variable.shape or array.dtype.kind not in "fiub":
            raise FileError(
                f"{path} has {array.dtype} of shape {array.shape} for {name}, which is {variable.dtype} of shape "
                f"{variable.shape}"
            )
    for name, variable in places.items():
        variable.assign(arrays[name])


def _read(path: Path, names: set[str]) -> dict[str, Any]:
    """The arrays of a file, which must have these names."""
    try:
        with open(path, "rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise FileError(f"{path} is one array, not an .npz of weights")
            _same_names(path, names, set(archive.files))
            arrays = {name: archive[name] for name in archive.files}
            if not all(isinstance(array, np.ndarray) for array in arrays.values()):
                raise ValueError("it holds what is no array")
            return arrays
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, EOFError, MemoryError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise FileError(
            f"{path} is no .npz of plain arrays ({error}): pickled objects are never loaded",
            hint="a file that save_weights wrote",
        ) from error


def _same_names(path: Path, wanted: set[str], found: set[str]) -> None:
    missing, extra = ", ".join(sorted(wanted - found)), ", ".join(sorted(found - wanted))
    if missing or extra:
        lacks = " and ".join([f"lacks {missing}"] * bool(missing) + [f"has {extra} besides"] * bool(extra))
        raise FileError(f"{path} is of another model: it {lacks}", hint="a model of the same layers in the same order")


def _npz(filepath: Any) -> Path:
    """The path, which must end in `.npz`."""
    path = Path(filepath)
    if path.suffix != ".npz":
        raise FileError(
            f"weights are kept in .npz files, not in {path.name!r}",
            hint=f"{path.name.removesuffix('.h5').removesuffix('.weights').removesuffix('.keras')}.npz",
        )
    return path
