"""Callbacks, as Keras 3 has them: what is done besides training, after each epoch or batch. Imports files and NumPy.

`Model.fit` tells each of them by name what happens: `on_epoch_end(epoch, logs)`. What it prints itself is a callback
too, in `progress`. Names, defaults and meaning are those of Keras's documentation.
"""

import csv
import json
import math
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gradcalc.errors import FileError, did_you_mean
from gradcalc.files import writing
from gradcalc.tape import nest

__all__ = [
    "BackupAndRestore", "CSVLogger", "Callback", "EarlyStopping", "History", "LambdaCallback", "LearningRateScheduler",
    "ModelCheckpoint", "ReduceLROnPlateau", "SwapEMAWeights", "TerminateOnNaN",
]  # fmt: skip

Logs = dict[str, Any]


class Callback:
    """Base of the callbacks: a subclass gives the methods for what it waits for; `model` is what trains.

    `params` has `verbose`, `epochs` and `steps`; setting `model.stop_training` ends the training.
    """

    model: Any = None

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}

    def set_params(self, params: dict[str, Any]) -> None:
        """Keep what `fit` was asked for."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Keep the model."""
        self.model = model

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """All begins, or ends, of training, evaluation or prediction: nothing, unless a subclass says what."""

    on_train_end = on_test_begin = on_test_end = on_predict_begin = on_predict_end = on_train_begin

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch, from 0, begins, or ends with `logs`: losses and metrics, those of validation as `val_...`."""

    on_epoch_end = on_epoch_begin

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A batch, from 0, begins, or ends with `logs`: losses and metrics of the epoch so far."""

    on_batch_end = on_test_batch_begin = on_test_batch_end = on_batch_begin
    on_predict_batch_begin = on_predict_batch_end = on_batch_begin

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of training begins."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of training ends."""
        self.on_batch_end(batch, logs)


class Callbacks:
    """All callbacks of one call of `fit`, `evaluate` or `predict`, told in their order."""

    def __init__(self, given: Any, last: list[Callback], model: Any, **params: Any) -> None:
        self._all: list[Any] = [*(each for each in nest.flatten(given) if each is not None), *last]
        for callback in self._all:
            if isinstance(callback, type) or not hasattr(callback, "set_model"):
                raise ValueError(
                    f"`callbacks` are objects of a subclass of Callback, such as EarlyStopping(patience=3). "
                    f"Received: {callback}"
                )
            callback.set_params(params)
            callback.set_model(model)

    def tell(self, event: str, *what: Any) -> None:
        """Let each do what it does then: told the number of the epoch or batch, if any, and always the logs."""
        if len(what) < (2 if "epoch" in event or "batch" in event else 1):
            what = (*what, {})
        for callback in self._all:
            getattr(callback, event)(*what)


class History(Callback):
    """What `fit` returns: `history`, a list of a number for each epoch under each name, and `epoch`, their numbers."""

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin to count."""
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keep the numbers of an epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "model"}


class _Monitor(Callback):
    """Waits for a number of the logs to become better: less, or more, by more than `min_delta`."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0, best: float | None = None) -> None:
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"{type(self).__name__} mode '{mode}' is unknown, fallback to auto mode.", stacklevel=3)
            mode = "auto"
        self.monitor, self.mode, self.min_delta, self.best = monitor, mode, abs(min_delta), best

    def _better(self, value: float, than: float | None) -> bool:
        """Whether a value is better than another; any is better than none."""
        if than is None:
            return True
        return value - self.min_delta > than if self._rises() else value + self.min_delta < than

    def _rises(self) -> bool:
        """Whether more is better."""
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        known: dict[str, str | None] = {}
        for metric in getattr(self.model, "metrics", ()):
            known |= getattr(metric, "directions", {metric.name: metric._direction})
        direction = "down" if name == "loss" or name.endswith("_loss") else known.get(name)
        if direction is None:
            raise ValueError(
                f"{type(self).__name__} cannot tell whether more or less of {self.monitor} is better: "
                "pass mode='max' or mode='min'"
            )
        return direction == "up"

    def _found(self, logs: Logs | None, use: str) -> Any:
        """The number in the logs; None, with a warning, where it is not there."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            near = did_you_mean(self.monitor, logs or {})
            meant = f"did you mean {near!r}? " if near else ""
            warnings.warn(
                f"{use} {self.monitor!r}, which is not available: {meant}There are {', '.join(logs or {})}.",
                stacklevel=4,
            )
        return value


class EarlyStopping(_Monitor):
    """Ends the training when a number has not become better, by `min_delta`, for `patience` epochs.

    `mode` says whether `"min"` or `"max"` is better; `"auto"` asks the metric. What is best must reach the `baseline`;
    epochs count from `start_from_epoch` on. `restore_best_weights` leaves the model with the weights of its best epoch,
    not of its last; `verbose=1` says when it ends.
    """

    def __init__(
        self, monitor: str = "val_loss", min_delta: float = 0, patience: int = 0, verbose: int = 0, mode: str = "auto",
        baseline: float | None = None, restore_best_weights: bool = False, start_from_epoch: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(monitor, mode, min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin anew: one object may serve several trainings."""
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare, and end the training where patience is at an end."""
        value = self._found(logs, "Early stopping waits for")
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._better(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch, self.model.stop_training = epoch, True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Put the best weights back."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class _Saving(Callback):
    """Writes at the end of each epoch, or after so many batches."""

    save_freq: str | int
    _epoch = _seen = _current_epoch = _last_batch_seen = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Keep the number of the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Write, where batches are counted."""
        if self.save_freq != "epoch":
            self._seen, self._last_batch_seen = self._seen + 1, batch
            if self._seen >= int(self.save_freq):
                self._seen = 0
                self._save({"batch": batch + 1} | (logs or {}))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write, where epochs are counted."""
        self._current_epoch, self._last_batch_seen = epoch + 1, 0
        if self.save_freq == "epoch":
            self._save(logs or {})

    def _save(self, logs: Logs) -> None:
        raise NotImplementedError


class ModelCheckpoint(_Saving, _Monitor):
    """Writes the model to a file after each epoch, or `save_freq` batches, or after those that were the best so far.

    Args:
        filepath: ends in `.keras`, of weights alone in `.weights.h5` or `.npz`; may name `epoch`, from 1, and logs:
            `{epoch:02d}-{val_loss:.2f}.npz`.
        monitor, mode: the number that says which epoch is the best; as of `EarlyStopping`.
        verbose: 1 says what is written.
        save_best_only: write only what is better than all before, at first than `initial_value_threshold`.
        save_weights_only: write the weights, not the whole model.
    """

    def __init__(
        self, filepath: Any, monitor: str = "val_loss", verbose: int = 0, save_best_only: bool = False,
        save_weights_only: bool = False, mode: str = "auto", save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(monitor, mode, best=initial_value_threshold)
        self.filepath, self.verbose, self.save_freq = os.fspath(filepath), verbose, save_freq
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        endings = (".weights.h5", ".npz") if save_weights_only else (".keras",)
        if not self.filepath.endswith(endings):
            what = f"save_weights_only={save_weights_only}"
            raise ValueError(f"with {what} the filepath must end in {' or '.join(endings)}. Received: {filepath}")
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"Unrecognized save_freq: {save_freq}. Expected 'epoch' or a number of batches")

    def _save(self, logs: Logs) -> None:
        try:
            path = self.filepath.format(**{"epoch": self._epoch + 1} | logs)
        except (KeyError, IndexError) as error:
            raise KeyError(f'Failed to format this callback filepath: "{self.filepath}". Reason: {error}') from None
        if self._is_wanted(path, logs):
            with writing(path):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            write = self.model.save_weights if self.save_weights_only else self.model.save
            write(path)

    def _is_wanted(self, path: str, logs: Logs) -> bool:
        """Whether this epoch is to be kept; says so."""
        value = self._found(logs, "Only the best is kept, by") if self.save_best_only else None
        kept = value is None or self._better(value, self.best)
        if self.verbose > 0:
            before = "None" if self.best is None else f"{self.best:.5f}"
            how = "" if value is None else f"{self.monitor} improved from {before} to {value:.5f}, "
            what = f"{how}saving model to {path}" if kept else f"{self.monitor} did not improve from {before}"
            print(f"\nEpoch {self._epoch + 1}: {what}")
        if kept and value is not None:
            self.best = value
        return kept


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch: `schedule(epoch, rate)` gives the next from the present one."""

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set it."""
        try:
            rate = self.schedule(epoch, float(self.model.optimizer.learning_rate))
        except TypeError:  # a schedule of the epoch alone
            rate = self.schedule(epoch)
        if not isinstance(rate, float | np.floating):
            raise ValueError(f"The output of the `schedule` function should be a float. Got: {rate}")
        self.model.optimizer.learning_rate = rate
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Put it into the logs."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class ReduceLROnPlateau(_Monitor):
    """Multiplies the learning rate by `factor` when a number has not become better for `patience` epochs.

    Down to `min_lr`; the `cooldown` epochs after that are not counted. Others as of `EarlyStopping`.
    """

    def __init__(
        self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, verbose: int = 0, mode: str = "auto",
        min_delta: float = 1e-4, cooldown: int = 0, min_lr: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(monitor, mode, min_delta)
        if factor >= 1:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}")
        self.factor, self.min_lr, self.patience = factor, min_lr, patience
        self.verbose, self.cooldown = verbose, cooldown
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin anew."""
        self.wait = self.cooldown_counter = 0
        self.best = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare, and make the rate smaller where patience is at an end."""
        optimizer = self.model.optimizer
        if logs is not None:
            logs["learning_rate"] = float(optimizer.learning_rate)
        value = self._found(logs, "The learning rate waits for")
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter, self.wait = self.cooldown_counter - 1, 0
        if self._better(value, self.best):
            self.best, self.wait = value, 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            rate = float(optimizer.learning_rate)
            if self.wait >= self.patience and rate > np.float32(self.min_lr):
                optimizer.learning_rate = max(rate * self.factor, self.min_lr)
                self.cooldown_counter, self.wait = self.cooldown, 0
                if self.verbose > 0:
                    now = float(optimizer.learning_rate)
                    print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {now}.")


class BackupAndRestore(_Saving):
    """Keeps the weights and the number of the epoch in a folder, so that a training that broke off goes on there.

    The folder is of this training alone, and goes when that is done, unless `delete_checkpoint` is false. `save_freq`
    is `"epoch"`, or after how many batches; with `double_checkpoint` the one before is kept as well, for where it
    cannot be read.
    """

    def __init__(
        self, backup_dir: Any, save_freq: str | int = "epoch", double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:  # fmt: skip
        self.backup_dir, self.save_freq = backup_dir, save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(
                f"Invalid value for argument `save_freq`. Received: save_freq={save_freq}. Expected either 'epoch' or "
                "an integer value."
            )
        self._weights_path = os.path.join(backup_dir, "latest.weights.h5")
        self._training_metadata_path = os.path.join(backup_dir, "training_metadata.json")
        self._paths = (self._weights_path, self._training_metadata_path)
        self._prev_weights_path, self._prev_training_metadata_path = (f"{path}.bkp" for path in self._paths)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Go on where the state says; where it cannot be read, where the one before does."""
        try:
            self._restore()
        except (OSError, FileError):
            if not os.path.exists(self._prev_weights_path):
                raise
            for path in self._paths:
                shutil.copy(f"{path}.bkp", path)
            self._restore()

    def _restore(self) -> None:
        model = self.model
        if not model.built:
            raise ValueError(
                "To use the BackupAndRestore callback, you model must be built before you call `fit()`. Model "
                f"{model} is unbuilt. You can build it beforehand by calling it on a batch of data."
            )
        if os.path.exists(self._weights_path):
            model.optimizer.build(model.trainable_variables)
            model.load_weights(self._weights_path)
        if os.path.exists(self._training_metadata_path):
            model._initial_epoch = json.loads(Path(self._training_metadata_path).read_text(encoding="utf-8"))["epoch"]

    def _save(self, logs: Logs) -> None:
        with writing(self.backup_dir):
            os.makedirs(self.backup_dir, exist_ok=True)
            for path in self._paths:
                if self.double_checkpoint and os.path.exists(path):
                    shutil.copy(path, f"{path}.bkp")
            self.model.save_weights(self._weights_path)
            state = {"epoch": self._current_epoch, "batch": self._last_batch_seen}
            Path(self._training_metadata_path).write_text(json.dumps(state), encoding="utf-8")

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Remove the folder."""
        if self.delete_checkpoint and os.path.exists(self.backup_dir):
            shutil.rmtree(self.backup_dir)


class SwapEMAWeights(Callback):
    """Puts the running means of `use_ema` into the place of the weights for evaluation and prediction.

    With `swap_on_epoch` from the end of an epoch to the beginning of the next, so that other callbacks see them.
    """

    _swapped = False

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = swap_on_epoch

    @property
    def _optimizer(self) -> Any:
        return getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)

    def _pairs(self) -> Any:
        """The weights, each with its mean."""
        return zip(self._optimizer._places, self._optimizer._model_variables_moving_average, strict=True)

    def _swap(self, to_means: bool) -> None:
        if not self._optimizer.use_ema:
            raise ValueError(
                "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer. Received: "
                f"use_ema={self._optimizer.use_ema}"
            )
        for place, mean in self._pairs() if self._swapped != to_means else ():
            value = np.array(place.array)
            place.assign(mean.array)
            mean.assign(value)
        self._swapped = to_means

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the weights back."""
        if self.swap_on_epoch and self._swapped:
            self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the means there; after the last epoch they are what the training ends with."""
        if self.swap_on_epoch:
            self._swap(True)
            for place, mean in self._pairs() if epoch == self.params["epochs"] - 1 else ():
                mean.assign(place.array)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Put the means there."""
        self._swap(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Put the weights back."""
        self._swap(False)

    on_predict_begin, on_predict_end = on_test_begin, on_test_end


class LambdaCallback(Callback):
    """Functions as a callback: `LambdaCallback(on_epoch_end=lambda epoch, logs: ..., on_train_end=lambda logs: ...)`.

    What else is given becomes an attribute; what looks like an event and is none is refused.
    """

    def __init__(
        self,
        on_epoch_begin: Any = None,
        on_epoch_end: Any = None,
        on_train_begin: Any = None,
        on_train_end: Any = None,
        on_train_batch_begin: Any = None,
        on_train_batch_end: Any = None,
        **kwargs: Any,
    ) -> None:
        given = {name: value for name, value in locals().items() if name.startswith("on_") and value is not None}
        for name, function in (given | kwargs).items():
            if name.startswith("on_") and not hasattr(Callback, name):
                raise ValueError(f"there is no event {name!r}: did you mean {did_you_mean(name, dir(Callback))!r}?")
            setattr(self, name, function)


class TerminateOnNaN(Callback):
    """Ends the training, or with `raise_error` raises, when the loss is nan or infinite."""

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}.")
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True


class CSVLogger(Callback):
    """Writes the logs of each epoch as a row of a CSV file, complete after each; `append` keeps what is there."""

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        self.filename, self.sep, self.append = os.fspath(filename), separator, append

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin the file."""
        path = Path(self.filename)
        self._keys: list[str] | None = None
        with writing(path):
            self._has_head = self.append and path.exists() and path.stat().st_size > 0
            path.open("a" if self.append else "w").close()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a row, before the first one its names."""
        logs = logs or {}
        if self._keys is None:
            self._keys = sorted(logs)
            if not any(key.startswith("val_") for key in logs):
                self._keys += [f"val_{key}" for key in self._keys]
        with writing(self.filename), open(self.filename, "a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=self.sep)
            if not self._has_head:
                writer.writerow(["epoch", *self._keys])
                self._has_head = True
            writer.writerow([epoch, *(logs.get(key, "NA") for key in self._keys)])
