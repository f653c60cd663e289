"""The use case of `gradcalc descend`: from a formula and a start to a minimum, with a forecast and a verdict.

Flow: `ask` reads the formula and its data once, and each `Question.answer` is a descent and its report.
"""

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np

from gradcalc.arithmetic.floats import Floats
from gradcalc.data.cluster import Cluster, Tell
from gradcalc.data.columns import column_names, read_columns
from gradcalc.data.passes import Passes
from gradcalc.data.source import opened
from gradcalc.data.urls import shown
from gradcalc.errors import UsageError, did_you_mean, for_python
from gradcalc.language.formula import Formula, Point, checked_variables, refuse_clash
from gradcalc.language.parse import as_formula
from gradcalc.language.points import echoed, named, numbers, to_bindings, to_points
from gradcalc.optimize.descent.answer import Descent
from gradcalc.optimize.descent.ascent import negated, told_of_f, turned
from gradcalc.optimize.descent.columns import Columns
from gradcalc.optimize.descent.objective import DataObjective, FormulaObjective, Objective, at_home
from gradcalc.optimize.descent.run import OPTIMIZERS, Run
from gradcalc.optimize.descent.watch import Step
from gradcalc.optimize.optimizers import FIRST_ORDER
from gradcalc.optimize.read import arrays_of, gathered, left_there, table_of
from gradcalc.settings import AS_USUAL, CERTIFY_SECONDS, DIGITS, HELD, Dialect, Limits, Reading, limits_for
from gradcalc.settings import DescentSettings as Settings
from gradcalc.truth.critical.box import fitted, in_order, read_box
from gradcalc.truth.critical.certificate import Certificate, certificate

_OTHER_NAMES = {
    "lr": "learning_rate", "rate": "learning_rate", "eta": "learning_rate", "tol": "tolerance", "gtol": "tolerance",
    "method": "optimizer", "maxiter": "steps", "max_iter": "steps", "iterations": "steps",
    "timeout": "seconds", "maximise": "maximize", "ascend": "maximize",
}  # fmt: skip
"""Settings by the names they have elsewhere."""


@for_python
def descend(
    expression: Any,
    at: Mapping[str, Any],
    *,
    let: Mapping[str, Any] | None = None,
    data: Any = None,
    nulls: str = "fail",
    callback: Callable[[Step], object] | None = None,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
    how: Reading = AS_USUAL,
    **settings: Any,
) -> Descent:
    """Minimise a formula from a start, or with `maximize=True` maximise it.

    Args:
        expression: text, a `sympy.Expr`, or a `Graph`.
        at: the start: values by variable, as `differentiate` takes them.
        let: values by name that stay as they are.
        data: a file of columns, or a mapping of names to arrays: the formula is then reduced over their rows.
        nulls: `fail` or `drop`: what a row of the file with a null does.
        callback: called with each `Step`; the descent ends as interrupted if it returns True.
        limits: how large the formula may be.
        dialect: how the text is written, as of `differentiate`.
        how: how the files of the data are written.
        settings: the fields of `Settings`: optimizer=, learning_rate=, steps=, tolerance=, bounds=, batch_size=, ...

    Raises:
        ExpressionError, UsageError, FileError: as on the command line.
    """
    unknown = set(settings) - set(Settings.__dataclass_fields__)
    if unknown:
        name = sorted(unknown)[0]
        near = _OTHER_NAMES.get(name) or did_you_mean(name, Settings.__dataclass_fields__)
        raise UsageError(f"descend takes no {name}", hint=f"did you mean {near}?" if near else None)
    bounds = limits_for(limits, dialect)
    constants = to_bindings(let, bounds)
    start = one_start(to_points(at, bounds), "at")
    chosen = Settings(**settings | ({"box": (settings["box"],)} if isinstance(settings.get("box"), str) else {}))
    _check_types(chosen)
    with ExitStack() as stack:
        question = ask(
            expression, start, constants, [chosen], data=data, nulls=nulls, limits=bounds, how=how, stack=stack
        )
        return question.answer(chosen, callback)


def one_start(points: Sequence[Point], said: str) -> Point:
    """The only one of the points that a start was given as."""
    if len(points) > 1:
        raise UsageError(f"{said} gives {len(points):,} points: a descent has one start", hint="--at x=2,y=3")
    return points[0] if points else {}


@dataclass(frozen=True)
class Question:
    """What is to be minimised and from where, for any number of descents; `dropped` rows of the data had a null.

    Where a maximum is sought, `formula` and `objective` are of -f.
    `let` holds what stays as it is, as floats and as the texts that say more.
    """

    formula: Formula
    objective: Objective
    start: Sequence[float]
    let: tuple[Mapping[str, Any], Mapping[str, Any]]
    dropped: int = 0

    def answer(self, settings: Settings, callback: Callable[[Step], object] | None = None) -> Descent:
        """One descent."""
        if settings.box and not settings.certify:
            raise UsageError("--box goes with --certify", hint="--bounds keeps a descent inside")
        callback = told_of_f(callback) if settings.maximize else callback
        run = Run(self.formula, self.objective, self.start, settings, callback)
        run.go()
        made = replace(run.answer(*self.let), objective=at_home(self.objective))
        made = turned(made) if settings.maximize else made
        return replace(made, certificate=self._certificate(made, settings)) if settings.certify else made

    def _certificate(self, made: Descent, settings: Settings) -> Certificate:
        """What is proved of the end of a descent."""
        formula = negated(self.formula) if settings.maximize else self.formula
        sides = read_box(",".join(settings.box), Limits()) if settings.box else []
        if not isinstance(self.objective, FormulaObjective):
            return Certificate(reason="of a formula that is reduced over rows nothing is proved")
        sides = in_order(fitted(sides, [formula], {}), formula.names) if sides else []
        seconds = min(settings.seconds, CERTIFY_SECONDS)
        return certificate(formula, made.end.at, sides, DIGITS, seconds, settings.maximize)


def ask(
    expression: Any,
    at: Point,
    let: Point,
    settings: Sequence[Settings],
    *,
    data: Any = None,
    nulls: str = "fail",
    limits: Limits = Limits(),  # noqa: B008 - frozen
    how: Reading = AS_USUAL,
    stack: ExitStack | None = None,
    tell: Tell = None,
) -> Question:
    """Read a formula and its data for descents with these settings, whose start and constants are read already.

    Args:
        stack: what keeps the workers of a cluster, where the settings name one, until the descents are made.
        tell: hears where they can be watched.
    """
    for each in settings:
        _check(each, data)
    at = named([at], expression, let, limits)[0]
    formula = as_formula(
        expression, {name: value.shape for name, value in at.items()}, let, limits, whole=data is not None
    )
    workers = gathered(data, settings[0].scheduler, stack, tell) if stack and data is not None else None
    columns, dropped = _columns(data, formula, at, nulls, how, workers) if data is not None else ({}, 0)
    everything = dict(at) | {name: formula.variables[name] for name in columns}
    variables = checked_variables(formula, [everything], list(at), let)
    if not any(variable.elements for variable in variables):
        raise UsageError("the formula has no variable to move", text=formula.text, hint="--at x=0 gives one its start")
    formula, floats = formula.differentiated(variables, 1), Floats()
    if settings[0].maximize:
        formula = negated(formula)
    return Question(
        formula,
        DataObjective(formula, columns, settings[0].reduce) if data is not None else FormulaObjective(formula),
        [x for value in at.values() for x in numbers(value, floats)],
        echoed(let),
        dropped,
    )


_TYPES: dict[str, tuple[Any, str]] = {
    **dict.fromkeys(("steps", "batch_size", "epochs", "seed"), (Integral, "a whole number of at least 0")),
    **dict.fromkeys(("learning_rate", "tolerance", "seconds"), (Real, "a number")),
    **dict.fromkeys(("optimizer", "schedule"), (str, "a name")),
    "maximize": (bool, "True or False"),
    "bounds": (Mapping, "a mapping of names to pairs: {'x': (0, 5)}"),
}


def _check_types(settings: Settings) -> None:
    """Settings from Python that are no numbers or names."""
    for name, (kind, wanted) in _TYPES.items():
        value = getattr(settings, name)
        negative = kind is Integral and isinstance(value, int) and value < 0
        wrong = not isinstance(value, kind) or isinstance(value, bool) and kind is not bool
        if value is not None and (wrong or negative):
            raise UsageError(f"{name} is {value!r:.60}: it must be {wanted}")


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
    if settings.reduce not in ("mean", "sum"):
        raise UsageError(f"reduce must be mean or sum, not {settings.reduce!r}")
    if settings.steps is not None and settings.epochs is not None:
        raise UsageError("both steps and epochs are given", hint="--epochs 10 counts passes over the data")
    if data is None and (settings.batch_size or settings.epochs):
        raise UsageError("batches and epochs need data", hint="--data points.csv")
    if data is None and settings.scheduler is not None:
        raise UsageError("--scheduler gives rows to workers, and there are none", hint="--data points.csv")
    if settings.batch_size and settings.scheduler is not None:
        raise UsageError(
            "--scheduler: a batch is drawn from all rows, which would be sent for at each step",
            hint="--batch-size without --scheduler, or all rows at each step",
        )
    if settings.batch_size and not first:
        raise UsageError(f"{settings.method} takes no batches", hint="--optimizer adam")


def _columns(
    data: Any, formula: Formula, at: Point, nulls: str, how: Reading, workers: Cluster | None
) -> tuple[Columns, int]:
    """The columns that the formula names, as arrays of floats or left with workers, and how many rows were left out."""
    if workers:
        place = os.fspath(data)
        with opened(place) as paths:
            names = _named(formula, at, column_names(paths[0], list(formula.variables), how))
            rows = left_there(shown(place), Passes(paths, names, how), nulls, False, HELD, workers, finite=False)
        return rows, rows.dropped
    if isinstance(data, str | os.PathLike):
        with opened(os.fspath(data)) as paths:
            names = _named(formula, at, column_names(paths[0], list(formula.variables), how))
            found = [read_columns(path, names, nulls=nulls, how=how) for path in paths]
        dropped = sum(each.dropped for each in found)
        if len(found) == 1:
            return found[0].values, dropped
        return {name: np.concatenate([each.values[name] for each in found]) for name in names}, dropped
    table = table_of(data)
    return _complete(arrays_of(table, _named(formula, at, table)), nulls)


def _complete(columns: dict[str, Any], nulls: str) -> tuple[Mapping[str, Any], int]:
    """The columns, without the rows that lack a number if those are dropped, and how many were left out."""
    empty = np.logical_or.reduce([np.isnan(column) for column in columns.values()])
    if nulls != "drop" or not empty.any():
        return columns, 0
    if empty.all():
        raise UsageError("no row of the data has all its numbers")
    return {name: np.ascontiguousarray(column[~empty]) for name, column in columns.items()}, int(empty.sum())


def _named(formula: Formula, at: Point, columns: Iterable[str]) -> list[str]:
    """The columns that the formula names; an error where a constant of it is a column too, or there is none."""
    refuse_clash(formula, columns)
    names, known = [name for name in formula.variables if name not in at], list(map(str, columns))
    missing = [name for name in names if name not in known]
    if missing and at:
        near = did_you_mean(missing[0], known)
        start = "--at " + ",".join(f"{name}=..." for name in (*at, *missing))
        raise UsageError(
            f"no value for {', '.join(missing)}, and the data have no such column: {', '.join(known[:20])}",
            text=formula.text, span=formula.spans.get(missing[0]), hint=f"did you mean {near}?" if near else start,
        )  # fmt: skip
    if not names:
        raise UsageError("the formula names no column of the data", hint="a name that has no value in --at or --let")
    if not at:
        unheld = [name for name in names if name not in set(columns)]
        hint = f"--at {','.join(f'{name}=...' for name in unheld or names[:1])}"
        raise UsageError("a descent needs a start: values of what is no column of the data", hint=hint)
    return names


__all__ = ["FIRST_ORDER", "OPTIMIZERS", "Settings", "ask", "descend"]
