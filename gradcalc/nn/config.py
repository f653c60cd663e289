"""Objects as configs and back, as Keras 3 writes and reads them: the name of a class, and what it is made of. Ground.

What an object is made of is said once, in the signature of its class: its config has the value of each parameter, from
the attribute of that name, so a class that keeps its parameters has `get_config` and `from_config`. Nothing that is
read is run: a config names classes and functions, of this package or given as custom objects, and no code.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import FunctionType, MappingProxyType
from typing import Any, ClassVar, Self, TypeVar, get_type_hints

import numpy as np

from gradcalc.errors import did_you_mean, known
from gradcalc.graph.names import snake_case
from gradcalc.optimize import optimizers

__all__ = ["custom_object_scope", "deserialize", "register_keras_serializable", "serialize"]

T = TypeVar("T")

KINDS: dict[tuple[str, str], Any] = {
    (kind._module, kind.__name__): kind for kind in (*optimizers.KINDS, *optimizers.SCHEDULES)
}
"""The optimizers, their schedules, and the public classes of this package, by Keras's module and name."""

_registered: dict[str, Any] = {}
"""What `register_keras_serializable` was given, by package and name."""

_custom: ContextVar[Mapping[str, Any]] = ContextVar("custom objects", default=MappingProxyType({}))


def is_ours(thing: Any) -> bool:
    """Whether a class or function is of this package."""
    return str(getattr(thing, "__module__", "")).startswith("gradcalc.")


class Configured:
    """Base of what can be written as a config: the parameters of its class, by their names."""

    _module: ClassVar[str] = "keras"
    """Where Keras has it."""

    _quiet: ClassVar[frozenset[str]] = frozenset()
    """Parameters that Keras's config leaves out: here they are told where they are not the default."""

    def __init_subclass__(cls, **settings: Any) -> None:
        """A public class of this package is found by its name."""
        super().__init_subclass__(**settings)
        if is_ours(cls) and not cls.__name__.startswith("_"):
            KINDS.setdefault((cls._module, cls.__name__), cls)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this object, as lists, dicts, numbers and texts."""
        return self._config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The object of a `get_config()`."""
        return cls(**{name: deserialize(value) for name, value in config.items()})

    def _config(self) -> dict[str, Any]:
        kind = next(kind for kind in type(self).__mro__ if is_ours(kind))
        values = {name: (self._setting(name, default), default) for name, default in settings_of(kind).items()}
        return {
            name: serialize(value)
            for name, (value, default) in values.items()
            if name not in self._quiet or value is not default and value != default
        }

    def _setting(self, name: str, default: Any) -> Any:
        """What became of a parameter; one that is not kept can only have been its default."""
        return getattr(self, name, default)


@cache
def settings_of(kind: type) -> Mapping[str, Any]:
    """The parameters of a class, each with its default."""
    parameters = inspect.signature(kind.__init__).parameters.values()  # type: ignore[misc]
    return {p.name: p.default for p in list(parameters)[1:] if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def options_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The parameters of a function of labels and predictions after these two, each with its default."""
    return {p.name: p.default for p in list(inspect.signature(function).parameters.values())[2:]}


def summary(function: Any) -> str:
    """The first paragraph of a docstring."""
    return (inspect.getdoc(function) or "").partition("\n\n")[0]


def of_row(self: object, *args: Any, **kwargs: Any) -> None:
    """The constructor that `arguments` gives to a row; here for type checkers."""


class Row(Configured):
    """Base of classes that are rows of a table: `class Recall(Thresholds, arguments="thresholds name", top_k=None)`.

    What a row says besides its base becomes its attributes. Its constructor takes the `arguments`, in their order: the
    default of each is the attribute of its name, without which it must be given, and its type that attribute's. The
    constructor keeps each in the attribute, and calls `__post_init__`. A row `of` a function has its options for
    attributes, its doc, and the arguments that its base has in `_signature`.
    """

    function: ClassVar[Callable[..., Any]]
    _options: ClassVar[Sequence[str]] = ()
    _signature: ClassVar[str]
    _told: ClassVar[str]
    """What a row's doc says besides its function's."""

    def __init_subclass__(cls, of: Callable[..., Any] | None = None, arguments: str = "", **own: Any) -> None:
        super().__init_subclass__()
        if of is not None:
            options = {name: vars(cls).get(name, default) for name, default in options_of(of).items()}
            own = {**options, "function": staticmethod(of), "_options": [*options]} | own
            cls.__annotations__ |= {name: hint for name, hint in of.__annotations__.items() if name in options}
            cls.__doc__ = f"{summary(of)}\n\n{cls._told.format(of.__name__)}"
            arguments = arguments or cls._signature.format(" ".join(options))
        for name, value in own.items():
            setattr(cls, name, value)
        if arguments:
            cls.__init__ = _constructor(cls, arguments.split())  # type: ignore[method-assign]

    def _option_values(self) -> dict[str, Any]:
        """The options of the function."""
        return {name: getattr(self, name) for name in self._options}


def _constructor(kind: type, names: Sequence[str]) -> Any:
    """A constructor that takes arguments of these names."""
    hints = get_type_hints(kind)
    signature = inspect.Signature([
        inspect.Parameter(
            name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=hints.get(name, Any),
            default=getattr(kind, name, inspect.Parameter.empty),
        )
        for name in ("self", *names)
    ])  # fmt: skip

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            given = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{kind.__name__}() {error}") from None
        given.apply_defaults()
        vars(self).update({name: value for name, value in given.arguments.items() if name != "self"})
        self.__post_init__()

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    return __init__


def kinds_of(base: type[Configured]) -> list[Any]:
    """The public classes of this package that are of a module of Keras, such as its initializers."""
    return [kind for (module, _), kind in KINDS.items() if module == base._module and kind is not base]


def by_name(base: type[Configured]) -> dict[str, Any]:
    """`kinds_of` by their names, and by these in lower case: `MaxNorm`, `max_norm`."""
    return {name: kind for kind in kinds_of(base) for name in (kind.__name__, snake_case(kind.__name__))}


# -- writing -----------------------------------------------------------------------------------------------------------


def serialize(value: Any) -> Any:
    """An object, and what it is made of, as lists, dicts, numbers and texts.

    Raises:
        ValueError: it is a lambda, or of a class that has no `get_config`.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.dtype | np.generic):
        return value.name if isinstance(value, np.dtype) else value.item()
    if isinstance(value, list | tuple):
        return type(value)(map(serialize, value)) if type(value) in (list, tuple) else [serialize(x) for x in value]
    if isinstance(value, Mapping):
        return {key: serialize(item) for key, item in value.items()}
    if hasattr(value, "get_config") and not isinstance(value, type):
        return _object(value)
    if isinstance(value, np.ndarray) or hasattr(value, "array"):
        array = np.asarray(getattr(value, "array", value))
        return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    if isinstance(value, FunctionType):
        return _function(value)
    raise ValueError(f"Cannot serialize object {value} of type {type(value)}: give its class a `get_config`")


def _function(function: FunctionType) -> Any:
    if function.__name__ == "<lambda>":
        raise ValueError(
            "a lambda has no name to be found by: write a function by `def`, and give it as one of `custom_objects` "
            "where the config is read"
        )
    if function.__module__ == "gradcalc.nn.activations":
        return function.__name__
    name = next((name for name, given in _registered.items() if given is function), function.__name__)
    named = {"class_name": "function", "config": function.__name__}
    where = {"module": "builtins", "registered_name": "function"}
    return named | (where if is_ours(function) else {"module": None, "registered_name": name})


def _object(value: Any) -> dict[str, Any]:
    kind = type(value)
    name = value._class_name() if hasattr(value, "_class_name") else kind.__name__
    registered = next((known for known, given in _registered.items() if given is kind), None if is_ours(kind) else name)
    described = {"module": getattr(kind, "_module", None) if is_ours(kind) else None, "class_name": name}
    if name == "Functional":
        described["module"] = "keras.src.models.functional"
        registered = name
    result = described | {"config": serialize(value.get_config()), "registered_name": registered}
    shape = getattr(value, "_build_shape", None)
    result |= {} if shape is None else {"build_config": {"input_shape": shape}}
    return result | ({"compile_config": value.get_compile_config()} if hasattr(value, "get_compile_config") else {})


# -- reading -----------------------------------------------------------------------------------------------------------


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None, module: str = "keras.layers") -> Any:
    """What a config, or a structure of such, describes.

    Args:
        config: of `serialize`, or of Keras.
        custom_objects: classes and functions that are not of this package, by their names.
        module: where a class is looked for whose config does not say it.

    Raises:
        ValueError: a class is not known, or not supported here.
    """
    with custom_object_scope(custom_objects or {}):
        return _revived(config, module)


def _revived(config: Any, module: str) -> Any:
    if isinstance(config, list | tuple):
        return type(config)(_revived(item, module) for item in config)
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: _revived(item, module) for key, item in config.items()}
    name, inner = config["class_name"], config["config"]
    if name in _LEAVES:
        return _LEAVES[name](inner)
    kind = _kind(config, name, config.get("module") or module)
    result = kind.from_config(inner) if hasattr(kind, "from_config") else kind(**_revived(inner, module))
    shape = (config.get("build_config") or {}).get("input_shape")
    if shape is not None and not getattr(result, "built", True):
        result.build(as_shapes(shape))
    if config.get("compile_config"):
        result.compile_from_config(config["compile_config"])
    return result


def _refused(config: Any) -> Any:
    raise ValueError("a lambda's code is never run from a file: build the model, and load its weights")


_LEAVES: dict[str, Callable[[Any], Any]] = {
    "function": lambda name: _given(name) or name, "DTypePolicy": lambda inner: inner["name"],
    "__numpy__": lambda inner: np.array(inner["value"], inner["dtype"]), "__tuple__": tuple, "__lambda__": _refused,
    "__tensor__": lambda inner: np.array(inner["value"], inner["dtype"]),
}  # fmt: skip
"""What is no object of a class with a config."""


def _kind(config: Mapping[str, Any], name: str, module: str) -> Any:
    """The class of a config."""
    given = _given(config.get("registered_name")) or _given(name)
    if given is not None:
        return given
    homes = {module, "keras"} if module.startswith("keras") else set()
    found = next((kind for home in sorted(homes, reverse=True) if (kind := KINDS.get((home, name)))), None)
    if found is None and (module, name) == ("keras.src.models.functional", "Functional"):
        found = KINDS["keras", "Model"]
    if found is None:
        near = did_you_mean(name, [each for home, each in KINDS if home in homes])
        meant = f" Did you mean {near}?" if near else ""
        raise ValueError(
            f"Could not locate class '{name}' of {config.get('module') or module}.{meant} One of your own is given as "
            f"custom_objects={{'{name}': {name}}}; others that Keras has are not supported here"
        )
    return found


def _given(name: Any) -> Any:
    """A custom object of a name."""
    if not isinstance(name, str):
        return None
    return _custom.get().get(name, _registered.get(name) or _custom.get().get(name.rpartition(">")[2]))


def as_shapes(shape: Any) -> Any:
    """The lists of sizes in what JSON gave back as tuples."""
    if isinstance(shape, Sequence) and not isinstance(shape, str):
        sizes = all(n is None or isinstance(n, int) for n in shape)
        return tuple(shape) if sizes else [as_shapes(each) for each in shape]
    return {key: as_shapes(each) for key, each in shape.items()} if isinstance(shape, dict) else shape


def read(what: str, identifier: Any, table: Mapping[str, Any], module: str) -> Any:
    """What a name stands for in a table or among custom objects, or a config describes, or the given thing itself.

    None is none.

    Raises:
        ValueError: it is none of these.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        identifier = deserialize(identifier, module=module)
    return known(what, _given(identifier) or identifier, table)


# -- custom objects ----------------------------------------------------------------------------------------------------


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """Within it configs may name these classes and functions besides."""
    token = _custom.set({**_custom.get(), **custom_objects})
    try:
        yield
    finally:
        _custom.reset(token)


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """A decorator: configs may name this class or function, as `package>name`."""

    def registered(thing: T) -> T:
        _registered[f"{package}>{name or thing.__name__}"] = thing  # type: ignore[attr-defined]
        return thing

    return registered
