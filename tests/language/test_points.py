"""Points from text, files and Python values: exact where the user was exact, and clear about what does not fit."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import GradcalcError, UsageError
from gradcalc.language.parse import Limits
from gradcalc.language.points import as_given, nested, read_values, to_value

LIMITS = Limits()


def plain(given: Any) -> Any:
    """A Python value after its way through a constant."""
    return nested(to_value("x", given, LIMITS), Floats())


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (2, 2.0),
        (0.1, 0.1),
        (-0.0, -0.0),
        (1e300, 1e300),
        (5e-324, 5e-324),
        (Fraction(1, 3), 1 / 3),
        ("pi/4", math.pi / 4),
        ("-1e-3", -1e-3),
        (np.float64(0.1), 0.1),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.int64(-3), -3.0),
        ([1, 2.5], [1.0, 2.5]),
        (((1,), (2,)), [[1.0], [2.0]]),
        (np.arange(6).reshape(2, 3), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
        (np.array(2.0), 2.0),
        ("[1, 2]", [1.0, 2.0]),
    ],
)
def test_python_values_keep_their_number(given: Any, number: Any) -> None:
    assert plain(given) == number


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (math.nan, "must be finite"),
        (math.inf, "must be finite"),
        (True, "must be a number"),
        (None, "must be a number"),
        (b"1", "must be a number"),
        ([b"12"], "must be a number"),
        (1j, "must be a number"),
        (object(), "must be a number"),
        ({"a": 1}, "must be a number"),
        ([1, [2]], "differ in length"),
        ([[1, 2], [3]], "differ in length"),
    ],
)
def test_what_is_no_number_is_refused(given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plain(given)


def test_an_array_of_hundreds_of_dimensions_is_refused() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    with pytest.raises(UsageError, match="dimensions"):
        plain(deep)


def test_text_gives_one_point() -> None:
    point = read_values("x=pi/4,y=-1e-3,z=[1,2]", LIMITS)
    assert {name: nested(value, Floats()) for name, value in point.items()} == {
        "x": math.pi / 4,
        "y": -1e-3,
        "z": [1.0, 2.0],
    }


@pytest.mark.parametrize("text", ["", "x", "x=", "=1", "x=1,", ",x=1", "x=1 y=2", "x==1", "x=1,x=2", "2=x", "-x=1"])
def test_text_that_is_no_point(text: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        read_values(text, LIMITS)
    assert caught.value.exit_code == 2
    assert caught.value.span is not None


@pytest.mark.parametrize("text", ["1/0", "log(-1)", "nan", "1e400", "0/0", "[1, log(0)]", "exp(1000)"])
def test_point_that_is_no_finite_number_is_a_usage_error_with_a_caret(text: str) -> None:
    with pytest.raises(UsageError, match=r"x.* must be finite") as caught:
        gradcalc.differentiate("sum(x)", {"x": text}, symbolic=False)
    assert caught.value.span is not None
    with pytest.raises(UsageError, match=r"a.* must be finite"):
        gradcalc.differentiate("x + sum(a)", {"x": 1}, let={"a": text})


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("9007199254740993", 9007199254740993), ("-9007199254740993", -9007199254740993), ("9007199254740992", 2.0**53),
        ("2^60 + 1", 2**60 + 1), ("1e-400", "1e-400"), ("-1e-400", "-1e-400"), ("pi/2", "pi/2"), ("-pi/4", "-pi/4"),
        ("1/3", "1/3"), ("sqrt(2)", "sqrt(2)"), ("e", "E"), ("0.1", 0.1), ("1e23", 1e23), ("1/2", 0.5), ("-2", -2.0),
        ("2.50", 2.5), ("0.000", 0.0), ("0e-400", 0.0), ("3/4 - 1", -0.25), ("[1, 1/3]", [1.0, "1/3"]),
    ],
)  # fmt: skip
def test_a_value_is_shown_as_it_was_given(text: str, given: object) -> None:
    found = as_given(to_value("x", text, Limits()))
    assert found == given
    assert type(found) is type(given)


@pytest.mark.parametrize("number", [0.1, 1e-320, -2.0, 0.0, 1e300, Fraction(1, 4)])
def test_a_python_number_that_is_a_float_is_shown_as_one(number: float) -> None:
    assert as_given(to_value("x", number, Limits())) == float(number)
