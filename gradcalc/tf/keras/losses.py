"""`tf.keras.losses`: those of `gradcalc.nn`, and Keras's short names for them. Imports nn."""
# ruff: noqa: F403, F405

from gradcalc.nn.losses import *
from gradcalc.nn.losses import get as get
from gradcalc.tf.keras.saving import written_and_read as _written_and_read

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
kld = KLD = kl_divergence

serialize, deserialize = _written_and_read(get, "loss", "name")
