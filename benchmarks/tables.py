"""What the parts share: timing, tables, and peers that may be missing."""

import importlib
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rich.console import Console
from rich.table import Table

NOT_INSTALLED = "not installed"
PEERS = ("sympy", "casadi", "autograd", "jax", "torch", "tensorflow_cpu", "numba", "symengine")

console = Console(width=None if Console().is_terminal else 160, highlight=False)


@dataclass(frozen=True)
class Timing:
    """Seconds of several runs of the same thing."""

    runs: tuple[float, ...]

    @property
    def best(self) -> float:
        return min(self.runs)

    @property
    def median(self) -> float:
        return statistics.median(self.runs)


def measure(action: Callable[[], Any], seconds: float = 0.3, least: int = 5) -> Timing:
    """Time a call: batches long enough for the clock, for about `seconds`; the first call is not counted."""
    action()
    started = time.perf_counter()
    action()
    batch = max(1, int(2e-3 / max(time.perf_counter() - started, 1e-9)))
    runs: list[float] = []
    end = time.perf_counter() + seconds
    while len(runs) < least or time.perf_counter() < end:
        started = time.perf_counter()
        for _ in range(batch):
            action()
        runs.append((time.perf_counter() - started) / batch)
    return Timing(tuple(runs))


def turns(actions: Mapping[str, Callable[[], Any]], seconds: float = 4.0) -> dict[str, float]:
    """The least processor time of each call, all threads together, taken in turns: for a machine that others use."""
    best = {name: float("inf") for name in actions}
    for action in actions.values():
        action()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, action in actions.items():
            started = time.process_time()
            action()
            best[name] = min(best[name], time.process_time() - started)
    return best


def once(action: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """The best of a few single calls, and the last result: for what is slow and must start afresh."""
    best, result = float("inf"), None
    for _ in range(repeats):
        started = time.perf_counter()
        result = action()
        best = min(best, time.perf_counter() - started)
    return best, result


def peer(name: str) -> Any:
    """The module of a peer, None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
    """Print a table; the first column is text, the others are numbers."""
    drawn = Table(title=title, title_justify="left", caption=note or None, caption_justify="left")
    for position, name in enumerate(columns):
        drawn.add_column(name, justify="right" if position else "left", no_wrap=position > 0)
    for row in rows:
        drawn.add_row(*row)
    console.print(drawn)
    console.print()


def seconds(value: float) -> str:
    """A time in its unit."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def print_machine() -> None:
    """What the figures were measured on."""
    found = []
    for name in ("gradcalc", *PEERS):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} {NOT_INSTALLED}")
    console.print(
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores; {', '.join(found)}"
    )
    console.print()
