"""`tf.keras.utils`: one-hot labels; its seed is tested with `tf.random`."""

import gradcalc.tf as tf


def test_labels_become_one_hot_rows() -> None:
    assert tf.keras.utils.to_categorical([0, 2]).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert tf.keras.utils.to_categorical([[1]], 2).tolist() == [[0, 1]]
