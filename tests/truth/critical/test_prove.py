"""Zeros that are proved in balls: their digits, their exact numbers, and the signs of symmetric matrices."""

from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from flint import arb, ctx, fmpq

from gradcalc.arithmetic import exact_numbers
from gradcalc.arithmetic.marks import UNDEFINED
from gradcalc.graph import ops
from gradcalc.language.parse import as_formula
from gradcalc.truth.critical.prove import (
    Proof,
    evaluated,
    exact_guess,
    exactly,
    inertia,
    krawczyk,
    matrix,
    proved,
    with_zeros,
)  # fmt: skip
from gradcalc.truth.critical.system import Columns, System, of_equations


def system(text: str, names: str) -> System:
    formula = as_formula(text, array=True)
    return of_equations(formula.graph, formula.items, [formula.graph.input(name) for name in names])


CIRCLE = "[x^2 + y^2 - 4, x - y]"
"""Its zeros are (sqrt(2), sqrt(2)) and the opposite point."""


def around(*middle: float, by: float = 0.01) -> tuple[list[float], list[float]]:
    """The corners of a small box."""
    return [x - by for x in middle], [x + by for x in middle]


@pytest.mark.parametrize("digits", [5, 20, 60, 200])
def test_a_zero_is_proved_to_the_digits_asked_for(digits: int) -> None:
    found = proved(system(CIRCLE, "xy"), *around(1.414, 1.414), digits)
    assert found is not None and found.precision >= digits * 3.33
    with ctx.workprec(1000):
        root = arb(2).sqrt()
        for ball in found.at:
            assert ball.contains(root) and ball.rad() < root * arb(10) ** -digits
        for (row, column), entry in found.jacobian.items():
            assert entry.contains([[2 * root, 2 * root], [arb(1), arb(-1)]][row][column])


@pytest.mark.parametrize(
    ("text", "names", "middle"),
    [
        (CIRCLE, "xy", (1.5, 1.5)),  # no zero near
        ("[x^2]", "x", (0.0,)),  # a double one
        ("[x^2 + 1e-9]", "x", (0.0,)),  # none, by a little
        ("[log(x)]", "x", (-1.0,)),  # no value
        ("[sqrt(x)]", "x", (0.0,)),  # no slope
        ("[x*y, x*y]", "xy", (0.5, 0.5)),  # two equations that are one
    ],
)
def test_what_is_no_simple_zero_is_not_proved(text: str, names: str, middle: tuple[float, ...]) -> None:
    assert proved(system(text, names), *around(*middle), 20) is None


@pytest.mark.parametrize(("low", "high"), [(2.0, 2 + 1e-9), (2 - 1e-9, 2.0), (2.0, 2.0)])
def test_a_zero_on_the_face_of_a_box_is_proved(low: float, high: float) -> None:
    found = proved(system("[x^3 - 8]", "x"), [low], [high], 20)
    assert found is not None and found.at[0].contains(2) and found.at[0].rad() < arb("1e-19")


def test_krawczyks_image_is_inside_where_there_is_one_zero_and_apart_where_there_is_none() -> None:
    asked = system("[x^2 - 2]", "x")
    for middle, inside, apart in ((1.4140625, True, False), (1.625, False, True)):
        box = [arb(middle, 0.0625)]
        entries = evaluated(asked, 128, box, tuple(asked.jacobian.values()))
        image = krawczyk(asked, 128, box, entries)
        assert image is not None
        assert (box[0].contains_interior(image[0]), not box[0].overlaps(image[0])) == (inside, apart)
        if inside:
            assert image[0].contains(arb(2).sqrt())


@pytest.mark.parametrize(
    ("text", "near", "number"),
    [
        ("[3x - 1]", 0.3333, fmpq(1, 3)),
        ("[7x + 22]", -3.1428, fmpq(-22, 7)),
        ("[x - 9999/10000]", 0.9999, fmpq(9999, 10000)),
        ("[sin(x)]", 3.1416, "pi"),
        ("[cos(x)]", 7.854, "5pi/2"),
        ("[x^2 - 2]", 1.4142, "sqrt(2)"),
        ("[x^2 - 2/3]", -0.8165, "-sqrt(2/3)"),
        ("[x^3 - 2]", 1.26, None),
        ("[exp(x) - 2]", 0.693, None),
    ],
)
def test_short_numbers_are_recognised(text: str, near: float, number: Any) -> None:
    asked = system(text, "x")
    proof = proved(asked, *around(near, by=1e-3), 20)
    assert proof is not None and not proof.is_exact
    found = exactly(asked, proof)
    assert (found is None) == (number is None)
    if found is None:
        return
    assert found.is_exact and found.precision == proof.precision
    with ctx.workprec(400):
        wanted = {
            "pi": arb.pi(), "5pi/2": arb.pi() * 5 / 2, "sqrt(2)": arb(2).sqrt(), "-sqrt(2/3)": -(arb(2) / 3).sqrt(),
        }.get(number) if isinstance(number, str) else arb(number)  # fmt: skip
        (ball,) = found.at
        assert exact_numbers.plain(ball).overlaps(wanted) and proof.at[0].overlaps(wanted)
        assert found.jacobian[0, 0].overlaps(proof.jacobian[0, 0])


def test_a_number_that_is_not_short_is_not_guessed() -> None:
    with ctx.workprec(200):
        third, wide = arb(1) / 3, arb(0.3333, 1e-3)
        long, tiny = arb(fmpq(10007, 10009)), arb((1, -3000)).union(arb(0))
    assert exact_guess([wide], {}) is None and exact_guess([third, long], {}) is None
    (found,) = exact_guess([tiny], {}) or [None]
    assert found is not None and found.is_zero()
    end = arb(10007) / 10009
    assert exact_guess([long], {0: end}) == [end]
    assert exact_guess([arb(2), long], {1: end}) == [arb(2), end]
    assert exact_guess([long], {0: arb(5)}) is None  # another end


def test_zeros_are_exact_where_they_hold_whatever_the_others_are() -> None:
    asked = system("[x*(2 + y), y^3 - 2]", "xy")
    proof = proved(asked, *around(0.0, 1.2599), 20)
    assert proof is not None
    found = with_zeros(asked, Proof((proof.at[0] + arb(0, 1e-30), proof.at[1]), proof.jacobian, proof.precision), 20)
    assert found is not None and found.at[0].is_zero() and not found.at[1].is_exact()
    with ctx.workprec(200):
        assert found.at[1].contains(arb(2).root(3)) and found.at[1].rad() < arb("1e-20")
        assert found.jacobian[0, 0].contains(2 + arb(2).root(3)) and found.jacobian[1, 1].contains(3 * arb(4).root(3))


def test_zeros_that_hold_for_some_others_alone_are_not_told() -> None:
    for text, names in (("[x + y^3 - 2, y^3 - 2]", "xy"), ("[x]", "x")):
        asked = system(text, names)
        at = (arb(0, 1e-30), arb(1.2599210498948732, 1e-15))[: asked.size]
        assert with_zeros(asked, Proof(at, {}, 128), 20) is None


SIGNS = {
    (1, 0, 0): [[3]],
    (0, 1, 0): [[-3]],
    (0, 0, 1): [[0]],
    (2, 0, 0): [[2, 1], [1, 2]],
    (0, 2, 0): [[-2, 1], [1, -2]],
    (1, 1, 0): [[0, 5], [5, 0]],  # no pivot on the diagonal
    (1, 0, 1): [[1, 1], [1, 1]],
    (0, 1, 2): [[0, 0, 0], [0, -1, 0], [0, 0, 0]],
    (2, 1, 0): [[1, 2, 0], [2, 1, 0], [0, 0, 1]],  # 3, -1, 1
    (1, 2, 0): [[0, 1, 1], [1, 0, 1], [1, 1, 0]],  # 2, -1, -1
    (3, 0, 0): [[4, 1, 1], [1, 4, 1], [1, 1, 4]],
    (2, 2, 0): [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 2], [0, 0, 2, 0]],
    (1, 1, 1): [[1, 2, 3], [2, 4, 6], [3, 6, 8]],
}
"""Symmetric matrices by how many positive, negative and zero eigenvalues they have."""


@pytest.mark.parametrize("signs", SIGNS)
def test_signs_of_the_eigenvalues_in_any_order_of_the_rows_and_any_scale(signs: tuple[int, int, int]) -> None:
    rows = SIGNS[signs]
    for order in permutations(range(len(rows))):
        for scale in (1, Fraction(1, 2**40), 2**70):
            balls = [[arb(float(scale)) * rows[i][j] for j in order] for i in order]
            assert inertia(balls) == signs
    opposite = [[arb(-x) for x in row] for row in rows]
    assert inertia(opposite) == (signs[1], signs[0], signs[2])


@pytest.mark.parametrize(
    "rows",
    [
        [[arb(0, 1)]],
        [[arb(1), arb(0)], [arb(0), arb(0, 1e-30)]],
        [[arb(1), arb(1, 1e-9)], [arb(1, 1e-9), arb(1)]],
        [[arb(0, 1), arb(2, 1)], [arb(2, 1), arb(0, 4)]],
        [[arb(0.5), arb(2)], [arb(2), arb(0, 100)]],
        [[arb(0, 100), arb(2)], [arb(2), arb(0.5)]],
        [[arb(2.0**-11), arb(2.0**-9)], [arb(2.0**-9), arb(0, 0.1)]],
        [[arb("nan")]],
        [[arb("inf")]],
        [[None]],
    ],
    ids=str,
)
def test_signs_that_balls_leave_open_are_not_told(rows: Any) -> None:
    assert inertia(rows) is None


def test_wide_balls_have_signs_as_long_as_none_holds_0() -> None:
    assert inertia([[arb(3, 1), arb(0, 1)], [arb(0, 1), arb(-3, 1)]]) == (1, 1, 0)
    assert inertia([[arb(0, 1), arb(4, 1)], [arb(4, 1), arb(0, 1)]]) == (1, 1, 0)


def test_a_symmetric_matrix_is_made_of_either_triangle() -> None:
    assert matrix({(0, 1): arb(2), (1, 1): arb(3)}, 2) == [[arb(0), arb(2)], [arb(2), arb(3)]]
    assert matrix({(1, 0): arb(2), (0, 0): arb(3)}, 2) == [[arb(3), arb(2)], [arb(2), arb(0)]]


def test_of_a_system_with_rows_the_sums_are_proved() -> None:
    formula = as_formula("[a*x - y]", array=True)
    a, x, y = (formula.graph.input(name) for name in "axy")
    rows = Columns({x: [Fraction(1), Fraction(2), Fraction(1, 3)], y: [Fraction(3), Fraction(5), Fraction(0)]})
    asked = replace(of_equations(formula.graph, formula.items, [a]), columns=rows)
    found = proved(asked, *around(2.4), 30)  # 10/3 a = 8
    assert found is not None
    with ctx.workprec(400):
        for ball, number in ((found.at[0], fmpq(12, 5)), (found.jacobian[0, 0], fmpq(10, 3))):
            assert ball.overlaps(arb(number)) and ball.rad() < arb("1e-29")
    undefined = replace(asked, columns=Columns({x: rows.numbers[x], y: rows.numbers[y]}), components=(_log(asked, x),))
    assert evaluated(undefined, 128, [arb(2)], undefined.components)[undefined.components[0]] is UNDEFINED


def _log(asked: System, node: int) -> int:
    """The logarithm of twice an input less 1, which has no value in one row."""
    return int(ops.log(2 * asked.graph.ref(node) - 1).index)
