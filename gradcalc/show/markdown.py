"""A page as Markdown with the tables of GitHub. Imports markup."""

from collections.abc import Sequence

from gradcalc.show.markup import Markup
from gradcalc.show.page import Formula, Page


def draw(page: Page) -> str:
    """The page, with an empty line after each block."""
    return _Markdown().draw(page).rstrip("\n")


class _Markdown(Markup):
    specials = str.maketrans({character: f"\\{character}" for character in r"\`*_[]<>#~$&"})
    newline = "<br>"
    tones = {"strong": "**{}**"}

    def formula(self, formula: Formula) -> str:
        if formula.latex:
            return f"${formula.latex}$"
        fence = "``" if "`" in formula.text else "`"
        return f"{fence}{formula.text}{fence}"

    def heading(self, written: str) -> str:
        return f"### {written}\n"

    def line(self, written: str) -> str:
        return f"{written}\n"

    def table(self, titles: Sequence[str], sides: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        rule = [{"l": "---", "r": "---:"}[side] for side in sides]
        return "".join(map(self._row, [titles or [""] * len(sides), rule, *rows]))

    def _row(self, cells: Sequence[str]) -> str:
        return f"| {' | '.join(self._cell(cell) for cell in cells)} |\n"

    def _cell(self, cell: str) -> str:
        """A bar within a cell would end it; within mathematics it has a name."""
        return cell.replace("|", r"\vert " if cell.startswith("$") else r"\|")

    def verbatim(self, text: str) -> str:
        return f"```text\n{text}\n```\n"
