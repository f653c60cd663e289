"""TensorFlow's own initializers: values in order, and its dtypes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from tests.tf.results import check_result, over

RESULTS = [
    (lambda: tf.constant_initializer([0, 1, 2, 3, 4, 5])((2, 3)), [[0, 1, 2], [3, 4, 5]], "int32"),
    (lambda: tf.constant_initializer([0, 1, 2, 3])([2, 2], tf.float32), [[0, 1], [2, 3]], "float32"),
    (lambda: tf.constant_initializer(5)((2,)), [5, 5], "int32"),
    (lambda: tf.constant_initializer(0.5)(()), 0.5, "float32"),
    (lambda: tf.zeros_initializer()((2,), dtype=tf.int32), [0, 0], "int32"),
    (lambda: tf.ones_initializer()((2,)), [1, 1], "float32"),
    (lambda: tf.keras.initializers.Constant([0, 1, 2])((2, 3)), [[0, 1, 2], [0, 1, 2]], "float32"),
    (lambda: tf.keras.initializers.Zeros()((2,), dtype=None), [0, 0], "float32"),
]

test_initializers_return_tensors_as_tensorflows_do = over(RESULTS, check_result)

MAKE: list[Callable[..., Any]] = [
    tf.random_normal_initializer, tf.random_uniform_initializer, tf.keras.initializers.TruncatedNormal,
    tf.keras.initializers.GlorotUniform, tf.keras.initializers.RandomNormal,
]  # fmt: skip


@pytest.mark.parametrize("make", MAKE)
def test_random_initializers_return_tensors(make: Callable[..., Any]) -> None:
    values = make(seed=3)((2, 3))
    assert tf.is_tensor(values) and values.dtype == tf.float32 and values.shape == (2, 3)
    assert (values.numpy() == make(seed=3)((2, 3)).numpy()).all()


def test_values_that_do_not_fill_the_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        tf.constant_initializer([1, 2, 3])((2, 2))
    with pytest.raises(ValueError, match="broadcast"):
        tf.keras.initializers.Constant([1, 2, 3])((2, 2))
    layer = tf.keras.layers.Dense(
        3, bias_initializer=tf.constant_initializer([1.0, 2.0, 3.0]), kernel_initializer="zeros"
    )
    assert layer(np.ones((1, 2))).numpy().tolist() == [[1, 2, 3]]
