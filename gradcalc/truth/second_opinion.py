"""SymPy in a process of its own, under a time and memory budget: only there is `symbolic` imported.

A `Worker` starts the process, so that SymPy loads while the caller works; `submit` hands it a formula and `Job.result`
waits for the derivatives, at most until the deadline, and keeps what was finished by then. Whatever happens over there
(no SymPy, no memory, no end, a crash) becomes an `Opinion`, never an exception, a hang or a traceback.

The two talk in lines of JSON. A request:

    {"id": 1, "nodes": [[op, [operands], parameter], ...], "output": 3, "entries": [["x"], ["x", "x"]],
     "seconds": 5.0, "latex": false, "forms": false}

and its replies, one as soon as each derivative is found:

    {"id": 1, "entry": ["x"], "nodes": [...], "output": 4, "formula": "4*x**3", "latex": "4 x^{3}"}
    {"id": 1, "entry": ["y"], "unsupported": "floor has no SymPy derivative"}
    {"id": 1, "entry": ["x"], "form": true, "nodes": ...}      a shorter form of what came before, if "forms" is true
    {"id": 1, "done": true}                                    or {"id": 1, "failed": "why", "kind": "memory"}

On Linux the kernel ends the process: by an alarm a second after the budget, when its memory passes 1 GiB, and at once
when its parent is gone. Elsewhere there is no memory limit, and on Windows no alarm: there the parent ends it.

A browser has no processes. There is no opinion there, unless whoever can end the whole interpreter says `work_here`:
then SymPy works `Here`, with the same requests and replies, and looks at the clock between the calls of its functions.
"""

import atexit
import contextlib
import errno
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from inspect import CO_GENERATOR
from itertools import combinations_with_replacement
from typing import Any, Literal

from gradcalc.errors import GradcalcError
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.settings import MAX_NODES

Status = Literal["done", "timed out", "unsupported"]

PATIENCE = 0.5
"""For how many seconds the opinion is waited for without a word."""

MEMORY_LIMIT = 1 << 30
"""How much address space the process may have, in bytes, where the system can limit it."""

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@dataclass(frozen=True, slots=True)
class Entry:
    """One derivative: as a graph over the inputs it needs, as SymPy prints it, and in LaTeX if that was asked for."""

    graph: Graph
    output: int
    formula: str
    latex: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What came of a job.

    Attributes:
        status: `done` if every entry came (single ones may be unsupported), `unsupported` if none could be had.
        reason: why not `done`.
        entries: by input name, or by pair of names (upper triangle) for second derivatives; a text says why there is
            none. After `timed out` those that were finished in time.
        latex: the formula itself in LaTeX, if that was asked for.
        forms: shorter forms of entries, if those were asked for: to be checked by who shows them.
    """

    status: Status
    reason: str
    entries: dict[tuple[str, ...], Entry | str]
    latex: str = ""
    forms: dict[tuple[str, ...], list[Entry]] = field(default_factory=dict)


def environment() -> dict[str, str]:
    """The environment of this process, with the place this package is imported from behind whatever is on the path."""
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{path}{os.pathsep}{_ROOT}" if path else _ROOT}


def pack(graph: Graph, output: int) -> dict[str, Any]:
    """The part of a graph that `output` depends on, as JSON."""
    needed = graph.needed([output])
    position = {index: i for i, index in enumerate(needed)}
    nodes = [graph.nodes[index] for index in needed]
    packed = [[node.op.name, [position[i] for i in node.operands], node.parameter] for node in nodes]
    return {"nodes": packed, "output": position[output]}


def unpack(body: dict[str, Any]) -> tuple[Graph, int]:
    """The graph that `pack` has packed, and its output."""
    graph = Graph(max_nodes=max(MAX_NODES, len(body["nodes"])))
    for name, operands, parameter in body["nodes"]:
        if name == "input":
            graph.input(parameter)
        else:
            graph.emit(ops.const if name == "const" else ops.TABLE[name], tuple(operands), parameter)
    return graph, body["output"]


# -- the caller's side -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Job:
    """A request under way."""

    worker: "Worker"
    request: bytes
    seconds: float
    deadline: float
    wanted: int = 0
    entries: dict[tuple[str, ...], Entry | str] = field(default_factory=dict)
    latex: str = ""
    forms: dict[tuple[str, ...], list[Entry]] = field(default_factory=dict)
    outcome: tuple[Status, str] | None = None
    finished: threading.Event = field(default_factory=threading.Event)

    def result(self, waiting: Callable[[], None] | None = None) -> Opinion:
        """The opinion, waited for until the deadline; then the process is ended.

        Args:
            waiting: called once, if the opinion is waited for longer than `PATIENCE`.
        """
        if waiting is not None and not self.finished.wait(PATIENCE) and time.monotonic() < self.deadline:
            waiting()
        if not self.finished.wait(max(0.0, self.deadline - time.monotonic())):
            self.worker.abandon(self)
        assert self.outcome is not None
        return Opinion(*self.outcome, self.entries, self.latex, self.forms)

    def finish(self, status: Status, reason: str = "") -> None:
        """Settle the outcome, unless it already is."""
        if self.outcome is None:
            if 0 < self.wanted == len(self.entries):  # what is late are shorter forms
                status, reason = "done", ""
            if status == "done" and self.entries and all(isinstance(e, str) for e in self.entries.values()):
                status, reason = "unsupported", next(e for e in self.entries.values() if isinstance(e, str))
            self.outcome = (status, reason)
            self.finished.set()


class Worker:
    """The process that runs SymPy: started at need, ended on time-out or with this process, never shared by a fork.

    Safe to use from several threads; its jobs run one after the other.
    """

    def __init__(self) -> None:
        self._reset()
        atexit.register(self.stop)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._current: Job | None = None
        self._count = 0

    def start(self) -> None:
        """Start the process, if there is none. It loads SymPy meanwhile; this does not wait for it."""
        with self._lock, contextlib.suppress(OSError):
            self._running()

    def submit(
        self,
        graph: Graph,
        output: int,
        wrt: Sequence[str],
        order: int = 1,
        seconds: float = 5.0,
        *,
        latex: bool = False,
        forms: bool = False,
    ) -> Job:
        """Ask for the derivatives of a node.

        Args:
            wrt: names of the inputs to differentiate for.
            order: 2 asks for the second derivatives as well; 0 for the one derivative alone that is taken for each of
                `wrt`, one after the other.
            seconds: how long the answer may take, from now on; includes loading SymPy.
            forms: whether shorter forms are looked for, once all derivatives are found.
        """
        deadline = time.monotonic() + seconds
        entries = [[name] for name in wrt] if order else [list(wrt)]
        entries += map(list, combinations_with_replacement(wrt, 2)) if order == 2 else []
        body = {"entries": entries, "seconds": seconds, "latex": latex, "forms": forms, **pack(graph, output)}
        self.start()
        with self._lock:
            self._count += 1
            request = json.dumps({"id": self._count, **body}).encode() + b"\n"
        job = Job(self, request, seconds, deadline, len(entries))
        if not seconds:  # whether it is quick enough by chance is no answer
            job.finish("timed out", f"more than {seconds:g} s")
        else:
            self._take_up(job)
        return job

    def _take_up(self, job: Job) -> None:
        """Let the thread work on a job, as soon as those before it are done."""
        with self._lock:
            try:
                if self._thread is None:
                    thread = threading.Thread(target=self._serve, name="symbolic worker", daemon=True)
                    thread.start()
                    self._thread = thread
            except RuntimeError as error:
                job.finish("unsupported", f"cannot start a thread for SymPy: {error}")
        self._jobs.put(job)

    def abandon(self, job: Job) -> None:
        """Give a job up: it has timed out, and if it is being worked on, the process ends."""
        with self._lock:
            if job.outcome is None:
                job.finish("timed out", f"more than {job.seconds:g} s")
                if self._current is job:
                    self._kill()

    def stop(self) -> None:
        """End the process; a later job starts a new one."""
        with self._lock:
            self._kill()

    def _running(self) -> "subprocess.Popen[bytes]":
        """The process, started now if there is none or it has ended; the lock is held."""
        if self._process is not None and self._process.poll() is not None:
            self._kill()
        if self._process is None:
            if not sys.executable:
                raise FileNotFoundError(errno.ENOENT, "this Python is embedded and has no program of its own")
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "gradcalc.truth.second_opinion"],
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
            )
        return self._process

    def _kill(self) -> None:
        """End the process, if any, and wait for that; the lock is held."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if self._current is None:
                _close(process)

    def _forget(self) -> None:
        """After a fork, in the child: the process belongs to the parent."""
        if self._process is not None:
            _close(self._process)
            self._process.returncode = 0
        self._reset()

    def _serve(self) -> None:
        """The thread: one job after the other."""
        while True:
            job = self._jobs.get()
            with self._lock:
                if job.outcome is not None:
                    continue
                try:
                    process = self._running()
                except OSError as error:
                    job.finish("unsupported", f"cannot start Python for SymPy: {error.strerror}")
                    continue
                self._current = job
            status, reason = self._exchange(process, job)
            with self._lock:
                self._current = None
                if self._process is not process:
                    _close(process)
                elif status != "done":
                    self._kill()
                job.finish(status, reason)

    def _exchange(self, process: "subprocess.Popen[bytes]", job: Job) -> tuple[Status, str]:
        """Send a request and collect its replies."""
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            unsent = memoryview(job.request)
            while unsent:
                unsent = unsent[process.stdin.write(unsent) :]
        for line in _lines(process.stdout.fileno()):
            reply = json.loads(line)
            if "entry" not in reply:
                return _outcome(reply)
            self._collect(job, reply)
        return _ending(process.wait(), job.seconds)

    def _collect(self, job: Job, reply: dict[str, Any]) -> None:
        """Keep an entry, unless the job has been given up meanwhile."""
        entry: Entry | str
        if "unsupported" in reply:
            entry = reply["unsupported"]
        else:
            entry = Entry(*unpack(reply), reply["formula"], reply["latex"])
        with self._lock:
            if job.outcome is not None:
                return
            if reply.get("form") and isinstance(entry, Entry):
                job.forms.setdefault(tuple(reply["entry"]), []).append(entry)
            elif reply["entry"]:
                job.entries[tuple(reply["entry"])] = entry
            else:
                job.latex = reply["latex"]


class Here(Worker):
    """SymPy in this process, each job at once: `submit` returns when it is done or its time is up.

    What takes long inside one function of C is not ended: that is left to whoever can end the whole interpreter.
    """

    def start(self) -> None:
        """Load SymPy."""
        _missing()

    def _take_up(self, job: Job) -> None:
        """Work on a job, and collect the replies."""
        missing = _missing()
        if missing:
            return job.finish("unsupported", missing)
        request, last = json.loads(job.request), {"late": True}
        token = _send.set(partial(self._collect, job))
        try:
            with contextlib.suppress(_Slow), _looking(job.seconds):
                last = _answer(request)
        finally:
            _send.reset(token)
        if "late" in last:
            job.finish("timed out", f"more than {job.seconds:g} s")
        else:
            job.finish(*_outcome(last))


def _outcome(last: dict[str, Any]) -> tuple[Status, str]:
    """What the last reply to a request says of it."""
    if "failed" in last:
        return ("timed out" if last["kind"] == "memory" else "unsupported"), last["failed"]
    return "done", ""


def _lines(descriptor: int) -> Iterator[bytes]:
    """The lines that come through a pipe, until it closes."""
    parts: list[bytes] = []
    while chunk := _read(descriptor):
        *ended, rest = chunk.split(b"\n")
        for line in ended:
            yield b"".join(parts) + line
            parts = []
        parts.append(rest)


def _read(descriptor: int) -> bytes:
    """What a pipe holds, waited for; nothing once it is closed."""
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:
        return b""


def _close(process: "subprocess.Popen[bytes]") -> None:
    """Close the pipes to a process."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _ending(code: int, seconds: float) -> tuple[Status, str]:
    """What the exit code of a process that ended during a job means."""
    if code == -getattr(signal, "SIGALRM", 0):
        return "timed out", f"more than {seconds:g} s"
    return "unsupported", f"SymPy's process ended with code {code}"


_worker: Worker | None = None
_worker_lock = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_worker_lock.acquire, after_in_parent=_worker_lock.release, after_in_child=_worker_lock.release
    )


def get_worker() -> Worker:
    """The worker of this process: made by who first asks, and ended by `stop` or with this process."""
    global _worker
    with _worker_lock:
        _worker = _worker or Worker()
        return _worker


def work_here() -> None:
    """From now on SymPy works in this process: to be said by whoever can end all of it, where there are no others."""
    global _worker
    with _worker_lock:
        _worker = Here()


# -- the process's side ----------------------------------------------------------------------------------------------


def main() -> None:
    """Answer requests until standard input ends."""
    _prepare()
    missing = _missing()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        with _budget(request["seconds"] + 1):
            last = {"failed": missing, "kind": "missing"} if missing else _answer(request)
        _reply(request, **last)


def _missing() -> str:
    """Load SymPy; why it is not there, "" if it is.

    It is kept to Python's integers: libraries in C end the process where memory is short, and take longer to load.
    """
    os.environ["SYMPY_GROUND_TYPES"] = "python"
    try:
        import gradcalc.language.symbolic  # noqa: F401
    except ImportError as error:
        return "SymPy is not installed" if error.name == "sympy" else f"SymPy cannot be imported: {error}"
    return ""


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    """Send what can be found; returns the last reply, which says how it ended."""
    try:
        _differentiate(request)
    except MemoryError:
        return {"failed": f"more than {MEMORY_LIMIT >> 30} GiB", "kind": "memory"}
    except RecursionError:
        return {"failed": "the formula is nested too deeply for SymPy", "kind": "error"}
    except Exception as error:  # noqa: BLE001 (SymPy may raise anything)
        return {"failed": _failure(error), "kind": "error"}
    return {"done": True}


def _differentiate(request: dict[str, Any]) -> None:
    """Reply with one derivative after the other."""
    from gradcalc.language.symbolic import real_symbol, to_sympy, typeset, with_decimals

    entries = [tuple(entry) for entry in request["entries"]]
    try:
        expr = to_sympy(*unpack(request))
    except GradcalcError as error:
        for entry in entries:
            if len(entry) == len(entries[0]):
                _reply(request, entry=entry, unsupported=error.message)
        return
    if request["latex"]:
        shown = with_decimals(expr) if _in_decimals(request) else expr
        _reply(request, entry=[], nodes=[], output=-1, formula=str(expr), latex=typeset(shown))
    found: dict[tuple[str, ...], Any] = {(): expr}
    for entry in entries:
        for order in range(1, len(entry) + 1):
            first, name = entry[: order - 1], entry[order - 1]
            if entry[:order] not in found:
                told = entry if order == len(entry) else None
                found[entry[:order]] = _entry(request, told, found[first], real_symbol(name))
    if request["forms"]:
        _shorten(request, {entry: found[entry] for entry in entries if found.get(entry) is not None})


def _entry(request: dict[str, Any], entry: tuple[str, ...] | None, expr: Any, symbol: Any) -> Any:
    """One derivative, None if SymPy failed; if it is an entry, reply with it, or with why there is none."""
    from gradcalc.language.symbolic import derivative, from_sympy, typeset, with_decimals, without_pulses

    graph, result = Graph(), None
    try:
        if expr is None:
            raise GradcalcError("SymPy failed at the derivative before")
        result = derivative(expr, symbol)
        if entry is None:
            return result
        told = without_pulses(result) if request["forms"] else result
        output = from_sympy(told, graph)
        shown = with_decimals(told) if _in_decimals(request) else told
        latex = typeset(shown) if request["latex"] else ""
        body = {"formula": str(shown), "latex": latex, **pack(graph, output)}
    except GradcalcError as error:
        body = {"unsupported": error.message}
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # noqa: BLE001 (SymPy may raise anything)
        body = {"unsupported": _failure(error)}
    if entry is not None:
        _reply(request, entry=entry, **body)
    return result


class _Slow(BaseException):
    """Raised in the midst of SymPy; no `except Exception` there holds it up."""


def _shorten(request: dict[str, Any], found: dict[tuple[str, ...], Any]) -> None:
    """Reply with forms of derivatives that are shorter than those told so far, as long as there is time."""
    seconds, late = _FORMS_SECONDS, time.monotonic() + request["seconds"] / 3
    for count, (entry, expr) in enumerate(found.items()):
        began = time.process_time()
        replies: list[dict[str, Any]] = []
        with contextlib.suppress(_Slow), _at_most(seconds / (len(found) - count)):
            _find_forms(expr, request, replies)
        for reply in replies:  # not one is cut in two
            _reply(request, entry=entry, form=True, **reply)
        seconds -= time.process_time() - began
        if seconds <= 0 or time.monotonic() > late:
            break


_FORMS_SECONDS = 1.0
"""How long shorter forms are looked for, in seconds of this process; each derivative has its share."""


def _find_forms(expr: Any, request: dict[str, Any], replies: list[dict[str, Any]]) -> None:
    """Collect shorter forms of one derivative, each shorter than the one before."""
    from gradcalc.language.symbolic import forms, from_sympy, typeset, with_decimals, without_pulses

    expr, in_decimals = without_pulses(expr), _in_decimals(request)
    shortest = len(str(with_decimals(expr) if in_decimals else expr))
    with contextlib.suppress(Exception):  # what SymPy has told stays
        for form in forms(expr):
            shown = with_decimals(form) if in_decimals else form
            text = str(shown)
            if len(text) < shortest:
                graph, shortest = Graph(), len(text)
                packed = pack(graph, from_sympy(form, graph))
                replies.append({"formula": text, "latex": typeset(shown) if request["latex"] else "", **packed})


def _in_decimals(request: dict[str, Any]) -> bool:
    """Whether forms are asked for of a formula that has decimals."""
    texts = (parameter for name, _, parameter in request["nodes"] if name == "const")
    return bool(request["forms"]) and any(text[:1].isdecimal() and set(text) & set(".ex") for text in texts)


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """End what is done in here after a time that this process computes."""

    def stop(number: int, frame: Any) -> None:
        raise _Slow

    if not hasattr(signal, "setitimer"):
        with _looking(seconds):
            yield
        return
    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


_CALLS = 100
"""After so many calls of functions the clock is looked at. Not in generators: what is raised in one that is let go of
is lost, and Python asks the profiler no more."""


@contextlib.contextmanager
def _looking(seconds: float) -> Iterator[None]:
    """The same where no signal comes: by a look at the clock between calls of functions. One may be within another."""
    end, before, count = time.process_time() + seconds, sys.getprofile(), 0

    def look(frame: Any, event: Any, argument: Any) -> None:
        nonlocal count
        if event == "call" and not frame.f_code.co_flags & CO_GENERATOR:
            count += 1
            if count % _CALLS == 0 and time.process_time() >= end:
                raise _Slow
        if before is not None:
            before(frame, event, argument)

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)


def _failure(error: Exception) -> str:
    """What to say of an error inside SymPy."""
    return f"SymPy failed: {type(error).__name__}: {error}"[:300]


def _reply(request: dict[str, Any], **body: Any) -> None:
    """Send one reply."""
    _send.get()({"id": request["id"], **body})


def _write(reply: dict[str, Any]) -> None:
    """Write a reply as a line."""
    sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n")
    sys.stdout.buffer.flush()


_send: ContextVar[Callable[[dict[str, Any]], None]] = ContextVar("send", default=_write)
"""Where replies go."""


def _prepare() -> None:
    """Limit memory, allow deep recursion, and leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setrecursionlimit(20_000)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_STACK)
        room = 256 << 20
        resource.setrlimit(resource.RLIMIT_STACK, (room if hard < 0 else min(room, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


@contextlib.contextmanager
def _budget(seconds: float) -> Iterator[None]:
    """Let the kernel end this process when the time is up or the parent is gone, even inside C code."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
    _end_with_parent(True)
    yield
    _end_with_parent(False)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def _end_with_parent(on: bool) -> None:
    """Ask for the signal SIGIO, which ends the process, when standard input changes: when the parent is gone."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        flags = fcntl.fcntl(0, fcntl.F_GETFL)
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC if on else flags & ~os.O_ASYNC)


if __name__ == "__main__":
    main()
