"""gradcalc: the derivative calculator for the terminal and for Python.

>>> import gradcalc
>>> gradcalc.differentiate("x**4 + y**2 + 1", at={"x": 2, "y": 3}).gradient
{'x': 32.0, 'y': 6.0}

Importing gradcalc imports neither SymPy nor NumPy; what needs them imports them on first use. The way in for readers:
`ops` (the table), `graph` (the one structure), `derive` (the sweep), `arithmetic` (floats and balls), `calculator`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcalc.calculator import differentiate
    from gradcalc.errors import ExpressionError, FileError, GradcalcError, LimitError, UsageError
    from gradcalc.graph import Graph
    from gradcalc.report import Report
    from gradcalc.settings import Limits

__version__ = "0.1.0"

_HOMES = {
    "differentiate": "calculator",
    "ExpressionError": "errors",
    "FileError": "errors",
    "GradcalcError": "errors",
    "Graph": "graph",
    "LimitError": "errors",
    "Limits": "settings",
    "Report": "report",
    "UsageError": "errors",
}

__all__ = [
    "ExpressionError",
    "FileError",
    "GradcalcError",
    "Graph",
    "LimitError",
    "Limits",
    "Report",
    "UsageError",
    "differentiate",
]


def __getattr__(name: str) -> Any:
    """A public name, imported from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gradcalc' has no attribute {name!r}")
    value = getattr(import_module(f"gradcalc.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return [*__all__, "__version__"]
