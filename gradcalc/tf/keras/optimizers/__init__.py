"""`tf.keras.optimizers`: those of `gradcalc.optimize`. Imports optimize."""
# ruff: noqa: F403

from gradcalc.nn.config import reader as _reader
from gradcalc.nn.config import serialize as serialize
from gradcalc.optimize.optimizers import *
from gradcalc.optimize.optimizers import get as get
from gradcalc.tf.keras.optimizers import schedules as schedules

deserialize = _reader(get)
