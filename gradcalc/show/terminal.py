"""A page as text for a terminal: the only importer of rich. Imports errors and page.

On a terminal long formulas wrap and are shortened, and a table is the first that fits: with all columns, with fewer,
slim, as paragraphs. Piped, a table takes the width it needs, notes that of a page, and nothing is cut.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from rich.box import ROUNDED, SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from gradcalc.errors import caret_lines, visible
from gradcalc.show import page as pages

_FORMULA_LIMIT = 240
"""Characters of a formula on a terminal; other media have it whole."""
_MANY = 100
"""Rows from which a table without styles is laid out here."""
_PROSE = 80
"""Columns that prose takes where nobody says how many there are."""
_FEWEST = 3
"""Columns that a table has at least."""
_REST = pages.Rest("pipe the output, or --format csv", "pipe the output, or --json", "--json has all")
_STYLES = {"label": "dim", "strong": "bold", "good": "green", "doubt": "yellow", "bad": "red"}


def _columns() -> int | None:
    """The width that COLUMNS asks for, where no terminal has one."""
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isdecimal() and int(text) > 0 else None


class View:
    """A console that knows whether it is a terminal, and how wide a table may be."""

    def __init__(self, console: Console | None = None) -> None:
        self.terminal = sys.stdout.isatty() if console is None else console.is_terminal
        width = None if self.terminal else 1_000_000
        self.console = console or Console(file=sys.stdout, highlight=False, width=width, force_jupyter=False)
        self.width = self.console.width if self.terminal else _columns()
        self.unicode = self.console.encoding.startswith("utf")
        self.superscripts = self.terminal and self.unicode

    def print(self, content: RenderableType = "") -> None:
        """Print a table or a line of text."""
        self.console.print(content, soft_wrap=not self.terminal, markup=False, highlight=False, no_wrap=None)

    def fits(self, table: Table, width: int | None) -> bool:
        """Whether a table is no wider; where no width is asked for, everything fits."""
        if width is None:
            return True
        return self.console.measure(table, options=self.console.options.update(width=1_000_000)).maximum <= width

    def is_large(self, table: pages.Table) -> bool:
        """Whether a table without styles has so many rows, a line each, that rich would take a millisecond for each."""
        plain = not self.terminal and self.console.color_system is None and self.width is None
        return plain and len(table.rows) > _MANY and not any("\n" in pages.plain(c) for row in table.rows for c in row)

    def prose(self, table: pages.Table) -> bool:
        """Whether a table holds words alone."""
        return not self.terminal and all(column.kind == "word" for column in table.columns)

    def text(self, *pieces: pages.Piece) -> Text:
        """Pieces in their tones, formulas shortened where they would fill a terminal."""
        parts = [self._part(piece) for piece in pieces]
        return Text(*parts[0]) if len(parts) == 1 else Text.assemble(*parts)

    def title(self, text: str) -> str:
        """Words, without raised digits where those may be missing."""
        return visible(text, keep="\n") if self.superscripts else visible(text, keep="\n").translate(_RAISED)

    def _part(self, piece: pages.Piece) -> tuple[str, str]:
        """The text of a piece, and how rich styles it."""
        text = pages.plain(piece)
        text = visible(text, keep="\n") if isinstance(piece, pages.Formula) else self.title(text)
        if self.terminal and isinstance(piece, pages.Formula) and len(text) > _FORMULA_LIMIT:
            text = f"{text[:_FORMULA_LIMIT]}… ({len(text):,} characters: {_REST.whole})"
        if not self.unicode:
            text = text.translate(_ASCII)
        return text, "" if isinstance(piece, str) else " ".join(_STYLES[tone] for tone in piece.tone.split())


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_ASCII = str.maketrans({"├": "|", "└": "`", "│": "|", "─": "-", "∂": "d", "…": "..."})
"""What is written for lines and signs where there is no more than ASCII."""


def draw(page: pages.Page, view: View | None = None) -> str:
    """The page as text."""
    view = view or View()
    with view.console.capture() as captured:
        print_page(page, view)
    # a frame and a wider line leave blanks at the ends of lines, which may be very long
    return "\n".join(line.rstrip(" ") for line in captured.get().split("\n"))


def print_page(page: pages.Page, view: View) -> None:
    """Print a page."""
    for block in (pages.shortened(page, _REST) if view.terminal else page).blocks:
        _print_block(view, block)


def _print_block(view: View, block: pages.Block) -> None:
    if isinstance(block, pages.Line):
        if block.pieces:
            view.print(view.text(*block.pieces))
        if isinstance(block, pages.Heading):
            view.print()
    elif isinstance(block, pages.Details):
        _print_details(view, block)
    elif isinstance(block, pages.Table):
        _print_table(view, block)
    elif isinstance(block, pages.Matrices):
        _print_matrices(view, block)
    else:
        for remark in block.items:
            _print_remark(view, remark)


def _print_details(view: View, details: pages.Details) -> None:
    """Each value on a line of its own, long ones wrapped."""
    entries = [(name, piece) for name, piece in details.entries if pages.plain(piece)]
    if details.heading is None:
        for name, piece in entries:
            view.print(view.text(pages.Text(f"{name} ", "label"), piece))
        view.print()
        return
    prose = not view.terminal and all(isinstance(piece, str) for _, piece in entries)
    if prose:
        view.console.print(view.text(*details.heading.pieces), width=view.width or _PROSE)
    else:
        _print_block(view, details.heading)
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, piece in entries:
        grid.add_row(f"  {view.title(name)}", view.text(piece))
    if entries and prose:
        view.console.print(grid, width=view.width or _PROSE)
    elif entries:
        view.print(grid)


# -- tables that fit ---------------------------------------------------------------------------------------------------


def _print_table(view: View, table: pages.Table) -> None:
    """The first shape of a table that fits; else a paragraph for each row. Piped, no column is left out."""
    if view.is_large(table):
        _print_lines(view, _framed(table))
        return
    width = view.width or (_PROSE if view.prose(table) else None)
    for shape, slim, left_out in _shapes(table) if view.terminal else ((table, slim, ()) for slim in (False, True)):
        made = _rich_table(view, shape, slim)
        if view.fits(made, width):
            view.print(made)
            if left_out:
                view.print(view.text(pages.Text(f"no room for {', '.join(left_out)}: {_REST.rows}", "label")))
            return
    for details in table.paragraphs():
        _print_details(view, details)


def _shapes(table: pages.Table) -> Iterator[tuple[pages.Table, bool, tuple[str, ...]]]:
    """The table with fewer and fewer columns, whether it is slim, and which of its columns it lacks: the best first."""
    if not table.spare:
        yield from ((table.narrowed(count), slim, ()) for count, slim in _narrower(table))
        return
    titles = [column.title for column in table.columns]
    spare = tuple(title for title in table.spare if title in titles)
    for count in range(len(spare) + 1):
        left_out = spare[:count]
        yield from ((table.without(left_out), slim, left_out) for slim in (False, True))


def _narrower(table: pages.Table) -> Iterator[tuple[int, bool]]:
    """How many columns, and whether slim: the best first. One column of a series stays while there are other ways."""
    every = fewest = len(table.columns)
    if table.series:
        fewest = every - table.series + 1
    for slim in (False, True):
        yield from ((count, slim) for count in range(every, fewest - 1, -1))
    if table.series is not None:
        yield from ((count, True) for count in range(fewest - 1, _FEWEST - 1, -1))


def _rich_table(view: View, table: pages.Table, slim: bool = False) -> Table:
    """A table in a frame; slim, without lines and with short titles."""
    style: dict[str, Any] = {"box": ROUNDED}
    if slim:
        style = {"box": SIMPLE_HEAD, "show_edge": False, "padding": (0, 1, 0, 0)}
    made = Table(
        header_style="bold",
        border_style="dim",
        title=view.title(table.title) or None,
        title_justify="left",
        title_style="",
        **style,
    )
    for column in table.columns:
        title = column.short or column.title if slim else column.title
        made.add_column(view.title(title), justify="right" if column.kind == "number" else "left", no_wrap=True)
    for number, row in enumerate(table.rows):
        made.add_row(*map(view.text, row), style="bold" if number == table.strong else "")
    return made


def _print_matrices(view: View, matrices: pages.Matrices) -> None:
    """Matrices beside each other, or below, or the first of them and all entries one by one: as the width allows."""
    tables = [_rich_table(view, table) for table in matrices.tables]
    beside = Table.grid(padding=(0, 2, 0, 0))
    beside.add_row(*tables)
    if view.fits(beside, view.width):
        view.print(beside)
        return
    fit = [view.fits(each, view.width) for each in tables]
    fitting = tables if all(fit) else tables[: int(fit[0])]
    for table in fitting:
        view.print(table)
    if len(fitting) < len(tables) or not fitting:
        for details in matrices.entries.paragraphs():
            _print_details(view, details)


def _print_lines(view: View, lines: Iterable[str]) -> None:
    """Lines as they are: rich would look at each character."""
    view.console.print(Text("\n".join(lines)), soft_wrap=True, markup=False, highlight=False)


def _framed(table: pages.Table) -> list[str]:
    """The lines of a table with a title as rich draws them, each cell on one line."""
    titles = [visible(column.title).translate(_RAISED) for column in table.columns]
    rows = [titles, *([visible(pages.plain(piece)) for piece in row] for row in table.rows)]
    lefts = [column.kind != "number" for column in table.columns]
    widths = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]
    padded = [width + 2 for width in widths]
    written = []
    for row in rows:
        blanks = (" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        cells = (cell + b if left else b + cell for cell, b, left in zip(row, blanks, lefts, strict=True))
        written.append(f"│ {' │ '.join(cells)} │")
    top, below_titles, bottom = ROUNDED.get_top(padded), ROUNDED.get_row(padded, "head"), ROUNDED.get_bottom(padded)
    title = [table.title.ljust(len(top))] if table.title else []
    return [*title, top, written[0], below_titles, *written[1:], bottom]


def _print_remark(view: View, remark: pages.Remark) -> None:
    """The label and the message, wrapped with a hanging indent; the place in the text stays on its two lines."""
    width = view.width or _PROSE
    label = view.text(pages.Text(f"{remark.label}:", "strong doubt"))
    words = f"{label} {view.text(remark.message)}"
    text = Text("\n".join(_wrapped(words, width)))
    text.stylize(label.style, 0, len("\n".join(_wrapped(label.plain, width))))
    view.print(text)
    if remark.span:
        for shown in caret_lines(remark.text, remark.span, width=max(8, min(76, width - 4))):
            view.print(Text(shown))


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most so many columns, indented after the first; a word that is longer stays whole."""
    line = ""
    for word in text.split(" "):
        if line.strip() and cell_len(line) + 1 + cell_len(word) > width:
            yield line
            line = "  " + word
        else:
            line += f" {word}" if line else word
    yield line
