"""What training says on standard output: a line for each epoch, that grows while it runs, as Keras 3's.

A terminal or a notebook gets a bar that is drawn again and again, a file or a pipe the last line of each epoch alone,
without colours. Imports callbacks.
"""

import os
import shutil
import sys
import time
from typing import Any

from gradcalc.nn.callbacks import Callback, Logs

WIDTH = 20
"""Of the bar, where there is room."""

INTERVAL = 0.05
"""Seconds between two drawings."""


class ProgbarLogger(Callback):
    """Prints how far training, evaluation or prediction has come: a bar (`verbose` 1) or a line an epoch (2)."""

    def set_params(self, params: dict[str, Any]) -> None:
        """Keep how much is to be told, and of how many steps."""
        super().set_params(params)
        self._verbose = 1 if params["verbose"] == "auto" else int(params["verbose"])
        self._steps: int | None = params["steps"]
        self._live = sys.stdout.isatty() or "ipykernel" in sys.modules
        self._colours = self._live and "NO_COLOR" not in os.environ

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Evaluations within say nothing."""
        vars(self).update(dict.fromkeys(("on_test_begin", "on_test_batch_end", "on_test_end"), lambda *told: None))

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Say which epoch it is."""
        if self.params["epochs"] > 1:
            print(f"Epoch {epoch + 1}/{self.params['epochs']}")
        self._begin()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Draw the last line."""
        self._end(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Begin a bar."""
        self._begin()

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Draw the last line."""
        self._end(logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Draw the bar again."""
        self._step(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Draw the bar again; outputs are no numbers to tell."""
        self._step(batch, None)

    on_test_batch_end, on_predict_begin, on_predict_end = on_train_batch_end, on_test_begin, on_test_end

    # -- the line -----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._start = self._drawn = self._after_first = time.perf_counter()
        self._done = self._columns = 0

    def _step(self, batch: int, logs: Logs | None) -> None:
        self._done = batch + 1
        now = time.perf_counter()
        if self._done == 1:
            self._after_first = now
        if self._verbose == 1 and self._live and now - self._drawn >= INTERVAL:
            self._drawn = now
            self._draw(logs or {}, now)

    def _end(self, logs: Logs | None) -> None:
        self._steps = self._steps or self._done
        now = time.perf_counter()
        if self._verbose == 2:
            head, *rest = self._texts(logs or {}, now)
            print(" - ".join([head.rstrip(), *rest]))
        else:
            self._draw(logs or {}, now, end=True)

    def _texts(self, logs: Logs, now: float, left: bool = False) -> list[str]:
        """How far it is, how long it took or, where it is not over, takes yet, how long a step, and the numbers."""
        total = str(self._steps or "Unknown")
        each = self._each(now)
        seconds = each * (self._steps - self._done) if left and self._steps else now - self._start
        return [
            f"{self._done:>{len(total)}}/{total} ", _clock(seconds), f"{_short(each)}/step",
            *(f"{name}: {_number(value)}" for name, value in logs.items()),
        ]  # fmt: skip

    def _each(self, now: float) -> float:
        """Seconds for a step, without the first one, which is slower, where there are more."""
        if self._done > 1:
            return (now - self._after_first) / (self._done - 1)
        return (now - self._start) / max(self._done, 1)

    def _draw(self, logs: Logs, now: float, end: bool = False) -> None:
        head, clock, each, *numbers = self._texts(logs, now, left=not end)
        tail = " ".join([each, *(f"- {number}" for number in numbers)])
        room = shutil.get_terminal_size().columns - 1 if sys.stdout.isatty() else 1_000
        left = room - len(head) - len(clock) - len(tail) - 2
        width = 0 if not self._steps else WIDTH if end and left < 0 else max(min(WIDTH, left), 0)
        done = width * self._done // self._steps if self._steps else 0
        columns = len(head) + width + (width > 0) + len(clock) + 1 + len(tail)
        if columns > room and not end:  # what wraps could not be drawn over
            tail = tail[: max(room - columns - 1, -len(tail))] + "…"
            columns = room
        bar = self._in("32", "━" * done) + self._in("37", "━" * (width - done)) + " " * (width > 0)
        line = f"{self._in('1', head.rstrip())} {bar}{self._in('1', clock)} {tail}"
        back = "\r" if self._live else ""
        sys.stdout.write(f"{back}{line}{' ' * (self._columns - columns)}" + "\n" * end)
        sys.stdout.flush()
        self._columns = columns

    def _in(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours and text else text


def _clock(seconds: float) -> str:
    """`7s`, `1:07`, `1:00:07`."""
    whole = int(seconds) if seconds > 60 else round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}" if minutes else f"{rest}s"


def _short(seconds: float) -> str:
    """`2s`, `15ms`, `80us`."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


def _number(value: Any) -> str:
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"
