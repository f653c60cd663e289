"""Batches: how many rows, whatever the pieces; which files, in which order."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gradcalc.data import batches
from gradcalc.data.columns import read_pieces
from gradcalc.data.formats import csv, format
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
    assert lengths(7)[:6] == [6] * 6 and max(lengths(7)) == 64
    assert lengths(7, sum(lengths(7)[:20])) == lengths(7)[20:]


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


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("plain.parquet", "large_string"), ("coded.parquet", "string"), ("plain.arrow", "large_string"),
        ("coded.arrow", "string"), ("text.csv", "string"), ("rows.jsonl", "string"),
    ],
)  # fmt: skip
def test_long_texts_make_small_pieces_and_batches_in_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, type: str
) -> None:
    monkeypatch.setattr(format, "_PIECE", 100_000)
    monkeypatch.setattr(batches, "_BYTES", 100_000)
    monkeypatch.setattr(csv, "_BLOCK", 100_000)  # one text is longer: from there on the careful pass reads
    texts = [chr(97 + i % 3) * 10_000 for i in range(400)]
    texts[7] = "x" * 250_000
    coded = pa.array(texts).dictionary_encode() if "coded" in name else pa.array(texts, pa.large_string())
    path = write(tmp_path / name, pa.table({"x": np.arange(400.0), "text": coded}))
    pieces = [sum(column.nbytes for column in piece) for piece in read_pieces(path, ["x"], ["text"])]
    assert len(pieces) == 1 if name == "plain.arrow" else sorted(pieces)[-2] < 150_000  # it is one batch in the file
    made = list(batches.even(read_pieces(path, ["x"], ["text"]), 8))
    assert sorted(sum(column.nbytes for column in batch) for batch in made)[-2] < 150_000
    assert np.concatenate([batch[0] for batch in made]).tolist() == list(range(400))
    assert [text for batch in made for text in batch[1].to_pylist()] == texts
    assert {str(batch[1].type) for batch in made} == {type}
