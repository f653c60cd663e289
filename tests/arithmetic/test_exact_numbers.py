"""Exact numbers beside balls: what an op makes of them is the number that balls enclose, and questions are settled."""

import itertools
from fractions import Fraction

import pytest
from flint import Ordering, arb, ctx, fmpq, fmpq_mpoly_ctx, fmpq_poly

from gradcalc import differentiate
from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.exact_numbers import (
    BITS,
    FUNCTIONS,
    GOLDEN_RATIO,
    PI,
    Base,
    Exact,
    ExactBall,
    ball_of,
    exact,
    factored,
    multiple,
    plain,
    rational,
    result,
    simplest,
)
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED
from gradcalc.graph import ops
from gradcalc.graph.ops import Op

RATIOS = [fmpq(n, d) for n, d in ((0, 1), (1, 1), (-1, 1), (1, 2), (1, 3), (-2, 3), (5, 6), (7, 4), (-9, 4), (3, 1))]
ROOT = multiple(1, Base(2, 2))
NUMBERS = [*map(rational, RATIOS), *map(multiple, RATIOS[1:]), ROOT, multiple(fmpq(-1, 2), Base(2, 2)), GOLDEN_RATIO]
NUMBERS += [multiple(3, Base(5, 3)), Exact(fmpq_poly([1, -1, 2]), PI), Exact(fmpq_poly([1, 0, 1]), Base(2, 3))]


@pytest.fixture(autouse=True)
def precision() -> object:
    """Balls of 200 bits throughout."""
    with ctx.workprec(200):
        yield


@pytest.mark.parametrize("op", FUNCTIONS, ids=lambda op: op.name)
def test_what_an_op_makes_of_exact_numbers_lies_in_its_ball(op: Op) -> None:
    function, known = Balls(200).functions[op], 0
    for numbers in itertools.product(NUMBERS, repeat=len(op.operands)):
        operands = [ball_of(number) for number in numbers]
        made, enclosed = result(op, operands), function(*map(plain, operands))
        if isinstance(made, arb):
            known += 1
            assert not isinstance(enclosed, arb) or made.overlaps(enclosed), numbers
            assert isinstance(enclosed, arb) or enclosed is UNDECIDED, numbers
        elif made is UNDEFINED:
            known += 1
            assert not isinstance(enclosed, arb) or abs(enclosed) > 1e50 or enclosed.contains(0), numbers
        elif made is not None:
            known += 1
            assert enclosed is UNDECIDED or enclosed is made, numbers
    assert known


@pytest.mark.parametrize(
    ("op", "numbers", "value"),
    [
        (ops.cos, [multiple(fmpq(1, 2))], arb(0)),
        (ops.sin, [multiple(fmpq(7, 6))], arb(-0.5)),
        (ops.tan, [multiple(fmpq(-3, 4))], arb(1)),
        (ops.sec, [multiple(fmpq(1, 3))], arb(2)),
        (ops.sub, [rational(fmpq(1, 3)), rational(fmpq(1, 3))], arb(0)),
        (ops.div, [multiple(fmpq(6)), multiple(fmpq(2))], arb(3)),
        (ops.sqrt, [rational(fmpq(9, 4))], arb(1.5)),
        (ops.cbrt, [rational(fmpq(-27))], arb(-3)),
        (ops.floor, [rational(fmpq(-1, 3))], arb(-1)),
        (ops.round, [rational(fmpq(5, 2))], arb(2)),
        (ops.round, [rational(fmpq(7, 2))], arb(4)),
        (ops.tan, [multiple(fmpq(1, 2))], UNDEFINED),
        (ops.csc, [multiple(fmpq(5))], UNDEFINED),
        (ops.div, [rational(fmpq(1)), rational(fmpq(0))], UNDEFINED),
        (ops.eq, [rational(fmpq(1, 3)), rational(fmpq(1, 3))], True),
        (ops.eq, [multiple(fmpq(1)), rational(fmpq(22, 7))], False),
        (ops.lt, [multiple(fmpq(1)), rational(fmpq(22, 7))], True),
        (ops.exp, [rational(fmpq(1, 3))], None),
        (ops.powi, [ROOT, rational(2)], arb(2)),
        (ops.powi, [ROOT, rational(-4)], arb(0.25)),
        (ops.powi, [multiple(3, Base(5, 3)), rational(3)], arb(135)),
        (ops.mul, [GOLDEN_RATIO, Exact(fmpq_poly([fmpq(-1, 2), fmpq(1, 2)]), Base(5, 2))], arb(1)),
        (ops.floor, [multiple(10**9, Base(2, 2))], arb(1_414_213_562)),
        (ops.round, [multiple(fmpq(1, 2))], arb(2)),
        (ops.ceil, [multiple(-1)], arb(-3)),
        (ops.add, [ROOT, multiple(1, Base(3, 2))], None),
        (ops.mul, [multiple(1), ROOT], None),
        (ops.eq, [ROOT, rational(fmpq(99, 70))], False),
        (ops.lt, [ROOT, rational(fmpq(99, 70))], True),
        (ops.lt, [ROOT, multiple(1)], None),
        (ops.mod, [ROOT, ROOT], arb(0)),
    ],
)
def test_values(op: Op, numbers: list[Exact], value: object) -> None:
    made = result(op, [ball_of(number) for number in numbers])
    assert made == value if isinstance(value, arb) else made is value


def test_a_root_is_written_in_one_way() -> None:
    for op, ratio, number in (
        (ops.sqrt, fmpq(8), multiple(2, Base(2, 2))),
        (ops.sqrt, fmpq(1, 2), multiple(fmpq(1, 2), Base(2, 2))),
        (ops.cbrt, fmpq(-54), multiple(-3, Base(2, 3))),
        (ops.sqrt, fmpq(12, 25), multiple(fmpq(2, 5), Base(3, 2))),
    ):
        assert exact(result(op, [ball_of(rational(ratio))])) == number
    fourth = result(ops.pow, [arb(4), arb(0.25)])
    assert exact(fourth) == ROOT
    assert exact(result(ops.pow, [ball_of(Exact(fmpq_poly([0, 0, 9]), PI)), arb(0.5)])) == multiple(3)


def test_a_sign_is_found_though_terms_cancel() -> None:
    """(sqrt(2) - 1)^60 is 1e-23, written with numbers of 76 bits."""
    small = result(ops.powi, [ball_of(Exact(fmpq_poly([-1, 1]), Base(2, 2))), arb(60)])
    assert small > 0 and small.rel_accuracy_bits() > 190
    assert result(ops.sign, [small]) == 1
    assert result(ops.floor, [result(ops.neg, [small])]) == -1


def test_an_angle_is_a_multiple_of_pi() -> None:
    for op, at, ratio in ((ops.asin, 1, fmpq(1, 2)), (ops.acos, -1, fmpq(1)), (ops.atan, -1, fmpq(-1, 4))):
        assert exact(result(op, [arb(at)])) == multiple(ratio)
    assert exact(result(ops.atan2, [arb(0), arb(-3)])) == multiple(fmpq(1))


def test_numbers_are_followed_up_to_a_length() -> None:
    third = ball_of(rational(fmpq(1, 3)))
    assert isinstance(third, ExactBall)
    assert exact(result(ops.pow, [third, arb(40)])) == rational(fmpq(1, 3**40))
    assert result(ops.pow, [third, arb(BITS)]) is None
    assert exact(arb((1, 10**12))) is None
    assert exact(arb(1).exp()) is None
    assert exact(UNDECIDED) is None


def test_the_simplest_number_between_two() -> None:
    assert simplest(-1e-9, 1e-9) == 0
    assert simplest(0.33333, 0.33334) == Fraction(1, 3)
    assert simplest(-0.7143, -0.71428) == Fraction(-5, 7)
    assert simplest(2.9, 3.1) == 3
    assert simplest(0.5, 0.5) == Fraction(1, 2)


def test_a_polynomial_that_flint_cannot_factor_stays_whole() -> None:
    a, b = fmpq_mpoly_ctx.get(("a", "b"), Ordering.lex).gens()
    assert sorted((str(part), power) for part, power in factored(2 * a**2 - 2 * b**2)[1]) == [
        ("a + b", 1),
        ("a - b", 1),
    ]
    for long in (a ** (2**90) + b * a ** (2**90 - 1), a ** (2**70) * (b + 1)):
        with pytest.raises((RuntimeError, OverflowError)):
            long.factor()
        assert factored(long) == (1, [(long, 1)])


def test_a_polynomial_whose_powers_lie_far_apart_stays_whole() -> None:
    a, b = fmpq_mpoly_ctx.get(("a", "b"), Ordering.lex).gens()
    apart = a**5040 - b**5040
    assert factored(apart) == (1, [(apart, 1)])
    assert sorted(str(part) for part, _ in factored(a**5000 * (a**2 - b**2))[1]) == ["a", "a + b", "a - b"]
    assert factored(a - a + 3) == (3, [])


def test_a_sum_of_many_denominators_ends_early() -> None:
    operands = [arb(7) / 7, *(ball_of(rational(fmpq(1, 2 * k + 1))) for k in range(100))]
    assert result(ops.add, operands) is not None
    harmonic = [ball_of(rational(fmpq(1, 2 * k + 1))) for k in range(50_000)]
    assert result(ops.add, harmonic) is None
    nothing = [*harmonic[:200], *(ball_of(rational(-harmonic[k].number.value)) for k in range(1, 200))]
    total = result(ops.add, nothing)
    assert total == 1


def test_an_exponential_of_a_huge_number_is_no_defect() -> None:
    found = differentiate("logsumexp(x, y, z)", {"x": 1e-8, "y": 1.7e308, "z": 3}, order=2, symbolic=False)
    assert found.points[0].value.value == 1.7e308
