"""An answer on standard output, in any medium. Imports nothing at start-up; the medium when it is written.

A new medium is a module of `gradcalc.show` with `draw(page)`, and a line here.
"""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcalc.show.answer import Answer


class Format(StrEnum):
    """How an answer is shown."""

    table = "table"
    json = "json"
    csv = "csv"
    latex = "latex"
    html = "html"
    markdown = "markdown"

    @property
    def medium(self) -> str:
        """The module of `gradcalc.show` that draws a page so."""
        return "terminal" if self is Format.table else self.value


def write(answer: "Answer", shape: Format, long: bool = False) -> None:
    """Write an answer: its data as JSON, its records as CSV, in long form if asked, else its page in the medium."""
    if shape is Format.json:
        from json import dumps

        text = dumps(answer.to_dict(), ensure_ascii=False)
        if not text.isprintable():
            text = "".join(c if c.isprintable() else dumps(c)[1:-1] for c in text)
        print(text)
    elif shape is Format.csv:
        import csv

        csv.writer(sys.stdout, lineterminator="\n").writerows(answer.long_records() if long else answer.records())
    else:
        print(answer.drawn(shape.medium).removesuffix("\n"))
