"""`tf.keras.initializers`: those of `gradcalc.nn`, and TensorFlow's older names for them. Imports nn."""
# ruff: noqa: I001

from gradcalc.nn.initializers import (
    Constant as Constant, GlorotNormal as GlorotNormal, GlorotUniform as GlorotUniform, HeNormal as HeNormal,
    HeUniform as HeUniform, LecunNormal as LecunNormal, LecunUniform as LecunUniform, Ones as Ones,
    RandomNormal as RandomNormal, RandomUniform as RandomUniform, TruncatedNormal as TruncatedNormal,
    VarianceScaling as VarianceScaling, Zeros as Zeros, get as get,
)  # fmt: skip

constant = constant_initializer = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
ones = ones_initializer = Ones
random_normal = random_normal_initializer = RandomNormal
random_uniform = random_uniform_initializer = RandomUniform
zeros = zeros_initializer = Zeros
