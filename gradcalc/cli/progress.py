"""A live line on the terminal while something runs; nothing where standard error is none. Standard library.

Every command is watched (`watching`): after half a second a line says what it does, with a bar where the end is known.
A descent, a search and a map have lines of their own, which say more.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gradcalc.errors import visible
from gradcalc.work import Work, watched

if TYPE_CHECKING:
    from gradcalc.optimize.descent.watch import Step

_DELAY = 0.5
"""Seconds before the line appears: what is done by then needs none."""
_EVERY = 0.1
"""Seconds between two updates."""
_BAR = 20
"""Characters of a bar."""


class _Line:
    """A line that is written over now and then, and gone when the block ends.

    Args:
        about: what runs, as the line begins.
    """

    def __init__(self, about: str) -> None:
        self._about = about
        self._begin = time.monotonic()
        self._next = self._begin + _DELAY
        self._shown = 0

    def __enter__(self) -> Self:
        silence()
        return self

    def _due(self) -> float | None:
        """The seconds since it began, if it is time to show something."""
        now = time.monotonic()
        if now < self._next:
            return None
        self._next = now + _EVERY
        return now - self._begin

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        if self._shown:
            self._write("")
            sys.stderr.write("\r")
            sys.stderr.flush()

    def _write(self, text: str) -> None:
        """Put a text in the place of the last one; shortened so that it and a ^C stay on one line."""
        text = visible(text)[: max(_width() - 3, 0)]
        sys.stderr.write("\r" + text.ljust(self._shown))
        sys.stderr.flush()
        self._shown = len(text)


class LiveLine(_Line):
    """Called with each step, it shows a few of them; `steps` is how many there will be at most, where known."""

    def __init__(self, about: str, steps: int | None = None) -> None:
        super().__init__(about)
        self._of = f" of {steps:,}" if steps else ""

    def __call__(self, step: "Step") -> None:
        """Show a step, if it is time."""
        seconds = self._due()
        if seconds is not None:
            self._write(
                f"{self._about}: step {step.number:,}{self._of}, value {step.value:.6g}, "
                f"gradient norm {step.gradient_norm:.3g}, {step.number / seconds:,.0f} steps/s"
            )


class BoxesLine(_Line):
    """Called with the boxes that a search has left, it shows how many."""

    def __call__(self, boxes: int) -> None:
        """Show them, if it is time."""
        seconds = self._due()
        if seconds is not None:
            self._write(f"{self._about}: {boxes:,} boxes left, {seconds:.0f} s")


class RowsLine(_Line):
    """Called with the rows done, and how many there are where that is known: how far, how fast, how long yet."""

    _first: tuple[int, float] | None = None

    def __call__(self, rows: int, total: int | None) -> None:
        """Show how far it has come, if it is time."""
        now = time.monotonic()
        first, begin = self._first = self._first or (rows, now)
        last = rows == total and self._shown > 0
        if self._due() is None and not last or now == begin:
            return
        rate = (rows - first) / (now - begin)
        text = f"{self._about}: {rows:,} rows, {rate:,.0f} rows/s"
        if total and rows <= total:
            bar = _bar(rows, total)
            left = f", {_duration((total - rows) / rate)} left" if rate and not last else ", finishing" if last else ""
            text = f"{self._about}: [{bar}] {rows / total:.0%}, {rate:,.0f} rows/s{left}"
        self._write(text)


def _bar(done: int, total: int) -> str:
    """How far it is, as characters."""
    return ("#" * round(_BAR * done / total)).ljust(_BAR, ".")


# -- any command -------------------------------------------------------------------------------------------------------


class Watch(_Line):
    """Shows what is said of the work, by a thread, so that one long call does not keep it quiet."""

    def __init__(self, about: str) -> None:
        super().__init__(about)
        self.work = Work("loading")
        self._start = self._begin
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def _run(self) -> None:
        while not self._ended.wait(_EVERY):
            with self._lock:
                if not self._ended.is_set() and self._due() is not None:
                    self._write(self.text(time.monotonic() - self._start))

    @property
    def shown(self) -> int:
        """How many characters stand there."""
        return self._shown

    def text(self, seconds: float) -> str:
        """What the line says after some time."""
        work = self.work
        far = f"{work.of} {work.done + 1:,}" if work.of else ""
        if work.of and work.total:
            far = f"{work.of} [{_bar(work.done, work.total)}] {work.done:,} of {work.total:,}"
        return f"{self._about}: " + ", ".join(filter(None, [far, work.what, _duration(seconds)]))

    def clear(self) -> None:
        """Take the line away, for other text; it comes again after a while."""
        with self._lock:
            super().__exit__(None, None, None)
            self._shown, self._next = 0, time.monotonic() + _DELAY

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self._ended.set()
        self.clear()


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching(about: str) -> Iterator[None]:
    """Watch what runs in the block, where somebody looks."""
    with Watch(about) as watch, watched(watch.work):
        token = _watch.set(watch)
        try:
            yield
        finally:
            _watch.reset(token)


def clear() -> None:
    """Make room for other text."""
    if watch := _watch.get():
        watch.clear()


def make_room() -> None:
    """The answer comes: the line is gone, and where the answer goes to the terminal too it does not come again."""
    if sys.stdout.isatty():
        silence()
    else:
        clear()


def blank() -> str:
    """What takes the line away, for who cannot wait for it."""
    watch = _watch.get()
    return f"\r{' ' * watch.shown}\r" if watch else ""


def silence() -> None:
    """The watched command shows a line of its own."""
    if watch := _watch.get():
        watch.__exit__(None, None, None)


def _duration(seconds: float) -> str:
    """Some time as a person reads it: 45 s, 3:20 min, 2:05 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60}:{whole % 60:02} min" if whole < 3600 else f"{whole // 3600}:{whole // 60 % 60:02} h"


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
