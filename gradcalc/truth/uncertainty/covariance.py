"""How inputs depend on each other: correlations and covariance matrices, from text, CSV files and Python.

Numbers are exact: decimals as written, floats as they are. What is no covariance matrix is refused. Imports measured.
"""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from gradcalc.errors import FileError, UsageError, did_you_mean
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.shapes import labels
from gradcalc.language.formula import Value
from gradcalc.language.measured import Measured, Measurements
from gradcalc.language.points import to_value
from gradcalc.language.ranges import as_quotients, quotient
from gradcalc.settings import Limits

Pair = tuple[int, int]

_NEARLY = 1e-9
"""What a correlation may be beyond 1, and a matrix short of being positive semidefinite: the rounding of a file."""
_ZERO = 1e-4
"""What is left of a correlation with an input that others determine: the root of that rounding, and more."""
_SAME = 1e-6
"""How much an uncertainty that is given twice may differ, of itself."""
_BITS = 192
_FILE_BYTES, _MOST = 32_000_000, 1_000


class Matrix(NamedTuple):
    """A covariance matrix, symmetric; its names in order; what messages call it, and whether it is a file."""

    names: tuple[str, ...]
    rows: tuple[tuple[Fraction, ...], ...]
    source: str = "cov"
    is_file: bool = False

    def refuse(self, message: str, hint: str = "") -> NoReturn:
        """Raise for what is wrong in it."""
        kind = FileError if self.is_file else UsageError
        raise kind(f"{self.source}: {message}", hint=hint or "a symmetric matrix of covariances, headed by the names")


Correlations = Mapping[tuple[str, str], Value]
"""Correlation coefficients by the names of two inputs, each pair once."""


@dataclass(frozen=True)
class Inputs:
    """The scalar inputs that have an uncertainty.

    Attributes:
        labels: their names, in order; `items` what is known of each.
        deviations: the nodes of their standard uncertainties in the formula's graph.
        covariances: the nodes of those covariances that are given and not 0, by places i < j.
        correlations: the same as floats from -1 to 1.
        factor: the lower triangle whose product with its transpose has these correlations.
    """

    labels: tuple[str, ...]
    items: tuple[Measured, ...]
    deviations: tuple[int, ...]
    covariances: Mapping[Pair, int] = field(default_factory=dict)
    correlations: Mapping[Pair, float] = field(default_factory=dict)
    factor: tuple[tuple[float, ...], ...] = ()

    @property
    def correlated(self) -> list[int]:
        """The places of inputs that are correlated with another one."""
        return sorted({place for pair in self.correlations for place in pair})


# -- reading -----------------------------------------------------------------------------------------------------------


def to_matrix(cov: Any, names: Sequence[str]) -> Matrix | None:
    """The matrix that an argument gives: a file's name, a data frame, rows in the order of `names`, pairs of names."""
    if cov is None:
        return None
    if isinstance(cov, str | PathLike):
        return read_matrix(cov)
    if isinstance(cov, Mapping):
        return _of_pairs(cov)
    columns = getattr(cov, "columns", None)
    if columns is not None and hasattr(cov, "to_numpy"):
        names, cov = [str(name) for name in columns], cov.to_numpy()
    rows = cov.tolist() if hasattr(cov, "tolist") else cov
    square = isinstance(rows, Sequence) and all(isinstance(row, Sequence) and len(row) == len(rows) for row in rows)
    if not square or len(rows) != len(names):
        message = f"cov is no matrix of {len(names)} rows and columns, one for each of {', '.join(names[:12])}"
        raise UsageError(message, hint="the inputs that have an uncertainty, in the order of at; or a file")
    cells = tuple(tuple(_python_number(cell) for cell in row) for row in rows)
    return _checked(Matrix(tuple(names), cells))


def _of_pairs(cov: Mapping[Any, Any]) -> Matrix:
    """A matrix by pairs of names: what is not given is 0, on the diagonal it is the variance."""
    pairs = {_pair(key): _python_number(value) for key, value in cov.items()}
    names = tuple(dict.fromkeys(name for pair in pairs for name in pair))
    rows = tuple(tuple(pairs.get((a, b), pairs.get((b, a), Fraction(0))) for b in names) for a in names)
    matrix = Matrix(names, rows)
    for a, b in pairs:
        if pairs.get((b, a), pairs[a, b]) != pairs[a, b]:
            matrix.refuse(f"it is not symmetric: {a}, {b} and {b}, {a} differ")
    return _checked(matrix)


def _pair(key: Any) -> tuple[str, str]:
    """The two names of a key: `("V", "I")` or `"V,I"`."""
    parts = [part.strip().strip("`") for part in key.split(",")] if isinstance(key, str) else list(key)
    if len(parts) != 2 or not all(isinstance(part, str) and part for part in parts):
        raise UsageError(f"{key!r} is no pair of names", hint='corr={"V,I": -0.36}')
    return parts[0], parts[1]


def _python_number(given: Any) -> Fraction:
    try:
        return Fraction(given) if isinstance(given, int | Fraction) else Fraction(float(given))
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"cov holds {given!r}, which is no finite number") from None


def read_matrix(path: str | PathLike[str]) -> Matrix:
    """The matrix of a CSV file headed by the names, with or without a first column of names.

    Raises:
        FileError: it cannot be read, or is no covariance matrix.
    """
    source = str(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(_FILE_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise FileError(f"{source}: {getattr(error, 'strerror', None) or 'is no text in UTF-8'}") from None
    if len(data) > _FILE_BYTES:
        raise FileError(f"{source} is longer than {_FILE_BYTES:,} bytes")
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    lines = [(number, line) for number, line in lines if not line.lstrip().startswith("#")]
    head = lines[0][1] if lines else ""
    mark = next((mark for mark in (",", ";", "\t") if mark in head), ",")
    try:
        rows = [(number, next(csv.reader([line], delimiter=mark))) for number, line in lines]
    except csv.Error as error:
        raise FileError(f"{source}: {error}") from None
    return _checked(_of_rows(source, [(number, [cell.strip() for cell in row]) for number, row in rows]))


def _of_rows(source: str, rows: Sequence[tuple[int, list[str]]]) -> Matrix:
    """A matrix of the lines of a file, with their numbers."""
    empty = Matrix((), (), source, True)
    if len(rows) < 2:
        empty.refuse("it holds no matrix", "a line of names, and a line of covariances for each")
    head, body = [name.strip("`") for name in rows[0][1]], rows[1:]
    if all(map(_decimal, head)):
        empty.refuse("its first line has no names", "a line of names, and a line of covariances for each")
    named = all(len(row) == len(head) + 1 for _, row in body) or all(row and not _decimal(row[0]) for _, row in body)
    names = head[1:] if named and len(head) == len(body[0][1]) else head
    twice = next((name for place, name in enumerate(names) if name in names[:place] or not name), None)
    if twice is not None:
        empty.refuse(f"its first line has {twice} twice" if twice else "a name in its first line is empty")
    if len(names) != len(body) or len(names) > _MOST:
        empty.refuse(f"it has {len(names)} names and {len(body)} lines of numbers")
    found: dict[str, tuple[Fraction, ...]] = {}
    for place, (number, row) in enumerate(body):
        name = row[0].strip("`") if named else names[place]
        cells = row[1:] if named else row
        if name not in names or name in found:
            empty.refuse(f"line {number} is called {name}, the columns {', '.join(names[:12])}")
        if len(cells) != len(names):
            empty.refuse(f"line {number} has {len(cells)} numbers, not {len(names)}")
        found[name] = tuple(_cell(empty, number, column, cell) for column, cell in zip(names, cells, strict=True))
    return Matrix(tuple(names), tuple(found[name] for name in names), source, True)


def _decimal(text: str) -> re.Match[str] | None:
    return re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", text)


def _cell(matrix: Matrix, line: int, column: str, text: str) -> Fraction:
    """A number of a file, as it is written."""
    if not _decimal(text) or len(text) > 1_000:
        matrix.refuse(f"line {line}, column {column}: {text[:40]!r} is no number", "covariances as decimals: -3.1e-8")
    return Fraction(text)


def _checked(matrix: Matrix) -> Matrix:
    """The matrix, if it is symmetric and its variances are not negative; both halves are then the same."""
    names, rows = matrix.names, [list(row) for row in matrix.rows]
    for i, name in enumerate(names):
        if rows[i][i] < 0:
            matrix.refuse(f"the variance of {name} is negative: {float(rows[i][i]):g}")
        for j, other in enumerate(names[:i]):
            a, b = rows[i][j], rows[j][i]
            if abs(a - b) > Fraction(_NEARLY) * max(abs(a), abs(b)):
                text = f"{name}, {other} has {float(a):g}, {other}, {name} has {float(b):g}"
                matrix.refuse(f"it is not symmetric: {text}")
            if a * a > rows[i][i] * rows[j][j] * Fraction(1 + 2 * _NEARLY):
                matrix.refuse(f"the covariance of {name} and {other} is larger than their uncertainties allow")
            rows[i][j] = b
    return matrix._replace(rows=tuple(map(tuple, rows)))


def to_correlations(corr: Any, limits: Limits) -> dict[tuple[str, str], Value]:
    """The correlations that an argument gives: texts as of `--corr`, or a mapping from pairs of names.

    Raises:
        UsageError: one is beyond -1 to 1, is given twice, or is of an input with itself.
    """
    found: dict[tuple[str, str], Value] = {}
    given = corr.items() if isinstance(corr, Mapping) else [pair for text in _texts(corr) for pair in _pairs(text)]
    for key, value in given:
        pair = _pair(key)
        number = to_value(f"the correlation of {' and '.join(pair)}", value, limits)
        if number.shape:
            raise UsageError(f"the correlation of {' and '.join(pair)} is a number", hint="--corr V,I=-0.36")
        if pair[0] == pair[1]:
            raise UsageError(f"{pair[0]} is correlated with itself by 1", hint="two names: --corr V,I=-0.36")
        if pair in found or pair[::-1] in found:
            raise UsageError(f"the correlation of {' and '.join(pair)} is given twice")
        found[pair] = number
    return found


def _texts(corr: Any) -> Sequence[str]:
    """The texts of an argument."""
    if corr is None:
        return ()
    texts = [corr] if isinstance(corr, str) else corr
    if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        raise UsageError("corr holds no correlations", hint='corr={"V,I": -0.36}')
    return texts


def _pairs(text: str) -> list[tuple[str, str]]:
    """The pairs of names and the numbers of `V,I=-0.36` or of several: `V,I=-0.36,V,phi=0.86`."""
    parts = re.split(r"[,;](?![^\[(]*[\])])", text)
    found = []
    while parts:
        first, (second, sign, number) = parts[0].strip(), (parts[1] if len(parts) > 1 else "").partition("=")
        if not first or "=" in first or not sign or not second.strip() or not number.strip():
            place = text.rfind(",".join(parts))
            span = (max(0, place), len(text))
            raise UsageError("a correlation is of two names", text=text, span=span, hint="--corr V,I=-0.36")
        found.append((f"{first},{second}", number.strip()))
        parts = parts[2:]
    return found


# -- putting together --------------------------------------------------------------------------------------------------


def combined(
    graph: Graph, given: Measurements, matrix: Matrix | None, correlations: Correlations
) -> tuple[Inputs, dict[str, Measured]]:
    """The inputs that have an uncertainty, and all scalar inputs by their names, those of the matrix with its u.

    Raises:
        UsageError, FileError: a name has no value, or two uncertainties; the matrix is not positive semidefinite.
    """
    items = {
        label: item
        for name, each in given.items()
        for label, item in zip(labels(name, each.shape), each.items, strict=True)
    }
    known = [name for name in matrix.names if name in items] if matrix else []
    if matrix and not known:
        matrix.refuse(
            f"it has {', '.join(matrix.names[:12])}, and none of them has a value", f"--at {matrix.names[0]}=..."
        )
    for name in known:
        items[name] = _with_variance(matrix, items[name], name)  # type: ignore[arg-type]
    uncertain = {label: item for label, item in items.items() if not item.is_exact}
    place_of = {label: place for place, label in enumerate(uncertain)}
    deviations = tuple(_node(graph, item, item.deviation) for item in uncertain.values())
    covariances: dict[Pair, int] = {}
    if matrix:
        indices = {name: index for index, name in enumerate(matrix.names)}
        for a in known:
            for b in known[: known.index(a)]:
                number = matrix.rows[indices[a]][indices[b]]
                if number:
                    covariances[_sorted(place_of[a], place_of[b])] = _exactly(graph, number)
    for (a, b), value in correlations.items():
        for name in (a, b):
            _refuse_unknown(name, items, uncertain)
        key = _sorted(place_of[a], place_of[b])
        if matrix and a in known and b in known:
            raise UsageError(
                f"the correlation of {a} and {b} is in {matrix.source} and in --corr", hint="one of the two"
            )
        (node,), _ = as_quotients(value, graph)
        product = graph.ref(node) * graph.ref(deviations[key[0]]) * graph.ref(deviations[key[1]])
        if graph.number(product.index) != 0:
            covariances[key] = product.index
    numbers = _correlations(graph, covariances, deviations)
    lower = factor(numbers, list(uncertain), matrix)
    return Inputs(tuple(uncertain), tuple(uncertain.values()), deviations, covariances, numbers, lower), items


def _sorted(i: int, j: int) -> Pair:
    return min(i, j), max(i, j)


def _node(graph: Graph, item: Measured, node: int) -> int:
    """A node of an input in the formula's graph."""
    return as_quotients(Value(item.graph, (), (node,)), graph)[0][0]


def _exactly(graph: Graph, number: Fraction) -> int:
    """The node of a rational number: one float where it is that."""
    double = float(number)
    return graph.constant(double) if Fraction(double) == number else quotient(graph, number)


def _with_variance(matrix: Matrix, item: Measured, name: str) -> Measured:
    """The input with the uncertainty of the matrix, which may not contradict its own."""
    place = matrix.names.index(name)
    variance = matrix.rows[place][place]
    _, own, _ = item.numbers()
    told = math.sqrt(variance)
    if not item.is_exact:
        if abs(own - told) > _SAME * own:
            message = f"{name} has the standard uncertainty {told:.6g} here, and {own:.6g} with its value"
            matrix.refuse(message, f"--at {name}=... without an uncertainty")
        if item.law != "normal":
            return item
    if not variance:
        return item
    size = item.graph.ref(_exactly(item.graph, variance))
    return Measured(item.graph, item.value, ops.sqrt(size).index)


def _refuse_unknown(name: str, items: Mapping[str, Measured], uncertain: Mapping[str, Measured]) -> None:
    """Refuse a correlation of what has no uncertainty."""
    if name in uncertain:
        return
    if name in items:
        raise UsageError(f"{name} has no uncertainty, so it is not correlated", hint=f"--at {name}=5±0.1")
    near = did_you_mean(name, uncertain)
    hint = f"did you mean {near}?" if near else f"--at {name}=5±0.1"
    raise UsageError(f"--corr names {name}, which has no value", hint=hint)


def _correlations(graph: Graph, covariances: Mapping[Pair, int], deviations: Sequence[int]) -> dict[Pair, float]:
    """The correlations as floats."""
    from gradcalc.arithmetic.balls import Balls
    from gradcalc.arithmetic.digits import nearest_double

    ratios = {
        (i, j): (graph.ref(node) / (graph.ref(deviations[i]) * graph.ref(deviations[j]))).index
        for (i, j), node in covariances.items()
    }
    values = Balls(_BITS).evaluate(graph, {}, list(ratios.values()))
    found = {}
    for (i, j), node in ratios.items():
        r = nearest_double(values[node])
        r = float(values[node].mid()) if r is None else r
        found[i, j] = r
    return found


def factor(
    numbers: Mapping[Pair, float], names: Sequence[str], matrix: Matrix | None = None
) -> tuple[tuple[float, ...], ...]:
    """Cholesky's factor of the correlations of those inputs that have some; of a singular matrix too.

    Raises:
        UsageError, FileError: a correlation is beyond -1 to 1, or they contradict each other.
    """
    for (i, j), r in numbers.items():
        if not abs(r) <= 1 + _NEARLY:
            message = f"the correlation of {names[i]} and {names[j]} is {r:g}, which is not from -1 to 1"
            raise UsageError(message, hint=f"--corr {names[i]},{names[j]}=-0.36")
    places = sorted({place for pair in numbers for place in pair})
    size = len(places)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            r = 1.0 if i == j else max(-1.0, min(1.0, numbers.get((places[j], places[i]), 0.0)))
            rest = r - math.fsum(a * b for a, b in zip(lower[i][:j], lower[j][:j], strict=True))
            if i == j and rest < -_NEARLY or i > j and not lower[j][j] and abs(rest) > _ZERO:
                _refuse_indefinite([names[place] for place in places[: i + 1]], matrix)
            elif i == j:
                lower[i][i] = math.sqrt(rest) if rest > _NEARLY else 0.0
            elif lower[j][j]:
                lower[i][j] = rest / lower[j][j]
    return tuple(map(tuple, lower))


def _refuse_indefinite(names: Sequence[str], matrix: Matrix | None) -> NoReturn:
    """Raise: a sum of these inputs would have a negative variance."""
    listed = ", ".join(names[:12])
    message = f"the correlations of {listed} contradict each other: they are not positive semidefinite"
    if matrix:
        matrix.refuse(message, "covariances that inputs can have together")
    raise UsageError(message, hint="correlations that inputs can have together")
