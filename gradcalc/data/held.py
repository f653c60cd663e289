"""What can be read but once, in a file of this machine, which goes when nobody needs it. Imports files, errors."""

import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import IO, Any, Literal

from gradcalc.data.formats.format import reading
from gradcalc.errors import FileError
from gradcalc.files import half_written, removed_when_killed, writing

PIECE = 1 << 20
"""Bytes that are read at once."""


@dataclass(frozen=True)
class Facts:
    """What is known of a file that is not here, as `os.stat` tells it."""

    st_size: int
    st_mtime_ns: int
    st_mode: int = stat.S_IFREG


@dataclass(frozen=True)
class Held(PathLike[str]):
    """A `Place` whose bytes lie in a file of this machine under another name.

    Attributes:
        told: what messages call it.
        name: its name without folders, which may tell its format.
        path: the file that holds it.
        facts: its bytes, and as the time of its change their checksum.
    """

    told: str
    name: str
    path: Path
    facts: Facts

    def __str__(self) -> str:
        return self.told

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def suffix(self) -> str:
        """What the name ends in."""
        return Path(self.name).suffix

    def stat(self) -> Facts:
        """What is known of it."""
        return self.facts

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """Its bytes."""
        return self.path.open(mode)


class Spool:
    """A file of this machine that is filled with what comes; it goes with the `held` that made it."""

    def __init__(self, file: Any) -> None:
        self.file, self.size, self.checksum = file, 0, 0

    def write(self, data: bytes) -> None:
        """Append some bytes; what goes wrong is told of this file, not of where they come from."""
        with writing("a temporary file"):
            self.file.write(data)
        self.size, self.checksum = self.size + len(data), zlib.crc32(data, self.checksum)

    def clear(self) -> None:
        """Begin anew."""
        with writing("a temporary file"):
            self.file.seek(0)
            self.file.truncate()
        self.size = self.checksum = 0


@contextmanager
def held(told: str, name: str, fill: Callable[[Spool], object]) -> Iterator[Held]:
    """A place filled by `fill`, as long as it is needed; an error where nothing came."""
    with writing("a temporary file"):
        file = tempfile.NamedTemporaryFile(prefix="gradcalc-")  # noqa: SIM115
    path = Path(file.name)
    half_written.add(path)
    try:
        with removed_when_killed(path), reading(file):
            spool = Spool(file)
            fill(spool)
            with writing("a temporary file"):
                file.flush()
            if not spool.size:
                raise FileError(f"{told} is empty")
            yield Held(told, name, path, Facts(spool.size, spool.checksum))
    finally:
        half_written.discard(path)
