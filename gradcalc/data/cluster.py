"""Tasks on a cluster of Dask, in the order in which they were made, whichever ends first. Imports shard.

A task is a function of a module of gradcalc, something that all tasks share, and a span of rows. What it raises comes
back as it was raised here; a task whose worker was killed is run by another one.
"""

import re
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pickle import dumps
from typing import Any

from gradcalc.data.batches import Span
from gradcalc.data.shard import made_by
from gradcalc.errors import FileError, GradcalcError, UsageError, library

_SECONDS = 10
"""How long a scheduler may take to answer."""
_AHEAD = 2
"""Tasks that are made before they are needed, for each thread of a worker: what memory they take is bounded."""
_OF_MACHINES = ("instruction set", "libc")
"""What workers have in common, but not with this process."""
_DEATHS = 3
"""How many workers may be killed at one task."""

Tell = Callable[[str], object] | None
"""Hears where the cluster can be watched."""


@dataclass(frozen=True)
class _Done:
    """What a task gave, or the error that it ended in; and what it was made by."""

    value: Any
    error: tuple[str, str, str | None, int] | None
    made_by: dict[str, str]


def _run(function: Callable[[bytes, Span], Any], shared: bytes, span: Span) -> _Done:
    """A task, on the worker."""
    try:
        return _Done(function(shared, span), None, made_by())
    except GradcalcError as error:
        return _Done(None, (error.kind, error.message, error.hint, int(error.exit_code)), made_by())


class Cluster:
    """Workers that can be given tasks."""

    def __init__(self, client: Any, address: str) -> None:
        self.client, self.address = client, address
        self.threads = max(sum(client.nthreads().values()), 1)
        self.maker: dict[str, str] | None = None

    def each(
        self, function: Callable[[bytes, Span], Any], shared: Any, spans: Iterable[Span], of: str
    ) -> Iterator[Any]:
        """What a function of all that is shared gives for each span, in their order.

        Args:
            of: what the rows are of, for messages.
        """
        waiting, left, data = deque[tuple[Span, Any]](), iter(spans), dumps(shared)
        try:
            while True:
                while len(waiting) < _AHEAD * self.threads and (span := next(left, None)) is not None:
                    waiting.append((span, self.client.submit(_run, function, data, span, pure=False)))
                if not waiting:
                    return
                span, future = waiting.popleft()
                yield self._result(future, f"rows {span.first + 1:,} to {span.stop or 0:,} of {of}")
        finally:
            with suppress(Exception):
                self.client.cancel([future for _, future in waiting])

    def _result(self, future: Any, where: str) -> Any:
        """What a task gave; its error is raised here."""
        if error := future.exception():
            raise _told(error, where)
        done: _Done = future.result()
        if done.error:
            kind, message, hint, code = done.error
            failure = GradcalcError(message, hint=hint)
            failure.kind, failure.exit_code = kind, type(failure.exit_code)(code)
            raise failure
        self._expect(done.made_by)
        return done.value

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
        return UsageError(f"a worker cannot run this gradcalc: {text}", hint="the same version on all workers")
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
    distributed = library("distributed", "--scheduler")
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ports in use, of versions: what matters is compared
        library("dask", "--scheduler").config.set({"distributed.scheduler.allowed-failures": _DEATHS})
        try:
            if local:
                cluster = distributed.LocalCluster(
                    n_workers=int(local[1]), threads_per_worker=1, dashboard_address=":0", silence_logs=50
                )
                stack.enter_context(cluster)
            client = stack.enter_context(distributed.Client(cluster if local else address, timeout=_SECONDS))
            client.wait_for_workers(1, timeout=_SECONDS)
        except (OSError, TimeoutError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise FileError(f"no scheduler with workers answers at {address}: {reason}") from None
        if tell:
            tell(f"dashboard: {client.dashboard_link}")
        yield Cluster(client, address)
