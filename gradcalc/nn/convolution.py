"""Convolution and pooling over channels-last inputs, as Keras 3's layers, and d2l's `corr2d`. Imports layer and tape.

All stand on one pair of array ops, each the other's adjoint: `WINDOWS` shows an array as its windows (a view: nothing
is copied), `FOLD` adds windows up where they came from. NumPy's products and reductions do the rest.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradcalc.nn.layer import Affine, Layer, pair
from gradcalc.tape.batch import TOGETHER, Batch
from gradcalc.tape.tensor import Array, ArrayOp, as_tensor

__all__ = [
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "Conv1D", "Conv2D", "Conv3D", "GlobalAveragePooling1D",
    "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "GlobalMaxPooling3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "corr2d",
]  # fmt: skip

Sizes = tuple[int, ...]
Padding = str | Sequence[Sizes]
"""`"valid"`, `"same"`, `"causal"`, or what is put before and after each axis."""

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


class Moves(NamedTuple):
    """How windows lie over axes: a size, a stride and a dilation for each, and the padding."""

    size: Sizes
    strides: Sizes
    dilation: Sizes
    padding: Padding

    def places(self, sizes: Sequence[int | None]) -> list[int | None]:
        """How many windows fit along each axis.

        Raises:
            ValueError: none does.
        """
        counts = [None if n is None else self._count(i, n) for i, n in enumerate(sizes)]
        if any(n is not None and n <= 0 for n in counts):
            raise ValueError(
                f"Computed output size would be zero or negative. Received axes of {tuple(sizes)} for windows of "
                f"{self.size}, strides={self.strides}, padding={self.padding}."
            )
        return counts

    def _count(self, i: int, n: int) -> int:
        if self.padding in ("same", "causal"):
            return -(-n // self.strides[i])
        added = 0 if isinstance(self.padding, str) else sum(self.padding[i])
        return (n + added - (self.size[i] - 1) * self.dilation[i] - 1) // self.strides[i] + 1

    def pads(self, sizes: Sequence[int]) -> tuple[Sizes, ...]:
        """What is put before and after each axis.

        For "same" so much that there are `ceil(n / stride)` places, for "causal" so much that no window looks ahead.
        """
        if not isinstance(self.padding, str):
            return tuple(map(tuple, self.padding))
        if self.padding == "valid":
            return ((0, 0),) * len(self.size)
        if self.padding == "causal":
            return tuple(((k - 1) * d, 0) for k, d in zip(self.size, self.dilation, strict=True))
        spans = zip(sizes, self.size, self.strides, self.dilation, strict=True)
        missing = [max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0) for n, k, s, d in spans]
        return tuple((total // 2, total - total // 2) for total in missing)

    def windows(self, x: Any, fill: float = 0) -> Any:
        """The windows of `(rows, *sizes, channels)`: see `WINDOWS`."""
        sizes = x.shape[1:-1]
        self.places(sizes)
        pads = self.pads(sizes)
        return WINDOWS(x, size=self.size, strides=self.strides, dilation=self.dilation, pads=pads, fill=fill)

    def convolved(self, x: Any, kernel: Any) -> Any:
        """The cross-correlation with `(*size, depth, filters)`; where there are more channels than `depth`, in groups.

        Raises:
            ValueError: channels or filters cannot be shared among equal groups.
        """
        depth, filters = kernel.shape[-2:]
        groups, rest = divmod(x.shape[-1], depth)
        if rest or not groups or filters % groups:
            raise ValueError(f"{x.shape[-1]} channels in groups of {depth} do not fit {filters} filters")
        windows, n = self.windows(x), len(self.size)
        axes = ((*range(n), 2 * n + 1), tuple(range(n + 1)))
        if groups == 1:
            return np.tensordot(windows, kernel, axes)
        channels, share = np.split(windows, groups, -1), np.split(kernel, groups, -1)
        return np.concatenate([np.tensordot(w, k, axes) for w, k in zip(channels, share, strict=True)], axis=-1)

    def largest(self, x: Any) -> Any:
        """The largest element of each window."""
        fill = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        return np.max(self.windows(x, fill), axis=tuple(range(len(self.size))))

    def averaged(self, x: Any) -> Any:
        """The mean of each window; of an incomplete one, of what is there."""
        axes, windows = tuple(range(len(self.size))), self.windows(x)
        if self.padding == "valid":
            return np.mean(windows, axis=axes)
        counts = np.sum(self.windows(np.ones((1, *x.shape[1:-1], 1), x.dtype)), axis=axes)
        return np.sum(windows, axis=axes) / counts


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

    axes: ClassVar[int]
    """The number of axes that windows move along."""

    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")
    takes_one = True

    def __init_subclass__(cls, axes: int = 0, **settings: Any) -> None:
        """A class says how many axes its windows move along, or is of any number."""
        super().__init_subclass__(**settings)
        cls.axes = axes

    def __init__(
        self, size: Sizes, strides: Any, padding: str, data_format: str | None, dilation: Any, /, **common: Any
    ) -> None:
        super().__init__(**common)
        if str(padding).lower() not in self.paddings:
            raise ValueError(f"`padding` must be {' or '.join(map(repr, self.paddings))}. Received: padding={padding}")
        _check_last(data_format)
        self.strides = pair(strides, self.axes, "strides")
        self.padding = padding.lower()
        self.data_format = "channels_last"
        self._moves = Moves(size, self.strides, pair(dilation, self.axes, "dilation_rate"), self.padding)

    def _check(self, shape: tuple[int, ...]) -> None:
        if len(shape) != self.axes + 2:
            raise ValueError(
                f"Input 0 of layer '{self.name}' is incompatible with the layer: expected ndim={self.axes + 2}, found "
                f"ndim={len(shape)}. Full shape received: {shape}"
            )
        super()._check(shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, the number of windows along each axis, channels."""
        return (input_shape[0], *self._moves.places(input_shape[1:-1]), input_shape[-1])


class _Conv(_Windowed, Affine):
    """Cross-correlation with a kernel, plus bias, then the activation (channels last)."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Any,
    ) -> None:
        """Make it of these settings.

        Args:
            filters: the size of the result's last axis.
            kernel_size: one size for all axes, or one for each.
            strides: how far a window moves.
            padding: `"valid"`, or `"same"`: zeros around, so that there are `ceil(size / stride)` places; of `Conv1D`
                also `"causal"`: zeros before, so that no place depends on later steps.
            data_format: `"channels_last"`.
            dilation_rate: the distance between the elements of a window.
            groups: in how many equal groups channels meet filters.
            activation: a name or a function; none by default.
            use_bias: whether a bias is added.
            kernel_initializer: what the kernel `(*kernel_size, channels / groups, filters)` begins with.
            bias_initializer: what the bias `(filters,)` begins with.
            kernel_regularizer, bias_regularizer, activity_regularizer: penalties, to be found in `losses`.
            kernel_constraint, bias_constraint: what optimizers hold kernel and bias to.
            common: the arguments of `Layer`.
        """
        (self.filters,), (self.groups,) = pair(filters, 1, "filters"), pair(groups, 1, "groups")
        self.kernel_size = pair(kernel_size, self.axes, "kernel_size")
        if self.filters % self.groups:
            raise ValueError(
                "The number of filters must be evenly divisible by the number of groups. Received: "
                f"groups={groups}, filters={filters}."
            )
        super().__init__(self.kernel_size, strides, padding, data_format, dilation_rate, **common)
        self._keep(locals())
        self.use_bias = use_bias
        self.dilation_rate = self._moves.dilation
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: "
                f"strides={self.strides} and dilation_rate={self.dilation_rate}"
            )

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        channels = input_shape[-1]
        if channels % self.groups:
            raise ValueError(
                "The number of input channels must be evenly divisible by the number of groups. Received "
                f"groups={self.groups}, but the input has {channels} channels (full input shape is {input_shape})."
            )
        self._make((*self.kernel_size, channels // self.groups, self.filters))
        self._axis_size = channels

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        y = self._moves.convolved(self._float(inputs), self.kernel)
        return self.activation(y if self.bias is None else y + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, the number of windows along each axis, filters."""
        return (*super().compute_output_shape(input_shape)[:-1], self.filters)


class Conv1D(_Conv, axes=1):
    """Convolution of `(rows, steps, channels)`, as Keras's Conv1D."""

    paddings = ("valid", "same", "causal")


class Conv2D(_Conv, axes=2):
    """Convolution of `(rows, height, width, channels)`, as Keras's Conv2D."""


class Conv3D(_Conv, axes=3):
    """Convolution of `(rows, depth, height, width, channels)`, as Keras's Conv3D."""


class _Pooling(_Windowed):
    """The windows of each channel made into one number each; by default they do not overlap."""

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **common: Any,
    ) -> None:
        self.pool_size = pair(pool_size, self.axes, "pool_size")
        strides = self.pool_size if strides is None else strides
        super().__init__(self.pool_size, strides, padding, data_format, 1, name=name, **common)


class _MaxPooling(_Pooling):
    """The largest element of each window; where several are, they share the gradient equally."""

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **common: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **common)

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return self._moves.largest(self._float(inputs))


class MaxPooling1D(_MaxPooling, axes=1):
    """The largest elements of `(rows, steps, channels)`, as Keras's MaxPooling1D; several share the gradient."""


class MaxPooling2D(_MaxPooling, axes=2):
    """The largest elements of `(rows, height, width, channels)`, as Keras's MaxPooling2D; they share the gradient."""


class MaxPooling3D(_MaxPooling, axes=3):
    """The largest elements of windows over three axes, as Keras's MaxPooling3D; several share the gradient."""


class _AveragePooling(_Pooling):
    """The mean of each window; of an incomplete one (`padding="same"`) of what is there."""

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return self._moves.averaged(self._float(inputs))


class AveragePooling1D(_AveragePooling, axes=1):
    """The means of `(rows, steps, channels)`, as Keras's AveragePooling1D; of an incomplete window of what is there."""


class AveragePooling2D(_AveragePooling, axes=2):
    """The means of `(rows, height, width, channels)`, as Keras's AveragePooling2D; incomplete: of what is there."""


class AveragePooling3D(_AveragePooling, axes=3):
    """The means of windows over three axes, as Keras's AveragePooling3D; incomplete: of what is there."""


class _GlobalPooling(Layer):
    """All places of each channel made into one number."""

    axes: ClassVar[int]
    takes_one = True

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **common: Any) -> None:
        super().__init__(**common)
        _check_last(data_format)
        self.keepdims = keepdims

    def __init_subclass__(cls, axes: int = 0, **settings: Any) -> None:
        """An input has rows, the axes, and channels."""
        super().__init_subclass__(**settings)
        cls.axes, cls.min_ndim = axes, axes + 2

    def _over(self) -> dict[str, Any]:
        return {"axis": tuple(range(1, self.axes + 1)), "keepdims": self.keepdims}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows and channels."""
        return (input_shape[0], *((1,) * self.axes if self.keepdims else ()), input_shape[-1])


class _GlobalMaxPooling(_GlobalPooling):
    """The largest element of each channel."""

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.max(inputs, **self._over())


class _GlobalAveragePooling(_GlobalPooling):
    """The mean of each channel."""

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        return np.mean(self._float(inputs), **self._over())


class GlobalMaxPooling1D(_GlobalMaxPooling, axes=1):
    """The largest element of each channel of `(rows, steps, channels)`, as Keras's GlobalMaxPooling1D."""


class GlobalMaxPooling2D(_GlobalMaxPooling, axes=2):
    """The largest element of each channel of `(rows, height, width, channels)`, as Keras's GlobalMaxPooling2D."""


class GlobalMaxPooling3D(_GlobalMaxPooling, axes=3):
    """The largest element of each channel over three axes, as Keras's GlobalMaxPooling3D."""


class GlobalAveragePooling1D(_GlobalAveragePooling, axes=1):
    """The mean of each channel of `(rows, steps, channels)`, as Keras's GlobalAveragePooling1D."""


class GlobalAveragePooling2D(_GlobalAveragePooling, axes=2):
    """The mean of each channel of `(rows, height, width, channels)`, as Keras's GlobalAveragePooling2D."""


class GlobalAveragePooling3D(_GlobalAveragePooling, axes=3):
    """The mean of each channel of `(rows, depth, height, width, channels)`, as Keras's GlobalAveragePooling3D."""
