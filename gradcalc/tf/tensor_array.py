"""`tf.TensorArray`: a list of tensors that loops write and read. Imports the defaults and arrays.

It changes in place and returns itself, as TensorFlow's does where nothing is compiled. What it holds stays recorded.
"""

from typing import Any

import numpy as np

from gradcalc.tape.errors import told
from gradcalc.tape.tensor import Tensor
from gradcalc.tf.arrays import concat, split, stack, unstack
from gradcalc.tf.defaults import Result, as_index, as_shape, as_tensor, only


class TensorArray:
    """Places for tensors of one dtype and, unless `infer_shape` is false, of one shape.

    Args:
        size: how many places there are.
        dynamic_size: writing behind the last place makes more.
        clear_after_read: a place can be read once; false keeps what it holds.
        element_shape: that of all elements; None for any size of an axis.
    """

    def __init__(
        self, dtype: Any, size: Any = None, dynamic_size: bool | None = None, clear_after_read: bool | None = None,
        tensor_array_name: str | None = None, handle: Any = None, flow: Any = None, infer_shape: bool = True,
        element_shape: Any = None, colocate_with_first_write_call: bool = True, name: str | None = None,
    ) -> None:  # fmt: skip
        only(None, handle=handle, flow=flow)
        self.dtype = np.dtype(dtype)
        self.dynamic_size = bool(dynamic_size)
        self.element_shape = None if element_shape is None else tuple(element_shape)
        self._once = clear_after_read is not False
        self._one_shape = bool(infer_shape)
        if size is None:
            raise ValueError("Size must be declared for TensorArrays when eager execution is enabled.")
        if as_index(size) < 0:
            raise ValueError(f"a TensorArray has size 0 or more, not {as_index(size)}")
        self._parts: list[Tensor | None] = [None] * as_index(size)
        self._read: set[int] = set()

    def size(self, name: str | None = None) -> Result:
        """How many places there are."""
        return as_tensor(len(self._parts))

    def write(self, index: Any, value: Any, name: str | None = None) -> "TensorArray":
        """Put a tensor at a place; returns the array.

        Raises:
            IndexError: there is no such place, and `dynamic_size` makes none.
            ValueError: the tensor has another shape than the others.
            TypeError: it has another dtype.
        """
        at, x, count = as_index(index), self._fitting(value), len(self._parts)
        if at < 0 or (at >= count and not self.dynamic_size):
            raise IndexError(f"Tried to write to index {at} but array is not resizeable and size is: {count}")
        self._parts += [None] * (at + 1 - count)
        self._parts[at] = x
        self._read.discard(at)
        return self

    def _typed(self, value: Any) -> Tensor:
        return as_tensor(value, None if hasattr(value, "dtype") else self.dtype)

    def _fitting(self, value: Any) -> Tensor:
        """A value as a tensor of this dtype and of the shape of all elements."""
        x = self._typed(value)
        if x.dtype != self.dtype:
            raise TypeError(f"TensorArray dtype is {self.dtype} but Op is trying to write dtype {x.dtype}")
        shape = self.element_shape
        if shape is not None and (
            len(shape) != x.ndim or any(n not in (None, m) for n, m in zip(shape, x.shape, strict=True))
        ):
            raise ValueError(f"Incompatible shape for value ({x.shape}), expected ({shape})")
        if self._one_shape and (shape is None or None in shape):
            self.element_shape = x.shape
        return x

    def read(self, index: Any, name: str | None = None) -> Result:
        """The tensor at a place, zeros where nothing was written but the shape is known.

        Raises:
            IndexError: there is no such place.
            ValueError: it has been read, or nothing was written and the shape is not known.
        """
        at = as_index(index)
        if not 0 <= at < len(self._parts):
            raise IndexError(f"Tried to read from index {at} but array size is: {len(self._parts)}")
        x = self._filled(at)
        if self._once:
            self._parts[at] = None
            self._read.add(at)
        return x

    def _filled(self, at: int) -> Tensor:
        """What is at a place, or zeros; an error where it has been read and cleared, and would be lost."""
        part = self._parts[at]
        if at in self._read:
            text = (
                f"Could not read index {at} twice because it was cleared after a previous read (perhaps try setting "
                "clear_after_read = false?)"
            )
            raise told(ValueError(text))
        if part is None and (self.element_shape is None or None in self.element_shape):
            raise ValueError(f"Could not read from TensorArray index {at}: nothing was written there, of unknown shape")
        return Tensor(np.zeros(self.element_shape or (), self.dtype)[()]) if part is None else part

    def _all(self) -> list[Tensor]:
        return [self._filled(at) for at in range(len(self._parts))]

    def stack(self, name: str | None = None) -> Result:
        """All tensors along a new first axis; nothing is cleared."""
        return self._stacked(self._all())

    def gather(self, indices: Any, name: str | None = None) -> Result:
        """The tensors at places along a new first axis; nothing is cleared."""
        places = as_shape(indices)
        for at in places:
            if not 0 <= at < len(self._parts):
                raise IndexError(f"Tried to read from index {at} but array size is: {len(self._parts)}")
        return self._stacked([self._filled(at) for at in places])

    def _stacked(self, parts: list[Tensor]) -> Result:
        return stack(parts) if parts else Tensor(np.zeros((0, *(n or 0 for n in self.element_shape or ())), self.dtype))

    def concat(self, name: str | None = None) -> Result:
        """All tensors one after the other along their first axis; nothing is cleared."""
        return concat(self._all(), 0)

    def unstack(self, value: Any, name: str | None = None) -> "TensorArray":
        """Hold the parts of a tensor along its first axis, and nothing else; returns the array."""
        parts, count = unstack(self._typed(value)), len(self._parts)
        if len(parts) > count and not self.dynamic_size:
            raise ValueError(f"Cannot unstack {len(parts)} tensors into a TensorArray of static size {count}")
        return self._holding(parts)

    def split(self, value: Any, lengths: Any, name: str | None = None) -> "TensorArray":
        """Hold stretches of a tensor, of these lengths, and nothing else; returns the array."""
        sizes, count = as_shape(lengths), len(self._parts)
        if len(sizes) != count and not self.dynamic_size:
            raise told(ValueError(f"TensorArray's size is not equal to the size of lengths ({count} vs. {len(sizes)})"))
        return self._holding(split(self._typed(value), sizes))

    def _holding(self, parts: list[Any]) -> "TensorArray":
        self._parts = [self._fitting(part) for part in parts]
        self._read.clear()
        return self

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> "TensorArray":
        """Put the parts of a tensor along its first axis at these places; returns the array."""
        places, parts = as_shape(indices), unstack(self._typed(value))
        if len(places) != len(parts):
            raise ValueError(f"TensorArray.scatter: {len(parts)} parts do not go to {len(places)} places")
        for at, part in zip(places, parts, strict=True):
            self.write(at, part)
        return self

    def identity(self) -> "TensorArray":
        """The array itself."""
        return self

    def close(self, name: str | None = None) -> None:
        """Forget all."""
        self._parts.clear()
