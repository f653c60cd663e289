"""Convolution over channels-last inputs, as Keras 3's layers, and d2l's `corr2d`. Imports windows, layer and tape."""

from typing import Any

import numpy as np

from gradcalc.nn.layer import Affine, Layer, whole
from gradcalc.nn.windows import WINDOWS, Windowed
from gradcalc.tape.tensor import as_tensor

__all__ = [
    "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "DepthwiseConv1D",
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


class _Conv(Windowed, Affine):
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
        super().__init__(**common)
        self._keep(locals())
        if self.filters % self.groups:
            raise ValueError(
                "The number of filters must be evenly divisible by the number of groups. Received: "
                f"groups={groups}, filters={filters}."
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


class _Transposed(_Conv):
    """The adjoint of a convolution: each place is spread over the window that it would come from."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
            strides: how far apart the windows of neighbours lie.
            padding: `"valid"`, or `"same"`: a result of `size * stride` places.
            output_padding: how many places are added at the end, less than the strides; by default as many as fit.
            kernel_initializer: what the kernel `(*kernel_size, filters, channels)` begins with.
            data_format, dilation_rate, activation, use_bias: as of convolution, and so all that is not named here.
            common: the arguments of `Layer`.
        """
        Layer.__init__(self, **common)
        self._keep(locals())
        self.output_padding = None if output_padding is None else whole(output_padding, self.axes, "output_padding")
        if any(added >= step for added, step in zip(self.output_padding or (), self.strides, strict=False)):
            raise ValueError(f"strides must be greater than output padding. Received: {strides=}, {output_padding=}")

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        self.kernel = self._weight("kernel", (*self.kernel_size, self.filters, input_shape[-1]))
        self.bias = self._weight("bias", (self.filters,)) if self.use_bias else None
        self._axis_size = input_shape[-1]

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        x = self._float(inputs)
        y = self._moves.spread(x, self.kernel, self._sizes(x.shape[1:-1]))
        return self.activation(y if self.bias is None else y + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, the places that all windows reach, filters."""
        return (input_shape[0], *self._sizes(input_shape[1:-1]), self.filters)

    def _sizes(self, sizes: Any) -> tuple[Any, ...]:
        """The size of each axis of the result, of that of the input."""
        return tuple(None if n is None else self._size(i, n) for i, n in enumerate(sizes))

    def _size(self, i: int, n: int) -> int:
        moves, same = self._moves, self.padding == "same"
        stride, span = moves.strides[i], (moves.size[i] - 1) * moves.dilation[i] + 1
        if self.output_padding is not None:
            return (n - 1) * stride + span - (2 * (span // 2) if same else 0) + self.output_padding[i]
        return n * stride + (0 if same else max(span - stride, 0))


class Conv1DTranspose(_Transposed, axes=1):
    """The transposed convolution of `(rows, steps, channels)`, as Keras's Conv1DTranspose."""


class Conv2DTranspose(_Transposed, axes=2):
    """The transposed convolution of `(rows, height, width, channels)`, as Keras's Conv2DTranspose."""


class _Depthwise(Windowed, Affine):
    """Each channel convolved alone, with `depth_multiplier` kernels of its own."""

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Any,
    ) -> None:
        """Make it of these settings.

        Args:
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias: as of convolution.
            depth_multiplier: the number of results for each channel.
            depthwise_initializer: what the kernel `(*kernel_size, channels, depth_multiplier)` begins with.
            depthwise_regularizer, bias_regularizer, activity_regularizer: penalties, to be found in `losses`.
            depthwise_constraint, bias_constraint: what optimizers hold kernel and bias to.
            bias_initializer: what the bias `(channels * depth_multiplier,)` begins with.
            common: the arguments of `Layer`.
        """
        super().__init__(**common)
        self._keep(locals())

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        channels = self._axis_size = input_shape[-1]
        self.kernel = self._weight("kernel", (*self.kernel_size, channels, self.depth_multiplier), "depthwise")
        self.bias = self._weight("bias", (channels * self.depth_multiplier,)) if self.use_bias else None

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        y = self._moves.each(self._float(inputs), self.kernel)
        return self.activation(y if self.bias is None else y + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, the number of windows along each axis, and `depth_multiplier` times the channels."""
        *shape, channels = super().compute_output_shape(input_shape)
        return (*shape, channels * self.depth_multiplier)


class DepthwiseConv1D(_Depthwise, axes=1):
    """Each channel of `(rows, steps, channels)` convolved alone, as Keras's DepthwiseConv1D."""


class DepthwiseConv2D(_Depthwise, axes=2):
    """Each channel of `(rows, height, width, channels)` convolved alone, as Keras's DepthwiseConv2D."""


class _Separable(Windowed, Affine):
    """Each channel convolved alone, then products over all channels of a place."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Any,
    ) -> None:
        """Make it of these settings.

        Args:
            filters: the size of the result's last axis.
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias: as of convolution.
            depth_multiplier: the number of results for each channel, before the products.
            depthwise_initializer: what the kernel `(*kernel_size, channels, depth_multiplier)` begins with.
            pointwise_initializer: what the kernel `(1, ..., channels * depth_multiplier, filters)` begins with.
            bias_initializer: what the bias `(filters,)` begins with.
            depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: penalties.
            depthwise_constraint, pointwise_constraint, bias_constraint: what optimizers hold the weights to.
            common: the arguments of `Layer`.
        """
        super().__init__(**common)
        self._keep(locals())

    def build(self, input_shape: Any) -> None:
        """Make both kernels and the bias."""
        channels, many = input_shape[-1], self.depth_multiplier
        self._axis_size = channels
        self.depthwise_kernel = self._weight("depthwise_kernel", (*self.kernel_size, channels, many), "depthwise")
        shape = (*(1,) * self.axes, channels * many, self.filters)
        self.pointwise_kernel = self._weight("pointwise_kernel", shape, "pointwise")
        self.bias = self._weight("bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        apart = self._moves.each(self._float(inputs), self.depthwise_kernel)
        y = apart @ np.reshape(self.pointwise_kernel, self.pointwise_kernel.shape[-2:])
        return self.activation(y if self.bias is None else y + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Rows, the number of windows along each axis, filters."""
        return (*super().compute_output_shape(input_shape)[:-1], self.filters)


class SeparableConv1D(_Separable, axes=1):
    """Convolution of `(rows, steps, channels)` by each channel and then by place, as Keras's SeparableConv1D."""


class SeparableConv2D(_Separable, axes=2):
    """Convolution of `(rows, height, width, channels)` by channel and then by place, as Keras's SeparableConv2D."""
