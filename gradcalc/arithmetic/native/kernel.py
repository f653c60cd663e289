"""Kernels: a formula and its derivatives as native code over columns of points.

A kernel runs over blocks of rows on all cores, the interpreter's lock released. The rows that are left over after the
last full group go through the same vector code, padded, so a row's result does not depend on where it stands nor on the
number of threads; sums are compensated and added up block by block in a fixed order.
"""

import ctypes
import math
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gradcalc.arithmetic.floats import exact_sum
from gradcalc.arithmetic.native import interpreter
from gradcalc.arithmetic.native.code import Code, Kinds, Point, compile_graph, point, pointers
from gradcalc.arithmetic.native.compiled import Compiled, common_length
from gradcalc.errors import UsageError
from gradcalc.graph import ops
from gradcalc.graph.shapes import Shape, shown

Array = np.ndarray[Any, Any]

BLOCK = 1 << 15
"""Rows of a block: what one thread takes at a time, and what one compensated sum runs over."""
_CALLS = 1 << 10
"""Rows of a call of code that calls Python back: it cannot be interrupted, and may take 0.3 ms for a row."""

_SMALL, _LARGE, _MANY_ROWS = 500, 20_000, 300_000
"""Small graphs are compiled at once, in 5 to 50 ms; others once they have run over so many rows that it pays, or never:
compiling takes 0.03 to 0.1 ms for a node, and saves at most 0.4 ns for a node and row."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a kernel gives for N rows.

    Attributes:
        value: `(N,)`.
        gradient: `(k, N)`, a contiguous row for each variable; None for order 0.
        hessian: `(k, k, N)`; None below order 2.
        extra: `(m, N)`, of the nodes that were asked for beside these.
    """

    value: Array
    gradient: Array | None = None
    hessian: Array | None = None
    extra: Array | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """Value, gradient `(k,)` and Hessian `(k, k)` of the sum over rows; those above the order are None."""

    value: float
    gradient: Array | None = None
    hessian: Array | None = None


class Kernel(Compiled):
    """A compiled formula: call it with a column or a number for each variable.

    A column is an array `(N,)` of float64 or float32 (others are converted); a number serves all rows. A variable of
    shape `(n,)` takes an array `(n, N)`, or `(n,)` for all rows.
    """

    def _prepare(self) -> None:
        self._rows = 0
        self._codes: dict[tuple[Kinds, int, bool, bool], Code] = {}
        self._single = threading.local()

    def __getstate__(self) -> dict[str, Any]:
        """A kernel is copied and pickled as its graph; the code is made anew."""
        return vars(self) | {"_codes": {}, "_single": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _single=threading.local())

    def __call__(self, /, **columns: Any) -> Batch:
        """Value, gradient and Hessian of every row.

        Raises:
            UsageError: a column is missing, unknown, or of another length.
        """
        arrays, rows = self._columns(columns)
        k = len(self.wrt)
        value, gradient = np.empty((1, rows)), np.empty((k, rows))
        hessian = np.zeros((k, k, rows)) if self.order == 2 else None
        targets = [value, gradient]
        if hessian is not None:
            targets += [hessian[place][None] for place in self._entries]
        extra = np.empty((self._extra, rows)) if self._extra else None
        if extra is not None:
            targets.append(extra)
        if hessian is not None:
            targets += [hessian[j, i][None] for i, j in self._entries if i != j]
        self._fill(arrays, rows, targets)
        return Batch(value[0], gradient if self.order else None, hessian, extra)

    def sum(self, /, **columns: Any) -> Total:
        """Value, gradient and Hessian of the sum over all rows, compensated; the same for any number of threads."""
        return self.total([self.parts(**columns)])

    def parts(self, /, **columns: Any) -> Array:
        """What a sum is made of, `(outputs, n)`: the sums of each block of rows.

        Rows may be summed some at a time: `total` of all their parts is `sum` over all rows, to the bit, where each
        time but the last there are a multiple of `BLOCK`.
        """
        return self._parts(*self._columns(columns))

    def total(self, parts: Sequence[Array]) -> Total:
        """The sum of parts, rounded once."""
        sums = [exact_sum(row) for row in np.concatenate(parts, axis=1).tolist()]
        k = len(self.wrt)
        hessian = np.zeros((k, k)) if self.order == 2 else None
        if hessian is not None:
            for (i, j), entry in zip(self._entries, sums[1 + k : 1 + k + len(self._entries)], strict=True):
                hessian[i, j] = hessian[j, i] = entry
        return Total(sums[0], np.array(sums[1 : 1 + k]) if self.order else None, hessian)

    def point(self, *x: float) -> list[float]:
        """The outputs at one point, in the order of `names`: value, gradient, and the Hessian's lower triangle.

        The triangle holds the entries `hessian_places`; what is structurally zero is not among them.

        Raises:
            UsageError: there are more or fewer numbers than variables.
        """
        one = self._one()
        one.numbers[:] = x if len(x) == len(one.numbers) else self._as_point(x)
        one.run(*one.arguments)
        return one.results[:: one.stride]  # type: ignore[no-any-return]

    def at(self, x: Array) -> Array:
        """What `point` gives, from an array of all numbers, `(n,)`, as an array."""
        given = np.asarray(x, dtype=float).ravel()
        one = self._one()
        np.copyto(np.frombuffer(one.numbers), given if len(given) == len(one.numbers) else self._as_point(given))
        one.run(*one.arguments)
        return np.frombuffer(one.results)[:: one.stride].copy()

    def _as_point(self, x: Any) -> Any:
        if len(x) != len(self.names):
            names = ", ".join(self.names[:9]) + (", ..." if len(self.names) > 9 else "")
            hint = f"one for each of {names}" if names else "the formula has no variables"
            raise UsageError(f"a point of {len(x)} numbers", hint=hint)
        return x

    def _one(self) -> Point:
        """What one point needs: for each thread its own, since numbers and results are written in place."""
        try:
            return self._single.code  # type: ignore[no-any-return]
        except AttributeError:
            kinds = ("one",) * len(self.names)
            if len(self._needed) > _SMALL:
                code = interpreter.compile_point(self._graph, self._inputs, self._outputs)
            else:
                code = point(self._code(kinds, self._outputs, 1), len(kinds), len(self._outputs))
            self._single.code = code
            return code

    # -- columns ------------------------------------------------------------------------------------------------------

    def _columns(self, given: Mapping[str, Any]) -> tuple[list[Array], int]:
        """The columns of each variable, `(elements, rows)`, or its numbers, `(elements,)`, and the number of rows."""
        self._expect(given)
        arrays = [_column(name, given[name], shape) for name, shape in self._shapes.items()]
        lengths = {name: a.shape[1] for name, a in zip(self._shapes, arrays, strict=True) if a.ndim == 2}
        return arrays, common_length(lengths) if lengths else 1

    def _code(self, kinds: Kinds, outputs: Sequence[int], rows: int, sums: bool = False) -> Code:
        """The code for so many more rows of such columns; compiled and interpreted code give the same bits."""
        self._rows += rows
        size = len(self._needed)
        compiled = size <= _SMALL or (size <= _LARGE and self._rows >= _MANY_ROWS)
        key = (kinds, len(outputs), sums, compiled)
        if key not in self._codes:
            make = self._compiled if compiled else partial(interpreter.compile_graph, self._graph, self._inputs)
            self._codes[key] = make(outputs, kinds, sums)
        return self._codes[key]

    def _compiled(self, outputs: Sequence[int], kinds: Kinds, sums: bool) -> Code:
        """Compiled code, shared by equal graphs."""
        place = {index: i for i, index in enumerate(self._needed)}
        nodes = tuple(
            (op, tuple(place[i] for i in operands), parameter if op is ops.const else None)
            for op, operands, parameter in (self._graph.nodes[index] for index in self._needed)
        )
        inputs = tuple(place.get(i) for i in self._inputs)
        key = (nodes, inputs, tuple(place[i] for i in outputs), kinds, sums)
        return shared.code(key, lambda: compile_graph(self._graph, self._inputs, outputs, kinds, sums))

    # -- running ------------------------------------------------------------------------------------------------------

    def _fill(self, arrays: list[Array], rows: int, targets: list[Array]) -> None:
        """Write the outputs of every row, then the Hessian's entries above the diagonal."""
        if all(a.ndim == 1 for a in arrays):
            found = self.at(np.concatenate([*arrays, []]))
            found = np.append(found, found[self._mirrored])
            for target in targets:
                target[:, 0], found = found[: len(target)], found[len(target) :]
            return
        outputs = [*self._outputs, *(self._outputs[n] for n in self._mirrored)]
        code = self._code(_kinds(arrays), outputs, rows)
        full = rows - rows % code.width

        def run(start: int, stop: int) -> None:
            for first in range(start, stop, _CALLS if code.calls_back else stop - start):
                last = min(first + _CALLS, stop) if code.calls_back else stop
                code.run((last - first) // code.width, _pointers(arrays, first), _pointers(targets, first))

        _in_blocks(run, full)
        if full < rows:
            results = [np.empty((len(target), code.width)) for target in targets]
            code.run(1, _pointers([_padded(a, full, code.width) for a in arrays], 0), _pointers(results, 0))
            for target, result in zip(targets, results, strict=True):
                target[:, full:] = result[:, : rows - full]

    def _parts(self, arrays: list[Array], rows: int) -> Array:
        """The sums of each output, `(outputs, n)`: of each lane of each block, and of each row that is left over."""
        code = self._code(_kinds(arrays), self._outputs, rows, sums=True)
        full = rows - rows % code.width
        parts = np.zeros((-(-full // BLOCK) + 1, len(self._outputs), 2, code.width))

        def add(columns: list[Array], first: int, rows: int, part: Array) -> None:
            code.run(rows // code.width, _pointers(columns, first), part.ctypes.data_as(ctypes.c_void_p))

        def run(start: int, stop: int) -> None:
            for first in range(start, stop, BLOCK):
                add(arrays, first, min(BLOCK, stop - first), parts[first // BLOCK])

        _in_blocks(run, full)
        if full < rows:
            add([_padded(a, full, code.width) for a in arrays], 0, code.width, parts[-1])
            parts[-1, :, :, rows - full :] = 0
        parts[:, :, 1][~np.isfinite(parts[:, :, 0])] = 0
        return np.moveaxis(parts, 1, 0).reshape(len(self._outputs), -1)


class Shared:
    """What the kernels of a process share: compiled code, and the threads that run it, each from its first use on.

    Safe under threads: equal code is compiled once. A forked process keeps the code and starts threads of its own; the
    fork waits for a compilation that is under way, for what it holds would be held in the child for ever.
    """

    def __init__(self, most: int = 256) -> None:
        self.most = most
        self.codes: dict[Any, Code] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._lock.acquire, after_in_parent=self._lock.release, after_in_child=self._forked
            )

    def code(self, key: Any, make: Callable[[], Code]) -> Code:
        """The code of a key, made now or before; the oldest is given up, and lives on with who runs it."""
        with self._lock:
            if key not in self.codes:
                self.codes[key] = make()
                while len(self.codes) > max(1, self.most):
                    del self.codes[next(iter(self.codes))]
            return self.codes[key]

    def pool(self) -> ThreadPoolExecutor:
        """The threads, as many as there are cores."""
        with self._lock:
            self._pool = self._pool or ThreadPoolExecutor(os.cpu_count() or 1, "gradcalc")
            return self._pool

    def close(self) -> None:
        """End the threads and forget the code; the next run starts and compiles anew."""
        with self._lock:
            pool, self._pool = self._pool, None
            self.codes.clear()
        if pool:
            pool.shutdown()

    def _forked(self) -> None:
        """In a forked process, which has none of the threads."""
        self._pool = None
        self._lock.release()


shared = Shared()
"""That of this process."""


def _column(name: str, given: Any, shape: Shape) -> Array:
    """Columns `(elements, rows)`, or numbers `(elements,)`, as native code reads them; what a mask hides is nan."""
    try:
        array = given if np.ma.isMaskedArray(given) else np.asarray(given)
    except ValueError:
        raise UsageError(f"{name} has rows of different lengths: a column of numbers has one axis") from None
    if array.dtype.kind not in "fiub":
        raise UsageError(f"{name} is of dtype {array.dtype}: a column is of numbers")
    if np.ma.isMaskedArray(array):
        array = np.ma.filled(array.astype(float), np.nan)
    rows = array.shape[len(shape) :]
    if array.shape[: len(shape)] != shape or len(rows) > 1:
        wanted = f"{shown(shape)}, or with an axis more for the rows" if shape else "a column of numbers has one axis"
        raise UsageError(f"{name} is of shape {array.shape}: {wanted}")
    kind = np.float32 if array.dtype == np.float32 and rows else np.float64
    return np.ascontiguousarray(array, dtype=kind).reshape(math.prod(shape), *rows)


def _kinds(arrays: Sequence[Array]) -> Kinds:
    """How each element of the columns comes."""
    return tuple(
        kind for a in arrays for kind in ["one" if a.ndim == 1 else "f32" if a.dtype == np.float32 else "f64"] * len(a)
    )


def _padded(columns: Array, start: int, width: int) -> Array:
    """The last rows of columns, filled up to a group with copies of the last."""
    if columns.ndim == 1:
        return columns
    rows = np.minimum(np.arange(start, start + width), columns.shape[1] - 1)
    return columns.take(rows, axis=1)  # type: ignore[no-any-return]


def _pointers(arrays: Sequence[Array], start: int) -> Any:
    """Pointers to a row of columns; numbers have one for all rows."""
    places: list[int] = []
    for a in arrays:
        first = a.ctypes.data + (start * a.itemsize if a.ndim == 2 else 0)
        places += [first + i * a.strides[0] for i in range(len(a))]
    return pointers(places, arrays)


def _in_blocks(run: Callable[[int, int], None], rows: int) -> None:
    """Run over all rows, some blocks at a time, on all cores where there are blocks for them."""
    cores = os.cpu_count() or 1
    step = BLOCK * max(1, min(4, rows // (2 * cores * BLOCK)))
    starts = iter(range(0, rows, step))

    def work(_: int) -> None:
        for start in starts:
            run(start, min(start + step, rows))

    threads = min(cores, rows // BLOCK)
    try:
        list(shared.pool().map(work, range(threads)) if threads > 1 else map(work, [0]))
    except BaseException:
        list(starts)  # interrupted: no thread takes another block
        raise
