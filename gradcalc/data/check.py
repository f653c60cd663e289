"""How many digits of a kernel's numbers are right, at random rows: the same nodes in balls."""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.marks import Unknown
from gradcalc.language.formula import Formula
from gradcalc.language.points import bind, to_value
from gradcalc.settings import CERTIFY_SECONDS, Limits

_WORK, _ROW_WORK = 5_000_000, 312_500
"""What all rows may cost, and one of them, in units of about a microsecond."""
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


@dataclass(frozen=True)
class Checked:
    """A drawn row in balls: the right digits of each result, None where they could not be counted, and the work."""

    key: float
    row: int
    digits: Sequence[int | None]
    work: float


class Sample:
    """Some rows drawn at random from as many as come, each as likely as any other.

    Each row has a random key, and those with the least keys are drawn: so the samples of parts make that of the whole.
    Of a batch the least keys are made one after the other, as order statistics (Devroye, "Non-uniform random variate
    generation", 1986, V.3.1), by chance that comes of the seed and of its first row.

    Attributes:
        drawn: of each row its key, its number, its inputs and its results; the least keys first.
    """

    def __init__(self, size: int, seed: int, drawn: Iterable[Sequence[Any]] = ()) -> None:
        self.size, self.seed = size, seed
        self.drawn: list[Any] = sorted(tuple(row) for row in drawn)[:size]

    @property
    def rows(self) -> list[tuple[int, list[float], list[float]]]:
        """The drawn rows, in their order."""
        return sorted((row, point, results) for _, row, point, results in self.drawn)

    def add(self, rows: Any, inputs: Sequence[Any], results: Sequence[Any], kinked: Any = None) -> None:
        """Draw from a batch; `rows` are the numbers of its rows.

        What is not finite or has no value is passed over, and so are rows on a kink, where given.
        """
        if not len(rows):
            return
        chance, key, passed = random.Random(f"{self.seed} {rows[0]}"), 0.0, list[int]()
        places, left = _shuffled(chance, range(len(rows))), len(rows)
        while left:
            key = 1 - (1 - key) * chance.random() ** (1 / left)
            if len(self.drawn) == self.size and key >= self.drawn[-1][0]:
                return
            place, left = next(places), left - 1
            point = [float(column[place]) for column in inputs]
            if all(map(math.isfinite, point)) and not math.isnan(results[0][place]) and not _at(kinked, place):
                drawn = (key, int(rows[place]), point, [float(column[place]) for column in results])
                self.drawn = sorted([*self.drawn, drawn])[: self.size]  # a new list: counts hold the one before
            passed.append(place)
            if len(passed) == 4 * self.size:  # most are passed over: those left that are not, and their keys alone
                usable = _usable(inputs, results, kinked)
                usable[passed] = False
                rest = usable.nonzero()[0].tolist()
                places, left = _shuffled(chance, rest), len(rest)


def _at(kinked: Any, place: int) -> bool:
    return kinked is not None and bool(kinked[place])


def _usable(inputs: Sequence[Any], results: Sequence[Any], kinked: Any) -> Any:
    """Which rows of a batch can be drawn."""
    import numpy as np

    usable = ~np.isnan(results[0])
    for column in inputs:
        usable &= np.isfinite(column)
    return usable if kinked is None else usable & ~kinked


def _shuffled(chance: random.Random, items: Sequence[int]) -> Iterator[int]:
    """The items in random order, made as far as they are asked for (Durstenfeld, CACM 7 (1964))."""
    moved: dict[int, int] = {}
    for place in range(len(items)):
        other = chance.randrange(place, len(items))
        yield items[moved.get(other, other)]
        moved[other] = moved.pop(place, place)


def check_rows(
    formula: Formula, names: Sequence[str], sample: Sample, limits: Limits
) -> tuple[Sequence[Checked], bool]:
    """Check the drawn rows in balls, least keys first, until the work allowed is done; and whether the clock struck.

    names: of the inputs, as they stand in a row of the sample.
    """
    in_balls, budget = RowBalls(formula, names, limits), Budget(_ROW_WORK, CERTIFY_SECONDS)
    done, checked = 0.0, list[Checked]()
    for key, row, point, results in sample.drawn:
        if done >= _WORK or budget.late:
            break
        budget.left = _ROW_WORK
        balls = in_balls.at(point, budget)
        digits = [proved_digits(ball, result) for ball, result in zip(balls, results, strict=True)]
        checked.append(Checked(key, row, digits, _ROW_WORK - max(budget.left, 0.0)))
        done += checked[-1].work
    return checked, budget.late


def certified(checked: Iterable[Checked], size: int, columns: Sequence[str], late: bool) -> Certified:
    """What the least keys of checked rows say, as many as were to be drawn and their work allows."""
    done, rows = 0.0, list[Checked]()
    for each in sorted(checked, key=lambda each: each.key)[:size]:
        if done < _WORK:
            rows.append(each)
            done += each.work
    rows.sort(key=lambda each: each.row)
    told = [(digits, each.row, name) for each in rows for name, digits in zip(columns, each.digits, strict=True)]
    settled = [(digits, row, name) for digits, row, name in told if digits is not None]
    least, where, what = min(settled, key=lambda each: each[0], default=(None, None, None))
    return Certified(len(rows), least, where, what, len(told) - len(settled), late)


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
