"""What can be set: the limits of the language and the options of a report. Imports nothing, so that help stays fast."""

from dataclasses import dataclass

MAX_NODES = 1_000_000
SYMBOLIC_SECONDS = 5.0
CERTIFY_SECONDS = 1.0
DIGITS = 19
"""How many significant digits a certified value shows unless told otherwise: two more than a double can hold."""

MAX_DIGITS = 1_000
"""How many can be asked for: more than 4,096 bits are not tried."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an expression may be: characters of text, nesting, nodes of its graph."""

    text: int = 1_000_000
    depth: int = 200
    nodes: int = MAX_NODES


@dataclass(frozen=True, slots=True)
class Options:
    """How a report is made.

    Attributes:
        order: 1 for the gradient, 2 for the Hessian as well.
        symbolic, certify, numeric: whether SymPy, balls and central differences take part.
        symbolic_seconds, certify_seconds: what each may take, per call and per point.
        digits: significant digits of certified values.
        latex: whether SymPy typesets its formulas as well.
    """

    order: int = 1
    symbolic: bool = True
    certify: bool = True
    numeric: bool = False
    symbolic_seconds: float = SYMBOLIC_SECONDS
    certify_seconds: float = CERTIFY_SECONDS
    digits: int = DIGITS
    latex: bool = False
    limits: Limits = Limits()
