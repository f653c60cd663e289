"""Arrow, and what Parquet has in common with it: types of number, nulls, damage, large files, short pieces."""

import os
import random
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from gradcalc.data.columns import read_columns, read_pieces
from gradcalc.data.formats import arrow, format
from gradcalc.errors import FileError
from tests.data import plain, refusal, write_arrow_file, write_arrow_stream, write_parquet

TYPES = {
    "int64": (pa.array([1, 2, 3]), [1.0, 2.0, 3.0]),
    "uint64": (pa.array([2**63, 2**53 + 2, 0], pa.uint64()), [2.0**63, 2.0**53 + 2, 0.0]),
    "int8": (pa.array([-128, 0, 127], pa.int8()), [-128.0, 0.0, 127.0]),
    "float32": (pa.array([0.1, 1, 2], pa.float32()), [float(np.float32(0.1)), 1.0, 2.0]),
    "float16": (pa.array([np.float16(x) for x in (0.1, 1, 2)]), [float(np.float16(0.1)), 1.0, 2.0]),
    "bool": (pa.array([True, False, True]), [1.0, 0.0, 1.0]),
    "decimal": (pa.array([Decimal("0.10"), Decimal("-2.30"), Decimal("7.00")]), [0.1, -2.3, 7.0]),
    "codes": (pa.array([1.5, 2.5, 1.5]).dictionary_encode(), [1.5, 2.5, 1.5]),
}


@pytest.mark.parametrize("writer", [write_parquet, write_arrow_file, write_arrow_stream])
@pytest.mark.parametrize("name", TYPES)
def test_a_type_of_number_widens_to_doubles(tmp_path: Path, writer: Any, name: str) -> None:
    given, doubles = TYPES[name]
    writer(tmp_path / "points", pa.table({"x": given, "y": [0, 0, 0]}))
    assert plain(read_columns(tmp_path / "points", ["x"])) == {"x": doubles}


def test_a_decimal_is_its_nearest_double(tmp_path: Path) -> None:
    chance = random.Random(1)
    numbers = [Decimal(chance.randrange(10**17)).scaleb(-8) for _ in range(10_000)]
    write_parquet(tmp_path / "points", pa.table({"x": pa.array(numbers, pa.decimal128(30, 8))}))
    assert read_columns(tmp_path / "points", ["x"]).values["x"].tolist() == [float(number) for number in numbers]


@pytest.mark.parametrize("writer", [write_parquet, write_arrow_file, write_arrow_stream])
@pytest.mark.parametrize("given", [[1, None, 3], [True, None, True], [1.0, None, 2.0], [None, None, None]])
def test_a_null_is_named_with_its_row(tmp_path: Path, writer: Any, given: list[Any]) -> None:
    row = given.index(None) + 1
    writer(tmp_path / "points", pa.table({"x": given, "y": [0, 0, 0]}))
    assert refusal(tmp_path / "points").startswith(f"points, row {row}, column x: no value (null or NaN)")


@pytest.mark.parametrize("writer", [write_parquet, write_arrow_file, write_arrow_stream])
@pytest.mark.parametrize(
    ("given", "type"),
    [
        (["1", "2"], "string"),
        ([b"1", b"2"], "binary"),
        ([[1], [2]], "list"),
        ([{"a": 1}, {"a": 2}], "struct"),
        (pa.array([0, 1], pa.timestamp("us")), "timestamp"),
        (pa.array(["a", "b"]).dictionary_encode(), "string"),
    ],
)
def test_a_column_of_another_type_is_no_number(tmp_path: Path, writer: Any, given: Any, type: str) -> None:
    writer(tmp_path / "points", pa.table({"y": [1, 2], "x": given}))
    assert refusal(tmp_path / "points", ["x"]).startswith(f"points, column x: holds {type}")
    assert plain(read_columns(tmp_path / "points", ["y"])) == {"y": [1.0, 2.0]}


def test_a_code_outside_its_dictionary_is_damage(tmp_path: Path) -> None:
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 1 << 30], pa.int32()), pa.array([1.5]), safe=False)
    write_arrow_file(tmp_path / "points", pa.table({"x": codes}))
    assert refusal(tmp_path / "points", ["x"]).startswith("points: not readable as Arrow: ")


def test_two_columns_of_a_name_are_refused(tmp_path: Path) -> None:
    write_arrow_file(tmp_path / "points", pa.table([[1], [2], [3]], names=["x", "x", "y"]))
    assert refusal(tmp_path / "points").startswith("points has 2 columns named x")
    assert plain(read_columns(tmp_path / "points", ["y"])) == {"y": [3.0]}


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_pieces_with_text_are_short(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "_TEXT_ROWS", 300)
    monkeypatch.setattr(format, "_PIECE", 100_000)
    table = pa.table({"x": np.arange(1000.0), "s": [str(i) * 300 for i in range(1000)], "n": np.arange(1000)})
    path = tmp_path / f"points.{suffix}"
    (pq.write_table if suffix == "parquet" else feather.write_feather)(table, path)
    pieces = list(read_pieces(path, ["x"], ["s"]))
    assert max(len(piece[0]) for piece in pieces) <= (130 if suffix == "parquet" else 300)
    assert pa.chunked_array([piece[1] for piece in pieces]).equals(table["s"])
    assert len(list(read_pieces(path, ["x"], ["n"]))) == 1


@pytest.mark.parametrize("write", [write_arrow_file, write_arrow_stream])
def test_an_arrow_file_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "points.arrow"
    write(path, pa.table({"x": np.arange(4e3), "s": ["abc"] * 4_000}))
    pieces = read_pieces(path, ["x"], ["s"])
    first = next(pieces)
    assert first[0][:2].tolist() == [0, 1]
    assert first[1][0].as_py() == "abc"
    os.truncate(path, 4096)  # a file that were mapped would end the process here
    with suppress(FileError):  # what was read before may be all that is asked
        assert sum(len(piece[0]) for piece in pieces) + len(first[0]) == 4_000


def test_an_arrow_file_that_ends_early_or_has_no_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "points.arrow"
    write_arrow_file(path, pa.table({"x": np.arange(6.0), "y": np.arange(6.0)}))
    whole = path.read_bytes()
    second = whole.index(b"\xff" * 4, whole.index(b"\xff" * 4, whole.index(b"\xff" * 4) + 4) + 4)
    path.write_bytes(whole[: second + 4] + bytes(4) + whole[second + 8 :])
    assert refusal(path) == "points.arrow: not readable as Arrow: it has 1 batches of 3"
    write_arrow_stream(path, pa.table({"x": [1.0], "name": [1.0]}))
    path.write_bytes(path.read_bytes().replace(b"name", b"n\xffme"))
    assert refusal(path, ["x"]).startswith("points.arrow: not readable as Arrow: 'utf-8' codec can't decode")
