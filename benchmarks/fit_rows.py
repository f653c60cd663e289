"""A fit to 10,000,000 rows: CPU of each step beside one pass of `map`, of the whole fit, and the peak of its memory."""

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import gradcalc
from benchmarks.tables import table, turns

ROWS = 10_000_000
MODELS = {
    "a*exp(-b*x) + c": {"a": 2.0, "b": 0.7, "c": 0.3},
    "a*x + b": {"a": 2.0, "b": 0.3},
    "a*exp(-b*x)*sin(c*x + d) + g": {"a": 2.0, "b": 0.2, "c": 3.0, "d": 0.5, "g": 0.3},
}


def _peak() -> float:
    """The largest memory of this process so far, in MB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def run(rows: int = ROWS) -> None:
    """Print the ratios."""
    noise, x = np.random.default_rng(0).normal(0, 0.05, rows), np.linspace(0, 5, rows)
    told = []
    for text, right in MODELS.items():
        y = gradcalc.compile(text)(x=x, **right).value + noise
        before, steps = _peak(), list[Any]()
        began = time.process_time()
        found = gradcalc.fit(f"y ~ {text}", {"x": x, "y": y}, dict.fromkeys(right, 1.0), callback=steps.append)
        whole = time.process_time() - began
        mapped = gradcalc.compile(text, wrt=list(right), order=1)
        best = turns({"step": _step(found.problem.squares, right), "map": lambda m=mapped, p=right: m(x=x, **p)})
        told.append((
            text, f"{best['step'] / best['map']:.2f}", f"{best['map'] / rows * 1e9:.1f} ns", str(len(steps)),
            f"{whole:.2f} s", f"{whole / best['map'] / len(steps):.1f}", f"{_peak() - before:.0f} MB", found.status,
        ))  # fmt: skip
    columns = ("model", "step / map", "map, a row", "steps", "whole fit", "fit / steps / map", "more memory", "end")
    table(
        f"fit over {rows:,} rows: one step sums J'J and J'r, one pass of map writes value and gradient", columns, told
    )


def _step(squares: Any, at: dict[str, float]) -> Callable[[], Any]:
    """One step's pass over the rows, at another place each time."""
    place = list(at.values())

    def step() -> Any:
        place[0] += 1e-9
        return squares.slope(place)

    return step
