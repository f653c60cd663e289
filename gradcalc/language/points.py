"""Points and bindings: from text, files and Python values to constants of a graph.

Every number keeps its exact text, so that a point is the same in floats and in balls: a decimal is its nearest double,
a quotient such as `1/3` is exact, a Python float enters as hexadecimal.
"""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from numbers import Rational, Real
from pathlib import Path
from typing import Any

from gradcalc.arithmetic.evaluate import Arithmetic
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import ExpressionError, FileError, UsageError
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.shapes import labels, nest
from gradcalc.language.formula import Point, Value
from gradcalc.language.parse import parse_bindings, parse_value
from gradcalc.settings import Limits

_DIMENSIONS_LIMIT = 32
"""As many as an array of NumPy had for long; nobody means more."""


def read_names(given: str | Iterable[str]) -> list[str]:
    """Names that an argument gives: `"x,y"`, or one by one."""
    return [str(name).strip() for name in (given.split(",") if isinstance(given, str) else given)]


def to_value(name: str, given: Any, limits: Limits) -> Value:
    """A Python value as a constant: a number of any kind, text of an expression, nested lists, a NumPy array."""
    if isinstance(given, Value):
        return given
    if isinstance(given, str) or type(given).__module__.startswith("sympy."):
        text = str(given)  # SymPy's numbers are exact as text
        return finite(name, parse_value(text, limits), text)
    plain = given.tolist() if hasattr(given, "tolist") else given
    graph = Graph(limits.nodes)
    items, shape = _flatten(name, plain)
    return Value(graph, shape, tuple(_number_node(graph, name, item) for item in items))


def _flatten(name: str, nested: Any) -> tuple[list[Any], tuple[int, ...]]:
    """The items of nested lists in row-major order, and their shape."""
    items: list[Any] = [nested]
    shape: list[int] = []
    while items and any(map(_is_row, items)):
        sizes = {len(item) if _is_row(item) else -1 for item in items}
        if len(sizes) != 1:
            raise UsageError(f"the rows of {name} differ in length", hint=f"give {name} as [[1, 2], [3, 4]]")
        if len(shape) == _DIMENSIONS_LIMIT:
            raise UsageError(f"{name} has more than {_DIMENSIONS_LIMIT} dimensions")
        shape.append(sizes.pop())
        items = [item for row in items for item in row]
    return items, tuple(shape)


def _is_row(item: Any) -> bool:
    """Whether an item holds items itself."""
    return isinstance(item, Sequence) and not isinstance(item, str | bytes)


def _number_node(graph: Graph, name: str, item: Any) -> int:
    """A number as an exact constant."""
    if isinstance(item, bool) or not (isinstance(item, Real) or hasattr(item, "__float__")):
        raise UsageError(f"{name} must be a number, not {item!r}")
    if isinstance(item, Rational):
        exact = Fraction(int(item.numerator), int(item.denominator))
        numerator = graph.constant(str(exact.numerator))
        if exact.denominator == 1:
            return numerator
        return graph.emit(ops.div, (numerator, graph.constant(str(exact.denominator))))
    double = float(item)
    if not math.isfinite(double):
        raise UsageError(f"{name} is {double}: a point must be finite")
    return graph.constant(str(int(double)) if double.is_integer() and abs(double) < 2**53 else double.hex())


def read_points(text: str, limits: Limits) -> list[dict[str, Value]]:
    """The points an `--at` names: `x=2,y=3` is one, `@file` one or many (json, csv, npy)."""
    if text.startswith("@"):
        return read_points_file(Path(text[1:]), limits)
    return [read_values(text, limits)]


def read_values(text: str, limits: Limits) -> dict[str, Value]:
    """The values that `x=2,y=pi/4` gives to names, each of them finite."""
    return {name: finite(name, value, text) for name, value in parse_bindings(text, limits).items()}


def finite(name: str, value: Value, text: str) -> Value:
    """The value itself; an error with a caret where an element of it is undefined or overflows."""
    found = numbers(value, Floats())
    for element, number, node in zip(labels(name, value.shape), found, value.items, strict=True):
        if not math.isfinite(number):
            raise UsageError(
                f"{element} has no finite value in floats: a point must be finite",
                text=text,
                span=value.graph.spans[node],
                hint="a number such as 0.5, 1/3 or pi/4",
            )
    return value


def read_points_file(path: Path, limits: Limits) -> list[dict[str, Value]]:
    """The points of a file.

    JSON: an object of values by name, or a list of such. CSV: names in the first line, a point a line. NPY: a
    structured array with a field for each name, a point an element.
    """
    readers = {".json": _read_json, ".csv": _read_csv, ".npy": _read_npy}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FileError(f"{path}: points are read from .json, .csv or .npy files")
    try:
        rows = list(reader(path))
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None
    except (ValueError, TypeError, EOFError, RecursionError, MemoryError, csv.Error) as error:
        raise FileError(f"{path}: not readable as {path.suffix[1:].upper()}: {error}") from None
    if not rows:
        raise FileError(f"{path} holds no point")
    points = []
    for position, row in enumerate(rows):
        try:
            points.append({name: to_value(name, given, limits) for name, given in row.items()})
        except (ExpressionError, UsageError) as error:
            place = f"{path}, point {position + 1}"
            raise FileError(f"{place}: {error.message}", text=error.text, span=error.span, hint=error.hint) from None
    return points


def _read_json(path: Path) -> Iterator[dict[str, Any]]:
    data = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_unique)
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


def _read_csv(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, strict=True)
        names = [name.strip() for name in next(reader, [])]
        if len(set(names)) != len(names) or not all(names):
            raise ValueError("the first line must name every column, each once")
        for row in filter(None, reader):
            if len(row) != len(names):
                raise ValueError(f"line {reader.line_num} has {len(row)} fields, the first line {len(names)}")
            for name, field in zip(names, row, strict=True):
                if not field.strip():
                    raise ValueError(f"line {reader.line_num}: no value for {name}")
            yield dict(zip(names, row, strict=True))


def _read_npy(path: Path) -> Iterator[dict[str, Any]]:
    import numpy as np

    with path.open("rb") as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
    if array.dtype.names is None:
        raise TypeError("a structured array is needed, with a field for each variable")
    for row in array.reshape(-1):
        yield {name: row[name] for name in array.dtype.names}


def numbers(value: Value, arithmetic: Arithmetic) -> list[Any]:
    """The elements of a constant in an arithmetic, in row-major order; a float's zero is 0.0, never -0.0."""
    values = arithmetic.evaluate(value.graph, {}, value.items)
    found = [values[index] for index in value.items]
    return [number + 0 if isinstance(number, float) else number for number in found]  # a ball would be rounded


def nested(value: Value, arithmetic: Arithmetic) -> Any:
    """A constant as a number or nested lists of numbers."""
    return nest(numbers(value, arithmetic), value.shape)


def bind(graph: Graph, point: Point, arithmetic: Arithmetic) -> dict[int, Any]:
    """The number of every input of a graph at a point, by node index."""
    by_name: dict[str, Any] = {}
    for name, value in point.items():
        by_name.update(zip(labels(name, value.shape), numbers(value, arithmetic), strict=True))
    return {index: by_name[name] for name, index in graph.inputs.items() if name in by_name}
