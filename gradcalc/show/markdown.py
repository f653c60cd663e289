"""A page as Markdown with the tables of GitHub. Imports markup."""

from collections.abc import Sequence

from gradcalc.show.markup import Markup
from gradcalc.show.page import Formula, Page


def draw(page: Page) -> str:
    """The page, with an empty line after each block."""
    return _MARKDOWN.draw(page)


def _formula(formula: Formula) -> str:
    fence = "``" if "`" in formula.text else "`"
    known = formula.known
    return f"${known}$" if known else f"{fence}{formula.text}{fence}"


def _table(titles: Sequence[str], sides: str, rows: Sequence[Sequence[str]]) -> str:
    rule = [{"l": "---", "r": "---:"}[side] for side in sides]
    written = ([_cell(cell) for cell in row] for row in (titles or [""] * len(sides), rule, *rows))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in written)


def _cell(cell: str) -> str:
    """A bar within a cell would end it; within mathematics it has a name."""
    return cell.replace("|", r"\vert " if cell.startswith("$") else r"\|")


_MARKDOWN = Markup(
    specials=str.maketrans({character: f"\\{character}" for character in r"\`*_[]<>#~$&"}),
    newline="<br>",
    tones={"strong": "**{}**".format},
    heading="### {}\n".format,
    line="{}\n".format,
    verbatim="```text\n{}\n```\n".format,
    formula=_formula,
    table=_table,
)
