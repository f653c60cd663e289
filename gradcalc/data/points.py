"""Points from files: whatever `map` reads, a point a row; and JSON, an object of values by name, or a list of such.

A cell of text is an expression such as `pi/4` or `[1, 2]`; a number keeps its exact value, a list is an array.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradcalc.data.columns import read_records
from gradcalc.data.formats.format import Place, readable
from gradcalc.data.formats.text import unpacked
from gradcalc.data.source import opened
from gradcalc.data.urls import shown
from gradcalc.errors import ExpressionError, FileError, UsageError
from gradcalc.language.formula import Value
from gradcalc.language.points import to_value
from gradcalc.settings import AS_USUAL, Limits, Reading


def read_points(source: str, limits: Limits, how: Reading = AS_USUAL) -> list[dict[str, Value]]:
    """The points of a file, of several, or of `-`, standard input.

    Raises:
        FileError: it cannot be read, or does not hold points; which of them is named.
    """
    points = []
    with opened(source) as paths:
        for path in paths:
            for number, row in enumerate(_rows(path, how), 1):
                points.append(_point(f"{path}, point {number}", row, limits))
        if not points:
            raise FileError(f"{shown(source)} holds no point")
    return points


def _point(place: str, row: Mapping[str, Any], limits: Limits) -> dict[str, Value]:
    """One point; an error names its place."""
    try:
        return {name: to_value(name, given, limits) for name, given in row.items()}
    except (ExpressionError, UsageError) as error:
        raise FileError(f"{place}: {error.message}", text=error.text, span=error.span, hint=error.hint) from None


def _rows(path: Place, how: Reading) -> Iterator[Mapping[str, Any]]:
    """The points of one file as values by name."""
    if path.name.lower().removesuffix(".gz").endswith(".json"):
        with readable(path, "JSON"), unpacked(path) as file:
            yield from _objects(json.loads(file.read().decode("utf-8-sig"), object_pairs_hook=_unique))
        return
    yield from read_records(path, how)


def _objects(data: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list, or the one object."""
    for row in data if isinstance(data, list) else [data]:
        if not isinstance(row, dict):
            raise TypeError('a point is an object such as {"x": 2, "y": 3}')
        yield row


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose names occur once each."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name has two values")
    return found
