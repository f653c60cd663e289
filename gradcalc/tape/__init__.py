"""Eager differentiation on NumPy arrays: `Variable`, `constant`, `GradientTape`, derivatives of Python functions.

Imports NumPy, `ops` and the arithmetic of arrays. Importing this package enters NumPy's functions (the modules of
`rules`) where NumPy's protocols find them.
"""

from gradcalc.tape.custom import custom_gradient, stop_gradient
from gradcalc.tape.explain import explain_none
from gradcalc.tape.functional import grad, hessian, hvp, jacobian, jvp, value_and_grad
from gradcalc.tape.gradcheck import GradCheck, gradcheck
from gradcalc.tape.rules import elementwise, fourier, linalg, products, reductions, shapes  # noqa: F401
from gradcalc.tape.rules.reductions import log_softmax, logsumexp, softmax
from gradcalc.tape.tape import GradientTape, UnconnectedGradients
from gradcalc.tape.tensor import Tensor, Variable, constant

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
