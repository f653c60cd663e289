"""Domains in words: each says what the entry of its op says, at whole numbers, halves and zero."""

import itertools
import math
import re

import pytest

from gradcalc import constant, differentiate
from gradcalc.graph import ops
from gradcalc.language.domains import domain_text

WITH_DOMAIN = [op for op in ops.TABLE.values() if op.domain and not op.internal]
NUMBERS = (-3.0, -2.5, -1.0, -0.5, -0.25, 0.0, 0.5, 1.0, 1.5, 2.0)
TRIGONOMETRIC = ("csc", "cot")


def holds(text: str, numbers: dict[str, float]) -> bool:
    """What a text says of some numbers, read apart from how it was made."""
    python = re.sub(r"(\w+(?: \+ \w+)?) not an integer", r"((\1) % 1 != 0)", text)
    python = re.sub(r"(\w+) an integer", r"(\1 % 1 == 0)", python).replace(" = ", " == ")
    return bool(eval(python, {"exp": math.exp, "__builtins__": {}}, numbers))


@pytest.mark.parametrize("op", [op for op in WITH_DOMAIN if op.name not in TRIGONOMETRIC], ids=lambda op: op.name)
def test_the_words_say_what_the_entry_says(op: ops.Op) -> None:
    assert op.domain is not None
    outcomes = set()
    numbers = NUMBERS if len(op.operands) < 4 else NUMBERS[1::2]
    for values in itertools.product(numbers, repeat=len(op.operands)):
        expected = bool(op.domain(*map(constant, values)).numpy())
        assert holds(domain_text(op), dict(zip(op.operands, values, strict=True))) == expected, values
        outcomes.add(expected)
    assert outcomes == {True, False}


@pytest.mark.parametrize("op", ops.TABLE.values(), ids=lambda op: op.name)
def test_no_word_is_a_bit_of_python(op: ops.Op) -> None:
    text = domain_text(op)
    assert not re.search(r"[&|~]|==|floor|abs", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gamma", "x > 0 or x not an integer"),
        ("factorial", "x > -1 or x not an integer"),
        ("asech", "0 < x <= 1"),
        ("asin", "-1 <= x <= 1"),
        ("acoth", "x < -1 or x > 1"),
        ("pow", "a > 0 or (a = 0 and b >= 0) or (a != 0 and b an integer)"),
        ("beta", "(a > 0 or a not an integer) and (b > 0 or b not an integer)"),
        ("besselj", "x > 0 or n an integer or (x = 0 and n >= 0)"),
        ("csch", "x != 0"),
        ("tan", "cos(x) != 0"),
        ("csc", "sin(x) != 0"),
        ("sin", ""),
    ],
)
def test_domains_of_some_ops(name: str, text: str) -> None:
    assert domain_text(ops.TABLE[name]) == text


@pytest.mark.parametrize(
    ("formula", "at", "needed"),
    [
        ("gamma(x)", -2, "gamma(x) needs x > 0 or x not an integer"),
        ("asin(x)", 2, "asin(x) needs -1 <= x <= 1"),
        ("csc(x)", "pi", "csc(x) needs sin(x) != 0"),
        ("tan(x)", "pi/2", "tan(x) needs cos(x) != 0"),
    ],
)
def test_what_is_undefined_says_what_is_needed(formula: str, at: object, needed: str) -> None:
    assert needed in differentiate(formula, {"x": at}, symbolic=False).notes[0].message
