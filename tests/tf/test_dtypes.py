"""`tf.dtypes`: casts, and what becomes of two dtypes."""

import numpy as np

import gradcalc.tf as tf
from tests.tf.results import check_result, over

V = tf.Variable([1.0, 2.0])
BYTES = tf.constant([5], tf.uint8)
RESULTS = [
    (lambda: tf.cast(2.7, tf.int32), 2, "int32"),
    (lambda: V * [3.0, 4.0], [3, 8], "float32"), (lambda: [3.0, 4.0] * V, [3, 8], "float32"),
    (lambda: V / np.sqrt(64), [0.125, 0.25], "float32"), (lambda: np.float64(2) * V, [2, 4], "float32"),
    (lambda: np.maximum(V, [3.0, 0.0]), [3, 2], "float32"), (lambda: V ** [2.0, 3], [1, 8], "float32"),
    (lambda: V + [1, 2], [2, 4], "float32"), (lambda: tf.constant([1.0], tf.float64) * [2.5], [2.5], "float64"),
    (lambda: V * np.array([3.0, 4.0]), [3, 8], "float64"), (lambda: tf.constant([1, 2]) * [3, 4], [3, 8], "int64"),
    (lambda: BYTES / 255, [5 / 255], "float32"), (lambda: 255 / BYTES, [51], "float32"),
    (lambda: tf.divide(tf.constant([5], tf.int8), 2), [2.5], "float32"),
    (lambda: tf.constant([5], tf.int16) / BYTES, [1], "float32"), (lambda: tf.constant([5]) / 2, [2.5], "float64"),
    (lambda: tf.math.divide_no_nan(tf.constant(1.0), 2.0), 0.5, "float32"),
    (lambda: tf.math.divide_no_nan(tf.constant([1.0, 2.0]), [0.0, 4.0]), [0, 0.5], "float32"),
]  # fmt: skip

test_results_and_dtypes_are_tensorflows = over(RESULTS, check_result)
