"""`tf.keras.metrics`: running means."""

import numpy as np
import pytest

import gradcalc.tf as tf
from tests.tf.results import over

K = tf.keras.metrics


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


ROWS = [[1.0, 3.0], [5.0, 7.0]]
CUBE = np.arange(8.0).reshape(2, 2, 2)
WEIGHTED = [
    (K.Mean, (ROWS,), [1.0, 0.0], 2), (K.Mean, (ROWS,), [[1.0, 0.0], [0.0, 2.0]], 5), (K.Mean, (ROWS,), [[1.0], [0.0]], 2),
    (K.Mean, (ROWS,), 2.0, 4), (K.Mean, ([1.0, 3.0],), [[1.0], [0.0]], 1), (K.Mean, ([[1.0], [3.0]],), [1.0, 0.0], 1),
    (K.Mean, (5.0,), 2.0, 5), (K.Mean, (CUBE,), [1.0, 0.0], 1.5), (K.Mean, (CUBE,), [[1.0, 0.0], [0.0, 1.0]], 3.5),
    (K.BinaryAccuracy, ([[1], [0], [1]], [[0.9], [0.9], [0.3]]), [[1.0], [0.0], [1.0]], 0.5),
    (K.BinaryAccuracy, ([[1], [0], [1]], [[0.9], [0.9], [0.3]]), [1.0, 0.0, 1.0], 0.5),
    (K.BinaryAccuracy, ([1, 0, 1], [0.9, 0.9, 0.3]), [1.0, 0.0, 1.0], 0.5),
    (K.BinaryAccuracy, ([[1, 0], [1, 1]], [[0.9, 0.9], [0.3, 0.9]]), [1.0, 0.0], 0.5),
    (K.MeanAbsoluteError, ([[1.0], [0.0], [1.0]], [[0.9], [0.9], [0.3]]), [[1.0], [0.0], [1.0]], 0.4),
    (K.MeanAbsoluteError, ([[1.0], [0.0], [1.0]], [[0.9], [0.9], [0.3]]), [1.0, 0.0, 1.0], 0.4),
    (K.MeanSquaredError, ([[1.0, 2.0], [0.0, 3.0]], [[0.9, 1.0], [0.9, 2.0]]), [1.0, 0.0], 0.505),
    (K.MeanSquaredError, ([1.0, 2.0], [[0.9], [0.9]]), None, 0.61), (K.MeanSquaredError, ([[1.0], [2.0]], [0.9, 0.9]), None, 0.61),
    (K.CategoricalAccuracy, ([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]), [3.0, 1.0], 0.75),
    (K.SparseCategoricalAccuracy, ([1, 0], [[0.1, 0.9], [0.2, 0.8]]), [3.0, 1.0], 0.75),
    (K.SparseCategoricalAccuracy, ([[1], [0]], [[0.1, 0.9], [0.2, 0.8]]), [[3.0], [1.0]], 0.75),
]  # fmt: skip


def check_weighted(kind: type, values: tuple[object, ...], weight: object, expected: float) -> None:
    metric = kind()
    assert metric(*values, sample_weight=weight).numpy() == pytest.approx(expected, rel=1e-6)
    assert metric.result().dtype == "float32"


test_weights_count_rows = over(WEIGHTED, check_weighted)


def test_weights_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        K.Mean()(ROWS, sample_weight=[1.0, 2.0, 3.0])
