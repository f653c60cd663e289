"""Eigenvalues, definiteness and the kind of a critical point, from a Hessian. Imports arithmetic, kinds and report.

Signs are proved in balls by symmetric elimination (Sylvester's law of inertia); where they cannot be, the floats'
eigenvalues decide and the word says `numerically `.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flint import arb, ctx, fmpq

from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.marks import Ball, Unknown
from gradcalc.truth.kinds import Signs, definiteness, kind_by_signs, numerical_signs
from gradcalc.truth.quantity import Quantity
from gradcalc.truth.report import DENSE_LIMIT, Curvature

if TYPE_CHECKING:
    import numpy as np

_PROOF_LIMIT = 60
"""Above this many rows the elimination in balls would take seconds."""

_BROKEN = ("disagrees", "undefined", "jump", "kink")
"""Verdicts of a second derivative that leave nothing to say of the curvature."""


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
    tiny = np.abs(matrix).max() < 1e-290
    signs = proved or _numerical_signs((np.linalg.eigvalsh(_scaled(matrix, balls)) if tiny else eigenvalues).tolist())
    prefix = "" if proved else "numerically "
    critical = prefix + kind_by_signs(signs) if _is_critical(matrix, gradient, gradient_balls, at) else None
    return Curvature(entries, size, tuple(eigenvalues.tolist()), prefix + definiteness(signs), critical)


def best(double: float, ball: Ball | None) -> float:
    """The double nearest to a proved number, or the float where nothing is proved."""
    nearest = nearest_double(ball) if isinstance(ball, arb) else None
    return double if nearest is None else nearest


def _numerical_signs(eigenvalues: Sequence[float]) -> Signs:
    """Signs of floats; what is within the rounding of the largest counts as zero."""
    return numerical_signs(eigenvalues, len(eigenvalues) * 2**-52 * max(map(abs, eigenvalues)))


def _proved_signs(balls: Mapping[tuple[int, int], Ball | None], size: int) -> Signs | None:
    """The signs of the eigenvalues by LDL^T with symmetric pivoting in balls; None where a sign cannot be proved."""
    known = {place: ball for place, ball in balls.items() if not isinstance(ball, Unknown) and ball is not None}
    if size > _PROOF_LIMIT or len(known) < len(balls):
        return None
    exact = all(ball.is_exact() for ball in known.values())
    zero = fmpq(0) if exact else arb(0)
    numbers = {place: _rational(ball) if exact else ball for place, ball in known.items()}
    with ctx.workprec(512):
        return _inertia([[numbers.get((i, j), zero) for j in range(size)] for i in range(size)])


def _rational(ball: arb) -> fmpq:
    """An exact ball as the rational it is."""
    mantissa, exponent = ball.man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)


def _sign(x: arb | fmpq) -> int | None:
    """-1, 0 or 1; None where a ball does not tell."""
    if x > 0:
        return 1
    if x < 0:
        return -1
    return 0 if x == 0 else None


def _inertia(rows: list[list[Any]]) -> Signs | None:
    """Eliminate one diagonal element of certain sign after the other; rationals are exact, balls may not decide."""
    found = {-1: False, 0: False, 1: False}
    while rows:
        signs = [[_sign(x) for x in row] for row in rows]
        pivots = [i for i, row in enumerate(signs) if row[i] in (-1, 1)]
        if not pivots:
            if all(sign == 0 for row in signs for sign in row):
                found[0] = True
                break
            # a diagonal of exact zeros beside a nonzero entry has eigenvalues of both signs
            both = all(row[i] == 0 for i, row in enumerate(signs)) and any(s in (-1, 1) for row in signs for s in row)
            return (True, True, found[0]) if both or (found[1] and found[-1]) else None
        pivot = max(pivots, key=lambda i: abs(rows[i][i]) if isinstance(rows[i][i], fmpq) else abs(rows[i][i]).mid())
        found[signs[pivot][pivot] or 0] = True
        keep = [i for i in range(len(rows)) if i != pivot]
        value = rows[pivot][pivot]
        rows = [[rows[i][j] - rows[i][pivot] * rows[j][pivot] / value for j in keep] for i in keep]
    return found[1], found[-1], found[0]


def _scaled(matrix: "np.ndarray[Any, Any]", balls: Mapping[tuple[int, int], Ball | None]) -> "np.ndarray[Any, Any]":
    """The matrix over its largest entry, from the balls where all are known: nothing underflows."""
    import numpy as np

    if not balls or any(not isinstance(ball, arb) for ball in balls.values()):
        return matrix
    largest = max((abs(ball).abs_upper() for ball in balls.values() if isinstance(ball, arb)), default=arb(0))
    if largest == 0:
        return matrix
    scaled = np.zeros_like(matrix)
    for place, ball in balls.items():
        scaled[place] = float(ball / largest)  # type: ignore[operator]
    return scaled


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
