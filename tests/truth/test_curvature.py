"""Signs of Hessians: proved by elimination in balls, held against integer arithmetic; what cannot be proved says so."""

import random
from fractions import Fraction
from itertools import combinations

import pytest
from flint import arb

from gradcalc.arithmetic.marks import UNDECIDED
from gradcalc.truth.certify import Ball
from gradcalc.truth.curvature import describe
from gradcalc.truth.quantity import Quantity
from gradcalc.truth.report import Curvature
from tests.truth import examine

Matrix = list[list[int]]


def described(
    rows: Matrix, balls: dict[tuple[int, int], Ball | None] | None = None, gradient: list[float] | None = None
) -> Curvature:
    """What is said of an exact integer matrix; absent entries are structurally zero."""
    size = len(rows)
    places = {(i, j): rows[i][j] for i in range(size) for j in range(size) if rows[i][j]}
    entries = {place: Quantity(float(value)) for place, value in places.items()}
    exact: dict[tuple[int, int], Ball | None] = {place: arb(value) for place, value in places.items()}
    slopes = gradient or [0.0] * size
    return describe(entries, exact if balls is None else balls, size, slopes, [arb(g) for g in slopes], [1.0] * size)


def determinant(rows: Matrix) -> Fraction:
    """The determinant by exact elimination."""
    work = [[Fraction(x) for x in row] for row in rows]
    result = Fraction(1)
    while work:
        pivot = next((i for i, row in enumerate(work) if row[0]), None)
        if pivot is None:
            return Fraction(0)
        result *= (-1) ** pivot * work[pivot][0]
        top = work.pop(pivot)
        work = [[a - row[0] * b / top[0] for a, b in zip(row[1:], top[1:], strict=True)] for row in work]
    return result


def word(rows: Matrix) -> str:
    """The definiteness by the signs of all principal minors: a criterion of its own, in integers."""
    sizes = range(1, len(rows) + 1)
    minors = {
        size: [determinant([[rows[i][j] for j in c] for i in c]) for c in combinations(range(len(rows)), size)]
        for size in sizes
    }
    if not any(any(row) for row in rows):
        return "zero"
    leading = [determinant([row[:size] for row in rows[:size]]) for size in sizes]
    if all(minor > 0 for minor in leading):
        return "positive definite"
    if all((-1) ** size * minor > 0 for size, minor in zip(sizes, leading, strict=True)):
        return "negative definite"
    if all(minor >= 0 for size in sizes for minor in minors[size]):
        return "positive semidefinite"
    if all((-1) ** size * minor >= 0 for size in sizes for minor in minors[size]):
        return "negative semidefinite"
    return "indefinite"


def test_signs_of_random_integer_matrices_are_those_of_their_minors() -> None:
    source, seen = random.Random(7), set()
    for _ in range(400):
        size, rank = source.randint(1, 4), source.randint(0, 4)
        rows = [[0] * size for _ in range(size)]
        for _ in range(rank):
            vector, sign = [source.randint(-2, 2) for _ in range(size)], source.choice((1, 1, -1))
            rows = [[rows[i][j] + sign * vector[i] * vector[j] for j in range(size)] for i in range(size)]
        expected = word(rows)
        found = described(rows).definiteness
        assert found is not None
        assert found.removeprefix("numerically ") == expected, rows
        seen.add(found)
    assert {"positive definite", "negative definite", "indefinite", "zero"} <= seen


@pytest.mark.parametrize(
    ("rows", "expected", "kind"),
    [
        ([[2, 0], [0, 3]], "positive definite", "minimum"),
        ([[-2, 1], [1, -3]], "negative definite", "maximum"),
        ([[1, 0], [0, -1]], "indefinite", "saddle"),
        ([[0, 1], [1, 0]], "indefinite", "saddle"),
        ([[1, 2], [2, 4]], "positive semidefinite", "degenerate"),
        ([[1, 0], [0, 0]], "positive semidefinite", "degenerate"),
        ([[-1, 0], [0, 0]], "negative semidefinite", "degenerate"),
        ([[0, 0], [0, 0]], "zero", "degenerate"),
        ([[0, 1, 0], [1, 0, 0], [0, 0, 5]], "indefinite", "saddle"),
        ([[0, 3], [3, 1]], "indefinite", "saddle"),
    ],
)
def test_exact_matrices_are_proved(rows: Matrix, expected: str, kind: str) -> None:
    found = described(rows)
    assert (found.definiteness, found.critical_point) == (expected, kind)


def test_away_from_a_critical_point_there_is_no_kind() -> None:
    assert described([[2, 0], [0, 3]], gradient=[1.0, 0.0]).critical_point is None


def test_what_is_not_proved_is_called_numerical() -> None:
    blurred: dict[tuple[int, int], Ball | None] = {
        (i, j): arb((1, 2, 4)[i + j], 1e-20) for i in range(2) for j in range(2)
    }
    assert described([[1, 2], [2, 4]], blurred).definiteness == "numerically positive semidefinite"
    unknown: dict[tuple[int, int], Ball | None] = {(0, 0): UNDECIDED, (1, 1): arb(3)}
    found = described([[2, 0], [0, 3]], unknown)
    assert (found.definiteness, found.critical_point) == ("numerically positive definite", "numerically minimum")


def test_blurred_entries_are_proved_where_the_blur_does_not_matter() -> None:
    blurred: dict[tuple[int, int], Ball | None] = {(0, 0): arb(2, 1e-20), (1, 1): arb(3, 1e-20)}
    assert described([[2, 0], [0, 3]], blurred).definiteness == "positive definite"


def test_eigenvalues_come_in_increasing_order_and_from_the_proved_numbers() -> None:
    entries = {(0, 0): Quantity(99.0), (1, 1): Quantity(-1.0)}
    found = describe(entries, {(0, 0): arb(3), (1, 1): arb(-1)}, 2, [1.0, 1.0], [arb(1), arb(1)], [0.0, 0.0])
    assert found.eigenvalues == (-1.0, 3.0)


@pytest.mark.parametrize("verdict", ["kink", "jump", "undefined", "disagrees"])
def test_nothing_is_said_of_a_broken_hessian(verdict: str) -> None:
    entries = {(0, 0): Quantity(1.0, verdict=verdict)}
    found = describe(entries, {(0, 0): None}, 1, [0.0], [arb(0)], [0.0])
    assert (found.eigenvalues, found.definiteness, found.critical_point) == (None, None, None)


def test_an_infinite_entry_or_no_variable_leaves_nothing_to_say() -> None:
    infinite = describe({(0, 0): Quantity(float("inf"))}, {(0, 0): None}, 1, [0.0], [None], [0.0])
    assert infinite.definiteness is None
    assert describe({}, {}, 0, [], [], []).definiteness is None


def test_a_large_matrix_is_not_proved_but_answered() -> None:
    size = 80
    rows = [[2 if i == j else 0 for j in range(size)] for i in range(size)]
    assert described(rows).definiteness == "numerically positive definite"


def test_signs_of_a_singular_form_of_integers_are_proved() -> None:
    form = "13*x*x + 20*x*y + 22*x*z + 8*y*y + 16*y*z + 10*z*z"
    curvature = examine(form, {"x": 0, "y": 0, "z": 0}).curvature
    assert curvature is not None
    assert curvature.definiteness == "positive semidefinite"
    assert curvature.critical_point == "degenerate"
