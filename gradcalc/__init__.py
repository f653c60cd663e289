"""gradcalc: the derivative calculator for the terminal and for Python.

>>> import gradcalc
>>> gradcalc.differentiate("x**4 + y**2 + 1", at={"x": 2, "y": 3}).gradient
{'x': 32.0, 'y': 6.0}

Importing gradcalc imports neither SymPy nor NumPy; what needs them imports them on first use. The way in for readers:
`ops` (the table), `graph` (the one structure), `derive` (the sweep), `arithmetic` (floats and balls), `calculator`;
and for `GradientTape` on NumPy arrays: `eager.tensor`, `eager.tape`, then `nn`, `optimize`, `tf`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcalc.calculator import differentiate
    from gradcalc.eager import (
        GradCheck,
        GradientTape,
        Tensor,
        UnconnectedGradients,
        Variable,
        constant,
        custom_gradient,
        explain_none,
        grad,
        gradcheck,
        hessian,
        hvp,
        jacobian,
        jvp,
        log_softmax,
        logsumexp,
        softmax,
        stop_gradient,
        value_and_grad,
    )
    from gradcalc.errors import (
        DetachError,
        ExpressionError,
        FileError,
        GradcalcError,
        LimitError,
        NoRuleError,
        TapeError,
        UsageError,
    )
    from gradcalc.graph import Graph
    from gradcalc.kernel import Kernel, compile
    from gradcalc.optimize.descend import descend
    from gradcalc.optimize.descent import Descent
    from gradcalc.report import Report
    from gradcalc.settings import Limits

__version__ = "0.1.0"

_HOMES = {
    "Descent": "optimize.descent",
    "DetachError": "errors",
    "ExpressionError": "errors",
    "FileError": "errors",
    "GradCheck": "eager",
    "GradcalcError": "errors",
    "GradientTape": "eager",
    "Graph": "graph",
    "Kernel": "kernel",
    "LimitError": "errors",
    "Limits": "settings",
    "NoRuleError": "errors",
    "Report": "report",
    "TapeError": "errors",
    "Tensor": "eager",
    "UnconnectedGradients": "eager",
    "UsageError": "errors",
    "Variable": "eager",
    "compile": "kernel",
    "constant": "eager",
    "custom_gradient": "eager",
    "descend": "optimize.descend",
    "differentiate": "calculator",
    "explain_none": "eager",
    "grad": "eager",
    "gradcheck": "eager",
    "hessian": "eager",
    "hvp": "eager",
    "jacobian": "eager",
    "jvp": "eager",
    "log_softmax": "eager",
    "logsumexp": "eager",
    "softmax": "eager",
    "stop_gradient": "eager",
    "value_and_grad": "eager",
}

_MODULES = ("nn", "optimize", "tf")

__all__ = [
    "Descent",
    "DetachError",
    "ExpressionError",
    "FileError",
    "GradCheck",
    "GradcalcError",
    "GradientTape",
    "Graph",
    "Kernel",
    "LimitError",
    "Limits",
    "NoRuleError",
    "Report",
    "TapeError",
    "Tensor",
    "UnconnectedGradients",
    "UsageError",
    "Variable",
    "compile",
    "constant",
    "custom_gradient",
    "descend",
    "differentiate",
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


def __getattr__(name: str) -> Any:
    """A public name, or a public module, imported on first use."""
    if name in _MODULES:
        return import_module(f"gradcalc.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'gradcalc' has no attribute {name!r}")
    value = getattr(import_module(f"gradcalc.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return [*__all__, *_MODULES, "__version__"]
