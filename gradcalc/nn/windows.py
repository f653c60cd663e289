"""Windows over channels-last arrays, and what the layers over such axes share. Imports layer and tape.

All stand on one pair of array ops, each the other's adjoint: `WINDOWS` shows an array as its windows (a view: nothing
is copied), `FOLD` adds windows up where they came from. NumPy's products and reductions do the rest.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradcalc.nn.layer import Layer, pair
from gradcalc.tape.batch import TOGETHER, Batch
from gradcalc.tape.tensor import Array, ArrayOp

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

    def folded(self, windows: Any, shape: Sizes) -> Any:
        """The sum of windows `(*size, rows, *places, channels)` over an array of a shape: the adjoint of `windows`."""
        pads = self.pads(shape[1:-1])
        return FOLD(windows, shape=shape, size=self.size, strides=self.strides, dilation=self.dilation, pads=pads)

    def each(self, x: Any, kernel: Any) -> Any:
        """The cross-correlation of each channel with its kernels, `(*size, channels, many)`: channels times many."""
        windows, letters = self.windows(x), "abdefghijk"
        size, places = letters[: len(self.size)], letters[len(self.size) : windows.ndim - 1]
        y = np.einsum(f"{size}{places}c,{size}cm->{places}cm", windows, kernel)
        return np.reshape(y, (*y.shape[:-2], y.shape[-2] * y.shape[-1]))

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

    def spread(self, x: Any, kernel: Any, sizes: Sizes) -> Any:
        """The adjoint of `convolved`: each place spread over its window, by a kernel `(*size, filters, depth)`.

        Raises:
            ValueError: no windows over axes of these sizes have as many places.
        """
        if tuple(self.places(sizes)) != x.shape[1:-1]:
            raise ValueError(f"no window of {self.size} leads from {sizes} places to {x.shape[1:-1]}: {self}")
        windows = np.moveaxis(np.tensordot(kernel, x, (-1, -1)), len(self.size), -1)
        return self.folded(windows, (x.shape[0], *sizes, kernel.shape[-2]))

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


class Spatial(Layer):
    """A layer of one input, with `axes` axes between rows and channels, or after both: `data_format` says which.

    A subclass gives `_places` and `_sizes`, for inputs and shapes whose channels are last.
    """

    takes_one = True
    data_format: str

    def __post_init__(self) -> None:
        self._axis = -1 if self.data_format == "channels_last" else 1

    def call(self, inputs: Any) -> Any:
        return self._moved(self._places(self._moved(inputs, 1, -1)), -1, 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._moved(self._sizes(self._moved(tuple(input_shape), 1, -1)), -1, 1)

    def _places(self, x: Any) -> Any:
        """The result for an input `(rows, *sizes, channels)`."""
        raise NotImplementedError

    def _sizes(self, shape: Any) -> tuple[int | None, ...]:
        """The shape of the result for one of an input, `(rows, *sizes, channels)`."""
        raise NotImplementedError

    def _moved(self, x: Any, source: int, to: int) -> Any:
        """An array, or a shape, with the channels at another place, where they are not last."""
        if self._axis == -1 or isinstance(x, tuple) and len(x) < 3:
            return x
        if not isinstance(x, tuple):
            return np.moveaxis(x, source, to)
        return (*x[:1], *x[2:], x[1]) if source == 1 else (*x[:1], x[-1], *x[1:-1])


class Windowed(Spatial):
    """What convolution and pooling share: windows over the axes between rows and channels."""

    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")

    strides: Any
    padding: str

    def __post_init__(self) -> None:
        """Read what says how the windows move, with a size for each axis."""
        super().__post_init__()
        if self.strides is None:
            self.strides = self.pool_size
        names = {"kernel_size", "pool_size", "strides", "dilation_rate"} & vars(self).keys()
        moves = {name: pair(getattr(self, name), self.axes, name) for name in names}
        self.__dict__ |= moves
        if str(self.padding).lower() not in self.paddings:
            paddings = " or ".join(map(repr, self.paddings))
            raise ValueError(f"`padding` must be {paddings}. Received: padding={self.padding}")
        self.padding = self.padding.lower()
        size = moves.get("kernel_size") or moves["pool_size"]
        self._moves = Moves(size, self.strides, moves.get("dilation_rate") or (1,) * self.axes, self.padding)
        if "dilation_rate" in moves and max(self.strides) > 1 and max(self._moves.dilation) > 1:
            raise ValueError(
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: "
                f"strides={self.strides} and dilation_rate={self._moves.dilation}"
            )

    def _sizes(self, shape: Any) -> Any:
        return (shape[0], *self._moves.places(shape[1:-1]), shape[-1])
