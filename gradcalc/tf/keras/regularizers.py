"""`tf.keras.regularizers`: those of `gradcalc.nn`, and Keras's other names for them. Imports nn."""
# ruff: noqa: F403, F405

from gradcalc.nn.config import reader as _reader
from gradcalc.nn.config import serialize as serialize
from gradcalc.nn.regularizers import *
from gradcalc.nn.regularizers import get as get

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

deserialize = _reader(get)
