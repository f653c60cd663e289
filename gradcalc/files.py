"""How a file is written so that it is complete or not there. Imports errors."""

import os
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gradcalc.errors import FileError


@contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """A file beside `path`, to be written; it becomes `path` when the block ends well, else it is removed.

    What is no plain file (a device, a pipe) is written as it is. An existing file keeps its permissions.

    Raises:
        FileError: for every OSError, that of the block included.
    """
    target, before = check_writable(path)
    try:
        if before and not stat.S_ISREG(before.st_mode):
            yield target
            return
        beside = target.parent / f".gradcalc-{os.getpid()}-{os.urandom(4).hex()}{target.suffix[:16]}"
        try:
            with _removed_when_killed(beside):
                yield beside
                _settle(beside, before)
                beside.replace(target)
        except BaseException:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from None


@contextmanager
def _removed_when_killed(path: Path) -> Iterator[None]:
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


def check_writable(path: Path) -> tuple[Path, os.stat_result | None]:
    """Where `path` leads, and what is there; the FileError that writing it would end in, before work is done for it."""
    try:
        target = Path(os.path.realpath(path))
        before = _stat(path)
        if before and not stat.S_ISREG(before.st_mode):
            target = path  # where /dev/stdout leads has no name
        _check(target, before)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
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


def _settle(written: Path, before: os.stat_result | None) -> None:
    """Have the file on the disk before it takes the place of another."""
    if before:
        written.chmod(stat.S_IMODE(before.st_mode))
    with written.open("r+b") as file:
        os.fsync(file.fileno())


def _unwritable(path: Path, error: Exception) -> FileError:
    return FileError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}")
