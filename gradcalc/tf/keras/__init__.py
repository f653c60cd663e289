"""`tf.keras`: what `gradcalc.nn` and `gradcalc.optimize` have, under Keras's names. Imports nn and optimize."""
# ruff: noqa: I001

from gradcalc.nn import Input as Input, Layer as Layer, Model as Model, Sequential as Sequential
from gradcalc.nn import Symbolic as _Symbolic
from gradcalc.tf.defaults import Variable as Variable
from gradcalc.tf.keras import (
    activations as activations, initializers as initializers, layers as layers, losses as losses, metrics as metrics,
    models as models, optimizers as optimizers, utils as utils,
)  # fmt: skip

KerasTensor = _Symbolic
