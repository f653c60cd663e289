"""`gradcalc export`: a formula with its derivatives as a function of another language."""

import sys
from dataclasses import dataclass
from pathlib import Path

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.errors import visible
from gradcalc.settings import SHOW, Limits, Reading, option, required

LANGUAGES = str.split("c cpp cuda fortran julia js rust python numpy r octave excel latex")


@dataclass(frozen=True)
class Output:
    """Which function, in which language, and where it goes."""

    to: str = required("--to LANGUAGE", f"{', '.join(LANGUAGES)}.", offered=LANGUAGES)
    order: int = option(1, "-n --order N", "0: value; 1: gradient too; 2: Hessian too.", low=0, high=2)
    name: str = option("f", "--name NAME", "What the function is called.")
    test: bool = option(False, "--test", "Also a program that compares itself with proved values; it exits 0 or 1.")
    output: str = option("-", "-o --output FILE", "The file; - for it here.", SHOW)


@dataclass(frozen=True)
class Show:
    """How the answer is shown besides."""

    format: Format | None = option(None, o.FORMAT)
    json: bool = option(False, o.JSON)
    quiet: bool = option(False, o.QUIET)


def export(question: o.Question, out: Output, show: Show, how: Reading, limits: Limits) -> int:
    """Value, gradient and Hessian as one function of another language, which can test itself.

    \b
    gradcalc export "x^2*sin(y)" --to c --order 2 --name f -o f.c
    gradcalc export "x^2*sin(y)" --to python --test -o f.py
    gradcalc export "sum(w*x)^2" --at "w=[1,2]" --let "x=[3,4]" --to js
    """
    from gradcalc.files import check_writable
    from gradcalc.truth.questions.export import exported

    path = None if out.output == "-" else Path(out.output)
    if path is not None:
        check_writable(path)
    limits = o.read_limits(question.expression, limits)
    shape = o.shape_of(show.format, show.json)
    made = exported(
        o.read_expression(question.expression, limits),
        out.to,
        out.order,
        out.name,
        o.read_all_points(question.at, limits, how),
        wrt=question.wrt,
        let=o.read_bindings(question.let, limits),
        test=out.test,
        limits=limits,
    )
    if path is None or show.format or show.json:
        write(made, shape)
    if path is not None:
        made.save(path)
    if made.aside and not show.quiet:
        print(visible(made.aside), file=sys.stderr)
    return made.exit_code
