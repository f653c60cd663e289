"""Functional models: calls of layers on symbolic values, and the network they make. Imports tape and ops.

A symbolic value stands for an array to come; a layer that is called on one notes a `Call`. Calls are numbered as they
are made, and need what was made before: in that order a network is topological, and nothing recurses over it.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np

from gradcalc.graph.ops import TABLE, Op, Operand
from gradcalc.tape import nest
from gradcalc.tape.tensor import LIVE, UNDO, Variable, cast

__all__ = ["Symbolic"]

Shape = tuple[int | None, ...]

_numbers = itertools.count()


class Call:
    """A layer or an op, called on symbolic values; its result is a structure of them too."""

    __slots__ = ("args", "is_plain", "kwargs", "number", "operands", "result", "target")

    def __init__(self, target: Any, args: Any, kwargs: dict[str, Any], shapes: Any, dtype: Any) -> None:
        self.number = next(_numbers)
        self.target = target
        self.args = tuple(args)
        self.kwargs = kwargs
        self.operands = symbols((args, kwargs))
        self.result = map_shapes(lambda shape: Symbolic(shape, dtype, self), shapes)
        self.is_plain = len(args) == 1 and not kwargs and all(isinstance(x, Symbolic) for x in (*args, self.result))
        if getattr(target, "_call", self) is None:
            target._call = self


class Symbolic(Operand):
    """A value to come: what `Input` returns, and layers called on it; `+ - * / **` make more of them."""

    __slots__ = ("call", "dtype", "shape")

    def __init__(self, shape: Shape, dtype: Any, call: Call) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.call = call

    @property
    def name(self) -> str:
        """The name of the layer or op whose result it is."""
        return str(self.call.target.name)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def apply(self, op: Op, operands: Sequence[Any]) -> Any:
        """An op of the table, noted."""
        if any(isinstance(x, Variable) and x.trainable for x in operands):
            raise TypeError(f"a variable beside {self!r} would be in no layer: make it a weight of a Layer of your own")
        shape = broadcast([x.shape if isinstance(x, Symbolic) else np.shape(x) for x in operands])
        return Call(op, operands, {}, shape, np.result_type(*(x.dtype for x in symbols(operands)))).result

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            f"{self!r} is symbolic: it stands for a value to come, which layers and + - * / ** take; for anything else "
            "write Lambda(function)(x) or a Layer of your own, or call the model on an array"
        )

    __float__ = __int__ = __index__ = __bool__ = __len__ = __iter__ = __getitem__ = __array__ = _refuse
    __array_function__ = __abs__ = __matmul__ = __rmatmul__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """An array to the left of an operator; any other ufunc is refused."""
        if method != "__call__" or kwargs or ufunc not in _OPERATORS or inputs[0] is self:
            self._refuse()
        return _OPERATORS[ufunc](self, inputs[0])

    def __repr__(self) -> str:
        return f"<Symbolic shape={self.shape}, dtype={self.dtype}, name={self.name}>"


_OPERATORS: dict[Any, Callable[[Any, Any], Any]] = {
    np.add: Operand.__radd__, np.subtract: Operand.__rsub__, np.multiply: Operand.__rmul__,
    np.divide: Operand.__rtruediv__, np.power: Operand.__rpow__,
}  # fmt: skip


class Network:
    """What leads from inputs to outputs: symbolic values, or lists and dicts of them. `layers` are in Keras's order.

    Raises:
        ValueError: an input or output is not symbolic, an output needs another input, two layers have one name.
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        for name, ends in (("inputs", inputs), ("outputs", outputs)):
            for x in nest.flatten(ends):
                if not isinstance(x, Symbolic):
                    raise ValueError(
                        f"All `{name}` values must be symbolic, as `Input` and layers called on it return them. "
                        f"Received: {name}={ends} including invalid value {x} of type {type(x)}"
                    )
        self.inputs = inputs
        self.outputs = outputs
        met = self._met()
        self.calls = sorted(met, key=lambda call: call.number)
        self.layers = _ordered(met, [x.call for x in nest.flatten(inputs)])
        names = [layer.name for layer in self.layers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f'The name "{name}" is used {names.count(name)} times in the model. All layers should have unique '
                    "names."
                )

    def _met(self) -> dict[Call, int]:
        """The calls between inputs and outputs, numbered as met on the way back, depth first."""
        given = {id(x) for x in nest.flatten(self.inputs)}
        met: dict[Call, int] = {}
        stack = nest.flatten(self.outputs)[::-1]
        while stack:
            x = stack.pop()
            if not x.call.operands and id(x) not in given:
                raise ValueError(
                    f"Graph disconnected: the outputs need {x}, which is not among the inputs {self.inputs}. "
                    "Add it to `inputs`."
                )
            if x.call not in met and (id(x) not in given or not x.call.operands):
                met[x.call] = len(met)
                stack += x.call.operands[::-1]
        return met

    def __call__(
        self, inputs: Any, instead: Mapping[Any, Any] = MappingProxyType({}), training: bool | None = None
    ) -> Any:
        """The outputs for inputs, which may be symbolic again; by other layers `instead` of these.

        A call that was noted with `training=` gets it where none is said now: `fit`, `evaluate` and `predict` say
        theirs to every layer, as Keras's do.

        Raises:
            ValueError: the inputs are not those of the network, or have other shapes.
        """
        places = nest.flatten(self.inputs)
        values = {id(x): _fitted(value, x) for x, value in zip(places, self._matched(inputs), strict=True)}

        def value(leaf: Any) -> Any:
            return values[id(leaf)] if isinstance(leaf, Symbolic) else leaf

        for call in self.calls:
            target = instead.get(call.target, call.target)
            if call.is_plain:
                values.setdefault(id(call.result), target(values[id(call.args[0])]))
            elif call.operands:
                args, kwargs = nest.apply(value, (call.args, call.kwargs))
                if training is not None and "training" in kwargs:
                    kwargs["training"] = training
                results = nest.flatten(target(*args, **kwargs))
                for x, result in zip(nest.flatten(call.result), results, strict=True):
                    values.setdefault(id(x), result)
        return nest.apply(value, self.outputs)

    def _matched(self, inputs: Any) -> list[Any]:
        """The inputs in order; a dict is read by its keys, or by the inputs' names."""
        places = nest.flatten(self.inputs)
        names = list(self.inputs) if isinstance(self.inputs, dict) else [x.name for x in places]
        if isinstance(inputs, dict) and set(names) <= set(inputs):
            inputs = [inputs[name] for name in names]
        found = nest.flatten(inputs)
        if len(found) != len(places) or isinstance(inputs, dict):
            what = list(inputs) if isinstance(inputs, dict) else [f"shape {np.shape(x)}" for x in found]
            raise ValueError(
                f"The structure of `inputs` doesn't match the expected structure.\nExpected: {names}\nReceived: {what}"
            )
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        """A flat list of calls, for copies and pickles: neither recurses over it."""
        unused = {x.call for x in nest.flatten(self.inputs)}.difference(self.calls)
        places: dict[int, _Place] = {}

        def placed(structure: Any) -> Any:
            return nest.apply(lambda leaf: places[id(leaf)] if isinstance(leaf, Symbolic) else leaf, structure)

        plan = []
        for call in [*unused, *self.calls]:
            results = symbols(call.result)
            target = call.target.name if isinstance(call.target, Op) else call.target
            plan.append((target, *placed((call.args, call.kwargs)), shapes(call.result), results[0].dtype))
            places.update((id(x), _Place(len(places) + i)) for i, x in enumerate(results))
        return _rebuilt, (plan, placed(self.inputs), placed(self.outputs))


class _Place(int):
    """Stands for the symbolic value of this number."""


def _rebuilt(plan: Sequence[tuple[Any, ...]], inputs: Any, outputs: Any) -> Network:
    """The network of a flat list of calls."""
    values: list[Symbolic] = []

    def value(leaf: Any) -> Any:
        return values[leaf] if isinstance(leaf, _Place) else leaf

    for target, args, kwargs, *rest in plan:
        target = TABLE[target] if isinstance(target, str) else target
        values += symbols(Call(target, nest.apply(value, args), nest.apply(value, kwargs), *rest).result)
    return Network(nest.apply(value, inputs), nest.apply(value, outputs))


def _ordered(met: dict[Call, int], inputs: Iterable[Call]) -> list[Any]:
    """The layers as Keras orders them: those farthest from an output first, else as met."""
    depths = dict.fromkeys(met, 0)
    layers: dict[Any, tuple[int, int]] = {call.target: (0, -1) for call in inputs if call not in met}
    for call in sorted(met, key=lambda call: -call.number):
        depth, first = layers.get(call.target, (0, met[call]))
        if not isinstance(call.target, Op):
            depths[call] = max(depths[call], -depth)
            layers[call.target] = (-depths[call], min(first, met[call]))
        for x in call.operands:
            if x.call in depths:
                depths[x.call] = max(depths[x.call], depths[call] + 1)
    return sorted(layers, key=lambda layer: layers[layer])


def ranked(value: Any, place: Symbolic) -> Any:
    """A value for an input whose last axis is of size 1: with that axis, where it has one less."""
    return np.expand_dims(value, -1) if len(value.shape) == place.ndim - 1 and place.shape[-1] == 1 else value


def _fitted(value: Any, place: Symbolic) -> Any:
    """A value for an input, of its number of axes and its dtype."""
    value = ranked(value, place)
    known = zip(value.shape[1:], place.shape[1:], strict=False)
    if len(value.shape) != place.ndim or any(n != m for n, m in known if None not in (n, m)):
        raise ValueError(
            f"Invalid input shape for the input named '{place.name}'. Expected shape {place.shape}, but input has "
            f"incompatible shape {tuple(value.shape)}"
        )
    return value if isinstance(value, Symbolic) or value.dtype == place.dtype else cast(value, place.dtype)


def symbols(structure: Any) -> list[Symbolic]:
    """The symbolic values in a structure."""
    return [leaf for leaf in nest.flatten(structure) if isinstance(leaf, Symbolic)]


def shapes(structure: Any) -> Any:
    """The structure with shapes for its values."""
    return nest.apply(lambda x: getattr(x, "shape", None), structure)


def map_shapes(function: Callable[[Shape], Any], structure: Any) -> Any:
    """`function` of each shape: of a tuple of sizes, or of those in lists, tuples and dicts of such."""
    if isinstance(structure, dict):
        return {key: map_shapes(function, item) for key, item in structure.items()}
    if all(n is None or isinstance(n, int | np.integer) for n in structure):
        return function(tuple(structure))
    return [map_shapes(function, item) for item in structure]


def tried(layer: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The shapes of the result of a layer on symbolic values, found on zeros: sizes that change are unknown.

    No weight is another afterwards, but for those that `build` makes and fills.
    """
    changes: list[tuple[Any, Any]] = []
    token, undo = LIVE.set(()), UNDO.set(changes)
    try:
        some, more = (_trial(layer, size, args, kwargs) for size in (2, 3))
    finally:
        LIVE.reset(token)
        UNDO.reset(undo)
        for variable, array in reversed(changes):
            variable._set(array)
    sizes = iter(nest.flatten(shapes(more)))
    return nest.apply(lambda n: n if next(sizes) == n else None, shapes(some))


def _trial(layer: Any, size: int, args: Any, kwargs: dict[str, Any]) -> Any:
    """The result of a layer on zeros, with a size for unknown ones."""

    def zeros(leaf: Any) -> Any:
        if isinstance(leaf, Symbolic):
            return np.zeros([size if n is None else n for n in leaf.shape], leaf.dtype)
        return leaf

    args, kwargs = nest.apply(zeros, (args, kwargs))
    return layer(*args, training=False, **kwargs)


def broadcast(structure: Sequence[Shape]) -> Shape:
    """The shape that shapes of known and unknown sizes broadcast to, aligned at the last axis.

    Raises:
        ValueError: they do not.
    """
    sizes: list[int | None] = []
    for column in itertools.zip_longest(*(reversed(shape) for shape in structure), fillvalue=1):
        known = {n for n in column if n not in (1, None)}
        if len(known) > 1:
            text = " and ".join(map(str, structure))
            raise ValueError(f"Inputs have incompatible shapes. Received shapes {text}")
        sizes.append(None if None in column else max(known, default=1))
    return tuple(reversed(sizes))
