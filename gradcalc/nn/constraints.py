"""What weights are held to after each step of an optimizer, as Keras 3's constraints. Imports activations.

Names, defaults and formulas are those of Keras's documentation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.nn.config import Row, by_name, read

__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"]

EPSILON = 1e-7
"""Added to a length before it divides, as Keras does."""


class Constraint(Row):
    """Base of the constraints: a subclass gives `__call__`, what becomes of a weight; here `_held`."""

    _module = "keras.constraints"

    def __call__(self, w: Any) -> Any:
        """The weight, held to it; as it is, where a subclass says nothing."""
        return self._held(w)

    def _held(self, w: Any) -> Any:
        return w


@dataclass(repr=False, eq=False)
class MinMaxNorm(Constraint):
    """Lengths along an axis are moved by a share `rate` into `min_value` to `max_value`."""

    min_value: float = 0.0
    max_value: float = 1.0
    rate: float = 1.0
    axis: Any = 0

    def _held(self, w: Any) -> Any:
        norms = _lengths(w, self.axis)
        desired = self.rate * np.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (desired / (EPSILON + norms))


# fmt: off
@dataclass(repr=False, eq=False)
class MaxNorm(Constraint, _held=lambda self, w: MinMaxNorm(0.0, self.max_value, axis=self.axis)(w)):
    """Lengths along an axis are at most `max_value`."""

    max_value: float = 2
    axis: Any = 0
@dataclass(repr=False, eq=False)
class UnitNorm(Constraint, _held=lambda self, w: w / (EPSILON + _lengths(w, self.axis))):
    """Lengths along an axis are 1."""

    axis: Any = 0
class NonNeg(Constraint, _held=lambda self, w: np.where(w >= 0, w, 0)):
    """No element is negative."""
# fmt: on


def _lengths(w: Any, axis: Any) -> Any:
    return np.linalg.vector_norm(w, axis=axis, keepdims=True)


CONSTRAINTS: Mapping[str, Callable[..., Constraint]] = by_name(Constraint)
"""The constraints by name, with default arguments."""


def get(identifier: Any) -> Callable[..., Any] | None:
    """The constraint of a name (`max_norm`, or `MaxNorm`), or the given function; None is none."""
    return read("constraint", identifier, CONSTRAINTS, Constraint._module)  # type: ignore[no-any-return]
