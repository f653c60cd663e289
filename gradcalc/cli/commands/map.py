"""`gradcalc map`: one formula over every row of data files."""

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradcalc.cli import options as o
from gradcalc.errors import UsageError
from gradcalc.settings import SHOW, Limits, MapSettings, option, required

if TYPE_CHECKING:
    from gradcalc.data.map import Summary


@dataclass(frozen=True)
class Files:
    """Where the rows come from and go."""

    source: str = required(
        "IN", "A csv, parquet, arrow, feather, npy or npz file; a glob in quotes, a directory, or - for standard "
        "input. The formula's variables are its columns.",
    )  # fmt: skip
    output: str = required(
        "-o --output OUT", "The file to write, in the format of its suffix; - is standard output (csv or arrow)."
    )
    json: bool = option(False, "--json", "Tell what was done as JSON on standard output.", SHOW)


def map(
    formula: o.Formula, files: Files, variables: o.Variables, constants: o.Constants, settings: MapSettings,
    show: o.Quiet, limits: Limits,
) -> int:  # fmt: skip
    """Value and derivatives of a formula at every row of data files, at the speed of memory.

    \b
    gradcalc map "x**4 + y**2 + 1" points.parquet -o slopes.parquet
    gradcalc map "exp(-k*t)" "runs/*.csv" -o all.csv --let k=0.1 --keep all
    gradcalc map "log(x)*y" points.arrow -o h.npz --order 2 --undefined fail
    cat points.csv | gradcalc map "x*y" - -o - --format csv

    OUT appears when it is complete. A run that was cut leaves a hidden directory beside it, for --resume.
    """
    if formula.expression == "-" and files.source == "-":
        raise UsageError("formula and data cannot both come from standard input", hint="@FILE reads the formula")
    if files.json and files.output == "-":
        raise UsageError("--json and -o - both use standard output", hint="-o with the name of a file")
    from gradcalc.cli.progress import RowsLine
    from gradcalc.data.map import run

    limits = o.read_limits(formula.expression, limits)
    keep = ["*"] if settings.keep == ["all"] else settings.keep
    try:
        with RowsLine("map") as line:
            summary = run(
                o.read_expression(formula.expression, limits), files.source, files.output,
                replace(settings, wrt=variables.wrt, keep=keep), let=o.read_bindings(constants.let, limits),
                limits=limits, progress=line if not show.quiet and sys.stderr.isatty() else None,
            )  # fmt: skip
    except KeyboardInterrupt as interrupt:
        print(*interrupt.args, sep="\n", end="\n" if interrupt.args else "", file=sys.stderr)
        raise
    if not show.quiet:
        print("\n".join(lines(summary)), file=sys.stderr)
    if files.json:
        from json import dumps

        print(dumps(summary.to_dict(), ensure_ascii=False))
    return 0


def lines(summary: "Summary") -> list[str]:
    """What was done, in words."""
    new = summary.rows - summary.resumed
    place = "standard output" if summary.output == "-" else summary.output
    rate = f", {new / summary.seconds:,.0f} rows/s" if new and summary.seconds else ""
    told = [f"{place}: {_counted(summary.rows, 'row')}, {summary.seconds:.1f} s{rate}"]
    if summary.resumed:
        told.append(f"resumed after {_counted(summary.resumed, 'row')}")
    if summary.restarted:
        told.append("an unfinished run was lost; --resume goes on with one of the same question")
    if summary.dropped:
        told.append(f"rows with a null that were left out: {summary.dropped:,}")
    if summary.nulls:
        told.append(f"rows with a null, whose results are nan: {summary.nulls:,}")
    if summary.undefined:
        shown = ", ".join(f"{row:,}" for row in summary.undefined_rows)
        rows = "row" if summary.undefined == 1 else "rows"
        more = ", …" if summary.undefined > len(summary.undefined_rows) else ""
        told.append(f"rows where the formula is undefined: {summary.undefined:,} ({rows} {shown}{more})")
    if summary.certified and summary.certified.rows:
        found = summary.certified
        rows = _counted(found.rows, "random row")
        if found.worst_digits is None:
            told.append(f"{rows} in balls: nothing could be settled")
        else:
            where = f"{found.worst_column} in row {found.worst_row:,}"
            told.append(f"{rows} in balls: at least {found.worst_digits} digits right ({where})")
    return told


def _counted(count: int, name: str) -> str:
    """So many of something: 1 row, 2,000 rows."""
    return f"{count:,} {name}" + ("" if count == 1 else "s")
