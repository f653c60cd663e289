"""`tf.keras.regularizers`: those of `gradcalc.nn`, and Keras's other names for them. Imports nn."""
# ruff: noqa: F403, F405

from gradcalc.nn.regularizers import *
from gradcalc.nn.regularizers import get as get
from gradcalc.tf.keras.saving import written_and_read as _written_and_read

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

serialize, deserialize = _written_and_read(get, "regularizer")
