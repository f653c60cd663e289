"""Instructions of double arithmetic on vectors, as lines of LLVM's IR. Imports nothing."""

import math
import struct
from collections.abc import Sequence

Pair = tuple[str, str]
"""A number as the sum of two doubles, the first the nearest to it."""


class Lines:
    """Instructions of double arithmetic on vectors of rows: the lines, and the functions that they call."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.vector, self.flags, self.integers = f"<{width} x double>", f"<{width} x i1>", f"<{width} x i64>"
        self.declared: dict[str, str] = {}
        self.lines: list[str] = []
        self.count = 0
        self.known: dict[tuple[int, str], str] = {}
        self.numbers: dict[str, float] = {}
        self.multiples: dict[str, tuple[str, float]] = {}

    def line(self, text: str) -> str:
        """Add an instruction, unless these lines have it; the name of its result."""
        key, reads = (id(self.lines), text), text.startswith(("load", "call double"))
        if key in self.known and not reads:
            return self.known[key]
        self.count += 1
        self.known[key] = f"%t{self.count}"
        self.lines.append(f"  %t{self.count} = {text}")
        return f"%t{self.count}"

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

    def literal(self, value: float) -> str:
        """A number in all lanes."""
        text = f"splat (double {hexadecimal(value)})"
        self.numbers[text] = value
        return text

    def binary(self, operation: str, a: str, b: str) -> str:
        """An instruction of two vectors of doubles: `fadd`, `fcmp olt`."""
        return self.line(f"{operation} {self.vector} {a}, {b}")

    def times(self, a: str, factor: float) -> str:
        """a times a number."""
        place = self.binary("fmul", a, self.literal(factor))
        self.multiples[place] = (a, factor)
        return place

    def magnitude(self, a: str) -> str:
        """|a|; of a multiple that of what it is one of, so that functions of both may share it."""
        if a in self.multiples:
            a, factor = self.multiples[a]
            size = self.magnitude(a)
            return size if abs(factor) == 1 else self.binary("fmul", size, self.literal(abs(factor)))
        return self.call(self.declare("llvm.fabs", 1, intrinsic=True), [a])

    def rounded(self, a: str) -> str:
        """The nearest integer, halves to even."""
        return self.call(self.declare("llvm.rint", 1, intrinsic=True), [a])

    def negative(self, a: str) -> str:
        """-a."""
        place = self.line(f"fneg {self.vector} {a}")
        self.multiples[place] = (a, -1.0)
        return place

    def select(self, condition: str, a: str, b: str) -> str:
        """a where the condition holds, else b."""
        return self.line(f"select {self.flags} {condition}, {self.vector} {a}, {self.vector} {b}")

    def flag(self, operation: str, a: str, b: str) -> str:
        """An instruction of two vectors of truth values: `and`, `or`."""
        return self.line(f"{operation} {self.flags} {a}, {b}")

    def fma(self, a: str, b: str, c: str) -> str:
        """a*b + c, rounded once."""
        return self.call(self.declare("llvm.fma", 3, intrinsic=True), [a, b, c])

    def sum(self, large: str, small: str) -> Pair:
        """The sum of two numbers and what rounding took from it (Dekker 1971)."""
        total = self.binary("fadd", large, small)
        return total, self.binary("fadd", self.binary("fsub", large, total), small)

    def product(self, a: str, b: str) -> Pair:
        """The product of two numbers and what rounding took from it."""
        total = self.binary("fmul", a, b)
        return total, self.fma(a, b, self.negative(total))

    def polynomial(self, x: str, coefficients: Sequence[float]) -> str:
        """By Estrin's rule, the constant first: neighbours are joined, and no term waits for all that come after it."""
        terms = [self.literal(coefficient) for coefficient in coefficients]
        while len(terms) > 1:
            joined = [self.fma(b, x, a) for a, b in zip(terms[::2], terms[1::2], strict=False)]
            terms = [*joined, *terms[2 * len(joined) :]]
            x = self.binary("fmul", x, x) if len(terms) > 1 else x
        return terms[0]

    def bits(self, a: str) -> str:
        """Doubles as the integers that their bits are."""
        return self.line(f"bitcast {self.vector} {a} to {self.integers}")

    def double(self, bits: str) -> str:
        """The doubles that integers are the bits of."""
        return self.line(f"bitcast {self.integers} {bits} to {self.vector}")

    def whole(self, operation: str, a: str, b: str | int) -> str:
        """An instruction of two vectors of integers, or a number for all lanes."""
        return self.line(f"{operation} {self.integers} {a}, {f'splat (i64 {b})' if isinstance(b, int) else b}")


def hexadecimal(value: float) -> str:
    """A double as IR writes it."""
    return f"0x{bits_of(math.nan if math.isnan(value) else value) % 2**64:016X}"


def bits_of(double: float) -> int:
    """The bits of a double as an integer."""
    bits: int = struct.unpack("<q", struct.pack("<d", double))[0]
    return bits
