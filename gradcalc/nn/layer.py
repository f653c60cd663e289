"""Layer and Weight: what layers and models have in common, as Keras 3's `Layer`. Imports functional and tape.

A layer is built when it first sees an input: then it makes its weights. Its weights and inner layers are what its
attributes hold, directly or in lists, tuples and dicts; nothing has to be declared.
"""

import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np

from gradcalc.errors import only
from gradcalc.graph.names import NAMES
from gradcalc.nn import activations, constraints, functional, initializers, regularizers
from gradcalc.nn.config import Configured, deserialize, is_ours, serialize, settings_of
from gradcalc.nn.functional import Call, Shape, Symbolic
from gradcalc.tape import nest
from gradcalc.tape.tensor import UNDO, Tensor, Variable, cast

__all__ = ["Layer", "Weight"]


_outer: ContextVar[tuple[str, bool | None, Any, int]] = ContextVar("layers being called", default=("", None, None, 0))
"""The path of the layers that are being called or built, whether they train, the innermost of them, and a number."""

_AXES = ("", "steps", "height, width", "depth, height, width")
"""The axes between rows and channels, by their number."""
_ABSENT: Any = object()
"""Stands for an input that was not given."""
_calls = itertools.count(1)
"""A number for each call of a layer that is within none."""


class Weight(Variable):
    """A variable of a layer: it knows its path in the model, and prints as Keras's do.

    One that is not `learned` stays untrainable when its layer becomes trainable. Its `regularizer` gives a penalty, to
    be found in the `losses` of the layer; optimizers hold it to its `constraint`.
    """

    __slots__ = ("constraint", "learned", "path", "regularizer")

    def __init__(
        self, value: Any, trainable: bool = True, dtype: Any = None, name: str | None = None, path: str = "",
        learned: bool = True, regularizer: Any = None, constraint: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(value, trainable and learned, dtype, name)
        self.path = path or self.name
        self.learned = learned
        self.regularizer = regularizers.get(regularizer)
        self.constraint = constraints.get(constraint)

    @property
    def name(self) -> str:
        """The name without a path: `kernel`."""
        return self._name or "variable"

    @property
    def value(self) -> Tensor:
        """The present value as a tensor, recorded."""
        return self.copy()

    def assign_add(self, value: Any) -> Self:
        """Replace the value by itself plus another."""
        return super().assign_add(value)

    def assign_sub(self, value: Any) -> Self:
        """Replace the value by itself minus another."""
        return super().assign_sub(value)

    def __repr__(self) -> str:
        value = self.array if self.ndim else self.array.item()
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={value}>"

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        settings = (self.path, self.learned, self.regularizer, self.constraint)
        return type(self), (self.array, self.trainable, self.dtype, self._name, *settings)

    def __deepcopy__(self, memo: Any) -> Self:
        return type(self)(*self.__reduce__()[1])


class Layer(Configured):
    """Base of all layers and models, as Keras's Layer: a subclass gives `call`, and `build` where there are weights.

    Args:
        activity_regularizer: a penalty of each result, to be found in `losses`.
        trainable: tapes watch the weights.
        dtype: of the weights; floating inputs are cast to it, always (`autocast`).
        name: by default the class's name and a number, counted until `clear_session`.
        input_shape: of one row of the input, for the first layer of a `Sequential`; `input_dim` where it has one axis.
    """

    min_ndim: ClassVar[int] = 0
    """The least number of axes of an input."""

    ndim: ClassVar[int | None] = None
    """The number of axes of an input, where only one will do."""

    axes: ClassVar[int] = 0
    """How many of them are between rows and channels: a class over such axes says so, `class Conv2D(_Conv, axes=2)`."""

    takes_one: ClassVar[bool] = False
    """An input is one tensor: no list, no dict."""

    _module = "keras.layers"
    _quiet = frozenset({"activity_regularizer", "input_dim"})

    _fixed: ClassVar[dict[str, Any]] = {}
    """Keras's arguments that are not supported here, each with the one value that it may have: its default."""

    _also: ClassVar[tuple[str, ...]] = ()
    """Those of them that Keras writes into the config, and attributes that it does."""

    _renamed: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The names of arguments in Keras 2, each with the one it has."""

    supports_masking: bool = True
    """Whether the mask of an input goes on to the result: of a class of one's own, whether it has a `compute_mask`."""

    _input_name: ClassVar[str] = "inputs"
    _training_at: ClassVar[int] = 0
    _mask_at: ClassVar[int] = 0
    """The places of the arguments `training` and `mask` of `call`, the input's being 0; 0 where it takes none."""

    _makes_mask: ClassVar[bool] = False
    _axis: int = -1
    """The axis of the features, whose size is known once the layer is built."""

    _call: Call | None = None  # the first on symbolic values
    _given: Mapping[str, Any] | None = None  # the arguments, where the class is not ours
    _build_shape: Any = None
    _source: Any = None
    """The random numbers of a layer with a seed of its own."""

    def __init__(
        self, *, activity_regularizer: Any = None, trainable: bool = True, dtype: Any = None, autocast: bool = True,
        name: str | None = None, input_shape: Sequence[int | None] | None = None, input_dim: int | None = None,
        **unknown: Any,
    ) -> None:  # fmt: skip
        only(True, autocast=autocast)
        for argument in self._fixed.keys() & unknown.keys():
            only(self._fixed[argument], **{argument: unknown.pop(argument)})
        if unknown:
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {unknown}")
        self.name = name or NAMES.next(type(self).__name__)
        self.dtype = np.dtype(deserialize(dtype) or initializers.floatx()).name
        self.built = type(self).build is Layer.build
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._trainable = trainable
        self._penalties: list[Any] = []
        self._noted_in = 0
        self._input_shape = tuple(input_shape) if input_shape is not None else input_dim and (input_dim,)
        self._output_shape: Shape | None = None
        self._axis_size: int | None = None

    def __init_subclass__(cls, axes: int = 0, **settings: Any) -> None:
        """Whether `call` takes `training`; a `build` of one's own marks the layer as built; see `_keeping`.

        Of a row of a table of classes, what it says besides its base, and the doc of that for so many axes.
        """
        super().__init_subclass__(**({} if is_ours(cls) else settings))
        for name, value in settings.items() if is_ours(cls) else ():
            setattr(cls, name, value)
        if axes:
            cls.axes, cls.ndim = axes, axes + 2
            inputs = f"Inputs are `(rows, {_AXES[axes]}, channels)`, as of Keras's {cls.__name__}."
            cls.__doc__ = cls.__doc__ or f"{cls.__mro__[1].__doc__}\n\n{inputs}"
        if "call" in vars(cls):
            taken = list(inspect.signature(cls.call).parameters)[1:]
            cls._input_name = next(iter(taken), "inputs")
            cls._training_at, cls._mask_at = (taken.index(n) if n in taken else 0 for n in ("training", "mask"))
        if "compute_mask" in vars(cls):
            cls._makes_mask = cls.supports_masking = True
        elif Layer in cls.__bases__ and not is_ours(cls):
            cls.supports_masking = False
        cls._fixed = {
            name: value for kind in reversed(cls.__mro__) for name, value in vars(kind).get("_fixed", {}).items()
        }
        if "__init__" in vars(cls) and (not is_ours(cls) or not cls.__init__.__code__.co_names):
            cls.__init__ = (_keeping if is_ours(cls) else _noting)(cls, cls.__init__)  # type: ignore[method-assign]
        if "build" in vars(cls):
            cls.build = _marked(cls.build)  # type: ignore[method-assign]

    # -- what a subclass gives ----------------------------------------------------------------------------------------

    def __post_init__(self) -> None:
        """Check the settings, which a constructor that is its signature alone has kept."""

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of a shape, whose sizes may be None; called by the first call."""
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The result for an input. A subclass that takes `training` is told whether it trains."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, inputs)")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the result for an input of a shape, whose first size may be None.

        A layer that does not define it is tried out on zeros.
        """
        inputs = Call(None, (), {}, input_shape, self.dtype).result
        return functional.tried(self, (inputs,), {})

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Which steps of the result count, of those of the input: an array of bools, or None for all; the same ones."""
        return previous_mask

    # -- calling ------------------------------------------------------------------------------------------------------

    def __call__(self, inputs: Any = _ABSENT, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Build the layer if it is not, and compute its result; of symbolic values, note the call.

        The input may be given by the name that it has in `call`.

        Raises:
            ValueError: the input does not fit the weights.
        """
        if inputs is _ABSENT:
            if self._input_name not in kwargs:
                raise TypeError(f"layer '{self.name}' was called without its input: `{self._input_name}` is missing")
            inputs = kwargs.pop(self._input_name)
        if "_trainable" not in self.__dict__:
            raise RuntimeError(
                f"In layer '{type(self).__name__}', you forgot to call `super().__init__()` as the first statement in "
                "the `__init__()` method. Go add it!"
            )
        if (args or kwargs or not isinstance(inputs, _VALUES)) and functional.symbols((inputs, args, kwargs)):
            return self._noted((inputs, *args), kwargs if training is None else kwargs | {"training": training})
        mask = masks_of(inputs)
        inputs = self._converted(inputs)
        self._accept(inputs, Tensor)
        path, trains, _, number = _outer.get()
        training = trains if training is None else training
        if len(args) < self._training_at:
            kwargs["training"] = training
        if len(args) < self._mask_at:
            mask = kwargs["mask"] = mask if kwargs.get("mask") is None else kwargs["mask"]
        token = _outer.set((f"{path}{self.name}/", training, self, number or next(_calls)))
        try:
            result = self.call(inputs, *args, **kwargs)
            if self.activity_regularizer is not None:
                self._penalize(result)
        finally:
            _outer.reset(token)
        self.built = True
        if self._output_shape is None:
            self._output_shape = getattr(result, "shape", None)
        if self.supports_masking and (mask is not None or self._makes_mask):
            mark(result, self.compute_mask(inputs, mask))
        return result

    def _noted(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The symbolic result of symbolic inputs."""
        self._accept(args[0], Symbolic)
        if functional.symbols((args[1:], kwargs)):
            shape = functional.tried(self, args, kwargs)
        else:
            shape = self.compute_output_shape(functional.shapes(args[0]))
        self.built = True
        if self._call is None:
            self._output_shape = shape
        return Call(self, args, kwargs, shape, self.dtype).result

    def _accept(self, inputs: Any, kind: type) -> None:
        """Check inputs, one of a kind where one is taken, and build the layer for the first.

        Raises:
            ValueError: the layer takes none such.
        """
        if isinstance(inputs, kind):
            self._check(inputs.shape)  # type: ignore[attr-defined]
        elif self.takes_one:
            several = isinstance(inputs, list | tuple | dict)
            what = f"a {type(inputs).__name__} of {len(inputs)}" if several else f"{inputs!r}, which is no tensor"
            text = f"Layer '{self.name}' takes one tensor, and received {what}; try: layer(x) for each of them"
            raise ValueError(text)
        if not self.built:
            self._prepare(functional.shapes(inputs))

    def _prepare(self, shape: Any) -> None:
        """Build the layer for its first input."""
        self.build(shape)

    def _converted(self, inputs: Any) -> Any:
        """Tensors for arrays and for lists of numbers; floats in the layer's dtype."""
        if isinstance(inputs, list | tuple | dict):
            if isinstance(inputs, dict) or any(isinstance(leaf, Tensor | np.ndarray) for leaf in nest.flatten(inputs)):
                return nest.apply(self._converted, inputs)
            inputs = np.asarray(inputs)
        if isinstance(inputs, Tensor):
            if inputs.dtype.kind != "f" or inputs.dtype == self.dtype:
                return inputs
            result = cast(inputs, self.dtype)
            mark(result, getattr(inputs, "_keras_mask", None))
            return result
        if isinstance(inputs, np.ndarray | np.generic | float):
            array = np.asarray(inputs)
            if array.dtype.kind == "f" and array.dtype != self.dtype:
                array = array.astype(self.dtype)
            elif array.base is not None or array.flags.writeable:  # a result may be a view of it, and a tape keeps it
                array = array.copy()
            return Tensor(array[()])
        return inputs

    def _check(self, shape: Any) -> None:
        """The input's shape against what the layer takes."""
        if len(shape) < self.min_ndim or self.ndim not in (None, len(shape)):
            wanted = f"min_ndim={self.min_ndim}" if self.ndim is None else f"ndim={self.ndim}"
            raise self._unfit(f"{wanted}, found ndim={len(shape)}. Full shape received: {shape}")
        if self._axis_size is not None and shape[self._axis] != self._axis_size:
            wanted = f"axis {self._axis} of input shape to have value {self._axis_size}"
            raise self._unfit(f"{wanted}, but received input with shape {shape}")

    def _unfit(self, expected: str) -> ValueError:
        return ValueError(f"Input 0 of layer '{self.name}' is incompatible with the layer: expected {expected}")

    def _float(self, x: Any) -> Any:
        """Integers and bools in the layer's dtype."""
        return x if x.dtype.kind == "f" else cast(x, self.dtype)

    # -- weights ------------------------------------------------------------------------------------------------------

    def _keep(self, name: str, value: Any) -> None:
        """Keep an argument in the attribute of its name, as that says; a seed gives the layer its own numbers."""
        word = name.rpartition("_")[2]
        if name in _COUNTS:
            value = pair(value, 1, name)[0]
        elif name in _SHARES:
            value = _share(value, name)
        setattr(self, name, _READ[word if word in _READ else name](value) if {name, word} & _READ.keys() else value)
        if name == "seed" and value is not None:
            self._source = initializers.generator(value)

    def add_weight(
        self, shape: Sequence[int] | None = None, initializer: Any = None, dtype: Any = None, trainable: bool = True,
        autocast: bool = True, regularizer: Any = None, constraint: Any = None, aggregation: str = "none",
        overwrite_with_gradient: bool = False, name: str | None = None,
    ) -> Weight:  # fmt: skip
        """A new weight, to be kept in an attribute; begins as `glorot_uniform` has it, or as zeros for integers."""
        only(True, autocast=autocast)
        only(False, overwrite_with_gradient=overwrite_with_gradient)
        dtype = np.dtype(dtype or self.dtype)
        make = initializers.get(initializer or ("glorot_uniform" if dtype.kind == "f" else "zeros"))
        path, _, innermost, _ = _outer.get()
        prefix = path if innermost is self else f"{path}{self.name}/"
        value = make(tuple(shape or ()), dtype=dtype)
        path = f"{prefix}{name or 'variable'}"
        return Weight(value, self._trainable, dtype, name, path, trainable, regularizer, constraint)

    def _weight(self, name: str, shape: Sequence[int], settings: str | None = None) -> Weight:
        """A weight, by the initializer, regularizer and constraint in attributes that begin with its name.

        Or with another word, where `settings` says one.
        """
        kinds = ("initializer", "regularizer", "constraint")
        first, *others = (getattr(self, f"{settings or name}_{kind}") for kind in kinds)
        return self.add_weight(shape, first, regularizer=others[0], constraint=others[1], name=name)

    def _kept(self, rate: float, shape: Sequence[int], dtype: Any) -> Any:
        """The random factors of a dropout: 0 for a share `rate` of them, and what keeps the mean for the others."""
        source = self._source or initializers.generator()
        return ((source.random(shape) >= rate) / max(1 - rate, np.finfo(float).tiny)).astype(dtype)

    # -- configs ------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer: those that all layers have, then those of its class.

        Of a class of one's own the arguments that it was given; one that defines `get_config` adds its own.

        Raises:
            NotImplementedError: an argument of a class of one's own is nothing that a config can hold.
        """
        config = {"name": self.name, "trainable": self._trainable, "dtype": policy(self.dtype)}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = serialize(self.activity_regularizer)
        if is_ours(type(self)) or not is_ours(type(self).get_config) or self._config().keys() - _NO_SETTING:
            own = {name: value for name, value in self._config().items() if name not in _NO_SETTING}
            also = {name: self._fixed.get(name, getattr(self, name, None)) for name in self._also}
            return also | config | own
        taken = inspect.signature(type(self).__init__).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in taken.values()):
            config = {name: value for name, value in config.items() if name in taken}
        try:
            return config | {name: serialize(value) for name, value in (self._given or {}).items()}
        except ValueError as error:
            raise NotImplementedError(
                f"Object {type(self).__name__} was created by passing non-serializable argument values in `__init__()`,"
                f" and therefore the object must override `get_config()`: {error}"
            ) from error

    # -- penalties ----------------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Let a scalar, or a list of them, be found in `losses` until the next call."""
        number = _outer.get()[-1]
        if self._noted_in != number:
            self._noted_in, self._penalties = number, []
        self._penalties += nest.flatten(loss)

    @property
    def losses(self) -> list[Any]:
        """What `add_loss` was told and the penalties of results, at the last call, and those of the weights at present.

        Here and in inner layers; to be added to the loss, inside the tape.
        """
        own = [penalty for layer in (self, *self._inner()) for penalty in layer._penalties]
        weights = [v for v in self.trainable_variables if getattr(v, "regularizer", None) is not None]
        return own + [v.regularizer(v) for v in weights]  # type: ignore[attr-defined]

    def _class_name(self) -> str:
        """The name of the class, as Keras has it."""
        return type(self).__name__

    def _saved_attributes(self) -> Iterator[tuple[str, Any]]:
        """The attributes in the order in which Keras looks through them for layers, to name weights in files."""
        yield from in_keras_order(vars(self).items())

    def _inner(self) -> Iterator["Layer"]:
        """The layers in the attributes, and those in them."""
        for _, child in self.children():
            if isinstance(child, Layer):
                yield child
                yield from child._inner()

    def _penalize(self, result: Any) -> None:
        """The penalty of each result: for each of its rows, in the mean."""
        for y in nest.flatten(result):
            self.add_loss(self.activity_regularizer(y) / max(y.shape[0] if y.ndim else 1, 1))  # type: ignore[misc]

    # -- what it holds ------------------------------------------------------------------------------------------------

    def children(self) -> Iterator[tuple[str, Any]]:
        """The weights and layers in the attributes, each with its name here: `dense`, `blocks/0`."""
        for name, value in self.__dict__.items():
            if isinstance(value, _HOLDERS):
                yield from _found(name.lstrip("_"), value)

    @property
    def variables(self) -> list[Variable]:
        """All weights: its own, then those of inner layers, in the order of the attributes."""
        return list({id(variable): variable for _, variable in self.paths()}.values())

    def _own_weights(self) -> list[tuple[str, Variable]]:
        """The weights that are in no inner layer; those that are learned first, as Keras has them."""
        found = [(name, child) for name, child in self.children() if isinstance(child, Variable)]
        return sorted(found, key=lambda item: not getattr(item[1], "learned", item[1].trainable))

    def paths(self, prefix: str = "") -> Iterator[tuple[str, Variable]]:
        """All weights, each with its name in this layer: `dense/kernel`."""
        for name, child in self._own_weights():
            yield prefix + (child.name if isinstance(child, Weight) else name), child
        for name, child in self.children():
            if isinstance(child, Layer):
                yield from child.paths(f"{prefix}{name}/")

    @property
    def trainable_variables(self) -> list[Variable]:
        """The weights that tapes watch."""
        return [variable for variable in self.variables if variable.trainable] if self._trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The weights that tapes do not watch."""
        return [variable for variable in self.variables if not (variable.trainable and self._trainable)]

    weights, trainable_weights, non_trainable_weights = variables, trainable_variables, non_trainable_variables

    @property
    def trainable(self) -> bool:
        """Tapes watch the weights; setting it sets it for all weights and inner layers."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for _, child in self.children():
            child.trainable = bool(value) and getattr(child, "learned", True)

    def get_weights(self) -> list[Any]:
        """The values of the weights, copied, as plain arrays."""
        return [variable.numpy() for variable in self.variables]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the values of the weights, in the order of `weights`.

        Raises:
            ValueError: another number of arrays, or another shape.
        """
        variables = self.variables
        if len(weights) != len(variables):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of length "
                f"{len(weights)}, but the layer was expecting {len(variables)} weights."
            )
        for variable, weight in zip(variables, weights, strict=True):
            if variable.shape != np.shape(weight):
                raise ValueError(
                    f"Layer {self.name} weight shape {variable.shape} is not compatible with provided weight shape "
                    f"{np.shape(weight)}."
                )
        for variable, weight in zip(variables, weights, strict=True):
            variable.assign(weight)

    def count_params(self) -> int:
        """The number of elements of all weights.

        Raises:
            ValueError: the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the layer isn't built. You can build it "
                "manually via: `layer.build(input_shape)`."
            )
        return sum(variable.size for variable in self.variables)

    def _ends(self) -> tuple[Any, Any]:
        """The symbolic input and result of the first such call."""
        if self._call is None:
            raise AttributeError(f"The layer {self.name} has never been called on a symbolic value, as `Input` is one.")
        return self._call.args[0], self._call.result

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_call"} | {"_penalties": []}

    def __getattr__(self, name: str) -> Any:
        if name in ("input", "output"):
            return self._ends()[name == "output"]
        if name in ("kernel", "bias") and not self.__dict__.get("built", True):
            raise AttributeError(f"You must build the layer before accessing `{name}`.")
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


class Elementwise(Layer):
    """A layer whose result has the input's shape."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The same shape."""
        return input_shape


class Affine(Layer):
    """What `Dense` and convolution are: products with a kernel, perhaps plus a bias, then an activation."""

    takes_one = True
    _quiet = frozenset()
    _fixed: ClassVar[dict[str, Any]] = {"lora_rank": None, "lora_alpha": None, "quantization_config": None}


_NO_SETTING = settings_of(Layer).keys() - {"activity_regularizer", "input_dim"}
"""What a constructor has besides the settings of its class."""


def masks_of(inputs: Any) -> Any:
    """Which steps of an input count, as the layer says that made it: an array, None for all; of a list, each one's."""
    if not isinstance(inputs, list | tuple | dict):
        return getattr(inputs, "_keras_mask", None)
    masks = [getattr(leaf, "_keras_mask", None) for leaf in nest.flatten(inputs)]
    return nest.pack(inputs, masks) if any(mask is not None for mask in masks) else None


def plain_mask(mask: Any, above: float = 0) -> Any:
    """A mask as an array of bools; of numbers, which are above a number where something counts."""
    array = np.asarray(getattr(mask, "array", mask))
    return array if array.dtype.kind == "b" else array > above


def mark(result: Any, mask: Any) -> None:
    """Let results say which of their steps count, where they do not yet: one mask for all, or one for each."""
    results = nest.flatten(result)
    masks = nest.flatten(mask) if isinstance(mask, list | tuple | dict) else [mask] * len(results)
    for y, one in zip(results, masks, strict=False):
        if one is not None and isinstance(y, Tensor) and y.shape[: one.ndim] == one.shape:
            y._keras_mask = getattr(y, "_keras_mask", one)


def _marked(build: Callable[..., None]) -> Callable[..., None]:
    """A `build` that tells the weights their path, and after which the layer is built."""

    @wraps(build)
    def marked(self: Layer, *shapes: Any, **named: Any) -> None:
        path, trains, innermost, number = _outer.get()
        within = path if innermost is self else f"{path}{self.name}/"
        token, undo = _outer.set((within, trains, self, number)), UNDO.set(None)
        try:
            build(self, *shapes, **named)
        finally:
            _outer.reset(token)
            UNDO.reset(undo)
        self.built = True
        given = [shape for shape in (*shapes, *named.values()) if shape is not None]
        if len(given) == 1:
            self._build_shape = given[0]

    return marked


def _keeping(kind: Any, init: Callable[..., None]) -> Callable[..., None]:
    """A constructor that keeps its arguments, then does `__post_init__`: of one that is its signature and does nothing.

    The arguments of such constructors of base classes, where they have defaults, are taken by keyword besides.
    """
    signature, own = inspect.signature(init), settings_of(kind)
    bases = [base for base in kind.__mro__[1 : kind.__mro__.index(Layer)] if "__init__" in vars(base)]
    more = {name: value for base in reversed(bases) for name, value in settings_of(base).items() if name not in own}
    more = {name: value for name, value in more.items() if value is not inspect.Parameter.empty}
    names = [name for name in (*more, *own) if name not in _NO_SETTING]

    @wraps(init)
    def keeping(self: Layer, *args: Any, **kwargs: Any) -> None:
        kwargs = {kind._renamed.get(name, name): value for name, value in kwargs.items()}
        init(self, *args, **kwargs)  # refuses what does not fit
        given = signature.bind(self, *args, **kwargs)
        given.apply_defaults()
        arguments = more | given.arguments | given.arguments.get("common", {})
        settings = {name: arguments.pop(name) for name in names}
        Layer.__init__(self, **{name: value for name, value in arguments.items() if name not in ("self", "common")})
        for name, value in settings.items():
            self._keep(name, value)
        self.__post_init__()

    return keeping


def _noting(kind: type[Layer], init: Callable[..., None]) -> Callable[..., None]:
    """A constructor after which the layer knows what it was made of: the config of a class of one's own."""
    names = [n for n, p in inspect.signature(init).parameters.items() if p.kind is not p.VAR_KEYWORD][1:]

    @wraps(init)
    def noting(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self._given is None:
            self._given = dict(zip(names, args, strict=False)) | kwargs
        init(self, *args, **kwargs)

    return noting


def policy(dtype: str) -> dict[str, Any]:
    """A dtype as Keras's configs have it."""
    return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": dtype}, "registered_name": None}


_VALUES = (Tensor, np.ndarray)
_HOLDERS = (Variable, Layer, list, tuple, dict)


def _found(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The weights and layers in an attribute."""
    if isinstance(value, Variable | Layer):
        yield name, value
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from _found(f"{name}/{i}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _found(f"{name}/{key}", item)


def in_keras_order(attributes: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Attributes by their names, those that begin with an underscore last."""
    return sorted(attributes, key=lambda item: (item[0].startswith("_"), item[0]))


def pair(value: int | Sequence[int], count: int, name: str) -> tuple[int, ...]:
    """A positive size for each of `count` axes: one number stands for all."""
    return whole(value, count, name, 1)


def _share(value: float, name: str) -> float:
    """A part of one."""
    if not 0 <= value <= 1:
        raise ValueError(
            f"Invalid value received for argument `{name}`. Expected a float value between 0 and 1. Received: "
            f"{name}={value}"
        )
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    "activation": activations.get, "initializer": initializers.get, "regularizer": regularizers.get,
    "constraint": constraints.get, "dims": tuple, "target_shape": tuple, "epsilon": float, "momentum": float,
    "format": lambda value: _format(value),
}  # fmt: skip
"""How an argument is read: by its name, or by the last word of that."""
_COUNTS = ("units", "filters", "depth_multiplier", "input_dim", "output_dim", "num_heads", "key_dim")
_SHARES = ("dropout", "recurrent_dropout", "rate", "stddev")


def _format(value: str | None) -> str:
    """Where the channels are."""
    if value not in (None, "channels_last", "channels_first"):
        raise ValueError(f"`data_format` is channels_last or channels_first. Received: data_format={value}")
    return value or "channels_last"


def whole(value: int | Sequence[int], count: int, name: str, least: int = 0) -> tuple[int, ...]:
    """A whole number, at least `least`, for each of `count` axes: one stands for all."""
    sizes = tuple(value) if isinstance(value, Sequence) else (value,) * count
    if len(sizes) != count or any(not isinstance(n, int) or isinstance(n, bool) or n < least for n in sizes):
        several = f" or {count} of them" if count > 1 else ""
        what = "a positive integer" if least else "an integer >= 0"
        raise ValueError(f"Received an invalid value for `{name}`, expected {what}{several}. Received: {name}={value}")
    return sizes
