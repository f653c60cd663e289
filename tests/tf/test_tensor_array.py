"""`tf.TensorArray`: what loops write, gradients flow through (numbers of TensorFlow: test_functions.py)."""

import pytest

import gradcalc.tf as tf


def test_what_is_written_over_has_no_gradient() -> None:
    x = tf.Variable([2.0, 3.0])
    with tf.GradientTape() as tape:
        array = tf.TensorArray(tf.float32, size=2).write(0, x[0]).write(1, x[1]).write(0, x[1] ** 2)
        y = array.stack()
    assert y.numpy().tolist() == [9, 3] and tape.gradient(y, x).numpy().tolist() == [0, 7]


def test_read_clears_unless_told_not_to() -> None:
    array = tf.TensorArray(tf.float32, 2, clear_after_read=False).unstack([1.0, 2.0])
    assert [array.read(1).numpy() for _ in range(2)] == [2, 2]
    array = tf.TensorArray(tf.float32, 2).unstack([1.0, 2.0])
    array.read(1)
    with pytest.raises(ValueError, match="twice because it was cleared"):
        array.stack()
    assert array.write(1, 5.0).stack().numpy().tolist() == [1, 5]


def test_it_can_be_asked_what_it_is() -> None:
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True, element_shape=[None, 2])
    assert (array.dtype, array.dynamic_size, array.identity() is array) == (tf.float32, True, True)
    assert array.stack().shape == (0, 0, 2)
    assert array.write(1, [[1.0, 2.0]]).element_shape == (1, 2)
    assert array.read(0).numpy().tolist() == [[0, 0]]
    array.close()
    assert array.size().numpy() == 0
