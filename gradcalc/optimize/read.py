"""The door of data: files, mappings of arrays and data frames as rows of floats, for `fit`; arrays for `descend` too.

Files whose columns are too large to be held are read anew for each pass; workers of a cluster read theirs. Imports
rows, distant and data.
"""

import os
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from gradcalc.data.cluster import Cluster, Tell, connected
from gradcalc.data.columns import column_names, null_rows, read_records
from gradcalc.data.formats.format import Place
from gradcalc.data.passes import Passes
from gradcalc.data.source import STDIN, is_stream, opened
from gradcalc.data.urls import shown
from gradcalc.errors import FileError, GradcalcError, UsageError, library
from gradcalc.optimize.distant import Distant, described
from gradcalc.optimize.rows import AnyRows, Array, Listed, Read, Rows, Streamed
from gradcalc.settings import AS_USUAL, HELD, Reading


def read_rows(
    data: Any,
    choose: Callable[[Sequence[str]], Sequence[str]],
    *,
    nulls: str = "fail",
    how: Reading = AS_USUAL,
    exactly: bool = False,
    expected: Sequence[str] = (),
    memory: float = HELD,
    workers: Cluster | None = None,
) -> AnyRows:
    """The columns that are chosen among those of the data.

    Args:
        data: a path, a glob, a folder or `-`; a mapping of names to arrays; or a data frame.
        choose: says which of the columns, by their names; it may refuse.
        nulls: `fail` or `drop`: what a row without a number does.
        exactly: whether the numbers are wanted as they are written.
        expected: names that help to tell how a text is separated.
        memory: megabytes of columns up to which those of files are held.
        workers: they read files, and keep the rows.

    Raises:
        FileError, UsageError: a row has no number or an infinite one; with their count and the first of them.
    """
    if nulls not in ("fail", "drop"):
        raise UsageError(f"nulls must be fail or drop, not {nulls!r}")
    table = None if isinstance(data, str | os.PathLike) else table_of(data)
    if table is None:
        return _from_files(os.fspath(data), choose, nulls, how, exactly, expected, memory, workers)
    names = choose([str(name) for name in table])
    values = arrays_of(table, names)
    exact = {name: list(table[name]) for name in names if _is_exact(table[name])} if exactly else {}
    rows = Rows(values, np.arange(1, len(next(iter(values.values()))) + 1), 0, exact)
    return _whole(rows, "the data", nulls, UsageError)


def _whole(rows: Rows, place: str, nulls: str, error: type[GradcalcError]) -> Rows:
    """The rows that have all their numbers; an error where others are not to be left out, or a number is infinite."""
    census = _Census(list(rows.values))
    census.add(list(rows.values.values()), 1)
    census.check(place, nulls, error)
    empty = null_rows(list(rows.values.values()))
    return rows if empty is None else rows.kept(~empty)


def _from_files(
    place: str,
    choose: Callable[[Sequence[str]], Sequence[str]],
    nulls: str,
    how: Reading,
    exactly: bool,
    expected: Sequence[str],
    memory: float,
    workers: Cluster | None,
) -> AnyRows:
    """The rows of files, one below the other, held if their columns are small enough."""
    with ExitStack() as stack:
        paths = stack.enter_context(opened(place, checked=False))
        files = Passes(paths, choose(column_names(paths[0], list(expected), how)), how)
        if workers:
            rows = left_there(shown(place), files, nulls, exactly, memory, workers)
            _keep(rows.read, stack)
            return rows
        state = files.state()
        values = _held(files, memory * 1e6)
        if values is not None:
            if not (count := len(values[files.names[0]])):
                raise FileError(f"{paths[0]} has columns but no rows")
            exact = _exact_of_files(paths, files.names, how, count) if exactly else {}
            files.refuse(state)
            return _whole(Rows(values, np.arange(1, count + 1), 0, exact), shown(place), nulls, FileError)
        census = _Census(files.names)
        streamed = Streamed(files, state, 0)
        for chunk in streamed.numbered():
            census.add(list(chunk.values.values()), int(chunk.numbers[0]))
        census.check(shown(place), nulls, FileError)
        _keep(streamed.read, stack)
        empty = census.empty.count
        return Streamed(files, state, census.rows - empty, empty, empty > 0, read=streamed.read)


def _keep(read: Read, stack: ExitStack) -> None:
    """What is open stays so as long as rows are read."""
    read.source = stack.pop_all()
    weakref.finalize(read, read.source.close)


def gathered(data: Any, address: str | None, stack: ExitStack, tell: Tell = None) -> Cluster | None:
    """The workers at an address, until the stack is closed; None without one.

    Raises:
        UsageError: the data are nothing that workers can read, or it is no address.
        FileError: no scheduler with workers answers there.
    """
    if address is None:
        return None
    if not isinstance(data, str | os.PathLike):
        raise UsageError("--scheduler: the data are in memory here", hint="a file that all workers see")
    if is_stream(os.fspath(data)):
        told = STDIN if data == "-" else shown(os.fspath(data))
        raise UsageError(f"--scheduler: {told} can be read but once", hint="--data as a file that all workers see")
    return stack.enter_context(connected(address, tell))


def left_there(
    place: str, files: Passes, nulls: str, exactly: bool, memory: float, workers: Cluster, finite: bool = True
) -> Distant:
    """The rows of files as workers find them.

    Args:
        finite: whether an infinite number is an error.
    """
    there = described(place, files)
    if not there.rows:
        raise FileError(f"{files.paths[0]} has columns but no rows")
    rows = Distant(workers, there, memory * 1e6)
    census, whole = _Census(files.names), list[Array]()
    for part, stays in rows.over(_counted):
        census.join(part)
        whole.append(stays)
    census.check(place, nulls, FileError, finite)
    if exactly and rows.may_hold:
        rows = replace(rows, exact=_exact_of_files(files.paths, files.names, files.how, there.rows))
    return rows.kept(np.concatenate(whole)) if census.empty.count else rows


def _counted(rows: Rows) -> Iterator[tuple["_Census", Array]]:
    """What some rows lack, and which of them lack nothing."""
    columns = list(rows.values.values())
    census = _Census(list(rows.values))
    census.add(columns, int(rows.numbers[0]))
    empty = null_rows(columns)
    yield census, np.ones(rows.size, bool) if empty is None else ~empty


def _held(files: Passes, most: float) -> dict[str, Array] | None:
    """The columns of files; nan where there is no number; None where they take more bytes."""
    parts: list[list[Array]] = [[] for _ in files.names]
    size = 0
    for piece in files.pieces():
        size += sum(column.nbytes for column in piece)
        if size > most:
            return None
        for column, part in zip(parts, piece, strict=True):
            column.append(part)
    values = {}
    for name in files.names:  # so that no column is held twice but the one that is joined
        values[name] = np.concatenate(parts.pop(0))
    return values


class _Census:
    """Which rows lack a number, and which have an infinite one."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names, self.rows = names, 0
        self.empty, self._lacks = Listed(), len(names)
        self._infinite = [Listed() for _ in names]

    def add(self, columns: Sequence[Array], first: int) -> None:
        """More rows, from that of a number on."""
        count = len(columns[0])
        self.rows += count
        empty = null_rows(columns)
        if empty is not None:
            self.empty.add(first + np.flatnonzero(empty))
            self._lacks = min(self._lacks, next(i for i, column in enumerate(columns) if np.isnan(column).any()))
        for found, column in zip(self._infinite, columns, strict=True):
            low, high = np.fmin.reduce(column), np.fmax.reduce(column)
            if np.isinf(low) or np.isinf(high):
                infinite = np.isinf(column) if empty is None else np.isinf(column) & ~empty
                found.add(first + np.flatnonzero(infinite))

    def join(self, more: "_Census") -> None:
        """The rows of another one, which come after these."""
        self.rows, self._lacks = self.rows + more.rows, min(self._lacks, more._lacks)
        self.empty.join(more.empty)
        for found, other in zip(self._infinite, more._infinite, strict=True):
            found.join(other)

    def check(self, place: str, nulls: str, error: type[GradcalcError], finite: bool = True) -> None:
        """Raise what is wrong with them."""
        if self.empty.count and nulls == "fail":
            told = f"{place}: no number in {self.empty} (column {self.names[self._lacks]})"
            raise error(told, hint="--nulls drop leaves such rows out")
        if self.empty.count == self.rows:
            raise error(f"{place}: no row has all its numbers")
        for name, found in zip(self.names, self._infinite, strict=True):
            if found.count and finite:
                hint = "--missing inf --nulls drop leaves such rows out"
                raise error(f"{place}: {name} is infinite in {found}", hint=hint)


def _exact_of_files(paths: Sequence[Place], names: Sequence[str], how: Reading, rows: int) -> dict[str, list[Any]]:
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
