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
_KINDS = {"positive definite": "minimum", "negative definite": "maximum", "indefinite": "saddle"}


def numerical_signs(eigenvalues: Sequence[float], margin: float) -> Signs:
    """Signs of floats; what is within the margin counts as zero."""
    positive = any(value > margin for value in eigenvalues)
    negative = any(value < -margin for value in eigenvalues)
    return positive, negative, any(abs(value) <= margin for value in eigenvalues)


def definiteness(signs: Signs) -> str:
    """What a matrix is by the signs of its eigenvalues."""
    return _DEFINITENESS.get(signs, "indefinite")


def kind_by_signs(signs: Signs) -> str:
    """What a point is where the gradient vanishes: `minimum`, `maximum`, `saddle` or `degenerate`."""
    return _KINDS.get(definiteness(signs), "degenerate")


def said(kind: str) -> str:
    """A kind for people: a Hessian tells of the neighbourhood alone, so that a minimum is a local one."""
    return kind.replace("minimum", "local minimum").replace("maximum", "local maximum")
