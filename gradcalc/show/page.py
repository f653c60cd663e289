"""What an answer looks like, for no medium in particular: lines, tables, matrices, remarks and equations.

An answer describes itself as a `Page`; a medium draws it. Nothing here knows what the answer is about, or how wide or
how long a medium is. All are named tuples, quick to define: every answer imports this. Imports errors.
"""

import math
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Context
from typing import Any, Literal, NamedTuple

from gradcalc.errors import Span, visible


class Text(NamedTuple):
    """Words or a number, and how they are meant: `tone` holds some of the words label, strong, good, doubt and bad."""

    text: str
    tone: str = ""


class Formula(NamedTuple):
    """A formula, a point or a value that may be long: a text with its tone, and its LaTeX: known, or what makes it."""

    text: str
    tone: str = ""
    latex: str | Callable[[str], str] = ""

    @property
    def typeset(self) -> str:
        """Its LaTeX; "" where there is none."""
        return self.latex if isinstance(self.latex, str) else self.latex(self.text)

    @property
    def known(self) -> str:
        """Its LaTeX where somebody has set it already."""
        return self.latex if isinstance(self.latex, str) else getattr(self.latex, "given", "")

    @property
    def mathml(self) -> str:
        """Its MathML, where what makes its LaTeX makes that too and somebody would read it."""
        make = getattr(self.latex, "mathml", None)
        return make(self.text) if make and len(self.text) <= _READ else ""


Piece = str | Text | Formula


class Line(NamedTuple):
    """Pieces of text, one after the other."""

    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return "".join(map(plain, self.pieces))


class Heading(Line):
    """A line that begins a part of the page."""

    __slots__ = ()


class Details(NamedTuple):
    """Labelled values of one thing, below a heading if there is one."""

    heading: Line | None
    entries: tuple[tuple[str, Piece], ...]


class Column(NamedTuple):
    """A title, what stands below it, and a title for where there is little room."""

    title: str
    kind: Literal["number", "formula", "word"] = "number"
    short: str = ""


class Table(NamedTuple):
    """Rows below titles.

    Attributes:
        strong: the row that matters.
        series: how many columns at the end are of one series, as the elements of a point: the first of them may stand
            for all. None where no column can be spared.
        details: each row as a paragraph, for where no table fits; by default its cells with the titles.
        spare: the titles of columns that can be left out where there is little room, the first of them first.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Piece, ...], ...]
    title: str = ""
    strong: int | None = None
    series: int | None = None
    details: tuple[Details, ...] = ()
    spare: tuple[str, ...] = ()

    def without(self, titles: Collection[str]) -> "Table":
        """The table without some columns, and without the rows that then say nothing."""
        kept = [place for place, column in enumerate(self.columns) if column.title not in titles]
        rows = (tuple(row[place] for place in kept) for row in self.rows)
        told = tuple(row for row in rows if any(map(plain, row)))
        return self._replace(columns=tuple(self.columns[place] for place in kept), rows=told if titles else self.rows)

    def narrowed(self, count: int) -> "Table":
        """The first columns, and one that stands for those left out."""
        if count >= len(self.columns):
            return self
        rows = tuple((*row[:count], "…") for row in self.rows)
        left = None if self.series is None else max(0, self.series - len(self.columns) + count + 1)
        return self._replace(columns=(*self.columns[:count], Column("…", "word")), rows=rows, series=left)

    def paragraphs(self) -> Iterator[Details]:
        """Each row as labelled values."""
        titles = [column.title for column in self.columns]
        yield from self.details or (Details(None, tuple(zip(titles, row, strict=True))) for row in self.rows)


class Matrices(NamedTuple):
    """The same entries as one matrix or several, in a sentence, and where they are few as a table row by row."""

    summary: str
    tables: tuple[Table, ...]
    entries: Table


class Remark(NamedTuple):
    """Something to know, with a label, and the place in a text that it is about."""

    label: str
    message: str
    text: str = ""
    span: Span | None = None


class Remarks(NamedTuple):
    """What is to know of one part of a page."""

    items: tuple[Remark, ...]


class Equation(NamedTuple):
    """The function f, differentiated for some names, or at a point; all that it `equals`.

    A matrix is the Hessian, unless there is a `symbol` for what stands on the left; `reason` says why they are equal.
    """

    equals: tuple[Piece | Table, ...]
    names: tuple[str, ...] = ()
    at: Mapping[str, Any] | None = None
    symbol: str = ""
    reason: str = ""


Block = Line | Details | Table | Matrices | Remarks


class Page(NamedTuple):
    """An answer as blocks, and once more as groups of equations where it is mathematics."""

    title: str
    blocks: tuple[Block, ...]
    equations: tuple[tuple[Equation, ...], ...] = ()

    def __str__(self) -> str:
        """The lines of the page, plain."""
        return "\n".join(visible(str(block), keep="\n") for block in self.blocks if isinstance(block, Line))


class Rest(NamedTuple):
    """Where the rest is of what is not shown: of a table's rows, of remarks, of a matrix or a formula."""

    rows: str
    remarks: str
    whole: str


DENSE_LIMIT = 1_000
"""Above this many variables a Hessian is given as coordinates and values."""
MATRIX_LIMIT = 12
"""Rows of a matrix that one looks at entry by entry."""
_ROWS, _SERIES, _REMARKS = 200, 12, 20
"""What is shown at once, at most: rows, columns of a series, remarks."""
_READ = 2_000
"""Characters of a formula that is typeset for people."""
_FORMULA, _DETAILS = 20_000, 80_000
"""Characters that a notebook shows, at most: of a formula, of all details together, as they are written there."""


def shortened(page: Page, rest: Rest) -> Page:
    """The page with the first of many rows, columns and remarks, and what to do for the rest."""
    return page._replace(blocks=tuple(part for block in page.blocks for part in _shortened(block, rest)))


def _shortened(block: Block, rest: Rest) -> Iterator[Block]:
    if isinstance(block, Table):
        if block.series is not None:
            block = block.narrowed(len(block.columns) - block.series + _SERIES)
        yield block._replace(rows=block.rows[:_ROWS], details=block.details[:_ROWS])
        if len(block.rows) > _ROWS:
            yield line(f"{len(block.rows) - _ROWS:,} more: {rest.rows}")
    elif isinstance(block, Remarks):
        yield Remarks(block.items[:_REMARKS])
        if len(block.items) > _REMARKS:
            yield line(f"{len(block.items) - _REMARKS:,} more notes: {rest.remarks}")
    elif isinstance(block, Matrices) and len(block.tables[0].rows) > MATRIX_LIMIT:
        yield line(f"{block.summary}: {rest.whole}")
    else:
        yield block


def small(page: Page, rest: Rest) -> Page:
    """The page `shortened`, without formulas and details that nobody reads: for a notebook, which keeps it."""
    return page._replace(blocks=tuple(_small(shortened(page, rest).blocks, rest)))


def _small(blocks: Iterable[Block], rest: Rest) -> Iterator[Block]:
    left, hidden = _DETAILS, 0
    for block in blocks:
        if isinstance(block, Details):
            block = block._replace(entries=tuple((label, _read(piece, rest)) for label, piece in block.entries))
            left -= sum(map(_length, (piece for _, piece in block.entries)))
            if left < 0:
                hidden += 1
                continue
        elif isinstance(block, Line):
            block = block._replace(pieces=tuple(_read(piece, rest) for piece in block.pieces))
        if hidden:
            yield line(f"{hidden:,} more: {rest.rows}")
            hidden = 0
        yield block
    if hidden:
        yield line(f"{hidden:,} more: {rest.rows}")


def _read(piece: Piece, rest: Rest) -> Piece:
    """A piece, or what is said in its place where it is too long to be read."""
    length = _length(piece)
    return piece if length <= _FORMULA else f"{length:,} characters: {rest.whole}"


def _length(piece: Piece) -> int:
    """Characters of a piece as the longest medium writes it."""
    written = getattr(piece, "latex", "")
    return max(len(plain(piece)), len(written) if isinstance(written, str) else 0, len(getattr(piece, "mathml", "")))


# -- making and reading pages ------------------------------------------------------------------------------------------


def line(*pieces: Piece) -> Line:
    """A line of pieces."""
    return Line(pieces)


def fact(label: str, *pieces: Piece) -> Line:
    """A line of pieces behind a label."""
    return Line((Text(f"{label} ", "label"), *pieces))


def strong(text: str) -> Text:
    """Text that matters."""
    return Text(text, "strong")


def plain(piece: Piece) -> str:
    """The text of a piece."""
    return piece if isinstance(piece, str) else piece.text


def question(expression: str, latex: str | Callable[[str], str], let: Mapping[str, Any]) -> list[Block]:
    """How a page begins: the formula, and what is bound in it."""
    bound = [fact("let", f"{name} = ", Formula(value_text(value))) for name, value in let.items()]
    return [fact("f =", Formula(expression, "strong", latex)), *bound]


def point_text(at: Mapping[str, Any]) -> str:
    """A point as text: `x = 1, y = [2, 3]`."""
    return ", ".join(f"{name} = {value_text(value)}" for name, value in at.items())


def number_text(value: float) -> str:
    """A float in the fewest digits that tell it from all others."""
    return str(value + 0.0).removesuffix(".0")  # 0, not -0


def value_text(value: object) -> str:
    """A value of a binding: numbers, nested lists."""
    if isinstance(value, list):
        return "[" + ", ".join(map(value_text, value)) + "]"
    return number_text(value) if isinstance(value, float) else str(value)


_DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?")


def _float(text: str) -> float:
    """The float nearest to a decimal; nan for other words."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def short_text(text: str) -> str:
    """A decimal as the float nearest to it is written; what floats are too coarse for, in 17 digits."""
    value = _float(text)
    if sys.float_info.min <= abs(value) <= sys.float_info.max or value == 0 and not text.strip("+-0."):
        return number_text(value)
    if not _DECIMAL.fullmatch(text):
        return text
    mantissa, mark, exponent = text.partition("e")
    mantissa = f"{Context(prec=17).create_decimal(mantissa):f}"
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + mark + exponent
