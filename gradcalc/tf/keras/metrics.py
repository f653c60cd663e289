"""`tf.keras.metrics`: those of `gradcalc.nn`. Imports nn."""
# ruff: noqa: F403

from gradcalc.nn.metrics import *
from gradcalc.nn.metrics import get as get
