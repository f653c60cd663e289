"""Rows that stay with the workers of a cluster: what is asked of them goes there, and what is found comes back.

    files --extents--> pieces of rows --read by a worker, left with it where there is room--> chunks --work--> found

The chunks are those of `Streamed`: what is summed over them is the same to the bit, whoever has which piece. A piece
whose worker was killed is read again by another one. Imports rows and data.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from pickle import dumps, loads
from typing import Any, TypeVar

import numpy as np

from gradcalc.data.batches import Span, extents, read_files
from gradcalc.data.cluster import Cluster, Task, alone
from gradcalc.data.formats.format import Extent, Place
from gradcalc.data.passes import Passes, State, chunk_rows
from gradcalc.data.shard import fingerprint
from gradcalc.errors import FileError
from gradcalc.optimize.rows import Array, Read, Rows, Streamed, in_columns, joined
from gradcalc.settings import Reading
from gradcalc.work import reached

T = TypeVar("T")

_CHUNKS, _TASKS = 8, 4
"""Chunks that a task has at most; tasks that each thread of a worker has, where there are rows for them."""


@dataclass(frozen=True)
class Files:
    """What a worker needs to read rows: the files with their extents and fingerprints, and the columns.

    Attributes:
        source: what they are called in messages.
    """

    source: str
    paths: Sequence[Place]
    names: Sequence[str]
    how: Reading
    known: Sequence[Extent]
    inputs: Sequence[Any]

    @property
    def passes(self) -> Passes:
        """The same as what is read in one go."""
        return Passes(self.paths, self.names, self.how)

    @property
    def rows(self) -> int:
        """How many rows they have."""
        return sum(extent.rows for extent in self.known)


def described(source: str, passes: Passes) -> Files:
    """What is told of files to who reads their rows."""
    known = extents(passes.paths, passes.names, passes.how)
    inputs = [fingerprint(path) for path in passes.paths]
    paths = [path.absolute() if isinstance(path, Path) else path for path in passes.paths]
    return Files(source, paths, passes.names, passes.how, known, inputs)


# -- on a worker -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _opened(data: bytes) -> tuple[Files, State]:
    """The files that tasks read, looked at once in each process; an error if those here are others."""
    files: Files = loads(data)
    for path, before in zip(files.paths, files.inputs, strict=True):
        if fingerprint(path) != before:
            raise FileError(f"{path} is another file on a worker", hint="a folder that all workers share")
    return files, files.passes.state()


def _read(shared: bytes, span: Span, stays: bytes | None) -> Rows:
    """The rows of a span that stay."""
    files, state = _opened(shared)
    try:
        pieces = list(read_files(files.paths, files.names, (), span=span, known=files.known, how=files.how))
    finally:
        files.passes.refuse(state)  # a better reason than what is said of half a line
    columns = [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
    rows = Rows(dict(zip(files.names, columns, strict=True)), np.arange(span.first + 1, (span.stop or 0) + 1))
    return rows if stays is None else rows.some(_bits(stays, len(span)))


def _bits(packed: Any, count: int) -> Any:
    """So many bits as truth values."""
    return np.unpackbits(np.frombuffer(packed, np.uint8), count=count).astype(bool)


@lru_cache(maxsize=4)
def _asked(shared: bytes) -> Any:
    """The files, what is asked of their rows, and the further columns."""
    return loads(shared)


def _found(shared: bytes, span: Span, stays: bytes | None, rows: Rows | None, places: Any) -> list[Any]:
    """What is found in the chunks of some rows; of these at some places, if there are any."""
    files, work, constants = _asked(shared)
    rows = (_read(files, span, stays) if rows is None else rows).holding(constants)
    size = chunk_rows(len(_opened(files)[0].names))
    if places is not None:
        return [rows.some(places)]
    with alone, np.errstate(all="ignore"):
        parts = (rows.some(slice(start, start + size)) for start in range(0, rows.size, size))
        return [each for part in parts for each in work(part)]


# -- here --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Piece:
    """The rows of a task: a span of those of the files, how many of them stay, and which, where some do not."""

    span: Span
    size: int
    stays: bytes | None = None


@dataclass(frozen=True, eq=False)
class Distant:
    """Rows that workers read, and keep where their memory allows.

    Attributes:
        cluster: the workers.
        files: where the rows are from.
        memory: bytes of columns up to which all may be here at once.
        dropped: how many rows were left out; `stays` has a bit for each row of the files, None where all stay.
        exact: the numbers as they are written, where they were asked for.
        constants: further columns, of one number each.
        read: what the variants share; its `source` keeps open what the files need here.
        there: what workers keep, by the number of its piece.
    """

    cluster: Cluster
    files: Files
    memory: float
    dropped: int = 0
    stays: Any = None
    exact: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    read: Read = field(default_factory=Read, repr=False)
    there: dict[int, Any] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        """How many rows there are."""
        return self.files.rows - self.dropped

    @property
    def may_hold(self) -> bool:
        """Whether all rows may be here at once, as they would be without a cluster."""
        return 8 * self.files.rows * len(self.files.names) <= self.memory

    @property
    def passes(self) -> int:
        """How often the files were read; none is told of rows that may be held."""
        return 0 if self.may_hold else self.read.passes

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        yield from self.files.names
        yield from self.constants

    @cached_property
    def pieces(self) -> Sequence[_Piece]:
        """The tasks of a pass: whole chunks of rows that stay, but for the last."""
        chunk = chunk_rows(len(self.files.names))
        wanted = -(-self.size // (chunk * _TASKS * self.cluster.threads))
        rows = chunk * max(1, min(_CHUNKS, wanted))
        return list(_whole(self.files.rows, rows) if self.stays is None else _cut(self.stays, self.files.rows, rows))

    @cached_property
    def _left(self) -> int:
        """How many pieces, the first ones, are kept by workers."""
        row, room = 8 * (len(self.files.names) + 1), self.cluster.room
        taken = np.cumsum([piece.size * row for piece in self.pieces])
        return int(np.searchsorted(taken, room, side="right"))

    @cached_property
    def _data(self) -> bytes:
        return dumps(self.files)

    def _tasks(self, places: Any = None) -> Iterator[Task]:
        """The tasks of a pass; those alone that have some of the places, where these are given."""
        first = 0
        for number, piece in enumerate(self.pieces):
            start, stop = (0, 0) if places is None else np.searchsorted(places, [first, first + piece.size])
            own = None if places is None else places[start:stop] - first
            first += piece.size
            if own is not None and not len(own):
                continue
            if number < self._left and number not in self.there:
                self.there[number] = self.cluster.left(_read, self._data, piece.span, piece.stays)
            held = self.there.get(number)
            yield Task(piece.span, (None if held is not None else piece.stays, held, own))

    def _asked(self, work: Any, places: Any = None) -> Iterator[Any]:
        """What the tasks of a pass find."""
        if self._left < len(self.pieces):
            self.read.passes += 1
        shared, done = (self._data, work, self.constants), 0
        tasks = list(self._tasks(places)) if places is not None else self._tasks()
        for number, found in enumerate(self.cluster.each(_found, shared, tasks, self.files.source)):
            yield from found
            if places is None:
                done += self.pieces[number].size
                reached(done, "rows", self.size)

    def over(self, work: Callable[[Rows], Iterable[T]]) -> Iterator[T]:
        """What a function finds in some rows at a time, in their order; workers run it."""
        return self._asked(work)

    def mapped(self, work: Callable[[Mapping[str, Array]], Iterable[T]]) -> Iterator[T]:
        """The same of their columns."""
        return self.over(partial(in_columns, work))

    def numbered(self) -> Iterator[Rows]:
        """The rows, some at a time, brought here."""
        return self.over(_themselves)

    def chunks(self) -> Iterator[Mapping[str, Array]]:
        """Their columns, brought here."""
        for rows in self.numbered():
            yield rows.values

    def some(self, places: Any) -> Rows:
        """The rows at some places, which rise, brought here."""
        return joined(list(self._asked(None, np.asarray(places))), self.dropped)

    def held(self) -> Rows:
        """All rows, brought here."""
        return replace(joined(list(self.numbered()), self.dropped), exact=self.exact)

    def home(self) -> Rows | Streamed:
        """These rows as they would be without a cluster: in memory, or read anew for each pass."""
        if self.may_hold:
            return self.held()
        passes = self.files.passes
        return Streamed(
            passes, passes.state(), self.size, self.dropped, stays=self.stays, constants=self.constants, read=self.read
        )

    def brought(self) -> Mapping[str, Array] | Streamed:
        """The same as columns."""
        home = self.home()
        return home.values if isinstance(home, Rows) else home

    def holding(self, values: Mapping[str, float]) -> "Distant":
        """The same rows with further columns, of one number each."""
        return replace(self, constants={**self.constants, **values})

    def kept(self, which: Any) -> "Distant":
        """Some of the rows."""
        whole = np.ones(self.files.rows, bool) if self.stays is None else _bits(self.stays, self.files.rows)
        whole[whole] = which
        exact = {
            name: [each for each, stays in zip(column, which, strict=True) if stays]
            for name, column in self.exact.items()
        }
        dropped = self.files.rows - int(np.count_nonzero(whole))
        return replace(self, dropped=dropped, stays=np.packbits(whole), exact=exact, there={})


def _themselves(rows: Rows) -> Iterator[Rows]:
    """The rows that are asked for."""
    yield rows


def _whole(count: int, rows: int) -> Iterator[_Piece]:
    """All rows of files, so many a piece."""
    for first in range(0, count, rows):
        stop = min(first + rows, count)
        yield _Piece(Span(first, stop), stop - first)


def _cut(stays: Any, count: int, rows: int) -> Iterator[_Piece]:
    """The rows of files that stay, so many of them a piece, and what is left."""
    first = size = 0
    for start in range(0, count, rows):  # the bits of some rows at a time, not of all
        stop = min(start + rows, count)
        places = start + np.flatnonzero(_bits(stays[start // 8 :], stop - start))
        while size + len(places) >= rows:
            end = int(places[rows - size - 1]) + 1
            yield _piece(stays, first, end, rows)
            places, first, size = places[rows - size :], end, 0
        size += len(places)
    if size:
        yield _piece(stays, first, count, size)


def _piece(stays: Any, first: int, stop: int, size: int) -> _Piece:
    """The rows of a span that stay."""
    shift = first % 8
    bits = _bits(stays[first // 8 :], stop - first + shift)[shift:]
    return _Piece(Span(first, stop), size, np.packbits(bits).tobytes())
