"""`tf.keras.metrics`: running means over batches. Imports nn's losses and NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.graph.names import snake_case
from gradcalc.nn import losses
from gradcalc.tape.tensor import Tensor
from gradcalc.tf.defaults import as_tensor


class Mean:
    """The mean of all values so far: `update_state` or a call takes more, `result` tells, `reset_state` forgets."""

    def __init__(self, name: str = "mean", dtype: Any = np.float32) -> None:
        self.name = name
        self.dtype = dtype
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all values."""
        self._total = self._count = 0.0

    reset_states = reset_state

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take more values, each counted `sample_weight` times."""
        values = as_tensor(values).array
        weights = np.ones_like(values) if sample_weight is None else as_tensor(sample_weight).array
        self._total += float(np.sum(values * weights, dtype=np.float64))
        self._count += float(np.sum(np.broadcast_to(weights, np.shape(values)), dtype=np.float64))

    def result(self) -> Tensor:
        """The mean so far, 0 of nothing."""
        return as_tensor(self._total / self._count if self._count else 0.0, self.dtype)

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Take more values, and tell the mean so far."""
        self.update_state(*args, **kwargs)
        return self.result()


class _OfPairs(Mean):
    """The mean of a function of labels and predictions, named after its class."""

    _function: Callable[..., Any]

    def __init__(self, name: str | None = None, dtype: Any = np.float32) -> None:
        super().__init__(name or snake_case(type(self).__name__), dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take labels and predictions of more rows."""
        values = self._function(as_tensor(y_true).array, as_tensor(y_pred).array)
        super().update_state(values, sample_weight)


class MeanSquaredError(_OfPairs):
    """The mean of `(y_true - y_pred)**2`."""

    _function = staticmethod(losses.mean_squared_error)


class MeanAbsoluteError(_OfPairs):
    """The mean of `|y_true - y_pred|`."""

    _function = staticmethod(losses.mean_absolute_error)


class BinaryAccuracy(_OfPairs):
    """How many probabilities lie on the side of `threshold` that their labels, 0 or 1, say."""

    def __init__(self, name: str | None = None, dtype: Any = np.float32, threshold: float = 0.5) -> None:
        super().__init__(name, dtype)
        self._function = lambda labels, p: np.reshape(labels, p.shape) == (p > threshold)


class CategoricalAccuracy(_OfPairs):
    """How many rows have their largest prediction where the one-hot label is."""

    _function = staticmethod(lambda labels, p: np.argmax(labels, -1) == np.argmax(p, -1))


class SparseCategoricalAccuracy(_OfPairs):
    """How many rows have their largest prediction at the class whose number is the label."""

    _function = staticmethod(lambda labels, p: np.reshape(labels, p.shape[:-1]) == np.argmax(p, -1))
