"""`tf.nn`: results, dtypes and gradients are TensorFlow's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from tests.tf.results import POINT, check_gradient, check_result, over

LINE = tf.reshape(tf.range(1.0, 6.0), (1, 5, 1))
GRID = tf.reshape(tf.range(9.0), (1, 3, 3, 1))
PAIRS = tf.constant([[[[1.0, 2.0]]]])
RESULTS = [
    (lambda: tf.nn.softmax_cross_entropy_with_logits([[0.0, 1.0]], [[1.0, 2.0]]), [0.31326166], "float32"),
    (lambda: tf.nn.sparse_softmax_cross_entropy_with_logits([1], [[1.0, 2.0]]), [0.31326166], "float32"),
    (lambda: tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[0.5]), [0.474077], "float32"),
    (lambda: tf.nn.moments(tf.constant([1.0, 3.0]), [0])[1], 1, "float32"),
    (lambda: tf.nn.avg_pool2d(tf.ones((1, 2, 2, 1)), 2, 2, "VALID"), [[[[1]]]], "float32"),
    (lambda: tf.nn.dropout(tf.ones(3), 0.0), [1, 1, 1], "float32"),
    (lambda: tf.nn.batch_normalization(tf.constant([3.0]), 1.0, 4.0, 1.0, 2.0, 0.0), [3], "float32"),
    (lambda: tf.nn.leaky_relu([-1.0, 2.0], alpha=0.5), [-0.5, 2], "float32"),
    (lambda: tf.nn.leaky_relu([-1, 2], 0.5), [-0.5, 2], "float32"),
    (lambda: tf.nn.silu([1.0, 2.0], 2.0), [0.8807971, 1.9640275], "float32"),
    (lambda: tf.nn.relu6(np.nan), np.nan, "float32"),
    (lambda: tf.nn.softmax(tf.zeros((3, 0))), [[], [], []], "float32"),
    (lambda: tf.nn.log_softmax(tf.zeros((0, 3))), np.zeros((0, 3)), "float32"),
    (
        lambda: tf.nn.embedding_lookup(tf.constant([[3.0, 4.0], [0.3, 0.4]]), [0, 1], max_norm=1.0),
        [[0.6, 0.8], [0.3, 0.4]],
        "float32",
    ),
    (lambda: tf.nn.bias_add(tf.zeros((1, 2, 2)), [1.0, 2.0], data_format="NCW"), [[[1, 1], [2, 2]]], "float32"),
    (lambda: tf.nn.max_pool1d(LINE, 2, 2, "VALID"), [[[2], [4]]], "float32"),
    (lambda: tf.nn.avg_pool1d(LINE, 2, [1, 2, 1], "SAME"), [[[1.5], [3.5], [5]]], "float32"),
    (lambda: tf.nn.max_pool(LINE, [1, 3, 1], 1, "VALID"), [[[3], [4], [5]]], "float32"),
    (lambda: tf.nn.avg_pool3d(tf.reshape(tf.range(8.0), (1, 2, 2, 2, 1)), 2, 1, "VALID"), [[[[[3.5]]]]], "float32"),
    (lambda: tf.nn.max_pool3d(tf.reshape(tf.range(8.0), (1, 2, 2, 2, 1)), 2, 1, "VALID"), [[[[[7]]]]], "float32"),
    (
        lambda: tf.nn.max_pool2d(tf.reshape(tf.range(9), (1, 3, 3, 1)), 2, 2, [[0, 0], [1, 0], [1, 0], [0, 0]])[
            0, ..., 0
        ],
        [[0, 2], [6, 8]],
        "int32",
    ),
    (lambda: tf.nn.conv1d(LINE, tf.ones((2, 1, 1)), 2, "VALID"), [[[3], [7]]], "float32"),
    (
        lambda: tf.nn.conv2d(GRID, tf.ones((2, 2, 1, 1)), 2, [[0, 0], [1, 0], [1, 0], [0, 0]])[0, ..., 0],
        [[0, 3], [9, 24]],
        "float32",
    ),
    (lambda: tf.nn.conv2d(PAIRS, tf.constant([[[[1.0, 2.0, 3.0, 4.0]]]]), 1, "SAME"), [[[[1, 2, 6, 8]]]], "float32"),
    (
        lambda: tf.nn.conv3d(tf.ones((1, 2, 2, 2, 1)), tf.ones((2, 2, 2, 1, 1)), [1] * 5, "VALID"),
        [[[[[8]]]]],
        "float32",
    ),
    (lambda: tf.nn.bias_add([[1.0, 2.0]], [3.0, 4.0]), [[4, 6]], "float32"),
]

test_results_and_dtypes_are_tensorflows = over(RESULTS, check_result)


GRADIENTS: list[tuple[Callable[[Any], Any], list[float]]] = [
    (tf.nn.gelu, [0.7323278, 1.115318, 1.037611]),
    (tf.nn.silu, [0.6477801, 1.067564, 1.099401]),
    (tf.nn.log_softmax, [0.7869351, 0.1359791, -0.922914]),
    (tf.nn.l2_loss, POINT),
]

test_gradients_flow_through_the_aliases = over(GRADIENTS, check_gradient)


def test_convolution_takes_tensorflows_strides_and_padding() -> None:
    x = tf.reshape(tf.range(16, dtype=tf.float32), (1, 4, 4, 1))
    kernel = tf.Variable(tf.ones((2, 2, 1, 1)))
    with tf.GradientTape() as tape:
        y = tf.nn.conv2d(x, kernel, strides=[1, 2, 2, 1], padding="SAME")
    assert y.numpy().ravel().tolist() == [10, 18, 42, 50]
    assert tape.gradient(y, kernel).numpy().ravel().tolist() == [20, 24, 36, 40]
    assert tf.nn.max_pool2d(x, ksize=(3, 3), strides=1, padding="VALID").numpy().ravel().tolist() == [10, 11, 14, 15]
    with pytest.raises(ValueError, match="channels"):
        tf.nn.conv2d(x, kernel, 1, "VALID", data_format="NCHW")


def test_functions_of_pooling_use_up_no_layer_names() -> None:
    first = tf.keras.layers.Conv2D(1, 2).name
    tf.nn.conv2d(tf.zeros([1, 3, 3, 1]), tf.zeros([2, 2, 1, 1]), 1, "VALID")
    number = int(first.rpartition("_")[2]) if first != "conv2d" else 0
    assert tf.keras.layers.Conv2D(1, 2).name == f"conv2d_{number + 1}"


SQUARE = tf.zeros((1, 4, 4, 2))
KERNEL = tf.zeros((2, 2, 2, 3))
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: tf.nn.conv2d(SQUARE, KERNEL, [2, 1, 1, 1], "VALID"), "strides="),
    (lambda: tf.nn.conv2d(SQUARE, KERNEL, [1, 1, 1, 2], "VALID"), "strides="),
    (lambda: tf.nn.conv2d(SQUARE, KERNEL, [1, 1, 1], "VALID"), "strides="),
    (lambda: tf.nn.conv2d(SQUARE, KERNEL, 0, "VALID"), "strides="),
    (lambda: tf.nn.max_pool2d(SQUARE, [1, 2, 2, 2], 1, "SAME"), "size="),
    (lambda: tf.nn.conv2d(SQUARE, KERNEL, 1, [[1, 1], [2, 0]]), "4 pairs"),
    (lambda: tf.nn.conv2d(SQUARE, KERNEL, 1, [[0, 0], [1, 1], [1, 1], [1, 0]]), "4 pairs"),
    (lambda: tf.nn.conv2d(SQUARE, KERNEL, 1, "FULL"), "VALID, SAME"),
    (lambda: tf.nn.conv2d(SQUARE, tf.zeros((2, 2, 1, 3)), 1, "SAME"), "groups of 1 do not fit 3 filters"),
    (lambda: tf.nn.conv2d(SQUARE, tf.zeros((2, 2, 3, 3)), 1, "SAME"), "2 channels in groups of 3"),
    (lambda: tf.nn.conv2d(SQUARE, tf.zeros((5, 5, 2, 3)), 1, "VALID"), "zero or negative"),
    (lambda: tf.nn.conv2d(SQUARE[0], KERNEL, 1, "VALID"), "4 axes"),
    (lambda: tf.nn.dropout([1.0], 1.0), r"range \[0, 1\)"), (lambda: tf.nn.dropout([1.0], -0.1), r"range \[0, 1\)"),
    (lambda: tf.nn.sigmoid_cross_entropy_with_logits([1.0], [[1.0]]), "same shape"),
    (lambda: tf.nn.dropout([1], 0.5), "floating"), (lambda: tf.nn.bias_add(SQUARE, [1.0]), "does not fit"),
    (lambda: tf.nn.bias_add(SQUARE, [[1.0, 2.0]]), "does not fit"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_does_not_fit_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_table_in_shards_is_refused() -> None:
    with pytest.raises(TypeError, match="takes one table, not shards"):
        tf.nn.embedding_lookup([[3.0, 4.0], [0.3, 0.4]], [0, 1])
    assert tf.nn.embedding_lookup([tf.constant([3.0, 4.0])], [1]).numpy().tolist() == [4.0]
