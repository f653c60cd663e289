"""Eigenvalues, definiteness and the kind of a critical point, from a Hessian. Imports certify and report.

Signs are proved in balls by symmetric elimination (Sylvester's law of inertia); where they cannot be, the floats'
eigenvalues decide and the word says `numerically `.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flint import arb, ctx

from gradcalc.arithmetic.balls import Unknown, nearest_double
from gradcalc.certify import Ball
from gradcalc.report import DENSE_LIMIT, Curvature, Quantity

if TYPE_CHECKING:
    import numpy as np

_PROOF_LIMIT = 60
"""Above this many rows the elimination in balls would take seconds."""

_BROKEN = ("disagrees", "undefined", "jump", "kink")
"""Verdicts of a second derivative that leave nothing to say of the curvature."""

Signs = tuple[bool, bool, bool]
"""Whether there are positive, negative and zero eigenvalues."""

_WORDS: dict[Signs, str] = {
    (True, False, False): "positive definite",
    (True, False, True): "positive semidefinite",
    (False, True, False): "negative definite",
    (False, True, True): "negative semidefinite",
    (False, False, True): "zero",
}
_KINDS = {"positive definite": "minimum", "negative definite": "maximum", "indefinite": "saddle"}


def describe(
    entries: Mapping[tuple[int, int], Quantity],
    balls: Mapping[tuple[int, int], Ball | None],
    size: int,
    gradient: Sequence[float],
    gradient_balls: Sequence[Ball | None],
    at: Sequence[float],
) -> Curvature:
    """What the second derivatives at a point say.

    Args:
        entries, balls: the Hessian as floats and as balls, by row and column; absent entries are zero.
        gradient, gradient_balls, at: the first derivatives and the point, flat, of length `size`.
    """
    regular = all(entry.verdict not in _BROKEN for entry in entries.values())
    values = {place: best(entry.value, balls.get(place)) for place, entry in entries.items()}
    if size == 0 or size > DENSE_LIMIT or not regular or not all(map(math.isfinite, values.values())):
        return Curvature(entries, size)
    import numpy as np

    matrix = np.zeros((size, size))
    for place, value in values.items():
        matrix[place] = value
    eigenvalues = np.linalg.eigvalsh(matrix)
    proved = _proved_signs(balls, size)
    signs = proved or _numerical_signs(eigenvalues.tolist())
    prefix = "" if proved else "numerically "
    word = _WORDS.get(signs, "indefinite")
    critical = None
    if _is_critical(matrix, gradient, gradient_balls, at):
        critical = prefix + _KINDS.get(word, "degenerate")
    return Curvature(entries, size, tuple(eigenvalues.tolist()), prefix + word, critical)


def best(double: float, ball: Ball | None) -> float:
    """The double nearest to a proved number, or the float where nothing is proved."""
    nearest = nearest_double(ball) if isinstance(ball, arb) else None
    return double if nearest is None else nearest


def _numerical_signs(eigenvalues: Sequence[float]) -> Signs:
    """Signs of floats; what is within the rounding of the largest counts as zero."""
    margin = len(eigenvalues) * 2**-52 * max(map(abs, eigenvalues))
    positive = any(value > margin for value in eigenvalues)
    negative = any(value < -margin for value in eigenvalues)
    return positive, negative, any(abs(value) <= margin for value in eigenvalues)


def _proved_signs(balls: Mapping[tuple[int, int], Ball | None], size: int) -> Signs | None:
    """The signs of the eigenvalues by LDL^T with symmetric pivoting in balls; None where a sign cannot be proved."""
    known = {place: ball for place, ball in balls.items() if not isinstance(ball, Unknown) and ball is not None}
    if size > _PROOF_LIMIT or len(known) < len(balls):
        return None
    rows = [[known.get((i, j), arb(0)) for j in range(size)] for i in range(size)]
    positive = negative = zero = False
    with ctx.workprec(512):
        while rows:
            pivot = _pivot(rows)
            if pivot is None:
                if not all(x.is_zero() for row in rows for x in row):
                    # a diagonal of exact zeros beside a nonzero entry has eigenvalues of both signs
                    proved = all(row[i].is_zero() for i, row in enumerate(rows)) and any(
                        not x.contains(0) for row in rows for x in row
                    )
                    return (True, True, zero) if proved or (positive and negative) else None
                zero = True
                break
            value = rows[pivot][pivot]
            positive, negative = positive or bool(value > 0), negative or bool(value < 0)
            rows = _eliminate(rows, pivot)
    return positive, negative, zero


def _pivot(rows: Sequence[Sequence[arb]]) -> int | None:
    """The diagonal element of largest size whose sign is certain."""
    certain = [i for i, row in enumerate(rows) if not row[i].contains(0)]
    return max(certain, key=lambda i: float(abs(rows[i][i]).mid().log()), default=None)


def _eliminate(rows: Sequence[Sequence[arb]], pivot: int) -> list[list[arb]]:
    """The Schur complement of a pivot."""
    keep = [i for i in range(len(rows)) if i != pivot]
    value = rows[pivot][pivot]
    return [[rows[i][j] - rows[i][pivot] * rows[j][pivot] / value for j in keep] for i in keep]


def _is_critical(
    hessian: "np.ndarray[Any, Any]", gradient: Sequence[float], balls: Sequence[Ball | None], at: Sequence[float]
) -> bool:
    """Whether the gradient is below its rounding-error bound, or the Newton step below 4 ulps of the point.

    Proved derivatives count where there are any; what certification could not settle is no critical point.
    """
    import numpy as np

    if any(isinstance(ball, Unknown) for ball in balls):
        return False
    if all(isinstance(ball, arb) and ball.contains(0) for ball in balls):
        return True
    slope = np.asarray([best(double, ball) for double, ball in zip(gradient, balls, strict=True)])
    vanished = any(
        value == 0 and isinstance(ball, arb) and not ball.contains(0) for value, ball in zip(slope, balls, strict=True)
    )
    if vanished or not np.all(np.isfinite(slope)):
        return False  # below the smallest double, yet proved not to be zero
    spacing = 4 * np.spacing(np.abs(np.asarray(at)))
    if np.all(np.abs(slope) <= np.abs(hessian) @ spacing):
        return True
    try:
        step = np.linalg.solve(hessian, slope)
    except np.linalg.LinAlgError:
        return False
    return bool(np.all(np.abs(step) < spacing))
