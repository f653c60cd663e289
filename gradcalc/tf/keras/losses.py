"""`tf.keras.losses`: those of `gradcalc.nn`, and Keras's short names for them. Imports nn."""
# ruff: noqa: F403

from typing import Any

from gradcalc.nn import losses
from gradcalc.nn.losses import *
from gradcalc.tf.defaults import Function, Result, as_tensor, described


def _of_tensors(function: Function) -> Function:
    def alias(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Result:
        return function(y_true, as_tensor(y_pred), *args, **kwargs)

    return described(alias, function)


mean_squared_error = mse = MSE = _of_tensors(losses.mean_squared_error)
mean_absolute_error = mae = MAE = _of_tensors(losses.mean_absolute_error)
huber = _of_tensors(losses.huber)
binary_crossentropy = _of_tensors(losses.binary_crossentropy)
categorical_crossentropy = _of_tensors(losses.categorical_crossentropy)
sparse_categorical_crossentropy = _of_tensors(losses.sparse_categorical_crossentropy)
