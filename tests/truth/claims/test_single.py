"""Single points: where a claim alone has no value, or one of its own, it is told; of none it is said that there is none."""

import pytest

from gradcalc import check


@pytest.mark.parametrize(
    ("formula", "claim", "domain"),
    [
        ("x^2", "2*x^2/x", "x != 0"),
        ("x^2", "2*x*(x - 1)/(x - 1)", "x != 1"),
        ("x^2", "2*x*(8x - 3)/(8x - 3)", "x != 3/8"),
        ("x^2", "2*x*(x^2 - 2)/(x^2 - 2)", "x**2 != 2"),
        ("x^2*y", "2*x*y*(x - y)/(x - y)", "x != y"),
        ("x^2", "2*x*tan(x)/tan(x)", "cos(x) != 0 and tan(x) != 0"),
        ("x^2", "2*x*(x - pi)/(x - pi)", "x != pi"),
        ("x^2", "2*x*(x - 1)/log(exp(x - 1))", "exp(x - 1) != 1"),
        ("x^2", "2*x*(abs(x) - 3)/(abs(x) - 3)", "x != -3 and x != 3"),
        ("x^2", "2*x*(x^3 - 5)/(x^3 - 5)", "x**3 != 5"),
    ],
)
def test_a_point_without_a_value_is_left_out_of_the_domain(formula: str, claim: str, domain: str) -> None:
    (found,) = check(formula, claim, "x").claims
    assert (found.verdict, found.domain) == ("proved", domain)
    assert found.told == f"equal by their normal forms where {domain}; elsewhere the claim has no value"


@pytest.mark.parametrize(
    ("formula", "claim"),
    [("x^2", "2*x*(x^2 + 1)/(x^2 + 1)"), ("sin(x)/x", "(x*cos(x) - sin(x))/x^2"), ("log(x)", "1/x"), ("tan(x)", "1/cos(x)^2"),
     ("x^2", "2*x*exp(x)/exp(x)"), ("x^2", "where(x == 3, 6, 2*x)"), ("x^2", "where(x == 3, 2*x, x + x)")],
)  # fmt: skip
def test_where_the_claim_lacks_nothing_nothing_is_left_out(formula: str, claim: str) -> None:
    (found,) = check(formula, claim, "x").claims
    assert (found.verdict, found.domain) == ("proved", None)


@pytest.mark.parametrize(
    ("claim", "at"),
    [
        ("where(x == 7.25, 1, 2*x)", 7.25),
        ("where(x == pi, 1, 2*x)", 3.141592653589793),
        ("where(x == 100, 2*x + 1, 2*x)", 100),
    ],
)
def test_a_value_at_a_single_point_is_found(claim: str, at: float) -> None:
    (found,) = check("x^2", claim).claims
    assert found.verdict == "agrees" and found.elsewhere is not None
    assert found.elsewhere.at == {"x": at}


@pytest.mark.parametrize(("formula", "claim"), [
    ("cosh(x^3)", "where(x == 100, 1, 0) + 3*x^2*sinh(x^3)"),  # no ball tells the 1 from the rest
    ("x^2*y", "where(x == y^9 - exp(y) + 1/3, 1, 2*x*y)"),
])  # fmt: skip
def test_what_may_differ_at_single_points_is_not_called_proved(formula: str, claim: str) -> None:
    assert check(formula, claim, "x").claims[0].verdict == "agrees"


@pytest.mark.parametrize("claim", [
    "where(abs(x - 0.1234) <= 0, 5, 1)", "where((x - 0.1234)^2 <= 0, 5, 1)", "abs(sign(x - 0.1234))", "where(x^3 == 2, 5, 1)",
    "where(x^5 - x >= 2, 1, where(x^5 - x < 2, 1, 5))", "where(sin(x) == 1/2, 5, 1)", "where(exp(x) == 7, 5, 1)", "sign(x^3 - 2)^2",
])  # fmt: skip
def test_a_claim_that_is_wrong_at_a_number_of_any_kind_is_not_called_proved(claim: str) -> None:
    (found,) = check("x", claim).claims
    assert (found.verdict, found.domain) == ("agrees", "nothing jumps and no branch ends")


@pytest.mark.parametrize(("formula", "claim"), [
    ("x*y", "y*sign((x - 0.1234)*(y - 0.4321))^2"), ("x*y", "where(x == 1 and y == 2, 7, y)"),
    ("sqrt(x^2 + y^2)", "x/sqrt(x^2 + y^2)*sign(x^2 - 2)^2"),
])  # fmt: skip
def test_nor_is_one_that_is_wrong_on_a_line_or_at_a_point_of_the_plane(formula: str, claim: str) -> None:
    assert check(formula, claim, "x").claims[0].verdict == "agrees"


@pytest.mark.parametrize(("formula", "claim"), [
    ("x", "2 - heaviside(x - 0.1234) - heaviside(0.1234 - x)"), ("x*y", "where(x == y, x, y)"),
    ("abs(x - 0.1234)", "sign(x - 0.1234)"), ("asin(x/a)", "sign(a)/sqrt(a^2 - x^2)"),
    ("abs(x^2 - 1)", "where(abs(x) > 1, 2x, -2x)"), ("where(x > 0.3, x^2, 0.6x - 0.09)", "max(2x, 0.6)"),
    ("min(max(x, 0), 1)", "where(x > 0 and x < 1, 1, 0)"), ("max(x, y, z)", "where(x > y and x > z, 1, 0)"),
    ("abs(sin(x))", "sign(sin(x))*cos(x)"), ("sqrt((1 + cos(x))/2)", "-sin(x/2)/2*sign(cos(x/2))"),
])  # fmt: skip
def test_where_branches_end_at_kinks_or_in_the_same_value_claims_are_proved(formula: str, claim: str) -> None:
    (found,) = check(formula, claim, "x").claims
    assert (found.verdict, found.domain) == ("proved", None)


@pytest.mark.parametrize(("formula", "claim", "wrt"), [
    ("x*abs(x)", "2*abs(x) + where(x == 0, 5, 0)", "x"), ("x^2*sign(x)", "2*abs(x) + 1 - sign(x)^2", "x"),
    ("relu(x - 5) - relu(5 - x)", "1 + where(x == 5, 3, 0)", "x"), ("cbrt(x)^3", "1 + where(x == 0, 3, 0)", "x"),
    ("where(x >= 5, x^2, 10x - 25)", "where(x > 5, 2*x, 10) + where(x == 5, 3, 0)", "x"),
    ("t*sign(x)", "sign(x) + where(x == 0, 3, 0)", "t"), ("x*y*abs(y)", "2*abs(y) + where(y == 0, 3, 0)", "x,y"),
    ("sin(x)*abs(sin(x))", "2*abs(sin(x))*cos(x) + where(sin(x) == 0, 3, 0)", "x"),
    ("max(x, y, z)", "where(x > y and x > z, 1, 0) + where(x == y and z > x + 1, 3, 0)", "x"),
])  # fmt: skip
def test_where_an_op_has_a_kink_but_the_formula_has_none_the_claim_must_be_right(
    formula: str, claim: str, wrt: str
) -> None:
    assert check(formula, claim, wrt).claims[0].verdict == "agrees"


@pytest.mark.parametrize(("formula", "right", "wrong"), [
    ("where(x > y, x, y)^2", "where(x > y, 2*x, 0)", "where(x == y, 5, 0)"),
    ("min(x, y)*x", "where(x < y, 2*x, y)", "where(x == y, 1, 0)"),
    ("abs(x - y)*(x + y)", "sign(x - y)*(x + y) + abs(x - y)", "where(x == y, 3, 0)"),
    ("abs(x*y)", "y*sign(x*y)", "where(x == 0, 2, 0)"), ("relu(x*y)", "where(x*y > 0, y, 0)", "1 - sign(x)^2"),
    ("leaky_relu(x*y)", "where(x*y > 0, y, y/5)", "where(x == 0 and y < 1, 1, 0)"),
    ("max(x^2, y)", "where(x^2 > y, 2*x, 0)", "where(x^2 == y, 4, 0)"),
])  # fmt: skip
def test_where_the_slopes_of_both_sides_of_a_line_of_kinks_meet_the_claim_must_be_right(
    formula: str, right: str, wrong: str
) -> None:
    (found,), (other,) = (check(formula, claim, "x").claims for claim in (right, f"{right} + {wrong}"))
    assert (found.verdict, found.domain) == ("proved", None)
    assert other.verdict in ("agrees", "refuted") and (other.verdict == "refuted" or other.domain)


@pytest.mark.parametrize(("formula", "claim", "wrt"), [
    ("x*abs(x)", "where(x >= 0, 2*x, -2*x)", "x"), ("relu(x)^2", "where(x > 0, 2*x, 0)", "x"),
    ("where(abs(x) <= 1, x^2/2, abs(x) - 1/2)", "where(abs(x) <= 1, x, sign(x))", "x"), ("sqrt(x^2)", "sign(x)", "x"),
    ("max(x, y, z)", "where(x >= y and x >= z, 1, 0)", "x"), ("t*where(x > 0, 1, 2)", "where(x <= 0, 2, 1)", "t"),
    ("abs(x*y)", "y*sign(x*y)", "x"), ("t*floor(x)", "floor(x)", "t"), ("max(0, x)*max(0, y)", "where(x > 0, max(0, y), 0)", "x"),
])  # fmt: skip
def test_where_it_is_right_there_too_it_is_proved(formula: str, claim: str, wrt: str) -> None:
    (found,) = check(formula, claim, wrt).claims
    assert (found.verdict, found.domain) == ("proved", None)
