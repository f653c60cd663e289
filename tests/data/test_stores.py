"""Files in object stores: `s3://` against a server on loopback; of gs:// and abfs:// the names alone are tested."""

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import gradcalc
from gradcalc.cli import main
from gradcalc.data import stores
from gradcalc.data.columns import read_columns
from gradcalc.data.formats import FORMATS
from gradcalc.data.map import Settings, run
from gradcalc.data.map import _Job as Job
from gradcalc.data.merge import merge
from gradcalc.data.points import read_points
from gradcalc.data.source import opened
from gradcalc.data.stores import StoredFile, expand
from gradcalc.data.urls import parsed
from gradcalc.errors import FileError, GradcalcError, UsageError
from gradcalc.files import WriteError
from gradcalc.settings import Limits
from tests.cli import environment, process
from tests.data import plain, table, write
from tests.data.s3 import Store
from tests.data.test_cluster import connected_here, here  # noqa: F401 - a fixture
from tests.data.test_merge import told

FORMULA = "x**3*y + sin(y)"
SMALL, LONG = b"x,y\n1,2\n3,4\n", b"x,y\n" + b"1,2\n" * 2000
QUICK = Settings(certify_rows=0)


def leftovers(tmp: Path) -> list[str]:
    return [name for name in os.listdir(tmp) if "gradcalc" in name]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is unfinished is kept."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


# -- read and written --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_a_store_gives_and_takes_the_bytes_of_files_that_are_here(
    store: Store, tmp_path: Path, temporary: Path, kind: str
) -> None:
    source = write(tmp_path / f"in.{kind}", table(500))
    far = store.put(f"bucket/in dir/in.{kind}", source.read_bytes())
    run(FORMULA, str(source), str(tmp_path / f"out.{kind}"), QUICK)
    done = run(FORMULA, far, f"s3://bucket/out.{kind}", QUICK)
    assert (done.rows, done.output) == (500, f"s3://bucket/out.{kind}")
    assert store.get(f"bucket/out.{kind}") == (tmp_path / f"out.{kind}").read_bytes()
    assert store.names() == [f"bucket/in dir/in.{kind}", f"bucket/out.{kind}"]
    assert not leftovers(temporary)


def test_files_are_found_by_patterns_and_folders(store: Store) -> None:
    for key in ("a.csv", "b.csv", "c.txt", ".hidden.csv", "deep/d.csv", "deep/er/e.csv", "_part.csv"):
        store.put(f"bucket/in/{key}", SMALL)

    def found(name: str) -> list[str]:
        url = parsed(f"s3://bucket/{name}")
        assert url
        return [str(file).removeprefix("s3://bucket/in/") for file in expand(url)]

    assert found("in") == found("in/") == ["a.csv", "b.csv"]
    assert found("in/*.csv") == ["_part.csv", "a.csv", "b.csv"]
    assert found("in/[ab].*") == ["a.csv", "b.csv"]
    assert found("in/*/*.csv") == found("in/deep/*.csv") == ["deep/d.csv"]
    assert found("in/**/*.csv") == ["_part.csv", "a.csv", "b.csv", "deep/d.csv", "deep/er/e.csv"]
    assert found("in/a%2Ecsv") == ["a.csv"]
    assert run("x*y", "s3://bucket/in/*.csv", os.devnull, Settings(format="csv", certify_rows=0)).rows == 6


def test_columns_and_points_come_from_a_store(store: Store) -> None:
    url = store.put("bucket/points.csv", SMALL)
    with opened(url) as (path,):
        assert plain(read_columns(path, "xy")) == {"x": [1.0, 3.0], "y": [2.0, 4.0]}
    assert len(read_points(url, Limits())) == 2
    points = store.put("bucket/points.json", b'[{"x": 1}, {"x": "pi/4"}]')
    assert len(read_points(points, Limits())) == 2


def test_of_parquet_only_the_columns_and_row_groups_are_fetched(store: Store, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    data = pa.table({f"c{i}": rng.normal(size=30_000) for i in range(20)})
    pq.write_table(data, tmp_path / "wide.parquet", row_group_size=10_000, use_dictionary=False)
    whole = (tmp_path / "wide.parquet").read_bytes()
    url = store.put("bucket/wide.parquet", whole)
    store.log()
    with opened(url) as (path,):
        found = read_columns(path, ["c3", "c11"])
    assert np.array_equal(found.values["c11"], data["c11"].to_numpy())
    fetched = [each[4] for each in store.log() if each[0] == "GET"]
    wanted = 2 * 30_000 * 8
    assert wanted <= sum(fetched) <= wanted + 3 * (1 << 16) < len(whole) / 5
    assert len(fetched) <= 10


def test_a_text_is_fetched_once_in_ever_larger_ranges_of_bounded_memory(store: Store, monkeypatch: Any) -> None:
    monkeypatch.setattr(stores, "_MOST", 1 << 18)
    monkeypatch.setattr(stores, "_KEPT", 1 << 20)
    text = b"x\n" + b"1.5\n" * 500_000
    with opened(store.put("bucket/long.csv", text)) as (path,):
        store.log()
        assert read_columns(path, "x").rows == 500_000
        assert isinstance(path, StoredFile)
        assert sum(len(data) for _, data in path._windows) <= 1 << 20
    fetched = [each[4] for each in store.log() if each[0] == "GET"]
    assert sum(fetched) == len(text)
    assert fetched[:3] == [1 << 16, 1 << 17, 1 << 18]
    assert max(fetched) == 1 << 18


def test_any_place_of_a_file_is_read_as_of_one_that_is_here(store: Store) -> None:
    data = np.random.default_rng(2).bytes(300_000)
    url = parsed(store.put("bucket/bytes", data))
    assert url
    (file,) = expand(url)
    far, near = file.open("rb"), io.BytesIO(data)
    rng = np.random.default_rng(3)
    file.expect([(100_000, 180_000), (190_000, 200_000), (299_000, 300_000)])
    for place, size in zip(rng.integers(0, 310_000, 60).tolist(), rng.integers(0, 90_000, 60).tolist(), strict=True):
        assert far.seek(place) == near.seek(place)
        assert far.read(size) == near.read(size)
    assert far.seek(-10, os.SEEK_END) == near.seek(-10, os.SEEK_END)
    assert far.read() == near.read()


# -- shards ------------------------------------------------------------------------------------------------------------


def shards(source: str, suffix: str) -> None:
    """Both shards of a run, in a folder of the store."""
    for shard in ("1/2", "2/2"):
        run(FORMULA, source, f"s3://bucket/parts/{shard[0]}{suffix}", Settings(shard=shard))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow", "npz"])
def test_shards_in_a_store_joined_there_or_here_are_the_bytes_of_the_plain_run(
    store: Store, tmp_path: Path, temporary: Path, kind: str
) -> None:
    source, near = write(tmp_path / "in.csv", table(300)), tmp_path / f"here.{kind}"
    plain = run(FORMULA, str(source), str(tmp_path / f"plain.{kind}"))
    expected = (tmp_path / f"plain.{kind}").read_bytes()
    shards(store.put("bucket/in.csv", source.read_bytes()), f".{kind}")
    parts = [f"bucket/parts/{name}.{kind}{more}" for name in (1, 2) for more in ("", ".shard")]
    assert store.names() == ["bucket/in.csv", *parts]
    for _ in range(2):  # what the first one wrote is no part
        assert told(merge("s3://bucket/parts/", f"s3://bucket/parts/all.{kind}")) == told(plain)
        assert store.get(f"bucket/parts/all.{kind}") == expected
    store.files.delete_file(f"bucket/parts/all.{kind}")
    assert told(merge("s3://bucket/parts", str(near))) == told(plain)
    assert near.read_bytes() == expected
    folder = tmp_path / "parts"
    folder.mkdir()
    for name in parts:
        (folder / Path(name).name).write_bytes(store.get(name))
    merge(str(folder), f"s3://bucket/all.{kind}")
    assert store.get(f"bucket/all.{kind}") == expected
    assert not leftovers(temporary)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("refused", "said"),
    [(r"1\.csv\.shard\?", "parts holds no shard"), (r"1\.csv\?", "parts/1.csv is missing: 1.csv.shard tells of it")],
)
def test_a_shard_that_the_store_refuses_is_absent_and_is_gone_on_with(
    store: Store, tmp_path: Path, refused: str, said: str
) -> None:
    source = store.put("bucket/in.csv", write(tmp_path / "in.csv", table(300)).read_bytes())
    store.fail(("PUT", refused, "AccessDenied", 9))
    with pytest.raises(WriteError, match=r"^cannot write s3://bucket/parts/1.csv(.shard)?: access denied \(403\)"):
        shards(source, ".csv")
    store.fail()
    assert "bucket/parts/1.csv" not in store.names()
    with pytest.raises(FileError, match=f"^s3://bucket/{said}"):
        merge("s3://bucket/parts", str(tmp_path / "all.csv"))
    again = run(FORMULA, source, "s3://bucket/parts/1.csv", Settings(shard="1/2", resume=True))
    assert again.resumed == again.rows == 192
    run(FORMULA, source, "s3://bucket/parts/2.csv", Settings(shard="2/2"))
    assert merge("s3://bucket/parts", str(tmp_path / "all.csv")).rows == 300


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (["2.csv", "2.csv.shard"], "shard 2 of 2 is missing in s3://bucket/parts"),
        (["2.csv"], "s3://bucket/parts/2.csv is missing: 2.csv.shard tells of it"),
        (["2.csv.shard"], "s3://bucket/parts/2.csv is no shard: no 2.csv.shard tells of it"),
        (["1.csv", "1.csv.shard", "2.csv", "2.csv.shard"], "s3://bucket/parts"),
    ],
)
def test_a_store_that_holds_no_set_is_refused_and_nothing_is_written(
    store: Store, tmp_path: Path, lost: list[str], said: str
) -> None:
    shards(store.put("bucket/in.csv", write(tmp_path / "in.csv", table(10)).read_bytes()), ".csv")
    for name in lost:
        store.files.delete_file(f"bucket/parts/{name}")
    with pytest.raises(FileError, match=f"^{said}"):
        merge("s3://bucket/parts", "s3://bucket/all.csv")
    assert "bucket/all.csv" not in store.names()
    with pytest.raises(UsageError, match="^https://host/parts: the web lists no files"):
        merge("https://host/parts", "all.csv")


# -- what goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "faults", "said"),
    [
        ("s3://bucket/none.csv", [], "s3://bucket/none.csv: it is not there (404)"),
        ("s3://nobody/x.csv", [], "s3://nobody/x.csv: there is no such bucket (404)"),
        ("s3://nobody/*.csv", [], "s3://nobody/*.csv: there is no such bucket (404)"),
        ("s3://bucket/*.npy", [], "no file matches s3://bucket/*.npy"),
        ("s3://bucket", [("GET", "", "AccessDenied", 9)], "s3://bucket: access denied (403)"),
        ("s3://bucket/x.csv", [("HEAD", "x.csv", "AccessDenied", 9)], "s3://bucket/x.csv: access denied (403)"),
        ("s3://bucket/x.csv", [("GET", "x.csv", "AccessDenied", 9)], "s3://bucket/x.csv: access denied (403)"),
        ("s3://bucket/x.csv", [("GET", "x.csv", "NoSuchBucket", 9)],  # PyArrow tells the one or the other
         r"s3://bucket/x\.csv: (it is not there|there is no such bucket) \(404\)"),
        ("s3://bucket/x.csv", [("GET", "x.csv", "cut", 9)], "s3://bucket/x.csv: no connection, or it was cut"),
        ("s3://bucket/x.csv", [("GET", "x.csv", "InternalError", 9)], "s3://bucket/x.csv: the store fails (5xx)"),
        ("s3://AKIDEXAMPLE:topsecretkey@bucket/x.csv?endpoint_override=127.0.0.1:9&scheme=http", [],
         "s3://bucket/x.csv: no connection, or it was cut"),
        ("s3://bucket/x.csv?endpoint_override=nobody.invalid&scheme=http", [], "s3://bucket/x.csv: its host is not found"),
    ],
)  # fmt: skip
def test_what_a_store_refuses_is_one_line_and_nothing_is_written(
    store: Store, source: str, faults: Any, said: str
) -> None:
    store.put("bucket/x.csv", LONG)
    store.put("bucket/out.csv", b"before")
    store.fail(*faults)
    with pytest.raises(FileError) as caught:
        run("x*y", source, "s3://bucket/out.csv", QUICK)
    assert caught.value.message == said or re.fullmatch(said, caught.value.message)
    assert "topsecret" not in str(caught.value)
    store.fail()
    assert store.get("bucket/out.csv") == b"before"
    assert store.names() == ["bucket/out.csv", "bucket/x.csv"]


def test_what_is_cut_now_and_then_is_asked_for_again(store: Store) -> None:
    url = store.put("bucket/x.csv", LONG)
    store.fail(("GET", "x.csv", "cut", 1), ("HEAD", "x.csv", "InternalError", 1))
    with opened(url) as (path,):
        assert read_columns(path, "x").rows == 2000


@pytest.mark.usefixtures("small")
def test_a_bucket_that_vanishes_in_the_middle_is_one_line_and_nothing_is_written(store: Store) -> None:
    url = store.put("other/x.csv", b"x,y\n" + b"1,2\n" * 20_000)

    def gone(done: int, total: int | None) -> None:
        if "other/x.csv" in store.names("other"):
            store.files.delete_dir("other")
            store.files.create_dir("other")

    with pytest.raises(FileError, match=r"^s3://other/x.csv: it is not there \(404\)$"):
        run("x*y", url, "s3://bucket/out.csv", QUICK, progress=gone)
    assert store.names() == []


@pytest.mark.usefixtures("small", "here")
def test_workers_read_a_store_as_the_plain_run_does(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcalc.optimize.read.connected", connected_here)
    url = store.put("bucket/x.csv", b"x,y\n" + b"".join(b"%d,%d\n" % (i, i * i % 97) for i in range(300)))
    plain, found = (run(FORMULA, url, f"s3://bucket/{name}.csv", replace(QUICK, scheduler=where))
                    for name, where in (("plain", None), ("found", "local:1")))  # fmt: skip
    assert told(plain) == told(found)
    assert store.get("bucket/plain.csv") == store.get("bucket/found.csv")
    fits = [gradcalc.fit("y ~ a*x + b", url, scheduler=where).to_dict() for where in (None, "local:1")]
    assert fits[0] == fits[1]


@pytest.mark.usefixtures("small", "here")
@pytest.mark.parametrize("scheduler", [None, "local:1"], ids=["plain", "cluster"])
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("gone", r"it is not there \(404\)"),
        ("NoSuchBucket", r"(it is not there|there is no such bucket) \(404\)"),
        ("AccessDenied", r"access denied \(403\)"),
        ("InternalError", r"the store fails \(5xx\)"),
    ],
)
def test_what_happens_to_a_store_in_the_middle_is_one_line_and_nothing_is_written(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str, said: str, scheduler: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    secrets = f"?endpoint_override={store.endpoint}&scheme=http&session_token=topsecrettoken"
    store.put("other/x.csv", b"x,y\n" + b"1,2\n" * 1_000)
    store.put("bucket/out.csv", b"before")
    begun: list[int] = []

    def computed(self: Any, *given: Any) -> Any:
        if not begun:
            begun.append(1)
            if what == "gone":
                store.files.delete_file("other/x.csv")
            else:
                store.fail(*((method, r"/other/x\.csv", what, 99) for method in ("GET", "HEAD")))
        return plain(self, *given)

    plain = Job._computed
    monkeypatch.setattr(Job, "_computed", computed)
    place = f"s3://AKIDEXAMPLE:topsecretkey@%s{secrets}"
    words = ["map", "x*y", place % "other/x.csv", "-o", place % "bucket/out.csv", "--certify-rows", "0"]
    assert main([*words, *(["--scheduler", scheduler] if scheduler else [])]) == 4
    told = capsys.readouterr()
    assert begun
    assert re.fullmatch(rf"error: (s3://other/x\.csv): {said}(\ntry: .*)?\n", told.err)
    assert "topsecret" not in told.err + told.out
    store.fail()
    assert store.get("bucket/out.csv") == b"before"
    assert store.names() == ["bucket/out.csv"]


def test_a_file_that_changes_while_it_is_read_is_told(store: Store, tmp_path: Path) -> None:
    url = store.put("bucket/x.csv", SMALL)
    with pytest.raises(FileError, match="^s3://bucket/x.csv was changed while it was read"), opened(url) as (path,):
        read_columns(path, "x")
        store.put("bucket/x.csv", SMALL + b"5,6\n")
    output = tmp_path / "out.csv"

    def told(done: int, total: int | None) -> None:
        store.put("bucket/x.csv", SMALL)

    with pytest.raises(FileError, match="^s3://bucket/x.csv was changed while it was read"):
        run("x*y", url, str(output), QUICK, progress=told)
    assert not output.exists()


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([("POST", "uploads", "AccessDenied", 9)], "access denied (403)"),
        ([("PUT", "partNumber", "AccessDenied", 9)], "access denied (403)"),
        ([("PUT", r"out\.csv\?", "AccessDenied", 9)], "access denied (403)"),
        ([("PUT", "partNumber", "NoSuchBucket", 9)], "there is no such bucket (404)"),
    ],
)
def test_an_output_that_is_refused_is_not_there_and_is_gone_on_with(
    store: Store, temporary: Path, tmp_path: Path, faults: Any, said: str
) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(SMALL)
    store.fail(*faults)
    with pytest.raises(WriteError) as caught:
        run("x*y", str(source), "s3://bucket/out.csv", QUICK)
    assert caught.value.message == f"cannot write s3://bucket/out.csv: {said}"
    store.fail()
    assert store.names() == []
    kept = leftovers(temporary)
    assert len(kept) == (0 if faults[0][0] == "POST" else 1)
    for name in kept:
        assert (temporary / name).stat().st_mode & 0o777 == 0o700
    done = run("x*y", str(source), "s3://bucket/out.csv", Settings(certify_rows=0, resume=True))
    assert done.resumed == (2 if kept else 0)
    assert store.get("bucket/out.csv") == b"f,df/dx,df/dy\n2,2,1\n12,4,3\n"
    assert (store.names(), leftovers(temporary)) == (["bucket/out.csv"], [])


@pytest.mark.parametrize("whole", [True, False], ids=["copied", "too large to be copied"])
@pytest.mark.parametrize("kind", ["npy", "parquet"])
def test_what_is_interrupted_while_it_is_uploaded_is_not_there(
    store: Store, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool, kind: str
) -> None:
    source = write(tmp_path / "in.csv", table(300))
    store.put(f"bucket/out.{kind}", b"before")
    if not whole:
        monkeypatch.setattr(stores, "COPIED", 0)

    def interrupted(made: Path, stream: Any) -> None:
        stream.write(made.read_bytes()[:100])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt) as caught:
        patch.setattr(stores, "_send", interrupted)
        run(FORMULA, str(source), f"s3://bucket/out.{kind}", QUICK)
    assert "300 rows are kept in" in str(caught.value)
    assert (store.get(f"bucket/out.{kind}"), store.names()) == (b"before", [f"bucket/out.{kind}"])
    done = run(FORMULA, str(source), f"s3://bucket/out.{kind}", Settings(certify_rows=0, resume=True))
    run(FORMULA, str(source), str(tmp_path / f"out.{kind}"), QUICK)
    assert done.resumed == 300
    assert store.get(f"bucket/out.{kind}") == (tmp_path / f"out.{kind}").read_bytes()
    assert (store.names(), leftovers(temporary)) == ([f"bucket/out.{kind}"], [])


def test_a_stream_that_was_given_up_is_not_published_when_the_process_ends(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", table(300))
    program = (
        "import sys, os, time\nfrom gradcalc.data import stores, map\nstores.COPIED = 0\n"
        "def failing(made, stream):\n    stream.write(b'x' * 11_000_000)\n    raise KeyboardInterrupt\n"
        "stores._send = failing\nmap.run('x*y', sys.argv[1], 's3://bucket/out.csv')\n"
    )
    words = [sys.executable, "-c", program, str(source)]
    ended = subprocess.run(words, env=environment(TMPDIR=str(tmp_path)), capture_output=True, check=False)
    assert b"KeyboardInterrupt" in ended.stderr
    assert store.names() == []


# -- asked in vain -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "output", "said"),
    [
        ("ftp://host/x.csv", "out.csv", "ftp://host/x.csv: no such kind of place"),
        ("s3:///x.csv", "out.csv", "s3:///x.csv: the name of a bucket is missing"),
        ("s3://bucket/x.csv?colour=topsecret", "out.csv", "s3://bucket/x.csv: s3:// has no option colour"),
        ("s3://bucket/x.csv", "https://host/out.csv", "https://host/out.csv: it can only be read"),
        ("s3://bucket/x.csv", "s3://bucket/x.csv", "s3://bucket/x.csv is read and written at once"),
        (
            "s3://bucket/x.csv",
            "s3://bucket/out.doc?region=topsecret",
            "s3://bucket/out.doc: its suffix names no format",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(store: Store, source: str, output: str, said: str) -> None:
    store.put("bucket/x.csv", SMALL)
    with pytest.raises(UsageError) as caught:
        run("x*y", source, output, QUICK)
    assert caught.value.message == said
    assert "topsecret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["s3", "gs", "abfs"])
def test_without_pyarrow_or_its_file_system_one_line_says_so(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    import pyarrow.fs as fs

    with monkeypatch.context() as patch, pytest.raises(UsageError, match=rf"^{scheme}:// needs \w+, without which"):
        patch.delattr(fs, stores._SYSTEMS[scheme])
        run("x*y", f"{scheme}://bucket/x.csv", "out.csv")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(GradcalcError, match=rf"^{scheme}:// needs PyArrow, which is not installed\n.*gradcalc\[data\]"):
        run("x*y", f"{scheme}://bucket/x.csv", "out.csv")


def test_a_folder_of_somebody_else_is_not_used(store: Store, temporary: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", table(10))
    url = parsed("s3://bucket/out.csv")
    assert url
    target = stores.StoreTarget(url)
    (temporary / target.folder.name).symlink_to(tmp_path)
    target.drop()
    with pytest.raises(WriteError, match="it is somebody else's"):
        run("x*y", str(source), "s3://bucket/out.csv")
    assert store.names() == []


def test_no_word_of_the_command_holds_a_secret(store: Store, tmp_path: Path) -> None:
    store.put("bucket/x.csv", SMALL)
    secrets = f"?endpoint_override={store.endpoint}&scheme=http&session_token=topsecrettoken"
    place = f"s3://AKIDEXAMPLE:topsecretkey@bucket/%s.csv{secrets}"
    for name, code in (("x", 0), ("none", 4)):
        words = ("map", "x*y", place % name, "-o", place % "out", "--json")
        made = process(*words, env=environment(TMPDIR=str(tmp_path)))
        assert made.returncode == code
        assert b"topsecret" not in made.stdout + made.stderr
        told = json.loads(made.stdout)
        assert (told.get("output") or told["error"]["message"]).startswith("s3://bucket/")
    assert store.get("bucket/out.csv") == b"f,df/dx,df/dy\n2,2,1\n12,4,3\n"
