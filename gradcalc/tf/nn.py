"""`tf.nn`: activations, losses from logits, convolution and pooling. Imports nn and NumPy."""
# ruff: noqa: I001

from typing import Any

import numpy as np

from gradcalc.nn import activations, losses
from gradcalc.nn.windows import Moves, Padding
from gradcalc.tape.tensor import Tensor, cast
from gradcalc.tf.arrays import gather
from gradcalc.tf.defaults import (
    Function, Result, alike, as_axes, as_shape, as_tensor, as_tensors, described, unary,
)  # fmt: skip
from gradcalc.tf.linalg import clip_by_norm
from gradcalc.tf.linalg import l2_normalize as l2_normalize
from gradcalc.tf.math import (
    log_softmax as log_softmax, sigmoid as sigmoid, softmax as softmax, softplus as softplus, softsign as softsign,
    tanh as tanh, top_k as top_k,
)  # fmt: skip
from gradcalc.tf.random import uniform

elu = unary(activations.elu, "features")
relu = unary(activations.relu, "features")
relu6 = unary(activations.relu6, "features")
selu = unary(activations.selu, "features")


def silu(features: Any, beta: float = 1.0) -> Result:
    """`x * sigmoid(beta * x)`, also called swish."""
    x = as_tensor(features)
    return activations.silu(x) if beta == 1 else x * sigmoid(beta * x)


swish = silu


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: str | None = None) -> Result:
    """The parts of a tensor at indices along its first axis, shortened to `max_norm` where they are longer."""
    if isinstance(params, list | tuple):
        if len(params) != 1:
            raise TypeError(
                "embedding_lookup takes one table, not shards of one in a list; try: tf.concat or tf.constant"
            )
        (params,) = params
    found = gather(params, ids)
    return found if max_norm is None else clip_by_norm(found, max_norm, tuple(range(np.ndim(ids), found.ndim)))


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Result:
    """`x` above zero, `alpha * x` below."""
    return activations.leaky_relu(_floating(features), alpha)


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Result:
    """`x` times the normal distribution function; `approximate` by tanh."""
    return activations.gelu(as_tensor(features), approximate)


def _floating(x: Any) -> Tensor:
    x = as_tensor(x)
    return x if x.dtype.kind == "f" else cast(x, np.float32)


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Result:
    """For each row `-sum(labels * log_softmax(logits))`."""
    labels, logits = as_tensors(labels, logits)
    return losses.categorical_crossentropy(labels, logits, from_logits=True, axis=axis)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Result:
    """For each row `-log_softmax(logits)` at its label, an int."""
    return losses.sparse_categorical_crossentropy(labels, as_tensor(logits), from_logits=True)


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Result:
    """For each element `softplus(logits) - labels * logits`."""
    labels, logits = alike([labels, logits])
    if labels.shape != logits.shape:
        raise ValueError(f"`logits` and `labels` must have the same shape, received {logits.shape} and {labels.shape}")
    return softplus(logits) - labels * logits


def l2_loss(t: Any, name: str | None = None) -> Result:
    """Half the sum of squares."""
    return np.sum(np.square(as_tensor(t))) / 2


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Result:
    """The sum, the bias along the last axis, or along the second of channels first (`NCHW`).

    Raises:
        ValueError: the bias is not one number for each place of that axis.
    """
    x, bias = as_tensors(value, bias)
    first = data_format is not None and data_format.startswith("NC")
    if np.shape(bias) != (x.shape[1 if first else -1],):
        raise ValueError(f"bias_add: a bias of shape {np.shape(bias)} does not fit a tensor of shape {x.shape}")
    return x + (np.reshape(bias, (-1,) + (1,) * (x.ndim - 2)) if first else bias)


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The mean and the variance over axes."""
    x, axis = as_tensor(x), as_axes(axes)
    return np.mean(x, axis=axis, keepdims=keepdims), np.var(x, axis=axis, keepdims=keepdims)


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None) -> Result:
    """A tensor with a share `rate` of its elements set to 0, the others divided by `1 - rate`.

    Along an axis where `noise_shape` is 1 all elements share one fate.
    """
    x, share = as_tensor(x), float(as_tensor(rate).numpy())
    if not 0 <= share < 1:
        raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
    if x.dtype.kind != "f":
        raise ValueError(f"dropout scales its tensor, which must be floating, not {x.dtype}")
    kept = uniform(x.shape if noise_shape is None else noise_shape, seed=seed).array >= share
    return np.where(kept, x / (1 - rate), 0)


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float, name: str | None = None
) -> Result:
    """`(x - mean) / sqrt(variance + variance_epsilon) * scale + offset`; `scale` and `offset` may be None."""
    x, mean, variance = alike([x, mean, variance])
    factor = 1 / np.sqrt(variance + variance_epsilon)
    y = (x - mean) * (factor if scale is None else factor * scale)
    return y if offset is None else y + offset


# -- convolution and pooling -------------------------------------------------------------------------------------------


def convolution(
    input: Any, filters: Any, strides: Any = None, padding: Any = "VALID", data_format: str | None = None,
    dilations: Any = None, name: str | None = None,
) -> Result:  # fmt: skip
    """The cross-correlation of `(rows, *sizes, channels)` with filters `(*size, channels / groups, filters)`."""
    x, kernel = as_tensors(input, filters)
    return _moves(x, kernel.shape[:-2], strides, padding, data_format, dilations).convolved(x, kernel)


def _convolution(n: int, layout: str, strides: str = "strides") -> Function:
    """`convolution` along `n` axes."""

    def alias(
        input: Any, filters: Any, strides: Any, padding: Any, data_format: Any = layout, dilations: Any = None,
        name: str | None = None,
    ) -> Result:  # fmt: skip
        return convolution(_of_axes(n, input), filters, strides, padding, data_format, dilations)

    return described(alias, convolution, "input", "filters", strides, *_CONVOLVED)


_CONVOLVED = ("padding", "data_format", "dilations", "name")

conv1d = _convolution(1, "NWC", "stride")
conv2d = _convolution(2, "NHWC")
conv3d = _convolution(3, "NDHWC")


def max_pool(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Result:
    """The largest element of each window of `(rows, *sizes, channels)`; where several are, they share the gradient."""
    x = as_tensor(input)
    return _moves(x, ksize, strides, padding, data_format).largest(x)


def avg_pool(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Result:
    """The mean of each window of `(rows, *sizes, channels)`; of an incomplete one, of what is there."""
    x = as_tensor(input)
    return _moves(x, ksize, strides, padding, data_format).averaged(x)


def _pooling(function: Function, n: int, layout: str) -> Function:
    """A pooling function along `n` axes."""

    def alias(
        input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = layout, name: str | None = None
    ) -> Result:
        return function(_of_axes(n, input), ksize, strides, padding, data_format)

    return described(alias, function)


max_pool1d, avg_pool1d = _pooling(max_pool, 1, "NWC"), _pooling(avg_pool, 1, "NWC")
max_pool2d, avg_pool2d = _pooling(max_pool, 2, "NHWC"), _pooling(avg_pool, 2, "NHWC")
max_pool3d, avg_pool3d = _pooling(max_pool, 3, "NDHWC"), _pooling(avg_pool, 3, "NDHWC")


def _of_axes(n: int, input: Any) -> Tensor:
    x = as_tensor(input)
    if x.ndim != n + 2:
        raise ValueError(f"this takes an input of {n + 2} axes: rows, {n} of places, channels; not shape {x.shape}")
    return x


def _moves(x: Tensor, size: Any, strides: Any, padding: Any, data_format: str | None, dilations: Any = None) -> Moves:
    """How windows lie over the axes of a tensor between the first and the last."""
    n = x.ndim - 2
    if n < 1 or data_format not in (None, "NWC", "NHWC", "NDHWC"):
        raise ValueError(f"only (rows, ..., channels) is taken, not shape {x.shape} and data_format={data_format}")
    sizes = [_sizes(what, value, n) for what, value in (("size", size), ("strides", strides), ("dilations", dilations))]
    return Moves(sizes[0], sizes[1], sizes[2], _padding(padding, n))


def _sizes(what: str, sizes: Any, n: int) -> tuple[int, ...]:
    """A size for each of the axes between, of one for all, or of those for all axes; 1 for None."""
    given = (1,) if sizes is None else as_shape(sizes)
    if len(given) == n + 2 and given[0] == given[-1] == 1:
        given = given[1:-1]
    if len(given) not in (1, n) or min(given) < 1:
        raise ValueError(f"{what}={sizes}: one positive number, or {n}, or {n + 2} of which first and last are 1")
    return given * n if len(given) == 1 else given


def _padding(padding: Any, n: int) -> Padding:
    """As `Moves` has it, of a word or of what is put before and after all axes, rows and channels too."""
    if isinstance(padding, str):
        if padding.upper() not in ("VALID", "SAME"):
            raise ValueError(f"padding is VALID, SAME or a list of pairs, not {padding}")
        return padding.lower()
    pairs = [as_shape(pair) for pair in padding]
    if (
        [len(pair) for pair in pairs] != [2] * (n + 2)
        or any(map(any, (pairs[0], pairs[-1])))
        or min(map(min, pairs)) < 0
    ):
        raise ValueError(f"padding={padding}: {n + 2} pairs, of which first and last are [0, 0]")
    return pairs[1:-1]
