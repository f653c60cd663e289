"""The rows of data: files, mappings of arrays and data frames as columns of floats, by name.

`descend` and `fit` read their data by this door. Imports data.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from gradcalc.data.columns import column_names, read_pieces, read_records
from gradcalc.data.source import opened
from gradcalc.errors import FileError, GradcalcError, UsageError, library
from gradcalc.settings import AS_USUAL, Reading

Array = np.ndarray[Any, np.dtype[np.float64]]

_NAMED = 8
"""Rows that a message lists, at most."""


@dataclass(frozen=True)
class Rows:
    """Columns of data.

    Attributes:
        values: the numbers of each column, one array of floats a name.
        numbers: which rows of the data these are, from 1.
        dropped: how many rows were left out.
        exact: the numbers as they are written, by column: text, integers, floats; where they were asked for and known.
    """

    values: Mapping[str, Array]
    numbers: Any
    dropped: int = 0
    exact: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def kept(self, which: Any) -> "Rows":
        """Some of the rows."""
        return Rows(
            {name: np.ascontiguousarray(column[which]) for name, column in self.values.items()},
            self.numbers[which],
            self.dropped + int(len(self.numbers) - np.count_nonzero(which)),
            {name: [each for each, stays in zip(column, which, strict=True) if stays]
             for name, column in self.exact.items()},
        )  # fmt: skip


def read_rows(
    data: Any,
    choose: Callable[[Sequence[str]], Sequence[str]],
    *,
    nulls: str = "fail",
    how: Reading = AS_USUAL,
    exactly: bool = False,
    expected: Sequence[str] = (),
) -> Rows:
    """The columns that are chosen among those of the data.

    Args:
        data: a path, a glob, a folder or `-`; a mapping of names to arrays; or a data frame.
        choose: says which of the columns, by their names; it may refuse.
        nulls: `fail` or `drop`: what a row without a number does.
        exactly: whether the numbers are wanted as they are written.
        expected: names that help to tell how a text is separated.

    Raises:
        FileError, UsageError: a row has no number or an infinite one; with their count and the first of them.
    """
    if nulls not in ("fail", "drop"):
        raise UsageError(f"nulls must be fail or drop, not {nulls!r}")
    table = None if isinstance(data, str | os.PathLike) else table_of(data)
    if table is None:
        place = os.fspath(data)
        with opened(place) as paths:
            names = choose(column_names(paths[0], list(expected), how))
            values = _from_files(paths, names, how)
            exact = _exact_of_files(paths, names, how, len(next(iter(values.values())))) if exactly else {}
    else:
        place = "the data"
        names = choose([str(name) for name in table])
        values = arrays_of(table, names)
        exact = {name: list(table[name]) for name in names if _is_exact(table[name])} if exactly else {}
    rows = Rows(values, np.arange(1, len(next(iter(values.values()))) + 1), 0, exact)
    return _whole(rows, nulls, place, FileError if table is None else UsageError)


def _from_files(paths: Sequence[Path], names: Sequence[str], how: Reading) -> dict[str, Array]:
    """The columns of all files, one below the other; nan where there is no number."""
    parts = [piece for path in paths for piece in read_pieces(path, names, (), how)]
    values = {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(names)}
    if not len(values[names[0]]):
        raise FileError(f"{paths[0]} has columns but no rows")
    return values


def _exact_of_files(paths: Sequence[Path], names: Sequence[str], how: Reading, rows: int) -> dict[str, list[Any]]:
    """The numbers as they are written; nothing where a file lacks some, as its nulls are no numbers."""
    try:
        records = [record for path in paths for record in read_records(path, how)]
        found = {name: [record[name] for record in records] for name in names}
    except GradcalcError:
        return {}
    return found if len(records) == rows else {}


def _is_exact(column: Any) -> bool:
    """Whether a column holds Python's exact numbers, or text."""
    kind = getattr(getattr(column, "dtype", None), "kind", "O")
    items = list(column) if kind in "OUT" else []
    return any(isinstance(each, Decimal | Fraction | str | int) for each in items)


def _whole(rows: Rows, nulls: str, place: str, error: type[GradcalcError]) -> Rows:
    """The rows that have all their numbers; an error where others are not to be left out, or a number is infinite."""
    empty = np.logical_or.reduce([np.isnan(column) for column in rows.values.values()])
    if empty.any():
        if nulls == "fail":
            name = next(name for name, column in rows.values.items() if np.isnan(column).any())
            told = listed(rows.numbers[empty])
            raise error(f"{place}: no number in {told} (column {name})", hint="--nulls drop leaves such rows out")
        if empty.all():
            raise error(f"{place}: no row has all its numbers")
        rows = rows.kept(~empty)
    for name, column in rows.values.items():
        infinite = np.isinf(column)
        if infinite.any():
            told = listed(rows.numbers[infinite])
            raise error(
                f"{place}: {name} is infinite in {told}", hint="--missing inf --nulls drop leaves such rows out"
            )
    return rows


def listed(numbers: Any) -> str:
    """Rows by their numbers: how many there are, and the first of them."""
    first = ", ".join(f"{n:,}" for n in numbers[:_NAMED].tolist())
    if len(numbers) == 1:
        return f"row {first}"
    return f"{len(numbers):,} rows: {first}" + (", ..." if len(numbers) > _NAMED else "")


def table_of(data: Any) -> Mapping[str, Any]:
    """Data in memory as arrays by name: a mapping, or whatever hands out an Arrow stream (pandas, polars, pyarrow)."""
    if isinstance(data, Mapping):
        return data
    if names := getattr(getattr(data, "dtype", None), "names", None):
        return {name: data[name] for name in names}  # an array of records
    if hasattr(data, "__arrow_c_stream__"):
        arrow = library("pyarrow", "data by Arrow")
        try:
            table = arrow.table(data)
        except (arrow.ArrowException, ValueError) as error:
            raise UsageError(f"the data are no table: {error}", hint="a data frame with named columns") from None
        return {name: table.column(name).to_numpy() for name in dict.fromkeys(table.column_names)}
    kind = type(data).__name__
    raise UsageError(f"data of the type {kind} are no columns", hint="a path, a mapping of arrays, or a data frame")


def arrays_of(data: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The columns of these names, given as arrays: numbers, as many in each."""
    columns = {}
    for name in names:
        try:
            if getattr(getattr(data[name], "dtype", None), "kind", "") in ("m", "M"):
                raise TypeError("dates and times have no unit here")
            column = data[name]
            if isinstance(column, np.ma.MaskedArray):
                column = np.ma.filled(column.astype(np.float64), np.nan)
            columns[name] = np.ascontiguousarray(column, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise UsageError(f"the data's {name} is no column of numbers: {error}") from None
    shapes = [column.shape for column in columns.values()]
    if len(set(shapes)) > 1 or len(shapes[0]) > 1 or 0 in shapes[0]:
        listed = ", ".join(f"{name} has {shape}" for name, shape in zip(names, shapes, strict=True))
        raise UsageError(f"columns need one length, not 0: of the shapes {listed}")
    return columns
