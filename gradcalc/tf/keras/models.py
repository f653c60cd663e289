"""`tf.keras.models`: Model and Sequential of `gradcalc.nn`. Imports nn."""
# ruff: noqa: F401
# mypy: implicit-reexport

from gradcalc.nn import Model, Sequential
from gradcalc.tf.defaults import missing

__getattr__ = missing("tf.keras.models", globals())
