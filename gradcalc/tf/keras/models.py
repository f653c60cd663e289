"""`tf.keras.models`: Model and Sequential of `gradcalc.nn`. Imports nn."""
# ruff: noqa: F403

from gradcalc.nn.models import *
