"""The weights of a model in a file: `.weights.h5`, as Keras 3 has it, or `.npz`. Imports layer and NumPy.

An `.npz` has an array for each weight, named by its path; a `.weights.h5` those names that Keras's walk over a model
gives, so that either reads what the other wrote. Nothing in such a file is run: arrays of objects (pickles) are
refused, and links to other files not followed. A file is written beside its place and then put there, so that no
half-written one is ever found.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcalc.errors import FileError, library
from gradcalc.files import complete_file
from gradcalc.graph.names import snake_case
from gradcalc.nn.layer import Layer
from gradcalc.tape.tensor import Variable

__all__ = ["load_weights", "save_weights"]


def save_weights(model: Layer, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights of a built layer or model.

    Raises:
        FileError: the name ends in neither `.weights.h5` nor `.npz`, the file is there and `overwrite` is false, or it
            cannot be written.
        MissingExtra: h5py, which `.weights.h5` needs, is not installed.
        ValueError: the model has no weights yet.
    """
    path = Path(filepath)
    arrays = {name: variable.array for name, variable in _places(model, path, "save").items()}
    if not overwrite and path.exists():
        raise FileError(f"{path} is there already", hint="overwrite=True")
    written = npz_of(arrays) if path.suffix == ".npz" else h5_of(arrays)
    with complete_file(path) as name:
        name.write_bytes(written)


def load_weights(model: Layer, filepath: Any) -> None:
    """Read the weights of a built layer or model from a file of `save_weights` or of Keras; all fit or none is changed.

    Raises:
        FileError: there is no such file, it is not one of plain arrays, or its names and shapes are not the model's.
        MissingExtra: h5py, which `.weights.h5` needs, is not installed.
        ValueError: the model has no weights yet.
    """
    path = Path(filepath)
    places = _places(model, path, "load into")
    arrays = (read_npz if path.suffix == ".npz" else read_h5)(path, places)
    for name, variable in places.items():
        variable.assign(arrays[name])


def _places(model: Layer, path: Path, use: str) -> Mapping[str, Variable]:
    """The weights by their names in a file of this kind."""
    if path.suffix != ".npz" and not path.name.endswith(".weights.h5"):
        stem = path.name.removesuffix(".h5").removesuffix(".weights").removesuffix(".keras")
        raise FileError(
            f"weights are kept in .weights.h5 and .npz files, not in {path.name!r}", hint=f"{stem}.weights.h5"
        )
    places = dict(model.paths()) if path.suffix == ".npz" else h5_places(model)
    if not model.built or not places:
        raise ValueError(f"'{model.name}' has no weights to {use} yet: call it on an input, or build it")
    return places


def _same_names(path: Path, wanted: set[str], found: set[str]) -> None:
    missing, extra = ", ".join(sorted(wanted - found)), ", ".join(sorted(found - wanted))
    if missing or extra:
        lacks = " and ".join([f"lacks {missing}"] * bool(missing) + [f"has {extra} besides"] * bool(extra))
        raise FileError(f"{path} is of another model: it {lacks}", hint="a model of the same layers in the same order")


def _same_shapes(path: Path, places: Mapping[str, Variable], found: Mapping[str, Any]) -> None:
    """Refuse what has another shape, or is of no numbers."""
    for name, variable in places.items():
        array = found[name]
        if array.shape != variable.shape or array.dtype.kind not in "fiub":
            raise FileError(
                f"{path} has {array.dtype} of shape {array.shape} for {name}, which is {variable.dtype} of shape "
                f"{variable.shape}"
            )


# -- npz ---------------------------------------------------------------------------------------------------------------


def npz_of(arrays: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def read_npz(path: Path, places: Mapping[str, Variable]) -> Mapping[str, Any]:
    """The arrays of a file, which must have these names and shapes."""
    try:
        with open(path, "rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise FileError(f"{path} is one array, not an .npz of weights")
            _same_names(path, set(places), set(archive.files))
            arrays = {name: archive[name] for name in archive.files}
            if not all(isinstance(array, np.ndarray) for array in arrays.values()):
                raise ValueError("it holds what is no array")
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, EOFError, MemoryError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise FileError(
            f"{path} is no .npz of plain arrays ({error}): pickled objects are never loaded",
            hint="a file that save_weights wrote",
        ) from error
    _same_shapes(path, places, arrays)
    return arrays


# -- Keras's HDF5 ------------------------------------------------------------------------------------------------------


def h5_places(model: Layer) -> dict[str, Variable]:
    """The weights by the names of Keras's walk over a model."""
    return dict(_h5_places(model, "", set()))


def _h5_places(layer: Layer, folder: str, seen: set[int]) -> Iterator[tuple[str, Variable]]:
    """Each weight with the name that Keras 3 gives it: its number in its layer, in the folder of that."""
    seen.add(id(layer))
    for i, variable in enumerate(child for _, child in layer._own_weights() if id(child) not in seen):
        seen.add(id(variable))
        yield f"{folder}vars/{i}", variable
    for name, value in layer._saved_attributes():
        yield from _h5_within(value, f"{folder}{name}/", seen)


def _h5_within(value: Any, folder: str, seen: set[int]) -> Iterator[tuple[str, Variable]]:
    """The weights in an attribute: of a layer, or of a list, tuple or dict of such, numbered by their classes."""
    if isinstance(value, Layer):
        if id(value) not in seen:
            yield from _h5_places(value, folder, seen)
        return
    counts: dict[str, int] = {}
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        if isinstance(item, Layer | list | tuple | dict):
            kind = snake_case(item._class_name()) if isinstance(item, Layer) else "container"
            number = counts[kind] = counts.get(kind, -1) + 1
            yield from _h5_within(item, f"{folder}{kind}_{number}/" if number else f"{folder}{kind}/", seen)


def h5_of(arrays: Mapping[str, Any]) -> bytes:
    """A file in memory: writing that to a full disk fails at a place that is known."""
    file = io.BytesIO()
    with library("h5py", "a .weights.h5 file").File(file, "w") as store:
        for name, array in arrays.items():
            store[name] = array
    return file.getvalue()


def read_h5(
    path: Path, places: Mapping[str, Variable], content: Any = None, besides: Mapping[str, Any] = MappingProxyType({})
) -> Mapping[str, Any]:
    """The arrays of a file, which must have these names and shapes; nothing is read before that is known.

    Args:
        path: the file, also where it is a part of it that is read.
        places: what must be there.
        content: the part.
        besides: what is read where it is there.
    """
    h5py = library("h5py", "a .weights.h5 file")
    try:
        with content or open(path, "rb") as file, h5py.File(file, "r") as store:
            found: dict[str, Any] = {}
            store.visititems(lambda name, item: found.update({name: item}) if isinstance(item, h5py.Dataset) else None)
            if "layer_names" in store.attrs:
                raise FileError(f"{path} is a file of Keras 2", hint="save_weights of Keras 3")
            weights = {name for name, item in found.items() if name in places or not _is_besides(name, item)}
            _same_names(path, set(places), weights)
            places = {**places, **{name: place for name, place in besides.items() if name in found}}
            _same_shapes(path, places, found)
            if any(found[name].external or found[name].is_virtual for name in places):
                raise ValueError("its arrays are in other files")
            return {name: found[name][()] for name in places}
    except FileError:
        raise
    except OSError as error:
        if error.errno:
            raise FileError(f"cannot read {path}: {error.strerror or error}") from error
        raise _damaged(path, error) from error
    except (ValueError, KeyError, TypeError, RuntimeError, MemoryError) as error:
        raise _damaged(path, error) from error


def _is_besides(name: str, item: Any) -> bool:
    """Whether an array is what Keras keeps of the training beside the weights: of optimizers, seeds, metrics."""
    folders = name.split("/")[:-2]
    return item.shape == () or any(folder.endswith(("optimizer", "seed_generator")) for folder in folders)


def _damaged(path: Path, error: Exception) -> FileError:
    return FileError(f"{path} is no HDF5 file of weights, or a damaged one ({error})", hint="a .weights.h5 of Keras 3")
