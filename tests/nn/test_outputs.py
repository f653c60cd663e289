"""Losses and metrics of several outputs: how they are given, named, weighed; errors. Numbers are those of tests/tf."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcalc.nn import losses, metrics, outputs
from gradcalc.tape import constant
from tests.nn.support import over, says

NAMES = ["price", "kind"]


def named(y_pred: Any) -> Any:
    return NAMES if isinstance(y_pred, list | tuple) else sorted(y_pred) if isinstance(y_pred, dict) else [None]


PRICE, KIND = constant([[1.0], [3.0]]), constant([[0.25], [0.75]])
LABELS = [np.array([[1.0], [1.0]]), np.array([[0.0], [1.0]])]
GIVEN = [
    ("mse", None, LABELS, 2 + 0.0625), ({"price": "mse"}, None, LABELS, 2), ({"price": "mse"}, None, [LABELS[0]], 2),
    (["mse", None], [0.5, 0.0], LABELS, 1), ({"kind": "mae", "price": "mse"}, {"kind": 4.0}, LABELS, 3),
    ([losses.MeanSquaredError(), lambda y, p: (y - p) * 2], None, dict(zip(NAMES, LABELS, strict=True)), 2 + 0.0),
]  # fmt: skip


def check_total(given: Any, weights: Any, labels: Any, total: float) -> None:
    loss = outputs.CompiledLoss(given, weights, named)
    assert loss(labels, [PRICE, KIND]).numpy() == pytest.approx(total)


test_a_loss_for_all_or_for_each_output_by_order_or_name = over(GIVEN, check_total)


def test_several_losses_have_running_means_that_weights_of_outputs_do_not_change() -> None:
    loss = outputs.CompiledLoss("mse", [0.0, 3.0], named)
    loss(LABELS, (PRICE, KIND))
    assert {mean.name: float(mean.result().numpy()) for mean in loss.means} == {"price_loss": 2, "kind_loss": 0.0625}
    assert outputs.CompiledLoss("mse", None, named)(LABELS[0], PRICE, np.array([0.0, 1.0])).numpy() == 2
    weighted = outputs.CompiledLoss("mse", None, named)(
        LABELS, [PRICE, KIND], {"price": np.array([0.0, 2.0]), "kind": None}
    )
    assert weighted.numpy() == pytest.approx(4.0625)


def test_metrics_are_named_after_outputs_numbered_and_weighed() -> None:
    found = outputs.CompiledMetrics({"price": ["mae", "mse", "mae"], "kind": "acc"}, {"price": "mae"}, named)
    assert found.metrics == [] and found.result() == {}
    found.update_state(LABELS, [PRICE, KIND], [np.array([0.0, 1.0]), None])
    assert {key: float(value.numpy()) for key, value in found.result().items()} == {
        "price_mae": 1, "price_mse": 2, "price_mae_1": 1, "price_weighted_mae": 2, "kind_acc": 1,
    }  # fmt: skip
    assert found.directions["kind_acc"] == "up" and found.directions["price_weighted_mae"] == "down"
    found.reset_state()
    assert all(value.numpy() == 0 for value in found.result().values())


SHAPES = [
    ((4, 1), (4, 1), metrics.BinaryAccuracy, "binary_crossentropy"), ((4,), (4, 3), metrics.SparseCategoricalAccuracy, "sparse_"),
    ((4, 1), (4, 3), metrics.SparseCategoricalAccuracy, "sparse_"), ((4, 3), (4, 3), metrics.CategoricalAccuracy, "categorical_"),
]  # fmt: skip


def check_shapes(labels: Any, predictions: Any, kind: type, loss: str) -> None:
    y, p = np.ones(labels, int), np.full(predictions, 0.5)
    assert type(outputs.as_metric("accuracy", y, p)) is kind
    found = outputs.as_loss("crossentropy", y, p)
    assert found.name == "crossentropy" and found.function.__name__.startswith(loss)  # type: ignore[attr-defined]


test_accuracy_and_crossentropy_are_what_the_shapes_ask_for = over(SHAPES, check_shapes)


def test_functions_and_objects_keep_their_names() -> None:
    def off(y_true: Any, y_pred: Any) -> Any:
        assert y_true.dtype == y_pred.dtype == "float32"
        return np.abs(y_true - y_pred)

    y, p = np.array([1, 2]), constant([1.5, 4.0], "float32")
    assert outputs.as_loss(off, y, p).name == outputs.as_metric(off, y, p).name == "off"
    assert outputs.as_loss(off, y, p)(y, p).numpy() == outputs.as_metric(off, y, p)(y, p).numpy() == 1.25
    mine = metrics.MeanSquaredError(name="mine")
    assert outputs.as_metric(mine, y, p) is mine and mine.name == "mine"
    assert outputs.as_metric(losses.Huber(), y, p).name == "huber_loss"
    assert outputs.as_loss("mse", y, p).name == "mse" and outputs.as_loss(losses.Huber, y, p).name == "huber_loss"
    assert outputs.as_loss(lambda a, b: 3.0, y, p)(y, p).numpy() == 3


def loss_of(given: Any, y: Any = LABELS, weights: Any = None, sample_weight: Any = None) -> Any:
    return outputs.CompiledLoss(given, weights, named)(y, [PRICE, KIND], sample_weight)


def metric_of(given: Any) -> Any:
    outputs.CompiledMetrics(given, None, named).update_state(LABELS, [PRICE, KIND])


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: loss_of("mes"), "Did you mean mse"), (lambda: loss_of(["mse"]), "`loss` has 1 entries for 2 outputs"),
    (lambda: loss_of({"prise": "mse"}), "did you mean 'price'.*outputs are .'price', 'kind'"), (lambda: loss_of("mse", None), "compares predictions with labels"),
    (lambda: loss_of("mse", {"price": 1}), "nothing for the outputs .'kind'"), (lambda: loss_of("mse", [1, 2, 3]), "`y` has 3 arrays for the 2 outputs"),
    (lambda: loss_of("mse", weights=[1, 2, 3]), "`loss_weights` has 3 entries"), (lambda: metric_of(["mae"]), "`metrics` has 1 entries for 2"),
    (lambda: metric_of({"kid": "mae"}), "'kid'"), (lambda: metric_of("mae"), "`metrics` is a list.*=.'mae'.$"),
    (lambda: metric_of(["acuracy", None]), "Did you mean accuracy"), (lambda: loss_of("mse", [np.ones((2, 5)), LABELS[1]], sample_weight=np.ones(3)), "labels of shape"),
]  # fmt: skip
test_errors_say_what_is_wrong = over(ERRORS, says)
