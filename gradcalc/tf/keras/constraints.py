"""`tf.keras.constraints`: those of `gradcalc.nn`, and Keras's other names for them. Imports nn."""
# ruff: noqa: F403, F405

from gradcalc.nn.constraints import *
from gradcalc.nn.constraints import get as get
from gradcalc.tf.keras.saving import written_and_read as _written_and_read

max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

serialize, deserialize = _written_and_read(get, "constraint")
