"""gradcalc: the derivative calculator for the terminal and for Python.

>>> import gradcalc
>>> gradcalc.differentiate("x**4 + y**2 + 1", at={"x": 2, "y": 3}).gradient
{'x': 32.0, 'y': 6.0}

Importing gradcalc imports neither SymPy nor NumPy; what needs them imports them on first use. The way in for readers:
`graph` (the table of ops, the one structure, the sweep), `arithmetic`, `language`, `truth`;
and for `GradientTape` on NumPy arrays: `tape`, then `nn`, `optimize`, `tf`. `gradcalc/README.md` is the map.
"""

# ruff: noqa: I001

import os
import sys

if (
    sys.argv[:1] == ["-m"]
    and ("-m", "gradcalc") in zip(sys.orig_argv, sys.orig_argv[1:], strict=False)
    or (sys.argv and sys.argv[0].endswith(("/gradcalc", "/gradcalc/__main__.py")))
):  # the command, while `-m` loads it too: Ctrl-C from here on
    import _signal  # type: ignore[import-not-found]  # `signal` would take milliseconds

    def _stop(number: int, frame: object) -> None:
        """End as interrupted while even this package is half imported; `cli.run` takes over."""
        os._exit(130)

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _stop)

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names, as editors and type checkers read them
    from gradcalc import nn as nn, optimize as optimize, tf as tf
    from gradcalc.arithmetic.cuda.kernel import CudaKernel as CudaKernel
    from gradcalc.arithmetic.native.kernel import Kernel as Kernel
    from gradcalc.dispatch import grad as grad, hessian as hessian, jacobian as jacobian
    from gradcalc.errors import (
        DetachError as DetachError, ExpressionError as ExpressionError, FileError as FileError,
        GradcalcError as GradcalcError, LimitError as LimitError, NoRuleError as NoRuleError, TapeError as TapeError,
        UsageError as UsageError,
    )  # fmt: skip
    from gradcalc.graph.graph import Graph as Graph
    from gradcalc.language.compile import compile as compile
    from gradcalc.optimize.descend import descend as descend
    from gradcalc.optimize.descent.answer import Descent as Descent
    from gradcalc.optimize.fit.answer import Fit as Fit
    from gradcalc.optimize.fit.fit import fit as fit
    from gradcalc.settings import Limits as Limits
    from gradcalc.tape import (
        GradCheck as GradCheck, GradientTape as GradientTape, Tensor as Tensor,
        UnconnectedGradients as UnconnectedGradients, Variable as Variable, constant as constant,
        custom_gradient as custom_gradient, explain_none as explain_none, gradcheck as gradcheck, hvp as hvp,
        jvp as jvp, log_softmax as log_softmax, logsumexp as logsumexp, softmax as softmax, special as special,
        stats as stats, stop_gradient as stop_gradient, value_and_grad as value_and_grad,
    )  # fmt: skip
    from gradcalc.truth.calculator import differentiate as differentiate
    from gradcalc.data.pairs import check as check
    from gradcalc.truth.claims.check import Claims as Claims
    from gradcalc.truth.claims.remainders import assert_gradient as assert_gradient
    from gradcalc.truth.critical.answer import Critical as Critical
    from gradcalc.truth.critical.ask import critical as critical
    from gradcalc.truth.claims.proofs import Verified as Verified
    from gradcalc.truth.claims.proofs import verify as verify
    from gradcalc.truth.questions.derivative import Derivative as Derivative, diff as diff
    from gradcalc.truth.questions.export import Export as Export, export as export
    from gradcalc.truth.questions.implicit import Implicit as Implicit, implicit as implicit
    from gradcalc.truth.questions.jacobian import Jacobian as Jacobian
    from gradcalc.truth.pictures.drawing import Drawing as Drawing, draw as draw
    from gradcalc.truth.pictures.plot import Plot as Plot
    from gradcalc.truth.pictures.plotting import plot as plot
    from gradcalc.truth.report import Report as Report
    from gradcalc.truth.pictures.sheet import WebPage as WebPage, report as report
    from gradcalc.truth.questions.steps import Steps as Steps, steps as steps
    from gradcalc.truth.questions.taylor import Taylor as Taylor, taylor as taylor
    from gradcalc.truth.questions.trace import Trace as Trace, trace as trace
    from gradcalc.truth.uncertainty.answer import Propagation as Propagation
    from gradcalc.truth.uncertainty.propagate import propagate as propagate

__version__ = "0.1.0"

_MODULES = {"nn": "nn", "optimize": "optimize", "special": "tape.special", "stats": "tape.stats", "tf": "tf"}
"""The public modules, and where each is."""

_NAMES = {
    "arithmetic.cuda.kernel": "CudaKernel",
    "arithmetic.native.kernel": "Kernel",
    "dispatch": "grad hessian jacobian",
    "errors": "DetachError ExpressionError FileError GradcalcError LimitError NoRuleError TapeError UsageError",
    "graph.graph": "Graph",
    "language.compile": "compile",
    "optimize.descend": "descend",
    "optimize.descent.answer": "Descent",
    "optimize.fit.answer": "Fit",
    "optimize.fit.fit": "fit",
    "settings": "Limits",
    "tape": "GradCheck GradientTape Tensor UnconnectedGradients Variable constant custom_gradient explain_none "
    "gradcheck hvp jvp log_softmax logsumexp softmax stop_gradient value_and_grad",
    "truth.calculator": "differentiate",
    "truth.critical.answer": "Critical",
    "truth.critical.ask": "critical",
    "data.pairs": "check",
    "truth.claims.check": "Claims",
    "truth.claims.remainders": "assert_gradient",
    "truth.questions.derivative": "Derivative diff",
    "truth.questions.export": "Export export",
    "truth.questions.implicit": "Implicit implicit",
    "truth.questions.jacobian": "Jacobian",
    "truth.pictures.drawing": "Drawing draw",
    "truth.pictures.plot": "Plot",
    "truth.pictures.plotting": "plot",
    "truth.claims.proofs": "Verified verify",
    "truth.report": "Report",
    "truth.pictures.sheet": "WebPage report",
    "truth.questions.steps": "Steps steps",
    "truth.questions.taylor": "Taylor taylor",
    "truth.questions.trace": "Trace trace",
    "truth.uncertainty.answer": "Propagation",
    "truth.uncertainty.propagate": "propagate",
}
"""The public names by the module that each comes from."""

_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}

if not TYPE_CHECKING:  # to a type checker a name that is not there is an error
    __all__ = sorted(_HOMES)

    def __getattr__(name: str) -> Any:
        """A public name, or a public module, imported on first use."""
        if name in _MODULES:
            return import_module(f"gradcalc.{_MODULES[name]}")
        if name not in _HOMES:
            raise AttributeError(f"module 'gradcalc' has no attribute {name!r}")
        value = getattr(import_module(f"gradcalc.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """The public names."""
    return [*_HOMES, *_MODULES, "__version__"]
