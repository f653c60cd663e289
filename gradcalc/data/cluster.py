"""Tasks on a cluster of Dask, in the order in which they were made, whichever ends first. Imports shard and work.

A task is a function of a module of gradcalc, something that all tasks share, a span of rows, and what else it needs,
perhaps what another task left with a worker. What it raises comes back as it was raised here; a task whose worker was
killed is run by another one.
"""

import re
import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_all_start_methods
from pickle import dumps
from time import monotonic
from typing import Any

from gradcalc.data.batches import Span
from gradcalc.data.formats.format import has_arrow
from gradcalc.data.shard import made_by
from gradcalc.errors import FileError, GradcalcError, UsageError, installed, library

_SECONDS = 10
"""How long a scheduler may take to answer."""
_LOOK, _RETURN = 2.0, 60.0
"""How often it is looked whether there are workers; seconds for which there may be none."""
_AHEAD = 2
"""Tasks that are made before they are needed, for each thread of a worker: what memory they take is bounded."""
_OF_MACHINES = ("instruction set", "libc")
"""What workers have in common, but not with this process."""
_DEATHS = 3
"""How many workers may be killed at one task."""

_METHOD = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
_CONFIG = {
    "distributed.scheduler.allowed-failures": _DEATHS,
    "distributed.deploy.lost-worker-timeout": "1 day",
    "distributed.worker.multiprocessing-method": _METHOD,
}
"""For workers here. Dask gives a worker up that is not back in 15 s, and ends it if it comes later: on a busy machine
that looks as if workers were killed one after the other. A server that forks loads the libraries once for all.
"""
_LOADED, _WITH_ARROW = ("distributed", "gradcalc.data.map", "llvmlite.binding"), ("pyarrow.parquet",)
"""What that server loads; where there is room, as short of addresses PyArrow ends the process."""
_PART = 0.25
"""Of the workers' memory: what may be left with them."""

Tell = Callable[[str], object] | None
"""Hears where the cluster can be watched."""
Function = Callable[..., Any]
"""What a task runs: it takes what all tasks share, pickled, its span, and what else the task has."""

alone = threading.Lock()
"""What computes has all cores of a worker: its threads take turns."""


@dataclass(frozen=True)
class Task:
    """Rows, and what a function of them needs besides: values, and what `Cluster.left` gave."""

    span: Span
    more: tuple[Any, ...] = ()


@dataclass(frozen=True)
class _Done:
    """What a task gave, or the error that it ended in; and what it was made by."""

    value: Any
    error: tuple[str, str, str | None, int] | None
    made_by: dict[str, str]


@dataclass(frozen=True, repr=False)
class _Sealed:
    """What tasks share. A worker's log shows what a task that failed was given: here may be the secrets of a store."""

    data: bytes


def _run(function: Function, shared: _Sealed, span: Span, *more: Any) -> _Done:
    """A task, on the worker; it ends in the error that what it needs ended in."""
    for each in more:
        if isinstance(each, _Done) and each.error:
            return each
    try:
        given = [each.value if isinstance(each, _Done) else each for each in more]
        return _Done(function(shared.data, span, *given), None, made_by())
    except GradcalcError as error:
        return _Done(None, (error.kind, error.message, error.hint, int(error.exit_code)), made_by())


class Cluster:
    """Workers that can be given tasks."""

    def __init__(self, client: Any, address: str, more: Callable[[], object] | None = None) -> None:
        self.client, self.address, self.more = client, address, more
        self.threads = max(sum(client.nthreads().values()), 1)
        self.maker: dict[str, str] | None = None

    @property
    def room(self) -> float:
        """How many bytes may be left with the workers; the memory of one that tells of no limit counts as none."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        return _PART * sum(worker["memory_limit"] or 0 for worker in workers)

    def left(self, function: Function, shared: bytes, span: Span, *more: Any) -> Any:
        """What a function of pickled data gives for a span: it stays with a worker as long as this is held here."""
        return self.client.submit(_run, function, _Sealed(shared), span, *more, pure=False)

    def each(self, function: Function, shared: Any, tasks: Iterable[Task], of: str) -> Iterator[Any]:
        """What a function of all that is shared gives for each task, in their order.

        Args:
            of: what the rows are of, for messages.
        """
        waiting, left, data = deque[tuple[Span, Any]](), iter(tasks), dumps(shared)
        try:
            while True:
                while len(waiting) < _AHEAD * self.threads and (task := next(left, None)) is not None:
                    waiting.append((task.span, self.left(function, data, task.span, *task.more)))
                if not waiting:
                    return
                span, future = waiting.popleft()
                yield self._result(future, f"rows {span.first + 1:,} to {span.stop or 0:,} of {of}")
        finally:
            with suppress(Exception):
                self.client.cancel([future for _, future in waiting])

    def _result(self, future: Any, where: str) -> Any:
        """What a task gave; its error is raised here."""
        done = self._done(future, where)
        if done.error:
            kind, message, hint, code = done.error
            failure = GradcalcError(message, hint=hint)
            failure.kind, failure.exit_code = kind, type(failure.exit_code)(code)
            raise failure
        self._expect(done.made_by)
        return done.value

    def _done(self, future: Any, where: str) -> _Done:
        """What a task ended in; as long as it takes, while there are workers."""
        none_since, patience = None, _LOOK
        while True:
            try:
                if (error := future.exception(timeout=patience)) is None:
                    return future.result(timeout=patience)  # type: ignore[no-any-return]
            except TimeoutError:
                none_since, patience = self._look(where, none_since), 2 * patience
                continue
            except Exception as failed:  # noqa: BLE001 - it was lost with its worker, and then made again in vain
                error = failed
            if isinstance(error, CancelledError):
                raise FileError(f"{where}: the scheduler at {self.address} is gone, or gave up the task")
            raise _told(error, where)

    def _look(self, where: str, none_since: float | None) -> float | None:
        """Since when there is no worker, if there is none; local ones are then started, others waited for."""
        with suppress(OSError):
            if self.client.status != "running" or self.client.nthreads():
                return None
        now = monotonic()
        if none_since is None:
            return now
        if now - none_since > _RETURN:
            raise FileError(f"{where}: no worker is left at {self.address}")
        if self.more and now - none_since > _LOOK:
            self.more()
        return none_since

    def _expect(self, found: dict[str, str]) -> None:
        """Raise if a worker is not like the others, or runs another version than this process: bits would differ."""
        self.maker = self.maker or made_by() | {name: found[name] for name in _OF_MACHINES}
        for key, value in self.maker.items():
            if found.get(key) != value:
                there = "on another worker" if key in _OF_MACHINES else "here"
                raise UsageError(f"a worker of {self.address} has {key} {found.get(key)}, {there} it is {value}")


def _told(error: Exception, where: str) -> GradcalcError:
    """What ends a task, other than an error of gradcalc."""
    kind, text = type(error).__name__, str(error).strip().partition("\n")[0]
    if isinstance(error, ModuleNotFoundError) or "gradcalc" in text and isinstance(error, ImportError | AttributeError):
        return UsageError(
            f"the scheduler or a worker cannot run this gradcalc: {text}", hint="the same version on all of them"
        )
    if kind == "KilledWorker":
        return FileError(
            f"{where}: {_DEATHS + 1} workers were killed one after the other", hint="workers with more memory"
        )
    if isinstance(error, RuntimeError | OSError) and isinstance(error.__cause__, Exception):
        return _told(error.__cause__, where)
    return FileError(f"{where}: {kind}: {text}")


@contextmanager
def connected(address: str, tell: Tell = None) -> Iterator[Cluster]:
    """A cluster: `local:4` is of four processes here, `tcp://host:8786` the workers of a scheduler.

    Raises:
        MissingExtra: Dask is not installed.
        UsageError: the address is none.
        FileError: no scheduler answers there, or it has no worker.
    """
    local = re.fullmatch(r"local:([1-9][0-9]{0,3})", address)
    if not local and not re.fullmatch(r"(tcp|tls|ws|wss|ucx)://[^/]+", address):
        raise UsageError(f"--scheduler {address}: no address of a scheduler", hint="tcp://host:8786, or local:4")
    if local and installed("distributed"):
        _load_ahead()
    distributed = library("distributed", "--scheduler")
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ports in use, of versions: what matters is compared
        stack.enter_context(library("dask", "--scheduler").config.set(_CONFIG))
        more = None
        try:
            if local:
                cluster = distributed.LocalCluster(
                    n_workers=int(local[1]), threads_per_worker=1, dashboard_address=":0", silence_logs=50,
                    preload=[__name__],
                )  # fmt: skip
                stack.enter_context(cluster)
                more = partial(_started, cluster, int(local[1]))
            client = stack.enter_context(distributed.Client(cluster if local else address, timeout=_SECONDS))
            client.wait_for_workers(1, timeout=_SECONDS)
        except RuntimeError as error:
            hint = 'a script calls it below: if __name__ == "__main__":'
            raise FileError(f"--scheduler {address}: no worker starts: {error}", hint=hint) from None
        except (OSError, TimeoutError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise FileError(f"no scheduler with workers answers at {address}: {reason}") from None
        if tell:
            tell(f"dashboard: {client.dashboard_link}")
        yield Cluster(client, address, more)


def _load_ahead() -> None:
    """Start the server that forks workers, which loads the libraries while this process does; once in a process."""
    if _METHOD == "forkserver":
        from multiprocessing import forkserver

        forkserver.set_forkserver_preload([*_LOADED, *(_WITH_ARROW if has_arrow() else ())])
        forkserver.ensure_running()


def dask_setup(worker: Any) -> None:
    """What Dask calls in each worker here: a ^C is for the command, which ends them; each would tell of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _started(cluster: Any, count: int) -> None:
    """Start workers for those gone for good: a nanny whose worker is killed while it starts starts no other."""
    missing = count - sum(bool(nanny.pid) for nanny in cluster.workers.values())
    if missing > 0:
        cluster.scale(len(cluster.worker_spec) + missing)
