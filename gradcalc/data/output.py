"""Where what a run makes goes: piece by piece into a stream, or into a hidden directory and from there to its place.

Imports formats, stores, shard and files.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from gradcalc.data import stores
from gradcalc.data.formats.format import Place, Writer
from gradcalc.data.shard import SUFFIX
from gradcalc.data.urls import parsed
from gradcalc.errors import UsageError
from gradcalc.files import LocalTarget, Target, Unfinished, check_writable, writing

Piece = Callable[[BinaryIO], object]
"""Appends itself to a file."""
Append = Callable[[Piece], Any]
"""Has a piece append itself to the output; where it ends, if that is known."""


@contextmanager
def target_of(paths: Sequence[Place], output: str) -> Iterator[Target | None]:
    """What to write, None for a stream; an error if it cannot be written, or is one of the inputs."""
    if parsed(output):
        with stores.target(output) as far:
            if far.is_among(paths):
                raise UsageError(f"{far} is read and written at once", hint="-o with another name")
            yield far
        return
    yield None if output == "-" else _local(paths, output)


def _local(paths: Sequence[Place], output: str) -> Target | None:
    """The same for a file of this machine."""
    target, before = check_writable(Path(output))
    here = [path for path in paths if isinstance(path, PathLike) and os.path.exists(path)]
    if before and any(os.path.samestat(os.stat(path), before) for path in here):
        raise UsageError(f"{output} is read and written at once", hint="-o with another name")
    return LocalTarget(target) if before is None or stat.S_ISREG(before.st_mode) else None


class Pieces:
    """Writes one piece after the other, each with a mark of how far the work has come."""

    def __init__(self, writer: Writer, append: Append, mark: Callable[[dict[str, Any]], None], begun: bool) -> None:
        self.writer, self.append, self.mark, self.begun = writer, append, mark, begun

    def write(self, columns: Sequence[Any], done: Mapping[str, Any]) -> None:
        """Encode a batch and append it."""
        self.put(lambda file: self.writer.append(columns, file), len(columns[-1]), done)

    def put(self, piece: Piece, rows: int, done: Mapping[str, Any]) -> None:
        """Append a piece of so many rows; of those without rows only the first."""
        begin = b"" if self.begun else self.writer.begin()
        if self.begun and not rows:
            return
        self.begun = True

        def whole(file: BinaryIO) -> None:
            file.write(begin)
            piece(file)

        self.mark({"end": self.append(whole), "done": done})


def finished(unfinished: Unfinished, writer: Writer) -> Path:
    """The complete file that the pieces make."""
    with writing(unfinished.output):
        unfinished.check()
        ends = [len(writer.begin()), *(mark["end"] for mark in unfinished.marks)]
        try:
            return writer.finish(unfinished.data, ends)
        except (ValueError, LookupError, EOFError) as error:
            raise OSError(None, f"{unfinished.data} was changed meanwhile: {error}") from None


def placed(unfinished: Unfinished, writer: Writer, complete: Path, record: bytes | None = None) -> None:
    """Put the complete file in its place, after its record; where that fails, a later run goes on with the pieces."""
    try:
        if record is not None:
            unfinished.output.add(SUFFIX, record)
        unfinished.place(complete)
    except BaseException:
        writer.reopen(unfinished.data)
        raise
