"""Tensor and Variable: NumPy arrays that live tapes record. Imports NumPy, ops and the arithmetic of arrays.

Every operation goes through `run`: it computes the value with NumPy and shows operands and result to the live tapes.
NumPy's own functions arrive by NumPy's protocols and are looked up in `UFUNCS` and `FUNCTIONS`, which `rules.shapes`
and `linalg` fill. A tensor never changes; a `Variable` is a named place whose tensor can be replaced.
"""

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, NoReturn, Protocol, Self

import numpy as np

from gradcalc.arithmetic.arrays import FUNCTIONS as OF_ARRAYS
from gradcalc.arithmetic.arrays import Array as Array
from gradcalc.arithmetic.arrays import Masked
from gradcalc.errors import DetachError, NoRuleError
from gradcalc.graph import ops
from gradcalc.graph.ops import Constant, Op, Operand
from gradcalc.tape import nest
from gradcalc.tape.errors import told
from gradcalc.tape.shape import Shape


class Recorder(Protocol):
    """What a live tape offers to the tensors that it sees."""

    def record(self, op: Any, operands: Sequence[Any], result: "Tensor", settings: dict[str, Any] | None) -> None:
        """Take note of one operation, if any of its operands is watched."""

    def tracks(self, tensor: "Tensor") -> bool:
        """The gradient with respect to this tensor, or through it, is being recorded."""


LIVE: ContextVar[tuple[Recorder, ...]] = ContextVar("live tapes", default=())
"""The tapes that record now, outermost first; each thread and each task has its own."""
UNDO: ContextVar[list[tuple[Any, Any]] | None] = ContextVar("variables and the arrays they had", default=None)
"""What a trial, which is to leave no trace, has assigned to."""

UFUNCS: dict[str, Callable[..., Any]] = {}
"""What stands for a NumPy or SciPy ufunc, by the ufunc's name."""

FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""What stands for a function of NumPy that is no ufunc."""

INSTEAD: dict[type, Callable[..., Any]] = {}
"""What stands for `run` where an operand is of this class."""

_ids = itertools.count()
new_id: Callable[[], int] = _ids.__next__
"""A number for a tensor; later ones are larger."""


class ArrayOp:
    """A function of whole arrays with its rules, as the table of `ops` has them for elementwise functions.

    A rule is `lambda g, y, x, **settings`: adjoint, result, operands, and what the call was given besides; written in
    NumPy's functions and in array ops, so it runs on arrays and on tensors. `variadic`: one rule for all operands,
    `lambda g, y, wanted, *xs, **settings`, which returns a list. `passes` and `steps` as in `ops.Op`.
    """

    __slots__ = ("forward", "name", "passes", "rules", "steps", "variadic")

    def __init__(
        self,
        name: str,
        forward: Callable[..., Array],
        *rules: Callable[..., Any] | None,
        variadic: bool = False,
        passes: bool = False,
        steps: bool = False,
    ) -> None:
        self.name = name
        self.forward = forward
        self.rules = rules
        self.variadic = variadic
        self.passes = passes
        self.steps = steps

    def __call__(self, *operands: Any, **settings: Any) -> Any:
        """Apply it: recorded where a tensor takes part, plain NumPy where none does."""
        for operand in operands:
            if isinstance(operand, Tensor):
                return run(self, operands, settings)
        return self.forward(*operands, **settings)

    def __repr__(self) -> str:
        return f"<array op {self.name}>"


class Reference:
    """What stands for a tensor in sets and dicts: equal to another of the same tensor."""

    def __init__(self, tensor: "Tensor") -> None:
        self._tensor = tensor

    def deref(self) -> "Tensor":
        """The tensor."""
        return self._tensor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._tensor is other._tensor

    def __hash__(self) -> int:
        return id(self._tensor)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._tensor!r}>"


def _binary(function: Any) -> tuple[Any, Any]:
    """Two operators of tensors: an op of the table, or NumPy's function, with the tensor on the left and the right."""

    def left(self: Any, other: Any) -> Any:
        if type(other) not in _READY and leads(other):
            return NotImplemented
        return run(function, (self, other), None) if of_table else function(self, other)

    def right(self: Any, other: Any) -> Any:
        return run(function, (other, self), None) if of_table else function(other, self)

    of_table = isinstance(function, Op)
    return left, right


def leads(x: Any) -> bool:
    """Operators leave all to it: it has axes with names (an `xarray.DataArray`), or holds complex tensors."""
    return hasattr(type(x), "dims") or hasattr(type(x), "holds_tensors")


def _unary(function: Any) -> Any:
    """An operator of one tensor."""
    return lambda self: function(self)


_equal, _unequal = _binary(ops.eq)[0], _binary(ops.ne)[0]


class Tensor(Operand):
    """An immutable array of real numbers that tapes can record: what NumPy makes of a `Variable` or a `constant`.

    It takes part in NumPy: operators, ufuncs, NumPy's functions, indexing. dtypes follow NumPy.
    """

    __slots__ = ("__weakref__", "_keras_mask", "array", "id")
    __array_priority__ = 100.0
    trainable = False

    _keras_mask: Any
    """Which steps count, where the layer that made the tensor says so; else not set."""

    def __init__(self, array: Array) -> None:
        self.array = array
        self.id = new_id()

    # -- what it is ---------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> "Shape":
        """The size along each axis."""
        return Shape(self.array.shape)

    def get_shape(self) -> "Shape":
        """As `shape`."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Nothing, but an error where a shape, None for any size, is not this one."""
        if not self.shape.is_compatible_with(shape):
            raise ValueError(f"Tensor's shape {self.shape} is not compatible with supplied shape {shape}.")

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype."""
        return self.array.dtype  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.array.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.array.size  # type: ignore[no-any-return]

    @property
    def nbytes(self) -> int:
        """The memory of the elements, in bytes."""
        return self.array.nbytes  # type: ignore[no-any-return]

    def ref(self) -> Reference:
        """What stands for this tensor in sets and dicts."""
        return Reference(self)

    def numpy(self) -> Array:
        """The value, copied, off every tape: an array, or a NumPy scalar where there are no axes."""
        return self.array.copy()

    def item(self, *index: int) -> Any:
        """One element as a Python number."""
        return plain(self, "float").item(*index)

    def tolist(self) -> Any:
        """The value as nested lists of Python numbers."""
        return plain(self, "list").tolist()

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("a scalar tensor has no length")
        return self.array.shape[0]  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<Tensor: shape={self.shape}, dtype={self.dtype}, numpy={_text(self.array)}>"

    def __str__(self) -> str:
        return f"Tensor({self.array}, shape={self.shape}, dtype={self.dtype})"

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        return format(self.array.item() if self.size == 1 else self.array, spec)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.array,)

    # -- leaving the tape ---------------------------------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        array: np.ndarray[Any, Any] = np.array(plain(self, "array"), dtype=dtype, copy=copy is not False)
        if copy is False:
            array = array.view()
            array.flags.writeable = False
        return array

    def __float__(self) -> float:
        return float(plain(self, "float"))

    def __int__(self) -> int:
        return int(plain(self, "int"))

    def __index__(self) -> int:
        return operator.index(plain(self, "index"))

    def __bool__(self) -> bool:
        return bool(self.array)

    # -- operators ----------------------------------------------------------------------------------------------------

    def apply(self, op: Op, operands: Sequence[Any]) -> Any:
        """An op of the table, recorded."""
        if op is ops.where and (operands[1] is ops.zero or operands[2] is ops.zero):
            return _masked(operands)
        return run(op, operands, None)

    def __truediv__(self, other: Any) -> Any:
        if type(other) not in _READY and leads(other):
            return NotImplemented
        return run(ops.div, (wide(self), other), None)

    def __rtruediv__(self, other: Any) -> Any:
        return run(ops.div, (other, wide(self)), None)

    def __pow__(self, other: Any) -> Any:
        return run(ops.powi, (self, other), None) if isinstance(other, int) else np.power(self, other)

    def __eq__(self, other: Any) -> Any:
        return False if other is None else _equal(self, other)

    def __ne__(self, other: Any) -> Any:
        return True if other is None else _unequal(self, other)

    __hash__ = object.__hash__
    __abs__, __invert__ = _unary(ops.abs), _unary(np.invert)
    __add__, __radd__ = _binary(ops.add)
    __sub__, __rsub__ = _binary(ops.sub)
    __mul__, __rmul__ = _binary(ops.mul)
    __mod__, __rmod__ = _binary(ops.mod)
    __lt__, __le__ = _binary(ops.lt)[0], _binary(ops.le)[0]
    __gt__, __ge__ = _binary(ops.gt)[0], _binary(ops.ge)[0]
    __rpow__ = _binary(np.power)[1]
    __floordiv__, __rfloordiv__ = _binary(np.floor_divide)
    __divmod__, __rdivmod__ = _binary(np.divmod)
    __matmul__, __rmatmul__ = _binary(np.matmul)
    __and__, __rand__ = _binary(np.bitwise_and)
    __or__, __ror__ = _binary(np.bitwise_or)
    __xor__, __rxor__ = _binary(np.bitwise_xor)

    # -- elements -----------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> "Tensor":
        return GETITEM(self, index=_plain_index(index))  # type: ignore[no-any-return]

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise DetachError(
            f"a {type(self).__name__} cannot be assigned to in place: the tape would not see it",
            hint="np.where(mask, new, old), np.concatenate, np.stack, or Variable.assign",
        )

    def __iter__(self) -> Iterator["Tensor"]:
        return (self[i] for i in range(len(self)))

    # -- NumPy's protocols --------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(type(x) not in _READY and leads(x) for x in inputs):
            return NotImplemented
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        rule = UFUNCS.get(name)
        if kwargs or method == "at":
            kwargs = {key: value for key, value in kwargs.items() if value is not None or key == "axis"}
            if "out" in kwargs or method == "at":
                return _in_place(ufunc, method, inputs, kwargs)
        if rule is None or "where" in kwargs:
            return without_rule(getattr(ufunc, method), name, inputs, kwargs)
        if method == "__call__" and kwargs:
            dtype = kwargs.pop("dtype", None)
            kwargs.pop("casting", None)
            inputs = inputs if dtype is None else tuple(cast(x, dtype) for x in inputs)
        return rule(*inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        rule = FUNCTIONS.get(function)
        if rule is None or kwargs.get("out") is not None:
            module = getattr(function, "__module__", "numpy")
            return without_rule(function, f"{module}.{function.__name__}", args, kwargs)
        try:
            return rule(*args, **kwargs)
        except (ValueError, IndexError) as error:
            raise told(error) from error

    # -- methods, as arrays have them ---------------------------------------------------------------------------------

    @property
    def T(self) -> "Tensor":
        """The tensor with its axes reversed."""
        return np.transpose(self)  # type: ignore[return-value]

    @property
    def mT(self) -> "Tensor":
        """The tensor with its last two axes exchanged."""
        return np.swapaxes(self, -1, -2)  # type: ignore[return-value]

    @property
    def flat(self) -> Iterator["Tensor"]:
        """The elements in order."""
        return iter(np.ravel(self))

    @property
    def real(self) -> Self:
        """The tensor itself: it is real."""
        return self

    def reshape(self, *shape: Any, order: Any = "C") -> "Tensor":
        """The elements in another shape."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)  # type: ignore[return-value]

    def transpose(self, *axes: Any) -> "Tensor":
        """The axes in another order; reversed by default."""
        return np.transpose(self, axes[0] if len(axes) == 1 else axes or None)  # type: ignore[return-value]

    def flatten(self, order: Any = "C") -> "Tensor":
        """The elements along one axis."""
        return np.ravel(self, order)  # type: ignore[return-value]

    def copy(self, order: Any = "C") -> "Tensor":
        """The same values, still recorded."""
        return cast(self, self.dtype)

    def astype(self, dtype: Any, **settings: Any) -> "Tensor":
        """The values in another dtype; the gradient comes back in this one."""
        return cast(self, dtype)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self


def _method(name: str) -> Any:
    """A method of arrays that is NumPy's function of the same name."""
    function = getattr(np, name)

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"`numpy.{name}` of this tensor."
    return method


METHODS = (  # noqa: SIM905
    "all any argmax argmin argsort clip cumprod cumsum diagonal dot max mean min nonzero prod ravel repeat round "
    "searchsorted squeeze std sum swapaxes take trace var"
).split()
for _name in METHODS:
    setattr(Tensor, _name, _method(_name))


class Variable(Tensor):
    """A tensor with a name, whose value can be replaced; a tape watches it by itself if it is trainable.

    Args:
        value: what `numpy.array` takes, or a function that returns it.
        trainable: tapes watch the variable when it is read.
        dtype: a real dtype; by default that of the value.
        name: shown in print.
    """

    __slots__ = ("_name", "_snapshot", "trainable")

    def __init__(self, value: Any, trainable: bool = True, dtype: Any = None, name: str | None = None) -> None:
        super().__init__(as_array(value() if callable(value) else value, dtype))
        self.trainable = trainable
        self._name = name
        self._snapshot: Tensor | None = None

    @property
    def name(self) -> str:
        """The name, with TensorFlow's number of the output: `w:0`."""
        return f"{self._name or 'Variable'}:0"

    def snapshot(self) -> Tensor:
        """The present value as a tensor of the same id, for records: no tape sees this as a use of the variable."""
        if self._snapshot is None:
            self._snapshot = Tensor(self.array)
            self._snapshot.id = self.id
        return self._snapshot

    def assign(self, value: Any) -> Self:
        """Replace the value, by one of the same shape, cast to this dtype. No tape records it."""
        return self._set(as_array(value, self.dtype))

    def assign_add(self, delta: Any) -> Self:
        """Replace the value by itself plus `delta`."""
        return self._set((self.array + as_array(delta)).astype(self.dtype))

    def assign_sub(self, delta: Any) -> Self:
        """Replace the value by itself minus `delta`."""
        return self._set((self.array - as_array(delta)).astype(self.dtype))

    def _set(self, array: Array) -> Self:
        if array.shape != self.shape:
            raise ValueError(f"{self.name} has shape {self.shape}: a value of shape {array.shape} cannot be assigned")
        if (undo := UNDO.get()) is not None:
            undo.append((self, self.array))
        self.array = array
        self._snapshot = None
        return self

    def __getitem__(self, index: Any) -> "VariableSlice":
        return VariableSlice(self, _plain_index(index))

    def __repr__(self) -> str:
        return f"<Variable '{self.name}' shape={self.shape} dtype={self.dtype}, numpy={_text(self.array)}>"

    __str__ = __repr__

    def __copy__(self) -> Self:
        return self.__deepcopy__(None)

    def __deepcopy__(self, memo: Any) -> Self:
        return type(self)(self.array, self.trainable, self.dtype, self._name)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.array, self.trainable, self.dtype, self._name)


class VariableSlice(Tensor):
    """A part of a variable: a tensor, and a place that can be assigned to."""

    __slots__ = ("_index", "_variable")

    def __init__(self, variable: Variable, index: Any) -> None:
        part = GETITEM(variable, index=index)
        super().__init__(part.array)
        self.id = part.id
        self._variable = variable
        self._index = index

    def assign(self, value: Any) -> Variable:
        """Replace this part of the variable; returns the variable. No tape records it."""
        array = np.array(self._variable.array)
        array[self._index] = as_array(value, array.dtype)
        return self._variable._set(array[()])

    def __reduce__(self) -> tuple[Any, ...]:
        return Tensor, (self.array,)


def constant(value: Any, dtype: Any = None) -> Tensor:
    """A tensor with a copy of `value`: what `numpy.array` takes, of a real dtype. A copy of a tensor is recorded."""
    if isinstance(value, Tensor):
        return cast(value, value.dtype if dtype is None else dtype)
    return Tensor(as_array(value, dtype))


def as_tensor(x: Any) -> Tensor:
    """A tensor as it is, anything else as a constant."""
    return x if isinstance(x, Tensor) else constant(x)


# -- the one way to compute --------------------------------------------------------------------------------------------


_READY = {Tensor, Variable, int, float, np.ndarray, np.float32}


def run(op: Any, operands: Sequence[Any], settings: dict[str, Any] | None) -> Tensor:
    """Apply an op of the table (`settings` is None) or an array op, and show it to the live tapes."""
    for x in operands:
        if type(x) not in _READY:
            for y in operands:
                if type(y) in INSTEAD:
                    return INSTEAD[type(y)](op, operands, settings)  # type: ignore[no-any-return]
            operands = [as_operand(x, operands if settings is None else ()) for x in operands]
            break
    values = [x.array if isinstance(x, Tensor) else x for x in operands]
    try:
        if settings is None:
            result = Tensor(OF_ARRAYS[op](*values))
        else:
            array = op.forward(*values, **settings)
            result = Tensor(array if array.ndim else array[()])
    except (ValueError, IndexError) as error:
        raise told(error) from error
    for tape in LIVE.get():
        tape.record(op, operands, result, settings)
    return result


def _masked(operands: Sequence[Any]) -> Masked:
    """`where(c, part, 0)` of a rule, with the mask that says where the part is used."""
    c, a, b = operands
    used = c.array if isinstance(c, Tensor) else c
    if b is ops.zero:
        return Masked(run(ops.where, (c, a, 0), None), used)
    return Masked(run(ops.where, (c, 0, b), None), np.logical_not(used))


def as_operand(x: Any, beside: Sequence[Any] = ()) -> Any:
    """A tensor, array or number, of what a rule or a user brings along.

    `beside` tensors, in an elementwise op, lists take their floating dtype, and NumPy's float64 and integer scalars are
    Python's numbers.
    """
    if type(x) is int or type(x) is float:
        return x
    if beside and isinstance(x, np.float64 | np.integer):
        return x.item()
    if isinstance(x, list | tuple) and (like := [y.dtype for y in beside if isinstance(y, Tensor)]):
        return as_array(x, like[0] if like[0].kind == "f" else None)
    if isinstance(x, Masked):
        return x.value
    if isinstance(x, Constant):
        return x.number()
    if isinstance(x, Operand) and not isinstance(x, Tensor):
        raise TypeError(f"{x!r} belongs to a graph, not to a tape")
    if isinstance(x, np.matrix | np.ma.MaskedArray):
        raise TypeError(f"a {type(x).__name__} beside a tensor; try: numpy.asarray of it, and numpy.where for a mask")
    if isinstance(x, Tensor | np.ndarray | np.generic) and x.dtype.kind in "fiub":
        return np.asarray(x) if isinstance(x, np.ndarray) else x
    return as_array(x)


def wide(x: Tensor) -> Tensor:
    """What is divided: integers of 8 and 16 bits as float32, as TensorFlow has it (NumPy: float16 and float64)."""
    dtype = x.dtype
    return cast(x, np.float32) if dtype.kind in "iu" and dtype.itemsize < 4 else x


def cast(x: Any, dtype: Any) -> Tensor:
    """The values in another dtype: differentiable from one floating dtype to another, else a cut."""
    dtype = np.dtype(dtype)
    if dtype.kind not in "fiub":
        raise TypeError(f"a tensor holds real numbers: it cannot be cast to {dtype}")
    return CAST(as_tensor(x), dtype=dtype)  # type: ignore[no-any-return]


CAST: ArrayOp = ArrayOp(
    "cast", lambda x, dtype: x.astype(dtype), lambda g, y, x, dtype: CAST(g, dtype=x.dtype), passes=True
)


def _put_back(g: Any, y: Any, x: Any, index: Any) -> Any:
    """The adjoint at the index, 0 elsewhere; an index with booleans says that nothing else is used."""
    part = SCATTER(g, index=index, shape=x.shape)
    if not any(map(_is_mask, index if isinstance(index, tuple) else (index,))):
        return part
    used = np.zeros(x.shape, bool)
    used[index] = True
    return Masked(part, used)


def is_basic(index: Any) -> bool:
    """Whether an index is of whole numbers, slices and such: it makes a view, and names no element twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, int | slice) for part in parts)


def _is_mask(index: Any) -> bool:
    return isinstance(index, np.ndarray) and index.dtype == bool


GETITEM: ArrayOp = ArrayOp("getitem", lambda x, index: x[index], _put_back, passes=True)
"""`x[index]`: basic, boolean or fancy."""

SCATTER: ArrayOp = ArrayOp(
    "scatter", lambda g, index, shape: _scatter(g, index, shape), lambda g, y, x, index, shape: GETITEM(g, index=index),
    passes=True,
)  # fmt: skip
"""Zeros of a shape, with `g` added at `index`: the adjoint of `getitem`."""


def _scatter(g: Array, index: Any, shape: tuple[int, ...]) -> Array:
    result = np.zeros(shape, g.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if all(part is None or part is Ellipsis or isinstance(part, int | slice) or _is_mask(part) for part in parts):
        result[index] = g
    else:
        np.add.at(result, index, g)
    return result


def _plain_index(index: Any) -> Any:
    """An index without tensors in it; arrays in it are copied, for the tape keeps it."""
    if isinstance(index, tuple):
        return tuple(_plain_index(part) for part in index)
    if isinstance(index, Tensor):
        index = index.array
    if isinstance(index, list):
        return np.array([_plain_index(part) for part in index], dtype=None if index else np.intp)
    return index.copy() if isinstance(index, np.ndarray) else index


# -- plain values ------------------------------------------------------------------------------------------------------


def as_array(value: Any, dtype: Any = None) -> Array:
    """An array, or NumPy scalar, of a real dtype: a copy, but of a tensor its own (which never changes).

    Raises:
        TypeError: the value is complex, or not numeric.
    """
    if isinstance(value, Tensor):
        return value.array if dtype is None or value.dtype == dtype else value.array.astype(dtype)
    array = np.array(value, dtype=dtype)
    if array.dtype.kind not in "fiub":
        what = "complex" if array.dtype.kind == "c" else "None" if value is None else f"of dtype {array.dtype}"
        raise TypeError(f"a tensor holds real numbers; this value is {what}")
    return array if array.ndim else array[()]


def recorded(tensor: Tensor) -> bool:
    """A live tape records this tensor."""
    return any(tape.tracks(tensor) for tape in LIVE.get())


def plain(tensor: Tensor, what: str) -> Array:
    """The value for a conversion that leaves the tape; an error where a live tape would lose it in silence."""
    if tensor.dtype.kind == "f" and recorded(tensor):
        raise DetachError(f"{_LEAVING[what]} of a value that a live tape records", hint=_INSTEAD[what])
    return tensor.array


_LEAVING = {
    "array": "this would make a plain NumPy array",
    "float": "this would make a plain Python float",
    "int": "this would make a plain Python int",
    "index": "this would make an index",
    "list": "this would make a plain list",
}
_INSTEAD = {
    "array": (
        "np.stack([u, v]) for np.array([u, v]), u * np.ones(3) for np.full(3, u), np.where for assignment in place; "
        "gradcalc.stats, gradcalc.special for SciPy's functions; x.numpy() where a plain array is meant"
    ),
    "float": (
        "np.sin(u) for math.sin(u); np.where, np.stack or a list for a[i] = u; u.numpy() where a plain number is meant"
    ),
    "int": "np.floor(u); int(u.numpy()) where a plain number is meant",
    "index": "int(u.numpy()) where a plain number is meant",
    "list": "x.numpy().tolist() where plain numbers are meant",
}


def unwrapped(structure: Any) -> tuple[Any, list[Tensor]]:
    """The same lists, tuples and dicts with arrays for tensors, and those tensors."""
    seen = [leaf for leaf in nest.flatten(structure) if isinstance(leaf, Tensor)]
    return nest.apply(lambda leaf: leaf.array if isinstance(leaf, Tensor) else leaf, structure), seen


def without_rule(function: Callable[..., Any], name: str, args: Any, kwargs: Any) -> Any:
    """Call a function that has no rule on plain values: an error if that loses a gradient."""
    values, seen = unwrapped((tuple(args), dict(kwargs)))
    lost = any(tensor.dtype.kind == "f" and recorded(tensor) for tensor in seen)
    place = args[0] if args and function in _IN_PLACE else kwargs.get("out")
    if place is not None and (lost or isinstance(place, Tensor)):
        what = "into a tensor" if isinstance(place, Tensor) else "a recorded value into a plain array"
        raise DetachError(f"{name} writes {what}", hint=_INSTEAD["array"])
    result = _wrapped(function(*values[0], **values[1]), name if lost else None)
    if lost and isinstance(result, Tensor):
        for tape in LIVE.get():
            tape.record(ArrayOp(name, function), seen, result, {})
    return result


_IN_PLACE = {np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis}


def _wrapped(result: Any, lost: str | None) -> Any:
    """NumPy's answer with tensors for arrays; `lost` names the function whose gradient no rule gives."""
    if lost and (isinstance(result, float | complex) or getattr(result, "dtype", np.dtype(bool)).kind in "fcO"):
        advice = "gradcalc.custom_gradient to give it one, or x.numpy() to leave the tape"
        raise NoRuleError(f"{lost} has no derivative rule", hint=advice)
    if isinstance(result, np.ndarray | np.generic):
        return Tensor(np.asarray(result)[()]) if result.dtype.kind in "fiub" else result
    if isinstance(result, tuple):
        items = [_wrapped(item, lost) for item in result]
        return type(result)(*items) if hasattr(result, "_fields") else tuple(items)
    return [_wrapped(item, lost) for item in result] if isinstance(result, list) else result


def _in_place(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """`array += tensor` and `out=`: plain NumPy where no tape loses anything."""
    plain_inputs, seen = unwrapped(inputs)
    outputs = kwargs.get("out", inputs[:1])
    if any(isinstance(out, Tensor) for out in outputs) or any(x.dtype.kind == "f" and recorded(x) for x in seen):
        what = f"{ufunc.__name__} would write a recorded value into an array in place"
        raise DetachError(what, hint="a = a + u for a += u, without out=")
    return getattr(ufunc, method)(*plain_inputs, **kwargs)


def _text(array: Array) -> str:
    """The value as `repr` shows it: a number as it is, an array of more than one axis on lines of its own."""
    if not array.ndim:
        return str(array)
    return ("\n" if array.ndim > 1 else "") + repr(array)
