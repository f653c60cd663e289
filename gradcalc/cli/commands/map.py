"""`gradcalc map`: one formula over every row of data files."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.errors import UsageError, visible
from gradcalc.settings import AS_USUAL, ROWS, SHOW, Limits, MapSettings, Reading, option, required

if TYPE_CHECKING:
    from gradcalc.data.map import Progress, Summary

_MERGE = "gradcalc map --merge DIR -o OUT"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A formula, and where the rows come from and go."""

    expression: str | None = option(None, o.EXPRESSION)
    source: str | None = option(
        None, "IN", "A csv, parquet, arrow, feather, npy, npz or jsonl file; a glob in quotes, a directory, a URL "
        "(https, s3, gs, abfs), or - for standard input. The formula's variables are its columns.",
    )  # fmt: skip
    output: str = required(
        "-o --output OUT",
        "The file to write, in the format of its suffix; s3://, gs:// and abfs:// too. - is standard output (csv, "
        "arrow or jsonl).",
    )
    merge: str | None = option(
        None,
        "--merge DIR",
        "Join the outputs of all shards, which DIR holds (a folder of a store too), to OUT; without EXPR and IN.",
        ROWS,
    )
    let: tuple[str, ...] = option((), o.LET)
    wrt: Sequence[str] | None = option(None, o.WRT)
    summary: Format | None = option(None, "--summary", "Tell what was done on standard output, in this format.", SHOW)
    json: bool = option(False, "--json", "Short for --summary json.", SHOW)
    quiet: bool = option(False, o.QUIET)


def map(question: Question, settings: MapSettings, how: Reading, limits: Limits) -> int:
    """Value and derivatives of a formula at every row of data files, at the speed of memory.

    \b
    gradcalc map "x**4 + y**2 + 1" points.parquet -o slopes.parquet
    gradcalc map "exp(-k*t)" "runs/*.csv" -o all.csv --let k=0.1 --keep all
    gradcalc map "log(x)*y" points.arrow -o h.npz --order 2 --undefined fail
    gradcalc map "x*y" "s3://bucket/runs/*.parquet" -o s3://bucket/slopes.parquet
    cat points.csv | gradcalc map "x*y" - -o - --format csv
    gradcalc map "x*y" points.csv --shard 3/10 -o parts/3.csv
    gradcalc map --merge parts -o all.csv

    OUT appears when it is complete. A run that was cut leaves a hidden directory beside it (of a URL among the
    temporary ones), for --resume.
    """
    if question.merge is None:
        _expect(question)
    if question.expression == "-" and question.source == "-":
        raise UsageError("formula and data cannot both come from standard input", hint="@FILE reads the formula")
    if question.json and question.summary not in (None, Format.json):
        raise UsageError(f"--json and --summary {question.summary} contradict each other", hint="--json")
    told = Format.json if question.json else question.summary
    if told and question.output == "-":
        flag = "--json" if question.json else f"--summary {told}"
        raise UsageError(f"{flag} and -o - both use standard output", hint="-o with the name of a file")
    from gradcalc.cli.progress import RowsLine

    try:
        with RowsLine("map") as line:
            progress = line if not question.quiet and sys.stderr.isatty() else None
            work = _mapped if question.merge is None else _merged
            done = work(question, settings, how, limits, progress)
    except KeyboardInterrupt as interrupt:
        for part in interrupt.args:
            print(visible(str(part)), file=sys.stderr)
        raise
    if not question.quiet and told is not Format.table:
        print(done.page(), file=sys.stderr)
    if told:
        write(done, told)
    return 0


def _expect(question: Question) -> None:
    """Raise if there is no formula or no data."""
    for given, name in ((question.expression, "EXPR"), (question.source, "IN")):
        if given is None:
            raise UsageError(f"missing argument '{name}'", hint="gradcalc map --help")


def _mapped(
    question: Question, settings: MapSettings, how: Reading, limits: Limits, progress: "Progress | None"
) -> "Summary":
    """A run over the rows, or a shard of them."""
    from gradcalc.data.map import run

    expression = question.expression or ""
    limits = o.read_limits(expression, limits)
    keep = ["*"] if settings.keep == ["all"] else settings.keep
    return run(
        o.read_expression(expression, limits), question.source or "", question.output,
        replace(settings, wrt=question.wrt, keep=keep), let=o.read_bindings(question.let, limits),
        limits=limits, how=how, progress=progress, tell=None if question.quiet else o.tell,
    )  # fmt: skip


def _merged(
    question: Question, settings: MapSettings, how: Reading, limits: Limits, progress: "Progress | None"
) -> "Summary":
    """The shards in a directory joined; what was asked of them stands in them."""
    from gradcalc.data.merge import merge

    if question.expression is not None:
        raise UsageError("--merge takes the formula and the data from the shards", hint=_MERGE)
    if replace(settings, format=None) != MapSettings() or how != AS_USUAL or question.let or question.wrt:
        raise UsageError("--merge takes the options from the shards", hint=_MERGE)
    return merge(question.merge or "", question.output, settings.format, progress)
