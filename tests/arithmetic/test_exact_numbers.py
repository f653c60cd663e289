"""Exact numbers beside balls: what an op makes of them is the number that balls enclose, and questions are settled."""

import itertools

import pytest
from flint import arb, ctx, fmpq

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.exact_numbers import BITS, FUNCTIONS, Exact, ExactBall, ball_of, exact, plain, result
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED
from gradcalc.graph import ops
from gradcalc.graph.ops import Op

RATIOS = [fmpq(n, d) for n, d in ((0, 1), (1, 1), (-1, 1), (1, 2), (1, 3), (-2, 3), (5, 6), (7, 4), (-9, 4), (3, 1))]
NUMBERS = [*map(Exact, RATIOS), *(Exact(ratio, True) for ratio in RATIOS if ratio != 0)]


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
        (ops.cos, [Exact(fmpq(1, 2), True)], arb(0)),
        (ops.sin, [Exact(fmpq(7, 6), True)], arb(-0.5)),
        (ops.tan, [Exact(fmpq(-3, 4), True)], arb(1)),
        (ops.sec, [Exact(fmpq(1, 3), True)], arb(2)),
        (ops.sub, [Exact(fmpq(1, 3)), Exact(fmpq(1, 3))], arb(0)),
        (ops.div, [Exact(fmpq(6), True), Exact(fmpq(2), True)], arb(3)),
        (ops.sqrt, [Exact(fmpq(9, 4))], arb(1.5)),
        (ops.cbrt, [Exact(fmpq(-27))], arb(-3)),
        (ops.floor, [Exact(fmpq(-1, 3))], arb(-1)),
        (ops.round, [Exact(fmpq(5, 2))], arb(2)),
        (ops.round, [Exact(fmpq(7, 2))], arb(4)),
        (ops.tan, [Exact(fmpq(1, 2), True)], UNDEFINED),
        (ops.csc, [Exact(fmpq(5), True)], UNDEFINED),
        (ops.div, [Exact(fmpq(1)), Exact(fmpq(0))], UNDEFINED),
        (ops.eq, [Exact(fmpq(1, 3)), Exact(fmpq(1, 3))], True),
        (ops.eq, [Exact(fmpq(1), True), Exact(fmpq(22, 7))], False),
        (ops.lt, [Exact(fmpq(1), True), Exact(fmpq(22, 7))], None),
        (ops.exp, [Exact(fmpq(1, 3))], None),
    ],
)
def test_values(op: Op, numbers: list[Exact], value: object) -> None:
    made = result(op, [ball_of(number) for number in numbers])
    assert made == value if isinstance(value, arb) else made is value


def test_an_angle_is_a_multiple_of_pi() -> None:
    for op, at, ratio in ((ops.asin, 1, fmpq(1, 2)), (ops.acos, -1, fmpq(1)), (ops.atan, -1, fmpq(-1, 4))):
        assert exact(result(op, [arb(at)])) == Exact(ratio, True)
    assert exact(result(ops.atan2, [arb(0), arb(-3)])) == Exact(fmpq(1), True)


def test_numbers_are_followed_up_to_a_length() -> None:
    third = ball_of(Exact(fmpq(1, 3)))
    assert isinstance(third, ExactBall)
    assert exact(result(ops.pow, [third, arb(40)])) == Exact(fmpq(1, 3**40))
    assert result(ops.pow, [third, arb(BITS)]) is None
    assert exact(arb((1, 10**12))) is None
    assert exact(arb(1).exp()) is None
    assert exact(UNDECIDED) is None
