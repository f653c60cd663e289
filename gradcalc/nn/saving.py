"""Models as configs, and whole in a file: `.keras`, as Keras 3 has it. Imports config, functional and weights.

A `.keras` file is a zip of `config.json` (what `serialize` says of the model and of how it was compiled),
`model.weights.h5` (weights, and the optimizer's state) and `metadata.json`. Nothing in it is run.
"""

import io
import json
import operator
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from gradcalc.errors import FileError
from gradcalc.files import complete_file
from gradcalc.graph.ops import Op
from gradcalc.nn.config import as_shapes, deserialize, serialize
from gradcalc.nn.functional import Network, Symbolic, symbols
from gradcalc.nn.weights import h5_of, h5_places, read_h5
from gradcalc.tape import nest

__all__ = ["load_model", "model_from_json", "save_model"]

_OPS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "add": ("Add", operator.add), "sub": ("Subtract", operator.sub), "mul": ("Multiply", operator.mul),
    "div": ("Divide", operator.truediv), "pow": ("Power", operator.pow), "powi": ("Power", operator.pow),
    "neg": ("Negative", operator.neg),
}  # fmt: skip
"""The operators of symbolic values, as Keras calls them."""

_KERAS_OPS = dict(_OPS.values()) | {"TrueDivide": operator.truediv}
_OF_OPS = "keras.src.ops.numpy"


# -- functional models -------------------------------------------------------------------------------------------------


def network_config(network: Network) -> dict[str, Any]:
    """The layers of a network, each with its calls, and where inputs and outputs are."""
    places: dict[int, list[Any]] = {}
    nodes: dict[str, list[Any]] = {layer.name: [] for layer in network.layers}
    described = {layer.name: serialize(layer) for layer in network.layers}

    def placed(leaf: Any) -> Any:
        if not isinstance(leaf, Symbolic):
            return serialize(leaf)
        where = {"shape": leaf.shape, "dtype": leaf.dtype.name, "keras_history": places[id(leaf)]}
        return {"class_name": "__keras_tensor__", "config": where}

    unused = {x.call for x in nest.flatten(network.inputs)}.difference(network.calls)
    for call in [*unused, *network.calls]:
        if isinstance(call.target, Op):
            kind = _OPS[call.target.name][0]
            name = _unique(kind.lower(), nodes)
            described[name] = {"module": _OF_OPS, "class_name": kind, "registered_name": kind, "config": {"name": name}}
        else:
            name = call.target.name
        made = nodes.setdefault(name, [])
        places |= {id(x): [name, len(made), i] for i, x in enumerate(symbols(call.result))}
        made.append({"args": nest.apply(placed, call.args), "kwargs": nest.apply(placed, call.kwargs)})
    layers = [
        each | {"name": name, "inbound_nodes": [] if each["class_name"] == "InputLayer" else nodes[name]}
        for name, each in described.items()
    ]
    ends = (nest.apply(lambda x: places[id(x)], end) for end in (network.inputs, network.outputs))
    return {"layers": layers} | dict(zip(("input_layers", "output_layers"), ends, strict=True))


def _unique(name: str, taken: Mapping[str, Any]) -> str:
    """A name that none has yet: `add`, `add_1`."""
    number = next(i for i in range(len(taken) + 1) if (f"{name}_{i}" if i else name) not in taken)
    return f"{name}_{number}" if number else name


def network_ends(config: Mapping[str, Any]) -> tuple[Any, Any]:
    """The symbolic inputs and outputs of a network's config.

    Raises:
        ValueError: a layer is not known, or its inputs are made by no other.
    """
    results: dict[tuple[str, int], list[Symbolic]] = {}
    waiting: list[tuple[str, int, Any]] = []
    made: dict[str, Callable[..., Any]] = {}
    for each in config["layers"]:
        name = each.get("name", each["config"].get("name"))
        is_op = str(each.get("module", "")).startswith("keras.src.ops") and each["class_name"] in _KERAS_OPS
        made[name] = _KERAS_OPS[each["class_name"]] if is_op else deserialize(each)
        if each["class_name"] == "InputLayer":
            results[name, 0] = [made[name].output]  # type: ignore[attr-defined]
        waiting += [(name, i, node) for i, node in enumerate(each["inbound_nodes"])]
    while waiting:
        later = []
        for name, i, node in waiting:
            needed: list[Any] = []
            _filled(node, needed.append)
            if all(tuple(place[:2]) in results for place in needed):
                call = _filled(node, lambda place: _at(place, results))
                results[name, i] = symbols(made[name](*call["args"], **call["kwargs"]))
            else:
                later.append((name, i, node))
        if len(later) == len(waiting):
            raise ValueError(f"the layers {sorted({name for name, *_ in waiting})} have inputs that no layer makes")
        waiting = later
    inputs, outputs = (_at(config[end], results) for end in ("input_layers", "output_layers"))
    return inputs, outputs


def _filled(structure: Any, of: Callable[[Any], Any]) -> Any:
    """A call's arguments, with what `of` says of the places that symbolic values come from."""
    if isinstance(structure, list | tuple):
        return [_filled(item, of) for item in structure]
    if not isinstance(structure, dict):
        return structure
    if structure.get("class_name") == "__keras_tensor__":
        return of(structure["config"]["keras_history"])
    if "class_name" in structure:
        return deserialize(structure)
    return {key: _filled(item, of) for key, item in structure.items()}


def _at(structure: Any, results: Mapping[tuple[str, int], list[Symbolic]]) -> Any:
    """The symbolic value at a place, or those of a structure of places."""
    if isinstance(structure, dict):
        return {key: _at(item, results) for key, item in structure.items()}
    if structure and isinstance(structure[0], str):
        name, node, i = structure
        return results[name, node][i]
    return [_at(item, results) for item in structure]


# -- JSON --------------------------------------------------------------------------------------------------------------


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model of a `to_json()`, of ours or of Keras: with new weights.

    Raises:
        ValueError: it is no JSON, or a class in it is not known.
    """
    return deserialize(json.loads(json_string), custom_objects)


# -- files -------------------------------------------------------------------------------------------------------------

_PARTS = ("metadata.json", "config.json", "model.weights.h5")


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None) -> None:
    """Write a model whole: what it is made of, how it was compiled, its weights and the state of its optimizer.

    Raises:
        FileError: the name does not end in `.keras`, the file is there and `overwrite` is false, or it cannot be
            written.
        MissingExtra: h5py is not installed.
        ValueError: the model has a lambda, or of a class of one's own an argument that no config can hold.
    """
    path = _keras_path(filepath, zipped)
    if not overwrite and path.exists():
        raise FileError(f"{path} is there already", hint="overwrite=True")
    now = f"{datetime.now():%Y-%m-%d@%H:%M:%S}"
    arrays = {name: variable.array for name, variable in (h5_places(model) | _optimizer_places(model)).items()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(_PARTS[0], json.dumps({"keras_version": KERAS_VERSION, "date_saved": now}))
        archive.writestr(_PARTS[1], json.dumps(serialize(model)))
        archive.writestr(_PARTS[2], h5_of(arrays))
    with complete_file(path) as name:
        name.write_bytes(file.getvalue())


KERAS_VERSION = "3.15.1"
"""The version whose format is written."""


def _keras_path(filepath: Any, zipped: bool | None) -> Path:
    path = Path(filepath)
    if path.suffix != ".keras" or zipped is False:
        raise FileError(
            f"whole models are kept in .keras files, not in {path.name!r}", hint=f"{path.name.partition('.')[0]}.keras"
        )
    return path


def _optimizer_places(model: Any) -> dict[str, Any]:
    """The state of the optimizer by the names of Keras's files."""
    optimizer = getattr(model, "optimizer", None)
    states = optimizer.variables if optimizer is not None and optimizer.built else []
    return {f"optimizer/vars/{i}": state for i, state in enumerate(states)}


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """The model in a `.keras` file, of ours or of Keras: compiled as it was, unless `compile` is false.

    Raises:
        FileError: there is no such file, it is no `.keras` file, or its weights are not those of the model.
        MissingExtra: h5py is not installed.
        ValueError: a class or an argument in it is not supported here.
    """
    path = _keras_path(filepath, None)
    try:
        with zipfile.ZipFile(path) as archive:
            _, config, weights = (archive.read(part) for part in _PARTS)
        described = json.loads(config)
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, KeyError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise FileError(f"{path} is no .keras file, or a damaged one ({error})", hint="a file of model.save") from error
    if not compile:
        described.pop("compile_config", None)
    model = deserialize(described, custom_objects)
    wanted = h5_places(model)
    state = _optimizer_places(model)
    arrays = read_h5(path, wanted, io.BytesIO(weights), state)
    for name, variable in (wanted | state).items():
        if name in arrays:
            variable.assign(arrays[name])
    return model


def sequential_layers(config: Mapping[str, Any]) -> tuple[Sequence[Any], Any]:
    """The layers of a `Sequential`'s config, and the shape that it was built for."""
    return [deserialize(each) for each in config["layers"]], as_shapes(config.get("build_input_shape"))
