"""What the answers of all commands have in common. Imports errors and page; a medium when it draws."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from gradcalc.errors import ExitCode, visible
from gradcalc.show.page import Block, Details, Line, Matrices, Page, Rest, Table, plain, small

SCHEMA = 1
"""The version of the JSON of every answer."""

_REPR, _PART = 400, 100
"""Characters of an answer as the prompt of Python shows it, and of a part of it."""

_PICTURE = 200_000
"""Characters of a picture that a notebook shows."""

_REST = Rest(*["to_dict() has all"] * 3)


class Answer(ABC):
    """A finished answer: as data, as a table of records, and as a page, which a notebook shows."""

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""

    @abstractmethod
    def records(self) -> Iterable[Sequence[object]]:
        """The answer as rows of CSV, the titles first."""

    def long_records(self) -> Iterable[Sequence[object]]:
        """The answer with a fact a row, the titles first."""
        return self.records()

    @abstractmethod
    def page(self) -> Page:
        """The answer as a page, for any medium."""

    def __repr__(self) -> str:
        """The answer in a few lines of a screen, however large it is."""
        parts = [_cut(part, _PART) for block in self.page().blocks for part in _in_short(block) if part]
        return f"<{type(self).__name__}: {_cut('; '.join(parts), _REPR)}>"

    def _repr_html_(self) -> str:
        """The answer as a notebook shows it: tables, formulas typeset, its picture; small, however large it is."""
        page: str = _medium("html").fragment(small(self.page(), _REST))
        picture = self.figure()
        return f"{picture}\n{page}" if picture and len(picture) <= _PICTURE else page

    def figure(self) -> str:
        """A picture of the answer as SVG, for a notebook; mostly none."""
        return ""

    @property
    def exit_code(self) -> ExitCode:
        """What the command's exit status says of it."""
        return ExitCode.DONE

    @property
    def aside(self) -> str:
        """What is to be known of how it came about, for standard error; mostly nothing."""
        return ""

    def drawn(self, medium: str) -> str:
        """The page drawn by a medium: a module beside this one that has `draw(page)`."""
        return _medium(medium).draw(self.page())  # type: ignore[no-any-return]


def _in_short(block: Block) -> Iterator[str]:
    """What a prompt shows of a part of a page: lines, and of a table the first row and how many there are."""
    if isinstance(block, Line):
        yield visible(str(block))
    elif isinstance(block, Table) and block.rows:
        cells = zip(block.columns, map(plain, block.rows[0]), strict=True)
        yield visible(", ".join(f"{column.title} {cell}" for column, cell in cells if cell))
        if len(block.rows) > 1:
            yield f"{len(block.rows) - 1:,} more {'rows' if len(block.rows) > 2 else 'row'}"
    elif isinstance(block, Details) and block.heading:
        yield visible(str(block.heading))
    elif isinstance(block, Matrices):
        yield block.summary


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


def _medium(name: str) -> ModuleType:
    return import_module(f"gradcalc.show.{name}")


def number(value: float | None) -> float | str | None:
    """A float as JSON has it: `"nan"`, `"inf"` and `"-inf"` are strings."""
    return value if value is None or math.isfinite(value) else str(value)


def jsonable(value: Any) -> Any:
    """Floats and texts, in nested lists and mappings, with the non-finite floats as strings."""
    if isinstance(value, list):
        return [jsonable(item) for item in value]
    if isinstance(value, dict):
        return {name: jsonable(item) for name, item in value.items()}
    return value if isinstance(value, str) else number(value)
