"""The kind of a point by the signs of its Hessian's eigenvalues, in the words of every answer. Imports nothing."""

from collections.abc import Sequence

Signs = tuple[bool, bool, bool]
"""Whether there are positive, negative and zero eigenvalues."""

_DEFINITENESS: dict[Signs, str] = {
    (True, False, False): "positive definite",
    (True, False, True): "positive semidefinite",
    (False, True, False): "negative definite",
    (False, True, True): "negative semidefinite",
    (False, False, True): "zero",
}
UNDECIDED_KIND = "undecided"
"""The word where a sign cannot be told from rounding."""
_KINDS = {"positive definite": "minimum", "negative definite": "maximum", "indefinite": "saddle"}


def numerical_signs(eigenvalues: Sequence[float], margin: float) -> Signs:
    """Signs of floats; what is within the margin counts as zero."""
    positive = any(value > margin for value in eigenvalues)
    negative = any(value < -margin for value in eigenvalues)
    return positive, negative, any(abs(value) <= margin for value in eigenvalues)


def certain_signs(eigenvalues: Sequence[float], error: float) -> Signs | None:
    """Signs of eigenvalues known up to an error; None where one within it matters: beside both signs none does."""
    positive, negative, unsure = numerical_signs(eigenvalues, error)
    return None if unsure and not (positive and negative) else (positive, negative, False)


def definiteness(signs: Signs) -> str:
    """What a matrix is by the signs of its eigenvalues."""
    return _DEFINITENESS.get(signs, "indefinite")


def kind_by_signs(signs: Signs) -> str:
    """What a point is where the gradient vanishes: `minimum`, `maximum`, `saddle` or `degenerate`."""
    return _KINDS.get(definiteness(signs), "degenerate")


def said(kind: str) -> str:
    """A kind for people: a Hessian tells of the neighbourhood alone, so that a minimum is a local one."""
    return kind.replace("minimum", "local minimum").replace("maximum", "local maximum")
