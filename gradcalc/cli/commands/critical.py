"""`gradcalc critical`: all critical points of a formula in a box, proved."""

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.errors import UsageError, library
from gradcalc.settings import DIGITS, LIMITS, MAX_SECONDS, SHOW, Limits, option, required

if TYPE_CHECKING:
    from gradcalc.truth.critical.answer import Critical
    from gradcalc.truth.critical.search import Clock


_TOLD = 5
"""Boxes of which a proof file claims nothing, told one by one."""


@dataclass(frozen=True)
class Within:
    """A formula and the box that is searched."""

    expression: str = required(o.EXPRESSION)
    box: tuple[str, ...] = option((), "--box SIDES", "Where: a side for each variable, x=-5:5,y=0:pi. May repeat.")
    let: tuple[str, ...] = option((), o.LET)


@dataclass(frozen=True)
class Sought:
    """What is looked for."""

    roots: bool = option(False, "--roots", "Roots of EXPR instead: of a formula or an equation, or of a system [f, g].")
    subject_to: tuple[str, ...] = option(
        (), "--subject-to CONSTRAINT", "Along an equation or inequality: x^2+y^2=1, x>=y. May repeat."
    )
    least: bool = option(False, "--global", "The least value over the closed box too, faces and corners included.")
    greatest: bool = option(False, "--greatest", "The greatest value over the closed box too.")
    proof: str | None = option(
        None, "--proof FILE", "Write what is needed to believe it; gradcalc verify FILE checks that."
    )
    plot: str | None = option(
        None, "--plot FILE", "Draw the points over the box: a png, svg or pdf file, or - for the terminal.", SHOW
    )
    seconds: float = option(
        10.0, "--max-seconds SECONDS", "When to stop, and say what is left.", LIMITS, low=0, high=MAX_SECONDS
    )
    jobs: int | None = option(
        None,
        "--jobs N",
        "Processes that prove points, at most; one for each processor if not given.",
        LIMITS,
        low=1,
        high=256,
    )


def critical(within: Within, sought: Sought, show: o.Show, limits: Limits) -> int:
    """All critical points of a formula in a box, each proved; and whether there are no others.

    \b
    gradcalc critical "(x^2 + y - 11)^2 + (x + y^2 - 7)^2" --box x=-5:5,y=-5:5
    gradcalc critical "abs(x - 1) + x^2/4" --box x=-3:3 --global --greatest
    gradcalc critical "x*y" --subject-to "x^2 + 4y^2 <= 8" --box x=-3:3,y=-3:3
    gradcalc critical "[x^2 + y^2 = 4, x*y = 1]" --roots --box x=-3:3,y=-3:3
    gradcalc critical "x^3 - 3x + y^2" --box x=-2:2,y=-2:2 --plot c.svg
    """
    from gradcalc.files import check_writable
    from gradcalc.truth.critical.ask import Wanted, answer
    from gradcalc.truth.critical.box import read_box
    from gradcalc.truth.critical.proof import write_proof
    from gradcalc.truth.critical.search import Clock

    if sought.proof is not None:
        check_writable(Path(sought.proof))
    limits, shape = o.read_limits(within.expression, limits), show.shape
    if sought.plot is not None:
        _check_plot(sought.plot, shape)
    text = o.read_expression(within.expression, limits)
    sides = read_box(",".join(within.box), limits) if within.box else []
    if sought.plot is not None:
        from gradcalc.truth.pictures.found import check_drawn

        check_drawn([side.name for side in sides])
    clock = Clock()
    wanted = Wanted(
        roots=sought.roots, least=sought.least, greatest=sought.greatest, seconds=sought.seconds,
        constraints=sought.subject_to, digits=show.digits or DIGITS, clock=clock,
        jobs=sought.jobs,
    )  # fmt: skip
    with _live(clock, not show.quiet and sys.stderr.isatty()):
        made = answer(text, sides, o.read_bindings(within.let, limits), wanted, limits)
    write(replace(made, digits=show.digits), shape, long=show.csv_long)
    if sought.proof is not None:
        _tell_left(sought.proof, write_proof(made, Path(sought.proof), limits))
    if sought.plot is not None:
        _draw(made, sought.plot, limits)
    return made.exit_code


def _tell_left(path: str, left: Sequence[Mapping[str, Any]]) -> None:
    """Say of which boxes a proof file claims nothing."""
    for box in left[:_TOLD]:
        sides = ", ".join(f"{name} = {low:.6g}:{high:.6g}" for name, (low, high) in box.items())
        print(f"{path} claims nothing of {sides}", file=sys.stderr)
    if len(left) > _TOLD:
        print(f"{path} claims nothing of {len(left) - _TOLD} more boxes", file=sys.stderr)


def _check_plot(where: str, shape: Format) -> None:
    """Raise what can be known to go wrong with the picture before the search."""
    from gradcalc.show.plot import check_file

    if where != "-":
        check_file(Path(where), "--plot")
        return
    if shape is not Format.table:
        raise UsageError(f"--plot - and {shape} both use standard output", hint="--plot path.png")
    library("plotext", "--plot")


def _draw(made: "Critical", where: str, limits: Limits) -> None:
    """The picture of an answer, here or in a file."""
    from gradcalc.cli.here import text_here
    from gradcalc.show.plot import save
    from gradcalc.truth.pictures.plotting import of_critical

    picture = of_critical(made, limits).picture
    if where == "-":
        print(text_here(picture))
    else:
        save(picture, Path(where), "--plot")


@contextmanager
def _live(clock: "Clock", shown: bool) -> Iterator[None]:
    """While the search runs: a line that says how many boxes are left, and Ctrl-C ends the search, not the answer."""
    from gradcalc.cli.progress import BoxesLine

    def stop(number: int, frame: Any) -> None:
        clock.interrupted = True
        signal.signal(signal.SIGINT, before)

    before = signal.getsignal(signal.SIGINT)
    if before not in (signal.SIG_IGN, None):
        signal.signal(signal.SIGINT, stop)
    try:
        with BoxesLine("critical") as line:
            clock.told = line if shown else None
            yield
    finally:
        signal.signal(signal.SIGINT, before)
