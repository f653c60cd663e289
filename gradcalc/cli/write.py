"""An answer on standard output, in any medium. Imports nothing at start-up; the medium when it is written.

A new medium is a module of `gradcalc.show` with `draw(page)`, and a line here.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gradcalc.cli.progress import clear

if TYPE_CHECKING:
    from collections.abc import Mapping

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


Listener = Callable[["Answer"], "Answer"]
"""Who hears an answer before it is written, and gives what is written in its place."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard(listener: Listener) -> Iterator[None]:
    """Within the block a listener hears every answer: the session of `repl`, which keeps it."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def write(answer: "Answer", shape: Format, long: bool = False) -> None:
    """Write an answer: its data as JSON, its records as CSV, in long form if asked, else its page in the medium."""
    clear()
    if listener := _listener.get():
        answer = listener(answer)
    if shape is Format.json:
        print(dumped(answer.to_dict()))
    elif shape is Format.csv:
        import csv

        csv.writer(sys.stdout, lineterminator="\n").writerows(answer.long_records() if long else answer.records())
    else:
        print(answer.drawn(shape.medium).removesuffix("\n"))


def dumped(data: "Mapping[str, Any]") -> str:
    """Data as a line of JSON that any terminal can show."""
    from json import dumps

    text = dumps(data, ensure_ascii=False)
    return text if text.isprintable() else "".join(c if c.isprintable() else dumps(c)[1:-1] for c in text)
