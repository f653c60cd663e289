"""What the answers of all commands have in common. Imports page; a medium when it draws."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from gradcalc.show.page import Page, Rest, shortened

SCHEMA = 1
"""The version of the JSON of every answer."""

_REPR = 400
"""Characters of an answer as the prompt of Python shows it."""

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
        text = "; ".join(filter(None, str(shortened(self.page(), _REST)).splitlines()))
        return f"<{type(self).__name__}: {text if len(text) <= _REPR else text[:_REPR] + '…'}>"

    def _repr_html_(self) -> str:
        """The answer as a notebook shows it: tables, formulas typeset."""
        return _medium("html").fragment(shortened(self.page(), _REST))  # type: ignore[no-any-return]

    def drawn(self, medium: str) -> str:
        """The page drawn by a medium: a module beside this one that has `draw(page)`."""
        return _medium(medium).draw(self.page())  # type: ignore[no-any-return]


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
