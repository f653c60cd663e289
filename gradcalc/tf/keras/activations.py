"""`tf.keras.activations`: those of `gradcalc.nn`, of tensors and of what TensorFlow makes one. Imports nn."""
# ruff: noqa: I001

from gradcalc.nn import activations
from gradcalc.tf.defaults import unary
from gradcalc.tf.nn import (
    elu as elu, gelu as gelu, leaky_relu as leaky_relu, log_softmax as log_softmax, relu as relu, relu6 as relu6,
    selu as selu, silu as silu, softmax as softmax, softplus as softplus, softsign as softsign, swish as swish,
    tanh as tanh,
)  # fmt: skip

get = activations.get
exponential = unary(activations.exponential)
hard_sigmoid = unary(activations.hard_sigmoid)
linear = unary(activations.linear)
mish = unary(activations.mish)
sigmoid = unary(activations.sigmoid)
