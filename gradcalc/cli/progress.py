"""A live line on the terminal while a descent runs; nothing where standard error is no terminal. Standard library."""

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcalc.optimize.watch import Step

_DELAY = 0.5
"""Seconds before the line appears: what is done by then needs none."""
_EVERY = 0.1
"""Seconds between two updates."""


class LiveLine:
    """Called with each step, it shows a few of them on one line, which is gone when the block ends.

    Args:
        about: what runs, as the line begins.
        steps: how many there will be at most, where that is known.
    """

    def __init__(self, about: str, steps: int | None = None) -> None:
        self._about = about
        self._of = f" of {steps:,}" if steps else ""
        self._begin = time.monotonic()
        self._next = self._begin + _DELAY
        self._shown = 0

    def __enter__(self) -> "LiveLine":
        return self

    def __call__(self, step: "Step") -> None:
        """Show a step, if it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        rate = step.number / (now - self._begin)
        self._write(
            f"{self._about}: step {step.number:,}{self._of}, value {step.value:.6g}, "
            f"gradient norm {step.gradient_norm:.3g}, {rate:,.0f} steps/s"
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        if self._shown:
            self._write("")
            sys.stderr.write("\r")
            sys.stderr.flush()

    def _write(self, text: str) -> None:
        """Put a text in the place of the last one; shortened so that it and a ^C stay on one line."""
        text = text[: max(_width() - 3, 0)]
        sys.stderr.write("\r" + text.ljust(self._shown))
        sys.stderr.flush()
        self._shown = len(text)


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
