"""Eager differentiation on NumPy arrays: `Variable`, `constant`, `GradientTape`, derivatives of Python functions.

Imports NumPy, `ops` and the arithmetic of arrays. Importing this package enters NumPy's functions (`array_ops` and the
modules beside it) where NumPy's protocols find them.
"""

from gradcalc.eager import array_ops, elementwise, linalg, products, reductions  # noqa: F401
from gradcalc.eager.custom import custom_gradient, stop_gradient
from gradcalc.eager.explain import explain_none
from gradcalc.eager.functional import grad, hessian, hvp, jacobian, jvp, value_and_grad
from gradcalc.eager.reductions import log_softmax, logsumexp, softmax
from gradcalc.eager.tape import GradientTape, UnconnectedGradients
from gradcalc.eager.taylor import GradCheck, gradcheck
from gradcalc.eager.tensor import Tensor, Variable, constant

__all__ = [
    "GradCheck",
    "GradientTape",
    "Tensor",
    "UnconnectedGradients",
    "Variable",
    "constant",
    "custom_gradient",
    "explain_none",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "log_softmax",
    "logsumexp",
    "softmax",
    "stop_gradient",
    "value_and_grad",
]
