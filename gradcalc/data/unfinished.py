"""An output that is not complete yet: a hidden directory beside it, from which `--resume` goes on. Imports errors.

The directory holds `data`, to which pieces are appended, and `state`: a line of JSON that says what was asked, and one
for each piece that is whole. Each line begins with the checksum of all up to it; what a killed run wrote after the last
line that is right is cut off.
"""

import errno
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gradcalc.errors import FileError, UsageError


class WriteError(FileError):
    """The output cannot be written; what is done so far is kept."""


@contextmanager
def writing(place: object) -> Iterator[None]:
    """Tell what the system says against an output."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WriteError(f"cannot write {place}: {error.strerror or error}") from None


class Unfinished:
    """The hidden directory of an output.

    Args:
        output: the file that will appear when all is written.
    """

    def __init__(self, output: Path) -> None:
        self.output = output
        self.folder = output.parent / f".{output.name[:200]}.gradcalc"
        self.data, self._state = self.folder / "data", self.folder / "state"
        self._lines: Any = None
        self._file: Any = None
        self._checksum = 0
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
        with writing(self.folder):
            self.folder.mkdir(exist_ok=True)
            self._lines = self._state.open("a+b")
            self._lock()
            self.restarted = self._state.stat().st_size > 0 and not resume
            self.marks = self._read(question) if resume else []
            if not self.marks:
                self._lines.truncate(0)
                self._checksum = 0
                self._tell(question)
            self._file = self.data.open("r+b" if self.marks else "w+b")
            self._file.truncate(self.marks[-1]["end"] if self.marks else 0)
            self._file.seek(0, os.SEEK_END)

    def _lock(self) -> None:
        """Raise if another process holds the directory; it lets go of it when it ends, however it ends."""
        with suppress(ImportError):
            import fcntl

            try:
                fcntl.flock(self._lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EAGAIN):
                    raise FileError(f"another run is writing {self.output}", hint="wait for it, or stop it") from None

    def _read(self, question: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The marks of an earlier run with the same question."""
        self._lines.seek(0)
        size = self.data.stat().st_size if self.data.exists() else 0
        lines: list[dict[str, Any]] = []
        whole = 0
        for line in self._lines:
            checksum = zlib.crc32(line[9:], self._checksum)
            if line[:9] != b"%08x " % checksum or lines and json.loads(line[9:])["end"] > size:
                break
            lines.append(json.loads(line[9:]))
            self._checksum, whole = checksum, whole + len(line)
        if not lines:
            return []
        self._lines.truncate(whole)
        asked, same = lines[0], json.loads(json.dumps(question))
        for key in same:
            if asked.get(key) != same[key]:
                hint = "without --resume the work begins anew"
                what = _difference(key, asked.get(key), same[key])
                raise UsageError(f"the unfinished {self.output} is of another run: {what}", hint=hint)
        return lines[1:]

    def _tell(self, line: Mapping[str, Any]) -> None:
        """Add a line to the state."""
        text = json.dumps(line).encode() + b"\n"
        self._checksum = zlib.crc32(text, self._checksum)
        self._lines.write(b"%08x %s" % (self._checksum, text))
        self._lines.flush()

    def append(self, data: Any) -> int:
        """Append bytes; where they end."""
        with writing(self.output):
            self._file.write(data)
            self._file.flush()
            return int(self._file.tell())

    def mark(self, mark: dict[str, Any]) -> None:
        """What is written so far is whole, and this is how far the work has come."""
        with writing(self.output):
            self._tell(mark)
        self.marks.append(mark)

    def place(self, made: Path) -> None:
        """Put the complete file in the place of the output."""
        with writing(self.output):
            with suppress(FileNotFoundError):
                made.chmod(self.output.stat().st_mode & 0o7777)
            made.replace(self.output)
        self.marks = []  # nothing is left to go on from
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
