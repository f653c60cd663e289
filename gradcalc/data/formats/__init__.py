"""The formats of data files, one module for each; a new one is its module and its name in `FORMATS`."""

import stat
from pathlib import Path

from gradcalc.data.formats.arrow import ARROW
from gradcalc.data.formats.csv import CSV
from gradcalc.data.formats.format import Format, Place, readable, reading
from gradcalc.data.formats.jsonl import JSONL
from gradcalc.data.formats.numpy import NPY, NPZ
from gradcalc.data.formats.parquet import PARQUET
from gradcalc.errors import FileError, UsageError, did_you_mean

FORMATS: dict[str, Format] = {format.name.lower(): format for format in (CSV, PARQUET, ARROW, NPZ, NPY, JSONL)}
"""All of them, as `--format` names them."""
_SILENT = ("", ".txt", ".dat", ".gz")
"""Suffixes of files that may hold anything; text, if their first bytes do not say what."""


def suffixes() -> dict[str, Format]:
    """The format that each suffix tells."""
    return {suffix: format for format in FORMATS.values() for suffix in format.suffixes}


def told_format(path: Place) -> Format | None:
    """The format that the name of a file tells; it may be packed."""
    return suffixes().get(Path(path.name.lower().removesuffix(".gz")).suffix)


def detect_format(path: Place) -> Format:
    """The format of a data file, by its suffix, or by its first bytes where the suffix says nothing."""
    with readable(path, "data"):
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise FileError(f"{path} is {'a directory' if stat.S_ISDIR(mode) else 'no regular file'}")
        with reading(path.open("rb")) as file:
            head = file.read(8)
    if not head:
        raise FileError(f"{path} is empty")
    told = told_format(path)
    found = next((format for format in FORMATS.values() if head.startswith(tuple(format.magic))), None)
    if told and found and told != found:
        held = found.content or f"{found.name} data"
        raise FileError(f"{path} is no {told.name} file: it holds {held}", hint="a suffix that says what the file is")
    if told and told.magic and not found:
        raise FileError(f"{path} is no {told.name} file, or a damaged one")
    if not told and not found and path.suffix.lower() not in _SILENT:
        raise FileError(f"{path}: data is not read from {path.suffix.lower()}", hint=f"one of {' '.join(suffixes())}")
    texts = (format for format in FORMATS.values() if head.startswith(tuple(format.likely)))
    return told or found or next(texts, CSV)


def output_format(output: str, name: str | None) -> Format:
    """The format asked for, by name or by the suffix of the file."""
    if name is not None:
        if name not in FORMATS:
            near = did_you_mean(name, FORMATS)
            raise UsageError(f"no such format: {name}", hint=near or f"one of {', '.join(FORMATS)}")
        return FORMATS[name]
    suffix = Path(output).suffix.lower()
    told = suffixes().get(suffix)
    if told is None or suffix in told.unwritten:
        what = "standard output" if output == "-" else f"{output or 'an empty name'}: its suffix"
        raise UsageError(f"{what} names no format", hint=_fitting(stream=output == "-"))
    return told


def check_stream(format: Format, output: str) -> None:
    """Raise if a format cannot go where nothing can be gone back to."""
    if not format.writer.streams:
        place = "standard output" if output == "-" else f"{output}, which is no plain file"
        raise UsageError(f"{format.name.lower()} cannot be written to {place}", hint=_fitting(stream=True))


def _fitting(*, stream: bool) -> str:
    """What to write for a format that can be had: the first, and what else there is."""
    first, *others = (name for name, format in FORMATS.items() if format.writer.streams or not stream)
    return f"--format {first}, or {', '.join(others)}"
