"""Formulas over files: what comes out is right in every format, whatever the pieces; nothing is half-written."""

import csv
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

import gradcalc
from gradcalc import files
from gradcalc.data.formats import FORMATS
from gradcalc.data.map import Settings, UndefinedError, _Pace, result_names, run
from gradcalc.errors import FileError, MissingExtra, UsageError
from gradcalc.language.parse import parse_value
from gradcalc.settings import Reading
from tests.data import read, table, write

FORMULA = "x**3*y + sin(y)"


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return list(a) == list(b) and all(np.array_equal(a[name], b[name], equal_nan=True) for name in a)


def hidden(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.startswith(".")]


# -- right -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", FORMATS)
@pytest.mark.parametrize("before", FORMATS)
@pytest.mark.usefixtures("small")
def test_every_format_in_and_out_gives_what_the_kernel_gives(tmp_path: Path, before: str, after: str) -> None:
    data = table(300)
    source, output = write(tmp_path / f"in.{before}", data), tmp_path / f"out.{after}"
    summary = run(FORMULA, str(source), str(output), Settings(order=2, keep=["x"], certify_rows=0))
    made = gradcalc.compile(FORMULA, order=2)(x=data["x"].to_numpy(), y=data["y"].to_numpy())
    assert made.gradient is not None and made.hessian is not None
    assert list(summary.columns) == ["x", "f", "df/dx", "df/dy", "d2f/dx2", "d2f/dxdy", "d2f/dy2"]
    found = read(output)
    expected = [data["x"].to_numpy(), made.value, *made.gradient, *made.hessian[0], made.hessian[1, 1]]
    assert same(found, dict(zip(summary.columns, expected, strict=True)))
    assert (summary.rows, summary.undefined, summary.dropped, hidden(tmp_path)) == (300, 0, 0, [])


@pytest.mark.parametrize("after", ["csv", "npy", "npz"])
@pytest.mark.parametrize("before", ["csv", "npy", "npz"])
@pytest.mark.usefixtures("small")
def test_text_and_numpys_files_need_no_pyarrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    source, settings = write(tmp_path / f"in.{before}", table(300)), Settings(order=2, nulls="nan")
    expected = tmp_path / f"by_arrow.{after}"
    run(FORMULA, str(source), str(expected), settings)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    summary = run(FORMULA, str(source), str(tmp_path / f"out.{after}"), settings)
    assert same(read(tmp_path / f"out.{after}"), read(expected))
    assert (summary.rows, hidden(tmp_path)) == (300, [])


def test_without_pyarrow_nulls_are_told_and_dropped_as_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("x;y\n1;a\n;b\n-0.0;c\n1e300;d\n")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    summary = run("x**2", str(source), str(output), Settings(nulls="drop"))
    assert (summary.rows, summary.dropped) == (3, 1)
    assert output.read_text() == "f,df/dx\n1.0,2.0\n0.0,-0.0\ninf,2e+300\n"
    with pytest.raises(FileError, match=r"in.csv, row 2, column x: no value"):
        run("x**2", str(source), str(output), Settings(nulls="fail"))
    with pytest.raises(FileError, match=r"line 2, column y: 'a' is no number"):
        run("y", str(source), str(output))


@pytest.mark.parametrize(
    ("source", "output", "keep", "needs"),
    [
        ("in.csv", "out.csv", ["x"], "map --keep needs PyArrow"),
        ("in.csv", "out.parquet", [], "map to Parquet needs PyArrow"),
        ("in.csv", "out.arrow", [], "map to Arrow needs PyArrow"),
        ("in.parquet", "out.csv", [], "this kind of file needs PyArrow"),
        ("in.arrow", "out.csv", [], "this kind of file needs PyArrow"),
    ],
)
def test_what_needs_pyarrow_says_so_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, output: str, keep: list[str], needs: str
) -> None:
    write(tmp_path / source, table(3))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=needs):
        run(FORMULA, str(tmp_path / source), str(tmp_path / output), Settings(keep=keep))
    assert os.listdir(tmp_path) == [source]


@pytest.mark.parametrize("after", ["npy", "npz"])
@pytest.mark.usefixtures("small")
def test_numpy_files_keep_types_over_many_pieces(tmp_path: Path, after: str) -> None:
    n = np.arange(300)
    data = pa.table({"n": n.astype(np.int16), "x": n.astype(np.float32) / 7, "b": n % 3 == 0})
    run("n*x", str(write(tmp_path / "in.parquet", data)), str(tmp_path / f"out.{after}"), Settings(keep=["*"]))
    found = read(tmp_path / f"out.{after}")
    for name in data.column_names:
        assert found[name].dtype == data[name].to_numpy().dtype and np.array_equal(found[name], data[name].to_numpy())
    assert np.array_equal(found["df/dn"], found["x"].astype(float))


@pytest.mark.parametrize("after", ["npy", "npz"])
def test_numpy_files_hold_every_name_and_many_columns(tmp_path: Path, after: str) -> None:
    data = pa.table({name: [1.0, 2.0] for name in ("α", *(f"column {i}" for i in range(900)))})
    source, output = write(tmp_path / "in.parquet", data), tmp_path / f"out.{after}"
    run("α**2", str(source), str(output), Settings(keep=["*"]))
    run("α + f", str(output), str(tmp_path / "again.csv"), Settings(keep=["column 7", "df/dα"], order=0))
    assert read(tmp_path / "again.csv")["f"].tolist() == [2.0, 6.0]
    if after == "npy":
        found = np.load(output, max_header_size=10**6)
        assert found.dtype.names == (*data.column_names, "f", "df/dα") and found["df/dα"].tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([{"a": 1}]), r"column k holds struct<a: int64>, which cannot be written: Unsupported Type"),
        (pa.array([b"\xff"]), r"column k holds binary, which cannot be written: Invalid UTF8"),
    ],
)
def test_what_csv_cannot_hold_is_named(tmp_path: Path, column: pa.Array, message: str) -> None:
    source = write(tmp_path / "in.parquet", pa.table({"x": [1.0], "k": column}))
    with pytest.raises(FileError, match=message):
        run("x", str(source), str(tmp_path / "out.csv"), Settings(keep=["*"]))
    assert os.listdir(tmp_path) == ["in.parquet"]


def test_the_names_of_the_results() -> None:
    assert result_names(["x"], 0) == ["f"]
    assert result_names(["x", "y"], 1) == ["f", "df/dx", "df/dy"]
    assert result_names(["x", "y"], 2)[3:] == ["d2f/dx2", "d2f/dxdy", "d2f/dy2"]


def test_kept_columns_come_out_as_they_went_in(tmp_path: Path) -> None:
    data = pa.table(
        {
            "x": pa.array([1, None, 3], pa.int16()),
            "day": pa.array([0, 1, None], pa.date32()),
            "kind": pa.array(["a", None, "a"]).dictionary_encode(),
        }
    )
    source = write(tmp_path / "in.parquet", data)
    run("2x", str(source), str(tmp_path / "out.arrow"), Settings(keep=["*"], names=["value", "slope"]))
    found = feather.read_table(tmp_path / "out.arrow")
    assert found.column_names == ["x", "day", "kind", "value", "slope"]
    assert found["x"].equals(data["x"]) and found["day"].equals(data["day"])
    assert found["kind"].to_pylist() == ["a", None, "a"]
    assert found["value"].to_pylist()[::2] == [2.0, 6.0] and np.isnan(found["value"][1].as_py())


def test_text_of_a_csv_file_is_kept_to_the_letter(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('id,x\n007,1\n"a,""b",\n,3\n')
    run("x", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), Settings(keep=["*"], order=0))
    rows = list(csv.reader((tmp_path / "out.csv").read_text().splitlines()))
    assert rows == [["id", "x", "f"], ["007", "1", "1"], ['a,"b', "", "nan"], ["", "3", "3"]]
    (tmp_path / "in.csv").write_text("id,x\n1,1\n" + "2, 5 \n")  # PyArrow refuses the second, the careful pass reads it
    run("x", str(tmp_path / "in.csv"), str(tmp_path / "out.parquet"), Settings(keep=["*"], order=0))
    assert pq.read_table(tmp_path / "out.parquet").to_pydict() == {"id": [1, 2], "x": [1.0, 5.0], "f": [1.0, 5.0]}


def test_ten_thousand_columns_are_found_and_kept_in_time_that_is_linear(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(10_000)]
    (tmp_path / "in.csv").write_text("".join(",".join(row) + "\n" for row in (names, ["2"] * 10_000, ["3"] * 10_000)))
    found = []

    def counted(frame: object, event: str, argument: object) -> None:
        found.append(event == "c_call" and getattr(argument, "__name__", "") in ("count", "index"))

    sys.setprofile(counted)
    try:
        run(
            "c1*c9999",
            str(tmp_path / "in.csv"),
            str(tmp_path / "out.csv"),
            Settings(keep=["*"], order=0, certify_rows=0),
        )
    finally:
        sys.setprofile(None)
    assert sum(found) < 1_000
    head, *rows = list(csv.reader((tmp_path / "out.csv").read_text().splitlines()))
    assert head == [*names, "f"] and [row[-1] for row in rows] == ["4", "9"]


@pytest.mark.parametrize(
    ("cells", "values", "type"),
    [
        (["1", "-20", "+3"], [1, -20, 3], "int64"),
        (["1", "", " 3 "], [1, None, 3], "int64"),
        (["9007199254740993", "1", "NA"], [9007199254740993, 1, None], "int64"),
        (["1.5", "2", "nan"], [1.5, 2.0, None], "double"),
        (["1e3", "-.5", "inf"], [1000.0, -0.5, float("inf")], "double"),
        (["0.1", "-0", "0e5"], [0.1, -0.0, 0.0], "double"),
        (["007", "1", "2"], None, "string"),
        (["1", "2", "x"], None, "string"),
        (["9007199254740993", "1.5", "2"], None, "string"),
        (["9223372036854775808", "1", "2"], None, "string"),
        (["1e400", "1", "2"], None, "string"),
        (["1e-400", "1", "2"], None, "string"),
        (["2024-01-01", "1", "2"], None, "string"),
        (["1_000", "1", "2"], None, "string"),
        (["", "NA", ""], None, "string"),
    ],
)
@pytest.mark.usefixtures("small")
def test_numbers_of_a_csv_file_that_are_kept_are_numbers_where_columns_have_types(
    tmp_path: Path, cells: list[str], values: list[float | None] | None, type: str
) -> None:
    cells = [cells[0]] * 100 + cells[1:]  # over two batches; the last cells decide
    (tmp_path / "a.csv").write_text("k,x\n" + "".join(f"{cell},{i}\n" for i, cell in enumerate(cells)))
    (tmp_path / "b.csv").write_text(f"k,x\n{cells[-1]},5\n")
    run("x", str(tmp_path / "[ab].csv"), str(tmp_path / "out.parquet"), Settings(keep=["k"]))
    found = pq.read_table(tmp_path / "out.parquet")["k"]
    want = cells if values is None else [values[0]] * 100 + values[1:]
    assert str(found.type) == type and list(map(repr, found.to_pylist())) == list(map(repr, [*want, want[-1]]))
    run("x", str(tmp_path / "[ab].csv"), str(tmp_path / "out.csv"), Settings(keep=["k"]))
    assert [row[0] for row in csv.reader((tmp_path / "out.csv").read_text().splitlines())] == ["k", *cells, cells[-1]]


def test_decimal_commas_and_missing_words_of_kept_columns_are_read_as_all_others(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x;k;n;t\n1;0,5;-9;0.5\n2;1;7;1\n")
    how = Reading(decimal_comma=True, missing=("-9",))
    run("x", str(tmp_path / "in.csv"), str(tmp_path / "out.parquet"), Settings(keep=["*"], order=0), how=how)
    found = pq.read_table(tmp_path / "out.parquet").to_pydict()
    assert found == {"x": [1, 2], "k": [0.5, 1.0], "n": [None, 7], "t": ["0.5", "1"], "f": [1, 2]}
    run("x", str(tmp_path / "in.csv"), str(tmp_path / "out.npz"), Settings(keep=["k"], order=0), how=how)
    assert np.load(tmp_path / "out.npz")["k"].tolist() == [0.5, 1.0]


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "jsonl"])  # whose names stand in its rows
def test_a_file_without_rows_makes_a_file_without_rows(tmp_path: Path, format: str) -> None:
    source, output = write(tmp_path / f"in.{format}", table(0)), tmp_path / f"out.{format}"
    assert run(FORMULA, str(source), str(output), Settings(keep=["x"])).rows == 0
    assert {name: len(column) for name, column in read(output).items()} == {"x": 0, "f": 0, "df/dx": 0, "df/dy": 0}


# -- rows without a value ----------------------------------------------------------------------------------------------


def nulls(folder: Path) -> str:
    (folder / "in.csv").write_text("x,y\n1,2\n,5\n-1,3\n4,\n-2,1\n")
    return str(folder / "in.csv")


def test_a_null_is_nan_is_dropped_or_an_error(tmp_path: Path) -> None:
    source, output = nulls(tmp_path), tmp_path / "out.npz"
    kept = run("log(x)*y", source, str(output), Settings(order=0))
    assert (kept.rows, kept.nulls, kept.dropped, kept.undefined, list(kept.undefined_rows)) == (5, 2, 0, 2, [3, 5])
    dropped = run("log(x)*y", source, str(output), Settings(order=0, nulls="drop", keep=["x"]))
    assert (dropped.rows, dropped.nulls, dropped.dropped, list(dropped.undefined_rows)) == (3, 0, 2, [3, 5])
    assert read(output)["x"].tolist() == [1.0, -1.0, -2.0]
    with pytest.raises(FileError, match=r"in.csv, row 2, column x: no value"):
        run("log(x)*y", source, str(output), Settings(nulls="fail"))


def test_the_first_undefined_row_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError, match=r"undefined in row 3 of .*: x=-1, y=3") as caught:
        run("log(x)*y", nulls(tmp_path), str(tmp_path / "out.npz"), Settings(undefined="fail"))
    assert caught.value.exit_code == 3
    assert os.listdir(tmp_path) == ["in.csv"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("formula", "undefined"),
    [
        ("1/x", [1, 2]),
        ("log(x)", [1, 2]),
        ("x**-2 + log(2 + x)", [1, 2]),
        ("exp(1000*x)", []),
        ("where(x > 0.5, 1/(x - 1), 1/(x*0 + 2))", [3]),
        ("where(x > 0.5, 2*x, where(x > 1e-5, 1/x, 0))", []),
    ],
)
def test_division_by_zero_is_undefined_and_overflow_is_not(tmp_path: Path, formula: str, undefined: list[int]) -> None:
    source = write(tmp_path / "in.csv", pa.table({"x": [0.0, -0.0, 1.0, 1e-320]}))
    summary = run(formula, str(source), str(tmp_path / "out.npz"), Settings(order=2))
    assert list(summary.undefined_rows) == undefined
    empty = [
        not np.isnan(column[[row - 1 for row in undefined]]).all() for column in read(tmp_path / "out.npz").values()
    ]
    assert not any(empty)


def test_a_row_without_a_value_or_with_a_null_has_no_derivatives(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x,y\n-1,6\n2,\n3,4\n")
    run("log(x)*y", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), Settings(order=2))
    for column in read(tmp_path / "out.csv").values():
        assert np.isnan(column).tolist() == [True, True, False]


def test_a_column_that_is_a_constant_too_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x,e\n2,10\n")
    source, output = str(tmp_path / "in.csv"), str(tmp_path / "out.csv")
    with pytest.raises(UsageError, match="e is a constant, and a column of the data") as caught:
        run("x*e", source, output)
    assert caught.value.hint == "--let e=e for the constant, or another name for the column"
    run("x*e", source, output, let={"e": parse_value("e")})
    assert read(tmp_path / "out.csv")["f"] == 2 * np.e
    run("x*e", source, output, Settings(wrt=["x", "e"]))
    assert read(tmp_path / "out.csv")["f"] == 20
    with pytest.raises(UsageError, match="e is a constant, and a column of the data"):
        gradcalc.descend("(x - e*k)**2", {"k": 1.0}, data=source)


def test_undefined_rows_are_counted_over_all_batches_and_files(tmp_path: Path) -> None:
    x = np.ones(400)
    x[[70, 71, 399]] = -1
    for name in "ab":
        write(tmp_path / f"{name}.parquet", pa.table({"x": x}))
    summary = run("sqrt(x)", str(tmp_path / "*.parquet"), str(tmp_path / "out.csv"))
    assert (summary.undefined, list(summary.undefined_rows)) == (6, [71, 72, 400, 471, 472])


# -- certified ---------------------------------------------------------------------------------------------------------


# -- cut and resumed ---------------------------------------------------------------------------------------------------


def cut(monkeypatch: pytest.MonkeyPatch, after: int, error: BaseException) -> None:
    """Have a run end in an error after some pieces."""
    plain = files.Unfinished.append
    count = 0

    def append(self: files.Unfinished, data: Any) -> int:
        nonlocal count
        count += 1
        if count > after:
            self._file.write(b"half a piece")
            self._file.flush()
            raise error
        return plain(self, data)

    monkeypatch.setattr(files.Unfinished, "append", append)


@pytest.mark.parametrize("nulls", ["nan", "drop"])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.usefixtures("small")
def test_a_run_that_was_cut_goes_on_and_ends_like_one_that_was_not(
    tmp_path: Path, format: str, nulls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(0).normal(size=500)
    x[::9] = np.nan
    for name, start in (("a", 0), ("b", 250)):
        write(tmp_path / f"{name}.parquet", pa.table({"x": x[start : start + 250]}), row_group_size=21)
    source, output = str(tmp_path / "[ab].parquet"), tmp_path / f"out.{format}"
    settings = Settings(nulls=nulls, keep=["x"], certify_rows=0)
    whole = run("log(x)", source, str(tmp_path / f"whole.{format}"), settings)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        cut(patch, 4, KeyboardInterrupt())
        run("log(x)", source, str(output), settings)
    assert not output.exists() and hidden(tmp_path) == [f".out.{format}.gradcalc"]
    with pytest.raises(UsageError, match=r"its expression was log\(x\), now log\(2x\)"):
        run("log(2x)", source, str(output), Settings(nulls=nulls, keep=["x"], resume=True))
    resumed = run("log(x)", source, str(output), Settings(nulls=nulls, keep=["x"], certify_rows=0, resume=True))
    assert resumed.resumed > 0 and hidden(tmp_path) == []
    keys = ("rows", "undefined", "undefined_rows", "nulls", "dropped")
    assert [getattr(resumed, key) for key in keys] == [getattr(whole, key) for key in keys]
    assert same(read(output), read(tmp_path / f"whole.{format}"))


@pytest.mark.usefixtures("small")
def test_a_full_disk_keeps_what_is_done_and_the_old_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, output = write(tmp_path / "in.parquet", table()), tmp_path / "out.csv"
    output.write_text("old")
    with monkeypatch.context() as patch, pytest.raises(FileError, match="No space left"):
        cut(patch, 2, files.WriteError("No space left"))
        run("x", str(source), str(output))
    assert output.read_text() == "old"
    assert run("x", str(source), str(output), Settings(resume=True)).resumed == 128
    assert len(read(output)["f"]) == 1000


@pytest.mark.usefixtures("small")
def test_another_input_is_not_resumed_and_without_resume_the_work_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = write(tmp_path / "in.parquet", table()), str(tmp_path / "out.csv")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        cut(patch, 3, KeyboardInterrupt())
        run("x", str(source), output)
    write(source, table(900))
    with pytest.raises(UsageError, match=r"in.parquet has changed since"):
        run("x", str(source), output, Settings(resume=True))
    assert hidden(tmp_path)
    summary = run("x", str(source), output)
    assert (summary.rows, summary.resumed, summary.restarted, hidden(tmp_path)) == (900, 0, True, [])


def test_two_runs_do_not_write_one_output(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    source, output = write(tmp_path / "in.parquet", table()), tmp_path / "out.csv"
    other = files.Unfinished(files.LocalTarget(output))
    other.open({}, resume=False)
    with pytest.raises(FileError, match="another run is writing"):
        run("x", str(source), str(output))
    assert other.data.exists()
    other.discard()


def adding(data: bytes) -> Callable[[BinaryIO], object]:
    return lambda file: file.write(data)


def damage_cut(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[3][:-3]]


def damage_changed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[3].replace(b"4", b"5"), *lines[4:]]


def damage_left_out(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], *lines[4:]]


def damage_twice(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], *lines[:3]]


@pytest.mark.parametrize("damage", [damage_cut, damage_changed, damage_left_out, damage_twice])
def test_the_state_is_believed_as_far_as_it_is_whole(tmp_path: Path, damage: Any) -> None:
    first = files.Unfinished(files.LocalTarget(tmp_path / "out"))
    first.open({"q": 1}, resume=False)
    for piece in (b"one ", b"two ", b"four", b"five"):
        first.mark({"end": first.append(adding(piece))})
    first.close()
    lines = first._state.read_bytes().splitlines(keepends=True)
    first._state.write_bytes(b"".join(damage(lines)))
    for more in (b"more", b"most"):
        again = files.Unfinished(files.LocalTarget(tmp_path / "out"))
        again.open({"q": 1}, resume=True)
        again.mark({"end": again.append(adding(more))})
        again.close()
    assert [mark["end"] for mark in again.marks] == [4, 8, 12, 16]
    assert again.data.read_bytes() == b"one two moremost"


@pytest.mark.parametrize("damage", ["cut", "flipped", "zeros"])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.usefixtures("small")
def test_a_piece_that_is_not_what_was_written_is_made_anew(
    tmp_path: Path, format: str, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = str(write(tmp_path / "in.parquet", table())), tmp_path / f"out.{format}"
    run("x*y", source, str(output))
    whole = output.read_bytes() if format != "npz" else read(output)
    output.unlink()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        cut(patch, 7, KeyboardInterrupt())
        run("x*y", source, str(output))
    data = tmp_path / f".out.{format}.gradcalc" / "data"
    before = data.read_bytes()
    whole_pieces = len(before) - len("half a piece")
    for place in range(0, whole_pieces, max(997, whole_pieces // 12)):
        run_on = {"cut": b"", "flipped": bytes([before[place] ^ 255]), "zeros": b"\0" * 64}[damage]
        data.parent.mkdir(exist_ok=True)
        data.write_bytes(before[:place] + run_on + (before[place + len(run_on) :] if run_on else b""))
        if place == 0:
            state = (data.parent / "state").read_bytes()
        (data.parent / "state").write_bytes(state)
        summary = run("x*y", source, str(output), Settings(resume=True))
        assert summary.resumed <= 64 * 7 * place / whole_pieces
        assert output.read_bytes() == whole if format != "npz" else same(read(output), whole)
        output.unlink()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.usefixtures("small")
def test_pieces_that_change_under_a_run_are_an_error_and_go_on_right(
    tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = str(write(tmp_path / "in.parquet", table())), tmp_path / f"out.{format}"
    plain = files.Unfinished.mark

    def cut_short(self: files.Unfinished, mark: dict[str, Any]) -> None:
        plain(self, mark)
        if mark["done"]["read"] == 1000:
            os.truncate(self.data, mark["end"] - 100)

    with monkeypatch.context() as patch:
        patch.setattr(files.Unfinished, "mark", cut_short)
        with pytest.raises(FileError, match="data was changed meanwhile") as caught:
            run("x*y", source, str(output))
    assert "--resume" in str(caught.value.hint) and not output.exists()
    assert run("x*y", source, str(output), Settings(resume=True)).resumed == 960
    assert len(read(output)["f"]) == 1000 and hidden(tmp_path) == []


def test_an_interrupt_after_the_end_leaves_the_output_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, output = write(tmp_path / "in.parquet", table()), tmp_path / "out.csv"
    plain = files.Unfinished.discard
    interrupts = iter([KeyboardInterrupt()])

    def discard(self: files.Unfinished) -> None:
        for interrupt in interrupts:
            raise interrupt
        plain(self)

    monkeypatch.setattr(files.Unfinished, "discard", discard)
    with pytest.raises(KeyboardInterrupt):
        run("x", str(source), str(output))
    assert len(read(output)["f"]) == 1000 and hidden(tmp_path) == []


# -- refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(keep=["q"]), "has no column q"),
        (Settings(keep=["x"], names=["x", "b", "c"]), "two columns of the output would be called x"),
        (Settings(names=["a"]), "--names gives 1 names for 3 columns: f, df/dx, df/dy"),
        (Settings(wrt=["q"]), "does not contain q"),
        (Settings(format="npz", keep=["s"]), "column s holds string: NPY and NPZ hold numbers"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(tmp_path: Path, settings: Settings, message: str) -> None:
    source = write(tmp_path / "in.parquet", table(3).append_column("s", pa.array(["a", "b", "c"])))
    with pytest.raises((UsageError, FileError), match=message):
        run(FORMULA, str(source), str(tmp_path / "out.csv"), settings)
    assert os.listdir(tmp_path) == ["in.parquet"]


def test_files_that_differ_or_are_damaged_are_named_and_leave_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", pa.table({"x": [1.0], "k": [1]}))
    write(tmp_path / "b.parquet", pa.table({"x": [1.0], "k": ["text"]}))
    with pytest.raises(FileError, match=r"b.parquet, column k: holds string, the files before hold int64"):
        run("x", str(tmp_path / "*.parquet"), str(tmp_path / "out.csv"), Settings(keep=["k"]))
    with pytest.raises(FileError, match="has no column k") as caught:
        write(tmp_path / "b.parquet", pa.table({"x": [1.0]}))
        run("x*k", str(tmp_path / "*.parquet"), str(tmp_path / "out.csv"))
    assert "or a value: --let k=..." in str(caught.value)
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    with pytest.raises(FileError, match=r"b.parquet: not readable as Parquet"):
        run("x", str(tmp_path / "*.parquet"), str(tmp_path / "out.csv"))
    assert sorted(os.listdir(tmp_path)) == ["a.parquet", "b.parquet"]


def test_an_output_is_not_among_the_inputs(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", table(3))
    (tmp_path / "link.parquet").symlink_to(source)
    for output in ("in.parquet", "link.parquet"):
        with pytest.raises(UsageError, match="is read and written at once"):
            run("x", str(source), str(tmp_path / output))
    assert read(source).keys() == {"x", "y", "n"}


# -- where a derivative is a choice, or is none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "x", "kinks", "odd"),
    [
        ("abs(x)", [0.0, 1.0], [1], (0, 0)), ("floor(x)", [2.5, 3.0], [2], (0, 0)),
        ("where(x>0,1,0)", [0.0, 1.0], [1], (0, 0)), ("max(x,2)", [3.0, 2.0], [2], (0, 0)),
        ("where(x>0,abs(x-1),x)", [1.0, -1.0, 0.0], [1, 3], (0, 0)), ("where(x>5,floor(x),x)", [3.0, 6.0], [2], (0, 0)),
        ("abs(2)*x", [0.0], [], (0, 0)), ("x^x", [0.0, 1.0], [], (1, 0)), ("sqrt(x)", [0.0, -1.0], [], (0, 1)),
    ],
)  # fmt: skip
def test_rows_on_kinks_and_derivatives_that_are_no_numbers_are_counted_and_told(
    tmp_path: Path, formula: str, x: list[float], kinks: list[int], odd: tuple[int, int]
) -> None:
    source = str(write(tmp_path / "in.parquet", pa.table({"x": x})))
    summary = run(formula, source, str(tmp_path / "out.npz"))
    assert (summary.kinks, list(summary.kink_rows)) == (len(kinks), kinks)
    assert (summary.nan_derivatives, summary.infinite_derivatives) == odd
    told = " ".join(summary._told())
    assert ("on a kink" in told) == bool(kinks) and ("derivative that is nan" in told) == bool(odd[0])
    run(formula, source, str(tmp_path / "nan.npz"), Settings(kinks="nan"))
    kept, without = read(tmp_path / "out.npz"), read(tmp_path / "nan.npz")
    assert np.array_equal(kept["f"], without["f"], equal_nan=True)
    places = [row - 1 for row in kinks]
    assert np.isfinite(kept["df/dx"][places]).all() and np.isnan(without["df/dx"][places]).all()


# -- integers that are no doubles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["int64", "uint64", "decimal"])
@pytest.mark.parametrize("suffix", ["parquet", "arrow", "csv", "npz", "npy"])
def test_an_integer_that_no_double_holds_is_refused_with_its_row(tmp_path: Path, suffix: str, kind: str) -> None:
    type = pa.decimal128(19, 0) if kind == "decimal" else getattr(pa, kind)()
    for number, fits in [(2**53 + 1, False), (2**60 + 1, False), (2**53 + 2, True), (2**60, True), (2**53, True)]:
        column = pa.array([1, number], pa.int64()).cast(pa.decimal128(19, 0)).cast(type)
        if kind == "decimal" and suffix in ("npz", "npy"):
            continue
        source = write(tmp_path / f"in.{suffix}", pa.table({"x": column}))
        if fits:
            run("x - 2^53", str(source), str(tmp_path / "out.npz"))
            assert read(tmp_path / "out.npz")["f"][1] == number - 2**53
        else:
            place = "line 3" if suffix == "csv" else "row 2"
            with pytest.raises(FileError, match=f"{place}, column x|column x, {place}"):
                run("x - 2^53", str(source), str(tmp_path / "out.npz"))


def test_an_input_that_changes_meanwhile_is_an_error(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", table(5000))

    def change(rows: int, total: int | None) -> None:
        with source.open("a") as file:
            file.write("\n")

    with pytest.raises(FileError, match="in.csv was changed while it was read"):
        run(FORMULA, str(source), str(tmp_path / "out.csv"), progress=change)
    assert os.listdir(tmp_path) == ["in.csv"]


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_an_output_that_is_a_link_of_the_input_is_refused(tmp_path: Path, link: Callable[[Path, Path], None]) -> None:
    source = write(tmp_path / "in.csv", table(3))
    link(source, tmp_path / "out.csv")
    with pytest.raises(UsageError, match="read and written at once"):
        run(FORMULA, str(source), str(tmp_path / "out.csv"))


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 3_000])
def test_a_kernel_in_pieces_gives_the_columns_of_one_run_and_tells_the_rows(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = gradcalc.compile("x*sin(y)", order=2)
    columns = [np.linspace(0, 1, rows), np.linspace(2, 5, rows)]
    monkeypatch.setattr("gradcalc.data.map._SECONDS", 0.0)
    told: list[int] = []
    found = _Pace().run(kernel, columns, told.append)
    whole = kernel(x=columns[0], y=columns[1])
    expected = [whole.value, *whole.gradient, whole.hessian[0, 0], whole.hessian[0, 1], whole.hessian[1, 1]]
    assert len(found) == len(expected)
    for column, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(column, other)
    assert told == list(range(256, rows, 256))
