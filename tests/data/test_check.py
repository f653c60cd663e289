"""The check of random rows: digits that cancellation lost, and which rows are drawn."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from gradcalc.data.check import Sample
from gradcalc.data.map import Settings, run
from tests.data import write


def test_balls_find_the_digits_that_cancellation_lost(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", pa.table({"x": np.full(50, 1e-4), "y": np.ones(50)}))
    good = run("exp(x) + y", str(source), str(tmp_path / "out.npy"), Settings(order=2)).certified
    assert good is not None and good.rows == 16 and good.worst_digits is not None and good.worst_digits >= 15
    bad = run("(1 - cos(x))/x**2", str(source), str(tmp_path / "out.npy"), Settings(certify_rows=3)).certified
    assert bad is not None and bad.rows == 3 and bad.worst_digits is not None and bad.worst_digits <= 9
    assert bad.worst_column in ("f", "df/dx")
    assert run("x", str(source), str(tmp_path / "out.npy"), Settings(certify_rows=0)).certified is None


def test_the_sampled_rows_are_spread_over_all_and_the_same_for_a_seed() -> None:
    def drawn(seed: int, count: int = 10_000) -> list[int]:
        sample = Sample(200, seed)
        for first in range(0, count, 300):
            x = np.arange(first, min(first + 300, count), dtype=float)
            sample.add(x + 1, [x], [x])
        assert all(row == point[0] + 1 == result[0] + 1 for row, point, result in sample.rows)
        return sorted(row for row, _, _ in sample.rows)

    assert drawn(0) == drawn(0) != drawn(1)
    assert len(set(drawn(0))) == 200 and 60 <= sum(row <= 5000 for row in drawn(0)) <= 140
    assert drawn(0, 150) == list(range(1, 151))
