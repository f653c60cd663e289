"""`tf.keras.activations`: those of `gradcalc.nn`, of tensors and of what TensorFlow makes one. Imports nn."""
# ruff: noqa: I001

from gradcalc.nn import activations
from gradcalc.tf.defaults import unary
from gradcalc.tf.nn import gelu as gelu, leaky_relu as leaky_relu, log_softmax as log_softmax, softmax as softmax

get = activations.get
elu = unary(activations.elu)
exponential = unary(activations.exponential)
hard_sigmoid = unary(activations.hard_sigmoid)
linear = unary(activations.linear)
mish = unary(activations.mish)
relu = unary(activations.relu)
relu6 = unary(activations.relu6)
selu = unary(activations.selu)
sigmoid = unary(activations.sigmoid)
silu = swish = unary(activations.silu)
softplus = unary(activations.softplus)
softsign = unary(activations.softsign)
tanh = unary(activations.tanh)
