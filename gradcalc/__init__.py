"""gradcalc: the derivative calculator for the terminal and for Python.

>>> import gradcalc
>>> gradcalc.differentiate("x**4 + y**2 + 1", at={"x": 2, "y": 3}).gradient
{'x': 32.0, 'y': 6.0}

Importing gradcalc imports neither SymPy nor NumPy; what needs them imports them on first use. The way in for readers:
`graph` (the table of ops, the one structure, the sweep), `arithmetic`, `language`, `truth`;
and for `GradientTape` on NumPy arrays: `tape`, then `nn`, `optimize`, `tf`. `gradcalc/README.md` is the map.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcalc.arithmetic.native.kernel import Kernel
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
    from gradcalc.graph.graph import Graph
    from gradcalc.language.compile import compile
    from gradcalc.optimize.descend import descend
    from gradcalc.optimize.descent.answer import Descent
    from gradcalc.settings import Limits
    from gradcalc.tape import (
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
    from gradcalc.truth.calculator import differentiate
    from gradcalc.truth.report import Report

__version__ = "0.1.0"

_HOMES = {
    "Descent": "optimize.descent.answer",
    "DetachError": "errors",
    "ExpressionError": "errors",
    "FileError": "errors",
    "GradCheck": "tape",
    "GradcalcError": "errors",
    "GradientTape": "tape",
    "Graph": "graph.graph",
    "Kernel": "arithmetic.native.kernel",
    "LimitError": "errors",
    "Limits": "settings",
    "NoRuleError": "errors",
    "Report": "truth.report",
    "TapeError": "errors",
    "Tensor": "tape",
    "UnconnectedGradients": "tape",
    "UsageError": "errors",
    "Variable": "tape",
    "compile": "language.compile",
    "constant": "tape",
    "custom_gradient": "tape",
    "descend": "optimize.descend",
    "differentiate": "truth.calculator",
    "explain_none": "tape",
    "grad": "tape",
    "gradcheck": "tape",
    "hessian": "tape",
    "hvp": "tape",
    "jacobian": "tape",
    "jvp": "tape",
    "log_softmax": "tape",
    "logsumexp": "tape",
    "softmax": "tape",
    "stop_gradient": "tape",
    "value_and_grad": "tape",
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
