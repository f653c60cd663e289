"""Interpreted native code, for graphs that would compile too long. Imports code, graph and NumPy.

    graph --> lines of four numbers (block, a, b, target) over slots of memory, one slot for each node
    ops that occur in it --> a block of instructions each, written by `native` --> one loop that switches over the lines

Compiling takes as long as there are kinds of ops, not nodes; the blocks hold what compiled code holds, so both give the
same numbers to the bit. Inputs stand in the first slots, outputs in the next: one point is written and read in place.
"""

import ctypes
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from gradcalc.arithmetic.native.code import Code, Instructions, Kinds, Point, calls_back, floats, host, loaded
from gradcalc.graph import ops
from gradcalc.graph.definitions import Deciding, deciding, definition
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.graph.ops import Op

Array = np.ndarray[Any, Any]

_CHAINED = (ops.add, ops.mul, ops.max, ops.min, ops.and_, ops.or_)
"""Ops of any number of operands that go from left to right, two by two."""

Block = tuple[Op | str, int, Deciding]
"""An op, the number of its operands, and what `deciding` gave for it; or a word of `_Loop`."""


def compile_graph(
    graph: Graph, inputs: Sequence[int], outputs: Sequence[int], kinds: Kinds, sums: bool = False
) -> Code:
    """What `code.compile_graph` gives, for a graph of any size."""
    program = _Program(graph, inputs, outputs)
    for k, kind in enumerate(kinds):
        program.loads.append((program.block((kind, 0, None)), k, 0, k))
    for k in range(len(outputs)):
        program.stores.append((program.block(("sum" if sums else "store", 0, None)), len(inputs) + k, 0, k))
    width = host()[0]
    count, lines = program.lines()
    function, start = _loop(tuple(program.blocks), width), np.repeat(program.start(), width)

    def run(groups: int, rows: Any, results: Any) -> None:
        function(groups, rows, results, count, lines, start.copy().ctypes.data_as(ctypes.c_void_p))

    return Code(run, width, calls_back(function))


def compile_point(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> Point:
    """Code for one point at a time, for a graph of any size."""
    program = _Program(graph, inputs, outputs)
    (count, lines), slots = program.lines(), program.start()
    numbers = (ctypes.c_double * len(inputs)).from_buffer(slots.data)
    results = (ctypes.c_double * len(outputs)).from_buffer(slots.data, 8 * len(inputs))
    arguments = (1, None, None, count, lines, slots.ctypes.data_as(ctypes.c_void_p))
    return Point(_loop(tuple(program.blocks), 1), arguments, numbers, results, 1)


class _Program:
    """The lines of a graph: where each node's value stands, and what is done in which order."""

    def __init__(self, graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        self.blocks: dict[Block, int] = {}
        self.loads: list[tuple[int, int, int, int]] = []
        self.code: list[tuple[int, int, int, int]] = []
        self.stores: list[tuple[int, int, int, int]] = []
        self.constants: dict[int, float] = {}
        self.size = len(inputs) + len(outputs)
        slots = dict(zip(inputs, range(len(inputs)), strict=True))
        places = dict(zip(outputs, range(len(inputs), self.size), strict=True))
        self.graph(graph, graph.needed(outputs), slots, places)
        for slot, index in enumerate(outputs, start=len(inputs)):
            if slots[index] != slot:
                self.line(("copy", 1, None), slots[index], 0, slot)

    def graph(self, graph: Graph, needed: Sequence[int], slots: dict[int, int], places: dict[int, int]) -> None:
        """The lines of some nodes, in `places` where these are given; their slots are entered into `slots`."""
        for index in needed:
            op, operands, parameter = graph.nodes[index]
            if op is ops.const:
                slots[index] = self.slot()
                self.constants[slots[index]] = floats().constant(parameter or "")
            elif operands:
                target = places[index] if index in places else self.slot()
                known = deciding(graph, op, operands)
                self.op(op, [slots[i] for i in operands], known, target)
                slots[index] = target

    def op(self, op: Op, operands: Sequence[int], known: Deciding, target: int) -> None:
        """The lines of one op."""
        count = len(operands)
        if count > 2 and op in _CHAINED:
            first = operands[0]
            for operand in operands[1:-1]:
                first, before = self.slot(), first
                self.line((op, 2, None), before, operand, first)
            self.line((op, 2, None), first, operands[-1], target)
            return
        define = definition(op, known)
        if define is not None and (count > 3 or isinstance(known, Fraction)):
            parts, output = rule_graph(define, count)
            self.graph(parts, parts.needed([output]), dict(enumerate(operands)), {output: target})
            return
        if count == 3:
            self.line(("copy", 1, None), operands[2], 0, target)
        if count > 3:
            slots = [self.slot() for _ in operands]
            for operand, slot in zip(operands, slots, strict=True):
                self.line(("copy", 1, None), operand, 0, slot)
            operands = slots
        self.line((op, count, known), operands[0], operands[1] if count > 1 else 0, target)

    def block(self, block: Block) -> int:
        """The number of a block."""
        return self.blocks.setdefault(block, len(self.blocks))

    def line(self, block: Block, a: int, b: int, target: int) -> None:
        """One line more."""
        self.code.append((self.block(block), a, b, target))

    def slot(self) -> int:
        """A new slot."""
        self.size += 1
        return self.size - 1

    def lines(self) -> tuple[int, Any]:
        """How many lines there are, and a pointer to them, as `_Loop` reads them."""
        lines = np.array([*self.loads, *self.code, *self.stores], dtype=np.int32)
        return len(lines), lines.ctypes.data_as(ctypes.c_void_p)

    def start(self) -> Array:
        """The slots, `(size,)`: constants in theirs, 0 elsewhere."""
        slots = np.zeros(self.size)
        slots[list(self.constants)] = list(self.constants.values())
        return slots


@lru_cache(maxsize=64)
def _loop(blocks: tuple[Block, ...], lanes: int) -> Callable[..., None]:
    """The loop that runs lines over slots of so many doubles; `blocks` are its cases.

    `run(groups, inputs, outputs, count, lines, slots)`: inputs and outputs as for `Code`.
    """
    kinds = [ctypes.c_int64, *[ctypes.c_void_p] * 2, ctypes.c_int64, *[ctypes.c_void_p] * 2]
    return loaded(_Loop(lanes).module(blocks), ctypes.CFUNCTYPE(None, *kinds))


class _Loop(Instructions):
    """The IR of the loop. A third operand stands in the target beforehand; more than three stand from the first on."""

    def __init__(self, lanes: int) -> None:
        super().__init__()
        self.lanes = lanes

    def module(self, blocks: Sequence[Block]) -> str:
        """The text of the module."""
        for number, block in enumerate(blocks):
            self.lines.append(f"block{number}:")
            self.known.clear()
            self._block(*block)
            self.lines.append("  br label %next")
        cases = " ".join(f"i32 {number}, label %block{number}" for number in range(len(blocks)))
        return "\n".join([*self.declared.values(), _TEXT % (self.width, cases, "\n".join(self.lines))])

    def _block(self, op: Op | str, count: int, known: Deciding) -> None:
        """The instructions of one block."""
        if op in ("f64", "f32"):
            self._set(self.load(self.pointer("%inputs", "%a"), str(op)))
        elif op == "one":
            self._set(self.splat(self.line(f"load double, ptr {self.pointer('%inputs', '%a')}")))
        elif op == "store":
            self.store(self._get("%a"), self.pointer("%outputs", "%target"))
        elif op == "sum":
            self._sum()
        elif op == "copy":
            self._set(self._get("%a"))
        elif isinstance(op, Op):
            names = ("%a", "%b", "%target") if count <= 3 else [self.line(f"add i64 %a, {k}") for k in range(count)]
            places = [self._get(name) for name in names[:count]]
            flags = (0, 1, 2) if op in (ops.and_, ops.or_, ops.not_) else (0,) if op is ops.where else ()
            for k in flags[:count]:
                places[k] = self.line(f"fcmp une {self.vector} {places[k]}, zeroinitializer")
            result = self.emit(op, places, known)
            self._set(self.line(f"uitofp {self.flags} {result} to {self.vector}") if op.is_condition else result)

    def _sum(self) -> None:
        """Add to the sum in the outputs, and to what it lost beside it."""
        first = self.line("shl i64 %target, 1")
        places = [self.line(f"getelementptr {self.vector}, ptr %outputs, i64 {first}")]
        places.append(self.line(f"getelementptr {self.vector}, ptr {places[0]}, i64 1"))
        total, lost = (self.line(f"load {self.vector}, ptr {place}, align 8") for place in places)
        for part, place in zip(self.compensated(total, lost, self._get("%a")), places, strict=True):
            self.lines.append(f"  store {self.vector} {part}, ptr {place}, align 8")

    def _get(self, slot: str) -> str:
        """What stands in a slot."""
        if self.lanes == 1:
            place = self.line(f"getelementptr double, ptr %slots, i64 {slot}")
            return self.splat(self.line(f"load double, ptr {place}, align 8"))
        place = self.line(f"getelementptr {self.vector}, ptr %slots, i64 {slot}")
        return self.line(f"load {self.vector}, ptr {place}, align 8")

    def _set(self, value: str) -> None:
        """Write the target's slot."""
        kind = "double" if self.lanes == 1 else self.vector
        if self.lanes == 1:
            value = self.line(f"extractelement {self.vector} {value}, i32 0")
        place = self.line(f"getelementptr {kind}, ptr %slots, i64 %target")
        self.lines.append(f"  store {kind} {value}, ptr {place}, align 8")


_TEXT = """define void @run(i64 %%groups, ptr %%inputs, ptr %%outputs, i64 %%count, ptr %%lines, ptr %%slots) {
entry:
  br label %%group
group:
  %%done = phi i64 [ 0, %%entry ], [ %%row.next, %%after ]
  %%row = mul i64 %%done, %d
  br label %%line
line:
  %%at = phi i64 [ 0, %%group ], [ %%at.next, %%next ]
  %%place = getelementptr <4 x i32>, ptr %%lines, i64 %%at
  %%four = load <4 x i32>, ptr %%place, align 4
  %%block = extractelement <4 x i32> %%four, i32 0
  %%long = zext <4 x i32> %%four to <4 x i64>
  %%a = extractelement <4 x i64> %%long, i32 1
  %%b = extractelement <4 x i64> %%long, i32 2
  %%target = extractelement <4 x i64> %%long, i32 3
  switch i32 %%block, label %%never [ %s ]
%s
never:
  unreachable
next:
  %%at.next = add i64 %%at, 1
  %%more = icmp ult i64 %%at.next, %%count
  br i1 %%more, label %%line, label %%after
after:
  %%row.next = add i64 %%done, 1
  %%again = icmp ult i64 %%row.next, %%groups
  br i1 %%again, label %%group, label %%end
end:
  ret void
}"""
