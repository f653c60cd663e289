"""Processes that do parts of a long task beside this one: the same answer to the byte, sooner.

    task ──pickled──▶ each process;  parts ──▶ whoever is free, this process too ──▶ results in the order of the parts

Balls are handed over exactly. A process that cannot be started, fails or is killed costs time alone: its part is done
here. None is started before the task has taken a while and is seen to take longer than a start does; none outlives
this process. Imports exact_numbers and the environment of the second opinion.
"""

import io
import os
import pickle
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from flint import arb, fmpq_poly

from gradcalc.arithmetic.exact_numbers import ExactBall
from gradcalc.truth.second_opinion import environment

_SPENT, _AHEAD = 0.3, 1.0
"""Seconds that parts must have taken here, and those ahead seem to take, before processes are started."""
MOST_JOBS = 256
"""Processes, at most."""
_PAUSE = 0.05
_HEAD = 8
"""Bytes that give the length of a message."""


class Task(Protocol):
    """What processes do parts of: it pickles, and what it makes of a part does not hang on the parts before."""

    def part(self, given: Any) -> Any:
        """What comes of a part."""


@dataclass
class Workers:
    """Those who do the parts: this process and others.

    Args:
        task: what is done here; `bare` makes what is sent to the others.
        count: of processes, this one included.
    """

    task: Task
    bare: Callable[[], Task]
    count: int
    _processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list, init=False)
    _spent: float = field(default=0.0, init=False)
    _parts: int = field(default=0, init=False)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]

    def results(self, parts: Sequence[Any], over: Callable[[], bool], ahead: int = 0) -> Iterator[Any]:
        """What comes of each part, in order; it ends early where `over` says so.

        Args:
            ahead: how many parts are likely to follow after these.
        """
        shared = _Shared(deque(range(len(parts))))
        messages = list[bytes]()
        for number in range(len(parts)):
            while number not in shared.done:
                if over():
                    shared.waiting.clear()
                    return
                if not messages and self._are_worth(len(shared.waiting) + ahead):
                    messages = [packed(part) for part in parts]
                    self._set_to_work(shared, messages)
                if (own := shared.own(number)) is None:
                    shared.changed.wait(_PAUSE)
                    shared.changed.clear()
                else:
                    shared.done[own] = self._here(parts[own])
            made = shared.done.pop(number)
            yield pickle.loads(made) if isinstance(made, bytes) else made

    def _here(self, part: Any) -> Any:
        """A part done in this process."""
        begin = time.monotonic()
        made = self.task.part(part)
        self._spent, self._parts = self._spent + time.monotonic() - begin, self._parts + 1
        return made

    def _are_worth(self, ahead: int) -> bool:
        """Whether processes are there, or would gain more time than they take to start."""
        if self._processes:
            return True
        seconds = self._spent / self._parts * ahead if self._parts else 0.0
        if self.count < 2 or self._spent < _SPENT or seconds < _AHEAD:
            return False
        self._start()
        return bool(self._processes)

    def _start(self) -> None:
        """Start the processes and tell them the task; those that do not start are left out."""
        count, self.count = self.count - 1, 1
        with suppress(pickle.PicklingError, TypeError, AttributeError, OSError):
            message = packed(self.bare())
            for _ in range(count if sys.executable else 0):
                process = subprocess.Popen(
                    [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"], env=environment(),
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
                self._processes.append(process)
                with suppress(OSError):
                    _send(process.stdin, message)

    def _set_to_work(self, shared: "_Shared", messages: Sequence[bytes]) -> None:
        """A thread for each process: it hands over parts while there are some."""
        for process in self._processes:
            threading.Thread(target=_hand_over, args=(process, shared, messages), daemon=True).start()


@dataclass
class _Shared:
    """Which parts wait, and what came of others: here what it is, elsewhere its bytes."""

    waiting: deque[int]
    done: dict[int, Any] = field(default_factory=dict)
    changed: threading.Event = field(default_factory=threading.Event)

    def own(self, number: int) -> int | None:
        """A part for this process: the one that is asked for, or else the last; None if all are taken."""
        with suppress(ValueError):
            self.waiting.remove(number)
            return number
        with suppress(IndexError):
            return self.waiting.pop()
        return None


def _hand_over(process: "subprocess.Popen[bytes]", shared: _Shared, messages: Sequence[bytes]) -> None:
    """Let a process do parts while some wait; what it does not do waits again."""
    with suppress(IndexError):
        while True:
            number = shared.waiting.popleft()
            try:
                _send(process.stdin, messages[number])
                made = _received(process.stdout)
            except (OSError, ValueError):
                made = b""
            if not made:
                shared.waiting.append(number)
                shared.changed.set()
                return
            shared.done[number] = made
            shared.changed.set()


def serve() -> None:
    """What a process does: take the task, then parts of it, until nobody is there."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    with suppress(OSError):
        task: Task = pickle.loads(_received(source) or b"N.")
        while message := _received(source):
            _send(sink, packed(task.part(pickle.loads(message))))


def _send(pipe: Any, message: bytes) -> None:
    pipe.write(len(message).to_bytes(_HEAD, "little") + message)
    pipe.flush()


def _received(pipe: Any) -> bytes:
    """A message; empty where there is none any more, or only a part of one."""
    head = pipe.read(_HEAD)
    count = int.from_bytes(head, "little")
    message: bytes = pipe.read(count) if len(head) == _HEAD else b""
    return message if len(message) == count else b""


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# -- balls as bytes ----------------------------------------------------------------------------------------------------


def packed(made: Any) -> bytes:
    """Anything as bytes, its balls exact."""
    stream = io.BytesIO()
    _Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(made)
    return stream.getvalue()


def _parts_of(ball: arb) -> tuple[Any, ...]:
    if ball.is_finite():
        middle, radius = ball.mid().man_exp(), ball.rad().man_exp()
        return restored, tuple(int(part) for part in (*middle, *radius))
    return arb, ("nan",)


def restored(middle: int, exponent: int, radius: int, scale: int) -> arb:
    """A ball from its midpoint and its radius, which has at most 30 bits.

    `arb` makes of a radius the next number of 30 bits above it; so it is given one a little smaller, to get itself.
    """
    if not radius:
        return arb((middle, exponent))
    return arb((middle, exponent), arb(((radius << 31) - 1, scale - 31)))


def exactly_restored(ball: arb, number: Any) -> ExactBall:
    """A ball with the number in it."""
    result = ExactBall(ball)
    result.number = number
    return result


class _Pickler(pickle.Pickler):
    """It knows balls and polynomials too."""

    dispatch_table = {
        arb: _parts_of,
        ExactBall: lambda ball: (exactly_restored, (arb(ball), ball.number)),
        fmpq_poly: lambda polynomial: (fmpq_poly, (list(polynomial.coeffs()),)),
    }
