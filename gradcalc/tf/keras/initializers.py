"""`tf.keras.initializers`: those of `gradcalc.nn`, and TensorFlow's older names for them. Imports nn."""
# ruff: noqa: F401, I001
# mypy: implicit-reexport

from gradcalc.nn.initializers import (
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform, Ones, RandomNormal,
    RandomUniform, TruncatedNormal, VarianceScaling, Zeros, get,
)  # fmt: skip
from gradcalc.tf.defaults import missing

constant = constant_initializer = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
ones = ones_initializer = Ones
random_normal = random_normal_initializer = RandomNormal
random_uniform = random_uniform_initializer = RandomUniform
zeros = zeros_initializer = Zeros

__getattr__ = missing("tf.keras.initializers", globals())
