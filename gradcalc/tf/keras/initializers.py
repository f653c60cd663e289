"""`tf.keras.initializers`: those of `gradcalc.nn`, and TensorFlow's older names for them. Imports nn."""
# ruff: noqa: I001

from gradcalc.nn.initializers import (
    Constant as Constant, GlorotNormal as GlorotNormal, GlorotUniform as GlorotUniform, HeNormal as HeNormal,
    HeUniform as HeUniform, Initializer as Initializer, LecunNormal as LecunNormal, LecunUniform as LecunUniform,
    Identity as Identity, Ones as Ones, Orthogonal as Orthogonal,
    RandomNormal as RandomNormal, RandomUniform as RandomUniform, TruncatedNormal as TruncatedNormal,
    VarianceScaling as VarianceScaling, Zeros as Zeros, get as get,
)  # fmt: skip
from gradcalc.tf.keras.saving import written_and_read as _written_and_read

constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros
identity = IdentityInitializer = Identity
orthogonal = OrthogonalInitializer = Orthogonal

serialize, deserialize = _written_and_read(get, "initializer")
