"""How a file is written so that it is complete or not there: in one go, or in pieces, which a cut run keeps."""

import errno
import json
import os
import shutil
import signal
import stat
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from gradcalc.errors import FileError, UsageError


class WriteError(FileError):
    """A file cannot be written; pieces that are done are kept."""


@contextmanager
def writing(place: object) -> Iterator[None]:
    """Tell what the system says against an output; that its reader has gone is for others to tell."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error.strerror or error
        raise WriteError(f"cannot write {place}: {reason}") from None


# -- where it can be written -------------------------------------------------------------------------------------------


def check_writable(path: Path) -> tuple[Path, os.stat_result | None]:
    """Where `path` leads, and what is there; the FileError that writing it would end in, before work is done for it."""
    with writing(path):
        if "\0" in str(path):
            raise OSError(None, "a name holds no null character")
        before = _stat(path)
        plain = before is None or stat.S_ISREG(before.st_mode)
        target = Path(os.path.realpath(path)) if plain else path  # where /dev/stdout leads has no name
        _check(target, before)
    return target, before


def _stat(path: Path) -> os.stat_result | None:
    """What is there, None if nothing is."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _check(target: Path, before: os.stat_result | None) -> None:
    """Raise the OSError of a file that cannot be replaced or made."""
    if before is None or stat.S_ISREG(before.st_mode):
        folder = target.parent
        if not folder.is_dir():
            raise FileNotFoundError(None, f"there is no directory {folder}")
        if not os.access(folder, os.W_OK | os.X_OK) or before and not os.access(target, os.W_OK):
            raise PermissionError(None, "no permission to write it")
        if before and any(os.path.samestat(before, stream) for stream in _streams()):
            raise FileExistsError(None, "the answer itself goes there")
    elif stat.S_ISDIR(before.st_mode):
        raise IsADirectoryError(None, "it is a directory")


def _streams() -> Iterator[os.stat_result]:
    """What standard output and standard error are."""
    for number in (1, 2):
        with suppress(OSError):
            yield os.fstat(number)


def _replace(written: Path, target: Path) -> None:
    """Put a file in the place of another, with the permissions of that one."""
    if before := _stat(target):
        written.chmod(stat.S_IMODE(before.st_mode))
    written.replace(target)


half_written: set[Path] = set()
"""Files that are not complete yet, for whoever has to end without further ado."""

# -- in one go ---------------------------------------------------------------------------------------------------------


@contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """A file beside `path`, to be written; it becomes `path` when the block ends well, else it is removed.

    What is no plain file (a device, a pipe) is written as it is. An existing file keeps its permissions.

    Raises:
        FileError: for every OSError, that of the block included.
    """
    target, before = check_writable(path)
    with writing(path):
        if before and not stat.S_ISREG(before.st_mode):
            yield target
            return
        beside = target.parent / f".gradcalc-{os.getpid()}-{os.urandom(4).hex()}{target.suffix[:16]}"
        half_written.add(beside)
        try:
            with removed_when_killed(beside):
                yield beside
                _settle(beside)
                _replace(beside, target)
        except BaseException:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        finally:
            half_written.discard(beside)


def _settle(written: Path) -> None:
    """Have the file on the disk before it takes the place of another."""
    with written.open("r+b") as file:
        os.fsync(file.fileno())


@contextmanager
def removed_when_killed(path: Path) -> Iterator[None]:
    """Remove a file if this process is told to end meanwhile; it then ends as it would have."""

    def end(number: int, frame: object) -> None:
        path.unlink(missing_ok=True)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    ends = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    free = [number for number in ends if signal.getsignal(number) == signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        free = []  # only the main thread may say what a signal does
    for number in free:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in free:
            signal.signal(number, signal.SIG_DFL)


# -- in pieces ---------------------------------------------------------------------------------------------------------


class Target(Protocol):
    """Where an output appears as soon as it is complete; as text, what it is called."""

    @property
    def folder(self) -> Path:
        """The directory of this machine that keeps what is unfinished."""

    def put(self, made: Path) -> None:
        """Put a complete file there; until then nothing of it is there, and what was there stays."""

    def add(self, suffix: str, data: bytes) -> None:
        """Put a small file beside it, which has its name and a suffix; until then nothing of it is there."""


@dataclass(frozen=True)
class LocalTarget:
    """A file of this machine; what is unfinished is hidden beside it."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def folder(self) -> Path:
        """A hidden directory."""
        return self.path.parent / f".{self.path.name[:200]}.gradcalc"

    def put(self, made: Path) -> None:
        """Give it the name."""
        _replace(made, self.path)

    def add(self, suffix: str, data: bytes) -> None:
        """Write it in one go."""
        with complete_file(self.path.with_name(self.path.name + suffix)) as path:
            path.write_bytes(data)


class Unfinished:
    """A hidden directory for an output that is not complete yet, from which a later run goes on.

    It holds `data`, to which pieces are appended, and `state`: a line of JSON that says what was asked, and one for
    each piece that is whole, with its checksum. Each line begins with the checksum of all up to it; what stands after
    the last line that is right, or after the last piece that is what its line says, is cut off.

    Args:
        output: what will appear when all is written.
    """

    def __init__(self, output: Target) -> None:
        self.output, self.folder = output, output.folder
        self.data, self._state = self.folder / "data", self.folder / "state"
        self._lines: Any = None
        self._file: Any = None
        self._checksum = 0
        self._piece: Mapping[str, int] = {}
        self.question: Mapping[str, Any] = {}
        self.marks: list[dict[str, Any]] = []
        self.restarted = False

    def open(self, question: Mapping[str, Any], resume: bool) -> None:
        """Begin, or go on after the marks of what is there.

        Raises:
            UsageError: what is there answers another question.
            FileError: it cannot be written, or another run is writing it.
        """
        made, self.question = not self.folder.exists(), question
        try:
            with writing(self.folder):
                self.folder.mkdir(0o700, exist_ok=True)
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
        except BaseException:
            self.close()
            if made:
                self.discard()
            raise

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
        lines = self._whole_lines()
        asked, end = next(lines, (None, 0))
        if asked is None:
            return []
        same = json.loads(json.dumps(question))
        for key in same:
            if asked.get(key) != same[key]:
                hint = "without --resume the work begins anew"
                what = difference(key, asked.get(key), same[key])
                raise UsageError(f"the unfinished {self.output} is of another run: {what}", hint=hint)
        marks, checksum = [], self._checksum
        with self.data.open("a+b") as data:
            for mark, whole in lines:
                if not _is_whole(data, mark):
                    break
                marks.append(mark)
                checksum, end = self._checksum, whole
        self._checksum = checksum
        self._lines.truncate(end)
        return marks

    def _whole_lines(self) -> Iterator[tuple[dict[str, Any], int]]:
        """What each line of the state says, as long as they are right, and where it ends."""
        whole = 0
        for line in self._lines:
            checksum = zlib.crc32(line[9:], self._checksum)
            if line[:9] != b"%08x " % checksum:
                return
            self._checksum, whole = checksum, whole + len(line)
            yield json.loads(line[9:]), whole

    def _tell(self, line: Mapping[str, Any]) -> None:
        """Add a line to the state."""
        text = json.dumps(line).encode() + b"\n"
        self._checksum = zlib.crc32(text, self._checksum)
        self._lines.write(b"%08x %s" % (self._checksum, text))
        self._lines.flush()

    def append(self, piece: Callable[[BinaryIO], object]) -> int:
        """Have a piece append itself to the data; where it ends."""
        with writing(self.output):
            start = self._file.seek(0, os.SEEK_END)
            file = _Summed(self._file)
            piece(cast(BinaryIO, file))
            self._file.flush()
            self._piece = {"start": start, "checksum": file.checksum}
            return int(self._file.seek(0, os.SEEK_END))

    def mark(self, mark: dict[str, Any]) -> None:
        """What is written so far is whole, and this is how far the work has come."""
        mark = {**mark, **self._piece}
        with writing(self.output):
            self._tell(mark)
        self.marks.append(mark)

    def check(self) -> None:
        """Raise if the data are not as long as they were written."""
        with writing(self.output):
            if self.data.stat().st_size != self.marks[-1]["end"]:
                raise OSError(None, f"{self.data} was changed meanwhile")

    def place(self, made: Path) -> None:
        """Put the complete file in the place of the output."""
        with writing(self.output):
            self.output.put(made)
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
        with suppress(OSError):  # it may come from closing a directory too
            shutil.rmtree(self.folder, ignore_errors=True)


class _Summed:
    """A file that is written, with the checksum of what was."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.checksum = file, 0

    def write(self, data: Any) -> int:
        """Write some bytes."""
        self.checksum = zlib.crc32(data, self.checksum)
        return self._file.write(data)


def _is_whole(data: BinaryIO, mark: Mapping[str, int]) -> bool:
    """Whether a piece is what was written."""
    data.seek(mark["start"])
    left, checksum = mark["end"] - mark["start"], 0
    while left > 0 and (part := data.read(min(left, 1 << 20))):
        left, checksum = left - len(part), zlib.crc32(part, checksum)
    return left == 0 and checksum == mark["checksum"]


def difference(key: str, before: Any, now: Any) -> str:
    """What is another in a question, in words; of the inputs the first that is."""
    if key == "inputs" and before and len(before) == len(now):
        old, new = next(pair for pair in zip(before, now, strict=True) if pair[0] != pair[1])
        return f"{new[0]} has changed since" if old[0] == new[0] else f"it read {old[0]}, now {new[0]}"
    return f"its {key} was {shortened(before)}, now {shortened(now)}"


def shortened(value: object) -> str:
    """A value as text that is not too long."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
