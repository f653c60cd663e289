"""Eigenvalues, definiteness and the kind of a critical point, from a Hessian. Imports arithmetic, kinds and report.

Signs are proved in balls by symmetric elimination (Sylvester's law of inertia). Of a matrix too large for that, or with
measured entries, the word says `numerically `, and is said only where the eigenvalues are far above what is not known
of them. A sign within the error is no sign: then the word is `undecided`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flint import acb_mat, arb, arb_mat, ctx, fmpq

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.exact_numbers import exact
from gradcalc.arithmetic.marks import UNDECIDED, Ball, Unknown
from gradcalc.graph import ops
from gradcalc.show.page import DENSE_LIMIT
from gradcalc.truth.kinds import UNDECIDED_KIND, Signs, certain_signs, definiteness, kind_by_signs
from gradcalc.truth.quantity import Quantity
from gradcalc.truth.report import Curvature

_PROOF_LIMIT = 60
"""Above this many rows the elimination in balls would take seconds."""

_PROOF_BITS = 512

_FEW, _LONGEST = 16, 4096
"""Rows up to which flint finds eigenvalues in milliseconds, without NumPy; and bits of its numbers at the most."""

_BROKEN = ("disagrees", "undefined", "jump", "kink", "infinite")
"""Verdicts of a second derivative that leave nothing to say of the curvature."""


def describe(
    entries: Mapping[tuple[int, int], Quantity],
    balls: Mapping[tuple[int, int], Ball | None],
    size: int,
    gradient: Sequence[float],
    gradient_balls: Sequence[Ball | None],
    at: Sequence[float],
    *,
    bounds: Sequence[float] | None = None,
    measured: frozenset[tuple[int, int]] = frozenset(),
) -> Curvature:
    """What the second derivatives at a point say.

    Args:
        entries, balls: the Hessian as floats and as balls, by row and column; absent entries are zero.
        gradient, gradient_balls, at: the first derivatives and the point, flat, of length `size`.
        bounds: how far the rounding of floats may move each first derivative (`vanishes`); default: nowhere.
        measured: the entries that difference quotients gave.
    """
    regular = all(entry.verdict not in _BROKEN for entry in entries.values())
    values = {place: best(entry.value, balls.get(place)) for place, entry in entries.items()}
    if size == 0 or size > DENSE_LIMIT or not regular or not all(map(math.isfinite, values.values())):
        return Curvature(entries, size)
    matrix = [[values.get((i, j), 0.0) for j in range(size)] for i in range(size)]
    eigenvalues = _eigenvalues(matrix)
    numbers = {place: _number(values[place], balls.get(place), place in measured) for place in entries}
    small = size <= _PROOF_LIMIT
    signs = _proved_signs(numbers, size) if small else _numerical_signs(numbers, size)
    prefix = "" if small and not measured or signs is None else "numerically "
    bounds = bounds or [0.0] * size
    critical = all(vanishes(ball, bound) for ball, bound in zip(gradient_balls, bounds, strict=True))
    kind = (UNDECIDED_KIND if signs is None else prefix + kind_by_signs(signs)) if critical else None
    word = UNDECIDED_KIND if signs is None else prefix + definiteness(signs)
    step = None if critical else _newton_step(matrix, gradient, gradient_balls, at)
    hidden = not any(values.values()) and any(not number.is_zero() for number in numbers.values())  # 0 in floats alone
    return Curvature(entries, size, None if hidden else tuple(eigenvalues), word, kind, step)


def _eigenvalues(matrix: Sequence[Sequence[float]]) -> list[float]:
    """In increasing order: of few rows to the last bit, by numbers so long that only 0 comes out as far below all."""
    size, top = len(matrix), max(abs(x) for row in matrix for x in row)
    if not top:
        return [0.0] * size
    if size > _FEW:
        import numpy as np

        found: list[float] = np.linalg.eigvalsh(np.asarray(matrix)).tolist()
        return found
    spread = math.frexp(top)[1] - min(math.frexp(x)[1] for row in matrix for x in row if x)
    bits = min(size * (64 + spread) + 64, _LONGEST)  # a determinant of doubles is 0 or no smaller than that
    with ctx.workprec(bits):
        values = [x.real.mid() for x in acb_mat(arb_mat(matrix)).eig(algorithm="approx", nonstop=True)]
        least = arb(top) * arb((1, 40 - bits))
        return sorted(0.0 if abs(value) < least else float(value) for value in values)


def best(double: float, ball: Ball | None) -> float:
    """The double nearest to a proved number, or the float where nothing is proved."""
    nearest = nearest_double(ball) if isinstance(ball, arb) else None
    return double if nearest is None else nearest


def vanishes(ball: Ball | None, bound: float) -> bool:
    """Whether a first derivative is 0 as far as can be told: proved to be, or tiny beside its `bound` and around 0.

    Args:
        bound: how far the rounding of floats may move it. An enclosure that does not shrink far below that where
            floats are left behind tells of its own width alone.
    """
    if not isinstance(ball, arb):
        return False
    if ball.is_zero():
        return True
    return bool(ball.contains(0) and math.isfinite(bound) and abs(ball).abs_upper() <= arb(bound) * _SHRUNK)


def error_bound(rounded: Ball) -> float:
    """The bound that `vanishes` asks for: how wide a first derivative is in balls of the precision of floats."""
    return float(rounded.rad()) if isinstance(rounded, arb) else math.inf


_SHRUNK = arb((1, -48))
_UNKNOWN = arb("nan")
_MEASURED = arb((1, -20))
"""The relative error of what difference quotients settle at."""


def _number(value: float, ball: Ball | None, measured: bool) -> arb:
    """An entry in a ball; nan where nothing is known of it: what is not verified is not 0."""
    if isinstance(ball, arb):
        return ball
    return arb(value, abs(value) * float(_MEASURED)) if measured and value else _UNKNOWN


def _numerical_signs(numbers: Mapping[tuple[int, int], arb], size: int) -> Signs | None:
    """The signs of the floats' eigenvalues; None where one may lie on the other side of 0, or be it (Weyl)."""
    import numpy as np

    if any(not ball.is_finite() for ball in numbers.values()):
        return None
    largest = max((abs(ball).abs_upper() for ball in numbers.values()), default=arb(0))
    if largest == 0:
        return False, False, True
    matrix, errors = np.zeros((size, size)), np.zeros((size, size))
    for place, ball in numbers.items():  # over the largest, so that nothing underflows
        matrix[place] = float((ball / largest).mid())
        errors[place] = float((ball / largest).rad())
    eigenvalues = np.linalg.eigvalsh(matrix)
    rounding = size * 2.0**-48 * float(np.abs(eigenvalues).max())
    return certain_signs(eigenvalues.tolist(), float(errors.sum(axis=1).max()) + rounding)


def _proved_signs(numbers: Mapping[tuple[int, int], arb], size: int) -> Signs | None:
    """The signs of the eigenvalues by LDL^T with symmetric pivoting in balls; None where a sign cannot be proved."""
    if all(is_rational(ball) for ball in numbers.values()):
        rationals = {place: rational(ball) for place, ball in numbers.items()}
        rows = [[rationals.get((i, j), fmpq(0)) for j in range(size)] for i in range(size)]
        return _inertia(rows, lambda x, a, b, pivot: x - a * b / pivot)
    functions = Balls(_PROOF_BITS).functions  # numbers that are exact beside their balls stay so

    def eliminated(x: Ball, a: Ball, b: Ball, pivot: Ball) -> Ball:
        found: Ball = functions[ops.sub](x, functions[ops.div](functions[ops.mul](a, b), pivot))
        return found

    with ctx.workprec(_PROOF_BITS):
        known = {place: ball if ball.is_finite() else UNDECIDED for place, ball in numbers.items()}
        return _inertia([[known.get((i, j), arb(0)) for j in range(size)] for i in range(size)], eliminated)


def is_rational(ball: arb) -> bool:
    """Whether the number in a ball is known to be a rational, and not too long to be written down."""
    number = exact(ball)
    return number is not None and number.base is None


def rational(ball: arb) -> fmpq:
    """A ball as the rational it is."""
    number = exact(ball)
    assert number is not None
    return number.value  # type: ignore[no-any-return]


def _sign(x: Ball | fmpq) -> int | None:
    """-1, 0 or 1; None where a ball does not tell."""
    if isinstance(x, Unknown):
        return None
    if x > 0:
        return 1
    if x < 0:
        return -1
    return 0 if x == 0 else None


def _inertia(rows: list[list[Any]], eliminated: Callable[..., Any]) -> Signs | None:
    """Eliminate one diagonal element of certain sign after the other; rationals are exact, balls may not decide."""
    found = {-1: False, 0: False, 1: False}
    while rows:
        signs = [_sign(row[i]) for i, row in enumerate(rows)]
        pivots = [i for i, sign in enumerate(signs) if sign in (-1, 1)]
        if not pivots:
            if all(_sign(x) == 0 for row in rows for x in row):
                found[0] = True
                break
            both = found[1] and found[-1] or _has_saddle(rows)
            return (True, True, found[0]) if both else None
        pivot = max(pivots, key=lambda i: abs(rows[i][i]) if isinstance(rows[i][i], fmpq) else abs(rows[i][i]).mid())
        found[signs[pivot] or 0] = True
        keep = [i for i in range(len(rows)) if i != pivot]
        value = rows[pivot][pivot]
        rows = [[eliminated(rows[i][j], rows[i][pivot], rows[j][pivot], value) for j in keep] for i in keep]
    return found[1], found[-1], found[0]


def _has_saddle(rows: list[list[Any]]) -> bool:
    """Whether two variables alone show eigenvalues of both signs: their determinant is negative."""
    blocks = ((rows[i][i], rows[j][j], rows[i][j]) for i in range(len(rows)) for j in range(i))
    return any(a * b - c * c < 0 for a, b, c in blocks if not any(isinstance(x, Unknown) for x in (a, b, c)))


def _newton_step(
    hessian: Sequence[Sequence[float]], gradient: Sequence[float], balls: Sequence[Ball | None], at: Sequence[float]
) -> float | None:
    """The length of the Newton step, where that is below 4 ulps of the point: no floats are nearer to a zero."""
    slope = [best(double, ball) for double, ball in zip(gradient, balls, strict=True)]
    if not all(isinstance(ball, arb) for ball in balls) or not all(map(math.isfinite, slope)) or not any(slope):
        return None
    step = _solved(hessian, slope)
    if step is None or not all(abs(dx) < 4 * math.ulp(x) for dx, x in zip(step, at, strict=True)):
        return None
    return math.hypot(*step)


def _solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> Sequence[float] | None:
    """The solution of linear equations; None where the matrix is singular."""
    if len(right) > _FEW:
        import numpy as np

        try:
            return [float(x) for x in np.linalg.solve(np.asarray(matrix), np.asarray(right))]
        except np.linalg.LinAlgError:
            return None
    with ctx.workprec(_PROOF_BITS):
        try:
            found = arb_mat(matrix).solve(arb_mat([[x] for x in right]))
        except ZeroDivisionError:
            return None
        return [float(x.mid()) for x in found.entries()]
