"""`gradcalc plot`: how a formula looks."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.errors import UsageError, visible
from gradcalc.settings import SHOW, Limits, Reading, option

if TYPE_CHECKING:
    from gradcalc.truth.pictures.curve import Interval


@dataclass(frozen=True)
class Drawn:
    """What is drawn, and where it goes."""

    range: tuple[str, ...] = option((), "--range RANGE", "From where to where: x=-3:3,y=0:2, or -3:3; may repeat.")
    order: int = option(1, "-n --order N", "2: the second derivative too.", low=1, high=2)
    critical: bool = option(False, "--critical", "Search the critical points there, and mark those that are proved.")
    output: str = option("-", "-o --output FILE", "A png, svg or pdf file; - draws it here.", SHOW)


def plot(question: o.Question, wanted: Drawn, show: o.Show, how: Reading, limits: Limits) -> int:
    """A function, its derivative and tangents; of two variables contours and the gradient. No line crosses a pole.

    \b
    gradcalc plot "x*sin(x)" --at x=2
    gradcalc plot "tan(x)" --range x=-5:5 -o tan.svg
    gradcalc plot "x^2 - y^2 + x*y^3" --at x=1,y=1 -o saddle.png
    """
    from gradcalc.show.plot import check_file
    from gradcalc.truth.pictures.plotting import plotted

    path = None if wanted.output == "-" else Path(wanted.output)
    if path is not None:
        check_file(path)
    limits = o.read_limits(question.expression, limits)
    shape = o.shape_of(show.format, show.json, show.csv_long)
    made = plotted(
        o.read_expression(question.expression, limits),
        o.read_all_points(question.at, limits, how),
        ranges=read_ranges(wanted.range, limits),
        order=wanted.order,
        wrt=question.wrt,
        let=o.read_bindings(question.let, limits),
        critical=wanted.critical,
        limits=limits,
    )
    if path is None and shape is Format.table and not made.is_empty:
        from gradcalc.cli.here import text_here

        print(text_here(made.picture))
    if path is None or show.format or show.json or made.is_empty:
        write(made, shape, long=show.csv_long)
    if path is not None and not made.is_empty:
        from gradcalc.show.plot import save

        save(made.picture, path)
    if made.aside and not show.quiet:
        print(visible(made.aside), file=sys.stderr)
    return made.exit_code


def read_ranges(texts: tuple[str, ...], limits: Limits) -> "dict[str, Interval]":
    """The ranges of all `--range`."""
    if not texts:
        return {}
    from gradcalc.language.points import read_intervals

    found: dict[str, Interval] = {}
    for text in texts:
        for name, side in read_intervals(text, limits, "--range", "range").items():
            if name in found:
                raise UsageError(f"two ranges for {name or 'one variable'}", hint=f"--range {name or 'x'}=-3:3")
            found[name] = side
    return found
