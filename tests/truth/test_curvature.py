"""Signs of Hessians: proved by elimination in balls, held against integer arithmetic; what cannot be proved says so."""

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import pytest
from flint import arb

from gradcalc import differentiate
from gradcalc.arithmetic.marks import UNDECIDED
from gradcalc.truth.certify import Ball
from gradcalc.truth.curvature import describe, vanishes
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


def test_what_rounding_leaves_open_is_undecided() -> None:
    blurred: dict[tuple[int, int], Ball | None] = {
        (i, j): arb((1, 2, 4)[i + j], 1e-20) for i in range(2) for j in range(2)
    }
    found = described([[1, 2], [2, 4]], blurred)
    assert (found.definiteness, found.critical_point) == ("undecided", "undecided")


def test_an_unverified_entry_is_no_zero() -> None:
    unknown: dict[tuple[int, int], Ball | None] = {(0, 0): UNDECIDED, (1, 1): arb(3)}
    found = described([[2, 0], [0, 3]], unknown)
    assert (found.definiteness, found.critical_point) == ("undecided", "undecided")
    signs: dict[tuple[int, int], Ball | None] = {(0, 0): UNDECIDED, (1, 1): arb(3), (2, 2): arb(-1)}
    assert described([[2, 0, 0], [0, 3, 0], [0, 0, -1]], signs).definiteness == "indefinite"


def test_two_uncertain_diagonal_entries_beside_a_certain_one_are_a_saddle() -> None:
    blurred: dict[tuple[int, int], Ball | None] = {
        (0, 0): arb(0, 1e-20), (0, 1): arb(1), (1, 0): arb(1), (1, 1): arb(0, 1e-20)
    }  # fmt: skip
    assert described([[0, 1], [1, 0]], blurred).critical_point == "saddle"


def test_what_was_measured_is_called_numerical() -> None:
    entries = {(0, 0): Quantity(2.0)}
    found = describe(entries, {(0, 0): None}, 1, [0.0], [arb(0)], [0.0], measured=frozenset([(0, 0)]))
    assert (found.definiteness, found.critical_point) == ("numerically positive definite", "numerically minimum")
    nothing = describe({(0, 0): Quantity(0.0)}, {(0, 0): None}, 1, [0.0], [arb(0)], [0.0], measured=frozenset([(0, 0)]))
    assert nothing.definiteness == "undecided"


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("(x^2-2)^3", "sqrt(2)"), ("cos(pi*x)^3", "1/2"), ("(x^2-2)^4", "sqrt(2)"), ("(x^3-5)^3", "cbrt(5)"),
        ("sin^2(x)^3", "pi"), ("(exp(x)-2)^3", "ln(2)"), ("ln(exp(x))-x", "1/3"), ("(x^2)^0.5", "-3"),
        ("sin^2(x*pi/180)", "45"), ("where(x==0,0,x^2*sin(1/x))", "0"), ("exp(ln(x)) - x", "7/3"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("certify", [True, False])
def test_no_word_comes_from_noise(formula: str, at: str, certify: bool) -> None:
    report = differentiate(formula, {"x": at}, order=2, symbolic=False, certify=certify)
    curvature = report.points[0].curvature
    assert curvature is not None
    assert curvature.definiteness in ("undecided", "zero", None)
    assert curvature.critical_point in ("undecided", "degenerate", None)
    assert "numerically" not in str(report.page())


@pytest.mark.parametrize("certify", [True, False])
@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("exp(1e16*(x-1))", {"x": 1}), ("sin(x)", {"x": 1e16}), ("sin(1e8*t)+y^2", {"t": 1e10, "y": 0}),
        ("cos(x)", {"x": 1e22}), ("x^2", {"x": 1e-300}), ("(x^2-2)^2", {"x": 1.4142135623730951}),
        ("cos(1e17*x)", {"x": 1 / 3}), ("x^4 - 1e-320*x", {"x": 0}), ("exp(-x^2)", {"x": 30}),
    ],
)  # fmt: skip
def test_a_gradient_that_is_not_zero_makes_no_critical_point(formula: str, at: dict[str, float], certify: bool) -> None:
    report = differentiate(formula, at, order=2, symbolic=False, certify=certify)
    curvature = report.points[0].curvature
    assert curvature is not None
    assert curvature.critical_point is None
    assert "critical point: " not in str(report.page()).replace("no critical point: ", "")


@pytest.mark.parametrize(
    ("formula", "at", "kind"),
    [
        ("(x^2-2)^2", "sqrt(2)", "minimum"), ("cos(x)", "pi", "minimum"), ("sin(x)", "pi/2", "maximum"),
        ("exp(x) - 2*x", "ln(2)", "minimum"), ("x^3 - 6*x", "-sqrt(2)", "maximum"),
    ],
)  # fmt: skip
def test_a_gradient_enclosed_around_zero_makes_a_critical_point(formula: str, at: str, kind: str) -> None:
    curvature = differentiate(formula, {"x": at}, order=2, symbolic=False).points[0].curvature
    assert curvature is not None
    assert curvature.critical_point == kind


def test_the_newton_step_is_told_where_no_double_is_nearer_to_a_zero() -> None:
    report = differentiate("(x^2-2)^2", {"x": 1.4142135623730951}, order=2, symbolic=False)
    assert "no critical point: the gradient is not 0; the Newton step is 9.67e-17" in str(report.page())


@pytest.mark.parametrize(
    ("ball", "bound", "zero"),
    [
        (arb(0), 0.0, True), (arb(0, 1e-40), 1e-16, True), (arb(0, 1e-20), 1e-16, False), (arb(0, 1), 1e9, False),
        (arb(1e-300, 1e-310), 1.0, False), (UNDECIDED, 1.0, False), (None, 1.0, False), (arb(0, 1e-40), math.inf, False),
    ],
)  # fmt: skip
def test_a_derivative_vanishes_by_proof_or_far_within_its_rounding(ball: Ball | None, bound: float, zero: bool) -> None:
    assert vanishes(ball, bound) is zero


def test_blurred_entries_are_proved_where_the_blur_does_not_matter() -> None:
    blurred: dict[tuple[int, int], Ball | None] = {(0, 0): arb(2, 1e-20), (1, 1): arb(3, 1e-20)}
    assert described([[2, 0], [0, 3]], blurred).definiteness == "positive definite"


def test_eigenvalues_come_in_increasing_order_and_from_the_proved_numbers() -> None:
    entries = {(0, 0): Quantity(99.0), (1, 1): Quantity(-1.0)}
    found = describe(entries, {(0, 0): arb(3), (1, 1): arb(-1)}, 2, [1.0, 1.0], [arb(1), arb(1)], [0.0, 0.0])
    assert found.eigenvalues == (-1.0, 3.0)


@pytest.mark.parametrize(
    ("rows", "eigenvalues"),
    [
        ([[2, 4], [4, 0]], (1 - math.sqrt(17), 1 + math.sqrt(17))), ([[1, 1], [1, 1]], (0.0, 2.0)),
        ([[1, 0], [0, 1e-100]], (1e-100, 1.0)), ([[1e300, 0], [0, 1e-300]], (1e-300, 1e300)),
        ([[1, 1, 1]] * 3, (0.0, 0.0, 3.0)), ([[3, 1, 1], [1, 3, 1], [1, 1, 3]], (2.0, 2.0, 5.0)), ([[0] * 2] * 2, (0.0, 0.0)),
        ([[1, 1], [1, 1 + 2**-52]], (2**-53 - 2**-107, 2.0)),
        ([[5e-324]], (5e-324,)), ([[-2]], (-2.0,)), ([[1] * 17] * 17, (*[0.0] * 16, 17.0)),
    ],
)  # fmt: skip
def test_eigenvalues_of_few_rows_are_right_to_the_last_bit(
    rows: Sequence[Sequence[float]], eigenvalues: tuple[float, ...]
) -> None:
    found = described(rows).eigenvalues
    assert found is not None
    assert found == (eigenvalues if len(rows) <= 16 else pytest.approx(eigenvalues, abs=1e-13))


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
    rows[7][7] = 0
    assert described(rows).definiteness == "undecided"
    rows[7][7] = -1
    assert described(rows).definiteness == "numerically indefinite"


def test_signs_of_a_singular_form_of_integers_are_proved() -> None:
    form = "13*x*x + 20*x*y + 22*x*z + 8*y*y + 16*y*z + 10*z*z"
    curvature = examine(form, {"x": 0, "y": 0, "z": 0}).curvature
    assert curvature is not None
    assert curvature.definiteness == "positive semidefinite"
    assert curvature.critical_point == "degenerate"


@pytest.mark.parametrize(
    ("formula", "at", "eigenvalues"),
    [
        ("exp(-x)", 800, None), ("exp(-exp(x^2))", 40, None), ("x^2*sqrt(x)", 0, None), ("(x^3-5)^3", "5^(1/3)", (0.0,)),
        ("x^4", 0, (0.0,)), ("x^3*1e-300", 1e-300, None), ("exp(-x)", 1, (math.exp(-1),)), ("x", 3, (0.0,)),
    ],
)  # fmt: skip
def test_no_eigenvalue_is_zero_in_floats_alone(formula: str, at: object, eigenvalues: tuple[float, ...] | None) -> None:
    curvature = differentiate(formula, {"x": at}, order=2, symbolic=False).points[0].curvature
    assert curvature is not None
    assert curvature.eigenvalues == (None if eigenvalues is None else pytest.approx(eigenvalues))


@pytest.mark.parametrize(
    ("formula", "at", "word"),
    [
        ("(x-sqrt(2)*y)^2", "sqrt(2),1", "positive semidefinite"), ("(x-pi*y)^2", "0,0", "positive semidefinite"),
        ("x^4-4*x^2*y^2+4*y^4", "sqrt(2),1", "positive semidefinite"), ("-(x-cbrt(2)*y)^2", "0,0", "negative semidefinite"),
        ("(x-sqrt(2)*y)^2 + 1e-30*y^2", "0,0", "positive definite"), ("(x-sqrt(2)*y)^2 - y^2/1000", "0,0", "indefinite"),
        ("(x-sqrt(2)*y)^2 - (y-sqrt(2)*z)^2", "0,0,0", "indefinite"), ("(x-sqrt(2)*y+z)^2", "0,0,0", "positive semidefinite"),
        ("(x-sqrt(2)*y-sqrt(3)*z)^2", "0,0,0", "undecided"), ("(x*y-2)^2", "sqrt(2),sqrt(2)", "positive semidefinite"),
    ],
)  # fmt: skip
def test_a_singular_hessian_of_radicals_or_of_pi_is_proved(formula: str, at: str, word: str) -> None:
    point = dict(zip("xyz", at.split(","), strict=False))
    curvature = differentiate(formula, point, order=2, symbolic=False).points[0].curvature
    assert curvature is not None
    assert curvature.definiteness == word


def test_signs_of_what_was_measured_hold_to_a_part_in_a_million() -> None:
    """Second derivatives 2, 1, 1, 2: the first by difference quotients."""
    point = examine("x*y + y^2 - 6*where(x == 0, 1, sin(x)/x)", {"x": 0, "y": 0}, 2)
    assert point.curvature is not None and point.curvature.entries[0, 0].certified is None
    assert point.curvature.definiteness == "numerically positive definite"
