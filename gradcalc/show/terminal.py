"""Reports and the op table as text for a terminal: the only importer of rich. A view: it computes nothing.

On a terminal long formulas wrap and are shortened; piped, a table takes the width it needs and nothing is cut.
"""

import sys
from collections.abc import Callable, Sequence
from decimal import Context
from typing import Any

from rich.box import ROUNDED, SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradcalc.errors import caret_lines
from gradcalc.language.functions import Card
from gradcalc.truth.report import DENSE_LIMIT, Curvature, Note, PointReport, Quantity, Report, derivative_name, number

_FORMULA_LIMIT = 240
"""Characters of a formula on a terminal; JSON, CSV and LaTeX have it whole."""
_ROW_LIMIT = 200
_NOTE_LIMIT = 20
_MATRIX_LIMIT = 12

_LABELS = {"near_kink": "near a kink", "nan_origin": "nan or infinity", "symbolic": "SymPy"}
"""How a kind of note reads on a terminal, where not as it is called."""

_STYLES = {"agrees": "green", "kink": "yellow", "jump": "yellow", "inaccurate": "yellow", "unverified": "dim"}


class View:
    """A console that knows whether it is a terminal, and how wide a table may be."""

    def __init__(self, console: Console | None = None) -> None:
        self.terminal = sys.stdout.isatty() if console is None else console.is_terminal
        self.console = console or Console(file=sys.stdout, highlight=False, width=None if self.terminal else 1_000_000)

    def print(self, content: Table | Text | str = "") -> None:
        """Print a table or a line of text."""
        self.console.print(content, soft_wrap=not self.terminal, markup=False, highlight=False, no_wrap=None)

    def fits(self, table: Table) -> bool:
        """Whether a table is no wider than the terminal; piped, everything fits."""
        unbounded = self.console.options.update(width=1_000_000)
        return not self.terminal or self.console.measure(table, options=unbounded).maximum <= self.console.width

    def formula(self, text: str) -> str:
        """A formula, shortened where it would fill a terminal."""
        if not self.terminal or len(text) <= _FORMULA_LIMIT:
            return text
        return f"{text[:_FORMULA_LIMIT]}… ({len(text):,} characters: --json has all)"


def print_report(report: Report, digits: int | None = None, view: View | None = None) -> None:
    """Print a report as tables."""
    view = view or View()
    view.print(Text.assemble(("f = ", "dim"), (view.formula(report.expression), "bold")))
    for name, value in report.let.items():
        view.print(Text.assemble(("let ", "dim"), f"{name} = {view.formula(plain_text(value))}"))
    for point in report.points:
        _print_point(view, report, point, digits)


def _print_point(view: View, report: Report, point: PointReport, digits: int | None) -> None:
    at = ", ".join(f"{name} = {plain_text(value)}" for name, value in point.at.items())
    if at:
        view.print(Text.assemble(("at ", "dim"), view.formula(at)))
    view.print()
    view.print(_value_line(point.value, digits))
    if point.gradient and point.value.verdict != "undefined":
        _print_gradient(view, report, point, digits)
    if point.curvature and point.value.verdict != "undefined":
        _print_curvature(view, report, point)
    shown = point.notes[:_NOTE_LIMIT] if view.terminal else point.notes
    for note in shown:
        _print_note(view, report, note)
    if len(shown) < len(point.notes):
        view.print(f"{len(point.notes) - len(shown):,} more notes: pipe the output, or --json")


def _value_line(value: Quantity, digits: int | None) -> Text:
    proof = value.certified
    text = Text.assemble(("value ", "dim"), (number_text(value.value), "bold"))
    if digits and proof:
        text.append(f"   {proof.value}")
    if proof:
        text.append(f"   {proof.digits} digits right", "green" if proof.digits >= 12 else "yellow")
    elif value.verdict == "undefined":
        text = Text.assemble(("value ", "dim"), ("undefined", "bold red"))
    return text


Column = tuple[str, dict[str, Any], Callable[[Quantity], Text | str]]
"""A title, how rich sets it, and the cell of one number."""


def _print_gradient(view: View, report: Report, point: PointReport, digits: int | None) -> None:
    """A row for each variable; where that is wider than the terminal even when slim, a paragraph for each."""
    entries = list(zip(report.flat_variables, point.gradient, strict=True))
    shown = entries[:_ROW_LIMIT] if view.terminal else entries
    columns = _columns(view, [entry for _, entry in entries], digits)
    tables = (_table(shown, columns, slim) for slim in (False, True))
    table = next(filter(view.fits, tables), None)
    if table is not None:
        view.print(table)
    else:
        for name, entry in shown:
            _print_paragraph(view, name, entry, columns)
    if len(shown) < len(entries):
        view.print(f"{len(entries) - len(shown):,} more: pipe the output, or --format csv")


def _table(rows: Sequence[tuple[str, Quantity]], columns: Sequence[Column], slim: bool) -> Table:
    """The table of some derivatives; slim, without lines and with short titles, for a narrow terminal."""
    style: dict[str, Any] = {"box": ROUNDED}
    if slim:
        style = {"box": SIMPLE_HEAD, "show_edge": False, "padding": (0, 1, 0, 0)}
    table = Table(header_style="bold", border_style="dim", **style)
    table.add_column("d/d" if slim else "variable", no_wrap=True)
    for title, setting, _ in columns:
        table.add_column(title.removesuffix("'s formula") if slim else title, **setting)
    for name, entry in rows:
        table.add_row(name, *(cell(entry) for _, _, cell in columns))
    return table


def _columns(view: View, entries: Sequence[Quantity], digits: int | None) -> list[Column]:
    """The columns that these numbers need."""
    columns: list[Column] = [("tape", _NUMBER, lambda entry: number_text(entry.value))]
    if digits is not None or any(entry.verdict == "inaccurate" for entry in entries):
        columns.append(("certified", _NUMBER, lambda entry: _certified(entry, digits)))
    if any(entry.symbolic for entry in entries):
        columns.append(
            ("SymPy's formula", _LINE, lambda entry: view.formula(entry.symbolic.formula) if entry.symbolic else "")
        )
        columns.append(("its value", _NUMBER, lambda entry: _short(entry.symbolic.value) if entry.symbolic else ""))
    if any(entry.numeric for entry in entries):
        columns.append(("central difference", _NUMBER, _difference))
    columns.append(("digits", _NUMBER, lambda entry: str(entry.certified.digits) if entry.certified else ""))
    columns.append(("verdict", _LINE, lambda entry: _verdict(entry.verdict)))
    return columns


_NUMBER: dict[str, Any] = {"justify": "right", "no_wrap": True}
_LINE: dict[str, Any] = {"no_wrap": True}


def _print_paragraph(view: View, name: str, entry: Quantity, columns: Sequence[Column]) -> None:
    """One variable over several lines, each number or formula on a line of its own, long ones wrapped."""
    view.print(Text(derivative_name(name), "bold"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for title, _, cell in columns:
        content = cell(entry)
        if content:
            grid.add_row(f"  {title}", content)
    view.print(grid)


def _certified(entry: Quantity, digits: int | None) -> str:
    if entry.certified is None:
        return ""
    return entry.certified.value if digits else _short(entry.certified.value)


def _difference(entry: Quantity) -> str:
    return f"{entry.numeric.value:.12g} ± {entry.numeric.error:.1g}" if entry.numeric else ""


def _verdict(verdict: str) -> Text:
    return Text(verdict, _STYLES.get(verdict, "bold red"))


def _print_curvature(view: View, report: Report, point: PointReport) -> None:
    curvature = point.curvature
    assert curvature is not None
    if curvature.size > (_MATRIX_LIMIT if view.terminal else DENSE_LIMIT):
        count = f"{len(curvature.entries):,} entries not structurally zero"
        view.print(f"Hessian {curvature.size} x {curvature.size}, {count}: --json has all")
    else:
        _print_matrices(view, report, curvature)
    right = [entry.certified.digits for entry in curvature.entries.values() if entry.certified]
    if right:
        count = "every entry" if len(right) == len(curvature.entries) else f"{len(right)} entries"
        view.print(Text.assemble(("digits right ", "dim"), f"{min(right)} or more in {count}"))
    if curvature.eigenvalues is not None:
        view.print(
            Text.assemble(("eigenvalues ", "dim"), ", ".join(number_text(value) for value in curvature.eigenvalues))
        )
    if curvature.definiteness:
        view.print(Text.assemble(("the Hessian is ", "dim"), (curvature.definiteness, "bold")))
    if curvature.critical_point:
        view.print(Text.assemble(("critical point: ", "dim"), (curvature.critical_point, "bold")))


def _print_matrices(view: View, report: Report, curvature: Curvature) -> None:
    """The Hessian beside SymPy's, or below it, or entry by entry: as the width allows."""
    names = report.flat_variables
    tables = [_matrix(names, curvature.matrix(lambda entry: number_text(entry.value)), "Hessian")]
    if any(entry.symbolic for entry in curvature.entries.values()):
        formulas = curvature.matrix(lambda entry: view.formula(entry.symbolic.formula) if entry.symbolic else "")
        tables.append(_matrix(names, formulas, "SymPy's"))
    beside = Table.grid(padding=(0, 2, 0, 0))
    beside.add_row(*tables)
    if view.fits(beside):
        view.print(beside)
    elif all(map(view.fits, tables)):
        for table in tables:
            view.print(table)
    else:
        if view.fits(tables[0]):
            view.print(tables[0])
        for (i, j), entry in sorted(curvature.entries.items()):
            if i <= j:
                _print_paragraph(view, f"{names[i]},{names[j]}", entry, _columns(view, [entry], None))


def _matrix(names: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> Table:
    table = Table(
        box=ROUNDED, title=title, title_justify="left", title_style="", header_style="bold", border_style="dim"
    )
    table.add_column("", style="bold", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in zip(names, rows, strict=True):
        table.add_row(name, *row)
    return table


def _print_note(view: View, report: Report, note: Note) -> None:
    about = f" {derivative_name(note.variable)}" if note.variable else ""
    label = _LABELS.get(note.kind, note.kind)
    if note.kind == "near_kink" and note.left == note.right:
        label = "unverified" if note.left is None else "measured"
    view.print(Text.assemble((f"{label}{about}: ", "bold yellow"), note.message))
    if note.span:
        for line in caret_lines(report.text, note.span, width=max(8, min(76, view.console.width - 4))):
            view.print(Text(line))


def number_text(value: float) -> str:
    """A float in the fewest digits that tell it from all others."""
    return str(number(value + 0.0)).removesuffix(".0")  # 0, not -0


def _short(text: str | None) -> str:
    """A certified number rounded to the 17 digits that tell a double from all others, zeros at the end left out."""
    if text is None:
        return "no value"
    mantissa, mark, exponent = text.partition("e")
    mantissa = f"{Context(prec=17).create_decimal(mantissa):f}"
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + mark + exponent


def plain_text(value: object) -> str:
    """A value of a binding: numbers, nested lists."""
    if isinstance(value, list):
        return "[" + ", ".join(plain_text(item) for item in value) + "]"
    return number_text(value) if isinstance(value, float) else str(value)


def print_cards(cards: Sequence[Card], view: View | None = None) -> None:
    """Print the table of ops."""
    view = view or View()
    table = Table(box=ROUNDED, header_style="bold", border_style="dim")
    for title in ("function", "what it is", "derivative", "domain", "kink"):
        table.add_column(title, no_wrap=True)
    for card in cards:
        table.add_row(card.syntax, card.doc, _derivatives(card), card.domain, card.kink)
    if view.fits(table):
        view.print(table)
    else:
        for card in cards:
            print_card(card, view)


def print_card(card: Card, view: View | None = None) -> None:
    """Print one op."""
    view = view or View()
    view.print(Text.assemble((card.syntax, "bold"), f"   {card.doc}"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    rows = {"derivative": _derivatives(card), "domain": card.domain, "kink": card.kink, "also": ", ".join(card.aliases)}
    for title, text in rows.items():
        if text:
            grid.add_row(f"  {title}", text)
    if grid.row_count:
        view.print(grid)


def _derivatives(card: Card) -> str:
    return "\n".join(f"d/d{operand}: {text}" for operand, text in card.derivatives)
