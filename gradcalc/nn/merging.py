"""Layers of a list of inputs: sums, products, extremes, Dot and Concatenate, as Keras 3's. Imports layer."""
# ruff: noqa: D101

import string
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, ClassVar

import numpy as np

from gradcalc.nn import functional
from gradcalc.nn.layer import Layer, plain_mask

__all__ = ["Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"]


class _Merge(Layer):
    """A layer of a list of inputs, whose shapes broadcast; the missing axes of one come after its first."""

    combine: ClassVar[Callable[..., Any]]
    """What becomes of two of them."""

    def build(self, input_shape: Any) -> None:
        self.compute_output_shape(input_shape)

    def call(self, inputs: Any) -> Any:
        self._check_list([x.shape for x in inputs] if isinstance(inputs, list | tuple) else inputs)
        ndim = max(x.ndim for x in inputs)
        return self.merge([np.expand_dims(x, tuple(range(1, 1 + ndim - x.ndim))) for x in inputs])

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The steps that count in an input, where all of them say so.

        Raises:
            ValueError: the masks are no list of as many as there are inputs.
        """
        if mask is None:
            return None
        for name, value in (("mask", mask), ("inputs", inputs)):
            if not isinstance(value, list | tuple):
                raise ValueError(f"`{name}` should be a list. Received: {name}={value}")
        if len(mask) != len(inputs):
            raise ValueError(
                "The lists `inputs` and `mask` should have the same length. Received: inputs of length "
                f"{len(inputs)}, and mask of length {len(mask)}"
            )
        return self.join(inputs, [one if one is None else plain_mask(one) for one in mask])

    def join(self, inputs: Any, masks: list[Any]) -> Any:
        """The mask of the result, of the inputs' masks."""
        return None if any(mask is None for mask in masks) else reduce(np.logical_or, masks)

    def merge(self, inputs: list[Any]) -> Any:
        """The result for inputs of as many axes."""
        return reduce(type(self).combine, inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        self._check_list(input_shape)
        rows = {shape[0] for shape in input_shape} - {None}
        if len(rows) > 1:
            raise ValueError(
                f"Cannot merge tensors with different batch sizes. Received tensors with shapes {input_shape}"
            )
        return (*(rows or {None}), *functional.broadcast([shape[1:] for shape in input_shape]))

    def _check_list(self, shapes: Any) -> None:
        if not isinstance(shapes, list | tuple) or not all(isinstance(shape, tuple) for shape in shapes) or not shapes:
            raise ValueError(
                f"A `{type(self).__name__}` layer should be called on a list of at least 1 input. Received: "
                f"input_shape={shapes} (not a list of shapes)"
            )


# fmt: off
class Add(_Merge, combine=np.add, __doc__="The sum of a list of inputs, as Keras's Add."): ...
class Multiply(_Merge, combine=np.multiply, __doc__="The product of a list of inputs, as Keras's Multiply."): ...
class Maximum(_Merge, combine=np.maximum, __doc__="The maximum of a list of inputs, as Keras's Maximum."): ...
class Minimum(_Merge, combine=np.minimum, __doc__="The minimum of a list of inputs, as Keras's Minimum."): ...
# fmt: on


class Subtract(_Merge, combine=np.subtract):
    """The difference of two inputs, as Keras's Subtract."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        if len(input_shape) != 2:
            raise ValueError(
                f"A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape={input_shape}"
            )
        return super().compute_output_shape(input_shape)


class Dot(_Merge):
    """The products of two inputs, summed over an axis of each, for each row, as Keras's Dot.

    Args:
        axes: one axis for both, or two.
        normalize: whether both are divided by their norms along these axes: the products are cosines then.
        common: the arguments of `Layer`.
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **common: Any) -> None: ...

    def __post_init__(self) -> None:
        axes = self.axes
        if not isinstance(axes, int | list | tuple):
            raise TypeError(f"Invalid type for argument `axes`: it should be a list or an int. Received: axes={axes}")
        if not isinstance(axes, int) and (len(axes) != 2 or not all(isinstance(axis, int) for axis in axes)):
            raise ValueError(f"Invalid format for argument `axes`: it should be two integers. Received: axes={axes}")

    def call(self, inputs: Any) -> Any:
        result = np.einsum(self._places([x.shape for x in inputs])[0], *map(self._side, (0, 1), inputs))
        return result if result.ndim > 1 else np.expand_dims(result, 1)

    def _side(self, i: int, x: Any) -> Any:
        x = self._float(x)
        if not self.normalize:
            return x
        squares = np.sum(x**2, self.axes if isinstance(self.axes, int) else self.axes[i], keepdims=True)
        return x / np.sqrt(np.maximum(squares, 1e-14))

    def join(self, inputs: Any, masks: list[Any]) -> Any:
        """No mask."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = self._places(input_shape)[1]
        return shape if len(shape) > 1 else (*shape, 1)

    def _places(self, shapes: Any) -> tuple[str, tuple[Any, ...]]:
        """The einsum, and its shape."""
        if not isinstance(shapes, list | tuple) or len(shapes) != 2 or not isinstance(shapes[0], list | tuple):
            raise ValueError(f"A `Dot` layer should be called on a list of 2 inputs. Received: input_shape={shapes}")
        axes = [self.axes] * 2 if isinstance(self.axes, int) else self.axes
        first, second = (axis % len(shape) for axis, shape in zip(axes, shapes, strict=True))
        if 0 in (first, second):
            raise ValueError("Cannot perform batch_dot over axis 0: it is that of the rows")
        if shapes[0][first] != shapes[1][second]:
            raise ValueError(
                f"Incompatible input shapes: axis values {shapes[0][first]} (at axis {first}) != {shapes[1][second]} "
                f"(at axis {second}). Full input shapes: {shapes[0]}, {shapes[1]}"
            )
        x, y = string.ascii_lowercase[: len(shapes[0])], string.ascii_uppercase[: len(shapes[1])]
        y = "a" + y[1:second] + x[first] + y[second + 1 :]
        sizes = dict(zip(x + y, (*shapes[0], *shapes[1]), strict=True))
        result = "".join(letter for letter in x + y[1:] if letter != x[first])
        return f"{x},{y}->{result}", tuple(sizes[letter] for letter in result)


class Average(_Merge, combine=np.add):
    """The mean of a list of inputs, as Keras's Average."""

    def merge(self, inputs: list[Any]) -> Any:
        return super().merge(inputs) / len(inputs)


class Concatenate(_Merge):
    """A list of inputs joined along an axis, as Keras's Concatenate."""

    def __init__(self, axis: int = -1, **common: Any) -> None: ...

    def call(self, inputs: Any) -> Any:
        self._check_list([x.shape for x in inputs] if isinstance(inputs, list | tuple) else inputs)
        return np.concatenate(inputs, axis=self.axis)

    def join(self, inputs: Any, masks: list[Any]) -> Any:
        """The steps of which an element counts; all elements do of an input that says nothing."""
        if all(mask is None for mask in masks):
            return None
        whole = []
        for x, mask in zip(inputs, masks, strict=True):
            given = np.bool_(True) if mask is None else np.expand_dims(mask, tuple(range(mask.ndim, x.ndim)))
            whole.append(np.broadcast_to(given, x.shape))
        return np.concatenate(whole, axis=self.axis).any(-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        self._check_list(input_shape)
        ndim = len(input_shape[0])
        if len({len(shape) for shape in input_shape}) > 1 or not -ndim <= self.axis < ndim:
            raise self._mismatch(input_shape)
        columns = [[n for n in column if n is not None] for column in zip(*input_shape, strict=True)]
        sizes = [column[0] if column else None for column in columns]
        joined = columns.pop(self.axis)
        if any(len(set(column)) > 1 for column in columns):
            raise self._mismatch(input_shape)
        sizes[self.axis] = sum(joined) if len(joined) == len(input_shape) else None
        return tuple(sizes)

    def _mismatch(self, shapes: Any) -> ValueError:
        return ValueError(
            "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. "
            f"Received: input_shape={shapes}"
        )
