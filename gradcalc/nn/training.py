"""How models train: compile, fit, evaluate, predict, as Keras 3's. Imports batches, outputs, callbacks, optimizers.

arrays or batches --Batches--> (x, y, weight) --train_step--> logs --callbacks--> History
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from inspect import signature
from typing import Any

import numpy as np

from gradcalc.nn.batches import Batches, Triple, rows, split, unpacked
from gradcalc.nn.callbacks import Callback, Callbacks, History
from gradcalc.nn.config import deserialize, serialize
from gradcalc.nn.layer import Layer
from gradcalc.nn.metrics import Mean, Metric
from gradcalc.nn.outputs import CompiledLoss, CompiledMetrics
from gradcalc.nn.progress import ProgbarLogger
from gradcalc.optimize import optimizers
from gradcalc.tape import nest
from gradcalc.tape.tape import GradientTape
from gradcalc.tape.tensor import Tensor

Logs = dict[str, Any]


@dataclass(frozen=True)
class _Compiled:
    """What `compile` made of its arguments."""

    loss: CompiledLoss | None
    metrics: CompiledMetrics | None
    mean: Mean


class Trainer(Layer):
    """What a model can do once it is compiled; a subclass may give steps of its own: `train_step`, `test_step`.

    A step is given what the data give, `(x, y)` or `(x, y, sample_weight)` or x alone, and returns a dict of numbers.
    """

    stop_training = False
    """Set it, as callbacks do, to end the training."""

    _initial_epoch: int | None = None
    """Where a callback has the training go on."""

    optimizer: Any = None
    history: Any = None
    loss: Any = None
    _compiled_with: _Compiled | None = None
    _compile_arguments: dict[str, Any]

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, loss_weights: Any = None, metrics: Any = None,
        weighted_metrics: Any = None, run_eagerly: bool = False, steps_per_execution: int = 1,
        jit_compile: Any = "auto", auto_scale_loss: bool = True,
    ) -> None:  # fmt: skip
        """Say how the model is to be trained: all by name, by object or as functions.

        Args:
            optimizer: `"adam"`, or an optimizer.
            loss: `"mse"`, a loss, a function of labels and predictions with a number for each row; of a model with
                several outputs one for all, a list in their order, or a dict by their names. `loss_weights` likewise.
            metrics: a list of what else is told, `["accuracy", "mae"]`; for several outputs a list of lists, or a dict;
                `weighted_metrics` likewise, with rows counted by their weights.
            run_eagerly, steps_per_execution, jit_compile, auto_scale_loss: hints about speed; nothing is compiled.

        Raises:
            ValueError: a name is not known.
        """
        self.optimizer = optimizers.get(optimizer)
        self.loss = loss
        self._compile_arguments = {
            "optimizer": self.optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly, "jit_compile": jit_compile is True,
            "steps_per_execution": steps_per_execution,
        }  # fmt: skip
        has_metrics = metrics is not None or weighted_metrics is not None
        self._compiled_with = _Compiled(
            None if loss is None else CompiledLoss(loss, loss_weights, self._output_names),
            CompiledMetrics(metrics, weighted_metrics, self._output_names) if has_metrics else None,
            Mean("loss"),
        )

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._compiled_with is not None

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile`, as configs."""
        return serialize(self._compile_arguments) if self.compiled else {}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with the arguments of a `get_compile_config()`; where the model is built, the optimizer is, too."""
        self.compile(**{name: deserialize(value, module="keras.losses") for name, value in config.items()})
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def _need_compile(self, use: str) -> _Compiled:
        if self._compiled_with is None:
            raise ValueError(
                f"You must call `compile()` before calling `{use}()`: "
                'model.compile(optimizer="adam", loss="mse", metrics=["mae"])'
            )
        return self._compiled_with

    def _output_names(self, y_pred: Any) -> list[str | None]:
        """The names of the outputs: keys of a dict, else those of the layers that made them, else None."""
        if isinstance(y_pred, dict):
            return nest.keys(y_pred)
        network = getattr(self, "_network", None)
        return [x.name for x in nest.flatten(network.outputs)] if network else [None] * len(nest.flatten(y_pred))

    # -- steps --------------------------------------------------------------------------------------------------------

    def train_step(self, data: Any) -> Logs:
        """One step of training on a batch: loss, gradients, a step of the optimizer; the metrics so far."""
        x, y, sample_weight = unpacked(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self._computed_loss(x, y, y_pred, sample_weight, training=True)
            scaled = self.optimizer.scale_loss(loss) if self.optimizer is not None else loss
        self._need_compile("fit").mean.update_state(loss, sample_weight=rows(x))
        variables = self.trainable_variables
        if variables:
            self.optimizer.apply_gradients(zip(tape.gradient(scaled, variables), variables, strict=True))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> Logs:
        """Loss and metrics, those so far, of a batch that is not trained on."""
        x, y, sample_weight = unpacked(data)
        y_pred = self(x, training=False)
        loss = self._computed_loss(x, y, y_pred, sample_weight, training=False)
        self._need_compile("evaluate").mean.update_state(loss, sample_weight=rows(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The outputs for a batch."""
        return self(unpacked(data)[0], training=False)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The compiled loss plus all `losses`: penalties of weights and results, and what `add_loss` was told.

        Raises:
            ValueError: there is none, or the labels do not fit the predictions.
        """
        compiled = self._need_compile("compute_loss")
        total = compiled.loss(y, y_pred, sample_weight) if compiled.loss else None
        for part in self.losses:
            total = np.sum(part) if total is None else total + np.sum(part)
        if total is None:
            raise ValueError('No loss to compute: give one to compile(loss="mse"), or call add_loss in the model')
        return total

    def _computed_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        """`compute_loss`, which a subclass may have written without `training`."""
        given = {"training": training} if _takes_training(type(self).compute_loss) else {}
        return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **given)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Logs:
        """Let the compiled metrics take a batch; all results."""
        if self._compiled_with and self._compiled_with.metrics:
            self._compiled_with.metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    @property
    def metrics(self) -> list[Any]:
        """The mean loss, the compiled metrics, those of the losses of several outputs; then those in attributes."""
        found: list[Any] = []
        if self._compiled_with:
            loss = self._compiled_with.loss
            found = [self._compiled_with.mean, self._compiled_with.metrics, *(loss.means if loss else ())]
        for holder in (self, *self._inner()):
            found += [each for value in vars(holder).values() for each in _held(value)]
        return [metric for metric in found if metric is not None]

    @property
    def metrics_names(self) -> list[str]:
        """Their names."""
        return [metric.name for metric in self.metrics]

    def get_metrics_result(self) -> Logs:
        """The result of each metric by its name."""
        return readable({metric.name: metric.result() for metric in self.metrics})

    def reset_metrics(self) -> None:
        """Let all metrics forget."""
        for metric in self.metrics:
            metric.reset_state()

    # -- passes over the data -----------------------------------------------------------------------------------------

    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1, verbose: Any = "auto",
        callbacks: Any = None, validation_split: float = 0.0, validation_data: Any = None, shuffle: bool = True,
        class_weight: Any = None, sample_weight: Any = None, initial_epoch: int = 0, steps_per_epoch: int | None = None,
        validation_steps: int | None = None, validation_batch_size: int | None = None, validation_freq: Any = 1,
    ) -> History:  # fmt: skip
        """Train on data for a number of epochs.

        Args:
            x, y, sample_weight: arrays, whose first axis are rows, or lists or dicts of them for several inputs and
                outputs; or x an iterable of batches, such as a Dataset, that has all of it.
            batch_size: rows in a step, 32 by default.
            epochs: the number of the last epoch, from `initial_epoch`.
            verbose: 0 says nothing, 1 draws a bar, 2 writes a line for each epoch; `"auto"` is 1.
            callbacks: what is done besides.
            validation_split: which part of the rows, the last ones, is held back to evaluate on after each epoch.
            validation_data: what is evaluated on instead: `(x, y)`, `(x, y, sample_weight)` or an iterable of batches.
            shuffle: arrays are in a new random order in each epoch, repeatable after `set_seed`.
            class_weight: how much the rows of each class weigh, by its number.
            steps_per_epoch: steps in an epoch; for data without an end.
            validation_steps, validation_batch_size: likewise for validation.
            validation_freq: after every how many epochs, or after which, by a list, that is done.

        Returns:
            the losses and metrics of each epoch: `history.history["loss"]`.

        Raises:
            ValueError: there is no `compile()` yet, or the data do not fit the model.
        """
        self._need_compile("fit")
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split, self.dtype)
        batches = self._batches_of((x, y, sample_weight), batch_size, steps_per_epoch, shuffle, class_weight)
        data, rows_held = validation_data, validation_batch_size or batch_size
        held = None if data is None else self._batches_of(unpacked(data), rows_held, validation_steps)
        history = self.history = History()
        told = self._callbacks_told(callbacks, verbose, batches.count, epochs, history)
        self.stop_training = False
        told.tell("on_train_begin")
        initial_epoch, self._initial_epoch = self._initial_epoch or initial_epoch, None
        logs: Logs = {}
        for epoch in range(initial_epoch, epochs):
            logs = self._epoch(epoch, batches, held if _is_due(epoch + 1, validation_freq) else None, told)
            if self.stop_training:
                break
        if hasattr(self.optimizer, "finalize_variable_values") and epochs > initial_epoch:
            self.optimizer.finalize_variable_values(self.trainable_variables)
        told.tell("on_train_end", logs)
        return history

    def _epoch(self, number: int, batches: Batches, held: Batches | None, told: Callbacks) -> Logs:
        """One pass of training, and of validation where data are held back for it; the logs of both."""
        told.tell("on_epoch_begin", number)
        self.reset_metrics()
        logs = self._pass_over("train", lambda batch: readable(self.train_step(batch)), batches, told)
        found = {} if held is None else self._evaluated_on(held, told)
        logs |= {f"val_{name}": value for name, value in found.items()}
        told.tell("on_epoch_end", number, logs)
        return logs

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: Any = "auto",
        sample_weight: Any = None, steps: int | None = None, callbacks: Any = None, return_dict: bool = False,
    ) -> Any:  # fmt: skip
        """Loss and metrics on data, given as to `fit`: the loss, a list that begins with it, or with `return_dict` all.

        Raises:
            ValueError: as of `fit`.
        """
        self._need_compile("evaluate")
        batches = self._batches_of((x, y, sample_weight), batch_size, steps)
        logs = self._evaluated_on(batches, self._callbacks_told(callbacks, verbose, batches.count))
        return logs if return_dict else self._listed_logs(logs)

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = "auto", steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:  # fmt: skip
        """The outputs for all rows, as plain arrays; x as of `fit`."""
        batches = self._batches_of((x, None, None), batch_size, steps)
        told = self._callbacks_told(callbacks, verbose, batches.count)
        found = []

        def step(batch: Any) -> Logs:
            found.append(self.predict_step(batch))
            return {"outputs": found[-1]}

        told.tell("on_predict_begin")
        self._pass_over("predict", step, batches, told)
        told.tell("on_predict_end")
        columns = zip(*map(nest.flatten, found), strict=True)
        return nest.pack(found[0], [np.concatenate([_plain(part) for part in column]) for column in columns])

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step of training on one batch; answers as `evaluate` does, for this batch alone."""
        self._need_compile("train_on_batch")
        return self._step_once(self.train_step, (x, y, sample_weight), class_weight, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Loss and metrics of one batch, as `evaluate` tells them."""
        self._need_compile("test_on_batch")
        return self._step_once(self.test_step, (x, y, sample_weight), None, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as plain arrays."""
        return nest.apply(_plain, self.predict_step(next(iter(self._batches_of((x, None, None), sys.maxsize)))))

    def _step_once(self, step: Callable[[Any], Logs], data: Triple, class_weight: Any, return_dict: bool) -> Any:
        self.reset_metrics()
        batch = next(iter(self._batches_of(data, sys.maxsize, class_weight=class_weight)))
        logs = readable(step(batch))
        return logs if return_dict else self._listed_logs(logs)

    def _pass_over(self, kind: str, step: Callable[[Any], Logs], batches: Batches, told: Callbacks) -> Logs:
        """One pass of training, evaluation or prediction over the batches; the logs of its last step."""
        logs: Logs | None = None
        for number, batch in enumerate(batches):
            told.tell(f"on_{kind}_batch_begin", number)
            logs = step(batch)
            told.tell(f"on_{kind}_batch_end", number, logs)
            if kind == "train" and self.stop_training:
                break
        if logs is None:
            raise ValueError(
                f"the data have no batches, or none that are left, so there is nothing to {kind}: an iterator gives "
                "them once; a Dataset, or a list of batches behind one, gives them in each epoch"
            )
        return dict(logs)

    def _evaluated_on(self, batches: Batches, told: Callbacks) -> Logs:
        batches.restart()
        told.tell("on_test_begin")
        self.reset_metrics()
        logs = self._pass_over("test", lambda batch: readable(self.test_step(batch)), batches, told)
        told.tell("on_test_end", logs)
        return logs

    def _listed_logs(self, logs: Logs) -> Any:
        """The numbers in the order of the metrics, others in that of their names; an only one by itself.

        Metrics of one name give one number several times, as in Keras.
        """
        names = [each.name for metric in self.metrics for each in getattr(metric, "metrics", [metric])]
        names = [name for name in names if name in logs]
        found = [logs[name] for name in [*names, *sorted(logs.keys() - set(names))]]
        return found[0] if len(found) == 1 else found

    def _batches_of(
        self, data: Triple, size: int | None, steps: int | None = None, shuffle: bool = False, class_weight: Any = None
    ) -> Batches:
        return Batches(*data, size, steps, shuffle, class_weight, self.dtype)

    def _callbacks_told(
        self, given: Any, verbose: Any, steps: int | None, epochs: int = 1, history: Callback | None = None
    ) -> Callbacks:
        """The callbacks, and last what keeps the history and what prints."""
        printing = None if verbose in (0, False) else ProgbarLogger()
        last = [callback for callback in (history, printing) if callback is not None]
        return Callbacks(given, last, self, verbose=verbose, epochs=epochs, steps=steps)


def readable(logs: Any) -> Logs:
    """Numbers by their names, in order; those in dicts among them.

    Raises:
        ValueError: it is no dict.
    """
    if not isinstance(logs, dict):
        raise ValueError(f"a step returns a dict of numbers, {{'loss': loss}}. Received: {logs!r}")
    found: Logs = {}
    for name, value in sorted(logs.items()):
        if isinstance(value, dict):
            found |= readable(value)
        else:
            plain = _plain(value)
            found[name] = float(plain) if np.ndim(plain) == 0 else plain
    return found


@cache
def _takes_training(function: Any) -> bool:
    return "training" in signature(function).parameters


def _plain(value: Any) -> Any:
    """The plain array of a tensor."""
    return value.numpy() if isinstance(value, Tensor) else np.asarray(value)


def _held(value: Any) -> list[Metric]:
    """The metrics in an attribute."""
    if isinstance(value, dict):
        value = list(value.values())
    return [each for each in (value if isinstance(value, list | tuple) else [value]) if isinstance(each, Metric)]


def _is_due(epoch: int, frequency: Any) -> bool:
    """Whether an epoch, from 1, is one that is validated after."""
    return epoch % frequency == 0 if isinstance(frequency, int) else epoch in frequency
