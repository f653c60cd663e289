"""What the rows come from: the files that a name stands for; what can be read but once is kept in a file first."""

import glob
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from gradcalc.data.formats import suffixes, told_format
from gradcalc.data.formats.format import readable, reading
from gradcalc.errors import FileError
from gradcalc.files import writing

STDIN = "standard input"


@contextmanager
def opened(source: str) -> Iterator[list[Path]]:
    """The files of a source, as long as they are needed: `-`, a pipe this process was given, or what `expand` finds."""
    if source != "-" and not _is_given(source):
        with readable(source, "data"):
            found = expand(source)
        yield found
        return
    place = STDIN if source == "-" else source
    with ExitStack() as stack:
        with writing("a temporary file"):
            file = stack.enter_context(reading(tempfile.NamedTemporaryFile(prefix="gradcalc-")))  # noqa: SIM115
        with readable(place, "data"):
            given = sys.stdin.buffer if source == "-" else stack.enter_context(reading(open(source, "rb")))  # noqa: SIM115
            _copy(given, file)
        if not file.tell():
            raise FileError(f"{place} is empty")
        try:
            yield [Path(file.name)]
        except FileError as error:
            error.message = error.message.replace(file.name, place)
            raise


def is_stream(source: str) -> bool:
    """Whether a source can be read but once."""
    return source == "-" or _is_given(source)


def _is_given(source: str) -> bool:
    """Whether a name is that of a pipe, a socket or a terminal that this process was given: /dev/stdin, /dev/fd/63."""
    with suppress(OSError, ValueError):
        found = os.stat(source)
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            return any(os.path.samestat(found, other) for other in _descriptors())
    return False


def _descriptors() -> Iterator[os.stat_result]:
    """What the open files of this process are."""
    for number in os.listdir("/dev/fd") if os.path.isdir("/dev/fd") else ("0",):
        with suppress(OSError):
            yield os.fstat(int(number))


def _copy(source: BinaryIO, target: Any) -> None:
    """Copy what can be read but once; what goes wrong is told of the one where it did."""
    while piece := source.read(1 << 20):
        with writing("a temporary file"):
            target.write(piece)
    with writing("a temporary file"):
        target.flush()


def expand(source: str) -> list[Path]:
    """The files that a name, a glob or a directory stands for, in the order of their names."""
    path = Path(source)
    if path.is_dir():
        files = [entry for entry in path.iterdir() if entry.name[0] not in "._" and entry.is_file()]
        found = sorted(filter(told_format, files))
        if not found:
            raise FileError(f"{path} holds no data file", hint=f"files that end in {' '.join(suffixes())}")
        return found
    if glob.has_magic(source) and not path.exists():
        found = sorted(Path(name) for name in glob.glob(source, recursive=True) if Path(name).is_file())
        if not found:
            raise FileError(f"no file matches {source}")
        return found
    return [path]
