"""Batches: how many rows, whatever the pieces; which files, in which order."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gradcalc.data import batches
from gradcalc.data.map import Settings, run
from gradcalc.data.source import expand
from tests.data import read, write


@pytest.mark.usefixtures("small")
def test_a_batch_holds_few_rows_where_they_are_long_wherever_the_pieces_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_BYTES", 6000)
    monkeypatch.setattr(batches, "_LEAST_ROWS", 16)
    texts = pa.array(["t" * (10 if 100 <= i < 300 else 1000) for i in range(400)])
    x = np.arange(400.0)

    def lengths(cut: int, skip: int = 0) -> list[int]:
        pieces = ([x[i : i + cut], texts[i : i + cut]] for i in range(skip, 400, cut))
        return [len(batch[0]) for batch in batches.even(pieces, 8)]

    assert lengths(400) == lengths(7) and sum(lengths(7)) == 400
    assert lengths(7)[:6] == [16] * 6 and max(lengths(7)) == 64
    assert lengths(7, sum(lengths(7)[:9])) == lengths(7)[9:]


def test_a_directory_and_a_glob_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, value in (("b.csv", 2.0), ("a.npz", 1.0), ("c.parquet", 3.0)):
        write(folder / name, pa.table({"x": [value]}))
    for name in ("_SUCCESS", ".hidden.csv", "README.md"):
        (folder / name).write_text("?")
    run("x", str(folder), str(tmp_path / "out.npy"), Settings(order=0))
    assert read(tmp_path / "out.npy")["f"].tolist() == [1.0, 2.0, 3.0]
    assert [path.name for path in expand(str(folder / "[ab].*"))] == ["a.npz", "b.csv"]
