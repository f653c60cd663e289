"""CSV: dialects, what a cell may be, errors by line, column and byte, long lines; the options of `formats.text`."""

import gzip
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcalc.data.columns import column_names, read_pieces
from gradcalc.data.formats import csv
from gradcalc.data.formats import text as texts
from gradcalc.errors import UsageError
from gradcalc.settings import Reading
from tests.data import csv_columns, csv_refusal, plain, refusal


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


def test_a_file_that_cannot_be_read_for_a_moment_is_no_other_dialect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0, 1])

    def decoded(path: Path, encoding: str) -> Any:
        if next(times, 2) == 1:
            raise OSError(5, "Input/output error")
        return texts.decoded(path, encoding)

    monkeypatch.setattr(csv, "decoded", decoded)
    assert csv_refusal(tmp_path, "x;y\n1;2\n", ("x", "y")) == "points.csv: Input/output error"


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
        ('x,y\n"1,5",2\n', "points.csv, line 2, column x: '1,5' is no number\ntry: --decimal-comma, or 1.5"),
        ("x;y\n1;-2,50\n", "points.csv, line 2, column y: '-2,50' is no number\ntry: --decimal-comma, or -2.50"),
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
        ("x" * 200_000, "points.csv has no column x"),
    ],
)
def test_what_is_wrong_in_a_csv_file_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert csv_refusal(tmp_path, text).startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x,y\n1,\xe9\n", "points.csv, line 2, column y: not UTF-8 (byte 6 of the file)"),
        ("größe,x,y\n1,2,3\n".encode("latin-1"), "points.csv, line 1: not UTF-8 (byte 2 of the file)"),
        ("x,y\n1,2\n".encode("utf-16-le"), "points.csv: not readable as CSV: its first line is no text"),
    ],
)
def test_another_encoding_is_named_with_its_byte(tmp_path: Path, content: bytes, said: str) -> None:
    assert csv_refusal(tmp_path, content).startswith(said)


@pytest.mark.parametrize("rows", [10, 90_000])  # many: more than a batch, and three of the reader's blocks
@pytest.mark.parametrize("cell", ["abc", "", "  "])
def test_the_line_is_right_after_any_number_of_rows(tmp_path: Path, rows: int, cell: str) -> None:
    text = "x,y\n" + "1.250000000000000,2.500000000000000\n" * rows + f"1,{cell}\n" + "1.25,2.5\n" * 10
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


def test_a_line_of_csv_that_is_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LINE", 100)
    assert csv_refusal(tmp_path, "x,y\n1,2\n" + "q" * 200 + ",4") == "points.csv, line 3: longer than 100 characters"
    assert csv_refusal(tmp_path, "x" * 200) == "points.csv, line 1: longer than 100 characters"


# how a file may be written besides


@pytest.mark.parametrize("arrow", [True, False])
@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("x;y\n1,0;2\n3;4,00\n", Reading(decimal_comma=True)),
        ("x\ty\n1,0\t,2e1\n3,\t4\n".replace(",2e1", "2"), Reading(decimal_comma=True)),
        ('x,y\n"1,0",2\n3,"4,0"\n', Reading(decimal_comma=True)),
        ("1;2,0\n3;4\n", Reading(decimal_comma=True, header=False, rename=("c1=x", "c2=y"))),
        ("# made\n#\nx,y\n1,2\n  # three, four\n3,4\n# end", Reading(comment="#")),
        ("// made\r\nx,y\r\n1,2\r\n// three\r\n3,4", Reading(comment="//")),
        ('\ufeff# made\nn,x,y\n"a\n# no comment",1,2\n"b\n",3,4\n', Reading(comment="#")),
        ("\ufeff1,2\n3,4", Reading(header=False, rename=("c1=x", "c2=y"))),
        ("time (s),x [m],z\n1,2,5\n3,4,5\n", Reading(rename=("time (s)=x", "x [m]=y"))),
        ("y,x\n1,2\n3,4\n", Reading(rename=("y=x", "x=y"))),
        ("größe;y\n1;2\n3;4\n", Reading(encoding="latin-1", rename=("größe=x",))),
        ("größe;y\n1;2\n3;4\n", Reading(encoding="utf-16", rename=("größe=x",))),
        ("größe,y\n1,2\n#ü\n3,4\n", Reading(encoding="utf-16-le", comment="#", rename=("größe=x",))),
    ],
)
def test_options_say_how_a_file_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, how: Reading, arrow: bool
) -> None:
    if not arrow:
        monkeypatch.setattr(csv, "has_arrow", lambda: False)
    for packed in (False, True):
        content = text.encode(how.encoding or "utf-8")
        found = csv_columns(tmp_path, gzip.compress(content) if packed else content, how=how)
        assert plain(found) == {"x": [1.0, 3.0], "y": [2.0, 4.0]}


def test_utf16_is_told_by_its_mark(tmp_path: Path) -> None:
    assert plain(csv_columns(tmp_path, "x,y\n1,2\n".encode("utf-16"))) == {"x": [1.0], "y": [2.0]}


def test_words_for_what_is_missing_are_nulls_on_every_path(tmp_path: Path) -> None:
    how = Reading(missing=("-999", "n.a."))
    for text in ("x,y\n1,2\n-999,3\nn.a.,4\n5,6\n", "x,y\n1,2\n-999,3\n n.a. ,4\n5,6\n"):
        found = csv_columns(tmp_path, text, nulls="drop", how=how)
        assert plain(found) == {"x": [1.0, 5.0], "y": [2.0, 6.0]} and found.dropped == 2
    assert plain(csv_columns(tmp_path, "x,y\n-999,1\n"))["x"] == [-999.0]


@pytest.mark.parametrize(
    ("content", "how", "said"),
    [
        ("x;y\n1.5;2\n", Reading(decimal_comma=True), "points.csv, line 2, column x: '1.5' is no number"),
        ("# a\nx,y\n# b\n1,abc\n", Reading(comment="#"), "points.csv, line 4, column y: 'abc' is no number"),
        ("1,2\n1,abc\n", Reading(header=False, rename=("c1=x", "c2=y")), "points.csv, line 2, column c2: 'abc'"),
        ("x,y\n1,2\n", Reading(rename=("time=x",)), "points.csv has no column time"),
        (b"x,y\n1,\xff\n", Reading(encoding="ascii"), "points.csv, after line 1: not ASCII (byte 6 of the file)"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_there_too(tmp_path: Path, content: Any, how: Reading, said: str) -> None:
    assert csv_refusal(tmp_path, content, how=how).startswith(said)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (Reading(encoding="klingon"), "no such encoding: klingon"),
        (Reading(encoding="hex"), "no such encoding: hex"),
        (Reading(comment=" "), "a mark such as # is needed"),
        (Reading(rename=("time",)), "an old and a new name are needed"),
        (Reading(rename=("x=t", "y=t")), "names t twice"),
    ],
)
def test_options_that_mean_nothing_are_refused(tmp_path: Path, how: Reading, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        csv_columns(tmp_path, "x,y\n1,2\n", how=how)


def test_a_new_name_that_a_column_has_is_refused(tmp_path: Path) -> None:
    csv_columns(tmp_path, "x,y\n1,2\n")
    with pytest.raises(UsageError, match="has a column y already"):
        column_names(tmp_path / "points.csv", how=Reading(rename=("x=y",)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('x,y,n\n1,2,"a\n3,4,b\n', 2),
        ('x,y,n\n1,2,a\n3,4,"b', 3),
        ('x,y,n\n1,2,5" pipe\n3,4,"b\n', 3),
        ('x,y,n\n1,2,"a ""b"" c"\n3,4,"b\n""\n5,6,c\n', 3),
        ('n,m,x,y\n"a\nb","c\n1,2,3,4\n', 3),
        ('x,y,n\r\n1,2,"a\r\nb"\r\n3,4,"c\r\n', 4),
        ("x,y,n\n" + "1,2,a\n" * 300_000 + '3,4,"b\n5,6,c\n', 300_002),
    ],
)
def test_a_quotation_mark_that_is_never_closed_is_refused_where_it_opens(tmp_path: Path, text: str, line: int) -> None:
    said = f"points.csv, line {line}: not readable as CSV: a quotation mark opens here and is never closed"
    assert csv_refusal(tmp_path, text).startswith(said)


def test_a_quotation_mark_inside_of_a_cell_is_no_matter(tmp_path: Path) -> None:
    assert plain(csv_columns(tmp_path, 'x,y,n\n1,2,5"\n3,4,b\n')) == {"x": [1.0, 3.0], "y": [2.0, 4.0]}
    path = tmp_path / "points.csv"
    assert [text for piece in read_pieces(path, ["x"], ["n"]) for text in piece[1].to_pylist()] == ['5"', "b"]
