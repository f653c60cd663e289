"""Data files as columns: every format gives the same doubles, and a broken file is told by line and column."""

import gzip
import io
import math
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcalc.data.columns import Columns, column_names, read_batches, read_columns, read_pieces
from gradcalc.data.formats import arrow, csv, detect_format, format
from gradcalc.errors import ExitCode, FileError, MissingExtra, UsageError, install_command

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
feather = pytest.importorskip("pyarrow.feather")


def csv_columns(tmp_path: Path, content: bytes | str, names: Any = ("x", "y"), **options: Any) -> Columns:
    path = tmp_path / "points.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_columns(path, names, **options)


def refusal(path: Path, names: Any = ("x", "y"), **options: Any) -> str:
    """What is said against a file, with its folder left out."""
    with pytest.raises(FileError) as caught:
        read_columns(path, names, **options)
    return str(caught.value).replace(f"{path.parent}{os.sep}", "")


def csv_refusal(tmp_path: Path, content: bytes | str, names: Any = ("x", "y"), **options: Any) -> str:
    path = tmp_path / "points.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return refusal(path, names, **options)


def plain(columns: Columns) -> dict[str, list[float]]:
    return {name: values.tolist() for name, values in columns.values.items()}


# every format


def write_parquet(path: Path, table: Any) -> None:
    pq.write_table(table, path, row_group_size=2)


def write_arrow_file(path: Path, table: Any) -> None:
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def write_arrow_stream(path: Path, table: Any) -> None:
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


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


# which format


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"PAR1....", "a.csv is no CSV file: it holds Parquet data"),
        ("a.parquet", b"ARROW1\0\0", "a.parquet is no Parquet file: it holds Arrow data"),
        ("a.csv", b"PK\3\4....", "a.csv is no CSV file: it holds a ZIP archive"),
        ("a.parquet", b"x,y\n1,2\n", "a.parquet is no Parquet file, or a damaged one"),
        ("a.feather", b"x,y\n1,2\n", "a.feather is no Arrow file, or a damaged one"),
        ("a.npz", b"x,y\n1,2\n", "a.npz is no NPZ file, or a damaged one"),
        ("a.npy", b"x,y\n1,2\n", "a.npy is no NPY file, or a damaged one"),
        ("a.json", b"[]", "a.json: data is not read from .json"),
        ("a.csv", b"", "a.csv is empty"),
        ("a.parquet", b"", "a.parquet is empty"),
    ],
)
def test_a_file_of_another_format_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name).startswith(said)


def test_an_unknown_suffix_is_told_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[]")
    assert "one of .csv .tsv .parquet .arrow .feather .ipc .npz .npy" in refusal(tmp_path / "a.json")


def test_a_spreadsheet_is_no_npz(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("sheet.xml", "x")
    assert "ZIP archive without NumPy arrays" in refusal(tmp_path / "a.xlsx")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert refusal(tmp_path / "folder.csv") == "folder.csv is a directory"
    assert refusal(tmp_path / "none.csv") == "none.csv: No such file or directory"
    assert "null" in refusal(tmp_path / "a\0b.csv")
    with pytest.raises(FileError) as caught:
        detect_format(tmp_path / "none.csv")
    assert caught.value.exit_code is ExitCode.FILE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert refusal(tmp_path / "pipe.csv") == "pipe.csv is no regular file"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x,y\n1,2\n")
    path.chmod(0)
    assert "ermission" in refusal(path)


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode elsewhere")
def test_a_name_that_is_not_utf8_opens(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe9.csv")
    path.write_text("x,y\n1,2\n")
    assert plain(read_columns(path, "xy")) == {"x": [1.0], "y": [2.0]}


# CSV: dialects


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n1,2\n3,4\n",
        "x,y\r\n1,2\r\n3,4",
        "x,y\r1,2\r3,4\r",
        "\ufeffx,y\n1,2\n3,4\n",
        '\ufeff"x","y"\n"1","2"\n3,4\n',
        "x;y\n1;2\n3;4\n",
        "x\ty\n1\t2\n3\t4\n",
        "x , y\n 1 , 2\n3 ,4 \n",
        "\n\nx,y\n\n1,2\n\n3,4\n\n",
        "note,y,x\nü,2,1\n,4,3\n",
        'note,y,x\n"a,\n""b""",2,1\n"\r\n",4,3\n',
        '"f(a,b)";y;x\n0;2;1\n0;4;3\n',
        '"a\n name",y,x\n0,2,1\n0,4,3\n',
        "n,n,y,x\n0,0,2,1\n0,0,4,3\n",
        "x,y\n+1,2.\n3e0,.4E+1\n",
        "x,y\n1.0000000000000000000000000000000001,2\n3,4\n",
    ],
)
def test_a_csv_dialect_is_understood(tmp_path: Path, text: str) -> None:
    assert plain(csv_columns(tmp_path, text)) == {"x": [1.0, 3.0], "y": [2.0, 4.0]}


def test_names_of_columns_may_hold_anything(tmp_path: Path) -> None:
    found = csv_columns(tmp_path, 'x 1,y[0],"a,b"\n1,2,3\n', ["a,b", "x 1", "y[0]"])
    assert plain(found) == {"a,b": [3.0], "x 1": [1.0], "y[0]": [2.0]}


def test_text_that_is_not_utf8_matters_only_in_the_columns_asked_for(tmp_path: Path) -> None:
    assert plain(csv_columns(tmp_path, b"note,x,y\n\xe9,1,2\n")) == {"x": [1.0], "y": [2.0]}


def test_infinities_are_numbers(tmp_path: Path) -> None:
    assert plain(csv_columns(tmp_path, "x,y\ninf,-Infinity\n"))["y"] == [-math.inf]


@pytest.mark.parametrize("text", ["", " ", "NA", "N/A", "null", "NULL", "nan", "NaN", " nan ", "-nan", '""'])
def test_a_cell_without_a_value_drops_its_row(tmp_path: Path, text: str) -> None:
    found = csv_columns(tmp_path, f"x,y\n1,2\n3,{text}\n5,6\n", nulls="drop")
    assert plain(found) == {"x": [1.0, 5.0], "y": [2.0, 6.0]}
    assert found.dropped == 1
    assert "line 3, column y: no value" in csv_refusal(tmp_path, f"x,y\n1,2\n3,{text}\n5,6\n")


def test_a_null_in_a_column_that_nobody_asked_for_is_no_matter(tmp_path: Path) -> None:
    assert plain(csv_columns(tmp_path, "x,z,y\n1,,2\n")) == {"x": [1.0], "y": [2.0]}


def test_rows_that_all_hold_a_null_are_an_error(tmp_path: Path) -> None:
    assert csv_refusal(tmp_path, "x,y\n,1\n2,\n", nulls="drop") == "points.csv: all 2 rows hold a null"


# CSV: errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,y\n1,2\n3,abc\n", "points.csv, line 3, column y: 'abc' is no number"),
        ("x,y\n1,2\n3,\n", "points.csv, line 3, column y: no value (empty)\ntry: --nulls drop leaves such rows out"),
        ("x,y\n1,2\nnan,3\n", "points.csv, line 3, column x: no value ('nan')"),
        ("x,y\n1,true\n", "points.csv, line 2, column y: 'true' is no number"),
        ("x,y\n1_0,2\n", "points.csv, line 2, column x: '1_0' is no number"),
        ("x,y\n0x10,2\n", "points.csv, line 2, column x: '0x10' is no number"),
        ("x,y\n١,2\n", "points.csv, line 2, column x: '١' is no number"),
        ('x,y\n"1,5",2\n', "points.csv, line 2, column x: '1,5' is no number\ntry: 1.5"),
        ("x;y\n1;-2,50\n", "points.csv, line 2, column y: '-2,50' is no number\ntry: -2.50"),
        ("x,y\n" + "a" * 99 + ",2\n", "points.csv, line 2, column x: '" + "a" * 39 + "…' is no number"),
        ("x,y\n1,2\n\n\n3,abc\n", "points.csv, line 5, column y: 'abc' is no number"),
        ("\n\nx,y\n1,abc\n", "points.csv, line 4, column y: 'abc' is no number"),
        ("x,y\r1,2\r3,abc\r", "points.csv, line 3, column y: 'abc' is no number"),
        ("x,y\r\n1,2\r\n3,abc\r\n", "points.csv, line 3, column y: 'abc' is no number"),
        ('x,n,y\n1,"a\nb",2\n3,"c\n\nd",abc\n', "points.csv, line 6, column y: 'abc' is no number"),
        ('x,n,y\n1,"a\r\nb",2\nabc,"c\r\n",4\n', "points.csv, line 4, column x: 'abc' is no number"),
        ("x,y\n1,2\n3\n", "points.csv, line 3: the header names 2 columns, this line has 1"),
        ("x,y\n1,2\n3,4,5\n", "points.csv, line 3: the header names 2 columns, this line has 3"),
        ('x,y\n1,2\n3,"4\n5,6\n', "points.csv, line 3: not readable as CSV"),
        ("x,x,y\n1,2,3\n", "points.csv has 2 columns named x"),
        ("1,2\n3,4\n", "points.csv has no column x\ntry: the first line must name the columns"),
        ("x,y\n", "points.csv has columns but no rows"),
        ("x,y", "points.csv has columns but no rows"),
        ("\n \n", "points.csv is empty"),
        ("\ufeff", "points.csv is empty"),
        ("\0\1x,y\n1,2\n", "points.csv: not readable as CSV: its first line is no text"),
        ("x" * 200_000, "points.csv, line 1: not readable as CSV: field larger than field limit"),
    ],
)
def test_what_is_wrong_in_a_csv_file_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert csv_refusal(tmp_path, text).startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x,y\n1,\xe9\n", "points.csv, line 2, column y: not UTF-8 (byte 6 of the file)"),
        ("größe,x,y\n1,2,3\n".encode("latin-1"), "points.csv, line 1: not UTF-8 (byte 2 of the file)"),
        ("x,y\n1,2\n".encode("utf-16"), "points.csv, line 1: not UTF-8 (byte 0 of the file)"),
    ],
)
def test_another_encoding_is_named_with_its_byte(tmp_path: Path, content: bytes, said: str) -> None:
    assert csv_refusal(tmp_path, content).startswith(said)


@pytest.mark.parametrize("rows", [10, 70_000, 300_000])
@pytest.mark.parametrize("cell", ["abc", "", "  "])
def test_the_line_is_right_after_any_number_of_rows(tmp_path: Path, rows: int, cell: str) -> None:
    text = "x,y\n" + "1.25,2.5\n" * rows + f"1,{cell}\n" + "1.25,2.5\n" * 10
    assert csv_refusal(tmp_path, text).startswith(f"points.csv, line {rows + 2}, column y: ")


def test_rows_that_only_the_careful_pass_reads_follow_those_of_the_fast_one(tmp_path: Path) -> None:
    rows = 200_000
    text = "x,y\n" + "".join(f"{i},0\n" for i in range(rows)) + "-1,  \n" + f"{rows},0\n"
    found = csv_columns(tmp_path, text, ["x"])
    assert found.values["x"][-2:].tolist() == [-1.0, rows]
    dropped = csv_columns(tmp_path, text, nulls="drop")
    assert dropped.values["x"].tolist() == list(range(rows + 1))
    assert dropped.dropped == 1


def test_a_row_longer_than_a_block_is_read(tmp_path: Path) -> None:
    notes = ",".join(f"n{i}" for i in range(30))
    long = ",".join(["n" * 100_000] * 29 + ['"' + "\n" * 100_000 + '"'])
    text = f"x,{notes},y\n1,{long},2\n3,{long},4\n"
    assert plain(csv_columns(tmp_path, text)) == {"x": [1.0, 3.0], "y": [2.0, 4.0]}
    assert csv_refusal(tmp_path, text + f"5,{long},abc\n").startswith("points.csv, line 300004, column y: 'abc'")


def test_a_damaged_gzip_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "points.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n" + b"1,2\n" * 10_000)[:-20])
    assert refusal(path).startswith("points.csv.gz: not readable as CSV: ")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1), st.sampled_from([repr, "{:.17g}".format, "{:+.20e}".format]))
def test_a_number_in_csv_is_its_nearest_double(tmp_path: Path, numbers: list[float], text: Any) -> None:
    found = csv_columns(tmp_path, "x,y\n" + "".join(f"{text(x)},0\n" for x in numbers))
    assert [x.hex() for x in found.values["x"].tolist()] == [x.hex() for x in numbers]


# Arrow and Parquet


TYPES = {
    "int64": (pa.array([1, 2, 3]), [1.0, 2.0, 3.0]),
    "uint64": (pa.array([2**64 - 1, 2**53 + 1, 0], pa.uint64()), [2.0**64, 2.0**53, 0.0]),
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


def test_a_dot_in_a_parquet_name_is_part_of_it(tmp_path: Path) -> None:
    table = pa.table({"a.b": [1], "a": [2], "s": [{"q": 3}]})
    pq.write_table(table, tmp_path / "points")
    assert plain(read_columns(tmp_path / "points", ["a", "a.b"])) == {"a": [2.0], "a.b": [1.0]}
    assert "has no column s.q" in refusal(tmp_path / "points", ["s.q"])


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"x": [1.0], "y": [2.0]}), tmp_path / "points.parquet")
    (tmp_path / "points.csv").write_text("x,y\n1,2\n")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert plain(read_columns(tmp_path / "points.csv", ["x", "y"])) == {"x": [1.0], "y": [2.0]}
    with pytest.raises(MissingExtra) as caught:
        read_columns(tmp_path / "points.parquet", ["x", "y"])
    assert caught.value.message == "this kind of file needs PyArrow, which is not installed"
    assert caught.value.hint == install_command('"gradcalc[data]"')


def test_numpy_files_need_no_pyarrow(tmp_path: Path) -> None:
    np.savez(tmp_path / "points.npz", x=[1.0], y=[2.0])
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from gradcalc.data.columns import read_columns\n"
        f"print(read_columns({str(tmp_path / 'points.npz')!r}, ['x', 'y']).rows)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "1\n"


def test_importing_the_module_imports_neither_numpy_nor_pyarrow() -> None:
    script = "import sys, gradcalc.data.columns; print({'numpy', 'pyarrow'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


# NumPy's formats


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": [1, 2, 3], "y": [1, 2]}, "p.npz: the columns differ in length: x has 3 rows, y 2"),
        ({"x": [[1]], "y": [1]}, "p.npz, column x: its shape is (1, 1), a column has one dimension"),
        ({"x": 1.0, "y": [1]}, "p.npz, column x: its shape is (), a column has one dimension"),
        ({"x": ["1"], "y": [1]}, "p.npz, column x: holds <U1, not numbers"),
        ({"x": [1j], "y": [1]}, "p.npz, column x: holds complex128, not numbers"),
        ({"x": np.array([None]), "y": [1]}, "p.npz, column x: holds object, not numbers"),
    ],
)
def test_what_is_wrong_in_an_npz_file_is_named(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    np.savez(tmp_path / "p.npz", **arrays)
    assert refusal(tmp_path / "p.npz").startswith(said)


def test_npz_arrays_of_any_number_widen(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "p.npz", x=np.array([1, 2], ">i2"), y=np.array([True, False]), z=["unused"])
    assert plain(read_columns(tmp_path / "p.npz", "xy")) == {"x": [1.0, 2.0], "y": [1.0, 0.0]}


def test_only_structured_npy_arrays_have_columns(tmp_path: Path) -> None:
    path = tmp_path / "p.npy"
    np.save(path, np.array([(1, 2.5), (3, 4.5)], [("x", ">i4"), ("y", "f8")]))
    assert plain(read_columns(path, "xy")) == {"x": [1.0, 3.0], "y": [2.5, 4.5]}
    np.save(path, np.eye(2))
    assert refusal(path) == "p.npy: its columns have no names\ntry: numpy.savez('points.npz', x=..., y=...)"
    np.save(path, np.array([(1, [2, 3])], [("x", "i4"), ("y", "f8", 2)]))
    assert refusal(path) == "p.npy, column y: its shape is (1, 2), a column has one dimension"


# the call


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


# large and damaged files


def test_a_line_of_csv_that_is_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv, "LINE", 100)
    assert csv_refusal(tmp_path, "x,y\n1,2\n" + "q" * 200 + ",4") == "points.csv, line 3: longer than 100 characters"
    assert csv_refusal(tmp_path, "x" * 200) == "points.csv, line 1: longer than 100 characters"


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
def test_a_large_arrow_file_is_mapped(tmp_path: Path, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "_MAPPED", 0)
    table = pa.table({"x": np.arange(9.0), "s": list("abcdefghi"), "y": np.arange(9)})
    write(tmp_path / "points.arrow", table)
    assert plain(read_columns(tmp_path / "points.arrow", "yx")) == {"y": list(range(9)), "x": list(range(9))}
    pieces = list(read_pieces(tmp_path / "points.arrow", ["x"], ["s"]))
    assert pa.chunked_array([piece[1] for piece in pieces]).equals(table["s"])


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


@pytest.mark.parametrize(
    "header", [b"{'shape': (2,)}", b"((((", b"{'descr': [('x', '<f8')], 'shape': (-1, 'a')}", b"\xff"]
)
def test_the_header_of_an_array_is_damaged(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "points.npy"
    path.write_bytes(b"\x93NUMPY\3\0" + len(header).to_bytes(4, "little") + header + bytes(16))
    assert refusal(path) == "points.npy: not readable as NPY: its header is damaged"
    with pytest.raises(FileError, match="its header is damaged"):
        column_names(path)
