"""`gradcalc map` over a Parquet file beside PyArrow moving as many columns without computing: seconds and peak memory.

Whole processes, in turns. PyArrow reads three columns and writes four, batch by batch, as `map` does; with its defaults,
which look for repeated values, and without.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.kernels import FORMULAS, NAMES
from benchmarks.startup import ROOT
from benchmarks.tables import NOT_INSTALLED, console, peer, table

ROWS, GROUP, RUNS = 20_000_000, 1_000_000, 5
COPY = """
import sys, pyarrow.parquet as pq
source = pq.ParquetFile(sys.argv[1])
writer = None
for batch in source.iter_batches(1 << 17):
    batch = batch.append_column("more", batch.column(0))
    writer = writer or pq.ParquetWriter(sys.argv[2], batch.schema, use_dictionary=sys.argv[3] == "1")
    writer.write_batch(batch, row_group_size=1 << 20)
writer.close()
"""


def run() -> None:
    """Print the table."""
    if peer("pyarrow") is None:
        console.print(f"gradcalc map: pyarrow is {NOT_INSTALLED}\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "points.parquet", str(Path(folder) / "out.parquet")
        _write(source)
        commands = {
            f"gradcalc map, {name}": [sys.executable, "-m", "gradcalc", "map", text, str(source), "-o", target]
            for name, text in FORMULAS.items()
        }
        for name, dictionary in (("without dictionaries", "0"), ("with its defaults", "1")):
            commands[f"PyArrow, {name}"] = [sys.executable, "-c", COPY, str(source), target, dictionary]
        runs: dict[str, list[tuple[float, int]]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, command in commands.items():
                runs[name].append(_measure(command))
    best = {name: min(seconds for seconds, _ in found) for name, found in runs.items()}
    fastest = min(seconds for name, seconds in best.items() if name.startswith("PyArrow"))
    rows = [
        (name, f"{best[name]:.2f} s", f"{best[name] / fastest:.2f}", f"{max(peak for _, peak in found) / 1e6:.0f} MB")
        for name, found in runs.items()
    ]
    title = f"{ROWS:,} rows, Parquet to Parquet, 3 columns read, 4 written (goals: 1.5 x PyArrow, 700 MB)"
    table(title, ("", "whole process", "ratio to the faster PyArrow", "peak memory"), rows)


def _write(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    chance = np.random.default_rng(0)
    schema = pa.schema([(name, pa.float64()) for name in NAMES])
    with pq.ParquetWriter(path, schema) as writer:
        for _ in range(ROWS // GROUP):
            writer.write_table(pa.table({name: chance.uniform(0.1, 2, GROUP) for name in NAMES}, schema))


def _measure(command: list[str]) -> tuple[float, int]:
    """Seconds and peak bytes of a process."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command} ended with {status}")
    return time.perf_counter() - started, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
