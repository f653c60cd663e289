"""`tf.keras.activations`: those of `gradcalc.nn`, the same functions. Imports nn."""
# ruff: noqa: I001

from gradcalc.nn.activations import (
    elu as elu, exponential as exponential, gelu as gelu, get as get, hard_sigmoid as hard_sigmoid,
    hard_silu as hard_silu, leaky_relu as leaky_relu, linear as linear, log_sigmoid as log_sigmoid,
    log_softmax as log_softmax, mish as mish, relu as relu, relu6 as relu6, selu as selu, sigmoid as sigmoid,
    silu as silu, softmax as softmax, softplus as softplus, softsign as softsign, tanh as tanh,
)  # fmt: skip

swish, hard_swish = silu, hard_silu
