"""A page as HTML: a document, or the fragment that a notebook shows with formulas typeset. Imports markup."""

from collections.abc import Sequence

from gradcalc.show.markup import Markup
from gradcalc.show.page import Formula, Page

_STYLE = (
    "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}"
    "td,th{padding:.2em .8em;border-bottom:1px solid #ccc;vertical-align:top}"
)


def draw(page: Page) -> str:
    """The page as a document that needs nothing else."""
    title = _HTML.escape(f"gradcalc {page.title}")
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{fragment(page)}\n</body></html>'


def fragment(page: Page) -> str:
    """The page as a part of a document."""
    return _HTML.draw(page)


class _Html(Markup):
    specials = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
    newline = "<br>"
    tones = {
        "strong": "<b>{}</b>",
        "good": '<span style="color:#080">{}</span>',
        "doubt": '<span style="color:#a60">{}</span>',
        "bad": '<span style="color:#c00">{}</span>',
    }

    def formula(self, formula: Formula) -> str:
        escaped = self.escape(formula.latex or formula.text)
        return rf"\({escaped}\)" if formula.latex else f"<code>{escaped}</code>"

    def heading(self, written: str) -> str:
        return f"<h4>{written}</h4>"

    def line(self, written: str) -> str:
        return f"<p>{written}</p>"

    def table(self, titles: Sequence[str], sides: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        style = {"l": ' style="text-align:left"', "r": ' style="text-align:right"'}

        def cells(tag: str, row: Sequence[str]) -> str:
            written = (f"<{tag}{style[side]}>{cell}</{tag}>" for side, cell in zip(sides, row, strict=True))
            return f"<tr>{''.join(written)}</tr>"

        head = [cells("th", titles)] if titles else []
        return "\n".join(["<table>", *head, *(cells("td", row) for row in rows), "</table>"])

    def verbatim(self, text: str) -> str:
        return f"<pre>{text.translate(self.specials)}</pre>"


_HTML = _Html()
