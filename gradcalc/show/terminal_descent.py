"""Descents as text for a terminal: the trace, where it ended, and a comparison. A view: it computes nothing.

On a terminal as many columns are shown as fit; piped, all of them. Imports rich and render.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import ROUNDED, SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from gradcalc.errors import caret_lines
from gradcalc.show.terminal import View, number_text, plain_text
from gradcalc.truth.report import Note

if TYPE_CHECKING:
    from gradcalc.optimize.descent.answer import Descent
    from gradcalc.optimize.descent.watch import Step

_ROWS = 11
"""Steps of the trace that are shown; the best one is added where it is not among them."""
_COLUMNS = 12
"""Variables that a terminal shows at most."""
_EIGENVALUES = 6
_STYLES = {"converged": "bold green", "finished": "bold yellow", "diverged": "bold red", "interrupted": "bold yellow"}
_LABELS = {"nan_origin": "nan or infinity", "post_mortem": "post-mortem"}
"""How a kind of note reads, where not as it is called."""
_REASONS = {"finished": "that was the last step allowed"}

Row = tuple[str, Sequence[str]]
"""A style and its cells."""


def print_descent(descent: "Descent", view: View | None = None) -> None:
    """Print the forecast, the trace, where it ended and what is to be known of that."""
    view = view or View()
    _print_formula(view, descent)
    forecasts, others = _parted(descent.notes)
    _print_notes(view, descent, forecasts)
    chosen = ", chosen by auto" if _by_auto(descent) else ""
    view.print(Text.assemble(("optimizer ", "dim"), (_how(descent), "bold"), chosen))
    names = descent.flat_variables
    rows = [_trace_row(descent, step) for step in _steps(descent)]
    _print_table(view, ("step", "value", "gradient norm"), names, rows)
    _print_end(view, descent)
    _print_notes(view, descent, others)


def print_comparison(descents: Sequence["Descent"], seconds: Sequence[float], view: View | None = None) -> None:
    """Print a row for each descent from the same start, the lowest in bold, and their notes."""
    view = view or View()
    _print_formula(view, descents[0])
    lowest = min(descents, key=lambda descent: (math.isnan(descent.value), descent.value))
    titles = ("optimizer", "status", "value", "steps", "seconds", "gradient norm", "point")
    rows = []
    for descent, time in zip(descents, seconds, strict=True):
        auto = " by auto" if _by_auto(descent) else ""
        cells = [_how(descent) + auto, descent.status, _brief(descent.value), f"{descent.steps:,}", f"{time:.3g}"]
        cells += [f"{descent.gradient_norm:.4g}", descent.kind or "", *map(_brief, descent.end.at)]
        rows.append(("bold" if descent is lowest else "", cells))
    _print_table(view, titles, descents[0].flat_variables, rows)
    for descent in descents:
        forecasts, others = _parted(descent.notes)
        _print_notes(view, descent, (*forecasts, *others), f"{descent.optimizer}: ")


def _print_formula(view: View, descent: "Descent") -> None:
    view.print(Text.assemble(("f = ", "dim"), (view.formula(descent.expression), "bold")))
    for name, value in descent.let.items():
        view.print(Text.assemble(("let ", "dim"), f"{name} = {view.formula(plain_text(value))}"))


def _by_auto(descent: "Descent") -> bool:
    return any(note.kind == "method" for note in descent.notes)


def _how(descent: "Descent") -> str:
    """The optimizer and its rate."""
    return descent.optimizer + (f", lr {descent.learning_rate:.6g}" if descent.learning_rate is not None else "")


def _steps(descent: "Descent") -> Iterator["Step"]:
    """The steps to show, the one where it ended among them."""
    chosen = {step.number: step for step in descent.chosen(_ROWS)}
    end = descent.end.number
    if end < len(descent.watch):
        chosen[end] = descent.watch[end]
    return (chosen[number] for number in sorted(chosen))


def _trace_row(descent: "Descent", step: "Step") -> Row:
    cells = [f"{step.number:,}", *map(_brief, (step.value, step.gradient_norm, *step.at))]
    return "bold" if step.number == descent.end.number else "", cells


def _brief(value: float) -> str:
    return f"{value + 0.0:.8g}"  # 0, not -0


# -- tables that fit ---------------------------------------------------------------------------------------------------


def _print_table(view: View, titles: Sequence[str], names: Sequence[str], rows: Sequence[Row]) -> None:
    """The first table that fits: fewer variables, no frame, fewer other columns; else a paragraph for each row."""
    tables = (_table(titles, names, rows, *shape) for shape in _shapes(view, len(titles), len(names)))
    first = next(filter(view.fits, tables), None)
    if first is not None:
        view.print(first)
        return
    for _, cells in rows:
        for title, cell in zip((*titles, *names), cells, strict=True):
            if cell:
                view.print(Text.assemble((f"{title} ", "dim"), cell))
        view.print()


def _shapes(view: View, fixed: int, variables: int) -> Iterator[tuple[int, int, bool]]:
    """How many of the fixed columns, how many variables, and whether slim: the best first."""
    most = min(variables, _COLUMNS) if view.terminal else variables
    for slim in (False, True):
        yield from ((fixed, count, slim) for count in range(most, min(most, 1) - 1, -1))
    yield from ((count, 0, True) for count in range(fixed, 2, -1))


def _table(
    titles: Sequence[str], names: Sequence[str], rows: Iterable[Row], fixed: int, variables: int, slim: bool
) -> Table:
    style: dict[str, Any] = {"box": ROUNDED}
    if slim:
        style = {"box": SIMPLE_HEAD, "show_edge": False, "padding": (0, 1, 0, 0)}
    more = ["…"] if variables < len(names) or fixed < len(titles) else []
    table = Table(header_style="bold", border_style="dim", **style)
    for title in (*titles[:fixed], *names[:variables], *more):
        word = title in ("optimizer", "status", "point", "…")
        table.add_column(title, justify="left" if word else "right", no_wrap=True)
    for row_style, cells in rows:
        at = cells[len(titles) : len(titles) + variables]
        table.add_row(*cells[:fixed], *at, *more, style=row_style)
    return table


# -- the end -----------------------------------------------------------------------------------------------------------


def _print_end(view: View, descent: "Descent") -> None:
    """The status with its reason, the point in full and what it is."""
    reason = descent.reason or _REASONS.get(descent.status, "")
    many = "step" if descent.steps == 1 else "steps"
    line = Text.assemble((descent.status, _STYLES[descent.status]), f" after {descent.steps:,} {many}")
    view.print(line + Text(f": {reason}" if reason else ""))
    at = ", ".join(f"{name} = {plain_text(value)}" for name, value in descent.at.items())
    where = f"   at step {descent.end.number:,}, the best" if descent.end.number < descent.steps else ""
    view.print(Text.assemble(("value ", "dim"), (number_text(descent.value), "bold"), (where, "dim")))
    view.print(Text.assemble(("gradient norm ", "dim"), number_text(descent.gradient_norm)))
    if at:
        view.print(Text.assemble(("at ", "dim"), (view.formula(at), "bold")))
    if descent.kind:
        eigenvalues = f"   eigenvalues {_span(descent.eigenvalues)}" if descent.eigenvalues else ""
        view.print(Text.assemble(("point ", "dim"), (descent.kind, "bold"), (eigenvalues, "dim")))


def _span(values: Sequence[float]) -> str:
    """A few eigenvalues, or the least and the largest of many."""
    if len(values) <= _EIGENVALUES:
        return ", ".join(f"{value + 0.0:.6g}" for value in values)
    return f"{values[0]:.6g} to {values[-1]:.6g}"


def _parted(notes: Sequence[Note]) -> tuple[list[Note], list[Note]]:
    """The forecast and all else; the choice of a method stands beside the optimizer."""
    forecasts = [note for note in notes if note.kind == "forecast"]
    return forecasts, [note for note in notes if note.kind not in ("forecast", "method")]


def _print_notes(view: View, descent: "Descent", notes: Iterable[Note], about: str = "") -> None:
    for note in notes:
        label = _LABELS.get(note.kind, note.kind)
        view.print(Text.assemble((f"{about}{label}: ", "bold yellow"), note.message))
        if note.span:
            for line in caret_lines(descent.text, note.span, width=max(8, min(76, view.console.width - 4))):
                view.print(Text(line))
