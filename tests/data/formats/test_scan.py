"""Where rows of CSV files begin: by bytes alone as by reading each cell, or not at all."""

import gzip
import random
from pathlib import Path

import pytest

from gradcalc.data.formats import csv, scan
from gradcalc.data.formats.scan import scanned
from gradcalc.settings import Reading

USUAL = ("1", "2.5", "", '"a"', '"a,b"', '"x\ny"', '"q""q"', '""')
ODD = ('a"b', ' "z"', '"', '"a"b', "\r")


def file(chance: random.Random, odd: bool) -> bytes:
    newline = chance.choice(["\n", "\r\n"])
    lines = ["x,y"]
    for _ in range(chance.randrange(1, 12)):
        cells = chance.choices([*USUAL, *(ODD if odd else ())], k=2)
        lines += [chance.choice(["", "# note", ",".join(cells), ",".join(cells)])]
    return (newline.join(lines) + chance.choice(["", newline])).encode()


@pytest.mark.parametrize("odd", [False, True])
def test_rows_found_by_bytes_are_those_that_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: bool
) -> None:
    monkeypatch.setattr(scan, "EVERY", 1)
    chance, path, told = random.Random(5), tmp_path / "a.csv", 0
    for _ in range(300):
        data, how = file(chance, odd), Reading(comment=chance.choice([None, "#"]))
        path.write_bytes(data)
        dialect = csv._dialect(path, ["x", "y"], how)
        with path.open("rb") as source:
            found = scanned(source, dialect.start, dialect.delimiter, how.comment, chance.choice([3, 20, 1000]))
        if found is not None:
            told += 1
            assert found.rows == csv._counted(path, dialect, how).rows
            for row, place in found.places:
                path.write_bytes(data[: dialect.start] + data[place:])
                assert csv._counted(path, dialect, how).rows == found.rows - row
    assert told > (30 if odd else 150)


@pytest.mark.parametrize("quote", ['"a', 'a"b', '"a"b'])
def test_what_bytes_do_not_tell_is_read_row_by_row(tmp_path: Path, quote: str) -> None:
    path = tmp_path / "a.csv.gz"
    rows = "".join(f"{i},b\n" for i in range(9_000))
    path.write_bytes(gzip.compress(f"x,y\n{rows}1,{quote}\n{rows}".encode()))
    with gzip.open(path, "rb") as source:
        assert scanned(source, 4, ",", None, 1 << 20) is None
    if quote == 'a"b':
        extent = csv.CsvReader(path).extent(["x"])
        assert (extent.rows, len(extent.places)) == (18_001, 6)
