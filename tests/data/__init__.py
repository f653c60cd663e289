"""Tests of data files; here what is read of a file, what is said against one, and writers in several pieces."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from gradcalc.data.columns import Columns, read_columns
from gradcalc.errors import FileError


def csv_file(tmp_path: Path, content: bytes | str) -> Path:
    path = tmp_path / "points.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def csv_columns(tmp_path: Path, content: bytes | str, names: Any = ("x", "y"), **options: Any) -> Columns:
    return read_columns(csv_file(tmp_path, content), names, **options)


def refusal(path: Path, names: Any = ("x", "y"), **options: Any) -> str:
    """What is said against a file, with its folder left out."""
    with pytest.raises(FileError) as caught:
        read_columns(path, names, **options)
    return str(caught.value).replace(f"{path.parent}{os.sep}", "")


def csv_refusal(tmp_path: Path, content: bytes | str, names: Any = ("x", "y"), **options: Any) -> str:
    return refusal(csv_file(tmp_path, content), names, **options)


def plain(columns: Columns) -> dict[str, list[float]]:
    return {name: values.tolist() for name, values in columns.values.items()}


def write_parquet(path: Path, table: Any) -> None:
    pq.write_table(table, path, row_group_size=2)


def write_arrow_file(path: Path, table: Any) -> None:
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def write_arrow_stream(path: Path, table: Any) -> None:
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def table(rows: int = 1000) -> pa.Table:
    rng = np.random.default_rng(1)
    return pa.table({"x": rng.normal(size=rows), "y": rng.normal(size=rows), "n": np.arange(rows)})


def write(path: Path, data: pa.Table, **options: Any) -> Path:
    """A table in the format of the suffix, written by the format's own library."""
    columns = {name: data[name].to_numpy() for name in data.column_names}
    if path.suffix == ".parquet":
        pq.write_table(data, path, **options)
    elif path.suffix == ".arrow":
        feather.write_feather(data, path)
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([columns, *zip(*(c.tolist() for c in columns.values()), strict=True)])
    elif path.suffix == ".jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in data.to_pylist()))
    elif path.suffix == ".npz":
        np.savez_compressed(path, **columns)
    else:
        rows = np.empty(len(data), [(name, column.dtype) for name, column in columns.items()])
        for name, column in columns.items():
            rows[name] = column
        np.save(path, rows)
    return path


def read(path: Path) -> dict[str, np.ndarray]:
    """The columns of a file, read by the format's own library."""
    if path.suffix in (".parquet", ".arrow"):
        found = pq.read_table(path) if path.suffix == ".parquet" else feather.read_table(path)
        found.validate(full=True)
        return {name: found[name].to_numpy() for name in found.column_names}
    if path.suffix == ".csv":
        head, *rows = list(csv.reader(path.read_text().splitlines()))
        return {name: np.array([float(row[i] or "nan") for row in rows]) for i, name in enumerate(head)}
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    loaded = np.load(path)
    return {name: loaded[name] for name in (loaded.dtype.names if path.suffix == ".npy" else loaded.files)}
