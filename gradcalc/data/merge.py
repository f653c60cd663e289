"""Shards joined: verified as a set, their pieces one behind the other as a run over all rows appends them.

`gradcalc map --merge`. Imports shard and map.
"""

import sys
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, BinaryIO

from gradcalc.data import stores
from gradcalc.data.check import Checked, certified
from gradcalc.data.formats import FORMATS, check_stream, output_format
from gradcalc.data.formats.format import Place, Writer, readable
from gradcalc.data.map import Counts, Progress, Summary
from gradcalc.data.output import Pieces, finished, target_of
from gradcalc.data.shard import SUFFIX, Record, read_record
from gradcalc.data.source import entries
from gradcalc.data.stores import StoredFile
from gradcalc.data.urls import parsed, shown
from gradcalc.errors import FileError, UsageError
from gradcalc.files import Target, Unfinished, shortened, writing

_LISTED = 8
"""How many missing shards are named."""


@dataclass(frozen=True)
class _Part:
    """The output of a shard, and what its record tells."""

    path: Place
    record: Record

    def pieces(self, writer: Writer) -> Iterator[tuple[bytes, int]]:
        """Each piece as it was appended, and its rows; an error if it is another now."""
        ends = [self.record.begin, *(piece["end"] for piece in self.record.pieces)]
        start, before = zlib.crc32(writer.begin()), 0
        with readable(self.path, self.record.question["format"]):
            for data, piece in zip(writer.pieces(self.path, ends), self.record.pieces, strict=True):
                if zlib.crc32(data, start) != piece["checksum"]:
                    raise _damaged(self.path, self.record)
                yield data, piece["rows"] - before
                start, before = 0, piece["rows"]


def merge(folder: str, output: str, format: str | None = None, progress: Progress | None = None) -> Summary:
    """Join the shards in a folder.

    Args:
        folder: a directory, or one in a store; holds the outputs of all shards of one run, and their records.
        output: as of `run`; of the format of the shards.
        progress: called after each piece.

    Returns:
        What `run` tells of all rows. The output is complete, or not there, and its bytes are those of `run`.

    Raises:
        FileError: the shards are not one set, or a file is not what was written.
        UsageError: the output is of another format, or is one of the shards.
    """
    begin = time.perf_counter()
    parts = _verified(folder, output)
    question = parts[0].record.question
    kind = FORMATS[question["format"].lower()]
    if output_format(shown(output), format) is not kind:
        raise UsageError(
            f"the shards in {shown(folder)} are {kind.name}, {shown(output)} is not",
            hint=f"--format {kind.name.lower()}",
        )
    with readable(parts[0].path, kind.name):
        writer = kind.writer.of(parts[0].path, question["columns"])
    with target_of([part.path for part in parts], output) as target:
        if target:
            _to_file(parts, writer, target, progress)
    if not target:
        check_stream(kind, output)
        with writing("the result" if output == "-" else output), ExitStack() as stack:
            file: BinaryIO = sys.stdout.buffer if output == "-" else stack.enter_context(open(output, "wb"))
            _append(parts, Pieces(writer, lambda piece: piece(file), lambda mark: None, begun=False), progress)
            file.write(writer.end())
            file.flush()
    return _summary(parts, shown(output), time.perf_counter() - begin)


def _to_file(parts: Sequence[_Part], writer: Writer, target: Target, progress: Progress | None) -> None:
    """Into the hidden directory, and from there to its place."""
    unfinished = Unfinished(target)
    unfinished.open({"merge": [str(part.path) for part in parts]}, resume=False)
    try:
        _append(parts, Pieces(writer, unfinished.append, unfinished.mark, begun=False), progress)
        unfinished.place(finished(unfinished, writer))
    except BaseException:
        unfinished.discard()
        raise


def _append(parts: Sequence[_Part], out: Pieces, progress: Progress | None) -> None:
    """Every piece behind the one before; of those without rows only the first of all is one of the whole run's."""
    total, done = sum(part.record.counts["rows"] for part in parts), 0
    for part in parts:
        for data, rows in part.pieces(out.writer):
            out.put(lambda file, data=data: file.write(data), rows, {})  # type: ignore[misc]
            done += rows
            if progress:
                progress(done, total)


def _summary(parts: Sequence[_Part], output: str, seconds: float) -> Summary:
    """What a run over all rows tells."""
    records = [part.record for part in parts]
    first, question = records[0], records[0].question
    counts = reduce(Counts.plus, (Counts(**record.counts) for record in records))
    checked = [Checked(**each) for record in records for each in record.checked]
    size, late = question["certify_rows"], any(record.late for record in records)
    return Summary(
        expression=question["expression"], output=output, columns=question["columns"], digits=question["digits"],
        is_uncertain=first.is_uncertain, seconds=seconds,
        certified=certified(checked, size, first.results, late) if size else None, **vars(counts),
    )  # fmt: skip


# -- is it one set? ----------------------------------------------------------------------------------------------------


def _verified(folder: str, output: str) -> list[_Part]:
    """The shards in a folder, in their order; an error if they are not each part of one run, once, and whole."""
    parts = [_Part(path, read_record(record)) for path, record in _outputs(folder, output)]
    first = parts[0]
    for part in parts:
        _compare(first, part)
    parts.sort(key=lambda part: part.record.shard.number)
    of = first.record.shard.of
    for one, two in zip(parts, parts[1:], strict=False):
        if one.record.shard == two.record.shard:
            raise FileError(f"shard {one.record.shard} is there twice: {one.path} and {two.path}")
    missing = sorted(set(range(1, of + 1)) - {part.record.shard.number for part in parts})
    if missing:
        named = ", ".join(map(str, missing[:_LISTED])) + (", ..." if len(missing) > _LISTED else "")
        hidden = [] if parsed(folder) else sorted(Path(folder).glob(".*.gradcalc"))
        begun = [entry.name[1 : -len(".gradcalc")] for entry in hidden]
        more = f" ({', '.join(begun[:_LISTED])} not finished)" if begun else ""
        what = f"shard {named} of {of} is" if len(missing) == 1 else f"shards {named} of {of} are"
        hint = f"the same gradcalc map with --shard {missing[0]}/{of}"
        raise FileError(f"{what} missing in {shown(folder)}{more}", hint=hint)
    for part in parts:
        with readable(part.path, "a shard"):
            if part.path.stat().st_size != part.record.size:
                raise _damaged(part.path, part.record)
    return parts


def _outputs(folder: str, output: str) -> list[tuple[Place, Place]]:
    """The files with their records; an error for a record without its file, and for what else is there."""
    found = {entry.name: entry for entry in _but(entries(folder), output)}
    shards = [name for name in found if not name.endswith(SUFFIX)]
    for name in shards:
        if name + SUFFIX not in found:
            raise FileError(
                f"{found[name]} is no shard: no {name}{SUFFIX} tells of it", hint=f"{shown(folder)} without it"
            )
    for name, entry in found.items():
        if name.removesuffix(SUFFIX) not in found:
            told = str(entry).removesuffix(SUFFIX)
            raise FileError(f"{told} is missing: {name} tells of it", hint="the same gradcalc map makes it anew")
    if not shards:
        place = shown(folder).rstrip("/")
        raise FileError(f"{place} holds no shard", hint=f"gradcalc map ... --shard 1/10 -o {place}/1.csv")
    return [(found[name], found[name + SUFFIX]) for name in shards]


def _but(files: Sequence[Place], output: str) -> Sequence[Place]:
    """The files of a folder that are not the output."""
    url, here = parsed(output), Path(output)
    stored = [file for file in files if isinstance(file, StoredFile)]
    if url and stored:
        return stores.without(url, stored)
    if url or stored or not here.exists():
        return files
    return [file for file in files if isinstance(file, Path) and not file.samefile(output)]


def _compare(one: _Part, two: _Part) -> None:
    """Raise if two shards are of different runs."""
    questions: Sequence[Mapping[str, Any]] = (one.record.question, two.record.question)
    for key in dict.fromkeys([*questions[0], *questions[1]]):
        before, now = (question.get(key) for question in questions)
        if key == "shard":
            key, before, now = "number of shards", one.record.shard.of, two.record.shard.of
        if before == now:
            continue
        if key == "inputs" and before and now and len(before) == len(now):
            old, new = next(pair for pair in zip(before, now, strict=True) if pair[0] != pair[1])
            what = f"{new[0]} has changed between them" if old[0] == new[0] else f"it read {new[0]}, that {old[0]}"
        elif key == "made by" and before and now:
            key = next(each for each in {**before, **now} if before.get(each) != now.get(each))
            what = f"its {key} is {now.get(key)}, there it is {before.get(key)}: other bits may come out"
        else:
            what = f"its {key} is {shortened(now)}, there it is {shortened(before)}"
        raise FileError(f"{two.path} does not go with {one.path}: {what}")
    for key in ("types", "rows"):
        if vars(one.record)[key] != vars(two.record)[key]:
            before, now = (shortened(vars(part.record)[key]) for part in (one, two))
            raise FileError(f"{two.path} does not go with {one.path}: its {key} are {now}, there {before}")


def _damaged(path: Place, record: Record) -> FileError:
    hint = f"the same gradcalc map with --shard {record.shard} makes it anew"
    return FileError(f"{path} is not what shard {record.shard} wrote: it was cut or changed", hint=hint)
