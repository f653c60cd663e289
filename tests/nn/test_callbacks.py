"""Callbacks: when each acts, what it writes and prints; errors. `History` and the numbers of rates are tested by tests/tf too."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.errors import FileError
from gradcalc.nn import callbacks
from gradcalc.nn.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from gradcalc.optimize import SGD
from tests.nn.support import over, says

FALLING = [1.0, 0.5, 0.4, 0.45, 0.41, 0.39, 0.6, 0.7, 0.8, 0.9]


class Script(nn.Model):
    """A model whose loss in each epoch, and whose weight, is written in a list."""

    def __init__(self, losses: list[float], name: str = "loss") -> None:
        super().__init__()
        self.script = iter(losses)
        self.number = nn.Dense(1, use_bias=False)
        self.number(np.ones((1, 1)))
        self.mean = nn.metrics.MeanSquaredError(name="squares")
        self.label = name
        self.built = True

    def train_step(self, data: Any) -> Any:
        value = next(self.script)
        self.number.set_weights([[[value]]])
        return {self.label: value}


def ran(losses: list[float], *told: Any, name: str = "loss", **settings: Any) -> Script:
    model = Script(losses, name)
    model.compile(SGD(1.0))
    model.fit(np.ones((1, 1)), epochs=len(losses), verbose=0, callbacks=list(told), **settings)
    return model


STOPS: list[tuple[dict[str, Any], int, float]] = [  # what Keras 3.15's callback does, told FALLING: epochs done, last weight
    ({}, 4, 0.45), ({"patience": 2}, 5, 0.41), ({"patience": 3}, 9, 0.8), ({"min_delta": 0.2}, 3, 0.4), ({"patience": 9}, 10, 0.9),
    ({"patience": 2, "restore_best_weights": True}, 5, 0.4), ({"patience": 9, "restore_best_weights": True}, 10, 0.39),
    ({"mode": "max"}, 2, 0.5), ({"baseline": 0.45, "patience": 2}, 5, 0.41), ({"baseline": 0.1, "patience": 3}, 4, 0.45),
    ({"start_from_epoch": 4}, 7, 0.6), ({"monitor": "loss", "mode": "min", "patience": 1}, 4, 0.45),
]  # fmt: skip


def check_stop(settings: dict[str, Any], epochs: int, weight: float) -> None:
    stop = EarlyStopping(**{"monitor": "loss"} | settings)
    model = ran(FALLING, stop)
    assert len(model.history.epoch) == epochs and model.get_weights()[0] == np.float32(weight)
    assert stop.stopped_epoch == (epochs - 1 if epochs < 10 else 0)


test_training_ends_when_patience_does = over(STOPS, check_stop)


def test_more_of_an_accuracy_is_better_and_what_is_unknown_is_asked_for() -> None:
    model = ran([0.5, 0.7, 0.6, 0.9], EarlyStopping("squares", restore_best_weights=True), name="squares")
    assert model.history.epoch == [0, 1] and model.get_weights()[0] == np.float32(0.5)  # an error: less is better
    model.mean._direction = "up"  # type: ignore[misc]
    assert EarlyStopping("squares")._better(0.5, None) is not False
    ran([0.5, 0.7, 0.6], EarlyStopping("val_price_loss", start_from_epoch=9), name="val_price_loss")
    with pytest.raises(ValueError, match="whether more or less of strange is better: pass mode='max'"):
        ran([1.0, 2.0], EarlyStopping("strange"), name="strange")


def test_a_name_that_is_not_there_is_told_with_the_one_that_is() -> None:
    with pytest.warns(
        UserWarning, match="'val_lss', which is not available: did you mean 'val_loss'.*There are val_loss"
    ):
        ran([1.0], EarlyStopping("val_lss"), name="val_loss")
    with pytest.warns(UserWarning, match="mode 'least' is unknown"):
        EarlyStopping(mode="least")


def test_what_ends_the_training_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    ran([1.0, 2.0, 3.0], EarlyStopping("loss", verbose=1, restore_best_weights=True))
    ran([1.0, np.nan, 3.0], callbacks.TerminateOnNaN())
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 2: early stopping", "Restoring model weights from the end of the best epoch: 1.",
        "Batch 0: Invalid loss, terminating training",
    ]  # fmt: skip
    with pytest.raises(RuntimeError, match="loss encountered at batch 0. Loss value: inf"):
        ran([np.inf], callbacks.TerminateOnNaN(raise_error=True))


def test_the_rate_falls_on_a_plateau_or_as_scheduled(capsys: pytest.CaptureFixture[str]) -> None:
    losses = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5]
    found = ran(losses, ReduceLROnPlateau("loss", factor=0.5, patience=2, min_lr=0.2, verbose=1)).history.history
    assert found["learning_rate"] == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]
    found = ran(losses, ReduceLROnPlateau("loss", factor=0.5, patience=1, cooldown=2, min_lr=0.4)).history.history
    assert found["learning_rate"] == pytest.approx([1, 1, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4], rel=1e-6)
    schedule = callbacks.LearningRateScheduler(lambda epoch: 1 / (epoch + 1), verbose=1)
    assert ran([1.0] * 3, schedule).history.history["learning_rate"] == pytest.approx([1, 1 / 2, 1 / 3])
    out = capsys.readouterr().out
    assert "Epoch 3: ReduceLROnPlateau reducing learning rate to 0.5.\n" in out
    assert "\nEpoch 2: LearningRateScheduler setting learning rate to 0.5.\n" in out


def test_weights_of_the_best_epoch_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran(FALLING, ModelCheckpoint(tmp_path / "b" / "best.npz", "loss", 1, save_best_only=True, save_weights_only=True))
    with np.load(tmp_path / "b" / "best.npz") as file:
        assert file["number/kernel"] == np.float32(0.39)
    out = capsys.readouterr().out
    assert "\nEpoch 1: loss improved from None to 1.00000, saving model to " in out
    assert "\nEpoch 4: loss did not improve from 0.40000\n" in out and out.count("improved") == 4
    ran([3.0, 2.0], ModelCheckpoint(str(tmp_path / "{epoch:02d}-{loss:.1f}.npz"), save_weights_only=True))
    assert sorted(path.name for path in tmp_path.glob("*.npz")) == ["01-3.0.npz", "02-2.0.npz"]
    threshold = ModelCheckpoint(tmp_path / "never.npz", "loss", 0, True, True, initial_value_threshold=0.1)
    ran(FALLING, threshold)
    assert not (tmp_path / "never.npz").exists() and threshold.best == 0.1


def test_weights_are_kept_after_so_many_batches(tmp_path: Path) -> None:
    model = nn.Sequential([nn.Input((1,)), nn.Dense(1)])
    model.compile("sgd", "mse")
    each = ModelCheckpoint(tmp_path / "{epoch}-{batch}.npz", save_weights_only=True, save_freq=3)
    model.fit(np.ones((4, 1)), np.ones(4), batch_size=1, epochs=2, verbose=0, callbacks=[each])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-3.npz", "2-2.npz"]


def test_whole_models_are_kept(tmp_path: Path) -> None:
    model = nn.Sequential([nn.Input((1,)), nn.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 1)), np.ones(4), epochs=2, verbose=0, callbacks=[ModelCheckpoint(tmp_path / "{epoch}.keras")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.keras", "2.keras"]
    again = nn.load_model(tmp_path / "2.keras")
    assert again.get_weights()[0].tolist() == model.get_weights()[0].tolist() and again.compiled


@pytest.mark.parametrize("broken", [False, True])
def test_a_training_that_broke_off_goes_on(tmp_path: Path, broken: bool) -> None:
    """Where its folder says, or, where the last state cannot be read, the one before; then the folder goes."""

    def stop(epoch: int, logs: Any) -> None:
        if epoch == 2:
            raise RuntimeError("power")

    x = np.linspace(-1, 1, 8)[:, None]
    model = nn.Sequential([nn.Input((1,)), nn.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    keep = callbacks.BackupAndRestore(tmp_path / "kept", double_checkpoint=True)
    seen: list[Any] = []
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(model.get_weights()[0].item()))
    with pytest.raises(RuntimeError, match="power"):
        model.fit(x, -x, epochs=5, verbose=0, callbacks=[watch, keep, callbacks.LambdaCallback(on_epoch_end=stop)])
    if broken:
        (tmp_path / "kept" / "latest.weights.h5").write_text("0")
    model.set_weights([np.ones((1, 1)), np.zeros(1)])
    history = model.fit(x, -x, epochs=5, verbose=0, callbacks=[watch, keep])
    assert history.epoch == ([2, 3, 4] if broken else [3, 4])
    assert seen == sorted(set(seen), reverse=True) or broken and seen[3] == seen[2]
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("each", [False, True])
def test_means_of_weights_are_there_for_evaluation(each: bool) -> None:
    x = np.linspace(-1, 1, 8)[:, None]
    model = nn.Sequential([nn.Input((1,)), nn.Dense(1, use_bias=False, kernel_initializer="ones")])
    optimizer = SGD(0.5, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer, "mse")
    seen: list[float] = []
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(model.get_weights()[0].item()))
    swap = callbacks.SwapEMAWeights(each)
    model.fit(x, 0 * x, epochs=3, verbose=0, callbacks=[swap, watch], batch_size=8)
    shrunk, spread = 1.0, float(np.mean(x**2))
    weights, means = [1.0], []
    for _ in range(3):
        shrunk *= 1 - spread
        weights.append(shrunk)
        means.append(shrunk if not means else (means[-1] + shrunk) / 2)
    assert seen == pytest.approx(means if each else weights[1:], rel=1e-6)
    assert model.get_weights()[0].item() == pytest.approx(means[-1], rel=1e-6)
    model.evaluate(x, 0 * x, verbose=0, callbacks=[callbacks.SwapEMAWeights()])
    assert model.get_weights()[0].item() == pytest.approx(means[-1], rel=1e-6)


def test_rows_of_a_file_are_epochs(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    ran([1.0, 2.0], callbacks.CSVLogger(path))
    assert path.read_bytes() == b"epoch,loss,val_loss\r\n0,1.0,NA\r\n1,2.0,NA\r\n"
    ran([3.0], callbacks.CSVLogger(path, append=True), name="val_loss")
    assert path.read_text().splitlines()[-1] == "0,3.0"
    ran([4.0], callbacks.CSVLogger(str(path), separator=";"), name="val_loss")
    assert path.read_text().splitlines() == ["epoch;val_loss", "0;4.0"]
    with pytest.raises(FileError, match="cannot write"):
        ran([1.0], callbacks.CSVLogger(tmp_path / "missing" / "log.csv"))


def test_functions_are_callbacks_and_history_forgets_no_training() -> None:
    seen: list[Any] = []
    told = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, logs["loss"])), on_test_end=seen.append
    )
    model = ran([1.0, 2.0], told)
    assert seen == [(0, 1), (1, 2)]
    history = pickle.loads(pickle.dumps(model.history))
    assert history.history == {"loss": [1, 2]} and history.epoch == [0, 1]


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: ModelCheckpoint("best.npz"), r"with save_weights_only=False the filepath must end in .keras. Received: best.npz"),
    (lambda: ModelCheckpoint("best.txt", save_weights_only=True), "must end in .weights.h5 or .npz"),
    (lambda: callbacks.BackupAndRestore(""), "Empty `backup_dir` argument passed"),
    (lambda: callbacks.BackupAndRestore("here", "batch"), "Received: save_freq=batch. Expected either 'epoch' or an integer"),
    (lambda: ran([1.0], callbacks.SwapEMAWeights(True)), "`use_ema=True` is set on the optimizer"),
    (lambda: ModelCheckpoint("a.npz", save_weights_only=True, save_freq="day"), "Unrecognized save_freq: day"),
    (lambda: ReduceLROnPlateau(factor=1.0), "does not support a factor >= 1.0"),
    (lambda: ran([1.0], callbacks.LearningRateScheduler(lambda epoch: "fast")), "should be a float. Got: fast"),  # type: ignore[arg-type, return-value]
    (lambda: callbacks.LambdaCallback(on_epoch_ends=print), "no event 'on_epoch_ends': did you mean 'on_epoch_end'"),
]  # fmt: skip
test_errors_say_what_is_wrong = over(ERRORS, says)


def test_a_place_in_a_name_that_no_log_has_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="Failed to format this callback filepath.*val_loss"):
        ran([1.0], ModelCheckpoint(tmp_path / "{val_loss}.npz", save_weights_only=True))


def test_callbacks_are_always_given_logs() -> None:
    seen: list[tuple[Any, ...]] = []
    told = callbacks.LambdaCallback(
        on_train_begin=lambda logs: seen.append(("begin", logs)),
        on_epoch_begin=lambda epoch, logs: seen.append((epoch, logs)),
        on_train_batch_begin=lambda batch, logs: seen.append((batch, logs)),
        on_test_begin=lambda logs: seen.append(("test", logs)),
        of_mine=7,
    )
    model = nn.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse")
    model.fit([[1.0]], [[1.0]], verbose=0, callbacks=[told])
    model.evaluate([[1.0]], [[1.0]], verbose=0, callbacks=[told])
    assert seen == [("begin", {}), (0, {}), (0, {}), ("test", {})] and told.of_mine == 7
    assert model.optimizer.learning_rate.value == model.optimizer.learning_rate.numpy()
