"""Convolution and pooling over channels-last inputs, as Keras 3's layers, and d2l's `corr2d`. Imports layer and tape.

All stand on one pair of array ops, each the other's adjoint: `WINDOWS` shows an array as its windows (a view: nothing
is copied), `FOLD` adds windows up where they came from. NumPy's products and reductions do the rest.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradcalc.nn.layer import Affine, Layer, pair
from gradcalc.tape.batch import TOGETHER, Batch
from gradcalc.tape.tensor import Array, ArrayOp, as_tensor

__all__ = [
    "AveragePooling1D", "AveragePooling2D", "Conv1D", "Conv2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "MaxPooling1D", "MaxPooling2D", "corr2d",
]  # fmt: skip

Sizes = tuple[int, ...]

# -- windows -----------------------------------------------------------------------------------------------------------

WINDOWS: ArrayOp = ArrayOp(
    "windows",
    lambda x, size, strides, dilation, pads, fill=0: _windows(x, size, strides, dilation, pads, fill),
    lambda g, y, x, size, strides, dilation, pads, fill=0: FOLD(
        g, shape=x.shape, size=size, strides=strides, dilation=dilation, pads=pads
    ),
    passes=True,
)
"""The windows of `(rows, *sizes, channels)` over its sizes: `(*size, rows, *places, channels)`."""

FOLD: ArrayOp = ArrayOp(
    "fold",
    lambda g, shape, size, strides, dilation, pads: _fold(g, shape, size, strides, dilation, pads),
    lambda h, y, g, shape, **window: WINDOWS(h, **window),
    passes=True,
)
"""The sum of windows over an array of a shape: the adjoint of `windows`."""


def _windows(x: Array, size: Sizes, strides: Sizes, dilation: Sizes, pads: Sequence[Sizes], fill: float) -> Array:
    n = len(size)
    if any(map(any, pads)):
        x = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=fill)
    spans = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
    view = sliding_window_view(x, spans, axis=tuple(range(1, n + 1)))
    every = tuple(slice(None, None, step) for step in strides)
    within = tuple(slice(None, None, step) for step in dilation)
    view = view[(slice(None), *every, slice(None), *within)]
    return np.moveaxis(view, range(n + 2, 2 * n + 2), range(n))


def _fold(g: Array, shape: Sizes, size: Sizes, strides: Sizes, dilation: Sizes, pads: Sequence[Sizes]) -> Array:
    n = len(size)
    padded = [m + before + after for m, (before, after) in zip(shape[1:-1], pads, strict=True)]
    result = np.zeros((shape[0], *padded, shape[-1]), g.dtype)
    places = g.shape[n + 1 : -1]
    for index in np.ndindex(size):
        first = [i * d for i, d in zip(index, dilation, strict=True)]
        at = tuple(slice(f, f + s * (m - 1) + 1, s) for f, s, m in zip(first, strides, places, strict=True))
        result[(slice(None), *at)] += g[index]
    inner = tuple(slice(before, before + m) for m, (before, _) in zip(shape[1:-1], pads, strict=True))
    return result[(slice(None), *inner)]


def _fold_batch(g: Batch, shape: Sizes, **window: Any) -> Any:
    """Many adjoints are as many rows."""
    n, many = len(window["size"]), len(g.whole)
    rows = np.moveaxis(g.whole, 0, n)
    rows = rows.reshape(*rows.shape[:n], many * shape[0], *rows.shape[n + 2 :])
    return FOLD(rows, shape=(many * shape[0], *shape[1:]), **window).reshape(many, *shape)


TOGETHER[FOLD] = _fold_batch


def _pads(sizes: Sequence[int], size: Sizes, strides: Sizes, dilation: Sizes, padding: str) -> tuple[Sizes, ...]:
    """What is put before and after each axis: for "same" so much that there are `ceil(n / stride)` places."""
    if padding == "valid":
        return ((0, 0),) * len(size)
    missing = [
        max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        for n, k, s, d in zip(sizes, size, strides, dilation, strict=True)
    ]
    return tuple((total // 2, total - total // 2) for total in missing)


def _places(n: int | None, size: int, stride: int, dilation: int, padding: str) -> int | None:
    """How many windows fit along an axis."""
    if n is None:
        return None
    return -(-n // stride) if padding == "same" else (n - (size - 1) * dilation - 1) // stride + 1


def corr2d(x: Any, k: Any) -> Any:
    """The two-dimensional cross-correlation of a matrix with a kernel, as d2l.ai names it: what convolution layers do.

    Args:
        x: a matrix `(h, w)`.
        k: a kernel `(p, q)`.

    Returns:
        A tensor `(h - p + 1, w - q + 1)`.

    Raises:
        ValueError: `x` or `k` is no matrix, or the kernel is larger than the matrix.
    """
    x, k = as_tensor(x), as_tensor(k)
    if x.ndim != 2 or k.ndim != 2 or any(p > n for p, n in zip(k.shape, x.shape, strict=True)):
        raise ValueError(f"corr2d takes a matrix and a kernel no larger, not shapes {x.shape} and {k.shape}")
    one = (1, 1)
    windows = WINDOWS(np.reshape(x, (1, *x.shape, 1)), size=k.shape, strides=one, dilation=one, pads=((0, 0), (0, 0)))
    return np.tensordot(k, windows, 2)[0, :, :, 0]


# -- layers ------------------------------------------------------------------------------------------------------------


def _check_last(data_format: str | None) -> None:
    if data_format not in (None, "channels_last"):
        raise ValueError(f"only channels_last inputs are taken, not {data_format}: np.moveaxis(x, 1, -1) makes one")


class _Windowed(Layer):
    """What convolution and pooling share: windows over the axes between rows and channels."""

    axes = 2
    """The number of axes that windows move along."""

    def __init__(
        self, size: Sizes, strides: Any, padding: str, data_format: str | None, dilation: Any, /, **common: Any
    ) -> None:
        super().__init__(**common)
        if padding not in ("valid", "same"):
            raise ValueError(f"`padding` must be 'valid' or 'same'. Received: padding={padding}")
        _check_last(data_format)
        self.strides = pair(strides, self.axes, "strides")
        self.padding = padding
        self.data_format = "channels_last"
        self._size = size
        self._dilation = pair(dilation, self.axes, "dilation_rate")

    def _windows_of(self, x: Any, fill: float = 0) -> Any:
        """The windows of an input, which must hold at least one."""
        sizes = x.shape[1:-1]
        if 0 in self._out(sizes):
            raise ValueError(
                f"Computed output size would be zero or negative. Received input of shape {x.shape} for windows of "
                f"{self._size}, strides={self.strides}, padding={self.padding}."
            )
        window = {"size": self._size, "strides": self.strides, "dilation": self._dilation}
        return WINDOWS(x, **window, pads=_pads(sizes, **window, padding=self.padding), fill=fill)

    def _out(self, sizes: Sequence[int | None]) -> list[int | None]:
        moves = zip(sizes, self._size, self.strides, self._dilation, strict=True)
        counts = [_places(n, k, s, d, self.padding) for n, k, s, d in moves]
        return [n if n is None else max(n, 0) for n in counts]

    def _check(self, shape: tuple[int, ...]) -> None:
        if len(shape) != self.axes + 2:
            raise ValueError(
                f"Input 0 of layer '{self.name}' is incompatible with the layer: expected ndim={self.axes + 2}, found "
                f"ndim={len(shape)}. Full shape received: {shape}"
            )
        super()._check(shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, the number of windows along each axis, channels."""
        return (input_shape[0], *self._out(input_shape[1:-1]), input_shape[-1])


class Conv2D(_Windowed, Affine):
    """Cross-correlation with a kernel, plus bias, then the activation, as Keras's Conv2D (channels last, one group).

    Takes `(rows, height, width, channels)`, gives `(rows, places, places, filters)`.

    Args:
        filters: the size of the result's last axis.
        kernel_size: one size for all axes, or one for each.
        strides: how far a window moves.
        padding: `"valid"`, or `"same"`: zeros around, so that there are `ceil(size / stride)` places.
        data_format: `"channels_last"`.
        dilation_rate: the distance between the elements of a window.
        activation: a name or a function; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: what the kernel `(*kernel_size, channels, filters)` begins with.
        bias_initializer: what the bias `(filters,)` begins with.
        common: the arguments of `Layer`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **common: Any,
    ) -> None:
        (self.filters,) = pair(filters, 1, "filters")
        self.kernel_size = pair(kernel_size, self.axes, "kernel_size")
        common |= {"activation": activation, "use_bias": use_bias}
        common |= {"kernel_initializer": kernel_initializer, "bias_initializer": bias_initializer}
        super().__init__(self.kernel_size, strides, padding, data_format, dilation_rate, **common)
        self.dilation_rate = self._dilation
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: "
                f"strides={self.strides} and dilation_rate={self.dilation_rate}"
            )

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        self._make((*self.kernel_size, input_shape[-1], self.filters))

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        n = self.axes
        windows = self._windows_of(self._float(inputs))
        y = np.tensordot(windows, self.kernel, ((*range(n), 2 * n + 1), tuple(range(n + 1))))
        return self.activation(y if self.bias is None else y + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, the number of windows along each axis, filters."""
        return (*super().compute_output_shape(input_shape)[:-1], self.filters)


class Conv1D(Conv2D):
    """As `Conv2D`, over inputs `(rows, steps, channels)`; as Keras's Conv1D."""

    axes = 1


class _Pooling(_Windowed):
    """The windows of each channel made into one number each."""

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **common: Any,
    ) -> None:
        self.pool_size = pair(pool_size, self.axes, "pool_size")
        strides = self.pool_size if strides is None else strides
        super().__init__(self.pool_size, strides, padding, data_format, 1, **common)


class MaxPooling2D(_Pooling):
    """The largest element of each window, as Keras's MaxPooling2D; where several are, they share the gradient equally.

    Takes `(rows, height, width, channels)`. By default windows do not overlap; with padding="same" some are incomplete.
    """

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.max(self._windows_of(self._float(inputs), fill=-np.inf), axis=tuple(range(self.axes)))


class AveragePooling2D(_Pooling):
    """The mean of each window, as Keras's AveragePooling2D; of incomplete windows (`padding="same"`) of what is there.

    Takes `(rows, height, width, channels)`. By default windows do not overlap.
    """

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        x, axes = self._float(inputs), tuple(range(self.axes))
        windows = self._windows_of(x)
        if self.padding == "valid":
            return np.mean(windows, axis=axes)
        counts = np.sum(self._windows_of(np.ones((1, *x.shape[1:-1], 1), x.dtype)), axis=axes)
        return np.sum(windows, axis=axes) / counts


class MaxPooling1D(MaxPooling2D):
    """As `MaxPooling2D`, over inputs `(rows, steps, channels)`; as Keras's MaxPooling1D."""

    axes = 1


class AveragePooling1D(AveragePooling2D):
    """As `AveragePooling2D`, over inputs `(rows, steps, channels)`; as Keras's AveragePooling1D."""

    axes = 1


class _GlobalPooling(Layer):
    """All places of each channel made into one number."""

    axes, min_ndim = 2, 4

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **common: Any) -> None:
        super().__init__(**common)
        _check_last(data_format)
        self.keepdims = keepdims

    def _over(self) -> dict[str, Any]:
        return {"axis": tuple(range(1, self.axes + 1)), "keepdims": self.keepdims}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows and channels."""
        return (input_shape[0], *((1,) * self.axes if self.keepdims else ()), input_shape[-1])


class GlobalMaxPooling2D(_GlobalPooling):
    """The largest element of each channel of `(rows, height, width, channels)`, as Keras's GlobalMaxPooling2D."""

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.max(inputs, **self._over())


class GlobalAveragePooling2D(_GlobalPooling):
    """The mean of each channel of `(rows, height, width, channels)`, as Keras's GlobalAveragePooling2D."""

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.mean(self._float(inputs), **self._over())


class GlobalMaxPooling1D(GlobalMaxPooling2D):
    """As `GlobalMaxPooling2D`, over inputs `(rows, steps, channels)`."""

    axes, min_ndim = 1, 3


class GlobalAveragePooling1D(GlobalAveragePooling2D):
    """As `GlobalAveragePooling2D`, over inputs `(rows, steps, channels)`."""

    axes, min_ndim = 1, 3
