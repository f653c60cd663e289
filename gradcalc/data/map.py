"""One formula over every row of data files: `gradcalc map`.

A row comes in, value and derivatives go out, batch by batch: while one is computed, the next is read and the last is
written, so that no more than three are in memory, however large the files are.
"""

import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from io import BytesIO
from pathlib import Path
from pickle import loads
from typing import Any, BinaryIO

import numpy as np

from gradcalc import errors
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.data.batches import Span, even, extents, kept_numbers, read_files, span_of, tasks_of, total_rows
from gradcalc.data.check import Certified, Checked, RowBalls, Sample, certified, check_rows
from gradcalc.data.cluster import Task, Tell, alone, connected
from gradcalc.data.columns import column_names, null_rows
from gradcalc.data.digits import TYPE, RowDigits
from gradcalc.data.formats import FORMATS, check_stream, output_format
from gradcalc.data.formats.format import Extent, Format, Place, Writer, library
from gradcalc.data.output import Append, Pieces, finished, placed, target_of
from gradcalc.data.shard import Record, Shard, fingerprint, made_by, read_shard
from gradcalc.data.source import STDIN, facts, is_stream, opened, refuse_changed
from gradcalc.data.uncertainty import with_uncertainty
from gradcalc.data.urls import shown
from gradcalc.errors import ExitCode, FileError, GradcalcError, UsageError
from gradcalc.files import Target, Unfinished, WriteError, writing
from gradcalc.language.compile import kernel, to_compile
from gradcalc.language.formula import Definition, Formula, Point, refuse_clash
from gradcalc.language.points import numbers
from gradcalc.settings import AS_USUAL, Limits, Reading
from gradcalc.settings import MapSettings as Settings
from gradcalc.show.answer import SCHEMA, Answer
from gradcalc.show.page import Page, line

_LEAST, _SECONDS = 1 << 8, 0.2
"""Rows of the least and first piece that is computed; how long one should take, so that it can be told and ended."""
_ROOM = 450
"""Megabytes of addresses that the libraries take, with two threads and the batches; without PyArrow."""
_DIGITS = "digits"
"""The column of the right digits of each row."""
_SHOWN_ROWS = 5
"""How many undefined rows are named."""

Progress = Callable[[int, int | None], None]
"""Told after each batch: the rows done, and how many there are, if that is known."""


_ANSWERED = (
    "order", "nulls", "undefined", "kinks", "propagate", "corr", "second_order", "digits", "digits_at_least", "repair",
)  # fmt: skip
"""The settings that an unfinished output was made with."""


class UndefinedError(GradcalcError):
    """The formula has no value in a row, and none may lack one."""

    kind = "undefined"
    exit_code = ExitCode.UNDEFINED


@dataclass(frozen=True, kw_only=True, repr=False)
class Counts:
    """How far the work has come; rows are counted from 1, over all files.

    Attributes:
        rows: rows written.
        undefined: rows that had all inputs and no value; nan stands in all their results. `undefined_rows` are the
            first of them.
        kinks: rows on a kink, a jump or a branch boundary of an op, where a derivative is a choice, if there is one.
            `kink_rows` are the first of them.
        nan_derivatives, infinite_derivatives: rows that have a value, and some derivative that is nan, or infinite.
        nulls: rows with a null that became nan.
        dropped: rows with a null that were left out.
        least_digits: with `--digits`, the fewest right digits of a row that has them to lose: of those with a value,
            and not on a kink where there are derivatives. None before the first.
        below: rows with fewer than `--digits-at-least`, before `--repair`. `below_rows` are the first of them.
        repaired: those of them that have as many after it.
        by_balls: rows whose digits balls counted.
        sampled: the rows to be checked at random, as `Sample.drawn`.
    """

    read: int = 0
    rows: int = 0
    undefined: int = 0
    undefined_rows: Sequence[int] = ()
    kinks: int = 0
    kink_rows: Sequence[int] = ()
    nan_derivatives: int = 0
    infinite_derivatives: int = 0
    nulls: int = 0
    dropped: int = 0
    least_digits: int | None = None
    below: int = 0
    below_rows: Sequence[int] = ()
    repaired: int = 0
    by_balls: int = 0
    sampled: Sequence[Sequence[Any]] = ()

    def plus(self, more: "Counts") -> "Counts":
        """The counts of some rows and of those that come after them; `sampled` are the later ones'."""
        found: dict[str, Any] = {}
        for name, before in vars(self).items():
            after = getattr(more, name)
            known = [each for each in (before, after) if each is not None]
            if name == "sampled":
                found[name] = after
            elif name == "least_digits":
                found[name] = min(known, default=None)
            else:
                found[name] = [*before, *after][:_SHOWN_ROWS] if isinstance(before, Sequence) else before + after
        return Counts(**found)


@dataclass(frozen=True, kw_only=True, repr=False)
class Summary(Counts, Answer):
    """What was done.

    Attributes:
        resumed: rows that an earlier run had done.
        restarted: an earlier run was not finished, and is lost.
        is_uncertain: uncertainties are among the columns, and count as derivatives.
        digits: the right digits of every row were counted.
        shard: the part of a run that this is: its number, of how many, and its first and last row, from 1.
    """

    expression: str
    output: str
    columns: Sequence[str]
    resumed: int = 0
    restarted: bool = False
    digits: bool = False
    seconds: float = 0.0
    certified: Certified | None = None
    is_uncertain: bool = False
    shard: Mapping[str, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        head = {"schema": SCHEMA, "command": "map", "expression": self.expression}
        keys = (
            "rows", "undefined", "undefined_rows", "kinks", "kink_rows", "nan_derivatives", "infinite_derivatives",
            "nulls", "dropped", "resumed", "output", "columns", "seconds",
        )  # fmt: skip
        body = {key: getattr(self, key) for key in keys}
        counted = ("least_digits", "below", "below_rows", "repaired", "by_balls")
        digits = {key: getattr(self, key) for key in counted} if self.digits else None
        body |= {"digits": digits, "certified": vars(self.certified) if self.certified else None}
        return head | body | ({"shard": self.shard} if self.shard else {})

    def records(self) -> Iterator[tuple[str, object]]:
        """A row for each fact, the titles first; lists with blanks between their items."""
        yield "field", "value"
        body = self.to_dict()
        digits = body.pop("digits") or {}
        for part in ("certified", "shard"):
            digits |= {f"{part}_{name}": value for name, value in (body.pop(part, None) or {}).items()}
        for name, value in (body | digits).items():
            yield name, " ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def page(self) -> Page:
        """What was done, in words."""
        return Page("map", tuple(map(line, self._told())))

    def _told(self) -> Iterator[str]:
        new = self.rows - self.resumed
        rate = f", {new / self.seconds:,.0f} rows/s" if new and self.seconds else ""
        place = "standard output" if self.output == "-" else self.output
        yield f"{place}: {_counted(self.rows, 'row')}, {self.seconds:.1f} s{rate}"
        if self.shard:
            part, last = "shard {number} of {of}".format(**self.shard), self.shard["last"]
            yield f"{part}: rows {self.shard['first']:,} to {last:,}" if last else f"{part}: no rows are left for it"
        if self.resumed:
            yield f"resumed after {_counted(self.resumed, 'row')}"
        if self.restarted:
            yield "an unfinished run was lost; --resume goes on with one of the same question"
        if self.dropped:
            yield f"rows with a null that were left out: {self.dropped:,}"
        if self.nulls:
            yield f"rows with a null, whose results are nan: {self.nulls:,}"
        if self.undefined:
            yield f"rows where the formula is undefined: {_listed(self.undefined, self.undefined_rows)}"
        if self.kinks:
            yield f"rows on a kink, a jump or a branch boundary: {_listed(self.kinks, self.kink_rows)}"
        what = "derivative or uncertainty" if self.is_uncertain else "derivative"
        if self.nan_derivatives:
            yield f"rows with a value and a {what} that is nan: {self.nan_derivatives:,}"
        if self.infinite_derivatives:
            yield f"rows with an infinite {what}: {self.infinite_derivatives:,}"
        if self.least_digits is not None:
            balls = f" ({_counted(self.by_balls, 'row')} by interval arithmetic)" if self.by_balls else ""
            yield f"right digits of every row: at least {self.least_digits}{balls}"
        if self.below:
            repaired = f"; repaired: {self.repaired:,}" if self.repaired else ""
            yield f"rows with fewer right digits than asked for: {_listed(self.below, self.below_rows)}{repaired}"
        if self.certified and self.certified.rows:
            found, rows = self.certified, _counted(self.certified.rows, "random row")
            where = f"{found.worst_column} in row {found.worst_row or 0:,}"
            settled = f"at least {found.worst_digits} digits right ({where})"
            unsettled = found.worst_digits is None
            rest = f"; {_counted(found.unsettled, 'number')} not settled" if found.unsettled else ""
            yield f"{rows} by interval arithmetic: {'nothing could be settled' if unsettled else settled + rest}"
            if found.late:
                yield "the proof was stopped by the clock, before its work was done"


def _listed(count: int, rows: Sequence[int]) -> str:
    """How many rows, and the first of them."""
    shown = ", ".join(f"{row:,}" for row in rows)
    return f"{count:,} ({'row' if count == 1 else 'rows'} {shown}{', …' if count > len(rows) else ''})"


def _counted(count: int, name: str) -> str:
    """So many of something: 1 row, 2,000 rows."""
    return f"{count:,} {name}" + ("" if count == 1 else "s")


def run(
    expression: str,
    source: str,
    output: str,
    settings: Settings | None = None,
    *,
    let: Point | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
    how: Reading = AS_USUAL,
    tell: Tell = None,
) -> Summary:
    """Map a formula over the rows of files.

    Args:
        expression: the formula; its variables are columns of the files.
        source: a file, a glob, a directory, or - for standard input.
        output: a file, or - for standard output, of a format that streams.
        let: values by name that are put into the formula.
        progress: called after each batch.
        how: how the files are written.
        tell: hears where a cluster of workers can be watched.

    Returns:
        What was done. The output is complete, or not there.

    Raises:
        UsageError, ExpressionError: as `differentiate`; the options do not fit; what is to be resumed is another run.
        FileError: a file cannot be read or written.
        UndefinedError: a row has no value, with `undefined="fail"`.
    """
    settings, limits = settings or Settings(), limits or Limits()
    errors.need_room(_ROOM, "map")
    shard = read_shard(settings.shard) if settings.shard is not None else None
    format = output_format(shown(output), settings.format)
    if settings.keep or format.by_arrow:
        errors.library("pyarrow", f"map {'--keep' if settings.keep else f'to {format.name}'}")
    formula = to_compile(expression, settings.wrt, settings.order, let=let, limits=limits)
    if not formula.variables:
        raise UsageError("the formula has no variable, so no column is needed", hint="gradcalc grad gives its value")
    formula = with_uncertainty(formula, settings, let or {}, limits)
    with ExitStack() as stack:
        paths = stack.enter_context(opened(source, checked=False))
        target = stack.enter_context(target_of(paths, output))
        refuse_clash(formula, column_names(paths[0], list(formula.variables), how))
        told, once = STDIN if source == "-" else shown(source), is_stream(source)
        _refuse_parts(settings, told, once, target)
        job = _Job(
            formula, told, shown(output), format, paths, settings, let or {}, how, once, limits, shard, tell=tell
        )
        begin = time.perf_counter()
        summary = job.to_file(target, progress) if target else job.to_stream(progress)
        seconds = time.perf_counter() - begin
    return replace(summary, seconds=seconds, certified=job.certified())


def _refuse_parts(settings: Settings, source: str, once: bool, target: Target | None) -> None:
    """Raise if the rows cannot be given to others, or a shard has no place for its record."""
    if settings.scheduler is not None and once:
        raise UsageError(f"--scheduler: {source} can be read but once", hint="IN as a file that all workers see")
    if settings.shard is not None and (once or not target):
        what = f"{source} can be read but once" if once else "what OUT names is no file"
        raise UsageError(f"--shard: {what}", hint="IN and OUT as files")


# -- results -----------------------------------------------------------------------------------------------------------


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


def _results(batch: Any, order: int) -> list[Any]:
    """The columns of a batch of results, as `result_names` names them, and the others."""
    columns = [batch.value]
    if order:
        columns += list(batch.gradient)
    if order == 2:
        size = len(batch.hessian)
        columns += [batch.hessian[i, j] for i in range(size) for j in range(i, size)]
    return [*columns, *batch.extra] if batch.extra is not None else columns


def _checked_names(settings: Settings, kernel: Kernel, extra: Sequence[str], kept: Sequence[str]) -> list[str]:
    """The names of the result columns; an error where there are too few, or two are the same."""
    own = [*result_names(kernel.wrt, settings.order), *extra]
    names = list(settings.names) if settings.names is not None else own
    if len(names) != len(own):
        raise UsageError(f"--names gives {len(names)} names for {len(own)} columns: {', '.join(own)}")
    twice = next((name for name, count in Counter([*kept, *names]).items() if count > 1), None)
    if twice is not None:
        raise UsageError(f"two columns of the output would be called {twice}", hint="--names gives the results others")
    return names


# -- the work ----------------------------------------------------------------------------------------------------------


@dataclass
class _Job:
    """One run: what is asked, and the batch by batch of it."""

    formula: Formula
    source: str
    output: str
    format: Format
    paths: Sequence[Place]
    settings: Settings
    let: Point
    how: Reading
    once: bool
    limits: Limits
    shard: Shard | None = None
    known: Sequence[Extent] | None = None
    numbers: Mapping[str, Any] | None = None
    tell: Tell = None

    def __post_init__(self) -> None:
        self.inputs = self._inputs()
        self.kernel = kernel(self.formula)
        keep = list(self.settings.keep)
        self.kept = column_names(self.paths[0], self.kernel.names, self.how) if keep == ["*"] else keep
        self.results = _checked_names(self.settings, self.kernel, list(self.formula.extra), self.kept)
        self.digits = self._row_digits()
        self.columns = [*self.kept, *self.results, *([_DIGITS] if self.digits else [])]
        self.domain: Kernel | None = None
        self.kinks = self.kernel.kinks()
        self.pace, self.kinks_pace, self.digits_pace = _Pace(), _Pace(), _Pace()
        if self.known is None and (self.shard or self.settings.scheduler):
            self.known = extents(self.paths, self.kernel.names, self.how)
        self.rows = sum(extent.rows for extent in self.known or ())
        self.span = span_of(self.shard.number, self.shard.of, self.rows) if self.shard else Span()
        self.sample: Sample | None = None

    def _row_digits(self) -> RowDigits | None:
        """What counts the digits of every row, where they are asked for."""
        settings = self.settings
        if settings.repair and settings.digits_at_least is None:
            raise UsageError("--repair needs to know which rows", hint="--digits-at-least 12 --repair")
        if settings.digits_at_least is not None and not settings.digits:
            raise UsageError("--digits-at-least needs the digits of every row", hint="--digits --digits-at-least N")
        if not settings.digits:
            return None
        if _DIGITS in (*self.kept, *self.results):
            raise UsageError(
                f"two columns of the output would be called {_DIGITS}", hint="--names or --keep without it"
            )
        return RowDigits(RowBalls(self.formula, self.kernel.names, self.limits))

    def to_stream(self, progress: Progress | None) -> Summary:
        """To standard output, or into a device or a pipe."""
        if self.settings.resume:
            raise UsageError(f"{self.output} cannot be resumed: it is no file")
        check_stream(self.format, self.output)
        place = "the result" if self.output == "-" else self.output
        with writing(place), ExitStack() as stack:
            file: BinaryIO = sys.stdout.buffer if self.output == "-" else stack.enter_context(open(self.output, "wb"))
            with self._unchanged():
                writer, counts = self._through(lambda piece: piece(file), lambda mark: None, None, progress)
            file.write(writer.end())
            file.flush()
        return self._summary(counts)

    def to_file(self, target: Target, progress: Progress | None) -> Summary:
        """Into the hidden directory, and from there to its place."""
        if self.settings.resume and self.once:
            raise UsageError(f"what came from {self.source} cannot be resumed", hint="IN as a file")
        unfinished = Unfinished(target)
        unfinished.open(self._question(), self.settings.resume)
        try:
            return self._filled(unfinished, progress)
        except BaseException as error:
            if not unfinished.marks or self.once or not isinstance(error, (KeyboardInterrupt, WriteError)):
                unfinished.discard()
            elif isinstance(error, WriteError):
                error.hint = "--resume goes on where this run ended, when there is room"
            else:
                kept = unfinished.marks[-1]["done"]["rows"]
                error.args = (f"{kept:,} rows are kept in {unfinished.folder}; --resume goes on with them",)
            unfinished.close()
            raise

    @cached_property
    def checked(self) -> tuple[Sequence[Checked], bool]:
        """The drawn rows in balls, and whether the clock struck."""
        return check_rows(self.formula, self.kernel.names, self.sample, self.limits) if self.sample else ((), False)

    def certified(self) -> Certified | None:
        """What balls say of the drawn rows."""
        checked, late = self.checked
        return certified(checked, self.sample.size, self.results, late) if self.sample else None

    def _inputs(self) -> list[list[Any]]:
        """The input files, how long they are and when they were changed."""
        return facts(self.paths)

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Raise if an input is not what it was when the work began: rows of two files would stand in one."""
        try:
            yield
        except WriteError:
            raise
        except FileError:
            refuse_changed(self.paths, self.inputs)  # a better reason than what is said of half a line
            raise
        refuse_changed(self.paths, self.inputs)

    def _question(self) -> dict[str, Any]:
        """What an unfinished output must answer to be gone on with."""
        settings = {name: getattr(self.settings, name) for name in _ANSWERED}
        let = {
            name: value.shown if isinstance(value, Definition) else [float(x).hex() for x in numbers(value, Floats())]
            for name, value in self.let.items()
        }
        question = {
            "expression": self.formula.text, "let": let, "inputs": self.inputs, "format": self.format.name,
            **settings, "read": vars(self.how), "wrt": self.kernel.wrt, "columns": self.columns,
        }  # fmt: skip
        return question | self._as_part(self.shard) if self.shard else question

    def _as_part(self, shard: Shard) -> dict[str, Any]:
        """What a question holds more where others answer the rest of it, perhaps elsewhere."""
        inputs = [fingerprint(path) for path in self.paths]
        sampled = {"certify_rows": self.settings.certify_rows, "seed": self.settings.seed}
        return {"inputs": inputs, **sampled, "shard": str(shard), "made by": made_by()}

    def _filled(self, unfinished: Unfinished, progress: Progress | None) -> Summary:
        """Write what is missing, and put the complete file in its place."""
        done = Counts(**unfinished.marks[-1]["done"]) if unfinished.marks else None
        with self._unchanged():
            writer, counts = self._through(unfinished.append, unfinished.mark, done, progress)
        complete = finished(unfinished, writer)
        record = self._record(unfinished, writer, counts).text(complete) if self.shard else None
        placed(unfinished, writer, complete, record)
        return self._summary(counts, resumed=done.rows if done else 0, restarted=unfinished.restarted)

    def _summary(self, counts: Counts, **more: Any) -> Summary:
        return Summary(
            expression=self.formula.text, output=self.output, columns=self.columns, digits=self.digits is not None,
            is_uncertain=bool(self.formula.extra), shard=self._told_shard(), **vars(counts), **more,
        )  # fmt: skip

    def _told_shard(self) -> dict[str, int] | None:
        """The shard in a summary."""
        if self.shard is None:
            return None
        last = self.span.stop or 0
        return {"number": self.shard.number, "of": self.shard.of, "first": self.span.first + bool(last), "last": last}

    def _record(self, unfinished: Unfinished, writer: Writer, counts: Counts) -> Record:
        """What tells of a shard for who joins them."""
        checked, late = self.checked
        return Record(
            question=unfinished.question, types=[str(type) for type in writer.types.values()], rows=self.rows,
            results=self.results, is_uncertain=bool(self.formula.extra), begin=len(writer.begin()),
            pieces=[{"end": m["end"], "checksum": m["checksum"], "rows": m["done"]["rows"]} for m in unfinished.marks],
            counts=vars(replace(counts, sampled=())), checked=[vars(each) for each in checked], late=late,
        )  # fmt: skip

    def _total(self) -> int | None:
        """How many rows are read, about, if that is known."""
        return len(self.span) or self.rows or total_rows(self.paths, self.how)

    def _numbers(self, told: Callable[[], None] | None) -> Mapping[str, Any]:
        """The kept columns that are text where they are read, and numbers where they are written."""
        if self.numbers is None:
            names = self.kernel.names
            self.numbers = kept_numbers(self.paths, names, self.kept, self.how, told) if self.format.typed else {}
        return self.numbers

    def _on_cluster(
        self, append: Append, mark: Callable[[dict[str, Any]], None], done: Counts | None, progress: Progress | None
    ) -> tuple[Writer, Counts]:
        """The same by workers elsewhere, a block of rows a task; what they made is appended here in its order."""
        counts, out, total = done or Counts(), None, self._total()
        span = replace(self.span, first=self.span.first + counts.read)
        settings = replace(self.settings, scheduler=None, shard=None, resume=False)
        shared = {
            "formula": self.formula, "source": self.source, "format": self.format.name.lower(), "settings": settings,
            "paths": [path.absolute() if isinstance(path, Path) else path for path in self.paths],
            "how": self.how, "limits": self.limits,
            "known": self.known, "numbers": self._numbers(None), "inputs": [fingerprint(path) for path in self.paths],
        }  # fmt: skip
        with connected(self.settings.scheduler or "", self.tell) as cluster:
            for made in cluster.each(task, shared, map(Task, tasks_of(span, self.rows)), self.source):
                out = out or Pieces(self.format.writer(made.types), append, mark, begun=done is not None)
                if list(made.types.items()) != list(out.writer.types.items()):
                    raise FileError(f"{self.source}: a column that is kept is not of one type in all rows")
                for data, rows, so_far in made.pieces:
                    out.put(lambda file, data=data: file.write(data), rows, vars(self._and(counts, so_far)))  # type: ignore[misc]
                counts = self._and(counts, made.counts)
                if progress:
                    progress(counts.read, total)
        assert out is not None  # there is one task at least
        if settings.certify_rows:
            self.sample = Sample(settings.certify_rows, settings.seed, counts.sampled)
        return out.writer, counts

    def _and(self, before: Counts, after: Counts) -> Counts:
        """The counts of two parts, the drawn rows of both among them."""
        size, seed = self.settings.certify_rows, self.settings.seed
        return replace(before.plus(after), sampled=Sample(size, seed, [*before.sampled, *after.sampled]).drawn)

    def _through(
        self, append: Append, mark: Callable[[dict[str, Any]], None], done: Counts | None, progress: Progress | None
    ) -> tuple[Writer, Counts]:
        """Every batch that is not done through the formula: one is read, one computed, one written at a time."""
        if self.settings.scheduler is not None:
            return self._on_cluster(append, mark, done, progress)
        counts, settings = done or Counts(), self.settings
        total = self._total() if progress else None
        if settings.certify_rows:
            self.sample = Sample(settings.certify_rows, settings.seed, counts.sampled)
        numbers = self._numbers(partial(progress, counts.read, total) if progress else None)
        span = replace(self.span, first=self.span.first + counts.read)
        pieces = read_files(
            self.paths, self.kernel.names, self.kept, span=span, known=self.known, how=self.how, numbers=numbers
        )
        batches = even(pieces, 8 * len(self.results), span.first)
        pending: Future[None] | None = None
        with ThreadPoolExecutor(1, "read") as reading, ThreadPoolExecutor(1, "write") as writers:
            ahead: Future[list[Any]] = reading.submit(next, batches, [])
            out = Pieces(self._writer(ahead.result()), append, mark, begun=done is not None)
            while batch := ahead.result():
                ahead = reading.submit(next, batches, [])
                columns, more = self._computed(batch, counts.read, progress and (lambda read: progress(read, total)))
                counts = counts.plus(more)
                if pending:
                    pending.result()
                pending = writers.submit(out.write, columns, vars(counts))
                if progress:
                    progress(counts.read, total)
            if pending:
                pending.result()
        return out.writer, counts

    def _writer(self, batch: list[Any]) -> Writer:
        """What writes batches whose kept columns are of the types of this one."""
        kept = batch[len(self.kernel.names) :]
        types = {name: column.type for name, column in zip(self.kept, kept, strict=True)}
        return self.format.writer(types | dict.fromkeys(self.results) | ({_DIGITS: TYPE} if self.digits else {}))

    def _computed(self, batch: list[Any], read: int, told: Callable[[int], None] | None) -> tuple[list[Any], Counts]:
        """The columns of the output for a batch of the input, before which so many rows were read, and its counts."""
        inputs, kept = batch[: len(self.kernel.names)], batch[len(self.kernel.names) :]
        first = self.span.first + read + 1
        rows: Any = range(first, first + len(inputs[0]))
        missing = null_rows(inputs)
        nulls = 0 if missing is None else int(np.count_nonzero(missing))
        if nulls and self.settings.nulls == "fail":
            self._refuse_null(rows, inputs, int(np.argmax(missing)))
        dropping = nulls and self.settings.nulls == "drop"
        if dropping:
            present, missing = ~missing, None
            rows, inputs = np.flatnonzero(present) + rows[0], [column[present] for column in inputs]
            mask = library("pyarrow").array(present) if kept else None
            kept = [column.filter(mask) for column in kept]
        results = self.pace.run(self.kernel, inputs, told and (lambda done: told(read + done)))
        undefined = self._undefined(inputs, results[0], missing)
        left_out = np.zeros(len(rows), dtype=bool) if missing is None else missing.copy()
        left_out[undefined] = True
        kinked = self._kinked(inputs, left_out)
        kinks = np.flatnonzero(kinked) if kinked is not None else ()
        if len(kinks) and self.settings.kinks == "nan":
            for column in results[1:]:
                column[kinks] = math.nan
        odd = _odd_derivatives(results[1:], left_out if kinked is None else left_out | kinked)
        if len(undefined) or missing is not None:
            for column in results:
                column[left_out] = math.nan
        if len(undefined) and self.settings.undefined == "fail":
            self._refuse(rows, inputs, int(undefined[0]))
        heard = told and (lambda done: told(read + done))
        digits, proved = self._digits(rows, inputs, results, left_out, kinked, heard)
        if self.sample is not None:
            self.sample.add(rows, inputs, results, kinked)
        counts = Counts(
            read=len(batch[0]),
            rows=len(rows),
            undefined=len(undefined),
            undefined_rows=_first(rows, undefined),
            kinks=len(kinks),
            kink_rows=_first(rows, kinks),
            nan_derivatives=odd[0],
            infinite_derivatives=odd[1],
            nulls=0 if dropping else nulls,
            dropped=nulls if dropping else 0,
            sampled=self.sample.drawn if self.sample else (),
            **proved,
        )
        return [*kept, *results, *digits], counts

    def _digits(
        self, rows: Any, inputs: list[Any], results: list[Any], left_out: Any, kinked: Any,
        told: Callable[[int], None] | None,
    ) -> tuple[list[Any], dict[str, Any]]:  # fmt: skip
        """The column of right digits, if it is asked for, and what is counted of it; rows below are repaired."""
        if self.digits is None:
            return [], {}
        columns, least = [*inputs, *results], self.settings.digits_at_least or 0
        has_slopes = self.settings.order or self.formula.extra
        counted = ~(left_out | kinked if kinked is not None and has_slopes else left_out)
        digits, places = np.zeros(len(rows), TYPE), np.flatnonzero(counted)
        if self.digits.kernel:
            found = self.digits_pace.run(self.digits.kernel, columns, told)[0]
            digits[places] = found[places]
        else:
            digits[places] = self.digits.in_balls(inputs, results, places, False, told)
        below = np.flatnonzero(counted & (digits < least))
        by_balls = 0 if self.digits.kernel else len(places)
        if self.settings.repair and len(below):
            digits[below] = self.digits.in_balls(inputs, results, below, True, told)
            by_balls = max(by_balls, len(below))
        return [digits], {
            "least_digits": int(digits[places].min()) if len(places) else None,
            "below": len(below),
            "below_rows": _first(rows, below),
            "repaired": int(np.count_nonzero(digits[below] >= least) if self.settings.repair else 0),
            "by_balls": by_balls,
        }

    def _kinked(self, inputs: Sequence[Any], left_out: Any) -> Any:
        """Which rows with a value are on a kink, a jump or a branch boundary; None if none is."""
        if self.kinks is None:
            return None
        found = self.kinks_pace.run(self.kinks, inputs, None)[0] != 0
        found &= ~left_out
        return found if found.any() else None

    def _undefined(self, inputs: Sequence[Any], values: Any, missing: Any) -> Any:
        """The rows that hold no null and have no value: it is nan, or infinite where an op leaves its domain."""
        odd = ~np.isfinite(values)
        if missing is not None:
            odd &= ~missing
        places = np.flatnonzero(odd)
        if len(places) and not np.isnan(values[places]).all():
            self.domain = self.domain or self.kernel.domain()
            columns = [column[places] for column in inputs]
            inside = self.domain(**dict(zip(self.kernel.names, columns, strict=True))).value
            places = places[np.isnan(values[places]) | (inside == 0)]
        return places

    def _refuse_null(self, rows: Any, inputs: Sequence[Any], place: int) -> None:
        """Raise for a row with a null."""
        name = next(n for n, column in zip(self.kernel.names, inputs, strict=True) if math.isnan(column[place]))
        hint = "--nulls nan or --nulls drop"
        raise FileError(f"{self.source}, row {rows[place]}, column {name}: no value", hint=hint)

    def _refuse(self, rows: Any, inputs: Sequence[Any], place: int) -> None:
        """Raise for a row without a value, with its point."""
        point = ", ".join(f"{n}={column[place]:.17g}" for n, column in zip(self.kernel.names, inputs, strict=True))
        hint = "--undefined nan writes nan there"
        raise UndefinedError(f"the formula is undefined in row {rows[place]} of {self.source}: {point}", hint=hint)


# -- a part of it, elsewhere -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """What a task made: the types of the columns; the pieces, each with its rows and what is counted up to its end."""

    types: Mapping[str, Any]
    pieces: Sequence[tuple[bytes, int, Counts]]
    counts: Counts


@lru_cache(maxsize=2)
def _job(shared: bytes) -> _Job:
    """The work that tasks share, prepared once in each process; an error if the files here are others."""
    given: dict[str, Any] = loads(shared)
    inputs, format = given.pop("inputs"), FORMATS[given.pop("format")]
    for path, before in zip(given["paths"], inputs, strict=True):
        if fingerprint(path) != before:
            raise FileError(f"{path} is another file on a worker", hint="a folder that all workers share")
    return _Job(**given, format=format, output="", let={}, once=False)


def task(shared: bytes, span: Span) -> Made:
    """The rows of a span through the formula, as the run over all rows would write them."""
    with alone:
        job = _job(shared)
        job.span = span
        held: list[bytes] = []
        pieces: list[tuple[bytes, int, Counts]] = []

        def append(piece: Callable[[BinaryIO], object]) -> None:
            file = BytesIO()
            piece(file)
            held.append(file.getvalue())

        def mark(mark: Mapping[str, Any]) -> None:
            done = Counts(**mark["done"])
            pieces.append((held.pop(), done.rows - (pieces[-1][2].rows if pieces else 0), done))

        with job._unchanged():
            writer, counts = job._through(append, mark, None, None)
        data, rows, done = pieces[0]
        return Made(writer.types, [(data[len(writer.begin()) :], rows, done), *pieces[1:]], counts)


# -- helpers -----------------------------------------------------------------------------------------------------------


def _first(rows: Any, places: Any) -> list[int]:
    """The numbers of the first rows."""
    return [int(rows[place]) for place in places[:_SHOWN_ROWS]]


def _odd_derivatives(columns: Sequence[Any], left_out: Any) -> tuple[int, int]:
    """How many rows hold a nan, and how many others an infinity, in one of some columns; not of those left out."""
    with np.errstate(all="ignore"):
        odd = [column for column in columns if not np.isfinite(column.sum())]  # which is quick
    if not odd:
        return 0, 0
    missing = np.logical_or.reduce([np.isnan(column) for column in odd]) & ~left_out
    infinite = np.logical_or.reduce([np.isinf(column) for column in odd]) & ~left_out
    return int(np.count_nonzero(missing)), int(np.count_nonzero(infinite & ~missing))


class _Pace:
    """Runs a kernel over batches, a slow one in pieces: between them an interrupt is heard, and progress told."""

    def __init__(self) -> None:
        self.rows = _LEAST

    def run(self, kernel: Kernel, inputs: Sequence[Any], told: Callable[[int], None] | None) -> list[Any]:
        """The columns of the results; `told` hears how many rows are done, but not of the last piece."""
        parts: list[list[Any]] = []
        start, rows = 0, len(inputs[0])
        while not parts or start < rows:
            stop, begin = min(start + self.rows, rows), time.perf_counter()
            piece = [column[start:stop] for column in inputs]
            parts.append(_results(kernel(**dict(zip(kernel.names, piece, strict=True))), kernel.order))
            seconds = max(time.perf_counter() - begin, 1e-9)
            if stop - start >= _LEAST:
                self.rows = max(_LEAST, int((stop - start) * _SECONDS / seconds))
            start = stop
            if told and start < rows:
                told(start)
        return parts[0] if len(parts) == 1 else [np.concatenate(column) for column in zip(*parts, strict=True)]


__all__ = ["Counts", "Settings", "Summary", "UndefinedError", "result_names", "run"]
