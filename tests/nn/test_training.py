"""compile, fit, evaluate, predict: what they do in which order; steps of one's own; errors. Numbers are those of tests/tf."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.nn.callbacks import Callback
from gradcalc.tape import GradientTape
from tests.nn.support import Net, over, ramp, says, wave

X = ramp(20, 3)
Y = X[:, :1] - X[:, 1:2]


def line(**layer: Any) -> nn.Sequential:
    """A model that is a line, with weights that are the same each time."""
    model = nn.Sequential([nn.Input((3,)), nn.Dense(1, **layer)])
    model.set_weights([wave(weight.shape) for weight in model.weights])
    return model


class Diary(Callback):
    """Writes down what it is told."""

    def __init__(self, stop_at: str = "") -> None:
        self.events: list[str] = []
        self.stop_at = stop_at

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("on_"):
            return super().__getattribute__(name)

        def note(*what: Any) -> None:
            number = f" {what[0]}" if what and isinstance(what[0], int) else ""
            self.events.append(f"{name[3:]}{number}")
            if self.events[-1] == self.stop_at:
                self.model.stop_training = True

        return note


def test_events_come_in_keras_order() -> None:
    diary, model = Diary(), line()
    model.compile("sgd", "mse")
    model.fit(X[:2], Y[:2], batch_size=1, verbose=0, validation_data=(X[:1], Y[:1]), callbacks=[diary])
    assert diary.events == [
        "train_begin", "epoch_begin 0", "train_batch_begin 0", "train_batch_end 0", "train_batch_begin 1",
        "train_batch_end 1", "test_begin", "test_batch_begin 0", "test_batch_end 0", "test_end", "epoch_end 0", "train_end",
    ]  # fmt: skip
    assert diary.params == {"verbose": 0, "epochs": 1, "steps": 2} and diary.model is model
    diary.events.clear()
    model.predict(X[:1], verbose=0, callbacks=diary)
    assert diary.events == ["predict_begin", "predict_batch_begin 0", "predict_batch_end 0", "predict_end"]


def test_training_stops_where_it_is_told() -> None:
    diary, model = Diary("train_batch_end 1"), line()
    model.compile("sgd", "mse")
    history = model.fit(X, Y, batch_size=5, epochs=9, verbose=0, callbacks=diary)
    assert history.epoch == [0] and "train_batch_begin 2" not in diary.events and model.history is history


def test_a_fit_is_the_loop_that_one_writes() -> None:
    one, other = line(kernel_regularizer="l2"), line(kernel_regularizer="l2")
    one.compile(nn.training.optimizers.Adam(0.1), "mse", metrics=["mae"])
    history = one.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0).history
    optimizer, loss, found = nn.training.optimizers.Adam(0.1), nn.MeanSquaredError(), []
    for _ in range(2):
        total = 0.0
        for start in range(0, 20, 8):
            with GradientTape() as tape:
                value = loss(Y[start : start + 8], other(X[start : start + 8], training=True)) + sum(other.losses)
            optimizer.apply(tape.gradient(value, other.trainable_weights), other.trainable_weights)
            total += float(value.numpy()) * len(X[start : start + 8])
        found.append(total / 20)
    assert all((a == b).all() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))
    assert history["loss"] == pytest.approx(found, rel=1e-6) and list(history) == ["loss", "mae"]


def test_shuffled_epochs_repeat_after_a_seed() -> None:
    found = []
    for seed in (1, 1, 2):
        nn.set_seed(seed)
        model = line()
        model.compile("adam", "mse")
        found.append(model.fit(X, Y, batch_size=3, epochs=2, verbose=0).history["loss"])
    assert found[0] == found[1] != found[2]


def test_evaluations_answer_in_a_list_or_by_name() -> None:
    model = line()
    model.compile("sgd", "mse", metrics=["mae"])
    loss, mae = model.evaluate(X, Y, batch_size=7, verbose=0)
    assert model.evaluate(X, Y, verbose=0, return_dict=True) == pytest.approx({"loss": loss, "mae": mae}, rel=1e-6)
    expected = X.astype("float32") @ wave((3, 1)) + wave((1,))
    np.testing.assert_allclose(model.predict(X, batch_size=7, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(X), expected, rtol=1e-5)
    assert loss == pytest.approx(np.mean((expected - Y) ** 2), rel=1e-5)
    assert model.test_on_batch(X, Y) == pytest.approx([loss, mae], rel=1e-6)
    assert model.train_on_batch(X, Y, return_dict=True) == pytest.approx({"loss": loss, "mae": mae}, rel=1e-6)
    assert model.test_on_batch(X, Y)[0] < loss
    model.compile("sgd", "mse")
    assert isinstance(model.evaluate(X, Y, verbose=0), float) and model.metrics_names == ["loss"]


def test_data_are_arrays_or_iterables_of_batches() -> None:
    found = []
    pairs = [(X[:10], Y[:10]), (X[10:], Y[10:])]

    class Pairs:
        def __iter__(self) -> Any:
            return iter(pairs)

    for data in ({"x": X, "y": Y, "batch_size": 10}, {"x": Pairs()}, {"x": iter(pairs * 3), "steps_per_epoch": 2}):
        model = line()
        model.compile("sgd", "mse")
        found.append(model.fit(**data, epochs=3, shuffle=False, verbose=0).history["loss"])
    assert found[0] == found[1] == found[2] and len(found[0]) == 3
    model = line()
    model.compile("sgd", "mse")
    assert model.predict(Pairs(), verbose=0).shape == (20, 1) and model.evaluate(Pairs(), verbose=0) > 0
    assert model.fit(X, Y, epochs=4, initial_epoch=2, validation_data=Pairs(), validation_freq=2, verbose=0).epoch == [
        2,
        3,
    ]
    assert len(model.history.history["val_loss"]) == 1 and len(model.history.history["loss"]) == 2


def test_outputs_of_any_structure_are_predicted() -> None:
    class Pair(nn.Model):
        def call(self, x: Any) -> Any:
            return {"first": x, "rest": [x * 2.0, np.sum(x, axis=-1)]}

    found = Pair().predict(X, batch_size=6, verbose=0)
    np.testing.assert_allclose(found["rest"][0], 2 * X, rtol=1e-6)
    assert found["first"].shape == (20, 3) and found["rest"][1].shape == (20,)


def test_losses_of_layers_are_trained_on_alone_too() -> None:
    class Penalized(nn.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = nn.Dense(1, use_bias=False)

        def call(self, x: Any) -> Any:
            y = self.dense(x)
            self.add_loss(np.mean(y**2))
            return y

    model = Penalized()
    model.compile("sgd")
    assert model.fit(X, epochs=3, verbose=0).history["loss"][-1] < np.inf
    assert model.evaluate(X, verbose=0) == pytest.approx(np.mean(model.predict(X, verbose=0) ** 2), rel=1e-6)


def test_a_compiled_model_is_copied_and_goes_on_alike() -> None:
    model = line()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, verbose=0, shuffle=False)
    twins = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for twin in (model, *twins):
        twin.fit(X, Y, verbose=0, shuffle=False)
    assert all(twin.history.history == model.history.history for twin in twins)
    assert (twins[0].get_weights()[0] == model.get_weights()[0]).all() and twins[0].weights[0] is not model.weights[0]


def test_what_is_not_trainable_stays() -> None:
    model = nn.Sequential([nn.Input((3,)), nn.Dense(2), nn.BatchNormalization(), nn.Dense(1)])
    model.layers[0].trainable = False
    before = model.get_weights()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    changed = [bool((a != b).any()) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed[:2] == [False, False] and all(changed[2:])
    moving = model.layers[1].get_weights()
    model.evaluate(X, Y, verbose=0)
    assert all((a == b).all() for a, b in zip(moving, model.layers[1].get_weights(), strict=True))


class Own(Net):
    """Steps and a loss of one's own, without `training`."""

    def __init__(self, answer: Any = None) -> None:
        super().__init__()
        self.answer = answer
        self.seen = [nn.metrics.Mean("seen")]

    def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        return np.mean((y - y_pred) ** 4)

    def train_step(self, data: Any) -> Any:
        logs = super().train_step(data)
        self.seen[0].update_state(1.0)
        return self.answer or {**logs, "extra": 7}


def test_a_subclass_may_say_what_a_step_is() -> None:
    model = Own()
    model.compile("sgd", "mae")
    history = model.fit(X, Y, batch_size=10, epochs=2, verbose=0).history
    assert history["extra"] == [7, 7] and history["seen"] == [1, 1] and len(model.metrics) == 2
    assert model.evaluate(X, Y, verbose=0, return_dict=True)["loss"] == pytest.approx(
        np.mean((Y - model.predict(X, verbose=0)) ** 4), rel=1e-4
    )


def compiled(**settings: Any) -> nn.Sequential:
    model = line()
    model.compile(**{"optimizer": "sgd", "loss": "mse"} | settings)
    return model


def own(answer: Any) -> Any:
    model = Own(answer)
    model.compile("sgd", "mse")
    return model


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: line().fit(X, Y), r"call `compile\(\)` before calling `fit\(\)`: model.compile\(optimizer="),
    (lambda: line().evaluate(X, Y), "evaluate"), (lambda: line().train_on_batch(X, Y), "train_on_batch"),
    (lambda: compiled(optimizer="adm"), "Did you mean adam"), (lambda: compiled(loss="mes"), "Did you mean mse"),
    (lambda: compiled(loss=None).fit(X, Y, verbose=0), "No loss to compute: give one"),
    (lambda: compiled().fit(X, np.ones((20, 2, 5)), verbose=0), r"given labels of shape \(20, 2, 5\), predictions of shape \(20, 1\)"),
    (lambda: compiled().fit(X[:, :2], Y, verbose=0), r"expected axis -1 of input shape to have value 3, but received .*\(20, 2\)"),
    (lambda: compiled().fit(iter([]), verbose=0), "no batches, or none that are left"), (lambda: compiled().predict(iter([])), "nothing to predict"),
    (lambda: own(3.0).fit(X, Y, verbose=0), "a step returns a dict of numbers"),
    (lambda: compiled().fit(X, Y, callbacks=[Callback], verbose=0), r"subclass of Callback, such as EarlyStopping\(patience=3\)"),
]  # fmt: skip
test_errors_say_what_is_wrong = over(ERRORS, says)
