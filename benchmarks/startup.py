"""Whole commands against bare imports: alternating runs, best and median."""

import compileall
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.tables import Timing, table

RUNS = 15
ROOT = Path(__file__).resolve().parent.parent
GRADCALC = (sys.executable, "-m", "gradcalc")
MAIN_JOB = (*GRADCALC, "grad", "x**4 + y**2 + 1", "--at", "x=2,y=3")
TYPER = (sys.executable, "-c", "import typer")
LIBRARIES = (sys.executable, "-c", "import sympy, numpy, typer, rich.table")

COMPARISONS = (
    ("gradcalc --version", (*GRADCALC, "--version"), "import typer", TYPER, 1.5),
    ("grad", MAIN_JOB, "import sympy, numpy, typer, rich.table", LIBRARIES, 0.95),
    ("grad --no-symbolic", (*MAIN_JOB, "--no-symbolic"), "import sympy, numpy, typer, rich.table", LIBRARIES, 0.4),
)


def run() -> None:
    """Print the ratios of the three comparisons."""
    timings = _alternate(sorted({words for _, ours, _, theirs, _ in COMPARISONS for words in (ours, theirs)}))
    rows = []
    for name, ours, reference, theirs, goal in COMPARISONS:
        mine, other = timings[ours], timings[theirs]
        best, median = mine.best / other.best, mine.median / other.median
        rows.append((
            name, f"{mine.best * 1e3:.0f} / {mine.median * 1e3:.0f}", reference,
            f"{other.best * 1e3:.0f} / {other.median * 1e3:.0f}", f"{best:.2f}", f"{median:.2f}", f"<= {goal}",
        ))  # fmt: skip
    columns = ("command", "ms, best / median", "beside", "ms, best / median", "ratio of best", "of medians", "goal")
    table(f"Whole commands, {RUNS} alternating runs", columns, rows)


def _alternate(commands: list[tuple[str, ...]]) -> dict[tuple[str, ...], Timing]:
    """Time each command in turn, again and again, so that what else the machine does hits all alike."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    compileall.compile_dir(str(ROOT / "gradcalc"), quiet=2)
    runs: dict[tuple[str, ...], list[float]] = {command: [] for command in commands}
    for round_ in range(RUNS + 1):
        for command in commands:
            started = time.perf_counter()
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
            if round_:  # the first round warms the file cache
                runs[command].append(time.perf_counter() - started)
    return {command: Timing(tuple(times)) for command, times in runs.items()}
