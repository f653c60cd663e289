"""Native code: a graph as vector instructions, run over columns of rows. Imports llvmlite, NumPy and graph.

The IR is written with explicit vectors of the host's width, one pass over the columns, all values in registers. Vector
math is glibc's libmvec where it exists, else the scalar functions of libm and SciPy, one lane after the other; what
neither has is a definition by other ops, or at last the floats' own function. No operation is fused or reordered: the
same row gives the same result wherever it stands.
"""

import ctypes
import math
import platform
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from gradcalc import ops
from gradcalc.arithmetic.floats import Floats
from gradcalc.graph import Graph, rule_graph
from gradcalc.ops import Op

Kinds = tuple[str, ...]
"""How each input comes: `f64` or `f32`, a contiguous column of that type, or `one`, a number for all rows."""

LARGEST = 2_000
"""Nodes above which compiled code, whose values no longer fit into registers, is no faster than the interpreter's."""

_LONG = 200_000
"""Above this many characters of IR, some two thousand nodes, code is made plainly: else the time grows as a square."""


@dataclass(frozen=True, slots=True)
class Code:
    """Compiled code, kept alive.

    Attributes:
        run: `run(groups, inputs, outputs)` writes a column for each output; where sums were asked for, for each output
            the sum of each lane, and what rounding took from it.
        width: rows in a group, the lanes of a vector.
    """

    run: Callable[..., None]
    width: int
    engine: Any


@dataclass(frozen=True, slots=True)
class Point:
    """Code for one point at a time: write `numbers`, call `run(*arguments)`, read each `stride`-th of `results`."""

    run: Callable[..., None]
    arguments: tuple[Any, ...]
    numbers: Any
    results: Any
    stride: int
    kept: Any


@cache
def host() -> tuple[int, str, str]:
    """The width of the host's vectors in doubles, the letter of libmvec's names for it, and the host's features."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for library in ("libm.so.6", "libmvec.so.1"):
        with suppress(RuntimeError):  # another system: what is not found is called otherwise
            llvm.load_library_permanently(library)
    features = llvm.get_host_cpu_features()
    if platform.machine() in ("aarch64", "arm64"):
        return 2, "n", features.flatten()
    if features.get("avx512f"):
        return 8, "e", features.flatten() + ",-prefer-256-bit"
    return (4, "d", features.flatten()) if features.get("avx2") else (2, "b", features.flatten())


def compile_graph(
    graph: Graph, inputs: Sequence[int], outputs: Sequence[int], kinds: Kinds, sums: bool = False
) -> Code:
    """Native code for some outputs of a graph, or their sums over rows, for inputs of these kinds."""
    loop = _Loop(graph, inputs, outputs, kinds)
    address, engine = assembled(loop.sums() if sums else loop.rows())
    signature = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
    return Code(signature(address), host()[0], engine)


def point(code: Code, inputs: int, outputs: int) -> Point:
    """Code whose inputs are all `one`, with room for its numbers and results."""
    numbers, results = (ctypes.c_double * inputs)(), (ctypes.c_double * (outputs * code.width))()
    first, last = ctypes.addressof(numbers), ctypes.addressof(results)
    places = (ctypes.c_void_p * inputs)(*range(first, first + 8 * inputs, 8))
    targets = (ctypes.c_void_p * outputs)(*(last + 8 * code.width * k for k in range(outputs)))
    return Point(code.run, (1, places, targets), numbers, results, code.width, code)


def assembled(text: str) -> tuple[int, Any]:
    """The address of the function `run` of a module, and what keeps it alive."""
    module = llvm.parse_assembly(text)
    target = llvm.Target.from_default_triple()
    effort = 2 if len(text) < _LONG else 0
    machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=host()[2], opt=effort)
    module.triple = machine.triple
    passes = llvm.create_new_module_pass_manager()
    passes.add_new_gvn_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine.get_function_address("run"), engine


@cache
def floats() -> Floats:
    """The floats whose constants and last functions native code has."""
    return Floats()


# -- what each op is in IR ---------------------------------------------------------------------------------------------

_INSTRUCTIONS: dict[Op, str] = {ops.add: "fadd", ops.mul: "fmul", ops.sub: "fsub", ops.div: "fdiv"}
_COMPARISONS: dict[Op, str] = {
    ops.lt: "olt", ops.le: "ole", ops.gt: "ogt", ops.ge: "oge", ops.eq: "oeq", ops.same: "oeq", ops.ne: "une",
}  # fmt: skip
_INTRINSICS: dict[Op, str] = {
    ops.sqrt: "sqrt", ops.abs: "fabs", ops.floor: "floor", ops.ceil: "ceil", ops.round: "rint",
}  # fmt: skip
_VECTOR_MATH: dict[Op, str] = {
    ops.exp: "exp", ops.exp2: "exp2", ops.expm1: "expm1", ops.log: "log", ops.log2: "log2", ops.log10: "log10",
    ops.log1p: "log1p", ops.sin: "sin", ops.cos: "cos", ops.tan: "tan", ops.asin: "asin", ops.acos: "acos",
    ops.atan: "atan", ops.atan2: "atan2", ops.sinh: "sinh", ops.cosh: "cosh", ops.tanh: "tanh", ops.asinh: "asinh",
    ops.acosh: "acosh", ops.atanh: "atanh", ops.cbrt: "cbrt", ops.erf: "erf", ops.erfc: "erfc", ops.pow: "pow",
    ops.hypot: "hypot",
}  # fmt: skip
_SCALAR_MATH: dict[Op, str] = {ops.gamma: "tgamma", ops.lgamma: "lgamma"}
_SCIPY: dict[Op, str] = {
    ops.digamma: "__pyx_fuse_1psi", ops.besselj: "__pyx_fuse_1jv", ops.bessely: "__pyx_fuse_1yv",
    ops.besseli: "__pyx_fuse_1iv", ops.besselk: "__pyx_fuse_1kv", ops.Ei: "__pyx_fuse_1expi", ops.beta: "beta",
}  # fmt: skip
"""Functions of `scipy.special.cython_special`, by their names among its C entry points."""

_half, _infinity, _tiny = ops.one / 2, ops.Constant(None, (), "oo"), ops.Constant(None, (), "1e-300")
_root_high, _root_low = ops.Constant(None, (), "0x1.6a09e64p-1"), ops.Constant(None, (), "0x1.3f9de6484597ep-28")
"""The square root of 1/2: its first 27 bits, and the others."""


def _odd(x: Any, magnitude: Any) -> Any:
    """A number of this size with the sign of x."""
    return ops.where(ops.lt(x, 0), -magnitude, magnitude)


def _sincpi(x: Any) -> Any:
    turn = x - 2 * ops.round(x / 2)
    turn = ops.where(ops.gt(ops.abs(turn), _half), _odd(turn, ops.one) - turn, turn)
    far = ops.eq(ops.abs(x), _infinity)
    return ops.where(ops.eq(x, 0), ops.one, ops.where(far, ops.zero, ops.sin(ops.pi * turn) / (ops.pi * x)))


def _asech(x: Any) -> Any:
    leg = ops.sqrt(ops.one_minus_square(x))
    return ops.where(ops.gt(x, _half / 512), ops.log1p((1 - x + leg) / x), ops.log1p(leg) - ops.log(x))


def _acsch(x: Any) -> Any:
    size = ops.abs(x)
    small = ops.and_(ops.lt(size, _tiny), ops.ne(x, 0))
    return ops.where(small, _odd(x, ops.log(ops.two) - ops.log(size)), ops.asinh(1 / x))


def _gelu(x: Any) -> Any:
    """By erfc at x/sqrt(2) as two doubles: one rounding there comes out many times larger."""
    high = ops.round(x * 2**20) / 2**20
    exact, rest = high * _root_high, high * _root_low + (x - high) / ops.sqrt(ops.two)  # exact: 26 bits by 27
    leg = exact + rest
    slope = 2 * ops.exp(-leg * leg) / ops.sqrt(ops.pi)
    value = x * (ops.erfc(-leg) + slope * ((exact - leg) + rest)) / 2
    return ops.where(ops.lt(ops.abs(x), 64), value, ops.max(x, ops.zero))


def _logsumexp(*xs: Any) -> Any:
    top, rest = xs[0], []
    for x in xs[1:]:
        rest.append(ops.min(top, x))
        top = ops.max(top, x)
    total = ops.add(ops.zero, *(ops.exp(x - top) for x in rest))
    return ops.where(ops.lt(ops.abs(top), _infinity), top + ops.log1p(total), top)


def _sigmoid(x: Any) -> Any:
    power = ops.exp(-ops.abs(x))
    return ops.where(ops.lt(x, 0), power, ops.one) / (1 + power)


_DEFINITIONS: dict[Op, Callable[..., Any]] = {
    ops.neg: lambda x: ops.Constant(None, (), "-0.0") - x,
    ops.sign: lambda x: ops.where(ops.gt(x, 0), ops.one, ops.where(ops.lt(x, 0), -ops.one, x + 0)),
    ops.heaviside: lambda x: ops.where(ops.gt(x, 0), ops.one, ops.where(ops.lt(x, 0), ops.zero, _half + x)),
    ops.sec: lambda x: 1 / ops.cos(x),
    ops.csc: lambda x: 1 / ops.sin(x),
    ops.cot: lambda x: 1 / ops.tan(x),
    ops.sech: lambda x: 1 / ops.cosh(x),
    ops.csch: lambda x: 1 / ops.sinh(x),
    ops.coth: lambda x: 1 / ops.tanh(x),
    ops.sinc: lambda x: ops.where(
        ops.eq(x, 0), ops.one, ops.where(ops.eq(ops.abs(x), _infinity), ops.zero, ops.sin(x) / x)
    ),
    ops.sincpi: _sincpi,
    ops.xlogy: lambda a, b: ops.where(ops.and_(ops.eq(a, 0), ops.ge(b, 0)), ops.zero, a * ops.log(b)),
    ops.logsumexp: _logsumexp,
    ops.sigmoid: _sigmoid,
    ops.softplus: lambda x: ops.max(x, ops.zero) + ops.log1p(ops.exp(-ops.abs(x))),
    ops.silu: lambda x: x * ops.sigmoid(x),
    ops.elu: lambda x: ops.where(ops.gt(x, 0), x, ops.expm1(ops.min(x, ops.zero))),
    ops.gelu: _gelu,
    ops.asech: _asech,
    ops.acsch: _acsch,
    ops.factorial: lambda x: ops.gamma(x + 1),
}
"""How an op is put together here, where the table has no definition or a less accurate one."""


PRODUCTS = (2, 3, 4, -1)
"""The integer powers that are products or a quotient; all others are by `pow`."""


def definition(op: Op) -> Callable[..., Any] | None:
    """How an op is put together from others, if it is."""
    return _DEFINITIONS.get(op) or op.define


class Instructions:
    """Ops as IR on vectors of rows: the lines, and the functions that they call."""

    def __init__(self) -> None:
        self.width, self.letter, _ = host()
        self.vector, self.flags = f"<{self.width} x double>", f"<{self.width} x i1>"
        self.declared: dict[str, str] = {}
        self.lines: list[str] = []
        self.count = 0

    def emit(self, op: Op, places: Sequence[str], numbers: Sequence[int | None]) -> str:
        """The instructions of one op; where its value is."""
        t = self.vector
        if op in _INSTRUCTIONS:
            return self._chain(lambda a, b: f"{_INSTRUCTIONS[op]} {t} {a}, {b}", places)
        if op in _COMPARISONS:
            return self.line(f"fcmp {_COMPARISONS[op]} {t} {places[0]}, {places[1]}")
        if op in (ops.and_, ops.or_):
            return self.line(f"{op.name} {self.flags} {places[0]}, {places[1]}")
        if op is ops.not_:
            return self.line(f"xor {self.flags} {places[0]}, splat (i1 true)")
        if op is ops.where:
            return self.line(f"select {self.flags} {places[0]}, {t} {places[1]}, {t} {places[2]}")
        if op in (ops.max, ops.min):
            return self._extreme("ogt" if op is ops.max else "olt", places)
        if op is ops.powi:
            return self._power(places, numbers[1])
        if op is ops.mod:
            return self._mod(*places)
        if op in _INTRINSICS:
            return self.call(self.declare(f"llvm.{_INTRINSICS[op]}", 1, intrinsic=True), places)
        return self._function(op, places)

    def _function(self, op: Op, places: Sequence[str]) -> str:
        """An op by a function: of vectors, by its definition, of SciPy, or at last the floats' own."""
        if op is ops.hypot and len(places) != 2:
            if len(places) == 1:
                return self.call(self.declare("llvm.fabs", 1, intrinsic=True), places)
            return self._function(op, [self._function(op, places[:-1]), places[-1]])
        if op in _VECTOR_MATH:
            return self._vector_math(_VECTOR_MATH[op], places)
        if op in _SCALAR_MATH and llvm.address_of_symbol(_SCALAR_MATH[op]):
            return self._lanes(_SCALAR_MATH[op], places, "")
        if op in _SCIPY:
            return self._lanes(self._scipy(op), places, ", i32 0")
        define = definition(op)
        if define is not None:
            return self._defined(define, places)
        return self._lanes(self._python(op, len(places)), places, "")

    def _defined(self, define: Callable[..., Any], places: Sequence[str]) -> str:
        graph, output = rule_graph(define, len(places))
        found = dict(enumerate(places))
        for index in graph.needed([output]):
            op, operands, parameter = graph.nodes[index]
            if op is ops.const:
                found[index] = self.literal(floats().constant(parameter or ""))
            elif operands:
                found[index] = self.emit(op, [found[i] for i in operands], [graph.number(i) for i in operands])
        return found[output]

    def line(self, text: str) -> str:
        """Add an instruction; the name of its result."""
        self.count += 1
        self.lines.append(f"  %t{self.count} = {text}")
        return f"%t{self.count}"

    def _chain(self, text: Callable[[str, str], str], places: Sequence[str]) -> str:
        """An instruction of two operands, from left to right."""
        result = places[0]
        for place in places[1:]:
            result = self.line(text(result, place))
        return result

    def _extreme(self, comparison: str, places: Sequence[str]) -> str:
        """The largest or least; nan if any is nan, as the floats have it."""
        t, best = self.vector, places[0]
        for place in places[1:]:
            better = self.line(f"fcmp {comparison} {t} {place}, {best}")
            missing = self.line(f"fcmp uno {t} {place}, {place}")
            either = self.line(f"or {self.flags} {better}, {missing}")
            best = self.line(f"select {self.flags} {either}, {t} {place}, {t} {best}")
        return best

    def _power(self, places: Sequence[str], n: int | None) -> str:
        """An integer power: by up to two products, or by `pow`."""
        x, t = places[0], self.vector
        if n in (2, 3, 4):
            square = self.line(f"fmul {t} {x}, {x}")
            return square if n == 2 else self.line(f"fmul {t} {square}, {x if n == 3 else square}")
        if n == -1:
            return self.line(f"fdiv {t} {self.literal(1.0)}, {x}")
        return self._vector_math("pow", places)

    def _mod(self, a: str, b: str) -> str:
        """The remainder with the sign of b."""
        t = self.vector
        rest = self._lanes("fmod", [a, b], "")
        below = [self.line(f"fcmp olt {t} {place}, zeroinitializer") for place in (rest, b)]
        differ = self.line(f"xor {self.flags} {below[0]}, {below[1]}")
        left = self.line(f"fcmp one {t} {rest}, zeroinitializer")
        wrong = self.line(f"and {self.flags} {differ}, {left}")
        moved = self.line(f"fadd {t} {rest}, {b}")
        return self.line(f"select {self.flags} {wrong}, {t} {moved}, {t} {rest}")

    # -- calls --------------------------------------------------------------------------------------------------------

    def _vector_math(self, name: str, places: Sequence[str]) -> str:
        symbol = f"_ZGV{self.letter}N{self.width}{'v' * len(places)}_{name}"
        if llvm.address_of_symbol(symbol):
            return self.call(self.declare(symbol, len(places)), places)
        return self._lanes(name, places, "")

    def declare(self, name: str, count: int, intrinsic: bool = False) -> str:
        """A function of vectors that computes and nothing else."""
        symbol = f"{name}.v{self.width}f64" if intrinsic else name
        operands = ", ".join([self.vector] * count)
        pure = "" if intrinsic else " nounwind willreturn memory(none)"
        self.declared[symbol] = f"declare {self.vector} @{symbol}({operands}){pure}"
        return symbol

    def call(self, symbol: str, places: Sequence[str]) -> str:
        """Add a call of a function of vectors."""
        return self.line(f"call {self.vector} @{symbol}({', '.join(f'{self.vector} {p}' for p in places)})")

    def _lanes(self, symbol: str, places: Sequence[str], more: str) -> str:
        """A function of doubles, one lane after the other."""
        kinds = ", ".join(["double"] * len(places)) + (", i32" if more else "")
        self.declared[symbol] = f"declare double @{symbol}({kinds}) nounwind willreturn"
        result = "poison"
        for lane in range(self.width):
            parts = [self.line(f"extractelement {self.vector} {place}, i32 {lane}") for place in places]
            value = self.line(f"call double @{symbol}({', '.join(f'double {p}' for p in parts)}{more})")
            result = self.line(f"insertelement {self.vector} {result}, double {value}, i32 {lane}")
        return result

    def _scipy(self, op: Op) -> str:
        """The C entry point of SciPy for an op."""
        from scipy.special import cython_special

        symbol = f"scipy_{op.name}"
        capsule = cython_special.__pyx_capi__[_SCIPY[op]]
        api = ctypes.pythonapi
        api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
        api.PyCapsule_GetPointer.restype = ctypes.c_void_p
        api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
        llvm.add_symbol(symbol, api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))
        return symbol

    def _python(self, op: Op, count: int) -> str:
        """The floats' function of an op, called back."""
        symbol = f"floats_{op.name}_{count}"
        callback = _callback(op, count)
        llvm.add_symbol(symbol, ctypes.cast(callback, ctypes.c_void_p).value)
        return symbol

    def compensated(self, total: str, lost: str, value: str) -> tuple[str, str]:
        """One step of a compensated sum (Neumaier 1974): the sum, and what it lost added to what was lost before."""
        t, fabs = self.vector, self.declare("llvm.fabs", 1, intrinsic=True)
        longer = self.line(f"fadd {t} {total}, {value}")
        order = self.line(f"fcmp oge {t} {self.call(fabs, [total])}, {self.call(fabs, [value])}")
        large = self.line(f"select {self.flags} {order}, {t} {total}, {t} {value}")
        small = self.line(f"select {self.flags} {order}, {t} {value}, {t} {total}")
        rest = self.line(f"fadd {t} {self.line(f'fsub {t} {large}, {longer}')}, {small}")
        return longer, self.line(f"fadd {t} {lost}, {rest}")

    def pointer(self, base: str, k: int | str) -> str:
        """The k-th pointer behind a pointer."""
        place = self.line(f"getelementptr ptr, ptr {base}, i64 {k}")
        return self.line(f"load ptr, ptr {place}")

    def load(self, column: str, kind: str) -> str:
        """The rows of a column from `%row` on."""
        lane, size = ("double", 8) if kind == "f64" else ("float", 4)
        place = self.line(f"getelementptr {lane}, ptr {column}, i64 %row")
        rows = self.line(f"load <{self.width} x {lane}>, ptr {place}, align {size}")
        return rows if kind == "f64" else self.line(f"fpext <{self.width} x {lane}> {rows} to {self.vector}")

    def store(self, value: str, column: str) -> None:
        """Write the rows of a column from `%row` on."""
        place = self.line(f"getelementptr double, ptr {column}, i64 %row")
        self.lines.append(f"  store {self.vector} {value}, ptr {place}, align 8")

    def splat(self, value: str) -> str:
        """A double in all lanes."""
        t = self.vector
        first = self.line(f"insertelement {t} poison, double {value}, i32 0")
        return self.line(f"shufflevector {t} {first}, {t} poison, <{self.width} x i32> zeroinitializer")

    def literal(self, value: float) -> str:
        """A number in all lanes."""
        bits = struct.unpack("<Q", struct.pack("<d", value))[0]
        return f"splat (double 0x{bits:016X})" if not math.isnan(value) else "splat (double 0x7FF8000000000000)"


class _Loop(Instructions):
    """The IR of a graph: one function over groups of rows, and what it calls.

    What depends on no column is computed before the loop.
    """

    def __init__(self, graph: Graph, inputs: Sequence[int], outputs: Sequence[int], kinds: Kinds) -> None:
        super().__init__()
        self.head: list[str] = []
        self.body: list[str] = []
        self.fixed: set[int] = set()
        self.places: dict[int, str] = {}
        self.outputs = outputs
        for k, (index, kind) in enumerate(zip(inputs, kinds, strict=True)):
            self._load(k, index, kind)
        for index in graph.needed(outputs):
            self._node(graph, index)

    def _load(self, k: int, index: int, kind: str) -> None:
        self.lines = self.head
        column = self.pointer("%inputs", k)
        if kind == "one":
            self.fixed.add(index)
            self.places[index] = self.splat(self.line(f"load double, ptr {column}"))
        else:
            self.lines = self.body
            self.places[index] = self.load(column, kind)

    def _node(self, graph: Graph, index: int) -> None:
        op, operands, parameter = graph.nodes[index]
        if op is ops.const:
            self.fixed.add(index)
            self.places[index] = self.literal(floats().constant(parameter or ""))
        elif operands:
            fixed = all(i in self.fixed for i in operands)
            if fixed:
                self.fixed.add(index)
            self.lines = self.head if fixed else self.body
            places = [self.places[i] for i in operands]
            self.places[index] = self.emit(op, places, [graph.number(i) for i in operands])

    def rows(self) -> str:
        """The module that writes a column for each output."""
        for k, index in enumerate(self.outputs):
            self.lines = self.head
            column = self.pointer("%outputs", k)
            self.lines = self.body
            self.store(self.places[index], column)
        return self._module([], [])

    def sums(self) -> str:
        """The module that adds up each lane of each output, and what rounding took from it."""
        phis: list[str] = []
        after: list[str] = []
        self.lines = self.body
        for k, index in enumerate(self.outputs):
            parts = self.compensated(f"%sum{k}", f"%lost{k}", self.places[index])
            for i, (name, part) in enumerate(zip((f"%sum{k}", f"%lost{k}"), parts, strict=True)):
                phis.append(f"  {name} = phi {self.vector} [ zeroinitializer, %entry ], [ {part}, %loop ]")
                after.append(f"  {name}.end = getelementptr {self.vector}, ptr %outputs, i64 {2 * k + i}")
                after.append(f"  store {self.vector} {part}, ptr {name}.end, align 8")
        return self._module(phis, after)

    def _module(self, phis: Sequence[str], after: Sequence[str]) -> str:
        """A function that runs over groups of rows; there is at least one."""
        return "\n".join(
            [
                *self.declared.values(),
                "define void @run(i64 %groups, ptr %inputs, ptr noalias %outputs) {",
                "entry:",
                *self.head,
                "  br label %loop",
                "loop:",
                "  %group = phi i64 [ 0, %entry ], [ %next, %loop ]",
                *phis,
                f"  %row = mul i64 %group, {self.width}",
                *self.body,
                "  %next = add i64 %group, 1",
                "  %more = icmp ult i64 %next, %groups",
                "  br i1 %more, label %loop, label %done",
                "done:",
                *after,
                "  ret void",
                "}",
            ]
        )


@cache
def _callback(op: Op, count: int) -> Any:
    """The floats' function of an op as a C function; it lives as long as the process."""
    return ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * count)(floats().functions[op])
