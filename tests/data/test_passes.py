"""Passes over files: the same chunks each time, whatever the pieces; a file that is changed meanwhile is told."""

import os
from pathlib import Path

import numpy as np
import pytest

from gradcalc.data import passes
from gradcalc.data.passes import Passes, chunk_rows
from gradcalc.errors import FileError


def written(path: Path, rows: int, first: int = 0) -> Path:
    """A file of a column x that counts."""
    path.write_text("x\n" + "".join(f"{first + i}\n" for i in range(rows)))
    return path


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 8 rows."""
    monkeypatch.setattr(passes, "_LEAST_ROWS", 8)
    monkeypatch.setattr(passes, "_MOST_ROWS", 8)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("sizes", "lengths"), [([3], [3]), ([16], [8, 8]), ([5, 6, 9], [8, 8, 4]), ([0, 8], [8])])
def test_chunks_are_of_one_size_over_all_files(tmp_path: Path, sizes: list[int], lengths: list[int]) -> None:
    firsts = np.cumsum([0, *sizes]).tolist()
    names = [written(tmp_path / f"{i}.csv", n, firsts[i]) for i, n in enumerate(sizes)]
    files = Passes(names, ["x"])
    for _ in range(2):
        found = [x for (x,) in files.chunks(files.state(), lambda piece, first: piece)]
        assert list(map(len, found)) == lengths
        assert np.concatenate(found).tolist() == list(range(sum(sizes)))


@pytest.mark.usefixtures("short")
def test_rows_may_be_left_out_before_the_chunks_are_cut(tmp_path: Path) -> None:
    files = Passes([written(tmp_path / "a.csv", 40)], ["x"])
    odd = list(files.chunks(files.state(), lambda piece, first: [column[first % 2 :: 2] for column in piece]))
    assert list(map(len, (x for (x,) in odd))) == [8, 8, 4]


@pytest.mark.parametrize("width", [1, 2, 3, 7, 40, 5_000])
def test_smaller_chunks_divide_larger_ones(width: int) -> None:
    rows = chunk_rows(width)
    assert rows & (rows - 1) == 0
    assert 1 << 15 <= rows <= chunk_rows(1)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("how", ["longer", "cut", "gone"])
def test_a_file_that_is_changed_between_or_in_passes_is_told(tmp_path: Path, how: str) -> None:
    path = written(tmp_path / "a.csv", 100)
    files = Passes([path], ["x"])
    state = files.state()
    found = files.chunks(state, lambda piece, first: piece)
    next(found)
    if how == "gone":
        path.unlink()
    else:
        written(path, 200 if how == "longer" else 1)
        os.utime(path, ns=(0, 0))
    with pytest.raises(FileError, match="gone" if how == "gone" else "was changed while it was read"):
        list(found)
    with pytest.raises(FileError, match="gone" if how == "gone" else "was changed while it was read"):
        list(files.chunks(state, lambda piece, first: piece))
