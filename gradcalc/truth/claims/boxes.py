"""Boxes and matrices of intervals, and the numbers of a proof file. For `verify`. Imports intervals."""

import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

from gradcalc.truth.claims.intervals import Arithmetic, Interval, Weak, add, least_size

Box = list[Interval]
Matrix = Sequence[Sequence[Interval]]

_LONGEST = 4000
"""Characters of a number, and its largest exponent of ten."""
_PIECES = 2000
"""Into how many pieces a box may be cut where intervals are too wide."""
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:[.][0-9]*)?(?:e([+-]?[0-9]{1,6}))?", re.IGNORECASE)


def matmul(on: Arithmetic, a: Matrix, b: Matrix) -> Matrix:
    """The product of two matrices."""
    columns = list(zip(*b, strict=True))
    return [[reduce(add, map(on.times, row, column)) for column in columns] for row in a]


def halves(box: Box) -> list[Box]:
    """A box cut across its longest side."""
    k = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
    middle = sum(box[k]) // 2
    return cut(box, k, (middle, middle))


def cut(box: Box, k: int, place: Interval) -> list[Box]:
    """A box cut across its k-th side at a place that is in both parts."""
    (low, high), first, rest = box[range(len(box))[k]], box[:k], box[k + 1 :]
    if k < 0 or not low <= place[0] <= place[1] <= high:
        raise Weak("a cut beside its box")
    return [[*first, (low, place[1]), *rest], [*first, (place[0], high), *rest]]


def everywhere(box: Box, holds: Callable[[Box], bool]) -> bool:
    """Whether something holds in a box; in small parts of it, where its own intervals are too wide."""
    waiting = [box]
    for _ in range(_PIECES):
        if not waiting:
            return True
        part = waiting.pop()
        if not holds(part):
            if not any(low < high for low, high in part):
                return False
            waiting += halves(part)
    return False


def within(inner: Box, outer: Box, strictly: bool = False) -> bool:
    """Whether a box lies in another, or in its inside."""
    pairs = list(zip(inner, outer, strict=True))
    return all(b[0] + strictly <= a[0] and a[1] <= b[1] - strictly for a, b in pairs)


def apart(one: Box, other: Box) -> bool:
    """Whether two boxes have no point in common."""
    return any(a[1] < b[0] or b[1] < a[0] for a, b in zip(one, other, strict=True))


def differ(places: Sequence[Box]) -> None:
    """That no two places meet."""
    order = sorted(places)
    for k, one in enumerate(order):
        for next_ in order[k + 1 :]:
            if next_[0][0] > one[0][1]:
                break
            if not apart(one, next_):
                raise Weak("two points may be the same")


def inertia(matrix: Matrix, on: Arithmetic) -> tuple[int, int]:
    """How many eigenvalues of a symmetric matrix H are positive, and negative: those of V'HV, for any regular V
    (Sylvester). With NumPy's eigenvectors of the middle for V its diagonal outweighs the rest (Gershgorin).
    """
    import numpy as np

    middle = np.array([[float(Fraction(a + b, 2 << on.bits)) for a, b in row] for row in matrix])
    values, vectors = np.linalg.eigh(middle)
    vectors /= np.sqrt(np.maximum(np.abs(values), 1e-300))
    rows = matrix_of(on, vectors.tolist())
    turned = matmul(on, list(zip(*rows, strict=True)), matmul(on, matrix, rows))
    for i, row in enumerate(turned):
        if least_size(row[i]) <= sum(max(map(abs, entry)) for j, entry in enumerate(row) if j != i):
            raise Weak("the signs of the eigenvalues are not settled")
    plus = sum(row[i][0] > 0 for i, row in enumerate(turned))
    return plus, len(turned) - plus


# -- numbers of a file -------------------------------------------------------------------------------------------------


def number(given: Any) -> Fraction:
    """A number of the file: a double as it is, a decimal as it is written, if it is not absurdly long."""
    if isinstance(given, str):
        match = _DECIMAL.fullmatch(given)
        if match is None or len(given) > _LONGEST or abs(int(match[1] or 0)) > _LONGEST:
            raise Weak(f"{given[:40]!r} is no number")
    elif isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise Weak(f"{given!r} is no number")
    return Fraction(given)


def box_of(on: Arithmetic, given: Sequence[Sequence[Any]], size: int) -> Box:
    """A box of the file, in so many unknowns; each end a number, or text of a decimal."""
    box = [on.of(number(low), number(high)) for low, high in given]
    if len(box) != size or any(low > high for low, high in box):
        raise Weak("a box of the file is none")
    return box


def matrix_of(on: Arithmetic, rows: Sequence[Sequence[Any]]) -> Matrix:
    """A matrix of the file."""
    return [[on.of(number(x), number(x)) for x in row] for row in rows]


def digits_fit(on: Arithmetic, side: Interval, text: Any, which: str) -> None:
    """That all of an interval is the text's number, to a unit of its last digit or of its 17th."""
    value, (mantissa, _, exponent) = number(text), str(text).lower().partition("e")
    last = Fraction(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    shift = Fraction(10) ** (-16 if value == 0 else math.floor(math.log10(abs(value))) - 16)
    if not within([side], [on.of(value - min(shift, last), value + min(shift, last))]):
        raise Weak(f"{which}: its digits are not those that are proved")
