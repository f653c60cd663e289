"""A live line on the terminal while a descent or a map runs; nothing where standard error is none. Standard library."""

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gradcalc.errors import visible

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
            bar = ("#" * round(_BAR * rows / total)).ljust(_BAR, ".")
            left = f", {_duration((total - rows) / rate)} left" if rate and not last else ", finishing" if last else ""
            text = f"{self._about}: [{bar}] {rows / total:.0%}, {rate:,.0f} rows/s{left}"
        self._write(text)


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
