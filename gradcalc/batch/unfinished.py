"""An output that is not complete yet: a hidden directory beside it, from which `--resume` goes on. Imports errors.

The directory holds `data`, to which pieces are appended, and `state`: a line of JSON that says what was asked, and one
for each piece that is whole. What a killed run wrote after the last such line is cut off.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from gradcalc.errors import FileError, UsageError


class WriteError(FileError):
    """The output cannot be written; what is done so far is kept."""


@contextmanager
def writing(place: object, hint: str | None = None) -> Iterator[None]:
    """Tell what the system says against an output."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WriteError(f"cannot write {place}: {error.strerror or error}", hint=hint) from None


class Unfinished:
    """The hidden directory of an output.

    Args:
        output: the file that will appear when all is written.
    """

    def __init__(self, output: Path) -> None:
        self.output = output
        self.folder = output.parent / f".{output.name[:200]}.gradcalc"
        self.data, self._state = self.folder / "data", self.folder / "state"
        self._lines: TextIO | None = None
        self._file: Any = None
        self.marks: list[dict[str, Any]] = []
        self.restarted = False

    def open(self, question: Mapping[str, Any], resume: bool) -> None:
        """Begin, or go on after the marks of what is there.

        Raises:
            UsageError: what is there answers another question.
            FileError: it cannot be written, or another run is writing it.
        """
        made = not self.folder.exists()
        try:
            self._open(question, resume)
        except BaseException:
            self.close()
            if made:
                self.discard()
            raise

    def _open(self, question: Mapping[str, Any], resume: bool) -> None:
        with writing(self.output):
            self.folder.mkdir(exist_ok=True)
            self._lines = self._state.open("a+", encoding="utf-8")
            self._lock()
            self.restarted = self._state.stat().st_size > 0 and not resume
            marks = self._read(question) if resume else []
            self._lines.truncate(0)
            self._lines.write("".join(json.dumps(line) + "\n" for line in (question, *marks)))
            self._lines.flush()
            self._file = self.data.open("r+b" if marks else "w+b")
            self._file.truncate(marks[-1]["end"] if marks else 0)
            self._file.seek(0, os.SEEK_END)
            self.marks = marks

    def _lock(self) -> None:
        """Raise if another process holds the directory; it lets go of it when it ends, however it ends."""
        with suppress(ImportError):
            import fcntl

            assert self._lines
            try:
                fcntl.flock(self._lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EAGAIN):
                    raise FileError(f"another run is writing {self.output}", hint="wait for it, or stop it") from None

    def _read(self, question: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The marks of an earlier run with the same question."""
        assert self._lines
        self._lines.seek(0)
        lines = []
        for text in self._lines:
            with suppress(ValueError):
                lines.append(json.loads(text))
        if not lines or not self.data.exists():
            return []
        asked, same = lines[0], json.loads(json.dumps(question))
        for key in same:
            if asked.get(key) != same[key]:
                hint = "without --resume the work begins anew"
                what = _difference(key, asked.get(key), same[key])
                raise UsageError(f"the unfinished {self.output} is of another run: {what}", hint=hint)
        size = self.data.stat().st_size
        return [mark for mark in lines[1:] if mark["end"] <= size]

    def append(self, data: Any) -> int:
        """Append bytes; where they end."""
        with writing(self.output, "free some room; --resume goes on where this run ended" if self.marks else None):
            self._file.write(data)
            self._file.flush()
            return int(self._file.tell())

    def mark(self, mark: dict[str, Any]) -> None:
        """What is written so far is whole, and this is how far the work has come."""
        assert self._lines
        with writing(self.output):
            self._lines.write(json.dumps(mark) + "\n")
            self._lines.flush()
        self.marks.append(mark)

    def place(self, made: Path) -> None:
        """Put the complete file in the place of the output."""
        with writing(self.output):
            with suppress(FileNotFoundError):
                made.chmod(self.output.stat().st_mode & 0o7777)
            made.replace(self.output)
        self.discard()

    def close(self) -> None:
        """Let go of the files, which stay."""
        for file in (self._file, self._lines):
            if file:
                with suppress(OSError):
                    file.close()

    def discard(self) -> None:
        """Remove the directory."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _difference(key: str, before: Any, now: Any) -> str:
    """What is another in a question, in words; of the inputs the first that is."""
    if key == "inputs" and before and len(before) == len(now):
        old, new = next(pair for pair in zip(before, now, strict=True) if pair[0] != pair[1])
        return f"{new[0]} has changed since" if old[0] == new[0] else f"it read {old[0]}, now {new[0]}"
    return f"its {key} was {_short(before)}, now {_short(now)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
