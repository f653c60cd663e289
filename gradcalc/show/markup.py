"""A page in a markup language: a medium says how text, lines and tables are written. Imports errors and page."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from gradcalc.errors import caret_lines
from gradcalc.show.page import Block, Details, Formula, Heading, Line, Matrices, Page, Piece, Remark, Table, Text, plain


class Markup(ABC):
    """A markup language.

    Attributes:
        specials: how characters are written that mean something in the language.
        newline: how a line ends within a cell.
        tones: how text of a tone is written, with {} where it stands; other tones are left out.
    """

    specials: dict[int, str]
    newline: str
    tones: dict[str, str]

    def draw(self, page: Page) -> str:
        """The page, whole."""
        return "\n".join(text for block in page.blocks for text in self._block(block))

    def _block(self, block: Block) -> Iterator[str]:
        if isinstance(block, Line):
            if block.pieces:
                written = "".join(map(self.piece, block.pieces))
                yield self.heading(written) if isinstance(block, Heading) else self.line(written)
        elif isinstance(block, Details):
            if block.heading:
                yield from self._block(block.heading)
            yield self.table((), "lr", [(self.escape(name), self.piece(piece)) for name, piece in block.entries])
        elif isinstance(block, Table):
            yield from self._table(block)
        elif isinstance(block, Matrices):
            for table in block.tables:
                yield from self._table(table)
        else:
            for remark in block.items:
                yield from self._remark(remark)

    def _table(self, table: Table) -> Iterator[str]:
        if table.title:
            yield self.line(self.escape(table.title))
        titles = [self.escape(column.title) for column in table.columns]
        sides = ["r" if column.kind == "number" else "l" for column in table.columns]
        yield self.table(titles, sides, [[self.piece(piece) for piece in row] for row in table.rows])

    def _remark(self, remark: Remark) -> Iterator[str]:
        yield self.line(f"{self.piece(Text(f'{remark.label}:', 'strong'))} {self.escape(remark.message)}")
        if remark.span:
            yield self.verbatim("\n".join(caret_lines(remark.text, remark.span)))

    def piece(self, piece: Piece) -> str:
        """A piece of text or a formula, with its tone."""
        written = self.formula(piece) if isinstance(piece, Formula) else self.escape(plain(piece))
        for tone in [] if isinstance(piece, str) else piece.tone.split():
            written = self.tones.get(tone, "{}").format(written)
        return written

    def escape(self, text: str) -> str:
        """Text that means nothing but itself."""
        return self.newline.join(part.translate(self.specials) for part in text.split("\n"))

    @abstractmethod
    def formula(self, formula: Formula) -> str:
        """A formula within a line."""

    @abstractmethod
    def heading(self, written: str) -> str:
        """A line that begins a part."""

    @abstractmethod
    def line(self, written: str) -> str:
        """A line of its own."""

    @abstractmethod
    def table(self, titles: Sequence[str], sides: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """A table; `sides` are l or r for each column; without titles where there are none."""

    @abstractmethod
    def verbatim(self, text: str) -> str:
        """Lines that keep their blanks."""
