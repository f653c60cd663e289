"""`tf.nn`: activations, losses from logits, convolution and pooling. Imports nn and NumPy."""
# ruff: noqa: I001

from typing import Any

import numpy as np

from gradcalc.nn import AveragePooling2D, Conv2D, MaxPooling2D, activations, losses
from gradcalc.tf.arrays import gather
from gradcalc.tf.defaults import Result, alike, as_axes, as_tensor, as_tensors, unary
from gradcalc.tf.linalg import l2_normalize as l2_normalize
from gradcalc.tf.math import (
    log_softmax as log_softmax, sigmoid as sigmoid, softmax as softmax, softplus as softplus, softsign as softsign,
    tanh as tanh, top_k as top_k,
)  # fmt: skip
from gradcalc.tf.random import uniform

embedding_lookup = gather
elu = unary(activations.elu)
relu = unary(activations.relu)
relu6 = unary(activations.relu6)
selu = unary(activations.selu)
silu = swish = unary(activations.silu)


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Result:
    """`x` above zero, `alpha * x` below."""
    return activations.leaky_relu(as_tensor(features), alpha)


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Result:
    """`x` times the normal distribution function; `approximate` by tanh."""
    return activations.gelu(as_tensor(features), approximate)


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Result:
    """For each row `-sum(labels * log_softmax(logits))`."""
    labels, logits = as_tensors(labels, logits)
    return losses.categorical_crossentropy(labels, logits, from_logits=True, axis=axis)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Result:
    """For each row `-log_softmax(logits)` at its label, an int."""
    return losses.sparse_categorical_crossentropy(labels, as_tensor(logits), from_logits=True)


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Result:
    """For each element `softplus(logits) - labels * logits`."""
    labels, logits = as_tensors(labels, logits)
    return softplus(logits) - labels * logits


def l2_loss(t: Any, name: str | None = None) -> Result:
    """Half the sum of squares."""
    return np.sum(np.square(as_tensor(t))) / 2


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Result:
    """The sum, the bias along the last axis."""
    return np.add(*as_tensors(value, bias))


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The mean and the variance over axes."""
    x, axis = as_tensor(x), as_axes(axes)
    return np.mean(x, axis=axis, keepdims=keepdims), np.var(x, axis=axis, keepdims=keepdims)


def dropout(x: Any, rate: float, noise_shape: Any = None, seed: int | None = None, name: str | None = None) -> Result:
    """A tensor with a share `rate` of its elements set to 0, the others divided by `1 - rate`."""
    x = as_tensor(x)
    kept = uniform(x.shape if noise_shape is None else noise_shape, seed=seed).array >= rate
    return np.where(kept, x / (1 - rate), 0)


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float, name: str | None = None
) -> Result:
    """`(x - mean) / sqrt(variance + variance_epsilon) * scale + offset`; `scale` and `offset` may be None."""
    x, mean, variance = alike([x, mean, variance])
    factor = 1 / np.sqrt(variance + variance_epsilon)
    y = (x - mean) * (factor if scale is None else factor * scale)
    return y if offset is None else y + offset


def conv2d(
    input: Any, filters: Any, strides: Any, padding: str, data_format: str = "NHWC", dilations: Any = None,
    name: str | None = None,
) -> Result:  # fmt: skip
    """The cross-correlation of `(rows, height, width, channels)` with filters `(height, width, channels, filters)`."""
    x, kernel = as_tensors(input, filters)
    common = _settings("conv2d", x, strides, padding, data_format)
    layer = Conv2D(kernel.shape[-1], kernel.shape[:2], dilation_rate=_sizes(dilations), use_bias=False, **common)
    layer.kernel, layer.bias, layer.built = kernel, None, True
    return layer(x)


def max_pool2d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC", name: str | None = None
) -> Result:
    """The largest element of each window of `(rows, height, width, channels)`."""
    return _pooled(MaxPooling2D, input, ksize, strides, padding, data_format)


def avg_pool2d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC", name: str | None = None
) -> Result:
    """The mean of each window of `(rows, height, width, channels)`."""
    return _pooled(AveragePooling2D, input, ksize, strides, padding, data_format)


max_pool, avg_pool = max_pool2d, avg_pool2d


def _pooled(kind: Any, input: Any, ksize: Any, strides: Any, padding: str, data_format: str) -> Result:
    x = as_tensor(input)
    return kind(_sizes(ksize), **_settings("pool2d", x, strides, padding, data_format))(x)


def _settings(name: str, x: Any, strides: Any, padding: str, data_format: str) -> dict[str, Any]:
    """What the layers of convolution and pooling are told alike; a name given uses up no number."""
    layout = {"NHWC": "channels_last", "NCHW": "channels_first"}.get(data_format, data_format)
    settings = {"strides": _sizes(strides), "padding": padding.lower(), "data_format": layout}
    return settings | {"dtype": x.dtype, "name": name}


def _sizes(sizes: Any) -> Any:
    """One size, or two, of what may be given for all four axes; 1 for None."""
    if sizes is None or isinstance(sizes, int):
        return sizes or 1
    return tuple(sizes[1:3]) if len(sizes) == 4 else tuple(sizes) if len(sizes) == 2 else sizes[0]
