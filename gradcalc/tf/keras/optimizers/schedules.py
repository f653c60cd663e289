"""`tf.keras.optimizers.schedules`: those of `gradcalc.optimize`, which answer in tensors here. Imports optimize."""
# ruff: noqa: F403

from typing import Any

from gradcalc.nn.initializers import floatx
from gradcalc.optimize import schedules
from gradcalc.optimize.schedules import *
from gradcalc.tf.defaults import as_tensor
from gradcalc.tf.keras.saving import written_and_read as _written_and_read


def _in_tensors(kind: Any) -> Any:
    """A schedule whose learning rates are tensors of the dtype of layers, as TensorFlow's are."""

    def call(self: Any, step: Any) -> Any:
        """The learning rate after `step` steps."""
        return as_tensor(kind.__call__(self, step), floatx())

    return type(kind.__name__, (kind,), {"__call__": call, "__doc__": kind.__doc__, "__module__": __name__})


globals().update(  # type checkers read the star
    {name: _in_tensors(getattr(schedules, name)) for name in schedules.__all__ if name != "LearningRateSchedule"}
)

serialize, deserialize = _written_and_read(schedules.get, "learning_rate_schedule")
