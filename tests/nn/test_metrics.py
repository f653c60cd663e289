"""Metrics: running means; those of one's own."""

import numpy as np
import pytest

import gradcalc.nn.metrics as K
from tests.nn.support import over


def test_metrics_keep_a_running_mean() -> None:
    mean = K.Mean()
    mean(1.0)
    assert mean([3.0, 5.0]).numpy() == 3
    mean.reset_state()
    mean.update_state([1.0, 4.0], sample_weight=[3.0, 1.0])
    assert mean.result().numpy() == 1.75
    accuracy = K.SparseCategoricalAccuracy()
    assert accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]]).numpy() == 0.5
    assert K.CategoricalAccuracy()([[0, 1]], [[0.1, 0.9]]).numpy() == 1
    assert K.BinaryAccuracy()([[1], [1]], [[0.6], [0.4]]).numpy() == 0.5
    assert K.MeanSquaredError()([[1.0]], [[3.0]]).numpy() == 4
    assert K.MeanAbsoluteError()([[1.0]], [[3.0]]).numpy() == 2


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


class Largest(K.Metric):
    """The largest prediction so far, and how many there were."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        self.most, self.seen = self.add_weight(name="most"), self.add_weight((2,), "ones", name="seen")

    def update_state(self, y_true: object, y_pred: object, sample_weight: object = None) -> None:
        self.most.assign(max(self.most.numpy(), np.max(y_pred)))
        self.seen.assign_add([1.0, 2.0])

    def result(self) -> object:
        return self.most * 1.0


def test_a_metric_of_ones_own_keeps_variables_that_are_reset() -> None:
    metric = Largest()
    assert metric.name == "largest" and [v.name for v in metric.variables] == ["most", "seen"]
    assert metric([0.0], [3.0]).numpy() == 3 and metric([0.0], [1.0]).numpy() == 3
    assert metric.seen.numpy().tolist() == [3, 5] and not metric.seen.trainable
    metric.reset_state()
    assert metric.result().numpy() == 0 and metric.seen.numpy().tolist() == [0, 0]


def test_a_function_is_a_metric_and_names_are_those_of_classes() -> None:
    def off(y_true: object, y_pred: object, by: float = 1.0) -> object:
        return np.abs(y_true - y_pred) * by  # type: ignore[operator]

    metric = K.MeanMetricWrapper(off, by=2.0)
    assert metric([1, 2], [2.0, 4.0]).numpy() == 3 and metric.name == "off"
    assert metric([[1], [2]], [[1.0], [2.0]], sample_weight=[1.0, 0.0]).numpy() == 2
    assert isinstance(K.get("mse"), K.MeanSquaredError) and K.get("BinaryAccuracy").name == "binary_accuracy"
    assert K.get(off) is off
    with pytest.raises(
        ValueError, match=r"interpret metric identifier: binary_acuracy. Did you mean binary_accuracy\?"
    ):
        K.get("binary_acuracy")
    for unfinished in (K.Metric().update_state, K.Metric().result):
        with pytest.raises(NotImplementedError, match="Metric must define"):
            unfinished()
