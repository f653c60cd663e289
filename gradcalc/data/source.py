"""What a name stands for: files of this machine, or elsewhere; what can be read but once is kept in a file first."""

import glob
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from gradcalc.data import stores
from gradcalc.data.formats import suffixes, told_format
from gradcalc.data.formats.format import Place, readable, reading
from gradcalc.data.held import PIECE, Spool, held
from gradcalc.data.urls import WEB, parsed
from gradcalc.errors import FileError, UsageError

STDIN = "standard input"
_AT_ONCE = 16
"""How many files elsewhere are asked for at once."""


@contextmanager
def opened(source: str, *, checked: bool = True) -> Iterator[list[Place]]:
    """The files of a source, as long as they are needed: `-`, a pipe this process was given, or what `expand` finds.

    Args:
        checked: whether to look in the end if files elsewhere are what they were.

    Raises:
        FileError: it cannot be read; a file that is elsewhere was changed meanwhile.
    """
    url = parsed(source)
    with ExitStack() as stack:
        if url and url.scheme in WEB:
            from gradcalc.data import web  # urllib and ssl take as long to load as a small file to map

            yield [stack.enter_context(web.fetched(url))]
        elif url:
            found: list[Place] = list(stores.expand(url))
            before = facts(found)
            yield found
            if checked:
                refuse_changed(found, before)
        elif is_stream(source):
            told = STDIN if source == "-" else source
            yield [stack.enter_context(held(told, "", lambda spool: _copy(source, told, spool)))]
        else:
            with readable(source, "data"):
                here: list[Place] = list(expand(source))
            yield here


def entries(folder: str) -> Sequence[Place]:
    """All files of a folder but the hidden ones, in the order of their names."""
    if url := parsed(folder):
        if url.scheme in WEB:
            raise UsageError(f"{url}: the web lists no files", hint="a folder of a store, or of this machine")
        return stores.listed(url)
    with readable(folder, "a folder"):
        return sorted(entry for entry in Path(folder).iterdir() if entry.name[0] != ".")


def facts(paths: Sequence[Place], again: bool = False) -> list[list[Any]]:
    """The files, how long they are and when they were changed; of those elsewhere as it was told, or asked `again`."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        far = [path for path in paths if again and isinstance(path, stores.StoredFile)]
        asked = dict(zip(map(id, far), pool.map(stores.StoredFile.now, far), strict=True))
    told = []
    for path in paths:
        with readable(path, "data"):
            known = asked.get(id(path)) or path.stat()
        told.append([str(path), known.st_size, known.st_mtime_ns])
    return told


def refuse_changed(paths: Sequence[Place], before: Sequence[Sequence[Any]]) -> None:
    """Raise if a file is not what it was."""
    for old, now in zip(before, facts(paths, again=True), strict=True):
        if list(old) != now:
            raise FileError(f"{now[0]} was changed while it was read", hint="again, when it is complete")


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


def _copy(source: str, told: str, spool: Spool) -> None:
    """Copy what can be read but once."""
    with readable(told, "data"), ExitStack() as stack:
        given = sys.stdin.buffer if source == "-" else stack.enter_context(reading(open(source, "rb")))  # noqa: SIM115
        while piece := given.read(PIECE):
            spool.write(piece)


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
