"""`gradcalc map`: one formula over every row of data files."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.errors import UsageError, visible
from gradcalc.settings import SHOW, Limits, MapSettings, Reading, option, required


@dataclass(frozen=True)
class Question:
    """A formula, and where the rows come from and go."""

    expression: str = required(o.EXPRESSION)
    source: str = required(
        "IN", "A csv, parquet, arrow, feather, npy, npz or jsonl file; a glob in quotes, a directory, a URL "
        "(https, s3, gs, abfs), or - for standard input. The formula's variables are its columns.",
    )  # fmt: skip
    output: str = required(
        "-o --output OUT",
        "The file to write, in the format of its suffix; s3://, gs:// and abfs:// too. - is standard output (csv, "
        "arrow or jsonl).",
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

    OUT appears when it is complete. A run that was cut leaves a hidden directory beside it (of a URL among the
    temporary ones), for --resume.
    """
    if question.expression == "-" and question.source == "-":
        raise UsageError("formula and data cannot both come from standard input", hint="@FILE reads the formula")
    if question.json and question.summary not in (None, Format.json):
        raise UsageError(f"--json and --summary {question.summary} contradict each other", hint="--json")
    told = Format.json if question.json else question.summary
    if told and question.output == "-":
        flag = "--json" if question.json else f"--summary {told}"
        raise UsageError(f"{flag} and -o - both use standard output", hint="-o with the name of a file")
    from gradcalc.cli.progress import RowsLine
    from gradcalc.data.map import run

    limits = o.read_limits(question.expression, limits)
    keep = ["*"] if settings.keep == ["all"] else settings.keep
    try:
        with RowsLine("map") as line:
            done = run(
                o.read_expression(question.expression, limits), question.source, question.output,
                replace(settings, wrt=question.wrt, keep=keep), let=o.read_bindings(question.let, limits),
                limits=limits, how=how, progress=line if not question.quiet and sys.stderr.isatty() else None,
            )  # fmt: skip
    except KeyboardInterrupt as interrupt:
        for part in interrupt.args:
            print(visible(str(part)), file=sys.stderr)
        raise
    if not question.quiet and told is not Format.table:
        print(done.page(), file=sys.stderr)
    if told:
        write(done, told)
    return 0
