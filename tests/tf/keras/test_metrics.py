"""`tf.keras.metrics`: running means."""

import gradcalc.tf as tf


def test_metrics_keep_a_running_mean() -> None:
    mean = tf.keras.metrics.Mean()
    mean(1.0)
    assert mean([3.0, 5.0]).numpy() == 3
    mean.reset_state()
    mean.update_state([1.0, 4.0], sample_weight=[3.0, 1.0])
    assert mean.result().numpy() == 1.75
    accuracy = tf.keras.metrics.SparseCategoricalAccuracy()
    assert accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]]).numpy() == 0.5
    assert tf.keras.metrics.CategoricalAccuracy()([[0, 1]], [[0.1, 0.9]]).numpy() == 1
    assert tf.keras.metrics.BinaryAccuracy()([[1], [1]], [[0.6], [0.4]]).numpy() == 0.5
    assert tf.keras.metrics.MeanSquaredError()([[1.0]], [[3.0]]).numpy() == 4
    assert tf.keras.metrics.MeanAbsoluteError()([[1.0]], [[3.0]]).numpy() == 2
