"""Native code: a graph as vector instructions, run over columns of rows. Imports llvmlite, NumPy and graph.

The IR is written with explicit vectors of the host's width, one pass over the columns, all values in registers. Vector
math is glibc's libmvec where it exists, else the scalar functions of libm and SciPy, one lane after the other; what
neither has is a definition by other ops, or at last the floats' own function. No operation is fused or reordered by the
compiler: the same row gives the same result wherever it stands.
"""

import ctypes
import math
import os
import platform
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.native import exponentials, logarithms, powers
from gradcalc.arithmetic.native.lines import Lines, hexadecimal
from gradcalc.errors import library
from gradcalc.graph import ops
from gradcalc.graph.definitions import CONSTANT_BASE, CONSTANT_EXPONENT, NEAR, POLYNOMIALS, Deciding, accurate, deciding
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.graph.ops import Op

Kinds = tuple[str, ...]
"""How each input comes: `f64` or `f32`, a contiguous column of that type, or `one`, a number for all rows."""

_LONG = 200_000
"""Above this many characters of IR, some two thousand nodes, code is made plainly: else the time grows as a square."""


@dataclass(frozen=True, slots=True)
class Code:
    """Compiled code, kept alive.

    Attributes:
        run: `run(groups, inputs, outputs)` writes a column for each output; where sums were asked for, for each output
            the sum of each lane, and what rounding took from it. Inputs and outputs are `pointers`.
        width: rows in a group, the lanes of a vector.
        calls_back: Python functions are called in it, which may take long for a row.
    """

    run: Callable[..., None]
    width: int
    calls_back: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """Code for one point at a time: write `numbers`, call `run(*arguments)`, read each `stride`-th of `results`."""

    run: Callable[..., None]
    arguments: tuple[Any, ...]
    numbers: Any
    results: Any
    stride: int


@cache
def llvm() -> Any:
    """llvmlite's binding, of the extra `fast`.

    Raises:
        MissingExtra: it is not installed.
    """
    return library("llvmlite.binding", "native code")


@cache
def host() -> tuple[int, str, str]:
    """The width of the host's vectors in doubles, the letter of libmvec's names for it, and the host's features."""
    llvm().initialize_native_target()
    llvm().initialize_native_asmprinter()
    for name in ("libm.so.6", "libmvec.so.1"):
        with suppress(RuntimeError):  # another system: what is not found is called otherwise
            llvm().load_library_permanently(name)
    features = llvm().get_host_cpu_features()
    if platform.machine() in ("aarch64", "arm64"):
        return 2, "n", features.flatten()
    if features.get("avx512f"):
        return 8, "e", features.flatten() + ",-prefer-256-bit"
    return (4, "d", features.flatten()) if features.get("avx2") else (2, "b", features.flatten())


def instruction_set() -> str:
    """What of the host's instructions results depend on: the width of its vectors, and what libm chooses by."""
    width, _, features = host()
    return f"{platform.machine()}, vectors of {width}" + (", fma" if "+fma" in features.split(",") else "")


def compile_graph(
    graph: Graph, inputs: Sequence[int], outputs: Sequence[int], kinds: Kinds, sums: bool = False
) -> Code:
    """Native code for some outputs of a graph, or their sums over rows, for inputs of these kinds."""
    loop = _Loop(graph, inputs, outputs, kinds)
    signature = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
    function = loaded(loop.sums() if sums else loop.rows(), signature)
    return Code(function, host()[0], calls_back(function))


def point(code: Code, inputs: int, outputs: int) -> Point:
    """Code whose inputs are all `one`, with room for its numbers and results."""
    numbers, results = (ctypes.c_double * inputs)(), (ctypes.c_double * (outputs * code.width))()
    first, last = ctypes.addressof(numbers), ctypes.addressof(results)
    places = pointers(range(first, first + 8 * inputs, 8), numbers)
    targets = pointers(range(last, last + 8 * code.width * outputs, 8 * code.width), results)
    return Point(code.run, (1, places, targets), numbers, results, code.width)


def pointers(addresses: Sequence[int], memory: Any) -> Any:
    """Addresses as C takes them; they keep the memory that they point into."""
    array = (ctypes.c_void_p * len(addresses))(*addresses)
    array.memory = memory  # type: ignore[attr-defined]
    return array


def loaded(text: str, signature: Callable[..., Any]) -> Callable[..., None]:
    """The function `run` of a module, which it keeps alive.

    What calls Python back runs beside the main thread: there Python handles signals, and an exception raised in a
    callback would be lost, and a row's value with it. Interrupted, it runs on.
    """
    module = llvm().parse_assembly(text)
    target = llvm().Target.from_default_triple()
    effort = 2 if len(text) < _LONG else 0
    machine = target.create_target_machine(cpu=llvm().get_host_cpu_name(), features=host()[2], opt=effort)
    module.triple = machine.triple
    passes = llvm().create_new_module_pass_manager()
    passes.add_new_gvn_pass()
    passes.run(module, llvm().create_pass_builder(machine, llvm().create_pipeline_tuning_options()))
    engine = llvm().create_mcjit_compiler(module, machine)
    engine.finalize_object()
    function: Any = signature(engine.get_function_address("run"))
    function.engine = engine

    def run(*arguments: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            _beside().submit(function, *arguments).result()
        else:
            function(*arguments)

    found: Callable[..., None] = run if f"@{_CALLED_BACK}" in text else function
    return found


def calls_back(function: Callable[..., None]) -> bool:
    """Whether what `loaded` gave calls Python functions."""
    return not hasattr(function, "engine")


_CALLED_BACK = "floats_"
"""How the names of functions begin that are Python's."""


@cache
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "gradcalc")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_beside.cache_clear)  # a forked process has none of the threads


@cache
def floats() -> Floats:
    """The floats whose constants and last functions native code has."""
    return Floats()


# -- what each op is in IR ---------------------------------------------------------------------------------------------

_INSTRUCTIONS: dict[Op, str] = {ops.add: "fadd", ops.mul: "fmul", ops.sub: "fsub", ops.div: "fdiv"}
_COMPARISONS: dict[Op, str] = {
    ops.lt: "olt", ops.le: "ole", ops.gt: "ogt", ops.ge: "oge", ops.eq: "oeq", ops.same: "oeq", ops.ne: "une",
}  # fmt: skip
_INTRINSICS = (ops.sqrt, ops.abs, ops.floor, ops.ceil, ops.round)
_WHOLE = (ops.floor, ops.ceil, ops.round)
WRITTEN: dict[Op, Callable[..., str]] = {
    **{ops.TABLE[name]: getattr(exponentials, name) for name in exponentials.NAMES},
    ops.xlogy: logarithms.xlogy,
}
"""Ops that are written out here."""
_PARTS: dict[Op, tuple[int, float, float]] = {
    **dict.fromkeys((ops.airyai, ops.airyaiprime, ops.airybi, ops.airybiprime), (4, -100.0, 100.0)),
    ops.Si: (2, -1e15, 1e15), ops.Ci: (2, 5e-324, 1e15), ops.Shi: (2, -700.0, 700.0), ops.Chi: (2, 5e-324, 700.0),
    **dict.fromkeys((ops.fresnels, ops.fresnelc), (2, -1e5, 1e5)),
}  # fmt: skip
"""Results of functions of SciPy that have several: how many, and from where to where they are taken."""


class Instructions(Lines):
    """Ops as IR on vectors of rows: the lines, and the functions that they call."""

    def __init__(self) -> None:
        width, self.letter, _ = host()
        super().__init__(width)

    def emit(self, op: Op, places: Sequence[str], n: Deciding) -> str:
        """The instructions of one op; where its value is. `n` is what `definitions.deciding` gave for it."""
        t = self.vector
        if op is ops.neg:
            return self.negative(places[0])
        if op is ops.div and math.frexp(self.numbers.get(places[1], 3.0))[0] == 0.5:
            return self.times(places[0], 1 / self.numbers[places[1]])
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
            return self._power(places, n)
        if op is ops.pow:
            return self._general_power(places, n)
        if op is ops.mod:
            return self._mod(*places)
        if op in _INTRINSICS:
            name = op.c_name or op.numpy or op.name
            result = self.call(self.declare(f"llvm.{name}", 1, intrinsic=True), places)
            return self.line(f"fadd {t} {result}, zeroinitializer") if op in _WHOLE else result  # -0 is 0
        return self._function(op, places, n)

    def _function(self, op: Op, places: Sequence[str], n: Deciding = None) -> str:
        """An op as written here, or by C's function, an accurate definition, SciPy, the table's definition, floats."""
        if op in WRITTEN:
            return WRITTEN[op](self, *places)
        if op.c_name and llvm().address_of_symbol(op.c_name) and len(places) == len(op.operands):
            return self._math(op.c_name, places)
        define = accurate(op, n)
        if op in NEAR and define is None and (NEAR[op][1] or _in_scipy(op)):
            return self._near(op, places)
        if define is None and op.scipy and (address := _in_scipy(op)):
            if op in _PARTS:
                return self._lanes(self._scipy_part(op, address), places, "")
            return self._lanes(self._scipy(op, address), places, ", i32 0")
        define = define or op.define
        if define is not None:
            return self._defined(define, places)
        return self._lanes(self._python(op, len(places)), places, "")

    def _near(self, op: Op, places: Sequence[str]) -> str:
        """An op by its definition where that holds, elsewhere the floats', lane by lane."""
        condition, define = NEAR[op]
        within = self._defined(condition, places)
        if define is not None:
            value = self._defined(define, places)
        elif address := _in_scipy(op):
            value = self._lanes(self._scipy(op, address), places, ", i32 0")
        name, other = f"near_{op.name}", self._python(op, len(places))
        kinds = ", ".join(["double"] * len(places))
        parameters = [f"double %x{k}" for k in range(len(places))]
        self.declared[other] = f"declare double @{other}({kinds})"
        self.declared[name] = "\n".join(
            [
                f"define internal double @{name}({', '.join(['i1 %within', 'double %value', *parameters])}) {{",
                "  br i1 %within, label %near, label %far",
                "near:",
                "  ret double %value",
                "far:",
                f"  %called = call double @{other}({', '.join(parameters)})",
                "  ret double %called",
                "}",
            ]
        )
        result = "poison"
        for lane in range(self.width):
            typed = [(self.flags, within), *((self.vector, place) for place in (value, *places))]
            parts = [self.line(f"extractelement {kind} {place}, i32 {lane}") for kind, place in typed]
            given = ", ".join([f"i1 {parts[0]}", *(f"double {part}" for part in parts[1:])])
            called = self.line(f"call double @{name}({given})")
            result = self.line(f"insertelement {self.vector} {result}, double {called}, i32 {lane}")
        return result

    def _defined(self, define: Callable[..., Any], places: Sequence[str]) -> str:
        graph, output = rule_graph(define, len(places))
        found = dict(enumerate(places))
        for index in graph.needed([output]):
            op, operands, parameter = graph.nodes[index]
            if op is ops.const:
                found[index] = self.literal(floats().constant(parameter or ""))
            elif operands:
                found[index] = self.emit(op, [found[i] for i in operands], deciding(graph, op, operands))
        return found[output]

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

    def _power(self, places: Sequence[str], n: Deciding) -> str:
        """An integer power: by up to two products, by squaring, or by `pow`."""
        x, t = places[0], self.vector
        if n in (2, 3, 4):
            square = self.line(f"fmul {t} {x}, {x}")
            return square if n == 2 else self.line(f"fmul {t} {square}, {x if n == 3 else square}")
        if n == -1:
            return self.line(f"fdiv {t} {self.literal(1.0)}, {x}")
        return self._squarings(x, n) if isinstance(n, int) else self._math("pow", places)

    def _general_power(self, places: Sequence[str], n: Deciding) -> str:
        """A power of any exponent: by whole powers and `powers` where base or exponent is constant, else by `pow`."""
        if define := accurate(ops.pow, n):
            return self._defined(define, places)
        if n == CONSTANT_EXPONENT:
            return powers.constant_exponent(self, *places)
        return powers.constant_base(self, *places) if n == CONSTANT_BASE else powers.power(self, *places)

    def _squarings(self, x: str, n: int) -> str:
        """An integer power by squaring; what each product loses is carried along: within an ulp."""
        t, fma, one = self.vector, self.declare("llvm.fma", 3, intrinsic=True), self.literal(1.0)

        def lost(a: str, b: str, product: str) -> str:
            return self.call(fma, [a, b, self.line(f"fneg {t} {product}")])

        low = self.literal(0.0)
        if n < 0:
            inverse = self.line(f"fdiv {t} {one}, {x}")
            low = self.line(f"fmul {t} {self.call(fma, [self.line(f'fneg {t} {inverse}'), x, one])}, {inverse}")
            x = inverse
        high, first = x, low
        for bit in f"{abs(n):b}"[1:]:
            square = self.line(f"fmul {t} {high}, {high}")
            low = self.call(fma, [self.line(f"fadd {t} {high}, {high}"), low, lost(high, high, square)])
            high = square
            if bit == "1":
                product = self.line(f"fmul {t} {high}, {x}")
                low = self.call(fma, [high, first, self.call(fma, [low, x, lost(high, x, product)])])
                high = product
        whole = self.line(f"fadd {t} {high}, {low}")
        sound = self.line(f"fcmp one {t} {whole}, zeroinitializer")
        return self.line(f"select {self.flags} {sound}, {t} {whole}, {t} {high}")

    def _mod(self, a: str, b: str) -> str:
        """The remainder with the sign of b."""
        t = self.vector
        rest = self._math("fmod", [a, b])
        below = [self.line(f"fcmp olt {t} {place}, zeroinitializer") for place in (rest, b)]
        differ = self.line(f"xor {self.flags} {below[0]}, {below[1]}")
        left = self.line(f"fcmp one {t} {rest}, zeroinitializer")
        wrong = self.line(f"and {self.flags} {differ}, {left}")
        moved = self.line(f"fadd {t} {rest}, {b}")
        return self.line(f"select {self.flags} {wrong}, {t} {moved}, {t} {rest}")

    # -- calls --------------------------------------------------------------------------------------------------------

    def _math(self, name: str, places: Sequence[str]) -> str:
        symbol = f"_ZGV{self.letter}N{self.width}{'v' * len(places)}_{name}"
        if llvm().address_of_symbol(symbol):
            return self.call(self.declare(symbol, len(places)), places)
        return self._lanes(name, places, "")

    def _lanes(self, symbol: str, places: Sequence[str], more: str) -> str:
        """A function of doubles, one lane after the other."""
        kinds = ", ".join(["double"] * len(places)) + (", i32" if more else "")
        self.declared.setdefault(symbol, f"declare double @{symbol}({kinds}) nounwind willreturn")
        result = "poison"
        for lane in range(self.width):
            parts = [self.line(f"extractelement {self.vector} {place}, i32 {lane}") for place in places]
            value = self.line(f"call double @{symbol}({', '.join(f'double {p}' for p in parts)}{more})")
            result = self.line(f"insertelement {self.vector} {result}, double {value}, i32 {lane}")
        return result

    def _scipy(self, op: Op, address: int) -> str:
        """The C function of SciPy for an op."""
        symbol = f"scipy_{op.in_scipy[0]}"
        llvm().add_symbol(symbol, address)
        return symbol

    def _scipy_part(self, op: Op, address: int) -> str:
        """A function that takes one result of a function of SciPy, elsewhere the floats'."""
        (count, least, most), which = _PARTS[op], op.in_scipy[1]
        several, other = self._scipy(op, address), self._python(op, 1)
        pointers = [f"%p{k}" for k in range(count)]
        self.declared[several] = f"declare void @{several}(double{', ptr' * count})"
        self.declared[other] = f"declare double @{other}(double)"
        self.declared[f"part_{op.name}"] = "\n".join(
            [
                f"define internal double @part_{op.name}(double %x) {{",
                *(f"  {pointer} = alloca double" for pointer in pointers),
                f"  %above = fcmp oge double %x, {hexadecimal(least)}",
                f"  %below = fcmp ole double %x, {hexadecimal(most)}",
                "  %within = and i1 %above, %below",
                "  br i1 %within, label %near, label %far",
                "near:",
                f"  call void @{several}(double %x, {', '.join(f'ptr {pointer}' for pointer in pointers)})",
                f"  %part = load double, ptr %p{which}",
                "  ret double %part",
                "far:",
                f"  %called = call double @{other}(double %x)",
                "  ret double %called",
                "}",
            ]
        )
        return f"part_{op.name}"

    def _python(self, op: Op, count: int) -> str:
        """The floats' function of an op, called back."""
        symbol = f"{_CALLED_BACK}{op.name}_{count}"
        callback = _callback(op, count)
        llvm().add_symbol(symbol, ctypes.cast(callback, ctypes.c_void_p).value)
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


def _in_scipy(op: Op) -> int | None:
    """The address of SciPy's C function for an op of doubles; None where there is none, or no SciPy."""
    if op in POLYNOMIALS:
        return None
    several = ", double *" * _PARTS[op][0] if op in _PARTS else ", int __pyx_skip_dispatch"
    result, operands = "void" if op in _PARTS else "double", ", ".join(["double"] * len(op.rules))
    return _c_functions().get((op.in_scipy[0], f"{result} ({operands}{several})"))


@cache
def _c_functions() -> dict[tuple[str, str], int]:
    """The addresses of SciPy's C functions by name and signature: a name may have one for each type of operands."""
    try:
        from scipy.special import cython_special
    except ImportError:
        return {}
    api, found = ctypes.pythonapi, {}
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    for name, capsule in cython_special.__pyx_capi__.items():
        signature = api.PyCapsule_GetName(capsule)
        key = re.sub(r"^__pyx_fuse(_\d)+", "", name), signature.decode()
        found[key] = api.PyCapsule_GetPointer(capsule, signature)
    return found


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
            self.places[index] = self.emit(op, places, deciding(graph, op, operands))

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
