"""How many digits of a kernel's numbers are right, at random rows: the same nodes in balls."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.marks import Unknown
from gradcalc.language.formula import Formula
from gradcalc.language.points import bind, to_value
from gradcalc.settings import CERTIFY_SECONDS, Limits

_WORK = 5_000_000
"""What all rows may cost, in units of about a microsecond."""
_TIGHT = 63
"""Bits of a ball that is tight enough to count the digits of a double beside it."""


@dataclass(frozen=True)
class Certified:
    """What balls say of `rows` random rows: the fewest right digits of any result, and where.

    unsettled: results whose digits balls could not count.
    late: whether the clock, not the work, has ended it: at another time more may be settled.
    """

    rows: int
    worst_digits: int | None = None
    worst_row: int | None = None
    worst_column: str | None = None
    unsettled: int = 0
    late: bool = False


class Sample:
    """Some rows drawn at random from as many as come, each as likely as any other.

    Li, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))", ACM TOMS 20 (1994): algorithm L.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.random = size, random.Random(seed)
        self.rows: list[tuple[int, list[float], list[float]]] = []
        self.seen, self.weight, self.next = 0, 1.0, 0

    def add(self, rows: Any, inputs: Sequence[Any], results: Sequence[Any], kinked: Any = None) -> None:
        """Draw from a batch; `rows` are the numbers of its rows.

        What is not finite or has no value is passed over, and so are rows on a kink, where given.
        """
        end = self.seen + len(rows)
        if kinked is not None and kinked.all():
            self.next = max(self.next, end)
        while self.next < end:
            place = self.next - self.seen
            point = [float(column[place]) for column in inputs]
            on_kink = kinked is not None and kinked[place]
            if on_kink or not all(map(math.isfinite, point)) or math.isnan(results[0][place]):
                self.next += 1
                continue
            drawn = (int(rows[place]), point, [float(column[place]) for column in results])
            if len(self.rows) < self.size:
                self.rows.append(drawn)
            else:
                self.rows[self.random.randrange(self.size)] = drawn
            self._leap()
        self.seen = end

    def _leap(self) -> None:
        """Go to the next row that is drawn."""
        self.next += 1
        if len(self.rows) < self.size:
            return
        self.weight *= math.exp(math.log(1 - self.random.random()) / self.size)
        self.next += int(math.log(1 - self.random.random()) / math.log1p(-self.weight))


def certify_rows(
    formula: Formula, names: Sequence[str], columns: Sequence[str], sample: Sample, limits: Limits
) -> Certified:
    """Check rows in balls until all are done or the work allowed is; what balls do not settle is counted apart.

    names, columns: of the inputs and of the results, as they stand in a row of the sample.
    """
    in_balls, budget = RowBalls(formula, names, limits), Budget(_WORK, CERTIFY_SECONDS)
    checked = unsettled = 0
    settled: list[tuple[int, int, str]] = []
    for row, point, results in sorted(sample.rows):
        if budget.spent:
            break
        checked += 1
        for column, ball, result in zip(columns, in_balls.at(point, budget), results, strict=True):
            digits = proved_digits(ball, result)
            if digits is None:
                unsettled += 1
            else:
                settled.append((digits, row, column))
    least, where, what = min(settled, key=lambda each: each[0], default=(None, None, None))
    return Certified(checked, least, where, what, unsettled, budget.late)


class RowBalls:
    """The results of a row, value, gradient and the Hessian's upper triangle, in balls.

    Args:
        names: of the inputs, in the order of a row's numbers.
    """

    def __init__(self, formula: Formula, names: Sequence[str], limits: Limits) -> None:
        self.formula, self.names, self.limits = formula, list(names), limits
        self.outputs = [formula.output, *(formula.gradient if formula.order else ())]
        if formula.order == 2:
            zero, size = formula.graph.constant("0"), len(formula.inputs)
            self.outputs += [formula.hessian.get((j, i), zero) for i in range(size) for j in range(i, size)]
        self.outputs += formula.extra.values()

    def at(self, point: Sequence[float], budget: Budget) -> list[Any]:
        """A ball, or what is known in its place, for each result."""
        from gradcalc.truth.certify import enclose  # 40 ms that a run without checks does not need

        graph = self.formula.graph
        values = {name: to_value(name, x, self.limits) for name, x in zip(self.names, point, strict=True)}
        return enclose(graph, partial(bind, graph, values), self.outputs, budget=budget)


def proved_digits(ball: Any, double: float) -> int | None:
    """How many digits of a double are right: none of a 0 or an infinity that stands for another number."""
    from gradcalc.arithmetic.digits import relative_bits
    from gradcalc.truth.certify import right_digits

    if isinstance(ball, Unknown) or not ball.is_exact() and relative_bits(ball) < _TIGHT:
        return None
    return right_digits(ball, double)
