"""Reports and the op table as text for a terminal: the only importer of rich. A view: it computes nothing.

On a terminal long formulas wrap and are shortened; piped, a table takes the width it needs and nothing is cut.
"""

import sys
from collections.abc import Sequence

from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradcalc.catalogue import Card
from gradcalc.errors import caret_lines
from gradcalc.report import Note, PointReport, Quantity, Report, derivative_name, number

_FORMULA_LIMIT = 240
"""Characters of a formula on a terminal; JSON, CSV and LaTeX have it whole."""
_ROW_LIMIT = 200
_MATRIX_LIMIT = 12

_STYLES = {"agrees": "green", "kink": "yellow", "jump": "yellow", "inaccurate": "yellow", "unverified": "dim"}


class View:
    """A console that knows whether it is a terminal, and how wide a table may be."""

    def __init__(self, console: Console | None = None) -> None:
        self.terminal = sys.stdout.isatty() if console is None else console.is_terminal
        self.console = console or Console(file=sys.stdout, highlight=False, width=None if self.terminal else 1_000_000)

    def print(self, content: Table | Text | str = "") -> None:
        """Print a table or a line of text."""
        self.console.print(content, soft_wrap=not self.terminal, markup=False, highlight=False, no_wrap=None)

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
        view.print(Text.assemble(("let ", "dim"), f"{name} = {view.formula(_plain(value))}"))
    for point in report.points:
        _print_point(view, report, point, digits)


def _print_point(view: View, report: Report, point: PointReport, digits: int | None) -> None:
    at = ", ".join(f"{name} = {_plain(value)}" for name, value in point.at.items())
    if at:
        view.print(Text.assemble(("at ", "dim"), view.formula(at)))
    view.print()
    view.print(_value_line(point.value, digits))
    if point.gradient and point.value.verdict != "undefined":
        view.print(_gradient_table(view, report, point, digits))
    if point.curvature and point.value.verdict != "undefined":
        _print_curvature(view, report, point)
    for note in point.notes:
        _print_note(view, report, note)


def _value_line(value: Quantity, digits: int | None) -> Text:
    proof = value.certified
    text = Text.assemble(("value ", "dim"), (_number(value.value), "bold"))
    if digits and proof:
        text.append(f"   {proof.value}")
    if proof:
        text.append(f"   {proof.digits} digits right", "green" if proof.digits >= 12 else "yellow")
    elif value.verdict == "undefined":
        text = Text.assemble(("value ", "dim"), ("undefined", "bold red"))
    return text


def _gradient_table(view: View, report: Report, point: PointReport, digits: int | None) -> Table:
    entries = list(zip(report.flat_variables, point.gradient, strict=True))
    symbolic = any(entry.symbolic for _, entry in entries)
    numeric = any(entry.numeric for _, entry in entries)
    proved = digits is not None or any(_differs(entry) for _, entry in entries)
    table = Table(box=ROUNDED, header_style="bold", border_style="dim")
    table.add_column("d/d", no_wrap=True)
    table.add_column("tape", justify="right", no_wrap=True)
    if proved:
        table.add_column("certified", justify="right", overflow="fold")
    if symbolic:
        table.add_column("SymPy's formula", overflow="fold", min_width=12)
        table.add_column("its value", justify="right", no_wrap=True)
    if numeric:
        table.add_column("central difference", justify="right", no_wrap=True)
    table.add_column("digits", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    shown = entries[:_ROW_LIMIT] if view.terminal else entries
    for name, entry in shown:
        cells: list[Text | str] = [name, _number(entry.value)]
        if proved:
            cells.append(
                "" if not entry.certified else entry.certified.value if digits else _short(entry.certified.value)
            )
        if symbolic:
            cells.append(view.formula(entry.symbolic.formula) if entry.symbolic else "")
            cells.append(_short(entry.symbolic.value or "no value") if entry.symbolic else "")
        if numeric:
            cells.append(f"{entry.numeric.value:.12g} ± {entry.numeric.error:.1g}" if entry.numeric else "")
        cells.append(str(entry.certified.digits) if entry.certified else "")
        table.add_row(*cells, _verdict(entry.verdict))
    if len(shown) < len(entries):
        table.caption = f"{len(entries) - len(shown):,} more rows: pipe the output, or --format csv"
    return table


def _verdict(verdict: str) -> Text:
    return Text(verdict, _STYLES.get(verdict, "bold red"))


def _differs(entry: Quantity) -> bool:
    return entry.certified is not None and entry.certified.digits < 12


def _print_curvature(view: View, report: Report, point: PointReport) -> None:
    curvature = point.curvature
    assert curvature is not None
    names = report.flat_variables
    if view.terminal and curvature.size > _MATRIX_LIMIT or curvature.size > 1000:
        view.print(
            f"Hessian {curvature.size} x {curvature.size}, {len(curvature.entries):,} entries not structurally zero: --json has all"
        )
    else:
        view.print(_matrix(view, names, curvature.matrix(lambda entry: _number(entry.value)), "Hessian"))
        if any(entry.symbolic for entry in curvature.entries.values()):
            formulas = curvature.matrix(lambda entry: view.formula(entry.symbolic.formula) if entry.symbolic else "")
            view.print(_matrix(view, names, formulas, "SymPy's Hessian"))
    right = [entry.certified.digits for entry in curvature.entries.values() if entry.certified]
    if right:
        view.print(
            Text.assemble(
                ("digits right ", "dim"), f"{min(right)} or more in {len(right)} of {len(curvature.entries)} entries"
            )
        )
    if curvature.eigenvalues is not None:
        view.print(Text.assemble(("eigenvalues ", "dim"), ", ".join(_number(value) for value in curvature.eigenvalues)))
    if curvature.definiteness:
        view.print(Text.assemble(("the Hessian is ", "dim"), (curvature.definiteness, "bold")))
    if curvature.critical_point:
        view.print(Text.assemble(("critical point: ", "dim"), (curvature.critical_point, "bold")))


def _matrix(view: View, names: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> Table:
    table = Table(
        box=ROUNDED, title=title, title_justify="left", title_style="", header_style="bold", border_style="dim"
    )
    table.add_column("", style="bold", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    for name, row in zip(names, rows, strict=True):
        table.add_row(name, *row)
    return table


def _print_note(view: View, report: Report, note: Note) -> None:
    about = f" {derivative_name(note.variable)}" if note.variable else ""
    view.print(Text.assemble((f"{note.kind}{about}: ", "bold yellow"), note.message))
    if note.span:
        for line in caret_lines(report.text, note.span):
            view.print(Text(line))


def _number(value: float) -> str:
    return str(number(value)).removesuffix(".0")


def _short(text: str) -> str:
    """A certified number with as many digits as a double has, zeros at the end left out."""
    if text == "no value":
        return text
    mantissa, mark, exponent = text.partition("e")
    digits = sum(character.isdecimal() for character in mantissa.lstrip("-0."))
    if digits > 17:
        mantissa = mantissa[: len(mantissa) - (digits - 17)]
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + mark + exponent


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    return _number(value) if isinstance(value, float) else str(value)


def print_cards(cards: Sequence[Card], view: View | None = None) -> None:
    """Print the table of ops."""
    view = view or View()
    table = Table(box=ROUNDED, header_style="bold", border_style="dim")
    for title in ("function", "what it is", "derivative", "domain", "kink"):
        table.add_column(title, overflow="fold")
    for card in cards:
        table.add_row(card.syntax, card.doc, _derivatives(card), card.domain, card.kink)
    view.print(table)


def print_card(card: Card, view: View | None = None) -> None:
    """Print one op."""
    view = view or View()
    view.print(Text.assemble((card.syntax, "bold"), f"   {card.doc}"))
    rows = [
        ("derivative", _derivatives(card)),
        ("domain", card.domain or "all real numbers"),
        ("kink", card.kink or "none"),
    ]
    if card.aliases:
        rows.append(("also", ", ".join(card.aliases)))
    for title, text in rows:
        for i, line in enumerate(text.splitlines() or [""]):
            view.print(Text.assemble((f"{title if i == 0 else '':<12}", "dim"), line))


def _derivatives(card: Card) -> str:
    return "\n".join(f"d/d{operand}: {text}" for operand, text in card.derivatives)
