"""Shards of a run, and joined: the bytes and the summary of the plain run, or a line that says why not.

Of `shard`, `merge` and `output`.
"""

import gzip
import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gradcalc.cli import main
from gradcalc.data import shard
from gradcalc.data.batches import Span, span_of
from gradcalc.data.formats import FORMATS
from gradcalc.data.map import Settings, UndefinedError, run
from gradcalc.data.merge import merge
from gradcalc.errors import FileError, UsageError
from tests.data import read, write
from tests.data.test_map import cut

FORMULA = "sqrt(x)*y + abs(y)"


def data(rows: int = 500) -> pa.Table:
    chance = np.random.default_rng(3)
    x = chance.normal(1, 1, rows).round(1)
    x[::97] = np.nan
    y = np.where(chance.random(rows) < 0.1, 0.0, chance.normal(size=rows))
    return pa.table({"x": x, "y": y, "n": np.arange(rows), "t": pa.array([f"row {i}" * (i % 5) for i in range(rows)])})


def all_shards(source: str, folder: Path, of: int, settings: Settings, suffix: str, formula: str = FORMULA) -> None:
    folder.mkdir()
    for number in range(1, of + 1):
        run(formula, source, str(folder / f"{number}{suffix}"), replace(settings, shard=f"{number}/{of}"))


def told(summary: Any) -> dict[str, Any]:
    return {key: value for key, value in summary.to_dict().items() if key not in ("output", "seconds")}


@pytest.mark.parametrize(("before", "after", "of"), [
    ("csv", "csv", 3), ("csv", "parquet", 9), ("parquet", "parquet", 2), ("parquet", "arrow", 4), ("jsonl", "jsonl", 3),
    ("arrow", "npz", 3), ("npz", "npy", 2), ("npy", "npz", 9), ("csv.gz", "arrow", 1),
])  # fmt: skip
@pytest.mark.usefixtures("small")
def test_shards_joined_are_the_bytes_and_the_summary_of_the_plain_run(
    tmp_path: Path, before: str, after: str, of: int
) -> None:
    numbers = before.startswith("np") or after.startswith("np")
    table = data().drop_columns(["t"]) if numbers else data()
    source = write(tmp_path / f"in.{before.removesuffix('.gz')}", table)
    if before.endswith(".gz"):
        (tmp_path / f"in.{before}").write_bytes(gzip.compress(source.read_bytes()))
        source = tmp_path / f"in.{before}"
    settings = Settings(order=2, keep=["n"] if numbers else ["n", "t"], digits=True, digits_at_least=8, repair=True)
    plain = run(FORMULA, str(source), str(tmp_path / f"plain.{after}"), settings)
    assert plain.kinks and plain.nulls and plain.undefined and plain.certified and plain.certified.rows == 16
    all_shards(str(source), tmp_path / "parts", of, settings, f".{after}")
    joined = merge(str(tmp_path / "parts"), str(tmp_path / f"joined.{after}"))
    assert (tmp_path / f"joined.{after}").read_bytes() == (tmp_path / f"plain.{after}").read_bytes()
    assert told(joined) == told(plain)
    if after not in ("csv", "jsonl"):  # which hold text
        parts = [read(tmp_path / "parts" / f"{k}.{after}")["df/dx"] for k in range(1, of + 1)]
        assert np.array_equal(np.concatenate(parts), read(tmp_path / f"plain.{after}")["df/dx"], equal_nan=True)


@pytest.mark.usefixtures("small")
def test_rows_that_are_dropped_leave_no_piece_and_many_files_are_one_run(tmp_path: Path) -> None:
    x = np.arange(400.0)
    x[:70] = x[130:200] = np.nan
    for name, rows in (("a.csv", slice(0, 130)), ("b.parquet", slice(130, 133)), ("c.npy", slice(133, 400))):
        write(tmp_path / name, pa.table({"x": x[rows]}))
    source, settings = str(tmp_path / "?.*"), Settings(nulls="drop", certify_rows=5)
    for after in ("parquet", "arrow"):
        plain = run("x^2", source, str(tmp_path / f"plain.{after}"), settings)
        all_shards(source, tmp_path / f"{after}s", 5, settings, f".{after}", "x^2")
        assert told(merge(str(tmp_path / f"{after}s"), str(tmp_path / f"joined.{after}"))) == told(plain)
        assert (tmp_path / f"joined.{after}").read_bytes() == (tmp_path / f"plain.{after}").read_bytes()


@pytest.mark.parametrize("format", FORMATS)
def test_no_rows_at_all_are_joined_too(tmp_path: Path, format: str) -> None:
    (tmp_path / "in.csv").write_text("x\n")
    source, suffix = str(tmp_path / "in.csv"), f".{format}"
    run("x^2", source, str(tmp_path / f"plain{suffix}"))
    all_shards(source, tmp_path / "parts", 2, Settings(), suffix, "x^2")
    assert merge(str(tmp_path / "parts"), str(tmp_path / f"joined{suffix}")).rows == 0
    assert (tmp_path / f"joined{suffix}").read_bytes() == (tmp_path / f"plain{suffix}").read_bytes()


def test_blocks_are_dealt_evenly_and_each_row_once() -> None:
    for rows in (0, 1, 1 << 18, (1 << 18) + 1, 10 << 18):
        for of in (1, 3, 10, 14):
            spans = [span_of(k, of, rows) for k in range(1, of + 1)]
            filled = [span for span in spans if span != Span(0, 0)]
            assert spans[: len(filled)] == filled and sum(map(len, spans)) == rows
            assert [span.stop for span in filled][:-1] == [span.first for span in filled][1:]
            assert max(map(len, spans)) <= -(-rows // of // (1 << 18) + 1) * (1 << 18) + (1 << 18)


@pytest.mark.usefixtures("small")
def test_a_row_is_named_by_its_number_in_the_whole_run(tmp_path: Path) -> None:
    x = np.ones(400)
    x[300] = -1
    source = str(write(tmp_path / "in.csv", pa.table({"x": x})))
    with pytest.raises(UndefinedError, match="row 301 of"):
        run("log(x)", source, str(tmp_path / "o.csv"), Settings(undefined="fail", shard="5/7"))
    (tmp_path / "in.csv").write_text("x\n" + "1\n" * 300 + "q\n")
    with pytest.raises(FileError, match="line 302, column x: 'q' is no number"):
        run("log(x)", source, str(tmp_path / "o.csv"), Settings(shard="5/5"))
    assert os.listdir(tmp_path) == ["in.csv"]


@pytest.mark.usefixtures("small")
def test_a_shard_that_was_cut_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, folder = str(write(tmp_path / "in.csv", data())), tmp_path / "parts"
    plain = run("x*y", source, str(tmp_path / "plain.csv"), Settings())
    all_shards(source, folder, 2, Settings(), ".csv", "x*y")
    (folder / "2.csv").unlink()
    (folder / "2.csv.shard").unlink()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        cut(patch, 3, KeyboardInterrupt())
        run("x*y", source, str(folder / "2.csv"), Settings(shard="2/2"))
    with pytest.raises(FileError, match=r"shard 2 of 2 is missing in .*parts \(2.csv not finished\)"):
        merge(str(folder), str(tmp_path / "joined.csv"))
    with pytest.raises(UsageError, match="its shard was 2/2, now 1/2"):
        run("x*y", source, str(folder / "2.csv"), Settings(shard="1/2", resume=True))
    made = run("x*y", source, str(folder / "2.csv"), Settings(shard="2/2", resume=True))
    assert made.resumed == 192
    assert told(merge(str(folder), str(tmp_path / "joined.csv"))) == told(plain)
    assert (tmp_path / "joined.csv").read_bytes() == (tmp_path / "plain.csv").read_bytes()


# -- refused -----------------------------------------------------------------------------------------------------------


def remove(*names: str) -> Callable[[Path], object]:
    return lambda folder: [(folder / name).unlink() for name in names]


def cut_off(folder: Path) -> None:
    os.truncate(folder / "2.npz", 100)


def flip(folder: Path) -> None:
    content = bytearray((folder / "2.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "2.npz").write_bytes(content)


def flip_record(folder: Path) -> None:
    content = (folder / "2.npz.shard").read_bytes()
    (folder / "2.npz.shard").write_bytes(content.replace(b'"order": 1', b'"order": 2'))


def twice(folder: Path) -> None:
    for suffix in ("", ".shard"):
        (folder / f"4.npz{suffix}").write_bytes((folder / f"2.npz{suffix}").read_bytes())


def foreign(folder: Path) -> None:
    (folder / "notes.txt").write_text("?")


def empty(folder: Path) -> None:
    remove(*os.listdir(folder))(folder)


def another(formula: str, settings: Settings, inputs: Sequence[float] | None = None) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        if inputs:
            write(folder.parent / "in.csv", pa.table({"x": inputs}))
        run(formula, str(folder.parent / "in.csv"), str(folder / "2.npz"), settings)

    return make


@pytest.mark.parametrize(("damage", "message"), [
    (remove("2.npz", "2.npz.shard"), "shard 2 of 3 is missing in parts\ntry: the same gradcalc map with --shard 2/3"),
    (remove("2.npz", "2.npz.shard", "1.npz", "1.npz.shard"), "shards 1, 2 of 3 are missing in parts"),
    (remove("2.npz"), "parts/2.npz is missing: 2.npz.shard tells of it"),
    (remove("2.npz.shard"), "parts/2.npz is no shard: no 2.npz.shard tells of it"),
    (foreign, "parts/notes.txt is no shard: no notes.txt.shard tells of it\ntry: parts without it"),
    (empty, "parts holds no shard"),
    (twice, "shard 2/3 is there twice: parts/2.npz and parts/4.npz"),
    (cut_off, "parts/2.npz is not what shard 2/3 wrote: it was cut or changed"),
    (flip, "parts/2.npz"),
    (flip_record, "parts/2.npz.shard is no record of a shard, or a damaged one"),
    (another("x^3", Settings(shard="2/3")), "parts/2.npz does not go with parts/1.npz: its expression is x^3, there it is x^2"),
    (another("x^2", Settings(shard="2/4")), "parts/2.npz does not go with parts/1.npz: its number of shards is 4, there it is 3"),
    (another("x^2", Settings(shard="2/3", nulls="drop")), "its nulls is drop, there it is nan"),
    (another("x^2", Settings(shard="2/3", seed=1)), "its seed is 1, there it is 0"),
    (another("x^2", Settings(shard="2/3"), [1.0, 2.0, 4.0]), "in.csv has changed between them"),
])  # fmt: skip
def test_what_is_no_set_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], object], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("in.csv"), pa.table({"x": [1.0, 2.0, 3.0]}))
    all_shards("in.csv", tmp_path / "parts", 3, Settings(), ".npz", "x^2")
    damage(tmp_path / "parts")
    with pytest.raises(FileError) as caught:
        merge("parts", "o.npz")
    assert message in str(caught.value) and caught.value.exit_code == 4
    assert sorted(os.listdir()) == ["in.csv", "parts"]


@pytest.mark.parametrize("key", ["gradcalc", "instruction set", "libc", "pyarrow"])
def test_shards_of_another_program_or_machine_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    write(tmp_path / "in.csv", pa.table({"x": [1.0, 2.0, 3.0]}))
    all_shards(str(tmp_path / "in.csv"), tmp_path / "parts", 2, Settings(), ".csv", "x^2")
    plain = shard.made_by()
    monkeypatch.setattr("gradcalc.data.map.made_by", lambda: plain | {key: "another"})
    run("x^2", str(tmp_path / "in.csv"), str(tmp_path / "parts" / "2.csv"), Settings(shard="2/2"))
    with pytest.raises(FileError, match=rf"2.csv does not go with .*1.csv: its {key} is another, there it is "):
        merge(str(tmp_path / "parts"), str(tmp_path / "o.csv"))


def test_a_large_file_is_known_by_some_of_its_bytes_and_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(1000))
    small = shard.fingerprint(path)
    os.utime(path, (1, 1))
    assert shard.fingerprint(path) == small
    monkeypatch.setattr(shard, "_PAGE", 2)
    monkeypatch.setattr(shard, "_PAGES", 4)
    large = shard.fingerprint(path)
    assert large[:2] == ["a", 1000] and large[2].endswith("of 1000000000")
    for place in (0, 999):
        path.write_bytes(bytes(place) + b"1" + bytes(999 - place))
        os.utime(path, (1, 1))
        assert shard.fingerprint(path) != large


@pytest.mark.parametrize(
    "text", ["0/10", "11/10", "a/b", "3", "3/", "/3", "-1/3", "1.5/3", "3/0", "", "٣/٤", "1/9999999"]
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--shard"):
        shard.read_shard(text)


def test_the_command_makes_and_joins_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("in.csv"), pa.table({"x": [1.0, 2.0, 3.0]}))
    Path("parts").mkdir()
    for number in (1, 2):
        assert main(["map", "x^2", "in.csv", "--shard", f"{number}/2", "-o", f"parts/{number}.csv"]) == 0
    first, second = capsys.readouterr().err.split("parts/2.csv")
    assert "shard 1 of 2: rows 1 to 3" in first and "shard 2 of 2: no rows are left for it" in second
    assert main(["map", "--merge", "parts", "-o", "all.csv", "--json", "-q"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["certified"]["rows"], "shard" in found) == (3, 3, False)
    assert main(["map", "x^2", "in.csv", "--shard", "1/2", "-o", "o.csv", "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["shard"] == {"number": 1, "of": 2, "first": 1, "last": 3}
    assert main(["map", "--merge", "parts", "-o", "-", "--format", "csv", "-q"]) == 0
    assert capsys.readouterr().out == Path("all.csv").read_text() == "f,df/dx\n1,2\n4,4\n9,6\n"


@pytest.mark.parametrize(("words", "code", "message"), [
    (("-o", "o.csv"), 2, "missing argument 'EXPR'"),
    (("x", "-o", "o.csv"), 2, "missing argument 'IN'"),
    (("x", "in.csv", "--merge", "parts", "-o", "o.csv"), 2, "--merge takes the formula and the data from the shards"),
    (("--merge", "parts", "-o", "o.csv", "--order", "2"), 2, "--merge takes the options from the shards"),
    (("--merge", "parts", "-o", "o.npy"), 2, "the shards in parts are CSV, o.npy is not"),
    (("--merge", "parts", "-o", "parts/1.csv"), 4, "1.csv.shard tells of it"),
    (("--merge", "nothing", "-o", "o.csv"), 4, "nothing: No such file or directory"),
    (("--merge", "in.csv", "-o", "o.csv"), 4, "in.csv: Not a directory"),
    (("x", "-", "--shard", "1/2", "-o", "o.csv"), 2, "--shard: standard input can be read but once"),
    (("x", "in.csv", "--shard", "1/2", "-o", "-", "--format", "csv"), 2, "--shard: what OUT names is no file"),
    (("x", "in.csv", "--shard", "3/2", "-o", "o.csv"), 2, "--shard 3/2: the shards of 2 are 1/2 to 2/2"),
])  # fmt: skip
def test_errors_of_the_command_say_what_and_leave_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: Any,
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("in.csv"), pa.table({"x": [1.0]}))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x\n1\n")))
    all_shards("in.csv", tmp_path / "parts", 1, Settings(), ".csv", "x")
    before = (tmp_path / "parts" / "1.csv").read_bytes()
    assert main(["map", *words]) == code
    assert message in capsys.readouterr().err
    assert sorted(os.listdir()) == ["in.csv", "parts"] and (tmp_path / "parts" / "1.csv").read_bytes() == before
