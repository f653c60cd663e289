"""The use case of `gradcalc descend`: from a formula and a start to a minimum, with a forecast and a verdict.

Flow: read the formula, bind the data, descend, report. Imports journey, subject and points; PyArrow only for a file.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import UsageError, did_you_mean
from gradcalc.language.formula import as_subject, checked_variables, differentiated, refuse_clash
from gradcalc.language.parse import Value
from gradcalc.language.points import Point, nested, numbers, to_value
from gradcalc.optimize.descent.answer import Descent
from gradcalc.optimize.descent.objective import DataObjective, FormulaObjective, Objective
from gradcalc.optimize.descent.run import FIRST_ORDER, OPTIMIZERS, Journey
from gradcalc.optimize.descent.watch import Step
from gradcalc.settings import DescentSettings as Settings
from gradcalc.settings import Limits


def descend(
    expression: Any,
    at: Mapping[str, Any],
    *,
    let: Mapping[str, Any] | None = None,
    data: Any = None,
    nulls: str = "fail",
    callback: Callable[[Step], object] | None = None,
    limits: Limits | None = None,
    **settings: Any,
) -> Descent:
    """Minimise a formula from a start.

    Args:
        expression: text, a `sympy.Expr`, or a `Graph`.
        at: the start: values by variable, as `differentiate` takes them.
        let: values by name that stay as they are.
        data: a file of columns, or a mapping of names to arrays: the formula is then reduced over their rows.
        nulls: `fail` or `drop`: what a row of the file with a null does.
        callback: called with each `Step`; the descent ends as interrupted if it returns True.
        limits: how large the formula may be.
        settings: the fields of `Settings`: optimizer=, learning_rate=, steps=, tolerance=, bounds=, batch_size=, ...

    Raises:
        ExpressionError, UsageError, FileError: as on the command line.
    """
    unknown = set(settings) - set(Settings.__dataclass_fields__)
    if unknown:
        name = sorted(unknown)[0]
        near = did_you_mean(name, Settings.__dataclass_fields__)
        raise UsageError(f"descend takes no {name}", hint=f"did you mean {near}?" if near else None)
    bounds = limits or Limits()
    start = {name: to_value(name, value, bounds) for name, value in at.items()}
    constants = {name: to_value(name, value, bounds) for name, value in (let or {}).items()}
    chosen = Settings(**settings)
    return run(expression, start, constants, chosen, data=data, nulls=nulls, callback=callback, limits=bounds)


def run(
    expression: Any,
    at: Point,
    let: Mapping[str, Value],
    settings: Settings,
    *,
    data: Any = None,
    nulls: str = "fail",
    callback: Callable[[Step], object] | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Descent:
    """The descent of a formula whose start and constants are read: what `descend` and the command call."""
    _check(settings, data)
    subject = as_subject(expression, {name: value.shape for name, value in at.items()}, let, limits)
    if data is not None and subject.constants:
        refuse_clash(subject, data if isinstance(data, Mapping) else _names(data))
    columns = _columns(data, [name for name in subject.variables if name not in at], nulls)
    everything = dict(at) | {name: to_value(name, 0, limits) for name in columns}
    variables = checked_variables(subject, [everything], list(at), let)
    if not any(variable.elements for variable in variables):
        raise UsageError("the formula has no variable to move", text=subject.text, hint="--at x=0 gives one its start")
    problem = differentiated(subject, variables, 1)
    floats = Floats()
    start = [x for value in at.values() for x in numbers(value, floats)]
    objective: Objective = DataObjective(problem, columns, settings.reduce) if columns else FormulaObjective(problem)
    journey = Journey(problem, objective, start, settings, callback)
    journey.go()
    return Descent(
        expression=problem.canonical,
        text=problem.text,
        variables=variables,
        let={name: nested(value, floats) for name, value in let.items()},
        **journey.answer(),
    )


def _check(settings: Settings, data: Any) -> None:
    """Settings that do not fit each other."""
    if settings.method not in OPTIMIZERS:
        near = did_you_mean(settings.method, OPTIMIZERS)
        raise UsageError(
            f"no such optimizer: {settings.method or 'an empty name'}", hint=near or f"one of {', '.join(OPTIMIZERS)}"
        )
    first = settings.method in FIRST_ORDER
    rate = settings.learning_rate
    if not first and (rate is not None or settings.schedule is not None):
        raise UsageError(f"{settings.method} takes no learning rate", hint=f"one of {', '.join(FIRST_ORDER)}")
    if rate is not None and not (rate > 0 and math.isfinite(rate)):
        raise UsageError(f"the learning rate is {rate:g}: it must be a number above 0")
    if settings.steps is not None and settings.epochs is not None:
        raise UsageError("both steps and epochs are given", hint="--epochs 10 counts passes over the data")
    if data is None and (settings.batch_size or settings.epochs):
        raise UsageError("batches and epochs need data", hint="--data points.csv")
    if settings.batch_size and not first:
        raise UsageError(f"{settings.method} takes no batches", hint="--optimizer adam")


def _names(data: Any) -> Sequence[str]:
    """The names of all columns of a file."""
    from gradcalc.data.columns import column_names

    return column_names(Path(data))


def _columns(data: Any, names: Sequence[str], nulls: str) -> Mapping[str, Any]:
    """The columns that the formula names, as arrays of floats."""
    if data is None:
        return {}
    if isinstance(data, Mapping):
        import numpy as np

        missing = next((name for name in names if name not in data), None)
        if missing is not None:
            raise UsageError(f"the data have no column {missing}", hint=did_you_mean(missing, data))
        columns: Mapping[str, Any] = {name: np.ascontiguousarray(data[name], dtype=np.float64) for name in names}
    else:
        from gradcalc.data.columns import read_columns

        columns = read_columns(data, names, nulls=nulls).values
    if not columns:
        raise UsageError("the formula names no column of the data", hint="a name that has no value in --at or --let")
    return columns


__all__ = ["FIRST_ORDER", "OPTIMIZERS", "Settings", "descend", "run"]
