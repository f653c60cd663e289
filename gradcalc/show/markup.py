"""A page in a markup language: a medium says how text, lines and tables are written. Imports errors and page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradcalc.errors import caret_lines, visible
from gradcalc.show.page import Block, Details, Formula, Heading, Line, Matrices, Page, Piece, Table, plain, strong

Write = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Markup:
    """How a language writes what a page holds.

    Attributes:
        specials: how characters are written that mean something in the language, as `str.translate` takes them.
        newline: how a line ends within a cell.
        tones: text of a tone; other tones are left out.
        heading, line, verbatim: a line that begins a part, any other, and lines that keep their blanks.
        formula: a formula within a line.
        table: titles (none at all, or one for each column), the sides l or r of the columns, and the rows.
    """

    specials: Mapping[int, str]
    newline: str
    tones: Mapping[str, Write]
    heading: Write
    line: Write
    verbatim: Write
    formula: Callable[[Formula], str]
    table: Callable[[Sequence[str], str, Sequence[Sequence[str]]], str]

    def draw(self, page: Page) -> str:
        """The page, whole."""
        return "\n".join(text for block in page.blocks for text in self._block(block)).rstrip("\n")

    def _block(self, block: Block) -> Iterator[str]:
        if isinstance(block, Line):
            if block.pieces:
                yield (self.heading if isinstance(block, Heading) else self.line)(self._written(*block.pieces))
        elif isinstance(block, Details):
            if block.heading:
                yield from self._block(block.heading)
            if not any(name.strip(" =") for name, _ in block.entries):
                yield from (self.line(f"{name} {self._written(piece)}".strip()) for name, piece in block.entries)
                return
            yield self.table([], "ll", [[self._written(name), self._written(piece)] for name, piece in block.entries])
        elif isinstance(block, Table):
            yield from self._table(block)
        elif isinstance(block, Matrices):
            for table in block.tables:
                yield from self._table(table)
        else:
            for remark in block.items:
                yield self.line(self._written(strong(f"{remark.label}:"), f" {remark.message}"))
                if remark.span:
                    yield self.verbatim("\n".join(caret_lines(remark.text, remark.span)))

    def _table(self, table: Table) -> Iterator[str]:
        if table.title:
            yield self.line(self._written(table.title))
        titles = [self._written(column.title) for column in table.columns]
        sides = "".join("r" if column.kind == "number" else "l" for column in table.columns)
        yield self.table(titles, sides, [list(map(self._written, row)) for row in table.rows])

    def _written(self, *pieces: Piece) -> str:
        """Pieces one after the other, each in its tones, meaning nothing but themselves."""
        found = []
        for piece in pieces:
            text = visible(plain(piece), keep="\n")
            if isinstance(piece, Formula):
                written = self.formula(piece._replace(text=text))
            else:
                written = text.translate(self.specials).replace("\n", self.newline)
            for tone in () if isinstance(piece, str) else piece.tone.split():
                written = self.tones.get(tone, str)(written)
            found.append(written)
        return "".join(found)
