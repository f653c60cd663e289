"""Fits in balls: the last steps of Newton's method far beyond the digits of floats, and the proof of a minimum.

The data are the numbers that were written, or the doubles that they were read as. Krawczyk's operator on the gradient
of the sum, with its whole Hessian, proves that a box holds one stationary point; where the Hessian is positive definite
on all of the box it is the only minimum there. Sources: Krawczyk (1969); Rump, Verification methods (2010).
Imports the balls.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import arb, arb_mat, ctx, fmpq

from gradcalc.arithmetic.balls import Balls
from gradcalc.graph import derive
from gradcalc.graph.domain import kinked
from gradcalc.optimize.fit.model import Model
from gradcalc.optimize.rows import AnyRows

BITS = 256
_STEPS = 10
_SMALL = arb((1, -140))
"""Newton's method has arrived where no step is larger than this part of its number."""
_FAST = arb((1, -20))
"""As long as each step is shorter than the last by this factor, the first Hessian is good enough."""
_NOTHING = arb((1, -100))
"""A number that is this part of what it began as is 0 and rounding."""
_BLUR = arb((1, -BITS - 40))
_ROUNDS = 100
_WIDTHS = (-20, -40, -64, -100)
"""Boxes around a point, as powers of two of the sizes, in which a minimum is sought to be the only one."""


@dataclass(frozen=True)
class Sums:
    """The sum over the rows in a box, or at a point.

    Attributes:
        value, gradient, hessian: of what is summed.
        cross: the sum of `s s'` over the rows, s being the gradients of the residuals: J'J; of other sums of the terms.
    """

    value: arb
    gradient: arb_mat
    hessian: arb_mat
    cross: arb_mat


class ExactSum:
    """What a model sums, in balls.

    Args:
        written: whether the numbers of the data are taken as they are written.
    """

    def __init__(self, model: Model, rows: AnyRows, written: bool = False) -> None:
        self.model, self.rows, self.written = model, rows, written
        self._balls = Balls(BITS)

    @cached_property
    def _base(self) -> int:
        """The node of what is squared, or summed as it is."""
        return self.model.residual if self.model.is_square else self.model.term.output

    @cached_property
    def _first(self) -> Sequence[int]:
        return self.model.slopes if self.model.is_square else self.model.term.gradient

    @cached_property
    def _second(self) -> Mapping[tuple[int, int], int]:
        """The second derivatives on and below the diagonal."""
        found = derive.hessian(self.model.graph, self._first, self.model.inputs)
        return {place: node for place, node in found.items() if place[0] >= place[1]}

    @cached_property
    def work(self) -> int:
        """Nodes times rows."""
        return self.rows.size * len(self.model.graph.needed([self._base, *self._first, *self._second.values()]))

    @cached_property
    def _data(self) -> list[dict[int, arb]]:
        """The numbers of each row by input."""
        graph, exact = self.model.graph, self.rows.exact if self.written else {}
        values = self.rows.held().values
        columns = {graph.inputs[name]: exact.get(name, values[name].tolist()) for name in self.model.columns}
        with ctx.workprec(BITS):
            balls = {index: [_blurred(_number(each)) for each in column] for index, column in columns.items()}
        return [dict(zip(balls, row, strict=True)) for row in zip(*balls.values(), strict=True)]

    def _evaluated(self, x: Sequence[arb], outputs: Sequence[int]) -> Iterator[list[Any]]:
        """Some nodes at every row."""
        point = dict(zip(self.model.inputs, map(_blurred, x), strict=True))
        for row in self._data:
            values = self._balls.evaluate(self.model.graph, point | row, outputs)
            yield [values[index] for index in outputs]

    def at(self, x: Sequence[arb], curved: bool = True) -> Sums | None:
        """The sums at a point or in a box; None where a row has no value in all of it.

        Args:
            curved: whether the second derivatives are wanted; without them the Hessian is that of the linear residuals.
        """
        size, places = len(x), tuple(self._second) if curved else ()
        with ctx.workprec(BITS):
            values, firsts, seconds = [], [], [arb(0)] * len(places)
            for found in self._evaluated(x, [self._base, *self._first, *(self._second[place] for place in places)]):
                if not all(isinstance(each, arb) and each.is_finite() for each in found):
                    return None
                values.append([found[0]])
                firsts.append(found[1 : 1 + size])
                weight = 2 * found[0] if self.model.is_square else arb(1)
                seconds = [total + weight * part for total, part in zip(seconds, found[1 + size :], strict=True)]
            entries = dict(zip(places, seconds, strict=True))
            rows = [[entries.get((max(i, j), min(i, j)), arb(0)) for j in range(size)] for i in range(size)]
            return self._summed(arb_mat(values), arb_mat(firsts), arb_mat(rows))

    def _summed(self, values: arb_mat, firsts: arb_mat, curvature: arb_mat) -> Sums:
        """The sums of the values and slopes of all rows."""
        turned = firsts.transpose()
        cross = turned * firsts
        if self.model.is_square:
            (square,) = (values.transpose() * values).entries()
            return Sums(square, turned * values * 2, cross * 2 + curvature, cross)
        ones = arb_mat(values.nrows(), 1, [arb(1)] * values.nrows())
        (total,) = (values.transpose() * ones).entries()
        return Sums(total, turned * ones, curvature, cross)

    def is_smooth(self, x: Sequence[arb]) -> bool:
        """Whether no op is on a kink, a jump or the boundary of a branch anywhere in a box."""
        node = kinked(self.model.graph, self.model.term.output)
        if node is None:
            return True
        return all(isinstance(found, arb) and found.is_zero() for (found,) in self._evaluated(x, [node]))

    def residuals(self, x: Sequence[arb]) -> list[tuple[arb, arb]]:
        """The weighted residual of every row, and what is measured there."""
        assert self.model.response is not None
        nodes = [self.model.residual, self.model.response]
        return [(residual, response) for residual, response in self._evaluated(x, nodes)]


def fraction(given: Any) -> Fraction:
    """A number as it is written: text and decimals as the quotients they are, floats as they are."""
    if isinstance(given, Fraction | int):
        return Fraction(given)
    return Fraction(str(given).strip()) if isinstance(given, str | Decimal) else Fraction(float(given))


def _number(given: Any) -> arb:
    """The same as a ball."""
    ratio = fraction(given)
    return arb(fmpq(ratio.numerator, ratio.denominator))


def _blurred(ball: arb) -> arb:
    """A ball a little wider: the arithmetic of balls keeps quotients of exact numbers beside them, at a price."""
    return ball + arb(0, abs(ball) * _BLUR) if ball.is_exact() else ball


def polished(exact: ExactSum, start: Sequence[float]) -> tuple[list[arb], Sums] | None:
    """The stationary point near a start, to some 40 digits, and the sums there; None where none is found.

    Newton's method, its Hessian kept as long as each step is far shorter than the last. The Hessian is positive
    definite as far as balls tell, and the value is no higher than at the start. Of squares, the Hessian that is told is
    that with which the last steps were made.
    """
    with ctx.workprec(BITS):
        first = x = [arb(value) for value in start]
        sums = begin = exact.at(x)
        last, solver, hessian = arb.pos_inf(), None, arb_mat(0, 0)
        for _ in range(_STEPS):
            if sums is not None and solver is None:
                hessian, solver = sums.hessian, inverse(_middle(sums.hessian))
            if sums is None or solver is None:
                return None
            step = solver * _middle(sums.gradient)
            x = [(a - step[i, 0]).mid() for i, a in enumerate(x)]
            sizes = [abs(a).max(abs(b)).max(arb((1, -900))) for a, b in zip(x, first, strict=True)]
            length = _greatest([abs(step[i, 0]).mid() / size for i, size in enumerate(sizes)])
            if length < _SMALL:
                break
            slow = not length < _FAST * last
            if slow and not length < last:
                return None
            last, sums = length, exact.at(x, curved=slow)
            solver = None if slow else solver
        else:
            return None
        x = [arb(0) if abs(a) < _NOTHING * abs(b) else a for a, b in zip(x, first, strict=True)]
        sums = exact.at(x, curved=not exact.model.is_square)
        if sums is None or begin is None or not is_definite(_middle(hessian)) or sums.value > begin.value:
            return None
        return x, replace(sums, hessian=hessian) if exact.model.is_square else sums


def _greatest(balls: Sequence[arb]) -> arb:
    found = balls[0]
    for ball in balls[1:]:
        found = found.max(ball)
    return found


def _middle(matrix: arb_mat) -> arb_mat:
    return arb_mat(matrix.nrows(), matrix.ncols(), [entry.mid() for entry in matrix.entries()])


def inverse(matrix: arb_mat) -> arb_mat | None:
    """The inverse, its rows and columns scaled meanwhile; None where balls know none."""
    size = matrix.nrows()
    with ctx.workprec(BITS):
        scales = [abs(matrix[i, i]).mid().sqrt() for i in range(size)]
        if not all(scale > 0 and scale.is_finite() for scale in scales):
            return None
        scales = [scale.mid() for scale in scales]
        scaled = arb_mat([[matrix[i, j] / (scales[i] * scales[j]) for j in range(size)] for i in range(size)])
        try:
            found = scaled.inv()
        except ZeroDivisionError:
            return None
        entries = [[found[i, j] / (scales[i] * scales[j]) for j in range(size)] for i in range(size)]
        return arb_mat(entries) if all(x.is_finite() for row in entries for x in row) else None


def is_definite(matrix: arb_mat) -> bool:
    """Whether a symmetric matrix of balls is proved positive definite: all pivots of its elimination are positive."""
    with ctx.workprec(BITS):
        rows = [list(row) for row in matrix.tolist()]
        for k, row in enumerate(rows):
            if not row[k] > 0:
                return False
            for other in rows[k + 1 :]:
                factor = other[k] / row[k]
                for j in range(k + 1, len(rows)):
                    other[j] -= factor * row[j]
        return True


@dataclass(frozen=True)
class Proof:
    """A minimum that is proved to be the only one in a box.

    Attributes:
        at: the balls of the parameters, `sums` the sums there.
        box: the least and the largest value of each parameter, between which no other point is stationary.
    """

    at: tuple[arb, ...]
    sums: Sums
    box: tuple[tuple[float, float], ...]


def proved(exact: ExactSum, x: Sequence[arb], sums: Sums) -> Proof | None:
    """The proof that a minimum lies beside a point that Newton's method has found; None where there is none."""
    with ctx.workprec(BITS):
        sizes = _sizes(x, sums)
        for power in _WIDTHS:
            box = [arb(a, size * arb((1, power))) for a, size in zip(x, sizes, strict=True)]
            tight = _narrowed(exact, x, sums, box)
            found = tight and exact.at(tight, curved=False)
            if tight and found:
                return Proof(tuple(tight), found, tuple((_inside(a.lower(), 1), _inside(a.upper(), -1)) for a in box))
    return None


def _sizes(x: Sequence[arb], sums: Sums) -> list[arb]:
    """How large the steps of each parameter are that matter: its own size, or where it is 0 that of the sum's bowl."""
    curved = [abs(sums.hessian[i, i]).mid() for i in range(len(x))]
    bowls = [((abs(sums.value).mid() + arb((1, -900))) / c).sqrt() if c > 0 else arb(1) for c in curved]
    return [abs(a).mid() if not a.is_zero() else bowl.mid() for a, bowl in zip(x, bowls, strict=True)]


def _narrowed(exact: ExactSum, x: Sequence[arb], sums: Sums, box: Sequence[arb]) -> list[arb] | None:
    """What Krawczyk's operator leaves of a box around a point; None where the box is not proved to hold one minimum.

    The Hessian is enclosed once, on the whole box, and holds for all smaller ones.
    """
    around = exact.at(box)
    approximate = inverse(_middle(sums.hessian))
    if around is None or approximate is None or not exact.is_smooth(box) or not is_definite(around.hessian):
        return None
    size, middle = len(x), _middle(approximate)
    identity = arb_mat(size, size, [arb(int(i == j)) for i in range(size) for j in range(size)])
    rest, start = identity - middle * around.hessian, middle * sums.gradient
    inside = list(box)
    for number in range(_ROUNDS):
        away = arb_mat(size, 1, [a - b for a, b in zip(inside, x, strict=True)])
        step = rest * away - start
        image = [a + step[i, 0] for i, a in enumerate(x)]
        if number == 0 and not all(a.contains_interior(b) for a, b in zip(box, image, strict=True)):
            return None
        last, inside = inside, [a.intersection(b) for a, b in zip(inside, image, strict=True)]
        if not any(b.rad() < a.rad() / 2 for a, b in zip(last, inside, strict=True)):
            break
    return inside


def _inside(end: arb, side: int) -> float:
    """A double beside an end of a box, towards its inside: what is told lies in what is proved."""
    return math.nextafter(float(end), side * math.inf)
