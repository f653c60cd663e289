"""`tf`'s functions of whole arrays: results, dtypes and gradients are TensorFlow's."""

from collections.abc import Callable
from typing import Any

import pytest

import gradcalc.tf as tf
from tests.tf.results import check_gradient, check_result, over

CUBE = tf.reshape(tf.range(12), (2, 3, 2))
RESULTS = [
    (lambda: tf.range(5), [0, 1, 2, 3, 4], "int32"),
    (lambda: tf.range(0, 1, 0.25), [0, 0.25, 0.5, 0.75], "float32"),
    (lambda: tf.linspace(0.0, 1.0, 3), [0, 0.5, 1], "float32"),
    (lambda: tf.one_hot([0, 1], 3), [[1, 0, 0], [0, 1, 0]], "float32"),
    (lambda: tf.one_hot([1, 0], 2, on_value=5.0, off_value=-1.0, axis=0), [[-1, 5], [5, -1]], "float32"),
    (lambda: tf.shape(tf.zeros([2, 3])), [2, 3], "int32"),
    (lambda: tf.size(tf.zeros([2, 3])), 6, "int32"),
    (lambda: tf.rank(tf.zeros([2, 3])), 2, "int32"),
    (lambda: tf.where([True, False], 1.0, 2.0), [1, 2], "float32"),
    (lambda: tf.where([True, False, True]), [[0], [2]], "int64"),
    (lambda: tf.stack([tf.constant(1.0), 2]), [1, 2], "float32"),
    (lambda: tf.concat([tf.constant([0.1], tf.float64), [0.1]], 0), [0.1, 0.1], "float64"),
    (lambda: tf.concat([[1.0], [2]], 0), [1, 2], "float32"),
    (lambda: tf.stack([1.0, 2]), [1, 2], "float32"),
    (lambda: tf.fill([2], 9.0), [9, 9], "float32"),
    (lambda: tf.split(tf.range(6), 3)[1], [2, 3], "int32"),
    (lambda: tf.split(tf.range(6), [1, -1, 2])[1], [1, 2, 3], "int32"),
    (lambda: tf.unstack(tf.constant([[1, 2], [3, 4]]), axis=1)[1], [2, 4], "int32"),
    (lambda: tf.argsort([3.0, 1.0, 2.0], direction="DESCENDING"), [0, 2, 1], "int32"),
    (lambda: tf.sort([3.0, 1.0, 2.0], direction="DESCENDING"), [3, 2, 1], "float32"),
    (lambda: tf.gather_nd([[1, 2], [3, 4]], [[0, 1], [1, 0]]), [2, 3], "int32"),
    (lambda: tf.gather_nd([[1, 2], [3, 4]], tf.zeros((2, 0), tf.int32)), [[[1, 2], [3, 4]]] * 2, "int32"),
    (lambda: tf.gather_nd([[1, 2], [3, 4]], [[1], [0]], batch_dims=1), [2, 3], "int32"),
    (lambda: tf.gather([[1, 2], [3, 5]], [1, 0], axis=None), [[3, 5], [1, 2]], "int32"),
    (lambda: tf.gather([[1, 2], [3, 5]], [1, 0], axis=-1), [[2, 1], [5, 3]], "int32"),
    (lambda: tf.gather([[1, 2], [3, 5]], [[1, 0], [1, 1]], batch_dims=1), [[2, 1], [5, 5]], "int32"),
    (lambda: tf.gather([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], [1, 0], axis=2, batch_dims=1), [[2, 4], [5, 7]], "int32"),
    (
        lambda: tf.gather([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], [[1], [0]], axis=-1, batch_dims=-1),
        [[[2], [4]], [[5], [7]]],
        "int32",
    ),
    (lambda: tf.squeeze(tf.ones((1, 2, 1)), []), [1, 1], "float32"),
    (lambda: tf.pad(3.0, tf.zeros((0, 2), tf.int32)), 3, "float32"),
    (lambda: tf.boolean_mask([[1.0, 2.0], [3.0, 4.0]], [True, False], axis=1), [[1], [3]], "float32"),
    (lambda: tf.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [-1, 2]), [[2, 3], [5, 6]], "int32"),
    (lambda: tf.tensor_scatter_nd_update([1.0, 2.0, 3.0], [[1]], [9.0]), [1, 9, 3], "float32"),
    (lambda: tf.scatter_nd([[1], [1]], [2.0, 3.0], [4]), [0, 5, 0, 0], "float32"),
    (lambda: tf.pad([[1]], [[0, 1], [1, 0]]), [[0, 1], [0, 0]], "int32"),
    (lambda: tf.pad([1, 2, 3], [[2, 0]], "REFLECT"), [3, 2, 1, 2, 3], "int32"),
    (lambda: tf.reverse([[1, 2], [3, 4]], [1]), [[2, 1], [4, 3]], "int32"),
    (lambda: tf.roll([1, 2, 3], 1, 0), [3, 1, 2], "int32"),
    (lambda: tf.tile([[1, 2]], [2, 2]), [[1, 2, 1, 2]] * 2, "int32"),
    (lambda: tf.repeat([1, 2], [1, 2]), [1, 2, 2], "int32"),
    (lambda: tf.transpose(tf.reshape(tf.range(6), (1, 2, 3)), perm=[2, 0, 1])[:, 0, 1], [3, 4, 5], "int32"),
    (lambda: tf.ones_like([1, 2]), [1, 1], "int32"),
    (lambda: tf.zeros_like(5.0, dtype=tf.float64), 0, "float64"),
    (lambda: tf.expand_dims([1.0, 2.0], 1), [[1], [2]], "float32"),
    (lambda: tf.squeeze(tf.zeros([1, 2, 1]), axis=[2]), [[0, 0]], "float32"),
    (lambda: tf.meshgrid([1, 2], [3, 4], indexing="ij")[1], [[3, 4], [3, 4]], "int32"),
    (lambda: tf.gather([[1, 2], [3, 5]], [1, 0], axis=None), [[3, 5], [1, 2]], "int32"),
    (lambda: tf.gather([[1, 2], [3, 5]], [[1, 0], [0, 0]], batch_dims=1), [[2, 1], [3, 3]], "int32"),
    (lambda: tf.gather(CUBE, [[1], [0]], axis=2, batch_dims=1), [[[1], [3], [5]], [[6], [8], [10]]], "int32"),
    (lambda: tf.gather(CUBE, [[1], [0]], axis=-1, batch_dims=-1), [[[1], [3], [5]], [[6], [8], [10]]], "int32"),
    (lambda: tf.gather(CUBE, [1, 0], axis=-1)[1], [[7, 6], [9, 8], [11, 10]], "int32"),
    (lambda: tf.gather_nd(CUBE, [[2], [0]], batch_dims=1), [[4, 5], [6, 7]], "int32"),
    (lambda: tf.gather_nd([1, 2], tf.zeros((2, 0), tf.int32)), [[1, 2], [1, 2]], "int32"),
    (lambda: tf.linspace(0, 10, 3), [0, 5, 10], "float64"),
    (lambda: tf.one_hot([0, 1], 2, on_value=5), [[5, 0], [0, 5]], "int32"),
    (lambda: tf.one_hot([0, 3, -1], 2, on_value=5.0, dtype=tf.float64), [[5, 0], [0, 0], [0, 0]], "float64"),
    (lambda: tf.squeeze([[1.0]], []), 1, "float32"),
    (lambda: tf.concat(tf.constant([[1, 2], [3, 4]]), 0), [[1, 2], [3, 4]], "int32"),
    (lambda: tf.pad(5.0, tf.zeros((0, 2), tf.int32)), 5, "float32"),
    (lambda: tf.boolean_mask([1.0, 2.0, 3.0], [1, 0, 2]), [1, 3], "float32"),
    (lambda: tf.nest.map_structure(tf.square, {"b": 2.0, "a": [1.0]})["b"], 4, "float32"),
]

test_results_and_dtypes_are_tensorflows = over(RESULTS, check_result)


GRADIENTS: list[tuple[Callable[[Any], Any], list[float]]] = [
    (lambda x: tf.gather(x, [1, 1]), [0, 2, 0]),
    (lambda x: tf.sort(x, direction="DESCENDING")[0], [0, 0, 1]),
    (lambda x: tf.tensor_scatter_nd_update(x, [[1]], [9.0]), [1, 0, 1]),
    (lambda x: tf.scatter_nd([[1], [1], [0]], x, [2]) ** 2, [4, 4, 5]),
]

test_gradients_flow_through_the_aliases = over(GRADIENTS, check_gradient)


def test_descending_order_of_unsigned_integers_and_of_the_least() -> None:
    assert tf.argsort(tf.constant([3, 0, 5], tf.uint8), direction="DESCENDING").numpy().tolist() == [2, 0, 1]
    least = tf.constant([-128, 5, 0], tf.int8)
    assert tf.argsort(least, direction="DESCENDING").numpy().tolist() == [1, 2, 0]
    assert tf.math.top_k(tf.constant([3, 0, 5], tf.uint8), 2)[1].numpy().tolist() == [2, 0]


def test_splits_must_add_up() -> None:
    with pytest.raises(ValueError, match="split"):
        tf.split(tf.zeros([5]), [2, 2])


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: tf.gather([1, 2, 3], -1), "not all from 0 to 2"), (lambda: tf.gather([1, 2, 3], [0, 3]), "0 to 3"),
    (lambda: tf.gather_nd([1, 2, 3], [[-1]]), "from 0 to 2"), (lambda: tf.scatter_nd([[4]], [1.0], [4]), "0 to 3"),
    (lambda: tf.tensor_scatter_nd_update([1.0], [[1]], [9.0]), "0 to 0"),
    (lambda: tf.slice([1, 2, 3], [1], [5]), "not in an axis of size 3"), (lambda: tf.slice([1, 2], [-1], [1]), "not in an axis"),
    (lambda: tf.pad([[1, 2], [3, 4]], [[1, 1]]), "a pair for each axis"), (lambda: tf.pad([1], [[-1, 0]]), "do not fit"),
    (lambda: tf.pad([1.0, 2.0, 3.0], [[3, 0]], "REFLECT"), "no larger"), (lambda: tf.pad([1], [[1, 0]], "edge"), "modes"),
    (lambda: tf.pad([1.0, 2.0, 3.0], [[4, 0]], "SYMMETRIC"), "no larger"),
    (lambda: tf.tile([[1, 2]], [2]), "one number of copies for each of 2 axes"),
    (lambda: tf.boolean_mask(5.0, True), "not a scalar"), (lambda: tf.boolean_mask([1.0, 2.0], True), "not a scalar"),
    (lambda: tf.unstack([[1], [2]], num=3), "2 parts, not num=3"), (lambda: tf.where([True], [1.0]), "both x and y"),
    (lambda: tf.sort([1.0], direction="up"), "ASCENDING or DESCENDING"),
    (lambda: tf.nest.pack_sequence_as([1, 2], [3]), "1 values for a structure of 2"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_would_be_cut_off_or_wrapped_around_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises((ValueError, IndexError), match=message):
        call()


def test_gradients_of_gather_with_batches() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.gather(x, [[1, 1], [0, 1]], batch_dims=1) * [[1.0, 10.0], [100.0, 1000.0]]
    assert tape.gradient(y, x).numpy().tolist() == [[0, 11], [100, 1000]]
