"""Kernels on a card: a formula and its derivatives over columns that live there. Imports `native`, `code` and `driver`.

arrays of CuPy, PyTorch, JAX, Numba --> where they are, nothing copied --> one launch --> arrays on the same card
"""

import math
import threading
import weakref
from collections.abc import Mapping, Sequence
from ctypes import c_double, c_int64, c_void_p
from dataclasses import dataclass
from numbers import Real
from typing import Any

from gradcalc.arithmetic.cuda import code
from gradcalc.arithmetic.cuda.arrays import CudaArray, disjoint, new_like, same_card, stream_of, view
from gradcalc.arithmetic.cuda.dlpack import View
from gradcalc.arithmetic.cuda.driver import LEGACY, driver
from gradcalc.arithmetic.native.compiled import Compiled, common_length
from gradcalc.errors import UsageError
from gradcalc.graph.shapes import shown

_LARGEST = 5_000
"""Nodes above which the driver would compile for minutes."""
_MOST_PARAMETERS = 500
"""Variables: a kernel's parameters are at most 4,096 bytes."""


Result = tuple[Any, int]
"""An array that is written, and where it is."""


@dataclass(frozen=True, slots=True)
class CudaBatch:
    """What a kernel gives for N rows: arrays on the card, of PyTorch or CuPy where columns are, else `CudaArray`s.

    Attributes:
        value: `(N,)`.
        gradient: `(k, N)`; None for order 0.
        hessian: `(k, k, N)`; None below order 2.
        extra: `(m, N)`, of the nodes that were asked for beside these.
    """

    value: Any
    gradient: Any = None
    hessian: Any = None
    extra: Any = None


class CudaKernel(Compiled):
    """A formula compiled for a card: call it with an array on the card, or a number, for each variable.

    >>> kernel = gradcalc.compile("x**4 + y**2 + 1", target="cuda")
    >>> kernel(x=cupy.array([2.0, 0.0]), y=3.0).gradient
    array([[32.,  0.],
           [ 6.,  6.]])

    A column is a contiguous array `(N,)` of float64 or float32; a number, or an array of one, serves all rows. A
    variable of shape `(n,)` takes an array `(n, N)`, or `(n,)` for all rows.

    It is compiled on the first call, for each card and each way in which columns come.
    """

    def _prepare(self) -> None:
        if len(self._needed) > _LARGEST:
            hint = 'compile without target="cuda": the processor interprets large formulas'
            raise UsageError(f"{len(self._needed):,} operations: at most {_LARGEST:,} run on a card", hint=hint)
        if len(self._shapes) > _MOST_PARAMETERS:
            hint = 'one array for them all: shapes={"x": 1000}'
            raise UsageError(f"{len(self._shapes)} variables: a card takes at most {_MOST_PARAMETERS}", hint=hint)
        self._refuse()
        self._functions: dict[tuple[int, tuple[str, ...]], c_void_p] = {}
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """A kernel is copied and pickled as its graph; the code is made anew."""
        return {name: value for name, value in vars(self).items() if name not in ("_functions", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _functions={}, _lock=threading.Lock())

    def __call__(self, /, **columns: Any) -> CudaBatch:
        """Value, gradient and Hessian of every row: `run` with the variables as names.

        `out` and `stream` are those of `run`, unless the formula has variables of these names.

        Raises:
            UsageError, MemoryError: as `run`.
        """
        settings = {name: columns.pop(name) for name in ("out", "stream") if name in {*columns} - {*self._shapes}}
        return self.run(columns, **settings)

    def run(self, columns: Mapping[str, Any], out: Any = None, stream: Any = None) -> CudaBatch:
        """Value, gradient and Hessian of every row.

        Args:
            columns: an array on the card or a number for each variable.
            out: arrays to write instead of new ones: value, gradient, Hessian; or the answer of an earlier call. They
                must not overlap the columns.
            stream: of CuPy, PyTorch, Numba, or its handle. With one the call returns at once; the columns must live
                until the stream has done it. Without one it returns when the answer is there.

        Raises:
            UsageError: a column is missing, unknown, of another length or type, strided, on another card or on none;
                there is no driver or no card.
            MemoryError: the card has no room for the answer.
        """
        handle = stream_of(stream)
        on = LEGACY if handle is None else handle
        self._expect(columns)
        given = {name: self._given(name, columns[name], shape, on) for name, shape in self._shapes.items()}
        views = {name: each for name, each in given.items() if isinstance(each, View)}
        rows, device = self._rows_of(given), same_card(views)
        with driver().on(device):
            if out is None:
                results = self._results(columns[next(iter(views))], rows, device, on)
            else:
                results = self._taken(out, rows, on, views)
            if rows:
                self._launch(given, [address for _, address in results], rows, device, on)
                if handle is None:
                    driver().wait(on)
        for array, _ in results:
            if isinstance(array, CudaArray):
                array.stream = handle if rows else None
        return self._batch([array for array, _ in results])

    def ptx(self) -> str:
        """The kernel as the card's assembly, for columns of float64. It needs no card.

        Raises:
            UsageError: NVIDIA's libdevice was not found.
        """
        return code.assembled(self._intermediate(("f64",) * len(self._shapes)))

    # -- what comes in ------------------------------------------------------------------------------------------------

    def _given(self, name: str, given: Any, shape: tuple[int, ...], stream: int) -> View | float:
        """A number, or an array as it is lent, of the right shape."""
        if not shape and isinstance(given, Real) and not hasattr(given, "__dlpack__"):
            try:
                return float(given)
            except OverflowError:
                raise UsageError(f"{name} is beyond the largest double") from None
        found = view(name, given, stream)
        rows = found.shape[len(shape) :]
        if found.shape[: len(shape)] != shape or len(rows) > 1:
            wanted = f"{shown(shape)}, or with an axis more for the rows" if shape else "a column has one axis"
            raise UsageError(f"{name} is of shape {found.shape}: {wanted}")
        if not rows and found.kind == "f32":
            raise UsageError(f"{name} is one number of float32 for all rows", hint="float64")
        return found

    def _rows_of(self, given: Mapping[str, View | float]) -> int:
        """The rows of all columns."""
        lengths = {
            name: each.shape[-1]
            for name, each in given.items()
            if isinstance(each, View) and len(each.shape) > len(self._shapes[name])
        }
        if not lengths:
            raise UsageError("no column: numbers alone are one row", hint='compile without target="cuda"')
        return common_length(lengths)

    # -- what goes out ------------------------------------------------------------------------------------------------

    def _arrays(self) -> list[tuple[int, ...]]:
        """The lengths, but for the rows, of the arrays that it gives."""
        k = len(self.wrt)
        return [(), *[(k,), (k, k)][: self.order], *([(self._extra,)] if self._extra else [])]

    def _results(self, like: Any, rows: int, device: int, stream: int) -> list[Result]:
        """New arrays of the library of a column, and where each is."""
        return [new_like(like, (*lengths, rows), device, stream) for lengths in self._arrays()]

    def _taken(self, out: Any, rows: int, stream: int, read: Mapping[str, View]) -> list[Result]:
        """The caller's arrays, if they fit, and where each is."""
        if isinstance(out, CudaBatch):
            out = [each for each in (out.value, out.gradient, out.hessian, out.extra) if each is not None]
        elif not isinstance(out, (list, tuple)):
            out = [out]
        wanted = [(*lengths, rows) for lengths in self._arrays()]
        if len(out) != len(wanted):
            raise UsageError(f"out is of {len(out)} arrays", hint=f"arrays of shapes {', '.join(map(str, wanted))}")
        names = [f"out[{i}]" for i in range(len(out))]
        written = {name: view(name, each, stream, written=True) for name, each in zip(names, out, strict=True)}
        for (name, each), shape in zip(written.items(), wanted, strict=True):
            if each.shape != shape or each.kind != "f64":
                raise UsageError(f"{name} is of shape {each.shape} and {each.kind}: {shape} of f64 is written")
        same_card({**read, **written})
        disjoint(read, written)
        return [(array, each.address) for array, each in zip(out, written.values(), strict=True)]

    def _batch(self, results: list[Any]) -> CudaBatch:
        extra = results.pop() if self._extra else None
        value, gradient, hessian = [*results, None, None][:3]
        return CudaBatch(value, gradient, hessian, extra)

    # -- the code -----------------------------------------------------------------------------------------------------

    def _refuse(self) -> None:
        """Refuse a formula with an op that no function of a card is for."""
        missing = [op.name for op in code.refused(self._graph, self._outputs)]
        if missing:
            within = {op.name for op in code.refused(self._graph, self._outputs[:1])}
            told = [name if name in within else f"{name} (of its derivatives)" for name in missing]
            hint = 'compile without target="cuda": the processor computes it'
            raise UsageError(f"a card has no function for {', '.join(told)}", hint=hint)

    def _intermediate(self, kinds: Sequence[str]) -> str:
        """The IR for variables that come so."""
        inputs, place = [], 0
        for kind, shape in zip(kinds, self._shapes.values(), strict=True):
            count = math.prod(shape)
            inputs.append((kind, tuple(self._inputs[place : place + count])))
            place += count
        k, entries = len(self.wrt), dict(zip(self._entries, self._outputs[1 + len(self.wrt) :], strict=False))
        arrays: list[tuple[int | None, ...]] = [tuple(self._outputs[:1])]
        if self.order:
            arrays.append(tuple(self._outputs[1 : 1 + k]))
        if self.order == 2:
            arrays.append(tuple(entries.get((max(i, j), min(i, j))) for i in range(k) for j in range(k)))
        if self._extra:
            arrays.append(tuple(self._outputs[-self._extra :]))
        return code.intermediate(self._graph, code.Columns(tuple(inputs), tuple(arrays)))

    def _function(self, device: int, kinds: tuple[str, ...]) -> c_void_p:
        """The compiled kernel on a card; the driver keeps it as long as this kernel lives."""
        key = device, kinds
        with self._lock:
            if key not in self._functions:
                module, self._functions[key] = driver().load(code.assembled(self._intermediate(kinds)))
                weakref.finalize(self, driver().unload, device, module).atexit = False
        return self._functions[key]

    def _launch(
        self, given: Mapping[str, View | float], results: Sequence[int], rows: int, device: int, stream: int
    ) -> None:
        kinds: list[str] = []
        arguments: list[Any] = [c_int64(rows)]
        for name, each in given.items():
            if isinstance(each, View):
                kinds.append(each.kind if len(each.shape) > len(self._shapes[name]) else "one")
                arguments.append(c_void_p(each.address))
            else:
                kinds.append("number")
                arguments.append(c_double(each))
        arguments += map(c_void_p, results)
        function = self._function(device, tuple(kinds))
        driver().launch(function, -(-rows // code.BLOCK), code.BLOCK, stream, arguments)
