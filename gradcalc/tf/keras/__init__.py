"""`tf.keras`: what `gradcalc.nn` and `gradcalc.optimize` have, under Keras's names. Imports nn and optimize."""
# ruff: noqa: I001

from typing import Any

from gradcalc.nn import Input as Input, Layer as Layer, Model as Model, Sequential as Sequential
from gradcalc.nn import Symbolic as _Symbolic
from gradcalc.nn.layer import Weight as _Weight
from gradcalc.tf.defaults import as_shape, as_tensor, only
from gradcalc.tf.keras import (
    activations as activations, backend as backend, callbacks as callbacks, constraints as constraints,
    initializers as initializers, layers as layers, losses as losses, metrics as metrics, models as models, ops as ops,
    optimizers as optimizers, preprocessing as preprocessing, random as random, regularizers as regularizers,
    saving as saving, utils as utils,
)  # fmt: skip

KerasTensor = _Symbolic


class Variable(_Weight):
    """A variable as layers have them: of a value, or of what an initializer gives for a shape; float32 by default."""

    __slots__ = ()

    def __init__(
        self, initializer: Any, shape: Any = None, dtype: Any = None, trainable: bool = True, autocast: bool = True,
        aggregation: str = "none", synchronization: str = "auto", name: str | None = None, layout: Any = None,
        regularizer: Any = None, constraint: Any = None,
    ) -> None:  # fmt: skip
        only(True, autocast=autocast)
        only(None, layout=layout)
        if callable(initializer) or isinstance(initializer, str):
            if shape is None:
                raise ValueError("a variable of an initializer needs a shape")
            value = initializers.get(initializer)(as_shape(shape), dtype=dtype)
        else:
            value = as_tensor(initializer, dtype)
        super().__init__(value, trainable, name=name, regularizer=regularizer, constraint=constraint)

    def __reduce__(self) -> tuple[Any, ...]:
        settings = (None, self.regularizer, self.constraint)
        return type(self), (self.array, None, None, self.trainable, True, "none", "auto", self._name, *settings)
