"""Shards: a run in parts, each with a record beside its output that says which part of what it is.

A record is a line of JSON behind its checksum. What it says must be the same in all parts, but for which part it is.
Imports files and native.
"""

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import libc_ver
from typing import Any

from gradcalc import __version__
from gradcalc.arithmetic.native.code import instruction_set
from gradcalc.data.formats.format import Place, readable
from gradcalc.errors import FileError, UsageError

SUFFIX = ".shard"
"""Of a record, behind the name of what it tells of."""
_MOST = 1_000_000
"""How many shards there may be."""
_PAGE, _PAGES = 1 << 16, 256
"""Bytes that a fingerprint looks at together; how many times, at most."""
_LIBRARIES = ("numpy", "scipy", "llvmlite", "pyarrow", "python-flint")
"""What the bytes of an output depend on, beside this program."""


@dataclass(frozen=True)
class Shard:
    """The `number`-th of so many parts, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def read_shard(text: str) -> Shard:
    """The shard that a text such as 3/10 names.

    Raises:
        UsageError: it names none.
    """
    found = re.fullmatch(r"([0-9]{1,7})/([0-9]{1,7})", text.strip())
    if not found:
        raise UsageError(f"--shard {text}: a number and how many there are", hint="--shard 3/10 is the third of ten")
    number, of = map(int, found.groups())
    if not 1 <= of <= _MOST:
        raise UsageError(f"--shard {text}: there are 1 to {_MOST:,} shards", hint="--shard 3/10 is the third of ten")
    if not 1 <= number <= of:
        raise UsageError(f"--shard {text}: the shards of {of} are 1/{of} to {of}/{of}")
    return Shard(number, of)


def made_by() -> dict[str, str]:
    """What the bits of a result depend on, beside the question: on another of these another one may come out."""
    found = {"gradcalc": __version__, "instruction set": instruction_set(), "libc": " ".join(libc_ver())}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def fingerprint(path: Place) -> list[Any]:
    """A file by its name, its size and the checksum of its bytes; of a large one of a part of them, and by its time."""
    with readable(path, "data"), path.open("rb") as file:
        told, total = path.stat(), 0
        whole = told.st_size <= _PAGE * _PAGES
        for page in range(_PAGES):
            file.seek(page * _PAGE if whole else page * (told.st_size - _PAGE) // (_PAGES - 1))
            total = zlib.crc32(file.read(_PAGE), total)
    return [path.name, told.st_size, f"{total:08x}" if whole else f"{total:08x} of {told.st_mtime_ns}"]


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is told of a shard.

    Attributes:
        question: what was asked, of which inputs, of which shard, and what answered it.
        types: what the columns hold; one of all shards, as of all files of a run.
        rows: of all inputs.
        results: the names of the columns that were computed; `is_uncertain` where uncertainties are among them.
        begin: where the first piece begins; `pieces` say where each ends, its checksum, and the rows up to there.
        counts: what was counted.
        checked: the rows that were drawn, in balls; `late` where the clock ended that.
    """

    question: Mapping[str, Any]
    types: Sequence[str]
    rows: int
    results: Sequence[str]
    is_uncertain: bool
    begin: int
    pieces: Sequence[Mapping[str, int]]
    counts: Mapping[str, Any]
    checked: Sequence[Mapping[str, Any]]
    late: bool
    size: int = 0

    @property
    def shard(self) -> Shard:
        """Which it is."""
        return read_shard(self.question["shard"])

    def text(self, complete: Path) -> bytes:
        """What is written of a complete file, which then takes the place of the output."""
        text = json.dumps(vars(self) | {"size": complete.stat().st_size}).encode()
        return b"%08x %s\n" % (zlib.crc32(text), text)


def read_record(path: Place) -> Record:
    """The record that a file holds.

    Raises:
        FileError: it holds none, or one that was changed.
    """
    with readable(path, "the record of a shard"), path.open("rb") as file:
        data = file.read()
    try:
        text = data[9:].removesuffix(b"\n")
        if data[:9] != b"%08x " % zlib.crc32(text):
            raise ValueError
        return Record(**json.loads(text))
    except (ValueError, TypeError):
        raise FileError(f"{path} is no record of a shard, or a damaged one") from None
