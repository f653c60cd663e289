"""Claims of derivatives: right ones are proved, wrong ones refuted at a point, and no other way round."""

import json
import pickle

import pytest
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.errors import ExpressionError, LimitError, UsageError
from gradcalc.graph import derive
from gradcalc.language.parse import parse
from gradcalc.truth.claims.check import Claim, check

RIGHT = """
x^5 - 3x^2 + 7                  | 5x^4 - 6x
(3x + 2)^7                      | 21(3x + 2)^6
sqrt(x) + 1/sqrt(x)             | (x - 1)/(2*x*sqrt(x))
x^(2/3)                         | 2/(3*cbrt(x))
(x^2 + 1)/(x^2 - 1)             | -4x/(x^2 - 1)^2
x*sqrt(9 - x^2)                 | (9 - 2x^2)/sqrt(9 - x^2)
sqrt((1 - x)/(1 + x))           | -1/((1 + x)*sqrt(1 - x^2))
sqrt(x + sqrt(x))               | (2sqrt(x) + 1)/(4sqrt(x)*sqrt(x + sqrt(x)))
x^x                             | x^x*(ln(x) + 1)
x^sin(x)                        | x^sin(x)*(cos(x)*log(x) + sin(x)/x)
(1 + 1/x)^x                     | (1 + 1/x)^x*(log((x + 1)/x) - 1/(x + 1))
2^x                             | 2^x*ln(2)
x^0.1                           | 0.1*x^(-0.9)
log((1 + x)/(1 - x))            | 2/(1 - x^2)
log(x + sqrt(x^2 + 1))          | 1/sqrt(x^2 + 1)
log(sec(x) + tan(x))            | sec(x)
log(tan(x/2))                   | csc(x)
log(abs(x))                     | 1/x
log(x)/log(10)                  | 1/(x*ln(10))
sin(x)^2                        | sin(2x)
sin(x)^2                        | 2 sin(x) cos(x)
tan(x)                          | sec(x)^2
tan(x)                          | 1 + tan(x)^2
sec(x)*tan(x)                   | sec(x)*(2sec(x)^2 - 1)
sin(3x)^2                       | 3sin(6x)
sin(x)/(1 + cos(x))             | 1/(1 + cos(x))
sin(x)/(1 + cos(x))             | sec(x/2)^2/2
sin(x + pi/4)                   | (cos(x) - sin(x))/sqrt(2)
asin(x)                         | 1/sqrt(1 - x^2)
x*asin(x) + sqrt(1 - x^2)       | pi/2 - acos(x)
asec(x)                         | 1/(abs(x)*sqrt(x^2 - 1))
sin(2asin(x))                   | (2 - 4x^2)/sqrt(1 - x^2)
atan(exp(x))                    | 1/(2cosh(x))
exp(x)*sinh(x)                  | exp(2x)
tanh(x)                         | 4/(exp(x) + exp(-x))^2
log(cosh(x))                    | (exp(2x) - 1)/(exp(2x) + 1)
acosh(x)                        | 1/(sqrt(x - 1)*sqrt(x + 1))
1/(1 + exp(-x))                 | sigmoid(x)*(1 - sigmoid(x))
exp(-x^2/2)/sqrt(2pi)           | -x*norm_pdf(x)
(x^2 + 1)^100                   | 200x*(x^2 + 1)^99
x*abs(x)                        | 2abs(x)
max(x, x^2)                     | where(x > 1, 2x, where(x < 0, 2x, 1))
relu(x)                         | heaviside(x)
x^2 + C                         | 2x
e^x                             | e^x
5                               | 0
erf(x)                          | \\frac{2}{\\sqrt{\\pi}} e^{-x^2}
gamma(x + 1)                    | gamma(x)*(1 + x*digamma(x))
besselj(0, x)                   | -besselj(1, x)
lambertw(x)                     | lambertw(x)/(x*(1 + lambertw(x)))
a^2*asin(x/a)                   | a*abs(a)/sqrt(a^2 - x^2)
x^n*exp(-a*x)                   | x^(n - 1)*exp(-a*x)*(n - a*x)
log(x/y)                        | 1/x
sqrt(x^2*y^2)                   | x*y^2/sqrt(x^2*y^2)
x/(1 + abs(x))                  | 1/(1 + abs(x))^2
"""
PAIRS = [tuple(part.strip() for part in line.split("|")) for line in RIGHT.strip().splitlines()]

LACKING = {
    "gamma(x + 1)": "x is not an integer or x > 0",
    "lambertw(x)": "x >= -exp(-1) and x != 0 and lambertw(x) != -1",
}
"""Where the claims have values whose derivatives have more."""


def judged(formula: str, claim: str, wrt: str | None = "x", **more: object) -> Claim:
    (found,) = check(formula, claim, wrt, **more).claims  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(("formula", "claim"), PAIRS)
def test_what_a_textbook_says_is_proved(formula: str, claim: str) -> None:
    found = judged(formula, claim)
    assert found.verdict == "proved" and found.witness is None and found.points
    assert found.domain == LACKING.get(formula)


WRONG = ["({})*(1 + 1e-12)", "({}) + 1e-12", "-({}) - 1e-30", "({})*(1 + 1/10^40) + 1/10^60", "({}) + cos(x)"]


@pytest.mark.parametrize(("formula", "claim"), [pair for pair in PAIRS if "\\" not in pair[1]])
def test_the_same_made_wrong_is_refuted_at_a_point_where_it_is_wrong(formula: str, claim: str) -> None:
    wrong = WRONG[len(formula + claim) % len(WRONG)].format(claim)
    found = judged(formula, wrong)
    assert found.verdict == "refuted" and found.witness is not None, found
    at = found.witness.at
    assert all(len(repr(value)) <= 8 for value in at.values())
    claimed, slope = (_value(text, at, by) for text, by in ((wrong, None), (formula, "x")))
    assert not claimed.overlaps(slope)
    assert float(claimed) == pytest.approx(found.witness.claim, rel=1e-15)
    assert float(slope) == pytest.approx(found.witness.derivative, rel=1e-15, abs=1e-300)
    assert found.witness.digits[0] != found.witness.digits[1]


def _value(text: str, at: object, by: str | None) -> arb:
    """A formula, or its derivative, at a point, decimals as written."""
    formula = parse(text, shapes={"x": ()})
    graph = formula.graph
    node = formula.output if by is None else derive.gradient(graph, formula.output, [graph.input(by)])[0]
    inputs = {graph.inputs[name]: arb(x) for name, x in at.items() if name in graph.inputs}  # type: ignore[attr-defined]
    with ctx.workprec(800):
        value = Balls(800, "written").evaluate(graph, inputs, [node])[node]
    assert isinstance(value, arb)
    return value


@pytest.mark.parametrize(
    ("formula", "claim", "domain", "elsewhere"),
    [
        ("x^2/2", "sqrt(x^2)", "x >= 0", -1.0),
        ("sqrt(x^2)", "1", "x >= 0", -1.0),
        ("abs(x)", "-1", "x <= 0", 2.0),
        ("asec(x)", "1/(x*sqrt(x^2 - 1))", "x >= 1", -2.0),
        ("log(abs(x - 1))", "1/abs(x - 1)", "x >= 1", 0.5),
        ("x^3/3", "sqrt(x)^4", "x >= 0", None),
        ("cbrt(x)", "x^(-2/3)/3", "x > 0", None),
        ("x^2", "2exp(log(x))", "x > 0", None),
        ("where(x > 2, x^2, x)", "2x", "x >= 2", 1.0),
    ],
)
def test_claims_that_are_right_on_a_part_of_the_domain_say_on_which(
    formula: str, claim: str, domain: str, elsewhere: float | None
) -> None:
    found = judged(formula, claim)
    assert (found.verdict, found.domain, found.witness) == ("agrees", domain, None)
    assert (found.elsewhere and dict(found.elsewhere.at)) == (None if elsewhere is None else {"x": elsewhere})


@pytest.mark.parametrize(("formula", "claim", "domain"), [
    ("t*log(x*y)", "log(x) + log(y)", "x*y > 0 and x > 0 and y > 0"),
    ("t*log(tan(x))", "log(sin(x)) - log(cos(x))", "cos(x) != 0 and tan(x) > 0 and sin(x) > 0 and cos(x) > 0"),
    ("t*relu(x)", "cosh(acosh(relu(x)))", "relu(x) >= 1 and x >= 0"),
])  # fmt: skip
def test_parts_on_which_the_claim_has_no_value_are_seen(formula: str, claim: str, domain: str) -> None:
    found = judged(formula, claim, "t")
    assert (found.verdict, found.domain, found.witness) == ("agrees", domain, None)


def test_of_a_part_at_whose_end_the_claim_jumps_that_is_told() -> None:
    found = judged("x^2", "where(x > 1, 2*x, 0)")
    assert (found.domain, found.why) == (
        "x >= 1", "proved there, but perhaps where the claim jumps or a branch of it ends"
    )  # fmt: skip


@pytest.mark.parametrize("wrong", ["2^n", "(-2)^(n + 2)/4 + 1e-30", "abs((-2)^n)"])
def test_powers_that_have_values_at_integers_alone_are_refuted_there(wrong: str) -> None:
    assert judged("(-2)^n*x", wrong, "x").verdict == "refuted"


def test_a_claim_that_is_right_at_a_single_point_of_a_part_is_refuted() -> None:
    assert judged("t*abs(1 - x)*abs(log(x))", "(1 - x)*log(x)", "t").verdict == "refuted"


@pytest.mark.parametrize(
    ("formula", "claim", "verdict", "domain"),
    [
        ("t*(x^2)^y", "x^(2*y)", "agrees", "x >= 0"),
        ("t*sqrt(x^(2*y))", "x^y", "agrees", "x >= 0"),
        ("t*abs(x)^y", "x^y", "agrees", "x >= 0"),
        ("t*(x^y)^3", "x^(3*y)", "proved", None),
        ("t*x^y/x^z", "x^(y - z)", "proved", None),
    ],
)
def test_powers_with_variable_exponents_count_at_negative_bases_too(
    formula: str, claim: str, verdict: str, domain: str | None
) -> None:
    found = judged(formula, claim, "t")
    assert (found.verdict, found.domain, found.witness) == (verdict, domain, None)


@pytest.mark.parametrize(
    ("formula", "claim", "verdict", "why"),
    [
        ("x^2", "log(-1 - x^2)", "undecided", "the claim has no value at any of"),
        ("log(-1 - x^2)", "2x/(1 + x^2)", "undecided", "the derivative has no value at any of"),
        ("x", "nan", "undecided", "the claim has no value"),
        ("x^2", "2*x*I", "refuted", "not with the imaginary unit"),
        ("x^2", "2*z", "refuted", "the formula does not contain z"),
        ("atan(x)*x", "atan(x) + x/(1 + x^2) + (atan(x) + atan(1/x) - sign(x)*pi/2)", "agrees", ""),
        ("x + zeta(x) - zeta(x)", "1", "proved", ""),
        ("floor(x)", "0", "proved", ""),
        ("abs(x)", "sign(x)", "proved", ""),
        ("x^3/3", "x^2 + where(x == 0, 1, 0)", "agrees", "proved there"),
        ("x", "sign(x)^2", "agrees", "proved there"),
    ],
)
def test_what_is_said_where_there_is_no_plain_answer(formula: str, claim: str, verdict: str, why: str) -> None:
    found = judged(formula, claim)
    assert found.verdict == verdict and why in found.why


@pytest.mark.parametrize(
    ("formula", "claim", "wrt"),
    [
        ("x^4*y", "12x^2*y", "x:2"),
        ("x^4*y", "12x^2*y", "x,x"),
        ("x^4*y", "4x^3", "y,x"),
        ("x^4*y", "24x", "x:3,y"),
        ("sin(x*y)", "cos(x*y) - x*y*sin(x*y)", "x,y"),
        ("e*x", "x", "e"),
        ("e^x", "e^x", None),
        ("x*abs(x)", "2sign(x)", "x:2"),
    ],
)
def test_second_and_mixed_derivatives(formula: str, claim: str, wrt: str | None) -> None:
    assert judged(formula, claim, wrt).verdict == "proved"
    assert judged(formula, f"{claim} + 1e-12", wrt).verdict == "refuted"


def test_gradients_and_hessians_are_claims_one_by_one() -> None:
    found = check("x^2*y", grad="2*x*y, x^2 + 1")
    assert [(claim.wrt, claim.claim, claim.verdict) for claim in found.claims] == [
        ("x", "2*x*y", "proved"),
        ("y", "x^2 + 1", "refuted"),
    ]
    assert found.exit_code == 1 and not found
    found = check("max(x, y)*y", grad=["where(x > y, y, 0)", "where(x > y, x, 2y)"], wrt=["x", "y"])
    assert found and [claim.verdict for claim in found.claims] == ["proved", "proved"]
    found = check("x^2*y", hessian="[[2y, 2x], [2x, 0]]")
    assert [claim.wrt for claim in found.claims] == ["x,x", "x,y", "y,x", "y,y"] and found
    assert check("x^2*y", hessian=[["2y", "2x"], ["2x", "0"]])
    with pytest.raises(UsageError, match="1 derivatives are claimed, and the formula has 2 variables: x, y"):
        check("x^2*y", grad="2*x*y")
    with pytest.raises(UsageError, match="a row of the matrix has 1 entries"):
        check("x^2*y", hessian="[[2y], [2x]]")


def test_the_answer_as_data() -> None:
    found = check("x^2", "2*x + 1")
    body = json.loads(json.dumps(found.to_dict()))
    assert (body["schema"], body["command"], body["expression"]) == (1, "check", "x**2")
    assert body["claims"] == [
        {
            "formula": "x^2",
            "wrt": "x",
            "claim": "2*x + 1",
            "verdict": "refuted",
            "witness": {
                "at": {"x": 2.0},
                "derivative": 4.0,
                "claim": 5.0,
                "digits": {"derivative": "4", "claim": "5"},
            },
            "points": 0,
            "domain": None,
        }
    ]
    assert pickle.loads(pickle.dumps(found)) == found
    assert "refuted: at x = 2 the derivative is 4, the claim 5" in repr(found) and "refuted" in found._repr_html_()


def test_points_and_values_are_those_that_are_given() -> None:
    assert judged("x^2", "2*x + where(x == 17, 1, 0)").elsewhere.at == {"x": 17}  # type: ignore[union-attr]
    assert judged("n*x^2", "6x", let={"n": 3}).verdict == "proved"
    assert judged("x^2", "2*x + relu(x - 700)").domain == "x <= 700"
    assert judged("x^2", "2*x + relu(x - 1e9)").verdict == "agrees"
    assert judged("x^2", "2*x + relu(x - 1e9)", at={"x": 2e9}).domain == "x <= 1000000000"
    assert judged("floor(x/1e6)*x + x", "1", at={"x": 1.5e6}).witness.at == {"x": 1500000.0}  # type: ignore[union-attr]
    assert judged("sum(x^2)", "2*x[0]", "x[0]", at={"x": [1, 2]}).verdict == "proved"


@pytest.mark.parametrize(
    ("formula", "claim", "wrt", "error", "message"),
    [
        ("x^2", "2*x+*1", None, ExpressionError, "an operand is missing"),
        ("x^2*y", "2*x", None, UsageError, "the formula has variables x, y"),
        ("5", "0", None, UsageError, "the formula has no variable"),
        ("x^2", None, None, UsageError, "nothing is claimed"),
        ("alpha^2", "2", "alhpa", UsageError, "does not contain alhpa"),
        ("x^2", "0", "x:9", LimitError, "order 9"),
        ("x^2", "2", "x:", UsageError, "says not what to derive for"),
    ],
)
def test_what_is_no_question_is_refused(
    formula: str, claim: str | None, wrt: str | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        check(formula, claim, wrt)


def test_points_lie_beyond_the_constants_of_a_formula_too() -> None:
    assert check("log(x - 10^6)", "1/(x - 10^6)").claims[0].verdict == "proved"
    (claim,) = check("sqrt(x - 2500)*y", "y/(2sqrt(x - 2500)) + 1/10^20", wrt="x").claims
    assert claim.verdict == "refuted" and claim.witness and float(claim.witness.at["x"]) in (2500.5, 5000)


@pytest.mark.parametrize(
    "claim",
    [
        "sign(floor(abs(x - 0.123456)*10^4))^2",
        "sign(max(0, abs(x - 0.123456) - 10^-6))^2",
        "sign(floor(x/54321) + 1/2)^2 + sign(round(x/54321) + 3)^2 - 1",
        "sign(relu(x + 54321))^2",
        "sign(sqrt(x + 54321 + abs(x + 54321)))",
        "where(sqrt(x + 54321 + abs(x + 54321)) > 0, 1, 7)",
        "where(hypot(relu(x + 54321), relu(x + 54321)) == 0, 7, 1)",
    ],
)
def test_what_is_0_on_a_part_of_the_domain_has_the_sign_0_there(claim: str) -> None:
    found = judged("x", claim)
    parts = "x >= -54321", "(x >= 123457/1000000) or (x <= 24691/200000)"
    assert found.verdict == "agrees" and found.domain in (None, *parts)


@pytest.mark.parametrize("sign", ["x - exp(x)", "x*log(x) - 1", "sqrt(x^2 + 1) - 2x", "exp(x) - 3", "sin(x) - x"])
def test_what_is_seldom_0_has_a_sign(sign: str) -> None:
    assert judged(f"t*sign({sign})", f"abs({sign})/({sign})", "t").verdict == "proved"


def test_a_name_that_only_the_claim_has_is_told_with_the_name_that_is_near() -> None:
    found = judged("sin(alpha)", "cos(alpah)", "alpha")
    assert found.verdict == "refuted"
    assert found.told.endswith("; the formula does not contain alpah: did you mean alpha?")
