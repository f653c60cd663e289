"""`tf.keras.metrics`: those of `gradcalc.nn`. Imports nn."""
# ruff: noqa: F403

from gradcalc.nn.config import reader as _reader
from gradcalc.nn.config import serialize as serialize
from gradcalc.nn.metrics import *
from gradcalc.nn.metrics import get as get
from gradcalc.nn.scores import *

deserialize = _reader(get)
