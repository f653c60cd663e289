"""Model and Sequential: layers put together, as Keras 3's. Imports functional, layers, training, weights."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self

from gradcalc.errors import only
from gradcalc.graph.names import NAMES, snake_case
from gradcalc.nn import functional
from gradcalc.nn.config import serialize
from gradcalc.nn.functional import Network, Symbolic
from gradcalc.nn.layer import Layer, in_keras_order, mark, policy
from gradcalc.nn.layers import Input, InputLayer
from gradcalc.nn.saving import network_config, network_ends, save_model, sequential_layers
from gradcalc.nn.training import Trainer
from gradcalc.nn.weights import load_weights, save_weights
from gradcalc.tape import nest
from gradcalc.tape.tensor import Tensor

__all__ = ["Model", "Sequential", "clone_model"]


class Model(Trainer):
    """A layer of layers, as Keras's Model: subclass it, make layers in `__init__`, and put them together in `call`.

    >>> class Net(gradcalc.nn.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = gradcalc.nn.Dense(32, activation="relu")
    ...         self.out = gradcalc.nn.Dense(10)
    ...
    ...     def call(self, x, training=None):
    ...         return self.out(self.hidden(x))

    Or say what leads from inputs to outputs, a functional model:

    >>> x = gradcalc.nn.Input(shape=(3,))
    >>> model = gradcalc.nn.Model(inputs=x, outputs=gradcalc.nn.Dense(2)(x))

    Args:
        inputs: of a functional model: a symbolic value, as `Input` returns it, or a list or dict of such.
        outputs: what layers called on them return; likewise.
        common: the arguments of `Layer`.
    """

    _module = "keras"
    _quiet = Layer._quiet | {"inputs", "outputs"}

    def __init__(self, inputs: Any = None, outputs: Any = None, **common: Any) -> None:
        if (inputs is None) != (outputs is None):
            raise ValueError("a functional model needs both: Model(inputs=x, outputs=y)")
        self._network = None if inputs is None else _network(inputs, outputs)
        if self._network is not None:
            floats = [x.dtype for x in nest.flatten(self._network.inputs) if x.dtype.kind == "f"]
            common = {"dtype": floats[0] if floats else None} | common
            if type(self) is Model and not common.get("name"):
                common["name"] = NAMES.next("Functional")
        super().__init__(**common)
        self.built = self._network is not None
        if self.built and not self._trainable:
            self.trainable = False

    def build(self, input_shape: Any) -> None:
        """Build the layers, by trying the model out on zeros of a shape whose first size may be None."""
        self._output_shape = self.compute_output_shape(input_shape)

    def call(self, inputs: Any, training: bool | None = None, *args: Any, **kwargs: Any) -> Any:
        """The outputs for inputs, of a functional model; a subclass gives its own."""
        return (
            super().call(inputs, *args, **kwargs) if self._network is None else self._network(inputs, training=training)
        )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Nothing: the layers have said which steps count."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the result for an input of a shape, whose first size may be None."""
        if self._network is None:
            return super().compute_output_shape(input_shape)
        return functional.shapes(self._network(functional.Call(None, (), {}, input_shape, self.dtype).result))

    def _prepare(self, shape: Any) -> None:
        """A model that defines no `build` is built by its first call."""
        self._build_shape = shape
        if type(self).build is not Model.build:
            self.build(shape)

    @property
    def layers(self) -> list[Layer]:
        """Those of a functional model, in Keras's order; then those in the attributes."""
        found = {id(layer): layer for layer in self._network.layers} if self._network else {}
        found |= {id(child): child for _, child in super().children() if isinstance(child, Layer)}
        return list(found.values())

    def children(self) -> Iterator[tuple[str, Any]]:
        """The layers of a functional model, named as in a `Sequential`; then weights and layers in the attributes."""
        layers = self._network.layers if self._network else []
        yield from _numbered(layers)
        seen = set(map(id, layers))
        yield from ((name, child) for name, child in super().children() if id(child) not in seen)

    def _class_name(self) -> str:
        return "Functional" if type(self) is Model else super()._class_name()

    def _saved_attributes(self) -> Iterator[tuple[str, Any]]:
        """The layers come first where the model is made of them, else in the order of the attributes."""
        listed = ("layers", self.layers)
        if self._network or isinstance(self, Sequential):
            yield from (listed, *super()._saved_attributes())
        else:
            yield from in_keras_order([listed, *super()._saved_attributes()])

    def _ends(self) -> tuple[Any, Any]:
        return (self._network.inputs, self._network.outputs) if self._network else super()._ends()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of a name, or at an index.

        Raises:
            ValueError: there is none.
        """
        if (name is None) == (index is None):
            raise ValueError("Provide either a layer name or a layer index at `get_layer`.")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model has {len(self.layers)} layers."
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No such layer: {name}. Existing layers are: {[layer.name for layer in self.layers]}.")

    def summary(
        self, line_length: int | None = None, positions: Any = None, print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False, show_trainable: bool = False, layer_range: Any = None,
    ) -> None:  # fmt: skip
        """Print a table of the layers: name and type, shape of the result, number of weights."""
        only(None, line_length=line_length, positions=positions, layer_range=layer_range)
        only(False, expand_nested=expand_nested, show_trainable=show_trainable)
        (print_fn or print)(summary_text(self))

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: Any = None) -> None:
        """Write the weights to a `.weights.h5` or `.npz` file; see `weights.save_weights`."""
        only(None, max_shard_size=max_shard_size)
        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False) -> None:
        """Read the weights from a `.weights.h5` or `.npz` file; see `weights.load_weights`."""
        only(False, skip_mismatch=skip_mismatch)
        load_weights(self, filepath)

    def _setting(self, name: str, default: Any) -> Any:
        return default if name in ("inputs", "outputs") else super()._setting(name, default)

    def get_config(self) -> dict[str, Any]:
        """Of a functional model its layers and their calls; else the arguments that make this model."""
        if self._network is None or type(self).__init__ is not Model.__init__:
            return super().get_config()
        return {"name": self.name, "trainable": self._trainable} | network_config(self._network)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The model of a `get_config()`, with new weights."""
        if "input_layers" not in config:
            return super().from_config(config)
        inputs, outputs = network_ends(config)
        return cls(inputs, outputs, name=config.get("name"), trainable=config.get("trainable", True))

    def to_json(self, **kwargs: Any) -> str:
        """The config of the model, and of how it was compiled, as JSON; arguments as of `json.dumps`."""
        return json.dumps(serialize(self), **kwargs)

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None) -> None:
        """Write the model whole to a `.keras` file; see `saving.save_model`."""
        save_model(self, filepath, overwrite, zipped)

    def __getattr__(self, name: str) -> Any:
        if name in ("inputs", "outputs"):
            return nest.flatten(self._ends()[name == "outputs"])
        if name in ("input_shape", "output_shape"):
            ends = self._ends()[name == "output_shape"]
            return functional.shapes(ends[0] if isinstance(ends, list) and len(ends) == 1 else ends)
        if name in ("export", "to_yaml"):
            raise AttributeError(f"models have no {name}: keep them whole, model.save('m.keras')")
        return super().__getattr__(name)


class Sequential(Model):
    """Layers one after the other, as Keras's Sequential.

    It is built by its first input, or before where the first layer says its `input_shape` or is an `Input`.

    Args:
        layers: the layers.
        trainable: tapes watch the weights.
        name: by default `sequential` and a number.
    """

    def __init__(
        self, layers: Sequence[Layer | Symbolic] | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        super().__init__(trainable=trainable, name=name)
        self._layers: list[Layer] = []
        self._values: list[Symbolic] = []  # the input and the layers' results, as far as shapes are known
        for layer in layers or ():
            self.add(layer)

    def add(self, layer: Layer | Symbolic, rebuild: bool = True) -> None:
        """Put a layer last, and `rebuild` as far as shapes are known.

        Raises:
            ValueError: it is no layer, or another has its name.
        """
        if isinstance(layer, Symbolic) and isinstance(layer.call.target, InputLayer):
            layer = layer.call.target
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Only instances of `Layer` can be added to a Sequential model. Received: {layer} "
                f"(of type {type(layer)})"
            )
        if any(other.name == layer.name for other in self._layers):
            raise ValueError(
                f"All layers added to a Sequential model should have unique names. Name '{layer.name}' is already the "
                "name of a layer in this model. Update the `name` argument to pass a unique name."
            )
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError(f"an Input comes first: Sequential model '{self.name}' has layers already")
        self._layers.append(layer)
        self.built = False
        if rebuild:
            self._rebuild()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer off, and return it; `rebuild` as far as shapes are known."""
        layer = self._layers.pop()
        del self._values[len(self.layers) + 1 :]
        self.built = False
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        """Build as far as shapes are known."""
        self.built = False
        shape = self._first_shape() if self.layers else None
        if shape:
            self.build(shape)

    def _first_shape(self) -> Any:
        """The shape of inputs, where the first layer knows it; a model does once it is built, if it is not alone."""
        first = self._layers[0]
        if isinstance(first, InputLayer):
            return first.batch_shape
        if isinstance(first, Model) and first.built and len(self._layers) > 1:
            return getattr(first, "input_shape", None)
        return first._input_shape and (None, *first._input_shape)

    def _prepare(self, shape: Any) -> None:
        """Build the layers for a first input that is one array; of lists and dicts no model is drawn up before."""
        if all(n is None or isinstance(n, int) for n in shape):
            self.build(shape)

    def build(self, input_shape: Any = None) -> None:
        """Build the layers for inputs of a shape, whose first size may be None."""
        if not self.layers:
            raise ValueError(
                f"Sequential model {self.name} cannot be built because it has no layers. Call `model.add(layer)`."
            )
        if not self._values or self._values[0].shape != tuple(input_shape):
            first = self._layers[0]
            given = isinstance(first, InputLayer) and first.batch_shape == tuple(input_shape)
            self._values = [first.output if given else Input(batch_shape=input_shape)]
        for layer in self.layers[len(self._values) - 1 :]:
            self._values.append(layer(self._values[-1]))

    def with_input(self) -> list[Layer]:
        """The layers, with their `Input` where shapes are known."""
        return [self._values[0].call.target, *self.layers] if self._values else self._layers

    def get_config(self) -> dict[str, Any]:
        """The layers, with an `Input` where shapes are known."""
        config = {"name": self.name, "trainable": self._trainable, "dtype": policy(self.dtype)}
        shape = {"build_input_shape": self._values[0].shape} if self._values else {}
        return config | {"layers": serialize(self.with_input())} | shape

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The model of a `get_config()`, with new weights."""
        layers, shape = sequential_layers(config)
        model = cls(layers, trainable=config.get("trainable", True), name=config.get("name"))
        if shape and not model.built:
            model.build(shape)
        return model

    def _ends(self) -> tuple[Any, Any]:
        if not self._values:
            raise AttributeError(f"Sequential model '{self.name}' has no defined inputs yet.")
        return self._values[0], self._values[-1]

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_values": [x.shape for x in self._values[:1]]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state | {"_values": []}
        for shape in state["_values"]:
            self.build(shape)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The result for an input; layers are told `training` by the call around them, and which steps count by it."""
        if self._values and isinstance(inputs, Tensor):
            inputs = functional.ranked(inputs, self._values[0])
        mark(inputs, mask)
        for layer in self._layers:
            inputs = layer(inputs)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the last layer's result."""
        for layer in self._layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    @property
    def layers(self) -> list[Layer]:
        """The layers, without an `Input`."""
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    def children(self) -> Iterator[tuple[str, Any]]:
        """The layers, named by their classes and numbered in this model: the same in each model of the same layers."""
        return _numbered(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int) -> Layer:
        return self.layers[index]

    def __bool__(self) -> bool:
        return True


def clone_model(
    model: Any, input_tensors: Any = None, clone_function: Callable[[Any], Any] | None = None,
    call_function: Any = None, recursive: bool = False,
) -> Any:  # fmt: skip
    """A model of the same layers with new weights; `clone_function` makes another layer of each.

    Raises:
        ValueError: the model is of a class of one's own: `type(model).from_config(model.get_config())` makes another.
    """
    only(None, input_tensors=input_tensors, call_function=call_function)
    only(False, recursive=recursive)

    def changed(layer: Layer) -> Any:
        again = clone_function is None or isinstance(layer, InputLayer)
        return type(layer).from_config(layer.get_config()) if again else clone_function(layer)  # type: ignore[misc]

    if type(model) is Sequential:
        return Sequential([changed(layer) for layer in model.with_input()], model._trainable, model.name)
    if model._network is None:
        raise ValueError(
            "Expected `model` argument to be a functional `Model` instance, but got a subclassed model instead."
        )
    network = model._network
    made = {layer: changed(layer) for layer in network.layers}
    inputs = nest.apply(lambda x: made[x.call.target].output, network.inputs)
    return Model(inputs, network(inputs, made), name=model.name)


def _network(inputs: Any, outputs: Any) -> Network:
    """The network between inputs and outputs; results of layers as inputs are replaced by inputs of their own."""
    network = Network(inputs, outputs)
    if any(x.call.operands for x in nest.flatten(inputs)):
        fresh = nest.apply(lambda x: Input(batch_shape=x.shape, dtype=x.dtype) if x.call.operands else x, inputs)
        network = Network(fresh, network(fresh))
    return network


def _numbered(layers: Iterable[Layer]) -> Iterator[tuple[str, Layer]]:
    """Layers by their classes and numbers: `dense`, `dense_1`."""
    seen: dict[str, int] = {}
    for layer in layers:
        kind = snake_case(layer._class_name())
        count = seen.get(kind, 0)
        seen[kind] = count + 1
        yield f"{kind}_{count}" if count else kind, layer


def summary_text(model: Model) -> str:
    """The table that `summary` prints, as Keras prints it."""
    rows = [("Layer (type)", "Output Shape", "Param #"), *map(_summary_row, model.layers)]
    widths = [
        max(least, *map(len, column)) for least, column in zip((31, 22, 13), zip(*rows, strict=True), strict=True)
    ]

    def rule(left: str, line: str, middle: str, right: str) -> str:
        return left + middle.join(line * (width + 2) for width in widths) + right

    head, *lines = (
        f"{bar} {name:<{widths[0]}} {bar} {shape:<{widths[1]}} {bar} {count:>{widths[2]}} {bar}"
        for bar, (name, shape, count) in zip("┃" + "│" * len(model.layers), rows, strict=True)
    )
    inner = f"\n{rule(*'├─┼┤')}\n".join(lines)
    table = [rule(*"┏━┳┓"), head, rule(*"┡━╇┩"), *([inner] if lines else []), rule(*"└─┴┘")]
    kinds = (model.variables, model.trainable_variables, model.non_trainable_variables)
    counts = [
        f" {what} params: {sum(v.size for v in variables):,} ({_bytes_text(sum(v.nbytes for v in variables))})"
        for what, variables in zip(("Total", "Trainable", "Non-trainable"), kinds, strict=True)
    ]
    return "\n".join([f'Model: "{model.name}"', *table, *counts])


def _summary_row(layer: Layer) -> tuple[str, str, str]:
    shape = "?" if layer._output_shape is None else str(layer._output_shape)
    count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
    return f"{layer.name} ({layer._class_name()})", shape, count


def _bytes_text(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"
