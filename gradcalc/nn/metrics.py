"""Metrics, as Keras 3 has them: what is told of many batches together. Imports losses, layer and NumPy.

Names, defaults and formulas are those of Keras's documentation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gradcalc.errors import known
from gradcalc.graph.names import snake_case
from gradcalc.nn import initializers, losses
from gradcalc.nn.layer import Weight
from gradcalc.tape.tensor import Tensor, as_array, cast

__all__ = [
    "BinaryAccuracy", "CategoricalAccuracy", "Mean", "MeanAbsoluteError", "MeanMetricWrapper", "MeanSquaredError",
    "Metric", "SparseCategoricalAccuracy",
]  # fmt: skip


class Metric:
    """Base of the metrics: a subclass gives `update_state` and `result`, and makes its variables by `add_weight`.

    Args:
        name: by default the class's.
        dtype: of the result and of variables, float32 by default.
    """

    _direction: ClassVar[str | None] = None
    """Whether more is better, `"up"`, or less, `"down"`: what callbacks look for where they are not told."""

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.dtype = np.dtype(dtype or np.float32)

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Weight:
        """A variable that no tape watches, to be kept in an attribute."""
        value = initializers.get(initializer)(tuple(shape), dtype=np.dtype(dtype or self.dtype))
        return Weight(value, False, name=name)

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Weight:
        """`add_variable`, zero by default."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Weight]:
        """The variables in the attributes."""
        return [value for value in vars(self).values() if isinstance(value, Weight)]

    def reset_state(self) -> None:
        """Forget all values: every variable is 0 again."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape))

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Take more values."""
        raise NotImplementedError(f"{type(self).__name__} must define update_state")

    def result(self) -> Any:
        """What is told of all values so far."""
        raise NotImplementedError(f"{type(self).__name__} must define result")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take more values, and tell the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Mean(Metric):
    """The mean of all values so far: `update_state` or a call takes more, `result` tells, `reset_state` forgets."""

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
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
        values = plain(values)
        weights = np.ones_like(values) if sample_weight is None else plain(sample_weight)
        values, weights = losses.squeeze_or_expand(values, weights)
        columns = np.reshape(weights, weights.shape + (1,) * (values.ndim - weights.ndim))
        weights = np.broadcast_to(columns, values.shape)
        self._total += float(np.sum(values * weights, dtype=np.float64))
        self._count += float(np.sum(weights, dtype=np.float64))

    def result(self) -> Tensor:
        """The mean so far, 0 of nothing."""
        return Tensor(np.asarray(self._total / self._count if self._count else 0.0, self.dtype))


def plain(values: Any) -> Any:
    """Values as an array; Python's floats as float32."""
    if isinstance(values, Tensor):
        return values.array
    array = as_array(values)
    return array if isinstance(values, np.ndarray | np.generic) or array.dtype.kind != "f" else array.astype("float32")


class MeanMetricWrapper(Mean):
    """The mean of what a function says of labels and predictions, given as tensors; with `kwargs` of its own."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or snake_case(getattr(fn, "__name__", type(fn).__name__)), dtype)
        self._fn, self._arguments = fn, kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take labels and predictions of more rows, each row counted `sample_weight` times."""
        labels, predictions = (cast(Tensor(plain(y)), self.dtype) for y in (y_true, y_pred))
        super().update_state(self._fn(labels, predictions, **self._arguments), sample_weight)


class _OfPairs(MeanMetricWrapper):
    """The mean of a function of arrays of labels and predictions that a subclass gives."""

    _function: Callable[..., Any]

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        Mean.__init__(self, name or snake_case(type(self).__name__), dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take labels and predictions of more rows, each row counted `sample_weight` times."""
        Mean.update_state(self, self._function(plain(y_true), plain(y_pred)), sample_weight)


class MeanSquaredError(_OfPairs):
    """The mean of `(y_true - y_pred)**2`."""

    _function = staticmethod(losses.mean_squared_error)
    _direction = "down"


class MeanAbsoluteError(_OfPairs):
    """The mean of `|y_true - y_pred|`."""

    _function = staticmethod(losses.mean_absolute_error)
    _direction = "down"


class BinaryAccuracy(_OfPairs):
    """How many probabilities lie on the side of `threshold` that their labels, 0 or 1, say."""

    _direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype)
        self.threshold = threshold

    def _function(self, labels: Any, p: Any) -> Any:
        labels, p = losses.squeeze_or_expand(labels, p)
        return labels == (p > self.threshold)


class CategoricalAccuracy(_OfPairs):
    """How many rows have their largest prediction where the one-hot label is."""

    _function = staticmethod(lambda labels, p: np.argmax(labels, -1) == np.argmax(p, -1))
    _direction = "up"


class SparseCategoricalAccuracy(_OfPairs):
    """How many rows have their largest prediction at the class whose number is the label."""

    _function = staticmethod(lambda labels, p: np.reshape(labels, p.shape[:-1]) == np.argmax(p, -1))
    _direction = "up"


METRICS: Mapping[str, Callable[..., Metric]] = {
    name: kind
    for kind in (MeanSquaredError, MeanAbsoluteError, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy)
    for name in (kind.__name__, snake_case(kind.__name__))
} | {"mse": MeanSquaredError, "MSE": MeanSquaredError, "mae": MeanAbsoluteError, "MAE": MeanAbsoluteError}
"""The metrics of labels and predictions by name; `compile` knows `accuracy` besides."""


def get(identifier: Any) -> Any:
    """The metric of a name (`mse`, or `MeanSquaredError`), or the given metric or function."""
    return known("metric", identifier, METRICS)
