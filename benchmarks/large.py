"""Large graphs: a sum of 100,000 terms, and chained Rosenbrock in n variables beside CasADi's SX and SymPy."""

import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.tables import NOT_INSTALLED, once, peer, seconds, table
from gradcalc.arithmetic.floats import Floats
from gradcalc.graph.derive import gradient, hessian
from gradcalc.language.parse import Limits, parse

ROSENBROCK = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"
SIZES = (100, 300, 1000, 3000, 10000)
SYMPY_LIMIT = 300
TERMS, VARIABLES = 100_000, 100
SUMS = {
    "products, repeated": ("{a}*{b}",),
    "products, each its own": ("{c}*{a}*{b}",),
    "five kinds, each its own": ("{c}.5*{a}*{b}", "sin({c}*{a})*{b}", "{a}^2/({c} + {b})", "exp(-{a}/{c})", "{c}*{a}"),
}
"""Terms by what they are, from cheap to dear: their number, not their kind, is what the goal speaks of."""

Times = tuple[float, float, int]
"""Seconds for the gradient, seconds more for the Hessian, and entries of the Hessian that are not zero."""


def run() -> None:
    """Print both tables."""
    _long_sum()
    builders: dict[str, Callable[[int], Times | None]] = {
        "gradcalc": _gradcalc, "CasADi SX": _casadi, "SymPy": _sympy,
    }  # fmt: skip
    found = {name: [build(n) for n in SIZES] for name, build in builders.items()}
    for title, position in (("gradient graph", 0), ("Hessian graph, after the gradient", 1)):
        rows = [_row(name, times, found["gradcalc"], position) for name, times in found.items()]
        columns = ("", *(f"n = {n:,}" for n in SIZES), "growth n^")
        table(f"Chained Rosenbrock: time to build the {title} (ratio to gradcalc)", columns, rows)
    counts = [str(times[2]) if times else "" for times in found["gradcalc"]]
    others = [str(times[2]) if times else "" for times in found["CasADi SX"]]
    columns = ("", *(f"n = {n:,}" for n in SIZES))
    table("Entries of the Hessian that are not zero", columns, [("gradcalc", *counts), ("CasADi SX", *others)])


def _row(name: str, times: list[Times | None], ours: list[Times | None], position: int) -> list[str]:
    cells = [name]
    for mine, reference in zip(times, ours, strict=True):
        if mine is None or reference is None:
            cells.append(NOT_INSTALLED if peer(_MODULES[name]) is None else "")
        else:
            cells.append(f"{seconds(mine[position])} ({mine[position] / reference[position]:.2g})")
    return [*cells, _growth([entry[position] if entry else None for entry in times])]


_MODULES = {"gradcalc": "gradcalc", "CasADi SX": "casadi", "SymPy": "sympy"}


def _growth(times: list[float | None]) -> str:
    """The exponent p of the least-squares fit of time ~ n^p."""
    points = [(math.log(n), math.log(t)) for n, t in zip(SIZES, times, strict=True) if t]
    if len(points) < 2:
        return ""
    mean_x, mean_y = (sum(column) / len(points) for column in zip(*points, strict=True))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return f"{slope:.2f}"


def _gradcalc(n: int) -> Times:
    def first() -> tuple[float, float, int]:
        formula = parse(ROSENBROCK, shapes={"x": (n,)})
        inputs = formula.variables["x"].items
        started = time.perf_counter()
        slopes = gradient(formula.graph, formula.output, inputs)
        between = time.perf_counter()
        entries = hessian(formula.graph, slopes, inputs)
        return between - started, time.perf_counter() - between, len(entries)

    return _best(first)


def _casadi(n: int) -> Times | None:
    casadi = peer("casadi")
    if casadi is None:
        return None

    def build() -> Times:
        x = casadi.SX.sym("x", n)
        f = casadi.sum1(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
        started = time.perf_counter()
        slopes = casadi.gradient(f, x)
        between = time.perf_counter()
        curvature = casadi.jacobian(slopes, x)
        return between - started, time.perf_counter() - between, curvature.nnz()

    return _best(build)


def _sympy(n: int) -> Times | None:
    sympy = peer("sympy")
    if sympy is None or n > SYMPY_LIMIT:
        return None
    x = sympy.symbols(f"x:{n}", real=True)
    f = sympy.Add(*(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(n - 1)))
    started = time.perf_counter()
    slopes = [f.diff(v) for v in x]
    between = time.perf_counter()
    curvature = [[slope.diff(v) for v in x] for slope in slopes]
    took = time.perf_counter() - between
    return between - started, took, sum(entry != 0 for row in curvature for entry in row)


def _best(build: Callable[[], Times], repeats: int = 3) -> Times:
    """The best time of each stage over a few builds from scratch."""
    made = [build() for _ in range(repeats)]
    return min(times[0] for times in made), min(times[1] for times in made), made[0][2]


def _long_sum() -> None:
    """The whole command on sums of 100,000 terms over 100 variables, and its stages."""
    at = ",".join(f"v{i}={1 + i / 128}" for i in range(VARIABLES))
    rows = []
    for name, shapes in SUMS.items():
        text = _terms(shapes)
        stages, nodes = _stages(text)
        rows.append((name, seconds(_command(text, at)), *map(seconds, stages), f"{nodes:,}"))
    columns = ("terms", "whole command", "parse", "gradient graph", "evaluate", "nodes")
    title = f"A sum of {TERMS:,} terms over {VARIABLES} variables, from a file: best of 3 (goal: 4 s)"
    table(title, columns, rows, note="equal terms are stored once, so a sum that repeats itself has fewer nodes")


def _command(text: str, at: str) -> float:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "sum.txt"
        file.write_text(text)
        words = [sys.executable, "-m", "gradcalc", "grad", f"@{file}", "--at", at, "--no-symbolic", "--no-certify"]
        return once(lambda: subprocess.run(words, stdout=subprocess.DEVNULL, check=True))[0]


def _terms(shapes: Sequence[str]) -> str:
    return " + ".join(
        shapes[i % len(shapes)].format(a=f"v{i % VARIABLES}", b=f"v{(7 * i + i // VARIABLES) % VARIABLES}", c=i + 1)
        for i in range(TERMS)
    )


def _stages(text: str) -> tuple[list[float], int]:
    """Seconds to parse, to build the gradient and to evaluate, and how many nodes there are in the end."""
    limits = Limits(text=32_000_000)
    parsing, formula = once(lambda: parse(text, limits=limits))
    inputs = [value.items[0] for value in formula.variables.values()]
    deriving, slopes = once(lambda: gradient(formula.graph, formula.output, inputs), 1)
    point: dict[int, Any] = {index: 1 + i / 128 for i, index in enumerate(inputs)}
    evaluating, _ = once(lambda: Floats().evaluate(formula.graph, point, [formula.output, *slopes]))
    return [parsing, deriving, evaluating], len(formula.graph)
