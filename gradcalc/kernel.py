"""Kernels: a formula and its derivatives as native code over columns of points. Imports subject, derive and native.

A kernel runs over blocks of rows on all cores, the interpreter's lock released. The rows that are left over after the
last full group go through the same vector code, padded, so a row's result does not depend on where it stands nor on the
number of threads; sums are compensated and added up block by block in a fixed order.
"""

import ctypes
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from gradcalc import derive, ops
from gradcalc.arithmetic import native, source
from gradcalc.arithmetic.arrays import Arrays
from gradcalc.arithmetic.floats import exact_sum
from gradcalc.arithmetic.native import Code, Kinds
from gradcalc.errors import UsageError, did_you_mean
from gradcalc.graph import Graph
from gradcalc.points import to_value
from gradcalc.settings import Limits
from gradcalc.subject import as_subject

Array = np.ndarray[Any, Any]

_BLOCK = 1 << 15
"""Rows of a block: what one thread takes at a time, and what one compensated sum runs over."""


_LARGEST_SOURCE = 250_000
"""Nodes up to which `point` makes Python source of a graph that is too large for native code."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a kernel gives for N rows.

    Attributes:
        value: `(N,)`.
        gradient: `(k, N)`, a contiguous row for each variable; None for order 0.
        hessian: `(k, k, N)`; None below order 2.
    """

    value: Array
    gradient: Array | None = None
    hessian: Array | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """Value, gradient `(k,)` and Hessian `(k, k)` of the sum over rows; those above the order are None."""

    value: float
    gradient: Array | None = None
    hessian: Array | None = None


def compile(
    expression: Any,
    wrt: str | Sequence[str] | None = None,
    order: int = 1,
    *,
    let: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
) -> "Kernel":
    """Compile a formula to native code.

    >>> kernel = gradcalc.compile("x**4 + y**2 + 1", wrt=["x", "y"])
    >>> kernel(x=np.array([2.0, 0.0]), y=3.0).gradient
    array([[32.,  0.],
           [ 6.,  6.]])

    Args:
        expression: text, a `sympy.Expr`, or a `Graph`; its variables are scalars.
        wrt: variables to differentiate for, in that order; all by default.
        order: 0 for the value, 1 for the gradient as well, 2 for the Hessian as well.
        let: values by name that are put into the formula.
        limits: how large the formula may be.

    Raises:
        ExpressionError, UsageError: as `differentiate`.
    """
    if order not in (0, 1, 2):
        raise UsageError(f"order is {order!r}", hint="0 for the value, 1 for the gradient, 2 for the Hessian as well")
    bounds = limits or Limits()
    constants = {name: to_value(name, value, bounds) for name, value in (let or {}).items()}
    names = [name.strip() for name in wrt.split(",")] if isinstance(wrt, str) else wrt
    subject = as_subject(expression, dict.fromkeys(names or (), ()), constants, bounds)
    chosen = list(subject.variables) if names is None else list(names)
    unknown = next((name for name in chosen if name not in subject.variables), None)
    if unknown is not None:
        hint = did_you_mean(unknown, subject.variables)
        raise UsageError(f"the formula does not contain {unknown}", text=subject.text, hint=hint)
    return Kernel(subject.graph, subject.output, list(subject.variables), chosen if order else [], order)


class Kernel:
    """A compiled formula: call it with a column or a number for each variable.

    Columns are arrays of one length, of float64 or float32 (others are converted); numbers serve all rows.
    """

    def __init__(self, graph: Graph, output: int, names: Sequence[str], wrt: Sequence[str], order: int) -> None:
        self.names, self.wrt, self.order = list(names), list(wrt), order
        self._graph = graph
        self._inputs = [graph.input(name) for name in names]
        variables = [graph.input(name) for name in wrt]
        gradient = derive.gradient(graph, output, variables) if order else []
        entries = derive.hessian(graph, gradient, variables) if order == 2 else {}
        self._entries = [place for place in entries if place[0] >= place[1]]
        self._outputs = [output, *gradient, *(entries[place] for place in self._entries)]
        self._needed = graph.needed(self._outputs)
        self._single = threading.local()

    def __call__(self, **columns: Any) -> Batch:
        """Value, gradient and Hessian of every row.

        Raises:
            UsageError: a column is missing, unknown, or of another length.
        """
        arrays, kinds, rows = self._columns(columns)
        k = len(self.wrt)
        value, gradient = np.empty(rows), np.empty((k, rows))
        hessian = np.zeros((k, k, rows)) if self.order == 2 else None
        targets = [value, *gradient]
        if hessian is not None:
            targets += [hessian[place] for place in self._entries]
        self._fill(arrays, kinds, rows, targets)
        if hessian is not None:
            for i, j in self._entries:
                hessian[j, i] = hessian[i, j]
        return Batch(value, gradient if self.order else None, hessian)

    def sum(self, **columns: Any) -> Total:
        """Value, gradient and Hessian of the sum over all rows, compensated; the same for any number of threads."""
        arrays, kinds, rows = self._columns(columns)
        sums = self._sums(arrays, kinds, rows)
        k = len(self.wrt)
        hessian = np.zeros((k, k)) if self.order == 2 else None
        if hessian is not None:
            for (i, j), entry in zip(self._entries, sums[1 + k :], strict=True):
                hessian[i, j] = hessian[j, i] = entry
        return Total(sums[0], np.array(sums[1 : 1 + k]) if self.order else None, hessian)

    def point(self, *x: float) -> list[float]:
        """The outputs at one point, in the order of `names`: value, gradient, and the Hessian's lower triangle.

        The triangle holds the entries `hessian_places`; what is structurally zero is not among them.

        Raises:
            UsageError: there are more or fewer numbers than variables.
        """
        if len(self._needed) > native.LARGEST:
            return list(self._python(*self._as_point(x)))
        try:
            code, numbers, results, pointers = self._single.call
        except AttributeError:
            code, numbers, results, pointers = self._single.call = self._for_one()
        numbers[:] = x if len(x) == len(numbers) else self._as_point(x)
        code.run(1, *pointers)
        return results[:: len(results) // len(self._outputs)]  # type: ignore[no-any-return]

    @property
    def hessian_places(self) -> list[tuple[int, int]]:
        """The rows and columns of the Hessian's entries that `point` gives."""
        return list(self._entries)

    def _as_point(self, x: tuple[float, ...]) -> tuple[float, ...]:
        if len(x) != len(self.names):
            names = ", ".join(self.names[:9]) + (", ..." if len(self.names) > 9 else "")
            hint = f"one for each of {names}" if names else "the formula has no variables"
            raise UsageError(f"a point of {len(x)} numbers", hint=hint)
        return x

    @cached_property
    def _python(self) -> source.Function:
        """One point in floats, for graphs that would compile too long."""
        return source.function(self._graph, self._inputs, self._outputs, _LARGEST_SOURCE)

    def _for_one(self) -> Any:
        """What one point needs: the code, room for its numbers and results, and their addresses. One for a thread."""
        code = self._code(("one",) * len(self.names))
        numbers = (ctypes.c_double * len(self.names))()
        results = (ctypes.c_double * (len(self._outputs) * code.width))()
        first, last = ctypes.addressof(numbers), ctypes.addressof(results)
        inputs = (ctypes.c_void_p * len(numbers))(*(first + 8 * i for i in range(len(numbers))))
        outputs = (ctypes.c_void_p * len(self._outputs))(
            *(last + 8 * code.width * i for i in range(len(self._outputs)))
        )
        return code, numbers, results, (inputs, outputs)

    # -- columns ------------------------------------------------------------------------------------------------------

    def _columns(self, given: Mapping[str, Any]) -> tuple[list[Array], Kinds, int]:
        """The columns as contiguous arrays, how each comes, and the number of rows."""
        for name in given:
            if name not in self.names:
                raise UsageError(f"the formula does not contain {name}", hint=did_you_mean(name, self.names))
        missing = next((name for name in self.names if name not in given), None)
        if missing is not None:
            raise UsageError(f"no value for {missing}", hint=f"{missing}=...")
        arrays = [_column(name, given[name]) for name in self.names]
        lengths = {name: len(a) for name, a in zip(self.names, arrays, strict=True) if a.ndim}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name} has {n}" for name, n in lengths.items())
            raise UsageError(f"the columns differ in length: {shown}")
        kinds = tuple("one" if not a.ndim else "f32" if a.dtype == np.float32 else "f64" for a in arrays)
        return arrays, kinds, next(iter(lengths.values()), 1)

    def _code(self, kinds: Kinds, sums: bool = False) -> Code:
        """The code for such columns, shared by equal graphs."""
        place = {index: i for i, index in enumerate(self._needed)}
        nodes = tuple(
            (op, tuple(place[i] for i in operands), parameter if op is ops.const else None)
            for op, operands, parameter in (self._graph.nodes[index] for index in self._needed)
        )
        inputs = tuple(place.get(i) for i in self._inputs)
        key = (nodes, inputs, tuple(place[i] for i in self._outputs), kinds, sums)
        code = _codes.get(key)
        if code is None:
            code = native.compile_graph(self._graph, self._inputs, self._outputs, kinds, sums)
            with _codes_lock:
                _codes[key] = code
                while len(_codes) > _MOST_CODES:
                    del _codes[next(iter(_codes))]  # who runs it keeps it alive
        return code

    # -- running ------------------------------------------------------------------------------------------------------

    def _fill(self, arrays: list[Array], kinds: Kinds, rows: int, targets: list[Array]) -> None:
        """Write the outputs of every row."""
        if len(self._needed) > native.LARGEST:
            self._interpret(arrays, rows, targets)
            return
        code = self._code(kinds)
        full = rows - rows % code.width

        def run(start: int, stop: int) -> None:
            code.run((stop - start) // code.width, _addresses(arrays, start), _addresses(targets, start))

        _in_blocks(run, full)
        if full < rows:
            tail = [_padded(a, full, code.width) for a in arrays]
            results = [np.empty(code.width) for _ in targets]
            code.run(1, _addresses(tail, 0), _addresses(results, 0))
            for target, result in zip(targets, results, strict=True):
                target[full:] = result[: rows - full]

    def _interpret(self, arrays: list[Array], rows: int, targets: list[Array]) -> None:
        """The outputs by NumPy, for graphs that would compile too long."""
        evaluator = Arrays()
        for start in range(0, rows, 1024):
            block = {
                index: a[start : start + 1024].astype(float) if a.ndim else a
                for index, a in zip(self._inputs, arrays, strict=True)
            }
            values = evaluator.evaluate(self._graph, block, self._outputs)
            for index, target in zip(self._outputs, targets, strict=True):
                target[start : start + 1024] = values[index]

    def _sums(self, arrays: list[Array], kinds: Kinds, rows: int) -> list[float]:
        """The sum of each output over all rows."""
        count = len(self._outputs)
        if len(self._needed) > native.LARGEST:
            targets = list(np.empty((count, rows)))
            self._interpret(arrays, rows, targets)
            return [exact_sum(target.tolist()) for target in targets]
        code = self._code(kinds, sums=True)
        full = rows - rows % code.width
        blocks = -(-full // _BLOCK)
        partial = np.empty((blocks, count, 2, code.width))

        def run(start: int, stop: int) -> None:
            for first in range(start, stop, _BLOCK):
                groups = (min(first + _BLOCK, stop) - first) // code.width
                code.run(groups, _addresses(arrays, first), partial[first // _BLOCK].ctypes.data)

        _in_blocks(run, full)
        left = [np.empty(rows - full) for _ in range(count)]
        if full < rows:
            self._fill([a[full:] if a.ndim else a for a in arrays], kinds, rows - full, left)
        sums, lost = partial[:, :, 0], partial[:, :, 1]
        lost[~np.isfinite(sums)] = 0
        return [
            exact_sum([*sums[:, k].ravel().tolist(), *lost[:, k].ravel().tolist(), *rest.tolist()])
            for k, rest in enumerate(left)
        ]


_codes: dict[Any, Code] = {}
_MOST_CODES = 256
_codes_lock = threading.Lock()


def _column(name: str, given: Any) -> Array:
    """A column or a number as an array that native code can read; what a masked array hides is nan."""
    try:
        array = np.ma.filled(given.astype(float), np.nan) if np.ma.isMaskedArray(given) else np.asarray(given)
    except ValueError:
        raise UsageError(f"{name} has rows of different lengths: a column of numbers has one axis") from None
    if array.ndim > 1 or array.dtype.kind not in "fiub":
        what = f"of shape {array.shape}" if array.dtype.kind in "fiub" else f"of dtype {array.dtype}"
        raise UsageError(f"{name} is {what}: a column of numbers has one axis")
    kept = array.dtype == np.float32 and array.ndim
    return np.ascontiguousarray(array, dtype=np.float32 if kept else np.float64) if array.ndim else array.astype(float)


def _padded(column: Array, start: int, width: int) -> Array:
    """The last rows of a column, filled up to a group with copies of the last."""
    if not column.ndim:
        return column
    return np.concatenate([column[start:], np.repeat(column[-1:], width - (len(column) - start))])


def _addresses(arrays: Sequence[Array], start: int) -> Any:
    """The addresses of a row in columns, as C takes them; a number has one for all rows."""
    places = [a.ctypes.data + (start * a.itemsize if a.ndim else 0) for a in arrays]
    return (ctypes.c_void_p * len(places))(*places)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, "gradcalc")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a forked process has none of the threads


def _in_blocks(run: Callable[[int, int], None], rows: int) -> None:
    """Run over all rows, in blocks, on all cores where there are blocks for them."""
    threads = min(os.cpu_count() or 1, rows // _BLOCK)
    if threads < 2:
        if rows:
            run(0, rows)
        return
    per = -(-rows // (_BLOCK * threads)) * _BLOCK
    list(_pool().map(lambda start: run(start, min(start + per, rows)), range(0, rows, per)))
