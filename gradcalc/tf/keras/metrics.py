"""`tf.keras.metrics`: those of `gradcalc.nn`. Imports nn."""
# ruff: noqa: F403

from gradcalc.nn.metrics import *
from gradcalc.nn.metrics import get as get
from gradcalc.nn.scores import *
from gradcalc.tf.keras.saving import written_and_read as _written_and_read

serialize, deserialize = _written_and_read(get, "metric")
