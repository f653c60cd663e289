"""One formula over every row of data files: `gradcalc map`. Imports kernel, certify and the other modules of batch.

A row comes in, value and derivatives go out, batch by batch: while one is computed, the next is read and the last is
written, so that no more than three are in memory, however large the files are.
"""

import glob
import math
import os
import random
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from gradcalc.batch.columns import SUFFIXES, column_names, count_rows, library, read_pieces, readable
from gradcalc.batch.unfinished import Unfinished, WriteError, writing
from gradcalc.batch.writers import Writer, check_stream, output_format, writer
from gradcalc.errors import ExitCode, FileError, GradcalcError, UsageError
from gradcalc.files import check_writable
from gradcalc.kernel import Kernel, compile
from gradcalc.settings import Limits

if TYPE_CHECKING:
    from gradcalc.parse import Value

_BYTES = 1 << 24
"""How large the columns of one batch are, about."""
_MOST_ROWS, _LEAST_ROWS = 1 << 18, 1 << 10
_STDIN = "standard input"
_SHOWN_ROWS = 5
"""How many undefined rows are named."""
_CERTIFY_SECONDS = 5.0
"""How long all sampled rows may take."""

Progress = Callable[[int, int | None], None]
"""Told after each batch: the rows done, and how many there are, if that is known."""


class UndefinedError(GradcalcError):
    """The formula has no value in a row, and none may lack one."""

    kind = "undefined"
    exit_code = ExitCode.UNDEFINED


@dataclass(frozen=True)
class Settings:
    """How to map.

    Attributes:
        keep: input columns that are written too; `("*",)` for all.
        names: names of the result columns; their own by default.
        nulls: what a row with a null becomes: "nan", "drop" or "fail".
        undefined: what a row without a value becomes: "nan" or "fail".
        certify_rows: how many random rows are checked in balls.
    """

    wrt: Sequence[str] | None = None
    order: int = 1
    keep: Sequence[str] = ()
    names: Sequence[str] | None = None
    format: str | None = None
    nulls: str = "nan"
    undefined: str = "nan"
    certify_rows: int = 16
    seed: int = 0
    resume: bool = False


@dataclass(frozen=True)
class Certified:
    """What balls say of `rows` random rows: the fewest right digits of any result, and where."""

    rows: int
    worst_digits: int | None = None
    worst_row: int | None = None
    worst_column: str | None = None


@dataclass(frozen=True)
class Summary:
    """What was done; rows are counted from 1, over all files.

    Attributes:
        rows: rows written.
        undefined: rows without a value that had all inputs; `undefined_rows` are the first of them.
        nulls: rows with a null that became nan.
        dropped: rows with a null that were left out.
        resumed: rows that an earlier run had done.
    """

    expression: str
    output: str
    columns: Sequence[str]
    read: int = 0
    rows: int = 0
    undefined: int = 0
    undefined_rows: Sequence[int] = ()
    nulls: int = 0
    dropped: int = 0
    resumed: int = 0
    restarted: bool = False
    seconds: float = 0.0
    certified: Certified | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        head = {"schema": 1, "command": "map", "expression": self.expression}
        keys = ("rows", "undefined", "undefined_rows", "nulls", "dropped", "resumed", "output", "columns", "seconds")
        body = {key: getattr(self, key) for key in keys}
        return head | body | {"certified": vars(self.certified) if self.certified else None}


def run(
    expression: str,
    source: str,
    output: str,
    settings: Settings | None = None,
    *,
    let: "Mapping[str, Value] | None" = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Map a formula over the rows of files.

    Args:
        expression: the formula; its variables are columns of the files.
        source: a file, a glob, a directory, or - for standard input.
        output: a file, or - for standard output (CSV, or a stream of Arrow).
        let: values by name that are put into the formula.
        progress: called after each batch.

    Returns:
        What was done. The output is complete, or not there.

    Raises:
        UsageError, ExpressionError: as `differentiate`; the options do not fit; what is to be resumed is another run.
        FileError: a file cannot be read or written.
        UndefinedError: a row has no value, with `undefined="fail"`.
    """
    settings, limits = settings or Settings(), limits or Limits()
    format = output_format(output, settings.format)
    kernel = compile(expression, settings.wrt, settings.order, let=let, limits=limits)
    if not kernel.names:
        raise UsageError("the formula has no variable, so no column is needed", hint="gradcalc grad gives its value")
    with ExitStack() as stack:
        paths = [stack.enter_context(_spooled())] if source == "-" else expand(source)
        _check_output(paths, output)
        job = _Job(expression, _STDIN if source == "-" else source, output, format, paths, kernel, settings)
        job.let = {name: _plain(value) for name, value in (let or {}).items()}
        summary = job.run(progress)
    if job.sample is None:
        return summary
    from gradcalc.batch.check import certify_rows

    worst = certify_rows(
        expression, kernel.names, kernel.wrt, settings.order, job.sample.rows,
        let=let or {}, limits=limits, seconds=_CERTIFY_SECONDS,
    )  # fmt: skip
    column = None if worst.output is None else job.results[worst.output]
    return replace(summary, certified=Certified(worst.checked, worst.digits, worst.row, column))


def _plain(value: "Value") -> list[str]:
    from gradcalc.arithmetic.floats import Floats
    from gradcalc.points import numbers

    return [float(number).hex() for number in numbers(value, Floats())]


# -- files -------------------------------------------------------------------------------------------------------------


def expand(source: str) -> list[Path]:
    """The files that a name, a glob or a directory stands for, in the order of their names."""
    path = Path(source)
    if path.is_dir():
        files = [entry for entry in path.iterdir() if entry.name[0] not in "._" and entry.is_file()]
        found = sorted(file for file in files if Path(file.name.removesuffix(".gz")).suffix.lower() in SUFFIXES)
        if not found:
            raise FileError(f"{path} holds no data file", hint=f"files that end in {' '.join(SUFFIXES)}")
        return found
    if glob.has_magic(source) and not path.exists():
        found = sorted(Path(name) for name in glob.glob(source, recursive=True) if Path(name).is_file())
        if not found:
            raise FileError(f"no file matches {source}")
        return found
    return [path]


@contextmanager
def _spooled() -> Iterator[Path]:
    """Standard input as a file that is gone in the end; what is wrong in it is said of standard input."""
    with tempfile.NamedTemporaryFile(prefix="gradcalc-") as file:
        with writing("a temporary file"):
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
            file.flush()
        if not file.tell():
            raise FileError(f"{_STDIN} is empty")
        try:
            yield Path(file.name)
        except FileError as error:
            error.message = error.message.replace(file.name, _STDIN)
            raise


def _check_output(paths: Sequence[Path], output: str) -> None:
    """Raise if the output cannot be written, or is one of the inputs."""
    if output == "-":
        return
    check_writable(Path(output))
    real = os.path.realpath(output)
    if any(os.path.realpath(path) == real for path in paths):
        raise UsageError(f"{output} is read and written at once", hint="-o with another name")


# -- names -------------------------------------------------------------------------------------------------------------


def result_names(wrt: Sequence[str], order: int) -> list[str]:
    """The names of value, gradient and the Hessian's upper triangle: f, df/dx, d2f/dx2, d2f/dxdy."""
    names = ["f"]
    if order:
        names += [f"df/d{name}" for name in wrt]
    if order == 2:
        names += [
            f"d2f/d{a}2" if i == j else f"d2f/d{a}d{b}" for i, a in enumerate(wrt) for j, b in enumerate(wrt) if i <= j
        ]
    return names


def _checked_names(settings: Settings, kernel: Kernel, kept: Sequence[str]) -> list[str]:
    """The names of the result columns; an error where there are too few, or two are the same."""
    own = result_names(kernel.wrt, settings.order)
    names = list(settings.names) if settings.names is not None else own
    if len(names) != len(own):
        raise UsageError(f"--names gives {len(names)} names for {len(own)} columns: {', '.join(own)}")
    every = [*kept, *names]
    twice = next((name for name in every if every.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two columns of the output would be called {twice}", hint="--names gives the results others")
    return names


# -- the work ----------------------------------------------------------------------------------------------------------


@dataclass
class _Made:
    """A batch on its way out: its columns, and the summary when it is written."""

    columns: Sequence[Any]
    after: Summary


@dataclass
class _Job:
    """One run: what is asked, and the batch by batch of it."""

    expression: str
    source: str
    output: str
    format: str
    paths: Sequence[Path]
    kernel: Kernel
    settings: Settings
    let: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keep = list(self.settings.keep)
        self.kept = column_names(self.paths[0], self.kernel.names) if keep == ["*"] else keep
        self.results = _checked_names(self.settings, self.kernel, self.kept)
        self.columns = [*self.kept, *self.results]
        count = self.settings.certify_rows
        self.sample = _Sample(count, self.settings.seed) if count else None

    def question(self) -> dict[str, Any]:
        """What an unfinished output must answer to be gone on with."""
        with readable(self.source, "data"):
            inputs = [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in self.paths]
        settings = {name: getattr(self.settings, name) for name in ("order", "nulls", "undefined")}
        return {
            "expression": self.expression, "let": self.let, "inputs": inputs, "format": self.format,
            "wrt": self.kernel.wrt, **settings, "columns": self.columns,
        }  # fmt: skip

    def run(self, progress: Progress | None) -> Summary:
        """Read, compute and write."""
        begin = time.perf_counter()
        target = self.output if self.output == "-" else os.path.realpath(self.output)
        direct = target == "-" or os.path.exists(target) and not stat.S_ISREG(os.stat(target).st_mode)
        if direct:
            if self.settings.resume:
                raise UsageError(f"{self.output} cannot be resumed: it is no file")
            summary = self._direct(progress)
        else:
            summary = self._to_file(Path(target), progress)
        return replace(summary, seconds=time.perf_counter() - begin)

    def _direct(self, progress: Progress | None) -> Summary:
        """To standard output, or into a device or a pipe."""
        check_stream(self.format, self.output)
        place = "the result" if self.output == "-" else self.output
        with writing(place), ExitStack() as stack:
            file: BinaryIO = sys.stdout.buffer if self.output == "-" else stack.enter_context(open(self.output, "wb"))
            made = _Out(self, file.write, lambda mark: None)
            summary = self._through(made, Summary(self.expression, self.output, self.columns), progress)
            assert made.writer
            file.write(made.writer.end())
            file.flush()
        return summary

    def _to_file(self, target: Path, progress: Progress | None) -> Summary:
        """Into the hidden directory, and from there to its place."""
        if self.settings.resume and self.source == _STDIN:
            raise UsageError("what came from standard input cannot be resumed", hint="IN as a file")
        unfinished = Unfinished(target)
        unfinished.open(self.question(), self.settings.resume)
        try:
            return self._filled(unfinished, progress)
        except BaseException as error:
            if not unfinished.marks or self.source == _STDIN or not isinstance(error, (KeyboardInterrupt, WriteError)):
                unfinished.discard()
            elif isinstance(error, WriteError):
                error.hint = "--resume goes on where this run ended, when there is room"
            unfinished.close()
            raise

    def _filled(self, unfinished: Unfinished, progress: Progress | None) -> Summary:
        """Write what is missing, and put the complete file in its place."""
        start = Summary(self.expression, self.output, self.columns, restarted=unfinished.restarted)
        marks = unfinished.marks
        if marks:
            start = replace(start, **marks[-1]["done"], resumed=marks[-1]["done"]["rows"])
        out = _Out(self, unfinished.append, unfinished.mark, begun=bool(marks))
        summary = self._through(out, start, progress)
        assert out.writer
        with writing(self.output):
            complete = out.writer.finish(unfinished.data, [marks[0]["first"], *(mark["end"] for mark in marks)])
        unfinished.place(complete)
        return summary

    def _through(self, out: "_Out", summary: Summary, progress: Progress | None) -> Summary:
        """Every batch through the formula: one is read, one computed, one written at a time."""
        total = self._total() if progress else None
        batches = even(self._pieces(summary.read), 8 * len(self.results))
        pending: Future[None] | None = None
        with ThreadPoolExecutor(1, "read") as reading, ThreadPoolExecutor(1, "write") as writers:
            ahead = reading.submit(next, batches, None)
            while (batch := ahead.result()) is not None:
                ahead = reading.submit(next, batches, None)
                made = self._computed(batch, summary)
                summary = made.after
                if pending:
                    pending.result()
                pending = writers.submit(out.write, made)
                if progress:
                    progress(summary.read, total)
            if pending:
                pending.result()
        return summary

    def _total(self) -> int | None:
        """How many rows there are, as far as that is known."""
        counts = [count_rows(path) for path in self.paths]
        return None if None in counts else sum(filter(None, counts))

    def _pieces(self, skip: int) -> Iterator[list[Any]]:
        """The columns of all files after the first `skip` rows."""
        types: list[Any] | None = None
        names = self.kernel.names
        for path in self.paths:
            for piece in self._read(path):
                found = [column.type for column in piece[len(names) :]]
                types = types or found
                for name, before, now in zip(self.kept, types, found, strict=True):
                    if before != now:
                        hint = "--keep without it, or files of one kind"
                        raise FileError(
                            f"{path}, column {name}: holds {now}, the files before hold {before}", hint=hint
                        )
                left = min(skip, len(piece[0]))
                skip -= left
                yield [column[left:] for column in piece] if left else piece

    def _read(self, path: Path) -> Iterator[list[Any]]:
        """The pieces of one file; what is missing may come from --let."""
        try:
            yield from read_pieces(path, self.kernel.names, self.kept)
        except FileError as error:
            name = error.message.rpartition(" has no column ")[2]
            if name in self.kernel.names and name != error.message:
                error.hint = f"{error.hint}; or a value: --let {name}=..."
            raise

    def _computed(self, batch: list[Any], before: Summary) -> _Made:
        """A batch of columns with the results, and the summary after it."""
        import numpy as np

        inputs, kept = batch[: len(self.kernel.names)], batch[len(self.kernel.names) :]
        rows = len(inputs[0])
        missing = np.isnan(inputs[0])
        for column in inputs[1:]:
            missing |= np.isnan(column)
        nulls = int(np.count_nonzero(missing))
        numbers = None
        if nulls and self.settings.nulls == "fail":
            self._refuse_null(before.read, inputs, int(np.argmax(missing)))
        dropping = nulls and self.settings.nulls == "drop"
        if dropping:
            present = ~missing
            numbers = np.flatnonzero(present)
            inputs = [column[present] for column in inputs]
            mask = library("pyarrow").array(present) if kept else None
            kept = [column.filter(mask) for column in kept]
            missing = np.zeros(len(inputs[0]), bool)
        made = self.kernel(**dict(zip(self.kernel.names, inputs, strict=True)))
        results = _results(made, self.settings.order)
        undefined = np.flatnonzero(np.isnan(made.value) & ~missing)
        places = undefined[:_SHOWN_ROWS] if numbers is None else numbers[undefined[:_SHOWN_ROWS]]
        shown = [*before.undefined_rows, *(before.read + int(row) + 1 for row in places)][:_SHOWN_ROWS]
        if len(undefined) and self.settings.undefined == "fail":
            self._refuse(shown[0], inputs, int(undefined[0]))
        if self.sample is not None:
            self.sample.add(inputs, results, before.read, numbers)
        after = replace(
            before, read=before.read + rows, rows=before.rows + len(made.value), undefined_rows=shown,
            undefined=before.undefined + len(undefined), dropped=before.dropped + (nulls if dropping else 0),
            nulls=before.nulls + (0 if dropping else nulls),
        )  # fmt: skip
        return _Made([*kept, *results], after)

    def _refuse_null(self, first: int, inputs: Sequence[Any], place: int) -> None:
        """Raise for a row with a null."""
        name = next(n for n, column in zip(self.kernel.names, inputs, strict=True) if math.isnan(column[place]))
        hint = "--nulls nan or --nulls drop"
        raise FileError(f"{self.source}, row {first + place + 1}, column {name}: no value", hint=hint)

    def _refuse(self, row: int, inputs: Sequence[Any], place: int) -> None:
        """Raise, with the point."""
        point = ", ".join(
            f"{name}={column[place]:.17g}" for name, column in zip(self.kernel.names, inputs, strict=True)
        )
        hint = "--undefined nan writes nan there"
        raise UndefinedError(f"the formula is undefined in row {row} of {self.source}: {point}", hint=hint)


def _results(batch: Any, order: int) -> list[Any]:
    """The columns of a batch of results, as `result_names` names them."""
    columns = [batch.value]
    if order:
        columns += list(batch.gradient)
    if order == 2:
        size = len(batch.hessian)
        columns += [batch.hessian[i, j] for i in range(size) for j in range(i, size)]
    return columns


class _Out:
    """Writes batches one after the other, each with a mark of how far the work has come."""

    def __init__(
        self, job: _Job, append: Callable[[Any], Any], mark: Callable[[dict[str, Any]], None], begun: bool = False
    ) -> None:
        self.job, self.append, self.mark, self.begun = job, append, mark, begun
        self.writer: Writer | None = None
        self.first = 0

    def write(self, made: _Made) -> None:
        """Encode a batch and append it."""
        if self.writer is None:
            self._open(made.columns)
        assert self.writer
        if not len(made.columns[-1]) and self.begun:
            return
        self.begun = True
        end = self.append(self.writer.encode(made.columns))
        done = {
            name: getattr(made.after, name)
            for name in ("read", "rows", "undefined", "undefined_rows", "nulls", "dropped")
        }
        self.mark({"first": self.first, "end": end, "done": done})

    def _open(self, columns: Sequence[Any]) -> None:
        """The writer for columns of such types."""
        kept = len(self.job.kept)
        types = {
            name: column.type if position < kept else None
            for position, (name, column) in enumerate(zip(self.job.columns, columns, strict=True))
        }
        self.writer = writer(self.job.format, types)
        if not self.begun:
            self.first = self.append(self.writer.begin()) or 0


def even(pieces: Iterable[list[Any]], width: int) -> Iterator[list[Any]]:
    """Pieces as batches that are not too large, with `width` more bytes a row; one that is empty if there is none.

    Where a batch ends depends on the rows alone, not on the pieces, so that a run that goes on makes the same batches.
    """
    held: list[list[Any]] = []
    rows = size = 0
    for part in _cut(pieces, _LEAST_ROWS):
        held.append(part)
        rows += len(part[0])
        size += len(part[0]) * width + sum(column.nbytes for column in part)
        if rows >= _MOST_ROWS or size >= _BYTES:
            yield _joined(held)
            held, rows, size = [], 0, 0
    if held:
        yield _joined(held)


def _cut(pieces: Iterable[list[Any]], rows: int) -> Iterator[list[Any]]:
    """Pieces joined and cut so that each has `rows` rows, or the rest; one that is empty if there is none."""
    held: list[list[Any]] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += len(piece[0])
        while count >= rows:
            whole = _joined(held)
            yield [column[:rows] for column in whole]
            held, count = [[column[rows:] for column in whole]], count - rows
    yield _joined(held)


def _joined(pieces: Sequence[list[Any]]) -> list[Any]:
    """Pieces as one."""
    import numpy as np

    pieces = [piece for piece in pieces if len(piece[0])] or pieces[:1]
    if len(pieces) == 1:
        return pieces[0]
    columns = zip(*pieces, strict=True)
    return [
        np.concatenate(parts) if isinstance(parts[0], np.ndarray) else library("pyarrow").concat_arrays(parts)
        for parts in columns
    ]


class _Sample:
    """Some rows drawn at random from as many as come, each as likely as any other.

    Li, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))", ACM TOMS 20 (1994): algorithm L.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.random = size, random.Random(seed)
        self.rows: list[tuple[int, list[float], list[float]]] = []
        self.seen, self.weight, self.next = 0, 1.0, 0

    def add(self, inputs: Sequence[Any], results: Sequence[Any], first: int, numbers: Any) -> None:
        """Draw from a batch; `first` rows came before, `numbers` are its rows where some were left out."""
        end = self.seen + len(inputs[0])
        while self.next < end:
            i = self.next - self.seen
            point = [float(column[i]) for column in inputs]
            if not all(map(math.isfinite, point)):
                self.next += 1
                continue
            row = first + 1 + (i if numbers is None else int(numbers[i]))
            drawn = (row, point, [float(column[i]) for column in results])
            if len(self.rows) < self.size:
                self.rows.append(drawn)
            else:
                self.rows[self.random.randrange(self.size)] = drawn
            self._leap()
        self.seen = end

    def _leap(self) -> None:
        """Go to the next row that is drawn."""
        self.next += 1
        if len(self.rows) < self.size:
            return
        self.weight *= math.exp(math.log(1 - self.random.random()) / self.size)
        self.next += int(math.log(1 - self.random.random()) / math.log1p(-self.weight))


__all__ = ["Certified", "Settings", "Summary", "UndefinedError", "expand", "result_names", "run"]
