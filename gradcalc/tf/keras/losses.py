"""`tf.keras.losses`: those of `gradcalc.nn`, and Keras's short names for them. Imports nn."""
# ruff: noqa: F403, F405

from gradcalc.nn.config import reader as _reader
from gradcalc.nn.config import serialize as serialize
from gradcalc.nn.losses import *
from gradcalc.nn.losses import get as get

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
kld = KLD = kl_divergence

deserialize = _reader(get)
