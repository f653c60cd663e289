"""Metrics: running means; those of one's own."""

import inspect
import pickle
from typing import Any

import numpy as np
import pytest

import gradcalc.nn.metrics as K
from gradcalc.nn import scores
from tests.nn.support import over, says


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


RANDOM = np.random.default_rng(0)
Y2 = (RANDOM.random(50) > 0.6).astype("float32")
P2 = np.clip(RANDOM.random(50) * 0.7 + 0.3 * Y2, 0, 1).astype("float32")
W2 = RANDOM.random(50).astype("float32")
P2[:5] = [0, 1, 0.5, 0.25, 0.75]
Y4 = RANDOM.integers(0, 4, 30)
P4 = RANDOM.random((30, 4)).astype("float32")
P4 /= P4.sum(1, keepdims=True)
OF4 = np.eye(4, dtype="float32")[Y4]
W4 = RANDOM.random(30).astype("float32")
# a metric, labels, predictions; the result of two batches without and with weights, by Keras 3.15.0
KERAS: list[tuple[Any, Any, Any, Any, Any]] = [
    (lambda: K.AUC(), Y2, P2, 0.7492, 0.74532),
    (lambda: K.AUC(curve="PR"), Y2, P2, 0.71042, 0.79537),
    (lambda: K.AUC(curve="PR", summation_method="minoring"), Y2, P2, 0.67606, 0.76795),
    (lambda: K.AUC(summation_method="majoring", num_thresholds=7), Y2, P2, 0.85256, 0.85667),
    (lambda: K.AUC(thresholds=[0.25, 0.5]), Y2, P2, 0.69872, 0.70273),
    (lambda: K.AUC(from_logits=True), Y2, 4 * P2 - 2, 0.74679, 0.7447),
    (lambda: K.Precision(), Y2, P2, 0.64286, 0.74627),
    (lambda: K.Recall(), Y2, P2, 0.75, 0.70983),
    (lambda: K.Precision(thresholds=[0.75, 0.25]), Y2, P2, [0.90909, 0.53488], [0.96376, 0.62155]),
    (lambda: K.Recall(thresholds=0.75), Y2, P2, 0.41667, 0.4114),
    (lambda: K.Precision(top_k=2), OF4, P4, 0.26667, 0.26133),
    (lambda: K.Recall(top_k=2, class_id=1), OF4, P4, 0.54545, 0.46639),
    (lambda: K.Precision(class_id=2), OF4, P4, 0.0, 0.0),
    (lambda: K.RootMeanSquaredError(), Y2, P2, 0.45366, 0.44653),
    (lambda: K.Accuracy(), Y2, np.round(P2), 0.68, 0.69086),
    (lambda: K.BinaryCrossentropy(label_smoothing=0.1), Y2[:, None], P2[:, None], 1.13354, 0.9594),
    (lambda: K.BinaryCrossentropy(from_logits=True), Y2[:, None], P2[:, None], 0.68839, 0.63817),
    (lambda: K.CategoricalCrossentropy(), OF4, P4, 1.45475, 1.41385),
    (lambda: K.SparseCategoricalCrossentropy(), Y4, P4, 1.45475, 1.41385),
    (lambda: K.SparseCategoricalCrossentropy(from_logits=True), Y4, P4, 1.38007, 1.36985),
    (lambda: K.TopKCategoricalAccuracy(k=2), OF4, P4, 0.53333, 0.52265),
    (lambda: K.SparseTopKCategoricalAccuracy(k=2), Y4, P4, 0.53333, 0.52265),
]  # fmt: skip


@pytest.mark.parametrize(("make", "labels", "predictions", "plain", "weighted"), KERAS)
def test_results_are_keras_s(make: Any, labels: Any, predictions: Any, plain: Any, weighted: Any) -> None:
    for weights, expected in ((None, plain), (W2 if len(labels) == 50 else W4, weighted)):
        metric = make()
        for _ in range(2):  # as at first, when it has forgotten
            for part in (slice(0, len(labels) // 2), slice(len(labels) // 2, None)):
                metric.update_state(labels[part], predictions[part], None if weights is None else weights[part])
            np.testing.assert_allclose(metric.result().numpy(), expected, atol=1.1e-5)
            metric.reset_state()
    assert isinstance(K.get(type(metric).__name__), K.Metric)


def test_a_sum_counts_by_weights() -> None:
    assert K.Sum()([1.0, 4.0], sample_weight=[3.0, 1.0]).numpy() == 7


def test_nothing_has_an_area_of_0() -> None:
    for metric in (K.AUC(), K.AUC(curve="PR"), K.Precision(), K.Recall()):
        assert metric.result().numpy() == 0
        metric.update_state([0, 0], [0.2, 0.9])
        assert metric.result().numpy() == 0


REFUSED: list[tuple[Any, str]] = [
    (lambda: K.Precision(thresholds=1.5), r"must be in \[0, 1\]"), (lambda: K.AUC(num_thresholds=1), "must be an integer > 1"),
    (lambda: K.AUC(curve="XY"), "Invalid AUC curve"), (lambda: K.AUC(summation_method="mean"), "Invalid AUC summation"),
    (lambda: K.AUC()([0, 1], [0.5, 2.0]), "must be from 0 to 1"), (lambda: K.Accuracy()([0, 1], [[1, 2]]), "do not fit"),
]  # fmt: skip

test_what_cannot_be_measured_is_refused = over(REFUSED, says)


def test_functions_say_a_number_for_each_row() -> None:
    """Keras 3.15.1's, of the same lists."""
    p = [[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]]
    assert K.binary_accuracy([[1.0], [0.0]], [[0.8], [0.6]], 0.7).numpy().tolist() == [[1], [1]]
    assert K.categorical_accuracy([[0, 1, 0], [0, 0, 1]], p).numpy().tolist() == [1, 0]
    assert K.sparse_categorical_accuracy([1, 2], p).numpy().tolist() == [1, 0]
    assert K.top_k_categorical_accuracy([[1, 0, 0], [0, 1, 0]], p, k=2).numpy().tolist() == [0, 1]
    assert K.sparse_top_k_categorical_accuracy([2, 2], p, 2).numpy().tolist() == [1, 0]


def test_a_class_of_a_row_shows_its_arguments_and_is_itself_when_pickled() -> None:
    assert str(inspect.signature(K.BinaryAccuracy)) == (
        "(name: str | None = 'binary_accuracy', dtype: Any = None, threshold: float = 0.5)"
    )
    assert "side of `threshold`" in (K.BinaryAccuracy.__doc__ or "")
    assert type(pickle.loads(pickle.dumps(K.Precision(0.3)))) is K.Precision
    with pytest.raises(TypeError, match=r"^IoU\(\) missing a required argument: 'target_class_ids'"):
        scores.IoU(2)  # type: ignore[call-arg]


def test_names_are_those_of_public_metrics() -> None:
    known = {kind.__name__ for kind in K.METRICS.values()}  # type: ignore[attr-defined]
    assert known == {*scores.__all__, *(name for name in K.__all__ if isinstance(getattr(K, name), type))} - {"Metric"}
    assert isinstance(K.get("auc"), K.AUC) and isinstance(K.get("KLD"), K.KLDivergence)
    with pytest.raises(ValueError, match="metric identifier: Thresholds"):
        K.get("Thresholds")


def test_variables_in_lists_and_dicts_and_of_metrics_inside_count() -> None:
    mean = K.Mean()
    mean.parts = [K.Mean(), {"sum": K.Sum()}]  # type: ignore[attr-defined]
    assert len(mean.variables) == 5
    mean.parts[0](3.0)  # type: ignore[attr-defined]
    mean.reset_state()
    assert mean.parts[0].result().numpy() == 0  # type: ignore[attr-defined]
