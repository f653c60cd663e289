"""JSON lines: columns by name, nulls, what is no number by its line, and what is written."""

import json
import math
from pathlib import Path

import pytest

from gradcalc.data.columns import column_names, read_columns
from gradcalc.data.map import Settings, run
from gradcalc.data.points import read_points
from gradcalc.settings import Limits, Reading
from tests.data import plain, refusal


def written(tmp_path: Path, text: str, name: str = "p.jsonl", encoding: str = "utf-8") -> Path:
    (tmp_path / name).write_bytes(text.encode(encoding))
    return tmp_path / name


def test_objects_are_rows(tmp_path: Path) -> None:
    text = '\ufeff{"x": 1, "y": 2}\r\n\n{"y": "4e0", "n": [1], "x": 3.0}'
    for name in ("p.jsonl", "p.NDJSON"):
        assert plain(read_columns(written(tmp_path, text, name), "xy")) == {"x": [1.0, 3.0], "y": [2.0, 4.0]}
    assert column_names(tmp_path / "p.jsonl") == ["x", "y", "n"]
    path = written(tmp_path, '# ü\n{"t (s)": 1}\n{"t (s)": -9}\n{}\n', encoding="utf-16-le")
    how = Reading(comment="#", encoding="utf-16-le", missing=("-9",), rename=("t (s)=t",))
    found = read_columns(path, "t", nulls="drop", how=how)
    assert plain(found) == {"t": [1.0]} and found.dropped == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"x": "a"}', "p.jsonl, line 2, column x: holds text, not a number"),
        ('{"x": [1]}', "p.jsonl, line 2, column x: holds a list, not a number"),
        ('{"x": {"a": 1}}', "p.jsonl, line 2, column x: holds an object, not a number"),
        ('{"x": 1', "p.jsonl, line 2: not readable as JSON"),
        ("[1]", "p.jsonl, line 2: a row is an object"),
        ('{"x": null}', "p.jsonl, row 2, column x: no value"),
        ("{}", "p.jsonl, row 2, column x: no value"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    assert refusal(written(tmp_path, f'{{"x": 1}}\n{line}\n'), "x").startswith(said)


def test_a_file_without_rows_and_one_without_a_column(tmp_path: Path) -> None:
    assert "has no column x" in refusal(written(tmp_path, "\n"), "x")
    assert "has no column x" in refusal(written(tmp_path, '{"y": 1}\n'), "x")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, '{"x": 0.1, "n": "a\\nb"}\n{"x": -1, "n": null}\n')
    run("log(x)", str(path), str(tmp_path / "out.jsonl"), Settings(keep=["n"]))
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert rows == [{"n": "a\nb", "f": math.log(0.1), "df/dx": 10.0}, {"n": None, "f": "nan", "df/dx": "nan"}]
    assert read_columns(tmp_path / "out.jsonl", ["f"], nulls="drop").values["f"].tolist() == [math.log(0.1)]


def test_points_keep_what_a_line_holds(tmp_path: Path) -> None:
    points = read_points(str(written(tmp_path, '{"x": "pi/4", "y": [1, 2]}\n{"x": 1, "y": [3, 4]}\n')), Limits())
    assert [point["y"].shape for point in points] == [(2,), (2,)] and list(points[0]) == ["x", "y"]
