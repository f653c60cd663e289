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

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.dtype = np.dtype(dtype or np.float32)
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all values."""
        self._total = self._count = 0.0

    reset_states = reset_state

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take more values, each counted `sample_weight` times: a weight for each, or for each row of them.

        Raises:
            ValueError: the weights do not fit the first axes of the values.
        """
        values = as_tensor(values).array
        weights = np.ones_like(values) if sample_weight is None else as_tensor(sample_weight).array
        values, weights = losses.squeeze_or_expand(values, weights)
        columns = np.reshape(weights, weights.shape + (1,) * (values.ndim - weights.ndim))
        weights = np.broadcast_to(columns, values.shape)
        self._total += float(np.sum(values * weights, dtype=np.float64))
        self._count += float(np.sum(weights, dtype=np.float64))

    def result(self) -> Tensor:
        """The mean so far, 0 of nothing."""
        return as_tensor(self._total / self._count if self._count else 0.0, self.dtype)

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Take more values, and tell the mean so far."""
        self.update_state(*args, **kwargs)
        return self.result()


class _OfPairs(Mean):
    """The mean of a function of labels and predictions."""

    _function: Callable[..., Any]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take labels and predictions of more rows, each row counted `sample_weight` times."""
        super().update_state(self._function(as_tensor(y_true).array, as_tensor(y_pred).array), sample_weight)


class MeanSquaredError(_OfPairs):
    """The mean of `(y_true - y_pred)**2`."""

    _function = staticmethod(losses.mean_squared_error)

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class MeanAbsoluteError(_OfPairs):
    """The mean of `|y_true - y_pred|`."""

    _function = staticmethod(losses.mean_absolute_error)

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class BinaryAccuracy(_OfPairs):
    """How many probabilities lie on the side of `threshold` that their labels, 0 or 1, say."""

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype)
        self.threshold = threshold

    def _function(self, labels: Any, p: Any) -> Any:
        labels, p = losses.squeeze_or_expand(labels, p)
        return labels == (p > self.threshold)


class CategoricalAccuracy(_OfPairs):
    """How many rows have their largest prediction where the one-hot label is."""

    _function = staticmethod(lambda labels, p: np.argmax(labels, -1) == np.argmax(p, -1))

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class SparseCategoricalAccuracy(_OfPairs):
    """How many rows have their largest prediction at the class whose number is the label."""

    _function = staticmethod(lambda labels, p: np.reshape(labels, p.shape[:-1]) == np.argmax(p, -1))

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(name, dtype)
