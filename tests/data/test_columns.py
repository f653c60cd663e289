"""Data files as columns: every format gives the same doubles, and a broken file is told by line and column."""

import gzip
import io
import math
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gradcalc.data.columns import extent_of, read_batches, read_columns, read_pieces
from gradcalc.errors import FileError, MissingExtra, UsageError, install_command
from gradcalc.settings import AS_USUAL
from tests import python
from tests.data import csv_columns, plain, refusal, write, write_arrow_file, write_arrow_stream, write_parquet

ARROW_WRITERS = {
    "t.parquet": write_parquet,
    "t.arrow": write_arrow_file,
    "t.FEATHER": write_arrow_file,
    "t.ipc": write_arrow_stream,
    "parquet": write_parquet,
    "file": write_arrow_file,
    "stream": write_arrow_stream,
}


def write_csv(path: Path, table: Any) -> None:
    rows = zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True)
    lines = [",".join(table.column_names), *(",".join(map(repr, row)) for row in rows)]
    text = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def write_npz(path: Path, table: Any) -> None:
    with path.open("wb") as file:
        np.savez(file, **{name: table.column(name).to_numpy() for name in table.column_names})


def write_npy(path: Path, table: Any) -> None:
    array = np.empty(table.num_rows, [(name, "f8") for name in table.column_names])
    for name in table.column_names:
        array[name] = table.column(name).to_numpy()
    with path.open("wb") as file:
        np.save(file, array)


WRITERS: dict[str, Callable[[Path, Any], None]] = ARROW_WRITERS | {
    "t.csv": write_csv,
    "t.CSV": write_csv,
    "t.csv.gz": write_csv,
    "packed.gz": write_csv,
    "t.txt": write_csv,
    "t.npz": write_npz,
    "npz": write_npz,
    "t.npy": write_npy,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_doubles(tmp_path: Path, name: str) -> None:
    x, y = [0.1, -1e300, 5e-324, 1 / 3, 2.0], [1.0, -0.0, 3.0, 4.5, 1e-7]
    WRITERS[name](tmp_path / name, pa.table({"x": x, "unused": x, "y": y}))
    columns = read_columns(tmp_path / name, ["y", "x"])
    assert [value.hex() for value in columns.values["x"].tolist()] == [value.hex() for value in x]
    assert [value.hex() for value in columns.values["y"].tolist()] == [value.hex() for value in y]
    assert list(columns.values) == ["y", "x"]
    assert (columns.rows, columns.dropped, columns.path) == (5, 0, tmp_path / name)
    for values in columns.values.values():
        assert values.dtype == np.float64
        assert values.flags.c_contiguous


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_refuses_or_drops_a_nan_and_counts_it(tmp_path: Path, name: str) -> None:
    table = pa.table({"x": [1.0, 2.0, 3.0], "y": [4.0, 5.0, math.nan]})
    WRITERS[name](tmp_path / name, table)
    place = "line 4" if "csv" in name.lower() or name in ("packed.gz", "t.txt") else "row 3"
    assert f"{name}, {place}, column y: no value" in refusal(tmp_path / name)
    assert "--nulls drop" in refusal(tmp_path / name)
    columns = read_columns(tmp_path / name, ["x", "y"], nulls="drop")
    assert plain(columns) == {"x": [1.0, 2.0], "y": [4.0, 5.0]}
    assert (columns.rows, columns.dropped) == (2, 1)


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_names_a_missing_column_and_the_nearest(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, pa.table({"weight": [1.0], "y": [2.0]}))
    assert refusal(tmp_path / name, ["wieght"]) == f"{name} has no column wieght\ntry: did you mean weight?"
    assert refusal(tmp_path / name, ["q"]) == f"{name} has no column q\ntry: its columns: weight, y"


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_without_rows_is_an_error(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, pa.table({"x": pa.array([], pa.float64()), "y": pa.array([], pa.float64())}))
    assert refusal(tmp_path / name) == f"{name} has columns but no rows"


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_cut_anywhere_is_an_error_or_a_shorter_table(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path, pa.table({"x": [1.0, 2.0, 3.0], "y": [4.0, 5.0, 6.0]}))
    whole = path.read_bytes()
    for end in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:end])
        try:
            columns = read_columns(path, ["x", "y"])
        except FileError as error:
            assert str(path) in error.message
        else:  # text and streams may end early and still be whole
            assert name.lower() in ("t.csv", "t.txt", "t.ipc", "stream")
            assert columns.rows <= 3


@pytest.mark.parametrize("name", WRITERS)
def test_a_damaged_file_is_a_file_error_and_nothing_worse(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path, pa.table({"x": [1.0, 2.0, 3.0], "y": [4.0, 5.0, 6.0]}))
    whole = path.read_bytes()
    chance = random.Random(name)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            read_columns(path, ["x", "y"], nulls="drop")
        except FileError as error:
            assert str(path) in error.message


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"x": [1.0], "y": [2.0]}), tmp_path / "points.parquet")
    (tmp_path / "points.csv").write_text("x,y\n1,2\n")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert plain(read_columns(tmp_path / "points.csv", ["x", "y"])) == {"x": [1.0], "y": [2.0]}
    with pytest.raises(MissingExtra) as caught:
        read_columns(tmp_path / "points.parquet", ["x", "y"])
    assert caught.value.message == "this kind of file needs PyArrow, which is not installed"
    assert caught.value.hint == install_command('"gradcalc[data]"')


def test_importing_the_module_imports_neither_numpy_nor_pyarrow() -> None:
    assert python("import sys, gradcalc.data.columns; print({'numpy', 'pyarrow'} & set(sys.modules))") == "set()\n"


def test_the_arguments_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nulls must be fail or drop, not 'keep'"):
        csv_columns(tmp_path, "x,y\n1,2\n", nulls="keep")
    with pytest.raises(UsageError, match="the formula names no column of"):
        csv_columns(tmp_path, "x,y\n1,2\n", ())


def test_a_name_asked_for_twice_is_one_column(tmp_path: Path) -> None:
    assert plain(csv_columns(tmp_path, "x,y\n1,2\n", ["x", "x"])) == {"x": [1.0]}


def test_batches_join_to_the_columns(tmp_path: Path) -> None:
    buffer = io.StringIO()
    numbers = np.random.default_rng(0).normal(size=(100_000, 2))
    np.savetxt(buffer, numbers, delimiter=",", header="x,y", comments="", fmt="%.17g")
    path = tmp_path / "points.csv"
    path.write_text(buffer.getvalue())
    batches = list(read_batches(path, ["y", "x"]))
    assert len(batches) > 1
    assert np.array_equal(np.concatenate([batch.values[1] for batch in batches]), numbers[:, 0])
    assert np.array_equal(read_columns(path, "xy").values["y"], numbers[:, 1])


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.csv", "a.csv.gz", "a.npz", "a.npy", "a.jsonl"])
def test_a_file_is_read_from_any_row_on_in_every_format(tmp_path: Path, name: str) -> None:
    data = pa.table({"x": np.arange(10_000.0), "n": pa.array(np.arange(10_000) % 7, pa.int16())})
    path = write(tmp_path / name.removesuffix(".gz"), data, **({"row_group_size": 999} if "parquet" in name else {}))
    if name.endswith(".gz"):
        path = tmp_path / name
        path.write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    extent = extent_of(path, ["x"])
    assert extent.rows == 10_000
    for first in (1, 998, 5_000, 9_999, 10_000):
        for known in (extent, None):
            pieces = list(read_pieces(path, ["x"], ["n"], AS_USUAL, first, known))
            assert np.concatenate([piece[0] for piece in pieces]).tolist() == list(range(first, 10_000))
            kept = [int(each) for piece in pieces for each in piece[1].to_pylist()]
            assert kept == [row % 7 for row in range(first, 10_000)]
