"""Claims of derivatives as proof files have them: refuted at smooth points alone, proved as quotients alone."""

from fractions import Fraction

import pytest

from gradcalc.settings import Limits
from gradcalc.truth.claims.intervals import Weak
from gradcalc.truth.claims.proofs import claim_of


@pytest.mark.parametrize(
    ("formula", "wrt", "claim", "at", "refuted"),
    [("x^2", "x", "2*x + 1/10^12", 3, True), ("x^2", "x", "2*x", 3, False), ("x^3", "x,x", "6*x + 1/10^20", 1, True),
     ("abs(x)", "x", "-1", 2, True), ("abs(x)", "x", "1", 2, False)],
)  # fmt: skip
def test_a_claim_is_refuted_where_both_are_apart(formula: str, wrt: str, claim: str, at: int, refuted: bool) -> None:
    claimed, _ = claim_of(formula, wrt, claim, {}, Limits())
    assert claimed.is_refuted({claimed.graph.input("x"): Fraction(at)}) is refuted


@pytest.mark.parametrize(
    ("formula", "claim"), [("abs(x)", "5"), ("max(x, 0)", "5"), ("sqrt(x)", "5"), ("floor(x)", "5")]
)
def test_at_a_kink_nothing_is_refuted(formula: str, claim: str) -> None:
    claimed, _ = claim_of(formula, "x", claim, {}, Limits())
    with pytest.raises(Weak):
        claimed.is_refuted({claimed.graph.input("x"): Fraction(0)})
