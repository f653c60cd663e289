"""`gradcalc map`: one formula over every row of data files."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from gradcalc.cli import options as o
from gradcalc.errors import UsageError

if TYPE_CHECKING:
    from gradcalc.data.map import Summary


class Nulls(StrEnum):
    """What becomes of a row with a null."""

    nan = "nan"
    drop = "drop"
    fail = "fail"


class Undefined(StrEnum):
    """What becomes of a row without a value."""

    nan = "nan"
    fail = "fail"


def map(
    expression: o.Expression,
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="A csv, parquet, arrow, feather, npy or npz file; a glob in quotes, a directory, or - for standard "
            "input. The formula's variables are its columns.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="The file to write, in the format of its suffix; - is standard output (csv or arrow).",
            show_default=False,
        ),
    ],
    order: Annotated[
        int, typer.Option("--order", metavar="N", help="0: value; 1: gradient too; 2: Hessian too.", min=0, max=2)
    ] = 1,
    wrt: o.Wrt = None,
    let: o.Let = None,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="NAMES",
            help="Columns of IN that are written too: x,y or all. Default: none. Of a csv file, those that are no "
            "variables are kept as text.",
            show_default=False,
        ),
    ] = None,
    names: Annotated[
        str | None,
        typer.Option(
            "--names",
            metavar="NAMES",
            help="Other names for the results, in their order: value,gx,gy. Default: f, df/dx, df/dy, d2f/dx2, "
            "d2f/dxdy, d2f/dy2.",
            show_default=False,
        ),
    ] = None,
    show: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="What OUT is, where its suffix does not say: csv, parquet, arrow, npz, npy.",
            show_default=False,
        ),
    ] = None,
    nulls: Annotated[
        Nulls,
        typer.Option(
            "--nulls", help="Where a row has a null or nan, its results are nan, it is left out, or it is an error."
        ),
    ] = Nulls.nan,
    undefined: Annotated[
        Undefined,
        typer.Option(
            "--undefined",
            help="Where a row has no value, as of log(-1) or 1/0, its results are nan, or it is an error.",
        ),
    ] = Undefined.nan,
    certify_rows: Annotated[
        int, typer.Option("--certify-rows", metavar="N", help="Check N random rows in balls; 0: none.", min=0)
    ] = 16,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the random rows.", min=0)] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the same run was killed, interrupted, or out of room.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Tell what was done as JSON on standard output.")] = False,
    quiet: o.Quiet = False,
    max_text: o.MaxText = None,
    max_depth: o.MaxDepth = o.DEFAULTS.depth,
    max_nodes: o.MaxNodes = o.DEFAULTS.nodes,
) -> int:
    """Value and derivatives of a formula at every row of data files, at the speed of memory.

    \b
    gradcalc map "x**4 + y**2 + 1" points.parquet -o slopes.parquet
    gradcalc map "exp(-k*t)" "runs/*.csv" -o all.csv --let k=0.1 --keep all
    gradcalc map "log(x)*y" points.arrow -o h.npz --order 2 --undefined fail
    cat points.csv | gradcalc map "x*y" - -o - --format csv

    OUT appears when it is complete. A run that was cut leaves a hidden directory beside it, for --resume.
    """
    if expression == "-" and source == "-":
        raise UsageError("formula and data cannot both come from standard input", hint="@FILE reads the formula")
    if json and output == "-":
        raise UsageError("--json and -o - both use standard output", hint="-o with the name of a file")
    from gradcalc.cli.progress import RowsLine
    from gradcalc.data.map import Settings, run

    limits = o.read_limits(expression, max_text, max_depth, max_nodes)
    settings = Settings(
        wrt=o.read_names(wrt), order=order, keep=["*"] if keep == "all" else _names("--keep", keep) or (),
        names=_names("--names", names), format=show, nulls=nulls.value, undefined=undefined.value,
        certify_rows=certify_rows, seed=seed, resume=resume,
    )  # fmt: skip
    try:
        with RowsLine("map") as line:
            summary = run(
                o.read_expression(expression, limits), source, output, settings, let=o.read_bindings(let or [], limits),
                limits=limits, progress=line if not quiet and sys.stderr.isatty() else None,
            )  # fmt: skip
    except KeyboardInterrupt as interrupt:
        print(*interrupt.args, sep="\n", end="\n" if interrupt.args else "", file=sys.stderr)
        raise
    if not quiet:
        print("\n".join(lines(summary)), file=sys.stderr)
    if json:
        from json import dumps

        print(dumps(summary.to_dict(), ensure_ascii=False))
    return 0


def _names(option: str, text: str | None) -> list[str] | None:
    """The names of an option."""
    return o.read_names(text, f"{option} {text}: a name is empty", f"{option} a,b")


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
