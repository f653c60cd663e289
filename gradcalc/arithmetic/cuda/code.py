"""A graph as PTX, the assembly of NVIDIA's cards: one row a thread. Imports native code's instructions and llvmlite.

    graph --> the CPU's instructions, one lane wide --> LLVM's IR, with libdevice's functions linked in --> PTX

Nothing is fused, reordered or flushed to zero, so that sums, products, quotients, roots, powers and the hyperbolic
functions have the CPU's bits. What libdevice has not, and no definition puts together, is refused by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gradcalc.arithmetic.cuda.libdevice import libdevice
from gradcalc.arithmetic.native.code import WRITTEN, Instructions, floats, llvm
from gradcalc.arithmetic.native.lines import Lines
from gradcalc.graph import ops
from gradcalc.graph.definitions import NEAR, Deciding, accurate, deciding
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

BLOCK = 64
"""Threads of a block."""

Kind = str
"""How a variable comes: `f64` or `f32`, a column for each element; `one`, a double for each on the card; `number`."""

_TARGET, _CARD, _VERSION = "nvptx64-nvidia-cuda", "sm_60", "+ptx60"
"""Drivers since 2017 read this PTX, and compile it for any card since Pascal."""

LIKE_C = frozenset((
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "erf", "erfc", "exp", "exp2", "expm1", "hypot",
    "lgamma", "log", "log10", "log1p", "log2", "tan", "tgamma",
))  # fmt: skip
NAMED = {ops.erfinv: "erfinv", ops.erfcinv: "erfcinv", ops.norm_ppf: "normcdfinv"}
"""Functions of libdevice: with C's names, and others."""

_PAIRED = """define internal {double, double} @sine_and_cosine(double %x) alwaysinline {
  %sine = alloca double
  %cosine = alloca double
  call void @__nv_sincos(double %x, ptr %sine, ptr %cosine)
  %s = load double, ptr %sine
  %c = load double, ptr %cosine
  %one = insertvalue {double, double} poison, double %s, 0
  %both = insertvalue {double, double} %one, double %c, 1
  ret {double, double} %both
}"""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a kernel reads, and where it writes.

    Attributes:
        inputs: how each variable comes, and the nodes of its elements.
        outputs: arrays of outputs: for each of them the nodes of its rows, None for a row of zeros.
    """

    inputs: tuple[tuple[Kind, tuple[int, ...]], ...]
    outputs: tuple[tuple[int | None, ...], ...]


def refused(graph: Graph, outputs: Sequence[int]) -> list[Op]:
    """The ops that cannot be computed on a card, of those which outputs need."""
    return list(_Thread(graph, outputs, ()).refused)


def intermediate(graph: Graph, columns: Columns) -> str:
    """The kernel `run` as LLVM's IR: it takes the number of rows, each variable and each array of outputs."""
    wanted = [index for array in columns.outputs for index in array if index is not None]
    return _Thread(graph, wanted, columns.inputs).module(columns.outputs)


def assembled(text: str) -> str:
    """The PTX of a module of IR."""
    binding = llvm()
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    machine = binding.Target.from_triple(_TARGET).create_target_machine(cpu=_CARD, features=_VERSION, opt=3)
    module = binding.parse_assembly(text)
    module.triple, module.data_layout = _TARGET, str(machine.target_data)
    builder = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(3))
    if "@__nv_" in text:
        library = binding.parse_bitcode(libdevice())
        library.triple, library.data_layout = module.triple, module.data_layout
        module.link_in(library)
        for function in module.functions:
            if not function.is_declaration and function.name != "run":
                function.linkage = "internal"
        unused = binding.create_new_module_pass_manager()
        unused.add_global_dead_code_eliminate_pass()
        unused.run(module, builder)
    builder.getModulePassManager().run(module, builder)
    found: str = machine.emit_assembly(module)
    return found


class _Device(Instructions):
    """Ops as IR for one thread: what C's library is on a CPU, libdevice is on a card.

    Attributes:
        refused: the ops that it has no function for, each once.
    """

    def __init__(self) -> None:
        Lines.__init__(self, 1)  # not as wide as the host's vectors
        self.refused: dict[Op, None] = {}

    def _function(self, op: Op, places: Sequence[str], n: Deciding = None) -> str:
        """An op as the CPU writes it, by libdevice, or by a definition; else it is refused."""
        if op in WRITTEN:
            return WRITTEN[op](self, *places)
        if op in (ops.sin, ops.cos):
            return self._paired(op, places[0])
        name = NAMED.get(op) or (op.c_name if op.c_name in LIKE_C else "")
        if name and len(places) == len(op.operands):
            return self._math(name, places)
        define = accurate(op, n) or (None if op.scipy else op.define)  # what SciPy is asked for, a definition spoils
        if define is None or op in NEAR:
            self.refused[op] = None
            return places[0]
        return self._defined(define, places)

    def _paired(self, op: Op, place: str) -> str:
        """Sine or cosine: both of one argument share its reduction. LLVM drops the one that nobody reads."""
        self.declared["sincos"] = f"declare void @__nv_sincos(double, ptr, ptr)\n{_PAIRED}"
        argument = self.line(f"extractelement {self.vector} {place}, i32 0")
        both = self.line(f"tail call {{double, double}} @sine_and_cosine(double {argument})")
        value = self.line(f"extractvalue {{double, double}} {both}, {0 if op is ops.sin else 1}")
        return self.line(f"insertelement {self.vector} poison, double {value}, i32 0")

    def _math(self, name: str, places: Sequence[str]) -> str:
        """A function of libdevice; it is called `tail` since equal calls of it are one, unlike those of the host."""
        symbol = f"__nv_{name}"
        self.declared[symbol] = f"declare double @{symbol}({', '.join(['double'] * len(places))})"
        parts = [self.line(f"extractelement {self.vector} {place}, i32 0") for place in places]
        value = self.line(f"tail call double @{symbol}({', '.join(f'double {part}' for part in parts)})")
        return self.line(f"insertelement {self.vector} poison, double {value}, i32 0")


_HEAD = f"""  %block = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %thread = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %block.wide = zext i32 %block to i64
  %thread.wide = zext i32 %thread to i64
  %first = mul i64 %block.wide, {BLOCK}
  %row = add i64 %first, %thread.wide
  %within = icmp ult i64 %row, %rows
  br i1 %within, label %body, label %done
body:"""
_FULL = '!llvm.module.flags = !{!0}\n!0 = !{i32 4, !"nvvm-reflect-ftz", i32 0}'
"""Which of libdevice's two versions is taken: the one that keeps the numbers next to zero."""
_SPECIAL = "\n".join(f"declare i32 @llvm.nvvm.read.ptx.sreg.{name}.x()" for name in ("ctaid", "tid"))
_POINTER = "ptr addrspace(1)"


class _Thread(_Device):
    """The IR of a graph for one row."""

    def __init__(self, graph: Graph, outputs: Sequence[int], inputs: Sequence[tuple[Kind, tuple[int, ...]]]) -> None:
        super().__init__()
        self.graph = graph
        self.places: dict[int, str] = {}
        self.parameters = ["i64 %rows"]
        for number, (kind, elements) in enumerate(inputs):
            self._variable(number, kind, elements)
        for index in graph.needed(outputs):
            op, operands, parameter = graph.nodes[index]
            if op is ops.const:
                self.places[index] = self.literal(floats().constant(parameter or ""))
            elif operands:
                places = [self.places.get(i, "%unread") for i in operands]
                self.places[index] = self.emit(op, places, deciding(graph, op, operands))

    def _variable(self, number: int, kind: Kind, elements: tuple[int, ...]) -> None:
        """A parameter of the kernel, and what a thread reads of it."""
        name = f"%v{number}"
        if kind == "number":
            self.parameters.append(f"double {name}")
            self.places[elements[0]] = self.line(f"insertelement {self.vector} poison, double {name}, i32 0")
            return
        self.parameters.append(f"{_POINTER} noalias readonly {name}")
        lane = "float" if kind == "f32" else "double"
        for k, index in enumerate(elements):
            row = str(k) if kind == "one" else self._row(k)
            value = self.line(f"load {lane}, {_POINTER} {self._place(lane, name, row)}")
            value = self.line(f"fpext float {value} to double") if kind == "f32" else value
            self.places[index] = self.line(f"insertelement {self.vector} poison, double {value}, i32 0")

    def _row(self, k: int) -> str:
        """The thread's place in the k-th column of an array of columns."""
        return self.line(f"add i64 {self.line(f'mul i64 %rows, {k}')}, %row") if k else "%row"

    def _place(self, lane: str, base: str, row: str) -> str:
        return self.line(f"getelementptr {lane}, {_POINTER} {base}, i64 {row}")

    def module(self, outputs: Sequence[Sequence[int | None]]) -> str:
        """The module, whose kernel writes arrays of columns."""
        parameters = list(self.parameters)
        for number, array in enumerate(outputs):
            parameters.append(f"{_POINTER} noalias %o{number}")
            for k, index in enumerate(array):
                value = self.literal(0.0) if index is None else self.places[index]
                value = self.line(f"extractelement {self.vector} {value}, i32 0")
                place = self._place("double", f"%o{number}", self._row(k))
                self.lines.append(f"  store double {value}, {_POINTER} {place}")
        return "\n".join(
            [
                f'target triple = "{_TARGET}"',
                _SPECIAL,
                *self.declared.values(),
                f"define ptx_kernel void @run({', '.join(parameters)}) {{",
                _HEAD,
                *self.lines,
                "  br label %done",
                "done:",
                "  ret void",
                "}",
                _FULL,
            ]
        )
