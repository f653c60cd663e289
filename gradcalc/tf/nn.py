"""`tf.nn`: activations, losses from logits, convolution and pooling. Imports nn and NumPy."""
# ruff: noqa: I001

import math
from typing import Any

import numpy as np

from gradcalc.nn import activations, losses
from gradcalc.nn.windows import Moves, Padding
from gradcalc.tape.tensor import Tensor, cast
from gradcalc.tf.arrays import gather
from gradcalc.tf.defaults import (
    Function, Result, alike, as_axes, as_shape, as_tensor, as_tensors, only, row, telling, unary,
)  # fmt: skip
from gradcalc.tf.linalg import clip_by_norm
from gradcalc.tf.linalg import l2_normalize as l2_normalize
from gradcalc.tf.math import (
    in_top_k as in_top_k, log_softmax as log_softmax, sigmoid as sigmoid, softmax as softmax, softplus as softplus,
    softsign as softsign, tanh as tanh, top_k as top_k, zero_fraction as zero_fraction,
)  # fmt: skip
from gradcalc.tf.random import seeded

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


leaky_relu = row(
    lambda x, alpha: activations.leaky_relu(x if x.dtype.kind == "f" else cast(x, np.float32), alpha),
    "features | alpha=0.2, name=None", "`x` above zero, `alpha * x` below.",
)  # fmt: skip
gelu = row(
    activations.gelu, "features | approximate=False, name=None",
    "`x` times the normal distribution function; `approximate` by tanh.",
)  # fmt: skip
softmax_cross_entropy_with_logits = row(
    lambda labels, logits, axis: losses.categorical_crossentropy(labels, logits, from_logits=True, axis=axis),
    "labels, logits | axis=-1, name=None", "For each row `-sum(labels * log_softmax(logits))`.",
)  # fmt: skip
sparse_softmax_cross_entropy_with_logits = row(
    lambda labels, logits: losses.sparse_categorical_crossentropy(labels, as_tensor(logits), from_logits=True),
    "labels, logits, name=None", "For each row `-log_softmax(logits)` at its label, an int.",
)  # fmt: skip


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Result:
    """For each element `softplus(logits) - labels * logits`."""
    labels, logits = alike([labels, logits])
    if labels.shape != logits.shape:
        raise ValueError(f"`logits` and `labels` must have the same shape, received {logits.shape} and {labels.shape}")
    return softplus(logits) - labels * logits


def weighted_cross_entropy_with_logits(labels: Any, logits: Any, pos_weight: Any, name: str | None = None) -> Result:
    """As `sigmoid_cross_entropy_with_logits`, with `pos_weight` times the share of the label."""
    labels, logits, weight = alike([labels, logits, pos_weight])
    if labels.shape != logits.shape:
        raise ValueError(f"`logits` and `labels` must have the same shape, received {logits.shape} and {labels.shape}")
    return (1 - labels) * logits + (1 + (weight - 1) * labels) * softplus(-logits)


def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None) -> Result:
    """`exp(log_input) - log_input * targets`; with Stirling's approximation of the rest for targets above 1 if full."""
    targets, logs = alike([targets, log_input])
    if targets.shape != logs.shape:
        raise ValueError(f"log_input and targets must have the same shape, not {logs.shape} and {targets.shape}")
    loss = np.exp(logs) - logs * targets
    if not compute_full_loss:
        return loss
    small = (targets.array >= 0) & (targets.array <= 1)
    t = np.where(small, 1, targets)
    return loss + np.where(small, 0, t * np.log(t) - t + np.log(2 * math.pi * t) / 2)


def compute_average_loss(per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None) -> Result:
    """The sum of losses, each times its weight, over how many there are, or are said to be."""
    loss = as_tensor(per_example_loss)
    each = loss if sample_weight is None else loss * as_tensor(sample_weight, loss.dtype)
    return np.sum(each) / (loss.shape[0] if global_batch_size is None else int(global_batch_size))


l2_loss = row(lambda x: np.sum(np.square(x)) / 2, "t | name=None", "Half the sum of squares.")


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


moments = row(
    lambda x, axis, keepdims: (np.mean(x, axis=axis, keepdims=keepdims), np.var(x, axis=axis, keepdims=keepdims)),
    "x | axes, ~shift=None, keepdims=False, name=None", "The mean and the variance over axes.",
)  # fmt: skip


def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, keepdims: bool = False, name: str | None = None
) -> tuple[Result, Result]:
    """The mean and the variance over axes, of elements that count as often as they weigh."""
    x, weights = alike([x, frequency_weights])
    axis, share = as_axes(axes), np.broadcast_to(weights, x.shape)
    total = np.sum(share, axis=axis, keepdims=True)
    mean = np.sum(share * x, axis=axis, keepdims=True) / total
    variance = np.sum(share * np.square(x - mean), axis=axis, keepdims=True) / total
    return (mean, variance) if keepdims else (np.squeeze(mean, axis), np.squeeze(variance, axis))


def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Result, Result, Result, Any]:
    """How many elements there are over axes, their sum and the sum of their squares, less `shift`, and that."""
    x, axis = as_tensor(x), as_axes(axes)
    rest = x if shift is None else x - as_tensor(shift, x.dtype)
    sums = (np.sum(part, axis=axis, keepdims=keepdims) for part in (rest, np.square(rest)))
    count = math.prod(x.shape) // max(math.prod(np.sum(x.array, axis=axis).shape), 1)
    return as_tensor(count, x.dtype), *sums, shift


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Result, Result]:
    """The mean and the variance, of what `sufficient_statistics` gives."""
    count, first, second = alike([counts, mean_ss, variance_ss])
    mean = first / count
    return mean if shift is None else mean + as_tensor(shift, mean.dtype), second / count - np.square(mean)


def local_response_normalization(
    input: Any, depth_radius: int = 5, bias: float = 1, alpha: float = 1, beta: float = 0.5, name: str | None = None
) -> Result:
    """`x / (bias + alpha * s)**beta`, where `s` is the sum of squares of the channels at most `depth_radius` away."""
    x, r = as_tensor(input), int(depth_radius)
    around = np.pad(np.square(x), [(0, 0)] * (x.ndim - 1) + [(r, r)])
    sums = sum(around[..., i : i + x.shape[-1]] for i in range(2 * r + 1))
    return x / (bias + alpha * sums) ** beta


lrn = local_response_normalization


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None) -> Result:
    """A tensor with a share `rate` of its elements set to 0, the others divided by `1 - rate`.

    Along an axis where `noise_shape` is 1 all elements share one fate.
    """
    return dropped(as_tensor(x), rate, noise_shape, seeded(seed))


def dropped(x: Tensor, rate: Any, noise_shape: Any, source: Any) -> Result:
    """`dropout`, with a generator."""
    share = float(as_tensor(rate).numpy())
    if not 0 <= share < 1:
        raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
    if x.dtype.kind != "f":
        raise ValueError(f"dropout scales its tensor, which must be floating, not {x.dtype}")
    kept = source.uniform(x.shape if noise_shape is None else noise_shape).array >= share
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
    how = f"filters, {strides}, padding, data_format={layout!r}, dilations=None, name=None"
    return row(lambda x, *how: convolution(_of_axes(n, x), *how), f"input | {how}", convolution.__doc__ or "")


def depthwise_conv2d(
    input: Any, filter: Any, strides: Any, padding: Any, data_format: str | None = None, dilations: Any = None,
    name: str | None = None,
) -> Result:  # fmt: skip
    """The cross-correlation of each channel with its own filters: `(*size, channels, many)`."""
    x, kernel = as_tensors(input, filter)
    if kernel.ndim != 4 or x.shape[-1] != kernel.shape[-2]:
        raise ValueError(f"depthwise_conv2d: filters of shape {kernel.shape} for an input of shape {x.shape}")
    return _moves(_of_axes(2, x), kernel.shape[:-2], strides, padding, data_format, dilations).each(x, kernel)


def separable_conv2d(
    input: Any, depthwise_filter: Any, pointwise_filter: Any, strides: Any, padding: Any,
    data_format: str | None = None, dilations: Any = None, name: str | None = None,
) -> Result:  # fmt: skip
    """`depthwise_conv2d`, and of each place then a matrix product of the channels: `(1, 1, channels, filters)`."""
    y = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return convolution(y, pointwise_filter)


atrous_conv2d = row(
    lambda x, filters, rate, padding: convolution(_of_axes(2, x), filters, 1, padding, dilations=rate),
    "value, filters, rate, padding, name=None", "`conv2d` with filters whose elements lie `rate` apart.",
)  # fmt: skip


def conv_transpose(
    input: Any, filters: Any, output_shape: Any, strides: Any, padding: Any = "SAME", data_format: str | None = None,
    dilations: Any = None, name: str | None = None,
) -> Result:  # fmt: skip
    """The adjoint of a convolution from `output_shape` to the input's, with `(*size, filters, channels)`."""
    (x, kernel), shape = as_tensors(input, filters), as_shape(output_shape)
    if kernel.ndim != x.ndim or x.shape[-1] != kernel.shape[-1]:
        raise ValueError(f"conv_transpose: filters of shape {kernel.shape} for an input of shape {x.shape}")
    if len(shape) != x.ndim or shape[0] != x.shape[0] or shape[-1] != kernel.shape[-2]:
        raise ValueError(f"conv_transpose: {kernel.shape} makes of {x.shape} no output of shape {shape}")
    return _moves(x, kernel.shape[:-2], strides, padding, data_format, dilations).spread(x, kernel, shape[1:-1])


def _transposed(n: int, layout: str) -> Function:
    """`conv_transpose` along `n` axes."""
    how = f"filters, output_shape, strides, padding='SAME', data_format={layout!r}, dilations=None, name=None"
    return row(lambda x, *how: conv_transpose(_of_axes(n, x), *how), f"input | {how}", conv_transpose.__doc__ or "")


conv1d_transpose = _transposed(1, "NWC")
conv2d_transpose = _transposed(2, "NHWC")
conv3d_transpose = _transposed(3, "NDHWC")

conv1d = _convolution(1, "NWC", "stride")
conv2d = _convolution(2, "NHWC")
conv3d = _convolution(3, "NDHWC")


_POOLED = "input | ksize, strides, padding, data_format=None, name=None"
max_pool = row(
    lambda x, *how: _moves(x, *how).largest(x), _POOLED,
    "The largest element of each window of `(rows, *sizes, channels)`; where several are, they share the gradient.",
)  # fmt: skip
avg_pool = row(
    lambda x, *how: _moves(x, *how).averaged(x), _POOLED,
    "The mean of each window of `(rows, *sizes, channels)`; of an incomplete one, of what is there.",
)  # fmt: skip


def pool(
    input: Any, window_shape: Any, pooling_type: str, strides: Any = None, padding: Any = "VALID",
    data_format: str | None = None, dilations: Any = None, name: str | None = None,
) -> Result:  # fmt: skip
    """`max_pool` or `avg_pool`, as `pooling_type` is MAX or AVG, of windows whose elements may lie apart."""
    x = as_tensor(input)
    if pooling_type not in ("MAX", "AVG"):
        raise ValueError(f"pool: pooling_type is MAX or AVG, not {pooling_type}")
    moves = _moves(x, window_shape, strides, padding, data_format, dilations)
    return moves.largest(x) if pooling_type == "MAX" else moves.averaged(x)


def _pooling(function: Function, n: int, layout: str) -> Function:
    """A pooling function along `n` axes."""
    how = f"ksize, strides, padding, data_format={layout!r}, name=None"
    return row(lambda x, *how: function(_of_axes(n, x), *how), f"input | {how}", function.__doc__ or "")


max_pool1d, avg_pool1d = _pooling(max_pool, 1, "NWC"), _pooling(avg_pool, 1, "NWC")
max_pool2d, avg_pool2d = _pooling(max_pool, 2, "NHWC"), _pooling(avg_pool, 2, "NHWC")
max_pool3d, avg_pool3d = _pooling(max_pool, 3, "NDHWC"), _pooling(avg_pool, 3, "NDHWC")


# -- blocks and channels -----------------------------------------------------------------------------------------------


def crelu(features: Any, axis: int = -1, name: str | None = None) -> Result:
    """`relu` of a tensor and of its negative, beside each other along an axis."""
    x = as_tensor(features)
    return relu(np.concatenate([x, -x], axis=axis))


def depth_to_space(input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Result:
    """The channels of each place laid out as a block of places."""
    only("NHWC", data_format=data_format)
    x, size = _of_axes(2, input), int(block_size)
    rows, height, width, channels = x.shape
    if size < 1 or channels % size**2:
        raise ValueError(f"depth_to_space: {channels} channels are not those of blocks of {size} by {size}")
    parts = np.reshape(x, (rows, height, width, size, size, channels // size**2))
    return np.reshape(np.swapaxes(parts, 2, 3), (rows, height * size, width * size, channels // size**2))


def space_to_depth(input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Result:
    """Each block of places as the channels of one."""
    only("NHWC", data_format=data_format)
    x, size = _of_axes(2, input), int(block_size)
    rows, height, width, channels = x.shape
    if size < 1 or height % size or width % size:
        raise ValueError(f"space_to_depth: {height} by {width} places are no blocks of {size} by {size}")
    parts = np.reshape(x, (rows, height // size, size, width // size, size, channels))
    return np.reshape(np.swapaxes(parts, 2, 3), (rows, height // size, width // size, channels * size**2))


# -- windows -----------------------------------------------------------------------------------------------------------


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


telling(globals())
