"""`tf.keras.constraints`: those of `gradcalc.nn`, and Keras's other names for them. Imports nn."""
# ruff: noqa: F403, F405

from gradcalc.nn.config import reader as _reader
from gradcalc.nn.config import serialize as serialize
from gradcalc.nn.constraints import *
from gradcalc.nn.constraints import get as get

max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

deserialize = _reader(get)
