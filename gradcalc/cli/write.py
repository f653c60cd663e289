"""An answer on standard output, in any medium. Imports nothing at start-up; the medium when it is written.

A new medium is a module of `gradcalc.show` with `draw(page)`, and a line here.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from gradcalc.cli.progress import make_room

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
    if listener := _listener.get():
        answer = listener(answer)
    if shape is Format.csv:
        import csv

        make_room()
        csv.writer(sys.stdout, lineterminator="\n").writerows(answer.long_records() if long else answer.records())
        return
    parts = dumped_in_parts(answer.to_dict()) if shape is Format.json else [answer.drawn(shape.medium).rstrip("\n")]
    make_room()
    for part in parts:
        sys.stdout.write(part)
    sys.stdout.write("\n")


def dumped_in_parts(data: "Mapping[str, Any]") -> "Iterator[str]":
    """The line of `dumped` part by part, the items of a list one by one: who reads need not wait for the end."""
    between = "{"
    for name, value in data.items():
        yield f"{between}{dumped(name)}: "
        between = ", "
        if isinstance(value, list) and len(value) > 1:
            yield "[" + dumped(value[0])
            for item in value[1:]:
                yield ", " + dumped(item)
            yield "]"
        else:
            yield dumped(value)
    yield "}" if data else "{}"


def dumped(data: Any) -> str:
    """Data as a line of JSON that any terminal can show."""
    text = _encode()(data)
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    from json import dumps

    return dumps(character)[1:-1]


@cache
def _encode() -> "Callable[[object], str]":
    """What makes a line of JSON of data; made once, since that takes longer than a short line."""
    from json import JSONEncoder

    return JSONEncoder(ensure_ascii=False).encode
