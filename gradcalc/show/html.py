"""A page as HTML: a document, or the fragment that a notebook shows with formulas typeset. Imports markup."""

from collections.abc import Sequence

from gradcalc.show.markup import Markup
from gradcalc.show.page import Formula, Page

_STYLE = (
    "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}"
    "td,th{padding:.2em .8em;border-bottom:1px solid #ccc;vertical-align:top}"
)
_SPECIALS = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_SIDES = {"l": ' style="text-align:left"', "r": ' style="text-align:right"'}


def draw(page: Page) -> str:
    """The page as a document that needs nothing else."""
    head = f'<meta charset="utf-8"><title>gradcalc {page.title}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{fragment(page)}\n</body></html>'


def fragment(page: Page) -> str:
    """The page as a part of a document."""
    return _HTML.draw(page)


def _formula(formula: Formula) -> str:
    if mathml := formula.mathml:
        return f'<math displaystyle="true" alttext="{formula.text.translate(_SPECIALS)}">{mathml}</math>'
    known = formula.known
    escaped = (known or formula.text).translate(_SPECIALS)
    return rf"\({escaped}\)" if known else f"<code>{escaped}</code>"


def _table(titles: Sequence[str], sides: str, rows: Sequence[Sequence[str]]) -> str:
    tagged = [("th", titles)] if titles else []
    lines = ["<table>"]
    for tag, cells in [*tagged, *(("td", row) for row in rows)]:
        written = (f"<{tag}{_SIDES[side]}>{cell}</{tag}>" for side, cell in zip(sides, cells, strict=True))
        lines.append(f"<tr>{''.join(written)}</tr>")
    return "\n".join([*lines, "</table>"])


_HTML = Markup(
    specials=_SPECIALS,
    newline="<br>",
    tones={
        "strong": "<b>{}</b>".format,
        "good": '<span style="color:#080">{}</span>'.format,
        "doubt": '<span style="color:#a60">{}</span>'.format,
        "bad": '<span style="color:#c00">{}</span>'.format,
    },
    heading="<h4>{}</h4>".format,
    line="<p>{}</p>".format,
    verbatim=lambda text: f"<pre>{text.translate(_SPECIALS)}</pre>",
    formula=_formula,
    table=_table,
)
