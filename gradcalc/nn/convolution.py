"""Convolution, as Keras 3's layers, and d2l's `corr2d`. Imports windows, layer and tape."""
# ruff: noqa: D101

from typing import Any, ClassVar

import numpy as np

from gradcalc.nn.layer import Affine, whole
from gradcalc.nn.windows import WINDOWS, Windowed
from gradcalc.tape.tensor import as_tensor

__all__ = [
    "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "DepthwiseConv1D",
    "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "corr2d",
]  # fmt: skip


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


class _Windowed(Windowed, Affine):
    """What the convolutions share.

    Args of the constructors, which Keras has in its own order for each:
        filters: the size of the result's last axis.
        kernel_size: one size for all axes, or one for each.
        strides: how far a window moves; transposed, how far apart the windows of neighbours lie.
        padding: `"valid"`, or `"same"`: zeros around, so that there are `ceil(size / stride)` places, transposed
            `size * stride`; of `Conv1D` also `"causal"`: zeros before, so that no place depends on later steps.
        output_padding: how many places are added at the end, less than the strides; by default as many as fit.
        data_format: `"channels_last"`, or `"channels_first"`: `(rows, channels, ...)`.
        dilation_rate: the distance between the elements of a window.
        groups: in how many equal groups channels meet filters.
        depth_multiplier: the number of results for each channel that is convolved alone.
        activation: a name or a function; none by default.
        use_bias: whether a bias is added, as long as the result's last axis.
        kernel_initializer, ..., activity_regularizer, ..., bias_constraint: what the weights begin with, what they and
            results pay, to be found in `losses`, and what optimizers hold the weights to.
        common: the arguments of `Layer`.
    """

    def build(self, input_shape: Any) -> None:
        self._axis_size = channels = input_shape[self._axis]
        for name, shape in self._kernels(channels).items():
            setattr(self, name, self._weight(name, shape, self._settings or name.removesuffix("_kernel")))
        self.bias = self._weight("bias", (self._results(channels),)) if self.use_bias else None

    _settings: ClassVar[str | None] = None
    """The word that the settings of all kernels begin with; by default each kernel's name."""

    def call(self, inputs: Any) -> Any:
        return self.activation(super().call(self._float(inputs)))

    def _places(self, x: Any) -> Any:
        y = self._sums(x)
        return y if self.bias is None else y + self.bias

    def _kernels(self, channels: int) -> dict[str, tuple[int, ...]]:
        """The shape of each kernel, by its name."""
        raise NotImplementedError

    def _results(self, channels: int) -> int:
        """The number of channels of the result."""
        return int(self.filters)

    def _sums(self, x: Any) -> Any:
        """The result before bias and activation."""
        raise NotImplementedError

    def _sizes(self, shape: Any) -> Any:
        return (*super()._sizes(shape)[:-1], self._results(shape[-1]))


class _Conv(_Windowed):
    """Cross-correlation with a kernel `(*kernel_size, channels / groups, filters)`, plus bias, then the activation."""

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", data_format: str | None = None,
        dilation_rate: Any = 1, groups: int = 1, activation: Any = None, use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
        bias_constraint: Any = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.filters % self.groups:
            raise ValueError(
                "The number of filters must be evenly divisible by the number of groups. Received: "
                f"groups={self.groups}, filters={self.filters}."
            )

    def _kernels(self, channels: int) -> dict[str, tuple[int, ...]]:
        if channels % self.groups:
            raise ValueError(
                "The number of input channels must be evenly divisible by the number of groups. Received "
                f"groups={self.groups}, but the input has {channels} channels."
            )
        return {"kernel": (*self.kernel_size, channels // self.groups, self.filters)}

    def _sums(self, x: Any) -> Any:
        return self._moves.convolved(x, self.kernel)


class _ConvTranspose(_Windowed):
    """The adjoint of a convolution: each place is spread over the window that it would come from.

    The kernel is `(*kernel_size, filters, channels)`.
    """

    output_padding: Any

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", output_padding: Any = None,
        data_format: str | None = None, dilation_rate: Any = 1, activation: Any = None, use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
        bias_constraint: Any = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output_padding is None:
            return
        self.output_padding = whole(self.output_padding, self.axes, "output_padding")
        if any(added >= step for added, step in zip(self.output_padding, self.strides, strict=True)):
            raise ValueError(
                "strides must be greater than output padding. Received: "
                f"strides={self.strides}, output_padding={self.output_padding}"
            )

    def _kernels(self, channels: int) -> dict[str, tuple[int, ...]]:
        return {"kernel": (*self.kernel_size, self.filters, channels)}

    def _sums(self, x: Any) -> Any:
        return self._moves.spread(x, self.kernel, self._sizes(x.shape)[1:-1])

    def _sizes(self, shape: Any) -> Any:
        sizes = (None if n is None else self._size(i, n) for i, n in enumerate(shape[1:-1]))
        return (shape[0], *sizes, self.filters)

    def _size(self, i: int, n: int) -> int:
        moves, same = self._moves, self.padding == "same"
        stride, span = moves.strides[i], (moves.size[i] - 1) * moves.dilation[i] + 1
        if self.output_padding is not None:
            added: int = self.output_padding[i]
            return (n - 1) * stride + span - (2 * (span // 2) if same else 0) + added
        return n * stride + (0 if same else max(span - stride, 0))


class Conv3DTranspose(_ConvTranspose, axes=3):
    """The transposed convolution of `(rows, depth, height, width, channels)`, as Keras's."""

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", data_format: str | None = None,
        output_padding: Any = None, dilation_rate: Any = 1, activation: Any = None, use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
        bias_constraint: Any = None, **common: Any,
    ) -> None: ...  # fmt: skip


class _DepthwiseConv(_Windowed):
    """Each channel convolved alone, with kernels of its own: `(*kernel_size, channels, depth_multiplier)`."""

    def __init__(
        self, kernel_size: Any, strides: Any = 1, padding: str = "valid", depth_multiplier: int = 1,
        data_format: str | None = None, dilation_rate: Any = 1, activation: Any = None, use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        depthwise_constraint: Any = None, bias_constraint: Any = None, **common: Any,
    ) -> None: ...  # fmt: skip

    _settings = "depthwise"

    def _kernels(self, channels: int) -> dict[str, tuple[int, ...]]:
        return {"kernel": (*self.kernel_size, channels, self.depth_multiplier)}

    def _results(self, channels: int) -> int:
        return int(channels * self.depth_multiplier)

    def _sums(self, x: Any) -> Any:
        return self._moves.each(x, self.kernel)


class _SeparableConv(_Windowed):
    """Each channel convolved alone, then products over all channels of a place.

    The kernels are `(*kernel_size, channels, depth_multiplier)` and `(1, ..., channels * depth_multiplier, filters)`.
    """

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", data_format: str | None = None,
        dilation_rate: Any = 1, depth_multiplier: int = 1, activation: Any = None, use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform", pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros", depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
        bias_regularizer: Any = None, activity_regularizer: Any = None, depthwise_constraint: Any = None,
        pointwise_constraint: Any = None, bias_constraint: Any = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def _kernels(self, channels: int) -> dict[str, tuple[int, ...]]:
        many = self.depth_multiplier
        point = (*(1,) * self.axes, channels * many, self.filters)
        return {"depthwise_kernel": (*self.kernel_size, channels, many), "pointwise_kernel": point}

    def _sums(self, x: Any) -> Any:
        apart = self._moves.each(x, self.depthwise_kernel)
        return apart @ np.reshape(self.pointwise_kernel, self.pointwise_kernel.shape[-2:])


# fmt: off
class Conv1D(_Conv, axes=1, paddings=("valid", "same", "causal")): ...
class Conv2D(_Conv, axes=2): ...
class Conv3D(_Conv, axes=3): ...
class Conv1DTranspose(_ConvTranspose, axes=1): ...
class Conv2DTranspose(_ConvTranspose, axes=2): ...
class DepthwiseConv1D(_DepthwiseConv, axes=1): ...
class DepthwiseConv2D(_DepthwiseConv, axes=2): ...
class SeparableConv1D(_SeparableConv, axes=1): ...
class SeparableConv2D(_SeparableConv, axes=2): ...
# fmt: on
