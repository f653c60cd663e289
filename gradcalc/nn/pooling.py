"""Pooling, padding and scaling, as Keras 3's layers. Imports windows, layer and tape."""
# ruff: noqa: D101

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from gradcalc.nn.layer import pair, plain_mask, whole
from gradcalc.nn.windows import Moves, Spatial, Windowed

__all__ = [
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "Cropping1D", "Cropping2D", "Cropping3D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "GlobalMaxPooling3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "UpSampling1D",
    "UpSampling2D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
]  # fmt: skip


class _Pooling(Windowed):
    """One number for each window."""

    combine: ClassVar[Callable[[Moves, Any], Any]]

    def _places(self, x: Any) -> Any:
        return type(self).combine(self._moves, self._float(x))


class _AveragePooling(_Pooling, combine=Moves.averaged):
    """The mean of each window; of an incomplete one (`padding="same"`) of what is there."""

    def __init__(
        self, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None,
        name: str | None = None, **common: Any,
    ) -> None: ...  # fmt: skip


class _MaxPooling(_Pooling, combine=Moves.largest):
    """The largest element of each window; where several are, they share the gradient equally."""

    def __init__(
        self, pool_size: Any = 2, strides: Any = None, padding: str = "valid", data_format: str | None = None,
        name: str | None = None, **common: Any,
    ) -> None: ...  # fmt: skip


class _Global(Spatial):
    """One number for each channel."""

    combine: ClassVar[Callable[..., Any]]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **common: Any) -> None: ...

    def _places(self, x: Any) -> Any:
        return type(self).combine(x, axis=tuple(range(1, self.axes + 1)), keepdims=self.keepdims)

    def _sizes(self, shape: Any) -> Any:
        return (shape[0], *((1,) * self.axes if self.keepdims else ()), shape[-1])


class _GlobalMaxPooling(_Global, combine=np.max):
    """The largest element of each channel."""


class _GlobalAveragePooling(_Global, combine=np.mean):
    """The mean of each channel."""

    def _places(self, x: Any) -> Any:
        return super()._places(self._float(x))


class GlobalAveragePooling1D(_GlobalAveragePooling, axes=1):
    """The mean of each channel of `(rows, steps, channels)`, over the steps that count, as Keras's layer has it."""

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(inputs)
        x = self._moved(self._float(inputs), 1, -1)
        counts = plain_mask(mask)[..., None]
        over = {"axis": 1, "keepdims": self.keepdims}
        total = np.sum(np.where(counts, x, 0), **over)
        return self._moved(total / np.sum(counts, **over).astype(total.dtype), -1, 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Nothing: there are no steps."""


# -- padding, cropping, scaling ----------------------------------------------------------------------------------------


class _Resized(Spatial):
    """A layer that changes the sizes between rows and channels: a subclass says to what, in `_size`."""

    def _size(self, i: int, n: int) -> int:
        raise NotImplementedError

    def _sizes(self, shape: Any) -> Any:
        return (shape[0], *(None if n is None else self._size(i, n) for i, n in enumerate(shape[1:-1])), shape[-1])


class _Edges(_Resized):
    """A layer that changes what stands before and after each axis: by one number, one for each, or a pair for each."""

    what: ClassVar[str]
    """The name of the argument that says so."""

    def __post_init__(self) -> None:
        super().__post_init__()
        given = getattr(self, self.what)
        if self.axes == 1 and isinstance(given, Sequence) and len(given) == 2:
            given = (tuple(given),)
        each = tuple(given) if isinstance(given, Sequence) else (given,) * self.axes
        if len(each) != self.axes:
            raise ValueError(f"`{self.what}` should have {self.axes} elements. Received: {self.what}={given}")
        self._edges = tuple(whole(n, 2, self.what) for n in each)
        setattr(self, self.what, self._edges if self.axes > 1 else self._edges[0])


class _ZeroPadding(_Edges, what="padding"):
    """Zeros before and after each axis: a number, one for each axis, or a pair for each."""

    def __init__(self, padding: Any = 1, data_format: str | None = None, **common: Any) -> None: ...

    def _places(self, x: Any) -> Any:
        return np.pad(x, ((0, 0), *self._edges, (0, 0)))

    def _size(self, i: int, n: int) -> int:
        return n + sum(self._edges[i])


class _Cropping(_Edges, what="cropping"):
    """What is left when places are taken off before and after each axis: a number, one for each, or a pair for each."""

    def __init__(self, cropping: Any = 1, data_format: str | None = None, **common: Any) -> None: ...

    def _places(self, x: Any) -> Any:
        kept = (slice(first, n - last) for (first, last), n in zip(self._edges, x.shape[1:-1], strict=True))
        self._sizes(x.shape)
        return x[(slice(None), *kept)]

    def _size(self, i: int, n: int) -> int:
        if sum(self._edges[i]) >= n:
            several = (
                "Values in `cropping` argument should be smaller than the corresponding spatial dimension of the input."
            )
            one = "`cropping` parameter of `Cropping1D` layer must be smaller than the input length."
            raise ValueError(f"{one if self.axes == 1 else several} Received: cropping={self.cropping} of {n} places")
        return n - sum(self._edges[i])


class Cropping1D(_Cropping, axes=1):
    """`(rows, steps, channels)` without its first and last steps, as Keras's Cropping1D: a number, or two."""

    def __init__(self, cropping: Any = 1, **common: Any) -> None: ...


class Cropping2D(_Cropping, axes=2):
    """`(rows, height, width, channels)` without its edges, as Keras's Cropping2D; arguments as of `ZeroPadding2D`."""

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **common: Any) -> None: ...


class _UpSampling(_Resized):
    """Each place as often as `size` says, along each axis."""

    interpolation = "nearest"
    size: Any

    def __init__(self, size: Any = 2, data_format: str | None = None, **common: Any) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        self._times = pair(self.size, self.axes, "size")
        self.size = self._times if self.axes > 1 else self._times[0]

    def _places(self, x: Any) -> Any:
        for axis, times in enumerate(self._times, 1):
            x = np.repeat(x, times, axis)
        return x

    def _size(self, i: int, n: int) -> int:
        return n * self._times[i]


class UpSampling1D(_UpSampling, axes=1):
    """Each step of `(rows, steps, channels)` `size` times, as Keras's UpSampling1D."""

    def __init__(self, size: int = 2, **common: Any) -> None: ...


class UpSampling2D(_UpSampling, axes=2):
    """`(rows, height, width, channels)` made larger by `size`, as Keras's UpSampling2D.

    `interpolation` is `"nearest"`, each place again and again, or between the centres of places `"bilinear"`,
    `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
    """

    def __init__(
        self, size: Any = 2, data_format: str | None = None, interpolation: str = "nearest", **common: Any
    ) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.interpolation not in _KERNELS:
            raise ValueError(
                f"`interpolation` argument should be one of {list(_KERNELS)}. Received: {self.interpolation}"
            )

    def _places(self, x: Any) -> Any:
        if self.interpolation == "nearest":
            return super()._places(x)
        y, kernel = self._float(x), _KERNELS[self.interpolation]
        for axis, times in enumerate(self._times, 1):
            shares = _between(y.shape[axis], times, *kernel).astype(y.dtype)
            y = np.moveaxis(np.tensordot(shares, y, (1, axis)), 0, axis)
        return y


# fmt: off
class MaxPooling1D(_MaxPooling, axes=1): ...
class MaxPooling2D(_MaxPooling, axes=2): ...
class MaxPooling3D(_MaxPooling, axes=3): ...
class AveragePooling1D(_AveragePooling, axes=1): ...
class AveragePooling2D(_AveragePooling, axes=2): ...
class AveragePooling3D(_AveragePooling, axes=3): ...
class GlobalMaxPooling1D(_GlobalMaxPooling, axes=1): ...
class GlobalMaxPooling2D(_GlobalMaxPooling, axes=2): ...
class GlobalMaxPooling3D(_GlobalMaxPooling, axes=3): ...
class GlobalAveragePooling2D(_GlobalAveragePooling, axes=2): ...
class GlobalAveragePooling3D(_GlobalAveragePooling, axes=3): ...
class ZeroPadding1D(_ZeroPadding, axes=1): ...
class ZeroPadding2D(_ZeroPadding, axes=2): ...
class ZeroPadding3D(_ZeroPadding, axes=3): ...
class Cropping3D(_Cropping, axes=3): ...
class UpSampling3D(_UpSampling, axes=3): ...
# fmt: on


def _between(n: int, times: int, kernel: Callable[[Any], Any], reach: int) -> Any:
    """The shares `(n * times, n)` of places in those of a finer axis, by a function of the distance of the centres."""
    at = (np.arange(n * times) + 0.5) / times - 0.5
    shares = np.where(np.abs(apart := at[:, None] - np.arange(n)) < reach, kernel(apart), 0)
    return shares / np.sum(shares, axis=1, keepdims=True)


def _cubic(x: Any) -> Any:
    """Keys's cubic convolution (1981), with a = -1/2."""
    x = np.abs(x)
    return np.where(x < 1, (1.5 * x - 2.5) * x**2 + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2)


_KERNELS: dict[str, Any] = {
    "nearest": (), "bilinear": (lambda x: 1 - np.abs(x), 1), "bicubic": (_cubic, 2),
    "lanczos3": (lambda x: np.sinc(x) * np.sinc(x / 3), 3), "lanczos5": (lambda x: np.sinc(x) * np.sinc(x / 5), 5),
}  # fmt: skip
"""What weighs places by their distance, and up to which."""
