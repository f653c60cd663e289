"""A cluster of Dask: the bytes and the summary of the plain run, whatever becomes of the workers."""

import os
import random
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from pickle import dumps, loads
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gradcalc.cli import main
from gradcalc.data import cluster
from gradcalc.data.batches import Span, tasks_of
from gradcalc.data.cluster import Cluster, Task, connected
from gradcalc.data.map import Settings, UndefinedError, run
from gradcalc.errors import FileError, MissingExtra, UsageError
from tests.data import write
from tests.data.test_merge import told

BLOCK = 1 << 18


def big_file(folder: Path) -> str:
    """Five blocks of rows, with some of each kind."""
    chance = np.random.default_rng(2)
    x = chance.normal(1, 1, 4 * BLOCK + 1000)
    x[::1001] = np.nan
    data = pa.table({"x": x, "y": np.where(chance.random(len(x)) < 0.01, 0.0, 1.5)})
    return str(write(folder / "in.parquet", data))


FORMULA = "sqrt(x)*y + abs(y)"


def kill_one(workers: Cluster, chance: random.Random) -> bool:
    """Kill a worker, be it one that starts; whether there was one."""
    processes = [nanny.pid for nanny in workers.client.cluster.workers.values() if nanny.pid]
    if processes:
        os.kill(chance.choice(processes), signal.SIGKILL)
    return bool(processes)


def killed_and_right(source: str, folder: Path, seed: int) -> None:
    """Kill workers at random while a cluster works; compare with the plain run."""
    chance, plain = random.Random(seed), folder / f"plain{seed}.parquet"
    expected = run(FORMULA, source, str(plain))
    output, deaths = folder / f"out{seed}.parquet", [0]

    with connected("local:2") as workers:

        def progress(rows: int, total: int | None) -> None:
            if deaths[0] < 2 and (chance.random() < 0.7 or not deaths[0]):
                deaths[0] += kill_one(workers, chance)

        address = workers.client.scheduler.address
        found = run(FORMULA, source, str(output), Settings(scheduler=address), progress=progress)
    assert output.read_bytes() == plain.read_bytes()
    assert told(found) == told(expected)
    assert deaths[0], "no worker was killed"


def test_workers_that_are_killed_change_no_bit_and_no_count(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    killed_and_right(big_file(tmp_path), tmp_path, 0)


# -- without a cluster -------------------------------------------------------------------------------------------------


class Future:
    """A task that runs when it is first asked for, and whose data may get lost."""

    def __init__(self, function: Any, *given: Any) -> None:
        self.given, self.value, self.error = (function, given), None, None

    def exception(self, timeout: float | None = None) -> Exception | None:
        function, given = self.given
        try:
            self.value = function(*(each.done() if isinstance(each, Future) else each for each in given))
        except Exception as error:  # noqa: BLE001
            self.error = error
        return self.error

    def done(self) -> Any:
        if self.value is None:
            self.exception()
        return self.value

    def result(self, timeout: float | None = None) -> Any:
        return self.value


class Client:
    """Runs each task where it is asked for; what is sent is pickled."""

    status, memory = "running", 1 << 40

    def nthreads(self) -> dict[str, int]:
        return {"here": 1}

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        return {"workers": {"here": {"memory_limit": self.memory}}}

    def submit(self, function: Any, *given: Any, pure: bool) -> Future:
        return Future(
            function, *(each if callable(each) or isinstance(each, Future) else loads(dumps(each)) for each in given)
        )

    def cancel(self, futures: list[Future]) -> None:
        pass


@contextmanager
def connected_here(address: str, tell: Any = None) -> Iterator[Cluster]:
    """A cluster that is this process."""
    yield Cluster(Client(), address)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcalc.data.map.connected", connected_here)


def small_data(folder: Path) -> str:
    x = np.arange(300.0)
    x[::50] = np.nan
    texts = pa.array([f"t{i}" * (i % 3) for i in range(300)])
    return str(write(folder / "in.csv", pa.table({"x": x, "n": np.arange(300), "t": texts})))


@pytest.mark.parametrize("format", ["csv", "parquet", "arrow", "npz"])
@pytest.mark.usefixtures("small", "here")
def test_tasks_give_the_bytes_and_the_summary_of_the_plain_run(tmp_path: Path, format: str) -> None:
    source, settings = small_data(tmp_path), Settings(keep=["n"] if format == "npz" else ["*"], nulls="drop", order=2)
    if format != "npz":
        settings = replace(settings, digits=True)
    plain = run("log(x - 100)", source, str(tmp_path / f"plain.{format}"), settings)
    spread = replace(settings, scheduler="local:1")
    found = run("log(x - 100)", source, str(tmp_path / f"out.{format}"), spread)
    assert (tmp_path / f"out.{format}").read_bytes() == (tmp_path / f"plain.{format}").read_bytes()
    assert told(found) == told(plain)


@pytest.mark.usefixtures("small", "here")
def test_what_a_task_raises_names_the_file_and_the_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.csv").write_text("x\n" + "1\n" * 200 + "q\n")
    source, output, settings = str(tmp_path / "in.csv"), str(tmp_path / "o.csv"), Settings(scheduler="local:1")
    with pytest.raises(Exception, match=r"in.csv, line 202, column x: 'q' is no number") as caught:
        run("x", source, output, settings)
    assert (caught.value.exit_code, caught.value.kind) == (4, "file")  # type: ignore[attr-defined]
    (tmp_path / "in.csv").write_text("x\n" + "1\n" * 200 + "-1\n")
    with pytest.raises(Exception, match="the formula is undefined in row 201 of .*in.csv: x=-1") as caught:
        run("log(x)", source, output, replace(settings, undefined="fail"))
    assert caught.value.exit_code == UndefinedError.exit_code  # type: ignore[attr-defined]

    def broken(shared: bytes, span: Span) -> None:
        raise RuntimeError("a disk is gone") if span.first else ModuleNotFoundError("No module named 'gradcalc'")

    monkeypatch.setattr("gradcalc.data.map.task", broken)
    with pytest.raises(UsageError, match="a worker cannot run this gradcalc: No module named 'gradcalc'"):
        run("x", source, output, settings)
    with pytest.raises(FileError, match="rows 65 to 128 of a: RuntimeError: a disk is gone"):
        list(Cluster(Client(), "here").each(broken, None, [Task(Span(64, 128))], "a"))
    assert os.listdir(tmp_path) == ["in.csv"]


@pytest.mark.usefixtures("small", "here")
@pytest.mark.parametrize(("key", "where"), [("gradcalc", "here"), ("instruction set", "on another worker")])
def test_a_worker_that_is_not_like_the_others_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, where: str
) -> None:
    source, plain, calls = small_data(tmp_path), cluster.made_by(), iter(range(100))
    monkeypatch.setattr(cluster, "made_by", lambda: plain | ({key: "other"} if next(calls) == 2 else {}))
    with pytest.raises(UsageError, match=f"a worker of local:1 has {key} other, {where} it is "):
        run("x", source, str(tmp_path / "o.csv"), Settings(scheduler="local:1"))


class Lost(Future):
    """A task that never ends: its worker is gone."""

    def exception(self, timeout: float | None = None) -> Exception | None:
        raise TimeoutError


def test_what_is_shared_is_in_no_log() -> None:
    sent: list[Any] = []

    class Listening(Client):
        def submit(self, function: Any, *given: Any, pure: bool) -> Future:
            sent.extend(given)
            return super().submit(function, *given, pure=pure)

    list(Cluster(Listening(), "here").each(loaded, "s3://KEY:SECRET@bucket", [Task(Span(0, 1))], "a"))
    assert sent
    assert "SECRET" not in repr(sent)


def loaded(shared: bytes, span: Span) -> str:
    return str(loads(shared))


def test_no_worker_and_no_scheduler_end_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    none = Client()
    monkeypatch.setattr(none, "nthreads", dict)
    monkeypatch.setattr(none, "submit", lambda *given, pure: Lost(None))
    monkeypatch.setattr(cluster, "monotonic", lambda: 3.0 * len(asked))
    workers = Cluster(none, "tcp://host:1", lambda: asked.append(1))
    monkeypatch.setattr(cluster, "_LOOK", -1.0)
    with pytest.raises(FileError, match="rows 1 to 64 of a: no worker is left at tcp://host:1"):
        list(workers.each(loaded, None, [Task(Span(0, 64))], "a"))
    assert len(asked) == 21  # others were started meanwhile
    monkeypatch.setattr(Lost, "exception", lambda self, timeout: CancelledError())
    with pytest.raises(FileError, match="rows 1 to 64 of a: the scheduler at tcp://host:1 is gone"):
        list(workers.each(loaded, None, [Task(Span(0, 64))], "a"))


def test_a_span_is_cut_at_blocks() -> None:
    assert tasks_of(Span(), 2 * BLOCK + 5) == [Span(0, BLOCK), Span(BLOCK, 2 * BLOCK), Span(2 * BLOCK, 2 * BLOCK + 5)]
    assert tasks_of(Span(BLOCK - 1, BLOCK + 1), 0) == [Span(BLOCK - 1, BLOCK), Span(BLOCK, BLOCK + 1)]
    assert tasks_of(Span(), 0) == tasks_of(Span(7, 7), 9) == [Span(0, 0)]


def test_what_is_no_cluster_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    source = small_data(tmp_path)
    words = ["map", "x", source, "-o", str(tmp_path / "o.csv"), "-q", "--scheduler"]
    for address in ("local:0", "local", "host:8786", ""):
        assert main([*words, address]) == 2
        assert f"--scheduler {address}: no address of a scheduler" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    with monkeypatch.context() as patch, pytest.raises(MissingExtra, match="--scheduler needs Dask") as caught:
        patch.setattr("gradcalc.errors.installed", lambda name: name != "distributed")
        run("x", source, str(tmp_path / "o.csv"), Settings(scheduler="local:1"))
    assert "gradcalc[dask]" in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["in.csv"]


def test_a_scheduler_that_does_not_answer_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setattr(cluster, "_SECONDS", 0.5)
    with pytest.raises(FileError, match="no scheduler with workers answers at tcp://127.0.0.1:9: "):
        run("x", small_data(tmp_path), str(tmp_path / "o.csv"), Settings(scheduler="tcp://127.0.0.1:9"))


def test_a_script_that_workers_begin_anew_is_told_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**given: Any) -> None:
        raise RuntimeError("Nanny failed to start.")

    config = SimpleNamespace(set=lambda values: nullcontext())
    known = {"distributed": SimpleNamespace(LocalCluster=refused), "dask": SimpleNamespace(config=config)}
    monkeypatch.setattr(cluster, "library", lambda name, use: known[name])
    monkeypatch.setattr(cluster, "_load_ahead", lambda: None)
    with pytest.raises(FileError, match="--scheduler local:2: no worker starts: Nanny failed to start") as caught:
        run("x", small_data(tmp_path), str(tmp_path / "o.csv"), Settings(scheduler="local:2"))
    assert '__name__ == "__main__"' in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["in.csv"]
