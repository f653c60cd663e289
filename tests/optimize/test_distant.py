"""Rows that stay with workers: the answers of the plain run, to the bit, and what can go wrong with them."""

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import gradcalc
from gradcalc.cli import main
from gradcalc.data.batches import Span
from gradcalc.errors import FileError, UsageError
from gradcalc.optimize import distant
from gradcalc.optimize.distant import Distant
from gradcalc.optimize.read import read_rows
from tests.data import write
from tests.data.test_cluster import Client, Cluster, connected_here, kill_one

START = {"a": 1, "b": 1, "c": 0}
MODEL = "y ~ a*exp(-b*x) + c"
BLOCK = 1 << 15


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that is this process, whose tasks have one small chunk each."""
    monkeypatch.setattr("gradcalc.optimize.read.connected", connected_here)
    for module in ("optimize.distant", "data.passes", "optimize.fit.problem"):
        monkeypatch.setattr(f"gradcalc.{module}.chunk_rows", lambda width: BLOCK)
    monkeypatch.setattr(distant, "_CHUNKS", 1)


def data_file(folder: Path, rows: int, name: str = "in.parquet") -> str:
    """Rows around a curve; some have a null."""
    chance = np.random.default_rng(rows)
    x = chance.uniform(0, 3, rows)
    y = 2 * np.exp(-1.3 * x) + 0.5 + chance.normal(0, 0.05, rows)
    y[:: rows // 7] = np.nan
    return str(write(folder / name, pa.table({"x": x, "y": y})))


def told(answer: Any) -> Any:
    """An answer as JSON; how often files were read is another matter where workers keep rows."""
    return json.dumps(answer.to_dict() | {"passes": 0})


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("rows", "settings"),
    [(300, {"certify": True}), (70_000, {}), (70_000, {"memory": 0})],
)
def test_a_fit_is_that_of_the_plain_run_to_the_bit(tmp_path: Path, rows: int, settings: dict[str, Any]) -> None:
    path, settings = data_file(tmp_path, rows), {"nulls": "drop", **settings}
    plain = gradcalc.fit(MODEL, path, START, **settings)
    found = gradcalc.fit(MODEL, path, START, **settings, scheduler="local:1")
    assert told(found) == told(plain)
    assert found.rows == rows - len(range(0, rows, rows // 7))
    assert type(found.problem.rows) is type(plain.problem.rows)  # nothing of a cluster is left in it


@pytest.mark.usefixtures("here")
def test_rows_without_a_value_are_left_out_where_they_are(tmp_path: Path) -> None:
    path, more = data_file(tmp_path, 70_000), {"nulls": "drop", "undefined": "drop"}
    plain = gradcalc.fit("y ~ a*log(x - 1/4) + c", path, {"a": 1, "c": 0}, **more)
    found = gradcalc.fit("y ~ a*log(x - 1/4) + c", path, {"a": 1, "c": 0}, **more, scheduler="local:1")
    assert told(found) == told(plain)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("rows", "settings"), [(300, {}), (70_000, {}), (70_000, {"optimizer": "newton"})])
def test_a_descent_is_that_of_the_plain_run_to_the_bit(tmp_path: Path, rows: int, settings: dict[str, Any]) -> None:
    path, formula = data_file(tmp_path, rows), "(a*exp(-b*x) + c - y)^2"
    plain = gradcalc.descend(formula, START, data=path, nulls="drop", **settings)
    found = gradcalc.descend(formula, START, data=path, nulls="drop", **settings, scheduler="local:1")
    assert told(found) == told(plain)
    assert isinstance(found.objective.columns, dict)  # type: ignore[attr-defined]


def test_two_models_are_compared_on_one_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def connected(address: str, tell: Any) -> Any:
        opened.append(address)
        return connected_here(address, tell)

    monkeypatch.setattr("gradcalc.optimize.read.connected", connected)
    words = ["fit", MODEL, "--data", data_file(tmp_path, 300), "--at", "a=1,b=1,c=0", "--nulls", "drop", "--json"]
    words += ["--compare", "y ~ a*x + c"]
    assert main(words) == 0
    plain = capsys.readouterr().out
    assert main([*words, "--scheduler", "local:1"]) == 0
    assert capsys.readouterr().out == plain
    assert opened == ["local:1"]


def rows_of(path: str, room: int) -> Distant:
    client = Client()
    client.memory = room
    found = read_rows(path, lambda names: names, nulls="drop", workers=Cluster(client, "here"), memory=0)
    assert isinstance(found, Distant)
    return found


@pytest.mark.usefixtures("here")
def test_rows_are_kept_by_workers_where_there_is_room_and_read_again_where_not(tmp_path: Path) -> None:
    path = data_file(tmp_path, 100_000)
    whole, none, some = (rows_of(path, room) for room in (1 << 40, 0, 4 * 24 * (BLOCK + 9)))
    for rows, kept in ((whole, 4), (none, 0), (some, 1)):
        before = rows.passes
        parts = list(rows.numbered())
        assert [part.size for part in parts] == [BLOCK, BLOCK, BLOCK, rows.size - 3 * BLOCK]
        assert len(rows.there) == kept
        assert rows.passes == before + (kept < 4)
        for part, same in zip(parts, whole.numbered(), strict=True):
            assert part.numbers.tolist() == same.numbers.tolist()
            assert all(part.values[name].tobytes() == same.values[name].tobytes() for name in rows)
    places = np.array([0, BLOCK - 1, BLOCK, 90_000])
    assert none.some(places).numbers.tolist() == whole.held().numbers[places].tolist()
    assert none.holding({"k": 2.0}).some(places).values["k"].tolist() == [2.0] * 4


def test_pieces_hold_whole_chunks_of_the_rows_that_stay() -> None:
    chance = np.random.default_rng(0)
    for count, rows in ((1000, 64), (1003, 8), (64, 64), (7, 64)):
        whole = chance.random(count) < 0.7
        pieces = list(distant._cut(np.packbits(whole), count, rows))
        assert [piece.size for piece in pieces[:-1]] == [rows] * (len(pieces) - 1)
        assert 0 < pieces[-1].size <= rows
        assert sum(piece.size for piece in pieces) == whole.sum()
        for piece in pieces:
            stays = distant._bits(piece.stays, len(piece.span))
            assert stays.tolist() == whole[piece.span.first : piece.span.stop].tolist()
    assert [piece.span for piece in distant._whole(10, 4)] == [Span(0, 4), Span(4, 8), Span(8, 10)]


@pytest.mark.usefixtures("here")
def test_what_is_wrong_with_rows_is_told_as_in_the_plain_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = data_file(tmp_path, 300)
    with pytest.raises(FileError) as plain:
        gradcalc.fit(MODEL, path, START)
    with pytest.raises(FileError) as found:
        gradcalc.fit(MODEL, path, START, scheduler="local:1")
    assert str(found.value) == str(plain.value)
    (tmp_path / "in.csv").write_text("x,y\n1,2\n2,q\n")
    with pytest.raises(gradcalc.GradcalcError, match=r"in.csv, line 3, column y: 'q' is no number"):
        gradcalc.fit(MODEL, str(tmp_path / "in.csv"), START, scheduler="local:1")
    (tmp_path / "in.csv").write_text("x,y\n")
    with pytest.raises(FileError, match="in.csv has columns but no rows"):
        gradcalc.fit(MODEL, str(tmp_path / "in.csv"), START, scheduler="local:1")
    rows = rows_of(path, 0)
    data_file(tmp_path, 400)
    with pytest.raises(gradcalc.GradcalcError, match="in.parquet was changed while it was read"):
        list(rows.numbered())
    monkeypatch.setattr(distant, "_opened", distant._opened.__wrapped__)  # another worker, which sees the new file
    with pytest.raises(gradcalc.GradcalcError, match="in.parquet is another file on a worker"):
        list(rows.numbered())
    os.unlink(path)
    with pytest.raises(gradcalc.GradcalcError, match="in.parquet"):
        list(rows.numbered())


def test_what_no_worker_can_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="scheduler: the data are in memory here"):
        gradcalc.fit(MODEL, {"x": [1.0], "y": [2.0]}, START, scheduler="local:1")
    words = ["--at", "a=1,b=1,c=0", "--scheduler", "local:1"]
    assert main(["fit", MODEL, "--data", "-", *words]) == 2
    assert "--scheduler: standard input can be read but once" in capsys.readouterr().err
    assert main(["descend", "a^2", "--at", "a=1", "--scheduler", "local:1"]) == 2
    assert "--scheduler gives rows to workers, and there are none" in capsys.readouterr().err
    data = ["--data", data_file(tmp_path, 300), "--batch-size", "10", "--optimizer", "adam"]
    assert main(["descend", "(a*exp(-b*x) + c - y)^2", *data, *words]) == 2
    assert "a batch is drawn from all rows" in capsys.readouterr().err
    assert main(["fit", MODEL, "--data", data[1], *words[:-1], "host"]) == 2
    assert "--scheduler host: no address of a scheduler" in capsys.readouterr().err


def killed_and_right(folder: Path, seed: int, rows: int = 3 << 18) -> None:
    """Kill workers at random while a fit and a descent are made on a cluster; compare with the plain run."""
    from gradcalc.data.cluster import connected

    chance, path = random.Random(seed), data_file(folder, rows)
    formula, deaths = "(a*exp(-b*x) + c - y)^2", [0, 0]
    plain = gradcalc.fit(MODEL, path, START, nulls="drop"), gradcalc.descend(formula, START, data=path, nulls="drop")

    with connected("local:2") as workers:

        def perhaps(step: Any, which: int) -> None:
            if deaths[which] < 2 and (chance.random() < 0.5 or not deaths[which]):
                deaths[which] += kill_one(workers, chance)

        more: dict[str, Any] = {"nulls": "drop", "scheduler": workers.client.scheduler.address}
        fitted = gradcalc.fit(MODEL, path, START, callback=lambda step: perhaps(step, 0), **more)
        fallen = gradcalc.descend(formula, START, data=path, callback=lambda step: perhaps(step, 1), **more)
    assert told(fitted) == told(plain[0])
    assert told(fallen) == told(plain[1])
    assert all(deaths), "no worker was killed"


def test_workers_that_are_killed_change_no_bit_of_a_fit(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    killed_and_right(tmp_path, 0)
