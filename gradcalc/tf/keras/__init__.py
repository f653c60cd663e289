"""`tf.keras`: what `gradcalc.nn` and `gradcalc.optimize` have, under Keras's names. Imports nn and optimize."""
# ruff: noqa: F401
# mypy: implicit-reexport

from gradcalc.nn import Input, Layer, Model, Sequential
from gradcalc.nn import Symbolic as KerasTensor
from gradcalc.tf.defaults import Variable, missing
from gradcalc.tf.keras import activations, initializers, layers, losses, metrics, models, optimizers, utils

__getattr__ = missing("tf.keras", globals())
