"""Values with their uncertainty, as they are written."""

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from gradcalc.errors import ExpressionError, UsageError
from gradcalc.language.measured import LAWS, read_measurements, to_measurements
from gradcalc.settings import Limits

LIMITS = Limits()


def read(text: str) -> tuple[float, float]:
    """Estimate and uncertainty of one value."""
    (measurement,) = read_measurements(f"x={text}", LIMITS).values()
    (item,) = measurement.items
    value, u, _ = item.numbers()
    return value, u


@pytest.mark.parametrize(
    ("text", "value", "u"),
    [
        ("4.999±0.0032", 4.999, 0.0032),
        ("4.999 +- 0.0032", 4.999, 0.0032),
        ("4.999+/-0.0032", 4.999, 0.0032),
        ("4.999 \\pm 0.0032", 4.999, 0.0032),
        ("−4.999±0.0032", -4.999, 0.0032),
        ("2+-1", 2.0, 1.0),
        ("1.234(5)", 1.234, 0.005),
        ("1.234(15)", 1.234, 0.015),
        ("1234(15)", 1234.0, 15.0),
        ("1.234(0.005)", 1.234, 0.005),
        ("0.019661(9.5e-6)", 0.019661, 9.5e-6),
        ("-12.3(1.5)", -12.3, 1.5),
        ("6.62607015(81)e-34", 6.62607015e-34, 8.1e-41),
        ("6.62(8)×10^-34", 6.62e-34, 8e-36),
        ("6.62(8)*10**-34", 6.62e-34, 8e-36),
        ("6.62(8)×10⁻³⁴", 6.62e-34, 8e-36),
        ("5±2%", 5.0, 0.1),
        ("-5 ± 2 %", -5.0, 0.1),
        ("5(2%)", 5.0, 0.1),
        ("(5±2)%", 0.05, 0.02),
        ("(4.999±0.0032)e-3", 4.999e-3, 3.2e-6),
        ("pi/4 ± sqrt(2)/100", math.pi / 4, math.sqrt(2) / 100),
        ("5", 5.0, 0.0),
        ("5±0", 5.0, 0.0),
        ("gamma(4)", 6.0, 0.0),
        ("normal(3, 0.5)", 3.0, 0.5),
        ("uniform(0,1)", 0.5, 1 / math.sqrt(12)),
        ("Rectangular(0, 1)", 0.5, 1 / math.sqrt(12)),
        ("triangular(0, 1)", 0.5, 1 / math.sqrt(24)),
        ("triangular(0, 0.25, 1)", 5 / 12, math.sqrt(13 / 16 / 18)),
        ("trapezoid(0, 1, 0.5)", 0.5, math.sqrt(1.25 / 24)),
        ("ctrap(-1, 1, 0.3)", 0.0, math.sqrt(1 / 3 + 0.01)),
        ("arcsine(-0.5, 0.5)", 0.0, math.sqrt(1 / 8)),
        ("t(1, 2, 4)", 1.0, 2 * math.sqrt(2)),
        ("t(1, 2, nu=4)", 1.0, 2 * math.sqrt(2)),
        ("t(4)", 0.0, math.sqrt(2)),
        ("exponential(3)", 3.0, 3.0),
        ("gamma(4, 2)", 8.0, 4.0),
    ],
)  # fmt: skip
def test_ways_of_writing(text: str, value: float, u: float) -> None:
    assert read(text) == pytest.approx((value, u), rel=1e-15)


def test_decimals_are_exact() -> None:
    (measurement,) = read_measurements("x=0.1(1)", LIMITS).values()
    graph, item = measurement.graph, measurement.items[0]
    ratio = graph.nodes[item.value]
    assert [graph.nodes[i].parameter for i in ratio.operands] == ["1", "10"]
    assert Fraction(*(int(graph.nodes[i].parameter or 0) for i in graph.nodes[item.deviation].operands)) == Fraction(
        1, 10
    )


def test_several_names_arrays_and_a_lone_value() -> None:
    found = read_measurements("`time (s)`=3±1,x=[1±0.1, 2, 3±1%]", LIMITS)
    assert list(found) == ["time (s)", "x"] and found["x"].shape == (3,)
    assert [item.numbers()[1] for item in found["x"].items] == [0.1, 0.0, 0.03]
    assert read_measurements("A=[[1±1,2],[3,4±1]]", LIMITS)["A"].shape == (2, 2)
    assert list(read_measurements("3±0.1", LIMITS)) == [""]


@pytest.mark.parametrize(
    ("text", "message", "span"),
    [
        ("x=5±", "the uncertainty is missing", (4, 5)),
        ("x=±5", "the value is missing", (2, 3)),
        ("x=5±%", "the uncertainty is missing", (4, 5)),
        ("x=5±1±2", "a value has one uncertainty", (5, 7)),
        ("x=5±-1", "an uncertainty is negative", (4, 6)),
        ("x=0±2%", "a percentage of 0 is no uncertainty", (4, 6)),
        ("x=1±1e-400", "the uncertainty is 0 in floats", (4, 10)),
        ("x=sqrt(4±1)", "± stands between a value and its uncertainty", (8, 9)),
        ("x=(1+2)*(3±1)", "± stands between a value and its uncertainty", (10, 11)),
        ("x=1,x=2", "x has a value already", (4, 7)),
        ("x=1,,y=2", "a value is missing", (4, 5)),
        ("x", "x has no value", (0, 1)),
        ("=3±1", "a binding begins with a name", (0, 1)),
        ("x=a±1", "a has no value here", (2, 3)),
        ("y=1, x=5±1 V", "V has no value here", (11, 12)),
        ("x=1/0±1", "a number is expected that is finite in floats", (2, 5)),
        ("x=1(1)e99999999999", "the number is beyond what floats hold", (2, 18)),
        ("x=[1±1,[2]]", "the rows differ in length", (2, 11)),
        ("x=[]", "the array is empty", (2, 4)),
        ("x=uniform(1,0)", "the lower end is not below the upper one", (2, 14)),
        ("x=uniform(1)", "uniform takes 2 numbers", (2, 12)),
        ("x=uniform(1,)", "a number is missing", (12, 13)),
        ("x=uniform(b=1,2)", "b stands where a is expected", (10, 13)),
        ("x=normal(0,0)", "the scale is not above 0", (2, 13)),
        ("x=t(0,1,2)", "with 2 or fewer degrees of freedom there is no standard uncertainty", (2, 10)),
        ("x=trapezoid(0,1,2)", "beta is the ratio of top to base, from 0 to 1", (2, 18)),
        ("x=ctrap(0,1,2)", "d is above 0 and at most half the width", (2, 14)),
        ("x=nan±1", "a number is expected that is finite in floats", (2, 5)),
        ("x=1.234(5)*2", "1.234(5) is a value with its uncertainty", (2, 10)),
        ("x=1.234(5)(6)", "1.234(5) is a value with its uncertainty", (2, 10)),
        ("x=1.2(3)±0.1", "1.2(3) is a value with its uncertainty", (2, 8)),
        ("x=uniform(2(3),9)", "2(3) is a value with its uncertainty", (10, 14)),
        ("x=1±inf", "infinity is no number: it may only be compared with", (4, 7)),
    ],
)  # fmt: skip
def test_what_is_refused_is_shown_with_its_place(text: str, message: str, span: tuple[int, int]) -> None:
    with pytest.raises(ExpressionError) as raised:
        read_measurements(text, LIMITS)
    assert (raised.value.message, raised.value.text, raised.value.span) == (message, text, span)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("given", "value", "u"),
    [
        ("5±0.1", 5.0, 0.1),
        ((5, 0.1), 5.0, 0.1),
        (("5", "1/10"), 5.0, 0.1),
        (SimpleNamespace(nominal_value=5.0, std_dev=0.1), 5.0, 0.1),
        (5, 5.0, 0.0),
        (Fraction(1, 3), 1 / 3, 0.0),
    ],
)
def test_values_of_python(given: Any, value: float, u: float) -> None:
    found = to_measurements({"x": given}, LIMITS)["x"].items[0].numbers()
    assert found[:2] == (value, u)
    assert to_measurements({"x": [given, given]}, LIMITS)["x"].shape == (2,)


@pytest.mark.parametrize("given", [(1, 2, 3), (5, -0.1), (5, float("nan")), [], [1, [2]], "5±", None, object()])
def test_values_of_python_that_are_none(given: Any) -> None:
    with pytest.raises((UsageError, ExpressionError)):
        to_measurements({"x": given}, LIMITS)


def test_every_law_refuses_what_it_cannot_be() -> None:
    for name, law in LAWS.items():
        assert law.wrong(*[-1.0] * len(law.parameters)), name
