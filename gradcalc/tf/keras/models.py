"""`tf.keras.models`: Model and Sequential of `gradcalc.nn`. Imports nn."""
# ruff: noqa: I001

from gradcalc.nn import Model as Model, Sequential as Sequential
from gradcalc.tf.defaults import missing

missing("tf.keras.models", globals())
