"""Pooling, padding and scaling of channels-last inputs, as Keras 3's layers. Imports windows, layer and tape."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from gradcalc.nn.layer import Layer, pair, plain_mask, whole
from gradcalc.nn.windows import Moves, Windowed, check_last

__all__ = [
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "Cropping1D", "Cropping2D", "Cropping3D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "GlobalMaxPooling3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "UpSampling1D",
    "UpSampling2D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
]  # fmt: skip


class _AveragePooling(Windowed):
    """The mean of each window; of an incomplete one (`padding="same"`) of what is there."""

    combine: ClassVar[Callable[[Moves, Any], Any]] = Moves.averaged

    def __init__(
        self, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None,
        name: str | None = None, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(name=name, **common)
        strides = pool_size if strides is None else strides
        self._keep(locals())

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return type(self).combine(self._moves, self._float(inputs))


class _MaxPooling(_AveragePooling):
    """The largest element of each window; where several are, they share the gradient equally."""

    combine = Moves.largest

    def __init__(
        self, pool_size: Any = 2, strides: Any = None, padding: str = "valid", data_format: str | None = None,
        name: str | None = None, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(pool_size, strides, padding, data_format, name, **common)


class MaxPooling1D(_MaxPooling, axes=1):
    """The largest element of each window of `(rows, steps, channels)`, as Keras's MaxPooling1D."""


class MaxPooling2D(_MaxPooling, axes=2):
    """The largest element of each window of `(rows, height, width, channels)`, as Keras's MaxPooling2D."""


class MaxPooling3D(_MaxPooling, axes=3):
    """The largest element of each window of `(rows, depth, height, width, channels)`, as Keras's MaxPooling3D."""


class AveragePooling1D(_AveragePooling, axes=1):
    """The mean of each window of `(rows, steps, channels)`, as Keras's AveragePooling1D."""


class AveragePooling2D(_AveragePooling, axes=2):
    """The mean of each window of `(rows, height, width, channels)`, as Keras's AveragePooling2D."""


class AveragePooling3D(_AveragePooling, axes=3):
    """The mean of each window of `(rows, depth, height, width, channels)`, as Keras's AveragePooling3D."""


class _Spatial(Layer):
    """A layer of one input, with axes between rows and channels."""

    axes: ClassVar[int]
    takes_one = True

    def __init_subclass__(cls, axes: int = 0, **settings: Any) -> None:
        """An input has rows, the axes, and channels."""
        super().__init_subclass__(**settings)
        cls.axes, cls.min_ndim = axes, axes + 2


class _GlobalMaxPooling(_Spatial):
    """The largest element of each channel."""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **common: Any) -> None:
        super().__init__(**common)
        self.keepdims, self.data_format = keepdims, check_last(data_format)

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.max(inputs, **self._over())

    def _over(self) -> dict[str, Any]:
        return {"axis": tuple(range(1, self.axes + 1)), "keepdims": self.keepdims}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows and channels."""
        return (input_shape[0], *((1,) * self.axes if self.keepdims else ()), input_shape[-1])


class _GlobalAveragePooling(_GlobalMaxPooling):
    """The mean of each channel."""

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.mean(self._float(inputs), **self._over())


class GlobalMaxPooling1D(_GlobalMaxPooling, axes=1):
    """The largest of each channel of `(rows, steps, channels)`, as Keras's GlobalMaxPooling1D."""


class GlobalMaxPooling2D(_GlobalMaxPooling, axes=2):
    """The largest of each channel of `(rows, height, width, channels)`, as Keras's GlobalMaxPooling2D."""


class GlobalMaxPooling3D(_GlobalMaxPooling, axes=3):
    """The largest of each channel of `(rows, depth, height, width, channels)`, as Keras's GlobalMaxPooling3D."""


class GlobalAveragePooling2D(_GlobalAveragePooling, axes=2):
    """The mean of each channel of `(rows, height, width, channels)`, as Keras's GlobalAveragePooling2D."""


class GlobalAveragePooling3D(_GlobalAveragePooling, axes=3):
    """The mean of each channel of `(rows, depth, height, width, channels)`, as Keras's GlobalAveragePooling3D."""


class GlobalAveragePooling1D(_GlobalAveragePooling, axes=1):
    """The mean of each channel of `(rows, steps, channels)` the steps that count, as Keras's layer has it."""

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The result for an input."""
        if mask is None:
            return super().call(inputs)
        counts = plain_mask(mask)[..., None]
        total = np.sum(np.where(counts, self._float(inputs), 0), **self._over())
        return total / np.sum(counts, **self._over()).astype(total.dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Nothing: there are no steps."""


# -- padding, cropping, scaling ----------------------------------------------------------------------------------------


class _Resized(_Spatial):
    """A layer that changes the sizes between rows and channels: a subclass says to what, in `_size`."""

    def _size(self, i: int, n: int) -> int:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, the new sizes, channels."""
        sizes = (None if n is None else self._size(i, n) for i, n in enumerate(input_shape[1:-1]))
        return (input_shape[0], *sizes, input_shape[-1])

    def _setting(self, name: str, default: Any) -> Any:
        value = super()._setting(name, default)
        return value[0] if self.axes == 1 and name in ("padding", "cropping") else value

    def _edges(self, given: Any, name: str) -> tuple[tuple[int, ...], ...]:
        """What stands before and after each axis: of one number for all, of one for each, or of a pair for each."""
        if self.axes == 1 and isinstance(given, Sequence) and len(given) == 2:
            given = (tuple(given),)
        each = tuple(given) if isinstance(given, Sequence) else (given,) * self.axes
        if len(each) != self.axes:
            raise ValueError(f"`{name}` should have {self.axes} elements. Received: {name}={given}")
        return tuple(whole(n, 2, name) for n in each)


class _ZeroPadding(_Resized):
    """Zeros before and after each axis: a number, one for each axis, or a pair for each."""

    def __init__(self, padding: Any = 1, data_format: str | None = None, **common: Any) -> None:
        super().__init__(**common)
        self.data_format = check_last(data_format)
        self.padding = self._edges(padding, "padding")

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.pad(inputs, ((0, 0), *self.padding, (0, 0)))

    def _size(self, i: int, n: int) -> int:
        return n + sum(self.padding[i])


class ZeroPadding1D(_ZeroPadding, axes=1):
    """Zeros put around of `(rows, steps, channels)`, as Keras's ZeroPadding1D."""


class ZeroPadding2D(_ZeroPadding, axes=2):
    """Zeros put around of `(rows, height, width, channels)`, as Keras's ZeroPadding2D."""


class ZeroPadding3D(_ZeroPadding, axes=3):
    """Zeros put around of `(rows, depth, height, width, channels)`, as Keras's ZeroPadding3D."""


class _Cropping(_Resized):
    """What is left when places are taken off before and after each axis: a number, one for each, or a pair for each."""

    def __init__(self, cropping: Any = 1, data_format: str | None = None, **common: Any) -> None:
        super().__init__(**common)
        self.data_format = check_last(data_format)
        self.cropping = self._edges(cropping, "cropping")

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        sizes = inputs.shape[1:-1]
        kept = (slice(first, n - last) for (first, last), n in zip(self.cropping, sizes, strict=True))
        self.compute_output_shape(inputs.shape)
        return inputs[(slice(None), *kept)]

    def _size(self, i: int, n: int) -> int:
        if sum(self.cropping[i]) >= n:
            raise ValueError(
                f"`cropping` parameter of `{type(self).__name__}` layer must be smaller than the input: "
                f"cropping={self.cropping} leaves nothing of {n} places along axis {i + 1}"
            )
        return n - sum(self.cropping[i])


class Cropping1D(_Cropping, axes=1):
    """`(rows, steps, channels)` without its first and last steps, as Keras's Cropping1D: a number, or two."""

    def __init__(self, cropping: Any = 1, **common: Any) -> None:
        super().__init__(cropping, **common)


class Cropping2D(_Cropping, axes=2):
    """`(rows, height, width, channels)` without its edges, as Keras's Cropping2D; arguments as of `ZeroPadding2D`."""

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **common: Any) -> None:
        super().__init__(cropping, data_format, **common)


class Cropping3D(_Cropping, axes=3):
    """Three axes without their edges, as Keras's Cropping3D; arguments as of `ZeroPadding3D`."""

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **common: Any) -> None:
        super().__init__(cropping, data_format, **common)


class _UpSampling(_Resized):
    """Each place as often as `size` says, along each axis."""

    def __init__(self, size: Any = 2, data_format: str | None = None, **common: Any) -> None:
        super().__init__(**common)
        self.data_format, self._times = check_last(data_format), pair(size, self.axes, "size")
        self.size = self._times if self.axes > 1 else self._times[0]

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        for axis, times in enumerate(self._times, 1):
            inputs = np.repeat(inputs, times, axis)
        return inputs

    def _size(self, i: int, n: int) -> int:
        return n * self._times[i]


class UpSampling1D(_UpSampling, axes=1):
    """Each step of `(rows, steps, channels)` `size` times, as Keras's UpSampling1D."""

    def __init__(self, size: int = 2, **common: Any) -> None:
        super().__init__(size, **common)


class UpSampling3D(_UpSampling, axes=3):
    """Each place repeated of `(rows, depth, height, width, channels)`, as Keras's UpSampling3D."""


class UpSampling2D(_UpSampling, axes=2):
    """`(rows, height, width, channels)` made larger by `size`, as Keras's UpSampling2D.

    `interpolation` is `"nearest"`, each place again and again, or `"bilinear"`, between the centres of places.
    """

    def __init__(
        self, size: Any = 2, data_format: str | None = None, interpolation: str = "nearest", **common: Any
    ) -> None:
        super().__init__(size, data_format, **common)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(f"`interpolation` is nearest or bilinear here. Received: interpolation={interpolation}")
        self.interpolation = interpolation

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        if self.interpolation == "nearest":
            return super().call(inputs)
        y = self._float(inputs)
        for axis, times in enumerate(self._times, 1):
            y = np.moveaxis(np.tensordot(_between(y.shape[axis], times).astype(y.dtype), y, (1, axis)), 0, axis)
        return y


def _between(n: int, times: int) -> Any:
    """The shares `(n * times, n)` of places in those of a finer axis: linear between centres, constant beyond them."""
    at = np.clip((np.arange(n * times) + 0.5) / times - 0.5, 0, n - 1)
    return np.maximum(1 - np.abs(at[:, None] - np.arange(n)), 0)
