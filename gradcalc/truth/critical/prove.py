"""A zero that a search has found, proved once more in balls, to any digits, and what kind of point it is.

Krawczyk's operator in balls of 128 bits and more: existence, and uniqueness in a small box; each step doubles the
digits. The kind is by the signs of the Hessian's eigenvalues: a decomposition L D L^T with symmetric pivoting, of
blocks of one or two rows, whose signs are those of the matrix (Sylvester; Bunch and Kaufman 1977), proved in balls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, arb_mat, ctx, fmpq

from gradcalc.arithmetic import exact_numbers
from gradcalc.arithmetic.digits import relative_bits
from gradcalc.arithmetic.exact_numbers import ExactBall
from gradcalc.graph import ops
from gradcalc.truth.critical.system import Place, System

_STEPS = 12


@dataclass(frozen=True, eq=False)
class Proof:
    """A proved zero.

    Attributes:
        at: the ball of each unknown; an `ExactBall`, or an exact one, where the number is known.
        jacobian: the Jacobian's ball by row and column, over all of `at`.
        precision: bits.
    """

    at: tuple[arb, ...]
    jacobian: Mapping[Place, Any]
    precision: int

    @property
    def is_exact(self) -> bool:
        """Whether each coordinate is a known number."""
        return all(ball.is_exact() or type(ball) is ExactBall for ball in self.at)


def proved(system: System, low: Sequence[float], high: Sequence[float], digits: int) -> Proof | None:
    """The zero in a box that is nearly a point, to some significant digits; None where balls do not prove it."""
    bits = int(digits * 3.33) + 16
    precision = max(128, bits + 64)
    with ctx.workprec(precision):
        box = [_widened(arb(float(a)).union(arb(float(b)))) for a, b in zip(low, high, strict=True)]
        inside = False
        for step in range(_STEPS):
            jacobian = evaluated(system, precision, box, tuple(dict.fromkeys(system.jacobian.values())))
            image = krawczyk(system, precision, box, jacobian)
            if image is None:
                return None
            if all(a.contains_interior(b) for a, b in zip(box, image, strict=True)):
                inside = True
            elif not inside:
                if step > 5 or not all(a.overlaps(b) for a, b in zip(box, image, strict=True)):
                    return None
                # the image holds the zero too: where it is narrower its width counts, or products of widths only grow
                held = [a.contains_interior(b) for a, b in zip(box, image, strict=True)]
                box = [_widened(b if h else a.union(b)) for a, b, h in zip(box, image, held, strict=True)]
                continue
            before, box = box, [a.intersection(b) for a, b in zip(box, image, strict=True)]
            settled = all(relative_bits(ball) >= bits or ball.rad() < _SMALL ** (bits / 128) for ball in box)
            stuck = not any(b.rad() < a.rad() / 2 for a, b in zip(before, box, strict=True))
            if settled or stuck:
                break
        if not inside:
            return None
        entries = evaluated(system, precision, box, tuple(dict.fromkeys(system.jacobian.values())))
        return Proof(tuple(box), {place: entries[node] for place, node in system.jacobian.items()}, precision)


_SMALL = arb((1, -200))


def _widened(ball: arb) -> arb:
    """A ball twice as wide, and some doubles more."""
    return arb(ball.mid(), ball.rad() * 2 + abs(ball.mid()).upper() * arb((1, -48)) + arb((1, -60)) * arb((1, -40)))


def evaluated(system: System, precision: int, at: Sequence[arb], outputs: Sequence[int]) -> Any:
    """The balls of some nodes at a point or in a box, by node; of a system with rows the sums over them."""
    balls = system.balls(precision)
    fixed = {node: make(balls) for node, make in system.fixed.items()}
    known = {**fixed, **dict(zip(system.inputs, at, strict=True))}
    if system.columns is None:
        return balls.evaluate(system.graph, known, outputs)
    totals: dict[int, Any] = dict.fromkeys(outputs, _ZERO)
    with ctx.workprec(precision):
        for row in system.columns.balls(precision):
            values = balls.evaluate(system.graph, {**known, **row}, outputs)
            totals = {node: _added(total, values[node]) for node, total in totals.items()}
    return totals


def _added(total: Any, part: Any) -> Any:
    """The sum of two balls; what is none stays."""
    if isinstance(total, arb) and isinstance(part, arb):
        return total + exact_numbers.plain(part)
    return part if isinstance(total, arb) else total


def krawczyk(system: System, precision: int, box: Sequence[arb], entries: Any) -> list[arb] | None:
    """The operator's image of a box; None where balls do not know the system in all of it."""
    size = system.size
    middle = [ball.mid() for ball in box]
    values = evaluated(system, precision, middle, (*system.components, *system.needed))
    found = [values[node] for node in (*system.components, *system.needed)]
    rows = [[entries[system.jacobian[i, j]] if (i, j) in system.jacobian else _ZERO for j in range(size)]
            for i in range(size)]  # fmt: skip
    if not all(isinstance(x, arb) and x.is_finite() for x in (*found, *(x for row in rows for x in row))):
        return None
    inverse = _inverse(rows)
    if inverse is None:
        return None
    point = arb_mat(size, 1, [exact_numbers.plain(x) for x in found[:size]])
    jacobian = arb_mat([[exact_numbers.plain(x) for x in row] for row in rows])
    identity = arb_mat(size, size, [arb(int(i == j)) for i in range(size) for j in range(size)])
    around = arb_mat(size, 1, [a - b for a, b in zip(box, middle, strict=True)])
    step = (identity - inverse * jacobian) * around - inverse * point
    return [a + step[i, 0] for i, a in enumerate(middle)]


_ZERO = arb(0)


def _inverse(rows: Sequence[Sequence[arb]]) -> arb_mat | None:
    """An approximate inverse of the midpoints, as exact numbers; None where there is none."""
    size = len(rows)
    try:
        found = arb_mat([[exact_numbers.plain(x).mid() for x in row] for row in rows]).inv()
    except ZeroDivisionError:
        return None
    if not all(x.is_finite() for x in found.entries()):
        return None
    return arb_mat(size, size, [x.mid() for x in found.entries()])


# -- numbers that are known exactly ------------------------------------------------------------------------------------


def exactly(system: System, proof: Proof, known: Mapping[int, arb] | None = None) -> Proof | None:
    """The same zero with exact coordinates, where short numbers in its box are one; None if none is found.

    Args:
        known: numbers that coordinates may be, by place: the ends of a box.
    """
    with ctx.workprec(proof.precision):
        guess = exact_guess(proof.at, known or {})
        if guess is None:
            return None
        values = evaluated(system, proof.precision, guess, (*system.components, *system.jacobian.values()))
        if not all(isinstance(values[node], arb) and values[node].is_zero() for node in system.components):
            return None
        entries = {place: values[node] for place, node in system.jacobian.items()}
        return Proof(tuple(guess), entries, proof.precision)


def with_zeros(system: System, proof: Proof, digits: int) -> Proof | None:
    """The same zero with coordinates that are 0 exactly, the others as they are; None where that is not proved.

    Where the equations of some unknowns hold whatever the others are, a zero of the other equations is one of all; it
    is the same one if its balls lie in those of this one, which hold no second one.
    """
    zeros = {k for k, ball in enumerate(proof.at) if ball.contains(0) and not ball.is_exact()}
    if not zeros or len(zeros) == system.size or system.columns is not None:
        return None
    with ctx.workprec(proof.precision):
        at = [_ZERO if k in zeros else ball for k, ball in enumerate(proof.at)]
        values = evaluated(system, proof.precision, at, system.components)
        held = [values[system.components[k]] for k in sorted(zeros)]
        if not all(isinstance(ball, arb) and ball.is_zero() for ball in held):
            return None
        fixed: dict[int, Any] = {system.inputs[k]: lambda _: _ZERO for k in zeros}
        rest = [ball for k, ball in enumerate(proof.at) if k not in zeros]
        ends = [float(ball.lower()) for ball in rest], [float(ball.upper()) for ball in rest]
    found = proved(system.on_face(fixed), *ends, digits + 12)
    if found is None or not all(a.contains(b) for a, b in zip(rest, found.at, strict=True)):
        return None
    inner = iter(found.at)
    at = [_ZERO if k in zeros else next(inner) for k in range(system.size)]
    with ctx.workprec(found.precision):
        entries = evaluated(system, found.precision, at, tuple(dict.fromkeys(system.jacobian.values())))
    return Proof(tuple(at), {place: entries[node] for place, node in system.jacobian.items()}, found.precision)


def exact_guess(at: Sequence[arb], known: Mapping[int, arb]) -> list[arb] | None:
    """Short numbers in some balls: ends that are known, rationals, multiples of pi, square roots."""
    found = []
    for k, ball in enumerate(at):
        if type(ball) is ExactBall or ball.is_exact():
            found.append(ball)
            continue
        end = known.get(k)
        number = end if end is not None and ball.overlaps(end) else _short_number(ball)
        if number is None:
            return None
        found.append(number)
    return found


def _short_number(ball: arb) -> arb | None:
    if (ratio := _rational_in(ball)) is not None:
        return exact_numbers.ball_of(exact_numbers.rational(ratio))
    if (ratio := _rational_in(ball / arb.pi(), 64)) is not None:
        return exact_numbers.ball_of(exact_numbers.multiple(ratio))
    square = _rational_in(ball * ball, 400)
    if square is not None and square > 0:
        root = exact_numbers.result(ops.sqrt, (exact_numbers.ball_of(exact_numbers.rational(square)),))
        if isinstance(root, arb) and ball < 0:
            root = exact_numbers.result(ops.neg, (root,))
        return root if isinstance(root, arb) else None
    return None


def _rational_in(ball: arb, most: int = 10_000) -> fmpq | None:
    """The rational of a small denominator in a narrow ball."""
    if not ball.is_finite() or ball.rad() > arb((1, -60)):
        return None
    mantissa, exponent = (int(part) for part in ball.mid().man_exp())
    if abs(exponent) > 2000:
        return fmpq(0) if ball.contains(0) else None
    middle = Fraction(mantissa) * Fraction(2) ** exponent
    near = middle.limit_denominator(most)
    ratio = fmpq(near.numerator, near.denominator)
    return ratio if ball.contains(arb(ratio)) or ball.overlaps(arb(ratio)) else None


# -- the kind of a point -----------------------------------------------------------------------------------------------


def inertia(rows: Sequence[Sequence[Any]]) -> tuple[int, int, int] | None:
    """How many positive, negative and zero eigenvalues a symmetric matrix of balls has; None where that is not proved.

    Zeros are counted where what remains is exactly 0.
    """
    left = [list(line) for line in rows]
    plus = minus = 0
    while left:
        if any(not isinstance(x, arb) or not x.is_finite() for line in left for x in line):
            return None
        if all(x.is_zero() for line in left for x in line):
            return plus, minus, len(left)
        size = len(left)
        sizes = [float(abs(left[i][i]).abs_lower()) for i in range(size)]
        pivot = max(range(size), key=sizes.__getitem__)
        pairs = [(i, j) for i in range(size) for j in range(i)]
        wide = max(pairs, key=lambda p: float(abs(left[p[0]][p[1]]).abs_lower()), default=None)
        across = 0.0 if wide is None else float(abs(left[wide[0]][wide[1]]).abs_lower())
        if sizes[pivot] > 0 and sizes[pivot] >= 0.6 * across:
            chosen: tuple[int, ...] = (pivot,)
        elif wide is not None and across > 0:
            chosen = wide
        else:
            return None
        block = [[left[i][j] for j in chosen] for i in chosen]
        if len(chosen) == 1:
            up, down = (1, 0) if block[0][0] > 0 else (0, 1)
        else:
            determinant = block[0][0] * block[1][1] - block[0][1] * block[1][0]
            if determinant < 0:
                up = down = 1
            elif determinant > 0:
                up, down = (2, 0) if block[0][0] > 0 else (0, 2)
            else:
                return None
        plus, minus = plus + up, minus + down
        rest = [i for i in range(size) if i not in chosen]
        left = _schur(left, chosen, rest)
    return plus, minus, 0


def _schur(rows: Sequence[Sequence[Any]], chosen: Sequence[int], rest: Sequence[int]) -> list[list[Any]]:
    """What remains of a matrix when a block is eliminated."""
    if len(chosen) == 1:
        (k,) = chosen
        return [[rows[i][j] - rows[i][k] * rows[k][j] / rows[k][k] for j in rest] for i in rest]
    a, b = chosen
    determinant = rows[a][a] * rows[b][b] - rows[a][b] * rows[b][a]
    result = []
    for i in rest:
        first = (rows[i][a] * rows[b][b] - rows[i][b] * rows[b][a]) / determinant
        second = (rows[i][b] * rows[a][a] - rows[i][a] * rows[a][b]) / determinant
        result.append([rows[i][j] - first * rows[a][j] - second * rows[b][j] for j in rest])
    return result


def matrix(entries: Mapping[Place, Any], size: int) -> list[list[Any]]:
    """The rows of a symmetric matrix by its entries that are not 0."""
    return [[entries.get((i, j), entries.get((j, i), _ZERO)) for j in range(size)] for i in range(size)]
