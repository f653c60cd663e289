"""How many digits of a kernel's numbers are right, at some rows: the formula in balls. Imports certify and subject."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gradcalc.certify import certified, enclose
from gradcalc.points import bind, to_value
from gradcalc.report import Variable
from gradcalc.settings import Limits
from gradcalc.subject import as_subject, differentiated

if TYPE_CHECKING:
    from gradcalc.parse import Value

Row = tuple[int, Sequence[float], Sequence[float]]
"""The number of a row, its point, and the results: value, gradient, the Hessian's upper triangle."""

_DOUBLE_DIGITS = 15
"""Digits of a double that is as near as doubles are."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The fewest right digits among the results of `checked` rows, and which result of which row has them."""

    checked: int
    digits: int | None = None
    row: int | None = None
    output: int | None = None


def certify_rows(
    expression: str,
    names: Sequence[str],
    wrt: Sequence[str],
    order: int,
    rows: Sequence[Row],
    *,
    let: "Mapping[str, Value]",
    limits: Limits,
    seconds: float,
) -> Worst:
    """Check rows in balls until all are done or the time is over; what balls do not settle is not counted."""
    subject = as_subject(expression, dict.fromkeys(wrt, ()), let, limits)
    problem = differentiated(subject, tuple(Variable(name, ()) for name in wrt), order)
    outputs = [problem.output, *(problem.gradient if order else ())]
    if order == 2:
        zero = problem.graph.constant("0")
        size, entries = len(wrt), problem.hessian or {}
        outputs += [entries.get((j, i), zero) for i in range(size) for j in range(i, size)]
    deadline = time.monotonic() + seconds
    checked, worst = 0, Worst(0)
    for row, point, numbers in sorted(rows, key=lambda each: each[0]):
        if time.monotonic() > deadline:
            break
        values = {name: to_value(name, x, limits) for name, x in zip(names, point, strict=True)}
        balls = enclose(problem.graph, partial(bind, problem.graph, values), outputs, deadline=deadline)
        checked += 1
        for place, (ball, number) in enumerate(zip(balls, numbers, strict=True)):
            found = certified(ball, number)
            if found is None:
                continue
            digits = max(found.digits, _DOUBLE_DIGITS) if found.ulps <= 1 else found.digits
            if worst.digits is None or digits < worst.digits:
                worst = Worst(checked, digits, row, place)
    return Worst(checked, worst.digits, worst.row, worst.output)
