"""The commands: one module for each, and their table."""

from collections.abc import Callable
from importlib import import_module

COMMANDS = {
    "grad": "Value and gradient of a formula at points.",
    "hessian": "Second derivatives, eigenvalues, kind of point.",
    "jacobian": "Derivatives of an array of formulas, rank, condition.",
    "diff": "A derivative of any order.",
    "taylor": "Taylor polynomials, with a proved bound of the rest.",
    "tape": "The evaluation trace: values, partials, adjoints.",
    "check": "Is a claimed formula the derivative?",
    "steps": "The derivation, rule by rule.",
    "graph": "The computation graph, as a picture or a tree.",
    "report": "All of it as one web page that works offline, with sliders.",
    "export": "A function of C, Python, ... that tests itself.",
    "critical": "All critical points in a box, or all roots, proved.",
    "verify": "Does a proof file hold?",
    "propagate": "The uncertainty of a result, and who causes it.",
    "descend": "From a formula and a start to a minimum.",
    "plot": "The function, its derivative, tangents; contours.",
    "fit": "A model fitted to data, with errors and proofs.",
    "map": "A formula over every row of data files.",
    "functions": "The functions a formula can use.",
    "completion": "Completion for bash, zsh and fish.",
    "repl": "Definitions, live answers, history; also gradcalc alone.",
}
"""What each command does. `commands/NAME.py` holds its function, NAME; only the one asked for is imported."""


def function_of(name: str) -> Callable[..., int]:
    """The function of a command."""
    found: Callable[..., int] = getattr(import_module(f"gradcalc.cli.commands.{name}"), name)
    return found
