"""What an optimizer remembers: arrays with a path, changed in place. Imports NumPy."""

from typing import Any, Self

import numpy as np

__all__ = ["State"]


class State(np.lib.mixins.NDArrayOperatorsMixin):
    """One array of an optimizer: its step counter, its learning rate, a momentum.

    It takes part in NumPy as its array does, prints as Keras's variables do, and no tape records it.
    """

    def __init__(self, array: Any, path: str) -> None:
        self.array: np.ndarray[Any, Any] = np.array(array)
        self.path = path

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def shape(self) -> tuple[int, ...]:
        """The size along each axis."""
        return self.array.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype."""
        return self.array.dtype  # type: ignore[no-any-return]

    @property
    def value(self) -> Self:
        """The present value, which is this itself."""
        return self

    def numpy(self) -> Any:
        """A copy of the value."""
        return self.array.copy()[()]

    def assign(self, value: Any) -> Self:
        """Replace the value by one of the same shape, cast to this dtype."""
        value = np.asarray(value)
        if value.shape != self.shape:
            raise ValueError(f"{self.path} has shape {self.shape}: a value of shape {value.shape} does not fit")
        self.array[...] = value
        return self

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self.array, dtype=dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, State) for x in kwargs.get("out") or ()):
            return NotImplemented
        values = (x.array if isinstance(x, State) else x for x in inputs)
        return getattr(ufunc, method)(*values, **kwargs)

    def __float__(self) -> float:
        return float(self.array)

    def __int__(self) -> int:
        return int(self.array)

    def __index__(self) -> int:
        return self.array.__index__()

    def __bool__(self) -> bool:
        return bool(self.array)

    def __format__(self, spec: str) -> str:
        return format(self.array.item(), spec) if spec and not self.shape else repr(self)

    def __repr__(self) -> str:
        value = self.array if self.shape else self.array.item()
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={value}>"

    __hash__ = object.__hash__
