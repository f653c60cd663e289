"""`propagate` against 40 digits, the GUM and its supplement; and what is refused. `orders`, `simulate` by the way."""

import json
import math
import pickle
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import mpmath as mp
import pytest

import gradcalc
from gradcalc import ExpressionError, FileError, UsageError
from gradcalc.truth.uncertainty.answer import Result

Reference = tuple[mp.mpf, mp.mpf, mp.mpf, mp.mpf]


def one(expression: str, at: Any, **options: Any) -> Result:
    """The one result, without samples unless they are asked for."""
    return gradcalc.propagate(expression, at, **{"monte_carlo": False, "samples": 200_000} | options).results[0]


def reference(
    f: Callable[..., Any], at: Sequence[tuple[str, str]], r: dict[tuple[int, int], str] | None = None
) -> Reference:
    """Value, linear u, and mean and u to second order, in 40 digits, by mpmath's differences."""
    with mp.workdps(60):
        x, u = zip(*((mp.mpf(value), mp.mpf(size)) for value, size in at), strict=True)
        n = range(len(x))
        one_ = {(i, j): mp.mpf(1 if i == j else (r or {}).get((min(i, j), max(i, j)), 0)) for i in n for j in n}
        s = {(i, j): one_[i, j] * u[i] * u[j] for i, j in product(n, n)}
        g = [mp.diff(f, x, tuple(int(i == k) for i in n)) for k in n]
        h = {(j, k): mp.diff(f, x, tuple(int(i == j) + int(i == k) for i in n)) for j, k in product(n, n)}
        b = {(i, j): mp.fsum(h[i, k] * s[k, j] for k in n) for i, j in product(n, n)}
        first = mp.fsum(g[i] * g[j] * s[i, j] for i, j in product(n, n))
        second = first + mp.fsum(b[i, j] * b[j, i] for i, j in product(n, n)) / 2
        return f(*x), mp.sqrt(first), f(*x) + mp.fsum(b[i, i] for i in n) / 2, mp.sqrt(second)


@pytest.mark.parametrize(
    ("expression", "f", "at", "r"),
    [
        ("V/I", lambda v, i: v / i, [("4.999", "0.0032"), ("0.019661", "9.5e-6")], {(0, 1): "-0.36"}),
        ("a*exp(-b*c)", lambda a, b, c: a * mp.exp(-b * c), [("3", "0.1"), ("0.2", "0.05"), ("7", "0.3")], {}),
        (
            "sin(a)*log(b) + c^3/a", lambda a, b, c: mp.sin(a) * mp.log(b) + c**3 / a,
            [("1.1", "0.02"), ("2.7", "0.4"), ("-1.3", "0.1")], {(0, 1): "0.5", (1, 2): "-0.25", (0, 2): "0.1"},
        ),
        ("sqrt(a^2 + b^2)", lambda a, b: mp.sqrt(a * a + b * b), [("3e10", "2e8"), ("4e10", "1e9")], {(0, 1): "1"}),
        ("atan2(a, b)", lambda a, b: mp.atan(a / b), [("1e-9", "2e-11"), ("3e-9", "1e-11")], {}),
        ("(a - b)/a", lambda a, b: (a - b) / a, [("1.0000001", "1e-9"), ("1", "1e-9")], {(0, 1): "0.99"}),
        ("a^b", lambda a, b: a**b, [("2.5", "0.1"), ("1.5", "0.2")], {}),
    ],
)  # fmt: skip
def test_first_and_second_order_are_right_to_the_last_digit(
    expression: str, f: Callable[..., Any], at: Sequence[tuple[str, str]], r: dict[tuple[int, int], str]
) -> None:
    names = "VI" if "V" in expression else "abc"
    given = ",".join(f"{name}={value}±{size}" for name, (value, size) in zip(names, at, strict=False))
    corr = {f"{names[i]},{names[j]}": value for (i, j), value in r.items()}
    found = one(expression, given, corr=corr)
    assert found.linear and found.second_order
    numbers = found.value, found.linear.u, found.second_order.mean, found.second_order.u
    with mp.workdps(40):
        for number, right in zip(numbers, reference(f, at, r), strict=True):
            assert number.value == float(right) and number.certified
            assert abs(mp.mpf(number.certified.value) / right - 1) < 1e-18
    assert math.fsum(share.share or 0 for share in found.budget) == pytest.approx(1, abs=1e-14)


# -- the GUM's examples, to their printed digits ----------------------------------------------------------------------


def test_h1_end_gauge() -> None:
    """JCGM 100:2008, H.1: 50.000 838 mm, 32 nm; to second order 34 nm; 16 degrees of freedom, U99 = 93 nm."""
    found = one(
        "Ls + d - Ls*(da*t + al*dt) - 50000000",
        "Ls=50000623±25,d=215±9.7,al=11.5e-6±1.2e-6,t=-0.1±0.41,da=0±0.58e-6,dt=0±0.029",
        df={"Ls": 18, "d": 25.6, "da": 50, "dt": 2},
        level=0.99,
    )
    assert found.value.value == 838 and found.linear and found.second_order
    assert round(found.linear.u.value) == 32 and round(found.second_order.u.value) == 34
    assert math.floor(found.linear.freedom) == 16 and round(found.linear.factor, 2) == 2.92
    assert round(found.linear.factor * 32) == 93


H2 = (
    [5.007, 4.994, 5.005, 4.990, 4.999],
    [0.019663, 0.019639, 0.019640, 0.019685, 0.019678],
    [1.0456, 1.0438, 1.0468, 1.0428, 1.0433],
)
"""JCGM 100:2008, table H.2: five observations of V, I and phi."""


def test_h2_resistance_reactance_and_impedance_together() -> None:
    """JCGM 100:2008, H.2, table H.4."""
    mean = [math.fsum(column) / 5 for column in H2]
    cov = [
        [math.fsum((a - m) * (b - n) for a, b in zip(x, y, strict=True)) / 20 for y, n in zip(H2, mean, strict=True)]
        for x, m in zip(H2, mean, strict=True)
    ]
    at = {"V": (mean[0], cov[0][0] ** 0.5), "I": (mean[1], cov[1][1] ** 0.5), "phi": (mean[2], cov[2][2] ** 0.5)}
    found = gradcalc.propagate("[V/I*cos(phi), V/I*sin(phi), V/I]", at, cov=cov, monte_carlo=False)
    assert [round(x, 3) for x in found.value] == [127.732, 219.847, 254.26]
    assert [round(x, 3) for x in found.u] == [0.071, 0.296, 0.236]
    (_, rx, rz), (_, _, xz), _ = found.correlation
    assert [round(r, 3) for r in (rx, rz, xz)] == [-0.588, -0.485, 0.993]
    assert [round(r, 2) for r in found.correlations.values()] == [-0.36, 0.86, -0.65]
    assert [result.rounded for result in found.results] == ["127.732(71)", "219.85(30)", "254.26(24)"]


def test_h3_thermometer() -> None:
    """JCGM 100:2008, H.3.4: b(30 °C) = -0.1494 °C with 0.0041 °C."""
    found = one("y1 + y2*(t - 20)", "y1=-0.1712±0.0029,y2=0.00218±0.00067,t=30", corr="y1,y2=-0.930")
    assert found.linear and (found.value.value, round(found.linear.u.value, 4)) == (-0.1494, 0.0041)


def test_h4_activity() -> None:
    """JCGM 100:2008, H.4.3: R = 3.167 with 0.045 by correlated rates, of it 0.4300 Bq/g with 0.0083; 3.170: 0.4304."""
    rates, corr = "Rx=652.60±6.42,Rs=206.09±3.79", "Rx,Rs=0.646"
    known = "A=0.1368±0.0018,ms=5.0192±0.0050,mx=5.0571±0.0010"
    ratio, whole = one("Rx/Rs", rates, corr=corr), one("A*ms/mx*Rx/Rs", f"{known},{rates}", corr=corr)
    assert ratio.linear and (round(ratio.value.value, 3), round(ratio.linear.u.value, 3)) == (3.167, 0.045)
    assert whole.linear and round(whole.linear.u.value, 4) == 0.0083
    for given, value, u in (("3.167±0.045", 0.4300, 0.0083), ("3.170±0.046", 0.4304, 0.0084)):
        found = one("A*ms/mx*R", f"{known},R={given}")
        assert found.linear and (round(found.value.value, 4), round(found.linear.u.value, 4)) == (value, u)


def test_h6_hardness() -> None:
    """JCGM 100:2008, H.6.6: h = 64.0 HRC with 0.55 HRC, of repeatability, the standard and the block's variation."""
    found = one("d + c + b + s", "d=64.0±0.20,c=0,b=0±0.11,s=0±0.5")
    assert found.linear and (found.value.value, round(found.linear.u.value, 2)) == (64.0, 0.55)


# -- its supplement's ---------------------------------------------------------------------------------------------------


ROOT = "sqrt(3)"


@pytest.mark.parametrize(
    ("at", "u", "high", "shown", "valid"),
    [
        (",".join(f"{name}=0±1" for name in "abcd"), 2.0, 3.92, 2, True),
        (",".join(f"{name}=uniform(-{ROOT},{ROOT})" for name in "abcd"), 2.0, 3.88, 2, True),
        (
            ",".join(f"{name}=uniform(-{ROOT},{ROOT})" for name in "abc") + f",d=uniform(-10*{ROOT},10*{ROOT})",
            10.1,
            17.0,
            1,
            False,
        ),
    ],
)
def test_sums(at: str, u: float, high: float, shown: int, valid: bool) -> None:
    """JCGM 101:2008, 9.2, tables 2 to 4."""
    found = one("a + b + c + d", at, monte_carlo=True, samples=1_000_000)
    sampled = found.monte_carlo
    assert sampled and sampled.is_settled and found.linear_is_valid is valid
    assert (round(sampled.u, 1), round(sampled.interval[1], shown)) == (u, high)
    assert sampled.interval[0] == pytest.approx(-sampled.interval[1], abs=6e-3)


def test_mass_calibration() -> None:
    """JCGM 101:2008, 9.3, table 6."""
    found = one(
        "(m + dm)*(1 + (ra - 1.2)*(1/rw - 1/rr)) - 100000",
        "m=100000±0.050,dm=1.234±0.020,ra=uniform(1.1,1.3),rw=uniform(7e3,9e3),rr=uniform(7.95e3,8.05e3)",
        monte_carlo=True,
    )
    assert found.linear and found.second_order and found.monte_carlo
    assert (found.value.value, round(found.linear.u.value, 4)) == (1.234, 0.0539)
    assert [round(x, 4) for x in found.linear.interval] == [1.1285, 1.3395]
    assert round(found.second_order.u.value, 4) == 0.075
    assert found.monte_carlo.u == pytest.approx(0.0754, abs=2e-4)
    assert found.monte_carlo.shortest == pytest.approx((1.0834, 1.3825), abs=3e-3)
    assert found.linear_is_valid is False


@pytest.mark.parametrize(("x", "r", "mean", "u"), [("0", 0, 50, 50), ("0.010", 0, 150, 112), ("0.050", 0.9, 2550, 505)])
def test_comparison_loss(x: str, r: float, mean: float, u: float) -> None:
    """JCGM 101:2008, 9.4, in units of 1e-6: exact for normal inputs is the second order."""
    found = one("x^2 + y^2", f"x={x}±0.005,y=0±0.005", corr={"x,y": r}, monte_carlo=True)
    assert found.second_order and found.monte_carlo
    for way_mean, way_u in (
        (found.second_order.mean.value, found.second_order.u.value),
        (found.monte_carlo.mean, found.monte_carlo.u),
    ):
        assert (way_mean * 1e6, way_u * 1e6) == pytest.approx((mean, u), abs=0.7)
    assert found.linear_is_valid is False


def test_gauge_block_calibration() -> None:
    """JCGM 101:2008, 9.5, table 11: 838 nm with 32 nm by the GUM, 36 nm by samples."""
    found = one(
        "Ls + D + d1 + d2 - Ls*(da*(t + De) + al*dt) - 50000000",
        "Ls=50000623±25,D=215±6,d1=0±4,d2=0±7,al=uniform(9.5e-6,13.5e-6),t=-0.1±0.2,De=arcsine(-0.5,0.5),"
        "da=ctrap(-1e-6,1e-6,0.1e-6),dt=ctrap(-0.050,0.050,0.025)",
        df={"Ls": 18, "D": 24, "d1": 5, "d2": 8},
        level=0.99,
        monte_carlo=True,
        samples=20_000,
    )
    assert found.linear and found.monte_carlo
    assert (found.value.value, round(found.linear.u.value), round(found.monte_carlo.u)) == (838, 32, 36)
    assert found.monte_carlo.interval == pytest.approx((744.5, 931.7), abs=3)


# -- where linear fails ------------------------------------------------------------------------------------------------


def test_what_the_gradient_does_not_see() -> None:
    square, cosine = (one(text, "0±1", monte_carlo=True) for text in ("x^2", "cos(x)"))
    for found, value, second, mean, u in (
        (square, 0, (1, math.sqrt(2)), 1, math.sqrt(2)),
        (cosine, 1, (0.5, math.sqrt(0.5)), math.exp(-0.5), math.sqrt((1 + math.exp(-2)) / 2 - math.exp(-1))),
    ):
        assert found.linear and found.second_order and found.monte_carlo
        assert (found.value.value, found.linear.u.value, found.linear_is_valid) == (value, 0, False)
        assert (found.second_order.mean.value, found.second_order.u.value) == pytest.approx(second, rel=1e-15)
        assert (found.monte_carlo.mean, found.monte_carlo.u) == pytest.approx((mean, u), rel=2e-3)
        assert [share.share for share in found.budget] == [None]


def test_interactions_are_told_as_parts_of_the_variance() -> None:
    found = one("x*y + x^2", "x=0±1,y=0±2").second_order
    assert found and {each.names: each.share for each in found.interactions} == pytest.approx(
        {("x", "x"): 2 / 6, ("x", "y"): 4 / 6}
    )


@pytest.mark.parametrize(
    ("expression", "at", "kinds"),
    [
        ("abs(x - 1)", "1±0.5", ["kink", "reach", "linear"]),
        ("abs(x)", "1±0.5", ["reach"]),
        ("abs(x)", "1±0.01", []),
        ("1/x", "1±0.5", ["reach", "samples"]),
        ("tan(x)", "1.4±0.2", ["reach", "samples"]),
        ("sec(x)", "0.1±0.1", []),
        ("gamma(x)", "0.5±0.4", ["reach", "samples"]),
        ("gamma(x)", "1.5±0.2", []),
        ("log(x)", "2±1", ["undefined samples"]),
        ("max(x, 1)", "0.5±0.5", ["reach"]),
        ("where(x > 0, x^2, x)", "1±1", ["reach"]),
        ("floor(x)", "0.5±1", ["reach"]),
        ("floor(x)", "0.5±0.01", []),
        ("round(x)", "1±0.01", []),
        ("exp(x)", "1±0.01", []),
    ],
)
def test_what_lies_within_reach_is_told(expression: str, at: str, kinds: list[str]) -> None:
    found = one(expression, at, monte_carlo=True, samples=100_000)
    assert [note.kind for note in found.notes] == kinds
    if "undefined samples" in kinds:
        assert found.monte_carlo and found.monte_carlo.undefined == pytest.approx(
            0.02275 * found.monte_carlo.samples, rel=0.01
        )
        assert found.linear_is_valid is None
    if "linear" in kinds:
        assert found.linear is None and found.linear_is_valid is False


def test_an_undefined_value_has_no_linear_answer() -> None:
    found = gradcalc.propagate("sin(x)/x", "0±1", samples=100_000)
    assert found.exit_code == 3 and found.linear is None and found.second_order is None
    assert found.monte_carlo.u == pytest.approx(0.1785, abs=2e-3) and found.linear_is_valid is False


# -- degrees of freedom and several results ---------------------------------------------------------------------------


def test_welch_and_satterthwaite() -> None:
    found = one("x + 2*y", "x=1±0.1,y=2±0.2", df={"x": 4, "y": 9}).linear
    freedom = (0.01 + 0.16) ** 2 / (0.01**2 / 4 + 0.16**2 / 9)
    assert found and found.freedom == pytest.approx(freedom, rel=1e-14)
    assert round(found.factor, 3) == 2.228  # of 10, the whole part of 10.05
    with pytest.raises(UsageError, match="inputs that are not correlated"):
        one("x + y", "x=1±0.1,y=2±0.2", df={"x": 4}, corr="x,y=0.1")


def test_samples_of_an_estimate_with_degrees_of_freedom_are_students() -> None:
    found = one("x", "x=1±0.1", df={"x": 5}, monte_carlo=True).monte_carlo
    assert found and found.u == pytest.approx(0.1 * math.sqrt(5 / 3), rel=5e-3)


def test_several_results_are_lists() -> None:
    found = gradcalc.propagate("[x + y, x - y]", "x=1±0.1,y=2±0.2", samples=100_000)
    body = found.to_dict()
    assert json.loads(json.dumps(body)) == body
    assert body["value"] == [3.0, -1.0] and body["linear_is_valid"] == [True, True]
    assert body["covariance"] == [pytest.approx([0.05, -0.03]), pytest.approx([-0.03, 0.05])]
    assert body["correlation"][0] == pytest.approx([1, -0.6])
    assert body["monte_carlo"]["correlation"][0] == pytest.approx([1, -0.6], abs=1e-3)
    assert [[share["share"] for share in budget] for budget in body["budget"]] == [pytest.approx([0.2, 0.8])] * 2
    assert len(body["second_order"]["u"]) == 2 and body["linear"]["u"][0] == pytest.approx(math.sqrt(0.05))


def test_elements_of_arrays_and_bindings() -> None:
    found = gradcalc.propagate(
        "sum(k*x^2)", "x=[1±0.1,2±0.1,3]", let={"k": 2}, corr={"x[0],x[1]": 0.5}, samples=100_000
    )
    assert found.u == pytest.approx(math.sqrt(0.16 + 0.64 + 0.32)) and found.let == {"k": 2.0}
    assert [each.name for each in found.inputs] == ["x[0]", "x[1]", "x[2]"]
    assert found.monte_carlo.u == pytest.approx(found.second_order.u.value, rel=1e-3)


def test_an_input_that_nothing_depends_on_and_one_that_is_exact() -> None:
    found = gradcalc.propagate("c*x", "x=2±0.1,c=3,y=1±1", samples=10_000)
    assert [(share.name, share.share) for share in found.budget] == [("x", 1.0), ("y", 0.0)]
    assert [note.kind for note in found.notes] == ["independent"]


def test_tiny_and_huge_numbers() -> None:
    for scale in ("e-300", "e300"):
        found = one("3*x", f"x=2.00(5){scale}", monte_carlo=True)
        assert found.linear and found.linear.u.value == float(f"0.15{scale}") and found.linear_is_valid is True
        assert [share.share for share in found.budget] == [1.0]
    opposite = one("x - y", "x=1±0.1,y=2±0.1", corr="x,y=1", monte_carlo=True)
    assert opposite.linear and opposite.linear.u.value == 0
    assert opposite.linear_is_valid is None and opposite.notes[-1].message.endswith("vary by rounding alone")


# -- the samples -------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bits() -> None:
    at, options = "x=1±0.1,y=t(0,1,5)", {"monte_carlo": True, "samples": 20_000}
    first, again, other = (one("x*exp(y)", at, seed=seed, **options).monte_carlo for seed in (7, 7, 8))
    assert first == again != other
    assert first and not first.is_settled and first.samples >= 20_000


def test_correlated_inputs_that_are_not_normal_are_not_sampled() -> None:
    found = gradcalc.propagate("x + y", "x=uniform(0,1),y=0±1", corr="x,y=0.5")
    assert found.monte_carlo is None and found.linear_is_valid is None
    assert found.aside == "no samples: x is uniform and correlated: only normal inputs are sampled together"
    assert found.u == pytest.approx(math.sqrt(1 / 12 + 1 + 1 / math.sqrt(12)))


def test_the_answer_pickles_and_shows_itself() -> None:
    found = gradcalc.propagate("x*y", {"x": (2, 0.1), "y": "3±2%"}, samples=10_000)
    assert pickle.loads(pickle.dumps(found)) == found
    assert "6.00(32)" in repr(found) and "6.00(32)" in found._repr_html_()


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({}, UsageError, "no input has an uncertainty"),
        ({"at": "x=1,y=2"}, UsageError, "no input has an uncertainty"),
        ({"at": "x=1±1"}, UsageError, "no value for y"),
        ({"at": 3}, UsageError, "at names no values"),
        ({"at": "x=1±1,y=2,z=3"}, UsageError, "the formula does not contain z"),
        ({"at": "1±1"}, UsageError, "a value without a name is for the one variable of a formula; this one has 2 variables: x, y"),
        ({"at": "x=1±1,y=2", "level": 1}, UsageError, "level is 1"),
        ({"at": "x=1±1,y=2", "samples": 0}, UsageError, "samples is 0"),
        ({"at": "x=1±1,y=2", "seed": -1}, UsageError, "seed is -1"),
        ({"at": "x=1±1,y=2", "digits": 0}, UsageError, "digits is 0"),
        ({"at": "x=1±1,y=2", "df": {"y": 3}}, UsageError, "df names y, which has no uncertainty"),
        ({"at": "x=1±1,y=2", "df": {"x": 0}}, UsageError, "the degrees of freedom of x are 0"),
        ({"at": "x=1±1,y=2", "let": {"y": 1}}, UsageError, "y is given by both at and let"),
        ({"at": "x=1±1,y=2", "cov": "/nowhere"}, FileError, "/nowhere: No such file or directory"),
        ({"at": "x=1±,y=2"}, ExpressionError, "the uncertainty is missing"),
    ],
)  # fmt: skip
def test_what_is_refused(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as raised:
        gradcalc.propagate("x*y", **options)
    assert getattr(raised.value, "message", "") == message
