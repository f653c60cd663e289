"""Metrics of losses, thresholds, classes and columns: Keras's numbers over two batches, and what is refused."""

from typing import Any

import numpy as np
import pytest

import gradcalc.nn.metrics as M
import gradcalc.nn.scores as K
from gradcalc.tape import constant

Y = np.array([[0, 1, 0], [1, 0, 1], [0, 0, 1], [1, 1, 0]])
S = 2.0 * Y - 1
P = np.abs(np.sin(np.arange(1.0, 13.0))).reshape(4, 3)
W = [0.5, 2.0, 1.0, 3.0]
C, D = np.array([1, 0, 2, 1]), np.array([1, 1, 2, 0])
ONE = np.eye(3)[C]
RANKS = np.array([[2, 1, 0], [1, 2, 0], [0, 2, 1], [0, 2, 1]])
KERAS: list[tuple[Any, ...]] = [  # by Keras 3.15.1, float32
    (lambda: M.Hinge(), S, P, W, [0.93435]),
    (lambda: M.SquaredHinge(), S, P, None, [1.548925]),
    (lambda: M.CategoricalHinge(), ONE, P, W, [1.035681]),
    (lambda: M.KLDivergence(), ONE, P, None, [0.2870344]),
    (lambda: M.Poisson(), Y, P, W, [0.9916273]),
    (lambda: M.MeanAbsolutePercentageError(), 1.0 + Y, P, W, [50.67226]),
    (lambda: M.MeanSquaredLogarithmicError(), Y, P, None, [0.1761056]),
    (lambda: M.LogCoshError(), Y, P, W, [0.1669561]),
    (lambda: M.CosineSimilarity(), Y, P, W, [0.6698775]),
    (lambda: M.CosineSimilarity(axis=0), Y, P, None, [0.6972839]),
    (lambda: M.PearsonCorrelation(), Y, P, W, [-0.2330914]),
    (lambda: K.TruePositives(), Y, P, W, [12.5]),
    (lambda: K.FalsePositives([0.1, 0.5, 0.9]), Y, P, None, [9, 7, 3]),
    (lambda: K.TrueNegatives(0.8), Y, P, W, [6.5]),
    (lambda: K.FalseNegatives([0.2, 0.6]), Y, P, W, [0, 9]),
    (lambda: K.SensitivityAtSpecificity(0.5), Y, P, None, [0.3333333]),
    (lambda: K.SensitivityAtSpecificity(0.9, class_id=1), Y, P, W, [0.6666667]),
    (lambda: K.SpecificityAtSensitivity(0.4, num_thresholds=7), Y, P, W, [0.1153846]),
    (lambda: K.PrecisionAtRecall(0.3), Y, P, None, [0.5333334]),
    (lambda: K.RecallAtPrecision(0.6), Y, P, None, [0.1111111]),
    (lambda: K.RecallAtPrecision(1.0, num_thresholds=1), Y, P, None, [0]),
    (lambda: K.IoU(3, [0, 2]), C, D, None, [0.25]),
    (lambda: K.IoU(3, [0], dtype="float32", ignore_class=2), C, D, W, [0]),
    (lambda: K.BinaryIoU(threshold=0.4), Y, P, None, [0.35]),
    (lambda: K.MeanIoU(4), C, D, None, [0.3333333]),
    (lambda: K.OneHotIoU(3, [1]), ONE, P, None, [0.4999999]),
    (lambda: K.OneHotMeanIoU(3, dtype="float32"), ONE, P, W, [0.1428571]),
    (lambda: K.FBetaScore(beta=2.0), ONE, P, None, [0, 0.8333334, 0]),
    (lambda: K.FBetaScore("micro", 0.5, 0.6), Y, P, W, [0.5248618]),
    (lambda: K.FBetaScore("weighted", threshold=0.4), Y, P, W, [0.7195258]),
    (lambda: K.F1Score(), Y, P, W, [0, 0.6, 0]),
    (lambda: K.F1Score("macro", 0.7), Y, P, None, [0.3333333]),
    (lambda: K.R2Score(), Y, P, W, [-0.6132396]),
    (lambda: K.R2Score(None, 2), Y, P, None, [-0.584532, -1.181371, -0.206131]),
    (lambda: K.R2Score("variance_weighted_average"), Y, P, W, [-0.6440006]),
    (lambda: M.AUC(curve="PRGAIN"), Y, P, W, [-0.111025]),
    (lambda: M.AUC(multi_label=True), Y, P, W, [0.4083334]),
    (lambda: M.AUC(9, "PR", multi_label=True, num_labels=3, label_weights=[1.0, 2.0, 4.0]), Y, P, None, [0.4892876]),
    (lambda: M.AUC(9, label_weights=[1.0, 2.0, 4.0]), Y, P, W, [0.3733583]),
    (lambda: M.Precision(0.3, class_id=1), Y, P, W, [0.4285714]),
    (lambda: M.Recall(top_k=2), Y, P, None, [0.6666667]),
    (lambda: M.Recall([0.2, 0.6]), Y, P, W, [1, 0.5135135]),
    (lambda: M.SparseCategoricalCrossentropy(ignore_class=1), C, P, W, [1.162216]),
    (lambda: M.SparseTopKCategoricalAccuracy(2, from_sorted_ids=True), C, RANKS, W, [0.5238096]),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:the weights are")
@pytest.mark.parametrize(("make", "labels", "predictions", "weights", "expected"), KERAS)
def test_results_over_two_batches_are_keras_s(
    make: Any, labels: Any, predictions: Any, weights: Any, expected: list[float]
) -> None:
    metric = make()
    for _ in range(2):
        metric.update_state(labels, predictions, sample_weight=weights)
        metric.update_state(labels[:2], predictions[1:3], sample_weight=None if weights is None else weights[2:])
        np.testing.assert_allclose(np.ravel(metric.result().numpy()), expected, rtol=2e-6, atol=1e-6)
        metric.reset_state()
    kind = type(metric)
    assert M.METRICS[kind.__name__] is kind
    assert kind.from_config(metric.get_config()).get_config() == metric.get_config()


REFUSED: list[tuple[Any, str]] = [
    (lambda: K.TruePositives([-1, 0.5, 2]), r"Threshold values must be in \[0, 1\]. Received: \[-1, 2\]"),
    (lambda: M.Precision([0.5, None]), r"Received: \[None\]"),
    (lambda: K.SensitivityAtSpecificity(1.5), "`specificity` must be in the range"),
    (lambda: K.RecallAtPrecision(0.5, num_thresholds=0), "`num_thresholds` must be an integer > 0"),
    (lambda: K.FBetaScore("mean"), "Invalid `average` argument value"),
    (lambda: K.FBetaScore(beta=1), "`beta` argument value. It should be a Python float"),
    (lambda: K.FBetaScore(beta=-1.0), "should be > 0"),
    (lambda: K.F1Score(threshold=1.5), "0 < threshold <= 1"),
    (lambda: K.F1Score()([1, 0], [0.5, 0.5]), "expects 2D inputs"),
    (lambda: K.R2Score("sum"), "`class_aggregation`"), (lambda: K.R2Score(num_regressors=-1), "num_regressors=-1"),
    (lambda: K.IoU(2, [0, 2]), "Target class id 2 is out of range"),
    (lambda: M.AUC(num_labels=3), "needed only when `multi_label` is True"),
    (lambda: M.AUC(multi_label=True)([1, 0], [0.5, 0.5]), "must have rank 2"),
    (lambda: M.Recall(class_id=0)([1, 0], [0.5, 0.5]), "y_pred must be a 2D array"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_what_does_not_fit_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_concordance_is_one_on_the_line_and_less_beside_it() -> None:
    y = np.array([[1.0, 2.0, 4.0]])
    assert M.ConcordanceCorrelation()(y, y).numpy() == pytest.approx(1, abs=1e-6)
    assert M.PearsonCorrelation()(y, 3 * y + 1).numpy() == pytest.approx(1, abs=1e-6)
    variance = 14 / 9
    expected = 2 * variance / (2 * variance + 1)
    assert M.concordance_correlation(y, y + 1).numpy() == pytest.approx(expected, abs=1e-6)


def test_the_variance_of_labels_far_from_zero_is_not_lost() -> None:
    labels = 1e9 + np.arange(6.0)[:, None]
    metric = K.R2Score()
    for part in (slice(3), slice(3, 6)):
        metric.update_state(labels[part], labels[part] + 0.5)
    assert metric.result().numpy() == pytest.approx(1 - 6 * 0.25 / 17.5, rel=1e-6)


def test_adjusted_scores_need_more_rows_than_regressors() -> None:
    for regressors, why in ((2, "Division by zero"), (5, "More independent predictors")):
        metric = K.R2Score(num_regressors=regressors)
        metric.update_state([[1.0], [2.0], [3.0]], [[1.0], [2.0], [2.5]])
        with pytest.warns(UserWarning, match=why):
            assert metric.result().numpy() == pytest.approx(0.875)


def test_counts_are_variables_and_float_weights_of_whole_counts_warn() -> None:
    precision = M.Precision()
    precision.update_state([0, 1, 1, 1], [0.9, 0.6, 0.2, 0.7], sample_weight=[1, 2, 3, 4])
    found = {v.name: float(v.numpy()[0]) for v in precision.variables}
    assert found == {"true_positives": 6, "false_positives": 1, "true_negatives": 0, "false_negatives": 3}
    mean = M.Mean()
    mean.update_state([1.0, 4.0], sample_weight=[3.0, 1.0])
    assert [v.numpy() for v in mean.variables] == [7, 4]
    with pytest.warns(UserWarning, match="float.*int.*casting"):
        K.MeanIoU(2)([0, 1], [0, 1], sample_weight=[0.5, 1.5])


def test_steps_that_are_masked_are_in_no_mean() -> None:
    p = constant(np.array([[0.5, 1.0, 7.0], [2.0, 9.0, 9.0]]))
    p._keras_mask = np.array([[True, True, False], [True, False, False]])
    error = M.MeanMetricWrapper(lambda y, p: abs(y - p))
    assert error(np.zeros((2, 3)), p).numpy() == pytest.approx(3.5 / 3)
    error.reset_state()
    assert error(np.zeros((2, 3)), p, sample_weight=[2.0, 1.0]).numpy() == pytest.approx((2 * 1.5 + 2) / 5)


def test_of_equal_predictions_the_first_are_the_largest() -> None:
    recall = M.Recall(top_k=1)
    assert recall([[0, 1, 1]], [[0.5, 0.5, 0.5]]).numpy() == 0
    assert recall([[1, 0, 0]], [[0.5, 0.5, 0.5]]).numpy() == pytest.approx(1 / 3)
