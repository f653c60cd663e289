"""What TensorFlow makes of Python's numbers: floats become float32, ints int32. Imports tape and NumPy.

NumPy arrays and scalars keep their dtype, and so do tensors. The functions of this package are NumPy's or gradcalc's
with their operands read this way: rows of a target and of TensorFlow's parameters, which `row` makes functions.
"""

import operator
import re
from collections.abc import Callable
from functools import partial, wraps
from types import FunctionType, ModuleType
from typing import Any, NoReturn, Self

import numpy as np

from gradcalc import tape
from gradcalc.errors import did_you_mean
from gradcalc.errors import only as only
from gradcalc.graph.ops import Op
from gradcalc.tape import nest
from gradcalc.tape.errors import OpError, told
from gradcalc.tape.tensor import Tensor, as_array, cast

Function = Callable[..., Any]

Result = Any
"""A tensor. NumPy's types, which know of arrays alone, do not say that its functions of tensors return tensors."""

_Typed = Tensor | np.ndarray | np.generic
_NARROW = {np.dtype("float64"): np.dtype("float32"), np.dtype("int64"): np.dtype("int32")}


def as_tensor(value: Any, dtype: Any = None) -> Tensor:
    """A tensor as it is, anything else as TensorFlow reads it; a list that holds tensors is stacked.

    Raises:
        TypeError: the value is complex, or not numeric.
    """
    if isinstance(value, Tensor):
        return value if dtype is None or value.dtype == dtype else cast(value, dtype)
    if value is None:
        raise TypeError("a tensor holds real numbers; this value is None")
    leaves = nest.flatten(value)
    if isinstance(value, list | tuple) and (found := [x.dtype for x in leaves if isinstance(x, Tensor)]):
        return np.stack([as_tensor(item, dtype or found[0]) for item in value])  # type: ignore[return-value]
    array = as_array(value, dtype)
    typed = any(isinstance(x, _Typed) for x in leaves)
    if array.dtype.kind in "iu" and not typed and any(type(x) is float for x in leaves):
        raise TypeError(f"{value!r} is not of {array.dtype}: tf.cast cuts fractions off")
    if dtype is None and not typed:
        narrow = array.astype(_NARROW.get(array.dtype, array.dtype))
        array = narrow if array.dtype.kind == "f" or np.array_equal(narrow, array) else array
    return Tensor(array)


def as_tensors(*values: Any) -> list[Any]:
    """Operands of one function as tensors, but for Python's numbers after the first, which follow the others' dtype."""
    like = _floating(values)
    return [x if i and type(x) in (int, float, bool) else _as_like(x, like) for i, x in enumerate(values)]


def alike(values: Any) -> list[Tensor]:
    """Tensors to be joined: what has no dtype of its own takes the first floating one."""
    like = _floating(values)
    return [_as_like(x, like) for x in values]


def _floating(values: Any) -> Any:
    """The dtype of what has none of its own: the first floating one, float32 beside floats of Python's alone."""
    known = [x for x in values if isinstance(x, _Typed)]
    typed = [x for x in known if x.dtype.kind == "f"]
    if not known and any(type(x) is float for x in nest.flatten(list(values))):
        return np.dtype(np.float32)
    firm = [x for x in typed if not isinstance(x, np.generic)]
    return next((x.dtype for x in firm or typed), None)


def _as_like(value: Any, like: Any) -> Tensor:
    """A tensor or an array in its dtype, anything else, also a number of NumPy's, in that of the others."""
    return as_tensor(value, None if isinstance(value, Tensor | np.ndarray) else like)


def as_shape(shape: Any) -> tuple[int, ...]:
    """A shape given as an int, an integer tensor or a list of them."""
    return tuple(map(operator.index, np.ravel(np.asarray(shape)).tolist()))


def as_index(number: Any) -> int:
    """A whole number, which may be a tensor."""
    return operator.index(np.asarray(number)[()])


def floating(x: Tensor, what: str) -> Tensor:
    """The tensor, which must be of a floating dtype."""
    if x.dtype.kind != "f":
        raise TypeError(f"{what} takes floating tensors, not {x.dtype}: tf.cast(x, tf.float32) makes one")
    return x


def as_axes(axis: Any) -> Any:
    """An axis as NumPy takes it: None, an int, or a tuple for a list."""
    return None if axis is None else as_shape(axis) if np.ndim(axis) else int(axis)


READ: dict[str, Function] = dict.fromkeys(("axis", "axes", "perm"), as_axes) | {
    "keepdims": bool, "num": int, "shape": as_shape, "multiples": as_shape, "clip_norm": as_tensor,
}  # fmt: skip
"""How arguments of these names are read."""


def last_axis(axis: Any) -> Any:
    """An axis, by default the last."""
    return -1 if axis is None else as_axes(axis)


def unary(function: Function, x: str = "x") -> Function:
    """`function` of a tensor; `x` is what TensorFlow calls it."""
    return row(function, f"{x} | name=None")


def binary(function: Function, x: str = "x", y: str = "y") -> Function:
    """`function` of two tensors; `x` and `y` are what TensorFlow calls them."""
    return row(function, f"{x}, {y} | name=None")


def reduction(function: Function, floats: bool = False) -> Function:
    """`function` of a tensor over axes; integers stay of their dtype, or are refused where it takes `floats` alone."""

    def reduced(x: Tensor, axis: Any, keepdims: bool) -> Result:
        if (floats and x.dtype.kind != "f") or (x.dtype.kind == "b" and function not in (np.all, np.any)):
            raise TypeError(
                f"{made.__name__} takes {'floating' if floats else 'numeric'} tensors, not {x.dtype}: "
                "tf.cast(x, tf.float32) makes one"
            )
        result = function(x, axis=axis, keepdims=keepdims)
        return cast(result, x.dtype) if x.dtype.kind in "iu" and result.dtype.kind != "b" else result

    made = row(reduced, "input_tensor | axis=None, keepdims=False, name=None", function.__doc__ or "")
    return made


def row(function: Function, parameters: str, doc: str = "", **read: Function) -> Function:
    """`function` with TensorFlow's parameters, in their order, each read as its name says, or as `read` does.

    Those before a bar are tensors, read together, or a list of them (`[values]`); what comes behind it is of any kind,
    of which `READ` has the readers. `~` marks what makes no difference here, as `name` does, and `!` what is refused
    if it is not the default: neither is handed on. The function is written once, as if by hand: a call binds its
    arguments at no cost, and what does not fit is told as TensorFlow tells it.
    """
    tensors, _, rest = (part.strip() for part in parameters.rpartition("|"))
    listed = tensors.startswith("[")
    first = [name.strip() for name in tensors.strip("[]").split(",") if name.strip()]
    others = [part.strip() for part in re.split(r",(?![^(]*\))", rest) if part.strip()]
    given = [f"alike({tensors[1:-1]})"] if listed else [f"as_tensor({x})" for x in first]
    if len(first) > 1:
        given = [f"*as_tensors({', '.join(first)})"]
    refused, readers = [], {**READ, **read}
    for part in others:
        name = part.lstrip("~!").partition("=")[0]
        if part[0] == "!":
            refused.append(f"only({part.partition('=')[2]}, {name}={name})")
        elif part[0] != "~" and not part.startswith("name="):
            given.append(f"readers[{name!r}]({name})" if name in readers else name)
    signature = ", ".join([*first, *(part.lstrip("~!") for part in others)])
    source = f"def row({signature}):\n {'; '.join([*refused, 'pass'])}\n try:\n  return function({', '.join(given)})\n"
    source += " except OpError:\n  raise\n except (ValueError, IndexError) as error:\n  raise told(error) from error\n"
    names = {**globals(), "function": function, "readers": readers}
    exec(source, names)
    names["row"].__doc__ = doc or (function.doc if isinstance(function, Op) else function.__doc__)
    return names["row"]  # type: ignore[no-any-return]


def described(alias: Function, function: Any) -> Function:
    """The alias, with the name and the docstring of what it stands for."""
    alias.__name__ = alias.__qualname__ = function.__name__
    alias.__doc__ = function.__doc__
    return alias


def telling(namespace: dict[str, Any]) -> None:
    """Let a module's own public functions say what does not fit as TensorFlow does, also what is seen before an op.

    Each `ValueError` and `IndexError` is an `InvalidArgumentError` besides. What `row` makes does so by
    itself, and is given its name here.
    """
    for name, value in namespace.items():
        if getattr(value, "__name__", "") == "row" and name != "row":
            value.__name__ = value.__qualname__ = name
            value.__module__ = namespace["__name__"]
        elif name[0] != "_" and isinstance(value, FunctionType) and value.__module__ == namespace["__name__"]:
            namespace[name] = _telling(value)


def _telling(function: Function) -> Function:
    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except OpError:
            raise
        except (ValueError, IndexError) as error:
            raise told(error) from error

    return checked


INSTEAD = {
    "image": "SciPy, Pillow, or tf.keras.layers.UpSampling2D", "strings": "Python's own", "io": "Python's files",
    "datasets": "NumPy reads files", "Session": "functions run at once", "placeholder": "pass arrays to functions",
    "compat": "the names of TensorFlow 2", "ragged": "padded_batch or pad_sequences", "ragged_batch": "padded_batch",
    "TFRecordDataset": "Dataset.from_generator", "saved_model": "model.save('m.keras')", "TensorBoard": "CSVLogger",
    "eig": "tf.linalg.eigh of symmetric matrices, for there are no complex numbers", "get_file": "urllib.request",
    "TextVectorization": "a dict of words and tf.keras.utils.pad_sequences", "applications": "a model of one's own",
}  # fmt: skip
"""What takes the place of what is not there, of any module."""


def missing(module: ModuleType | type, *homes: ModuleType) -> None:
    """Give a module or class an error for a missing name: what to use, its nearest name, or one of `homes` that has it.

    Entered here and not by assignment: a type checker that saw a `__getattr__` would take any name for granted.
    """

    def getattribute(name: str) -> NoReturn:
        home = next((_known_as(home) for home in homes if name in vars(home)), None)
        near = f"{home}.{name}" if home else did_you_mean(name, (x for x in vars(module) if not x.startswith("_")))
        hint = f"instead: {INSTEAD[name]}. " if name in INSTEAD else f"did you mean {near}? " if near else ""
        raise AttributeError(
            f"{_known_as(module)}.{name} is not there; "
            + hint
            + "docs/tensorflow.md lists what is, and what to use for what is not"
        )

    if isinstance(module, type):
        setattr(module, "__getattr__", lambda _, name: getattribute(name))  # noqa: B010
    else:
        vars(module)["__getattr__"] = getattribute


def _known_as(module: ModuleType | type) -> str:
    return module.__name__.removeprefix("gradcalc.").replace("tf.special", "tf.math.special")


class Variable(tape.Variable):
    """`gradcalc.Variable` of a value read as TensorFlow reads it."""

    __slots__ = ("constraint",)

    def __init__(
        self, initial_value: Any = None, trainable: bool | None = None, validate_shape: bool = True,
        caching_device: Any = None, name: str | None = None, variable_def: Any = None, dtype: Any = None,
        import_scope: Any = None, constraint: Any = None, synchronization: Any = None, aggregation: Any = None,
        shape: Any = None, experimental_enable_variable_lifting: bool = True,
    ) -> None:  # fmt: skip
        only(None, variable_def=variable_def, import_scope=import_scope)
        value = initial_value() if callable(initial_value) else initial_value
        super().__init__(as_tensor(value, dtype), trainable is not False, name=name)
        self.constraint = constraint
        if shape is not None and as_shape(shape) != self.shape:
            raise ValueError(f"the value of {self.name} has shape {self.shape}, not {as_shape(shape)}")

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Replace the value, by one of the same shape, cast to this dtype; returns the variable, if `read_value`."""
        super().assign(value)
        return self if read_value else None

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Replace the value by itself plus `delta`."""
        return self.assign(self.array + as_array(delta), read_value=read_value)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Replace the value by itself minus `delta`."""
        return self.assign(self.array - as_array(delta), read_value=read_value)

    def value(self) -> Tensor:
        """The present value as a tensor, recorded."""
        return self.copy()

    read_value = value

    def __reduce__(self) -> tuple[Any, ...]:
        make = partial(type(self), name=self._name, constraint=self.constraint)
        return make, (self.array, self.trainable)

    def __deepcopy__(self, memo: Any) -> Self:
        kind, value = self.__reduce__()
        return kind(*value)  # type: ignore[no-any-return]


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Result:
    """A tensor of a value read as TensorFlow reads it, in `shape` if given; one element fills it."""
    x = _snapshot(as_tensor(value, dtype))
    if shape is None:
        return x
    return np.broadcast_to(x, as_shape(shape)) if x.size == 1 else np.reshape(x, as_shape(shape))


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Tensor:
    """A tensor as it is, the present value of a variable, anything else as TensorFlow reads it.

    Raises:
        ValueError: a tensor of another dtype, which `cast` would convert.
    """
    if isinstance(value, Tensor) and dtype is not None and value.dtype != dtype:
        raise ValueError(f"a tensor of dtype {value.dtype} is not one of {np.dtype(dtype)}: tf.cast converts it")
    return _snapshot(as_tensor(value, dtype))


def _snapshot(x: Tensor) -> Tensor:
    """What stays as it is when a variable is assigned to."""
    return x.copy() if isinstance(x, tape.Variable) else x
