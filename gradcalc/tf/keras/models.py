"""`tf.keras.models`: Model and Sequential of `gradcalc.nn`, whole in files and as JSON. Imports nn."""
# ruff: noqa: F403

from gradcalc.nn.models import *
from gradcalc.nn.saving import *
