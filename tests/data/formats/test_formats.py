"""The registry: what it says of each `format` holds everywhere, a new one is one entry, a file of another is refused."""

import os
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from gradcalc.data import formats
from gradcalc.data.columns import column_names, read_columns
from gradcalc.data.formats import FORMATS, check_stream, detect_format, output_format, suffixes
from gradcalc.data.formats.format import Format, Reader, Writer, find
from gradcalc.data.map import Settings, run
from gradcalc.data.source import expand
from gradcalc.errors import ExitCode, FileError, UsageError
from tests import ROOT
from tests.cli import run as run_command
from tests.data import plain, refusal


class ToyReader(Reader):
    """The mark, then the names between bars, then a row of doubles after the other."""

    def column_names(self, names: Sequence[str]) -> Sequence[str]:
        return self.path.read_bytes().split(b"\n", 1)[0].decode().split("|")[1:]

    def pieces(self, names: Sequence[str], kept: Sequence[str]) -> Iterator[list[Any]]:
        columns = self.column_names(names)
        rows = np.frombuffer(self.path.read_bytes().split(b"\n", 1)[1]).reshape(-1, len(columns))
        for part in np.array_split(rows, 3):
            yield [part[:, place].copy() for place in find(self.path, columns, names)]


class ToyWriter(Writer):
    """As it is read."""

    streams = True

    def begin(self) -> bytes:
        return "|".join(("TOY!", *self.types)).encode() + b"\n"

    def append(self, columns: Sequence[Any], file: BinaryIO) -> None:
        file.write(np.column_stack(columns).tobytes())


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(formats.FORMATS, "toy", Format("Toy", (".toy", ".old"), ToyReader, ToyWriter, (b"TOY!",), unwritten=(".old",)))  # fmt: skip


@pytest.mark.usefixtures("toy")
def test_a_new_format_is_one_entry(tmp_path: Path) -> None:
    x = np.arange(10.0)
    np.savez(tmp_path / "in.npz", x=x, y=x)
    run("x*y", str(tmp_path / "in.npz"), str(tmp_path / "out.toy"), Settings(names=["f", "gx", "gy"]))
    assert column_names(tmp_path / "out.toy") == ["f", "gx", "gy"]
    assert read_columns(tmp_path / "out.toy", ["gy", "f"]).values["f"].tolist() == (x * x).tolist()
    run("f + gy", str(tmp_path / "out.toy"), str(tmp_path / "again"), Settings(format="toy", order=0))
    assert read_columns(tmp_path / "again", ["f"]).values["f"].tolist() == (x * x + x).tolist()
    assert expand(str(tmp_path)) == [tmp_path / "in.npz", tmp_path / "out.toy"]
    (tmp_path / "out.toy").rename(tmp_path / "out.csv")
    with pytest.raises(FileError, match="out.csv is no CSV file: it holds Toy data"):
        read_columns(tmp_path / "out.csv", ["f"])
    (tmp_path / "bad.toy").write_bytes(b"q,f\n1,2\n")
    with pytest.raises(FileError, match="bad.toy is no Toy file, or a damaged one"):
        read_columns(tmp_path / "bad.toy", ["f"])
    (tmp_path / "a.json").write_bytes(b"[]")
    with pytest.raises(FileError, match=r"one of \.csv .* \.toy \.old"):
        read_columns(tmp_path / "a.json", ["f"])
    with pytest.raises(UsageError, match=r"b.old: its suffix names no format\ntry: --format csv, or .*, toy"):
        output_format("b.old", None)


def test_a_format_is_told_by_its_name_its_suffix_or_its_first_bytes(tmp_path: Path) -> None:
    for suffix, format in suffixes().items():
        (tmp_path / f"a{suffix}").write_bytes([*format.magic, *format.likely, b"x\n1\n"][0])
        assert detect_format(tmp_path / f"a{suffix}") is format
        (tmp_path / f"a{suffix}").rename(tmp_path / "a.txt")
        assert detect_format(tmp_path / "a.txt") is format
        if suffix not in format.unwritten:
            assert output_format(f"A{suffix.upper()}", None) is format
    assert all(output_format("-", name) is format for name, format in FORMATS.items())
    with pytest.raises(UsageError, match="no such format: parqet\ntry: parquet"):
        output_format("out.csv", "parqet")


def test_only_what_streams_goes_where_nothing_can_be_gone_back_to() -> None:
    assert [name for name, format in FORMATS.items() if format.writer.streams] == ["csv", "arrow", "jsonl"]
    for format in FORMATS.values():
        if format.writer.streams:
            check_stream(format, "-")
        else:
            with pytest.raises(UsageError, match=r"cannot be written to standard output\ntry: --format csv, or arrow"):
                check_stream(format, "-")


def test_what_reads_and_maps_names_no_format() -> None:
    """But for `pairs`, which reads and maps no columns: files of claims are text of two kinds."""
    for path in set((ROOT / "gradcalc" / "data").glob("*.py")) - {ROOT / "gradcalc" / "data" / "pairs.py"}:
        text = path.read_text(encoding="utf-8").lower()
        assert not [name for name in FORMATS if f'"{name}"' in text or f'".{name}"' in text], path
        assert not [name for name in FORMATS if f"formats.{name} " in text], path


def test_the_help_of_map_names_every_format() -> None:
    said = run_command("map", "--help").out
    assert all(name in said for name in FORMATS)


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
