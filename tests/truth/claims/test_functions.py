"""Derivatives carried along: values of calculus over intervals; what is not known, and of whom functions are."""

from fractions import Fraction

import pytest

from gradcalc.graph.ops import Op
from gradcalc.language.parse import as_formula
from gradcalc.truth.claims.functions import _SLOPES, Functions
from gradcalc.truth.claims.intervals import Arithmetic, Nowhere, Weak
from gradcalc.truth.claims.verify import Jet, evaluated, number


def jet(text: str, low: float, high: float, order: int = 2, between: bool = False) -> Jet:
    formula, jets = as_formula(text), Functions(Arithmetic(96), order, between=between)
    x = jets.unknown(0, jets.on.of(Fraction(low), Fraction(high)))
    found: Jet = evaluated(formula.graph, [formula.output], {formula.graph.input("x"): x}, jets)[formula.output]
    return found


@pytest.mark.parametrize(
    ("text", "coefficients"),
    [("x^3", (8, 12, 6)), ("1/x", (0.5, -0.25, 0.125)), ("abs(x)*x", (4, 4, 1)), ("max(x, 1, -x)", (2, 1, 0)),
     ("where(x > 1, x^2, log(-x))", (4, 4, 1))],
)  # fmt: skip
def test_value_slope_and_half_the_bend(text: str, coefficients: tuple[float, ...]) -> None:
    found = jet(text, 2, 2)
    for key, true in zip(((), (0,), (0, 0)), coefficients, strict=True):
        low, high = found.get(key, (0, 0))
        assert low <= Fraction(true) * 2**96 <= high and high - low < 100, key


def test_at_a_kink_there_are_slopes_between_or_none() -> None:
    low, high = jet("abs(x) + max(x, 0)", -1, 1, 1, between=True)[(0,)]
    assert low <= -(1 << 96) and high >= 2 << 96
    for order, between in ((1, False), (2, True)):
        with pytest.raises(Weak):
            jet("abs(x)", -1, 1, order, between)


@pytest.mark.parametrize(
    ("text", "nowhere"),
    [("log(x)", True), ("sqrt(x - 1)", True), ("acosh(x + 2)", True), ("x^2.5", True), ("x^(x/2 + 1)", False), ("1/(x*0)", False),
     ("gamma(x - 1)", False)],
)  # fmt: skip
def test_what_has_no_value_anywhere_is_told_from_what_is_not_known(text: str, nowhere: bool) -> None:
    with pytest.raises(Weak) as found:
        jet(text, -2.5, -1.5)
    assert isinstance(found.value, Nowhere) == nowhere


@pytest.mark.parametrize(
    "given", ["1e5000", "0x10", "", "1_000", " 1", "nan", float("nan"), float("inf"), True, None, []]
)
def test_what_is_no_number_is_refused(given: object) -> None:
    with pytest.raises(Weak, match="is no number"):
        number(given)
    assert number("1.25e-2") == Fraction(1, 80) and number(3) == 3


@pytest.mark.parametrize("op", _SLOPES, ids=lambda op: op.name)
def test_slopes_of_names_are_those_of_power_series(op: Op) -> None:
    jets = Functions(Arithmetic(96), 1)
    x = jets.unknown(0, jets.on.of(Fraction(3, 4), Fraction(3, 4)))
    _, slope, bend = jets.other(op, [x])
    known = jets.by_rule(_SLOPES[op], [x])
    for found, true in ((known[()], slope), (jets.on.scaled(known[(0,)], 1, 2), bend)):
        assert found[0] <= true[1] and true[0] <= found[1] and found[1] - found[0] < 10_000, op
