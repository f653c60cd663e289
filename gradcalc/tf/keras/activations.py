"""`tf.keras.activations`: those of `gradcalc.nn`, the same functions. Imports nn."""
# ruff: noqa: I001

from gradcalc.nn.activations import (
    celu as celu, elu as elu, exponential as exponential, gelu as gelu, get as get, glu as glu,
    hard_shrink as hard_shrink, hard_sigmoid as hard_sigmoid, hard_silu as hard_silu, hard_tanh as hard_tanh,
    leaky_relu as leaky_relu, linear as linear, log_sigmoid as log_sigmoid,
    log_softmax as log_softmax, mish as mish, relu as relu, relu6 as relu6, selu as selu, sigmoid as sigmoid,
    silu as silu, softmax as softmax, softplus as softplus, softsign as softsign, tanh as tanh,
    soft_shrink as soft_shrink, sparse_plus as sparse_plus, sparse_sigmoid as sparse_sigmoid, sparsemax as sparsemax,
    squareplus as squareplus, tanh_shrink as tanh_shrink, threshold as threshold,
)  # fmt: skip

swish, hard_swish = silu, hard_silu
