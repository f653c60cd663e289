"""Penalties on weights and results, as Keras 3's regularizers, found in `losses` of layers. Imports activations.

Names, defaults and formulas are those of Keras's documentation.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.nn.config import Row, by_name, read

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer"]


def validate_float_arg(value: Any, name: str) -> float:
    """A number that is finite and not negative.

    Raises:
        ValueError: it is none; the text is Keras's.
    """
    if not isinstance(value, float | int) or not math.isfinite(value) or value < 0:
        raise ValueError(f"Invalid value for argument {name}: expected a non-negative float.Received: {name}={value}")
    return float(value)


class Regularizer(Row):
    """Base of the regularizers: a subclass gives `__call__`, the penalty of a tensor; here `_penalty`."""

    _module = "keras.regularizers"

    def __post_init__(self) -> None:
        for name in vars(self).keys() & {"l1", "l2", "factor"}:
            setattr(self, name, validate_float_arg(0.0 if getattr(self, name) is None else getattr(self, name), name))

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        return self._penalty(x)

    def _penalty(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, x)")


# fmt: off
@dataclass(repr=False, eq=False)
class L1(Regularizer, _penalty=lambda self, x: self.l1 * np.sum(np.abs(x))):
    """`l1 * sum(|x|)`."""

    l1: float = 0.01
@dataclass(repr=False, eq=False)
class L2(Regularizer, _penalty=lambda self, x: self.l2 * np.sum(np.square(x))):
    """`l2 * sum(x**2)`."""

    l2: float = 0.01
@dataclass(repr=False, eq=False)
class L1L2(Regularizer, _penalty=lambda self, x: self.l1 * np.sum(np.abs(x)) + self.l2 * np.sum(np.square(x))):
    """`l1 * sum(|x|) + l2 * sum(x**2)`."""

    l1: float = 0.0
    l2: float = 0.0
# fmt: on


@dataclass(repr=False, eq=False)
class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean absolute cosine between two rows of a matrix, or two columns."""

    factor: float = 0.01
    mode: str = "rows"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in ("rows", "columns"):
            raise ValueError(
                f'Invalid value for argument `mode`. Expected one of {{"rows", "columns"}}. Received: mode={self.mode}'
            )

    def _penalty(self, x: Any) -> Any:
        if x.ndim != 2:
            raise ValueError(f"Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape={x.shape}")
        rows = x if self.mode == "rows" else x.T
        rows = rows / np.maximum(np.linalg.vector_norm(rows, axis=1, keepdims=True), 1e-6)
        cosines = (rows @ rows.T) * (1 - np.eye(rows.shape[0], dtype=x.dtype))
        pairs = rows.shape[0] * (rows.shape[0] - 1) / 2
        return self.factor * 0.5 * np.sum(np.abs(cosines)) / pairs


REGULARIZERS: Mapping[str, Callable[..., Regularizer]] = by_name(Regularizer)
"""The regularizers by name, with default arguments."""


def get(identifier: Any) -> Callable[..., Any] | None:
    """The regularizer of a name (`l2`, or `L2`), or the given function; None is none."""
    return read("regularizer", identifier, REGULARIZERS, Regularizer._module)  # type: ignore[no-any-return]
