"""`tf.keras.optimizers`: those of `gradcalc.optimize`. Imports optimize."""
# ruff: noqa: F403

from gradcalc.optimize.optimizers import *
from gradcalc.optimize.optimizers import get as get
from gradcalc.tf.keras.optimizers import schedules as schedules
from gradcalc.tf.keras.saving import written_and_read as _written_and_read

serialize, deserialize = _written_and_read(get, "optimizer")
