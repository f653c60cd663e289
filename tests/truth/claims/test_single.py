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
