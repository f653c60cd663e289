"""Calls of TensorFlow's functions: each is made with gradcalc's `tf` and, for its numbers, with TensorFlow.

`PYTHONPATH=. python scripts/tf_functions.py` writes `functions.json`, where TensorFlow is installed: the results, their
dtypes, the gradients by each operand and, of the sum of those, the gradients again. `RAISES` are calls that TensorFlow
refuses. A call takes the module and float64 tensors.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

INF, NAN = np.inf, np.nan
ROWS = [[1.0, 2.0], [3.0, -4.0], [5.0, 0.5], [-1.0, 2.0], [0.25, 8.0]]
SQUARE = [[1.5, 0.3, -0.2], [0.4, 2.5, 0.1], [-0.3, 0.2, 1.1]]
POSITIVE = [0.3, 1.7, 2.5]
IDS = [0, 0, 1, 3, 3]
LOOSE = [2, 0, -1, 2, 0]
BATCH = np.cos(np.arange(18.0)).reshape(2, 3, 3).tolist()
IMAGE = np.sin(np.arange(50.0)).reshape(1, 5, 5, 2).tolist()
KERNEL = np.cos(np.arange(24.0)).reshape(2, 2, 2, 3).tolist()

Row = tuple[str, Callable[..., Any], list[Any]]


def _each(names: str, call: Callable[[str], Callable[..., Any]], *inputs: Any) -> list[Row]:
    """A row for each of several names, of one kind of call."""
    return [(name, call(name), list(inputs)) for name in names.split()]


def _math(name: str) -> Callable[..., Any]:
    return lambda tf, *xs: getattr(tf.math, name)(*xs)


def _special(name: str) -> Callable[..., Any]:
    return lambda tf, *xs: getattr(tf.math.special, name)(*xs)


CALLS: list[Row] = [
    # scattering
    ("tensor_scatter_nd_add", lambda tf, x, u: tf.tensor_scatter_nd_add(x, [[1], [3], [1]], u), [[1.0, 2, 3, 4], [5.0, 6, 7]]),
    ("tensor_scatter_nd_add rows", lambda tf, x, u: tf.tensor_scatter_nd_add(x, [[1], [0]], u), [ROWS, [[1.0, 2], [3, 4]]]),
    ("tensor_scatter_nd_sub", lambda tf, x, u: tf.tensor_scatter_nd_sub(x, [[1, 0], [1, 0]], u), [ROWS, [5.0, 6]]),
    ("tensor_scatter_nd_update", lambda tf, x, u: tf.tensor_scatter_nd_update(x, [[1, 0], [2, 1]], u) ** 2, [ROWS, [5.0, 6]]),
    ("tensor_scatter_nd_update rows", lambda tf, x, u: tf.tensor_scatter_nd_update(x, [[3], [0]], u), [ROWS, [[1.0, 2], [3, 4]]]),
    ("tensor_scatter_nd_max", lambda tf, x, u: tf.tensor_scatter_nd_max(x, [[1], [3], [1], [0]], u), [[1.0, 2, 3, 4], [5.0, 2, 5, 1]]),
    ("tensor_scatter_nd_min", lambda tf, x, u: tf.tensor_scatter_nd_min(x, [[1], [3], [1], [0]], u), [[1.0, 2, 3, 4], [5.0, 2, -5, 1]]),
    ("tensor_scatter_nd_max rows", lambda tf, x, u: tf.tensor_scatter_nd_max(x, [[1], [1]], u), [ROWS, [[1.0, 2], [9, 4]]]),
    ("scatter_nd repeated", lambda tf, u: tf.scatter_nd([[0], [2], [0]], u, [4]), [[1.0, 2, 3]]),
    ("scatter_nd rows", lambda tf, u: tf.scatter_nd([[0], [2]], u, [3, 2]) ** 2, [[[1.0, 2], [3, 4]]]),
    ("tensor_scatter_nd_add nothing", lambda tf, x: tf.tensor_scatter_nd_add(x, tf.zeros([0, 1], tf.int32), tf.zeros([0], x.dtype)), [[1.0, 2]]),
    ("tensor_scatter_nd_add ints", lambda tf: tf.tensor_scatter_nd_add([1, 2], [[1]], [5]), []),
    ("tensor_scatter_nd_max ints", lambda tf: tf.tensor_scatter_nd_max([1, 2], [[1], [1]], [5, 7]), []),
    # segments
    *_each("segment_sum segment_mean segment_max segment_min segment_prod",
           lambda name: lambda tf, x: getattr(tf.math, name)(x, IDS), ROWS),
    *_each("unsorted_segment_sum unsorted_segment_mean unsorted_segment_prod unsorted_segment_sqrt_n",
           lambda name: lambda tf, x: getattr(tf.math, name)(x, LOOSE, 4), ROWS),
    *_each("unsorted_segment_max unsorted_segment_min",
           lambda name: lambda tf, x: tf.maximum(-1e3, tf.minimum(getattr(tf.math, name)(x, LOOSE, 3), 1e3)), ROWS),
    ("unsorted_segment_max empty", lambda tf, x: tf.math.unsorted_segment_max(x, [0, 0], 2), [[1.0, 2]]),
    ("unsorted_segment_min empty", lambda tf, x: tf.math.unsorted_segment_min(tf.cast(x, tf.float32), [1, 1], 2), [[1.0, 2]]),
    ("unsorted_segment_max ints", lambda tf: tf.math.unsorted_segment_max([1, 2], [0, 0], 2), []),
    ("unsorted_segment_min ints", lambda tf: tf.math.unsorted_segment_min([1, 2], [0, 0], 2), []),
    ("unsorted_segment_sum matrix", lambda tf, x: tf.math.unsorted_segment_sum(x, [[0, 1], [1, 0], [0, -1], [2, 2], [0, 0]], 3), [ROWS]),
    ("unsorted_segment_prod zeros", lambda tf, x: tf.math.unsorted_segment_prod(x, [0, 0, 0, 1, 1], 2), [[2.0, 0, 3, 0, 0]]),
    ("segment_prod zeros", lambda tf, x: tf.math.segment_prod(x, [0, 0, 0, 1, 1]), [[2.0, 0, 3, 5, 7]]),
    ("segment_prod many", lambda tf, x: tf.math.segment_prod(x, [0, 0, 0, 0, 0, 1, 1]), [[2.0, 3, 5, 7, 1.5, 4, 0.5]]),
    ("segment_max ties", lambda tf, x: tf.math.segment_max(x, [0, 0, 0, 1]), [[2.0, 2, 1, 5]]),
    ("segment_max infinite", lambda tf, x: tf.math.segment_max(x, [0, 2]), [[-INF, 1.0]]),
    ("segment_min infinite", lambda tf, x: tf.math.segment_min(x, [0, 2]), [[INF, 1.0]]),
    ("segment_sum nothing", lambda tf: tf.math.segment_sum(tf.zeros([0, 2]), tf.zeros([0], tf.int32)), []),
    ("unsorted_segment_sum nothing", lambda tf: tf.math.unsorted_segment_sum(tf.zeros([0, 2]), tf.zeros([0], tf.int32), 2), []),
    ("unsorted_segment_prod nothing", lambda tf: tf.math.unsorted_segment_prod(tf.zeros([0, 2]), tf.zeros([0], tf.int32), 2), []),
    ("segment_mean ints", lambda tf: tf.math.segment_mean([1, 2, -4, -3], [0, 0, 2, 2]), []),
    ("unsorted_segment_mean ints", lambda tf: tf.math.unsorted_segment_mean([1, 2, -4, -3], [0, 0, 2, 2], 3), []),
    ("segment_prod ints", lambda tf: tf.math.segment_prod([1, 2, 4, 3], [0, 0, 2, 2]), []),
    ("unsorted_segment_sum scalar", lambda tf, x: tf.math.unsorted_segment_sum(x, 1, 3), [2.5]),
    # elementwise
    *_each("igamma igammac", lambda name: lambda tf, x: getattr(tf.math, name)(np.float64([0.5, 2.0, 3.5]), x), POSITIVE),
    ("zeta", lambda tf, q: tf.math.zeta(np.float64([2.0, 3.0, 1.5]), q), [POSITIVE]),
    ("polygamma", lambda tf, x: tf.math.polygamma(np.float64([0.0, 1.0, 3.0]), x), [POSITIVE]),
    ("betainc", lambda tf, x: tf.math.betainc(np.float64([0.5, 2.0, 3.5]), np.float64(1.5) * np.ones(3), x), [[0.1, 0.5, 0.8]]),
    *((f"{name} of both", lambda tf, a, x, name=name: getattr(tf.math, name)(a, x), [[0.3, 2.5, 2.5, 10.0, 40.0, 0.01], [0.2, 1.7, 9.0, 12.0, 40.0, 3.0]]) for name in ("igamma", "igammac")),
    *((f"{name} outside", lambda tf, name=name: getattr(tf.math, name)(*np.float64([[1, 0, -1, -0.5, 1, 1, INF, 1, NAN], [-1, 1, 1, 1, 0, INF, 1, NAN, 1]])), []) for name in ("igamma", "igammac")),
    ("zeta outside", lambda tf: tf.math.zeta(*np.float64([[1, 0.5, 2, 2, 3, 1.5, -1, NAN, 2], [1, 1, 0, -1, -1.5, -1.5, 2, 1, INF]])), []),
    ("betainc outside", lambda tf: tf.math.betainc(*np.float64([[1, 0, 1, -1, 1, 1, INF, 1], [1, 1, 0, 1, 1, 1, 1, 1], [-0.1, 0.5, 0.5, 0.5, 1.5, 1, 0.5, NAN]])), []),
    ("half", lambda tf: tf.math.bessel_i1(tf.constant([0.5], tf.float16)), []), ("saturate_cast large", lambda tf: tf.saturate_cast(tf.constant([3e9, -3e9]), tf.int32), []),
    ("truncatediv of floats", lambda tf: tf.truncatediv([-7.5, 7.5], [2.0, 2.0]), []), ("bincount of no list", lambda tf: tf.math.bincount([]), []),
    ("lbeta", _math("lbeta"), [[[0.5, 2.0, 1.0], [1.5, 2.5, 3.5]]]), ("lbeta empty", lambda tf, x: tf.math.lbeta(x), [[[], []]]),
    ("lbeta one", _math("lbeta"), [[2.5]]),
    *_each("ndtri erfcinv", _math, [0.1, 0.5, 0.8]), ("erfinv", _math("erfinv"), [[-0.9, 0.2, 0.7]]),
    ("erfinv ends", _math("erfinv"), [[-1.0, 1.0, 1.5, NAN]]), ("ndtri ends", _math("ndtri"), [[0.0, 1.0, 1.5, -0.5]]),
    ("erfcinv far", _math("erfcinv"), [[1.5, 1.9, 2.0, 1e-10]]),
    *((f"math.{name}", _math(name), [[-2.5, 0.3, 7.0]]) for name in ("bessel_i0", "bessel_i0e", "bessel_i1", "bessel_i1e")),
    *_each("bessel_i0 bessel_i0e bessel_i1 bessel_i1e bessel_j0 bessel_j1 bessel_k0 bessel_k0e bessel_k1 bessel_k1e bessel_y0 "
           "bessel_y1 dawsn expint fresnel_cos fresnel_sin spence", _special, POSITIVE),
    ("spence at 1", _special("spence"), [[1.0, 0.0]]),
    ("xdivy", _math("xdivy"), [[2.0, -3.0], [4.0, 0.5]]), ("xlogy", _math("xlogy"), [[2.0, -3.0], [4.0, 0.5]]),
    ("xlog1py", _math("xlog1py"), [[2.0, -3.0], [4.0, -0.5]]),
    *((f"{name} of 0", lambda tf, y, name=name: getattr(tf.math, name)(np.float64([0.0, 0.0]), y), [[0.0, -2.0]]) for name in ("xdivy", "xlogy", "xlog1py")),
    ("xdivy at 0", lambda tf, x: tf.math.xdivy(x, np.float64([0.0, NAN])), [[0.0, 0.0]]),
    ("xlogy at 0", lambda tf, x: tf.math.xlogy(x, np.float64([0.0, -2.0])), [[0.0, 0.0]]),
    ("xlog1py at 0", lambda tf, x: tf.math.xlog1py(x, np.float64([-1.0, -2.0])), [[0.0, 0.0]]),
    ("cumulative_logsumexp", _math("cumulative_logsumexp"), [[0.3, -1.7, 2.5, 0.1]]),
    ("cumulative_logsumexp exclusive", lambda tf, x: tf.math.cumulative_logsumexp(x, exclusive=True)[1:], [[0.3, -1.7, 2.5, 0.1]]),
    ("cumulative_logsumexp reverse", lambda tf, x: tf.math.cumulative_logsumexp(x, axis=1, reverse=True), [[[0.3, -1.7], [2.5, 0.1]]]),
    ("cumulative_logsumexp far", _math("cumulative_logsumexp"), [[-800.0, 0.0, 800.0]]),
    ("reciprocal_no_nan", _math("reciprocal_no_nan"), [[2.0, 0.0, -4.0]]),
    ("nextafter", lambda tf: tf.math.nextafter(tf.constant([1.0], tf.float64), tf.constant([2.0], tf.float64)) - 1, []),
    ("truncatediv", lambda tf: tf.truncatediv([-7, 7, 9], [2, -2, 3]), []), ("truncatemod", lambda tf: tf.truncatemod([-7, 7, 9], [2, -2, 4]), []),
    ("realdiv", lambda tf, x, y: tf.realdiv(x, y), [[1.0, 2.0], [3.0, 4.0]]),
    ("zero_fraction", lambda tf: tf.math.zero_fraction([0.0, 1.0, 0.0, 2.0]), []), ("accumulate_n", lambda tf, x, y: tf.math.accumulate_n([x, y]), [POSITIVE, POSITIVE]),
    ("invert_permutation", lambda tf: tf.math.invert_permutation([2, 0, 1]), []),
    ("is_non_decreasing", lambda tf: tf.math.is_non_decreasing([1, 1, 2]), []), ("is_strictly_increasing", lambda tf: tf.math.is_strictly_increasing([1, 1, 2]), []),
    ("in_top_k", lambda tf: tf.math.in_top_k([1, 0, 2], [[0.1, 0.7, 0.3], [0.2, 0.2, 0.3], [NAN, 0.1, 0.2]], 1), []),
    ("in_top_k ties", lambda tf: tf.math.in_top_k([0, 1, 2], [[0.3, 0.3, 0.3], [0.2, 0.3, 0.3], [0.5, 0.4, 0.3]], 2), []),
    ("confusion_matrix", lambda tf: tf.math.confusion_matrix([1, 2, 4, 1], [2, 2, 4, 1]), []),
    ("confusion_matrix weighted", lambda tf: tf.math.confusion_matrix([1, 0], [1, 1], num_classes=3, weights=[2.0, 0.5], dtype=tf.float32), []),
    ("bincount", lambda tf: tf.math.bincount([1, 2, 4, 1]), []), ("bincount bounds", lambda tf: tf.math.bincount([1, 2, 4, 1], minlength=3, maxlength=4), []),
    ("bincount weighted", lambda tf: tf.math.bincount([1, 2, 4, 1], weights=[1.0, 2.0, 0.5, 3.0], minlength=6), []),
    ("bincount of nothing", lambda tf: tf.math.bincount(tf.zeros([0], tf.int32), minlength=2), []),
    ("bincount of rows", lambda tf: tf.math.bincount([[1, 0, 1], [2, 2, 2]], axis=-1), []), ("bincount binary", lambda tf: tf.math.bincount([[1, 0, 1], [2, 2, 2]], axis=-1, binary_output=True), []),
    ("top_k values", lambda tf, x: tf.math.top_k(x, 2).values, [[[1.0, 3.0, 2.0], [5.0, 5.0, 4.0]]]), ("top_k indices", lambda tf: tf.math.top_k([1.0, 3.0, 2.0], k=2).indices, []),
    # arrays
    ("searchsorted", lambda tf: tf.searchsorted([1.0, 3.0, 3.0, 5.0], [0.0, 3.0, 6.0, NAN]), []), ("searchsorted right", lambda tf: tf.searchsorted([1, 3, 3, 5], [3, 5], side="right", out_type=tf.int64), []),
    ("searchsorted rows", lambda tf: tf.searchsorted([[1.0, 3.0], [2.0, 4.0]], [[2.0, 0.0, 9.0], [4.0, 4.5, 1.0]]), []),
    ("searchsorted ranks", lambda tf: tf.searchsorted([[1.0, 3.0]], [2.0]), []), ("searchsorted nothing", lambda tf: tf.searchsorted(tf.zeros([0]), [1.0]), []),
    ("unique y", lambda tf: tf.unique([5, 2, 5, 7, 2]).y, []), ("unique idx", lambda tf: tf.unique([5, 2, 5, 7, 2], out_idx=tf.int64).idx, []),
    ("unique nothing", lambda tf: tf.unique(tf.zeros([0])).y, []), ("unique_with_counts", lambda tf: tf.unique_with_counts([5.0, 2.0, 5.0, 7.0]).count, []),
    ("unique nan", lambda tf: tf.unique([NAN, 1.0, NAN]).idx, []),
    ("sequence_mask", lambda tf: tf.sequence_mask([1, 3, 2]), []), ("sequence_mask of a dtype", lambda tf: tf.sequence_mask([[1], [0]], 2, tf.float32), []),
    ("sequence_mask scalar", lambda tf: tf.sequence_mask(2, 4), []), ("unravel_index", lambda tf: tf.unravel_index([7, 5, 2], [3, 3]), []),
    ("dynamic_partition", lambda tf, x: tf.dynamic_partition(x, [1, 0, 1, 2, 0], 4)[1], [ROWS]), ("dynamic_stitch", lambda tf, x, y: tf.dynamic_stitch([[0, 2], [1, 3]], [x, y]), [[1.0, 2.0], [3.0, 4.0]]),
    ("reverse_sequence", lambda tf, x: tf.reverse_sequence(x, [1, 3, 2], seq_axis=1), [SQUARE]), ("saturate_cast", lambda tf: tf.saturate_cast([300.0, -7.0, 5.5], tf.uint8), []),
    ("histogram_fixed_width", lambda tf: tf.histogram_fixed_width([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], nbins=5), []),
    ("strided_slice", lambda tf, x: tf.strided_slice(x, [4, 0], [0, 2], [-2, 1]), [ROWS]),
    # linear algebra
    ("expm", lambda tf, x: tf.linalg.expm(x), [SQUARE]), ("expm batch", lambda tf, x: tf.linalg.expm(x), [BATCH]),
    ("expm zero", lambda tf, x: tf.linalg.expm(x), [[[0.0, 0.0], [0.0, 0.0]]]), ("expm nothing", lambda tf: tf.linalg.expm(tf.zeros([0, 0])), []),
    ("sqrtm", lambda tf, x: tf.linalg.sqrtm(x), [SQUARE]), ("sqrtm rotation", lambda tf, x: tf.linalg.sqrtm(x), [[[1.0, 2.0], [-3.0, 1.0]]]),
    ("set_diag", lambda tf, x, d: tf.linalg.set_diag(x, d) ** 2, [SQUARE, POSITIVE]), ("set_diag k", lambda tf, x, d: tf.linalg.set_diag(x, d, k=1), [SQUARE, [7.0, 8.0]]),
    ("set_diag band", lambda tf, x, d: tf.linalg.set_diag(x, d, k=(-1, 1)), [SQUARE, [[0.0, 1, 2], [3, 4, 5], [6, 7, 0]]]),
    ("set_diag align", lambda tf, x, d: tf.linalg.set_diag(x, d, k=(-1, 1), align="LEFT_RIGHT"), [SQUARE, [[1.0, 2, 0], [3, 4, 5], [0, 6, 7]]]),
    ("set_diag batch", lambda tf, x, d: tf.linalg.set_diag(x, d, k=-1), [BATCH, [[7.0, 8.0], [9.0, 1.0]]]),
    ("diag k", lambda tf, d: tf.linalg.diag(d, k=-2), [[1.0, 2.0]]), ("diag band", lambda tf, d: tf.linalg.diag(d, k=(-1, 0)), [[[1.0, 2, 3], [4, 5, 0]]]),
    ("diag sizes", lambda tf, d: tf.linalg.diag(d, k=-1, num_rows=3, num_cols=4, padding_value=9), [[1.0, 2.0]]), ("diag rows", lambda tf, d: tf.linalg.diag(d, k=0, num_rows=4), [[1.0, 2.0]]),
    ("diag align", lambda tf, d: tf.linalg.diag(d, k=(0, 2), align="LEFT_LEFT"), [[[1.0, 0, 0], [2, 3, 0], [4, 5, 6]]]),
    ("diag cols", lambda tf, d: tf.linalg.diag(d, k=(-1, 1), num_rows=3, num_cols=4), [[[8.0, 9, 7], [1, 2, 3], [4, 5, 0]]]),
    ("diag_part k", lambda tf, x: tf.linalg.diag_part(x, k=1), [BATCH]), ("diag_part band", lambda tf, x: tf.linalg.diag_part(x, k=(-1, 2)), [SQUARE]),
    ("diag_part padding", lambda tf, x: tf.linalg.diag_part(x, k=(-2, 0), padding_value=7, align="RIGHT_RIGHT"), [SQUARE]), ("diag_part wide", lambda tf, x: tf.linalg.diag_part(x, k=(-1, 1)), [ROWS]),
    ("logdet", lambda tf, x: tf.linalg.logdet(tf.matmul(x, x, transpose_b=True)), [SQUARE]), ("slogdet", lambda tf, x: tf.linalg.slogdet(x)[1], [SQUARE]), ("pinv", lambda tf, x: tf.linalg.pinv(x), [ROWS]),
    ("band_part", lambda tf, x: tf.linalg.band_part(x, 1, 0), [BATCH]), ("lstsq", lambda tf, x: tf.linalg.lstsq(x, tf.ones([5, 1], x.dtype)), [ROWS]),
    ("matrix_rank", lambda tf: tf.linalg.matrix_rank([[1.0, 2.0], [2.0, 4.0]]), []),
    ("tridiagonal_matmul", lambda tf, d, x: tf.linalg.tridiagonal_matmul(d, x), [SQUARE, [[1.0, 2], [3, 4], [5, 6]]]),
    ("tridiagonal_solve", lambda tf, d, x: tf.linalg.tridiagonal_solve(d, x), [SQUARE, [[1.0, 2], [3, 4], [5, 6]]]),
    ("tridiagonal_solve vector", lambda tf, d, x: tf.linalg.tridiagonal_solve(d, x), [SQUARE, POSITIVE]),
    # networks
    ("conv1d", lambda tf, x, k: tf.nn.conv1d(x, k, 2, "SAME"), [[[[1.0], [2], [3], [4], [5]]], [[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, -1.0]]]]),
    ("conv2d dilated", lambda tf: tf.nn.conv2d(np.float64(IMAGE), np.float64(KERNEL), 1, "VALID", dilations=2), []), ("conv2d strides", lambda tf, x, k: tf.nn.conv2d(x, k, [1, 2, 2, 1], "SAME"), [IMAGE, KERNEL]),
    ("conv2d_transpose", lambda tf, x, k: tf.nn.conv2d_transpose(x, k, [1, 10, 10, 2], [1, 2, 2, 1]), [np.sin(np.arange(75.0)).reshape(1, 5, 5, 3).tolist(), KERNEL]),
    ("conv2d_transpose valid", lambda tf, x, k: tf.nn.conv2d_transpose(x, k, [1, 4, 6, 2], 2, "VALID"), [np.sin(np.arange(18.0)).reshape(1, 2, 3, 3).tolist(), KERNEL]),
    ("conv2d_transpose odd", lambda tf, x, k: tf.nn.conv2d_transpose(x, k, [1, 5, 5, 2], 2, "SAME"), [np.sin(np.arange(27.0)).reshape(1, 3, 3, 3).tolist(), KERNEL]),
    ("conv1d_transpose", lambda tf, x, k: tf.nn.conv1d_transpose(x, k, [1, 6, 1], 2), [[[[1.0, 2], [3, 4], [5, 6]]], [[[1.0, 2]], [[3, 4]], [[5, 6]]]]),
    ("conv3d_transpose", lambda tf, x, k: tf.nn.conv3d_transpose(x, k, [1, 2, 2, 2, 1], 2), [[[[[[1.5]]]]], np.cos(np.arange(8.0)).reshape(2, 2, 2, 1, 1).tolist()]),
    ("conv_transpose", lambda tf, x, k: tf.nn.conv_transpose(x, k, [1, 5, 5, 2], 2), [np.sin(np.arange(27.0)).reshape(1, 3, 3, 3).tolist(), KERNEL]),
    ("depthwise_conv2d", lambda tf, x, k: tf.nn.depthwise_conv2d(x, k, [1, 2, 2, 1], "SAME"), [IMAGE, KERNEL]), ("depthwise_conv2d dilated", lambda tf, x, k: tf.nn.depthwise_conv2d(x, k, [1, 1, 1, 1], "VALID", dilations=[2, 1]), [IMAGE, KERNEL]),
    ("separable_conv2d", lambda tf, x, d, p: tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"), [IMAGE, KERNEL, np.sin(np.arange(12.0)).reshape(1, 1, 6, 2).tolist()]),
    ("atrous_conv2d", lambda tf, x, k: tf.nn.atrous_conv2d(x, k, 2, "SAME"), [IMAGE, KERNEL]), ("pool", lambda tf, x: tf.nn.pool(x, [2, 2], "AVG", [2, 2], "SAME"), [IMAGE]), ("pool max", lambda tf, x: tf.nn.pool(x, [2, 2], "MAX"), [IMAGE]),
    ("weighted_cross_entropy_with_logits", lambda tf, y, x: tf.nn.weighted_cross_entropy_with_logits(y, x, 2.5), [[0.0, 1.0, 0.3, 0.5], [-800.0, 2.0, -1.5, 3.0]]),
    ("weighted_cross_entropy_with_logits weights", lambda tf, x, w: tf.nn.weighted_cross_entropy_with_logits(labels=np.float64([1.0, 0.0]), logits=x, pos_weight=w), [[0.5, -2.0], [3.0, 2.0]]),
    ("log_poisson_loss", lambda tf, x: tf.nn.log_poisson_loss(np.float64([0.0, 1.0, 5.0]), x), [POSITIVE]), ("log_poisson_loss full", lambda tf, x: tf.nn.log_poisson_loss(np.float64([0.0, 1.0, 5.0]), x, True), [POSITIVE]),
    ("crelu", lambda tf, x: tf.nn.crelu(x), [[1.0, -2.0]]), ("depth_to_space", lambda tf, x: tf.nn.depth_to_space(x, 2), [np.arange(16.0).reshape(1, 1, 2, 8).tolist()]),
    ("space_to_depth", lambda tf, x: tf.nn.space_to_depth(x, 2), [np.arange(16.0).reshape(1, 2, 4, 2).tolist()]), ("local_response_normalization", lambda tf, x: tf.nn.local_response_normalization(tf.cast(x, tf.float32), 1, 2.0, 0.5, 0.75), [np.arange(8.0).reshape(1, 1, 2, 4).tolist()]),
    ("weighted_moments", lambda tf, x, w: tf.nn.weighted_moments(x, [0], w), [ROWS, [[1.0], [2.0], [0.5], [1.0], [3.0]]]), ("sufficient_statistics", lambda tf, x: tf.nn.sufficient_statistics(x, [0])[:3], [ROWS]),
    ("normalize_moments", lambda tf, m, v: tf.nn.normalize_moments(np.float64(4.0), m, v, None), [[2.0, 3.0], [5.0, 9.0]]),
    ("embedding_lookup ids", lambda tf, x: tf.nn.embedding_lookup(params=x * 1.0, ids=[1, 1, 3]), [ROWS]),
    # loops
    ("scan", lambda tf, x: tf.scan(lambda a, b: a * b, x), [POSITIVE]), ("foldr", lambda tf, x: tf.foldr(lambda a, b: a * b + b, x), [POSITIVE]), ("foldl", lambda tf, x: tf.foldl(lambda a, b: a * b + b, x, initializer=tf.constant(2.0, tf.float64)), [POSITIVE]),
    ("case", lambda tf, x: tf.case([(x[0] > 1, lambda: x * 2), (x[1] > 1, lambda: x * x)], default=lambda: x), [POSITIVE]), ("switch_case", lambda tf, x: tf.switch_case(tf.constant(1), [lambda: x, lambda: x**3]), [POSITIVE]),
    ("TensorArray stack", lambda tf, x: tf.TensorArray(tf.float64, size=3).write(0, x[0] * x[1]).write(1, x[2]).write(2, x[0]).stack(), [POSITIVE]),
    ("TensorArray concat", lambda tf, x: tf.TensorArray(tf.float64, size=2, infer_shape=False).write(0, x[:2]).write(1, x[2:] ** 2).concat(), [POSITIVE]),
    ("TensorArray unstack", lambda tf, x: tf.TensorArray(tf.float64, size=3).unstack(x * x).read(1), [POSITIVE]), ("TensorArray gather", lambda tf, x: tf.TensorArray(tf.float64, size=3).unstack(x * x).gather([2, 0, 2]), [POSITIVE]),
    ("TensorArray size", lambda tf: tf.TensorArray(tf.float32, size=0, dynamic_size=True).write(4, [1.0]).size(), []), ("TensorArray holes", lambda tf: tf.TensorArray(tf.float32, size=0, dynamic_size=True).write(2, [1.0]).stack(), []),
    ("TensorArray split", lambda tf, x: tf.TensorArray(tf.float64, size=2, infer_shape=False).split(x, [2, 1]).read(0), [POSITIVE]), ("TensorArray scatter", lambda tf, x: tf.TensorArray(tf.float64, size=3).scatter([2, 0, 1], x).stack(), [POSITIVE]),
    ("TensorArray in a loop", lambda tf, x: tf.while_loop(lambda i, s, a: i < 3, lambda i, s, a: (i + 1, s * x[i], a.write(i, s * x[i])),
                                                          (0, tf.constant(1.0, tf.float64), tf.TensorArray(tf.float64, size=3)))[2].stack(), [POSITIVE]),
    ("TensorArray gather twice", lambda tf, x: tf.TensorArray(tf.float64, size=3).unstack(x).gather([1, 1]), [POSITIVE]),
    ("TensorArray unstack less", lambda tf: tf.TensorArray(tf.float32, size=3).unstack([1.0, 2.0]).stack(), []),
    ("TensorArray empty", lambda tf: tf.TensorArray(tf.float32, size=0, element_shape=[2]).stack(), []),
]  # fmt: skip

RAISES: list[tuple[str, Callable[[Any], Any]]] = [
    ("tensor_scatter_nd_add out of range", lambda tf: tf.tensor_scatter_nd_add([1.0, 2.0], [[2]], [1.0])),
    ("tensor_scatter_nd_add negative", lambda tf: tf.tensor_scatter_nd_add([1.0, 2.0], [[-1]], [1.0])),
    ("tensor_scatter_nd_sub shape", lambda tf: tf.tensor_scatter_nd_sub([1.0, 2.0], [[0], [1]], [1.0])),
    ("tensor_scatter_nd_update shape", lambda tf: tf.tensor_scatter_nd_update([1.0, 2.0], [[0], [1]], [1.0])),
    ("tensor_scatter_nd_update depth", lambda tf: tf.tensor_scatter_nd_update([1.0, 2.0], [[0, 1]], [1.0])),
    ("tensor_scatter_nd_max negative", lambda tf: tf.tensor_scatter_nd_max([1.0, 2.0], [[-1]], [1.0])),
    ("scatter_nd shape", lambda tf: tf.scatter_nd([[0], [1]], [1.0], [3])), ("tensor_scatter_nd_add dtype", lambda tf: tf.tensor_scatter_nd_add([1, 2], [[0]], [1.5])),
    ("tensor_scatter_nd_add scalar", lambda tf: tf.tensor_scatter_nd_add(1.0, [[0]], [1.0])),
    *((f"{name} by zero", lambda tf, name=name: (getattr(tf, name, None) or getattr(tf.math, name))([1], [0])) for name in ("truncatediv", "truncatemod", "floordiv", "floormod")),
    ("segment_sum bools", lambda tf: tf.math.segment_sum([True], [0])), ("sequence_mask maxlen", lambda tf: tf.sequence_mask([2], maxlen=-1)), ("histogram nan", lambda tf: tf.histogram_fixed_width([NAN], [0.0, 2.0], 2)),
    ("expm ints", lambda tf: tf.linalg.expm([[1, 2], [3, 4]])), ("diag scalar", lambda tf: tf.linalg.diag(1.0)), ("TensorArray of None", lambda tf: tf.TensorArray(tf.float32, 2).write(0, None)), ("TensorArray half", lambda tf: tf.TensorArray(tf.float32, 2).write(0.5, 1.0)),
    ("searchsorted scalar", lambda tf: tf.searchsorted(1.0, 1.0)), ("confusion_matrix shapes", lambda tf: tf.math.confusion_matrix([0, 1], [0])),
    ("segment_sum falling", lambda tf: tf.math.segment_sum([1.0, 2.0], [1, 0])), ("segment_sum negative", lambda tf: tf.math.segment_sum([1.0, 2.0], [-1, 0])),
    ("segment_sum length", lambda tf: tf.math.segment_sum([1.0, 2.0], [0])), ("segment_sum matrix", lambda tf: tf.math.segment_sum([[1.0, 2.0]], [[0, 1]])), ("segment_sum scalar", lambda tf: tf.math.segment_sum(1.0, 0)),
    ("unsorted_segment_sum out of range", lambda tf: tf.math.unsorted_segment_sum([1.0, 2.0], [0, 2], 2)), ("unsorted_segment_max shape", lambda tf: tf.math.unsorted_segment_max([1.0, 2.0], [0, 2, 1], 3)),
    ("unsorted_segment_sum negative number", lambda tf: tf.math.unsorted_segment_sum([1.0, 2.0], [0, 0], -1)), ("segment_sum float ids", lambda tf: tf.math.segment_sum([1.0, 2.0], [0.0, 1.0])),
    ("unique matrix", lambda tf: tf.unique([[1, 2]])), ("searchsorted side", lambda tf: tf.searchsorted([1.0], [1.0], side="up")), ("searchsorted batch", lambda tf: tf.searchsorted([[1.0], [2.0]], [[1.0]])),
    ("set_diag shape", lambda tf: tf.linalg.set_diag(tf.zeros([3, 3]), [1.0, 2.0])), ("diag size", lambda tf: tf.linalg.diag([1.0, 2.0], num_rows=1)), ("diag sizes", lambda tf: tf.linalg.diag([1.0, 2.0], num_rows=3, num_cols=3)), ("diag_part k", lambda tf: tf.linalg.diag_part([[1.0]], k=1)), ("diag_part band", lambda tf: tf.linalg.diag_part(tf.zeros([2, 2]), k=(1, 0))), ("diag align", lambda tf: tf.linalg.diag([[1.0]], k=(0, 0), align="UP")),
    ("expm rectangle", lambda tf: tf.linalg.expm(tf.zeros([2, 3]))), ("sqrtm rectangle", lambda tf: tf.linalg.sqrtm(tf.zeros([2, 3]))),
    ("conv2d_transpose shape", lambda tf: tf.nn.conv2d_transpose(tf.zeros([1, 2, 2, 3]), tf.zeros([2, 2, 2, 3]), [1, 9, 9, 2], 2)), ("conv2d_transpose channels", lambda tf: tf.nn.conv2d_transpose(tf.zeros([1, 2, 2, 4]), tf.zeros([2, 2, 2, 3]), [1, 4, 4, 2], 2)), ("conv2d_transpose filters", lambda tf: tf.nn.conv2d_transpose(tf.zeros([1, 2, 2, 3]), tf.zeros([2, 2, 2, 3]), [1, 4, 4, 5], 2)),
    ("depthwise_conv2d channels", lambda tf: tf.nn.depthwise_conv2d(tf.zeros([1, 4, 4, 2]), tf.zeros([2, 2, 3, 1]), [1, 1, 1, 1], "SAME")),
    ("weighted_cross_entropy shape", lambda tf: tf.nn.weighted_cross_entropy_with_logits([1.0], [[1.0, 2.0]], 2.0)), ("log_poisson_loss shape", lambda tf: tf.nn.log_poisson_loss([1.0], [1.0, 2.0])),
    ("TensorArray write", lambda tf: tf.TensorArray(tf.float32, size=1).write(1, 1.0)), ("TensorArray negative", lambda tf: tf.TensorArray(tf.float32, size=1).write(-1, 1.0)), ("TensorArray read", lambda tf: tf.TensorArray(tf.float32, size=1).read(1)), ("TensorArray twice", lambda tf: [(a := tf.TensorArray(tf.float32, size=1).write(0, 1.0)).read(0), a.read(0)]), ("TensorArray dtype", lambda tf: tf.TensorArray(tf.float32, size=1).write(0, tf.constant(1))), ("TensorArray shapes", lambda tf: tf.TensorArray(tf.float32, size=2).write(0, [1.0]).write(1, [1.0, 2.0])), ("TensorArray unwritten", lambda tf: tf.TensorArray(tf.float32, size=1).read(0)), ("TensorArray unstack", lambda tf: tf.TensorArray(tf.float32, size=1).unstack([1.0, 2.0])), ("TensorArray split sum", lambda tf: tf.TensorArray(tf.float32, size=2).split([1.0, 2.0, 3.0], [1, 1])), ("TensorArray split size", lambda tf: tf.TensorArray(tf.float32, size=1).split([1.0, 2.0, 3.0], [1, 2])), ("TensorArray size", lambda tf: tf.TensorArray(tf.float32)), ("TensorArray element", lambda tf: tf.TensorArray(tf.float32, size=1, element_shape=[2]).write(0, [1.0])),
    ("dynamic_partition out of range", lambda tf: tf.dynamic_partition([1.0], [2], 2)), ("invert_permutation", lambda tf: tf.math.invert_permutation([0, 0])), ("in_top_k rank", lambda tf: tf.math.in_top_k([0], [1.0], 1)), ("confusion_matrix small", lambda tf: tf.math.confusion_matrix([3], [0], num_classes=2)), ("bincount negative", lambda tf: tf.math.bincount([-1])), ("cumulative_logsumexp ints", lambda tf: tf.math.cumulative_logsumexp([1, 2])), ("cumulative_logsumexp axis", lambda tf: tf.math.cumulative_logsumexp([1.0], axis=1)), ("erfinv ints", lambda tf: tf.math.erfinv([0])), ("igamma ints", lambda tf: tf.math.igamma([1], [2])), ("bessel ints", lambda tf: tf.math.bessel_i0([1])), ("unravel_index out of range", lambda tf: tf.unravel_index([9], [3, 3])), ("depth_to_space", lambda tf: tf.nn.depth_to_space(tf.zeros([1, 1, 1, 3]), 2)), ("space_to_depth", lambda tf: tf.nn.space_to_depth(tf.zeros([1, 3, 2, 1]), 2)), ("categorical rank", lambda tf: tf.random.categorical([0.0], 1)), ("pool type", lambda tf: tf.nn.pool(tf.zeros([1, 2, 2, 1]), [1, 1], "SUM")),
]  # fmt: skip

_UNFIT: list[tuple[str, Callable[..., Any]]] = [
    ("reshape size", lambda tf, a, b, v: tf.reshape(a, [4, 2])),
    ("reshape rest", lambda tf, a, b, v: tf.reshape(a, [-1, 4])),
    ("reshape two unknown", lambda tf, a, b, v: tf.reshape(a, [-1, -1])),
    ("reshape negative", lambda tf, a, b, v: tf.reshape(a, [-2, 3])),
    ("matmul inner", lambda tf, a, b, v: tf.matmul(a, a)),
    ("matvec inner", lambda tf, a, b, v: tf.linalg.matvec(a, b[:, 0])),
    ("concat other axis", lambda tf, a, b, v: tf.concat([a, b], 0)),
    ("concat rank", lambda tf, a, b, v: tf.concat([a, v], 0)),
    ("concat axis", lambda tf, a, b, v: tf.concat([a, a], 2)),
    ("concat nothing", lambda tf, a, b, v: tf.concat([], 0)),
    ("stack shapes", lambda tf, a, b, v: tf.stack([a, b])),
    ("stack axis", lambda tf, a, b, v: tf.stack([a, a], axis=5)),
    ("unstack number", lambda tf, a, b, v: tf.unstack(a, num=3)),
    ("unstack axis", lambda tf, a, b, v: tf.unstack(a, axis=2)),
    ("split uneven", lambda tf, a, b, v: tf.split(a, 2, axis=1)),
    ("split sum", lambda tf, a, b, v: tf.split(a, [1, 1], axis=1)),
    ("split rest", lambda tf, a, b, v: tf.split(a, [4, -1], axis=1)),
    ("split axis", lambda tf, a, b, v: tf.split(a, 2, axis=4)),
    ("split sizes axis", lambda tf, a, b, v: tf.split(a, [1, 1], axis=4)),
    ("gather index", lambda tf, a, b, v: tf.gather(a, [5])),
    ("gather negative", lambda tf, a, b, v: tf.gather(a, [-1])),
    ("gather axis", lambda tf, a, b, v: tf.gather(a, [0], axis=3)),
    ("gather_nd index", lambda tf, a, b, v: tf.gather_nd(a, [[2, 0]])),
    ("gather_nd depth", lambda tf, a, b, v: tf.gather_nd(a, [[0, 0, 0]])),
    ("slice size", lambda tf, a, b, v: tf.slice(a, [0, 2], [2, 2])),
    ("slice begin", lambda tf, a, b, v: tf.slice(a, [3, 0], [1, 1])),
    ("slice rank", lambda tf, a, b, v: tf.slice(a, [0], [1])),
    ("slice lengths", lambda tf, a, b, v: tf.slice(a, [0, 0], [1])),
    ("broadcast_to size", lambda tf, a, b, v: tf.broadcast_to(a, [2, 4])),
    ("broadcast_to rank", lambda tf, a, b, v: tf.broadcast_to(a, [3])),
    ("transpose rank", lambda tf, a, b, v: tf.transpose(a, perm=[0])),
    ("transpose twice", lambda tf, a, b, v: tf.transpose(a, perm=[0, 0])),
    ("transpose axis", lambda tf, a, b, v: tf.transpose(a, perm=[0, 2])),
    ("add shapes", lambda tf, a, b, v: tf.add(a, b)),
    ("where shapes", lambda tf, a, b, v: tf.where([True, False], a, b)),
    ("squeeze size", lambda tf, a, b, v: tf.squeeze(a, axis=0)),
    ("squeeze axis", lambda tf, a, b, v: tf.squeeze(a, axis=4)),
    ("expand_dims axis", lambda tf, a, b, v: tf.expand_dims(a, 5)),
    ("tile rank", lambda tf, a, b, v: tf.tile(a, [2])),
    ("pad rank", lambda tf, a, b, v: tf.pad(a, [[1, 1]])),
    ("reverse axis", lambda tf, a, b, v: tf.reverse(a, [3])),
    ("roll axis", lambda tf, a, b, v: tf.roll(a, 1, 4)),
    ("reduce_sum axis", lambda tf, a, b, v: tf.reduce_sum(a, axis=3)),
    ("argmax axis", lambda tf, a, b, v: tf.argmax(a, axis=3)),
    ("zeros negative", lambda tf, a, b, v: tf.zeros([-1])),
    ("fill negative", lambda tf, a, b, v: tf.fill([-1], 1.0)),
    ("range of steps 0", lambda tf, a, b, v: tf.range(0, 5, 0)),
    ("cholesky rectangle", lambda tf, a, b, v: tf.linalg.cholesky(a)),
    ("solve rows", lambda tf, a, b, v: tf.linalg.solve(a[:, :2], tf.ones([3, 1]))),
    ("diag_part vector", lambda tf, a, b, v: tf.linalg.diag_part(v)),
    ("top_k size", lambda tf, a, b, v: tf.math.top_k(a, k=5)),
    ("bias_add size", lambda tf, a, b, v: tf.nn.bias_add(a, b[0])),
    ("softmax_cross_entropy shapes", lambda tf, a, b, v: tf.nn.softmax_cross_entropy_with_logits(labels=a, logits=b)),
    ("repeat counts", lambda tf, a, b, v: tf.repeat(a, [1, 2, 3], axis=0)),
    ("boolean_mask size", lambda tf, a, b, v: tf.boolean_mask(a, [True, False, True])),
]  # fmt: skip
RAISES += [
    (name, lambda tf, call=call: call(tf, tf.ones([2, 3]), tf.ones([2, 4]), tf.ones([3]))) for name, call in _UNFIT
]
"""Arrays and arguments that do not fit."""


def weights(shape: Any) -> Any:
    """Numbers that differ from place to place."""
    return np.cos(np.arange(np.prod(shape, dtype=int)) * 0.7 + 0.3).reshape(tuple(shape))


def weighed(tf: Any, outputs: Any) -> Any:
    """The sum of all outputs' elements, each times another number."""
    parts = outputs if isinstance(outputs, list | tuple) else [outputs]
    return sum(tf.reduce_sum(tf.cast(y, tf.float64) * weights(y.shape)) for y in parts if y is not None)


def called(
    tf: Any, call: Callable[..., Any], inputs: list[Any], refused: type[Exception] | tuple[Any, ...]
) -> dict[str, Any]:
    """Value, dtype, gradients and second derivatives: lists of numbers, None where there are none."""
    xs = [tf.constant(x, tf.float64) for x in inputs]
    with tf.GradientTape(persistent=True) as outer:
        for x in xs:
            outer.watch(x)
        with tf.GradientTape() as tape:
            for x in xs:
                tape.watch(x)
            y = call(tf, *xs)
            z = weighed(tf, y) if xs else None
        first = tape.gradient(z, xs) if xs else []
        there = [g for g in first if g is not None]
        slope = sum(tf.reduce_sum(g * weights(g.shape)) for g in there) if there else None
    parts = y if isinstance(y, list | tuple) else [y]
    try:
        second = outer.gradient(slope, xs) if slope is not None else [None] * len(xs)
    except refused:
        second = None
    return {
        "value": [plain(part) for part in parts if part is not None], "dtype": parts[0].dtype.name,
        "gradient": [plain(g) for g in first], "second": None if second is None else [plain(g) for g in second],
    }  # fmt: skip


def plain(x: Any) -> Any:
    return None if x is None else np.asarray(x.numpy()).tolist()
